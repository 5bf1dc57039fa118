# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: what would change, computed once and used by preview and apply alike.

PRIVATE: for this collection's own plugins, not a public interface.

``plan(current, desired)`` is pure: it reads nothing and writes nothing. Preview returns the plan, apply executes exactly the
same plan, and that is the whole reason why they cannot differ.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MASK = "********"
CHANGED_MASK = "******** (changed)"

Kind = Literal["create", "update", "delete"]

# Of a change: when it is done, and before.
WORDS: dict[Kind, tuple[str, str]] = {
    "create": ("created", "to create"),
    "update": ("updated", "to update"),
    "delete": ("deleted", "to delete"),
}


@dataclass(frozen=True)
class Change:
    """One object that would come, change or go.

    Attributes:
        kind: ``create``, ``update`` or ``delete``.
        name: what is changed, in words that the operator knows (a path, an object's name).
        before: its state now, None when it is not there.
        after: its state afterwards, None when it will be gone.
        secret_keys: names of mapping keys whose values never leave the plan.
        secret_texts: what never leaves the plan wherever it stands in a text.
    """

    kind: Kind
    name: str
    # Not in repr: a traceback or an assertion that prints the plan must not print a secret.
    before: Any = field(repr=False)
    after: Any = field(repr=False)
    secret_keys: frozenset[str] = frozenset()
    secret_texts: frozenset[str] = field(default=frozenset(), repr=False)

    def masked(self) -> tuple[Any, Any]:
        """Return before and after with every secret replaced, so that a changed secret still shows as a change."""
        before, after = _mask(self.before, None, self.secret_keys), _mask(self.after, self.before, self.secret_keys)
        return _hide(before, None, self.secret_texts), _hide(after, self.before, self.secret_texts)

    def diff(self) -> dict[str, str]:
        """Return the change in Ansible's own diff form (texts and headers)."""
        before, after = self.masked()
        return {
            "before_header": self.name if self.before is not None else f"{self.name} (absent)",
            "after_header": self.name if self.after is not None else f"{self.name} (absent)",
            "before": _text(before),
            "after": _text(after),
        }


@dataclass(frozen=True)
class Plan:
    """An ordered list of changes; empty when the world is already as desired."""

    changes: tuple[Change, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything would change."""
        return bool(self.changes)

    def actions(self) -> list[dict[str, str]]:
        """Return the changes without their contents: what is done to what, in order."""
        return [{"action": change.kind, "name": change.name} for change in self.changes]

    def diff(self) -> list[dict[str, str]]:
        """Return one diff per change, for the ``diff`` key of a module's result."""
        return [change.diff() for change in self.changes]

    def digest(self) -> str:
        """Return the SHA-256 of actions and masked diffs, equal for equal plans on any machine."""
        canonical = json.dumps([self.actions(), self.diff()], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def plan(current: Mapping[str, Any], desired: Mapping[str, Any], secret_keys: Collection[str] = ()) -> Plan:
    """Compare what is with what should be.

    Args:
        current: name to state (a text, or JSON-able data) of every object that was read; None or missing means absent.
        desired: name to state of every object that is ours; None means that it should be absent. An object
            that is not named here is foreign and left alone. The order of this mapping is the order of the plan.
        secret_keys: mapping keys, at any depth, whose values are masked in diffs and digests.

    Returns:
        The plan; ``plan(x, x)`` is empty.

    Raises:
        Nothing: every pair of inputs has a plan.
    """
    secrets = frozenset(secret_keys)
    changes = []
    for name, after in desired.items():
        before = current.get(name)
        if before == after:
            continue
        kind: Kind = "create" if before is None else "delete" if after is None else "update"
        changes.append(Change(kind, name, before, after, secrets))
    return Plan(tuple(changes))


def counts(kinds: Iterable[Kind], *, preview: bool) -> str:
    """Count changes in words: ``2 to create, 1 to delete``; empty when there are none."""
    numbers = Counter(kinds)
    return ", ".join(f"{numbers[kind]} {words[preview]}" for kind, words in WORDS.items() if numbers[kind])


def _mask(value: Any, other: Any, secrets: frozenset[str]) -> Any:
    """Replace the values of secret keys; ``other`` is the value before, to tell a changed secret from a kept one."""
    if isinstance(value, Mapping):
        past = other if isinstance(other, Mapping) else {}
        return {
            key: _mask_secret(item, past.get(key)) if key in secrets else _mask(item, past.get(key), secrets) for key, item in value.items()
        }
    if isinstance(value, list):
        past_items = other if isinstance(other, list) else []
        return [_mask(item, past_items[i] if i < len(past_items) else None, secrets) for i, item in enumerate(value)]
    return value


def _mask_secret(value: Any, past: Any) -> str | None:
    if value is None:
        return None
    return MASK if past is None or past == value else CHANGED_MASK


def _hide(value: Any, past: Any, secrets: frozenset[str]) -> Any:
    """Replace secrets within a text; ``past`` is the text before, to tell a changed secret from a kept one."""
    if not isinstance(value, str):
        return value
    old = past if isinstance(past, str) else ""
    had_one = any(secret in old for secret in secrets)
    # The longest first: one secret can be a part of another.
    for secret in sorted(secrets, key=len, reverse=True):
        value = value.replace(secret, CHANGED_MASK if had_one and secret not in old else MASK)
    return value


def _text(value: Any) -> str:
    """Give a state as the text that a person compares: texts as they are, data as sorted, indented JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
