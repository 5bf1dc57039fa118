# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys may do what in a bucket: one policy of the server's own for each way to upload, and the users that have it.

PRIVATE: for this collection's own plugins, not a public interface.

Measured on a MinIO of 2026-02: a Deny in the policy of a *bucket* binds only who is not signed in, and takes no right from a key. So what a
key may not do stands in the policy of its user (ADR-0018).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import Storage, StorageError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import canonical_policy

Data = dict[str, Any]

# How a key may write objects: not at all, by forms that another key has signed with limits, or as it likes.
UPLOADS: Final = ("none", "presigned_post", "direct")
NO_POLICY: Final = "XMinioAdminNoSuchPolicy"
NO_USER: Final = "XMinioAdminNoSuchUser"
ALREADY: Final = "XMinioAdminPolicyChangeAlreadyApplied"


def policy_name(bucket: str, uploads: str) -> str:
    """Return the name of the policy by which keys upload in one of the ways."""
    return f"bluegreen-{bucket}-{uploads.replace('_', '-')}"


def policy(bucket: str, uploads: str, signature_age: int | None) -> Data:
    """Return what a key may do in a bucket.

    Args:
        bucket: its name.
        uploads: one of ``UPLOADS``.
        signature_age: seconds for which a signed URL is good at most, None for as long as it says (7 days at most).
    """
    whole, inside = [f"arn:aws:s3:::{bucket}"], [f"arn:aws:s3:::{bucket}/*"]
    acts = ["s3:GetObject", "s3:GetObjectTagging", "s3:DeleteObject"]
    if uploads != "none":
        acts.append("s3:PutObject")
    if uploads == "direct":
        acts += ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObjectTagging"]
    listing = ["s3:GetBucketLocation", "s3:ListBucket", *(["s3:ListBucketMultipartUploads"] if uploads == "direct" else [])]
    statements: list[Data] = [
        {"Effect": "Allow", "Action": listing, "Resource": whole},
        {"Effect": "Allow", "Action": acts, "Resource": inside},
    ]
    # A Deny, so that no other policy of this key opens it again.
    if uploads == "none":
        statements.append({"Effect": "Deny", "Action": ["s3:PutObject"], "Resource": inside})
    if uploads == "presigned_post":
        by_form = {"StringNotEquals": {"s3:authType": ["POST"]}}
        statements.append({"Effect": "Deny", "Action": ["s3:PutObject"], "Resource": inside, "Condition": by_form})
    if signature_age:
        too_old = {"NumericGreaterThan": {"s3:signatureAge": [str(signature_age * 1000)]}}
        statements.append({"Effect": "Deny", "Action": ["s3:*"], "Resource": inside, "Condition": too_old})
    return canonical_policy({"Version": "2012-10-17", "Statement": statements}) or {}


def read_access(storage: Storage, bucket: str) -> dict[str, Data]:
    """Return, by way to upload, the policy that is there and the keys that have it."""
    names = {policy_name(bucket, uploads): uploads for uploads in UPLOADS}
    found: dict[str, Data] = {}
    for name, uploads in names.items():
        try:
            there = storage.admin("GET", "info-canned-policy", {"name": name, "v": "2"})
        except StorageError as error:
            if error.code == NO_POLICY:
                continue
            raise
        found[uploads] = {"policy": canonical_policy(there["Policy"]) or {}, "keys": []}
    if found:
        given = storage.admin("GET", "idp/builtin/policy-entities", {"policy": list(names)}, sealed=True) or {}
        for one in given.get("policyMappings") or []:
            if names.get(one["policy"]) in found:
                found[names[one["policy"]]]["keys"] = sorted(one.get("users") or [])
    return found


def is_user(storage: Storage, key: str) -> bool:
    """Whether a key is one of the server's own users."""
    try:
        storage.admin("GET", "user-info", {"accessKey": key})
    except StorageError as error:
        if error.code == NO_USER:
            return False
        raise
    return True


def write_user(storage: Storage, key: str, secret: str) -> None:
    """Make a user, or give it another secret."""
    body = json.dumps({"status": "enabled", "secretKey": secret}).encode()
    storage.admin("PUT", "add-user", {"accessKey": key}, body, sealed=True)


def write_access(storage: Storage, bucket: str, uploads: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
    """Bring one policy, and who has it, to what should be. It is there before somebody gets it, and goes after the last has lost it."""
    name = policy_name(bucket, uploads)
    had, should = set(before["keys"] if before else ()), set(after["keys"] if after else ())
    if after is not None and (before is None or before["policy"] != after["policy"]):
        storage.admin("PUT", "add-canned-policy", {"name": name}, json.dumps(after["policy"]).encode())
    for command, keys in (("attach", should - had), ("detach", had - should)):
        for key in sorted(keys):
            _associate(storage, command, name, key)
    if after is None:
        storage.admin("DELETE", "remove-canned-policy", {"name": name})


def _associate(storage: Storage, command: str, name: str, key: str) -> None:
    body = json.dumps({"policies": [name], "user": key}).encode()
    try:
        storage.admin("POST", f"idp/builtin/policy/{command}", {}, body, sealed=True)
    except StorageError as error:
        # Repeated after a lost answer, or somebody else was quicker.
        if error.code != ALREADY:
            raise
