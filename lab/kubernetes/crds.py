# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custom resource definitions as their projects publish them, so that our manifests are judged by the real schemas."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.kubernetes.toolchain import folder_made_once, module_folder
from lab.server import LabError


@dataclass(frozen=True)
class Source:
    """A Go module and the file or folder in it that holds the definitions."""

    module: str
    version: str
    path: str


SOURCES = {
    "argo-cd": Source("github.com/argoproj/argo-cd/v3", "v3.2.0", "manifests/crds"),
    "cert-manager": Source("github.com/cert-manager/cert-manager", "v1.19.1", "deploy/crds"),
    "prometheus-operator": Source("github.com/prometheus-operator/prometheus-operator", "v0.85.0", "example/prometheus-operator-crd-full"),
    "traefik": Source(
        "github.com/traefik/traefik/v3", "v3.7.13", "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml"
    ),
}


def file_of(name: str) -> Path:
    """The definitions of one project in one file, copied into the lab's cache at first use."""
    source = SOURCES.get(name)
    if source is None:
        raise LabError(f"The lab has no custom resource definitions called '{name}'. There are: {', '.join(SOURCES)}.")

    def copy(folder: Path) -> None:
        given = module_folder(source.module, source.version) / source.path
        files = [given] if given.is_file() else sorted(given.glob("*.y*ml"))
        texts = [text for text in (file.read_text().strip() for file in files) if "kind: CustomResourceDefinition" in text]
        if not texts:
            raise LabError(f"{source.module}@{source.version} has no custom resource definition in {source.path}.")
        (folder / "crds.yaml").write_text("\n---\n".join(text.removeprefix("---") for text in texts) + "\n")

    return folder_made_once(f"crds-{name}-{source.version}", copy) / "crds.yaml"
