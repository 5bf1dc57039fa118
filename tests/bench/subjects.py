# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the bench measures: our Traefik, and the peers, each in front of the same two backends."""

from __future__ import annotations

import os
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from lab.server import LOOPBACK, LabError, Server, answers, reserve_port
from lab.traefik import Traefik
from tests.bench.module import ModuleRun, WarmModule, run_cold
from tests.bench.programs import program

HOST = "acme.localhost"
OTHER = {"blue": "green", "green": "blue"}

# keepalive_requests: by default nginx closes a connection after 1,000 requests, and the proxy would pay for it.
NGINX = """
daemon off;
master_process on;
worker_processes {workers};
worker_rlimit_nofile 65536;
pid {directory}/{name}.pid;
error_log {directory}/{name}.error.log warn;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_body_temp_path {directory}/{name}.body;
  proxy_temp_path {directory}/{name}.proxy;
  fastcgi_temp_path {directory}/{name}.fastcgi;
  uwsgi_temp_path {directory}/{name}.uwsgi;
  scgi_temp_path {directory}/{name}.scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 3600;
{content}
}}
"""

BACKEND = """
  server {{
    listen {host}:{port} backlog=4096;
    add_header X-Bluegreen-Colour {colour};
    default_type application/json;
    location / {{ return 200 '{{"status": "ok", "colour": "{colour}"}}'; }}
  }}
"""

FRONT = """
  include {upstream};
  server {{
    listen {host}:{port} backlog=4096;
    location / {{
      proxy_pass http://acme;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
"""


class Nginx(Server):
    """An nginx with this content; Debian's own binary."""

    def __init__(self, name: str, directory: Path, content: str, url: str, *, workers: int) -> None:
        super().__init__(name, directory)
        self.url = url
        self.configuration = NGINX.format(name=name, directory=self.directory, content=content, workers=workers)
        self.file = self.directory / f"{name}.conf"

    def prepare(self) -> None:
        """Write its configuration."""
        self.file.write_text(self.configuration)

    def command(self) -> list[str]:
        """In the foreground, so that its pid is ours."""
        return [program("nginx"), "-c", str(self.file), "-p", str(self.directory)]

    def ready(self) -> bool:
        """Ready when it answers."""
        return answers(self.url, host=HOST)


class Backends(Nginx):
    """Blue and green, so small that they are never what is measured."""

    def __init__(self, directory: Path) -> None:
        self.ports = {colour: reserve_port() for colour in OTHER}
        content = "".join(BACKEND.format(host=LOOPBACK, port=port, colour=colour) for colour, port in self.ports.items())
        super().__init__("backends", directory, content, f"http://{LOOPBACK}:{self.ports['green']}/", workers=1)

    def address(self, colour: str) -> str:
        """host:port of one colour."""
        return f"{LOOPBACK}:{self.ports[colour]}"


class Subject(ABC):
    """Something that sends visitors to one of two colours, and can be told to send them to the other."""

    name: str

    def __init__(self, directory: Path, backends: Backends) -> None:
        self.directory = directory
        self.backends = backends
        self.active = "blue"
        self.port = 0
        self.file = directory / "replaced"

    @property
    def url(self) -> str:
        """Where visitors come."""
        return f"http://{LOOPBACK}:{self.port}/"

    @abstractmethod
    def start(self) -> None:
        """Start it, sending visitors to blue."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it."""

    @abstractmethod
    def switch_to(self, colour: str) -> dict[str, Any]:
        """Send visitors to this colour; returns what it says of it."""

    def switch(self) -> dict[str, Any]:
        """Send visitors to the other colour. ``file`` is replaced at the moment from which visibility is counted."""
        said = self.switch_to(OTHER[self.active])
        self.active = OTHER[self.active]
        return said

    def replace(self, text: str) -> None:
        """Replace ``file`` whole."""
        beside = self.file.with_suffix(".new")
        with open(beside, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(beside, self.file)


class TraefikSubject(Subject):
    """Ours: the real module on the real Traefik."""

    def __init__(self, directory: Path, backends: Backends, *, default_certificate: bool = True, sites: int = 1) -> None:
        super().__init__(directory, backends)
        self.name = "bluegreen_switch" if default_certificate else "bluegreen_switch, no default certificate"
        self.sites = sites
        self.traefik = Traefik(directory, names=(HOST,), default_certificate=default_certificate, access_log=False)
        self.port = self.traefik.web_port
        self.file = self.traefik.dynamic_dir / "acme.yml"
        self.module = WarmModule()

    def arguments(self, target: str) -> dict[str, Any]:
        """The module's options for a switch."""
        return {
            "site": "acme",
            "dynamic_dir": str(self.traefik.dynamic_dir),
            "staging_dir": str(self.traefik.staging_dir),
            "target": target,
            "colours": {colour: [f"http://{self.backends.address(colour)}"] for colour in OTHER},
            "hosts": [HOST],
            "entrypoints": ["web"],
            "gate": {"path": "/health", "body": '"status": "ok"'},
            "confirm": {
                "api_url": self.traefik.api_url,
                "public_url": f"http://{HOST}:{self.port}/",
                "connect_to": f"{LOOPBACK}:{self.port}",
                "timeout": 10,
            },
        }

    def start(self) -> None:
        """Traefik, the first route through the module, then the other sites as copies of it."""
        self.traefik.start()
        self.module.__enter__()
        self.module.run(self.arguments("blue"))
        text = self.file.read_text()
        for number in range(1, self.sites):
            copy = self.traefik.staging_dir / "copy"
            copy.write_text(text.replace("acme", f"site{number}"))
            copy.rename(self.traefik.dynamic_dir / f"site{number}.yml")
        self.traefik.await_routes(self.sites, limit=60)

    def stop(self) -> None:
        """Both processes."""
        self.module.__exit__()
        self.traefik.stop()

    def switch_to(self, colour: str) -> dict[str, Any]:
        """A warm run of the module."""
        return self.module.run(self.arguments(colour)).result

    def roll_back_cold(self) -> ModuleRun:
        """A rollback by a fresh Python."""
        run = run_cold(self.arguments("previous"))
        self.active = run.result["active_after"]
        return run


class NginxSubject(Subject):
    """nginx with its upstream file rewritten and ``nginx -s reload``."""

    name = "nginx"

    def __init__(self, directory: Path, backends: Backends) -> None:
        super().__init__(directory, backends)
        self.port = reserve_port()
        self.file = directory / "upstream.conf"
        content = FRONT.format(upstream=self.file, host=LOOPBACK, port=self.port)
        self.nginx = Nginx("front", directory, content, self.url, workers=os.cpu_count() or 1)

    def _upstream(self, colour: str) -> str:
        return f"upstream acme {{ server {self.backends.address(colour)}; keepalive 64; }}\n"

    def start(self) -> None:
        """nginx on blue."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.replace(self._upstream("blue"))
        self.nginx.start()

    def stop(self) -> None:
        """Stop it."""
        self.nginx.stop()

    def switch_to(self, colour: str) -> dict[str, Any]:
        """Rewrite by rename, reload."""
        self.replace(self._upstream(colour))
        subprocess.run([*self.nginx.command(), "-s", "reload"], check=True, capture_output=True, timeout=30)
        return {}


class KamalProxySubject(Subject):
    """kamal-proxy with ``deploy``; its binary is given in KAMAL_PROXY."""

    name = "kamal_proxy"

    def __init__(self, directory: Path, backends: Backends, binary: str) -> None:
        super().__init__(directory, backends)
        if not os.access(binary, os.X_OK):
            raise LabError(f"KAMAL_PROXY is '{binary}', which is not a program.")
        self.binary = binary
        self.port = reserve_port()
        self.server = _KamalProxy(directory, binary, self.port)

    def start(self) -> None:
        """The proxy, then the first deploy."""
        self.server.start()
        self.switch_to("blue")

    def stop(self) -> None:
        """Stop it."""
        self.server.stop()

    def switch_to(self, colour: str) -> dict[str, Any]:
        """Deploy the colour. There is no file to watch: a marker is replaced right before."""
        self.replace(f"{colour} {time.time()}\n")
        command = [self.binary, "deploy", "acme", "--target", self.backends.address(colour), "--host", HOST]
        command += ["--health-check-path", "/health"]
        done = subprocess.run(command, env=self.server.environment, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise LabError(f"kamal-proxy deploy failed: {(done.stderr or done.stdout).strip()[-500:]}")
        return {}


class _KamalProxy(Server):
    def __init__(self, directory: Path, binary: str, port: int) -> None:
        super().__init__("kamal-proxy", directory)
        self.binary = binary
        self.port = port
        self.https_port = reserve_port()
        # Its socket and its state go where these point.
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(directory), "XDG_CONFIG_HOME": str(directory)}

    def command(self) -> list[str]:
        """With ``env``, because only it needs these two variables."""
        ours = [f"{name}={self.environment[name]}" for name in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")]
        ports = ["--http-port", str(self.port), "--https-port", str(self.https_port)]
        return ["env", *ours, self.binary, "run", *ports]

    def ready(self) -> bool:
        """Ready when its own command line reaches it."""
        asked = subprocess.run([self.binary, "list"], env=self.environment, capture_output=True, timeout=10, check=False)
        return asked.returncode == 0
