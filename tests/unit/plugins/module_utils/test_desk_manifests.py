# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Chatwoot that we run, as manifests: every part of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _desk_databases, _desk_keys, _desk_parts
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans import PLANS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans.sizes import DESK_SIZES
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import MANIFEST_KINDS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests import MANIFESTS_SPEC, wanted_of
from tests.unit.desk_cases import EXTERNAL, desk

Manifest = dict[str, Any]
WORKLOADS = ("Deployment", "StatefulSet", "Job")


def part(name: str, **said: Any) -> dict[str, Manifest]:
    found = _desk_parts.part(desk(**said), name)
    return {f"{one['kind']} {one['metadata']['name']}": one for one in found["manifests"]}


def all_of(**said: Any) -> list[Manifest]:
    return [one for name in _desk_parts.PARTS for one in part(name, **said).values()]


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """The template of every pod, with the name of what makes it."""
    for one in manifests:
        spec = one.get("spec", {})
        if one["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if one["kind"] in (*WORKLOADS, "CronJob"):
            yield one["metadata"]["name"], spec["template"]


def containers(template: Manifest) -> list[Manifest]:
    return [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]


def environment(container: Manifest) -> dict[str, Any]:
    names = [one["name"] for one in container.get("env", [])]
    assert len(set(names)) == len(names), "a name that is there twice is refused by the server"
    return {one["name"]: one.get("value", one.get("valueFrom", "")) for one in container.get("env", [])}


PODS = list(pods(all_of()))


@pytest.mark.parametrize("said", [{}, EXTERNAL, {"monitoring": False}, {"plan": "enterprise", "node_pool": {"pool": "acme"}}])
def test_every_part_is_a_set_that_the_module_takes(said: dict[str, Any]) -> None:
    for name in _desk_parts.PARTS:
        found = _desk_parts.part(desk(**said), name)
        params = {key: option.get("default") for key, option in MANIFESTS_SPEC.items()}
        wanted_of({**params, "set": found["set"], "manifests": found["manifests"]})
        assert found["set"] == f"desk-acme-{name}"
        assert found["namespaces"] == ["client-acme"]
        assert set(found["kinds"]) <= set(MANIFEST_KINDS)
        assert {f"{one['apiVersion']}/{one['kind']}" for one in found["manifests"]} <= set(found["kinds"])
        assert all(one["metadata"].get("namespace", "client-acme") == "client-acme" for one in found["manifests"])


def test_no_two_parts_make_the_same_object() -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in all_of()]
    assert len(set(names)) == len(names)


def test_nothing_is_a_secret_and_nothing_looks_like_one_of_a_tenant() -> None:
    assert all(one["kind"] != "Secret" and "tenant" not in one["metadata"].get("labels", {}) for one in all_of())


@pytest.mark.parametrize(("name", "template"), PODS, ids=[name for name, _template in PODS])
def test_a_pod_satisfies_pod_security_restricted(name: str, template: Manifest) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/: and a root that is read only besides."""
    spec = template["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["securityContext"]["runAsUser"] > 0
    # Only the one that makes the keys asks the API anything.
    asks = name.startswith("chatwoot-keys")
    assert spec["automountServiceAccountToken"] is asks
    assert spec["serviceAccountName"] == ("chatwoot-keys" if asks else "chatwoot")
    volumes = {one["name"] for one in spec.get("volumes", [])} | {"data"}
    for container in containers(template):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        }
        assert set(container["resources"]) == {"requests", "limits"}
        assert {one["name"] for one in container.get("volumeMounts", [])} <= volumes
        environment(container)


@pytest.mark.parametrize(("name", "template"), PODS, ids=[name for name, _template in PODS])
def test_no_password_stands_in_a_command_line(name: str, template: Manifest) -> None:
    """Kubernetes puts $(NAME) there, and a list of processes shows it."""
    for container in containers(template):
        for word in [*container.get("command", []), *container.get("args", [])]:
            assert "$(" not in word, name


def test_the_namespace_holds_to_restricted_and_says_whose_it_is() -> None:
    labels = part("place")["Namespace client-acme"]["metadata"]["labels"]
    assert labels["bluegreen.orchestrator/client"] == "acme"
    assert labels["bluegreen.orchestrator/plan"] == "pro"
    assert {key for key, value in labels.items() if value == "restricted"} == {
        f"pod-security.kubernetes.io/{mode}" for mode in ("audit", "enforce", "warn")
    }


def reached(policies: dict[str, Manifest], app: str, side: str) -> set[tuple[str, int]]:
    """Whom pods with this label reach, or who reaches them: the peer, shortened, and the port."""
    found = set()
    for one in policies.values():
        if one["kind"] != "NetworkPolicy":
            continue
        spec = one["spec"]
        selector = spec["podSelector"]
        apps = [
            selector.get("matchLabels", {}).get("app"),
            *[name for each in selector.get("matchExpressions", []) for name in each["values"]],
        ]
        if (selector and app not in apps) or side.capitalize() not in spec["policyTypes"]:
            continue
        for rule in spec[side]:
            peers = rule.get("to" if side == "egress" else "from", ["anybody"])
            found |= {(_short(peer), port["port"]) for peer in peers for port in rule["ports"]}
    return found


def _short(peer: Any) -> str:
    if isinstance(peer, str):
        return peer
    if "ipBlock" in peer:
        return str(peer["ipBlock"]["cidr"])
    if "namespaceSelector" in peer:
        return str(peer["namespaceSelector"].get("matchLabels", {}).get("kubernetes.io/metadata.name", "any namespace"))
    selector = peer["podSelector"]
    return ",".join(
        [*selector.get("matchLabels", {}).values(), *[name for one in selector.get("matchExpressions", []) for name in one["values"]]]
    )


def test_who_may_talk_to_whom() -> None:
    policies = {
        name: one for name, one in part("place", egress_networks=[{"cidr": "10.20.0.0/16", "ports": [5432]}]).items() if "Policy" in name
    }
    everything = policies["NetworkPolicy default-deny"]["spec"]
    assert everything == {"podSelector": {}, "ingress": [], "egress": [], "policyTypes": ["Ingress", "Egress"]}
    dns = {("kube-system", 53)}
    outside = {(cidr, port) for cidr in ("0.0.0.0/0", "::/0") for port in (443, 465, 587, 993)}
    outward = outside | {("any namespace", 9000), ("10.20.0.0/16", 5432)}
    stores = {("chatwoot-postgres", 5432), ("chatwoot-redis", 6379)}
    for app in ("chatwoot-web", "chatwoot-worker", "chatwoot-migration"):
        assert reached(policies, app, "egress") == dns | outward | stores
    assert reached(policies, "chatwoot-backup", "egress") == dns | outward | {("chatwoot-postgres", 5432)}
    assert reached(policies, "chatwoot-keys", "egress") == dns | {("anybody", 443), ("anybody", 6443)}
    for store in ("chatwoot-postgres", "chatwoot-redis"):
        assert reached(policies, store, "egress") == dns
    assert reached(policies, "chatwoot-web", "ingress") == {("traefik", 3000)}
    assert reached(policies, "chatwoot-worker", "ingress") == set()
    programs = "chatwoot-migration,chatwoot-web,chatwoot-worker"
    assert reached(policies, "chatwoot-postgres", "ingress") == {(f"chatwoot-backup,{programs}", 5432), ("monitoring", 9187)}
    assert reached(policies, "chatwoot-redis", "ingress") == {(programs, 6379), ("monitoring", 9121)}


def test_servers_that_are_named_are_reached() -> None:
    """At the ports that they have; what is private is opened by its network."""
    mail = {"host": "mail.agency.example", "port": 2525, "sender": "support@acme.example"}
    said = {**EXTERNAL, "files": {"endpoint": "https://s3.agency.example:9443"}, "backup": {"endpoint": "http://far.example"}, "mail": mail}
    named = {9443, 80, 2525, 6432, 6380}
    web = reached(part("place", **said), "chatwoot-web", "egress")
    assert {("0.0.0.0/0", port) for port in named | {443, 465, 587, 993}} == {peer for peer in web if peer[0] == "0.0.0.0/0"}
    closed = reached(part("place", **said, egress_outside_ports=[]), "chatwoot-web", "egress")
    assert not [peer for peer in closed if peer[0] == "0.0.0.0/0"]


def test_every_policy_says_both_sides_and_no_rule_is_for_all_ports() -> None:
    for one in part("place").values():
        if one["kind"] == "NetworkPolicy":
            assert {"ingress", "egress", "podSelector", "policyTypes"} == set(one["spec"])
            assert all(rule["ports"] for side in ("ingress", "egress") for rule in one["spec"][side])


def test_what_is_elsewhere_needs_no_policy_and_no_pod() -> None:
    names = set(part("place", **EXTERNAL))
    assert not {name for name in names if name.endswith(("postgres", "redis"))}
    assert part("databases", **EXTERNAL) == {}


def test_the_account_that_makes_the_keys_may_create_and_nothing_else() -> None:
    found = part("keys")
    assert found["Role chatwoot-keys"]["rules"] == [{"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["create"]}]
    (job,) = [one for one in found.values() if one["kind"] == "Job"]
    (container,) = containers(job["spec"]["template"])
    told = environment(container)
    assert json.loads(told["DESK_KEYS"]) == {
        "SECRET_KEY_BASE": 64,
        "POSTGRES_PASSWORD": 24,
        "REDIS_PASSWORD": 24,
        "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY": 16,
        "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY": 16,
        "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT": 16,
    }
    assert (told["DESK_SECRET"], told["DESK_MARKER"]) == ("chatwoot-keys", "chatwoot-keys-made")
    # POST is the one thing that it says to the API server, and what it made cannot be changed.
    assert "Net::HTTP::Post" in _desk_keys.SCRIPT
    assert not {verb for verb in ("Get", "Put", "Patch", "Delete") if f"Net::HTTP::{verb}" in _desk_keys.SCRIPT}
    assert '"immutable" => true' in _desk_keys.SCRIPT


@pytest.mark.parametrize("name", ["keys", "migration"])
def test_another_version_is_another_job(name: str) -> None:
    """What a Job runs never changes in one that is there."""

    def job(**said: Any) -> str:
        (found,) = [key for key in part(name, **said) if key.startswith("Job ")]
        return found

    assert job() == job()
    assert job() != job(image="chatwoot/chatwoot:v4.15.0")
    assert len(job().removeprefix("Job ")) <= 63


@pytest.mark.parametrize("name", ["keys", "migration"])
def test_a_job_that_something_waits_for_never_fails_for_good(name: str) -> None:
    """The next run would find it there and do nothing, for its name is the same."""
    (job,) = [one for one in part(name).values() if one["kind"] == "Job"]
    assert "activeDeadlineSeconds" not in job["spec"]
    assert job["spec"]["backoffLimit"] == 100_000
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "OnFailure"


def test_postgres_has_the_extensions_and_keeps_its_volume() -> None:
    found = part("databases")
    assert found["ConfigMap chatwoot-postgres"]["data"]["extensions.sql"].splitlines() == [
        f"CREATE EXTENSION IF NOT EXISTS {name};" for name in ("vector", "pg_trgm", "pgcrypto", "pg_stat_statements")
    ]
    spec = found["StatefulSet chatwoot-postgres"]["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["resources"] == {"requests": {"storage": "8Gi"}}
    assert "storageClassName" not in claim["spec"]
    program, exporter = spec["template"]["spec"]["containers"]
    assert program["args"] == ["-c", "shared_preload_libraries=pg_stat_statements"]
    told = environment(program)
    assert (told["POSTGRES_DB"], told["POSTGRES_USER"]) == ("chatwoot_production", "chatwoot")
    assert told["POSTGRES_PASSWORD"] == {"secretKeyRef": {"name": "chatwoot-keys", "key": "POSTGRES_PASSWORD"}}
    assert environment(exporter)["DATA_SOURCE_PASS"] == told["POSTGRES_PASSWORD"]


def test_volumes_as_large_as_they_are_said_to_be() -> None:
    found = part("databases", database={"storage": "50Gi", "storage_class": "fast"}, redis={"storage": "2Gi"})
    for name, storage in (("chatwoot-postgres", "50Gi"), ("chatwoot-redis", "2Gi")):
        (claim,) = found[f"StatefulSet {name}"]["spec"]["volumeClaimTemplates"]
        assert claim["spec"]["resources"]["requests"]["storage"] == storage
    assert found["StatefulSet chatwoot-postgres"]["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] == "fast"


def test_redis_reads_its_password_from_a_file_of_its_own_and_forgets_nothing() -> None:
    (program, _exporter) = part("databases")["StatefulSet chatwoot-redis"]["spec"]["template"]["spec"]["containers"]
    assert program["command"] == ["sh", "-c", _desk_databases.REDIS_START]
    assert "--requirepass" not in _desk_databases.REDIS_START
    assert {"--appendonly yes", "--maxmemory-policy noeviction"} <= {
        text for text in ("--appendonly yes", "--maxmemory-policy noeviction") if text in _desk_databases.REDIS_START
    }


def test_without_monitoring_there_is_no_exporter() -> None:
    for name in ("chatwoot-postgres", "chatwoot-redis"):
        found = part("databases", monitoring=False)
        assert len(found[f"StatefulSet {name}"]["spec"]["template"]["spec"]["containers"]) == 1
        assert [port["name"] for port in found[f"Service {name}"]["spec"]["ports"]] == [name.removeprefix("chatwoot-")]
    assert part("watch", monitoring=False) == {}
    policies = part("place", monitoring=False)
    assert reached(policies, "chatwoot-redis", "ingress") == {("chatwoot-migration,chatwoot-web,chatwoot-worker", 6379)}


def web(**said: Any) -> Manifest:
    found: list[Manifest] = part("desk", **said)["Deployment chatwoot-web"]["spec"]["template"]["spec"]["containers"]
    return found[0]


def test_what_the_public_chart_leaves_unsafe_is_set() -> None:
    """Research: placeholder keys, default passwords, no mail check, sign-up, local files, plain HTTP."""
    container = web()
    told = environment(container)
    assert told["FRONTEND_URL"] == "https://chat-acme.agency.example"
    assert (told["FORCE_SSL"], told["ENABLE_ACCOUNT_SIGNUP"], told["SMTP_OPENSSL_VERIFY_MODE"]) == ("true", "false", "peer")
    assert (told["ACTIVE_STORAGE_SERVICE"], told["STORAGE_BUCKET_NAME"]) == ("s3_compatible", "chatwoot-acme")
    assert (told["POSTGRES_HOST"], told["REDIS_URL"]) == ("chatwoot-postgres", "redis://chatwoot-redis:6379")
    assert (told["MAILER_SENDER_EMAIL"], told["SMTP_DOMAIN"]) == ("Acme <support@acme.example>", "acme.example")
    assert container["envFrom"] == [{"secretRef": {"name": name}} for name in ("chatwoot-keys", "chatwoot-files", "chatwoot-mail")]


def test_servers_elsewhere_have_passwords_of_their_own() -> None:
    told = environment(web(**EXTERNAL))
    assert (told["POSTGRES_HOST"], told["POSTGRES_PORT"]) == ("db.agency.example", "6432")
    assert told["REDIS_URL"] == "rediss://cache.agency.example:6380/0"
    assert told["POSTGRES_PASSWORD"]["secretKeyRef"] == {"name": "acme-db", "key": "POSTGRES_PASSWORD"}
    assert told["REDIS_PASSWORD"]["secretKeyRef"] == {"name": "acme-cache", "key": "REDIS_PASSWORD"}


def test_further_environment_and_a_desk_without_mail() -> None:
    container = web(env={"LOG_LEVEL": "warn"}, env_from=["acme-channels"], mail={}, admin_email="")
    told = environment(container)
    assert told["LOG_LEVEL"] == "warn"
    assert not {name for name in told if name.startswith("SMTP_")}
    assert container["envFrom"][-1] == {"secretRef": {"name": "acme-channels"}}
    assert {"secretRef": {"name": "chatwoot-mail"}} not in container["envFrom"]
    assert "SMTP_AUTHENTICATION" not in environment(web(mail={"host": "m.example.com", "sender": "a@b.example", "authentication": "none"}))


def test_probes_say_that_they_came_by_tls() -> None:
    """Chatwoot would send them elsewhere, and they would never be answered."""
    container = web()
    paths = {"startupProbe": "/health", "livenessProbe": "/health", "readinessProbe": "/api"}
    for probe, path in paths.items():
        assert container[probe]["httpGet"] == {
            "path": path,
            "port": "http",
            "httpHeaders": [{"name": "X-Forwarded-Proto", "value": "https"}],
        }


@pytest.mark.parametrize(
    ("plan", "pods", "scaled", "protected"),
    [
        ("starter", {"web": 1, "worker": 2}, {}, {"chatwoot-worker"}),
        ("pro", {}, {"chatwoot-web": (1, 10), "chatwoot-worker": (2, 10)}, {"chatwoot-worker"}),
        ("enterprise", {}, {"chatwoot-web": (2, 10), "chatwoot-worker": (2, 10)}, {"chatwoot-web", "chatwoot-worker"}),
    ],
)
def test_what_each_plan_has(plan: str, pods: dict[str, int], scaled: dict[str, tuple[int, int]], protected: set[str]) -> None:
    found = part("desk", plan=plan)
    told = {role: found[f"Deployment chatwoot-{role}"]["spec"].get("replicas") for role in ("web", "worker")}
    # Where an autoscaler decides, nobody else says how many.
    assert {role: number for role, number in told.items() if number is not None} == pods
    autoscalers = {one["metadata"]["name"]: one["spec"] for one in found.values() if one["kind"] == "HorizontalPodAutoscaler"}
    assert {name: (spec["minReplicas"], spec["maxReplicas"]) for name, spec in autoscalers.items()} == scaled
    for spec in autoscalers.values():
        assert spec["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 75}
    assert {one["metadata"]["name"] for one in found.values() if one["kind"] == "PodDisruptionBudget"} == protected


def test_every_managed_plan_has_a_size() -> None:
    assert set(DESK_SIZES) == {name for name, plan in PLANS.items() if plan["managed"]}


@pytest.mark.parametrize("name", ["team", "starter"])
def test_a_plan_of_ours_is_as_large_as_the_one_that_it_is_based_on(name: str) -> None:
    """Also one of the catalog that is sold as another one."""
    found = part("desk", plan=name, plans_extra={name: {"based_on": "enterprise", "agents": 9}})
    assert found["HorizontalPodAutoscaler chatwoot-web"]["spec"]["minReplicas"] == 2


def test_pods_and_resources_of_one_client() -> None:
    found = part("desk", pods={"web": {"least": 3, "most": 3}}, resources={"web": {"limits": {"memory": "2Gi"}}})
    spec = found["Deployment chatwoot-web"]["spec"]
    assert spec["replicas"] == 3
    assert spec["template"]["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "2Gi"}
    assert "HorizontalPodAutoscaler chatwoot-web" not in found


def test_nodes_of_its_own() -> None:
    for _name, template in pods(all_of(plan="enterprise", node_pool={"pool": "acme"}, region="eu-west-1")):
        assert template["spec"]["nodeSelector"] == {"pool": "acme", "topology.kubernetes.io/region": "eu-west-1"}
        assert template["spec"]["tolerations"] == [{"effect": "NoSchedule", "key": "pool", "operator": "Equal", "value": "acme"}]


def test_the_migration_closes_the_page_on_which_a_stranger_becomes_owner() -> None:
    (job,) = part("migration").values()
    (container,) = containers(job["spec"]["template"])
    told = environment(container)
    assert "CHATWOOT_INSTALLATION_ONBOARDING" in told["DESK_AFTER"]
    assert told["DESK_ADMIN"] == "owner@agency.example"
    assert told["POSTGRES_STATEMENT_TIMEOUT"] == "600s"
    assert container["command"][2].startswith("bundle exec rails db:chatwoot_prepare && ")


def test_the_way_to_it() -> None:
    found = part("entrance")
    certificate = found["Certificate chat-acme.agency.example"]["spec"]
    assert certificate["dnsNames"] == ["chat-acme.agency.example"]
    assert certificate["issuerRef"]["name"] == "letsencrypt"
    route = found["IngressRoute chatwoot"]["spec"]
    assert route["routes"][0]["match"] == "Host(`chat-acme.agency.example`)"
    assert route["tls"] == {"secretName": certificate["secretName"]}
    assert "customFrameOptionsValue" not in found["Middleware chatwoot-headers"]["spec"]["headers"]
    other = part("entrance", host="help.acme.example", issuer={"name": ""}, ingress_class="public", entrypoints=["web"])
    assert "Certificate help.acme.example" not in other
    assert other["IngressRoute chatwoot"]["spec"]["tls"] == {"secretName": ""}
    assert other["IngressRoute chatwoot"]["spec"]["ingressClassName"] == "public"
    assert other["IngressRoute chatwoot"]["spec"]["entryPoints"] == ["web"]


def test_the_backup_saves_the_database_and_the_keys() -> None:
    spec = part("backup")["CronJob chatwoot-backup"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    (dump,), (save,) = pod["initContainers"], pod["containers"]
    assert environment(dump)["PGPASSWORD"]["secretKeyRef"]["name"] == "chatwoot-keys"
    told = environment(save)
    assert told["RESTIC_REPOSITORY"] == "s3:https://s3.agency.example/chatwoot-acme-backup"
    assert told["DESK_KEEP_DAYS"] == "30"
    assert "restic backup" in save["command"][2]
    assert "/backup /keys" in save["command"][2]
    assert {"name": "secret", "secret": {"secretName": "chatwoot-keys", "defaultMode": 0o440}} in pod["volumes"]
    assert {"name": "keys", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}} in pod["volumes"]
    elsewhere = part("backup", **EXTERNAL)["CronJob chatwoot-backup"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert environment(elsewhere["initContainers"][0])["PGPASSWORD"]["secretKeyRef"]["name"] == "acme-db"


def test_the_buckets_are_two_and_keep_what_is_deleted() -> None:
    files, backup = _desk_parts.part(desk(backup={"keep_days": 7}), "storage")["buckets"]
    assert (files["name"], backup["name"]) == ("chatwoot-acme", "chatwoot-acme-backup")
    assert files["versioning"] == backup["versioning"] == "enabled"
    assert files["noncurrent_days"] == backup["noncurrent_days"] == 7
    assert files["tags"] == {"client": "acme", "plan": "pro", "bucket": "files"}


def test_what_prometheus_reads_and_when_it_calls() -> None:
    found = part("watch", monitoring_labels={"release": "prometheus"})
    assert {name for name in found if name.startswith("ServiceMonitor")} == {
        "ServiceMonitor chatwoot-postgres",
        "ServiceMonitor chatwoot-redis",
    }
    assert all(one["metadata"]["labels"]["release"] == "prometheus" for one in found.values())
    (group,) = found["PrometheusRule chatwoot"]["spec"]["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names) == 8
    # Of every client, and not of all of them at once.
    assert all('namespace="client-acme"' in rule["expr"] for rule in group["rules"])
    (failed,) = [rule["expr"] for rule in group["rules"] if rule["alert"] == "ChatwootBackupFailed"]
    # A Job that its second pod has done has not failed, and one of last week is no news.
    assert "kube_job_failed{" in failed
    assert 'condition="true"' in failed
    assert "kube_job_created" in failed
    (ending,) = [rule["expr"] for rule in group["rules"] if rule["alert"] == "ChatwootCertificateEnding"]
    assert 'exported_namespace="client-acme"' in ending, "as cert-manager is scraped by default"
    (elsewhere,) = part("watch", **EXTERNAL)["PrometheusRule chatwoot"]["spec"]["groups"]
    assert len(elsewhere["rules"]) == 6


def test_the_monitor_finds_the_service() -> None:
    services = part("databases")
    for name, monitor in part("watch").items():
        if name.startswith("ServiceMonitor"):
            service = services[f"Service {monitor['metadata']['name']}"]
            wanted = monitor["spec"]["selector"]["matchLabels"].items()
            assert wanted <= service["metadata"]["labels"].items()
            assert monitor["spec"]["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}


def test_every_selector_finds_its_pods() -> None:
    templates = {template["metadata"]["labels"]["app"]: template for _name, template in pods(all_of(plan="enterprise"))}
    for one in all_of(plan="enterprise"):
        spec = one.get("spec", {})
        selector = spec.get("selector") or {}
        labels = selector.get("matchLabels", selector if one["kind"] == "Service" else {})
        if one["kind"] in ("Deployment", "StatefulSet", "Service", "PodDisruptionBudget"):
            assert labels["app"] in templates, one["metadata"]["name"]
        if one["kind"] == "Service":
            named = {port["name"] for each in containers(templates[labels["app"]]) for port in each.get("ports", [])}
            assert {port["targetPort"] for port in spec["ports"]} <= named
