# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application API of one account, for what its visitors write: contacts and conversations.

Read in app/finders/conversation_finder.rb and app/models/conversation.rb: a conversation that begins in an inbox with a bot is ``pending``,
whoever makes it, and the list shows ``open`` ones unless it is asked for others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.chatwoot.application import BASE
from lab.chatwoot.calls import Call, CrashError, MissingError, Reply
from lab.chatwoot.state import Record, State

STATUSES = ("open", "resolved", "pending", "snoozed")
# CONVERSATION_RESULTS_PER_PAGE, by default.
PAGE = 25


def begin(state: State, inbox: Record, contact: Record, status: str | None = None) -> Record:
    """Let a conversation begin; its number is the account's own, and not the table's."""
    numbers = [one["number"] for one in state.where("conversations", account_id=inbox["account_id"])]
    fields = {
        "account_id": inbox["account_id"],
        "inbox_id": inbox["id"],
        "contact_id": contact["id"],
        "number": max(numbers, default=0) + 1,
    }
    waits = inbox["bot_id"] is not None
    return state.add("conversations", **fields, status="pending" if waits else status or "open", assignee_id=None)


def create_contact(call: Call) -> Reply:
    """POST contacts."""
    inbox = call.own("inboxes", int(call.body["inbox_id"]))
    fields = {name: call.body.get(name) for name in ("name", "email", "phone_number", "identifier")}
    made = call.state.add("contacts", **fields, account_id=call.account["id"], inbox_id=inbox["id"], source_id=call.state.token())
    shown = {"id": made["id"], **fields, "thumbnail": "", "custom_attributes": {}, "additional_attributes": {}}
    known = {"source_id": made["source_id"], "inbox": {"id": inbox["id"], "name": inbox["name"]}}
    return Reply(body={"payload": {"contact": shown, "contact_inbox": known}})


def create_conversation(call: Call) -> Reply:
    """POST conversations: the status that is given says nothing where a bot answers first."""
    found = call.state.where("contacts", account_id=call.account["id"], source_id=call.body["source_id"])
    if not found:
        raise MissingError
    inbox = call.own("inboxes", call.body.get("inbox_id", found[0]["inbox_id"]))
    made = begin(call.state, inbox, found[0], call.body.get("status"))
    return Reply(body={"id": made["number"], "account_id": made["account_id"], "inbox_id": made["inbox_id"], "status": made["status"]})


def _chosen(call: Call) -> list[Record]:
    status = call.query.get("status", "open")
    found = call.state.where("conversations", account_id=call.account["id"])
    if "inbox_id" in call.query:
        found = [one for one in found if one["inbox_id"] == int(call.query["inbox_id"])]
    return [one for one in found if status in ("all", one["status"])]


def _counts(call: Call, found: list[Record]) -> Record:
    mine = [one for one in found if one["assignee_id"] == call.user["id"]]
    nobodys = [one for one in found if one["assignee_id"] is None]
    counts = {"mine_count": len(mine), "unassigned_count": len(nobodys), "assigned_count": len(found) - len(nobodys)}
    return {**counts, "all_count": len(found)}


def _view(call: Call, one: Record) -> Record:
    inbox = call.state.find("inboxes", one["inbox_id"]) or {"channel_type": None}
    contact = call.state.find("contacts", one["contact_id"]) or {"id": one["contact_id"], "name": ""}
    sender = {"id": contact["id"], "name": contact["name"], "thumbnail": ""}
    numbers = dict.fromkeys(("agent_last_seen_at", "assignee_last_seen_at", "contact_last_seen_at", "created_at", "timestamp"), 0)
    return {
        "meta": {"sender": sender, "channel": inbox["channel_type"], "hmac_verified": False},
        "id": one["number"],
        "messages": [],
        "account_id": one["account_id"],
        "inbox_id": one["inbox_id"],
        "status": one["status"],
        "labels": [],
        "muted": False,
        "can_reply": True,
        "custom_attributes": {},
        "additional_attributes": {},
        **numbers,
    }


def list_conversations(call: Call) -> Reply:
    """GET conversations: one page of them; the counts are of all that were asked for."""
    found = _chosen(call)
    mine = {"unassigned": (None,), "me": (call.user["id"],)}.get(call.query.get("assignee_type", "all"))
    shown = [one for one in found if mine is None or one["assignee_id"] in mine]
    # The one in which something happened last comes first.
    shown.sort(key=lambda one: one["id"], reverse=True)
    begun = (int(call.query.get("page", "1")) - 1) * PAGE
    payload = [_view(call, one) for one in shown[begun : begun + PAGE]]
    return Reply(body={"data": {"meta": _counts(call, found), "payload": payload}})


def count_conversations(call: Call) -> Reply:
    """GET conversations/meta: the counts alone."""
    return Reply(body={"meta": _counts(call, _chosen(call))})


def toggle_status(call: Call) -> Reply:
    """POST conversations/{id}/toggle_status: who is an agent of the account gets what they open, an administrator does not."""
    found = call.state.where("conversations", account_id=call.account["id"], number=call.numbers[1])
    if not found:
        raise MissingError
    if call.body["status"] not in STATUSES:
        # ArgumentError of the enum.
        raise CrashError
    (one,) = found
    one["status"] = call.body["status"]
    if one["status"] == "open" and call.place["role"] == "agent":
        one["assignee_id"] = call.user["id"]
    payload: Any = {"success": True, "conversation_id": one["number"], "current_status": one["status"], "snoozed_until": None}
    return Reply(body={"meta": {}, "payload": payload})


ROUTES: dict[str, Callable[[Call], Reply]] = {
    f"POST {BASE}/contacts": create_contact,
    f"GET {BASE}/conversations": list_conversations,
    f"POST {BASE}/conversations": create_conversation,
    f"GET {BASE}/conversations/meta": count_conversations,
    f"POST {BASE}/conversations/{{conversation_id}}/toggle_status": toggle_status,
}
