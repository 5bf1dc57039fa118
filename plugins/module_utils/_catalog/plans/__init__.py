# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans of a support desk, as data.

PRIVATE: for this collection's own plugins, not a public interface.

Source: the product owner's models of business for Chatwoot (seed 002). What it leaves open or contradicts is decided in ADR-0020;
``model`` says what each key means and in which unit.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans.features import EVERYBODY, FROM_ENTERPRISE, FROM_PRO
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans.model import ChatPlan, PlanPrice

# Of every managed plan: 500 EUR once, included with a commitment of 12 months.
_SETUP_CENTS: Final = 50000
_SETUP_FREE_FROM_MONTHS: Final = 12


def _managed_price(monthly_cents: int) -> PlanPrice:
    return {
        "currency": "EUR",
        "monthly_cents": monthly_cents,
        "setup_cents": _SETUP_CENTS,
        "setup_free_from_months": _SETUP_FREE_FROM_MONTHS,
        "yearly_support_cents": None,
    }


# Percent of the conversations of a month from which it is told, told louder, and called over. Issue 6 has them; those of tenants' quotas,
# which happen to be the same, are in tiers/common.py.
MARKS: Final = (80, 95, 100)

# The managed ones from the smallest to the largest: a change along this order is an upgrade. What is not managed stands last.
PLANS: Final[dict[str, ChatPlan]] = {
    "starter": {
        "name": "starter",
        "title": "Starter Managed",
        "audience": "Petites boutiques e-commerce, startups",
        "managed": True,
        "recommended": False,
        "price": _managed_price(9900),
        "agents": 1,
        "conversations_per_month": 1000,
        "bot": {"included": True, "handoff": False},
        "analytics": False,
        "features": EVERYBODY,
        "support": {"level": "email", "documentation": False},
        "availability": None,
        "dedicated": False,
        "backups": "daily",
        "monitoring": True,
        "updates": True,
        "tls": True,
        "branding": True,
        "setup_days": None,
    },
    "pro": {
        "name": "pro",
        "title": "Pro Managed",
        "audience": "PME, ETI",
        "managed": True,
        "recommended": True,
        "price": _managed_price(14900),
        "agents": 3,
        "conversations_per_month": 2000,
        "bot": {"included": True, "handoff": True},
        "analytics": True,
        "features": FROM_PRO,
        "support": {"level": "priority", "documentation": False},
        "availability": None,
        "dedicated": False,
        "backups": "daily",
        "monitoring": True,
        "updates": True,
        "tls": True,
        "branding": True,
        "setup_days": None,
    },
    "enterprise": {
        "name": "enterprise",
        "title": "Enterprise Managed",
        "audience": "Grands comptes",
        "managed": True,
        "recommended": False,
        "price": _managed_price(49900),
        "agents": None,
        "conversations_per_month": None,
        "bot": {"included": True, "handoff": True},
        "analytics": True,
        "features": FROM_ENTERPRISE,
        "support": {"level": "always", "documentation": False},
        "availability": 9990,
        "dedicated": True,
        "backups": "daily",
        "monitoring": True,
        "updates": True,
        "tls": True,
        "branding": True,
        "setup_days": None,
    },
    "self_hosted": {
        "name": "self_hosted",
        "title": "Self-Hosted Client",
        "audience": "Grands comptes, secteurs réglementés, équipes IT matures",
        "managed": False,
        "recommended": False,
        "price": {
            "currency": "EUR",
            "monthly_cents": None,
            "setup_cents": 250000,
            "setup_free_from_months": None,
            "yearly_support_cents": 50000,
        },
        "agents": None,
        "conversations_per_month": None,
        "bot": {"included": True, "handoff": False},
        "analytics": False,
        "features": (),
        "support": {"level": "yearly", "documentation": True},
        "availability": None,
        "dedicated": True,
        "backups": None,
        "monitoring": False,
        "updates": False,
        "tls": False,
        "branding": False,
        "setup_days": {"installation": 1, "integration": 1, "training": 1},
    },
}
