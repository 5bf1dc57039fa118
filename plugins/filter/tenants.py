# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role tenant what a tenant consists of, gather what many of them use, and put that into words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._deferred import deferred

# Their functions are in plugin_utils/_tenant_filters.py.
NAMES = (
    "tenant_conflicts",
    "tenant_fleet",
    "tenant_part",
    "tenant_place",
    "tenant_readers",
    "tenant_refusals",
    "tenant_usage",
    "tenant_words",
)


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return deferred("_tenant_filters", NAMES)
