# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a switch would change, and which wishes are refused before anything is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._gate import Gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import parse, render
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._soak import Soak
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import (
    Confirm,
    Wish,
    check_wish,
    default_staging,
    plan_switch,
    rule_for,
)

CANARY = "canary-77aa-secret"
COLOURS = {"blue": ("http://127.0.0.1:8081",), "green": ("http://127.0.0.1:8082",)}
WISH = Wish(
    site="acme",
    dynamic_dir="/etc/traefik/dynamic",
    staging_dir="/etc/traefik/.dynamic.bluegreen",
    colours=COLOURS,
    rule="Host(`acme.example`)",
    confirm=Confirm(api_url="http://127.0.0.1:8080"),
)


def text_of(active: str, previous: str | None = None, rolled_back: str | None = None) -> str:
    return render(Route("acme", active, previous, rolled_back, "Host(`acme.example`)", COLOURS))


# target, file before (active, previous, rolled_back) -> after, or the refusal
TARGETS: list[tuple[str, tuple[str, str | None, str | None] | None, tuple[str, str | None, str | None] | str]] = [
    ("active", None, ("blue", None, None)),
    ("blue", None, ("blue", None, None)),
    ("green", None, ("green", None, None)),
    ("idle", None, "'idle' makes no sense yet"),
    ("previous", None, "'previous' makes no sense yet"),
    ("active", ("green", "blue", None), ("green", "blue", None)),
    ("green", ("green", "blue", None), ("green", "blue", None)),
    ("green", ("blue", None, None), ("green", "blue", None)),
    ("idle", ("blue", None, None), ("green", "blue", None)),
    ("idle", ("green", "blue", None), ("blue", "green", None)),
    ("previous", ("blue", None, None), "acme has no previous colour"),
    ("previous", ("green", "blue", None), ("blue", None, "green")),
    ("previous", ("blue", None, "green"), ("blue", None, "green")),
    ("green", ("blue", None, "green"), ("green", "blue", None)),
    ("active", ("blue", None, "green"), ("blue", None, "green")),
    ("idle", ("blue", None, "green"), ("green", "blue", None)),
]


@pytest.mark.parametrize(("target", "before", "expected"), TARGETS)
def test_targets(target: Any, before: Any, expected: Any) -> None:
    text = text_of(*before) if before else None
    wish = replace(WISH, target=target)
    if isinstance(expected, str):
        with pytest.raises(BlueGreenError, match=expected):
            plan_switch(wish, text)
        return
    made = plan_switch(wish, text)
    assert made.after is not None
    assert (made.after.active, made.after.previous, made.after.rolled_back) == expected
    assert made.plan.changed is (before != expected)
    assert made.switched is (before is not None and before[0] != expected[0])
    assert made.moves_traffic is (before is None or before[0] != expected[0])


@pytest.mark.parametrize("target", ["blue", "green", "previous", "active"])
def test_every_target_but_idle_is_idempotent(target: Any) -> None:
    wish = replace(WISH, target=target)
    after = plan_switch(wish, text_of("green", "blue")).plan
    text = after.changes[0].after if after.changed else text_of("green", "blue")
    assert not plan_switch(wish, text).plan.changed


def test_what_is_not_given_is_kept() -> None:
    text = render(replace(parse("acme", "x", text_of("green")), middlewares=("m",), entrypoints=("web",), tls={"options": "o"}, priority=3))
    bare = replace(WISH, colours=None, rule=None)
    assert not plan_switch(bare, text).plan.changed
    assert plan_switch(replace(bare, keep_tls=False), text).after == replace(parse("acme", "x", text), tls=None)
    assert plan_switch(replace(bare, middlewares=()), text).after == replace(parse("acme", "x", text), middlewares=())


@pytest.mark.parametrize(("missing", "said"), [({"colours": None}, "colours: not given"), ({"rule": None}, "hosts or rule: not given")])
def test_the_first_run_needs_the_route(missing: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        plan_switch(replace(WISH, **missing), None)


def test_new_urls_of_the_active_colour_move_traffic_those_of_the_idle_one_do_not() -> None:
    for colour, moves in (("blue", True), ("green", False)):
        made = plan_switch(replace(WISH, colours={**COLOURS, colour: ("http://127.0.0.1:9999",)}), text_of("blue"))
        assert made.plan.changed
        assert made.moves_traffic is moves
        assert not made.switched


def test_absent_removes_the_file_and_is_idempotent() -> None:
    wish = replace(WISH, state="absent")
    made = plan_switch(wish, text_of("blue"))
    assert [change.kind for change in made.plan.changes] == ["delete"]
    assert not made.moves_traffic
    assert not plan_switch(wish, None).plan.changed


def gate(**changes: Any) -> dict[str, Any]:
    return {"gate": replace(Gate(), **changes)}


def confirm(**changes: Any) -> dict[str, Any]:
    return {"confirm": replace(WISH.confirm, **changes)}


def soak(**changes: Any) -> dict[str, Any]:
    return {"soak": replace(Soak(seconds=1), **changes)}


def colours(blue: object, green: object = ("http://127.0.0.1:8082",)) -> dict[str, Any]:
    return {"colours": {"blue": blue, "green": green}}


BAD_WISHES: list[tuple[dict[str, Any], str]] = [
    ({"site": "../etc/passwd"}, r"site: '\.\./etc/passwd' is not a site name"),
    ({"site": "a/b"}, "site: 'a/b' is not a site name"),
    ({"site": ""}, "site: '' is not a site name"),
    ({"site": "Acme"}, "site: 'Acme' is not a site name"),
    ({"site": "acme\n"}, "is not a site name"),
    ({"site": "-acme"}, "site: '-acme' is not a site name"),
    ({"site": "a" * 64}, "is not a site name"),
    ({"dynamic_dir": "dynamic"}, "dynamic_dir: 'dynamic' is not an absolute path"),
    ({"rule": "Host(acme.example)"}, "rule: Traefik would refuse"),
    (colours(("http://127.0.0.1:8082",)), "colours.green: .* is already used by blue"),
    (colours(("http://127.0.0.1:1/", "http://127.0.0.1:1")), "colours.blue: .* is twice"),
    (colours(("http://LOCALHOST:80",), ("http://localhost",)), "colours.green: .* is already used by blue"),
    (colours(()), "colours: blue has no url"),
    (colours(("127.0.0.1:8081",)), "colours.blue: .* is not an http"),
    (colours(("ftp://127.0.0.1",)), "colours.blue: .* is not an http"),
    (colours(("http://127.0.0.1:99999",)), "colours.blue: .* is not an http"),
    (colours(("http://127.0.0.1:8081/app",)), "colours.blue: .* has a path"),
    (colours((f"http://u:{CANARY}@127.0.0.1",)), "colours.blue: the URL carries a user or password"),
    ({"rule": 'Host(`a`) || Path(`/{{ env "HOME" }}`)'}, "rule .* holds a template"),
    ({"rule": "Host(`a\udc80`)"}, "rule .* holds a template, a control character"),
    ({"middlewares": ("{{ x }}",)}, "middlewares: .* holds a template"),
    ({"entrypoints": ("a\nb",)}, "entrypoints: .* a control character"),
    ({"tls": {"certResolver": '{{ env "HOME" }}'}, "keep_tls": False}, "tls: .* holds a template"),
    ({"rule": "(" * 5000 + "Host(`a`)" + ")" * 4000}, "rule: Traefik would refuse|rule .* too much text"),
    ({"priority": 10**30}, "priority: 1000000000000000000000000000000 is not between"),
    ({"priority": -1}, "priority: -1 is not between"),
    (gate(timeout=float("inf")), "gate.timeout: inf is too large"),
    (confirm(connect_to="127.0.0.1:²"), "confirm.connect_to: .* is not host:port"),
    (gate(path="health"), "gate.path: 'health' does not start with a slash"),
    (gate(body="("), "gate.body: .* is not a regular expression"),
    (gate(headers={"X": f"{CANARY}\r\nY: z"}), "gate.headers: the header 'X' has"),
    (gate(headers={"X Y": CANARY}), "gate.headers: the header 'X Y' has"),
    (gate(identity_header=""), "gate.identity_header: it is empty"),
    (gate(timeout=0), "gate.timeout: 0 is too small"),
    (gate(timeout=float("nan")), "gate.timeout: nan is too small"),
    (gate(deadline=-1), "gate.deadline: -1 is too small"),
    (gate(successes=0), "gate.successes: 0 is too small"),
    (gate(interval=-0.1), "gate.interval: -0.1 is too small"),
    (confirm(api_url=None), "confirm: neither api_url nor public_url is set"),
    (confirm(api_url="127.0.0.1:8080"), "confirm.api_url: .* is not an http"),
    (confirm(public_url="https://"), "confirm.public_url: .* is not an http"),
    (confirm(connect_to="127.0.0.1"), "confirm.connect_to: '127.0.0.1' is not host:port"),
    (confirm(timeout=0), "confirm.timeout: 0 is too small"),
    (soak(max_error_ratio=1.5), "soak.max_error_ratio: 1.5 is not a share"),
    (soak(seconds=-1), "soak.seconds: -1 is too small"),
    (soak(interval=0), "soak.interval: 0 is too small"),
    (soak(min_requests=0), "soak.min_requests: 0 is too small"),
    (soak(probe=False), "soak: probe is false and metrics_url is not set"),
    (soak(metrics_url="metrics"), "soak.metrics_url: .* is not an http"),
    ({"lock_timeout": -1}, "lock_timeout: -1 is too small"),
]


@pytest.mark.parametrize(("changes", "said"), BAD_WISHES)
def test_bad_wishes_get_one_clear_sentence(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        check_wish(replace(WISH, **changes))
    assert CANARY not in error.value.sentence
    assert error.value.sentence.count("\n") == 0


def test_a_good_wish_passes() -> None:
    check_wish(replace(WISH, soak=Soak(seconds=5, metrics_url="http://127.0.0.1:8080/metrics")))


def test_a_change_that_keeps_the_colour_needs_the_api() -> None:
    bare = replace(WISH, confirm=Confirm(public_url="http://acme.example/"))
    assert plan_switch(replace(bare, target="green"), text_of("blue")).switched
    for wish in (replace(bare, rule="Host(`b.example`)"), replace(bare, state="absent")):
        with pytest.raises(InputError, match=r"confirm.api_url: not set"):
            plan_switch(wish, text_of("blue"))


def test_hosts_become_a_rule() -> None:
    assert rule_for(["a.example", "www.a.example"]) == "Host(`a.example`) || Host(`www.a.example`)"
    for host in ("a b", "a`b", "", "-a.example", "a..example", "x" * 254):
        with pytest.raises(InputError, match="hosts: "):
            rule_for([host])


def test_default_staging_is_beside_the_directory() -> None:
    assert default_staging("/etc/traefik/dynamic/") == "/etc/traefik/.dynamic.bluegreen"
