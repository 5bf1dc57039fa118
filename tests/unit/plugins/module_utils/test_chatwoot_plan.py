# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would change in a support desk: pure, so each case is a row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Account, Bot, Inbox, Person, Webhook
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import (
    BotWish,
    DeskWish,
    InboxWish,
    Somebody,
    WebhookWish,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_plan import DeskPlan, merged, plan_desk, plan_removal
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_world import World
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError

KEY = {"bluegreen_tenant": "acme"}
ACCOUNT = Account(7, "Acme", "en", "", "", "active", frozenset({"macros"}), {"agents": 3}, {**KEY, "theirs": 1})
ADMIN, ANNA, BEN = (
    Person(1, "desk@a.example", "Desk", "administrator", True),
    Person(2, "anna@a.example", "Anna", "agent", True),
    Person(3, "ben@a.example", "Ben", "agent", True),
)
BOT = Bot(4, "Bot", "Helps. [bluegreen:acme]", "https://b.example", 7)
SHOP = Inbox(5, "Shop", "Channel::WebWidget", {"website_url": "https://a.example", "greeting_message": None})
HOOK = Webhook(6, "https://h.example", "ours", ("message_created",))
READ = World(ACCOUNT, "read", (ADMIN, ANNA), (BOT,), (SHOP,), (HOOK,), {5: 4}, {5: (2,)}, holder=1, token="t")
NONE = World(None, "blank")
WISH = DeskWish(
    tenant="acme",
    state="present",
    account_id=None,
    take_over=False,
    account={"name": "Acme"},
    status=None,
    limits={},
    features={},
    attributes={},
    administrator=None,
    agents=(),
    bot=None,
    inboxes=(),
    webhooks=(),
    purge=frozenset(),
    bot_status=None,
    bot_reason=None,
    confirm_name=None,
    wait_seconds=1,
    platform_token="p",
    admin_token=None,
)
DESK = Somebody("desk@a.example", "Desk", "administrator")
WIDGET = InboxWish("Shop", "web_widget", {}, {"website_url": "https://a.example"}, True, None)
OUR_BOT = BotWish("Bot", "Helps. [bluegreen:acme]", "https://b.example")
OUR_HOOK = WebhookWish("https://h.example", None, ("message_created",))


def steps(plan: DeskPlan) -> list[str]:
    """What is done, in words."""
    return [f"{step.action} {step.name}" for step in plan.steps]


def somebody(name: str, role: str = "agent") -> Somebody:
    """Who is to be there."""
    return Somebody(f"{name}@a.example", name.title(), role)


CASES: list[tuple[str, World, dict[str, Any], list[str]]] = [
    ("nothing is said", READ, {}, []),
    ("an account that is there keeps its name", READ, {"account": {}}, []),
    ("nothing is there", NONE, {}, ["create account acme"]),
    ("another name", READ, {"account": {"name": "Acme & sons"}}, ["update account acme"]),
    ("a limit that is there", READ, {"limits": {"agents": 3}}, []),
    ("a limit more", READ, {"limits": {"inboxes": 2}}, ["update account acme"]),
    ("a limit less", READ, {"limits": {"agents": None}}, ["update account acme"]),
    ("a limit that was not there is taken away", READ, {"limits": {"inboxes": None}}, []),
    ("a feature that is on", READ, {"features": {"macros": True}}, []),
    ("a feature that goes", READ, {"features": {"macros": False}}, ["update account acme"]),
    ("an attribute", READ, {"attributes": {"x": 1}}, ["update account acme"]),
    ("somebody else's attribute goes", READ, {"attributes": {"theirs": None}}, ["update account acme"]),
    ("suspended", READ, {"status": "suspended"}, ["update account acme (suspension)"]),
    ("active already", READ, {"status": "active"}, []),
    ("somebody comes", READ, {"agents": (somebody("ben"),)}, ["create agent ben@a.example"]),
    ("somebody is promoted", READ, {"agents": (somebody("anna", "administrator"),)}, ["update agent anna@a.example"]),
    ("somebody is called otherwise", READ, {"agents": (Somebody("anna@a.example", "Anne", "agent"),)}, []),
    ("nobody goes by itself", READ, {"administrator": DESK}, []),
    ("who is declared no more", READ, {"administrator": DESK, "purge": frozenset({"agents"})}, ["delete agent anna@a.example"]),
    (
        "one goes before another comes",
        replace(READ, people=(ADMIN, ANNA, BEN)),
        {"administrator": DESK, "agents": (somebody("anna"), somebody("cleo")), "purge": frozenset({"agents"}), "limits": {"agents": 3}},
        ["delete agent ben@a.example", "create agent cleo@a.example"],
    ),
    (
        "a new administrator first",
        READ,
        {"administrator": somebody("eve", "administrator"), "purge": frozenset({"agents"})},
        ["create administrator eve@a.example", "delete agent desk@a.example", "delete agent anna@a.example"],
    ),
    (
        "whose token was given stays",
        READ,
        {"administrator": somebody("eve", "administrator"), "purge": frozenset({"agents"}), "admin_token": "given"},
        ["create administrator eve@a.example", "delete agent anna@a.example"],
    ),
    ("the bot is there", READ, {"bot": OUR_BOT}, []),
    ("the bot is called otherwise", READ, {"bot": replace(OUR_BOT, name="Helper")}, ["update bot Helper"]),
    ("the bot comes", replace(READ, bots=()), {"bot": OUR_BOT}, ["create bot Bot"]),
    ("the bot by its name", replace(READ, bots=(replace(BOT, description=""),)), {"bot": OUR_BOT}, ["update bot Bot"]),
    ("the inbox has it", READ, {"bot": OUR_BOT, "inboxes": (WIDGET,)}, []),
    (
        "the inbox has it no more",
        READ,
        {"bot": OUR_BOT, "inboxes": (replace(WIDGET, bot=False),)},
        ["update bot of inbox Shop"],
    ),
    ("somebody else's bot for ours", replace(READ, bot_of={5: 99}), {"bot": OUR_BOT, "inboxes": (WIDGET,)}, ["update bot of inbox Shop"]),
    ("somebody else's bot for none", replace(READ, bot_of={5: 99}), {"bot": OUR_BOT, "inboxes": (replace(WIDGET, bot=False),)}, []),
    ("nothing said of the bot", replace(READ, bot_of={5: 99}), {"inboxes": (WIDGET,)}, []),
    ("null is an empty text", READ, {"inboxes": (replace(WIDGET, fields={"greeting_message": ""}),)}, []),
    ("a greeting", READ, {"inboxes": (replace(WIDGET, fields={"greeting_message": "Hi"}),)}, ["update inbox Shop"]),
    (
        "flags have an order of their own",
        replace(READ, inboxes=(replace(SHOP, fields={"selected_feature_flags": ["emoji_picker", "attachments"]}),)),
        {"inboxes": (replace(WIDGET, settings={"selected_feature_flags": ["attachments", "emoji_picker"]}),)},
        [],
    ),
    ("members as they are", READ, {"inboxes": (replace(WIDGET, members=("anna@a.example",)),)}, []),
    ("members otherwise", READ, {"inboxes": (replace(WIDGET, members=()),)}, ["update members of inbox Shop"]),
    (
        "a member who comes",
        READ,
        {"agents": (somebody("ben"),), "inboxes": (replace(WIDGET, members=("ben@a.example",)),)},
        ["create agent ben@a.example", "update members of inbox Shop"],
    ),
    ("another inbox", READ, {"inboxes": (replace(WIDGET, name="Blog"),)}, ["create inbox Blog"]),
    ("the webhook is there", READ, {"webhooks": (OUR_HOOK,)}, []),
    ("its name is left alone", READ, {"webhooks": (replace(OUR_HOOK, name="ours"),)}, []),
    ("other events", READ, {"webhooks": (replace(OUR_HOOK, subscriptions=("contact_created",)),)}, ["update webhook https://h.example"]),
    ("other webhooks stay", READ, {"webhooks": (replace(OUR_HOOK, url="https://i.example"),)}, ["create webhook https://i.example"]),
    ("or go", READ, {"purge": frozenset({"webhooks"})}, ["delete webhook https://h.example"]),
    (
        "an account that nobody is in",
        World(ACCOUNT, "blank"),
        {"administrator": DESK, "inboxes": (WIDGET,)},
        ["create administrator desk@a.example", "create inbox Shop"],
    ),
    (
        "suspended and to stay so",
        World(replace(ACCOUNT, status="suspended"), "suspended"),
        {"status": "suspended", "administrator": DESK, "inboxes": (WIDGET,)},
        [],
    ),
    (
        "reactivated",
        World(replace(ACCOUNT, status="suspended"), "suspended"),
        {"status": "active", "inboxes": (WIDGET,)},
        ["update account acme"],
    ),
]


@pytest.mark.parametrize(("world", "changes", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_would_change(world: World, changes: dict[str, Any], wanted: list[str]) -> None:
    plan = plan_desk(world, replace(WISH, **changes))
    assert steps(plan) == wanted
    assert plan.whole.changed is bool(wanted)
    for step in plan.steps:
        assert step.before != step.after
        assert (step.before is None, step.after is None) == (step.action == "create", step.action == "delete")


REFUSED: list[tuple[str, World, dict[str, Any], str]] = [
    ("a new account without a name", NONE, {"account": {}}, "name: not given, and tenant acme has no account yet; give the name"),
    (
        "nobody's token",
        NONE,
        {"inboxes": (WIDGET,)},
        "administrator: not given, and the account has none yet, whose token makes agents, bots, inboxes and webhooks",
    ),
    (
        "too many people",
        READ,
        {"agents": (somebody("ben"), somebody("cleo"))},
        "limits.agents: 4 people would be in the account, and it may have 3",
    ),
    ("a limit below what is there", READ, {"limits": {"agents": 1}}, "limits.agents: 2 people would be in the account, and it may have 1"),
    ("too many inboxes", READ, {"limits": {"inboxes": 1}, "inboxes": (replace(WIDGET, name="B"),)}, "limits.inboxes: 2 inboxes would be"),
    (
        "bought fewer than the limit",
        replace(READ, account=replace(ACCOUNT, attributes={**KEY, "subscribed_quantity": 2})),
        {"agents": (somebody("ben"),)},
        "limits.agents: 3 people would be in the account, and it may have 2",
    ),
    ("one's own branch", READ, {"agents": (Somebody("desk@a.example", "Desk", "agent"),)}, "is the administrator whose token is used"),
    ("two bots", replace(READ, bots=(BOT, replace(BOT, id=9))), {"bot": OUR_BOT}, "bot: 'Bot' is there several times (4, 9)"),
    ("two inboxes", replace(READ, inboxes=(SHOP, replace(SHOP, id=9))), {"inboxes": (WIDGET,)}, "is the name of several inboxes (5, 9)"),
    ("another channel", READ, {"inboxes": (replace(WIDGET, channel="api"),)}, "inbox 'Shop' is there as Channel::WebWidget"),
    ("a stranger", READ, {"inboxes": (replace(WIDGET, members=("x@a.example",)),)}, "'x@a.example' of inbox 'Shop' is not in the account"),
    (
        "one who goes",
        READ,
        {"administrator": DESK, "purge": frozenset({"agents"}), "inboxes": (replace(WIDGET, members=("anna@a.example",)),)},
        "'anna@a.example' of inbox 'Shop' is not in the account",
    ),
]


@pytest.mark.parametrize(("world", "changes", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_would_do_harm_is_refused(world: World, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedError) as found:
        plan_desk(world, replace(WISH, **changes))
    assert said in found.value.sentence
    assert found.value.sentence.endswith(".")


def test_an_account_is_made_with_its_key_in_one_request() -> None:
    """A run that is killed after it finds it again."""
    wish = replace(
        WISH, limits={"agents": 3, "inboxes": None}, features={"macros": True}, attributes={"x": 1, "y": None}, administrator=DESK
    )
    step = plan_desk(NONE, wish).steps[0]
    assert step.data == {"name": "Acme", "limits": {"agents": 3}, "features": {"macros": True}, "custom_attributes": {"x": 1, **KEY}}


def test_only_what_differs_is_sent_and_hashes_whole() -> None:
    wish = replace(WISH, account={"name": "Acme", "locale": "fr"}, limits={"inboxes": 2}, features={"macros": True, "sla": True})
    (step,) = plan_desk(READ, wish).steps
    assert step.data == {"locale": "fr", "limits": {"agents": 3, "inboxes": 2}, "features": {"sla": True}}
    assert step.before == {
        "name": "Acme",
        "locale": "en",
        "limits": {"agents": 3},
        "features": {"macros": True, "sla": False},
        "custom_attributes": KEY,
    }


def test_who_is_beyond_a_limit_already_is_said_and_left() -> None:
    world = replace(READ, account=replace(ACCOUNT, limits={"agents": 1}))
    plan = plan_desk(world, replace(WISH, administrator=DESK))
    assert (steps(plan), len(plan.warnings)) == ([], 1)
    assert "2 people would be in the account, and it may have 1, as before" in plan.warnings[0]


@pytest.mark.parametrize(
    ("account", "given", "said"), [(None, None, ""), (ACCOUNT, None, "confirm_name: not given"), (ACCOUNT, "acme", "'acme' is not")]
)
def test_an_end_is_confirmed(account: Account | None, given: str | None, said: str) -> None:
    world, wish = World(account, "not asked for"), replace(WISH, state="absent", confirm_name=given)
    if not said:
        assert plan_removal(world, wish).steps == ()
        return
    with pytest.raises(RefusedError, match=said):
        plan_removal(world, wish)
    (step,) = plan_removal(world, replace(wish, confirm_name="Acme")).steps
    assert (step.action, step.after, step.number) == ("delete", None, 7)


def test_a_hash_is_merged() -> None:
    assert merged({"a": 1, "b": 2}, {"b": None, "c": 3}) == {"a": 1, "c": 3}
