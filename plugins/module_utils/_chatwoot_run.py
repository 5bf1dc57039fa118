# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's support desk from start to end, in preview and in apply.

PRIVATE: for this collection's own plugins, not a public interface.

Knows no ``AnsibleModule``: the module and the action plugin call the same ``run``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_world
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import DeskWish, connection_of, may_be_to_come, wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_bot import is_suspended, suspension_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_hands import Hands
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import Connection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_plan import DeskPlan, plan_desk, plan_removal
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_server import why_nothing_is_there
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_world import World
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import counts

# Seconds for everything but the wait for a deletion.
DEADLINE = 300.0


def run(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Bring a tenant's support desk to what the options say, or tell what that would change.

    Args:
        params: the options of ``CHATWOOT_TENANT_SPEC``, validated.
        check_mode: whether to read only.

    Returns:
        The module's result; ``warnings`` is a list of sentences.

    Raises:
        BlueGreenError: nothing was changed, or its facts say what was.
    """
    to_come = check_mode and may_be_to_come(params)
    wish = wish_of(params, without_token=to_come)
    connection = connection_of(params)
    connection.deadline = DEADLINE + wish.wait_seconds
    try:
        if to_come:
            why = why_nothing_is_there(connection)
            if why is not None:
                return _preview_of_a_new_one(connection, wish, why)
            # It is there, so its token must be.
            wish = wish_of(params)
        world = _chatwoot_world.read(connection, wish)
        plan = plan_removal(world, wish) if wish.state == "absent" else plan_desk(world, wish)
        result = _result(world, wish, plan, preview=check_mode)
        if not check_mode:
            hands = Hands(connection, world, wish)
            hands.execute(plan.steps)
            result["account_id"] = hands.account
            result["warnings"] += hands.warnings
            result["opened"] = hands.opened
        result["requests"] = dict(sorted(connection.requests.items()))
        return result
    finally:
        connection.close()


def _preview_of_a_new_one(connection: Connection, wish: DeskWish, why: str) -> dict[str, Any]:
    """Where nothing of a Chatwoot answers yet, nothing is in it: what comes is what a new account takes."""
    world = World(None, "blank")
    result = _result(world, wish, plan_desk(world, wish), preview=True)
    result["warnings"].append(
        f"server_to_come: no Chatwoot answers at {connection.url} yet ({why}), so this is the plan of a new account in a new Chatwoot;"
        " where there is one that is only away, preview again when it is back."
    )
    return {**result, "requests": dict(sorted(connection.requests.items()))}


def _result(world: World, wish: DeskWish, plan: DeskPlan, *, preview: bool) -> dict[str, Any]:
    whole = plan.whole
    account = world.account
    status = bot_status = None
    if wish.state == "present":
        status = wish.status or (account.status if account else "active")
        if wish.by_platform:
            # Where nothing inside could be done, what was there is there still.
            is_done = world.inside in ("read", "blank", "not asked for")
            suspended = is_suspended(world.attributes, wish) if is_done else suspension_of(world.attributes) is not None
            bot_status = "suspended" if suspended else "active"
    return {
        "changed": whole.changed,
        "actions": whole.actions(),
        "diff": whole.diff(),
        "digest": whole.digest(),
        "tenant": wish.tenant,
        "account_id": account.id if account else None,
        "status": status,
        "bot_status": bot_status,
        "opened": sum(step.after["opened"] for step in plan.steps if step.after and step.call == "open_pending"),
        "inside": world.inside,
        "summary": f"{wish.tenant}: {_summary(world, wish, plan, preview=preview)}",
        "warnings": list(plan.warnings),
    }


def _summary(world: World, wish: DeskWish, plan: DeskPlan, *, preview: bool) -> str:
    if wish.state == "absent":
        if world.account is None:
            return "there is no account"
        return f"account {world.account.id} {'would be' if preview else 'is'} deleted"
    if not plan.steps and world.inside == "suspended":
        return "the account is as it should be; it is suspended, so what is in it was not looked at"
    if not plan.steps:
        return "the support desk is as it should be"
    return f"the support desk: {counts((step.action for step in plan.steps), preview=preview)}"
