# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role tenant hands over: each variable arrives at each module that has an option for it, and none is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible.template import Templar

from ansible_collections.bluegreen.orchestrator.plugins.filter.filters import FilterModule
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import KUBERNETES_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests import MANIFESTS_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import MINIO_BUCKET_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_connection import CONNECTION_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_info import INFO_SPEC as BUCKET_INFO_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TIER_QUOTA_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_info import INFO_SPEC
from tests.unit.test_role_expressions import LOADER, ROLES, known, load

SPECS = {
    "tier_quota": TIER_QUOTA_SPEC,
    "tier_quota_info": INFO_SPEC,
    "kubernetes_manifests": MANIFESTS_SPEC,
    "minio_bucket": MINIO_BUCKET_SPEC,
    "minio_bucket_info": BUCKET_INFO_SPEC,
}
# The names of the two that are not called alike.
VARIABLES = {"tenant": "tenant_id", "tenants": "tenant_id"}
CONNECTIONS = {*KUBERNETES_SPEC, *CONNECTION_SPEC}
# What the role works out, and what the modules' defaults are for.
OWN = {
    "tier_quota": {"services", "services_set", "ingress_app", "ingress_ports", "usage", "wait_seconds", "state", "delete_data"},
    "tier_quota_info": {"tenants"},
    "kubernetes_manifests": {"set", "manifests", "namespaces", "kinds", "namespaces_to_come", "state", "wait_seconds", "with_namespaces"},
    # What a tier says of a bucket, and what is not the role's: a client that wants more has a task of its own.
    "minio_bucket": {
        *("name", "state", "quota", "versioning", "tags", "access", "keys_to_come", "signature_age", "replication", "noncurrent_days"),
        "public_prefixes",
        *("object_lock", "retention", "encryption", "encryption_key", "lifecycle", "policy", "notification", "allow_unknown"),
    },
    "minio_bucket_info": {"names", "prefix", "tags", "parts", "count"},
}
# A tenant that goes: nothing of what it has bought matters, and nothing of it is written.
REMOVAL = {"tenant", "state", "sites", "namespace_prefix", "force", "reason", "delete_data", "validate"}


def tasks(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The tasks of a file that run our modules: title, module and options."""
    for one in _flat(load("tenant", f"tasks/{name}.yml")):
        for key, options in one.items():
            module = key.removeprefix("bluegreen.orchestrator.")
            if module != key:
                yield one["name"], module, {**options, "vars": one.get("vars", {}), "loop": one.get("loop")}


def _flat(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in found:
        if "block" in one:
            yield from _flat(one["block"])
        else:
            yield one


FILES = ("held", "envelope", "ingress", "storage", "deployments", "extras", "status", "remove")
ALL = [pytest.param(name, title, module, options, id=f"{name}: {title}") for name in FILES for title, module, options in tasks(name)]


def sentinel(variable: str, value: Any) -> Any:
    """A value of its own for each variable, of the type of its default."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 41
    if isinstance(value, dict):
        return {variable: "x"}
    return [variable] if isinstance(value, list) else f"{variable} x"


def templated(options: dict[str, Any], option: str, **variables: Any) -> Any:
    templar = Templar(LOADER, {**known("tenant"), "inventory_hostname": "acme", **options["vars"], **variables})
    templar.environment.filters.update({f"bluegreen.orchestrator.{name}": one for name, one in FilterModule().filters().items()})
    return templar.template(options[option])


@pytest.mark.parametrize(("file", "title", "module", "options"), ALL)
def test_every_option_that_is_the_operators_is_handed_over(file: str, title: str, module: str, options: dict[str, Any]) -> None:
    expected = set(SPECS[module]) - CONNECTIONS - OWN[module]
    if file == "remove":
        expected &= REMOVAL
    assert expected - set(options) == set(), title


@pytest.mark.parametrize(("file", "title", "module", "options"), ALL)
def test_every_option_gets_the_variable_of_its_name(file: str, title: str, module: str, options: dict[str, Any]) -> None:
    defaults = load("tenant", "defaults/main.yml")
    checked = []
    for option in options:
        # What is in the way of a bucket that goes is data only, and data has a word of its own.
        by_another = {"force": "tenant_delete_data"} if (file, module) == ("remove", "minio_bucket") else VARIABLES
        variable = by_another.get(option, f"tenant_{option}")
        if variable not in defaults or option in OWN[module]:
            continue
        value = sentinel(variable, defaults[variable])
        assert templated(options, option, **{variable: value}) == value, f"{file}: {title}: {option}"
        checked.append(option)
    assert checked or module != "tier_quota"


def test_a_reason_that_is_not_given_is_left_out() -> None:
    (options,) = [options for title, _module, options in tasks("envelope")]
    assert templated(options, "reason", tenant_reason="", omit="(left out)") == "(left out)"
    assert templated(options, "reason", tenant_reason="why", omit="(left out)") == "why"


def test_what_the_role_works_out_for_the_envelope() -> None:
    (options,) = [options for _title, _module, options in tasks("envelope")]
    variables: dict[str, Any] = {
        "tenant_id": "acme",
        "tenant_tier": "standard",
        "tenant_domains": ["shop.acme.example"],
        "tenant_usage": {"products": 7},
        "tenant_services": [{"name": "web", "image": "web:1", "port": 8081}, {"name": "other", "image": "o:1", "port": 1}],
        "tenant_gateway": {"service": "web"},
        "tenant_ingress_ports": [80],
    }
    assert templated(options, "usage", **variables) == {"products": 7, "domains": 1}
    assert templated(options, "ingress_app", **variables) == "web"
    assert templated(options, "ingress_ports", **variables) == [80, 8081]
    assert templated(options, "services_set", **variables) == "tenant-acme-services"
    assert [one["name"] for one in templated(options, "services", **variables)] == ["web", "other"]


@pytest.mark.parametrize(("file", "part"), [("ingress", "ingress"), ("deployments", "services")])
def test_a_part_comes_with_its_set_and_the_namespaces_that_are_to_come(file: str, part: str) -> None:
    (options,) = [options for _title, _module, options in tasks(file)]
    variables: dict[str, Any] = {"tenant_id": "acme", "tenant_tier": "standard", "__tenant_envelope": {"namespaces": ["a", "b"]}}
    assert templated(options, "set", **variables) == f"tenant-acme-{part}"
    assert templated(options, "namespaces", **variables) == ["e-commerce-tenant-acme"]
    assert templated(options, "namespaces_to_come", **variables) == ["a", "b"]
    assert templated(options, "namespaces_to_come", **{**variables, "__tenant_envelope": {}}) == []


def bucket_options(**variables: Any) -> list[dict[str, Any]]:
    """What minio_bucket is given for each bucket of a Business tenant, without what is left out."""
    (options,) = [options for _title, _module, options in tasks("storage")]
    given = {
        "tenant_id": "acme",
        "tenant_tier": "business",
        "omit": "(left out)",
        "tenant_storage": {"endpoint": "http://a:1"},
        **variables,
    }
    buckets = templated(options, "loop", **given)
    names = [option for option in options if option in MINIO_BUCKET_SPEC]
    made = [
        {name: templated(options, name, **given, item=item, __tenant_index=number) for name in names} for number, item in enumerate(buckets)
    ]
    return [{name: value for name, value in one.items() if value != "(left out)"} for one in made]


def test_what_each_bucket_of_a_tier_is_given() -> None:
    products, sav, newsletters = bucket_options()
    assert products == {
        "name": "acme-products",
        "quota": "300G",
        "versioning": "enabled",
        "noncurrent_days": 30,
        "public_prefixes": ["public/"],
        "tags": {"tenant": "acme", "tier": "business", "bucket": "products"},
        "keys_to_come": [],
        "update_secrets": "on_create",
        "force": False,
    }
    assert (sav["name"], newsletters["name"]) == ("acme-sav", "acme-newsletters")
    assert "public_prefixes" not in sav
    (standard, *_rest) = bucket_options(tenant_tier="standard", tenant_bucket_prefix="shop.")
    assert {name: standard[name] for name in ("name", "quota")} == {"name": "shop.products", "quota": "15G"}
    assert not {"versioning", "noncurrent_days", "public_prefixes", "access", "signature_age", "replication"} & set(standard)


def test_keys_and_copies_of_the_buckets() -> None:
    app, signer = {"key": "acme-app", "secret_key": "one-secret"}, {"key": "acme-signer", "secret_key": "two-secret"}
    replica = {"endpoint": "http://b:1", "access_key": "copier", "secret_key": "three-secret"}
    first, one, _last = bucket_options(tenant_storage_app=app, tenant_storage_signer=signer, tenant_storage_replica=replica)
    assert first["access"] == [{**app, "uploads": "none"}, {**signer, "uploads": "presigned_post"}]
    # Made once, or a preview would say of each bucket that it makes them.
    assert one["access"] == [{"key": "acme-app", "uploads": "none"}, {"key": "acme-signer", "uploads": "presigned_post"}]
    assert (first["keys_to_come"], one["keys_to_come"]) == ([], ["acme-app", "acme-signer"])
    assert one["signature_age"] == 86400
    assert one["replication"] == [{**replica, "bucket": "acme-sav-copy", "create": True}]
    # A tier that has no copies.
    assert "replication" not in bucket_options(tenant_tier="premium", tenant_storage_replica=replica)[0]


def test_what_the_buckets_hold_is_held_against_the_tier() -> None:
    (options,) = [options for _title, _module, options in tasks("envelope")]
    held = {"buckets": [{"name": "acme-sav", "usage": {"bytes": 7}}, {"name": "other", "usage": {"bytes": 1}}]}
    given: dict[str, Any] = {"tenant_id": "acme", "tenant_tier": "standard"}
    given["tenant_usage"] = {"buckets": {"products": "1GB", "sav": "9GB"}}
    assert templated(options, "usage", **given, __tenant_held=held) == {"domains": 0, "buckets": {"products": "1GB", "sav": 7}}
    assert templated(options, "usage", **given, __tenant_held={"skip_reason": "x"}) == {**given["tenant_usage"], "domains": 0}


def test_every_variable_is_read_somewhere() -> None:
    texts = "".join(path.read_text() for folder in ("tasks", "vars") for path in sorted((ROLES / "tenant" / folder).iterdir()))
    unread = [name for name in load("tenant", "defaults/main.yml") if f"{name} " not in texts and f"{name}." not in texts]
    assert unread == []
