# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a bucket: how each is read, what it looks like as data, and how it is written.

PRIVATE: for this collection's own plugins, not a public interface.

The data is canonical: two spellings of one setting are equal in it, and the keys are S3's own. None stands for a setting that is not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_xml as xml
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import Storage, StorageError

Data = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One setting of a bucket.

    Attributes:
        name: as options and results name it.
        read: returns what it is; None where it is not set.
        write: sets it; None takes it away.
    """

    name: str
    read: Callable[[Storage, str], Any]
    write: Callable[[Storage, str, Any], None]


def _got(storage: Storage, bucket: str, part: str, words: str, right: str, *missing: str) -> Data | None:
    """Return a setting, None where the server says by one of these codes that there is none."""
    try:
        return xml.parse(storage.bucket("GET", bucket, part, f"read the {words}", right))
    except StorageError as error:
        if error.code in missing:
            return None
        raise


def _put(storage: Storage, bucket: str, part: str, words: str, right: str, body: bytes | None) -> None:
    method, act = ("DELETE", "take away") if body is None else ("PUT", "set")
    storage.bucket(method, bucket, part, f"{act} the {words}", right, body)


# Versioning


def _read_versioning(storage: Storage, bucket: str) -> Data | None:
    return _got(storage, bucket, "versioning", "versioning", "s3:GetBucketVersioning") or None


def _write_versioning(storage: Storage, bucket: str, state: Data) -> None:
    _put(storage, bucket, "versioning", "versioning", "s3:PutBucketVersioning", xml.render("VersioningConfiguration", state))


# Object lock; that a bucket has one is decided when it is made, what is kept by default may change.


def _read_lock(storage: Storage, bucket: str) -> Data | None:
    found = _got(
        storage,
        bucket,
        "object-lock",
        "object lock",
        "s3:GetBucketObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        # Of a server that has none.
        "NotImplemented",
    )
    if not found:
        return None
    rules = found.get("Rule") or [{}]
    return dict(rules[0].get("DefaultRetention") or {}) if isinstance(rules[0], Mapping) else {}


def _write_lock(storage: Storage, bucket: str, state: Data) -> None:
    rule = {"Rule": {"DefaultRetention": state}} if state else {}
    body = xml.render("ObjectLockConfiguration", {"ObjectLockEnabled": "Enabled", **rule})
    _put(storage, bucket, "object-lock", "default retention", "s3:PutBucketObjectLockConfiguration", body)


# Encryption


def _read_encryption(storage: Storage, bucket: str) -> Data | None:
    right, missing = "s3:GetEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError"
    found = _got(storage, bucket, "encryption", "encryption", right, missing)
    rules = (found or {}).get("Rule") or []
    return dict(rules[0].get("ApplyServerSideEncryptionByDefault") or {}) or None if rules else None


def _write_encryption(storage: Storage, bucket: str, state: Data | None) -> None:
    body = None
    if state:
        body = xml.render("ServerSideEncryptionConfiguration", {"Rule": {"ApplyServerSideEncryptionByDefault": state}})
    _put(storage, bucket, "encryption", "encryption", "s3:PutEncryptionConfiguration", body)


# Quota


def quota_state(size: int) -> Data:
    """Return a quota as data: the bytes, and for people the amount."""
    return {"bytes": size, "size": _quantity.format_size(size)}


def _read_quota(storage: Storage, bucket: str) -> Data | None:
    found = storage.admin("GET", "get-bucket-quota", {"bucket": bucket})
    # The older servers say quota, the newer ones size, those between both.
    size = int((found or {}).get("size") or (found or {}).get("quota") or 0)
    return quota_state(size) if size else None


def _write_quota(storage: Storage, bucket: str, state: Data | None) -> None:
    size = state["bytes"] if state else 0
    body = json.dumps({"quota": size, "size": size, "quotatype": "hard" if size else ""})
    storage.admin("PUT", "set-bucket-quota", {"bucket": bucket}, body.encode())
    held = _read_quota(storage, bucket)
    if held != state:
        raise RefusedError(
            f"quota: {storage.access.endpoint} took {_quantity.format_size(size)} for bucket {bucket} and holds"
            f" {held['size'] if held else 'none'}; see whether its version speaks the admin API of MinIO."
        )


# Lifecycle


def _read_lifecycle(storage: Storage, bucket: str) -> Data | None:
    found = _got(storage, bucket, "lifecycle", "lifecycle", "s3:GetLifecycleConfiguration", "NoSuchLifecycleConfiguration")
    rules = [canonical_rule(rule) for rule in (found or {}).get("Rule") or []]
    return dict(sorted(rules, key=lambda pair: pair[0])) or None


def canonical_rule(rule: Mapping[str, Any]) -> tuple[str, Data]:
    """Return the id of a lifecycle rule, and the rule without what says nothing."""
    found: Data = {"Filter": _canonical_filter(rule)}
    for key, value in rule.items():
        if isinstance(value, Mapping):
            inner = {name: str(one) for name, one in value.items() if one not in ("", "false", "0", None)}
            if inner and key != "Filter":
                found[key] = inner
        elif key not in ("ID", "Filter", "Prefix"):
            found[key] = str(value)
    return str(rule.get("ID", "")), found


def _canonical_filter(rule: Mapping[str, Any]) -> Data:
    given = rule.get("Filter") or {}
    inner: Data = dict(given) if isinstance(given, Mapping) else {}
    inner |= inner.pop("And", None) or {}
    inner.setdefault("Prefix", rule.get("Prefix", ""))
    tags = sorted(inner.pop("Tag", None) or [], key=lambda tag: str(tag["Key"]))
    return {key: value for key, value in inner.items() if value} | ({"Tag": tags} if tags else {})


def _write_lifecycle(storage: Storage, bucket: str, state: Data | None) -> None:
    body = None
    if state:
        rules = [{"ID": name, **rule, "Filter": _written_filter(rule["Filter"])} for name, rule in state.items()]
        body = xml.render("LifecycleConfiguration", {"Rule": rules})
    _put(storage, bucket, "lifecycle", "lifecycle", "s3:PutLifecycleConfiguration", body)


def _written_filter(given: Mapping[str, Any]) -> Data:
    """Return a filter as S3 wants it: one condition as it is, several in an ``And``."""
    parts = len(given) - 1 + len(given["Tag"]) if "Tag" in given else len(given)
    return {"And": dict(given)} if parts > 1 else dict(given) or {"Prefix": ""}


# Policy


def _read_policy(storage: Storage, bucket: str) -> Data | None:
    try:
        found = storage.bucket("GET", bucket, "policy", "read the policy", "s3:GetBucketPolicy")
    except StorageError as error:
        if error.code == "NoSuchBucketPolicy":
            return None
        raise
    return canonical_policy(json.loads(found)) if found.strip() else None


def canonical_policy(policy: Mapping[str, Any]) -> Data | None:
    """Return a policy in the server's spelling; None for one that says nothing."""
    given = policy.get("Statement") or []
    statements = [_canonical_statement(one) for one in (given if isinstance(given, list) else [given])]
    if not statements:
        return None
    ordered = sorted(statements, key=lambda one: (one.get("Sid", ""), json.dumps(one, sort_keys=True)))
    return {"Version": str(policy.get("Version") or "2012-10-17"), "Statement": ordered}


def _canonical_statement(statement: Mapping[str, Any]) -> Data:
    found: Data = {}
    for key, value in statement.items():
        if key in ("Principal", "NotPrincipal"):
            named = value if isinstance(value, Mapping) else {"AWS": value}
            found[key] = {kind: _sorted(names) for kind, names in named.items()}
        elif key == "Condition":
            found[key] = {test: {name: _sorted(values) for name, values in keys.items()} for test, keys in value.items()}
        elif key in ("Sid", "Effect"):
            found[key] = value
        else:
            found[key] = _sorted(value)
    return {key: value for key, value in found.items() if value not in ("", {}, [])}


def _sorted(value: Any) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return sorted({str(one).lower() if isinstance(one, bool) else str(one) for one in given})


def _write_policy(storage: Storage, bucket: str, state: Data | None) -> None:
    body = json.dumps(state).encode() if state else None
    _put(storage, bucket, "policy", "policy", "s3:PutBucketPolicy" if state else "s3:DeleteBucketPolicy", body)


# Tags


def _read_tags(storage: Storage, bucket: str) -> Data | None:
    found = _got(storage, bucket, "tagging", "tags", "s3:GetBucketTagging", "NoSuchTagSet")
    given = (found or {}).get("TagSet") or {}
    return {str(tag["Key"]): str(tag["Value"]) for tag in (given.get("Tag") or [] if isinstance(given, Mapping) else [])} or None


def _write_tags(storage: Storage, bucket: str, state: Data | None) -> None:
    body = None
    if state:
        body = xml.render("Tagging", {"TagSet": {"Tag": [{"Key": key, "Value": value} for key, value in sorted(state.items())]}})
    _put(storage, bucket, "tagging", "tags", "s3:PutBucketTagging", body)


# Notification

# The element of each kind of target, and the one in it that names the target.
TARGETS: Final = {"QueueConfiguration": "Queue", "TopicConfiguration": "Topic", "CloudFunctionConfiguration": "CloudFunction"}


def notification(arn: str, events: list[str], prefix: str = "", suffix: str = "") -> Data:
    """Return who is told of what, as data."""
    return {"Arn": arn, "Event": sorted(set(events)), "Prefix": prefix, "Suffix": suffix}


def _read_notification(storage: Storage, bucket: str) -> list[Data] | None:
    found = _got(storage, bucket, "notification", "notification", "s3:GetBucketNotification") or {}
    told = []
    for kind, element in TARGETS.items():
        for one in found.get(kind) or []:
            rules = ((one.get("Filter") or {}).get("S3Key") or {}).get("FilterRule") or [] if isinstance(one.get("Filter"), Mapping) else []
            ends = {str(rule["Name"]).lower(): str(rule["Value"]) for rule in rules}
            told.append(notification(one[element], one.get("Event") or [], ends.get("prefix", ""), ends.get("suffix", "")))
    return ordered_notification(told)


def ordered_notification(told: list[Data]) -> list[Data] | None:
    """Return them in one order, for that of the server says nothing."""
    return sorted(told, key=lambda one: json.dumps(one, sort_keys=True)) or None


def _write_notification(storage: Storage, bucket: str, state: list[Data] | None) -> None:
    data: Data = {}
    for one in state or []:
        kind = next(
            (kind for word, kind in ((":sns:", "TopicConfiguration"), (":lambda:", "CloudFunctionConfiguration")) if word in one["Arn"]), ""
        )
        kind = kind or "QueueConfiguration"
        rules = [{"Name": name, "Value": one[name.title()]} for name in ("prefix", "suffix") if one[name.title()]]
        chosen = {"Filter": {"S3Key": {"FilterRule": rules}}} if rules else {}
        data.setdefault(kind, []).append({TARGETS[kind]: one["Arn"], "Event": one["Event"], **chosen})
    # Nothing is written, too: there is no DELETE.
    body = xml.render("NotificationConfiguration", data)
    _put(storage, bucket, "notification", "notification", "s3:PutBucketNotification", body)


# In the order in which they are set: a replication needs versions, and what is to be encrypted or counted must not come before it is.
PARTS: Final = {
    part.name: part
    for part in (
        Part("versioning", _read_versioning, _write_versioning),
        Part("retention", _read_lock, _write_lock),
        Part("encryption", _read_encryption, _write_encryption),
        Part("quota", _read_quota, _write_quota),
        Part("lifecycle", _read_lifecycle, _write_lifecycle),
        Part("tags", _read_tags, _write_tags),
        Part("policy", _read_policy, _write_policy),
        Part("notification", _read_notification, _write_notification),
    )
}
