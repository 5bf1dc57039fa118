# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two who work on one site at the same moment, on real containers: no visitor is brought to a colour in work, and nobody is told a lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.container_world import IMAGE, ContainerWorld
from lab.docker import docker
from tests.integration.containers import FORCED, NEXT, UNHURRIED, Operator, candidate_runs, converged

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def operator(containers: ContainerWorld) -> Operator:
    """Blue and green run, blue serves."""
    made = Operator(containers)
    converged(made)
    return made


def test_a_rollback_comes_before_a_retirement_that_still_waits(operator: Operator, tmp_path: Path) -> None:
    operator.does("switch", bluegreen_target="green")
    with (
        operator.world.load(operator.site) as load,
        operator.begins(tmp_path / "retire", "retire", bluegreen_drain_seconds=60, **FORCED) as colleague,
    ):
        colleague.until(lambda: "What is in flight ends meanwhile" in colleague.said())
        operator.does("rollback")
        assert colleague.ended() == 2
    assert f"{operator.site}: blue is not idle, it serves, so its container is left alone" in colleague.said()
    assert operator.world.public(operator.site)["colour"] == "blue"
    assert operator.world.inspect(operator.site, "blue")["State"]["Running"]
    assert load.snapshot().failed == 0, load.snapshot().words()


def test_nobody_is_brought_to_the_candidate_of_a_deploy(operator: Operator, tmp_path: Path) -> None:
    operator.does("switch", bluegreen_target="green")
    with operator.world.load(operator.site) as load, operator.begins(tmp_path / "deploy", "deploy", **UNHURRIED) as colleague:
        colleague.until(lambda: candidate_runs(operator, "blue"))
        for playbook, variables in (("rollback", {}), ("switch", {"bluegreen_target": "blue"}), ("canary", {"bluegreen_canary_weight": 5})):
            assert f"{operator.site}: blue is in work (deploy by " in operator.refused(playbook, **variables)
        assert colleague.ended() == 0, colleague.said()
        operator.does("rollback")
    assert operator.world.public(operator.site)["version"] == "1.1"
    assert load.snapshot().failed == 0, load.snapshot().words()


def test_the_second_of_two_deploys_is_refused_or_takes_over(operator: Operator, tmp_path: Path) -> None:
    with operator.begins(tmp_path / "deploy", "deploy", **UNHURRIED) as colleague:
        colleague.until(lambda: candidate_runs(operator, "green"))
        said = operator.refused("deploy", **NEXT)
        assert f"{operator.site}: green is in work (deploy by " in said
        assert "give -e bluegreen_take_over=true to end its work" in said
        assert colleague.ended() == 0, colleague.said()
    assert operator.world.version(operator.site, "green") == "1.1"


def test_who_was_taken_over_stops_and_removes_nothing(operator: Operator, tmp_path: Path) -> None:
    hopeless = {"test": ["CMD-SHELL", "exit 1"], "interval": "1s", "retries": 60}
    with operator.begins(tmp_path / "deploy", "deploy", bluegreen_healthcheck=hopeless, **NEXT) as colleague:
        colleague.until(lambda: candidate_runs(operator, "green"))
        operator.does("deploy", bluegreen_take_over=True, bluegreen_image=f"{IMAGE}:1.1")
        made = operator.world.inspect(operator.site, "green")["Id"]
        assert colleague.ended() == 2
    assert f"{operator.site}: the work on green was taken over by another run (" in colleague.said()
    after = operator.world.inspect(operator.site, "green")
    assert (after["Id"], after["State"]["Running"]) == (made, True)


def test_who_makes_a_container_and_was_taken_over_calls_nothing_its_own(operator: Operator, tmp_path: Path) -> None:
    """The other run's container has the name, passes the gate and is well: it is not what this run has made, nor its to remove."""
    docker("rm", "--force", f"{operator.site}-green")
    hopeless = {"test": ["CMD-SHELL", "exit 1"], "interval": "1s", "retries": 60}
    with operator.begins(tmp_path / "deploy", "deploy", bluegreen_healthcheck=hopeless) as colleague:
        colleague.until(lambda: bool(docker("ps", "--quiet", "--filter", f"name={operator.site}-green")))
        operator.does("deploy", bluegreen_take_over=True, **NEXT)
        made = operator.world.inspect(operator.site, "green")["Id"]
        assert colleague.ended() == 2, colleague.said()
    assert f"{operator.site}: the work on green was taken over by another run (" in colleague.said()
    after = operator.world.inspect(operator.site, "green")
    assert (after["Id"], after["State"]["Running"]) == (made, True)


def test_a_route_that_cannot_be_read_is_not_no_route(operator: Operator) -> None:
    """Who serves would be taken for idle, and replaced under its visitors."""
    world, site = operator.world, operator.site
    before = [world.inspect(site, colour)["Id"] for colour in ("blue", "green")]
    note = world.traefik.staging_dir / f"{site}.claim"
    note.write_text("{}")
    world.write_inventory(bluegreen_limits={"cpus": 0.5, "memory": "160M", "pids": 80})
    for playbook in ("bluegreen", "deploy"):
        operator.harness(playbook).refuses(
            f"{note} is no claim that this collection wrote; see what is going on at {site}, then remove it."
        )
    assert [world.inspect(site, colour)["Id"] for colour in ("blue", "green")] == before
    note.unlink()
    who_serves_comes_back_first(operator)


def who_serves_comes_back_first(operator: Operator) -> None:
    """Also when the idle colour does not come up at all."""
    operator.does("switch", bluegreen_target="green")
    docker("rm", "--force", f"{operator.site}-blue", f"{operator.site}-green")
    # Its Python finds no library of its own.
    broken = {"blue": {"PYTHONHOME": "/nowhere"}}
    said = operator.refused("bluegreen", bluegreen_colour_env=broken)
    assert f"{operator.site}: blue does not come up: it ended" in said
    assert operator.world.public(operator.site)["version"] == "1.0"


def test_a_network_whose_labels_differ_is_left_to_who_serves(operator: Operator) -> None:
    """docker_network would make it anew, and cut both colours off."""
    site = operator.site
    names = [f"{site}-blue", f"{site}-green"]
    for name in names:
        docker("network", "disconnect", site, name)
    docker("network", "rm", site)
    docker("network", "create", site)
    for name in names:
        docker("network", "connect", site, name)
    with operator.world.load(site) as load:
        operator.does("bluegreen")
    assert load.snapshot().failed == 0, load.snapshot().words()
    a_deploy_of_what_runs_already_proves_it(operator)


def a_deploy_of_what_runs_already_proves_it(operator: Operator) -> None:
    operator.world.behave(operator.site, "green", sick="no database")
    before = operator.world.inspect(operator.site, "green")["Id"]
    said = operator.harness("deploy").proves(changes=True).preview.output
    assert f"runs {IMAGE}:1.0 already, does not pass its gate (" in " ".join(said.split())
    assert operator.world.inspect(operator.site, "green")["Id"] != before
    operator.world.behave(operator.site, "green", sick="no database")
    docker("pause", f"{operator.site}-green")
    said = operator.refused("deploy", bluegreen_start_seconds=3)
    assert f"{operator.site}: green does not come up: " in said
    assert "no database" in said
    operator.world.behave(operator.site, "green")
    docker("pause", f"{operator.site}-green")
    operator.harness("deploy").proves(changes=True)
    assert not operator.world.inspect(operator.site, "green")["State"]["Paused"]
