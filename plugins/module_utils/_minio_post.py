# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms by which somebody without a key uploads within limits: signed policies of S3's POST.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tier_fields
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import MISSING, Access
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import MOST_SIGNED
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_connection import check_name

# Bytes: one upload takes no more, whatever a tier allows.
LARGEST: Final = 5 * 2**30


@dataclass(frozen=True)
class Limits:
    """What may be uploaded.

    Attributes:
        bucket: to which bucket.
        prefix: what the names of the objects begin with.
        max_size: bytes of the largest object.
        types: MIME types, ``image/*`` for all of a kind and ``*/*`` for all.
        seconds: for which the forms are good.
    """

    bucket: str
    prefix: str
    max_size: int
    types: tuple[str, ...]
    seconds: int


def check_limits(bucket: str, prefix: str, max_size: object, types: Sequence[str], seconds: int) -> Limits:
    """Return the limits of an upload.

    Raises:
        InputError: one of them cannot work.
    """
    if not prefix or prefix.startswith("/"):
        raise InputError(
            f"key_prefix: {quoted(prefix)} is no prefix of an object; write it like uploads/, so that it cannot write elsewhere."
        )
    size = _tier_fields.size(max_size, "max_size")
    if not 0 < size <= LARGEST:
        raise InputError(f"max_size: {quoted(max_size)} is not a size of one upload; give 1 byte to 5Gi.")
    if not 0 < seconds <= MOST_SIGNED:
        raise InputError(f"expires: {seconds} is not a number of seconds that a form can be good for; give 1 to {MOST_SIGNED}.")
    found = _tier_fields.mime_types(list(types), "types")
    return Limits(check_name(bucket, "bucket"), prefix, size, tuple(found), seconds)


def forms(access: Access, limits: Limits, now: datetime | None = None) -> list[dict[str, Any]]:
    """Return a signed form for each type: the conditions of a form must all hold, so one cannot name two types.

    Args:
        access: the server, and the key that signs.
        limits: what may be uploaded.
        now: when they begin to be good.
    """
    try:
        from minio.credentials.credentials import Credentials
        from minio.datatypes import PostPolicy
    except ImportError:
        raise InputError(MISSING) from None
    until = (now or datetime.now(timezone.utc)) + timedelta(seconds=limits.seconds)
    credentials = Credentials(access.access_key, access.secret_key)
    found = []
    for kind in limits.types:
        policy = PostPolicy(limits.bucket, until)
        policy.add_starts_with_condition("key", limits.prefix)
        policy.add_content_length_range_condition(0, limits.max_size)
        begins = kind.removesuffix("*").removeprefix("*/") if kind.endswith("*") else None
        if begins is None:
            policy.add_equals_condition("Content-Type", kind)
        else:
            policy.add_starts_with_condition("Content-Type", begins)
        with warnings.catch_warnings():
            # minio-py 7.2.20 asks for the time in a way that Python 3.12 and newer call deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            fields = policy.form_data(credentials, access.region)
        found.append(
            {
                "url": f"{access.endpoint}/{limits.bucket}",
                "type": kind,
                "key_prefix": limits.prefix,
                "max_size": limits.max_size,
                "expires": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "fields": fields,
            }
        )
    return found
