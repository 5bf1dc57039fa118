# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site's dynamic file: written, read back, and refused when it is not ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Hold, Maintenance, Preview, Route, Sticky
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import HEADER, objects, parse, render

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
    replace(ROUTE, canary=10),
    replace(ROUTE, canary=99, active="blue", sticky=Sticky("acme-colour", secure=True)),
    replace(ROUTE, sticky=Sticky("c", secure=False, http_only=False, same_site="strict", max_age=3600)),
    replace(ROUTE, preview=Preview(host="preview.acme.example", users_file="/etc/traefik/users", source_ranges=("10.0.0.0/8", "::1"))),
    replace(ROUTE, preview=Preview(header="X-Preview", value="not-to-be-guessed")),
    replace(ROUTE, rule="Host(`a`) && !(ClientIP(`10.0.0.1`))", maintenance=Maintenance(("http://127.0.0.1:9000",))),
    replace(ROUTE, maintenance=Maintenance(("http://127.0.0.1:1", "http://127.0.0.1:2"), ("192.0.2.0/24", "2001:db8::/32"))),
    replace(ROUTE, hold=Hold("blue", "127.0.0.1:4711")),
]
EVERYTHING = replace(
    ROUTE,
    canary=25,
    sticky=Sticky("acme-colour", secure=True),
    preview=Preview(header="X-Preview", value="not-to-be-guessed", users_file="/etc/traefik/users", source_ranges=("10.0.0.0/8",)),
    maintenance=Maintenance(("http://127.0.0.1:9000",), ("192.0.2.1",)),
    hold=Hold("blue", "127.0.0.1:4711"),
)


@pytest.mark.parametrize("route", [*VARIANTS, EVERYTHING])
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


def test_a_canary_is_a_split_with_the_active_colour_first() -> None:
    data = yaml.safe_load(render(replace(ROUTE, canary=10, sticky=Sticky("acme-colour", secure=True, max_age=60))))
    assert data["http"]["routers"]["acme"]["service"] == "acme-split"
    assert data["http"]["services"]["acme-split"] == {
        "weighted": {
            "services": [{"name": "acme-green", "weight": 90}, {"name": "acme-blue", "weight": 10}],
            "sticky": {"cookie": {"name": "acme-colour", "secure": True, "httpOnly": True, "sameSite": "lax", "maxAge": 60}},
        }
    }


def test_the_cookie_of_the_next_canary_is_remembered_without_one() -> None:
    text = render(replace(ROUTE, sticky=Sticky("acme-colour", secure=True)))
    assert '"sticky": {"cookie": "acme-colour"' in text
    assert "acme-split" not in text


def test_the_preview_leads_to_the_idle_colour_behind_its_guards() -> None:
    http = yaml.safe_load(render(EVERYTHING))["http"]
    router = http["routers"]["acme-preview"]
    assert router["rule"] == "(Host(`acme.example`)) && Header(`X-Preview`, `not-to-be-guessed`)"
    assert router["service"] == "acme-blue"
    assert router["middlewares"] == ["acme-preview-noindex", "acme-preview-ranges", "acme-preview-users", "secure@file"]
    assert http["middlewares"]["acme-preview-noindex"] == {"headers": {"customResponseHeaders": {"X-Robots-Tag": "noindex, nofollow"}}}
    assert http["middlewares"]["acme-preview-ranges"] == {"ipAllowList": {"sourceRange": ["10.0.0.0/8"]}}
    assert http["middlewares"]["acme-preview-users"] == {"basicAuth": {"usersFile": "/etc/traefik/users", "removeHeader": True}}


def test_the_maintenance_page_hides_the_site_but_from_those_on_the_list() -> None:
    http = yaml.safe_load(render(EVERYTHING))["http"]
    router = http["routers"]["acme-maintenance"]
    assert router["rule"] == "(Host(`acme.example`)) && !(ClientIP(`192.0.2.1`))"
    assert router["service"] == "acme-maintenance"
    assert http["services"]["acme-maintenance"] == {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:9000"}]}}


def test_a_hold_gates_what_writes_before_anything_rewrites_it() -> None:
    http = yaml.safe_load(render(EVERYTHING))["http"]
    assert http["routers"]["acme-hold"] == {
        "rule": "(Host(`acme.example`)) && (Method(`POST`) || Method(`PUT`) || Method(`PATCH`) || Method(`DELETE`))",
        "service": "acme-blue",
        "entryPoints": ["websecure"],
        "middlewares": ["acme-hold", "secure@file"],
        "priority": 8,
        "tls": {"certResolver": "le"},
    }
    gate = {"address": "http://127.0.0.1:4711/", "authRequestHeaders": ["Accept"], "preserveLocationHeader": True}
    assert http["middlewares"]["acme-hold"] == {"forwardAuth": gate}


def test_what_stands_beside_wins_by_steps() -> None:
    """Traefik's own priority is the rule's length in bytes; ours is a little above that, however long the rules beside are."""
    routers = yaml.safe_load(render(replace(EVERYTHING, priority=None, rule="Path(`/é`)")))["http"]["routers"]
    assert {name: router.get("priority") for name, router in routers.items()} == {
        "acme": None,
        "acme-hold": 12,
        "acme-maintenance": 13,
        "acme-preview": 14,
    }


def test_every_object_of_the_file_is_listed() -> None:
    http = yaml.safe_load(render(EVERYTHING))["http"]
    assert objects(EVERYTHING) == {(kind, name) for kind, things in http.items() for name in things}
    assert len(objects(EVERYTHING)) == 12
    assert objects(ROUTE) == {("routers", "acme"), ("services", "acme-blue"), ("services", "acme-green")}


def test_a_secret_is_not_in_what_a_traceback_would_print() -> None:
    assert "not-to-be-guessed" not in repr(EVERYTHING)


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
        (render(replace(ROUTE, canary=10)).replace("weight: 90", "weight: 190"), "was changed by hand"),
        (render(replace(ROUTE, canary=10)).replace("weight: 10", "weight: 0"), "was changed by hand"),
        (render(replace(ROUTE, canary=10)).replace("name: acme-blue", "name: acme-green"), "was changed by hand"),
        (render(replace(ROUTE, canary=10)).replace("service: acme-split", "service: acme-red"), "which is no colour of acme"),
        (render(EVERYTHING).replace("&& Header(", "&& Query("), "was changed by hand"),
        (render(EVERYTHING).replace("- url: http://127.0.0.1:9000", "- uri: x"), "was changed by hand"),
        (render(EVERYTHING).replace("forwardAuth", "forwardauth"), "was changed by hand"),
        (render(EVERYTHING).replace('"cookie": "acme-colour"', '"cookie": 7'), "was changed by hand"),
        (render(EVERYTHING).replace("        sourceRange:\n        - 10.0.0.0/8", "        sourceRange:\n        - 10"), "holds no texts"),
    ],
)
def test_what_is_not_ours_is_refused(text: str, said: str) -> None:
    with pytest.raises(RefusedError, match=r"acme\.yml") as error:
        parse("acme", "acme.yml", text)
    assert said in error.value.sentence


def test_a_file_without_history_has_no_previous_colour() -> None:
    text = "".join(line for line in render(ROUTE).splitlines(keepends=True) if not line.startswith("# bluegreen:"))
    assert parse("acme", "acme.yml", text).previous is None
