# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a set of manifests, and its runs against a strict list of requests."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _manifests, _manifests_wait
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER, MANAGED_BY, SET_LABEL, Kind
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import MANIFEST_KINDS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests import MANIFESTS_SPEC, plan, wanted_of
from tests.kubernetes_requests import PAGE, UNKNOWN, Clock, Expected, answering, items, refused, validated

SETTINGS = MANIFEST_KINDS["v1/ConfigMap"]
MIDDLEWARE = MANIFEST_KINDS["traefik.io/v1alpha1/Middleware"]
CERTIFICATE = MANIFEST_KINDS["cert-manager.io/v1/Certificate"]
JOB = MANIFEST_KINDS["batch/v1/Job"]
WRITE = f"?fieldManager={FIELD_MANAGER}&force=false"


def manifest(name: str = "a", kind: Kind = SETTINGS, namespace: str = "t", **more: Any) -> dict[str, Any]:
    """A manifest as a person writes it."""
    return {"apiVersion": kind.api, "kind": kind.kind, "metadata": {"name": name, "namespace": namespace}, **more}


def stored(given: dict[str, Any], of: str | None = "shop", manager: str = FIELD_MANAGER, /, **metadata: Any) -> dict[str, Any]:
    """The same as the server has it, applied by a set; of nobody's set and unlabelled where that is None."""
    found = copy.deepcopy(given)
    labels = {} if of is None else {MANAGED_BY: FIELD_MANAGER, SET_LABEL: of}
    data: dict[str, Any] = {"f:data": {f"f:{key}": {} for key in found.get("data", {})}}
    owned = {"f:metadata": {"f:labels": {f"f:{key}": {} for key in labels}}, **data}
    entry = {"manager": manager, "operation": "Apply" if manager == FIELD_MANAGER else "Update", "fieldsV1": owned}
    found["metadata"] |= {"uid": f"uid of {found['metadata']['name']}", "labels": labels, "managedFields": [entry], **metadata}
    return found


BLUE, GREEN = manifest(data={"colour": "blue"}), manifest(data={"colour": "green"})
SECOND = manifest("b", data={"colour": "blue"})
OTHERS = {"ownerReferences": [{"kind": "Certificate", "name": "c"}]}
GOING = {"deletionTimestamp": "2026-11-22T08:00:00Z"}
SPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "t"}}

# what is declared, what is there -> what is done
PLANS: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]], list[str]]] = [
    ("nothing", [], [], []),
    ("new", [BLUE], [], ["create ConfigMap t/a"]),
    ("as it should be", [BLUE], [stored(BLUE)], []),
    ("another value", [GREEN], [stored(BLUE)], ["update ConfigMap t/a"]),
    ("a key less", [manifest(data={})], [stored(BLUE)], ["update ConfigMap t/a"]),
    ("somebody's key beside ours", [BLUE], [stored(BLUE) | {"data": {"colour": "blue", "theirs": "1"}}], []),
    ("in the declared order", [SECOND, BLUE], [], ["create ConfigMap t/b", "create ConfigMap t/a"]),
    ("declared no more", [], [stored(SECOND), stored(BLUE)], ["delete ConfigMap t/a", "delete ConfigMap t/b"]),
    ("deletions last", [SECOND], [stored(BLUE)], ["create ConfigMap t/b", "delete ConfigMap t/a"]),
    ("another set's", [], [stored(BLUE, "ingress")], []),
    ("ours, but of no set", [], [stored(BLUE, labels={MANAGED_BY: FIELD_MANAGER})], []),
    ("a set's name on somebody else's", [], [stored(BLUE, None, labels={SET_LABEL: "shop"})], []),
    ("another tool's", [], [stored(BLUE, None, labels={MANAGED_BY: "Helm", SET_LABEL: "shop"})], []),
    ("an unlabelled one", [], [stored(BLUE, None)], []),
    ("an owner's", [], [stored(BLUE, **OTHERS)], []),
    ("going already", [], [stored(BLUE, **GOING)], []),
    ("a namespace", [], [stored(SPACE)], []),
    ("a namespace of nobody's", [SPACE], [stored(SPACE, None)], ["update Namespace t"]),
]


def planned(declared: list[dict[str, Any]], there: list[dict[str, Any]], *, take_over: bool = False) -> tuple[Any, Any]:
    """The steps of the set shop, and what it takes over."""
    wanted = wanted_of(validated(MANIFESTS_SPEC, set="shop", manifests=declared))
    key = [(f"{one['apiVersion']}/{one['kind']}", one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in there]
    return plan("shop", wanted, dict(zip(key, there, strict=True)), take_over=take_over)


@pytest.mark.parametrize(("declared", "there", "done"), [case[1:] for case in PLANS], ids=[case[0] for case in PLANS])
def test_what_is_done(declared: list[dict[str, Any]], there: list[dict[str, Any]], done: list[str]) -> None:
    steps, taken = planned(declared, there)
    assert [f"{step.action} {step.title()}" for step in steps] == done
    assert taken == ()
    assert not any(step.force for step in steps)
    assert all(step.uid == f"uid of {step.name}" for step in steps if step.action == "delete")
    for step in steps:
        if step.after is not None:
            assert step.after["metadata"]["labels"] == {MANAGED_BY: FIELD_MANAGER, SET_LABEL: "shop"}


def by_hand(given: dict[str, Any]) -> dict[str, Any]:
    """A manifest of the set whose data somebody edited since."""
    found = stored(given)
    found["metadata"]["managedFields"] = stored(given, None, "kubectl-edit")["metadata"]["managedFields"]
    return found


# what is there -> the field that is in the way, and whose it is
STRANGERS: list[tuple[str, dict[str, Any], str, str]] = [
    ("nobody's label", stored(BLUE, None, "kubectl"), f".metadata.labels.{MANAGED_BY}", "somebody else"),
    ("another set's", stored(BLUE, "ingress"), f".metadata.labels.{SET_LABEL}", "the set ingress"),
    ("a field of ours by hand", by_hand(BLUE), ".data.colour", "kubectl-edit"),
]


@pytest.mark.parametrize(("there", "field", "whose"), [case[1:] for case in STRANGERS], ids=[case[0] for case in STRANGERS])
def test_what_is_somebody_elses_is_refused_or_taken_over(there: dict[str, Any], field: str, whose: str) -> None:
    with pytest.raises(RefusedError, match="To take these fields over, give take_over: true") as caught:
        planned([GREEN, SECOND], [there])
    assert (caught.value.facts["conflicts"][0]["field"], caught.value.facts["conflicts"][0]["manager"]) == (field, whose)
    assert caught.value.facts["conflicts"][0]["object"] == "ConfigMap t/a"
    steps, taken = planned([GREEN, SECOND], [there], take_over=True)
    assert [(step.action, step.title(), step.force) for step in steps] == [
        ("update", "ConfigMap t/a", True),
        ("create", "ConfigMap t/b", True),
    ]
    assert (field, whose) in [(conflict.field, conflict.manager) for _title, conflict in taken]


def test_an_object_of_somebody_else_is_not_the_sets_for_having_its_values() -> None:
    """Its labels are missing; and where it is declared no more, it stays."""
    with pytest.raises(RefusedError, match="owned by somebody else"):
        planned([BLUE], [stored(BLUE, None, "kubectl")])
    assert planned([], [stored(BLUE, None, "kubectl")], take_over=True) == ((), ())


def test_one_that_is_on_its_way_out_is_not_as_it_should_be() -> None:
    with pytest.raises(RefusedError, match=r"ConfigMap a is being deleted \(waits for its grace period\); wait until it is gone"):
        planned([BLUE], [stored(BLUE, **GOING)])


BAD: list[tuple[dict[str, Any], str]] = [
    (
        {"manifests": [manifest(kind=Kind("Secret", "v1", "secrets"))]},
        r"manifests\[0\]: v1/Secret is no kind that is taken here; there are",
    ),
    ({"manifests": [{"metadata": {"name": "a"}}]}, r"manifests\[0\]: None/None is no kind"),
    ({"manifests": [BLUE, manifest(kind=Kind("ConfigMap", "v2", "configmaps"))]}, r"manifests\[1\]: v2/ConfigMap is no kind"),
    ({"manifests": [{"apiVersion": "v1", "kind": "ConfigMap"}]}, "metadata.name is missing; name the ConfigMap"),
    *(
        ({"manifests": [{**BLUE, "metadata": metadata}]}, r"^manifests\[0\]: metadata.name is missing; name the ConfigMap\.$")
        for metadata in ({"name": 7}, {"name": ""}, "a")
    ),
    (
        {"manifests": [{**BLUE, "metadata": {"name": "a"}}]},
        "metadata.namespace of ConfigMap a is missing or no namespace",
    ),
    ({"manifests": [{**BLUE, "metadata": {"name": "a", "namespace": 7}}]}, "metadata.namespace of ConfigMap a is missing"),
    ({"manifests": [{**BLUE, "metadata": {"name": "a", "namespace": "t", "labels": ["x"]}}]}, "metadata.labels of ConfigMap a are no"),
    ({"manifests": [{**BLUE, "status": {"conditions": [{"a": "b"}]}}]}, "ConfigMap a has a status"),
    ({"manifests": [{**BLUE, "status": {"phase": "Active"}}]}, "ConfigMap a has a status, which is the server's to write; leave it out"),
    ({"manifests": [BLUE, SECOND, GREEN]}, r"^manifests\[2\]: ConfigMap t/a is there twice; leave one of the two out\.$"),
    ({"kinds": ["v1/Secret"]}, "kinds: 'v1/Secret' is no kind that is taken here; there are"),
    ({"state": "absent"}, "state: absent, and nothing says where the set is; give kinds and namespaces, or the manifests"),
    ({"state": "absent", "kinds": ["v1/ConfigMap"]}, "state: absent, and nothing says where the set is"),
    ({"state": "absent", "namespaces": ["t"]}, "state: absent, and nothing says where the set is"),
    ({"wait_seconds": -1}, r"^wait_seconds: -1 is no time to wait; give 0 and more\.$"),
    ({"set": "my shop"}, "set: 'my shop' is no label value"),
    ({"set": ""}, "set: '' is no label value"),
    ({"set": "x" * 64}, "is no label value"),
]


def test_nothing_is_not_said() -> None:
    """``kubectl create --dry-run=client -o yaml`` writes such manifests."""
    meta = {"name": "a", "namespace": "t", "creationTimestamp": None, "labels": None, "annotations": {"a": "", "b": None}}
    written = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"colour": "blue", "size": None}}
    written |= {"status": {"loadBalancer": {}, "expectedPods": 0, "conditions": []}}
    (found,) = wanted_of(validated(MANIFESTS_SPEC, set="shop", manifests=[written]))
    labels = {MANAGED_BY: FIELD_MANAGER, SET_LABEL: "shop"}
    assert found.manifest == {**BLUE, "metadata": {"name": "a", "namespace": "t", "annotations": {"a": ""}, "labels": labels}}
    listed = {**written, "data": None, "binaryData": [None, {"a": None, "b": [{"c": None}]}]}
    (found,) = wanted_of(validated(MANIFESTS_SPEC, set="shop", manifests=[listed]))
    assert (found.manifest["binaryData"], "data" in found.manifest) == ([None, {"b": [{}]}], False)
    # What was given stays as it was.
    assert listed["data"] is None
    assert meta["creationTimestamp"] is None


def test_limits_say_what_the_server_takes_from_them() -> None:
    """See SetDefaults_LimitRangeItem of Kubernetes: limits from the maximum, requests from those, or from the minimum."""
    container = {"type": "Container", "max": {"cpu": "2", "memory": "1Gi"}, "min": {"cpu": "1", "storage": "1"}, "default": {"cpu": "1"}}
    (found,) = wanted_of(
        validated(MANIFESTS_SPEC, set="shop", manifests=[manifest(kind=kinds.LIMIT_RANGE, spec={"limits": [container, {"type": "Pod"}]})])
    )
    default = {"cpu": "1", "memory": "1Gi"}
    whole = {**container, "default": default, "defaultRequest": {**default, "storage": "1"}}
    assert found.manifest["spec"]["limits"] == [whole, {"type": "Pod"}]
    odds: list[Any] = [None, {}, [None], "x"]
    for odd in odds:
        wanted_of(validated(MANIFESTS_SPEC, set="shop", manifests=[manifest(kind=kinds.LIMIT_RANGE, spec={"limits": odd})]))


@pytest.mark.parametrize(("options", "sentence"), BAD)
@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_be_applied_is_refused_before_the_cluster_is_asked(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str, check: bool
) -> None:
    with answering(monkeypatch, _manifests), pytest.raises(InputError, match=sentence):
        run(check=check, **options)


def run(*, check: bool = False, **options: Any) -> dict[str, Any]:
    """Run the core. Whether the namespaces are there is looked at in tests of their own."""
    return _manifests.run(validated(MANIFESTS_SPEC, **{"set": "shop", "namespaces_to_come": ["t", "u"], **options}), check_mode=check)


SPACES = "/api/v1/namespaces"
FOUND = (200, {"metadata": {"name": "t"}})
ABSENT = refused(404, 'namespaces "t" not found', "NotFound", kind="namespaces", name="t")

# what is declared, and what is asked of namespaces
NAMESPACES: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]], dict[str, Any], list[Expected]]] = [
    ("once for all that comes", [BLUE, SECOND], [], {}, [(f"GET {SPACES}/t", FOUND)]),
    ("not where something is, whosever it is", [BLUE], [stored(SECOND, None)], {}, []),
    ("not where nothing is to be done", [BLUE], [stored(BLUE)], {}, []),
    ("not where it comes with the set", [SPACE, BLUE], [], {}, []),
    ("not where it comes with the run", [BLUE], [], {"namespaces_to_come": ["t"]}, []),
    ("not for what goes", [], [stored(BLUE)], {"kinds": ["v1/ConfigMap"], "namespaces": ["t"]}, []),
]


@pytest.mark.parametrize(("declared", "there", "options", "asked"), [case[1:] for case in NAMESPACES], ids=[case[0] for case in NAMESPACES])
def test_a_namespace_is_asked_for_where_it_is_not_sure(
    monkeypatch: pytest.MonkeyPatch, declared: list[Any], there: list[Any], options: dict[str, Any], asked: list[Expected]
) -> None:
    reads = [listing(SETTINGS, *there), *([(f"GET {SPACES}{PAGE}", items())] if SPACE in declared else [])]
    with answering(monkeypatch, _manifests, *reads, *asked):
        run(check=True, **{"manifests": declared, "namespaces_to_come": [], **options})


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (ABSENT, "namespace t is not there, and ConfigMap t/a would be made in it; make it first, or name it in namespaces_to_come"),
        ((200, {"metadata": {"name": "t", **GOING}}), "namespace t is being deleted, and ConfigMap t/a would be made in it; wait"),
    ],
)
def test_what_would_be_made_nowhere_is_refused_in_preview_and_apply(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any], sentence: str, check: bool
) -> None:
    with (
        answering(monkeypatch, _manifests, listing(SETTINGS), (f"GET {SPACES}/t", answer)),
        pytest.raises(RefusedError, match=sentence),
    ):
        run(check=check, manifests=[BLUE], namespaces_to_come=[])


def listing(kind: Kind, *objects: dict[str, Any], namespace: str = "t") -> Expected:
    return f"GET {kind.path(namespace)}{PAGE}", items(*objects)


def applying(kind: Kind, name: str, answer: tuple[int, Any] = (200, {})) -> Expected:
    return f"PATCH {kind.path('t', name)}{WRITE}", answer


def test_a_preview_lists_and_an_apply_does_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind once in each namespace; a change, one that comes, and one that goes by its uid."""
    reads = [listing(MIDDLEWARE), listing(SETTINGS, stored(BLUE), stored(manifest("old")))]
    writes: list[Expected] = [applying(MIDDLEWARE, "m"), applying(SETTINGS, "a"), (f"DELETE {SETTINGS.path('t', 'old')}", (200, {}))]
    declared = [manifest("m", MIDDLEWARE, spec={"compress": {}}), GREEN]
    with answering(monkeypatch, _manifests, *reads) as pool:
        preview = run(check=True, manifests=declared)
    assert pool.bodies == [None, None]
    with answering(monkeypatch, _manifests, *reads, *writes) as pool:
        applied = run(manifests=declared)
    assert pool.bodies[-1]["preconditions"] == {"uid": "uid of old"}
    for key in ("changed", "actions", "diff", "digest", "left_out", "took_over", "warnings"):
        assert preview[key] == applied[key], key
    assert preview["requests"] == {"list": 2}
    assert applied["requests"] == {"list": 2, "patch": 2, "delete": 1}
    assert (preview["summary"], applied["summary"]) == (
        "shop: 1 to create, 1 to update, 1 to delete",
        "shop: 1 created, 1 updated, 1 deleted",
    )


PLACES: list[tuple[dict[str, Any], list[Expected]]] = [
    ({}, []),
    ({"kinds": ["v1/ConfigMap"], "namespaces": ["t", "u"]}, [listing(SETTINGS), listing(SETTINGS, namespace="u")]),
    # What is declared is looked for where it is declared, and in all namespaces that are named.
    ({"manifests": [BLUE], "namespaces": ["u"]}, [listing(SETTINGS, stored(BLUE)), listing(SETTINGS, namespace="u")]),
    (
        {"manifests": [BLUE, manifest("m", MIDDLEWARE, "u")], "state": "absent"},
        [listing(MIDDLEWARE, namespace="u"), listing(SETTINGS)],
    ),
    # Each kind in each namespace, once; one name may be of several kinds and namespaces.
    (
        {"manifests": [BLUE, manifest(kind=kinds.SERVICE)], "namespaces": ["t", "u"], "kinds": ["v1/Service", "v1/Namespace"]},
        [
            listing(SETTINGS, stored(BLUE)),
            listing(SETTINGS, namespace="u"),
            listing(kinds.SERVICE, stored(manifest(kind=kinds.SERVICE))),
            listing(kinds.SERVICE, namespace="u"),
        ],
    ),
    # What lives in no namespace has no place in one, and is looked for where it is declared.
    ({"manifests": [SPACE]}, [(f"GET {SPACES}{PAGE}", items(stored(SPACE)))]),
    ({"kinds": ["v1/Namespace"], "namespaces": ["t"]}, []),
]


@pytest.mark.parametrize(("options", "expected"), PLACES)
def test_where_it_looks(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], expected: list[Expected]) -> None:
    with answering(monkeypatch, _manifests, *expected):
        assert run(check=True, **options)["actions"] == []


def test_absent_takes_all_of_the_set_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is an owner's goes with that one, and a namespace by nobody's line: with it all would go that is in it."""
    others = [stored(SECOND, "ingress"), stored(manifest("c"), None), stored(manifest("d"), **OTHERS), stored(manifest("e"), **GOING)]
    there = [stored(BLUE), *others, stored(manifest("old"))]
    for options in ({"manifests": [BLUE]}, {"kinds": ["v1/ConfigMap"], "namespaces": ["t"]}):
        with answering(monkeypatch, _manifests, listing(SETTINGS, *there)):
            result = run(check=True, state="absent", **options)
        assert result["actions"] == [{"action": "delete", "name": f"ConfigMap t/{name}"} for name in ("a", "old")]

    spaces = (f"GET {SPACES}{PAGE}", items(stored(SPACE), stored({**SPACE, "metadata": {"name": "database"}})))
    for state in ("absent", "present"):
        with answering(monkeypatch, _manifests, spaces):
            assert run(manifests=[SPACE], state=state)["actions"] == []


def test_what_is_applied_carries_the_sets_labels_whatever_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    given = copy.deepcopy(BLUE)
    given["metadata"]["labels"] = {"app": "shop", MANAGED_BY: "Helm", SET_LABEL: "another"}
    with answering(monkeypatch, _manifests, listing(SETTINGS), applying(SETTINGS, "a")) as pool:
        run(manifests=[given], request_timeout=3)
    assert pool.bodies[-1]["metadata"]["labels"] == {"app": "shop", MANAGED_BY: FIELD_MANAGER, SET_LABEL: "shop"}
    # The caller's own is left as it was.
    assert given["metadata"]["labels"][SET_LABEL] == "another"
    assert [one.read_timeout for one in pool.timeouts] == [3.0, 3.0]


def test_what_is_taken_over_is_forced_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    path, answer = applying(SETTINGS, "a")
    there = listing(SETTINGS, stored(BLUE, None, "kubectl"))
    with answering(monkeypatch, _manifests, there, (path.replace("force=false", "force=true"), answer)):
        result = run(manifests=[GREEN], take_over=True)
    assert f"ConfigMap t/a .metadata.labels.{MANAGED_BY} from somebody else" in result["took_over"]


@pytest.mark.parametrize("status", [403, 500])
def test_a_definition_that_may_not_be_read_is_not_a_missing_one(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with answering(monkeypatch, _manifests, (f"GET {MIDDLEWARE.path('t')}{PAGE}", refused(status, "no"))), pytest.raises(BlueGreenError):
        run(manifests=[manifest("m", MIDDLEWARE), BLUE])


@pytest.mark.parametrize("check", [True, False])
def test_a_kind_without_its_definition_is_left_out_or_refused(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    """In every namespace after one look; what else is declared is applied."""
    declared = [manifest("c", CERTIFICATE), manifest("d", CERTIFICATE, "u"), BLUE]
    missing = (f"GET {CERTIFICATE.path('t')}{PAGE}", UNKNOWN)
    end = [] if check else [applying(SETTINGS, "a")]
    with answering(monkeypatch, _manifests, missing, listing(SETTINGS), *end):
        result = run(check=check, manifests=declared)
    assert result["left_out"] == ["Certificate t/c", "Certificate u/d"]
    assert result["actions"] == [{"action": "create", "name": "ConfigMap t/a"}]
    (warning,) = result["warnings"]
    assert warning.startswith("cert-manager.io/v1/Certificate: not known to the cluster, so nothing of it is applied")
    with answering(monkeypatch, _manifests, missing, listing(SETTINGS)), pytest.raises(InputError, match="install its definition"):
        run(check=check, manifests=declared, missing_crd="fail")


def test_a_kind_without_its_definition_has_nothing_to_remove(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, _manifests, (f"GET {CERTIFICATE.path('t')}{PAGE}", UNKNOWN)):
        result = run(check=False, state="absent", namespaces=["t"], kinds=[CERTIFICATE.full_name])
    assert (result["changed"], result["left_out"], result["warnings"]) == (False, [], [])


BUILT_IN = [kind for kind in MANIFEST_KINDS.values() if kind.built_in and kind.namespaced]


@pytest.mark.parametrize("kind", BUILT_IN, ids=[f"{kind.api}-{kind.kind}" for kind in BUILT_IN])
@pytest.mark.parametrize("check", [True, False])
def test_a_kind_of_kubernetes_itself_is_never_left_out(monkeypatch: pytest.MonkeyPatch, kind: Kind, check: bool) -> None:
    """A server without autoscaling/v2, or something else that answers there: refused at the first look, whatever missing_crd says."""
    with (
        answering(monkeypatch, _manifests, (f"GET {kind.path('t')}{PAGE}", UNKNOWN)),
        pytest.raises(
            BlueGreenError, match=f"list {kind.plural} in t: the server does not know that kind .* a Kubernetes that has {kind.api}"
        ),
    ):
        run(check=check, manifests=[manifest(kind=kind)])


def test_validate_asks_the_server_without_storing(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but deletions, and what cannot be tried yet for its namespace is to come."""
    dry = f"{WRITE}&dryRun=All"
    reads = [listing(SETTINGS, stored(manifest("old"))), listing(SETTINGS, namespace="u"), (f"GET /api/v1/namespaces{PAGE}", items())]
    declared = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "u"}}, BLUE, manifest("b", namespace="u")]
    tries: list[Expected] = [
        (f"PATCH {kinds.NAMESPACE.path(None, 'u')}{dry}", (200, {})),
        (f"PATCH {SETTINGS.path('t', 'a')}{dry}", (200, {})),
    ]
    with answering(monkeypatch, _manifests, *reads, *tries):
        result = run(check=True, manifests=declared, validate="server")
    assert result["warnings"] == ["1 object was not validated by the server, for its namespace is not there yet."]
    # An apply is its own proof.
    with answering(monkeypatch, _manifests, listing(SETTINGS), applying(SETTINGS, "a")):
        run(manifests=[BLUE], validate="server")


TRIES: list[tuple[tuple[int, Any], str]] = [
    (refused(403, 'User "reader" cannot patch resource "configmaps"'), r"^validate: server needs the rights .* Leave validate at client"),
    # What would stand in the way of an apply, too, has nothing to do with rights.
    (refused(403, "exceeded quota: q, requested: configmaps=1"), r"^patch ConfigMap a in t: a quota stands in the way"),
    (refused(403, "maximum storage usage is 1Gi"), r"^patch ConfigMap a in t: the server forbids that to kubeconfig k"),
    (refused(422, "invalid"), r"^patch ConfigMap a in t: the server finds it invalid"),
]


@pytest.mark.parametrize(("answer", "sentence"), TRIES)
def test_what_the_server_says_to_a_try_is_told(monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any], sentence: str) -> None:
    tried = (f"PATCH {SETTINGS.path('t', 'a')}{WRITE}&dryRun=All", answer)
    there = (f"GET {kinds.NAMESPACE.path(None, 't')}", (200, {"kind": "Namespace", "metadata": {"name": "t"}}))
    with answering(monkeypatch, _manifests, listing(SETTINGS), there, tried), pytest.raises(BlueGreenError, match=sentence):
        run(check=True, manifests=[BLUE], validate="server")


def test_what_comes_into_a_namespace_to_come_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is to be made somewhere is looked for, and where something is already nothing has to be looked for."""
    reads = [listing(SETTINGS, stored(manifest("old"))), listing(SETTINGS, namespace="u")]
    absent: Expected = (f"GET {kinds.NAMESPACE.path(None, 'u')}", refused(404, 'namespaces "u" not found'))
    tried: Expected = (f"PATCH {SETTINGS.path('t', 'a')}{WRITE}&dryRun=All", (200, {}))
    with answering(monkeypatch, _manifests, *reads, absent, tried):
        result = run(check=True, manifests=[BLUE, manifest("b", namespace="u")], validate="server", namespaces_to_come=["t", "u", "v"])
    assert result["warnings"] == ["1 object was not validated by the server, for its namespace is not there yet."]


def test_a_step_that_fails_says_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [applying(SETTINGS, "a"), applying(SETTINGS, "b", refused(422, "invalid"))]
    with (
        answering(monkeypatch, _manifests, listing(SETTINGS), *steps),
        pytest.raises(BlueGreenError, match="1 of 2 steps were done and stay; run again to finish") as caught,
    ):
        run(manifests=[BLUE, SECOND], wait_seconds=60)
    assert (caught.value.facts["done"], caught.value.facts["changed"]) == (["create ConfigMap t/a"], True)


def looks(job: dict[str, Any], times: int) -> list[Expected]:
    return [(f"GET {JOB.path('t', 'j')}", (200, job))] * times


RUNNING = {"metadata": {"name": "j", "namespace": "t"}}
COMPLETE = {**RUNNING, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
FAILED = {**RUNNING, "status": {"conditions": [{"type": "Failed", "status": "True", "message": "BackoffLimitExceeded"}]}}


def test_what_takes_long_is_waited_for_as_long_as_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes, asked twice a second: once a task's own two minutes cut it off."""
    clock = Clock(monkeypatch, _manifests_wait)
    job = manifest("j", JOB, spec={"template": {}})
    expected = [listing(JOB), applying(JOB, "j"), *looks(RUNNING, 1200), *looks(COMPLETE, 1)]
    with answering(monkeypatch, _manifests, *expected):
        assert run(manifests=[job], wait_seconds=601)["changed"]
    assert clock.passed == 600.0


def test_what_is_as_it_should_be_is_waited_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run before may have been killed while it waited."""
    Clock(monkeypatch, _manifests_wait)
    job = manifest("j", JOB, spec={"template": {}})
    with answering(monkeypatch, _manifests, listing(JOB, stored(job)), *looks(RUNNING, 1), *looks(COMPLETE, 1)):
        assert not run(manifests=[job], wait_seconds=9)["changed"]


@pytest.mark.parametrize(
    ("last", "seconds", "sentence"), [(RUNNING, 300, "not ready after 300 s: Job t/j: not complete yet"), (FAILED, 0.5, "Job t/j failed")]
)
def test_what_does_not_come_is_told(monkeypatch: pytest.MonkeyPatch, last: dict[str, Any], seconds: float, sentence: str) -> None:
    clock = Clock(monkeypatch, _manifests_wait)
    wait = [*looks(RUNNING, 601), *looks(RUNNING, 1)] if last is RUNNING else [*looks(RUNNING, 1), *looks(last, 1)]
    job = manifest("j", JOB, spec={"template": {}})
    with (
        answering(monkeypatch, _manifests, listing(JOB), applying(JOB, "j"), *wait),
        pytest.raises(RefusedError, match=sentence) as caught,
    ):
        run(manifests=[job], wait_seconds=300)
    assert caught.value.facts["changed"] is True
    assert clock.passed == (seconds if last is FAILED else seconds + 0.5)


def test_nothing_is_waited_for_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    job = manifest("j", JOB, spec={"template": {}})
    with answering(monkeypatch, _manifests, listing(JOB), applying(JOB, "j")):
        run(manifests=[job])
    # Nor in a preview, nor for what is ready at once.
    with answering(monkeypatch, _manifests, listing(JOB)):
        run(check=True, manifests=[job], wait_seconds=60)
    with answering(monkeypatch, _manifests, listing(SETTINGS), applying(SETTINGS, "a")):
        run(manifests=[BLUE], wait_seconds=60)
