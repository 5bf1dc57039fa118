# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of `make test`: what is run, with which interpreter, and why one cannot run here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lab.docker import Engine
from tests.tools import pythons

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
FLOOR = ROOT / ".venv"
NEWEST = BUILD / "venvs" / "newest"
PARTS = ("lint", "sanity", "unit", "integration", "molecule", "package")


@dataclass(frozen=True)
class Stage:
    """One line of the table. `missing` says why it cannot run here: it is then skipped by name."""

    name: str
    part: str
    command: tuple[str, ...] = ()
    is_pytest: bool = False
    missing: str = ""
    # Under load, beside nothing else: a neighbour's pylint would be measured too.
    alone: bool = False
    env: dict[str, str] = field(default_factory=dict)


def all_stages() -> list[Stage]:
    """Every stage, cheap ones first: a typo is told in seconds, not after the integration tests."""
    return [*_lint(), *_sanity(), *_unit(), *_integration(), *_molecule(), *_package()]


def _tool(name: str) -> str:
    return str(FLOOR / "bin" / name)


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)


def _lint() -> Iterator[Stage]:
    def check(name: str, *command: str, missing: str = "", **env: str) -> Stage:
        return Stage(name, "lint", command, missing=missing, env=env)

    yield check("yamllint", _tool("yamllint"), "--strict", ".")
    yield check("ruff check", _tool("ruff"), "check", ".")
    yield check("ruff format", _tool("ruff"), "format", "--check", ".")
    yield check("mypy", _tool("mypy"))
    # What runs on a client's server runs on its Python, and mypy knows which of the standard library 3.10 has not.
    modules = BUILD / "collections/ansible_collections/bluegreen/orchestrator/plugins"
    yield check(
        "mypy modules py3.10", _tool("mypy"), "--python-version=3.10", *(str(modules / part) for part in ("modules", "module_utils"))
    )
    missing = "" if shutil.which("shellcheck") else "shellcheck is not installed (apt-get install shellcheck)"
    yield check("shellcheck", "shellcheck", "tools/setup.sh", ".ci/run", missing=missing)
    yield check("ansible-lint", _tool("ansible-lint"))
    docs = ("lint-collection-docs", "--plugin-docs", "--validate-collection-refs=self", ".")
    # It leaves an antsibull.log in the home of whoever runs it.
    yield check("antsibull-docs lint", _tool("antsibull-docs"), *docs, HOME=str(BUILD))
    yield check("changelog lint", _tool("antsibull-changelog"), "lint")


def _sanity() -> Iterator[Stage]:
    for venv in (FLOOR, NEWEST):
        yield _on_core("sanity", venv, *_module("tests.tools.sanity", str(venv)))
    if not pythons.find("3.10"):
        yield Stage("sanity py3.10", "sanity", missing="no python3.10 here, the oldest our modules run on")


def _unit() -> Iterator[Stage]:
    for venv in (FLOOR, NEWEST):
        yield _on_core("unit", venv, str(venv / "bin/python"), "-m", "pytest", "tests/unit", is_pytest=True)


def _integration() -> Iterator[Stage]:
    # Each worker has a world of its own. With one per core much of the processor waits for a health check or a soak to pass; with one more
    # none does (vmstat: 2 % idle). More than four are more load than the tests of a switch are meant for.
    # By name, so that the log of a run that was cut short tells what had failed.
    side_by_side = ("-n", str(min(4, (os.cpu_count() or 1) + 1)), "--dist", "worksteal", "--verbose")
    yield Stage("integration", "integration", _module("pytest", "tests/integration", *side_by_side), is_pytest=True, alone=True)


def _molecule() -> Iterator[Stage]:
    """One stage for each scenario; they have ports and names of their own, so two may run at once."""
    missing = Engine().missing()
    for scenario in sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")):
        yield Stage(f"molecule {scenario}", "molecule", _module("tests.tools.molecule", scenario), missing=missing)


def _package() -> Iterator[Stage]:
    yield Stage("galaxy importer", "package", _module("tests.package.check_import"))
    yield Stage("installed artifact", "package", _module("tests.package.check_installed"))


def _on_core(what: str, venv: Path, *command: str, is_pytest: bool = False) -> Stage:
    """A stage named after the ansible-core and the Python that it really runs on."""
    python = venv / "bin" / "python"
    if not python.exists():
        return Stage(
            f"{what} newest core", what, missing="build/venvs/newest is not there: make lays it where a Python 3.12 or newer is found"
        )
    asked = "import sys, ansible.release as r; print(r.__version__.rpartition('.')[0], 'py%d.%d' % sys.version_info[:2])"
    versions = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
    path = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return Stage(f"{what} core {versions}", what, command, is_pytest=is_pytest, env={"PATH": path})
