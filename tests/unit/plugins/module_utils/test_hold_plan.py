# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What begin, commit and abort of a write hold would change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._canary import CanaryWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold import LAST_MOMENT
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_plan import (
    HOLD_SPEC,
    LONGEST_HOLD,
    HoldWish,
    begin_of,
    check_hold,
    door,
    hold_of,
    plan_abort,
    plan_begin,
    plan_commit,
    url_form,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Hold, Maintenance, Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import parse, render
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._soak import Soak
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Confirm, Wish

WISH = Wish("acme", "/t/dynamic", "/t/staging", confirm=Confirm(api_url="http://127.0.0.1:8080"))
ROUTE = Route(
    site="acme",
    active="blue",
    previous="green",
    rolled_back=None,
    rule="Host(`acme.example`)",
    colours={"blue": ("http://127.0.0.1:1",), "green": ("http://127.0.0.1:2",)},
)
PLAIN = render(ROUTE)
BEGIN, COMMIT = HoldWish("begin", listen="127.0.0.1:17001"), HoldWish("commit")
HELD = render(replace(ROUTE, hold=Hold("green", "127.0.0.1:17001")))


def test_begin_adds_the_hold_and_nothing_else() -> None:
    plan = plan_begin(WISH, BEGIN, PLAIN)
    assert plan.plan.changes[0].after == HELD
    begin = begin_of(plan)
    assert begin is not None
    assert (begin.plain, begin.text, begin.towards) == (ROUTE, HELD, Hold("green", "127.0.0.1:17001"))


def test_commit_switches_and_abort_leaves_no_trace() -> None:
    committed = plan_commit(WISH, COMMIT, HELD)
    assert committed.after == replace(ROUTE, active="green", previous="blue")
    assert committed.switched
    assert plan_abort(WISH, HELD).plan.changes[0].after == PLAIN


@pytest.mark.parametrize(
    "plan", [plan_commit(WISH, COMMIT, PLAIN), plan_abort(WISH, PLAIN), plan_begin(replace(WISH, target="blue"), BEGIN, PLAIN)]
)
def test_where_there_is_nothing_to_do_nothing_changes(plan: Any) -> None:
    assert not plan.plan.changed
    assert begin_of(plan) is None


def test_only_the_preview_of_a_commit_may_assume_a_hold() -> None:
    assumed = replace(COMMIT, assumed=True, listen="127.0.0.1:17001")
    assert plan_commit(WISH, replace(assumed, preview=True), PLAIN).plan == plan_commit(WISH, COMMIT, HELD).plan
    assert not plan_commit(WISH, assumed, PLAIN).plan.changed
    assert not plan_commit(replace(WISH, target="blue"), replace(assumed, preview=True), PLAIN).plan.changed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "acme has no route in /t/dynamic, so there are no writes to hold"),
        (HELD, "a hold was left in /t/dynamic/acme.yml by a process that died"),
        (render(replace(ROUTE, canary=10)), "10 % of the visitors of acme write to green in a canary"),
        (render(replace(ROUTE, maintenance=Maintenance(("http://127.0.0.1:9",)))), "visitors of acme see the maintenance page"),
    ],
)
def test_a_site_whose_writes_cannot_be_held_is_refused(text: str | None, said: str) -> None:
    with pytest.raises(RefusedError, match=said.replace("(", r"\(")):
        plan_begin(WISH, BEGIN, text)


WRONG: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"seconds": 0.5}, {}, "hold_seconds: 0.5 is not between 1 and 28"),
    ({"seconds": 28.1}, {}, "hold_seconds: 28.1 is not between 1 and 28"),
    ({"seconds": 29.0}, {}, "hold_seconds: 29 is not"),
    ({"seconds": float("nan")}, {}, "hold_seconds: nan is not"),
    ({"settle": -1.0}, {}, "hold_settle: -1 is not between"),
    ({"settle": 24.5}, {}, "hold_settle: 24.5 is not"),
    ({"settle": float("nan")}, {}, "hold_settle: nan is not"),
    ({"listen": ""}, {}, "hold_listen: ':17814' is not host:port"),
    ({"listen": "0.0.0.0"}, {}, "hold_listen: '0.0.0.0' is not one address"),
    ({"listen": "::"}, {}, "hold_listen: '::' is not one address"),
    ({"listen": "127.0.0.1:0"}, {}, "hold_listen: '127.0.0.1:0' is not host:port"),
    ({"listen": "a b"}, {}, "hold_listen: 'a b' is not one address"),
    ({"listen": '{{env "HOME"}}'}, {}, "hold_listen: '{{env \"HOME\"}}' is not one address"),
    ({}, {"state": "absent"}, "hold: state is given too"),
    ({}, {"colours": {"blue": ("http://b",), "green": ("http://g",)}}, "hold: colours is given too"),
    ({}, {"rule": "Host(`a`)"}, "hold: rule (or hosts) is given too"),
    ({}, {"entrypoints": ()}, "hold: entrypoints is given too"),
    ({}, {"middlewares": ()}, "hold: middlewares is given too"),
    ({}, {"keep_tls": False}, "hold: tls is given too"),
    ({}, {"priority": 0}, "hold: priority is given too"),
    ({}, {"canary": CanaryWish(weight=10)}, "hold: canary is given too"),
    ({}, {"soak": Soak(seconds=10)}, "hold: soak is given too"),
    ({}, {"target": "previous"}, "hold: target 'previous' is no colour"),
    ({}, {"confirm": Confirm(public_url="http://a.example/")}, "confirm.api_url: not set, and a hold cannot be proven"),
]


@pytest.mark.parametrize(("hold", "wish", "said"), WRONG)
def test_what_cannot_work_is_refused_in_a_sentence(hold: dict[str, Any], wish: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        check_hold(replace(HoldWish("begin"), **hold), replace(WISH, **wish))
    assert refused.value.sentence.startswith(said)


def test_the_longest_hold_leaves_a_second_for_the_way_back_before_traefik_gives_up() -> None:
    check_hold(HoldWish("begin", seconds=LONGEST_HOLD), WISH)
    assert LONGEST_HOLD + 1 < LAST_MOMENT < 30


@pytest.mark.parametrize(
    ("listen", "address", "url"),
    [
        ("127.0.0.1", ("127.0.0.1", 17814), "127.0.0.1:17814"),
        ("172.17.0.1:4711", ("172.17.0.1", 4711), "172.17.0.1:4711"),
        ("::1", ("::1", 17814), "[::1]:17814"),
        ("[::1]", ("::1", 17814), "[::1]:17814"),
        ("[::1]:4711", ("::1", 4711), "[::1]:4711"),
        ("localhost", ("localhost", 17814), "localhost:17814"),
    ],
)
def test_the_gate_has_one_address_that_preview_and_apply_know(listen: str, address: tuple[str, int], url: str) -> None:
    hold = HoldWish("begin", listen=listen)
    check_hold(hold, WISH)
    assert door(hold, "acme") == address
    assert url_form(address) == url
    read = parse("acme", "f", str(plan_begin(WISH, hold, PLAIN).plan.changes[0].after))
    assert read.hold == Hold("green", url)


def test_two_sites_have_two_ports() -> None:
    assert door(HoldWish("begin"), "acme") != door(HoldWish("begin"), "globex")


def test_the_options_become_a_wish() -> None:
    params = {name: option.get("default") for name, option in HOLD_SPEC.items()}
    assert hold_of(params, preview=False) is None
    assert hold_of({**params, "hold": "begin"}, preview=True) == HoldWish("begin", preview=True)
