# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The write hold on a real Traefik: begin, commit, abort, each previewed, repeated and refused."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.server import http, process_birth
from lab.world import World
from tests.harness.tree import capture, first_change
from tests.integration.holding import Holding, gone, open_files, until


@pytest.fixture
def acme(world: World) -> Iterator[Holding]:
    with Holding(world) as made:
        made.ok()
        yield made


class Post:
    """A write that is under way, sent by curl, which follows a 307 with the body."""

    def __init__(self, acme: Holding, path: str = "/order", method: str = "POST") -> None:
        url = acme.world.traefik.web_url + path
        command = [
            "curl",
            "-s",
            "-L",
            "-X",
            method,
            "--data",
            "hello",
            "-H",
            f"Host: {acme.host}",
            "-w",
            "\n%{http_code} %{num_redirects}",
            url,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def answer(self) -> tuple[str, int, int]:
        """The colour that took it, the status and the number of redirects."""
        body, _, numbers = self._process.communicate(timeout=40)[0].rpartition("\n")
        status, redirects = numbers.split()
        return (str(json.loads(body)["colour"]) if body.startswith("{") else body), int(status), int(redirects)


def waiting(acme: Holding, number: int) -> None:
    until(lambda: acme.begin()["hold"]["waiting"] == number, f"{number} writes that wait")


def unchanged(acme: Holding, **options: Any) -> dict[str, Any]:
    """Run a preview; it must send nothing but reads, and write nothing."""
    before, mark = capture(acme.world.roots), acme.world.mark()
    result = acme.ok(check=True, **options)
    assert first_change(before, capture(acme.world.roots)) is None
    assert {method for _server, method, _path in acme.world.requests_since(mark)} <= {"GET"}
    return result


def test_each_act_does_what_its_preview_says(acme: Holding) -> None:
    plain = acme.file.read_text()
    for act, options in (("begin", {"hold_settle": 0.1}), ("abort", {}), ("begin", {"hold_settle": 0.1}), ("commit", {})):
        said = unchanged(acme, hold=act, **options)
        done = acme.ok(hold=act, **options)
        assert done["changed"] is said["changed"] is True
        assert [done[key] for key in ("diff", "actions", "digest", "active_after")] == [
            said[key] for key in ("diff", "actions", "digest", "active_after")
        ]
        if act == "abort":
            assert acme.file.read_text() == plain
    assert acme.public_colour() == "green"
    assert acme.left() == []
    assert acme.ok(target="previous")["active_after"] == "blue"


def test_begin_twice_tells_what_is_left(acme: Holding) -> None:
    acme.begin()
    before = capture(acme.world.roots)
    again = acme.begin()
    assert again["changed"] is False
    assert again["hold"]["state"] == "held"
    assert 20 < again["hold"]["seconds_left"] < 25
    assert "writes are held for green already, 0 wait," in again["summary"]
    assert unchanged(acme, hold="begin")["changed"] is False
    assert first_change(before, capture(acme.world.roots), times=False) is None
    assert "held for green already" in acme.refused(hold="begin", target="blue")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_write_waits_and_no_read_does(acme: Holding, method: str) -> None:
    acme.begin()
    write = Post(acme, method=method)
    waiting(acme, 1)
    for read in ("GET", "OPTIONS"):
        assert http(read, f"{acme.world.traefik.web_url}/health", host=acme.host, timeout=1.0)[0] == 200
    assert acme.public_colour() == "blue"
    acme.ok(hold="commit")
    assert write.answer()[1:] == (200, 0)


def test_the_way_back_is_the_clients_own_address(acme: Holding) -> None:
    """Also a path that a careless Location would send to another host."""
    acme.begin()
    paths = ["/order?id=1&name=a%20b", "//evil.example/x", "/"]
    writes = [Post(acme, path) for path in paths]
    waiting(acme, len(paths))
    acme.ok(hold="abort")
    assert [write.answer() for write in writes] == [("blue", 200, 1)] * len(paths)
    seen = [line["path"] for line in acme.world.site("acme", "blue").requests() if line["method"] == "POST"]
    # Traefik itself folds the double slash, for every request (its option sanitizePath).
    assert sorted(seen[-3:]) == sorted(["/order?id=1&name=a%20b", "/evil.example/x", "/"])


def test_a_hold_that_nobody_ends_aborts_by_itself(acme: Holding) -> None:
    plain = acme.file.read_text()
    acme.begin(hold_seconds=2)
    write = Post(acme)
    assert write.answer() == ("blue", 200, 1)
    until(lambda: not acme.note(), "the end of the hold")
    assert acme.file.read_text() == plain
    assert acme.left() == []
    message = acme.refused(hold="commit")
    assert "acme: no writes are held (the last hold, " in message
    assert ": nobody committed within 2 s; blue takes the writes again), so there is nothing to commit" in message
    assert acme.refused(hold="commit", check=True) == message


def test_commit_twice_and_abort_without_a_hold(acme: Holding) -> None:
    assert acme.ok(hold="abort")["changed"] is False
    assert "no writes are held, so there is nothing to commit" in acme.refused(hold="commit")
    acme.begin()
    acme.ok(hold="commit")
    assert "committed, green serves), so there is nothing to commit" in acme.refused(hold="commit")
    assert acme.ok(hold="abort")["changed"] is False
    assert acme.public_colour() == "green"


def test_nobody_else_changes_the_site_meanwhile(acme: Holding) -> None:
    acme.begin()
    holder = acme.holder()
    message = acme.refused(target="green", lock_timeout=0.1)
    assert f"acme is being changed by {Path.home().owner()} on " in message
    assert f"(pid {holder}, for " in message
    assert "at step: holding writes for green, 2" in message
    assert " s left); waited lock_timeout=0.1 s. It ends by itself; the playbook hold with -e bluegreen_hold=commit or abort" in message
    assert "holding writes for green" in str(acme.ok(target="green", check=True)["warnings"])
    info = acme.ok(
        module="bluegreen_switch_info", site="acme", dynamic_dir=str(acme.world.dynamic_dir), staging_dir=str(acme.world.staging_dir)
    )
    assert "holding writes for green" in info["sites"][0]["lock"]["owner"]


def test_a_colour_that_is_not_well_yet_is_told_at_the_begin_and_refused_at_the_commit(acme: Holding) -> None:
    green = acme.world.site("acme", "green")
    green.behave(sick="being cloned")
    began = acme.begin()
    assert "green does not pass its gate" in str(began["warnings"])
    assert "A commit would be refused while that is so" in str(began["warnings"])
    write = Post(acme)
    waiting(acme, 1)
    assert acme.refused(hold="commit", check=True) == acme.refused(hold="commit")
    assert acme.public_colour() == "blue"
    green.behave()
    acme.ok(hold="commit")
    assert write.answer() == ("green", 200, 0)


def test_green_serves_already(acme: Holding) -> None:
    result = acme.begin(target="blue")
    assert (result["changed"], result["hold"]["state"]) == (False, "none")
    assert acme.note() == {}


def test_a_taken_address_is_refused_before_anything_is_changed(acme: Holding) -> None:
    before = acme.file.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        message = acme.refused(hold="begin", hold_listen=listen)
        assert message == f"hold_listen: the gate cannot listen at {listen} (Address already in use); give another address or port."
        assert acme.refused(hold="begin", hold_listen=listen, check=True) == message
    assert "cannot listen at 192.0.2.1:" in acme.refused(hold="begin", hold_listen="192.0.2.1")
    assert acme.file.read_text() == before
    assert acme.note() == {}


def test_a_broken_neighbour_is_named(acme: Holding) -> None:
    broken = acme.world.dynamic_dir / "neighbour.yml"
    broken.write_text("a: [")
    assert "neighbour.yml: it is not valid YAML" in acme.refused(hold="begin")
    broken.unlink()
    acme.begin()
    broken.write_text("a: [")
    assert "neighbour.yml: it is not valid YAML" in acme.refused(hold="commit")
    broken.unlink()
    acme.ok(hold="commit")


def test_a_file_that_somebody_changed_by_hand_is_left_alone(acme: Holding) -> None:
    plain = acme.file.read_text()
    acme.begin()
    by_hand = plain + "# by hand\n"
    # Renamed into place, as a careful hand does it: a file that Traefik reads half-written is another test's subject.
    beside = acme.file.parent.with_name("acme.by-hand")
    beside.write_text(by_hand)
    beside.replace(acme.file)
    write = Post(acme, "/late")
    assert "nothing to commit" in acme.ok(hold="commit", check=True)["summary"]
    assert "changed by hand during the hold" in acme.refused(hold="commit")
    assert write.answer()[:2] == ("blue", 200)
    assert acme.file.read_text() == by_hand
    assert acme.note() == {}


def test_a_long_name_and_a_deep_staging_folder(world: World) -> None:
    """The name of a unix socket has room for 107 bytes; a folder may be deeper than that."""
    deep = world.staging_dir / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    site = "a" * 63
    with Holding(world, "acme") as acme:
        given = {"site": site, "staging_dir": str(deep)}
        acme.ok(**given)
        assert acme.begin(**given)["hold"]["state"] == "begun"
        assert acme.ok(**given, hold="begin")["hold"]["state"] == "held"
        assert acme.ok(**given, hold="abort")["changed"] is True


def test_the_holder_keeps_nothing_of_the_operators_session(acme: Holding) -> None:
    acme.begin()
    pid = acme.holder()
    assert os.getsid(pid) != os.getsid(0)
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
    named = [name for name in open_files(pid) if name.startswith("/") and not name.startswith("/dev/")]
    assert {Path(name).name for name in named} == {"acme.lock", "acme.hold.log"}
    # One pipe, the one on which it told how the begin went; none of Ansible's own.
    assert len([name for name in open_files(pid) if name.startswith("pipe:")]) == 1
    birth = process_birth(pid)
    acme.ok(hold="abort")
    until(gone(pid, birth), "the end of the holder")


def test_a_polite_kill_ends_the_hold_in_order(acme: Holding) -> None:
    plain = acme.file.read_text()
    acme.begin()
    write = Post(acme)
    waiting(acme, 1)
    os.kill(acme.holder(), 15)
    assert write.answer() == ("blue", 200, 1)
    until(lambda: not acme.note(), "the end of the hold")
    assert acme.file.read_text() == plain


def test_garbage_at_the_gate_and_at_the_socket_ends_nothing(acme: Holding) -> None:
    acme.begin()
    port = int(acme.file.read_text().partition("address: http://127.0.0.1:")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as talk:
        talk.sendall(b"\x00\xff garbage\r\n\r\n")
        assert talk.recv(100).startswith(b"HTTP/1.1 400")
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    write = Post(acme)
    waiting(acme, 1)
    acme.ok(hold="commit")
    assert write.answer() == ("green", 200, 0)
    for talk in silent:
        talk.close()


def test_a_confirmation_that_never_comes_takes_the_hold_back(acme: Holding) -> None:
    plain = acme.file.read_text()
    confirm = {**acme.options["confirm"], "public_url": "http://nobody.localhost/", "timeout": 0.5}
    begun = time.monotonic()
    message = acme.refused(hold="begin", confirm=confirm)
    assert "acme: the hold was not begun: Traefik did not follow within confirm.timeout=0.5 s: " in message
    assert "blue takes the writes again" in message
    assert time.monotonic() - begun < 10
    assert acme.file.read_text() == plain
    assert acme.note() == {}
