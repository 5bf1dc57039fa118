# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles and playbooks include is in the repository: a file that only one machine has works there, and nowhere else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
INCLUDES = ("ansible.builtin.include_tasks", "ansible.builtin.import_tasks")


def tracked() -> set[str]:
    """Every file that a commit has or is about to have."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.split("\0"))


def included(content: Any) -> Iterator[str]:
    """The literal file names that tasks or plays include, however deep; a name with a variable in it is known in a run only."""
    if isinstance(content, list):
        for part in content:
            yield from included(part)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key in INCLUDES:
                name = str(value.get("file", "") if isinstance(value, dict) else value)
                yield from [name] if "{{" not in name else []
            else:
                yield from included(value)


def test_every_file_of_tasks_that_is_included_is_in_the_repository() -> None:
    files = tracked()
    folders = [path for part in ("playbooks", "roles/*/tasks", "roles/*/handlers") for path in ROOT.glob(part)]
    wanted = {
        str((path.parent / name).resolve().relative_to(ROOT)): str(path.relative_to(ROOT))
        for folder in folders
        for path in folder.rglob("*.yml")
        for name in included(yaml.safe_load(path.read_text()))
    }
    assert len(wanted) > 20
    assert {name: by for name, by in wanted.items() if name not in files} == {}


def test_the_rule_sees_includes_in_every_place() -> None:
    plays = [
        {"pre_tasks": [{"ansible.builtin.import_tasks": "a.yml"}]},
        {"tasks": [{"block": [{"rescue": [{"ansible.builtin.include_tasks": {"file": "b.yml"}}]}]}]},
        {"tasks": [{"ansible.builtin.include_tasks": "{{ c }}.yml"}]},
    ]
    assert list(included(plays)) == ["a.yml", "b.yml"]
