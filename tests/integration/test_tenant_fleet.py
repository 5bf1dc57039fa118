# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of real tenants that is read together: the same answers as one by one, in fewer requests, and never an old one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fleet import LARGEST_CLUSTER
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import READ
from lab.kubernetes import ControlPlane
from tests.harness.ansible import Ansible, Run
from tests.integration.tenancy import PREFIX

FORKS = 5
HELD = {"standard": "15", "premium": "50"}


class Fleet:
    """Tenants, each a local host."""

    def __init__(self, directory: Path, plane: ControlPlane, tenant_id: str) -> None:
        there = plane.kubectl("get", "namespaces", "-l", "tenant", "-o", "json")["items"]
        # Those of the session's other tests count, too.
        self.tenants = [f"{tenant_id}-{number}" for number in range(max(24, len(there) // LARGEST_CLUSTER + 12))]
        self.directory, self.plane = directory, plane
        host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        (directory / "inventory.json").write_text(json.dumps({"all": {"hosts": dict.fromkeys(self.tenants, host)}}))
        self.shared = directory / "shared"
        environment = {"ANSIBLE_FORKS": str(FORKS), "ANSIBLE_LOCAL_TEMP": str(self.shared)}
        self.ansible = Ansible(directory / "inventory.json", environment=environment)

    def play(self, *arguments: str, user: str = "admin", tier: str = "standard", loop: list[str] | None = None, **variables: Any) -> Run:
        """One task on all of them."""
        options = {"tenant": "{{ inventory_hostname }}", "tier": tier, "storage_class": False}
        options["kubeconfig"] = str(self.plane.kubeconfig(user))
        task: dict[str, Any] = {"name": "envelope", "bluegreen.orchestrator.tier_quota": options}
        if loop:
            options["tier"] = "{{ item }}"
            task["loop"] = loop
        file = self.directory / "play.json"
        file.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
        return self.ansible.run(file, extra_vars=variables, arguments=arguments)

    def asked(self, mark: int) -> list[str]:
        """What was asked since the mark, by the users of a play."""
        return [one.verb for one in self.plane.requests_since(mark) if not one.user.startswith("system:")]

    def held(self) -> set[str]:
        """How many pods their quotas allow, as kubectl reads it."""
        quotas = self.plane.kubectl("get", "resourcequota", "-A", "-l", "tenant", "-o", "json")["items"]
        names = {f"{PREFIX}{tenant}" for tenant in self.tenants}
        return {one["spec"]["hard"]["pods"] for one in quotas if one["metadata"]["namespace"] in names}


def results(run: Run) -> dict[str, Any]:
    """What each host returned, but for how it was found out."""
    assert run.returncode == 0, run.words()
    drop = ("requests", "_ansible_no_log")
    return {one.host: {key: value for key, value in one.content.items() if key not in drop} for one in run.results}


@pytest.fixture
def fleet(tmp_path: Path, control_plane: ControlPlane, tenant_id: str) -> Fleet:
    made = Fleet(tmp_path, control_plane, tenant_id)
    assert len(made.play().changed) == len(made.tenants)
    return made


def test_a_fleet_that_is_read_together(fleet: Fleet) -> None:
    marks = [fleet.plane.audit_mark()]
    preview = fleet.play("--check", user="reader")
    marks.append(fleet.plane.audit_mark())
    one_by_one = fleet.play("--check", user="reader", bluegreen_read_together=False)
    asked = [fleet.asked(mark) for mark in marks]
    together, alone = len(asked[0]) - len(asked[1]), len(asked[1])
    assert results(preview) == results(one_by_one)
    assert not preview.changed
    # Nine of ten requests of each; those who came while it was read asked for themselves.
    assert alone == 9 * len(fleet.tenants)
    assert together <= len(READ) + 2 + 9 * len(fleet.tenants) // 2
    assert set(asked[0]) == {"list"}
    # Nothing of it outlives the run.
    assert list(fleet.shared.rglob("bluegreen-*")) == []

    # What differs is found, corrected, and said as by itself; the rest is left alone.
    name = fleet.tenants[-1]
    fleet.plane.kubectl("patch", "resourcequota", "tenant-quota", "-n", f"{PREFIX}{name}", "-p", '{"spec":{"hard":{"pods":"99"}}}')
    drifted, by_itself = fleet.play("--check", tier="standard"), fleet.play("--check", bluegreen_read_together=False)
    assert drifted.returncode == by_itself.returncode == 2
    said = [{one.host: one.content.get("msg") for one in run.results} for run in (drifted, by_itself)]
    assert said[0] == said[1]
    assert [host for host, sentence in said[0].items() if sentence] == [name]


def test_what_a_task_changes_is_read_anew_by_the_same_task(fleet: Fleet) -> None:
    run = fleet.play(loop=["standard", "premium", "standard", "premium", "standard"])
    assert run.returncode == 0, run.words()
    changed = [[item["changed"] for item in one.content["results"]] for one in run.results]
    assert changed == [[False, True, True, True, True]] * len(fleet.tenants)
    assert fleet.held() == {HELD["standard"]}
