# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifests of an envelope, value by value, and what a tenant's pods reach: what guards it is only as good as each of its fields."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_objects
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier
from tests.unit.plugins.module_utils.test_tenant_plan import NAME, envelope

TENANT = {"namespaceSelector": {"matchLabels": {"tenant": "acme"}}}


def policies(**options: Any) -> dict[str, dict[str, Any]]:
    """The specs of the policies of the first site by name."""
    return {one["metadata"]["name"]: one["spec"] for one in _tenant_objects.network_policies(envelope(**options), 1)}


def outside(*ports: int) -> list[dict[str, Any]]:
    """The policy that opens ports outside of the cluster; none where none are said."""
    return [spec for name, spec in policies(egress_outside_ports=ports).items() if name == "allow-outside"]


def test_outside_is_closed_by_default() -> None:
    assert outside() == []


def test_outside_is_open_for_all_pods_on_these_ports_alone() -> None:
    (spec,) = outside(443, 587)
    assert {key: value for key, value in spec.items() if key != "egress"} == {"podSelector": {}, "policyTypes": ["Egress"], "ingress": []}
    (rule,) = spec["egress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 587}]
    assert [peer["ipBlock"]["cidr"] for peer in rule["to"]] == ["0.0.0.0/0", "::/0"]
    # Kubernetes takes what it writes in the same way itself, and warns of the rest.
    for block in (peer["ipBlock"] for peer in rule["to"]):
        assert block["except"] == [str(ip_network(one)) for one in block["except"]]


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("198.51.100.25", True),
        ("2001:db8::25", True),
        ("10.96.0.1", False),
        ("172.31.255.255", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("168.63.129.15", True),
        ("168.63.129.16", False),
        ("100.63.255.255", True),
        ("100.64.0.1", False),
        ("100.100.100.200", False),
        ("100.128.0.0", True),
        ("192.0.0.192", False),
        ("198.19.255.255", False),
        ("240.1.2.3", False),
        ("fd00:ec2::254", False),
        ("fec0::1", False),
        # By a gateway: of what IPv4 has outside, and of what it has inside.
        ("64:ff9b::198.51.100.25", True),
        ("64:ff9b::169.254.169.254", False),
        ("64:ff9b::10.96.0.1", False),
        ("64:ff9b::172.31.255.255", False),
        ("64:ff9b:1::1", False),
        ("fe80::1", False),
    ],
)
def test_private_networks_and_the_clouds_metadata_are_not_outside(address: str, reached: bool) -> None:
    (spec,) = outside(443)
    (rule,) = spec["egress"]
    blocks = [peer["ipBlock"] for peer in rule["to"]]
    found = [
        block
        for block in blocks
        if ip_address(address) in ip_network(block["cidr"]) and not any(ip_address(address) in ip_network(one) for one in block["except"])
    ]
    assert bool(found) is reached


def test_nobody_talks_to_a_tenant_but_whom_it_needs() -> None:
    found = policies(ingress_namespaces=("edge",), ingress_app="shop", ingress_ports=(8080,), egress_ports=(3306,))
    # What a policy does not say at all anybody may add without a word from us.
    assert all({"ingress", "egress"} <= set(spec) for spec in found.values())
    assert {name: {key: value for key, value in spec.items() if value != []} for name, spec in found.items()} == {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
                }
            ],
        },
        "allow-ingress-controller": {
            "podSelector": {"matchLabels": {"app": "shop"}},
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}}],
                    "ports": [{"protocol": "TCP", "port": 8080}],
                }
            ],
        },
        # Let's Encrypt asks there, by the controller, whether the domain is the client's.
        "allow-acme-solver": {
            "podSelector": {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}},
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}}],
                    "ports": [{"protocol": "TCP", "port": 8089}],
                }
            ],
        },
        "allow-services": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": {}}], "ports": [{"protocol": "TCP", "port": 3306}]}],
        },
        "allow-tenant": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [TENANT]}],
            "egress": [{"to": [TENANT]}],
        },
    }


def test_an_empty_list_is_nobody_and_not_everybody() -> None:
    """To Kubernetes, a rule without a peer or without a port is one for all of them."""
    assert "allow-ingress-controller" not in policies(ingress_namespaces=())
    assert "allow-services" not in policies(egress_ports=())


def test_a_client_may_read_and_never_secrets() -> None:
    account, role, binding = _tenant_objects.client_access(envelope("premium", 2), 1)
    assert (account["kind"], account["automountServiceAccountToken"]) == ("ServiceAccount", False)
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    readable = {resource for rule in role["rules"] for resource in rule["resources"]}
    assert readable.isdisjoint({"secrets", "configmaps", "*", "pods/exec"})
    assert {group for rule in role["rules"] for group in rule["apiGroups"]} == {"", "apps", "autoscaling", "networking.k8s.io"}
    # The account of the first site, also in the second.
    assert [one["kind"] for one in _tenant_objects.client_access(envelope("premium", 2), 2)] == ["Role", "RoleBinding"]
    (subject,) = _tenant_objects.client_access(envelope("premium", 2), 2)[1]["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "client-read", "namespace": NAME} == binding["subjects"][0]
    assert _tenant_objects.client_access(envelope(client_access=False), 1) == []


def test_labels_of_the_operator_never_stand_for_ours() -> None:
    """Another tenant, another tier or no Pod Security by a label more would be a way around all of it."""
    ours = _tenant_objects.namespace(envelope(), 1)["metadata"]["labels"]
    assert ours == {
        "app.kubernetes.io/managed-by": "bluegreen.orchestrator",
        "tenant": "acme",
        "tier": "standard",
        "type": "site",
        "site": "1",
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
    }
    given = {"team": "shops", **dict.fromkeys(ours, "somebody-else")}
    assert _tenant_objects.namespace(envelope(labels=given), 1)["metadata"]["labels"] == {**ours, "team": "shops"}


def test_a_reason_is_an_annotation() -> None:
    assert "annotations" not in _tenant_objects.namespace(envelope(), 1)["metadata"]
    forced = _tenant_objects.namespace(envelope(), 1, "agreed by phone")["metadata"]
    assert forced["annotations"] == {"bluegreen.orchestrator/force-reason": "agreed by phone"}


@pytest.mark.parametrize(("tier", "iops", "throughput"), [("standard", "3000", "125"), ("premium", "10000", "500")])
def test_the_disks_of_a_tier(tier: str, iops: str, throughput: str) -> None:
    assert _tenant_objects.storage_class(envelope(tier, storage_provisioner="csi.example")) == {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": f"tier-{tier}-storage", "labels": {"app.kubernetes.io/managed-by": "bluegreen.orchestrator"}},
        "provisioner": "csi.example",
        "parameters": {"type": "gp3", "iops": iops, "throughput": throughput, "encrypted": "true"},
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def test_the_bounds_of_containers_pods_and_volumes() -> None:
    limits = _tenant_objects.limit_range(envelope(), 1)["spec"]["limits"]
    assert limits == [
        {
            "type": "Container",
            "max": {"cpu": "2", "memory": "4Gi"},
            "min": {"cpu": "50m", "memory": "64Mi"},
            "default": {"cpu": "500m", "memory": "512Mi"},
            "defaultRequest": {"cpu": "200m", "memory": "256Mi"},
        },
        {"type": "Pod", "max": {"cpu": "4", "memory": "8Gi"}},
        {"type": "PersistentVolumeClaim", "max": {"storage": "100Gi"}, "min": {"storage": "1Gi"}},
    ]


def utilization(resource: str, percent: int) -> dict[str, Any]:
    return {"type": "Resource", "resource": {"name": resource, "target": {"type": "Utilization", "averageUtilization": percent}}}


def test_an_autoscaler_of_business_has_all_that_there_is() -> None:
    assert _tenant_objects.autoscaler(envelope("business"), 1, "api-gateway")["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api-gateway"},
        "minReplicas": 6,
        "maxReplicas": 15,
        "metrics": [
            utilization("cpu", 70),
            utilization("memory", 75),
            {
                "type": "Pods",
                "pods": {"metric": {"name": "http_requests_per_second"}, "target": {"type": "AverageValue", "averageValue": "200"}},
            },
            # Only this tenant's queues.
            {
                "type": "External",
                "external": {
                    "metric": {"name": "queue_depth", "selector": {"matchLabels": {"tenant": "acme"}}},
                    "target": {"type": "AverageValue", "averageValue": "100"},
                },
            },
        ],
        "behavior": {
            "scaleUp": {
                "stabilizationWindowSeconds": 30,
                "selectPolicy": "Max",
                "policies": [
                    {"type": "Percent", "value": 100, "periodSeconds": 30},
                    {"type": "Pods", "value": 4, "periodSeconds": 30},
                ],
            },
            "scaleDown": {
                "stabilizationWindowSeconds": 300,
                "policies": [{"type": "Percent", "value": 25, "periodSeconds": 60}],
            },
        },
    }


def test_an_autoscaler_of_standard_knows_cpu_and_memory_only() -> None:
    spec = _tenant_objects.autoscaler(envelope(), 1, "api-gateway")["spec"]
    assert spec["metrics"] == [utilization("cpu", 70), utilization("memory", 75)]
    assert (spec["minReplicas"], spec["maxReplicas"], list(spec["behavior"])) == (2, 3, ["scaleDown"])


def test_each_site_has_its_part_by_its_share() -> None:
    divided = envelope("premium", 3, shares=(3, 2, 1))
    hard = [_tenant_objects.resource_quota(divided, site)["spec"]["hard"] for site in (1, 2, 3)]
    assert [one["requests.cpu"] for one in hard] == ["3", "2", "1"]
    assert [one["limits.memory"] for one in hard] == ["12Gi", "8Gi", "4Gi"]
    assert [one["pods"] for one in hard] == ["26", "16", "8"]
    assert sum(int(one["pods"]) for one in hard) == effective_tier("premium")["quota"]["pods"]
