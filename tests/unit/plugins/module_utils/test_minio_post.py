# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed forms: what their policies say, and that their signatures are those of S3."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_post import check_limits, forms
from tests.storage_requests import ACCESS, CANARY, HOST

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)


def policy_of(form: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(form["fields"]["policy"]))
    return found


def signed(form: dict[str, Any]) -> str:
    """The signature as https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html has it, step by step."""
    key = f"AWS4{CANARY}".encode()
    for step in form["fields"]["x-amz-credential"].split("/")[1:]:
        key = hmac.digest(key, step.encode(), hashlib.sha256)
    return hmac.new(key, form["fields"]["policy"].encode(), hashlib.sha256).hexdigest()


def test_there_is_one_form_for_each_type() -> None:
    found = forms(ACCESS, check_limits("shop", "uploads/", "5MB", ["image/png", "image/*", "*/*"], 3600), NOW)
    assert [form["type"] for form in found] == ["image/png", "image/*", "*/*"]
    begins = [["eq", "$Content-Type", "image/png"], ["starts-with", "$Content-Type", "image/"], ["starts-with", "$Content-Type", ""]]
    for form, condition in zip(found, begins, strict=True):
        assert (form["url"], form["key_prefix"], form["max_size"], form["expires"]) == (
            f"{HOST}/shop",
            "uploads/",
            5_000_000,
            "2026-11-22T20:00:00Z",
        )
        policy = policy_of(form)
        assert policy["expiration"] == "2026-11-22T20:00:00.000Z"
        conditions = policy["conditions"]
        assert ["eq", "$bucket", "shop"] in conditions
        assert ["starts-with", "$key", "uploads/"] in conditions
        assert ["content-length-range", 0, 5_000_000] in conditions
        assert [one for one in conditions if one[1] == "$Content-Type"] == [condition]
        # Each field that is sent must be in the policy, and is, as it is sent.
        for name, value in form["fields"].items():
            assert name in ("policy", "x-amz-signature") or ["eq", f"${name}", value] in conditions
        assert form["fields"]["x-amz-signature"] == signed(form)
        assert form["fields"]["x-amz-credential"].startswith("operator/")
        assert CANARY not in json.dumps(form) + json.dumps(policy)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"bucket": "Shop"}, "bucket: 'Shop' cannot name a bucket"),
    ({"bucket": "a.-b"}, "bucket: 'a.-b' cannot name a bucket"),
    ({"prefix": ""}, "key_prefix: '' is no prefix of an object; write it like uploads/"),
    ({"prefix": "/a"}, "key_prefix: '/a' is no prefix"),
    ({"max_size": "0"}, "max_size: '0' is not a size of one upload; give 1 byte to 5Gi."),
    ({"max_size": 5 * 2**30 + 1}, "max_size: 5368709121 is not a size of one upload"),
    ({"max_size": "large"}, "max_size: 'large' is not a size; write"),
    ({"types": []}, "types: [] is not a list of MIME types; write"),
    ({"types": ["png"]}, "types: ['png'] is not a list of MIME types"),
    ({"types": ["image/png; charset=x"]}, "is not a list of MIME types"),
    ({"seconds": 0}, "expires: 0 is not a number of seconds that a form can be good for; give 1 to 604800."),
    ({"seconds": 604801}, "expires: 604801 is not"),
]


@pytest.mark.parametrize(("changes", "sentence"), BAD)
def test_what_cannot_work_is_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    whole: dict[str, Any] = {"bucket": "shop", "prefix": "a/", "max_size": "5MB", "types": ["image/*"], "seconds": 60}
    with pytest.raises(InputError) as caught:
        check_limits(**{**whole, **changes})
    assert sentence in caught.value.sentence


def test_the_limits_themselves_are_fine() -> None:
    for size, seconds in ((1, 1), ("5Gi", 604800)):
        assert check_limits("shop", "a", size, ["*/*"], seconds).seconds == seconds


def test_without_the_library_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "minio.datatypes", None)
    with pytest.raises(InputError, match="The Python library minio is not installed"):
        forms(ACCESS, check_limits("shop", "a/", 1, ["*/*"], 60))
