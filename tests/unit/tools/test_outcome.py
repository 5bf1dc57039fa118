# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How stages add up: a wrong sum here would make a red run look green."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.outcome import Outcome, Skip, of_check, of_pytest, table, total

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest">
<testcase classname="tests.unit.test_a" name="test_good" time="0.1"/>
<testcase classname="tests.unit.test_a" name="test_also_good" time="0.1"/>
<testcase classname="tests.unit.test_a" name="test_bad"><failure message="assert 1 == 2">trace</failure></testcase>
<testcase classname="tests.unit.test_a" name="test_broken_teardown"><error message="failed on teardown">trace</error></testcase>
<testcase classname="tests.unit.test_a" name="test_no_docker"><skipped message="no Docker here">where</skipped></testcase>
</testsuite></testsuites>
"""

PASSING = REPORT.replace('<failure message="assert 1 == 2">trace</failure>', "").replace(
    '<error message="failed on teardown">trace</error>', ""
)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report.xml"


@pytest.mark.parametrize(("exit_code", "expected"), [(0, (1, 0)), (1, (0, 1)), (-9, (0, 1))])
def test_a_check_counts_one(exit_code: int, expected: tuple[int, int]) -> None:
    outcome = of_check("mypy", exit_code)
    assert (outcome.passed, outcome.failed) == expected


def test_pytest_counts_its_tests(report: Path) -> None:
    report.write_text(REPORT)
    assert of_pytest("unit", 1, report) == Outcome(
        "unit", passed=2, failed=2, skips=(Skip("tests.unit.test_a::test_no_docker", "no Docker here"),)
    )


def test_pytest_that_fails_without_a_failed_test_is_a_failure(report: Path) -> None:
    report.write_text(PASSING)
    assert of_pytest("unit", 0, report).failed == 0
    assert of_pytest("unit", 3, report).failed == 1


@pytest.mark.parametrize("content", [None, "", REPORT[:300]], ids=["no report", "empty report", "cut report"])
def test_pytest_that_died_is_a_failure(report: Path, content: str | None) -> None:
    if content is not None:
        report.write_text(content)
    outcome = of_pytest("unit", -9, report)
    assert (outcome.passed, outcome.failed) == (0, 1)


@pytest.mark.parametrize("exit_code", [0, 5])
def test_pytest_that_ran_nothing_is_a_failure(report: Path, exit_code: int) -> None:
    report.write_text('<testsuites><testsuite name="pytest" tests="0"/></testsuites>')
    assert of_pytest("integration", exit_code, report).failed == 1


def test_the_sum() -> None:
    outcomes = [of_check("mypy", 0), of_check("ruff", 1), Outcome("unit", passed=40, failed=2, skips=(Skip("a", "b"), Skip("c", "d")))]
    assert str(total(outcomes, strict=False)) == "41 passed, 3 failed, 2 skipped"


def test_strict_makes_a_failure_of_each_skip() -> None:
    outcomes = [of_check("mypy", 0), Outcome("newest core", skips=(Skip("newest core", "no Python 3.12"),))]
    assert str(total(outcomes, strict=True)) == "1 passed, 1 failed, 0 skipped"


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome("a", passed=3, skips=(Skip("b", "c"),)), "ok"),
        (Outcome("a", passed=3, failed=1), "FAILED"),
        (Outcome("a", skips=(Skip("a", "c"),)), "skipped"),
    ],
)
def test_the_word_for_a_stage(outcome: Outcome, word: str) -> None:
    assert outcome.word == word


def test_the_table_has_a_line_for_each_stage_and_the_wall_clock() -> None:
    lines = table([Outcome("mypy", passed=1, seconds=4.25), Outcome("unit", passed=40, failed=2, seconds=10.5)], wall_clock=11.04)
    assert [line.split() for line in lines] == [
        ["stage", "seconds", "passed", "failed", "skipped"],
        ["mypy", "4.2", "1", "0", "0"],
        ["unit", "10.5", "40", "2", "0"],
        ["wall", "clock", "11.0"],
    ]
