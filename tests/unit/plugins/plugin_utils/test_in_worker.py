# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A core inside Ansible's worker: where that is the same place as a module's, and what it does around the core as AnsibleModule does.

The modules that exist have no option with a secret; the base is made for those that will, so a core of the test's own has one.
"""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _in_worker
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._in_worker import InWorker, warm_up

CANARY = "canary-c0ffee-0451"
SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
    "count": {"type": "int", "default": 3},
    "labels": {"type": "dict"},
}


class Action(InWorker):
    """An action of a module with a secret."""

    spec: ClassVar[Mapping[str, Any]] = SPEC
    asked: ClassVar[list[tuple[dict[str, Any], bool]]] = []
    answer: ClassVar[dict[str, Any] | BlueGreenError] = {}

    @staticmethod
    def core(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        """Note what was asked, and answer."""
        Action.asked.append((dict(params), check_mode))
        if isinstance(Action.answer, BlueGreenError):
            raise Action.answer
        return dict(Action.answer)

    def _execute_module(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        assert not arguments
        return {"shipped": True, "wrap_async": options["wrap_async"], "variables": options["task_vars"]}


class Templar:
    """Makes of a template what it stands for."""

    def template(self, value: Any) -> Any:
        """Know the one that everybody uses."""
        return sys.executable if value == "{{ ansible_playbook_python }}" else value


def action(arguments: Mapping[str, Any] | None = None, *, transport: str = "local", become: object = None, **task: Any) -> Action:
    """The action of a task on a local connection."""
    given = {
        "args": dict(arguments or {"name": "a"}),
        "async_val": 0,
        "environment": [],
        "delegate_to": None,
        "check_mode": False,
        "diff": True,
    }
    shell = SimpleNamespace(tmpdir="/nowhere")
    connection = SimpleNamespace(transport=transport, become=become, _shell=shell)
    # Ansible's own classes bring a whole play with them; the base reads no more of them than this.
    parts: list[Any] = [SimpleNamespace(**{**given, "action": "m", "resolved_action": "bluegreen.orchestrator.m", **task}), connection]
    return Action(*parts, *[SimpleNamespace()] * 2, Templar())  # type: ignore[call-arg]


HERE = {"ansible_python_interpreter": sys.executable}


@pytest.fixture(autouse=True)
def blank() -> None:
    Action.asked.clear()
    Action.answer = {"changed": True, "diff": [{"before": "", "after": "x"}], "told": "yes"}


def beside(directory: Path) -> str:
    """The same program, called from another folder: another virtual environment."""
    (directory / "python3").symlink_to(os.path.realpath(sys.executable))
    return str(directory / "python3")


PLACES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, HERE, True),
    ({}, {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}, True),
    ({"environment": [{}]}, HERE, True),
    ({}, {**HERE, "bluegreen_in_worker": "yes"}, True),
    # Turned off, another machine, another user, in the background, another environment, another Python.
    ({}, {**HERE, "bluegreen_in_worker": False}, False),
    ({}, {**HERE, "bluegreen_in_worker": "no"}, False),
    ({"transport": "ssh"}, HERE, False),
    ({"become": object()}, HERE, False),
    ({"async_val": 30}, HERE, False),
    ({"environment": [{}, {"KUBECONFIG": "/k"}]}, HERE, False),
    ({}, {"ansible_python_interpreter": "/usr/bin/env python3"}, False),
    ({}, {"ansible_python_interpreter": "another venv"}, False),
    # Ansible looks for one by itself, and it may be another.
    ({}, {}, False),
    # The Python of a delegate is its own.
    ({"delegate_to": "jump"}, HERE, False),
    ({"delegate_to": "jump"}, {**HERE, "ansible_delegated_vars": {"jump": {}}}, False),
    ({"delegate_to": "jump"}, {"ansible_delegated_vars": {"jump": HERE}}, True),
    ({"delegate_to": "jump"}, {**HERE, "ansible_delegated_vars": {"jump": {"ansible_python_interpreter": "/usr/bin/env python3"}}}, False),
]


@pytest.mark.parametrize(("task", "variables", "here"), PLACES)
def test_the_core_runs_here_only_where_the_module_would(
    task: dict[str, Any], variables: dict[str, Any], here: bool, tmp_path: Path
) -> None:
    if variables.get("ansible_python_interpreter") == "another venv":
        variables = {"ansible_python_interpreter": beside(tmp_path)}
    result = action(**task).run(task_vars=variables)
    assert ("shipped" not in result, len(Action.asked)) == (here, int(here))
    if not here:
        # As it would be without this base, in the background too.
        assert (result["variables"], result["wrap_async"]) == (variables, "async_val" in task)


@pytest.mark.parametrize("check", [True, False])
def test_the_core_gets_what_a_module_gets(check: bool) -> None:
    """Plain types with texts as keys, defaults filled in, and whether to change anything."""
    action({"name": "a", "labels": {1: Path("/x")}}, check_mode=check).run(task_vars=HERE)
    assert Action.asked == [({"name": "a", "password": None, "count": 3, "labels": {"1": "/x"}}, check)]


def test_a_diff_is_given_to_who_asked_for_one() -> None:
    assert action(diff=True).run(task_vars=HERE)["diff"] == [{"before": "", "after": "x"}]
    assert "diff" not in action(diff=False).run(task_vars=HERE)


@pytest.mark.parametrize("secret", ["True", "None"])
def test_a_secret_that_reads_like_a_result_hides_none(secret: str) -> None:
    """AnsibleModule masks texts, and numbers too; that something changed must stay readable."""
    Action.answer = {"changed": True, "tier_before": None, "told": f"it is {secret}"}
    result = action({"name": "a", "password": secret}).run(task_vars=HERE)
    assert (result["changed"], result["tier_before"], result["told"]) == (True, None, "it is ********")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"count": 1}, "missing required arguments: name"),
    (
        {"name": "a", "colour": "blue"},
        "Unsupported parameters for (bluegreen.orchestrator.m) module: colour. Supported parameters include: count, labels, name, password",
    ),
    (
        {"name": "a", "labels": {datetime.date(2026, 1, 2): "b"}},
        "labels: one of its keys is no text, a date perhaps; write it in quotes",
    ),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED)
def test_options_that_cannot_be_never_reach_the_core(arguments: dict[str, Any], sentence: str) -> None:
    result = action(arguments).run(task_vars=HERE)
    assert (result["failed"], result["msg"].rstrip("."), Action.asked) == (True, sentence, [])
    # Which of them is a secret under a wrong name nobody knows.
    assert result["invocation"] == {"module_args": {}}


def test_a_secret_that_came_as_a_text_is_hidden_in_what_was_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Action, "spec", {**SPEC, "headers": {"type": "dict", "no_log": True}})
    result = action({"name": "a", "headers": f"Authorization={CANARY}"}).run(task_vars=HERE)
    assert Action.asked[0][0]["headers"] == {"Authorization": CANARY}
    assert CANARY not in str(result)


def test_a_refusal_keeps_its_facts() -> None:
    Action.answer = BlueGreenError("no.", status=403, done=["create a"], changed=True)
    result = action().run(task_vars=HERE)
    del result["invocation"]
    assert result == {"failed": True, "msg": "no.", "status": 403, "done": ["create a"], "changed": True}


def test_a_secret_is_masked_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(_in_worker, "Display", lambda: SimpleNamespace(warning=warned.append))
    Action.answer = {"changed": True, "told": f"it is {CANARY}", "list": [{"a": CANARY}], "warnings": [f"{CANARY} is weak"]}
    result = action({"name": "a", "password": CANARY}).run(task_vars=HERE)
    assert CANARY not in f"{result} {warned}"
    assert (result["told"], warned) == ("it is ********", ["******** is weak"])
    assert result["invocation"]["module_args"] == {
        "name": "a",
        "password": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER",
        "count": 3,
        "labels": None,
    }
    assert "warnings" not in result
    Action.answer = BlueGreenError(f"{CANARY} is wrong.", given=CANARY)
    assert CANARY not in str(action({"name": "a", "password": CANARY}).run(task_vars=HERE))


def test_a_warning_is_said_and_is_no_part_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(_in_worker, "Display", lambda: SimpleNamespace(warning=warned.append))
    Action.answer = {"changed": False, "warnings": ["one.", "two."]}
    assert "warnings" not in action().run(task_vars=HERE)
    assert warned == ["one.", "two."]


def test_what_is_heavy_is_imported_before_the_workers_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "heavy_for_this_test.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    # What is not installed is said by the run that needs it.
    warm_up("no_such_thing_for_this_test", "heavy_for_this_test")
    assert "heavy_for_this_test" in sys.modules
    del sys.modules["heavy_for_this_test"]
