# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a bucket: how each is read, what it looks like as data, and how it is written.

PRIVATE: for this collection's own plugins, not a public interface.

The data is canonical: two spellings of one setting are equal in it, and the keys are S3's own. None stands for a setting that is not there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_xml as xml
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
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


def _got(storage: Storage, bucket: str, part: str, name: str, words: str, right: str, *missing: str) -> Data | None:
    """Return a setting by the name of its element, None where the server says by one of these codes that there is none."""
    try:
        return xml.parse(storage.bucket("GET", bucket, part, f"read the {words}", right), name)
    except StorageError as error:
        if error.code in missing:
            return None
        raise


def _put(storage: Storage, bucket: str, part: str, words: str, right: str, body: bytes | None) -> None:
    method, act = ("DELETE", "take away") if body is None else ("PUT", "set")
    storage.bucket(method, bucket, part, f"{act} the {words}", right, body)


def _mapping(value: Any) -> Mapping[str, Any]:
    """Return what is in an element; nothing for one that is empty or not there."""
    return value if isinstance(value, Mapping) else {}


# Versioning


def _read_versioning(storage: Storage, bucket: str) -> Data | None:
    return _got(storage, bucket, "versioning", "VersioningConfiguration", "versioning", "s3:GetBucketVersioning") or None


def _write_versioning(storage: Storage, bucket: str, state: Data) -> None:
    _put(storage, bucket, "versioning", "versioning", "s3:PutBucketVersioning", xml.render("VersioningConfiguration", state))


# Object lock; that a bucket has one is decided when it is made, what is kept by default may change.


def _read_lock(storage: Storage, bucket: str) -> Data | None:
    found = _got(
        storage,
        bucket,
        "object-lock",
        "ObjectLockConfiguration",
        "object lock",
        "s3:GetBucketObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        # Of a server that has none.
        "NotImplemented",
    )
    if not found:
        return None
    return dict(_mapping(_mapping((found.get("Rule") or [{}])[0]).get("DefaultRetention")))


def _write_lock(storage: Storage, bucket: str, state: Data) -> None:
    rule = {"Rule": {"DefaultRetention": state}} if state else {}
    body = xml.render("ObjectLockConfiguration", {"ObjectLockEnabled": "Enabled", **rule})
    _put(storage, bucket, "object-lock", "default retention", "s3:PutBucketObjectLockConfiguration", body)


# Encryption


def _read_encryption(storage: Storage, bucket: str) -> Data | None:
    right, missing = "s3:GetEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError"
    found = _got(storage, bucket, "encryption", "ServerSideEncryptionConfiguration", "encryption", right, missing) or {}
    given = _mapping(_mapping((found.get("Rule") or [{}])[0]).get("ApplyServerSideEncryptionByDefault"))
    return {key: value for key, value in given.items() if value} or None


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
    right, missing = "s3:GetLifecycleConfiguration", "NoSuchLifecycleConfiguration"
    found = _got(storage, bucket, "lifecycle", "LifecycleConfiguration", "lifecycle", right, missing)
    rules = [canonical_rule(rule) for rule in (found or {}).get("Rule") or []]
    return dict(sorted(rules, key=lambda pair: pair[0])) or None


# Of these, nothing, no and none say the same; a transition after 0 days is one at once.
EXPIRATIONS: Final = ("Expiration", "NoncurrentVersionExpiration")


def canonical_rule(rule: Mapping[str, Any]) -> tuple[str, Data]:
    """Return the id of a lifecycle rule, and the rule without what says nothing."""
    found: Data = {"Filter": _canonical_filter(rule)}
    for key, value in rule.items():
        if key in EXPIRATIONS:
            found[key] = {name: one for name, one in _mapping(value).items() if one not in ("", "false", "0")}
        elif key not in ("ID", "Filter", "Prefix"):
            found[key] = value
    found = {key: value for key, value in found.items() if value or key == "Filter"}
    # Some servers let rules have none, and what has none is not one and the same.
    unnamed = "unnamed-" + hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:12]
    return str(rule.get("ID") or unnamed), found


def _canonical_filter(rule: Mapping[str, Any]) -> Data:
    inner: Data = dict(_mapping(rule.get("Filter")))
    inner |= _mapping(inner.pop("And", None))
    inner.setdefault("Prefix", rule.get("Prefix", ""))
    # MinIO leaves out a value that is empty.
    tags = [{"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in inner.pop("Tag", None) or []]
    tags.sort(key=lambda tag: str(tag["Key"]))
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
    try:
        return canonical_policy(json.loads(found)) if found.strip() else None
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise BlueGreenError(
            f"read the policy of bucket {bucket}: the answer of {storage.access.endpoint} is no policy of S3; see whether something else"
            " answers at endpoint."
        ) from None


def canonical_policy(policy: Mapping[str, Any]) -> Data | None:
    """Return a policy in the server's spelling; None for one that says nothing."""
    given = policy.get("Statement") or []
    statements = [_canonical_statement(one) for one in (given if isinstance(given, list) else [given])]
    if not statements:
        return None
    ordered = sorted(statements, key=lambda one: (one.get("Sid", ""), json.dumps(one, sort_keys=True)))
    # MinIO's spelling, and Amazon's.
    mark = policy.get("ID") or policy.get("Id")
    return {**({"Id": mark} if mark else {}), "Version": str(policy.get("Version") or "2012-10-17"), "Statement": ordered}


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
    return {key: value for key, value in found.items() if value not in ("", {}, [], None)}


def _sorted(value: Any) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return sorted({_spelt(one) for one in given})


def _spelt(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _write_policy(storage: Storage, bucket: str, state: Data | None) -> None:
    body = json.dumps(state).encode() if state else None
    _put(storage, bucket, "policy", "policy", "s3:PutBucketPolicy" if state else "s3:DeleteBucketPolicy", body)


# Tags


def _read_tags(storage: Storage, bucket: str) -> Data | None:
    found = _got(storage, bucket, "tagging", "Tagging", "tags", "s3:GetBucketTagging", "NoSuchTagSet")
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in _mapping((found or {}).get("TagSet")).get("Tag") or []} or None


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
    found = _got(storage, bucket, "notification", "NotificationConfiguration", "notification", "s3:GetBucketNotification") or {}
    told = []
    for kind, element in TARGETS.items():
        for one in found.get(kind) or []:
            rules = _mapping(_mapping(one.get("Filter")).get("S3Key")).get("FilterRule") or []
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
