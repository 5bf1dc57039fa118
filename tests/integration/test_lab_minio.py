# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's MinIO: a real server that does what the modules count on, read by mc."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.minio import Client, Minio
from lab.server import LabError


@pytest.fixture
def mc(minio: Minio, tmp_path: Path) -> Client:
    return Client(minio, tmp_path)


def test_what_is_written_is_read_also_after_a_restart(minio: Minio, mc: Client) -> None:
    mc.run("mb", "--with-versioning", "lab/kept")
    mc.run("encrypt", "set", "sse-s3", "lab/kept")
    mc.put("kept/a", "first")
    mc.put("kept/a", "second")
    minio.restart()
    (stat,) = mc.run("stat", "lab/kept/a")
    assert stat["size"] == len("second")
    assert stat["metadata"]["X-Amz-Server-Side-Encryption"] == "AES256"
    assert len(mc.run("ls", "--versions", "lab/kept/a")) == 2


def test_it_lets_nobody_in_without_the_key(minio: Minio, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="signature"):
        Client(minio, tmp_path, secret_key="wrong-secret").run("ls", "lab")


def test_the_root_account_is_no_argument(minio: Minio) -> None:
    arguments = Path(f"/proc/{minio.pid}/cmdline").read_text()
    assert minio.secret_key not in arguments
