# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a tenant as manifests: its domains, its limits and its static files.

PRIVATE: for this collection's own plugins, not a public interface.

    manifests(entrance_of(envelope, options))

Why the limits look as they do is in ADR-0014. In short: Traefik keeps the count of a rateLimit per *router*, so all domains of a site are
one rule of one route, and it counts by a header that a middleware before it sets to the tenant's id, so neither the client's address nor
the domain, nor a header that a client made up, divides or escapes the count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_ingress_nginx
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_entrance import Entrance, secret_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_place import manifest

TRAEFIK: Final = "traefik.io/v1alpha1"
CERT_MANAGER: Final = "cert-manager.io/v1"

# What this part of a tenant may consist of: looked through when something is declared no more.
KINDS: Final = (
    f"{TRAEFIK}/Middleware",
    f"{TRAEFIK}/IngressRoute",
    f"{CERT_MANAGER}/Certificate",
    f"{_tenant_ingress_nginx.API}/Ingress",
    "v1/Service",
)

# Set for every request before anything counts, and seen by the services, too.
TENANT_HEADER: Final = "X-Tenant"
# Below every priority that Traefik gives by itself (the length of a rule), so that cert-manager's way to prove a domain comes first.
PRIORITIES: Final = {"tenant": 10, "trusted": 20, "static": 30}


def manifests(entrance: Entrance) -> list[Manifest]:
    """Return all that leads to a tenant; nothing without a domain."""
    found: list[Manifest] = []
    for site, domains in entrance.sites().items():
        namespace = entrance.envelope.namespace(site)
        found += [_certificate(entrance, namespace, domain) for domain in domains if entrance.issuer]
        if entrance.static_path() and entrance.static.external_name:
            found.append(_static_service(entrance, namespace))
        if entrance.controller == "nginx":
            found += _tenant_ingress_nginx.ingresses(entrance, site, domains)
        else:
            found += _middlewares(entrance, site) + _routes(entrance, site, domains)
    return found


def _certificate(entrance: Entrance, namespace: str, domain: str) -> Manifest:
    """Return a Certificate. One per domain: in a common one, a domain that leads elsewhere some day would end all others' renewal, too."""
    spec = {
        "secretName": secret_of(domain),
        "dnsNames": [domain],
        "issuerRef": {"name": entrance.issuer, "kind": entrance.issuer_kind, "group": "cert-manager.io"},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
    }
    return manifest(CERT_MANAGER, "Certificate", entrance.envelope, namespace, domain, spec=spec)


def _static_service(entrance: Entrance, namespace: str) -> Manifest:
    static = entrance.static
    port = {"name": "http", "port": static.port, "protocol": "TCP", "targetPort": static.port}
    spec = {"type": "ExternalName", "externalName": static.external_name, "ports": [port]}
    return manifest("v1", "Service", entrance.envelope, namespace, static.service, spec=spec)


def _middlewares(entrance: Entrance, site: int) -> list[Manifest]:
    """Return the Middlewares of a site."""
    limits, sold = entrance.limits()[site], entrance.envelope.tier["rate_limit"]
    rate: Manifest = {
        "average": limits["requests_per_minute"],
        "period": "1m",
        "burst": max(1, limits["burst"]),
        "sourceCriterion": {"requestHeaderName": TENANT_HEADER},
    }
    if entrance.redis:
        rate["redis"] = dict(entrance.redis)
    specs: dict[str, Manifest] = {
        "tenant-headers": {"headers": _headers(entrance)},
        "tenant-rate-limit": {"rateLimit": rate},
        "tenant-connections": {"inFlightReq": {"amount": sold["connections"], "sourceCriterion": {"ipStrategy": _address(entrance)}}},
        "tenant-uploads": {"buffering": {"maxRequestBodyBytes": entrance.upload()}},
    }
    if entrance.static_path():
        origins = entrance.envelope.tier["cdn"]["cors_origins"]
        if origins:
            specs["tenant-cors"] = {"headers": _cors(list(origins))}
        if entrance.static.bucket:
            path = {"regex": f"^{entrance.static_path()}/(.*)", "replacement": f"/{entrance.static.bucket}/$1"}
            specs["tenant-static-path"] = {"replacePathRegex": path}
    namespace = entrance.envelope.namespace(site)
    return [manifest(TRAEFIK, "Middleware", entrance.envelope, namespace, name, spec=spec) for name, spec in specs.items()]


def _headers(entrance: Entrance) -> Manifest:
    found: Manifest = {
        "customRequestHeaders": {TENANT_HEADER: entrance.envelope.tenant},
        "stsSeconds": 31536000,
        "contentTypeNosniff": True,
        "customFrameOptionsValue": "SAMEORIGIN",
        "referrerPolicy": "strict-origin-when-cross-origin",
    }
    if entrance.headers:
        found["customResponseHeaders"] = dict(sorted(entrance.headers.items()))
    return found


def _cors(origins: list[str]) -> Manifest:
    return {
        "accessControlAllowMethods": ["GET", "HEAD", "OPTIONS"],
        "accessControlAllowOriginList": origins,
        "accessControlMaxAge": 600,
        "addVaryHeader": True,
    }


def _address(entrance: Entrance) -> Manifest:
    """Return how the client's address is found; depth wins in Traefik where both are given."""
    if entrance.depth:
        return {"depth": entrance.depth}
    return {"excludedIPs": list(entrance.excluded)} if entrance.excluded else {"depth": 0}


def _routes(entrance: Entrance, site: int, domains: list[str]) -> list[Manifest]:
    """Return the IngressRoutes of a site."""
    namespace = entrance.envelope.namespace(site)
    rule = " || ".join(f"Host(`{domain}`)" for domain in domains)
    service, port = entrance.gateway
    limits = ["tenant-rate-limit", "tenant-connections"]
    routes = [_route(rule, "tenant", ["tenant-headers", *limits, "tenant-uploads"], service, port)]
    if entrance.trusted:
        addresses = " || ".join(f"ClientIP(`{one}`)" for one in entrance.trusted)
        routes.append(_route(f"({rule}) && ({addresses})", "trusted", ["tenant-headers", "tenant-uploads"], service, port))
    path = entrance.static_path()
    if path:
        static = ["tenant-headers", "tenant-connections"]
        static += ["tenant-cors"] if entrance.envelope.tier["cdn"]["cors_origins"] else []
        static += ["tenant-static-path"] if entrance.static.bucket else []
        # With the slash and without: PathPrefix alone would also take /staticfiles.
        files = f"({rule}) && (Path(`{path}`) || PathPrefix(`{path}/`))"
        routes.append(_route(files, "static", static, entrance.static.service, entrance.static.port))
    found = [_ingress_route(entrance, namespace, "tenant", routes, domains[0], entrance.annotations())]
    # An IngressRoute names one Secret. The certificates of further domains are loaded by one without a route: all domains in one rule of
    # one route is what makes the limit one.
    found += [_ingress_route(entrance, namespace, f"certificate-{domain}", [], domain, {}) for domain in domains[1:] if entrance.issuer]
    return found


def _route(match: str, priority: str, middlewares: list[str], service: str, port: int) -> Manifest:
    return {
        "kind": "Rule",
        "match": match,
        "priority": PRIORITIES[priority],
        "middlewares": [{"name": name} for name in middlewares],
        "services": [{"name": service, "port": port}],
    }


def _ingress_route(entrance: Entrance, namespace: str, name: str, routes: list[Manifest], domain: str, told: Mapping[str, str]) -> Manifest:
    # Without a certificate of its own it is served with Traefik's default one. The empty name is said: of a map whose last value goes, the
    # API server makes a null in a custom resource, and then refuses that (422).
    tls = {"secretName": secret_of(domain) if entrance.issuer else ""}
    spec: Manifest = {"entryPoints": list(entrance.entry_points), "routes": routes, "tls": tls}
    if entrance.ingress_class:
        spec["ingressClassName"] = entrance.ingress_class
    return manifest(TRAEFIK, "IngressRoute", entrance.envelope, namespace, name, spec=spec, annotations=dict(told))
