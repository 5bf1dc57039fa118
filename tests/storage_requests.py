# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A storage server that answers exactly the listed requests, in their order, and checks that each of them is signed and whole."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from minio.credentials.credentials import Credentials
from minio.crypto import decrypt, encrypt
from minio.signer import sign_v4_s3

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_api
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import Access, Storage

HOST = "http://127.0.0.1:9000"
CANARY = "canary-c0ffee-secret"
ACCESS = Access(HOST, "operator", CANARY)
ADMIN = "/minio/admin/v3/"
Answered = tuple[int, Any] | Exception
Expected = tuple[str, Answered]
THERE: Answered = (200, "<LocationConstraint/>")


class Pool(urllib3.PoolManager):
    """Answers exactly the listed requests, in order. Those of other servers are listed with their whole URL."""

    def __init__(self, *expected: Expected, secrets: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._expected = list(expected)
        # By access key: what each request is signed with.
        self.secrets = {"operator": CANARY, **(secrets or {})}
        self.bodies: list[bytes | None] = []
        self.sent: list[dict[str, str]] = []
        self.cleared = 0
        # Who it says that it is.
        self.server = "MinIO"

    # As urllib3's own is, which overrides two with unlike signatures.
    def urlopen(  # type: ignore[override]
        self, method: str, url: str, redirect: bool = True, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        """What our client asks, by ``request``, and what minio-py does."""
        body, headers = options.pop("body", None), options.pop("headers")
        assert (redirect, options) in ((False, {"retries": False}), (True, {"preload_content": True}))
        assert self._expected, f"one request too many: {method} {url}"
        line, answer = self._expected.pop(0)
        asked = f"{method} {url.removeprefix(HOST)}"
        assert asked == line, f"{asked} instead of {line}"
        given = {name.lower(): value for name, value in headers.items()}
        self._check_signature(method, url, body, given)
        self.bodies.append(body)
        self.sent.append(given)
        if isinstance(answer, Exception):
            raise answer
        status, content = answer
        data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else json.dumps(content).encode()
        kind = "application/xml" if data.startswith(b"<") else "application/json"
        return urllib3.HTTPResponse(
            io.BytesIO(data), status=status, headers={"Content-Type": kind, "Server": self.server}, preload_content=True
        )

    def _check_signature(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> None:
        digest = hashlib.sha256(body or b"").hexdigest()
        assert headers["x-amz-content-sha256"] == digest, "the body is another one than was signed"
        if body is not None:
            assert base64.b64decode(headers["content-md5"]) == hashlib.md5(body, usedforsecurity=False).digest()
        key = headers["authorization"].partition("Credential=")[2].partition("/")[0]
        for secret in self.secrets.values():
            assert secret not in f"{url} {headers} {body!r}", f"{method} {url} carries a secret in the clear"
        named = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        assert {"host", "x-amz-date", "x-amz-content-sha256"} <= set(named)
        date = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        signed = sign_v4_s3(
            method=method,
            url=urlsplit(url),
            region="us-east-1",
            headers={name: headers[name] for name in named},
            credentials=Credentials(key, self.secrets[key]),
            content_sha256=digest,
            date=date,
        )
        assert signed["Authorization"] == headers["authorization"], "it is not signed as a server would check it"

    def clear(self) -> None:
        """Close the connections."""
        self.cleared += 1

    def done(self) -> None:
        """All that is listed has to be asked for."""
        assert self._expected == [], "requests that were not made"

    def opened(self, number: int, secret: str = CANARY) -> Any:
        """What a sealed body holds."""
        body = self.bodies[number]
        assert body is not None
        assert CANARY.encode() not in body
        return json.loads(decrypt(urllib3.HTTPResponse(io.BytesIO(body), preload_content=False), secret))

    def said(self, number: int) -> Any:
        """What an open body holds."""
        return json.loads(self.bodies[number] or b"null")


class Clock:
    """The time of the client, in which minutes pass at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Server:
    """A client of a listed server, whose waiting takes no time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *expected: Expected, access: Access = ACCESS) -> None:
        self.pool, self.clock = Pool(*expected), Clock()
        monkeypatch.setattr(_minio_api, "time", self.clock)
        self.storage = Storage(access, pool=self.pool, sleep=self.clock.sleep)


@contextlib.contextmanager
def answering(
    monkeypatch: pytest.MonkeyPatch, *expected: Expected, secrets: Mapping[str, str] | None = None, server: str = "MinIO"
) -> Iterator[Pool]:
    """Let a core find this server. All that is listed has to be asked for."""
    pool = Pool(*expected, secrets=secrets)
    pool.server = server
    clock = Clock()
    monkeypatch.setattr(_minio_api, "time", clock)
    monkeypatch.setattr(_minio_api, "_pool", lambda _access: pool)
    monkeypatch.setitem(Storage.__init__.__kwdefaults__ or {}, "sleep", clock.sleep)
    yield pool
    pool.done()


def refused(status: int, code: str, message: str = "said so") -> tuple[int, str]:
    """What S3 answers when it does not do it."""
    return status, f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'


def admin_refused(status: int, code: str, message: str = "said so") -> tuple[int, dict[str, str]]:
    """What the admin API answers when it does not do it."""
    return status, {"Code": code, "Message": message}


def sealed(content: Any, secret: str = CANARY) -> tuple[int, bytes]:
    """An answer that is encrypted with the secret key."""
    return 200, encrypt(json.dumps(content).encode(), secret)


def listed(*versions: tuple[str, int], bucket: str = "shop", more: str = "") -> tuple[int, str]:
    """A list of versions of objects by name and size, a negative one for the marker of a deletion."""
    found = "".join(
        f"<{kind}><Key>{name}</Key><VersionId>v{number}</VersionId><IsLatest>true</IsLatest>"
        f"<LastModified>2026-11-22T10:00:00.000Z</LastModified><Size>{max(size, 0)}</Size></{kind}>"
        for number, (name, size) in enumerate(versions)
        for kind in ["DeleteMarker" if size < 0 else "Version"]
    )
    rest = f"<IsTruncated>{'true' if more else 'false'}</IsTruncated><NextKeyMarker>{more}</NextKeyMarker>"
    return (
        200,
        f'<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name>{found}{rest}</ListVersionsResult>',
    )
