# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tenants use of what they have.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _resources, _tenant_blockers
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import FILLING_PERCENT, TIGHT_PERCENT
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import Tier
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import opened
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._quantity import format_resource
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TENANT_SPEC, check_tenant
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_blockers import Blocker
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import FORCE_REASON, QUOTA_NAME, is_site_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import OUR_SITES, Object, is_going
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier, known_tiers

INFO_SPEC: dict[str, Any] = {
    **{name: option for name, option in TENANT_SPEC.items() if name != "tenant"},
    "tenants": {"type": "list", "elements": "str", "aliases": ["tenant"]},
    "tiers_extra": {"type": "dict", "default": {}},
    "smaller_tier": {"type": "str"},
}
# What is bought to be used up; it may not be exceeded, but nothing is amiss when all of it is there.
USED_UP: Final = ("persistentvolumeclaims", "services.loadbalancers")
# A selector with more ids would make a URL that proxies refuse (8 KiB); more are picked from the list of all.
MOST_SELECTED: Final = 50


def run(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Tell what tenants use.

    Args:
        params: the options of ``INFO_SPEC``.
        check_mode: makes no difference.

    Raises:
        BlueGreenError: the cluster cannot be read, or an option cannot work.
    """
    # A core's signature; reading is the same in both.
    del check_mode
    tiers = known_tiers(params["tiers_extra"])
    smaller = effective_tier(params["smaller_tier"], params["tiers_extra"], option="smaller_tier") if params["smaller_tier"] else None
    asked = params["tenants"]
    for tenant in asked or []:
        check_tenant(tenant, params["namespace_prefix"])
    selector = OUR_SITES
    if asked and len(asked) <= MOST_SELECTED:
        selector += f",tenant in ({','.join(asked)})"
    with opened(params) as access:
        api = Api(access, timeout=params["request_timeout"])
        namespaces = api.list_all(kinds.NAMESPACE, labels=selector)
        quotas = api.list_all(kinds.QUOTA, labels=selector)
    prefix = params["namespace_prefix"]
    namespaces = [one for one in namespaces if is_site_of(one["metadata"]["labels"]["tenant"], prefix, one["metadata"]["name"])]
    known = {one["metadata"]["name"] for one in namespaces}
    quotas = [
        one
        for one in quotas
        if one["metadata"]["namespace"] in known or is_site_of(_owner(one) or "", prefix, one["metadata"]["namespace"])
    ]
    found = tenants(namespaces, quotas, tiers, smaller)
    wanted = [one for one in found if asked is None or one["tenant"] in asked]
    return {"changed": False, "tenants": wanted, "requests": dict(sorted(api.requests.items()))}


def tenants(
    namespaces: Iterable[Object], quotas: Iterable[Object], tiers: Mapping[str, Tier], smaller: Tier | None = None
) -> list[dict[str, Any]]:
    """Gather namespaces and quotas into one entry per tenant, sorted by id.

    Args:
        namespaces: those with our label.
        quotas: those with our label, of any namespace.
        tiers: all that are known.
        smaller: the tier of which it is told what is in its way.
    """
    quota_of = {one["metadata"]["namespace"]: one for one in quotas if one["metadata"]["name"] == QUOTA_NAME}
    by_tenant: dict[str, list[Object]] = {}
    for found in namespaces:
        by_tenant.setdefault(str(found["metadata"]["labels"].get("tenant", "")), []).append(found)
    known = {found["metadata"]["name"] for of_one in by_tenant.values() for found in of_one}
    lost: dict[str, list[str]] = {}
    for namespace, quota in sorted(quota_of.items()):
        owner = _owner(quota)
        if namespace not in known and owner is not None:
            lost.setdefault(owner, []).append(namespace)
    return [_tenant(name, by_tenant.get(name, []), lost.get(name, []), quota_of, tiers, smaller) for name in sorted({*by_tenant, *lost})]


def _owner(quota: Object) -> str | None:
    """Return whose quota this is, by its own label; its namespace may have lost the tenant's."""
    owner = (quota["metadata"].get("labels") or {}).get("tenant")
    return None if owner is None else str(owner)


def _tenant(
    name: str, namespaces: list[Object], lost: list[str], quota_of: Mapping[str, Object], tiers: Mapping[str, Tier], smaller: Tier | None
) -> dict[str, Any]:
    names = sorted(one["metadata"]["name"] for one in namespaces)
    first: Object = min(namespaces, key=lambda one: len(one["metadata"]["name"]), default={"metadata": {"labels": {}}})
    quotas = [quota_of[one] for one in names if one in quota_of]
    parts = {quota["metadata"]["namespace"]: _amounts(quota) for quota in quotas}
    hard = _resources.total(amounts for _used, amounts in parts.values())
    used = _resources.total(amounts for amounts, _hard in parts.values())
    reasons = {(one["metadata"].get("annotations") or {}).get(FORCE_REASON) for one in namespaces} - {None}
    resources = _lines(used, hard)
    # Each site's quota holds by itself; the tenant's sums may look half empty.
    of_sites: dict[int | None, dict[str, dict[str, Any]]] = {None: resources}
    if len(parts) > 1:
        of_sites = {_site(namespace): _lines(*amounts) for namespace, amounts in parts.items()}
    blockers = {} if smaller is None else {"blockers": [one.public() for one in in_the_way(name, used, len(namespaces), smaller)]}
    return {
        "tenant": name,
        "tier": first["metadata"]["labels"].get("tier"),
        "state": _state(namespaces, lost, quota_of, [resources, *of_sites.values()]),
        "sites": len(namespaces),
        "namespaces": names,
        "resources": resources,
        "nearest": _nearest(of_sites),
        "fitting_tier": fitting_tier(used, len(namespaces), tiers) or _own(first, used, hard, tiers),
        "forced": sorted(str(reason) for reason in reasons),
        "problems": [*_problems(namespaces, lost, quota_of), *_over(used, hard), *_full(parts)],
        **blockers,
    }


def _amounts(quota: Object) -> tuple[dict[str, int], dict[str, int]]:
    """Return what is used of a quota, and the quota."""
    return _resources.amounts((quota.get("status") or {}).get("used") or {}), _resources.amounts(quota["spec"].get("hard") or {})


def _site(namespace: str) -> int:
    """Return the number of a site, by the name of its namespace."""
    return int(namespace.rpartition("-site-")[2]) if "-site-" in namespace else 1


def _lines(used: Mapping[str, int], hard: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    return {resource: _line(resource, used.get(resource, 0), allowed) for resource, allowed in sorted(hard.items())}


def _line(resource: str, used: int, hard: int) -> dict[str, Any]:
    return {
        "used": format_resource(resource, used),
        "hard": format_resource(resource, hard),
        "headroom": format_resource(resource, max(0, hard - used)),
        "percent": round(100 * used / hard, 1) if hard else (100.0 if used else 0.0),
        "state": _filled(resource, used, hard),
    }


def _filled(resource: str, used: int, hard: int) -> str:
    if used > hard:
        return "over"
    if resource in USED_UP:
        return "well"
    if 100 * used > TIGHT_PERCENT * hard:
        return "tight"
    return "filling" if 100 * used > FILLING_PERCENT * hard else "well"


def _nearest(of_sites: Mapping[int | None, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any] | None:
    """Return the resource of which the largest part is used, and of which site where there are several; None where nothing is counted."""
    lines = [{"resource": name, "site": site, **line} for site, lines in of_sites.items() for name, line in lines.items()]
    return max(lines, key=_urgency, default=None)


def _urgency(line: Mapping[str, Any]) -> tuple[bool, bool, float]:
    return line["state"] == "over", line["resource"] not in USED_UP, float(line["percent"])


def _state(namespaces: list[Object], lost: list[str], quota_of: Mapping[str, Object], parts: list[dict[str, dict[str, Any]]]) -> str:
    """Say in one word how a tenant is: the worst that is true of it."""
    staying = [one for one in namespaces if not is_going(one)]
    filled = {line["state"] for lines in parts for line in lines.values()}
    true = {
        "over": "over" in filled,
        "incomplete": bool(_bare(namespaces, quota_of) or lost) or len(_tier_labels(namespaces)) > 1,
        "tight": "tight" in filled,
        "filling": "filling" in filled,
        "going": len(staying) < len(namespaces),
    }
    return next((word for word, is_so in true.items() if is_so), "well")


def in_the_way(tenant: str, used: Mapping[str, int], sites: int, tier: Tier) -> list[Blocker]:
    """Return what a tenant uses beyond a tier, as far as its quotas count it.

    A preview of the playbook tenant looks at the largest pod and volume, at autoscalers and at what the caller counts, too.
    """
    where = _tenant_blockers.whole(tenant)
    many = [Blocker("sites", where, str(sites), str(tier["sites"]), "remove sites")] if sites > tier["sites"] else []
    quota: Mapping[str, int] = tier["quota"]  # type: ignore[assignment]
    return [*many, *_tenant_blockers.of_quota(where, used, quota)]


def fitting_tier(used: Mapping[str, int], sites: int, tiers: Mapping[str, Tier]) -> str | None:
    """Return the cheapest tier that allows what is used, of two at one price the first; None where none does."""
    fitting = {name: tier["price"]["monthly_cents"] for name, tier in tiers.items() if not in_the_way("", used, sites, tier)}
    return min(fitting, key=lambda name: fitting[name], default=None)


def _own(namespace: Object, used: Mapping[str, int], hard: Mapping[str, int], tiers: Mapping[str, Tier]) -> str | None:
    """Return a tenant's own tier where that has custom values and those allow what is used."""
    name = namespace["metadata"]["labels"].get("tier")
    return name if name in tiers and tiers[name]["custom"] and hard and not _over(used, hard) else None


def _problems(namespaces: list[Object], lost: list[str], quota_of: Mapping[str, Object]) -> list[str]:
    going = [one["metadata"]["name"] for one in namespaces if is_going(one)]
    tiers = _tier_labels(namespaces)
    mixed = [f"its namespaces are labelled with several tiers ({', '.join(tiers)}); run tier_quota again"] if len(tiers) > 1 else []
    return [
        *(f"namespace {name} is being deleted" for name in going),
        *(f"namespace {name} has lost the labels of its tenant; see who took them, and run tier_quota with take_over" for name in lost),
        *(f"namespace {name} has no quota of ours; run tier_quota again" for name in _bare(namespaces, quota_of)),
        *mixed,
    ]


def _bare(namespaces: list[Object], quota_of: Mapping[str, Object]) -> list[str]:
    """Return the namespaces that stay and have no quota of ours."""
    return [one["metadata"]["name"] for one in namespaces if not is_going(one) and one["metadata"]["name"] not in quota_of]


def _tier_labels(namespaces: list[Object]) -> list[str]:
    return sorted({str(one["metadata"]["labels"].get("tier")) for one in namespaces})


def _full(parts: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]]) -> list[str]:
    """Name the sites without room for a pod."""
    return [
        f"namespace {name} has used up its {resource} ({format_resource(resource, allowed)}); new pods are refused"
        for name, (used, hard) in (parts.items() if len(parts) > 1 else ())
        for resource, allowed in sorted(hard.items())
        if resource.rpartition(".")[2] in ("cpu", "memory", "pods") and used.get(resource, 0) >= allowed
    ]


def _over(used: Mapping[str, int], hard: Mapping[str, int]) -> list[str]:
    return [
        f"{resource}: {format_resource(resource, value)} used of {format_resource(resource, hard[resource])}; new pods are refused"
        for resource, value in sorted(used.items())
        if resource in hard and value > hard[resource]
    ]
