# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server of a maintenance page: a real nginx, as an agency would run it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lab.server import LOOPBACK, ProgramMissingError, Server, http, reserve_port

# Debian keeps nginx where only root's PATH looks.
SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"))
HTML = "<!doctype html><title>acme</title><h1>We are back at noon</h1>\n"
# An error_page that is a path turns a POST into a GET; a named location (@page) would answer it with 405.
SERVER = """\
server {{
  listen {address};
  location {where} {{ return {status}; }}
  error_page {errors} /.maintenance.html;
  location = /.maintenance.html {{
    internal;
    root {folder};
    {header}
  }}
}}
"""
CONFIGURATION = """\
daemon off;
{user}
pid nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path body;
  fastcgi_temp_path fastcgi;
  proxy_temp_path proxy;
  scgi_temp_path scgi;
  uwsgi_temp_path uwsgi;
  {server}
}}
"""


class Page(Server):
    """A page that answers with one status; ``retry_after`` in seconds, 0 for no such header; ``where`` as nginx writes it."""

    def __init__(self, directory: Path, *, status: int = 503, retry_after: int = 600, where: str = "/") -> None:
        super().__init__("page", directory / "page")
        self.port = reserve_port()
        self.status = status
        self.retry_after = retry_after
        self.where = where

    @property
    def url(self) -> str:
        """Where it answers, not through Traefik."""
        return f"http://{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        """Write the page and the configuration."""
        (self.directory / ".maintenance.html").write_text(HTML)
        server = SERVER.format(
            address=f"{LOOPBACK}:{self.port}",
            where=self.where,
            status=self.status,
            errors=f"{self.status} 404 ={self.status}" if self.where == "/" else self.status,
            folder=self.directory,
            header=f"add_header Retry-After {self.retry_after} always;" if self.retry_after else "",
        )
        # Started by root, nginx would serve as another user, to whom the folders of a test are closed.
        user = "user root;" if os.getuid() == 0 else ""
        (self.directory / "nginx.conf").write_text(CONFIGURATION.format(user=user, server=server))

    def command(self) -> list[str]:
        """Debian's nginx."""
        program = shutil.which("nginx", path=SEARCH)
        if program is None:
            raise ProgramMissingError("The program 'nginx' is not on this machine. Install it with: apt-get install nginx-light.")
        return [program, "-p", str(self.directory), "-c", "nginx.conf", "-e", "stderr"]

    def ready(self) -> bool:
        """Ready when it answers as it was told."""
        try:
            return http("GET", self.url, timeout=1.0)[0] == self.status
        except OSError:
            return False
