# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until workloads run, as ``kubectl rollout status`` does.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api, Kind

Object = Mapping[str, Any]


def check_wait(seconds: int) -> None:
    """Refuse a time that nobody can wait for.

    Raises:
        InputError: it is negative.
    """
    if seconds < 0:
        raise InputError(f"wait_seconds: {seconds} is no time to wait; give 0 and more.")


def wait(api: Api, places: Iterable[tuple[Kind, str, str]], seconds: int) -> None:
    """Wait until Deployments and StatefulSets run and Jobs have ended.

    Args:
        api: the cluster.
        places: kind, namespace and name of what was applied; other kinds are ready at once.
        seconds: how long; 0 does not wait at all.

    Raises:
        RefusedError: something is not ready in time, or a Job failed.
    """
    left = [place for place in places if place[0].kind in READY] if seconds > 0 else []
    api.deadline += seconds
    until = time.monotonic() + seconds
    while left:
        reasons = {place: READY[place[0].kind](api.get(*place) or {}) for place in left}
        left = [place for place in left if reasons[place]]
        if not left:
            return
        if time.monotonic() > until:
            told = "; ".join(f"{kind.kind} {namespace}/{name}: {reasons[kind, namespace, name]}" for kind, namespace, name in left[:5])
            raise RefusedError(
                f"not ready after {seconds} s: {told}. What was applied stays; see the pods' events, then run again.", changed=True
            )
        time.sleep(0.5)


def await_gone(api: Api, namespaces: Iterable[tuple[Kind, str]], seconds: int) -> None:
    """Wait until namespaces are gone, which they are after all that is in them.

    Args:
        api: the cluster.
        namespaces: their kind and names.
        seconds: how long; 0 does not wait at all.

    Raises:
        RefusedError: one is still there.
    """
    until = time.monotonic() + seconds
    for kind, name in namespaces if seconds > 0 else ():
        while api.get(kind, None, name) is not None:
            if time.monotonic() > until:
                raise RefusedError(
                    f"namespace {name} is still going after {seconds} s; see what is left in it (finalizers), it goes on without us.",
                    changed=True,
                )
            time.sleep(0.5)


def why_deployment(found: Object) -> str:
    """Say what a Deployment still waits for; empty when it has rolled out."""
    status, wanted = found.get("status") or {}, int((found.get("spec") or {}).get("replicas", 1))
    if int(status.get("observedGeneration", 0)) < int((found.get("metadata") or {}).get("generation", 1)):
        return "not seen by its controller yet"
    stuck = [
        one.get("message", "")
        for one in status.get("conditions") or []
        if one.get("type") == "ReplicaFailure" and one.get("status") == "True"
    ]
    for what, key in (("updated", "updatedReplicas"), ("available", "availableReplicas")):
        if int(status.get(key, 0)) < wanted:
            return f"{status.get(key, 0)} of {wanted} pods {what}" + (f" ({stuck[0][:200]})" if stuck else "")
    return f"{status['replicas'] - wanted} old pods are still there" if int(status.get("replicas", 0)) > wanted else ""


def why_stateful_set(found: Object) -> str:
    """Say what a StatefulSet still waits for; empty when it has rolled out."""
    status, wanted = found.get("status") or {}, int((found.get("spec") or {}).get("replicas", 1))
    if int(status.get("observedGeneration", 0)) < int((found.get("metadata") or {}).get("generation", 1)):
        return "not seen by its controller yet"
    if int(status.get("readyReplicas", 0)) < wanted:
        return f"{status.get('readyReplicas', 0)} of {wanted} pods ready"
    spec = found.get("spec") or {}
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        # Whoever wants it so replaces the pods by hand, one day.
        return ""
    kept = int((strategy.get("rollingUpdate") or {}).get("partition") or 0) - int((spec.get("ordinals") or {}).get("start") or 0)
    if kept > 0:
        # Those below the partition stay at the revision before for as long as it is there.
        updated, due = int(status.get("updatedReplicas", 0)), max(0, wanted - kept)
        return f"{updated} of {due} pods updated" if updated < due else ""
    return "" if status.get("currentRevision") == status.get("updateRevision") else "pods of the revision before are still there"


def why_job(found: Object) -> str:
    """Say what a Job still waits for; empty when it is complete.

    Raises:
        RefusedError: it failed.
    """
    meta = found.get("metadata") or {}
    for one in (found.get("status") or {}).get("conditions") or []:
        if one.get("type") == "Complete" and one.get("status") == "True":
            return ""
        if one.get("type") == "Failed" and one.get("status") == "True":
            why = one.get("message") or one.get("reason")
            raise RefusedError(f"Job {meta.get('namespace')}/{meta.get('name')} failed ({why}); see its pods' logs.", changed=True)
    return "not complete yet"


READY: dict[str, Callable[[Object], str]] = {"Deployment": why_deployment, "StatefulSet": why_stateful_set, "Job": why_job}
