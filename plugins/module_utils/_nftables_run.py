# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out what the plan says on a table of the packet filter.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables import Command, Nft, find
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables_guard import Probation
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables_plan import check_wish, plan

# Below that no connection can be made in time; above it an operator has long called the hoster.
SHORTEST, LONGEST = 5, 300


def load(options: Mapping[str, Any], run: Command, *, preview: bool) -> dict[str, Any]:
    """Put rules on probation where the kernel or the file differs; in a preview say whether."""
    name, path, rules, seconds = options["name"], options["path"], options["rules"], options["confirm_within"]
    check_wish(name, rules)
    if not SHORTEST <= seconds <= LONGEST:
        raise InputError(f"confirm_within: {seconds} is not possible; give {SHORTEST} to {LONGEST} seconds.")
    nft, probation = Nft(run), Probation(name)
    probation.refuse_a_second()
    if not preview:
        probation.forget()
    found = find(nft, name, path)
    todo = plan(found, name=name, path=path, rules=rules)
    result: dict[str, Any] = {"changed": todo.changed, "actions": todo.actions, "diff": todo.diff}
    if not todo.changed:
        return result
    nft.check(rules)
    if not preview:
        probation.begin(nft, before=found.kernel, rules=rules, path=path, seconds=seconds)
        result["confirm_within"] = seconds
    return result


def confirm(options: Mapping[str, Any], _run: Command, *, preview: bool) -> dict[str, Any]:
    """Keep what is on probation. The change itself was told when it was put there."""
    if not preview:
        Probation(options["name"]).confirm()
    return {"changed": False, "actions": []}


def describe(options: Mapping[str, Any], run: Command) -> dict[str, Any]:
    """Say how a table is."""
    found = find(Nft(run), options["name"], options["path"])
    return {
        "exists": found.kernel != "",
        "in_step": found.in_step,
        "pending": Probation(options["name"]).pending() is not None,
        "listing": found.kernel,
    }
