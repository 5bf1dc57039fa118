# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suspension of a bot: what it plans, row by row, and which requests it makes, one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Account, Bot, Inbox
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import (
    CHATWOOT_TENANT_SPEC,
    BotWish,
    DeskWish,
    InboxWish,
    wish_of,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_bot import Suspension, find_bot, suspension_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_plan import DeskPlan, plan_desk
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_world import World
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from tests.chatwoot_requests import Given, Listed, account
from tests.kubernetes_requests import validated

KEPT = "bluegreen_bot_suspended"
KEY = {"bluegreen_tenant": "acme"}
NOTE = {"reason": "quota", "inboxes": [5]}
ACCOUNT = Account(7, "Acme", "en", "", "", "active", frozenset(), {}, KEY)
NOTED = replace(ACCOUNT, attributes={**KEY, KEPT: NOTE})
BOT, THEIRS = Bot(4, "Bot", "Helps. [bluegreen:acme]", "https://b.example", 7), Bot(9, "Theirs", "", "https://t.example", 7)
SHOP, APP, TWIN = (Inbox(number, name, "Channel::Api", {}) for number, name in ((5, "Shop"), (6, "App"), (8, "Shop")))
OURS = World(ACCOUNT, "read", (), (BOT, THEIRS), (SHOP, APP), (), {5: 4, 6: None})
SUSPENDED = replace(OURS, account=NOTED, bot_of={5: None, 6: None})
BASIS: DeskWish = wish_of(validated(CHATWOOT_TENANT_SPEC, tenant="acme", url="https://chat.example", platform_token="t"))
OFF: dict[str, Any] = {"bot_status": "suspended", "bot_reason": "quota"}
ON: dict[str, Any] = {"bot_status": "active"}
OUR_BOT: dict[str, Any] = {"bot": BotWish("Bot", "Helps. [bluegreen:acme]", "https://b.example")}
WIDGET = InboxWish("Shop", "api", {}, {}, True, None)
NOTED_FIRST, OFF_IT_GOES = "update bot of account acme (suspension)", "update bot of inbox Shop"
BACK_IT_COMES, NOTE_GOES = "update bot of inbox Shop", "update bot of account acme (end of suspension)"


def steps(plan: DeskPlan) -> list[str]:
    """What is done, in words."""
    return [f"{step.action} {step.name}" for step in plan.steps]


CASES: list[tuple[str, World, dict[str, Any], list[str]]] = [
    ("nothing is said", OURS, {}, []),
    ("nothing waits", OURS, OFF, [NOTED_FIRST, OFF_IT_GOES]),
    ("one waits", replace(OURS, pending={5: 1}), OFF, [NOTED_FIRST, OFF_IT_GOES, "update 1 pending conversation of inbox Shop"]),
    ("some wait", replace(OURS, pending={5: 3}), OFF, [NOTED_FIRST, OFF_IT_GOES, "update 3 pending conversations of inbox Shop"]),
    ("suspended already", SUSPENDED, OFF, []),
    ("suspended, and nothing said of it", SUSPENDED, {}, []),
    ("suspended for another reason", SUSPENDED, {**OFF, "bot_reason": "bill"}, [NOTED_FIRST]),
    (
        "killed after the note",
        replace(SUSPENDED, bot_of={5: 4, 6: None}, pending={5: 2}),
        {},
        [OFF_IT_GOES, "update 2 pending conversations of inbox Shop"],
    ),
    ("killed before the last conversation", replace(SUSPENDED, pending={5: 1}), OFF, ["update 1 pending conversation of inbox Shop"]),
    ("one more inbox got it meanwhile", replace(SUSPENDED, bot_of={5: None, 6: 4}), OFF, [NOTED_FIRST, "update bot of inbox App"]),
    ("another's bot is another's", replace(OURS, bot_of={5: 9, 6: 9}), OFF, [NOTED_FIRST]),
    ("an inbox that had it is gone", replace(SUSPENDED, inboxes=(APP,)), OFF, []),
    ("the bot is gone", replace(SUSPENDED, bots=(), pending={5: 1}), OFF, ["update 1 pending conversation of inbox Shop"]),
    ("declared inboxes stay without it", SUSPENDED, {**OUR_BOT, "inboxes": (WIDGET,)}, []),
    (
        "two of one name",
        replace(OURS, inboxes=(SHOP, TWIN), bot_of={5: 4, 8: 4}),
        OFF,
        [NOTED_FIRST, "update bot of inbox Shop (5)", "update bot of inbox Shop (8)"],
    ),
    ("nobody is in the account yet", World(ACCOUNT, "blank"), OFF, [NOTED_FIRST]),
    ("active, and never was otherwise", OURS, ON, []),
    ("active again", SUSPENDED, ON, [BACK_IT_COMES, NOTE_GOES]),
    ("killed before the note went", replace(SUSPENDED, bot_of={5: 4, 6: None}), ON, [NOTE_GOES]),
    ("declared, and active again", SUSPENDED, {**ON, **OUR_BOT, "inboxes": (WIDGET,)}, [BACK_IT_COMES, NOTE_GOES]),
    ("declared without it", SUSPENDED, {**ON, **OUR_BOT, "inboxes": (replace(WIDGET, bot=False),)}, [NOTE_GOES]),
    ("declared without a bot at all", SUSPENDED, {**ON, "inboxes": (replace(WIDGET, bot=False),)}, [BACK_IT_COMES, NOTE_GOES]),
    ("the bot is made anew", replace(SUSPENDED, bots=()), {**ON, **OUR_BOT}, ["create bot Bot", BACK_IT_COMES, NOTE_GOES]),
    ("the bot is gone for good", replace(SUSPENDED, bots=()), ON, [NOTE_GOES]),
    ("another's bot keeps it", replace(SUSPENDED, bot_of={5: 9}), ON, [NOTE_GOES]),
    (
        "a note that somebody wrote",
        replace(OURS, account=replace(ACCOUNT, attributes={**KEY, KEPT: "by hand"}), bot_of={}),
        ON,
        [NOTE_GOES],
    ),
]


@pytest.mark.parametrize(("world", "changes", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_a_suspension_takes(world: World, changes: dict[str, Any], wanted: list[str]) -> None:
    plan = plan_desk(world, replace(BASIS, **changes))
    assert steps(plan) == wanted
    assert all(step.before != step.after for step in plan.steps)


def test_the_account_is_told_what_had_the_bot_and_diffs_have_names() -> None:
    first, off, opened = plan_desk(replace(OURS, pending={5: 2}), replace(BASIS, **OFF)).steps
    assert first.data == {"custom_attributes": {KEPT: NOTE}}
    assert (first.before, first.after) == ({"bot_status": "active"}, {"bot_status": "suspended", "reason": "quota", "inboxes": ["Shop"]})
    assert (off.before, off.after, off.number) == ({"bot": "Bot"}, {"bot": None}, 5)
    assert (opened.before, opened.after) == ({"pending": 2}, {"pending": 0, "opened": 2})
    last = plan_desk(SUSPENDED, replace(BASIS, **ON)).steps[-1]
    assert last.data == {"custom_attributes": {KEPT: None}}
    assert (last.before, last.after) == (first.after, first.before)


def test_a_new_account_is_made_with_its_note_in_one_request() -> None:
    (made,) = plan_desk(World(None, "blank"), replace(BASIS, account={"name": "Acme"}, **OFF)).steps
    assert made.data["custom_attributes"] == {**KEY, KEPT: {"reason": "quota", "inboxes": []}}


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (
            replace(SUSPENDED, bots=()),
            "bot: inbox Shop had one, and tenant acme has none any more; declare bot and inboxes to give it one.",
        ),
        (replace(SUSPENDED, bot_of={5: 9}), "bot: inbox Shop was given another bot (9) meanwhile, and keeps it; declare the inbox"),
    ],
)
def test_an_inbox_that_does_not_get_it_again_is_said(world: World, said: str) -> None:
    (found,) = plan_desk(world, replace(BASIS, **ON)).warnings
    assert said in found


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        (None, None),
        ({}, None),
        (NOTE, Suspension("quota", (5,))),
        ({"reason": "x", "inboxes": [6, 5, True, "7", 5]}, Suspension("x", (5, 6))),
        ({"inboxes": 5}, Suspension("")),
        ("by hand", Suspension("by hand")),
    ],
)
def test_a_note_is_read_whoever_wrote_it(kept: Any, found: Suspension | None) -> None:
    assert suspension_of({KEPT: kept}) == found


def test_the_bot_is_found_by_its_marker_without_being_declared() -> None:
    assert find_bot((THEIRS, BOT), BASIS) == BOT
    assert find_bot((THEIRS, replace(BOT, description="")), BASIS) is None
    with pytest.raises(RefusedError, match=r"bot: '\[bluegreen:acme\]' is there several times \(4, 9\)"):
        find_bot((BOT, replace(BOT, id=9)), BASIS)


PLATFORM, BASE = "/platform/api/v1/accounts", "/api/v1/accounts/7"
USER = {"id": 1, "email": "desk@a.example", "access_token": "admin-token", "accounts": []}
RAW_BOT = {"id": 4, "name": "Bot", "description": "[bluegreen:acme]", "outgoing_url": "https://b.example", "account_id": 7}
RAW = [{"id": 5, "name": "Shop", "channel_type": "Channel::Api"}, {"id": 6, "name": "App", "channel_type": "Channel::Api"}]
WAITING = "status=pending&inbox_id=5"
Lines = list[tuple[str, Given]]


def reading(attributes: dict[str, Any], *, shop: bool, waiting: int | None) -> Lines:
    """All that is read of a desk for its bot alone: nobody's name, and no conversation."""
    lines: Lines = [
        (f"GET {PLATFORM}", (200, [account(custom_attributes=attributes)])),
        (f"GET {PLATFORM}/7/account_users", (200, [{"user_id": 1, "role": "administrator"}])),
        ("GET /platform/api/v1/users/1", (200, USER)),
        (f"GET {BASE}/inboxes", (200, {"payload": RAW})),
        (f"GET {BASE}/agent_bots", (200, [RAW_BOT])),
        (f"GET {BASE}/inboxes/5/agent_bot", (200, {"agent_bot": RAW_BOT} if shop else {})),
        (f"GET {BASE}/inboxes/6/agent_bot", (200, {})),
    ]
    counted = (f"GET {BASE}/conversations/meta?{WAITING}", (200, {"meta": {"all_count": waiting}}))
    return lines if waiting is None else [*lines, counted]


def page(*numbers: int) -> tuple[str, Given]:
    return (f"GET {BASE}/conversations?{WAITING}&page=1", (200, {"data": {"meta": {}, "payload": [{"id": one} for one in numbers]}}))


def opened(number: int) -> tuple[str, Given]:
    return (f"POST {BASE}/conversations/{number}/toggle_status", (200, {"meta": {}, "payload": {"success": True}}))


def run(monkeypatch: pytest.MonkeyPatch, lines: Lines, *, check: bool, **options: Any) -> tuple[dict[str, Any], Listed]:
    connection = Listed(*lines)
    monkeypatch.setattr(_chatwoot_run, "connection_of", lambda _params: connection)
    params = validated(CHATWOOT_TENANT_SPEC, url="https://chat.example", platform_token="app-token", tenant="acme", **options)
    try:
        return _chatwoot_run.run(params, check_mode=check), connection
    finally:
        connection.done()


NOTED_LINES: Lines = [
    (f"GET {PLATFORM}/7", (200, account(custom_attributes={**KEY, "theirs": 1}))),
    (f"PATCH {PLATFORM}/7", (200, account())),
    (f"POST {BASE}/inboxes/5/set_agent_bot", (200, None)),
]


def test_a_suspension_request_by_request(monkeypatch: pytest.MonkeyPatch) -> None:
    read = reading(KEY, shop=True, waiting=2)
    preview, _connection = run(monkeypatch, read, check=True, **OFF)
    writes = [*NOTED_LINES, page(11, 12), opened(11), opened(12), page()]
    applied, connection = run(monkeypatch, [*read, *writes], check=False, **OFF)
    assert (preview["diff"], preview["digest"], preview["opened"]) == (applied["diff"], applied["digest"], applied["opened"])
    assert (applied["opened"], applied["bot_status"], applied["summary"]) == (2, "suspended", "acme: the support desk: 3 updated")
    assert connection.bodies[9] == {"custom_attributes": {**KEY, "theirs": 1, KEPT: NOTE}}
    assert connection.bodies[10] == {"agent_bot": None}
    assert connection.bodies[12:14] == [{"status": "open"}] * 2


def test_where_nothing_waited_it_is_looked_once_more_when_the_bot_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    read = reading(KEY, shop=True, waiting=0)
    result, _connection = run(monkeypatch, [*read, *NOTED_LINES, page()], check=False, **OFF)
    assert (result["opened"], result["warnings"]) == (0, [])
    result, _connection = run(monkeypatch, [*read, *NOTED_LINES, page(13), opened(13), page()], check=False, **OFF)
    assert (result["opened"], result["warnings"]) == (1, ["inbox Shop: 1 more began to wait for the bot meanwhile, and opened, too."])


def test_of_two_runs_at_once_neither_forgets_what_the_other_one_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = account(custom_attributes={**KEY, KEPT: {"reason": "theirs", "inboxes": [6]}})
    lines = [*reading(KEY, shop=True, waiting=0), (NOTED_LINES[0][0], (200, noted)), *NOTED_LINES[1:], page()]
    _result, connection = run(monkeypatch, lines, check=False, **OFF)
    assert connection.bodies[9] == {"custom_attributes": {**KEY, KEPT: {"reason": "quota", "inboxes": [5, 6]}}}


def test_a_desk_without_a_bot_of_ours_is_said() -> None:
    world = replace(OURS, bots=(THEIRS,))
    plan = plan_desk(world, replace(BASIS, **OFF))
    assert (steps(plan), len(plan.warnings)) == ([NOTED_FIRST], 1)
    assert "no bot of account acme has the mark of ours, so none is taken from an inbox" in plan.warnings[0]
    assert plan_desk(world, replace(BASIS, **OFF, **OUR_BOT)).warnings == ()


def test_what_is_pending_again_is_not_opened_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [*reading({**KEY, KEPT: NOTE}, shop=False, waiting=1), page(11), opened(11), page(11)]
    with pytest.raises(BlueGreenError, match="inbox Shop: conversation 11 is pending again after it was opened") as found:
        run(monkeypatch, lines, check=False, **OFF)
    assert found.value.facts["done"] == []


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("options", [OFF, {**OFF, "name": "Acme"}])
def test_what_is_suspended_is_looked_at_again_and_left(monkeypatch: pytest.MonkeyPatch, check: bool, options: dict[str, Any]) -> None:
    result, _connection = run(monkeypatch, reading({**KEY, KEPT: NOTE}, shop=False, waiting=0), check=check, **options)
    assert (result["changed"], result["requests"], result["bot_status"]) == (False, {"GET": 8}, "suspended")


def test_an_end_request_by_request(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = {**KEY, KEPT: NOTE}
    lines: Lines = [
        *reading(noted, shop=False, waiting=None),
        (f"POST {BASE}/inboxes/5/set_agent_bot", (200, None)),
        (f"GET {PLATFORM}/7", (200, account(custom_attributes=noted))),
        (f"PATCH {PLATFORM}/7", (200, account())),
    ]
    result, connection = run(monkeypatch, lines, check=False, **ON)
    assert (connection.bodies[7], connection.bodies[9]) == ({"agent_bot": 4}, {"custom_attributes": KEY})
    assert result["bot_status"] == "active"


def test_an_active_bot_that_is_active_costs_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _connection = run(monkeypatch, [(f"GET {PLATFORM}", (200, [account()]))], check=False, **ON)
    assert (result["changed"], result["inside"], result["bot_status"]) == (False, "not asked for", "active")


def test_a_desk_of_which_nothing_inside_is_said_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: Lines = [(f"GET {PLATFORM}", (200, [account(custom_attributes={**KEY, KEPT: NOTE})]))]
    result, _connection = run(monkeypatch, lines, check=False, name="Acme")
    assert (result["changed"], result["inside"], result["bot_status"]) == (False, "not asked for", "suspended")
