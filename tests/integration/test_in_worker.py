# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module inside Ansible's worker and the same module shipped: every case both ways, field by field."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from tests.harness.ansible import Ansible, Run
from tests.integration.tenancy import PREFIX, Tenancy

MODULES = ("tier_quota", "tier_quota_info", "kubernetes_manifests")
CANARY = "canary-c0ffee-0451"
# In both ways the same thing, but said by whoever carries it: where the task stands, and how a module was started.
CARRIER = ("_ansible_no_log", "action", "exception")


class Ways:
    """Plays of one task per case, on one local host."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        (directory / "inventory.json").write_text(json.dumps({"all": {"hosts": {"here": host}}}))
        self.ansible = Ansible(directory / "inventory.json")

    def run(self, tasks: list[dict[str, Any]], *, in_worker: bool, **play: Any) -> Run:
        """Run the tasks; one that fails does not end the play."""
        named = [{"name": f"case {number}", "ignore_errors": True, **task} for number, task in enumerate(tasks)]
        file = self.directory / "play.json"
        file.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": named, **play}]))
        return self.ansible.run(file, extra_vars={"bluegreen_in_worker": in_worker})

    def both(self, tasks: list[dict[str, Any]], **play: Any) -> list[dict[str, Any]]:
        """Run them both ways and return the results, which are the same."""
        inside, shipped = (self.results(tasks, in_worker=way, **play) for way in (True, False))
        for number, (one, other) in enumerate(zip(inside, shipped, strict=True)):
            assert sorted(one) == sorted(other), f"case {number}"
            for key in one:
                assert one[key] == other[key], f"case {number}: {key}"
        return inside

    def results(self, tasks: list[dict[str, Any]], *, in_worker: bool, **play: Any) -> list[dict[str, Any]]:
        """The results of the tasks, as a callback gets them."""
        run = self.run(tasks, in_worker=in_worker, **play)
        assert len(run.results) == len(tasks), run.stderr
        assert CANARY not in run.output
        return [{key: value for key, value in result.content.items() if key not in CARRIER} for result in run.results]


@pytest.fixture
def ways(tmp_path: Path) -> Ways:
    return Ways(tmp_path)


def task(module: str, **options: Any) -> dict[str, Any]:
    return {f"bluegreen.orchestrator.{module}": options}


def test_what_is_refused_without_a_cluster(ways: Ways, tmp_path: Path) -> None:
    """Types, choices, unknown and missing options, conversions, refusals of our own, and a file that holds a secret."""
    wrong = tmp_path / "token"
    wrong.write_text(f"{CANARY} {CANARY}")
    found = ways.both(
        [
            task("tier_quota"),
            task("tier_quota", tenant="acme", tier="standard", colour="blue"),
            task("tier_quota", tenant="acme", tier="standard", state="gone"),
            task("tier_quota", tenant="acme", tier="standard", sites="many"),
            task("tier_quota", tenant="acme", tier="standard", services=[{"nam": "x"}]),
            task("tier_quota", tenant="Acme", tier="standard"),
            task("tier_quota", tenant="acme", tier="standard", sites="0"),
            task("tier_quota", tenant="acme", tier="gold"),
            task("tier_quota", tenant="acme", tier="standard", host="https://127.0.0.1:1", token_file=str(wrong)),
            task("tier_quota", tenant="acme", tier="standard", host="https://127.0.0.1:1", token_file="/nowhere"),
            task("tier_quota", tenant="acme", tier="standard", proxy=f"http://bob:{CANARY}@127.0.0.1:1"),
            task("tier_quota_info", host=f"https://{CANARY}@127.0.0.1:1", token_file="/etc/hostname"),
            task("kubernetes_manifests", set="a", manifests=[{"kind": "Secret", "apiVersion": "v1", "data": {"x": CANARY[:6]}}]),
            task("kubernetes_manifests", set="a", manifests=["text"]),
            {**task("tier_quota_info", tenant="A" * 90), "no_log": True},
        ]
    )
    assert all(result.get("failed") or "censored" in result for result in found)
    # A refused option is shown with all others; see Ways.results for the secrets.
    for number, option in ((10, "proxy"), (11, "host")):
        assert found[number]["invocation"]["module_args"][option] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert found[0]["msg"] == "missing required arguments: tenant"
    assert found[1]["msg"].startswith("Unsupported parameters for (bluegreen.orchestrator.tier_quota) module: colour. Supported parameters")
    assert found[6]["msg"] == "sites: 0 is no number of sites; give 1 to 99."
    assert found[6]["invocation"]["module_args"]["sites"] == 0


@pytest.mark.parametrize("diff", [True, False])
def test_what_is_done_on_a_cluster(control_plane: ControlPlane, tenant_id: str, ways: Ways, diff: bool) -> None:
    """Previews, with and without diff, with warnings and refusals; then applies, one way the first and the other the second tenant."""
    config = {"kubeconfig": str(control_plane.kubeconfig("admin"))}
    thirteen = [{"name": f"service-{number}"} for number in range(13)]
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}, "data": {1: "x"}}
    previews = [
        task("tier_quota", tenant=tenant_id, tier="standard", services=thirteen, **config),
        task("tier_quota", tenant=tenant_id, tier="standard", validate="server", **config),
        task("tier_quota", tenant=tenant_id, tier="standard", usage={"products": 9999}, **config),
        task("tier_quota", tenant=tenant_id, state="absent", **config),
        task("tier_quota_info", **config, tenant=tenant_id),
        task("kubernetes_manifests", set=tenant_id, manifests=[manifest], **config),
    ]
    found = ways.both(previews, check_mode=True, diff=diff)
    assert ["diff" in result for result in found] == [diff, diff, False, diff, False, diff]
    assert "13 services at their least" in json.dumps(found[0]["warnings"])
    assert found[2]["failed"]
    results = {}
    for way in (True, False):
        acme = Tenancy(control_plane, f"{tenant_id}-{str(way).lower()}")
        steps = [
            task("tier_quota", tenant=acme.tenant, tier="standard", storage_class=False, **config),
            task("tier_quota", tenant=acme.tenant, tier="standard", storage_class=False, **config),
            task("tier_quota", tenant=acme.tenant, tier="premium", storage_class=False, **config),
        ]
        told = json.dumps(ways.results(steps, in_worker=way, diff=diff))
        results[way] = told.replace(f"{PREFIX}{acme.tenant}", "NAMESPACE").replace(acme.tenant, "TENANT")
        assert acme.hard()["pods"] == "50"
    drop = "digest"
    one, other = (
        [{key: value for key, value in step.items() if key != drop} for step in json.loads(results[way])] for way in (True, False)
    )
    assert one == other


def test_it_runs_inside_only_where_that_is_the_same_place(ways: Ways) -> None:
    """Told by what Ansible says it does: which file it ships."""
    options = {"tenant": "acme", "tier": "standard", "host": "https://127.0.0.1:1", "token_file": "/etc/hostname"}
    cases: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
        ({}, {}, True),
        ({}, {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}, True),
        ({"environment": {"A": "b"}}, {}, False),
        ({}, {"ansible_python_interpreter": "/usr/bin/env python3"}, False),
        ({}, {"bluegreen_in_worker": "no"}, False),
    ]
    for keywords, variables, inside in cases:
        file = ways.directory / "play.json"
        tasks = [{"name": "case", "ignore_errors": True, **task("tier_quota", **options), **keywords}]
        file.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
        run = ways.ansible.run(file, extra_vars=variables, arguments=("-vvv",), callback="ansible.builtin.default")
        assert ("Using module file" not in run.output) is inside, (keywords, variables)


def test_every_module_has_its_action() -> None:
    """One core for both: the module's file and the action's name the same one."""
    import importlib

    for module in MODULES:
        name = f"ansible_collections.bluegreen.orchestrator.plugins.%s.{module}"
        shipped = importlib.import_module(name % "modules")
        action = importlib.import_module(name % "action").ActionModule
        assert action.core is shipped.run
