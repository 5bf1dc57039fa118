# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/runbooks/tenant.md is run as it stands, on a real control plane; see test_runbook for how such a page is read.

Only the tenant's name differs: ``acme`` of the page is this test's own tenant, so that tests never meet on the cluster.
"""

from __future__ import annotations

import copy
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from tests.harness.ansible import ROOT
from tests.integration.tenant_world import TenantWorld
from tests.integration.test_runbook import Block, Section, read_runbook, what_is_missing

PAGE = ROOT / "docs" / "runbooks" / "tenant.md"
SECTIONS = read_runbook(PAGE.read_text())
SMALL = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}}


class Operator:
    """Who types the commands: a tenant with its file, and the cluster."""

    def __init__(self, plane: ControlPlane, directory: Path, tenant: str) -> None:
        self.tenant = tenant
        self.directory = directory
        self.declared: dict[str, Any] = {
            "tenant_tier": "standard",
            "tenant_domains": [f"{tenant}.example"],
            "tenant_services": [{"name": "api-gateway", "image": "registry.example/gateway:1.0", **SMALL}],
        }
        self.world = TenantWorld(plane, directory, {tenant: self.declared})

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return f"e-commerce-tenant-{self.tenant}"

    def declare(self, **changes: Any) -> None:
        """Edit its file."""
        self.declared = copy.deepcopy(self.declared) | changes
        self.world.declare({self.tenant: self.declared})

    def apply(self) -> None:
        """Bring it to what is declared."""
        run = self.world.harness().apply()
        assert not run.failures, run.failures

    def types(self, command: str) -> tuple[int, str]:
        """Type a command of the page; its code and what it printed."""
        ours = re.sub(r"--limit acme\b", f"--limit {self.tenant} --inventory {self.world.inventory}", command)
        ours = ours.replace("tenant_confirm=acme", f"tenant_confirm={self.tenant}")
        done = subprocess.run(
            ["bash", "-c", ours],
            # What a command makes below its folder is this test's.
            cwd=self.directory,
            env=self.world.harness().ansible.full_environment("ansible.builtin.default"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout.replace(self.tenant, "acme").replace(str(self.directory), "...")


def declared(operator: Operator) -> None:
    """It is in the inventory only."""
    operator.declare()


def there(operator: Operator) -> None:
    """It is on the cluster as declared."""
    operator.apply()


def two_pods(operator: Operator) -> None:
    """The autoscaler has made as many as its tier has at least."""
    await_used(operator, "100m")


def with_its_pods(operator: Operator) -> None:
    """Its autoscaler has made what the tier keeps ready: no figure changes by itself any more."""
    operator.apply()
    await_used(operator, "100m")


def new_version(operator: Operator) -> None:
    """Its file names another image."""
    operator.declare(tenant_services=[{"name": "api-gateway", "image": "registry.example/gateway:1.1", **SMALL}])


def stopped(operator: Operator) -> None:
    """Its file says that its gateway is to stop."""
    operator.declare(tenant_services=[{"name": "api-gateway", "image": "registry.example/gateway:1.0", "replicas": 0, **SMALL}])


def premium(operator: Operator) -> None:
    """It has bought more."""
    operator.declare(tenant_tier="premium")
    operator.apply()


def with_the_tiers_figures(operator: Operator) -> None:
    """Nine pods of Premium's figures, once the autoscalers have made them; six of them are more than Standard allows."""
    services = [{"name": name, "image": "registry.example/shop:1.0"} for name in ("api-gateway", "orders-service", "products-service")]
    operator.declare(tenant_tier="premium", tenant_services=services)
    operator.apply()
    await_used(operator, "4500m")


def await_used(operator: Operator, cpu: str) -> None:
    """Return when the server counts this."""

    def counted() -> bool:
        quota = operator.world.get("resourcequotas", operator.namespace)["tenant-quota"]
        return bool(quota["status"]["used"]["requests.cpu"] == cpu)

    # A ReplicaSet whose pods are refused tries again after 5 ms, then twice as long each time: on a crowded machine, where the quota's
    # first count came half a minute late, 90 s were not enough.
    operator.world.plane.wait_for(counted, "the quota's count", limit=240.0)


def changed_by_hand(operator: Operator) -> None:
    """Somebody edits the rate limit, as kubectl edit would."""
    patch = '{"spec": {"rateLimit": {"average": 9000}}}'
    arguments = ("patch", "middlewares.traefik.io", "tenant-rate-limit", "-n", operator.namespace, "--type=merge", "-p", patch)
    operator.world.plane.kubectl(*arguments, "--field-manager=kubectl-edit")


SITUATIONS: dict[str, Callable[[Operator], None]] = {
    "acme is declared": declared,
    "acme is there": there,
    "acme is there, and so are the two pods of its gateway": with_its_pods,
    "two pods of acme are counted": two_pods,
    "acme's gateway has a new version in its file": new_version,
    "acme's gateway has replicas 0 in its file": stopped,
    "acme has Premium": premium,
    "acme has Premium, and three services with the tier's own figures": with_the_tiers_figures,
    "somebody changed acme's rate limit by hand": changed_by_hand,
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_the_runbook_is_true(section: Section, control_plane: ControlPlane, tmp_path: Path, tenant_id: str) -> None:
    control_plane.apply_crds("traefik", "cert-manager", "argo-cd")
    operator = Operator(control_plane, tmp_path, tenant_id)
    for step in section.steps:
        if not isinstance(step, Block):
            SITUATIONS[step](operator)
            continue
        for number, (command, expected) in enumerate(step.commands):
            code, printed = operator.types(command)
            assert code == (step.code if number == len(step.commands) - 1 else 0), f"$ {command}\n{printed}"
            missing = what_is_missing(expected, printed)
            assert not missing, f"$ {command}\ndid not print\n    {missing}\nbut\n{printed}"


def test_every_command_of_the_page_was_found() -> None:
    written = [line.removeprefix("$ ") for line in PAGE.read_text().splitlines() if line.startswith("$ ")]
    read = [command for section in SECTIONS for step in section.steps if isinstance(step, Block) for command, _ in step.commands]
    assert read == written
    assert len(read) > 10
