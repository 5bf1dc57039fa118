# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One MinIO, with a drive that is a folder."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from lab.minio.programs import find
from lab.server import LOOPBACK, Server, answers, reserve_port


class Minio(Server):
    """A MinIO with a root account of its own and a key for server-side encryption.

    ``settings`` are further variables of its environment (https://min.io/docs/minio/linux/reference/minio-server/settings.html).
    """

    def __init__(self, directory: Path, *, name: str = "minio", detached: bool = False, **settings: str) -> None:
        super().__init__(name, directory, detached=detached)
        self.port, self.console_port = reserve_port(), reserve_port()
        self.access_key = "root-of-the-lab"
        self.secret_key = secrets.token_hex(20)
        # The same after a restart, or what it has encrypted could not be read any more.
        self.encryption_key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.settings = settings

    @property
    def url(self) -> str:
        """Where S3 and the admin API answer."""
        return f"http://{LOOPBACK}:{self.port}"

    def variables(self) -> dict[str, str]:
        """The root account, the key, and how it is to behave in a lab."""
        return {
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "MINIO_KMS_SECRET_KEY": f"lab-key:{self.encryption_key}",
            # Usage is what the scanner has counted, and quotas go by it: at its normal speed it looks once a minute.
            "MINIO_SCANNER_SPEED": "fastest",
            **self.settings,
        }

    def command(self) -> list[str]:
        """The program and its arguments."""
        ports = ["--address", f"{LOOPBACK}:{self.port}", "--console-address", f"{LOOPBACK}:{self.console_port}"]
        return [find("minio"), "server", "--quiet", *ports, str(self.directory / "drive")]

    def ready(self) -> bool:
        """Whether it takes requests that write."""
        return answers(f"{self.url}/minio/health/ready")
