# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret of a desk is told on any path: by no playbook at -vvv, with wrong types, servers that are away, and servers that say no."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from tests.harness.ansible import Run
from tests.integration.desk import Chatwoot
from tests.integration.desk_world import CANARY, DeskWorld, managed, secrets

pytestmark = pytest.mark.timeout(600)

AWAY = {"url": "http://127.0.0.1:9"}
ACT = {"chatwoot_suspend": {"chatwoot_suspend": "bot"}, "chatwoot_remove": {"chatwoot_confirm": "acme"}}
PLAYBOOKS = [f"chatwoot_{name}" for name in ("managed", "self_hosted", "status", "quota", "features", "suspend", "remove")]
# What carries a secret, as somebody may write it who has not read that it is a dictionary or a text.
WRONG: dict[str, dict[str, Any]] = {
    "texts for dictionaries": {
        "chatwoot_secrets": CANARY,
        "chatwoot_storage_keys": CANARY,
        "chatwoot_storage": CANARY,
        "chatwoot_redis": f"redis://:{CANARY}@cache",
    },
    "texts that Ansible takes for dictionaries": {
        "chatwoot_secrets": f"a={CANARY}",
        "chatwoot_storage_keys": {"files": f"secret_key={CANARY}"},
        "chatwoot_storage": f"secret_key={CANARY}",
        "chatwoot_redis": f"url=redis://:{CANARY}@cache",
        "chatwoot_api": f"url=https://me:{CANARY}@x",
        "chatwoot_cluster": f"host=https://me:{CANARY}@x",
    },
    "dictionaries and lists for texts": {
        "chatwoot_platform_token": {"token": CANARY},
        "chatwoot_admin_token": [CANARY],
        "chatwoot_backup_password": [CANARY],
        "chatwoot_storage_keys": {"files": {"key": "a", "secret_key": [CANARY]}, "backup": {"secret_key": CANARY}},
        "chatwoot_secrets": {"chatwoot-mail": [CANARY], "other": {"a": [CANARY]}, "A_b": CANARY},
    },
    "logins in addresses": {
        "chatwoot_api": {"url": f"https://me:{CANARY}@x"},
        "chatwoot_redis": {"url": f"redis://:{CANARY}@cache", "secret": "a"},
        "chatwoot_files": {"endpoint": f"https://me:{CANARY}@s3.example"},
        "chatwoot_cluster": {"host": f"https://me:{CANARY}@127.0.0.1:9"},
    },
    "words that are none": {"chatwoot_platform_token": f"{CANARY} {CANARY}", "chatwoot_admin_token": f"{CANARY}\n{CANARY}"},
    "servers that are away": {"chatwoot_cluster": {"host": "http://127.0.0.1:9"}},
}


@pytest.fixture
def told(control_plane: ControlPlane, tmp_path: Path) -> DeskWorld:
    control_plane.apply_crds("traefik", "cert-manager", "prometheus-operator")
    said = {
        **managed(),
        **secrets("acme"),
        "chatwoot_api": AWAY,
        "chatwoot_account_id": 7,
        "chatwoot_administrator": {"email": "desk@agency.example"},
        "chatwoot_platform_token": f"{CANARY}-platform",
        "chatwoot_admin_token": f"{CANARY}-admin",
        "chatwoot_storage": {"endpoint": "http://127.0.0.1:9", "access_key": "root", "secret_key": f"{CANARY}-root"},
    }
    return DeskWorld(control_plane, tmp_path, {"acme": said})


def applied(world: DeskWorld, playbook: str, variables: Mapping[str, Any]) -> Run:
    """An apply that says all that it has to say, on the screen and in the audit trail, and no secret."""
    trail = world.directory / "audit.jsonl"
    world.change("acme", **variables)
    harness = world.harness(playbook)
    given = {**ACT.get(playbook, {}), "dry_run": False}
    found = harness.ansible.run(
        f"bluegreen.orchestrator.{playbook}", extra_vars=given, arguments=("-vvv",), callback="ansible.builtin.default"
    )
    told = found.output + trail.read_text()
    where = told.find(CANARY)
    assert where < 0, f"{playbook}: {told[max(0, where - 600) : where + 100]}"
    for word in ("Traceback", "has no attribute", "object of type", "has no len", "dictionary update sequence"):
        assert word not in found.output, f"{playbook}: {found.output[-3000:]}"
    return found


@pytest.mark.parametrize("wrong", WRONG)
def test_no_failure_tells_a_secret(told: DeskWorld, wrong: str) -> None:
    before = told.inventory.read_text()
    for playbook in PLAYBOOKS:
        plan = {"chatwoot_plan": "self_hosted"} if playbook == "chatwoot_self_hosted" else {}
        told.inventory.write_text(before)
        applied(told, playbook, {**WRONG[wrong], **plan})


def test_no_refusal_of_a_server_tells_the_token_that_it_refuses(told: DeskWorld, chatwoot: Chatwoot) -> None:
    for playbook in ("chatwoot_status", "chatwoot_quota", "chatwoot_features", "chatwoot_suspend"):
        found = applied(told, playbook, {"chatwoot_api": {"url": chatwoot.url}})
        assert "401" in found.output or "token" in found.output, playbook
