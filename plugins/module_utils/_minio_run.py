# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bucket from start to end, in preview and in apply.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_objects
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_plan as plans
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_xml as xml
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_access import (
    UPLOADS,
    is_user,
    read_access,
    write_access,
    write_user,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import NO_ADMIN, Storage, StorageError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import BucketWish, wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_connection import access_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_lacking import Lacking
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import PARTS, Part
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_plan import Bucket
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_replication import (
    read_replication,
    read_rules,
    write_replication,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import Change, Plan

Act = Callable[[Change], None]


def run(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Bring a bucket to what the options say, or tell what that would change.

    Args:
        params: the options of ``MINIO_BUCKET_SPEC``, validated.
        check_mode: whether to read only.

    Returns:
        The module's result; ``warnings`` is a list of sentences.

    Raises:
        BlueGreenError: nothing was changed, or its facts say what was.
    """
    wish = wish_of(params)
    with contextlib.closing(Storage(access_of(params))) as storage:
        bucket = read(storage, wish)
        plan = plans.plan(wish, bucket)
        if not check_mode:
            execute(storage, wish, plan)
        return {
            "changed": plan.changed,
            "actions": plan.actions(),
            "diff": plan.diff(),
            "bucket": wish.name,
            "requests": dict(sorted(storage.requests.items())),
            "warnings": plans.warnings(wish, bucket),
        }


def read(storage: Storage, wish: BucketWish) -> Bucket:
    """Read of a server what a wish is about."""
    name, there = wish.name, is_there(storage, wish.name)
    if wish.state == "absent":
        return _read_going(storage, wish, is_there=there)
    lacking = Lacking(storage, plans.wanted(wish))
    if not there:
        lacking.look_ahead(name)
    settings = {part: lacking.read(part, partial(PARTS[part].read, storage, name), None) for part in plans.needed(wish)} if there else {}
    access: dict[str, Any] = lacking.read("access", partial(read_access, storage, name), {}) if wish.access is not None else {}
    strangers = tuple(key for having in (wish.access or {}).values() for key in having["keys"] if not is_user(storage, key))
    replication, copies = None, None
    if there and wish.replication is not None:
        replication = lacking.read("replication", partial(read_replication, storage, name), None)
        if wish.replication and replication is None:
            # Rules are S3's, but the targets that they name are not.
            lacking.ask_admin("replication", name)
    if plans.is_suspending(wish, settings):
        copies = lacking.read("copies", partial(read_rules, storage, name), None)
    bucket = Bucket(
        is_there=there,
        settings=settings,
        access=access,
        strangers=strangers,
        replication=replication,
        replicates=bool(copies),
        remotes=_read_remotes(storage, wish),
        unknown=lacking.unknown,
    )
    bucket = _look_ahead(storage, wish, bucket)
    if plans.is_shrinking(wish, bucket):
        return dataclasses.replace(bucket, usage=_minio_objects.usage(storage, name))
    return bucket


def _read_going(storage: Storage, wish: BucketWish, *, is_there: bool) -> Bucket:
    access: dict[str, Any] = Lacking(storage, {}).read("access", partial(read_access, storage, wish.name), {})
    if not is_there:
        return Bucket(is_there=False, access=access)
    usage = _minio_objects.usage(storage, wish.name)
    locked = ""
    if wish.force and usage.objects and PARTS["retention"].read(storage, wish.name) is not None:
        locked = _minio_objects.first_locked(storage, wish.name)
    return Bucket(is_there=True, usage=usage, access=access, locked=locked)


def is_there(storage: Storage, name: str) -> bool:
    """Whether a bucket exists. Its location is asked for, and not its head: to that there is no answer that tells why it is refused."""
    try:
        xml.parse(storage.bucket("GET", name, "location", "look for the place", "s3:GetBucketLocation"), "LocationConstraint")
    except StorageError as error:
        if error.code == "NoSuchBucket":
            return False
        raise
    return True


def _read_remotes(storage: Storage, wish: BucketWish) -> dict[tuple[str, str], dict[str, Any] | None]:
    """Return the versioning of each bucket that is copied to, asked of its own server."""
    found: dict[tuple[str, str], dict[str, Any] | None] = {}
    for rule in (wish.replication or {}).values():
        place = plans.place_of(rule)
        if place in found:
            # Two prefixes may go to one bucket.
            continue
        with contextlib.closing(_remote(storage, wish, rule)) as remote:
            found[place] = None
            if is_there(remote, place[1]):
                found[place] = PARTS["versioning"].read(remote, place[1]) or {}
    return found


def _remote(storage: Storage, wish: BucketWish, rule: Mapping[str, Any]) -> Storage:
    place = plans.place_of(rule)
    access = dataclasses.replace(
        storage.access, endpoint=place[0], access_key=rule["Target"]["AccessKey"], secret_key=wish.target_secrets[place]
    )
    remote = Storage(access)
    # What is asked over there is asked by this task, too.
    remote.requests = storage.requests
    return remote


def _look_ahead(storage: Storage, wish: BucketWish, bucket: Bucket) -> Bucket:
    """Ask for what the server would refuse only when it is set: targets of notifications and keys that it does not have."""
    told, encryption = wish.settings.get("notification"), wish.settings.get("encryption")
    if told and told != bucket.settings.get("notification"):
        with contextlib.suppress(NoAdminError):
            arns = (_asked(storage, "info", {}) or {}).get("sqsARN") or []
            bucket = dataclasses.replace(bucket, arns=frozenset(arns))
    if encryption and encryption != bucket.settings.get("encryption"):
        with contextlib.suppress(NoAdminError):
            bucket = dataclasses.replace(bucket, unusable=_unusable(storage, encryption.get("KMSMasterKeyID", "")))
    return bucket


def _unusable(storage: Storage, key: str) -> str:
    """Return why the server cannot encrypt with a key, or with its own where none is named; empty where it can."""
    try:
        status = _asked(storage, "kms/key/status", {"key-id": key}) or {}
    except StorageError as error:
        # Of a MinIO without a KMS, which has no key of its own either.
        if error.code != "NotImplemented":
            raise
        return "it has no KMS"
    return str(status.get("encryption-error") or status.get("decryption-error") or "")


class NoAdminError(Exception):
    """The server has no admin API, or this key may not ask it."""


def _asked(storage: Storage, command: str, query: Mapping[str, str]) -> Any:
    try:
        return storage.admin("GET", command, query)
    except StorageError as error:
        if error.code in (NO_ADMIN, "AccessDenied"):
            raise NoAdminError from None
        raise


def execute(storage: Storage, wish: BucketWish, plan: Plan) -> None:
    """Do what a plan says, step by step.

    Raises:
        BlueGreenError: a step failed; its facts say what was done before it.
    """
    acts = _acts(storage, wish)
    done: list[str] = []
    for change in plan.changes:
        written = storage.requests.get("write", 0)
        try:
            acts[change.name](change)
        except BlueGreenError as error:
            # What is refused in the second request of a step is not refused as a whole.
            is_whole = storage.requests.get("write", 0) - written <= 1
            raise BlueGreenError(
                f"{error.sentence} {_how_far(done, len(plan.changes), error, is_whole=is_whole)}",
                **{**error.facts, "done": done, "changed": bool(done)},
            ) from None
        done.append(f"{change.kind} {change.name}")


def _how_far(done: list[str], steps: int, error: BlueGreenError, *, is_whole: bool) -> str:
    if done:
        return f"{len(done)} of {steps} steps were done and stay; run again to finish."
    # Without an answer nobody knows; and of a bucket that is emptied a part may be gone.
    refused = isinstance(error, StorageError) and error.code and not error.is_partial
    return "Nothing was changed." if refused and is_whole else "It may have been done in part; run again."


def _acts(storage: Storage, wish: BucketWish) -> dict[str, Act]:
    """Return what does each change, by the change's name."""
    name, title = wish.name, plans.title
    acts: dict[str, Act] = {title(name): partial(_make_or_remove, storage, wish)}
    acts |= {title(name, part.name): partial(_set, storage, name, part) for part in PARTS.values()}
    acts |= {title(name, f"{plans.ACCESS} {uploads}"): partial(_give_access, storage, name, uploads) for uploads in UPLOADS}
    acts |= {title(key, kind=plans.USER): partial(_give_secret, storage, key) for key in wish.user_secrets}
    for rule in (wish.replication or {}).values():
        endpoint, bucket = plans.place_of(rule)
        acts[title(bucket, f"at {endpoint}")] = partial(_make_remote, storage, wish, rule)
        acts[title(bucket, f"at {endpoint} versioning")] = partial(_version, storage, wish, rule)
    return {**acts, title(name, plans.REPLICATION): partial(_replicate, storage, wish)}


def _make_or_remove(storage: Storage, wish: BucketWish, change: Change) -> None:
    if change.after is None:
        try:
            if wish.force:
                _minio_objects.empty(storage, wish.name)
            storage.bucket("DELETE", wish.name, "", "delete", "s3:DeleteBucket")
        except StorageError as error:
            # Of what was in it some may be gone by then.
            error.is_partial = wish.force
            raise
    else:
        headers = {"x-amz-bucket-object-lock-enabled": "true"} if change.after["object_lock"] else {}
        storage.bucket("PUT", wish.name, "", "make", "s3:CreateBucket", headers=headers)


def _set(storage: Storage, name: str, part: Part, change: Change) -> None:
    part.write(storage, name, change.after)


def _give_access(storage: Storage, name: str, uploads: str, change: Change) -> None:
    write_access(storage, name, uploads, change.before, change.after)


def _give_secret(storage: Storage, key: str, change: Change) -> None:
    write_user(storage, key, change.after["secret_key"])


def _replicate(storage: Storage, wish: BucketWish, _change: Change) -> None:
    write_replication(storage, wish.name, wish.replication, wish.target_secrets)


def _make_remote(storage: Storage, wish: BucketWish, rule: Mapping[str, Any], _change: Change) -> None:
    with contextlib.closing(_remote(storage, wish, rule)) as remote:
        remote.bucket("PUT", plans.place_of(rule)[1], "", "make", "s3:CreateBucket")


def _version(storage: Storage, wish: BucketWish, rule: Mapping[str, Any], change: Change) -> None:
    with contextlib.closing(_remote(storage, wish, rule)) as remote:
        PARTS["versioning"].write(remote, plans.place_of(rule)[1], change.after)
