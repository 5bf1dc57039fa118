# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks of support desks on worlds that nobody orders: drifted, half made, half gone, never made, locked, away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.chatwoot import ChatwootStandIn
from lab.kubernetes import ControlPlane
from tests.integration.desk import Desk
from tests.integration.desk_world import CANARY, DeskWorld, managed
from tests.integration.test_chatwoot_playbooks import counted, notes, row, small, variables
from tests.unit.desk_cases import EXTERNAL

pytestmark = pytest.mark.timeout(600)
__all__ = ["small"]


@pytest.fixture
def plane(control_plane: ControlPlane) -> ControlPlane:
    control_plane.apply_crds("traefik", "cert-manager", "prometheus-operator")
    return control_plane


@pytest.fixture
def made(plane: ControlPlane, tmp_path: Path, tenant_id: str) -> DeskWorld:
    """A desk that nobody waits for, and that brings one Secret."""
    said = managed(chatwoot_secrets={"chatwoot-mail": {"SMTP_USERNAME": "post", "SMTP_PASSWORD": CANARY}})
    world = DeskWorld(plane, tmp_path, {tenant_id: said})
    run = world.harness("chatwoot_managed").apply()
    assert run.failures == [], run.words()
    return world


def test_what_was_deleted_by_hand_comes_back(made: DeskWorld, tenant_id: str) -> None:
    namespace = f"client-{tenant_id}"
    for name in (
        "deployment/chatwoot-web",
        "service/chatwoot-web",
        "hpa/chatwoot-worker",
        "cronjob/chatwoot-backup",
        "secret/chatwoot-mail",
    ):
        made.plane.kubectl("delete", name, "-n", namespace, "--wait=true")
    made.plane.kubectl("annotate", "statefulset/chatwoot-redis", "-n", namespace, "somebody=was-here")
    proof = made.harness("chatwoot_managed").proves(changes=True)
    assert CANARY not in proof.preview.output + proof.apply.output
    assert "chatwoot-web" in made.get("deployments", namespace)
    # Nobody may see that a Secret is gone; who knows it has it written anew.
    assert "chatwoot-mail" not in made.plane.kubectl("get", "secrets", "-n", namespace, "-o", "name")
    always = {"chatwoot_update_secrets": "always"}
    made.harness("chatwoot_managed", extra_vars=always).agrees(changes=True)
    assert made.secret("chatwoot-mail", namespace)["SMTP_PASSWORD"] == CANARY


def test_what_somebody_edited_is_said_and_left_until_it_is_taken_over(made: DeskWorld, tenant_id: str) -> None:
    namespace = f"client-{tenant_id}"
    made.plane.kubectl("patch", "hpa/chatwoot-web", "-n", namespace, "--type=merge", "-p", json.dumps({"spec": {"maxReplicas": 3}}))
    made.harness("chatwoot_managed").refuses("To take these fields over, give take_over: true")
    made.harness("chatwoot_managed", extra_vars={"chatwoot_take_over": True}).proves(changes=True)
    assert made.get("hpa", namespace)["chatwoot-web"]["spec"]["maxReplicas"] == 10


def test_other_databases_another_plan_and_another_version(made: DeskWorld, tenant_id: str) -> None:
    namespace = f"client-{tenant_id}"
    first = set(made.get("jobs", namespace))
    made.change(tenant_id, chatwoot_image="chatwoot/chatwoot:v4.15.0")
    made.harness("chatwoot_managed").proves(changes=True)
    migrations = {name for name in made.get("jobs", namespace) if name.startswith("chatwoot-migration-")}
    assert len(migrations) == 1
    assert not migrations & first
    made.change(tenant_id, chatwoot_plan="enterprise", **{f"chatwoot_{name}": value for name, value in EXTERNAL.items()})
    made.harness("chatwoot_managed").proves(changes=True)
    assert made.get("statefulsets", namespace) == {}
    made.change(tenant_id, chatwoot_plan="self_hosted")
    made.harness("chatwoot_managed").refuses("chatwoot_plan: in the plan self_hosted the client runs Chatwoot")


def test_an_end_of_what_is_not_there_and_of_what_is_half_gone(plane: ControlPlane, tmp_path: Path, tenant_id: str) -> None:
    world = DeskWorld(plane, tmp_path, {tenant_id: managed()})
    confirmed = {"chatwoot_confirm": tenant_id, "chatwoot_wait_seconds": 60}
    world.harness("chatwoot_remove", extra_vars=confirmed).proves(changes=False)
    world.harness("chatwoot_remove", extra_vars={**confirmed, "chatwoot_delete_data": True}).proves(changes=False)
    assert world.harness("chatwoot_managed").apply().failures == []
    namespace = f"client-{tenant_id}"
    # Without its daily backup it counts as saved: an end that was stopped behind its second backup.
    world.plane.kubectl("delete", "cronjob/chatwoot-backup", "deployment/chatwoot-web", "statefulset/chatwoot-redis", "-n", namespace)
    proof = world.harness("chatwoot_remove", extra_vars=confirmed).proves(changes=True)
    assert not [one for one in proof.apply.changed if "backup" in one.task.lower()]
    world.harness("chatwoot_remove", extra_vars={**confirmed, "chatwoot_delete_data": True}).proves(changes=True)
    assert namespace not in world.plane.kubectl("get", "namespaces", "-o", "name")


def test_a_namespace_of_that_name_that_is_somebody_elses_stays(plane: ControlPlane, tmp_path: Path, tenant_id: str) -> None:
    world = DeskWorld(plane, tmp_path, {tenant_id: managed()})
    plane.kubectl("create", "namespace", f"client-{tenant_id}")
    gone = {"chatwoot_confirm": tenant_id, "chatwoot_delete_data": True, "chatwoot_without_backup": True}
    world.harness("chatwoot_remove", extra_vars=gone).proves(changes=False)
    assert f"namespace/client-{tenant_id}" in plane.kubectl("get", "namespaces", "-o", "name")


def test_accounts_that_are_not_there_locked_or_away(plane: ControlPlane, small: Desk, stand_in: ChatwootStandIn, tmp_path: Path) -> None:
    name = small.tenant
    world = DeskWorld(plane, tmp_path, {f"{name}-gone": variables(small)}, small.chatwoot)
    accounts = len(small.chatwoot.ask("GET", "/platform/api/v1/accounts")[1])
    over = {"chatwoot_over_quota": "suspend_bot"}
    world.harness("chatwoot_quota", extra_vars=over).agrees(changes=False)
    for playbook, given in (
        ("chatwoot_suspend", {"chatwoot_suspend": "bot"}),
        ("chatwoot_suspend", {"chatwoot_suspend": "account"}),
        ("chatwoot_suspend", {"chatwoot_suspend": "none"}),
        ("chatwoot_features", {"chatwoot_features": {"campaigns": False}}),
        ("chatwoot_features", {}),
    ):
        world.harness(playbook, extra_vars=given).refuses("has no account yet")
    assert len(small.chatwoot.ask("GET", "/platform/api/v1/accounts")[1]) == accounts, "nobody makes one by the way"
    # Locked: nothing of its bot can be seen, so nothing is done about it, and its features can be switched all the same.
    world.declare({name: variables(small)})
    counted(stand_in, small, 3000)
    world.harness("chatwoot_suspend", extra_vars={"chatwoot_suspend": "account"}).agrees(changes=True)
    proof = world.harness("chatwoot_quota", extra_vars=over).agrees(changes=False)
    assert row(proof.preview, name)[2] == "suspended"
    world.harness("chatwoot_features", extra_vars={"chatwoot_features": {"campaigns": False}}).agrees(changes=True)
    world.harness("chatwoot_suspend", extra_vars={"chatwoot_suspend": "bot"}).agrees(changes=False)
    # Away: the table says so, and what wants to change something fails.
    stand_in.stop()
    try:
        quota = world.harness("chatwoot_quota", extra_vars=over).apply()
        assert quota.failures == []
        assert row(quota, name)[2] == "could not be read"
        assert "gives no answer" in notes(quota)
        for playbook in ("chatwoot_features", "chatwoot_suspend"):
            world.harness(playbook, extra_vars={"chatwoot_suspend": "none"} if "suspend" in playbook else {}).refuses("gives no answer")
    finally:
        stand_in.start()
