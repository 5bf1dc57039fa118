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
    "domains": "remove domains",
    "products": "reduce the catalogue",
    "concurrent_users": "expect slower answers, or keep the tier",
    "orders_per_month": "keep the tier",
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


def whole(tenant: str) -> str:
    """Say that a blocker is of all sites together."""
    return f"tenant {tenant}"


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
    """Return the containers, pods and volumes furthest beyond a LimitRange to come: they would not come back after a restart."""
    bounds = {str(limit["type"]): limit for limit in limits}
    found = []
    for kind, sizes in _sizes(pods, claims).items():
        for resource, side, measured in sizes:
            most, least = (_resources.amounts((bounds.get(kind) or {}).get(bound) or {}).get(resource) for bound in ("max", "min"))
            if side != "request":
                found += _furthest(namespace, f"{resource} {side}".strip(), resource, max(measured, default=None), most, "smaller")
            if side != "limit":
                found += _furthest(namespace, f"{resource} {side}".strip(), resource, min(measured, default=None), least, "larger")
    return found


def _sizes(
    pods: Iterable[Mapping[str, Any]], claims: Iterable[Mapping[str, Any]]
) -> dict[str, list[tuple[str, str, list[tuple[int, str]]]]]:
    """Return by type of a LimitRange: resource, side and all that counts, each with its name. A maximum is held against the limit, a
    minimum against the request; of what asks for nothing no minimum is known here, for the LimitRange fills it in."""
    alive = [pod for pod in pods if _resources.is_alive(pod)]
    whole = [(_resources.of_pod(pod["spec"]), f"pod {pod['metadata']['name']}") for pod in alive]
    containers = [
        (_resources.of_container(container), f"container {container['name']} of pod {pod['metadata']['name']}")
        for pod in alive
        for container in [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or [])]
    ]
    found: dict[str, list[tuple[str, str, list[tuple[int, str]]]]] = {"Container": [], "Pod": []}
    for kind, known in (("Container", containers), ("Pod", whole)):
        for resource in ("cpu", "memory"):
            for side in ("limit", "request"):
                key = f"{side}s.{resource}"
                found[kind].append((resource, side, [(amounts[key], name) for amounts, name in known if key in amounts]))
    found["PersistentVolumeClaim"] = [("storage", "", [(_claimed(claim), f"volume {claim['metadata']['name']}") for claim in claims])]
    return found


def of_counts(tenant: str, used: Mapping[str, int], allowed: Mapping[str, int | None]) -> list[Blocker]:
    """Return what the caller counted (products, users, bytes ...) beyond what the tier allows; None allows everything."""
    found = []
    for what, value in used.items():
        most = allowed.get(what)
        if most is not None and value > most:
            found.append(Blocker(what, whole(tenant), f"{value}", f"{most}", REMEDIES.get(what, f"lower {what}")))
    return found


def _furthest(namespace: str, what: str, resource: str, found: tuple[int, str] | None, bound: int | None, remedy: str) -> list[Blocker]:
    if found is None or bound is None or found[0] == bound or (found[0] > bound) != (remedy == "smaller"):
        return []
    size, name = found
    told = f"make it {remedy}; it would not come back after a restart"
    return [Blocker(f"{what} of {name}", namespace, format_resource(resource, size), format_resource(resource, bound), told)]


def _claimed(claim: Mapping[str, Any]) -> int:
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    return size_bytes(requests.get("storage", "0"))
