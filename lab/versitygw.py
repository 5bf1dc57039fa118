# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A storage server that is no MinIO: plain S3, without an admin API of MinIO, and without some of what S3 can be asked for.

versitygw (https://github.com/versity/versitygw, Apache 2.0) serves folders of a disk as buckets. ``python -m lab.versitygw build`` builds
it, so that nothing is built later.
"""

from __future__ import annotations

import secrets
import shutil
import sys
from pathlib import Path

from lab.server import LOOPBACK, Server, answers, reserve_port
from lab.toolchain import folder_made_once, install_go

VERSION = "v1.8.0"
MODULE = f"github.com/versity/versitygw/cmd/versitygw@{VERSION}"
HEALTH = "/healthy"


def find() -> str:
    """The path of ``versitygw``: from the PATH, else built once per machine. ProgramMissingError when it cannot be had."""
    return shutil.which("versitygw") or str(folder_made_once(f"versitygw/versitygw-{VERSION}", _build) / "versitygw")


def _build(folder: Path) -> None:
    install_go(MODULE, folder, "Building versitygw, once on this machine (two minutes on two cores)")


class Versitygw(Server):
    """A gateway to a folder, with a root account of its own."""

    def __init__(self, directory: Path, *, name: str = "versitygw", detached: bool = False) -> None:
        super().__init__(name, directory, detached=detached)
        self.port = reserve_port()
        self.access_key = "root-of-the-lab"
        self.secret_key = secrets.token_hex(20)

    @property
    def url(self) -> str:
        """Where S3 answers."""
        return f"http://{LOOPBACK}:{self.port}"

    def variables(self) -> dict[str, str]:
        """The root account."""
        return {"ROOT_ACCESS_KEY": self.access_key, "ROOT_SECRET_KEY": self.secret_key}

    def prepare(self) -> None:
        """Make the folders that it serves from."""
        for name in ("drive", "versions", "metadata"):
            (self.directory / name).mkdir(exist_ok=True)

    def command(self) -> list[str]:
        """The program and its arguments."""
        # Metadata beside the files, for not every file system of a CI has extended attributes. Quiet, for it logs what signed URLs hold.
        folders = ["--sidecar", str(self.directory / "metadata"), "--versioning-dir", str(self.directory / "versions")]
        where = ["--port", f"{LOOPBACK}:{self.port}", "--health", HEALTH, "--quiet"]
        return [find(), *where, "posix", *folders, str(self.directory / "drive")]

    def ready(self) -> bool:
        """Whether it takes requests."""
        return answers(self.url + HEALTH)


if __name__ == "__main__":
    if sys.argv[1:] != ["build"]:
        sys.exit(f"What is {' '.join(sys.argv[1:]) or 'to be done'!r}? There is: python -m lab.versitygw build")
    print(find())
