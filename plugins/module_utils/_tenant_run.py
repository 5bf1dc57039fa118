# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's envelope from start to end, in preview and in apply.

PRIVATE: for this collection's own plugins, not a public interface.

Knows no ``AnsibleModule``: the module and the action plugin call the same ``run``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_use, _tenant_world
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_words as words
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import opened
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_steps import execute, validate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TenantWish, wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fleet import Fleet, NotReadError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_plan import (
    TenantPlan,
    plan_removal,
    plan_tenant,
    refuse_strangers,
    shrinking_namespaces,
    superfluous,
    why_it_stays,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import Reader, World


def run(params: Mapping[str, Any], *, check_mode: bool, fleet: Fleet | None = None) -> dict[str, Any]:
    """Bring a tenant's envelope to what the options say, or tell what that would change.

    Args:
        params: the options of ``TIER_QUOTA_SPEC``, validated.
        check_mode: whether to read only.
        fleet: what the hosts of this task read together, None for a host by itself.

    Returns:
        The module's result; ``warnings`` is a list of sentences.

    Raises:
        BlueGreenError: nothing was changed, or its facts say what was.
    """
    wish = wish_of(params)
    unchanged = _unchanged(wish, params, fleet, check_mode=check_mode)
    if unchanged is not None:
        return {**unchanged, "requests": {}}
    with opened(params) as access:
        api = Api(access, timeout=params["request_timeout"])
        result, plan = _planned(wish, api, check_mode=check_mode)
        if not check_mode:
            if fleet is not None and plan.steps:
                fleet.forget(params, wish.envelope.tenant)
            _execute(api, plan, wish)
        elif wish.validate_on_server:
            result["warnings"] += validate(api, plan.steps)
    result["requests"] = dict(sorted(api.requests.items()))
    return result


def _unchanged(wish: TenantWish, params: Mapping[str, Any], fleet: Fleet | None, *, check_mode: bool) -> dict[str, Any] | None:
    """Return the result where what the hosts read together says that nothing is to change; None where it does not."""
    snapshot = fleet.snapshot(params, wish.envelope.tenant) if fleet is not None and wish.state == "present" else None
    if snapshot is None:
        return None
    try:
        result, plan = _planned(wish, snapshot, check_mode=check_mode)
    except (BlueGreenError, NotReadError):
        # Said by who reads it anew, if it is still so.
        return None
    return None if plan.steps or result["blockers"] else result


def _planned(wish: TenantWish, api: Reader, *, check_mode: bool) -> tuple[dict[str, Any], TenantPlan]:
    """Read and plan: the same in preview and apply, refusals included."""
    envelope = wish.envelope
    shrinking: list[str] = []
    if wish.state == "absent":
        world = World(_tenant_world.read_namespaces(api, envelope))
        plan = plan_removal(envelope, world)
        going = [step.name for step in plan.steps]
    else:
        world = _tenant_world.read(api, envelope)
        refuse_strangers(envelope, world, take_over=wish.take_over)
        going = superfluous(envelope, world)
        shrinking = shrinking_namespaces(envelope, world)
        _tenant_world.look_at_use(api, world, shrinking)
    _tenant_world.look_at_workloads(api, world, going)
    found = _tenant_use.blockers(wish, world, shrinking, going)
    if found and (wish.reason is None or (any(one.loses for one in found) and not wish.delete_data)):
        raise RefusedError(words.refusal(wish, found), blockers=[one.public() for one in found], changed=False)
    if wish.state == "present":
        plan = plan_tenant(envelope, world, reason=wish.reason if found else None, take_over=wish.take_over)
    result = words.result(wish, world, plan, preview=check_mode)
    result["blockers"] = [one.public() for one in found]
    return result, plan


def _execute(api: Api, plan: TenantPlan, wish: TenantWish) -> None:
    execute(api, plan.steps)
    deleted = [step.name for step in plan.steps if step.action == "delete" and step.kind is kinds.NAMESPACE]
    awaited = (*deleted, *plan.going)
    # Each has its own time.
    api.deadline += wish.wait_seconds * len(awaited)
    try:
        for name in awaited:
            _await_gone(api, name, wish.wait_seconds)
    except BlueGreenError as error:
        done = [f"{step.action} {step.title()}" for step in plan.steps]
        raise BlueGreenError(error.sentence, **{**error.facts, "done": done, "changed": bool(done)}) from None


def _await_gone(api: Api, namespace: str, seconds: int) -> None:
    """Wait for a namespace to go; the server empties it in the background."""
    until = time.monotonic() + seconds
    while True:
        found = api.get(kinds.NAMESPACE, None, namespace)
        if found is None:
            return
        if time.monotonic() > until:
            raise RefusedError(f"namespace {namespace} is still being deleted after {seconds} s{why_it_stays(found)}; see what keeps it.")
        time.sleep(0.5)
