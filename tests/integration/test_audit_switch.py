# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trace and the summary of a real switch on the real Traefik."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit_verify import verify
from lab.world import World
from tests.harness import Ansible
from tests.harness.ansible import ROOT
from tests.harness.preview_apply import world_environment


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def operator(world: World, log: Path) -> Ansible:
    return Ansible(ROOT / "inventories" / "demo", environment=world_environment(world) | {"BLUEGREEN_AUDIT_LOG": str(log)})


def tasks_of(log: Path) -> list[dict[str, Any]]:
    found = verify(str(log), keep=lambda record: record["event"] == "task")
    assert found.ok
    return found.entries


def test_a_switch_is_told_in_trace_and_summary(operator: Ansible, log: Path) -> None:
    apply = {"dry_run": False}
    assert operator.run("bluegreen.orchestrator.bluegreen", limit="acme", extra_vars=apply).returncode == 0
    green = {"bluegreen_target": "green"}
    preview = operator.run("bluegreen.orchestrator.switch", limit="acme", extra_vars=green)
    applied = operator.run("bluegreen.orchestrator.switch", limit="acme", extra_vars=green | apply, callback="ansible.builtin.default")
    assert applied.returncode == 0, applied.output
    _created, would, did = tasks_of(log)
    assert (would["mode"], did["mode"]) == ("preview", "apply")
    assert (did["site"], did["offer"], did["action"]) == ("acme", "bluegreen", "bluegreen.orchestrator.bluegreen_switch")
    assert (did["active_before"], did["active_after"]) == ("blue", "green")
    assert did["role"] == "bluegreen.orchestrator.bluegreen"
    assert did["summary"].startswith("acme: switched from blue to green")
    assert would["diff"] == did["diff"], "what was previewed is what was done"
    assert json.loads(preview.stdout)["plays"], "the summary stays out of the JSON"
    assert f"    {would['summary']}" in preview.stderr
    assert f"    {did['summary']}" in applied.stdout
    assert "    acme: ansible-playbook bluegreen.orchestrator.rollback --limit acme" in applied.stdout
    assert f"  Trace: {log}" in applied.stdout


def test_a_refusal_is_kept_with_its_reason(operator: Ansible, log: Path) -> None:
    nothing_bought = {"bluegreen_target": "green", "site_offers": [], "site_offers_external": []}
    assert operator.run("bluegreen.orchestrator.switch", limit="acme", extra_vars=nothing_bought).returncode != 0
    [refused] = tasks_of(log)
    assert refused["result"] == "failed"
    assert "bluegreen" in refused["reason"]
