# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role tenant hands to the filters, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError

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


def test_the_regions_are_looked_for_where_argo_cd_is() -> None:
    source = {"repository": "https://git.example/shop.git", "namespace": "gitops"}
    tenant = {**ACME, "tier": "business", "regions": ["eu-west-1"], "regions_source": source}
    found = tenant_part(tenant, "regions")
    assert (found["namespaces"], found["manifests"][0]["metadata"]["namespace"]) == (["gitops"], "gitops")
    # Also when there is none any more: what there was is found there.
    assert tenant_part({**tenant, "regions": []}, "regions")["namespaces"] == ["gitops"]


def test_tiers_of_ours_are_known_to_every_part() -> None:
    tenant = {**ACME, "tier": "gold", "tiers_extra": {"gold": {"based_on": "premium", "resources": {"limits": {"cpu": "1500m"}}}}}
    services = [{"name": "shop", "image": "registry.example/shop:1"}]
    (found,) = tenant_part({**tenant, "services": services}, "services")["services"]
    assert found["limits"]["cpu"] == "1500m"
    custom = {**ACME, "tier": "business", "custom": {"resources": {"limits": {"memory": "3Gi"}}}, "services": services}
    (found,) = tenant_part(custom, "services")["services"]
    assert found["limits"]["memory"] == "3Gi"


class Tagged(str):
    """What templating gives: a text that knows where it comes from."""


def test_what_a_module_gets_is_plain() -> None:
    env = {Tagged("A"): Tagged("x")}
    services = [{"name": Tagged("shop"), "image": Tagged("registry.example/shop:1"), "env": env, "command": (Tagged("/serve"),)}]
    found = tenant_part({**ACME, "services": services}, "services")
    kinds_of: set[type] = set()

    def walk(value: Any) -> None:
        kinds_of.add(type(value))
        for below in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []:
            walk(below)

    walk(found)
    assert kinds_of <= {dict, list, str, int, bool}


class Broken(dict[str, Any]):
    """Variables of a host of which one is a template that cannot be read."""

    def get(self, key: str, default: Any = None) -> Any:
        """Fail as Ansible does."""
        if key == "tenant_domains":
            raise AnsibleError("'shop' is undefined")
        return super().get(key, default)


def test_what_one_tenant_declares_wrongly_stops_no_other() -> None:
    hosts: dict[str, dict[str, Any]] = {
        "a": Broken(tenant_id="shop"),
        "b": {"tenant_id": "shop", "tenant_domains": ["b.example"]},
        "c": {"tenant_domains": ["b.example"]},
    }
    assert sorted(tenant_conflicts(list(hosts), hosts)) == ["a", "b", "c"]


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
