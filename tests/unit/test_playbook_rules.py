# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preview by default, made executable: every play, role task and handler is parsed, and what could write in a preview is refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins.filter.core import to_bool

ROOT = Path(__file__).resolve().parents[2]
CHECK_MODE = "{{ ansible_check_mode or (dry_run | default(true) | bool) }}"
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
TASK_FILES = sorted([*ROOT.glob("roles/*/tasks/**/*.yml"), *ROOT.glob("roles/*/handlers/**/*.yml"), *ROOT.glob("playbooks/tasks/**/*.yml")])
BLOCKS = ("block", "rescue", "always")
TASK_LISTS = ("pre_tasks", "tasks", "post_tasks", "handlers")

# With `check_mode: false` a task runs for real in a preview; these only read, whatever their arguments.
READERS = {
    "ansible.builtin.assert",
    "ansible.builtin.debug",
    "ansible.builtin.fail",
    "ansible.builtin.getent",
    "ansible.builtin.service_facts",
    "ansible.builtin.setup",
    "ansible.builtin.slurp",
    "ansible.builtin.stat",
    "ansible.builtin.wait_for",
}
# These are skipped in check mode, so a task that only reads may ask to run; it must then say that it never changes anything.
SILENT_IN_CHECK_MODE = {"ansible.builtin.uri"}
# These are not skipped, or cannot be judged: a shell line and a script can write anything.
NEVER = {
    "ansible.builtin.shell",
    "ansible.builtin.raw",
    "ansible.builtin.script",
    "ansible.builtin.expect",
    "ansible.builtin.add_host",
    "action",
    "local_action",
}
# Lookups run in check mode too, and a pipe is a shell line.
PIPE = re.compile(r"(lookup|query|q)\(\s*['\"](ansible\.builtin\.)?pipe['\"]|\bwith_pipe\b")


def problems_of_play(play: dict[str, Any]) -> list[str]:
    """Say what of a play could write in a preview."""
    name = play.get("name", "a play without a name")
    if "import_playbook" in play or "ansible.builtin.import_playbook" in play:
        return []
    problems = []
    if play.get("check_mode") != CHECK_MODE:
        problems.append(f"{name}: check_mode is not exactly {CHECK_MODE!r}")
    if [task.get("ansible.builtin.import_tasks") for task in play.get("pre_tasks", [])][:1] != ["tasks/dry_run.yml"]:
        problems.append(f"{name}: the first pre-task does not refuse a mistyped dry_run (tasks/dry_run.yml)")
    if play.get("diff") is not True:
        problems.append(f"{name}: diff is not true")
    for key in TASK_LISTS:
        for task in play.get(key, []):
            problems += problems_of_task(task)
    return problems


def problems_of_task(task: dict[str, Any]) -> list[str]:
    """Say what of a task, with all that it encloses, could write in a preview."""
    name = task.get("name", "a task without a name")
    problems = [problem for key in BLOCKS for inner in task.get(key, []) for problem in problems_of_task(inner)]
    if "check_mode" in task:
        problems += _problems_of_check_mode(name, task)
    for action in NEVER & task.keys():
        problems.append(f"{name}: {action} is not predictable in a preview; use a module")
    for text in _strings(task):
        if PIPE.search(text):
            problems.append(f"{name}: the lookup pipe runs a shell line, in a preview too")
        if "ansible_check_mode" in text:
            problems.append(f"{name}: decides on ansible_check_mode, which stays false under a play's check_mode")
    if "with_pipe" in task:
        problems.append(f"{name}: the lookup pipe runs a shell line, in a preview too")
    if any("check_mode" in value.get("apply", {}) for value in task.values() if isinstance(value, dict)):
        problems.append(f"{name}: check_mode in apply escapes the play's own")
    if "ignore_errors" in task:
        problems.append(f"{name}: ignore_errors hides what a preview should say")
    return problems


def _problems_of_check_mode(name: str, task: dict[str, Any]) -> list[str]:
    if task["check_mode"] is not False:
        # Handlers that it notifies would run for real.
        return [f"{name}: check_mode on a task may only be false"]
    if set(BLOCKS) & task.keys():
        return [f"{name}: check_mode: false on a block is too wide"]
    if READERS & task.keys() or any(key.endswith("_info") for key in task):
        return []
    action = SILENT_IN_CHECK_MODE & task.keys()
    if not action:
        return [f"{name}: check_mode: false on a task that could write"]
    if task.get("changed_when") is not False:
        return [f"{name}: runs in a preview, and does not say changed_when: false"]
    arguments = task[action.pop()]
    method = arguments.get("method", "GET") if isinstance(arguments, dict) else "GET"
    return [] if method in ("GET", "HEAD") else [f"{name}: sends {method} in a preview"]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def test_there_is_something_to_check() -> None:
    assert len(PLAYBOOKS) >= 7
    assert len(TASK_FILES) >= 6


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.name)
def test_playbooks(path: Path) -> None:
    plays = yaml.safe_load(path.read_text())
    assert [problem for play in plays for problem in problems_of_play(play)] == []


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_roles(path: Path) -> None:
    tasks = yaml.safe_load(path.read_text()) or []
    assert [problem for task in tasks for problem in problems_of_task(task)] == []


GUARD = {"name": "g", "ansible.builtin.import_tasks": "tasks/dry_run.yml"}
GOOD_PLAY: dict[str, Any] = {"name": "p", "hosts": "sites", "check_mode": CHECK_MODE, "diff": True, "pre_tasks": [GUARD]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"check_mode": "{{ not (apply | default(false)) }}"}, "check_mode is not exactly"),
        ({"check_mode": True}, "check_mode is not exactly"),
        ({"diff": False}, "diff is not true"),
        ({"pre_tasks": []}, "does not refuse a mistyped dry_run"),
        ({"pre_tasks": [{"name": "t", "ansible.builtin.debug": {}}, GUARD]}, "does not refuse a mistyped dry_run"),
        ({"tasks": [{"name": "t", "check_mode": False, "ansible.builtin.copy": {}}]}, "could write"),
        ({"handlers": [{"name": "t", "check_mode": False, "ansible.builtin.service": {}}]}, "could write"),
        ({"post_tasks": [{"block": [{"rescue": [{"name": "t", "check_mode": False, "ansible.builtin.file": {}}]}]}]}, "could write"),
        ({"tasks": [{"name": "t", "check_mode": True, "ansible.builtin.copy": {}}]}, "may only be false"),
        ({"tasks": [{"block": [], "check_mode": False}]}, "too wide"),
        ({"tasks": [{"name": "t", "check_mode": False, "ansible.builtin.stat": {}}]}, None),
        ({"tasks": [{"name": "t", "check_mode": False, "bluegreen.orchestrator.bluegreen_switch_info": {}}]}, None),
        ({"tasks": [{"name": "t", "check_mode": False, "ansible.builtin.command": {}, "changed_when": False}]}, "could write"),
        ({"tasks": [{"name": "t", "check_mode": False, "ansible.builtin.uri": {"url": "x"}}]}, "changed_when: false"),
        ({"tasks": [{"name": "t", "ansible.builtin.debug": {"msg": "{{ lookup('pipe', 'touch /x') }}"}}]}, "runs a shell line"),
        ({"tasks": [{"name": "t", "ansible.builtin.debug": {}, "with_pipe": "touch /x"}]}, "runs a shell line"),
        ({"tasks": [{"name": "t", "action": "ansible.builtin.copy dest=/x"}]}, "not predictable"),
        ({"tasks": [{"name": "t", "ansible.builtin.include_role": {"name": "r", "apply": {"check_mode": False}}}]}, "escapes"),
        ({"tasks": [{"name": "t", "check_mode": False, "ansible.builtin.uri": {"method": "POST"}, "changed_when": False}]}, "sends POST"),
        ({"tasks": [{"name": "t", "check_mode": False, "ansible.builtin.uri": {"url": "x"}, "changed_when": False}]}, None),
        ({"tasks": [{"name": "t", "ansible.builtin.shell": "x"}]}, "not predictable"),
        (
            {"tasks": [{"name": "t", "ansible.builtin.debug": {"msg": "x"}, "when": "not ansible_check_mode"}]},
            "decides on ansible_check_mode",
        ),
        ({"tasks": [{"name": "t", "ansible.builtin.debug": {}, "ignore_errors": True}]}, "ignore_errors"),
    ],
)
def test_the_rule_itself_can_fail(changes: dict[str, Any], said: str | None) -> None:
    problems = problems_of_play({**GOOD_PLAY, **changes})
    assert problems == [] if said is None else said in " ".join(problems)


@pytest.mark.parametrize("path", [*PLAYBOOKS, *TASK_FILES], ids=lambda path: str(path.relative_to(ROOT)))
def test_the_name_of_a_task_has_no_template(path: Path) -> None:
    """A callback gets it as it is written: the report for the client would show braces."""
    assert re.findall(r"(?m)^ *- name: .*\{\{.*$", path.read_text()) == []


def test_dry_run_takes_exactly_the_words_that_the_bool_filter_knows() -> None:
    """Any other word counts as false for that filter, and would apply: y and t do on ansible-core 2.19."""
    (task,) = yaml.safe_load((ROOT / "playbooks" / "tasks" / "dry_run.yml").read_text())
    words = ast.literal_eval(task["ansible.builtin.assert"]["that"].rpartition(" in ")[2])
    assert {word for word in words if to_bool(word)} == {"true", "yes", "on", "1"}
    assert {word for word in words if not to_bool(word)} == {"false", "no", "off", "0"}
