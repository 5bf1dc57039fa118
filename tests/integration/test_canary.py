# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary on the real Traefik: shares, steps, cookies, and the ways back."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from lab.world import World
from tests.integration.faults import under_load
from tests.integration.switching import Switching, previewed, result_of

DIE_AT_NTH_STEP = """
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Lock
left = {number}
def dying(self, name, step=Lock.step):
    global left
    step(self, name)
    left -= name == {name!r}
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
Lock.step = dying
"""


@pytest.fixture
def acme(world: World) -> Iterator[Switching]:
    with Switching(world) as made:
        made.ok()
        yield made


def weights(acme: Switching) -> dict[str, int]:
    """The split as Traefik runs it; empty when the site's router leads to a colour."""
    router = acme.world.traefik.api("/api/http/routers/acme@file")
    if router["service"] != "acme-split":
        return {}
    services = acme.world.traefik.api("/api/http/services/acme-split@file")["weighted"]["services"]
    return {service["name"]: service["weight"] for service in services}


def colours_of(acme: Switching, number: int, **headers: str) -> Counter[str]:
    """From which colours so many visits were answered."""
    return Counter(acme.visit(**headers).colour for _ in range(number))


def test_the_cycle(acme: Switching) -> None:
    tenth = previewed(acme, canary={"weight": 10})
    assert tenth["summary"] == "acme: now sends 10 % of the visitors to green, the others stay on blue"
    assert (tenth["active_after"], tenth["canary"], tenth["visible_ms"]) == ("blue", 10, None)
    assert [(gate["colour"], gate["passed"]) for gate in tenth["gate"]] == [("green", True)]
    assert tenth["actions"] == ["gate green", f"update {acme.file}", "route acme: 90 % to blue, 10 % to green", "prove it"]
    assert tenth["take_back"] == "ansible-playbook bluegreen.orchestrator.rollback --limit acme -e dry_run=false"
    assert weights(acme) == {"acme-blue": 90, "acme-green": 10}
    assert colours_of(acme, 100)["green"] == pytest.approx(10, abs=2)

    half = previewed(acme, canary={"weight": 50})
    assert half["summary"] == "acme: now sends 50 % of the visitors to green (was 10 %), the others stay on blue"
    assert half["take_back"] == "ansible-playbook bluegreen.orchestrator.canary -e bluegreen_canary_weight=10 --limit acme -e dry_run=false"
    assert weights(acme) == {"acme-blue": 50, "acme-green": 50}
    assert previewed(acme)["canary"] == 50, "an update of the route keeps the canary"

    less = previewed(acme, canary={"weight": 1})
    assert less["gate"] == [], "who already serves must not pass a gate to serve fewer"

    switched = previewed(acme, target="green")
    assert switched["summary"] == "acme: switched from blue to green"
    assert (switched["canary"], switched["previous"]) == (None, "blue")
    assert weights(acme) == {}
    assert "acme-split" not in acme.file.read_text()
    assert colours_of(acme, 20) == {"green": 20}


@pytest.mark.parametrize(
    ("options", "rolled_back"), [({"target": "previous"}, "green"), ({"canary": {"weight": 0}}, None), ({"target": "blue"}, None)]
)
def test_ways_out_of_a_canary(acme: Switching, options: dict[str, Any], rolled_back: str | None) -> None:
    acme.ok(canary={"weight": 10})
    acme.world.site("acme", "blue").behave(unhealthy="which must not stop a way back")
    result = previewed(acme, **options)
    assert result["summary"] == "acme: canary taken back, blue serves all again"
    assert (result["active_after"], result["canary"], result["previous"]) == ("blue", None, None)
    assert f'"rolled_back": {"null" if rolled_back is None else chr(34) + rolled_back + chr(34)}' in acme.file.read_text()
    assert colours_of(acme, 20) == {"blue": 20}


def test_under_load_up_and_back_and_up_and_switched(acme: Switching) -> None:
    with under_load(acme) as load:
        for weight in (10, 50):
            acme.ok(canary={"weight": weight}, soak={"seconds": 0.3})
        acme.ok(target="previous")
        acme.ok(canary={"weight": 10}, soak={"seconds": 0.3})
        acme.ok(target="green")
        acme.ok(target="previous")
        acme.ok(target="green", canary={"steps": [10, 50]}, soak={"seconds": 0.3})
        load.wait_until(lambda seen: seen.colours.get("green", 0) > 100, what="visitors on green")


def test_sticky_visitors_keep_their_colour_through_all_steps(acme: Switching) -> None:
    sticky = {"max_age": 3600}
    acme.ok(canary={"weight": 10}, sticky=sticky)
    visitors: dict[str, str] = {}
    while set(visitors) != {"blue", "green"}:
        seen = acme.visit()
        visitors[seen.colour] = seen.cookie
        assert seen.cookie.startswith("acme-colour=")
    cookie = acme.visit().headers["set-cookie"]
    assert "Max-Age=3600" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie, "the lab's site is served by plain HTTP"
    for weight in (50, 99, 1, 10):
        previewed(acme, canary={"weight": weight})
        for colour, cookie in visitors.items():
            assert colours_of(acme, 10, Cookie=cookie) == {colour: 10}, (weight, colour)
    acme.ok(target="green")
    assert colours_of(acme, 5, Cookie=visitors["blue"]) == {"green": 5}
    assert '"sticky"' in acme.file.read_text(), "the next canary has the same cookie"
    acme.ok(sticky={"enabled": False}, canary={"weight": 50})
    assert "set-cookie" not in acme.visit().headers


def test_a_secure_cookie_by_plain_http_is_doubted(acme: Switching) -> None:
    """Not refused: the entry point can have TLS, which the site's file does not tell."""
    assert "no browser sends the cookie" in str(acme.ok(sticky={"secure": True}, canary={"weight": 50})["warnings"])
    assert "; Secure" in acme.visit().headers["set-cookie"]


def test_steps_are_proven_and_watched_one_by_one(acme: Switching) -> None:
    soak = {"seconds": 0.3, "metrics_url": acme.world.traefik.metrics_url, "min_requests": 1}
    with acme.world.load("acme", workers=4, rate=200) as load:
        result = previewed(acme, target="green", canary={"steps": [10, 50]}, soak=soak)
    assert load.snapshot().failed == 0
    assert [step["percent"] for step in result["steps"]] == [10, 50, 100]
    assert all(step["confirm"]["proven"] and step["soak"]["verdict"] == "passed" for step in result["steps"])
    # What is counted within the split is the canary's own: a tenth of the load, then half of it, then all.
    counted = [step["soak"]["requests"] for step in result["steps"]]
    assert 0 < counted[0] < counted[1] < counted[2]
    assert len(result["diff"]) == 3
    assert [change["after_header"].rpartition("acme.yml")[2] for change in result["diff"]] == [" (10 % to green)", " (50 % to green)", ""]
    assert result["summary"].startswith("acme: switched from blue to green by steps of 10, 50 and 100 %")
    assert colours_of(acme, 10) == {"green": 10}


def test_a_step_that_fails_takes_all_back(acme: Switching) -> None:
    """Green fails every fourth visitor: only its own answers are judged, not the nine tenths of blue's."""
    before = acme.file.read_text()
    acme.world.site("acme", "green").behave(error_ratio=0.25)
    soak = {"seconds": 30, "metrics_url": acme.world.traefik.metrics_url, "min_requests": 20}
    with acme.world.load("acme", workers=4, rate=300) as load:
        result = acme.run(target="green", canary={"steps": [10, 50]}, soak=soak)
    assert "acme: the soak failed at 10 %: " in result["msg"]
    assert "of 500 or above" in result["msg"]
    assert result["msg"].endswith("It was taken back: blue serves as before.")
    assert result["soak"]["errors"] / result["soak"]["requests"] == pytest.approx(0.25, abs=0.05)
    assert acme.file.read_text() == before
    assert colours_of(acme, 20) == {"blue": 20}
    seen = load.snapshot()
    assert 0 < seen.failed < 0.1 * seen.requests, "most visitors never met green"


def test_a_later_step_that_fails_goes_back_to_how_it_was_before_the_run(acme: Switching) -> None:
    acme.ok(canary={"weight": 5})
    before = acme.file.read_text()
    sicken = """
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Lock
def step(self, name, real=Lock.step):
    real(self, name)
    if name == 'soaking at 50 %':
        _gate.probe = lambda *_given: 'it fell sick'
Lock.step = step
"""
    process = acme.start(target="green", canary={"steps": [10, 50]}, soak={"seconds": 0.2}, before=sicken)
    result = result_of(process)
    assert "the soak failed at 50 %: 3 probes in a row failed" in result["msg"]
    assert result["msg"].endswith("It was taken back: blue serves as before, green with 5 %.")
    assert [step["percent"] for step in result["steps"]] == [10]
    assert acme.file.read_text() == before
    assert weights(acme) == {"acme-blue": 95, "acme-green": 5}


STEPS: dict[str, Any] = {"target": "green", "canary": {"steps": [10, 50]}, "soak": {"seconds": 0.1}}
# The step at which it dies, the how manieth of that name, the service that the file then leads to, green's share, and what is left to do.
DEATHS: list[tuple[str, int, str, int | None, list[int]]] = [
    ("switching", 1, "acme-blue", None, [10, 50, 100]),
    ("proving", 1, "acme-split", 10, [10, 50, 100]),
    ("soaking at 10 %", 1, "acme-split", 10, [10, 50, 100]),
    ("staging", 2, "acme-split", 10, [10, 50, 100]),
    ("switching", 2, "acme-split", 10, [10, 50, 100]),
    ("soaking at 50 %", 1, "acme-split", 50, [50, 100]),
    ("switching", 3, "acme-split", 50, [50, 100]),
    ("proving", 3, "acme-green", None, []),
]


@pytest.mark.parametrize(("name", "number", "service", "share", "steps"), DEATHS)
def test_kill_9_between_steps_leaves_one_whole_state_and_the_next_run_finishes(
    acme: Switching, name: str, number: int, service: str, share: int | None, steps: list[int]
) -> None:
    with under_load(acme):
        process = acme.start(**STEPS, before=DIE_AT_NTH_STEP.format(name=name, number=number))
        assert process.wait(30) == -signal.SIGKILL
        process.communicate()
        http = yaml.safe_load(acme.file.read_text())["http"]
        assert http["routers"]["acme"]["service"] == service
        split = http["services"].get("acme-split", {"weighted": {"services": [{}, {"weight": None}]}})
        assert split["weighted"]["services"][1]["weight"] == share
        result = acme.ok(**STEPS)
        assert "an earlier run did not end in order" in str(result["warnings"])
        # The step at which it died is watched again, for nobody saw its end.
        assert [step["percent"] for step in result["steps"]] == steps
        assert colours_of(acme, 10) == {"green": 10}


def info_options(acme: Switching) -> dict[str, Any]:
    return {
        "dynamic_dir": str(acme.world.dynamic_dir),
        "staging_dir": str(acme.world.staging_dir),
        "gate": {"path": "/health"},
        "confirm": {"api_url": acme.world.traefik.api_url},
    }


def test_info_tells_of_a_canary(acme: Switching) -> None:
    acme.ok(canary={"weight": 10}, sticky={})
    (site,) = acme.ok(module="bluegreen_switch_info", **info_options(acme))["sites"]
    assert (site["active"], site["canary"], site["serving"], site["in_step"]) == ("blue", 10, "split", True)
    assert (site["colours"]["blue"]["percent"], site["colours"]["green"]["percent"]) == (90, 10)
    assert site["sticky"]["cookie"] == "acme-colour"


def test_a_drifted_split_is_seen_and_put_right(acme: Switching) -> None:
    acme.ok(canary={"weight": 10})
    wanted = acme.file.read_text()
    acme.file.write_text(wanted.replace("weight: 90", "weight: 60").replace("weight: 10", "weight: 40"))
    assert previewed(acme, canary={"weight": 10})["summary"].startswith("acme: now sends 10 % of the visitors to green (was 40 %)")
    assert acme.file.read_text() == wanted


def test_a_sick_idle_colour_gets_no_canary(acme: Switching) -> None:
    before = acme.file.read_text()
    acme.world.site("acme", "green").behave(sick="no database")
    for check in (True, False):
        for options in ({"canary": {"weight": 10}}, {"target": "green", "canary": {"steps": [10]}}):
            assert "green does not pass its gate" in acme.refused(check=check, **options)
    assert acme.file.read_text() == before


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"canary": {"weight": 10}, "target": "green"}, "canary.weight: 10, and target green is not the colour that serves (blue)"),
    ({"canary": {"weight": 10}, "target": "idle"}, "leave target out to send 10 % to green"),
    ({"canary": {"weight": 10}, "target": "previous"}, "target 'previous' takes a canary back"),
    ({"canary": {"weight": 100}}, "100 percent is not a canary, it is a switch: give target"),
    ({"canary": {"weight": 101}}, "canary.weight: 101 is not a percentage"),
    ({"canary": {"weight": -1}}, "canary.weight: -1 is not a percentage"),
    ({"canary": {}}, "neither weight nor steps is given"),
    ({"canary": {"weight": 1, "steps": [2]}, "target": "green"}, "weight and steps are both given"),
    ({"canary": {"steps": [10, 50]}}, "target is 'active'; give target blue, green or idle"),
    ({"canary": {"steps": [50, 10]}, "target": "green"}, "canary.steps: 50, 10 are not percentages"),
    ({"canary": {"steps": [10, 100]}, "target": "green"}, "100 percent is not a canary"),
    ({"canary": {"weight": 10}, "confirm": {"public_url": "http://acme.localhost/"}}, "confirm.api_url: not set"),
    ({"sticky": {"cookie": "a b"}}, "sticky.cookie: 'a b' is not a cookie's name"),
    ({"sticky": {"same_site": "none"}}, "sticky.same_site: 'none' needs HTTPS"),
    ({"sticky": {"max_age": -1}}, "sticky.max_age: -1 is not between"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED)
def test_what_makes_no_sense_is_refused_in_one_sentence(acme: Switching, options: dict[str, Any], said: str) -> None:
    before = acme.file.read_text()
    message = acme.refused(check=True, **options)
    assert said in message
    assert acme.refused(**options) == message
    assert acme.file.read_text() == before


def test_no_canary_beside_nothing(world: World) -> None:
    acme = Switching(world)
    for options in ({"canary": {"weight": 10}}, {"canary": {"steps": [10]}, "target": "green"}):
        assert "so no colour serves beside which a canary could run" in acme.refused(**options)
