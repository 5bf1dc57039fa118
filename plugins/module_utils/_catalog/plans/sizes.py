# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large a Chatwoot of ours is, per plan, as data.

PRIVATE: for this collection's own plugins, not a public interface.

The seed sells people and conversations and says nothing of pods, so these are the figures of Chatwoot's own Helm chart (2.0.23,
``values.yaml``), and where that has none, of the charts and documents beside it (ADR-0021 has the source of each). Quantities are
written as Kubernetes writes them.
"""

from __future__ import annotations

from typing import Final, TypedDict


class Scaling(TypedDict):
    """How many pods a program has; the same number twice needs no autoscaler."""

    least: int
    most: int


class DeskSize(TypedDict):
    """The size of one plan.

    Keys:
        web: pods that answer requests.
        worker: pods that work off the queues.
        cpu_percent: use of the CPU that was asked for, from which more pods are started.
    """

    web: Scaling
    worker: Scaling
    cpu_percent: int


# Of a plan that GLOBAL conf adds, those of the plan that it is based on are taken; see ``_chat_plan.base_of``.
DESK_SIZES: Final[dict[str, DeskSize]] = {
    # The chart as it comes: one that answers, two that work, nothing scaled.
    "starter": {"web": {"least": 1, "most": 1}, "worker": {"least": 2, "most": 2}, "cpu_percent": 75},
    # The chart's autoscalers, which it has switched off.
    "pro": {"web": {"least": 1, "most": 10}, "worker": {"least": 2, "most": 10}, "cpu_percent": 75},
    # 99.9 % are 43 minutes a month: a single pod that moves to another node for every update of nodes would use them up.
    "enterprise": {"web": {"least": 2, "most": 10}, "worker": {"least": 2, "most": 10}, "cpu_percent": 75},
}

# By program. The chart leaves them empty: 1000Mi are what it gives its migration, which is one Rails process like web and worker; 250m are
# its commented example; together with the databases they are the 4 cores and 4 GB that Chatwoot's documents ask for.
RESOURCES: Final[dict[str, dict[str, dict[str, str]]]] = {
    "web": {"requests": {"cpu": "250m", "memory": "1000Mi"}, "limits": {"cpu": "1", "memory": "1000Mi"}},
    "worker": {"requests": {"cpu": "250m", "memory": "1000Mi"}, "limits": {"cpu": "1", "memory": "1000Mi"}},
    "migration": {"requests": {"cpu": "250m", "memory": "1000Mi"}, "limits": {"cpu": "1", "memory": "1000Mi"}},
    "postgres": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    "redis": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "250m", "memory": "256Mi"}},
    "backup": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}},
    "exporter": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}},
}

# Of each of the two databases in the cluster, as the chart's own two charts have it.
VOLUME: Final = "8Gi"
