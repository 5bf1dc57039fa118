# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: switches under both loads, visibility with many sites, rollbacks."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from lab.poller import Poller
from lab.world import World
from tests.bench.loads import KINDS, Counted, Kind, hey, percentile, wrk
from tests.bench.progress import Progress
from tests.bench.subjects import HOST, Backends, Subject, TraefikSubject
from tests.harness.ansible import ROOT, Ansible, Run
from tests.harness.preview_apply import world_environment

# Pauses between two switches, in seconds. At full speed, where failures are counted, as many as there is time for. At the fixed rate,
# where latencies are measured, every two seconds: what a switch costs is some ten slower requests (the first ones to the other colour
# need new connections), and a switch every 0.9 s makes a p99 ratio of 1.07 of that, two runs alike.
SWITCH_EVERY_FULL = 0.8
SWITCH_EVERY_LIGHT = 2.0
# Rounds at full speed beyond the planned ones, on a machine too slow for the wanted number of requests.
MORE = 3
# Starting a subject and its poller.
START_SECONDS = 3.0
# Starting and reading hey, per window.
WINDOW_SECONDS = 0.6
# Whether a window of the fixed rate is quiet. Without, with, with, without: a drift of the machine cancels, and the two quiet
# ones compared tell how much of a ratio is noise (seen: 0.9 to 1.1 on 2 cores for twelve windows of three seconds a side).
ORDER = (True, False, False, True)


@dataclass(frozen=True)
class Sizes:
    """How long everything takes; ``quick`` is for trying the bench itself."""

    rounds: int = 4
    light_seconds: float = 4.0
    full_seconds: float = 12.0
    full_rounds: int = 1
    requests: int = 0
    site_seconds: float = 13.0
    module_rollbacks: int = 15
    playbook_rollbacks: int = 5

    def subject_seconds(self) -> float:
        """What one subject takes."""
        light = self.rounds * len(ORDER) * len(KINDS) * (self.light_seconds + WINDOW_SECONDS)
        return START_SECONDS + light + self.full_rounds * len(KINDS) * self.full_seconds


@dataclass
class Figures:
    """What was counted on one subject."""

    name: str
    requests: int = 0
    failed: int = 0
    switches: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    visible_light: list[float] = field(default_factory=list)
    visible_full: list[float] = field(default_factory=list)
    said_visible: list[float] = field(default_factory=list)
    with_switches: dict[Kind, list[float]] = field(default_factory=dict)
    without_switches: dict[Kind, list[float]] = field(default_factory=dict)
    without_again: dict[Kind, list[float]] = field(default_factory=dict)
    failed_by_kind: Counter[str] = field(default_factory=Counter)
    requests_by_kind: Counter[str] = field(default_factory=Counter)

    def count(self, kind: Kind, counted: Counted) -> None:
        """Add a load during which there were switches."""
        self.requests += counted.requests
        self.failed += counted.failed
        self.reasons.update(counted.reasons)
        self.requests_by_kind[kind.words] += counted.requests
        self.failed_by_kind[kind.words] += counted.failed

    def p99(self, *sides: dict[Kind, list[float]]) -> float:
        """The p99 over all four kinds, each with as many requests as the others."""
        return percentile([latency for side in sides for kind in KINDS for latency in side[kind]], 0.99)

    def summary(self) -> dict[str, Any]:
        """The keys that every subject has."""
        with_, without = self.p99(self.with_switches), self.p99(self.without_switches, self.without_again)
        return {
            "requests": self.requests,
            "failed": self.failed,
            "switches": self.switches,
            "p99_ms_with": round(with_, 3),
            "p99_ms_without": round(without, 3),
            "p99_ratio": round(with_ / without, 3),
            "p99_ratio_of_two_quiet_halves": round(self.p99(self.without_again) / self.p99(self.without_switches), 3),
            **visible(self.visible_light),
        }

    def details(self) -> dict[str, Any]:
        """What explains the summary."""
        return {
            "failures": dict(self.reasons),
            "visible_full_speed": visible(self.visible_full),
            "visible_as_the_module_says": visible(self.said_visible) if self.said_visible else None,
            "kinds": {
                kind.words: {
                    "requests": self.requests_by_kind[kind.words],
                    "failed": self.failed_by_kind[kind.words],
                    "p99_ms_with": round(percentile(self.with_switches[kind], 0.99), 3),
                    "p99_ms_without": round(percentile([*self.without_switches[kind], *self.without_again[kind]], 0.99), 3),
                }
                for kind in KINDS
            },
        }


def visible(values: list[float]) -> dict[str, float]:
    """Median and maximum."""
    return {"visible_ms_median": round(median(values), 2), "visible_ms_max": round(max(values), 2)}


class Switching(threading.Thread):
    """Switches a subject again and again; what went wrong comes out at ``end``."""

    def __init__(self, subject: Subject, every: float) -> None:
        super().__init__(daemon=True)
        self.subject = subject
        self.every = every
        self.said: list[dict[str, Any]] = []
        self.trouble: Exception | None = None
        self.over = threading.Event()

    def run(self) -> None:
        """Switch until the end, the first one after half a pause."""
        try:
            self.over.wait(self.every / 2)
            while not self.over.is_set():
                self.said.append(self.subject.switch())
                self.over.wait(self.every)
        except Exception as error:
            self.trouble = error

    def end(self) -> list[dict[str, Any]]:
        """Stop, and return what each switch said."""
        self.over.set()
        self.join()
        if self.trouble:
            raise self.trouble
        return self.said


@contextlib.contextmanager
def running(subject: Subject) -> Iterator[Subject]:
    """A started subject, stopped at the end."""
    subject.directory.mkdir(parents=True, exist_ok=True)
    subject.start()
    try:
        yield subject
    finally:
        subject.stop()


def switched_load(subject: Subject, load: Callable[[], Counted], every: float) -> tuple[Counted, list[dict[str, Any]], list[float]]:
    """One load with switches: what it counted, what the switches said, and when they became visible."""
    poller = Poller(subject.directory, subject.port, host=HOST, file=subject.file)
    with poller:
        switching = Switching(subject, every)
        switching.start()
        counted = load()
        said = switching.end()
    return counted, said, [switch.visible_ms for switch in poller.switches()]


def quiet_load(subject: Subject, load: Callable[[], Counted]) -> Counted:
    """The same load, poller included, without switches."""
    with Poller(subject.directory, subject.port, host=HOST, file=subject.file):
        return load()


def measure(subject: Subject, sizes: Sizes, progress: Progress) -> Figures:
    """Both loads of all four kinds."""
    figures = Figures(subject.name)
    with progress.step(f"{subject.name}: start", START_SECONDS):
        subject.directory.mkdir(parents=True, exist_ok=True)
        subject.start()
    try:
        for _ in range(sizes.rounds):
            for kind in KINDS:
                _light(figures, subject, kind, sizes, progress)
        rounds = 0
        while rounds < sizes.full_rounds or (figures.requests < sizes.requests and rounds < sizes.full_rounds + MORE):
            _full(figures, subject, sizes, progress)
            rounds += 1
    finally:
        subject.stop()
    return figures


def _light(figures: Figures, subject: Subject, kind: Kind, sizes: Sizes, progress: Progress) -> None:
    def load() -> Counted:
        return hey(subject.url, HOST, kind, sizes.light_seconds, subject.directory)

    quiet_side = [figures.without_again, figures.without_switches]
    for quiet in ORDER:
        words = "without switches" if quiet else "with switches"
        with progress.step(f"{subject.name}: {kind.words}, fixed rate, {words}", sizes.light_seconds + WINDOW_SECONDS):
            if quiet:
                quiet_side.pop().setdefault(kind, []).extend(quiet_load(subject, load).latencies)
                continue
            counted, said, seen = switched_load(subject, load, SWITCH_EVERY_LIGHT)
            figures.count(kind, counted)
            figures.switches += len(said)
            figures.visible_light += seen
            figures.said_visible += [one["visible_ms"] for one in said if one.get("visible_ms")]
            figures.with_switches.setdefault(kind, []).extend(counted.latencies)


def _full(figures: Figures, subject: Subject, sizes: Sizes, progress: Progress) -> None:
    for kind in KINDS:

        def load(kind: Kind = kind) -> Counted:
            return wrk(subject.url, HOST, kind, sizes.full_seconds, subject.directory)

        with progress.step(f"{subject.name}: {kind.words}, full speed, with switches", sizes.full_seconds):
            counted, said, seen = switched_load(subject, load, SWITCH_EVERY_FULL)
            figures.count(kind, counted)
            figures.switches += len(said)
            figures.visible_full += seen


def measure_sites(directory: Path, backends: Backends, number: int, sizes: Sizes, progress: Progress) -> dict[str, Any]:
    """Visibility with this many sites in the directory, under the fixed rate."""
    subject = TraefikSubject(directory / f"sites-{number}", backends, sites=number)
    with progress.step(f"{number} sites", START_SECONDS + sizes.site_seconds), running(subject):
        load = functools.partial(hey, subject.url, HOST, KINDS[0], sizes.site_seconds, subject.directory)
        counted, _, seen = switched_load(subject, load, SWITCH_EVERY_FULL)
    return {**visible(seen), "requests": counted.requests, "failed": counted.failed, "switches": len(seen)}


def measure_certificate(directory: Path, backends: Backends, sizes: Sizes, progress: Progress) -> dict[str, Any]:
    """What a missing default certificate costs: the reason why the role always sets one."""
    subject = TraefikSubject(directory / "no-certificate", backends, default_certificate=False)
    with progress.step("no default certificate", START_SECONDS + sizes.site_seconds), running(subject):
        load = functools.partial(hey, subject.url, HOST, KINDS[0], sizes.site_seconds, subject.directory)
        counted, _, seen = switched_load(subject, load, SWITCH_EVERY_FULL)
    return {**visible(seen), "requests": counted.requests, "failed": counted.failed, "switches": len(seen)}


def measure_module_rollback(directory: Path, backends: Backends, sizes: Sizes, progress: Progress) -> list[float]:
    """Milliseconds of a rollback by the module, the start of its Python included."""
    subject = TraefikSubject(directory / "rollback", backends)
    taken = []
    with progress.step("rollbacks through the module", START_SECONDS + sizes.module_rollbacks * 0.6), running(subject):
        for _ in range(sizes.module_rollbacks):
            subject.switch()
            taken.append(subject.roll_back_cold().seconds * 1000)
    return taken


def measure_playbook_rollback(directory: Path, sizes: Sizes, progress: Progress) -> list[float]:
    """Milliseconds of the whole command that an operator types."""
    taken = []
    step = progress.step("rollbacks through ansible-playbook", START_SECONDS + sizes.playbook_rollbacks * 4.0)
    with step, World(directory / "world", sites=("acme",)) as world:
        ansible = Ansible(ROOT / "inventories" / "demo", environment=world_environment(world))
        _succeed(ansible, "bluegreen")
        for _ in range(sizes.playbook_rollbacks):
            _succeed(ansible, "switch", bluegreen_target="green")
            taken.append(_succeed(ansible, "rollback").seconds * 1000)
    return taken


def _succeed(ansible: Ansible, playbook: str, **variables: str) -> Run:
    run = ansible.run(
        f"bluegreen.orchestrator.{playbook}",
        limit="acme",
        extra_vars={"dry_run": False, **variables},
        callback="ansible.builtin.default",
    )
    if run.returncode:
        raise RuntimeError(run.words())
    return run
