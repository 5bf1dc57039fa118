# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook tenant_remove on a real control plane: what goes, by which words, and what stays whatever is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.kubernetes import ControlPlane
from tests.harness.ansible import ROOT, Run
from tests.integration.tenant_world import TenantWorld

PREFIX = "e-commerce-tenant-"
SMALL = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}}
# None that an autoscaler of the tier scales: how many pods are in the way has to stay the same from the preview to the apply.
MAILER = {"name": "mailer", "image": "registry.example/mailer:1.0", "port": 0, **SMALL}
REGIONS = {"tenant_regions": ["eu-west-1"], "tenant_regions_source": {"repository": "https://git.example/shop.git"}}
LEFT = {"tenant_force": True, "tenant_reason": "the client has left", "tenant_delete_data": True}
# The operator's own is not in the lab; this is what of it counts here.
DATABASES: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "innodbclusters.mysql.oracle.com"},
    "spec": {
        "group": "mysql.oracle.com",
        "scope": "Namespaced",
        "names": {"kind": "InnoDBCluster", "listKind": "InnoDBClusterList", "plural": "innodbclusters", "singular": "innodbcluster"},
        "versions": [
            {
                "name": "v2",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def databases(control_plane: ControlPlane) -> Iterator[None]:
    """The cluster knows the databases of MySQL's operator, for this test only: others look at what is said without them."""
    name = f"crd/{DATABASES['metadata']['name']}"
    control_plane.kubectl("apply", "-f", "-", stdin=DATABASES)
    control_plane.kubectl("wait", "--for=condition=Established", name, "--timeout=30s")
    yield
    control_plane.kubectl("delete", name, "--timeout=60s")


def told(run: Run, task: str, key: str = "msg") -> str:
    """What a task of the role said."""
    (found,) = [str(result.content[key]) for result in run.results if result.task.endswith(task)]
    return found


def namespaces(world: TenantWorld, tenant: str) -> list[str]:
    """The namespaces of which a name begins like this tenant's."""
    items = world.plane.kubectl("get", "namespaces", "-o", "json", user="reader")["items"]
    return [name for name in (one["metadata"]["name"] for one in items) if name.startswith(f"{PREFIX}{tenant}")]


def test_an_empty_tenant_goes_by_its_name(control_plane: ControlPlane, tmp_path: Path, tenant_id: str) -> None:
    """The reader of the guide may preview it; a tenant beside it, and one whose id begins alike, stay."""
    control_plane.apply_crds("traefik", "cert-manager", "argo-cd")
    blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```$", (ROOT / "docs" / "guides" / "first_tenant.md").read_text())
    (role,) = [one for block in blocks for one in yaml.safe_load_all(block) if one["kind"] == "ClusterRole"]
    control_plane.add_user(f"guide-{tenant_id}", role["rules"])
    beside = f"{tenant_id}b"
    both: dict[str, Any] = {name: {"tenant_tier": "premium", "tenant_sites": 2} for name in (tenant_id, beside)}
    world = TenantWorld(control_plane, tmp_path, both, reader=f"guide-{tenant_id}")
    assert not world.harness().apply().failures

    # Without a word the preview says which one the apply needs, and the apply does nothing; a wrong one is refused by both.
    unsaid = world.harness("tenant_remove", limit=tenant_id)
    assert told(unsaid.preview(), "meant") == f"the apply also needs -e tenant_confirm={tenant_id}"
    (refused,) = unsaid.apply().failures
    assert refused.message == (
        f"tenant_confirm: not given; removing a tenant is for good, so name the one that is to go, with -e tenant_confirm={tenant_id}."
    )
    world.harness("tenant_remove", limit=tenant_id, extra_vars={"tenant_confirm": beside}).refuses(f'tenant_confirm: "{beside}"; removing')
    assert len(namespaces(world, tenant_id)) == 4

    # What makes no sense any more keeps nobody from going.
    world.declare({**both, tenant_id: {"tenant_tier": "discontinued", "tenant_domains": ["no host name"]}})
    proof = world.harness("tenant_remove", limit=tenant_id, extra_vars={"tenant_confirm": tenant_id}).proves(changes=True)
    assert told(proof.preview, "namespaces away", "summary") == f"{tenant_id}: would be removed from the cluster with 2 namespaces"
    assert namespaces(world, tenant_id) == [f"{PREFIX}{beside}", f"{PREFIX}{beside}-site-2"]


@pytest.mark.usefixtures("databases")
def test_one_that_is_in_use_goes_by_every_word_and_its_database_last(control_plane: ControlPlane, tmp_path: Path, tenant_id: str) -> None:
    control_plane.apply_crds("traefik", "cert-manager", "argo-cd")
    argocd = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}}
    control_plane.kubectl("apply", "-f", "-", stdin=argocd)
    bought = {"tenant_dedicated_database": {"enabled": True}, **REGIONS}
    declared = {"tenant_tier": "business", "tenant_services": [MAILER], "tenant_egress_outside_ports": [587], **bought}
    world = TenantWorld(control_plane, tmp_path, {tenant_id: declared})
    assert not world.harness().apply().failures
    world.plane.kubectl("rollout", "status", "deployment/mailer", "-n", f"{PREFIX}{tenant_id}", "--timeout=60s")
    assert "allow-outside" in world.get("networkpolicies", f"{PREFIX}{tenant_id}")
    regions, database = f"{tenant_id}-multi-region", f"{PREFIX}{tenant_id}-database"

    def outside() -> tuple[bool, list[str]]:
        """Whether its regions are there, and its databases."""
        return regions in world.get("applicationsets.argoproj.io", "argocd"), sorted(world.get("innodbclusters", database))

    # Refused before anything is gone, also what is outside of its namespaces.
    confirmed = {"tenant_confirm": tenant_id}
    world.harness("tenant_remove", extra_vars=confirmed).refuses(f"{tenant_id} cannot be removed, ")
    without = {key: value for key, value in LEFT.items() if key != "tenant_delete_data"}
    world.harness("tenant_remove", extra_vars={**confirmed, **without}).refuses("and delete_data: true")
    assert outside() == (True, ["tenant-dedicated-mysql"])

    # Somebody empties it: then it goes without further words, and the database, which is not in there, stays.
    world.plane.kubectl("delete", "deployments", "--all", "-n", f"{PREFIX}{tenant_id}", "--cascade=foreground", "--timeout=60s")
    world.plane.wait_for(lambda: not world.get("pods", f"{PREFIX}{tenant_id}"), "the pods to go", limit=60.0)
    proof = world.harness("tenant_remove", extra_vars=confirmed).proves(changes=True)
    assert told(proof.apply, "Tell what stays") == (
        f"{tenant_id}: its database stays, for that goes with -e tenant_delete_data=true only, in the namespace {database}"
    )
    assert (namespaces(world, tenant_id), outside()) == ([database], (False, ["tenant-dedicated-mysql"]))

    proof = world.harness("tenant_remove", extra_vars={**confirmed, **LEFT}).proves(changes=True)
    assert told(proof.apply, "Tell what stays") == f"{tenant_id}: the volumes of its database stay in the namespace {database}"
    assert (namespaces(world, tenant_id), outside()) == ([database], (False, []))
