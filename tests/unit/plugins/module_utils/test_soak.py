# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The soak's verdict, with a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import ProbeError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._soak import PROBE_MISSES, Evidence, Soak, Watch, increase
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import Counts


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def counter(values: Iterator[Counts | None]) -> Callable[[], Counts]:
    def read() -> Counts:
        value = next(values)
        if value is None:
            raise ProbeError("connection refused: nothing listens there")
        return value

    return read


def watch(soak: Soak, probe: Callable[[], str | None], counts: Callable[[], Counts] | None) -> Evidence:
    clock = Clock()
    made = Watch(soak, probe, counts, clock, clock.sleep)
    made.begin()
    return made.run()


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Counts(10, 1), Counts(15, 1), Counts(5, 0)),
        (Counts(10, 1), Counts(10, 1), Counts(0, 0)),
        (Counts(10, 1), Counts(3, 0), Counts(3, 0)),
        (Counts(10, 5), Counts(12, 2), Counts(12, 2)),
    ],
)
def test_a_counter_that_went_back_was_reset(before: Counts, now: Counts, expected: Counts) -> None:
    assert increase(before, now) == expected


def test_a_well_colour_passes_after_the_whole_time() -> None:
    values = iter([Counts(0, 0), *(Counts(100 * n, 0) for n in range(1, 100))])
    seen = watch(Soak(seconds=2, interval=0.5), lambda: None, counter(values))
    assert (seen.verdict, seen.requests, seen.errors, seen.probes, seen.seconds) == ("passed", 500, 0, 5, 2.0)


def test_too_many_errors_end_it_at_once() -> None:
    values = iter([Counts(50, 50), Counts(150, 50), Counts(250, 52)])
    seen = watch(Soak(seconds=60, max_error_ratio=0.005, interval=0.5), lambda: None, counter(values))
    assert (seen.verdict, seen.requests, seen.errors, seen.seconds) == ("failed", 200, 2, 0.5)
    assert seen.reason is not None
    assert "2 of 200" in seen.reason
    assert "max_error_ratio=0.005" in seen.reason


@pytest.mark.parametrize(("errors", "verdict"), [(1, "passed"), (2, "failed")])
def test_the_ratio_itself_is_allowed(errors: int, verdict: str) -> None:
    values = iter([Counts(0, 0), Counts(100, errors)])
    assert watch(Soak(seconds=0, max_error_ratio=0.01), lambda: None, counter(values)).verdict == verdict


@pytest.mark.parametrize(("requests", "verdict"), [(19, "passed"), (20, "failed")])
def test_a_few_requests_are_not_judged(requests: int, verdict: str) -> None:
    values = iter([Counts(0, 0), Counts(requests, requests)])
    assert watch(Soak(seconds=0, min_requests=20), lambda: None, counter(values)).verdict == verdict


def test_misses_must_come_in_a_row() -> None:
    answers = cycle(["status 503", "status 503", None])
    assert watch(Soak(seconds=5), lambda: next(answers), None).verdict == "passed"


def test_misses_in_a_row_fail_with_the_reason() -> None:
    answers = iter([None, *["connection refused"] * 10])
    seen = watch(Soak(seconds=60, interval=0.5), lambda: next(answers), None)
    assert (seen.verdict, seen.probes, seen.probe_failures) == ("failed", 1 + PROBE_MISSES, PROBE_MISSES)
    assert seen.seconds == 0.5, "a miss is asked again at once, not an interval later"
    assert seen.reason == f"{PROBE_MISSES} probes in a row failed, the last because: connection refused"
    assert seen.reasons == ["connection refused"]


def test_metrics_that_are_gone_for_a_moment_are_counted_as_gaps() -> None:
    values = iter([Counts(0, 0), Counts(10, 0), None, Counts(30, 0)])
    seen = watch(Soak(seconds=1, interval=0.5), lambda: None, counter(values))
    assert (seen.verdict, seen.metrics_gaps, seen.requests) == ("passed", 1, 30)


def test_without_probes_only_the_counters_speak() -> None:
    seen = watch(Soak(seconds=0, probe=False), lambda: "never asked", counter(iter([Counts(0, 0), Counts(5, 0)])))
    assert (seen.probes, seen.verdict) == (0, "passed")


def test_it_ends_when_the_time_is_over_and_not_an_interval_later() -> None:
    seen = watch(Soak(seconds=1.2, interval=0.5), lambda: None, None)
    assert (seen.seconds, seen.probes) == (1.2, 4)
