# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the Kubernetes API against a strict list of requests."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api, KubernetesError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import Access

HOST = "https://127.0.0.1:6443"
Answered = tuple[int, Any] | Exception


class Pool:
    """Answers exactly the listed requests, in order."""

    def __init__(self, *expected: tuple[str, Answered]) -> None:
        self._expected = list(expected)
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.timeouts: list[urllib3.Timeout] = []
        self.retry_after = "3"

    def request(self, method: str, url: str, *, body: bytes | None, headers: dict[str, str], **options: Any) -> Any:
        assert self._expected, f"one request too many: {method} {url}"
        assert options["retries"] is False
        assert options["redirect"] is False
        line, answer = self._expected.pop(0)
        assert f"{method} {url.removeprefix(HOST)}" == line
        self.bodies.append(None if body is None else json.loads(body))
        self.headers.append(dict(headers))
        self.timeouts.append(options["timeout"])
        if isinstance(answer, Exception):
            raise answer
        status, content = answer
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        return SimpleNamespace(status=status, data=data, headers={"Retry-After": self.retry_after} if status == 429 else {})

    def done(self) -> None:
        assert self._expected == [], "requests that were not made"


class Client:
    """A client whose waiting takes no time."""

    def __init__(self, *expected: tuple[str, Answered]) -> None:
        self.pool = Pool(*expected)
        self.slept: list[float] = []
        access = Access(HOST, {"Authorization": "Bearer canary-token"}, self.pool, "kubeconfig k")
        self.api = Api(access, _sleep=self.slept.append)


def refused(status: int, message: str, reason: str = "", **details: Any) -> tuple[int, Any]:
    return status, {"kind": "Status", "message": message, "reason": reason, "details": details}


QUOTAS = "/api/v1/namespaces/t/resourcequotas"
PAGE = "?limit=500"
MANIFEST = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "t"}, "spec": {"hard": {"pods": "1"}}}
APPLY = f"PATCH {QUOTAS}/q?fieldManager=bluegreen.orchestrator&force=false"


def test_reads() -> None:
    client = Client(
        (f"GET {QUOTAS}/q", (200, {"a": 1})),
        (f"GET {QUOTAS}/none", refused(404, "not found")),
        (f"GET {QUOTAS}{PAGE}", (200, {"items": [{"n": 1}], "metadata": {"continue": "token/2"}})),
        (f"GET {QUOTAS}{PAGE}&continue=token%2F2", (200, {"items": [{"n": 2}], "metadata": {}})),
        ("GET /apis/storage.k8s.io/v1/storageclasses/s", (200, {"b": 2})),
        ("GET /api/v1/namespaces?limit=500&labelSelector=tenant%3Dacme", (200, {"items": None})),
    )
    assert client.api.get(kinds.QUOTA, "t", "q") == {"a": 1}
    assert client.api.get(kinds.QUOTA, "t", "none") is None
    of = {"apiVersion": "v1", "kind": "ResourceQuota"}
    assert client.api.list_all(kinds.QUOTA, "t") == [of | {"n": 1}, of | {"n": 2}]
    assert client.api.get(kinds.STORAGE_CLASS, None, "s") == {"b": 2}
    assert client.api.list_all(kinds.NAMESPACE, labels="tenant=acme") == []
    assert client.api.requests == {"get": 3, "list": 3}
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
    (refused(403, "exceeded quota: q, requested: pods=1"), ["a quota stands in the way (exceeded quota: q"]),
    (refused(403, "unable to create new content in namespace t because it is being terminated"), ["the namespace is being deleted; wait"]),
    (refused(404, "the server could not find the requested resource"), ["does not know that kind or namespace (404"]),
    (refused(409, "Apply failed", causes=[CONFLICT]), ['.spec.hard.pods: conflict with "kubectl-edit"', "give take_over: true"]),
    (refused(409, "the object has been modified"), ["somebody else changed it at the same moment (409"]),
    (
        refused(422, "invalid", causes=[{"field": "spec.hard", "message": "must be a quantity"}]),
        ["the server finds it invalid (422): spec.hard: must be a quantity"],
    ),
    (refused(500, "etcd is on fire"), ["the server could not do it (500: etcd is on fire)"]),
    ((502, b"<html>Bad gateway</html>"), ["the server could not do it (502: <html>Bad gateway</html>)"]),
    ((302, b"log in first"), ["the server could not do it (302: log in first)"]),
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
    assert "canary-token" not in f"{caught.value.sentence} {caught.value.facts} {client.api!r}"
    client.pool.done()


@pytest.mark.parametrize("status", [401, 403, 500])
def test_what_may_not_be_read_is_not_taken_for_absent(status: int) -> None:
    """To a plan that would be something to create, or nothing in the way."""
    client = Client((f"GET {QUOTAS}/q", refused(status, "no")), ("GET /api/v1/namespaces/t", refused(status, "no")))
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


class Clock:
    """Time that passes by waiting, and a little with each look at it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def impatient(monkeypatch: pytest.MonkeyPatch, client: Client) -> Clock:
    """A client whose waiting takes its time."""
    clock = Clock(monkeypatch)
    client.api._begun, client.api._sleep = clock.now, clock.sleep
    return clock


def test_a_server_that_stays_busy_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(*[(f"GET {QUOTAS}/q", refused(429, "slow down"))] * 6)
    clock = impatient(monkeypatch, client)
    with pytest.raises(KubernetesError, match=r"is asked too much \(429\), still after 15 s; run again later, or with fewer forks"):
        client.api.get(kinds.QUOTA, "t", "q")
    assert clock.now == 1015.0
    client.pool.done()


def test_a_server_that_asks_for_more_than_the_patience_gets_the_rest_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client((f"GET {QUOTAS}/q", refused(429, "slow down")), (f"GET {QUOTAS}/q", (200, {})))
    client.pool.retry_after = "3600"
    clock = impatient(monkeypatch, client)
    client.api.get(kinds.QUOTA, "t", "q")
    assert clock.now == 1015.0


@pytest.mark.parametrize("status", [429, 503, 504])
def test_what_passes_is_waited_for(status: int) -> None:
    client = Client((f"GET {QUOTAS}/q", (status, b"")), (f"GET {QUOTAS}/q", (200, {"a": 1})))
    assert client.api.get(kinds.QUOTA, "t", "q") == {"a": 1}


def test_a_server_that_does_not_come_back_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    away = urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError())
    client = Client((f"GET {QUOTAS}/q", (200, {})), *[(APPLY, away)] * 61)
    clock = impatient(monkeypatch, client)
    client.api.get(kinds.QUOTA, "t", "q")
    with pytest.raises(KubernetesError, match="broke the connection off"):
        client.api.apply(kinds.QUOTA, MANIFEST)
    assert clock.now == 1015.0
    client.pool.done()


def test_a_certificate_that_is_not_trusted_gets_no_better_by_waiting() -> None:
    wrong = urllib3.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    client = Client((f"GET {QUOTAS}/q", (200, {})), (APPLY, wrong))
    client.api.get(kinds.QUOTA, "t", "q")
    with pytest.raises(KubernetesError, match="is not trusted"):
        client.api.apply(kinds.QUOTA, MANIFEST)
    assert client.slept == []


@pytest.mark.parametrize(("timeout", "deadline", "limit"), [(10.0, 120.0, 10.0), (10.0, 4.0, 4.0)])
def test_a_request_has_no_more_time_than_the_task(timeout: float, deadline: float, limit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client((f"GET {QUOTAS}/q", (200, {})))
    impatient(monkeypatch, client)
    client.api.timeout, client.api.deadline = timeout, deadline
    client.api.get(kinds.QUOTA, "t", "q")
    assert [(one.connect_timeout, one.read_timeout) for one in client.pool.timeouts] == [(limit, limit)]


def test_a_busy_server_is_asked_again() -> None:
    client = Client((f"GET {QUOTAS}/q", refused(429, "slow down")), (f"GET {QUOTAS}/q", (503, b"")), (f"GET {QUOTAS}/q", (200, {})))
    assert client.api.get(kinds.QUOTA, "t", "q") == {}
    assert client.slept == [3.0, 0.5]
    assert client.api.requests == {"get": 3}


def test_a_restart_in_the_middle_is_waited_for_and_a_wrong_address_is_not() -> None:
    away = urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError())
    client = Client((f"GET {QUOTAS}/q", (200, {})), (APPLY, away), (APPLY, away), (APPLY, (200, {})))
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
