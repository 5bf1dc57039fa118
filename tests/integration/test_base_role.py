# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role base on blank servers: preview = apply, what it leaves open, and that nobody is locked out."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.docker import Engine
from tests.harness.ansible import ROOT, Run
from tests.integration.server_world import ServerProof, ServerWorld

RUNBOOK = ROOT / "docs" / "runbooks" / "infra_only.md"
pytestmark = pytest.mark.timeout(5400)

# The image has nothing of /usr but its links, and takes /usr from the server: real programs, and nothing to pull.
INNER = """
tar -C / -c bin sbin lib lib64 | docker import - inner >/dev/null
docker run --detach --name web --volume /usr:/usr:ro --publish 18081:8000 inner python3 -m http.server 8000 >/dev/null
"""
SEEN = "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:18081/\", timeout=5).status)'"
SCAN = """
import concurrent.futures, socket
def open_(port):
    with socket.socket() as one:
        one.settimeout(3)
        return port if one.connect_ex(('{address}', port)) == 0 else None
with concurrent.futures.ThreadPoolExecutor(40) as pool:
    print(sorted(port for port in pool.map(open_, {ports}) if port))
"""
PORTS = [21, 22, 23, 25, 53, 80, 111, 443, 2375, 2376, 3306, 5432, 6379, 8080, 8081, 8443, 9100, 18081]
LISTENING = (80, 443, 3306, 8080)
DRIFT = """
rm /etc/ssh/sshd_config.d/00-bluegreen.conf
nft add rule inet bluegreen input tcp dport 3306 accept
usermod --append --groups docker,sudo deploy
echo 'bob ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers.d/bluegreen
echo '{}' > /etc/docker/daemon.json
sysctl --write net.core.somaxconn=128
systemctl disable --now fail2ban
"""
DRIFTED = {"Deploy user", "SSH server", "Docker", "Who may become root", "Kernel settings", "Rules", "Services run, with their settings"}
ONLY_NFTABLES: dict[str, Any] = {
    f"base_{piece}_enabled": False
    for piece in ("packages", "upgrades", "deploy", "sshd", "fail2ban", "time", "sysctl", "journald", "docker")
}


@pytest.fixture
def server(docker_engine: Engine, tmp_path: Path) -> Iterator[Callable[..., ServerWorld]]:
    """Make blank servers, with a key; removed at the end."""
    assert docker_engine.answers()
    made: list[ServerWorld] = []

    def make(*, systemd: bool = True) -> ServerWorld:
        world = ServerWorld(tmp_path, systemd=systemd)
        made.append(world)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", world.key], check=True)
        world.start()
        return world

    yield make
    for world in made:
        world.stop()


def public_key(world: ServerWorld) -> str:
    return world.key.with_suffix(".pub").read_text().strip()


def changed(run: Run) -> set[str]:
    return {result.task.rpartition(" : ")[2] for result in run.changed}


def with_ssh(world: ServerWorld, options: str = "") -> None:
    """The server as a hoster delivers it: root comes in with a key."""
    world.run("DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends openssh-server >/dev/null")
    line = f"{options} {public_key(world)}".strip().replace("'", "")
    world.run(f"install -d -m 700 /root/.ssh && printf '%s\\n' '{line}' > /root/.ssh/authorized_keys")
    world.eventually(lambda: ssh(world, "true").returncode == 0, "its SSH server does not answer")


def ssh(world: ServerWorld, command: str, *options: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    known = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=3")
    way = options or ("-o", "BatchMode=yes", "-i", str(world.key))
    return subprocess.run(
        ["ssh", *known, *way, f"{user}@{world.address}", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_the_life_of_a_server(server: Callable[..., ServerWorld]) -> None:
    """Blank, converged, drifted; looked at from outside; rebooted."""
    world = server()
    key = public_key(world)
    inventory = world.inventory(base_deploy_keys=[key], base_operators=[{"name": "alice", "keys": [key]}])
    proof = ServerProof(world, inventory)
    first = proof.proves(changes=True)
    assert {"Packages", "Deploy user", "SSH server", "Rules", "Docker", "Who may become root"} <= changed(first.preview)
    assert changed(proof.preview()) == set()
    comes_in_by_key_only(world)
    the_runbook_is_true(world)
    the_world_sees_three_ports(world)
    containers_outlive_the_daemon(world)
    world.run(DRIFT)
    assert changed(proof.proves(changes=True).preview) >= DRIFTED
    assert world.run("id --groups --name deploy") == "deploy"
    assert world.run(SEEN) == "200", "the container went away with the restart of Docker"
    rules = world.run("nft --stateless list table inet bluegreen")
    assert "3306" not in rules
    world.run("systemctl --no-block reboot")
    world.eventually(lambda: world.ask("cat /proc/uptime; systemctl is-active bluegreen-firewall") != "", "it does not come back")


def comes_in_by_key_only(world: ServerWorld) -> None:
    """sshd itself answers."""
    assert ssh(world, "id --user --name", user="deploy").stdout.strip() == "deploy"
    assert ssh(world, "sudo --non-interactive id --user", user="alice").stdout.strip() == "0"
    assert ssh(world, "sudo --non-interactive id --user", user="deploy").returncode != 0
    refused = ssh(
        world, "true", "-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password,keyboard-interactive", user="deploy"
    )
    assert "Permission denied (publickey)" in refused.stderr


def the_runbook_is_true(world: ServerWorld) -> None:
    """Everything that the page types on a server; below it stands what is printed, with ... for what is left out."""
    typed = re.findall(r"(?m)^root@acme:~# (.+)\n((?:(?!root@|```).*\n)*)", RUNBOOK.read_text())
    assert len(typed) >= 10
    for command, expected in typed:
        printed, position = " ".join(world.run(command).split()), 0
        for piece in expected.split("...\n"):
            wanted = " ".join(piece.split())
            position = printed.find(wanted, position)
            assert position >= 0, f"{command}: {wanted!r} is not in {printed}"


def the_world_sees_three_ports(world: ServerWorld) -> None:
    """Each port that is tried has a listener, or is one that servers are attacked at."""
    for port in LISTENING:
        world.run(f"systemd-run --quiet --unit=listener-{port} python3 -m http.server {port}")
    world.eventually(lambda: all(f":{port} " in world.run("ss -Hltn") for port in LISTENING), "the listeners do not start")
    assert world.outside(SCAN.format(address=world.address, ports=PORTS)) == "[22, 80, 443]"


def containers_outlive_the_daemon(world: ServerWorld) -> None:
    """Docker's own traffic goes on behind the packet filter, and its containers while dockerd is away."""
    world.run(INNER)
    world.eventually(lambda: world.ask(SEEN) == "200", "a container's published port does not answer")
    assert world.run("docker port web") == "8000/tcp -> 127.0.0.1:18081"
    to_outside = f'import socket; socket.create_connection(("{gateway(world)}", 22), 5)'
    assert "timed out" not in world.ask(f"docker exec web python3 -c '{to_outside}' 2>&1 || true")
    world.run("systemctl stop docker.socket docker.service")
    assert world.run(SEEN) == "200"
    world.run("systemctl start docker.service")
    assert world.run("docker inspect --format '{{.State.Running}}' web") == "true"


def gateway(world: ServerWorld) -> str:
    return world.run("ip route show default").split()[2]


def test_without_systemd_and_without_a_network_of_its_own(server: Callable[..., ServerWorld]) -> None:
    """What cannot be done is said, in the preview too."""
    world = server(systemd=False)
    proof = ServerProof(world, world.inventory(base_deploy_keys=[public_key(world)])).proves(changes=True)
    for run in (proof.preview, proof.apply):
        said = " ".join(run.results[-1].content["msg"])
        for words in ("there is no systemd here", "no CAP_NET_ADMIN", "/proc/sys/net is read-only", "The clock was left to the machine"):
            assert words in said
    assert world.ask("ls /etc/nftables.d") == ""


LOCKING_OUT: list[tuple[dict[str, Any], str]] = [
    ({"base_deploy_keys": []}, "base_deploy_keys: no key that opens a shell is given for deploy"),
    ({"base_sshd_root": "no"}, "would shut out root, who connects now"),
    ({"base_nftables_tcp": [80, 443]}, "would close port 22, which this run comes in by"),
    ({"base_nftables_ssh_sources": ["198.51.100.0/24"]}, "base_nftables_ssh_sources: 198.51.100.0/24 does not hold"),
    ({"base_nftables_ssh_sources": ["198.51.100.0/33"]}, "is neither an address nor a network"),
    ({"base_deploy_keys": ["ssh-ed25519 AAAA"]}, "is not a whole public SSH key"),
    ({"base_operators": [{"name": "root"}]}, "is not the name of an account that this role may manage"),
    ({"base_nftables_udp": [70000]}, "70000 is not a port"),
]


def test_what_would_lock_out_is_refused(server: Callable[..., ServerWorld]) -> None:
    """Over a real SSH connection; preview and apply say the same and write nothing."""
    world = server()
    with_ssh(world)
    inventory = world.inventory(ssh=True, base_deploy_keys=[public_key(world)])
    for variables, sentence in LOCKING_OUT:
        ServerProof(world, inventory, **variables).refuses(sentence)
    with_ssh(world, 'from="*"')
    ServerProof(world, inventory).refuses("connects by SSH, and no key that opens a shell is seen in /root/.ssh/authorized_keys")


def test_rules_that_cut_the_connection_take_themselves_back(server: Callable[..., ServerWorld]) -> None:
    """The old connection would never notice; the new one does, and so the server does."""
    world = server()
    with_ssh(world)
    inventory = world.inventory(ssh=True, **ONLY_NFTABLES)
    # A machine that is busy with other tests needs longer for a new connection than a server does.
    patient = {"base_nftables_confirm_within": 300}
    assert ServerProof(world, inventory, **patient).apply().returncode == 0
    file, before = world.run("cat /etc/nftables.d/bluegreen.nft"), world.run("nft --stateless list table inet bluegreen")
    cutting = {"base_nftables_rules": ["ct state new tcp dport 22 drop"], "base_nftables_confirm_within": 30}
    cut = ServerProof(world, inventory, **cutting).apply()
    assert cut.failures, "the rules let a new connection through, so nothing was tested"
    assert [result.state for result in cut.failures] == ["unreachable"], cut.words()
    assert world.run("cat /etc/nftables.d/bluegreen.nft") == file, "a reboot would have locked everyone out"
    world.eventually(lambda: ssh(world, "true").returncode == 0, "the rules were not taken back")
    assert world.run("nft --stateless list table inet bluegreen") == before
    again = ServerProof(world, inventory, **patient).apply()
    assert (again.returncode, changed(again)) == (0, set()), "what was taken back in one run was held against the next"
