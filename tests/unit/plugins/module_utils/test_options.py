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

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import (
    checked_module,
    secret_urls,
    why_unreadable,
)
from tests.fuzz import TOLD

CANARY = "canary-c0ffee-secret"
PARTS: dict[str, Any] = {"name": {"type": "str", "required": True}, "days": {"type": "int"}, "password": {"type": "str", "no_log": True}}
PLACE: dict[str, Any] = {**PARTS, "headers": {"type": "dict", "no_log": True, "aliases": ["heads"]}}
SPEC: dict[str, Any] = {
    "token": {"type": "str", "no_log": True},
    "bot": {"type": "dict", "options": PARTS, "aliases": ["robot"]},
    "agents": {"type": "list", "elements": "dict", "options": {**PARTS, "place": {"type": "dict", "options": PLACE}}},
    "free": {"type": "dict"},
    "seconds": {"type": "int"},
    "ports": {"type": "list", "elements": "int"},
    "ratio": {"type": "float"},
    "headers": {"type": "dict", "no_log": True},
    "url": {"type": "str"},
    "note": {},
    "file": {"type": "path"},
}
BOT = "is no dictionary; write one with days, name, password."
AGENT = "is no dictionary; write one with days, name, password, place."
HERE = "is no dictionary; write one with days, headers, name, password."
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
    ({"agents": [{"name": "a", "place": 3}]}, f"agents.place: 3 {HERE}"),
    ({"agents": [{"name": "a", "days": float("inf")}]}, f"agents.days: inf {NUMBER}"),
    ({"seconds": True}, f"seconds: True {NUMBER}"),
    ({"ports": [False]}, f"ports: False {NUMBER}"),
    ({"seconds": "inf"}, f"seconds: 'inf' {NUMBER}"),
    ({"seconds": [2**63, None, None]}, f"seconds: [9223372036854775808, None, None] {NUMBER}"),
    ({"ports": float("inf")}, f"ports: inf {NUMBER}"),
    ({"ports": [1, "-inf"]}, f"ports: '-inf' {NUMBER}"),
    ({"ports": "80,inf"}, f"ports: 'inf' {NUMBER}"),
    # ansible-core makes a number of it, in a minute.
    ({"seconds": "1e999999"}, f"seconds: '1e999999' {NUMBER}"),
    ({"seconds": "7" * 4400}, f"seconds: '{'7' * 80}…' {NUMBER}"),
    ({"ratio": 10**400}, f"ratio: 1{'0' * 79}… is no number that can be; give another one."),
    # A secret that ends in "=" reads as a dictionary whose key it is.
    ({"bot": f"{CANARY}=="}, f"bot: a text {BOT}"),
    ({"bot": f"password=a,b={CANARY}"}, f"bot: a text {BOT}"),
    ({"token": [CANARY]}, "token: a list is no text; write one."),
    ({"note": [CANARY]}, "note: a list is no text; write one."),
    ({"file": {CANARY: 1}}, "file: a dictionary is no text; write one."),
    ({"agents": [{"name": {CANARY: 1}}]}, "agents.name: a dictionary is no text; write one."),
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
    {"agents": [{"name": "a", "place": "name=b heads={}"}]},
    {"free": 7},
    {"seconds": "3", "ports": ["1", 2], "ratio": "inf", "url": 7},
    {"seconds": " 5 ", "ports": "80,443", "ratio": True, "token": ""},
    {"headers": "X-A=b X-C=d"},
    # ansible-core's own to refuse, in its words.
    {"seconds": "soon"},
    {"ports": [{}]},
    {"agents": [{}]},
    {"bot": {"name": "a", "nam": "b"}},
]


@pytest.mark.parametrize(("given", "sentence"), WRONG)
def test_what_cannot_be_read_is_told(given: dict[str, Any], sentence: str) -> None:
    assert why_unreadable(SPEC, given) == sentence


@pytest.mark.parametrize("given", RIGHT)
def test_everything_else_is_ansibles(given: dict[str, Any]) -> None:
    assert why_unreadable(SPEC, given) == ""
    ArgumentSpecValidator(SPEC).validate(given)


HALVES: list[dict[str, Any]] = [{"token": "\ud800"}, {"free": {"a": ["\ud800"]}}, {"free": {"\udfff": 1}}, {"headers": {"a": "\ud800"}}]


@pytest.mark.parametrize("given", HALVES)
def test_half_a_character_is_told(given: dict[str, Any]) -> None:
    assert (
        why_unreadable(SPEC, given) == f"{next(iter(given))}: it holds half of a character, which no file and no server can; leave it out."
    )


def refused(capsys: pytest.CaptureFixture[str], make: Any, given: dict[str, Any]) -> dict[str, Any]:
    with patch_module_args({"token": CANARY, **given, **TOLD}), pytest.raises(SystemExit) as end:
        make(SPEC)
    assert end.value.code == 1
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


# What ansible-core refuses by itself, and then shows.
REFUSED: list[dict[str, Any]] = [
    {"tokken": CANARY},
    {"bot": {"name": "a", "pasword": CANARY}},
    {"agents": [{"name": "a", "pasword": CANARY}]},
    {"url": f"https://u:{CANARY}@a.example", "ratio": "soon"},
    {"headers": f'{{"A": "{CANARY}"}}', "ratio": "soon"},
]


@pytest.mark.parametrize("given", REFUSED)
def test_of_what_is_refused_no_option_is_shown(capsys: pytest.CaptureFixture[str], given: dict[str, Any]) -> None:
    found = refused(capsys, checked_module, given)
    assert found["invocation"] == {"module_args": {}}
    assert CANARY not in str(found)


# A secret in a text that is a dictionary, or in an address: ansible-core hides the text, or nothing.
HIDDEN: list[dict[str, Any]] = [
    {"headers": f'{{"A": {{"B": "{CANARY}"}}}}'},
    {"headers": f"A={CANARY}"},
    {"bot": f"name=a password={CANARY}"},
    {"agents": [f'{{"name": "a", "place": "name=b password={CANARY}"}}']},
    {"agents": [{"name": "a", "place": {"name": "b", "headers": f"A={CANARY}"}}]},
    {"url": f"https://u:{CANARY}@a.example"},
]


@pytest.mark.parametrize("given", HIDDEN)
def test_a_secret_is_hidden_whatever_it_came_as(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _module, text, **_arguments: logged.append(text))
    with patch_module_args({**given, **TOLD}), pytest.raises(SystemExit):
        checked_module(SPEC).exit_json(told=f"it is {CANARY}")
    found = json.loads(capsys.readouterr().out)
    assert CANARY not in f"{found['invocation']} {logged}"
    assert next(iter(given)) in found["invocation"]["module_args"]


def test_a_number_in_a_secret_is_hidden_and_nothing_hides_everything(capsys: pytest.CaptureFixture[str]) -> None:
    with patch_module_args({"headers": '{"A": 8675309, "B": "", "C": true}', **TOLD}), pytest.raises(SystemExit):
        checked_module(SPEC).exit_json(told="8675309 is True")
    found = json.loads(capsys.readouterr().out)
    assert found["told"] == "******** is True"
    assert "8675309" not in str(found)


def test_what_is_refused_later_is_shown_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with patch_module_args({"seconds": 7, **TOLD}), pytest.raises(SystemExit):
        checked_module(SPEC).fail_json(msg="Not on a Friday.")
    assert json.loads(capsys.readouterr().out)["invocation"]["module_args"]["seconds"] == 7


def test_what_cannot_be_read_is_told_before_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    def make(spec: dict[str, Any]) -> None:
        checked_module({**spec, "tenant": {"type": "str", "required": True}})

    assert refused(capsys, make, {"bot": False})["msg"] == f"bot: False {BOT}"


def test_a_token_that_reads_like_pairs_is_one_secret(capsys: pytest.CaptureFixture[str]) -> None:
    with patch_module_args({"token": "abcdef=1"}), pytest.raises(SystemExit):
        checked_module(SPEC).exit_json(told="port 1, not abcdef=1")
    assert json.loads(capsys.readouterr().out)["told"] == "port 1, not ********"


URLS: list[tuple[str, bool]] = [
    ("http://bob:hunter2@proxy:3128", True),
    ("https://token@api.example:6443/path", True),
    ("socks5h://bob:hun:ter2@proxy", True),
    ("https://api.example:6443/a@b", False),
    ("https://api.example?a=b@c", False),
    ("https://api.example#b@c", False),
    # A proxy without a scheme is refused, and shown.
    ("bob:hunter2@example:3128", True),
    ("", False),
]


@pytest.mark.parametrize(("url", "secret"), URLS)
def test_a_url_with_a_user_in_it_is_a_secret(url: str, secret: bool) -> None:
    assert secret_urls({"proxy": url, "reason": "mail bob@example", "sites": 1, "context": None, "labels": {"a": url}}) == (
        {url} if secret else set()
    )


def test_an_address_within_an_option_is_one_too() -> None:
    url = "bob:hunter2@storage:9000"
    assert secret_urls({"copies": [{"endpoint": url, "note": f"http://{url}"}, {"to": {"host": f"https://{url}"}}]}) == {
        url,
        f"https://{url}",
    }


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
