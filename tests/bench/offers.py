# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.bench.offers [--sites 1,10,50]``: what a run of an offer costs where there is nothing to do.

That is what an operator waits for most: a preview before, and a run again after. Real containers behind a real Traefik; the time is that of
the whole command, from its start to the prompt, and where it goes is read from Ansible's own clock of every task.
"""

from __future__ import annotations

import datetime
import os
import shutil
import time
from collections import defaultdict
from statistics import median
from typing import Any

from lab.container_world import ContainerWorld
from lab.server import ROOT, LabError
from tests.bench import command
from tests.bench.report import machine
from tests.harness.ansible import Ansible, Run
from tests.harness.preview_apply import world_environment

DIRECTORY = ROOT / "build" / "bench" / "offers"

PLAYBOOKS = ("bluegreen", "deploy", "status")
# The promise of issue 4, for one site.
LIMIT_SECONDS = 60.0


class BenchWorld(ContainerWorld):
    """Many sites on one server."""

    def shared(self) -> dict[str, Any]:
        """GLOBAL conf."""
        return super().shared() | {
            "bluegreen_limits": {"memory": "96M", "pids": 32},
            "bluegreen_start_seconds": 120,
        }


def measure(world: BenchWorld, number: int, rounds: int) -> dict[str, Any]:
    """All playbooks on the first sites of a world."""
    ansible = Ansible(world.inventory, environment=world_environment(world))
    limit = ",".join(world.sites[:number])
    made = play(ansible, "bluegreen", limit, dry_run=False)
    found: dict[str, Any] = {"make": {"seconds": round(made.seconds, 1), "tasks": len(made.results)}}
    for name in PLAYBOOKS:
        for kind, dry_run in (("preview", True), ("no_change", False)):
            runs = [play(ansible, name, limit, dry_run=dry_run) for _ in range(rounds)]
            if any(run.changed for run in runs):
                raise LabError(f"{name} was to change nothing, and {runs[0].changed[0].task} did.")
            found.setdefault(name, {})[kind] = figures(runs)
    return found


def play(ansible: Ansible, name: str, limit: str, *, dry_run: bool) -> Run:
    """One run, which must succeed."""
    run = ansible.run(f"bluegreen.orchestrator.{name}", limit=limit, extra_vars={"dry_run": dry_run}, timeout=3600.0)
    if run.returncode:
        raise LabError(f"{name} on {limit.count(',') + 1} site(s): {run.words()}")
    return run


def figures(runs: list[Run]) -> dict[str, Any]:
    """What is told of some runs of the same command."""
    middle = sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]
    clock = durations(middle)
    inside = sum(clock.values())
    return {
        "seconds": round(median(run.seconds for run in runs), 1),
        "seconds_min": round(min(run.seconds for run in runs), 1),
        "seconds_max": round(max(run.seconds for run in runs), 1),
        "tasks": len(middle.results),
        "outside_tasks": round(max(middle.seconds - inside, 0.0), 1),
        "slowest": [[name, round(seconds, 1)] for name, seconds in sorted(clock.items(), key=lambda pair: -pair[1])[:6]],
    }


def durations(run: Run) -> dict[str, float]:
    """Seconds per task, all hosts together."""
    clock: dict[str, float] = defaultdict(float)
    for one in run.plays:
        for task in one["tasks"]:
            span = task["task"].get("duration", {})
            if "start" in span and "end" in span:
                clock[task["task"]["name"].rpartition(" : ")[2]] += (_moment(span["end"]) - _moment(span["start"])).total_seconds()
    return clock


def _moment(stamp: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))


def run(numbers: list[int], rounds: int) -> dict[str, Any]:
    """Measure, from the fewest sites to the most, in one world that grows."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    load_before = round(os.getloadavg()[0], 1)
    world = BenchWorld(DIRECTORY, tuple(f"site{number}" for number in range(1, max(numbers) + 1)))
    try:
        world.start()
        sites = {}
        for number in sorted(numbers):
            begun = time.monotonic()
            sites[str(number)] = measure(world, number, rounds)
            print(f"{number} site(s) measured in {time.monotonic() - begun:.0f} s", flush=True)
    finally:
        world.stop()
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"machine": machine(), "day": day, "load_before": load_before, "rounds": rounds, "forks": 10, "sites": sites}


def page(result: dict[str, Any]) -> str:
    """The figures as docs/bench/offers.md has them."""
    first = result["sites"][min(result["sites"], key=int)]
    no_change = first["bluegreen"]["no_change"]
    met = "met" if no_change["seconds"] <= LIMIT_SECONDS else "MISSED"
    lines = [
        "# What a run costs when there is nothing to do",
        "",
        "`make bench` writes this page and `build/bench/offers.json`. All sites are on one server, two containers each, behind one",
        f"Traefik; the control node is the same machine ({result['machine']}, load average before the start {result['load_before']}),",
        f"with {result['forks']} forks. Seconds of the whole command, median of {result['rounds']}. Measured on {result['day']}.",
        "",
        "| playbook | sites | preview | no-change run | results of tasks | preview, per site | no-change run, per site |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_row(name, number, result["sites"][number][name]) for name in PLAYBOOKS for number in sorted(result["sites"], key=int)),
        "",
        f"A no-change run of the offer for one site may take {LIMIT_SECONDS:.0f} s: {no_change['seconds']} s, {met}.",
        "",
        "## Where the time goes",
        "",
        "The slowest tasks of a no-change run of `bluegreen`, in seconds, all sites together. *Outside* is Ansible's own start, its",
        "inventory and what lies between two tasks.",
        "",
        "| sites | outside | the slowest tasks |",
        "| ---: | ---: | --- |",
        *(_where(number, result["sites"][number]["bluegreen"]["no_change"]) for number in sorted(result["sites"], key=int)),
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, number: str, one: dict[str, Any]) -> str:
    preview, again = one["preview"], one["no_change"]
    each = [f"{kind['seconds'] / int(number):.1f} s" for kind in (preview, again)]
    return f"| `{name}` | {number} | {preview['seconds']} s | {again['seconds']} s | {again['tasks']} | {each[0]} | {each[1]} |"


def _where(number: str, one: dict[str, Any]) -> str:
    return f"| {number} | {one['outside_tasks']} | {', '.join(f'{name} {seconds}' for name, seconds in one['slowest'])} |"


COMMAND = command.Bench("Measures runs of the offers where there is nothing to do.", "offers", "sites", "1,10,50", run, page, rounds=3)

if __name__ == "__main__":
    COMMAND.main()
