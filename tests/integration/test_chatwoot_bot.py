# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suspension of a bot: it answers no more, everybody else does, and no conversation is lost, wherever a run is killed."""

from __future__ import annotations

from typing import Any

import pytest

from lab.chatwoot import ChatwootStandIn
from tests.integration.desk import Desk
from tests.integration.test_chatwoot_faults import killer
from tests.integration.test_chatwoot_tenant import steps

KEPT = "bluegreen_bot_suspended"
QUOTA: dict[str, Any] = {"bot_status": "suspended", "bot_reason": "quota 2026-11"}


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk with the bot in one inbox of two, and three conversations that wait for it."""
    desk.ok(**desk.options)
    for inbox in ("Shop", "App", "Shop", "Shop"):
        desk.visitor_writes(inbox)
    found = sorted(desk.conversations(), key=lambda one: int(one["id"]))
    assert [one["status"] for one in found] == ["pending", "open", "pending", "pending"]
    return desk


def bot_of(desk: Desk) -> dict[str, Any]:
    """The inboxes with the names of their bots."""
    held = desk.held()
    assert held is not None
    found: dict[str, Any] = held["bot_of"]
    return found


def number_of(desk: Desk, inbox: str) -> int:
    (found,) = [one["id"] for one in desk.inside("inboxes")["payload"] if one["name"] == inbox]
    return int(found)


def test_a_bot_is_suspended_and_comes_back(busy: Desk) -> None:
    desk, shop = busy, number_of(busy, "Shop")
    suspended = desk.previewed(**QUOTA)
    assert steps(suspended) == [
        f"update bot of account {desk.tenant} (suspension)",
        "update bot of inbox Shop",
        "update 3 pending conversations of inbox Shop",
    ]
    assert (suspended["opened"], suspended["bot_status"], suspended["status"]) == (3, "suspended", "active")
    assert desk.account["custom_attributes"][KEPT] == {"reason": "quota 2026-11", "inboxes": [shop]}
    assert desk.account["name"] == desk.options["name"]
    assert bot_of(desk) == {"Shop": None, "App": None}
    assert {one["status"] for one in desk.conversations()} == {"open"}
    assert all(one["meta"].get("assignee") is None for one in desk.conversations())
    # The bot is off, so what comes now is seen by agents at once.
    desk.visitor_writes("Shop")
    desk.settled(**QUOTA)
    (found,) = desk.ok(module="chatwoot_tenant_info", tenant=None, tenants=[desk.tenant])["desks"]
    assert found["bot_suspended"] == "quota 2026-11"

    again = desk.previewed(bot_status="suspended", bot_reason="quota 2026-12")
    assert steps(again) == [f"update bot of account {desk.tenant} (suspension)"]
    assert desk.account["custom_attributes"][KEPT] == {"reason": "quota 2026-12", "inboxes": [shop]}

    active = desk.previewed(bot_status="active")
    assert steps(active) == ["update bot of inbox Shop", f"update bot of account {desk.tenant} (end of suspension)"]
    assert (active["opened"], active["bot_status"]) == (0, "active")
    assert KEPT not in desk.account["custom_attributes"]
    assert desk.account["custom_attributes"]["industry"] == "retail"
    assert bot_of(desk) == {"Shop": "Acme bot", "App": None}
    (found,) = desk.ok(module="chatwoot_tenant_info", tenant=None, tenants=[desk.tenant])["desks"]
    assert found["bot_suspended"] is None
    desk.settled(**desk.options)


def test_a_desk_that_is_brought_about_meanwhile_leaves_the_bot_off(busy: Desk) -> None:
    desk = busy
    desk.ok(**QUOTA)
    desk.settled(**desk.options)
    more = {**desk.options, "limits": {"inboxes": 3}, "inboxes": [*desk.options["inboxes"], {"name": "Late", "channel": "api"}]}
    assert steps(desk.previewed(**more)) == [f"update account {desk.tenant}", "create inbox Late"]
    assert set(bot_of(desk).values()) == {None}
    # Its inboxes had it: the bot of the one that came meanwhile is declared, and not remembered.
    desk.previewed(bot_status="active")
    assert bot_of(desk) == {"Shop": "Acme bot", "App": None, "Late": None}
    assert steps(desk.previewed(**more)) == ["update bot of inbox Late"]


def test_a_new_desk_may_begin_with_its_bot_suspended(desk: Desk) -> None:
    made = desk.previewed(**desk.options, **QUOTA)
    assert "update bot of inbox Shop" not in steps(made)
    assert desk.account["custom_attributes"][KEPT] == {"reason": "quota 2026-11", "inboxes": []}
    back = desk.previewed(**desk.options, bot_status="active")
    assert steps(back) == ["update bot of inbox Shop", f"update bot of account {desk.tenant} (end of suspension)"]
    assert bot_of(desk) == {"Shop": "Acme bot", "App": None}


def test_what_somebody_did_in_the_browser_meanwhile(busy: Desk) -> None:
    desk, ask, account = busy, busy.chatwoot.ask, busy.account["id"]
    base, token = f"/api/v1/accounts/{account}", busy.token()
    desk.ok(**QUOTA)
    (ours,) = desk.bots()
    # Connected again by hand: the suspension is kept up, by any run that looks inside.
    for name in ("Shop", "App"):
        ask("POST", f"{base}/inboxes/{number_of(desk, name)}/set_agent_bot", {"agent_bot": ours["id"]}, token=token)
        desk.visitor_writes(name)
    result = desk.previewed(**desk.options)
    assert steps(result) == [
        f"update bot of account {desk.tenant} (suspension)",
        "update bot of inbox Shop",
        "update 1 pending conversation of inbox Shop",
        "update bot of inbox App",
        "update 1 pending conversation of inbox App",
    ]
    assert desk.account["custom_attributes"][KEPT]["reason"] == "quota 2026-11"
    # Another bot: what waits for that one waits for that one, and it keeps its inbox.
    status, other = ask("POST", f"{base}/agent_bots", {"name": "Theirs", "outgoing_url": "https://t.example"}, token=token)
    assert status == 200
    ask("POST", f"{base}/inboxes/{number_of(desk, 'App')}/set_agent_bot", {"agent_bot": other["id"]}, token=token)
    desk.visitor_writes("App")
    desk.settled(**QUOTA)
    back = desk.previewed(bot_status="active")
    assert f"bot: inbox App was given another bot ({other['id']}) meanwhile, and keeps it" in back["warnings"][0]
    assert bot_of(desk) == {"Shop": "Acme bot", "App": "Theirs"}


def test_more_than_a_page_of_them_is_opened(desk: Desk) -> None:
    desk.ok(**desk.options)
    for _turn in range(60):
        desk.visitor_writes("Shop")
    result = desk.previewed(**QUOTA)
    assert (result["opened"], steps(result)[-1]) == (60, "update 60 pending conversations of inbox Shop")
    # Four pages with nothing on the last one, and one request each.
    assert result["requests"]["POST"] == 61
    assert desk.conversations("pending") == []


@pytest.mark.parametrize("number", range(1, 6))
def test_a_suspension_that_is_killed_loses_no_conversation(busy: Desk, number: int) -> None:
    """Five writes: the note, the bot, and three conversations."""
    desk, mark = busy, busy.mark()
    process = desk.start(before=killer(number), **QUOTA)
    process.communicate()
    assert process.returncode == -9
    assert len(desk.writes(mark)) == number
    # Visitors do not wait for us: this one is the bot's where it is not off yet.
    late = desk.visitor_writes("Shop")
    waits = [one["id"] for one in desk.conversations("pending")]
    assert (late in waits) is (number < 2)
    rest = desk.previewed(**QUOTA)
    assert rest["changed"] is (number < 5)
    assert {one["status"] for one in desk.conversations()} == {"open"}
    desk.previewed(bot_status="active")
    assert bot_of(desk) == {"Shop": "Acme bot", "App": None}


@pytest.mark.parametrize("when", ["broken_before", "broken_after"])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_suspension_whose_answer_is_lost_is_run_again(busy: Desk, stand_in: ChatwootStandIn, when: str, number: int) -> None:
    desk = busy
    stand_in.behave(**{when: number})
    assert "whether it was done is not known; run again, what is there is found and not made twice" in desk.refused(**QUOTA)
    rest = desk.previewed(**QUOTA)
    assert rest["changed"]
    assert (bot_of(desk), desk.conversations("pending")) == ({"Shop": None, "App": None}, [])
    assert desk.account["custom_attributes"][KEPT]["inboxes"] == [number_of(desk, "Shop")]


@pytest.mark.parametrize("options", [{}, {"name": None, **QUOTA}])
def test_what_a_killed_suspension_left_is_carried_through_by_any_run(busy: Desk, options: dict[str, Any]) -> None:
    desk = busy
    process = desk.start(before=killer(1), **QUOTA)
    process.communicate()
    desk.previewed(**{**desk.options, **options})
    assert (bot_of(desk), desk.conversations("pending")) == ({"Shop": None, "App": None}, [])


@pytest.mark.parametrize("number", [1, 2])
def test_an_end_that_is_killed_is_gone_on_with(busy: Desk, number: int) -> None:
    desk = busy
    desk.ok(**QUOTA)
    process = desk.start(before=killer(number), bot_status="active")
    process.communicate()
    assert process.returncode == -9
    assert desk.previewed(bot_status="active")["changed"] is (number < 2)
    assert bot_of(desk) == {"Shop": "Acme bot", "App": None}
    desk.settled(**desk.options)


def test_one_that_begins_to_wait_meanwhile_is_opened_and_said(desk: Desk, stand_in: ChatwootStandIn) -> None:
    desk.ok(**desk.options)
    waits = f"""
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_api as api
import urllib.request
asked = api.Platform.update_account
def meanwhile(self, number, fields):
    body = json.dumps({{"table": "conversations", "id": None, "fields": {{"account_id": number, "inbox_id": {number_of(desk, "Shop")},
        "contact_id": 0, "number": 77, "status": "pending", "assignee_id": None}}}}).encode()
    urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:{stand_in.control_port}/_lab/records", body, method="POST"))
    return asked(self, number, fields)
api.Platform.update_account = meanwhile
"""
    result = desk.run(before=waits, **QUOTA)
    assert not result.get("failed"), result
    assert result["warnings"] == ["inbox Shop: 1 more began to wait for the bot meanwhile, and opened, too."]
    assert (result["opened"], desk.conversations("pending")) == (1, [])
    desk.settled(**QUOTA)


def test_a_rule_that_makes_them_wait_again_is_not_fought(busy: Desk, stand_in: ChatwootStandIn) -> None:
    text = '{"payload": {}}'
    stand_in.behave(
        instead=[{"match": "POST .*/toggle_status$", "status": 200, "text": text, "type": "application/json"} for _turn in range(3)]
    )
    said = busy.refused(**QUOTA)
    assert "inbox Shop: conversation 1 is pending again after it was opened; see which automation rule or bot does that" in said


def test_what_a_suspended_bot_cannot_be_said_of(busy: Desk) -> None:
    desk = busy
    desk.ok(status="suspended")
    for check in (True, False):
        result = desk.ok(check=check, **QUOTA)
        assert (result["changed"], result["inside"], result["bot_status"]) == (False, "suspended", "active")
        assert "its account is suspended, so nothing could be done about its bot" in result["warnings"][0]
    stranger = Desk(desk.chatwoot, f"{desk.tenant}b")
    for check in (True, False):
        assert f"name: not given, and tenant {stranger.tenant} has no account yet" in stranger.refused(check=check, **QUOTA)
    assert stranger.accounts() == []


def test_nothing_of_what_visitors_wrote_is_told(busy: Desk, stand_in: ChatwootStandIn) -> None:
    contact = next(iter(stand_in.state()["contacts"].values()))
    stand_in.edit("contacts", contact["id"], name="canary-c0ffee-0451", email="canary-c0ffee-0451@a.example")
    for check in (True, False):
        assert "canary-c0ffee-0451" not in str(busy.ok(check=check, **QUOTA))
