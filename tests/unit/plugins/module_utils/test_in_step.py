# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every part of a route is compared with what Traefik shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import Answer
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._in_step import difference
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import Router, TraefikApi

COLOURS = {"blue": ("http://127.0.0.1:1",), "green": ("http://127.0.0.1:2",)}
ROUTE = Route("acme", "green", "blue", None, "Host(`a`)", COLOURS, ("web",), ("short", "auth@docker"), {"options": "strict"}, 7)
ROUTER = Router(
    "acme-green",
    "enabled",
    rule="Host(`a`)",
    entrypoints=("web",),
    middlewares=("short@file", "auth@docker"),
    tls={"options": "strict"},
    priority=7,
)


def api(servers: Mapping[str, tuple[str, ...]]) -> TraefikApi:
    def fetch(url: str, **_options: Any) -> Answer:
        if "/routers/" in url:
            return Answer(404, {}, b"", 1.0)
        if url.endswith("/api/entrypoints"):
            return Answer(200, {}, b"[]", 1.0)
        colour = url.removesuffix("@file").rpartition("-")[2]
        balancer = {"loadBalancer": {"servers": [{"url": server} for server in servers[colour]]}}
        return Answer(200, {}, json.dumps(balancer).encode(), 1.0)

    return TraefikApi("http://traefik", fetch=fetch)


def test_what_traefik_fills_in_is_no_difference() -> None:
    assert difference(api(COLOURS), ROUTER, ROUTE) is None
    bare = replace(ROUTE, entrypoints=(), middlewares=(), tls=None, priority=None)
    filled_in = replace(ROUTER, middlewares=(), priority=len(ROUTE.rule))
    assert difference(api(COLOURS), replace(filled_in, tls=None), bare) is None
    assert difference(api(COLOURS), replace(filled_in, tls={"options": "default"}), replace(bare, tls={})) is None
    assert difference(api(COLOURS), replace(filled_in, tls={"certResolver": "le"}, inherits_tls=True), bare) is None


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"service": "acme-blue"}, "shows acme-blue, not acme-green"),
        ({"status": "disabled"}, "disabled the router acme"),
        ({"errors": ("bad rule",)}, "bad rule"),
        ({"rule": "Host(`b`)"}, "another rule"),
        ({"entrypoints": ("websecure",)}, "another entry points"),
        ({"middlewares": ()}, "another middlewares"),
        ({"middlewares": ("auth@docker", "short@file")}, "another middlewares"),
        ({"tls": None}, "another tls"),
        ({"tls": {"options": "lax"}}, "another tls"),
        ({"tls": {"options": "strict", "certResolver": "old"}}, "another tls"),
        ({"tls": {"options": "strict"}, "inherits_tls": True, "middlewares": ()}, "another middlewares"),
        ({"priority": 8}, "another priority"),
    ],
)
def test_each_difference_is_named(shown: dict[str, Any], said: str) -> None:
    assert said in str(difference(api(COLOURS), replace(ROUTER, **shown), ROUTE))


@pytest.mark.parametrize("colour", ["blue", "green"])
def test_servers_of_both_colours_are_compared(colour: str) -> None:
    other = api({**COLOURS, colour: ("http://127.0.0.1:9",)})
    assert f"other servers of acme-{colour}" in str(difference(other, ROUTER, ROUTE))


def test_a_router_that_is_not_there_or_serves_http_for_https() -> None:
    assert "shows no router acme" in str(difference(api(COLOURS), None, ROUTE))
    assert "another tls" in str(difference(api(COLOURS), ROUTER, replace(ROUTE, tls=None)))


def test_a_priority_and_a_resolver_that_were_taken_away_must_be_gone() -> None:
    bare = replace(ROUTE, tls={}, priority=None)
    assert "another priority" in str(difference(api(COLOURS), replace(ROUTER, tls={}), bare))
    shown = replace(ROUTER, tls={"certResolver": "le"}, priority=len(ROUTE.rule))
    assert "another tls" in str(difference(api(COLOURS), shown, bare))
