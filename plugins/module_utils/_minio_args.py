# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of minio_bucket, and what they ask for as data.

PRIVATE: for this collection's own plugins, not a public interface.

An option that is not given is a setting that is not looked at; one that is empty is a setting that should not be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tier_fields
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, cut, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_access import UPLOADS, policy
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_connection import (
    CONNECTION_SPEC,
    UNSENDABLE,
    check_endpoint,
    check_key,
    check_name,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_names import EVENTS, remedy
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import (
    notification,
    ordered_notification,
    quota_state,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_policy import check_policy
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_replication import rule_id

Data = dict[str, Any]

MINIO_BUCKET_SPEC: Final[dict[str, Any]] = {
    **CONNECTION_SPEC,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "quota": {"type": "str"},
    "versioning": {"type": "str", "choices": ["enabled", "suspended"]},
    "noncurrent_days": {"type": "int"},
    "object_lock": {"type": "bool"},
    "retention": {
        "type": "dict",
        "options": {
            "mode": {"type": "str", "choices": ["governance", "compliance"]},
            "days": {"type": "int"},
            "years": {"type": "int"},
        },
    },
    "encryption": {"type": "str", "choices": ["none", "sse-s3", "sse-kms"]},
    "encryption_key": {"type": "str", "no_log": False},
    "lifecycle": {
        "type": "list",
        "elements": "dict",
        "options": {
            "id": {"type": "str", "required": True},
            "prefix": {"type": "str", "default": ""},
            "tags": {"type": "dict", "default": {}},
            "enabled": {"type": "bool", "default": True},
            "expire_days": {"type": "int"},
            "expire_delete_markers": {"type": "bool", "default": False},
            "noncurrent_days": {"type": "int"},
            "newer_noncurrent_versions": {"type": "int"},
        },
    },
    "policy": {"type": "json"},
    "public_prefixes": {"type": "list", "elements": "str"},
    "tags": {"type": "dict"},
    "notification": {
        "type": "list",
        "elements": "dict",
        "options": {
            "arn": {"type": "str", "required": True},
            "events": {"type": "list", "elements": "str", "required": True},
            "prefix": {"type": "str", "default": ""},
            "suffix": {"type": "str", "default": ""},
        },
    },
    "access": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {
            "key": {"type": "str", "required": True, "no_log": False},
            "secret_key": {"type": "str", "no_log": True},
            "uploads": {"type": "str", "choices": list(UPLOADS), "default": "none"},
        },
    },
    "keys_to_come": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "signature_age": {"type": "int"},
    "replication": {
        "type": "list",
        "elements": "dict",
        "options": {
            "endpoint": {"type": "str", "required": True},
            "bucket": {"type": "str", "required": True},
            "access_key": {"type": "str", "required": True, "no_log": False},
            "secret_key": {"type": "str", "required": True, "no_log": True},
            "create": {"type": "bool", "default": False},
            "prefix": {"type": "str", "default": ""},
            "delete_markers": {"type": "bool", "default": True},
            "deletes": {"type": "bool", "default": False},
            "existing_objects": {"type": "bool", "default": True},
            "synchronous": {"type": "bool", "default": False},
            "bytes_per_second": {"type": "str"},
        },
    },
    "allow_unknown": {"type": "bool", "default": False},
    "update_secrets": {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False},
    "force": {"type": "bool", "default": False},
}

EVENT: Final = re.compile(r"s3:[A-Za-z]+(:[A-Za-z*]+)*")
# MinIO's signs in tags.
TAG: Final = re.compile(r"[A-Za-z0-9 +=._:/@-]*")
# By these ours are known among the rules and statements of a bucket.
NONCURRENT_RULE: Final = "bluegreen-noncurrent"
PUBLIC_SID: Final = "BlueGreenPublicRead"
# Of S3: a bucket's tags, and the days of a rule or a retention.
MOST_TAGS: Final = 50
MOST_DAYS: Final = 36500
# Seconds: a signed URL is good for seven days at most.
MOST_SIGNED: Final = 7 * 86400
# Of a number in a server's own language.
MOST_BYTES: Final = 2**63 - 1
# Bytes a second, of MinIO.
LEAST_SPEED: Final = 100 * 10**6


@dataclass(frozen=True)
class BucketWish:
    """What the options of minio_bucket ask for.

    Attributes:
        name: of the bucket.
        state: ``present`` or ``absent``.
        settings: canonical data by the name of a part, None where it should not be there; parts that are not named are left alone.
        object_lock: whether it is made so that objects can be locked; None where nothing was said.
        noncurrent_days: for how long replaced versions stay, 0 for ever; None where nothing was said.
        public_prefixes: what everybody may read; None where nothing was said.
        access: by way to upload, the policy and the keys that should have it; None where nothing was said.
        user_secrets: of keys that may have to be made.
        to_come: keys that another task of the run makes before.
        replication: rules by their ids, empty for none; None where nothing was said.
        target_secrets: of the replication's keys, by endpoint and bucket.
        to_make: endpoints and buckets of the replication that are made where they are missing.
        update_secrets: whether secrets are sent again, which nobody can compare.
        force: whether what is in the way of it is overridden.
    """

    name: str
    state: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    object_lock: bool | None = None
    noncurrent_days: int | None = None
    public_prefixes: tuple[str, ...] | None = None
    access: Mapping[str, Data] | None = None
    user_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    to_come: frozenset[str] = frozenset()
    replication: Mapping[str, Data] | None = None
    target_secrets: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    to_make: frozenset[tuple[str, str]] = frozenset()
    update_secrets: bool = False
    force: bool = False


def wish_of(params: Mapping[str, Any]) -> BucketWish:
    """Check the options and return what they ask for.

    Raises:
        InputError: an option cannot work.
    """
    name = check_name(params["name"])
    if params["state"] == "absent":
        return BucketWish(name, "absent", force=params["force"])
    _check_texts(params)
    read = {
        "versioning": _versioning,
        "retention": _retention,
        "encryption": _encryption,
        "quota": _quota,
        "lifecycle": _lifecycle,
        "tags": _tags,
        "policy": _policy,
        "notification": _notification,
    }
    settings = {option: check(params) for option, check in read.items() if params[option] is not None}
    if params["encryption_key"] and params["encryption"] != "sse-kms":
        raise InputError("encryption_key: it is for encryption=sse-kms only; set that, or leave the key out.")
    if params["object_lock"] is False and settings.get("retention"):
        raise InputError("retention: object_lock is false, and nothing is retained without it; set it, or leave retention out.")
    if settings.get("versioning") == "Suspended" and (params["object_lock"] or settings.get("retention")):
        raise InputError("versioning: suspended cannot be with object_lock or retention, which need versions; set it to enabled.")
    return BucketWish(
        name=name,
        state="present",
        settings=settings,
        object_lock=params["object_lock"],
        noncurrent_days=_days(params["noncurrent_days"], "noncurrent_days", least=0),
        public_prefixes=None if params["public_prefixes"] is None else check_prefixes(params["public_prefixes"], "public_prefixes"),
        access=_access(params),
        user_secrets={one["key"]: one["secret_key"] for one in params["access"] or [] if one["secret_key"]},
        to_come=frozenset(params["keys_to_come"]),
        replication=_replication(params),
        target_secrets={_place(one): one["secret_key"] for one in params["replication"] or []},
        to_make=frozenset(_place(one) for one in params["replication"] or [] if one["create"]),
        update_secrets=params["update_secrets"] == "always",
        force=params["force"],
    )


def _check_texts(params: Mapping[str, Any]) -> None:
    """Refuse what would break what is sent, or come back as something else."""
    for option in ("encryption_key", "lifecycle", "tags", "notification", "public_prefixes", "replication"):
        wrong = next((text for text in _texts(params[option]) if UNSENDABLE.search(text)), None)
        if wrong is not None:
            raise InputError(f"{option}: {quoted(wrong)} holds a character that cannot be sent; leave it out.")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(key)
            if key != "secret_key":
                yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


def _size(value: object, option: str) -> int:
    size = _tier_fields.size(value, option)
    if size > MOST_BYTES:
        raise InputError(f"{option}: {quoted(value)} is more than a server counts; give less than 8Ei.")
    return size


def _quota(params: Mapping[str, Any]) -> Data | None:
    size = _size(params["quota"], "quota")
    return quota_state(size) if size else None


def _versioning(params: Mapping[str, Any]) -> str:
    return str(params["versioning"]).title()


def _days(value: int | None, option: str, *, least: int = 1, most: int = MOST_DAYS, what: str = "days") -> int | None:
    if value is not None and not least <= value <= most:
        raise InputError(f"{option}: {value} is not a number of {what} that can be; give {least} to {most}.")
    return value


def _retention(params: Mapping[str, Any]) -> Data:
    given = {key: value for key, value in params["retention"].items() if value is not None}
    if not given:
        return {}
    if "mode" not in given or ("days" in given) == ("years" in given):
        raise InputError("retention: it needs mode and one of days and years; write for example {mode: governance, days: 30}.")
    _days(given.get("days"), "retention.days")
    _days(given.get("years"), "retention.years", most=MOST_DAYS // 365, what="years")
    unit = "days" if "days" in given else "years"
    return {"Mode": str(given["mode"]).upper(), unit.title(): str(given[unit])}


def _encryption(params: Mapping[str, Any]) -> Data | None:
    if params["encryption"] == "none":
        return None
    if params["encryption"] == "sse-s3":
        return {"SSEAlgorithm": "AES256"}
    key = params["encryption_key"]
    if not key:
        raise InputError("encryption_key: not given, and sse-kms needs the name of a key; give it, or use sse-s3.")
    return {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}


def _lifecycle(params: Mapping[str, Any]) -> Data | None:
    found: Data = {}
    for rule in params["lifecycle"]:
        name = str(rule["id"])
        if not 0 < len(name) < 256:
            raise InputError(f"lifecycle.id: {quoted(name)} cannot be an id; give 1 to 255 characters.")
        if name in found:
            raise InputError(f"lifecycle.id: {quoted(name)} is there twice; give one of the two another id.")
        if name == NONCURRENT_RULE:
            raise InputError(f"lifecycle.id: {name} is the rule of noncurrent_days; give this one another id, or use that option.")
        found[name] = _rule(rule, f"lifecycle.{name}")
    return dict(sorted(found.items())) or None


def _rule(rule: Mapping[str, Any], where: str) -> Data:
    _check_tags(rule["tags"], f"{where}.tags")
    found: Data = {"Filter": _filter(rule), "Status": "Enabled" if rule["enabled"] else "Disabled"}
    expiration = {}
    if rule["expire_days"] is not None:
        expiration["Days"] = str(_days(rule["expire_days"], f"{where}.expire_days"))
    if rule["expire_delete_markers"]:
        if expiration:
            raise InputError(f"{where}.expire_delete_markers: expire_days is given too, and S3 takes one of the two; make two rules of it.")
        if rule["tags"]:
            raise InputError(f"{where}.expire_delete_markers: a delete marker has no tags; leave tags out.")
        expiration["ExpiredObjectDeleteMarker"] = "true"
    noncurrent = {}
    if rule["noncurrent_days"] is not None:
        noncurrent["NoncurrentDays"] = str(_days(rule["noncurrent_days"], f"{where}.noncurrent_days"))
    if rule["newer_noncurrent_versions"] is not None:
        noncurrent["NewerNoncurrentVersions"] = str(
            _days(rule["newer_noncurrent_versions"], f"{where}.newer_noncurrent_versions", what="versions")
        )
    if not expiration and not noncurrent:
        raise InputError(f"{where}: it says what for, and not what to do; give expire_days, expire_delete_markers or noncurrent_days.")
    found |= {"Expiration": expiration} if expiration else {}
    return found | ({"NoncurrentVersionExpiration": noncurrent} if noncurrent else {})


def _filter(rule: Mapping[str, Any]) -> Data:
    tags = [{"Key": str(key), "Value": str(value)} for key, value in sorted(rule["tags"].items())]
    return {**({"Prefix": rule["prefix"]} if rule["prefix"] else {}), **({"Tag": tags} if tags else {})}


def _tags(params: Mapping[str, Any]) -> Data | None:
    given = params["tags"]
    if len(given) > MOST_TAGS:
        raise InputError(f"tags: these are {len(given)}, and a bucket has {MOST_TAGS} at most; leave some out.")
    _check_tags(given, "tags")
    return {str(key): str(value) for key, value in given.items()} or None


def _check_tags(given: Mapping[str, Any], option: str) -> None:
    for key, value in given.items():
        if isinstance(value, (dict, list, bool)) or value is None:
            raise InputError(f'{option}: the value of {cut(str(key))} is no text; put it in quotes, for example {cut(str(key))}: "1".')
        wrong = next((text for text in (str(key), str(value)) if not TAG.fullmatch(text)), None)
        if wrong is not None:
            raise InputError(
                f"{option}: {quoted(wrong)} cannot be in a tag; use letters without accents, digits, spaces and + - = . _ : / @."
            )
        if not 0 < len(str(key)) <= 128 or len(str(value)) > 256:
            raise InputError(f"{option}: {quoted(str(key))} or its value is too long; a key has 1 to 128 characters, a value 256 at most.")


def _policy(params: Mapping[str, Any]) -> Data | None:
    return check_policy(params["policy"], params["name"], allow_unknown=params["allow_unknown"])


def _notification(params: Mapping[str, Any]) -> list[Data] | None:
    told = []
    for one in params["notification"]:
        wrong = next((event for event in one["events"] if not EVENT.fullmatch(event)), None)
        if wrong is not None or not one["events"]:
            raise InputError(f"notification.events: {quoted(wrong or '')} is no event; write for example s3:ObjectCreated:*.")
        strange = next((event for event in one["events"] if event not in EVENTS and not params["allow_unknown"]), None)
        if strange is not None:
            instead = remedy(strange, EVENTS, "s3:ObjectCreated:*")
            raise InputError(f"notification.events: {quoted(strange)} is no event that we know; {instead}.")
        added = notification(one["arn"], one["events"], one["prefix"], one["suffix"])
        if added in told:
            raise InputError(f"notification: {cut(one['arn'])} is there twice for the same events; leave one of the two out.")
        told.append(added)
    return ordered_notification(told)


def check_prefixes(given: list[str], option: str) -> tuple[str, ...]:
    """Refuse what no object's name begins with.

    Raises:
        InputError: one of them cannot be.
    """
    for prefix in map(str, given):
        if prefix.startswith("/") or any(sign in prefix for sign in ("*", "?", "${")):
            raise InputError(f"{option}: {quoted(prefix)} is no prefix of a key; write it like public/, or empty for the whole bucket.")
    return tuple(sorted({str(prefix) for prefix in given}))


def _access(params: Mapping[str, Any]) -> dict[str, Data] | None:
    age = params["signature_age"]
    if age is not None and not 0 < age <= MOST_SIGNED:
        raise InputError(f"signature_age: {age} is not a number of seconds that a signature can be good for; give 1 to {MOST_SIGNED}.")
    if params["access"] is None:
        if age is not None:
            raise InputError("signature_age: it stands in the policies of access, which is not given; name the keys there.")
        return None
    keys = [one["key"] for one in params["access"]]
    for one in params["access"]:
        key = check_key(one["key"], "access.key")
        if keys.count(key) > 1:
            raise InputError(f"access.key: {key} is there twice; leave one of the two out.")
        if one["secret_key"] is not None and not 8 <= len(one["secret_key"]) <= 40:
            # MinIO's own bounds; the value is a secret.
            raise InputError(f"access.secret_key: that of {key} has {len(one['secret_key'])} characters; use 8 to 40.")
    found: dict[str, Data] = {}
    for uploads in UPLOADS:
        having = sorted(one["key"] for one in params["access"] if one["uploads"] == uploads)
        if having:
            found[uploads] = {"policy": policy(params["name"], uploads, age), "keys": having}
    return found


def _place(target: Mapping[str, Any]) -> tuple[str, str]:
    return check_endpoint(target["endpoint"], "replication.endpoint"), check_name(target["bucket"], "replication.bucket")


def _replication(params: Mapping[str, Any]) -> dict[str, Data] | None:
    if params["replication"] is None:
        return None
    found: dict[str, Data] = {}
    targets: dict[tuple[str, str], tuple[Data, str]] = {}
    for number, one in enumerate(params["replication"], 1):
        endpoint, bucket = place = _place(one)
        if place == (check_endpoint(params["endpoint"], "endpoint"), params["name"]):
            raise InputError(f"replication.bucket: {bucket} at {endpoint} is this bucket itself; name another one.")
        name = rule_id(endpoint, bucket, one["prefix"])
        if name in found:
            raise InputError(f"replication: {bucket} at {endpoint} is there twice for the same prefix; leave one of the two out.")
        target = _target(one, place)
        if targets.setdefault(place, (target, one["secret_key"])) != (target, one["secret_key"]):
            raise InputError(
                f"replication: {bucket} at {endpoint} is there twice, not with the same key, secret, speed and synchronous; let both agree."
            )
        found[name] = {
            "Target": target,
            "Prefix": one["prefix"],
            # Each rule needs one of its own; which of two is stronger matters only where both copy to the same place.
            "Priority": number,
            "Enabled": True,
            "DeleteMarkerReplication": one["delete_markers"],
            "DeleteReplication": one["deletes"],
            "ExistingObjectReplication": one["existing_objects"],
        }
    return found


def _target(one: Mapping[str, Any], place: tuple[str, str]) -> Data:
    key = check_key(one["access_key"], "replication.access_key")
    if not one["secret_key"]:
        raise InputError(f"replication.secret_key: that of {key} is empty; give it.")
    speed = _size(one["bytes_per_second"] or 0, "replication.bytes_per_second")
    if 0 < speed < LEAST_SPEED:
        raise InputError(f"replication.bytes_per_second: {quoted(one['bytes_per_second'])} is too little for MinIO; give 100MB or more.")
    return {
        "Endpoint": place[0],
        "Bucket": place[1],
        "AccessKey": key,
        "BytesPerSecond": speed,
        "Synchronous": one["synchronous"],
    }


def public_statement(bucket: str, prefixes: tuple[str, ...]) -> Data:
    """Return the statement by which everybody may read what is below some prefixes, and not list it."""
    resources = sorted(f"arn:aws:s3:::{bucket}/{prefix}*" for prefix in prefixes)
    return {"Sid": PUBLIC_SID, "Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"], "Resource": resources}


def noncurrent_rule(days: int) -> Data:
    """Return the rule by which versions go that were replaced so many days ago, and with the last of them the marker that hid it."""
    expiration = {"ExpiredObjectDeleteMarker": "true"}
    return {"Filter": {}, "Status": "Enabled", "Expiration": expiration, "NoncurrentVersionExpiration": {"NoncurrentDays": str(days)}}
