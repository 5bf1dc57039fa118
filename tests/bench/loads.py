# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two loads: ``hey`` at a fixed rate for latencies, ``wrk`` at full speed for failures."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from lab.server import LabError
from tests.bench.programs import program

RATE = 3000
# Each worker of hey has its own ticker and all tick together: with 30 of them every tick is a burst of 30 requests, whose queue on two
# cores (p99 9-11 ms) hides what a switch adds. With 10 the same rate has a p99 of 5-6 ms.
HEY_WORKERS = 10
WRK_CONNECTIONS = 32
BODY_BYTES = 2000


@dataclass(frozen=True)
class Kind:
    """One of the four ways to ask: GET or POST with a body, on kept or on new connections."""

    method: str
    keep_alive: bool

    @property
    def words(self) -> str:
        """For tables."""
        return f"{self.method}, {'kept' if self.keep_alive else 'new'} connections"


KINDS = tuple(Kind(method, keep_alive) for keep_alive in (True, False) for method in ("GET", "POST"))


@dataclass(frozen=True)
class Counted:
    """What one load counted. Latencies (ms) come from hey only."""

    requests: int
    failed: int
    latencies: list[float] = field(default_factory=list, repr=False)
    reasons: dict[str, int] = field(default_factory=dict)


def percentile(values: list[float], part: float) -> float:
    """The value below which this part of the values stays."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _run(command: list[str], limit: float) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    if done.returncode:
        raise LabError(f"'{command[0]}' ended with code {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def hey(url: str, host: str, kind: Kind, seconds: float, scratch: Path) -> Counted:
    """A fixed rate. The number of requests is fixed too: hey's CSV leaves out those without an answer, so they show."""
    wanted = int(RATE * seconds) // HEY_WORKERS * HEY_WORKERS
    command = [program("hey"), "-n", str(wanted), "-c", str(HEY_WORKERS), "-q", str(RATE // HEY_WORKERS)]
    command += ["-o", "csv", "-t", "5", "-host", host, "-m", kind.method]
    if not kind.keep_alive:
        command.append("-disable-keepalive")
    if kind.method == "POST":
        body = scratch / "body"
        body.write_bytes(b"x" * BODY_BYTES)
        command += ["-D", str(body)]
    rows = list(csv.DictReader(io.StringIO(_run([*command, url], seconds * 3 + 30))))
    bad = [row["status-code"] for row in rows if not row["status-code"].startswith("2")]
    reasons = {f"status {status}": bad.count(status) for status in set(bad)}
    if wanted > len(rows):
        reasons["no answer"] = wanted - len(rows)
    return Counted(wanted, sum(reasons.values()), [float(row["response-time"]) * 1000 for row in rows], reasons)


LUA = """
wrk.method = "{method}"
wrk.headers["Host"] = "{host}"
{more}
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("COUNTED %d %d %d %d %d %d\\n", summary.requests, e.connect, e.read, e.write, e.timeout, e.status))
end
"""
COUNTED = re.compile(r"^COUNTED (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)


def wrk(url: str, host: str, kind: Kind, seconds: float, scratch: Path) -> Counted:
    """Full speed. A socket error is a request that failed, as is a status of 400 or more."""
    more = "" if kind.keep_alive else 'wrk.headers["Connection"] = "close"\n'
    more += f'wrk.body = string.rep("x", {BODY_BYTES})' if kind.method == "POST" else ""
    script = scratch / "wrk.lua"
    script.write_text(LUA.format(method=kind.method, host=host, more=more))
    command = [program("wrk"), "-t", "2", "-c", str(WRK_CONNECTIONS), "-d", f"{seconds:.0f}s", "--timeout", "5s"]
    found = COUNTED.search(_run([*command, "-s", str(script), url], seconds * 3 + 30))
    if not found:
        raise LabError("wrk ended without its count.")
    answered, *errors = (int(number) for number in found.groups())
    names = ("connect", "read", "write", "timeout", "status")
    reasons = {name: number for name, number in zip(names, errors, strict=True) if number}
    # wrk counts an answer of 400 or more among the answered ones, a socket error not.
    return Counted(answered + sum(errors[:-1]), sum(errors), [], reasons)
