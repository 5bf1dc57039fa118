# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Chatwoot that we run for one client, as plain values.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans.model import ChatPlan

Manifest = dict[str, Any]

# What is generated once within the cluster, and never seen by us (ADR-0021). Each with the bytes of randomness, of which two letters a byte
# are made: Chatwoot asks for letters and digits only in the first, and Rails for 32 and more in the last three.
KEYS: Final[dict[str, int]] = {
    "SECRET_KEY_BASE": 64,
    "POSTGRES_PASSWORD": 24,
    "REDIS_PASSWORD": 24,
    "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY": 16,
    "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY": 16,
    "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT": 16,
}
KEYS_NAME: Final = "chatwoot-keys"

# With a token for the platform, which the operator chooses: whoever has it holds all accounts of this one Chatwoot.
PLATFORM_NAME: Final = "chatwoot-platform"
PLATFORM_KEY: Final = "DESK_PLATFORM_TOKEN"

WEB_PORT: Final = 3000
POSTGRES_PORT: Final = 5432
REDIS_PORT: Final = 6379
POSTGRES_METRICS: Final = 9187
REDIS_METRICS: Final = 9121


@dataclass(frozen=True)
class Database:
    """PostgreSQL or Redis: in the cluster, or somebody else's to run where it has an address.

    Attributes:
        host: of a PostgreSQL elsewhere.
        port: its port.
        name: of the database.
        user: who it belongs to.
        url: of a Redis elsewhere, without the password.
        secret: Secret with its password.
        storage: size of the volume in the cluster.
        storage_class: class of the volume, empty for the cluster's own choice.
    """

    host: str
    port: int
    name: str
    user: str
    url: str
    secret: str
    storage: str
    storage_class: str

    @property
    def external(self) -> bool:
        """Whether somebody else runs it."""
        return bool(self.host or self.url)


@dataclass(frozen=True)
class Storage:
    """Where the files are that people send; ``secret`` has the key."""

    endpoint: str
    bucket: str
    region: str
    secret: str


@dataclass(frozen=True)
class Mail:
    """How mail is sent; without a host none is. ``secret`` has user and password."""

    host: str = ""
    port: int = 587
    sender: str = ""
    domain: str = ""
    authentication: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Backup:
    """Where the daily backup goes, and how long it stays there."""

    endpoint: str
    bucket: str
    secret: str
    schedule: str
    keep_days: int


@dataclass(frozen=True)
class Entrance:
    """How it is reached."""

    host: str
    entry_points: tuple[str, ...]
    ingress_class: str
    issuer: str
    issuer_kind: str


@dataclass(frozen=True)
class Network:
    """Who may talk to whom, beyond its own pods.

    Attributes:
        ingress_namespaces: where the ingress controller runs.
        watch_namespaces: where Prometheus runs.
        outside_ports: TCP ports that it reaches outside of all private networks.
        inside_ports: TCP ports that it reaches in any namespace.
        api_ports: TCP ports of the API server, for the one Job that makes its keys.
        networks: private networks that it reaches, with the ports.
    """

    ingress_namespaces: tuple[str, ...]
    watch_namespaces: tuple[str, ...]
    outside_ports: tuple[int, ...]
    inside_ports: tuple[int, ...]
    api_ports: tuple[int, ...]
    networks: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Watch:
    """Whether Prometheus looks at it, and which labels its operator wants on what it is to read."""

    enabled: bool
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Desk:
    """All that is known of one.

    Attributes:
        client: id of the client.
        plan: what was bought.
        pods: fewest and most pods of web and worker.
        cpu_percent: use of CPU from which more are started.
        resources: requests and limits by program.
        images: by the name of the role's variable.
        pull_secrets: Secrets with which they are fetched.
        database: PostgreSQL.
        redis: Redis.
        files: object storage.
        mail: mail.
        backup: daily backup.
        entrance: how it is reached.
        network: who may talk to whom.
        watch: monitoring.
        node_pool: labels of the nodes that are its own.
        region: where the nodes have to be.
        env: further environment of Chatwoot.
        env_from: Secrets with further environment.
        locale: language.
        admin: address of the first super administrator, empty for none.
        platform: whether a token for the platform is given, by which its account is held.
        secrets: Secrets that the run brings, and the names of their keys.
    """

    client: str
    plan: ChatPlan
    pods: Mapping[str, tuple[int, int]]
    cpu_percent: int
    resources: Mapping[str, Mapping[str, Mapping[str, str]]]
    images: Mapping[str, str]
    pull_secrets: tuple[str, ...]
    database: Database
    redis: Database
    files: Storage
    mail: Mail
    backup: Backup
    entrance: Entrance
    network: Network
    watch: Watch
    node_pool: Mapping[str, str]
    region: str
    env: Mapping[str, str]
    env_from: tuple[str, ...]
    locale: str
    admin: str
    platform: bool
    secrets: Mapping[str, tuple[str, ...]]

    @property
    def namespace(self) -> str:
        """Where it runs."""
        return namespace_of(self.client)

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"https://{self.entrance.host}"


def namespace_of(client: str) -> str:
    """Return the namespace of a client's Chatwoot, as the seed names it."""
    return f"client-{client}"
