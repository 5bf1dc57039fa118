# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MinIO and mc: from the PATH where both are there, else built once per machine from their Go modules."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.toolchain import folder_made_once, install_go

# The last state of each repository: source only since 2025-10, archived 2026-04. Tags are no versions of Go, so a commit names it.
MODULES = {
    "minio": "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c",
    "mc": "github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9",
}


def find_all() -> None:
    """Have both built, before somebody's time begins."""
    for name in MODULES:
        find(name)


def find(name: str) -> str:
    """The path of ``minio`` or ``mc``; built when this machine has none. ProgramMissingError when it cannot be had."""
    # Midnight Commander is called mc, too: one alone tells nothing.
    if all(shutil.which(one) for one in MODULES):
        return str(shutil.which(name))
    commit = MODULES[name].rpartition("-")[2]
    return str(folder_made_once(f"minio/{name}-{commit}", lambda folder: _build(name, folder)) / name)


def _build(name: str, folder: Path) -> None:
    what = f"Building {name}, once on this machine ({'three minutes' if name == 'minio' else 'one minute'} on two cores)"
    install_go(MODULES[name], folder, what)
