# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a bucket: what comes, changes and goes, in which order, and what is refused before anything does."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import NONCURRENT_RULE, PUBLIC_SID, BucketWish, wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_objects import Usage
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import canonical_policy, quota_state
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_plan import (
    Bucket,
    desired,
    is_shrinking,
    needed,
    plan,
    warnings,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import Plan
from tests.storage_requests import CANARY
from tests.unit.plugins.module_utils.test_minio_args import ARN, params, statement, target

ON = {"Status": "Enabled"}
BLANK = Bucket(is_there=False)
HERE = Bucket(is_there=True)
GOVERNED = {"mode": "governance", "days": 3}
PLACE = ("http://127.0.0.1:9100", "copy")


def wish(**options: Any) -> BucketWish:
    return wish_of(params(**options))


def told(made: Plan) -> list[str]:
    return [f"{change.kind} {change.name}" for change in made.changes]


def bucket(**settings: Any) -> Bucket:
    """A bucket that is there with these settings."""
    return Bucket(is_there=True, settings=settings)


def reached(of: BucketWish, before: Bucket) -> Bucket:
    """The bucket as it is after all changes of a plan."""
    strangers = tuple(key for key in before.strangers if key not in of.user_secrets)
    found = dataclasses.replace(
        before,
        is_there=True,
        # What a new bucket with a lock has from the first.
        settings={**({"retention": {}} if of.object_lock else {}), **before.settings, **desired(of, before)},
        strangers=strangers,
        remotes=dict.fromkeys(before.remotes, ON),
    )
    if of.access is not None:
        found = dataclasses.replace(found, access=of.access)
    return found if of.replication is None else dataclasses.replace(found, replication=dict(of.replication) or None)


RULE = {"id": "a", "expire_days": 3}
EXPIRING = {"Filter": {}, "Status": "Enabled", "Expiration": {"Days": "3"}}
OURS = {
    "Filter": {},
    "Status": "Enabled",
    "Expiration": {"ExpiredObjectDeleteMarker": "true"},
    "NoncurrentVersionExpiration": {"NoncurrentDays": "30"},
}
OPEN = {
    "Sid": PUBLIC_SID,
    "Effect": "Allow",
    "Principal": {"AWS": ["*"]},
    "Action": ["s3:GetObject"],
    "Resource": ["arn:aws:s3:::shop/public/*"],
}
THEIRS: dict[str, Any] = canonical_policy(statement(Sid="Theirs")["policy"]) or {}
BOTH = {"Version": "2012-10-17", "Statement": [OPEN, *THEIRS["Statement"]]}
TOLD = [{"arn": ARN, "events": ["s3:ObjectCreated:*"]}]
ACCESS = [{"key": "reader"}, {"key": "writer", "uploads": "direct"}, {"key": "signer", "uploads": "presigned_post"}]

# Options, and what they make of nothing: the names are without "bucket shop".
MADE: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [""]),
    ({"versioning": "enabled"}, ["", " versioning"]),
    ({"versioning": "suspended"}, ["", " versioning"]),
    ({"object_lock": True}, ["", " versioning"]),
    ({"object_lock": False}, [""]),
    ({"retention": GOVERNED}, ["", " versioning", " retention"]),
    ({"retention": {}}, [""]),
    ({"object_lock": True, "retention": {}}, ["", " versioning"]),
    ({"quota": "15GB", "encryption": "sse-s3", "tags": {"a": "b"}}, ["", " encryption", " quota", " tags"]),
    ({"quota": "0", "encryption": "none", "tags": {}, "lifecycle": [], "policy": {}, "notification": [], "public_prefixes": []}, [""]),
    ({"noncurrent_days": 30}, ["", " lifecycle"]),
    ({"noncurrent_days": 0}, [""]),
    ({"public_prefixes": ["a/"], "notification": TOLD}, ["", " policy", " notification"]),
    ({"access": []}, [""]),
    ({"access": ACCESS}, ["", *(f" access with uploads {way}" for way in ("none", "presigned_post", "direct"))]),
    ({"replication": []}, [""]),
]


@pytest.mark.parametrize(("options", "names"), MADE, ids=lambda value: str(value)[:50])
def test_a_bucket_that_is_not_there_is_made_as_it_should_be(options: dict[str, Any], names: list[str]) -> None:
    of = wish(**options)
    made = plan(of, BLANK)
    assert told(made) == [f"create bucket shop{name}" for name in names]
    assert made.digest() == plan(of, BLANK).digest()
    assert told(plan(of, reached(of, BLANK))) == []


def test_everything_at_once_in_its_order() -> None:
    """Versions before what needs them, encryption and quota before somebody writes, a user before what it gets, targets before rules."""
    of = wish(
        versioning="enabled",
        retention=GOVERNED,
        encryption="sse-s3",
        quota="15GB",
        noncurrent_days=30,
        tags={"a": "b"},
        public_prefixes=["public/"],
        notification=TOLD,
        access=[{"key": "writer", "uploads": "direct", "secret_key": CANARY}],
        replication=[target()],
    )
    before = dataclasses.replace(BLANK, strangers=("writer",), remotes={PLACE: {}}, arns=frozenset([ARN]))
    made = plan(of, before)
    parts = [
        "",
        *(f" {part}" for part in ("versioning", "retention", "encryption", "quota", "lifecycle", "tags", "policy", "notification")),
    ]
    assert told(made) == [
        *(f"create bucket shop{part}" for part in parts),
        "create user writer",
        "create bucket shop access with uploads direct",
        "create bucket copy at http://127.0.0.1:9100 versioning",
        "create bucket shop replication",
    ]
    assert made.changes[0].after == {"object_lock": True}
    assert CANARY not in str(made.diff()) + repr(made) + str(made.actions())
    assert told(plan(of, reached(of, before))) == []


# Options, what is there, and what would change.
DRIFTED: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {"quota": quota_state(5)}, []),
    ({"quota": "5"}, {"quota": quota_state(5)}, []),
    ({"quota": "6"}, {"quota": quota_state(5)}, ["update bucket shop quota"]),
    ({"quota": "0"}, {"quota": quota_state(5)}, ["delete bucket shop quota"]),
    ({"quota": "6"}, {}, ["create bucket shop quota"]),
    ({"versioning": "suspended"}, {"versioning": {"Status": "Enabled"}}, ["update bucket shop versioning"]),
    ({"versioning": "suspended"}, {}, ["create bucket shop versioning"]),
    ({"encryption": "none"}, {"encryption": {"SSEAlgorithm": "AES256"}}, ["delete bucket shop encryption"]),
    ({"encryption": "sse-kms", "encryption_key": "k"}, {"encryption": {"SSEAlgorithm": "AES256"}}, ["update bucket shop encryption"]),
    ({"tags": {}}, {"tags": {"a": "b"}}, ["delete bucket shop tags"]),
    ({"tags": {"a": 1}}, {"tags": {"a": "1"}}, []),
    ({"object_lock": True}, {"retention": {}, "versioning": {"Status": "Enabled"}}, []),
    ({"object_lock": True}, {"retention": {"Mode": "COMPLIANCE", "Days": "1"}, "versioning": {"Status": "Enabled"}}, []),
    ({"object_lock": True}, {"retention": {}, "versioning": {"Status": "Suspended"}}, ["update bucket shop versioning"]),
    ({"retention": {}}, {"retention": {"Mode": "COMPLIANCE", "Days": "1"}}, ["update bucket shop retention"]),
    ({"retention": {}}, {}, []),
    ({"object_lock": False, "retention": {}}, {}, []),
    ({"lifecycle": [RULE]}, {"lifecycle": {"a": EXPIRING}}, []),
    ({"lifecycle": []}, {"lifecycle": {"a": EXPIRING}}, ["delete bucket shop lifecycle"]),
    ({"notification": []}, {"notification": [{"Arn": ARN}]}, ["delete bucket shop notification"]),
    ({"policy": {}}, {"policy": THEIRS}, ["delete bucket shop policy"]),
    ({"public_prefixes": []}, {"policy": THEIRS}, []),
    ({"public_prefixes": []}, {"policy": {**BOTH, "Statement": [OPEN]}}, ["delete bucket shop policy"]),
]


@pytest.mark.parametrize(("options", "settings", "changes"), DRIFTED, ids=lambda value: str(value)[:50])
def test_a_bucket_that_is_there_is_brought_to_what_it_should_be(
    options: dict[str, Any], settings: dict[str, Any], changes: list[str]
) -> None:
    of, before = wish(**options), bucket(**settings)
    assert told(plan(of, before)) == changes
    assert told(plan(of, reached(of, before))) == []
    assert set(settings) <= set(needed(of)) or not changes


# Options, what is there, and what two of them make of one setting together.
MEETING: list[tuple[dict[str, Any], dict[str, Any], str, Any]] = [
    ({"noncurrent_days": 30}, {"a": EXPIRING}, "lifecycle", {"a": EXPIRING, NONCURRENT_RULE: OURS}),
    ({"noncurrent_days": 0}, {"a": EXPIRING, NONCURRENT_RULE: OURS}, "lifecycle", {"a": EXPIRING}),
    ({"noncurrent_days": 0}, {NONCURRENT_RULE: OURS}, "lifecycle", None),
    ({"lifecycle": [RULE]}, {NONCURRENT_RULE: OURS, "b": EXPIRING}, "lifecycle", {"a": EXPIRING, NONCURRENT_RULE: OURS}),
    ({"lifecycle": []}, {NONCURRENT_RULE: OURS, "b": EXPIRING}, "lifecycle", {NONCURRENT_RULE: OURS}),
    ({"lifecycle": [], "noncurrent_days": 0}, {NONCURRENT_RULE: OURS, "b": EXPIRING}, "lifecycle", None),
    ({"lifecycle": [RULE], "noncurrent_days": 30}, {"b": EXPIRING}, "lifecycle", {"a": EXPIRING, NONCURRENT_RULE: OURS}),
    ({"public_prefixes": ["public/"]}, THEIRS, "policy", BOTH),
    ({"public_prefixes": []}, BOTH, "policy", THEIRS),
    (statement(Sid="Theirs"), {**BOTH, "Statement": [OPEN]}, "policy", BOTH),
    ({"policy": {}}, BOTH, "policy", {**BOTH, "Statement": [OPEN]}),
    ({"policy": {}, "public_prefixes": []}, BOTH, "policy", None),
    ({**statement(Sid="Theirs"), "public_prefixes": ["public/"]}, {}, "policy", BOTH),
    # Others' marks and exceptions stay.
    ({"public_prefixes": ["public/"]}, {**THEIRS, "Id": "mark"}, "policy", {**BOTH, "Id": "mark"}),
    (
        {"versioning": "enabled"},
        {"Status": "Suspended", "ExcludedPrefixes": [{"Prefix": "tmp/"}]},
        "versioning",
        {"Status": "Enabled", "ExcludedPrefixes": [{"Prefix": "tmp/"}]},
    ),
]


@pytest.mark.parametrize(("options", "there", "part", "wanted"), MEETING, ids=lambda value: str(value)[:50])
def test_where_two_options_meet(options: dict[str, Any], there: dict[str, Any], part: str, wanted: Any) -> None:
    of, before = wish(**options), bucket(**{part: there or None})
    assert part in needed(of)
    [change] = plan(of, before).changes
    assert (change.name, change.after) == (f"bucket shop {part}", wanted)
    assert told(plan(of, reached(of, before))) == []


def test_a_whole_bucket_can_be_public() -> None:
    [_, change] = plan(wish(public_prefixes=["", "b/", "b/"]), BLANK).changes
    assert change.after["Statement"][0]["Resource"] == ["arn:aws:s3:::shop/*", "arn:aws:s3:::shop/b/*"]


def test_versions_end_after_what_needs_them() -> None:
    """The server refuses to suspend them while it copies."""
    before = dataclasses.replace(bucket(versioning={"Status": "Enabled"}), replication={"x": {}}, replicates=True)
    made = plan(wish(versioning="suspended", replication=[], quota="5"), before)
    assert told(made) == ["create bucket shop quota", "delete bucket shop replication", "update bucket shop versioning"]


NEEDED: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ()),
    ({"quota": "5", "tags": {}}, ("quota", "tags")),
    ({"versioning": "enabled"}, ("versioning", "retention")),
    ({"object_lock": False}, ("versioning", "retention")),
    ({"replication": [target()]}, ("versioning", "retention")),
    ({"replication": []}, ()),
    ({"noncurrent_days": 0}, ("lifecycle",)),
    ({"public_prefixes": []}, ("policy",)),
]


@pytest.mark.parametrize(("options", "parts"), NEEDED)
def test_only_what_is_needed_is_read(options: dict[str, Any], parts: tuple[str, ...]) -> None:
    assert needed(wish(**options)) == parts


SHRINKING = [
    ("5", None, True),
    ("5", quota_state(6), True),
    ("5", quota_state(5), False),
    ("6", quota_state(5), False),
    ("0", quota_state(5), False),
]


@pytest.mark.parametrize(("quota", "held", "shrinks"), SHRINKING)
def test_when_somebody_must_know_what_is_used(quota: str, held: Any, shrinks: bool) -> None:
    assert is_shrinking(wish(quota=quota), bucket(quota=held)) is shrinks
    assert not is_shrinking(wish(quota=quota), BLANK)
    assert not is_shrinking(wish(), bucket(quota=held))


USED = dataclasses.replace(HERE, usage=Usage(3, 4100, exact=True))
VERSIONED = {"versioning": {"Status": "Enabled"}}
LOCKED = bucket(retention={}, **VERSIONED)
COPIED = {"replication": [target()]}
REFUSED: list[tuple[dict[str, Any], Bucket, str]] = [
    (
        {"quota": "4k"},
        USED,
        "quota: 4k is less than the 4.1k that bucket shop holds, old versions included; delete objects, keep a larger quota, or",
    ),
    (
        {"object_lock": True},
        HERE,
        "object_lock: bucket shop was made without it, and it can be given only when a bucket is made; make another",
    ),
    ({"retention": GOVERNED}, HERE, "object_lock: bucket shop was made without it"),
    ({"object_lock": False}, LOCKED, "object_lock: bucket shop was made with it, and it is never taken away; make another bucket"),
    (
        {"versioning": "suspended"},
        LOCKED,
        "versioning: bucket shop has an object lock, which needs versions; leave versioning out or enabled.",
    ),
    (
        {"versioning": "suspended"},
        dataclasses.replace(bucket(**VERSIONED), replicates=True),
        "versioning: bucket shop is copied elsewhere, which needs versions; set replication to [], too, or leave versioning out",
    ),
    (
        {"versioning": "suspended"},
        bucket(versioning={"Status": "Enabled", "ExcludedPrefixes": [{"Prefix": "tmp/"}, {"Prefix": "log/"}]}),
        "versioning: bucket shop keeps no versions below tmp/, log/, which the server holds only while versions are enabled; take",
    ),
    (
        {"access": ACCESS},
        dataclasses.replace(HERE, strangers=("reader",)),
        "access.key: reader is no user of the server; give its secret_key to",
    ),
    (
        {"notification": TOLD},
        dataclasses.replace(HERE, arns=frozenset()),
        f"notification.arn: the server has no target {ARN} (it has none); set it up there, or correct the ARN.",
    ),
    ({"notification": TOLD}, dataclasses.replace(BLANK, arns=frozenset(["b", "a"])), "(it has a, b)"),
    (
        {"encryption": "sse-s3"},
        dataclasses.replace(BLANK, unusable="it has no KMS"),
        "encryption: the server has no key to encrypt with (it has no KMS);",
    ),
    (COPIED, bucket(), "replication: bucket shop keeps no versions, and only those are copied; set versioning to enabled, too."),
    (COPIED, BLANK, "replication: bucket shop keeps no versions"),
    ({**COPIED, "versioning": "suspended"}, bucket(**VERSIONED), "replication: bucket shop keeps no versions"),
    (
        {**COPIED, "versioning": "enabled"},
        dataclasses.replace(HERE, remotes={PLACE: None}),
        "replication.bucket: copy is not there at http://127.0.0.1:9100; make it first, or let replication.create do so.",
    ),
    (
        {"state": "absent"},
        USED,
        "state: bucket shop holds 3 objects (4.1k), old versions included, and they would be lost; move them away, or set",
    ),
    ({"state": "absent"}, dataclasses.replace(HERE, usage=Usage(1, 0, exact=False)), "holds about 1 object (0 bytes), old versions"),
    (
        {"state": "absent", "force": True},
        dataclasses.replace(USED, locked="a is under a legal hold"),
        "state: bucket shop cannot be emptied, for a is under a legal hold; run again when that is over.",
    ),
]


@pytest.mark.parametrize(("options", "before", "sentence"), REFUSED, ids=lambda value: str(value)[:50])
def test_what_would_do_harm_is_refused(options: dict[str, Any], before: Bucket, sentence: str) -> None:
    with pytest.raises(RefusedError) as caught:
        plan(wish(**options), before)
    assert sentence in caught.value.sentence
    assert caught.value.sentence.endswith(".")


def test_force_is_enough() -> None:
    assert told(plan(wish(quota="4k", force=True), USED)) == ["create bucket shop quota"]
    gone = plan(wish(state="absent", force=True), USED)
    assert told(gone) == ["delete bucket shop"]
    assert gone.diff()[0]["before"] == '{\n  "bytes": 4100,\n  "objects": 3\n}\n'
    with pytest.raises(RefusedError) as caught:
        plan(wish(quota="4k"), USED)
    assert caught.value.facts == {"used_bytes": 4100, "quota_bytes": 4000}
    with pytest.raises(RefusedError) as caught:
        plan(wish(state="absent"), USED)
    assert caught.value.facts == {"objects": 3, "bytes": 4100}


def test_what_goes_takes_its_policies_along() -> None:
    state = {"policy": {}, "keys": ["a"]}
    before = dataclasses.replace(HERE, usage=Usage(0, 0, exact=True), access={"none": state, "direct": state})
    ways = ["delete bucket shop access with uploads none", "delete bucket shop access with uploads direct"]
    assert told(plan(wish(state="absent"), before)) == [*ways, "delete bucket shop"]
    # What is left of a bucket that somebody else deleted.
    assert told(plan(wish(state="absent"), dataclasses.replace(before, is_there=False, usage=None))) == ways
    assert told(plan(wish(state="absent"), BLANK)) == []


def test_access_that_is_declared_no_more_goes() -> None:
    of = wish(access=ACCESS)
    there = dataclasses.replace(HERE, access=of.access or {})
    assert told(plan(wish(access=[]), there)) == [
        f"delete bucket shop access with uploads {way}" for way in ("none", "presigned_post", "direct")
    ]
    assert told(plan(wish(), there)) == []
    # It has the denial of the new way before it loses the old one, where that is stricter.
    moved = plan(wish(access=[{**one, "uploads": "none"} for one in ACCESS]), there)
    assert told(moved)[0] == "update bucket shop access with uploads none"
    assert told(plan(wish(access=ACCESS, signature_age=60), there)) == [
        change.replace("delete", "update") for change in told(plan(wish(access=[]), there))
    ]


def test_a_secret_is_sent_again_only_where_it_is_asked_for() -> None:
    options = {"access": [{"key": "writer", "uploads": "direct", "secret_key": CANARY}], "replication": [target()], "versioning": "enabled"}
    of = wish(**options)
    there = reached(of, dataclasses.replace(HERE, remotes={PLACE: ON}))
    assert told(plan(of, there)) == []
    again = plan(wish(**options, update_secrets="always"), there)
    assert told(again) == ["update user writer", "update bucket shop replication"]
    assert CANARY not in str(again.diff()) + repr(again)
    assert all("******** (changed)" in diff["after"] for diff in again.diff())
    new = plan(wish(**options, update_secrets="always"), dataclasses.replace(there, replication=None, strangers=("writer",)))
    assert told(new) == ["create user writer", "create bucket shop replication"]
    assert CANARY not in str(new.diff())


def test_what_else_is_said_of_the_versions_of_a_copy_stays() -> None:
    of = wish(**COPIED, versioning="enabled")
    before = dataclasses.replace(bucket(**VERSIONED), remotes={PLACE: {"Status": "Suspended", "ExcludeFolders": "true"}})
    [change, _] = plan(of, before).changes
    assert (change.before, change.after) == (before.remotes[PLACE], {"Status": "Enabled", "ExcludeFolders": "true"})


def test_a_changed_target_is_a_change() -> None:
    of = wish(**COPIED, versioning="enabled")
    there = reached(of, dataclasses.replace(HERE, remotes={PLACE: ON}))
    for other in (
        {"access_key": "other"},
        {"deletes": True},
        {"synchronous": True},
        {"bytes_per_second": "1GB"},
        {"existing_objects": False},
    ):
        made = plan(wish(replication=[target(**other)], versioning="enabled"), there)
        assert told(made) == ["update bucket shop replication"], other
    assert told(plan(wish(replication=[]), there)) == ["delete bucket shop replication"]


WARNED: list[tuple[dict[str, Any], Bucket, bool]] = [
    ({"quota": "5", "versioning": "enabled"}, BLANK, True),
    ({"quota": "5", "object_lock": True}, BLANK, True),
    ({"quota": "5", "versioning": "enabled", "noncurrent_days": 1}, BLANK, False),
    ({"quota": "5", "versioning": "suspended"}, BLANK, False),
    ({"quota": "0", "versioning": "enabled"}, BLANK, False),
    ({"quota": "5", "versioning": "enabled", "noncurrent_days": 0}, HERE, True),
    # What was not read is not judged.
    ({"quota": "5", "versioning": "enabled"}, HERE, False),
    ({"state": "absent"}, HERE, False),
]


@pytest.mark.parametrize(("options", "before", "warned"), WARNED)
def test_versions_that_fill_a_quota_are_warned_of(options: dict[str, Any], before: Bucket, warned: bool) -> None:
    found = warnings(wish(**options), before)
    assert bool(found) is warned
    assert all("set noncurrent_days" in sentence for sentence in found)


def test_each_plan_has_a_digest_of_its_own() -> None:
    plans = [plan(wish(**options), BLANK) for options, _ in MADE]
    for one, two in itertools.combinations(plans, 2):
        assert (one.digest() == two.digest()) is (one.diff() == two.diff())
