# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/runbooks/containers.md is run as it stands, on real containers; see test_runbook for how such a page is read.

Only the site's name differs: ``acme`` of the page is this session's own site, so that two test runs never meet in Docker.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest

from lab.container_world import ContainerWorld
from tests.harness.ansible import ROOT
from tests.integration.containers import Operator, a_deploy_is_killed, converged, switched
from tests.integration.test_runbook import Block, Section, read_runbook, what_is_missing

PAGE = ROOT / "docs" / "runbooks" / "containers.md"
SECTIONS = read_runbook(PAGE.read_text())


SITUATIONS: dict[str, Callable[[Operator], None]] = {
    "acme serves from blue": converged,
    "acme serves from green": switched,
    "a deploy to green was killed": a_deploy_is_killed,
}


def type_all(operator: Operator, block: Block) -> None:
    """Type the commands of a block and hold them to what the page says."""
    for number, (command, expected) in enumerate(block.commands):
        ours = re.sub(r"--limit acme\b", f"--limit {operator.site} --inventory {operator.world.inventory}", command)
        done = subprocess.run(
            ["bash", "-c", ours],
            cwd=ROOT,
            env=operator.ansible.full_environment("ansible.builtin.default"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        printed = done.stdout.replace(operator.site, "acme")
        assert done.returncode == (block.code if number == len(block.commands) - 1 else 0), f"$ {command}\n{printed}"
        missing = what_is_missing(expected, printed)
        assert not missing, f"$ {command}\ndid not print\n    {missing}\nbut\n{printed}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_the_runbook_is_true(section: Section, containers: ContainerWorld) -> None:
    operator = Operator(containers)
    for step in section.steps:
        if isinstance(step, Block):
            type_all(operator, step)
        else:
            SITUATIONS[step](operator)


def test_every_command_of_the_page_was_found() -> None:
    written = [line.removeprefix("$ ") for line in PAGE.read_text().splitlines() if line.startswith("$ ")]
    read = [command for section in SECTIONS for step in section.steps if isinstance(step, Block) for command, _ in step.commands]
    assert read == written
    assert len(read) > 10
