# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tier_quota on a real control plane, read back by kubectl."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from lab.server import LabError
from tests.integration.tenancy import Tenancy, manifest

SCALED = ["api-gateway", "auth-service", "baskets-service", "orders-service", "products-service"]
SMALL: dict[str, Any] = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}}


@pytest.fixture
def acme(control_plane: ControlPlane, tenant_id: str) -> Tenancy:
    """A tenant that is not there yet."""
    return Tenancy(control_plane, tenant_id)


def test_the_twelve_steps(acme: Tenancy) -> None:
    """Create, again, modify, again, delete, again: each in preview first, each read back."""
    made = acme.previewed(tier="standard")
    assert (made["changed"], made["tier_before"]) == (True, None)
    assert acme.hard() == {
        "requests.cpu": "2",
        "requests.memory": "4Gi",
        "limits.cpu": "4",
        "limits.memory": "8Gi",
        "persistentvolumeclaims": "3",
        "services.loadbalancers": "1",
        "pods": "15",
        "requests.storage": "50Gi",
    }
    labels = acme.namespaces()[acme.namespace]["metadata"]["labels"]
    assert (labels["tier"], labels["type"], labels["pod-security.kubernetes.io/enforce"]) == ("standard", "site", "restricted")
    changed = acme.previewed(tier="premium", sites=3)
    assert (changed["tier"], changed["tier_before"]) == ("premium", "standard")
    sites = [acme.namespace, f"{acme.namespace}-site-2", f"{acme.namespace}-site-3"]
    assert sorted(acme.namespaces()) == sites
    assert [acme.hard(name)["requests.cpu"] for name in sites] == ["2", "2", "2"]
    assert [acme.hard(name)["pods"] for name in sites] == ["18", "16", "16"]
    assert {found["metadata"]["labels"]["tier"] for found in acme.namespaces().values()} == {"premium"}
    gone = acme.previewed(state="absent")
    assert [action["action"] for action in gone["actions"]] == ["delete"] * 3
    assert acme.namespaces() == {}


def test_the_envelope_holds(acme: Tenancy) -> None:
    """Quota, LimitRange and Pod Security refuse what they are there for."""
    acme.ok(tier="standard")
    plane = acme.plane

    def refused(pod: dict[str, Any]) -> str:
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": pod}
        answer = plane.request("POST", f"/api/v1/namespaces/{acme.namespace}/pods", body)
        assert answer.status == 403, answer
        return str(answer.body["message"])

    good = manifest("p", acme.namespace)["spec"]["template"]["spec"]
    assert 'violates PodSecurity "restricted' in refused({"containers": [{"name": "app", "image": "shop:1"}]})
    greedy = json.loads(json.dumps(good))
    greedy["containers"][0]["resources"] = {"limits": {"cpu": "3"}}
    assert "maximum cpu usage per Container is 2" in refused(greedy)
    many = [json.loads(json.dumps(good["containers"][0])) | {"name": f"c{number}"} for number in range(2)]
    for container in many:
        container["resources"] = {"limits": {"cpu": "1500m", "memory": "1Gi"}, "requests": {"cpu": "1500m", "memory": "1Gi"}}
    assert "exceeded quota: tenant-quota, requested: requests.cpu=3" in refused({"containers": many})


def test_services_get_their_autoscalers_and_lose_them(acme: Tenancy) -> None:
    acme.ok(tier="premium")
    assert acme.names("hpa") == []
    acme.deploys(["api-gateway", "search-service"], **SMALL)
    acme.previewed(tier="premium")
    assert acme.names("hpa") == ["api-gateway-hpa"]
    scaler = acme.get("hpa", "api-gateway-hpa")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 6)
    assert [metric["type"] for metric in scaler["metrics"]] == ["Resource", "Resource", "Pods"]
    assert scaler["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 60
    acme.plane.kubectl("delete", "deployment", "api-gateway", "-n", acme.namespace)
    acme.previewed(tier="premium")
    assert acme.names("hpa") == []


@pytest.mark.parametrize("tier", ["standard", "premium", "business"])
def test_the_misfit_of_the_published_numbers_is_told(acme: Tenancy, tier: str) -> None:
    """13 services with the tier's own figures; ADR-0012 has the arithmetic."""
    services = [{"name": name} for name in [*SCALED, *(f"service-{number}" for number in range(8))]]
    preview = acme.ok(user="reader", check=True, tier=tier, services=services)
    needed = {"standard": "3600m", "premium": "11500m", "business": "38"}[tier]
    assert preview["fit"]["at_minimum"]["needed"]["1"]["requests.cpu"] == needed
    assert not preview["fit"]["at_minimum"]["fits"]
    assert any("13 services at their least do not fit" in warning for warning in preview["warnings"]), preview["warnings"]


def test_thirteen_services_roll_out_where_they_fit(acme: Tenancy) -> None:
    acme.ok(tier="standard")
    acme.deploys([f"service-{number}" for number in range(13)], **SMALL)
    assert len(acme.pods()) == 13
    result = acme.ok(tier="standard")
    assert result["fit"]["at_maximum"]["fits"]
    assert result["fit"]["at_maximum"]["needed"]["1"]["requests.cpu"] == "650m"
    assert result["warnings"] == []


def test_an_upgrade_touches_no_pod_and_a_downgrade_names_all_that_is_in_the_way(acme: Tenancy) -> None:
    acme.ok(tier="standard")
    acme.deploys(["shop", "web"], replicas=4, **SMALL)
    pods = acme.pods()
    assert len(pods) == 8
    acme.previewed(tier="premium")
    acme.previewed(tier="business")
    acme.deploys(["batch"], replicas=11, requests={"cpu": "200m", "memory": "64Mi"}, limits={"cpu": "300m", "memory": "128Mi"})
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": acme.namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "60Gi"}}},
    }
    acme.plane.kubectl("apply", "-f", "-", stdin=claim)
    acme.plane.wait_for(lambda: used(acme).get("requests.storage") == "60Gi" and used(acme).get("pods") == "19", "the quota's count")
    usage = {"products": 3000, "buckets": {"products": "20GB"}}
    before = acme.held()
    for user, check in (("reader", True), ("admin", False)):
        result = acme.run(user=user, check=check, tier="standard", usage=usage)
        told = {(one["what"], one["used"], one["allowed"]) for one in result["blockers"]}
        assert told == {
            ("pods", "19", "15"),
            ("requests.cpu", "2600m", "2"),
            ("limits.cpu", "4100m", "4"),
            ("requests.storage", "60Gi", "50Gi"),
            ("products", "3000", "2000"),
            ("bucket products", str(20 * 10**9), str(15 * 10**9)),
        }
        assert "6 thing(s) in the way" in result["msg"]
    assert acme.held() == before
    acme.plane.kubectl("delete", "deployment", "batch", "-n", acme.namespace)
    acme.plane.kubectl("delete", "pvc", "data", "-n", acme.namespace)
    acme.plane.wait_for(lambda: used(acme).get("pods") == "8" and used(acme).get("requests.storage") == "0", "the quota's count")
    acme.previewed(tier="standard", usage={"products": 1999})
    assert {name: uid for name, uid in acme.pods().items() if name in pods} == pods


def test_more_pods_than_an_autoscaler_will_have_are_in_the_way(acme: Tenancy) -> None:
    acme.ok(tier="premium")
    acme.deploys(["api-gateway"], replicas=5, **SMALL)
    acme.ok(tier="premium")
    assert f"replicas of api-gateway-hpa in {acme.namespace}: 5 used, 3 allowed" in acme.refused(tier="standard")


def used(acme: Tenancy) -> dict[str, str]:
    found: dict[str, str] = acme.get("resourcequota", "tenant-quota").get("status", {}).get("used", {})
    return found


def test_force_needs_a_reason_and_leaves_it_on_the_namespace(acme: Tenancy) -> None:
    acme.ok(tier="premium")
    assert "reason: not given" in acme.refused(tier="standard", force=True)
    usage = {"products": 2001}
    assert "products in tenant" in acme.refused(tier="standard", usage=usage)
    forced = acme.ok(tier="standard", usage=usage, force=True, reason="the client will delete them by Friday")
    assert [one["what"] for one in forced["blockers"]] == ["products"]
    annotation = acme.namespaces()[acme.namespace]["metadata"]["annotations"]
    assert annotation["bluegreen.orchestrator/force-reason"] == "the client will delete them by Friday"
    later = acme.ok(tier="standard", usage=usage)
    assert (later["changed"], later["blockers"]) == (False, [])
    assert later["warnings"] == ["products: 2001 used, 2000 allowed by standard; time for a larger tier."]


def test_a_second_site_takes_its_share_from_the_first(acme: Tenancy) -> None:
    acme.ok(tier="premium")
    acme.deploys(["web"], replicas=10, requests={"cpu": "400m", "memory": "64Mi"}, limits={"cpu": "500m", "memory": "128Mi"})
    acme.plane.wait_for(lambda: used(acme).get("requests.cpu") == "4", "the quota's count")
    assert f"requests.cpu in {acme.namespace}: 4 used, 3 allowed" in acme.refused(tier="premium", sites=2)
    acme.previewed(tier="premium", sites=2, site_shares=[2, 1])
    assert acme.hard()["requests.cpu"] == "4"
    second = f"{acme.namespace}-site-2"
    assert acme.hard(second)["requests.cpu"] == "2"
    acme.plane.kubectl("apply", "-f", "-", stdin=manifest("web", second, **SMALL))
    acme.plane.kubectl("rollout", "status", "deployment/web", "-n", second, "--timeout=30s")
    assert f"pods in {second}: 1 used, 0 in a namespace that goes allowed" in acme.refused(tier="premium", sites=1)
    acme.plane.kubectl("delete", "deployment", "web", "-n", second)
    acme.plane.wait_for(lambda: acme.names("pods", second) == [], "the pod's end")
    acme.previewed(tier="premium", sites=1)
    assert list(acme.namespaces()) == [acme.namespace]


def test_drift_is_named_with_its_author_and_taken_back_on_demand(acme: Tenancy) -> None:
    acme.ok(tier="standard")
    patch = json.dumps({"spec": {"hard": {"pods": "99"}}})
    acme.plane.kubectl(
        "patch", "resourcequota", "tenant-quota", "-n", acme.namespace, "--type=merge", "-p", patch, "--field-manager=night-shift"
    )
    for user, check in (("reader", True), ("admin", False)):
        said = acme.refused(user=user, check=check, tier="standard")
        assert "tenant-quota .spec.hard.pods (owned by night-shift, is '99')" in said
        assert "give take_over: true" in said
    assert acme.hard()["pods"] == "99"
    taken = acme.previewed(tier="standard", take_over=True)
    assert taken["took_over"] == [f"ResourceQuota {acme.namespace}/tenant-quota .spec.hard.pods from night-shift"]
    assert acme.hard()["pods"] == "15"
    acme.plane.kubectl("delete", "networkpolicy", "default-deny", "-n", acme.namespace)
    healed = acme.previewed(tier="standard")
    assert [action["name"] for action in healed["actions"]] == [f"NetworkPolicy {acme.namespace}/default-deny"]


def test_what_is_outside_is_reached_on_the_ports_that_are_said(acme: Tenancy) -> None:
    acme.ok(tier="standard")
    opened = acme.previewed(tier="standard", egress_outside_ports=[443, 587])
    assert opened["actions"] == [{"action": "create", "name": f"NetworkPolicy {acme.namespace}/allow-outside"}]
    (rule,) = acme.get("networkpolicy", "allow-outside")["spec"]["egress"]
    assert [port["port"] for port in rule["ports"]] == [443, 587]
    assert [peer["ipBlock"]["cidr"] for peer in rule["to"]] == ["0.0.0.0/0", "::/0"]
    closed = acme.previewed(tier="standard")
    assert closed["actions"] == [{"action": "delete", "name": f"NetworkPolicy {acme.namespace}/allow-outside"}]


def test_what_is_not_ours_is_left_alone(acme: Tenancy) -> None:
    plane = acme.plane
    plane.kubectl("create", "namespace", acme.namespace)
    assert "is there and not managed by this collection" in acme.refused(tier="standard")
    assert "is not managed by this collection, so it is not deleted" in acme.refused(state="absent")
    acme.ok(tier="standard", take_over=True)
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "theirs", "namespace": acme.namespace},
        "spec": {"podSelector": {}},
    }
    plane.kubectl("create", "-f", "-", stdin=policy)
    plane.kubectl("create", "quota", "further", "--hard=pods=3", "-n", acme.namespace)
    again = acme.ok(tier="standard")
    assert not again["changed"]
    assert "has further quotas (further" in again["warnings"][0]
    assert "theirs" in acme.names("networkpolicy")
    plane.kubectl("label", "namespace", acme.namespace, "tenant=corner", "--overwrite")
    assert "belongs to tenant 'corner'" in acme.refused(tier="standard")


def test_a_client_reads_its_own_namespaces_and_nothing_else(acme: Tenancy) -> None:
    acme.ok(tier="premium", sites=2)
    account = f"system:serviceaccount:{acme.namespace}:client-read"

    def may(verb: str, what: str, namespace: str) -> bool:
        try:
            return str(acme.plane.kubectl("auth", "can-i", verb, what, "-n", namespace, f"--as={account}")).strip() == "yes"
        except LabError:
            return False

    for namespace in acme.namespaces():
        assert may("list", "pods", namespace)
        assert may("get", "resourcequotas", namespace)
        for verb, what in (
            ("get", "secrets"),
            ("list", "configmaps"),
            ("delete", "pods"),
            ("patch", "resourcequotas"),
            ("create", "pods/exec"),
        ):
            assert not may(verb, what, namespace), (verb, what)
    assert not may("list", "pods", "default")
    acme.previewed(tier="premium", sites=2, client_access=False)
    assert not may("list", "pods", acme.namespace)


def test_info_tells_one_and_all(acme: Tenancy) -> None:
    acme.ok(tier="standard")
    acme.deploys(["web"], replicas=2, **SMALL)
    acme.plane.wait_for(lambda: used(acme).get("pods") == "2", "the quota's count")
    (found,) = acme.ok(module="tier_quota_info", user="reader")["tenants"]
    assert (found["tenant"], found["tier"], found["sites"], found["fitting_tier"], found["problems"]) == (
        acme.tenant,
        "standard",
        1,
        "standard",
        [],
    )
    assert found["resources"]["pods"] == {"used": "2", "hard": "15", "headroom": "13", "percent": 13.3, "state": "well"}
    assert (found["state"], found["nearest"]["resource"]) == ("well", "pods")
    everybody = acme.ok(module="tier_quota_info", user="reader", tenant=None)
    assert everybody["requests"] == {"list": 2}
    assert found in everybody["tenants"]
    # Several by name are read with the same two lists, and who is not there is not told.
    some = acme.ok(module="tier_quota_info", user="reader", tenant=None, tenants=[acme.tenant, "nobody"], smaller_tier="standard")
    assert some["requests"] == {"list": 2}
    assert some["tenants"] == [{**found, "blockers": []}]
    assert acme.ok(module="tier_quota_info", user="reader", tenant=None, tenants=[])["tenants"] == []
    many = [acme.tenant, *(f"nobody-{number}" for number in range(60))]
    assert acme.ok(module="tier_quota_info", user="reader", tenant=None, tenants=many)["tenants"] == [found]
    assert "smaller_tier: 'gold' is no tier" in acme.refused(module="tier_quota_info", user="reader", smaller_tier="gold")


def test_info_tells_of_one_prefix_and_of_ours(acme: Tenancy) -> None:
    """Two brands with a tenant of the same id, one's prefix a part of the other's, and a namespace that merely has its label."""
    shop = Tenancy(acme.plane, "shop")
    prefixes = (f"{acme.tenant}-", f"{acme.tenant}-eu-")
    for prefix, tier in zip(prefixes, ("standard", "premium"), strict=True):
        shop.ok(tier=tier, namespace_prefix=prefix, storage_class=False)
    stranger = {"name": f"{prefixes[0]}shop-site-2", "labels": {"tenant": "shop"}}
    acme.plane.kubectl("create", "-f", "-", stdin={"apiVersion": "v1", "kind": "Namespace", "metadata": stranger})
    for prefix, tier in zip(prefixes, ("standard", "premium"), strict=True):
        for tenant in ("shop", None):
            (found,) = shop.ok(module="tier_quota_info", user="reader", tenant=tenant, namespace_prefix=prefix)["tenants"]
            assert (found["tenant"], found["tier"], found["namespaces"], found["problems"]) == ("shop", tier, [f"{prefix}shop"], [])
    assert shop.ok(module="tier_quota_info", user="reader", tenant="corner", namespace_prefix=prefixes[0])["tenants"] == []
