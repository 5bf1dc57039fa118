# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What begin, commit and abort of a write hold would change: pure functions from a wish and a file to a plan.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Any, Literal

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import split_address
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import Plan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Hold, Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import parse, render
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import SwitchPlan, Wish, make_plan

# Traefik gives a question to a forwardAuth server 30 s, then answers the client with 500:
# https://github.com/traefik/traefik/blob/v3.7/pkg/middlewares/auth/forward.go (the client's Timeout). The rest is for the way back.
LONGEST_HOLD = 28.0
# Below the ports that Linux gives to outgoing connections (32768 and up). One per site by its name, so that preview and apply agree.
FIRST_PORT, PORTS = 17000, 1000

Act = Literal["begin", "commit", "abort"]

HOLD_SPEC: dict[str, Any] = {
    "hold": {"type": "str", "choices": ["begin", "commit", "abort"]},
    "hold_seconds": {"type": "float", "default": 25.0},
    "hold_settle": {"type": "float", "default": 2.0},
    "hold_listen": {"type": "str", "default": "127.0.0.1"},
    "hold_assumed": {"type": "bool", "default": False},
}


@dataclass(frozen=True)
class HoldWish:
    """What is asked of a hold.

    Attributes:
        act: begin, commit or abort.
        seconds: after which the hold aborts by itself.
        settle: to wait after the begin, for writes that were under way.
        listen: address of the gate, ``host`` or ``host:port``.
        assumed: a preview of a commit takes the hold as begun by the task before it.
        preview: whether nothing is to be changed.
    """

    act: Act
    seconds: float = 25.0
    settle: float = 2.0
    listen: str = "127.0.0.1"
    assumed: bool = False
    preview: bool = False


@dataclass(frozen=True)
class Begin:
    """A begin that is to be carried out: the route before it and with it, and the site's file with it."""

    plain: Route
    held: Route
    towards: Hold
    text: str


def begin_of(plan: SwitchPlan) -> Begin | None:
    """Return what a plan begins, None when it begins nothing."""
    plain, held = plan.before, plan.after
    if plain is None or held is None or held.hold is None or not plan.plan.changed:
        return None
    return Begin(plain, held, held.hold, render(held))


def hold_of(params: dict[str, Any], *, preview: bool) -> HoldWish | None:
    """Make the wish from a module's parameters; None when it is not about a hold."""
    if params["hold"] is None:
        return None
    options = {name.removeprefix("hold_"): params[name] for name in HOLD_SPEC if name != "hold"}
    return HoldWish(params["hold"], preview=preview, **options)


def check_hold(hold: HoldWish, wish: Wish) -> None:
    """Refuse what cannot work whatever the world is like.

    Raises:
        InputError: one sentence for the first thing that is wrong.
    """
    # "not <=": nan compares false with everything, and must be refused too.
    if not 1 <= hold.seconds <= LONGEST_HOLD:
        raise InputError(
            f"hold_seconds: {hold.seconds:g} is not between 1 and {LONGEST_HOLD:g}; Traefik itself ends a longer wait with an error."
        )
    if not 0 <= hold.settle <= hold.seconds - 1:
        raise InputError(f"hold_settle: {hold.settle:g} is not between 0 and hold_seconds - 1; nothing would be left of the hold.")
    door(hold, wish.site)
    given = {
        "state": wish.state != "present",
        "colours": wish.colours is not None,
        "rule (or hosts)": wish.rule is not None,
        "entrypoints": wish.entrypoints is not None,
        "middlewares": wish.middlewares is not None,
        "tls": not wish.keep_tls,
        "priority": wish.priority is not None,
        "canary": wish.canary is not None,
        "sticky": wish.sticky is not None,
        "preview": wish.preview is not None,
        "maintenance": wish.maintenance is not None,
        # Once writes have reached the new colour, going back would lose them: there is nothing that watching could decide.
        "soak": wish.soak.seconds > 0,
    }
    for option, is_given in given.items():
        if is_given:
            raise InputError(f"hold: {option} is given too, and a hold moves the writes only; leave it out.")
    if wish.target == "previous":
        raise InputError("hold: target 'previous' is no colour to hold writes for; say blue or green, or idle.")
    if not wish.confirm.api_url:
        raise InputError("confirm.api_url: not set, and a hold cannot be proven without it; give the URL of Traefik's API.")


def door(hold: HoldWish, site: str) -> tuple[str, int]:
    """Return host and port of the gate; a port that is not given follows from the site's name.

    Raises:
        InputError: it is no address.
    """
    text = hold.listen
    bare_v6 = text.count(":") > 1 and not text.startswith("[")
    if bare_v6 or ":" not in text.rpartition("]")[2]:
        text = f"{'[' if bare_v6 else ''}{text}{']' if bare_v6 else ''}:{FIRST_PORT + zlib.crc32(site.encode()) % PORTS}"
    host, port = split_address("hold_listen", text)
    if host in ("0.0.0.0", "::") or not all(char.isalnum() or char in ".:-" for char in host):
        raise InputError(f"hold_listen: {hold.listen[:60]!a} is not one address of this server; write for example 127.0.0.1.")
    return host, port


def url_form(address: tuple[str, int]) -> str:
    """Return host and port as they stand in a URL."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def plan_begin(wish: Wish, hold: HoldWish, text: str | None) -> SwitchPlan:
    """Plan the begin; it changes nothing where the colour serves already.

    Raises:
        RefusedError: the site is in a state in which a hold makes no sense.
    """
    before = _route_in(wish, text)
    colour = before.idle if wish.target in ("active", "idle") else wish.target
    if before.hold is not None:
        raise RefusedError(
            f"{wish.site}: a hold was left in {wish.path} by a process that died, and every write fails since;"
            " end it with hold: abort, then begin again."
        )
    if before.canary is not None:
        raise RefusedError(
            f"hold: {before.canary} % of the visitors of {wish.site} write to {before.idle} in a canary, so its data is in use already;"
            " end the canary first, then begin."
        )
    if before.maintenance is not None:
        raise RefusedError(f"hold: visitors of {wish.site} see the maintenance page and write nothing; switch without a hold, or end that.")
    if colour == before.active:
        return SwitchPlan(Plan(()), before, before)
    return make_plan(wish.path, text, before, (replace(before, hold=Hold(colour, url_form(door(hold, wish.site)))),))


def plan_commit(wish: Wish, hold: HoldWish, text: str | None) -> SwitchPlan:
    """Plan the commit: the colour that the writes are held for serves.

    Raises:
        RefusedError: nothing is held.
    """
    before = _route_in(wish, text)
    if before.hold is None and hold.assumed and hold.preview:
        begun = plan_begin(wish, hold, text)
        if begun.after is None or not begun.plan.changed:
            return begun
        before, text = begun.after, render(begun.after)
    if before.hold is None:
        return SwitchPlan(Plan(()), before, before)
    return make_plan(wish.path, text, before, (committed(before),))


def committed(held: Route) -> Route:
    """Return the route after the commit of a hold."""
    colour = held.hold.colour if held.hold else held.active
    return replace(held, active=colour, previous=held.active, rolled_back=None, hold=None)


def plan_abort(wish: Wish, text: str | None) -> SwitchPlan:
    """Plan the abort: the route as it was before the hold; it changes nothing without one."""
    before = _route_in(wish, text)
    if before.hold is None:
        return SwitchPlan(Plan(()), before, before)
    return make_plan(wish.path, text, before, (replace(before, hold=None),))


def _route_in(wish: Wish, text: str | None) -> Route:
    if text is None:
        raise RefusedError(
            f"hold: {wish.site} has no route in {wish.dynamic_dir}, so there are no writes to hold; run the playbook bluegreen first."
        )
    return parse(wish.site, wish.path, text)
