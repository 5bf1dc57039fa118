# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on disk under some roots, exactly: to prove that nothing was written there."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One path. The change time betrays a write even when content and modification time were put back."""

    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    digest: str
    target: str
    mtime_ns: int
    ctime_ns: int


Tree = dict[Path, Entry]


def capture(roots: Iterable[Path]) -> Tree:
    """Read every path under the roots; a root that does not exist is simply not in the result."""
    tree: Tree = {}
    for root in roots:
        for path in _walk(root):
            entry = _entry(path)
            if entry:
                tree[path] = entry
    return tree


def _walk(root: Path) -> Iterable[Path]:
    yield root
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            yield Path(folder) / name


def _entry(path: Path) -> Entry | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    kind, digest, target = "special file", "", ""
    if stat.S_ISLNK(found.st_mode):
        kind, target = "symlink", os.readlink(path)
    elif stat.S_ISDIR(found.st_mode):
        kind = "directory"
    elif stat.S_ISREG(found.st_mode):
        kind, digest = "file", hashlib.sha256(path.read_bytes()).hexdigest()
    size = 0 if kind == "directory" else found.st_size
    mode = stat.S_IMODE(found.st_mode)
    return Entry(kind, mode, found.st_uid, found.st_gid, size, digest, target, found.st_mtime_ns, found.st_ctime_ns)


def first_change(before: Tree, after: Tree, *, times: bool = True) -> str | None:
    """The most telling difference, in words; None when there is none. ``times=False`` compares content only."""
    for path in sorted(before.keys() | after.keys()):
        words = _difference(before.get(path), after.get(path))
        if words:
            return words.format(path=path)
    if not times:
        return None
    # Files before directories: a directory's time only tells that something in it came and went.
    for path in sorted(before, key=lambda path: (before[path].kind == "directory", path)):
        words = _time_difference(before[path], after[path])
        if words:
            return words.format(path=path)
    return None


def _difference(old: Entry | None, new: Entry | None) -> str | None:
    if old is None:
        return f"the {new.kind} '{{path}}' was created ({new.size} bytes)" if new else None
    if new is None:
        return f"the {old.kind} '{{path}}' was removed"
    if old.kind != new.kind:
        return f"'{{path}}' was a {old.kind} and became a {new.kind}"
    if old.digest != new.digest:
        return f"the content of the file '{{path}}' changed ({old.size} bytes before, {new.size} after)"
    if old.target != new.target:
        return f"the symlink '{{path}}' pointed to '{old.target}' and now points to '{new.target}'"
    if old.mode != new.mode:
        return f"the mode of the {old.kind} '{{path}}' went from {old.mode:04o} to {new.mode:04o}"
    if (old.uid, old.gid) != (new.uid, new.gid):
        return f"the owner of the {old.kind} '{{path}}' went from {old.uid}:{old.gid} to {new.uid}:{new.gid}"
    return None


def _time_difference(old: Entry, new: Entry) -> str | None:
    if (old.mtime_ns, old.ctime_ns) == (new.mtime_ns, new.ctime_ns):
        return None
    if old.kind == "directory":
        return "something was created and removed again in the directory '{path}' (its time changed)"
    if old.mtime_ns == new.mtime_ns:
        return f"the {old.kind} '{{path}}' was touched and its modification time put back (its change time tells)"
    return f"the {old.kind} '{{path}}' was written again with the same content (its modification time changed)"
