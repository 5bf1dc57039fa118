# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until workloads run: what each kind still waits for, and how long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _manifests_wait
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Kind
from tests.tools.cluster import Cluster

JOB = kinds.MANIFEST_KINDS["batch/v1/Job"]
STUCK = [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]


def found(wanted: int | None = 2, generation: int = 3, **status: Any) -> dict[str, Any]:
    """A workload of two pods whose controller has seen all of it."""
    spec = {} if wanted is None else {"replicas": wanted}
    return {"metadata": {"name": "a", "generation": generation}, "spec": spec, "status": {"observedGeneration": 3, **status}}


def rolled(**status: Any) -> dict[str, Any]:
    return found(**{"updatedReplicas": 2, "availableReplicas": 2, "replicas": 2, **status})


DEPLOYMENTS: list[tuple[dict[str, Any], str]] = [
    (rolled(), ""),
    (rolled(generation=4), "not seen by its controller yet"),
    (rolled(updatedReplicas=1), "1 of 2 pods updated"),
    (rolled(availableReplicas=1), "1 of 2 pods available"),
    (rolled(availableReplicas=0, conditions=STUCK), "0 of 2 pods available (exceeded quota)"),
    (rolled(availableReplicas=0, conditions=[{**STUCK[0], "status": "False"}]), "0 of 2 pods available"),
    (rolled(replicas=3), "1 old pods are still there"),
    # What says nothing has one, and none is none.
    (found(None), "0 of 1 pods updated"),
    (found(0), ""),
    ({}, "not seen by its controller yet"),
]


@pytest.mark.parametrize(("deployment", "why"), DEPLOYMENTS)
def test_what_a_deployment_waits_for(deployment: dict[str, Any], why: str) -> None:
    assert _manifests_wait.why_deployment(deployment) == why


def ready(**status: Any) -> dict[str, Any]:
    return found(**{"readyReplicas": 2, "currentRevision": "r2", "updateRevision": "r2", **status})


STATEFUL: list[tuple[dict[str, Any], str]] = [
    (ready(), ""),
    (ready(generation=4), "not seen by its controller yet"),
    (ready(readyReplicas=1), "1 of 2 pods ready"),
    (ready(currentRevision="r1"), "pods of the revision before are still there"),
    ({}, "not seen by its controller yet"),
]


@pytest.mark.parametrize(("stateful_set", "why"), STATEFUL)
def test_what_a_stateful_set_waits_for(stateful_set: dict[str, Any], why: str) -> None:
    assert _manifests_wait.why_stateful_set(stateful_set) == why


def ended(kind: str, status: str = "True") -> dict[str, Any]:
    metadata = {"namespace": "t", "name": "migrate"}
    return {"metadata": metadata, "status": {"conditions": [{"type": kind, "status": status, "message": "no more tries"}]}}


def test_what_a_job_waits_for() -> None:
    assert _manifests_wait.why_job(ended("Complete")) == ""
    for going_on in ({}, ended("Complete", "False"), ended("Failed", "False"), ended("Suspended")):
        assert _manifests_wait.why_job(going_on) == "not complete yet"
    with pytest.raises(RefusedError, match=r"^Job t/migrate failed \(no more tries\); see its pods' logs\.$") as caught:
        _manifests_wait.why_job(ended("Failed"))
    assert caught.value.facts["changed"] is True


class Clock:
    """Time that passes by sleeping only; after each sleep the cluster is what comes next."""

    def __init__(self, on: Cluster, *later: list[dict[str, Any]]) -> None:
        self.on, self.later = on, list(later)
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert self.now < 2000, "waiting without end"
        self.now += seconds
        if self.later:
            self.on.objects = self.later.pop(0)


def at(kind: Kind, given: dict[str, Any], name: str = "a") -> dict[str, Any]:
    metadata = {**given.get("metadata", {}), "name": name, "namespace": "t"}
    return {**given, "kind": kind.kind, "metadata": metadata}


def waits(monkeypatch: pytest.MonkeyPatch, on: Cluster, places: Iterable[tuple[Kind, str, str]], seconds: int, *later: Any) -> float:
    """Wait, and return how long that took."""
    clock = Clock(on, *later)
    monkeypatch.setattr(_manifests_wait, "time", clock)
    _manifests_wait.wait(on, places, seconds)
    return clock.now - 1000.0


SHOP, WEB = (kinds.DEPLOYMENT, "t", "shop"), (kinds.DEPLOYMENT, "t", "web")
BEGUN, DONE = rolled(availableReplicas=0), rolled()


def test_each_is_asked_until_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    on = Cluster([at(kinds.DEPLOYMENT, DONE, "shop"), at(kinds.DEPLOYMENT, BEGUN, "web")])
    later = [at(kinds.DEPLOYMENT, BEGUN, "shop"), at(kinds.DEPLOYMENT, DONE, "web")]
    assert waits(monkeypatch, on, [SHOP, WEB], 30, later) == 0.5
    assert on.lines == ["get Deployment t shop", "get Deployment t web", "get Deployment t web"]
    # Beside the time that the requests have.
    assert on.deadline == 150.0


def test_what_needs_no_waiting_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    on = Cluster()
    assert waits(monkeypatch, on, [(kinds.SERVICE, "t", "shop")], 30) == 0
    assert waits(monkeypatch, on, [SHOP], 0) == 0
    assert on.lines == []


def test_what_does_not_run_in_time_is_named_with_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    on = Cluster([at(kinds.DEPLOYMENT, BEGUN, "web"), at(kinds.STATEFUL_SET, ready(readyReplicas=1), "db"), at(JOB, {}, "migrate")])
    places = [WEB, (kinds.STATEFUL_SET, "t", "db"), (JOB, "t", "migrate")]
    with pytest.raises(RefusedError) as caught:
        waits(monkeypatch, on, places, 2)
    assert caught.value.sentence == (
        "not ready after 2 s: Deployment t/web: 0 of 2 pods available; StatefulSet t/db: 1 of 2 pods ready; Job t/migrate: not complete"
        " yet. What was applied stays; see the pods' events, then run again."
    )
    assert caught.value.facts["changed"] is True


def test_what_somebody_deletes_meanwhile_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="Deployment t/shop: not seen by its controller yet"):
        waits(monkeypatch, Cluster(), [SHOP], 1)
