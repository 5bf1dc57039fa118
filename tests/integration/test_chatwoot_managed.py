# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook chatwoot_managed on a real control plane: preview = apply, a second one changes nothing, and Pod Security lets its pods in.

Its pods are the lab's, which only say that they run, so nothing answers under its address here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from tests.integration.tenant_world import TenantWorld
from tests.unit.desk_cases import SAID

# A proof is three runs of ansible-playbook, each of nine parts.
pytestmark = pytest.mark.timeout(600)


class DeskWorld(TenantWorld):
    """Its hosts are desks."""

    def declare(self, tenants: Mapping[str, Mapping[str, Any]]) -> None:
        """Write the inventory: desks by name, with their variables."""
        super().declare(tenants)
        found = json.loads(self.inventory.read_text())["tenants"]
        found["vars"]["chatwoot_cluster"] = found["vars"].pop("tenant_cluster")
        self.inventory.write_text(json.dumps({"desks": found}))


@pytest.fixture
def world(control_plane: ControlPlane, tmp_path: Path, tenant_id: str) -> DeskWorld:
    """One desk, as the unit tests describe it, whose pods nobody waits for."""
    control_plane.apply_crds("traefik", "cert-manager", "prometheus-operator")
    said = {f"chatwoot_{name}": value for name, value in SAID.items() if name != "client"}
    return DeskWorld(control_plane, tmp_path, {tenant_id: {**said, "chatwoot_verify": False, "chatwoot_wait_seconds": 0}})


@pytest.mark.parametrize("plan", ["starter", "pro", "enterprise"])
def test_one_run_makes_a_desk_and_the_preview_said_so(world: DeskWorld, tenant_id: str, plan: str) -> None:
    declared = json.loads(world.inventory.read_text())["desks"]["hosts"][tenant_id]
    world.declare({tenant_id: {**declared, "chatwoot_plan": plan}})
    world.harness("chatwoot_managed").proves(changes=True)
    namespace = f"client-{tenant_id}"
    deployments = world.get("deployments", namespace)
    assert sorted(deployments) == ["chatwoot-web", "chatwoot-worker"]
    assert sorted(world.get("statefulsets", namespace)) == ["chatwoot-postgres", "chatwoot-redis"]
    labels = world.plane.kubectl("get", "namespace", namespace, "-o", "json")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    # Pod Security restricted lets their pods in.
    world.plane.wait_for(
        lambda: {"chatwoot-postgres-0", "chatwoot-redis-0"} <= set(world.get("pods", namespace)), "the pods of the databases"
    )
