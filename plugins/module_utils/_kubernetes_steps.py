# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a plan on a cluster: made without writing, and then taken one by one.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_plan, _plan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import (
    FIELD_MANAGER,
    MANAGED_BY,
    SET_LABEL,
    Api,
    Kind,
    KubernetesError,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_plan import Conflict
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import Change, Plan

Action = Literal["create", "update", "delete"]
Manifest = dict[str, Any]
Object = dict[str, Any]

# Of what Kubernetes never changes: what it keeps where a manifest says nothing of it any more, and what it puts there then.
KEPT = frozenset({"spec.clusterIP", "spec.dataSource"})
DEFAULTS = {
    "reclaimPolicy": "Delete",
    "spec.completionMode": "NonIndexed",
    "spec.podManagementPolicy": "OrderedReady",
    "spec.volumeMode": "Filesystem",
    "volumeBindingMode": "Immediate",
}


@dataclass(frozen=True)
class Step:
    """One request that an apply makes.

    Attributes:
        action: what is done.
        kind: to an object of which kind.
        namespace: where it is, None for what is in no namespace.
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
        return self.kind.title(self.namespace, self.name)

    def change(self) -> Change:
        """The step as one change of a plan."""
        return Change(self.action, self.title(), self.before, self.after)


def outcome_of(steps: Iterable[Step]) -> dict[str, Any]:
    """Return what the result of every module that takes steps begins with."""
    whole = Plan(tuple(step.change() for step in steps))
    return {"changed": whole.changed, "actions": whole.actions(), "diff": whole.diff(), "digest": whole.digest()}


def counts(steps: Iterable[Step], *, preview: bool) -> str:
    """Count steps in words: ``2 to create, 1 to delete``; empty when there are none."""
    return _plan.counts((step.action for step in steps), preview=preview)


def is_ours(found: Mapping[str, Any]) -> bool:
    """Whether an object carries our label."""
    return ((found.get("metadata") or {}).get("labels") or {}).get(MANAGED_BY) == FIELD_MANAGER


def set_of(found: Mapping[str, Any]) -> str | None:
    """Return the set of manifests that an object belongs to, None where it belongs to none."""
    return ((found.get("metadata") or {}).get("labels") or {}).get(SET_LABEL)


def apply_step(kind: Kind, manifest: Manifest, current: Object | None, *, otherwise: str = "") -> Iterator[Step]:
    """Yield the step that brings an object to its manifest; nothing where it is as it should be.

    Args:
        kind: of what.
        manifest: what should be.
        current: what is, None where nothing is.
        otherwise: a further remedy where something would change that Kubernetes never changes.

    Raises:
        RefusedError: it is on its way out, and would be gone a moment after it was found as it should be; or it can never become that.
    """
    before, after = _kubernetes_plan.before_and_after(current, manifest)
    meta = manifest["metadata"]
    if current is not None and (current.get("metadata") or {}).get("deletionTimestamp"):
        waits = ", ".join(current["metadata"].get("finalizers") or []) or "its grace period"
        raise RefusedError(f"{kind.kind} {meta['name']} is being deleted (waits for {waits}); wait until it is gone, then run again.")
    if before != after:
        if current is not None and before is not None:
            _refuse_fixed(kind, current, before, after, otherwise)
            _refuse_emptied(kind, current, after)
        yield Step("create" if current is None else "update", kind, meta.get("namespace"), meta["name"], before, after)


def _refuse_fixed(kind: Kind, current: Object, before: Mapping[str, Any], after: Mapping[str, Any], otherwise: str) -> None:
    """Refuse a change that the server would refuse in the middle of an apply.

    Raises:
        RefusedError: a field that is there would get another value or none, and Kubernetes never gives it another.
    """
    found = [path for path in _fixed(kind, current) if _would_change(path, _at(before, path), _at(after, path))]
    if found:
        meta, fields = current["metadata"], " and ".join(found)
        loss = f" ({kind.lost})" if kind.lost else ""
        more = f", or {otherwise}" if otherwise else ""
        raise RefusedError(
            f"{kind.title(meta.get('namespace'), meta['name'])}: {fields} would change, and Kubernetes never changes that in"
            f" what is there; declare it as it is, or delete it{loss} and run again{more}."
        )


def _fixed(kind: Kind, current: Object) -> list[str]:
    """Return the paths that Kubernetes will not change in this very object."""
    spec = current.get("spec") or {}
    if spec.get("suspend") is True:
        # A Job that is suspended has not begun, and much of it may change still.
        return []
    found = [*kind.fixed, *(("binaryData", "data", "immutable") if current.get("immutable") is True else ())]
    if kind is kinds.CLAIM and (current.get("status") or {}).get("phase") != "Bound":
        found.append("spec.resources.requests.storage")
    if kind is kinds.JOB and spec.get("completionMode") != "Indexed":
        found.append("spec.completions")
    return found


def _would_change(path: str, is_now: Any, wanted: Any) -> bool:
    if wanted is None:
        # Left out: the server keeps it, or gives it its default, which may be what it has.
        return bool(is_now) and path not in KEPT and DEFAULTS.get(path) != is_now
    return is_now is not None and is_now != wanted


def _refuse_emptied(kind: Kind, current: Object, after: Mapping[str, Any]) -> None:
    """Refuse another change that the server would refuse in the middle of an apply.

    Raises:
        RefusedError: a map of a custom resource would stay, and nothing in it.
    """
    found = _kubernetes_plan.emptied(current, after)
    if found:
        meta = current["metadata"]
        raise RefusedError(
            f"{kind.title(meta.get('namespace'), meta['name'])}: {' and '.join(found)} would become empty, and the API server lets"
            " no apply empty a map of a custom resource; leave it out as a whole, say one value in it, or delete the object and run again."
        )


def _at(found: Any, path: str) -> Any:
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def delete_step(kind: Kind, current: Object) -> Step:
    """Return the step that deletes the very object that was read."""
    meta = current["metadata"]
    shown = {key: meta[key] for key in ("name", "namespace", "labels") if key in meta}
    before = {"apiVersion": kind.api, "kind": kind.kind, "metadata": shown}
    return Step("delete", kind, meta.get("namespace"), meta["name"], before, None, uid=str(meta["uid"]))


def settle(pairs: Sequence[tuple[Step, Object | None]], *, take_over: bool) -> tuple[tuple[Step, ...], tuple[tuple[str, Conflict], ...]]:
    """Find what other managers own, and refuse it or take it over.

    Args:
        pairs: what is to be done, each with the object as it was read.
        take_over: whether fields and objects of other managers are taken over.

    Returns:
        The steps, forced where things are to be taken over, and what is.

    Raises:
        RefusedError: something is in the way and is not to be taken over.
    """
    found = [(step, conflict) for step, current in pairs for conflict in _conflicts_of(step, current)]
    if found and not take_over:
        raise RefusedError(_conflict_words(found), conflicts=_public(found))
    # All of them: the server may see a conflict that cannot be told from outside, and who takes over wants that, too.
    settled = tuple(dataclasses.replace(step, force=take_over) for step, _current in pairs)
    return settled, tuple((step.title(), conflict) for step, conflict in found)


def execute(api: Api, steps: Sequence[Step]) -> None:
    """Take the steps, in order; where one fails, say how far it came.

    Raises:
        BlueGreenError: a step failed; ``done`` of its facts names those before it.
    """
    done: list[str] = []
    for step in steps:
        try:
            if step.after is None:
                api.delete(step.kind, step.namespace, step.name, step.uid)
            else:
                api.apply(step.kind, step.after, force=step.force)
        except Exception as error:
            raise _stopped(error, step, done, len(steps)) from None
        done.append(f"{step.action} {step.title()}")


def _stopped(error: Exception, step: Step, done: list[str], whole: int) -> BlueGreenError:
    """Say how far it came. Only a refusal (4xx) says that the last step was not done; after anything else that is not known."""
    sentence = error.sentence if isinstance(error, BlueGreenError) else f"{step.action} {step.title()}: failed ({type(error).__name__})."
    facts = error.facts if isinstance(error, BlueGreenError) else {}
    refused = isinstance(error, KubernetesError) and 400 <= error.status < 500
    far = f"{len(done)} of {whole} steps were done and stay; run again to finish." if done else "Nothing was changed."
    if not refused:
        far = f"Whether this step was done is not known, {len(done)} of {whole} were before it; run again to finish."
    return BlueGreenError(f"{sentence} {far}", **{**facts, "done": done, "changed": bool(done) or not refused})


def validate(api: Api, steps: Sequence[Step], to_come: Iterable[str] = ()) -> list[str]:
    """Let the server check what an apply would send, where it can.

    Args:
        api: the cluster.
        steps: what an apply would send.
        to_come: namespaces that the same run makes before and that may be there already: one request each tells.

    Returns:
        Sentences about what it could not check.

    Raises:
        BlueGreenError: it would refuse a step, or lets this user check nothing.
    """
    coming = {step.name for step in steps if step.kind is kinds.NAMESPACE and step.action == "create"}
    used = {step.namespace for step in steps}
    coming |= {name for name in sorted(set(to_come) - coming) if name in used and api.get(kinds.NAMESPACE, None, name) is None}
    skipped = [step for step in steps if step.namespace in coming]
    for step in steps:
        if step.after is None or step.namespace in coming:
            continue
        try:
            api.apply(step.kind, step.after, force=step.force, dry_run=True)
        except KubernetesError as error:
            if not error.missing_verb:
                raise
            raise RefusedError(
                f"validate: server needs the rights of an apply, for Kubernetes lets only those who may write try it out; {error.sentence}"
                " Leave validate at client to preview with the right to read."
            ) from None
    told = "1 object was not validated by the server, for its namespace is not there yet."
    if len(skipped) > 1:
        told = f"{len(skipped)} objects were not validated by the server, for their namespace is not there yet."
    return [told] if skipped else []


def _conflicts_of(step: Step, current: Object | None) -> Iterator[Conflict]:
    """Yield what an update would be refused for, and one more where the object as a whole is somebody else's."""
    if step.action != "update" or current is None or step.after is None:
        return
    if not is_ours(current) and step.kind is not kinds.NAMESPACE:
        yield Conflict(f".metadata.labels.{MANAGED_BY}", "somebody else", None, FIELD_MANAGER)
    elif set_of(current) not in (None, set_of(step.after)):
        yield Conflict(f".metadata.labels.{SET_LABEL}", f"the set {set_of(current)}", set_of(current), set_of(step.after))
    yield from _kubernetes_plan.conflicts(current, step.after)


def _conflict_words(found: Sequence[tuple[Step, Conflict]]) -> str:
    told = [f"{step.title()} {conflict.field} (owned by {conflict.manager}, is {conflict.value!r})" for step, conflict in found]
    more = f" and {len(told) - 5} more" if len(told) > 5 else ""
    return f"other managers own what would change: {'; '.join(told[:5])}{more}. To take these fields over, give take_over: true."


def _public(found: Iterable[tuple[Step, Conflict]]) -> list[dict[str, Any]]:
    return [{"object": step.title(), **dataclasses.asdict(one)} for step, one in found]
