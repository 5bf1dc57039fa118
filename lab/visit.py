# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A visitor of a site on this machine: python lab/visit.py acme.example 8443 /health prints what is answered.

The name goes into TLS as well as into the Host header: a Traefik with sniStrict speaks to nobody who names no site, and Ansible's ``uri``
can name none but that of its URL.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import sys
from contextlib import closing


def visit(name: str, port: int, path: str) -> tuple[int, str]:
    """Ask once over HTTPS on loopback, whoever signed the certificate; the status and the body."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(name)
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    with closing(connection):
        with closing(plain):
            connection.sock = context.wrap_socket(plain, server_hostname=name)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")


if __name__ == "__main__":
    status, body = visit(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    print(body)
    sys.exit(0 if status < 400 else 1)
