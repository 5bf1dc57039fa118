# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chatwoot_tenant on a Chatwoot that misbehaves, or that is killed on its way, or that takes back what it was given."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Platform
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import CHATWOOT_TENANT_SPEC
from lab.chatwoot import ChatwootStandIn
from tests.integration.desk import Chatwoot, Desk
from tests.kubernetes_requests import validated

CANARY = "canary-c0ffee-0451"
# All writes that a whole desk takes; the administrator is two.
WRITES = 11


KILLER = """
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_http as http
once, left = http.Connection._once, [NUMBER]
def counted(self, what, method, *rest):
    answer = once(self, what, method, *rest)
    left[0] -= method != "GET"
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
http.Connection._once = counted
"""


def killer(number: int) -> str:
    """Python that ends its own process, as kill -9 does, right after the how manieth write."""
    return KILLER.replace("NUMBER", str(number))


def is_whole(desk: Desk) -> bool:
    """Everything is there, and nothing twice."""
    held = desk.held()
    assert held is not None
    bots, inboxes = desk.inside("agent_bots"), desk.inside("inboxes")["payload"]
    return (len(bots), len(inboxes), len(held["people"]), len(held["webhooks"])) == (1, 2, 3, 1)


@pytest.mark.parametrize("number", range(1, WRITES + 1))
def test_a_run_that_is_killed_is_run_again(desk: Desk, stand_in: ChatwootStandIn, number: int) -> None:
    process = desk.start(before=killer(number), **desk.options)
    process.communicate()
    assert process.returncode == -9
    assert len(stand_in.writes()) == number
    preview = desk.ok(check=True, **desk.options)
    rest = desk.ok(**desk.options)
    assert preview["diff"] == rest["diff"]
    assert rest["changed"] is (number < WRITES)
    assert is_whole(desk)
    assert len(stand_in.state()["mails"]) == 2, "each is invited once"
    desk.settled(**desk.options)


@pytest.mark.parametrize("when", ["broken_before", "broken_after"])
@pytest.mark.parametrize("number", [1, 3, 4, 7, 11])
def test_a_write_whose_answer_is_lost_is_not_asked_again_by_itself(desk: Desk, stand_in: ChatwootStandIn, when: str, number: int) -> None:
    stand_in.behave(**{when: number})
    result = desk.run(**desk.options)
    assert result["failed"]
    if number == 1:
        assert "gives no answer" in result["msg"] or "whether it was done is not known" in result["msg"]
    else:
        assert "whether it was done is not known; run again, what is there is found and not made twice" in result["msg"]
    assert len(stand_in.writes()) == number
    assert result["changed"] is (len(result["done"]) > 0)
    assert desk.ok(**desk.options)["changed"] is ((when, number) != ("broken_after", WRITES))
    assert is_whole(desk)
    desk.settled(**desk.options)


@pytest.mark.parametrize("_turn", range(3))
def test_two_runs_at_once_make_one_desk(desk: Desk, stand_in: ChatwootStandIn, _turn: int) -> None:
    """One of them may be refused, and the next run has everything right."""
    runs = [desk.start(**desk.options) for _number in range(2)]
    for one in runs:
        told = json.loads(one.communicate()[0])
        assert not told.get("failed") or "run again" in told["msg"] or "has already been taken" in told["msg"], told["msg"]
    accounts = [account for account in stand_in.state()["accounts"].values() if account["custom_attributes"]]
    assert len(accounts) == 1
    desk.ok(**desk.options)
    assert is_whole(desk)
    assert len(stand_in.state()["mails"]) == 2
    desk.settled(**desk.options)


def test_a_restart_of_chatwoot_is_waited_for(desk: Desk, stand_in: ChatwootStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ok(**desk.options)
    places = Platform.places

    def away(self: Platform, number: int) -> Any:
        stand_in.kill()
        # A server ends with the thread that started it, so this one starts it, and the other one asks.
        with ThreadPoolExecutor(1) as others:
            asked = others.submit(places, self, number)
            time.sleep(0.7)
            stand_in.start()
            return asked.result()

    monkeypatch.setattr(Platform, "places", away)
    result = _chatwoot_run.run(parameters(desk), check_mode=True)
    assert (result["changed"], result["inside"]) == (False, "read")


def parameters(desk: Desk, **options: Any) -> dict[str, Any]:
    """The options as the core gets them."""
    place = {"tenant": desk.tenant, "url": desk.chatwoot.url, "platform_token_file": str(desk.chatwoot.token_file)}
    return validated(CHATWOOT_TENANT_SPEC, **{**place, **desk.options, **options})


@pytest.mark.parametrize("after", [1, None])
def test_a_throttle_is_waited_for_whatever_is_asked(desk: Desk, stand_in: ChatwootStandIn, after: int | None) -> None:
    desk.ok(**desk.options)
    stand_in.behave(throttled=1, retry_after=after)
    begun = time.monotonic()
    assert not desk.ok(check=True, **desk.options)["changed"]
    assert time.monotonic() - begun >= 1.0
    stand_in.behave(instead=[{"match": "PATCH /platform/", "status": 429, "text": "Retry later"}])
    assert desk.ok(**{**desk.options, "locale": "de"})["changed"]
    assert desk.account["locale"] == "de"


def test_a_chatwoot_that_does_not_answer_is_said(desk: Desk, stand_in: ChatwootStandIn) -> None:
    stand_in.behave(frozen_seconds=3)
    said = desk.refused(**desk.options, request_timeout=0.3)
    assert "gives no answer (no complete answer within 0.3 s); correct url, or start it" in said
    stand_in.behave(frozen_seconds=0)
    stand_in.stop()
    try:
        assert "gives no answer (connection refused: nothing listens there)" in desk.refused(**desk.options)
    finally:
        stand_in.start()


@pytest.mark.parametrize(
    ("status", "text", "kind", "said"),
    [
        (200, "<html>Please log in</html>", "text/html", "the answer is none of Chatwoot's; see whether url is Chatwoot itself"),
        (200, "{}", "application/json", "the answer is none of Chatwoot's"),
        (200, '[{"id": 1, "name": "x"}]', "application/json", "the answer is none of Chatwoot's"),
        (200, '[{"id": "x", "custom_attributes": {}}]', "application/json", "the answer is none of Chatwoot's"),
        (302, "", "text/html", "Chatwoot sends us elsewhere (302); give url as its FRONTEND_URL has it"),
        (404, "<html>nothing</html>", "text/html", "it is not there (404); somebody may have deleted it"),
        (403, "forbidden", "text/plain", "Chatwoot answers 403: forbidden; see its log"),
        (401, '{"error": "Who are you?"}', "application/json", "Chatwoot does not allow it (401: Who are you?); see whose the token is"),
        (401, "", "text/plain", "Chatwoot does not allow it (401); see whose the token is"),
        (500, "<html>wrong</html>", "text/html", "list accounts: Chatwoot failed (500), as its list does for ever once an account"),
    ],
)
def test_what_is_no_answer_of_chatwoot_is_said(desk: Desk, stand_in: ChatwootStandIn, status: int, text: str, kind: str, said: str) -> None:
    one = {"match": "GET /platform/api/v1/accounts$", "status": status, "text": text, "type": kind}
    for check in (True, False):
        stand_in.behave(instead=[one])
        assert said in desk.refused(check=check, **desk.options)
    assert desk.accounts() == []


def test_what_is_refused_half_way_is_said_with_what_was_done(desk: Desk, stand_in: ChatwootStandIn) -> None:
    text = '{"message": "Name is too odd", "attributes": ["name"]}'
    stand_in.behave(instead=[{"match": "POST /api/v1/accounts/.*/inboxes$", "status": 422, "text": text, "type": "application/json"}])
    result = desk.run(**desk.options)
    assert result["msg"] == "create inbox Shop: Chatwoot finds it invalid (422: Name is too odd (at name)); correct it."
    assert result["changed"] is True
    assert result["done"][-1] == "create bot Acme bot"
    assert result["http_status"] == 422
    assert desk.ok(**desk.options)["changed"]
    assert is_whole(desk)


def test_a_deletion_that_hangs_is_said_and_goes_on(desk: Desk, stand_in: ChatwootStandIn) -> None:
    desk.ok(**desk.options)
    number, name = desk.account["id"], desk.options["name"]
    stand_in.behave(deletion_seconds=-1)
    result = desk.run(state="absent", account_id=number, confirm_name=name, wait_seconds=1)
    assert f"account {number} is still being deleted after 1 s; see whether Chatwoot's worker (Sidekiq, queue low) runs" in result["msg"]
    assert result["changed"] is True
    assert "is being deleted; wait until it is gone" in desk.refused(**desk.options, account_id=number)
    (found,) = desk.ok(module="chatwoot_tenant_info", tenant=None)["desks"]
    assert "it is being deleted" in found["problems"]
    assert desk.ok(state="absent", account_id=number, confirm_name=name, wait_seconds=0)["changed"]
    stand_in.behave(deletion_seconds=0)
    assert not desk.ok(state="absent", account_id=number, confirm_name=name)["changed"]


def test_where_chatwoots_list_of_accounts_is_broken_nothing_is_made_twice(
    chatwoot: Chatwoot, desk: Desk, stand_in: ChatwootStandIn
) -> None:
    stand_in.behave(deletion_seconds=0)
    gone, plain = (Desk(chatwoot, f"{desk.tenant}{letter}") for letter in "bc")
    desk.ok(**desk.options)
    numbers = {one.tenant: one.ok(name="A")["account_id"] for one in (gone, plain)}
    gone.ok(state="absent", confirm_name="A")
    mark = desk.mark()
    # Our bot leads to the account of the one; of the other nothing is known without its number, and nothing is made.
    for check in (True, False):
        assert not desk.ok(check=check, **desk.options)["changed"]
        assert "name the account with account_id, or mend the list on the server: rails runner" in plain.refused(check=check, name="A")
        assert not plain.ok(check=check, name="A", account_id=numbers[plain.tenant])["changed"]
        assert "name account_id, or mend the list" in plain.refused(check=check, module="chatwoot_tenant_info", tenant=None)
    assert desk.writes(mark) == []
    stand_in.behave(index_survives_deletion=True)
    for check in (True, False):
        assert not gone.ok(check=check, state="absent")["changed"]
    assert gone.ok(name="A")["changed"]


def test_who_gives_the_token_is_not_taken_out(desk: Desk) -> None:
    options = desk.options
    desk.ok(**options)
    without = {**options, "administrator": None, "purge": ["agents"]}
    result = desk.previewed(**without)
    assert f"{desk.administrator['email']} is declared no more and stays" in result["warnings"][0]
    demoted = {**without, "agents": [{"email": desk.administrator["email"], "role": "agent"}]}
    assert "is the administrator whose token is used; name another one" in desk.refused(**demoted)
    # A token that was given is somebody's, too.
    given = desk.token()
    assert "is declared no more and stays" in desk.ok(check=True, **without, admin_token=given)["warnings"][0]
    assert "is the administrator whose token is used; name another one" in desk.refused(**demoted, admin_token=given)
    # A new administrator brings a token along, so the old one can go.
    replaced = {**options, "administrator": {"email": desk.mail("dora")}, "purge": ["agents"], "limits": {"agents": 5}}
    desk.previewed(**replaced)
    assert set(desk.held()["people"]) == {desk.mail(name) for name in ("dora", "anna", "ben")}  # type: ignore[index]  # it is there


def test_an_account_whose_administrators_are_strangers_wants_a_token(desk: Desk, stand_in: ChatwootStandIn) -> None:
    desk.ok(**desk.options)
    token = desk.token()
    for row in stand_in.state()["permissibles"].values():
        if row["kind"] == "User":
            stand_in.edit("permissibles", row["id"], kind="Nobody")
    said = desk.refused(**desk.options)
    assert "admin_token_file: not given, and no administrator of account" in said
    assert not desk.ok(**desk.options, admin_token=token)["changed"]
    (found,) = desk.ok(module="chatwoot_tenant_info", tenant=None, inside=True)["desks"]
    assert "no administrator of account" in found["problems"][0]
    agent = next(user["token"] for user in stand_in.state()["users"].values() if user["email"] == desk.mail("anna"))
    assert "the token is of an agent (401)" in desk.refused(**desk.options, admin_token=agent)
    bot = next(bot["token"] for bot in stand_in.state()["bots"].values())
    assert "the token is a bot's (401)" in desk.refused(**desk.options, admin_token=bot)


def test_limits_that_have_no_effect_are_said(desk: Desk, stand_in: ChatwootStandIn) -> None:
    options = {**desk.options, "limits": {"agents": 4, "emails": 100}}
    assert "limits.emails: a Chatwoot of one's own does not keep to it" in desk.ok(**options)["warnings"][0]
    stand_in.edit("accounts", desk.account["id"], custom_attributes={**desk.account["custom_attributes"], "subscribed_quantity": 9})
    said = desk.ok(check=True, **desk.options)["warnings"]
    assert "limits.agents: 4 has no effect, for subscribed_quantity (9) in the account's custom_attributes overrides it" in said[0]
    (found,) = desk.ok(module="chatwoot_tenant_info", tenant=None)["desks"]
    assert "subscribed_quantity (9) overrides limits.agents (4)" in found["problems"]
    stand_in.behave(edition="ce")
    said = desk.ok(check=True, **desk.options)["warnings"]
    assert any("this Chatwoot is the edition without them (an image -ce, or DISABLE_ENTERPRISE)" in one for one in said)
    (found,) = desk.ok(module="chatwoot_tenant_info", tenant=None, inside=True)["desks"]
    assert found["keeps_limits"] is False


def test_a_day_later_nothing_is_to_do(desk: Desk, stand_in: ChatwootStandIn) -> None:
    """What Chatwoot would take back at night is refused, so no run finds it gone."""
    assert "features: sla needs a licence" in desk.refused(**{**desk.options, "features": {"sla": True}})
    desk.ok(**desk.options)
    stand_in.a_day_passes()
    desk.settled(**desk.options)
    stand_in.behave(plan="enterprise")
    licensed = {**desk.options, "features": {"sla": True}, "licensed": True}
    desk.previewed(**licensed)
    stand_in.a_day_passes()
    desk.settled(**licensed)


def test_counters_of_chatwoots_own_are_not_turned_back(desk: Desk, stand_in: ChatwootStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts in the very hash that it replaces as a whole: what it counts between our reading and our writing stays."""
    desk.ok(**desk.options)
    number, places = desk.account["id"], Platform.places

    def counting(self: Platform, account: int) -> Any:
        counted = {**desk.account["custom_attributes"], "captain_responses_usage": 12}
        stand_in.edit("accounts", number, custom_attributes=counted)
        return places(self, account)

    monkeypatch.setattr(Platform, "places", counting)
    result = _chatwoot_run.run(parameters(desk, custom_attributes={"industry": None, "size": "small"}), check_mode=False)
    assert result["changed"]
    kept = desk.account["custom_attributes"]
    assert (kept["captain_responses_usage"], kept["size"], "industry" in kept) == (12, "small", False)


def test_what_is_there_several_times_is_nobodys_guess(desk: Desk) -> None:
    desk.ok(**desk.options)
    account, token = desk.account["id"], desk.token()
    ask = desk.chatwoot.ask
    marked = {"name": "Twin", "description": f"x [bluegreen:{desk.tenant}]"}
    ask("POST", f"/api/v1/accounts/{account}/agent_bots", marked, token=token)
    assert "bot: 'Acme bot' is there several times (" in desk.refused(**desk.options)
    twin = {**desk.options, "bot": None, "limits": {"inboxes": 3}}
    ask("PATCH", f"/platform/api/v1/accounts/{account}", {"limits": {}})
    ask("POST", f"/api/v1/accounts/{account}/inboxes", {"name": "Shop", "channel": {"type": "api"}}, token=token)
    assert "inboxes.name: 'Shop' is the name of several inboxes (" in desk.refused(**twin)
    other = {**twin, "inboxes": [{"name": "App", "website_url": "https://a.example"}]}
    assert "inboxes.channel: inbox 'App' is there as Channel::Api, and a channel cannot be changed" in desk.refused(**other)


@pytest.mark.parametrize("token", [f"{CANARY} {CANARY}", f"{CANARY}\x7f", f"{CANARY}é"])
def test_a_token_that_cannot_be_one_is_shown_nowhere(desk: Desk, tmp_path: Path, token: str) -> None:
    file = tmp_path / "token"
    file.write_text(token)
    for options in (
        {"platform_token_file": str(file)},
        {"platform_token_file": None, "platform_token": token},
        {"admin_token_file": str(file)},
        {"platform_token": token},
    ):
        result = desk.run(name="A", **options)
        assert result["failed"]
        assert CANARY not in str(result)


def test_a_token_that_chatwoot_repeats_is_masked(desk: Desk, stand_in: ChatwootStandIn) -> None:
    said = f'{{"error": "Token {CANARY} is unknown"}}'
    for method in ("GET", "POST"):
        one = {"match": f"{method} /platform/api/v1/accounts$", "status": 401, "text": said, "type": "application/json"}
        stand_in.behave(instead=[{**one, "match": "GET /platform/api/v1/accounts$"}])
        result = desk.run(name="A", platform_token_file=None, platform_token=CANARY)
        assert result["failed"]
        assert CANARY not in str(result)
