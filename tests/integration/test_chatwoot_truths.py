# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Chatwoot does otherwise than one would think, asked over plain HTTP: the module rests on each of these.

Against the lab's stand-in they hold it to what was read in Chatwoot's source; ``make chatwoot-conformance`` asks a real Chatwoot the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from lab.chatwoot import ChatwootStandIn, facts
from tests.integration.desk import Chatwoot

PLATFORM = "/platform/api/v1"
PASSWORD = "Correct-horse-7"


@dataclass
class World:
    """One account with an administrator and an agent."""

    chatwoot: Chatwoot
    tag: str
    account: int
    admin_id: int
    admin: str
    agent: str

    def asked(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> tuple[int, Any]:
        """Ask the application, as the administrator."""
        return self.chatwoot.ask(
            method, f"/api/v1/accounts/{self.account}/{path}", body, token=self.admin if token is None else token, off_contract=True
        )

    def platform(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Ask the platform."""
        return self.chatwoot.ask(method, f"{PLATFORM}/{path}", body, off_contract=True, **options)

    def patched(self, **fields: Any) -> tuple[int, Any]:
        """Change the account."""
        return self.platform("PATCH", f"accounts/{self.account}", fields)


def user(chatwoot: Chatwoot, email: str) -> dict[str, Any]:
    """Make a user, or find one."""
    body = {"email": email, "name": email.partition("@")[0], "password": PASSWORD}
    status, found = chatwoot.ask("POST", f"{PLATFORM}/users", body)
    assert status == 200, found
    assert isinstance(found, dict)
    return found


@pytest.fixture
def world(chatwoot: Chatwoot, tenant_id: str) -> World:
    status, account = chatwoot.ask("POST", f"{PLATFORM}/accounts", {"name": tenant_id})
    assert status == 200, account
    people = {role: user(chatwoot, f"{role}+{tenant_id}@acme.example") for role in ("administrator", "agent")}
    for role, one in people.items():
        chatwoot.ask("POST", f"{PLATFORM}/accounts/{account['id']}/account_users", {"user_id": one["id"], "role": role})
    admin = people["administrator"]
    return World(chatwoot, tenant_id, account["id"], admin["id"], admin["access_token"], people["agent"]["access_token"])


def test_the_platform_lists_its_own_accounts_and_shows_them_whole(world: World) -> None:
    status, listed = world.platform("GET", "accounts")
    assert status == 200
    (own,) = [account for account in listed if account["id"] == world.account]
    names = {"id", "name", "locale", "domain", "support_email", "status", "features", "limits", "custom_attributes"}
    assert set(own) == names
    assert set(world.patched(name=world.tag)[1]) == names
    assert own["features"] == dict.fromkeys(own["features"], True), "only features that are on are shown"


def test_another_platform_app_sees_none_of_them(world: World, stand_in: ChatwootStandIn) -> None:
    other = f"other-{stand_in.platform_token}"
    assert world.platform("GET", "accounts", token=other) == (200, [])
    assert world.platform("GET", f"accounts/{world.account}", token=other) == (401, {"error": "Non permissible resource"})


def test_401_is_a_bad_token_and_a_lack_of_rights_and_404_is_rails_own_page(world: World) -> None:
    assert world.platform("GET", "accounts", token="nonsense") == (401, {"error": "Invalid access_token"})
    assert world.platform("GET", "accounts", token=world.admin) == (401, {"error": "Invalid access_token"})
    status, page = world.platform("GET", "accounts/99999999")
    assert status == 404
    assert isinstance(page, str | type(None)), "no JSON"
    assert world.asked("GET", "agents", token="nonsense") == (401, {"error": "Invalid Access Token"})
    said = "You are not authorized to do this action"
    assert world.asked("GET", "webhooks", token=world.agent) == (401, {"error": said})
    assert world.asked("GET", "inboxes/99999999") == (404, {"error": "Resource could not be found"})


def test_a_token_says_whose_it_is(world: World) -> None:
    status, found = world.chatwoot.ask("GET", "/api/v1/profile", token=world.admin)
    assert (status, found["id"]) == (200, world.admin_id)
    assert world.chatwoot.ask("GET", "/api/v1/profile", token="nonsense")[0] == 401


def test_nothing_is_found_by_name(world: World) -> None:
    status, namesake = world.platform("POST", "accounts", {"name": world.tag})
    assert status == 200
    assert namesake["id"] != world.account
    for _turn in range(2):
        assert world.platform("POST", "agent_bots", {"name": "twin", "account_id": world.account})[0] == 200
    bots = [bot for bot in world.asked("GET", "agent_bots")[1] if bot["name"] == "twin"]
    assert len(bots) == 2
    for _turn in range(2):
        assert world.asked("POST", "inboxes", {"name": "twin", "channel": {"type": "api"}})[0] == 200
    assert len([inbox for inbox in world.asked("GET", "inboxes")[1]["payload"] if inbox["name"] == "twin"]) == 2


def test_limits_and_custom_attributes_are_replaced_as_a_whole(world: World) -> None:
    world.patched(limits={"agents": 5}, custom_attributes={"a": "1"})
    status, account = world.patched(limits={"inboxes": 3}, custom_attributes={"b": "2"})
    assert (status, account["limits"], account["custom_attributes"]) == (200, {"inboxes": 3}, {"b": "2"})


def test_limits_have_five_names_and_are_numbers(world: World) -> None:
    """On the edition that keeps to limits, which custom_role_id tells."""
    if not any("custom_role_id" in person for person in world.asked("GET", "agents")[1]):
        pytest.skip("this Chatwoot is the edition without limits")
    assert world.patched(limits=dict.fromkeys(facts.LIMITS, 3))[0] == 200
    for wrong in ({"sites": 3}, {"agents": "3"}, {"agents": None}, {"agents": True}):
        status, said = world.patched(limits=wrong)
        assert status == 422, wrong
        assert set(said) == {"message", "attributes"}


def test_the_agents_limit_is_kept_to_by_agents_and_not_by_the_platform(world: World) -> None:
    if not any("custom_role_id" in person for person in world.asked("GET", "agents")[1]):
        pytest.skip("this Chatwoot is the edition without limits")
    world.patched(limits={"agents": 2, "inboxes": 1})
    third = {"name": "third", "email": f"third+{world.tag}@acme.example", "role": "agent"}
    assert world.asked("POST", "agents", third)[0] == 402
    body = {"user_id": user(world.chatwoot, third["email"])["id"], "role": "agent"}
    for _turn in range(2):
        assert world.platform("POST", f"accounts/{world.account}/account_users", body)[0] == 200
    assert len(world.asked("GET", "agents")[1]) == 3
    # What was bought overrides the limit.
    world.patched(limits={"agents": 1, "inboxes": 1}, custom_attributes={"subscribed_quantity": 4})
    fourth = {"name": "fourth", "email": f"fourth+{world.tag}@acme.example", "role": "agent"}
    assert world.asked("POST", "agents", fourth)[0] == 200
    assert world.asked("POST", "inboxes", {"name": "one", "channel": {"type": "api"}})[0] == 200
    assert world.asked("POST", "inboxes", {"name": "two", "channel": {"type": "api"}})[0] == 402


def test_an_unknown_feature_is_a_500_and_the_text_false_switches_on(world: World) -> None:
    assert world.patched(features={"telepathy": True})[0] == 500
    assert world.patched(features={"macros": False})[1]["features"].get("macros") is None
    assert world.patched(features={"macros": "false"})[1]["features"]["macros"] is True


def test_a_word_that_an_enum_does_not_know_is_a_500(world: World) -> None:
    assert world.patched(status="frozen")[0] == 500
    assert world.patched(locale="klingon")[0] == 500
    body = {"user_id": world.admin_id, "role": "king"}
    assert world.platform("POST", f"accounts/{world.account}/account_users", body)[0] == 500


@pytest.mark.parametrize("locale", facts.LOCALES)
def test_every_locale_is_known(world: World, locale: str) -> None:
    assert world.patched(locale=locale)[1]["locale"] == locale


def test_every_feature_is_known(world: World) -> None:
    for name, enabled in facts.FEATURES.items():
        status, account = world.patched(features={name: True})
        assert (status, account["features"].get(name)) == (200, True), name
        world.patched(features={name: enabled})


def test_a_user_is_found_by_address_and_the_app_has_rights_over_them_then(world: World) -> None:
    email = f"new+{world.tag}@acme.example"
    status, invited = world.asked("POST", "agents", {"name": "New", "email": email, "role": "agent"})
    assert status == 200
    assert world.platform("GET", f"users/{invited['id']}") == (401, {"error": "Non permissible resource"})
    again = user(world.chatwoot, email.upper())
    assert (again["id"], again["name"]) == (invited["id"], "New")
    status, known = world.platform("GET", f"users/{invited['id']}")
    assert (status, known["access_token"]) == (200, again["access_token"])
    status, token = world.platform("POST", f"users/{invited['id']}/token")
    assert (status, token["access_token"]) == (200, again["access_token"])
    # Somebody who is in the account is not invited twice.
    status, said = world.asked("POST", "agents", {"name": "New", "email": email, "role": "agent"})
    assert (status, set(said)) == (422, {"message", "attributes"})
    # A new user needs a password that Chatwoot likes.
    status, said = world.platform("POST", "users", {"name": "X", "email": f"x+{world.tag}@acme.example"})
    assert (status, said["attributes"]) == (422, ["password"])


def test_a_suspended_account_answers_nothing(world: World) -> None:
    world.patched(status="suspended")
    for path in ("agents", "inboxes", "agent_bots", "webhooks"):
        assert world.asked("GET", path) == (401, {"error": "Account is suspended"})
    # But for the account itself, which is looked for among the user's own.
    itself = f"/api/v1/accounts/{world.account}"
    assert world.chatwoot.ask("GET", itself, token=world.agent)[1]["status"] == "suspended"
    world.patched(status="active")
    assert world.asked("GET", "agents")[0] == 200


def test_an_administrator_may_rename_the_account_and_an_agent_may_not(world: World) -> None:
    itself = f"/api/v1/accounts/{world.account}"
    status, account = world.chatwoot.ask("PATCH", itself, {"name": "Renamed", "auto_resolve_after": 60}, token=world.admin)
    assert (status, account["name"], account["settings"]["auto_resolve_after"]) == (200, "Renamed", 60)
    assert world.chatwoot.ask("PATCH", itself, {"name": "Mine"}, token=world.agent)[0] == 401
    assert world.platform("GET", f"accounts/{world.account}")[1]["name"] == "Renamed"


def test_a_bot_shows_its_secret_to_administrators_only(world: World) -> None:
    status, made = world.platform("POST", "agent_bots", {"name": "bot", "account_id": world.account})
    assert status == 200
    assert "secret" not in made
    (seen,) = [bot for bot in world.asked("GET", "agent_bots")[1] if bot["id"] == made["id"]]
    assert seen["secret"]
    (seen,) = [bot for bot in world.asked("GET", "agent_bots", token=world.agent)[1] if bot["id"] == made["id"]]
    assert seen["name"] == "bot"


def test_an_inbox_has_a_bot_or_none(world: World) -> None:
    _status, inbox = world.asked("POST", "inboxes", {"name": "in", "channel": {"type": "web_widget", "website_url": "https://a.example"}})
    _status, bot = world.platform("POST", "agent_bots", {"name": "bot", "account_id": world.account})
    assert world.asked("GET", f"inboxes/{inbox['id']}/agent_bot") == (200, {})
    assert world.asked("POST", f"inboxes/{inbox['id']}/set_agent_bot", {"agent_bot": bot["id"]}) == (200, None)
    assert world.asked("GET", f"inboxes/{inbox['id']}/agent_bot")[1]["agent_bot"]["id"] == bot["id"]
    assert world.asked("POST", f"inboxes/{inbox['id']}/set_agent_bot", {"agent_bot": None}) == (200, None)
    assert world.asked("GET", f"inboxes/{inbox['id']}/agent_bot") == (200, {})
    assert world.asked("POST", f"inboxes/{inbox['id']}/set_agent_bot", {"agent_bot": 99999999})[0] == 404


def conversation(world: World, inbox: int, **fields: Any) -> dict[str, Any]:
    """Let somebody write into an inbox."""
    status, made = world.asked("POST", "contacts", {"inbox_id": inbox, "name": "Visitor"})
    assert status == 200, made
    body = {"source_id": made["payload"]["contact_inbox"]["source_id"], "contact_id": made["payload"]["contact"]["id"], **fields}
    status, begun = world.asked("POST", "conversations", {"inbox_id": inbox, **body})
    assert status == 200, begun
    assert isinstance(begun, dict)
    return begun


def test_what_begins_where_a_bot_answers_waits_for_it_until_somebody_opens_it(world: World) -> None:
    """Taking the bot away opens nothing: agents, whose list shows what is open, would never see it."""
    _status, inbox = world.asked("POST", "inboxes", {"name": "in", "channel": {"type": "api"}})
    _status, bot = world.platform("POST", "agent_bots", {"name": "bot", "account_id": world.account})
    before = conversation(world, inbox["id"])
    world.asked("POST", f"inboxes/{inbox['id']}/set_agent_bot", {"agent_bot": bot["id"]})
    waiting = conversation(world, inbox["id"], status="open")
    world.asked("POST", f"inboxes/{inbox['id']}/set_agent_bot", {"agent_bot": None})
    after = conversation(world, inbox["id"])

    def listed(status: str) -> list[int]:
        _status, found = world.asked("GET", f"conversations?status={status}&inbox_id={inbox['id']}&page=1")
        counted = world.asked("GET", f"conversations/meta?status={status}&inbox_id={inbox['id']}")[1]["meta"]["all_count"]
        assert found["data"]["meta"]["all_count"] == counted
        return sorted(one["id"] for one in found["data"]["payload"])

    assert (listed("pending"), listed("open")) == ([waiting["id"]], sorted([before["id"], after["id"]]))
    toggle = f"conversations/{waiting['id']}/toggle_status"
    # Said and not toggled: a second time changes nothing. Nobody is given it when an administrator opens it.
    for _turn in range(2):
        status, done = world.asked("POST", toggle, {"status": "open"})
        assert (status, done["payload"]["current_status"]) == (200, "open")
    _status, found = world.asked("GET", f"conversations?inbox_id={inbox['id']}&assignee_type=unassigned")
    assert len(found["data"]["payload"]) == 3
    assert world.asked("POST", "conversations/99999/toggle_status", {"status": "open"})[0] == 404


def test_conversations_come_by_the_page_and_what_is_opened_leaves_it(world: World) -> None:
    _status, inbox = world.asked("POST", "inboxes", {"name": "in", "channel": {"type": "api"}})
    _status, bot = world.platform("POST", "agent_bots", {"name": "bot", "account_id": world.account})
    world.asked("POST", f"inboxes/{inbox['id']}/set_agent_bot", {"agent_bot": bot["id"]})
    for _turn in range(27):
        conversation(world, inbox["id"])
    path = f"conversations?status=pending&inbox_id={inbox['id']}&page="
    pages = [[one["id"] for one in world.asked("GET", f"{path}{page}")[1]["data"]["payload"]] for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [25, 2, 0]
    for number in pages[0]:
        world.asked("POST", f"conversations/{number}/toggle_status", {"status": "open"})
    assert [one["id"] for one in world.asked("GET", f"{path}1")[1]["data"]["payload"]] == pages[1]


def test_members_of_an_inbox_are_set_as_a_whole(world: World) -> None:
    _status, inbox = world.asked("POST", "inboxes", {"name": "in", "channel": {"type": "api"}})
    body = {"inbox_id": str(inbox["id"]), "user_ids": [world.admin_id]}
    assert [one["id"] for one in world.asked("PATCH", "inbox_members", body)[1]["payload"]] == [world.admin_id]
    assert world.asked("PATCH", "inbox_members", {**body, "user_ids": []})[1] == {"payload": []}
    assert world.asked("GET", f"inbox_members/{inbox['id']}")[1] == {"payload": []}


def test_a_webhook_is_there_once_per_address_and_wants_known_events(world: World) -> None:
    body = {"url": "https://hooks.acme.example/a", "subscriptions": list(facts.EVENTS)}
    status, made = world.asked("POST", "webhooks", body)
    assert status == 200
    assert sorted(made["payload"]["webhook"]["subscriptions"]) == sorted(facts.EVENTS)
    for wrong in (body, {**body, "url": "https://b.example", "subscriptions": []}, {"url": "ftp://b.example", "subscriptions": ["x"]}):
        assert world.asked("POST", "webhooks", wrong)[0] == 422
    assert len(world.asked("GET", "webhooks")[1]["payload"]["webhooks"]) == 1


def test_the_edition_without_limits_shows_no_custom_roles_and_takes_any_limit(world: World, stand_in: ChatwootStandIn) -> None:
    stand_in.behave(edition="ce")
    assert all("custom_role_id" not in person for person in world.asked("GET", "agents")[1])
    assert world.patched(limits={"agents": 1, "sites": "many"})[0] == 200
    third = {"name": "third", "email": f"third+{world.tag}@acme.example", "role": "agent"}
    assert world.asked("POST", "agents", third)[0] == 200


def test_premium_features_are_taken_back_once_a_day_without_a_licence(world: World, stand_in: ChatwootStandIn) -> None:
    wanted = dict.fromkeys(facts.PREMIUM_FEATURES, True)
    for plan, kept in (("enterprise", set(wanted)), ("community", set())):
        stand_in.behave(plan=plan)
        assert set(wanted) <= set(world.patched(features=wanted)[1]["features"])
        stand_in.a_day_passes()
        features = world.platform("GET", f"accounts/{world.account}")[1]["features"]
        assert set(wanted) & set(features) == kept
    assert stand_in.state()["brand"]["INSTALLATION_NAME"] == "Chatwoot"


def test_the_throttle_answers_with_a_text(world: World, stand_in: ChatwootStandIn) -> None:
    stand_in.behave(throttled=1)
    status, said = world.platform("GET", "accounts")
    assert (status, said) == (429, "Retry later\n")


def test_a_deletion_takes_its_time_and_breaks_the_list_of_accounts(world: World, stand_in: ChatwootStandIn) -> None:
    """The row by which the platform app may touch the account stays, and the list shows nothing but an error from then on."""
    stand_in.behave(deletion_seconds=0.3)
    assert world.platform("DELETE", f"accounts/{world.account}") == (200, None)
    assert world.platform("GET", f"accounts/{world.account}")[0] == 200
    until = time.monotonic() + 10
    while world.platform("GET", f"accounts/{world.account}")[0] != 404:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert world.platform("GET", "accounts")[0] == 500
    assert world.platform("GET", "agent_bots")[0] == 200
    stand_in.behave(index_survives_deletion=True)
    assert world.platform("GET", "accounts")[0] == 200
