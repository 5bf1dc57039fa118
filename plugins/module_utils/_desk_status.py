# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How clients' Chatwoots are: what was read of each beside what its plan has.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans import MARKS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_account import plan_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, cut

# By urgency: what needs somebody comes first.
STATES: Final = {
    "unread": "could not be read",
    "not there": "not there",
    "failing": "a database fails",
    "suspended": "suspended",
    "bot suspended": "bot suspended",
    "active": "active",
}
# What the playbook chatwoot_quota gives as a reason, and by which it knows its own suspensions again.
QUOTA: Final = "quota"
OURS: Final = re.compile(rf"{QUOTA} \d{{4}}-\d{{2}}")
# Of why one could not be read: at 80 characters the address was told, and the reason after it cut off.
WHY_SHOWN: Final = 300


def row_of(name: str, said: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Return one line of the status.

    Args:
        name: the inventory's.
        said: ``client``, ``plan``, ``plans_extra`` and ``administrator`` of the role's variables.
        result: what chatwoot_tenant_info returned.
    """
    found: dict[str, Any] = {"desk": str(said.get("client") or name), "host": name, "notes": []}
    try:
        plan = plan_of(said)
        found |= {"plan": plan["name"], "agents_sold": plan["agents"], "conversations_sold": plan["conversations_per_month"]}
    except InputError as problem:
        found |= {"plan": None, "agents_sold": None, "conversations_sold": None}
        found["notes"].append(problem.sentence)
    desks = result.get("desks") or []
    desk = desks[0] if desks else {}
    server = result.get("server") or {}
    found["notes"] += [str(note) for note in desk.get("problems") or []]
    if result.get("failed") or "desks" not in result:
        found["notes"].insert(0, cut(str(result.get("msg") or "it was not asked"), WHY_SHOWN))
    administrator = said.get("administrator")
    # What is none is told by that desk's own run, and stops nobody else's line.
    ours = str(administrator.get("email") or "").lower() if isinstance(administrator, Mapping) else ""
    people = [one for one in desk.get("people") or [] if str(one.get("email", "")).lower() != ours]
    used, sold = desk.get("conversations"), found["conversations_sold"]
    return {
        **found,
        "account_id": desk.get("account_id"),
        "state": _state(result, desk, server),
        "version": server.get("version"),
        "agents": len(people) if "people" in desk else None,
        "conversations": used,
        "percent": None if used is None or not sold else used * 100 // sold,
        "mark": mark_of(used, sold),
        "bot_suspended": desk.get("bot_suspended"),
    }


def _state(result: Mapping[str, Any], desk: Mapping[str, Any], server: Mapping[str, Any]) -> str:
    if result.get("failed") or "desks" not in result:
        return "unread"
    if not desk:
        return "not there"
    if any(server.get(name) not in (None, "ok") for name in ("data_services", "queue_services")):
        return "failing"
    if desk.get("status") == "suspended":
        return "suspended"
    return "bot suspended" if desk.get("bot_suspended") else "active"


def mark_of(used: int | None, sold: int | None) -> int:
    """Return the highest mark that is reached, 0 for none. A plan without a number has none."""
    if used is None or sold is None:
        return 0
    return max((mark for mark in MARKS if used * 100 >= mark * sold), default=0)


def bot_status(row: Mapping[str, Any], choice: str, month: str) -> dict[str, str]:
    """Return what the quota asks of the bot: nothing, its suspension, or its return.

    What was read is all that counts, so the run of a new month gives back what that of the old one has taken. A bot that somebody else
    suspended stays so.

    Args:
        row: of ``row_of``.
        choice: ``warn`` or ``suspend_bot``.
        month: of the conversations, like 2026-11.

    Returns:
        ``bot_status`` and, for a suspension, ``bot_reason``, as chatwoot_tenant takes them; empty for nothing.
    """
    if row["conversations"] is None or row["plan"] is None or row["state"] not in ("active", "bot suspended", "failing"):
        return {}
    over = row["mark"] >= MARKS[-1]
    reason = str(row["bot_suspended"] or "")
    if reason and not OURS.fullmatch(reason):
        return {}
    if over and choice == "suspend_bot":
        # Also where it is suspended: a run that was killed has noted that and not come to the end.
        return {"bot_status": "suspended", "bot_reason": reason or f"{QUOTA} {month}"}
    return {"bot_status": "active"} if reason else {}


def words(rows: list[dict[str, Any]], month: str) -> list[dict[str, Any]]:
    """Return what the end of a run tells of them: sections for the callback summary."""
    if not rows:
        return [{"title": "Support desks", "lines": ["none"]}]
    order = list(STATES)
    rows = sorted(rows, key=lambda one: (order.index(one["state"]), -one["mark"], -(one["percent"] or 0), one["desk"]))
    head = ["desk", "plan", "state", "agents", f"conversations in {month}", "mark", "version"]
    table = [
        [
            one["desk"],
            one["plan"] or "-",
            STATES[one["state"]],
            _of(one["agents"], one["agents_sold"]),
            _of(one["conversations"], one["conversations_sold"]) + ("" if one["percent"] is None else f" ({one['percent']} %)"),
            "over" if one["mark"] >= MARKS[-1] else f"{one['mark']} %" if one["mark"] else "-",
            one["version"] or "-",
        ]
        for one in rows
    ]
    sections: list[dict[str, Any]] = [{"title": f"Support desks ({len(rows)})", "head": head, "rows": table}]
    notes = [f"{one['desk']}: {note}" for one in rows for note in [*_due(one), *one["notes"]]]
    return [*sections, *([{"title": "To look at", "lines": notes}] if notes else [])]


def _of(used: int | None, sold: int | None) -> str:
    return "-" if used is None else f"{used:,} of {'unlimited' if sold is None else f'{sold:,}'}"


def _due(row: Mapping[str, Any]) -> list[str]:
    """Return what is to be done about it, where something is."""
    found = []
    if row["mark"] >= MARKS[-1]:
        found.append(f"has had all {row['conversations_sold']:,} conversations of its plan; nobody is cut off: sell a larger plan")
    elif row["mark"]:
        found.append(f"is at {row['percent']} % of its conversations; tell the client, or sell a larger plan")
    if row["agents"] is not None and row["agents_sold"] is not None and row["agents"] > row["agents_sold"]:
        found.append(f"has {row['agents']} agents, and its plan {row['agents_sold']}; take some out, or sell a larger plan")
    if row["bot_suspended"]:
        found.append(f"its bot is suspended ({row['bot_suspended']}); people answer")
    return found
