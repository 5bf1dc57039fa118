# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a figure of a tier is written in the inventory, and which figures may be.

PRIVATE: for this collection's own plugins, not a public interface.

``FIELDS`` is the one list of what ``tiers_extra`` and a tenant's custom values may say: the argument spec, the refusal of an unknown key
and the documentation are made from it. What is not in it (who answers the phone, the words of the offer) is the catalog's alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted

DECIMAL_BYTES: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kKMGTP]i?)?B")
DURATION: Final = re.compile(r"([0-9]+)(ms|s|m|h|d)")
MILLIS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
MONEY: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
MIME: Final = re.compile(r"(\*/\*|[a-z]+/(\*|[a-z0-9][a-z0-9.+-]*))")


def refuse(option: str, value: object, what: str) -> InputError:
    """Say in one sentence what is wrong with a value and how it is written."""
    return InputError(f"{option}: {quoted(value)} is not {what}.")


def _text(value: object) -> str:
    """A value as it stands in YAML; a boolean is not a number here, though Python thinks so."""
    return "" if isinstance(value, bool) or not isinstance(value, (str, int, float)) else str(value)


def size(value: object, option: str) -> int:
    """Read bytes: a Kubernetes quantity (32Gi), or one with a B at its end (15GB, 1TB, 5MiB)."""
    found = DECIMAL_BYTES.fullmatch(_text(value))
    if found:
        # Kubernetes knows one spelling each: 1k and 1Ki.
        suffix = {"K": "k", "ki": "Ki"}.get(found[2] or "", found[2] or "")
        return _quantity.size_bytes(found[1] + suffix, option)
    try:
        return _quantity.size_bytes(value, option)
    except InputError:
        raise refuse(option, value, "a size; write for example 50Gi (2^30 bytes each) or 15GB (10^9 bytes each)") from None


def cpu(value: object, option: str) -> int:
    """Read millicores."""
    return _quantity.cpu_millis(value, option)


def whole(value: object, option: str) -> int:
    """Read a whole number, zero or more."""
    try:
        return _quantity.count(value, option)
    except InputError:
        raise refuse(option, value, "a whole number, zero or more; write for example 3") from None


def duration(value: object, option: str) -> int:
    """Read seconds: 3600, 90s, 30m, 12h, 30d."""
    found = milliseconds(value, option)
    if found % 1000:
        raise refuse(option, value, "a time in whole seconds; write for example 90s, 30m, 12h or 30d")
    return found // 1000


def milliseconds(value: object, option: str) -> int:
    """Read milliseconds: 500ms, 2s; a number without unit is seconds."""
    text = _text(value)
    found = DURATION.fullmatch(f"{text}s" if text.isdecimal() and text.isascii() else text)
    if not found:
        raise refuse(option, value, "a time; write for example 500ms, 90s, 30m, 12h or 30d")
    return int(found[1]) * MILLIS[found[2]]


def money(value: object, option: str) -> int:
    """Read cents: 149.99 or 150."""
    found = MONEY.fullmatch(_text(value))
    if not found:
        raise refuse(option, value, "a price; write for example 149.99")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def basis_points(value: object, option: str) -> int:
    """Read an availability in percent: 99.95 is 9995."""
    found = MONEY.fullmatch(_text(value))
    points = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if not 0 < points <= 10_000:
        raise refuse(option, value, "an availability in percent, with two decimals at most; write for example 99.95")
    return points


def flag(value: object, option: str) -> bool:
    """Read yes or no."""
    if not isinstance(value, bool):
        raise refuse(option, value, "true or false; write one of them, without quotes")
    return value


def mime_types(value: object, option: str) -> tuple[str, ...]:
    """Read a list of MIME types; image/* means all below."""
    items = value if isinstance(value, (list, tuple)) else ()
    if not items or not all(isinstance(item, str) and MIME.fullmatch(item) for item in items):
        raise refuse(option, value, "a list of MIME types; write for example [image/png, 'image/*', '*/*']")
    return tuple(str(item) for item in items)


def names(value: object, option: str) -> tuple[str, ...]:
    """Read a list of names, as programs have them; it may be empty."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and NAME.fullmatch(item) for item in value):
        raise refuse(option, value, "a list of names; write for example [reports, campaigns]")
    return tuple(sorted({str(item) for item in value}))


def line(value: object, option: str) -> str:
    """Read a short text on one line."""
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
        raise refuse(option, value, "a text of one line; write up to 200 printable characters")
    return str(value)


@dataclass(frozen=True)
class Field:
    """One figure that the inventory may set.

    Args:
        path: where it stands, below the tier's name; ``*`` is any bucket that the tier has.
        read: turns what the operator wrote into the tier's unit.
        says: what it is, for the documentation.
        rises: whether a tenant with custom values may have more of it.
        none: the word that stands for None (nothing bounds it, or there is none), where there is one.
        least: the smallest value that makes sense.
        most: the largest.
        key: the key in the tier, where it differs from the one in the inventory because of its unit.
    """

    path: tuple[str, ...]
    read: Callable[[object, str], Any]
    says: str
    rises: bool = True
    none: str | None = None
    least: int = 0
    most: int | None = None
    key: str | None = None

    def value(self, given: object, option: str) -> Any:
        """Read what the operator wrote, and refuse what is out of bounds."""
        if self.none and given == self.none:
            return None
        found = self.read(given, option)
        if isinstance(found, int) and not isinstance(found, bool):
            if found < self.least:
                raise refuse(option, given, f"enough; write {self.written(self.least)} or more{self._or_none()}")
            if self.most is not None and found > self.most:
                raise refuse(option, given, f"possible; write {self.written(self.most)} or less{self._or_none()}")
        return found

    def _or_none(self) -> str:
        return f", or {self.none}" if self.none else ""

    def written(self, value: Any) -> str:
        """Show a value as an operator would write it."""
        if value is None:
            return self.none or "none"
        return WRITERS[self.read](value) if self.read in WRITERS else str(value).lower() if isinstance(value, bool) else str(value)


def _compute(path: tuple[str, ...], says: str, *, rises: bool = True) -> tuple[Field, Field]:
    """CPU and memory of the same thing; none of either would be a container that cannot run."""
    return (
        Field((*path, "cpu"), cpu, f"CPU that {says}.", rises, least=1),
        Field((*path, "memory"), size, f"Memory that {says}.", rises, least=1),
    )


FIELDS: Final[tuple[Field, ...]] = (
    Field(("title",), line, "The name under which it is sold.", rises=False),
    Field(("custom",), flag, "Whether a tenant of this tier may have custom values above it.", rises=False),
    Field(("price", "monthly"), money, "Price of a month, with a decimal point.", key="monthly_cents"),
    Field(("price", "yearly"), money, "Price of a year; C(none) where it is agreed upon.", none="none", key="yearly_cents"),
    Field(("price", "starting_from"), flag, "Whether the price is the least.", rises=False),
    Field(("sites",), whole, "Sites.", least=1),
    Field(("domains",), whole, "Domains.", least=1),
    Field(("concurrent_users",), whole, "Visitors at a time.", least=1),
    Field(("products",), whole, "Products, or C(unlimited).", none="unlimited", least=1),
    Field(("orders_per_month",), whole, "Orders a month, or C(unlimited).", none="unlimited", least=1),
    Field(("services",), whole, "Services that a shop consists of.", rises=False, least=1),
    Field(("quota", "requests.cpu"), cpu, "CPU that all pods may request, for example 16 or 500m.", least=1),
    Field(("quota", "requests.memory"), size, "Memory that all pods may request.", least=1),
    Field(("quota", "limits.cpu"), cpu, "CPU that all pods may use at most.", least=1),
    Field(("quota", "limits.memory"), size, "Memory that all pods may use at most.", least=1),
    Field(("quota", "requests.storage"), size, "Storage that all claims may request."),
    Field(("quota", "persistentvolumeclaims"), whole, "PersistentVolumeClaims."),
    Field(("quota", "services.loadbalancers"), whole, "Services of type LoadBalancer."),
    Field(("quota", "pods"), whole, "Pods.", least=1),
    *_compute(("limits", "Container", "max"), "one container may have at most"),
    *_compute(("limits", "Container", "min"), "one container has to ask for", rises=False),
    *_compute(("limits", "Container", "default"), "one container may use when it says nothing", rises=False),
    *_compute(("limits", "Container", "defaultRequest"), "one container requests when it says nothing", rises=False),
    *_compute(("limits", "Pod", "max"), "one pod may have at most"),
    Field(("limits", "PersistentVolumeClaim", "max", "storage"), size, "The largest claim.", least=1),
    Field(("limits", "PersistentVolumeClaim", "min", "storage"), size, "The smallest claim.", rises=False, least=1),
    *_compute(("resources", "requests"), "each container of a service requests"),
    *_compute(("resources", "limits"), "each container of a service may use"),
    Field(("autoscaling", "min_replicas"), whole, "Replicas of a service that scales, at least.", least=1),
    Field(("autoscaling", "max_replicas"), whole, "Replicas of a service that scales, at most.", least=1),
    Field(("autoscaling", "cpu_percent"), whole, "Use of CPU that is aimed at.", rises=False, least=1, most=100),
    Field(("autoscaling", "memory_percent"), whole, "Use of memory that is aimed at.", rises=False, least=1, most=100),
    Field(("autoscaling", "http_requests_per_second"), whole, "Requests a second and pod aimed at, or C(none).", False, "none", 1),
    Field(("autoscaling", "queue_depth"), whole, "Waiting messages a pod aimed at, or C(none).", False, "none", 1),
    # Below 60 a minute there is less than one a second, and 0 means "no limit" to every proxy.
    Field(("rate_limit", "requests_per_minute"), whole, "Requests a minute to the tenant's API.", least=60),
    Field(("rate_limit", "burst_multiplier"), whole, "Seconds' worth of requests that may come at once.", least=1),
    Field(("rate_limit", "connections"), whole, "Connections of one client address.", least=1),
    Field(("rate_limit", "trusted_ips"), flag, "Whether the tenant may name addresses without limit."),
    Field(("database", "connections_per_service"), whole, "Connections of one service.", least=1),
    Field(("database", "query_timeout"), duration, "Time until a query is ended, for example 30s.", least=1),
    Field(("database", "max_query_size"), size, "The largest query.", least=1024),
    Field(("database", "slow_query"), milliseconds, "Time from which a query is slow, like 500ms.", rises=False, key="slow_query_ms"),
    Field(("database", "read_replicas"), whole, "Servers for reading only."),
    Field(("database", "point_in_time_recovery"), duration, "How far back any moment can be restored, for example 30d."),
    Field(("object_storage", "buckets", "*", "quota"), size, "Quota of the bucket, for example 15GB or 1TB.", least=1),
    Field(("object_storage", "buckets", "*", "max_file_size"), size, "The largest object.", least=1),
    Field(("object_storage", "buckets", "*", "allowed_types"), mime_types, "MIME types of the objects.", rises=False),
    Field(("object_storage", "buckets", "*", "cdn"), flag, "Whether it is served through the CDN."),
    Field(("object_storage", "buckets", "*", "versioning"), flag, "Whether old versions are kept."),
    # Seven days are the most that a signature of version 4 can be valid.
    Field(("object_storage", "presigned_url_expiry"), duration, "Validity of a signed address.", rises=False, least=1, most=604_800),
    Field(("object_storage", "replication"), flag, "Whether buckets are copied to another region."),
    Field(("cdn", "bandwidth"), size, "Traffic of the CDN in a month, or C(unlimited).", none="unlimited"),
    Field(("queues", "max_message_size"), size, "The largest message.", least=1),
    Field(("queues", "queue_max_length"), whole, "Messages in a queue, or C(unlimited).", none="unlimited", least=1),
    Field(("queues", "message_ttl"), duration, "How long a message waits.", least=1),
    Field(("queues", "max_priority"), whole, "Priorities of a queue.", least=1, most=255),
    Field(("queues", "consumer_timeout"), duration, "How long a consumer may take.", least=60),
    Field(("queues", "cluster_nodes"), whole, "Nodes of the broker.", least=1),
    # A StorageClass belongs to all tenants of its tier: one tenant's faster disk would be everybody's. A tier of tiers_extra has its own.
    Field(("storage_class", "iops"), whole, "Operations a second of a disk.", rises=False, least=1),
    Field(("storage_class", "throughput"), whole, "MiB a second of a disk.", rises=False, least=1),
    Field(("monitoring", "custom_dashboards"), whole, "Dashboards of the tenant's own, or C(unlimited).", none="unlimited"),
    Field(("monitoring", "metrics_retention"), duration, "How long metrics are kept.", least=1),
    Field(("monitoring", "logs_retention"), duration, "How long logs are kept; 0 for not included."),
    Field(("monitoring", "trace_sampling_percent"), whole, "Share of the requests that are traced.", most=100),
    Field(("backup", "interval"), duration, "Time between two copies.", rises=False, least=60),
    Field(("backup", "retention"), duration, "How long a copy is kept.", least=60),
    Field(("sla", "availability"), basis_points, "Availability in percent, for example 99.95.", key="availability_bp"),
)

# How a figure is shown in a sentence; all others as they are.
WRITERS: Final[dict[Callable[[object, str], Any], Callable[[int], str]]] = {
    cpu: _quantity.format_cpu,
    size: _quantity.format_size,
    duration: lambda seconds: f"{seconds}s",
    milliseconds: lambda millis: f"{millis}ms",
    money: lambda cents: f"{cents // 100}.{cents % 100:02}",
    basis_points: lambda points: f"{points // 100}.{points % 100:02}",
}

Tree = dict[str, Any]


def _tree() -> Tree:
    """The fields by their words, nested as in the inventory."""
    tree: Tree = {}
    for field in FIELDS:
        node = tree
        for word in field.path[:-1]:
            node = node.setdefault(word, {})
        node[field.path[-1]] = field
    return tree


TREE: Final = _tree()


def argument_spec(tree: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The fields as an Ansible argument spec.

    Each figure is ``raw``: Ansible's own conversion would make different types of ``0.5`` and ``500m``, and an error of ``unlimited``.
    Buckets have names of their own, so they are a plain dictionary there. What is not said is None there, and counts as not said.
    """
    spec: dict[str, Any] = {}
    for word, node in (TREE if tree is None else tree).items():
        if isinstance(node, Field):
            spec[word] = {"type": "raw", "description": [node.says]}
        elif "*" in node:
            spec[word] = {"type": "dict", "description": [f"Each by its name, with {', '.join(node['*'])}."]}
        else:
            spec[word] = {"type": "dict", "options": argument_spec(node)}
    return spec
