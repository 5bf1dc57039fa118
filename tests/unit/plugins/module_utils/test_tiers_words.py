# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tiers promise in words: the catalog has what the price list (seed 001) says, written here as it writes it."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers import TIERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import (
    BASE_FEATURES,
    BILLING_INTERVAL,
    PORT_DNS,
    PORTS_IN,
    PORTS_OUT,
    REGIONS,
    RULE_INTERVAL,
    SCRAPE_INTERVAL,
)

MONITORING = """
standard:
  grafana_dashboard: basic
  alerts:
    - {type: email, events: [critical_errors, service_down]}
  reports: [{type: monthly_summary}]
premium:
  grafana_dashboard: advanced
  alerts:
    - {type: email, events: [all_errors, performance_degradation, quota_warnings]}
    - {type: slack, events: [critical_errors, service_down]}
  reports: [{type: weekly_performance}, {type: monthly_detailed}]
  custom_dashboards: 3
business:
  grafana_dashboard: enterprise_custom
  alerts:
    - {type: email, events: [all]}
    - {type: slack, events: [critical, high]}
    - {type: pagerduty, events: [critical]}
    - {type: sms, events: [critical]}
  reports:
    - {type: daily_health_check, recipients: [ops_team, account_manager]}
    - {type: weekly_performance, recipients: [ops_team, account_manager, client_contact]}
    - {type: monthly_executive_summary, recipients: [all_stakeholders]}
    - {type: quarterly_business_review, recipients: [executive_team]}
  custom_dashboards: unlimited
  api_access: full_prometheus_api
  apm_integration: [datadog, new_relic, elastic_apm]
"""

# One value per tier: Standard, Premium, Business.
WORDS: tuple[tuple[str, list[object]], ...] = (
    ("title", ["Standard", "Premium", "Business"]),
    ("based_on", [None, None, None]),
    ("price.currency", ["EUR", "EUR", "EUR"]),
    ("rate_limit.trusted_ips", [False, False, True]),
    ("database.pooling", ["enabled", "optimised", "load_balanced"]),
    ("database.automatic_failover", [False, False, True]),
    ("object_storage.replication", [False, False, True]),
    ("cdn.path", [None, "/static", "/"]),
    ("cdn.cors_origins", [(), ("*",), ()]),
    ("cdn.functions", [(), (), ("argo_tunnel", "load_balancing", "waf", "ddos_protection_advanced", "rate_limiting_advanced")]),
    ("storage_class.type", ["gp3", "gp3", "gp3"]),
    ("storage_class.encrypted", [True, True, True]),
    ("backup.continuous", [False, False, True]),
    ("sla.emergency_report", [False, False, True]),
    ("support.languages", [("en", "fr"), ("en", "fr", "de", "es"), ("en", "fr", "de", "es")]),
    ("support.timezone", ["Europe/Paris", "Europe/Paris", "Europe/Paris"]),
    ("support.clock", ["weekdays", "always", "always"]),
    ("support.quarterly_reviews", [False, False, True]),
    ("security.pod_security", ["restricted", "restricted", "restricted"]),
    ("security.waf", [False, False, True]),
    ("security.ddos_protection", [False, False, True]),
    ("security.audits", [False, False, True]),
    ("security.compliance", [(), (), ("SOC 2", "PCI-DSS")]),
    ("features.options", [(), (), ("dedicated_database", "multi_region", "slack_connect")]),
    ("grace.report_interval", [86_400, 86_400, 86_400]),
)

THEMES = (
    "Themes predefinis uniquement",
    "Themes personnalisables avec couleurs de marque",
    "Themes entierement personnalisables + options marque blanche",
)
STATISTICS = (
    "Tableaux de bord basiques (ventes, commandes, clients)",
    "Analyses avancees avec rapports personnalises",
    "Analyses temps reel + insights predictifs",
)
ADDED = {
    "premium": """Gestion Multi-sites, Integration CDN, Analyses Avancees, Marketing Email, Support Prioritaire,
        Sauvegardes Toutes les Heures""",
    "business": """Echelle Entreprise, CDN Premium, Options Marque Blanche, Infrastructure Dediee, Support 24/7, Reponse 2 Heures,
        Sauvegardes Temps Reel, Integrations Personnalisees, Securite Avancee, Support Conformite""",
}
BASE = """Selection Theme, Interface d'Administration, Gestion Clients, Gestion Produits, Gestion Ventes, Facturation, Statistiques,
    Support Client (SAV)"""
SEVERITIES = (
    "Service en panne, fonctionnalite majeure indisponible",
    "Fonctionnalite significative alteree",
    "Problemes fonctionnalite mineurs",
    "Questions generales, demandes fonctionnalites",
)


def plain(text: str) -> str:
    """The price list is written without accents, and with capitals of its own."""
    return unicodedata.normalize("NFKD", text.replace("\u2019", "'")).encode("ascii", "ignore").decode().lower()


def values(path: str) -> list[Any]:
    """One entry of the catalog, in each tier."""
    found: list[Any] = list(TIERS.values())
    for word in path.split("."):
        found = [node[word] for node in found]
    return found


@pytest.mark.parametrize(("path", "written"), WORDS)
def test_words(path: str, written: list[object]) -> None:
    assert values(path) == written


def test_monitoring() -> None:
    for name, written in yaml.safe_load(MONITORING).items():
        found = TIERS[name]["monitoring"]
        dashboards = written.get("custom_dashboards", 0)
        assert found["dashboard"] == written["grafana_dashboard"]
        assert found["custom_dashboards"] == (None if dashboards == "unlimited" else dashboards)
        assert [{**alert, "events": list(alert["events"])} for alert in found["alerts"]] == written["alerts"]
        reports = [{"type": report["type"], "recipients": report.get("recipients", [])} for report in written["reports"]]
        assert [{**report, "recipients": list(report["recipients"])} for report in found["reports"]] == reports
        assert found["api_access"] == written.get("api_access")
        assert list(found["apm"]) == written.get("apm_integration", [])


def test_ways_to_the_support() -> None:
    ways = [[(way["type"], way["address"], way["hours"], way["option"]) for way in tier["support"]["channels"]] for tier in TIERS.values()]
    assert ways == [
        [("email", "support@collectverything.com", "Mon-Fri 09:00-18:00", False)],
        [("email", "premium-support@collectverything.com", "24/7", False), ("chat", None, "Mon-Sun 12:00-22:00", False)],
        [
            ("email", "enterprise-support@collectverything.com", "24/7", False),
            ("chat", None, "24/7", False),
            ("phone", None, "24/7", False),
            ("account_manager", None, "direct line", False),
            ("slack_connect", None, "direct line", True),
        ],
    ]


def test_severities() -> None:
    for name in ("standard", "premium"):
        answers = TIERS[name]["support"]["responses"].values()
        assert {(each["meaning"], each["resolution"], each["escalation"]) for each in answers} == {(None, None, None)}
    found = [str(each["meaning"]) for each in TIERS["business"]["support"]["responses"].values()]
    assert [plain(text) for text in found] == [plain(text) for text in SEVERITIES]


def test_what_the_client_reads() -> None:
    assert [plain(text) for text in values("features.theme")] == [plain(text) for text in THEMES]
    assert [plain(text) for text in values("features.statistics")] == [plain(text) for text in STATISTICS]
    assert TIERS["standard"]["features"]["added"] == ()
    for name, heads in ADDED.items():
        found = TIERS[name]["features"]["added"]
        wanted = [plain(head.strip()) for head in heads.split(",")]
        assert [plain(text)[: len(head)] for text, head in zip(found, wanted, strict=True)] == wanted
    groups = [plain(head.strip()) for head in BASE.split(",")]
    assert [plain(text).replace("selection de", "selection") for text in BASE_FEATURES] == groups
    assert [len(items) for items in BASE_FEATURES.values()] == [0, 4, 4, 4, 4, 4, 0, 4]


def test_regions_and_ports() -> None:
    assert [" ".join(region) for region in REGIONS] == [
        "eu-west-1 europe paris",
        "us-east-1 north-america virginia",
        "ap-southeast-1 asia-pacific singapore",
    ]
    assert (PORTS_IN, PORTS_OUT, PORT_DNS) == ((80, 443), (3306, 5672, 9000), 53)


def test_how_often_it_is_looked() -> None:
    """30s, 30s and 3600 in the manifests of the monitoring and of the billing."""
    assert (SCRAPE_INTERVAL, RULE_INTERVAL, BILLING_INTERVAL) == (30, 30, 3600)
