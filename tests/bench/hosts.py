# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants as hosts of an inventory, and plays on them: what the benches of buckets and of support desks share."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.server import LabError
from tests.bench.tenants import FORKS, Figures
from tests.harness.ansible import Ansible

Tasks = list[dict[str, Any]]
# What Ansible takes for a play in which nobody does anything, and for one with a module of its own: the start of one task.
NOTHING: Tasks = [{"name": "nothing", "ansible.builtin.assert": {"that": "true"}}]
TASK: Tasks = [{"name": "a task", "ansible.builtin.ping": {}}]


def name_of(number: int) -> str:
    """The name of a tenant."""
    return f"t{number:04d}"


class Hosts:
    """An inventory of tenants; ``known`` are further variables of some."""

    def __init__(self, directory: Path, tenants: int) -> None:
        self.directory, self.tenants = directory, tenants
        self.known: dict[str, Mapping[str, Any]] = {}
        self.write()
        self.ansible = Ansible(directory / "inventory.json", environment={"ANSIBLE_FORKS": str(FORKS)})

    def write(self) -> None:
        """Write the inventory, with what is known of each."""
        host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        names = [name_of(number) for number in range(self.tenants)]
        hosts = {name: {**host, **self.known.get(name, {})} for name in names}
        (self.directory / "inventory.json").write_text(json.dumps({"tenants": {"hosts": hosts}}))

    def play(self, tasks: Tasks, *, limit: str, check: bool = False, **variables: Any) -> Figures:
        """One run of ansible-playbook, which must succeed; seconds, and what our modules say that they have asked."""
        file = self.directory / "play.json"
        file.write_text(json.dumps([{"hosts": "tenants", "gather_facts": False, "tasks": tasks}]))
        run = self.ansible.run(file, limit=limit, extra_vars=variables, arguments=("--check",) if check else (), timeout=3600.0)
        if run.returncode:
            raise LabError(run.words())
        items = [one for result in run.results for one in result.content.get("results", [result.content])]
        counted = [one["requests"] for one in items if "requests" in one]
        return {
            "seconds": run.seconds,
            "requests": sum(sum(one.values()) for one in counted),
            "writes": sum(number for one in counted for kind, number in one.items() if kind not in ("read", "GET")),
            "changed": len(run.changed),
        }


def first(number: int) -> str:
    """The first so many tenants, as ``--limit`` names them."""
    return ",".join(name_of(one) for one in range(number))


def way_row(name: str, one: Figures, bare: float, *, ours: bool) -> str:
    """A way in the table of one tenant."""
    asked = one.get("commands", one.get("requests", ""))
    own = f"{one['seconds'] - (bare if ours else 0.0):.2f}"
    return f"| {name.replace('_', ' ')} | {one['seconds']:.2f} | {own} | {asked} | {one.get('writes', '')} |"


def fleet_row(number: str, one: Figures) -> str:
    """A fleet in the table of fleets."""
    preview, apply = one["preview"], one["unchanged"]
    times = f"{preview['seconds']} s | {preview['per_tenant_ms']} ms | {apply['seconds']} s | {apply['per_tenant_ms']} ms"
    return f"| {number} | {one['bare']['seconds']} s | {times} | {preview['requests']} |"


def verdict(ours: Figures, peer: Figures, task: Figures) -> tuple[float, str]:
    """What the peer takes with the start of one task of Ansible, and whether ours is no slower."""
    limit = float(peer["seconds"] + task["seconds"])
    return limit, {True: "met", False: "MISSED"}[ours["seconds"] <= limit]
