# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client's account in Chatwoot, as its plan allows it: what chatwoot_tenant is given.

PRIVATE: for this collection's own plugins, not a public interface.

The shape of people, inboxes and webhooks is that module's to check. Here is only what a plan says of them. No token comes here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans import PLANS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans.model import ChatPlan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chat_plan import effective_plan, limits_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import dictionary, entries

# The agency's administrator, by whose token the account is held. Chatwoot counts people of any role.
OURS = 1
# What is held in an account, of the role's variables.
HELD = ("administrator", "agents", "bot", "inboxes", "webhooks", "features")


def plan_of(given: Mapping[str, Any]) -> ChatPlan:
    """Return the plan that the client has bought.

    Raises:
        InputError: there is no such plan.
    """
    if not given.get("plan"):
        raise InputError("chatwoot_plan: not given; write what the client has bought, for example chatwoot_plan: pro.")
    return effective_plan(given["plan"], given.get("plans_extra"), option="chatwoot_plan", extra_option="chatwoot_plans_extra")


def account_of(given: Mapping[str, Any], *, managed: bool) -> dict[str, Any]:
    """Return limits and features of the account.

    Args:
        given: ``plan``, ``plans_extra``, and ``HELD``, as the role has them.
        managed: whether it is for a Chatwoot of ours, or the client's own.

    Returns:
        ``limits`` and ``features`` as chatwoot_tenant takes them.

    Raises:
        InputError: the plan does not have that.
    """
    plan = plan_of(given)
    if plan["managed"] is not managed:
        raise InputError(_other_playbook(plan))
    features = features_of(plan, given.get("features"))
    for name in ("inboxes", "webhooks", "purge"):
        entries(given.get(name), f"chatwoot_{name}")
    agents = entries(given.get("agents"), "chatwoot_agents")
    if plan["agents"] is not None and len(agents) > plan["agents"]:
        raise InputError(
            f"chatwoot_agents: {len(agents)} are named, and the plan {plan['name']} has {plan['agents']}; take some out, or sell a larger"
            " plan."
        )
    if dictionary(given.get("bot"), "chatwoot_bot") and not plan["bot"]["included"]:
        raise InputError(f"chatwoot_bot: the plan {plan['name']} has no bot; take it out, or sell a plan that has one.")
    if managed and not dictionary(given.get("administrator"), "chatwoot_administrator").get("email"):
        raise InputError(
            "chatwoot_administrator: not given, and what is in the account is made by the token of its administrator; write the agency's"
            " address, for example chatwoot_administrator: {email: desk@agency.example}."
        )
    return {"limits": limits_of(plan, ours=OURS) if managed else {}, "features": features}


def refuse_without_token(given: Mapping[str, Any], *, token: bool) -> None:
    """Check what is said of the account of a Chatwoot of ours; without a token nobody can hold it.

    Raises:
        InputError: something cannot be, or could not be done.
    """
    if token:
        account_of(given, managed=True)
        return
    idle = [f"chatwoot_{name}" for name in HELD if given.get(name)]
    if idle:
        raise InputError(
            f"chatwoot_platform_token: not given, and {', '.join(idle)} cannot be held without it; give one from a vault, or take"
            f" {'that' if len(idle) == 1 else 'these'} out."
        )


def _other_playbook(plan: ChatPlan) -> str:
    if plan["managed"]:
        return f"chatwoot_plan: in the plan {plan['name']} we run Chatwoot; use the playbook chatwoot_managed."
    return f"chatwoot_plan: in the plan {plan['name']} the client runs Chatwoot; use the playbook chatwoot_self_hosted."


def features_of(plan: ChatPlan, given: object) -> dict[str, bool]:
    """Read what a client switches.

    Raises:
        InputError: its plan does not have that, or it is neither on nor off.
    """
    said = dictionary(given, "chatwoot_features")
    for name, value in said.items():
        if name not in plan["features"]:
            raise InputError(
                f"chatwoot_features: {quoted(name)} is not the client's to switch in the plan {plan['name']}; {_where(plan, name)}"
            )
        if not isinstance(value, bool):
            raise InputError(f"chatwoot_features.{name}: {quoted(value)} is neither true nor false; write one of them, without quotes.")
    return {str(name): bool(value) for name, value in sorted(said.items())}


def _where(plan: ChatPlan, name: str) -> str:
    # The catalog's order is that of sizes.
    larger = [other for other, one in PLANS.items() if name in one["features"]]
    if larger:
        return f"it is from {larger[0]} on, so take it out, or sell that plan."
    return f"there are {', '.join(plan['features'])}." if plan["features"] else "there is none, for Chatwoot is the client's own."
