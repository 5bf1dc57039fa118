# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs bluegreen_switch as Ansible does: options in, result out, on a world of the lab."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Self
from urllib.parse import urlsplit

from lab.server import http
from lab.world import World
from tests.harness.tree import capture, first_change
from tests.integration import module_process
from tests.integration.module_process import LIMIT, arguments, run_module, start_module
from tests.integration.outcomes import Runs


class Switching(Runs):
    """One site of a world, and the module on it."""

    def __init__(self, world: World, site: str = "acme") -> None:
        self.world = world
        self.site = site
        self.file = world.dynamic_dir / f"{site}.yml"
        self.host = world.host(site)
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        """End what a failed test left running, so that it cannot disturb the next one."""
        for process in self._started:
            if process.returncode is None:
                process.kill()
                process.communicate()

    @property
    def options(self) -> dict[str, Any]:
        """The options of a good run; a test changes what it is about."""
        traefik = self.world.traefik
        return {
            "site": self.site,
            "dynamic_dir": str(self.world.dynamic_dir),
            "staging_dir": str(self.world.staging_dir),
            "hosts": [self.host],
            "entrypoints": ["web"],
            "colours": {colour: [self.world.site(self.site, colour).url] for colour in ("blue", "green")},
            "gate": {"path": "/health", "deadline": 1.0, "timeout": 0.5},
            "confirm": {
                "api_url": traefik.api_url,
                "public_url": f"http://{self.host}/",
                "connect_to": f"127.0.0.1:{traefik.web_port}",
            },
        }

    def start(self, *, check: bool = False, before: str = "", module: str = "bluegreen_switch", **changes: Any) -> subprocess.Popen[str]:
        """Start the module in a process of its own; ``before`` is Python that runs there first."""
        process = start_module(module, self.arguments(module, changes, check=check), before=before)
        self._started.append(process)
        return process

    def arguments(self, module: str, changes: Mapping[str, Any], *, check: bool) -> str:
        """What the module is given: the options of a good run with these changes."""
        options = {**self.options, **changes} if module == "bluegreen_switch" else changes
        return arguments(options, check=check)

    def run(self, *, check: bool = False, before: str = "", module: str = "bluegreen_switch", **changes: Any) -> dict[str, Any]:
        """Run the module to its end and return its result, failed or not; the options are those of ``start``."""
        return run_module(module, self.arguments(module, changes, check=check), before=before)

    def visit(self, path: str = "/", host: str = "", **headers: str) -> Seen:
        """Visit the site, or another host, through Traefik."""
        return visit(self.world.traefik.web_url, host or self.host, path, **headers)

    def public_colour(self) -> str:
        """Which colour a visitor reaches now, asked by a client that is not ours; empty when nobody answers for the site."""
        status, body = http("GET", f"{self.world.traefik.web_url}/health", host=self.host)
        return str(json.loads(body)["colour"]) if status == 200 else ""


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a module and decode its result."""
    stdout, stderr = process.communicate(timeout=LIMIT)
    return module_process.result_of(subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr))


def previewed(acme: Switching, **options: Any) -> dict[str, Any]:
    """Preview, apply, preview again: nothing written, the same plan, and then nothing left to do."""
    before = capture(acme.world.roots)
    preview = acme.ok(check=True, **options)
    assert first_change(before, capture(acme.world.roots)) is None
    applied = acme.ok(**options)
    for key in ("changed", "diff", "actions", "digest", "active_before", "active_after", "canary", "maintenance", "preview", "take_back"):
        assert preview[key] == applied[key], key
    assert preview["visible_ms"] is None
    for check in (True, False):
        again = acme.ok(check=check, **options)
        assert (again["changed"], again["diff"], again["actions"]) == (False, [], [])
    return applied


@dataclass(frozen=True)
class Seen:
    """What a visitor got: nobody follows a redirect, and the cookies are the visitor's to keep."""

    status: int
    colour: str
    cookie: str
    headers: Mapping[str, str]
    body: str


def visit(url: str, host: str, path: str = "/", **headers: str) -> Seen:
    """Visit a page by a client that is not ours; ``X_Preview="a"`` sends the header X-Preview."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        cookie = found.get("set-cookie", "").partition(";")[0]
        return Seen(answer.status, found.get("x-bluegreen-colour", ""), cookie, found, answer.read().decode())
    finally:
        connection.close()
