# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary on real runs: short, in words, and honest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.integration.audit_world import CANARY, FLOOR, AuditWorld, changing_task, noted_change, program

CORES = pytest.mark.parametrize("core", ["floor", "newest"])

# A module that speaks as ours do.
TOY = """
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(argument_spec={"site": {"type": "str"}, "secret": {"type": "str", "no_log": True}}, supports_check_mode=True)
site = module.params["site"]
would = "would switch" if module.check_mode else "switched"
module.exit_json(changed=True, summary=f"{site} {would} from blue to green {module.params['secret']}", take_back=f"take {site} back")
"""


@pytest.fixture
def world(tmp_path: Path) -> AuditWorld:
    made = AuditWorld(tmp_path, settings={"ANSIBLE_LIBRARY": str(tmp_path / "library")})
    (tmp_path / "library").mkdir()
    made.write("library/toy.py", TOY)
    made.inventory(["acme", "globex"])
    return made


def toy(**keywords: Any) -> dict[str, Any]:
    return {"name": "Switch", "toy": {"site": "{{ inventory_hostname }}", "secret": CANARY}, **keywords}


def told(output: str) -> list[str]:
    """Return the lines of the summary, which is the last block."""
    return output.rstrip("\n").rpartition("\n\n")[2].splitlines()


def test_a_preview_says_what_would_change_and_how_to_apply(world: AuditWorld) -> None:
    world.playbook([toy()])
    lines = told(world.run("play.yml", "--limit", "acme", "-e", "bluegreen_target=green").stdout)
    typed = "ansible-playbook" if shutil.which("ansible-playbook") == str(FLOOR) else FLOOR
    assert lines[0].startswith("PREVIEW (nothing was written): 1 of 1 site would change, in ")
    assert lines[1:] == [
        "  Would change:",
        "    acme would switch from blue to green ********",
        "  Next: to apply, run",
        f"    {typed} play.yml -i {world.folder}/hosts.yml --limit acme -e bluegreen_target=green -e dry_run=false",
        f"  Trace: {world.log}",
    ]


def test_an_apply_says_what_changed_and_how_to_take_it_back(world: AuditWorld) -> None:
    world.playbook([toy(), changing_task()])
    lines = told(world.run("play.yml", "-e", "dry_run=false").stdout)
    assert lines[0].startswith("APPLIED: 2 of 2 sites changed, in ")
    assert lines[1:] == [
        "  Changed:",
        "    acme switched from blue to green ********",
        "    Write the file, on acme, globex",
        "    globex switched from blue to green ********",
        "  Take back:",
        "    acme: take acme back",
        "    globex: take globex back",
        f"  Trace: {world.log}",
    ]
    assert "switched" not in world.log.read_text(), "a sentence of a foreign module stays out of the trace"


def test_no_log_leaves_only_the_name_of_the_task(world: AuditWorld) -> None:
    world.playbook([toy(no_log=True)])
    lines = told(world.run("play.yml", "-e", "dry_run=false").stdout)
    assert lines[1:3] == ["  Changed:", "    Switch, on acme, globex"]
    assert "Take back" not in "".join(lines)


def test_a_fleet_is_told_in_few_lines(world: AuditWorld) -> None:
    world.inventory([f"site{number:02}" for number in range(30)])
    same = {"name": "Same", "ansible.builtin.debug": {}, "changed_when": True}
    each = {"name": "Fail", "ansible.builtin.fail": {"msg": "{{ inventory_hostname }} is sick"}, "when": "inventory_hostname != 'site29'"}
    world.playbook([same, each])
    lines = told(world.run("play.yml").stdout)
    assert lines[0].startswith("PREVIEW (nothing was written): 30 of 30 sites would change, 29 failed, in ")
    assert "    Same, on site00, site01, site02, site03, site04 and 25 more" in lines
    assert "    site09: Fail: site09 is sick" in lines
    assert "    and 19 more" in lines
    assert len(lines) < 20


def test_nothing_to_do_is_said(world: AuditWorld) -> None:
    world.playbook([{"name": "Look", "ansible.builtin.debug": {}}])
    assert told(world.run("play.yml").stdout)[1] == "  Next: nothing to apply."


def test_what_failed_before_its_first_change_is_not_called_applied(world: AuditWorld) -> None:
    world.playbook([{"name": "Refuse", "ansible.builtin.fail": {"msg": "no"}}, changing_task()])
    assert told(world.run("play.yml", "-e", "dry_run=false").stdout)[0].startswith("FAILED: 0 of 2 sites changed, 2 failed, in ")
    world.playbook([changing_task(), {"name": "Refuse", "ansible.builtin.fail": {"msg": "no"}}])
    assert told(world.run("play.yml", "-e", "dry_run=false").stdout)[0].startswith("APPLIED: 2 of 2 sites changed, 2 failed, in ")


@CORES
def test_an_argument_of_a_role_that_ansible_core_cannot_read_is_named(world: AuditWorld, core: str) -> None:
    world.ansible_playbook = program(core)
    keys = "write one with bucket, endpoint, keep_days, schedule, secret."
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "acme": ({"chatwoot_backup": True}, f"chatwoot_backup: True is no dictionary; {keys}"),
        "globex": ({"chatwoot_backup": [CANARY]}, f"chatwoot_backup: a text is no dictionary; {keys}"),
        "hooli": ({"chatwoot_backup": "{{ [3] }}"}, f"chatwoot_backup: 3 is no dictionary; {keys}"),
        "initech": (
            {"chatwoot_backup": {"keep_days": float("inf")}},
            "chatwoot_backup.keep_days: inf is no whole number that can be; give another one.",
        ),
        # What it says by itself, and what nobody can tell.
        "umbrella": ({"chatwoot_backup": {"keep_days": "soon"}}, "Validation of arguments failed: "),
        "wonka": ({"chatwoot_backup": "{{ nope }}"}, "'nope' is undefined"),
    }
    world.inventory(list(wrong))
    for host, (variables, _sentence) in wrong.items():
        (world.folder / "host_vars").mkdir(exist_ok=True)
        world.write(
            f"host_vars/{host}.yml", {"chatwoot_client": host, "chatwoot_domain": "example.com", "chatwoot_plan": "pro", **variables}
        )
    managed = {"name": "bluegreen.orchestrator.chatwoot", "tasks_from": "managed"}
    world.playbook([{"name": "Chatwoot", "ansible.builtin.import_role": managed}])
    output = world.run("play.yml").stdout
    failed = {line.split(":")[0].strip(): line for line in told(output)}
    for host, (_variables, sentence) in wrong.items():
        assert sentence in failed[host], failed[host]
    for host in ("acme", "globex", "hooli", "initech"):
        assert failed[host] == f"    {host}: {wrong[host][1]}"
    assert CANARY not in "".join(told(output))


def test_who_only_reads_is_told_of_no_preview(world: AuditWorld) -> None:
    world.playbook([{"name": "Look", "ansible.builtin.debug": {}}], vars={"offer_only_reads": True})
    lines = told(world.run("play.yml").stdout)
    assert lines[0].startswith("READ: 2 sites, in ")
    assert lines[1:] == [f"  Trace: {world.log}"]


def grouped(world: AuditWorld, **groups: list[str]) -> None:
    """An inventory with groups."""
    common = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    children = {name: {"hosts": dict.fromkeys(hosts)} for name, hosts in groups.items()}
    world.write("hosts.yml", {"all": {"children": children, "vars": common}})


def test_tenants_are_not_called_sites(world: AuditWorld) -> None:
    grouped(world, sites=["acme", "globex"], tenants=["hooli", "initech", "umbrella"])
    world.playbook([{**noted_change("Same"), "changed_when": "inventory_hostname in ['acme', 'hooli', 'initech']"}])
    assert told(world.run("play.yml", "--limit", "tenants").stdout)[0].startswith(
        "PREVIEW (nothing was written): 2 of 3 tenants would change, in "
    )
    assert told(world.run("play.yml", "--limit", "hooli", "-e", "dry_run=false").stdout)[0].startswith(
        "APPLIED: 1 of 1 tenant changed, in "
    )
    assert told(world.run("play.yml").stdout)[0].startswith(
        "PREVIEW (nothing was written): 1 of 2 sites and 2 of 3 tenants would change, in "
    )
    world.playbook([{"name": "Look", "ansible.builtin.debug": {}}], vars={"offer_only_reads": True})
    assert told(world.run("play.yml").stdout)[0].startswith("READ: 2 sites and 3 tenants, in ")


def test_a_file_that_is_made_here_for_all_is_nobodys_change(world: AuditWorld) -> None:
    grouped(world, tenants=["hooli", "initech"])
    page = changing_task(str(world.folder / "page"), run_once=True, delegate_to="localhost")
    world.playbook([{"name": "Look", "ansible.builtin.debug": {}}, page])
    lines = told(world.run("play.yml", "-e", "dry_run=false").stdout)
    assert lines[0].startswith("APPLIED: 0 of 2 tenants and 1 of 1 host changed, in ")
    assert lines[1:3] == ["  Changed:", "    localhost: Write the file"]
    assert [(record["site"], record["result"]) for record in world.records("task")] == [("localhost", "changed")]
    # The same when it fails, which ends the run of the host that it was done for.
    world.playbook([{"name": "Refuse", "ansible.builtin.fail": {"msg": "no"}, "run_once": True, "delegate_to": "localhost"}])
    assert "    hooli: Refuse: no" in "\n".join(told(world.run("play.yml").stdout))


@CORES
def test_a_play_leaves_a_table_for_the_end(world: AuditWorld, core: str) -> None:
    world.ansible_playbook = program(core)
    table = {"title": "Tenants", "head": ["tenant", "state"], "rows": [["hooli", "well\x1b[2J"], ["a-longer-one", "full"]]}
    world.playbook(
        [
            {"name": "Table", "ansible.builtin.set_stats": {"data": {"bluegreen_summary": [table]}}, "run_once": True},
            {"name": "Note", "ansible.builtin.set_stats": {"data": {"bluegreen_summary": [{"title": "Look", "lines": ["{{ 'at me' }}"]}]}}},
        ],
        vars={"offer_only_reads": True},
    )
    done = world.run("play.yml", "--limit", "acme")
    lines = told(done.stdout)
    assert lines[1:-1] == [
        "  Tenants:",
        "    tenant        state",
        "    hooli         well [2J",
        "    a-longer-one  full",
        "  Look:",
        "    at me",
    ]
    assert "at me" not in done.stdout.partition("READ:")[0]
    # A second playbook of the same command has nothing to tell of the first one's.
    world.write("other.yml", [{"hosts": "all", "gather_facts": False, "tasks": [{"name": "Look", "ansible.builtin.debug": {}}]}])
    first, _, second = world.run("play.yml", "other.yml", "--limit", "acme").stdout.partition("Trace:")
    assert "  Tenants:" in first
    assert "  Tenants:" not in second


def test_quiet_when_no_host_matched(world: AuditWorld) -> None:
    world.playbook([changing_task()], hosts="nobody")
    done = world.run("play.yml")
    assert "PREVIEW" not in done.output
    assert [record["event"] for record in world.records()] == ["run_start", "run_end"]


def test_json_on_stdout_stays_json(world: AuditWorld) -> None:
    world.playbook([changing_task()])
    done = world.run("play.yml", ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    assert json.loads(done.stdout)["plays"]
    assert "PREVIEW (nothing was written): 2 of 2 sites" in done.stderr


def test_without_the_audit_callback_no_trace_is_promised(world: AuditWorld) -> None:
    world.playbook([changing_task()])
    done = world.run("play.yml", ANSIBLE_CALLBACKS_ENABLED="bluegreen.orchestrator.summary")
    assert told(done.stdout)[-1] == "  Trace: none (the callback bluegreen.orchestrator.audit is not enabled)"
    assert not world.log.exists()
