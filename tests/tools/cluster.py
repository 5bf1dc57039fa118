# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster in memory for unit tests: reads are answered from objects, and every request is taken down, for strict lists of them.

It knows no more of Kubernetes than that what was deleted is gone; what a server makes of an apply is the integration tests' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api, Kind, KubernetesError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import Access

Object = dict[str, Any]


class Cluster(Api):
    """The objects of a cluster.

    Args:
        objects: what is there, with ``kind`` and ``metadata``.
        refuses: what a request is answered with instead, by its line.
        stays: names of namespaces that are there still, however often they are deleted.
    """

    def __init__(
        self, objects: Iterable[Mapping[str, Any]] = (), *, refuses: Mapping[str, KubernetesError] | None = None, stays: Iterable[str] = ()
    ) -> None:
        super().__init__(Access("https://cluster.example", {}, None, "kubeconfig k"))
        self.objects = [dict(one) for one in objects]
        self.refuses = dict(refuses or {})
        self.stays = set(stays)
        self.lines: list[str] = []
        self.applied: list[Mapping[str, Any]] = []
        self.uids: list[str] = []

    def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        """Return an object."""
        self._note("get", kind, namespace, name)
        return next((one for one in self._of(kind, namespace) if one["metadata"]["name"] == name), None)

    def list_all(self, kind: Kind, namespace: str | None = None, *, labels: str = "") -> list[Object]:
        """Return the objects of a kind; a label is asked for by ``name=value``, or by ``name`` for any value."""
        self._note("list", kind, namespace, labels)
        asked = [part.partition("=") for part in labels.split(",") if part]
        return [one for one in self._of(kind, namespace) if all(_has(one, label, equals, value) for label, equals, value in asked)]

    def apply(self, kind: Kind, manifest: Mapping[str, Any], *, force: bool = False, dry_run: bool = False) -> Object:
        """Take it down: ``try`` for a dry run."""
        meta = manifest["metadata"]
        self._note("try" if dry_run else "apply", kind, meta.get("namespace"), meta["name"] + (" by force" if force else ""))
        self.applied.append(manifest)
        return {}

    def delete(self, kind: Kind, namespace: str | None, name: str, uid: str) -> None:
        """Delete an object; what is in a namespace goes with it."""
        self._note("delete", kind, namespace, name)
        self.uids.append(uid)
        if name not in self.stays:
            self.objects = [one for one in self.objects if name not in (one["metadata"]["name"], one["metadata"].get("namespace"))]

    @property
    def writes(self) -> list[str]:
        """The requests that change something."""
        return [line for line in self.lines if line.startswith(("apply", "delete"))]

    def _of(self, kind: Kind, namespace: str | None) -> list[Object]:
        return [one for one in self.objects if one["kind"] == kind.kind and namespace in (None, one["metadata"].get("namespace"))]

    def _note(self, verb: str, kind: Kind, namespace: str | None, what: str) -> None:
        line = " ".join(word for word in (verb, kind.kind, namespace or "", what) if word)
        self.lines.append(line)
        self.requests[verb] = self.requests.get(verb, 0) + 1
        if line in self.refuses:
            raise self.refuses[line]


def _has(found: Object, label: str, equals: str, value: str) -> bool:
    labels = found["metadata"].get("labels") or {}
    return labels.get(label) == value if equals else label in labels
