# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of a smaller envelope: everything that is used beyond what it would allow.

PRIVATE: for this collection's own plugins, not a public interface.

The API server takes a quota below use (kubernetes#113974): running pods stay, and the next one that dies does not come back. So it is
asked before, and all that is in the way is told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _resources
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._quantity import format_resource, size_bytes

REMEDIES = {
    "pods": "stop pods, or lower replicas",
    "requests.storage": "delete volumes that are not needed, or move data into smaller ones",
    "persistentvolumeclaims": "delete volumes that are not needed",
    "services.loadbalancers": "delete services of type LoadBalancer",
}


@dataclass(frozen=True)
class Blocker:
    """One reason why an envelope cannot shrink.

    Attributes:
        what: the resource or count.
        where: the namespace, or the tenant as a whole.
        used: what is there now.
        allowed: what the new envelope allows.
        remedy: what to do.
        loses: whether something would be lost for good.
    """

    what: str
    where: str
    used: str
    allowed: str
    remedy: str
    loses: bool = False

    def words(self) -> str:
        """The blocker as a part of a sentence."""
        return f"{self.what} in {self.where}: {self.used} used, {self.allowed} allowed ({self.remedy})"

    def public(self) -> dict[str, str]:
        """The blocker as a module returns it."""
        return asdict(self)


def of_quota(namespace: str, used: Mapping[str, int], hard: Mapping[str, int]) -> list[Blocker]:
    """Return what is used beyond a quota to come."""
    found = []
    for resource, allowed in hard.items():
        value = used.get(resource, 0)
        if value > allowed:
            remedy = REMEDIES.get(resource, "lower the pods' requests and limits, or their number")
            found.append(Blocker(resource, namespace, format_resource(resource, value), format_resource(resource, allowed), remedy))
    return found


def of_autoscaler(namespace: str, autoscaler: Mapping[str, Any], most: int, wanted: int) -> list[Blocker]:
    """Return a blocker where a service has more pods than the new maximum of its autoscaler.

    Args:
        namespace: where it is.
        autoscaler: as the server has it; its status may be 15 s old, which is how often the controller looks.
        most: the maximum to come.
        wanted: how many pods the Deployment asks for.
    """
    current = max(wanted, int((autoscaler.get("status") or {}).get("currentReplicas") or 0))
    if current <= most:
        return []
    name = autoscaler["metadata"]["name"]
    return [Blocker(f"replicas of {name}", namespace, str(current), str(most), "wait until there is less to do, or lower its load")]


def of_limits(
    namespace: str, limits: Sequence[Mapping[str, Any]], pods: Iterable[Mapping[str, Any]], claims: Iterable[Mapping[str, Any]]
) -> list[Blocker]:
    """Return the greatest container, pod and volume beyond a LimitRange to come: it would not come back after a restart."""
    by_type = {str(limit["type"]): _resources.amounts(limit.get("max") or {}) for limit in limits}
    alive = [pod for pod in pods if _resources.is_alive(pod)]
    found = []
    for resource in ("cpu", "memory"):
        key = f"limits.{resource}"
        containers = [
            (_resources.of_container(container).get(key, 0), f"container {container['name']} of pod {pod['metadata']['name']}")
            for pod in alive
            for container in [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or [])]
        ]
        whole = [(_resources.of_pod(pod["spec"]).get(key, 0), f"pod {pod['metadata']['name']}") for pod in alive]
        for kind, sizes in (("Container", containers), ("Pod", whole)):
            found += _greatest(namespace, f"{resource} limit", resource, sizes, by_type.get(kind, {}).get(resource))
    sizes = [(_claimed(claim), f"volume {claim['metadata']['name']}") for claim in claims]
    found += _greatest(namespace, "storage", "storage", sizes, by_type.get("PersistentVolumeClaim", {}).get("storage"))
    return found


def of_counts(tenant: str, used: Mapping[str, int], allowed: Mapping[str, int | None], remedies: Mapping[str, str]) -> list[Blocker]:
    """Return what the caller counted (products, users, bytes ...) beyond what the tier allows; None allows everything."""
    found = []
    for what, value in used.items():
        most = allowed.get(what)
        if most is not None and value > most:
            found.append(Blocker(what, f"tenant {tenant}", f"{value}", f"{most}", remedies.get(what, f"lower {what}")))
    return found


def _greatest(namespace: str, what: str, resource: str, sizes: list[tuple[int, str]], most: int | None) -> list[Blocker]:
    size, name = max(sizes, default=(0, ""))
    if most is None or size <= most:
        return []
    used, allowed = format_resource(resource, size), format_resource(resource, most)
    return [Blocker(f"{what} of {name}", namespace, used, allowed, "make it smaller; it would not come back after a restart")]


def _claimed(claim: Mapping[str, Any]) -> int:
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    return size_bytes(requests.get("storage", "0"))
