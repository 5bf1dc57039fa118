# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world for the role traefik: this machine as the server, on a real Docker engine, with folders, ports and a name of its own."""

from __future__ import annotations

import contextlib
import functools
import json
import secrets
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

import yaml

from lab.docker import Engine, docker
from lab.images import make_image
from lab.load import Load, Snapshot
from lab.server import LOOPBACK, http, reserve_port
from lab.site import Site
from tests.harness import Ansible, PreviewApply, Run
from tests.harness.preview_apply import world_environment

IMAGE = "traefik:v3.7"
SITE = "acme.example"
PATIENCE = 600.0
WAIT = {"bluegreen.orchestrator.traefik : Wait until it has loaded every route": "there is nothing new to wait for in a preview"}

PLAYBOOK = """---
- name: Traefik
  hosts: servers
  gather_facts: false
  environment: "{{ server_environment | default({}) }}"
  check_mode: "{{ ansible_check_mode or (dry_run | default(true) | bool) }}"
  diff: true
  roles:
    - role: bluegreen.orchestrator.traefik
"""


class ServersProof(PreviewApply):
    """The harness for several servers at once: a start of Ansible costs more than a server."""

    during_apply: AbstractContextManager[object] = contextlib.nullcontext()

    def apply(self) -> Run:
        """Run it for real, the first time within ``during_apply``."""
        around, self.during_apply = self.during_apply, contextlib.nullcontext()
        with around:
            return super().apply()

    def finds_nothing_to_do(self) -> None:
        """The preview must announce no change on any server, and write nothing."""
        preview = self._watched("preview", self.preview)
        self._must_succeed("preview", preview)
        self._must_change(preview, changes=False)


@functools.cache
def traefik_image() -> str:
    """The image, looked after once per process: whether it is current is told by a digest of 170 MB."""
    return make_image(IMAGE)


class TraefikWorld:
    """What the harness asks of a world, and a small site behind the Traefik that the role runs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.name = f"traefik-{secrets.token_hex(3)}"
        self.etc = self.directory / "etc"
        self.state = self.directory / "state"
        # Of the second server, where Traefik runs already.
        self.elsewhere = self.directory / "elsewhere"
        self.dynamic_dir = self.etc / "dynamic"
        self.file = self.directory / "world.json"
        self.playbook = self.directory / "traefik.yml"
        self.inventory = self.directory / "inventory.yml"
        self.site = Site(self.directory / "site")
        self.ports = {name: reserve_port() for name in ("http", "https", "api", "metrics")}

    @property
    def roots(self) -> list[Path]:
        """Where a preview must not write."""
        return [self.etc, self.state, self.elsewhere]

    def mark(self) -> dict[str, int]:
        """Docker is the server that is asked: the time from which on its events count."""
        return {"docker": time.time_ns()}

    def requests_since(self, mark: Mapping[str, int]) -> list[tuple[str, str, str]]:
        """What was done to this world's containers since then: none of it is a read."""
        filters = ("--filter", f"label=io.bluegreen.traefik={self.name}", "--format", "{{.TimeNano}} {{.Action}}")
        # Until a second from now: with "now" Docker leaves out what happened in this second.
        told = docker("events", "--since", str(mark["docker"] // 10**9), "--until", f"{time.time() + 1:.0f}", *filters)
        events = [line.split(" ", 1) for line in told.splitlines()]
        reads = ("exec_", "health_status")
        return [("docker", act, self.name) for at, act in events if int(at) > mark["docker"] and not act.startswith(reads)]

    def start(self) -> Self:
        """Have the engine, the image and the small site."""
        Engine().start()
        traefik_image()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.file.write_text("{}")
        self.playbook.write_text(PLAYBOOK)
        self.configure()
        self.site.start()
        return self

    def configure(self, others: Mapping[str, Mapping[str, Any]] | None = None, /, **changes: Any) -> None:
        """Write the inventory: the server with these variables besides, and others that differ from it in theirs."""
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "traefik_name": self.name,
            "traefik_image": IMAGE,
            "traefik_directory": str(self.etc),
            "traefik_state_dir": str(self.state),
            "traefik_address": LOOPBACK,
            **{f"traefik_{name}_port": port for name, port in self.ports.items()},
            "traefik_tls": "selfsigned",
            "traefik_selfsigned_names": [SITE],
            "traefik_grace_seconds": 5,
            **changes,
        }
        hosts = {"server": variables} | {name: {**variables, **its} for name, its in (others or {}).items()}
        content = {"servers": {"hosts": hosts}}
        self.inventory.write_text("---\n" + yaml.safe_dump(content, sort_keys=False))

    def stop(self) -> None:
        """End the site and every container of ours."""
        self.site.stop()
        found = self.containers(everything=True)
        if found:
            docker("rm", "--force", *found)

    def containers(self, *, everything: bool = False) -> list[str]:
        """The names of our containers that run."""
        more = ["--all"] if everything else []
        return sorted(docker("ps", *more, "--filter", f"label=io.bluegreen.traefik={self.name}", "--format", "{{.Names}}").split())

    def run(self, **variables: Any) -> Run:
        """Apply the role."""
        ansible = Ansible(self.inventory, environment=world_environment(self))
        return ansible.run(self.playbook, extra_vars={"dry_run": False, **variables}, timeout=PATIENCE)

    def preview_apply(self, *, limit: str | None = None, **variables: Any) -> ServersProof:
        """The harness on this world. A run may take its time: it waits for containers, on a machine that may be busy with other tests."""
        return ServersProof(
            self.playbook, world=self, inventory=self.inventory, apply_only=WAIT, extra_vars=variables, timeout=PATIENCE, limit=limit
        )

    def route(self, name: str = SITE, **tls: str) -> None:
        """A route to the small site, as the role bluegreen would write one; waits until it is there."""
        router = {"rule": f"Host(`{name}`)", "entryPoints": ["websecure"], "service": "acme", "tls": tls}
        service = {"loadBalancer": {"servers": [{"url": self.site.url}]}}
        content = {"http": {"routers": {"acme": router}, "services": {"acme": service}}}
        staged = self.directory / "acme.staged"
        staged.write_text(yaml.safe_dump(content))
        staged.rename(self.dynamic_dir / "acme.yml")

    def api(self, path: str) -> Any:
        """What the private API says."""
        return json.loads(http("GET", f"http://{LOOPBACK}:{self.ports['api']}{path}")[1])

    def curl(self, *options: str, name: str = SITE, path: str = "/") -> subprocess.CompletedProcess[str]:
        """curl on the public entry point, by name."""
        port = self.ports["https"]
        command = ["curl", "--silent", "--show-error", "--max-time", "10", "--noproxy", "*", "--resolve", f"{name}:{port}:{LOOPBACK}"]
        return subprocess.run([*command, *options, f"https://{name}:{port}{path}"], capture_output=True, text=True, check=False)

    def openssl(self, *options: str, name: str = SITE) -> subprocess.CompletedProcess[str]:
        """One handshake with the public entry point."""
        command = ["openssl", "s_client", "-connect", f"{LOOPBACK}:{self.ports['https']}", "-servername", name, *options]
        return subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=20)

    @property
    def certificate(self) -> Path:
        """The default certificate, which signs itself."""
        return next(self.etc.glob("certificates/*.pem"))

    def load(self, **options: Any) -> Load:
        """Continuous load on the public side of the small site, by https."""
        url = f"https://{LOOPBACK}:{self.ports['https']}/"
        return Load(self.directory / "load", url, host=SITE, ca_file=self.certificate, **options)


@contextlib.contextmanager
def counts_of(load: Load) -> Iterator[list[Snapshot]]:
    """What a load has counted, looked at ten times a second in here."""
    seen: list[Snapshot] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            seen.append(load.snapshot())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def worst_share(seen: list[Snapshot], requests: int) -> float:
    """The largest share of failures in about so many requests one after the other."""
    shares = [0.0]
    for number, first in enumerate(seen):
        last = next((later for later in seen[number:] if later.requests >= first.requests + requests), None)
        if last is not None:
            shares.append((last.failed - first.failed) / (last.requests - first.requests))
    return max(shares)
