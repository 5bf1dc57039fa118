# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that only the bench needs: installed when root, else named with the command to type."""

from __future__ import annotations

import os
import shutil
import subprocess

from lab.server import ProgramMissingError

PACKAGES = {"hey": "hey", "wrk": "wrk", "nginx": "nginx-light"}
# Debian keeps nginx where only root's PATH looks.
SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"))


def program(name: str) -> str:
    """The path of one of the bench's programs."""
    found = shutil.which(name, path=SEARCH)
    if found:
        return found
    raise ProgramMissingError(f"The bench needs '{name}'. Install it with: {_command([PACKAGES[name]])}")


def _command(packages: list[str]) -> str:
    return f"apt-get install --yes --no-install-recommends {' '.join(packages)}"


def install_missing() -> None:
    """Install what is missing when root on a Debian or Ubuntu; else say in one sentence what to type."""
    missing = [package for name, package in PACKAGES.items() if not shutil.which(name, path=SEARCH)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise ProgramMissingError(f"The bench needs {', '.join(missing)}. Type: sudo {_command(missing)}")
    print(f"Installing {', '.join(missing)} ...", flush=True)
    # policy-rc.d is not ours to write: RUNLEVEL=1 is what keeps the package from starting its own server.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in ("apt-get update", _command(missing)):
        done = subprocess.run(command.split(), env=quiet, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProgramMissingError(f"'{command}' failed: {done.stderr.strip()[-500:]}")
