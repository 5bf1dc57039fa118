# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks of this repository: all of them, or the parts or stages named on the command line.

    python -m tests.run                  everything (make test)
    python -m tests.run lint             one part (make lint)
    python -m tests.run mypy             one stage

LAB_REQUIRE=all makes a failure of every skip.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from tests.tools.outcome import Outcome, Skip, of_check, of_pytest, table, total
from tests.tools.stages import BUILD, PARTS, ROOT, Stage, all_stages

LOGS = BUILD / "logs"
REPORTS = BUILD / "reports"

# Measured on 2 cores: both sanity runs one after the other take 160 s cold and 47 s warm, side by side 89 s and 26 s.
AT_ONCE = 2

# Back to the start of a terminal's line, and empty it.
CLEAR = "\r\033[K" if sys.stdout.isatty() else ""

# Enough for a dozen failures; the whole is in the log.
SHOWN_LINES = 300


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and end with one line."""
    parser = argparse.ArgumentParser(prog="tests.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="part or stage", help=f"parts: {', '.join(PARTS)}; without any: all")
    names = parser.parse_args(arguments).names
    stages = all_stages()
    unknown = sorted(set(names) - {name for stage in stages for name in (stage.name, stage.part)})
    if unknown:
        parser.error(f"no part or stage is called {unknown[0]!r}; stages: {', '.join(stage.name for stage in stages)}")

    strict = os.environ.get("LAB_REQUIRE") == "all"
    started = time.monotonic()
    outcomes = list(run_all([stage for stage in stages if not names or {stage.name, stage.part} & set(names)]))
    totals = total(outcomes, strict=strict)
    print("", *table(outcomes, time.monotonic() - started), *_explained(outcomes, strict=strict), "", totals, sep="\n")
    return 1 if totals.failed else 0


def run_all(stages: Sequence[Stage]) -> Iterator[Outcome]:
    """Two at a time, then those that want the machine for themselves; a line for each as it ends."""
    LOGS.mkdir(parents=True, exist_ok=True)
    REPORTS.mkdir(parents=True, exist_ok=True)
    width = max(len(stage.name) for stage in stages)
    lanes = ([stage for stage in stages if not stage.alone], AT_ONCE), ([stage for stage in stages if stage.alone], 1)
    to_come = [stage.name for stage in stages]
    for lane, workers in lanes:
        with ThreadPoolExecutor(workers) as pool:
            _show(to_come)
            for done in as_completed([pool.submit(run, stage) for stage in lane]):
                outcome = done.result()
                to_come.remove(outcome.stage)
                place = f"[{len(stages) - len(to_come):>2}/{len(stages)}]"
                print(f"{CLEAR}{place} {outcome.stage:<{width}}  {outcome.word:<7} {outcome.seconds:7.1f} s", flush=True)
                if outcome.failed:
                    print(_tail(_log(outcome.stage)), flush=True)
                _show(to_come)
                yield outcome


def _show(to_come: Sequence[str]) -> None:
    """On a terminal, what is still to come, on a line that the next result takes the place of."""
    if CLEAR and to_come:
        print(f"{CLEAR}to come: {', '.join(to_come)}"[: shutil.get_terminal_size().columns + len(CLEAR) - 1], end="", flush=True)


def run(stage: Stage) -> Outcome:
    """Run one stage, its output in build/logs."""
    if stage.missing:
        return Outcome(stage.name, skips=(Skip(stage.name, stage.missing),))
    command = list(stage.command)
    junit = REPORTS / _log(stage.name).with_suffix(".xml").name
    if stage.is_pytest:
        junit.unlink(missing_ok=True)
        command.append(f"--junitxml={junit}")
    started = time.monotonic()
    with _log(stage.name).open("w") as log:
        done = subprocess.run(command, cwd=ROOT, env=_environment() | stage.env, stdout=log, stderr=subprocess.STDOUT, check=False)
    outcome = of_pytest(stage.name, done.returncode, junit) if stage.is_pytest else of_check(stage.name, done.returncode)
    return replace(outcome, seconds=time.monotonic() - started)


def _environment() -> dict[str, str]:
    """Ours, with Ansible's own files under build/ and not in the user's home, and no colour codes in the logs."""
    return os.environ | {
        "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{BUILD / 'collections'}{os.pathsep}{ROOT}",
        "ANSIBLE_HOME": str(BUILD / "ansible"),
        "NO_COLOR": "1",
    }


def _log(stage: str) -> Path:
    return LOGS / f"{stage.replace(' ', '-')}.log"


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    left_out = len(lines) - SHOWN_LINES
    first = [f"... {left_out} lines more in {log.relative_to(ROOT)}"] if left_out > 0 else []
    return "\n".join(f"    {line}" for line in [*first, *lines[-SHOWN_LINES:]])


def _explained(outcomes: Sequence[Outcome], *, strict: bool) -> list[str]:
    """Each skip with its reason, each failed stage with its log."""
    skips = [f"  {skip.what}: {skip.why}" for outcome in outcomes for skip in outcome.skips]
    failures = [f"  {outcome.stage}: {_log(outcome.stage).relative_to(ROOT)}" for outcome in outcomes if outcome.failed]
    title = "Skipped, and so failed (LAB_REQUIRE=all):" if strict else "Skipped:"
    return [*(["", title, *skips] if skips else []), *(["", "Failed:", *failures] if failures else [])]


if __name__ == "__main__":
    sys.exit(main())
