# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator gives that nobody else may know, as Secrets of a Chatwoot's namespace.

PRIVATE: for this collection's own plugins, not a public interface.

Values come here, and leave as values of Secrets only: no sentence shows one, and nothing is raised, for what Ansible tells of an exception
is not ours to say. What is wrong is told before a bucket or a namespace is made for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import PLATFORM_KEY, PLATFORM_NAME
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_secrets import OPTION
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._secrets import values_of

KEYS_OPTION: Final = "chatwoot_storage_keys"
# Of each use of the storage, how its Secret calls the two halves of a key.
HALVES: Final = {
    "files": ("STORAGE_ACCESS_KEY_ID", "STORAGE_SECRET_ACCESS_KEY"),
    "backup": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
}


@dataclass
class Given:
    """What the run brings.

    Attributes:
        secrets: by name, each with its keys and values.
        problems: what is wrong with it, one sentence each.
    """

    secrets: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    problems: list[str] = field(default_factory=list)


def given_of(said: Mapping[str, Any]) -> Given:
    """Return the Secrets that the run brings.

    Args:
        said: ``secrets``, ``storage_keys``, ``backup_password``, ``platform_token``, ``files`` and ``backup`` of the role's variables.
    """
    found = Given()
    password = _text(found, said.get("backup_password"), "chatwoot_backup_password")
    token = _text(found, said.get("platform_token"), "chatwoot_platform_token")
    made: dict[str, dict[str, Any]] = {}
    keys = _dictionary(found, said.get("storage_keys"), KEYS_OPTION, "write files and backup with their keys below them")
    for use, halves in HALVES.items():
        pair = _pair(found, keys.get(use), f"{KEYS_OPTION}.{use}")
        if pair is not None and (use == "files" or password):
            # One Secret may be named for both, as for what follows.
            values = made.setdefault(_name(said, use), {})
            values |= dict(zip(halves, pair, strict=True))
            values |= {"RESTIC_PASSWORD": password} if use == "backup" else {}
    if not token.isascii() or any(char.isspace() or not char.isprintable() for char in token):
        # It goes into a header; without this the migration would set it, and only the step after all others would say so.
        found.problems.append("chatwoot_platform_token: it must be one word of ASCII letters and digits; choose another one.")
    elif token:
        made.setdefault(PLATFORM_NAME, {})[PLATFORM_KEY] = token
    own = _dictionary(found, said.get("secrets"), OPTION, "write names of Secrets with their keys and values below them")
    for name, values in own.items():
        made[str(name)] = {**made.get(str(name), {}), **values} if isinstance(values, Mapping) and values else values
    for name, values in sorted(made.items()):
        try:
            found.secrets[name] = values_of(name, values, OPTION)
        except InputError as problem:
            found.problems.append(problem.sentence)
    return found


def _pair(found: Given, value: object, option: str) -> tuple[str, str] | None:
    """Read the key of a bucket; a key without its secret is one that somebody else has made."""
    pair = _dictionary(found, value, option, "write key and secret_key below it")
    key, secret = (_text(found, pair.get(half), f"{option}.{half}") for half in ("key", "secret_key"))
    if secret and not key:
        found.problems.append(f"{option}.key: not given, and secret_key is; write the access key that it belongs to, or take both out.")
    return (key, secret) if key and secret else None


def _name(said: Mapping[str, Any], use: str) -> str:
    """The Secret of a use, by its own name where that makes sense; what does not is told by the part that it belongs to."""
    option = said.get(use)
    own = option.get("secret") if isinstance(option, Mapping) else None
    return own if isinstance(own, str) and own else f"chatwoot-{use}"


def _dictionary(found: Given, value: object, option: str, remedy: str) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    if value is not None:
        found.problems.append(f"{option}: it is no dictionary; {remedy}.")
    return {}


def _text(found: Given, value: object, option: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool) or not isinstance(value, int):
        found.problems.append(f"{option}: it is no text; give it in quotes.")
        return ""
    return str(value)
