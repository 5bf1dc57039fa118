# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell roles, rules and documents what a tier holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._deferred import deferred

# Their functions are in plugin_utils/_tier_filters.py.
NAMES = (
    "tier",
    "tiers",
)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return deferred("_tier_filters", NAMES)
