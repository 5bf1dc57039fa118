# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as a table, and what it must never show."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import CHANGED_MASK, MASK, Change, plan

CANARY = "canary-5d1f-secret"

TABLE: list[tuple[str, dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = [
    ("nothing wished", {"a": "1"}, {}, []),
    ("already there", {"a": "1"}, {"a": "1"}, []),
    ("comes", {}, {"a": "1"}, [("create", "a")]),
    ("comes where None was read", {"a": None}, {"a": "1"}, [("create", "a")]),
    ("changes", {"a": "1"}, {"a": "2"}, [("update", "a")]),
    ("goes", {"a": "1"}, {"a": None}, [("delete", "a")]),
    ("gone already", {}, {"a": None}, []),
    ("foreign is left alone", {"b": "1", "a": "1"}, {"a": "1"}, []),
    ("empty text is a state", {"a": None}, {"a": ""}, [("create", "a")]),
    ("order of the wish", {}, {"z": "1", "a": "1"}, [("create", "z"), ("create", "a")]),
    ("data by value", {"a": {"x": [1, 2]}}, {"a": {"x": [1, 2]}}, []),
    ("order of a list counts", {"a": {"x": [1, 2]}}, {"a": {"x": [2, 1]}}, [("update", "a")]),
]


@pytest.mark.parametrize(("current", "desired", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_table(current: dict[str, Any], desired: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    before = copy.deepcopy((current, desired))
    made = plan(current, desired)
    assert [(action["action"], action["name"]) for action in made.actions()] == expected
    assert made.changed is bool(expected)
    assert len(made.diff()) == len(expected)
    assert (current, desired) == before, "a plan is pure: it must not touch its inputs"


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_after_the_plan_nothing_is_left_to_do(row: tuple[str, dict[str, Any], dict[str, Any], object]) -> None:
    _name, current, desired, _expected = row
    world = dict(current)
    for change in plan(current, desired).changes:
        world[change.name] = change.after
    assert not plan(world, desired).changed


def test_diff_is_in_ansibles_form() -> None:
    assert plan({"f": "old\n"}, {"f": "new\n"}).diff() == [{"before_header": "f", "after_header": "f", "before": "old\n", "after": "new\n"}]
    assert plan({}, {"f": "new\n"}).diff()[0]["before_header"] == "f (absent)"
    assert plan({"f": "old\n"}, {"f": None}).diff()[0]["after_header"] == "f (absent)"
    assert plan({}, {"f": {"b": 1, "a": 2}}).diff()[0]["after"] == '{\n  "a": 2,\n  "b": 1\n}\n'


def test_secrets_are_masked_at_any_depth_and_a_changed_one_still_shows() -> None:
    old = {"user": "u", "nested": [{"password": CANARY + "1"}], "kept": {"password": "same"}}
    new = {"user": "u", "nested": [{"password": CANARY + "2"}], "kept": {"password": "same"}}
    made = plan({"x": old}, {"x": new}, secret_keys=["password"])
    before, after = made.changes[0].masked()
    assert before == {"user": "u", "nested": [{"password": MASK}], "kept": {"password": MASK}}
    assert after == {"user": "u", "nested": [{"password": CHANGED_MASK}], "kept": {"password": MASK}}
    assert made.changes[0].after == new, "the executor needs the real value"


def test_no_secret_in_anything_that_is_printed() -> None:
    made = plan({}, {"x": {"password": CANARY, "token": [CANARY]}}, secret_keys=["password", "token"])
    assert CANARY not in f"{made!r}{made}{made.diff()}{made.actions()}{made.digest()}"


def test_digest_is_the_plans_and_nothing_elses() -> None:
    one = plan({"a": {"x": 1, "y": 2}}, {"a": {"y": 3, "x": 1}})
    same = plan({"a": {"y": 2, "x": 1}}, {"a": {"x": 1, "y": 3}})
    other = plan({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 4}})
    assert one.digest() == same.digest() != other.digest()
    assert len(one.digest()) == 64
    assert plan({}, {}).digest() == plan({"a": 1}, {"a": 1}).digest()


def test_a_secret_within_a_text_is_masked_and_a_changed_one_shows() -> None:
    texts = frozenset({"secret-one", "secret-one-and-two"})
    for before, after, shown in (
        (None, "a secret-one b", f"a {MASK} b"),
        ("a secret-one b", "c secret-one d", f"c {MASK} d"),
        ("a secret-one b", "a secret-one-and-two b", f"a {CHANGED_MASK} b"),
    ):
        change = Change("update", "x", before, after, secret_texts=texts)
        assert change.masked()[1] == shown
        assert "secret-one" not in str(change.diff())
        assert "secret-one" not in repr(change)
