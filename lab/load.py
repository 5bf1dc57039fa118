# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Continuous load in a process of its own, with a live view of what it counts.

    with Load(directory, url, host="acme.localhost", rate=300) as load:
        ...
    assert load.snapshot().failed == 0

There is no retry anywhere: one request that fails is one failure.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.server import LabError, Server


@dataclass(frozen=True)
class Failure:
    """One request that failed: when (seconds since 1970), which, and why."""

    time: float
    request: str
    reason: str


@dataclass(frozen=True)
class Snapshot:
    """What the load has counted so far. Times are seconds since 1970."""

    over: bool = False
    seconds: float = 0.0
    requests: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    colours: dict[str, int] = field(default_factory=dict)
    first_seen: dict[str, float] = field(default_factory=dict)
    last_seen: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For the file that carries it from the load's process to ours."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Snapshot:
        """The opposite of ``to_json``."""
        failures = [Failure(**failure) for failure in content["failures"]]
        return cls(**{**content, "failures": failures})

    def words(self) -> str:
        """One line for people; the first failure is in it."""
        line = f"{self.requests:,} requests, {self.failed:,} failed, p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms"
        if self.failures:
            first = self.failures[0]
            clock = time.strftime("%H:%M:%S", time.gmtime(first.time))
            line += f"; first failure at {clock} UTC: {first.request}: {first.reason}"
        return line


class Load(Server):
    """Workers that load one url until ``stop``; ``rate`` (requests a second, all workers together) or full speed.

    ``connections`` is ``keep``, ``new`` or ``both`` in turn; ``methods`` are taken in turn, POST with ``body_bytes``. For https,
    ``ca_file`` holds the authorities, and the handshake asks for ``host``.
    """

    def __init__(
        self,
        directory: Path,
        url: str,
        *,
        host: str = "",
        workers: int = 8,
        rate: float = 0.0,
        methods: tuple[str, ...] = ("GET", "POST"),
        connections: str = "both",
        body_bytes: int = 2000,
        timeout: float = 10.0,
        ca_file: Path | None = None,
    ) -> None:
        super().__init__("load", directory)
        self.snapshot_file = self.directory / "load.json"
        self.options = {
            "--url": url,
            "--host": host,
            "--workers": str(workers),
            "--rate": str(rate),
            "--methods": ",".join(methods),
            "--connections": connections,
            "--body-bytes": str(body_bytes),
            "--timeout": str(timeout),
            "--ca-file": str(ca_file or ""),
            "--snapshot": str(self.snapshot_file),
        }

    def prepare(self) -> None:
        """Forget an earlier load in the same directory."""
        self.snapshot_file.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The load generator's own program."""
        return [sys.executable, "-m", "lab.load_app", *(word for pair in self.options.items() for word in pair)]

    def ready(self) -> bool:
        """Ready when the first request has been answered or has failed."""
        return self.snapshot_file.exists() and self.snapshot().requests > 0

    def snapshot(self) -> Snapshot:
        """What it has counted: a tenth of a second old while it runs, final after ``stop``."""
        return Snapshot.from_json(json.loads(self.snapshot_file.read_text()))

    def stop(self) -> None:
        """Let what is in flight finish, and refuse to go on when the last count was lost."""
        ran = self.running
        super().stop()
        if ran and not self.snapshot().over:
            raise LabError(f"The load ended without its last count: {self.log_tail()}")

    def wait_until(self, condition: Callable[[Snapshot], bool], *, what: str, limit: float = 10.0) -> Snapshot:
        """Wait until the live view satisfies a condition; a LabError names ``what`` when it never does."""
        end = time.monotonic() + limit
        while True:
            snapshot = self.snapshot()
            if condition(snapshot):
                return snapshot
            if not self.running:
                raise LabError(f"The load ended while waiting for {what}: {self.log_tail()}")
            if time.monotonic() > end:
                raise LabError(f"Not seen within {limit:.0f} s under load: {what}. {snapshot.words()}")
            time.sleep(0.05)
