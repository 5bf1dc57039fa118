# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chatwoot itself: what prepares its database, what answers, and what works.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import (
    PLATFORM_KEY,
    PLATFORM_NAME,
    WEB_PORT,
    Desk,
    Manifest,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_pods import (
    AGAIN,
    MIGRATION,
    RAILS_VOLUMES,
    UNTIL_DONE,
    WEB,
    WORKER,
    digest,
    empty,
    from_secret,
    labels_of,
    manifest,
    rails,
    template,
)

MIGRATION_KINDS: Final = ("batch/v1/Job",)
KINDS: Final = ("apps/v1/Deployment", "v1/Service", "autoscaling/v2/HorizontalPodAutoscaler", "policy/v1/PodDisruptionBudget")

# A new Chatwoot makes whoever comes first its owner (/installation/onboarding). So the page is closed before anybody can reach it, and the
# owner is made here, with a password that nobody knows: a new one is asked for by mail. And a first token for the platform is made by a
# super administrator in the browser, or here.
AFTER: Final = """
Redis::Alfred.delete(Redis::Alfred::CHATWOOT_INSTALLATION_ONBOARDING)
email = ENV.fetch("DESK_ADMIN", "")
unless email.empty? || SuperAdmin.exists?
  password = "#{SecureRandom.hex(24)}aA1!"
  user = User.new(name: email.split("@").first, email: email, password: password, type: "SuperAdmin")
  user.skip_confirmation!
  user.save!
end
token = ENV.fetch("DESK_PLATFORM_TOKEN", "")
unless token.empty?
  app = PlatformApp.find_or_create_by!(name: "BlueGreen Orchestrator")
  app.access_token.update!(token: token) unless app.access_token.token == token
end
"""
PREPARE: Final = 'bundle exec rails db:chatwoot_prepare && exec bundle exec rails runner "$DESK_AFTER"'


def migration(desk: Desk) -> list[Manifest]:
    """Return the Job that makes the database what this version needs, in a set of its own: nothing of the version runs before it is done.

    What a Job runs never changes in one that is there, so its name says what it runs. That of the version before is pruned.
    """
    program = rails(
        desk,
        "migration",
        "migration",
        ["sh", "-c", PREPARE],
        # Chatwoot ends each statement after 14 s; an index of a large table takes longer.
        {"POSTGRES_STATEMENT_TIMEOUT": "600s", "DESK_ADMIN": desk.admin, "DESK_AFTER": AFTER.strip()},
    )
    if desk.platform:
        program["env"].append(from_secret(PLATFORM_KEY, PLATFORM_NAME, PLATFORM_KEY))
    pod = template(desk, MIGRATION, "chatwoot", [program], restartPolicy=AGAIN, volumes=empty(*RAILS_VOLUMES))
    spec = {**UNTIL_DONE, "template": pod}
    return [manifest(desk, "batch/v1", "Job", f"{MIGRATION}-{digest(pod)}", labels=labels_of(desk, MIGRATION), spec=spec)]


def manifests(desk: Desk) -> list[Manifest]:
    """Return web and worker, and what finds, scales and protects them."""
    return [*_deployments(desk), _service(desk), *_autoscalers(desk), *_budgets(desk)]


def _deployments(desk: Desk) -> list[Manifest]:
    # Everything that came without TLS is answered with a redirect (FORCE_SSL).
    by_tls = [{"name": "X-Forwarded-Proto", "value": "https"}]
    health = {"httpGet": {"path": "/health", "port": "http", "httpHeaders": by_tls}, "timeoutSeconds": 5}
    web = rails(
        desk,
        "web",
        "web",
        ["bundle", "exec", "rails", "server", "--port", str(WEB_PORT), "--binding", "0.0.0.0"],
        ports=[{"name": "http", "containerPort": WEB_PORT, "protocol": "TCP"}],
        # As the chart has them: /health knows nothing of the databases, so one that is away restarts nobody; /api asks them.
        startupProbe={**health, "failureThreshold": 60, "periodSeconds": 5},
        livenessProbe={**health, "failureThreshold": 3, "periodSeconds": 10},
        readinessProbe={
            "httpGet": {"path": "/api", "port": "http", "httpHeaders": by_tls},
            "failureThreshold": 3,
            "periodSeconds": 10,
            "timeoutSeconds": 5,
        },
        # Requests still come for a moment after the pod has been taken out of its Service.
        lifecycle={"preStop": {"exec": {"command": ["sleep", "5"]}}},
    )
    worker = rails(desk, "worker", "worker", ["bundle", "exec", "sidekiq", "-C", "config/sidekiq.yml"])
    return [_deployment(desk, WEB, "web", web), _deployment(desk, WORKER, "worker", worker)]


def _deployment(desk: Desk, app: str, role: str, program: Manifest) -> Manifest:
    apart = {
        "labelSelector": {"matchLabels": {"app": app}},
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
    }
    pod = template(
        desk,
        app,
        "chatwoot",
        [program],
        # Sidekiq gives its work 25 s to end before it puts it back.
        terminationGracePeriodSeconds=60,
        topologySpreadConstraints=[apart],
        volumes=empty(*RAILS_VOLUMES),
    )
    spec: Manifest = {
        "selector": {"matchLabels": {"app": app}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": pod,
    }
    least, most = desk.pods[role]
    # Said here, every run would set back what the autoscaler has decided.
    if least == most:
        spec["replicas"] = least
    return manifest(desk, "apps/v1", "Deployment", app, labels=labels_of(desk, app), spec=spec)


def _service(desk: Desk) -> Manifest:
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}
    spec = {"ports": [port], "selector": {"app": WEB}, "type": "ClusterIP"}
    return manifest(desk, "v1", "Service", WEB, labels=labels_of(desk, WEB), spec=spec)


def _autoscalers(desk: Desk) -> list[Manifest]:
    return [_autoscaler(desk, app, *desk.pods[role]) for app, role in _scaled() if len(set(desk.pods[role])) > 1]


def _autoscaler(desk: Desk, app: str, least: int, most: int) -> Manifest:
    target = {"type": "Utilization", "averageUtilization": desk.cpu_percent}
    spec: dict[str, Any] = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": app},
        "minReplicas": least,
        "maxReplicas": most,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return manifest(desk, "autoscaling/v2", "HorizontalPodAutoscaler", app, spec=spec)


def _budgets(desk: Desk) -> list[Manifest]:
    """Return the budgets; one for a single pod would keep its node from ever being emptied."""
    return [
        manifest(desk, "policy/v1", "PodDisruptionBudget", app, spec={"maxUnavailable": 1, "selector": {"matchLabels": {"app": app}}})
        for app, role in _scaled()
        if desk.pods[role][0] > 1
    ]


def _scaled() -> tuple[tuple[str, str], ...]:
    return ((WEB, "web"), (WORKER, "worker"))
