# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the suite of the stand-in for Chatwoot against a real one, as docs/guides/chatwoot_conformance.md says.

CHATWOOT_URL=https://chat.example CHATWOOT_PLATFORM_TOKEN_FILE=token make chatwoot-conformance
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "integration"
# In this order: the last test of the last file deletes an account, and Chatwoot's list of accounts is broken after it.
FILES = (
    "test_chatwoot_contract.py",
    "test_chatwoot_truths.py",
    "test_chatwoot_faults.py",
    "test_chatwoot_in_worker.py",
    "test_chatwoot_to_come.py",
    "test_chatwoot_bot.py",
    "test_chatwoot_clients_own.py",
    "test_chatwoot_tenant.py",
)


def main(arguments: Sequence[str]) -> int:
    """Say what is missing, or run; further arguments are pytest's."""
    file = os.environ.get("CHATWOOT_PLATFORM_TOKEN_FILE", "")
    if not os.environ.get("CHATWOOT_URL") or not Path(file).is_file():
        print(
            "CHATWOOT_URL and CHATWOOT_PLATFORM_TOKEN_FILE have to name a Chatwoot, and a file with the token of a platform app of its own."
        )
        return 2
    return int(pytest.main(["-rs", *(str(FOLDER / name) for name in FILES), *arguments]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
