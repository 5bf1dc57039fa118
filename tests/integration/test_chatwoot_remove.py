# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook chatwoot_remove on a real control plane and a real MinIO: a backup first, and nothing is lost that nobody named."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from lab.kubernetes import ControlPlane
from lab.minio import Minio
from tests.integration.desk_world import DeskWorld, managed, secrets, stored
from tests.integration.storage import Buckets
from tests.integration.test_tenant_status import section

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def world(control_plane: ControlPlane, minio: Minio, tmp_path: Path, tenant_id: str) -> DeskWorld:
    """A desk whose databases run, with a file in its bucket."""
    control_plane.apply_crds("traefik", "cert-manager", "prometheus-operator")
    said = {**managed(), **stored(minio, tmp_path), **secrets(tenant_id)}
    found = DeskWorld(control_plane, tmp_path, {tenant_id: said})
    found.volumes(tenant_id)
    run = found.harness("chatwoot_managed").apply()
    assert run.failures == [], run.words()
    bucket = Buckets(minio, tmp_path, f"chatwoot-{tenant_id}")
    bucket.client.put_object(bucket.name, "file", io.BytesIO(b"x"), 1)
    # The lab's pods come and go by themselves; these are needed before a backup can be taken.
    found.plane.wait_for(lambda: len(found.get("pods", f"client-{tenant_id}")) >= 2, "its pods")
    return found


def left(world: DeskWorld, namespace: str) -> set[str]:
    """What is in the namespace, but for what Kubernetes puts into each."""
    kinds = "deployments,statefulsets,services,cronjobs,ingressroutes,certificates,poddisruptionbudgets,hpa,servicemonitors,prometheusrules"
    told = world.plane.kubectl("get", f"{kinds},secrets,pvc", "-n", namespace, "-o", "name", user="admin")
    return {line for line in told.split() if line}


def test_a_backup_then_the_end_and_all_of_it_comes_back(world: DeskWorld, minio: Minio, tmp_path: Path, tenant_id: str) -> None:
    namespace = f"client-{tenant_id}"
    world.harness("chatwoot_remove", extra_vars={"chatwoot_confirm": "somebody"}).refuses('chatwoot_confirm: "somebody"; its Chatwoot goes')
    unconfirmed = world.harness("chatwoot_remove").apply()
    assert "chatwoot_confirm: not given" in unconfirmed.failures[0].message
    assert "statefulset.apps/chatwoot-postgres" in left(world, namespace)

    proof = world.harness("chatwoot_remove", extra_vars={"chatwoot_confirm": tenant_id}).proves(changes=True)
    jobs = world.get("jobs", namespace)
    made = sorted(name for name in jobs if name.startswith("chatwoot-backup-removal-"))
    assert [name.rsplit("-", 2)[1] for name in made] == ["first", "last"]
    assert all(any(one["type"] == "Complete" for one in jobs[name]["status"]["conditions"]) for name in made)
    stays = left(world, namespace)
    assert {name.split("/")[0] for name in stays} == {"secret", "persistentvolumeclaim"}
    assert {f"secret/chatwoot-{name}" for name in ("files", "backup", "mail")} <= stays
    told = " ".join(" ".join(line) for line in section(proof.apply, f"Chatwoot of {tenant_id}"))
    assert f"its volumes and keys stay in the namespace {namespace}" in told
    assert f"its backups stay in the bucket chatwoot-{tenant_id}-backup" in told

    # The way back.
    back = world.harness("chatwoot_managed").apply()
    assert back.failures == [], back.words()
    assert "statefulset.apps/chatwoot-postgres" in left(world, namespace)
    # What is written from now on is in no backup yet: the next removal, on the same day, must not take those of the last one for its own.
    assert [name for name in world.get("jobs", namespace) if name.startswith("chatwoot-backup-removal-")] == []

    # For good: by its name, and the backups stay all the same.
    forever = {"chatwoot_confirm": tenant_id, "chatwoot_delete_data": True, "chatwoot_without_backup": True, "chatwoot_wait_seconds": 90}
    world.harness("chatwoot_remove", extra_vars=forever).proves(changes=True)
    assert namespace not in world.plane.kubectl("get", "namespaces", "-o", "name")
    names = {one.name for one in Buckets(minio, tmp_path, "x").client.list_buckets()}
    assert f"chatwoot-{tenant_id}" not in names
    assert f"chatwoot-{tenant_id}-backup" in names


def test_where_the_backup_fails_nothing_is_gone(world: DeskWorld, tenant_id: str) -> None:
    namespace = f"client-{tenant_id}"
    held = left(world, namespace)
    # No pod can run, so no backup can end.
    nowhere = {"chatwoot_confirm": tenant_id, "chatwoot_backup_wait_seconds": 2}
    world.plane.kubectl("create", "quota", "nothing", "--hard=pods=0", "-n", namespace)
    failed = world.harness("chatwoot_remove", extra_vars=nowhere).apply()
    (failure,) = failed.failures
    assert "not ready after 2 s: Job" in failure.message
    assert left(world, namespace) == held
