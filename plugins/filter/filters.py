# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All filters, in one file and imported when they are called.

Where a template names a filter of a collection, ansible-core goes through every file in the collection's ``plugins/filter`` (4 ms for eight
of them, in each template), imports it, in each worker, so for each task, and its loader of collections compiles what it imports each time
(no ``.pyc``). The filters of tenants and desks take 115 ms of processor each (2 cores, ansible-core 2.19); every task of a site paid both.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

# The modules in plugin_utils with their functions, which are called as the filters are.
FUNCTIONS: Final = {
    "_container_filters": (
        "container_age",
        "container_labels",
        "container_mounts",
        "container_plan",
        "container_trouble",
        "secrets_age",
        "site_conflicts",
        "site_labels",
        "site_strangers",
        "site_volumes",
    ),
    "_desk_filters": (
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
    ),
    "_network_filters": (
        "broken_networks",
        "in_networks",
    ),
    "_offer_filters": (
        "offer_refusals",
        "offers_to_run",
    ),
    "_ssh_filters": (
        "broken_ssh_keys",
        "staying_ssh_keys",
        "working_ssh_keys",
    ),
    "_switch_filters": (
        "gate_words",
        "status_words",
    ),
    "_tenant_filters": (
        "tenant_conflicts",
        "tenant_fleet",
        "tenant_part",
        "tenant_place",
        "tenant_readers",
        "tenant_refusals",
        "tenant_usage",
        "tenant_words",
    ),
    "_tier_filters": (
        "tier",
        "tiers",
    ),
}


def deferred(module: str, name: str) -> Callable[..., Any]:
    """Return a filter whose module is imported by its first call."""

    def call(*arguments: Any, **options: Any) -> Any:
        found = import_module(f"ansible_collections.bluegreen.orchestrator.plugins.plugin_utils.{module}")
        return getattr(found, name)(*arguments, **options)

    return call


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {name: deferred(module, name) for module, names in FUNCTIONS.items() for name in names}
