# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/reference/tiers.md, the tiers side by side and what the inventory may say of them, from the catalog.

python -m tests.tools.tiers          write it (make docs does)
python -m tests.tools.tiers --check  say whether it is current (the unit tests do)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers import TIERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import BASE_FEATURES, THRESHOLDS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import Bucket, Channel, Response, Scaling, Tier
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._quantity import format_cpu, format_size
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier_fields import FIELDS
from tests.tools.pages import ROOT, write_or_check

PAGE = ROOT / "docs" / "reference" / "tiers.md"
MONTH = 30 * 86_400
MARKUP = re.compile(r"C\(|(?<=[a-z])\)")

HEAD = """# The tiers

Made by `make docs` from the catalog (`plugins/module_utils/_catalog/tiers/`); do not edit it by hand. What the price list leaves open or
contradicts is decided in [ADR 0012](../adr/0012-reading-the-seed-of-tiers.md). GB is 10^9 bytes, GiB is 2^30 bytes. The figures of a
tier with custom values are the least that its tenants have.
"""

FIT_HEAD = """## Do the services fit?

All services of a shop, those that scale with the replicas named and each other with one, beside the quota. The quotas are kept as they
are published, and a tenant is told before anything is changed when what it asks for does not fit; see the ADR.
"""

FIELDS_HEAD = """## What the inventory may say

`tenant_tiers_extra` in GLOBAL conf changes a tier of the catalog by its name, or adds one that says which it is `based_on`. A tenant of a
tier with custom values may have more than it where the table says so, and never less. What is impossible, unknown or too little is refused
before anything is changed, all of it at once. Sizes are written like 50Gi or 15GB, times like 90s, 12h or 30d, prices like 149.99.

```yaml
tenant_tiers_extra:
  gold:
    based_on: premium
    sites: 5
    quota: {persistentvolumeclaims: 15, requests.storage: 250Gi}
    object_storage: {buckets: {products: {quota: 0.1TB}}}
```

What the filters `bluegreen.orchestrator.tier` and `tiers` return has the same keys, in whole units: millicores, bytes, seconds. Those
whose unit is another one carry it in their name there: {renamed}.

| key | meaning | custom |
| --- | --- | --- |
"""

Row = tuple[str, Callable[[Tier], str]]


def amount(number: int | None) -> str:
    """A count, or that nothing bounds it."""
    return "unlimited" if number is None else f"{number:,}"


def size(number: int | None) -> str:
    """Bytes, in the unit that loses nothing."""
    return "unlimited" if number is None else re.sub(r"([0-9]+)([A-Za-z]*)", r"\1 \2B", format_size(number)) if number else "none"


def span(seconds: int | None, nothing: str = "at once") -> str:
    """A time, in all units that it needs."""
    if seconds is None:
        return "not promised"
    parts = []
    # 24 hours and 48 hours are said so in every contract: a day begins to be a unit at the third.
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count = seconds // unit if unit < 86_400 or seconds > 2 * unit else 0
        seconds -= count * unit
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts) or nothing


def yes(value: bool) -> str:
    """Yes or no."""
    return "yes" if value else "no"


def listed(words: Iterable[str]) -> str:
    """Words of the catalog in a sentence."""
    return ", ".join(words).replace("_", " ") or "none"


def money(cents: int | None, tier: Tier) -> str:
    """A price."""
    return "by agreement" if cents is None else f"{cents // 100}.{cents % 100:02} {tier['price']['currency']}"


def saving(tier: Tier) -> int | None:
    """What a year paid at once saves, in cents."""
    yearly = tier["price"]["yearly_cents"]
    return None if yearly is None else 12 * tier["price"]["monthly_cents"] - yearly


def downtime(tier: Tier, period: int = MONTH) -> int:
    """Seconds that a tier may be away in a period without a credit."""
    return (10_000 - tier["sla"]["availability_bp"]) * period // 10_000


def demand(tier: Tier, replicas: int) -> dict[str, int]:
    """What all services ask for: those that scale with that many replicas, each other with one."""
    scaled = len(tier["autoscaling"]["services"])
    pods = scaled * replicas + tier["services"] - scaled
    sides = cast(Mapping[str, Mapping[str, int]], tier["resources"])
    return {"pods": pods} | {f"{side}.{kind}": each * pods for side, both in sides.items() for kind, each in both.items()}


def quota(tier: Tier) -> Mapping[str, int]:
    """The quota by the names of Kubernetes."""
    return cast(Mapping[str, int], tier["quota"])


def shown(resource: str, number: int) -> str:
    """An amount of a resource by its name."""
    kind = resource.rpartition(".")[2]
    return f"{format_cpu(number)} CPU" if kind == "cpu" else size(number) if kind in ("memory", "storage") else amount(number)


def channel(found: Channel) -> str:
    """One way to reach the support."""
    name = found["type"].replace("_", " ")
    return " ".join(filter(None, (name, found["address"], f"({found['hours']}{', option' if found['option'] else ''})")))


def response(found: Response) -> str:
    """How fast something is answered."""
    if found["resolution"] is None:
        return span(found["response"])
    later = f"after {span(found['escalation'])}" if found["escalation"] else "at once"
    return f"{span(found['response'])}; solved in {span(found['resolution'])}; escalated {later}"


def scaling(found: Scaling | None) -> str:
    """How fast replicas come or go."""
    if found is None:
        return "Kubernetes's default"
    unit = {"Percent": " %", "Pods": " pods"}
    steps = " or ".join(f"{step['value']}{unit[step['type']]} in {step['period']} s" for step in found["policies"])
    return f"{steps}, after {found['stabilization']} s" + (f" ({found['select_policy']})" if found["select_policy"] else "")


def compute(both: Any) -> str:
    """CPU and memory."""
    return f"{format_cpu(both['cpu'])} CPU, {size(both['memory'])}"


def target(number: int | None) -> str:
    """The target of a metric per pod."""
    return "none" if number is None else f"{number} a pod"


def cluster(tier: Tier) -> str:
    """The database cluster that can be had."""
    found = tier["database"]["dedicated_cluster"]
    if found is None:
        return "none"
    each = f"{compute(found['resources']['requests'])} (at most {compute(found['resources']['limits'])}) and {size(found['storage'])}"
    return f"option: {found['kind']}, {found['instances']} instances of {each}, {found['routers']} routers"


def maintenance(tier: Tier) -> str:
    """Planned work."""
    found = tier["sla"]["maintenance"]
    most = "not bounded" if found["max_per_month"] is None else f"{span(found['max_per_month'])} a month"
    notice = "no notice promised" if found["notice"] is None else f"announced {span(found['notice'])} before"
    return f"{most}; {notice}; {'' if found['counted'] else 'not '}counted as downtime"


def quota_row(name: str) -> Row:
    """One resource of the quota."""
    return f"`{name}`", lambda tier: shown(name, quota(tier)[name])


def bucket_rows(name: str) -> list[Row]:
    """What one bucket holds."""

    def of(tier: Tier) -> Bucket:
        return tier["object_storage"]["buckets"][name]

    return [
        (f"bucket {name}", lambda tier: size(of(tier)["quota"])),
        ("its largest file", lambda tier: size(of(tier)["max_file_size"])),
        ("its types", lambda tier: ", ".join(f"`{kind}`" for kind in of(tier)["allowed_types"])),
        ("behind the CDN; versions", lambda tier: f"{yes(of(tier)['cdn'])}; {yes(of(tier)['versioning'])}"),
    ]


def response_row(severity: str) -> Row:
    """One severity."""
    return f"answer, {severity}", lambda tier: response(tier["support"]["responses"][severity])


def fit_row(resource: str, side: str) -> Row:
    """One resource, with the fewest or the most replicas."""

    def said(tier: Tier) -> str:
        replicas = tier["autoscaling"]["min_replicas" if side == "min" else "max_replicas"] if side != "one" else 1
        wanted, has = demand(tier, replicas)[resource], quota(tier)[resource]
        return f"{shown(resource, wanted)} of {shown(resource, has)}{', **too much**' if wanted > has else ''}"

    return f"`{resource}`, {({'one': 'one replica', 'min': 'fewest replicas', 'max': 'most replicas'})[side]}", said


SECTIONS: dict[str, list[Row]] = {
    "What is sold": [
        ("a month", lambda t: f"{'from ' if t['price']['starting_from'] else ''}{money(t['price']['monthly_cents'], t)}"),
        ("a year", lambda t: money(t["price"]["yearly_cents"], t)),
        ("what a year saves", lambda t: money(saving(t), t)),
        ("custom values", lambda t: yes(t["custom"])),
        ("sites; domains", lambda t: f"{t['sites']}; {t['domains']}"),
        ("visitors at a time", lambda t: amount(t["concurrent_users"])),
        ("products", lambda t: amount(t["products"])),
        ("orders a month", lambda t: amount(t["orders_per_month"])),
        ("themes (as sold, in French)", lambda t: t["features"]["theme"]),
        ("statistics (as sold, in French)", lambda t: t["features"]["statistics"]),
        ("options", lambda t: listed(t["features"]["options"])),
    ],
    "Kubernetes": [
        *(quota_row(name) for name in TIERS["standard"]["quota"]),
        ("each container of a service requests", lambda t: compute(t["resources"]["requests"])),
        ("and may use", lambda t: compute(t["resources"]["limits"])),
        ("a container: at most", lambda t: compute(t["limits"]["Container"]["max"])),
        ("a container: at least", lambda t: compute(t["limits"]["Container"]["min"])),
        ("a container that says nothing may use", lambda t: compute(t["limits"]["Container"]["default"])),
        ("a container that says nothing requests", lambda t: compute(t["limits"]["Container"]["defaultRequest"])),
        ("a pod: at most", lambda t: compute(t["limits"]["Pod"]["max"])),
        (
            "a claim: at least; at most",
            lambda t: "; ".join(size(t["limits"]["PersistentVolumeClaim"][way]["storage"]) for way in ("min", "max")),
        ),
        ("services; those that scale", lambda t: f"{t['services']}; {', '.join(t['autoscaling']['services'])}"),
        ("replicas of those", lambda t: f"{t['autoscaling']['min_replicas']} to {t['autoscaling']['max_replicas']}"),
        ("aims at CPU; memory", lambda t: f"{t['autoscaling']['cpu_percent']} %; {t['autoscaling']['memory_percent']} %"),
        ("aims at requests a second", lambda t: target(t["autoscaling"]["http_requests_per_second"])),
        ("aims at waiting messages", lambda t: target(t["autoscaling"]["queue_depth"])),
        ("grows", lambda t: scaling(t["autoscaling"]["scale_up"])),
        ("shrinks", lambda t: scaling(t["autoscaling"]["scale_down"])),
        ("disk", lambda t: "{type}, {iops:,} IOPS, {throughput:,} MiB/s".format_map(t["storage_class"])),
        ("disk encrypted; Pod Security", lambda t: f"{yes(t['storage_class']['encrypted'])}; {t['security']['pod_security']}"),
    ],
    "Requests, data, messages": [
        ("requests a minute; a second", lambda t: "{requests_per_minute:,}; {requests_per_second}".format_map(t["rate_limit"])),
        ("at once", lambda t: "{burst:,} ({burst_multiplier} seconds' worth)".format_map(t["rate_limit"])),
        ("connections of one address", lambda t: amount(t["rate_limit"]["connections"])),
        ("addresses without limit", lambda t: yes(t["rate_limit"]["trusted_ips"])),
        ("database: connections of a service", lambda t: amount(t["database"]["connections_per_service"])),
        ("database: longest; largest query", lambda t: f"{span(t['database']['query_timeout'])}; {size(t['database']['max_query_size'])}"),
        ("database: slow from", lambda t: f"{t['database']['slow_query_ms']} ms"),
        ("database: pooling", lambda t: t["database"]["pooling"].replace("_", " ")),
        ("database: replicas; take over", lambda t: f"{t['database']['read_replicas']}; {yes(t['database']['automatic_failover'])}"),
        ("database: back to any moment of", lambda t: span(t["database"]["point_in_time_recovery"], "none")),
        ("database of its own", cluster),
        ("buckets together", lambda t: size(t["object_storage"]["total"])),
        *(row for name in TIERS["standard"]["object_storage"]["buckets"] for row in bucket_rows(name)),
        ("a signed address is valid for", lambda t: span(t["object_storage"]["presigned_url_expiry"])),
        ("copied to another region", lambda t: yes(t["object_storage"]["replication"])),
        ("CDN", lambda t: (t["cdn"]["provider"] or "none").replace("_", " ")),
        ("CDN: traffic a month", lambda t: size(t["cdn"]["bandwidth"])),
        ("CDN: path; DNS TTL", lambda t: f"{t['cdn']['path'] or 'none'}; {span(t['cdn']['dns_ttl']) if t['cdn']['dns_ttl'] else 'none'}"),
        ("CDN: does besides", lambda t: listed(t["cdn"]["functions"])),
        ("largest message; waits at most", lambda t: f"{size(t['queues']['max_message_size'])}; {span(t['queues']['message_ttl'])}"),
        ("messages in a queue; priorities", lambda t: f"{amount(t['queues']['queue_max_length'])}; {t['queues']['max_priority']}"),
        ("a consumer may take", lambda t: span(t["queues"]["consumer_timeout"])),
        ("dead letters", lambda t: yes(t["queues"]["dead_letter_exchange"])),
        ("federation; high availability", lambda t: f"{yes(t['queues']['federation'])}; {yes(t['queues']['high_availability'])}"),
        ("broker nodes", lambda t: amount(t["queues"]["cluster_nodes"])),
    ],
    "Watched, kept, promised": [
        (
            "dashboard; own dashboards",
            lambda t: f"{t['monitoring']['dashboard'].replace('_', ' ')}; {amount(t['monitoring']['custom_dashboards'])}",
        ),
        (
            "metrics; logs kept",
            lambda t: f"{t['monitoring']['metrics_retention'] // 86_400} days; {span(t['monitoring']['logs_retention'], 'none')}",
        ),
        ("requests traced", lambda t: f"{t['monitoring']['trace_sampling_percent']} %"),
        ("alerts", lambda t: "; ".join(f"{alert['type']}: {listed(alert['events'])}" for alert in t["monitoring"]["alerts"])),
        ("reports", lambda t: listed(report["type"] for report in t["monitoring"]["reports"])),
        ("access; tools", lambda t: f"{listed(filter(None, [t['monitoring']['api_access']]))}; {listed(t['monitoring']['apm'])}"),
        ("backup", lambda t: f"{t['backup']['cadence'].replace('_', ' ')}, a copy each {span(t['backup']['interval'])}"),
        ("backup kept", lambda t: span(t["backup"]["retention"])),
        ("availability", lambda t: f"{t['sla']['availability_bp'] / 100:.2f} %"),
        ("so away at most, in 30 days", lambda t: span(downtime(t))),
        ("credit for each 0.10 % below", lambda t: f"{t['sla']['compensation']['percent']} % of the month"),
        ("planned work", maintenance),
        ("report after emergency work", lambda t: yes(t["sla"]["emergency_report"])),
        ("support", lambda t: "; ".join(channel(found) for found in t["support"]["channels"])),
        ("languages; time zone", lambda t: f"{', '.join(t['support']['languages'])}; {t['support']['timezone']}"),
        ("hours count", lambda t: t["support"]["clock"]),
        *(response_row(severity) for severity in TIERS["standard"]["support"]["responses"]),
        ("quarterly reviews", lambda t: yes(t["support"]["quarterly_reviews"])),
        (
            "firewall; DDoS protection; audits",
            lambda t: "; ".join(yes(bool(t["security"][key])) for key in ("waf", "ddos_protection", "audits")),
        ),
        ("help with compliance", lambda t: ", ".join(t["security"]["compliance"]) or "none"),
        ("notice before a downgrade", lambda t: span(t["grace"]["period"])),
        ("reminders on day", lambda t: ", ".join(str(moment // 86_400) for moment in t["grace"]["reminders"])),
        ("last warning", lambda t: f"{span(t['grace']['final_warning'])} before the end"),
    ],
}
FIT: list[Row] = [
    fit_row(resource, side)
    for side in ("one", "min", "max")
    for resource in ("pods", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
]


def table(rows: list[Row]) -> str:
    """One column per tier."""
    lines = [["", *(tier["title"] for tier in TIERS.values())], ["---"] * (1 + len(TIERS))]
    lines += [[name, *(said(tier) for tier in TIERS.values())] for name, said in rows]
    return "".join(f"| {' | '.join(cell.replace('|', '-') for cell in cells)} |\n" for cells in lines)


def features() -> str:
    """What the client reads, in French."""
    base = [f"- {name}{' : ' if items else ''}{', '.join(items)}" for name, items in BASE_FEATURES.items()]
    parts = ["## What the client reads\n\nEvery tier (in French, as sold):\n\n" + "\n".join(base)]
    parts += [
        f"{tier['title']} adds:\n\n" + "\n".join(f"- {item}" for item in tier["features"]["added"])
        for tier in TIERS.values()
        if tier["features"]["added"]
    ]
    return "\n\n".join(parts) + "\n"


def thresholds() -> str:
    """When an alert rings, the same in every tier."""
    rows = [f"| {name.replace('_', ' ')} | {found['percent']} % | {span(found['hold'])} |\n" for name, found in THRESHOLDS.items()]
    return "## When an alert rings\n\n| alert | use above | for |\n| --- | --- | --- |\n" + "".join(rows)


def page() -> str:
    """The whole document."""
    sections = [f"## {name}\n\n{table(rows)}" for name, rows in SECTIONS.items()]
    fields = [f"| `{'.'.join(field.path)}` | {MARKUP.sub('`', field.says)} | {'more' if field.rises else ''} |\n" for field in FIELDS]
    renamed = ", ".join(f"`{'.'.join((*field.path[:-1], field.key))}`" for field in FIELDS if field.key)
    head = FIELDS_HEAD.replace("{renamed}", renamed)
    text = "\n".join([HEAD, *sections, f"{FIT_HEAD}\n{table(FIT)}", thresholds(), features(), head + "".join(fields)])
    # The catalog has French's own apostrophe; a collection's documents are held to the plain one (sanity test no-smart-quotes).
    return text.replace("\u2019", "'")


if __name__ == "__main__":
    write_or_check(PAGE, page, "The table of the tiers.")
