# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canary, sticky, preview and maintenance in a plan: what they change, who must pass a gate, and what is no wish at all."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._canary import CanaryWish, newcomers
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Hold, Maintenance, Preview, Route, Sticky
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route_options import (
    MaintenanceWish,
    PreviewWish,
    StickyWish,
    make_sticky,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import parse, render, secrets_in
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Confirm, Wish, check_wish, plan_switch

SECRET = "canary-77aa-secret"
COLOURS = {"blue": ("http://127.0.0.1:8081",), "green": ("http://127.0.0.1:8082",)}
ROUTE = Route("acme", "blue", "green", None, "Host(`acme.example`)", COLOURS)
PAGE = Maintenance(("http://127.0.0.1:9000",))
WISH = Wish(
    site="acme",
    dynamic_dir="/etc/traefik/dynamic",
    staging_dir="/etc/traefik/.dynamic.bluegreen",
    confirm=Confirm(api_url="http://127.0.0.1:8080"),
)


def weight(percent: int) -> dict[str, Any]:
    return {"canary": CanaryWish(percent)}


def steps(*percents: int, target: str = "green") -> dict[str, Any]:
    return {"canary": CanaryWish(steps=percents), "target": target}


# wish, canary before -> (active, previous, rolled_back, canary)
ENDS: list[tuple[dict[str, Any], int | None, tuple[str, str | None, str | None, int | None]]] = [
    (weight(10), None, ("blue", None, None, 10)),
    ({**weight(10), "target": "blue"}, None, ("blue", None, None, 10)),
    (weight(50), 10, ("blue", "green", None, 50)),
    (weight(0), 10, ("blue", "green", None, None)),
    (weight(0), None, ("blue", "green", None, None)),
    ({}, 10, ("blue", "green", None, 10)),
    ({"target": "blue"}, 10, ("blue", "green", None, None)),
    ({"target": "green"}, 10, ("green", "blue", None, None)),
    ({"target": "idle"}, 10, ("green", "blue", None, None)),
    ({"target": "previous"}, 10, ("blue", None, "green", None)),
    ({"target": "previous", **weight(0)}, 10, ("blue", None, "green", None)),
    (steps(10, 50), None, ("green", "blue", None, None)),
    (steps(10, 50, target="idle"), 10, ("green", "blue", None, None)),
    (steps(10, 50, target="blue"), 10, ("blue", "green", None, None)),
]


@pytest.mark.parametrize(("changes", "canary", "expected"), ENDS)
def test_where_a_wish_ends(changes: dict[str, Any], canary: int | None, expected: Any) -> None:
    made = plan_switch(replace(WISH, **changes), render(replace(ROUTE, canary=canary)))
    assert made.after is not None
    assert (made.after.active, made.after.previous, made.after.rolled_back, made.after.canary) == expected
    assert sum(made.after.serving.values()) == 100


@pytest.mark.parametrize(("changes", "canary", "_expected"), [end for end in ENDS if end[0].get("target") != "idle"])
def test_a_second_run_changes_nothing(changes: dict[str, Any], canary: int | None, _expected: Any) -> None:
    wish = replace(WISH, **changes)
    after = plan_switch(wish, render(replace(ROUTE, canary=canary))).after
    assert after is not None
    assert not plan_switch(wish, render(after)).plan.changed


@pytest.mark.parametrize(
    ("reached", "shares", "changes"),
    [(None, [10, 50, 100], 3), (5, [10, 50, 100], 3), (10, [10, 50, 100], 2), (30, [50, 100], 2), (50, [50, 100], 1), (60, [100], 1)],
)
def test_steps_go_on_where_an_earlier_run_was_cut_off(reached: int | None, shares: list[int], changes: int) -> None:
    made = plan_switch(replace(WISH, **steps(10, 50)), render(replace(ROUTE, canary=reached, previous=None)))
    assert [leg.percent for leg in made.legs] == shares
    assert len(made.plan.changes) == changes
    assert made.gated == ("green",)
    assert all(leg.watched == ("green",) for leg in made.legs), "each step is watched"
    texts = [(change.before, change.after) for change in made.plan.changes]
    assert all(after == before for (_, after), (before, _) in itertools.pairwise(texts))
    assert all("weight: 0" not in str(after) for _, after in texts), "a weight of 0 throws sticky visitors out"


# before, after -> who gets visitors that had none of them
NEWCOMERS: list[tuple[Route | None, Route | None, tuple[str, ...]]] = [
    (None, ROUTE, ("blue",)),
    (None, replace(ROUTE, canary=1), ("blue", "green")),
    (ROUTE, ROUTE, ()),
    (ROUTE, None, ()),
    (ROUTE, replace(ROUTE, active="green"), ("green",)),
    (ROUTE, replace(ROUTE, canary=1), ("green",)),
    (replace(ROUTE, canary=10), replace(ROUTE, canary=11), ("green",)),
    (replace(ROUTE, canary=10), replace(ROUTE, canary=9), ()),
    (replace(ROUTE, canary=10), ROUTE, ()),
    (replace(ROUTE, canary=99), replace(ROUTE, active="green"), ("green",)),
    (ROUTE, replace(ROUTE, maintenance=PAGE), ()),
    (replace(ROUTE, maintenance=PAGE), ROUTE, ("blue",)),
    (replace(ROUTE, maintenance=PAGE, canary=10), replace(ROUTE, canary=10), ("blue", "green")),
    (ROUTE, replace(ROUTE, preview=Preview(host="p", users_file="/u")), ()),
    (ROUTE, replace(ROUTE, hold=Hold("green", "127.0.0.1:1")), ("green",)),
    (replace(ROUTE, hold=Hold("green", "127.0.0.1:1")), ROUTE, ()),
    # Its share is as it was: nobody is new to the colour.
    (replace(ROUTE, canary=10), replace(ROUTE, canary=10, sticky=Sticky("c", secure=False)), ()),
]


@pytest.mark.parametrize(("before", "after", "expected"), NEWCOMERS)
def test_who_must_pass_the_gate(before: Route | None, after: Route | None, expected: tuple[str, ...]) -> None:
    assert newcomers(before, after) == expected


def test_what_is_not_given_is_kept() -> None:
    full = replace(
        ROUTE,
        canary=10,
        sticky=Sticky("c", secure=False),
        preview=Preview(header="X-P", value=SECRET),
        maintenance=replace(PAGE, allow=("192.0.2.1",)),
    )
    assert not plan_switch(WISH, render(full)).plan.changed
    made = plan_switch(
        replace(WISH, sticky=StickyWish(enabled=False), preview=PreviewWish(enabled=False), maintenance=MaintenanceWish(enabled=False)),
        render(full),
    )
    assert made.after == replace(ROUTE, canary=10)


def test_a_hold_that_was_left_behind_goes_with_any_change_of_the_route() -> None:
    made = plan_switch(WISH, render(replace(ROUTE, hold=Hold("green", "127.0.0.1:1"))))
    assert made.after == ROUTE
    assert made.plan.changed


def test_a_switch_behind_the_maintenance_page_needs_the_api() -> None:
    """The public address answers with the page, whichever colour is behind it."""
    bare = replace(WISH, confirm=Confirm(public_url="http://acme.example/"), target="green")
    assert plan_switch(bare, render(ROUTE)).plan.changed
    for before in (replace(ROUTE, maintenance=PAGE), replace(ROUTE, canary=10)):
        with pytest.raises(InputError, match=r"confirm\.api_url: not set"):
            plan_switch(bare, render(before))


def test_the_secret_of_a_preview_is_in_no_diff_and_no_digest() -> None:
    wish = replace(WISH, preview=PreviewWish(header="X-P", value=SECRET))
    made = plan_switch(wish, render(ROUTE)).plan
    assert SECRET in str(made.changes[0].after)
    assert "`********`" in made.diff()[0]["after"]
    changed = plan_switch(replace(wish, preview=PreviewWish(header="X-P", value=SECRET + "2")), made.changes[0].after).plan
    assert "`******** (changed)`" in changed.diff()[0]["after"]
    drifted = plan_switch(wish, str(made.changes[0].after).replace("8081", "8083")).plan
    for plan in (made, changed, drifted):
        assert SECRET not in str(plan.diff())
        assert SECRET not in repr(plan)
    assert SECRET not in repr(wish)


def test_a_secret_is_found_in_a_long_rule_that_yaml_folds() -> None:
    rule = " || ".join(f"Host(`a{number}.example`)" for number in range(100))
    text = render(replace(ROUTE, rule=rule, preview=Preview(header="X-P", value=SECRET)))
    assert secrets_in(text) == {SECRET}
    assert parse("acme", "x", text).preview == Preview(header="X-P", value=SECRET)


def test_the_cookie_fits_the_site() -> None:
    assert make_sticky(StickyWish(), "acme", None, https=True) == Sticky("acme-colour", secure=True)
    assert make_sticky(StickyWish(), "acme", None, https=False) == Sticky("acme-colour", secure=False)
    assert make_sticky(None, "acme", Sticky("kept", secure=True), https=False) == Sticky("kept", secure=True)
    assert make_sticky(StickyWish(secure=True), "acme", None, https=False) == Sticky("acme-colour", secure=True)
    with pytest.raises(InputError, match="plain HTTP"):
        make_sticky(StickyWish(same_site="none"), "acme", None, https=False)


@pytest.mark.parametrize("canary", [CanaryWish(1), CanaryWish(steps=(1,))])
def test_a_canary_needs_a_route(canary: CanaryWish) -> None:
    wish = replace(WISH, colours=COLOURS, rule=ROUTE.rule, canary=canary, target="green" if canary.steps else "active")
    with pytest.raises(RefusedError, match="no colour serves beside which a canary could run"):
        plan_switch(wish, None)
    assert plan_switch(replace(wish, canary=CanaryWish(0)), None).plan.changed


BAD_WISHES: list[tuple[dict[str, Any], str]] = [
    (weight(100), "it is a switch: give target"),
    (weight(-1), r"canary.weight: -1 is not a percentage"),
    (weight(1000), r"canary.weight: 1000 is not a percentage"),
    ({**weight(1), "target": "previous"}, "target 'previous' takes a canary back"),
    ({"canary": CanaryWish()}, "neither weight nor steps is given"),
    ({"canary": CanaryWish(0, (1,)), "target": "green"}, "weight and steps are both given"),
    (steps(0, 10), "canary.steps: 0, 10 are not percentages"),
    (steps(10, 10), "each above the one before"),
    (steps(10, 100), "100 percent is not a canary"),
    (steps(*range(1, 40)), "20 at most"),
    (steps(10, target="active"), "target is 'active'; give target blue, green or idle"),
    (steps(10, target="previous"), "target is 'previous'; give target"),
    ({"sticky": StickyWish(cookie="a;b")}, "sticky.cookie: 'a;b' is not a cookie's name"),
    ({"sticky": StickyWish(max_age=10**9)}, "sticky.max_age: 1000000000 is not between"),
    ({"sticky": StickyWish(same_site="none", secure=False)}, "is refused by browsers"),
    ({"preview": PreviewWish(header="X-P", value=f"{SECRET}\r\nX: y")}, "preview.value: it is missing, shorter"),
    ({"preview": PreviewWish(header="X-P", value="{{ env `HOME` }}")}, "preview.value: it is missing, shorter"),
    ({"preview": PreviewWish(header="X-P", value="x" * 15)}, "shorter than 16 characters"),
    ({"preview": PreviewWish(header="X-P", value="x" * 201)}, "longer than 200"),
    ({"preview": PreviewWish(host="{{ x }}", users_file="/u")}, "is not a host name"),
    (
        {"maintenance": MaintenanceWish(servers=(f"http://u:{SECRET}@127.0.0.1",))},
        "maintenance.servers: the URL carries a user or password",
    ),
    ({"maintenance": MaintenanceWish(servers=("http://{{x}}",))}, "maintenance.servers: "),
]


@pytest.mark.parametrize(("changes", "said"), BAD_WISHES)
def test_bad_wishes_get_one_clear_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        check_wish(replace(WISH, **changes))
    assert SECRET not in error.value.sentence
    assert "\n" not in error.value.sentence


@pytest.mark.parametrize("length", [16, 200])
def test_a_previews_value_may_be_as_short_and_as_long_as_is_said(length: int) -> None:
    check_wish(replace(WISH, preview=PreviewWish(header="X-P", value="x" * length)))


def test_what_is_switched_off_needs_nothing_else() -> None:
    check_wish(
        replace(WISH, preview=PreviewWish(enabled=False), maintenance=MaintenanceWish(enabled=False), sticky=StickyWish(enabled=False))
    )
