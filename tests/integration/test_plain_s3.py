# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""minio_bucket, minio_bucket_info and signed forms on a real server of S3 that is no MinIO."""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from minio.commonconfig import GOVERNANCE
from minio.retention import Retention

from lab.versitygw import Versitygw
from tests.integration.conftest import running
from tests.integration.storage import PlainBuckets
from tests.integration.uploads import HTTP, signed, uploaded

CANARY = "canary-5be1d07c44"


@pytest.fixture
def bucket(plain_s3: Versitygw) -> PlainBuckets:
    """A bucket that is not there yet."""
    return PlainBuckets(plain_s3)


def settings(bucket: PlainBuckets) -> dict[str, Any]:
    """All that this server has."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket.name}/public/not/*"}
    return {
        "versioning": "enabled",
        "tags": {"tenant": "acme", "of": 1},
        "policy": {"Version": "2012-10-17", "Statement": [deny]},
        "public_prefixes": ["public/"],
    }


# What it does not have, and what is said of it.
ADMIN, S3 = (
    "has no admin API of MinIO, by which it is set; leave {} out, or correct endpoint.",
    "does not have that part of S3; leave {} out",
)
LACKING: list[tuple[str, Any, dict[str, Any], str]] = [
    ("quota", "1GB", {}, ADMIN),
    ("access", [{"key": "acme-shop", "secret_key": CANARY}], {}, ADMIN),
    ("encryption", "sse-s3", {}, S3),
    ("lifecycle", [{"id": "tmp", "prefix": "tmp/", "expire_days": 3}], {}, S3),
    ("noncurrent_days", 30, {}, S3),
    ("notification", [{"arn": "arn:aws:sqs:us-east-1:1:q", "events": ["s3:ObjectCreated:*"]}], {}, S3),
]


def replication(bucket: PlainBuckets) -> list[dict[str, Any]]:
    return [{"endpoint": "http://127.0.0.1:9", "bucket": f"{bucket.name}-copy", "access_key": "copier", "secret_key": CANARY}]


def test_the_whole_life_of_a_bucket(bucket: PlainBuckets) -> None:
    """Create, again, modify, again, delete, again, each previewed first."""
    bucket.previewed()
    made = bucket.previewed(**settings(bucket))
    assert [one["action"] for one in made["actions"]] == ["create"] * 3
    for name, status in (("public/photo", 200), ("public/not/photo", 403), ("photo", 403)):
        bucket.client.put_object(bucket.name, name, io.BytesIO(b"x"), 1)
        assert HTTP.request("GET", f"{bucket.server.url}/{bucket.name}/{name}").status == status
    changed = bucket.previewed(**{**settings(bucket), "tags": {"tenant": "globex"}, "public_prefixes": [], "versioning": "suspended"})
    assert [one["action"] for one in changed["actions"]] == ["update"] * 3
    bucket.previewed(tags={}, policy={}, public_prefixes=[])
    for check in (True, False):
        assert bucket.refused(check=check, state="absent").startswith(
            f"state: bucket {bucket.name} holds 3 objects (3 bytes), old versions"
        )
    bucket.previewed(state="absent", force=True)
    assert not bucket.is_there()


def test_a_new_bucket_has_it_all_at_once(bucket: PlainBuckets) -> None:
    PlainBuckets(bucket.server).ok()
    assert len(bucket.previewed(**settings(bucket))["actions"]) == 4


def test_a_lock_is_decided_when_the_bucket_is_made(bucket: PlainBuckets) -> None:
    bucket.previewed(object_lock=True, retention={"mode": "governance", "days": 1})
    assert "object_lock: " in bucket.refused(check=True, object_lock=False)
    assert "versioning: " in bucket.refused(check=True, versioning="suspended")
    bucket.client.put_object(bucket.name, "kept", io.BytesIO(b"x"), 1)
    # What it keeps by default is a matter of the bucket there, and no object tells of it: only the server itself refuses that.
    assert ": kept stays (AccessDenied: " in bucket.refused(state="absent", force=True)
    bucket.previewed(retention={})
    until = datetime.now(UTC) + timedelta(days=1)
    bucket.client.set_object_retention(bucket.name, "kept", Retention(GOVERNANCE, until))
    for check in (True, False):
        assert "kept is kept until 20" in bucket.refused(check=check, state="absent", force=True)
    plain = PlainBuckets(bucket.server)
    plain.ok()
    assert "was made without it" in plain.refused(check=True, object_lock=True)


@pytest.mark.parametrize(("option", "value", "needed", "said"), LACKING, ids=lambda value: str(value)[:20])
@pytest.mark.parametrize("is_there", [True, False])
def test_what_it_does_not_have_is_refused_before_anything_is_changed(
    bucket: PlainBuckets, option: str, value: Any, needed: dict[str, Any], said: str, is_there: bool
) -> None:
    """Whether the bucket is there or still to be made, and beside what it has."""
    PlainBuckets(bucket.server).ok()
    if is_there:
        bucket.ok()
    held = bucket.held()
    for check in (True, False):
        result = bucket.run(check=check, **{option: value, **needed, "tags": {"a": "b"}})
        assert result["msg"].startswith(f"{option}: {bucket.server.url} {said.format(option)}")
        assert CANARY not in json.dumps(result)
    assert bucket.held() == held


@pytest.mark.parametrize("is_there", [True, False])
def test_nothing_is_copied(bucket: PlainBuckets, is_there: bool) -> None:
    if is_there:
        bucket.ok(versioning="enabled")
    held = bucket.held()
    for check in (True, False):
        result = bucket.run(check=check, versioning="enabled", replication=replication(bucket))
        assert result["msg"].startswith(f"replication: {bucket.server.url} ")
        assert result["msg"].endswith("; leave replication out, or correct endpoint.")
        assert CANARY not in json.dumps(result)
    assert bucket.held() == held


def test_what_it_does_not_have_need_not_be_taken_away(bucket: PlainBuckets) -> None:
    nothing: dict[str, Any] = {"quota": "0", "encryption": "none", "lifecycle": [], "noncurrent_days": 0, "notification": []}
    nothing |= {"access": [], "replication": []}
    assert [one["name"] for one in bucket.previewed(**nothing)["actions"]] == [f"bucket {bucket.name}"]
    assert bucket.previewed(**nothing)["actions"] == []


def test_of_the_first_bucket_nobody_knows(tmp_path: Path) -> None:
    """A server without one answers nothing about any; it is said, and not promised."""
    for server in running(Versitygw(tmp_path)):
        bucket = PlainBuckets(server)
        for check in (True, False):
            result = bucket.run(check=check, encryption="sse-s3")
            if check:
                assert result["warnings"][0].startswith(
                    "encryption: whether the server has that is seen only when it has a bucket; if not,"
                )
            else:
                assert "encryption" in result["msg"]
                assert result["msg"].endswith("1 of 2 steps were done and stay; run again to finish.")
        # From then on it is known.
        assert bucket.refused(check=True, encryption="sse-s3").startswith("encryption: ")
        bucket.settled()


def test_it_is_told(bucket: PlainBuckets) -> None:
    bucket.ok(**settings(bucket))
    bucket.client.put_object(bucket.name, "photo", io.BytesIO(b"x" * 800), 800)
    found = bucket.ok(module="minio_bucket_info", name=None, names=[bucket.name], count=True)
    [told] = found["buckets"]
    assert (told["versioning"], told["tags"]) == ({"Status": "Enabled"}, {"tenant": "acme", "of": "1"})
    assert len(told["policy"]["Statement"]) == 2
    assert told["usage"] == {"objects": 1, "bytes": 800, "size": "800 bytes", "exact": True}
    lacking = ("quota", "access", "encryption", "lifecycle", "notification", "replication", "retention", "percent", "state")
    assert {told[part] for part in lacking} == {None}
    where = bucket.server.url
    assert found["warnings"] == [
        f"{where} does not have that part of S3, so these are not told: encryption, lifecycle, notification, replication.",
        f"{where} has no admin API of MinIO, so these are not told: quota, access.",
    ]
    by_tag = bucket.ok(module="minio_bucket_info", name=None, tags={"tenant": "acme"}, parts=["tags"])
    assert bucket.name in [one["name"] for one in by_tag["buckets"]]


def test_a_form_lets_through_what_it_says_and_nothing_else(bucket: PlainBuckets) -> None:
    bucket.ok()
    form = signed(bucket, ["image/*"], max_size="1k")
    assert uploaded(form, size=1000) == (204, "")
    assert uploaded(form, size=1001) == (400, "EntityTooLarge")
    assert uploaded(form, size=10, kind="text/html") == (403, "AccessDenied")
    assert uploaded(form, size=10, name="elsewhere/file") == (403, "AccessDenied")
    assert uploaded(form, size=10, **{"x-amz-meta-more": "x"}) == (403, "AccessDenied")
    assert [one.object_name for one in bucket.client.list_objects(bucket.name, recursive=True)] == ["up/file"]
    wrong = {**form["fields"], "x-amz-signature": "0" * 64}
    assert uploaded({**form, "fields": wrong}, size=10) == (403, "SignatureDoesNotMatch")


def test_a_wrong_key_is_a_sentence(bucket: PlainBuckets) -> None:
    assert "the secret_key is not that of the access_key" in bucket.refused(check=True, secret_key=CANARY)
    assert "No user exists with the provided access key ID" in bucket.refused(check=True, access_key="nobody")


def test_its_keys_are_in_no_argument_and_no_log(plain_s3: Versitygw, bucket: PlainBuckets) -> None:
    bucket.ok()
    assert plain_s3.secret_key not in Path(f"/proc/{plain_s3.pid}/cmdline").read_text()
    assert plain_s3.secret_key not in plain_s3.log_file.read_text()
    assert os.listdir(plain_s3.directory / "drive")
