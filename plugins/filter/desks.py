# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role chatwoot what a Chatwoot of ours consists of, and what is told of it at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._deferred import deferred

# Their functions are in plugin_utils/_desk_filters.py.
NAMES = (
    "desk_account",
    "desk_backup",
    "desk_conflicts",
    "desk_dictionary",
    "desk_features",
    "desk_fleet",
    "desk_own_refusals",
    "desk_part",
    "desk_place",
    "desk_quota",
    "desk_refusals",
    "desk_secrets",
    "desk_status_words",
    "desk_stays",
    "desk_switches",
    "desk_words",
)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return deferred("_desk_filters", NAMES)
