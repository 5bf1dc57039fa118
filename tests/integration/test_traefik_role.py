# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role traefik on a real Docker engine: a true preview, a narrow door, an upgrade under load, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.certificates import make_certificates
from lab.docker import docker
from lab.load import Snapshot
from lab.server import LOOPBACK, ProgramMissingError, reserve_port
from tests.integration.conftest import running, skip_or_fail
from tests.integration.traefik_world import IMAGE, SITE, TraefikWorld, counts_of, worst_share

# Several starts of Ansible in one test, on a machine that may be busy with others.
pytestmark = pytest.mark.timeout(2400)


@pytest.fixture
def blank(tmp_path: Path) -> Iterator[TraefikWorld]:
    """A server without Traefik."""
    yield from running(TraefikWorld(tmp_path / "traefik"))


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraefikWorld]:
    """A server with Traefik and a site behind it. Its tests look, or upgrade it: each finds it serving, and leaves it so."""
    world = TraefikWorld(tmp_path_factory.mktemp("door"))
    try:
        world.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    run = world.run()
    assert not run.failures, run.words()
    world.route()
    wait(lambda: world.curl("--cacert", str(world.certificate)).returncode == 0)
    yield world
    world.stop()
    moved = set(docker("images", "--quiet", "--filter", f"label=moved={world.name}").split())
    if moved:
        docker("rmi", "--force", *moved)


def wait(condition: Callable[[], bool], limit: float = 20.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "did not come"
        time.sleep(0.1)


def below(directory: Path) -> set[str]:
    """The files and folders in a directory, without what tells one certificate from another."""
    return {str(path.relative_to(directory)).split("-")[0] for path in directory.rglob("*")}


def test_the_preview_is_the_apply_on_blank_converged_and_drifted(blank: TraefikWorld) -> None:
    """On two servers: one that the role runs Traefik on, with bought certificates, and one that has a Traefik already."""
    authority, bought = make_certificates(blank.etc / "bought", [SITE])
    pair = {"certificate": str(bought.cert_file), "key": str(bought.key_file)}
    external = {"traefik_runtime": "external", "traefik_directory": str(blank.elsewhere / "etc"), "traefik_tls": "acme"}
    external["traefik_state_dir"] = str(blank.elsewhere / "state")
    blank.configure({"elsewhere": external}, traefik_tls="files", traefik_certificates=[pair])

    blank.preview_apply().proves(changes=True)
    assert len(blank.containers(everything=True)) == 1
    assert below(blank.elsewhere) == {"etc", "etc/certificates", "etc/certificates/default", "etc/dynamic", "etc/dynamic/_traefik.yml"}
    blank.route()
    wait(lambda: blank.curl("--cacert", str(authority)).returncode == 0)

    blank.preview_apply(limit="server").finds_nothing_to_do()

    (blank.dynamic_dir / "_traefik.yml").write_text("http: {}\n")
    (blank.etc / "traefik.yml").chmod(0o600)
    docker("stop", *blank.containers())
    # It keeps its label, and so its release, which the container that takes its place is made from too.
    docker("rename", *blank.containers(everything=True), f"renamed-{blank.containers(everything=True)[0]}")
    next((blank.etc / "certificates").glob("default-*.key")).unlink()
    blank.preview_apply(limit="server").proves(changes=True)
    assert len(list((blank.etc / "certificates").glob("default-*.key"))) == 1
    assert len(blank.containers()) == 1
    assert blank.curl("--cacert", str(authority)).returncode == 0


def test_without_docker_a_preview_names_what_would_come_and_an_apply_is_refused(blank: TraefikWorld) -> None:
    """Two servers: on one nothing answers, on the other Docker runs, and its Python has no client for it."""
    bare = blank.directory / "python"
    venv.create(bare, with_pip=False, symlinks=True)
    blank.configure(
        {"clientless": {"server_environment": {}, "ansible_python_interpreter": str(bare / "bin/python")}},
        server_environment={"DOCKER_HOST": f"unix://{blank.directory}/no.sock"},
    )
    preview = blank.preview_apply(limit="clientless").preview()
    assert not preview.failures, preview.words()
    told = [result.message for result in preview.changed if result.task.endswith(": Docker is still to come")]
    assert len(told) == 1
    assert f"the container {blank.name}-" in told[0]
    assert f"from {IMAGE}" in told[0]

    apply = blank.run()
    said = {failure.host: failure.message for failure in apply.failures}
    assert "Docker cannot be asked on this server" in said["server"]
    assert "Install and start Docker; the offer infra_only does both." in said["server"]
    assert "Docker runs, but the Python of this run cannot talk to it: install python3-requests." in said["clientless"]
    assert all("\n" not in sentence for sentence in said.values())
    assert not blank.etc.exists()


def test_the_public_address_may_be_of_ipv6(blank: TraefikWorld) -> None:
    """What others have at that address on the ports of the API and the metrics is in nobody's way: these are on 127.0.0.1."""
    blank.configure(traefik_address="::1")
    with socket.create_server(("::1", blank.ports["api"]), family=socket.AF_INET6):
        run = blank.run()
    assert not run.failures, run.words()
    blank.route()
    port = blank.ports["https"]
    asked = ("--cacert", str(blank.certificate), "--connect-to", f"{SITE}:{port}:[::1]:{port}")
    wait(lambda: blank.curl(*asked).returncode == 0)
    assert blank.curl("--cacert", str(blank.certificate)).returncode != 0


# What openssl asks for -> whether it is spoken. Without SECLEVEL=0 openssl itself refuses the old ones, and nothing would be asked.
HANDSHAKES = [
    (("-tls1_2", "-cipher", "ALL:@SECLEVEL=0"), True),
    (("-tls1_3",), True),
    (("-tls1", "-cipher", "ALL:@SECLEVEL=0"), False),
    (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), False),
    (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"), True),
    # Go would take it where no list of cipher suites is given.
    (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"), False),
]


def test_old_protocols_and_ciphers_and_strange_names_are_refused(door: TraefikWorld) -> None:
    for options, spoken in HANDSHAKES:
        shaken = door.openssl(*options)
        assert ("Cipher is (NONE)" not in shaken.stdout and shaken.returncode == 0) is spoken, f"{options}: {shaken.stdout}{shaken.stderr}"
    refused = door.openssl(name="stranger.example")
    assert "unrecognized name" in refused.stderr or "alert" in refused.stderr
    assert refused.returncode != 0


def test_headers_and_certificate(door: TraefikWorld) -> None:
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
    assert "CA:FALSE" in served_certificate(door)
    assert "CA:TRUE" not in served_certificate(door)
    assert stat.S_IMODE(next(door.etc.glob("certificates/*.key")).stat().st_mode) == 0o600


def served_certificate(door: TraefikWorld) -> str:
    """The served certificate in words: read in the handshake, not from the file."""
    pem = door.openssl().stdout
    return subprocess.run(["openssl", "x509", "-noout", "-text"], input=pem, capture_output=True, text=True, check=True).stdout


def test_a_lost_key_is_made_with_a_certificate_also_after_a_run_that_was_killed(door: TraefikWorld) -> None:
    """Killed where it hurts most: the new key is written, and the certificate that belongs to it not yet in place."""
    (key,) = door.etc.glob("certificates/default-*.key")
    lost = door.certificate.read_text()
    key.unlink()
    programs = door.directory / "programs"
    programs.mkdir()
    (programs / "mv").write_text("#!/bin/sh\nexit 1\n")
    (programs / "mv").chmod(0o755)
    killed = door.run(server_environment={"PATH": f"{programs}:{os.environ['PATH']}"})
    assert killed.failures[0].task.endswith(": Put the default certificate into place"), killed.words()
    assert key.stat().st_size > 0

    door.preview_apply().proves(changes=True)
    assert door.certificate.read_text() != lost
    public = [("pkey", "-pubout", "-in", str(key)), ("x509", "-pubkey", "-noout", "-in", str(door.certificate))]
    first, second = (subprocess.run(["openssl", *part], capture_output=True, text=True, check=True).stdout for part in public)
    assert first == second
    # Traefik has read it, and no route has changed.
    wait(lambda: door.curl("--cacert", str(door.certificate)).returncode == 0)


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


def test_the_container_has_no_more_rights_than_it_needs(door: TraefikWorld) -> None:
    (container,) = json.loads(docker("inspect", *door.containers()))
    host = container["HostConfig"]
    mounts = {mount["Source"]: (mount["Destination"], mount["RW"]) for mount in container["Mounts"]}
    assert mounts == {str(door.etc): (str(door.etc), False), str(door.state): (str(door.state), True)}
    assert container["Config"]["User"] == "0:0"
    assert (host["Privileged"], host["ReadonlyRootfs"], host["NetworkMode"]) == (False, True, "host")
    assert host["CapDrop"] == ["ALL"]
    assert [name.removeprefix("CAP_") for name in host["CapAdd"]] == ["NET_BIND_SERVICE"]
    assert [option.removesuffix(":true") for option in host["SecurityOpt"]] == ["no-new-privileges"]
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "5"}}


# What no answer of Traefik tells in time: file below traefik_directory, way to the value, value.
WRITTEN: list[tuple[str, str, Any]] = [
    ("traefik.yml", "providers.providersThrottleDuration", "100ms"),
    ("traefik.yml", "global", {"checkNewVersion": False, "sendAnonymousUsage": False}),
    ("traefik.yml", "api", {"insecure": True, "dashboard": False}),
    ("dynamic/_traefik.yml", "tls.options.default.minVersion", "VersionTLS12"),
    ("dynamic/_traefik.yml", "tls.options.default.sniStrict", True),
    ("dynamic/_traefik.yml", "http.middlewares.secure.headers.customResponseHeaders", {"Server": "", "X-Powered-By": ""}),
]


def test_what_no_answer_tells_is_written(door: TraefikWorld) -> None:
    for file, way, expected in WRITTEN:
        value = yaml.safe_load((door.etc / file).read_text())
        for key in way.split("."):
            value = value[key]
        assert value == expected, f"{file}: {way}"
    points = yaml.safe_load((door.etc / "traefik.yml").read_text())["entryPoints"]
    private = [point["address"] for name, point in points.items() if name not in ("web", "websecure")]
    assert private == [f"127.0.0.1:{door.ports['api']}", f"127.0.0.1:{door.ports['metrics']}"]
    ciphers = yaml.safe_load((door.dynamic_dir / "_traefik.yml").read_text())["tls"]["options"]["default"]["cipherSuites"]
    assert len(ciphers) == 6
    assert all(name.startswith("TLS_ECDHE_") and ("_GCM_" in name or "_CHACHA20_" in name) for name in ciphers)


def test_the_access_log_is_json_without_what_visitors_may_have_in_their_addresses(door: TraefikWorld) -> None:
    wait(lambda: door.curl("--cacert", str(door.certificate), path="/seen?token=canary-0451").returncode == 0)
    wait(lambda: '"RequestPath":"/seen"' in docker("logs", door.containers()[0]))
    assert "canary-0451" not in docker("logs", door.containers()[0])


def test_an_upgrade_that_fails_leaves_the_old_one(door: TraefikWorld) -> None:
    before = door.containers()
    run = door.run(traefik_image="traefik:v0.0-nowhere")
    assert "still serves" in run.failures[-1].message, run.words()
    assert door.containers(everything=True) == before
    # One that starts and then reads nothing: a broken file stops the whole provider.
    broken = door.dynamic_dir / "broken.yml"
    broken.write_text("a: [")
    run = door.run(traefik_log_level="WARN", traefik_ready_seconds=3)
    broken.unlink()
    assert f"The old container {before[0]} still serves." in run.failures[-1].message, run.words()
    assert door.containers(everything=True) == before
    assert door.curl("--cacert", str(door.certificate)).returncode == 0


def test_an_upgrade_under_load_is_the_one_that_was_previewed(door: TraefikWorld) -> None:
    """What is lost is what the preview says: a few answers of a container that has not read its routes yet, within a moment."""
    (old,) = door.containers()
    load = door.load(rate=100)
    counts: list[Snapshot] = []

    @contextmanager
    def loaded() -> Iterator[None]:
        with load:
            load.wait_until(lambda seen: seen.requests > 100, what="100 requests", limit=60)
            with counts_of(load) as seen:
                yield
                after = load.snapshot().requests
                load.wait_until(lambda seen: seen.requests > after + 100, what="100 requests after the upgrade", limit=60)
            counts.extend(seen)

    upgrade = door.preview_apply(traefik_log_level="DEBUG")
    upgrade.during_apply = loaded()
    proof = upgrade.proves(changes=True)
    told = " ".join(result.message for result in proof.preview.results)
    assert f"starts beside {old}. Measured" in told
    (new,) = door.containers(everything=True)
    assert new != old
    # Half of the connections are new and half of these reach the new one: a quarter. A restart refuses all of 90 requests at this rate.
    assert worst_share(counts, 50) < 0.6, load.snapshot().words()
    assert load.snapshot().requests > 300


def move(door: TraefikWorld, tag: str, change: str) -> None:
    """Let a tag lead to an image of its own: Traefik's with one change."""
    container = docker("create", IMAGE)
    docker("commit", "--change", f"LABEL moved={door.name}", "--change", change, container, tag)
    docker("rm", container)


def test_a_tag_that_has_moved_is_an_upgrade_like_any_other(door: TraefikWorld) -> None:
    tag = f"bluegreen/{door.name}:v3"
    move(door, tag, "LABEL to=one")
    run = door.run(traefik_image=tag)
    assert not run.failures, run.words()
    (old,) = door.containers(everything=True)

    move(door, tag, 'ENTRYPOINT ["/nowhere"]')
    run = door.run(traefik_image=tag)
    assert f"The old container {old} still serves." in run.failures[-1].message, run.words()
    assert door.containers(everything=True) == [old]

    move(door, tag, "LABEL to=another")
    before = f"{time.time():.0f}"
    proof = door.preview_apply(traefik_image=tag).proves(changes=True)
    told = " ".join(result.message for result in proof.preview.results)
    assert f"{tag} has moved to another image. An upgrade by overlap: {old}_" in told
    assert f"starts beside {old}. Measured" in told
    (new,) = door.containers(everything=True)
    assert new.startswith(f"{old}_")
    filters = ("--filter", f"label=io.bluegreen.traefik={door.name}", "--format", "{{.Actor.Attributes.name}} {{.Action}}")
    events = docker("events", "--since", before, "--until", f"{time.time() + 1:.0f}", *filters).splitlines()
    assert events.index(f"{new} start") < events.index(f"{old} kill")
    assert door.curl("--cacert", str(door.certificate)).returncode == 0

    # Without its name the image still runs, and what the name would lead to is not asked for.
    docker("rmi", "--force", tag)
    door.preview_apply(traefik_image=tag).finds_nothing_to_do()


# What each of the servers has in its inventory, and the sentence that refuses it.
REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "runtime": ({"traefik_runtime": "podman"}, "value of traefik_runtime must be one of: docker, external, got: podman"),
    "port-word": ({"traefik_http_port": "many"}, "traefik_http_port"),
    "port-high": ({"traefik_http_port": 70000}, "are not four different ports from 1 to 65535"),
    "port-twice": ({"traefik_api_port": 8082, "traefik_metrics_port": 8082}, "are not four different ports"),
    "image": ({"traefik_image": "traefik"}, "traefik_image: 'traefik' names no version"),
    "name": ({"traefik_name": "Door 1"}, "traefik_name: 'Door 1' is not 1 to 41 lower-case letters"),
    "directory": ({"traefik_directory": "etc"}, "Give absolute paths"),
    "dynamic-dir": ({"traefik_dynamic_dir": "/elsewhere"}, "a traefik_dynamic_dir inside traefik_directory"),
    "no-files": ({"traefik_tls": "files"}, "traefik_tls: 'files' needs traefik_certificates"),
    "outside": ({"traefik_tls": "files", "traefik_certificates": [{"certificate": "/a", "key": "/b"}]}, "/a, /b: the container sees"),
    "authority": ({"traefik_tls": "acme", "traefik_acme_ca_file": "/etc/ssl/ca.pem"}, "/etc/ssl/ca.pem: the container sees"),
    "no-host": ({"traefik_selfsigned_names": ["a b"]}, "holds what is no host name"),
    "up-and-away": ({"traefik_directory": "/etc/../.."}, "Give absolute paths"),
    "address": ({"traefik_address": "no address"}, 'traefik_address: "no address" does not do here; give an IP address'),
    "address-brackets": ({"traefik_address": "[::1]"}, 'traefik_address: "[::1]" does not do here; give an IP address'),
    "email": ({"traefik_acme_email": 'a"b\nfoo: bar'}, "does not do here; give a mail address"),
    "acme-server": ({"traefik_acme_server": "no url"}, 'traefik_acme_server: "no url" does not do here; give the https URL'),
    "resolver": ({"traefik_acme_resolver": "a: b"}, 'traefik_acme_resolver: "a: b" does not do here; use letters'),
    "log-size": ({"traefik_log_max_size": "big"}, 'traefik_log_max_size: "big" does not do here; write for example 10m'),
    "log-files": ({"traefik_log_max_files": 0}, "traefik_log_max_files: 0 does not do here; give 1 or more"),
    "hours": ({"traefik_acme_certificate_hours": -1}, "traefik_acme_certificate_hours: -1 does not do here; give 1 or more"),
    "ready": ({"traefik_ready_seconds": 0}, "traefik_ready_seconds: 0 does not do here; give 1 or more"),
    "grace": ({"traefik_grace_seconds": -5}, "traefik_grace_seconds: -5 does not do here; give 0 or more"),
    "hsts": ({"traefik_hsts_seconds": -1}, "traefik_hsts_seconds: -1 does not do here; give 0 or more"),
    "misspelt": ({"traefik_certificates": [{"cert": "/a", "key": "/b"}], "traefik_tls": "files"}, "cert"),
}


def test_bad_input_is_refused_before_anything_is_changed(blank: TraefikWorld) -> None:
    _, made = make_certificates(blank.etc / "bought", [SITE])
    keys = {name: made.key_file.with_name(f"{name}.key") for name in ("open", "strangers", "missing")}
    for name in ("open", "strangers"):
        shutil.copy(made.key_file, keys[name])
    keys["open"].chmod(0o644)
    os.chown(keys["strangers"], 12345, 0)
    refusals = dict(REFUSALS)
    for name, sentence in (
        ("open", "is readable by everybody; chmod o-rwx it"),
        ("strangers", "is not owned by root, and so closed to the container; chown it"),
        ("missing", "is not on the server; copy it there"),
    ):
        pair = {"certificate": str(made.cert_file), "key": str(keys[name])}
        refusals[name] = ({"traefik_tls": "files", "traefik_certificates": [pair]}, f"{keys[name]} {sentence}")
    with socket.create_server((LOOPBACK, reserve_port())) as stranger:
        port = stranger.getsockname()[1]
        # Whatever the public address is, the API is on 127.0.0.1, and this program too.
        private = {"traefik_address": "::1", "traefik_https_port": reserve_port(), "traefik_api_port": port}
        refusals["private"] = (private, f"traefik_api_port: port {port} is taken by another program")
        blank.configure({name: variables for name, (variables, _) in refusals.items()}, traefik_https_port=port)
        sentences = {name: sentence for name, (_, sentence) in refusals.items()}
        sentences["server"] = f"traefik_https_port: port {port} is taken by another program"
        blank.preview_apply().refuses_each(sentences)
