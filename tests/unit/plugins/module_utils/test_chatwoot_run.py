# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests a support desk takes, one by one: a preview reads, and an apply reads the same before it writes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_info, _chatwoot_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import CHATWOOT_TENANT_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_info import INFO_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from tests.chatwoot_requests import Given, Listed, account
from tests.kubernetes_requests import validated

PLATFORM = "/platform/api/v1"
OURS = "/api/v1/accounts/7"
ANNA = {"id": 3, "email": "anna@a.example", "name": "Anna", "role": "agent", "custom_role_id": None}
DESK = {"id": 1, "email": "desk@a.example", "name": "Desk", "role": "administrator", "custom_role_id": None}
USER = {"id": 1, "email": "desk@a.example", "access_token": "admin-token", "accounts": []}
INBOX = {"id": 5, "name": "Shop", "channel_type": "Channel::WebWidget", "website_url": "https://a.example"}
WISH: dict[str, Any] = {
    "tenant": "acme",
    "name": "Acme",
    "administrator": {"email": "desk@a.example", "name": "Desk"},
    "agents": [{"email": "anna@a.example", "name": "Anna"}],
    "bot": {"name": "Bot", "url": "https://b.example"},
    "inboxes": [{"name": "Shop", "website_url": "https://a.example", "members": ["anna@a.example"]}],
    "webhooks": [{"url": "https://h.example", "subscriptions": ["message_created"]}],
}
BOT = {"id": 4, "name": "Bot", "description": "[bluegreen:acme]", "outgoing_url": "https://b.example", "account_id": 7}
HOOK = {"id": 6, "url": "https://h.example", "name": None, "subscriptions": ["message_created"]}
Lines = list[tuple[str, Given]]

BLANK: Lines = [(f"GET {PLATFORM}/accounts", (200, []))]
MADE: Lines = [
    (f"POST {PLATFORM}/accounts", (200, account())),
    (f"GET {PLATFORM}/accounts", (200, [account()])),
    (f"POST {PLATFORM}/users", (200, USER)),
    (f"POST {PLATFORM}/accounts/7/account_users", (200, {"user_id": 1, "role": "administrator"})),
    (f"POST {OURS}/agents", (200, ANNA)),
    (f"GET {OURS}/agent_bots", (200, [])),
    (f"POST {PLATFORM}/agent_bots", (200, BOT)),
    (f"GET {OURS}/inboxes", (200, {"payload": []})),
    (f"POST {OURS}/inboxes", (200, INBOX)),
    (f"POST {OURS}/inboxes/5/set_agent_bot", (200, None)),
    (f"PATCH {OURS}/inbox_members", (200, {"payload": [ANNA]})),
    (f"POST {OURS}/webhooks", (200, {"payload": {"webhook": HOOK}})),
]
WHOLE: Lines = [
    (f"GET {PLATFORM}/accounts", (200, [account()])),
    (f"GET {PLATFORM}/accounts/7/account_users", (200, [{"user_id": 1, "role": "administrator"}, {"user_id": 3, "role": "agent"}])),
    (f"GET {PLATFORM}/users/1", (200, USER)),
    (f"GET {OURS}/inboxes", (200, {"payload": [INBOX]})),
    (f"GET {OURS}/agents", (200, [DESK, ANNA])),
    (f"GET {OURS}/agent_bots", (200, [BOT, {**BOT, "id": 9, "account_id": None}])),
    (f"GET {OURS}/webhooks", (200, {"payload": {"webhooks": [HOOK]}})),
    (f"GET {OURS}/inboxes/5/agent_bot", (200, {"agent_bot": BOT})),
    (f"GET {OURS}/inbox_members/5", (200, {"payload": [ANNA]})),
]


def run(monkeypatch: pytest.MonkeyPatch, lines: Lines, *, check: bool, **options: Any) -> tuple[dict[str, Any], Listed]:
    """Run the core on a Chatwoot that answers exactly these."""
    connection = Listed(*lines)
    monkeypatch.setattr(_chatwoot_run, "connection_of", lambda _params: connection)
    given = {"url": "https://chat.example", "platform_token": "app-token", **WISH, **options}
    params = validated(CHATWOOT_TENANT_SPEC, **{key: value for key, value in given.items() if value is not None})
    try:
        return _chatwoot_run.run(params, check_mode=check), connection
    finally:
        connection.done()


def test_a_new_desk_is_previewed_with_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    preview, _connection = run(monkeypatch, BLANK, check=True)
    applied, connection = run(monkeypatch, BLANK + MADE, check=False)
    assert (preview["requests"], preview["account_id"], applied["account_id"]) == ({"GET": 1}, None, 7)
    assert (preview["diff"], preview["digest"]) == (applied["diff"], applied["digest"])
    app, admin = "app-token", "admin-token"
    assert connection.tokens == [app, app, app, app, app, admin, admin, app, admin, admin, admin, admin, admin]
    assert {"app-token", "admin-token"} & set(str(applied).split("'")) == set()
    password = connection.bodies[3]["password"]
    assert len(password) > 30
    assert password not in str(applied)


@pytest.mark.parametrize("check", [True, False])
def test_a_desk_that_is_there_takes_nine_reads(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    result, _connection = run(monkeypatch, WHOLE, check=check)
    assert (result["changed"], result["requests"], result["inside"], result["warnings"]) == (False, {"GET": 9}, "read", [])
    assert result["summary"] == "acme: the support desk is as it should be"


def test_its_number_and_a_token_save_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: Lines = [(f"GET {PLATFORM}/accounts/7", (200, account())), WHOLE[1], WHOLE[3], ("GET /api/v1/profile", (200, USER)), *WHOLE[4:]]
    result, connection = run(monkeypatch, lines, check=True, account_id=7, admin_token="mine")
    assert not result["changed"]
    assert connection.tokens == ["app-token", "app-token", *["mine"] * 7]


def test_a_token_that_was_given_is_of_no_use_in_a_new_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment may hold the one of another desk."""
    result, connection = run(monkeypatch, BLANK + MADE, check=False, admin_token="mine")
    assert result["changed"]
    assert "mine" not in connection.tokens
    killed: Lines = [WHOLE[0], (WHOLE[1][0], (200, []))]
    result, connection = run(monkeypatch, [*killed, *MADE[2:]], check=False, admin_token="mine")
    assert (result["inside"], "mine" in connection.tokens) == ("blank", False)


def test_what_nobody_asks_for_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = dict.fromkeys(("administrator", "agents", "bot", "inboxes", "webhooks"))
    result, _connection = run(monkeypatch, WHOLE[:1], check=True, **nothing)
    assert (result["changed"], result["inside"]) == (False, "not asked for")
    few = {**nothing, "webhooks": WISH["webhooks"]}
    lines = [line for line in WHOLE if "bot" not in line[0] and "inbox" not in line[0]]
    result, _connection = run(monkeypatch, [*lines], check=True, **few)
    assert not result["changed"]


def test_an_end_reads_marks_deletes_and_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    leaving = account(custom_attributes={"bluegreen_tenant": "acme", "bluegreen_leaving": True}, status="suspended")
    one = f"{PLATFORM}/accounts/7"
    lines: Lines = [
        (f"GET {one}", (200, account())),
        (f"GET {one}", (200, account())),
        (f"PATCH {one}", (200, leaving)),
        (f"DELETE {one}", (200, None)),
        (f"GET {one}", (404, None)),
    ]
    result, connection = run(monkeypatch, lines, check=False, state="absent", account_id=7, confirm_name="Acme")
    assert result["summary"] == "acme: account 7 is deleted"
    assert connection.bodies[2] == {"status": "suspended", "custom_attributes": {"bluegreen_tenant": "acme", "bluegreen_leaving": True}}
    # Begun before, and not done: the mark is there.
    lines = [(f"GET {one}", (200, leaving)), (f"GET {one}", (200, leaving)), (f"DELETE {one}", (200, None))]
    run(monkeypatch, lines, check=False, state="absent", account_id=7, confirm_name="Acme", wait_seconds=0)


def test_an_account_without_an_administrator_gets_one_and_is_compared_later(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: Lines = [WHOLE[0], (WHOLE[1][0], (200, [{"user_id": 3, "role": "agent"}]))]
    preview, _connection = run(monkeypatch, lines, check=True)
    applied, _connection = run(monkeypatch, [*lines, *MADE[2:4]], check=False)
    assert (preview["diff"], preview["inside"]) == (applied["diff"], "no administrator")
    assert applied["actions"] == [{"action": "create", "name": "administrator desk@a.example"}]
    assert "run again to have agents, bot, inboxes and webhooks compared" in applied["warnings"][0]
    with pytest.raises(RefusedError, match="no administrator of account 7 was made by this platform app"):
        run(monkeypatch, lines, check=True, administrator=None)


def test_what_is_suspended_was_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: Lines = [(f"GET {PLATFORM}/accounts", (200, [account(status="suspended")]))]
    result, _connection = run(monkeypatch, lines, check=True)
    assert (result["changed"], result["inside"], result["status"]) == (False, "suspended", "suspended")
    assert result["summary"] == "acme: the account is as it should be; it is suspended, so what is in it was not looked at"


def test_an_account_that_goes_in_between_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: Lines = [(f"GET {PLATFORM}/accounts", (200, [account()])), (f"GET {PLATFORM}/accounts/7", (404, None))]
    nothing = dict.fromkeys(("administrator", "agents", "bot", "inboxes", "webhooks"))
    with pytest.raises(BlueGreenError, match=r"^account 7 is gone; run again\.$") as found:
        run(monkeypatch, lines, check=False, custom_attributes={"x": 1}, **nothing)
    assert found.value.facts == {"changed": False, "done": []}


def test_an_account_that_is_not_there_is_not_made_under_another_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="account_id: 7 is not there; correct it, or leave it out to make an account"):
        run(monkeypatch, [(f"GET {PLATFORM}/accounts/7", (404, None))], check=True, account_id=7)


def test_a_broken_list_is_walked_around_by_our_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: Lines = [
        (f"GET {PLATFORM}/accounts", (500, None)),
        (f"GET {PLATFORM}/agent_bots", (200, [BOT, {**BOT, "description": "[bluegreen:other]", "account_id": 8}])),
        (f"GET {PLATFORM}/accounts/7", (200, account())),
    ]
    assert not run(monkeypatch, [*lines, *WHOLE[1:]], check=True)[0]["changed"]
    lines[1] = (f"GET {PLATFORM}/agent_bots", (200, []))
    with pytest.raises(RefusedError, match="name the account with account_id, or mend the list on the server: rails runner"):
        run(monkeypatch, lines[:2], check=True)


def test_of_two_runs_at_once_one_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    twins = [account(3), account()]
    patched = (f"PATCH {PLATFORM}/accounts/7", (200, account(custom_attributes={})))
    lines: Lines = [*BLANK, MADE[0], (f"GET {PLATFORM}/accounts", (200, twins)), patched]
    with pytest.raises(BlueGreenError, match="another run made account 3 for acme at the same moment, so account 7 is left without a key"):
        run(monkeypatch, lines, check=False)
    # The one that was first goes on.
    lines = [*BLANK, *MADE]
    lines[2] = (f"GET {PLATFORM}/accounts", (200, [account(), account(9)]))
    assert run(monkeypatch, lines, check=False)[0]["changed"]


@pytest.mark.parametrize(
    ("line", "answer", "said"),
    [
        (f"GET {OURS}/agent_bots", (200, [BOT]), "bot Bot: another run made it at the same moment; run again."),
        (f"GET {OURS}/inboxes", (200, {"payload": [INBOX]}), "inbox Shop: another run made it at the same moment; run again."),
    ],
)
def test_what_another_run_made_meanwhile_is_not_made_twice(monkeypatch: pytest.MonkeyPatch, line: str, answer: Given, said: str) -> None:
    until = [one for one, _answer in MADE].index(line)
    with pytest.raises(BlueGreenError) as found:
        run(monkeypatch, [*BLANK, *MADE[:until], (line, answer)], check=False)
    assert found.value.sentence == said
    assert found.value.facts["changed"] is True


def test_somebody_who_was_there_before_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [*BLANK, *MADE]
    lines[3] = (lines[3][0], (200, {**USER, "accounts": [{"id": 1}]}))
    result, _connection = run(monkeypatch, lines, check=False)
    assert "desk@a.example was in Chatwoot already; this platform app may now read and change that user" in result["warnings"][0]


def test_info_reads_all_desks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = [account(), account(8), account(9, custom_attributes={})]
    connection = Listed((f"GET {PLATFORM}/accounts", (200, twice)))
    monkeypatch.setattr(_chatwoot_info, "connection_of", lambda _params: connection)
    result = _chatwoot_info.run(validated(INFO_SPEC, url="https://chat.example", platform_token="t"), check_mode=True)
    assert [desk["account_id"] for desk in result["desks"]] == [7, 8]
    assert [desk["problems"] for desk in result["desks"]] == [["several accounts have the key acme"]] * 2
    assert result["requests"] == {"GET": 1}
