# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that an autoscaler gets keeps its pods until the autoscaler has looked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import DEPLOYMENT
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests import Wanted, plan

LABELS = {"app.kubernetes.io/managed-by": "bluegreen.orchestrator", "bluegreen.orchestrator/set": "shop"}


def manifest(replicas: int | None, paused: bool = False) -> dict[str, Any]:
    spec: dict[str, Any] = {"paused": paused} | ({} if replicas is None else {"replicas": replicas})
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cart", "namespace": "t", "labels": LABELS}, "spec": spec}


def stored(replicas: int, *, ours: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:paused": {}} | ({"f:replicas": {}} if ours else {})
    entry = {"manager": "bluegreen.orchestrator", "operation": "Apply", "fieldsV1": {"f:spec": fields}}
    found = manifest(replicas)
    found["metadata"] = {**found["metadata"], "uid": "1", "managedFields": [entry]}
    return found


@pytest.mark.parametrize(
    ("there", "ours", "wanted", "paused", "applied"),
    [
        # Handed over: nothing is to be done yet.
        (3, True, None, False, None),
        # The autoscaler has it: what else changes says nothing of it.
        (5, False, None, True, {"paused": True}),
        # Handed over together with something else: the number is said once more.
        (3, True, None, True, {"paused": True, "replicas": 3}),
        (3, True, 2, False, {"paused": False, "replicas": 2}),
        # Stopped, and started again: an autoscaler leaves 0 alone, the server's default does not.
        (3, False, 0, False, {"paused": False, "replicas": 0}),
        (0, True, 0, False, None),
        (0, True, None, False, {"paused": False}),
    ],
)
def test_who_says_how_many(there: int, ours: bool, wanted: int | None, paused: bool, applied: dict[str, Any] | None) -> None:
    found = {(DEPLOYMENT.full_name, "t", "cart"): stored(there, ours=ours)}
    steps, _taken = plan("shop", [Wanted(DEPLOYMENT, manifest(wanted, paused))], found, take_over=False)
    assert [step.after["spec"] for step in steps if step.after] == ([] if applied is None else [applied])
