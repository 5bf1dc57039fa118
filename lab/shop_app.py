# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shop's own program: ``python -m lab.shop_app``, one process per colour. See ``lab.shop`` for its handle."""

from __future__ import annotations

import argparse
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pymysql
from aiohttp import web

from lab.site_app import SmallSite, command_line, option, serve


class SmallShop(SmallSite):
    """Writes an order down before it answers, each with a transaction of its own."""

    def __init__(self, given: argparse.Namespace) -> None:
        super().__init__(given.site, given.colour, given.version, given.request_log)
        # asyncio's own pool has six threads on two processors, and thirty customers would queue for them.
        self._tills = ThreadPoolExecutor(max_workers=64)
        self._till = threading.local()
        self._database = {"unix_socket": given.socket, "user": given.user, "database": given.schema, "autocommit": True}

    async def answer(self, request: web.Request) -> web.Response:
        """Take the order, then answer as the small site does."""
        number = request.query.get("order")
        if number is not None and request.method == "POST":
            size = len(await request.read())
            await asyncio.get_running_loop().run_in_executor(self._tills, self._write, int(number), size)
        return await super().answer(request)

    def _write(self, number: int, size: int) -> None:
        # One connection per till: to connect costs ten times what an order costs.
        if not hasattr(self._till, "connection"):
            self._till.connection = pymysql.connect(**self._database)
        with self._till.connection.cursor() as cursor:
            cursor.execute("insert into orders (number, bytes) values (%s, %s)", (number, size))


def main() -> None:
    """Read the command line and serve."""
    parser = command_line()
    option(parser, "--socket", "SHOP_SOCKET")
    option(parser, "--user", "SHOP_USER")
    option(parser, "--schema", "SHOP_SCHEMA")
    given = parser.parse_args()
    asyncio.run(serve(SmallShop(given), given.address, given.port, given.control_port))


if __name__ == "__main__":
    main()
