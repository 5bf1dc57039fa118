# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a switch would change: pure functions from a wish and a file to a plan.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._canary import CanaryWish, check_canary, newcomers, way
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._gate import Gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import check_url, split_address
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import lock_path
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import Change, Plan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route_options import (
    HOST,
    MaintenanceWish,
    PreviewWish,
    StickyWish,
    check_maintenance,
    check_preview,
    check_server,
    check_sticky,
    make_maintenance,
    make_preview,
    make_sticky,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import parse, render, secrets_in
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._soak import Soak
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_rule import RuleError, check_rule

LONGEST_TEXT = 10_000
# Traefik takes 64 bits and keeps the highest for itself; nobody needs more than this.
HIGHEST_PRIORITY = 1_000_000_000
# A day: longer waits are mistakes, and infinity would overflow the clock's arithmetic.
LONGEST_SECONDS = 86_400

Target = Literal["blue", "green", "idle", "previous", "active"]

# A DNS label: it becomes a file name, a router's name, a cookie's and a container's name, and all take these.
SITE_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Confirm:
    """How it is proven that Traefik follows the file.

    Attributes:
        api_url: base URL of Traefik's private API, None to do without.
        public_url: URL at which the public reaches the site, None to do without.
        connect_to: ``host:port`` to connect to for ``public_url``, None for the URL's own.
        ca_path: PEM file of the authorities for an https ``public_url``.
        validate_certs: whether the public certificate must be valid.
        timeout: seconds until the proof must be there.
    """

    api_url: str | None = None
    public_url: str | None = None
    connect_to: str | None = None
    ca_path: str | None = None
    validate_certs: bool = True
    timeout: float = 5.0


@dataclass(frozen=True)
class Wish:
    """Everything that the module was asked for. What is None is kept as the site's file has it."""

    site: str
    dynamic_dir: str
    staging_dir: str
    state: Literal["present", "absent"] = "present"
    target: Target = "active"
    colours: Mapping[str, tuple[str, ...]] | None = None
    rule: str | None = None
    entrypoints: tuple[str, ...] | None = None
    middlewares: tuple[str, ...] | None = None
    tls: Mapping[str, str] | None = None
    # Separate, because for tls None is a real value: plain HTTP.
    keep_tls: bool = True
    priority: int | None = None
    canary: CanaryWish | None = None
    sticky: StickyWish | None = None
    preview: PreviewWish | None = None
    maintenance: MaintenanceWish | None = None
    gate: Gate = field(default_factory=Gate)
    confirm: Confirm = field(default_factory=Confirm)
    soak: Soak = field(default_factory=Soak)
    lock_timeout: float = 10.0
    # Colours whose servers the same play starts: in a preview they are not there yet.
    starting: tuple[str, ...] = ()
    # For state absent: the claim of a run that was killed is ended, not obeyed.
    take_over: bool = False
    # For state absent: so is one that is older, in seconds.
    claim_expires: int | None = None

    @property
    def path(self) -> str:
        """The site's dynamic file."""
        return os.path.join(self.dynamic_dir, f"{self.site}.yml")

    @property
    def lock_path(self) -> str:
        """The site's lock file."""
        return lock_path(self.staging_dir, self.site)


@dataclass(frozen=True)
class Leg:
    """One step of the way: one file put into place, proven and watched.

    Attributes:
        before: the route that it leaves.
        after: the route that it makes.
        change: the file's change; None where an earlier run was cut off after it, so that only the watching is left to do.
        watched: the colours that get visitors by it.
    """

    before: Route | None
    after: Route | None
    change: Change | None
    watched: tuple[str, ...]

    @property
    def percent(self) -> int | None:
        """The share that the colour to come has after it, None when no share changes."""
        if self.after is None or self.after.canary is not None:
            return self.after.canary if self.after else None
        return 100 if self.before is None or self.before.serving != self.after.serving else None

    @property
    def only_moves(self) -> bool:
        """Whether the colour moves and nothing mixes the answers, so that the first one of the new colour says when it came."""
        routes = [route for route in (self.before, self.after) if route is not None]
        moves = self.after is not None and (self.before is None or self.before.active != self.after.active)
        return moves and all(route.canary is None and route.maintenance is None for route in routes)


@dataclass(frozen=True)
class SwitchPlan:
    """The plan, the two routes that it lies between (None: no route), and the way in steps."""

    plan: Plan
    before: Route | None
    after: Route | None
    legs: tuple[Leg, ...] = ()

    @property
    def gated(self) -> tuple[str, ...]:
        """The colours that visitors would reach and do not reach now, so that those must pass the gate."""
        return tuple(dict.fromkeys(colour for leg in self.legs for colour in leg.watched))

    @property
    def moves_traffic(self) -> bool:
        """Whether visitors would reach other servers than now."""
        return bool(self.gated)

    @property
    def colour_moves(self) -> bool:
        """Whether another colour serves afterwards, or one for the first time."""
        return self.after is not None and (self.before is None or self.before.active != self.after.active)

    @property
    def switched(self) -> bool:
        """Whether an existing site changes its colour."""
        return self.before is not None and self.after is not None and self.before.active != self.after.active

    @property
    def new_pages(self) -> tuple[str, ...]:
        """The servers of a maintenance page that visitors would see and do not see now."""
        if self.after is None or self.after.maintenance is None:
            return ()
        shown = self.before.maintenance.servers if self.before is not None and self.before.maintenance is not None else ()
        return () if shown == self.after.maintenance.servers else self.after.maintenance.servers


def default_staging(dynamic_dir: str) -> str:
    """Return the folder for staged files: beside the watched one, so on the same file system but for odd mounts."""
    parent, name = os.path.split(os.path.normpath(dynamic_dir))
    return os.path.join(parent, f".{name}.bluegreen")


def rule_for(hosts: list[str]) -> str:
    """Return the router rule for a list of host names.

    Raises:
        InputError: a host name that DNS would not take.
    """
    for host in hosts:
        if not HOST.fullmatch(host):
            raise InputError(f"hosts: {host!r} is not a host name; write for example shop.example (use rule for anything else).")
    return " || ".join(f"Host(`{host}`)" for host in hosts)


def check_wish(wish: Wish) -> None:
    """Refuse what cannot work whatever the world is like.

    Raises:
        InputError: one sentence for the first thing that is wrong.
    """
    check_site(wish.site)
    _check_texts(wish)
    if not os.path.isabs(wish.dynamic_dir):
        raise InputError(f"dynamic_dir: {wish.dynamic_dir!r} is not an absolute path; write it from the root (/...).")
    if wish.rule is not None:
        try:
            check_rule(wish.rule)
        except RuleError as error:
            raise InputError(f"rule: Traefik would refuse {wish.rule!r}: {error}; correct the rule.") from error
    if wish.colours is not None:
        _check_colours(wish.colours)
    if wish.canary is not None:
        check_canary(wish.canary, wish.target)
    if wish.sticky is not None:
        check_sticky(wish.sticky)
    if wish.preview is not None:
        check_preview(wish.preview)
    if wish.maintenance is not None:
        check_maintenance(wish.maintenance)
    check_gate(wish.gate)
    _check_proof(wish)
    _check_taking_over(wish)


def _check_taking_over(wish: Wish) -> None:
    expires = wish.claim_expires
    given = "take_over: true" if wish.take_over else "" if expires is None else f"claim_expires: {expires}"
    if given and wish.state != "absent":
        raise InputError(f"{given} is for state=absent only; where the site stays, the run that works on the colour ends the claim.")
    if expires is not None:
        check_expires("claim_expires", expires)


def check_expires(option: str, seconds: int) -> None:
    """Refuse a time after which a claim is not obeyed any more that makes no sense.

    Raises:
        InputError: naming the option and what it may be.
    """
    if not 1 <= seconds <= 86_400:
        raise InputError(f"{option}: {seconds} is not between 1 and 86400 seconds; give a time in which the work is surely over.")


def _check_texts(wish: Wish) -> None:
    """Refuse what would be more than a text in the dynamic file: Traefik expands Go templates in it, ``{{ env "HOME" }}`` among them."""
    texts = {
        "rule (or hosts)": (wish.rule or "",),
        "entrypoints": wish.entrypoints or (),
        "middlewares": wish.middlewares or (),
        "tls": tuple((wish.tls or {}).values()),
        "colours": tuple(url for urls in (wish.colours or {}).values() for url in urls),
    }
    for option, values in texts.items():
        for value in values:
            if "{{" in value or not value.isprintable() or len(value) > LONGEST_TEXT:
                shown = ascii(value[:60])
                raise InputError(f"{option}: {shown} holds a template, a control character or too much text; write it plainly.")
    if wish.priority is not None and not 0 <= wish.priority <= HIGHEST_PRIORITY:
        raise InputError(f"priority: {wish.priority} is not between 0 and {HIGHEST_PRIORITY}; Traefik could not read the file.")


def check_site(site: str) -> None:
    """Refuse a site name that is not a DNS label.

    Raises:
        InputError: naming the value.
    """
    if not SITE_NAME.fullmatch(site):
        raise InputError(f"site: {site!r} is not a site name; use 1 to 63 lower-case letters, digits and hyphens, such as acme or shop-2.")


def _check_colours(colours: Mapping[str, tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for colour in COLOURS:
        urls = colours.get(colour) or ()
        if not urls:
            raise InputError(f"colours: {colour} has no url; give both colours at least one, such as http://127.0.0.1:8081.")
        for url in urls:
            server = check_server(f"colours.{colour}", url)
            if server in seen:
                where = "twice" if seen[server] == colour else f"already used by {seen[server]}"
                raise InputError(f"colours.{colour}: {url!r} is {where}; every server belongs to one colour, once.")
            seen[server] = colour


def check_gate(gate: Gate) -> None:
    """Refuse a gate that can never open, or that anything would open.

    Raises:
        InputError: naming the option; never a header's value.
    """
    if not gate.path.startswith("/"):
        raise InputError(f"gate.path: {gate.path!r} does not start with a slash; write for example /health.")
    try:
        re.compile(gate.body or "")
    except re.error as error:
        raise InputError(f"gate.body: {gate.body!r} is not a regular expression ({error}); correct or escape it.") from error
    for name, value in gate.headers.items():
        # Values are secret, so the header is named and its value is not.
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", value):
            raise InputError(f"gate.headers: the header {name!r} has a name or value that HTTP does not allow (a line break?); correct it.")
    if not gate.identity_header and gate.identity_json is None:
        raise InputError("gate.identity_header: it is empty and identity_json is not set; without identity a wrong colour would pass.")
    numbers = {"gate.timeout": gate.timeout, "gate.deadline": gate.deadline, "gate.successes": gate.successes}
    for option, number in numbers.items():
        _check_at_least(option, number, 0, exclusive=True)
    _check_at_least("gate.interval", gate.interval, 0)


def _check_proof(wish: Wish) -> None:
    confirm, soak = wish.confirm, wish.soak
    if not confirm.api_url and not confirm.public_url:
        raise InputError("confirm: neither api_url nor public_url is set; without one nothing proves that Traefik took the change.")
    for option, url in (
        ("confirm.api_url", confirm.api_url),
        ("confirm.public_url", confirm.public_url),
        ("soak.metrics_url", soak.metrics_url),
    ):
        if url:
            check_url(option, url)
    if confirm.connect_to:
        split_address("confirm.connect_to", confirm.connect_to)
    _check_at_least("confirm.timeout", confirm.timeout, 0, exclusive=True)
    _check_at_least("soak.seconds", soak.seconds, 0)
    _check_at_least("soak.interval", soak.interval, 0, exclusive=True)
    _check_at_least("soak.min_requests", soak.min_requests, 1)
    _check_at_least("lock_timeout", wish.lock_timeout, 0)
    if not 0 <= soak.max_error_ratio <= 1:
        raise InputError(f"soak.max_error_ratio: {soak.max_error_ratio:g} is not a share; write 0.01 for one percent.")
    if soak.seconds > 0 and not soak.probe and not soak.metrics_url:
        raise InputError("soak: probe is false and metrics_url is not set, so nothing would be watched; set one of them.")


def _check_at_least(option: str, number: float, least: float, exclusive: bool = False) -> None:
    # "not >" instead of "<=": nan compares false with everything, and must be refused too.
    if not (number > least if exclusive else number >= least):
        raise InputError(f"{option}: {number:g} is too small; give a number {'above' if exclusive else 'of at least'} {least:g}.")
    if number > LONGEST_SECONDS:
        raise InputError(f"{option}: {number:g} is too large; give a number up to {LONGEST_SECONDS}.")


def plan_switch(wish: Wish, text: str | None) -> SwitchPlan:
    """Plan a switch. Pure: the same wish and file always give the same plan.

    Args:
        wish: a checked wish.
        text: the site's dynamic file now, None when there is none.

    Returns:
        The plan and both routes.

    Raises:
        InputError: an option is missing for a site that has no route yet.
        RefusedError: the file is not ours, or the target makes no sense for it.
    """
    before = parse(wish.site, wish.path, text) if text is not None else None
    after = None if wish.state == "absent" else _route(wish, before)
    steps: tuple[Route, ...] = ()
    if wish.canary is not None and before is not None and after is not None and before.active != after.active:
        steps = way(wish.canary.steps, before, after)
    made = make_plan(wish.path, text, before, (*steps, after))
    if made.plan.changed and not wish.confirm.api_url and not all(leg.only_moves for leg in made.legs):
        raise InputError(
            "confirm.api_url: not set, and a change that keeps the colour or splits the visitors cannot be proven without it;"
            " give the URL of Traefik's API."
        )
    return made


def make_plan(path: str, text: str | None, before: Route | None, way_there: tuple[Route | None, ...]) -> SwitchPlan:
    """Make the plan that leads from a file through routes to the last of them.

    Args:
        path: the site's dynamic file.
        text: what is in it, None when it is not there.
        before: the route in it.
        way_there: one route for each time that the file is put into place; None for no file.
    """
    legs = []
    at, last = before, way_there[-1]
    for route in way_there:
        wanted = render(route) if route else None
        if wanted != text:
            name = path if route is last or route is None else f"{path} ({route.canary} % to {route.idle})"
            kind: Literal["create", "update", "delete"] = "create" if text is None else "delete" if wanted is None else "update"
            change = Change(kind, name, text, wanted, secret_texts=secrets_in(text) | secrets_in(wanted))
            legs.append(Leg(at, route, change, newcomers(at, route)))
        elif route is not None and route is not last:
            # An earlier run was cut off here: the file is in place, but nobody watched the canary to the end.
            legs.append(Leg(at, route, None, (route.idle,)))
        at, text = route, wanted
    return SwitchPlan(Plan(tuple(leg.change for leg in legs if leg.change)), before, last, tuple(legs))


def _route(wish: Wish, before: Route | None) -> Route:
    active, previous, rolled_back, canary = _resolve(wish, before)
    rule = wish.rule if wish.rule is not None else before.rule if before else None
    colours = wish.colours if wish.colours is not None else before.colours if before else None
    if rule is None or colours is None:
        option = "hosts or rule" if rule is None else "colours"
        raise InputError(
            f"{option}: not given, and {wish.site} has no route in {wish.dynamic_dir} to take it from; give it for the first run."
        )
    tls = wish.tls if not wish.keep_tls else before.tls if before else None
    return Route(
        site=wish.site,
        active=active,
        previous=previous,
        rolled_back=rolled_back,
        rule=rule,
        colours=colours,
        entrypoints=wish.entrypoints if wish.entrypoints is not None else before.entrypoints if before else (),
        middlewares=wish.middlewares if wish.middlewares is not None else before.middlewares if before else (),
        tls=tls,
        # 0 is Traefik's own word for "the length of the rule".
        priority=(wish.priority or None) if wish.priority is not None else before.priority if before else None,
        canary=canary,
        sticky=make_sticky(wish.sticky, wish.site, before.sticky if before else None, https=tls is not None),
        preview=make_preview(wish.preview, rule, before.preview if before else None),
        maintenance=make_maintenance(wish.maintenance, before.maintenance if before else None),
    )


def _resolve(wish: Wish, before: Route | None) -> tuple[str, str | None, str | None, int | None]:
    """Turn target and canary into the colour that serves, the one before it, the one that a rollback left, and the canary's share."""
    asked = wish.canary if wish.canary is not None else CanaryWish()
    if before is None:
        if asked.weight or asked.steps:
            raise RefusedError(
                f"canary: {wish.site} has no route in {wish.dynamic_dir}, so no colour serves beside which a canary could run;"
                " make the route first, without canary."
            )
        if wish.target in ("idle", "previous"):
            raise RefusedError(
                f"target: {wish.target!r} makes no sense yet, {wish.site} has no route in {wish.dynamic_dir};"
                " say blue or green for the first run."
            )
        return ("green" if wish.target == "green" else "blue"), None, None, None
    if wish.target == "previous":
        return _roll_back(wish, before)
    wanted = before.idle if wish.target == "idle" else before.active if wish.target == "active" else wish.target
    if wanted != before.active:
        if asked.weight:
            raise InputError(
                f"canary.weight: {asked.weight}, and target {wish.target} is not the colour that serves ({before.active}); leave target out"
                f" to send {asked.weight} % to {wanted}, or give canary.steps to go all the way."
            )
        return wanted, before.active, None, None
    if asked.weight and before.canary is None:
        # The idle colour is tried as the next one now, so it is no way back any more: taking the canary back is.
        return wanted, None, None, asked.weight
    # Who names the colour that serves wants it to serve all, unless a weight says otherwise.
    keeps = wish.target == "active" and wish.canary is None
    return wanted, before.previous, before.rolled_back, before.canary if keeps else asked.weight or None


def _roll_back(wish: Wish, before: Route) -> tuple[str, str | None, str | None, int | None]:
    """The way back: out of a canary first, else to the colour before. Run twice, it must not go forward again."""
    if before.canary is not None:
        return before.active, None, before.idle, None
    if before.rolled_back:
        return before.active, before.previous, before.rolled_back, None
    if before.previous is None:
        raise RefusedError(
            f"target: {wish.site} has no previous colour, it has not been switched since its route was made; say blue or green."
        )
    return before.previous, None, before.active, None
