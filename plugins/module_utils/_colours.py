# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two colours.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

COLOURS = ("blue", "green")


def other(colour: str) -> str:
    """Return the other colour."""
    return "green" if colour == "blue" else "blue"
