# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's bot: how it is found, whether it is suspended, and what a suspension and its end take. Pure, a part of the plan.

PRIVATE: for this collection's own plugins, not a public interface.

A suspension is kept in the account's own custom attributes, with the inboxes that had the bot: no file of ours has to remember it. It is
written first and taken away last, so that a run that was killed is found half way and goes on. A conversation that waits for a bot is
``pending``, and no agent sees it in their list: without the bot nobody would ever answer it, so it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Bot, Inbox
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import DeskWish, marker_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_facts import BOT_SUSPENDED
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError, quoted

Fields = dict[str, Any]


@dataclass(frozen=True)
class Suspension:
    """That a tenant's bot is suspended.

    Attributes:
        reason: why, in the operator's words.
        inboxes: numbers of the inboxes that had the bot, in order.
    """

    reason: str
    inboxes: tuple[int, ...] = ()

    def kept(self) -> Fields:
        """As it stands in the account's custom attributes."""
        return {"reason": self.reason, "inboxes": list(self.inboxes)}


@dataclass(frozen=True)
class BotWorld:
    """What is, of what a suspension or its end is about.

    Attributes:
        suspension: what the account says of one, None where it says nothing.
        bot: ours, None where there is none.
        inboxes: all of the account.
        bot_of: inbox to its bot.
        pending: inbox to how many conversations of it wait for a bot.
    """

    suspension: Suspension | None = None
    bot: Bot | None = None
    inboxes: tuple[Inbox, ...] = ()
    bot_of: Mapping[int, int | None] = field(default_factory=dict)
    pending: Mapping[int, int] = field(default_factory=dict)

    @property
    def counted(self) -> list[Inbox]:
        """The inboxes in which conversations can wait for our bot: what another bot answers in is none of them."""
        ours = {None, self.bot.id if self.bot else None}
        kept = self.suspension.inboxes if self.suspension else ()
        return [one for one in self.inboxes if one in self.having or (one.id in kept and self.bot_of.get(one.id) in ours)]

    @property
    def having(self) -> list[Inbox]:
        """The inboxes that have our bot."""
        return [inbox for inbox in self.inboxes if self.bot is not None and self.bot_of.get(inbox.id) == self.bot.id]


def suspension_of(attributes: Mapping[str, Any]) -> Suspension | None:
    """Return what an account says of a suspension; what somebody wrote there by hand is one, too."""
    found = attributes.get(BOT_SUSPENDED)
    if not found:
        return None
    if not isinstance(found, Mapping):
        return Suspension(str(found))
    numbers = found.get("inboxes")
    known = {one for one in numbers if isinstance(one, int) and not isinstance(one, bool)} if isinstance(numbers, list) else set()
    return Suspension(str(found.get("reason") or ""), tuple(sorted(known)))


def is_suspended(attributes: Mapping[str, Any], wish: DeskWish) -> bool:
    """Whether the bot is suspended after this run: what is said, else what is there."""
    if wish.bot_status is not None:
        return wish.bot_status == "suspended"
    return suspension_of(attributes) is not None


def has_to_look(attributes: Mapping[str, Any], wish: DeskWish) -> bool:
    """Whether a suspension has something to do in the inboxes: to be carried through, or to be ended."""
    return is_suspended(attributes, wish) or suspension_of(attributes) is not None


def find_bot(bots: Iterable[Bot], wish: DeskWish) -> Bot | None:
    """Return our bot: by the marker in its description, else by the name that it is to have.

    Raises:
        RefusedError: there are several.
    """
    known, marker = list(bots), marker_of(wish.tenant)
    name = wish.bot.name if wish.bot else marker
    found = [bot for bot in known if bot.description.endswith(marker)] or [bot for bot in known if wish.bot and bot.name == name]
    if len(found) > 1:
        numbers = ", ".join(str(bot.id) for bot in found)
        raise RefusedError(f"bot: {quoted(name)} is there several times ({numbers}); delete those that are not in use.")
    return found[0] if found else None


def new_suspension(world: BotWorld, wish: DeskWish) -> Suspension:
    """Return the suspension that is to be: an inbox that was in it once stays in it until its end."""
    numbers = {inbox.id for inbox in world.having} | set(world.suspension.inboxes if world.suspension else ())
    reason = wish.bot_reason if wish.bot_reason is not None else world.suspension.reason if world.suspension else ""
    return Suspension(reason, tuple(sorted(numbers)))


def plan_suspension(world: BotWorld, wish: DeskWish, *, is_noted: bool) -> Iterator[Fields]:
    """Plan what suspends the bot: noted first, then inbox by inbox the bot goes and what waits for it is opened.

    Args:
        world: what is.
        wish: what is to be.
        is_noted: whether the account is made with the note, in one request.
    """
    noted = new_suspension(world, wish)
    names = {inbox.id: _shown(inbox, world.inboxes) for inbox in world.inboxes}
    if not is_noted and noted != world.suspension:
        before, after = _state(world.suspension, names), _state(noted, names)
        yield _step(f"bot of account {wish.tenant} (suspension)", before, after, "update_account", _attribute(noted.kept()))
    for number in noted.inboxes:
        if number not in names:
            continue
        name, waiting = names[number], world.pending.get(number, 0)
        data = {"inbox": name, "on": False, "look": not waiting}
        if world.bot is not None and world.bot_of.get(number) == world.bot.id:
            yield _step(f"bot of inbox {name}", {"bot": world.bot.name}, {"bot": None}, "suspend_bot", data, number)
        if waiting:
            what = f"{waiting} pending conversation{'s' if waiting > 1 else ''} of inbox {name}"
            yield _step(what, {"pending": waiting}, {"pending": 0, "opened": waiting}, "open_pending", data, number)


def plan_return(world: BotWorld, wish: DeskWish) -> tuple[list[Fields], list[str]]:
    """Plan the end of a suspension, with what is to be said of it: each inbox gets the bot again, and then the note goes.

    An inbox that the task declares with a bot is left to what the task says of it.
    """
    if world.suspension is None:
        return [], []
    names = {inbox.id: _shown(inbox, world.inboxes) for inbox in world.inboxes}
    declared = {one.name for one in wish.inboxes} if wish.bot else set()
    bot_name = wish.bot.name if wish.bot else world.bot.name if world.bot else None
    steps, said = [], []
    for inbox in (inbox for inbox in world.inboxes if inbox.id in world.suspension.inboxes and inbox.name not in declared):
        name, current = names[inbox.id], world.bot_of.get(inbox.id)
        if bot_name is None:
            said.append(f"bot: inbox {name} had one, and tenant {wish.tenant} has none any more; declare bot and inboxes to give it one.")
        elif current is None:
            data = {"inbox": name, "on": True}
            steps.append(_step(f"bot of inbox {name}", {"bot": None}, {"bot": bot_name}, "set_bot", data, inbox.id))
        elif world.bot is None or current != world.bot.id:
            said.append(
                f"bot: inbox {name} was given another bot ({current}) meanwhile, and keeps it; declare the inbox to have ours there."
            )
    before = _state(world.suspension, names)
    steps.append(
        _step(f"bot of account {wish.tenant} (end of suspension)", before, {"bot_status": "active"}, "update_account", _attribute(None))
    )
    return steps, said


def _shown(inbox: Inbox, inboxes: Iterable[Inbox]) -> str:
    """Return an inbox's name; names are not unique, so of two with one name the number tells them apart."""
    return inbox.name if [one.name for one in inboxes].count(inbox.name) == 1 else f"{inbox.name} ({inbox.id})"


def _state(suspension: Suspension | None, names: Mapping[int, str]) -> Fields:
    if suspension is None:
        return {"bot_status": "active"}
    # Of an inbox that is gone only its number is left.
    inboxes = [names.get(number, f"inbox {number}") for number in suspension.inboxes]
    return {"bot_status": "suspended", "reason": suspension.reason, "inboxes": inboxes}


def _attribute(value: Any) -> Fields:
    return {"custom_attributes": {BOT_SUSPENDED: value}}


def _step(name: str, before: Any, after: Any, call: str, data: Fields, number: int | None = None) -> Fields:
    return {"action": "update", "name": name, "before": before, "after": after, "call": call, "data": data, "number": number}
