# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifests of a tenant's envelope: data in, data out.

PRIVATE: for this collection's own plugins, not a public interface.

Every value that the server would fill in within a list is written out (``protocol: TCP``): lists of these kinds are replaced as a whole,
so a default that is left out would show as a difference for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity, _resources
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import PORT_DNS, PORTS_IN, PORTS_OUT
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import Scaling, Tier
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER, MANAGED_BY, Kind

Manifest = dict[str, Any]

# Why a tenant's envelope is smaller than what it used at the time; kept until a later reason replaces it.
FORCE_REASON = "bluegreen.orchestrator/force-reason"

QUOTA_NAME = "tenant-quota"
LIMITS_NAME = "tenant-limits"
CLIENT = "client-read"
# Of the pods that cert-manager answers an HTTP-01 challenge with (https://cert-manager.io/docs/configuration/acme/http01/).
ACME_SOLVER_PORT = 8089

# What is inside, whatever a cluster is attached to: private networks (RFC 1918) and others that no router of the Internet knows (RFC 6890).
INSIDE = (
    "10.0.0.0/8",
    # Carrier-grade NAT (RFC 6598): pods and nodes of EKS and others, and Alibaba's metadata (100.100.100.200).
    "100.64.0.0/10",
    # Azure's host, which tells a node's own settings (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
    "168.63.129.16/32",
    # Link-local: there clouds answer with the node's own credentials (169.254.169.254).
    "169.254.0.0/16",
    "172.16.0.0/12",
    # Oracle's metadata (192.0.0.192).
    "192.0.0.0/24",
    "192.168.0.0/16",
    # For benchmarks (RFC 2544), and reserved (RFC 1112): both are taken for pods where everything else is in use.
    "198.18.0.0/15",
    "240.0.0.0/4",
)
# The same by a gateway to IPv4 (NAT64, RFC 6052), gateways of one's own (RFC 8215), unique local addresses, link-local ones, and site-local
# ones of old.
NAT64 = "64:ff9b::"
INSIDE_6 = (
    *(f"{IPv6Address(int(IPv6Address(NAT64)) + int(one.network_address))}/{96 + one.prefixlen}" for one in map(IPv4Network, INSIDE)),
    "64:ff9b:1::/48",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
)
OUTSIDE = (("0.0.0.0/0", INSIDE), ("::/0", INSIDE_6))

# What a client sees of its own namespaces. No secrets, and no ConfigMaps, in which people keep secrets, too.
CLIENT_RULES = (
    ("", ("events", "persistentvolumeclaims", "pods", "pods/log", "resourcequotas", "limitranges", "services")),
    ("apps", ("deployments", "replicasets", "statefulsets")),
    ("autoscaling", ("horizontalpodautoscalers",)),
    ("networking.k8s.io", ("ingresses", "networkpolicies")),
)


@dataclass(frozen=True)
class Envelope:
    """Everything that decides a tenant's manifests.

    Attributes:
        tenant: its id.
        tier: the effective tier.
        sites: how many sites it has.
        shares: how its quota is divided over them, one number per site.
        prefix: what the names of its namespaces begin with.
        ingress_namespaces: where the ingress controller runs.
        ingress_app: value of the label ``app`` of the pods that it may reach.
        ingress_ports: their ports.
        egress_ports: ports that all pods may reach in any namespace (database, queue, object storage).
        egress_outside_ports: ports that all pods may reach outside of all private networks (mail, payment, a managed database).
        storage_provisioner: CSI driver of the tier's StorageClass, None to leave storage classes alone.
        client_access: whether the client gets a ServiceAccount that may read.
        services_set: set of manifests that holds exactly ``services``; None where nobody says.
        services: services that are to run, by number of the site and name.
        labels: further labels of the namespaces.
    """

    tenant: str
    tier: Tier
    sites: int = 1
    shares: tuple[int, ...] = (1,)
    prefix: str = "e-commerce-tenant-"
    ingress_namespaces: tuple[str, ...] = ("traefik",)
    ingress_app: str = "api-gateway"
    ingress_ports: tuple[int, ...] = PORTS_IN
    egress_ports: tuple[int, ...] = PORTS_OUT
    egress_outside_ports: tuple[int, ...] = ()
    storage_provisioner: str | None = "ebs.csi.aws.com"
    client_access: bool = True
    services_set: str | None = None
    services: tuple[tuple[int, str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def namespace(self, site: int) -> str:
        """The namespace of a site. The first lives in the tenant's own, as in the seed, whose upgrade adds sites 2 and 3."""
        return f"{self.prefix}{self.tenant}" if site == 1 else f"{self.prefix}{self.tenant}-site-{site}"

    def owns(self, namespace: str) -> bool:
        """Whether a namespace has the name of one of this tenant's sites, declared or not; a label alone may be a slip of the hand."""
        return is_site_of(self.tenant, self.prefix, namespace)

    def namespaces(self) -> dict[int, str]:
        """The namespaces of all its sites."""
        return {site: self.namespace(site) for site in range(1, self.sites + 1)}

    def quotas(self) -> dict[int, _resources.Amounts]:
        """What each site's namespace may use; together never more than the tier."""
        whole = {str(resource): int(value) for resource, value in self.tier["quota"].items()}  # type: ignore[call-overload]
        return dict(enumerate(_resources.divide(whole, list(self.shares)), 1))


def is_site_of(tenant: str, prefix: str, namespace: str) -> bool:
    """Whether a namespace has the name of a site of this tenant."""
    return re.fullmatch(rf"{re.escape(prefix + tenant)}(?:-site-[1-9]\d*)?", namespace) is not None


def namespace(envelope: Envelope, site: int, reason: str | None = None) -> Manifest:
    """Return the Namespace of a site.

    Args:
        envelope: the tenant's.
        site: its number.
        reason: why the envelope was forced below use, None where it was not.
    """
    level = envelope.tier["security"]["pod_security"]
    labels = {
        **envelope.labels,
        **_labels(envelope),
        "tier": envelope.tier["name"],
        "type": "site",
        "site": str(site),
        **{f"pod-security.kubernetes.io/{mode}": level for mode in ("audit", "enforce", "warn")},
    }
    meta: Manifest = {"name": envelope.namespace(site), "labels": labels}
    if reason:
        meta["annotations"] = {FORCE_REASON: reason}
    return _manifest(kinds.NAMESPACE, meta)


def storage_class(envelope: Envelope) -> Manifest | None:
    """Return the StorageClass of the tier, shared by all of its tenants; None where storage classes are left alone."""
    if envelope.storage_provisioner is None:
        return None
    disk = envelope.tier["storage_class"]
    parameters = {
        "type": disk["type"],
        "iops": str(disk["iops"]),
        "throughput": str(disk["throughput"]),
        "encrypted": str(disk["encrypted"]).lower(),
    }
    return {
        **_manifest(kinds.STORAGE_CLASS, {"name": f"tier-{envelope.tier['name']}-storage", "labels": {MANAGED_BY: FIELD_MANAGER}}),
        "provisioner": envelope.storage_provisioner,
        "parameters": parameters,
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def resource_quota(envelope: Envelope, site: int) -> Manifest:
    """Return the ResourceQuota of a site's namespace."""
    hard = {resource: _quantity.format_resource(resource, value) for resource, value in envelope.quotas()[site].items()}
    return _own(kinds.QUOTA, envelope, site, QUOTA_NAME, spec={"hard": hard})


def limit_range(envelope: Envelope, site: int) -> Manifest:
    """Return the LimitRange of a site's namespace."""
    limits = []
    for kind, bounds in envelope.tier["limits"].items():
        given: Mapping[str, Mapping[str, int]] = bounds  # type: ignore[assignment]
        figures = {side: {key: _quantity.format_resource(key, value) for key, value in amounts.items()} for side, amounts in given.items()}
        limits.append({"type": kind, **figures})
    return _own(kinds.LIMIT_RANGE, envelope, site, LIMITS_NAME, spec={"limits": limits})


def autoscaler(envelope: Envelope, site: int, service: str) -> Manifest:
    """Return the HorizontalPodAutoscaler of a service."""
    scaling = envelope.tier["autoscaling"]
    metrics: list[Manifest] = [
        _resource_metric("cpu", scaling["cpu_percent"]),
        _resource_metric("memory", scaling["memory_percent"]),
    ]
    rate, depth = scaling["http_requests_per_second"], scaling["queue_depth"]
    if rate is not None:
        metrics.append({"type": "Pods", "pods": {"metric": {"name": "http_requests_per_second"}, "target": _average(rate)}})
    if depth is not None:
        # Without a selector every tenant would scale by everybody's queues.
        metric = {"name": "queue_depth", "selector": {"matchLabels": {"tenant": envelope.tenant}}}
        metrics.append({"type": "External", "external": {"metric": metric, "target": _average(depth)}})
    behavior = {
        side: _behavior(rules)
        for side, rules in (("scaleUp", scaling["scale_up"]), ("scaleDown", scaling["scale_down"]))
        if rules is not None
    }
    spec: Manifest = {
        "scaleTargetRef": {"apiVersion": kinds.DEPLOYMENT.api, "kind": kinds.DEPLOYMENT.kind, "name": service},
        "minReplicas": scaling["min_replicas"],
        "maxReplicas": scaling["max_replicas"],
        "metrics": metrics,
    }
    if behavior:
        spec["behavior"] = behavior
    return _own(kinds.AUTOSCALER, envelope, site, f"{service}-hpa", spec=spec)


def network_policies(envelope: Envelope, site: int) -> list[Manifest]:
    """Return what may talk to whom: nobody, but for the name service, the ingress controller, the tenant itself and the seed's egress."""
    everybody: Manifest = {"podSelector": {}}
    dns = {"to": [_in_namespace("kube-system")], "ports": [_port(PORT_DNS, "UDP"), _port(PORT_DNS)]}
    controllers = {
        "from": [_in_namespace(name) for name in envelope.ingress_namespaces],
        "ports": [_port(port) for port in envelope.ingress_ports],
    }
    services = {"to": [{"namespaceSelector": {}}], "ports": [_port(port) for port in envelope.egress_ports]}
    outside = {
        "to": [{"ipBlock": {"cidr": everything, "except": list(inside)}} for everything, inside in OUTSIDE],
        "ports": [_port(port) for port in envelope.egress_outside_ports],
    }
    tenant = [{"namespaceSelector": {"matchLabels": {"tenant": envelope.tenant}}}]
    policies: dict[str, Manifest] = {
        "default-deny": {**everybody, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": {**everybody, "policyTypes": ["Egress"], "egress": [dns]},
        "allow-ingress-controller": {
            "podSelector": {"matchLabels": {"app": envelope.ingress_app}},
            "policyTypes": ["Ingress"],
            "ingress": [controllers],
        },
        # cert-manager answers a challenge from a pod of its own in the namespace of the certificate.
        "allow-acme-solver": {
            "podSelector": {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": controllers["from"], "ports": [_port(ACME_SOLVER_PORT)]}],
        },
        "allow-outside": {**everybody, "policyTypes": ["Egress"], "egress": [outside]},
        "allow-services": {**everybody, "policyTypes": ["Egress"], "egress": [services]},
        "allow-tenant": {**everybody, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": tenant}], "egress": [{"to": tenant}]},
    }
    if not envelope.ingress_namespaces:
        del policies["allow-ingress-controller"], policies["allow-acme-solver"]
    elif not envelope.ingress_ports:
        # A rule without ports is one for all of them.
        del policies["allow-ingress-controller"]
    if not envelope.egress_ports:
        del policies["allow-services"]
    if not envelope.egress_outside_ports:
        del policies["allow-outside"]
    # Both sides are always said: what nobody owns anybody may add, and one rule that allows everything undoes default-deny unseen.
    both: Manifest = {"ingress": [], "egress": []}
    return [_own(kinds.NETWORK_POLICY, envelope, site, name, spec={**both, **spec}) for name, spec in policies.items()]


def client_access(envelope: Envelope, site: int) -> list[Manifest]:
    """Return what lets the client read its namespaces: one account in the first, a Role and its binding in each."""
    if not envelope.client_access:
        return []
    verbs = ["get", "list", "watch"]
    rules = [{"apiGroups": [group], "resources": sorted(resources), "verbs": verbs} for group, resources in CLIENT_RULES]
    subject = {"kind": "ServiceAccount", "name": CLIENT, "namespace": envelope.namespace(1)}
    reference = {"apiGroup": kinds.ROLE.group, "kind": "Role", "name": CLIENT}
    role = _own(kinds.ROLE, envelope, site, CLIENT, rules=rules)
    binding = _own(kinds.ROLE_BINDING, envelope, site, CLIENT, subjects=[subject], roleRef=reference)
    account = [_own(kinds.SERVICE_ACCOUNT, envelope, site, CLIENT, automountServiceAccountToken=False)] if site == 1 else []
    return [*account, role, binding]


def in_namespace(envelope: Envelope, site: int, services: Iterable[str]) -> list[tuple[Kind, Manifest]]:
    """Return all manifests of a site's namespace but the Namespace, in the order of an envelope that grows.

    Args:
        envelope: the tenant's.
        site: its number.
        services: names of the services that are there.
    """
    scaled = [name for name in envelope.tier["autoscaling"]["services"] if name in set(services)]
    manifests = [
        *network_policies(envelope, site),
        *client_access(envelope, site),
        resource_quota(envelope, site),
        limit_range(envelope, site),
        *(autoscaler(envelope, site, name) for name in scaled),
    ]
    by_kind = {kind.kind: kind for kind in kinds.ENVELOPE}
    return [(by_kind[manifest["kind"]], manifest) for manifest in manifests]


def _manifest(kind: Kind, metadata: Manifest) -> Manifest:
    return {"apiVersion": kind.api, "kind": kind.kind, "metadata": metadata}


def _own(kind: Kind, envelope: Envelope, site: int, name: str, **parts: Any) -> Manifest:
    metadata = {"name": name, "namespace": envelope.namespace(site), "labels": _labels(envelope)}
    return {**_manifest(kind, metadata), **parts}


def _labels(envelope: Envelope) -> dict[str, str]:
    return {MANAGED_BY: FIELD_MANAGER, "tenant": envelope.tenant}


def _resource_metric(resource: str, percent: int) -> Manifest:
    return {"type": "Resource", "resource": {"name": resource, "target": {"type": "Utilization", "averageUtilization": percent}}}


def _average(value: int) -> Manifest:
    return {"type": "AverageValue", "averageValue": str(value)}


def _behavior(rules: Scaling) -> Manifest:
    policies = [{"type": one["type"], "value": one["value"], "periodSeconds": one["period"]} for one in rules["policies"]]
    select = {"selectPolicy": rules["select_policy"]} if rules["select_policy"] else {}
    return {"stabilizationWindowSeconds": rules["stabilization"], **select, "policies": policies}


def _in_namespace(name: str) -> Manifest:
    # The API server itself sets this label, so that nobody can put it on a namespace of another name.
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _port(port: int, protocol: str = "TCP") -> Manifest:
    return {"protocol": protocol, "port": port}
