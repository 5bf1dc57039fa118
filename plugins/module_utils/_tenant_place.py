# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``tenant`` says about a tenant, checked, and the manifests' common parts.

PRIVATE: for this collection's own plugins, not a public interface.

The sentences name the role's variables (``tenant_domains``), for that is where an operator looks.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, cut, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_names import DNS_LABEL, DNS_SUBDOMAIN
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import (
    MOST_SITES,
    PREFIX,
    check_buckets,
    check_tenant,
    labels_of,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope, Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier

HOST_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+")


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


def entries(value: object, option: str) -> list[Any]:
    """Read a list; nothing at all is an empty one.

    Ansible checks the role's variables and hands them over as they are: a text would be read letter by letter.
    """
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise InputError(f"{option}: {quoted(value)} is no list; write it as one, [{cut(str(value))}], also where it has one entry only.")
    return list(value)


def dictionary(value: object, option: str) -> dict[str, Any]:
    """Read a dictionary; nothing at all is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{option}: {quoted(value)} is no dictionary; write names with their values below it, or {{}} for none.")
    return {str(key): part for key, part in value.items()}


def number(value: object, option: str, *, least: int, most: int | None = None) -> int:
    """Read a whole number; Ansible hands ``"2"`` over as readily as ``2``."""
    bounds = f"{least} and more" if most is None else f"{least} to {most}"
    try:
        read = int(str(value))
    except ValueError:
        raise InputError(f"{option}: {quoted(value)} is no whole number; give {bounds}.") from None
    if read < least or (most is not None and read > most):
        raise InputError(f"{option}: {read} cannot be; give {bounds}.")
    return read


def truth(value: object, option: str) -> bool:
    """Read a truth value as Ansible does; nothing at all is false. To Python, the text ``false`` would be true."""
    if value is None or value == "":
        return False
    try:
        return bool(boolean(value))
    except TypeError:
        raise InputError(f"{option}: {quoted(value)} is neither true nor false; write one of the two.") from None


def said_or(value: object, default: object) -> object:
    """Return what was said, else the default. A 0 was said: whether it can be is another question."""
    return default if value is None or value == "" else value


def label(value: object, option: str) -> str:
    """Read a name of Kubernetes."""
    text = str(value)
    if not DNS_LABEL.fullmatch(text):
        raise InputError(f"{option}: {quoted(text)} is no name of Kubernetes; use up to 63 lower-case letters, digits and hyphens.")
    return text


def service_name(value: object, option: str) -> str:
    """Read the name of a Service: a host name in DNS of old, which begins with a letter (RFC 1035)."""
    text = label(value, option)
    if text[0].isdigit():
        raise InputError(f"{option}: {quoted(text)} begins with a digit, and Kubernetes lets no Service do so; begin it with a letter.")
    return text


def object_name(value: object, option: str) -> str:
    """Read the name of an object that somebody else makes: a Secret, an issuer, a class."""
    text = str(value)
    if not DNS_SUBDOMAIN.fullmatch(text):
        raise InputError(
            f"{option}: {quoted(text)} is no name of an object of Kubernetes; use lower-case letters, digits, hyphens and dots."
        )
    return text


def host_name(value: object, option: str) -> str:
    """Read a host name in the form in which browsers send it."""
    text = str(value).strip().lower()
    if not HOST_NAME.fullmatch(text):
        raise InputError(f"{option}: {quoted(text)} is no host name; write it like shop.acme.example, without https://, * or a port.")
    return text


def site_number(value: object, envelope: Envelope, option: str, what: str) -> int:
    """Read the number of one of the tenant's sites."""
    site = number(value, option, least=1)
    if site > envelope.sites:
        raise InputError(
            f"{option}: {what} is of site {site}, and {envelope.tenant} has {envelope.sites} (tenant_sites); correct one of the two."
        )
    return site


def unknown_keys(given: Mapping[str, Any], known: Iterable[str], option: str) -> None:
    """Refuse a key that nobody would read."""
    names = list(known)
    for key in given:
        if key not in names:
            raise InputError(f"{option}: {quoted(key)} is not known here; there are {', '.join(names)}.")


def strangers(given: Iterable[str], known: Iterable[str], *, said: str = "no variable of a tenant is called that") -> list[str]:
    """Return a sentence for each variable that nobody would read: a letter too few would take away what the right name declares.

    Args:
        given: names of the host's variables that begin as the role's do.
        known: the role's own.
        said: what is said of one, between its name and the remedy.
    """
    names = sorted(known)
    found = []
    for name in sorted(set(given) - set(names)):
        # They all begin alike, which is no likeness.
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.8)
        meant = f"; {near[0]} comes nearest, so correct it," if near else ", so take it out,"
        found.append(f"{name}: {said}{meant} or let a variable of your own begin with something else.")
    return found
