# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ACME server, Let's Encrypt's own Pebble, with a name server that sends every name to loopback."""

from __future__ import annotations

import json
import os
import ssl
import urllib.request
from pathlib import Path

from lab import packages
from lab.certificates import make_certificates
from lab.server import LOOPBACK, ProgramMissingError, Server, http, reserve_port

PACKAGES = {"pebble": "pebble", "pebble-challtestsrv": "pebble"}


def _program(name: str) -> str:
    found = packages.find(name)
    if not found:
        raise ProgramMissingError(f"The program '{name}' is not on this machine. Install it with: {packages.command([PACKAGES[name]])}")
    return found


class NameServer(Server):
    """Answers every name with 127.0.0.1, so that the authority asks our entry points for its proofs."""

    def __init__(self, directory: Path) -> None:
        super().__init__("names", directory)
        self.port = reserve_port()
        self.control_port = reserve_port()

    def command(self) -> list[str]:
        """Pebble's companion, without its challenge servers: Traefik answers the challenges."""
        options = {
            "-dns01": f"{LOOPBACK}:{self.port}",
            "-management": f"{LOOPBACK}:{self.control_port}",
            "-defaultIPv4": LOOPBACK,
            "-defaultIPv6": "",
            "-http01": "",
            "-https01": "",
            "-tlsalpn01": "",
        }
        return [_program("pebble-challtestsrv"), *(word for pair in options.items() for word in pair)]

    def ready(self) -> bool:
        """Ready when its control port takes a wish."""
        try:
            return http("POST", f"http://{LOOPBACK}:{self.control_port}/clear-request-history", {}, timeout=1.0)[0] < 500
        except OSError:
            return False


class Pebble(Server):
    """The authority. It proves names on ``http_port`` and ``tls_port``; its own certificate is signed by ``ca_file``.

    ``lifetime`` is how many seconds the certificates that it issues last: what is short is renewed within a test.
    """

    def __init__(self, directory: Path, *, http_port: int, tls_port: int, lifetime: int = 600) -> None:
        super().__init__("pebble", directory)
        self.names = NameServer(directory)
        self.http_port = http_port
        self.tls_port = tls_port
        self.lifetime = lifetime
        self.port = reserve_port()
        self.management_port = reserve_port()
        self.ca_file = self.directory / "pebble" / "ca.pem"

    @property
    def url(self) -> str:
        """The directory of the ACME protocol."""
        return f"https://{LOOPBACK}:{self.port}/dir"

    def prepare(self) -> None:
        """Make its certificate and its configuration."""
        _, made = make_certificates(self.ca_file.parent, ["localhost"])
        configuration = {
            "listenAddress": f"{LOOPBACK}:{self.port}",
            "managementListenAddress": f"{LOOPBACK}:{self.management_port}",
            "certificate": str(made.cert_file),
            "privateKey": str(made.key_file),
            "httpPort": self.http_port,
            "tlsPort": self.tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "certificateValidityPeriod": self.lifetime,
        }
        (self.directory / "pebble.json").write_text(json.dumps({"pebble": configuration}))

    def command(self) -> list[str]:
        """Pebble at full speed, without the nonces that it refuses by chance: those test a client, and the client is not ours."""
        settings = ["env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0"]
        names = f"{LOOPBACK}:{self.names.port}"
        return [*settings, _program("pebble"), "-config", str(self.directory / "pebble.json"), "-dnsserver", names]

    def ready(self) -> bool:
        """Ready when it tells its root."""
        try:
            return bool(self.root())
        except OSError:
            return False

    def root(self) -> bytes:
        """The root that its certificates lead to, new at every start."""
        context = ssl.create_default_context(cafile=os.fspath(self.ca_file))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        with opener.open(f"https://{LOOPBACK}:{self.management_port}/roots/0", timeout=2.0) as answer:
            return bytes(answer.read())

    def launch(self) -> None:
        """The name server first."""
        self.names.start()
        super().launch()

    def stop(self) -> None:
        """Both."""
        super().stop()
        self.names.stop()
