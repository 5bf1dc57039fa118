# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a bucket's objects are copied to: the remote targets, and the rules that name them.

PRIVATE: for this collection's own plugins, not a public interface.

A rule names its target by an ARN that the server makes up, so the data of a replication has the target itself in its place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_xml as xml
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import Storage, StorageError

Data = dict[str, Any]

NONE_SET: Final = "ReplicationConfigurationNotFoundError"
NO_TARGET: Final = "XMinioAdminRemoteTargetNotFoundError"


def rule_id(endpoint: str, bucket: str, prefix: str) -> str:
    """Return the id of the rule for a target, the same in each run."""
    return "bluegreen-" + hashlib.sha256(f"{endpoint} {bucket} {prefix}".encode()).hexdigest()[:12]


def read_rules(storage: Storage, bucket: str) -> list[Data]:
    """Return the rules as S3 has them."""
    try:
        text = storage.bucket("GET", bucket, "replication", "read the replication", "s3:GetReplicationConfiguration")
    except StorageError as error:
        if error.code == NONE_SET:
            return []
        raise
    return xml.parse(text, "ReplicationConfiguration").get("Rule") or []


def read_replication(storage: Storage, bucket: str) -> Data | None:
    """Return the rules by their ids, None where there are none."""
    rules = read_rules(storage, bucket)
    targets = {one["arn"]: _target(one) for one in _targets(storage, bucket)} if rules else {}
    return {str(rule.get("ID", "")): _rule(rule, targets) for rule in rules} or None


def _targets(storage: Storage, bucket: str) -> list[Data]:
    return storage.admin("GET", "list-remote-targets", {"bucket": bucket, "type": "replication"}) or []


def _target(found: Mapping[str, Any]) -> Data:
    return {
        "Endpoint": f"{'https' if found.get('secure') else 'http'}://{found['endpoint']}",
        "Bucket": found["targetbucket"],
        "AccessKey": (found.get("credentials") or {}).get("accessKey", ""),
        "BytesPerSecond": int(found.get("bandwidthlimit") or 0),
        "Synchronous": bool(found.get("replicationSync")),
    }


def _rule(rule: Mapping[str, Any], targets: Mapping[str, Data]) -> Data:
    given = rule.get("Filter") or {}
    arn = (rule.get("Destination") or {}).get("Bucket", "")
    return {
        "Target": targets.get(arn) or {"Arn": arn},
        "Prefix": (given.get("Prefix") if isinstance(given, Mapping) else "") or rule.get("Prefix") or "",
        "Priority": int(rule.get("Priority") or 0),
        "Enabled": rule.get("Status") == "Enabled",
        **{key: (rule.get(key) or {}).get("Status") == "Enabled" for key in STATUSES},
    }


# Parts of a rule that are on or off.
STATUSES: Final = ("DeleteMarkerReplication", "DeleteReplication", "ExistingObjectReplication")


def write_replication(storage: Storage, bucket: str, state: Mapping[str, Data] | None, secrets: Mapping[tuple[str, str], str]) -> None:
    """Bring targets and rules to what should be. A target is there before the rule that names it, and goes after it.

    Args:
        storage: the server that copies from.
        bucket: the bucket that is copied.
        state: rules by their ids, None for none.
        secrets: of the targets' keys, by endpoint and bucket.
    """
    if not state:
        storage.bucket("DELETE", bucket, "replication", "take away the replication", "s3:PutReplicationConfiguration")
        _forget(storage, bucket, set())
        return
    known = {(one["Endpoint"], one["Bucket"]): (arn, one) for arn, one in ((one["arn"], _target(one)) for one in _targets(storage, bucket))}
    arns: dict[tuple[str, str], str] = {}
    for rule in state.values():
        target = rule["Target"]
        place = (target["Endpoint"], target["Bucket"])
        if place not in arns:
            arns[place] = _set_target(storage, bucket, target, known.get(place), secrets[place])
    rules = [_written(name, rule, arns[(rule["Target"]["Endpoint"], rule["Target"]["Bucket"])]) for name, rule in state.items()]
    body = xml.render("ReplicationConfiguration", {"Role": "", "Rule": rules})
    storage.bucket("PUT", bucket, "replication", "set the replication", "s3:PutReplicationConfiguration", body)
    _forget(storage, bucket, set(arns.values()))


def _set_target(storage: Storage, bucket: str, target: Mapping[str, Any], known: tuple[str, Data] | None, secret: str) -> str:
    address = urlsplit(target["Endpoint"])
    body = {
        "sourcebucket": bucket,
        "endpoint": address.netloc,
        "secure": address.scheme == "https",
        "credentials": {"accessKey": target["AccessKey"], "secretKey": secret},
        "targetbucket": target["Bucket"],
        "type": "replication",
        "bandwidthlimit": target["BytesPerSecond"],
        "replicationSync": target["Synchronous"],
    }
    query = {"bucket": bucket}
    if known:
        # One of a kind: to set it again with the same place is refused, to update it is not. Its secret cannot be read, so it is sent.
        body["arn"] = known[0]
        query |= {"update": "true", "creds": "true", "sync": "true", "bandwidth": "true"}
    return str(storage.admin("PUT", "set-remote-target", query, json.dumps(body).encode(), sealed=True) or (known or ("",))[0])


def _written(name: str, rule: Mapping[str, Any], arn: str) -> Data:
    return {
        "ID": name,
        "Status": "Enabled" if rule["Enabled"] else "Disabled",
        "Priority": str(rule["Priority"]),
        "Filter": {"Prefix": rule["Prefix"]},
        "Destination": {"Bucket": arn},
        # Both ends may be written to: metadata that changes over there is copied, too.
        "SourceSelectionCriteria": {"ReplicaModifications": {"Status": "Enabled"}},
        **{key: {"Status": "Enabled" if rule[key] else "Disabled"} for key in STATUSES},
    }


def _forget(storage: Storage, bucket: str, used: set[str]) -> None:
    """Remove targets that no rule names any more; the server does so itself with the last rule."""
    for one in _targets(storage, bucket):
        if one["arn"] not in used:
            try:
                storage.admin("DELETE", "remove-remote-target", {"bucket": bucket, "arn": one["arn"]})
            except StorageError as error:
                if error.code != NO_TARGET:
                    raise
