# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces that go with their set, and what is read of a set: both against a strict list of requests."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _manifests, _manifests_info, _manifests_wait
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import MANAGED_BY, SET_LABEL
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests import MANIFESTS_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests_info import INFO_SPEC
from tests.kubernetes_requests import PAGE, UNKNOWN, Clock, Expected, answering, items, refused, validated
from tests.unit.plugins.module_utils.test_manifests import CERTIFICATE, GOING, MIDDLEWARE, OTHERS, SETTINGS, manifest, stored

SPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "t"}}
BESIDE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "u"}}
LIST = f"GET {kinds.NAMESPACE.path(None)}{PAGE}"
DELETE: Expected = (f"DELETE {kinds.NAMESPACE.path(None, 't')}", (200, {}))
THERE: Expected = (f"GET {kinds.NAMESPACE.path(None, 't')}", (200, SPACE))
GONE: Expected = (f"GET {kinds.NAMESPACE.path(None, 't')}", refused(404, "not found", "NotFound"))


def run(*, check: bool = False, **options: Any) -> dict[str, Any]:
    given = {"set": "shop", "state": "absent", "manifests": [SPACE], "with_namespaces": True, **options}
    return _manifests.run(validated(MANIFESTS_SPEC, **given), check_mode=check)


# what is there -> what goes of the namespace that is named
PLANS: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("nothing", [], []),
    ("its own", [stored(SPACE)], ["delete Namespace t"]),
    ("its own, beside one that nobody named", [stored(SPACE), stored(BESIDE)], ["delete Namespace t"]),
    ("only one that nobody named", [stored(BESIDE)], []),
    ("another set's", [stored(SPACE, "ingress")], []),
    ("nobody's", [stored(SPACE, None)], []),
    ("another tool's, with the set's name", [stored(SPACE, None, labels={MANAGED_BY: "Helm", SET_LABEL: "shop"})], []),
    ("ours, and of no set", [stored(SPACE, labels={MANAGED_BY: "bluegreen-orchestrator"})], []),
    ("an owner's", [stored(SPACE, **OTHERS)], []),
    ("going already", [stored(SPACE, **GOING)], []),
]


@pytest.mark.parametrize(("there", "done"), [case[1:] for case in PLANS], ids=[case[0] for case in PLANS])
def test_a_namespace_goes_where_it_is_named_and_the_sets_own(
    monkeypatch: pytest.MonkeyPatch, there: list[dict[str, Any]], done: list[str]
) -> None:
    with answering(monkeypatch, _manifests, (LIST, items(*there))):
        preview = run(check=True)
    assert [f"{one['action']} {one['name']}" for one in preview["actions"]] == done
    with answering(monkeypatch, _manifests, (LIST, items(*there)), *([DELETE] if done else [])):
        assert {**run(), "requests": None, "summary": None} == {**preview, "requests": None, "summary": None}
    # Without the word nothing of it goes.
    with answering(monkeypatch, _manifests, (LIST, items(*there))):
        assert run(with_namespaces=False)["changed"] is False


def test_the_word_is_for_an_end_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        answering(monkeypatch, _manifests),
        pytest.raises(InputError, match="with_namespaces: true is for state: absent; take one of the two"),
    ):
        run(state="present")


def test_its_end_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, _manifests_wait)
    with answering(monkeypatch, _manifests, (LIST, items(stored(SPACE)))):
        run(check=True, wait_seconds=300)
    with answering(monkeypatch, _manifests, (LIST, items(stored(SPACE))), DELETE, *[THERE] * 400, GONE):
        assert run(wait_seconds=300)["changed"] is True
    assert clock.passed == 200.0


def test_an_end_that_an_earlier_run_began_is_waited_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """That run may have been killed while it waited, and who is told that it is gone deletes what is beside it."""
    Clock(monkeypatch, _manifests_wait)
    with answering(monkeypatch, _manifests, (LIST, items(stored(SPACE, **GOING))), THERE, GONE):
        assert run(wait_seconds=9)["changed"] is False
    for other in (stored(SPACE, **OTHERS), stored(SPACE, "ingress", **GOING), stored(SPACE, None, **GOING), stored(BESIDE, **GOING)):
        with answering(monkeypatch, _manifests, (LIST, items(other))):
            assert run(wait_seconds=9)["changed"] is False


def test_an_end_that_does_not_come_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, _manifests_wait)
    with (
        answering(monkeypatch, _manifests, (LIST, items(stored(SPACE))), DELETE, *[THERE] * 602),
        pytest.raises(RefusedError, match=r"namespace t is still going after 300 s; see what is left in it \(finalizers\)") as caught,
    ):
        run(wait_seconds=300)
    assert caught.value.facts["changed"] is True
    assert clock.passed == 300.5


def look(**options: Any) -> dict[str, Any]:
    given = {"set": "shop", "namespaces": ["t"], "kinds": [SETTINGS.full_name], **options}
    return _manifests_info.run(validated(INFO_SPEC, **given), check_mode=False)


def listing(kind: Any, *objects: Any, namespace: str = "t") -> Expected:
    return (f"GET {kind.path(namespace)}{PAGE}", items(*objects))


def test_what_is_there_of_a_set_and_of_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [stored(manifest(name)) for name in ("b", "a")]
    others = [stored(manifest("x"), "ingress"), stored(manifest("y"), None), stored(manifest("z"), None, labels={SET_LABEL: "shop"})]
    with answering(monkeypatch, _manifests_info, listing(SETTINGS, *found, *others)):
        result = look()
    assert result["objects"] == [{"kind": "ConfigMap", "namespace": "t", "name": name} for name in ("a", "b")]
    assert (result["changed"], result["missing_kinds"], result["requests"]) == (False, [], {"list": 1})


def test_each_kind_is_read_in_each_namespace_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = [listing(SETTINGS, namespace="t"), listing(SETTINGS, stored(manifest(namespace="u")), namespace="u")]
    with answering(monkeypatch, _manifests_info, *reads):
        found = look(namespaces=["u", "t", "u"], kinds=[SETTINGS.full_name] * 2)
    assert found["objects"] == [{"kind": "ConfigMap", "namespace": "u", "name": "a"}]


def test_kinds_that_the_cluster_does_not_know_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Expected] = [
        (f"GET {CERTIFICATE.path('t')}{PAGE}", UNKNOWN),
        listing(MIDDLEWARE),
    ]
    with answering(monkeypatch, _manifests_info, *asked):
        found = look(kinds=[MIDDLEWARE.full_name, CERTIFICATE.full_name])
    assert (found["objects"], found["missing_kinds"]) == ([], [CERTIFICATE.full_name])


def test_one_that_may_not_be_read_is_no_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a desk saves nothing where it finds no backup: an answer that says no must not look like that."""
    no: Expected = (f"GET {SETTINGS.path('t')}{PAGE}", refused(403, 'User "x" cannot list resource "configmaps"', "Forbidden"))
    with answering(monkeypatch, _manifests_info, no), pytest.raises(BlueGreenError, match="not allowed"):
        look()
    wrong: Expected = (f"GET {SETTINGS.path('t')}{PAGE}", UNKNOWN)
    with answering(monkeypatch, _manifests_info, wrong), pytest.raises(BlueGreenError, match="404"):
        look()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"set": "a b"}, "set: 'a b' is no label value"),
        ({"namespaces": ["T"]}, "namespaces: 'T' is no namespace"),
        ({"namespaces": [""]}, "namespaces: '' is no namespace"),
        ({"kinds": ["v1/Secret"]}, "kinds: 'v1/Secret' is no kind that is taken here"),
        ({"kinds": []}, "nothing says where the set is"),
        ({"namespaces": []}, "nothing says where the set is"),
    ],
)
def test_what_cannot_be_looked_for(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str) -> None:
    with answering(monkeypatch, _manifests_info), pytest.raises(InputError, match=sentence):
        look(**options)
