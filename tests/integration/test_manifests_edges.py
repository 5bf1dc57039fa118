# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubernetes_manifests at its edges, where only a real API server can say what it keeps, drops, reorders and refuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import MANIFEST_KINDS, STORAGE_CLASS
from lab.kubernetes import ControlPlane
from lab.server import LabError
from tests.integration.test_kubernetes_manifests import Set

POD = {"metadata": {"labels": {"app": "x"}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "shop:1"}]}}
RUNNING = copy.deepcopy(POD) | {"spec": {"containers": [{"name": "app", "image": "shop:1"}]}}
SELECTOR = {"matchLabels": {"app": "x"}}
DISK = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


@pytest.fixture
def shop(control_plane: ControlPlane, tenant_id: str) -> Set:
    """A set that is not there yet."""
    return Set(control_plane, tenant_id)


def made(shop: Set, kind: str, name: str = "x", **parts: Any) -> dict[str, Any]:
    """A manifest of one of the kinds that the module takes."""
    found = MANIFEST_KINDS[kind]
    return {"apiVersion": found.api, "kind": found.kind, "metadata": {"name": name, "namespace": shop.namespace}, **parts}


def put(manifest: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The manifest with another value at a path."""
    found = copy.deepcopy(manifest)
    *above, last = path.split(".")
    place = found
    for key in above:
        place = place[key]
    place[last] = value
    return found


# What is there, and what each of its fixed fields is asked to become.
FIXED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "apps/v1/Deployment": (
        {"spec": {"replicas": 0, "selector": SELECTOR, "template": RUNNING}},
        {"spec.selector": {"matchLabels": {"app": "x", "more": "x"}}},
    ),
    "apps/v1/StatefulSet": (
        {
            "spec": {
                "replicas": 0,
                "serviceName": "x",
                "podManagementPolicy": "Parallel",
                "selector": SELECTOR,
                "template": RUNNING,
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": DISK}],
            }
        },
        {
            "spec.podManagementPolicy": "OrderedReady",
            "spec.selector": {"matchLabels": {"app": "x", "more": "x"}},
            "spec.serviceName": "y",
            "spec.volumeClaimTemplates": [{"metadata": {"name": "other"}, "spec": DISK}],
        },
    ),
    "batch/v1/Job": (
        {"spec": {"completions": 1, "completionMode": "NonIndexed", "manualSelector": True, "selector": SELECTOR, "template": POD}},
        {
            "spec.completionMode": "Indexed",
            "spec.selector": {"matchLabels": {"app": "y"}},
            "spec.template": put(POD, "spec.containers", [{"name": "app", "image": "shop:2"}]),
        },
    ),
    "v1/PersistentVolumeClaim": (
        {
            "spec": {
                **DISK,
                "storageClassName": "a",
                "volumeMode": "Filesystem",
                "volumeName": "a",
                "selector": SELECTOR,
                "dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
            }
        },
        {
            "spec.accessModes": ["ReadWriteMany"],
            "spec.dataSource": {"kind": "PersistentVolumeClaim", "name": "b"},
            "spec.selector": {"matchLabels": {"app": "y"}},
            "spec.storageClassName": "b",
            "spec.volumeMode": "Block",
            "spec.volumeName": "b",
        },
    ),
    "rbac.authorization.k8s.io/v1/RoleBinding": (
        {
            "subjects": [{"kind": "ServiceAccount", "name": "x"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"},
        },
        {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "y"}},
    ),
}


def test_what_kubernetes_never_changes_is_refused_in_the_preview(shop: Set) -> None:
    """Each of these fields is one that the server refuses to change, so that nothing is refused by us alone."""
    manifests = {kind: made(shop, kind, **parts) for kind, (parts, _changes) in FIXED.items()}
    fixed = {kind.full_name: sorted(kind.fixed) for kind in MANIFEST_KINDS.values() if kind.fixed}
    assert {kind: sorted(changes) for kind, (_parts, changes) in FIXED.items()} == fixed
    shop.previewed(*manifests.values())
    for kind, (_parts, changes) in FIXED.items():
        for path, value in changes.items():
            changed = put(manifests[kind], path, value)
            told = shop.cluster.refused(user="reader", check=True, **shop.options(changed))
            assert f"/x: {path} would change, and Kubernetes never changes that" in told
            apply = ["apply", "--server-side", "--dry-run=server", "--field-manager=bluegreen.orchestrator", "--force-conflicts"]
            with pytest.raises(LabError, match=r"immutable|[Ff]orbidden|may not change|cannot change"):
                shop.plane.kubectl(*apply, "-f", "-", stdin=changed)


def test_what_kubernetes_never_changes_in_a_class_of_disks(control_plane: ControlPlane, tenant_id: str) -> None:
    disk = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": tenant_id}, "provisioner": "a.example"}
    disk |= {"parameters": {"a": "b"}, "reclaimPolicy": "Retain", "volumeBindingMode": "Immediate"}
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=disk)
    others = {"parameters": {"a": "c"}, "provisioner": "b.example", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"}
    assert sorted(others) == sorted(STORAGE_CLASS.fixed)
    for path, value in others.items():
        with pytest.raises(LabError, match=r"immutable|forbidden"):
            control_plane.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=put(disk, path, value))
    control_plane.kubectl("delete", "storageclass", tenant_id)


def test_a_job_that_has_not_begun_may_change_still(shop: Set) -> None:
    job = made(shop, "batch/v1/Job", spec={"suspend": True, "template": put(POD, "spec.nodeSelector", {"disk": "slow"})})
    shop.previewed(job)
    shop.previewed(put(job, "spec.template.spec.nodeSelector", {"disk": "fast"}))


def test_the_server_validates_what_it_can_before_a_namespace_is_there(shop: Set) -> None:
    """A new tenant, or a new site of one: the task before makes the namespace."""
    coming = f"{shop.namespace}-site-2"
    there, later = shop.settings(colour="blue"), {**shop.settings(), "metadata": {"name": "later", "namespace": coming}}
    given = shop.options(there, later, namespaces_to_come=[shop.namespace, coming], validate="server")
    preview = shop.cluster.ok(check=True, **given)
    assert preview["warnings"] == ["1 objects were not validated by the server, for their namespace is not there yet."]
    shop.plane.kubectl("create", "namespace", coming)
    assert shop.cluster.ok(check=True, **given)["warnings"] == []
