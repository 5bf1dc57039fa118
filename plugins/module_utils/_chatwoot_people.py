# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes into a tenant's account, who changes and who goes, and whether so many may be in it. Pure, a part of the plan.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Person
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import DeskWish, Somebody
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_world import World
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError, quoted

Fields = dict[str, Any]


@dataclass(frozen=True)
class People:
    """The part of a plan that is about people.

    Attributes:
        steps: the fields of each step.
        warnings: what is to be said besides.
        emails: number to address of those who stay.
    """

    steps: tuple[Fields, ...]
    warnings: tuple[str, ...]
    emails: Mapping[int, str]


def plan_people(world: World, wish: DeskWish) -> People:
    """Compare who is in the account with who should be.

    Raises:
        RefusedError: nobody could do the rest, or there would be more people or inboxes than the limits allow.
    """
    _must_have_a_token(world, wish)
    there = {person.email: person for person in world.people}
    _refuse_to_lock_out(world, wish, there)
    going, warnings = _going(world, wish)
    coming = [one for one in wish.people if one.email not in there]
    warnings += refuse_beyond_limits(world, wish, len(there) - len(going) + len(coming))
    steps = [
        *_administrator(wish, there),
        *(_leaving(person) for person in going),
        *_agents(wish, there),
    ]
    stay = {person.id: person.email for person in world.people if person not in going}
    return People(tuple(steps), tuple(warnings + _remarks(world, wish)), stay)


def _must_have_a_token(world: World, wish: DeskWish) -> None:
    inside = wish.agents or wish.bot or wish.inboxes or wish.webhooks
    if world.inside == "blank" and inside and wish.administrator is None:
        raise RefusedError(
            "administrator: not given, and the account has none yet, whose token makes agents, bots, inboxes and webhooks; give the"
            " address of one."
        )


def _refuse_to_lock_out(world: World, wish: DeskWish, there: Mapping[str, Person]) -> None:
    """The administrator whose token is used must not be made an agent half way."""
    for one in wish.agents:
        person = there.get(one.email)
        if person and person.id == world.holder and one.role != "administrator":
            raise RefusedError(
                f"agents.role: {quoted(one.email)} is the administrator whose token is used; name another one in admin_token_file before"
                " this one becomes an agent."
            )


def _going(world: World, wish: DeskWish) -> tuple[list[Person], list[str]]:
    """Who is declared no more. The one whose token is used stays until somebody else's can be."""
    if "agents" not in wish.purge:
        return [], []
    declared = {one.email for one in wish.people}
    going = [person for person in world.people if person.email not in declared]
    addresses = {person.email for person in world.people}
    # Who comes brings a token along, unless one was given.
    is_replaced = wish.administrator is not None and wish.administrator.email not in addresses and wish.admin_token is None
    kept = [person for person in going if person.id == world.holder and not is_replaced]
    said = [
        f"agents: {person.email} is declared no more and stays, for it is the administrator whose token is used; give admin_token_file one"
        " of somebody who stays."
        for person in kept
    ]
    return [person for person in going if person not in kept], said


def _shown(one: Somebody | Person) -> Fields:
    return {"email": one.email, "name": one.name, "role": one.role}


def _administrator(wish: DeskWish, there: Mapping[str, Person]) -> Iterator[Fields]:
    one = wish.administrator
    if one is None:
        return
    if one.email not in there:
        yield _step("create", f"administrator {one.email}", None, _shown(one), "add_administrator", _shown(one))
    else:
        yield from _changed(one, there[one.email])


def plan_administrator(wish: DeskWish) -> list[Fields]:
    """Plan the coming of an administrator into an account that has none, and of which nothing could be read."""
    return list(_administrator(wish, {}))


def _agents(wish: DeskWish, there: Mapping[str, Person]) -> Iterator[Fields]:
    for one in wish.agents:
        if one.email not in there:
            yield _step("create", f"agent {one.email}", None, _shown(one), "invite", _shown(one))
        else:
            yield from _changed(one, there[one.email])


def _changed(one: Somebody, person: Person) -> Iterator[Fields]:
    """Only the role is ours: what somebody is called is theirs to say."""
    if person.role != one.role:
        before, after = {"email": one.email, "role": person.role}, {"email": one.email, "role": one.role}
        yield _step("update", f"agent {one.email}", before, after, "change_role", after, person.id)


def _leaving(person: Person) -> Fields:
    return _step("delete", f"agent {person.email}", _shown(person), None, "remove", {"email": person.email}, person.id)


def _step(action: str, name: str, before: Any, after: Any, call: str, data: Fields, number: int | None = None) -> Fields:
    return {"action": action, "name": name, "before": before, "after": after, "call": call, "data": data, "number": number}


def refuse_beyond_limits(world: World, wish: DeskWish, people: int) -> list[str]:
    """Count before anything is written: the platform lets in more people than the limits allow, and the rest is refused half way.

    Returns:
        What is beyond its limit already, in words.

    Raises:
        RefusedError: more would come than there may be, or fewer would be allowed than there are.
    """
    names = {inbox.name for inbox in world.inboxes}
    inboxes = len(world.inboxes) + len([one for one in wish.inboxes if one.name not in names])
    said = []
    for limit, before, after in (("agents", len(world.people), people), ("inboxes", len(world.inboxes), inboxes)):
        old, new = _allowed(world, wish, limit)
        if new is None or after <= new:
            continue
        kind = {"agents": "people", "inboxes": "inboxes"}[limit]
        what = f"limits.{limit}: {after} {kind} would be in the account, and it may have {new}"
        if after > before or old is None or new < old:
            out = " (purge: [agents] takes out who is declared no more)" if limit == "agents" else ""
            facts = [{"what": limit, "used": after, "allowed": new}]
            raise RefusedError(f"{what}; raise the limit, or declare fewer{out}.", blockers=facts)
        said.append(f"{what}, as before; raise the limit, or take some out.")
    return said


def _allowed(world: World, wish: DeskWish, limit: str) -> tuple[int | None, int | None]:
    """How many there may be, before and after this; None where nothing is said of it."""
    account = world.account
    limits = dict(account.limits) if account else {}
    attributes = dict(account.attributes) if account else {}
    found = []
    for some, own in ((limits, attributes), ({**limits, **wish.limits}, {**attributes, **wish.attributes})):
        value = (own.get("subscribed_quantity") if limit == "agents" else None) or some.get(limit)
        found.append(int(str(value)) if str(value).isdigit() else None)
    return found[0], found[1]


def _remarks(world: World, wish: DeskWish) -> list[str]:
    """What is declared and has no effect."""
    said = []
    attributes = {**(world.account.attributes if world.account else {}), **wish.attributes}
    bought = attributes.get("subscribed_quantity")
    if bought is not None and wish.limits.get("agents") is not None and bought != wish.limits["agents"]:
        said.append(
            f"limits.agents: {wish.limits['agents']} has no effect, for subscribed_quantity ({bought}) in the account's custom_attributes"
            " overrides it; take that out."
        )
    if wish.limits.get("emails") is not None:
        said.append("limits.emails: a Chatwoot of one's own does not keep to it; only Chatwoot's cloud does.")
    if wish.limits and world.people and not any(person.enterprise for person in world.people):
        said.append(
            "limits: this Chatwoot is the edition without them (an image -ce, or DISABLE_ENTERPRISE), which keeps to none; take the image"
            " without -ce, they are only counted here."
        )
    return said
