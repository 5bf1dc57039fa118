# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of an audit log, told run by run: for all sites, or as one site's history.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import encode, line_hash
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.offers import OFFERS

Record = dict[str, Any]

INTERRUPTED = "interrupted"


@dataclass
class Run:
    """One run, as far as it is about one site (or about all)."""

    run: str
    time: str
    who: str
    mode: str
    playbook: str
    offers: list[str] = field(default_factory=list)
    offer_titles: list[str] = field(default_factory=list)
    changes: list[Record] = field(default_factory=list)
    failures: list[Record] = field(default_factory=list)
    result: str = INTERRUPTED
    duration: float | None = None


def of_site(records: list[Record], site: str) -> list[Record]:
    """Return the records about a site: its tasks, and the beginning and end of the runs that it took part in."""
    runs = {record.get("run") for record in records if record.get("site") == site or site in (record.get("sites") or {})}
    return [record for record in records if record.get("run") in runs and record.get("site", site) == site]


def history(records: Iterable[Record], site: str | None = None) -> list[Record]:
    """Group records by run, in the order of the log.

    Args:
        records: records in the order of the log, already only those about ``site`` when one is given.
        site: the site whose own outcome is told; the run's outcome when None.

    Returns:
        The fields of ``Run``, one mapping per run.
    """
    runs: dict[str, Run] = {}
    for record in records:
        identity = record.get("run")
        if isinstance(identity, str):
            run = runs.setdefault(identity, _begin(identity, record))
            _add(run, record, site)
    return [asdict(run) for run in runs.values()]


def last_of(records: list[Record]) -> Record | None:
    """Return where a history ends: number, time and hash of its last record; the hash can be noted as a proof."""
    if not records:
        return None
    record = records[-1]
    return {"seq": record["seq"], "time": record.get("time"), "hash": line_hash(encode(record))}


def _begin(identity: str, record: Record) -> Run:
    who = record.get("who") or {}
    person = who.get("awx_user") or who.get("sudo_user") or who.get("user") or ""
    return Run(identity, str(record.get("time", "")), person, str(record.get("mode", "")), str(record.get("playbook", "")))


def _add(run: Run, record: Record, site: str | None) -> None:
    offer = record.get("offer")
    if offer and offer not in run.offers:
        run.offers.append(offer)
        run.offer_titles.append(OFFERS[offer]["title"] if offer in OFFERS else str(offer))
    event = record.get("event")
    if event == "task":
        if record.get("result") == "changed":
            run.changes.append(record)
            # A task can be exempt from the preview; what it changed is then an apply, whatever the run was meant to be.
            run.mode = "apply" if record.get("mode") == "apply" else run.mode
        elif not record.get("ignored"):
            run.failures.append(record)
    elif event == "run_end":
        run.result = str(record.get("result") if site is None else (record.get("sites") or {}).get(site, INTERRUPTED))
        run.duration = record.get("duration")
