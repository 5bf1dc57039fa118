# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant's three buckets cost on a real MinIO, beside mc doing the same work."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable

from lab.minio import Client, Minio
from lab.server import ROOT
from tests.bench.hosts import NOTHING, TASK, Hosts, Tasks, first, fleet_row, name_of, verdict, way_row
from tests.bench.tenants import Figures, each_fleet, per_tenant, several

DIRECTORY = ROOT / "build" / "bench" / "buckets"
BUCKETS = ("products", "sav", "newsletters")
# What mc is asked to see whether anything is to change, and what it is told to set: the same settings as ours.
LOOKS = (("quota", "info"), ("version", "info"), ("ilm", "rule", "ls"), ("tag", "list"), ("anonymous", "get-json"), ("encrypt", "info"))
QUOTAS = ("60GB", "15GB")


class Bench(Hosts):
    """A MinIO, an inventory of tenants, and two ways to hold three buckets of each."""

    def __init__(self, server: Minio, tenants: int) -> None:
        super().__init__(DIRECTORY, tenants)
        self.server, self.mc = server, Client(server, DIRECTORY)

    def task(self, quota: str = QUOTAS[-1]) -> Tasks:
        """Our one task for three buckets."""
        login = {"endpoint": self.server.url, "access_key": self.server.access_key, "secret_key": self.server.secret_key}
        held = {"quota": quota, "versioning": "enabled", "noncurrent_days": 30, "encryption": "sse-s3", "public_prefixes": ["public/"]}
        options = {**login, **held, "name": "{{ inventory_hostname }}-{{ item }}", "tags": {"tenant": "{{ inventory_hostname }}"}}
        return [{"name": "buckets", "bluegreen.orchestrator.minio_bucket": options, "loop": list(BUCKETS)}]

    def looked(self, tenant: str) -> Figures:
        """mc reads what our unchanged task reads."""
        return self._commands([[*look, f"lab/{tenant}-{name}"] for name in BUCKETS for look in LOOKS])

    def changed(self, tenant: str, quota: str) -> Figures:
        """mc reads the same, and sets one value of each bucket."""
        looks = [[*look, f"lab/{tenant}-{name}"] for name in BUCKETS for look in LOOKS]
        return self._commands([*looks, *(["quota", "set", f"lab/{tenant}-{name}", "--size", quota] for name in BUCKETS)])

    def _commands(self, commands: list[list[str]]) -> Figures:
        begun = time.monotonic()
        for one in commands:
            self.mc.run(*one)
        return {"seconds": time.monotonic() - begun, "commands": len(commands)}


def one_tenant(bench: Bench, rounds: int) -> Figures:
    """New, unchanged and one changed value, by us and by mc."""
    tenant = name_of(0)
    new = bench.play(bench.task(), limit=tenant)
    turns, others = itertools.cycle(QUOTAS), itertools.cycle(QUOTAS)
    ways: dict[str, Callable[[], Figures]] = {
        "ansible_itself": lambda: bench.play(NOTHING, limit=tenant),
        "one_task_of_ansible": lambda: bench.play(TASK, limit=tenant),
        "unchanged": lambda: bench.play(bench.task(), limit=tenant),
        "unchanged_preview": lambda: bench.play(bench.task(), limit=tenant, check=True),
        "unchanged_shipped": lambda: bench.play(bench.task(), limit=tenant, bluegreen_in_worker=False),
        "unchanged_mc": lambda: bench.looked(tenant),
        "changed": lambda: bench.play(bench.task(next(turns)), limit=tenant),
        "changed_mc": lambda: bench.changed(tenant, next(others)),
    }
    found: Figures = {"new": {**new, "seconds": round(new["seconds"], 3)}}
    for name, way in ways.items():
        # Warm: the first run of each imports and caches.
        way()
        found[name] = several(rounds, way)
    bench.play(bench.task(), limit=tenant)
    return found


def fleet(bench: Bench, number: int) -> Figures:
    """The buckets of many tenants, made, previewed and applied again where nothing is to change."""
    limit = first(number)
    bench.play(bench.task(), limit=limit)
    found = {
        "bare": bench.play(NOTHING, limit=limit),
        "preview": bench.play(bench.task(), limit=limit, check=True),
        "unchanged": bench.play(bench.task(), limit=limit),
    }
    per_tenant(found, number)
    return found


def measured(fleets: list[int], rounds: int) -> Figures:
    """Measure on a new server."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir(parents=True)
    with Minio(DIRECTORY / "minio") as server:
        bench = Bench(server, max(fleets))
        single = one_tenant(bench, rounds)
        print("the buckets of one tenant measured", flush=True)
        return {"one_tenant": single, "fleets": each_fleet(fleets, lambda number: fleet(bench, number))}


def section(result: Figures) -> list[str]:
    """The figures as the page has them."""
    single, fleets = result["one_tenant"], result["fleets"]
    bare = single["ansible_itself"]["seconds"]
    limit, said = verdict(single["unchanged"], single["unchanged_mc"], single["one_task_of_ansible"])
    changed_limit, changed_said = verdict(single["changed"], single["changed_mc"], single["one_task_of_ansible"])
    return [
        "## One tenant, three buckets",
        "",
        "A real MinIO. Three buckets with quota, versions, lifecycle, encryption, policy and tags, in one looped task.",
        "",
        "| way | seconds | without Ansible's own start | requests or commands | writes |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(way_row(name, one, bare, ours=not name.endswith("_mc")) for name, one in single.items()),
        "",
        (
            f"Unchanged, ours takes {single['unchanged']['seconds']:.2f} s; mc for the same reads and one task of Ansible {limit:.2f} s"
            f" (ours must not be slower): {said}. With one changed value each, {single['changed']['seconds']:.2f} s and"
            f" {changed_limit:.2f} s: {changed_said}. An item of the loop costs {_per_item(single, bare):.0f} ms, requests included,"
            " so three buckets are a loop and need no list of their own."
        ),
        "",
        "## Fleets of three buckets each, nothing to change",
        "",
        "| tenants | a task that does nothing | preview | per tenant | apply | per tenant | requests |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(fleet_row(number, fleets[number]) for number in sorted(fleets, key=int)),
    ]


def _per_item(single: Figures, bare: float) -> float:
    return float(1000 * (single["unchanged"]["seconds"] - bare) / len(BUCKETS))
