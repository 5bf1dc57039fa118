# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real module code path: cold, as a fresh Python reads JSON from stdin, or warm, forked from a loaded one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from lab.server import ROOT, LabError

COLLECTIONS = ROOT / "build" / "collections"
MODULE = "ansible_collections.bluegreen.orchestrator.plugins.modules.bluegreen_switch"


@dataclass(frozen=True)
class ModuleRun:
    """One run of the module."""

    seconds: float
    result: dict[str, Any]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(COLLECTIONS), str(ROOT)))}


def _checked(output: str, seconds: float) -> ModuleRun:
    try:
        result = json.loads(output)
    except json.JSONDecodeError as error:
        raise LabError(f"The module answered no JSON: {output[-500:]!r}") from error
    if result.get("failed"):
        raise LabError(f"The module failed: {result.get('msg')}")
    return ModuleRun(seconds, result)


def run_cold(arguments: dict[str, Any]) -> ModuleRun:
    """A fresh Python, as Ansible starts one on a server, timed from outside."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", MODULE],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return _checked(done.stdout or done.stderr, time.monotonic() - started)


class WarmModule:
    """A process that has the module loaded and forks once per run."""

    def __enter__(self) -> WarmModule:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=_environment(),
            cwd=ROOT,
        )
        return self

    def __exit__(self, *trouble: object) -> None:
        # The end of its input ends it.
        self._process.communicate(timeout=60)

    def run(self, arguments: dict[str, Any]) -> ModuleRun:
        """Run the module once."""
        assert self._process.stdin
        assert self._process.stdout
        started = time.monotonic()
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        return _checked(self._process.stdout.readline(), time.monotonic() - started)
