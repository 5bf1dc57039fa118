# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the Kubernetes API against a strict list of requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api, Kind, KubernetesError
from tests.kubernetes_requests import HOST, PAGE, UNKNOWN, Clock, Expected, Pool, refused


class Client:
    """A client whose waiting takes no time."""

    def __init__(self, *expected: Expected) -> None:
        self.pool = Pool(*expected)
        self.slept: list[float] = []
        self.api = Api(self.pool.access, _sleep=self.slept.append)


QUOTAS = "/api/v1/namespaces/t/resourcequotas"
MANIFEST = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "t"}, "spec": {"hard": {"pods": "1"}}}
APPLY = f"PATCH {QUOTAS}/q?fieldManager=bluegreen.orchestrator&force=false"


Q: dict[str, Any] = {"kind": "ResourceQuota", "metadata": {"name": "q"}}
S: dict[str, Any] = {"kind": "StorageClass", "metadata": {"name": "s"}}


def named(number: int) -> dict[str, Any]:
    return {"metadata": {"name": f"q{number}"}, "n": number}


NOTHING: list[Any] = [
    *(b"<html>Log in</html>", b"", b'{"items": [', b"[" * 100_000),
    *([], None, {"kind": "Status", "status": "Failure"}, {"items": "q"}, {"items": []}),
]


@pytest.mark.parametrize("answer", NOTHING, ids=lambda answer: repr(answer)[:30])
@pytest.mark.parametrize("status", [200, 204])
def test_an_answer_of_something_else_is_neither_nothing_nor_done(answer: Any, status: int) -> None:
    """A proxy's login page, a cut answer: what is then "not there" would be deleted with its data, and what is "done" is not."""
    deletion = f"DELETE {QUOTAS}/q"
    client = Client(*[(line, (status, answer)) for line in (f"GET {QUOTAS}/q", f"GET {QUOTAS}{PAGE}", APPLY, deletion)])
    calls: list[Callable[[], object]] = [
        lambda: client.api.get(kinds.QUOTA, "t", "q"),
        lambda: client.api.list_all(kinds.QUOTA, "t"),
        lambda: client.api.apply(kinds.QUOTA, MANIFEST),
        lambda: client.api.delete(kinds.QUOTA, "t", "q", "uid-1"),
    ]
    for call in calls:
        with pytest.raises(KubernetesError, match="see whether an API server is at that address, or only a proxy"):
            call()
    client.pool.done()


@pytest.mark.parametrize("item", [1, "q", {}, {"metadata": {}}, {"metadata": {"name": None}}])
def test_a_list_of_something_else_is_none(item: Any) -> None:
    client = Client((f"GET {QUOTAS}{PAGE}", (200, {"items": [named(1), item], "metadata": {}})))
    with pytest.raises(KubernetesError, match="the answer is no list of resourcequotas"):
        client.api.list_all(kinds.QUOTA, "t")


def test_the_same_page_again_is_no_progress() -> None:
    page = {"items": [named(1)], "metadata": {"continue": "x"}}
    client = Client((f"GET {QUOTAS}{PAGE}", (200, page)), (f"GET {QUOTAS}{PAGE}&continue=x", (200, page)))
    with pytest.raises(KubernetesError, match="the same page again and again"):
        client.api.list_all(kinds.QUOTA, "t")


def test_a_header_that_cannot_be_sent_is_not_quoted() -> None:
    client = Client((f"GET {QUOTAS}/q", ValueError("Invalid header value b'Bearer canary'")))
    with pytest.raises(KubernetesError) as caught:
        client.api.get(kinds.QUOTA, "t", "q")
    assert "cannot be sent (ValueError)" in caught.value.sentence
    assert "canary" not in caught.value.sentence


def test_reads() -> None:
    client = Client(
        (f"GET {QUOTAS}/q", (200, Q)),
        (f"GET {QUOTAS}/none", refused(404, "not found")),
        (f"GET {QUOTAS}{PAGE}", (200, {"items": [named(1)], "metadata": {"continue": "token/2"}})),
        (f"GET {QUOTAS}{PAGE}&continue=token%2F2", (200, {"items": [named(2)], "metadata": {}})),
        ("GET /apis/storage.k8s.io/v1/storageclasses/s", (200, S)),
        ("GET /api/v1/namespaces?limit=500&labelSelector=tenant%3Dacme", (200, {"items": None, "metadata": {}})),
    )
    assert client.api.get(kinds.QUOTA, "t", "q") == Q
    assert client.api.get(kinds.QUOTA, "t", "none") is None
    of = {"apiVersion": "v1", "kind": "ResourceQuota"}
    assert client.api.list_all(kinds.QUOTA, "t") == [of | named(1), of | named(2)]
    assert client.api.get(kinds.STORAGE_CLASS, None, "s") == S
    assert client.api.list_all(kinds.NAMESPACE, labels="tenant=acme") == []
    assert client.api.requests == {"get": 3, "list": 3}
    client.pool.done()


def test_a_list_whose_rest_has_expired_is_asked_for_as_a_whole() -> None:
    """A continue token lives five minutes; a list in two halves of different ages would be no list."""
    client = Client(
        (f"GET {QUOTAS}{PAGE}", (200, {"items": [named(1)], "metadata": {"continue": "old"}})),
        (f"GET {QUOTAS}{PAGE}&continue=old", refused(410, "The provided continue parameter is too old", "Expired")),
        (f"GET {QUOTAS}", (200, {"items": [named(2), named(3)], "metadata": {}})),
        (f"GET {QUOTAS}{PAGE}", refused(410, "gone", "Expired")),
    )
    assert [one["n"] for one in client.api.list_all(kinds.QUOTA, "t")] == [2, 3]
    with pytest.raises(KubernetesError, match="410: gone"):
        client.api.list_all(kinds.QUOTA, "t")
    client.pool.done()


def test_writes() -> None:
    client = Client(
        (APPLY, (200, {})),
        (APPLY.replace("false", "true") + "&dryRun=All", (200, {})),
        (f"DELETE {QUOTAS}/q", (200, {})),
        (f"DELETE {QUOTAS}/q", refused(404, "gone")),
    )
    client.api.apply(kinds.QUOTA, MANIFEST)
    client.api.apply(kinds.QUOTA, MANIFEST, force=True, dry_run=True)
    client.api.delete(kinds.QUOTA, "t", "q", "uid-1")
    client.api.delete(kinds.QUOTA, "t", "q", "uid-1")
    assert client.pool.bodies[:2] == [MANIFEST, MANIFEST]
    # In the background: what an object owns goes with it, and nobody waits for that.
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "uid-1"}, "propagationPolicy": "Background"}
    assert client.pool.bodies[2:] == [options, options]
    assert [headers["Content-Type"] for headers in client.pool.headers] == ["application/apply-patch+yaml"] * 2 + ["application/json"] * 2
    client.pool.done()


CONFLICT = {"reason": "FieldManagerConflict", "field": ".spec.hard.pods", "message": 'conflict with "kubectl-edit" using v1'}
REFUSALS: list[tuple[tuple[int, Any], list[str]]] = [
    (refused(401, "Unauthorized"), ["does not accept the credentials of kubeconfig k (401); renew them"]),
    (
        refused(403, 'resourcequotas "q" is forbidden: User "reader" cannot patch resource'),
        ["patch ResourceQuota q in t: not allowed for kubeconfig k (403)", "grant the verb patch on resourcequotas in namespace t"],
    ),
    (
        refused(403, 'resourcequotas "q" is forbidden: User "half" cannot create resource "resourcequotas" in API group ""'),
        ["patch ResourceQuota q in t: not allowed for kubeconfig k (403)", "grant the verb create on resourcequotas in namespace t"],
    ),
    (
        refused(403, 'roles "r" is forbidden: user "half" is attempting to grant RBAC permissions not currently held: {pods: get}'),
        ["the server forbids that to kubeconfig k, whatever its verbs (403: roles", "change what is asked for, or what forbids it."],
    ),
    (refused(403, f'"{"q" * 250}" is forbidden: User "{"u" * 250}" cannot delete resource'), ["grant the verb delete on resourcequotas"]),
    (refused(403, "exceeded quota: q, requested: pods=1"), ["a quota stands in the way (exceeded quota: q"]),
    (refused(403, "unable to create new content in namespace t because it is being terminated"), ["the namespace is being deleted; wait"]),
    (
        refused(404, 'namespaces "t" not found'),
        ["patch ResourceQuota q in t: the namespace t is not there (404); make it first, or correct its name."],
    ),
    (UNKNOWN, ["does not know that kind (404: 404 page not found); see whether this is a Kubernetes that has v1."]),
    (refused(409, "Apply failed", causes=[CONFLICT]), ['.spec.hard.pods: conflict with "kubectl-edit"', "give take_over: true"]),
    (refused(409, "the object has been modified"), ["somebody else changed it at the same moment (409"]),
    (
        refused(422, "invalid", causes=[{"field": "spec.hard", "message": "must be a quantity"}]),
        ["the server finds it invalid (422): spec.hard: must be a quantity"],
    ),
    (refused(500, "etcd is on fire"), ["the server could not do it (500: etcd is on fire)"]),
    ((502, b"<html>Bad gateway</html>"), ["the server could not do it (502: <html>Bad gateway</html>)"]),
    ((302, b"log in first"), ["the server sends us elsewhere (302); give the address of the API server itself."]),
    (
        refused(422, "invalid", causes=[{"field": f"f{number}", "message": "wrong"} for number in range(7)]),
        ["f0: wrong; f1: wrong; f2: wrong; f3: wrong; f4: wrong."],
    ),
]


@pytest.mark.parametrize(("answer", "sentences"), REFUSALS)
def test_a_refusal_is_a_sentence(answer: tuple[int, Any], sentences: list[str]) -> None:
    client = Client((APPLY, answer))
    with pytest.raises(KubernetesError) as caught:
        client.api.apply(kinds.QUOTA, MANIFEST)
    for sentence in sentences:
        assert sentence in caught.value.sentence
    # Others add theirs.
    assert caught.value.sentence.endswith(".")
    assert bool(caught.value.missing_verb) is ("grant the verb" in caught.value.sentence)
    assert "canary-token" not in f"{caught.value.sentence} {caught.value.facts} {client.api!r}"
    client.pool.done()


MIDDLEWARE = kinds.MANIFEST_KINDS["traefik.io/v1alpha1/Middleware"]
UNSERVED: list[tuple[Kind, str]] = [
    (kinds.AUTOSCALER, "this is a Kubernetes that has autoscaling/v2"),
    (kinds.NETWORK_POLICY, "this is a Kubernetes that has networking.k8s.io/v1"),
    (kinds.QUOTA, "this is a Kubernetes that has v1"),
    (MIDDLEWARE, "the definition of the kind (CRD) is installed"),
]


@pytest.mark.parametrize(("kind", "remedy"), UNSERVED)
def test_a_kind_that_is_not_served_is_named_with_what_brings_it(kind: Kind, remedy: str) -> None:
    """A definition can be installed; autoscaling/v2 cannot."""
    client = Client((f"GET {kind.path('t')}{PAGE}", UNKNOWN))
    with pytest.raises(KubernetesError) as caught:
        client.api.list_all(kind, "t")
    assert caught.value.status == 404
    assert caught.value.sentence == (
        f"list {kind.plural} in t: the server does not know that kind (404: 404 page not found); see whether {remedy}."
    )


def test_only_the_groups_of_others_can_be_missing() -> None:
    """Kubernetes' own, among them those that end in .k8s.io, are there or this is none."""
    others = {kind.group for kind in kinds.MANIFEST_KINDS.values() if not kind.built_in}
    assert others == {"traefik.io", "cert-manager.io", "monitoring.coreos.com", "mysql.oracle.com", "argoproj.io"}


@pytest.mark.parametrize("status", [401, 403, 500])
def test_what_may_not_be_read_is_not_taken_for_absent(status: int) -> None:
    """To a plan that would be something to create, or nothing in the way."""
    said = "User cannot get resource" if status == 403 else "no"
    client = Client((f"GET {QUOTAS}/q", refused(status, said)), ("GET /api/v1/namespaces/t", refused(status, said)))
    for kind, namespace, name in ((kinds.QUOTA, "t", "q"), (kinds.NAMESPACE, None, "t")):
        with pytest.raises(KubernetesError) as caught:
            client.api.get(kind, namespace, name)
        assert caught.value.status == status
    if status == 403:
        assert "grant the verb get on namespaces (in the whole cluster)" in caught.value.sentence


def test_what_may_not_be_deleted_is_no_success() -> None:
    client = Client((f"DELETE {QUOTAS}/q", refused(409, "the UID in the precondition (uid-1) does not match")))
    with pytest.raises(KubernetesError, match=r"somebody else changed it at the same moment \(409"):
        client.api.delete(kinds.QUOTA, "t", "q", "uid-1")


def impatient(monkeypatch: pytest.MonkeyPatch, client: Client) -> Clock:
    """A client whose waiting takes its time."""
    clock = Clock(monkeypatch)
    client.api._begun, client.api._sleep = clock.now, clock.sleep
    return clock


BUSY = [(429, r"is asked too much \(429\), still after 15 s; run again later, or with fewer forks", 6), (503, r"is not ready \(503\)", 31)]


@pytest.mark.parametrize(("status", "sentence", "times"), BUSY)
def test_a_server_that_stays_busy_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch, status: int, sentence: str, times: int) -> None:
    client = Client(*[(f"GET {QUOTAS}/q", refused(status, "slow down"))] * times)
    clock = impatient(monkeypatch, client)
    with pytest.raises(KubernetesError, match=sentence):
        client.api.get(kinds.QUOTA, "t", "q")
    assert clock.passed == pytest.approx(15)
    client.pool.done()


def test_a_server_that_asks_for_more_than_the_patience_gets_the_rest_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client((f"GET {QUOTAS}/q", refused(429, "slow down")), (f"GET {QUOTAS}/q", (200, Q)))
    client.pool.retry_after = "3600"
    clock = impatient(monkeypatch, client)
    client.api.get(kinds.QUOTA, "t", "q")
    assert clock.passed == pytest.approx(15)


@pytest.mark.parametrize("status", [429, 503, 504])
def test_what_passes_is_waited_for(status: int) -> None:
    client = Client((f"GET {QUOTAS}/q", (status, b"")), (f"GET {QUOTAS}/q", (200, Q)))
    assert client.api.get(kinds.QUOTA, "t", "q") == Q


def test_a_server_that_does_not_come_back_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    away = urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError())
    client = Client((f"GET {QUOTAS}/q", (200, Q)), *[(APPLY, away)] * 61)
    clock = impatient(monkeypatch, client)
    client.api.get(kinds.QUOTA, "t", "q")
    with pytest.raises(KubernetesError, match="broke the connection off"):
        client.api.apply(kinds.QUOTA, MANIFEST)
    assert clock.passed == pytest.approx(15)
    client.pool.done()


def test_a_certificate_that_is_not_trusted_gets_no_better_by_waiting() -> None:
    wrong = urllib3.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    client = Client((f"GET {QUOTAS}/q", (200, Q)), (APPLY, wrong))
    client.api.get(kinds.QUOTA, "t", "q")
    with pytest.raises(KubernetesError, match="is not trusted"):
        client.api.apply(kinds.QUOTA, MANIFEST)
    assert client.slept == []


@pytest.mark.parametrize(("deadline", "limit"), [(120.0, 10.0), (4.0, 4.0)])
def test_a_request_has_no_more_time_than_the_task(deadline: float, limit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client((f"GET {QUOTAS}/q", (200, Q)))
    impatient(monkeypatch, client)
    client.api.timeout, client.api.deadline = 10.0, deadline
    client.api.get(kinds.QUOTA, "t", "q")
    assert [(one.connect_timeout, one.read_timeout) for one in client.pool.timeouts] == [(limit, limit)]


def test_a_busy_server_is_asked_again() -> None:
    client = Client((f"GET {QUOTAS}/q", refused(429, "slow down")), (f"GET {QUOTAS}/q", (503, b"")), (f"GET {QUOTAS}/q", (200, Q)))
    assert client.api.get(kinds.QUOTA, "t", "q") == Q
    assert client.slept == [3.0, 0.5]
    assert client.api.requests == {"get": 3}


def test_a_restart_in_the_middle_is_waited_for_and_a_wrong_address_is_not() -> None:
    away = urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError())
    client = Client((f"GET {QUOTAS}/q", (200, Q)), (APPLY, away), (APPLY, away), (APPLY, (200, {})))
    client.api.get(kinds.QUOTA, "t", "q")
    client.api.apply(kinds.QUOTA, MANIFEST)
    client.pool.done()
    client = Client((f"GET {QUOTAS}/q", away))
    with pytest.raises(KubernetesError, match="broke the connection off"):
        client.api.get(kinds.QUOTA, "t", "q")


NO_ANSWER = [
    (urllib3.exceptions.NewConnectionError(None, "[Errno 111] Connection refused"), "refuses connections: nothing listens there"),  # type: ignore[arg-type]
    (urllib3.exceptions.ReadTimeoutError(None, "/", "Read timed out."), "did not answer within 10 s"),  # type: ignore[arg-type]
    (urllib3.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), "shows a certificate that is not trusted"),
    # As urllib3 1.26 says it, which compares names itself.
    (urllib3.exceptions.SSLError("CertificateError(\"hostname 'a' doesn't match 'b'\")"), "shows a certificate for other names"),
    (urllib3.exceptions.SSLError("[SSL: WRONG_VERSION_NUMBER]"), "speaks no TLS that we understand"),
    (urllib3.exceptions.ProxyError("Unable to connect to proxy", OSError()), "the proxy on the way"),
    (urllib3.exceptions.NameResolutionError("h", None, OSError("unknown")), "has a name that DNS does not know"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("error", "sentence"), NO_ANSWER)
def test_no_answer_is_a_sentence(error: Exception, sentence: str) -> None:
    client = Client((f"GET {QUOTAS}/q", error))
    with pytest.raises(KubernetesError, match=sentence) as caught:
        client.api.get(kinds.QUOTA, "t", "q")
    assert HOST in caught.value.sentence


def test_the_whole_task_has_its_time() -> None:
    client = Client()
    client.api.deadline = 0.0
    with pytest.raises(KubernetesError, match="the time for the whole task"):
        client.api.get(kinds.QUOTA, "t", "q")


def test_queries_are_escaped() -> None:
    path = kinds.QUOTA.path("t/../x", "a b?")
    assert path == "/api/v1/namespaces/t%2F..%2Fx/resourcequotas/a%20b%3F"
    assert parse_qs(urlsplit(HOST + path).query) == {}
