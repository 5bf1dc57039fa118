# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog of tiers has the figures of the price list (seed 001), written here as it writes them and read by nothing of ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers import TIERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import CLAIMS_PER_SITE, LIMITS, THRESHOLDS
from tests.tools.tiers import MONTH, demand, downtime, quota, saving, shown

ROOT = Path(__file__).resolve().parents[4]
NAMES = ("standard", "premium", "business")

MATRIX = """
| **Prix Mensuel** | 49,99 EUR | 124,99 EUR | A partir de 149,99 EUR |
| **Prix Annuel** | 499 EUR (16% reduction) | 1249 EUR (16% reduction) | Tarification personnalisee |
| **Economies Annuelles** | 2 mois gratuits | 2 mois gratuits | Negociable |
| **Sites E-commerce** | 1 | 3 | Jusqu'a 10 |
| **Domaines Personnalises** | 1 | 3 | Jusqu'a 10 |
| **Coeurs CPU** | 2 | 6 | 12+ |
| **RAM** | 4 Go | 12 Go | 24+ Go |
| **Stockage** | 50 Go | 150 Go | 300+ Go |
| **Replicas de Pod** | 2-3 | 3-6 | 6-15 |
| **Utilisateurs Concurrents Max** | 200 | 1 000 | 5 000+ |
| **Limite Taux API** | 500 req/min | 3 000 req/min | 15 000 req/min |
| **Produits Max** | 2 000 | 15 000 | Illimite |
| **Commandes/Mois** | 5 000 | 30 000 | Illimite |
| **Stockage Objet (Total)** | 25 Go | 100 Go | 500+ Go |
| **- Bucket Products** | 15 Go | 60 Go | 300+ Go |
| **- Bucket SAV** | 5 Go | 20 Go | 100+ Go |
| **- Bucket Newsletters** | 5 Go | 20 Go | 100+ Go |
| **CDN** | Non | CloudFlare 100Go/mois | CDN Premium (illimite) |
| **Sauvegardes** | Quotidiennes | Toutes les heures | Temps reel |
| **SLA Disponibilite** | 99,5% | 99,9% | 99,95% |
| **Temps de Reponse** | 48 heures | 12 heures | 2 heures |
"""

QUOTA = """
requests.cpu: ["2", "6", "12"]
requests.memory: ["4Gi", "12Gi", "24Gi"]
limits.cpu: ["4", "12", "24"]
limits.memory: ["8Gi", "24Gi", "48Gi"]
persistentvolumeclaims: ["3", "9", "30"]
services.loadbalancers: ["1", "3", "10"]
pods: ["15", "50", "100"]
requests.storage: ["50Gi", "150Gi", "300Gi"]
"""

RESOURCES = """
requests: {cpu: [200m, 500m, 1000m], memory: [256Mi, 512Mi, 1Gi]}
limits: {cpu: [400m, 1000m, 2000m], memory: [512Mi, 1Gi, 2Gi]}
"""

LIMIT_RANGE = """
- max: {cpu: "2", memory: "4Gi"}
  min: {cpu: "50m", memory: "64Mi"}
  default: {cpu: "500m", memory: "512Mi"}
  defaultRequest: {cpu: "200m", memory: "256Mi"}
  type: Container
- max: {cpu: "4", memory: "8Gi"}
  type: Pod
- max: {storage: "100Gi"}
  min: {storage: "1Gi"}
  type: PersistentVolumeClaim
"""

# Metrics after the two that all have, then behaviour, as the manifests of the HPA have them.
SCALING = """
standard:
  metrics: {}
  scaleDown: {stabilizationWindowSeconds: 300, policies: [{type: Percent, value: 50, periodSeconds: 60}]}
premium:
  metrics: {http_requests_per_second: "100"}
  scaleUp: {stabilizationWindowSeconds: 60, policies: [{type: Percent, value: 100, periodSeconds: 60}]}
  scaleDown: {stabilizationWindowSeconds: 300, policies: [{type: Percent, value: 50, periodSeconds: 60}]}
business:
  metrics: {http_requests_per_second: "200", queue_depth: "100"}
  scaleUp:
    stabilizationWindowSeconds: 30
    policies: [{type: Percent, value: 100, periodSeconds: 30}, {type: Pods, value: 4, periodSeconds: 30}]
    selectPolicy: Max
  scaleDown: {stabilizationWindowSeconds: 300, policies: [{type: Percent, value: 25, periodSeconds: 60}]}
"""

BUCKETS = """
standard:
  products: {quota: 15GB, max_file_size: 5MB, allowed_types: "image/jpeg, image/png, image/webp, image/gif"}
  sav: {quota: 5GB, max_file_size: 10MB, allowed_types: "application/pdf, image/*, text/plain"}
  newsletters: {quota: 5GB, max_file_size: 2MB, allowed_types: "text/html, image/*, application/pdf"}
premium:
  products: {quota: 60GB, max_file_size: 25MB, allowed_types: "image/*, video/mp4, video/webm", cdn_enabled: true}
  sav: {quota: 20GB, max_file_size: 50MB, allowed_types: "application/*, image/*, text/*, video/*"}
  newsletters: {quota: 20GB, max_file_size: 10MB, allowed_types: "text/html, image/*, application/pdf"}
business:
  products: {quota: 300GB, max_file_size: 500MB, allowed_types: "*/*", cdn_enabled: true, versioning: enabled}
  sav: {quota: 100GB, max_file_size: 500MB, allowed_types: "*/*", versioning: enabled}
  newsletters: {quota: 100GB, max_file_size: 100MB, allowed_types: "*/*", versioning: enabled}
"""

RABBITMQ = """
standard: {max_message_size: 1MB, queue_max_length: 5000, message_ttl: 86400000, max_priority: 10, consumer_timeout: 1800000}
premium:
  {max_message_size: 10MB, queue_max_length: 30000, message_ttl: 604800000, max_priority: 10, consumer_timeout: 3600000,
   dead_letter_exchange: enabled}
business:
  {max_message_size: 100MB, queue_max_length: unlimited, message_ttl: 2592000000, max_priority: 255, consumer_timeout: 7200000,
   dead_letter_exchange: enabled, federation: enabled, high_availability: true, cluster_nodes: 3}
"""

# What stands in one line of prose or in an annotation; one value per tier.
LINES: tuple[tuple[str, tuple[str, str, str]], ...] = (
    ("rate_limit.requests_per_minute", ("500", "3000", "15000")),
    ("rate_limit.requests_per_second", ("8", "50", "250")),
    ("rate_limit.connections", ("50", "200", "1000")),
    ("rate_limit.burst_multiplier", ("2", "3", "5")),
    ("object_storage.presigned_url_expiry", ("3600", "7200", "86400")),
    ("database.connections_per_service", ("10", "30", "100")),
    ("database.query_timeout", ("30 secondes", "60 secondes", "300 secondes")),
    ("database.max_query_size", ("1 Mo", "10 Mo", "100 Mo")),
    ("database.slow_query_ms", ("2000", "1000", "500")),
    ("database.read_replicas", ("0", "1 replica", "3 replicas")),
    ("database.point_in_time_recovery", ("0", "0", "30 jours")),
    ("storage_class.iops", ("3000", "10000", "16000")),
    ("storage_class.throughput", ("125", "500", "1000")),
    ("monitoring.metrics_retention", ("30 days", "90 days", "365 days")),
    ("monitoring.logs_retention", ("0", "0", "90 days")),
    ("monitoring.trace_sampling_percent", ("0", "0", "100%")),
    ("sla.compensation.percent", ("5%", "10%", "25%")),
    ("sla.compensation.step_bp", ("10", "10", "10")),
    ("cdn.dns_ttl", ("", "300", "120")),
    ("autoscaling.cpu_percent", ("70", "70", "70")),
    ("autoscaling.memory_percent", ("75", "75", "75")),
    ("services", ("13 services", "13 services", "13 services")),
)

UNITS = {
    "Mi": 2**20,
    "Gi": 2**30,
    "MB": 10**6,
    "Mo": 10**6,
    "GB": 10**9,
    "Go": 10**9,
    "secondes": 1,
    "minutes": 60,
    "hours": 3600,
    "heures": 3600,
    "days": 86_400,
    "jours": 86_400,
}


def number(text: str) -> int | None:
    """Read a figure as the price list writes it; None for nothing and for unlimited."""
    found = re.search(r"([0-9]+(?: [0-9]{3})*)\+? ?([A-Za-z]*)", text)
    return int(found[1].replace(" ", "")) * UNITS.get(found[2], 1) if found else None


def cpu(text: str) -> int:
    """Millicores."""
    return int(text.removesuffix("m")) * (1 if text.endswith("m") else 1000)


def quantity(resource: str, text: str) -> int | None:
    """A quantity by the name of its resource."""
    return cpu(text) if resource.endswith("cpu") else number(text)


def cents(text: str) -> int | None:
    """A price."""
    found = re.search(r"([0-9]+)(?:,([0-9]{2}))? EUR", text)
    return int(found[1]) * 100 + int(found[2] or 0) if found else None


def matrix() -> dict[str, tuple[str, str, str]]:
    """The rows of the comparison by their names."""
    rows = [[cell.strip(" *-") for cell in line.split("|")[1:-1]] for line in MATRIX.strip().splitlines()]
    return {name: (one, two, three) for name, one, two, three in rows}


def values(path: str) -> list[Any]:
    """One figure of the catalog, in each tier."""
    found: list[Any] = []
    for name in NAMES:
        node: Any = TIERS[name]
        for word in path.split("."):
            node = node[word]
        found.append(node)
    return found


def load(text: str) -> Any:
    """Read a fragment of the price list."""
    return yaml.safe_load(text)


def test_the_three_tiers_from_the_smallest_to_the_largest() -> None:
    assert tuple(TIERS) == NAMES
    assert [tier["name"] for tier in TIERS.values()] == list(NAMES)
    assert values("custom") == [False, False, True]


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ("Sites E-commerce", "sites"),
        ("Domaines Personnalises", "domains"),
        ("Utilisateurs Concurrents Max", "concurrent_users"),
        ("Limite Taux API", "rate_limit.requests_per_minute"),
        ("Produits Max", "products"),
        ("Commandes/Mois", "orders_per_month"),
        ("Stockage Objet (Total)", "object_storage.total"),
        ("Bucket Products", "object_storage.buckets.products.quota"),
        ("Bucket SAV", "object_storage.buckets.sav.quota"),
        ("Bucket Newsletters", "object_storage.buckets.newsletters.quota"),
    ],
)
def test_the_comparison(row: str, path: str) -> None:
    assert values(path) == [number(text) for text in matrix()[row]]


def test_prices_and_what_a_year_saves() -> None:
    rows = matrix()
    assert values("price.monthly_cents") == [cents(text) for text in rows["Prix Mensuel"]]
    assert values("price.yearly_cents") == [cents(text) for text in rows["Prix Annuel"]]
    assert values("price.starting_from") == ["partir" in text for text in rows["Prix Mensuel"]]
    assert values("price.yearly_discount_percent") == [number(text) if "%" in text else None for text in ["16%", "16%", ""]]
    assert values("price.yearly_free_months") == [number(text) for text in rows["Economies Annuelles"]]
    # "economise 100,88 EUR", "economise 250,88 EUR": the pages of the tiers say 99,88 and 249,88, which no sum gives.
    assert [saving(tier) for tier in TIERS.values()] == [cents("100,88 EUR"), cents("250,88 EUR"), None]
    for tier in list(TIERS.values())[:2]:
        price = tier["price"]
        assert cast(int, saving(tier)) * 100 // (12 * price["monthly_cents"]) == price["yearly_discount_percent"]
        assert cast(int, saving(tier)) >= cast(int, price["yearly_free_months"]) * price["monthly_cents"]


def test_quota_and_the_table_of_cores_and_memory() -> None:
    for resource, texts in load(QUOTA).items():
        assert [quota(tier)[resource] for tier in TIERS.values()] == [quantity(resource, text) for text in texts]
    assert set(quota(TIERS["standard"])) == set(load(QUOTA))
    for row, resource, unit in (
        ("Coeurs CPU", "requests.cpu", 1000),
        ("RAM", "requests.memory", 2**30),
        ("Stockage", "requests.storage", 2**30),
    ):
        figures = [int(cast(re.Match[str], re.match("[0-9]+", text))[0]) * unit for text in matrix()[row]]
        assert [quota(tier)[resource] for tier in TIERS.values()] == figures


def test_claims_and_load_balancers_follow_the_sites() -> None:
    for tier in TIERS.values():
        assert tier["quota"]["persistentvolumeclaims"] == tier["sites"] * CLAIMS_PER_SITE
        assert tier["quota"]["services.loadbalancers"] == tier["sites"]


def test_limits_of_containers_pods_and_claims() -> None:
    limits = cast(dict[str, dict[str, dict[str, int]]], LIMITS)
    written = {
        item.pop("type"): {side: {key: quantity(key, text) for key, text in both.items()} for side, both in item.items()}
        for item in load(LIMIT_RANGE)
    }
    assert limits == written
    assert all(tier["limits"] == LIMITS for tier in TIERS.values())


def test_resources_of_a_service() -> None:
    for side, both in load(RESOURCES).items():
        for kind, texts in both.items():
            assert values(f"resources.{side}.{kind}") == [quantity(kind, text) for text in texts]


def test_replicas_and_how_they_come_and_go() -> None:
    bounds = [[int(bound) for bound in text.split("-")] for text in matrix()["Replicas de Pod"]]
    assert [[tier["autoscaling"]["min_replicas"], tier["autoscaling"]["max_replicas"]] for tier in TIERS.values()] == bounds
    for name, written in load(SCALING).items():
        scaling = TIERS[name]["autoscaling"]
        metrics = {key: number(text) for key, text in written["metrics"].items()}
        assert {key: scaling[key] for key in ("http_requests_per_second", "queue_depth") if scaling[key] is not None} == metrics
        for key, behaviour in (("scaleUp", scaling["scale_up"]), ("scaleDown", scaling["scale_down"])):
            assert (behaviour is None) == (key not in written)
            if behaviour:
                policies = [{"type": p["type"], "value": p["value"], "periodSeconds": p["period"]} for p in behaviour["policies"]]
                select = {"selectPolicy": behaviour["select_policy"]} if behaviour["select_policy"] else {}
                assert {"stabilizationWindowSeconds": behaviour["stabilization"], "policies": policies} | select == written[key]


def test_the_five_services_of_the_upgrade_script_scale() -> None:
    line = "for deployment in api-gateway auth-service products-service baskets-service orders-service; do"
    assert values("autoscaling.services") == [tuple(line.removesuffix("; do").split()[3:])] * 3


def test_buckets() -> None:
    for name, buckets in load(BUCKETS).items():
        found = TIERS[name]["object_storage"]["buckets"]
        assert list(found) == list(buckets)
        for key, written in buckets.items():
            assert found[key]["quota"] == number(written["quota"])
            assert found[key]["max_file_size"] == number(written["max_file_size"])
            assert ", ".join(found[key]["allowed_types"]) == written["allowed_types"]
            assert found[key]["cdn"] is written.get("cdn_enabled", False)
            assert found[key]["versioning"] is ("versioning" in written)
    with pytest.raises(yaml.YAMLError):
        load("allowed_types: [*/*]")


def test_rabbitmq() -> None:
    for name, written in load(RABBITMQ).items():
        found: dict[str, Any] = dict(TIERS[name]["queues"])
        assert found["max_message_size"] == number(written["max_message_size"])
        assert found["queue_max_length"] == (None if written["queue_max_length"] == "unlimited" else written["queue_max_length"])
        assert [found["message_ttl"] * 1000, found["consumer_timeout"] * 1000] == [written["message_ttl"], written["consumer_timeout"]]
        assert found["max_priority"] == written["max_priority"]
        for key in ("dead_letter_exchange", "federation", "high_availability"):
            assert found[key] is (key in written)
        assert found["cluster_nodes"] == written.get("cluster_nodes", 1)


@pytest.mark.parametrize(("path", "texts"), LINES)
def test_single_figures(path: str, texts: tuple[str, str, str]) -> None:
    assert values(path) == [number(text) for text in texts]


def test_what_is_counted_by_the_second_is_rounded_down() -> None:
    for tier in TIERS.values():
        limit = tier["rate_limit"]
        assert limit["requests_per_second"] * 60 <= limit["requests_per_minute"] < (limit["requests_per_second"] + 1) * 60
        assert limit["burst"] == limit["requests_per_second"] * limit["burst_multiplier"]
    # The sample bill: Premium, February 2025.
    assert TIERS["premium"]["rate_limit"]["requests_per_minute"] * 60 * 24 * 28 == 120_960_000


def test_buckets_add_up_to_what_is_sold() -> None:
    for tier in TIERS.values():
        assert sum(bucket["quota"] for bucket in tier["object_storage"]["buckets"].values()) == tier["object_storage"]["total"]


def test_cdn_and_backups() -> None:
    assert values("cdn.bandwidth") == [0, number("CloudFlare 100Go/mois"), None]
    assert values("cdn.provider") == [None, "cloudflare", "cloudflare_enterprise"]
    assert dict(zip(matrix()["Sauvegardes"], values("backup.cadence"), strict=True)) == {
        "Quotidiennes": "daily",
        "Toutes les heures": "hourly",
        "Temps reel": "real_time",
    }
    assert values("backup.interval") == [number("24 heures"), number("1 heures"), number("1 heures")]
    # "avec retention de 30 jours", "Recuperation point-in-time : 30 jours"; Standard's is ADR-0012's.
    assert values("backup.retention") == [number("7 jours"), number("30 jours"), number("30 jours")]
    assert TIERS["business"]["database"]["point_in_time_recovery"] <= TIERS["business"]["backup"]["retention"]


def test_availability_and_the_downtime_that_the_price_list_says() -> None:
    written = [round(float(text.rstrip("%").replace(",", ".")) * 100) for text in matrix()["SLA Disponibilite"]]
    assert values("sla.availability_bp") == written
    # "maximum 3,6 heures", "43 minutes", "21 minutes" a month: rounded down.
    assert [downtime(tier) for tier in TIERS.values()] == [3.6 * 3600, 43 * 60 + 12, 21 * 60 + 36]
    assert number("30 jours") == MONTH
    # "Maximum 2 heures/mois, annoncee 7 jours a l'avance", "Maximum 1 heure/mois, annoncee 14 jours a l'avance"
    assert values("sla.maintenance.max_per_month") == [None, 7200, 3600]
    assert values("sla.maintenance.notice") == [None, number("7 jours"), number("14 jours")]
    # It does not fit into the downtime, so it cannot be part of it.
    assert [most > downtime(tier) for most, tier in zip([7200, 3600], list(TIERS.values())[1:], strict=True)] == [True, True]
    assert values("sla.maintenance.counted") == [False] * 3


def test_answers_of_the_support() -> None:
    times = [[answer["response"] for answer in tier["support"]["responses"].values()] for tier in TIERS.values()]
    assert [min(each) for each in times] == [number(text) for text in matrix()["Temps de Reponse"]]
    assert times[:2] == [[number("48 hours")] * 4, [number("12 hours")] * 4]
    business = TIERS["business"]["support"]["responses"]
    assert {name: (each["response"], each["resolution"], each["escalation"]) for name, each in business.items()} == {
        "critical": (number("2 hours"), number("4 hours"), 0),
        "high": (number("4 hours"), number("8 hours"), number("6 hours")),
        "medium": (number("8 hours"), number("24 hours"), number("16 hours")),
        "low": (number("12 hours"), number("48 hours"), number("24 hours")),
    }


def test_the_dedicated_cluster() -> None:
    assert values("database.dedicated_cluster")[:2] == [None, None]
    assert TIERS["business"]["database"]["dedicated_cluster"] == {
        "kind": "MySQL InnoDB Cluster",
        "instances": 5,
        "routers": 3,
        "resources": {"requests": {"cpu": cpu("4"), "memory": number("8Gi")}, "limits": {"cpu": cpu("8"), "memory": number("16Gi")}},
        "storage": number("100Gi"),
    }


def test_grace_and_alerts() -> None:
    for tier in TIERS.values():
        assert tier["grace"]["period"] == number("30 jours")
        assert [moment // 86_400 for moment in tier["grace"]["reminders"]] == [7, 14, 21, 28]
        assert tier["grace"]["final_warning"] == number("24 heures")
        assert max(tier["grace"]["reminders"]) < tier["grace"]["period"] - tier["grace"]["final_warning"]
    assert {name: (found["percent"], found["hold"]) for name, found in THRESHOLDS.items()} == {
        "cpu_warning": (80, 300),
        "cpu_critical": (95, 120),
        "memory_warning": (80, 300),
        "storage_warning": (80, 600),
        "api_rate_warning": (90, 120),
        "products_warning": (90, 0),
    }


@pytest.mark.parametrize(
    ("side", "head", "resources"),
    [
        ("one", "one replica each", ["pods", "requests.cpu", "limits.cpu"]),
        ("min_replicas", "five at their minimum", ["pods", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"]),
    ],
)
def test_the_misfit_of_the_decision_is_the_catalogs(side: str, head: str, resources: list[str]) -> None:
    text = (ROOT / "docs" / "adr" / "0012-reading-the-seed-of-tiers.md").read_text()
    lines = text[text.index(f"| {head}: pods") :].splitlines()[: len(resources)]
    for line, resource in zip(lines, resources, strict=True):
        assert resource in line
        for tier, cell in zip(TIERS.values(), line.split("|")[2:-1], strict=True):
            replicas = tier["autoscaling"]["min_replicas"] if side == "min_replicas" else 1
            said = f"{shown(resource, demand(tier, replicas)[resource])} of {shown(resource, quota(tier)[resource])}"
            assert cell.strip() == said.replace(" CPU", "").replace(" MiB", "Mi").replace(" GiB", "Gi")


def test_standard_holds_exactly_its_scaling_services_at_their_minimum() -> None:
    tier = TIERS["standard"]
    pods = len(tier["autoscaling"]["services"]) * tier["autoscaling"]["min_replicas"]
    assert pods * tier["resources"]["requests"]["cpu"] == tier["quota"]["requests.cpu"]
    assert pods * tier["resources"]["limits"]["cpu"] == tier["quota"]["limits.cpu"]


def test_the_disks_that_the_claims_are_too_small_for() -> None:
    """EBS gives 500 operations a second per GiB; ADR-0012 says what follows."""
    wanted = [tier["storage_class"]["iops"] // 500 for tier in TIERS.values()]
    claims = [round(tier["quota"]["requests.storage"] / 2**30 / tier["quota"]["persistentvolumeclaims"], 1) for tier in TIERS.values()]
    assert (wanted[1:], claims[1:]) == ([20, 32], [16.7, 10.0])
