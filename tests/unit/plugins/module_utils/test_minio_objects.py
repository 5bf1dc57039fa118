# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a bucket, counted or told by the scanner, and how it is emptied."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_objects
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import StorageError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_objects import (
    Usage,
    empty,
    first_locked,
    readable,
    scanned,
    usage,
)
from tests.storage_requests import ADMIN, HOST, Answered, Server, admin_refused, listed, refused

LIST = "GET /shop?delimiter=&encoding-type=url&max-keys=1000&prefix=&versions="
SCAN = f"GET {ADMIN}datausageinfo"
DELETE = "POST /shop?delete="


def more(marker: str, bucket: str = "shop") -> str:
    """The request for the page after this one."""
    return f"GET /{bucket}?delimiter=&encoding-type=url&key-marker={marker}&max-keys=1000&prefix=&versions="


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as a test lists stand for ten thousand."""
    monkeypatch.setattr(_minio_objects, "COUNTED", 3)
    monkeypatch.setattr(_minio_objects, "ASKED", 2)


READABLE = [(0, "0 bytes"), (999, "999 bytes"), (1000, "1k"), (1500, "1.5k"), (12_345_678, "12.3M"), (15 * 10**9, "15G"), (2**63, "9.2E")]


@pytest.mark.parametrize(("size", "text"), READABLE)
def test_bytes_as_a_person_reads_them(size: int, text: str) -> None:
    assert readable(size) == text


def test_a_usage_in_words() -> None:
    assert Usage(1, 5, exact=True).words() == "1 object (5 bytes)"
    assert Usage(0, 0, exact=True).words() == "0 objects (0 bytes)"
    assert Usage(20_000, 15 * 10**9, exact=False).words() == "about 20000 objects (15G)"


def test_a_small_bucket_is_counted_over_all_its_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old versions and markers of deletions are something that would be lost, too."""
    server = Server(monkeypatch, (LIST, listed(("a", 5), ("a", 7), more="a")), (more("a"), listed(("b", -1))))
    assert usage(server.storage, "shop") == Usage(3, 12, exact=True)
    assert usage(Server(monkeypatch, (LIST, listed())).storage, "shop") == Usage(0, 0, exact=True)


FULL = listed(*((f"o{number}", 10) for number in range(4)), more="o3")
SCANS: list[tuple[Answered, Usage]] = [
    (
        (200, {"bucketsUsageInfo": {"shop": {"size": 900, "objectsCount": 80, "versionsCount": 90, "deleteMarkersCount": 9}, "b": {}}}),
        Usage(99, 900, exact=False),
    ),
    # The scanner has not seen it yet, or saw it when it was small: there is at least what was counted.
    ((200, {"bucketsUsageInfo": {}}), Usage(4, 40, exact=False)),
    ((200, {"bucketsUsageInfo": None}), Usage(4, 40, exact=False)),
    ((200, {"bucketsUsageInfo": {"shop": {"size": 0, "objectsCount": 0}}}), Usage(4, 40, exact=False)),
    # A server without a scanner can be emptied nevertheless.
    (refused(404, "NoSuchBucket"), Usage(4, 40, exact=False)),
]


@pytest.mark.parametrize(("answer", "found"), SCANS, ids=lambda value: str(value)[:40])
def test_of_a_large_bucket_the_scanner_tells(monkeypatch: pytest.MonkeyPatch, answer: Answered, found: Usage) -> None:
    server = Server(monkeypatch, (LIST, FULL), (SCAN, answer))
    assert usage(server.storage, "shop") == found
    server.pool.done()


def test_a_scanner_that_cannot_be_asked_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than there is would let a quota be set below it."""
    for answer in (admin_refused(500, "InternalError"), admin_refused(403, "AccessDenied")):
        with pytest.raises(StorageError, match="datausageinfo: "):
            usage(Server(monkeypatch, (LIST, FULL), (SCAN, answer)).storage, "shop")


def test_the_scanner_tells_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"a": {"size": 5, "objectsCount": 2}, "b": {"size": 6, "objectsCount": 2, "versionsCount": 7}}
    found = scanned(Server(monkeypatch, (SCAN, (200, {"bucketsUsageInfo": said}))).storage)
    assert found == {"a": Usage(2, 5, exact=False), "b": Usage(7, 6, exact=False)}


LISTING: list[tuple[Answered, str]] = [
    (
        refused(403, "AccessDenied"),
        "list the objects of bucket shop: the access_key operator may not do that; give it a policy that allows s3:ListBucket and s3:List",
    ),
    (refused(404, "NoSuchBucket"), "list the objects of bucket shop: the bucket is not there"),
    ((200, "<html><body>Log in</body></html>"), f"list the objects of bucket shop: {HOST} broke off"),
    ((200, "<ListVersionsResult>"), f"list the objects of bucket shop: {HOST} broke off (ParseError); see its log, then run again."),
    ((404, b"not found"), f"list the objects of bucket shop: {HOST} broke off (InvalidResponseError)"),
    (urllib3.exceptions.ProtocolError("lost"), f"list the objects of bucket shop: {HOST} broke off (ProtocolError)"),
]


@pytest.mark.parametrize(("answer", "sentence"), LISTING, ids=lambda value: str(value)[:40])
def test_a_list_that_breaks_off_is_a_sentence(monkeypatch: pytest.MonkeyPatch, answer: Answered, sentence: str) -> None:
    with pytest.raises(StorageError) as caught:
        usage(Server(monkeypatch, (LIST, answer)).storage, "shop")
    assert sentence in caught.value.sentence


def retention(name: str, version: str = "v0") -> str:
    return f"GET /shop/{name}?retention=&versionId={version}"


def hold(name: str, version: str = "v0") -> str:
    return f"GET /shop/{name}?legal-hold=&versionId={version}"


NEVER = refused(404, "NoSuchObjectLockConfiguration")
UNTIL = "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>{}</RetainUntilDate></Retention>"
LOCKS: list[tuple[list[tuple[str, Answered]], str]] = [
    ([(LIST, listed(("a", -1), ("b", -1)))], ""),
    ([(LIST, listed(("a b/é", 1))), (retention("a%20b/%C3%A9"), NEVER), (hold("a%20b/%C3%A9"), NEVER)], ""),
    (
        [(LIST, listed(("a", 1))), (retention("a"), (200, UNTIL.format("2999-01-01T00:00:00Z")))],
        "a is kept until 2999-01-01T00:00:00Z (governance)",
    ),
    # As versitygw has it.
    (
        [
            (LIST, listed(("a", 1))),
            (retention("a"), (200, UNTIL.format("2999-01-01T00:00:00.5Z").replace("Retention>", "ObjectLockRetention>"))),
        ],
        "a is kept until 2999-01-01T00:00:00.5Z (governance)",
    ),
    (
        [
            (LIST, listed(("a", 1))),
            (retention("a"), (200, UNTIL.format("2001-01-01T00:00:00Z"))),
            (hold("a"), (200, "<LegalHold><Status>OFF</Status></LegalHold>")),
        ],
        "",
    ),
    (
        [(LIST, listed(("a", 1))), (retention("a"), NEVER), (hold("a"), (200, "<LegalHold><Status>ON</Status></LegalHold>"))],
        "a is under a legal hold",
    ),
    # The third of three is not asked: what cannot go, the server says then.
    (
        [
            (LIST, listed(("a", 1), ("a", 1), ("c", 1))),
            *((ask("a", f"v{number}"), NEVER) for number in (0, 1) for ask in (retention, hold)),
        ],
        "",
    ),
]


@pytest.mark.parametrize(("requests", "words"), LOCKS)
def test_what_cannot_go_is_named(monkeypatch: pytest.MonkeyPatch, requests: list[tuple[str, Answered]], words: str) -> None:
    server = Server(monkeypatch, *requests)
    assert first_locked(server.storage, "shop") == words
    server.pool.done()


def test_a_lock_that_may_not_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, (LIST, listed(("a", 1))), (retention("a"), refused(403, "AccessDenied")))
    with pytest.raises(StorageError, match=r"read the retention of a in bucket shop: .* allows s3:GetObjectRetention"):
        first_locked(server.storage, "shop")


def test_everything_is_deleted_version_by_version(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, (LIST, listed(("a", 5), ("b", -1))), (DELETE, (200, "<DeleteResult/>")))
    empty(server.storage, "shop")
    body = server.pool.bodies[1] or b""
    assert body.count(b"<Object>") == 2
    assert b"<Key>a</Key><VersionId>v0</VersionId>" in body
    assert b"<Key>b</Key><VersionId>v1</VersionId>" in body
    empty(Server(monkeypatch, (LIST, listed())).storage, "shop")


DELETING: list[tuple[Answered, str]] = [
    (
        (200, "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message>WORM</Message></Error></DeleteResult>"),
        "delete the objects of bucket shop: a stays (AccessDenied: WORM); what is locked goes when its time is over. Run again then.",
    ),
    (
        refused(403, "AccessDenied"),
        "delete objects of bucket shop: the access_key operator may not do that; give it a policy that allows s3:Del",
    ),
]


@pytest.mark.parametrize(("answer", "sentence"), DELETING)
def test_what_stays_is_named(monkeypatch: pytest.MonkeyPatch, answer: Any, sentence: str) -> None:
    server = Server(monkeypatch, (LIST, listed(("a", 5))), (DELETE, answer))
    with pytest.raises(StorageError) as caught:
        empty(server.storage, "shop")
    assert sentence in caught.value.sentence
