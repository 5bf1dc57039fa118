# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interpreters of this machine that really start."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path


@cache
def find(version: str) -> Path | None:
    """The real path of a working `python<version>`, from the PATH or from pyenv.

    It is started, not just found: a pyenv shim is an executable file whose Python may not exist.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser().glob("versions/*/bin")
    for folder in [*os.environ["PATH"].split(os.pathsep), *map(str, pyenv)]:
        program = shutil.which(f"python{version}", path=folder)
        if program is None:
            continue
        answer = subprocess.run(
            [program, "-c", "import ssl, sys; print(sys._base_executable)"], capture_output=True, text=True, check=False
        )
        if answer.returncode == 0:
            return Path(answer.stdout.strip())
    return None
