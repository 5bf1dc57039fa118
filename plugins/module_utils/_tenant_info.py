# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tenants use of what they have.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _resources
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import Tier
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER, MANAGED_BY, Api
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import opened
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._quantity import format_resource
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TENANT_SPEC, check_tenant
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import FORCE_REASON, QUOTA_NAME, is_site_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import Object, is_going
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import known_tiers

INFO_SPEC: dict[str, Any] = {
    **TENANT_SPEC,
    "tenant": {"type": "str"},
    "tiers_extra": {"type": "dict", "default": {}},
}


def run(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:  # noqa: ARG001 - a core's signature; reading is the same in both
    """Tell what tenants use.

    Args:
        params: the options of ``INFO_SPEC``.
        check_mode: makes no difference.

    Raises:
        BlueGreenError: the cluster cannot be read, or an option cannot work.
    """
    tiers = known_tiers(params["tiers_extra"])
    # Only a site's namespace has a tenant; one that a set of manifests made beside it (a database's) has none.
    selector = f"{MANAGED_BY}={FIELD_MANAGER},tenant"
    if params["tenant"] is not None:
        check_tenant(params["tenant"], params["namespace_prefix"])
        selector += f",tenant={params['tenant']}"
    with opened(params) as access:
        api = Api(access, timeout=params["request_timeout"])
        namespaces = api.list_all(kinds.NAMESPACE, labels=selector)
        quotas = api.list_all(kinds.QUOTA, labels=selector)
    prefix = params["namespace_prefix"]
    namespaces = [one for one in namespaces if is_site_of(one["metadata"]["labels"]["tenant"], prefix, one["metadata"]["name"])]
    return {"changed": False, "tenants": tenants(namespaces, quotas, tiers), "requests": dict(sorted(api.requests.items()))}


def tenants(namespaces: Iterable[Object], quotas: Iterable[Object], tiers: Mapping[str, Tier]) -> list[dict[str, Any]]:
    """Gather namespaces and quotas into one entry per tenant, sorted by id.

    Args:
        namespaces: those with our label.
        quotas: those with our label, of any namespace.
        tiers: all that are known, from the smallest to the largest.
    """
    quota_of = {one["metadata"]["namespace"]: one for one in quotas if one["metadata"]["name"] == QUOTA_NAME}
    by_tenant: dict[str, list[Object]] = {}
    for found in namespaces:
        by_tenant.setdefault(str(found["metadata"]["labels"].get("tenant", "")), []).append(found)
    known = {found["metadata"]["name"] for of_one in by_tenant.values() for found in of_one}
    lost: dict[str, list[str]] = {}
    for namespace, quota in sorted(quota_of.items()):
        owner = (quota["metadata"].get("labels") or {}).get("tenant")
        if namespace not in known and owner is not None:
            lost.setdefault(str(owner), []).append(namespace)
    return [_tenant(name, by_tenant.get(name, []), lost.get(name, []), quota_of, tiers) for name in sorted({*by_tenant, *lost})]


def _tenant(
    name: str, namespaces: list[Object], lost: list[str], quota_of: Mapping[str, Object], tiers: Mapping[str, Tier]
) -> dict[str, Any]:
    names = sorted(one["metadata"]["name"] for one in namespaces)
    first: Object = min(namespaces, key=lambda one: len(one["metadata"]["name"]), default={"metadata": {"labels": {}}})
    quotas = [quota_of[one] for one in names if one in quota_of]
    hard = _resources.total(_resources.amounts(one["spec"].get("hard") or {}) for one in quotas)
    used = _resources.total(_resources.amounts((one.get("status") or {}).get("used") or {}) for one in quotas)
    reasons = {(one["metadata"].get("annotations") or {}).get(FORCE_REASON) for one in namespaces} - {None}
    return {
        "tenant": name,
        "tier": first["metadata"]["labels"].get("tier"),
        "sites": len(namespaces),
        "namespaces": names,
        "resources": {resource: _line(resource, used.get(resource, 0), allowed) for resource, allowed in sorted(hard.items())},
        "fitting_tier": fitting_tier(used, len(namespaces), tiers),
        "forced": sorted(str(reason) for reason in reasons),
        "problems": [*_problems(namespaces, lost, quota_of), *_over(used, hard), *_full(quotas)],
    }


def _line(resource: str, used: int, hard: int) -> dict[str, Any]:
    return {
        "used": format_resource(resource, used),
        "hard": format_resource(resource, hard),
        "headroom": format_resource(resource, max(0, hard - used)),
        "percent": round(100 * used / hard, 1) if hard else (100.0 if used else 0.0),
    }


def fitting_tier(used: Mapping[str, int], sites: int, tiers: Mapping[str, Tier]) -> str | None:
    """Return the first tier that allows what is used, None where none does."""
    for name, tier in tiers.items():
        quota: Mapping[str, int] = tier["quota"]  # type: ignore[assignment]
        if sites <= tier["sites"] and all(value <= quota.get(resource, value) for resource, value in used.items()):
            return name
    return None


def _problems(namespaces: list[Object], lost: list[str], quota_of: Mapping[str, Object]) -> list[str]:
    going = [one["metadata"]["name"] for one in namespaces if is_going(one)]
    bare = [one["metadata"]["name"] for one in namespaces if not is_going(one) and one["metadata"]["name"] not in quota_of]
    tiers = {one["metadata"]["labels"].get("tier") for one in namespaces}
    mixed = (
        [f"its namespaces are labelled with several tiers ({', '.join(sorted(map(str, tiers)))}); run tier_quota again"]
        if len(tiers) > 1
        else []
    )
    return [
        *(f"namespace {name} is being deleted" for name in going),
        *(f"namespace {name} has lost the labels of its tenant; see who took them, and run tier_quota with take_over" for name in lost),
        *(f"namespace {name} has no quota of ours; run tier_quota again" for name in bare),
        *mixed,
    ]


def _full(quotas: list[Object]) -> list[str]:
    """Name the sites without room: the sums of a tenant may look half empty. Volumes and load balancers are meant to be used up."""
    found = []
    for quota in quotas if len(quotas) > 1 else ():
        used = _resources.amounts((quota.get("status") or {}).get("used") or {})
        for resource, hard in sorted(_resources.amounts(quota["spec"].get("hard") or {}).items()):
            if resource.rpartition(".")[2] in ("cpu", "memory", "pods") and used.get(resource, 0) >= hard:
                name = quota["metadata"]["namespace"]
                found.append(f"namespace {name} has used up its {resource} ({format_resource(resource, hard)}); new pods are refused")
    return found


def _over(used: Mapping[str, int], hard: Mapping[str, int]) -> list[str]:
    return [
        f"{resource}: {format_resource(resource, value)} used of {format_resource(resource, hard[resource])}; new pods are refused"
        for resource, value in sorted(used.items())
        if resource in hard and value > hard[resource]
    ]
