# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that only the bench needs: installed when root, else named with the command to type."""

from __future__ import annotations

from lab import packages
from lab.server import ProgramMissingError

PACKAGES = {"hey": "hey", "wrk": "wrk", "nginx": "nginx-light"}


def program(name: str) -> str:
    """The path of one of the bench's programs."""
    found = packages.find(name)
    if found:
        return found
    raise ProgramMissingError(f"The bench needs '{name}'. Install it with: {packages.command([PACKAGES[name]])}")


def install_missing() -> None:
    """Install what is missing when root on a Debian or Ubuntu; else say in one sentence what to type."""
    packages.install_missing(PACKAGES, who="The bench")
