# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bucket of a storage server of the lab: runs the modules on it as Ansible does, and reads what is held, by minio-py and by mc."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
from pathlib import Path
from typing import Any, Protocol

import minio
import pytest
from minio.credentials.providers import StaticProvider
from minio.error import S3Error
from minio.minioadmin import MinioAdmin
from minio.xml import marshal

from lab.minio import Client, Minio
from tests.harness.ansible import ROOT
from tests.integration.module_process import arguments, run_module, start_module
from tests.integration.outcomes import Runs

RUNBOOK = ROOT / "docs" / "runbooks" / "object_storage.md"
# What mc is asked of a bucket.
LOOKS = {
    "quota": ("quota", "info"),
    "lifecycle": ("ilm", "rule", "ls"),
    "tags": ("tag", "list"),
    "policy": ("anonymous", "get-json"),
    "versioning": ("version", "info"),
    "encryption": ("encrypt", "info"),
    "notification": ("event", "ls"),
    "replication": ("replicate", "ls"),
    "retention": ("retention", "info", "--default"),
}
# What minio-py asks.
READS = (
    "bucket_versioning",
    "bucket_encryption",
    "bucket_lifecycle",
    "bucket_notification",
    "bucket_policy",
    "bucket_replication",
    "bucket_tags",
    "object_lock_config",
)


def preview_policy() -> dict[str, Any]:
    """The policy that the runbook gives to a key that may only preview."""
    found = re.search(r"<!-- policy: preview -->\s*```json\n(.*?)```", RUNBOOK.read_text(), re.DOTALL)
    assert found, f"{RUNBOOK} has no policy for previews"
    policy: dict[str, Any] = json.loads(found[1])
    return policy


class StorageServer(Protocol):
    """A server of the lab that speaks S3."""

    access_key: str
    secret_key: str

    @property
    def url(self) -> str:
        """Where it answers."""


class PlainBuckets(Runs):
    """A bucket of a server that speaks S3 and no more, and the modules on it, as the server's root account."""

    def __init__(self, server: StorageServer, name: str = "") -> None:
        self.server = server
        self.name = name or f"t{secrets.token_hex(4)}"
        address, key, secret = server.url.removeprefix("http://"), server.access_key, server.secret_key
        self.client = minio.Minio(address, access_key=key, secret_key=secret, secure=False, region="us-east-1")
        # Who previews.
        self.reader = key, secret

    def arguments(self, options: dict[str, Any], *, user: str, check: bool) -> str:
        """What a module is given."""
        access, secret = self.reader if user == "reader" else (self.server.access_key, self.server.secret_key)
        given = {"endpoint": self.server.url, "access_key": access, "secret_key": secret, "name": self.name, **options}
        return arguments(given, check=check)

    def run(
        self, *, user: str = "root", check: bool = False, module: str = "minio_bucket", before: str = "", **options: Any
    ) -> dict[str, Any]:
        """Run a module to its end and return its result, failed or not; ``before`` is Python that runs there first."""
        return {"warnings": [], **run_module(module, self.arguments(options, user=user, check=check), before=before)}

    def start(self, *, before: str, **options: Any) -> subprocess.Popen[str]:
        """Start the module in a process of its own, to be killed."""
        return start_module("minio_bucket", self.arguments(options, user="root", check=False), before=before)

    def previewed(self, **options: Any) -> dict[str, Any]:
        """Preview as who may only read, apply, and again both: the same plan, nothing written, and then nothing left to do."""
        held = self.held()
        preview = self.ok(user="reader", check=True, **options)
        assert self.held() == held
        applied = self.ok(**options)
        for key in ("changed", "diff", "actions", "warnings"):
            assert preview[key] == applied[key], key
        self.settled(**options)
        return applied

    def settled(self, **options: Any) -> None:
        """Nothing is left to do, in preview and apply."""
        held = self.held()
        for user, check in (("reader", True), ("root", False)):
            again = self.ok(user=user, check=check, **options)
            assert (again["changed"], again["diff"], again["actions"]) == (False, [], [])
            assert "write" not in again["requests"]
        assert self.held() == held

    def is_there(self) -> bool:
        """Whether the bucket exists."""
        return self.client.bucket_exists(self.name)

    def held(self) -> dict[str, Any]:
        """All that the server holds of the bucket, as minio-py reads it (in 40 ms, mc in 2 s)."""
        found: dict[str, Any] = {"there": self.is_there()}
        return {**found, **{what: self._read(what) for what in READS if found["there"]}}

    def _read(self, what: str) -> str | None:
        try:
            said = getattr(self.client, f"get_{what}")(self.name)
        except S3Error as error:
            return str(error.code)
        except ValueError as error:
            # minio-py cannot read each server's spelling of nothing.
            return str(error)
        if isinstance(said, str):
            return json.dumps(_ordered(json.loads(said)))
        if said is None:
            return None
        return str(sorted(said.items())) if isinstance(said, dict) else marshal(said).decode()


class Buckets(PlainBuckets):
    """A bucket of a MinIO, and the modules on it, as the server's root account or as somebody who may only read."""

    server: Minio

    def __init__(self, server: Minio, folder: Path, name: str = "") -> None:
        super().__init__(server, name)
        self.folder = folder
        self.mc = Client(server, folder)
        provider = StaticProvider(server.access_key, server.secret_key)
        self.admin = MinioAdmin(endpoint=server.url.removeprefix("http://"), credentials=provider, secure=False, region="us-east-1")
        self.reader = f"reader-{secrets.token_hex(4)}", secrets.token_hex(16)
        self.admin.user_add(*self.reader)
        self.admin.policy_add("preview", policy=preview_policy())
        self.admin.attach_policy(["preview"], self.reader[0])

    def held(self) -> dict[str, Any]:
        """All that the server holds of the bucket, and which keys have which policies of it."""
        found = super().held()
        if found["there"]:
            found["quota"] = self.admin.bucket_quota_get(self.name)
        for name in json.loads(self.admin.policy_list()):
            if f"-{self.name}-" in name:
                entities = json.loads(self.admin.get_policy_entities([], [], [name])).get("policyMappings")
                found[name] = [_ordered(json.loads(self.admin.policy_info(name))), entities]
        return found

    def seen(self) -> dict[str, Any]:
        """What mc tells of the bucket: a reader that shares nothing with what wrote it."""
        found: dict[str, Any] = {}
        for what, command in LOOKS.items():
            said = self.mc.run(*command, f"lab/{self.name}", good=False)
            found[what] = [one for one in said if one.get("status") == "success"]
        return found

    def names(self) -> list[str]:
        """What the bucket holds, old versions included."""
        return sorted(one["key"] for one in self.mc.run("ls", "--recursive", "--versions", f"lab/{self.name}"))


def _ordered(value: Any) -> Any:
    """The server keeps sets, and gives them in another order each time."""
    if isinstance(value, dict):
        return {key: _ordered(one) for key, one in value.items()}
    return sorted((_ordered(one) for one in value), key=json.dumps) if isinstance(value, list) else value


@pytest.fixture
def bucket(minio: Minio, tmp_path: Path) -> Buckets:
    """A bucket that is not there yet."""
    return Buckets(minio, tmp_path)
