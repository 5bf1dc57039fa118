# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an API server 1.35 reorders, drops and fills in, and what of that is no difference."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_plan import before_and_after, emptied
from tests.unit.plugins.module_utils.test_kubernetes_plan import applied, differs


def named(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "image": "a:1"} for name in names]


@pytest.mark.parametrize(
    ("there", "wanted", "shown"),
    [
        ("abc", "abc", None),
        # An apply stores its own order.
        ("abc", "cba", "abc"),
        ("axb", "ab", None),
        ("axb", "ba", "ab"),
        ("ab", "acb", "ab"),
        # What was ours stands where it stood until it goes.
        ("aob", "ab", "aob"),
    ],
)
def test_the_order_of_elements_with_names_is_what_is_there(there: str, wanted: str, shown: str | None) -> None:
    """``x`` is somebody else's and ``o`` is ours of old."""
    ours: dict[str, Any] = {f'k:{{"name":"{name}"}}': {"f:name": {}, "f:image": {}} for name in there if name != "x"}
    theirs: dict[str, Any] = {'k:{"name":"x"}': {"f:name": {}, "f:image": {}}}
    entries = [
        {"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {"f:initContainers": fields}}}
        for manager, fields in (("bluegreen.orchestrator", ours), ("injector", theirs))
    ]
    current = {"spec": {"initContainers": named(*there)}, "metadata": {"managedFields": entries}}
    before, after = before_and_after(current, {"spec": {"initContainers": named(*wanted)}})
    assert after == {"spec": {"initContainers": named(*wanted)}}
    assert before == {"spec": {"initContainers": named(*(shown or wanted))}}


@pytest.mark.parametrize("value", ["", 0, False])
@pytest.mark.parametrize(("fields", "differing"), [({"f:hostNetwork": {}}, False), ({}, True), ({"f:other": {}}, True)])
def test_a_value_that_the_server_takes_and_drops_is_no_difference(value: Any, fields: dict[str, Any], differing: bool) -> None:
    """It is listed as ours; one that we never said may be a default, and is said once."""
    assert differs(applied({}, fields), {"spec": {"hostNetwork": value}}) is differing
    assert differs(applied({"hostNetwork": True}, fields), {"spec": {"hostNetwork": value}})


def test_a_value_that_is_ours_and_gone_is_a_difference() -> None:
    assert differs(applied({}, {"f:hostNetwork": {}}), {"spec": {"hostNetwork": True}})


FILLED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}}, {"strategy": {}}),
    ({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}, {"updateStrategy": {}}),
    ({"subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io"}]}, {"subjects": [{"kind": "User"}]}),
    (
        {"sources": [{"serviceAccountToken": {"path": "a", "expirationSeconds": 3600}}]},
        {"sources": [{"serviceAccountToken": {"path": "a"}}]},
    ),
    ({"dataSource": {"kind": "x", "apiGroup": None}}, {"dataSource": {"kind": "x"}}),
    ({"rules": [{"http": {"paths": [{"a": 1}]}}]}, {"rules": [{"host": "", "http": {"paths": [{"a": 1, "path": ""}]}}]}),
    ({"tls": [{"hosts": ["a"]}]}, {"tls": [{"hosts": ["a"], "secretName": ""}]}),
    ({"envFrom": [{"configMapRef": {"name": "a"}}]}, {"envFrom": [{"configMapRef": {"name": "a"}, "prefix": ""}]}),
]


@pytest.mark.parametrize(("there", "wanted"), FILLED)
def test_what_the_server_does_with_values_that_are_one(there: dict[str, Any], wanted: dict[str, Any]) -> None:
    fields: dict[str, Any] = {f"f:{key}": {} for key in there}
    assert not differs(applied(there, fields), {"spec": wanted})
    # A definition's server keeps what is written.
    assert differs(applied(there, fields), {"apiVersion": "a.example/v1", "spec": wanted})


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ({"strategy": {"type": "Recreate"}}, {"strategy": {}}),
        ({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}, {"strategy": {}}),
        ({"rules": [{"host": "a"}]}, {"rules": [{"host": ""}]}),
        # No class, where the default one is asked for.
        ({"volumeClaimTemplates": [{"spec": {}}]}, {"volumeClaimTemplates": [{"spec": {"storageClassName": ""}}]}),
    ],
)
def test_what_it_does_not_do_is_a_difference(there: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert differs(applied(there, {f"f:{key}": {} for key in there}), {"spec": wanted})


@pytest.mark.parametrize(
    ("theirs", "wanted", "told"),
    [
        ({}, {"tls": {}}, ["spec.tls"]),
        ({}, {"tls": {"secretName": ""}}, []),
        ({}, {"routes": []}, []),
        ({}, {}, ["spec"]),
        # What is somebody else's stays in it.
        ({"f:tls": {"f:secretName": {}}}, {"tls": {}}, []),
    ],
)
def test_a_map_of_a_custom_resource_that_would_be_emptied(theirs: dict[str, Any], wanted: dict[str, Any], told: list[str]) -> None:
    current = applied({"tls": {"secretName": "a"}}, {"f:tls": {"f:secretName": {}}})
    current["metadata"]["managedFields"].append({"manager": "x", "operation": "Update", "fieldsV1": {"f:spec": theirs}})
    assert emptied(current, {"apiVersion": "traefik.io/v1alpha1", "spec": wanted}) == told
    # Kubernetes' own kinds can be emptied.
    assert emptied(current, {"apiVersion": "apps/v1", "spec": wanted}) == []


def test_notes_may_go_all_at_once() -> None:
    current = applied({}, {})
    current["metadata"]["annotations"] = {"a": "b"}
    current["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"] = {"f:annotations": {"f:a": {}}}
    wanted = {"apiVersion": "traefik.io/v1alpha1", "metadata": {"annotations": {}}}
    assert emptied(current, wanted) == []


def test_what_was_empty_and_what_a_definition_fills_in_is_not_emptied() -> None:
    wanted = {"apiVersion": "traefik.io/v1alpha1", "spec": {"tls": {}}}
    assert emptied(applied({"tls": {}}, {"f:tls": {}}), wanted) == []
    assert emptied(applied({"tls": {"secretName": "a", "filled": "in"}}, {"f:tls": {"f:secretName": {}}}), wanted) == []
