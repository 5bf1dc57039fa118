# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own truth: a load that hides nothing, servers that leave nothing behind, misbehaviour that is exact."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.load import Load
from lab.poller import Poller
from lab.server import PORTS, ROOT, LabError, ProgramMissingError, find_program, http, process_birth, reserve_port
from lab.site import Site
from lab.world import World, fresh_directory, stop_kept_world


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """One healthy colour."""
    with Site(tmp_path) as site:
        yield site


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait up to five seconds."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, f"not within 5 s: {what}"
        time.sleep(0.02)


def test_load_counts_what_the_server_got(site: Site, tmp_path: Path) -> None:
    """As many requests as the server's own log: none lost, none sent twice."""
    with Load(tmp_path, site.url, workers=4, rate=200) as load:
        load.wait_until(lambda seen: seen.requests >= 100, what="100 requests")
    seen = load.snapshot()
    logged = site.requests()
    assert (seen.failed, seen.failures) == (0, [])
    assert seen.requests == len(logged) == seen.colours["blue"]
    assert {line["method"] for line in logged} == {"GET", "POST"}
    assert 0 < seen.p50_ms <= seen.p99_ms


def test_load_counts_a_dying_backend(site: Site, tmp_path: Path) -> None:
    """Every request to a dead server is a failure, the first is kept with its time and reason, and the load goes on."""
    with Load(tmp_path, site.url, workers=4, rate=200) as load:
        died = time.time()
        site.die()
        load.wait_until(lambda seen: seen.failed >= 10, what="10 failures")
        site.heal()
        answered = load.snapshot().colours["blue"]
        load.wait_until(lambda seen: seen.colours["blue"] > answered, what="answers after the return")
    seen = load.snapshot()
    assert seen.requests == seen.failed + seen.colours["blue"]
    assert seen.failures[0].time >= died
    assert seen.failures[0].reason
    assert seen.failures[0].reason in seen.words()


@pytest.mark.parametrize(("ratio", "status"), [(0.25, "status 500"), (0.0, "status 503")])
def test_load_counts_error_answers(site: Site, tmp_path: Path, ratio: float, status: str) -> None:
    """A status of 400 or more is a failure; a quarter of errors is a quarter, not about a quarter."""
    site.behave(error_ratio=ratio, sick="" if ratio else "no database")
    with Load(tmp_path, site.url, workers=1, rate=200) as load:
        load.wait_until(lambda seen: seen.requests >= 40, what="40 requests")
    seen = load.snapshot()
    assert status in seen.failures[0].reason
    assert seen.failed == (seen.requests // 4 if ratio else seen.requests)


class HangsUp(threading.Thread):
    """Answers the first request of each connection and hangs up on the second without a word, as a bad reload does."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Bluegreen-Colour: blue\r\n\r\nok"

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]

    def run(self) -> None:
        """Serve one connection after the other until the listener is closed."""
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection:
                if connection.recv(65536):
                    connection.sendall(self.ANSWER)
                    connection.recv(65536)


def test_load_never_retries(tmp_path: Path) -> None:
    """A GET lost on a kept connection is a failure; aiohttp on its own would send it again and hide it."""
    server = HangsUp()
    server.start()
    url = f"http://127.0.0.1:{server.port}/"
    with Load(tmp_path, url, workers=1, rate=100, methods=("GET",), connections="keep") as load:
        load.wait_until(lambda seen: seen.requests >= 20, what="20 requests")
    server.listener.close()
    seen = load.snapshot()
    assert seen.failed >= seen.requests // 2 - 1
    assert "ServerDisconnectedError" in seen.failures[0].reason


def test_poller_sees_a_switch_from_outside(world: World, tmp_path: Path) -> None:
    """A replaced file and the first answer of the other colour; nothing when the file is replaced by its like."""
    file = world.dynamic_dir / "acme.yml"

    def route(colour: str) -> None:
        servers = {"loadBalancer": {"servers": [{"url": world.site("acme", colour).url}]}}
        router = {"rule": "Host(`acme.localhost`)", "service": "acme"}
        content = {"http": {"routers": {"acme": router}, "services": {"acme": servers}}}
        staged = world.staging_dir / "acme"
        staged.write_text(json.dumps(content))
        staged.rename(file)

    route("blue")
    world.traefik.await_routes(1)
    with Poller(tmp_path, world.traefik.web_port, host="acme.localhost", file=file) as poller:
        route("green")
        wait_for(lambda: len(poller.switches()) == 1, "green")
        route("green")
        world.site("acme", "green").behave(sick="no database")
        wait_for(lambda: len(poller.failures()) > 0, "a failure")
    switch = poller.switches()[0]
    assert switch.colour == "green"
    assert 0 < switch.visible_ms < 5000
    assert "503" in poller.failures()[0]


def test_site_misbehaves_as_told(site: Site) -> None:
    """Sick with its reason, the wrong colour, slow, and healthy again."""
    site.behave(sick="no database")
    status, body = http("GET", f"{site.url}/health")
    assert (status, json.loads(body)["reason"]) == (503, "no database")
    site.behave(wrong_colour=True)
    assert json.loads(http("GET", f"{site.url}/health")[1])["colour"] == "green"
    site.behave(slow_ms=200)
    started = time.monotonic()
    http("GET", f"{site.url}/")
    assert time.monotonic() - started >= 0.2
    site.behave(error_ratio=1.0)
    assert http("GET", f"{site.url}/")[0] == 500
    assert http("GET", f"{site.url}/health")[0] == 200
    site.require_header("X-Token", "open sesame")
    assert http("GET", f"{site.url}/")[0] == 401
    site.heal()
    assert json.loads(http("POST", f"{site.url}/form", {"a": 1})[1])["length"] == 8
    assert [line["method"] for line in site.requests()] == ["GET"] * 6 + ["POST"]


def test_traefik_serves_https_that_clients_can_verify(world: World) -> None:
    """The default certificate is signed by the lab's authority, and survives a restart on the same ports."""
    trust = ssl.create_default_context(cafile=str(world.traefik.ca_file))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    world.traefik.restart()
    with pytest.raises(urllib.error.HTTPError, match="404") as answer:
        opener.open(world.traefik.websecure_url, timeout=5)
    answer.value.close()


ORPHAN = """
import os, signal, sys
from pathlib import Path
from lab.site import Site
print(Site(Path(sys.argv[1])).start().pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_no_orphan_when_the_parent_crashes(tmp_path: Path) -> None:
    """kill -9 of the process that started a server ends the server too."""
    done = subprocess.run([sys.executable, "-c", ORPHAN, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == -signal.SIGKILL
    wait_for(lambda: not process_birth(int(done.stdout)), "the end of the orphan")


def test_kept_world_is_stopped_by_its_description(tmp_path: Path) -> None:
    """What --keep left running is ended by pid, and only if it is still that process."""
    command = [sys.executable, "-m", "lab.world", "start", str(tmp_path / "kept"), "--sites", "acme", "--keep"]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True)
    description = json.loads((tmp_path / "kept" / "world.json").read_text())
    assert [process["name"] for process in description["processes"]] == ["traefik", "acme-blue", "acme-green"]
    strangers = {**description, "processes": [{"name": "stranger", "pid": os.getpid(), "birth": "1"}]}
    (tmp_path / "world.json").write_text(json.dumps(strangers))
    assert stop_kept_world(tmp_path) == 0
    assert stop_kept_world(tmp_path / "kept") == 3
    assert not any(process_birth(process["pid"]) for process in description["processes"])
    assert stop_kept_world(tmp_path / "kept") == 0


def test_directory_of_somebody_else_is_not_emptied(tmp_path: Path) -> None:
    """A world's directory is emptied at its start, a stranger's never."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LabError, match="is not empty and holds no world of ours"):
        fresh_directory(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_server_that_does_not_start_says_why(site: Site, tmp_path: Path) -> None:
    """The end of its log is in the message, not a timeout."""
    twin = Site(tmp_path / "twin")
    twin.port = site.port
    with pytest.raises(LabError, match=r"(?s)acme-blue ended at its start with code 1: .*address already in use"):
        twin.start()


def test_program_is_found_in_the_documented_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment variable, PATH, cache; a missing program names what to install."""
    places = [tmp_path / "given", tmp_path / "path", tmp_path / "cache" / "bluegreen-orchestrator" / "lab" / "bin"]
    for place in places:
        place.mkdir(parents=True)
        (place / "frobnicator").touch(0o755)
    monkeypatch.setenv("PATH", str(places[1]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("FROBNICATOR", str(places[0] / "frobnicator"))
    for place in places:
        found = find_program("frobnicator", variable="FROBNICATOR", remedy="Install it.")
        assert found == str(place / "frobnicator")
        (place / "frobnicator").unlink()
        monkeypatch.delenv("FROBNICATOR", raising=False)
    with pytest.raises(ProgramMissingError, match=r"'frobnicator' is not on this machine\. Install it\. \(or set FROBNICATOR"):
        find_program("frobnicator", variable="FROBNICATOR", remedy="Install it.")
    monkeypatch.setenv("FROBNICATOR", "/nowhere")
    with pytest.raises(ProgramMissingError, match="FROBNICATOR is set to '/nowhere', which is not a program"):
        find_program("frobnicator", variable="FROBNICATOR", remedy="Install it.")


def test_ports_are_reserved_below_the_kernels_range() -> None:
    """A port of ours is never handed out twice, nor taken by an outgoing connection."""
    ports = [reserve_port() for _ in range(20)]
    assert len(set(ports)) == 20
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(PORTS) < low
    assert set(ports) <= set(PORTS)
