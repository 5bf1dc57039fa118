# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.bench.apis [--fleets 10,100]``: what a tenant's buckets and its support desk cost, beside mc and curl.

Each makes the same calls. Buckets are on a real MinIO, desks on the stand-in for Chatwoot, all in one run: whole commands, from their start
to the prompt.
"""

from __future__ import annotations

import datetime
import os

from tests.bench import buckets, command, desks
from tests.bench.report import machine
from tests.bench.tenants import FORKS, Figures


def run(fleets: list[int], rounds: int) -> Figures:
    """Measure on new servers."""
    return {
        "machine": machine(),
        "load_before": round(os.getloadavg()[0], 1),
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "rounds": rounds,
        "forks": FORKS,
        "buckets": buckets.measured(fleets, rounds),
        "desks": desks.measured(fleets, rounds),
    }


def page(result: Figures) -> str:
    """The figures as docs/bench/apis.md has them."""
    lines = [
        "# What a tenant's buckets and its support desk cost",
        "",
        (
            "`make bench` writes this page and `build/bench/apis.json`. The servers are on the same machine as Ansible"
            f" ({result['machine']}, load average before the start {result['load_before']}), {result['forks']} forks. Seconds of the whole"
            f" command, median of {result['rounds']}. Measured on {result['day']}."
        ),
        "",
        *buckets.section(result["buckets"]),
        "",
        *desks.section(result["desks"]),
    ]
    return "\n".join(lines) + "\n"


COMMAND = command.Bench("Measures minio_bucket beside mc, and chatwoot_tenant beside curl.", "apis", "fleets", "10,100", run, page)

if __name__ == "__main__":
    COMMAND.main()
