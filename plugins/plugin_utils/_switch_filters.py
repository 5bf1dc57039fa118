# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that put results into words.

PRIVATE: for this collection's own plugins, not a public interface. They are filters through ``plugins/filter/filters.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def gate_words(gate: Mapping[str, Any]) -> str:
    """Say how the gate of one server ended."""
    probes = f"{gate['probes']} probe{'s' if gate['probes'] != 1 else ''}, {gate['elapsed_ms']:g} ms"
    if gate["passed"]:
        return f"gate {gate['colour']} {gate['url']}: passed ({probes})"
    return f"gate {gate['colour']} {gate['url']}: closed ({probes}): {'; '.join(gate['reasons'])}"


def status_words(info: Mapping[str, Any]) -> list[str]:
    """Say how sites are, one line per fact that an operator acts on."""
    lines = [line for site in info["sites"] for line in _site_words(site)]
    for file in info["directory"]["blocking_files"]:
        lines.append(f"Traefik ignores every change until {file['path']} is mended: {file['problem']}")
    for file in info["directory"]["unjudged_files"]:
        lines.append(f"{file['path']} could not be checked: {file['reason']}")
    if not info["directory"]["default_certificate"]:
        lines.append("no default certificate is configured: every switch is 40-190 ms slower than it need be")
    return lines


def _site_words(site: Mapping[str, Any]) -> list[str]:
    name = site["site"]
    lines = _lock_words(name, site["lock"])
    if not site["exists"]:
        return [f"{name}: no route yet; the playbook bluegreen makes it", *lines]
    if site["problem"] and "active" not in site:
        return [f"{name}: {site['problem']}", *lines]
    changed = f"; its route changed at {site['last_change']} ({_age(site['last_change_age'])} ago)" if site["last_change"] else ""
    lines.insert(0, f"{name}: {site['active']} serves{changed}")
    if site["problem"]:
        lines.append(f"{name}: {site['problem']}")
    if site["in_step"] is False:
        lines.append(f"{name}: Traefik serves {site['serving'] or 'nothing'}, not what the file says; look into Traefik's log")
    lines += _claim_words(name, site["claim"])
    lines += _beside_words(name, site)
    for colour, state in site["colours"].items():
        role = "active" if state["active"] else "idle"
        lines += [
            f"{name}: {colour} ({role}) {server['url']} is {'well' if server['healthy'] else 'not well: ' + server['reason']}"
            for server in state["servers"]
        ]
    if site["previous"]:
        well = site["colours"][site["previous"]]["healthy"]
        would = (
            f"go to {site['previous']}" if well else f"be refused as it is now, for it would go to {site['previous']}, which is not well"
        )
        lines.append(f"{name}: a rollback would {would}")
    elif site["rolled_back"]:
        lines.append(f"{name}: the last change was a rollback, from {site['rolled_back']}")
    return lines


def _beside_words(name: str, site: Mapping[str, Any]) -> list[str]:
    """Say what a site has beside its colour."""
    idle = next((colour for colour, state in site["colours"].items() if not state["active"]), "")
    lines = []
    if site["canary"] is not None:
        kept = f", and keep it by the cookie {site['sticky']['cookie']}" if site["sticky"] else ""
        lines.append(f"{name}: {site['canary']} % of the visitors are on {idle}{kept}; a rollback would end that canary")
    if site["maintenance"]:
        allowed = f", but for {', '.join(site['maintenance']['allow'])}" if site["maintenance"]["allow"] else ""
        lines.append(f"{name}: visitors see the maintenance page of {', '.join(site['maintenance']['servers'])}{allowed}")
    if site["hold"]:
        left = "every write FAILS: the process that held the writes is gone; end it now with the playbook hold, -e bluegreen_hold=abort"
        lines.append(f"{name}: writes wait for {site['hold']}" if site["lock"]["held"] else f"{name}: {left}")
    if site["preview"]:
        by = f"at {site['preview']['host']}" if site["preview"]["host"] else f"by the header {site['preview']['header']}"
        lines.append(f"{name}: {idle} can be previewed {by}")
    return lines


def _claim_words(name: str, claim: Mapping[str, Any] | None) -> list[str]:
    if claim is None:
        return []
    work, colour = claim["work"], claim["colour"]
    killed = f"if that run was killed, finish it by the playbook {work} with -e bluegreen_take_over=true"
    return [f"{name}: {colour} is in work: {work} by {claim['owner']}, for {_age(claim['age'])}; {killed}"]


def _lock_words(name: str, lock: Mapping[str, Any]) -> list[str]:
    if lock["held"]:
        return [f"{name}: being changed right now by {lock['owner'] or 'another run'}"]
    return [f"{name}: an earlier run did not end in order: {lock['owner']}"] if lock["left_behind"] else []


def _age(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
