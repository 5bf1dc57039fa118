# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of containers are files that root and the container's user can read, and are nowhere else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.container_world import ContainerWorld
from lab.docker import docker
from tests.integration.containers import BROKEN, LIMIT, NEXT, PREFIX, Operator, a_claim_is_left, converged, refuses_each

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
    for playbook, variables in (("bluegreen", {}), ("deploy", NEXT), ("deploy", BROKEN)):
        if variables == BROKEN:
            with_secrets(operator, source, value=f"{CANARY}-rotated")
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
        assert read(operator, colour) == CANARY, "a deploy that failed leaves the old container with its old secrets"
        output += docker("inspect", f"{operator.site}-{colour}")
    output += (operator.world.file.parent / "audit.jsonl").read_text()
    assert "does not come up" in output
    assert CANARY not in output
    assert hashlib.sha1(CANARY.encode(), usedforsecurity=False).hexdigest() not in output
    assert hashlib.sha1(source.read_bytes(), usedforsecurity=False).hexdigest() not in output
    home = operator.world.conf_dir / operator.site
    assert (home.stat().st_mode & 0o777, home.stat().st_uid) == (0o700, os.getuid())
    assert sorted(path.name for path in home.iterdir()) == [f"{operator.site}-blue", f"{operator.site}-green"]
    for folder in home.iterdir():
        assert {path.name: (path.stat().st_mode & 0o777, path.stat().st_uid) for path in folder.iterdir()} == {
            "db_password": (0o600, NOBODY),
            "api.key": (0o600, NOBODY),
        }
        assert (folder.stat().st_mode & 0o777, folder.stat().st_uid) == (0o700, NOBODY)
        stranger = ["setpriv", "--reuid", "1", "--clear-groups", "cat", str(folder / "api.key")]
        assert subprocess.run(stranger, capture_output=True, check=False).returncode


def read(operator: Operator, colour: str, name: str = "db_password") -> str:
    """What a program in the container of a colour reads."""
    return docker("exec", f"{operator.site}-{colour}", "cat", f"/run/secrets/{name}")


def test_a_source_that_everybody_can_read_is_refused(operator: Operator, source: Path) -> None:
    source.chmod(0o644)
    open_to_all = "can be read by everybody on this machine (mode 0644); chmod it to 0600"
    cases = {"open": (source, open_to_all), "missing": (source.with_name("missing"), "is not there; correct its path")}
    refuses_each(
        operator,
        "bluegreen",
        {
            f"{name}-{operator.world.suffix}": ({"bluegreen_secrets": [{"name": "api.key", "src": str(path)}]}, said)
            for name, (path, said) in cases.items()
        },
    )


def test_a_new_secret_comes_to_the_idle_colour_and_to_visitors_by_a_switch(operator: Operator, source: Path) -> None:
    with_secrets(operator, source)
    operator.harness("bluegreen").proves(changes=True)
    before = {colour: operator.world.inspect(operator.site, colour)["Id"] for colour in ("blue", "green")}
    with_secrets(operator, source, value="rotated")
    proof = operator.harness("bluegreen").proves(changes=True)
    for run in (proof.preview, proof.apply, proof.again):
        said = json.dumps([result.content.get("msg") for result in run.results]) if run else ""
        assert "blue serves, so its container keeps its settings although SITE conf has changed (secrets)" in said
        assert "Deploy to green, then switch." in said
    after = {colour: operator.world.inspect(operator.site, colour)["Id"] for colour in ("blue", "green")}
    assert after["blue"] == before["blue"]
    assert after["green"] != before["green"]
    assert (read(operator, "blue"), read(operator, "green")) == (CANARY, "rotated")
    operator.does("switch", bluegreen_target="green")
    source.write_text("rotated too\n")
    operator.harness("bluegreen").proves(changes=True)
    assert (read(operator, "blue"), read(operator, "green")) == ("rotated", "rotated")
    assert (read(operator, "blue", "api.key"), read(operator, "green", "api.key")) == ("rotated too", f"{CANARY}-file")
    operator.world.write_inventory()
    operator.harness("bluegreen").proves(changes=True)
    kept = [path.name for path in (operator.world.conf_dir / operator.site).iterdir()]
    assert kept == [f"{operator.site}-green"], "who serves keeps its secrets"


def test_only_the_containers_secrets_go_with_a_site(operator: Operator, source: Path) -> None:
    """With bluegreen_conf_dir: /srv the directory may be the one that has all of the client's files."""
    with_secrets(operator, source)
    converged(operator)
    home = operator.world.conf_dir / operator.site
    a_run_was_killed_before_its_candidate_was_made(operator, home / f"{operator.site}-green-candidate")
    (home / f"{operator.site}-green-candidate").mkdir()
    (home / "invoices").mkdir()
    (home / "invoices" / "2026.pdf").write_text("the client's")
    (home / ".htpasswd").write_text("the client's too")
    proof = operator.harness("retire", bluegreen_retire="site").proves(changes=True)
    assert sorted(path.relative_to(home).as_posix() for path in home.rglob("*")) == [".htpasswd", "invoices", "invoices/2026.pdf"]
    said = json.dumps([result.content.get("msg") for result in proof.preview.results])
    assert f"{home} stays, for it has what is no secret of a container (.htpasswd, invoices)" in said
    shutil.rmtree(home)
    (home / f"{operator.site}-blue").mkdir(parents=True)
    operator.harness("retire", bluegreen_retire="site").proves(changes=True)
    assert not home.exists()
    assert home.parent.exists()


def a_run_was_killed_before_its_candidate_was_made(operator: Operator, directory: Path) -> None:
    """Its secrets were there already."""
    a_claim_is_left(operator, "deploy")
    directory.mkdir()
    (directory / "db").write_text(CANARY)
    operator.harness("bluegreen", bluegreen_take_over=True).agrees(changes=True)
    assert not directory.exists()


def test_secrets_that_both_colours_shared_are_left_to_who_serves(operator: Operator, source: Path) -> None:
    """As the first version of this role had it: one directory for both. Here it is one that SITE conf names no more."""
    with_secrets(operator, source)
    converged(operator)
    with_secrets(operator, source, value="rotated", bluegreen_conf_dir=str(operator.world.conf_dir / "new"))
    operator.does("bluegreen")
    assert (read(operator, "blue"), read(operator, "green")) == (CANARY, "rotated")
    operator.does("retire", bluegreen_retire="site", bluegreen_conf_dir=str(operator.world.conf_dir / "new"))
    assert not (operator.world.conf_dir / "new" / operator.site).exists()
