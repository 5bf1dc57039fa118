# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apply would change of an object that others own in part, or of which nobody knows any more who owns what."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_plan import before_and_after, conflicts
from tests.unit.plugins.module_utils.test_kubernetes_plan import differs


@pytest.mark.parametrize("wiped", [{}, {"managedFields": []}, {"managedFields": [{}]}])
def test_where_the_owners_were_taken_away_all_that_differs_is_a_conflict(wiped: dict[str, Any]) -> None:
    """As the server sees it: an apply without force is refused with this name."""
    current = {"metadata": {"labels": {"a": "x"}, **wiped}, "spec": {"pods": "1", "selector": {"nobody": "x"}, "more": "y"}}
    # What is not there yet is nobody's.
    desired = {"metadata": {"labels": {"a": "b", "new": "c"}}, "spec": {"pods": "2", "selector": {}}}
    before, after = before_and_after(current, desired)
    assert before == {"metadata": {"labels": {"a": "x"}}, "spec": {"pods": "1", "selector": {"nobody": "x"}}}
    assert after == desired
    found = {one.field: one.manager for one in conflicts(current, desired)}
    assert found == dict.fromkeys((".metadata.labels.a", ".spec.pods", ".spec.selector"), "before-first-apply")
    assert not differs({"metadata": wiped, "spec": {"pods": "2", "selector": {}}}, {"spec": {"pods": "2", "selector": {}}})


def set_by(manager: str, **fields: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": fields}}


KEY = 'k:{"name":"B"}'
# What we have set, what another one has set, too, and what of it goes when we want none of it any more.
SHARED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"a": 1, "b": 2}, {"f:a": {}, "f:b": {}}, {"f:b": {}}, {"a": 1}),
    ({"labels": {"team": "x"}}, {"f:labels": {"f:team": {}}}, {"f:labels": {"f:team": {}}}, {}),
    ({"labels": {"team": "x"}}, {"f:labels": {".": {}, "f:team": {}}}, {"f:labels": {}}, {}),
    (
        {"labels": {"team": "x", "own": "y"}},
        {"f:labels": {"f:team": {}, "f:own": {}}},
        {"f:labels": {"f:team": {}}},
        {"labels": {"own": "y"}},
    ),
    (
        {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
        {"f:env": {'k:{"name":"A"}': {"f:name": {}, "f:value": {}}, KEY: {"f:name": {}, "f:value": {}}}},
        {"f:env": {KEY: {"f:name": {}, "f:value": {}}}},
        {"env": [{"name": "A", "value": "1"}]},
    ),
]


@pytest.mark.parametrize(("there", "ours", "theirs", "going"), SHARED)
def test_what_another_one_has_set_too_does_not_go(
    there: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], going: dict[str, Any]
) -> None:
    managers = [set_by("bluegreen.orchestrator", **ours), set_by("gitops", **theirs)]
    before, _after = before_and_after({"metadata": {"managedFields": managers}, "spec": there}, {"spec": {}})
    assert before == {"spec": going}
    alone, _after = before_and_after({"metadata": {"managedFields": managers[:1]}, "spec": there}, {"spec": {}})
    assert alone == {"spec": there}
