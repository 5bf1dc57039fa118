# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tier is made of, and in which units.

PRIVATE: for this collection's own plugins, not a public interface.

One unit per kind of figure, everywhere in a tier:
    CPU is in millicores (2 CPU = 2000), as Kubernetes itself counts it. Whole numbers compare and add without surprise.
    Memory, storage, files, messages and traffic are in bytes. The unit is the seed's to the letter: 4Gi = 4 * 2^30, 15GB = 15 * 10^9.
    Times are in seconds; the one that has to be finer says so in its name (``slow_query_ms``).
    Money is in cents: exact, adds up, and JSON has no decimal. Shares are in percent; an availability is in basis points (9995 = 99.95 %).
    None means that nothing bounds it: unlimited, not promised, no such thing. 0 means none of it.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
MI: Final = 2**20
GI: Final = 2**30
MB: Final = 10**6
GB: Final = 10**9

# The names are those of Kubernetes, dots and capitals included: what is read here is sent there.
Quota = TypedDict(
    "Quota",
    {
        "requests.cpu": int,
        "requests.memory": int,
        "limits.cpu": int,
        "limits.memory": int,
        "requests.storage": int,
        "persistentvolumeclaims": int,
        "services.loadbalancers": int,
        "pods": int,
    },
)


class Compute(TypedDict):
    """CPU in millicores and memory in bytes, of a container, a pod or a service."""

    cpu: int
    memory: int


class Storage(TypedDict):
    """Bytes of one PersistentVolumeClaim."""

    storage: int


class ContainerLimits(TypedDict):
    """What one container may ask for, and what it gets when it asks for nothing."""

    max: Compute
    min: Compute
    default: Compute
    defaultRequest: Compute


class PodLimits(TypedDict):
    """What all containers of one pod may have together."""

    max: Compute


class ClaimLimits(TypedDict):
    """How large one PersistentVolumeClaim may be."""

    max: Storage
    min: Storage


class Limits(TypedDict):
    """The LimitRange, by Kubernetes's own type names."""

    Container: ContainerLimits
    Pod: PodLimits
    PersistentVolumeClaim: ClaimLimits


class Resources(TypedDict):
    """What each container of a service asks for and may use at most."""

    requests: Compute
    limits: Compute


class ScalingPolicy(TypedDict):
    """One step of a HorizontalPodAutoscaler: ``value`` percent or pods within ``period`` seconds."""

    type: Literal["Percent", "Pods"]
    value: int
    period: int


class Scaling(TypedDict):
    """How fast replicas are added or taken away; ``select_policy`` None leaves Kubernetes's default (Max)."""

    stabilization: int
    policies: tuple[ScalingPolicy, ...]
    select_policy: Literal["Max", "Min", "Disabled"] | None


class Autoscaling(TypedDict):
    """The HorizontalPodAutoscaler, the same for each service in ``services``.

    Keys:
        services: which services have one; all others run one replica.
        min_replicas, max_replicas: bounds of each.
        cpu_percent, memory_percent: target use of what a pod requests.
        http_requests_per_second: the Pods metric of that name, average per pod; None = no such metric.
        queue_depth: the External metric of that name, average per pod; None = none. It needs a selector for the tenant's own queues.
        scale_up, scale_down: behaviour; None leaves Kubernetes's defaults.
    """

    services: tuple[str, ...]
    min_replicas: int
    max_replicas: int
    cpu_percent: int
    memory_percent: int
    http_requests_per_second: int | None
    queue_depth: int | None
    scale_up: Scaling | None
    scale_down: Scaling | None


class RateLimit(TypedDict):
    """How much may be asked of the tenant's API.

    Keys:
        requests_per_minute: what is sold, for the whole tenant.
        requests_per_second: the same by the second, rounded down; derived.
        burst_multiplier: how many seconds' worth may come at once.
        burst: requests that may come at once; derived, requests_per_second * burst_multiplier.
        connections: at once, from one client address.
        trusted_ips: whether the tenant may name addresses that are not limited.
    """

    requests_per_minute: int
    requests_per_second: int
    burst_multiplier: int
    burst: int
    connections: int
    trusted_ips: bool


class DedicatedCluster(TypedDict):
    """A database cluster of the tenant's own, an option that comes on top of the quota; ``storage`` and ``resources`` per instance."""

    kind: str
    instances: int
    routers: int
    resources: Resources
    storage: int


class Database(TypedDict):
    """Limits of the tenant's databases.

    Keys:
        connections_per_service: at once, for all replicas of one service together.
        query_timeout: seconds until a query is ended.
        max_query_size: bytes of one query.
        pooling: how connections are pooled.
        slow_query_ms: milliseconds from which a query is written to the slow log.
        read_replicas: servers for reading only.
        automatic_failover: whether a replica takes over by itself.
        point_in_time_recovery: seconds that can be gone back to any moment of; 0 = no such thing.
        dedicated_cluster: the option, None where it is not sold.
    """

    connections_per_service: int
    query_timeout: int
    max_query_size: int
    pooling: Literal["enabled", "optimised", "load_balanced"]
    slow_query_ms: int
    read_replicas: int
    automatic_failover: bool
    point_in_time_recovery: int
    dedicated_cluster: DedicatedCluster | None


class Bucket(TypedDict):
    """One bucket: its quota and the largest object in bytes, MIME types (``image/*``), behind the CDN or not, with versions or not."""

    quota: int
    max_file_size: int
    allowed_types: tuple[str, ...]
    cdn: bool
    versioning: bool


class ObjectStorage(TypedDict):
    """The tenant's buckets; ``total`` is derived, the sum of their quotas; ``replication`` is to another region."""

    buckets: dict[str, Bucket]
    total: int
    presigned_url_expiry: int
    replication: bool


class Cdn(TypedDict):
    """The content network.

    Keys:
        provider: None where none is included.
        bandwidth: bytes a month; None = unlimited, 0 = none.
        path: what is served through it.
        cors_origins: who may use it from another site's page.
        dns_ttl: seconds, as the seed asks for.
        functions: what the provider is asked to do besides.
    """

    provider: Literal["cloudflare", "cloudflare_enterprise"] | None
    bandwidth: int | None
    path: str | None
    cors_origins: tuple[str, ...]
    dns_ttl: int | None
    functions: tuple[str, ...]


class Queues(TypedDict):
    """RabbitMQ: ``max_message_size`` in bytes, ``message_ttl`` and ``consumer_timeout`` in seconds (RabbitMQ itself wants milliseconds)."""

    max_message_size: int
    queue_max_length: int | None
    message_ttl: int
    max_priority: int
    consumer_timeout: int
    dead_letter_exchange: bool
    federation: bool
    high_availability: bool
    cluster_nodes: int


class StorageClass(TypedDict):
    """The disks; ``throughput`` in MiB a second."""

    type: str
    iops: int
    throughput: int
    encrypted: bool


class Alert(TypedDict):
    """Which events are told by which way."""

    type: Literal["email", "slack", "pagerduty", "sms"]
    events: tuple[str, ...]


class Report(TypedDict):
    """A report and who gets it."""

    type: str
    recipients: tuple[str, ...]


class Monitoring(TypedDict):
    """What is watched, how long it is kept (0 = not included) and who is told."""

    dashboard: Literal["basic", "advanced", "enterprise_custom"]
    custom_dashboards: int | None
    metrics_retention: int
    logs_retention: int
    trace_sampling_percent: int
    alerts: tuple[Alert, ...]
    reports: tuple[Report, ...]
    api_access: str | None
    apm: tuple[str, ...]


class Backup(TypedDict):
    """How often a copy is made and how long it is kept; ``continuous`` means that changes are kept between two copies as well."""

    cadence: Literal["daily", "hourly", "real_time"]
    interval: int
    continuous: bool
    retention: int


class Compensation(TypedDict):
    """``percent`` of the month's price for each whole ``step_bp`` basis points below the availability."""

    percent: int
    step_bp: int


class Maintenance(TypedDict):
    """Planned work: not counted as downtime; seconds a month (None = not bounded) and seconds of notice (None = none promised)."""

    counted: bool
    max_per_month: int | None
    notice: int | None


class Sla(TypedDict):
    """What is promised about being there."""

    availability_bp: int
    compensation: Compensation
    maintenance: Maintenance
    emergency_report: bool


class Response(TypedDict):
    """Seconds to the first answer, to the solution aimed at and to the escalation (0 = at once); None = not promised."""

    meaning: str | None
    response: int
    resolution: int | None
    escalation: int | None


class Channel(TypedDict):
    """A way to reach the support: its address where it has one, and when somebody is there."""

    type: Literal["email", "chat", "phone", "account_manager", "slack_connect"]
    address: str | None
    hours: str
    option: bool


class Support(TypedDict):
    """Who answers, when, in which language; ``responses`` by severity. ``clock`` says which days count: ``weekdays`` or ``always``."""

    channels: tuple[Channel, ...]
    languages: tuple[str, ...]
    timezone: str
    clock: Literal["weekdays", "always"]
    responses: dict[str, Response]
    quarterly_reviews: bool


class Security(TypedDict):
    """What protects the tenant; ``pod_security`` is the level of Pod Security Admission."""

    pod_security: Literal["restricted", "baseline"]
    waf: bool
    ddos_protection: bool
    audits: bool
    compliance: tuple[str, ...]


class Price(TypedDict):
    """What a month and a year cost, in cents of ``currency``; ``starting_from`` where a client's own price is agreed upon."""

    currency: str
    monthly_cents: int
    yearly_cents: int | None
    yearly_discount_percent: int | None
    yearly_free_months: int | None
    starting_from: bool


class Features(TypedDict):
    """What the client reads, in French: the kind of themes and statistics, and what this tier adds to the one below."""

    theme: str
    statistics: str
    added: tuple[str, ...]
    options: tuple[str, ...]


class Grace(TypedDict):
    """A downgrade's notice: its length, when to remind (seconds from its start), the last warning (seconds before its end), reports."""

    period: int
    reminders: tuple[int, ...]
    final_warning: int
    report_interval: int


class Tier(TypedDict):
    """One tier.

    Keys:
        name: its key; ``title`` is the name under which it is sold.
        based_on: the tier that it was made from, None in the catalog.
        custom: whether a tenant may have more than is written here; the figures are then the least.
        sites, domains, concurrent_users, products, orders_per_month: what is sold.
        services: how many services a shop consists of; ``autoscaling.services`` names those of them that scale.
    """

    name: str
    title: str
    based_on: str | None
    custom: bool
    price: Price
    sites: int
    domains: int
    concurrent_users: int
    products: int | None
    orders_per_month: int | None
    services: int
    quota: Quota
    limits: Limits
    resources: Resources
    autoscaling: Autoscaling
    rate_limit: RateLimit
    database: Database
    object_storage: ObjectStorage
    cdn: Cdn
    queues: Queues
    storage_class: StorageClass
    monitoring: Monitoring
    backup: Backup
    sla: Sla
    support: Support
    security: Security
    features: Features
    grace: Grace
