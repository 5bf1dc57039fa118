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
from tests.harness.ansible import ROOT, Ansible, Run
from tests.integration.server_world import ServerProof, ServerWorld

RUNBOOK = ROOT / "docs" / "runbooks" / "infra_only.md"
pytestmark = pytest.mark.timeout(5400)

# The image has nothing of /usr but its links, and takes /usr from the server: real programs, and nothing to pull.
# The program ends when it is asked to, as a site's does; one that does not would hold up the server's shutdown for 90 s.
SERVING = "docker run --detach {} --volume /usr:/usr:ro inner sh -c 'trap \"exit 0\" TERM; python3 -m http.server 8000 & wait' >/dev/null"
INNER = "tar -C / -c bin sbin lib lib64 | docker import - inner >/dev/null\n" + SERVING.format("--name web --publish 18081:8000")
# On a network of its own, as each site is.
PUBLISHED = "docker network create apart >/dev/null\n" + SERVING.format("--name published --network apart --publish 0.0.0.0:18083:8000")
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
# Public keys whose private halves nobody has.
THIRD_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKmzHuyz8nBTbMBP9gBzMxMcHKBd0qzTIbrrTRZnhYdw third"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+glAbeq/5ZcyKgJsY0DXxksVbTbJJHRNfPGnlY43yG another"
PIECES = ("packages", "upgrades", "deploy", "sshd", "nftables", "fail2ban", "time", "sysctl", "journald", "docker")


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


@pytest.fixture(scope="module")
def hosted(docker_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerWorld]:
    """A server as a hoster delivers it. Its tests ask what is let in, and none minds what the other has left."""
    assert docker_engine.answers()
    world = ServerWorld(tmp_path_factory.mktemp("hosted"))
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", world.key], check=True)
    try:
        world.start()
        world.run("DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends openssh-server sudo >/dev/null")
        lets_in(world, "root")
        world.eventually(lambda: ssh(world, "true").returncode == 0, "its SSH server does not answer")
        yield world
    finally:
        world.stop()


def only(*pieces: str) -> dict[str, Any]:
    """The role with these pieces and no other."""
    return {f"base_{piece}_enabled": piece in pieces for piece in PIECES}


def public_key(world: ServerWorld) -> str:
    return world.key.with_suffix(".pub").read_text().strip()


def changed(run: Run) -> set[str]:
    return {result.task.rpartition(" : ")[2] for result in run.changed}


def lets_in(world: ServerWorld, user: str, options: str = "") -> None:
    """This account comes in with the key."""
    line = f"{options} {public_key(world)}".strip()
    world.run(f"id {user} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash {user}")
    world.run(f"install -d -m 700 -o {user} ~{user}/.ssh && install -m 600 -o {user} /dev/null ~{user}/.ssh/authorized_keys")
    world.run(f"printf '%s\\n' '{line}' > ~{user}/.ssh/authorized_keys")


def ssh(world: ServerWorld, command: str, *options: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    known = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=3")
    way = options or ("-o", "BatchMode=yes", "-i", str(world.key))
    return subprocess.run(
        ["ssh", *known, *way, f"{user}@{world.address}", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_the_life_of_a_server(server: Callable[..., ServerWorld]) -> None:
    """Blank, converged, drifted; looked at from outside; rebooted."""
    world = server()
    # A bridge that is not Docker's is another one's business.
    world.run("ip link add br-lan type bridge")
    key = public_key(world)
    inventory = world.inventory(base_deploy_keys=[key], base_operators=[{"name": "alice", "keys": [key]}])
    proof = ServerProof(world, inventory)
    first = proof.agrees(changes=True)
    assert {"Packages", "Deploy user", "SSH server", "Rules", "Docker", "Who may become root"} <= changed(first.preview)
    assert changed(proof.preview()) == set()
    comes_in_by_key_only(world)
    settings_are_in_force(world)
    the_runbook_is_true(world)
    the_world_sees_three_ports(world)
    containers_outlive_the_daemon(world)
    world.run(DRIFT)
    assert changed(proof.proves(changes=True).preview) >= DRIFTED
    assert world.run("id --groups --name deploy") == "deploy"
    assert world.run(SEEN) == "200", "the container went away with the restart of Docker"
    rules = world.run("nft --stateless list table inet bluegreen")
    assert "3306" not in rules
    world.reboot()
    assert world.run("nft --stateless list table inet bluegreen") == rules
    running = "systemctl is-active ssh.service docker.service fail2ban.service"
    world.eventually(lambda: world.ask(running).split() == ["active"] * 3, "its services do not come back")
    world.eventually(lambda: ssh(world, "true", user="deploy").returncode == 0, "nobody comes in any more")
    assert ssh(world, "true", user="alice").returncode != 0, "the runbook has ended her account"
    assert world.run("sysctl --values net.core.somaxconn") == "8192"


def comes_in_by_key_only(world: ServerWorld) -> None:
    """sshd itself answers."""
    assert ssh(world, "id --user --name", user="deploy").stdout.strip() == "deploy"
    assert ssh(world, "sudo --non-interactive id --user", user="alice").stdout.strip() == "0"
    assert ssh(world, "sudo --non-interactive id --user", user="deploy").returncode != 0
    refused = ssh(
        world, "true", "-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password,keyboard-interactive", user="deploy"
    )
    assert "Permission denied (publickey)" in refused.stderr


# What is asked, and what is among the words that the program itself answers, the settings of all files taken together.
IN_FORCE = [
    ("sshd -T", ["maxauthtries 4", "permitemptypasswords no", "x11forwarding no", "kbdinteractiveauthentication no", "logingracetime 30"]),
    ("stat --format %a:%U /etc/sudoers.d/bluegreen /etc/ssh/sshd_config.d/00-bluegreen.conf", ["440:root", "600:root"]),
    ("for what in bantime findtime maxretry ignoreip; do fail2ban-client get sshd $what; done", ["3600", "600", "5", "127.0.0.0/8"]),
    ("journalctl --boot --unit systemd-journald --output cat", ["max 1.0G"]),
    ("docker info --format '{{.LoggingDriver}} {{.LiveRestoreEnabled}}'", ["json-file true"]),
    (
        "nft list table inet bluegreen",
        [
            "ip daddr 127.0.0.0/8 drop",
            'oifname "br-lan" accept',
            'iifname != "br-lan" iifname "br-*" accept',
            "policy drop",
            "ct state invalid drop",
            "tcp dport { 22, 80, 443 } accept",
        ],
    ),
    ("apt-config dump", ['Automatic-Reboot "false"', 'Periodic::Unattended-Upgrade "1"', 'Remove-Unused-Kernel-Packages "true"']),
    ("sysctl net.ipv4.tcp_migrate_req net.ipv4.conf.all.accept_redirects", ["tcp_migrate_req = 1", "accept_redirects = 0"]),
    ("sysctl net.ipv4.conf.eth0.send_redirects net.ipv6.conf.eth0.accept_redirects", ["send_redirects = 0", "accept_redirects = 0"]),
    ("passwd --status deploy", ["deploy L "]),
]


def settings_are_in_force(world: ServerWorld) -> None:
    """Not what stands in our files, but what came of them."""
    for command, expected in IN_FORCE:
        answer = world.run(command)
        assert [text for text in expected if text not in answer] == [], f"{command}: {answer}"


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
    assert "NoNewPrivs:\t1" in world.run("docker exec web python3 -c 'print(open(\"/proc/1/status\").read())'")
    assert world.run("docker port web") == "8000/tcp -> 127.0.0.1:18081"
    to_outside = f'import socket; socket.create_connection(("{gateway(world)}", 22), 5)'
    assert "timed out" not in world.ask(f"docker exec web python3 -c '{to_outside}' 2>&1 || true")
    neighbours_do_not_reach_a_container(world)
    world.run("systemctl stop docker.socket docker.service")
    assert world.run(SEEN) == "200"
    world.run("systemctl start docker.service")
    assert world.run("docker inspect --format '{{.State.Running}}' web") == "true"


def neighbours_do_not_reach_a_container(world: ServerWorld) -> None:
    """Who routes to the container's own address comes to no port, and does as soon as our chain is away: so it is that which does it."""
    inside = world.run("docker inspect --format '{{.NetworkSettings.IPAddress}}' web")
    # Docker leaves this policy as it was where the host passes packets on already.
    world.run("iptables --policy FORWARD ACCEPT")
    assert routed_to(world, inside) == "TimeoutError"
    world.run(PUBLISHED)
    world.eventually(
        lambda: routed_to(world, world.address, 18083) == "200", "a port that was published to the world on purpose does not answer"
    )
    apart = world.run("docker inspect --format '{{.NetworkSettings.Networks.apart.IPAddress}}' published")
    assert routed_to(world, apart) == "TimeoutError"
    world.run("docker rm --force published && docker network rm apart && nft flush chain inet bluegreen forward")
    assert routed_to(world, inside) == "200"
    world.run("nft --file /etc/nftables.d/bluegreen.nft")
    assert routed_to(world, inside) == "TimeoutError"


def routed_to(world: ServerWorld, address: str, port: int = 8000) -> str:
    """What a neighbour gets from this address, which it sends to by the server."""
    script = (
        "import http.client as c, subprocess as s\n"
        f"if '{address}' != '{world.address}': s.run(['ip', 'route', 'add', '{address}/32', 'via', '{world.address}'], check=True)\n"
        f"talk = c.HTTPConnection('{address}', {port}, timeout=3)\n"
        "try: talk.request('GET', '/'); print(talk.getresponse().status)\n"
        "except OSError as error: print(type(error).__name__)"
    )
    return world.outside(script, "--cap-add=NET_ADMIN")


def gateway(world: ServerWorld) -> str:
    return world.run("ip route show default").split()[2]


def test_without_systemd_and_without_a_network_of_its_own(server: Callable[..., ServerWorld]) -> None:
    """What cannot be done is said, in the preview too."""
    world = server(systemd=False)
    # Without Docker, whose packages are half of the time that the rest takes.
    proof = ServerProof(world, world.inventory(base_deploy_keys=[public_key(world)], base_docker_enabled=False)).proves(changes=True)
    for run in (proof.preview, proof.apply):
        said = " ".join(run.results[-1].content["msg"])
        for words in ("there is no systemd here", "no CAP_NET_ADMIN", "/proc/sys/net is read-only", "The clock was left to the machine"):
            assert words in said
    assert world.ask("ls /etc/nftables.d") == ""


# Who connects, with which variables, and why not. Each account has sudo from the hoster, but erin, who has it from us by then.
LOCKING_OUT: list[tuple[str, dict[str, Any], str]] = [
    ("root", {"base_deploy_keys": [], "base_deploy_user": "blank"}, "base_deploy_keys: no key that opens a shell is given for blank"),
    ("root", {"base_sshd_root": "no"}, "would shut out root, who connects now"),
    ("root", {"base_nftables_tcp": [80, 443]}, "would close port 22, which this run comes in by"),
    ("root", {"base_nftables_ssh_sources": ["198.51.100.0/24"]}, "base_nftables_ssh_sources: 198.51.100.0/24 does not hold"),
    ("root", {"base_nftables_ssh_sources": ["198.51.100.0/33"]}, "is neither an address nor a network"),
    ("root", {"base_deploy_keys": ["ssh-ed25519 AAAA"]}, "is not a whole public SSH key"),
    ("root", {"base_operators": [{"name": "root"}]}, "is not the name of an account that this role may manage"),
    ("root", {"base_operators": [{"name": "deploy"}]}, "deploy is the deploy user (base_deploy_user), who has no way to root"),
    ("root", {"base_nftables_udp": [70000]}, "70000 is not a port"),
    ("deploy", {}, "base_deploy_user: deploy is who connects now, and would be taken out of sudo"),
    ("erin", {}, "base_operators: erin is who connects now and becomes root by /etc/sudoers.d/bluegreen, and is not in the list"),
    ("erin", {"base_operators": [{"name": "erin", "keys": [THIRD_KEY]}]}, "all of them would be removed, the one in use too"),
    ("erin", {"base_operators": [{"name": "erin", "keys": []}], "base_sshd_enabled": False}, "all of them would be removed"),
    ("erin", {"ansible_become": False}, "erin does not become root here"),
    ("bound", {}, "connects by SSH, and no key that opens a shell is seen in /home/bound/.ssh/authorized_keys"),
    ("loose", {}, "sshd does not trust /home/loose/.ssh, so no key in it opens a shell"),
]
# sshd would not let `loose` in at all; it is told to, and what the role says must be the same.
ACCOUNTS = """
echo 'StrictModes no' > /etc/ssh/sshd_config.d/hoster.conf
systemctl reload ssh
for user in deploy bound loose erin; do echo "$user ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/hoster-$user; done
chmod g+w ~loose/.ssh
"""


def test_what_would_lock_out_is_refused(hosted: ServerWorld) -> None:
    """Over real SSH connections; preview and apply say the same and write nothing."""
    for user, options in (("deploy", ""), ("erin", ""), ("loose", ""), ("bound", 'from="*"')):
        lets_in(hosted, user, options)
    hosted.run(ACCOUNTS)
    an_operator_stays_one(hosted)
    hosts = {f"case-{number:02}": {"ansible_user": user} | own for number, (user, own, _sentence) in enumerate(LOCKING_OUT)}
    inventory = hosted.inventory(ssh=True, hosts=hosts, ansible_become=True, base_deploy_keys=[public_key(hosted)])
    sentences = {host: sentence for host, (_user, _own, sentence) in zip(hosts, LOCKING_OUT, strict=True)}
    ServerProof(hosted, inventory).refuses_each(sentences)


def an_operator_stays_one(world: ServerWorld) -> None:
    """Whoever keeps a key and a place in the list can apply without being root, and still become root afterwards."""
    operator = {"name": "erin", "keys": [OTHER_KEY, public_key(world)]}
    inventory = world.inventory(ssh=True, ansible_user="erin", ansible_become=True, **only("deploy"), base_operators=[operator])
    run = ServerProof(world, inventory).apply()
    assert not run.failures, run.words()
    world.run("rm /etc/sudoers.d/hoster-erin")
    assert ssh(world, "sudo --non-interactive id --user", user="erin").stdout.strip() == "0"


INFO = """
- name: Look
  hosts: servers
  gather_facts: false
  tasks:
    - name: Look
      bluegreen.orchestrator.nftables_table_info:
        name: bluegreen
        path: /etc/nftables.d/bluegreen.nft
"""


def test_rules_that_cut_the_connection_take_themselves_back(hosted: ServerWorld) -> None:
    """The old connection would never notice; the new one does, and so the server does."""
    inventory = hosted.inventory(ssh=True, **only("nftables"))
    # A machine that is busy with other tests needs longer for a new connection than a server does.
    patient = {"base_nftables_confirm_within": 300}
    assert ServerProof(hosted, inventory, **patient).apply().returncode == 0
    file, before = hosted.run("cat /etc/nftables.d/bluegreen.nft"), hosted.run("nft --stateless list table inet bluegreen")
    cutting = {"base_nftables_rules": ["ct state new tcp dport 22 drop"], "base_nftables_confirm_within": 30}
    cut = ServerProof(hosted, inventory, **cutting).apply()
    assert cut.failures, "the rules let a new connection through, so nothing was tested"
    assert [result.state for result in cut.failures] == ["unreachable"], cut.words()
    assert hosted.run("cat /etc/nftables.d/bluegreen.nft") == file, "a reboot would have locked everyone out"
    hosted.eventually(lambda: ssh(hosted, "true").returncode == 0, "the rules were not taken back")
    assert hosted.run("nft --stateless list table inet bluegreen") == before
    again = ServerProof(hosted, inventory, **patient).apply()
    assert (again.returncode, changed(again)) == (0, set()), "what was taken back in one run was held against the next"
    assert told(hosted, inventory) == (True, True, False)
    hosted.run("nft add rule inet bluegreen input tcp dport 3306 accept")
    assert told(hosted, inventory) == (True, False, False)


def told(world: ServerWorld, inventory: Path) -> tuple[bool, bool, bool]:
    """What nftables_table_info says: there, in step, waiting."""
    look = world.directory / "look.yml"
    look.write_text(INFO)
    info = Ansible(inventory).run(look).result("bluegreen.orchestrator.nftables_table_info")
    assert "tcp dport" in info["listing"]
    return info["exists"], info["in_step"], info["pending"]
