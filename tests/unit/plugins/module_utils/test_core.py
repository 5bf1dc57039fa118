# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module around a core: what goes in, and what comes out as a module's result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError

SPEC: dict[str, Any] = {"name": {"type": "str", "required": True}, "password": {"type": "str", "no_log": True}}


def ran(
    capsys: pytest.CaptureFixture[str], answer: dict[str, Any] | BlueGreenError, *, check: bool = False, diff: bool = False, **options: Any
) -> tuple[int, dict[str, Any], list[tuple[dict[str, Any], bool]]]:
    """Run a module around a core that gives this answer: its exit code, its result, and what the core was asked."""
    asked: list[tuple[dict[str, Any], bool]] = []

    def core(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        asked.append((dict(params), check_mode))
        if isinstance(answer, BlueGreenError):
            raise answer
        return dict(answer)

    with patch_module_args({"name": "a", **options, "_ansible_check_mode": check, "_ansible_diff": diff}), pytest.raises(SystemExit) as end:
        run_module(SPEC, core)
    result = json.loads(capsys.readouterr().out)
    assert isinstance(end.value.code, int)
    return end.value.code, {key: value for key, value in result.items() if key != "invocation"}, asked


@pytest.mark.parametrize("check", [True, False])
def test_the_core_is_told_whether_to_change_anything(capsys: pytest.CaptureFixture[str], check: bool) -> None:
    code, result, asked = ran(capsys, {"changed": True}, check=check)
    assert (code, result, asked) == (0, {"changed": True}, [({"name": "a", "password": None}, check)])


@pytest.mark.parametrize("diff", [True, False])
def test_a_diff_is_given_to_who_asked_for_one(capsys: pytest.CaptureFixture[str], diff: bool) -> None:
    _code, result, _asked = ran(capsys, {"changed": True, "diff": [{"before": "", "after": "x"}]}, diff=diff)
    assert ("diff" in result) is diff


def test_a_warning_is_one_of_ansibles(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, sentence: warned.append(sentence))
    _code, result, _asked = ran(capsys, {"changed": False, "warnings": ["one.", "two."]})
    assert (result, warned) == ({"changed": False}, ["one.", "two."])


def test_a_refusal_keeps_its_facts_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    error = BlueGreenError("hunter2 is wrong.", status=403, done=["create a"], changed=True)
    code, result, _asked = ran(capsys, error, password="hunter2")
    assert code == 1
    told = {key: result[key] for key in ("failed", "msg", "status", "done", "changed")}
    assert told == {"failed": True, "msg": "******** is wrong.", "status": 403, "done": ["create a"], "changed": True}


def test_such_a_url_is_shown_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    def core(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        raise BlueGreenError(f"{params['name']}: no.", check=check_mode)

    with patch_module_args({"name": "http://bob:hunter2@proxy:3128"}), pytest.raises(SystemExit):
        run_module(SPEC, core)
    told = capsys.readouterr().out
    assert "********: no." in told
    assert "hunter2" not in told
