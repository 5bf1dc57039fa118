# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One S3 server, as one access key: what a bucket is set to, and the admin API that brings quotas, users and remote targets.

PRIVATE: for this collection's own plugins, not a public interface.

Signatures, sealing and the listing of objects are minio-py's. Its classes for the settings of a bucket are not used (ADR-0017): they drop
what they do not know, and what is read here is written back. Its ``MinioAdmin`` sends a quota by the name that newer servers do not read,
and knows no remote targets.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _no_answer
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError

if TYPE_CHECKING:
    from minio import Minio
    from urllib3 import PoolManager
    from urllib3.response import BaseHTTPResponse

# Seconds in which a server that answered before may be away: a MinIO that restarts takes 1 to 3 on our machines.
PATIENCE: Final = 15.0
PAUSE: Final = 0.25
# Of a server that is up and takes no requests yet, or has too many.
BUSY: Final = (429, 502, 503, 504)
READS: Final = ("GET", "HEAD")
NO_ADMIN: Final = "NoAdminApi"
ADMIN: Final = "/minio/admin/v3/"
MISSING: Final = "The Python library minio is not installed where this task runs; install it there, for example with pip install minio."
# How much of a server's own words is shown.
SHOWN: Final = 300


class StorageError(BlueGreenError):
    """The server refused, or did not answer.

    Attributes:
        code: the server's own, like ``NoSuchBucket``; ``NO_ADMIN`` where it has none; empty where there was no answer.
        is_partial: whether some of it was done.
    """

    def __init__(self, sentence: str, *, code: str = "", is_partial: bool = False) -> None:
        super().__init__(sentence, code=code)
        self.code = code
        self.is_partial = is_partial


@dataclass(frozen=True)
class Access:
    """Where a server is and how to be let in.

    Attributes:
        endpoint: URL without a path.
        access_key: who asks.
        secret_key: what proves it.
        region: that requests are signed for.
        ca_cert: PEM file of the authority that signed the server's certificate, None for the system's.
        validate_certs: whether its certificate must be valid.
        timeout: seconds for one request.
    """

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    ca_cert: str | None = None
    validate_certs: bool = True
    timeout: float = 10.0


@dataclass(frozen=True)
class Request:
    """What is asked, and how it is said to a person.

    Attributes:
        method: of HTTP.
        path: of its URL.
        query: of its URL.
        words: what it does, as in "read the policy of bucket shop".
        right: the action of a policy that it needs, like ``s3:GetBucketPolicy``.
        admin: whether it is one of MinIO's own API.
    """

    method: str
    path: str
    query: Mapping[str, str | list[str]]
    words: str
    right: str
    admin: bool = False


class Storage:
    """A server; ``requests`` counts what was asked of it, by ``read`` and ``write``."""

    def __init__(self, access: Access, *, pool: PoolManager | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        try:
            import minio
            from minio.credentials.credentials import Credentials
            from minio.credentials.providers import StaticProvider
        except ImportError:
            raise BlueGreenError(MISSING) from None
        self.access = access
        self.requests: dict[str, int] = {}
        # Whom the server says that it is; a proxy may say something else.
        self.is_minio = False
        self._answered = False
        self._sleep = sleep
        self._address = urlsplit(access.endpoint)
        self._pool = pool or _pool(access)
        self._credentials = Credentials(access.access_key, access.secret_key)
        # For the listing of objects. Its errors are minio-py's own; see ``_minio_objects``.
        try:
            self.client: Minio = minio.Minio(
                self._address.netloc,
                credentials=StaticProvider(access.access_key, access.secret_key),
                secure=self._address.scheme == "https",
                region=access.region,
                http_client=self._pool,
            )
            self.client.trace_on(_Lines(self._count))
        except ValueError as error:
            # It knows some addresses of Amazon's, and wants https for them.
            raise InputError(f"endpoint: {access.endpoint} is refused by the library minio ({error}); correct it.") from None

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _count(self, method: str) -> None:
        kind = "read" if method in READS else "write"
        self.requests[kind] = self.requests.get(kind, 0) + 1

    def bucket(
        self,
        method: str,
        bucket: str,
        part: str,
        words: str,
        right: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Ask for a bucket, or for one of its settings.

        Args:
            method: of HTTP.
            bucket: its name.
            part: the subresource, like ``policy``; empty for the bucket itself.
            words: what is done, as in "read the policy", or to the bucket itself "delete".
            right: see ``Request``.
            body: what is sent.
            headers: further ones.

        Raises:
            StorageError: the server refused, or did not answer.
        """
        words = f"{words} of bucket {bucket}" if part else f"{words} bucket {bucket}"
        request = Request(method, f"/{bucket}", {part: ""} if part else {}, words, right)
        return self.ask(request, body, headers or {}).data

    def admin(
        self, method: str, command: str, query: Mapping[str, str | list[str]], body: bytes | None = None, *, sealed: bool = False
    ) -> Any:
        """Make a request of the admin API.

        Args:
            method: of HTTP.
            command: the last part of its path, like ``get-bucket-quota``.
            query: of its URL.
            body: what is sent.
            sealed: whether the body, or what is got, is encrypted with the secret key, as the API wants it where secrets are in it.

        Returns:
            What the answer's JSON holds; None where it holds none.

        Raises:
            StorageError: the server refused, or did not answer, or has no such API.
        """
        from minio.crypto import decrypt, encrypt
        from urllib3 import HTTPResponse

        if sealed and body is not None:
            body = encrypt(body, self.access.secret_key)
        request = Request(method, ADMIN + command, query, command, RIGHTS[command], admin=True)
        # By any other type some commands take the body for a form.
        text = self.ask(request, body, {"Content-Type": "application/octet-stream"}).data
        if sealed and text and method == "GET":
            try:
                text = decrypt(HTTPResponse(io.BytesIO(text), preload_content=False), self.access.secret_key)
            except (OSError, ValueError):
                raise _no_admin(request, self.access, "an answer that is not sealed with the secret_key") from None
        if not text.strip():
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            if sealed and method != "GET":
                # What was attached to whom, sealed; we know what we asked for.
                return None
            raise _no_admin(request, self.access, "an answer that is no JSON") from None
        if found is not None and not isinstance(found, KINDS.get(command, dict)):
            raise _no_admin(request, self.access, "an answer of another kind")
        return found

    def ask(self, request: Request, body: bytes | None, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """Make a request, and wait for a server that restarts.

        Raises:
            StorageError: the server refused, or did not answer.
        """
        import urllib3

        until = time.monotonic() + PATIENCE
        repeated = False
        while True:
            self._count(request.method)
            try:
                # Signed anew each time, for a signature is good for 15 minutes from its own date.
                url, signed = self._signed(request, body, headers)
                answer = self._pool.request(request.method, url, body=body, headers=signed, redirect=False, retries=False)
            except urllib3.exceptions.HTTPError as error:
                # At first contact a wrong address is likelier than a restart. All our requests may be repeated.
                if not self._answered or time.monotonic() > until or _no_answer.is_tls(error):
                    server = f"the storage server at {self.access.endpoint}"
                    said = _no_answer.why(server, error, self.access.timeout, address="endpoint", authority="ca_cert")
                    raise StorageError(said) from None
            else:
                self._answered = True
                self.is_minio = "minio" in answer.headers.get("Server", "").lower()
                if answer.status not in BUSY or time.monotonic() > until:
                    return self._checked(request, answer, repeated=repeated)
            repeated = True
            self._sleep(PAUSE)

    def _checked(self, request: Request, answer: BaseHTTPResponse, *, repeated: bool) -> BaseHTTPResponse:
        # A console, a login page, a captive portal: to all of them everything is fine.
        is_page = answer.data[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))
        if 200 <= answer.status < 300 and not is_page:
            return answer
        code, message = _code_of(answer)
        if repeated and not request.query and (request.method, code) in DONE_BEFORE:
            # The first of the two was done, and only its answer was lost.
            return answer
        # Who says it in JSON has the API. Of what is behind a proxy that fails nobody knows.
        if request.admin and _is_foreign(answer, code):
            raise _no_admin(request, self.access, f"status {answer.status}")
        raise self.refused(request.words, request.right, code, message)

    def refused(self, words: str, right: str, code: str, message: str) -> StorageError:
        """Return the error for a refusal of S3; see ``Request`` for the first two."""
        return StorageError(f"{words}: {_because(self.access, right, code, message)}", code=code)

    def _signed(self, request: Request, body: bytes | None, headers: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        from minio import time as minio_time
        from minio.helpers import sha256_hash
        from minio.signer import sign_v4_s3

        pairs = [
            (key, one) for key, value in sorted(request.query.items()) for one in ([value] if isinstance(value, str) else sorted(value))
        ]
        query = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in pairs)
        url = self._address._replace(path=request.path, query=query)
        date, digest = minio_time.utcnow(), sha256_hash(body)
        given = {"Host": url.netloc, "x-amz-date": minio_time.to_amz_date(date), "x-amz-content-sha256": digest, **headers}
        if body is not None:
            # Not for safety: S3 wants it with every setting that is written.
            given["Content-MD5"] = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        signed = sign_v4_s3(
            method=request.method,
            url=url,
            region=self.access.region,
            headers=dict(given),
            credentials=self._credentials,
            content_sha256=digest,
            date=date,
        )
        return url.geturl(), dict(signed)


# What a command answers with, where it is no object.
KINDS: Final[Mapping[str, type]] = {"list-remote-targets": list, "set-remote-target": str}
# Refusals of a request that was done before.
DONE_BEFORE: Final = (("PUT", "BucketAlreadyOwnedByYou"), ("DELETE", "NoSuchBucket"))
# What a server of S3 says of the paths of the admin API, which are a bucket to it.
FOREIGN: Final = ("MethodNotAllowed", "NotImplemented", "NoSuchBucket", "NoSuchKey", "InvalidRequest")
# What a key must be allowed to for each command.
RIGHTS: Final = {
    "add-canned-policy": "admin:CreatePolicy",
    "add-user": "admin:CreateUser",
    "datausageinfo": "admin:DataUsageInfo",
    "get-bucket-quota": "admin:GetBucketQuota",
    "idp/builtin/policy/attach": "admin:AttachUserOrGroupPolicy",
    "idp/builtin/policy/detach": "admin:AttachUserOrGroupPolicy",
    "idp/builtin/policy-entities": "admin:ListUserPolicies",
    "info": "admin:ServerInfo",
    "info-canned-policy": "admin:GetPolicy",
    "kms/key/status": "admin:KMSKeyStatus",
    "list-remote-targets": "admin:GetBucketTarget",
    "remove-canned-policy": "admin:DeletePolicy",
    "remove-remote-target": "admin:SetBucketTarget",
    "set-bucket-quota": "admin:SetBucketQuota",
    "set-remote-target": "admin:SetBucketTarget",
    "user-info": "admin:GetUser",
}


def _pool(access: Access) -> PoolManager:
    import urllib3

    if not access.validate_certs:
        # Who turned it off knows, and it would be said for each request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    certificates = "CERT_REQUIRED" if access.validate_certs else "CERT_NONE"
    timeout = urllib3.Timeout(connect=access.timeout, read=access.timeout)
    return urllib3.PoolManager(timeout=timeout, retries=False, cert_reqs=certificates, ca_certs=access.ca_cert)


class _Lines(io.StringIO):
    """What minio-py traces its requests to: their first lines are counted, and nothing is kept."""

    def __init__(self, count: Callable[[str], None]) -> None:
        super().__init__()
        self._count = count

    def write(self, text: str) -> int:
        """Count a request; all else that is traced (headers, bodies, answers) is no such line."""
        if text.endswith(" HTTP/1.1\n"):
            self._count(text.partition(" ")[0])
        return len(text)


def _is_foreign(answer: BaseHTTPResponse, code: str) -> bool:
    """Whether a refusal is not one of MinIO's admin API."""
    if not code:
        return answer.status < 500
    return code in FOREIGN and not answer.data.startswith(b"{")


def _code_of(answer: BaseHTTPResponse) -> tuple[str, str]:
    """Return code and message of a refusal, which is XML by S3 and JSON by the admin API; neither where it is none of theirs."""
    text = answer.data[:4000].decode(errors="replace")
    try:
        found = json.loads(text)
        return str(found.get("Code") or ""), str(found.get("Message") or "")
    except (ValueError, AttributeError, RecursionError):
        code, message = re.search(r"<Code>([^<]*)</Code>", text), re.search(r"<Message>([^<]*)</Message>", text)
        return code[1] if code else "", html.unescape(message[1]) if message else ""


def _because(access: Access, right: str, code: str, message: str) -> str:
    """Say what a code of S3 means."""
    line = " ".join(message.split()).rstrip(".")
    said = line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
    if not code:
        return f"the answer of {access.endpoint} is not one of S3; see whether a storage server is there, or only a proxy."
    sentences = {
        "AccessDenied": f"the access_key {access.access_key} may not do that; give it a policy that allows {right}.",
        "InvalidAccessKeyId": f"{access.endpoint} does not know the access_key {access.access_key}; correct it.",
        "SignatureDoesNotMatch": f"the secret_key is not that of the access_key {access.access_key} at {access.endpoint}; correct it.",
        "AuthorizationHeaderMalformed": f"{access.endpoint} is in another region ({said}); correct region.",
        "RequestTimeTooSkewed": f"the clocks of this machine and of {access.endpoint} are more than 15 minutes apart; correct them.",
        "NoSuchBucket": "the bucket is not there; make it first, or correct its name.",
        "BucketAlreadyExists": "another account of this server has a bucket of that name; choose another name.",
        "NotImplemented": f"{access.endpoint} does not have that; leave it out.",
        "MethodNotAllowed": f"{access.endpoint} does not have that; leave it out.",
    }
    return sentences.get(code, f"the server refuses it ({code}: {said}); correct what it names.")


def _no_admin(request: Request, access: Access, found: str) -> StorageError:
    return StorageError(
        f"{request.words}: {access.endpoint} has no admin API of MinIO ({found}); leave out what needs it: quota, access and replication.",
        code=NO_ADMIN,
    )
