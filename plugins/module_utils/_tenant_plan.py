# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a tenant's envelope: which objects come, change and go, and in which order.

PRIVATE: for this collection's own plugins, not a public interface.

The order is half of the matter (cloud-platform#1094). To grow: quota, limits, autoscalers, or the autoscaler asks for what is not allowed
yet. To shrink: limits, autoscalers, quota last, or the first pod that dies cannot come back. A namespace that shrinks comes before those
that grow, so that all of them together never have more than the tier. The label with the tier's name comes after everything else: where
a run was killed, it still says what the next one has to finish.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _resources, _tenant_objects
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Kind
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_plan import Conflict
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_steps import (
    Step,
    apply_step,
    delete_step,
    is_ours,
    set_of,
    settle,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import Object, World, is_going

# What is done when, within a namespace. Policies come first: nothing of a new tenant runs unguarded.
GROWING = kinds.ENVELOPE
SHRINKING = (*(kind for kind in kinds.ENVELOPE if kind is not kinds.QUOTA), kinds.QUOTA)


@dataclass(frozen=True)
class TenantPlan:
    """What would be done for a tenant.

    Attributes:
        steps: the requests, in their order.
        conflicts: fields that other managers own, by object.
        going: namespaces that are being deleted already and that should be.
    """

    steps: tuple[Step, ...] = ()
    conflicts: tuple[tuple[str, Conflict], ...] = ()
    going: tuple[str, ...] = ()


def plan_tenant(envelope: Envelope, world: World, *, reason: str | None = None, take_over: bool = False) -> TenantPlan:
    """Compare what a cluster has of a tenant with what it should have.

    Args:
        envelope: what should be.
        world: what is.
        reason: why it is made smaller than what is used, None where that is not forced.
        take_over: whether objects and fields of other managers are taken over.

    Raises:
        RefusedError: something of somebody else is in the way.
    """
    refuse_strangers(envelope, world, take_over=take_over)
    steps = list(_steps(envelope, world, set(shrinking_namespaces(envelope, world)), reason))
    settled, found = settle([(step, _current_of(step, world)) for step in steps], take_over=take_over)
    return TenantPlan(settled, found)


def plan_removal(envelope: Envelope, world: World) -> TenantPlan:
    """Return the deletion of all namespaces of a tenant; one that is going already needs none.

    Raises:
        RefusedError: a namespace with its name is somebody else's.
    """
    for name, found in sorted(world.namespaces.items()):
        if not is_ours(found):
            raise RefusedError(f"namespace {name} is not managed by this collection, so it is not deleted; see whose it is.")
        _refuse_another_tenants(envelope, name, found)
    steps = tuple(delete_step(kinds.NAMESPACE, one) for _name, one in sorted(world.namespaces.items()) if not is_going(one))
    return TenantPlan(steps, going=tuple(name for name, one in sorted(world.namespaces.items()) if is_going(one)))


def superfluous(envelope: Envelope, world: World) -> list[str]:
    """Return the namespaces of sites that are not declared any more. What a set of manifests made is no site, whatever it is called."""
    declared = set(envelope.namespaces().values())
    left = {name: found for name, found in world.namespaces.items() if name not in declared}
    return sorted(name for name, found in left.items() if is_ours(found) and set_of(found) is None and not is_going(found))


def shrinking_namespaces(envelope: Envelope, world: World) -> list[str]:
    """Return the namespaces that would get less of something than they have; one without a quota has everything."""
    found = []
    for site, name in envelope.namespaces().items():
        if name not in world.namespaces:
            continue
        current = world.of(name).all(kinds.QUOTA).get(_tenant_objects.QUOTA_NAME)
        hard = _resources.amounts(current["spec"].get("hard") or {}) if current else {}
        if any(value < hard.get(resource, value + 1) for resource, value in envelope.quotas()[site].items()):
            found.append(name)
            continue
        limits = world.of(name).all(kinds.LIMIT_RANGE).get(_tenant_objects.LIMITS_NAME)
        scalers = world.of(name).all(kinds.AUTOSCALER).values()
        if _limits_shrink(limits, envelope, site) or any(_scaler_shrinks(one, envelope) for one in scalers):
            found.append(name)
    return found


def _limits_shrink(current: Object | None, envelope: Envelope, site: int) -> bool:
    # Without one everything is allowed: what it comes back with may be too little for what runs.
    if current is None:
        return True
    limits = _tenant_objects.limit_range(envelope, site)["spec"]["limits"]
    return any(_is_narrower(bound, current["spec"].get("limits") or [], limits, sign) for bound, sign in (("max", 1), ("min", -1)))


def _is_narrower(bound: str, current: list[Object], wanted: list[Object], sign: int) -> bool:
    """Whether a bound of a LimitRange gets lower, or with a sign of -1 higher; one that is new bounds what had none."""
    before, after = ({one["type"]: _resources.amounts(one.get(bound) or {}) for one in side} for side in (current, wanted))
    pairs = [(value, before.get(kind, {}).get(resource)) for kind, bounds in after.items() for resource, value in bounds.items()]
    return any(old is None or sign * new < sign * old for new, old in pairs)


def _scaler_shrinks(current: Object, envelope: Envelope) -> bool:
    return is_ours(current) and int(current["spec"]["maxReplicas"]) > envelope.tier["autoscaling"]["max_replicas"]


def refuse_strangers(envelope: Envelope, world: World, *, take_over: bool) -> None:
    """Refuse a namespace that is another tenant's, somebody else's, or on its way out.

    Raises:
        RefusedError: the first of these.
    """
    for name in envelope.namespaces().values():
        found = world.namespaces.get(name)
        if found is None:
            continue
        _refuse_another_tenants(envelope, name, found)
        if is_going(found):
            raise RefusedError(f"namespace {name} is being deleted{why_it_stays(found)}; wait until it is gone, then run again.")
        if not is_ours(found) and not take_over:
            raise RefusedError(f"namespace {name} is there and not managed by this collection; to adopt it, give take_over: true.")


def _refuse_another_tenants(envelope: Envelope, name: str, found: Object) -> None:
    tenant = (found["metadata"].get("labels") or {}).get("tenant")
    if tenant is not None and tenant != envelope.tenant:
        raise RefusedError(f"tenant: namespace {name} belongs to tenant {tenant!r}; give {envelope.tenant!r} another id.")
    if set_of(found) is not None:
        raise RefusedError(
            f"tenant: namespace {name} belongs to the set of manifests {set_of(found)!r}; give {envelope.tenant!r} another id."
        )


def why_it_stays(namespace: Object) -> str:
    """Say what keeps a namespace from going, in the server's words."""
    conditions = (namespace.get("status") or {}).get("conditions") or []
    told = [str(one.get("message")) for one in conditions if one.get("status") == "True" and one.get("message")]
    finalizers = (namespace.get("spec") or {}).get("finalizers") or []
    return f" ({'; '.join(told)[:300]})" if told else f" (finalizers: {', '.join(finalizers)})" if finalizers else ""


def _steps(envelope: Envelope, world: World, shrinking: set[str], reason: str | None) -> Iterator[Step]:
    disk = _tenant_objects.storage_class(envelope)
    if disk is not None:
        yield from apply_step(kinds.STORAGE_CLASS, disk, world.storage_class, otherwise="leave classes alone with storage_class: false")
    sites = envelope.namespaces()
    new = [site for site, name in sites.items() if name not in world.namespaces]
    for site in new:
        yield from apply_step(kinds.NAMESPACE, _tenant_objects.namespace(envelope, site, reason), None)
    for site, name in sites.items():
        if name in shrinking:
            yield from _within(envelope, world, site, SHRINKING)
    # Nothing new can start in a namespace that goes, so that its part is free for the others from here on.
    for name in superfluous(envelope, world):
        yield delete_step(kinds.NAMESPACE, world.namespaces[name])
    for site, name in sites.items():
        if name not in shrinking:
            yield from _within(envelope, world, site, GROWING)
    for site, name in sites.items():
        if site not in new:
            kept = (world.namespaces[name]["metadata"].get("annotations") or {}).get(_tenant_objects.FORCE_REASON)
            yield from apply_step(kinds.NAMESPACE, _tenant_objects.namespace(envelope, site, reason or kept), world.namespaces[name])


def _within(envelope: Envelope, world: World, site: int, order: tuple[Kind, ...]) -> Iterator[Step]:
    """Yield the steps within a namespace: kind by kind, what is declared first, then what is ours and declared no more."""
    name = envelope.namespace(site)
    contents = world.of(name)
    declared = _tenant_objects.in_namespace(envelope, site, _scalable(envelope, world, site))
    for kind in order:
        wanted = {manifest["metadata"]["name"]: manifest for of, manifest in declared if of is kind}
        for manifest in wanted.values():
            yield from apply_step(kind, manifest, contents.all(kind).get(manifest["metadata"]["name"]))
        for left, found in sorted(contents.all(kind).items()):
            # What a set of manifests brought is pruned by that set.
            if left not in wanted and is_ours(found) and set_of(found) is None:
                yield delete_step(kind, found)


def _scalable(envelope: Envelope, world: World, site: int) -> list[str]:
    """Return the services that are there or to come, but those that somebody else scales: two autoscalers would work against each other."""
    namespace = envelope.namespace(site)
    taken = foreign_scalers(envelope, world, namespace)
    coming: set[str] = set()
    there = world.of(namespace).all(kinds.DEPLOYMENT)
    if envelope.services_set:
        coming = {name for of, name in envelope.services if of == site}
        there = {name: one for name, one in there.items() if set_of(one) != envelope.services_set}
    return [name for name in sorted({*there, *coming}) if name not in taken]


def foreign_scalers(envelope: Envelope, world: World, namespace: str) -> dict[str, str]:
    """Return the services that an autoscaler of somebody else scales, with its name."""
    found = {}
    for name, scaler in world.of(namespace).all(kinds.AUTOSCALER).items():
        target = scaler["spec"]["scaleTargetRef"]
        if not is_ours(scaler) and target["kind"] == "Deployment" and name != f"{target['name']}-hpa":
            found[str(target["name"])] = name
    return {service: name for service, name in found.items() if service in envelope.tier["autoscaling"]["services"]}


def _current_of(step: Step, world: World) -> Object | None:
    if step.kind is kinds.NAMESPACE:
        return world.namespaces.get(step.name)
    if step.kind is kinds.STORAGE_CLASS:
        return world.storage_class
    return world.of(str(step.namespace)).all(step.kind).get(step.name)
