# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Docker engine and images: real ones, made once, with the contracts that roles and playbooks rely on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.docker import SOCKET, Engine, docker
from lab.images import IMAGES, make_image
from lab.server import LOOPBACK, ProgramMissingError, answers, http, reserve_port


def test_an_engine_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(ProgramMissingError, match=r"No Docker engine answers at DOCKER_HOST=unix://.*no\.sock"):
        Engine(tmp_path).start()


def test_an_engine_that_is_not_ours_is_never_stopped(docker_engine: Engine, tmp_path: Path) -> None:
    assert docker_engine.answers()
    assert not Engine(tmp_path).stop()
    assert docker_engine.answers()
    assert docker_engine.host.startswith(("unix://", "tcp://", "ssh://")), SOCKET


@pytest.mark.parametrize("tag", IMAGES)
def test_an_image_is_made_once(docker_engine: Engine, tag: str) -> None:
    assert docker_engine.answers()
    make_image(tag)
    first = docker("image", "inspect", "--format", "{{.Id}}", tag)
    make_image(tag)
    assert docker("image", "inspect", "--format", "{{.Id}}", tag) == first


def test_traefik_is_run_as_in_the_public_image(docker_engine: Engine) -> None:
    assert docker_engine.answers()
    image = make_image("traefik:v3.7")
    assert "3.7." in docker("run", "--rm", image, "version")
    assert docker("run", "--rm", "--entrypoint", "/usr/local/bin/traefik", image, "version").startswith("Version:")
    config = json.loads(docker("image", "inspect", "--format", "{{json .Config}}", image))
    assert (config["Entrypoint"], config["Cmd"]) == (["/entrypoint.sh"], ["traefik"])


@pytest.fixture
def green_site(docker_engine: Engine) -> Iterator[str]:
    """The URL of the lab's site in a container as narrow as the roles make them."""
    assert docker_engine.answers()
    port = reserve_port()
    name = f"lab-site-{port}"
    narrow = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    who = ("--env", "SITE_NAME=acme", "--env", "SITE_COLOUR=green", "--publish", f"{LOOPBACK}:{port}:8080")
    docker("run", "--detach", "--name", name, *narrow, *who, make_image("bluegreen/lab-site:1.1"))
    yield f"http://{LOOPBACK}:{port}"
    docker("rm", "--force", name)


def test_the_site_says_who_it_is(green_site: str) -> None:
    limit = time.monotonic() + 20
    while not answers(f"{green_site}/health"):
        assert time.monotonic() < limit, "the site did not come up"
        time.sleep(0.1)
    told = json.loads(http("GET", f"{green_site}/health")[1])
    assert told == {"status": "ok", "colour": "green", "version": "1.1"}
