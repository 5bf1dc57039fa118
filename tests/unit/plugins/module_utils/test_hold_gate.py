# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The waiting room of writes: real sockets, thousands of them, polite and impolite."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _hold_gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_gate import (
    HoldGate,
    Order,
    allow_many_files,
    listen,
    original_uri,
)


class Room:
    """A gate with its two doors."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "orders")
        orders = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        orders.bind(self.path)
        orders.listen()
        door = listen(("127.0.0.1", 0))
        self.address = door.getsockname()
        self.gate = HoldGate(door, orders, lambda: {"state": "holding"})
        self.gate.start()

    def write(self, uri: str = "/order?id=1") -> socket.socket:
        """Ask as Traefik does for a write to this path."""
        talk = socket.create_connection(self.address, timeout=10)
        talk.sendall(f"GET / HTTP/1.1\r\nHost: gate\r\nX-Forwarded-Method: POST\r\nX-Forwarded-Uri: {uri}\r\n\r\n".encode())
        return talk

    def order(self, line: bytes) -> dict[str, Any]:
        """Give an order, and wait for its answer; empty when there was none."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
            talk.settimeout(10)
            talk.connect(self.path)
            talk.sendall(line)
            answer = talk.makefile("rb").readline()
        content: dict[str, Any] = json.loads(answer or b"{}")
        return content

    def waiting(self, number: int) -> None:
        """Wait until so many wait."""
        until(lambda: self.gate.counts.waiting == number)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def answer_of(talk: socket.socket) -> str:
    """All that came, to the end of the connection."""
    text = b""
    while part := talk.recv(65536):
        text += part
    talk.close()
    return text.decode()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.gate.stop()


def test_nobody_is_answered_before_the_decision(room: Room) -> None:
    talk = room.write()
    room.waiting(1)
    talk.settimeout(0.2)
    with pytest.raises(TimeoutError):
        talk.recv(1)
    room.gate.decide("pass")
    assert answer_of(talk).startswith("HTTP/1.1 200 OK\r\n")
    assert room.gate.counts.public() == {"waiting": 0, "passed": 1, "replayed": 0, "left": 0}


def test_who_is_sent_back_is_told_where_to(room: Room) -> None:
    talk = room.write("/order?id=7&x=a%20b")
    room.waiting(1)
    room.gate.decide("replay")
    head, _, body = answer_of(talk).partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 307 Temporary Redirect\r\nLocation: /order?id=7&x=a%20b\r\n")
    assert body == ""


@pytest.mark.parametrize("verdict", ["pass", "replay"])
def test_who_comes_after_the_decision_does_not_wait(room: Room, verdict: _hold_gate.Verdict) -> None:
    room.gate.decide(verdict)
    assert answer_of(room.write()).split()[1] == {"pass": "200", "replay": "307"}[verdict]


def test_a_client_that_gives_up_is_counted_and_forgotten(room: Room) -> None:
    room.write().close()
    until(lambda: room.gate.counts.left == 1)
    assert room.gate.decide("pass").public() == {"waiting": 0, "passed": 0, "replayed": 0, "left": 1}


def test_thousands_wait_and_each_is_answered_once(room: Room) -> None:
    allow_many_files()
    talks = [room.write(f"/{number}") for number in range(3000)]
    room.waiting(3000)
    room.gate.decide("replay")
    assert [answer_of(talk).split("\r\n")[1] for talk in talks] == [f"Location: /{number}" for number in range(3000)]
    assert room.gate.counts.public() == {"waiting": 0, "passed": 0, "replayed": 3000, "left": 0}


GARBAGE = {
    "no http": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "not asked by Traefik": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "another protocol": b"PRI * HTTP/2.0\r\nX-Forwarded-Uri: /\r\n\r\n",
    "a uri with a blank": b"GET / HTTP/1.1\r\nX-Forwarded-Uri: /a b\r\n\r\n",
    "a uri elsewhere": b"GET / HTTP/1.1\r\nX-Forwarded-Uri: https://evil.example/\r\n\r\n",
    "endless": b"x" * (_hold_gate.MAX_HEAD + 100_000),
    "empty lines": b"\r\n\r\n",
}


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused_and_hurts_nobody(room: Room, sent: bytes) -> None:
    waiting = room.write()
    room.waiting(1)
    with socket.create_connection(room.address, timeout=10) as talk:
        threading.Thread(target=lambda: _send(talk, sent)).start()
        try:
            assert talk.recv(100).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        except ConnectionResetError:
            assert len(sent) > _hold_gate.MAX_HEAD, "only one who goes on sending is cut off"
    assert room.gate.counts.waiting == 1
    room.gate.decide("pass")
    assert answer_of(waiting).startswith("HTTP/1.1 200")


def _send(talk: socket.socket, sent: bytes) -> None:
    try:
        talk.sendall(sent)
    except OSError:
        return


def test_who_drips_is_cut_off(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hold_gate, "HEAD_SECONDS", 0.2)
    with socket.create_connection(room.address, timeout=5) as talk:
        talk.sendall(b"GET / HT")
        assert talk.recv(1) == b""


@pytest.mark.parametrize(
    "line", [b"\n", b"{}\n", b"[]\n", b"null\n", b'{"do": "dance"}\n', b'{"do": ["commit"]}\n', b"\xff\xfe\n", b"[" * 4000 + b"\n"]
)
def test_what_is_no_order_is_said_so(room: Room, line: bytes) -> None:
    assert "is not an order" in room.order(line)["error"]
    assert room.gate.next_order(0) is None


def test_an_endless_order_and_a_silent_peer_end_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hold_gate, "ORDER_SECONDS", 0.2)
    assert room.order(b"x" * 100_000 + b"\n") == {}
    assert room.order(b"") == {}
    assert room.order(b'{"do": "status"}\n')["state"] == "holding"


def test_the_status_counts(room: Room) -> None:
    talk = room.write()
    room.waiting(1)
    assert room.order(b'{"do": "status"}\n') == {"state": "holding", "waiting": 1, "passed": 0, "replayed": 0, "left": 0}
    talk.close()


def test_an_order_is_answered_by_whoever_carries_it_out(room: Room) -> None:
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: answers.append(room.order(b'{"do": "commit"}\n')))
    asking.start()
    order = room.gate.next_order(10)
    assert order is not None
    assert order.do == "commit"
    order.answer({"state": "committed"})
    order.answer({"state": "the second answer is lost"})
    asking.join()
    assert answers == [{"state": "committed"}]


def test_an_order_from_inside_and_none_at_all(room: Room) -> None:
    assert room.gate.next_order(0.01) is None
    room.gate.give(Order("abort", lambda _content: None))
    order = room.gate.next_order(0)
    assert order is not None
    assert order.do == "abort"


def test_the_end_waits_for_the_last_answer(tmp_path: Path) -> None:
    room = Room(tmp_path)
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: answers.append(room.order(b'{"do": "abort"}\n')))
    asking.start()
    order = room.gate.next_order(10)
    assert order is not None
    order.answer({"state": "aborted"})
    room.gate.stop()
    asking.join()
    assert answers == [{"state": "aborted"}]


def test_who_is_still_there_at_the_end_is_let_go(tmp_path: Path) -> None:
    room = Room(tmp_path)
    silent = socket.create_connection(room.address, timeout=10)
    waiting = room.write()
    room.waiting(1)
    room.gate.stop()
    for talk in (silent, waiting):
        assert talk.recv(1) == b""
        talk.close()


def test_a_door_that_is_shut_takes_nobody(room: Room) -> None:
    waiting = room.write()
    room.waiting(1)
    room.gate.shut_door()
    until(lambda: _refused(room.address))
    room.gate.decide("pass")
    assert answer_of(waiting).startswith("HTTP/1.1 200")


def _refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        # Linux says this to who was in the queue while the door was shut.
        return False
    return False


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("/", "/"),
        ("/a/b?c=d", "/a/b?c=d"),
        ("//evil.example/x", "/.//evil.example/x"),
        ("/\\evil.example", "/./\\evil.example"),
        ("/\u00e9", "/\u00e9"),
        ("", None),
        ("a", None),
        ("https://evil.example/", None),
        ("/a\tb", None),
        ("/a\x7f", None),
    ],
)
def test_the_way_back_is_a_path_of_the_site(uri: str, location: str | None) -> None:
    assert original_uri(f"GET / HTTP/1.1\r\nx-forwarded-uri: {uri}".encode("latin-1")) == location


def test_an_address_that_is_taken_is_refused() -> None:
    door = listen(("127.0.0.1", 0))
    with door, pytest.raises(OSError, match=os.strerror(98)):
        listen(door.getsockname())
