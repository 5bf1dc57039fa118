# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daily backup of a Chatwoot of ours: its database and its keys, encrypted, in an object storage.

PRIVATE: for this collection's own plugins, not a public interface.

The keys are in it because the one is worth nothing without the other: what Chatwoot encrypts in its database opens with them only. The
repository of restic is encrypted with a password that the operator has and the cluster did not make.
"""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import KEYS_NAME, POSTGRES_PORT, Desk, Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_pods import (
    BACKUP,
    POSTGRES,
    container,
    empty,
    from_secret,
    labels_of,
    manifest,
    password_of,
    template,
    variables,
)

KINDS: Final = ("batch/v1/CronJob",)
JOB_KINDS: Final = ("batch/v1/Job",)
# A week, in which somebody can read its log. Kubernetes itself takes it away then, for no set may: a preview would not know of it.
KEPT_SECONDS: Final = 604800

# Where there is no repository yet, one is made; where the storage does not answer, that fails, too, and the Job with it.
# The keys are copied first: kubelet makes links of what a Secret holds (..data), restic saves them as links, and of a folder with links
# kubectl create secret --from-file makes a Secret without keys (https://kubernetes.io/docs/reference/kubectl/generated/kubectl_create/).
SAVE: Final = """set -eu
cp /secret/* /keys/
restic cat config > /dev/null 2>&1 || restic init
restic backup --host "$DESK_CLIENT" --tag chatwoot /backup /keys
restic forget --host "$DESK_CLIENT" --tag chatwoot --keep-daily "$DESK_KEEP_DAYS" --prune"""


def manifests(desk: Desk) -> list[Manifest]:
    """Return the CronJob."""
    spec: dict[str, Any] = {
        "schedule": desk.backup.schedule,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"spec": _job(desk)},
    }
    return [manifest(desk, "batch/v1", "CronJob", BACKUP, labels=labels_of(desk, BACKUP), spec=spec)]


def at_once(desk: Desk, name: str) -> list[Manifest]:
    """Return a Job that does now what the CronJob does once a day.

    Args:
        desk: whose.
        name: what tells this backup from others; the same name is the same backup, which is made once.
    """
    spec = {**_job(desk), "ttlSecondsAfterFinished": KEPT_SECONDS}
    return [manifest(desk, "batch/v1", "Job", f"{BACKUP}-{name}", labels=labels_of(desk, BACKUP), spec=spec)]


def _job(desk: Desk) -> dict[str, Any]:
    dump = container(
        desk,
        "dump",
        "postgres_image",
        "backup",
        {"backup": "/backup", "tmp": "/tmp"},
        command=["pg_dump", "--format=custom", "--no-password", "--file=/backup/chatwoot.pgdump"],
        env=[
            *variables(
                {
                    "PGHOST": desk.database.host or POSTGRES,
                    "PGPORT": str(desk.database.port if desk.database.host else POSTGRES_PORT),
                    "PGDATABASE": desk.database.name,
                    "PGUSER": desk.database.user,
                }
            ),
            from_secret("PGPASSWORD", password_of(desk, "POSTGRES_PASSWORD"), "POSTGRES_PASSWORD"),
        ],
    )
    save = container(
        desk,
        "save",
        "backup_image",
        "backup",
        {"backup": "/backup", "secret": "/secret", "keys": "/keys", "tmp": "/tmp"},
        command=["sh", "-c", SAVE],
        env=variables(
            {
                "HOME": "/tmp",
                "RESTIC_CACHE_DIR": "/tmp/cache",
                "RESTIC_REPOSITORY": f"s3:{desk.backup.endpoint}/{desk.backup.bucket}",
                "DESK_CLIENT": desk.client,
                "DESK_KEEP_DAYS": str(desk.backup.keep_days),
            }
        ),
        envFrom=[{"secretRef": {"name": desk.backup.secret}}],
    )
    volumes = [
        *empty("backup", "tmp"),
        {"name": "secret", "secret": {"secretName": KEYS_NAME, "defaultMode": 0o440}},
        # In memory: no disk of a node ever has them.
        {"name": "keys", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ]
    pod = template(desk, BACKUP, "backup", [save], initContainers=[dump], restartPolicy="Never", volumes=volumes)
    return {"activeDeadlineSeconds": 10800, "backoffLimit": 2, "template": pod}


def buckets_of(desk: Desk) -> list[dict[str, Any]]:
    """Return the buckets that it needs, as minio_bucket takes them. Versions are what an accidental deletion is taken back from."""
    tags = {"client": desk.client, "plan": desk.plan["name"]}
    return [
        {"use": use, "name": name, "versioning": "enabled", "noncurrent_days": desk.backup.keep_days, "tags": {**tags, "bucket": use}}
        for use, name in (("files", desk.files.bucket), ("backup", desk.backup.bucket))
    ]
