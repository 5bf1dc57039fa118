# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane from the command line: start one that stays, end it, or only build its programs."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from lab.kubernetes import programs
from lab.kubernetes.components import ApiServer
from lab.kubernetes.control_plane import ControlPlane
from lab.kubernetes.crds import SOURCES
from lab.server import ROOT, LabError, end_recorded, process_birth

DEFAULT_DIRECTORY = ROOT / "build" / "kubernetes"
STATE = "kubernetes.json"


def running(directory: Path) -> dict[str, Any] | None:
    """What an earlier start left up in this directory; None when any of its processes has ended."""
    try:
        state: dict[str, Any] = json.loads((directory / STATE).read_text())
    except FileNotFoundError:
        return None
    alive = all(process_birth(process["pid"]) == process["birth"] for process in state["processes"])
    return state if alive else None


def start(directory: Path, crds: tuple[str, ...]) -> dict[str, Any]:
    """Start a control plane that outlives this program, in an empty directory or the one of an earlier one."""
    if directory.exists() and any(directory.iterdir()) and not (directory / "etcd.log").exists():
        raise LabError(f"'{directory}' is not empty and holds no control plane of ours. Give another directory, or empty it.")
    stop(directory)
    shutil.rmtree(directory, ignore_errors=True)
    plane = ControlPlane(directory, detached=True).start()
    try:
        if crds:
            plane.apply_crds(*crds)
        state = {
            "version": plane.version,
            "url": plane.url,
            "ca_file": str(plane.ca_file),
            "kubectl": plane.kubectl_program,
            "kubeconfigs": {user: str(plane.kubeconfig(user)) for user in ("admin", "reader")},
            "crds": list(crds),
            "processes": [server.record() for server in reversed(plane.servers)],
        }
        beside = directory / f"{STATE}.writing"
        beside.write_text(json.dumps(state, indent=2) + "\n")
        os.replace(beside, directory / STATE)
    except BaseException:
        plane.stop()
        raise
    return state


def stop(directory: Path) -> int:
    """End what an earlier start left up; how many processes there were. The API server alone would take a minute, see its class."""
    return end_recorded(directory / STATE, grace=ApiServer.stop_limit)


def usage(state: dict[str, Any]) -> str:
    """How a person uses it."""
    kubectl = state["kubectl"]
    path = os.path.dirname(kubectl)
    return "\n".join(
        (
            f"  API server    {state['url']}  (authority: {state['ca_file']})",
            f"  definitions   {', '.join(state['crds']) or 'none'}",
            "",
            f"  export KUBECONFIG={state['kubeconfigs']['admin']}",
            f"  {kubectl} get nodes",
            "",
            f"  Who may only get and list:  export KUBECONFIG={state['kubeconfigs']['reader']}",
            f"  kubectl on the PATH:        export PATH={path}:$PATH",
        )
    )


def _start(directory: Path, crds: tuple[str, ...]) -> None:
    state = running(directory)
    if state:
        print("The lab's Kubernetes is up already.")
    else:
        programs.find_all()
        begun = time.monotonic()
        state = start(directory, crds)
        print(f"The lab's Kubernetes {state['version']} is up, after {time.monotonic() - begun:.1f} s.")
    print(usage(state))
    print("\n  End it with: " + ("make lab-down" if directory == DEFAULT_DIRECTORY else f"python -m lab.kubernetes stop {directory}"))


def main() -> None:
    """Start, stop or build."""
    parser = argparse.ArgumentParser(prog="lab.kubernetes", description="A real Kubernetes control plane on loopback, with fake nodes.")
    parser.add_argument("what", choices=("start", "stop", "build"))
    parser.add_argument("directory", nargs="?", type=Path, default=DEFAULT_DIRECTORY)
    parser.add_argument(
        "--crds",
        default=",".join(name for name in SOURCES if not name.endswith("-full")),
        help="whose custom resource definitions to apply, separated by commas",
    )
    given = parser.parse_args()
    directory = given.directory.resolve()
    try:
        if given.what == "start":
            _start(directory, tuple(name for name in given.crds.split(",") if name))
        elif given.what == "stop":
            print(f"{stop(directory)} processes stopped.")
        else:
            programs.find_all()
            print(f"The programs are there: {programs.find('kube-apiserver')}")
    except LabError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
