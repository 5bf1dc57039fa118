# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The offer Infra-Only on a blank server of its own: what the preview names where Docker is still to come, and what is there in the end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lab.docker import Engine, docker
from lab.images import make_image
from lab.server import LOOPBACK, reserve_port
from tests.harness import Ansible
from tests.harness.ansible import ROOT, Run
from tests.integration.server_world import PATIENCE, ServerProof, ServerWorld
from tests.integration.traefik_world import IMAGE, WAIT

pytestmark = pytest.mark.timeout(2400)

VARIABLES = {
    "offer_hosts": "servers",
    "site_offers": ["infra_only"],
    "base_deploy_enabled": False,
    "base_sshd_enabled": False,
    "traefik_tls": "selfsigned",
    "traefik_selfsigned_names": ["acme.example"],
}


@pytest.fixture
def server(docker_engine: Engine, tmp_path: Path) -> Iterator[ServerWorld]:
    """A blank server."""
    assert docker_engine.answers()
    world = ServerWorld(tmp_path)
    world.start()
    yield world
    world.stop()


def changed(run: Run) -> set[str]:
    return {result.task.rpartition(" : ")[2] for result in run.changed}


def infra_only(server: ServerWorld) -> ServerProof:
    server.playbook = ROOT / "playbooks" / "infra_only.yml"
    proof = ServerProof(server, server.inventory(), **VARIABLES)
    proof.apply_only.update(WAIT)
    return proof


def carry_image(server: ServerWorld) -> None:
    """Into the server's own Docker, which has no registry here; elsewhere it pulls the public one."""
    with subprocess.Popen(["docker", "save", make_image(IMAGE)], stdout=subprocess.PIPE) as save:
        assert save.stdout is not None
        docker("exec", "--interactive", server.name, "docker", "load", "--quiet", stdin=save.stdout.fileno())


def test_a_server_of_several_sites_is_prepared_once(tmp_path: Path) -> None:
    """The servers are closed ports: who is asked is who does not answer."""
    one, other = reserve_port(), reserve_port()
    hosts = {"acme": one, "globex": one, "initech": other, "umbrella": one}
    inventory = tmp_path / "hosts.yml"
    sites = {name: {"ansible_host": LOOPBACK, "ansible_port": port} for name, port in hosts.items()}
    inventory.write_text(yaml.safe_dump({"sites": {"hosts": sites, "vars": {"site_offers": ["infra_only"]}}}))
    environment = {"BLUEGREEN_AUDIT_LOG": str(tmp_path / "audit.jsonl")}
    run = Ansible(inventory, environment=environment).run("bluegreen.orchestrator.infra_only")
    assert {result.host for result in run.results if result.play == "Infra-Only"} == {"acme", "initech"}
    assert {failure.host for failure in run.failures} == {"acme", "initech"}


def test_a_site_without_the_offer_is_refused(tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"sites": {"hosts": {"acme": {"ansible_host": LOOPBACK, "ansible_port": reserve_port()}}}}))
    environment = {"BLUEGREEN_AUDIT_LOG": str(tmp_path / "audit.jsonl")}
    run = Ansible(inventory, environment=environment).run("bluegreen.orchestrator.infra_only")
    assert "the offer infra_only (Infra-Only) has not been bought" in run.failures[0].message


def everything_that_was_bought_is_previewed(server: ServerWorld) -> None:
    """The playbook site, on a server that has neither Docker nor Traefik yet. It is shared by two sites, and one of them is wrong."""
    host = yaml.safe_load(server.inventory().read_text())["servers"]["hosts"]["server"]
    bought = {
        "site_offers": ["infra_only", "bluegreen"],
        "bluegreen_hosts": ["acme.example"],
        "bluegreen_image": "shop:1.0",
        "bluegreen_ports": {"blue": 18081, "green": 18082},
        "bluegreen_check_dns": False,
    }
    inventory = server.directory / "sites.yml"
    wrong = {"bluegreen_hosts": ["globex.example"], "bluegreen_image": "shop 1.0", "bluegreen_ports": {"blue": 18083, "green": 18084}}
    sites = {"acme": host | VARIABLES | bought, "globex": host | VARIABLES | bought | wrong}
    inventory.write_text(yaml.safe_dump({"sites": {"hosts": sites}}))
    variables = {name: value for name, value in VARIABLES.items() if name.startswith(("base_", "traefik_"))}
    ansible = Ansible(inventory, environment={"BLUEGREEN_AUDIT_LOG": str(server.directory / "audit.jsonl")})
    preview = ansible.run("bluegreen.orchestrator.site", extra_vars=variables, timeout=PATIENCE)
    assert {failure.host for failure in preview.failures} == {"globex"}, preview.words()
    assert 'bluegreen_image: "shop 1.0" is no image' in preview.failures[0].message
    to_come = {"Packages", "Docker", "Rules", "Make the directories", "Make the default certificate", "Write what every site shares"}
    assert changed(preview) >= {*to_come, "Write the static configuration", "Docker is still to come"}
    first = next(result.message for result in preview.changed if result.task.endswith("Docker is still to come"))
    assert f"from {IMAGE} on the host's network, ports 80 and 443" in first
    said = next(result.message for result in preview.changed if result.task.endswith("The server is still to come"))
    assert said.startswith("acme: Docker and Traefik would come with infra_only, and after that: the network acme; ")
    assert "the containers acme-blue and acme-green from shop:1.0; the route of acme.example to blue" in said


def test_a_blank_server_becomes_the_offer(server: ServerWorld) -> None:
    base = ServerProof(server, server.inventory(), **VARIABLES)
    proof = infra_only(server)
    before = server.listing()
    everything_that_was_bought_is_previewed(server)
    assert server.listing() == before

    assert not base.apply().failures
    carry_image(server)
    first = proof.proves(changes=True)
    assert "Docker is still to come" not in changed(first.apply)
    assert first.again is not None
    assert not first.again.changed
    assert "traefik-" in server.run("docker ps --format '{{.Names}}'")
    listening = server.run("ss -Hltn")
    assert "127.0.0.1:8080" in listening
    assert "127.0.0.1:8082" in listening
    scan = """
import socket
for port in (80, 443, 8080, 8082):
    with socket.socket() as one:
        one.settimeout(3)
        print(port, one.connect_ex(("ADDRESS", port)) == 0)
"""
    seen = server.outside(scan.replace("ADDRESS", server.address)).split("\n")
    assert seen == ["80 True", "443 True", "8080 False", "8082 False"]
