# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary: part of the visitors on the idle colour, to stay there or on the way to a switch.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route

# Each is a change of its own that is proven and watched; more would be a slope, not steps.
MOST_STEPS = 20


@dataclass(frozen=True)
class CanaryWish:
    """How much of the visitors the idle colour is to get.

    Attributes:
        weight: percent, to stay there; 0 ends the canary; None with steps.
        steps: percents on the way to a switch.
    """

    weight: int | None = None
    steps: tuple[int, ...] = ()


def check_canary(wish: CanaryWish, target: str) -> None:
    """Refuse a canary that is none, or that says two things.

    Raises:
        InputError: naming the option and the value.
    """
    if (wish.weight is None) is (not wish.steps):
        which = "neither weight nor steps is given" if wish.weight is None else "weight and steps are both given"
        raise InputError(f"canary: {which}; give weight to stay there, or steps to go on to the target.")
    if wish.weight == 100 or 100 in wish.steps:
        raise InputError("canary: 100 percent is not a canary, it is a switch: give target, and steps below 100 if you like.")
    if wish.weight is not None and not 0 <= wish.weight <= 99:
        raise InputError(f"canary.weight: {wish.weight} is not a percentage between 0 (no canary) and 99; give one of those.")
    if wish.weight and target == "previous":
        raise InputError("canary.weight: target 'previous' takes a canary back, and weight asks for one; give one of the two.")
    if wish.steps:
        _check_steps(wish.steps, target)


def _check_steps(steps: tuple[int, ...], target: str) -> None:
    if not all(1 <= step <= 99 for step in steps) or list(steps) != sorted(set(steps)) or len(steps) > MOST_STEPS:
        raise InputError(
            f"canary.steps: {', '.join(map(str, steps[: MOST_STEPS + 1]))} are not percentages between 1 and 99, each above the one before,"
            f" {MOST_STEPS} at most; write for example 10, 50."
        )
    if target in ("active", "previous"):
        raise InputError(f"canary.steps: they lead to a switch, and target is {target!r}; give target blue, green or idle.")


def way(steps: tuple[int, ...], before: Route, after: Route) -> tuple[Route, ...]:
    """Return the routes between two, one per step that is not yet behind.

    A step at which an earlier run was cut off is taken again: its file is there, but nobody watched it to the end.
    """
    reached = before.canary or 0
    return tuple(replace(after, active=before.active, previous=None, rolled_back=None, canary=step) for step in steps if step >= reached)


def newcomers(before: Route | None, after: Route | None) -> tuple[str, ...]:
    """Return the colours that get visitors who do not reach them now, so that they must pass the gate and are watched."""
    if after is None:
        return ()
    found = [colour for colour in after.serving if before is None or _is_new(colour, before, after)]
    if after.hold is not None and (before is None or before.hold is None) and after.hold.colour not in found:
        found.append(after.hold.colour)
    return tuple(found)


def _is_new(colour: str, before: Route, after: Route) -> bool:
    if before.maintenance is not None and after.maintenance is None:
        return True
    if before.colours[colour] != after.colours[colour]:
        return True
    more = after.serving[colour] > before.serving.get(colour, 0)
    # The colour that served most keeps serving when a canary ends: to go back to it must not need a gate.
    return more and colour != before.active
