# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server-side apply would change, computed on our side with nothing but the right to read.

PRIVATE: for this collection's own plugins, not a public interface.

A dry run on the server needs the right to write (https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run-authorization), so
a preview by it is no preview for a read-only account. What the server would answer is in the object itself: its values, and in
``metadata.managedFields`` who owns each of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER, is_custom

Path = tuple[str, ...]
# Begins the paths within a custom resource.
CUSTOM = "(custom)"

# Where quantities stand: the server gives "0.5" back as "500m", and both are the same.
QUANTITY_PARENTS = frozenset({"hard", "max", "min", "default", "defaultRequest", "requests", "limits"})
# What the server writes into values that are replaced as a whole: ports of policies, claim templates of StatefulSets, sources of claims and
# of volumes, subjects; and into a strategy that is empty, as generators write it.
FILLED_IN: dict[str, tuple[Any, ...]] = {
    "protocol": ("TCP",),
    "volumeMode": ("Filesystem",),
    "apiVersion": ("v1",),
    "kind": ("PersistentVolumeClaim",),
    "status": ({"phase": "Pending"},),
    "creationTimestamp": (None,),
    "apiGroup": (None, "rbac.authorization.k8s.io"),
    "expirationSeconds": (3600,),
    "type": ("RollingUpdate",),
    "rollingUpdate": ({"maxSurge": "25%", "maxUnavailable": "25%"}, {"partition": 0}),
}
# What it leaves out of them where it is empty: of an Ingress, and of what becomes a container's environment.
LEFT_OUT = frozenset({"host", "path", "prefix", "secretName"})
QUANTITY_KEYS = frozenset({"averageValue", "sizeLimit"})
# Parts of a name that may be left out, with what the server takes them for.
NAME_DEFAULTS: dict[str, Any] = {"protocol": "TCP"}
# Nothing, in its three spellings; the server keeps none of them within a spec.
NOTHING: tuple[Any, ...] = ([], {}, None)


@dataclass(frozen=True)
class Conflict:
    """A field that would change and that somebody else owns.

    Attributes:
        field: its path, as ``.spec.hard.pods``.
        manager: who owns it.
        value: what it is.
        wanted: what it would become.
    """

    field: str
    manager: str
    value: Any
    wanted: Any


def before_and_after(current: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return what is and what would be, of the fields that matter to us only.

    Fields that matter are those that ``desired`` has, and those that we once set and that ``desired`` has no more. Both sides are equal
    exactly when an apply would change nothing.

    Args:
        current: the object as the server gives it, None when it is not there.
        desired: the manifest that would be applied.
    """
    after = dict(desired)
    if current is None:
        return None, after
    ours, theirs = _owners(current)
    shape = _shape(ours, theirs)
    before = _project(current, desired, None if ours is None else _without(ours, theirs), shape, _root(desired))
    if not isinstance(before, dict):
        return {}, after
    return (before if shape else _with_what_should_be_empty(before, current, desired)), after


def conflicts(current: Mapping[str, Any], desired: Mapping[str, Any]) -> list[Conflict]:
    """Return the fields that an apply without force would be refused for.

    Their trees are walked, and not ours: what another manager owns as a whole (``f:selector: {}``) covers everything below it. Entries of
    subresources count like any other; who scales a Deployment owns its ``.spec.replicas``.

    Args:
        current: the object as the server gives it.
        desired: the manifest that would be applied.
    """
    found: dict[str, Conflict] = {}
    root = _root(desired)
    trees = [(str(entry.get("manager")), _named(entry.get("fieldsV1") or {})) for entry in _entries(current) if not _is_ours(entry)]
    if not any(entry.get("fieldsV1") for entry in _entries(current)):
        # Somebody took the list of owners away; the server gives all of it to this name then.
        trees = [("before-first-apply", _tree(current, desired))]
    for manager, tree in trees:
        for path, value, wanted in _disputed(current, desired, tree, root) if tree else ():
            field = "." + ".".join(path[len(root) :])
            found.setdefault(field, Conflict(field, manager, _shown(value, path), _shown(wanted, path)))
    return list(found.values())


def _root(manifest: Mapping[str, Any]) -> Path:
    """Return where the paths of an object begin. Of what a definition (CRD) brings, the server keeps every value as it is written."""
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    return (CUSTOM,) if is_custom(group) else ()


def owns(current: Mapping[str, Any], *path: str) -> bool:
    """Whether a field is there and ours."""
    ours: Any = _owners(current)[0]
    found: Any = current
    for key in path:
        if not isinstance(ours, dict) or not isinstance(found, dict) or key not in ours or key not in found:
            return False
        ours, found = ours[key], found[key]
    return True


def emptied(current: Mapping[str, Any], desired: Mapping[str, Any]) -> list[str]:
    """Return the maps of a custom resource that would stay without any value.

    The server makes a null of a map whose last value goes by an apply, and then refuses that null (422, seen with an API server 1.35).
    """
    if not _root(desired):
        return []
    ours, theirs = _owners(current)
    # Metadata is Kubernetes' own in every kind.
    said = {key: value for key, value in desired.items() if key != "metadata"}
    return [".".join(path) for path in _emptied(current, said, ours or {}, theirs, ())]


def _emptied(current: Any, desired: Any, ours: Mapping[str, Any], theirs: Mapping[str, Any], path: Path) -> Iterator[Path]:
    if not isinstance(current, dict) or not isinstance(desired, dict):
        return
    if current and not desired and all(key in ours and key not in theirs for key in current):
        yield path
    for key, value in desired.items():
        yield from _emptied(current.get(key), value, ours.get(key, {}), theirs.get(key, {}), (*path, str(key)))


def _disputed(current: Any, desired: Any, theirs: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Yield where a field of theirs would get another value."""
    if not theirs:
        if not _covers(current, desired, path):
            yield path, current, desired
        return
    for key, below in theirs.items():
        if key.startswith("k:") and isinstance(desired, list) and isinstance(current, list):
            name = json.loads(key[2:])
            pairs = [next((one for one in side if _is_called(one, name)), None) for side in (current, desired)]
            if None not in pairs:
                yield from _disputed(pairs[0], pairs[1], below, (*path, ",".join(str(part) for part in name.values())))
        elif isinstance(desired, dict) and key in desired:
            yield from _disputed(current.get(key) if isinstance(current, dict) else None, desired[key], below, (*path, key))


def _shown(value: Any, path: Path) -> Any:
    """Return a value as an error may show it: what containers get is often a secret, and a list tells nobody anything."""
    hidden = isinstance(value, (dict, list)) or {"containers", "initContainers", "data"} & set(path)
    return "(not shown)" if hidden else value


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" and not entry.get("subresource")


def _owners(current: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return the fields that we set by apply, None where we never applied, and those that anybody else set.

    Both are trees in which an empty one is a leaf, a whole value. What is in both stays when we want it no more.
    """
    ours: dict[str, Any] | None = None
    theirs: dict[str, Any] = {}
    for entry in _entries(current):
        tree = _named(entry.get("fieldsV1") or {})
        if _is_ours(entry):
            ours = tree
        else:
            _merge(theirs, tree)
    return ours, theirs


def _without(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that nobody but us has set."""
    found: dict[str, Any] = {}
    for key, below in ours.items():
        if key not in theirs:
            found[key] = below
        elif below and theirs[key]:
            rest = _without(below, theirs[key])
            # An empty rest of what was not empty would pass for a whole value.
            if rest:
                found[key] = rest
    return found


def _entries(current: Mapping[str, Any]) -> list[dict[str, Any]]:
    return (current.get("metadata") or {}).get("managedFields") or []


def _tree(current: Any, desired: Any) -> dict[str, Any]:
    """Return the fields of an object as if somebody had set each of them; a map that should be empty counts as one value."""
    if not isinstance(current, dict) or not isinstance(desired, dict):
        return {}
    return {key: _tree(current[key], below) for key, below in desired.items() if key in current}


def _with_what_should_be_empty(before: dict[str, Any], current: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, Any]:
    """Add what is in maps that should be empty. Where nobody is known to own anything, nothing else tells that a selector was edited."""
    found = dict(before)
    for key, value in desired.items():
        there = current.get(key)
        if isinstance(value, dict) and isinstance(there, dict) and isinstance(found.get(key), dict):
            found[key] = _with_what_should_be_empty(found[key], there, value) if value else there
    return found


def _named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Take ``f:`` from the names of a ``fieldsV1`` set. ``.`` stays: it tells a map that is owned key by key from one owned as a whole."""
    return {key.removeprefix("f:"): _named(below or {}) for key, below in fields.items()}


def _shape(ours: Mapping[str, Any] | None, theirs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return all managers' fields as one tree. What is empty in it is one value, whatever is inside: nobody owns a part of it.

    Ours alone does not tell: who edits a selector takes it over as a whole.
    """
    whole: dict[str, Any] = {}
    _merge(whole, theirs)
    _merge(whole, ours or {})
    return whole or None


def _merge(whole: dict[str, Any], tree: Mapping[str, Any]) -> None:
    for key, below in tree.items():
        _merge(whole.setdefault(key, {}), below)


def _project(current: Any, desired: Any, ours: Mapping[str, Any] | None, shape: Mapping[str, Any] | None, path: Path) -> Any:
    """Return what ``current`` has of the fields that ``desired`` has or that we own.

    Args:
        current: what the server has.
        desired: what it should have; None where it should have nothing.
        ours: the fields below that we own, empty for a leaf that is ours, None for what is not.
        shape: the fields below that anybody owns, empty for one value, None for what nobody does.
        path: where this is.
    """
    if isinstance(current, dict) and (isinstance(desired, dict) or ours) and shape != {}:
        wanted, owned, known = desired if isinstance(desired, dict) else {}, ours or {}, shape or {}
        found = {
            key: _project(value, wanted.get(key), owned.get(key), known.get(key), (*path, str(key)))
            for key, value in current.items()
            if key in wanted or key in owned
        }
        # The server keeps no empty list or map; asking for one asks for nothing.
        missing = {key: value for key, value in wanted.items() if key not in current}
        return found | {key: value for key, value in missing.items() if value in NOTHING or _is_dropped(value, owned.get(key))}
    if isinstance(current, list):
        asked = desired if isinstance(desired, list) else []
        if any(key.startswith("k:") for key in shape or ()):
            return _project_elements(current, asked, ours or {}, shape or {}, path)
        members = [json.loads(key[2:]) for key in ours or () if key.startswith("v:")]
        if members:
            # A set: what others put into it (a finalizer of a controller) stays and is no difference.
            return [*(one for one in asked if one in current), *(one for one in current if one in members and one not in asked)]
    same = _covers(current, desired, path)
    # Two spellings of one value are no difference; the desired one is shown.
    return desired if same else current


def _is_dropped(wanted: Any, ours: Mapping[str, Any] | None) -> bool:
    """Whether a value is one that the server takes and does not keep, like ``hostNetwork: false``.

    What it drops it lists among our fields all the same (seen with an API server 1.35); what it never got it does not.
    """
    return ours == {} and not isinstance(wanted, (dict, list)) and not wanted


def _project_elements(current: list[Any], desired: list[Any], ours: Mapping[str, Any], shape: Mapping[str, Any], path: Path) -> list[Any]:
    """Return the elements that are wanted or ours of a list whose elements have names, as the server tells in ``k:``. Others' stay.

    They come in the order in which they are there: an apply in another order changes that (environment, containers that prepare a pod).
    """
    names = {key: json.loads(key[2:]) for key in shape if key.startswith("k:")}
    left = [(next((key for key, name in names.items() if _is_called(element, name)), ""), element) for element in current]
    found: dict[int, Any] = {at: element for at, (key, element) in enumerate(left) if key in ours}
    taken: set[int] = set()
    for wanted in desired:
        at = next((at for at, (key, _element) in enumerate(left) if at not in taken and key and _is_called(wanted, names[key])), None)
        if at is not None:
            taken.add(at)
            key, element = left[at]
            found[at] = _project(element, wanted, ours.get(key), shape[key], path)
    return [found[at] for at in sorted(found)]


def _is_called(element: Mapping[str, Any], name: Mapping[str, Any]) -> bool:
    """Whether an element has this name. A part that is left out is one that the server fills in (the protocol of a port)."""
    return all(element.get(part, NAME_DEFAULTS.get(part, value)) == value for part, value in name.items())


def _covers(current: Any, desired: Any, path: Path) -> bool:
    """Compare two whole values, where the server may have filled in one of its few defaults within a list."""
    if isinstance(current, dict) and isinstance(desired, dict):
        extra = [key for key in current if key not in desired]
        filled_in, left_out = ({}, frozenset()) if path[:1] == (CUSTOM,) else (FILLED_IN, LEFT_OUT)
        return all(current[key] in filled_in.get(str(key), ()) for key in extra) and all(
            _covers(current[key], value, (*path, str(key))) if key in current else value in NOTHING or (value == "" and key in left_out)
            for key, value in desired.items()
        )
    if isinstance(current, list) and isinstance(desired, list):
        return len(current) == len(desired) and all(_covers(one, other, path) for one, other in zip(current, desired, strict=True))
    return _same(current, desired, path)


def _same(current: Any, desired: Any, path: Path) -> bool:
    """Compare two values that are no lists and no maps, or not both."""
    if current == desired:
        return True
    # Data of a ConfigMap may be called like a quantity, and is a text.
    is_quantity = len(path) > 1 and path[0] == "spec" and (path[-1] in QUANTITY_KEYS or path[-2] in QUANTITY_PARENTS)
    return is_quantity and _same_amount(current, desired)


def _same_amount(current: Any, desired: Any) -> bool:
    try:
        return _quantity.equal(current, desired)
    except InputError:
        # Absent, or something else that stands beside quantities: the type of a limit.
        return False
