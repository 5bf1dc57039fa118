# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan of a support desk is made of, and in which units.

PRIVATE: for this collection's own plugins, not a public interface.

Units are those of the tiers: money in cents, an availability in basis points (9990 = 99.9 %), whole numbers throughout.
None means that nothing bounds it: unlimited, not sold, not promised. 0 means none of it.
"""

from __future__ import annotations

from typing import Literal, TypedDict


class PlanPrice(TypedDict):
    """What it costs, without tax.

    Keys:
        currency: of all of them.
        monthly_cents: a month of a managed plan; None for one that is not managed.
        setup_cents: once, at the beginning.
        setup_free_from_months: a commitment of so many months includes the setup; None where none does.
        yearly_support_cents: a year of support for one that is not managed, which the client may leave out; None where support is included.
    """

    currency: str
    monthly_cents: int | None
    setup_cents: int
    setup_free_from_months: int | None
    yearly_support_cents: int | None


class PlanBot(TypedDict):
    """The bot that answers first, and whether it hands over to people."""

    included: bool
    handoff: bool


class PlanSupport(TypedDict):
    """How the client reaches us, and how soon: ``always`` is day and night."""

    level: Literal["email", "priority", "always", "yearly"]
    documentation: bool


class PlanDays(TypedDict):
    """Days of work that the setup holds, where they are sold by the day."""

    installation: int
    integration: int
    training: int


class ChatPlan(TypedDict):
    """One plan.

    Keys:
        name: how it is called in variables.
        title: under which it is sold.
        audience: for whom, in the seed's words.
        managed: whether Chatwoot is ours to run; otherwise the client's.
        recommended: whether it is the one that is offered first.
        price: what it costs.
        agents: how many people may be in the account.
        conversations_per_month: how many are included.
        bot: the bot.
        analytics: whether reports beyond Chatwoot's own are included.
        features: names of Chatwoot's features that the client may switch on and off.
        support: how the client reaches us.
        availability: promised, in basis points.
        dedicated: whether an environment of its own is to be had.
        backups: how often what it holds is saved.
        monitoring, updates, tls, branding: whether that is ours to do.
        setup_days: days of work in the setup.
    """

    name: str
    title: str
    audience: str
    managed: bool
    recommended: bool
    price: PlanPrice
    agents: int | None
    conversations_per_month: int | None
    bot: PlanBot
    analytics: bool
    features: tuple[str, ...]
    support: PlanSupport
    availability: int | None
    dedicated: bool
    backups: Literal["daily"] | None
    monitoring: bool
    updates: bool
    tls: bool
    branding: bool
    setup_days: PlanDays | None
