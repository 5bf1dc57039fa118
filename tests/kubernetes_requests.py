# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kubernetes API that answers exactly the listed requests, in their order: which calls a path makes is what such a test proves."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import urllib3
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_api
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import Access

HOST = "https://127.0.0.1:6443"
PAGE = "?limit=500"
Answered = tuple[int, Any] | Exception
Expected = tuple[str, Answered]
# What a real API server says of a path that it does not serve, be it the group, the version or the resource that it lacks.
UNKNOWN = (404, b"404 page not found\n")


class Pool:
    """Answers exactly the listed requests, in order."""

    def __init__(self, *expected: Expected) -> None:
        self._expected = list(expected)
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.timeouts: list[urllib3.Timeout] = []
        self.retry_after = "3"

    def request(self, method: str, url: str, *, body: bytes | None, headers: dict[str, str], **options: Any) -> Any:
        assert self._expected, f"one request too many: {method} {url}"
        assert options["retries"] is False
        assert options["redirect"] is False
        line, answer = self._expected.pop(0)
        asked = f"{method} {url.removeprefix(HOST)}"
        assert asked == line, f"{asked} instead of {line}"
        self.bodies.append(None if body is None else json.loads(body))
        self.headers.append(dict(headers))
        self.timeouts.append(options["timeout"])
        if isinstance(answer, Exception):
            raise answer
        status, content = answer
        # An empty answer stands for what a server says of a write that was done.
        if content == {} and method == "PATCH":
            content = self.bodies[-1]
        elif content == {} and method == "DELETE":
            content = {"kind": "Status", "status": "Success"}
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        return SimpleNamespace(status=status, data=data, headers={"Retry-After": self.retry_after} if status == 429 else {})

    def done(self) -> None:
        assert self._expected == [], "requests that were not made"

    @property
    def access(self) -> Access:
        """The way in to this API."""
        return Access(HOST, {"Authorization": "Bearer canary-token"}, self, "kubeconfig k")


@contextlib.contextmanager
def answering(monkeypatch: pytest.MonkeyPatch, core: ModuleType, *expected: Expected) -> Iterator[Pool]:
    """Let a core find this API instead of a cluster. All that is listed has to be asked for."""
    pool = Pool(*expected)
    monkeypatch.setattr(core, "opened", lambda _params: contextlib.nullcontext(pool.access))
    yield pool
    pool.done()


def refused(status: int, message: str, reason: str = "", **details: Any) -> tuple[int, Any]:
    """What the server answers when it does not do it."""
    return status, {"kind": "Status", "message": message, "reason": reason, "details": details}


def items(*objects: Mapping[str, Any]) -> tuple[int, Any]:
    """A list of these objects, whole on one page."""
    return 200, {"items": list(objects), "metadata": {}}


def validated(spec: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Options as a module's core gets them."""
    checked = ArgumentSpecValidator(dict(spec)).validate(options)
    assert not checked.errors.errors, checked.errors.msg
    found: dict[str, Any] = checked.validated_parameters
    return found


class Clock:
    """The time of some modules, in which minutes pass at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
        # The client takes the time of its beginning from the real one. Whole, for sums of halves are exact then, whatever the uptime.
        self.begun = self.now = float(int(time.monotonic()))
        for module in (_kubernetes_api, *modules):
            monkeypatch.setattr(module, "time", self)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def passed(self) -> float:
        """Seconds since it was made."""
        return self.now - self.begun
