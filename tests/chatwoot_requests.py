# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Chatwoot that answers exactly the listed requests, in their order: which calls a path makes is what such a test proves."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import Answer, Connection

URL = "https://chat.agency.example"
# A status with data, a whole answer, or what breaks the connection.
Given = tuple[int, Any] | Answer | Exception


class Listed(Connection):
    """A connection that answers exactly what is listed."""

    def __init__(self, *expected: tuple[str, Given], **options: Any) -> None:
        super().__init__(URL, **options)
        self.expected = list(expected)
        self.bodies: list[Any] = []
        self.tokens: list[str] = []
        self.waits: list[float] = []
        self._sleep = self.waits.append

    def _exchange(self, method: str, path: str, token: str, body: Any, limit: float) -> Answer:
        assert limit > 0
        assert self.expected, f"one request too many: {method} {path}"
        line, answer = self.expected.pop(0)
        assert f"{method} {path}" == line
        self.bodies.append(body)
        self.tokens.append(token)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Answer):
            return answer
        status, data = answer
        return Answer(status, b"" if data is None else json.dumps(data).encode())

    def done(self) -> None:
        """All that is listed had to be asked for."""
        assert self.expected == [], "requests that were not made"


def account(number: int = 7, **changes: Any) -> dict[str, Any]:
    """An account as the platform shows it."""
    whole = {
        "id": number,
        "name": "Acme",
        "locale": "en",
        "domain": None,
        "support_email": "a@b.example",
        "status": "active",
        "features": {"macros": True},
        "limits": {},
        "custom_attributes": {"bluegreen_tenant": "acme"},
    }
    return {**whole, **changes}
