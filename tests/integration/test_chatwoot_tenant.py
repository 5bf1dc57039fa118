# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chatwoot_tenant on a Chatwoot from start to end. None of these needs more than Chatwoot's API: ``make chatwoot-conformance`` runs"
" them."""

from __future__ import annotations

from typing import Any

from tests.integration.desk import Chatwoot, Desk


def steps(result: dict[str, Any]) -> list[str]:
    """What was done, in words."""
    return [f"{one['action']} {one['name']}" for one in result["actions"]]


def test_a_desk_comes_changes_and_stays_as_it_is(desk: Desk) -> None:
    options, mail = desk.options, desk.mail
    created = desk.previewed(**options)
    assert steps(created) == [
        f"create account {desk.tenant}",
        f"create administrator {desk.administrator['email']}",
        f"create agent {mail('anna')}",
        f"create agent {mail('ben')}",
        "create bot Acme bot",
        "create inbox Shop",
        "update bot of inbox Shop",
        "update members of inbox Shop",
        "create inbox App",
        "create webhook https://hooks.agency.example/acme",
    ]
    assert (created["inside"], created["account_id"], created["warnings"]) == ("blank", desk.account["id"], [])
    held = desk.held()
    assert held is not None
    account = held["account"]
    assert (account["name"], account["locale"], account["status"]) == (options["name"], "fr", "active")
    assert account["limits"] == {"agents": 4, "inboxes": 2}
    assert account["custom_attributes"]["industry"] == "retail"
    assert account["features"].get("ip_lookup") is True
    assert "help_center" not in account["features"]
    roles = {email: person["role"] for email, person in held["people"].items()}
    assert roles == {desk.administrator["email"]: "administrator", mail("anna"): "agent", mail("ben"): "administrator"}
    assert held["bots"]["Acme bot"]["description"] == f"Answers first. [bluegreen:{desk.tenant}]"
    assert (held["bot_of"], held["members"]) == ({"Shop": "Acme bot", "App": None}, {"Shop": [mail("anna")], "App": []})
    assert held["inboxes"]["Shop"]["widget_color"] == "#0A7A4B"
    assert held["inboxes"]["App"]["channel_type"] == "Channel::Api"

    changed = desk.previewed(
        **{
            **options,
            "name": f"Acme & sons {desk.tenant}",
            "limits": {"inboxes": None, "agents": 5},
            "agents": [{"email": mail("anna").upper(), "role": "administrator"}, {"email": mail("cleo")}],
            "bot": {**options["bot"], "name": "Acme assistant"},
            "inboxes": [{**options["inboxes"][0], "welcome_title": "Salut", "members": [mail("cleo"), mail("anna")]}],
            "webhooks": [{"url": "https://hooks.agency.example/new", "subscriptions": ["contact_created"]}],
            "purge": ["agents", "webhooks"],
        }
    )
    assert steps(changed) == [
        f"update account {desk.tenant}",
        f"delete agent {mail('ben')}",
        f"update agent {mail('anna')}",
        f"create agent {mail('cleo')}",
        "update bot Acme assistant",
        "update inbox Shop",
        "update members of inbox Shop",
        "create webhook https://hooks.agency.example/new",
        "delete webhook https://hooks.agency.example/acme",
    ]
    held = desk.held()
    assert held is not None
    assert held["account"]["limits"] == {"agents": 5}
    assert set(held["people"]) == {desk.administrator["email"], mail("anna"), mail("cleo")}
    assert list(held["bots"]) == ["Acme assistant"]
    assert held["inboxes"]["Shop"]["welcome_title"] == "Salut"
    assert "App" in held["inboxes"], "an inbox is never deleted: its conversations would go with it"
    assert list(held["webhooks"]) == ["https://hooks.agency.example/new"]


def test_what_is_not_said_is_left_alone(desk: Desk) -> None:
    desk.ok(**desk.options)
    held = desk.held()
    result = desk.previewed(name=desk.options["name"])
    assert (result["changed"], result["inside"]) == (False, "not asked for")
    assert desk.held() == held


def test_what_others_changed_is_put_right_and_what_is_theirs_is_kept(desk: Desk) -> None:
    desk.ok(**desk.options)
    account, token = desk.account["id"], desk.token()
    attributes = {**desk.account["custom_attributes"], "theirs": "kept"}
    ask = desk.chatwoot.ask
    limits = {"agents": 9, "captain_responses": 100}
    ask("PATCH", f"/platform/api/v1/accounts/{account}", {"limits": limits, "custom_attributes": attributes, "locale": "de"})
    shop = next(one["id"] for one in desk.inside("inboxes")["payload"] if one["name"] == "Shop")
    ask("PATCH", f"/api/v1/accounts/{account}/inboxes/{shop}", {"channel": {"widget_color": "#000000"}}, token=token)
    ask("POST", f"/api/v1/accounts/{account}/inboxes/{shop}/set_agent_bot", {"agent_bot": None}, token=token)
    result = desk.previewed(**desk.options)
    assert steps(result) == [f"update account {desk.tenant}", "update inbox Shop", "update bot of inbox Shop"]
    assert desk.account["limits"] == {"agents": 4, "inboxes": 2, "captain_responses": 100}
    assert desk.account["custom_attributes"]["theirs"] == "kept"


def test_a_desk_is_suspended_last_and_reactivated_first(desk: Desk) -> None:
    options = desk.options
    suspended = desk.previewed(**{**options, "status": "suspended"})
    assert steps(suspended)[-1] == f"update account {desk.tenant} (suspension)"
    assert desk.account["status"] == "suspended"
    again = desk.ok(**{**options, "status": "suspended"})
    assert (again["changed"], again["inside"]) == (False, "suspended")
    preview = desk.ok(check=True, **{**options, "status": "active"})
    applied = desk.ok(**{**options, "status": "active"})
    assert preview["diff"] == applied["diff"]
    assert steps(applied) == [f"update account {desk.tenant}"]
    assert "run again to have agents, bot, inboxes and webhooks compared" in applied["warnings"][0]
    desk.settled(**{**options, "status": "active"})


def test_more_people_than_the_limits_allow_are_refused_before_anything_is_written(desk: Desk) -> None:
    options = {**desk.options, "limits": {"agents": 2}}
    for check in (True, False):
        said = desk.refused(check=check, **options)
        assert "limits.agents: 3 people would be in the account, and it may have 2; raise the limit" in said
    assert desk.accounts() == []
    desk.ok(**desk.options)
    assert "3 people would be in the account, and it may have 2" in desk.refused(**options)
    one_more = {**desk.options, "inboxes": [*desk.options["inboxes"], {"name": "Third", "channel": "api"}]}
    assert "limits.inboxes: 3 inboxes would be in the account, and it may have 2" in desk.refused(**one_more)
    assert len(desk.inside("inboxes")["payload"]) == 2


def test_an_account_is_found_by_its_key_alone(desk: Desk) -> None:
    """Names are not unique, and two accounts with one key are nobody's guess."""
    ask, name = desk.chatwoot.ask, desk.options["name"]
    _status, namesake = ask("POST", "/platform/api/v1/accounts", {"name": name})
    desk.ok(name=name)
    assert desk.account["id"] != namesake["id"]
    assert "not managed by this collection; give take_over: true" in desk.refused(name=name, account_id=namesake["id"])
    other = Desk(desk.chatwoot, f"{desk.tenant}b")
    taken = other.previewed(name=name, account_id=namesake["id"], take_over=True)
    assert steps(taken) == [f"update account {other.tenant}"]
    assert other.account["id"] == namesake["id"]
    for take_over in (True, False):
        said = desk.refused(name=name, account_id=namesake["id"], take_over=take_over)
        assert f"belongs to tenant '{other.tenant}'" in said
    ask("PATCH", f"/platform/api/v1/accounts/{namesake['id']}", {"custom_attributes": {"bluegreen_tenant": desk.tenant}})
    said = desk.refused(name=name)
    numbers = sorted(account["id"] for account in desk.accounts())
    assert f"is the key of several accounts ({numbers[0]}, {numbers[1]})" in said
    desk.ok(name=name, account_id=numbers[1])
    # The next test's list of accounts must not have two of this key, nor this one.
    ask("PATCH", f"/platform/api/v1/accounts/{numbers[0]}", {"custom_attributes": {}})


def test_what_chatwoot_would_make_twice_is_made_once(desk: Desk) -> None:
    options = desk.options
    desk.ok(**options)
    for _turn in range(2):
        assert not desk.ok(**options)["changed"]
    assert len(desk.bots()) == len(desk.inside("inboxes")["payload"]) - 1 == 1


def test_a_bot_that_somebody_made_by_hand_becomes_ours(desk: Desk) -> None:
    desk.ok(name="A", administrator=desk.administrator)
    body = {"name": "Acme bot", "outgoing_url": "https://old.agency.example"}
    status, _bot = desk.chatwoot.ask("POST", f"/api/v1/accounts/{desk.account['id']}/agent_bots", body, token=desk.token())
    assert status == 200
    result = desk.previewed(name="A", bot=desk.options["bot"])
    assert steps(result) == ["update bot Acme bot"]


def test_info_tells_of_desks(desk: Desk) -> None:
    desk.ok(**desk.options)
    result = desk.ok(module="chatwoot_tenant_info", tenant=None, tenants=[desk.tenant, "nobody"])
    (found,) = result["desks"]
    assert (found["tenant"], found["account_id"], found["status"], found["problems"]) == (desk.tenant, desk.account["id"], "active", [])
    assert result["requests"] == {"GET": 1}
    (whole,) = desk.ok(module="chatwoot_tenant_info", tenant=None, tenants=[desk.tenant], inside=True, month="2026-11")["desks"]
    assert {one["email"] for one in whole["people"]} == set(desk.held()["people"])  # type: ignore[index]  # it is there
    assert [one["name"] for one in whole["bots"]] == ["Acme bot"]
    assert {one["name"]: one["bot_id"] is not None for one in whole["inboxes"]} == {"Shop": True, "App": False}
    assert (len(whole["webhooks"]), whole["conversations"]) == (1, 0)
    assert "secret" not in str(whole)
    desk.ok(name=desk.options["name"], status="suspended")
    (found,) = desk.ok(module="chatwoot_tenant_info", tenant=None, tenants=[desk.tenant], inside=True)["desks"]
    assert found["problems"] == ["it is suspended, and says nothing of what is in it"]
    assert "people" not in found


def test_a_token_that_is_not_right_is_said(desk: Desk, chatwoot: Chatwoot) -> None:
    said = desk.refused(name="A", platform_token_file=None, platform_token="canary-c0ffee-0451")
    assert "platform_token is no token of a platform app (401)" in said
    desk.ok(**desk.options)
    said = desk.refused(**desk.options, admin_token="canary-c0ffee-0451")
    assert "the administrator's token is none of this Chatwoot (401)" in said
    other = Desk(chatwoot, f"{desk.tenant}b")
    other.ok(name="B", administrator=other.administrator)
    said = desk.refused(**desk.options, admin_token=other.token())
    assert "the token is of somebody who is not in the account (401)" in said


def test_the_end_of_a_desk_is_confirmed_by_its_name_and_waited_for(desk: Desk) -> None:
    """Last in this file: Chatwoot's list of accounts is broken after it, and with it a real platform app."""
    options = desk.options
    desk.ok(**options)
    number, name = desk.account["id"], options["name"]
    assert f"confirm_name: not given; account {number} is called '{name}'" in desk.refused(state="absent")
    assert "is not the account's name" in desk.refused(state="absent", confirm_name=name.upper())
    held = desk.held()
    preview = desk.ok(check=True, state="absent", account_id=number, confirm_name=name)
    assert desk.held() == held
    applied = desk.ok(state="absent", account_id=number, confirm_name=name)
    assert (preview["diff"], preview["actions"]) == (applied["diff"], applied["actions"])
    assert steps(applied) == [f"delete account {desk.tenant}"]
    assert desk.chatwoot.ask("GET", f"/platform/api/v1/accounts/{number}")[0] == 404
    for check in (True, False):
        assert not desk.ok(check=check, state="absent", account_id=number, confirm_name=name)["changed"]
