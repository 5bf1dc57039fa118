# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tier Standard.

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
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import DAY, GB, GI, HOUR, MB, MI, MINUTE, Tier

STANDARD: Final[Tier] = {
    "name": "standard",
    "title": "Standard",
    "based_on": None,
    "custom": False,
    "price": {
        "currency": "EUR",
        "monthly_cents": 4999,
        "yearly_cents": 49900,
        "yearly_discount_percent": 16,
        "yearly_free_months": 2,
        "starting_from": False,
    },
    "sites": 1,
    "domains": 1,
    "concurrent_users": 200,
    "products": 2000,
    "orders_per_month": 5000,
    "services": SERVICES,
    "quota": {
        "requests.cpu": 2000,
        "requests.memory": 4 * GI,
        "limits.cpu": 4000,
        "limits.memory": 8 * GI,
        "requests.storage": 50 * GI,
        "persistentvolumeclaims": 3,
        "services.loadbalancers": 1,
        "pods": 15,
    },
    "limits": LIMITS,
    "resources": {
        "requests": {"cpu": 200, "memory": 256 * MI},
        "limits": {"cpu": 400, "memory": 512 * MI},
    },
    "autoscaling": {
        "services": SCALED,
        "min_replicas": 2,
        "max_replicas": 3,
        "cpu_percent": 70,
        "memory_percent": 75,
        "http_requests_per_second": None,
        "queue_depth": None,
        "scale_up": None,
        "scale_down": {
            "stabilization": 300,
            "policies": ({"type": "Percent", "value": 50, "period": 60},),
            "select_policy": None,
        },
    },
    "rate_limit": rate_limit(500, burst_multiplier=2, connections=50),
    "database": {
        "connections_per_service": 10,
        "query_timeout": 30,
        "max_query_size": 1 * MB,
        "pooling": "enabled",
        "slow_query_ms": 2000,
        "read_replicas": 0,
        "automatic_failover": False,
        "point_in_time_recovery": 0,
        "dedicated_cluster": None,
    },
    "object_storage": object_storage(
        {
            "products": {
                "quota": 15 * GB,
                "max_file_size": 5 * MB,
                "allowed_types": ("image/jpeg", "image/png", "image/webp", "image/gif"),
                "cdn": False,
                "versioning": False,
            },
            "sav": {
                "quota": 5 * GB,
                "max_file_size": 10 * MB,
                "allowed_types": ("application/pdf", "image/*", "text/plain"),
                "cdn": False,
                "versioning": False,
            },
            "newsletters": {
                "quota": 5 * GB,
                "max_file_size": 2 * MB,
                "allowed_types": ("text/html", "image/*", "application/pdf"),
                "cdn": False,
                "versioning": False,
            },
        },
        presigned_url_expiry=1 * HOUR,
    ),
    "cdn": {"provider": None, "bandwidth": 0, "path": None, "cors_origins": (), "dns_ttl": None, "functions": ()},
    "queues": {
        "max_message_size": 1 * MB,
        "queue_max_length": 5000,
        "message_ttl": 24 * HOUR,
        "max_priority": 10,
        "consumer_timeout": 30 * MINUTE,
        "dead_letter_exchange": False,
        "federation": False,
        "high_availability": False,
        "cluster_nodes": 1,
    },
    "storage_class": {"type": "gp3", "iops": 3000, "throughput": 125, "encrypted": True},
    "monitoring": {
        "dashboard": "basic",
        "custom_dashboards": 0,
        "metrics_retention": 30 * DAY,
        "logs_retention": 0,
        "trace_sampling_percent": 0,
        "alerts": ({"type": "email", "events": ("critical_errors", "service_down")},),
        "reports": ({"type": "monthly_summary", "recipients": ()},),
        "api_access": None,
        "apm": (),
    },
    "backup": {"cadence": "daily", "interval": DAY, "continuous": False, "retention": 7 * DAY},
    "sla": {
        "availability_bp": 9950,
        "compensation": {"percent": 5, "step_bp": 10},
        "maintenance": {"counted": False, "max_per_month": None, "notice": None},
        "emergency_report": False,
    },
    "support": {
        "channels": ({"type": "email", "address": "support@collectverything.com", "hours": "Mon-Fri 09:00-18:00", "option": False},),
        "languages": ("en", "fr"),
        "timezone": "Europe/Paris",
        "clock": "weekdays",
        "responses": {
            severity: {"meaning": None, "response": 48 * HOUR, "resolution": None, "escalation": None}
            for severity in ("critical", "high", "medium", "low")
        },
        "quarterly_reviews": False,
    },
    "security": {"pod_security": "restricted", "waf": False, "ddos_protection": False, "audits": False, "compliance": ()},
    "features": {
        "theme": "Thèmes prédéfinis uniquement",
        "statistics": "Tableaux de bord basiques (ventes, commandes, clients)",
        "added": (),
        "options": (),
    },
    "grace": GRACE,
}
