# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets pushed through every failure path of minio_bucket as a module, with all output searched for them."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import pytest
import urllib3
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.bluegreen.orchestrator.plugins.modules import minio_bucket, minio_bucket_info
from tests.storage_requests import ADMIN, CANARY, THERE, Answered, Expected, answering, refused
from tests.unit.plugins.module_utils.test_minio_args import BASE, target
from tests.unit.plugins.module_utils.test_minio_run import (
    ATTACH,
    GONE,
    LOCATION,
    NO_RULES,
    OFF,
    OK,
    REMOTE_ON,
    TARGETS,
    at,
    no_access,
    user,
)

WORD = "c0ffee"
OF_USER, OF_COPIER = "canary-c0ffee-user", "canary-c0ffee-copier"
SECRETS = {"copier": OF_COPIER, "of the user": OF_USER}
OPTIONS: dict[str, Any] = {
    **BASE,
    "versioning": "enabled",
    "tags": {"a": "b"},
    "access": [{"key": "abc", "secret_key": OF_USER, "uploads": "direct"}],
    "replication": [target(secret_key=OF_COPIER)],
    "update_secrets": "always",
}
# All that an apply asks of a server that has nothing of it, to the end.
ASKED: list[Expected] = [
    (LOCATION, THERE),
    *OFF,
    ("GET /shop?tagging=", refused(404, "NoSuchTagSet")),
    *no_access(),
    user("abc", there=False),
    NO_RULES,
    (TARGETS, (200, b"null")),
    *REMOTE_ON,
    ("PUT /shop?versioning=", OK),
    ("PUT /shop?tagging=", OK),
    (f"PUT {ADMIN}add-user?accessKey=abc", OK),
    (f"PUT {ADMIN}add-canned-policy?name=bluegreen-shop-direct", OK),
    (ATTACH, OK),
    (TARGETS, (200, b"null")),
    (f"PUT {ADMIN}set-remote-target?bucket=shop", (200, '"arn:1"')),
    ("PUT /shop?replication=", OK),
    (TARGETS, (200, [at("arn:1")])),
]
LAST = len(ASKED)


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible keeps warnings for the life of a process, and the next test would have ours."""
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, sentence: print(sentence, file=sys.stderr))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of a sealed body takes 64 MiB and 0.1 s on purpose; here are hundreds of them."""
    monkeypatch.setattr("minio.crypto._generate_key", lambda secret, salt: hashlib.sha256(salt + secret).digest())


def module(capfd: pytest.CaptureFixture[str], main: Any, options: dict[str, Any], **internal: Any) -> tuple[dict[str, Any], str]:
    """Run a module's main; its result, and all that it has written."""
    given = {**options, "_ansible_diff": True, "_ansible_verbosity": 4, **internal}
    with patch_module_args(given), pytest.raises(SystemExit):
        main()
    said = capfd.readouterr()
    result: dict[str, Any] = json.loads(said.out)
    return result, said.out + said.err


def test_the_good_way_shows_none(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with answering(monkeypatch, *ASKED, secrets=SECRETS):
        result, written = module(capfd, minio_bucket.main, OPTIONS)
    assert len(result["actions"]) == 5
    assert WORD not in written


# What a server, or what stands before it, may do to us; two of them say what they were told.
TRICKS: dict[str, Answered] = {
    "denied": refused(403, "AccessDenied"),
    "echoes": refused(400, "Odd", f"{CANARY} {OF_USER} {OF_COPIER}"),
    "echoes in JSON": (400, {"Code": "XMinioOdd", "Message": f"{CANARY} {OF_USER} {OF_COPIER}"}),
    "page": (200, f"<html><body>{CANARY}</body></html>"),
    "web server": (404, f"<html>{CANARY}</html>"),
    "odd": (200, b"\xff\x00"),
    "tls": urllib3.exceptions.SSLError(f"CERTIFICATE_VERIFY_FAILED {CANARY}"),
}


# Of what is written only the status counts, so there an odd answer is a good one.
STEPS = [(step, trick) for step in range(LAST) for trick in TRICKS if trick != "odd" or ASKED[step][0].startswith("GET")]


@pytest.mark.parametrize(("step", "trick"), STEPS)
def test_every_way_to_fail_shows_none(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], step: int, trick: str) -> None:
    with answering(monkeypatch, *ASKED[:step], (ASKED[step][0], TRICKS[trick]), secrets=SECRETS):
        result, written = module(capfd, minio_bucket.main, OPTIONS)
    assert result["failed"]
    assert WORD not in written
    assert "Traceback" not in written


ADDRESSES: list[tuple[dict[str, Any], str]] = [
    ({"endpoint": f"http://bob:{CANARY}@storage:9000"}, "endpoint: the URL carries a user or password"),
    ({"endpoint": f"bob:{CANARY}@storage:9000"}, "endpoint: the URL carries a user or password"),
    ({"endpoint": f"http://bob:{CANARY}@storage:9000/path"}, "endpoint: the URL carries a user or password"),
    (
        {"replication": [target(endpoint=f"http://bob:{CANARY}@storage:9100", secret_key=OF_COPIER)]},
        "replication.endpoint: the URL carries a user or password",
    ),
    ({"replication": [target(endpoint=f"bob:{CANARY}@storage", secret_key=OF_COPIER)]}, "replication.endpoint: the URL carries a user"),
]


@pytest.mark.parametrize(("options", "sentence"), ADDRESSES)
def test_a_password_in_an_address_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], options: dict[str, Any], sentence: str
) -> None:
    # Another secret_key than the password, whose mask would hide it.
    with answering(monkeypatch):
        result, written = module(capfd, minio_bucket.main, {**BASE, "secret_key": "another-one", **options})
    assert sentence in result["msg"]
    assert WORD not in written


WRONG: list[dict[str, Any]] = [
    {"access": [{"key": "abc", "secret_key": "c0ffee"}]},
    {"access": [{"key": "a b", "secret_key": OF_USER}]},
    {"replication": [target(secret_key=OF_COPIER, bucket="Bad")]},
    {"replication": [target(secret_key=OF_COPIER), target(secret_key=OF_USER, prefix="a")]},
    {"secret_key": f"{CANARY}\n"},
    {"secret_key": CANARY, "secret_key_file": "/nowhere"},
    {"quota": "much"},
    {"nonsense": 1},
]


@pytest.mark.parametrize("options", WRONG, ids=str)
def test_what_is_refused_at_once_shows_none(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], options: dict[str, Any]
) -> None:
    with answering(monkeypatch):
        result, written = module(capfd, minio_bucket.main, {**OPTIONS, **options})
    assert result["failed"]
    assert WORD not in written


def test_a_secret_of_a_file_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    """It is no option, so nobody would mask it."""
    path = tmp_path / "key"
    path.write_text(CANARY)
    options = {key: value for key, value in BASE.items() if key != "secret_key"} | {"secret_key_file": str(path)}
    for answer in (refused(403, "SignatureDoesNotMatch"), urllib3.exceptions.ProtocolError(CANARY), (404, f"<html>{CANARY}</html>"), GONE):
        with answering(monkeypatch, (LOCATION, answer)):
            _, written = module(capfd, minio_bucket.main, options, _ansible_check_mode=True)
        assert WORD not in written


@pytest.mark.parametrize("trick", list(TRICKS))
def test_the_module_that_reads_shows_none(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], trick: str) -> None:
    options = {key: value for key, value in BASE.items() if key != "name"}
    answer = refused(400, "Odd", CANARY) if "echoes" in trick else TRICKS[trick]
    for asked in ([("GET /", answer)], [(LOCATION, THERE), (f"GET {ADMIN}get-bucket-quota?bucket=shop", answer)]):
        names = {"names": ["shop"], "parts": ["quota"]} if len(asked) == 2 else {}
        with answering(monkeypatch, *asked):
            _, written = module(capfd, minio_bucket_info.main, {**options, **names})
        assert WORD not in written
