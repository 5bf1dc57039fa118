# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role tenant what a tenant consists of, and put into words what it uses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleFilterError
from jinja2 import UndefinedError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_parts
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError

# The columns of the table, as a ResourceQuota names them.
COLUMNS = {
    "CPU": "requests.cpu",
    "memory": "requests.memory",
    "pods": "pods",
    "storage": "requests.storage",
    "claims": "persistentvolumeclaims",
}


def tenant_part(tenant: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return one part of a tenant as the module kubernetes_manifests takes it."""
    if part not in _tenant_parts.PARTS:
        raise AnsibleFilterError(f"tenant_part: {part!r} is no part of a tenant; there are {', '.join(_tenant_parts.PARTS)}.")
    try:
        return _tenant_parts.part(_plain(tenant), str(part))
    except InputError as problem:
        raise AnsibleFilterError(problem.sentence) from None


def tenant_refusals(tenant: Mapping[str, Any], variables: Iterable[str] = (), known: Iterable[str] = ()) -> list[str]:
    """Return everything that is wrong with what is said of a tenant, and the variables among these that are none of those known."""
    return _tenant_parts.refusals(_plain(tenant), _plain(list(variables)), _plain(list(known)))


def tenant_conflicts(names: list[str], hostvars: Mapping[str, Any]) -> dict[str, str]:
    """Return, per tenant, which id or domain another tenant of its cluster claims as well."""
    return _tenant_parts.conflicts({str(name): _claims(str(name), hostvars[name]) for name in names})


def _claims(name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a tenant claims, as far as it makes sense: what it declares wrongly is reported by its own run, and stops no other's."""
    cluster = _value(variables, "tenant_cluster")
    domains = _value(variables, "tenant_domains")
    named = [one.get("name") if isinstance(one, dict) else one for one in domains] if isinstance(domains, list) else []
    return {
        "tenant": str(_value(variables, "tenant_id") or name),
        "cluster": json.dumps(cluster if isinstance(cluster, dict) else {}, sort_keys=True, default=str),
        "domains": [one.strip().lower() for one in named if isinstance(one, str) and one.strip()],
    }


def _value(variables: Mapping[str, Any], name: str) -> Any:
    try:
        return _plain(variables.get(name))
    except (AnsibleError, UndefinedError):
        return None


def tenant_words(tenants: list[Mapping[str, Any]]) -> list[str]:
    """Return a table of what tenants use, one line each, and below it what is wrong."""
    if not tenants:
        return ["no tenant of ours is there"]
    head = ["tenant", "tier", "sites", *COLUMNS, "would fit"]
    rows = [head, *(_row(tenant) for tenant in tenants)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for tenant in tenants:
        lines += [f"{tenant['tenant']}: {problem}" for problem in tenant["problems"]]
        lines += [f"{tenant['tenant']}: was made smaller than what it used: {reason}" for reason in tenant["forced"]]
    return lines


def _row(tenant: Mapping[str, Any]) -> list[str]:
    cells = []
    for resource in COLUMNS.values():
        line = tenant["resources"].get(resource)
        cells.append(f"{line['used']}/{line['hard']} ({line['percent']:g} %)" if line else "-")
    return [str(tenant["tenant"]), str(tenant["tier"] or "-"), str(tenant["sites"]), *cells, str(tenant["fitting_tier"] or "none")]


def _plain(value: Any) -> Any:
    """Turn what templating gives (tagged texts, lazy containers) into plain data."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, str) else value


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "tenant_conflicts": tenant_conflicts,
            "tenant_part": tenant_part,
            "tenant_refusals": tenant_refusals,
            "tenant_words": tenant_words,
        }
