# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role tenant hands to the filters, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._tenant_filters import (
    ATTENTION,
    STATES,
    tenant_conflicts,
    tenant_fleet,
    tenant_part,
    tenant_place,
    tenant_readers,
    tenant_refusals,
    tenant_words,
)

ACME: dict[str, Any] = {"tenant": "acme", "tier": "standard"}
LINE = {"used": "1", "hard": "2", "headroom": "1", "percent": 50.0, "state": "well"}


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


STORAGE: dict[str, Any] = {
    "tier": "premium",
    "sites": 2,
    "ingress": {"domains": ["a.example"], "static": {"external_name": "s3.example.net"}},
}


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
        (
            STORAGE | {"services": [{"name": "minio-service", "image": "a:1"}]},
            ["tenant_services: minio-service has a Service on site 1, and tenant_static.service makes one of the same name"],
        ),
        # Nobody calls it, it is on another site, or the Service is somebody else's: there is one of that name only.
        (STORAGE | {"services": [{"name": "minio-service", "image": "a:1", "port": 0}]}, []),
        (STORAGE | {"services": [{"name": "minio-service", "image": "a:1", "site": 2}]}, []),
        ({"tier": "premium", "services": [{"name": "minio-service", "image": "a:1"}]}, []),
        # What is wrong already is said once.
        (STORAGE | {"services": [{"name": "minio-service", "image": "a"}]}, ["tenant_services.minio-service.image: 'a'"]),
        ({"envelope": {"wait_seconds": -1}}, ["tenant_wait_seconds: -1 cannot be; give 0 and more"]),
        ({"envelope": {"wait_seconds": "0"}}, []),
        ({"ingress": {"domains": [{"name": "a.example", "site": 0}]}}, ["tenant_domains: 0 cannot be"]),
        ({"ingress": {"gateway": {"port": 0}}}, ["tenant_gateway.port: 0 cannot be"]),
        ({"ingress": {"static": {"port": 0}}}, ["tenant_static.port: 0 cannot be"]),
        ({}, []),
    ],
)
def test_all_that_is_wrong_is_said_at_once(tenant: dict[str, Any], said: list[str]) -> None:
    found = tenant_refusals({**ACME, **tenant})
    assert len(found) == len(said)
    assert all(sentence.startswith(start) for sentence, start in zip(found, said, strict=True)), found


def test_what_only_the_module_would_refuse_is_said_with_the_rest() -> None:
    said = {"envelope": {"usage": {"buckets": {"prod": "1GB"}}}, "ingress": {"domains": ["x"]}}
    assert [sentence.partition(";")[0] for sentence in tenant_refusals({**ACME, **said})] == [
        "tenant_usage.buckets: 'prod' is no bucket of the tier standard",
        "tenant_domains: 'x' is no host name",
    ]
    (sentence,) = tenant_refusals({**ACME, "envelope": {"namespace_labels": {"tier": "gold"}}})
    assert sentence.startswith("tenant_namespace_labels: the label tier says what the tenant is or may")


LISTS: list[tuple[str, dict[str, Any]]] = [
    ("tenant_site_shares", {"sites": 2, "site_shares": "2,1"}),
    ("tenant_ingress_namespaces", {"envelope": {"ingress_namespaces": "traefik"}}),
    ("tenant_ingress_ports", {"envelope": {"ingress_ports": "8443"}}),
    ("tenant_egress_ports", {"envelope": {"egress_ports": 3306}}),
    ("tenant_egress_outside_ports", {"envelope": {"egress_outside_ports": 587}}),
    ("tenant_domains", {"ingress": {"domains": "acme.example"}}),
    ("tenant_entrypoints", {"ingress": {"entry_points": "websecure"}}),
    ("tenant_trusted_ips", {"ingress": {"trusted_ips": "192.0.2.1"}}),
    ("tenant_client_address.excluded_ips", {"ingress": {"client_address": {"excluded_ips": "192.0.2.1"}}}),
    ("tenant_rate_limit_redis.endpoints", {"ingress": {"redis": {"endpoints": "redis:6379"}}}),
    ("tenant_services", {"services": "shop"}),
    *(
        (f"tenant_services.shop.{key}", {"services": [{"name": "shop", "image": "shop:1", key: "x"}]})
        for key in ("command", "args", "env_from", "writable", "pull_secrets")
    ),
    ("tenant_regions", {"regions": "eu-west-1"}),
    ("tenant_public_prefixes", {"storage": {"public_prefixes": "public/"}}),
]
DICTIONARIES: list[tuple[str, dict[str, Any]]] = [
    ("tenant_usage", {"envelope": {"usage": "x"}}),
    ("tenant_namespace_labels", {"envelope": {"namespace_labels": ["x"]}}),
    *(
        (f"tenant_{variable}", {"ingress": {key: "x=y"}})
        for variable, key in {
            "gateway": "gateway",
            "issuer": "issuer",
            "client_address": "client_address",
            "rate_limit_redis": "redis",
            "headers": "headers",
            "static": "static",
        }.items()
    ),
    ("tenant_dedicated_database", {"database": "x"}),
    ("tenant_regions_source", {"regions_source": "x"}),
    *(
        (f"tenant_storage{variable}", {"storage": {key: "x"}})
        for variable, key in {"": "server", "_replica": "replica", "_app": "app", "_signer": "signer"}.items()
    ),
]


@pytest.mark.parametrize(("variable", "said"), LISTS, ids=[variable for variable, _said in LISTS])
def test_a_text_is_no_list(variable: str, said: dict[str, Any]) -> None:
    """Ansible's check of a role takes it for one, and then hands it over as it is."""
    (sentence,) = tenant_refusals({**ACME, "tier": "premium", **said})
    assert sentence.startswith(f"{variable}: ")
    assert "is no list; write it as one, [" in sentence


@pytest.mark.parametrize("said", [{"services": {"x" * 900: "y"}}, {"services": ["y" * 900]}, {"sites": "z" * 900}, {"database": "w" * 900}])
def test_what_was_written_is_told_without_all_of_it(said: dict[str, Any]) -> None:
    (sentence,) = tenant_refusals({**ACME, **said})
    assert len(sentence) < 350
    assert "…" in sentence


@pytest.mark.parametrize(("variable", "said"), DICTIONARIES, ids=[variable for variable, _said in DICTIONARIES])
def test_a_text_is_no_dictionary(variable: str, said: dict[str, Any]) -> None:
    (sentence,) = tenant_refusals({**ACME, **said})
    assert sentence.startswith(f"{variable}: ")
    assert "is no dictionary; write names with their values below it" in sentence


def test_nothing_at_all_is_an_empty_list() -> None:
    """Ansible refuses it in a variable of the role, but not below one."""
    said = {"ingress": {"domains": None, "entry_points": None, "gateway": None}, "services": None, "envelope": {"usage": None}}
    assert tenant_refusals({**ACME, **said}) == []


def test_every_list_and_dictionary_of_the_role_is_looked_at() -> None:
    """But for what the modules look at themselves."""
    path = Path(__file__).parents[4] / "roles" / "tenant" / "meta" / "argument_specs.yml"
    options = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
    for kind, cases in (("list", LISTS), ("dict", DICTIONARIES)):
        names = {name for name, option in options.items() if option["type"] == kind}
        assert names - {variable for variable, _said in cases} == ({"tenant_custom", "tenant_tiers_extra", "tenant_cluster"} & names)


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


def place(tenant: str, cluster: object = None, prefix: str = "shop-", **more: Any) -> dict[str, str]:
    return tenant_place(tenant, cluster or {}, prefix, more.pop("extra", {}), **more)


def test_who_reads_a_cluster_for_all() -> None:
    paris, virginia = {"context": "paris", "kubeconfig": "/k"}, {"kubeconfig": "/k", "context": "virginia"}
    places = {
        "a": place("a", paris),
        "b": place("b", dict(reversed(paris.items()))),
        "c": place("c", virginia),
        "d": place("a", paris),
        # What would be read otherwise is read by itself.
        "e": place("e", paris, "other-"),
        "f": place("f", paris, extra={"gold": {}}),
        "g": place("g", paris, smaller_tier="standard"),
        # An id that cannot be one is refused by itself.
        "h": place("H", paris),
        "i": place("I", paris),
    }
    found = tenant_readers(list(places), {name: {"__tenant_place": one} for name, one in places.items()})
    assert {host: one["tenants"] for host, one in found.items()} == {
        "a": ["a", "b"],
        "c": ["c"],
        "e": ["e"],
        "f": ["f"],
        "g": ["g"],
        "h": ["H"],
        "i": ["I"],
    }
    assert found["c"]["cluster"] == "virginia"


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ({"context": "paris", "kubeconfig": "/x/config"}, "paris"),
        ({"host": "https://ann:hunter2@api.example:6443/x", "token_file": "/t"}, "api.example:6443"),
        ({"kubeconfig": "/x/paris.yml"}, "paris.yml"),
        ({}, "default"),
        ("no dictionary", "default"),
    ],
)
def test_a_cluster_has_a_name_without_its_credentials(cluster: object, name: str) -> None:
    found = place("a", cluster)
    assert found["cluster"] == name
    assert "hunter2" not in str(found)


def used(tenant: str, state: str = "well", percent: float = 50.0, **more: Any) -> dict[str, Any]:
    """A tenant as tier_quota_info returns it, and as the fleet has it."""
    line = {**LINE, "percent": percent}
    common = {"tier": "standard", "sites": 1, "namespaces": [], "fitting_tier": "standard", "forced": [], "problems": []}
    return {
        **common,
        "tenant": tenant,
        "state": state,
        "resources": {"pods": line},
        "nearest": {"resource": "pods", "site": None, **line},
        "cluster": "paris",
        **more,
    }


def test_a_fleet_begins_with_those_that_need_somebody() -> None:
    readers = {"one": {"cluster": "paris", "tenants": ["b", "a", "lost", "worse"]}, "two": {"cluster": "virginia", "tenants": ["v"]}}
    found = [used("a"), used("b", percent=60.0), used("worse", "over", 110.0), used("stranger", "filling", 85.0)]
    hostvars: dict[str, Any] = {
        "one": {"tenant_result": {"tenants": found}},
        "two": {"tenant_result": {"failed": True, "msg": "virginia does not answer"}},
    }
    fleet = tenant_fleet(readers, hostvars)
    assert set(ATTENTION) == set(STATES)
    assert [one["attention"] for one in fleet] == [ATTENTION[one["state"]] for one in fleet]
    assert [(one["tenant"], one["state"], one["cluster"]) for one in fleet] == [
        ("v", "unread", "virginia"),
        ("worse", "over", "paris"),
        ("lost", "missing", "paris"),
        ("stranger", "filling", "paris"),
        ("b", "well", "paris"),
        ("a", "well", "paris"),
    ]
    assert fleet[0]["problems"] == ["virginia does not answer"]


def test_the_table_of_one_tenant_has_all_that_it_uses() -> None:
    blocker = {"what": "pods", "used": "16", "allowed": "15", "remedy": "stop pods", "where": "tenant acme", "loses": False}
    one = used("acme", "over", 110.0, problems=["pods: 16 used of 15"], forced=["agreed by phone"], blockers=[blocker])
    assert tenant_words([one], "standard") == [
        {
            "title": "Tenants (1 over its limit)",
            "head": ["tenant", "tier", "state", "nearest its limit", "left", "would fit", "to standard"],
            "rows": [["acme", "standard", "over its limit", "pods 1 of 2 (110 %)", "1", "standard", "1 in the way"]],
            "more": "the playbook tenant_report makes a page of them all",
        },
        {
            "title": "What acme uses",
            "head": ["resource", "used", "hard", "left", "filled"],
            "rows": [["pods", "1", "2", "1", "110 %"]],
        },
        {"title": "To look at", "lines": ["acme: pods: 16 used of 15", "acme: was made smaller than what it used: agreed by phone"]},
        {"title": "In the way of standard", "lines": ["acme: pods 16 of 15 (stop pods)"]},
    ]


def test_the_table_of_many_tenants() -> None:
    blocker = {"what": "pods", "used": "16", "allowed": "15", "remedy": "stop pods"}
    nothing: dict[str, Any] = {"resources": {}, "nearest": None, "fitting_tier": None, "tier": None}
    fleet: list[Mapping[str, Any]] = [
        used("v", "unread", cluster="virginia", problems=["virginia does not answer"], **nothing),
        used("big", fitting_tier=None, blockers=[blocker, blocker]),
        used("small", blockers=[blocker]),
        used("tiny", blockers=[], nearest={"resource": "pods", "site": 2, **LINE}),
    ]
    table, blockers = tenant_words(fleet, "standard")
    assert table["title"] == "Tenants (1 not read, 3 well)"
    assert table["head"] == ["tenant", "cluster", "tier", "state", "nearest its limit", "left", "would fit", "to standard"]
    assert table["rows"] == [
        ["v", "virginia", "-", "not read", "-", "-", "-", "-"],
        ["big", "paris", "standard", "well", "pods 1 of 2 (50 %)", "1", "none", "2 in the way"],
        ["small", "paris", "standard", "well", "pods 1 of 2 (50 %)", "1", "standard", "1 in the way"],
        ["tiny", "paris", "standard", "well", "pods 1 of 2 (50 %) on site 2", "1", "standard", "fits"],
    ]
    assert blockers == {"title": "In the way of standard", "lines": ["small: pods 16 of 15", "big: pods 16 of 15, pods 16 of 15"]}


def test_no_tenant_is_said() -> None:
    assert tenant_words([]) == [{"title": "Tenants", "lines": ["no tenant of ours is there"]}]
