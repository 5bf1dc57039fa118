# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan in words: what is done, in one sentence, and how it is taken back.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Leg, SwitchPlan, Wish


def actions(wish: Wish, plan: SwitchPlan) -> list[str]:
    """Say in order what an apply does."""
    if not plan.plan.changed:
        return []
    if plan.after is None:
        return [*(f"{change.kind} {change.name}" for change in plan.plan.changes), f"take the route of {wish.site} away"]
    lines = [f"gate {colour}" for colour in plan.gated]
    lines += [f"ask {url} for the maintenance page" for url in plan.new_pages]
    for leg in plan.legs:
        lines += _of_leg(wish, leg)
    return lines


def _of_leg(wish: Wish, leg: Leg) -> list[str]:
    lines = [f"{leg.change.kind} {leg.change.name}"] if leg.change else []
    if leg.watched and leg.after is not None:
        shares = ", ".join(f"{percent} % to {colour}" for colour, percent in leg.after.serving.items())
        lines.append(f"route {wish.site} to {leg.after.active}" if leg.after.canary is None else f"route {wish.site}: {shares}")
    lines.append("prove it")
    if leg.watched and wish.soak.seconds > 0:
        lines.append(f"soak for {wish.soak.seconds:g} s")
    return lines


def summary(wish: Wish, plan: SwitchPlan, *, preview: bool) -> str:
    """Say it in one sentence; a preview must not claim what it has not done."""
    before, after = plan.before, plan.after
    if not plan.plan.changed:
        what = f"{_serving(after)}, nothing to change" if after else "no route, as wished"
    elif after is None:
        what = "would remove the route" if preview else "route removed"
    elif before is None:
        what = f"would make the route, on {after.active}" if preview else f"route made, {after.active} serves"
    elif plan.switched:
        what = _switch(before, after, _percents(plan), preview=preview)
    elif before.serving != after.serving:
        what = _canary(before, after, preview=preview)
    elif (before.maintenance is None) is not (after.maintenance is None):
        what = _maintenance(after, preview=preview)
    else:
        what = f"{'would update the route' if preview else 'route updated'}, {_serving(after)} as before"
    return f"{wish.site}: {what}"


def _serving(route: Route) -> str:
    rest = "" if route.canary is None else f" with {route.serving[route.active]} %, {route.idle} with {route.canary} %"
    page = "" if route.maintenance is None else " behind the maintenance page"
    return f"{route.active} serves{rest}{page}"


def _percents(plan: SwitchPlan) -> str:
    steps = [str(leg.percent) for leg in plan.legs]
    return f" by steps of {', '.join(steps[:-1])} and {steps[-1]} %" if len(steps) > 1 else ""


def _switch(before: Route, after: Route, steps: str, *, preview: bool) -> str:
    verb = ("would roll back" if preview else "rolled back") if after.rolled_back else ("would switch" if preview else "switched")
    return f"{verb} from {before.active} to {after.active}{steps}"


def _canary(before: Route, after: Route, *, preview: bool) -> str:
    if after.canary is None:
        verb = "would take the canary back" if preview else "canary taken back"
        return f"{verb}, {after.active} serves all" + ("" if preview else " again")
    verb = "would send" if preview else "now sends"
    was = "" if before.canary is None else f" (was {before.canary} %)"
    return f"{verb} {after.canary} % of the visitors to {after.idle}{was}, the others stay on {after.active}"


def _maintenance(after: Route, *, preview: bool) -> str:
    if after.maintenance is None:
        return f"would end the maintenance, {after.active} serves" if preview else f"maintenance ended, {after.active} serves again"
    return f"{'would show' if preview else 'shows'} the maintenance page, {after.active} keeps running behind it"


def take_back(wish: Wish, plan: SwitchPlan) -> str | None:
    """Say what to type to get back to where it was, where visitors notice the change."""
    before, after = plan.before, plan.after
    if before is None or after is None or not plan.plan.changed:
        return None
    if plan.switched:
        return _command(wish, "rollback" if after.previous else f"switch -e bluegreen_target={before.active}")
    if before.serving != after.serving:
        return _command(wish, "rollback" if before.canary is None else f"canary -e bluegreen_canary_weight={before.canary}")
    if (before.maintenance is None) is not (after.maintenance is None):
        return _command(wish, f"maintenance -e bluegreen_maintenance={'on' if before.maintenance else 'off'}")
    return None


def _command(wish: Wish, what: str) -> str:
    return f"ansible-playbook bluegreen.orchestrator.{what} --limit {wish.site} -e dry_run=false"


def preview(route: Route) -> dict[str, Any] | None:
    """Tell where the idle colour can be seen; never the value of its header."""
    if route.preview is None:
        return None
    return {"colour": route.idle, "host": route.preview.host, "header": route.preview.header}
