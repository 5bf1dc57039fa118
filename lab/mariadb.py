# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real MariaDB on a data directory and a socket of its own; nothing of the machine's own MariaDB is touched."""

from __future__ import annotations

import contextlib
import getpass
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql

from lab import packages
from lab.server import LabError, ProgramMissingError, Server

PACKAGES = {"mariadbd": "mariadb-server", "mariadb-install-db": "mariadb-server"}


class MariaDB(Server):
    """Started for the user who runs it, reached by a unix socket only, without a password: no secret, and no port."""

    start_limit = 60.0

    def __init__(self, directory: Path) -> None:
        super().__init__("mariadb", directory)
        self.data = self.directory / "mariadb"
        # A socket's name has room for 107 bytes, and a test's directory may lie deep.
        self._short = tempfile.TemporaryDirectory(prefix="bluegreen-db-")
        self.socket = Path(self._short.name) / "s"
        self.user = getpass.getuser()

    def prepare(self) -> None:
        """Make the data directory, once."""
        packages.install_missing(PACKAGES, who="The database of the lab")
        if (self.data / "mysql").exists():
            return
        command = [
            _program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self.data}",
            f"--user={self.user}",
            f"--auth-root-socket-user={self.user}",
            "--skip-test-db",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"mariadb-install-db failed: {(done.stderr or done.stdout).strip()[-1000:]}")

    def command(self) -> list[str]:
        """The server. A commit survives its death, but not the machine's, which no test brings about: that is ten times faster."""
        return [
            _program("mariadbd"),
            "--no-defaults",
            f"--datadir={self.data}",
            f"--socket={self.socket}",
            f"--user={self.user}",
            f"--pid-file={self.directory / 'mariadb.pid'}",
            "--skip-networking",
            "--max-connections=500",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=2",
        ]

    def ready(self) -> bool:
        """Ready when it listens, and answers a query."""
        with socket.socket(socket.AF_UNIX) as probe:
            # Asked first, for PyMySQL leaves its socket open when nobody listens.
            if probe.connect_ex(str(self.socket)):
                return False
        return self.rows("select 1") == [(1,)]

    def stop(self) -> None:
        """End it, and take the socket's folder away."""
        super().stop()
        self._short.cleanup()

    @contextlib.contextmanager
    def connection(self, database: str | None = None) -> Iterator[pymysql.Connection]:
        """A connection that commits each statement."""
        with pymysql.connect(unix_socket=str(self.socket), user=self.user, database=database, autocommit=True) as made:
            yield made

    def rows(self, statement: str, *values: Any, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self.connection(database) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())


def _program(name: str) -> str:
    found = packages.find(name)
    if not found:
        raise ProgramMissingError(f"The program '{name}' is not on this machine. Install it with: {packages.command([PACKAGES[name]])}")
    return found
