# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role tenant hands to the filters, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.filter.tenants import (
    tenant_conflicts,
    tenant_part,
    tenant_refusals,
    tenant_words,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds

ACME: dict[str, Any] = {"tenant": "acme", "tier": "standard"}
LINE = {"used": "1", "hard": "2", "headroom": "1", "percent": 50.0}


@pytest.mark.parametrize("name", ["ingress", "services", "database", "regions"])
def test_a_part_is_what_the_module_takes(name: str) -> None:
    found = tenant_part(ACME, name)
    assert found["set"] == f"tenant-acme-{name}"
    assert found["manifests"] == []
    assert found["namespaces"]
    assert set(found["kinds"]) <= set(kinds.MANIFEST_KINDS)


def test_a_part_looks_into_all_sites_for_what_is_declared_no_more() -> None:
    tenant = {**ACME, "tier": "premium", "sites": "2"}
    assert tenant_part(tenant, "ingress")["namespaces"] == ["e-commerce-tenant-acme", "e-commerce-tenant-acme-site-2"]


def test_the_fit_check_gets_what_the_deployments_get() -> None:
    services = [{"name": "shop", "image": "registry.example/shop:1", "replicas": 2, "limits": {"cpu": "1"}}]
    found = tenant_part({**ACME, "services": services}, "services")
    assert found["services"] == [
        {
            "name": "shop",
            "site": 1,
            "replicas": 2,
            "limits": {"cpu": "1", "memory": "512Mi"},
            "requests": {"cpu": "200m", "memory": "256Mi"},
        }
    ]


def test_a_part_that_is_none_and_one_that_cannot_be() -> None:
    with pytest.raises(AnsibleFilterError, match="'billing' is no part of a tenant"):
        tenant_part(ACME, "billing")
    with pytest.raises(AnsibleFilterError, match="tenant_domains: 'x' is no host name"):
        tenant_part({**ACME, "ingress": {"domains": ["x"]}}, "ingress")


@pytest.mark.parametrize(
    ("tenant", "said"),
    [
        ({"tier": ""}, ["tenant_tier: acme has bought no tier"]),
        ({"tier": "gold"}, ["tenant_tier: 'gold' is no tier"]),
        ({"custom": {"sites": 3}}, ["tenant_custom: the tier standard has fixed values"]),
        ({"tenant": "Acme"}, ["tenant_id: 'Acme' is no DNS label"]),
        ({"namespace_prefix": "Shop-"}, ["tenant_namespace_prefix: 'Shop-' cannot begin a namespace"]),
        ({"tier": "premium", "sites": 2, "site_shares": [1]}, ["tenant_site_shares: 1 shares for 2 sites"]),
        (
            {"ingress": {"domains": ["x"]}, "services": [{"name": "s", "image": "s"}], "regions": ["eu-west-1"]},
            ["tenant_domains: 'x'", "tenant_services.s.image: 's'", "tenant_regions: the tier standard"],
        ),
        ({}, []),
    ],
)
def test_all_that_is_wrong_is_said_at_once(tenant: dict[str, Any], said: list[str]) -> None:
    found = tenant_refusals({**ACME, **tenant})
    assert len(found) == len(said)
    assert all(sentence.startswith(start) for sentence, start in zip(found, said, strict=True)), found


def test_a_variable_that_nobody_reads() -> None:
    """A letter too few in the name of a list would declare that there is nothing."""
    known = ["tenant_services", "tenant_tier"]
    assert tenant_refusals(ACME, known, known) == []
    assert tenant_refusals({**ACME, "tier": "gold"}, ["tenant_service", "tenant_tier", "tenant_x"], known)[:2] == [
        (
            "tenant_service: no variable of a tenant is called that; tenant_services comes nearest, so correct it,"
            " or let a variable of your own begin with something else."
        ),
        "tenant_x: no variable of a tenant is called that, so take it out, or let a variable of your own begin with something else.",
    ]


def test_one_id_and_one_domain_on_one_cluster() -> None:
    hosts: dict[str, dict[str, Any]] = {
        "a": {"tenant_cluster": {"context": "paris"}, "tenant_domains": ["shop.example"]},
        "b": {"tenant_cluster": {"context": "paris"}, "tenant_id": "a"},
        "c": {"tenant_cluster": {"context": "paris"}, "tenant_domains": [{"name": "Shop.example", "site": 2}]},
        "d": {"tenant_cluster": {"context": "virginia"}, "tenant_id": "a", "tenant_domains": ["shop.example"]},
        "e": {"tenant_domains": "no list", "tenant_cluster": "no dictionary"},
    }
    found = tenant_conflicts(list(hosts), hosts)
    assert sorted(found) == ["a", "b", "c"]
    assert found["b"] == "tenant_id: 'a' is the id of a and b on one cluster, so each run would replace the other's; rename one."
    assert found["c"] == "tenant_domains: 'shop.example' belongs to a and c; a domain can be of one tenant only."
    assert tenant_conflicts(["a", "d"], hosts) == {}


def test_the_table_of_the_status() -> None:
    tenants: list[Mapping[str, Any]] = [
        {
            "tenant": "acme",
            "tier": "premium",
            "sites": 3,
            "resources": {"requests.cpu": LINE, "pods": {**LINE, "used": "12", "hard": "50", "percent": 24.0}},
            "fitting_tier": "standard",
            "forced": ["agreed by phone"],
            "problems": ["namespace x is being deleted"],
        },
        {"tenant": "b", "tier": None, "sites": 1, "resources": {}, "fitting_tier": None, "forced": [], "problems": []},
    ]
    assert tenant_words(tenants) == [
        "tenant  tier     sites  CPU         memory  pods          storage  claims  would fit",
        "acme    premium  3      1/2 (50 %)  -       12/50 (24 %)  -        -       standard",
        "b       -        1      -           -       -             -        -       none",
        "acme: namespace x is being deleted",
        "acme: was made smaller than what it used: agreed by phone",
    ]
    assert tenant_words([]) == ["no tenant of ours is there"]
