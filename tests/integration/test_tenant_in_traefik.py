# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant that the role made, served by a real Traefik that reads the real API server: certificates, limits, static files, addresses.

Only what answers behind it is the lab's: the gateway's Service stands for a small site, for the nodes of the lab run no program.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lab.certificates import make_certificates
from lab.kubernetes import ControlPlane
from lab.site import Site
from lab.traefik import Traefik
from tests.integration.conftest import running
from tests.integration.tenant_world import TenantWorld

# Premium: 50 a second, 150 at once.
RATE, BURST = 50, 150


class ClusterTraefik(Traefik):
    """Traefik as it runs in a cluster: with the provider of its own definitions, on one tenant's namespace."""

    def __init__(self, directory: Path, plane: ControlPlane, namespace: str) -> None:
        super().__init__(directory)
        self.plane = plane
        self.namespace = namespace

    def static_configuration(self) -> dict[str, Any]:
        """The usual one, with the provider."""
        found = super().static_configuration()
        found["providers"]["kubernetesCRD"] = {
            "endpoint": self.plane.url,
            "token": self.plane.token("admin"),
            "certAuthFilePath": str(self.plane.ca_file),
            "namespaces": [self.namespace],
            # For tenant_static.external_name, as the guide says.
            "allowExternalNameServices": True,
        }
        return found

    def await_router(self, number: int) -> None:
        """Return when it has as many routers of the cluster."""

        def there() -> bool:
            routers = [one for one in self.api("/api/http/routers") if one["provider"] == "kubernetescrd"]
            return len(routers) == number and all(one["status"] == "enabled" for one in routers)

        eventually(there)

    def connect(self, domain: str) -> ssl.SSLSocket:
        """A TLS connection to a domain, whoever its certificate is from."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.websecure_port), timeout=10), server_hostname=domain)

    def fingerprint(self, domain: str) -> str:
        """Which certificate a domain shows."""
        with self.connect(domain) as connection:
            shown = connection.getpeercert(binary_form=True)
        assert shown is not None
        return x509.load_der_x509_certificate(shown).fingerprint(hashes.SHA256()).hex()

    def get(self, domain: str, path: str = "/", times: int = 1) -> list[http.client.HTTPResponse]:
        """Requests on one connection, one after the other; the answers have been read."""
        connection = http.client.HTTPConnection(domain)
        connection.sock = self.connect(domain)
        answers = []
        for _time in range(times):
            connection.request("GET", path, headers={"X-Tenant": "me"})
            answers.append(connection.getresponse())
            answers[-1].read()
        connection.close()
        return answers


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """What answers behind it all."""
    with Site(tmp_path / "site") as started:
        yield started


def secret(plane: ControlPlane, directory: Path, namespace: str, domain: str) -> str:
    """Make a domain's certificate, as cert-manager would; its fingerprint."""
    _authority, made = make_certificates(directory / domain, [domain])
    files = {"tls.crt": made.cert_file, "tls.key": made.key_file}
    data = {name: base64.b64encode(file.read_bytes()).decode() for name, file in files.items()}
    metadata = {"name": f"{domain}-tls", "namespace": namespace}
    plane.kubectl(
        "apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data}
    )
    return x509.load_pem_x509_certificate(made.cert_file.read_bytes()).fingerprint(hashes.SHA256()).hex()


@pytest.fixture
def tenant(control_plane: ControlPlane, tmp_path: Path, tenant_id: str, site: Site) -> str:
    """A tenant of tier Premium with two domains, and a gateway that stands for the site."""
    control_plane.apply_crds("traefik", "cert-manager")
    declared = {
        "tenant_tier": "premium",
        "tenant_domains": [f"one.{tenant_id}.example", f"two.{tenant_id}.example"],
        "tenant_gateway": {"service": "api-gateway", "port": site.port},
        "tenant_static": {"external_name": "127.0.0.1", "port": site.port, "bucket": "products"},
    }
    world = TenantWorld(control_plane, tmp_path, {tenant_id: declared})
    assert not world.harness().apply().failures
    gateway = {"type": "ExternalName", "externalName": "127.0.0.1", "ports": [{"name": "http", "port": site.port}]}
    metadata = {"name": "api-gateway", "namespace": f"e-commerce-tenant-{tenant_id}"}
    control_plane.kubectl("apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": gateway})
    return tenant_id


@pytest.fixture
def traefik(control_plane: ControlPlane, tmp_path: Path, tenant: str) -> Iterator[ClusterTraefik]:
    """The Traefik of its cluster."""
    (tmp_path / "traefik").mkdir()
    yield from running(ClusterTraefik(tmp_path / "traefik", control_plane, f"e-commerce-tenant-{tenant}"))


@pytest.mark.timeout(300)
def test_a_premium_tenant_is_served_as_it_was_sold(
    control_plane: ControlPlane, tmp_path: Path, tenant: str, site: Site, traefik: ClusterTraefik
) -> None:
    one, two = f"one.{tenant}.example", f"two.{tenant}.example"
    certificates = {domain: secret(control_plane, tmp_path, traefik.namespace, domain) for domain in (one, two)}
    traefik.await_router(2)
    # Each domain shows its own, the second one's loaded by an IngressRoute without a route.
    eventually(lambda: {domain: traefik.fingerprint(domain) for domain in (one, two)} == certificates)

    (page,) = traefik.get(two)
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    (static,) = traefik.get(one, "/static/logo.svg")
    assert static.headers["Access-Control-Allow-Origin"] == "*"
    assert [asked["path"] for asked in site.requests()] == ["/", "/products/logo.svg"]

    begun = time.monotonic()
    answers = [answer.status for domain in (one, two) for answer in traefik.get(domain, times=2 * BURST)]
    took = time.monotonic() - begun
    assert set(answers) == {200, 429}
    assert BURST <= answers.count(200) <= BURST + RATE * took + 5

    # Without an issuer the role says so: the domain is served as before, with Traefik's own certificate.
    none = '{"spec":{"tls":{"secretName":""}}}'
    control_plane.kubectl("patch", "ingressroute", "tenant", "-n", traefik.namespace, "--type", "merge", "-p", none)
    eventually(lambda: traefik.fingerprint(one) != certificates[one])
    eventually(lambda: traefik.get(one)[0].status == 200)


def eventually(true: Callable[[], bool]) -> None:
    """Return when it is true: Traefik hears of a Secret by a watch."""
    end = time.monotonic() + 20.0
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)
