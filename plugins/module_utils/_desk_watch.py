# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus looks at in a Chatwoot of ours, and when it calls somebody.

PRIVATE: for this collection's own plugins, not a public interface.

Chatwoot tells Prometheus nothing of itself, so there are exporters beside the two databases, and kube-state-metrics and cert-manager know
the rest.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import Desk, Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_pods import BACKUP, POSTGRES, REDIS, WEB, WORKER, manifest

OPERATOR: Final = "monitoring.coreos.com/v1"
KINDS: Final = (f"{OPERATOR}/ServiceMonitor", f"{OPERATOR}/PrometheusRule")
# A day and two hours: the daily backup, and what one may take.
BACKUP_SECONDS: Final = 93600


def manifests(desk: Desk) -> list[Manifest]:
    """Return what is read and what is told; nothing where nobody watches."""
    if not desk.watch.enabled:
        return []
    stores = [name for name, store in ((POSTGRES, desk.database), (REDIS, desk.redis)) if not store.external]
    return [*_monitors(desk, stores), _rules(desk, stores)]


def _monitors(desk: Desk, stores: list[str]) -> list[Manifest]:
    return [
        manifest(
            desk,
            OPERATOR,
            "ServiceMonitor",
            name,
            labels=desk.watch.labels,
            spec={"endpoints": [{"interval": "30s", "port": "metrics"}], "selector": {"matchLabels": {"app": name}}},
        )
        for name in stores
    ]


def _rules(desk: Desk, stores: list[str]) -> Manifest:
    here = f'namespace="{desk.namespace}"'
    ending = "certmanager_certificate_expiration_timestamp_seconds"
    rules = [
        _alert(desk, "ChatwootDown", f'kube_deployment_status_replicas_available{{{here},deployment="{WEB}"}} < 1', "2m", "critical",
               "Nobody answers: no pod of the web is available."),
        _alert(desk, "ChatwootNotWorking", f'kube_deployment_status_replicas_available{{{here},deployment="{WORKER}"}} < 1', "5m",
               "critical", "Messages and mails wait: no pod of the worker is available."),
        _alert(desk, "ChatwootBackupOld",
               f'time() - kube_cronjob_status_last_successful_time{{{here},cronjob="{BACKUP}"}} > {BACKUP_SECONDS}', "10m", "warning",
               "There is no backup of the last day."),
        # Of the last day: failed Jobs are kept, and none of them is news for ever. kube_job_status_failed counts pods, also of a Job that
        # was done by its next one (https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/job-metrics.md).
        _alert(desk, "ChatwootBackupFailed",
               f'kube_job_failed{{{here},job_name=~"{BACKUP}-.*",condition="true"}} > 0'
               f" and on (namespace, job_name) time() - kube_job_created{{{here}}} < {BACKUP_SECONDS}", "10m", "warning",
               "A backup failed; see the logs of its pod."),
        _alert(desk, "ChatwootVolumeFilling",
               f"kubelet_volume_stats_used_bytes{{{here}}} / kubelet_volume_stats_capacity_bytes{{{here}}} > 0.85", "15m", "warning",
               "A volume is more than 85 % full; enlarge it."),
        # Scraped as cert-manager's own page says, without honorLabels, its metrics have the certificate's namespace in exported_namespace
        # (https://cert-manager.io/docs/devops-tips/prometheus-metrics/).
        _alert(desk, "ChatwootCertificateEnding",
               f"({ending}{{{here}}} or {ending}{{exported_{here}}}) - time() < 1209600", "1h", "warning",
               "The certificate ends within 14 days, and cert-manager has not renewed it."),
    ]  # fmt: skip
    gauges = {POSTGRES: ("ChatwootPostgresDown", "pg_up"), REDIS: ("ChatwootRedisDown", "redis_up")}
    rules += [
        _alert(desk, gauges[name][0], f"{gauges[name][1]}{{{here}}} < 1", "2m", "critical", f"{name} does not answer.") for name in stores
    ]
    groups = [{"name": desk.namespace, "rules": rules}]
    return manifest(desk, OPERATOR, "PrometheusRule", "chatwoot", labels=desk.watch.labels, spec={"groups": groups})


def _alert(desk: Desk, name: str, expression: str, lasting: str, severity: str, summary: str) -> Manifest:
    return {
        "alert": name,
        "annotations": {"summary": f"Chatwoot of {desk.client}: {summary}"},
        "expr": expression,
        "for": lasting,
        "labels": {"client": desk.client, "plan": desk.plan["name"], "severity": severity},
    }
