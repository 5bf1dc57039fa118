# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a Chatwoot of ours lives: its namespace, and who may talk to whom in it.

PRIVATE: for this collection's own plugins, not a public interface.

No quota: nobody but us makes pods here, each has limits, and the autoscalers have an upper end.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import (
    POSTGRES_METRICS,
    POSTGRES_PORT,
    REDIS_METRICS,
    REDIS_PORT,
    WEB_PORT,
    Desk,
    Manifest,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_pods import (
    ACCOUNT,
    BACKUP,
    KEYS_JOB,
    MIGRATION,
    POSTGRES,
    REDIS,
    WEB,
    WORKER,
    labels_of,
    manifest,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import ACME_SOLVER_PORT, OUTSIDE

KINDS: Final = ("v1/Namespace", "v1/ServiceAccount", "networking.k8s.io/v1/NetworkPolicy")

# Who talks to the databases, and who to the world.
PROGRAMS: Final = (MIGRATION, WEB, WORKER)
PORT_DNS: Final = 53


def manifests(desk: Desk) -> list[Manifest]:
    """Return the namespace with all that is there before anything runs."""
    account = manifest(desk, "v1", "ServiceAccount", ACCOUNT, automountServiceAccountToken=False)
    return [_namespace(desk), *_policies(desk), account]


def _namespace(desk: Desk) -> Manifest:
    labels = {
        **labels_of(desk),
        "bluegreen.orchestrator/client": desk.client,
        "bluegreen.orchestrator/plan": desk.plan["name"],
        **{f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("audit", "enforce", "warn")},
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": desk.namespace, "labels": labels}}


def _policies(desk: Desk) -> list[Manifest]:
    """Return who may talk to whom: nobody, and then each way that is needed, from both of its ends."""
    network = desk.network
    controllers = [_in_namespace(name) for name in network.ingress_namespaces]
    watchers = [_in_namespace(name) for name in network.watch_namespaces] if desk.watch.enabled else []
    stores = [
        (name, port, metrics, apps)
        for name, port, metrics, apps, external in (
            (POSTGRES, POSTGRES_PORT, POSTGRES_METRICS, (*PROGRAMS, BACKUP), desk.database.external),
            (REDIS, REDIS_PORT, REDIS_METRICS, PROGRAMS, desk.redis.external),
        )
        if not external
    ]
    found: dict[str, Manifest] = {
        "default-deny": {"podSelector": {}},
        "allow-dns": {
            "podSelector": {},
            "egress": [{"to": [_in_namespace("kube-system")], "ports": [_port(PORT_DNS, "UDP"), _port(PORT_DNS)]}],
        },
        # The API server is no pod and has no address that is the same everywhere. Only the Job that makes the keys may look for it.
        "allow-keys": {"podSelector": _app(KEYS_JOB), "egress": [{"ports": [_port(port) for port in network.api_ports]}]},
    }
    if controllers:
        found["allow-ingress-controller"] = {
            "podSelector": _app(WEB),
            "ingress": [{"from": controllers, "ports": [_port(WEB_PORT)]}],
        }
        # cert-manager answers a challenge from a pod of its own in the namespace of the certificate.
        found["allow-acme-solver"] = {
            "podSelector": {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}},
            "ingress": [{"from": controllers, "ports": [_port(ACME_SOLVER_PORT)]}],
        }
    for name, port, metrics, apps in stores:
        short = name.removeprefix("chatwoot-")
        rules: list[Manifest] = [{"from": [{"podSelector": _app(*apps)}], "ports": [_port(port)]}]
        if watchers:
            rules.append({"from": watchers, "ports": [_port(metrics)]})
        found[f"allow-{short}"] = {"podSelector": _app(name), "ingress": rules}
        found[f"allow-to-{short}"] = {
            "podSelector": _app(*apps),
            "egress": [{"to": [{"podSelector": _app(name)}], "ports": [_port(port)]}],
        }
    outward: list[Manifest] = []
    if network.outside_ports:
        outside = [{"ipBlock": {"cidr": everything, "except": list(inside)}} for everything, inside in OUTSIDE]
        outward.append({"to": outside, "ports": [_port(port) for port in sorted({*network.outside_ports, *_named_ports(desk)})]})
    if network.inside_ports:
        outward.append({"to": [{"namespaceSelector": {}}], "ports": [_port(port) for port in network.inside_ports]})
    outward += [{"to": [{"ipBlock": {"cidr": cidr}}], "ports": [_port(port) for port in ports]} for cidr, ports in network.networks]
    if outward:
        found["allow-outward"] = {"podSelector": _app(*PROGRAMS, BACKUP), "egress": outward}
    return [_policy(desk, name, spec) for name, spec in found.items()]


def _named_ports(desk: Desk) -> set[int]:
    """Return the ports of the servers that it is told of: who names one means that pods reach it."""
    found = {
        urlsplit(address).port or (443 if address.startswith("https:") else 80) for address in (desk.files.endpoint, desk.backup.endpoint)
    }
    if desk.mail.host:
        found.add(desk.mail.port)
    if desk.database.host:
        found.add(desk.database.port)
    if desk.redis.url:
        found.add(urlsplit(desk.redis.url).port or REDIS_PORT)
    return found


def _policy(desk: Desk, name: str, spec: Manifest) -> Manifest:
    types = [kind for kind, key in (("Ingress", "ingress"), ("Egress", "egress")) if key in spec] or ["Ingress", "Egress"]
    # Both sides are always said: what nobody owns anybody may add, and one rule that allows everything undoes default-deny unseen.
    whole = {"ingress": [], "egress": [], "policyTypes": types, **spec}
    return manifest(desk, "networking.k8s.io/v1", "NetworkPolicy", name, spec=whole)


def _app(*names: str) -> Manifest:
    if len(names) == 1:
        return {"matchLabels": {"app": names[0]}}
    return {"matchExpressions": [{"key": "app", "operator": "In", "values": sorted(names)}]}


def _in_namespace(name: str) -> Manifest:
    # The API server itself sets this label, so that nobody can put it on a namespace of another name.
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _port(port: int, protocol: str = "TCP") -> Manifest:
    return {"protocol": protocol, "port": port}
