# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bucket should be, given what it is: pure, for preview and apply alike.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _plan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError, cut
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_access import UPLOADS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import (
    NONCURRENT_RULE,
    PUBLIC_SID,
    BucketWish,
    noncurrent_rule,
    public_statement,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_objects import Usage, readable
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import PARTS, canonical_policy

Data = dict[str, Any]

USER = "user"
ACCESS = "access with uploads"
REPLICATION = "replication"


@dataclass(frozen=True)
class Bucket:
    """What a bucket is, as far as it was read.

    Attributes:
        is_there: whether it exists.
        settings: canonical data by the name of a part.
        usage: what it holds; None where nobody needed to know.
        access: by way to upload, the policy that is there and the keys that have it.
        strangers: keys that should have access and are no users of the server.
        replication: rules by their ids; None for none.
        replicates: whether it is copied, which nobody declared; read where its versions should end.
        remotes: the versioning of the buckets that it is to be copied to, by endpoint and bucket, empty where it was never set; None for a
            bucket that is not there.
        arns: whom the server can notify; None where nobody asked, or it does not tell.
        locked: an object that nobody can delete today, in words; empty for none.
        unusable: why the server cannot use the key for encryption, in its words; empty where it can.
        unknown: options of which nobody can tell whether the server has what they set, before the bucket is made.
    """

    is_there: bool
    settings: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage | None = None
    access: Mapping[str, Data] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()
    replication: Mapping[str, Data] | None = None
    replicates: bool = False
    remotes: Mapping[tuple[str, str], Data | None] = field(default_factory=dict)
    arns: frozenset[str] | None = None
    locked: str = ""
    unusable: str = ""
    unknown: tuple[str, ...] = ()


def needed(wish: BucketWish) -> tuple[str, ...]:
    """Return the parts that must be read to plan a wish: what is declared, and what that depends on."""
    names = set(wish.settings)
    if wish.object_lock is not None or wish.replication or {"retention", "versioning"} & names:
        names |= {"retention", "versioning"}
    if wish.noncurrent_days is not None:
        names.add("lifecycle")
    if wish.public_prefixes is not None:
        names.add("policy")
    return tuple(name for name in PARTS if name in names)


def wanted(wish: BucketWish) -> dict[str, str]:
    """Return the parts that a bucket should have, and the option that says so; what should not be there needs no server that knows it."""
    implied = {"lifecycle": "noncurrent_days", "policy": "public_prefixes", "versioning": "object_lock"}
    if wish.settings.get("retention"):
        implied["versioning"] = "retention"
    found = [name for name, value in desired(wish, Bucket(is_there=False)).items() if value]
    further = {"access": wish.access, REPLICATION: wish.replication}
    return {
        **{name: name if wish.settings.get(name) else implied.get(name, name) for name in found},
        **{name: name for name, value in further.items() if value},
    }


def is_shrinking(wish: BucketWish, bucket: Bucket) -> bool:
    """Whether the quota would be lower than it is, so that somebody must know what is used."""
    wanted, held = wish.settings.get("quota"), bucket.settings.get("quota")
    return bucket.is_there and wanted is not None and (held is None or wanted["bytes"] < held["bytes"])


def is_suspending(wish: BucketWish, settings: Mapping[str, Any]) -> bool:
    """Whether versions would end, so that somebody must know whether the bucket is copied."""
    there = (settings.get("versioning") or {}).get("Status")
    return wish.settings.get("versioning") == "Suspended" and wish.replication is None and there == "Enabled"


def title(name: str, part: str = "", *, kind: str = "bucket") -> str:
    """Name a bucket, a part of it or a user for people: ``bucket acme-sav quota``."""
    return f"{kind} {name} {part}".rstrip()


def plan(wish: BucketWish, bucket: Bucket) -> _plan.Plan:
    """Return what would change, in the order in which it is done.

    Raises:
        RefusedError: it would do harm, or the server would refuse it in the middle.
    """
    if wish.state == "absent":
        _refuse_loss(wish, bucket)
        there = {"objects": bucket.usage.objects, "bytes": bucket.usage.size} if bucket.usage else {}
        before: Data = {title(wish.name, f"{ACCESS} {uploads}"): state for uploads, state in bucket.access.items()}
        before[title(wish.name)] = there if bucket.is_there else None
        return _plan.plan(before, dict.fromkeys(before))
    _refuse_impossible(wish, bucket)
    current, desired = _states(wish, bucket)
    return _plan.plan(current, desired, secret_keys=("secret_key",))


def _states(wish: BucketWish, bucket: Bucket) -> tuple[Data, Data]:
    """Return what is and what should be, by the titles of the parts."""
    before: Data = {title(wish.name): _itself(wish) if bucket.is_there else None}
    after: Data = {title(wish.name): _itself(wish)}
    wanted = desired(wish, bucket)
    for name in PARTS:
        if name in wanted:
            before[title(wish.name, name)], after[title(wish.name, name)] = bucket.settings.get(name), wanted[name]
    _add_access(before, after, wish, bucket)
    _add_replication(before, after, wish, bucket)
    if wish.settings.get("versioning") == "Suspended":
        # Last, for while it is copied the server refuses that.
        after[title(wish.name, "versioning")] = after.pop(title(wish.name, "versioning"))
    return before, after


def _add_access(before: Data, after: Data, wish: BucketWish, bucket: Bucket) -> None:
    for key, secret in wish.user_secrets.items():
        if key in bucket.strangers or wish.update_secrets:
            before[title(key, kind=USER)] = None if key in bucket.strangers else {"secret_key": ""}
            after[title(key, kind=USER)] = {"secret_key": secret}
    if wish.access is not None:
        for uploads in UPLOADS:
            name = title(wish.name, f"{ACCESS} {uploads}")
            before[name], after[name] = bucket.access.get(uploads), wish.access.get(uploads)


def _add_replication(before: Data, after: Data, wish: BucketWish, bucket: Bucket) -> None:
    if wish.replication is None:
        return
    for (endpoint, name), versioning in bucket.remotes.items():
        if versioning is None:
            before[title(name, f"at {endpoint}")], after[title(name, f"at {endpoint}")] = None, {"object_lock": False}
        remote = title(name, f"at {endpoint} versioning")
        # What else is said there is not ours.
        before[remote], after[remote] = versioning or None, {**(versioning or {}), "Status": "Enabled"}
    there, wanted = bucket.replication, dict(wish.replication) or None
    if wanted and wish.update_secrets:
        secrets = {name: wish.target_secrets[place_of(rule)] for name, rule in wanted.items()}
        there = {name: {**rule, "secret_key": ""} for name, rule in (there or {}).items()} or None
        wanted = {name: {**rule, "secret_key": secrets[name]} for name, rule in wanted.items()}
    before[title(wish.name, REPLICATION)], after[title(wish.name, REPLICATION)] = there, wanted


def place_of(rule: Mapping[str, Any]) -> tuple[str, str]:
    """Return endpoint and bucket of a rule's target."""
    return rule["Target"]["Endpoint"], rule["Target"]["Bucket"]


def _itself(wish: BucketWish) -> Data:
    return {"object_lock": bool(wish.object_lock or wish.settings.get("retention"))}


def desired(wish: BucketWish, bucket: Bucket) -> Data:
    """Return the settings as they should be, where several options meet in one of them."""
    found: Data = dict(wish.settings)
    if "versioning" in found:
        # What else is said there (prefixes without versions) is not ours.
        found["versioning"] = {**(bucket.settings.get("versioning") or {}), "Status": found["versioning"]}
    elif wish.object_lock or wish.settings.get("retention"):
        found["versioning"] = {**(bucket.settings.get("versioning") or {}), "Status": "Enabled"}
    if wish.settings.get("retention") == {} and bucket.settings.get("retention") is None:
        # Nothing is retained in a bucket without a lock.
        found["retention"] = None
    if not bucket.is_there and not found.get("retention"):
        # What a bucket with a lock is made with.
        found.pop("retention", None)
    _with_noncurrent(found, wish, bucket)
    _with_public(found, wish, bucket)
    return found


def _with_noncurrent(found: Data, wish: BucketWish, bucket: Bucket) -> None:
    """Put our rule among those that are declared, or else among those that are there."""
    there = bucket.settings.get("lifecycle") or {}
    if wish.noncurrent_days is None:
        if "lifecycle" in found and NONCURRENT_RULE in there:
            found["lifecycle"] = _ordered({**(found["lifecycle"] or {}), NONCURRENT_RULE: there[NONCURRENT_RULE]})
        return
    others = dict(found.get("lifecycle", there) or {})
    others.pop(NONCURRENT_RULE, None)
    ours = {NONCURRENT_RULE: noncurrent_rule(wish.noncurrent_days)} if wish.noncurrent_days else {}
    found["lifecycle"] = _ordered({**others, **ours})


def _ordered(rules: Data) -> Data | None:
    return dict(sorted(rules.items())) or None


def _with_public(found: Data, wish: BucketWish, bucket: Bucket) -> None:
    """Put our statement among those that are declared, or else among those that are there."""
    if wish.public_prefixes is None and "policy" not in found:
        return
    there = bucket.settings.get("policy") or {}
    given = found.get("policy", there) or {}
    statements = [one for one in given.get("Statement", []) if one.get("Sid") != PUBLIC_SID]
    if wish.public_prefixes is None:
        statements += [one for one in there.get("Statement", []) if one.get("Sid") == PUBLIC_SID]
    elif wish.public_prefixes:
        statements.append(public_statement(wish.name, wish.public_prefixes))
    found["policy"] = canonical_policy({**given, "Statement": statements})


def _refuse_loss(wish: BucketWish, bucket: Bucket) -> None:
    if wish.force and bucket.locked:
        raise RefusedError(f"state: bucket {wish.name} cannot be emptied, for {bucket.locked}; run again when that is over.")
    if bucket.usage and bucket.usage.objects and not wish.force:
        raise RefusedError(
            f"state: bucket {wish.name} holds {bucket.usage.words()}, old versions included, and they would be lost; move them away, or set"
            " force to delete them, too.",
            objects=bucket.usage.objects,
            bytes=bucket.usage.size,
        )


def _refuse_impossible(wish: BucketWish, bucket: Bucket) -> None:
    _refuse_missing(wish, bucket)
    if not bucket.is_there:
        return
    locked = bucket.settings.get("retention") is not None
    if (wish.object_lock or wish.settings.get("retention")) and not locked:
        raise RefusedError(
            f"object_lock: bucket {wish.name} was made without it, and it can be given only when a bucket is made; make another bucket and"
            " copy the objects, or leave object_lock and retention out."
        )
    if wish.object_lock is False and locked:
        raise RefusedError(
            f"object_lock: bucket {wish.name} was made with it, and it is never taken away; make another bucket and copy the objects, or"
            " leave it out."
        )
    if wish.settings.get("versioning") == "Suspended" and locked:
        raise RefusedError(f"versioning: bucket {wish.name} has an object lock, which needs versions; leave versioning out or enabled.")
    excluded = [one["Prefix"] for one in (bucket.settings.get("versioning") or {}).get("ExcludedPrefixes", [])]
    if wish.settings.get("versioning") == "Suspended" and excluded:
        raise RefusedError(
            f"versioning: bucket {wish.name} keeps no versions below {cut(', '.join(excluded))}, which the server holds only while versions"
            f" are enabled; take that away first (mc version enable ALIAS/{wish.name}), or leave versioning out or enabled."
        )
    if bucket.replicates and wish.replication is None:
        raise RefusedError(
            f"versioning: bucket {wish.name} is copied elsewhere, which needs versions; set replication to [], too, or leave versioning out"
            " or enabled."
        )
    quota, usage = wish.settings.get("quota"), bucket.usage
    if quota and usage and usage.size > quota["bytes"] and not wish.force:
        raise RefusedError(
            f"quota: {quota['size']} is less than the {readable(usage.size)} that bucket {wish.name} holds, old versions included; delete"
            " objects, keep a larger quota, or set force, and then nothing more can be written until enough is deleted.",
            used_bytes=usage.size,
            quota_bytes=quota["bytes"],
        )


def _refuse_missing(wish: BucketWish, bucket: Bucket) -> None:
    """Refuse what the server would refuse in the middle, for something else is not there."""
    if bucket.unusable:
        key = wish.settings["encryption"].get("KMSMasterKeyID")
        if not key:
            raise RefusedError(f"encryption: the server has no key to encrypt with ({bucket.unusable}); set one up there, or leave it out.")
        raise RefusedError(f"encryption_key: the server cannot use the key {key} ({bucket.unusable}); make it there, or correct the name.")
    secretless = [key for key in bucket.strangers if key not in wish.user_secrets and key not in wish.to_come]
    if secretless:
        raise RefusedError(f"access.key: {secretless[0]} is no user of the server; give its secret_key to make it one, or correct the key.")
    told = wish.settings.get("notification") or []
    unknown = sorted({one["Arn"] for one in told} - bucket.arns) if bucket.arns is not None else []
    if unknown:
        known = ", ".join(sorted(bucket.arns or ())) or "none"
        raise RefusedError(
            f"notification.arn: the server has no target {unknown[0]} (it has {known}); set it up there, or correct the ARN."
        )
    if not wish.replication:
        return
    versioning = (desired(wish, bucket).get("versioning") or bucket.settings.get("versioning") or {}).get("Status")
    if versioning != "Enabled":
        raise RefusedError(f"replication: bucket {wish.name} keeps no versions, and only those are copied; set versioning to enabled, too.")
    missing = next((place for place, versioning in bucket.remotes.items() if versioning is None and place not in wish.to_make), None)
    if missing:
        raise RefusedError(
            f"replication.bucket: {missing[1]} is not there at {missing[0]}; make it first, or let replication.create do so."
        )


def warnings(wish: BucketWish, bucket: Bucket) -> list[str]:
    """Return what an operator should know that is no change."""
    held = {**bucket.settings, **desired(wish, bucket)} if wish.state == "present" else {}
    versioned = (held.get("versioning") or {}).get("Status") == "Enabled"
    bounded = any("NoncurrentVersionExpiration" in rule for rule in (held.get("lifecycle") or {}).values())
    unsure = []
    if bucket.unknown:
        named = ", ".join(bucket.unknown)
        unsure = [f"{named}: whether the server has that is seen only when it has a bucket; if not, bucket {wish.name} is made without it."]
    if versioned and held.get("quota") and not bounded and ("lifecycle" in held or not bucket.is_there):
        return [
            *unsure,
            f"versioning: replaced versions count in the quota of bucket {wish.name}, and no rule ever deletes them; set noncurrent_days.",
        ]
    return unsure
