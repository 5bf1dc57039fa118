# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of manifests: what is taken, where it is looked for, what is pruned, and what a run asks of a server."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _manifests, _manifests_wait
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import MANAGED_BY, SET_LABEL, KubernetesError
from tests.tools.cluster import Cluster

OURS = {MANAGED_BY: "bluegreen.orchestrator", SET_LABEL: "shop"}
CONFIG, ROUTE, INGRESS = "v1/ConfigMap", "traefik.io/v1alpha1/IngressRoute", "networking.k8s.io/v1/Ingress"


def manifest(key: str = CONFIG, name: str = "a", namespace: str | None = "t", **parts: Any) -> dict[str, Any]:
    """A manifest by its ``apiVersion/kind``."""
    api, _slash, kind = key.rpartition("/")
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **({"namespace": namespace} if namespace else {})}, **parts}


def stored(given: dict[str, Any], labels: dict[str, str] | None = None, **metadata: Any) -> dict[str, Any]:
    """A manifest as the server has it after an apply of this set."""
    found = copy.deepcopy(given)
    found["metadata"] |= {"uid": f"uid of {given['metadata']['name']}", "labels": OURS if labels is None else labels, **metadata}
    return found


class Runs:
    """Runs the core on a cluster."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        self.waited: list[Any] = []
        self.patch.setattr(_manifests, "opened", lambda given: contextlib.nullcontext(given["kubeconfig"]))
        self.patch.setattr(_manifests_wait, "wait", lambda _api, places, seconds: self.waited.append((list(places), seconds)))

    def run(self, on: Cluster, *manifests: dict[str, Any], check: bool = True, **options: Any) -> dict[str, Any]:
        """Run it."""

        def connected(_access: object, *, timeout: float) -> Cluster:
            on.timeout = timeout
            return on

        self.patch.setattr(_manifests, "Api", connected)
        given = {"set": "shop", "manifests": list(manifests), **options}
        checked = ArgumentSpecValidator(_manifests.MANIFESTS_SPEC).validate(given)
        assert not checked.errors.errors, checked.errors.msg
        return _manifests.run(checked.validated_parameters, check_mode=check)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(monkeypatch)


def names(result: dict[str, Any]) -> list[str]:
    return [f"{action['action']} {action['name']}" for action in result["actions"]]


def test_a_preview_lists_and_an_apply_does_what_was_told(runs: Runs) -> None:
    found = [stored(manifest(name="same")), stored(manifest(name="other", data={"x": "1"})), stored(manifest(name="gone"))]
    given = [manifest(name="new"), manifest(name="other", data={"x": "2"}), manifest(name="same")]
    told = ["create ConfigMap t/new", "update ConfigMap t/other", "delete ConfigMap t/gone"]
    for check, summary, writes in (
        (True, "shop: 1 to create, 1 to update, 1 to delete", []),
        (False, "shop: 1 created, 1 updated, 1 deleted", ["apply ConfigMap t new", "apply ConfigMap t other", "delete ConfigMap t gone"]),
    ):
        on = Cluster(found)
        result = runs.run(on, *given, check=check, request_timeout=3)
        assert (names(result), result["summary"], result["changed"], on.writes) == (told, summary, True, writes)
        assert (on.lines[0], on.timeout, result["requests"]) == ("list ConfigMap t", 3.0, dict(sorted(on.requests.items())))
    assert on.uids == ["uid of gone"]
    again = runs.run(Cluster([stored(manifest())]), manifest())
    assert (again["changed"], again["summary"]) == (False, "shop: nothing to change")


def test_what_is_applied_carries_the_sets_labels_whatever_was_given(runs: Runs) -> None:
    given = manifest()
    given["metadata"]["labels"] = {"app": "shop", MANAGED_BY: "Helm", SET_LABEL: "another"}
    on = Cluster()
    runs.run(on, given, check=False)
    assert on.applied[0]["metadata"]["labels"] == {"app": "shop", **OURS}
    # The caller's own is left as it was.
    assert given["metadata"]["labels"][SET_LABEL] == "another"


BAD: list[tuple[list[dict[str, Any]], dict[str, Any], str]] = [
    ([manifest("v1/Secret")], {}, r"^manifests\[0\]: v1/Secret is no kind that is taken here; there are "),
    ([{"apiVersion": "v1", "kind": "ConfigMap"}], {}, r"^manifests\[0\]: metadata.name is missing; name the ConfigMap\.$"),
    ([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ""}}], {}, "metadata.name is missing"),
    ([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": 5}}], {}, "metadata.name is missing"),
    ([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": "a"}], {}, "metadata.name is missing"),
    ([manifest(), manifest(namespace=None)], {}, r"^manifests\[1\]: metadata.namespace of ConfigMap a is missing; say where it is to live"),
    ([manifest(status={})], {}, r"^manifests\[0\]: ConfigMap a has a status, which is the server's to write; leave it out\."),
    ([manifest(), manifest(name="b"), manifest()], {}, r"^manifests\[2\]: ConfigMap t/a is there twice; leave one of the two out\."),
    ([], {"kinds": ["v1/Pod"]}, "^kinds: 'v1/Pod' is no kind that is taken here; there are "),
]


@pytest.mark.parametrize(("manifests", "options", "sentence"), BAD)
def test_what_cannot_be_applied_is_refused_before_a_server_is_asked(
    runs: Runs, manifests: list[dict[str, Any]], options: dict[str, Any], sentence: str
) -> None:
    on = Cluster()
    with pytest.raises(InputError, match=sentence):
        runs.run(on, *manifests, **options)
    assert on.lines == []


def test_one_name_may_be_of_several_kinds_and_namespaces(runs: Runs) -> None:
    on = Cluster()
    result = runs.run(on, manifest(), manifest(namespace="u"), manifest("v1/Service"), manifest("v1/Namespace", "a", None))
    assert len(result["actions"]) == 4
    assert on.lines == ["list ConfigMap t", "list ConfigMap u", "list Namespace", "list Service t"]


def test_every_kind_is_looked_for_in_every_namespace(runs: Runs) -> None:
    """What was in a namespace and is declared nowhere any more is found there; what lives in none is listed where it is declared."""
    on = Cluster([stored(manifest(name="left", namespace="u")), stored(manifest("v1/Service", "left"))])
    result = runs.run(on, manifest(), namespaces=["t", "u"], kinds=["v1/Service", "v1/Namespace"])
    assert on.lines == ["list ConfigMap t", "list ConfigMap u", "list Service t", "list Service u"]
    assert names(result) == ["create ConfigMap t/a", "delete ConfigMap u/left", "delete Service t/left"]


LEFT: list[tuple[dict[str, Any], bool]] = [
    (stored(manifest(name="left")), True),
    (stored(manifest(name="left"), {}), False),
    (stored(manifest(name="left"), {SET_LABEL: "shop"}), False),
    (stored(manifest(name="left"), {**OURS, MANAGED_BY: "Helm"}), False),
    (stored(manifest(name="left"), {**OURS, SET_LABEL: "desk"}), False),
    (stored(manifest(name="left"), {MANAGED_BY: "bluegreen.orchestrator"}), False),
    (stored(manifest(name="left"), deletionTimestamp="now"), False),
    # It goes with what owns it.
    (stored(manifest(name="left"), ownerReferences=[{"kind": "Job", "name": "j"}]), False),
]


@pytest.mark.parametrize(("left", "goes"), LEFT)
@pytest.mark.parametrize("options", [{}, {"state": "absent"}])
def test_a_set_prunes_its_own_only(runs: Runs, left: dict[str, Any], goes: bool, options: dict[str, Any]) -> None:
    result = runs.run(Cluster([left]), namespaces=["t"], kinds=[CONFIG], **options)
    assert names(result) == ["delete ConfigMap t/left"] * goes


def test_a_namespace_is_never_pruned(runs: Runs) -> None:
    """With it all would go that is in it: a tenant's database, by a line that was deleted."""
    there = [stored(manifest("v1/Namespace", "db", None)), stored(manifest("v1/Namespace", "more", None))]
    on = Cluster(there)
    assert names(runs.run(on, manifest("v1/Namespace", "more", None), check=False)) == []
    assert names(runs.run(Cluster(there), manifest("v1/Namespace", "db", None), state="absent")) == []


def test_absent_takes_away_what_is_declared_too(runs: Runs) -> None:
    on = Cluster([stored(manifest())])
    result = runs.run(on, manifest(), manifest("v1/Service"), state="absent", check=False)
    assert (names(result), on.writes) == (["delete ConfigMap t/a"], ["delete ConfigMap t a"])


def test_what_comes_is_applied_in_the_order_of_the_list_before_anything_goes(runs: Runs) -> None:
    on = Cluster([stored(manifest(name="left"))])
    runs.run(on, manifest("v1/Service"), manifest(), check=False)
    assert on.writes == ["apply Service t a", "apply ConfigMap t a", "delete ConfigMap t left"]


def test_what_is_somebody_elses_is_taken_over_on_demand_only(runs: Runs) -> None:
    theirs = stored(manifest(data={"x": "1"}), {})
    with pytest.raises(RefusedError, match="owned by somebody else"):
        runs.run(Cluster([theirs]), manifest(data={"x": "2"}))
    on = Cluster([theirs])
    result = runs.run(on, manifest(data={"x": "2"}), take_over=True, check=False)
    assert on.writes == ["apply ConfigMap t a by force"]
    assert result["took_over"] == ["ConfigMap t/a .metadata.labels.app.kubernetes.io/managed-by from somebody else"]


UNKNOWN = KubernetesError("the server knows no such thing.", status=404)


def test_a_kind_that_the_cluster_does_not_know_is_left_out_and_named(runs: Runs) -> None:
    on = Cluster([stored(manifest(name="left"))], refuses={"list IngressRoute t": UNKNOWN})
    result = runs.run(on, manifest(ROUTE), manifest(), namespaces=["t", "u"], check=False, wait_seconds=5)
    assert (names(result), result["left_out"]) == (["create ConfigMap t/a", "delete ConfigMap t/left"], ["IngressRoute t/a"])
    assert result["warnings"] == [f"{ROUTE}: not known to the cluster, so nothing of it is applied; install its definition (CRD)."]
    # Asked once, not in each namespace.
    assert [line for line in on.lines if "IngressRoute" in line] == ["list IngressRoute t"]
    assert [[kind.kind for kind, _namespace, _name in places] for places, _seconds in runs.waited] == [["ConfigMap"]]


def test_a_kind_that_the_cluster_does_not_know_can_stop_the_run(runs: Runs) -> None:
    on = Cluster(refuses={"list IngressRoute t": UNKNOWN})
    with pytest.raises(InputError, match=f"^manifests: the cluster does not know {ROUTE}; install its definition"):
        runs.run(on, manifest(ROUTE), manifest(), check=False, missing_crd="fail")
    assert on.writes == []


@pytest.mark.parametrize(
    ("key", "status"),
    [
        # Of Kubernetes itself: whoever answers there is none.
        (CONFIG, 404),
        ("apps/v1/Deployment", 404),
        (INGRESS, 404),
        (ROUTE, 403),
        (ROUTE, 500),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_absent(runs: Runs, key: str, status: int) -> None:
    kind = key.rpartition("/")[2]
    on = Cluster(refuses={f"list {kind} t": KubernetesError("no.", status=status)})
    with pytest.raises(KubernetesError):
        runs.run(on, manifest(key), check=False)
    assert on.writes == []


def test_the_server_is_asked_in_a_preview_only(runs: Runs) -> None:
    for options, tries in (({"validate": "server"}, 1), ({}, 0), ({"validate": "server", "check": False}, 0)):
        on = Cluster()
        runs.run(on, manifest(), **options)
        assert len([line for line in on.lines if line.startswith("try")]) == tries, options


def test_an_apply_waits_and_a_preview_does_not(runs: Runs) -> None:
    runs.run(Cluster(), manifest(), check=True, wait_seconds=9)
    assert runs.waited == []
    runs.run(Cluster([stored(manifest())]), manifest(), check=False, wait_seconds=9)
    (((kind, *place),), seconds) = runs.waited[0]
    # Also of what was as it should be: the run before may have been killed while it waited.
    assert (kind.kind, place, seconds) == ("ConfigMap", ["t", "a"], 9)


def test_a_step_that_fails_says_how_far_it_came(runs: Runs) -> None:
    on = Cluster(refuses={"apply Service t a": KubernetesError("no.", status=403)})
    with pytest.raises(BlueGreenError, match="1 of 2 steps were done and stay"):
        runs.run(on, manifest(), manifest("v1/Service"), check=False, wait_seconds=9)
    assert runs.waited == []
