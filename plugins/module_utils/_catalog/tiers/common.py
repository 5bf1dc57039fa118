# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tiers share, and the few figures that follow from others.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from typing import Final, TypedDict

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import (
    DAY,
    GI,
    HOUR,
    MI,
    MINUTE,
    Bucket,
    Grace,
    Limits,
    ObjectStorage,
    RateLimit,
)

# A shop consists of 13 services. The seed names five, in its upgrade script: those that scale.
SERVICES: Final = 13
SCALED: Final = ("api-gateway", "auth-service", "products-service", "baskets-service", "orders-service")
CLAIMS_PER_SITE: Final = 3

# One LimitRange: the seed writes one, for every tier (ADR-0012).
LIMITS: Final[Limits] = {
    "Container": {
        "max": {"cpu": 2000, "memory": 4 * GI},
        "min": {"cpu": 50, "memory": 64 * MI},
        "default": {"cpu": 500, "memory": 512 * MI},
        "defaultRequest": {"cpu": 200, "memory": 256 * MI},
    },
    "Pod": {"max": {"cpu": 4000, "memory": 8 * GI}},
    "PersistentVolumeClaim": {"max": {"storage": 100 * GI}, "min": {"storage": 1 * GI}},
}

GRACE: Final[Grace] = {
    "period": 30 * DAY,
    "reminders": (7 * DAY, 14 * DAY, 21 * DAY, 28 * DAY),
    "final_warning": 24 * HOUR,
    "report_interval": DAY,
}

# Eight groups that every tier has, in the words of the seed.
BASE_FEATURES: Final[dict[str, tuple[str, ...]]] = {
    "Sélection de thème": (),
    "Interface d\u2019administration": (
        "Gestion utilisateurs",
        "Contrôle d\u2019accès basé sur les rôles (RBAC)",
        "Journalisation activités",
        "Gestion paramètres",
    ),
    "Gestion clients": ("Profils clients", "Historique commandes", "Informations contact", "Historique communications"),
    "Gestion produits": ("Catalogue produits", "Suivi inventaire", "Catégories et tags", "Variantes produits"),
    "Gestion ventes": ("Traitement commandes", "Intégration paiement", "Historique transactions", "Traitement remboursements"),
    "Facturation": ("Génération automatique factures", "Export PDF", "Modèles factures", "Calcul taxes"),
    "Statistiques": (),
    "Support client (SAV)": ("Gestion tickets", "Intégration email", "Base de connaissances", "Suivi réponses"),
}

# Where a Business tenant's shop can run as well (option multi_region): cluster, region, data centre.
REGIONS: Final = (
    ("eu-west-1", "europe", "paris"),
    ("us-east-1", "north-america", "virginia"),
    ("ap-southeast-1", "asia-pacific", "singapore"),
)

# TCP ports that the gateway may be reached on, and may reach: MySQL, RabbitMQ, MinIO. The seed forgets DNS (ADR-0012).
PORTS_IN: Final = (80, 443)
PORTS_OUT: Final = (3306, 5672, 9000)
PORT_DNS: Final = 53


class Threshold(TypedDict):
    """An alert rings when use is above ``percent`` of the limit for ``hold`` seconds."""

    percent: int
    hold: int
    severity: str


THRESHOLDS: Final[dict[str, Threshold]] = {
    "cpu_warning": {"percent": 80, "hold": 5 * MINUTE, "severity": "warning"},
    "cpu_critical": {"percent": 95, "hold": 2 * MINUTE, "severity": "critical"},
    "memory_warning": {"percent": 80, "hold": 5 * MINUTE, "severity": "warning"},
    "storage_warning": {"percent": 80, "hold": 10 * MINUTE, "severity": "warning"},
    "api_rate_warning": {"percent": 90, "hold": 2 * MINUTE, "severity": "warning"},
    "products_warning": {"percent": 90, "hold": 0, "severity": "warning"},
}

# From here on a quota fills up, and is nearly full: where the price list's alerts warn, and become critical.
FILLING_PERCENT: Final = THRESHOLDS["cpu_warning"]["percent"]
TIGHT_PERCENT: Final = THRESHOLDS["cpu_critical"]["percent"]

# Seconds between two looks: of Prometheus at a tenant, of its rules at the figures, of the billing at both.
SCRAPE_INTERVAL: Final = 30
RULE_INTERVAL: Final = 30
BILLING_INTERVAL: Final = HOUR


def rate_limit(per_minute: int, burst_multiplier: int, connections: int, *, trusted_ips: bool = False) -> RateLimit:
    """Derive what is counted by the second. Rounded down, so nobody is let through beyond what was sold."""
    per_second = per_minute // 60
    return {
        "requests_per_minute": per_minute,
        "requests_per_second": per_second,
        "burst_multiplier": burst_multiplier,
        "burst": per_second * burst_multiplier,
        "connections": connections,
        "trusted_ips": trusted_ips,
    }


def object_storage(buckets: dict[str, Bucket], presigned_url_expiry: int, *, replication: bool = False) -> ObjectStorage:
    """Derive the total: it is the sum of the buckets, whoever changes one of them."""
    total = sum(bucket["quota"] for bucket in buckets.values())
    return {"buckets": buckets, "total": total, "presigned_url_expiry": presigned_url_expiry, "replication": replication}
