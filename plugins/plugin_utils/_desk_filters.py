# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role chatwoot what a Chatwoot of ours consists of, and what is told of it at the end.

PRIVATE: for this collection's own plugins, not a public interface. They are filters through ``plugins/filter/filters.py``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _desk_parts, _desk_status
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_account import account_of, features_of, plan_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_args import desk_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_given import given_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import Desk, namespace_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_secrets import brought_by_others
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._plain import cluster_of, plain, value_of

# What the filters below read of a host for the status.
SAID_FOR_STATUS = ("client", "plan", "plans_extra", "administrator")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Let Ansible tell what cannot work."""
    try:
        yield
    except InputError as problem:
        raise AnsibleFilterError(problem.sentence) from None


def desk_part(desk: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return one part of a Chatwoot as the module kubernetes_manifests takes it."""
    parts = [*_desk_parts.PARTS, _desk_parts.STORAGE]
    if part not in parts:
        raise AnsibleFilterError(f"desk_part: {part!r} is no part of a Chatwoot; there are {', '.join(parts)}.")
    with _told():
        return _desk_parts.part(plain(desk), str(part))


def desk_backup(desk: Mapping[str, Any], name: str, time: str) -> dict[str, Any]:
    """Return a backup that is made at once, as the module kubernetes_manifests takes it."""
    with _told():
        return _desk_parts.backup_now(plain(desk), str(name), str(time))


def desk_place(client: str) -> dict[str, Any]:
    """Return what is a client's by its id alone: its namespace, the sets of what is in it, the last first, and backups of a removal."""
    with _told():
        return {
            "parts": _desk_parts.named(str(client)),
            "saved": _desk_parts.saved(str(client)),
            "namespace": namespace_of(str(client)),
            "set": _desk_parts.set_of(str(client), "place"),
        }


def desk_account(desk: Mapping[str, Any], managed: bool = True) -> dict[str, Any]:
    """Return limits and features of a client's account, as its plan has them."""
    with _told():
        return account_of(plain(desk), managed=bool(managed))


def desk_features(desk: Mapping[str, Any]) -> dict[str, bool]:
    """Return the features that are switched, where the plan has them."""
    with _told():
        return features_of(plan_of(plain(desk)), plain(desk).get("features"))


def desk_refusals(desk: Mapping[str, Any], variables: Iterable[str] = (), known: Iterable[str] = ()) -> list[str]:
    """Return everything that is wrong with what is said of a Chatwoot, and the variables among these that are none of those known."""
    return _desk_parts.refusals(plain(desk), plain(list(variables)), plain(list(known)))


def desk_own_refusals(desk: Mapping[str, Any], variables: Iterable[str] = (), known: Iterable[str] = ()) -> list[str]:
    """Return everything that is wrong with what is said of a client's own Chatwoot, and variables that are none of those known."""
    return _desk_parts.own_refusals(plain(desk), plain(list(variables)), plain(list(known)))


def desk_secrets(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Secrets that the run brings: ``secrets`` with their values, their ``names`` with those of their keys, and ``problems``."""
    found = given_of(plain(said))
    return {
        "secrets": found.secrets,
        "names": {name: sorted(values) for name, values in found.secrets.items()},
        "problems": found.problems,
    }


def desk_dictionary(value: object, option: str) -> dict[str, Any]:
    """Return a variable that is to be a dictionary.

    Ansible's check of a role takes the text ``a=b`` for one, and hands it over as it is. It is not shown: it may hold a secret.
    """
    if not isinstance(value, Mapping) and value is not None:
        raise AnsibleFilterError(f"{option}: it is no dictionary; write names with their values below it, or {{}} for none.")
    return dict(value or {})


def desk_stays(namespace: str, bucket: str, delete_data: bool = False, was_there: bool = True) -> list[str]:
    """Return what is left of a Chatwoot that was removed, and the way back."""
    if not was_there and not delete_data:
        return [f"nothing of it was running; what an earlier removal kept is in the namespace {namespace} and in the bucket {bucket}"]
    backups = f"its backups stay in the bucket {bucket}; only the restic password that you keep elsewhere opens them"
    if delete_data:
        return [f"nothing is left of it in the cluster; {backups}"]
    return [
        f"its volumes and keys stay in the namespace {namespace}: chatwoot_managed brings it back with all its data",
        "-e chatwoot_delete_data=true deletes them, and the bucket with its files",
        backups,
    ]


def desk_conflicts(names: list[str], hostvars: Mapping[str, Any]) -> dict[str, str]:
    """Return, per inventory host, which id or host name another one claims as well."""
    return _desk_parts.conflicts({str(name): _claims(str(name), hostvars[name]) for name in names})


def _claims(name: str, variables: Mapping[str, Any]) -> dict[str, str]:
    """Return what one claims, as far as it makes sense: what is declared wrongly is reported by its own run, and stops no other's."""
    client = str(value_of(variables, "chatwoot_client") or name)
    domain = value_of(variables, "chatwoot_domain")
    host = value_of(variables, "chatwoot_host") or (f"chat-{client}.{domain}" if domain else "")
    return {
        "client": client,
        "cluster": cluster_of(variables, "chatwoot_cluster"),
        "host": str(host).strip().lower(),
    }


def desk_fleet(names: list[str], hostvars: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a line per desk of what was read of it."""
    rows = []
    for name in names:
        variables = hostvars[name]
        said = {key: plain(value_of(variables, f"chatwoot_{key}")) for key in SAID_FOR_STATUS}
        rows.append(_desk_status.row_of(str(name), said, plain(variables.get("chatwoot_result") or {})))
    return rows


def desk_quota(row: Mapping[str, Any], choice: str, month: str) -> dict[str, str]:
    """Return what the conversations of a month ask of the bot."""
    if choice not in ("warn", "suspend_bot"):
        raise AnsibleFilterError(f"chatwoot_over_quota: {choice!r} is no choice; write warn or suspend_bot.")
    return _desk_status.bot_status(plain(row), str(choice), str(month))


def desk_status_words(rows: list[Mapping[str, Any]], month: str) -> list[dict[str, Any]]:
    """Return what the end of a run tells of desks."""
    return _desk_status.words(plain(list(rows)), str(month))


def desk_switches(rows: list[Mapping[str, Any]], desk: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the end of a run tells of a client's features: those that are its to switch, and how they are.

    Args:
        rows: the desks that chatwoot_tenant_info returned, before anything was switched.
        desk: what is said of it.
    """
    with _told():
        plan = plan_of(plain(desk))
        wanted = features_of(plan, plain(desk).get("features"))
    on = set((plain(list(rows)) or [{}])[0].get("features") or [])
    named = {"on": [name for name in plan["features"] if name in on], "off": [name for name in plan["features"] if name not in on]}
    lines = [f"{how}: {', '.join(names)}" for how, names in named.items() if names]
    lines += [f"declared: {', '.join(f'{name} {_switch(value)}' for name, value in wanted.items())}"] if wanted else []
    return [{"title": f"Features of {plain(desk).get('client')}", "lines": lines or [f"the plan {plan['name']} has none to switch"]}]


def _switch(value: bool) -> str:
    return "on" if value else "off"


def desk_words(
    desk: Mapping[str, Any],
    answered: bool = False,
    started: float = 0,
    steps: Iterable[Mapping[str, Any]] = (),
    invited: bool = False,
) -> list[dict[str, Any]]:
    """Return what the end of a run tells: where it is, and once it answers how long it took and the message for the client."""
    with _told():
        found = desk_of(plain(desk))
    title = f"Chatwoot of {found.client}"
    lines = []
    if others := brought_by_others(found):
        lines.append(f"Secrets that you bring into {found.namespace} yourself: {', '.join(others)}; pods wait for them")
    if not found.platform:
        lines.append("no chatwoot_platform_token is given, so its account, people and bot are made by hand")
    if not answered:
        # A preview, or nobody wants it asked: what is not known is not told to a client.
        return [{"title": title, "lines": [f"it is to be at {found.url}; whether it answers was not asked", *lines]}]
    return [
        {"title": title, "lines": [f"Your Chatwoot is ready at {found.url}", *lines]},
        _times(float(started), plain(list(steps))),
        {"title": "For the client", "lines": _message(found, bool(invited))},
    ]


def _times(started: float, steps: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how long each step took. On one line: a table is cut after some rows."""
    told, before = [], started
    for step in steps:
        told.append(f"{step['step']} {float(step['at']) - before:.1f} s")
        before = float(step["at"])
    return {"title": "How long it took", "lines": [f"{before - started:.1f} s in all", *([", ".join(told)] if told else [])]}


def _message(desk: Desk, invited: bool) -> list[str]:
    """Return the message, in the client's language; the first sentence is the seed's."""
    ready = f"est prêt : {desk.url}"
    lines = [f"Objet : Votre Chatwoot {ready}", "Bonjour,", f"Votre Chatwoot ({desk.plan['title']}) {ready}"]
    if desk.admin:
        lines.append(f"À la première visite, demandez un nouveau mot de passe (« Mot de passe oublié ? ») avec l'adresse {desk.admin}.")
    if invited:
        lines.append("Chacun de vos agents a reçu une invitation par courriel, avec un lien pour choisir son mot de passe.")
    return [*lines, "Les sauvegardes quotidiennes, le certificat SSL, les mises à jour et la surveillance sont inclus.", "Bien à vous"]
