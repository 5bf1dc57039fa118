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

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER

Path = tuple[str, ...]

# Where quantities stand: the server gives "0.5" back as "500m", and both are the same.
QUANTITY_PARENTS = frozenset({"hard", "max", "min", "default", "defaultRequest", "requests", "limits"})
QUANTITY_KEYS = frozenset({"averageValue", "storage"})


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
    owned = {path for path in owned_by(current, FIELD_MANAGER) if path[0] in ("spec", "metadata", "rules", "subjects", "roleRef")}
    before = _project(current, desired, _tree(owned), ())
    return before if isinstance(before, dict) else {}, after


def conflicts(current: Mapping[str, Any], desired: Mapping[str, Any]) -> list[Conflict]:
    """Return the fields that an apply without force would be refused for.

    Args:
        current: the object as the server gives it.
        desired: the manifest that would be applied.
    """
    others = [
        (str(entry.get("manager")), set(_paths(entry.get("fieldsV1") or {})))
        for entry in (current.get("metadata") or {}).get("managedFields") or []
        if not _is_ours(entry, FIELD_MANAGER) and not entry.get("subresource")
    ]
    found = []
    for path, wanted in _leaves(desired):
        value = _at(current, path)
        if _same(value, wanted, path):
            continue
        for manager, paths in others:
            if path in paths:
                found.append(Conflict("." + ".".join(path), manager, value, wanted))
                break
    return found


def owned_by(current: Mapping[str, Any], manager: str) -> set[Path]:
    """Return the paths of all fields that a manager owns by apply."""
    entries = (current.get("metadata") or {}).get("managedFields") or []
    return {path for entry in entries if _is_ours(entry, manager) for path in _paths(entry.get("fieldsV1") or {})}


def _is_ours(entry: Mapping[str, Any], manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")


def _paths(fields: Mapping[str, Any], parent: Path = ()) -> Iterator[Path]:
    """Yield the leaves of a ``fieldsV1`` set. Elements of lists (``k:``, ``v:``, ``i:``) count as the list as a whole."""
    inner = False
    for key, below in fields.items():
        if key.startswith("f:"):
            inner = True
            yield from _paths(below or {}, (*parent, key[2:]))
        elif key[:2] in ("k:", "v:", "i:"):
            inner = True
            yield parent
    if parent and not inner:
        yield parent


def _tree(paths: Iterable[Path]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in paths:
        branch = tree
        for key in path:
            branch = branch.setdefault(key, {})
    return tree


def _project(current: Any, desired: Any, owned: Mapping[str, Any], path: Path) -> Any:
    """Return what ``current`` has of the fields that ``desired`` has or that we own."""
    if not isinstance(current, Mapping) or not (isinstance(desired, Mapping) or owned):
        # Two spellings of one value are no difference; the desired one is shown.
        return desired if _same(current, desired, path) else current
    wanted = desired if isinstance(desired, Mapping) else {}
    found = {}
    for key, value in current.items():
        if key in wanted or key in owned:
            found[key] = _project(value, wanted.get(key), owned.get(key) or {}, (*path, str(key)))
    return found


def _same(current: Any, desired: Any, path: Path) -> bool:
    """Compare two values; lists element by element, for all lists of our kinds are atomic."""
    if isinstance(current, Mapping) and isinstance(desired, Mapping):
        return current.keys() == desired.keys() and all(_same(current[key], desired[key], (*path, str(key))) for key in desired)
    if isinstance(current, list) and isinstance(desired, list):
        return len(current) == len(desired) and all(_same(one, other, path) for one, other in zip(current, desired, strict=True))
    if current == desired:
        return True
    is_quantity = bool(path) and (path[-1] in QUANTITY_KEYS or (len(path) > 1 and path[-2] in QUANTITY_PARENTS))
    return is_quantity and _same_amount(current, desired)


def _same_amount(current: Any, desired: Any) -> bool:
    try:
        return _quantity.equal(current, desired)
    except InputError:
        # Absent, or something else that stands beside quantities: the type of a limit.
        return False


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _leaves(below, (*path, str(key)))
    else:
        yield path, value


def _at(value: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
