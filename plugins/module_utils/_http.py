# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One GET, measured, with errors in words.

PRIVATE: for this collection's own plugins, not a public interface.

Why not ``ansible.module_utils.urls``: it cannot connect to another address than the URL's (``connect_to``, which a server needs to
ask its own public name without DNS), it follows redirects, and it obeys proxy variables: a gate must see the backend itself.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, ProbeError, quoted

# A health page is small; a video served by mistake must not fill the memory.
MAX_BODY = 1024 * 1024
# Traefik's whole state at 2,000 sites is about 4 MiB.
MAX_API_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What a server said.

    Attributes:
        status: HTTP status code.
        headers: header fields, names in lower case.
        body: the first ``max_body`` bytes of the body.
        elapsed_ms: from before connecting to the last byte read, in milliseconds.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: float


def check_url(option: str, url: str) -> SplitResult:
    """Split an http(s) URL.

    Args:
        option: the name of the module option, for the error.
        url: the value.

    Returns:
        The parts of the URL.

    Raises:
        InputError: it is not a usable http(s) URL, or it carries credentials.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    # Traefik's names have an @ in the path, which is fine; of what cannot be split nobody knows where it stands.
    if "@" in (parts.netloc if usable else url):
        # The value is not printed, usable or not: it may hold a password.
        raise InputError(f"{option}: the URL carries a user or password, and it is shown; give it without them.")
    if not usable or any(char.isspace() or ord(char) < 32 for char in url):
        raise InputError(f"{option}: {quoted(url)} is not an http:// or https:// URL with a host; write for example http://127.0.0.1:8080.")
    return parts


def split_address(option: str, address: str) -> tuple[str, int]:
    """Split ``host:port`` (an IPv6 host in brackets).

    Raises:
        InputError: no host, or the port is not 1 to 65535.
    """
    host, _sep, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise InputError(f"{option}: {address!r} is not host:port; write for example 127.0.0.1:443.")
    return host.strip("[]"), int(port)


@functools.lru_cache(maxsize=4)
def tls_context(ca_path: str | None, validate_certs: bool) -> ssl.SSLContext:
    # Loading the system's CA bundle takes 10-20 ms; a poll every millisecond must not pay it each time.
    context = ssl.create_default_context(cafile=ca_path)
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def get(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float = 2.0,
    connect_to: str | None = None,
    ca_path: str | None = None,
    validate_certs: bool = True,
    max_body: int = MAX_BODY,
) -> Answer:
    """Ask once, on a new connection, without following redirects.

    Args:
        url: http or https URL; its host is used for the Host header, TLS server name and certificate check.
        headers: extra request headers; a ``Host`` here replaces the URL's.
        timeout: seconds for the whole exchange.
        connect_to: ``host:port`` to connect to instead of the URL's own.
        ca_path: PEM file of trusted authorities, default the system's.
        validate_certs: whether the server's certificate must be valid.
        max_body: bytes of the body to read at most.

    Returns:
        The answer, whatever its status.

    Raises:
        ProbeError: no HTTP answer; its sentence says why and holds no header value.
    """
    parts = check_url("url", url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host, connect_port = split_address("connect_to", connect_to) if connect_to else (parts.hostname or "", port)
    begun = time.monotonic()
    try:
        with socket.create_connection((host, connect_port), timeout=timeout) as raw:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with ended_after(raw, timeout - (time.monotonic() - begun)):
                stream = raw
                if parts.scheme == "https":
                    stream = tls_context(ca_path, validate_certs).wrap_socket(raw, server_hostname=parts.hostname)
                return _exchange(stream, parts, dict(headers or {}), begun, max_body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() - begun >= timeout
        # Not chained: the text of http.client's errors can quote what was sent.
        raise ProbeError(reason_of(TimeoutError() if late else error, timeout)) from None


class _CutOffError(http.client.HTTPException):
    """The body ended before the length that was announced."""


@contextlib.contextmanager
def ended_after(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Cut a connection off when its time is over.

    A socket's own timeout is per read: a server that drips one byte a second would never end (10 s instead of 1 s, measured).
    The cut is made on a second handle, because wrapping in TLS takes the first one away.
    """
    with connection.dup() as handle:
        expired = threading.Event()

        def cut() -> None:
            expired.set()
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(max(seconds, 0.0), cut)
        timer.start()
        try:
            yield
            if expired.is_set():
                # A body that was cut off looks like one that ended.
                raise TimeoutError
        finally:
            timer.cancel()
            timer.join()


def _exchange(stream: socket.socket, parts: SplitResult, headers: dict[str, str], begun: float, max_body: int) -> Answer:
    connection = http.client.HTTPConnection(parts.netloc)
    connection.sock = stream
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # Without it the server keeps the connection, and the read below would wait for its idle timeout.
    connection.request("GET", path, headers={"Connection": "close", "User-Agent": "bluegreen-orchestrator", **headers})
    response = connection.getresponse()
    body = bytearray()
    while len(body) < max_body:
        chunk = response.read1(min(65536, max_body - len(body)))
        if not chunk:
            break
        body += chunk
    if len(body) < max_body and response.length:
        # read1 does not mind a body that ends before its announced length.
        raise _CutOffError
    elapsed = (time.monotonic() - begun) * 1000
    answered: dict[str, str] = {}
    for name, value in response.getheaders():
        # A header that comes twice counts as a list (RFC 9110, 5.3): "blue, green" is no colour.
        key = name.lower()
        answered[key] = f"{answered[key]}, {value}" if key in answered else value
    return Answer(response.status, answered, bytes(body), round(elapsed, 1))


def reason_of(error: Exception, timeout: float) -> str:
    """Say why there was no answer, without the parts of an exception that may hold request data."""
    if isinstance(error, TimeoutError):
        return f"no complete answer within {timeout:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: nothing listens there"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the TLS certificate is not valid ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or 'no shared protocol'})"
    if isinstance(error, (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected)):
        return "the connection was closed before an answer"
    if isinstance(error, _CutOffError):
        return "the answer ended before its announced length"
    if isinstance(error, socket.gaierror):
        return "the host name does not resolve"
    if isinstance(error, OSError):
        return f"no connection ({error.strerror or type(error).__name__})"
    return f"the answer is not HTTP ({type(error).__name__})"
