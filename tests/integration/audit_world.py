# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small world for the audit tests: a folder with an ansible.cfg, an inventory, playbooks, and runs of the real ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

import ansible_collections.bluegreen.orchestrator as collection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit_verify import Verification, verify
from tests.harness.ansible import CACHES

ROOT = Path(__file__).resolve().parents[2]
COLLECTIONS = Path(next(iter(collection.__path__))).parents[2]
CHECK_MODE = "{{ ansible_check_mode or (dry_run | default(true) | bool) }}"
CANARY = "c4nary-9d1f7a"

FLOOR = Path(sys.executable).parent / "ansible-playbook"
# Laid by make; the variable is for people who keep their newest ansible-core elsewhere.
NEWEST = Path(os.environ.get("ANSIBLE_PLAYBOOK_NEWEST") or ROOT / "build" / "venvs" / "newest" / "bin" / "ansible-playbook")


def skip(reason: str) -> NoReturn:
    """Skip by name; with LAB_REQUIRE=all a skip is a failure."""
    if os.environ.get("LAB_REQUIRE") == "all":
        pytest.fail(f"LAB_REQUIRE=all: {reason}", pytrace=False)
    pytest.skip(reason)


def program(core: str) -> Path:
    """Return ansible-playbook of the oldest or the newest ansible-core."""
    if core == "floor":
        return FLOOR
    if not NEWEST.exists():
        skip(f"the newest ansible-core is not there: make lays it at {NEWEST} where a Python 3.12 or newer is found")
    return NEWEST


@dataclass
class Done:
    """A run that ended."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


@dataclass
class AuditWorld:
    """A folder in which playbooks are run with the audit and the summary callback."""

    folder: Path
    ansible_playbook: Path = FLOOR
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.folder / "state" / "audit.jsonl"

    def write(self, name: str, data: Any) -> Path:
        path = self.folder / name
        path.write_text(data if isinstance(data, str) else yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        return path

    def inventory(self, hosts: list[str], **variables: Any) -> Path:
        common = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}", **variables}
        return self.write("hosts.yml", {"all": {"hosts": dict.fromkeys(hosts), "vars": common}})

    def playbook(self, tasks: list[dict[str, Any]], **play: Any) -> Path:
        keywords = {"name": "A play", "hosts": "all", "gather_facts": False, "check_mode": CHECK_MODE, "diff": True}
        return self.write("play.yml", [{**keywords, **play, "tasks": tasks}])

    def environment(self, **more: str) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE", "PYTHON", "BLUEGREEN", "SSH_", "SUDO"))
        }
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CALLBACKS_ENABLED": "bluegreen.orchestrator.audit,bluegreen.orchestrator.summary",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(self.folder / "home"),
            "BLUEGREEN_AUDIT_LOG": str(self.log),
            "COLUMNS": "1000",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(CACHES),
            **self.settings,
            **more,
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        command = [str(self.ansible_playbook), *arguments]
        if (self.folder / "hosts.yml").exists():
            command += ["-i", "hosts.yml"]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **environment: str) -> Done:
        process = self.start(*arguments, **environment)
        stdout, stderr = process.communicate(timeout=110)
        return Done(process.returncode, stdout, stderr)

    def proof(self) -> Verification:
        return verify(str(self.log), keep=lambda _record: True)

    def records(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return the records of a whole chain."""
        found = self.proof()
        assert found.ok, found.broken
        return [record for record in found.entries if event in (None, record["event"])]

    def files_with(self, text: str) -> list[str]:
        """Return the files below the folder, but for those the test wrote itself, that hold a text."""
        own = {"hosts.yml", "play.yml", "secret.yml"}
        paths = [path for path in self.folder.rglob("*") if path.is_file() and path.name not in own]
        return [str(path) for path in paths if text.encode() in path.read_bytes()]


def changing_task(path: str = "{{ playbook_dir }}/made-{{ inventory_hostname }}", **keywords: Any) -> dict[str, Any]:
    """Return a task that writes a file, with a diff."""
    return {"name": "Write the file", "ansible.builtin.copy": {"content": "one\n", "dest": path, "mode": "0644"}, **keywords}


def noted_change(name: str = "Note a change") -> dict[str, Any]:
    """Return a task that counts as a change and starts no module: 20 ms instead of half a second."""
    return {"name": name, "ansible.builtin.debug": {}, "changed_when": True}


def as_json(record: dict[str, Any]) -> str:
    """Return a record as text, to search it."""
    return json.dumps(record)
