# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a Chatwoot of ours: one host name, its certificate and Traefik's route.

PRIVATE: for this collection's own plugins, not a public interface.

The name itself is in DNS already: the seed has one entry for all, ``*.<domain>``.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import Desk, Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_pods import WEB, manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_entrance import secret_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_ingress import CERT_MANAGER, TRAEFIK

KINDS: Final = (f"{CERT_MANAGER}/Certificate", f"{TRAEFIK}/Middleware", f"{TRAEFIK}/IngressRoute")

HEADERS: Final = "chatwoot-headers"


def manifests(desk: Desk) -> list[Manifest]:
    """Return all that leads to it."""
    return [*([_certificate(desk)] if desk.entrance.issuer else []), _headers(desk), _route(desk)]


def _certificate(desk: Desk) -> Manifest:
    entrance = desk.entrance
    spec = {
        "secretName": secret_of(entrance.host),
        "dnsNames": [entrance.host],
        "issuerRef": {"name": entrance.issuer, "kind": entrance.issuer_kind, "group": "cert-manager.io"},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
    }
    return manifest(desk, CERT_MANAGER, "Certificate", entrance.host, spec=spec)


def _headers(desk: Desk) -> Manifest:
    # Nothing about frames: the widget is one on the client's own pages.
    headers = {"stsSeconds": 31536000, "contentTypeNosniff": True, "referrerPolicy": "strict-origin-when-cross-origin"}
    return manifest(desk, TRAEFIK, "Middleware", HEADERS, spec={"headers": headers})


def _route(desk: Desk) -> Manifest:
    entrance = desk.entrance
    route = {
        "kind": "Rule",
        "match": f"Host(`{entrance.host}`)",
        # Below every priority that Traefik gives by itself, so that cert-manager's way to prove a domain comes first.
        "priority": 10,
        "middlewares": [{"name": HEADERS}],
        "services": [{"name": WEB, "port": 80}],
    }
    # The empty name is said: of a map whose last value goes, the API server makes a null in a custom resource, and then refuses that (422).
    tls = {"secretName": secret_of(entrance.host) if entrance.issuer else ""}
    spec: Manifest = {"entryPoints": list(entrance.entry_points), "routes": [route], "tls": tls}
    if entrance.ingress_class:
        spec["ingressClassName"] = entrance.ingress_class
    return manifest(desk, TRAEFIK, "IngressRoute", "chatwoot", spec=spec)
