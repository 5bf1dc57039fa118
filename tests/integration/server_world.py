# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A blank server in a container of its own, with systemd and a network that it may change, for the role base."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.docker import docker
from lab.images import make_image
from lab.server import LabError
from tests.harness import PreviewApply
from tests.harness.ansible import Run
from tests.harness.preview_apply import PreviewLieError

IMAGE = "bluegreen/lab-server:12"
# All that systemd needs in a container, and no more; the network is the container's own.
REAL = (
    "--cap-add=SYS_ADMIN",
    "--cap-add=NET_ADMIN",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--cgroupns=host",
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
    "--volume=/var/lib/docker",
    "--tmpfs=/run",
    "--tmpfs=/run/lock",
)
# Where a preview must not write. Daemons keep their own notes elsewhere below /var.
WATCHED = ("/etc", "/home", "/opt", "/root/.ssh", "/srv", "/usr", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/bluegreen", "/var/spool/cron")
# Packages are installed in one go, on a machine that may be busy with other tests.
PATIENCE = 1800.0

# A new connection that nobody lets in is given up well before the guard of the packet filter wakes up (30 s). Few at once, for a machine
# that is busy with other tests answers none of many in time.
SLOW = {"ANSIBLE_TIMEOUT": "10", "ANSIBLE_FORKS": "3"}

PLAY = """
- name: Server
  hosts: servers
  gather_facts: false
  check_mode: "{{ ansible_check_mode or (dry_run | default(true) | bool) }}"
  diff: true
  roles: [bluegreen.orchestrator.base]
"""


class ServerWorld:
    """It has what the harness asks of a world. ``systemd=False`` is a container that may do nothing special."""

    def __init__(self, directory: Path, *, systemd: bool = True) -> None:
        self.directory = directory.resolve()
        self.systemd = systemd
        self.name = f"base-{secrets.token_hex(4)}"
        self.file = self.directory / "world.json"
        self.playbook = self.directory / "server.yml"
        self.key = self.directory / "key"
        self.first_process = self.directory / "first_process"

    def start(self) -> None:
        """Boot it."""
        make_image(IMAGE)
        arguments = [*REAL, IMAGE] if self.systemd else [IMAGE, "sleep", "infinity"]
        docker("run", "--detach", f"--name={self.name}", f"--hostname={self.name}", *arguments)
        self.note_first_process()
        if self.systemd:
            self.await_boot()
        self.file.write_text(json.dumps({"name": self.name}))
        self.playbook.write_text(PLAY)

    def await_boot(self) -> None:
        """Return when systemd has started everything."""
        self.eventually(lambda: self.ask("systemctl is-system-running") in ("running", "degraded"), "it does not boot")

    def reboot(self) -> None:
        """Shut it down and boot it: what is in memory only (rules, /run, processes) is gone."""
        before = self.booted_at()
        docker("restart", "--time=60", self.name)
        assert self.booted_at() != before, "it was not rebooted, so nothing was tested"
        self.note_first_process()
        self.await_boot()

    def note_first_process(self) -> None:
        """Write down by which process it is entered."""
        self.first_process.write_text(docker("inspect", "--format", "{{.State.Pid}}", self.name))

    def booted_at(self) -> str:
        """When its first process began."""
        return docker("inspect", "--format", "{{.State.StartedAt}}", self.name)

    def stop(self) -> None:
        """Remove it with its volumes."""
        docker("rm", "--force", "--volumes", self.name)

    def run(self, script: str) -> str:
        """Run a shell script in it; what it prints."""
        return docker("exec", self.name, "sh", "-ec", script)

    def ask(self, script: str) -> str:
        """The same, and what a failing one says is empty."""
        try:
            return self.run(script)
        except LabError:
            return ""

    @staticmethod
    def eventually(true: Callable[[], bool], otherwise: str, limit: float = 60.0) -> None:
        """Return when it is true."""
        end = time.monotonic() + limit
        while not true():
            assert time.monotonic() < end, otherwise
            time.sleep(0.2)

    @property
    def address(self) -> str:
        """Where it is reached from outside."""
        return docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", self.name)

    def outside(self, script: str, *options: str) -> str:
        """Run Python in another container of the same network; ``options`` are docker's."""
        return docker("run", "--rm", *options, IMAGE, "python3", "-c", script)

    def inventory(self, *, ssh: bool = False, hosts: Mapping[str, Mapping[str, Any]] | None = None, **variables: Any) -> Path:
        """An inventory with this server: from inside, or by SSH as root with the key.

        ``hosts`` are several names for it, each with variables of its own: one run then asks as many questions as there are names.
        """
        by_ssh = {
            "ansible_host": self.address if ssh else None,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
        }
        # A container with fewer rights is entered by Docker, which takes the same rights from who enters.
        from_inside = {"ansible_connection": "lab_server", "ansible_host": str(self.first_process)}
        by_docker = {"ansible_connection": "community.docker.docker", "ansible_host": self.name}
        way = by_ssh if ssh else from_inside if self.systemd and os.geteuid() == 0 else by_docker
        host = {**way, "ansible_python_interpreter": "/usr/bin/python3", "ansible_pipelining": True, **variables}
        named = {name: {**host, **own} for name, own in (hosts or {"server": {}}).items()}
        path = self.directory / "inventory.yml"
        path.write_text(yaml.safe_dump({"servers": {"hosts": named}}))
        return path

    @property
    def roots(self) -> list[Path]:
        """Nothing of this machine; see ServerProof."""
        return []

    def mark(self) -> dict[str, int]:
        """It has no request log."""
        return {}

    def requests_since(self, mark: Mapping[str, int]) -> list[tuple[str, str, str]]:
        """So there is nothing to tell."""
        return [(server, "GET", "") for server in mark]

    def listing(self) -> list[str]:
        """Every watched path with its kind, mode, owner, size and times: a change time betrays any write."""
        folders = self.run(f"ls -d {' '.join(WATCHED)} 2>/dev/null || true").split()
        return sorted(self.run(f"find {' '.join(folders)} -xdev -printf '%p %y %m %U:%G %s %T@ %C@ %l\\n'").splitlines())


class ServerProof(PreviewApply):
    """Preview = apply on a server: what a preview writes is looked for in the server itself, and a run may take its time."""

    def __init__(self, world: ServerWorld, inventory: Path, **variables: Any) -> None:
        super().__init__(world.playbook, world=world, inventory=inventory, extra_vars=variables, environment=SLOW, timeout=PATIENCE)
        self.server = world

    def _watched(self, name: str, run: Callable[[], Run], *, locks: bool = False) -> Run:
        before = self.server.listing()
        outcome = super()._watched(name, run, locks=locks)
        written = sorted(set(before) ^ set(self.server.listing()))
        if written:
            raise PreviewLieError(f"The {name} wrote to the server: {written[0]} (and {len(written) - 1} more).")
        return outcome
