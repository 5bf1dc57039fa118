# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages of the modules and of the lookup, and the runbook, show of object storage is run as it stands, on servers of the lab."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.lookup import presigned_post
from ansible_collections.bluegreen.orchestrator.plugins.modules import minio_bucket, minio_bucket_info
from lab.minio import Minio
from lab.minio.programs import find
from lab.server import ProgramMissingError
from tests.integration.conftest import skip_or_fail
from tests.integration.storage import RUNBOOK, Buckets, preview_policy
from tests.integration.test_in_worker import Ways, ways
from tests.integration.uploads import uploaded

__all__ = ["ways"]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Minio, Minio]]:
    """Two servers of these documents' own, for their buckets and keys have names of their own, too."""
    folder = tmp_path_factory.mktemp("documents")
    found = Minio(folder / "one", name="one"), Minio(folder / "two", name="two")
    try:
        for server in found:
            server.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    yield found
    for server in found:
        server.stop()


def here(text: str, servers: tuple[Minio, Minio], folder: Path) -> str:
    """The text with the addresses and keys of this lab."""
    one, two = servers
    for shown, is_here in (
        ("https://storage-2.example:9000", two.url),
        ("https://storage.example:9000", one.url),
        ("access_key: operator", f"access_key: {one.access_key}"),
        ("access_key: reader", f"access_key: {one.access_key}"),
        ("access_key: replicator", f"access_key: {two.access_key}"),
        ("/etc/bluegreen/storage-reader", str(folder / "storage")),
        ("/etc/bluegreen/storage", str(folder / "storage")),
        ("/srv/acme/", f"{folder}/"),
    ):
        text = text.replace(shown, is_here)
    (folder / "storage").write_text(one.secret_key)
    return text


def secrets(servers: tuple[Minio, Minio]) -> dict[str, Any]:
    """What a vault would hold."""
    return {"vault_acme_shop": "shop-secret", "vault_acme_signer": "signer-secret", "vault_replicator": servers[1].secret_key}


def test_the_examples_run(servers: tuple[Minio, Minio], ways: Ways, tmp_path: Path) -> None:
    copy = Buckets(servers[1], tmp_path, "acme-products-copy")
    copy.client.make_bucket(copy.name)
    bucket = Buckets(servers[0], tmp_path, "acme-products")
    variables = secrets(servers)
    made = yaml.safe_load(here(minio_bucket.EXAMPLES, servers, tmp_path))
    results = ways.results(made, in_worker=True, vars=variables)
    assert [result.get("failed", False) for result in results] == [False] * len(made), results
    assert bucket.held()["bucket_replication"] is not None
    told = ways.results(yaml.safe_load(here(minio_bucket_info.EXAMPLES, servers, tmp_path)), in_worker=True)
    assert not any(result.get("failed") for result in told)
    assert {one["name"] for one in told[-1]["buckets"]} == {"acme-products"}
    signed = ways.results(yaml.safe_load(here(presigned_post.EXAMPLES, servers, tmp_path)), in_worker=True, vars=variables)
    assert not any(result.get("failed") for result in signed), signed
    (form,) = [one for one in json.loads((tmp_path / "upload-forms.json").read_text()) if one["type"] == "image/png"]
    assert uploaded(form, name="uploads/photo.png") == (204, "")
    assert bucket.names() == ["uploads/photo.png"]


def test_the_runbook_is_true(servers: tuple[Minio, Minio], ways: Ways, tmp_path: Path) -> None:
    """The policy of a preview is given by the commands that are shown, and the keys by the task that is shown."""
    one, _two = servers
    text = RUNBOOK.read_text()
    commands = re.findall(r"(?m)^\$ (mc .*)$", text)
    assert len(commands) == 3
    (tmp_path / "preview.json").write_text(json.dumps(preview_policy()))
    environment = {**os.environ, "MC_HOST_storage": f"http://{one.access_key}:{one.secret_key}@{one.url.removeprefix('http://')}"}
    for command in commands:
        words = [find("mc"), "--config-dir", str(tmp_path / "mc"), *command.split()[1:]]
        typed = "a-secret-that-is-typed\n"
        done = subprocess.run(words, input=typed, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    (tasks,) = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if block.startswith("- name")]
    login = {"endpoint": one.url, "access_key": one.access_key, "secret_key": one.secret_key}
    reader = {**login, "access_key": "previewer", "secret_key": "a-secret-that-is-typed"}
    group = "group/bluegreen.orchestrator.storage"
    variables = secrets(servers)
    previewed = ways.results(tasks, in_worker=True, vars=variables, check_mode=True, module_defaults={group: reader})
    applied = ways.results(tasks, in_worker=True, vars=variables, module_defaults={group: login})
    assert (previewed[0].get("failed"), applied[0].get("failed")) == (None, None), (previewed, applied)
    assert previewed[0]["actions"] == applied[0]["actions"]
