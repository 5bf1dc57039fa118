# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's tier: what the catalog says, what GLOBAL conf changes, what one tenant has agreed on; and what is refused, all at once."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.filter.filters import FilterModule
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers import TIERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier, hard, known_tiers
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier_fields import FIELDS, argument_spec

ROOT = Path(__file__).resolve().parents[4]


def problems(name: object, extra: object = None, custom: object = None) -> list[str]:
    """What is refused, sentence by sentence."""
    with pytest.raises(InputError) as refused:
        effective_tier(name, extra, custom)
    found: list[str] = refused.value.facts.get("problems", [refused.value.sentence])
    assert refused.value.sentence == " ".join(found)
    return found


def at(tier: Any, *path: str) -> Any:
    """A figure of a tier."""
    for word in path:
        tier = tier[word]
    return tier


@pytest.mark.parametrize("name", TIERS)
def test_the_catalog_itself_has_no_contradiction(name: str) -> None:
    assert effective_tier(name) == TIERS[name]
    # As an override that says nothing, it goes through every rule.
    assert effective_tier(name, {name: {}}) == {**TIERS[name], "based_on": name}
    assert json.loads(json.dumps(TIERS[name]))["name"] == name


def test_what_comes_back_is_the_callers_own() -> None:
    before = copy.deepcopy(TIERS["premium"])
    tier = effective_tier("premium")
    tier["quota"]["pods"] = 1
    tier["limits"]["Pod"]["max"]["cpu"] = 1
    effective_tier("business", {"premium": {"sites": 9, "limits": {"Pod": {"max": {"cpu": 8}}}}}, {"sites": 12})
    assert TIERS["premium"] == before


def test_the_quota_as_kubernetes_wants_it() -> None:
    assert hard(effective_tier("standard")) == {
        "requests.cpu": "2",
        "requests.memory": "4Gi",
        "limits.cpu": "4",
        "limits.memory": "8Gi",
        "requests.storage": "50Gi",
        "persistentvolumeclaims": "3",
        "services.loadbalancers": "1",
        "pods": "15",
    }


@pytest.mark.parametrize(
    ("given", "path", "value"),
    [
        ({"sites": 5}, ["sites"], 5),
        ({"sites": "5"}, ["sites"], 5),
        ({"products": "unlimited"}, ["products"], None),
        ({"quota": {"requests.cpu": "6500m"}}, ["quota", "requests.cpu"], 6500),
        ({"quota": {"requests.cpu": 0.5}}, ["quota", "requests.cpu"], 500),
        ({"quota": {"limits.memory": "32Gi"}}, ["quota", "limits.memory"], 32 * 2**30),
        ({"quota": {"requests.storage": "1TB"}}, ["quota", "requests.storage"], 10**12),
        ({"object_storage": {"buckets": {"products": {"quota": "1TB"}}}}, ["object_storage", "total"], 10**12 + 40 * 10**9),
        ({"object_storage": {"buckets": {"sav": {"quota": "1.5TiB"}}}}, ["object_storage", "buckets", "sav", "quota"], 3 * 2**39),
        (
            {"object_storage": {"buckets": {"sav": {"max_file_size": "1 kB".replace(" ", "")}}}},
            ["object_storage", "buckets", "sav", "max_file_size"],
            1000,
        ),
        (
            {"object_storage": {"buckets": {"sav": {"max_file_size": "1KB"}}}},
            ["object_storage", "buckets", "sav", "max_file_size"],
            1000,
        ),
        (
            {"object_storage": {"buckets": {"sav": {"allowed_types": ["image/*"]}}}},
            ["object_storage", "buckets", "sav", "allowed_types"],
            ("image/*",),
        ),
        ({"rate_limit": {"requests_per_minute": 630}}, ["rate_limit", "requests_per_second"], 10),
        ({"rate_limit": {"requests_per_minute": 630}}, ["rate_limit", "burst"], 30),
        ({"database": {"slow_query": "250ms"}}, ["database", "slow_query_ms"], 250),
        ({"database": {"query_timeout": "2m"}}, ["database", "query_timeout"], 120),
        ({"queues": {"message_ttl": "14d"}}, ["queues", "message_ttl"], 14 * 86_400),
        ({"queues": {"message_ttl": 60}}, ["queues", "message_ttl"], 60),
        ({"queues": {"queue_max_length": "unlimited"}}, ["queues", "queue_max_length"], None),
        ({"price": {"monthly": "134.9"}}, ["price", "monthly_cents"], 13490),
        ({"price": {"monthly": 135}}, ["price", "monthly_cents"], 13500),
        ({"price": {"yearly": "none"}}, ["price", "yearly_cents"], None),
        ({"sla": {"availability": 99.95}}, ["sla", "availability_bp"], 9995),
        ({"custom": True}, ["custom"], True),
        ({"sites": None, "quota": {"pods": None}}, ["sites"], 3),
        ({"autoscaling": {"queue_depth": 50, "http_requests_per_second": "none"}}, ["autoscaling", "http_requests_per_second"], None),
    ],
)
def test_figures_as_people_write_them(given: dict[str, Any], path: list[str], value: object) -> None:
    tier = effective_tier("gold", {"gold": {"based_on": "premium", **given}})
    assert at(tier, *path) == value
    assert (tier["name"], tier["title"], tier["based_on"]) == ("gold", "Gold", "premium")
    assert effective_tier("premium", {"gold": {"based_on": "premium", **given}}) == TIERS["premium"]


def test_a_tier_may_be_based_on_one_that_is_changed_or_added_in_any_order() -> None:
    extra = {"top": {"based_on": "gold", "domains": 8}, "gold": {"based_on": "premium", "sites": 5}, "premium": {"concurrent_users": 1500}}
    top = effective_tier("top", extra)
    assert (top["concurrent_users"], top["sites"], top["domains"], top["based_on"]) == (1500, 5, 8, "gold")
    assert list(known_tiers(extra)) == ["standard", "premium", "business", "gold", "top"]
    assert effective_tier("premium", extra)["title"] == "Premium"


@pytest.mark.parametrize(
    ("name", "extra", "said"),
    [
        ("gold", None, ["tier: 'gold' is no tier; there are standard, premium, business, and tiers_extra can add one."]),
        (None, None, ["tier: None is no tier"]),
        (["premium"], None, ["tier: ['premium'] is no tier"]),
        ("premium", ["gold"], ["tiers_extra: ['gold'] is not a dictionary; write for example {gold: {based_on"]),
        ("premium", {"gold": 3}, ["tiers_extra.gold: 3 is not a dictionary"]),
        ("premium", {"Gold": {}}, ["tiers_extra.Gold: 'Gold' cannot be a tier's name; write lower-case letters"]),
        ("premium", {3: {}}, ["tiers_extra.3: 3 cannot be a tier's name"]),
        ("premium", {"gold": {}}, ["tiers_extra.gold.based_on: a new tier says on which one it is based; write one of standard,"]),
        (
            "premium",
            {"gold": {"based_on": "gold"}},
            ["tiers_extra.gold.based_on: 'gold' is no tier that it can be based on; there are standard,"],
        ),
        ("premium", {"gold": {"based_on": "silver"}}, ["tiers_extra.gold.based_on: 'silver' is no tier"]),
        ("premium", {"gold": {"based_on": ["x"]}}, ["tiers_extra.gold.based_on: ['x'] is no tier"]),
        ("premium", {"a": {"based_on": "b"}, "b": {"based_on": "a"}}, ["tiers_extra.b.based_on: a -> b -> a goes round in a circle"]),
        ("a", {"a": {"based_on": "b"}, "b": {"based_on": "premium", "sites": "x"}}, ["tiers_extra.b.sites: 'x' is not a whole number"]),
    ],
)
def test_tiers_that_cannot_be(name: object, extra: object, said: list[str]) -> None:
    found = problems(name, extra)
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"site": 5}, "tiers_extra.premium.site: the tier premium knows no 'site' here; there are title, custom, price, sites,"),
        ({"quota": {"cpu": 5}}, "tiers_extra.premium.quota.cpu: the tier premium knows no 'cpu' here; there are requests.cpu,"),
        ({"quota": 5}, "tiers_extra.premium.quota: 5 is not a dictionary; write it with some of requests.cpu,"),
        (
            {"object_storage": {"buckets": {"x": {}}}},
            "tiers_extra.premium.object_storage.buckets.x: the tier premium knows no 'x' here; there are products, sav,",
        ),
        (
            {"object_storage": {"buckets": {"sav": 1}}},
            "buckets.sav: 1 is not a dictionary; write it with some of quota, max_file_size, allowed_types, cdn",
        ),
        ({"sites": True}, "tiers_extra.premium.sites: True is not a whole number"),
        ({"sites": 1.5}, "tiers_extra.premium.sites: 1.5 is not a whole number"),
        ({"sites": -1}, "tiers_extra.premium.sites: -1 is not a whole number, zero or more"),
        ({"sites": 0}, "tiers_extra.premium.sites: 0 is not enough; write 1 or more."),
        ({"sites": "unlimited"}, "tiers_extra.premium.sites: 'unlimited' is not a whole number"),
        ({"products": 0}, "tiers_extra.premium.products: 0 is not enough; write 1 or more, or unlimited."),
        ({"quota": {"requests.cpu": "-1"}}, "tiers_extra.premium.quota.requests.cpu: '-1' is negative"),
        ({"quota": {"requests.cpu": "6 cores"}}, "quota.requests.cpu: '6 cores' is not a Kubernetes quantity"),
        ({"quota": {"requests.memory": "4 Gi"}}, "quota.requests.memory: '4 Gi' is not a size; write for example 50Gi"),
        ({"quota": {"requests.memory": "4Go"}}, "quota.requests.memory: '4Go' is not a size"),
        ({"rate_limit": {"burst_multiplier": 0}}, "rate_limit.burst_multiplier: 0 is not enough; write 1 or more."),
        ({"rate_limit": {"requests_per_minute": 59}}, "rate_limit.requests_per_minute: 59 is not enough; write 60 or more."),
        (
            {"rate_limit": {"requests_per_second": 9}},
            "rate_limit.requests_per_second: the tier premium knows no 'requests_per_second' here",
        ),
        ({"backup": {"interval": 59}}, "backup.interval: 59 is not enough; write 60s or more."),
        ({"autoscaling": {"cpu_percent": 101}}, "autoscaling.cpu_percent: 101 is not possible; write 100 or less."),
        ({"queues": {"max_priority": 256}}, "queues.max_priority: 256 is not possible; write 255 or less."),
        ({"queues": {"message_ttl": "500ms"}}, "queues.message_ttl: '500ms' is not a time in whole seconds"),
        ({"queues": {"message_ttl": "-5"}}, "queues.message_ttl: '-5' is not a time; write for example 500ms"),
        ({"object_storage": {"presigned_url_expiry": "8d"}}, "presigned_url_expiry: '8d' is not possible; write 604800s or less."),
        ({"object_storage": {"buckets": {"sav": {"cdn": "yes"}}}}, "buckets.sav.cdn: 'yes' is not true or false"),
        (
            {"object_storage": {"buckets": {"sav": {"allowed_types": "image/*"}}}},
            "sav.allowed_types: 'image/*' is not a list of MIME types",
        ),
        ({"object_storage": {"buckets": {"sav": {"allowed_types": ["jpeg"]}}}}, "sav.allowed_types: ['jpeg'] is not a list of MIME types"),
        ({"price": {"monthly": "149,99"}}, "price.monthly: '149,99' is not a price; write for example 149.99."),
        ({"price": {"monthly": "1.999"}}, "price.monthly: '1.999' is not a price"),
        ({"sla": {"availability": 101}}, "sla.availability: 101 is not an availability in percent"),
        ({"sla": {"availability": 0}}, "sla.availability: 0 is not an availability in percent"),
        ({"title": "a\nb"}, "title: 'a\\nb' is not a text of one line"),
        (
            {"quota": {"requests.cpu": 13}},
            "tiers_extra.premium: quota.requests.cpu (13) is more than quota.limits.cpu (12); lower the one or raise the other.",
        ),
        ({"quota": {"limits.memory": "11Gi"}}, "quota.requests.memory (12Gi) is more than quota.limits.memory (11Gi)"),
        (
            {"limits": {"Container": {"min": {"cpu": "300m"}}}},
            "limits.Container.min.cpu (300m) is more than limits.Container.defaultRequest.cpu (200m)",
        ),
        (
            {"limits": {"Container": {"defaultRequest": {"memory": "1Gi"}}}},
            "defaultRequest.memory (1Gi) is more than limits.Container.default.memory (512Mi)",
        ),
        ({"limits": {"Container": {"default": {"cpu": 3}}}}, "limits.Container.default.cpu (3) is more than limits.Container.max.cpu (2)"),
        ({"limits": {"Container": {"max": {"cpu": 5}}}}, "limits.Container.max.cpu (5) is more than limits.Pod.max.cpu (4)"),
        (
            {"limits": {"PersistentVolumeClaim": {"min": {"storage": "1Ti"}}}},
            "min.storage (1Ti) is more than limits.PersistentVolumeClaim.max.storage (100Gi)",
        ),
        ({"resources": {"requests": {"cpu": "40m"}}}, "limits.Container.min.cpu (50m) is more than resources.requests.cpu (40m)"),
        ({"resources": {"requests": {"cpu": 2}}}, "resources.requests.cpu (2) is more than resources.limits.cpu (1)"),
        ({"resources": {"limits": {"memory": "5Gi"}}}, "resources.limits.memory (5Gi) is more than limits.Container.max.memory (4Gi)"),
        ({"autoscaling": {"min_replicas": 7}}, "autoscaling.min_replicas (7) is more than autoscaling.max_replicas (6)"),
        (
            {"object_storage": {"buckets": {"sav": {"quota": "10MB"}}}},
            "object_storage.buckets.sav: max_file_size is more than the quota of the bucket",
        ),
    ],
)
def test_values_that_cannot_be(given: dict[str, Any], said: str) -> None:
    found = problems("premium", {"premium": given})
    assert len(found) == 1
    assert said in found[0]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    extra = {"premium": {"sites": 0, "quota": {"pods": "x", "gpu": 1}}, "gold": {"based_on": "none"}}
    assert len(problems("premium", extra)) == 4


@pytest.mark.parametrize(
    ("custom", "path", "value"),
    [
        ({"sites": 12, "domains": 12}, ["sites"], 12),
        ({"sites": 10}, ["sites"], 10),
        ({"quota": {"requests.cpu": "16", "limits.cpu": 32, "pods": 150}}, ["quota", "requests.cpu"], 16_000),
        ({"autoscaling": {"max_replicas": 20}}, ["autoscaling", "max_replicas"], 20),
        ({"rate_limit": {"requests_per_minute": 30_000}}, ["rate_limit", "burst"], 2500),
        ({"object_storage": {"buckets": {"products": {"quota": "1TB"}}}}, ["object_storage", "total"], 1200 * 10**9),
        ({"price": {"monthly": 450, "yearly": 4900}}, ["price", "yearly_cents"], 490_000),
        ({"products": "unlimited"}, ["products"], None),
        ({"sites": None}, ["sites"], 10),
        ({}, ["sites"], 10),
    ],
)
def test_a_business_tenant_may_have_more(custom: dict[str, Any], path: list[str], value: object) -> None:
    assert at(effective_tier("business", None, custom), *path) == value


@pytest.mark.parametrize(
    ("name", "custom", "said"),
    [
        (
            "premium",
            {"sites": 4},
            "custom: the tier premium has fixed values, so sites cannot be set for one tenant; remove it, or move the tenant",
        ),
        ("business", 12, "custom: 12 is not a dictionary"),
        (
            "business",
            {"sites": 9},
            "custom.sites: 9 is below what the tier business includes (10); write 10 or more, or sell a smaller tier.",
        ),
        (
            "business",
            {"products": 5},
            "custom.products: 5 is below what the tier business includes (unlimited); remove it, or sell a smaller tier.",
        ),
        (
            "business",
            {"quota": {"requests.memory": "24G"}},
            "custom.quota.requests.memory: '24G' is below what the tier business includes (24Gi)",
        ),
        ("business", {"object_storage": {"buckets": {"sav": {"quota": "99GB"}}}}, "'99GB' is below what the tier business includes (100G)"),
        ("business", {"object_storage": {"replication": False}}, "replication: False is below what the tier business includes (true)"),
        ("business", {"price": {"monthly": 100}}, "custom.price.monthly: 100 is below what the tier business includes (149.99)"),
        ("business", {"custom": False}, "custom.custom: this is the same for every tenant of the tier business; remove it"),
        ("business", {"limits": {"Container": {"min": {"cpu": 1}}}}, "custom.limits.Container.min.cpu: this is the same for every tenant"),
        ("business", {"support": {}}, "custom.support: the tier business knows no 'support' here"),
        ("business", {"quota": {"requests.cpu": 30}}, "custom: quota.requests.cpu (30) is more than quota.limits.cpu (24)"),
    ],
)
def test_a_tenant_may_not_have_less_or_something_else(name: str, custom: object, said: str) -> None:
    found = problems(name, None, custom)
    assert len(found) == 1
    assert said in found[0]


def test_the_sentences_name_what_the_callers_user_sees() -> None:
    with pytest.raises(InputError, match=r"^tenant_custom\.sites: 1 is below"):
        effective_tier("business", None, {"sites": 1}, custom_option="tenant_custom")
    with pytest.raises(InputError, match=r"^tenant_tier: 'x' is no tier; .*, and global_tiers can add one"):
        effective_tier("x", option="tenant_tier", extra_option="global_tiers")


def test_every_field_stands_in_every_tier_of_the_catalog() -> None:
    for tier in TIERS.values():
        for field in FIELDS:
            node: Any = tier
            for word in (*field.path[:-1], field.key or field.path[-1]):
                node = node["sav" if word == "*" else word]
            assert node is None or isinstance(node, (int, str, tuple))


def test_the_argument_spec_has_every_field() -> None:
    spec = argument_spec()
    assert spec["quota"]["options"]["requests.cpu"] == {
        "type": "raw",
        "description": ["CPU that all pods may request, for example 16 or 500m."],
    }
    assert spec["object_storage"]["options"]["buckets"]["type"] == "dict"

    def leaves(options: dict[str, Any]) -> int:
        return sum(leaves(option["options"]) if "options" in option else 1 for option in options.values())

    assert leaves(spec) == len([field for field in FIELDS if "*" not in field.path]) + 1


def test_filters() -> None:
    filters = FilterModule().filters()
    assert filters["tier"]("premium")["quota"]["pods"] == 50
    assert filters["tier"]("premium")["object_storage"]["buckets"]["products"]["allowed_types"] == ["image/*", "video/mp4", "video/webm"]
    assert filters["tier"]("business", {}, {"sites": 11})["sites"] == 11
    assert list(filters["tiers"]({"gold": {"based_on": "premium"}})) == ["standard", "premium", "business", "gold"]
    for name, value in (("tier", "gold"), ("tiers", [1])):
        with pytest.raises(AnsibleFilterError, match=r"is no tier|is not a dictionary"):
            filters[name](value)


def test_the_example_of_the_page_works() -> None:
    text = (ROOT / "docs" / "reference" / "tiers.md").read_text()
    extra = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])["tenant_tiers_extra"]
    assert effective_tier("gold", extra)["object_storage"]["buckets"]["products"]["quota"] == 100 * 10**9
