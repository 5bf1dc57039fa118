# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of tier_quota, and how they become an envelope.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity, _resources, _tier_fields
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import MANAGED_BY
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import KUBERNETES_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_names import (
    DNS_LABEL,
    DNS_SUBDOMAIN,
    LABEL_VALUE,
    LONGEST_LABEL,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests_wait import check_wait
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier

PREFIX: Final = Envelope.prefix
# By these a namespace is known for a site's, and by the prefixes for how safe it is, for ours, and for Kubernetes' own.
OUR_LABELS: Final = ("tenant", "tier", "type", "site")
OUR_PREFIXES: Final = ("pod-security.kubernetes.io", "bluegreen.orchestrator", "kubernetes.io")
# Two digits, for which the length of an id leaves room.
MOST_SITES: Final = 99
# The longest names that are made of an id: a namespace, and a set of manifests, whose name is the value of a label.
LONGEST_NAMES: Final = ("{prefix}{tenant}-database", "tenant-{tenant}-database")
SITE_SUFFIX: Final = re.compile(r".*(-site-\d+|-database)")

_COMPUTE: Final[dict[str, Any]] = {"type": "dict", "options": {"cpu": {"type": "str"}, "memory": {"type": "str"}}}

TENANT_SPEC: Final[dict[str, Any]] = {
    "tenant": {"type": "str", "required": True},
    "namespace_prefix": {"type": "str", "default": PREFIX},
    **KUBERNETES_SPEC,
}

TIER_QUOTA_SPEC: Final[dict[str, Any]] = {
    **TENANT_SPEC,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "tier": {"type": "str"},
    "tiers_extra": {"type": "dict", "default": {}},
    "custom": {"type": "dict", "default": {}},
    "sites": {"type": "int", "default": 1},
    "site_shares": {"type": "list", "elements": "int", "default": []},
    "services": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "site": {"type": "int", "default": 1},
            "replicas": {"type": "int", "default": 1},
            "requests": _COMPUTE,
            "limits": _COMPUTE,
        },
    },
    "services_set": {"type": "str"},
    "usage": {
        "type": "dict",
        "default": {},
        "options": {
            "domains": {"type": "int"},
            "products": {"type": "int"},
            "concurrent_users": {"type": "int"},
            "orders_per_month": {"type": "int"},
            "buckets": {"type": "dict", "default": {}},
        },
    },
    "ingress_namespaces": {"type": "list", "elements": "str", "default": list(Envelope.ingress_namespaces)},
    "ingress_app": {"type": "str", "default": Envelope.ingress_app},
    "ingress_ports": {"type": "list", "elements": "int", "default": list(Envelope.ingress_ports)},
    "egress_ports": {"type": "list", "elements": "int", "default": list(Envelope.egress_ports)},
    "egress_outside_ports": {"type": "list", "elements": "int", "default": []},
    "storage_class": {"type": "bool", "default": True},
    "storage_provisioner": {"type": "str", "default": Envelope.storage_provisioner},
    "client_access": {"type": "bool", "default": True},
    "namespace_labels": {"type": "dict", "default": {}},
    "take_over": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "reason": {"type": "str"},
    "delete_data": {"type": "bool", "default": False},
    "validate": {"type": "str", "choices": ["client", "server"], "default": "client"},
    "wait_seconds": {"type": "int", "default": 120},
}


@dataclass(frozen=True)
class ServiceWish:
    """A service that is to fit, as the options describe it; ``pod`` is what one of its pods counts for."""

    name: str
    site: int
    replicas: int
    pod: Mapping[str, int]


@dataclass(frozen=True)
class TenantWish:
    """What the options of tier_quota ask for.

    Attributes:
        envelope: what should be; for ``state: absent`` only its names matter.
        state: ``present`` or ``absent``.
        services: services that are to fit, beside those that are there.
        usage: what the caller counted: name to number.
        take_over: whether objects and fields of other managers are taken over.
        reason: why blockers are overridden, None where they are not.
        delete_data: whether those are, too, with which something is lost.
        validate_on_server: whether a preview asks the server, too.
        wait_seconds: how long a deletion is waited for.
    """

    envelope: Envelope
    state: str
    services: tuple[ServiceWish, ...]
    usage: Mapping[str, int]
    take_over: bool
    reason: str | None
    delete_data: bool
    validate_on_server: bool
    wait_seconds: int


def wish_of(params: Mapping[str, Any]) -> TenantWish:
    """Check the options and make a wish of them.

    Args:
        params: the options of ``TIER_QUOTA_SPEC``, validated by type.

    Raises:
        InputError: an option cannot work.
    """
    present = params["state"] == "present"
    if present and not params["tier"]:
        raise InputError("tier: not given; name what the tenant has bought, for example tier: standard.")
    tier = effective_tier(params["tier"] or "standard", params["tiers_extra"], params["custom"] if present else {})
    check_tenant(params["tenant"], params["namespace_prefix"])
    check_wait(params["wait_seconds"])
    sites = params["sites"]
    if not 1 <= sites <= MOST_SITES:
        raise InputError(f"sites: {sites} is no number of sites; give 1 to {MOST_SITES}.")
    envelope = Envelope(
        tenant=params["tenant"],
        tier=tier,
        sites=sites,
        shares=_shares(params["site_shares"], sites),
        prefix=params["namespace_prefix"],
        ingress_namespaces=tuple(_label("ingress_namespaces", name) for name in params["ingress_namespaces"]),
        ingress_app=_label("ingress_app", params["ingress_app"]),
        ingress_ports=_ports("ingress_ports", params["ingress_ports"]),
        egress_ports=_ports("egress_ports", params["egress_ports"]),
        egress_outside_ports=_ports("egress_outside_ports", params["egress_outside_ports"]),
        storage_provisioner=_provisioner(params["storage_provisioner"]) if params["storage_class"] else None,
        client_access=params["client_access"],
        services_set=params["services_set"],
        services=tuple((service["site"], service["name"]) for service in params["services"]),
        labels=labels_of(params["namespace_labels"], "namespace_labels"),
    )
    check_buckets(params["usage"].get("buckets") or {}, tier, "usage.buckets")
    return TenantWish(
        envelope=envelope,
        state=params["state"],
        services=tuple(_service(service, envelope) for service in params["services"]),
        usage=_usage(params["usage"]),
        take_over=params["take_over"],
        reason=_reason(params["force"], params["reason"]),
        delete_data=params["delete_data"],
        validate_on_server=params["validate"] == "server",
        wait_seconds=params["wait_seconds"],
    )


def check_tenant(tenant: str, prefix: str) -> None:
    """Refuse an id that cannot name a namespace, or that would name another tenant's site.

    Raises:
        InputError: it cannot be used.
    """
    if not DNS_LABEL.fullmatch(f"{prefix}x"):
        raise InputError(f"namespace_prefix: {quoted(prefix)} cannot begin a namespace; use lower-case letters, digits and hyphens.")
    longest = LONGEST_LABEL - max(len(name.format(prefix=prefix, tenant="")) for name in LONGEST_NAMES)
    if len(tenant) > longest:
        raise InputError(
            f"tenant: {quoted(tenant)} has {len(tenant)} letters, and what is named after it leaves room for {max(0, longest)}; choose a"
            " shorter id."
        )
    if not DNS_LABEL.fullmatch(tenant):
        raise InputError(f"tenant: {quoted(tenant)} is no DNS label; use lower-case letters, digits and hyphens, none of them at an end.")
    if SITE_SUFFIX.fullmatch(tenant):
        raise InputError(
            f"tenant: {quoted(tenant)} ends like a namespace of another tenant (-site-<number>, -database); choose another id."
        )


def labels_of(given: Mapping[str, Any], option: str) -> dict[str, str]:
    """Read labels of namespaces, and refuse those by which we, or Kubernetes, know them.

    Raises:
        InputError: Kubernetes would refuse one, or it is ours.
    """
    for key, value in given.items():
        prefix, slash, name = str(key).rpartition("/")
        if not LABEL_VALUE.fullmatch(name) or (slash and not DNS_SUBDOMAIN.fullmatch(prefix)):
            raise InputError(
                f"{option}: {quoted(str(key))} cannot name a label; use up to 63 letters, digits, dots, hyphens and underscores,"
                " after a domain and a slash where that helps."
            )
        if (name in OUR_LABELS and not slash) or prefix in OUR_PREFIXES or key == MANAGED_BY:
            raise InputError(f"{option}: the label {key} says what the tenant is or may, so it is not yours to set; choose another name.")
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise InputError(f"{option}: the value of {key} is no text; put it in quotes.")
        if str(value) and not LABEL_VALUE.fullmatch(str(value)):
            raise InputError(
                f"{option}: {quoted(str(value))}, the value of {key}, is no label value; use up to 63 letters, digits, dots, hyphens and"
                " underscores, none of these three at an end."
            )
    return {str(key): str(value) for key, value in given.items()}


def check_buckets(names: Iterable[str], tier: Mapping[str, Any], option: str) -> None:
    """Refuse a bucket that the tier does not have: nothing would be held against it.

    Raises:
        InputError: there is one.
    """
    known = list(tier["object_storage"]["buckets"])
    for name in names:
        if name not in known:
            raise InputError(f"{option}: {quoted(name)} is no bucket of the tier {tier['name']}; there are {', '.join(known)}.")


def _shares(given: list[int], sites: int) -> tuple[int, ...]:
    if not given:
        return (1,) * sites
    if len(given) != sites or min(given) < 1:
        raise InputError(
            f"site_shares: {quoted(given)} are not {sites} numbers of 1 and more; give one per site, or leave it out for equal parts."
        )
    return tuple(given)


def _label(option: str, value: str) -> str:
    if not DNS_LABEL.fullmatch(value):
        raise InputError(f"{option}: {quoted(value)} is no name of Kubernetes; use up to 63 lower-case letters, digits and hyphens.")
    return value


def _provisioner(value: str) -> str:
    """Read the name of a CSI driver: a domain, with a path for drivers of old."""
    if not all(map(DNS_SUBDOMAIN.fullmatch, value.lower().split("/", 1))):
        raise InputError(f"storage_provisioner: {quoted(value)} is no name of a CSI driver; write it like ebs.csi.aws.com.")
    return value


def _ports(option: str, values: list[int]) -> tuple[int, ...]:
    for value in values:
        if not 0 < value < 65536:
            raise InputError(f"{option}: {value} is no port; give numbers from 1 to 65535.")
    return tuple(values)


def _reason(force: bool, reason: str | None) -> str | None:
    text = " ".join((reason or "").split())
    if force and not text:
        raise InputError("reason: not given, and force needs one; say why, it is written on the namespace.")
    if len(text) > 500:
        raise InputError(f"reason: {len(text)} letters are too many for an annotation; say it in 500.")
    return text if force else None


def _service(given: Mapping[str, Any], envelope: Envelope) -> ServiceWish:
    name, site = _label("services.name", given["name"]), given["site"]
    if not 1 <= site <= envelope.sites:
        raise InputError(f"services.site: {name} is to run on site {site}, and there are {envelope.sites}; correct one of the two.")
    if given["replicas"] < 0:
        raise InputError(f"services.replicas: {given['replicas']} of {name} is no number of pods; give 0 or more.")
    pod: _resources.Amounts = {"pods": 1}
    for side in ("requests", "limits"):
        default = envelope.tier["resources"][side]
        for resource in ("cpu", "memory"):
            value = (given[side] or {}).get(resource)
            read = default[resource] if value is None else _quantity.parse_resource(resource, value, f"services.{side}.{resource}")
            pod[f"{side}.{resource}"] = read
    return ServiceWish(name, site, given["replicas"], pod)


def _usage(given: Mapping[str, Any]) -> dict[str, int]:
    found = {key: value for key, value in given.items() if key != "buckets" and value is not None}
    for name, size in (given.get("buckets") or {}).items():
        found[f"bucket {name}"] = _tier_fields.size(size, f"usage.buckets.{name}")
    for key, value in found.items():
        if value < 0:
            raise InputError(f"usage.{key}: {value} cannot be counted; give 0 or more.")
    return found
