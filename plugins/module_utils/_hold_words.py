# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hold does, in words.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_plan import HoldWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Hold, Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import WRITES
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import SwitchPlan, Wish


def told(wish: Wish, hold: HoldWish, plan: SwitchPlan) -> dict[str, Any]:
    """Return what a result says of a plan beside its diff: actions, summary, state and the way back."""
    before, after = plan.before, plan.after
    if not plan.plan.changed or before is None or after is None:
        return _nothing(wish, hold, after)
    change = f"{plan.plan.changes[0].kind} {plan.plan.changes[0].name}"
    if hold.act == "begin" and after.hold is not None:
        return _begin(wish, hold, change, after.active, after.hold)
    if hold.act == "commit":
        return _commit(wish, change, before.active, after.active)
    end = "would end" if hold.preview else "ended"
    return {
        "actions": [change, "prove it", f"send the held writes back to {after.active}"],
        "summary": f"{wish.site}: {end} the hold, {after.active} takes the writes again",
        "hold": {"state": "planned" if hold.preview else "aborted", "colour": before.hold.colour if before.hold else None},
        "take_back": None,
    }


def _nothing(wish: Wish, hold: HoldWish, after: Route | None) -> dict[str, Any]:
    why = {"begin": "nothing to hold", "commit": "nothing to commit", "abort": "no writes are held, nothing to change"}[hold.act]
    serving = f"{after.active} serves" if after else "no route"
    return {"actions": [], "summary": f"{wish.site}: {serving}, {why}", "hold": {"state": "none"}, "take_back": None}


def _begin(wish: Wish, hold: HoldWish, change: str, active: str, towards: Hold) -> dict[str, Any]:
    writes = f"{', '.join(WRITES[:-1])} and {WRITES[-1]}"
    return {
        "actions": [
            f"gate {towards.colour}",
            f"hold {writes} for {towards.colour} at {towards.address}",
            change,
            "prove it",
            f"wait {hold.settle:g} s for writes under way",
        ],
        "summary": f"{wish.site}: would hold writes for {towards.colour} for up to {hold.seconds:g} s, {active} goes on serving reads",
        "hold": {"state": "planned", "colour": towards.colour},
        "take_back": f"ansible-playbook bluegreen.orchestrator.hold -e bluegreen_hold=abort --limit {wish.site} -e dry_run=false",
    }


def _commit(wish: Wish, change: str, active: str, colour: str) -> dict[str, Any]:
    return {
        "actions": [f"gate {colour}", change, f"route {wish.site} to {colour}", "prove it", f"let the held writes through to {colour}"],
        "summary": f"{wish.site}: would switch from {active} to {colour} and let the held writes through",
        "hold": {"state": "planned", "colour": colour},
    }


def begun(wish: Wish, answer: Mapping[str, Any]) -> str:
    """Say that a hold has begun."""
    return f"{wish.site}: writes are held for {answer['colour']}, {answer['seconds_left']:g} s left to commit"


def held(wish: Wish, answer: Mapping[str, Any]) -> str:
    """Say that a hold is open already."""
    return (
        f"{wish.site}: writes are held for {answer['colour']} already, {answer['waiting']} wait,"
        f" {answer['seconds_left']:g} s left to commit; nothing to change"
    )


def committed(wish: Wish, before: str, answer: Mapping[str, Any]) -> str:
    """Say how a commit ended."""
    return f"{wish.site}: switched from {before} to {answer['colour']}, {_writes(answer['passed'])} went on to {answer['colour']}"


def aborted(wish: Wish, answer: Mapping[str, Any]) -> str:
    """Say how an abort ended."""
    return f"{wish.site}: {answer['sentence']}, {_writes(answer['replayed'])} sent back"


def _writes(number: int) -> str:
    return f"{number} held write{'' if number == 1 else 's'}"
