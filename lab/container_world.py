# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world whose colours are containers: the lab's Traefik, a real Docker engine, and sites that nobody has made yet.

The sites have names of their own for each session, so that two test runs on one machine never meet in Docker.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

from lab.docker import Engine, docker
from lab.images import make_image
from lab.load import Load
from lab.server import LOOPBACK, http, reserve_port
from lab.traefik import Traefik

IMAGE = "bluegreen/lab-site"
COLOURS = ("blue", "green")

# For tests that are about it: without urllib and site, and not more often: each check is three of the 256 events that Docker remembers, and
# in those the harness looks for what a preview must not do.
HEALTHY = (
    "import socket; s = socket.create_connection(('127.0.0.1', 8080), 10); s.sendall(b'GET /health HTTP/1.0\\r\\n\\r\\n');"
    " assert b' 200 ' in s.recv(99)"
)
# The image's own check gives a Python two seconds to start, which a machine that runs ten test runs at once does not.
HEALTHCHECK = {"test": ["CMD", "python3", "-ISc", HEALTHY], "interval": "2s", "timeout": "20s", "retries": 5}

# What Docker tells of by itself, or because it was asked; everything else in its events is a write.
READS = ("exec_", "health_status", "top", "logs", "attach")


class ContainerWorld:
    """Traefik, Docker and an inventory. It has what the harness asks of a world: ``file``, ``roots``, ``mark``, ``requests_since``."""

    def __init__(self, directory: Path, names: tuple[str, ...] = ("acme", "globex")) -> None:
        self.directory = directory.resolve()
        self.suffix = secrets.token_hex(3)
        self.sites = tuple(f"{name}-{self.suffix}" for name in names)
        self.traefik = Traefik(self.directory, names=(*map(self.host, self.sites), "localhost"))
        self.ports = {site: {colour: reserve_port() for colour in COLOURS} for site in self.sites}
        self.conf_dir = self.directory / "etc"
        self.inventory = self.directory / "inventory"
        self.file = self.directory / "world.json"

    @staticmethod
    def host(site: str) -> str:
        """The public host name of a site."""
        return f"{site}.localhost"

    @property
    def site(self) -> str:
        """The first site, which most tests are about."""
        return self.sites[0]

    @property
    def roots(self) -> list[Path]:
        """Where a preview must not write."""
        return [self.traefik.dynamic_dir, self.traefik.staging_dir, self.conf_dir]

    def start(self) -> Self:
        """Have the engine, the images and Traefik."""
        Engine().start()
        for version in ("1.0", "1.1"):
            make_image(f"{IMAGE}:{version}")
        self.directory.mkdir(parents=True, exist_ok=True)
        self.traefik.start()
        self.write_inventory()
        self.file.write_text("{}")
        return self

    def stop(self) -> None:
        """End Traefik and remove what is in Docker."""
        self.traefik.stop()
        self.sweep()

    def reset(self) -> None:
        """Back to a blank world."""
        if not self.traefik.running:
            self.traefik.start()
        self.traefik.clear()
        self.sweep()
        shutil.rmtree(self.conf_dir, ignore_errors=True)
        self.write_inventory()
        self.traefik.await_routes(0)

    def sweep(self) -> None:
        """Remove the containers, networks and volumes whose names are of this session, and no others."""
        ours = docker("ps", "--all", "--quiet", "--filter", f"name={self.suffix}").split()
        if ours:
            docker("rm", "--force", *ours)
        for kind in ("network", "volume"):
            found = docker(kind, "ls", "--quiet", "--filter", f"name={self.suffix}").split()
            if found:
                docker(kind, "rm", *found)

    def write_inventory(self, **changes: Any) -> None:
        """Write GLOBAL and SITE conf; ``changes`` are for the first site."""
        self.write_sites({self.site: changes})

    def write_sites(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Write GLOBAL and SITE conf, with changes by site; a site that is named here only is one more of the inventory."""
        (self.inventory / "group_vars").mkdir(parents=True, exist_ok=True)
        (self.inventory / "host_vars").mkdir(exist_ok=True)
        sites = list(dict.fromkeys((*self.sites, *changes)))
        self._write("hosts.yml", {"sites": {"hosts": dict.fromkeys(sites)}})
        self._write("group_vars/sites.yml", self.shared())
        for site in sites:
            if site not in self.ports:
                self.ports[site] = {colour: reserve_port() for colour in COLOURS}
            self._write(f"host_vars/{site}.yml", self.site_conf(site) | dict(changes.get(site, {})))

    def _write(self, name: str, content: dict[str, Any]) -> None:
        (self.inventory / name).write_text("---\n" + yaml.safe_dump(content, sort_keys=False))

    def shared(self) -> dict[str, Any]:
        """GLOBAL conf."""
        return {
            "ansible_connection": "local",
            "ansible_host": "server",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "site_offers": ["infra_only", "bluegreen"],
            "site_offers_external": ["infra_only"],
            "bluegreen_dynamic_dir": str(self.traefik.dynamic_dir),
            "bluegreen_staging_dir": str(self.traefik.staging_dir),
            "bluegreen_conf_dir": str(self.conf_dir),
            "bluegreen_entrypoints": ["web"],
            "bluegreen_tls": {"enabled": False},
            "bluegreen_image": f"{IMAGE}:1.0",
            "bluegreen_stop_seconds": 5,
            "bluegreen_start_seconds": 90,
            # The gate decides: Docker starts a program in each container for each check, and four containers took 1.3 of 2 processors.
            "bluegreen_healthcheck": {"test": ["NONE"]},
            "bluegreen_check_dns": False,
            "bluegreen_read_only": True,
            "bluegreen_limits": {"cpus": 1.0, "memory": "128M", "pids": 64},
            "bluegreen_gate": {"path": "/health", "timeout": 2, "deadline": 10},
            "bluegreen_soak": {"seconds": 0},
            "bluegreen_drain_seconds": 1,
        }

    def site_conf(self, site: str) -> dict[str, Any]:
        """SITE conf."""
        return {
            "bluegreen_hosts": [self.host(site)],
            "bluegreen_ports": self.ports[site],
            "bluegreen_env": {"SITE_NAME": site},
            "bluegreen_confirm": {
                "api_url": self.traefik.api_url,
                "public_url": f"http://{self.host(site)}/",
                "connect_to": f"{LOOPBACK}:{self.traefik.web_port}",
            },
        }

    def mark(self) -> dict[str, int]:
        """Now, in the engine's own clock and Traefik's log."""
        log = self.traefik.access_log
        return {"docker": time.time_ns(), "traefik": log.stat().st_size if log and log.exists() else 0}

    def requests_since(self, mark: Mapping[str, int]) -> list[tuple[str, str, str]]:
        """What Traefik was asked, and what the engine did."""
        since, now = mark["docker"] / 1e9, time.time()
        asked = [("traefik", line["method"], line["path"]) for line in self.traefik.requests(mark["traefik"])]
        lines = docker("events", "--since", f"{since:.9f}", "--until", f"{now:.9f}", "--format", "{{json .}}").splitlines()
        return asked + [
            ("docker", "POST", f"{event['Type']} {event['Action']} {event['Actor']['Attributes'].get('name', '')}")
            for event in map(json.loads, lines)
            if not event["Action"].startswith(READS) and self.suffix in json.dumps(event)
        ]

    def inspect(self, site: str, colour: str) -> dict[str, Any]:
        """What Docker tells of a container."""
        content: dict[str, Any] = json.loads(docker("inspect", f"{site}-{colour}"))[0]
        return content

    def version(self, site: str, colour: str) -> str:
        """The image that a colour has."""
        return str(self.inspect(site, colour)["Config"]["Image"]).removeprefix(f"{IMAGE}:")

    def behave(self, site: str, colour: str, **behaviour: Any) -> None:
        """Make the program in a container misbehave; see lab.site."""
        address = self.inspect(site, colour)["NetworkSettings"]["Networks"][site]["IPAddress"]
        blank = {"sick": "", "unhealthy": "", "wrong_colour": False, "slow_ms": 0, "error_ratio": 0.0}
        assert http("PUT", f"http://{address}:8081/behaviour", blank | behaviour)[0] == 200

    def public(self, site: str) -> dict[str, Any]:
        """What a visitor's question for the health of a site is answered."""
        status, body = http("GET", f"{self.traefik.web_url}/health", host=self.host(site))
        return dict(json.loads(body)) if status == 200 else {"status": status}

    def load(self, site: str, **options: Any) -> Load:
        """Continuous load on the public side of a site, for minutes: 100 requests a second would have a third of a processor."""
        return Load(self.directory, self.traefik.web_url + "/", host=self.host(site), **{"rate": 50, **options})
