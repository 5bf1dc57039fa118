# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server's HTTP side: one request, its certificate verified, and what a test reads of it."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from lab.server import LabError


class Answer(NamedTuple):
    """A status and the decoded body; an error of the API has its sentence in ``body["message"]``."""

    status: int
    body: Any


class Api:
    """Requests to one API server."""

    def __init__(self, url: str, ca_file: Path) -> None:
        self.url = url
        self.ca_file = ca_file
        self._opener: urllib.request.OpenerDirector | None = None

    def request(self, method: str, path: str, body: Any = None, *, token: str, kind: str = "application/json") -> Answer:
        """One request without a retry. The status of an error is returned; OSError when nobody answers."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind, "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with self._open(request) as answer:
                return Answer(answer.status, _decoded(answer.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _decoded(error.read()))

    def _open(self, request: urllib.request.Request) -> Any:
        if self._opener is None:
            # At first use: the certificate is made when the server is started. A proxy has no place on loopback.
            context = ssl.create_default_context(cafile=str(self.ca_file))
            self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        return self._opener.open(request, timeout=10.0)

    def create(self, path: str, body: dict[str, Any], *, token: str) -> None:
        """Create an object; content with one that is there. LabError with the API's sentence when it is refused."""
        answer = self.request("POST", path, body, token=token)
        if answer.status not in (200, 201, 202, 409):
            raise LabError(f"POST {path} was answered with {answer.status}: {answer.body}")


def _decoded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
