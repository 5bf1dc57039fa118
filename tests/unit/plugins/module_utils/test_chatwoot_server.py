# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether there is a Chatwoot at all: what a first preview takes for one that is to come, and what it does not."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import CHATWOOT_TENANT_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import Answer, ChatwootError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_server import read_server
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError
from tests.chatwoot_requests import Given, Listed
from tests.kubernetes_requests import validated

ABOUT = {"version": "4.14.1", "timestamp": "2026-06-10 12:00:00", "queue_services": "ok", "data_services": "failing"}
HERE: tuple[str, Given] = ("GET /api", (200, ABOUT))
ACCOUNTS = "GET /platform/api/v1/accounts"


@pytest.fixture(autouse=True)
def no_chatwoot_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "PLATFORM_TOKEN", "ADMIN_TOKEN"):
        monkeypatch.delenv(f"CHATWOOT_{name}", raising=False)


def tls_error(reason: str) -> ssl.SSLError:
    """As OpenSSL raises it."""
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def run(monkeypatch: pytest.MonkeyPatch, *lines: tuple[str, Given], check: bool = True, **options: Any) -> tuple[dict[str, Any], Listed]:
    connection = Listed(*lines)
    monkeypatch.setattr(_chatwoot_run, "connection_of", lambda _params: connection)
    given = {
        "url": "https://chat.example",
        "platform_token": "app-token",
        "tenant": "acme",
        "name": "Acme",
        "server_to_come": True,
        **options,
    }
    params = validated(CHATWOOT_TENANT_SPEC, **{key: value for key, value in given.items() if value is not None})
    try:
        return _chatwoot_run.run(params, check_mode=check), connection
    finally:
        connection.done()


TO_COME: list[tuple[Given, str]] = [
    (socket.gaierror(-2, "Name or service not known"), "("),
    (ConnectionRefusedError(111, "Connection refused"), "(connection refused: nothing listens there)"),
    (TimeoutError("timed out"), "(no complete answer within 10 s)"),
    (tls_error("WRONG_VERSION_NUMBER"), "(TLS failed (WRONG_VERSION_NUMBER))"),
    (Answer(404, b"404 page not found\n"), "(HTTP 404)"),
    (Answer(502, b"Bad Gateway"), "(HTTP 502)"),
    (Answer(503, b"no available server\n"), "(HTTP 503)"),
    (Answer(504, b""), "(HTTP 504)"),
    (Answer(302, b""), "(HTTP 302)"),
    (Answer(403, b"<html>"), "(HTTP 403)"),
    (Answer(401, b"Authorization required"), "(HTTP 401)"),
    (Answer(200, b"<html>Welcome to nginx!</html>"), "(an answer that is none of Chatwoot's)"),
    (Answer(200, b'{"status": "ok"}'), "(an answer that is none of Chatwoot's)"),
    (Answer(200, b"[]"), "(an answer that is none of Chatwoot's)"),
]


@pytest.mark.parametrize(("answer", "why"), TO_COME)
def test_where_no_chatwoot_answers_the_plan_is_that_of_a_new_account(monkeypatch: pytest.MonkeyPatch, answer: Given, why: str) -> None:
    plain, _connection = run(monkeypatch, (ACCOUNTS, (200, [])), server_to_come=False)
    for token in ("app-token", None):
        result, connection = run(monkeypatch, ("GET /api", answer), platform_token=token)
        assert {name: result[name] for name in ("diff", "actions", "digest", "inside", "changed", "account_id")} == {
            name: plain[name] for name in ("diff", "actions", "digest", "inside", "changed", "account_id")
        }
        (said,) = result["warnings"]
        assert said.startswith("server_to_come: no Chatwoot answers at https://chat.agency.example yet (")
        assert why in said
        assert (connection.waits, connection.tokens, result["requests"]) == ([], [""], {"GET": 1})


def test_where_one_answers_everything_is_as_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = (401, {"error": "Invalid access_token"})
    with pytest.raises(ChatwootError, match=r"platform_token is no token of a platform app \(401\)"):
        run(monkeypatch, HERE, (ACCOUNTS, refused))
    with pytest.raises(InputError, match="platform_token_file: not given"):
        run(monkeypatch, HERE, platform_token=None)
    result, _connection = run(monkeypatch, HERE, (ACCOUNTS, (200, [])))
    assert (result["warnings"], result["requests"]) == ([], {"GET": 2})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(500, b"<html>"), r"ask Chatwoot what it is: Chatwoot failed \(500\)"),
        ((401, {"error": "Who are you?"}), r"Chatwoot does not allow it \(401: Who are you\?\)"),
    ],
)
def test_what_chatwoot_itself_refuses_is_no_server_to_come(monkeypatch: pytest.MonkeyPatch, answer: Given, said: str) -> None:
    with pytest.raises(ChatwootError, match=said):
        run(monkeypatch, ("GET /api", answer))


@pytest.mark.parametrize("options", [{"account_id": 7}, {"state": "absent"}])
def test_an_account_that_was_made_is_in_no_server_to_come(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]) -> None:
    path = f"{ACCOUNTS}/7" if "account_id" in options else ACCOUNTS
    with pytest.raises(BlueGreenError, match="gives no answer"):
        run(monkeypatch, (path, ConnectionRefusedError(111, "x")), **options)


def test_an_apply_does_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BlueGreenError, match=r"list accounts: Chatwoot at https://chat\.agency\.example gives no answer"):
        run(monkeypatch, (ACCOUNTS, ConnectionRefusedError(111, "x")), check=False)
    with pytest.raises(InputError, match="platform_token_file: not given"):
        run(monkeypatch, check=False, platform_token=None)


def test_what_cannot_work_is_refused_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="locale: 'klingon' is none of Chatwoot's"):
        run(monkeypatch, locale="klingon")


def test_a_server_tells_what_it_is() -> None:
    connection = Listed(HERE)
    assert read_server(connection) == {"version": "4.14.1", "data_services": "failing", "queue_services": "ok"}
    assert connection.tokens == [""]
    with pytest.raises(ChatwootError, match="the answer is none of Chatwoot's"):
        read_server(Listed(("GET /api", (200, {"version": 4}))))
