# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the figures beside their targets: on the terminal, in build/bench, and in docs/bench/switch.md."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.server import ROOT

JSON_FILE = ROOT / "build" / "bench" / "switch.json"
DETAILS_FILE = ROOT / "build" / "bench" / "switch-details.json"
PAGE = ROOT / "docs" / "bench" / "switch.md"


@dataclass(frozen=True)
class Target:
    """One promise and what was measured."""

    words: str
    wanted: str
    measured: str
    met: bool


def machine() -> str:
    """The machine, named by its size only."""
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return f"{os.cpu_count()} cores, {round(int(memory.split()[1]) / 1024 / 1024)} GiB"


def targets(result: dict[str, Any]) -> list[Target]:
    """All targets of the switch, with the peers that were measured in the same run."""

    def below(words: str, limit: float, value: float, unit: str = " ms") -> Target:
        return Target(words, f"< {limit:g}{unit}", f"{value:g}{unit}", value < limit)

    def at_least(words: str, limit: int, value: int) -> Target:
        return Target(words, f">= {limit:,}", f"{value:,}", value >= limit)

    ratio = result["p99_ratio"]
    found = [
        at_least("requests during switches", 1_000_000, result["requests"]),
        at_least("switches", 100, result["switches"]),
        Target("failed requests", "0", str(result["failed"]), result["failed"] == 0),
        Target("p99 with switches / without", "<= 1.05", f"{ratio:g}", ratio <= 1.05),
        below("visible, 1 site, median", 10, result["visible_ms_median"]),
        below("visible, 100 sites, median", 40, result["sites"]["100"]["visible_ms_median"]),
        below("rollback, module, median", 300, result["rollback_module_ms_median"]),
        below("rollback, ansible-playbook, median", 3000, result["rollback_playbook_ms_median"]),
    ]
    for name, peer in result["peers"].items():
        found += _against(name, result, peer)
    return found


def _against(name: str, ours: dict[str, Any], peer: dict[str, Any]) -> list[Target]:
    compared: list[tuple[str, str, Callable[[float, float], bool]]] = [
        ("visible, median", "visible_ms_median", lambda one, other: one < other),
        ("p99 ratio", "p99_ratio", lambda one, other: one <= other),
        ("failed requests", "failed", lambda one, other: one <= other),
    ]
    return [
        Target(f"ahead of {name}: {words}", f"{peer[key]:g}", f"{ours[key]:g}", better(ours[key], peer[key]))
        for words, key, better in compared
    ]


def table(head: list[str], rows: list[list[str]], *, markdown: bool) -> str:
    """A table for a terminal or for a page; figures stand right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(row: list[str]) -> str:
        cells = [
            cell.ljust(width) if number == 0 else cell.rjust(width) for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |" if markdown else "  ".join(cells).rstrip()

    ruler = ["-" * width if number == 0 else "-" * (width - 1) + ":" for number, width in enumerate(widths)]
    return "\n".join(line(row) for row in [head, *([ruler] if markdown else []), *rows])


def subject_table(result: dict[str, Any], *, markdown: bool) -> str:
    """Ours and the peers, side by side, with the ratio of each figure of a peer to ours."""
    head = ["", "requests", "failed", "switches", "p99 with", "p99 without", "ratio", "visible median", "visible max"]
    rows = []
    for name, one in {"bluegreen_switch on Traefik": result, **result["peers"]}.items():
        times = one["visible_ms_median"] / result["visible_ms_median"]
        beside = "" if one is result else f" (x{times:.1f})"
        row = [name, f"{one['requests']:,}", f"{one['failed']:,}", str(one["switches"])]
        row += [f"{one['p99_ms_with']:.2f} ms", f"{one['p99_ms_without']:.2f} ms", f"{one['p99_ratio']:.3f}"]
        rows.append([*row, f"{one['visible_ms_median']:.1f} ms{beside}", f"{one['visible_ms_max']:.1f} ms"])
    return table(head, rows, markdown=markdown)


def sites_table(result: dict[str, Any], details: dict[str, Any], *, markdown: bool) -> str:
    """Visibility by the number of sites in the directory."""
    rows = [
        [f"{number} site{'' if number == '1' else 's'}", f"{one['visible_ms_median']:.1f} ms", f"{one['visible_ms_max']:.1f} ms"]
        for number, one in result["sites"].items()
    ]
    without = details["no_default_certificate"]
    last = ["1 site, no default certificate", f"{without['visible_ms_median']:.1f} ms", f"{without['visible_ms_max']:.1f} ms"]
    return table(["in the directory", "visible median", "visible max"], [*rows, last], markdown=markdown)


def target_table(result: dict[str, Any], *, markdown: bool) -> str:
    """Targets, met or missed."""
    rows = [[one.words, one.wanted, one.measured, "met" if one.met else "MISSED"] for one in targets(result)]
    return table(["target", "wanted", "measured", ""], rows, markdown=markdown)


def noise(result: dict[str, Any]) -> str:
    """The ratio that two equal halves without any switch have."""
    every = {"ours": result, **result["peers"]}
    return ", ".join(f"{one['p99_ratio_of_two_quiet_halves']:.3f} ({name})" for name, one in every.items())


def page(result: dict[str, Any], details: dict[str, Any]) -> str:
    """The published page."""
    return f"""# The switch under load

`make bench` writes this page and `build/bench/switch.json`. Machine: {machine()}, which runs the load, the proxy and both
backends at once; its load average before the start was {details["load_before"]}. Versions: {details["versions"]}.
Measured on {details["day"]}.

How it is measured: every switch is a run of the module `bluegreen_switch` (gates, rename, proof). Latencies come from `hey` at a fixed
rate of 3,000 requests a second in windows without, with, with and without switches (one every 2 s), again and again; failures from
these and from `wrk` at full speed (a switch about every 0.9 s); both with GET and with POST bodies of 2,000 bytes, on kept and on new
connections. *Visible* is the time from the rename to the first answer of the new colour, seen by a poller that opens a new connection
about every millisecond and knows nothing of the module. The peer nginx gets its upstream file replaced in the same way, then `nginx -s
reload`.

What to know when comparing: our switches run in a fork of a process that has the module loaded, so the start of a Python (about 0.2 s
of CPU) is in the rollback figures and not in the latencies. *Visible* leaves out what comes before the rename (our gate, our Python),
while for nginx it holds the start of `nginx -s reload`, and for kamal-proxy, which replaces no file, the whole `deploy` command with its
health check: its figure is an upper bound. The peers run fewer rounds at full speed than we do, so their counts of requests are lower.
The two quiet halves compared with each other tell how much of a p99 ratio is noise: {noise(result)}.

{subject_table(result, markdown=True)}

{sites_table(result, details, markdown=True)}

Rollback: {result["rollback_module_ms_median"]:.0f} ms through the module (the start of its Python included),
{result["rollback_playbook_ms_median"]:.0f} ms through `ansible-playbook bluegreen.orchestrator.rollback`.

{target_table(result, markdown=True)}
"""


def write(result: dict[str, Any], details: dict[str, Any], *, publish: bool) -> None:
    """Write the files; the page only after a full run."""
    JSON_FILE.parent.mkdir(parents=True, exist_ok=True)
    JSON_FILE.write_text(json.dumps(result, indent=2) + "\n")
    DETAILS_FILE.write_text(json.dumps(details, indent=2) + "\n")
    if publish:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(result, details))


def show(result: dict[str, Any], details: dict[str, Any]) -> str:
    """What the terminal gets at the end."""
    parts = [
        subject_table(result, markdown=False),
        sites_table(result, details, markdown=False),
        target_table(result, markdown=False),
        f"p99 ratio of two quiet halves, which is noise: {noise(result)}",
    ]
    return "\n\n".join(["", *parts, ""])
