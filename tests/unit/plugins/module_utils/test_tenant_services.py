# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's services, and what only some tenants have bought, as manifests."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_extras, _tenant_services
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_place import envelope_of

IMAGE = "registry.example/shop:1.4.2"
SOURCE = {"repository": "https://git.example/shop.git"}


def built(*services: dict[str, Any], tier: str = "standard", sites: int = 1) -> dict[str, dict[str, Any]]:
    envelope = envelope_of({"tenant": "acme", "tier": tier, "sites": sites})
    given = [{"image": IMAGE, **service} for service in services]
    found = _tenant_services.manifests(envelope, _tenant_services.services_of(envelope, given))
    assert {f"{one['apiVersion']}/{one['kind']}" for one in found} <= set(_tenant_services.KINDS)
    return {f"{one['kind']} {one['metadata']['name']}": one for one in found}


def pod(service: dict[str, Any], **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = built({"name": "shop", **service}, **options)["Deployment shop"]["spec"]["template"]["spec"]
    return found


def test_a_pod_satisfies_pod_security_restricted() -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/: and a root that is read only besides."""
    found = pod({"writable": ["/var/cache/shop"], "user": 1000})
    assert found["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "fsGroup": 1000,
    }
    (container,) = found["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}, {"name": "writable-1", "mountPath": "/var/cache/shop"}]
    assert found["volumes"] == [{"name": "tmp", "emptyDir": {}}, {"name": "writable-1", "emptyDir": {}}]
    assert found["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("tier", "requests", "limits"),
    [
        ("standard", {"cpu": "200m", "memory": "256Mi"}, {"cpu": "400m", "memory": "512Mi"}),
        ("premium", {"cpu": "500m", "memory": "512Mi"}, {"cpu": "1", "memory": "1Gi"}),
        ("business", {"cpu": "1", "memory": "1Gi"}, {"cpu": "2", "memory": "2Gi"}),
    ],
)
def test_resources_are_the_tiers_unless_said(tier: str, requests: dict[str, str], limits: dict[str, str]) -> None:
    assert pod({}, tier=tier)["containers"][0]["resources"] == {"limits": limits, "requests": requests}
    # Exactly the limit is no more than it.
    whole = pod({"requests": limits}, tier=tier)["containers"][0]["resources"]
    assert whole == {"limits": limits, "requests": limits}
    said = pod({"requests": {"cpu": "0.1"}}, tier=tier)["containers"][0]["resources"]
    assert said["requests"] == {**requests, "cpu": "100m"}


@pytest.mark.parametrize(
    ("service", "tier", "replicas", "budget"),
    [
        ({"name": "shop"}, "standard", 1, False),
        ({"name": "shop", "replicas": 2}, "standard", 2, True),
        ({"name": "shop", "replicas": 0}, "standard", 0, False),
        ({"name": "api-gateway"}, "standard", None, True),
        ({"name": "orders-service", "replicas": 9}, "business", None, True),
        # Stopped: an autoscaler leaves it alone, and there is no pod to guard.
        ({"name": "api-gateway", "replicas": 0}, "standard", 0, False),
    ],
)
def test_replicas_are_said_where_no_autoscaler_decides(service: dict[str, Any], tier: str, replicas: int | None, budget: bool) -> None:
    found = built(service, tier=tier)
    assert found[f"Deployment {service['name']}"]["spec"].get("replicas") == replicas
    assert (f"PodDisruptionBudget {service['name']}" in found) is budget


def test_a_service_is_found_by_the_others_and_by_prometheus() -> None:
    found = built({"name": "shop", "port": 3000, "metrics_port": 9090})
    assert found["Service shop"]["spec"]["ports"] == [
        {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"},
        {"name": "metrics", "port": 9090, "protocol": "TCP", "targetPort": "metrics"},
    ]
    named = [{"name": "http", "containerPort": 3000, "protocol": "TCP"}, {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}]
    assert found["Deployment shop"]["spec"]["template"]["spec"]["containers"][0]["ports"] == named
    assert found["Service shop"]["metadata"]["labels"]["app.kubernetes.io/instance"] == "acme"
    assert found["Service shop"]["spec"]["selector"] == {"app": "shop"}
    both = built({"name": "shop", "port": 3000, "metrics_port": 3000})
    assert [one["targetPort"] for one in both["Service shop"]["spec"]["ports"]] == ["http", "http"]
    # Kubernetes refuses one port with two names.
    assert both["Deployment shop"]["spec"]["template"]["spec"]["containers"][0]["ports"] == named[:1]
    assert "Service worker" not in built({"name": "worker", "port": 0})
    told = built({"name": "worker", "port": 0, "metrics_port": 9090})["Service worker"]["spec"]["ports"]
    assert [(one["name"], one["port"]) for one in told] == [("metrics", 9090)]
    elsewhere = built({"name": "shop", "port": 3000, "service_port": 8000})["Service shop"]["spec"]["ports"]
    assert [(one["port"], one["targetPort"]) for one in elsewhere] == [(8000, "http")]


def test_what_a_program_is_told_and_asked() -> None:
    whole = pod(
        {
            "env": {"B": "1", "A": ""},
            "env_from": ["shop-secrets"],
            "command": ["/serve"],
            "args": ["--port", 3000],
            "ready_path": "/ready",
            "alive_path": "/alive",
            "pull_secrets": ["registry"],
        }
    )
    (container,) = whole["containers"]
    assert whole["imagePullSecrets"] == [{"name": "registry"}]
    assert container["command"] == ["/serve"]
    # The server forgets an empty value, and would be different for ever.
    assert container["env"] == [{"name": "A"}, {"name": "B", "value": "1"}]
    assert container["envFrom"] == [{"secretRef": {"name": "shop-secrets"}}]
    assert container["args"] == ["--port", "3000"]
    assert container["readinessProbe"] == {"httpGet": {"path": "/ready", "port": "http"}}
    assert container["livenessProbe"] == {"httpGet": {"path": "/alive", "port": "http"}, "initialDelaySeconds": 15}
    assert pod({})["containers"][0]["readinessProbe"] == {"tcpSocket": {"port": "http"}}
    assert "readinessProbe" not in pod({"port": 0})["containers"][0]


def test_a_node_can_be_emptied_one_pod_at_a_time() -> None:
    budget = built({"name": "shop", "replicas": 3})["PodDisruptionBudget shop"]["spec"]
    assert budget == {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "shop"}}}


@pytest.mark.parametrize(
    ("image", "taken"),
    [
        ("registry.example:5000/shop:1.4.2", True),
        (f"registry.example/shop@sha256:{'0' * 64}", True),
        (f"registry.example/shop@sha256:{'0' * 63}", False),
        ("registry.example/shop@sha256:", False),
        ("registry.example:5000/shop", False),
        ("shop:", False),
    ],
)
def test_an_image_says_its_version(image: str, taken: bool) -> None:
    if taken:
        assert pod({"image": image})["containers"][0]["image"] == image
        return
    with pytest.raises(InputError, match="names no version"):
        built({"name": "shop", "image": image})


def test_each_site_has_its_own() -> None:
    envelope = envelope_of({"tenant": "acme", "tier": "premium", "sites": 2})
    given = [{"name": "shop", "image": IMAGE}, {"name": "shop", "image": IMAGE, "site": 2}]
    found = _tenant_services.manifests(envelope, _tenant_services.services_of(envelope, given))
    assert {one["metadata"]["namespace"] for one in found} == {"e-commerce-tenant-acme", "e-commerce-tenant-acme-site-2"}


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"name": "Shop"}, "tenant_services.name: 'Shop' is no name of Kubernetes"),
        ({"name": "a" * 64}, "is no name of Kubernetes; use up to 63"),
        ({"name": "shop", "image": "registry.example/shop"}, "tenant_services.shop.image: 'registry.example/shop' names no version"),
        ({"name": "shop", "site": 2}, "tenant_services.shop.site: shop is of site 2, and acme has 1"),
        ({"name": "shop", "replicas": -1}, "tenant_services.shop.replicas: -1 cannot be"),
        ({"name": "shop", "port": 70000}, "tenant_services.shop.port: 70000 cannot be; give 0 to 65535"),
        ({"name": "shop", "env": {"DEBUG": True}}, "tenant_services.shop.env: the value of DEBUG is no text; put it in quotes"),
        ({"name": "shop", "env": {"A B": "1"}}, "'A B' cannot name a variable"),
        ({"name": "shop", "ready_path": "health"}, "tenant_services.shop.ready_path: 'health' does not begin with a slash"),
        ({"name": "shop", "requests": {"cpu": "1"}}, "tenant_services.shop.requests.cpu: 1 is more than the limit (400m)"),
        ({"name": "shop", "limits": {"memory": "much"}}, "tenant_services.shop.limits.memory: 'much' is not a Kubernetes quantity"),
        ({"name": "shop", "requests": {"gpu": "1"}}, "tenant_services.shop.requests: 'gpu' is not known here"),
        ({"name": "shop", "env_from": ["A B"]}, "tenant_services.shop.env_from: 'A B' is no name of an object"),
        ({"name": "shop", "pull_secrets": ["p", "p"]}, "tenant_services.shop.pull_secrets: p is there twice; leave one of the two out."),
        ({"name": "shop", "env_from": ["p", "p"]}, "tenant_services.shop.env_from: p is there twice"),
        ({"name": "shop", "replicas": 2**31}, "tenant_services.shop.replicas: 2147483648 cannot be; give 0 to 2147483647."),
        ({"name": "shop", "user": 10**20}, "tenant_services.shop.user: 100000000000000000000 cannot be"),
        ({"name": "shop", "pull_secrets": ["-a"]}, "tenant_services.shop.pull_secrets: '-a' is no name of an object"),
        ({"name": "shop", "writable": ["/data", "/data/"]}, "tenant_services.shop.writable: /data is there twice"),
        ({"name": "shop", "writable": ["/"]}, "tenant_services.shop.writable: '/' cannot be a volume"),
        ({"name": "shop", "writable": [""]}, "tenant_services.shop.writable: '/' cannot be a volume"),
        ({"name": "shop", "writable": ["/a:b"]}, "tenant_services.shop.writable: '/a:b' cannot be a volume"),
        ({"name": "1shop"}, "tenant_services.name: '1shop' begins with a digit"),
        ({"name": "shop", "metrics_port": 80}, "tenant_services.shop.metrics_port: 80 is its service_port, too"),
        ({"name": "shop", "prot": 80}, "tenant_services: 'prot' is not known here"),
    ],
)
def test_a_service_that_cannot_be(service: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        built(service)
    assert said in caught.value.sentence


def test_a_program_that_nobody_calls_has_its_metrics_at_any_port() -> None:
    assert "Deployment 1worker" in built({"name": "1worker", "port": 0})
    ports = built({"name": "worker", "port": 0, "metrics_port": 80})["Service worker"]["spec"]["ports"]
    assert [(one["name"], one["port"]) for one in ports] == [("metrics", 80)]


def test_two_services_of_one_name() -> None:
    with pytest.raises(InputError, match="shop is there twice on site 1"):
        built({"name": "shop"}, {"name": "shop"})


def test_the_database_is_the_catalogs_and_beside_the_quota() -> None:
    envelope = envelope_of({"tenant": "acme", "tier": "business"})
    namespace, cluster = _tenant_extras.database(envelope, {"enabled": True, "storage": "200Gi", "storage_class": "fast"})
    name = "e-commerce-tenant-acme-database"
    # With the label `tenant` it would be one of a site that is declared no more, and tier_quota would delete it.
    assert namespace["metadata"] == {
        "name": name,
        "labels": {"bluegreen.orchestrator/tenant": "acme", "type": "database", "pod-security.kubernetes.io/enforce": "baseline"},
    }
    assert cluster["metadata"]["namespace"] == name
    spec = cluster["spec"]
    assert (spec["instances"], spec["router"]["instances"], spec["secretName"]) == (5, 3, "mysql-cluster-secret")
    assert spec["podSpec"]["containers"] == [
        {"name": "mysql", "resources": {"limits": {"cpu": "8", "memory": "16Gi"}, "requests": {"cpu": "4", "memory": "8Gi"}}}
    ]
    claim = spec["datadirVolumeClaimTemplate"]
    assert (claim["resources"]["requests"]["storage"], claim["storageClassName"]) == ("200Gi", "fast")
    assert (spec["tlsUseSelfSigned"], claim["accessModes"]) == (True, ["ReadWriteOnce"])
    # A text is what an extra variable on the command line is, and a file with quotes.
    for no in (False, "false", "no", "off", "0", 0, None, ""):
        assert _tenant_extras.database(envelope, {"enabled": no}) == []
    for yes in ("true", "yes", "on", "1", 1):
        assert len(_tenant_extras.database(envelope, {"enabled": yes, "remove": "false"})) == 2
    for storage, written in ((None, "100Gi"), ("100Gi", "100Gi"), ("102400Mi", "100Gi")):
        (_namespace, cluster) = _tenant_extras.database(envelope, {"enabled": True, "storage": storage})
        assert cluster["spec"]["datadirVolumeClaimTemplate"]["resources"] == {"requests": {"storage": written}}
        assert "storageClassName" not in cluster["spec"]["datadirVolumeClaimTemplate"]


def test_the_regions_are_templates_for_argo_cd_only() -> None:
    envelope = envelope_of({"tenant": "acme", "tier": "business"})
    given = ["eu-west-1", {"cluster": "sa-east-1", "region": "south-america", "datacenter": "sao-paulo"}]
    (found,) = _tenant_extras.regions(envelope, given, SOURCE)
    spec = found["spec"]
    assert (found["metadata"]["namespace"], found["metadata"]["name"]) == ("argocd", "acme-multi-region")
    assert spec["generators"][0]["list"]["elements"] == [
        {"cluster": "eu-west-1", "region": "europe", "datacenter": "paris"},
        {"cluster": "sa-east-1", "region": "south-america", "datacenter": "sao-paulo"},
    ]
    assert spec["template"]["metadata"]["name"] == "acme-{{ .region }}"
    application = spec["template"]["spec"]
    # A region that nobody said would be an empty text in the shop's settings.
    assert (spec["goTemplate"], spec["goTemplateOptions"]) == (True, ["missingkey=error"])
    assert application["syncPolicy"] == {"automated": {"prune": True, "selfHeal": True}}
    repository = {key: application["source"][key] for key in ("repoURL", "targetRevision", "path")}
    assert repository == {"repoURL": "https://git.example/shop.git", "targetRevision": "main", "path": "helm/e-commerce-platform"}
    assert application["destination"] == {"name": "{{ .cluster }}", "namespace": "e-commerce-tenant-acme"}
    tenant = yaml.safe_load(application["source"]["helm"]["values"])["tenant"]
    assert (tenant["id"], tenant["tier"], tenant["region"]) == ("acme", "business", "{{ .region }}")
    assert spec["syncPolicy"] == {"preserveResourcesOnDeletion": True}
    assert _tenant_extras.regions(envelope, [], {}) == []


@pytest.mark.parametrize(
    ("tier", "database", "regions", "source", "said"),
    [
        ("premium", {"enabled": True}, [], {}, "the tier premium has no database cluster of its own"),
        ("business", {"enabled": True, "remove": True}, [], {}, "enabled and remove at once"),
        ("business", {"enabled": True, "storage": "10Gi"}, [], {}, "10Gi is less than what was sold (100Gi)"),
        ("business", {"enabled": True, "storage": 0}, [], {}, "0 is less than what was sold (100Gi)"),
        (
            "business",
            {"enabled": True, "storage": "much"},
            [],
            {},
            "tenant_dedicated_database.storage: 'much' is not a Kubernetes quantity",
        ),
        ("business", {"enabled": "yes", "remove": "on"}, [], {}, "enabled and remove at once"),
        ("business", {"enabled": "perhaps"}, [], {}, "tenant_dedicated_database.enabled: 'perhaps' is neither true nor false"),
        ("business", {"remove": ["x"]}, [], {}, "tenant_dedicated_database.remove: ['x'] is neither true nor false"),
        ("business", {"size": 1}, [], {}, "'size' is not known here"),
        ("business", {"enabled": True, "instances": -1}, [], {}, "tenant_dedicated_database.instances: -1 cannot be; give 1 to 9"),
        ("business", {"enabled": True, "instances": 0}, [], {}, "tenant_dedicated_database.instances: 0 cannot be; give 1 to 9"),
        ("business", {"enabled": True, "instances": 10}, [], {}, "tenant_dedicated_database.instances: 10 cannot be; give 1 to 9"),
        ("standard", {}, ["eu-west-1"], SOURCE, "the tier standard runs in one region"),
        ("business", {}, ["eu-west-1"], {}, "tenant_regions_source.repository: not given"),
        ("business", {}, ["moon-1"], SOURCE, "tenant_regions.moon-1: it is none of eu-west-1, us-east-1, ap-southeast-1"),
    ],
)
def test_what_was_not_bought(tier: str, database: dict[str, Any], regions: list[Any], source: dict[str, Any], said: str) -> None:
    envelope = envelope_of({"tenant": "acme", "tier": tier})
    with pytest.raises(InputError) as caught:
        [*_tenant_extras.database(envelope, database), *_tenant_extras.regions(envelope, regions, source)]
    assert said in caught.value.sentence
