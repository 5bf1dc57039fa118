# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of a smaller envelope, bound by bound: at the bound, one beyond it, and what does not count."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_blockers, _tenant_use
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fit import fit_words
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_plan import shrinking_namespaces
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import Contents, World
from tests.unit.plugins.module_utils.test_tenant_args import params
from tests.unit.plugins.module_utils.test_tenant_plan import NAME, cluster, envelope, stored

Spec = dict[str, Any]


def container(name: str = "a", **limits: str) -> Spec:
    return {"name": name, "resources": {"limits": limits}}


def pod(*containers: Spec, phase: str = "Running", **spec: Any) -> Spec:
    return {"metadata": {"name": "p"}, "status": {"phase": phase}, "spec": {"containers": list(containers), **spec}}


LIMITS: list[Spec] = [
    {"type": "Container", "max": {"cpu": "2", "memory": "4Gi"}},
    {"type": "Pod", "max": {"cpu": "3", "memory": "6Gi"}},
    {"type": "PersistentVolumeClaim", "max": {"storage": "100Gi"}},
]
SIZES: list[tuple[Spec, list[str]]] = [
    (pod(container(cpu="2", memory="4Gi")), []),
    (pod(container(cpu="2001m")), ["cpu limit of container a of pod p: 2001m, 2"]),
    (pod(container(memory="5Gi")), ["memory limit of container a of pod p: 5Gi, 4Gi"]),
    # The largest one is named, wherever it stands.
    (pod(container(cpu="100m"), container("b", cpu="2500m"), container("c", cpu="200m")), ["cpu limit of container b of pod p: 2500m, 2"]),
    (pod(container("a", cpu="1"), initContainers=[container("i", cpu="3")]), ["cpu limit of container i of pod p: 3, 2"]),
    # Each of them is small enough, and all together are not.
    (pod(container(cpu="2"), container("b", cpu="1")), []),
    (pod(container(cpu="2"), container("b", cpu="1100m")), ["cpu limit of pod p: 3100m, 3"]),
    (pod(container(memory="4Gi"), container("b", memory="3Gi")), ["memory limit of pod p: 7Gi, 6Gi"]),
    (pod(container(cpu="9"), phase="Failed"), []),
    (pod(container(cpu="9"), phase="Succeeded"), []),
]


@pytest.mark.parametrize(("found", "said"), SIZES)
def test_the_largest_that_would_not_come_back(found: Spec, said: list[str]) -> None:
    assert [f"{one.what}: {one.used}, {one.allowed}" for one in _tenant_blockers.of_limits("t", LIMITS, [found], [])] == said


@pytest.mark.parametrize(("size", "count"), [("100Gi", 0), ("101Gi", 1)])
def test_the_largest_volume(size: str, count: int) -> None:
    claims = [
        {"metadata": {"name": name}, "spec": {"resources": {"requests": {"storage": one}}}} for name, one in (("a", "1Gi"), ("b", size))
    ]
    assert [one.what for one in _tenant_blockers.of_limits("t", LIMITS, [], claims)] == ["storage of volume b"] * count


def test_what_is_exactly_allowed_is_not_in_the_way() -> None:
    assert _tenant_blockers.of_counts("acme", {"products": 2000}, {"products": 2000}) == []
    (found,) = _tenant_blockers.of_counts("acme", {"products": 2001}, {"products": 2000})
    assert found.public() == {
        "what": "products",
        "where": "tenant acme",
        "used": "2001",
        "allowed": "2000",
        "remedy": "reduce the catalogue",
        "loses": False,
    }


def told(world: World, going: tuple[str, ...] = (), **options: Any) -> list[str]:
    """What is in the way of a wish."""
    wish = wish_of(params(**options))
    shrinking = shrinking_namespaces(wish.envelope, world)
    return [f"{one.what}: {one.used}, {one.allowed}" for one in _tenant_use.blockers(wish, world, shrinking, list(going))]


@pytest.mark.parametrize(
    ("tier", "sites", "said"),
    [
        ("standard", 1, []),
        ("standard", 2, ["sites: 2, 1"]),
        ("premium", 3, []),
        ("premium", 4, ["sites: 4, 3"]),
        ("business", 10, []),
        ("business", 11, ["sites: 11, 10"]),
    ],
)
def test_no_more_sites_than_were_bought(tier: str, sites: int, said: list[str]) -> None:
    assert told(World(), tier=tier, sites=sites) == said


USAGES: list[tuple[dict[str, Any], list[str]]] = [
    ({"products": 2000, "domains": 1, "concurrent_users": 200, "orders_per_month": 5000}, []),
    ({"products": 2001}, ["products: 2001, 2000"]),
    ({"domains": 2}, ["domains: 2, 1"]),
    ({"concurrent_users": 201}, ["concurrent_users: 201, 200"]),
    ({"orders_per_month": 5001}, ["orders_per_month: 5001, 5000"]),
    ({"buckets": {"products": "15GB", "sav": "5GB", "newsletters": "5GB"}}, []),
    ({"buckets": {"sav": "5001MB"}}, ["bucket sav: 5001000000, 5000000000"]),
]


@pytest.mark.parametrize(("usage", "said"), USAGES)
def test_what_the_caller_counted_stops_a_move_and_only_warns_who_stays(usage: dict[str, Any], said: list[str]) -> None:
    moving, staying = cluster(envelope("premium")), cluster(envelope("standard"))
    assert told(moving, tier="standard", usage=usage) == said
    assert told(staying, tier="standard", usage=usage) == []
    assert _tenant_use.over(wish_of(params(tier="standard", usage=usage)), moving) == []
    warned = _tenant_use.over(wish_of(params(tier="standard", usage=usage)), staying)
    assert warned == [f"{one.replace(',', ' used,')} allowed by standard; time for a larger tier." for one in said]


def test_a_namespace_of_somebody_else_had_no_tier_of_ours() -> None:
    """With take_over it is adopted, and what its label said was never bought."""
    world = cluster(envelope("standard"))
    assert _tenant_use.tier_before(envelope(), world) == "standard"
    del world.namespaces[NAME]["metadata"]["labels"]["app.kubernetes.io/managed-by"]
    assert _tenant_use.tier_before(envelope(), world) is None
    assert told(world, tier="standard", usage={"products": 2001}) == ["products: 2001, 2000"]


def crowded(tier: str) -> World:
    """A tenant with more than standard allows of everything that is looked at."""
    world = cluster(envelope(tier), ["api-gateway"])
    contents = world.contents[NAME]
    contents.objects["ResourceQuota"]["tenant-quota"]["status"] = {"used": {"pods": "16", "requests.cpu": "2"}}
    contents.objects["HorizontalPodAutoscaler"]["api-gateway-hpa"]["status"] = {"currentReplicas": 6}
    contents.objects["Deployment"]["api-gateway"] = {"spec": {"replicas": 4}}
    contents.objects["Pod"] = {"p": pod(container(cpu="2500m"))}
    return world


def test_all_that_is_in_the_way_of_a_namespace_that_shrinks() -> None:
    assert told(crowded("premium"), tier="standard") == [
        "pods: 16, 15",
        "replicas of api-gateway-hpa: 6, 3",
        "cpu limit of container a of pod p: 2500m, 2",
    ]


def test_nothing_is_in_the_way_of_one_that_does_not_shrink() -> None:
    """What runs beyond today's envelope may go on: refusing an upgrade for it would keep the client from the remedy."""
    assert told(crowded("standard"), tier="standard") == []
    assert told(crowded("standard"), tier="premium") == []


SCALERS: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"currentReplicas": 3}, {"replicas": 3}, []),
    ({"currentReplicas": 5}, {"replicas": 4}, ["replicas of api-gateway-hpa: 5, 3"]),
    ({"currentReplicas": 1}, {"replicas": 4}, ["replicas of api-gateway-hpa: 4, 3"]),
    # No more is asked for than the old tier keeps ready by itself.
    ({"currentReplicas": 4}, {"replicas": 1}, []),
    # A Deployment that says nothing has one.
    ({}, {}, []),
]


@pytest.mark.parametrize(("status", "spec", "said"), SCALERS)
def test_replicas_beyond_the_maximum_to_come(status: dict[str, Any], spec: dict[str, Any], said: list[str]) -> None:
    world = cluster(envelope("premium"), ["api-gateway"])
    world.contents[NAME].objects["HorizontalPodAutoscaler"]["api-gateway-hpa"]["status"] = status
    world.contents[NAME].objects["Deployment"]["api-gateway"] = {"spec": spec}
    assert told(world, tier="standard") == said


def test_an_autoscaler_that_would_go_or_is_not_ours_is_in_nobodys_way() -> None:
    world = cluster(envelope("premium"), ["api-gateway"])
    scalers = world.contents[NAME].objects["HorizontalPodAutoscaler"]
    ours = scalers.pop("api-gateway-hpa")
    for name, managed, target in (("keda", False, "api-gateway"), ("old-hpa", True, "old-service")):
        labels = ours["metadata"]["labels"] if managed else {}
        scalers[name] = {
            "metadata": {"name": name, "labels": labels},
            "spec": {"maxReplicas": 9, "scaleTargetRef": {"kind": "Deployment", "name": target}},
            "status": {"currentReplicas": 9},
        }
    assert told(world, tier="standard") == []


def balanced(kind: str) -> Spec:
    return {"spec": {"type": kind}}


def test_what_no_quota_counts_is_counted_as_kubernetes_does() -> None:
    contents = Contents(
        {
            "Pod": {
                "a": pod(container(cpu="1")),
                "b": pod(container(cpu="1"), phase="Pending"),
                "c": pod(container(cpu="1"), phase="Failed"),
                "d": pod(container(cpu="1"), phase="Succeeded"),
            },
            "Service": {"a": balanced("LoadBalancer"), "b": balanced("ClusterIP"), "c": balanced("LoadBalancer")},
        }
    )
    assert contents.quota_used("q") == {"pods": 2, "requests.cpu": 2000, "limits.cpu": 2000, "services.loadbalancers": 2}
    # What the server counts wins: it knows what is on its way.
    contents.objects["ResourceQuota"] = {"q": {"status": {"used": {"pods": "7"}}}}
    assert contents.quota_used("q")["pods"] == 7


def deployed(spec: Spec, replicas: int | None = None, name: str = "shop") -> World:
    """A tenant with one Deployment."""
    world = cluster(envelope())
    whole: Spec = {"template": {"spec": spec}, **({} if replicas is None else {"replicas": replicas})}
    world.contents[NAME].objects["Deployment"] = {name: stored({"metadata": {"name": name}, "spec": whole})}
    return world


def needs(world: World, when: str = "at_minimum", **options: Any) -> dict[str, str]:
    """What the services of the first site need."""
    found = _tenant_use.fit_of(wish_of(params(**options)), world)
    assert found is not None
    needed: dict[str, str] = found[when]["needed"]["1"]
    return needed


PODS: list[tuple[Spec, dict[str, str]]] = [
    # What says nothing gets the LimitRange's figures.
    ({"containers": [{"name": "a"}]}, {"requests.cpu": "200m", "requests.memory": "256Mi", "limits.cpu": "500m", "limits.memory": "512Mi"}),
    # A limit is the request, too, where there is none: Kubernetes fills that in before the LimitRange is asked.
    (
        {"containers": [container(cpu="1", memory="1Gi")]},
        {"requests.cpu": "1", "requests.memory": "1Gi", "limits.cpu": "1", "limits.memory": "1Gi"},
    ),
    (
        {"containers": [{"name": "a", "resources": {"requests": {"cpu": "100m"}}}]},
        {"requests.cpu": "100m", "requests.memory": "256Mi", "limits.cpu": "500m", "limits.memory": "512Mi"},
    ),
    (
        {"containers": [container(cpu="100m", memory="64Mi")], "initContainers": [{"name": "i"}]},
        {"requests.cpu": "200m", "requests.memory": "256Mi", "limits.cpu": "500m", "limits.memory": "512Mi"},
    ),
]


@pytest.mark.parametrize(("spec", "needed"), PODS)
def test_a_pod_counts_as_it_is_admitted(spec: Spec, needed: dict[str, str]) -> None:
    assert needs(deployed(spec)) == {"pods": "1", **needed}


@pytest.mark.parametrize(("replicas", "pods"), [(None, "1"), (0, "0"), (3, "3")])
def test_replicas_of_what_is_there(replicas: int | None, pods: str) -> None:
    assert needs(deployed({"containers": [container(cpu="1")]}, replicas))["pods"] == pods


@pytest.mark.parametrize(("replicas", "least", "most"), [(1, "2", "3"), (9, "2", "3"), (0, "0", "0")])
def test_a_service_that_scales_has_the_tiers_replicas_unless_it_is_stopped(replicas: int, least: str, most: str) -> None:
    world = deployed({"containers": [container(cpu="1")]}, replicas, "api-gateway")
    assert (needs(world)["pods"], needs(world, "at_maximum")["pods"]) == (least, most)
    declared = [{"name": "api-gateway", "replicas": replicas}]
    assert (needs(World(), services=declared)["pods"], needs(World(), "at_maximum", services=declared)["pods"]) == (least, most)


def test_what_is_declared_stands_for_what_is_there() -> None:
    """The next deploy brings it; counted twice, every service that is there would lack."""
    world = deployed({"containers": [container(cpu="2")]}, 5)
    declared = [{"name": "shop", "replicas": 2, "requests": {"cpu": "100m"}}, {"name": "web", "requests": {"cpu": "50m"}}]
    assert needs(world, services=declared)["requests.cpu"] == "250m"
    assert _tenant_use.fit_of(wish_of(params()), World()) is None


def test_each_site_is_held_against_its_own_part() -> None:
    services = [{"name": "shop", "replicas": 16}, {"name": "shop", "site": 2, "replicas": 15, "requests": {"cpu": "100m"}}]
    wish = wish_of(params(tier="premium", sites=2, site_shares=[1, 1], services=services))
    found = _tenant_use.fit_of(wish, World())
    assert found is not None
    assert [(one["site"], one["resource"], one["needed"], one["allowed"]) for one in found["at_minimum"]["lacking"]] == [
        (1, "limits.cpu", "16", "6"),
        (1, "limits.memory", "16Gi", "12Gi"),
        (1, "requests.cpu", "8", "3"),
        (1, "requests.memory", "8Gi", "6Gi"),
        (2, "limits.cpu", "15", "6"),
        (2, "limits.memory", "15Gi", "12Gi"),
        (2, "requests.memory", "7680Mi", "6Gi"),
    ]
    (sentence,) = fit_words(found, "Premium")
    assert "requests.cpu 8 of 3 (site 1)" in sentence
