# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stage of `make test` came to, and how stages add up to the last line."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Skip:
    """Something that did not run, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Outcome:
    """The result of one stage: a check counts one, a pytest stage counts its tests."""

    stage: str
    passed: int = 0
    failed: int = 0
    skips: tuple[Skip, ...] = ()
    seconds: float = 0.0

    @property
    def word(self) -> str:
        """The stage in one word, for the progress line."""
        if self.failed:
            return "FAILED"
        return "ok" if self.passed else "skipped"


def of_check(stage: str, exit_code: int) -> Outcome:
    """A command that is right or wrong as a whole."""
    return Outcome(stage, passed=int(exit_code == 0), failed=int(exit_code != 0))


def of_pytest(stage: str, exit_code: int, junit: Path) -> Outcome:
    """A pytest run, from its JUnit report.

    pytest can fail without a failed test (nothing collected, an error in a conftest, a crash that leaves no report or half of
    one): that counts as one failure, or a stage that ran nothing would look green.
    """
    try:
        outcome = _read_junit(stage, junit)
    except (FileNotFoundError, ET.ParseError):
        return Outcome(stage, failed=1)
    ran_nothing = not (outcome.passed or outcome.failed or outcome.skips)
    if ran_nothing or (exit_code != 0 and not outcome.failed):
        return replace(outcome, failed=1)
    return outcome


def _read_junit(stage: str, junit: Path) -> Outcome:
    passed, failed, skips = 0, 0, []
    for case in ET.parse(junit).iter("testcase"):
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        skipped = case.find("skipped")
        # A test that passes and then breaks in its teardown is reported once with an error in it.
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif skipped is not None:
            skips.append(Skip(name, skipped.get("message") or "no reason given"))
        else:
            passed += 1
    return Outcome(stage, passed, failed, tuple(skips))


def table(outcomes: Sequence[Outcome], wall_clock: float) -> list[str]:
    """Seconds and counts per stage, and how long it all took: less than the sum, as stages run side by side."""
    width = max(len("wall clock"), *(len(outcome.stage) for outcome in outcomes))
    lines = [f"{'stage':<{width}}  {'seconds':>7}  {'passed':>6}  {'failed':>6}  {'skipped':>7}"]
    lines += [
        f"{outcome.stage:<{width}}  {outcome.seconds:>7.1f}  {outcome.passed:>6}  {outcome.failed:>6}  {len(outcome.skips):>7}"
        for outcome in outcomes
    ]
    lines.append(f"{'wall clock':<{width}}  {wall_clock:>7.1f}")
    return lines


@dataclass(frozen=True)
class Totals:
    """What all stages add up to."""

    passed: int
    failed: int
    skipped: int

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def total(outcomes: Sequence[Outcome], *, strict: bool) -> Totals:
    """Add up. Strict (LAB_REQUIRE=all): what did not run has failed, and is counted there and not as a skip."""
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    skipped = sum(len(outcome.skips) for outcome in outcomes)
    return Totals(passed, failed + skipped, 0) if strict else Totals(passed, failed, skipped)
