# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One kept-alive connection to a Chatwoot: JSON in, an answer out, patience where it can help and do no harm.

PRIVATE: for this collection's own plugins, not a public interface.

Only reads are asked again after a connection broke: of a write nobody knows whether it was done. The throttle answers before anything is
done, so a 429 is asked again whatever it was.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import (
    MAX_API_BODY,
    check_url,
    ended_after,
    reason_of,
    tls_context,
)

# Seconds in which a server that answered before may be away: as long as the other clients give theirs, for no real Chatwoot was measured.
PATIENCE: Final = 15.0
# Chatwoot counts the requests of an address by the minute (3,000 by default), and then says 429 until the next one begins.
THROTTLE_PATIENCE: Final = 65.0
# One for all kinds of token. nginx drops headers with underscores unless it is told otherwise.
HEADER: Final = "api_access_token"


class ChatwootError(BlueGreenError):
    """Chatwoot refused, or did not answer.

    Attributes:
        status: HTTP status, 0 when there was no answer.
        said: what it said, in its own words; without an answer, why there is none.
    """

    def __init__(self, sentence: str, *, status: int = 0, said: str = "") -> None:
        super().__init__(sentence, http_status=status)
        self.status = status
        self.said = said


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    data: bytes = field(repr=False)
    retry_after: str = ""


@dataclass
class Connection:
    """A way to one Chatwoot.

    Attributes:
        url: its address.
        timeout: seconds for one request.
        deadline: seconds for all of them together, waiting included.
        requests: how many were made, by method.
    """

    url: str
    timeout: float = 10.0
    ca_path: str | None = None
    validate_certs: bool = True
    deadline: float = 300.0
    requests: dict[str, int] = field(default_factory=dict)
    _begun: float = field(default_factory=time.monotonic)
    _answered: bool = False
    _sleep: Callable[[float], None] = time.sleep
    _open: http.client.HTTPConnection | None = None
    _handle: socket.socket | None = None

    def __post_init__(self) -> None:
        """Check the address before anything is asked."""
        self.parts = check_url("url", self.url)

    def close(self) -> None:
        """End the connection; silent when there is none."""
        for one in (self._open, self._handle):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.close()
        self._open = self._handle = None

    def ask(self, what: str, method: str, path: str, token: str, body: Any = None, *, patient: bool = True) -> Answer:
        """Ask, with patience.

        Args:
            what: what it is for, as a sentence begins with it.
            method: of HTTP.
            path: below the address.
            token: in the header that Chatwoot reads; none is sent where it is empty.
            body: of the request, as data.
            patient: whether a read is asked again where what stands before Chatwoot says that it is not ready.

        Raises:
            ChatwootError: there was no answer.
        """
        begun, pause = time.monotonic(), 1.0
        while True:
            passed = time.monotonic() - begun
            try:
                answer = self._once(what, method, path, token, body)
            except _BrokenError as broken:
                # At first contact a wrong address is likelier than a restart.
                if method != "GET" or not self._answered or passed > PATIENCE:
                    raise ChatwootError(self._no_answer(what, method, broken.reason), said=broken.reason) from None
                self._sleep(0.25)
                continue
            self._answered = True
            if answer.status == 429 and passed < THROTTLE_PATIENCE:
                self._sleep(_seconds(answer.retry_after, pause))
                pause = min(2 * pause, 8.0)
            elif answer.status in (502, 503, 504) and method == "GET" and patient and passed < PATIENCE:
                self._sleep(0.5)
            else:
                return answer

    def _once(self, what: str, method: str, path: str, token: str, body: Any) -> Answer:
        left = self.deadline - (time.monotonic() - self._begun)
        if left <= 0:
            raise ChatwootError(f"{what}: the time for the whole task ({self.deadline:g} s) is over; what was done is kept, run again.")
        self.requests[method] = self.requests.get(method, 0) + 1
        limit, begun = min(self.timeout, left), time.monotonic()
        try:
            return self._exchange(method, path, token, body, limit)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            late = time.monotonic() - begun >= limit
            # Not chained: the text of http.client's errors can quote what was sent, and that is the token.
            raise _BrokenError(reason_of(TimeoutError() if late else error, limit)) from None

    def _exchange(self, method: str, path: str, token: str, body: Any, limit: float) -> Answer:
        begun = time.monotonic()
        connection, handle = self._connected(limit)
        connection.sock.settimeout(limit)
        with ended_after(handle, limit - (time.monotonic() - begun)):
            headers = {"Accept": "application/json", "User-Agent": "bluegreen-orchestrator"}
            if token:
                headers[HEADER] = token
            data = None
            if body is not None:
                data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
            connection.request(method, f"{self.parts.path.rstrip('/')}{path}", body=data, headers=headers)
            response = connection.getresponse()
            found = response.read(MAX_API_BODY)
            if response.will_close or response.read(1):
                self.close()
        return Answer(response.status, found, response.headers.get("Retry-After") or "")

    def _connected(self, limit: float) -> tuple[http.client.HTTPConnection, socket.socket]:
        if self._open is not None and self._handle is not None and not _is_dropped(self._handle):
            return self._open, self._handle
        self.close()
        parts = self.parts
        port = parts.port or (443 if parts.scheme == "https" else 80)
        raw = socket.create_connection((parts.hostname or "", port), timeout=limit)
        # Wrapping in TLS takes the first handle away.
        self._handle = raw.dup()
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = raw
            if parts.scheme == "https":
                stream = tls_context(self.ca_path, self.validate_certs).wrap_socket(raw, server_hostname=parts.hostname)
        except BaseException:
            raw.close()
            raise
        self._open = http.client.HTTPConnection(parts.netloc)
        # It must not connect anew by itself: a write would go out twice.
        self._open.auto_open = 0
        self._open.sock = stream
        return self._open, self._handle

    def _no_answer(self, what: str, method: str, reason: str) -> str:
        if not self._answered:
            return f"{what}: Chatwoot at {self.url} gives no answer ({reason}); correct url, or start it."
        if method == "GET":
            return f"{what}: Chatwoot at {self.url} gives no answer any more ({reason}); see its log, then run again."
        return (
            f"{what}: the connection to Chatwoot at {self.url} broke ({reason}), and whether it was done is not known; run again,"
            " what is there is found and not made twice."
        )


class _BrokenError(Exception):
    """There was no answer; the reason holds nothing of what was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _is_dropped(handle: socket.socket) -> bool:
    """Whether the server has ended a connection that lay idle: then it can be read, and there is nothing."""
    return bool(select.select([handle], [], [], 0)[0])


def _seconds(retry_after: str, otherwise: float) -> float:
    return min(max(0.1, float(retry_after)), THROTTLE_PATIENCE) if retry_after.isascii() and retry_after.isdigit() else otherwise
