# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploy, switch, rollback and retire on containers, under continuous load; and what happens when one of them goes wrong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.container_world import IMAGE, ContainerWorld
from lab.docker import docker
from tests.harness.ansible import ROOT
from tests.integration.containers import BROKEN, FORCED, LIMIT, NEXT, PREFIX, Operator, converged, deployed, retired, switched
from tests.integration.page import Page

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def operator(containers: ContainerWorld) -> Operator:
    return Operator(containers)


def test_the_whole_way_loses_no_request(operator: Operator) -> None:
    world, site = operator.world, operator.site
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


def test_the_next_command_and_the_address_are_told(operator: Operator) -> None:
    converged(operator)
    run = operator.does("deploy", **NEXT)
    said = json.dumps([result.content.get("msg") for result in run.results])
    assert f"http://127.0.0.1:{operator.world.ports[operator.site]['green']}/" in said
    assert f"ansible-playbook bluegreen.orchestrator.switch --limit {operator.site} -e bluegreen_target=green" in said


def test_the_active_colour_is_never_deployed_to(operator: Operator) -> None:
    switched(operator)
    operator.harness("deploy", bluegreen_deploy_colour="green", **NEXT).refuses(
        f'bluegreen_deploy_colour: "green" is not idle at {operator.site}, green serves; deploy to blue'
    )


def test_a_version_that_does_not_start_leaves_the_old_one(operator: Operator) -> None:
    world, site = operator.world, operator.site
    converged(operator)
    before = world.inspect(site, "green")["Id"]
    with world.load(site) as load:
        said = operator.refused("deploy", **BROKEN)
    assert load.snapshot().failed == 0, load.snapshot().words()
    assert f"{IMAGE}:1.1 does not come up on green: it ended with code 2." in said
    assert f"The old container of green ({IMAGE}:1.0) is back as it was; blue served all the time." in said
    assert "unrecognized arguments: --no-such-option" in said
    after = world.inspect(site, "green")
    assert (after["Id"], after["State"]["Running"]) == (before, True)
    assert docker("ps", "--all", "--quiet", "--filter", f"name={site}-green-candidate") == ""


def test_a_version_that_fails_the_gate_leaves_the_old_one(operator: Operator) -> None:
    """It runs, and Docker calls it well, but it says that it is blue."""
    converged(operator)
    before = operator.world.inspect(operator.site, "green")["Id"]
    operator.world.write_inventory(bluegreen_colour_env={"green": {"SITE_COLOUR": "blue"}})
    said = operator.refused("deploy", bluegreen_start_seconds=5, **NEXT)
    assert "header X-Bluegreen-Colour says 'blue', not 'green'" in said
    after = operator.world.inspect(operator.site, "green")
    assert (after["Id"], after["State"]["Running"]) == (before, True)


def test_a_first_container_that_does_not_start_is_removed_again(operator: Operator) -> None:
    said = operator.refused("bluegreen", bluegreen_command=["--no-such-option"])
    assert f"{operator.site}: blue does not come up: it ended" in said
    assert "It was removed again; the route was not touched." in said
    assert "unrecognized arguments: --no-such-option" in said
    assert docker("ps", "--all", "--quiet", "--filter", f"name={operator.site}-") == ""
    converged(operator)


def test_an_unhealthy_version_is_told_by_its_health_check(operator: Operator) -> None:
    converged(operator)
    check = {"test": ["CMD-SHELL", "echo no database; exit 1"], "interval": "1s", "retries": 1}
    said = operator.refused("deploy", bluegreen_healthcheck=check, **NEXT)
    assert "its health check says unhealthy (no database)" in said
    assert operator.world.version(operator.site, "green") == "1.0"


def candidate_runs(operator: Operator) -> bool:
    return bool(docker("ps", "--quiet", "--filter", f"name={operator.site}-green-candidate"))


def old_is_stopped(operator: Operator) -> bool:
    return not operator.world.inspect(operator.site, "green")["State"]["Running"]


@pytest.mark.parametrize("moment", [old_is_stopped, candidate_runs], ids=lambda moment: moment.__name__)
def test_a_deploy_that_is_killed_is_finished_by_the_next_run(operator: Operator, moment: Callable[[Operator], bool]) -> None:
    world, site = operator.world, operator.site
    converged(operator)
    with world.load(site) as load:
        kill_at(operator, moment, "deploy", **NEXT)
        assert world.public(site)["colour"] == "blue"
        operator.does("deploy", **NEXT)
        operator.does("switch", bluegreen_target="green")
    assert load.snapshot().failed == 0, load.snapshot().words()
    assert world.public(site)["version"] == "1.1"
    assert not candidate_runs(operator)


def route_is_gone(operator: Operator) -> bool:
    return operator.world.public(operator.site) == {"status": 404}


def test_a_retirement_that_is_killed_is_finished_by_the_next_run(operator: Operator) -> None:
    """What is half gone is nobody's any more: no visitor is sent to it, and the neighbour does not notice."""
    world, (site, other) = operator.world, operator.world.sites
    run = operator.ansible.run(PREFIX + "bluegreen", extra_vars={"dry_run": False}, timeout=LIMIT)
    assert run.returncode == 0, run.words()
    with world.load(other) as load:
        kill_at(operator, route_is_gone, "retire", bluegreen_retire="site", bluegreen_drain_seconds=30)
        assert docker("ps", "--quiet", "--filter", f"name={site}-blue") != ""
        operator.does("retire", bluegreen_retire="site")
    assert load.snapshot().failed == 0, load.snapshot().words()
    assert docker("ps", "--all", "--quiet", "--filter", f"name={site}-") == ""


def kill_at(operator: Operator, moment: Callable[[Operator], bool], playbook: str, **variables: Any) -> None:
    """Start a playbook and kill it, with all that it started, at a moment."""
    command = operator.ansible.command(PREFIX + playbook, operator.site, ("--extra-vars", json.dumps({"dry_run": False, **variables})))
    environment = operator.ansible.full_environment("ansible.builtin.default")
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    end = time.monotonic() + LIMIT
    try:
        while not moment(operator):
            assert process.poll() is None, "the run ended before its moment came"
            assert time.monotonic() < end, "the moment never came"
            time.sleep(0.05)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_rollback_to_a_retired_colour_is_refused(operator: Operator) -> None:
    retired(operator)
    operator.harness("rollback").refuses("blue does not pass its gate")
    assert operator.world.public(operator.site)["colour"] == "green"


def test_the_previous_colour_stays_warm_for_its_time(operator: Operator) -> None:
    switched(operator)
    run = operator.does("retire", bluegreen_keep_previous=3600)
    said = json.dumps([result.content.get("msg") for result in run.results])
    assert "blue is kept for a rollback for 35" in said
    assert operator.world.inspect(operator.site, "blue")["State"]["Running"]
    operator.does("retire", bluegreen_keep_previous=0)
    assert not operator.world.inspect(operator.site, "blue")["State"]["Running"]


def test_retiring_waits_until_nothing_is_in_flight(operator: Operator) -> None:
    """A colour that does not say that it answers nobody is not stopped."""
    switched(operator)
    said = operator.refused("retire", bluegreen_drain_path="/health", bluegreen_drain_key="in_flight", bluegreen_drain_seconds=2, **FORCED)
    assert "blue was not stopped, for it does not say that nothing is in flight (in_flight at /health" in said
    assert operator.world.inspect(operator.site, "blue")["State"]["Running"]


def test_a_retired_site_is_gone_and_its_neighbour_is_not(operator: Operator) -> None:
    deployed(operator)
    other = operator.world.sites[1]
    run = operator.ansible.run(PREFIX + "bluegreen", limit=other, extra_vars={"dry_run": False}, timeout=LIMIT)
    assert run.returncode == 0, run.words()
    operator.does("retire", bluegreen_retire="site")
    assert operator.world.public(operator.site) == {"status": 404}
    assert operator.world.public(other)["colour"] == "blue"
    assert docker("ps", "--all", "--quiet", "--filter", f"name={operator.site}-") == ""
    assert docker("network", "ls", "--quiet", "--filter", f"name={operator.site}") == ""


def test_two_sites_do_not_see_each_other(operator: Operator) -> None:
    run = operator.ansible.run(PREFIX + "bluegreen", extra_vars={"dry_run": False}, timeout=LIMIT)
    assert run.returncode == 0, run.words()
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
