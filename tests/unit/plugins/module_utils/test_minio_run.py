# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""minio_bucket against a strict list of requests: what a preview asks, what an apply asks beyond it, and what is said when a step fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_objects, _minio_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_access import policy, policy_name
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_replication import rule_id
from tests.storage_requests import ADMIN, CANARY, THERE, Answered, Expected, admin_refused, answering, listed, refused, sealed
from tests.unit.plugins.module_utils.test_minio_args import ARN, params, target

LOCATION = "GET /shop?location="
GONE: Answered = refused(404, "NoSuchBucket")
DENIED: Answered = refused(403, "AccessDenied")
LIST = "GET /shop?delimiter=&encoding-type=url&max-keys=1000&prefix=&versions="
OK: Answered = (200, b"")
GET_QUOTA, SET_QUOTA = f"GET {ADMIN}get-bucket-quota?bucket=shop", f"PUT {ADMIN}set-bucket-quota?bucket=shop"
OFF: list[Expected] = [
    ("GET /shop?versioning=", (200, "<VersioningConfiguration/>")),
    ("GET /shop?object-lock=", refused(404, "ObjectLockConfigurationNotFoundError")),
]
ON: list[Expected] = [
    ("GET /shop?versioning=", (200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")),
    OFF[1],
]
REPLICATION = "GET /shop?replication="
TARGETS = f"GET {ADMIN}list-remote-targets?bucket=shop&type=replication"
NO_RULES: Expected = (REPLICATION, refused(404, "ReplicationConfigurationNotFoundError"))
REMOTE = "http://127.0.0.1:9100"
COPIER = {"copier": CANARY}
WAYS = ("none", "presigned_post", "direct")
ENTITIES = f"GET {ADMIN}idp/builtin/policy-entities?" + "&".join(
    f"policy={name}" for name in sorted(policy_name("shop", way) for way in WAYS)
)
ATTACH, DETACH = f"POST {ADMIN}idp/builtin/policy/attach", f"POST {ADMIN}idp/builtin/policy/detach"


def canned(way: str) -> str:
    return f"GET {ADMIN}info-canned-policy?name={policy_name('shop', way)}&v=2"


def no_access() -> list[Expected]:
    return [(canned(way), admin_refused(404, "XMinioAdminNoSuchPolicy")) for way in WAYS]


def user(key: str, *, there: bool = True) -> Expected:
    return (f"GET {ADMIN}user-info?accessKey={key}", (200, {}) if there else admin_refused(404, "XMinioAdminNoSuchUser"))


def run(*, check: bool = False, **options: Any) -> dict[str, Any]:
    return _minio_run.run(params(**options), check_mode=check)


def told(result: dict[str, Any]) -> list[str]:
    return [f"{action['action']} {action['name']}" for action in result["actions"]]


# Options, what a preview asks, what the apply asks after it, and what both tell.
Case = tuple[dict[str, Any], list[Expected], list[Expected], list[str]]
WEBHOOK = {"notification": [{"arn": ARN, "events": ["s3:ObjectCreated:*"]}]}
TAGGED = (200, "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>")
CASES: list[Case] = [
    ({}, [(LOCATION, THERE)], [], []),
    ({}, [(LOCATION, GONE)], [("PUT /shop", OK)], ["create bucket shop"]),
    ({"tags": {"a": "b"}}, [(LOCATION, THERE), ("GET /shop?tagging=", TAGGED)], [], []),
    (
        {"quota": "5", "versioning": "enabled", "public_prefixes": ["p/"]},
        [(LOCATION, GONE), (GET_QUOTA, admin_refused(404, "NoSuchBucket"))],
        [
            ("PUT /shop", OK),
            ("PUT /shop?versioning=", OK),
            (SET_QUOTA, OK),
            (GET_QUOTA, (200, {"size": 5})),
            ("PUT /shop?policy=", (204, b"")),
        ],
        ["create bucket shop", "create bucket shop versioning", "create bucket shop quota", "create bucket shop policy"],
    ),
    # What is used matters only where the quota shrinks.
    (
        {"quota": "50"},
        [(LOCATION, THERE), (GET_QUOTA, (200, {"size": 60})), (LIST, listed(("a", 40)))],
        [(SET_QUOTA, OK), (GET_QUOTA, (200, {"size": 50}))],
        ["update bucket shop quota"],
    ),
    ({"quota": "50"}, [(LOCATION, THERE), (GET_QUOTA, (200, {"size": 50}))], [], []),
    # What the server would refuse only when it is set is asked for before.
    (
        WEBHOOK,
        [(LOCATION, GONE), (f"GET {ADMIN}info", (200, {"sqsARN": [ARN]}))],
        [("PUT /shop", OK), ("PUT /shop?notification=", OK)],
        ["create bucket shop", "create bucket shop notification"],
    ),
    (
        {**WEBHOOK, "encryption": "sse-kms", "encryption_key": "k"},
        [
            (LOCATION, GONE),
            (f"GET {ADMIN}info", admin_refused(403, "AccessDenied")),
            (f"GET {ADMIN}kms/key/status?key-id=k", refused(404, "NoSuchBucket")),
        ],
        [("PUT /shop", OK), ("PUT /shop?encryption=", OK), ("PUT /shop?notification=", OK)],
        ["create bucket shop", "create bucket shop encryption", "create bucket shop notification"],
    ),
    (
        {"versioning": "suspended"},
        [(LOCATION, THERE), *ON, NO_RULES],
        [("PUT /shop?versioning=", OK)],
        ["update bucket shop versioning"],
    ),
    (
        {"access": [{"key": "abc", "secret_key": CANARY, "uploads": "direct"}]},
        [(LOCATION, THERE), *no_access(), user("abc", there=False)],
        [
            (f"PUT {ADMIN}add-user?accessKey=abc", OK),
            (f"PUT {ADMIN}add-canned-policy?name=bluegreen-shop-direct", OK),
            (ATTACH, OK),
        ],
        ["create user abc", "create bucket shop access with uploads direct"],
    ),
    (
        {"state": "absent"},
        [(LOCATION, THERE), *no_access(), (LIST, listed())],
        [("DELETE /shop", (204, b""))],
        ["delete bucket shop"],
    ),
    ({"state": "absent"}, [(LOCATION, GONE), *no_access()], [], []),
    ({"state": "absent"}, [(LOCATION, GONE), (canned("none"), refused(404, "NoSuchBucket"))], [], []),
    (
        {"state": "absent", "force": True},
        [(LOCATION, THERE), *no_access(), (LIST, listed(("a", 1))), OFF[1]],
        [(LIST, listed(("a", 1))), ("POST /shop?delete=", (200, "<DeleteResult/>")), ("DELETE /shop", (204, b""))],
        ["delete bucket shop"],
    ),
]


@pytest.mark.parametrize(("options", "asked", "written", "changes"), CASES, ids=lambda value: str(value)[:40])
def test_a_preview_asks_what_the_apply_asks_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], asked: list[Expected], written: list[Expected], changes: list[str]
) -> None:
    with answering(monkeypatch, *asked) as pool:
        preview = run(check=True, **options)
    assert (told(preview), preview["changed"], preview["bucket"]) == (changes, bool(changes), "shop")
    assert pool.cleared
    with answering(monkeypatch, *asked, *written):
        apply = run(**options)
    for name in ("actions", "diff", "changed", "warnings"):
        assert apply[name] == preview[name]
    # Those that minio-py makes for us among them, which lists objects and deletes them.
    assert preview["requests"] == {"read": len(asked)}
    assert sum(apply["requests"].values()) == len(asked) + len(written)
    assert CANARY not in str(preview) + str(apply)


LACKS: Answered = refused(501, "NotImplemented")
NO_ADMIN_HERE: Answered = refused(404, "NoSuchBucket")
BUCKETS: Expected = ("GET /", (200, "<ListAllMyBucketsResult><Buckets><Bucket><Name>b</Name></Bucket></Buckets></ListAllMyBucketsResult>"))
NO_BUCKETS: Expected = ("GET /", (200, "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>"))
EXPIRING: dict[str, Any] = {"lifecycle": [{"id": "a", "expire_days": 3}]}
# Options, what is asked of a server that is no MinIO, and what is refused with the name of the option.
LACKING: list[tuple[dict[str, Any], list[Expected], str]] = [
    ({"quota": "5"}, [(LOCATION, THERE), (GET_QUOTA, NO_ADMIN_HERE)], "quota: {} has no admin API of MinIO"),
    ({"quota": "5"}, [(LOCATION, GONE), (GET_QUOTA, NO_ADMIN_HERE)], "quota: {} has no admin API of MinIO"),
    ({"access": [{"key": "abc"}]}, [(LOCATION, THERE), (canned("none"), NO_ADMIN_HERE)], "access: {} has no admin API of MinIO"),
    ({"access": [{"key": "abc"}]}, [(LOCATION, GONE), (canned("none"), NO_ADMIN_HERE)], "access: {} has no admin API of MinIO"),
    (
        {"replication": [target()], "versioning": "enabled"},
        [(LOCATION, THERE), *ON, (REPLICATION, LACKS)],
        "replication: {} does not have that part of S3",
    ),
    (
        {"replication": [target()]},
        [(LOCATION, GONE), (TARGETS, NO_ADMIN_HERE)],
        "replication: {} has no admin API of MinIO",
    ),
    (
        {"replication": [target()], "versioning": "enabled"},
        [(LOCATION, THERE), *ON, NO_RULES, (TARGETS, NO_ADMIN_HERE)],
        "replication: {} has no admin API of MinIO",
    ),
    ({"encryption": "sse-s3"}, [(LOCATION, THERE), ("GET /shop?encryption=", LACKS)], "encryption: {} does not have that part of S3"),
    ({"noncurrent_days": 3}, [(LOCATION, THERE), ("GET /shop?lifecycle=", LACKS)], "noncurrent_days: {} does not have that part of S3"),
    (EXPIRING, [(LOCATION, GONE), BUCKETS, ("GET /b?lifecycle=", LACKS)], "lifecycle: {} does not have that part of S3"),
    (
        {"encryption": "sse-s3", "tags": {"a": "b"}},
        [(LOCATION, GONE), BUCKETS, ("GET /b?encryption=", refused(405, "MethodNotAllowed"))],
        "encryption: {} does not have that part of S3",
    ),
]


@pytest.mark.parametrize(("options", "asked", "said"), LACKING, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("check", [True, False])
def test_what_a_server_does_not_have_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, check: bool, options: dict[str, Any], asked: list[Expected], said: str
) -> None:
    """Before anything is changed: where the bucket is still to be made, another one is asked about."""
    with answering(monkeypatch, *asked, server="Other") as pool, pytest.raises(RefusedError) as caught:
        run(check=check, **options)
    assert caught.value.sentence.startswith(said.format("http://127.0.0.1:9000"))
    assert caught.value.sentence.endswith(", or correct endpoint.")
    assert all(body is None for body in pool.bodies)


# Nothing that is not there has to be taken away.
NOTHING_OF: list[tuple[dict[str, Any], list[Expected]]] = [
    ({"quota": "0"}, [(GET_QUOTA, NO_ADMIN_HERE)]),
    ({"encryption": "none"}, [("GET /shop?encryption=", LACKS)]),
    ({"lifecycle": [], "noncurrent_days": 0}, [("GET /shop?lifecycle=", LACKS)]),
    ({"notification": []}, [("GET /shop?notification=", LACKS)]),
    ({"replication": []}, [(REPLICATION, LACKS)]),
    ({"access": []}, [(canned("none"), NO_ADMIN_HERE)]),
]


@pytest.mark.parametrize(("options", "asked"), NOTHING_OF, ids=lambda value: str(value)[:40])
def test_what_a_server_does_not_have_need_not_go(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], asked: list[Expected]) -> None:
    with answering(monkeypatch, (LOCATION, THERE), *asked, server="Other"):
        assert run(**options)["actions"] == []
    with answering(monkeypatch, (LOCATION, GONE), *(asked if "access" in options else ()), server="Other"):
        assert told(run(check=True, **options)) == ["create bucket shop"]


def test_versions_are_suspended_where_nothing_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [(LOCATION, THERE), *ON, (REPLICATION, LACKS), ("PUT /shop?versioning=", OK)]
    with answering(monkeypatch, *asked, server="Other"):
        assert told(run(versioning="suspended")) == ["update bucket shop versioning"]


def test_another_bucket_tells_what_a_new_one_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is somebody else's: it is no refusal of what the server does not have."""
    asked = [(LOCATION, GONE), BUCKETS, ("GET /b?lifecycle=", refused(404, "NoSuchLifecycleConfiguration")), ("GET /b?tagging=", DENIED)]
    with answering(monkeypatch, *asked, ("PUT /shop", OK), ("PUT /shop?lifecycle=", OK), ("PUT /shop?tagging=", OK), server="Other"):
        result = run(tags={"a": "b"}, **EXPIRING)
    assert (len(result["actions"]), result["warnings"]) == (3, [])


@pytest.mark.parametrize("first", [NO_BUCKETS, ("GET /", DENIED)])
def test_of_a_server_without_a_bucket_nobody_knows(monkeypatch: pytest.MonkeyPatch, first: Expected) -> None:
    with answering(monkeypatch, (LOCATION, GONE), first, server="Other"):
        result = run(check=True, noncurrent_days=3, tags={"a": "b"})
    assert told(result) == ["create bucket shop", "create bucket shop lifecycle", "create bucket shop tags"]
    [said] = result["warnings"]
    assert said.startswith("noncurrent_days, tags: whether the server has that is seen only when it has a bucket;")


def rules(bucket_arn: str, *names: str) -> Answered:
    return 200, "<ReplicationConfiguration>{}</ReplicationConfiguration>".format(
        "".join(
            f"<Rule><ID>{name}</ID><Status>Enabled</Status><Priority>1</Priority><DeleteMarkerReplication><Status>Enabled</Status>"
            "</DeleteMarkerReplication><DeleteReplication><Status>Disabled</Status></DeleteReplication><ExistingObjectReplication>"
            f"<Status>Enabled</Status></ExistingObjectReplication><Destination><Bucket>{bucket_arn}</Bucket></Destination>"
            "<Filter><Prefix></Prefix></Filter></Rule>"
            for name in names
        )
    )


def at(arn: str, bucket: str = "copy") -> dict[str, Any]:
    return {"arn": arn, "endpoint": "127.0.0.1:9100", "targetbucket": bucket, "secure": False, "credentials": {"accessKey": "copier"}}


COPIES: dict[str, Any] = {"replication": [target()], "versioning": "enabled"}
RULE = rule_id(REMOTE, "copy", "")
REMOTE_ON: list[Expected] = [(f"GET {REMOTE}/copy?location=", THERE), (f"GET {REMOTE}/copy?versioning=", ON[0][1])]


def test_a_copy_is_set_up_target_before_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    suspended = "<VersioningConfiguration><Status>Suspended</Status><ExcludeFolders>true</ExcludeFolders></VersioningConfiguration>"
    remote: list[Expected] = [REMOTE_ON[0], (f"GET {REMOTE}/copy?versioning=", (200, suspended))]
    asked = [(LOCATION, THERE), *OFF, NO_RULES, (TARGETS, (200, b"null")), *remote]
    written: list[Expected] = [
        ("PUT /shop?versioning=", OK),
        (f"PUT {REMOTE}/copy?versioning=", OK),
        (TARGETS, (200, b"null")),
        (f"PUT {ADMIN}set-remote-target?bucket=shop", (200, '"arn:1"')),
        ("PUT /shop?replication=", OK),
        (TARGETS, (200, [at("arn:1"), at("arn:old", "other")])),
        (f"DELETE {ADMIN}remove-remote-target?arn=arn%3Aold&bucket=shop", admin_refused(404, "XMinioAdminRemoteTargetNotFoundError")),
    ]
    with answering(monkeypatch, *asked, *written, secrets=COPIER) as pool:
        result = run(**COPIES)
    assert told(result) == [
        "create bucket shop versioning",
        "update bucket copy at http://127.0.0.1:9100 versioning",
        "create bucket shop replication",
    ]
    # What else is said there stays.
    assert b"<Status>Enabled</Status><ExcludeFolders>true</ExcludeFolders>" in (pool.bodies[len(asked) + 1] or b"")
    # Those to the other server are requests, too.
    assert sum(result["requests"].values()) == len(asked) + len(written)
    sent = pool.opened(len(asked) + 3)
    assert (sent["endpoint"], sent["secure"], sent["credentials"]) == (
        "127.0.0.1:9100",
        False,
        {"accessKey": "copier", "secretKey": CANARY},
    )
    assert b"<Destination><Bucket>arn:1</Bucket></Destination>" in (pool.bodies[len(asked) + 4] or b"")
    assert CANARY not in str(result)


def test_a_copy_that_is_there_stays_and_one_that_changes_is_updated(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [(LOCATION, THERE), *ON, (REPLICATION, rules("arn:1", RULE)), (TARGETS, (200, [at("arn:1")])), *REMOTE_ON]
    with answering(monkeypatch, *asked, secrets=COPIER):
        assert told(run(**COPIES)) == []
    written: list[Expected] = [
        (TARGETS, (200, [at("arn:1")])),
        (f"PUT {ADMIN}set-remote-target?bandwidth=true&bucket=shop&creds=true&sync=true&update=true", (200, b"")),
        ("PUT /shop?replication=", OK),
        (TARGETS, (200, [at("arn:1")])),
    ]
    with answering(monkeypatch, *asked, *written, secrets=COPIER) as pool:
        assert told(run(replication=[target(synchronous=True)], versioning="enabled")) == ["update bucket shop replication"]
    assert pool.opened(len(asked) + 1)["arn"] == "arn:1"
    assert b"<Bucket>arn:1</Bucket>" in (pool.bodies[len(asked) + 2] or b"")


def test_a_copy_that_ends_takes_its_targets_along(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [(LOCATION, THERE), (REPLICATION, rules("arn:lost", "theirs")), (TARGETS, (200, [at("arn:1")]))]
    written: list[Expected] = [
        ("DELETE /shop?replication=", (204, b"")),
        (TARGETS, (200, [at("arn:1")])),
        (f"DELETE {ADMIN}remove-remote-target?arn=arn%3A1&bucket=shop", OK),
    ]
    with answering(monkeypatch, *asked, *written):
        result = run(replication=[])
    assert told(result) == ["delete bucket shop replication"]
    # The target of that rule is gone already; it is shown as the server names it.
    assert '"Arn": "arn:lost"' in result["diff"][0]["before"]


def test_keys_are_brought_to_their_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {way: (canned(way), (200, {"Policy": policy("shop", way, None)})) for way in WAYS}
    mapped = [{"policy": "bluegreen-shop-none", "users": ["moved"]}, {"policy": "bluegreen-shop-direct", "users": ["kept", "stranger"]}]
    asked: list[Expected] = [
        (LOCATION, THERE),
        held["none"],
        no_access()[1],
        held["direct"],
        (ENTITIES, sealed({"policyMappings": [*mapped, {"policy": "of-somebody", "users": ["else"]}]})),
        user("kept"),
        user("moved"),
    ]
    already = admin_refused(400, "XMinioAdminPolicyChangeAlreadyApplied")
    written: list[Expected] = [
        (DETACH, OK),
        (f"DELETE {ADMIN}remove-canned-policy?name=bluegreen-shop-none", OK),
        (ATTACH, already),
        (DETACH, OK),
    ]
    with answering(monkeypatch, *asked, *written) as pool:
        result = run(access=[{"key": "moved", "uploads": "direct"}, {"key": "kept", "uploads": "direct"}])
    assert told(result) == ["delete bucket shop access with uploads none", "update bucket shop access with uploads direct"]
    sent = [pool.opened(number) for number in (len(asked), len(asked) + 2, len(asked) + 3)]
    assert sent == [
        {"policies": ["bluegreen-shop-none"], "user": "moved"},
        {"policies": ["bluegreen-shop-direct"], "user": "moved"},
        {"policies": ["bluegreen-shop-direct"], "user": "stranger"},
    ]


KMS = f"GET {ADMIN}kms/key/status?key-id="
COPIED = [(LOCATION, THERE), *ON, (REPLICATION, rules("arn:1", "a"))]
LOOKED: list[tuple[dict[str, Any], list[Expected], str]] = [
    (
        {"encryption": "sse-s3"},
        [(LOCATION, GONE), (KMS, admin_refused(501, "NotImplemented", "no KMS"))],
        "the server has no key to encrypt with (it has no KMS); set",
    ),
    (
        {"encryption": "sse-kms", "encryption_key": "k"},
        [(LOCATION, GONE), (f"{KMS}k", (200, {"encryption-error": "key does not exist"}))],
        "encryption_key: the server cannot use the key k (key does not exist); make it there, or correct the name.",
    ),
    (WEBHOOK, [(LOCATION, GONE), (f"GET {ADMIN}info", (200, {}))], "the server has no target"),
    ({"versioning": "suspended"}, COPIED, "versioning: bucket shop is copied elsewhere"),
    ({"quota": "5"}, [(LOCATION, THERE), (GET_QUOTA, (200, {})), (LIST, listed(("a", 6)))], "quota: 5 is less than the 6 bytes that"),
    (
        COPIES,
        [(LOCATION, THERE), *ON, NO_RULES, (TARGETS, (200, [])), (f"GET {REMOTE}/copy?location=", refused(404, "NoSuchBucket"))],
        "replication.bucket: copy is not there",
    ),
]


@pytest.mark.parametrize(("options", "asked", "sentence"), LOOKED, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("check", [True, False])
def test_what_would_be_refused_in_the_middle_is_refused_before(
    monkeypatch: pytest.MonkeyPatch, check: bool, options: dict[str, Any], asked: list[Expected], sentence: str
) -> None:
    with answering(monkeypatch, *asked, secrets=COPIER), pytest.raises(RefusedError) as caught:
        run(check=check, **options)
    assert sentence in caught.value.sentence


def test_a_page_is_no_bucket_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        answering(monkeypatch, (LOCATION, (200, "<page><p>Log in</p></page>"))),
        pytest.raises(BlueGreenError, match="no LocationConstraint"),
    ):
        run(check=True)


NOTHING, SOME = "Nothing was changed.", "It may have been done in part; run again."
NEW: list[Expected] = [(LOCATION, GONE), ("PUT /shop", OK)]
ABC = {"access": [{"key": "abc", "uploads": "direct"}]}
HAS_USER = [(LOCATION, THERE), *no_access(), user("abc")]
POLICY = (f"PUT {ADMIN}add-canned-policy?name=bluegreen-shop-direct", OK)
FULL = [(LOCATION, THERE), *no_access(), (LIST, listed(("a", 1))), OFF[1], (LIST, listed(("a", 1)))]
EMPTIED = ("POST /shop?delete=", (200, "<DeleteResult/>"))
FORCED: dict[str, Any] = {"state": "absent", "force": True}
# Options, all that is asked, what was done, and what is said of it.
FAILED: list[tuple[dict[str, Any], list[Expected], list[str], str]] = [
    ({}, [(LOCATION, GONE), ("PUT /shop", DENIED)], [], NOTHING),
    (
        {"tags": {"a": "b"}},
        [*NEW, ("PUT /shop?tagging=", DENIED)],
        ["create bucket shop"],
        "1 of 2 steps were done and stay; run again to finish.",
    ),
    (
        {"tags": {"a": "b"}, "public_prefixes": [""], "versioning": "enabled"},
        [*NEW, ("PUT /shop?versioning=", OK), ("PUT /shop?tagging=", OK), ("PUT /shop?policy=", DENIED)],
        ["create bucket shop", "create bucket shop versioning", "create bucket shop tags"],
        "3 of 4 steps were done and stay; run again to finish.",
    ),
    # Steps of several requests, of which the first was done.
    (ABC, [*HAS_USER, POLICY, (ATTACH, admin_refused(403, "AccessDenied"))], [], SOME),
    (ABC, [*HAS_USER, (POLICY[0], admin_refused(403, "AccessDenied"))], [], NOTHING),
    (FORCED, [*FULL, EMPTIED, ("DELETE /shop", refused(409, "BucketNotEmpty"))], [], SOME),
    (FORCED, [*FULL, ("POST /shop?delete=", DENIED)], [], SOME),
    ({"state": "absent"}, [(LOCATION, THERE), *no_access(), (LIST, listed()), ("DELETE /shop", DENIED)], [], NOTHING),
    (
        {"quota": "50"},
        [(LOCATION, THERE), (GET_QUOTA, (200, {})), (LIST, listed()), (SET_QUOTA, OK), (GET_QUOTA, (200, {"size": 7}))],
        [],
        SOME,
    ),
]


@pytest.mark.parametrize(("options", "asked", "done", "words"), FAILED, ids=lambda value: str(value)[:40])
def test_a_step_that_fails_says_what_was_done(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], asked: list[Expected], done: list[str], words: str
) -> None:
    with answering(monkeypatch, *asked) as pool, pytest.raises(BlueGreenError) as caught:
        run(**options)
    assert caught.value.sentence.endswith(words)
    assert (caught.value.facts["done"], caught.value.facts["changed"]) == (done, bool(done))
    assert json.dumps(caught.value.facts)
    # The connections are closed then, too.
    assert pool.cleared == 1


def test_what_cannot_go_is_refused_before_anything_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    lock: Expected = (
        "GET /shop?object-lock=",
        (200, "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"),
    )
    kept: Answered = (200, "<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2999-01-01T00:00:00Z</RetainUntilDate></Retention>")
    asked = [*FULL[:-2], lock, FULL[-1], ("GET /shop/a?retention=&versionId=v0", kept)]
    with answering(monkeypatch, *asked), pytest.raises(RefusedError, match="cannot be emptied, for a is kept until 2999"):
        run(**FORCED)


def test_more_than_is_counted_is_told_by_the_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_minio_objects, "COUNTED", 1)
    scan: Expected = (f"GET {ADMIN}datausageinfo", (200, {"bucketsUsageInfo": {"shop": {"size": 5000, "versionsCount": 300}}}))
    asked = [(LOCATION, THERE), *no_access(), (LIST, listed(("a", 1), ("b", 1))), scan]
    with answering(monkeypatch, *asked), pytest.raises(RefusedError, match=r"bucket shop holds about 300 objects \(5k\)") as caught:
        run(state="absent")
    assert caught.value.facts == {"objects": 300, "bytes": 5000}
