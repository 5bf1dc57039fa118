# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's dynamic file: written, read back, and refused when it is not ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import HEADER, Route, parse, render

ROUTE = Route(
    site="acme",
    active="green",
    previous="blue",
    rolled_back=None,
    rule="Host(`acme.example`)",
    colours={"blue": ("http://127.0.0.1:8081",), "green": ("http://127.0.0.1:8082", "http://127.0.0.1:8083")},
    entrypoints=("websecure",),
    middlewares=("secure@file",),
    tls={"certResolver": "le"},
    priority=7,
)
VARIANTS = [
    ROUTE,
    replace(ROUTE, active="blue", previous=None, rolled_back="green"),
    replace(ROUTE, entrypoints=(), middlewares=(), tls=None, priority=None),
    replace(ROUTE, tls={}),
    replace(ROUTE, rule='Host(`acme.example`) && Header(`X-É`, `a: "b" # c`)'),
]


@pytest.mark.parametrize("route", VARIANTS)
def test_what_is_written_is_read_back(route: Route) -> None:
    text = render(route)
    assert parse("acme", "acme.yml", text) == route
    assert render(parse("acme", "acme.yml", text)) == text


def test_the_file_is_what_traefik_wants() -> None:
    data = yaml.safe_load(render(ROUTE))
    assert data["http"]["routers"]["acme"] == {
        "rule": "Host(`acme.example`)",
        "service": "acme-green",
        "entryPoints": ["websecure"],
        "middlewares": ["secure@file"],
        "priority": 7,
        "tls": {"certResolver": "le"},
    }
    servers = data["http"]["services"]["acme-green"]["loadBalancer"]["servers"]
    assert [server["url"] for server in servers] == ["http://127.0.0.1:8082", "http://127.0.0.1:8083"]
    assert set(data["http"]["services"]) == {"acme-blue", "acme-green"}


def test_the_routers_service_is_the_truth_about_the_active_colour() -> None:
    text = render(ROUTE).replace("service: acme-green", "service: acme-blue")
    assert parse("acme", "acme.yml", text).active == "blue"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http: {}\n", "was not written by bluegreen_switch"),
        ("", "was not written by bluegreen_switch"),
        (HEADER, "was changed by hand"),
        (HEADER + "http:\n  routers: [\n", "was changed by hand"),
        (HEADER + "http:\n  routers:\n    other: {rule: x, service: acme-blue}\n", "was changed by hand"),
        (render(ROUTE).replace("service: acme-green", "service: acme-red"), "'acme-red', which is no colour of acme"),
        (render(ROUTE).replace('"previous": "blue"', '"previous": '), "was changed by hand"),
        (render(ROUTE).replace("    acme-blue:", "    other-blue:"), "was changed by hand"),
        (render(ROUTE).replace("servers:\n        - url: http://127.0.0.1:8081", "servers: []"), "a list in it is empty"),
        (render(ROUTE).replace("url: http://127.0.0.1:8081", "url: 8081"), "holds no texts"),
        (render(ROUTE).replace("middlewares:\n      - secure@file", "middlewares: secure@file"), "was changed by hand"),
    ],
)
def test_what_is_not_ours_is_refused(text: str, said: str) -> None:
    with pytest.raises(RefusedError, match=r"acme\.yml") as error:
        parse("acme", "acme.yml", text)
    assert said in error.value.sentence


def test_a_file_without_history_has_no_previous_colour() -> None:
    text = "".join(line for line in render(ROUTE).splitlines(keepends=True) if not line.startswith("# bluegreen:"))
    assert parse("acme", "acme.yml", text).previous is None
