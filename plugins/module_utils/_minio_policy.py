# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of a bucket as it was written: what a server would refuse in the middle of the work, or lose, is refused before.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_names import (
    BUCKET_ACTIONS,
    OBJECT_ACTIONS,
    names_one_of,
    remedy,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import canonical_policy

Data = dict[str, Any]

ACT: Final = re.compile(r"\*|[a-z0-9-]+:[A-Za-z*?]+")
# The only one that MinIO takes.
VERSION: Final = "2012-10-17"
OURS: Final = "arn:aws:s3::"
# MinIO drops any other without a word, and the statement would be a change in each run.
ELEMENTS: Final = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "NotResource", "Condition"})


def check_policy(text: str, bucket: str, *, allow_unknown: bool) -> Data | None:
    """Return the policy of a bucket in the server's spelling, None for one that says nothing.

    Args:
        text: JSON.
        bucket: its name.
        allow_unknown: whether actions may be named that we do not know.

    Raises:
        InputError: it is none, or none for this bucket.
    """
    try:
        found = json.loads(text or "{}")
        if not isinstance(found, dict):
            raise TypeError
        policy = canonical_policy(found)
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise InputError("policy: it is no policy of S3; give a dictionary with a list Statement, or {} for none.") from None
    if policy and policy["Version"] != VERSION:
        raise InputError(f"policy: its Version is {quoted(policy['Version'])}, and MinIO knows {VERSION} only; write that.")
    for statement in (policy or {}).get("Statement", []):
        _check_elements(statement)
        _check_resources(statement, bucket)
        for act in statement["Action"]:
            _check_action(act, statement, bucket, allow_unknown=allow_unknown)
    return policy


def _check_elements(statement: Mapping[str, Any]) -> None:
    if "NotAction" in statement:
        # It answers 500 for a statement without Action, and both together are none.
        raise InputError(
            "policy: a statement has NotAction, which MinIO cannot hold; name the actions that are meant in Action, with Effect the other"
            " way round if need be."
        )
    named = {"Resource", "NotResource"} & set(statement)
    if statement.get("Effect") not in ("Allow", "Deny") or not named or not {"Principal", "Action"} <= set(statement):
        raise InputError("policy: a statement lacks Effect (Allow or Deny), Principal, Action or Resource; give it all four.")
    if len(named) == 2:
        raise InputError("policy: a statement has Resource and NotResource; leave one of the two out.")
    strange = sorted(set(statement) - ELEMENTS)
    if strange:
        raise InputError(f"policy: {quoted(strange[0])} is no part of a statement that MinIO knows, and it would be lost; leave it out.")
    if not isinstance(statement.get("Sid", ""), str):
        raise InputError(f"policy: the Sid {quoted(statement['Sid'])} is no text; put it in quotes, or leave it out.")


def _check_resources(statement: Mapping[str, Any], bucket: str) -> None:
    for resource in _resources(statement):
        pattern = resource.removeprefix(f"{OURS}:").partition("/")[0]
        # A mere * is taken by MinIO and given back as **.
        if not resource.startswith(f"{OURS}:") or not fnmatch.fnmatchcase(bucket, pattern):
            raise InputError(
                f"policy: the resource {quoted(resource)} is none of bucket {bucket}; write {OURS}:{bucket} or {OURS}:{bucket}/*."
            )


def _resources(statement: Mapping[str, Any]) -> list[str]:
    found: list[str] = statement.get("Resource") or statement["NotResource"]
    return found


def _check_action(act: str, statement: Mapping[str, Any], bucket: str, *, allow_unknown: bool) -> None:
    """Refuse what is no action, and an action whose statement names nothing that it can be done to: so does the server."""
    if not ACT.fullmatch(act):
        raise InputError(f"policy: {quoted(act)} is no action; write it like s3:GetObject.")
    resources = _resources(statement)
    if names_one_of(act, OBJECT_ACTIONS):
        if not any("/" in resource or "*" in resource for resource in resources):
            raise InputError(f"policy: {act} is done to objects; name {OURS}:{bucket}/* or some of them as a resource, too.")
    elif names_one_of(act, BUCKET_ACTIONS):
        if all("/" in resource for resource in resources):
            raise InputError(f"policy: {act} is done to the bucket; name {OURS}:{bucket} as a resource, too.")
    elif not allow_unknown:
        known = OBJECT_ACTIONS | BUCKET_ACTIONS
        raise InputError(f"policy: {quoted(act)} is no action that we know; {remedy(act, known, 's3:GetObject')}.")
