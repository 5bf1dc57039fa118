# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amounts of what a ResourceQuota counts, as whole numbers that can be added, divided and compared.

PRIVATE: for this collection's own plugins, not a public interface.

CPU is in millicores, memory and storage are in bytes, everything else is a count. The names are those of a ResourceQuota
(https://kubernetes.io/docs/concepts/policy/resource-quotas/): ``requests.cpu``, ``limits.memory``, ``pods`` ...
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity

Amounts = dict[str, int]

# What a quota is divided by: a share of 0.7 millicores or of half a byte helps nobody.
MEBIBYTE = 1024 * 1024


def amounts(quantities: Mapping[str, object]) -> Amounts:
    """Return quantities, as the server gives them, as whole numbers."""
    return {resource: _quantity.parse_resource(resource, value, resource) for resource, value in quantities.items()}


def total(parts: Iterable[Mapping[str, int]]) -> Amounts:
    """Add amounts, resource by resource."""
    sums: Amounts = {}
    for part in parts:
        for resource, value in part.items():
            sums[resource] = sums.get(resource, 0) + value
    return sums


def divide(whole: Mapping[str, int], shares: list[int]) -> list[Amounts]:
    """Divide amounts by shares, so that the sum is exactly the whole; what does not divide goes to the first.

    Args:
        whole: the amounts of a tier.
        shares: one positive number per part.
    """
    parts: list[Amounts] = [{} for _share in shares]
    for resource, value in whole.items():
        unit = MEBIBYTE if _quantity.is_size(resource) else 1
        units = value // unit
        for part, share in zip(parts[1:], shares[1:], strict=True):
            part[resource] = units * share // sum(shares) * unit
        parts[0][resource] = value - sum(part[resource] for part in parts[1:])
    return parts


def is_alive(pod: Mapping[str, Any]) -> bool:
    """Whether a pod counts: one that has ended uses nothing, as the server's own quota sees it."""
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def countable(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a pod's spec what ``of_pod`` and ``of_container`` look at, and nothing else: the rest may be secret."""
    kept = {"overhead": spec["overhead"]} if "overhead" in spec else {}
    for key in ("containers", "initContainers"):
        kept[key] = [{part: one[part] for part in ("name", "resources", "restartPolicy") if part in one} for one in spec.get(key) or []]
    return kept


def of_pod(spec: Mapping[str, Any]) -> Amounts:
    """Return what a quota counts for a pod: its containers together, or its largest init container where that is more.

    Sidecars (init containers that are always restarted) run beside the containers and count with them.
    """
    sides = [one for one in spec.get("initContainers") or [] if one.get("restartPolicy") == "Always"]
    inits = [one for one in spec.get("initContainers") or [] if one.get("restartPolicy") != "Always"]
    running = total(of_container(one) for one in [*(spec.get("containers") or []), *sides])
    beside = total(of_container(one) for one in sides)
    counted = dict(running)
    for init in inits:
        for resource, value in total([of_container(init), beside]).items():
            counted[resource] = max(counted.get(resource, 0), value)
    overhead = amounts(spec.get("overhead") or {})
    for resource, value in overhead.items():
        for side in ("requests", "limits"):
            if f"{side}.{resource}" in counted:
                counted[f"{side}.{resource}"] += value
    return {"pods": 1, **counted}


def of_container(container: Mapping[str, Any]) -> Amounts:
    """Return requests and limits of a container; a limit without a request is the request, too."""
    given = container.get("resources") or {}
    limits = {key: value for key, value in (given.get("limits") or {}).items() if key in ("cpu", "memory")}
    requests = {**limits, **{key: value for key, value in (given.get("requests") or {}).items() if key in ("cpu", "memory")}}
    found = {f"requests.{key}": value for key, value in requests.items()} | {f"limits.{key}": value for key, value in limits.items()}
    return amounts(found)
