# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would change in a tenant's support desk, and in which order: pure, so that preview and apply cannot differ.

PRIVATE: for this collection's own plugins, not a public interface.

The order: the account first (an account that is suspended answers nothing about what is in it), then its administrator (whose token the
rest needs), who goes, who comes, what suspends the bot, the bot, the inboxes with bot and members, what ends a suspension of the bot, the
webhooks; a suspension of the account is the last thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_bot, _chatwoot_people
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Bot, Inbox
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import DeskWish, InboxWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_facts import BOT_SUSPENDED, CHANNELS, KEY
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_world import World
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import Change, Plan

Action = Literal["create", "update", "delete"]


@dataclass(frozen=True)
class Step:
    """One thing that an apply does.

    Attributes:
        action: what is done.
        name: to what, in words.
        before: what is, of what matters; None when it is not there.
        after: what would be; None when it would be gone.
        call: which of the executor's hands does it.
        data: what it is given.
        number: Chatwoot's number of it, None where it has none yet.
    """

    action: Action
    name: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    call: str
    data: Mapping[str, Any] = field(default_factory=dict)
    number: int | None = None

    def change(self) -> Change:
        """The step as one change of a plan."""
        return Change(self.action, self.name, self.before, self.after)


@dataclass(frozen=True)
class DeskPlan:
    """The steps, and what is to be said besides."""

    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def whole(self) -> Plan:
        """As preview and apply show it."""
        return Plan(tuple(step.change() for step in self.steps))


def plan_desk(world: World, wish: DeskWish) -> DeskPlan:
    """Compare what is with what should be.

    Raises:
        RefusedError: it would do harm, or Chatwoot would refuse it half way.
    """
    if world.account is None and "name" not in wish.account:
        raise RefusedError(f"name: not given, and tenant {wish.tenant} has no account yet; give the name that its people are to see.")
    steps = list(_account(world, wish)) if wish.by_platform else []
    warnings: list[str] = []
    if world.inside in ("read", "blank"):
        found, said = _inside(world, wish)
        steps += found
        warnings += said
    elif world.inside == "no administrator":
        steps += (Step(**one) for one in _chatwoot_people.plan_administrator(wish))
        warnings.append(
            f"tenant {wish.tenant}: nobody administered its account, so what is in it could not be read; run again to have agents, bot,"
            " inboxes and webhooks compared."
        )
    elif world.inside == "suspended" and wish.status == "active":
        warnings.append(
            f"tenant {wish.tenant}: its account was suspended, so what is in it could not be read; run again to have agents, bot, inboxes"
            " and webhooks compared."
        )
    elif world.inside == "suspended" and wish.bot_status is not None:
        warnings.append(
            f"tenant {wish.tenant}: its account is suspended, so nothing could be done about its bot; run again when the account is active."
        )
    if wish.status == "suspended" and (world.account is None or world.account.status != "suspended"):
        name = f"account {wish.tenant} (suspension)"
        steps.append(Step("update", name, {"status": "active"}, {"status": "suspended"}, "update_account", {"status": "suspended"}))
    return DeskPlan(tuple(steps), tuple(warnings))


def _inside(world: World, wish: DeskWish) -> tuple[list[Step], list[str]]:
    """Plan what is in the account."""
    steps: list[Step] = []
    warnings: list[str] = []
    emails: Mapping[int, str] = {}
    if wish.looks_inside:
        people = _chatwoot_people.plan_people(world, wish)
        steps += (Step(**one) for one in people.steps)
        warnings += people.warnings
        emails = people.emails
    suspended, of_bot = _chatwoot_bot.is_suspended(world.attributes, wish), world.of_bot(wish)
    if suspended:
        if world.inside == "read" and of_bot.bot is None and wish.bot is None and wish.bot_status is not None:
            warnings.append(
                f"bot: no bot of account {wish.tenant} has the mark of ours, so none is taken from an inbox; declare bot once to mark it."
            )
        steps += (Step(**one) for one in _chatwoot_bot.plan_suspension(of_bot, wish, is_noted=world.account is None))
    steps += _bot(of_bot.bot, wish)
    steps += _inboxes(world, wish, of_bot.bot, emails, suspended=suspended)
    if not suspended:
        returning, said = _chatwoot_bot.plan_return(of_bot, wish)
        steps += (Step(**one) for one in returning)
        warnings += said
    return [*steps, *_webhooks(world, wish)], warnings


def plan_removal(world: World, wish: DeskWish) -> DeskPlan:
    """Plan the end of an account; refused unless its name is confirmed to the letter.

    Raises:
        RefusedError: it is not confirmed.
    """
    account = world.account
    if account is None:
        return DeskPlan()
    if wish.confirm_name != account.name:
        given = "not given" if wish.confirm_name is None else f"{quoted(wish.confirm_name)} is not the account's name"
        raise RefusedError(
            f"confirm_name: {given}; account {account.id} is called {quoted(account.name)}, give exactly that to delete it with all its"
            " conversations."
        )
    before = {"name": account.name, "locale": account.locale, "status": account.status, "custom_attributes": {KEY: wish.tenant}}
    return DeskPlan((Step("delete", f"account {wish.tenant}", before, None, "delete_account", number=account.id),))


def merged(current: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return a hash with what is declared in it; what is declared as None goes. Chatwoot replaces such a hash as a whole."""
    return {key: value for key, value in {**current, **declared}.items() if value is not None}


def _account(world: World, wish: DeskWish) -> Iterator[Step]:
    name = f"account {wish.tenant}"
    attributes: dict[str, Any] = {**wish.attributes, KEY: wish.tenant}
    account = world.account
    if account is None:
        if _chatwoot_bot.is_suspended({}, wish):
            attributes[BOT_SUSPENDED] = _chatwoot_bot.new_suspension(world.of_bot(wish), wish).kept()
        rest = {"limits": merged({}, wish.limits), "features": dict(wish.features)}
        given = {**wish.account, **{key: value for key, value in rest.items() if value}, "custom_attributes": merged({}, attributes)}
        yield Step("create", name, None, given, "create_account", given)
        return
    before: dict[str, Any] = {key: getattr(account, key) for key in wish.account}
    after: dict[str, Any] = dict(wish.account)
    if wish.status == "active":
        before["status"], after["status"] = account.status, wish.status
    if wish.limits:
        before["limits"], after["limits"] = dict(account.limits), merged(account.limits, wish.limits)
    before["features"] = {key: key in account.features for key in wish.features}
    after["features"] = dict(wish.features)
    before["custom_attributes"] = {key: account.attributes[key] for key in attributes if key in account.attributes}
    after["custom_attributes"] = merged({}, attributes)
    data = {key: value for key, value in after.items() if value != before[key]}
    if "features" in data:
        data["features"] = {key: value for key, value in wish.features.items() if before["features"][key] != value}
    if "custom_attributes" in data:
        # What goes is told, too: the executor merges it into what is there at that moment.
        data["custom_attributes"] = attributes
    if data:
        yield Step("update", name, _shown(before), _shown(after), "update_account", data, account.id)


def _shown(state: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if value != {}}


def _bot(bot: Bot | None, wish: DeskWish) -> Iterator[Step]:
    if wish.bot is None:
        return
    after = {"name": wish.bot.name, "description": wish.bot.description, "outgoing_url": wish.bot.url}
    name = f"bot {wish.bot.name}"
    if bot is None:
        yield Step("create", name, None, after, "create_bot", after)
        return
    before = {"name": bot.name, "description": bot.description, "outgoing_url": bot.url}
    if before != after:
        yield Step("update", name, before, after, "update_bot", after, bot.id)


def _inboxes(world: World, wish: DeskWish, bot: Bot | None, emails: Mapping[int, str], *, suspended: bool) -> Iterator[Step]:
    known = frozenset(emails.values()) | {one.email for one in wish.people}
    for one in wish.inboxes:
        inbox = _find_inbox(world, one)
        yield from _inbox(one, inbox)
        if not suspended:
            yield from _inbox_bot(world, wish, one, inbox, bot)
        if one.members is None:
            continue
        for email in one.members:
            if email not in known:
                raise RefusedError(
                    f"inboxes.members: {quoted(email)} of inbox {quoted(one.name)} is not in the account; add the address to agents, or"
                    " take it out."
                )
        before = sorted(emails.get(number, f"user {number}") for number in world.members_of.get(inbox.id, ())) if inbox else []
        if before != list(one.members):
            data = {"inbox": one.name, "members": list(one.members)}
            yield Step("update", f"members of inbox {one.name}", {"members": before}, {"members": list(one.members)}, "set_members", data)


def _find_inbox(world: World, one: InboxWish) -> Inbox | None:
    found = [inbox for inbox in world.inboxes if inbox.name == one.name]
    if len(found) > 1:
        numbers = ", ".join(str(inbox.id) for inbox in found)
        raise RefusedError(f"inboxes.name: {quoted(one.name)} is the name of several inboxes ({numbers}); rename the others.")
    if found and found[0].channel != CHANNELS[one.channel]:
        raise RefusedError(
            f"inboxes.channel: inbox {quoted(one.name)} is there as {found[0].channel}, and a channel cannot be changed; give it another"
            f" name to make one of {one.channel}."
        )
    return found[0] if found else None


def _inbox(one: InboxWish, inbox: Inbox | None) -> Iterator[Step]:
    name = f"inbox {one.name}"
    if inbox is None:
        body = {"name": one.name, **one.fields, "channel": {"type": one.channel, **one.settings}}
        yield Step("create", name, None, {"name": one.name, "channel": one.channel, **one.fields, **one.settings}, "create_inbox", body)
        return
    wanted = {**one.fields, **one.settings}
    before = {key: _comparable(inbox.fields.get(key), value) for key, value in wanted.items()}
    after = {key: _comparable(value, value) for key, value in wanted.items()}
    changed = {key for key in wanted if before[key] != after[key]}
    if changed:
        data: dict[str, Any] = {"inbox": one.name, "fields": {key: value for key, value in one.fields.items() if key in changed}}
        data["settings"] = {key: value for key, value in one.settings.items() if key in changed}
        yield Step("update", name, before, after, "update_inbox", data, inbox.id)


def _comparable(value: Any, wanted: Any) -> Any:
    """Chatwoot says null where nothing was written, and gives flags an order of its own."""
    if value is None and isinstance(wanted, str):
        return ""
    return sorted(value) if isinstance(value, list) else value


def _inbox_bot(world: World, wish: DeskWish, one: InboxWish, inbox: Inbox | None, bot: Bot | None) -> Iterator[Step]:
    if wish.bot is None:
        return
    current = world.bot_of.get(inbox.id) if inbox else None
    has_ours = bot is not None and current == bot.id
    # Somebody else's bot is taken away for ours, but not for none.
    if one.bot == has_ours or (not one.bot and current is None) or (not one.bot and not has_ours):
        return
    names = {known.id: known.name for known in world.bots}
    before = {"bot": names.get(current, f"bot {current}") if current is not None else None}
    after = {"bot": wish.bot.name if one.bot else None}
    yield Step("update", f"bot of inbox {one.name}", before, after, "set_bot", {"inbox": one.name, "on": one.bot})


def _webhooks(world: World, wish: DeskWish) -> Iterator[Step]:
    there = {webhook.url: webhook for webhook in world.webhooks}
    for one in wish.webhooks:
        found, name = there.get(one.url), f"webhook {one.url}"
        named = {} if one.name is None else {"name": one.name}
        after = {"url": one.url, **named, "subscriptions": list(one.subscriptions)}
        if found is None:
            yield Step("create", name, None, after, "create_webhook", after)
            continue
        before = {"url": found.url, **({} if one.name is None else {"name": found.name}), "subscriptions": list(found.subscriptions)}
        if before != after:
            yield Step("update", name, before, after, "update_webhook", after, found.id)
    if "webhooks" in wish.purge:
        for url in sorted(there.keys() - {one.url for one in wish.webhooks}):
            found = there[url]
            before = {"url": url, "name": found.name, "subscriptions": list(found.subscriptions)}
            yield Step("delete", f"webhook {url}", before, None, "delete_webhook", {"url": url}, found.id)
