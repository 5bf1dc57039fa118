# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as it is shipped: built from a fresh copy of the tree, so nothing that git ignores can get in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.tools.stages import FLOOR, ROOT

# Both where the copy is laid and what ansible-test and ansible-galaxy ask a folder to be called.
NAME = Path("ansible_collections/bluegreen/orchestrator")


def build(work: Path) -> Path:
    """Build the artifact and return its path. `work` is emptied first."""
    shutil.rmtree(work, ignore_errors=True)
    tree = work / "tree"
    _copy_tree(tree)
    command = [str(FLOOR / "bin/ansible-galaxy"), "collection", "build", "--output-path", str(work), str(tree)]
    subprocess.run(command, cwd=work, check=True)
    (artifact,) = work.glob("*.tar.gz")
    return artifact


def unpack(artifact: Path, collections: Path) -> Path:
    """Lay the artifact's content where a collection's source is expected, and return that folder."""
    shutil.rmtree(collections, ignore_errors=True)
    target = collections / NAME
    target.mkdir(parents=True)
    shutil.unpack_archive(artifact, target)
    return target


def source_files() -> list[str]:
    """What git has or would take, as it lies here now."""
    # A container's checkout often belongs to another user, which git refuses unless told that this one is meant.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        raise SystemExit(f"What is shipped is told by git, and {ROOT} is no clone: {listed.stderr.strip()}")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _copy_tree(target: Path) -> None:
    for name in source_files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
