# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role chatwoot what a Chatwoot of ours consists of, and what is told of it at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _desk_parts
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_args import desk_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._plain import cluster_of, plain, value_of


def desk_part(desk: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Return one part of a Chatwoot as the module kubernetes_manifests takes it."""
    parts = [*_desk_parts.PARTS, _desk_parts.STORAGE]
    if part not in parts:
        raise AnsibleFilterError(f"desk_part: {part!r} is no part of a Chatwoot; there are {', '.join(parts)}.")
    try:
        return _desk_parts.part(plain(desk), str(part))
    except InputError as problem:
        raise AnsibleFilterError(problem.sentence) from None


def desk_refusals(desk: Mapping[str, Any], variables: Iterable[str] = (), known: Iterable[str] = ()) -> list[str]:
    """Return everything that is wrong with what is said of a Chatwoot, and the variables among these that are none of those known."""
    return _desk_parts.refusals(plain(desk), plain(list(variables)), plain(list(known)))


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


def desk_words(
    desk: Mapping[str, Any], answered: bool = False, started: float = 0, steps: Iterable[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Return what the end of a run tells: where it is, and once it answers how long it took and the message for the client."""
    try:
        found = desk_of(plain(desk))
    except InputError as problem:
        raise AnsibleFilterError(problem.sentence) from None
    title = f"Chatwoot of {found.client}"
    if not answered:
        # A preview, or nobody wants it asked: what is not known is not told to a client.
        return [{"title": title, "lines": [f"it is to be at {found.url}; whether it answers was not asked"]}]
    return [
        {"title": title, "lines": [f"Your Chatwoot is ready at {found.url}"]},
        _times(float(started), plain(list(steps))),
        {"title": "For the client", "lines": _message(found.url, found.plan["title"], found.admin)},
    ]


def _times(started: float, steps: list[Mapping[str, Any]]) -> dict[str, Any]:
    rows, before = [], started
    for step in steps:
        rows.append([str(step["step"]), f"{float(step['at']) - before:.1f}"])
        before = float(step["at"])
    return {"title": "How long it took", "head": ["step", "seconds"], "rows": [*rows, ["all", f"{before - started:.1f}"]]}


def _message(url: str, title: str, admin: str) -> list[str]:
    """Return the message, in the client's language; the first sentence is the seed's."""
    lines = [f"Objet : Votre Chatwoot est prêt : {url}", "Bonjour,", f"Votre Chatwoot ({title}) est prêt : {url}"]
    if admin:
        lines.append(f"À la première visite, demandez un nouveau mot de passe (« Mot de passe oublié ? ») avec l'adresse {admin}.")
    return [*lines, "Les sauvegardes quotidiennes, le certificat SSL, les mises à jour et la surveillance sont inclus.", "Bien à vous"]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"desk_conflicts": desk_conflicts, "desk_part": desk_part, "desk_refusals": desk_refusals, "desk_words": desk_words}
