# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants at their edges, where only a real API server can say what it keeps, drops and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_parts
from lab.kubernetes import ControlPlane
from tests.integration.tenancy import Tenancy
from tests.integration.test_kubernetes_manifests import Set


@pytest.fixture
def acme(control_plane: ControlPlane, tenant_id: str) -> Tenancy:
    """A tenant that is not there yet."""
    return Tenancy(control_plane, tenant_id)


def test_a_rule_that_opens_default_deny_is_seen_and_taken_away(acme: Tenancy) -> None:
    """We allow nothing there; whoever adds a rule that allows everything opens the tenant."""
    acme.previewed(tier="standard")
    opened = '{"spec": {"ingress": [{}]}}'
    acme.plane.kubectl("patch", "networkpolicy", "default-deny", "-n", acme.namespace, "--type=merge", "-p", opened)
    for user, check in (("reader", True), ("admin", False)):
        told = acme.refused(user=user, check=check, tier="standard")
        assert f"NetworkPolicy {acme.namespace}/default-deny .spec.ingress (owned by kubectl-patch" in told
    acme.previewed(tier="standard", take_over=True)
    assert "ingress" not in acme.get("networkpolicy", "default-deny")["spec"]


@pytest.fixture
def site(control_plane: ControlPlane, tenant_id: str) -> Set:
    """The namespace of a tenant's first site, with nothing in it; its prefix is none."""
    control_plane.apply_crds("cert-manager")
    return Set(control_plane, tenant_id)


def previewed(site: Set, part: str, tier: str = "standard", **said: Any) -> dict[str, Any]:
    """Bring one part of a tenant to what is said of it: preview, apply and both again."""
    given = {"tenant": site.namespace, "tier": tier, "namespace_prefix": "", **said}
    found = _tenant_parts.part(given, part)
    options = {key: found[key] for key in ("set", "namespaces", "kinds")}
    return site.previewed(*found["manifests"], **options)


def test_certificates_come_and_go(site: Set) -> None:
    """Without an issuer, Traefik shows its own certificate; what names the Secret of the old one must not stay."""
    domains = ["shop.example", "www.example"]
    route = "ingressroute.traefik.io"

    def tls() -> dict[str, Any]:
        found = site.plane.kubectl("get", route, "tenant", "-n", site.namespace, "-o", "json")["spec"]["tls"]
        assert isinstance(found, dict)
        return found

    for issuer in ({"name": "letsencrypt"}, {"name": ""}, {"name": "letsencrypt"}, {}):
        previewed(site, "ingress", "premium", ingress={"domains": domains, "issuer": issuer})
        assert tls() == {"secretName": "shop.example-tls" if issuer.get("name") else ""}


def test_a_service_that_is_scaled_is_stopped_and_started(acme: Tenancy) -> None:
    """0 is a number that no autoscaler touches; starting again leaves the number to the autoscaler."""
    service = {"name": "api-gateway", "image": "registry.example/gateway:1.0", "requests": {"cpu": "50m"}, "limits": {"cpu": "100m"}}

    def brought(user: str = "admin", check: bool = False, take_over: bool = False, **more: Any) -> dict[str, Any]:
        part = _tenant_parts.part({"tenant": acme.tenant, "tier": "standard", "services": [service | more]}, "services")
        options = {key: part[key] for key in ("set", "manifests", "namespaces", "kinds")}
        return acme.run(module="kubernetes_manifests", tenant=None, user=user, check=check, take_over=take_over, **options)

    def replicas() -> int:
        return int(acme.get("deployment", "api-gateway")["spec"]["replicas"])

    def scaling() -> dict[str, str]:
        status = acme.get("hpa", "api-gateway-hpa")["status"]
        return {one["type"]: one["reason"] for one in status.get("conditions") or [] if one["status"] == "False"}

    acme.ok(tier="standard", services=[{"name": "api-gateway"}], services_set=f"tenant-{acme.tenant}-services")
    assert brought()["changed"]
    acme.plane.wait_for(lambda: replicas() == 2, "the minimum of the tier, by its autoscaler")
    # Whoever scales what nobody has said owns nothing, so an autoscaler is not in the way of who stops its service.
    preview, stopped = brought("reader", check=True, replicas=0), brought(replicas=0)
    assert (stopped["actions"], stopped["diff"]) == (preview["actions"], preview["diff"])
    assert [one["action"] for one in stopped["actions"]] == ["update", "delete"]
    acme.plane.wait_for(lambda: scaling().get("ScalingActive") == "ScalingDisabled", "the autoscaler that leaves it alone")
    assert (replicas(), acme.names("pdb")) == (0, [])
    assert not brought("reader", check=True, replicas=0)["changed"]
    preview, started = brought("reader", check=True), brought()
    assert (started["actions"], started["diff"]) == (preview["actions"], preview["diff"])
    acme.plane.wait_for(lambda: replicas() == 2, "the minimum of the tier, by its autoscaler")
    assert not brought("reader", check=True)["changed"]
    # What we have said, somebody's hand takes over.
    brought(replicas=0)
    acme.plane.kubectl("scale", "deployment/api-gateway", "-n", acme.namespace, "--replicas=3")
    told = brought("reader", check=True, replicas=0)["msg"]
    assert f"Deployment {acme.namespace}/api-gateway .spec.replicas (owned by kubectl, is 3)" in told
    assert told.endswith("To take these fields over, give take_over: true.")
    assert brought(take_over=True, replicas=0)["changed"]
    assert replicas() == 0
