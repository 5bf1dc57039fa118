# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tenant on the lab's Kubernetes: runs tier_quota on it as Ansible does, and reads with kubectl what the server holds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lab.kubernetes import ControlPlane
from lab.kubernetes.control_plane import Request
from tests.integration.module_process import arguments, run_module, start_module
from tests.integration.outcomes import Runs

# What an envelope consists of, and what only others make.
KINDS = "resourcequota,limitrange,hpa,networkpolicy,serviceaccount,role,rolebinding"
PREFIX = "e-commerce-tenant-"


def manifest(name: str, namespace: str, image: str = "shop:1", replicas: int = 1, **resources: dict[str, str]) -> dict[str, Any]:
    """A Deployment that Pod Security *restricted* takes."""
    secure = {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": "app", "image": image, "securityContext": secure, "resources": resources}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


@dataclass
class Tenancy(Runs):
    """A tenant, and the module on it."""

    plane: ControlPlane
    tenant: str

    @property
    def namespace(self) -> str:
        """The tenant's own namespace."""
        return f"{PREFIX}{self.tenant}"

    def arguments(self, user: str, options: dict[str, Any], *, check: bool) -> str:
        """What the module is given."""
        given = {"tenant": self.tenant, "kubeconfig": str(self.plane.kubeconfig(user)), **options}
        return arguments(given, check=check)

    def run(
        self, *, user: str = "admin", check: bool = False, module: str = "tier_quota", before: str = "", **options: Any
    ) -> dict[str, Any]:
        """Run a module to its end and return its result, failed or not; ``before`` is Python that runs there first."""
        return {"warnings": [], **run_module(module, self.arguments(user, options, check=check), before=before)}

    def start(self, *, before: str = "", **options: Any) -> subprocess.Popen[str]:
        """Start the module in a process of its own, to be killed."""
        return start_module("tier_quota", self.arguments("admin", options, check=False), before=before)

    def previewed(self, **options: Any) -> dict[str, Any]:
        """Preview as who may only read, apply, and again both: the same plan, nothing written, and then nothing left to do."""
        held, mark = self.held(), self.plane.audit_mark()
        preview = self.ok(user="reader", check=True, **options)
        assert self.writes(mark) == []
        assert self.held() == held
        applied = self.ok(**options)
        for key in ("changed", "diff", "actions", "digest", "tier", "tier_before", "quotas", "blockers", "took_over"):
            assert preview[key] == applied[key], key
        # An apply reads the same; only the end of a namespace is waited for with further gets.
        assert preview["requests"]["list"] == applied["requests"]["list"]
        self.settled(**options)
        return applied

    def settled(self, **options: Any) -> None:
        """Nothing is left to do, in preview and apply."""
        mark = self.plane.audit_mark()
        for user, check in (("reader", True), ("admin", False)):
            again = self.ok(user=user, check=check, **options)
            assert (again["changed"], again["diff"], again["actions"]) == (False, [], [])
        assert self.writes(mark) == []

    def writes(self, mark: int) -> list[Request]:
        """What was asked of the API server since the mark that is no reading, but by its own components."""
        found = self.plane.requests_since(mark)
        return [
            one
            for one in found
            if one.verb not in ("get", "list", "watch") and self.tenant in one.path and not one.user.startswith("system:")
        ]

    def namespaces(self) -> dict[str, dict[str, Any]]:
        """The tenant's namespaces, as kubectl reads them."""
        items = self.plane.kubectl("get", "namespaces", "-l", f"tenant={self.tenant}", "-o", "json", user="reader")["items"]
        return {item["metadata"]["name"]: item for item in items}

    def held(self) -> list[dict[str, Any]]:
        """All objects of all of its namespaces, but for what others note on them: counts, versions."""
        found = [*self.namespaces().values()]
        for name in self.namespaces():
            found += self.plane.kubectl("get", KINDS, "-n", name, "-o", "json", user="reader")["items"]
        return [
            {key: value for key, value in one.items() if key not in ("status", "metadata")}
            | {"metadata": {key: one["metadata"].get(key) for key in ("name", "namespace", "labels", "annotations", "uid")}}
            for one in found
        ]

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
        """One object, as kubectl reads it."""
        found = self.plane.kubectl("get", kind, name, "-n", namespace or self.namespace, "-o", "json", user="reader")
        assert isinstance(found, dict)
        return found

    def names(self, kind: str, namespace: str | None = None) -> list[str]:
        """The names of all objects of a kind."""
        items = self.plane.kubectl("get", kind, "-n", namespace or self.namespace, "-o", "json", user="reader")["items"]
        return sorted(item["metadata"]["name"] for item in items)

    def hard(self, namespace: str | None = None) -> dict[str, str]:
        """The quota that the server holds."""
        found: dict[str, str] = self.get("resourcequota", "tenant-quota", namespace)["spec"]["hard"]
        return found

    def deploys(self, names: Iterable[str], **options: Any) -> None:
        """Somebody deploys services into the tenant's namespace, and they roll out."""
        made = [manifest(name, self.namespace, **options) for name in names]
        self.plane.kubectl("apply", "-f", "-", stdin=made)
        for one in made:
            self.plane.kubectl("rollout", "status", f"deployment/{one['metadata']['name']}", "-n", self.namespace, "--timeout=30s")

    def pods(self) -> dict[str, str]:
        """The pods that run, by name, with their uids."""
        items = self.plane.kubectl("get", "pods", "-n", self.namespace, "-o", "json", user="reader")["items"]
        return {item["metadata"]["name"]: item["metadata"]["uid"] for item in items if item["status"]["phase"] == "Running"}
