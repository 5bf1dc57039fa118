# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that a Chatwoot of ours consists of, each as one set of manifests, in the order in which they are applied.

PRIVATE: for this collection's own plugins, not a public interface.

A set is what is applied and pruned as a whole: what was in it and is declared no more goes. The databases are a set of their own, and so
is the migration, for what comes after it must not begin before it is done.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import (
    _desk_app,
    _desk_backup,
    _desk_databases,
    _desk_entrance,
    _desk_keys,
    _desk_place,
    _desk_watch,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_account import account_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_args import client_of, desk_of, problems_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import Desk, Manifest, namespace_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import NAMESPACE
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import Claim, claimed_twice, strangers

PARTS: Final[dict[str, tuple[Callable[[Desk], list[Manifest]], tuple[str, ...]]]] = {
    "place": (_desk_place.manifests, _desk_place.KINDS),
    "keys": (_desk_keys.manifests, _desk_keys.KINDS),
    "databases": (_desk_databases.manifests, _desk_databases.KINDS),
    "migration": (_desk_app.migration, _desk_app.MIGRATION_KINDS),
    "desk": (_desk_app.manifests, _desk_app.KINDS),
    "entrance": (_desk_entrance.manifests, _desk_entrance.KINDS),
    "backup": (_desk_backup.manifests, _desk_backup.KINDS),
    "watch": (_desk_watch.manifests, _desk_watch.KINDS),
}
STORAGE: Final = "storage"
# The backups of a removal: while all of it serves, and when nobody reaches it any more.
REMOVAL: Final = ("removal-first", "removal-last")
# What a client's own Chatwoot is reached by.
OWN: Final = (
    ("chatwoot_api.url", "url", "write the address of the client's Chatwoot, for example chatwoot_api: {url: https://chat.acme.example}."),
    ("chatwoot_account_id", "account_id", "write the number of the account, which stands in its address (/app/accounts/7)."),
    (
        "chatwoot_admin_token",
        "has_token",
        "give the token of one of its administrators (profile settings, access token), from a vault.",
    ),
)


def part(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return one part as the module kubernetes_manifests takes it.

    Args:
        given: what is said of it (see ``desk_of``).
        name: which one, of ``PARTS``, or ``STORAGE``.

    Returns:
        ``set``, ``manifests``, ``namespaces`` and ``kinds``, of the entrance the ``host`` besides; of the storage ``buckets``, as
        minio_bucket takes them.

    Raises:
        InputError: a value cannot work.
    """
    desk = desk_of(given)
    if name == STORAGE:
        return {"buckets": _desk_backup.buckets_of(desk)}
    manifests, kinds = PARTS[name]
    found = {"set": set_of(desk.client, name), "manifests": manifests(desk), "namespaces": [desk.namespace], "kinds": list(kinds)}
    return {**found, "host": desk.entrance.host} if name == "entrance" else found


def named(client: str) -> list[dict[str, Any]]:
    """Return all parts of a client's Chatwoot by name alone, the last first: what goes, goes in the opposite order.

    Without the namespace, which is in the first of them and takes along all that is in it.

    Args:
        client: its id.

    Raises:
        InputError: that cannot be an id.
    """
    return [
        _by_name(client, name, name, [kind for kind in kinds if kind != NAMESPACE.full_name])
        for name, (_manifests, kinds) in reversed(PARTS.items())
    ]


def saved(client: str) -> list[dict[str, Any]]:
    """Return the backups of a removal, as what a client's Chatwoot that comes back begins with taking away.

    A backup of one name is made once. What is written after the return is in none of these, so the next removal makes its own, however
    soon it comes.

    Args:
        client: its id.

    Raises:
        InputError: that cannot be an id.
    """
    return [_by_name(client, name, f"backup-{name}", list(_desk_backup.JOB_KINDS)) for name in REMOVAL]


def _by_name(client: str, part: str, name: str, kinds: list[str]) -> dict[str, Any]:
    """Return a set as kubernetes_manifests looks for it where nothing is declared."""
    return {"part": part, "set": set_of(client, name), "namespaces": [namespace_of(client_of({"client": client}))], "kinds": kinds}


def backup_now(given: Mapping[str, Any], name: str, time: str) -> dict[str, Any]:
    """Return a backup that is made at once, as the module kubernetes_manifests takes it.

    Args:
        given: what is said of the desk.
        name: which one it is. It is a set of its own, so that one of another time is replaced.
        time: what tells it from others of this name.

    Raises:
        InputError: a value cannot work.
    """
    desk = desk_of(given)
    return {
        "set": set_of(desk.client, f"backup-{name}"),
        "manifests": _desk_backup.at_once(desk, f"{name}-{time}"),
        "namespaces": [desk.namespace],
        "kinds": list(_desk_backup.JOB_KINDS),
    }


def set_of(client: str, name: str) -> str:
    """Return the name of the set that a part is."""
    return f"desk-{client}-{name}"


def refusals(given: Mapping[str, Any], variables: Iterable[str] = (), known: Iterable[str] = ()) -> list[str]:
    """Return everything that is wrong with what is said, one sentence each.

    Args:
        given: what is said of it.
        variables: names of the host's variables that begin as the role's do.
        known: the role's own.
    """
    return [*strangers(variables, known, said="no variable of a Chatwoot is called that"), *problems_of(given)]


def own_refusals(given: Mapping[str, Any], variables: Iterable[str] = (), known: Iterable[str] = ()) -> list[str]:
    """Return everything that is wrong with what is said of a Chatwoot that the client runs; see ``refusals``."""
    found = strangers(variables, known, said="no variable of a Chatwoot is called that")
    for option, key, remedy in OWN:
        if not given.get(key):
            found.append(f"{option}: not given; {remedy}")
    for read in (client_of, functools.partial(account_of, managed=False)):
        try:
            read(given)
        except InputError as problem:
            found.append(problem.sentence)
    return found


def conflicts(claims: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return, per inventory host, what another one claims as well.

    Args:
        claims: inventory host to ``cluster`` (any text that is the same for the same cluster), ``client`` and ``host``, which may be empty.
    """
    return claimed_twice(_claims(claims), _CLAIMED)


def _claims(claims: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[Claim, str]]:
    for host, claim in claims.items():
        yield ("client", claim["cluster"], claim["client"]), host
        if claim["host"]:
            # A name in DNS leads to one cluster only.
            yield ("host", "", claim["host"]), host


_CLAIMED: Final = {
    "client": "chatwoot_client: {value!r} is the id of {hosts} on one cluster, so each run would replace the other's; rename one.",
    "host": "chatwoot_host: {value!r} is where {hosts} would be found; a name can lead to one only.",
}
