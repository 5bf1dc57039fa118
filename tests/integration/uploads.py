# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads by signed forms, as a browser makes them: plain HTTP, without a library of S3."""

from __future__ import annotations

import re
from typing import Any

import urllib3

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import Access
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_post import check_limits, forms
from tests.integration.storage import PlainBuckets

HTTP = urllib3.PoolManager()


def signed(
    bucket: PlainBuckets,
    types: list[str],
    *,
    key: tuple[str, str] | None = None,
    prefix: str = "up/",
    max_size: str = "100k",
    seconds: int = 60,
) -> dict[str, Any]:
    """A form for the first of the types, signed by a key; by the root account without one."""
    access_key, secret_key = key or (bucket.server.access_key, bucket.server.secret_key)
    limits = check_limits(bucket.name, prefix, max_size, types, seconds)
    return forms(Access(bucket.server.url, access_key, secret_key), limits)[0]


def uploaded(form: dict[str, Any], *, name: str = "up/file", kind: str = "image/png", size: int = 9000, **more: str) -> tuple[int, str]:
    """Send a file by a form, and return status and code of the answer."""
    fields = {**form["fields"], "key": name, "Content-Type": kind, **more, "file": ("file", b"x" * size)}
    answer = HTTP.request("POST", form["url"], fields=fields)
    found = re.search(rb"<Code>(.*?)</Code>", answer.data)
    return answer.status, found[1].decode() if found else ""
