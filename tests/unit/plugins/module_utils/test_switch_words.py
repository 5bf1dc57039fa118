# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentence of a run: a preview says what would be, and an apply what is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._canary import CanaryWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Maintenance, Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route_options import MaintenanceWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import render
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Confirm, Wish, plan_switch
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_words import summary

SERVERS = ("http://127.0.0.1:9000",)
ROUTE = Route(
    site="acme",
    active="blue",
    previous="green",
    rolled_back=None,
    rule="Host(`acme.example`)",
    colours={"blue": ("http://127.0.0.1:8081",), "green": ("http://127.0.0.1:8082",)},
)
CANARY, PAGE = replace(ROUTE, canary=10), replace(ROUTE, maintenance=Maintenance(SERVERS))
WISH = Wish("acme", "/t/dynamic", "/t/staging", confirm=Confirm(api_url="http://127.0.0.1:8080"))

# the route before, what is asked for -> what a preview says, what an apply says
SENTENCES: list[tuple[Route | None, dict[str, Any], str, str]] = [
    (None, {"colours": ROUTE.colours, "rule": ROUTE.rule}, "would make the route, on blue", "route made, blue serves"),
    (ROUTE, {"state": "absent"}, "would remove the route", "route removed"),
    (ROUTE, {"target": "green"}, "would switch from blue to green", "switched from blue to green"),
    (
        ROUTE,
        {"target": "green", "canary": CanaryWish(steps=(10, 50))},
        "would switch from blue to green by steps of 10, 50 and 100 %",
        "switched from blue to green by steps of 10, 50 and 100 %",
    ),
    (ROUTE, {"target": "previous"}, "would roll back from blue to green", "rolled back from blue to green"),
    (
        ROUTE,
        {"canary": CanaryWish(10)},
        "would send 10 % of the visitors to green, the others stay on blue",
        "now sends 10 % of the visitors to green, the others stay on blue",
    ),
    (
        CANARY,
        {"canary": CanaryWish(50)},
        "would send 50 % of the visitors to green (was 10 %), the others stay on blue",
        "now sends 50 % of the visitors to green (was 10 %), the others stay on blue",
    ),
    (CANARY, {"canary": CanaryWish(0)}, "would take the canary back, blue serves all", "canary taken back, blue serves all again"),
    (CANARY, {"target": "previous"}, "would take the canary back, blue serves all", "canary taken back, blue serves all again"),
    (
        ROUTE,
        {"maintenance": MaintenanceWish(servers=SERVERS)},
        "would show the maintenance page, blue keeps running behind it",
        "shows the maintenance page, blue keeps running behind it",
    ),
    (
        PAGE,
        {"maintenance": MaintenanceWish(enabled=False)},
        "would end the maintenance, blue serves",
        "maintenance ended, blue serves again",
    ),
    (ROUTE, {"priority": 7}, "would update the route, blue serves as before", "route updated, blue serves as before"),
    (
        CANARY,
        {"priority": 7},
        "would update the route, blue serves with 90 %, green with 10 % as before",
        "route updated, blue serves with 90 %, green with 10 % as before",
    ),
    (ROUTE, {}, "blue serves, nothing to change", "blue serves, nothing to change"),
    (PAGE, {}, "blue serves behind the maintenance page, nothing to change", "blue serves behind the maintenance page, nothing to change"),
    (None, {"state": "absent"}, "no route, as wished", "no route, as wished"),
]


@pytest.mark.parametrize(("before", "asked", "would", "did"), SENTENCES)
def test_a_preview_claims_nothing_and_an_apply_says_what_is(before: Route | None, asked: dict[str, Any], would: str, did: str) -> None:
    wish = replace(WISH, **asked)
    plan = plan_switch(wish, render(before) if before else None)
    assert summary(wish, plan, preview=True) == f"acme: {would}"
    assert summary(wish, plan, preview=False) == f"acme: {did}"
