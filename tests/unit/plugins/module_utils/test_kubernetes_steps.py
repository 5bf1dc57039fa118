# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a plan: how far a run comes, what the server is asked beforehand, and whose fields are in the way."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import (
    FIELD_MANAGER,
    MANAGED_BY,
    SET_LABEL,
    Api,
    Kind,
    KubernetesError,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_steps import (
    Step,
    apply_step,
    delete_step,
    execute,
    is_ours,
    settle,
    validate,
)
from tests.kubernetes_requests import Answered, Expected, Pool, refused

OURS = {MANAGED_BY: "bluegreen.orchestrator"}


def manifest(kind: Kind, name: str, namespace: str | None = "t", **metadata: Any) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": kind.api, "kind": kind.kind, "metadata": {"name": name, **place, **metadata}}


def coming(kind: Kind, name: str, namespace: str | None = "t", **options: Any) -> Step:
    """The creation of an object."""
    return Step("create", kind, namespace, name, None, manifest(kind, name, namespace), **options)


NAMESPACE = coming(kinds.NAMESPACE, "t", None)
QUOTA, LIMITS = coming(kinds.QUOTA, "q", force=True), coming(kinds.LIMIT_RANGE, "l")
OLD = delete_step(kinds.NETWORK_POLICY, manifest(kinds.NETWORK_POLICY, "old", uid="uid-1", resourceVersion="7", labels=OURS))
CLASS = coming(kinds.STORAGE_CLASS, "fast", None)


DID: Answered = (200, {})


def asked(*steps: Step, last: Answered = DID, dry: bool = False) -> tuple[Api, Pool]:
    """A server that answers the requests of these steps and no other, the last one in its own way."""
    expected: list[Expected] = []
    for number, step in enumerate(steps, start=1):
        path = step.kind.path(step.namespace, step.name)
        query = f"?fieldManager={FIELD_MANAGER}&force={str(step.force).lower()}{'&dryRun=All' * dry}"
        line = f"DELETE {path}" if step.after is None else f"PATCH {path}{query}"
        expected.append((line, last if number == len(steps) else DID))
    pool = Pool(*expected)
    return Api(pool.access), pool


def test_steps_are_taken_in_their_order_and_by_force_where_that_was_asked_for() -> None:
    api, pool = asked(NAMESPACE, QUOTA, OLD, LIMITS)
    execute(api, [NAMESPACE, QUOTA, OLD, LIMITS])
    assert pool.bodies[2]["preconditions"] == {"uid": "uid-1"}
    pool.done()


FORBIDDEN = refused(403, "not today", "Forbidden")
IN_DOUBT = "Whether this step was done is not known, {} of 4 were before it; run again to finish."
HOW_FAR: list[tuple[Answered, int, str, bool]] = [
    (FORBIDDEN, 1, "Nothing was changed.", False),
    (FORBIDDEN, 3, "2 of 4 steps were done and stay; run again to finish.", True),
    # What no refusal is may have been done all the same.
    (refused(500, "no"), 1, IN_DOUBT.format(0), True),
    (refused(500, "no"), 3, IN_DOUBT.format(2), True),
    ((200, b"<html>"), 1, IN_DOUBT.format(0), True),
    (RuntimeError("canary"), 3, IN_DOUBT.format(2), True),
]


@pytest.mark.parametrize(("answer", "taken", "far", "changed"), HOW_FAR)
def test_a_step_that_fails_is_the_last_one(answer: Answered, taken: int, far: str, changed: bool) -> None:
    steps = [NAMESPACE, QUOTA, LIMITS, OLD]
    api, pool = asked(*steps[:taken], last=answer)
    with pytest.raises(BlueGreenError) as caught:
        execute(api, steps)
    assert caught.value.sentence.endswith(f". {far}")
    assert "canary" not in caught.value.sentence
    assert caught.value.facts["done"] == ["create Namespace t", "create ResourceQuota t/q"][: taken - 1]
    assert caught.value.facts["changed"] is changed
    if answer is FORBIDDEN:
        assert (caught.value.facts["status"], caught.value.facts["reason"]) == (403, "Forbidden")
    pool.done()


def test_what_goes_is_shown_by_what_tells_it_from_others() -> None:
    assert OLD.before == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "old", "namespace": "t", "labels": OURS},
    }
    assert (OLD.after, OLD.uid) == (None, "uid-1")


def test_the_server_is_asked_what_it_can_know() -> None:
    """Not of a deletion, and not in a namespace that is still to come."""
    api, pool = asked(CLASS, QUOTA, dry=True)
    assert validate(api, [CLASS, QUOTA, OLD]) == []
    pool.done()
    elsewhere = coming(kinds.QUOTA, "q", "there")
    api, pool = asked(NAMESPACE, elsewhere, dry=True)
    told = validate(api, [NAMESPACE, QUOTA, LIMITS, elsewhere])
    assert told == ["2 objects were not validated by the server, for their namespace is not there yet."]
    pool.done()


def test_a_namespace_that_changes_is_there() -> None:
    there = Step("update", kinds.NAMESPACE, None, "t", {}, manifest(kinds.NAMESPACE, "t", None))
    api, pool = asked(there, QUOTA, dry=True)
    assert validate(api, [there, QUOTA]) == []
    pool.done()


TRIES: list[tuple[Answered, type[Exception], str]] = [
    (
        refused(403, 'User "reader" cannot patch resource "limitranges"'),
        RefusedError,
        "^validate: server needs the rights of an apply, .*grant the verb patch on limitranges .* Leave validate at client",
    ),
    # Refused, but not for want of a right.
    (refused(403, "exceeded quota: q"), KubernetesError, "^patch LimitRange l in t: a quota stands in the way"),
    (refused(422, "no"), KubernetesError, r"^patch LimitRange l in t: the server finds it invalid \(422\): no"),
]


@pytest.mark.parametrize(("answer", "error", "sentence"), TRIES)
def test_what_the_server_would_refuse_stops_the_preview(answer: Answered, error: type[Exception], sentence: str) -> None:
    api, pool = asked(LIMITS, last=answer, dry=True)
    with pytest.raises(error, match=sentence):
        validate(api, [LIMITS, QUOTA])
    pool.done()


def held(kind: Kind, labels: dict[str, str], **spec: Any) -> dict[str, Any]:
    """An object on a server, of whose spec nobody manages anything."""
    counted = {"manager": "a-controller", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {"f:used": {}}}}
    where = None if kind is kinds.NAMESPACE else "t"
    return {**manifest(kind, "x", where, labels=labels, uid="1", managedFields=[counted]), "spec": spec}


def wanted(kind: Kind, **labels: str) -> dict[str, Any]:
    return {**manifest(kind, "x", None if kind is kinds.NAMESPACE else "t", labels={**OURS, **labels}), "spec": {"a": 1}}


BY_SET = {**OURS, SET_LABEL: "shop"}
WHOSE: list[tuple[Kind, dict[str, str], dict[str, Any], list[str]]] = [
    (kinds.QUOTA, OURS, wanted(kinds.QUOTA), []),
    (kinds.QUOTA, {}, wanted(kinds.QUOTA), ["somebody else"]),
    # Another tool's label is not ours.
    (kinds.QUOTA, {MANAGED_BY: "Helm"}, wanted(kinds.QUOTA), ["somebody else"]),
    # Namespaces are judged by who adopts them, before.
    (kinds.NAMESPACE, {}, wanted(kinds.NAMESPACE), []),
    (kinds.QUOTA, BY_SET, wanted(kinds.QUOTA), ["the set shop"]),
    (kinds.QUOTA, BY_SET, wanted(kinds.QUOTA, **{SET_LABEL: "shop"}), []),
    (kinds.QUOTA, BY_SET, wanted(kinds.QUOTA, **{SET_LABEL: "desk"}), ["the set shop"]),
    # What is in no set yet may come into one.
    (kinds.QUOTA, OURS, wanted(kinds.QUOTA, **{SET_LABEL: "shop"}), []),
]


@pytest.mark.parametrize(("kind", "labels", "desired", "managers"), WHOSE)
def test_whose_an_object_is(kind: Kind, labels: dict[str, str], desired: dict[str, Any], managers: list[str]) -> None:
    current = held(kind, labels, a=2)
    (step,) = apply_step(kind, desired, current)
    forced, conflicts = settle([(step, current)], take_over=True)
    assert [conflict.manager for _title, conflict in conflicts] == managers
    assert [one.force for one in forced] == [True]
    if managers:
        with pytest.raises(RefusedError, match=f"owned by {managers[0]}.* give take_over: true") as caught:
            settle([(step, current)], take_over=False)
        assert [one["manager"] for one in caught.value.facts["conflicts"]] == managers
    else:
        ((settled,), found) = settle([(step, current)], take_over=False)
        assert (settled.force, found) == (False, ())


def test_five_conflicts_are_told_and_the_rest_is_counted() -> None:
    pairs = []
    for number in range(7):
        current = held(kinds.QUOTA, {}, a=2)
        current["metadata"]["name"] = f"q{number}"
        (step,) = apply_step(kinds.QUOTA, {**wanted(kinds.QUOTA), "metadata": {"name": f"q{number}", "namespace": "t"}}, current)
        pairs.append((step, current))
    with pytest.raises(RefusedError) as caught:
        settle(pairs, take_over=False)
    assert [f"ResourceQuota t/q{number} " in caught.value.sentence for number in range(7)] == [True] * 5 + [False] * 2
    assert " and 2 more. To take" in caught.value.sentence
    assert len(caught.value.facts["conflicts"]) == 7


@pytest.mark.parametrize(("labels", "ours"), [(OURS, True), ({MANAGED_BY: "Helm"}, False), ({}, False), (None, False)])
def test_the_label_says_what_is_ours(labels: dict[str, str] | None, ours: bool) -> None:
    assert is_ours({"metadata": {"labels": labels}}) is ours


SELECTOR, OTHER = {"matchLabels": {"app": "a"}}, {"matchLabels": {"app": "b"}}


def given(kind: Kind, spec: dict[str, Any]) -> dict[str, Any]:
    return {**manifest(kind, "web"), "spec": spec}


@pytest.mark.parametrize(
    ("kind", "there", "wanted", "told"),
    [
        (kinds.DEPLOYMENT, {"selector": SELECTOR}, {"selector": OTHER}, "spec.selector would change"),
        (kinds.DEPLOYMENT, {"selector": SELECTOR, "paused": True}, {"selector": SELECTOR, "paused": False}, None),
        # What one side only has, the server may fill in or take as it is.
        (kinds.DEPLOYMENT, {"selector": SELECTOR}, {"replicas": 2}, None),
        (kinds.CLAIM, {}, {"volumeName": "a"}, None),
        (kinds.CLAIM, {"volumeName": "b"}, {"volumeName": "a"}, "spec.volumeName would change"),
        (
            kinds.STATEFUL_SET,
            {"serviceName": "a", "selector": SELECTOR},
            {"serviceName": "b", "selector": OTHER},
            "spec.selector and spec.serv",
        ),
        (kinds.JOB, {"template": {"a": 1}}, {"template": {"a": 2}}, "spec.template would change"),
        (kinds.JOB, {"template": {"a": 1}, "suspend": True}, {"template": {"a": 2}}, None),
        (kinds.SERVICE, {"selector": {"app": "a"}}, {"selector": {"app": "b"}}, None),
    ],
)
def test_what_kubernetes_never_changes_is_refused(kind: Kind, there: dict[str, Any], wanted: dict[str, Any], told: str | None) -> None:
    steps = apply_step(kind, given(kind, wanted), given(kind, there), otherwise="do without")
    if told is None:
        assert [step.action for step in steps] == ["update"]
        return
    with pytest.raises(
        RefusedError, match=rf"{kind.kind} t/web: {told}.*, and Kubernetes never changes that.* run again, or do without\.$"
    ):
        list(steps)
