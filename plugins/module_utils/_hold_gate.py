# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The waiting room of writes, and the door at which the orders for it come in.

PRIVATE: for this collection's own plugins, not a public interface.

Before Traefik passes a write on, its forwardAuth middleware asks here, and waits for the answer: 200 passes the write on to the colour to
come, 307 tells the client to send it again, to where it was sent. Nothing of a body is ever here: it waits at the client or in Traefik.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import resource
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["pass", "replay"]

# What Go's server, and so Traefik, accepts as headers at most; a longer head does not come from there.
MAX_HEAD = 1024 * 1024
# Traefik sends its question at once; a peer that drips it is none.
HEAD_SECONDS = 5.0
MAX_ORDER = 4096
ORDER_SECONDS = 5.0
# A connection per waiting write: the usual soft limit of 1,024 files would turn the rest away, which is an error for the client.
BACKLOG = 4096
# The loop answers within milliseconds; should it have died, the holder must not wait for it for ever.
LOOP_SECONDS = 10.0


@dataclass
class Counts:
    """What became of the writes.

    Attributes:
        waiting: those that wait now.
        passed: those that were let through to the colour to come.
        replayed: those that were told to come again.
        left: those whose client gave up while it waited.
    """

    waiting: int = 0
    passed: int = 0
    replayed: int = 0
    left: int = 0

    def public(self) -> dict[str, int]:
        """Return it as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Order:
    """What somebody wants of the hold; ``answer`` is to be called once, from any thread."""

    do: str
    answer: Callable[[dict[str, Any]], None]


class HoldGate:
    """Runs in a thread of its own, so that the one who decides may wait for Traefik meanwhile.

    Args:
        door: a listening socket, the address of the forwardAuth middleware.
        orders: a listening unix socket; one line of JSON in, ``{"do": "status" | "commit" | "abort"}``, one line out.
        describe: gives what is added to the counts in the answer to ``status``.
    """

    def __init__(self, door: socket.socket, orders: socket.socket, describe: Callable[[], dict[str, Any]]) -> None:
        self._sockets = (door, orders)
        self._describe = describe
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="hold gate", daemon=True)
        self._servers: list[asyncio.AbstractServer] = []
        self._connections: set[asyncio.Transport] = set()
        self._waiting: set[_Question] = set()
        self.verdict: Verdict | None = None
        self.counts = Counts()
        # SimpleQueue: its put() may be called from a signal handler.
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(LOOP_SECONDS)

    def next_order(self, seconds: float) -> Order | None:
        """Wait for the next commit or abort; None when none came in time."""
        try:
            return self._orders.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def give(self, order: Order) -> None:
        """Hand in an order from inside; a signal handler may do this."""
        self._orders.put(order)

    def decide(self, verdict: Verdict) -> Counts:
        """Answer all who wait; whoever asks later gets the same answer at once."""
        return asyncio.run_coroutine_threadsafe(self._decide(verdict), self._loop).result(LOOP_SECONDS)

    def shut_door(self) -> None:
        """Take no more questions."""
        self._loop.call_soon_threadsafe(self._servers[0].close)

    def stop(self) -> None:
        """End, after the last answers to orders are out."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(LOOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LOOP_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    async def _open(self) -> None:
        door, orders = self._sockets
        self._servers = [
            await self._loop.create_server(lambda: _Question(self), sock=door, backlog=BACKLOG),
            await asyncio.start_unix_server(self._talk, sock=orders, limit=MAX_ORDER),
        ]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        # Answers to orders, and connections that the kernel had accepted when the doors were shut.
        if under_way := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(under_way, timeout=1.0)
        for connection in list(self._connections):
            connection.abort()

    async def _decide(self, verdict: Verdict) -> Counts:
        self.verdict = verdict
        for question in list(self._waiting):
            self._answer(question, verdict)
        return self.counts

    def connected(self, connection: asyncio.Transport) -> None:
        """Somebody is at the door."""
        self._connections.add(connection)

    def entered(self, question: _Question) -> None:
        """A write has come."""
        if self.verdict is not None:
            self._answer(question, self.verdict, waited=False)
            return
        self._waiting.add(question)
        self.counts.waiting += 1

    def gone(self, question: _Question, connection: asyncio.Transport | None) -> None:
        """A connection has ended; if it had no answer yet, the client gave up."""
        if connection is not None:
            self._connections.discard(connection)
        if question in self._waiting:
            self._waiting.discard(question)
            self.counts.waiting -= 1
            self.counts.left += 1

    def _answer(self, question: _Question, verdict: Verdict, *, waited: bool = True) -> None:
        if waited:
            self._waiting.discard(question)
            self.counts.waiting -= 1
        if verdict == "pass":
            self.counts.passed += 1
            question.reply("200 OK")
        else:
            self.counts.replayed += 1
            question.reply("307 Temporary Redirect", f"Location: {question.location}\r\n")

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Whatever comes in at this door must not end the hold: garbage, silence, a peer that is gone.
        with contextlib.suppress(OSError, ValueError, asyncio.TimeoutError):
            line = await asyncio.wait_for(reader.readline(), ORDER_SECONDS)
            writer.write(json.dumps(await self._obey(line)).encode() + b"\n")
            await asyncio.wait_for(writer.drain(), ORDER_SECONDS)
        writer.close()

    async def _obey(self, line: bytes) -> dict[str, Any]:
        try:
            do = json.loads(line)["do"]
        except (ValueError, TypeError, KeyError, RecursionError):
            do = None
        if do == "status":
            return {**self._describe(), **self.counts.public()}
        if do not in ("commit", "abort"):
            return {"error": "this is not an order; it has to be status, commit or abort"}
        answer: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._orders.put(Order(do, lambda content: self._settle(answer, content)))
        return await answer

    def _settle(self, answer: asyncio.Future[dict[str, Any]], content: dict[str, Any]) -> None:
        def settle() -> None:
            if not answer.done():
                answer.set_result(content)

        self._loop.call_soon_threadsafe(settle)


class _Question(asyncio.Protocol):
    """One question of Traefik, on a connection of its own."""

    def __init__(self, gate: HoldGate) -> None:
        self._gate = gate
        self._head = bytearray()
        self._asked = False
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self.location = "/"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected; they have a little time to ask."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._gate.connected(transport)
            self._patience = asyncio.get_running_loop().call_later(HEAD_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Read up to the end of the head; what follows is not for us."""
        if self._asked:
            return
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0 and len(self._head) <= MAX_HEAD:
            return
        self._asked = True
        if self._patience is not None:
            self._patience.cancel()
        uri = original_uri(bytes(self._head[:end])) if end >= 0 else None
        self._head.clear()
        if uri is None:
            self.reply("400 Bad Request")
            return
        self.location = uri
        self._gate.entered(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """The connection is over, answered or not."""
        if self._patience is not None:
            self._patience.cancel()
        self._gate.gone(self, self._transport)

    def reply(self, status: str, headers: str = "") -> None:
        """Answer, and end the connection."""
        if self._transport is not None and not self._transport.is_closing():
            text = f"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n"
            self._transport.write(text.encode("latin-1"))
            self._transport.close()


def original_uri(head: bytes) -> str | None:
    """Read from a question's head where the write was sent to.

    The Location is this path alone, without scheme and host: the client completes it from the address that it used itself, which is right
    also where TLS ends in front of Traefik and X-Forwarded-Proto says http (an http Location would then end as a GET).

    Args:
        head: request line and header fields, without the empty line.

    Returns:
        The path and query, None when Traefik did not ask this.
    """
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].endswith((" HTTP/1.1", " HTTP/1.0")):
        return None
    for line in lines[1:]:
        name, _colon, value = line.partition(":")
        if name.strip().lower() == "x-forwarded-uri":
            uri = value.strip()
            if not uri.startswith("/") or any(char <= " " or char == "\x7f" for char in uri):
                return None
            # "//host/path" is another host's address for a browser, "/.//host/path" is our own path.
            return f"/.{uri}" if uri.startswith(("//", "/\\")) else uri
    return None


def listen(address: tuple[str, int]) -> socket.socket:
    """Listen where Traefik will ask.

    Raises:
        OSError: the address is taken, or not one of this machine.
    """
    door = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(BACKLOG)
    except OSError:
        door.close()
        raise
    return door


def allow_many_files() -> None:
    """Use as many open files as the machine allows: one per waiting write."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def seconds_until(moment: float) -> float:
    """Return the seconds until a moment of the monotonic clock, 0 when it is past."""
    return round(max(0.0, moment - time.monotonic()), 1)
