# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tier_quota_info on a cluster in memory: whom it finds, and what it says of each."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_info
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from tests.tools.cluster import Cluster

OURS = {"app.kubernetes.io/managed-by": "bluegreen.orchestrator"}
ALL = "app.kubernetes.io/managed-by=bluegreen.orchestrator,tenant"


def run(on: Cluster, monkeypatch: pytest.MonkeyPatch, **options: Any) -> dict[str, Any]:
    """Run the core."""

    def connected(_access: object, *, timeout: float) -> Cluster:
        on.timeout = timeout
        return on

    monkeypatch.setattr(_tenant_info, "Api", connected)
    monkeypatch.setattr(_tenant_info, "opened", lambda given: contextlib.nullcontext(given["kubeconfig"]))
    params = ArgumentSpecValidator(_tenant_info.INFO_SPEC).validate(options).validated_parameters
    return _tenant_info.run(params, check_mode=False)


def namespace(name: str, labels: dict[str, str], **metadata: Any) -> dict[str, Any]:
    return {"kind": "Namespace", "metadata": {"name": f"e-commerce-tenant-{name}", "labels": labels, **metadata}}


def quota(of: str, used: dict[str, str], hard: dict[str, str], name: str = "tenant-quota") -> dict[str, Any]:
    metadata = {"name": name, "namespace": f"e-commerce-tenant-{of}", "labels": {**OURS, "tenant": of}}
    return {"kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard}, "status": {"used": used}}


def tenant(name: str, tier: str = "standard") -> dict[str, str]:
    return {**OURS, "tenant": name, "tier": tier}


CLUSTER = [
    namespace("acme", tenant("acme"), annotations={"bluegreen.orchestrator/force-reason": "agreed by phone"}),
    namespace("acme-site-2", tenant("acme", "premium")),
    namespace("beta", tenant("beta")),
    quota("acme", {"pods": "3"}, {"pods": "15"}),
    # A further quota of ours in the namespace is not the tenant's.
    quota("acme", {"pods": "3"}, {"pods": "1"}, name="nightly-jobs"),
    # Somebody else's, one without a tenant (a database's), and one of another product of ours.
    namespace("corner", {"tenant": "corner"}),
    namespace("acme-database", OURS),
    {"kind": "Namespace", "metadata": {"name": "desk-acme", "labels": tenant("acme")}},
]


def test_all_tenants_take_two_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    on = Cluster(CLUSTER)
    found = run(on, monkeypatch, request_timeout=4)
    assert on.lines == [f"list Namespace {ALL}", f"list ResourceQuota {ALL}"]
    assert (found["requests"], found["changed"], on.timeout) == ({"list": 2}, False, 4.0)
    assert [one["tenant"] for one in found["tenants"]] == ["acme", "beta"]
    acme, beta = found["tenants"]
    assert acme["namespaces"] == ["e-commerce-tenant-acme", "e-commerce-tenant-acme-site-2"]
    assert (acme["sites"], acme["tier"], acme["forced"]) == (2, "standard", ["agreed by phone"])
    assert acme["resources"] == {"pods": {"used": "3", "hard": "15", "headroom": "12", "percent": 20.0}}
    assert acme["problems"] == [
        "namespace e-commerce-tenant-acme-site-2 has no quota of ours; run tier_quota again",
        "its namespaces are labelled with several tiers (premium, standard); run tier_quota again",
    ]
    assert (beta["resources"], beta["fitting_tier"]) == ({}, "standard")


def test_one_tenant_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    on = Cluster(CLUSTER)
    found = run(on, monkeypatch, tenant="beta")
    assert on.lines == [f"list Namespace {ALL},tenant=beta", f"list ResourceQuota {ALL},tenant=beta"]
    assert [one["tenant"] for one in found["tenants"]] == ["beta"]
    with pytest.raises(InputError, match="tenant: 'a,b' is no DNS label"):
        run(Cluster(), monkeypatch, tenant="a,b")


LINES: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("4", "10", {"used": "4", "hard": "10", "headroom": "6", "percent": 40.0}, []),
    ("10", "10", {"used": "10", "hard": "10", "headroom": "0", "percent": 100.0}, []),
    ("12", "10", {"used": "12", "hard": "10", "headroom": "0", "percent": 120.0}, ["pods: 12 used of 10; new pods are refused"]),
    ("0", "0", {"used": "0", "hard": "0", "headroom": "0", "percent": 0.0}, []),
    ("1", "0", {"used": "1", "hard": "0", "headroom": "0", "percent": 100.0}, ["pods: 1 used of 0; new pods are refused"]),
]


@pytest.mark.parametrize(("used", "hard", "line", "problems"), LINES)
def test_what_is_used_of_what_is_there(
    used: str, hard: str, line: dict[str, Any], problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    on = Cluster([namespace("acme", tenant("acme")), quota("acme", {"pods": used}, {"pods": hard})])
    (found,) = run(on, monkeypatch)["tenants"]
    assert (found["resources"]["pods"], found["problems"]) == (line, problems)


@pytest.mark.parametrize(("sites", "tier"), [(1, "standard"), (3, "premium"), (4, "business"), (10, "business"), (11, None)])
def test_sites_count_as_well(sites: int, tier: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["acme", *(f"acme-site-{number}" for number in range(2, sites + 1))]
    (found,) = run(Cluster(namespace(name, tenant("acme")) for name in names), monkeypatch)["tenants"]
    assert found["fitting_tier"] == tier
