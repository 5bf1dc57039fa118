# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is used, held against what will be allowed: amounts, blockers and the fit of services."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _resources, _tenant_blockers, _tenant_use
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TIER_QUOTA_SPEC, wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fit import Service, fit, fit_words
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_info import tenants
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import Contents, World
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import known_tiers

GI = 1024**3


def container(name: str = "a", **resources: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "resources": resources}


PODS: list[tuple[dict[str, Any], dict[str, int]]] = [
    ({"containers": [container()]}, {"pods": 1}),
    (
        {"containers": [container(requests={"cpu": "100m"}, limits={"cpu": "1", "memory": "1Gi"})]},
        {"pods": 1, "requests.cpu": 100, "requests.memory": GI, "limits.cpu": 1000, "limits.memory": GI},
    ),
    # The largest init container counts where it asks for more than all others together; a sidecar runs beside both.
    (
        {
            "containers": [container(requests={"cpu": "100m"}), container("b", requests={"cpu": "100m"})],
            "initContainers": [
                container("i", requests={"cpu": "1"}),
                {**container("s", requests={"cpu": "50m"}), "restartPolicy": "Always"},
            ],
            "overhead": {"cpu": "10m"},
        },
        {"pods": 1, "requests.cpu": 1060},
    ),
    # A small init container is covered by the others, the sidecar among them; an overhead counts on both sides.
    (
        {
            "containers": [container(limits={"cpu": "200m"})],
            "initContainers": [
                container("i", limits={"cpu": "10m"}),
                {**container("s", limits={"cpu": "50m"}), "restartPolicy": "Always"},
            ],
            "overhead": {"cpu": "10m"},
        },
        {"pods": 1, "requests.cpu": 260, "limits.cpu": 260},
    ),
]


@pytest.mark.parametrize(("spec", "amounts"), PODS)
def test_what_a_quota_counts_for_a_pod(spec: dict[str, Any], amounts: dict[str, int]) -> None:
    assert _resources.of_pod(spec) == amounts


@pytest.mark.parametrize("shares", [[1], [1, 1, 1], [5, 3, 2], [1] * 7])
def test_what_is_divided_is_all_there(shares: list[int]) -> None:
    whole = {"requests.cpu": 12001, "requests.memory": 24 * GI + 1, "requests.storage": 100 * GI + 1, "pods": 100}
    parts = _resources.divide(whole, shares)
    assert _resources.total(parts) == whole
    assert all(part[resource] % (1024 * 1024) == 0 for part in parts[1:] for resource in ("requests.memory", "requests.storage"))


def test_everything_that_is_in_the_way_is_told() -> None:
    found = _tenant_blockers.of_quota(
        "t", {"pods": 22, "requests.cpu": 2000, "requests.memory": 5 * GI}, {"pods": 15, "requests.cpu": 2000, "requests.memory": 4 * GI}
    )
    assert [(one.what, one.used, one.allowed) for one in found] == [("pods", "22", "15"), ("requests.memory", "5Gi", "4Gi")]
    assert found[0].words() == "pods in t: 22 used, 15 allowed (stop pods, or lower replicas)"


def test_the_largest_is_named_and_what_has_ended_does_not_count() -> None:
    limits: list[dict[str, Any]] = [
        {"type": "Container", "max": {"cpu": "2", "memory": "4Gi"}},
        {"type": "Pod", "max": {"cpu": "4", "memory": "8Gi"}},
        {"type": "PersistentVolumeClaim", "max": {"storage": "100Gi"}},
    ]
    big = {"metadata": {"name": "big"}, "spec": {"containers": [container("db", limits={"cpu": "3", "memory": "1Gi"})]}}
    over = {"metadata": {"name": "done"}, "status": {"phase": "Succeeded"}, "spec": {"containers": [container("x", limits={"cpu": "9"})]}}
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "200Gi"}}}}
    found = _tenant_blockers.of_limits("t", limits, [big, over], [claim])
    assert [(one.what, one.used, one.allowed) for one in found] == [
        ("cpu limit of container db of pod big", "3", "2"),
        ("storage of volume data", "200Gi", "100Gi"),
    ]
    assert _tenant_blockers.of_limits("t", limits, [], []) == []


@pytest.mark.parametrize(
    ("requests", "size", "told"),
    [
        ({"cpu": "50m", "memory": "64Mi"}, "1Gi", []),
        ({"cpu": "49m", "memory": "64Mi"}, "1Gi", [("cpu request of container web of pod small", "49m", "50m")]),
        ({"cpu": "1", "memory": "32Mi"}, "1Gi", [("memory request of container web of pod small", "32Mi", "64Mi")]),
        # The LimitRange fills in what is not asked for.
        ({}, "1Gi", []),
        ({}, "100Mi", [("storage of volume data", "100Mi", "1Gi")]),
    ],
)
def test_the_smallest_is_named_where_a_minimum_would_keep_it_from_coming_back(
    requests: dict[str, str], size: str, told: list[tuple[str, str, str]]
) -> None:
    limits: list[dict[str, Any]] = [
        {"type": "Container", "min": {"cpu": "50m", "memory": "64Mi"}},
        {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}},
    ]
    small = {"metadata": {"name": "small"}, "spec": {"containers": [{"name": "web", "resources": {"requests": requests}}]}}
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": size}}}}
    found = _tenant_blockers.of_limits("t", limits, [small], [claim])
    assert [(one.what, one.used, one.allowed) for one in found] == told
    assert all("make it larger" in one.remedy for one in found)


@pytest.mark.parametrize(("current", "wanted", "most", "count"), [(6, 0, 3, 1), (3, 3, 3, 0), (0, 0, 3, 0), (0, 4, 3, 1)])
def test_an_autoscaler_with_more_pods_than_it_may(current: int, wanted: int, most: int, count: int) -> None:
    scaler = {"metadata": {"name": "api-gateway-hpa"}, "status": {"currentReplicas": current}}
    assert len(_tenant_blockers.of_autoscaler("t", scaler, most, wanted)) == count


def test_counts_without_a_bound_are_never_in_the_way() -> None:
    found = _tenant_blockers.of_counts("acme", {"products": 3000, "users": 9}, {"products": 2000, "users": None})
    assert [one.words() for one in found] == ["products in tenant acme: 3000 used, 2000 allowed (reduce the catalogue)"]


def shop(count: int, cpu: int) -> list[Service]:
    return [Service(f"s{number}", 1, {"pods": 1, "requests.cpu": cpu}, 1, 2) for number in range(count)]


def test_the_fit_is_told_with_figures() -> None:
    quota = {1: {"pods": 15, "requests.cpu": 2000}}
    fits = fit(shop(10, 200), quota)
    assert fits["at_minimum"] == {"fits": True, "needed": {"1": {"pods": "10", "requests.cpu": "2"}}, "lacking": []}
    assert [one["short"] for one in fits["at_maximum"]["lacking"]] == ["5", "2"]
    (sentence,) = fit_words(fits, "Standard")
    assert sentence.startswith("10 services at their most do not fit into Standard: pods 20 of 15, requests.cpu 4 of 2;")
    (sentence,) = fit_words(fit(shop(13, 200), quota), "Standard")
    assert sentence.startswith("13 services at their least do not fit into Standard: requests.cpu 2600m of 2;")
    assert fit_words(fit(shop(5, 200), quota), "Standard") == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"requests.cpu": 50, "limits.cpu": 2000}, None),
        ({"requests.cpu": 10, "limits.cpu": 2000}, "mailer (site 1) asks for requests.cpu 10m, and a container of Standard has min 50m;"),
        ({"requests.cpu": 50, "limits.cpu": 2001}, "mailer (site 1) asks for limits.cpu 2001m, and a container of Standard has max 2;"),
        ({}, None),
    ],
)
def test_what_a_limit_range_refuses_is_told_before(asked: dict[str, int], told: str | None) -> None:
    bounds = {"min": {"cpu": 50}, "max": {"cpu": 2000}}
    found = fit([Service("mailer", 1, {"pods": 1, **asked}, 1, 1, (asked,))], {1: {"pods": 5}}, bounds)
    sentences = fit_words(found, "Standard")
    assert [sentence.startswith(str(told)) for sentence in sentences] == ([] if told is None else [True])


@pytest.mark.parametrize(
    ("replicas", "minimum", "cpu", "told"),
    [
        # Nobody is there: the six that Business keeps ready become Standard's two.
        (6, 6, "1200m", []),
        # Business grew for its visitors.
        (8, 6, "1600m", ["replicas of api-gateway-hpa"]),
        # What else is there counts: 6 of the old less 4 leave 14 of 15 pods, and 2.1 of 2 cores.
        (6, 6, "2900m", ["requests.cpu"]),
    ],
)
def test_pods_that_the_old_tier_keeps_ready_are_not_in_the_way(replicas: int, minimum: int, cpu: str, told: list[str]) -> None:
    wish = wish_of(ArgumentSpecValidator(TIER_QUOTA_SPEC).validate({"tenant": "acme", "tier": "standard"}).validated_parameters)
    name = wish.envelope.namespace(1)
    template = {"spec": {"containers": [container("web", requests={"cpu": "200m"})]}}
    reference = {"kind": "Deployment", "name": "api-gateway"}
    scaler = {
        "metadata": {"name": "api-gateway-hpa", "labels": {"app.kubernetes.io/managed-by": "bluegreen.orchestrator"}},
        "spec": {"scaleTargetRef": reference, "minReplicas": minimum, "maxReplicas": 15},
        "status": {"currentReplicas": replicas},
    }
    objects: dict[str, dict[str, dict[str, Any]]] = {
        "HorizontalPodAutoscaler": {"api-gateway-hpa": scaler},
        "Deployment": {"api-gateway": {"spec": {"replicas": replicas, "template": template}}},
        "ResourceQuota": {"tenant-quota": {"status": {"used": {"pods": "8", "requests.cpu": cpu}}}},
    }
    world = World({name: namespace(name, "acme", "business")}, {name: Contents(objects)})
    assert [one.what for one in _tenant_use.blockers(wish, world, [name], [])] == told


def namespace(name: str, tenant: str, tier: str = "standard", **metadata: Any) -> dict[str, Any]:
    labels = {"tenant": tenant, "tier": tier, "app.kubernetes.io/managed-by": "bluegreen.orchestrator"}
    return {"metadata": {"name": name, "labels": labels, **metadata}}


def quota(namespace: str, used: str, hard: str = "10", **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "tenant-quota", "namespace": namespace, "labels": labels},
        "spec": {"hard": {"pods": hard}},
        "status": {"used": {"pods": used}},
    }


def test_what_tenants_use() -> None:
    namespaces = [namespace("t-b", "b", deletionTimestamp="now"), namespace("t-a-site-2", "a", "premium"), namespace("t-a", "a")]
    found = tenants(namespaces, [quota("t-a", "4"), quota("t-a-site-2", "12")], known_tiers({}))
    assert [one["tenant"] for one in found] == ["a", "b"]
    first, second = found
    assert first["resources"]["pods"] == {"used": "16", "hard": "20", "headroom": "4", "percent": 80.0, "state": "well"}
    # Two sites are more than standard has.
    assert first["fitting_tier"] == "premium"
    assert first["problems"] == [
        "its namespaces are labelled with several tiers (premium, standard); run tier_quota again",
        "namespace t-a-site-2 has used up its pods (10); new pods are refused",
    ]
    assert second["problems"] == ["namespace t-b is being deleted"]


def test_a_site_whose_label_was_taken_is_not_forgotten() -> None:
    """Its quota still says whose it is; also where it was the tenant's only namespace."""
    site, only = quota("t-a-site-2", "1"), quota("t-b", "1")
    site["metadata"]["labels"], only["metadata"]["labels"] = {"tenant": "a"}, {"tenant": "b"}
    first, second = tenants([namespace("t-a", "a")], [quota("t-a", "4"), site, only], known_tiers({}))
    told = "namespace {} has lost the labels of its tenant; see who took them, and run tier_quota with take_over"
    assert (first["tenant"], first["sites"], first["problems"]) == ("a", 1, [told.format("t-a-site-2")])
    assert (second["tenant"], second["tier"], second["problems"]) == ("b", None, [told.format("t-b")])
    assert (first["state"], second["state"], second["nearest"]) == ("incomplete", "incomplete", None)


@pytest.mark.parametrize(("used", "tier"), [("15", "standard"), ("16", "premium"), ("51", "business"), ("101", None)])
def test_the_tier_that_would_fit(used: str, tier: str | None) -> None:
    (found,) = tenants([namespace("t", "a")], [quota("t", used, "15")], known_tiers({}))
    assert found["fitting_tier"] == tier
    assert bool(found["problems"]) is (used != "15")


@pytest.mark.parametrize(
    ("extra", "tier"),
    [
        # It comes after those that are sold, and costs less than the one that would fit.
        ({"mini": {"based_on": "premium", "price": {"monthly": "39.99"}}}, "mini"),
        ({"maxi": {"based_on": "premium", "price": {"monthly": "299.99"}}}, "premium"),
        # Of two at one price it is the one that was there before.
        ({"twin": {"based_on": "premium"}}, "premium"),
        ({"premium": {"price": {"monthly": "999.99"}}}, "business"),
        ({"mini": {"based_on": "standard", "price": {"monthly": "1"}}}, "premium"),
    ],
)
def test_of_those_that_would_fit_it_is_the_cheapest(extra: dict[str, Any], tier: str) -> None:
    (found,) = tenants([namespace("t", "a")], [quota("t", "16", "15")], known_tiers(extra))
    assert found["fitting_tier"] == tier


def test_custom_values_fit_their_own_tenant() -> None:
    (found,) = tenants([namespace("t", "a", "business")], [quota("t", "110", "120")], known_tiers({}))
    assert found["fitting_tier"] == "business"
    # Standard has none: somebody made the quota larger by hand.
    (found,) = tenants([namespace("t", "a")], [quota("t", "110", "120")], known_tiers({}))
    assert found["fitting_tier"] is None


@pytest.mark.parametrize(
    ("used", "state"),
    [("0", "well"), ("80", "well"), ("81", "filling"), ("95", "filling"), ("96", "tight"), ("100", "tight"), ("101", "over")],
)
def test_how_full_a_tenant_is(used: str, state: str) -> None:
    (found,) = tenants([namespace("t", "a")], [quota("t", used, "100")], known_tiers({}))
    assert (found["state"], found["resources"]["pods"]["state"], found["nearest"]["resource"]) == (state, state, "pods")


def test_the_worst_that_is_true_is_told() -> None:
    going = namespace("t-site-2", "a", deletionTimestamp="now")
    states = {
        "going": ([namespace("t", "a"), going], [quota("t", "1")]),
        "filling": ([namespace("t", "a"), going], [quota("t", "9")]),
        "incomplete": ([namespace("t", "a"), namespace("t-site-2", "a")], [quota("t", "10")]),
        "over": ([namespace("t", "a"), namespace("t-site-2", "a")], [quota("t", "11")]),
    }
    for state, (namespaces, quotas) in states.items():
        (found,) = tenants(namespaces, quotas, known_tiers({}))
        assert found["state"] == state
    (found,) = tenants(
        [namespace("t", "a"), namespace("t-site-2", "a", "premium")], [quota("t", "1"), quota("t-site-2", "1")], known_tiers({})
    )
    assert found["state"] == "incomplete"
    (found,) = tenants([namespace("t", "a")], [], known_tiers({}))
    assert (found["state"], found["nearest"]) == ("incomplete", None)


def test_the_resource_nearest_its_limit() -> None:
    full = quota("t", "4")
    full["spec"]["hard"] |= {"requests.cpu": "2", "requests.memory": "4Gi", "services.loadbalancers": "0"}
    full["status"]["used"] |= {"requests.cpu": "1500m", "requests.memory": "1Gi", "services.loadbalancers": "0"}
    (found,) = tenants([namespace("t", "a")], [full], known_tiers({}))
    line = {"used": "1500m", "hard": "2", "headroom": "500m", "percent": 75.0, "state": "well"}
    assert found["nearest"] == {"resource": "requests.cpu", "site": None, **line}


def test_a_site_that_is_full_shows_where_the_tenants_sums_look_half_empty() -> None:
    namespaces = [namespace("t-a", "a", "premium"), namespace("t-a-site-2", "a", "premium")]
    (found,) = tenants(namespaces, [quota("t-a", "2"), quota("t-a-site-2", "10")], known_tiers({}))
    assert (found["state"], found["resources"]["pods"]["percent"]) == ("tight", 60.0)
    line = {"used": "10", "hard": "10", "headroom": "0", "percent": 100.0, "state": "tight"}
    assert found["nearest"] == {"resource": "pods", "site": 2, **line}
    (found,) = tenants(namespaces, [quota("t-a", "11"), quota("t-a-site-2", "0")], known_tiers({}))
    assert (found["state"], found["nearest"]["site"]) == ("over", 1)


def test_what_is_bought_to_be_used_up_may_be() -> None:
    full = quota("t", "4")
    full["spec"]["hard"] |= {"services.loadbalancers": "1"}
    full["status"]["used"] |= {"services.loadbalancers": "1"}
    (found,) = tenants([namespace("t", "a")], [full], known_tiers({}))
    assert (found["state"], found["nearest"]["resource"]) == ("well", "pods")
    full["status"]["used"] |= {"services.loadbalancers": "2"}
    (found,) = tenants([namespace("t", "a")], [full], known_tiers({}))
    assert (found["state"], found["nearest"]["resource"]) == ("over", "services.loadbalancers")


def test_what_is_in_the_way_of_a_smaller_tier() -> None:
    namespaces = [namespace("t", "a", "premium"), namespace("t-site-2", "a", "premium")]
    tiers = known_tiers({})
    (found,) = tenants(namespaces, [quota("t", "9"), quota("t-site-2", "7")], tiers, tiers["standard"])
    told = [(one["what"], one["where"], one["used"], one["allowed"], one["remedy"]) for one in found["blockers"]]
    assert told == [
        ("sites", "tenant a", "2", "1", "remove sites"),
        ("pods", "tenant a", "16", "15", "stop pods, or lower replicas"),
    ]
    (found,) = tenants(namespaces, [], tiers, tiers["premium"])
    assert found["blockers"] == []
    (found,) = tenants(namespaces, [], tiers)
    assert "blockers" not in found


def test_what_a_quota_does_not_count_is_counted_here() -> None:
    """Somebody took the storage out of the quota by hand."""
    quota_of = {"metadata": {"name": "q"}, "status": {"used": {"pods": "7"}}}
    claim = {"metadata": {"name": "d"}, "spec": {"resources": {"requests": {"storage": "99Gi"}}}}
    contents = Contents({"ResourceQuota": {"q": quota_of}, "PersistentVolumeClaim": {"d": claim}, "Pod": {}})
    assert contents.quota_used("q") == {"pods": 7, "requests.storage": 99 * GI, "persistentvolumeclaims": 1}
