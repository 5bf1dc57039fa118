# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real certificates: Pebble issues one for a site, curl trusts it, it outlives a redeploy, and it is renewed."""

from __future__ import annotations

import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.pebble import Pebble
from lab.server import ProgramMissingError
from tests.integration.conftest import skip_or_fail
from tests.integration.traefik_world import SITE, TraefikWorld

# Traefik looks for what is to be renewed once a minute, where certificates last less than a day.
pytestmark = pytest.mark.timeout(2400)
RENEWED_WITHIN = 100.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TraefikWorld]:
    """A server without Traefik."""
    world = TraefikWorld(tmp_path / "traefik")
    try:
        world.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    yield world
    world.stop()


@pytest.fixture
def authority(server: TraefikWorld, tmp_path: Path) -> Iterator[Pebble]:
    """A certificate authority that asks this server for its proofs; its certificates last ten minutes."""
    pebble = Pebble(tmp_path / "pebble", http_port=server.ports["http"], tls_port=server.ports["https"])
    try:
        pebble.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    yield pebble
    pebble.stop()


def wait(condition: Callable[[], bool], what: str, limit: float = 60.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"did not come: {what}"
        time.sleep(0.3)


def serial(server: TraefikWorld) -> str:
    """The serial number of the certificate that is served for the site."""
    pem = server.openssl().stdout
    done = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=pem, capture_output=True, text=True, check=False)
    return done.stdout.strip()


@pytest.mark.parametrize("challenge", ["http", "tls"])
def test_a_certificate_is_issued_trusted_kept_and_renewed(server: TraefikWorld, authority: Pebble, tmp_path: Path, challenge: str) -> None:
    root = tmp_path / "root.pem"
    root.write_bytes(authority.root())
    server.configure(
        traefik_tls="acme",
        traefik_acme_email="ops@agency.example",
        traefik_acme_server=authority.url,
        traefik_acme_ca_file=str(authority.ca_file),
        traefik_acme_challenge=challenge,
        traefik_acme_certificate_hours=1,
    )
    # The container reads the authority's own certificate from the one directory that it sees.
    shared = server.etc / "authority.pem"
    server.etc.mkdir()
    shared.write_bytes(authority.ca_file.read_bytes())
    run = server.run(traefik_acme_ca_file=str(shared))
    assert not run.failures, run.words()
    assert server.curl("--cacert", str(root)).returncode != 0
    server.route(certResolver="letsencrypt")
    wait(lambda: server.curl("--cacert", str(root)).returncode == 0, f"a trusted certificate of {SITE}")
    assert "This is the <strong>blue</strong> colour" in server.curl("--cacert", str(root)).stdout
    kept = server.state / "acme.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    issued, account = serial(server), kept.read_text()

    assert not server.run(traefik_acme_ca_file=str(shared), traefik_log_level="DEBUG").failures
    assert len(server.containers(everything=True)) == 1
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert server.curl("--cacert", str(root)).returncode == 0
    assert '"Registration"' in account
    assert '"Registration"' in kept.read_text()

    wait(lambda: serial(server) not in ("", issued), "another certificate", RENEWED_WITHIN)
    assert server.curl("--cacert", str(root)).returncode == 0
