# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""minio_bucket_info against a strict list of requests: whom it asks, what it tells, and how full a bucket is."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_info
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_info import INFO_SPEC
from tests.kubernetes_requests import validated
from tests.storage_requests import ADMIN, CANARY, HOST, THERE, Answered, Expected, answering, listed, refused, sealed
from tests.unit.plugins.module_utils.test_minio_args import BASE
from tests.unit.plugins.module_utils.test_minio_run import ENTITIES, GONE, LIST, LOCATION, NO_RULES, WAYS, canned, no_access

ALL = "GET /"
SCAN = f"GET {ADMIN}datausageinfo"
WAY_IN = {name: value for name, value in BASE.items() if name != "name"}


def run(**options: Any) -> dict[str, Any]:
    return _minio_info.run(validated(INFO_SPEC, **WAY_IN, **options), check_mode=True)


def quota(bucket: str, size: int) -> Expected:
    return (f"GET {ADMIN}get-bucket-quota?bucket={bucket}", (200, {"size": size}))


def scan(**used: int) -> Expected:
    return (SCAN, (200, {"bucketsUsageInfo": {name: {"size": size, "objectsCount": 1} for name, size in used.items()}}))


def buckets(*names: str) -> Expected:
    inside = "".join(f"<Bucket><Name>{name}</Name><CreationDate>2026-11-22T10:00:00Z</CreationDate></Bucket>" for name in names)
    return (ALL, (200, f"<ListAllMyBucketsResult><Owner><ID>x</ID></Owner><Buckets>{inside}</Buckets></ListAllMyBucketsResult>"))


@pytest.mark.parametrize("names", [(), ("b",), ("b", "a", "c")])
def test_all_buckets_are_told_in_the_order_of_their_names(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> None:
    with answering(monkeypatch, buckets(*names)) as pool:
        result = run(parts=[])
    assert result == {"changed": False, "buckets": [{"name": name} for name in sorted(names)], "requests": {"read": 1}, "warnings": []}
    assert pool.cleared


def test_only_named_buckets_that_are_there_are_told_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, (LOCATION, THERE), ("GET /none?location=", GONE), (LOCATION, THERE)):
        assert [one["name"] for one in run(names=["shop", "none", "shop"], parts=[])["buckets"]] == ["shop"]
    with answering(monkeypatch):
        assert run(names=[], parts=[])["buckets"] == []


def test_everything_of_a_bucket_that_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Expected] = [
        (LOCATION, THERE),
        ("GET /shop?versioning=", (200, "<VersioningConfiguration/>")),
        ("GET /shop?object-lock=", refused(404, "ObjectLockConfigurationNotFoundError")),
        ("GET /shop?encryption=", refused(404, "ServerSideEncryptionConfigurationNotFoundError")),
        quota("shop", 0),
        ("GET /shop?lifecycle=", refused(404, "NoSuchLifecycleConfiguration")),
        ("GET /shop?tagging=", refused(404, "NoSuchTagSet")),
        ("GET /shop?policy=", refused(404, "NoSuchBucketPolicy")),
        ("GET /shop?notification=", (200, "<NotificationConfiguration/>")),
        NO_RULES,
        *no_access(),
        scan(shop=5),
    ]
    with answering(monkeypatch, *asked):
        result = run(names=["shop"])
    [told] = result["buckets"]
    nothing = dict.fromkeys(
        ("versioning", "retention", "encryption", "quota", "lifecycle", "tags", "policy", "notification", "replication")
    )
    used = {"objects": 1, "bytes": 5, "size": "5 bytes", "exact": False}
    assert told == {"name": "shop", **nothing, "access": {}, "usage": used, "percent": None, "state": "unlimited"}
    assert result["requests"] == {"read": len(asked)}


def test_the_scanner_is_asked_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, buckets("a", "b"), quota("a", 100), scan(a=50, b=90), quota("b", 100)):
        result = run(parts=["quota", "usage"])
    assert [(one["percent"], one["state"]) for one in result["buckets"]] == [(50.0, "well"), (90.0, "filling")]


# Used of 1,000 bytes.
STATES = [(0, "well"), (800, "well"), (801, "filling"), (950, "filling"), (951, "tight"), (999, "tight"), (1000, "over"), (5000, "over")]


@pytest.mark.parametrize(("used", "state"), STATES)
def test_how_full_a_bucket_is(monkeypatch: pytest.MonkeyPatch, used: int, state: str) -> None:
    with answering(monkeypatch, (LOCATION, THERE), quota("shop", 1000), scan(shop=used)):
        [told] = run(names=["shop"], parts=["quota", "usage"])["buckets"]
    assert (told["percent"], told["state"]) == (used / 10, state)


def test_a_bucket_that_the_scanner_has_not_seen_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, (LOCATION, THERE), scan(), (LIST, listed(("a", 5), ("b", -1)))):
        [told] = run(names=["shop"], parts=["usage"])["buckets"]
    assert told["usage"] == {"objects": 2, "bytes": 5, "size": "5 bytes", "exact": True}
    # Without a quota to compare it with, nothing is said of how full it is.
    assert set(told) == {"name", "usage"}


def test_a_count_asks_no_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, (LOCATION, THERE), (LIST, listed(("a", 5)))):
        [told] = run(names=["shop"], parts=["usage"], count=True)["buckets"]
    assert told["usage"]["exact"] is True


def test_who_has_access_is_told_by_way(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}]}
    found = [(canned(way), (200, {"Policy": plain})) for way in WAYS]
    mapped = {
        "policyMappings": [{"policy": "bluegreen-shop-direct", "users": ["b", "a"]}, {"policy": "bluegreen-shop-none", "users": None}]
    }
    with answering(monkeypatch, (LOCATION, THERE), *found, (ENTITIES, sealed(mapped))):
        [told] = run(names=["shop"], parts=["access"])["buckets"]
    assert {way: state["keys"] for way, state in told["access"].items()} == {"none": [], "presigned_post": [], "direct": ["a", "b"]}


def test_a_server_without_an_admin_api_tells_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody: Answered = refused(404, "NoSuchBucket")
    asked: list[Expected] = [
        (LOCATION, THERE),
        (f"GET {ADMIN}get-bucket-quota?bucket=shop", nobody),
        ("GET /shop?tagging=", refused(404, "NoSuchTagSet")),
        (canned("none"), nobody),
        (SCAN, nobody),
    ]
    with answering(monkeypatch, *asked):
        result = run(names=["shop"], parts=["quota", "tags", "access", "usage"])
    [told] = result["buckets"]
    # Nobody knows whether it has a quota, so it is not without limit.
    assert (told["quota"], told["access"], told["usage"], told["percent"], told["state"]) == (None,) * 5
    assert result["warnings"] == [f"{HOST} has no admin API of MinIO, so these are not told: quota, access, usage."]


def test_a_server_that_lacks_settings_tells_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    lacks: Answered = refused(501, "NotImplemented")
    asked = [
        buckets("a", "b"),
        *((f"GET /{name}?{part}=", lacks) for name in ("a", "b") for part in ("encryption", "lifecycle", "replication")),
    ]
    with answering(monkeypatch, *asked, server="Other"):
        result = run(parts=["encryption", "lifecycle", "replication"])
    nothing = dict.fromkeys(("encryption", "lifecycle", "replication"))
    assert result["buckets"] == [{"name": "a", **nothing}, {"name": "b", **nothing}]
    assert result["warnings"] == [f"{HOST} does not have that part of S3, so these are not told: encryption, lifecycle, replication."]


def test_what_may_not_be_read_is_said_and_is_not_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    denied: Answered = refused(403, "AccessDenied")
    for asked, right in (((ALL, denied), "s3:ListAllMyBuckets"),):
        with answering(monkeypatch, asked), pytest.raises(BlueGreenError, match=f"list the buckets: .* allows {right}"):
            run()
    with (
        answering(monkeypatch, (LOCATION, THERE), ("GET /shop?tagging=", denied)),
        pytest.raises(BlueGreenError, match="s3:GetBucketTagging"),
    ):
        run(names=["shop"], parts=["tags"])


def tagged(bucket: str, **tags: str) -> Expected:
    inside = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in tags.items())
    return (f"GET /{bucket}?tagging=", (200, f"<Tagging><TagSet>{inside}</TagSet></Tagging>"))


def test_tags_by_which_buckets_are_chosen_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [buckets("a", "b"), tagged("a", tenant="acme", of="1"), tagged("b", tenant="other")]
    with answering(monkeypatch, *asked):
        result = run(tags={"tenant": "acme"}, parts=["tags"])
    assert result["buckets"] == [{"name": "a", "tags": {"tenant": "acme", "of": "1"}}]
    assert result["requests"] == {"read": 3}


def test_a_page_lists_no_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, (ALL, (200, "<page/>"))), pytest.raises(BlueGreenError, match="is no ListAllMyBucketsResult of S3"):
        run()


def test_a_name_that_cannot_be_is_refused_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch), pytest.raises(InputError, match="names: 'Shop' cannot name a bucket") as caught:
        run(names=["shop", "Shop"])
    assert CANARY not in caught.value.sentence
