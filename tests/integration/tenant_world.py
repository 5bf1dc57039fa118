# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Kubernetes as the harness wants a world, and an inventory with tenants on it.

A preview has the kubeconfig of who may only read, an apply that of the administrator: what a preview needs beyond reading fails there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.kubernetes import ControlPlane
from tests.harness import PreviewApply

READS = ("get", "list", "watch")


class TenantWorld:
    """It has what the harness asks of a world; each test has one with tenants of its own."""

    def __init__(self, plane: ControlPlane, directory: Path, tenants: Mapping[str, Mapping[str, Any]], reader: str = "reader") -> None:
        self.plane = plane
        self.reader = reader
        self.directory = directory
        self.file = directory / "world.json"
        self.file.write_text("{}")
        self.roots: list[Path] = []
        self.declare(tenants)

    @property
    def inventory(self) -> Path:
        """The inventory."""
        return self.directory / "inventory.json"

    def declare(self, tenants: Mapping[str, Mapping[str, Any]]) -> None:
        """Write the inventory: tenants by name, with their variables."""
        users = {mode: str(self.plane.kubeconfig(user)) for mode, user in (("preview", self.reader), ("apply", "admin"))}
        shared = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "lab_users": users,
            "tenant_cluster": {"kubeconfig": "{{ lab_users.preview if dry_run | default(true) | bool else lab_users.apply }}"},
        }
        hosts = {name: dict(variables) for name, variables in tenants.items()}
        self.inventory.write_text(json.dumps({"tenants": {"hosts": hosts, "vars": shared}}))

    def harness(self, playbook: str = "tenant", **options: Any) -> PreviewApply:
        """Preview and apply of a playbook on all tenants."""
        return PreviewApply(f"bluegreen.orchestrator.{playbook}", world=self, inventory=self.inventory, **options)

    def mark(self) -> dict[str, int]:
        """How far the API server's audit log is."""
        return {"kubernetes": self.plane.audit_mark()}

    def requests_since(self, mark: Mapping[str, int]) -> list[tuple[str, str, str]]:
        """What was asked since then, reads as GET."""
        # Of ours only: the API server's own components write all the time.
        found = [one for user in (self.reader, "admin") for one in self.plane.requests_since(mark["kubernetes"], user=user)]
        return [("kubernetes", "GET" if one.verb in READS else one.verb.upper(), one.path) for one in found]

    def get(self, kind: str, namespace: str) -> dict[str, dict[str, Any]]:
        """All objects of a kind in a namespace by name, as kubectl reads them."""
        items = self.plane.kubectl("get", kind, "-n", namespace, "-o", "json", user="reader")["items"]
        return {item["metadata"]["name"]: item for item in items}
