# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a site every millisecond or so, each time on a new connection, and tells when a switch became visible.

    with Poller(directory, port, host="acme.localhost", file=dynamic_dir / "acme.yml") as poller:
        ...
    print(poller.switches())

It knows nothing of the tool that switches: it sees a file being replaced and an answer's colour change. The time of a
replacement is the last moment at which the old file was still there, so no figure is ever better than the truth.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from lab.server import LOOPBACK, Server


@dataclass(frozen=True)
class Switch:
    """One replacement of the file (monotonic seconds) and the first answer of another colour after it."""

    at: float
    colour: str
    visible_ms: float


class Poller(Server):
    """The handle: a process of its own, so that it does not wait for the one that switches."""

    def __init__(self, directory: Path, port: int, *, host: str, file: Path, interval: float = 0.001) -> None:
        super().__init__("poller", directory)
        self.events_file = self.directory / "poller.events.jsonl"
        self.options = {
            "--port": str(port),
            "--host": host,
            "--file": str(file),
            "--interval": str(interval),
            "--events": str(self.events_file),
        }

    def prepare(self) -> None:
        """Forget an earlier one."""
        self.events_file.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """This module as a program."""
        return [sys.executable, "-m", "lab.poller", *(word for pair in self.options.items() for word in pair)]

    def ready(self) -> bool:
        """Ready when it has seen a first colour."""
        return any(event["event"] == "colour" for event in self.events())

    def events(self) -> list[dict[str, Any]]:
        """All that it saw: ``file`` replaced, ``colour`` changed, ``failure``."""
        if not self.events_file.exists():
            return []
        lines = self.events_file.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def switches(self) -> list[Switch]:
        """The switches: each replacement of the file that was followed by another colour before the next one."""
        found: list[Switch] = []
        replaced: float | None = None
        for event in self.events():
            if event["event"] == "file":
                replaced = event["at"]
            elif event["event"] == "colour" and replaced is not None:
                found.append(Switch(replaced, event["colour"], round((event["at"] - replaced) * 1000, 2)))
                replaced = None
        return found

    def failures(self) -> list[str]:
        """The looks that got no proper answer."""
        return [event["reason"] for event in self.events() if event["event"] == "failure"]


class _Looker:
    """The program's own loop."""

    def __init__(self, given: argparse.Namespace, out: TextIO) -> None:
        self.port: int = given.port
        self.file: Path = given.file
        self.interval: float = given.interval
        self.out = out
        self.request = f"GET / HTTP/1.1\r\nHost: {given.host}\r\nConnection: close\r\n\r\n".encode()
        self.colour = ""
        self.mark = self._mark()
        self.mark_seen = time.monotonic()

    def _mark(self) -> tuple[int, int]:
        try:
            found = os.stat(self.file)
        except OSError:
            return (0, 0)
        return (found.st_ino, found.st_mtime_ns)

    def tell(self, **event: object) -> None:
        """One line, at once: the handle reads while we write."""
        self.out.write(json.dumps(event) + "\n")
        self.out.flush()

    def look_at_file(self) -> None:
        """Notice a replacement; its time is when the old file was seen last."""
        now = time.monotonic()
        mark = self._mark()
        if mark != self.mark:
            self.mark = mark
            self.tell(event="file", at=self.mark_seen)
        self.mark_seen = now

    def look_at_site(self) -> None:
        """Ask once and notice another colour."""
        answer = self._ask()
        head = answer.partition(b"\r\n\r\n")[0]
        self.look_at_file()
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
            self.tell(event="failure", at=time.monotonic(), reason=head[:80].decode(errors="replace") or "no answer")
            return
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"x-bluegreen-colour" and value.strip().decode() != self.colour:
                self.colour = value.strip().decode()
                self.tell(event="colour", at=time.monotonic(), colour=self.colour)

    def _ask(self) -> bytes:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=5) as connection:
                connection.sendall(self.request)
                answer = b""
                while part := connection.recv(65536):
                    answer += part
                return answer
        except OSError as error:
            return str(error).encode()

    def run(self) -> None:
        """Look until SIGTERM."""
        while True:
            begun = time.monotonic()
            self.look_at_file()
            self.look_at_site()
            pause = self.interval - (time.monotonic() - begun)
            if pause > 0:
                time.sleep(pause)


def main() -> None:
    """Read the command line and look."""
    parser = argparse.ArgumentParser(description="Tells when a switch becomes visible.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--interval", type=float, required=True)
    parser.add_argument("--events", type=Path, required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(given.events, "a", encoding="utf-8") as out:
        _Looker(given, out).run()


if __name__ == "__main__":
    main()
