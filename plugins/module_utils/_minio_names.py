# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a storage server can be asked to allow, and what it can tell of: actions of policies, and events.

PRIVATE: for this collection's own plugins, not a public interface.

The names are MinIO's, as its last state has them (``policy/action.go`` of minio/pkg v3.1.3, ``internal/event/name.go`` of
minio/minio@7aac2a2). It refuses an event that it does not know, and an action only by accident: about a bucket it takes any word, and that
then does nothing.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection
from typing import Final


def _each(names: str) -> frozenset[str]:
    return frozenset(f"s3:{name}" for name in names.split())


OBJECT_ACTIONS: Final = _each(
    """
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging
    GetObject GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectVersion GetObjectVersionAttributes
    GetObjectVersionForReplication GetObjectVersionTagging ListMultipartUploadParts PutObject PutObjectFanOut PutObjectLegalHold
    PutObjectRetention PutObjectTagging PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags
    ResetBucketReplicationState RestoreObject
    """
)
BUCKET_ACTIONS: Final = _each(
    """
    CreateBucket DeleteBucket DeleteBucketCors DeleteBucketPolicy ForceDeleteBucket GetBucketCors GetBucketLocation
    GetBucketNotification GetBucketObjectLockConfiguration GetBucketPolicy GetBucketPolicyStatus GetBucketTagging GetBucketVersioning
    GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration HeadBucket ListAllMyBuckets ListBucket
    ListBucketMultipartUploads ListBucketVersions ListenBucketNotification ListenNotification PutBucketCors PutBucketNotification
    PutBucketObjectLockConfiguration PutBucketPolicy PutBucketTagging PutBucketVersioning PutEncryptionConfiguration
    PutLifecycleConfiguration PutReplicationConfiguration
    """
)
# A star is the server's own there, and no sign for any name.
EVENTS: Final = _each(
    """
    BucketCreated:* BucketRemoved:* LifecycleDelMarkerExpiration:Delete ObjectAccessed:* ObjectAccessed:Attributes ObjectAccessed:Get
    ObjectAccessed:GetLegalHold ObjectAccessed:GetRetention ObjectAccessed:Head ObjectCreated:* ObjectCreated:CompleteMultipartUpload
    ObjectCreated:Copy ObjectCreated:DeleteTagging ObjectCreated:Post ObjectCreated:Put ObjectCreated:PutLegalHold
    ObjectCreated:PutRetention ObjectCreated:PutTagging ObjectRemoved:* ObjectRemoved:Delete ObjectRemoved:DeleteAllVersions
    ObjectRemoved:DeleteMarkerCreated ObjectRemoved:NoOP ObjectRestore:* ObjectRestore:Completed ObjectRestore:Post ObjectTransition:*
    ObjectTransition:Complete ObjectTransition:Failed Replication:* Replication:OperationCompletedReplication
    Replication:OperationFailedReplication Replication:OperationMissedThreshold Replication:OperationNotTracked
    Replication:OperationReplicatedAfterThreshold Scanner:BigPrefix Scanner:LargeVersions Scanner:ManyVersions
    """
)


def names_one_of(pattern: str, actions: Collection[str]) -> bool:
    """Whether an action, which may have ``*`` and ``?`` in it, is one of these."""
    return pattern in actions or any(fnmatch.fnmatchcase(action, pattern) for action in actions)


def remedy(name: str, known: Collection[str], example: str) -> str:
    """Return what to write instead of a name that is none of these: the one that comes nearest, or an example."""
    import difflib

    by_lower = {one.lower(): one for one in sorted(known)}
    [near] = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.8) or [""]
    return f"write {by_lower[near] if near else f'it like {example}'}, or set allow_unknown where the server is newer than this list"
