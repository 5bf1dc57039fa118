# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of minio_bucket: what cannot work is one sentence, before anything is asked of a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import MINIO_BUCKET_SPEC, wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_connection import access_of
from tests.storage_requests import CANARY

BASE = {"endpoint": "http://127.0.0.1:9000", "access_key": "operator", "secret_key": CANARY, "name": "shop"}


@pytest.fixture(autouse=True)
def _no_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment gives what is not given."""
    for name in ("ENDPOINT", "ACCESS_KEY", "SECRET_KEY"):
        monkeypatch.delenv(f"MINIO_{name}", raising=False)


def params(**options: Any) -> dict[str, Any]:
    """Options as the module gets them, valid but for what is given."""
    checked = ArgumentSpecValidator(MINIO_BUCKET_SPEC).validate({**BASE, **options})
    assert not checked.errors.errors, checked.errors.msg
    found: dict[str, Any] = checked.validated_parameters
    return found


def rule(**options: Any) -> dict[str, Any]:
    return {"lifecycle": [{"id": "a", **options}]}


def target(**options: Any) -> dict[str, Any]:
    return {"endpoint": "http://127.0.0.1:9100", "bucket": "copy", "access_key": "copier", "secret_key": CANARY, **options}


def statement(**options: Any) -> dict[str, Any]:
    whole = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}
    return {"policy": {"Statement": [{key: value for key, value in {**whole, **options}.items() if value != "gone"}]}}


NAMES = [
    "",
    "ab",
    "Shop",
    "shop_1",
    "-shop",
    "shop-",
    "a..b",
    "a.-b",
    "a-.b",
    "10.0.0.1",
    "xn--a",
    "a-s3alias",
    "minio",
    "s" * 64,
    "shöp",
    "shop\n",
]
ARN = "arn:minio:sqs::p:webhook"

# Options, and what is said of them: the option, the value where it is none that is a secret, and the remedy.
BAD: list[tuple[dict[str, Any], list[str]]] = [
    *(({"name": name}, ["name: ", "cannot name a bucket; use 3 to 63 lower-case letters"]) for name in NAMES),
    ({"quota": "many"}, ["quota: 'many' is not a size; write for example 50Gi"]),
    ({"quota": "-1"}, ["quota: '-1' "]),
    ({"quota": "9" * 30}, ["quota: '999", "is more than a server counts"]),
    ({"quota": "10E"}, ["quota: '10E' is more than a server counts; give less than 8Ei"]),
    ({"noncurrent_days": -1}, ["noncurrent_days: -1 is not a number of days that can be; give 0 to 36500."]),
    ({"noncurrent_days": 36501}, ["noncurrent_days: 36501 is not", "give 0 to 36500."]),
    ({"retention": {"mode": "governance"}}, ["retention: it needs mode and one of days and years; write for example {mode: governance"]),
    ({"retention": {"days": 3}}, ["retention: it needs mode"]),
    ({"retention": {"mode": "governance", "days": 3, "years": 1}}, ["retention: it needs mode and one of days and years"]),
    ({"retention": {"mode": "governance", "days": 0}}, ["retention.days: 0 is not a number of days that can be; give 1 to 36500."]),
    ({"retention": {"mode": "governance", "years": 101}}, ["retention.years: 101 is not a number of years that can be; give 1 to 100."]),
    ({"retention": {"mode": "governance", "years": 0}}, ["retention.years: 0 is not a number of years"]),
    ({"encryption": "sse-kms"}, ["encryption_key: not given, and sse-kms needs the name of a key; give it, or use sse-s3."]),
    ({"encryption": "sse-kms", "encryption_key": ""}, ["encryption_key: not given"]),
    (
        {"encryption": "sse-s3", "encryption_key": "k"},
        ["encryption_key: it is for encryption=sse-kms only; set that, or leave the key out."],
    ),
    ({"encryption_key": "k"}, ["encryption_key: it is for encryption=sse-kms only"]),
    ({"object_lock": False, "retention": {"mode": "compliance", "days": 1}}, ["retention: object_lock is false"]),
    ({"object_lock": True, "versioning": "suspended"}, ["versioning: suspended cannot be with object_lock or retention"]),
    ({"retention": {"mode": "compliance", "days": 1}, "versioning": "suspended"}, ["versioning: suspended cannot be"]),
    (rule(), ["lifecycle.a: it says what for, and not what to do; give expire_days, expire_delete_markers or noncurrent_days."]),
    (rule(id="", expire_days=1), ["lifecycle.id: '' cannot be an id; give 1 to 255 characters."]),
    (rule(id="i" * 256, expire_days=1), ["lifecycle.id: 'iiii", "cannot be an id"]),
    ({"lifecycle": [{"id": "a", "expire_days": 1}] * 2}, ["lifecycle.id: 'a' is there twice; give one of the two another id."]),
    (rule(id="bluegreen-noncurrent", expire_days=1), ["lifecycle.id: bluegreen-noncurrent is the rule of noncurrent_days; give this one"]),
    (rule(expire_days=0), ["lifecycle.a.expire_days: 0 is not a number of days that can be; give 1 to 36500."]),
    (rule(noncurrent_days=0), ["lifecycle.a.noncurrent_days: 0 is not"]),
    (
        rule(newer_noncurrent_versions=0),
        ["lifecycle.a.newer_noncurrent_versions: 0 is not a number of versions that can be; give 1 to 36500."],
    ),
    (rule(expire_days=1, expire_delete_markers=True), ["lifecycle.a.expire_delete_markers: expire_days is given too"]),
    (
        rule(tags={"a": "b"}, expire_delete_markers=True),
        ["lifecycle.a.expire_delete_markers: a delete marker has no tags; leave tags out."],
    ),
    (rule(tags={"a": None}, expire_days=1), ["lifecycle.a.tags: the value of a is no text; put it in quotes"]),
    (
        rule(tags={"k" * 129: "v"}, expire_days=1),
        ["lifecycle.a.tags: 'kkk", "is too long; a key has 1 to 128 characters, a value 256 at most."],
    ),
    (rule(prefix="a\nb", expire_days=1), ["lifecycle: 'a\\nb' holds a character that cannot be sent; leave it out."]),
    ({"tags": {str(number): "x" for number in range(51)}}, ["tags: these are 51, and a bucket has 50 at most; leave some out."]),
    ({"tags": {"a": True}}, ['tags: the value of a is no text; put it in quotes, for example a: "1".']),
    ({"tags": {"a": None}}, ["tags: the value of a is no text"]),
    ({"tags": {"a": {}}}, ["tags: the value of a is no text"]),
    ({"tags": {"a": "é"}}, ["tags: 'é' cannot be in a tag; use letters without accents, digits, spaces and + - = . _ : / @."]),
    ({"tags": {"a&b": "c"}}, ["tags: 'a&b' cannot be in a tag"]),
    ({"tags": {"": "x"}}, ["tags: '' or its value is too long"]),
    ({"tags": {"a": "x" * 257}}, ["tags: 'a' or its value is too long"]),
    ({"tags": {"a": "\x00"}}, ["tags: '\\x00' holds a character that cannot be sent"]),
    ({"tags": {"\ud800": "a"}}, ["tags: ", "holds a character that cannot be sent"]),
    ({"policy": "["}, ["policy: it is no policy of S3; give a dictionary with a list Statement, or {} for none."]),
    ({"policy": "[" * 100_000}, ["policy: it is no policy of S3"]),
    (
        {"policy": {"Version": "2008-10-17", **statement()["policy"]}},
        ["policy: its Version is '2008-10-17'", "2012-10-17 only; write that."],
    ),
    ({"policy": "[]"}, ["policy: it is no policy of S3"]),
    ({"policy": {"Statement": ["a"]}}, ["policy: it is no policy of S3"]),
    ({"policy": {"Statement": [{"Condition": ["a"]}]}}, ["policy: it is no policy of S3"]),
    (statement(Sid=["a"]), ["policy: the Sid ['a'] is no text; put it in quotes, or leave it out."]),
    *(
        (statement(**{key: "gone"}), ["policy: a statement lacks Effect (Allow or Deny), Principal"])
        for key in ("Effect", "Principal", "Action")
    ),
    (statement(Effect="Maybe"), ["policy: a statement lacks Effect (Allow or Deny)"]),
    (statement(Principal="gone", NotPrincipal="*"), ["policy: a statement lacks Effect (Allow or Deny), Principal"]),
    (statement(Resource="gone"), ["policy: a statement lacks", "Resource"]),
    (statement(Action=[{"a": 1}]), ["policy: \"{'a': 1}\" is no action; write it like s3:GetObject."]),
    (statement(Action=None), ["policy: 'None' is no action"]),
    (statement(Action="gone", NotAction="s3:PutObject"), ["policy: a statement has NotAction, which MinIO cannot hold;", "in Action"]),
    (statement(NotAction="s3:PutObject"), ["policy: a statement has NotAction"]),
    (statement(NotResource="arn:aws:s3:::shop/a/*"), ["policy: a statement has Resource and NotResource; leave one of the two out."]),
    (statement(Whatever="x"), ["policy: 'Whatever' is no part of a statement", "leave it out."]),
    (statement(Principal="*", NotPrincipal="*"), ["policy: 'NotPrincipal' is no part of a statement"]),
    (statement(Action="s3:GetObjekt"), ["policy: 's3:GetObjekt' is no action that we know; write s3:GetObject, or set allow_unknown"]),
    (statement(Action="s3:getobject"), ["policy: 's3:getobject' is no action that we know; write s3:GetObject, or"]),
    (statement(Action=["s3:GetObject", "s3:Zzz*"]), ["policy: 's3:Zzz*' is no action that we know; write it like s3:GetObject, or"]),
    (statement(Action="ec2:Run"), ["policy: 'ec2:Run' is no action that we know"]),
    (statement(Action="s3:ListBucket"), ["policy: s3:ListBucket is done to the bucket; name arn:aws:s3:::shop as a resource, too."]),
    (
        statement(Resource="arn:aws:s3:::shop"),
        ["policy: s3:GetObject is done to objects; name arn:aws:s3:::shop/* or some of them as a resource, too."],
    ),
    (
        statement(Action="s3:ListBucket", Resource="gone", NotResource="arn:aws:s3:::shop/*"),
        ["policy: s3:ListBucket is done to the bucket"],
    ),
    (
        statement(Resource="gone", NotResource="arn:aws:s3:::other/*"),
        ["policy: the resource 'arn:aws:s3:::other/*' is none of bucket shop"],
    ),
    (
        statement(Resource="arn:aws:s3:::other/*"),
        ["policy: the resource 'arn:aws:s3:::other/*' is none of bucket shop; write arn:aws:s3:::shop"],
    ),
    (statement(Resource="*"), ["policy: the resource '*' is none of bucket shop"]),
    ({"public_prefixes": ["/public"]}, ["public_prefixes: '/public' is no prefix of a key; write it like public/, or empty for the whole"]),
    ({"public_prefixes": ["a*"]}, ["public_prefixes: 'a*' is no prefix of a key"]),
    ({"public_prefixes": ["a?"]}, ["public_prefixes: 'a?' is no prefix of a key"]),
    ({"public_prefixes": ["${aws:username}"]}, ["public_prefixes: '${aws:username}' is no prefix of a key"]),
    (
        {"notification": [{"arn": ARN, "events": ["made"]}]},
        ["notification.events: 'made' is no event; write for example s3:ObjectCreated:*."],
    ),
    ({"notification": [{"arn": ARN, "events": []}]}, ["notification.events: '' is no event"]),
    *(
        ({"notification": [{"arn": ARN, "events": ["s3:ObjectRemoved:*", event]}]}, [f"notification.events: '{event}' is no event", *said])
        for event, said in (
            ("s3:ObjectCreated:Putt", [" that we know; write s3:ObjectCreated:Put, or set allow_unknown"]),
            ("s3:ObjectMade:*", [" that we know; write "]),
            ("s3:objectcreated:put", [" that we know; write s3:ObjectCreated:Put, or"]),
            ("s3:Zzz:Qqq", [" that we know; write it like s3:ObjectCreated:*, or set allow_unknown"]),
            ("s3:Object*", []),
        )
    ),
    ({"notification": [{"arn": ARN, "events": ["s3:ObjectCreated:*"]}] * 2}, [f"notification: {ARN} is there twice for the same"]),
    ({"signature_age": 60}, ["signature_age: it stands in the policies of access, which is not given; name the keys there."]),
    ({"signature_age": 0, "access": []}, ["signature_age: 0 is not a number of seconds", "give 1 to 604800."]),
    ({"signature_age": 604801, "access": []}, ["signature_age: 604801 is not"]),
    *(
        ({"access": [{"key": key}]}, ["access.key: ", "cannot be an access key; use 3 to 128"])
        for key in ("ab", "a b c", "a,b", "a=b", "k" * 129)
    ),
    ({"access": [{"key": "abc"}, {"key": "abc", "uploads": "direct"}]}, ["access.key: abc is there twice; leave one of the two out."]),
    ({"access": [{"key": "abc", "secret_key": "canary-"}]}, ["access.secret_key: that of abc has 7 characters; use 8 to 40."]),
    ({"access": [{"key": "abc", "secret_key": CANARY * 3}]}, ["access.secret_key: that of abc has 60 characters; use 8 to 40."]),
    ({"replication": [target(endpoint="ftp://a")]}, ["replication.endpoint: 'ftp://a' is not an http:// or https:// URL"]),
    ({"replication": [target(endpoint=f"http://u:{CANARY}@a")]}, ["replication.endpoint: the URL carries a user or password"]),
    ({"replication": [target(endpoint="http://a/b")]}, ["replication.endpoint: 'http://a/b' has a path; give scheme, host and port only"]),
    ({"replication": [target(endpoint="http://a?b")]}, ["replication.endpoint: 'http://a?b' has a path"]),
    ({"replication": [target(endpoint="http://a#b")]}, ["replication.endpoint: 'http://a#b' has a path"]),
    ({"replication": [target(bucket="Copy")]}, ["replication.bucket: 'Copy' cannot name a bucket"]),
    ({"replication": [target(access_key="")]}, ["replication.access_key: '' cannot be an access key"]),
    ({"replication": [target(secret_key="")]}, ["replication.secret_key: that of copier is empty; give it."]),
    (
        {"replication": [target(endpoint="http://127.0.0.1:9000/", bucket="shop")]},
        ["replication.bucket: shop at http://127.0.0.1:9000 is this bucket itself"],
    ),
    ({"replication": [target(endpoint="HTTP://127.0.0.1:9000", bucket="shop")]}, ["is this bucket itself; name another one."]),
    (
        {"replication": [target()] * 2},
        ["replication: copy at http://127.0.0.1:9100 is there twice for the same prefix; leave one of the two out."],
    ),
    ({"replication": [target(), target(endpoint="http://127.0.0.1:9100/")]}, ["is there twice for the same prefix"]),
    *(
        (
            {"replication": [target(), target(prefix="b", **other)]},
            ["replication: copy at http://127.0.0.1:9100 is there twice, not with the same "],
        )
        for other in ({"access_key": "other"}, {"secret_key": "another-one"}, {"synchronous": True}, {"bytes_per_second": "100MB"})
    ),
    (
        {"replication": [target(bytes_per_second="99MB")]},
        ["replication.bytes_per_second: '99MB' is too little for MinIO; give 100MB or more."],
    ),
    ({"replication": [target(bytes_per_second="fast")]}, ["replication.bytes_per_second: 'fast' is not a size"]),
    ({"replication": [target(prefix="\x07")]}, ["replication: '\\x07' holds a character that cannot be sent"]),
]


@pytest.mark.parametrize(("options", "sentences"), BAD, ids=lambda value: str(value)[:40])
def test_what_cannot_work_is_a_sentence(options: dict[str, Any], sentences: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        wish_of(params(**options))
    said = caught.value.sentence
    assert "; " in said
    assert said.endswith(".")
    assert "\n" not in said
    assert [sentence for sentence in sentences if sentence not in said] == [], said
    assert CANARY not in said + repr(caught.value.facts)


NO_ACCESS: list[tuple[dict[str, Any], str]] = [
    ({"endpoint": "storage:9000"}, "endpoint: 'storage:9000' is not an http:// or https:// URL with a host; write for example"),
    ({"endpoint": "http://a/minio"}, "endpoint: 'http://a/minio' has a path; give scheme, host and port only, like http://127.0.0.1:9000."),
    ({"endpoint": "http://a#minio"}, "endpoint: 'http://a#minio' has a path"),
    ({"endpoint": "http://a?b"}, "endpoint: 'http://a?b' has a path"),
    ({"endpoint": f"http://bob:{CANARY}@a"}, "endpoint: the URL carries a user or password, and it is shown; give it without them."),
    ({"endpoint": f"bob:{CANARY}@a:9000"}, "endpoint: the URL carries a user or password"),
    ({"endpoint": "http://a:99999"}, "endpoint: 'http://a:99999' is not an http"),
    ({"endpoint": "http://münchen.example"}, "endpoint: 'http://münchen.example' has a host that is no plain name; write it as DNS has it"),
    ({"access_key": ""}, "access_key: '' cannot be an access key; use 3 to 128 letters, digits and signs"),
    ({"access_key": "a\nb-c"}, r"access_key: 'a\nb-c' cannot be an access key"),
    ({"access_key": "clé"}, "access_key: 'clé' cannot be an access key"),
    ({"region": ""}, "region: '' is no name of a region; write it like us-east-1."),
    ({"region": "us east"}, "region: 'us east' is no name of a region"),
    ({"request_timeout": 0}, "request_timeout: 0 is no time to wait; give more than 0 seconds, and 3600 at most."),
    ({"request_timeout": "nan"}, "request_timeout: nan is no time to wait"),
    ({"request_timeout": "inf"}, "request_timeout: inf is no time to wait"),
    ({"ca_cert": "/nowhere/ca.pem"}, "ca_cert: '/nowhere/ca.pem' cannot be read as certificates (FileNotFoundError); name a PEM file."),
    ({"secret_key": None}, "secret_key: not given; give it, name a file in secret_key_file, or set the variable MINIO_SECRET_KEY."),
    ({"secret_key": ""}, "secret_key: not given"),
    (
        {"secret_key_file": "/nowhere/key"},
        "secret_key_file: secret_key is given too, there or in MINIO_SECRET_KEY; leave one of the two out.",
    ),
    (
        {"secret_key": None, "secret_key_file": "/nowhere/key"},
        "secret_key_file: '/nowhere/key' cannot be read (FileNotFoundError); name a file with the key.",
    ),
]


@pytest.mark.parametrize(("options", "sentence"), NO_ACCESS, ids=lambda value: str(value)[:40])
def test_no_way_in_is_a_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        access_of(params(**options))
    assert sentence in caught.value.sentence
    assert CANARY not in caught.value.sentence


@pytest.mark.parametrize("content", ["", " \n", "\x80"])
def test_a_file_that_holds_no_key(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError, match=r"^secret_key"):
        access_of(params(secret_key=None, secret_key_file=str(path)))


def test_a_file_with_something_else_is_no_authority(tmp_path: Path) -> None:
    path = tmp_path / "ca"
    path.write_text(CANARY)
    with pytest.raises(InputError, match=r"ca_cert: .* cannot be read as certificates \(SSLError\); name a PEM file"):
        access_of(params(ca_cert=str(path)))


def test_the_key_of_a_file_is_without_its_line_end(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{CANARY}\n")
    found = access_of(params(secret_key=None, secret_key_file=str(path), endpoint="HTTPS://Storage.example/", region="eu-west-3"))
    assert (found.endpoint, found.secret_key, found.region) == ("https://Storage.example", CANARY, "eu-west-3")
    assert CANARY not in repr(found)


def test_the_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ENDPOINT", "http://env:9000"), ("ACCESS_KEY", "someone"), ("SECRET_KEY", "some-secret")):
        monkeypatch.setenv(f"MINIO_{name}", value)
    checked = ArgumentSpecValidator(MINIO_BUCKET_SPEC).validate({"name": "shop"})
    found = access_of(checked.validated_parameters)
    assert (found.endpoint, found.access_key, found.secret_key) == ("http://env:9000", "someone", "some-secret")


def test_what_is_not_given_is_not_asked_for() -> None:
    wish = wish_of(params())
    assert (wish.settings, wish.object_lock, wish.access, wish.replication, wish.public_prefixes) == ({}, None, None, None, None)
    empty = {"quota": "0", "retention": {}, "encryption": "none", "lifecycle": [], "tags": {}, "policy": {}, "notification": []}
    wish = wish_of(params(**empty, access=[], replication=[], public_prefixes=[]))
    assert wish.settings == {**dict.fromkeys(empty), "retention": {}}
    assert (wish.access, wish.replication, wish.public_prefixes) == ({}, {}, ())
    assert wish_of(params(state="absent", quota="nonsense")).settings == {}


@pytest.mark.parametrize("resource", ["arn:aws:s3:::*", "arn:aws:s3:::sho?/a", "arn:aws:s3:::shop", "arn:aws:s3:::shop/*"])
def test_a_statement_about_this_bucket_may_be_written_in_several_ways(resource: str) -> None:
    act = "s3:ListBucket" if resource == "arn:aws:s3:::shop" else "s3:GetObject"
    assert wish_of(params(**statement(Resource=resource, Action=act))).settings["policy"]["Statement"][0]["Resource"] == [resource]


def test_a_wish_shows_no_secret() -> None:
    wish = wish_of(params(access=[{"key": "abc", "secret_key": CANARY}], replication=[target()]))
    assert wish.user_secrets == {"abc": CANARY}
    assert wish.target_secrets == {("http://127.0.0.1:9100", "copy"): CANARY}
    assert CANARY not in repr(wish)


def test_one_place_has_one_name() -> None:
    """The server gives back scheme and host in its own spelling; another one would be a change in each run."""
    [one] = (wish_of(params(replication=[target(endpoint="HTTP://127.0.0.1:9100/")])).replication or {}).values()
    assert one["Target"]["Endpoint"] == "http://127.0.0.1:9100"


GOOD_STATEMENTS: list[dict[str, Any]] = [
    {"Action": "*"},
    {"Action": "s3:*"},
    {"Action": "s3:*", "Resource": "arn:aws:s3:::shop/a/*"},
    {"Action": "s3:Get?bject"},
    {"Action": "s3:List*", "Resource": ["arn:aws:s3:::shop", "arn:aws:s3:::shop/*"]},
    {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::shop"},
    {"Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "arn:aws:s3:::sho*"},
    {"Action": ["s3:ListBucket", "s3:GetObject"], "Resource": ["arn:aws:s3:::shop", "arn:aws:s3:::shop/*"]},
    {"Resource": "gone", "NotResource": "arn:aws:s3:::shop/private/*", "Effect": "Deny"},
    {"Sid": "Mine", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
]


@pytest.mark.parametrize("options", GOOD_STATEMENTS)
def test_what_a_server_takes_is_let_through(options: dict[str, Any]) -> None:
    assert wish_of(params(**statement(**options))).settings["policy"]["Statement"]


def test_a_newer_server_has_the_last_word() -> None:
    """What it alone knows is let through where somebody says so; what cannot be a name of anything is not."""
    told = {"notification": [{"arn": ARN, "events": ["s3:ObjectMelted:*"]}]}
    for action in ("s3:MeltObject", "s3express:CreateSession"):
        wish = wish_of(params(**statement(Action=action, Resource="arn:aws:s3:::shop"), **told, allow_unknown=True))
        assert wish.settings["policy"]["Statement"][0]["Action"] == [action]
        assert wish.settings["notification"][0]["Event"] == ["s3:ObjectMelted:*"]
    for options, said in (
        (statement(Action="melt"), "policy: 'melt' is no action; write"),
        (statement(Action="gone", NotAction="s3:MeltObject"), "policy: a statement has NotAction"),
        ({"notification": [{"arn": ARN, "events": ["melted"]}]}, "notification.events: 'melted' is no event; write"),
    ):
        with pytest.raises(InputError, match=said):
            wish_of(params(**options, allow_unknown=True))
