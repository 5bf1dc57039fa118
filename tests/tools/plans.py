# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/reference/plans.md, the plans of support desks side by side and what GLOBAL conf may say of them, from the catalog.

python -m tests.tools.plans          write it (make docs does)
python -m tests.tools.plans --check  say whether it is current (the unit tests do)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans import PLANS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans.model import ChatPlan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chat_plan import FIELDS
from tests.tools.pages import ROOT, write_or_check
from tests.tools.tiers import MARKUP

PAGE = ROOT / "docs" / "reference" / "plans.md"

HEAD = """# The plans of support desks

Made by `make docs` from the catalog (`plugins/module_utils/_catalog/plans/`); do not edit it by hand. What the price list leaves open or
contradicts is decided in [ADR 0020](../adr/0020-reading-the-seed-of-support-desks.md).
"""

FIELDS_HEAD = """
## What GLOBAL conf may say

A dictionary of plans by name changes one of the catalog, or adds one that says which it is `based_on`. What is impossible or unknown is
refused before anything is changed, all of it at once.

| key | meaning |
| --- | --- |
"""


def money(cents: int | None, none: str) -> str:
    """Cents as a price."""
    return none if cents is None else f"{cents / 100:.2f} EUR"


def yes(value: Any) -> str:
    """Whether it is so."""
    return "yes" if value else "no"


def setup(plan: ChatPlan) -> str:
    """The beginning."""
    price, months = money(plan["price"]["setup_cents"], ""), plan["price"]["setup_free_from_months"]
    return f"{price}, included with {months} months" if months else price


def count(value: int | None) -> str:
    """A figure, or none."""
    return "unlimited" if value is None else f"{value:,}"


def bot(plan: ChatPlan) -> str:
    """What answers first."""
    found = plan["bot"]
    return "hands over to people" if found["handoff"] else "included" if found["included"] else "none"


def days(plan: ChatPlan) -> str:
    """Days of work in the setup."""
    found = plan["setup_days"]
    return ", ".join(f"{value} {name}" for name, value in found.items()) if found else "not sold by the day"


SUPPORT = {"email": "by mail", "priority": "with priority", "always": "day and night", "yearly": "by the year"}
ROWS: tuple[tuple[str, Callable[[ChatPlan], str]], ...] = (
    ("name in variables", lambda plan: f"`{plan['name']}`"),
    ("for whom (as sold, in French)", lambda plan: plan["audience"]),
    ("run by", lambda plan: "us" if plan["managed"] else "the client"),
    ("offered first", lambda plan: yes(plan["recommended"])),
    ("a month", lambda plan: money(plan["price"]["monthly_cents"], "not managed")),
    ("the beginning", setup),
    ("a year of support", lambda plan: money(plan["price"]["yearly_support_cents"], "included")),
    ("days in the setup", days),
    ("people in the account", lambda plan: count(plan["agents"])),
    ("conversations a month", lambda plan: count(plan["conversations_per_month"])),
    ("bot", bot),
    ("reports beyond Chatwoot's own", lambda plan: yes(plan["analytics"])),
    ("features that the client switches", lambda plan: ", ".join(f"`{name}`" for name in plan["features"]) or "its own affair"),
    ("support", lambda plan: SUPPORT[plan["support"]["level"]]),
    ("availability", lambda plan: "not promised" if plan["availability"] is None else f"{plan['availability'] / 100:g} %"),
    ("environment of its own", lambda plan: yes(plan["dedicated"])),
    ("backups by us", lambda plan: plan["backups"] or "none"),
    ("monitoring, updates, TLS, look by us", lambda plan: yes(plan["monitoring"] and plan["updates"] and plan["tls"] and plan["branding"])),
)


def page() -> str:
    """The whole document."""
    plans = list(PLANS.values())
    lines = [f"|  | {' | '.join(plan['title'] for plan in plans)} |", f"| --- |{' --- |' * len(plans)}"]
    lines += [f"| {name} | {' | '.join(cell(plan) for plan in plans)} |" for name, cell in ROWS]
    fields = "".join(f"| `{'.'.join(field.path)}` | {MARKUP.sub(chr(96), field.says)} |\n" for field in FIELDS)
    return f"{HEAD}\n" + "\n".join(lines) + f"\n{FIELDS_HEAD}{fields}"


if __name__ == "__main__":
    write_or_check(PAGE, page, "The table of the plans.")
