# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that write without a pause, each order with a number of its own, and know which of them were confirmed.

    with Writers(directory, url, host="acme.localhost", number=30) as writers:
        ...
    assert sorted(shop.orders()) == writers.confirmed()

A 307 is followed with the body, as browsers do (fetch, forms). Nothing is ever sent again for another reason, so an order that
failed may have been written or not, and the tests want none of them.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from lab.server import Server


class Writers(Server):
    """The handle: a process of its own."""

    def __init__(self, directory: Path, url: str, *, host: str, number: int = 30, body_bytes: int = 2000, pause: float = 0.3) -> None:
        super().__init__("writers", directory)
        self.result_file = self.directory / "writers.jsonl"
        self.options = {
            "--url": url,
            "--host": host,
            "--number": str(number),
            "--body-bytes": str(body_bytes),
            "--pause": str(pause),
            "--result": str(self.result_file),
        }

    def prepare(self) -> None:
        """Forget earlier ones."""
        self.result_file.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """This module as a program."""
        return [sys.executable, "-m", "lab.writers", *(word for pair in self.options.items() for word in pair)]

    def ready(self) -> bool:
        """Ready when the first order was answered."""
        return bool(self.results())

    def results(self) -> list[dict[str, Any]]:
        """One entry per order that has an answer: number, status (0 for none), reason, seconds, redirects, colour, at."""
        if not self.result_file.exists():
            return []
        lines = self.result_file.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def confirmed(self) -> list[int]:
        """The numbers of the orders that were answered with 200."""
        return sorted(result["number"] for result in self.results() if result["status"] == 200)

    def failed(self) -> list[dict[str, Any]]:
        """The orders that were not."""
        return [result for result in self.results() if result["status"] != 200]

    def longest(self) -> float:
        """The longest time that an order took, in seconds."""
        return max((float(result["seconds"]) for result in self.results()), default=0.0)


async def _write(session: aiohttp.ClientSession, given: argparse.Namespace, number: int) -> dict[str, Any]:
    begun = time.monotonic()
    result: dict[str, Any] = {"number": number, "status": 0, "reason": "", "redirects": 0, "colour": ""}
    body = b"x" * given.body_bytes
    try:
        async with session.post(f"{given.url}/?order={number}", data=body, headers={"Host": given.host}) as answer:
            content = await answer.read()
            result |= {"status": answer.status, "redirects": len(answer.history)}
            result["colour"] = answer.headers.get("X-Bluegreen-Colour", "")
            if answer.status == 200 and json.loads(content)["length"] != given.body_bytes:
                result |= {"status": 0, "reason": "the body did not arrive whole"}
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        result["reason"] = f"{type(error).__name__}: {error}"
    return result | {"seconds": round(time.monotonic() - begun, 3), "at": time.time()}


async def _writer(first: int, given: argparse.Namespace, over: asyncio.Event) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
        # aiohttp sends again after a reset of a kept connection, and says nothing; a POST that was sent twice would be its doing.
        session._retry_connection = False
        for number in itertools.count(first, given.number):
            if over.is_set():
                return
            result = await _write(session, given, number)
            with given.result.open("a") as out:
                out.write(json.dumps(result) + "\n")
            await asyncio.sleep(given.pause)


async def _run(given: argparse.Namespace) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, over.set)
    await asyncio.gather(*(_writer(first, given, over) for first in range(given.number)))


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description="Clients that write without a pause.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--body-bytes", type=int, required=True)
    parser.add_argument("--pause", type=float, required=True)
    parser.add_argument("--result", type=Path, required=True)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
