# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several files of the repository say has to agree."""

from __future__ import annotations

import configparser
import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.artifact import source_files

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 500

# Ours by the licence or by a tool's hand, not by ours.
NOT_WRITTEN_BY_HAND = ("LICENSE", "CHANGELOG.*", "changelogs/changelog.yaml", "*/go.sum")


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def test_every_module_is_in_its_action_group() -> None:
    """A hand-kept list drifts: `module_defaults` for the group would silently pass a module by."""
    groups: dict[str, list[str]] = {"bluegreen": [], "chatwoot": [], "kubernetes": [], "storage": []}
    connections = {"chatwoot": "chatwoot", "kubernetes": "kubernetes", "storage": "minio"}
    for path in sorted((ROOT / "plugins/modules").glob("[!_]*.py")):
        text = path.read_text()
        found = (group for group, fragment in connections.items() if f"- bluegreen.orchestrator.{fragment}\n" in text)
        groups[next(found, "bluegreen")].append(path.stem)
    assert read_yaml("meta/runtime.yml")["action_groups"] == groups
    assert all(groups.values())


def test_what_is_built_is_the_version_the_changelog_ends_with() -> None:
    """`make changelog` writes the released versions; before the first one there is none."""
    changelog = ROOT / "changelogs/changelog.yaml"
    releases = read_yaml("changelogs/changelog.yaml")["releases"] if changelog.exists() else {}
    version = read_yaml("galaxy.yml")["version"]
    pending = any((ROOT / "changelogs/fragments").glob("*.yml"))
    assert version in releases or pending, f"{version} has neither a release nor a fragment in changelogs/"


@pytest.mark.parametrize(
    "kept_out", ["lab/world.py", "tests/unit/test_repository.py", "tests/run.py", "ansible.cfg", "Makefile", "inventories/demo/hosts.yml"]
)
def test_what_needs_the_lab_is_not_shipped(kept_out: str) -> None:
    patterns = read_yaml("galaxy.yml")["build_ignore"]
    folders = [kept_out, *map(str, Path(kept_out).parents)]
    assert any(fnmatch.fnmatch(folder, pattern) for folder in folders for pattern in patterns)


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    written = [name for name in source_files() if not any(fnmatch.fnmatch(name, pattern) for pattern in NOT_WRITTEN_BY_HAND)]
    assert written
    lengths = {name: (ROOT / name).read_bytes().count(b"\n") for name in written}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


@pytest.mark.parametrize("config", ["ansible.cfg", "inventories/example/ansible.cfg"])
def test_modules_go_through_the_connection(config: str) -> None:
    """Without it Ctrl-C leaves the module with a task's secrets in the server's remote_tmp (seen in six of eight runs)."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / config)
    assert parser.getboolean("defaults", "pipelining") is True
