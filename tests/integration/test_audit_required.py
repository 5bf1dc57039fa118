# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A trace that cannot be written: said, or where it is required, the end of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.audit_world import AuditWorld, changing_task, noted_change, program

CORES = pytest.mark.parametrize("core", ["floor", "newest"])
NOWHERE = {"BLUEGREEN_AUDIT_LOG": "/proc/nowhere/audit.jsonl"}
REFUSED = "The audit trail is required (audit_required), so nothing more is started."


@pytest.fixture
def world(tmp_path: Path) -> AuditWorld:
    return AuditWorld(tmp_path)


def break_the_log(world: AuditWorld) -> dict[str, Any]:
    """Return a task in whose wake the log cannot be written."""
    return {
        "name": "Break the log",
        "ansible.builtin.shell": f"mv {world.log} {world.log}.kept && mkdir {world.log}",
        "changed_when": False,
        "run_once": True,
    }


def test_a_log_that_cannot_be_written_is_said_once_and_the_run_goes_on(world: AuditWorld) -> None:
    world.inventory(["acme", "globex"])
    world.playbook([changing_task()])
    done = world.run("play.yml", "-e", "dry_run=false", **NOWHERE)
    assert done.returncode == 0
    assert done.stderr.count("Audit:") == 1
    assert "/proc/nowhere/audit.jsonl cannot be written (No such file or directory)" in done.stderr
    assert (world.folder / "made-acme").exists()
    assert "LACKS 4 records of this run" in done.stdout


@pytest.mark.parametrize(
    ("core", "how"),
    [("floor", "environment"), ("floor", "ini"), ("floor", "extra var"), ("floor", "inventory template"), ("newest", "inventory")],
)
def test_required_refuses_before_the_first_task(world: AuditWorld, core: str, how: str) -> None:
    world.ansible_playbook = program(core)
    by_inventory: dict[str, dict[str, Any]] = {
        "inventory": {"audit_required": True},
        "inventory template": {"audit_required": "{{ 1 == 1 }}"},
    }
    world.inventory(["acme"], **by_inventory.get(how, {}))
    world.playbook([changing_task()])
    config = world.write("ansible.cfg", "[callback_audit]\nrequired = true\n" if how == "ini" else "")
    environment = {"BLUEGREEN_AUDIT_REQUIRED": "true"} if how == "environment" else {}
    arguments = ["-e", "audit_required=true"] if how == "extra var" else []
    done = world.run("play.yml", "-e", "dry_run=false", *arguments, **NOWHERE, **environment, ANSIBLE_CONFIG=str(config))
    assert done.returncode == 1
    assert REFUSED in done.stderr
    assert "TASK" not in done.stdout
    assert not (world.folder / "made-acme").exists()


def test_required_by_one_site_of_many_refuses(world: AuditWorld) -> None:
    world.inventory(["acme", "globex"])
    (world.folder / "host_vars").mkdir()
    (world.folder / "host_vars" / "globex.yml").write_text("audit_required: true\n")
    world.playbook([changing_task()])
    assert world.run("play.yml", "-e", "dry_run=false", **NOWHERE).returncode == 1
    assert world.run("play.yml", "-e", "dry_run=false", "--limit", "acme", **NOWHERE).returncode == 0


@CORES
def test_required_stops_in_the_middle(world: AuditWorld, core: str) -> None:
    world.ansible_playbook = program(core)
    world.inventory(["acme", "globex"])
    world.playbook(
        [changing_task(), break_the_log(world), changing_task("{{ playbook_dir }}/second"), changing_task("{{ playbook_dir }}/third")]
    )
    done = world.run("play.yml", "-e", "dry_run=false audit_required=true")
    assert done.returncode == 1
    assert REFUSED in done.stderr
    assert "Not recorded: site" in done.stderr
    assert "task 'Write the file', changed" in done.stderr
    assert (world.folder / "second").exists(), "the task whose record was lost had run"
    assert not (world.folder / "third").exists(), "nothing more is started"


def test_required_stops_between_two_hosts_of_one_task(world: AuditWorld) -> None:
    world.inventory(["acme", "globex", "initech"])
    # Slow enough for what became of acme to be read before globex has ended.
    slow = {
        "name": "Make",
        "ansible.builtin.shell": "sleep 2 && touch made-{{ inventory_hostname }}",
        "args": {"chdir": "{{ playbook_dir }}"},
    }
    world.playbook([break_the_log(world), slow])
    done = world.run("play.yml", "-e", "dry_run=false audit_required=true", "--forks", "1")
    assert done.returncode == 1
    made = [name for name in ("acme", "globex", "initech") if (world.folder / f"made-{name}").exists()]
    # ansible-core hands out globex before it reads what became of acme; nobody after that.
    assert made == ["acme", "globex"]


def test_required_fails_a_run_whose_last_record_is_lost(world: AuditWorld) -> None:
    world.inventory(["acme"])
    world.playbook([break_the_log(world)])
    assert world.run("play.yml", "-e", "dry_run=false audit_required=true").returncode == 1


def test_a_disk_that_fills_up_is_said_and_the_gap_is_named_when_there_is_space_again(world: AuditWorld, small_disk: Path) -> None:
    world.inventory(["acme"])
    ballast = small_disk / "ballast"
    fill = {"name": "Fill", "ansible.builtin.shell": f"head -c 100000 /dev/zero > {ballast} || true", "changed_when": False}
    free = {"name": "Free", "ansible.builtin.file": {"path": str(ballast), "state": "absent"}, "changed_when": False}
    # A page has room for several records, so the disk is full only after some of them.
    tasks = [noted_change(f"Change {number}") for number in range(10)]
    world.playbook([fill, *tasks, free, changing_task("{{ playbook_dir }}/last")])
    settings = {"BLUEGREEN_AUDIT_LOG": str(small_disk / "audit.jsonl")}
    done = world.run("play.yml", "-e", "dry_run=false", **settings)
    assert done.returncode == 0, done.output
    assert done.stderr.count("Audit:") == 1
    assert "cannot be written (No space left on device)" in done.stderr
    assert (world.folder / "last").exists()
    world.settings = settings
    lost = [line for line in (small_disk / "audit.jsonl").read_text().splitlines() if '"lost_before":' in line]
    assert len(lost) == 1
    assert world.run("bluegreen.orchestrator.audit_verify").returncode == 0


def test_a_lock_held_by_another_is_waited_for_only_once(world: AuditWorld) -> None:
    world.inventory(["acme"])
    # exec: the pid is then that of the process which holds the lock.
    holder = f"(exec 9>>{world.log}.lock; flock 9; exec sleep 60) > /dev/null 2>&1 & echo $! > {world.folder}/holder"
    lock = {"name": "Take the lock", "ansible.builtin.shell": holder, "changed_when": False, "check_mode": False}
    free = {**lock, "name": "Free the lock", "ansible.builtin.shell": f"kill $(cat {world.folder}/holder)"}
    world.playbook([lock, *[noted_change(f"Change {number}") for number in range(20)], free])
    done = world.run("play.yml", BLUEGREEN_AUDIT_LOCK_TIMEOUT="3")
    assert done.returncode == 0, done.output
    assert done.stderr.count("Audit:") == 1
    assert "waited lock_timeout=3 s" in done.stderr
    end = world.records("run_end")[-1]
    assert end["lost_before"] == 20
    # 20 records that each waited would be a minute.
    assert end["duration"] < 40
