# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk without a platform app: which tokens mean that, what is refused then, and which requests it takes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_info, _chatwoot_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import CHATWOOT_TENANT_SPEC, tokens_of, wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_checks import PLATFORM_ONLY
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_info import INFO_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError, RefusedError
from tests.chatwoot_requests import Given, Listed
from tests.kubernetes_requests import validated

BASE = "/api/v1/accounts/7"
# As the application shows one: without limits, and without our key among its custom attributes.
ACCOUNT = {"id": 7, "name": "Acme", "locale": "fr", "domain": None, "support_email": None, "status": "active", "features": {"macros": True}}
ROLES = [{"id": 3, "role": "agent"}, {"id": 7, "role": "administrator"}]
PROFILE = {"id": 1, "email": "desk@a.example", "access_token": "admin-token", "accounts": ROLES}
DESK = {"id": 1, "email": "desk@a.example", "name": "Desk", "role": "administrator"}
BOT = {"id": 4, "name": "Bot", "description": "[bluegreen:acme]", "outgoing_url": "https://b.example", "account_id": 7}
INBOX = {"id": 5, "name": "Shop", "channel_type": "Channel::WebWidget", "website_url": "https://a.example"}
WISH: dict[str, Any] = {
    "bot": {"name": "Bot", "url": "https://b.example"},
    "inboxes": [{"name": "Shop", "website_url": "https://a.example"}],
}
Lines = list[tuple[str, Given]]
READ: Lines = [
    (f"GET {BASE}", (200, ACCOUNT)),
    ("GET /api/v1/profile", (200, PROFILE)),
    (f"GET {BASE}/inboxes", (200, {"payload": [INBOX]})),
    (f"GET {BASE}/agents", (200, [DESK])),
    (f"GET {BASE}/agent_bots", (200, [])),
    (f"GET {BASE}/inboxes/5/agent_bot", (200, {})),
]


@pytest.fixture(autouse=True)
def no_chatwoot_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "PLATFORM_TOKEN", "ADMIN_TOKEN"):
        monkeypatch.delenv(f"CHATWOOT_{name}", raising=False)


def options(**given: Any) -> dict[str, Any]:
    """Options as the core gets them."""
    whole = {"url": "https://chat.example", "tenant": "acme", "account_id": 7, "admin_token": "admin-token", **given}
    return validated(CHATWOOT_TENANT_SPEC, **{key: value for key, value in whole.items() if value is not None})


def run(monkeypatch: pytest.MonkeyPatch, lines: Lines, *, check: bool, **given: Any) -> tuple[dict[str, Any], Listed]:
    connection = Listed(*lines)
    monkeypatch.setattr(_chatwoot_run, "connection_of", lambda _params: connection)
    try:
        return _chatwoot_run.run(options(**given), check_mode=check), connection
    finally:
        connection.done()


# What is given by options, what the environment has, and which tokens are used: the platform app's, and an administrator's.
TOKENS: list[tuple[dict[str, Any], dict[str, str], tuple[str | None, str | None]]] = [
    ({}, {}, (None, "admin-token")),
    ({}, {"PLATFORM_TOKEN": "env-app"}, (None, "admin-token")),
    ({"platform_token": "app"}, {"PLATFORM_TOKEN": "env-app"}, ("app", "admin-token")),
    ({"admin_token": None}, {"PLATFORM_TOKEN": "env-app"}, ("env-app", None)),
    ({"admin_token": None}, {"PLATFORM_TOKEN": "env-app", "ADMIN_TOKEN": "env-admin"}, ("env-app", "env-admin")),
    ({"admin_token": None}, {"ADMIN_TOKEN": "env-admin"}, (None, "env-admin")),
    ({"account_id": None}, {"PLATFORM_TOKEN": "env-app"}, ("env-app", "admin-token")),
]


@pytest.mark.parametrize(("given", "variables", "used"), TOKENS)
def test_what_an_option_says_goes_before_the_environment(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], variables: dict[str, str], used: tuple[str | None, str | None]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"CHATWOOT_{name}", value)
    assert tokens_of(options(**given)) == used
    assert wish_of(options(**given)).by_platform is (used[0] is not None)


@pytest.mark.parametrize("given", [{"admin_token": None}, {"account_id": None}])
def test_half_of_it_is_not_enough(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"platform_token_file: not given; .*, give account_id and admin_token_file\.$"):
        tokens_of(options(**given))


VALUES: dict[str, Any] = {
    "take_over": True,
    "server_to_come": True,
    "name": "Acme",
    "locale": "fr",
    "domain": "a.example",
    "support_email": "a@a.example",
    "status": "active",
    "bot_status": "active",
    "bot_reason": "quota",
    "limits": {"agents": 3},
    "features": {"macros": True},
    "features_extra": ["telepathy"],
    "licensed": True,
    "custom_attributes": {"x": 1},
    "administrator": {"email": "desk@a.example"},
    "confirm_name": "Acme",
}


@pytest.mark.parametrize("name", PLATFORM_ONLY)
def test_what_only_a_platform_app_can_do_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("CHATWOOT_PLATFORM_TOKEN", "canary-c0ffee-0451")
    with pytest.raises(InputError, match=f"^{name}: only a platform app can do that") as found:
        run(monkeypatch, [], check=True, **{name: VALUES[name]})
    assert "canary" not in found.value.sentence
    wish_of(options(platform_token="app", **{"bot_status": "suspended"} if name == "bot_reason" else {}, **{name: VALUES[name]}))


def test_all_of_it_is_named_at_once() -> None:
    with pytest.raises(InputError) as found:
        wish_of(options(state="absent", confirm_name="Acme", name="Acme"))
    assert found.value.sentence == (
        "state absent, name, confirm_name: only a platform app can do that, and account_id with an administrator's token alone stands for"
        " an account without one (CHATWOOT_PLATFORM_TOKEN is not looked at then); leave that out, or give platform_token_file."
    )


def test_every_option_is_of_one_kind_or_the_other() -> None:
    """A new option that nobody thought of would be taken, and do nothing."""
    both = {"tenant", "state", "account_id", "agents", "bot", "inboxes", "webhooks", "purge", "private_urls_allowed", "wait_seconds"}
    way = {"url", "ca_cert", "validate_certs", "request_timeout"}
    tokens = {f"{kind}_token{end}" for kind in ("platform", "admin") for end in ("", "_file")}
    assert set(CHATWOOT_TENANT_SPEC) == {*PLATFORM_ONLY, *both, *way, *tokens}
    assert set(VALUES) == set(PLATFORM_ONLY)


def test_a_bot_of_an_account_of_the_clients_own_request_by_request(monkeypatch: pytest.MonkeyPatch) -> None:
    preview, _connection = run(monkeypatch, READ, check=True, **WISH)
    made: Lines = [
        (f"GET {BASE}/agent_bots", (200, [])),
        (f"POST {BASE}/agent_bots", (200, BOT)),
        (f"POST {BASE}/inboxes/5/set_agent_bot", (200, None)),
    ]
    applied, connection = run(monkeypatch, [*READ, *made], check=False, **WISH)
    assert (preview["diff"], preview["digest"]) == (applied["diff"], applied["digest"])
    assert [f"{one['action']} {one['name']}" for one in applied["actions"]] == ["create bot Bot", "update bot of inbox Shop"]
    assert (applied["account_id"], applied["status"], applied["bot_status"], applied["inside"]) == (7, "active", None, "read")
    assert set(connection.tokens) == {"admin-token"}
    assert connection.bodies[7] == {"name": "Bot", "description": "[bluegreen:acme]", "outgoing_url": "https://b.example"}
    there = [*READ[:4], (READ[4][0], (200, [BOT])), (READ[5][0], (200, {"agent_bot": BOT}))]
    assert not run(monkeypatch, there, check=False, **WISH)[0]["changed"]


def test_where_nothing_inside_is_declared_account_and_token_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _connection = run(monkeypatch, READ[:2], check=False)
    assert (result["changed"], result["inside"], result["requests"]) == (False, "not asked for", {"GET": 2})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            [(f"GET {BASE}", (404, {"error": "Resource could not be found"}))],
            "account_id: 7 is no account of the user whose token is given",
        ),
        ([READ[0], (READ[1][0], (200, {**PROFILE, "accounts": [{"id": 7, "role": "agent"}]}))], "the token is of an agent of account 7"),
        ([(f"GET {BASE}", (401, {"error": "Invalid Access Token"}))], r"the administrator's token is none of this Chatwoot \(401\)"),
        ([(f"GET {BASE}", (200, {"name": "Acme"}))], "the answer is none of Chatwoot's"),
    ],
)
def test_a_number_or_a_token_that_is_not_right_is_said_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, lines: Lines, said: str
) -> None:
    for check in (True, False):
        with pytest.raises(BlueGreenError, match=said):
            run(monkeypatch, lines, check=check, **WISH)


def test_of_a_suspended_account_nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: Lines = [(READ[0][0], (200, {**ACCOUNT, "status": "suspended"}))]
    result, _connection = run(monkeypatch, lines, check=False, **WISH)
    assert (result["changed"], result["inside"], result["status"]) == (False, "suspended", "suspended")


def info(monkeypatch: pytest.MonkeyPatch, lines: Lines, **given: Any) -> dict[str, Any]:
    connection = Listed(*lines)
    monkeypatch.setattr(_chatwoot_info, "connection_of", lambda _params: connection)
    try:
        return _chatwoot_info.run(validated(INFO_SPEC, url="https://chat.example", **given), check_mode=True)
    finally:
        connection.done()


ALONE = {"account_id": 7, "admin_token": "admin-token"}


def test_info_reads_one_account_as_its_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATWOOT_PLATFORM_TOKEN", "canary-c0ffee-0451")
    (desk,) = info(monkeypatch, READ[:1], **ALONE)["desks"]
    unknown = {"tenant": None, "bot_suspended": None, "limits": None}
    assert desk == {**unknown, "account_id": 7, "name": "Acme", "locale": "fr", "status": "active", "features": ["macros"], "problems": []}
    lines: Lines = [
        *READ[:2],
        (f"GET {BASE}/agents", (200, [DESK])),
        (f"GET {BASE}/agent_bots", (200, [BOT, {**BOT, "id": 9, "description": None}])),
        (f"GET {BASE}/inboxes", (200, {"payload": []})),
        (f"GET {BASE}/webhooks", (200, {"payload": {"webhooks": []}})),
    ]
    (desk,) = info(monkeypatch, lines, **ALONE, inside=True)["desks"]
    assert (desk["tenant"], [one["name"] for one in desk["bots"]]) == ("acme", ["Bot", "Bot"])
    (desk,) = info(monkeypatch, [(READ[0][0], (200, {**ACCOUNT, "status": "suspended"}))], **ALONE, inside=True)["desks"]
    assert desk["problems"] == ["it is suspended, and says nothing of what is in it"]


def test_info_refuses_what_an_administrator_cannot_see(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="tenants: an administrator of an account cannot see whose it is"):
        info(monkeypatch, [], **ALONE, tenants=["acme"])
    with pytest.raises(RefusedError, match="account_id: 7 is no account of the user"):
        info(monkeypatch, [(READ[0][0], (404, {"error": "x"}))], **ALONE)
    with pytest.raises(InputError, match="platform_token_file: not given"):
        info(monkeypatch, [])


ABOUT: tuple[str, Given] = ("GET /api", (200, {"version": "4.14.1", "queue_services": "failing", "data_services": "ok"}))
SERVER = {"version": "4.14.1", "data_services": "ok", "queue_services": "failing"}


def test_info_tells_of_the_server_without_any_token(monkeypatch: pytest.MonkeyPatch) -> None:
    result = info(monkeypatch, [ABOUT], server=True)
    assert (result["server"], result["desks"], result["requests"]) == (SERVER, [], {"GET": 1})
    with monkeypatch.context() as context:
        context.setenv("CHATWOOT_ADMIN_TOKEN", "canary-c0ffee-0451")
        assert info(context, [ABOUT], server=True)["desks"] == []
    result = info(monkeypatch, [ABOUT, READ[0]], server=True, **ALONE)
    assert (result["server"], len(result["desks"])) == (SERVER, 1)
    assert "server" not in info(monkeypatch, READ[:1], **ALONE)


@pytest.mark.parametrize("asked", [{"inside": True}, {"month": "2026-11"}, {"tenants": ["acme"]}, {"account_id": 7}])
def test_info_wants_a_token_for_more_than_that(monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="platform_token_file: not given"):
        info(monkeypatch, [], server=True, **asked)


def test_info_tells_of_the_server_where_the_rest_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BlueGreenError, match="list accounts: Chatwoot failed") as found:
        info(monkeypatch, [ABOUT, ("GET /platform/api/v1/accounts", (500, None))], server=True, platform_token="t")
    assert found.value.facts == {"server": SERVER}
    with pytest.raises(BlueGreenError) as found:
        info(monkeypatch, [("GET /api", (404, None))], server=True, platform_token="t")
    assert found.value.facts == {"http_status": 404}
