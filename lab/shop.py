# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small site that takes orders: each POST is written into a real database, the database of its own colour.

The order's number comes from the client (``?order=7``) and the table has no key on it: an order that came twice is there twice.
"""

from __future__ import annotations

from pathlib import Path

from lab.mariadb import MariaDB
from lab.site import Site

TABLE = "create table if not exists orders (number bigint not null, bytes int not null, at timestamp(6) default current_timestamp(6))"


class Shop(Site):
    """One colour of the shop; its database has its name."""

    def __init__(self, directory: Path, database: MariaDB, *, site: str, colour: str) -> None:
        super().__init__(directory, site=site, colour=colour)
        self.database = database
        self.schema = f"{site}_{colour}"

    def prepare(self) -> None:
        """Make the database, once."""
        self.database.rows(f"create database if not exists `{self.schema}`")
        self.database.rows(TABLE, database=self.schema)

    def command(self) -> list[str]:
        """The small site's program with a till."""
        command = super().command()
        command[command.index("lab.site_app")] = "lab.shop_app"
        return [*command, "--socket", str(self.database.socket), "--user", self.database.user, "--schema", self.schema]

    def orders(self) -> list[int]:
        """The numbers of all orders, each as often as it was written."""
        return orders(self.database, self.schema)

    def clone_from(self, other: Shop) -> None:
        """Take over the orders of the other colour, as a restored dump does: all that was here before is gone."""
        self.database.rows("truncate table orders", database=self.schema)
        self.database.rows(f"insert into orders select * from `{other.schema}`.orders", database=self.schema)


def orders(database: MariaDB, schema: str) -> list[int]:
    """The numbers of all orders in a database, each as often as it was written."""
    return [int(number) for (number,) in database.rows("select number from orders order by number", database=schema)]
