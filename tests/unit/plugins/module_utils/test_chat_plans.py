# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans of a support desk have the figures of the price list (seed 002), written here as it writes them and read by nothing of ours."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans import PLANS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chat_plan import FIELDS, effective_plan, known_plans, limits_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError

# Without accents and the signs that ansible-test does not allow in a file; figures to the letter.
SOLD = """
### Starter Managed : 99 EUR/mois
- 1 agent support
- 1 000 conversations/mois
- Agent IA Doveaia inclus
- Support email
### Pro Managed : 149 EUR/mois (RECOMMANDE)
- 3 agents support
- 2 000 conversations/mois
- Agent IA + Handoff humain
- Support prioritaire
- Analytics avances
### Enterprise Managed : 499 EUR/mois
- Agents illimites
- Conversations illimitees
- SLA 99,9%
- Support 24/7
- Environnement dedie (si besoin)
"""
# Plan Managed (149 EUR/mois): what is in it.
MANAGED = """
- Chatwoot heberge et maintenu
- Agent IA integre (2 000 conversations/mois)
- Support prioritaire
- Backups quotidiens
- SSL inclus
- Personnalisation branding
- 500 EUR one-time (configuration initiale)
- OU Inclus si engagement 12 mois
"""
SELF_HOSTED = """
- **Installation + Integration** : 2 500 EUR one-time
- **Support annuel optionnel** : 500 EUR/an
- 1 jour setup Chatwoot chez client (infrastructure)
- 1 jour configuration webhook + agent
- 1 jour formation equipe client
- Documentation
"""
SUPPORT = {"Support email": "email", "Support prioritaire": "priority", "Support 24/7": "always"}


def sold() -> dict[str, tuple[str, int, list[str]]]:
    """The managed plans of the seed: title, price, what is in it."""
    found: dict[str, tuple[str, int, list[str]]] = {}
    for part in SOLD.split("### ")[1:]:
        head, *lines = part.strip().splitlines()
        title, price = re.fullmatch(r"(.+) : (\d+) EUR/mois.*", head).groups()  # type: ignore[union-attr]  # it is written above
        found[title.split()[0].lower()] = (title, int(price), [line.removeprefix("- ") for line in lines])
    return found


def number(lines: list[str], what: str) -> int | None:
    """The figure before a word; None where it is without limit."""
    for line in lines:
        found = re.fullmatch(rf"([\d ]+) {what}.*", line)
        if found:
            return int(found[1].replace(" ", ""))
    assert any(re.match(rf"{what}s? illimite", line, re.IGNORECASE) for line in lines), what
    return None


def test_the_managed_plans_are_those_of_the_price_list() -> None:
    assert list(PLANS) == [*sold(), "self_hosted"]
    for name, (title, price, lines) in sold().items():
        plan = PLANS[name]
        assert (plan["name"], plan["title"], plan["managed"]) == (name, title, True)
        assert plan["price"]["monthly_cents"] == price * 100
        assert plan["agents"] == number(lines, "agent")
        assert plan["conversations_per_month"] == number(lines, "conversation")
        assert plan["bot"] == {"included": True, "handoff": name != "starter"}
        assert plan["support"]["level"] == next(SUPPORT[line] for line in lines if line in SUPPORT)
        assert plan["availability"] == (9990 if "SLA 99,9%" in lines else None)
        assert plan["dedicated"] is ("Environnement dedie (si besoin)" in lines)
    assert [name for name, plan in PLANS.items() if plan["recommended"]] == ["pro"]
    # What is above another plan has what that has.
    assert [PLANS[name]["analytics"] for name in sold()] == [False, True, True]


def test_every_managed_plan_has_what_managed_means() -> None:
    assert MANAGED.count("\n- ") == 8
    for name in sold():
        plan = PLANS[name]
        assert (plan["backups"], plan["tls"], plan["branding"]) == ("daily", True, True)
        assert (plan["updates"], plan["monitoring"], plan["setup_days"]) == (True, True, None)
        price = plan["price"]
        assert (price["setup_cents"], price["setup_free_from_months"], price["yearly_support_cents"]) == (500_00, 12, None)
    # "2 000 conversations/mois" of the plan at 149.
    assert PLANS["pro"]["conversations_per_month"] == 2000


def test_self_hosted_is_sold_once_with_its_days() -> None:
    plan = PLANS["self_hosted"]
    figures = [int(found.replace(" ", "")) for found in re.findall(r": ([\d ]+) EUR", SELF_HOSTED)]
    price = plan["price"]
    assert [price["setup_cents"], price["yearly_support_cents"]] == [figure * 100 for figure in figures]
    assert (price["monthly_cents"], price["setup_free_from_months"], plan["managed"]) == (None, None, False)
    assert plan["setup_days"] == {"installation": 1, "integration": 1, "training": 1}
    assert SELF_HOSTED.count("1 jour") == 3
    assert plan["support"] == {"level": "yearly", "documentation": True}
    assert (plan["backups"], plan["updates"], plan["monitoring"], plan["tls"]) == (None, False, False, False)


def test_a_year_costs_what_the_seed_says() -> None:
    """1 788 EUR (149 x 12), and 2 500 EUR in the first year of one's own."""
    assert (PLANS["pro"]["price"]["monthly_cents"] or 0) * 12 == 1788_00


def test_a_plan_is_the_callers_own() -> None:
    plan = effective_plan("pro")
    plan["price"]["setup_cents"] = 1
    assert effective_plan("pro")["price"]["setup_cents"] == 500_00


def test_the_limits_are_what_the_module_takes() -> None:
    assert [limits_of(PLANS[name]) for name in PLANS] == [{"agents": 1}, {"agents": 3}, {"agents": None}, {"agents": None}]


def test_global_conf_changes_a_plan_and_adds_one() -> None:
    extra = {
        "starter": {"price": {"monthly": 89.5}},
        "team": {"based_on": "pro", "agents": 8, "price": {"monthly": "249", "setup_free_from_months": "none"}, "availability": 99.5},
        "own": {"based_on": "self_hosted", "title": "Chez vous", "price": {"yearly_support": "none"}},
        "big": {"based_on": "pro", "agents": "unlimited", "conversations_per_month": "unlimited"},
    }
    plans = known_plans(extra)
    assert list(plans) == [*PLANS, "team", "own", "big"]
    assert plans["starter"] == {**PLANS["starter"], "price": {**PLANS["starter"]["price"], "monthly_cents": 8950}}
    team = plans["team"]
    assert (team["name"], team["title"], team["recommended"], team["agents"], team["availability"]) == ("team", "Team", False, 8, 9950)
    assert (team["price"]["monthly_cents"], team["price"]["setup_free_from_months"]) == (24900, None)
    assert (plans["own"]["title"], plans["own"]["price"]["yearly_support_cents"]) == ("Chez vous", None)
    assert (plans["big"]["agents"], plans["big"]["conversations_per_month"]) == (None, None)
    assert PLANS["starter"]["price"]["monthly_cents"] == 9900


REFUSED: list[tuple[Any, str]] = [
    ("gold", "plans_extra: 'gold' is not a dictionary"),
    ({"Gold": {}}, "plans_extra.Gold: 'Gold' cannot be a plan's name"),
    ({7: {}}, "plans_extra.7: 7 cannot be a plan's name"),
    ({"gold": 7}, "plans_extra.gold: 7 is not a dictionary"),
    (
        {"gold": {}},
        "plans_extra.gold.based_on: a new plan says on which one it is based; write one of starter, pro, enterprise, self_hosted",
    ),
    ({"gold": {"based_on": "silver"}}, "plans_extra.gold.based_on: 'silver' is no plan of the catalog"),
    ({"gold": {"based_on": ["pro"]}}, "plans_extra.gold.based_on: ['pro'] is no plan"),
    ({"pro": {"agent": 3}}, "plans_extra.pro.agent: is not known here; there are agents, analytics, audience"),
    ({"pro": {"price": 3}}, "plans_extra.pro.price: 3 is not a dictionary; it has monthly, setup"),
    (
        {"pro": {"price": {"yearly": 3}}},
        "plans_extra.pro.price.yearly: is not known here; there are monthly, setup, setup_free_from_months",
    ),
    ({"pro": {"agents": 0}}, "plans_extra.pro.agents: 0 is not enough; write 1 or more, or unlimited"),
    ({"pro": {"agents": "many"}}, "plans_extra.pro.agents: 'many' is not a whole number"),
    ({"pro": {"agents": True}}, "plans_extra.pro.agents: True is not a whole number"),
    ({"pro": {"price": {"monthly": "-1"}}}, "plans_extra.pro.price.monthly: '-1' is not a price; write for example 149.99"),
    ({"pro": {"price": {"monthly": "none"}}}, "plans_extra.pro.price.monthly: pro is managed; give a price"),
    (
        {"self_hosted": {"price": {"monthly": 3}}},
        "plans_extra.self_hosted.price.monthly: self_hosted is not managed; write none, or base it on",
    ),
    ({"pro": {"bot": {"included": False}}}, "plans_extra.pro.bot.handoff: there is no bot that could hand over"),
    ({"pro": {"availability": 101}}, "plans_extra.pro.availability: 101 is not an availability in percent"),
    ({"pro": {"analytics": "yes"}}, "plans_extra.pro.analytics: 'yes' is not true or false"),
]


@pytest.mark.parametrize(("extra", "said"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_cannot_be_a_plan_is_refused(extra: Any, said: str) -> None:
    with pytest.raises(InputError) as found:
        known_plans(extra)
    assert said in found.value.sentence
    assert found.value.sentence.endswith(".")


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as found:
        known_plans({"pro": {"agents": 0, "x": 1}, "gold": {}})
    assert len(found.value.facts["problems"]) == 3


@pytest.mark.parametrize("name", ["gold", None, 7, ["pro"]])
def test_a_plan_that_nobody_sells_is_refused(name: Any) -> None:
    with pytest.raises(InputError, match="is no plan; there are starter, pro, enterprise, self_hosted, and desk_plans_extra can add one"):
        effective_plan(name, option="desk_plan", extra_option="desk_plans_extra")


def test_every_field_is_one_of_a_plan() -> None:
    for field in FIELDS:
        place: Any = PLANS["pro"]
        for key in field.path[:-1]:
            place = place[key]
        assert (field.key or field.path[-1]) in place, field.path
