# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that ansible-core's own check does not survive, or after which it tells secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.testing import patch_module_args

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import checked_module, why_unreadable
from tests.fuzz import TOLD

CANARY = "canary-c0ffee-secret"
PARTS: dict[str, Any] = {"name": {"type": "str", "required": True}, "days": {"type": "int"}, "password": {"type": "str", "no_log": True}}
SPEC: dict[str, Any] = {
    "token": {"type": "str", "no_log": True},
    "bot": {"type": "dict", "options": PARTS, "aliases": ["robot"]},
    "agents": {"type": "list", "elements": "dict", "options": {**PARTS, "place": {"type": "dict", "options": PARTS}}},
    "free": {"type": "dict"},
    "seconds": {"type": "int"},
    "ports": {"type": "list", "elements": "int"},
}
BOT = "is no dictionary; write one with days, name, password."
AGENT = "is no dictionary; write one with days, name, password, place."
NUMBER = "is no whole number that can be; give another one."
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"bot": False}, f"bot: False {BOT}"),
    ({"bot": 7}, f"bot: 7 {BOT}"),
    ({"robot": 1.5}, f"bot: 1.5 {BOT}"),
    ({"bot": CANARY}, f"bot: a text {BOT}"),
    ({"bot": "{"}, f"bot: a text {BOT}"),
    ({"bot": [7]}, f"bot: 7 {BOT}"),
    ({"agents": False}, f"agents: False {AGENT}"),
    ({"agents": ["anna@example.com"]}, f"agents: a text {AGENT}"),
    ({"agents": [{"name": "a"}, None]}, f"agents: nothing {AGENT}"),
    ({"agents": [[CANARY]]}, f"agents: a list {AGENT}"),
    ({"agents": [{"name": "a", "place": 3}]}, f"agents.place: 3 {BOT}"),
    ({"agents": [{"name": "a", "days": float("inf")}]}, f"agents.days: inf {NUMBER}"),
    ({"seconds": True}, f"seconds: True {NUMBER}"),
    ({"ports": [False]}, f"ports: False {NUMBER}"),
    ({"seconds": "inf"}, f"seconds: 'inf' {NUMBER}"),
    ({"seconds": [2**63, None, None]}, f"seconds: [9223372036854775808, None, None] {NUMBER}"),
    ({"ports": float("inf")}, f"ports: inf {NUMBER}"),
    ({"ports": [1, "-inf"]}, f"ports: '-inf' {NUMBER}"),
]
RIGHT: list[dict[str, Any]] = [
    {},
    {"bot": None, "agents": None, "seconds": None, "ports": None},
    {"bot": {"name": "a"}},
    {"bot": '{"name": "a"}'},
    {"bot": "name=a days=3"},
    {"robot": {"name": "a"}},
    {"agents": {"name": "a"}},
    {"agents": [{"name": "a", "place": "name=b"}]},
    {"free": 7},
    {"seconds": "3", "ports": ["1", 2]},
    # ansible-core's own to refuse, in its words.
    {"seconds": "soon"},
    {"ports": [{}]},
    {"agents": [{}]},
]


@pytest.mark.parametrize(("given", "sentence"), WRONG)
def test_what_cannot_be_read_is_told(given: dict[str, Any], sentence: str) -> None:
    assert why_unreadable(SPEC, given) == sentence


@pytest.mark.parametrize("given", RIGHT)
def test_everything_else_is_ansibles(given: dict[str, Any]) -> None:
    assert why_unreadable(SPEC, given) == ""
    ArgumentSpecValidator(SPEC).validate(given)


def test_half_a_character_is_told() -> None:
    assert (
        why_unreadable(SPEC, {"token": "\ud800"}) == "token: it holds half of a character, which no file and no server can; leave it out."
    )


def refused(capsys: pytest.CaptureFixture[str], make: Any, given: dict[str, Any]) -> dict[str, Any]:
    with patch_module_args({"token": CANARY, **given, **TOLD}), pytest.raises(SystemExit) as end:
        make(SPEC)
    assert end.value.code == 1
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_it_ends_with_the_sentence_and_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    given = {"agents": [f"password={CANARY}", CANARY]}
    assert refused(capsys, checked_module, given) == {"failed": True, "msg": f"agents: a text {AGENT}", "invocation": {"module_args": {}}}


def test_ansible_core_still_tells_the_secrets_of_other_options(capsys: pytest.CaptureFixture[str]) -> None:
    """Where this fails, ansible-core has mended it, and what we do about it can go once that is our oldest one."""
    assert CANARY in str(refused(capsys, AnsibleModule, {"agents": ["anna@example.com"]}))


def test_rules_of_options_with_each_other_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    def make(spec: dict[str, Any]) -> None:
        checked_module(spec, mutually_exclusive=[("free", "ports")])

    assert refused(capsys, make, {"free": {}, "ports": [1]})["msg"] == "parameters are mutually exclusive: free|ports"
