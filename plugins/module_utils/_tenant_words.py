# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of tier_quota says.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity, _tenant_use
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import MANAGED_BY
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_plan import owns
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_steps import counts, is_ours, outcome_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TenantWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_blockers import Blocker
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fit import fit_words
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_plan import TenantPlan, foreign_scalers
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import World


def result(wish: TenantWish, world: World, plan: TenantPlan, *, preview: bool) -> dict[str, Any]:
    """Return the result of a run that was not refused."""
    envelope, present = wish.envelope, wish.state == "present"
    before = _tenant_use.tier_before(envelope, world)
    fits = _tenant_use.fit_of(wish, world) if present else None
    return {
        **outcome_of(plan.steps),
        "tenant": envelope.tenant,
        "tier": envelope.tier["name"] if present else None,
        "tier_before": before,
        "namespaces": list(envelope.namespaces().values()) if present else [],
        "quotas": _quotas(wish) if present else {},
        "fit": fits,
        "took_over": [f"{title} {conflict.field} from {conflict.manager}" for title, conflict in plan.conflicts],
        "warnings": [*_warnings(wish, world), *(fit_words(fits, envelope.tier["title"]) if fits else [])] if present else [],
        "summary": summary(wish, world, plan, preview=preview),
    }


def summary(wish: TenantWish, world: World, plan: TenantPlan, *, preview: bool) -> str:
    """Say in one sentence what changes, for the end of a run."""
    envelope = wish.envelope
    before = _tenant_use.tier_before(envelope, world)
    if not plan.steps:
        return f"{envelope.tenant}: nothing to change"
    told = counts(plan.steps, preview=preview)
    if wish.state == "absent":
        return f"{envelope.tenant}: {'would be' if preview else 'was'} removed from the cluster with {_namespaces(len(plan.steps))}"
    tier = envelope.tier["name"]
    verb = "would be" if preview else "is"
    if not world.namespaces:
        return f"{envelope.tenant}: {verb} a new tenant of tier {tier} ({told})"
    if before and before != tier:
        return f"{envelope.tenant}: {verb} moved from tier {before} to {tier} ({told})"
    return f"{envelope.tenant}: {verb} brought to what tier {tier} says ({told})"


def refusal(wish: TenantWish, found: list[Blocker]) -> str:
    """Say in one sentence everything that is in the way."""
    what = "be removed" if wish.state == "absent" else f"be of tier {wish.envelope.tier['name']} with {wish.envelope.sites} site(s)"
    told = "; ".join(one.words() for one in found)
    loses = any(one.loses for one in found)
    remedy = f"To do it all the same, give force: true and a reason{', and delete_data: true' if loses else ''}."
    return f"{wish.envelope.tenant} cannot {what}, {len(found)} thing(s) in the way: {told}. {remedy}"


def _namespaces(count: int) -> str:
    return "1 namespace" if count == 1 else f"{count} namespaces"


def _quotas(wish: TenantWish) -> dict[str, dict[str, str]]:
    envelope = wish.envelope
    return {
        envelope.namespace(site): {resource: _quantity.format_resource(resource, value) for resource, value in sorted(amounts.items())}
        for site, amounts in envelope.quotas().items()
    }


def _warnings(wish: TenantWish, world: World) -> list[str]:
    envelope = wish.envelope
    said = []
    for name in envelope.namespaces().values():
        for service, scaler in sorted(foreign_scalers(envelope, world, name).items()):
            said.append(
                f"{service} in {name} is scaled by HorizontalPodAutoscaler {scaler}, which is not ours; it gets none of ours beside it."
            )
        foreign = sorted(quota for quota, found in world.of(name).all(kinds.QUOTA).items() if not is_ours(found))
        if foreign:
            said.append(
                f"{name} has further quotas ({', '.join(foreign)}, without the label {MANAGED_BY} of ours); the strictest one counts."
            )
    return [*said, *_stopped(wish, world), *_tenant_use.over(wish, world)]


def _stopped(wish: TenantWish, world: World) -> list[str]:
    """Name the services that somebody has scaled to nothing: an autoscaler leaves them so, and nobody owns that number (kubectl scale)."""
    envelope = wish.envelope
    wanted = {(one.site, one.name) for one in wish.services if one.replicas == 0}
    return [
        f"{service} in {name} is stopped (replicas: 0), and its autoscaler leaves it so; start it with kubectl scale --replicas=1."
        for site, name in envelope.namespaces().items()
        for service, found in sorted(world.of(name).all(kinds.DEPLOYMENT).items())
        if service in envelope.tier["autoscaling"]["services"]
        and (site, service) not in wanted
        and (found.get("spec") or {}).get("replicas") == 0
        and not owns(found, "spec", "replicas")
    ]
