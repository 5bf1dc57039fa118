# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``mc`` as one account of one server: the independent reader, and the hand of somebody who changes things behind our back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from lab.minio.programs import find
from lab.minio.server import Minio
from lab.server import LabError

ALIAS = "lab"


class Client:
    """Runs mc; each call is a process, and its folder is the caller's."""

    def __init__(self, server: Minio, folder: Path, *, access_key: str = "", secret_key: str = "") -> None:
        self.server, self.folder = server, folder
        self.account = f"{access_key or server.access_key}:{secret_key or server.secret_key}"

    def run(self, *arguments: str, text: str = "", good: bool = True) -> list[dict[str, Any]]:
        """Run a command with ``--json`` and return what it says, an object a line.

        ``lab`` in the arguments is the server: ``run("ls", "lab/bucket")``. With ``good=False`` a refusal is returned, too.
        """
        # By the environment: among the arguments everybody on the machine could read the key.
        scheme, _, address = self.server.url.partition("://")
        environment = {**os.environ, f"MC_HOST_{ALIAS}": f"{scheme}://{self.account}@{address}"}
        command = [find("mc"), "--config-dir", str(self.folder / "mc"), "--json", *arguments]
        done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, timeout=60, check=False)
        said: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode and good:
            raise LabError(f"mc {' '.join(arguments)}: {done.stdout.strip() or done.stderr.strip()}")
        return said

    def put(self, path: str, content: str, *, good: bool = True) -> list[dict[str, Any]]:
        """Write an object: ``put("bucket/name", "content")``."""
        return self.run("pipe", f"{ALIAS}/{path}", text=content, good=good)
