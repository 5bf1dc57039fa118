# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a Chatwoot: what is asked again and what is not, and what its answers mean."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_http
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Application, Platform
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import Answer, ChatwootError, Connection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from lab.certificates import make_certificates
from tests.chatwoot_requests import URL, Listed, account

CANARY = "canary-c0ffee-0451"
GET = "GET /platform/api/v1/accounts/7"
PATCH = "PATCH /platform/api/v1/accounts/7"
OK = (200, account())


def test_a_read_is_asked_again_once_chatwoot_has_answered() -> None:
    connection = Listed((GET, OK), (GET, ConnectionResetError()), (GET, (503, None)), (GET, (429, None)), (GET, OK))
    platform = Platform(connection, CANARY)
    for _turn in range(2):
        assert platform.account(7) is not None
    connection.done()
    assert (connection.waits, connection.requests) == ([0.25, 0.5, 1.0], {"GET": 5})


def test_at_first_contact_a_wrong_address_is_likelier_than_a_restart() -> None:
    connection = Listed((GET, ConnectionRefusedError()))
    with pytest.raises(ChatwootError, match=r"gives no answer \(connection refused: nothing listens there\); correct url, or start it\.$"):
        Platform(connection, CANARY).account(7)


@pytest.mark.parametrize("broken", [ConnectionResetError(), (502, None), (503, None), (504, None)])
def test_a_write_is_asked_once(broken: Any) -> None:
    connection = Listed((GET, OK), (PATCH, broken))
    platform = Platform(connection, CANARY)
    platform.account(7)
    with pytest.raises(ChatwootError) as found:
        platform.update_account(7, {"name": "A"})
    connection.done()
    assert "run again" in found.value.sentence


def test_what_was_throttled_was_not_done_so_a_write_is_asked_again() -> None:
    connection = Listed((PATCH, Answer(429, b"Retry later", "7")), (PATCH, Answer(429, b"", "soon")), (PATCH, OK))
    assert Platform(connection, CANARY).update_account(7, {"name": "A"}).id == 7
    assert connection.waits == [7.0, 2.0]


class Clock:
    """A time in which waiting takes none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, connection: Connection) -> None:
        self.now = connection._begun
        monkeypatch.setattr(_chatwoot_http, "time", self)
        connection._sleep = self.sleep

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let them pass."""
        self.now += seconds


@pytest.mark.parametrize(
    ("answer", "said", "seconds"),
    [
        ((429, None), "still after a minute; run later, with fewer forks", (65, 75)),
        ((503, None), "is not ready \\(503\\)", (15, 16)),
        (ConnectionRefusedError(), "gives no answer any more", (15, 16)),
    ],
)
def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch, answer: Any, said: str, seconds: tuple[int, int]) -> None:
    connection = Listed((GET, OK), *[(GET, answer)] * 80)
    clock = Clock(monkeypatch, connection)
    platform = Platform(connection, CANARY)
    platform.account(7)
    begun = clock.now
    with pytest.raises(ChatwootError, match=said):
        platform.account(7)
    assert seconds[0] <= clock.now - begun <= seconds[1]


def test_a_task_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Listed((GET, OK), deadline=5.0)
    clock = Clock(monkeypatch, connection)
    Platform(connection, CANARY).account(7)
    clock.now += 6
    with pytest.raises(ChatwootError, match=r"the time for the whole task \(5 s\) is over"):
        Platform(connection, CANARY).account(7)


@pytest.mark.parametrize("error", [ValueError(f"Invalid header value b'{CANARY}'"), OSError(CANARY)])
def test_what_an_exception_quotes_is_not_said(error: Exception) -> None:
    with pytest.raises(ChatwootError) as found:
        Platform(Listed((GET, error)), CANARY).account(7)
    assert CANARY not in f"{found.value.sentence}{found.value.facts}{found.value.__cause__}"
    assert found.value.__suppress_context__


@pytest.mark.parametrize(
    ("status", "data", "said"),
    [
        (401, {"error": "Invalid access_token"}, "platform_token is no token of a platform app (401); make one at /super_admin/"),
        (401, {"error": "Non permissible resource"}, "this platform app has no right to it (401); only the app that made it may touch it"),
        (401, {"error": f"Token {CANARY} is bad"}, "Chatwoot does not allow it (401: Token ******** is bad)"),
        (402, {"error": "Account limit exceeded."}, "as many as its limits allow (402: Account limit exceeded.); raise limits"),
        (404, "<html>", "it is not there (404); somebody may have deleted it"),
        (422, {"message": "Name is odd", "attributes": ["name"]}, "Chatwoot finds it invalid (422: Name is odd (at name)); correct it."),
        (422, {"error": "param is missing"}, "(422: param is missing)"),
        (422, [1], "Chatwoot finds it invalid (422: [1])"),
        (500, "<html>oops", "Chatwoot failed (500), as it does at a name or value that it does not know; see its log."),
        (418, {"error": "x" * 999}, "x…; see its log."),
        (301, None, "Chatwoot sends us elsewhere (301)"),
    ],
)
def test_each_refusal_has_a_sentence(status: int, data: Any, said: str) -> None:
    with pytest.raises(ChatwootError) as found:
        Platform(Listed((PATCH, (status, data))), CANARY).update_account(7, {"name": "A"})
    assert found.value.sentence.startswith("update account 7: ")
    assert said in found.value.sentence
    assert found.value.sentence.endswith(".")
    assert "\n" not in found.value.sentence
    assert CANARY not in str(found.value.facts) + found.value.sentence


def test_what_is_suspended_or_not_ones_own_is_told_apart() -> None:
    base = "GET /api/v1/accounts/7/agents"
    for said, meaning in (
        ("Account is suspended", "the account is suspended (401)"),
        ("Invalid Access Token", "the administrator's token is none of this Chatwoot (401)"),
        ("You are not authorized to access this account", "of somebody who is not in the account (401)"),
        ("You are not authorized to do this action", "the token is of an agent (401)"),
        ("Access to this endpoint is not authorized for bots", "the token is a bot's (401)"),
    ):
        with pytest.raises(ChatwootError) as found:
            Application(Listed((base, (401, {"error": said}))), CANARY, 7).people()
        assert meaning in found.value.sentence


@pytest.mark.parametrize("url", ["chat.example", "ftp://chat.example", "", "https://", f"https://bob:{CANARY}@chat.example", "http://a b"])
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"^url: ") as found:
        Connection(url)
    assert CANARY not in str(found.value)


class Handler(http.server.BaseHTTPRequestHandler):
    """Says who it is talking to, and ends a connection when it is told to."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        if self.path.endswith("/slow"):
            time.sleep(1.0)
        body = json.dumps({"port": self.client_address[1], "token": self.headers["api_access_token"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        # Without a word to the client, as servers do with connections that lie idle.
        self.close_connection = self.path.endswith("/last")

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


class Quiet(http.server.ThreadingHTTPServer):
    """A client that hangs up is no news."""

    daemon_threads = True

    def handle_error(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with Quiet(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}/below"
        found.shutdown()


def test_one_connection_is_kept_and_made_anew_when_it_was_ended(server: str) -> None:
    connection = Connection(server)

    def port(path: str) -> int:
        found = json.loads(connection.ask("read", "GET", path, CANARY).data)
        assert found["token"] == CANARY
        return int(found["port"])

    first, second, last = port("/a"), port("/b"), port("/last")
    assert first == second == last
    time.sleep(0.1)
    assert port("/c") != first
    connection.close()
    connection.close()


def test_over_tls_the_same_and_only_to_whom_it_may(tmp_path: Path) -> None:
    ca_file, certificate = make_certificates(tmp_path, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    with Quiet(("127.0.0.1", 0), Handler) as found:
        found.socket = context.wrap_socket(found.socket, server_side=True)
        threading.Thread(target=found.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{found.server_port}"
        connection = Connection(url, ca_path=str(ca_file))
        ports = [json.loads(connection.ask("read", "GET", path, CANARY).data)["port"] for path in ("/a", "/b", "/last")]
        assert len(set(ports)) == 1
        time.sleep(0.1)
        assert json.loads(connection.ask("read", "GET", "/c", CANARY).data)["port"] not in ports
        connection.close()
        with pytest.raises(ChatwootError, match="the TLS certificate is not valid"):
            Connection(url).ask("read", "GET", "/a", CANARY)
        anyway = Connection(url, validate_certs=False)
        assert anyway.ask("read", "GET", "/a", CANARY).status == 200
        anyway.close()
        with pytest.raises(ChatwootError, match=r"no complete answer within 0\.3 s"):
            Connection(url, ca_path=str(ca_file), timeout=0.3).ask("read", "GET", "/slow", CANARY)
        found.shutdown()


def test_a_server_that_drips_is_cut_off(server: str) -> None:
    with pytest.raises(ChatwootError, match=r"no complete answer within 0\.2 s"):
        Connection(server, timeout=0.2).ask("read", "GET", "/slow", CANARY)


def test_the_address_is_what_was_said() -> None:
    assert Listed().url == URL
