# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether workloads run, told from what their controllers write down."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _manifests_wait
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api, Kind
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests_wait import READY
from tests.kubernetes_requests import Answered, Clock, Pool, refused


def workload(wanted: int | None, /, **status: Any) -> dict[str, Any]:
    """A workload at its second version; None says nothing of the number of pods, which is one."""
    return {"metadata": {"generation": 2}, "spec": {} if wanted is None else {"replicas": wanted}, "status": status}


STUCK = [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: tenant-quota"}]
OLD = {"observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": 2, "replicas": 2}
NEW = {**OLD, "observedGeneration": 2}
SETS = {"observedGeneration": 2, "readyReplicas": 2, "currentRevision": "b", "updateRevision": "b"}


def partitioned(partition: int, *, start: int = 0, **status: int) -> dict[str, Any]:
    """A StatefulSet of three pods, of which those below the partition stay at the revision before."""
    found = workload(3, **{**SETS, "currentRevision": "a", **status})
    found["spec"] |= {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}, "ordinals": {"start": start}}
    return found


# kind, the object -> what it waits for, empty for ready
WAITS: list[tuple[str, dict[str, Any], str]] = [
    ("Deployment", workload(2, **NEW), ""),
    ("Deployment", workload(2, **OLD), "not seen by its controller yet"),
    ("Deployment", {}, "not seen by its controller yet"),
    ("Deployment", workload(2, **NEW | {"updatedReplicas": 1}), "1 of 2 pods updated"),
    ("Deployment", workload(2, **NEW | {"availableReplicas": 1}), "1 of 2 pods available"),
    ("Deployment", workload(3, **NEW), "2 of 3 pods updated"),
    ("Deployment", workload(2, observedGeneration=2), "0 of 2 pods updated"),
    ("Deployment", workload(3, **NEW, conditions=STUCK), "2 of 3 pods updated (exceeded quota: tenant-quota)"),
    ("Deployment", workload(2, **NEW | {"availableReplicas": 0}, conditions=STUCK), f"0 of 2 pods available ({STUCK[0]['message']})"),
    ("Deployment", workload(2, **NEW | {"availableReplicas": 0}, conditions=[{**STUCK[0], "status": "False"}]), "0 of 2 pods available"),
    ("Deployment", workload(None, observedGeneration=2), "0 of 1 pods updated"),
    ("Deployment", workload(2, **NEW | {"replicas": 3}), "1 old pods are still there"),
    ("Deployment", workload(None, **NEW | {"replicas": 1}), ""),
    ("Deployment", workload(0, observedGeneration=2), ""),
    ("StatefulSet", workload(2, **SETS), ""),
    ("StatefulSet", workload(2, **SETS | {"observedGeneration": 1}), "not seen by its controller yet"),
    ("StatefulSet", workload(2, **SETS | {"readyReplicas": 1}), "1 of 2 pods ready"),
    ("StatefulSet", workload(2, **SETS | {"currentRevision": "a"}), "pods of the revision before are still there"),
    # A canary: two of three are to stay as they were.
    ("StatefulSet", partitioned(2, readyReplicas=3, updatedReplicas=1), ""),
    ("StatefulSet", partitioned(2, readyReplicas=3), "0 of 1 pods updated"),
    ("StatefulSet", partitioned(2, readyReplicas=2, updatedReplicas=1), "2 of 3 pods ready"),
    ("StatefulSet", partitioned(5, readyReplicas=3), ""),
    ("StatefulSet", partitioned(0, readyReplicas=3, updatedReplicas=2), "pods of the revision before are still there"),
    # Numbers that begin at 5: a partition of 6 keeps one.
    ("StatefulSet", partitioned(6, start=5, readyReplicas=3, updatedReplicas=1), "1 of 2 pods updated"),
    ("StatefulSet", partitioned(6, start=5, readyReplicas=3, updatedReplicas=2), ""),
    ("StatefulSet", {**partitioned(0, readyReplicas=3), "spec": {"replicas": 3, "updateStrategy": {"type": "OnDelete"}}}, ""),
    ("StatefulSet", {}, "not seen by its controller yet"),
    ("Job", {}, "not complete yet"),
    ("Job", {"status": {"conditions": [{"type": "Failed", "status": "False"}]}}, "not complete yet"),
    ("Job", {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}, ""),
    ("Job", {"status": {"conditions": [{"type": "Complete", "status": "False"}]}}, "not complete yet"),
    ("Job", {"status": {"conditions": [{"type": "Suspended", "status": "True"}]}}, "not complete yet"),
]


@pytest.mark.parametrize(("kind", "found", "waits"), WAITS)
def test_what_a_workload_waits_for(kind: str, found: dict[str, Any], waits: str) -> None:
    assert READY[kind](found) == waits


@pytest.mark.parametrize(
    ("failed", "why"),
    [({"reason": "DeadlineExceeded"}, "DeadlineExceeded"), ({"reason": "BackoffLimit", "message": "no more tries"}, "no more tries")],
)
def test_a_job_that_failed_is_not_waited_for(failed: dict[str, str], why: str) -> None:
    failed = {"type": "Failed", "status": "True", **failed}
    job = {"metadata": {"name": "j", "namespace": "t"}, "status": {"conditions": [failed]}}
    with pytest.raises(RefusedError, match=rf"^Job t/j failed \({why}\); see its pods' logs\.$") as caught:
        READY["Job"](job)
    assert caught.value.facts["changed"] is True


JOB = kinds.MANIFEST_KINDS["batch/v1/Job"]
BEGUN, DONE = workload(2, **NEW | {"availableReplicas": 0}), workload(2, **NEW)
SHOP, WEB = (kinds.DEPLOYMENT, "t", "shop"), (kinds.DEPLOYMENT, "t", "web")
Place = tuple[Kind, str, str]


def waited(monkeypatch: pytest.MonkeyPatch, places: list[Place], seconds: int, *answers: tuple[Place, Answered | dict[str, Any]]) -> Api:
    """Wait for some places, of which these are asked for, in this order; each sleep takes half a second."""
    Clock(monkeypatch, _manifests_wait)
    expected = []
    for (kind, namespace, name), found in answers:
        answer = (200, {**found, "metadata": {"name": name, **found.get("metadata", {})}}) if isinstance(found, dict) else found
        expected.append((f"GET {kind.path(namespace, name)}", answer))
    pool = Pool(*expected)
    api = Api(pool.access)
    _manifests_wait.wait(api, places, seconds)
    pool.done()
    return api


def test_each_is_asked_until_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    api = waited(monkeypatch, [SHOP, WEB], 30, (SHOP, DONE), (WEB, BEGUN), (WEB, DONE))
    # Beside the time that the requests have.
    assert api.deadline == 150.0


def test_what_needs_no_waiting_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    waited(monkeypatch, [(kinds.SERVICE, "t", "shop")], 30)
    waited(monkeypatch, [SHOP], 0)


def test_what_does_not_run_in_time_is_named_with_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    database, migration = (kinds.STATEFUL_SET, "t", "db"), (JOB, "t", "migrate")
    round_of: list[tuple[Place, dict[str, Any]]] = [(WEB, BEGUN), (database, workload(2, **SETS | {"readyReplicas": 1})), (migration, {})]
    with pytest.raises(RefusedError) as caught:
        waited(monkeypatch, [WEB, database, migration], 2, *round_of * 6)
    assert caught.value.sentence == (
        "not ready after 2 s: Deployment t/web: 0 of 2 pods available; StatefulSet t/db: 1 of 2 pods ready; Job t/migrate: not complete"
        " yet. What was applied stays; see the pods' events, then run again."
    )
    assert caught.value.facts["changed"] is True


def test_what_somebody_deletes_meanwhile_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match="Deployment t/shop: not seen by its controller yet"):
        waited(monkeypatch, [SHOP], 1, *[(SHOP, refused(404, "not found"))] * 4)
