# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.bench.apis [--fleets 10,100]``: what a tenant's buckets cost, beside mc doing the same calls.

On one real MinIO, side by side in one run: whole commands, from their start to the prompt.
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

from lab.minio import Client, Minio
from lab.server import ROOT, LabError
from tests.bench import command
from tests.bench.report import machine
from tests.bench.tenants import Figures, each_fleet, per_tenant, several
from tests.harness.ansible import Ansible

DIRECTORY = ROOT / "build" / "bench" / "apis"
BUCKETS = ("products", "sav", "newsletters")
# What mc is asked to see whether anything is to change, and what it is told to set: the same settings as ours.
LOOKS = (("quota", "info"), ("version", "info"), ("ilm", "rule", "ls"), ("tag", "list"), ("anonymous", "get-json"), ("encrypt", "info"))
NOTHING = [{"name": "nothing", "ansible.builtin.assert": {"that": "true"}}]


class Bench:
    """A MinIO, an inventory of tenants, and two ways to hold three buckets of each."""

    def __init__(self, server: Minio, tenants: int) -> None:
        self.server, self.mc = server, Client(server, DIRECTORY)
        host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        hosts = {f"t{number:04d}": host for number in range(tenants)}
        (DIRECTORY / "inventory.json").write_text(json.dumps({"tenants": {"hosts": hosts}}))
        self.ansible = Ansible(DIRECTORY / "inventory.json", environment={"ANSIBLE_FORKS": "10"})

    def task(self, quota: str = "15GB") -> list[dict[str, Any]]:
        """Our one task for three buckets."""
        login = {"endpoint": self.server.url, "access_key": self.server.access_key, "secret_key": self.server.secret_key}
        held = {"quota": quota, "versioning": "enabled", "noncurrent_days": 30, "encryption": "sse-s3", "public_prefixes": ["public/"]}
        options = {**login, **held, "name": "{{ inventory_hostname }}-{{ item }}", "tags": {"tenant": "{{ inventory_hostname }}"}}
        return [{"name": "buckets", "bluegreen.orchestrator.minio_bucket": options, "loop": list(BUCKETS)}]

    def play(self, tasks: list[dict[str, Any]], *, limit: str, check: bool = False, **variables: Any) -> Figures:
        """One run of ansible-playbook, which must succeed."""
        file = DIRECTORY / "play.json"
        file.write_text(json.dumps([{"hosts": "tenants", "gather_facts": False, "tasks": tasks}]))
        run = self.ansible.run(file, limit=limit, extra_vars=variables, arguments=("--check",) if check else (), timeout=3600.0)
        if run.returncode:
            raise LabError(run.words())
        items = [one for result in run.results for one in result.content.get("results", [])]
        counted = [one["requests"] for one in items if "requests" in one]
        return {
            "seconds": run.seconds,
            "requests": sum(sum(one.values()) for one in counted),
            "writes": sum(one.get("write", 0) for one in counted),
        }

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
    new = bench.play(bench.task(), limit="t0000")
    turns, others = itertools.cycle(("60GB", "15GB")), itertools.cycle(("60GB", "15GB"))
    ways: dict[str, Callable[[], Figures]] = {
        "ansible_itself": lambda: bench.play(NOTHING, limit="t0000"),
        "unchanged": lambda: bench.play(bench.task(), limit="t0000"),
        "unchanged_preview": lambda: bench.play(bench.task(), limit="t0000", check=True),
        "unchanged_shipped": lambda: bench.play(bench.task(), limit="t0000", bluegreen_in_worker=False),
        "unchanged_mc": lambda: bench.looked("t0000"),
        "changed": lambda: bench.play(bench.task(next(turns)), limit="t0000"),
        "changed_mc": lambda: bench.changed("t0000", next(others)),
    }
    found: Figures = {"new": {**new, "seconds": round(new["seconds"], 3)}}
    for name, way in ways.items():
        way()
        if name == "unchanged":
            # The changes of the last round are taken back, so that what follows is unchanged.
            bench.play(bench.task(), limit="t0000")
        found[name] = several(rounds, way)
    bench.play(bench.task(), limit="t0000")
    return found


def fleet(bench: Bench, number: int) -> Figures:
    """The buckets of many tenants, made, previewed and applied again where nothing is to change."""
    limit = ",".join(f"t{tenant:04d}" for tenant in range(number))
    bench.play(bench.task(), limit=limit)
    found = {
        "bare": bench.play(NOTHING, limit=limit),
        "preview": bench.play(bench.task(), limit=limit, check=True),
        "unchanged": bench.play(bench.task(), limit=limit),
    }
    per_tenant(found, number)
    return found


def run(fleets: list[int], rounds: int) -> Figures:
    """Measure on a new server."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir(parents=True)
    load_before = round(os.getloadavg()[0], 1)
    with Minio(DIRECTORY / "minio") as server:
        bench = Bench(server, max(fleets))
        single = one_tenant(bench, rounds)
        print("one tenant measured", flush=True)
        fleets_found = each_fleet(fleets, lambda number: fleet(bench, number))
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    buckets = {"one_tenant": single, "fleets": fleets_found}
    return {"machine": machine(), "day": day, "load_before": load_before, "rounds": rounds, "buckets": buckets}


def page(result: Figures) -> str:
    """The figures as docs/bench/apis.md has them."""
    single, fleets = result["buckets"]["one_tenant"], result["buckets"]["fleets"]
    bare = single["ansible_itself"]["seconds"]
    limit = single["unchanged_mc"]["seconds"] + bare
    said = {True: "met", False: "MISSED"}[single["unchanged"]["seconds"] <= limit]
    lines = [
        "# What a tenant's buckets cost",
        "",
        (
            "`make bench` writes this page and `build/bench/apis.json`. A real MinIO on the same machine as Ansible"
            f" ({result['machine']}, load average before the start {result['load_before']}), 10 forks. Three buckets with quota, versions,"
            f" lifecycle, encryption, policy and tags, in one looped task. Seconds of the whole command, median of {result['rounds']}."
            f" Measured on {result['day']}."
        ),
        "",
        "## One tenant, three buckets",
        "",
        "| way | seconds | without Ansible's own start | requests or commands | writes |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(_row(name, one, 0.0 if name.endswith("_mc") else bare) for name, one in single.items()),
        "",
        (
            f"Unchanged, ours takes {single['unchanged']['seconds']:.2f} s; mc for the same reads and one start of Ansible {limit:.2f} s"
            f" (ours must not be slower): {said}. An item of the loop costs {_per_item(single, bare):.0f} ms, requests included, so three"
            " buckets are a loop and need no list of their own."
        ),
        "",
        "## Fleets of three buckets each, nothing to change",
        "",
        "| tenants | a task that does nothing | preview | per tenant | apply | per tenant | requests |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_fleet_row(number, fleets[number]) for number in sorted(fleets, key=int)),
    ]
    return "\n".join(lines) + "\n"


def _per_item(single: Figures, bare: float) -> float:
    return float(1000 * (single["unchanged"]["seconds"] - bare) / len(BUCKETS))


def _row(name: str, one: Figures, bare: float) -> str:
    asked = one.get("commands", one.get("requests", ""))
    own = f"{one['seconds'] - bare:.2f}"
    return f"| {name.replace('_', ' ')} | {one['seconds']:.2f} | {own} | {asked} | {one.get('writes', '')} |"


def _fleet_row(number: str, one: Figures) -> str:
    preview, apply = one["preview"], one["unchanged"]
    times = f"{preview['seconds']} s | {preview['per_tenant_ms']} ms | {apply['seconds']} s | {apply['per_tenant_ms']} ms"
    return f"| {number} | {one['bare']['seconds']} s | {times} | {preview['requests']} |"


COMMAND = command.Bench("Measures minio_bucket beside mc.", "apis", "fleets", "10,100", run, page)

if __name__ == "__main__":
    COMMAND.main()
