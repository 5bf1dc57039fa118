# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small site's own program: ``python -m lab.site_app``, one process per colour. See ``lab.site`` for its handle."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from lab.server import LOOPBACK

OTHER = {"blue": "green", "green": "blue"}

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{site}: {colour}</title></head>
<body style="font-family: sans-serif; background: {background}">
<h1>{site}</h1><p>This is the <strong>{colour}</strong> colour, version {version}.</p>
</body></html>
"""
BACKGROUND = {"blue": "#dbe9ff", "green": "#dcf5dc"}


@dataclass
class Behaviour:
    """How the site misbehaves now; the default is a healthy site."""

    sick: str = ""
    unhealthy: str = ""
    wrong_colour: bool = False
    slow_ms: int = 0
    error_ratio: float = 0.0
    required: dict[str, str] = field(default_factory=dict)


class SmallSite:
    """Answers every path, writes each request to a log before it answers, and misbehaves on demand."""

    def __init__(self, site: str, colour: str, version: str, request_log: str) -> None:
        self.site = site
        self.own_colour = colour
        self.version = version
        self.behaviour = Behaviour()
        self._owed_errors = 0.0
        # In a container the log is what "docker logs" shows; to open /dev/stdout by its name is refused to nobody.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._log = sys.stdout.fileno() if request_log == "-" else os.open(request_log, flags, 0o644)

    @property
    def colour(self) -> str:
        """The colour it claims to be."""
        return OTHER[self.own_colour] if self.behaviour.wrong_colour else self.own_colour

    def record(self, request: web.Request) -> None:
        """One line per request, written with one system call: a reader never sees half a line."""
        line = {"time": time.time(), "method": request.method, "path": request.path_qs, "host": request.host}
        os.write(self._log, json.dumps(line).encode() + b"\n")

    def owes_an_error(self) -> bool:
        """Spread the errors evenly: a ratio of 0.25 fails every fourth request, not a quarter of them by luck."""
        self._owed_errors += self.behaviour.error_ratio
        if self._owed_errors < 1.0:
            return False
        self._owed_errors -= 1.0
        return True

    async def answer(self, request: web.Request) -> web.Response:
        """Serve the page, the health or the echo of a body."""
        self.record(request)
        body = await request.read()
        if self.behaviour.slow_ms:
            await asyncio.sleep(self.behaviour.slow_ms / 1000)
        headers = {"X-Bluegreen-Colour": self.colour}
        if any(request.headers.get(name) != value for name, value in self.behaviour.required.items()):
            return self._json(401, {"status": "refused", "reason": "a header is missing or wrong"}, headers)
        if self.behaviour.sick:
            return self._json(503, {"status": "sick", "reason": self.behaviour.sick}, headers)
        if request.path == "/health":
            if self.behaviour.unhealthy:
                return self._json(503, {"status": "unhealthy", "reason": self.behaviour.unhealthy}, headers)
            return self._json(200, {"status": "ok"}, headers)
        if self.owes_an_error():
            return self._json(500, {"status": "error", "reason": "an error was asked for"}, headers)
        if request.method in ("POST", "PUT", "PATCH"):
            return self._json(200, {"status": "ok", "length": len(body)}, headers)
        page = PAGE.format(site=self.site, colour=self.colour, version=self.version, background=BACKGROUND[self.colour])
        return web.Response(text=page, content_type="text/html", headers=headers)

    def _json(self, status: int, content: dict[str, object], headers: dict[str, str]) -> web.Response:
        content |= {"colour": self.colour, "version": self.version}
        return web.json_response(content, status=status, headers=headers)

    async def read_behaviour(self, _request: web.Request) -> web.Response:
        """Control endpoint: how it behaves now."""
        return web.json_response(asdict(self.behaviour))

    async def set_behaviour(self, request: web.Request) -> web.Response:
        """Control endpoint: behave like this from the next request on."""
        self.behaviour = Behaviour(**await request.json())
        self._owed_errors = 0.0
        return web.json_response(asdict(self.behaviour))

    async def die(self, _request: web.Request) -> web.Response:
        """Control endpoint: drop dead, with whatever is in flight."""
        os._exit(137)


async def _listen(routes: list[web.RouteDef], address: str, port: int) -> web.AppRunner:
    # A backend that closes an idle connection while the proxy sends on it would be a failure of the lab's making:
    # Traefik's idle limit (90 s) must be the shorter one.
    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.add_routes(routes)
    runner = web.AppRunner(application, access_log=None, keepalive_timeout=3600)
    await runner.setup()
    await web.TCPSite(runner, address, port, backlog=1024, reuse_address=True).start()
    return runner


async def serve(site: SmallSite, address: str, port: int, control_port: int) -> None:
    """Serve the site and its control endpoint until SIGTERM."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    control = [
        web.get("/behaviour", site.read_behaviour),
        web.put("/behaviour", site.set_behaviour),
        web.post("/die", site.die),
    ]
    # The control endpoint last: once it answers, the site does too.
    runners = [await _listen([web.route("*", "/{path:.*}", site.answer)], address, port), await _listen(control, address, control_port)]
    await over.wait()
    for runner in runners:
        await runner.cleanup()


def command_line() -> argparse.ArgumentParser:
    """What can be given. In a container each option comes by its variable: SITE_COLOUR is --colour, and so on.

    Who it is comes from the role bluegreen too, as it does for a client's own image: BLUEGREEN_SITE, BLUEGREEN_COLOUR.
    """
    parser = argparse.ArgumentParser(description="One colour of the lab's small site.")
    option(parser, "--site", "SITE_NAME", os.environ.get("BLUEGREEN_SITE"))
    option(parser, "--colour", "SITE_COLOUR", os.environ.get("BLUEGREEN_COLOUR"), choices=sorted(OTHER))
    option(parser, "--version", "SITE_VERSION")
    option(parser, "--address", "SITE_ADDRESS", LOOPBACK)
    option(parser, "--port", "SITE_PORT", type=int)
    option(parser, "--control-port", "SITE_CONTROL_PORT", type=int)
    option(parser, "--request-log", "SITE_REQUEST_LOG")
    return parser


def option(parser: argparse.ArgumentParser, name: str, variable: str, default: str | None = None, **more: Any) -> None:
    """Add an option whose default is a variable of the environment; without either it is required."""
    value = os.environ.get(variable, default)
    parser.add_argument(name, default=value, required=value is None, **more)


def main() -> None:
    """Read the command line and serve."""
    given = command_line().parse_args()
    site = SmallSite(given.site, given.colour, given.version, given.request_log)
    asyncio.run(serve(site, given.address, given.port, given.control_port))


if __name__ == "__main__":
    main()
