# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes with a namespace of a real control plane: told before, and deleted only by both words."""

from __future__ import annotations

from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from tests.integration.tenancy import Tenancy, manifest
from tests.integration.test_tier_quota import SMALL

BOTH_WORDS = {"force": True, "reason": "the client has left", "delete_data": True}


@pytest.fixture
def acme(control_plane: ControlPlane, tenant_id: str) -> Tenancy:
    """A tenant that is not there yet."""
    return Tenancy(control_plane, tenant_id)


def volume(namespace: str) -> dict[str, Any]:
    """A volume that somebody asked for; nothing uses it."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": namespace}, "spec": spec}


def stopped(namespace: str) -> list[dict[str, Any]]:
    """A shop of which nothing runs at the moment."""
    deployment = manifest("web", namespace, replicas=0, **SMALL)
    template = deployment["spec"]["template"]
    database = {**deployment, "kind": "StatefulSet", "metadata": {"name": "db", "namespace": namespace}}
    database["spec"] = {**deployment["spec"], "serviceName": "db"}
    job = {"template": {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}}
    nightly = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly", "namespace": namespace},
        "spec": {"schedule": "0 3 * * *", "suspend": True, "jobTemplate": {"spec": job}},
    }
    return [deployment, database, nightly]


def refused_both_ways(acme: Tenancy, **options: Any) -> set[tuple[str, str, str, bool]]:
    """Refused in preview and apply alike, and nothing is written; what is in the way."""
    held, mark = acme.held(), acme.plane.audit_mark()
    preview, applied = (acme.run(user=user, check=check, **options) for user, check in (("reader", True), ("admin", False)))
    assert preview["failed"]
    assert applied["failed"]
    assert preview["msg"] == applied["msg"]
    assert "give force: true and a reason, and delete_data: true" in preview["msg"]
    assert preview["blockers"] == applied["blockers"]
    assert acme.writes(mark) == []
    assert acme.held() == held
    return {(one["what"], one["where"], one["used"], one["loses"]) for one in preview["blockers"]}


def test_a_tenant_with_a_volume_is_removed_by_both_words_only(acme: Tenancy) -> None:
    acme.ok(tier="standard")
    acme.plane.kubectl("create", "-f", "-", stdin=volume(acme.namespace))
    found = refused_both_ways(acme, state="absent", force=True, reason="the client has left")
    assert found == {("persistentvolumeclaims", acme.namespace, "1", True)}
    gone = acme.previewed(state="absent", **BOTH_WORDS)
    assert gone["actions"] == [{"action": "delete", "name": f"Namespace {acme.namespace}"}]
    assert [(one["what"], one["loses"]) for one in gone["blockers"]] == [("persistentvolumeclaims", True)]
    assert acme.namespaces() == {}


def test_a_site_that_is_stopped_is_not_empty(acme: Tenancy) -> None:
    """No pod runs in it; what would make them, and the volume, are in the way, and only in that namespace."""
    acme.ok(tier="premium", sites=2)
    second = f"{acme.namespace}-site-2"
    acme.plane.kubectl("create", "-f", "-", stdin=[*stopped(second), volume(second)])
    acme.plane.kubectl("create", "-f", "-", stdin=[*stopped(acme.namespace), volume(acme.namespace)])
    kept = acme.names("deployment,statefulset,cronjob,pvc")
    expected = {(what, second, "1", True) for what in ("deployments", "statefulsets", "cronjobs", "persistentvolumeclaims")}
    assert refused_both_ways(acme, tier="premium", sites=1) == expected
    gone = acme.previewed(tier="premium", sites=1, **BOTH_WORDS)
    assert gone["actions"][0] == {"action": "delete", "name": f"Namespace {second}"}
    assert sorted(acme.namespaces()) == [acme.namespace]
    assert acme.names("deployment,statefulset,cronjob,pvc") == kept
