# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook as a user would, and reads what its JSON callback says."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tests.harness.preforked import Start, in_a_process_of_its_own

ROOT = Path(__file__).resolve().parent.parent.parent
COLLECTIONS = ROOT / "build" / "collections"
CACHES = ROOT / "tests" / "harness" / "caches"
CONNECTIONS = ROOT / "tests" / "harness" / "connections"


@dataclass(frozen=True)
class TaskResult:
    """What one task did on one host."""

    play: str
    task: str
    host: str
    state: str
    changed: bool
    content: dict[str, Any]

    @property
    def message(self) -> str:
        """Why it failed, as the module said it."""
        items = self.content.get("results") or []
        failed = [item.get("msg", "") for item in items if isinstance(item, dict) and item.get("failed")]
        return str(failed[0] if failed else self.content.get("msg", ""))


@dataclass(frozen=True)
class Run:
    """One run of ansible-playbook."""

    command: list[str]
    returncode: int
    stdout: str
    stderr: str
    seconds: float
    plays: list[dict[str, Any]] = field(default_factory=list)
    stats: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def results(self) -> list[TaskResult]:
        """Every task on every host, in the order of the run."""
        return [
            TaskResult(
                play=play["play"]["name"],
                task=task["task"]["name"],
                host=host,
                state=_state(content),
                changed=bool(content.get("changed", False)),
                content=content,
            )
            for play in self.plays
            for task in play["tasks"]
            for host, content in sorted(task["hosts"].items())
        ]

    @property
    def failures(self) -> list[TaskResult]:
        """The tasks that failed, or whose host could not be reached."""
        return [result for result in self.results if result.state in ("failed", "unreachable")]

    @property
    def changed(self) -> list[TaskResult]:
        """The tasks that changed something, or in a preview would."""
        return [result for result in self.results if result.changed]

    def result(self, action: str) -> dict[str, Any]:
        """The content of the first task of this action (a module's full name), for questions on what it returned."""
        for result in self.results:
            if result.content.get("action") == action:
                return result.content
        raise AssertionError(f"No task of {action} ran. {self.words()}")

    def words(self) -> str:
        """How it ended, in a sentence."""
        if self.failures:
            first = self.failures[0]
            return f"The task '{first.task}' failed on {first.host}: {first.message}"
        if self.returncode:
            tail = (self.stderr.strip() or self.stdout.strip())[-2000:]
            return f"ansible-playbook ended with code {self.returncode}: {tail}"
        return f"{len(self.changed)} of {len(self.results)} task results changed."

    @property
    def output(self) -> str:
        """All it printed, for the search of a secret that must not be there."""
        return self.stdout + self.stderr


def _state(content: dict[str, Any]) -> str:
    for state in ("unreachable", "failed", "skipped"):
        if content.get(state):
            return state
    return "ok"


class Ansible:
    """ansible-playbook of the environment this Python belongs to, with our collection and a given inventory."""

    # How a run is started. The tests of behaviour take a quicker way (see preforked.py), the benchmarks must not.
    start: ClassVar[Start] = staticmethod(in_a_process_of_its_own)

    def __init__(self, inventory: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.inventory = inventory
        self.environment = dict(environment or {})

    def full_environment(self, callback: str) -> dict[str, str]:
        """The environment of a run: the user's, made independent of the user's own Ansible settings."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        ours |= {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CONNECTION_PLUGINS": str(CONNECTIONS),
            "ANSIBLE_STDOUT_CALLBACK": callback,
            "ANSIBLE_NOCOLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(CACHES),
            # On this machine there is no round trip to save, and a module of one line of 170 kB comes slowly through a pipe: 0.05 s of
            # processor for each task. A world with a server of its own sets it for its hosts.
            "ANSIBLE_PIPELINING": "0",
        }
        configuration = ROOT / "ansible.cfg"
        if configuration.exists():
            ours["ANSIBLE_CONFIG"] = str(configuration)
        return ours | self.environment

    def command(self, playbook: str | Path, limit: str | None, arguments: tuple[str, ...]) -> list[str]:
        """The command line, without the extra variables: those may hold a secret and travel by file."""
        program = Path(sys.executable).parent / "ansible-playbook"
        limits = ["--limit", limit] if limit else []
        return [str(program), str(playbook), "--inventory", str(self.inventory), *limits, *arguments]

    def run(
        self,
        playbook: str | Path,
        *,
        limit: str | None = None,
        extra_vars: Mapping[str, Any] | None = None,
        arguments: tuple[str, ...] = (),
        callback: str = "ansible.posix.json",
        timeout: float = 110.0,
    ) -> Run:
        """Run a playbook (a file, or bluegreen.orchestrator.NAME) and read its results."""
        command = self.command(playbook, limit, arguments)
        with tempfile.TemporaryDirectory(prefix="bluegreen-run-") as scratch:
            if extra_vars:
                variables = Path(scratch) / "extra_vars.json"
                variables.write_text(json.dumps(dict(extra_vars)))
                variables.chmod(0o600)
                command += ["--extra-vars", f"@{variables}"]
            started = time.monotonic()
            done = type(self).start(command, cwd=ROOT, env=self.full_environment(callback), timeout=timeout)
        content = _json_part(done.stdout) if callback == "ansible.posix.json" else {}
        return Run(
            command=command,
            returncode=done.returncode,
            stdout=done.stdout,
            stderr=done.stderr,
            seconds=time.monotonic() - started,
            plays=content.get("plays", []),
            stats=content.get("stats", {}),
        )


def _json_part(text: str) -> dict[str, Any]:
    # Other callbacks print before and after the JSON: it begins on the line that is just a brace.
    start = 0 if text.startswith("{") else text.find("\n{") + 1
    try:
        content = json.JSONDecoder().raw_decode(text, start)[0]
    except json.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}
