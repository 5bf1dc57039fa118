# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server does not have: settings that S3 knows and it does not, and all that needs the admin API of MinIO.

PRIVATE: for this collection's own plugins, not a public interface.

What is not there cannot be set, which is said before anything is changed, and needs no taking away. Seen on versitygw 1.8.0, which has
versions, locks, tags and policies: it answers 501 for the rest, but only of a bucket that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_xml as xml
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import NO_ADMIN, Request, Storage, StorageError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import PARTS

# A server says by these that it does not have what it was asked for.
CODES: Final = (NO_ADMIN, "NotImplemented", "MethodNotAllowed")
# What reads a part that is set by the admin API, and is not read by it where there is nothing to read.
BY_ADMIN: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "quota": ("get-bucket-quota", {}),
    "replication": ("list-remote-targets", {"type": "replication"}),
}
Found = TypeVar("Found")


def reason(storage: Storage, code: str) -> str:
    """Return why something is lacking, in words without an end."""
    what = "has no admin API of MinIO" if code == NO_ADMIN else "does not have that part of S3"
    return f"{storage.access.endpoint} {what}"


class Lacking:
    """Reads of a server what it may not have.

    Args:
        storage: the server.
        wanted: by the name of a part that a bucket should have, the option that says so.
    """

    def __init__(self, storage: Storage, wanted: Mapping[str, str]) -> None:
        self._storage, self._wanted = storage, wanted
        # Parts that are wanted, and of which nobody could ask.
        self.unknown: tuple[str, ...] = ()

    def read(self, part: str, read: Callable[[], Found], otherwise: Found) -> Found:
        """Return what is read, or the other where the server does not have it, and nobody wants it.

        Raises:
            RefusedError: it is wanted, and the server does not have it.
            StorageError: the server refused for another reason, or did not answer.
        """
        try:
            return read()
        except StorageError as error:
            if error.code not in CODES:
                raise
            option, why = self._wanted.get(part), reason(self._storage, error.code)
            how = ", by which it is set" if error.code == NO_ADMIN else ""
        if option:
            raise RefusedError(f"{option}: {why}{how}; leave {option} out, or correct endpoint.")
        return otherwise

    def look_ahead(self, bucket: str) -> None:
        """Ask whether a server has what is wanted of a bucket that is still to be made.

        A MinIO has all settings of S3, and says who it is; whether its admin API can be reached is asked of it. Any other server is asked
        about a bucket that it has; of a server without one nothing is known before the first is made.

        Raises:
            RefusedError: it does not have it.
            StorageError: the server refused for another reason, or did not answer.
        """
        for part in BY_ADMIN:
            if part in self._wanted:
                self.ask_admin(part, bucket)
        asked = [part for part in PARTS if part in self._wanted and part != "quota"]
        if not asked or self._storage.is_minio:
            return
        other = self._any_bucket()
        if not other:
            self.unknown = tuple(dict.fromkeys(self._wanted[part] for part in asked))
            return
        for part in asked:
            self.read(part, partial(self._is_read, part, other), otherwise=None)

    def ask_admin(self, part: str, bucket: str) -> None:
        """Ask whether the admin API can be reached by which a part is set.

        Raises:
            RefusedError: it cannot, and the part is wanted.
            StorageError: the server refused for another reason, or did not answer.
        """
        self.read(part, partial(self._is_answered, part, bucket), otherwise=None)

    def _is_answered(self, part: str, bucket: str) -> None:
        command, further = BY_ADMIN[part]
        try:
            self._storage.admin("GET", command, {"bucket": bucket, **further})
        except StorageError as error:
            # It knows the command, and there is no such bucket yet.
            if error.code != "NoSuchBucket":
                raise

    def _is_read(self, part: str, bucket: str) -> None:
        try:
            PARTS[part].read(self._storage, bucket)
        except StorageError as error:
            if error.code in CODES:
                raise
            # Somebody else's bucket need not be ours to read.

    def _any_bucket(self) -> str:
        try:
            return next(iter(names(self._storage)), "")
        except StorageError as error:
            if error.code != "AccessDenied":
                raise
            return ""


def names(storage: Storage) -> list[str]:
    """Return the names of all buckets that this key can see."""
    request = Request("GET", "/", {}, "list the buckets", "s3:ListAllMyBuckets")
    found = xml.parse(storage.ask(request, None, {}).data, "ListAllMyBucketsResult").get("Buckets") or {}
    # Of a rule's target there is one, so it is no list where it comes once.
    listed = found.get("Bucket") or [] if isinstance(found, Mapping) else []
    entries: list[Any] = listed if isinstance(listed, list) else [listed]
    return sorted(one["Name"] for one in entries)
