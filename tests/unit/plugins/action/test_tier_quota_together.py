# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts of a real run read together: only those that are at one task at one time. There is no server; each try leaves its index."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fleet import FEWEST_HOSTS
from tests.harness.ansible import Ansible

HALF = f"t[0:{FEWEST_HOSTS - 1}]"
CALL: dict[str, Any] = {"ansible.builtin.debug": {"msg": "x"}, "changed_when": True, "notify": "envelope"}

# Of one run, one after the other: what is particular about a play, and how often its hosts try to read together.
PLAYS: dict[str, tuple[dict[str, Any], int]] = {
    "linear": ({"hosts": HALF}, 1),
    "linear by its whole name": ({"hosts": HALF, "strategy": "ansible.builtin.linear"}, 1),
    # What the second batch did before was not done when the first one read.
    "batches": ({"serial": FEWEST_HOSTS}, 2),
    # Nobody waits for the others, so a host may still be at the task before.
    "free": ({"hosts": HALF, "strategy": "free"}, 0),
    # The same task twice, and whatever happens in between.
    "handler": ({"hosts": HALF, "tasks": [CALL, {"meta": "flush_handlers"}, CALL]}, 0),
    "turned off": ({"hosts": HALF, "vars": {"bluegreen_read_together": False}}, 0),
}


def test_hosts_read_together_that_are_at_one_task_at_one_time(tmp_path: Path) -> None:
    token, inventory, playbook, shared = (tmp_path / name for name in ("token", "inventory.json", "play.json", "shared"))
    token.write_text("x")
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    names = [f"t{number}" for number in range(2 * FEWEST_HOSTS)]
    inventory.write_text(json.dumps({"t": {"hosts": dict.fromkeys(names, host)}}))
    options = {"tenant": "{{ inventory_hostname }}", "tier": "standard", "host": "http://127.0.0.1:1", "token_file": str(token)}
    task = {"name": "envelope", "bluegreen.orchestrator.tier_quota": options, "ignore_errors": True}
    look = {"ansible.builtin.find": {"paths": str(shared), "patterns": "bluegreen-*.json", "recurse": True}}
    plays: list[dict[str, Any]] = []
    for name, (words, _tries) in PLAYS.items():
        play = {"name": name, "hosts": "t", "gather_facts": False, "tasks": [task], "handlers": [task], **words}
        plays += [play, {"name": f"after {name}", "hosts": "t0", "gather_facts": False, "tasks": [look]}]
    playbook.write_text(json.dumps(plays))

    run = Ansible(inventory, environment={"ANSIBLE_LOCAL_TEMP": str(shared)}).run(playbook)
    assert run.returncode == 0, run.words()
    refused = [one.play for one in run.results if "127.0.0.1:1 refuses connections" in one.message]
    times = {name: refused.count(name) for name in PLAYS}
    assert times == {name: FEWEST_HOSTS * (2 if name in ("batches", "handler") else 1) for name in PLAYS}
    seen = [one.content["matched"] for one in run.results if one.play.startswith("after ")]
    assert [now - before for before, now in zip([0, *seen[:-1]], seen, strict=True)] == [tries for _words, tries in PLAYS.values()]
