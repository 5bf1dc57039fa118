# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook chatwoot_managed on a real control plane: preview = apply, a second one changes nothing, and Pod Security lets its pods in.

Its pods are the lab's, which only say that they run; what answers as its Chatwoot is the lab's stand-in.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.kubernetes import ControlPlane
from lab.minio import Minio
from tests.integration.desk import Chatwoot
from tests.integration.desk_world import CANARY, DeskWorld, account, managed, secrets, stored
from tests.integration.test_tenant_status import section

# A proof is three runs of ansible-playbook, each of ten parts.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def plane(control_plane: ControlPlane) -> ControlPlane:
    control_plane.apply_crds("traefik", "cert-manager", "prometheus-operator")
    return control_plane


# Pro is that of the test below, which goes from nothing to people.
@pytest.mark.parametrize("plan", ["starter", "enterprise"])
def test_one_run_makes_a_desk_and_the_preview_said_so(plane: ControlPlane, tmp_path: Path, tenant_id: str, plan: str) -> None:
    world = DeskWorld(plane, tmp_path, {tenant_id: managed(chatwoot_plan=plan)})
    world.harness("chatwoot_managed").proves(changes=True)
    namespace = f"client-{tenant_id}"
    deployments = world.get("deployments", namespace)
    assert sorted(deployments) == ["chatwoot-web", "chatwoot-worker"]
    assert sorted(world.get("statefulsets", namespace)) == ["chatwoot-postgres", "chatwoot-redis"]
    labels = world.plane.kubectl("get", "namespace", namespace, "-o", "json")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    # Pod Security restricted lets their pods in.
    world.plane.wait_for(
        lambda: {"chatwoot-postgres-0", "chatwoot-redis-0"} <= set(world.get("pods", namespace)), "the pods of the databases"
    )


def test_from_nothing_to_people_in_one_run_and_then_a_smaller_plan(
    plane: ControlPlane, minio: Minio, chatwoot: Chatwoot, tmp_path: Path, tenant_id: str
) -> None:
    """Buckets, Secrets, pods, account: a preview with rights to read, the apply, and again; then what a change of plan brings."""
    waited = {"chatwoot_wait_seconds": 60, "chatwoot_verify": True}
    said = {**managed(), **stored(minio, tmp_path), **secrets(tenant_id), **account(chatwoot, tenant_id), **waited}
    world = DeskWorld(plane, tmp_path, {tenant_id: said}, chatwoot)
    world.volumes(tenant_id)
    asked = {"bluegreen.orchestrator.chatwoot : Ask it under its own address": "before the apply there may be nobody to ask"}
    proof = world.harness("chatwoot_managed", apply_only=asked).proves(changes=True)
    # Each step timed; all of them are ours here, and below a minute (issue 6).
    (whole,), (steps,) = section(proof.apply, "How long it took")
    assert [step.split()[0] for step in steps.split(", ")] == [
        *("storage", "place", "secrets", "keys", "databases", "migration", "desk", "entrance", "backup", "watch", "account"),
    ]
    assert float(whole.split()[0]) < 60
    told = " ".join(" ".join(line) for line in section(proof.apply, "For the client"))
    assert "Votre Chatwoot est prêt : https://" in told
    assert "invitation par courriel" in told
    for run in (proof.preview, proof.apply, proof.again):
        assert run is not None
        assert CANARY not in run.output
        assert chatwoot.token not in run.output
    namespace = f"client-{tenant_id}"
    # Read by kubectl: each Secret that a pod wants is there, with what the pods read from it.
    assert world.secret("chatwoot-files", namespace)["STORAGE_SECRET_ACCESS_KEY"] == f"{CANARY}-files"
    assert world.secret("chatwoot-backup", namespace)["RESTIC_PASSWORD"] == f"{CANARY}-restic"
    assert world.secret("chatwoot-mail", namespace)["SMTP_PASSWORD"] == f"{CANARY}-smtp"
    assert world.secret("chatwoot-platform", namespace) == {"DESK_PLATFORM_TOKEN": chatwoot.token}
    # And over plain HTTP: who and what is in the account.
    (desk,) = [one for one in chatwoot.ask("GET", "/platform/api/v1/accounts")[1] if one["name"] == tenant_id]
    assert desk["limits"] == {"agents": 4}, "three of Pro, and the agency's administrator"
    assert desk["features"].get("ip_lookup") is True
    assert "campaigns" not in desk["features"]
    # The autoscaler looks every 15 s, and what it does between a preview and its apply is no lie of the preview's.
    world.plane.wait_for(lambda: world.scaled(namespace), "as many pods as the plan has at least")
    world.change(tenant_id, chatwoot_plan="starter", chatwoot_features={})
    world.harness("chatwoot_managed", apply_only=asked).proves(changes=True)
    assert chatwoot.ask("GET", f"/platform/api/v1/accounts/{desk['id']}")[1]["limits"] == {"agents": 2}
    assert world.get("horizontalpodautoscalers", namespace) == {}


def test_the_first_preview_has_nobody_to_ask_and_still_says_what_the_apply_does(
    plane: ControlPlane, chatwoot: Chatwoot, tmp_path: Path, tenant_id: str
) -> None:
    assert chatwoot.stand_in is not None
    world = DeskWorld(plane, tmp_path, {tenant_id: {**managed(), **account(chatwoot, tenant_id)}}, chatwoot)
    harness = world.harness("chatwoot_managed")
    chatwoot.stand_in.stop()
    try:
        preview = harness.preview()
    finally:
        chatwoot.stand_in.start()
    assert preview.failures == [], preview.words()
    apply = harness.apply()
    assert apply.failures == [], apply.words()
    told = [[(one.task, one.content.get("diff"), one.content.get("actions")) for one in run.changed] for run in (preview, apply)]
    assert told[0] == told[1]
    # Once nothing of it is to come, one that does not answer is a failure, for then something is wrong.
    chatwoot.stand_in.stop()
    try:
        late = harness.preview()
    finally:
        chatwoot.stand_in.start()
    (failure,) = late.failures
    assert "does not answer" in failure.message or "refused" in failure.message


def test_the_end_of_a_run_names_what_is_still_to_be_brought(plane: ControlPlane, tmp_path: Path, tenant_id: str) -> None:
    world = DeskWorld(plane, tmp_path, {tenant_id: managed()})
    run = world.harness("chatwoot_managed").preview()
    told = " ".join(" ".join(line) for line in section(run, f"Chatwoot of {tenant_id}"))
    assert "chatwoot-backup, chatwoot-files, chatwoot-mail; pods wait for them" in told
    assert "1 of 1 desk would change" in run.output
