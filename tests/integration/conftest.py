# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for tests on real servers. ``world`` is one Traefik and four small sites for the session, blank for each test."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import pytest

from lab.chatwoot import ChatwootStandIn
from lab.container_world import ContainerWorld
from lab.docker import Engine
from lab.kubernetes import ControlPlane, crds, programs
from lab.minio import Minio
from lab.minio import programs as minio_programs
from lab.server import LabError, ProgramMissingError
from lab.versitygw import Versitygw
from lab.versitygw import find as find_versitygw
from lab.world import World
from tests.harness import Ansible, PreviewApply
from tests.harness.ansible import ROOT
from tests.harness.preforked import Preforked
from tests.harness.preview_apply import world_environment
from tests.integration.desk import Chatwoot, Desk

INVENTORY = ROOT / "inventories" / "demo"


@pytest.fixture(scope="session", autouse=True)
def preforked_ansible() -> None:
    """Playbooks start from a process that has imported ansible-core before."""
    Ansible.start = staticmethod(Preforked().run)


def skip_or_fail(missing: ProgramMissingError) -> NoReturn:
    """Skip by name what this machine cannot run; with LAB_REQUIRE=all a skip is a failure."""
    if os.environ.get("LAB_REQUIRE") == "all":
        pytest.fail(f"LAB_REQUIRE=all: {missing}", pytrace=False)
    pytest.skip(str(missing))


class Startable(Protocol):
    """What the lab starts and stops."""

    def start(self) -> object:
        """Start it; ProgramMissingError where this machine cannot."""

    def stop(self) -> None:
        """Stop it."""


Started = TypeVar("Started", bound=Startable)


def running(server: Started) -> Iterator[Started]:
    """Have a server run for as long as a fixture is used."""
    try:
        server.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def docker_engine() -> Engine:
    """A Docker engine: the one that answers, or one that is started and stays up (see lab.docker)."""
    try:
        return Engine().start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)


@pytest.fixture(scope="session")
def session_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The servers, started once: a start costs more than most tests."""
    yield from running(World(tmp_path_factory.mktemp("world"), sites=("acme", "globex")))


@pytest.fixture
def world(session_world: World) -> World:
    """A blank world: no site in Traefik, every server up and healthy."""
    session_world.reset()
    return session_world


@pytest.fixture
def ansible(world: World) -> Ansible:
    """ansible-playbook with the demo's inventory on this world: ``ansible.run("bluegreen.orchestrator.status")``."""
    return Ansible(INVENTORY, environment=world_environment(world))


@pytest.fixture
def preview_apply(world: World) -> Callable[..., PreviewApply]:
    """The preview = apply harness on this world; see ``tests.harness``."""

    def make(playbook: str | Path, **options: object) -> PreviewApply:
        return PreviewApply(playbook, world=world, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def session_containers(docker_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerWorld]:
    """Traefik, and sites whose colours are containers that the role makes."""
    assert docker_engine.answers()
    yield from running(ContainerWorld(tmp_path_factory.mktemp("containers")))


@pytest.fixture
def containers(session_containers: ContainerWorld) -> ContainerWorld:
    """A blank world: no container, no network, no volume, no route."""
    session_containers.reset()
    return session_containers


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build Kubernetes, MinIO and versitygw before the first test's time begins: it takes minutes, once per machine."""
    fixtures = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    capture = session.config.pluginmanager.getplugin("capturemanager")
    # What cannot be had is said by the tests that need it.
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext(), contextlib.suppress(LabError):
        if "minio" in fixtures:
            minio_programs.find_all()
        if "plain_s3" in fixtures:
            find_versitygw()
        if "control_plane" in fixtures:
            programs.find_all()
            for name in crds.SOURCES:
                crds.files_of(name)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real Kubernetes with fake nodes, one for the session: each test takes namespaces of its own (``tenant_id``) and leaves them."""
    yield from running(ControlPlane(tmp_path_factory.mktemp("kubernetes")))


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Minio]:
    """A real MinIO, one for the session: each test takes buckets of its own. It can notify PRIMARY, a target where nobody listens."""
    told: dict[str, Any] = {"MINIO_NOTIFY_WEBHOOK_ENABLE_PRIMARY": "on", "MINIO_NOTIFY_WEBHOOK_ENDPOINT_PRIMARY": "http://127.0.0.1:9/"}
    yield from running(Minio(tmp_path_factory.mktemp("minio"), **told))


@pytest.fixture(scope="session")
def plain_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Versitygw]:
    """A real storage server that is no MinIO, one for the session: each test takes buckets of its own."""
    yield from running(Versitygw(tmp_path_factory.mktemp("plain-s3")))


@pytest.fixture
def tenant_id() -> str:
    """A name that no other test has."""
    return f"t{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def session_chatwoot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatwoot]:
    """The lab's stand-in; with CHATWOOT_URL and CHATWOOT_PLATFORM_TOKEN_FILE a real Chatwoot (make chatwoot-conformance)."""
    if url := os.environ.get("CHATWOOT_URL"):
        file = Path(os.environ["CHATWOOT_PLATFORM_TOKEN_FILE"])
        yield Chatwoot(url.rstrip("/"), file.read_text().strip(), file)
        return
    directory = tmp_path_factory.mktemp("chatwoot")
    server = ChatwootStandIn(directory)
    file = directory / "platform_token"
    file.touch(mode=0o600)
    file.write_text(server.platform_token)
    with server:
        yield Chatwoot(server.url, server.platform_token, file, server)


@pytest.fixture
def chatwoot(session_chatwoot: Chatwoot) -> Iterator[Chatwoot]:
    """A Chatwoot; the stand-in is blank, and what does not fit Chatwoot's own description fails the test."""
    server = session_chatwoot.stand_in
    if server:
        server.reset()
    yield session_chatwoot
    if server:
        assert server.violations() == []


@pytest.fixture
def stand_in(chatwoot: Chatwoot) -> ChatwootStandIn:
    """The stand-in, for tests that make it misbehave; against a real Chatwoot they are left out by name."""
    if chatwoot.stand_in is None:
        pytest.skip("needs the stand-in's control endpoints, which a real Chatwoot does not have")
    return chatwoot.stand_in


@pytest.fixture
def desk(chatwoot: Chatwoot, tenant_id: str) -> Desk:
    """A tenant without a support desk."""
    return Desk(chatwoot, tenant_id)
