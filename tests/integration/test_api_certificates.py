# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the certificate of an API server, told from real handshakes."""

from __future__ import annotations

import contextlib
import datetime
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api, KubernetesError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import KUBERNETES_SPEC, opened
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import NAMESPACE
from lab.certificates import make_certificates
from tests.kubernetes_requests import validated

NOW, YEAR = datetime.timedelta(), datetime.timedelta(days=365)


class Answers(BaseHTTPRequestHandler):
    """Knows a single namespace."""

    def do_GET(self) -> None:
        """Answer as an API server does."""
        answer = b'{"kind": "Namespace", "metadata": {"name": "shop"}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving(directory: Path, names: list[str], address: str, later: datetime.timedelta) -> Iterator[tuple[int, Path]]:
    """A server with a certificate; its port, and the file of the certificate's authority."""
    authority, certificate = make_certificates(directory, names, address=address, later=later)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port, authority
        finally:
            server.shutdown()
            thread.join()


def asked(port: int, authority: Path, host: str, token: Path) -> str | None:
    """Ask for a namespace; the sentence of a failure, None where it was read."""
    token.write_text("secret")
    with opened(validated(KUBERNETES_SPEC, host=f"https://{host}:{port}", ca_cert=str(authority), token_file=str(token))) as access:
        try:
            assert Api(access).get(NAMESPACE, None, "shop")
        except KubernetesError as error:
            return error.sentence
    return None


@pytest.mark.parametrize(
    ("name", "address", "later", "host", "told"),
    [
        ("localhost", "127.0.0.1", NOW, "127.0.0.1", None),
        ("localhost", "127.0.0.1", NOW, "localhost", None),
        ("localhost", "127.0.0.1", -YEAR, "127.0.0.1", "that has expired, or its authority's has; renew it, or correct the clock here."),
        ("localhost", "127.0.0.1", YEAR, "127.0.0.1", "that is valid only later; correct the clock of this machine, or the server's."),
        ("api.example", "127.0.0.1", NOW, "localhost", "for other names; correct the address, or give it a certificate with that name."),
        ("localhost", "192.0.2.1", NOW, "127.0.0.1", "for other names; correct the address, or give it a certificate with that name."),
    ],
)
def test_what_is_wrong_with_a_certificate(
    tmp_path: Path, name: str, address: str, later: datetime.timedelta, host: str, told: str | None
) -> None:
    with serving(tmp_path, [name], address, later) as (port, authority):
        sentence = asked(port, authority, host, tmp_path / "token")
    assert sentence == (told and f"the API server at https://{host}:{port} shows a certificate {told}")


def test_an_authority_that_nobody_knows(tmp_path: Path) -> None:
    another, _certificate = make_certificates(tmp_path / "another", ["localhost"])
    with serving(tmp_path, ["localhost"], "127.0.0.1", NOW) as (port, _authority):
        sentence = asked(port, another, "127.0.0.1", tmp_path / "token")
    assert sentence is not None
    assert "shows a certificate that is not trusted; give its authority as ca_cert" in sentence
