# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Chatwoot: each call is one request, and no secret comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Application, Bot, Person, Place, Platform, Webhook
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import ChatwootError
from tests.chatwoot_requests import Listed, account

SECRET = "canary-c0ffee-0451"
BASE = "/api/v1/accounts/7"
PERSON = {"id": 3, "email": "Anna@acme.example", "name": "Anna", "role": "agent"}
BOT = {"id": 4, "name": "bot", "description": None, "outgoing_url": "https://b.example", "account_id": 7, "access_token": {"token": SECRET}}
INBOX = {"id": 5, "name": "in", "channel_type": "Channel::Api", "hmac_token": SECRET, "secret": SECRET, "greeting_enabled": False}
WEBHOOK = {"id": 6, "url": "https://h.example", "name": None, "subscriptions": ["b", "a"], "secret": SECRET}
USER = {"id": 3, "email": "Anna@acme.example", "access_token": SECRET, "accounts": [{"id": 7}]}

PLATFORM: list[tuple[str, Any, Callable[[Platform], Any], Any, Any]] = [
    ("GET accounts", [account()], lambda api: [one.id for one in api.accounts()], None, [7]),
    ("GET accounts/7", account(), lambda api: api.account(7) is not None, None, True),
    ("POST accounts", account(), lambda api: api.create_account({"name": "A"}).id, {"name": "A"}, 7),
    ("PATCH accounts/7", account(), lambda api: api.update_account(7, {"name": "B"}).id, {"name": "B"}, 7),
    ("DELETE accounts/7", None, lambda api: api.delete_account(7), None, None),
    ("GET accounts/7/account_users", [{"user_id": 3, "role": "agent"}], lambda api: api.places(7), None, [Place(3, "agent")]),
    ("POST accounts/7/account_users", {}, lambda api: api.add_place(7, 3, "agent"), {"user_id": 3, "role": "agent"}, None),
    ("GET users/3", USER, lambda api: api.user(3) is not None, None, True),
    (
        "POST users",
        USER,
        lambda api: api.create_user("a@b.example", "A", "word").accounts,
        {"email": "a@b.example", "name": "A", "password": "word"},
        1,
    ),
    ("GET agent_bots", [BOT], lambda api: api.bots(), None, [Bot(4, "bot", "", "https://b.example", 7)]),
    ("POST agent_bots", BOT, lambda api: api.create_bot(7, {"name": "bot"}).id, {"name": "bot", "account_id": 7}, 4),
]

APPLICATION: list[tuple[str, Any, Callable[[Application], Any], Any, Any]] = [
    ("GET agents", [PERSON], lambda api: api.people(), None, [Person(3, "anna@acme.example", "Anna", "agent", False)]),
    ("GET agents", [{**PERSON, "custom_role_id": None}], lambda api: api.people()[0].enterprise, None, True),
    (
        "POST agents",
        PERSON,
        lambda api: api.invite("a@b.example", "A", "agent").id,
        {"email": "a@b.example", "name": "A", "role": "agent"},
        3,
    ),
    ("PATCH agents/3", PERSON, lambda api: api.change_role(3, "a", "agent"), {"role": "agent"}, None),
    ("DELETE agents/3", None, lambda api: api.remove(3, "a"), None, None),
    ("GET agent_bots", [BOT], lambda api: api.bots()[0].name, None, "bot"),
    ("PATCH agent_bots/4", BOT, lambda api: api.update_bot(4, {"name": "b"}), {"name": "b"}, None),
    ("GET inboxes", {"payload": [INBOX]}, lambda api: api.inboxes()[0].channel, None, "Channel::Api"),
    ("POST inboxes", INBOX, lambda api: api.create_inbox({"name": "in"}).id, {"name": "in"}, 5),
    ("PATCH inboxes/5", INBOX, lambda api: api.update_inbox(5, "in", {"timezone": "UTC"}), {"timezone": "UTC"}, None),
    ("GET inboxes/5/agent_bot", {}, lambda api: api.bot_of(5, "in"), None, None),
    ("GET inboxes/5/agent_bot", {"agent_bot": {}}, lambda api: api.bot_of(5, "in"), None, None),
    ("GET inboxes/5/agent_bot", {"agent_bot": BOT}, lambda api: api.bot_of(5, "in"), None, 4),
    ("POST inboxes/5/set_agent_bot", None, lambda api: api.set_bot(5, "in", None), {"agent_bot": None}, None),
    ("GET inbox_members/5", {"payload": [PERSON]}, lambda api: api.members_of(5, "in"), None, [3]),
    ("PATCH inbox_members", {"payload": []}, lambda api: api.set_members(5, "in", [3]), {"inbox_id": "5", "user_ids": [3]}, None),
    (
        "GET webhooks",
        {"payload": {"webhooks": [WEBHOOK]}},
        lambda api: api.webhooks(),
        None,
        [Webhook(6, "https://h.example", "", ("a", "b"))],
    ),
    ("GET conversations/meta?status=pending&inbox_id=5", {"meta": {"all_count": 30}}, lambda api: api.pending(5, "in"), None, 30),
    (
        "GET conversations?status=pending&inbox_id=5&page=1",
        {"data": {"meta": {}, "payload": [{"id": 11, "messages": [{"content": SECRET}]}]}},
        lambda api: api.some_pending(5, "in"),
        None,
        [11],
    ),
    ("POST conversations/11/toggle_status", {"payload": {}}, lambda api: api.open_conversation(11), {"status": "open"}, None),
    ("POST webhooks", {}, lambda api: api.create_webhook({"url": "u"}), {"url": "u"}, None),
    ("PATCH webhooks/6", {}, lambda api: api.update_webhook(6, {"url": "u"}), {"url": "u"}, None),
    ("DELETE webhooks/6", None, lambda api: api.delete_webhook(6, "u"), None, None),
]


@pytest.mark.parametrize(("line", "answer", "call", "body", "found"), PLATFORM, ids=[case[0] for case in PLATFORM])
def test_a_call_of_the_platform_is_one_request(line: str, answer: Any, call: Callable[[Platform], Any], body: Any, found: Any) -> None:
    method, path = line.split(" ")
    connection = Listed((f"{method} /platform/api/v1/{path}", (200, answer)))
    assert call(Platform(connection, "app")) == found
    connection.done()
    assert (connection.bodies[-1], set(connection.tokens)) == (body, {"app"})


@pytest.mark.parametrize(
    ("line", "answer", "call", "body", "found"), APPLICATION, ids=[f"{case[0]} {i}" for i, case in enumerate(APPLICATION)]
)
def test_a_call_of_the_application_is_one_request(
    line: str, answer: Any, call: Callable[[Application], Any], body: Any, found: Any
) -> None:
    method, path = line.split(" ")
    connection = Listed((f"{method} {BASE}/{path}", (200, answer)))
    api = Application(connection, "admin", 7)
    result = call(api)
    assert result == found
    connection.done()
    assert (connection.bodies, connection.tokens) == ([body], ["admin"])
    assert SECRET not in repr(result)
    assert "admin" not in repr(api)


def test_a_user_comes_with_a_token_that_nobody_sees() -> None:
    user = Platform(Listed(("GET /platform/api/v1/users/3", (200, USER))), "app").user(3)
    assert user is not None
    assert (user.email, user.accounts, user.token) == ("anna@acme.example", 1, SECRET)
    assert SECRET not in repr(user)


def test_whose_a_token_is() -> None:
    assert Application(Listed(("GET /api/v1/profile", (200, USER))), "admin", 7).own_number() == 3


def test_no_secret_of_an_inbox_comes_out() -> None:
    connection = Listed((f"GET {BASE}/inboxes", (200, {"payload": [INBOX]})))
    assert SECRET not in repr(Application(connection, "admin", 7).inboxes())


def test_a_report_is_asked_for_with_times() -> None:
    line = "GET /api/v2/accounts/7/reports/summary?type=account&since=1&until=2"
    connection = Listed((line, (200, {"conversations_count": 12})))
    assert Application(connection, "admin", 7).conversations(1, 2) == 12


def test_what_is_not_there_and_what_is_not_ours_is_none() -> None:
    assert Platform(Listed(("GET /platform/api/v1/accounts/7", (404, None))), "app").account(7) is None
    for status, said in ((404, None), (401, {"error": "Non permissible resource"})):
        assert Platform(Listed(("GET /platform/api/v1/users/3", (status, said))), "app").user(3) is None
    with pytest.raises(ChatwootError, match="platform_token is no token"):
        Platform(Listed(("GET /platform/api/v1/users/3", (401, {"error": "Invalid access_token"}))), "app").user(3)


@pytest.mark.parametrize("answer", [{}, [1], {"id": 7}, {"id": True, "custom_attributes": {}}, account(features=[1]), "text", None, 7])
def test_what_is_no_answer_of_chatwoot_is_not_taken_for_one(answer: Any) -> None:
    said = "the answer is none of Chatwoot's; see whether url is Chatwoot itself"
    with pytest.raises(ChatwootError, match=said):
        Platform(Listed(("GET /platform/api/v1/accounts/7", (200, answer))), "app").account(7)
    with pytest.raises(ChatwootError, match=said):
        Platform(Listed(("GET /platform/api/v1/accounts", (200, answer))), "app").accounts()


def test_a_token_that_cannot_be_sent_is_not_taken_for_one() -> None:
    with pytest.raises(ChatwootError, match="none of Chatwoot's"):
        Platform(Listed(("GET /platform/api/v1/users/3", (200, {**USER, "access_token": "a\nb"}))), "app").user(3)
