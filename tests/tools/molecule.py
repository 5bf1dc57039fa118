# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a Molecule scenario on a real Docker engine: python -m tests.tools.molecule traefik

cleanup, check, converge, idempotence, verify, and check again, which has to announce no change.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from lab.docker import Engine
from lab.images import IMAGES, make_image
from lab.server import LabError
from tests.harness.ansible import CACHES
from tests.tools.stages import BUILD, ROOT

SCENARIOS = ROOT / "molecule"


def environment(scenario: str) -> dict[str, str]:
    """Everything that Molecule writes lands below build/, and the collection is the tree."""
    folder = BUILD / "molecule" / scenario
    folder.mkdir(parents=True, exist_ok=True)
    return os.environ | {
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(BUILD / "collections"),
        "ANSIBLE_CONFIG": str(SCENARIOS / "ansible.cfg"),
        "ANSIBLE_HOME": str(BUILD / "ansible"),
        "PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}{os.pathsep}{CACHES}",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def molecule(act: str, scenario: str) -> str:
    """Run one act, show what it prints and return it; SystemExit with the act's name when it failed."""
    print(f"== {scenario}: {act}", flush=True)
    command = [
        str(Path(sys.executable).parent / "molecule"),
        "--base-config",
        str(SCENARIOS / "base.yml"),
        act,
        "--scenario-name",
        scenario,
    ]
    if act == "prepare":
        command.append("--force")
    done = subprocess.run(
        command, cwd=ROOT, env=environment(scenario), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(done.stdout, flush=True)
    if done.returncode:
        raise SystemExit(f"{scenario}: '{act}' ended with code {done.returncode}.")
    return done.stdout


def announced(output: str) -> int:
    """How many changes the recap of a run counts, over all hosts."""
    recap = re.sub(r"\x1b\[[0-9;]*m", "", output).rpartition("PLAY RECAP")[2]
    counts = re.findall(r"\bchanged=(\d+)", recap)
    if not counts:
        raise SystemExit("The last check has no recap: nothing was run.")
    return sum(map(int, counts))


def prove(scenario: str) -> None:
    """All acts, and the world as it was before, whatever happens."""
    molecule("cleanup", scenario)
    prepare = ("prepare",) if (SCENARIOS / scenario / "prepare.yml").exists() else ()
    try:
        for act in (*prepare, "check", "converge", "idempotence", "verify"):
            molecule(act, scenario)
        changes = announced(molecule("check", scenario))
    finally:
        molecule("cleanup", scenario)
    if changes:
        raise SystemExit(f"{scenario}: the check after converge announces {changes} changes, and there is nothing left to do.")


def main() -> None:
    """Prove the scenarios named on the command line."""
    try:
        Engine().start()
        for tag in IMAGES:
            make_image(tag)
    except LabError as trouble:
        sys.exit(str(trouble))
    for scenario in sys.argv[1:]:
        prove(scenario)


if __name__ == "__main__":
    main()
