# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant uses, held against what its envelope will allow: blockers and the fit of its services.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _resources, _tenant_blockers, _tenant_objects
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_steps import is_ours
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import ServiceWish, TenantWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_blockers import Blocker
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fit import Service, fit
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import Contents, World


def blockers(wish: TenantWish, world: World, shrinking: Sequence[str], going: Iterable[str]) -> list[Blocker]:
    """Return everything that is in the way, all at once; empty when nothing is.

    Args:
        wish: what is asked for.
        world: what is there, with pods, claims and services of the namespaces that shrink or go.
        shrinking: namespaces that would get less than they have.
        going: namespaces that would be deleted.
    """
    found = [blocker for name in going for blocker in _alive(name, world)]
    if wish.state == "absent":
        return found
    envelope = wish.envelope
    allowed = envelope.tier["sites"]
    if envelope.sites > allowed:
        found.append(
            Blocker(
                "sites",
                _tenant_blockers.whole(envelope.tenant),
                str(envelope.sites),
                str(allowed),
                "declare fewer sites, or sell a larger tier",
            )
        )
    quotas = envelope.quotas()
    for site, name in envelope.namespaces().items():
        if name in shrinking:
            found += _in_namespace(envelope, world, site, quotas[site])
    if tier_before(envelope, world) != envelope.tier["name"]:
        found += _tenant_blockers.of_counts(envelope.tenant, wish.usage, allowances(envelope))
    return found


def over(wish: TenantWish, world: World) -> list[str]:
    """Return sentences about what the caller counted beyond a tier that does not change: the client has outgrown it."""
    envelope = wish.envelope
    if wish.state == "absent" or tier_before(envelope, world) != envelope.tier["name"]:
        return []
    found = _tenant_blockers.of_counts(envelope.tenant, wish.usage, allowances(envelope))
    return [f"{one.what}: {one.used} used, {one.allowed} allowed by {envelope.tier['name']}; time for a larger tier." for one in found]


def tier_before(envelope: Envelope, world: World) -> str | None:
    """Return the tier that the tenant's namespace is labelled with, None where there is none."""
    found = world.namespaces.get(envelope.namespace(1))
    if found is None or not is_ours(found):
        return None
    tier = (found["metadata"].get("labels") or {}).get("tier")
    return None if tier is None else str(tier)


def allowances(envelope: Envelope) -> dict[str, int | None]:
    """Return what a tier allows of what only the caller can count."""
    tier = envelope.tier
    buckets = {f"bucket {name}": bucket["quota"] for name, bucket in tier["object_storage"]["buckets"].items()}
    counts = {"domains": tier["domains"], "products": tier["products"], "concurrent_users": tier["concurrent_users"]}
    return {**counts, "orders_per_month": tier["orders_per_month"], **buckets}


def fit_of(wish: TenantWish, world: World) -> dict[str, Any] | None:
    """Return whether the services that are there and those that are declared fit; None where there are none."""
    declared = [_declared(service, wish.envelope) for service in wish.services]
    # What is declared and there already is what is declared: the next deploy brings it.
    names = {(one.name, one.site) for one in declared}
    known = [*(one for one in _found(wish.envelope, world) if (one.name, one.site) not in names), *declared]
    bounds: Mapping[str, Mapping[str, int]] = wish.envelope.tier["limits"]["Container"]  # type: ignore[assignment]
    return fit(known, wish.envelope.quotas(), bounds) if known else None


def _declared(service: ServiceWish, envelope: Envelope) -> Service:
    least, most = _replicas(envelope, service.name, service.replicas)
    return Service(service.name, service.site, service.pod, least, most, (service.pod,))


def _found(envelope: Envelope, world: World) -> Iterator[Service]:
    limits = {one["type"]: one for one in _tenant_objects.limit_range(envelope, 1)["spec"]["limits"]}
    for site, namespace in envelope.namespaces().items():
        for name, deployment in world.of(namespace).all(kinds.DEPLOYMENT).items():
            spec = _with_defaults(deployment["spec"]["template"]["spec"], limits.get("Container", {}))
            replicas = deployment["spec"].get("replicas")
            least, most = _replicas(envelope, name, 1 if replicas is None else int(replicas))
            containers = tuple(_resources.of_container(one) for one in [*spec["containers"], *spec["initContainers"]])
            yield Service(name, site, _resources.of_pod(spec), least, most, containers)


def _replicas(envelope: Envelope, name: str, replicas: int) -> tuple[int, int]:
    """Return how many pods a service has at least and at most; an autoscaler leaves one that is stopped (0) alone."""
    scaling = envelope.tier["autoscaling"]
    if name not in scaling["services"] or replicas == 0:
        return replicas, replicas
    return scaling["min_replicas"], scaling["max_replicas"]


def _with_defaults(spec: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod's spec as the LimitRange completes it at admission."""
    return {
        **spec,
        "containers": [_completed(one, container) for one in spec.get("containers") or []],
        "initContainers": [_completed(one, container) for one in spec.get("initContainers") or []],
    }


def _completed(container: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    given = container.get("resources") or {}
    limits, requests = dict(given.get("limits") or {}), dict(given.get("requests") or {})
    for resource in ("cpu", "memory"):
        if resource not in requests and resource in limits:
            requests[resource] = limits[resource]
    limits = {**(defaults.get("default") or {}), **limits}
    requests = {**(defaults.get("defaultRequest") or {}), **requests}
    return {**container, "resources": {"limits": limits, "requests": requests}}


def _in_namespace(envelope: Envelope, world: World, site: int, quota: Mapping[str, int]) -> list[Blocker]:
    name = envelope.namespace(site)
    contents = world.of(name)
    used = contents.quota_used(_tenant_objects.QUOTA_NAME)
    found: list[Blocker] = []
    scaling = envelope.tier["autoscaling"]
    for scaler in contents.all(kinds.AUTOSCALER).values():
        service = scaler["spec"]["scaleTargetRef"]["name"]
        if is_ours(scaler) and service in scaling["services"]:
            deployment = contents.all(kinds.DEPLOYMENT).get(service) or {"spec": {"replicas": 0}}
            wanted = deployment["spec"].get("replicas")
            replicas = 1 if wanted is None else int(wanted)
            too_many = _tenant_blockers.of_autoscaler(name, scaler, scaling["max_replicas"], replicas)
            if replicas <= int(scaler["spec"].get("minReplicas") or 1):
                # Nobody is there but the pods that the tier itself keeps ready; they go as soon as it keeps fewer.
                used = _without(used, _pod_of(deployment, contents), replicas - scaling["min_replicas"])
            else:
                found += too_many
    found = [*_tenant_blockers.of_quota(name, used, quota), *found]
    limits = _tenant_objects.limit_range(envelope, site)["spec"]["limits"]
    pods, claims = contents.all(kinds.POD).values(), contents.all(kinds.CLAIM).values()
    return [*found, *_tenant_blockers.of_limits(name, limits, pods, claims)]


def _pod_of(deployment: Mapping[str, Any], contents: Contents) -> _resources.Amounts:
    """Return what one pod of a Deployment counts for, with what the LimitRange that is there has filled in."""
    current = contents.all(kinds.LIMIT_RANGE).get(_tenant_objects.LIMITS_NAME) or {"spec": {"limits": []}}
    defaults: Mapping[str, Any] = next((one for one in current["spec"].get("limits") or [] if one["type"] == "Container"), {})
    template = deployment["spec"].get("template") or {"spec": {}}
    return _resources.of_pod(_with_defaults(template["spec"], defaults))


def _without(used: Mapping[str, int], pod: Mapping[str, int], count: int) -> _resources.Amounts:
    return {resource: max(0, value - max(0, count) * pod.get(resource, 0)) for resource, value in used.items()}


def _alive(namespace: str, world: World) -> list[Blocker]:
    """Return what would be lost with a namespace."""
    contents = world.of(namespace)
    pods = [pod for pod in contents.all(kinds.POD).values() if _resources.is_alive(pod)]
    # Scaled to nothing, a client's shop is still there, and so are the Secrets and settings that it needs.
    counts = {"pods": (len(pods), "stop what runs there")}
    for kind in (kinds.DEPLOYMENT, kinds.STATEFUL_SET, kinds.CRON_JOB):
        counts[kind.plural] = (len(contents.all(kind)), "delete what is not needed any more")
    counts[kinds.CLAIM.plural] = (len(contents.all(kinds.CLAIM)), "back up what is needed and delete the volumes")
    nothing = "0 in a namespace that goes"
    return [Blocker(what, namespace, str(count), nothing, remedy, loses=True) for what, (count, remedy) in counts.items() if count]
