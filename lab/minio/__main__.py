# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m lab.minio build``: have both programs, so that nothing is built later."""

from __future__ import annotations

import sys

from lab.minio.programs import MODULES, find

if __name__ == "__main__":
    if sys.argv[1:] != ["build"]:
        sys.exit(f"What is {' '.join(sys.argv[1:]) or 'to be done'!r}? There is: python -m lab.minio build")
    for program in MODULES:
        print(find(program))
