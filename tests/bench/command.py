# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bench as a command: how many of what, how often, and where the figures go."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.server import ROOT, LabError


@dataclass(frozen=True)
class Bench:
    """What is measured, and how it is told.

    Attributes:
        about: what it measures, for ``--help``.
        name: of ``build/bench/NAME.json`` and ``docs/bench/NAME.md``.
        counted: what there are several of, which names the option.
        numbers: how many of them by default.
        run: measures, given these numbers and how often each is repeated.
        page: tells the figures as Markdown.
        rounds: how often each is repeated by default.
    """

    about: str
    name: str
    counted: str
    numbers: str
    run: Callable[[list[int], int], dict[str, Any]]
    page: Callable[[dict[str, Any]], str]
    rounds: int = 5

    def main(self) -> None:
        """Measure, write, show."""
        parser = argparse.ArgumentParser(description=self.about)
        parser.add_argument(f"--{self.counted}", dest="numbers", default=self.numbers, help="how many, separated by commas")
        parser.add_argument("--rounds", type=int, default=self.rounds)
        parser.add_argument("--no-page", action="store_true", help=f"do not publish docs/bench/{self.name}.md")
        given = parser.parse_args()
        try:
            result = self.run([int(number) for number in given.numbers.split(",")], given.rounds)
        except (LabError, subprocess.SubprocessError) as error:
            sys.exit(f"\n{error}")
        write(ROOT / "build" / "bench" / f"{self.name}.json", json.dumps(result, indent=2) + "\n")
        if not given.no_page:
            write(ROOT / "docs" / "bench" / f"{self.name}.md", self.page(result))
        print(self.page(result))


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".writing")
    beside.write_text(text)
    os.replace(beside, path)
