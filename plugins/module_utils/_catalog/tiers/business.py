# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tier Business. Its figures are the least: a tenant may have agreed on more.

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
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import DAY, GB, GI, HOUR, MB, Tier

BUSINESS: Final[Tier] = {
    "name": "business",
    "title": "Business",
    "based_on": None,
    "custom": True,
    "price": {
        "currency": "EUR",
        "monthly_cents": 14999,
        "yearly_cents": None,
        "yearly_discount_percent": None,
        "yearly_free_months": None,
        "starting_from": True,
    },
    "sites": 10,
    "domains": 10,
    "concurrent_users": 5000,
    "products": None,
    "orders_per_month": None,
    "services": SERVICES,
    "quota": {
        "requests.cpu": 12000,
        "requests.memory": 24 * GI,
        "limits.cpu": 24000,
        "limits.memory": 48 * GI,
        "requests.storage": 300 * GI,
        "persistentvolumeclaims": 30,
        "services.loadbalancers": 10,
        "pods": 100,
    },
    "limits": LIMITS,
    "resources": {
        "requests": {"cpu": 1000, "memory": 1 * GI},
        "limits": {"cpu": 2000, "memory": 2 * GI},
    },
    "autoscaling": {
        "services": SCALED,
        "min_replicas": 6,
        "max_replicas": 15,
        "cpu_percent": 70,
        "memory_percent": 75,
        "http_requests_per_second": 200,
        "queue_depth": 100,
        "scale_up": {
            "stabilization": 30,
            "policies": ({"type": "Percent", "value": 100, "period": 30}, {"type": "Pods", "value": 4, "period": 30}),
            "select_policy": "Max",
        },
        "scale_down": {
            "stabilization": 300,
            "policies": ({"type": "Percent", "value": 25, "period": 60},),
            "select_policy": None,
        },
    },
    "rate_limit": rate_limit(15000, burst_multiplier=5, connections=1000, trusted_ips=True),
    "database": {
        "connections_per_service": 100,
        "query_timeout": 300,
        "max_query_size": 100 * MB,
        "pooling": "load_balanced",
        "slow_query_ms": 500,
        "read_replicas": 3,
        "automatic_failover": True,
        "point_in_time_recovery": 30 * DAY,
        "dedicated_cluster": {
            "kind": "MySQL InnoDB Cluster",
            "instances": 5,
            "routers": 3,
            "resources": {
                "requests": {"cpu": 4000, "memory": 8 * GI},
                "limits": {"cpu": 8000, "memory": 16 * GI},
            },
            "storage": 100 * GI,
        },
    },
    "object_storage": object_storage(
        {
            "products": {
                "quota": 300 * GB,
                "max_file_size": 500 * MB,
                "allowed_types": ("*/*",),
                "cdn": True,
                "versioning": True,
            },
            "sav": {
                "quota": 100 * GB,
                "max_file_size": 500 * MB,
                "allowed_types": ("*/*",),
                "cdn": False,
                "versioning": True,
            },
            "newsletters": {
                "quota": 100 * GB,
                "max_file_size": 100 * MB,
                "allowed_types": ("*/*",),
                "cdn": False,
                "versioning": True,
            },
        },
        presigned_url_expiry=24 * HOUR,
        replication=True,
    ),
    "cdn": {
        "provider": "cloudflare_enterprise",
        "bandwidth": None,
        "path": "/",
        "cors_origins": (),
        "dns_ttl": 120,
        "functions": ("argo_tunnel", "load_balancing", "waf", "ddos_protection_advanced", "rate_limiting_advanced"),
    },
    "queues": {
        "max_message_size": 100 * MB,
        "queue_max_length": None,
        "message_ttl": 30 * DAY,
        "max_priority": 255,
        "consumer_timeout": 2 * HOUR,
        "dead_letter_exchange": True,
        "federation": True,
        "high_availability": True,
        "cluster_nodes": 3,
    },
    "storage_class": {"type": "gp3", "iops": 16000, "throughput": 1000, "encrypted": True},
    "monitoring": {
        "dashboard": "enterprise_custom",
        "custom_dashboards": None,
        "metrics_retention": 365 * DAY,
        "logs_retention": 90 * DAY,
        "trace_sampling_percent": 100,
        "alerts": (
            {"type": "email", "events": ("all",)},
            {"type": "slack", "events": ("critical", "high")},
            {"type": "pagerduty", "events": ("critical",)},
            {"type": "sms", "events": ("critical",)},
        ),
        "reports": (
            {"type": "daily_health_check", "recipients": ("ops_team", "account_manager")},
            {"type": "weekly_performance", "recipients": ("ops_team", "account_manager", "client_contact")},
            {"type": "monthly_executive_summary", "recipients": ("all_stakeholders",)},
            {"type": "quarterly_business_review", "recipients": ("executive_team",)},
        ),
        "api_access": "full_prometheus_api",
        "apm": ("datadog", "new_relic", "elastic_apm"),
    },
    "backup": {"cadence": "real_time", "interval": HOUR, "continuous": True, "retention": 30 * DAY},
    "sla": {
        "availability_bp": 9995,
        "compensation": {"percent": 25, "step_bp": 10},
        "maintenance": {"counted": False, "max_per_month": 1 * HOUR, "notice": 14 * DAY},
        "emergency_report": True,
    },
    "support": {
        "channels": (
            {"type": "email", "address": "enterprise-support@collectverything.com", "hours": "24/7", "option": False},
            {"type": "chat", "address": None, "hours": "24/7", "option": False},
            {"type": "phone", "address": None, "hours": "24/7", "option": False},
            {"type": "account_manager", "address": None, "hours": "direct line", "option": False},
            {"type": "slack_connect", "address": None, "hours": "direct line", "option": True},
        ),
        "languages": ("en", "fr", "de", "es"),
        "timezone": "Europe/Paris",
        "clock": "always",
        "responses": {
            "critical": {
                "meaning": "Service en panne, fonctionnalité majeure indisponible",
                "response": 2 * HOUR,
                "resolution": 4 * HOUR,
                "escalation": 0,
            },
            "high": {
                "meaning": "Fonctionnalité significative altérée",
                "response": 4 * HOUR,
                "resolution": 8 * HOUR,
                "escalation": 6 * HOUR,
            },
            "medium": {
                "meaning": "Problèmes fonctionnalité mineurs",
                "response": 8 * HOUR,
                "resolution": 24 * HOUR,
                "escalation": 16 * HOUR,
            },
            "low": {
                "meaning": "Questions générales, demandes fonctionnalités",
                "response": 12 * HOUR,
                "resolution": 48 * HOUR,
                "escalation": 24 * HOUR,
            },
        },
        "quarterly_reviews": True,
    },
    "security": {
        "pod_security": "restricted",
        "waf": True,
        "ddos_protection": True,
        "audits": True,
        "compliance": ("SOC 2", "PCI-DSS"),
    },
    "features": {
        "theme": "Thèmes entièrement personnalisables + options marque blanche",
        "statistics": "Analyses temps réel + insights prédictifs",
        "added": (
            "Échelle entreprise : jusqu\u2019à 10 sites e-commerce et domaines",
            "CDN Premium : bande passante illimitée avec emplacements edge mondiaux",
            "Options marque blanche : personnalisation marque, retrait branding plateforme",
            "Infrastructure dédiée : cluster base de données dédié en option",
            "Support 24/7 : support téléphonique avec gestionnaire de compte dédié",
            "Réponse 2 heures : réponse garantie sous 2 heures pour problèmes critiques",
            "Sauvegardes temps réel : sauvegarde continue avec récupération point-in-time",
            "Intégrations personnalisées : intégration ERP, CRM, logiciels comptables",
            "Sécurité avancée : WAF, protection DDoS, audits sécurité",
            "Support conformité : assistance conformité SOC 2, PCI-DSS",
        ),
        "options": ("dedicated_database", "multi_region", "slack_connect"),
    },
    "grace": GRACE,
}
