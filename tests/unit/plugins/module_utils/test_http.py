# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The GET against real sockets that behave badly."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, ProbeError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import check_url, get, split_address

CANARY = "canary-91be-secret"


@contextlib.contextmanager
def server(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accept one connection and behave."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _address = listener.accept()
                with connection:
                    behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def test_what_is_asked_and_what_comes_back() -> None:
    seen: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 302 Found\r\nX-Colour: blue\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nhi")

    with server(behave) as port:
        answer = get(f"http://127.0.0.1:{port}/a?b=1", headers={"Host": "acme.example", "X-One": "1"})
    assert (answer.status, answer.body, answer.headers["x-colour"]) == (302, b"hi", "blue")
    lines = seen[0].decode().split("\r\n")
    assert lines[0] == "GET /a?b=1 HTTP/1.1"
    assert "Host: acme.example" in lines
    assert "X-One: 1" in lines
    assert sum(line.startswith("Host:") for line in lines) == 1


def test_connect_to_goes_elsewhere_but_asks_for_the_name() -> None:
    seen: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with server(behave) as port:
        assert get("http://acme.invalid/", connect_to=f"127.0.0.1:{port}").status == 200
    assert b"Host: acme.invalid\r\n" in seen[0]


def drip(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    with contextlib.suppress(OSError):
        for _ in range(100):
            connection.sendall(b".")
            time.sleep(0.05)


def drip_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    with contextlib.suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Endless: 1\r\n" * 50:
            connection.sendall(bytes([byte]))
            time.sleep(0.02)


def silent(connection: socket.socket) -> None:
    connection.recv(65536)
    time.sleep(1)


@pytest.mark.parametrize("behave", [drip, drip_headers, silent])
def test_the_timeout_is_for_the_whole_exchange(behave: Callable[[socket.socket], None]) -> None:
    """Each of these servers would keep a client for more than a second that only limits its single reads."""
    with server(behave) as port, pytest.raises(ProbeError, match=r"no complete answer within 0.2 s"):
        get(f"http://127.0.0.1:{port}/", timeout=0.2)


def reply(content: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(content)

    return behave


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "closed before an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"\x00\x01\x02\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "not HTTP"),
    ],
)
def test_garbage_is_said_in_words(content: bytes, said: str | None) -> None:
    with server(reply(content)) as port:
        if said is None:
            assert get(f"http://127.0.0.1:{port}/", timeout=2).status == 200
        else:
            with pytest.raises(ProbeError, match=said):
                get(f"http://127.0.0.1:{port}/", timeout=2)


def test_a_large_body_is_cut() -> None:
    with server(reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789")) as port:
        assert get(f"http://127.0.0.1:{port}/", max_body=4).body == b"0123"


def test_nobody_there_and_no_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ProbeError, match="connection refused"):
        get(f"http://127.0.0.1:{port}/")
    with server(reply(b"HTTP/1.1 200 OK\r\n\r\n")) as plain, pytest.raises(ProbeError, match="TLS failed"):
        get(f"https://127.0.0.1:{plain}/")
    with pytest.raises(ProbeError, match="does not resolve"):
        get("http://no-such-host.invalid/")


def test_no_header_value_in_an_error() -> None:
    with server(reply(b"")) as port, pytest.raises(ProbeError) as error:
        get(f"http://127.0.0.1:{port}/", headers={"Authorization": f"{CANARY}\r\nX: y"})
    text = f"{error.value!r} {error.value} {error.value.__cause__!r}"
    assert CANARY not in text
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


@pytest.mark.parametrize("url", ["", "acme", "http://", "http:///x", "ftp://a", "http://a:b", "http://a:0", "http://a b", "http://a\n"])
def test_bad_urls(url: str) -> None:
    with pytest.raises(InputError, match=r"^option: "):
        check_url("option", url)


def test_an_at_sign_in_the_path_is_no_password() -> None:
    """Traefik's API names services with their provider."""
    assert check_url("option", "http://127.0.0.1:8080/api/http/services/shop@file").path == "/api/http/services/shop@file"


@pytest.mark.parametrize("url", [f"htps://user:{CANARY}@a", f"http://user:{CANARY}@a:99999", f"http://user:{CANARY}@"])
def test_a_password_in_what_is_no_url_is_not_printed(url: str) -> None:
    with pytest.raises(InputError) as caught:
        check_url("option", url)
    assert CANARY not in str(caught.value)


def test_credentials_in_a_url_are_refused_and_not_shown() -> None:
    with pytest.raises(InputError) as error:
        check_url("option", f"http://user:{CANARY}@a")
    assert CANARY not in str(error.value)


@pytest.mark.parametrize(("address", "expected"), [("a:1", ("a", 1)), ("[::1]:443", ("::1", 443))])
def test_addresses(address: str, expected: tuple[str, int]) -> None:
    assert split_address("option", address) == expected


@pytest.mark.parametrize("address", ["", "a", ":1", "a:", "a:0", "a:65536", "a:b"])
def test_bad_addresses(address: str) -> None:
    with pytest.raises(InputError, match=r"^option: "):
        split_address("option", address)
