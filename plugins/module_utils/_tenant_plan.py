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

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_plan, _resources, _tenant_objects
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Kind
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_plan import Conflict
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import Change, Plan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope, Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import Object, World, is_going, is_ours

Action = Literal["create", "update", "delete"]

# What is done when, within a namespace. Policies come first: nothing of a new tenant runs unguarded.
GROWING = (kinds.NETWORK_POLICY, kinds.SERVICE_ACCOUNT, kinds.ROLE, kinds.ROLE_BINDING, kinds.QUOTA, kinds.LIMIT_RANGE, kinds.AUTOSCALER)
SHRINKING = (kinds.NETWORK_POLICY, kinds.SERVICE_ACCOUNT, kinds.ROLE, kinds.ROLE_BINDING, kinds.LIMIT_RANGE, kinds.AUTOSCALER, kinds.QUOTA)


@dataclass(frozen=True)
class Step:
    """One request that an apply makes.

    Attributes:
        action: what is done.
        kind: to an object of which kind.
        namespace: where it lives, None for what lives nowhere.
        name: its name.
        before: what is, of the fields that matter; None when it is not there.
        after: what would be; None when it would be gone.
        uid: of the object that was read, for a deletion.
        force: whether fields are taken over from other managers.
    """

    action: Action
    kind: Kind
    namespace: str | None
    name: str
    before: Mapping[str, Any] | None
    after: Manifest | None
    uid: str = ""
    force: bool = False

    def title(self) -> str:
        """The object as kubectl would name it."""
        return f"{self.kind.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind.kind} {self.name}"

    def change(self) -> Change:
        """The step as one change of a plan."""
        return Change(self.action, self.title(), self.before, self.after)


@dataclass(frozen=True)
class TenantPlan:
    """What would be done for a tenant.

    Attributes:
        steps: the requests, in their order.
        shrinking: namespaces that get less of something than they have.
        conflicts: fields that other managers own, by object.
    """

    steps: tuple[Step, ...] = ()
    shrinking: tuple[str, ...] = ()
    conflicts: tuple[tuple[str, Conflict], ...] = ()

    @property
    def plan(self) -> Plan:
        """The same as changes, for diffs and the digest."""
        return Plan(tuple(step.change() for step in self.steps))


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
    shrinking = shrinking_namespaces(envelope, world)
    steps = list(_steps(envelope, world, set(shrinking), reason))
    found = [(step, conflict) for step in steps for conflict in _conflicts_of(step, world)]
    if found and not take_over:
        raise RefusedError(_conflict_words(found), conflicts=_public(found))
    forced = {step.title() for step, _conflict in found}
    return TenantPlan(
        tuple(_forced(step) if take_over and step.title() in forced else step for step in steps),
        tuple(shrinking),
        tuple((step.title(), conflict) for step, conflict in found),
    )


def plan_removal(envelope: Envelope, world: World) -> TenantPlan:
    """Return the deletion of all namespaces of a tenant; one that is going already needs none.

    Raises:
        RefusedError: a namespace with its name is somebody else's.
    """
    strangers = [name for name in envelope.namespaces().values() if name in world.namespaces and not is_ours(world.namespaces[name])]
    if strangers:
        raise RefusedError(f"namespace {strangers[0]} is not managed by this collection, so it is not deleted; see whose it is.")
    return TenantPlan(
        tuple(_delete(kinds.NAMESPACE, one) for name, one in sorted(world.namespaces.items()) if is_ours(one) and not is_going(one))
    )


def superfluous(envelope: Envelope, world: World) -> list[str]:
    """Return the namespaces of sites that are not declared any more."""
    declared = set(envelope.namespaces().values())
    return sorted(name for name, found in world.namespaces.items() if name not in declared and is_ours(found) and not is_going(found))


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
    if current is None:
        return False
    before = {one["type"]: _resources.amounts(one.get("max") or {}) for one in current["spec"]["limits"]}
    after = {one["type"]: _resources.amounts(one.get("max") or {}) for one in _tenant_objects.limit_range(envelope, site)["spec"]["limits"]}
    return any(value < before.get(kind, {}).get(resource, value) for kind, bounds in after.items() for resource, value in bounds.items())


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
        tenant = (found["metadata"].get("labels") or {}).get("tenant")
        if tenant is not None and tenant != envelope.tenant:
            raise RefusedError(f"tenant: namespace {name} belongs to tenant {tenant!r}; give {envelope.tenant!r} another id.")
        if is_going(found):
            raise RefusedError(f"namespace {name} is being deleted{why_it_stays(found)}; wait until it is gone, then run again.")
        if not is_ours(found) and not take_over:
            raise RefusedError(f"namespace {name} is there and not managed by this collection; to adopt it, give take_over: true.")


def why_it_stays(namespace: Object) -> str:
    """Say what keeps a namespace from going, in the server's words."""
    conditions = (namespace.get("status") or {}).get("conditions") or []
    told = [str(one.get("message")) for one in conditions if one.get("status") == "True" and one.get("message")]
    finalizers = (namespace.get("spec") or {}).get("finalizers") or []
    return f" ({'; '.join(told)[:300]})" if told else f" (finalizers: {', '.join(finalizers)})" if finalizers else ""


def _steps(envelope: Envelope, world: World, shrinking: set[str], reason: str | None) -> Iterator[Step]:
    disk = _tenant_objects.storage_class(envelope)
    if disk is not None:
        yield from _storage_class(disk, world.storage_class)
    sites = envelope.namespaces()
    new = [site for site, name in sites.items() if name not in world.namespaces]
    for site in new:
        yield from _apply(kinds.NAMESPACE, _tenant_objects.namespace(envelope, site, reason), None)
    for site, name in sorted(sites.items(), key=lambda item: item[1] not in shrinking):
        yield from _within(envelope, world, site, SHRINKING if name in shrinking else GROWING)
    for site, name in sites.items():
        if site not in new:
            kept = (world.namespaces[name]["metadata"].get("annotations") or {}).get(_tenant_objects.FORCE_REASON)
            yield from _apply(kinds.NAMESPACE, _tenant_objects.namespace(envelope, site, reason or kept), world.namespaces[name])
    for name in superfluous(envelope, world):
        yield _delete(kinds.NAMESPACE, world.namespaces[name])


def _within(envelope: Envelope, world: World, site: int, order: tuple[Kind, ...]) -> Iterator[Step]:
    """Yield the steps within a namespace: kind by kind, what is declared first, then what is ours and declared no more."""
    name = envelope.namespace(site)
    contents = world.of(name)
    declared = _tenant_objects.in_namespace(envelope, site, _scalable(envelope, world, name))
    for kind in order:
        wanted = {manifest["metadata"]["name"]: manifest for of, manifest in declared if of is kind}
        for manifest in wanted.values():
            yield from _apply(kind, manifest, contents.all(kind).get(manifest["metadata"]["name"]))
        for left, found in sorted(contents.all(kind).items()):
            if left not in wanted and is_ours(found):
                yield _delete(kind, found)


def _scalable(envelope: Envelope, world: World, namespace: str) -> list[str]:
    """Return the services that are there and that nobody else scales: two autoscalers of one Deployment work against each other."""
    taken = foreign_scalers(envelope, world, namespace)
    return [name for name in world.services(namespace) if name not in taken]


def foreign_scalers(envelope: Envelope, world: World, namespace: str) -> dict[str, str]:
    """Return the services that an autoscaler of somebody else scales, with its name."""
    found = {}
    for name, scaler in world.of(namespace).all(kinds.AUTOSCALER).items():
        target = scaler["spec"]["scaleTargetRef"]
        if not is_ours(scaler) and target["kind"] == "Deployment" and name != f"{target['name']}-hpa":
            found[str(target["name"])] = name
    return {service: name for service, name in found.items() if service in envelope.tier["autoscaling"]["services"]}


def _storage_class(wanted: Manifest, current: Object | None) -> Iterator[Step]:
    for step in _apply(kinds.STORAGE_CLASS, wanted, current):
        fixed = [key for key in ("provisioner", "parameters", "volumeBindingMode") if step.before and step.before.get(key) != wanted[key]]
        if fixed:
            raise RefusedError(
                f"StorageClass {step.name}: {', '.join(fixed)} differ from the tier's, and Kubernetes never changes them; delete the class"
                " (its volumes stay) and run again, or leave it alone with storage_class: false."
            )
        yield step


def _apply(kind: Kind, manifest: Manifest, current: Object | None) -> Iterator[Step]:
    before, after = _kubernetes_plan.before_and_after(current, manifest)
    if before != after:
        meta = manifest["metadata"]
        yield Step("create" if current is None else "update", kind, meta.get("namespace"), meta["name"], before, after)


def _delete(kind: Kind, current: Object) -> Step:
    meta = current["metadata"]
    before = {
        "apiVersion": kind.api,
        "kind": kind.kind,
        "metadata": {key: meta[key] for key in ("name", "namespace", "labels") if key in meta},
    }
    return Step("delete", kind, meta.get("namespace"), meta["name"], before, None, uid=str(meta["uid"]))


def _forced(step: Step) -> Step:
    return Step(step.action, step.kind, step.namespace, step.name, step.before, step.after, step.uid, force=True)


def _conflicts_of(step: Step, world: World) -> Iterator[Conflict]:
    """Yield what an update would be refused for, and one more where the object as a whole is somebody else's."""
    current = _current_of(step, world)
    if step.action != "update" or current is None or step.after is None:
        return
    if not is_ours(current) and step.kind is not kinds.NAMESPACE:
        yield Conflict(f".metadata.labels.{_tenant_objects.MANAGED_BY}", "somebody else", None, "ours")
    yield from _kubernetes_plan.conflicts(current, step.after)


def _current_of(step: Step, world: World) -> Object | None:
    if step.kind is kinds.NAMESPACE:
        return world.namespaces.get(step.name)
    if step.kind is kinds.STORAGE_CLASS:
        return world.storage_class
    return world.of(str(step.namespace)).all(step.kind).get(step.name)


def _conflict_words(found: Iterable[tuple[Step, Conflict]]) -> str:
    told = [f"{step.title()} {conflict.field} (owned by {conflict.manager}, is {conflict.value!r})" for step, conflict in found]
    more = f" and {len(told) - 5} more" if len(told) > 5 else ""
    return f"other managers own what would change: {'; '.join(told[:5])}{more}. To take these fields over, give take_over: true."


def _public(found: Iterable[tuple[Step, Conflict]]) -> list[dict[str, Any]]:
    return [
        {"object": step.title(), "field": one.field, "manager": one.manager, "value": one.value, "wanted": one.wanted}
        for step, one in found
    ]
