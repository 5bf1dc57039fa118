# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell roles, rules and documents what a tier holds.

PRIVATE: for this collection's own plugins, not a public interface. They are filters through ``plugins/filter/filters.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier, known_tiers


def tier(name: Any, tiers_extra: Any = None, custom: Any = None) -> dict[str, Any]:
    """Return the tier of one tenant."""
    try:
        found: dict[str, Any] = _lists(effective_tier(name, tiers_extra, custom))
    except InputError as problem:
        raise AnsibleFilterError(problem.sentence) from None
    return found


def tiers(tiers_extra: Any) -> dict[str, Any]:
    """Return all tiers by name."""
    try:
        found: dict[str, Any] = _lists(known_tiers(tiers_extra))
    except InputError as problem:
        raise AnsibleFilterError(problem.sentence) from None
    return found


def _lists(value: Any) -> Any:
    """Copy the catalog with lists instead of tuples: what comes back is compared with YAML."""
    if isinstance(value, Mapping):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, (list, tuple)) else value
