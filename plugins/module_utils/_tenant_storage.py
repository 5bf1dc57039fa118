# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buckets of a tenant, as minio_bucket takes them.

PRIVATE: for this collection's own plugins, not a public interface.

No secret comes here: what a loop goes over is shown with each of its results.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import MOST_DAYS, check_prefixes
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_connection import ACCESS_KEY, check_name
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import dictionary, entries, number, said_or, unknown_keys

CONNECTION: Final = (
    "endpoint", "access_key", "secret_key", "secret_key_file", "region", "ca_cert", "validate_certs", "request_timeout",
)  # fmt: skip
KEYS: Final = {"app": "tenant_storage_app", "signer": "tenant_storage_signer"}
REPLICA: Final = ("endpoint", "access_key", "secret_key", "synchronous", "bytes_per_second")


def buckets_of(envelope: Envelope, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what each bucket of a tenant should be.

    Args:
        envelope: the tenant.
        given: ``server`` and ``replica`` (the options that are set, without secrets), ``prefix``, ``noncurrent_days``, ``public_prefixes``,
            ``app`` and ``signer`` (their ``key``).

    Raises:
        InputError: a value cannot work.
    """
    server = dictionary(given.get("server"), "tenant_storage")
    unknown_keys(server, CONNECTION, "tenant_storage")
    replica = dictionary(given.get("replica"), "tenant_storage_replica")
    unknown_keys(replica, REPLICA, "tenant_storage_replica")
    _check_keys(given)
    days = number(said_or(given.get("noncurrent_days"), 0), "tenant_noncurrent_days", least=0, most=MOST_DAYS)
    public = check_prefixes(entries(given.get("public_prefixes"), "tenant_public_prefixes"), "tenant_public_prefixes")
    sold = envelope.tier["object_storage"]
    found = []
    for name, bucket in sold["buckets"].items():
        whole = check_name(f"{given.get('prefix') or ''}{name}", "tenant_bucket_prefix")
        copied = bool(sold["replication"] and replica)
        found.append(
            {
                "bucket": name,
                "name": whole,
                "quota": _quantity.format_size(bucket["quota"]),
                # What was versioned by a larger tier stays so: to suspend it would keep the old versions, and nobody's safety.
                "versioning": "enabled" if bucket["versioning"] or copied else None,
                "noncurrent_days": days if bucket["versioning"] or copied else None,
                "public_prefixes": list(public) if bucket["cdn"] else None,
                "signature_age": sold["presigned_url_expiry"],
                "tags": {"tenant": envelope.tenant, "tier": envelope.tier["name"], "bucket": name},
                "copied_to": check_name(f"{whole}-copy", "tenant_bucket_prefix") if copied else None,
            }
        )
    return found


def _check_keys(given: Mapping[str, Any]) -> None:
    names = {variable: str(dictionary(given.get(hand), variable).get("key") or "") for hand, variable in KEYS.items()}
    for variable, name in names.items():
        if name and not ACCESS_KEY.fullmatch(name):
            raise InputError(f"{variable}.key: it cannot be an access key; use 3 to 128 characters, none of them a space, comma or =.")
    if names["tenant_storage_app"] and names["tenant_storage_app"] == names["tenant_storage_signer"]:
        raise InputError(
            f"tenant_storage_signer.key: {names['tenant_storage_signer']} is the key of tenant_storage_app, too, and who reads must not be"
            " able to sign; give it a key of its own."
        )
