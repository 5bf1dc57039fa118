# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What buckets are set to, what they hold, and how much of their quota that is.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_objects
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import FILLING_PERCENT, TIGHT_PERCENT
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_access import read_access
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import Storage, StorageError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_connection import CONNECTION_SPEC, access_of, check_name
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_lacking import CODES, names, reason
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_objects import Usage
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import PARTS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_replication import read_replication
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_run import is_there

# What can be told beside the settings, in the order in which it is read.
FURTHER: Final = ("replication", "access", "usage")

INFO_SPEC: Final[dict[str, Any]] = {
    **CONNECTION_SPEC,
    "names": {"type": "list", "elements": "str", "aliases": ["name"]},
    "prefix": {"type": "str", "default": ""},
    "tags": {"type": "dict", "default": {}},
    "parts": {"type": "list", "elements": "str", "choices": [*PARTS, *FURTHER], "default": [*PARTS, *FURTHER]},
    "count": {"type": "bool", "default": False},
}


def run(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Tell of some buckets, or of all that this key can see.

    Args:
        params: the options of ``INFO_SPEC``, validated.
        check_mode: makes no difference.

    Raises:
        BlueGreenError: the server refused, or did not answer.
    """
    # A core's signature; reading is the same in both.
    del check_mode
    wanted = [check_name(name, "names") for name in params["names"] or []]
    with contextlib.closing(Storage(access_of(params))) as storage:
        found = [name for name in wanted if is_there(storage, name)] if params["names"] is not None else names(storage)
        facts = _Facts(storage, params["parts"], count=params["count"])
        chosen = [name for name in dict.fromkeys(found) if name.startswith(params["prefix"]) and facts.has(name, params["tags"])]
        buckets = [facts.of(name) for name in chosen]
        return {"changed": False, "buckets": buckets, "requests": dict(sorted(storage.requests.items())), "warnings": facts.warnings()}


class _Facts:
    """Reads bucket by bucket, and what is told of all at once only once."""

    def __init__(self, storage: Storage, parts: list[str], *, count: bool) -> None:
        self._storage, self._parts, self._count = storage, set(parts), count
        self._scanned: dict[str, Usage] | None = None
        # Of the buckets that were chosen by them.
        self._tags: dict[str, dict[str, str] | None] = {}
        # What the server does not have, by why that is.
        self._lacking: dict[str, list[str]] = {}

    def warnings(self) -> list[str]:
        """Return what is not told, and why."""
        return [f"{why}, so these are not told: {', '.join(parts)}." for why, parts in self._lacking.items()]

    def has(self, name: str, tags: Mapping[str, Any]) -> bool:
        """Whether a bucket has all of these tags; without any, nobody asks."""
        if not tags:
            return True
        self._tags[name] = PARTS["tags"].read(self._storage, name)
        found = self._tags[name] or {}
        return all(found.get(str(key)) == str(value) for key, value in tags.items())

    def of(self, name: str) -> dict[str, Any]:
        """Return what there is to tell of a bucket."""
        found: dict[str, Any] = {"name": name}
        for part in (*PARTS, *FURTHER):
            if part in self._parts:
                found[part] = self._read(part, name)
        if {"usage", "quota"} <= self._parts:
            used, quota = found["usage"], found["quota"]
            percent = 100 * used["bytes"] / quota["bytes"] if used and quota else None
            # Of what is not told nobody knows that it is without limit.
            told = not {"usage", "quota"} & {part for parts in self._lacking.values() for part in parts}
            found |= {"percent": None if percent is None else round(percent, 1), "state": _state(percent) if told else None}
        return found

    def _read(self, part: str, name: str) -> Any:
        try:
            if part == "tags" and name in self._tags:
                return self._tags[name]
            if part in PARTS:
                return PARTS[part].read(self._storage, name)
            return {"replication": read_replication, "access": read_access, "usage": self._usage}[part](self._storage, name)
        except StorageError as error:
            if error.code not in CODES:
                raise
            parts = self._lacking.setdefault(reason(self._storage, error.code), [])
            if part not in parts:
                parts.append(part)
            return None

    def _usage(self, storage: Storage, name: str) -> dict[str, Any]:
        if self._count:
            used = _minio_objects.usage(storage, name)
        else:
            if self._scanned is None:
                self._scanned = _minio_objects.scanned(storage)
            # Of a bucket that the scanner has not seen yet nothing is known, and it is small: it is counted.
            used = self._scanned.get(name) or _minio_objects.usage(storage, name)
        return {"objects": used.objects, "bytes": used.size, "size": _minio_objects.readable(used.size), "exact": used.exact}


def _state(percent: float | None) -> str:
    if percent is None:
        return "unlimited"
    # The server refuses what would reach the quota, so a bucket is never quite full.
    return "over" if percent >= 100 else "tight" if percent > TIGHT_PERCENT else "filling" if percent > FILLING_PERCENT else "well"
