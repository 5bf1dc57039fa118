# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site whose writes are held, on a world of the lab."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.server import LOOPBACK, http, process_birth, reserve_port
from lab.world import World
from lab.writers import Writers
from tests.integration.switching import Switching

# Who write all the time in the tests that count orders.
WRITERS = 30
# A hold takes none of these; what the site's file has is kept.
ROUTE_OPTIONS = ("hosts", "colours", "entrypoints")


# For what is done during a hold by playbooks: on a loaded machine one takes 15 s. No write waits then, so Traefik's limit is not met.
LONG = """
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _hold, _hold_plan
_hold_plan.LONGEST_HOLD = _hold.LAST_MOMENT = 600.0
"""


class Holding(Switching):
    """One site of a world, its route made, and the hold of its writes. What a test leaves held is aborted at its end."""

    def __init__(self, world: World, site: str = "acme") -> None:
        super().__init__(world, site)
        # The default port follows from the site's name, and another world on this machine may hold a site of that name.
        self.listen = f"{LOOPBACK}:{reserve_port()}"

    def __exit__(self, *trouble: object) -> None:
        """End what a failed test left, so that it cannot disturb the next one."""
        super().__exit__(*trouble)
        if self.file.exists() or self.note():
            self.run(hold="abort")

    def arguments(self, module: str, given: Mapping[str, Any], *, check: bool) -> str:
        """What the module is given; of a hold's options, the ones of the route are left out."""
        hold = {**dict.fromkeys(ROUTE_OPTIONS), "hold_listen": self.listen} if given.get("hold") else {}
        return super().arguments(module, {**hold, **given}, check=check)

    def begin(self, **options: Any) -> dict[str, Any]:
        """Hold the writes; nothing is under way in most tests, so there is nothing to wait for."""
        return self.ok(hold="begin", **{"hold_settle": 0.1, **options})

    def begin_long(self) -> dict[str, Any]:
        """Hold the writes for as long as a test may need."""
        return self.begin(hold_seconds=300, before=LONG)

    @property
    def socket(self) -> Path:
        """Where the holder takes orders."""
        return self.world.staging_dir / f"{self.site}.hold"

    @property
    def log(self) -> str:
        """What the holder has written down."""
        return (self.world.staging_dir / f"{self.site}.hold.log").read_text()

    def note(self) -> dict[str, Any]:
        """What the owner of the site's lock wrote last; empty when nobody holds it."""
        try:
            content = json.loads((self.world.staging_dir / f"{self.site}.lock").read_text())
        except (OSError, ValueError):
            return {}
        return dict(content)

    def holder(self) -> int:
        """The process that holds the writes."""
        return int(self.note()["pid"])

    def free(self) -> bool:
        """Whether nobody holds the site's lock; a note that lies there is of an owner that died."""
        with open(self.world.staging_dir / f"{self.site}.lock", "rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def write(self) -> int:
        """Send a write, wait for a moment at most, and return the status; 0 when it waits."""
        try:
            return http("POST", f"{self.world.traefik.web_url}/order", {"number": 1}, host=self.host, timeout=1.0)[0]
        except TimeoutError:
            return 0

    def left(self) -> list[str]:
        """What lies in the staging folder beside the lock and the log."""
        kept = {f"{self.site}.lock", f"{self.site}.hold.log"}
        return sorted(path.name for path in self.world.staging_dir.iterdir() if path.name not in kept)


def until(condition: Callable[[], object], what: str, limit: float = 30.0) -> None:
    """Wait for something; say what never came."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"never came within {limit:g} s: {what}"
        time.sleep(0.02)


def ordered(writers: Writers, number: int, limit: float = 30.0) -> None:
    """Wait until this many more orders have an answer."""
    wanted = len(writers.results()) + number
    until(lambda: len(writers.results()) >= wanted, f"{number} more orders", limit)


def gone(pid: int, birth: str) -> Callable[[], bool]:
    """Whether a process has ended."""
    return lambda: process_birth(pid) != birth


def open_files(pid: int) -> list[str]:
    """Where the open files of a process lead."""
    folder = Path(f"/proc/{pid}/fd")
    return [os.readlink(path) for path in folder.iterdir()]
