# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions, events and settings that a preview refuses are those that a real MinIO would refuse or lose, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from minio.error import S3Error
from urllib3.exceptions import MaxRetryError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_names import BUCKET_ACTIONS, EVENTS, OBJECT_ACTIONS
from tests.integration.storage import Buckets, bucket
from tests.integration.test_minio_bucket import ARN

__all__ = ["bucket"]


def statement(bucket: Buckets, **options: Any) -> dict[str, Any]:
    whole = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket.name}/*", **options}
    return {key: value for key, value in whole.items() if value != "gone"}


def test_the_server_takes_all_that_we_know(bucket: Buckets) -> None:
    one = statement(bucket, Action=sorted(OBJECT_ACTIONS))
    two = statement(bucket, Action=sorted(BUCKET_ACTIONS), Resource=f"arn:aws:s3:::{bucket.name}")
    three = statement(bucket, Resource="gone", NotResource=f"arn:aws:s3:::{bucket.name}/private/*")
    told = [{"arn": ARN, "events": [event], "prefix": f"{number}/"} for number, event in enumerate(sorted(EVENTS))]
    bucket.previewed(policy={"Statement": [one, two, three]}, notification=told)


# What the server says of each; empty where it takes it, and does nothing, or forgets it.
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (
        {"Action": "gone", "NotAction": "s3:PutObject"},
        "policy: a statement has NotAction, which MinIO cannot hold",
        "too many 500 error responses",
    ),
    ({"NotAction": "s3:PutObject"}, "policy: a statement has NotAction", "MalformedPolicy"),
    ({"NotResource": "arn:aws:s3:::{name}/a/*"}, "policy: a statement has Resource and NotResource", "MalformedPolicy"),
    ({"Action": "s3:GetObjekt"}, "'s3:GetObjekt' is no action that we know; write s3:GetObject, or set allow_unknown", "MalformedPolicy"),
    ({"Action": "s3:GetObjekt", "Resource": "arn:aws:s3:::{name}"}, "is no action that we know", ""),
    ({"Action": "s3:ListBucket"}, "policy: s3:ListBucket is done to the bucket; name arn:aws:s3:::", "MalformedPolicy"),
    ({"Resource": "arn:aws:s3:::{name}"}, "policy: s3:GetObject is done to objects; name arn:aws:s3:::", "MalformedPolicy"),
    ({"Whatever": "x"}, "policy: 'Whatever' is no part of a statement", ""),
]


@pytest.mark.parametrize(("options", "said", "code"), REFUSED)
def test_what_it_would_refuse_or_lose_is_refused_before(bucket: Buckets, options: dict[str, Any], said: str, code: str) -> None:
    bucket.ok()
    held = bucket.held()
    one = json.loads(json.dumps(statement(bucket, **options)).replace("{name}", bucket.name))
    for user, check in (("reader", True), ("root", False)):
        assert said in bucket.refused(user=user, check=check, policy={"Statement": [one]}, quota="1GB")
    assert bucket.held() == held
    # That is no rule of ours: the server itself does not hold it.
    policy = json.dumps({"Version": "2012-10-17", "Statement": [one]})
    if code:
        with pytest.raises((S3Error, MaxRetryError), match=code):
            bucket.client.set_bucket_policy(bucket.name, policy)
    else:
        bucket.client.set_bucket_policy(bucket.name, policy)
        assert "Whatever" not in bucket.client.get_bucket_policy(bucket.name)


def test_an_event_that_it_does_not_know(bucket: Buckets) -> None:
    bucket.ok()
    held = bucket.held()
    told: dict[str, Any] = {"notification": [{"arn": ARN, "events": ["s3:ObjectMade:*"]}]}
    for user, check in (("reader", True), ("root", False)):
        assert "notification.events: 's3:ObjectMade:*' is no event that we know; write" in bucket.refused(
            user=user, check=check, quota="1GB", **told
        )
    assert bucket.held() == held
    # Who says that the server is newer gets its own word.
    assert "A specified event is not supported" in bucket.refused(allow_unknown=True, **told)
    assert bucket.held() == held


def test_prefixes_without_versions_are_not_lost(bucket: Buckets) -> None:
    bucket.ok(versioning="enabled")
    place = f"lab/{bucket.name}"
    bucket.mc.run("version", "enable", place, "--excluded-prefixes", "tmp/,log/", "--exclude-folders")
    held = bucket.held()
    for user, check in (("reader", True), ("root", False)):
        told = bucket.refused(user=user, check=check, versioning="suspended", quota="1GB")
        assert told.startswith(f"versioning: bucket {bucket.name} keeps no versions below tmp/, log/, which the server holds only while")
    assert bucket.held() == held
    bucket.mc.run("version", "enable", place, "--exclude-folders")
    bucket.previewed(versioning="suspended")
    bucket.previewed(versioning="enabled")
    assert "<ExcludeFolders>true</ExcludeFolders>" in str(bucket.held()["bucket_versioning"])


def test_requests_are_counted_all(bucket: Buckets) -> None:
    """Also those that list objects and delete them."""
    bucket.ok(quota="1GB")
    for number in range(3):
        bucket.mc.put(f"{bucket.name}/{number}", "x" * 10)
    # Where it is, its quota, its tags, and a page of what is in it.
    assert bucket.ok(check=True, quota="1MB", tags={})["requests"] == {"read": 4}
    result = bucket.ok(state="absent", force=True)
    # What is in it goes by one request, and then the bucket.
    assert result["requests"]["write"] == 2
