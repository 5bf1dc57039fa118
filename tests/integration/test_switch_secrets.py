# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A canary secret in a gate header: it reaches the colour that is asked, and nothing else that anybody can read."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.world import World
from tests.harness import Ansible
from tests.integration.switching import Switching

CANARY = "canary-c0ffee-0451"
ENCODED = base64.b64encode(f"operator:{CANARY}".encode()).decode()
HEADERS = {"Authorization": f"Basic {ENCODED}", "X-Token": CANARY}
GATE: dict[str, Any] = {"path": "/health", "deadline": 0.5, "timeout": 0.3, "headers": HEADERS}

Prepare = Callable[[Switching], dict[str, Any]]


def well(_acme: Switching) -> dict[str, Any]:
    return {}


def sick(acme: Switching) -> dict[str, Any]:
    acme.world.site("acme", "green").behave(sick="database is down")
    return {}


def dead(acme: Switching) -> dict[str, Any]:
    acme.world.site("acme", "green").die()
    return {}


def slow(acme: Switching) -> dict[str, Any]:
    acme.world.site("acme", "green").behave(slow_ms=2000)
    return {}


def bad_header(_acme: Switching) -> dict[str, Any]:
    return {"bluegreen_gate": {**GATE, "headers": {"X-Token": f"{CANARY}\r\nX: y"}}}


def header_of_the_wrong_type(_acme: Switching) -> dict[str, Any]:
    return {"bluegreen_gate": {**GATE, "headers": f"{CANARY} no dict"}}


def bad_neighbour_option(_acme: Switching) -> dict[str, Any]:
    return {"bluegreen_gate": {**GATE, "successes": "many"}}


def secret_in_a_url(acme: Switching) -> dict[str, Any]:
    url = acme.options["colours"]["green"][0].replace("http://", f"http://operator:{CANARY}@")
    return {"bluegreen_colours": {**acme.options["colours"], "green": [url]}}


def secret_in_the_api_url(_acme: Switching) -> dict[str, Any]:
    return {"bluegreen_confirm": {"api_url": f"http://operator:{CANARY}@127.0.0.1:1"}}


def failing_proof(acme: Switching) -> dict[str, Any]:
    """Probes pass, the public address does not exist: the change is made and taken back."""
    return {"bluegreen_confirm": {**acme.options["confirm"], "public_url": "http://other.localhost/", "timeout": 0.5}}


PATHS: list[tuple[Prepare, bool]] = [
    (well, True),
    (sick, False),
    (dead, False),
    (slow, False),
    (bad_header, False),
    (header_of_the_wrong_type, False),
    (bad_neighbour_option, False),
    (secret_in_a_url, False),
    (secret_in_the_api_url, False),
    (failing_proof, False),
]


@pytest.mark.parametrize(("prepare", "succeeds"), PATHS, ids=lambda value: getattr(value, "__name__", None))
@pytest.mark.parametrize("callback", ["ansible.builtin.default", "ansible.posix.json"])
def test_the_canary_is_in_no_output_and_in_no_file(world: World, ansible: Ansible, prepare: Prepare, succeeds: bool, callback: str) -> None:
    with Switching(world) as acme:
        acme.ok()
        variables = {
            "bluegreen_target": "green",
            "bluegreen_gate": GATE,
            "bluegreen_soak": {"seconds": 0.1},
            "dry_run": False,
            **prepare(acme),
        }
    run = ansible.run("bluegreen.orchestrator.switch", limit="acme", extra_vars=variables, arguments=("-vvv",), callback=callback)
    assert (run.returncode == 0) is succeeds, run.output[-2000:]
    hits = [line for line in run.output.splitlines() if CANARY in line or ENCODED in line]
    assert hits == []
    assert files_with_the_canary(world.directory) == []


@pytest.mark.parametrize("prepare", [well, sick, dead], ids=lambda value: getattr(value, "__name__", None))
@pytest.mark.parametrize("playbook", ["status", "rollback", "bluegreen"])
def test_nor_in_what_the_other_playbooks_say(world: World, ansible: Ansible, prepare: Prepare, playbook: str) -> None:
    with Switching(world) as acme:
        acme.ok()
        acme.ok(target="green")
        variables = {"bluegreen_gate": GATE, "bluegreen_soak": {"seconds": 0}, "dry_run": False, **prepare(acme)}
    run = ansible.run(f"bluegreen.orchestrator.{playbook}", limit="acme", extra_vars=variables, arguments=("-vvv",))
    assert run.results
    assert CANARY not in run.output
    assert ENCODED not in run.output
    assert files_with_the_canary(world.directory) == []


def files_with_the_canary(directory: Path) -> list[str]:
    """Every file of the world: dynamic files, lock, audit trail, Traefik's and the sites' logs."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert any(path.name == "acme.yml" for path in files)
    return [str(path) for path in files if CANARY.encode() in path.read_bytes() or ENCODED.encode() in path.read_bytes()]


def test_the_canary_does_reach_the_gate(world: World) -> None:
    """Otherwise the test above would prove nothing: without the header this gate stays closed."""
    with Switching(world) as acme:
        acme.ok()
        world.site("acme", "green").require_header("X-Token", CANARY)
        assert "status 401 instead of 200" in acme.refused(target="green")
        assert acme.ok(target="green", gate=GATE)["active_after"] == "green"


@pytest.mark.parametrize("value", ["2", "https", "green", "acme"])
def test_a_header_that_is_no_secret_leaves_the_result_readable(world: World, value: str) -> None:
    with Switching(world) as acme:
        acme.ok()
        result = acme.ok(target="green", gate={**acme.options["gate"], "headers": {"X-Probe": value}})
    assert result["active_after"] == "green"
    assert result["gate"][0]["probes"] == 2
    assert result["take_back"] == "ansible-playbook bluegreen.orchestrator.rollback --limit acme -e dry_run=false"


def test_an_answer_that_was_cut_off_does_not_open_the_gate(world: World) -> None:
    """And a header that comes twice, with both colours, is no identity."""
    half = b"HTTP/1.1 200 OK\r\nX-Bluegreen-Colour: green\r\nContent-Length: 500\r\n\r\n..."
    twice = b"HTTP/1.1 200 OK\r\nX-Bluegreen-Colour: blue\r\nX-Bluegreen-Colour: green\r\nContent-Length: 0\r\n\r\n"
    for answer, said in ((half, "the answer ended before its announced length"), (twice, "blue, green")):
        with Switching(world) as acme, Answering(answer) as url:
            acme.ok()
            colours = {**acme.options["colours"], "green": [url]}
            assert said in acme.refused(target="green", colours=colours)


class Answering:
    """A server that says the same bytes to everybody."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(self._answer)

    def __enter__(self) -> str:
        threading.Thread(target=self._serve, daemon=True).start()
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *trouble: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
