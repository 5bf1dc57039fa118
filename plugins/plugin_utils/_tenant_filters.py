# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role tenant what a tenant consists of, gather what many of them use, and put that into words.

PRIVATE: for this collection's own plugins, not a public interface. They are filters through ``plugins/filter/filters.py``.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import urlsplit

from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_parts
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import check_tenant
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._plain import cluster_of, plain, value_of

# How a tenant can be, in words; what needs somebody first comes first. All but "unread" and "missing" are tier_quota_info's.
STATES: Final = {
    "unread": "not read",
    "over": "over its limit",
    "incomplete": "incomplete",
    "missing": "not there",
    "tight": "nearly full",
    "filling": "filling up",
    "going": "being deleted",
    "well": "well",
}
# How much somebody has to look at such a tenant.
ATTENTION: Final = {
    **dict.fromkeys(("unread", "over", "incomplete", "missing", "tight"), "now"),
    **dict.fromkeys(("filling", "going"), "soon"),
    "well": "none",
}


def tenant_part(tenant: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return one part of a tenant as the module kubernetes_manifests takes it."""
    if part not in _tenant_parts.PARTS:
        raise AnsibleFilterError(f"tenant_part: {part!r} is no part of a tenant; there are {', '.join(_tenant_parts.PARTS)}.")
    try:
        return _tenant_parts.part(plain(tenant), str(part))
    except InputError as problem:
        raise AnsibleFilterError(problem.sentence) from None


def tenant_refusals(tenant: Mapping[str, Any], variables: Iterable[str] = (), known: Iterable[str] = ()) -> list[str]:
    """Return everything that is wrong with what is said of a tenant, and the variables among these that are none of those known."""
    return _tenant_parts.refusals(plain(tenant), plain(list(variables)), plain(list(known)))


def tenant_conflicts(names: list[str], hostvars: Mapping[str, Any]) -> dict[str, str]:
    """Return, per tenant, which id or domain another tenant of its cluster claims as well."""
    return _tenant_parts.conflicts({str(name): _claims(str(name), hostvars[name]) for name in names})


def _claims(name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a tenant claims, as far as it makes sense: what it declares wrongly is reported by its own run, and stops no other's."""
    domains = value_of(variables, "tenant_domains")
    named = [one.get("name") if isinstance(one, dict) else one for one in domains] if isinstance(domains, list) else []
    return {
        "tenant": str(value_of(variables, "tenant_id") or name),
        "cluster": cluster_of(variables, "tenant_cluster"),
        "domains": [one.strip().lower() for one in named if isinstance(one, str) and one.strip()],
    }


def tenant_place(tenant: str, cluster: object, prefix: str, tiers_extra: object, smaller_tier: str = "") -> dict[str, str]:
    """Return where a tenant is: the name of its cluster, and a key that those have in common who can be read together."""
    try:
        check_tenant(str(tenant), str(prefix))
        alone = ""
    except InputError:
        # It is refused by itself, and keeps nobody else from being read.
        alone = str(tenant)
    options = json.dumps(plain([cluster, prefix, tiers_extra, smaller_tier, alone]), sort_keys=True, default=str)
    return {"tenant": str(tenant), "cluster": _cluster_name(cluster), "key": hashlib.sha256(options.encode()).hexdigest()}


def _cluster_name(cluster: object) -> str:
    """Return what an operator calls a cluster, without the credentials that a URL can have."""
    given = cluster if isinstance(cluster, Mapping) else {}
    if given.get("context"):
        return str(given["context"])
    if given.get("host"):
        return urlsplit(str(given["host"])).netloc.rpartition("@")[2]
    return PurePath(str(given["kubeconfig"])).name if given.get("kubeconfig") else "default"


def tenant_usage(usage: Mapping[str, Any], held: Mapping[str, Any] | None, buckets: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what was counted of a tenant, with what its buckets hold; what somebody counted by hand stays where nothing was looked at."""
    found = {one["name"]: one["usage"]["bytes"] for one in (plain(held or {}).get("buckets") or []) if one.get("usage")}
    counted = {one["bucket"]: found[one["name"]] for one in plain(buckets) if one["name"] in found}
    said = plain(usage)
    return {**said, "buckets": {**(said.get("buckets") or {}), **counted}} if counted else said


def tenant_readers(names: list[str], hostvars: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the hosts that read for all: the first of each cluster, with the ids of those that it reads for."""
    readers: dict[str, dict[str, Any]] = {}
    first: dict[str, str] = {}
    for name in map(str, names):
        place = plain(hostvars[name]["__tenant_place"])
        reader = first.setdefault(place["key"], name)
        tenants = readers.setdefault(reader, {"cluster": place["cluster"], "tenants": []})["tenants"]
        if place["tenant"] not in tenants:
            tenants.append(place["tenant"])
    return readers


def tenant_fleet(readers: Mapping[str, Mapping[str, Any]], hostvars: Mapping[str, Any], names: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Gather what the readers found, those that need somebody first; tenants that were asked for and not found are among them.

    Of the hosts that are named, what their buckets hold is added.
    """
    fleet: list[dict[str, Any]] = []
    buckets = {
        plain(hostvars[name]["__tenant_place"])["tenant"]: plain(hostvars[name].get("tenant_buckets") or {}) for name in map(str, names)
    }
    for host, asked in plain(readers).items():
        result = plain(hostvars[host]["tenant_result"])
        found = result.get("tenants") or []
        known = {one["tenant"] for one in found}
        state = "unread" if result.get("failed") else "missing"
        said = [str(result.get("msg"))] if result.get("failed") else ["declared, and not on the cluster; the playbook tenant makes it"]
        absent = [_absent(one, state, said) for one in asked["tenants"] if one not in known]
        fleet += [
            {**one, "cluster": asked["cluster"], "attention": ATTENTION[one["state"]], **_stored(buckets.get(one["tenant"], {}))}
            for one in (*found, *absent)
        ]
    return sorted(fleet, key=_urgency)


def _stored(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of a tenant's buckets: all of them, and a line for each that somebody should look at."""
    if result.get("failed"):
        return {"buckets": [], "bucket_notes": [str(result.get("msg"))]}
    found = result.get("buckets") or []
    notes = [
        f"bucket {one['name']} is {STATES[one['state']]}: {one['usage']['size']} of {one['quota']['size']} ({one['percent']:g} %)"
        for one in found
        if one["state"] in ("over", "tight", "filling")
    ]
    return {"buckets": found, "bucket_notes": notes}


def _absent(tenant: str, state: str, problems: list[str]) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "tier": None,
        "sites": 0,
        "namespaces": [],
        "resources": {},
        "nearest": None,
        "fitting_tier": None,
        "forced": [],
    }
    return {"tenant": tenant, "state": state, **nothing, "problems": problems}


def _urgency(tenant: Mapping[str, Any]) -> tuple[int, float, str, str]:
    filled = tenant["nearest"]["percent"] if tenant["nearest"] else 0.0
    return list(STATES).index(tenant["state"]), -float(filled), str(tenant["tenant"]), str(tenant["cluster"])


def tenant_words(fleet: list[Mapping[str, Any]], smaller_tier: str = "") -> list[dict[str, Any]]:
    """Return what the end of a run tells of tenants: sections for the callback summary."""
    tenants = plain(fleet)
    if not tenants:
        return [{"title": "Tenants", "lines": ["no tenant of ours is there"]}]
    counts = Counter(one["state"] for one in tenants)
    told = ", ".join(f"{counts[state]} {words}" for state, words in STATES.items() if counts[state])
    several = len({one["cluster"] for one in tenants}) > 1
    head, *rows = _table(tenants, several=several, smaller_tier=smaller_tier)
    sections = [{"title": f"Tenants ({told})", "head": head, "rows": rows, "more": "the playbook tenant_report makes a page of them all"}]
    if len(tenants) == 1 and tenants[0]["resources"]:
        sections.append(_of_one(tenants[0]))
    if len(tenants) == 1 and tenants[0].get("buckets"):
        sections.append(_buckets_of_one(tenants[0]))
    # What could not be read is told as a failure already.
    notes = [f"{one['tenant']}: {problem}" for one in tenants if one["state"] != "unread" for problem in one["problems"]]
    notes += [f"{one['tenant']}: {note}" for one in tenants for note in one.get("bucket_notes", [])]
    notes += [f"{one['tenant']}: was made smaller than what it used: {reason}" for one in tenants for reason in one["forced"]]
    found = {"To look at": notes, f"In the way of {smaller_tier}": _blockers_words(tenants)}
    return [*sections, *({"title": title, "lines": lines} for title, lines in found.items() if lines)]


def _table(tenants: list[Mapping[str, Any]], *, several: bool, smaller_tier: str) -> list[list[str]]:
    columns: dict[str, Callable[[Mapping[str, Any]], object]] = {
        "tenant": lambda one: one["tenant"],
        **({"cluster": lambda one: one["cluster"]} if several else {}),
        "tier": lambda one: one["tier"] or "-",
        "state": lambda one: STATES[one["state"]],
        "nearest its limit": lambda one: _nearest_words(one["nearest"]),
        "left": lambda one: one["nearest"]["headroom"] if one["nearest"] else "-",
        "would fit": lambda one: one["fitting_tier"] or ("none" if one["nearest"] else "-"),
        **({f"to {smaller_tier}": _way_words} if smaller_tier else {}),
    }
    return [list(columns), *([str(cell(one)) for cell in columns.values()] for one in tenants)]


def _nearest_words(line: Mapping[str, Any] | None) -> str:
    if line is None:
        return "-"
    where = f" on site {line['site']}" if line["site"] is not None else ""
    return f"{line['resource']} {line['used']} of {line['hard']} ({line['percent']:g} %){where}"


def _way_words(tenant: Mapping[str, Any]) -> str:
    if "blockers" not in tenant:
        return "-"
    return f"{len(tenant['blockers'])} in the way" if tenant["blockers"] else "fits"


def _blockers_words(tenants: list[Mapping[str, Any]]) -> list[str]:
    """Return a line per tenant; for a single one a line per blocker, with what to do."""
    found = [(one["tenant"], one["blockers"]) for one in tenants if one.get("blockers")]
    if len(tenants) == 1:
        return [f"{name}: {_too_much(one)} ({one['remedy']})" for name, blockers in found for one in blockers]
    # Who is nearest to it comes first.
    return [f"{name}: {', '.join(map(_too_much, blockers))}" for name, blockers in sorted(found, key=lambda one: len(one[1]))]


def _too_much(blocker: Mapping[str, Any]) -> str:
    return f"{blocker['what']} {blocker['used']} of {blocker['allowed']}"


def _of_one(tenant: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [resource, line["used"], line["hard"], line["headroom"], f"{line['percent']:g} %"] for resource, line in tenant["resources"].items()
    ]
    return {"title": f"What {tenant['tenant']} uses", "head": ["resource", "used", "hard", "left", "filled"], "rows": rows}


def _buckets_of_one(tenant: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [
            one["name"],
            one["usage"]["size"] if one["usage"] else "-",
            one["quota"]["size"] if one["quota"] else "no quota",
            "-" if one["percent"] is None else f"{one['percent']:g} %",
            STATES.get(one["state"], "-"),
        ]
        for one in tenant["buckets"]
    ]
    return {"title": f"What the buckets of {tenant['tenant']} hold", "head": ["bucket", "used", "quota", "filled", "state"], "rows": rows}
