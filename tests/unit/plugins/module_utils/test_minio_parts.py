# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a bucket: two spellings of one setting are equal, and what nobody of us knows comes back as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_xml as xml
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import StorageError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import (
    PARTS,
    canonical_policy,
    notification,
    ordered_notification,
    quota_state,
)
from tests.storage_requests import ADMIN, HOST, Answered, Server, refused

# By part: its subresource, the element that it is, and what a server says where there is none.
WHERE = {
    "versioning": ("versioning", "VersioningConfiguration", None),
    "retention": ("object-lock", "ObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"),
    "encryption": ("encryption", "ServerSideEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError"),
    "lifecycle": ("lifecycle", "LifecycleConfiguration", "NoSuchLifecycleConfiguration"),
    "tags": ("tagging", "Tagging", "NoSuchTagSet"),
    "notification": ("notification", "NotificationConfiguration", None),
}


def read(monkeypatch: pytest.MonkeyPatch, part: str, inside: str) -> Any:
    """What a part is when a server says this of it."""
    path, element, _ = WHERE[part]
    server = Server(monkeypatch, (f"GET /shop?{path}=", (200, f"<{element}>{inside}</{element}>")))
    return PARTS[part].read(server.storage, "shop")


def written(monkeypatch: pytest.MonkeyPatch, part: str, state: Any) -> str:
    """What is sent to set a part, without the outermost element."""
    path, element, _ = WHERE[part]
    server = Server(monkeypatch, (f"PUT /shop?{path}=", (200, b"")))
    PARTS[part].write(server.storage, "shop", state)
    [body] = server.pool.bodies
    assert body is not None
    text = body.decode()
    begin, end = f'<{element} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">', f"</{element}>"
    assert text.startswith(begin), text
    return text.removeprefix(begin).removesuffix(end)


@pytest.mark.parametrize("part", list(WHERE))
def test_what_is_not_there_is_none(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    path, _, code = WHERE[part]
    assert read(monkeypatch, part, "") is None
    assert read(monkeypatch, part, "\n") is None
    if code:
        server = Server(monkeypatch, (f"GET /shop?{path}=", refused(404, code)))
        assert PARTS[part].read(server.storage, "shop") is None


@pytest.mark.parametrize("part", [*WHERE, "policy"])
def test_what_cannot_be_read_is_not_none(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """What is then "not there" would be made anew, and what nobody declared would go."""
    path = WHERE[part][0] if part in WHERE else part
    answers: list[Answered] = [
        refused(403, "AccessDenied"),
        refused(404, "NoSuchBucket"),
        (200, b"{}x"),
        (200, "<html><b>Log in</b></html>"),
    ]
    for answer in answers:
        server = Server(monkeypatch, (f"GET /shop?{path}=", answer))
        with pytest.raises(BlueGreenError):
            PARTS[part].read(server.storage, "shop")


RULE = "<ID>a</ID><Status>Enabled</Status>"
EXPIRES = "<Expiration><Days>3</Days></Expiration>"
PLAIN = {"a": {"Filter": {}, "Status": "Enabled", "Expiration": {"Days": "3"}}}
ONE_TAG = {"a": {**PLAIN["a"], "Filter": {"Tag": [{"Key": "k", "Value": ""}]}}}
TWO = {"Prefix": "p/", "Tag": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}

# Part, what is one setting, and its spellings.
SPELLINGS: list[tuple[str, Any, list[str]]] = [
    ("versioning", {"Status": "Enabled"}, ["<Status>Enabled</Status>", "\n <Status>Enabled</Status>\n"]),
    (
        "versioning",
        {"Status": "Enabled", "ExcludedPrefixes": [{"Prefix": "a"}], "ExcludeFolders": "true"},
        ["<Status>Enabled</Status><ExcludedPrefixes><Prefix>a</Prefix></ExcludedPrefixes><ExcludeFolders>true</ExcludeFolders>"],
    ),
    (
        "retention",
        {},
        [
            "<ObjectLockEnabled>Enabled</ObjectLockEnabled>",
            "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule/>",
            "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>\n</DefaultRetention></Rule>",
        ],
    ),
    (
        "retention",
        {"Mode": "GOVERNANCE", "Days": "3"},
        ["<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>3</Days></DefaultRetention></Rule>"],
    ),
    (
        "encryption",
        {"SSEAlgorithm": "AES256"},
        [
            f"<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>{more}</ApplyServerSideEncryptionByDefault></Rule>"
            for more in ("", "<KMSMasterKeyID/>", "<KMSMasterKeyID></KMSMasterKeyID>")
        ],
    ),
    ("encryption", None, ["<Rule/>", "<Rule><ApplyServerSideEncryptionByDefault/></Rule>"]),
    (
        "lifecycle",
        PLAIN,
        [
            f"<Rule>{RULE}{chosen}{EXPIRES}</Rule>"
            for chosen in ("", "<Filter/>", "<Filter>\n</Filter>", "<Filter><Prefix/></Filter>", "<Prefix/>", "<Filter><And/></Filter>")
        ],
    ),
    ("lifecycle", PLAIN, [f"<Rule>{EXPIRES}<Status>Enabled</Status><ID>a</ID></Rule>"]),
    (
        "lifecycle",
        PLAIN,
        [
            f"<Rule>{RULE}<Expiration><Days>3</Days><Date></Date><ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker></Expiration></Rule>"
        ],
    ),
    (
        "lifecycle",
        {"a": {**PLAIN["a"], "Filter": {"Prefix": "p/"}}},
        [
            f"<Rule>{RULE}{chosen}{EXPIRES}</Rule>"
            for chosen in ("<Prefix>p/</Prefix>", "<Filter><Prefix>p/</Prefix></Filter>", "<Filter><And><Prefix>p/</Prefix></And></Filter>")
        ],
    ),
    (
        "lifecycle",
        ONE_TAG,
        [
            f"<Rule>{RULE}<Filter>{chosen}</Filter>{EXPIRES}</Rule>"
            for chosen in (
                "<Tag><Key>k</Key></Tag>",
                "<Tag><Key>k</Key><Value/></Tag>",
                "<And><Tag><Key>k</Key><Value></Value></Tag></And>",
                "<Prefix/><Tag><Key>k</Key><Value/></Tag>",
            )
        ],
    ),
    (
        "lifecycle",
        {"a": {**PLAIN["a"], "Filter": TWO}},
        [
            f"<Rule>{RULE}<Filter><And><Prefix>p/</Prefix>{tags}</And></Filter>{EXPIRES}</Rule>"
            for tags in (
                "<Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag>",
                "<Tag><Value>2</Value><Key>b</Key></Tag><Tag><Key>a</Key><Value>1</Value></Tag>",
            )
        ],
    ),
    (
        "lifecycle",
        {"a": {"Filter": {}, "Status": "Enabled", "NoncurrentVersionExpiration": {"NewerNoncurrentVersions": "2"}}},
        [
            f"<Rule>{RULE}<NoncurrentVersionExpiration>{days}<NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule>"
            for days in ("", "<NoncurrentDays>0</NoncurrentDays>", "<NoncurrentDays/>")
        ],
    ),
    (
        "tags",
        {"a": "1", "b": ""},
        [
            "<TagSet><Tag><Key>b</Key><Value/></Tag><Tag><Key>a</Key><Value>1</Value></Tag></TagSet>",
            "<TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key></Tag></TagSet>",
        ],
    ),
    ("tags", None, ["<TagSet/>", "<TagSet>\n</TagSet>"]),
    (
        "notification",
        [notification("arn:q", ["s3:A", "s3:B"], "p", ".s")],
        [
            "<QueueConfiguration><Id>x</Id><Queue>arn:q</Queue><Event>s3:B</Event><Event>s3:A</Event><Event>s3:A</Event><Filter><S3Key>"
            f"{rules}</S3Key></Filter></QueueConfiguration>"
            for rules in (
                "<FilterRule><Name>prefix</Name><Value>p</Value></FilterRule><FilterRule><Name>suffix</Name><Value>.s</Value></FilterRule>",
                "<FilterRule><Name>Suffix</Name><Value>.s</Value></FilterRule><FilterRule><Name>Prefix</Name><Value>p</Value></FilterRule>",
            )
        ],
    ),
    (
        "notification",
        [notification("arn:q", ["s3:A"])],
        [
            f"<QueueConfiguration><Queue>arn:q</Queue><Event>s3:A</Event>{chosen}</QueueConfiguration>"
            for chosen in ("", "<Filter/>", "<Filter><S3Key/></Filter>", "<Filter>\n<S3Key>\n</S3Key></Filter>")
        ],
    ),
]


@pytest.mark.parametrize(("part", "state", "spellings"), SPELLINGS, ids=lambda value: str(value)[:40])
def test_two_spellings_of_one_setting_are_equal(monkeypatch: pytest.MonkeyPatch, part: str, state: Any, spellings: list[str]) -> None:
    for inside in spellings:
        assert read(monkeypatch, part, inside) == state, inside


# What is read, and in what spelling it goes back: nothing is lost that somebody else has set.
KEPT: list[tuple[str, str]] = [
    ("versioning", "<Status>Suspended</Status><MFADelete>Disabled</MFADelete>"),
    (
        "versioning",
        "<Status>Enabled</Status><ExcludedPrefixes><Prefix>a</Prefix></ExcludedPrefixes><ExcludedPrefixes><Prefix>b</Prefix></ExcludedPrefixes>",
    ),
    *(
        ("lifecycle", f"<Rule><ID>a</ID><Filter><Prefix>p/</Prefix></Filter><Status>Enabled</Status>{acts}</Rule>")
        for acts in (
            "<Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration>",
            "<Expiration><Days>3</Days><ExpiredObjectAllVersions>true</ExpiredObjectAllVersions></Expiration>",
            "<DelMarkerExpiration><Days>3</Days></DelMarkerExpiration>",
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
            # At once, and not "nothing said".
            "<Transition><Days>0</Days><StorageClass>COLD</StorageClass></Transition>",
            "<Transition><Days>1</Days><StorageClass>COLD</StorageClass></Transition><Transition><Days>9</Days></Transition>",
            "<New><Deeper><Still>1</Still><Flag>false</Flag></Deeper></New>",
            "<New>0</New>",
        )
    ),
    (
        "lifecycle",
        "<Rule><ID>a</ID><Filter><And><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan><Prefix>p/</Prefix></And></Filter><Status>Enabled</Status></Rule>",
    ),
    ("lifecycle", "<Rule><ID>a</ID><Filter><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter><Status>Disabled</Status></Rule>"),
    (
        "retention",
        "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>1</Years></DefaultRetention></Rule>",
    ),
    ("retention", "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"),
    *(
        ("notification", f"<{kind}><{target}>{arn}</{target}><Event>s3:A</Event></{kind}>")
        for kind, target, arn in (
            ("QueueConfiguration", "Queue", "arn:minio:sqs::p:webhook"),
            ("TopicConfiguration", "Topic", "arn:aws:sns:eu:1:t"),
            ("CloudFunctionConfiguration", "CloudFunction", "arn:aws:lambda:eu:1:f"),
        )
    ),
]


@pytest.mark.parametrize(("part", "inside"), KEPT)
def test_what_is_read_goes_back_as_it_was(monkeypatch: pytest.MonkeyPatch, part: str, inside: str) -> None:
    state = read(monkeypatch, part, inside)
    back = written(monkeypatch, part, state)
    assert xml.parse(f"<A>{back}</A>".encode(), "A") == xml.parse(f"<A>{inside}</A>".encode(), "A")


def test_rules_without_ids_stay_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known by their id alone one of them would be deleted with the next change of another rule."""
    rules = "".join(f"<Rule><Status>Enabled</Status><Filter><Prefix>{prefix}</Prefix></Filter>{EXPIRES}</Rule>" for prefix in "ab")
    state = read(monkeypatch, "lifecycle", rules)
    assert sorted(rule["Filter"]["Prefix"] for rule in state.values()) == ["a", "b"]
    assert all(state)
    assert read(monkeypatch, "lifecycle", rules) == state
    assert read(monkeypatch, "lifecycle", written(monkeypatch, "lifecycle", state)) == state


def test_a_filter_of_several_conditions_is_in_an_and(monkeypatch: pytest.MonkeyPatch) -> None:
    for chosen, sent in (
        ({}, "<Filter><Prefix /></Filter>"),
        ({"Tag": [{"Key": "k", "Value": "v"}]}, "<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>"),
        (
            {"Tag": TWO["Tag"]},
            "<Filter><And><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag></And></Filter>",
        ),
    ):
        state = {"a": {"Filter": chosen, "Status": "Enabled"}}
        assert written(monkeypatch, "lifecycle", state) == f"<Rule><ID>a</ID>{sent}<Status>Enabled</Status></Rule>"


@pytest.mark.parametrize("part", [part for part in PARTS if part not in ("versioning", "retention", "quota", "notification")])
def test_what_should_go_is_deleted(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    path = WHERE[part][0] if part in WHERE else part
    server = Server(monkeypatch, (f"DELETE /shop?{path}=", (204, b"")))
    PARTS[part].write(server.storage, "shop", None)
    assert server.pool.bodies == [None]


def test_of_notifications_there_is_no_deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(monkeypatch, ("PUT /shop?notification=", (200, b"")))
    PARTS["notification"].write(server.storage, "shop", None)
    assert xml.parse(server.pool.bodies[0] or b"", "NotificationConfiguration") == {}


def test_the_order_of_notifications_says_nothing() -> None:
    one, two = notification("arn:b", ["s3:A"]), notification("arn:a", ["s3:A"])
    assert ordered_notification([one, two]) == ordered_notification([two, one]) == [two, one]
    assert ordered_notification([]) is None


# Of the versions of MinIO: the old, the middle and the new spelling; and none.
QUOTAS: list[tuple[Any, dict[str, Any] | None]] = [
    ({"quota": 5, "quotatype": "hard"}, {"bytes": 5, "size": "5"}),
    ({"quota": 15 * 10**9, "size": 15 * 10**9, "rate": 0}, {"bytes": 15 * 10**9, "size": "15G"}),
    ({"size": 2**30}, quota_state(2**30)),
    ({"quota": 0, "size": 0}, None),
    ({}, None),
    (None, None),
]


@pytest.mark.parametrize(("said", "state"), QUOTAS)
def test_a_quota_in_each_spelling(monkeypatch: pytest.MonkeyPatch, said: Any, state: Any) -> None:
    server = Server(monkeypatch, (f"GET {ADMIN}get-bucket-quota?bucket=shop", (200, said)))
    assert PARTS["quota"].read(server.storage, "shop") == state


@pytest.mark.parametrize(("state", "sent"), [(quota_state(5), (5, 5, "hard")), (None, (0, 0, ""))])
def test_a_quota_is_read_back(monkeypatch: pytest.MonkeyPatch, state: Any, sent: tuple[int, int, str]) -> None:
    """A newer server than ours answers 200 to a key that it does not know."""
    put, get = f"PUT {ADMIN}set-bucket-quota?bucket=shop", f"GET {ADMIN}get-bucket-quota?bucket=shop"
    server = Server(monkeypatch, (put, (200, b"")), (get, (200, {"size": sent[0]})), (put, (200, b"")), (get, (200, {"size": 7})))
    PARTS["quota"].write(server.storage, "shop", state)
    assert (server.pool.said(0)["quota"], server.pool.said(0)["size"], server.pool.said(0)["quotatype"]) == sent
    with pytest.raises(RefusedError, match=rf"quota: {HOST} took [05] for bucket shop and holds 7; see whether its version speaks"):
        PARTS["quota"].write(server.storage, "shop", state)


STATEMENT = {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::shop/*"]}
POLICIES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"Principal": "*"}, {}),
    ({"Principal": {"AWS": "*"}}, {}),
    ({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}, {}),
    ({"Action": ["s3:GetObject", "s3:GetObject"]}, {}),
    ({"Sid": "", "Condition": {}}, {}),
    ({"Sid": None}, {}),
    ({"Action": ["s3:PutObject", "s3:GetObject"]}, {"Action": ["s3:GetObject", "s3:PutObject"]}),
    *(
        ({"Condition": {"Bool": {"aws:SecureTransport": value}}}, {"Condition": {"Bool": {"aws:SecureTransport": ["false"]}}})
        for value in (False, "false", [False], ["false"])
    ),
    *(
        (
            {"Condition": {"NumericGreaterThan": {"s3:signatureAge": value}}},
            {"Condition": {"NumericGreaterThan": {"s3:signatureAge": ["5000"]}}},
        )
        for value in (5000, "5000", [5000], ["5000"], 5000.0)
    ),
]


@pytest.mark.parametrize(("given", "canonical"), POLICIES)
def test_two_spellings_of_a_policy_are_equal(given: dict[str, Any], canonical: dict[str, Any]) -> None:
    wanted = {"Version": "2012-10-17", "Statement": [{**STATEMENT, **canonical}]}
    assert canonical_policy({"Statement": [{**STATEMENT, **given}]}) == wanted
    assert canonical_policy({"Version": "2012-10-17", "Statement": {**STATEMENT, **given}}) == wanted
    # What is canonical is so already.
    assert canonical_policy(wanted) == wanted


def test_what_else_a_policy_says_is_kept() -> None:
    """NotAction and NotResource are statements of their own, and an id is somebody's mark: MinIO and Amazon spell its key in two ways."""
    others = {"Effect": "Deny", "Principal": {"AWS": ["a", "b"]}, "NotAction": ["s3:*"], "NotResource": ["arn:aws:s3:::shop/a"]}
    policy = {"Id": "mark", "Version": "2008-10-17", "Statement": [others, {**STATEMENT, "Sid": "Z"}]}
    assert canonical_policy(policy) == policy
    assert canonical_policy({"ID": "mark", "Version": "2008-10-17", "Statement": policy["Statement"]}) == policy


def test_the_order_of_statements_says_nothing() -> None:
    one, two = {**STATEMENT, "Effect": "Deny"}, {**STATEMENT, "Sid": "A"}
    assert canonical_policy({"Statement": [one, two]}) == canonical_policy({"Statement": [two, one]})
    assert canonical_policy({"Statement": []}) is None
    assert canonical_policy({}) is None


def test_a_policy_is_read_and_written(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "/shop?policy="
    server = Server(
        monkeypatch,
        (f"GET {line}", refused(404, "NoSuchBucketPolicy")),
        (f"GET {line}", (200, b"")),
        (f"GET {line}", (200, {"Version": "2012-10-17", "Statement": [{**STATEMENT, "Principal": "*"}]})),
        (f"PUT {line}", (204, b"")),
        *((f"GET {line}", (200, body)) for body in ("[]", "[" * 9999, '{"Statement": [1]}')),
        (f"GET {line}", refused(403, "AccessDenied")),
    )
    part = PARTS["policy"]
    assert part.read(server.storage, "shop") is None
    assert part.read(server.storage, "shop") is None
    state = part.read(server.storage, "shop")
    part.write(server.storage, "shop", state)
    assert json.loads(server.pool.bodies[3] or b"") == state == {"Version": "2012-10-17", "Statement": [STATEMENT]}
    for _ in range(3):
        with pytest.raises(
            BlueGreenError, match=r"the policy of bucket shop: the answer of .* is no policy of S3; see whether something else"
        ):
            part.read(server.storage, "shop")
    with pytest.raises(StorageError, match="give it a policy that allows s3:GetBucketPolicy"):
        part.read(server.storage, "shop")
    server.pool.done()
