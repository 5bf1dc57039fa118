# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pods and manifests of a Chatwoot of ours have in common.

PRIVATE: for this collection's own plugins, not a public interface.

Chatwoot's own Helm chart leaves security contexts and resources empty; here every pod satisfies the Pod Security level ``restricted``, has
a root that is read only, and no token of the API, but for the one that makes the keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import (
    KEYS_NAME,
    POSTGRES_PORT,
    REDIS_PORT,
    Desk,
    Manifest,
)

ACCOUNT: Final = "chatwoot"
POSTGRES: Final = "chatwoot-postgres"
REDIS: Final = "chatwoot-redis"

# Users of the images; Chatwoot's has none of its own and would run as root.
USERS: Final = {"chatwoot": 1000, "postgres": 999, "redis": 999, "backup": 1000}

# A Job that has failed is done for ever, and the next run would find it there. So those that something waits for go on trying, in one pod,
# at most every five minutes: what they lack may come (a database that starts, a Secret that somebody forgot). A hundred thousand tries are
# a year.
UNTIL_DONE: Final = {"backoffLimit": 100_000}
AGAIN: Final = "OnFailure"

# Its programs, by the label ``app`` of their pods.
WEB: Final = "chatwoot-web"
WORKER: Final = "chatwoot-worker"
MIGRATION: Final = "chatwoot-migration"
BACKUP: Final = "chatwoot-backup"
KEYS_JOB: Final = "chatwoot-keys"


def manifest(desk: Desk, api: str, kind: str, name: str, *, labels: Mapping[str, str] | None = None, **parts: Any) -> Manifest:
    """Return a manifest of its namespace, with its labels."""
    metadata: Manifest = {"name": name, "namespace": desk.namespace, "labels": {**labels_of(desk), **(labels or {})}}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **parts}


def labels_of(desk: Desk, app: str = "") -> dict[str, str]:
    """Return the labels of what belongs to it. Without ``tenant``: that is what the envelopes of tenants are found by."""
    found = {"app.kubernetes.io/instance": desk.client, "app.kubernetes.io/part-of": "chatwoot"}
    return {**found, "app": app} if app else found


def template(desk: Desk, app: str, user: str, containers: Sequence[Manifest], **parts: Any) -> Manifest:
    """Return the template of a pod.

    Args:
        desk: whose.
        app: its label.
        user: of ``USERS``.
        containers: what runs in it.
        parts: further keys of the pod, in place of ours where they are the same.
    """
    number = USERS[user]
    context = {
        "fsGroup": number,
        "fsGroupChangePolicy": "OnRootMismatch",
        "runAsGroup": number,
        "runAsNonRoot": True,
        "runAsUser": number,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    spec: Manifest = {
        "automountServiceAccountToken": False,
        "containers": list(containers),
        "enableServiceLinks": False,
        "securityContext": context,
        "serviceAccountName": ACCOUNT,
    }
    places = {**desk.node_pool, **({"topology.kubernetes.io/region": desk.region} if desk.region else {})}
    if places:
        spec["nodeSelector"] = places
    if desk.node_pool:
        # Nodes of one client keep others away by taints of the same names.
        spec["tolerations"] = [
            {"effect": "NoSchedule", "key": key, "operator": "Equal", "value": value} for key, value in desk.node_pool.items()
        ]
    if desk.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in desk.pull_secrets]
    return {"metadata": {"labels": labels_of(desk, app)}, "spec": {**spec, **parts}}


def container(desk: Desk, name: str, image: str, size: str, mounts: Mapping[str, str] | None = None, **parts: Any) -> Manifest:
    """Return a container.

    Args:
        desk: whose.
        name: its name.
        image: the role's variable that says which image.
        size: whose resources it has.
        mounts: volumes and where they are.
        parts: further keys.
    """
    found: Manifest = {
        "name": name,
        "image": desk.images[image],
        "resources": {side: dict(amounts) for side, amounts in desk.resources[size].items()},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        },
    }
    if mounts:
        found["volumeMounts"] = [{"name": volume, "mountPath": path} for volume, path in mounts.items()]
    return {**found, **parts}


def empty(*names: str) -> list[Manifest]:
    """Return volumes that go with their pod."""
    return [{"name": name, "emptyDir": {}} for name in names]


def variables(said: Mapping[str, str]) -> list[Manifest]:
    """Return an environment. Kubernetes forgets an empty value, so a variable that is empty is one without."""
    return [{"name": name, **({"value": value} if value else {})} for name, value in said.items()]


def from_secret(name: str, secret: str, key: str) -> Manifest:
    """Return one variable that a Secret holds."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def password_of(desk: Desk, key: str) -> str:
    """Return the Secret with the password of one of the two databases."""
    store = desk.database if key == "POSTGRES_PASSWORD" else desk.redis
    return store.secret or KEYS_NAME


def environment(desk: Desk) -> dict[str, str]:
    """Return what Chatwoot is told, of what is no secret.

    ``FORCE_SSL`` answers everything that came without TLS with a redirect, so probes say that they came with it.
    """
    mail = {
        "SMTP_ADDRESS": desk.mail.host,
        "SMTP_PORT": str(desk.mail.port),
        "SMTP_DOMAIN": desk.mail.domain,
        # The chart has none: mail and its password would go to whoever answers.
        "SMTP_OPENSSL_VERIFY_MODE": "peer",
        "SMTP_ENABLE_STARTTLS_AUTO": "true",
        "MAILER_SENDER_EMAIL": desk.mail.sender,
        **({"SMTP_AUTHENTICATION": desk.mail.authentication} if desk.mail.authentication else {}),
    }
    return {
        "RAILS_ENV": "production",
        "NODE_ENV": "production",
        "INSTALLATION_ENV": "kubernetes",
        "RAILS_LOG_TO_STDOUT": "true",
        "HOME": "/tmp",
        "FRONTEND_URL": desk.url,
        "FORCE_SSL": "true",
        "DEFAULT_LOCALE": desk.locale,
        "ENABLE_ACCOUNT_SIGNUP": "false",
        "POSTGRES_HOST": desk.database.host or POSTGRES,
        "POSTGRES_PORT": str(desk.database.port if desk.database.host else POSTGRES_PORT),
        "POSTGRES_DATABASE": desk.database.name,
        "POSTGRES_USERNAME": desk.database.user,
        "REDIS_URL": desk.redis.url or f"redis://{REDIS}:{REDIS_PORT}",
        "ACTIVE_STORAGE_SERVICE": "s3_compatible",
        "STORAGE_ENDPOINT": desk.files.endpoint,
        "STORAGE_BUCKET_NAME": desk.files.bucket,
        "STORAGE_REGION": desk.files.region,
        "STORAGE_FORCE_PATH_STYLE": "true",
        **(mail if desk.mail.host else {}),
        **desk.env,
    }


def rails(desk: Desk, name: str, size: str, command: Sequence[str], told: Mapping[str, str] | None = None, **parts: Any) -> Manifest:
    """Return a container of Chatwoot.

    Its image's own start (``docker/entrypoints/rails.sh``) wants to write where it may not and to install what is there, so the programs
    are started directly.

    Args:
        desk: whose.
        name: its name.
        size: whose resources it has.
        command: what it runs.
        told: further environment, in place of ours where the names are the same.
        parts: further keys.
    """
    secrets = [KEYS_NAME, desk.files.secret, *([desk.mail.secret] if desk.mail.secret else []), *desk.env_from]
    # Said one by one they count before what comes from a whole Secret: a server elsewhere has a password of its own.
    passwords = [from_secret(key, password_of(desk, key), key) for key in ("POSTGRES_PASSWORD", "REDIS_PASSWORD")]
    return container(
        desk,
        name,
        "image",
        size,
        {"tmp": "/tmp", "app-tmp": "/app/tmp", "app-log": "/app/log"},
        command=list(command),
        env=[*variables({**environment(desk), **(told or {})}), *passwords],
        envFrom=[{"secretRef": {"name": secret}} for secret in secrets],
        workingDir="/app",
        **parts,
    )


# What ``rails`` writes to.
RAILS_VOLUMES: Final = ("tmp", "app-tmp", "app-log")


def digest(value: Any) -> str:
    """Return a short name for a value, the same for the same."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:10]
