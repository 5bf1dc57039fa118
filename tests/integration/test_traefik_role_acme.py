# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real certificates: Pebble issues one for a site, curl trusts it, it outlives a redeploy, and it is renewed."""

from __future__ import annotations

import functools
import re
import stat
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from lab.pebble import Pebble
from lab.server import LOOPBACK, ProgramMissingError
from tests.harness.ansible import ROOT
from tests.integration.conftest import running, skip_or_fail
from tests.integration.traefik_world import SITE, TraefikWorld

RUNBOOK = ROOT / "docs" / "runbooks" / "traefik.md"
pytestmark = pytest.mark.timeout(2400)
# Traefik looks for what is to be renewed once a minute, where certificates last less than a day. While two containers share the port, the
# authority may ask the one that knows nothing of its question: then it is the next minute's.
RENEWED_WITHIN = 200.0


def wait(condition: Callable[[], bool], what: str, limit: float = 60.0, every: float = 0.3) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"did not come: {what}"
        time.sleep(every)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraefikWorld]:
    """A server without Traefik."""
    yield from running(TraefikWorld(tmp_path_factory.mktemp("acme")))


@pytest.fixture(scope="module")
def authority(server: TraefikWorld) -> Iterator[Pebble]:
    """A certificate authority that asks this server for its proofs; its certificates last ten minutes."""
    pebble = Pebble(server.directory / "pebble", http_port=server.ports["http"], tls_port=server.ports["https"])
    # As it comes it takes every second name as proven already, and would not ask for the second kind of proof.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PEBBLE_AUTHZREUSE", "0")
        try:
            pebble.start()
        except ProgramMissingError as missing:
            skip_or_fail(missing)
    yield pebble
    pebble.stop()


@pytest.fixture(scope="module")
def root(server: TraefikWorld, authority: Pebble) -> str:
    """The server with Traefik and a site that has its certificate, proven by http; returns the file of the root to trust."""
    trusted = server.directory / "root.pem"
    trusted.write_bytes(authority.root())
    # The container reads the authority's own certificate from the one directory that it sees.
    shared = server.etc / "authority.pem"
    server.etc.mkdir()
    shared.write_bytes(authority.ca_file.read_bytes())
    server.configure(
        traefik_tls="acme",
        traefik_acme_email="ops@agency.example",
        traefik_acme_server=authority.url,
        traefik_acme_ca_file=str(shared),
        traefik_acme_certificate_hours=1,
    )
    run = server.run(traefik_acme_challenge="http")
    assert not run.failures, run.words()
    assert server.curl("--cacert", str(trusted)).returncode != 0
    server.route(certResolver="letsencrypt")
    wait(lambda: server.curl("--cacert", str(trusted)).returncode == 0, f"a trusted certificate of {SITE}")
    return str(trusted)


def serial(server: TraefikWorld) -> str:
    """The serial number of the certificate that is served for the site."""
    pem = server.openssl().stdout
    done = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=pem, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def proofs(authority: Pebble) -> tuple[int, int]:
    """How many names it had proven by http, and within TLS, of which its log tells only that it began."""
    log = authority.log_file.read_text()
    by_http = len(set(re.findall(r"validate w/ HTTP: (\S+)", log)))
    return by_http, log.count("Pulled a task from the Tasks queue") - by_http


def test_the_runbook_is_true(server: TraefikWorld, root: str) -> None:
    """Everything that the page types on a server, with this world's folders and ports for the usual ones."""
    assert root
    typed = re.findall(r"(?m)^root@acme:~# (.+)\n((?:(?!root@|```).*\n)*)", RUNBOOK.read_text())
    assert len(typed) >= 7
    here = {"127.0.0.1:8080": f"{LOOPBACK}:{server.ports['api']}", "127.0.0.1:8082": f"{LOOPBACK}:{server.ports['metrics']}"}
    here |= {"/var/lib/traefik": str(server.state), "label=io.bluegreen.traefik": f"label=io.bluegreen.traefik={server.name}"}
    for written, expected in typed:
        command = functools.reduce(lambda text, pair: text.replace(*pair), here.items(), written)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        printed, position = done.stdout + done.stderr, 0
        assert done.returncode == 0, f"{command}: {printed}"
        for piece in expected.split("...\n"):
            position = printed.find(piece.strip(), position)
            assert position >= 0, f"{command}: {piece!r} is not in {printed}"


def test_a_certificate_is_trusted_kept_and_renewed(server: TraefikWorld, authority: Pebble, root: str) -> None:
    """Issued by http; kept by a redeploy that goes over to the proof within TLS, and renewed by that."""
    assert "This is the <strong>blue</strong> colour" in server.curl("--cacert", root).stdout
    kept = server.state / "acme.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    issued, account = serial(server), kept.read_text()
    by_http, by_tls = proofs(authority)
    assert (by_http > 0, by_tls) == (True, 0)

    run = server.run(traefik_acme_challenge="tls")
    assert not run.failures, run.words()
    assert len(server.containers(everything=True)) == 1
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert server.curl("--cacert", root).returncode == 0
    assert '"Registration"' in account
    assert '"Registration"' in kept.read_text()

    wait(lambda: proofs(authority)[1] > 0 and serial(server) not in ("", issued), "another certificate", RENEWED_WITHIN, every=1.0)
    assert server.curl("--cacert", root).returncode == 0
