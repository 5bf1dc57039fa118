# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custom resource definitions as their projects publish them, so that our manifests are judged by the real schemas."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from lab.server import LabError
from lab.toolchain import folder_made_once, module_folder


@dataclass(frozen=True)
class Source:
    """A Go module, the file or folder in it that holds the definitions, and which of them, if not all."""

    module: str
    version: str
    path: str
    only: tuple[str, ...] = ()


# What a tenant brings is 0.2 of the 4.9 MB. The rest, mostly the operator's own servers, costs the API server 6 s of processor.
PROMETHEUS = Source("github.com/prometheus-operator/prometheus-operator", "v0.85.0", "example/prometheus-operator-crd-full")

SOURCES = {
    "argo-cd": Source("github.com/argoproj/argo-cd/v3", "v3.2.0", "manifests/crds"),
    "cert-manager": Source("github.com/cert-manager/cert-manager", "v1.19.1", "deploy/crds"),
    "prometheus-operator": replace(PROMETHEUS, only=("servicemonitors", "podmonitors", "probes", "prometheusrules")),
    "prometheus-operator-full": PROMETHEUS,
    "traefik": Source(
        "github.com/traefik/traefik/v3", "v3.7.13", "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml"
    ),
}


def files_of(name: str) -> list[Path]:
    """The files that define what one project's manifests are made of; copied into the lab's cache at first use."""
    source = SOURCES.get(name)
    if source is None:
        raise LabError(f"The lab has no custom resource definitions called '{name}'. There are: {', '.join(SOURCES)}.")

    def copy(folder: Path) -> None:
        given = module_folder(source.module, source.version) / source.path
        for file in [given] if given.is_file() else given.glob("*.y*ml"):
            if "kind: CustomResourceDefinition" in file.read_text():
                shutil.copyfile(file, folder / file.name)
        if not any(folder.iterdir()):
            raise LabError(f"{source.module}@{source.version} has no custom resource definition in {source.path}.")

    files = sorted(folder_made_once(f"kubernetes/definitions-{source.module.replace('/', '-')}-{source.version}", copy).iterdir())
    return [file for file in files if not source.only or file.stem.rpartition("_")[2] in source.only]
