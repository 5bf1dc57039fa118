# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of manifests from start to end, in preview and in apply.

PRIVATE: for this collection's own plugins, not a public interface.

Why not ``kubernetes.core.k8s``: its check mode is a dry run on the server, which needs the right to write, and it prunes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _manifests_wait
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, RefusedError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import (
    FIELD_MANAGER,
    MANAGED_BY,
    SET_LABEL,
    Api,
    Kind,
    KubernetesError,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import KUBERNETES_SPEC, opened
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import LIMIT_RANGE, MANIFEST_KINDS, NAMESPACE
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_names import DNS_LABEL, LABEL_VALUE
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_plan import owns
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_steps import (
    Manifest,
    Object,
    Step,
    apply_step,
    counts,
    delete_step,
    execute,
    is_ours,
    outcome_of,
    set_of,
    settle,
    validate,
)

MANIFESTS_SPEC: Final[dict[str, Any]] = {
    "set": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "manifests": {"type": "list", "elements": "dict", "default": []},
    "namespaces": {"type": "list", "elements": "str", "default": []},
    "kinds": {"type": "list", "elements": "str", "default": []},
    "namespaces_to_come": {"type": "list", "elements": "str", "default": []},
    "missing_crd": {"type": "str", "choices": ["skip", "fail"], "default": "skip"},
    "take_over": {"type": "bool", "default": False},
    "validate": {"type": "str", "choices": ["client", "server"], "default": "client"},
    "wait_seconds": {"type": "int", "default": 0},
    "with_namespaces": {"type": "bool", "default": False},
    **KUBERNETES_SPEC,
}


@dataclass(frozen=True)
class Wanted:
    """A manifest with its kind, ready to be applied."""

    kind: Kind
    manifest: Manifest

    @property
    def place(self) -> tuple[str, str]:
        """Namespace and name."""
        meta = self.manifest["metadata"]
        return str(meta.get("namespace", "")), str(meta["name"])

    def title(self) -> str:
        """The object as it is named to people."""
        return self.kind.title(*self.place)


def run(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Bring a set of manifests onto a cluster, or tell what that would change.

    Args:
        params: the options of ``MANIFESTS_SPEC``, validated.
        check_mode: whether to read only.

    Raises:
        BlueGreenError: nothing was changed, or its facts say what was.
    """
    _manifests_wait.check_wait(params["wait_seconds"])
    wanted, going = wanted_of(params), _with_namespaces(params)
    places = places_of(params, wanted)
    with opened(params) as access:
        return _run(Api(access, timeout=params["request_timeout"]), params, wanted, places, going, check_mode=check_mode)


def _run(
    api: Api,
    params: Mapping[str, Any],
    wanted: list[Wanted],
    places: list[tuple[Kind, str | None]],
    going: frozenset[str],
    *,
    check_mode: bool,
) -> dict[str, Any]:
    found, missing = read(api, places)
    if missing and params["missing_crd"] == "fail":
        raise InputError(f"manifests: the cluster does not know {', '.join(sorted(missing))}; install its definition (CRD) first.")
    present = params["state"] == "present"
    known = [one for one in wanted if present and one.kind.full_name not in missing]
    steps, taken = plan(params["set"], known, found, take_over=params["take_over"], with_namespaces=going)
    _refuse_nowhere(api, steps, {namespace for _kind, namespace, _name in found} | set(params["namespaces_to_come"]))
    warnings = (
        [f"{', '.join(sorted(missing))}: not known to the cluster, so nothing of it is applied; install its definition (CRD)."]
        # Where all of a set goes, there is nothing to apply.
        if missing and present
        else []
    )
    result = {
        **outcome_of(steps),
        "summary": f"{params['set']}: {counts(steps, preview=check_mode) or 'nothing to change'}",
        "left_out": [one.title() for one in wanted if present and one.kind.full_name in missing],
        "took_over": [f"{title} {conflict.field} from {conflict.manager}" for title, conflict in taken],
        "warnings": warnings,
    }
    if not check_mode:
        execute(api, steps)
        _manifests_wait.wait(api, [(one.kind, *one.place) for one in known], params["wait_seconds"])
        # Also one that an earlier run sent away: that may have been killed while it waited.
        ours = [one for (kind, _namespace, name), one in sorted(found.items()) if kind == NAMESPACE.full_name and name in going]
        gone = {step.name for step in steps if step.kind is NAMESPACE and step.action == "delete"}
        gone |= {one["metadata"]["name"] for one in ours if is_ours(one) and set_of(one) == params["set"] and is_going(one)}
        _manifests_wait.await_gone(api, [(NAMESPACE, name) for name in sorted(gone)], params["wait_seconds"])
    elif params["validate"] == "server":
        result["warnings"] += validate(api, steps, set(params["namespaces_to_come"]) - {namespace for _kind, namespace, _name in found})
    return {**result, "requests": dict(sorted(api.requests.items()))}


def _with_namespaces(params: Mapping[str, Any]) -> frozenset[str]:
    """Return the namespaces that go with their set: those that are named among the manifests, and no others.

    Raises:
        InputError: that is said of a set that is to be there.
    """
    if params["with_namespaces"] and params["state"] == "present":
        raise InputError("with_namespaces: true is for state: absent; take one of the two out.")
    if not params["with_namespaces"]:
        return frozenset()
    return frozenset(str(one["metadata"]["name"]) for one in params["manifests"] if one.get("kind") == NAMESPACE.kind)


def wanted_of(params: Mapping[str, Any]) -> list[Wanted]:
    """Check the manifests and label them.

    Raises:
        InputError: one cannot be applied, or not with this name of the set.
    """
    if not LABEL_VALUE.fullmatch(params["set"]):
        raise InputError(
            f"set: {quoted(params['set'])} is no label value; use up to 63 letters, digits, dots, hyphens and underscores, none of these"
            " three at an end."
        )
    found: list[Wanted] = []
    for number, given in enumerate(params["manifests"]):
        one = _wanted(number, given, params["set"])
        if any(one.kind is other.kind and one.place == other.place for other in found):
            raise InputError(f"manifests[{number}]: {one.title()} is there twice; leave one of the two out.")
        found.append(one)
    return found


def _wanted(number: int, given: Mapping[str, Any], name: str) -> Wanted:
    where = f"manifests[{number}]"
    key = f"{given.get('apiVersion')}/{given.get('kind')}"
    kind = MANIFEST_KINDS.get(key)
    if kind is None:
        raise InputError(f"{where}: {key} is no kind that is taken here; there are {', '.join(sorted(MANIFEST_KINDS))}.")
    meta = given.get("metadata")
    if not isinstance(meta, Mapping) or not isinstance(meta.get("name"), str) or not meta["name"]:
        raise InputError(f"{where}: metadata.name is missing; name the {kind.kind}.")
    if meta["name"] in (".", "..") or not set("/%").isdisjoint(meta["name"]):
        raise InputError(f"{where}: metadata.name {quoted(meta['name'])} cannot stand in a path; use letters, digits, dots and hyphens.")
    if kind.namespaced and not (isinstance(meta.get("namespace"), str) and DNS_LABEL.fullmatch(meta["namespace"])):
        raise InputError(f"{where}: metadata.namespace of {kind.kind} {meta['name']} is missing or no namespace; say where it is to live.")
    if not isinstance(meta.get("labels") or {}, Mapping):
        raise InputError(f"{where}: metadata.labels of {kind.kind} {meta['name']} are no dictionary; write for example {{app: shop}}.")
    manifest = _without_nulls(given)
    # One with nothing in it is what generators write, `kubectl create --dry-run` among them.
    if _says_something(manifest.pop("status", None)):
        raise InputError(f"{where}: {kind.kind} {meta['name']} has a status, which is the server's to write; leave it out.")
    if kind is LIMIT_RANGE:
        _complete_limits(manifest)
    manifest["metadata"]["labels"] = {**(meta.get("labels") or {}), MANAGED_BY: FIELD_MANAGER, SET_LABEL: name}
    return Wanted(kind, manifest)


def _without_nulls(given: Any) -> Any:
    """Return a copy without the keys that have nothing, as kubectl sends it; ``creationTimestamp: null`` is what generators write.

    The server would take a null for a wish: it fills in a time, and the next run finds a difference.
    """
    if isinstance(given, Mapping):
        return {key: _without_nulls(value) for key, value in given.items() if value is not None}
    return [_without_nulls(one) for one in given] if isinstance(given, list) else given


def _says_something(value: Any) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return any(_says_something(one) if isinstance(one, (dict, list)) else bool(one) for one in inside)


def _complete_limits(manifest: Manifest) -> None:
    """Write out what the server takes from the bounds of a container: it would be a difference for ever, for the limits are one value."""
    limits = (manifest.get("spec") or {}).get("limits")
    for limit in limits if isinstance(limits, list) else ():
        if isinstance(limit, dict) and limit.get("type") == "Container":
            sides = {side: limit.get(side) for side in ("max", "min", "default", "defaultRequest")}
            most, least, default, request = ({**side} if isinstance(side, dict) else {} for side in sides.values())
            default = {**most, **default}
            filled = {"default": default, "defaultRequest": {**least, **default, **request}}
            limit.update({side: amounts for side, amounts in filled.items() if amounts})


def places_of(params: Mapping[str, Any], wanted: Iterable[Wanted]) -> list[tuple[Kind, str | None]]:
    """Return where to look: each kind in each namespace, once."""
    kinds = {one.kind.full_name: one.kind for one in wanted}
    for name in params["kinds"]:
        if name not in MANIFEST_KINDS:
            raise InputError(f"kinds: {quoted(name)} is no kind that is taken here; there are {', '.join(sorted(MANIFEST_KINDS))}.")
        kinds[name] = MANIFEST_KINDS[name]
    namespaces = set(params["namespaces"])
    for name in sorted(namespaces):
        # Empty would be everywhere, and two dots another path.
        if not DNS_LABEL.fullmatch(name):
            raise InputError(f"namespaces: {quoted(name)} is no namespace; use up to 63 lower-case letters, digits and hyphens.")
    exact = {(one.kind.full_name, one.place[0]) for one in wanted}
    places = {(name, namespace) for name in kinds for namespace in namespaces if kinds[name].namespaced} | exact
    if params["state"] == "absent" and not places:
        raise InputError("state: absent, and nothing says where the set is; give kinds and namespaces, or the manifests.")
    return [(kinds[name], namespace or None) for name, namespace in sorted(places)]


def read(api: Api, places: Iterable[tuple[Kind, str | None]]) -> tuple[dict[tuple[str, str, str], Object], set[str]]:
    """Return what is there by kind, namespace and name, and the kinds that the cluster does not know."""
    found: dict[tuple[str, str, str], Object] = {}
    missing: set[str] = set()
    for kind, namespace in places:
        if kind.full_name in missing:
            continue
        try:
            objects = api.list_all(kind, namespace)
        except KubernetesError as error:
            # A group of Kubernetes itself is never missing: that is a wrong address, or something else that answers there.
            if error.status != 404 or kind.built_in:
                raise
            missing.add(kind.full_name)
            continue
        for one in objects:
            found[kind.full_name, namespace or "", one["metadata"]["name"]] = one
    return found, missing


def is_going(found: Object) -> bool:
    """Whether the server deletes it already."""
    return bool((found.get("metadata") or {}).get("deletionTimestamp"))


def _refuse_nowhere(api: Api, steps: Iterable[Step], sure: set[str]) -> None:
    """Refuse what would be made in a namespace that is not there: a list of it is empty, and only an apply would stumble over it.

    Args:
        api: the cluster; asked only for namespaces of which nothing else is known.
        steps: what is to be done.
        sure: namespaces that are there, for something is in them, or that come before this set.

    Raises:
        RefusedError: there is such a namespace, or it is going.
    """
    known = set(sure)
    for step in steps:
        if step.kind is NAMESPACE:
            known.add(step.name)
        elif step.action == "create" and step.namespace and step.namespace not in known:
            there = api.get(NAMESPACE, None, step.namespace)
            if there is None:
                raise RefusedError(
                    f"namespace {step.namespace} is not there, and {step.title()} would be made in it; make it first, or name it in"
                    " namespaces_to_come where the same run makes it."
                )
            if is_going(there):
                raise RefusedError(
                    f"namespace {step.namespace} is being deleted, and {step.title()} would be made in it; wait until it is gone, then make"
                    " it again."
                )
            known.add(step.namespace)


def plan(
    name: str,
    wanted: Iterable[Wanted],
    found: Mapping[tuple[str, str, str], Object],
    *,
    take_over: bool,
    with_namespaces: frozenset[str] = frozenset(),
) -> tuple[tuple[Step, ...], tuple[tuple[str, Any], ...]]:
    """Compare a set with what is there: what is declared in its order, then what is of the set and declared no more.

    Args:
        name: of the set.
        wanted: what is declared.
        found: what is there, by kind (``apiVersion/kind``), namespace and name.
        take_over: whether objects and fields of other managers are taken over.
        with_namespaces: those of its namespaces that go with it.

    Raises:
        RefusedError: something of somebody else is in the way.
    """
    left = dict(found)
    pairs: list[tuple[Step, Object | None]] = []
    for one in wanted:
        current = left.pop((one.kind.full_name, *one.place), None)
        pairs += [(step, current) for step in apply_step(one.kind, _with_replicas(one.manifest, current), current)]
    pairs += [(step, None) for step in _pruned(name, left, with_namespaces)]
    return settle(pairs, take_over=take_over)


def _with_replicas(manifest: Manifest, current: Object | None) -> Manifest:
    """Keep the number of pods that we once said, where a manifest leaves it to an autoscaler from now on.

    A field that nobody owns any more gets the server's default: a service of three pods would have one until its autoscaler looks
    (https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership). What was stopped is another matter: an
    autoscaler leaves 0 alone, so that only the server's default starts it again.
    """
    spec = manifest.get("spec")
    if current is None or not isinstance(spec, dict) or "replicas" in spec or not owns(current, "spec", "replicas"):
        return manifest
    if current["spec"]["replicas"] == 0:
        return manifest
    return {**manifest, "spec": {**spec, "replicas": current["spec"]["replicas"]}}


def _pruned(name: str, left: Mapping[tuple[str, str, str], Object], with_namespaces: frozenset[str]) -> Iterator[Step]:
    for (kind, _namespace, its_name), current in sorted(left.items()):
        meta = current["metadata"]
        # What belongs to another object goes with that one; what is going needs no second push. A namespace takes along all that is in it,
        # so it goes by nobody's deleted line.
        if (
            (kind != NAMESPACE.full_name or its_name in with_namespaces)
            and is_ours(current)
            and meta["labels"].get(SET_LABEL) == name
            and not meta.get("deletionTimestamp")
            and not meta.get("ownerReferences")
        ):
            yield delete_step(MANIFEST_KINDS[kind], current)
