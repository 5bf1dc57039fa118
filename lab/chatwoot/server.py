# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A handle on the stand-in: start it, make it misbehave, read what it holds and what it was asked."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Any

from lab.chatwoot.app import VARIABLE
from lab.server import LOOPBACK, LabError, Server, answers, http, reserve_port


class ChatwootStandIn(Server):
    """A stand-in for Chatwoot, a process of its own; what it holds is in a file, so a restart finds it again."""

    def __init__(self, directory: Path, *, detached: bool = False) -> None:
        super().__init__("chatwoot-stand-in", directory, detached=detached)
        self.port, self.control_port = reserve_port(), reserve_port()
        self.platform_token = f"platform-{secrets.token_hex(16)}"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    def variables(self) -> dict[str, str]:
        """The token of its platform app."""
        return {VARIABLE: self.platform_token}

    def command(self) -> list[str]:
        """The stand-in's own program."""
        ports = ["--port", str(self.port), "--control-port", str(self.control_port)]
        return [sys.executable, "-m", "lab.chatwoot.app", *ports, "--state", str(self.directory / "state.json")]

    def ready(self) -> bool:
        """Ready when the control endpoints answer, which listen last."""
        return answers(f"http://{LOOPBACK}:{self.control_port}/_lab/requests")

    def _control(self, method: str, what: str, body: Any = None) -> Any:
        status, answer = http(method, f"http://{LOOPBACK}:{self.control_port}/_lab/{what}", body)
        if status != 200:
            raise LabError(f"{self.name} refused {what}: {answer.decode(errors='replace')}")
        return json.loads(answer)

    def reset(self) -> None:
        """Blank again, and as healthy as at its start."""
        self._control("POST", "reset")

    def behave(self, **settings: Any) -> None:
        """Change how it behaves; the names are those of ``state.SETTINGS``."""
        self._control("PUT", "settings", settings)

    def a_day_passes(self) -> None:
        """Let it do what Chatwoot does once a day."""
        self._control("POST", "daily")

    def edit(self, table: str, number: int | None, **fields: Any) -> dict[str, Any]:
        """Change a record by hand; without a number, add one."""
        found = self._control("POST", "records", {"table": table, "id": number, "fields": fields})
        assert isinstance(found, dict)
        return found

    def state(self) -> dict[str, Any]:
        """Everything that it holds."""
        found = self._control("GET", "state")
        assert isinstance(found, dict)
        return found

    def requests(self, since: int = 0) -> list[str]:
        """What it was asked, as ``METHOD path``; ``since`` is an earlier length."""
        return [f"{one['method']} {one['path']}" for one in self._control("GET", "requests")[since:]]

    def writes(self, since: int = 0) -> list[str]:
        """What of it was no reading."""
        return [f"{one['method']} {one['path']}" for one in self._control("GET", "requests")[since:] if one["write"]]

    def violations(self) -> list[str]:
        """What did not fit Chatwoot's own description."""
        return [str(one) for one in self._control("GET", "violations")]
