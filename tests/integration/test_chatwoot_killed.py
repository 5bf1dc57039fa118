# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of a desk that are killed in the middle, and two at once: nothing is lost, and the next run ends what was begun."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from lab.minio import Minio
from tests.harness.ansible import ROOT
from tests.integration.desk_world import CANARY, DeskWorld, managed, secrets, stored

pytestmark = pytest.mark.timeout(600)
MANY = {f"many-{number}": {"a": f"{CANARY}-{number}"} for number in range(8)}


@pytest.fixture
def plane(control_plane: ControlPlane) -> ControlPlane:
    control_plane.apply_crds("traefik", "cert-manager", "prometheus-operator")
    return control_plane


def children(parent: int) -> list[int]:
    """All processes below one, stopped, so that none makes another meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(parent, signal.SIGSTOP)
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(file.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(file.parent.name))
    return [*found, *(below for number in found for below in children(number))]


def killed(world: DeskWorld, playbook: str, when: Callable[[list[tuple[str, str]]], bool], **extra: Any) -> list[tuple[str, str]]:
    """Run a playbook until the API server was asked what is waited for, and kill it and all its children; returns what was asked."""
    harness = world.harness(playbook)
    variables = world.directory / "killed.json"
    variables.write_text(json.dumps({**extra, "dry_run": False}))
    command = harness.ansible.command(f"bluegreen.orchestrator.{playbook}", None, ("--extra-vars", f"@{variables}"))
    mark = world.plane.audit_mark()

    def asked() -> list[tuple[str, str]]:
        return [(one.verb, one.path.partition("?")[0]) for one in world.plane.requests_since(mark, user="admin")]

    environment = harness.ansible.full_environment("ansible.posix.json")
    program = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        until = time.monotonic() + 90
        while not when(asked()):
            assert program.poll() is None, "it ended before it was killed"
            assert time.monotonic() < until, asked()[-5:]
            time.sleep(0.01)
    finally:
        # Ansible's workers have sessions of their own, so the group would leave one at work.
        for number in [program.pid, *children(program.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        program.wait()
    # What was on its way when it died is answered, and written down, after it.
    found: list[tuple[str, str]] = []
    while len(found) < len(asked()):
        found = asked()
        time.sleep(0.5)
    return found


def killed_among_its_secrets(world: DeskWorld, tenant_id: str) -> dict[str, Any]:
    """Kill a run between its first Secret and its note of them; returns what it brings.

    A busy machine may see the first one only when the last is noted: once in this suite it did. Then the next brings other values.
    """
    note = f"/configmaps/desk-{tenant_id}-secrets"
    for attempt in range(5):
        brought = {name: {"a": f"{values['a']}-{attempt}"} for name, values in MANY.items()}
        world.change(tenant_id, chatwoot_secrets=brought)
        asked = killed(world, "chatwoot_managed", lambda found: any(verb == "patch" and "/secrets/many-" in path for verb, path in found))
        if not any(verb == "patch" and path.endswith(note) for verb, path in asked):
            return brought
    raise AssertionError("five runs were killed too late")


def test_killed_among_its_secrets_and_two_at_once(plane: ControlPlane, tmp_path: Path, tenant_id: str) -> None:
    world = DeskWorld(plane, tmp_path, {tenant_id: managed(chatwoot_secrets=MANY)})
    namespace = f"client-{tenant_id}"
    brought = killed_among_its_secrets(world, tenant_id)
    # What a killed run has written and not noted is written once more.
    world.harness("chatwoot_managed").proves(changes=True)
    assert {name: world.secret(name, namespace)["a"] for name in MANY} == {name: values["a"] for name, values in brought.items()}
    # Two that bring different values at once: one of them wins each Secret, and the next run brings what is declared.
    world.change(tenant_id, chatwoot_secrets={name: {"a": "other"} for name in MANY})
    with ThreadPoolExecutor(2) as both:
        runs = list(both.map(lambda _number: world.harness("chatwoot_managed").apply(), range(2)))
    for run in runs:
        assert run.failures == [], run.words()
    world.harness("chatwoot_managed").proves(changes=False)
    assert {world.secret(name, namespace)["a"] for name in MANY} == {"other"}


@pytest.mark.parametrize("back", [True, False], ids=["and comes back", "and stays away"])
def test_the_control_plane_goes_away_in_the_middle(plane: ControlPlane, tmp_path: Path, tenant_id: str, back: bool) -> None:
    world = DeskWorld(plane, tmp_path, {tenant_id: managed(chatwoot_secrets=MANY)})
    mark = plane.audit_mark()
    with ThreadPoolExecutor(1) as beside:
        run = beside.submit(world.harness("chatwoot_managed").apply)
        try:
            plane.wait_for(
                lambda: any(one.verb == "patch" and "/secrets/many-3" in one.path for one in plane.requests_since(mark, user="admin")),
                "the first half of its Secrets",
            )
            plane.kill_apiserver()
            if not back:
                [failure] = run.result().failures
                assert plane.url in failure.message
        finally:
            plane.start_apiserver()
        if back:
            assert run.result().failures == []
    harness = world.harness("chatwoot_managed")
    harness.proves(changes=not back)
    assert [world.secret(name, f"client-{tenant_id}")["a"] for name in MANY] == [values["a"] for values in MANY.values()]


POINTS: dict[str, Callable[[list[tuple[str, str]]], bool]] = {
    "while Chatwoot goes": lambda found: any(verb == "delete" and "/deployments/" in path for verb, path in found),
    "while the databases go": lambda found: any(verb == "delete" and "/statefulsets/" in path for verb, path in found),
    "while the namespace goes": lambda found: any(
        verb == "delete" and "/namespaces/client-" in path and path.count("/") == 4 for verb, path in found
    ),
}


@pytest.mark.parametrize("point", POINTS)
def test_an_end_that_is_killed_is_ended_by_the_next_run(
    plane: ControlPlane, minio: Minio, tmp_path: Path, tenant_id: str, point: str
) -> None:
    said = {**managed(), **stored(minio, tmp_path), **secrets(tenant_id)}
    world = DeskWorld(plane, tmp_path, {tenant_id: said})
    world.volumes(tenant_id)
    assert world.harness("chatwoot_managed").apply().failures == []
    namespace = f"client-{tenant_id}"
    # The controller makes them, not we; what is taken away before it did so has none to keep.
    world.plane.wait_for(lambda: len(world.get("pvc", namespace)) == 2, "the volumes of its databases")
    gone = {"chatwoot_confirm": tenant_id, "chatwoot_delete_data": "namespace" in point, "chatwoot_wait_seconds": 90}
    killed(world, "chatwoot_remove", POINTS[point], **gone)
    world.harness("chatwoot_remove", extra_vars=gone).agrees(changes=True)
    if "namespace" in point:
        assert namespace not in world.plane.kubectl("get", "namespaces", "-o", "name")
        return
    saved = {name: one for name, one in world.get("jobs", namespace).items() if "removal" in name}
    assert [name.rsplit("-", 2)[1] for name in sorted(saved)] == ["first", "last"]
    assert all(any(one["type"] == "Complete" for one in job["status"]["conditions"]) for job in saved.values())
    assert len(world.get("pvc", namespace)) == 2
    assert world.get("statefulsets", namespace) == world.get("deployments", namespace) == {}
    world.harness("chatwoot_remove", extra_vars=gone).proves(changes=False)
