# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short summary in words at the end of each run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: summary
type: aggregate
short_description: Say in a few words what a run changed, how to take it back, and what to do next
version_added: 0.1.0
description:
  - Prints at the end of each run whether it was a preview or applied, what changed on which site, what failed and why, how long it took,
    how to take it back, what to do next, and where the trace is.
  - Uses the keys C(summary) and C(take_back) that a module returns; the name of the task for modules that return neither.
  - Calls a host of the group C(tenants) a tenant, one of C(desks) a desk, this machine a host, and any other a site.
  - Tells what a play leaves for it by M(ansible.builtin.set_stats) as C(bluegreen_summary), a list of sections. A section has a C(title)
    and C(lines), or a table of a C(head) and C(rows); C(more) is said where not all of them are told.
  - Honours C(no_log). Of extra variables only names are printed, but for a few that cannot be a secret.
  - Prints to stderr when the stdout callback writes JSON.
author:
  - BlueGreen Orchestrator team (@bluegreen-orchestrator)
requirements:
  - enable in C(callbacks_enabled)
extends_documentation_fragment:
  - bluegreen.orchestrator.audit
options:
  max_sites:
    description:
      - How many sentences are told of what changed, of what failed and of what takes it back, and how many lines of a section; of the
        others only the number is said.
    type: int
    default: 10
    ini:
      - section: callback_summary
        key: max_sites
    env:
      - name: BLUEGREEN_SUMMARY_MAX_SITES
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _run
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._ahead import import_ahead
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._command import apply_command, take_back_command

# Of the sites on which the same was done; the recap above the summary has them all.
HOSTS_NAMED = 5
HIDDEN = "(the reason is hidden by no_log)"
# What a run can be about, in the order of the headline.
NOUNS = ("site", "tenant", "desk", "host")
# What plays leave for the end of a run, among ansible-core's own statistics.
LEFT = "bluegreen_summary"


@dataclass
class Site:
    """What happened on one site, or tenant."""

    noun: str = "site"
    would: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    take_back: list[str] = field(default_factory=list)


class CallbackModule(CallbackBase):
    """Collects what the tasks say, and tells it at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bluegreen.orchestrator.summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._play: Any = None
        self._sites: dict[str, Site] = {}
        self._started = 0.0
        self._applies = False
        self._only_reads = True
        self._awx = False
        self._left_before = 0

    def v2_playbook_on_start(self, _playbook: Any) -> None:
        """Begin to collect."""
        self._sites = {}
        self._applies = False
        self._only_reads = True
        self._started = time.monotonic()

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Note whether this play is a preview."""
        self._play = play
        hosts = _run.hosts_of(play)
        self._applies = self._applies or _run.mode_of(play, hosts[0] if hosts else None) == "apply"
        self._only_reads = self._only_reads and bool(play.get_vars().get("offer_only_reads"))
        variables = _run.extra_vars(play)
        self._awx = bool(variables.get("awx_job_id") or variables.get("tower_job_id"))

    def v2_playbook_on_task_start(self, task: Any, *_args: Any, **_kwargs: Any) -> None:
        """Have the workers to come forked from a process that has what they need."""
        import_ahead(str(task.get_path() or ""))

    def v2_runner_on_ok(self, result: Any) -> None:
        """Collect a change, in the module's own words where it has some."""
        noun, name = _run.place_of(result)
        site = self._sites.setdefault(name, Site(noun))
        if not result.is_changed():
            return
        said = [str(part["summary"]) for part in _run.parts(result) if part.get("summary")]
        said = said or [_run.task_name(result.task) + _run.subject(result.task, part) for part in _run.parts(result) if part.get("changed")]
        said = said or [_run.task_name(result.task)]
        if _run.mode_of(self._play, result.host, result.task) == "preview":
            _add(site.would, said)
            return
        self._applies = True
        _add(site.changed, said)
        ways = [(str(part["take_back"]), str(part.get("site"))) for part in _run.parts(result) if part.get("take_back")]
        _add(site.take_back, [take_back_command(way, name, result.host.name, context.CLIARGS) for way, name in ways])

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Collect a failure, unless the playbook expects it."""
        site = self._site(result)
        if result.is_changed() and _run.mode_of(self._play, result.host, result.task) == "apply":
            _add(site.changed, [_run.task_name(result.task)])
        if not ignore_errors:
            _add(site.failed, [_run.unread_argument(self._play, result) or _why(result)])

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Collect a site that did not answer."""
        _add(self._site(result).failed, [f"unreachable: {_run.sentence(result) or HIDDEN}"])

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Tell."""
        if not self._sites:
            return
        failed = {host: ended for host, site in self._sites.items() if (ended := _lasting(site.failed, stats.summarize(host)))}
        would = {host: site.would for host, site in self._sites.items() if site.would}
        changed = {host: site.changed for host, site in self._sites.items() if site.changed}
        # The last change is the first to take back.
        take_back = {host: site.take_back[::-1] for host, site in self._sites.items() if site.take_back}
        lines = [self._headline(changed if self._applies else would, failed)]
        if self._only_reads and not changed and not would:
            lines = [f"READ: {self._counts()}{f', {len(failed)} failed' if failed else ''}, in {self._seconds()}"]
        for title, told in (("Failed", failed), ("Would change", would), ("Changed", changed), ("Take back", take_back)):
            lines += _told(title, told, _run.option(self, "max_sites"))
        lines += self._left(stats)
        lines += self._next(bool(would), bool(failed))
        lines += self._trace()
        # A reader of JSON on stdout must not find a sentence behind it.
        self._display.display("\n" + "\n".join(lines), stderr="json" in _run.setting("DEFAULT_STDOUT_CALLBACK"))

    def _site(self, result: Any) -> Site:
        return self._sites.setdefault(result.host.name, Site(_run.noun_of(result.host)))

    def _counts(self, some: Iterable[str] | None = None) -> str:
        """Say how many there are of each, with ``some`` how many of them."""
        all_of = {noun: [host for host, site in self._sites.items() if site.noun == noun] for noun in NOUNS}
        told = {noun: f"{len(set(some) & set(hosts))} of " if some is not None else "" for noun, hosts in all_of.items()}
        return " and ".join(f"{told[noun]}{_count(len(hosts), noun)}" for noun, hosts in all_of.items() if hosts)

    def _headline(self, changed: dict[str, list[str]], failed: dict[str, list[str]]) -> str:
        counts = [f"{self._counts(changed)} {'changed' if self._applies else 'would change'}"]
        if failed:
            counts.append(f"{len(failed)} failed")
        # A run that failed before its first change has applied nothing, whatever it was meant to do.
        word = "PREVIEW (nothing was written)" if not self._applies else "FAILED" if failed and not changed else "APPLIED"
        return f"{word}: {', '.join(counts)}, in {self._seconds()}"

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._started:.1f} s"

    def _left(self, stats: Any) -> list[str]:
        """Tell what plays left; ansible-core keeps it from one playbook to the next of the same command."""
        left = stats.custom.get("_run", {}).get(LEFT, [])
        try:
            new, self._left_before = left[self._left_before :], len(left)
            return [line for section in new for line in _section(section, _run.option(self, "max_sites"))]
        except (AttributeError, KeyError, TypeError, ValueError):
            # Anybody can leave something, and the rest of the summary must not be lost with it.
            return [f"  {LEFT}: a play left no list of sections as ansible-doc -t callback {self.CALLBACK_NAME} describes them"]

    def _next(self, would: bool, failed: bool) -> list[str]:
        if failed:
            return ["  Next: mend what failed, then run the same command again; every run is safe to repeat."]
        if self._applies or self._only_reads:
            return []
        if not would:
            return ["  Next: nothing to apply."]
        if self._awx:
            return ["  Next: to apply, launch this job again with the variable dry_run: false."]
        command, withheld = apply_command(context.CLIARGS)
        lines = [f"  Next: to apply, run\n    {command}"]
        if withheld:
            lines.append(f"    with your own value in place of ... for {', '.join(withheld)}")
        return lines

    def _trace(self) -> list[str]:
        if "bluegreen.orchestrator.audit" not in _run.setting("CALLBACKS_ENABLED"):
            return ["  Trace: none (the callback bluegreen.orchestrator.audit is not enabled)"]
        path = _run.log_path(self)
        if _run.lost_records:
            return [f"  Trace: {path} LACKS {_count(len(_run.lost_records), 'record')} of this run (see the warning above)"]
        return [f"  Trace: {path}"]


def _why(result: Any) -> str:
    """A sentence of ours says all by itself; one of another module needs to be told what it is about."""
    said = _run.sentence(result)
    if said is not None and _run.is_ours(result.task):
        return _run.in_inventory(result.task, said)
    return f"{_run.task_name(result.task)}: {said or HIDDEN}"


def _add(known: list[str], sentences: Iterable[str]) -> None:
    for sentence in map(_run.one_line, sentences):
        if sentence not in known:
            known.append(sentence)


def _lasting(failed: list[str], counts: dict[str, int]) -> list[str]:
    """Those that ended a site's run. What was rescued came before, and the sentence that the rescue ends with says it."""
    lasting = counts["failures"] + counts["unreachable"]
    return failed[-lasting:] if lasting else []


def _told(title: str, sites: dict[str, list[str]], limit: int) -> list[str]:
    if not sites:
        return []
    hosts_by_sentence: dict[str, list[str]] = {}
    for host in sorted(sites):
        for sentence in sites[host]:
            hosts_by_sentence.setdefault(sentence, []).append(host)
    lines = [f"    {_entry(sentence, hosts)}" for sentence, hosts in hosts_by_sentence.items()]
    more = len(lines) - limit
    return [f"  {title}:", *lines[:limit], *([f"    and {more} more"] if more > 0 else [])]


def _section(section: Mapping[str, Any], limit: int) -> list[str]:
    rows = [section["head"], *section["rows"][:limit]] if "rows" in section else []
    shown = _aligned([[_run.printable(str(cell)) for cell in row] for row in rows])
    shown += [_run.one_line(str(line)) for line in section.get("lines", [])[:limit]]
    more = max(len(section.get(key, [])) for key in ("rows", "lines")) - limit
    where = f"; {_run.one_line(str(section['more']))}" if section.get("more") else ""
    rest = [f"and {more} more{where}"] if more > 0 else []
    return [f"  {_run.one_line(str(section['title']))}:", *(f"    {line}" for line in (*shown, *rest))]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _entry(sentence: str, hosts: list[str]) -> str:
    if len(hosts) > 1:
        more = len(hosts) - HOSTS_NAMED
        return f"{sentence}, on {', '.join(hosts[:HOSTS_NAMED])}{f' and {more} more' if more > 0 else ''}"
    # Our modules begin their sentences with the site; it need not stand there twice.
    return sentence if sentence.startswith((f"{hosts[0]} ", f"{hosts[0]}:")) else f"{hosts[0]}: {sentence}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
