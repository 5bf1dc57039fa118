# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit callback on real runs of ansible-playbook: what is written, and what never is."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.audit_world import CANARY, AuditWorld, as_json, changing_task, noted_change, program

OUR_OPTIONS = {"site": "acme", "dynamic_dir": "/nowhere"}
CORES = pytest.mark.parametrize("core", ["floor", "newest"])


@pytest.fixture
def world(tmp_path: Path) -> AuditWorld:
    return AuditWorld(tmp_path)


@CORES
def test_a_run_on_many_forks_is_one_whole_chain(world: AuditWorld, core: str) -> None:
    world.ansible_playbook = program(core)
    sites = [f"site{number:02}" for number in range(8)]
    world.inventory(sites)
    world.playbook([changing_task()], vars={"offer": "bluegreen"})
    done = world.run("play.yml", "--forks", "8", "-e", "dry_run=false", SSH_CONNECTION="192.0.2.7 50022 192.0.2.1 22", SUDO_USER="camille")
    assert done.returncode == 0, done.output
    records = world.records()
    assert [record["event"] for record in records] == ["run_start", *["task"] * 8, "run_end"]
    assert len({record["run"] for record in records}) == 1
    task = records[1]
    assert sorted(record["site"] for record in records[1:-1]) == sites
    assert (task["mode"], task["offer"], task["playbook"], task["result"]) == ("apply", "bluegreen", "play.yml", "changed")
    assert (task["task"], task["action"], task["role"]) == ("Write the file", "ansible.builtin.copy", None)
    assert task["from"]["ssh_client"] == "192.0.2.7"
    assert task["who"]["sudo_user"] == "camille"
    assert task["who"]["user"]
    assert set(task["versions"]) == {"collection", "ansible", "python"}
    assert task["versions"]["collection"] == "0.1.0"
    assert task["duration"] > 0
    assert re.fullmatch(r"[0-9a-f]{64}", task["diff"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", task["time"])
    assert records[-1]["sites"] == dict.fromkeys(sites, "changed")
    assert records[-1]["result"] == "changed"


@CORES
def test_preview_and_apply_say_so_and_share_the_digest(world: AuditWorld, core: str) -> None:
    world.ansible_playbook = program(core)
    world.inventory(["acme"])
    template = world.write("page.j2", "{{ inventory_hostname }}\n")
    loop = changing_task("{{ playbook_dir }}/{{ item }}", name="Loop", loop=["one", "two"])
    by_template = {
        "name": "Template",
        "ansible.builtin.template": {"src": str(template), "dest": "{{ playbook_dir }}/page", "mode": "0644"},
    }
    world.playbook([changing_task(), loop, by_template])
    assert world.run("play.yml").returncode == 0
    assert world.run("play.yml", "-e", "dry_run=false").returncode == 0
    assert world.run("play.yml", "--check", "-e", "dry_run=false").returncode == 0
    ends = world.records("run_end")
    assert [end["mode"] for end in ends] == ["preview", "apply", "preview"]
    assert [end["result"] for end in ends] == ["changed", "changed", "ok"]
    by_run = [[record for record in world.records("task") if record["run"] == end["run"]] for end in ends]
    assert [len(records) for records in by_run] == [3, 3, 0]
    assert {record["mode"] for record in by_run[0]} == {"preview"}
    assert {record["mode"] for record in by_run[1]} == {"apply"}
    assert [record["diff"] for record in by_run[0]] == [record["diff"] for record in by_run[1]]
    assert len({record["diff"] for record in by_run[0]}) == 3


def test_a_task_that_escapes_the_preview_is_an_apply(world: AuditWorld) -> None:
    world.inventory(["acme", "globex"])
    own = "{{ inventory_hostname == 'acme' }}"
    world.playbook([changing_task(check_mode=own), changing_task("{{ playbook_dir }}/{{ item }}", name="Loop", loop=["x"], check_mode=own)])
    done = world.run("play.yml")
    assert {(record["site"], record["mode"]) for record in world.records("task")} == {("acme", "preview"), ("globex", "apply")}
    assert world.records("run_end")[0]["mode"] == "apply"
    assert "APPLIED: 1 of 2 sites changed" in done.stdout


@CORES
def test_failed_unreachable_ignored_and_rescued(world: AuditWorld, core: str) -> None:
    world.ansible_playbook = program(core)
    world.inventory(["acme", "globex", "initech"])
    gone = {
        "name": "Ping",
        "ansible.builtin.ping": {},
        "vars": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1},
    }
    fails = {"name": "Fail", "ansible.builtin.fail": {"msg": "because"}}
    world.playbook(
        [
            {**gone, "when": "inventory_hostname == 'acme'"},
            {**fails, "when": "inventory_hostname == 'globex'"},
            {**fails, "name": "Ignored", "ignore_errors": True},
            {"block": [{**fails, "name": "Rescued"}], "rescue": [changing_task()]},
        ]
    )
    done = world.run("play.yml", "-e", "dry_run=false")
    assert done.returncode != 0
    found = {(record["site"], record["task"], record["result"], record.get("ignored", False)) for record in world.records("task")}
    assert found == {
        ("acme", "Ping", "unreachable", False),
        ("globex", "Fail", "failed", False),
        ("initech", "Ignored", "failed", True),
        ("initech", "Rescued", "failed", False),
        ("initech", "Write the file", "changed", False),
    }
    end = world.records("run_end")[0]
    assert end["result"] == "failed"
    assert end["sites"] == {"acme": "unreachable", "globex": "failed", "initech": "changed"}
    assert "globex: Fail: because" in done.stdout
    assert "1 of 3 sites changed, 2 failed" in done.stdout
    assert "Rescued" not in done.stdout.split("APPLIED")[1]


def test_two_playbooks_of_one_command_are_two_runs(world: AuditWorld) -> None:
    world.inventory(["acme"])
    world.playbook([changing_task()])
    world.write("again.yml", (world.folder / "play.yml").read_text())
    world.run("play.yml", "again.yml", "-e", "dry_run=false")
    ends = world.records("run_end")
    assert [(end["playbook"], end["sites"]) for end in ends] == [("play.yml", {"acme": "changed"}), ("again.yml", {"acme": "ok"})]
    assert len({end["run"] for end in ends}) == 2


def test_awx_says_who_and_which_job(world: AuditWorld) -> None:
    world.inventory(["acme"])
    world.playbook([noted_change()])
    done = world.run("play.yml", "-e", "tower_user_name=m.dupont awx_job_id=4711")
    record = world.records("task")[0]
    assert record["who"]["awx_user"] == "m.dupont"
    assert record["from"]["awx_job"] == "4711"
    assert "launch this job again with the variable dry_run: false" in done.stdout
    assert "ansible-playbook" not in done.stdout.split("PREVIEW")[1]


def test_parallel_runs_share_one_chain(world: AuditWorld) -> None:
    world.inventory(["acme", "globex"])
    world.playbook([noted_change(f"Change {number}") for number in range(5)])
    processes = [world.start("play.yml", "-e", "dry_run=false", BLUEGREEN_AUDIT_MAX_BYTES="3000") for _ in range(4)]
    for process in processes:
        stdout, stderr = process.communicate(timeout=110)
        assert process.returncode == 0, stdout + stderr
    records = world.records()
    runs = {record["run"] for record in records}
    assert len(runs) == 4
    for run in runs:
        events = [record["event"] for record in records if record["run"] == run]
        assert events == ["run_start", *["task"] * 10, "run_end"]
    assert len(world.proof().files) > 1


def test_a_killed_run_shows_by_its_missing_end(world: AuditWorld) -> None:
    world.inventory(["acme"])
    world.playbook([noted_change(), {"name": "Wait", "ansible.builtin.pause": {"seconds": 60}, "check_mode": False}])
    process = world.start("play.yml", "-e", "dry_run=false")
    deadline = time.monotonic() + 60
    while not (world.log.exists() and b'"task"' in world.log.read_bytes()) and time.monotonic() < deadline:
        time.sleep(0.05)
    # With its workers, which would wait for it for ever.
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert [record["event"] for record in world.records()] == ["run_start", "task"]


class TestSecrets:
    """A canary on every path by which a run can fail."""

    HIDDEN: tuple[dict[str, Any], ...] = (
        {"name": "No log fails", "ansible.builtin.fail": {"msg": "bad {{ pw }}"}, "no_log": True},
        {
            "name": "No log changes",
            "ansible.builtin.copy": {"content": "{{ pw }}", "dest": "{{ playbook_dir }}/secret.yml", "mode": "0600"},
            "no_log": True,
        },
        {"name": "No log by template", "ansible.builtin.fail": {"msg": "bad {{ pw }}"}, "no_log": "{{ hide }}"},
        {"name": "Loop with no log", "ansible.builtin.fail": {"msg": "bad {{ item }}"}, "loop": ["{{ pw }}", "{{ pw }}"], "no_log": True},
        {
            "name": "Module that throws",
            "ansible.builtin.get_url": {"url": "http://u:{{ pw }}@127.0.0.1:1/", "dest": "/nowhere/x"},
            "no_log": True,
        },
        {
            "name": "Unreachable with no log",
            "ansible.builtin.ping": {"data": "{{ pw }}"},
            "no_log": True,
            "vars": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_user": "{{ pw }}"},
        },
    )
    # ansible-core prints these itself, so only the trace is searched.
    OPEN: tuple[dict[str, Any], ...] = (
        {"name": "Name with {{ pw }}", "ansible.builtin.fail": {"msg": "bad {{ pw }}"}},
        {"name": "Assert", "ansible.builtin.assert": {"that": "false", "fail_msg": "bad {{ pw }}"}},
        {"name": "Command", "ansible.builtin.command": "false {{ pw }}", "check_mode": False},
        {"name": "Diff", "ansible.builtin.copy": {"content": "{{ pw }}", "dest": "{{ playbook_dir }}/secret.yml", "mode": "0644"}},
        {"name": "Loop", "ansible.builtin.fail": {"msg": "bad {{ item }}"}, "loop": ["{{ pw }}"]},
        {"name": "Bad choice", "bluegreen.orchestrator.bluegreen_switch": {**OUR_OPTIONS, "state": "{{ pw }}"}},
        {"name": "Bad type", "bluegreen.orchestrator.bluegreen_switch": {**OUR_OPTIONS, "lock_timeout": "{{ pw }}"}},
        {"name": "Bad key", "bluegreen.orchestrator.bluegreen_switch": {**OUR_OPTIONS, "site": "{{ {'a': 1}[pw] }}"}},
        {"name": "Bad template", "ansible.builtin.debug": {"msg": "{{ pw | nofilter }}"}},
        {"name": "Bad condition", "ansible.builtin.debug": {}, "when": "pw | int > pw"},
    )

    @CORES
    def test_no_log_hides_it_in_trace_and_summary(self, world: AuditWorld, core: str) -> None:
        world.ansible_playbook = program(core)
        output = self._run(world, self.HIDDEN)
        # ansible-core itself prints the message of a failed action in spite of no_log (seen on 2.19.14 and 2.21.5): only our part is ours.
        summary = output.rpartition("APPLIED:")[2]
        assert summary.count("(the reason is hidden by no_log)") == 5
        assert CANARY not in summary
        assert world.files_with(CANARY) == []
        assert len(world.records("task")) == len(self.HIDDEN)

    @CORES
    def test_it_never_enters_the_trace(self, world: AuditWorld, core: str) -> None:
        world.ansible_playbook = program(core)
        self._run(world, self.OPEN)
        assert world.files_with(CANARY) == []
        assert len(world.records("task")) == len(self.OPEN)

    @staticmethod
    def _run(world: AuditWorld, tasks: tuple[dict[str, Any], ...]) -> str:
        # One site for each task, so that each failure is told.
        world.inventory([f"site{number}" for number in range(len(tasks))])
        world.write("secret.yml", {"pw": CANARY, "hide": True})
        own = [
            {**task, "when": [f"inventory_hostname == 'site{number}'", *([task["when"]] if "when" in task else [])]}
            for number, task in enumerate(tasks)
        ]
        world.playbook(own)
        return world.run("play.yml", "-e", "@secret.yml", "-e", "dry_run=false", "-vvv").output

    def test_extra_variables_are_not_repeated_in_the_next_command(self, world: AuditWorld) -> None:
        world.inventory(["acme"])
        world.playbook([noted_change()])
        done = world.run("play.yml", "-e", f"pw={CANARY} bluegreen_target=green", "-e", f'{{"other": "{CANARY}"}}', "--limit", "acme")
        told = done.stdout.split("PREVIEW")[1]
        assert CANARY not in told
        assert CANARY not in as_json(world.records()[0])
        assert "ansible-playbook play.yml -i " in told
        assert "--limit acme -e pw=... -e bluegreen_target=green -e other=... -e dry_run=false" in told

    def test_our_own_sentences_are_kept(self, world: AuditWorld) -> None:
        world.run("bluegreen.orchestrator.audit_report")
        record = world.records("task")[0]
        assert record["result"] == "failed"
        assert record["reason"].startswith("Name the site with -e audit_site=")
