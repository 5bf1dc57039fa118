# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the storage server against a strict list of requests."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import pytest
import urllib3

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_api
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import NO_ADMIN, PATIENCE, RIGHTS, Access, StorageError
from tests.storage_requests import ACCESS, ADMIN, CANARY, HOST, THERE, Answered, Expected, Server, admin_refused, refused, sealed

LOCATION = "GET /shop?location="
QUOTA = f"GET {ADMIN}get-bucket-quota?bucket=shop"
# What a web server says that is no storage server.
PAGE = "<!DOCTYPE html>\n<html><body>Log in</body></html>"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes servers that have to be asked for all that is listed."""
    made: list[Server] = []

    def listed(*expected: Expected, access: Access = ACCESS) -> Server:
        made.append(Server(monkeypatch, *expected, access=access))
        return made[-1]

    yield listed
    for one in made:
        one.pool.done()


def look(server: Server) -> bytes:
    """Ask the first question that every run asks."""
    return server.storage.bucket("GET", "shop", "location", "look for the place", "s3:GetBucketLocation")


def quota(server: Server) -> Any:
    return server.storage.admin("GET", "get-bucket-quota", {"bucket": "shop"})


REFUSALS: list[tuple[Answered, str, str]] = [
    (
        refused(403, "AccessDenied"),
        "AccessDenied",
        "the access_key operator may not do that; give it a policy that allows s3:GetBucketLocation.",
    ),
    (refused(403, "InvalidAccessKeyId"), "InvalidAccessKeyId", f"{HOST} does not know the access_key operator; correct it."),
    (
        refused(403, "SignatureDoesNotMatch"),
        "SignatureDoesNotMatch",
        f"the secret_key is not that of the access_key operator at {HOST}; correct",
    ),
    (
        refused(403, "RequestTimeTooSkewed"),
        "RequestTimeTooSkewed",
        f"the clocks of this machine and of {HOST} are more than 15 minutes apart",
    ),
    (
        refused(400, "AuthorizationHeaderMalformed", "the region is wrong; expecting &#39;eu-west-3&#39;"),
        "AuthorizationHeaderMalformed",
        f"{HOST} is in another region (the region is wrong; expecting 'eu-west-3'); correct region.",
    ),
    (refused(404, "NoSuchBucket"), "NoSuchBucket", "the bucket is not there; make it first, or correct its name."),
    (
        refused(409, "BucketAlreadyExists"),
        "BucketAlreadyExists",
        "another account of this server has a bucket of that name; choose another name.",
    ),
    (refused(501, "NotImplemented"), "NotImplemented", f"{HOST} does not have that; leave it out."),
    (refused(405, "MethodNotAllowed"), "MethodNotAllowed", f"{HOST} does not have that; leave it out."),
    (
        refused(409, "BucketAlreadyOwnedByYou"),
        "BucketAlreadyOwnedByYou",
        "the server refuses it (BucketAlreadyOwnedByYou: said so); correct what",
    ),
    (refused(400, "Odd", f"a\n  b {'x' * 400}."), "Odd", f"the server refuses it (Odd: a b {'x' * 295}…); correct what it names."),
    # Somebody else answers: a web server, a proxy, a login page that says "fine", and nobody in particular.
    *(
        ((status, body), "", f"the answer of {HOST} is not one of S3; see whether a storage server is there, or only a proxy.")
        for status, body in (
            (404, PAGE),
            (404, b""),
            (403, b""),
            (301, PAGE),
            (200, PAGE),
            (200, b" \n<HTML>"),
            (500, b"oops"),
            (400, b"[" * 9999),
        )
    ),
]


@pytest.mark.parametrize(("answer", "code", "sentence"), REFUSALS, ids=lambda value: str(value)[:30])
def test_a_refusal_is_a_sentence(server: Any, answer: Answered, code: str, sentence: str) -> None:
    asked = server((LOCATION, answer))
    with pytest.raises(StorageError) as caught:
        look(asked)
    assert caught.value.sentence.startswith("look for the place of bucket shop: ")
    assert sentence in caught.value.sentence
    assert (caught.value.code, caught.value.facts) == (code, {"code": code})
    assert caught.value.sentence.endswith(".")
    assert CANARY not in caught.value.sentence
    assert asked.storage.requests == {"read": 1}


NO_ANSWER: list[tuple[Exception, str]] = [
    (urllib3.exceptions.NewConnectionError(None, "Connection refused"), "refuses connections: nothing listens there; correct endpoint"),  # type: ignore[arg-type]  # nobody asks for its pool
    (urllib3.exceptions.ReadTimeoutError(None, "/", "Read timed out."), "did not answer within 10 s; see whether it is up, or raise"),  # type: ignore[arg-type]  # as above
    (urllib3.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED: self signed"), "is not trusted; give its authority as ca_cert."),
    (urllib3.exceptions.SSLError("certificate has expired"), "shows a certificate that has expired"),
    (urllib3.exceptions.SSLError("WRONG_VERSION_NUMBER"), "speaks no TLS that we understand; correct endpoint (https or http)"),
    (urllib3.exceptions.ProtocolError(f"lost {CANARY}"), "broke the connection off (ProtocolError); see its log, then run again."),
]


@pytest.mark.parametrize(("error", "sentence"), NO_ANSWER, ids=lambda value: str(value)[:30])
def test_no_answer_at_first_is_said_at_once(server: Any, error: Exception, sentence: str) -> None:
    """A wrong address is likelier than a restart."""
    asked = server((LOCATION, error))
    with pytest.raises(StorageError) as caught:
        look(asked)
    assert f"the storage server at {HOST} " in caught.value.sentence
    assert sentence in caught.value.sentence
    assert (caught.value.code, asked.clock.slept) == ("", [])
    assert CANARY not in caught.value.sentence


LOST = urllib3.exceptions.ProtocolError("Connection aborted.")
BUSY: Answered = refused(503, "SlowDown")


def test_a_server_that_restarts_is_waited_for(server: Any) -> None:
    asked = server((LOCATION, THERE), (LOCATION, LOST), (LOCATION, BUSY), (LOCATION, (502, PAGE)), (LOCATION, THERE))
    look(asked)
    assert look(asked) == b"<LocationConstraint/>"
    assert asked.clock.slept == [0.25] * 3
    assert asked.storage.requests == {"read": 5}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_waited_for_from_the_first(server: Any, status: int) -> None:
    assert look(server((LOCATION, (status, b"")), (LOCATION, THERE)))


@pytest.mark.parametrize(("last", "sentence"), [(BUSY, "the server refuses it (SlowDown: said so)"), (LOST, "broke the connection off")])
def test_patience_ends(server: Any, last: Answered, sentence: str) -> None:
    """After fifteen seconds of quarters of a second, and one more: a clock that stands exactly at the end goes on."""
    asked = server((LOCATION, THERE), *[(LOCATION, last)] * 62)
    look(asked)
    with pytest.raises(StorageError) as caught:
        look(asked)
    assert sentence in caught.value.sentence
    assert sum(asked.clock.slept) == PATIENCE + 0.25


def test_a_matter_of_certificates_is_not_waited_for(server: Any) -> None:
    asked = server((LOCATION, THERE), (LOCATION, urllib3.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED")))
    look(asked)
    with pytest.raises(StorageError, match="is not trusted"):
        look(asked)
    assert asked.clock.slept == []


# Of what was done although its answer was lost, the second try says that it is so already.
DONE_BEFORE: list[tuple[str, str, Answered]] = [
    ("PUT", "/shop", refused(409, "BucketAlreadyOwnedByYou")),
    ("DELETE", "/shop", refused(404, "NoSuchBucket")),
]


@pytest.mark.parametrize(("method", "path", "answer"), DONE_BEFORE)
def test_what_was_done_before_its_answer_was_lost_is_done(server: Any, method: str, path: str, answer: Answered) -> None:
    asked = server((LOCATION, THERE), (f"{method} {path}", LOST), (f"{method} {path}", answer))
    look(asked)
    asked.storage.bucket(method, "shop", "", "make", "s3:CreateBucket")
    first = server((f"{method} {path}", answer))
    with pytest.raises(StorageError):
        first.storage.bucket(method, "shop", "", "make", "s3:CreateBucket")


def test_a_setting_of_a_bucket_that_is_gone_is_not_done(server: Any) -> None:
    line = "DELETE /shop?policy="
    asked = server((LOCATION, THERE), (line, LOST), (line, refused(404, "NoSuchBucket")))
    look(asked)
    with pytest.raises(StorageError, match="the bucket is not there"):
        asked.storage.bucket("DELETE", "shop", "policy", "take away the policy", "s3:DeleteBucketPolicy")


def test_what_is_sent(server: Any) -> None:
    asked = server(("PUT /shop?policy=", (204, b"")), ("PUT /shop", (200, b"")))
    assert asked.storage.bucket("PUT", "shop", "policy", "set the policy", "s3:PutBucketPolicy", b"{}") == b""
    asked.storage.bucket("PUT", "shop", "", "make", "s3:CreateBucket", headers={"x-amz-bucket-object-lock-enabled": "true"})
    assert asked.pool.bodies == [b"{}", None]
    assert asked.pool.sent[1]["x-amz-bucket-object-lock-enabled"] == "true"
    # It is signed with the rest: who takes it away on the way makes a bucket without a lock.
    assert "x-amz-bucket-object-lock-enabled" in asked.pool.sent[1]["authorization"]
    asked.storage.close()
    assert asked.pool.cleared == 1


def test_a_query_is_sorted_and_quoted(server: Any) -> None:
    line = f"GET {ADMIN}idp/builtin/policy-entities?a=%20%2F%26&policy=a&policy=b%3D"
    asked = server((line, sealed({})))
    assert asked.storage.admin("GET", "idp/builtin/policy-entities", {"policy": ["b=", "a"], "a": " /&"}, sealed=True) == {}


def test_a_sealed_body_holds_no_secret_in_the_clear(server: Any) -> None:
    line = f"PUT {ADMIN}add-user?accessKey=abc"
    asked = server((line, (200, b"")), (line, sealed({"done": 1})))
    for _ in range(2):
        body = f'{{"secretKey": "{CANARY}"}}'.encode()
        assert asked.storage.admin("PUT", "add-user", {"accessKey": "abc"}, body, sealed=True) is None
    assert asked.pool.opened(0) == {"secretKey": CANARY}
    # Salted: the same twice does not look the same.
    assert asked.pool.bodies[0] != asked.pool.bodies[1]
    assert asked.pool.sent[0]["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("command", sorted(RIGHTS))
@pytest.mark.parametrize(
    "answer",
    [
        refused(404, "NoSuchBucket"),
        refused(405, "MethodNotAllowed"),
        refused(501, "NotImplemented"),
        (404, PAGE),
        (200, PAGE),
        (403, b"no"),
    ],
    ids=lambda answer: str(answer)[:30],
)
def test_a_server_without_an_admin_api_is_named_so(server: Any, command: str, answer: Answered) -> None:
    method = "PUT" if command.startswith(("add", "set")) else "POST" if "attach" in command or "detach" in command else "GET"
    asked = server((f"{method} {ADMIN}{command}", answer))
    body = None if method == "GET" else b"{}"
    with pytest.raises(StorageError, match=f"{command}: {HOST} has no admin API of MinIO .*; leave out what needs it") as caught:
        asked.storage.admin(method, command, {}, body, sealed=method != "GET")
    assert caught.value.code == NO_ADMIN


# What is no answer of that command: of another kind, cut off, sealed with another key, or of a program that says JSON to everything.
ODD_ANSWERS = [b'{"quota": ', b"[1]", b'"ok"', b"7", b"[" * 100_000]


@pytest.mark.parametrize("answer", ODD_ANSWERS, ids=lambda answer: str(answer)[:20])
def test_an_odd_answer_of_the_admin_api_is_none(server: Any, answer: bytes) -> None:
    with pytest.raises(StorageError, match="has no admin API of MinIO"):
        quota(server((QUOTA, (200, answer))))


@pytest.mark.parametrize("answer", [b"{}", b"x" * 100, sealed({}, "another-secret")[1]], ids=["short", "long", "of another key"])
def test_what_is_sealed_and_cannot_be_opened_is_no_answer(server: Any, answer: bytes) -> None:
    asked = server((f"GET {ADMIN}idp/builtin/policy-entities", (200, answer)))
    with pytest.raises(StorageError, match="has no admin API of MinIO"):
        asked.storage.admin("GET", "idp/builtin/policy-entities", {}, sealed=True)


def test_empty_is_nothing(server: Any) -> None:
    assert quota(server((QUOTA, (200, b" ")))) is None
    assert quota(server((QUOTA, (200, b"null")))) is None


ADMIN_REFUSALS: list[tuple[Answered, str, str]] = [
    (admin_refused(403, "AccessDenied"), "AccessDenied", "may not do that; give it a policy that allows admin:GetBucketQuota."),
    (admin_refused(403, "SignatureDoesNotMatch"), "SignatureDoesNotMatch", "the secret_key is not that"),
    (admin_refused(404, "XMinioAdminNoSuchUser", "no such"), "XMinioAdminNoSuchUser", "(XMinioAdminNoSuchUser: no such)"),
    # It has the API, and not that.
    (admin_refused(501, "NotImplemented", "KMS is not configured"), "NotImplemented", f"{HOST} does not have that; leave it out."),
    # A proxy before a server that is away is not a server without an admin API: what it holds is not "not there".
    ((500, PAGE), "", "is not one of S3"),
]


@pytest.mark.parametrize(("answer", "code", "sentence"), ADMIN_REFUSALS, ids=lambda value: str(value)[:30])
def test_a_refusal_of_the_admin_api_is_a_sentence(server: Any, answer: Answered, code: str, sentence: str) -> None:
    with pytest.raises(StorageError) as caught:
        quota(server((QUOTA, answer)))
    assert sentence in caught.value.sentence
    assert caught.value.code == code


def test_a_proxy_that_stays_away_is_no_server_without_an_admin_api(server: Any) -> None:
    with pytest.raises(StorageError) as caught:
        quota(server(*[(QUOTA, (502, PAGE))] * 62))
    assert caught.value.code == ""


def test_an_address_that_the_library_refuses_is_a_sentence() -> None:
    with pytest.raises(
        InputError, match=r"endpoint: http://ec3.amazonaws.com is refused by the library minio .*invalid Amazon AWS host.*; correct it"
    ):
        _minio_api.Storage(dataclasses.replace(ACCESS, endpoint="http://ec3.amazonaws.com"))


def test_without_the_library_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "minio", None)
    with pytest.raises(Exception, match="The Python library minio is not installed where this task runs; install it there"):
        _minio_api.Storage(ACCESS)


def test_the_real_pool_follows_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = _minio_api._pool(dataclasses.replace(ACCESS, timeout=3.5, ca_cert="/ca.pem"))
    kept = pool.connection_pool_kw
    assert (kept["cert_reqs"], kept["ca_certs"], kept["timeout"].connect_timeout, kept["timeout"].read_timeout) == (
        "CERT_REQUIRED",
        "/ca.pem",
        3.5,
        3.5,
    )
    monkeypatch.setattr(warnings, "filters", list(warnings.filters))
    assert _minio_api._pool(dataclasses.replace(ACCESS, validate_certs=False)).connection_pool_kw["cert_reqs"] == "CERT_NONE"
    # Who turned the check off knows; the warning would be in the output of every run.
    warnings.warn("unverified", urllib3.exceptions.InsecureRequestWarning, stacklevel=1)


def test_an_access_shows_no_secret() -> None:
    assert CANARY not in repr(ACCESS)
