# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether workloads run, told from what their controllers write down."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests_wait import READY


def workload(wanted: int | None, /, **status: Any) -> dict[str, Any]:
    """A workload at its second version; None says nothing of the number of pods, which is one."""
    return {"metadata": {"generation": 2}, "spec": {} if wanted is None else {"replicas": wanted}, "status": status}


STUCK = [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: tenant-quota"}]
OLD = {"observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": 2, "replicas": 2}
NEW = {**OLD, "observedGeneration": 2}
SETS = {"observedGeneration": 2, "readyReplicas": 2, "currentRevision": "b", "updateRevision": "b"}

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
    ("Deployment", workload(2, **NEW | {"replicas": 3}), "1 old pods are still there"),
    ("Deployment", workload(None, **NEW | {"replicas": 1}), ""),
    ("Deployment", workload(0, observedGeneration=2), ""),
    ("StatefulSet", workload(2, **SETS), ""),
    ("StatefulSet", workload(2, **SETS | {"observedGeneration": 1}), "not seen by its controller yet"),
    ("StatefulSet", workload(2, **SETS | {"readyReplicas": 1}), "1 of 2 pods ready"),
    ("StatefulSet", workload(2, **SETS | {"currentRevision": "a"}), "pods of the revision before are still there"),
    ("Job", {}, "not complete yet"),
    ("Job", {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}, ""),
    ("Job", {"status": {"conditions": [{"type": "Complete", "status": "False"}]}}, "not complete yet"),
    ("Job", {"status": {"conditions": [{"type": "Suspended", "status": "True"}]}}, "not complete yet"),
]


@pytest.mark.parametrize(("kind", "found", "waits"), WAITS)
def test_what_a_workload_waits_for(kind: str, found: dict[str, Any], waits: str) -> None:
    assert READY[kind](found) == waits


def test_a_job_that_failed_is_not_waited_for() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}
    job = {"metadata": {"name": "j", "namespace": "t"}, "status": {"conditions": [failed]}}
    with pytest.raises(RefusedError, match=r"Job t/j failed \(DeadlineExceeded\); see its pods' logs") as caught:
        READY["Job"](job)
    assert caught.value.facts["changed"] is True
