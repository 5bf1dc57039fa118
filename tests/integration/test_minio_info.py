# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""minio_bucket_info, and both modules inside Ansible's worker and shipped, on a real MinIO."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.integration.storage import Buckets, bucket
from tests.integration.test_in_worker import CANARY, Ways, task, ways
from tests.integration.test_minio_bucket import settings

__all__ = ["bucket", "ways"]


def told(bucket: Buckets, **options: Any) -> list[dict[str, Any]]:
    """What the module tells, asked by a key that may only read."""
    found = bucket.ok(user="reader", module="minio_bucket_info", **{"name": None, "names": [bucket.name], **options})
    assert not found["changed"]
    assert "write" not in found["requests"]
    buckets: list[dict[str, Any]] = found["buckets"]
    return buckets


def test_it_tells_what_was_set(bucket: Buckets) -> None:
    bucket.ok(**settings(bucket))
    (found,) = told(bucket)
    assert found["quota"] == {"bytes": 15 * 10**9, "size": "15G"}
    assert found["versioning"] == {"Status": "Enabled"}
    assert found["tags"] == {"of": "1", "tenant": "acme"}
    assert found["access"]["none"]["keys"] == [f"{bucket.name}-shop"]
    assert sorted(found["lifecycle"]) == ["bluegreen-noncurrent", "markers", "old", "tmp"]
    assert (found["retention"], found["replication"], found["state"], found["percent"]) == (None, None, "well", 0.0)


def test_how_full_it_is(bucket: Buckets) -> None:
    for quota, size, state in (("10k", 8000, "well"), ("10k", 8001, "filling"), ("10k", 9501, "tight"), ("10k", 10000, "over")):
        bucket.ok(quota="0")
        bucket.mc.put(f"{bucket.name}/only", "x" * size)
        bucket.ok(quota=quota, force=True)
        (found,) = told(bucket, count=True)
        assert (found["state"], found["percent"]) == (state, round(size / 100, 1))
        assert found["usage"] == {"objects": 1, "bytes": size, "size": found["usage"]["size"], "exact": True}


def test_all_buckets_and_those_that_are_not_there(bucket: Buckets) -> None:
    other = Buckets(bucket.server, bucket.folder)
    for one in (bucket, other):
        one.ok()
    names = [one["name"] for one in told(bucket, names=None, parts=["tags"])]
    assert {bucket.name, other.name} <= set(names)
    assert names == sorted(names)
    assert told(bucket, names=["nobody-has-this"]) == []
    assert told(bucket, parts=["quota"]) == [{"name": bucket.name, "quota": None}]


def test_inside_the_worker_and_shipped(bucket: Buckets, ways: Ways, tmp_path: Path) -> None:
    server = bucket.server
    login = {"endpoint": server.url, "access_key": server.access_key, "secret_key": server.secret_key}
    wanted = settings(bucket)
    (tmp_path / "secret").write_text(f"{server.secret_key}\n")
    by_file = {"endpoint": server.url, "access_key": server.access_key, "secret_key_file": str(tmp_path / "secret")}
    found = ways.both(
        [
            task("minio_bucket", name=bucket.name, **login, **wanted),
            task("minio_bucket", name=bucket.name, **by_file),
            task("minio_bucket", name="Bad", **login),
            task("minio_bucket", name=bucket.name, **login, quota="much"),
            task("minio_bucket", name=bucket.name, **{**login, "secret_key": CANARY}),
            task("minio_bucket", name=bucket.name, **login, access=[{"key": "a b", "secret_key": CANARY}]),
            task("minio_bucket", name=bucket.name, **login, retention={"mode": "soft"}),
            task("minio_bucket", endpoint=f"http://bob:{CANARY}@127.0.0.1:1", name="abc", access_key="x", secret_key="y"),
            task("minio_bucket", name=bucket.name, endpoint=server.url, access_key="x"),
            task("minio_bucket_info", **login, names=["nobody-has-this"]),
        ],
        check_mode=True,
        diff=True,
    )
    assert ["failed" in one for one in found] == [False, False, *[True] * 7, False]
    assert server.secret_key not in json.dumps(found)
    assert not bucket.is_there()
    for way in (True, False):
        other = Buckets(server, bucket.folder)
        first, second = ways.results([task("minio_bucket", name=other.name, **login, **settings(other))] * 2, in_worker=way)
        assert (first["changed"], second["changed"]) == (True, False)
        other.settled(**settings(other))
