# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same way to a tenant for ingress-nginx, as the seed has it: a legacy choice, for that project has ended.

PRIVATE: for this collection's own plugins, not a public interface.

ingress-nginx counts by client address and by whole requests a second, not by tenant and minute as it was sold (ADR-0014).
"""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_entrance import Entrance, secret_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_place import manifest

API: Final = "networking.k8s.io/v1"
NGINX: Final = "nginx.ingress.kubernetes.io"


def ingresses(entrance: Entrance, site: int, domains: list[str]) -> list[Manifest]:
    """Return the Ingresses of a site.

    Args:
        entrance: the way to the tenant.
        site: number of the site.
        domains: its domains.
    """
    service, port = entrance.gateway
    found = [_ingress(entrance, site, domains, "tenant-ingress", "/", service, port, {**_limits(entrance, site), **entrance.annotations()})]
    path = entrance.static_path()
    if path:
        static = entrance.static
        found.append(_ingress(entrance, site, domains, "tenant-cdn-ingress", path, static.service, static.port, _static(entrance)))
    return found


def _limits(entrance: Entrance, site: int) -> dict[str, str]:
    sold = entrance.envelope.tier["rate_limit"]
    found = {
        f"{NGINX}/limit-rps": str(max(1, entrance.limits()[site]["requests_per_minute"] // 60)),
        f"{NGINX}/limit-connections": str(sold["connections"]),
        f"{NGINX}/limit-burst-multiplier": str(sold["burst_multiplier"]),
        f"{NGINX}/proxy-body-size": str(entrance.upload()),
    }
    if entrance.trusted:
        found[f"{NGINX}/limit-whitelist"] = ",".join(entrance.trusted)
    return found


def _static(entrance: Entrance) -> dict[str, str]:
    origins = entrance.envelope.tier["cdn"]["cors_origins"]
    found = entrance.annotations()
    if origins:
        found |= {f"{NGINX}/enable-cors": "true", f"{NGINX}/cors-allow-origin": ",".join(origins)}
    return found


def _ingress(
    entrance: Entrance, site: int, domains: list[str], name: str, path: str, service: str, port: int, told: dict[str, str]
) -> Manifest:
    backend = {"service": {"name": service, "port": {"number": port}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
    spec: dict[str, Any] = {
        "ingressClassName": entrance.ingress_class or "nginx",
        "rules": [{"host": domain, "http": {"paths": paths}} for domain in domains],
    }
    if entrance.issuer:
        spec["tls"] = [{"hosts": [domain], "secretName": secret_of(domain)} for domain in domains]
    namespace = entrance.envelope.namespace(site)
    return manifest(API, "Ingress", entrance.envelope, namespace, name, spec=spec, annotations=told)
