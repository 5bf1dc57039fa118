# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role tenant on a real control plane with the real definitions of Traefik, cert-manager and Argo CD; each proof is preview = apply."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.kubernetes import ControlPlane
from tests.harness.ansible import ROOT, Run
from tests.integration.tenant_world import TenantWorld

PREFIX = "e-commerce-tenant-"
SMALL = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}}
GATEWAY = {"name": "api-gateway", "image": "registry.example/gateway:1.0", "ready_path": "/health", **SMALL}
MAILER = {"name": "mailer", "image": "registry.example/mailer:1.0", "replicas": 2, "port": 0, "env": {"FROM": "shop", "BCC": ""}, **SMALL}
REGIONS = {"tenant_regions": ["eu-west-1"], "tenant_regions_source": {"repository": "https://git.example/shop.git"}}

Make = Callable[..., TenantWorld]

# A proof is three runs of ansible-playbook, and some tests have two.
pytestmark = pytest.mark.timeout(400)


def told(run: Run, task: str, key: str) -> Any:
    """What a task of the role returned."""
    (found,) = [result.content[key] for result in run.results if result.task.endswith(task)]
    return found


@pytest.fixture
def make(control_plane: ControlPlane, tmp_path: Path) -> Make:
    """A world with the tenants that a test declares."""
    control_plane.apply_crds("traefik", "cert-manager", "argo-cd")

    def made(tenants: dict[str, Any], **options: Any) -> TenantWorld:
        return TenantWorld(control_plane, tmp_path, tenants, **options)

    return made


@pytest.mark.parametrize("tier", ["standard", "premium", "business"])
def test_one_run_makes_a_tenant_and_the_preview_said_so(make: Make, tenant_id: str, tier: str) -> None:
    domain, namespace = f"{tenant_id}.example", f"{PREFIX}{tenant_id}"
    declared: dict[str, Any] = {"tenant_tier": tier, "tenant_domains": [domain], "tenant_services": [GATEWAY, MAILER]}
    if tier == "business":
        declared |= {"tenant_trusted_ips": ["198.51.100.0/24"], "tenant_storage_class": False}
    world = make({tenant_id: declared})
    world.harness().proves(changes=True)

    average, burst, connections, upload = {
        "standard": (500, 16, 50, 10_000_000),
        "premium": (3000, 150, 200, 50_000_000),
        "business": (15000, 1250, 1000, 500_000_000),
    }[tier]
    middlewares = {name: one["spec"] for name, one in world.get("middlewares.traefik.io", namespace).items()}
    rate = middlewares["tenant-rate-limit"]["rateLimit"]
    assert (rate["average"], rate["period"], rate["burst"]) == (average, "1m", burst)
    assert rate["sourceCriterion"] == {"requestHeaderName": "X-Tenant"}
    assert middlewares["tenant-headers"]["headers"]["customRequestHeaders"] == {"X-Tenant": tenant_id}
    assert middlewares["tenant-connections"]["inFlightReq"]["amount"] == connections
    assert middlewares["tenant-uploads"]["buffering"]["maxRequestBodyBytes"] == upload + 1024 * 1024
    assert ("tenant-cors" in middlewares) == (tier == "premium")

    route = world.get("ingressroutes.traefik.io", namespace)["tenant"]["spec"]
    assert len(route["routes"]) == {"standard": 1, "premium": 2, "business": 2}[tier]
    assert world.get("certificates.cert-manager.io", namespace)[domain]["spec"]["secretName"] == route["tls"]["secretName"]

    deployments = world.get("deployments", namespace)
    assert sorted(deployments) == ["api-gateway", "mailer"]
    assert sorted(world.get("poddisruptionbudgets", namespace)) == ["api-gateway", "mailer"]
    least = {"standard": 2, "premium": 3, "business": 6}[tier]
    scaler = world.get("hpa", namespace)["api-gateway-hpa"]["spec"]
    assert (scaler["minReplicas"], scaler["scaleTargetRef"]["name"]) == (least, "api-gateway")
    # A policy names the port of the pod, not that of its Service.
    policy = world.get("networkpolicies", namespace)["allow-ingress-controller"]["spec"]
    assert [port["port"] for port in policy["ingress"][0]["ports"]] == [80, 443, 8080]
    # Pod Security restricted lets their pods in.
    world.plane.kubectl("rollout", "status", "deployment/mailer", "-n", namespace, "--timeout=60s")


def test_who_scales_a_deployment_is_left_to_it(make: Make, tenant_id: str) -> None:
    namespace = f"{PREFIX}{tenant_id}"
    world = make({tenant_id: {"tenant_tier": "standard", "tenant_services": [GATEWAY]}})
    world.harness().proves(changes=True)
    world.plane.kubectl("scale", "deployment/api-gateway", "-n", namespace, "--replicas=3")
    world.harness().proves(changes=False)
    assert world.get("deployments", namespace)["api-gateway"]["spec"]["replicas"] == 3


def test_an_upgrade_with_a_second_site_and_a_service_less_is_one_run(make: Make, tenant_id: str) -> None:
    namespace = f"{PREFIX}{tenant_id}"
    orders = {**GATEWAY, "name": "orders-service"}
    first = {"tenant_tier": "standard", "tenant_domains": [f"{tenant_id}.example"], "tenant_services": [GATEWAY, orders]}
    world = make({tenant_id: first})
    world.harness().proves(changes=True)
    assert sorted(world.get("hpa", namespace)) == ["api-gateway-hpa", "orders-service-hpa"]

    second = {
        "tenant_tier": "premium",
        "tenant_sites": 2,
        "tenant_site_shares": [2, 1],
        "tenant_domains": [f"{tenant_id}.example", f"www.{tenant_id}.example", {"name": f"two.{tenant_id}.example", "site": 2}],
        "tenant_services": [GATEWAY, {**GATEWAY, "site": 2}],
        "tenant_static": {"external_name": "minio.example.net", "bucket": "products"},
    }
    world.declare({tenant_id: second})
    world.harness().proves(changes=True)
    assert sorted(world.get("hpa", namespace)) == ["api-gateway-hpa"]
    assert sorted(world.get("hpa", f"{namespace}-site-2")) == ["api-gateway-hpa"]
    assert sorted(world.get("deployments", namespace)) == ["api-gateway"]
    limits = [
        world.get("middlewares.traefik.io", name)["tenant-rate-limit"]["spec"]["rateLimit"]["average"]
        for name in (namespace, f"{namespace}-site-2")
    ]
    assert limits == [2000, 1000]
    routes = world.get("ingressroutes.traefik.io", namespace)
    assert sorted(routes) == [f"certificate-www.{tenant_id}.example", "tenant"]
    assert routes["tenant"]["spec"]["routes"][0]["match"] == f"Host(`{tenant_id}.example`) || Host(`www.{tenant_id}.example`)"
    assert world.get("services", namespace)["minio-service"]["spec"]["externalName"] == "minio.example.net"


def test_the_legacy_ingress_takes_the_place_of_the_other(make: Make, tenant_id: str) -> None:
    namespace = f"{PREFIX}{tenant_id}"
    declared = {"tenant_tier": "premium", "tenant_domains": [f"{tenant_id}.example"]}
    world = make({tenant_id: declared})
    world.harness().proves(changes=True)
    world.declare({tenant_id: {**declared, "tenant_ingress": "nginx"}})
    world.harness().proves(changes=True)
    assert world.get("middlewares.traefik.io", namespace) == {}
    assert world.get("ingressroutes.traefik.io", namespace) == {}
    ingresses = world.get("ingresses.networking.k8s.io", namespace)
    assert sorted(ingresses) == ["tenant-cdn-ingress", "tenant-ingress"]
    annotations = ingresses["tenant-ingress"]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/limit-rps"] == "50"
    world.declare({tenant_id: {"tenant_tier": "premium"}})
    world.harness().proves(changes=True)
    assert world.get("ingresses.networking.k8s.io", namespace) == {}


def test_what_business_sells_besides(make: Make, tenant_id: str) -> None:
    """The regions are there; the database is left out and named, for the lab has no definition of it."""
    world = make({tenant_id: {"tenant_tier": "business", **REGIONS, "tenant_dedicated_database": {"enabled": True}}})
    world.plane.kubectl("apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
    proof = world.harness().proves(changes=True)
    assert told(proof.apply, "Its own database cluster", "left_out") == [
        f"InnoDBCluster {PREFIX}{tenant_id}-database/tenant-dedicated-mysql"
    ]
    assert f"{tenant_id}-multi-region" in world.get("applicationsets.argoproj.io", "argocd")
    # A line less: the shops of the regions are Argo CD's to keep, and the database's namespace stays.
    world.declare({tenant_id: {"tenant_tier": "business"}})
    world.harness().proves(changes=True)
    assert f"{tenant_id}-multi-region" not in world.get("applicationsets.argoproj.io", "argocd")
    world.plane.kubectl("get", "namespace", f"{PREFIX}{tenant_id}-database", "-o", "name")


def test_a_new_version_by_the_services_alone(make: Make, tenant_id: str) -> None:
    world = make({tenant_id: {"tenant_tier": "standard", "tenant_services": [GATEWAY]}})
    world.harness().proves(changes=True)
    newer = {**GATEWAY, "image": "registry.example/gateway:1.1"}
    world.declare({tenant_id: {"tenant_tier": "standard", "tenant_services": [newer]}})
    proof = world.harness("tenant_services").proves(changes=True)
    actions = told(proof.apply, "Run its services", "actions")
    assert [one["name"] for one in actions] == [f"Deployment {PREFIX}{tenant_id}/api-gateway"]


def test_what_would_be_made_nowhere_is_refused_in_preview_and_apply(make: Make, tenant_id: str) -> None:
    """Services before their tenant, and regions without Argo CD."""
    world = make({tenant_id: {"tenant_tier": "business", "tenant_services": [GATEWAY], **REGIONS}})
    world.harness("tenant_services").refuses(f"namespace {PREFIX}{tenant_id} is not there, and Deployment")
    # The envelope is there by then; a preview of the blank cluster says so before.
    source = {"repository": "https://git.example/shop.git", "namespace": f"{tenant_id}-argocd"}
    world.declare({tenant_id: {"tenant_tier": "business", "tenant_regions": ["eu-west-1"], "tenant_regions_source": source}})
    sentence = f"namespace {tenant_id}-argocd is not there, and ApplicationSet"
    for run in (world.harness().preview(), world.harness().apply()):
        (failure,) = run.failures
        assert sentence in failure.message


def test_the_reader_of_the_guide_may_preview_everything(make: Make, control_plane: ControlPlane, tenant_id: str) -> None:
    """Its ClusterRole, as the guide has it; a downgrade looks at more than any other run."""
    blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```$", (ROOT / "docs" / "guides" / "first_tenant.md").read_text())
    (role,) = [one for block in blocks for one in yaml.safe_load_all(block) if one["kind"] == "ClusterRole"]
    control_plane.add_user(f"guide-{tenant_id}", role["rules"])
    world = make({tenant_id: {"tenant_tier": "business", "tenant_services": [GATEWAY], **REGIONS}}, reader=f"guide-{tenant_id}")
    control_plane.kubectl("apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
    world.harness().proves(changes=True)
    world.declare({tenant_id: {"tenant_tier": "premium"}})
    world.harness().proves(changes=True)
    assert not world.harness("tenant_status").preview().failures


def test_what_cannot_be_is_refused_before_the_cluster_is_asked(make: Make, tenant_id: str) -> None:
    one, two, three = f"{tenant_id}a", f"{tenant_id}b", f"{tenant_id}c"
    tenants = {
        f"{tenant_id}-untold": {},
        f"{tenant_id}-slip": {"tenant_tier": "standard", "tenant_service": [GATEWAY]},
        f"{tenant_id}-wide": {"tenant_tier": "standard", "tenant_domains": ["a.example", "b.example"]},
        f"{tenant_id}-trusting": {"tenant_tier": "premium", "tenant_trusted_ips": ["198.51.100.7"]},
        one: {"tenant_tier": "standard", "tenant_id": three},
        two: {"tenant_tier": "standard", "tenant_id": three},
    }
    world = make(tenants)
    mark = world.mark()
    world.harness().refuses_each(
        {
            f"{tenant_id}-untold": "has bought no tier",
            f"{tenant_id}-slip": "tenant_service: no variable of a tenant is called that; tenant_services comes nearest",
            f"{tenant_id}-wide": "has 2 domains (a.example, b.example), and the tier standard includes 1",
            f"{tenant_id}-trusting": "the tier premium limits everybody",
            one: f"is the id of {one} and {two} on one cluster",
            two: f"is the id of {one} and {two} on one cluster",
        }
    )
    assert world.requests_since(mark) == []
