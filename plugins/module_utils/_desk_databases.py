# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The databases of a Chatwoot of ours, where they run in the cluster: PostgreSQL with its extensions, and Redis.

PRIVATE: for this collection's own plugins, not a public interface.

Passwords come from the Secret that was made once. Neither stands in a command line: a list of processes shows those.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import (
    KEYS_NAME,
    POSTGRES_METRICS,
    POSTGRES_PORT,
    REDIS_METRICS,
    REDIS_PORT,
    Database,
    Desk,
    Manifest,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_pods import (
    POSTGRES,
    REDIS,
    container,
    digest,
    empty,
    from_secret,
    labels_of,
    manifest,
    template,
    variables,
)

KINDS: Final = ("v1/ConfigMap", "v1/Service", "apps/v1/StatefulSet")

# What Chatwoot's schema asks for (db/schema.rb). Made with the database, for only its owner may later.
EXTENSIONS: Final = ("vector", "pg_trgm", "pgcrypto", "pg_stat_statements")

# A file that only its own pod sees. Nothing is forgotten where memory is short: what waits in Redis is work of Sidekiq
# (https://github.com/sidekiq/sidekiq/wiki/Using-Redis#memory).
REDIS_START: Final = (
    "umask 077; printf 'requirepass %s\\n' \"$REDIS_PASSWORD\" > /run/redis/password.conf;"
    " exec redis-server /run/redis/password.conf --appendonly yes --dir /data --maxmemory-policy noeviction"
)
REDIS_ASK: Final = 'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli ping | grep -q PONG'


def manifests(desk: Desk) -> list[Manifest]:
    """Return what runs in the cluster; nothing of a database that is elsewhere."""
    found = [] if desk.database.external else _postgres(desk)
    return found + ([] if desk.redis.external else _redis(desk))


def _postgres(desk: Desk) -> list[Manifest]:
    sql = "".join(f"CREATE EXTENSION IF NOT EXISTS {name};\n" for name in EXTENSIONS)
    settings = manifest(desk, "v1", "ConfigMap", POSTGRES, data={"extensions.sql": sql})
    # By TCP: while the image makes a new database, a server for itself alone answers on the socket, and is stopped again.
    asked = ["pg_isready", "--host", "127.0.0.1", "--username", desk.database.user, "--dbname", desk.database.name]
    program = container(
        desk,
        "postgres",
        "postgres_image",
        "postgres",
        {"data": "/var/lib/postgresql/data", "extensions": "/docker-entrypoint-initdb.d", "run": "/var/run/postgresql", "tmp": "/tmp"},
        args=["-c", "shared_preload_libraries=pg_stat_statements"],
        env=[
            *variables(
                {
                    "POSTGRES_DB": desk.database.name,
                    "POSTGRES_USER": desk.database.user,
                    # Below the volume, which on many disks is not empty (lost+found).
                    "PGDATA": "/var/lib/postgresql/data/pgdata",
                    # The image lets everybody on the same machine in otherwise: a shell in the pod would need no password.
                    "POSTGRES_INITDB_ARGS": "--auth-local=scram-sha-256 --auth-host=scram-sha-256 --data-checksums",
                }
            ),
            from_secret("POSTGRES_PASSWORD", KEYS_NAME, "POSTGRES_PASSWORD"),
        ],
        ports=[{"name": "postgres", "containerPort": POSTGRES_PORT, "protocol": "TCP"}],
        # A database that recovers from a crash answers nobody for minutes, and to restart it would begin that anew.
        startupProbe={"exec": {"command": asked}, "failureThreshold": 60, "periodSeconds": 5},
        readinessProbe={"exec": {"command": asked}, "periodSeconds": 10, "timeoutSeconds": 5},
        livenessProbe={"exec": {"command": asked}, "failureThreshold": 6, "periodSeconds": 10, "timeoutSeconds": 5},
    )
    exporter = container(
        desk,
        "exporter",
        "postgres_exporter_image",
        "exporter",
        env=[
            *variables({"DATA_SOURCE_URI": f"127.0.0.1:{POSTGRES_PORT}/{desk.database.name}?sslmode=disable"}),
            *variables({"DATA_SOURCE_USER": desk.database.user}),
            from_secret("DATA_SOURCE_PASS", KEYS_NAME, "POSTGRES_PASSWORD"),
        ],
        ports=[{"name": "metrics", "containerPort": POSTGRES_METRICS, "protocol": "TCP"}],
    )
    volumes = [*empty("run", "tmp"), {"name": "extensions", "configMap": {"name": POSTGRES}}]
    pods = [program, *([exporter] if desk.watch.enabled else [])]
    return [settings, *_store(desk, POSTGRES, "postgres", POSTGRES_PORT, POSTGRES_METRICS, desk.database, pods, volumes, digest(sql))]


def _redis(desk: Desk) -> list[Manifest]:
    password = from_secret("REDIS_PASSWORD", KEYS_NAME, "REDIS_PASSWORD")
    asked = {"exec": {"command": ["sh", "-c", REDIS_ASK]}, "periodSeconds": 10, "timeoutSeconds": 5}
    program = container(
        desk,
        "redis",
        "redis_image",
        "redis",
        {"data": "/data", "run": "/run/redis"},
        command=["sh", "-c", REDIS_START],
        env=[password],
        ports=[{"name": "redis", "containerPort": REDIS_PORT, "protocol": "TCP"}],
        readinessProbe=asked,
        livenessProbe={**asked, "failureThreshold": 6},
    )
    exporter = container(
        desk,
        "exporter",
        "redis_exporter_image",
        "exporter",
        env=[*variables({"REDIS_ADDR": f"redis://127.0.0.1:{REDIS_PORT}"}), password],
        ports=[{"name": "metrics", "containerPort": REDIS_METRICS, "protocol": "TCP"}],
    )
    volumes = [{"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}]
    pods = [program, *([exporter] if desk.watch.enabled else [])]
    return _store(desk, REDIS, "redis", REDIS_PORT, REDIS_METRICS, desk.redis, pods, volumes)


def _store(
    desk: Desk,
    name: str,
    user: str,
    port: int,
    metrics: int,
    store: Database,
    containers: list[Manifest],
    volumes: list[Manifest],
    settings: str = "",
) -> list[Manifest]:
    """Return a StatefulSet of one pod, and the Service that finds it."""
    claim: Manifest = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": store.storage}},
        "volumeMode": "Filesystem",
    }
    if store.storage_class:
        claim["storageClassName"] = store.storage_class
    pod = template(desk, name, user, containers, terminationGracePeriodSeconds=120, volumes=volumes)
    if settings:
        pod["metadata"]["annotations"] = {"bluegreen.orchestrator/settings": settings}
    spec: Manifest = {
        # The data outlives the StatefulSet and the set of manifests; it goes with the namespace only, or by hand.
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "replicas": 1,
        "selector": {"matchLabels": {"app": name}},
        "serviceName": name,
        "template": pod,
        "volumeClaimTemplates": [
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": "data", "labels": labels_of(desk, name)},
                "spec": claim,
            }
        ],
    }
    ports = [{"name": user, "port": port, "protocol": "TCP", "targetPort": user}]
    if desk.watch.enabled:
        ports.append({"name": "metrics", "port": metrics, "protocol": "TCP", "targetPort": "metrics"})
    service = {"ports": ports, "selector": {"app": name}, "type": "ClusterIP"}
    labels = labels_of(desk, name)
    return [
        manifest(desk, "v1", "Service", name, labels=labels, spec=service),
        manifest(desk, "apps/v1", "StatefulSet", name, labels=labels, spec=spec),
    ]
