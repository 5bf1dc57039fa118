# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load generator's own program: ``python -m lab.load_app``. See ``lab.load`` for its handle.

A request is sent once. Whatever goes wrong with it (refused, reset, timeout, status of 400 or more, a body that did not
arrive whole) is one failure; the first ones are kept with their time.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import signal
import ssl
import time
from collections import Counter
from pathlib import Path

import aiohttp

from lab.load import Failure, Snapshot

KEPT_FAILURES = 20
SNAPSHOT_EVERY = 0.1


class Tally:
    """Counts what happened. Latencies are counted in steps of 0.1 ms, so a percentile of an endless run stays cheap."""

    def __init__(self) -> None:
        self.started = time.time()
        self.requests = 0
        self.failed = 0
        self.failures: list[Failure] = []
        self.latencies: Counter[int] = Counter()
        self.colours: Counter[str] = Counter()
        self.first_seen: dict[str, float] = {}
        self.last_seen: dict[str, float] = {}

    def success(self, colour: str, seconds: float) -> None:
        """One answer as it should be."""
        now = time.time()
        self.requests += 1
        self.latencies[int(seconds * 10000)] += 1
        self.colours[colour] += 1
        self.first_seen.setdefault(colour, now)
        self.last_seen[colour] = now

    def failure(self, request: str, reason: str) -> None:
        """One request that failed."""
        self.requests += 1
        self.failed += 1
        if len(self.failures) < KEPT_FAILURES:
            self.failures.append(Failure(time.time(), request, reason))

    def percentile(self, part: float) -> float:
        """The latency in ms below which this part of the answers stayed."""
        wanted = part * self.latencies.total()
        seen = 0
        for step in sorted(self.latencies):
            seen += self.latencies[step]
            if seen >= wanted:
                return (step + 1) / 10
        return 0.0

    def snapshot(self, *, over: bool) -> Snapshot:
        """What is known now."""
        return Snapshot(
            over=over,
            seconds=round(time.time() - self.started, 3),
            requests=self.requests,
            failed=self.failed,
            failures=self.failures,
            p50_ms=self.percentile(0.50),
            p99_ms=self.percentile(0.99),
            colours=dict(self.colours),
            first_seen=self.first_seen,
            last_seen=self.last_seen,
        )


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write it whole or not at all: it is read while the load runs."""
    beside = path.with_suffix(".writing")
    beside.write_text(json.dumps(snapshot.to_json()))
    os.replace(beside, path)


class Loader:
    """Workers that send requests without a pause, or at a fixed rate together."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.tally = Tally()
        self.over = asyncio.Event()
        self.body = b"x" * given.body_bytes
        self.server_name = given.host or None if given.ca_file else None
        self._slots = itertools.count()

    async def request(self, session: aiohttp.ClientSession, method: str, *, close: bool) -> None:
        """Send one request and count it."""
        headers = {"Host": self.given.host} if self.given.host else {}
        if close:
            headers["Connection"] = "close"
        data = self.body if method == "POST" else None
        started = time.perf_counter()
        try:
            async with session.request(
                method, self.given.url, data=data, headers=headers, allow_redirects=False, server_hostname=self.server_name
            ) as answer:
                body = await answer.read()
                reason = self._fault(method, answer, body)
                colour = answer.headers.get("X-Bluegreen-Colour", "none")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.tally.failure(f"{method} {self.given.url}", f"{type(error).__name__}: {error}")
            # A refused connection fails within microseconds: without a pause one outage would count as a million.
            await asyncio.sleep(0.01)
            return
        if reason:
            self.tally.failure(f"{method} {self.given.url}", reason)
        else:
            self.tally.success(colour, time.perf_counter() - started)

    def _fault(self, method: str, answer: aiohttp.ClientResponse, body: bytes) -> str:
        if answer.status >= 400:
            return f"status {answer.status}: {body[:120].decode(errors='replace').strip()}"
        if method == "POST" and answer.content_type == "application/json":
            arrived = json.loads(body).get("length", len(self.body))
            if arrived != len(self.body):
                return f"{arrived} of {len(self.body)} bytes of the body arrived"
        return ""

    def _connector(self) -> aiohttp.TCPConnector:
        # For https the url has the address, and the handshake names the host.
        checked = ssl.create_default_context(cafile=self.given.ca_file) if self.given.ca_file else True
        return aiohttp.TCPConnector(limit=0, force_close=self.given.connections == "new", ssl=checked)

    async def worker(self, number: int) -> None:
        """Alternate between the methods and, for ``both``, between kept and new connections."""
        timeout = aiohttp.ClientTimeout(total=self.given.timeout)
        connector = self._connector()
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            # aiohttp sends an idempotent request a second time when a kept connection was reset, and says nothing.
            # That would hide the very failures that are counted here; its own test client turns it off the same way.
            session._retry_connection = False
            for turn in itertools.count(number):
                if not await self._my_turn():
                    return
                close = self.given.connections == "new" or (self.given.connections == "both" and turn % 4 < 2)
                await self.request(session, self.given.methods[turn % len(self.given.methods)], close=close)

    async def _my_turn(self) -> bool:
        if self.given.rate:
            due = self.tally.started + next(self._slots) / self.given.rate
            delay = due - time.time()
            if delay > 0:
                try:
                    await asyncio.wait_for(self.over.wait(), delay)
                except TimeoutError:
                    return True
        return not self.over.is_set()

    async def run(self) -> None:
        """Load until SIGTERM, let what is in flight finish, write the last snapshot."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.over.set)
        workers = [asyncio.create_task(self.worker(number)) for number in range(self.given.workers)]
        while not self.over.is_set():
            write_snapshot(self.given.snapshot, self.tally.snapshot(over=False))
            try:
                await asyncio.wait_for(self.over.wait(), SNAPSHOT_EVERY)
            except TimeoutError:
                self._raise_if_dead(workers)
        await asyncio.gather(*workers)
        write_snapshot(self.given.snapshot, self.tally.snapshot(over=True))

    @staticmethod
    def _raise_if_dead(workers: list[asyncio.Task[None]]) -> None:
        for worker in workers:
            if worker.done():
                worker.result()


def main() -> None:
    """Read the command line and load."""
    parser = argparse.ArgumentParser(description="Continuous load on one url.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--host", default="")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--methods", type=lambda text: text.split(","), default=["GET", "POST"])
    parser.add_argument("--connections", choices=("keep", "new", "both"), default="both")
    parser.add_argument("--body-bytes", type=int, default=2000)
    parser.add_argument("--ca-file", default="")
    parser.add_argument("--timeout", type=float, default=10.0)
    parser.add_argument("--snapshot", type=Path, required=True)
    asyncio.run(_run(parser.parse_args()))


async def _run(given: argparse.Namespace) -> None:
    await Loader(given).run()


if __name__ == "__main__":
    main()
