# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of containers are files that root and the container's user can read, and are nowhere else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lab.container_world import ContainerWorld
from lab.docker import docker
from tests.integration.containers import LIMIT, NEXT, PREFIX, Operator, converged

pytestmark = pytest.mark.timeout(900)

CANARY = "canary-5a0b-secret"
NOBODY = 65534


@pytest.fixture
def operator(containers: ContainerWorld) -> Operator:
    return Operator(containers)


def with_secrets(operator: Operator, source: Path, value: str = CANARY, **more: object) -> None:
    """SITE conf with a secret from a vault and one from a file."""
    secrets = [{"name": "db_password", "value": value}, {"name": "api.key", "src": str(source)}]
    operator.world.write_inventory(bluegreen_secrets=secrets, bluegreen_secrets_uid=NOBODY, **more)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "api.key"
    path.write_text(f"{CANARY}-file\n")
    path.chmod(0o600)
    return path


def test_a_secret_is_a_file_and_nowhere_else(operator: Operator, source: Path) -> None:
    with_secrets(operator, source)
    output = ""
    for playbook, variables in (("bluegreen", {}), ("deploy", NEXT), ("deploy", {"bluegreen_command": ["--no-such-option"]})):
        for dry_run in (True, False):
            run = operator.ansible.run(
                PREFIX + playbook,
                limit=operator.site,
                extra_vars={"dry_run": dry_run, **variables},
                arguments=("-vvv",),
                callback="ansible.builtin.default",
                timeout=LIMIT,
            )
            output += run.output
    for colour in ("blue", "green"):
        assert docker("exec", f"{operator.site}-{colour}", "cat", "/run/secrets/db_password") == CANARY
        output += docker("inspect", f"{operator.site}-{colour}")
    output += (operator.world.file.parent / "audit.jsonl").read_text()
    assert "does not come up" in output
    assert CANARY not in output
    folder = operator.world.conf_dir / operator.site / "secrets"
    assert {path.name: (path.stat().st_mode & 0o777, path.stat().st_uid) for path in folder.iterdir()} == {
        "db_password": (0o600, NOBODY),
        "api.key": (0o600, NOBODY),
    }
    assert (folder.stat().st_mode & 0o777, folder.stat().st_uid) == (0o700, NOBODY)
    assert (folder.parent.stat().st_mode & 0o777, folder.parent.stat().st_uid) == (0o700, os.getuid())
    stranger = ["setpriv", "--reuid", "1", "--clear-groups", "cat", str(folder / "api.key")]
    assert subprocess.run(stranger, capture_output=True, check=False).returncode


@pytest.mark.parametrize(("mode", "said"), [(0o644, "can be read by everybody on this machine (mode 0644); chmod it to 0600"), (0, "")])
def test_a_source_that_everybody_can_read_is_refused(operator: Operator, source: Path, mode: int, said: str) -> None:
    if mode:
        source.chmod(mode)
    else:
        source.unlink()
        said = "is not there; correct its path"
    with_secrets(operator, source)
    operator.harness("bluegreen").refuses(said)


def test_a_new_secret_restarts_the_idle_colour_only(operator: Operator, source: Path) -> None:
    with_secrets(operator, source)
    converged(operator)
    before = {colour: operator.world.inspect(operator.site, colour)["Id"] for colour in ("blue", "green")}
    with_secrets(operator, source, value="rotated")
    operator.harness("bluegreen").proves(changes=True)
    after = {colour: operator.world.inspect(operator.site, colour)["Id"] for colour in ("blue", "green")}
    assert after["blue"] == before["blue"]
    assert after["green"] != before["green"]
    assert docker("exec", f"{operator.site}-green", "cat", "/run/secrets/db_password") == "rotated"


def test_preview_is_apply_with_secrets(operator: Operator, source: Path) -> None:
    with_secrets(operator, source)
    operator.harness("bluegreen").proves(changes=True)
