# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploy, switch, rollback and retire on containers, under continuous load; and what happens when one of them goes wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from lab.container_world import HEALTHCHECK, IMAGE, ContainerWorld
from lab.docker import docker
from lab.server import http
from tests.integration.containers import BROKEN, FORCED, LIMIT, NEXT, PREFIX, Operator, candidate_runs, converged
from tests.integration.page import Page

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def operator(containers: ContainerWorld) -> Operator:
    return Operator(containers)


def test_the_whole_way_loses_no_request(operator: Operator) -> None:
    world, site = operator.world, operator.site
    world.write_inventory(bluegreen_healthcheck=HEALTHCHECK)
    converged(operator)
    with world.load(site) as load:
        operator.does("deploy", **NEXT)
        assert (world.version(site, "blue"), world.version(site, "green")) == ("1.0", "1.1")
        assert world.public(site)["colour"] == "blue"
        canary = operator.does("canary", bluegreen_canary_steps=[10, 50], bluegreen_target="green", bluegreen_soak={"seconds": 1})
        assert [step["percent"] for step in canary.result("bluegreen.orchestrator.bluegreen_switch")["steps"]] == [10, 50, 100]
        load.wait_until(lambda seen: seen.colours.get("green", 0) > 50, what="visitors on green")
        assert world.public(site)["version"] == "1.1"
        operator.does("rollback")
        operator.does("switch", bluegreen_target="green")
        operator.does("retire", **FORCED)
        assert not world.inspect(site, "blue")["State"]["Running"]
        operator.does("deploy", bluegreen_image=f"{IMAGE}:1.1")
        assert world.version(site, "blue") == "1.1"
        operator.does("switch", bluegreen_target="blue")
    seen = load.snapshot()
    assert seen.failed == 0, seen.words()
    assert seen.requests > 1000
    assert set(seen.colours) == {"blue", "green"}


def test_the_maintenance_page_is_all_that_visitors_miss(operator: Operator, tmp_path: Path) -> None:
    """The load counts the page's 503 as failed, so each of them must be the page."""
    world, site = operator.world, operator.site
    page = Page(tmp_path)
    try:
        page.start()
        world.write_inventory(bluegreen_maintenance_servers=[page.url])
        converged(operator)
        with world.load(site) as load:
            operator.does("maintenance", bluegreen_maintenance="on")
            assert world.public(site) == {"status": 503}
            operator.does("maintenance", bluegreen_maintenance="off")
            assert world.public(site)["colour"] == "blue"
    finally:
        page.stop()
    seen = load.snapshot()
    assert 0 < seen.failed < seen.requests
    assert all("We are back at noon" in failure.reason for failure in seen.failures), seen.words()


def test_what_comes_next_is_told_and_a_nightly_retirement_does_not_undo_it(operator: Operator) -> None:
    converged(operator)
    run = operator.does("deploy", **NEXT)
    said = json.dumps([result.content.get("msg") for result in run.results])
    assert f"http://127.0.0.1:{operator.world.ports[operator.site]['green']}/" in said
    assert f"ansible-playbook bluegreen.orchestrator.switch --limit {operator.site} -e bluegreen_target=green" in said
    two_days_ago = time.time() - 2 * 86400
    os.utime(operator.world.traefik.dynamic_dir / f"{operator.site}.yml", (two_days_ago, two_days_ago))
    run = operator.does("retire")
    said = json.dumps([result.content.get("msg") for result in run.results])
    assert re.search(r"green is kept for its switch, for it was started \d+ s ago, for 86\d\d\d s more", said), said
    assert operator.world.inspect(operator.site, "green")["State"]["Running"]
    operator.does("retire", bluegreen_keep_previous=0)
    assert not operator.world.inspect(operator.site, "green")["State"]["Running"]


def test_the_active_colour_is_never_deployed_to_and_one_with_a_canary_is_left_alone(operator: Operator) -> None:
    converged(operator)
    operator.harness("deploy", bluegreen_deploy_colour="blue", **NEXT).refuses(
        f'bluegreen_deploy_colour: "blue" is not idle at {operator.site}, blue serves; deploy to green'
    )
    operator.does("canary", bluegreen_canary_weight=10)
    for playbook, variables in (("deploy", NEXT), ("retire", FORCED)):
        operator.harness(playbook, **variables).refuses(f"{operator.site}: green is not idle, for a canary sends visitors to it")
    assert operator.world.inspect(operator.site, "green")["State"]["Running"]
    assert operator.world.version(operator.site, "green") == "1.0"


def test_what_does_not_come_up_leaves_what_was_there(operator: Operator) -> None:
    """One world for all: each failure must leave it as the next one needs it."""
    a_first_container_that_does_not_start(operator)
    converged(operator)
    before = operator.world.inspect(operator.site, "green")["Id"]
    with operator.world.load(operator.site) as load:
        for attempt in (a_version_that_does_not_start, a_version_that_fails_the_gate, an_unhealthy_version):
            attempt(operator)
            after = operator.world.inspect(operator.site, "green")
            assert (after["Id"], after["State"]["Running"]) == (before, True), attempt.__name__
            assert not docker("ps", "--all", "--quiet", "--filter", f"name={operator.site}-green-candidate"), attempt.__name__
    assert load.snapshot().failed == 0, load.snapshot().words()


def a_first_container_that_does_not_start(operator: Operator) -> None:
    said = operator.refused("bluegreen", bluegreen_command=["--no-such-option"])
    assert f"{operator.site}: blue does not come up: it ended" in said
    assert "It was removed again; the route was not touched." in said
    assert "unrecognized arguments: --no-such-option" in said
    assert docker("ps", "--all", "--quiet", "--filter", f"name={operator.site}-") == ""


def a_version_that_does_not_start(operator: Operator) -> None:
    said = operator.refused("deploy", **BROKEN)
    assert f"{IMAGE}:1.1 does not come up on green: it ended with code 2." in said
    assert f"The old container of green ({IMAGE}:1.0) is back as it was; blue served all the time." in said
    assert "unrecognized arguments: --no-such-option" in said


def a_version_that_fails_the_gate(operator: Operator) -> None:
    """It runs, and Docker calls it well, but it says that it is blue."""
    wrong = {"green": {"SITE_COLOUR": "blue"}}
    said = operator.refused("deploy", bluegreen_start_seconds=5, bluegreen_colour_env=wrong, **NEXT)
    assert "header X-Bluegreen-Colour says 'blue', not 'green'" in said


def an_unhealthy_version(operator: Operator) -> None:
    check = {"test": ["CMD-SHELL", "echo no database; exit 1"], "interval": "1s", "retries": 1}
    said = operator.refused("deploy", bluegreen_healthcheck=check, **NEXT)
    assert "its health check says unhealthy (no database)" in said


def old_is_stopped(operator: Operator) -> bool:
    return not operator.world.inspect(operator.site, "green")["State"]["Running"]


def green_has_its_candidate(operator: Operator) -> bool:
    return candidate_runs(operator, "green")


def new_one_is_there(operator: Operator) -> bool:
    """The candidate is gone, and the container that takes its place is starting."""
    there = docker("ps", "--all", "--format", "{{.Names}} {{.Image}}", "--filter", f"name={operator.site}-green")
    return there == f"{operator.site}-green {IMAGE}:1.1"


def test_a_deploy_that_is_killed_is_finished_by_the_next_run(operator: Operator, tmp_path: Path) -> None:
    world, site = operator.world, operator.site
    converged(operator)
    with world.load(site) as load:
        for moment, version in ((old_is_stopped, "1.1"), (green_has_its_candidate, "1.0"), (new_one_is_there, "1.1")):
            with operator.begins(tmp_path / "killed", "deploy", bluegreen_image=f"{IMAGE}:{version}") as killed:
                killed.until(partial(moment, operator))
            assert world.public(site)["colour"] == "blue"
            assert "green is in work (deploy by " in operator.refused("switch", bluegreen_target="green")
            assert "green is in work: deploy by " in json.dumps([result.content for result in operator.does("status").results])
            operator.does("deploy", bluegreen_take_over=True, bluegreen_image=f"{IMAGE}:{version}")
            assert world.version(site, "green") == version
            assert not candidate_runs(operator, "green")
        operator.does("switch", bluegreen_target="green")
    assert load.snapshot().failed == 0, load.snapshot().words()
    assert world.public(site)["colour"] == "green"


def route_is_gone(operator: Operator) -> bool:
    return operator.world.public(operator.site) == {"status": 404}


def test_two_sites_are_apart_and_one_is_taken_away(operator: Operator, tmp_path: Path) -> None:
    """A retirement that is killed is finished by the next run, and what is half gone is nobody's: no visitor is sent to it."""
    world, (site, other) = operator.world, operator.world.sites
    # The drain below reads the version as the number of requests in flight: blue answers nobody, green three.
    environment = {"blue": {"SITE_COLOUR": "blue", "SITE_VERSION": "0"}, "green": {"SITE_COLOUR": "green", "SITE_VERSION": "3"}}
    told = {"bluegreen_drain_path": "/health", "bluegreen_drain_key": "version", "bluegreen_drain_seconds": 2}
    world.write_inventory(bluegreen_colour_env=environment)
    run = operator.ansible.run(PREFIX + "bluegreen", extra_vars={"dry_run": False}, timeout=LIMIT)
    assert run.returncode == 0, run.words()
    they_do_not_see_each_other(operator)
    with world.load(other) as load:
        with operator.begins(tmp_path / "killed", "retire", bluegreen_retire="site", bluegreen_drain_seconds=60) as killed:
            killed.until(partial(route_is_gone, operator))
        assert docker("ps", "--quiet", "--filter", f"name={site}-blue") != ""
        said = operator.refused("retire", bluegreen_retire="site", **told)
        assert "green was not stopped, for it does not say that nothing is in flight (version at /health: 3)" in said
        assert len(docker("ps", "--quiet", "--filter", f"name={site}-").split()) == 2
        operator.does("retire", bluegreen_retire="site")
    assert load.snapshot().failed == 0, load.snapshot().words()
    assert world.public(site) == {"status": 404}
    assert world.public(other)["colour"] == "blue"
    assert docker("ps", "--all", "--quiet", "--filter", f"name={site}-") == ""
    assert docker("network", "ls", "--quiet", "--filter", f"name={site}") == ""


def they_do_not_see_each_other(operator: Operator) -> None:
    site, other = operator.world.sites
    theirs = operator.world.inspect(other, "blue")["NetworkSettings"]["Networks"][other]["IPAddress"]
    ours = operator.world.inspect(site, "green")["NetworkSettings"]["Networks"][site]["IPAddress"]
    assert reaches(f"{site}-blue", ours), "the site's own other colour must be reached, or the proof below says nothing"
    assert not reaches(f"{site}-blue", theirs)
    assert not reaches(f"{site}-blue", f"{other}-blue")


def reaches(container: str, address: str) -> bool:
    """Whether a program in a container can open a connection to an address, on the port of the lab's site."""
    program = "import socket, sys; socket.create_connection((sys.argv[1], 8080), 2)"
    done = subprocess.run(["docker", "exec", container, "python3", "-c", program, address], capture_output=True, check=False)
    return done.returncode == 0


def test_the_previous_colour_stays_warm_and_ends_what_it_is_answering(operator: Operator) -> None:
    world, site = operator.world, operator.site
    converged(operator)
    operator.does("switch", bluegreen_target="green")
    since = time.monotonic()
    run = operator.does("retire", bluegreen_keep_previous=3600)
    said = json.dumps([result.content.get("msg") for result in run.results])
    assert "blue is kept for a rollback for 35" in said
    assert world.inspect(site, "blue")["State"]["Running"]
    said = operator.refused("retire", bluegreen_drain_path="/health", bluegreen_drain_key="status", bluegreen_drain_seconds=2, **FORCED)
    assert "blue was not stopped, for it does not say that nothing is in flight (status at /health: ok)" in said
    # The last retirement below is without it, and does so.
    assert "If it hangs and will never say so, -e bluegreen_drain_path='' asks nobody and waits for bluegreen_drain_seconds." in said
    assert world.inspect(site, "blue")["State"]["Running"]
    # Longer than a run takes to come to the stop, and the drain longer than that.
    slow = 12
    world.behave(site, "blue", slow_ms=slow * 1000)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(http, "GET", f"http://127.0.0.1:{world.ports[site]['blue']}/", timeout=4.0 * slow)
        drained = int(time.monotonic() - since) + slow + 8
        operator.does("retire", bluegreen_drain_seconds=drained, bluegreen_stop_seconds=1, **FORCED)
        assert answer.result()[0] == 200
    assert not world.inspect(site, "blue")["State"]["Running"]
    operator.harness("rollback").refuses("blue does not pass its gate")
    assert world.public(site)["colour"] == "green"
