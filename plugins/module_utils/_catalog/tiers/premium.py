# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tier Premium.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import (
    GRACE,
    LIMITS,
    SCALED,
    SERVICES,
    object_storage,
    rate_limit,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import DAY, GB, GI, HOUR, MB, MI, Tier

PREMIUM: Final[Tier] = {
    "name": "premium",
    "title": "Premium",
    "based_on": None,
    "custom": False,
    "price": {
        "currency": "EUR",
        "monthly_cents": 12499,
        "yearly_cents": 124900,
        "yearly_discount_percent": 16,
        "yearly_free_months": 2,
        "starting_from": False,
    },
    "sites": 3,
    "domains": 3,
    "concurrent_users": 1000,
    "products": 15000,
    "orders_per_month": 30000,
    "services": SERVICES,
    "quota": {
        "requests.cpu": 6000,
        "requests.memory": 12 * GI,
        "limits.cpu": 12000,
        "limits.memory": 24 * GI,
        "requests.storage": 150 * GI,
        "persistentvolumeclaims": 9,
        "services.loadbalancers": 3,
        "pods": 50,
    },
    "limits": LIMITS,
    "resources": {
        "requests": {"cpu": 500, "memory": 512 * MI},
        "limits": {"cpu": 1000, "memory": 1 * GI},
    },
    "autoscaling": {
        "services": SCALED,
        "min_replicas": 3,
        "max_replicas": 6,
        "cpu_percent": 70,
        "memory_percent": 75,
        "http_requests_per_second": 100,
        "queue_depth": None,
        "scale_up": {
            "stabilization": 60,
            "policies": ({"type": "Percent", "value": 100, "period": 60},),
            "select_policy": None,
        },
        "scale_down": {
            "stabilization": 300,
            "policies": ({"type": "Percent", "value": 50, "period": 60},),
            "select_policy": None,
        },
    },
    "rate_limit": rate_limit(3000, burst_multiplier=3, connections=200),
    "database": {
        "connections_per_service": 30,
        "query_timeout": 60,
        "max_query_size": 10 * MB,
        "pooling": "optimised",
        "slow_query_ms": 1000,
        "read_replicas": 1,
        "automatic_failover": False,
        "point_in_time_recovery": 0,
        "dedicated_cluster": None,
    },
    "object_storage": object_storage(
        {
            "products": {
                "quota": 60 * GB,
                "max_file_size": 25 * MB,
                "allowed_types": ("image/*", "video/mp4", "video/webm"),
                "cdn": True,
                "versioning": False,
            },
            "sav": {
                "quota": 20 * GB,
                "max_file_size": 50 * MB,
                "allowed_types": ("application/*", "image/*", "text/*", "video/*"),
                "cdn": False,
                "versioning": False,
            },
            "newsletters": {
                "quota": 20 * GB,
                "max_file_size": 10 * MB,
                "allowed_types": ("text/html", "image/*", "application/pdf"),
                "cdn": False,
                "versioning": False,
            },
        },
        presigned_url_expiry=2 * HOUR,
    ),
    "cdn": {
        "provider": "cloudflare",
        "bandwidth": 100 * GB,
        "path": "/static",
        "cors_origins": ("*",),
        "dns_ttl": 300,
        "functions": (),
    },
    "queues": {
        "max_message_size": 10 * MB,
        "queue_max_length": 30000,
        "message_ttl": 7 * DAY,
        "max_priority": 10,
        "consumer_timeout": 1 * HOUR,
        "dead_letter_exchange": True,
        "federation": False,
        "high_availability": False,
        "cluster_nodes": 1,
    },
    "storage_class": {"type": "gp3", "iops": 10000, "throughput": 500, "encrypted": True},
    "monitoring": {
        "dashboard": "advanced",
        "custom_dashboards": 3,
        "metrics_retention": 90 * DAY,
        "logs_retention": 0,
        "trace_sampling_percent": 0,
        "alerts": (
            {"type": "email", "events": ("all_errors", "performance_degradation", "quota_warnings")},
            {"type": "slack", "events": ("critical_errors", "service_down")},
        ),
        "reports": ({"type": "weekly_performance", "recipients": ()}, {"type": "monthly_detailed", "recipients": ()}),
        "api_access": None,
        "apm": (),
    },
    "backup": {"cadence": "hourly", "interval": HOUR, "continuous": False, "retention": 30 * DAY},
    "sla": {
        "availability_bp": 9990,
        "compensation": {"percent": 10, "step_bp": 10},
        "maintenance": {"counted": False, "max_per_month": 2 * HOUR, "notice": 7 * DAY},
        "emergency_report": False,
    },
    "support": {
        "channels": (
            {"type": "email", "address": "premium-support@collectverything.com", "hours": "24/7", "option": False},
            {"type": "chat", "address": None, "hours": "Mon-Sun 12:00-22:00", "option": False},
        ),
        "languages": ("en", "fr", "de", "es"),
        "timezone": "Europe/Paris",
        "clock": "always",
        "responses": {
            severity: {"meaning": None, "response": 12 * HOUR, "resolution": None, "escalation": None}
            for severity in ("critical", "high", "medium", "low")
        },
        "quarterly_reviews": False,
    },
    "security": {"pod_security": "restricted", "waf": False, "ddos_protection": False, "audits": False, "compliance": ()},
    "features": {
        "theme": "Thèmes personnalisables avec couleurs de marque",
        "statistics": "Analyses avancées avec rapports personnalisés",
        "added": (
            "Gestion multi-sites : gérer jusqu\u2019à 3 sites e-commerce depuis un seul tableau de bord",
            "Intégration CDN : CDN CloudFlare avec 100 Go/mois de bande passante",
            "Analyses avancées : rapports personnalisés, suivi conversions, segmentation clients",
            "Marketing email : campagnes automatisées, tests A/B, segmentation avancée",
            "Support prioritaire : email et chat en direct avec temps de réponse de 12 heures",
            "Sauvegardes toutes les heures, avec rétention de 30 jours",
        ),
        "options": (),
    },
    "grace": GRACE,
}
