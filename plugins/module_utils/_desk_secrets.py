# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Secrets a Chatwoot of ours needs beside the keys that the cluster makes, and which of them a run brings.

PRIVATE: for this collection's own plugins, not a public interface.

Only names come here, of Secrets and of what is in them; never a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import KEYS_NAME, PLATFORM_KEY, PLATFORM_NAME, Desk
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import dictionary, object_name

OPTION: Final = "chatwoot_secrets"


def secrets_of(given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Read what the run brings: Secrets and the names of their keys, and what is wrong with them (``_desk_given`` has looked).

    Raises:
        InputError: one is not the operator's to bring, or cannot be a Secret.
    """
    if problems := list(given.get("secret_problems") or []):
        raise InputError(" ".join(problems), problems=problems)
    found = {}
    for name, keys in sorted(dictionary(given.get("secrets"), OPTION).items()):
        if object_name(name, OPTION) == KEYS_NAME:
            raise InputError(
                f"{OPTION}: {KEYS_NAME} is made within the cluster, once, and opens what is stored; take it out. To bring one back, put"
                " it into the namespace by hand, out of a backup."
            )
        found[name] = tuple(sorted(map(str, keys)))
    return found


def needed(desk: Desk) -> dict[str, tuple[str, ...]]:
    """Return which Secrets its pods want, and the keys that they read from each."""
    reads = (
        (desk.files.secret, ("STORAGE_ACCESS_KEY_ID", "STORAGE_SECRET_ACCESS_KEY")),
        (desk.backup.secret, ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RESTIC_PASSWORD")),
        (desk.mail.secret, ("SMTP_PASSWORD", "SMTP_USERNAME")),
        (desk.database.secret, ("POSTGRES_PASSWORD",)),
        (desk.redis.secret, ("REDIS_PASSWORD",)),
        (PLATFORM_NAME if desk.platform else "", (PLATFORM_KEY,)),
        *((name, ()) for name in (*desk.env_from, *desk.pull_secrets)),
    )
    # One Secret may be named for several.
    found: dict[str, set[str]] = {}
    for name, keys in reads:
        if name:
            found.setdefault(name, set()).update(keys)
    return {name: tuple(sorted(keys)) for name, keys in found.items()}


def check(desk: Desk) -> None:
    """Refuse a Secret that the run brings and that lacks what the pods read from it: they would wait for it for ever.

    Raises:
        InputError: a key is missing.
    """
    for name, keys in needed(desk).items():
        missing = sorted(set(keys) - set(desk.secrets.get(name, keys)))
        if missing:
            raise InputError(
                f"{OPTION}.{name}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; pods read that from it."
            )


def brought_by_others(desk: Desk) -> list[str]:
    """Return the Secrets that pods want and this run does not bring."""
    return sorted(set(needed(desk)) - set(desk.secrets))
