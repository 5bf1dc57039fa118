# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of an upload, held by a real MinIO: by the form that was signed, and by what each key may do."""

from __future__ import annotations

import base64
import io
import json
import time
from datetime import timedelta

import minio
import pytest
from minio.commonconfig import CopySource
from minio.error import S3Error

from tests.integration.storage import Buckets, bucket
from tests.integration.uploads import HTTP, signed, uploaded

__all__ = ["bucket"]

SECRET = "a-secret-of-a-test"


@pytest.fixture
def keys(bucket: Buckets) -> dict[str, tuple[str, str]]:
    """A key for each way to upload; what they sign as a URL is good for two seconds."""
    found = {way: (f"{bucket.name}-{way[:6]}", SECRET) for way in ("none", "presigned_post", "direct")}
    access = [{"key": key, "secret_key": secret, "uploads": way} for way, (key, secret) in found.items()]
    bucket.ok(access=access, signature_age=2)
    return found


def test_a_form_lets_through_what_it_says_and_nothing_else(bucket: Buckets, keys: dict[str, tuple[str, str]]) -> None:
    form = signed(bucket, ["image/*"], key=keys["presigned_post"], max_size="1k")
    assert uploaded(form, size=1000) == (204, "")
    (stat,) = bucket.mc.run("stat", f"lab/{bucket.name}/up/file")
    assert (stat["size"], stat["metadata"]["Content-Type"]) == (1000, "image/png")
    assert uploaded(form, size=1001) == (400, "EntityTooLarge")
    assert uploaded(form, size=10, kind="text/html") == (403, "AccessDenied")
    assert uploaded(form, size=10, name="elsewhere/file") == (403, "AccessDenied")
    assert uploaded(form, size=10, **{"x-amz-meta-more": "x"}) == (403, "AccessDenied")
    assert uploaded({**form, "url": f"{bucket.server.url}/another-bucket"}, size=10) == (403, "AccessDenied")
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    policy["conditions"] = [["content-length-range", 0, 10**9] if one[0] == "content-length-range" else one for one in policy["conditions"]]
    tampered = {**form["fields"], "policy": base64.b64encode(json.dumps(policy).encode()).decode()}
    assert uploaded({**form, "fields": tampered}, size=2000) == (403, "SignatureDoesNotMatch")
    assert bucket.names() == ["up/file"]


def test_a_form_ends(bucket: Buckets, keys: dict[str, tuple[str, str]]) -> None:
    form = signed(bucket, ["*/*"], key=keys["presigned_post"], seconds=4)
    # Longer than a URL of this key is good for: a form has an end of its own.
    time.sleep(2.5)
    assert uploaded(form, size=10, kind="x/y") == (204, "")
    time.sleep(2.5)
    assert uploaded(form, size=10, kind="x/y") == (403, "AccessDenied")


def test_one_type_of_a_form_is_that_type_only(bucket: Buckets, keys: dict[str, tuple[str, str]]) -> None:
    form = signed(bucket, ["application/pdf"], key=keys["presigned_post"])
    assert uploaded(form, kind="application/pdf") == (204, "")
    assert uploaded(form, kind="application/pdfx") == (403, "AccessDenied")


@pytest.mark.parametrize("way", ["none", "presigned_post", "direct"])
def test_each_key_writes_as_it_may(bucket: Buckets, keys: dict[str, tuple[str, str]], way: str) -> None:
    """Also by a copy, by parts and by a signed URL; and whatever the bucket's own policy says."""
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket.name}/*"}
    bucket.ok(policy={"Statement": [everybody]})
    assert uploaded(signed(bucket, ["*/*"]), name="up/there") == (204, "")
    address = bucket.server.url.removeprefix("http://")
    client = minio.Minio(address, access_key=keys[way][0], secret_key=keys[way][1], secure=False, region="us-east-1")
    may = "" if way == "direct" else "AccessDenied"
    assert _code(lambda: client.put_object(bucket.name, "up/put", io.BytesIO(b"x"), 1)) == may
    assert _code(lambda: client.put_object(bucket.name, "up/parts", io.BytesIO(b"x" * 6_000_000), -1, part_size=5 * 2**20)) == may
    assert _code(lambda: client.copy_object(bucket.name, "up/copy", CopySource(bucket.name, "up/there"))) == may
    url = client.presigned_put_object(bucket.name, "up/by-url", expires=timedelta(hours=1))
    assert HTTP.request("PUT", url, body=b"x").status == (200 if way == "direct" else 403)
    assert uploaded(signed(bucket, ["*/*"], key=keys[way]))[0] == (403 if way == "none" else 204)
    assert _code(lambda: client.stat_object(bucket.name, "up/there")) == ""
    assert _code(lambda: client.remove_object(bucket.name, "up/there")) == ""


def test_a_signed_url_is_good_for_as_long_as_the_policy_says(bucket: Buckets, keys: dict[str, tuple[str, str]]) -> None:
    assert uploaded(signed(bucket, ["*/*"])) == (204, "")
    address = bucket.server.url.removeprefix("http://")
    client = minio.Minio(address, access_key=keys["none"][0], secret_key=SECRET, secure=False, region="us-east-1")
    url = client.presigned_get_object(bucket.name, "up/file", expires=timedelta(hours=1))
    assert HTTP.request("GET", url).status == 200
    time.sleep(2.5)
    assert HTTP.request("GET", url).status == 403
    # Only what is signed ahead: a request that is signed as it is made has no age.
    assert _code(lambda: client.stat_object(bucket.name, "up/file")) == ""


def _code(act: object) -> str:
    """The code with which an act is refused, empty where it is done."""
    assert callable(act)
    try:
        act()
    except S3Error as error:
        return str(error.code)
    return ""
