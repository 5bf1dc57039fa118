# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that a support desk really has: the catalog, and what GLOBAL conf changes in it.

PRIVATE: for this collection's own plugins, not a public interface.

    plan = effective_plan("pro", plans_extra)
    plan["agents"]                     3
    limits_of(plan)                    {"agents": 3}: what chatwoot_tenant takes

What comes back is a ``ChatPlan`` (``_catalog/plans/model.py`` says each key and the units), complete, checked and the caller's own copy.
``plans_extra`` is a dictionary of plans by name: one of the catalog is changed, any other is new and says on which one it is ``based_on``.
Whatever is wrong is said at once, in one InputError whose ``facts["problems"]`` has one sentence each.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final, cast

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans import PLANS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans.model import ChatPlan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier_fields import (
    Field,
    basis_points,
    flag,
    line,
    money,
    names,
    whole,
)

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")

# What GLOBAL conf may say. Who answers and what is sold along with it is the catalog's alone.
FIELDS: Final[tuple[Field, ...]] = (
    Field(("title",), line, "The name under which it is sold."),
    Field(("audience",), line, "For whom it is."),
    Field(("recommended",), flag, "Whether it is the one that is offered first."),
    Field(("price", "monthly"), money, "Price of a month; C(none) where it is not managed.", none="none", key="monthly_cents"),
    Field(("price", "setup"), money, "Price of the beginning.", key="setup_cents"),
    Field(
        ("price", "setup_free_from_months"),
        whole,
        "A commitment of so many months includes the setup; C(none) where none does.",
        none="none",
        least=1,
        most=120,
    ),
    Field(("price", "yearly_support"), money, "A year of support for one that is not managed.", none="none", key="yearly_support_cents"),
    Field(("agents",), whole, "How many people may be in the account.", none="unlimited", least=1, most=100_000),
    Field(("conversations_per_month",), whole, "How many are included.", none="unlimited", least=1),
    Field(("bot", "included"), flag, "Whether a bot answers first."),
    Field(("bot", "handoff"), flag, "Whether it hands over to people."),
    Field(("analytics",), flag, "Whether reports beyond Chatwoot's own are included."),
    Field(("features",), names, "Features of Chatwoot that the client may switch on and off, all of them."),
    Field(("availability",), basis_points, "Promised, in percent; C(none) where none is.", none="none"),
    Field(("dedicated",), flag, "Whether an environment of its own is to be had."),
    Field(("branding",), flag, "Whether the look of the client is ours to set."),
)
_BY_PATH: Final = {field.path: field for field in FIELDS}


def effective_plan(name: object, plans_extra: object = None, *, option: str = "plan", extra_option: str = "plans_extra") -> ChatPlan:
    """Return the plan of one desk.

    Args:
        name: the plan that was bought.
        plans_extra: plans that GLOBAL conf changes or adds, by name.
        option: what the caller's user calls ``name``, for the sentences.
        extra_option: what ``plans_extra`` is called.

    Raises:
        InputError: a plan nobody knows, or values that cannot work; all of them at once.
    """
    plans = known_plans(plans_extra, extra_option)
    found = plans.get(name) if isinstance(name, str) else None
    if found is None:
        raise InputError(f"{option}: {quoted(name)} is no plan; there are {', '.join(plans)}, and {extra_option} can add one.")
    return copy.deepcopy(found)


def known_plans(plans_extra: object = None, extra_option: str = "plans_extra") -> dict[str, ChatPlan]:
    """Return all plans by name, those of the catalog first, and check every one that ``plans_extra`` changes or adds.

    Raises:
        InputError: values that cannot work; all of them at once.
    """
    if plans_extra is not None and not isinstance(plans_extra, Mapping):
        raise InputError(
            f"{extra_option}: {quoted(plans_extra)} is not a dictionary; write for example {{team: {{based_on: pro, agents: 5}}}}."
        )
    plans, problems = dict(PLANS), list[str]()
    for name, given in (plans_extra or {}).items():
        where = f"{extra_option}.{name}"
        base = _base(name, given, where, problems)
        if base is not None:
            plans[name] = _changed(name, PLANS[base], given, where, problems)
    if problems:
        raise InputError(" ".join(problems), problems=problems)
    return plans


def base_of(name: str, plans_extra: object = None) -> str:
    """Return the plan of the catalog that says of a plan what ``plans_extra`` cannot: the one that it is based on, else itself."""
    given = plans_extra.get(name) if isinstance(plans_extra, Mapping) else None
    return str((given or {}).get("based_on") or name)


def limits_of(plan: ChatPlan, *, ours: int = 0) -> dict[str, int | None]:
    """Return the limits of an account with this plan, as chatwoot_tenant takes them; None takes a limit away.

    Args:
        plan: what was bought.
        ours: how many of the agency's people are in the account, whom the client has not bought.
    """
    return {"agents": None if plan["agents"] is None else plan["agents"] + ours}


def _base(name: Any, given: Any, where: str, problems: list[str]) -> str | None:
    """Say on which plan one is based; None after a problem."""
    names = ", ".join(PLANS)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        problems.append(f"{where}: {quoted(name)} cannot be a plan's name; write lower-case letters, digits and underscores, 63 at most.")
    elif not isinstance(given, Mapping):
        problems.append(f"{where}: {quoted(given)} is not a dictionary; write for example {{based_on: pro, agents: 5}}.")
    elif (base := given.get("based_on") or (name if name in PLANS else None)) is None:
        problems.append(f"{where}.based_on: a new plan says on which one it is based; write one of {names}.")
    elif not isinstance(base, str) or base not in PLANS:
        problems.append(f"{where}.based_on: {quoted(base)} is no plan of the catalog; write one of {names}.")
    else:
        return base
    return None


def _changed(name: str, base: ChatPlan, given: Mapping[Any, Any], where: str, problems: list[str]) -> ChatPlan:
    plan = copy.deepcopy(cast(dict[str, Any], base))
    plan["name"] = name
    if name not in PLANS:
        plan["title"] = name.replace("_", " ").capitalize()
        plan["recommended"] = False
    _walk({key: value for key, value in given.items() if key != "based_on"}, plan, (), where, problems)
    managed, price = plan["managed"], plan["price"]
    if managed is (price["monthly_cents"] is None):
        remedy = "give a price" if managed else "write none, or base it on a plan that is managed"
        problems.append(f"{where}.price.monthly: {base['name']} is {'managed' if managed else 'not managed'}; {remedy}.")
    if plan["bot"]["handoff"] and not plan["bot"]["included"]:
        problems.append(f"{where}.bot.handoff: there is no bot that could hand over; write bot: {{included: true}}, or no handoff.")
    return cast(ChatPlan, plan)


def _walk(given: Mapping[Any, Any], into: dict[str, Any], path: tuple[str, ...], where: str, problems: list[str]) -> None:
    for key, value in given.items():
        here, option = (*path, str(key)), f"{where}.{key}"
        field = _BY_PATH.get(here)
        below = sorted({one.path[len(here)] for one in FIELDS if one.path[: len(here)] == here and len(one.path) > len(here)})
        if field is not None:
            try:
                into[field.key or here[-1]] = field.value(value, option)
            except InputError as error:
                problems.append(error.sentence)
        elif below and isinstance(value, Mapping):
            _walk(value, into[here[-1]], here, option, problems)
        elif below:
            problems.append(f"{option}: {quoted(value)} is not a dictionary; it has {', '.join(below)}.")
        else:
            known = sorted({one.path[len(path)] for one in FIELDS if one.path[: len(path)] == path})
            problems.append(f"{option}: is not known here; there are {', '.join(known)}.")
