# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of chatwoot_tenant: what cannot work is said in one sentence before anything is asked."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_checks as checks
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import (
    CHATWOOT_TENANT_SPEC,
    DeskWish,
    connection_of,
    wish_of,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_facts import BRAND_NAMES, EVENTS, LOCALES, PREMIUM_FEATURES
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_info import month_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError

CANARY = "canary-c0ffee-0451"
SITE = {"name": "Shop", "website_url": "https://shop.acme.example"}


@pytest.fixture(autouse=True)
def no_chatwoot_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "PLATFORM_TOKEN", "ADMIN_TOKEN"):
        monkeypatch.delenv(f"CHATWOOT_{name}", raising=False)


def wish(**options: Any) -> DeskWish:
    """Options as the core gets them, and the wish that they are."""
    given = {"tenant": "acme", "name": "Acme", "url": "https://chat.example", "platform_token": "token", **options}
    kept = copy.deepcopy({key: value for key, value in given.items() if value is not None})
    checked = ArgumentSpecValidator(CHATWOOT_TENANT_SPEC).validate(kept)
    assert not checked.errors.errors, checked.errors.msg
    return wish_of(checked.validated_parameters)


def test_what_is_not_said_is_not_wished() -> None:
    found = wish()
    assert (found.account, found.status, found.limits, found.features) == ({"name": "Acme"}, None, {}, {})
    assert (found.looks_inside, found.people, found.platform_token, found.admin_token) == (False, (), "token", None)
    assert "token" not in repr(found).replace("platform_token", "").replace("admin_token", "")
    assert wish(state="absent", name=None).account == wish(name=None).account == {}
    assert (found.bot_status, found.bot_reason) == (None, None)
    assert wish(bot_status="suspended", bot_reason=" quota ").bot_reason == "quota"


def test_what_chatwoot_writes_its_own_way_is_wished_so() -> None:
    found = wish(
        name=" Acme ",
        administrator={"email": " Desk@Acme.example "},
        agents=[{"email": "anna@acme.example", "name": " Anna "}],
        bot={"name": "Bot", "url": "https://b.example"},
        inboxes=[{**SITE, "members": ["B@acme.example", "a@acme.example"]}],
        webhooks=[{"url": "https://h.example", "subscriptions": ["message_updated", "contact_created", "message_updated"]}],
    )
    assert found.account == {"name": "Acme"}
    assert [(one.email, one.name, one.role) for one in found.people] == [
        ("desk@acme.example", "desk", "administrator"),
        ("anna@acme.example", "Anna", "agent"),
    ]
    assert found.bot is not None
    assert found.bot.description == "[bluegreen:acme]"
    assert found.inboxes[0].members == ("a@acme.example", "b@acme.example")
    assert found.webhooks[0].subscriptions == ("contact_created", "message_updated")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tenant": "Acme"}, "tenant: 'Acme' cannot be a tenant's key; use up to 63 lower-case letters"),
    ({"tenant": "-"}, "tenant: '-' cannot be"),
    ({"name": "  "}, "name: '' is empty; give a name"),
    ({"name": "a\nb"}, "is no name for one line"),
    ({"account_id": 0}, "account_id: 0 is no number of an account"),
    ({"wait_seconds": -1}, "wait_seconds: -1 is no time to wait"),
    ({"locale": "klingon"}, "locale: 'klingon' is none of Chatwoot's; give one of en, ar"),
    ({"locale": "EN"}, "locale: 'EN' is none"),
    ({"support_email": "acme"}, "support_email: 'acme' is no mail address"),
    ({"support_email": ""}, "support_email: '' is no mail address"),
    ({"domain": "https://acme.example"}, "domain: 'https://acme.example' is no domain for mail"),
    ({"limits": {"sites": 3}}, "limits: 'sites' is no limit that Chatwoot knows; there are inboxes, agents, captain_responses"),
    ({"limits": {"agents": "3"}}, "limits: '3', given for agents, is no number; write 0 or more, without quotes"),
    ({"limits": {"agents": True}}, "limits: True, given for agents"),
    ({"limits": {"agents": -1}}, "limits: -1, given for agents"),
    ({"limits": {"agents": 1.5}}, "limits: 1.5, given for agents"),
    ({"features": {"telepathy": True}}, "features: 'telepathy' is no feature of Chatwoot 4.14; correct it, or name it in features_extra"),
    ({"features": {"macros": "false"}}, "features: 'false', given for macros, is no boolean, and Chatwoot takes every text for true"),
    ({"features": {"macros": 1}}, "features: 1, given for macros, is no boolean"),
    ({"features": {"macros": None}}, "features: None, given for macros"),
    ({"custom_attributes": {"bluegreen_tenant": "x"}}, "custom_attributes: bluegreen_tenant is by what the account is found"),
    (
        {"custom_attributes": {"bluegreen_bot_suspended": "x"}},
        "custom_attributes: bluegreen_bot_suspended is where a suspended bot is kept",
    ),
    ({"bot_status": "suspended"}, "bot_reason: not given, and a bot that is suspended needs one; give a few words"),
    ({"bot_status": "suspended", "bot_reason": " "}, "bot_reason: not given"),
    ({"bot_status": "suspended", "bot_reason": "a\nb"}, "bot_reason: 'a\\nb' is no reason for one line; use up to 255 letters"),
    ({"bot_status": "suspended", "bot_reason": "x" * 256}, "is no reason for one line"),
    ({"bot_status": "active", "bot_reason": "quota"}, "bot_reason: 'quota' is the reason of no suspension; leave it out"),
    ({"bot_reason": "quota"}, "bot_reason: 'quota' is the reason of no suspension"),
    ({"custom_attributes": {"captain_responses_usage": 0}}, "custom_attributes: in captain_responses_usage Chatwoot counts by itself"),
    ({"administrator": {"email": "anna"}}, "administrator.email: 'anna' is no mail address; write it like anna@acme.example"),
    ({"agents": [{"email": "a@b, c@d"}]}, "agents.email: 'a@b, c@d' is no mail address"),
    (
        {"administrator": {"email": "a@b.example"}, "agents": [{"email": "A@B.example"}]},
        "agents.email: 'a@b.example' is given twice; one person is one address, in capitals or not",
    ),
    ({"bot": {"name": " ", "url": "https://b.example"}}, "bot.name: ' ' is empty"),
    ({"bot": {"name": "b", "url": "b.example"}}, "bot.url: 'b.example' is not an http:// or https:// URL"),
    ({"bot": {"name": "b", "url": f"https://b.example/{'x' * 2048}"}}, "letters, and Chatwoot takes 2048; give a shorter one"),
    ({"bot": {"name": "b", "url": f"https://x:{CANARY}@b.example"}}, "bot.url: the URL carries a user or password"),
    ({"inboxes": [{"name": "Shop"}]}, "inboxes.website_url: not given, and inbox 'Shop' is a widget; name the site"),
    ({"inboxes": [SITE, {**SITE}]}, "inboxes.name: 'Shop' is given twice"),
    ({"inboxes": [{**SITE, "widget_color": "green"}]}, "inboxes.widget_color: 'green' of inbox 'Shop' is no colour; write it like #1F93FF"),
    ({"inboxes": [{**SITE, "timezone": "Paris"}]}, "inboxes.timezone: 'Paris' of inbox 'Shop' is no time zone"),
    ({"inboxes": [{**SITE, "greeting_message": "x" * 10001}]}, "inboxes.greeting_message: 10001 letters, for inbox 'Shop', are too many"),
    (
        {"inboxes": [{**SITE, "webhook_url": "https://h.example"}]},
        "inboxes.webhook_url: inbox 'Shop' is of channel web_widget, which has none",
    ),
    ({"inboxes": [{**SITE, "channel": "api"}]}, "inboxes.website_url: inbox 'Shop' is of channel api, which has none; leave it out"),
    (
        {"inboxes": [{"name": "A", "channel": "api", "webhook_url": "http://bots.svc"}]},
        "inboxes.webhook_url: 'http://bots.svc' is in a private",
    ),
    ({"inboxes": [{**SITE, "members": ["anna"]}]}, "inboxes.members: 'anna' is no mail address"),
    (
        {"webhooks": [{"url": "https://h.example", "subscriptions": []}]},
        "webhooks.subscriptions: 'https://h.example' has none; name events",
    ),
    (
        {"webhooks": [{"url": "https://h.example", "subscriptions": [name]} for name in EVENTS[:2]]},
        "webhooks.url: 'https://h.example' is given twice",
    ),
    ({"platform_token": None}, "platform_token_file: not given; make a platform app at /super_admin/platform_apps"),
    ({"platform_token": f"{CANARY} x"}, "platform_token: holds no token; it must be one word"),
    ({"platform_token_file": "/nowhere"}, "platform_token: given, and platform_token_file too; leave one of them out"),
    ({"admin_token_file": "/nowhere"}, "admin_token_file: '/nowhere' cannot be read (No such file or directory); name a file"),
    *(
        ({"features": {name: True}}, f"features: {name} needs a licence, and without one Chatwoot switches it off")
        for name in PREMIUM_FEATURES
    ),
    *(({"features": {name: True}}, f"features: {name} belongs to the whole installation") for name in BRAND_NAMES),
    *(
        ({"custom_attributes": {name: "x"}}, f"custom_attributes: {name} has no effect on an account; give the inboxes")
        for name in BRAND_NAMES
    ),
]


@pytest.mark.parametrize(("options", "said"), REFUSED, ids=[f"{number} {next(iter(case[0]))}" for number, case in enumerate(REFUSED)])
def test_what_cannot_work_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as found:
        wish(**options)
    sentence = found.value.sentence
    assert said in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert ";" in sentence or "give" in sentence, "a remedy"
    assert CANARY not in sentence


def test_what_looks_wrong_and_is_not() -> None:
    wish(limits={"agents": 0, "inboxes": None})
    wish(features={"sla": False, "telepathy": True}, features_extra=["telepathy"])
    wish(features=dict.fromkeys(PREMIUM_FEATURES, True), licensed=True)
    wish(bot={"name": "b", "url": "http://bots.svc.cluster.local:8080/a@b"}, private_urls_allowed=True)
    wish(inboxes=[{**SITE, "website_url": "http://localhost:3000", "timezone": "America/Argentina/Ushuaia"}])
    wish(domain="")
    for locale in LOCALES:
        wish(locale=locale)


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("bots.agency.example", False),
        ("8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("10.0.0.1", True),
        ("192.168.1.1", True),
        ("172.16.0.1", True),
        ("127.0.0.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("::1", True),
        ("fd00::1", True),
        ("localhost", True),
        ("bot", True),
        ("bot.chat.svc", True),
        ("bot.chat.svc.cluster.local", True),
        ("BOT.Internal", True),
    ],
)
def test_what_is_private_is_known_by_its_name_or_address(host: str, private: bool) -> None:
    assert checks.is_private(host) is private


def test_tokens_come_by_option_file_or_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    monkeypatch.setenv("CHATWOOT_PLATFORM_TOKEN", "from-environment")
    monkeypatch.setenv("CHATWOOT_ADMIN_TOKEN", "admin-from-environment")
    found = wish(platform_token=None)
    assert (found.platform_token, found.admin_token) == ("from-environment", "admin-from-environment")
    assert wish(platform_token=None, platform_token_file=str(file)).platform_token == "from-file"
    assert wish(platform_token="from-option").platform_token == "from-option"
    monkeypatch.setenv("CHATWOOT_URL", "https://env.example")
    wish(url=None)
    for content in (b"", b"a b", b"\xff\xfe"):
        file.write_bytes(content)
        with pytest.raises(InputError, match="platform_token_file: "):
            wish(platform_token=None, platform_token_file=str(file))


@pytest.mark.parametrize(("option", "value"), [("request_timeout", 0), ("request_timeout", 1000), ("ca_cert", "/nowhere")])
def test_a_connection_that_cannot_be_is_refused(option: str, value: Any) -> None:
    params = {"url": "https://a.example", "request_timeout": 1.0, "ca_cert": None, "validate_certs": True, option: value}
    with pytest.raises(InputError, match=f"{option}: "):
        connection_of(params)


def test_a_month_is_its_first_second_and_the_next_ones() -> None:
    assert month_of("2026-12") == (1796083200, 1798761600)
    assert month_of(None) is None
    for wrong in ("2026-13", "May", "2026-1", "26-01"):
        with pytest.raises(InputError, match="is no month; write it like 2026-11"):
            month_of(wrong)


# What nobody means; what Ansible itself cannot read as a dictionary is its own to refuse.
ODD: list[Any] = [None, "", " ", "x", "\u00e9\u202e", "a" * 5000, 0, -1, 3, 1e300, True, [], ["x"], {}, {"x": None}, {"": {}}, "{{ x }}"]
ADDRESSES = ["a@b.example", "https://a.example"]


def odd_options(chance: random.Random) -> dict[str, Any]:
    """Options of which four are odd."""
    options: dict[str, Any] = {"tenant": "acme", "name": "A", "url": "https://chat.example", "platform_token": "t"}
    for option in chance.sample(sorted(CHATWOOT_TENANT_SPEC), 4):
        spec = CHATWOOT_TENANT_SPEC[option]
        inner = sorted(spec.get("options", {}))
        if not inner:
            options[option] = chance.choice(ODD)
            continue
        one = {name: chance.choice([*ODD, *ADDRESSES]) for name in chance.sample(inner, min(3, len(inner)))}
        options[option] = [one] if spec["type"] == "list" else one
    return options


def test_whatever_is_given_is_a_wish_or_a_sentence() -> None:
    """4,000 odd tasks, the same ones each time."""
    chance = random.Random(20261122)
    refused: list[str] = []
    for _turn in range(4000):
        checked = ArgumentSpecValidator(CHATWOOT_TENANT_SPEC).validate(odd_options(chance))
        if checked.errors.errors:
            continue
        try:
            wish_of(checked.validated_parameters)
            connection_of(checked.validated_parameters)
        except BlueGreenError as error:
            refused.append(error.sentence)
    assert len(refused) > 200
    assert [sentence for sentence in refused if "\n" in sentence or ": " not in sentence or len(sentence) > 700] == []
