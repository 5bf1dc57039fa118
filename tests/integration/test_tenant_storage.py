# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buckets of a tenant by the role's playbooks, on a real MinIO and a real control plane; previews have keys that can only read."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from lab.minio import Minio
from tests.integration.storage import Buckets
from tests.integration.tenant_world import TenantWorld
from tests.integration.test_tenant_status import section

# A proof is three runs of ansible-playbook.
pytestmark = pytest.mark.timeout(400)

BY_MODE = "{{ lab_keys[item].preview if dry_run | default(true) | bool else lab_keys[item].apply }}"


KEY = {"secret_key": "canary-of-an-odd-key"}


class Stored:
    """A tenant with buckets, on both servers."""

    def __init__(self, plane: ControlPlane, server: Minio, folder: Path, tenant: str, **declared: Any) -> None:
        self.plane, self.server, self.folder, self.tenant = plane, server, folder, tenant
        self.bucket = Buckets(server, folder, f"{tenant}-sav")
        self.world = TenantWorld(plane, folder, {tenant: self.variables(**declared)})

    def variables(self, **declared: Any) -> dict[str, Any]:
        """What the inventory says of it."""
        reader, writer = self.bucket.reader, (self.server.access_key, self.server.secret_key)
        pairs = {"access_key": (reader[0], writer[0]), "secret_key": (reader[1], writer[1])}
        keys = {name: {"preview": preview, "apply": apply} for name, (preview, apply) in pairs.items()}
        by_mode = {name: BY_MODE.replace("[item]", f"['{name}']") for name in keys}
        shared = {"lab_keys": keys, "tenant_storage": {"endpoint": self.server.url, **by_mode}}
        keys_of = {hand: {"key": f"{self.tenant}-{hand}", "secret_key": f"secret-of-{hand}"} for hand in ("app", "signer")}
        hands = {f"tenant_storage_{hand}": given for hand, given in keys_of.items()}
        return {"tenant_tier": "standard", "tenant_storage_class": False, **shared, **hands, **declared}

    def declare(self, **declared: Any) -> None:
        """Another inventory."""
        self.world.declare({self.tenant: self.variables(**declared)})

    def put(self, size: int) -> None:
        """Somebody keeps a file in the bucket sav."""
        self.bucket.client.put_object(self.bucket.name, "file", io.BytesIO(b"x" * size), size)

    def quotas(self) -> dict[str, int]:
        """The quotas that the server holds, by bucket."""
        names = [one.name for one in self.bucket.client.list_buckets() if one.name.startswith(f"{self.tenant}-")]
        return {name.removeprefix(f"{self.tenant}-"): json.loads(self.bucket.admin.bucket_quota_get(name))["quota"] for name in names}


Make = Callable[..., Stored]


@pytest.fixture
def make(control_plane: ControlPlane, minio: Minio, tmp_path: Path, tenant_id: str) -> Make:
    def made(**declared: Any) -> Stored:
        return Stored(control_plane, minio, tmp_path, tenant_id, **declared)

    return made


def test_a_tenant_gets_the_buckets_of_its_tier_and_of_the_next(make: Make) -> None:
    stored = make()
    stored.world.harness().proves(changes=True)
    assert stored.quotas() == {"products": 15 * 10**9, "sav": 5 * 10**9, "newsletters": 5 * 10**9}
    assert sorted(name for name in stored.bucket.held() if name.startswith("bluegreen-")) == [
        f"bluegreen-{stored.bucket.name}-none",
        f"bluegreen-{stored.bucket.name}-presigned-post",
    ]
    stored.declare(tenant_tier="premium")
    stored.world.harness().proves(changes=True)
    assert stored.quotas() == {"products": 60 * 10**9, "sav": 20 * 10**9, "newsletters": 20 * 10**9}
    (policy,) = json.loads(stored.bucket.client.get_bucket_policy(f"{stored.tenant}-products"))["Statement"]
    assert policy["Resource"] == [f"arn:aws:s3:::{stored.tenant}-products/public/*"]


def test_a_smaller_tier_is_refused_while_the_buckets_hold_more(make: Make) -> None:
    small = {"tenant_tiers_extra": {"small": {"based_on": "standard", "object_storage": {"buckets": {"sav": {"quota": "20MB"}}}}}}
    stored = make(**small)
    stored.world.harness().proves(changes=True)
    stored.put(21_000_000)
    stored.declare(tenant_tier="small", **small)
    stored.world.harness().refuses("21000000 used, 20000000 allowed (lower bucket sav)")
    assert stored.quotas()["sav"] == 5 * 10**9


def test_copies_of_business_are_made_elsewhere(make: Make, tmp_path: Path) -> None:
    with Minio(tmp_path / "elsewhere") as other:
        replica = {"endpoint": other.url, "access_key": other.access_key, "secret_key": other.secret_key}
        stored = make(tenant_tier="business", tenant_storage_replica=replica)
        stored.world.harness().proves(changes=True)
        copies = Buckets(other, tmp_path, f"{stored.tenant}-sav-copy")
        assert copies.is_there()
        assert stored.bucket.client.get_bucket_replication(stored.bucket.name) is not None
        stored.put(5)
        until = time.monotonic() + 60
        while copies.names() != ["file"]:
            assert time.monotonic() < until, "nothing was copied"
            time.sleep(0.5)


def test_no_secret_of_the_storage_is_said(make: Make) -> None:
    """At -vvv, where every option is shown: when it works, when a key is wrong, and when nobody answers."""
    replica = {"endpoint": "http://127.0.0.1:9", "access_key": "copier", "secret_key": "canary-of-the-replica"}
    stored = make(tenant_tier="business", tenant_storage_replica=replica)
    wrong = {"endpoint": stored.server.url, "access_key": "nobody", "secret_key": "canary-of-a-wrong-key"}
    secrets = [
        replica["secret_key"],
        wrong["secret_key"],
        "secret-of-app",
        "secret-of-signer",
        stored.server.secret_key,
        stored.bucket.reader[1],
    ]
    for declared in ({}, {"tenant_storage": wrong}, {"tenant_storage_replica": replica}, {"tenant_storage_app": {"key": "a b", **KEY}}):
        stored.declare(tenant_tier="business", **declared)
        for dry_run in (True, False):
            run = stored.world.harness().ansible.run(
                "bluegreen.orchestrator.tenant", extra_vars={"dry_run": dry_run}, arguments=("-vvv",), timeout=200
            )
            assert bool(run.failures) == bool(declared), run.words()
            assert [one for one in (*secrets, *KEY.values()) if one in run.output] == []


def test_the_status_tells_how_full_they_are(make: Make) -> None:
    tiers = {"small": {"based_on": "standard", "object_storage": {"buckets": {"sav": {"quota": "20MB"}}}}}
    stored = make(tenant_tier="small", tenant_tiers_extra=tiers)
    stored.world.harness().proves(changes=True)
    stored.put(19_500_000)
    run = stored.world.harness("tenant_status").preview()
    assert section(run, f"What the buckets of {stored.tenant} hold") == [
        ["bucket", "used", "quota", "filled", "state"],
        [f"{stored.tenant}-newsletters", "0 bytes", "5G", "0 %", "well"],
        [f"{stored.tenant}-products", "0 bytes", "15G", "0 %", "well"],
        [stored.bucket.name, "19.5M", "20M", "97.5 %", "nearly full"],
    ]
    assert [f"{stored.tenant}: bucket {stored.bucket.name} is nearly full: 19.5M of 20M (97.5 %)"] in section(run, "To look at")


def test_a_tenant_that_goes_takes_its_buckets_along_and_nobody_elses(make: Make) -> None:
    stored = make()
    stored.world.harness().proves(changes=True)
    neighbour = Buckets(stored.server, stored.folder, f"{stored.tenant}-sav-of-another")
    neighbour.ok(tags={"tenant": f"{stored.tenant}-sav"})
    stored.put(7)
    word = {"tenant_confirm": stored.tenant}
    stored.world.harness("tenant_remove", extra_vars=word).refuses(f"{stored.bucket.name} still holds files")
    left = {**word, "tenant_force": True, "tenant_reason": "the client has left", "tenant_delete_data": True}
    stored.world.harness("tenant_remove", extra_vars=left).proves(changes=True)
    assert stored.quotas() == {"sav-of-another": 0}
