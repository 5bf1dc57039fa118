# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A handle on one colour of the small site: start it, make it misbehave, read which requests it got."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.server import LOOPBACK, LabError, Server, answers, http, reserve_port
from lab.site_app import Behaviour


class Site(Server):
    """One colour of one site, a process of its own.

    ``sick`` answers 503 with the reason everywhere; ``unhealthy`` does so at ``/health`` only, as a site does that sees its end coming
    and still serves; ``error_ratio`` fails that part of the requests but never
    ``/health``: a site that calls itself healthy while its visitors see errors.
    """

    def __init__(self, directory: Path, *, site: str = "acme", colour: str = "blue", version: str = "", detached: bool = False) -> None:
        super().__init__(f"{site}-{colour}", directory, detached=detached)
        self.site = site
        self.colour = colour
        self.version = version or {"blue": "1.0.0", "green": "1.1.0"}[colour]
        self.port = reserve_port()
        self.control_port = reserve_port()
        self.request_log = self.directory / f"{self.name}.requests.jsonl"

    @property
    def url(self) -> str:
        """Where it answers, not through Traefik."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def control_url(self) -> str:
        """Where its behaviour is read and set."""
        return f"http://{LOOPBACK}:{self.control_port}"

    def command(self) -> list[str]:
        """The small site's own program."""
        values = {
            "--site": self.site,
            "--colour": self.colour,
            "--version": self.version,
            "--port": str(self.port),
            "--control-port": str(self.control_port),
            "--request-log": str(self.request_log),
        }
        return [sys.executable, "-m", "lab.site_app", *(word for pair in values.items() for word in pair)]

    def ready(self) -> bool:
        """Ready when the control endpoint answers: the site listens before it, and its request log stays empty."""
        return answers(f"{self.control_url}/behaviour")

    def behave(
        self, *, sick: str = "", unhealthy: str = "", wrong_colour: bool = False, slow_ms: int = 0, error_ratio: float = 0.0
    ) -> None:
        """Behave like this from the next request on; what is not named is healthy."""
        self._be(Behaviour(sick, unhealthy, wrong_colour, slow_ms, error_ratio))

    def require_header(self, name: str, value: str) -> None:
        """Answer 401 to every request without this header, until the next ``behave`` or ``heal``."""
        self._be(Behaviour(required={name: value}))

    def _be(self, wanted: Behaviour) -> None:
        status, answer = http("PUT", f"{self.control_url}/behaviour", asdict(wanted))
        if status != 200:
            raise LabError(f"{self.name} refused the behaviour: {answer.decode(errors='replace')}")

    def heal(self) -> None:
        """Be healthy again; start again when it died."""
        if not self.running:
            self.start()
        self.behave()

    def die(self) -> None:
        """Make the process drop dead from inside, with whatever it was answering."""
        try:
            http("POST", f"{self.control_url}/die")
        except OSError:
            self.kill()

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests it got: method, path, host, time. ``since`` is an earlier size of the log."""
        return read_requests(self.request_log, since)


def read_requests(log: Path, since: int = 0) -> list[dict[str, Any]]:
    """The requests in a log from an offset on, ours or Traefik's; a log that is not there holds none."""
    try:
        content = log.read_bytes()[since:]
    except FileNotFoundError:
        return []
    lines = [json.loads(line) for line in content.splitlines(keepends=True) if line.endswith(b"\n")]
    return [_in_our_words(line) if "RequestMethod" in line else line for line in lines]


def _in_our_words(line: dict[str, Any]) -> dict[str, Any]:
    return {"method": line["RequestMethod"], "path": line["RequestPath"], "host": line["RequestHost"], **line}
