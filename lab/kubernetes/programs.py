# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of the lab's Kubernetes, found in this order:

1. ``KUBEBUILDER_ASSETS``, the folder that the Kubernetes world keeps etcd, kube-apiserver and kubectl in for tests;
2. the PATH, where it has a kube-apiserver. A lone kubectl or etcd there is somebody's client or store, of any age;
3. the lab's cache, built when they are not there: ``go/go.mod`` says from what, ``go/go.sum`` that it is the same everywhere.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

from lab.server import ProgramMissingError
from lab.toolchain import folder_made_once, install_go, module_folder, run_go

RECIPE = Path(__file__).resolve().parent / "go"
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
ASSETS = ("etcd", "kube-apiserver", "kubectl")

KWOK = "sigs.k8s.io/kwok"
KWOK_VERSION = "v0.8.0"
# How a fake node and a fake pod live: Ready at once, Completed at once. Without these kwok does not start. Its heartbeats are left out:
# they only matter to the controller that looks for dead nodes, which does not run here.
STAGES = ("kustomize/stage/node/fast", "kustomize/stage/pod/fast")


def find(name: str) -> str:
    """The path of a program; built when this machine has none. ProgramMissingError when it cannot be had."""
    return _in_assets(name) or _on_path(name) or str((_kwok() if name == "kwok" else _control_plane()) / name)


def find_all() -> None:
    """Have every program, so that nothing is built later, within a test's time."""
    for name in (*CONTROL_PLANE, "kwok"):
        find(name)
    stages()


def stages() -> Path:
    """The file that tells kwok how nodes and pods live."""
    return _kwok() / "stages.yaml"


def version() -> str:
    """The Kubernetes that we build."""
    found = re.search(r"^\s*(?:require )?k8s\.io/kubernetes (v\S+)", (RECIPE / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise ProgramMissingError(f"'{RECIPE / 'go.mod'}' does not say which k8s.io/kubernetes it wants.")
    return found[1]


def _in_assets(name: str) -> str | None:
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    if not folder:
        return None
    found = shutil.which(name, path=folder)
    if not found and name in ASSETS:
        raise ProgramMissingError(f"KUBEBUILDER_ASSETS is set to '{folder}', where no {name} is. Correct it, or unset it.")
    return found


def _on_path(name: str) -> str | None:
    return shutil.which(name) if name == "kwok" or shutil.which("kube-apiserver") else None


def _control_plane() -> Path:
    digest = hashlib.sha256((RECIPE / "go.mod").read_bytes() + (RECIPE / "go.sum").read_bytes()).hexdigest()[:12]
    return folder_made_once(f"kubernetes/control-plane-{version()}-{digest}", _build_control_plane)


def _build_control_plane(folder: Path) -> None:
    what = f"Building Kubernetes {version()} and etcd, once on this machine (six minutes on two cores)"
    # -s -w: without tables for a debugger; 338 MB then.
    flags = " ".join(("-s -w", *_stamps()))
    run_go("build", "-trimpath", "-ldflags", flags, "-o", f"{folder}/", "tool", what=what, cwd=RECIPE)
    (folder / "server").rename(folder / "etcd")


def _stamps() -> list[str]:
    """The version that the programs tell. Unstamped they call themselves v0.0.0-master, which clients make wrong decisions on."""
    major, minor, _ = version().removeprefix("v").split(".")
    told = {"gitVersion": version(), "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return [f"-X {package}.{name}={value}" for package in packages for name, value in told.items()]


def _kwok() -> Path:
    return folder_made_once(f"kubernetes/kwok-{KWOK_VERSION}", _build_kwok)


def _build_kwok(folder: Path) -> None:
    # A module of its own: it wants a newer k8s.io/client-go than the Kubernetes above. Its own go.mod says which.
    install_go(f"{KWOK}/cmd/kwok@{KWOK_VERSION}", folder, f"Building kwok {KWOK_VERSION} (one or two minutes)")
    source = module_folder(KWOK, KWOK_VERSION)
    files = [file for part in STAGES for file in sorted((source / part).glob("*.yaml")) if "kind: Stage" in file.read_text()]
    (folder / "stages.yaml").write_text("---\n".join(file.read_text().rstrip() + "\n" for file in files))
