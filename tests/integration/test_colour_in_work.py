# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can happen to a colour in work: Docker goes away, another run is faster, a tag is moved, a program starts only once."""

from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import hold, lock_path
from lab.container_world import IMAGE, ContainerWorld
from lab.docker import docker
from tests.integration.containers import NEXT, UNHURRIED, Operator, a_deploy_is_killed, candidate_runs, converged

pytestmark = pytest.mark.timeout(900)

ENGINE = "/var/run/docker.sock"
# Python imports it at its start, wherever PYTHONPATH leads.
STARTS_ONCE = """
import pathlib, sys
used = pathlib.Path("/once/used")
if used.exists():
    sys.exit("the lock of another start is there: /once/used")
used.touch()
"""


@pytest.fixture
def operator(containers: ContainerWorld) -> Operator:
    return Operator(containers)


class _Through(socketserver.BaseRequestHandler):
    """Carries what one client says to the engine, and back."""

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine, selectors.DefaultSelector() as ready:
            engine.connect(ENGINE)
            other = {self.request: engine, engine: self.request}
            for end in other:
                ready.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    if not data:
                        return
                    other[key.fileobj].sendall(data)


class Door(socketserver.ThreadingUnixStreamServer):
    """A way to the engine that can be shut: who comes then is sent away, as while Docker is restarted."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Through)
        self.open = True
        self.sent_away = 0

    def verify_request(self, _request: object, _client_address: object) -> bool:
        """Whether somebody may pass."""
        if not self.open:
            self.sent_away += 1
        return self.open


@pytest.fixture
def door(tmp_path: Path, operator: Operator) -> Iterator[Door]:
    """The operator's runs go through it, the test's own questions do not."""
    with Door(tmp_path / "engine") as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        operator.ansible.environment["DOCKER_HOST"] = f"unix://{tmp_path / 'engine'}"
        yield made
        made.shutdown()


def claimed(operator: Operator) -> bool:
    return (operator.world.traefik.staging_dir / f"{operator.site}.claim").exists()


def test_docker_is_restarted_in_the_middle_of_a_deploy(operator: Operator, door: Door, tmp_path: Path) -> None:
    converged(operator)
    with operator.begins(tmp_path / "deploy", "deploy", **UNHURRIED) as run:
        run.until(lambda: candidate_runs(operator, "green"))
        door.open = False
        run.until(lambda: door.sent_away > 2)
        door.open = True
        assert run.ended() == 0, run.said()
    assert operator.world.version(operator.site, "green") == "1.1"
    docker_goes_under_who_takes_over(operator, door, tmp_path)
    docker_does_not_come_back(operator, door, tmp_path)


def docker_goes_under_who_takes_over(operator: Operator, door: Door, directory: Path) -> None:
    """It found out nothing, so what it took over is as it was: a candidate that nobody may be brought to."""
    a_deploy_is_killed(operator)
    with operator.begins(directory / "taking over", "deploy", bluegreen_take_over=True, **NEXT) as run:
        run.until(lambda: "Claim the colour" in run.said())
        door.open = False
        assert run.ended() == 2, run.said()
    door.open = True
    assert candidate_runs(operator, "green")
    assert "green is in work (deploy by " in operator.refused("switch", bluegreen_target="green")
    operator.does("deploy", bluegreen_take_over=True, **NEXT)
    assert not claimed(operator)


def docker_does_not_come_back(operator: Operator, door: Door, directory: Path) -> None:
    """Nobody removed the candidate, so nobody may be brought to it: the next run does both."""
    version = {**UNHURRIED, "bluegreen_image": f"{IMAGE}:1.0"}
    with operator.begins(directory / "lost", "deploy", bluegreen_start_seconds=5, **version) as run:
        run.until(lambda: candidate_runs(operator, "green"))
        door.open = False
        assert run.ended() == 2, run.said()
    door.open = True
    assert candidate_runs(operator, "green")
    assert claimed(operator)
    assert "green is in work (deploy by " in operator.refused("switch", bluegreen_target="green")
    operator.does("deploy", bluegreen_take_over=True, bluegreen_image=f"{IMAGE}:1.0")
    assert not candidate_runs(operator, "green")
    operator.does("switch", bluegreen_target="green")
    assert operator.world.public(operator.site)["version"] == "1.0"


def test_what_can_happen_to_a_colour_in_work(operator: Operator, tmp_path: Path) -> None:
    """One world for all of it."""
    tag = f"{IMAGE}:moving-{operator.world.suffix}"
    docker("tag", f"{IMAGE}:1.0", tag)
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(docker, "rmi", tag)
        at_the_end.callback(operator.world.sweep)
        a_moved_tag_brings_no_version_with_new_settings(operator, tag)
        another_run_was_faster(operator, tmp_path)
        a_program_that_starts_only_once(operator)


def a_moved_tag_brings_no_version_with_new_settings(operator: Operator, tag: str) -> None:
    world, site = operator.world, operator.site
    volumes = [{"name": "once", "path": "/once"}]
    conf = {"bluegreen_image": tag, "bluegreen_volumes": volumes, "bluegreen_env": {"SITE_NAME": site, "PYTHONPATH": "/once:/srv"}}
    world.write_inventory(**conf)
    converged(operator)
    before = world.inspect(site, "green")["Image"]
    docker("tag", f"{IMAGE}:1.1", tag)
    world.write_inventory(**conf, bluegreen_limits={"cpus": 0.5, "memory": "160M", "pids": 80})
    operator.harness("bluegreen").proves(changes=True)
    after = world.inspect(site, "green")
    assert (after["Image"], after["HostConfig"]["PidsLimit"]) == (before, 80)
    assert after["Config"]["Labels"]["io.bluegreen.version"] == f"moving-{operator.world.suffix}"
    operator.harness("deploy").proves(changes=True)
    assert world.inspect(site, "green")["Image"] != before, "a deploy takes what the tag names now"


def another_run_was_faster(operator: Operator, directory: Path) -> None:
    """It had the site's lock, and exchanged the container, while this one waited to claim it."""
    staging, site = str(operator.world.traefik.staging_dir), operator.site
    with operator.begins(directory / "slower", "deploy", bluegreen_lock_timeout=60, **NEXT) as run:
        with hold(lock_path(staging, site), 10.0, site):
            run.until(lambda: "Claim the colour" in run.said())
            labels = ("--label", f"io.bluegreen.site={site}", "--label", "io.bluegreen.colour=green")
            docker("rm", "--force", f"{site}-green")
            docker("run", "--detach", "--name", f"{site}-green", *labels, f"{IMAGE}:1.0")
        assert run.ended() == 2
    assert f"{site}: the container of green was exchanged by another run since this one looked" in run.said()
    assert operator.world.version(site, "green") == "1.0"
    assert not claimed(operator)


def a_program_that_starts_only_once(operator: Operator) -> None:
    """The candidate leaves something in the volume that the container itself trips over."""
    operator.does("deploy", **NEXT)
    volume = Path(docker("volume", "inspect", "--format", "{{.Mountpoint}}", f"{operator.site}-green-once"))
    volume.chmod(0o777)
    (volume / "sitecustomize.py").write_text(STARTS_ONCE)
    said = operator.refused("deploy", bluegreen_image=f"{IMAGE}:1.0")
    assert f"{operator.site}: the new container of green ({IMAGE}:1.0) does not come up, although its candidate did: it ended" in said
    assert "The old one is gone; blue served all the time. Deploy again, or another version." in said
    assert "the lock of another start is there" in said
    assert not claimed(operator)
    (volume / "sitecustomize.py").unlink()
    operator.does("deploy", bluegreen_image=f"{IMAGE}:1.0")
    operator.does("switch", bluegreen_target="green")
