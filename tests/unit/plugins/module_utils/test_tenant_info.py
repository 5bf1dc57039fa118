# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tier_quota_info against a strict list of requests: whom it asks for, and whom it tells of."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_info
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import KubernetesError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_info import INFO_SPEC
from tests.kubernetes_requests import UNKNOWN, Expected, answering, items, validated
from tests.unit.plugins.module_utils.test_tenant_use import namespace, quota

NAMESPACES = "GET /api/v1/namespaces?limit=500&labelSelector=app.kubernetes.io%2Fmanaged-by%3Dbluegreen.orchestrator%2Ctenant"
QUOTAS = NAMESPACES.replace("namespaces", "resourcequotas")
ACME = "%2Ctenant+in+%28acme%29"
PREFIX = "e-commerce-tenant-"


def run(**options: Any) -> dict[str, Any]:
    return _tenant_info.run(validated(INFO_SPEC, **options), check_mode=True)


def two_lists(selector: str, *names: tuple[str, str]) -> list[Expected]:
    """Namespaces by name and tenant, and the quota in each of them."""
    found = [namespace(name, tenant) for name, tenant in names]
    return [
        (NAMESPACES + selector, items(*found)),
        (QUOTAS + selector, items(*(quota(name, "4", tenant=tenant) for name, tenant in names))),
    ]


FILTERS: list[tuple[dict[str, Any], str, list[tuple[str, str]], dict[str, list[str]]]] = [
    ({}, "", [], {}),
    # All of a cluster, sorted; a tenant's sites are one entry.
    (
        {},
        "",
        [(f"{PREFIX}b", "b"), (f"{PREFIX}a-site-2", "a"), (f"{PREFIX}a", "a")],
        {"a": [f"{PREFIX}a", f"{PREFIX}a-site-2"], "b": [f"{PREFIX}b"]},
    ),
    # One: the server leaves out the others, so that nobody's quotas are read who was not asked for.
    ({"tenant": "acme"}, ACME, [(f"{PREFIX}acme", "acme")], {"acme": [f"{PREFIX}acme"]}),
    ({"tenant": "acme"}, ACME, [], {}),
    ({"tenants": ["b", "acme"]}, "%2Ctenant+in+%28b%2Cacme%29", [(f"{PREFIX}b", "b")], {"b": [f"{PREFIX}b"]}),
    # Nobody, and more than a URL takes: picked from the list of all.
    ({"tenants": []}, "", [(f"{PREFIX}b", "b")], {}),
    ({"tenants": [f"t{number}" for number in range(51)]}, "", [(f"{PREFIX}b", "b"), (f"{PREFIX}t7", "t7")], {"t7": [f"{PREFIX}t7"]}),
    # Another prefix is another brand's, and so is a longer one.
    ({}, "", [("shop-a", "a"), (f"{PREFIX}b", "b")], {"b": [f"{PREFIX}b"]}),
    ({"namespace_prefix": "shop-"}, "", [("shop-a", "a"), (f"{PREFIX}b", "b")], {"a": ["shop-a"]}),
    ({"tenant": "acme", "namespace_prefix": "shop-"}, ACME, [(f"{PREFIX}acme", "acme"), ("shop-acme", "acme")], {"acme": ["shop-acme"]}),
    ({"namespace_prefix": "t-"}, "", [("t-acme", "acme"), ("t-eu-acme", "acme")], {"acme": ["t-acme"]}),
    ({"namespace_prefix": "t-eu-"}, "", [("t-acme", "acme"), ("t-eu-acme", "acme")], {"acme": ["t-eu-acme"]}),
    # A label by a slip of the hand makes no site.
    ({}, "", [(f"{PREFIX}acme", "acme"), (f"{PREFIX}acme-database", "acme"), (f"{PREFIX}b", "acme")], {"acme": [f"{PREFIX}acme"]}),
]


@pytest.mark.parametrize(("options", "selector", "found", "told"), FILTERS)
def test_whom_it_tells_of(
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    selector: str,
    found: list[tuple[str, str]],
    told: dict[str, list[str]],
) -> None:
    with answering(monkeypatch, _tenant_info, *two_lists(selector, *found)):
        result = run(**options)
    assert {one["tenant"]: one["namespaces"] for one in result["tenants"]} == told
    for one in result["tenants"]:
        assert (one["sites"], one["resources"]["pods"]["used"]) == (len(one["namespaces"]), str(4 * len(one["namespaces"])))
    assert (result["changed"], result["requests"]) == (False, {"list": 2})


def test_what_is_told_of_a_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    acme, second = f"{PREFIX}acme", f"{PREFIX}acme-site-2"
    spaces = [
        namespace(acme, "acme", annotations={"bluegreen.orchestrator/force-reason": "agreed by phone"}),
        namespace(second, "acme", "premium"),
        namespace(f"{PREFIX}beta", "beta"),
    ]
    # A further quota of ours in the namespace is not the tenant's.
    further = quota(acme, "3", "1", tenant="acme")
    further["metadata"]["name"] = "nightly-jobs"
    quotas = [quota(acme, "3", "15", tenant="acme"), further]
    with answering(monkeypatch, _tenant_info, (NAMESPACES, items(*spaces)), (QUOTAS, items(*quotas))) as pool:
        told, bare = run(request_timeout=4)["tenants"]
    assert [one.read_timeout for one in pool.timeouts] == [4.0, 4.0]
    assert (told["tier"], told["forced"]) == ("standard", ["agreed by phone"])
    assert told["resources"] == {"pods": {"used": "3", "hard": "15", "headroom": "12", "percent": 20.0, "state": "well"}}
    assert told["problems"] == [
        f"namespace {second} has no quota of ours; run tier_quota again",
        "its namespaces are labelled with several tiers (premium, standard); run tier_quota again",
    ]
    assert (bare["resources"], bare["fitting_tier"], bare["forced"]) == ({}, "standard", [])


LINES: list[tuple[str, str, str, float, list[str]]] = [
    ("4", "10", "6", 40.0, []),
    ("10", "10", "0", 100.0, []),
    ("12", "10", "0", 120.0, ["pods: 12 used of 10; new pods are refused"]),
    ("0", "0", "0", 0.0, []),
    ("1", "0", "0", 100.0, ["pods: 1 used of 0; new pods are refused"]),
]


@pytest.mark.parametrize(("used", "hard", "headroom", "percent", "problems"), LINES)
def test_what_is_used_of_what_is_there(
    monkeypatch: pytest.MonkeyPatch, used: str, hard: str, headroom: str, percent: float, problems: list[str]
) -> None:
    found = (NAMESPACES, items(namespace(f"{PREFIX}a", "a"))), (QUOTAS, items(quota(f"{PREFIX}a", used, hard, tenant="a")))
    with answering(monkeypatch, _tenant_info, *found):
        (told,) = run()["tenants"]
    line = told["resources"]["pods"]
    assert (line["used"], line["hard"], line["headroom"], line["percent"], told["problems"]) == (used, hard, headroom, percent, problems)


@pytest.mark.parametrize(("sites", "tier"), [(1, "standard"), (3, "premium"), (4, "business"), (10, "business"), (11, None)])
def test_sites_count_as_well(monkeypatch: pytest.MonkeyPatch, sites: int, tier: str | None) -> None:
    spaces = [namespace(f"{PREFIX}a" + (f"-site-{number}" if number > 1 else ""), "a") for number in range(1, sites + 1)]
    with answering(monkeypatch, _tenant_info, (NAMESPACES, items(*spaces)), (QUOTAS, items())):
        assert run()["tenants"][0]["fitting_tier"] == tier


def test_a_large_cluster_is_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{PREFIX}a", f"{PREFIX}b"]
    pages: list[Expected] = []
    for line, found in (
        (NAMESPACES, [namespace(name, name[-1]) for name in names]),
        (QUOTAS, [quota(name, "1", tenant=name.removeprefix(PREFIX)) for name in names]),
    ):
        pages.append((line, (200, {"items": found[:1], "metadata": {"continue": "more"}})))
        pages.append((f"{line}&continue=more", items(*found[1:])))
    with answering(monkeypatch, _tenant_info, *pages):
        result = run()
    assert [one["tenant"] for one in result["tenants"]] == ["a", "b"]
    assert result["requests"] == {"list": 4}


def test_a_tier_of_ones_own_is_among_those_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """More pods than any tier that is sold has."""
    found = (NAMESPACES, items(namespace(f"{PREFIX}a", "a"))), (QUOTAS, items(quota(f"{PREFIX}a", "101", "100", tenant="a")))
    for extra, fitting in (({}, None), ({"gold": {"based_on": "business", "quota": {"pods": 200}}}, "gold")):
        with answering(monkeypatch, _tenant_info, *found):
            assert run(tiers_extra=extra)["tenants"][0]["fitting_tier"] == fitting


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"tenant": "Acme"}, "tenant: 'Acme' is no DNS label"),
        ({"tenant": ""}, "tenant: '' is no DNS label"),
        ({"tenants": ["acme", "tier=standard"]}, "tenant: 'tier=standard' is no DNS label"),
        ({"tenants": ["acme)"]}, "is no DNS label"),
        ({"smaller_tier": "gold"}, "smaller_tier: 'gold' is no tier"),
        ({"tenant": "acme-site-2"}, "ends like a namespace of another tenant"),
        ({"tiers_extra": {"gold": {"based_on": "silver"}}}, "silver"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_the_cluster_is(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str
) -> None:
    with answering(monkeypatch, _tenant_info), pytest.raises(InputError, match=sentence):
        run(**options)


def test_no_kubernetes_is_not_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, _tenant_info, (NAMESPACES, UNKNOWN)), pytest.raises(KubernetesError, match=f"has {kinds.NAMESPACE.api}"):
        run()
