# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Traefik's file provider finds in its directory, judged as Traefik judges it.

PRIVATE: for this collection's own plugins, not a public interface.

One file that cannot be read makes Traefik ignore *every* change in the directory, silently (its log tells, the API does not), so the
whole directory is looked at before a switch. The verdicts below were seen on Traefik 3.7.15: a key given twice, an empty
``routers:`` or ``{}``, a file that is no mapping and a non-UTF-8 byte block; a comment-only file, an empty file, an unknown
top-level key and a rule that does not parse do not. Unknown keys deeper down block as well: those differ between Traefik's
versions, so they are found by asking the API which objects it has loaded.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import FileError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._yaml import BASE_LOADER, yaml

# Python 3.10 (Ubuntu 22.04) has none: TOML files cannot be judged there, and are said to be so.
read_toml: Callable[[str], dict[str, Any]] | None = None
with contextlib.suppress(ImportError):
    read_toml = importlib.import_module("tomllib").loads

# Ten thousand sites in one file would be smaller.
LARGEST_FILE = 8 * 1024 * 1024
DEEPEST = 100
# In dots of one line: a rule with a thousand host names has some 2,000.
LONGEST_KEY = 5000
_SUFFIXES = (".yml", ".yaml", ".toml")
_SECTIONS = ("http", "tcp", "udp", "tls")


@dataclass(frozen=True)
class DynamicFile:
    """One file of the directory.

    Attributes:
        path: its full path.
        modified: Unix time of its last change.
        problem: why Traefik cannot load it, None when nothing is wrong.
        unjudged: why it could not be judged here, None when it was.
        objects: ``(kind, name)`` of its HTTP routers, services and middlewares.
        default_certificate: whether it sets the default certificate of the default TLS store.
    """

    path: str
    modified: float
    problem: str | None = None
    unjudged: str | None = None
    objects: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    default_certificate: bool = False


def scan(directory: str, skip: str | None = None) -> list[DynamicFile]:
    """Look at every file that Traefik would load.

    Args:
        directory: the file provider's directory; sub-folders and dot-files are loaded too.
        skip: path of a file to leave out (the one that is about to be replaced).

    Returns:
        The files, sorted by path.

    Raises:
        FileError: a folder cannot be listed.
    """
    return [_look(path) for path in sorted(_walk(directory)) if path != skip]


def blocking(files: list[DynamicFile]) -> list[DynamicFile]:
    """Return the files that make Traefik ignore every change."""
    return [file for file in files if file.problem]


def _walk(directory: str) -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise FileError(f"{error.filename} cannot be listed ({error.strerror}); Traefik and this module must be able to read it.")

    for folder, folders, names in os.walk(directory, onerror=fail):
        # A link to a folder is listed among the folders, but Traefik opens it as a file when it is called like one.
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in (*names, *links):
            if name.lower().endswith(_SUFFIXES):
                yield os.path.join(folder, name)


def _look(path: str) -> DynamicFile:
    modified = 0.0
    try:
        found = os.stat(path)
        modified = found.st_mtime
        if not stat.S_ISREG(found.st_mode):
            return DynamicFile(path, modified, problem="it is not a regular file")
        if found.st_size > LARGEST_FILE:
            return DynamicFile(path, modified, unjudged=f"it is larger than {LARGEST_FILE // 1024} KiB")
        # A byte order mark is no part of the text, for Traefik neither.
        text = Path(path).read_text(encoding="utf-8").removeprefix("\ufeff")
    except FileNotFoundError:
        # A link to nowhere stops Traefik; a file that another run has just removed does not, and is gone on a second look.
        return DynamicFile(path, modified, problem="it is a link to a file that does not exist" if os.path.lexists(path) else None)
    except UnicodeDecodeError:
        return DynamicFile(path, modified, problem="it is not UTF-8 text")
    except OSError as error:
        return DynamicFile(path, modified, unjudged=f"it cannot be read ({error.strerror})")
    if "{{" in text:
        return DynamicFile(path, modified, unjudged="it is a Go template, which only Traefik can expand")
    if _depth(text) > DEEPEST or _chain(text, "- ", "? ") > DEEPEST or _chain(text, ".") > LONGEST_KEY:
        return DynamicFile(path, modified, unjudged=f"it is nested more than {DEEPEST} deep")
    if path.lower().endswith(".toml"):
        return _look_toml(path, modified, text)
    return _look_yaml(path, modified, text)


def _depth(text: str) -> int:
    """Return how deep brackets are nested at most; libyaml's parser crashes the process at some ten thousand."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    deepest = depth = 0
    for char in text:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _chain(text: str, *steps: str) -> int:
    """Return how often one line goes deeper without a bracket.

    100,000 times ``- `` crashes libyaml, and a TOML key of 40,000 dotted parts keeps Python's parser busy for 74 s (both seen).
    """
    return max((sum(line.count(step) for step in steps) for line in text.splitlines()), default=0)


def _look_toml(path: str, modified: float, text: str) -> DynamicFile:
    if read_toml is None:
        return DynamicFile(path, modified, unjudged="it is TOML, which Python before 3.11 cannot read")
    try:
        data = read_toml(text)
    except ValueError as error:
        return DynamicFile(path, modified, problem=f"it is not valid TOML: {error}")
    return _inventory(path, modified, data)


def _look_yaml(path: str, modified: float, text: str) -> DynamicFile:
    loader = BASE_LOADER(text)
    try:
        # Only the first document counts: Traefik reads no further. Nodes instead of data, because a key given twice
        # blocks Traefik and data would hide it; no tags are resolved, because names are all that is looked for.
        node = loader.get_node() if loader.check_node() else None
        if node is not None:
            if not isinstance(node, yaml.MappingNode):
                return DynamicFile(path, modified, problem="it is not a mapping (http:, tcp:, tls: ...)")
            _refuse_double_keys(node, set())
            return _inventory(path, modified, loader.construct_document(node))
    except RecursionError:
        return DynamicFile(path, modified, unjudged="it is nested too deep")
    except (yaml.YAMLError, ValueError) as error:
        return DynamicFile(path, modified, problem=f"it is not valid YAML: {_yaml_reason(error)}")
    finally:
        loader.dispose()
    return DynamicFile(path, modified)


def _refuse_double_keys(node: yaml.Node, seen: set[int]) -> None:
    # Anchors make a graph of the tree, and could make a circle of it.
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if isinstance(key.value, str) and key.value in keys:
                raise ValueError(f"the key {key.value!r} stands twice (line {key.start_mark.line + 1})")
            if isinstance(key.value, str):
                keys.add(key.value)
            _refuse_double_keys(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_double_keys(item, seen)


def _yaml_reason(error: Exception) -> str:
    problem = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None)
    return f"{problem} (line {mark.line + 1})" if mark else problem


def _inventory(path: str, modified: float, data: object) -> DynamicFile:
    """List the objects of a parsed file, and find the empty parts that Traefik calls 'standalone elements'."""
    sections = {str(key).lower(): value for key, value in data.items()} if isinstance(data, dict) else {}
    objects: set[tuple[str, str]] = set()
    for section in _SECTIONS:
        value = sections.get(section)
        if value in (None, ""):
            continue
        empty = _first_empty(section, value)
        if empty:
            return DynamicFile(path, modified, problem=f"{empty} is empty; remove the line or fill it")
        if section == "http" and isinstance(value, dict):
            objects |= _http_objects(value)
    stores = _deep(sections, "tls", "stores", "default", "defaultcertificate") or _deep(
        sections, "tls", "stores", "default", "defaultgeneratedcert"
    )
    return DynamicFile(path, modified, objects=frozenset(objects), default_certificate=bool(stores))


def _first_empty(name: str, value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    if not value:
        return name
    for key, part in value.items():
        if part in ({}, None, ""):
            return f"{name}.{key}"
        if isinstance(part, dict) and name in ("http", "tcp", "udp"):
            for inner, thing in part.items():
                if thing in (None, ""):
                    return f"{name}.{key}.{inner}"
    return None


def _http_objects(http: dict[str, object]) -> set[tuple[str, str]]:
    found = set()
    for kind, things in http.items():
        if kind.lower() in ("routers", "services", "middlewares") and isinstance(things, dict):
            # YAML's merge key is no name of an object.
            found |= {(kind.lower(), str(name)) for name in things if name != "<<"}
    return found


def _deep(data: object, *keys: str) -> object:
    for key in keys:
        if not isinstance(data, dict):
            return None
        data = {str(name).lower(): value for name, value in data.items()}.get(key)
    return data
