# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a bucket: how much, and how it is emptied.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from xml.etree import ElementTree

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_xml as xml
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import NO_ADMIN, Request, Storage, StorageError

if TYPE_CHECKING:
    from minio.datatypes import Object

# Counted one by one up to here, in ten requests; a larger bucket's figures are those of the server's scanner.
COUNTED: Final = 10_000
# Objects that are asked one by one whether they are locked, at 3 ms each; with more, the server says so when they are deleted.
ASKED: Final = 1_000


@dataclass(frozen=True)
class Usage:
    """What a bucket holds, old versions included.

    Attributes:
        objects: how many versions of objects, markers of deletions included.
        size: bytes of all of them.
        exact: whether they were counted one by one just now; else the server's scanner has counted them a while ago.
    """

    objects: int
    size: int
    exact: bool

    def words(self) -> str:
        """Say it for a person."""
        about = "" if self.exact else "about "
        return f"{about}{self.objects} object{'' if self.objects == 1 else 's'} ({readable(self.size)})"


def readable(size: int) -> str:
    """Return bytes as a person reads them: ``1.5G``, ``12.3M``, ``800 bytes``."""
    for suffix in reversed(_quantity.DECIMAL):
        unit = 10 ** _quantity.DECIMAL[suffix]
        if suffix and unit >= 10**3 and size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + suffix
    return f"{size} bytes"


def usage(storage: Storage, bucket: str) -> Usage:
    """Count what a bucket holds.

    Raises:
        StorageError: the server refused, or did not answer.
    """
    found = list(islice(_versions(storage, bucket), COUNTED + 1))
    if len(found) <= COUNTED:
        return Usage(len(found), sum(one.size or 0 for one in found), exact=True)
    told = _scanned_or_nothing(storage, bucket)
    # The scanner may have seen it when it was small, or not yet.
    return Usage(max(told.objects, len(found)), max(told.size, sum(one.size or 0 for one in found)), exact=False)


def _scanned_or_nothing(storage: Storage, bucket: str) -> Usage:
    nothing = Usage(0, 0, exact=False)
    try:
        return scanned(storage).get(bucket, nothing)
    except StorageError as error:
        # Of a server without a scanner we know that there are many.
        if error.code != NO_ADMIN:
            raise
        return nothing


def scanned(storage: Storage) -> dict[str, Usage]:
    """Return the figures of the server's scanner for all buckets, in one request. A new bucket, or a fresh server, is not in it."""
    found: Mapping[str, Any] = storage.admin("GET", "datausageinfo", {}) or {}
    return {
        name: Usage(
            objects=int(one.get("versionsCount") or one.get("objectsCount") or 0) + int(one.get("deleteMarkersCount") or 0),
            size=int(one.get("size") or 0),
            exact=False,
        )
        for name, one in (found.get("bucketsUsageInfo") or {}).items()
    }


def first_locked(storage: Storage, bucket: str) -> str:
    """Name an object that cannot be deleted today, and why; empty where there is none, or more than are worth asking for one by one."""
    for one in islice(_versions(storage, bucket), ASKED):
        if one.is_delete_marker:
            continue
        name, query = str(one.object_name), {"versionId": str(one.version_id)}
        kept = _of_object(storage, bucket, name, "retention", query)
        if kept.get("RetainUntilDate", "") > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()):
            return f"{name} is kept until {kept['RetainUntilDate']} ({kept['Mode'].lower()})"
        if _of_object(storage, bucket, name, "legal-hold", query).get("Status") == "ON":
            return f"{name} is under a legal hold"
    return ""


def _of_object(storage: Storage, bucket: str, name: str, part: str, query: Mapping[str, str]) -> Mapping[str, Any]:
    # The second is versitygw's word.
    names = {"retention": ("Retention", "ObjectLockRetention"), "legal-hold": ("LegalHold",)}[part]
    right = {"retention": "s3:GetObjectRetention", "legal-hold": "s3:GetObjectLegalHold"}[part]
    request = Request("GET", f"/{bucket}/{quote(name)}", {part: "", **query}, f"read the {part} of {name} in bucket {bucket}", right)
    try:
        return xml.parse(storage.ask(request, None, {}).data, *names)
    except StorageError as error:
        if error.code in ("NoSuchObjectLockConfiguration", "InvalidRequest"):
            return {}
        raise


def empty(storage: Storage, bucket: str) -> None:
    """Delete everything in a bucket, for good.

    Raises:
        StorageError: something stays, because it is locked or may not be deleted.
    """
    from minio.deleteobjects import DeleteObject

    going = (DeleteObject(str(one.object_name), one.version_id) for one in _versions(storage, bucket))
    with_errors = _told(
        storage, bucket, "delete objects", "s3:DeleteObject and s3:DeleteObjectVersion", storage.client.remove_objects(bucket, going)
    )
    first = next(iter(with_errors), None)
    if first is not None:
        raise StorageError(
            f"delete the objects of bucket {bucket}: {first.name} stays ({first.code}: {first.message}); what is locked goes when its time"
            " is over. Run again then.",
            code=str(first.code),
            is_partial=True,
        )


def _versions(storage: Storage, bucket: str) -> Iterable[Object]:
    listed = storage.client.list_objects(bucket, recursive=True, include_version=True)
    return _told(storage, bucket, "list the objects", "s3:ListBucket and s3:ListBucketVersions", listed)


def _told(storage: Storage, bucket: str, words: str, right: str, found: Iterable[Any]) -> Iterable[Any]:
    """Yield what minio-py finds, and say its errors in our words."""
    import urllib3
    from minio.error import MinioException, S3Error

    try:
        yield from found
    except S3Error as error:
        raise storage.refused(f"{words} of bucket {bucket}", right, str(error.code), str(error.message)) from None
    except (MinioException, urllib3.exceptions.HTTPError, ElementTree.ParseError, ValueError) as error:
        raise StorageError(
            f"{words} of bucket {bucket}: {storage.access.endpoint} broke off ({type(error).__name__}); see its log, then run again."
        ) from None
