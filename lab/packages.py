# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages that the lab or the bench needs: found, installed when root and asked to, else named with the command to type."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

from lab.server import ProgramMissingError

# Debian keeps daemons where only root's PATH looks.
SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))


def find(name: str) -> str | None:
    """The path of a program, also of one that only root's PATH has."""
    return shutil.which(name, path=SEARCH)


def command(packages: list[str]) -> str:
    """What installs these packages."""
    return f"apt-get install --yes --no-install-recommends {' '.join(packages)}"


def install_missing(packages: Mapping[str, str], *, who: str) -> None:
    """Install what is missing of program -> package when root on a Debian or Ubuntu; else say in one sentence what to type."""
    missing = sorted({package for name, package in packages.items() if not find(name)})
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise ProgramMissingError(f"{who} needs {', '.join(missing)}. Type: sudo {command(missing)}")
    print(f"Installing {', '.join(missing)} ...", flush=True)
    # policy-rc.d is not ours to write: RUNLEVEL=1 is what keeps the package from starting its own server.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for line in ("apt-get update", command(missing)):
        done = subprocess.run(line.split(), env=quiet, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProgramMissingError(f"'{line}' failed: {done.stderr.strip()[-500:]}")
