# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""minio_bucket on a real MinIO, previewed by a key that may only read, and read back by mc."""

from __future__ import annotations

import copy
import io
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from minio.error import S3Error

from lab.minio import Client, Minio
from tests.integration.conftest import running
from tests.integration.storage import Buckets, bucket
from tests.integration.uploads import signed, uploaded

__all__ = ["bucket"]

ARN = "arn:minio:sqs::PRIMARY:webhook"
CANARY = "canary-7f3a9c51e2"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Minio]:
    """A second server, for copies."""
    yield from running(Minio(tmp_path_factory.mktemp("elsewhere")))


def settings(bucket: Buckets) -> dict[str, Any]:
    """Every setting at once, but for the lock, which is for ever."""
    deny: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket.name}/private/*"}
    deny["Condition"] = {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    return {
        "quota": "15GB",
        "versioning": "enabled",
        "noncurrent_days": 30,
        "encryption": "sse-s3",
        "lifecycle": [
            {"id": "tmp", "prefix": "tmp/", "tags": {"kind": "draft", "of": "shop"}, "expire_days": 3},
            {"id": "markers", "expire_delete_markers": True},
            {"id": "old", "tags": {"kind": "log"}, "noncurrent_days": 4, "newer_noncurrent_versions": 2, "enabled": False},
        ],
        "policy": {"Version": "2012-10-17", "Statement": [deny]},
        "public_prefixes": ["public/"],
        "tags": {"tenant": "acme", "of": 1},
        "notification": [{"arn": ARN, "events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"], "prefix": "in/", "suffix": ".csv"}],
        "access": [
            {"key": f"{bucket.name}-shop", "secret_key": "shop-secret"},
            {"key": f"{bucket.name}-signer", "secret_key": "signer-secret", "uploads": "presigned_post"},
        ],
        "signature_age": 3600,
    }


def test_the_whole_life_of_a_bucket(bucket: Buckets) -> None:
    """Create, again, modify, again, delete, again, each previewed first by a key that cannot write."""
    wanted = settings(bucket)
    made = bucket.previewed(**wanted)
    assert [one["action"] for one in made["actions"]] == ["create"] * len(made["actions"])
    _holds_all(bucket, bucket.seen())

    changed = {**wanted, "quota": "60GB", "noncurrent_days": 7, "public_prefixes": ["public/", "photos/"], "signature_age": None}
    changed |= {"lifecycle": wanted["lifecycle"][:1], "tags": {"tenant": "acme"}, "access": wanted["access"][:1], "notification": []}
    told = bucket.previewed(**changed)
    ways = ("access with uploads none", "access with uploads presigned_post")
    assert _parts(bucket, told) == {"quota", "lifecycle", "policy", "tags", "notification", *ways}
    seen = bucket.seen()
    assert (seen["notification"], seen["quota"][0]["quota"]) == ([], 60 * 10**9)
    assert f"bluegreen-{bucket.name}-presigned-post" not in bucket.held()

    emptied = {"quota": "0", "noncurrent_days": 0, "encryption": "none", "lifecycle": [], "policy": {}, "public_prefixes": [], "tags": {}}
    bucket.previewed(**emptied, versioning="suspended", access=[])
    seen = bucket.seen()
    assert [seen[what] for what in ("lifecycle", "tags", "encryption")] == [[], [], []]
    assert not any(one.get("anonymous") for one in seen["policy"])

    gone = bucket.previewed(state="absent")
    assert gone["actions"] == [{"action": "delete", "name": f"bucket {bucket.name}"}]
    assert bucket.held() == {"there": False}
    assert not any(one["key"].rstrip("/") == bucket.name for one in bucket.mc.run("ls", "lab"))


def _parts(bucket: Buckets, told: dict[str, Any]) -> set[str]:
    """What was changed, without the bucket's name."""
    return {one["name"].removeprefix(f"bucket {bucket.name} ") for one in told["actions"]}


def _holds_all(bucket: Buckets, seen: dict[str, Any]) -> None:
    assert (seen["quota"][0]["quota"], seen["quota"][0]["type"]) == (15 * 10**9, "hard")
    assert seen["versioning"][0]["versioning"]["status"] == "Enabled"
    assert seen["encryption"][0]["encryption"] == {"algorithm": "AES256"}
    rules = {rule["ID"]: rule for rule in seen["lifecycle"][0]["config"]["Rules"]}
    assert sorted(rules) == ["bluegreen-noncurrent", "markers", "old", "tmp"]
    assert rules["tmp"]["Filter"]["And"]["Prefix"] == "tmp/"
    assert rules["old"]["Status"] == "Disabled"
    assert seen["tags"][0]["tagset"] == {"tenant": "acme", "of": "1"}
    assert {one["Effect"] for one in seen["policy"][0]["anonymous"]["Statement"]} == {"Allow", "Deny"}
    assert seen["notification"][0]["arn"] == ARN
    (having,) = bucket.mc.run("admin", "policy", "entities", "lab", "--policy", f"bluegreen-{bucket.name}-none")
    assert having["result"]["policyMappings"][0]["users"] == [f"{bucket.name}-shop"]


def test_what_is_not_declared_is_left_alone(bucket: Buckets) -> None:
    bucket.ok(**settings(bucket))
    held, seen = bucket.held(), bucket.seen()
    bucket.settled()
    bucket.previewed(noncurrent_days=9)
    bucket.previewed(public_prefixes=["other/"])
    rules = [{rule["ID"]: rule for rule in one["lifecycle"][0]["config"]["Rules"]} for one in (seen, bucket.seen())]
    assert {name for name in rules[1] if rules[1][name] != rules[0][name]} == {"bluegreen-noncurrent"}
    after = bucket.held()
    statements = [json.loads(one["bucket_policy"])["Statement"] for one in (held, after)]
    assert [one for one in statements[0] if "Sid" not in one] == [one for one in statements[1] if "Sid" not in one]
    assert {what for what in held if after[what] != held[what]} == {"bucket_lifecycle", "bucket_policy"}


def test_what_somebody_changed_by_hand_is_seen_and_set_right(bucket: Buckets) -> None:
    wanted = settings(bucket)
    bucket.ok(**wanted)
    held = bucket.held()
    bucket.mc.run("quota", "set", f"lab/{bucket.name}", "--size", "1GB")
    bucket.mc.run("tag", "set", f"lab/{bucket.name}", "stranger=yes")
    bucket.mc.run("anonymous", "set", "public", f"lab/{bucket.name}")
    bucket.mc.run("version", "suspend", f"lab/{bucket.name}")
    bucket.mc.run("ilm", "rule", "rm", "--id", "tmp", f"lab/{bucket.name}")
    bucket.mc.run("admin", "policy", "attach", "lab", f"bluegreen-{bucket.name}-none", "--user", bucket.reader[0])
    told = bucket.previewed(**wanted)
    assert _parts(bucket, told) == {"versioning", "quota", "lifecycle", "tags", "policy", "access with uploads none"}
    assert bucket.held() == held


def test_a_lock_is_decided_when_the_bucket_is_made(bucket: Buckets) -> None:
    bucket.previewed(object_lock=True, retention={"mode": "governance", "days": 3})
    (info,) = bucket.mc.run("retention", "info", "--default", f"lab/{bucket.name}")
    assert (info["mode"], info["validity"]) == ("GOVERNANCE", "3DAYS")
    bucket.previewed(retention={"mode": "compliance", "years": 1})
    for options, option in (({"object_lock": False}, "object_lock"), ({"versioning": "suspended"}, "versioning")):
        assert bucket.refused(user="reader", check=True, **options).startswith(f"{option}: ")
    bucket.mc.put(f"{bucket.name}/kept", "for a year")
    for check in (True, False):
        assert "kept is kept until 20" in bucket.refused(state="absent", force=True, check=check)
    assert bucket.names() == ["kept"]
    plain = Buckets(bucket.server, bucket.folder)
    plain.ok()
    told = plain.refused(user="reader", check=True, object_lock=True)
    assert told.startswith(f"object_lock: bucket {plain.name} was made without it, and it can be given only when a bucket is made;")


def test_a_bucket_that_holds_something_is_kept(bucket: Buckets) -> None:
    bucket.ok(versioning="enabled", quota="1GB")
    for content in ("first", "second"):
        bucket.mc.put(f"{bucket.name}/photo", content)
    bucket.mc.run("rm", f"lab/{bucket.name}/photo")
    for check in (True, False):
        result = bucket.run(user="reader" if check else "root", check=check, state="absent")
        assert result["msg"].startswith(f"state: bucket {bucket.name} holds 3 objects (11 bytes), old versions included,")
        assert (result["objects"], result["bytes"]) == (3, 11)
    preview = bucket.ok(user="reader", check=True, state="absent", force=True)
    assert len(bucket.names()) == 3
    assert bucket.ok(state="absent", force=True)["diff"] == preview["diff"]
    assert not bucket.is_there()


def test_a_quota_below_what_is_held_is_refused_with_the_bytes(bucket: Buckets) -> None:
    bucket.ok(quota="1GB")
    bucket.mc.put(f"{bucket.name}/photo", "x" * 5000)
    result = bucket.run(user="reader", check=True, quota="4000")
    assert (result["used_bytes"], result["quota_bytes"]) == (5000, 4000)
    assert "4k is less than the 5k that bucket" in result["msg"]
    bucket.previewed(quota="4000", force=True)
    # It grows at once, and nobody is asked what is used.
    assert bucket.previewed(quota="2GB")["requests"]["read"] == 3


def test_the_server_holds_the_quota(bucket: Buckets) -> None:
    """By what its scanner has counted, which is why it takes a while: the docs say so."""
    bucket.ok(quota="20k")
    with pytest.raises(S3Error, match="XMinioAdminBucketQuotaExceeded"):
        _fill(bucket)
    # A form passes all the same: this MinIO looks at quotas in all its ways to write but that one, and the docs say so.
    assert uploaded(signed(bucket, types=["*/*"])) == (204, "")


def _fill(bucket: Buckets) -> None:
    for number in range(90):
        bucket.client.put_object(bucket.name, str(number), io.BytesIO(b"x" * 9000), 9000)
        time.sleep(1)


def test_copies_in_another_place(bucket: Buckets, elsewhere: Minio, tmp_path: Path) -> None:
    other = Client(elsewhere, tmp_path / "other")
    target = {"endpoint": elsewhere.url, "bucket": f"{bucket.name}-copy", "access_key": elsewhere.access_key}
    target["secret_key"] = elsewhere.secret_key
    bucket.ok()
    bucket.mc.put(f"{bucket.name}/before", "x")
    told = bucket.refused(user="reader", check=True, replication=[target])
    assert told == f"replication: bucket {bucket.name} keeps no versions, and only those are copied; set versioning to enabled, too."
    assert "is not there at" in bucket.refused(user="reader", check=True, versioning="enabled", replication=[target])
    applied = bucket.previewed(versioning="enabled", replication=[{**target, "create": True}])
    assert [one["name"].replace(target["bucket"], "COPY") for one in applied["actions"]] == [
        f"bucket {bucket.name} versioning",
        f"bucket COPY at {elsewhere.url}",
        f"bucket COPY at {elsewhere.url} versioning",
        f"bucket {bucket.name} replication",
    ]
    bucket.mc.put(f"{bucket.name}/after", "x")
    until = time.monotonic() + 60
    while sorted(one["key"] for one in other.run("ls", f"lab/{target['bucket']}")) != ["after", "before"]:
        assert time.monotonic() < until, "nothing was copied"
        time.sleep(0.5)
    bucket.previewed(replication=[{**target, "delete_markers": False, "bytes_per_second": "200MB"}])
    again = bucket.ok(replication=[target], update_secrets="always")
    assert again["changed"]
    assert elsewhere.secret_key not in json.dumps(again)
    bucket.previewed(replication=[])
    assert bucket.held()["bucket_replication"] is None


def test_what_the_server_would_refuse_is_refused_before(bucket: Buckets) -> None:
    bucket.ok()
    held = bucket.held()
    stranger = [{"arn": "arn:minio:sqs::OTHER:webhook", "events": ["s3:ObjectCreated:*"]}]
    for options, said in (
        ({"notification": stranger}, f"the server has no target arn:minio:sqs::OTHER:webhook (it has {ARN});"),
        ({"encryption": "sse-kms", "encryption_key": "nobody"}, "encryption_key: the server cannot use the key nobody"),
        ({"access": [{"key": "nobody-at-all"}]}, "access.key: nobody-at-all is no user of the server; give its secret_key"),
    ):
        for check in (True, False):
            assert said in bucket.refused(check=check, quota="1GB", **options)
    assert bucket.held() == held


def test_a_key_that_may_only_read_changes_nothing(bucket: Buckets) -> None:
    """The policy of the runbook is enough for every preview, and for no apply."""
    bucket.ok()
    held = bucket.held()
    for option, value in settings(bucket).items():
        if option not in ("signature_age", "noncurrent_days"):
            # A user would be made first.
            needed: dict[str, Any] = {"signature_age": 60} if option == "access" else {}
            result = bucket.run(user="reader", **{option: value, **needed})
            assert "may not do that; give it a policy that allows" in result["msg"], option
            assert result["msg"].endswith("Nothing was changed.")
            assert (result["changed"], result["done"]) == (False, [])
    assert bucket.held() == held


def test_killed_on_the_way_and_run_again(bucket: Buckets) -> None:
    """After any of its writes: what was done stays, the next run finishes it."""
    wanted = settings(bucket)
    writes = bucket.ok(check=True, **wanted)["actions"]
    for after in range(1, len(writes) + 1, 3):
        other = Buckets(bucket.server, bucket.folder)
        given = settings(other)
        killed = f"""
import ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api as api
left, ask = [{after}], api.Storage.ask
def cut(self, request, *rest):
    answer = ask(self, request, *rest)
    left[0] -= request.method not in api.READS
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
api.Storage.ask = cut
"""
        process = other.start(before=killed, **given)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        other.previewed(**given)


def test_a_server_that_restarts_is_waited_for(tmp_path: Path) -> None:
    server = Minio(tmp_path / "own")
    with server:
        bucket = Buckets(server, tmp_path)
        restarting = f"""
import subprocess, time
import ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api as api
ask = api.Storage.ask
def first_away(self, request, *rest):
    if request.path.endswith("set-bucket-quota") and os.path.exists({str(tmp_path / "go")!r}):
        os.unlink({str(tmp_path / "go")!r})
        os.kill({{pid}}, signal.SIGTERM)
        while os.path.exists("/proc/{{pid}}/exe"):
            time.sleep(0.05)
        open({str(tmp_path / "gone")!r}, "w").close()
    return ask(self, request, *rest)
api.Storage.ask = first_away
""".replace("{pid}", str(server.pid))
        (tmp_path / "go").touch()
        process = bucket.start(before=restarting, quota="1GB", tags={"a": "b"})
        until = time.monotonic() + 30
        while not (tmp_path / "gone").exists():
            assert time.monotonic() < until, process.communicate(timeout=30)
            time.sleep(0.05)
        server.restart()
        said, _errors = process.communicate(timeout=60)
        result = json.loads(said)
        assert not result.get("failed"), result["msg"]
        assert result["requests"]["write"] > 3
        bucket.settled(quota="1GB", tags={"a": "b"})


def test_no_secret_is_said(bucket: Buckets, minio: Minio) -> None:
    """Through every way that fails, and through what works."""
    gone = {"endpoint": "http://127.0.0.1:9"}
    target = {"endpoint": minio.url, "bucket": f"{bucket.name}-x", "access_key": "who", "secret_key": CANARY}
    access = [{"key": f"{bucket.name}-shop", "secret_key": CANARY}]
    for options in (
        {"secret_key": CANARY},
        {"secret_key": CANARY, "access_key": "who"},
        {"secret_key": CANARY, **gone},
        {"secret_key": CANARY, "endpoint": f"https://{minio.url[7:]}"},
        {"endpoint": f"http://user:{CANARY}@127.0.0.1:9000"},
        {"versioning": "enabled", "replication": [target]},
        {"versioning": "enabled", "replication": [{**target, **gone}]},
        {"access": access, "user": "reader"},
        {"access": [{"key": "a,b", "secret_key": CANARY}]},
        {"access": access},
        {"access": access, "update_secrets": "always"},
    ):
        for check in (True, False):
            assert CANARY not in json.dumps(bucket.run(check=check, **copy.deepcopy(options)))
