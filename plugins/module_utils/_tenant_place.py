# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``tenant`` says about a tenant, checked, and the manifests' common parts.

PRIVATE: for this collection's own plugins, not a public interface.

The sentences name the role's variables (``tenant_domains``), for that is where an operator looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import (
    MOST_SITES,
    PREFIX,
    check_buckets,
    check_tenant,
    labels_of,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope, Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import dictionary, entries, label, number, said_or


def envelope_of(given: Mapping[str, Any]) -> Envelope:
    """Return the tenant that the role's variables describe.

    Args:
        given: ``tenant``, ``tier``, and where they matter ``tiers_extra``, ``custom``, ``sites``, ``site_shares``, ``namespace_prefix``.

    Raises:
        InputError: a value cannot work.
    """
    tenant = str(given["tenant"])
    said = given.get("namespace_prefix")
    # Empty is a prefix, too: the module that makes the namespaces reads it so.
    prefix = PREFIX if said is None else str(said)
    try:
        check_tenant(tenant, prefix)
    except InputError as problem:
        option, colon, rest = problem.sentence.partition(": ")
        raise InputError({"tenant": "tenant_id"}.get(option, f"tenant_{option}") + colon + rest) from None
    if not given.get("tier"):
        raise InputError(
            f"tenant_tier: {tenant} has bought no tier, so there is nothing to give it;"
            " write what it has bought, for example tenant_tier: standard."
        )
    tier = effective_tier(
        given["tier"],
        given.get("tiers_extra"),
        given.get("custom"),
        option="tenant_tier",
        extra_option="tenant_tiers_extra",
        custom_option="tenant_custom",
    )
    sites = number(given.get("sites", 1), "tenant_sites", least=1, most=MOST_SITES)
    shares = [
        number(share, "tenant_site_shares", least=1) for share in entries(given.get("site_shares"), "tenant_site_shares") or [1] * sites
    ]
    if len(shares) != sites:
        raise InputError(f"tenant_site_shares: {len(shares)} shares for {sites} sites; give one per site, or leave it out for equal parts.")
    return Envelope(tenant, tier, sites, tuple(shares), prefix)


def check_envelope(envelope: Envelope, given: Mapping[str, Any]) -> None:
    """Refuse what the role hands to tier_quota as it is, and what that could not read.

    Args:
        envelope: the tenant.
        given: ``ingress_namespaces``, ``ingress_ports``, ``egress_ports``, ``egress_outside_ports``, ``usage``, ``namespace_labels`` and
            ``wait_seconds``.

    Raises:
        InputError: a value cannot work.
    """
    for name in entries(given.get("ingress_namespaces"), "tenant_ingress_namespaces"):
        label(name, "tenant_ingress_namespaces")
    for option in ("ingress_ports", "egress_ports", "egress_outside_ports"):
        for port in entries(given.get(option), f"tenant_{option}"):
            number(port, f"tenant_{option}", least=1, most=65535)
    number(said_or(given.get("wait_seconds"), 0), "tenant_wait_seconds", least=0)
    labels_of(dictionary(given.get("namespace_labels"), "tenant_namespace_labels"), "tenant_namespace_labels")
    usage = dictionary(given.get("usage"), "tenant_usage")
    check_buckets(dictionary(usage.get("buckets"), "tenant_usage.buckets"), envelope.tier, "tenant_usage.buckets")


def manifest(api: str, kind: str, envelope: Envelope, namespace: str, name: str, **parts: Any) -> Manifest:
    """Return a manifest with the tenant's labels; ``annotations`` go to its metadata, everything else beside it."""
    metadata: Manifest = {"name": name, "namespace": namespace, "labels": {"tenant": envelope.tenant}}
    annotations = parts.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **parts}


def site_number(value: object, envelope: Envelope, option: str, what: str) -> int:
    """Read the number of one of the tenant's sites."""
    site = number(value, option, least=1)
    if site > envelope.sites:
        raise InputError(
            f"{option}: {what} is of site {site}, and {envelope.tenant} has {envelope.sites} (tenant_sites); correct one of the two."
        )
    return site
