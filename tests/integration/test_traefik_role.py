# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role traefik on a real Docker engine: a true preview, a narrow door, an upgrade under load, and what it refuses."""

from __future__ import annotations

import functools
import os
import re
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.certificates import make_certificates
from lab.docker import docker
from lab.server import LOOPBACK, ProgramMissingError, reserve_port
from tests.harness.ansible import ROOT
from tests.integration.conftest import skip_or_fail
from tests.integration.traefik_world import IMAGE, SITE, TraefikWorld

RUNBOOK = ROOT / "docs" / "runbooks" / "traefik.md"
# A dozen starts of Ansible in one test, on a machine that may be busy with others.
pytestmark = pytest.mark.timeout(2400)


@pytest.fixture
def blank(tmp_path: Path) -> Iterator[TraefikWorld]:
    """A server without Traefik."""
    world = TraefikWorld(tmp_path / "traefik")
    try:
        world.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    yield world
    world.stop()


@pytest.fixture(scope="module")
def module_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraefikWorld]:
    world = TraefikWorld(tmp_path_factory.mktemp("door"))
    try:
        world.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    run = world.run()
    assert not run.failures, run.words()
    world.route()
    yield world
    world.stop()


@pytest.fixture
def door(module_door: TraefikWorld) -> TraefikWorld:
    """A server with Traefik and a site behind it, for tests that only look."""
    return module_door


def wait(condition: Callable[[], bool], limit: float = 20.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "did not come"
        time.sleep(0.1)


def test_the_preview_is_the_apply_on_blank_converged_and_drifted(blank: TraefikWorld) -> None:
    blank.preview_apply().proves(changes=True)
    assert len(blank.containers()) == 1
    blank.preview_apply().proves(changes=False)
    (blank.dynamic_dir / "_traefik.yml").write_text("http: {}\n")
    (blank.etc / "traefik.yml").chmod(0o600)
    docker("stop", *blank.containers())
    blank.preview_apply().proves(changes=True)
    assert len(blank.containers()) == 1


def test_the_preview_of_an_upgrade_is_the_upgrade(blank: TraefikWorld) -> None:
    assert not blank.run().failures
    before = blank.containers()
    blank.preview_apply(traefik_log_level="DEBUG").proves(changes=True)
    assert blank.containers(everything=True) != before
    assert len(blank.containers(everything=True)) == 1


def test_what_runs_already_elsewhere_gets_its_files_only(blank: TraefikWorld) -> None:
    blank.preview_apply(traefik_runtime="external").proves(changes=True)
    assert sorted(path.name for path in blank.dynamic_dir.iterdir()) == ["_traefik.yml"]
    assert blank.containers(everything=True) == []
    assert not (blank.etc / "traefik.yml").exists()


def test_a_preview_without_docker_names_what_would_come(blank: TraefikWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{blank.directory}/no.sock")
    preview = blank.preview_apply().preview()
    assert not preview.failures, preview.words()
    told = [result.message for result in preview.changed if result.task.endswith(": Docker is still to come")]
    assert len(told) == 1
    assert f"the container {blank.name}-" in told[0]
    assert f"from {IMAGE}" in told[0]
    apply = blank.run()
    assert apply.failures[0].task.endswith(": Docker answers now"), apply.words()


def test_old_protocols_are_refused(door: TraefikWorld) -> None:
    wait(lambda: door.curl("--cacert", str(door.certificate)).returncode == 0)
    for option, spoken in (("-tls1_2", True), ("-tls1_3", True), ("-tls1", False), ("-tls1_1", False)):
        # Without SECLEVEL=0 openssl itself refuses the old ones, and nothing would be asked.
        shaken = door.openssl(option, "-cipher", "ALL:@SECLEVEL=0")
        assert ("Cipher is (NONE)" not in shaken.stdout and shaken.returncode == 0) is spoken, f"{option}: {shaken.stdout}{shaken.stderr}"
    refused = door.openssl(name="stranger.example")
    assert "unrecognized name" in refused.stderr or "alert" in refused.stderr
    assert refused.returncode != 0


def test_headers_and_certificate(door: TraefikWorld) -> None:
    wait(lambda: door.curl("--cacert", str(door.certificate)).returncode == 0)
    answer = door.curl("--cacert", str(door.certificate), "--include").stdout.lower()
    for header in (
        "strict-transport-security: max-age=31536000",
        "x-content-type-options: nosniff",
        "x-frame-options: sameorigin",
        "referrer-policy: strict-origin-when-cross-origin",
        "permissions-policy: camera=()",
    ):
        assert header in answer, answer
    assert "\nserver:" not in answer
    assert "ASN1 OID: prime256v1" in served_certificate(door)
    assert stat.S_IMODE(next(door.etc.glob("certificates/*.key")).stat().st_mode) == 0o600


def served_certificate(door: TraefikWorld) -> str:
    """The served certificate in words: read in the handshake, not from the file."""
    pem = door.openssl().stdout
    return subprocess.run(["openssl", "x509", "-noout", "-text"], input=pem, capture_output=True, text=True, check=True).stdout


def own_address() -> str:
    """An address of this machine that is not loopback; asking for the way to a host sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def test_the_private_side_is_private(door: TraefikWorld) -> None:
    address = own_address()
    assert not address.startswith("127.")
    for name in ("api", "metrics"):
        with pytest.raises(ConnectionRefusedError), socket.create_connection((address, door.ports[name]), timeout=5):
            pass
    assert door.api("/api/version")["Version"].startswith("3.")
    assert door.api("/api/overview")["features"]["metrics"] == "Prometheus"
    routers = {router["name"] for router in door.api("/api/http/routers")}
    assert not [name for name in routers if "dashboard" in name]


def test_the_access_log_is_json(door: TraefikWorld) -> None:
    wait(lambda: door.curl("--cacert", str(door.certificate), path="/seen").returncode == 0)
    wait(lambda: '"RequestPath":"/seen"' in docker("logs", door.containers()[0]))


def test_the_runbook_is_true(blank: TraefikWorld) -> None:
    """Everything that the page types on a server, with this world's folders and ports for the usual ones."""
    assert not blank.run(traefik_tls="acme").failures
    blank.route()
    wait(lambda: "acme@file" in {router["name"] for router in blank.api("/api/http/routers")})
    typed = re.findall(r"(?m)^root@acme:~# (.+)\n((?:(?!root@|```).*\n)*)", RUNBOOK.read_text())
    assert len(typed) >= 7
    here = {"127.0.0.1:8080": f"{LOOPBACK}:{blank.ports['api']}", "127.0.0.1:8082": f"{LOOPBACK}:{blank.ports['metrics']}"}
    here |= {"/var/lib/traefik": str(blank.state), "label=io.bluegreen.traefik": f"label=io.bluegreen.traefik={blank.name}"}
    for written, expected in typed:
        command = functools.reduce(lambda text, pair: text.replace(*pair), here.items(), written)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        printed, position = done.stdout + done.stderr, 0
        assert done.returncode == 0, f"{command}: {printed}"
        for piece in expected.split("...\n"):
            position = printed.find(piece.strip(), position)
            assert position >= 0, f"{command}: {piece!r} is not in {printed}"


def test_an_upgrade_under_load(blank: TraefikWorld) -> None:
    """What is lost is what the preview says: a few answers of a container that has not read its routes yet, within a moment."""
    assert not blank.run().failures
    blank.route()
    wait(lambda: blank.curl("--cacert", str(blank.certificate)).returncode == 0)
    (old,) = blank.containers()
    with blank.load(rate=200) as load:
        load.wait_until(lambda seen: seen.requests > 200, what="200 requests", limit=60)
        preview = blank.preview_apply(traefik_log_level="DEBUG").preview()
        told = " ".join(result.message for result in preview.results)
        assert f"starts beside {old}. Measured" in told
        assert blank.containers() == [old]
        run = blank.run(traefik_log_level="DEBUG")
        assert not run.failures, run.words()
        after = load.snapshot().requests
        load.wait_until(lambda seen: seen.requests > after + 200, what="200 requests after the upgrade", limit=60)
    result = load.snapshot()
    (new,) = blank.containers(everything=True)
    assert new != old
    # A restart refuses everything for 0.9 s, which is 180 requests at this rate.
    assert result.failed <= 40, result.words()
    if result.failures:
        assert result.failures[-1].time - result.failures[0].time < 10, result.words()


def test_an_upgrade_that_fails_leaves_the_old_one(blank: TraefikWorld) -> None:
    assert not blank.run().failures
    before = blank.containers()
    run = blank.run(traefik_image="traefik:v0.0-nowhere")
    assert "still serves" in run.failures[-1].message, run.words()
    assert blank.containers(everything=True) == before
    # One that starts and then reads nothing: a broken file stops the whole provider.
    (blank.dynamic_dir / "broken.yml").write_text("a: [")
    run = blank.run(traefik_log_level="DEBUG", traefik_ready_seconds=3)
    assert f"The old container {before[0]} still serves." in run.failures[-1].message, run.words()
    assert blank.containers(everything=True) == before
    (blank.dynamic_dir / "broken.yml").unlink()
    assert not blank.run(traefik_log_level="DEBUG").failures
    assert blank.containers(everything=True) != before


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"traefik_runtime": "podman"}, "value of traefik_runtime must be one of: docker, external, got: podman"),
    ({"traefik_http_port": "many"}, "traefik_http_port"),
    ({"traefik_http_port": 70000}, "are not four different ports from 1 to 65535"),
    ({"traefik_api_port": 8082, "traefik_metrics_port": 8082}, "are not four different ports"),
    ({"traefik_image": "traefik"}, "traefik_image: 'traefik' names no version"),
    ({"traefik_name": "Door 1"}, "traefik_name: 'Door 1' is not 1 to 41 lower-case letters"),
    ({"traefik_directory": "etc"}, "Give absolute paths"),
    ({"traefik_dynamic_dir": "/elsewhere"}, "a traefik_dynamic_dir inside traefik_directory"),
    ({"traefik_tls": "files"}, "traefik_tls: 'files' needs traefik_certificates"),
    ({"traefik_tls": "files", "traefik_certificates": [{"certificate": "/a", "key": "/b"}]}, "/a, /b: the container sees"),
    ({"traefik_tls": "acme", "traefik_acme_ca_file": "/etc/ssl/ca.pem"}, "/etc/ssl/ca.pem: the container sees"),
    ({"traefik_selfsigned_names": ["a b"]}, "holds what is no host name"),
    ({"traefik_certificates": [{"cert": "/a", "key": "/b"}], "traefik_tls": "files"}, "cert"),
]


@pytest.mark.parametrize(("variables", "sentence"), REFUSALS, ids=lambda value: next(iter(value)) if isinstance(value, dict) else "")
def test_bad_input_is_refused_before_anything_is_changed(blank: TraefikWorld, variables: dict[str, Any], sentence: str) -> None:
    blank.preview_apply(**variables).refuses(sentence)
    assert not blank.etc.exists()


def test_certificates_from_files(blank: TraefikWorld) -> None:
    authority, made = make_certificates(blank.etc / "bought", [SITE])
    pair = {"certificate": str(made.cert_file), "key": str(made.key_file)}
    files: dict[str, Any] = {"traefik_tls": "files", "traefik_certificates": [pair]}
    made.key_file.chmod(0o644)
    blank.preview_apply(**files).refuses(f"{made.key_file} is readable by everybody; chmod o-rwx it")
    made.key_file.chmod(0o600)
    os.chown(made.key_file, 12345, 0)
    blank.preview_apply(**files).refuses("is not owned by root, and so closed to the container; chown it")
    os.chown(made.key_file, 0, 0)
    run = blank.run(**files)
    assert not run.failures, run.words()
    blank.route()
    wait(lambda: blank.curl("--cacert", str(authority)).returncode == 0)
    assert not blank.run(**files).changed
    made.key_file.unlink()
    blank.preview_apply(**files).refuses(f"{made.key_file} is not on the server; copy it there")


def test_a_port_that_is_taken_is_named(blank: TraefikWorld) -> None:
    with socket.create_server((LOOPBACK, reserve_port())) as stranger:
        port = stranger.getsockname()[1]
        blank.preview_apply(traefik_https_port=port).refuses(f"traefik_https_port: port {port} is taken by another program")
    assert not blank.etc.exists()
