# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook hold: preview = apply in every world, all of it in one run, and what fails in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.world import World
from tests.harness import Ansible, PreviewApply
from tests.harness.compare import first_difference
from tests.integration.holding import Holding, until

HOLD = "bluegreen.orchestrator.hold"
GREEN = {"bluegreen_target": "green", "bluegreen_hold_settle": 0, "bluegreen_hold_seconds": 28}

CLONE = """---
- name: Clone the database
  ansible.builtin.copy:
    content: cloned
    dest: "{path}"
    mode: "0600"
"""
BROKEN = """---
- name: Clone the database
  ansible.builtin.fail:
    msg: no room for the dump
"""


@pytest.fixture
def acme(world: World) -> Iterator[Holding]:
    with Holding(world) as made:
        made.ok(gate={"path": "/health"})
        yield made


@pytest.fixture
def hold(acme: Holding, preview_apply: Callable[..., PreviewApply]) -> Callable[..., PreviewApply]:
    """The harness on the playbook, at a port of this world's own."""

    def make(act: str, limit: str = "acme", **variables: Any) -> PreviewApply:
        given = {**GREEN, "bluegreen_hold_listen": acme.listen, "bluegreen_hold": act, **variables}
        return preview_apply(HOLD, limit=limit, extra_vars=given)

    return make


def preview_and_apply(ansible: Ansible, variables: dict[str, Any]) -> None:
    """The two must say the same. The harness asks for a third run, which a hold of 28 s does not last for on a loaded machine."""
    said = ansible.run(HOLD, limit="acme", extra_vars=variables)
    done = ansible.run(HOLD, limit="acme", extra_vars={**variables, "dry_run": False})
    assert (said.returncode, done.returncode) == (0, 0), f"{said.words()} {done.words()}"
    assert first_difference(said, done, apply_only={}) is None
    assert [result.task for result in done.changed] != []


def test_begin_previews_what_it_does(acme: Holding, ansible: Ansible) -> None:
    preview_and_apply(ansible, {**GREEN, "bluegreen_hold": "begin", "bluegreen_hold_listen": acme.listen})
    again = acme.begin()
    assert (again["changed"], again["hold"]["state"]) == (False, "held")


def test_begin_where_green_serves_has_nothing_to_hold(acme: Holding, hold: Callable[..., PreviewApply]) -> None:
    acme.ok(target="green")
    hold("begin").proves(changes=False)


def test_abort_previews_what_it_does(acme: Holding, hold: Callable[..., PreviewApply]) -> None:
    acme.begin_long()
    hold("abort").proves(changes=True)


def test_abort_without_a_hold_changes_nothing(acme: Holding, hold: Callable[..., PreviewApply]) -> None:
    hold("abort").proves(changes=False)
    assert acme.left() == []


def test_a_commit_previews_what_it_does(acme: Holding, ansible: Ansible) -> None:
    acme.begin_long()
    preview_and_apply(ansible, {"bluegreen_hold": "commit", "bluegreen_hold_listen": acme.listen})
    assert acme.public_colour() == "green"


def test_all_of_it_in_one_run(acme: Holding, hold: Callable[..., PreviewApply], tmp_path: Path) -> None:
    clone = tmp_path / "clone.yml"
    clone.write_text(CLONE.format(path=tmp_path / "cloned"))
    proof = hold("run", bluegreen_hold_tasks=[str(clone)]).proves(changes=True)
    assert [result.task.rpartition(" : ")[2] for result in proof.preview.changed] == [
        "Begin or end the hold of the writes",
        "Clone the database",
        "Begin or end the hold of the writes",
    ]
    assert acme.public_colour() == "green"
    assert (tmp_path / "cloned").exists()
    assert acme.left() == []


def test_a_task_that_fails_aborts_the_hold_and_is_named(acme: Holding, ansible: Ansible, tmp_path: Path) -> None:
    plain = acme.file.read_text()
    broken = tmp_path / "broken.yml"
    broken.write_text(BROKEN)
    variables = {**GREEN, "bluegreen_hold": "run", "bluegreen_hold_listen": acme.listen, "bluegreen_hold_tasks": [str(broken)]}
    for given in ({}, {"dry_run": False}):
        run = ansible.run(HOLD, limit="acme", extra_vars={**variables, **given})
        assert run.failures[-1].message == ("acme: the hold was aborted, because this failed: Clone the database: no room for the dump")
        assert run.returncode == 2
    assert acme.file.read_text() == plain
    assert acme.note() == {}
    assert acme.write() == 200


def test_a_colour_that_is_never_well_aborts_the_run(acme: Holding, ansible: Ansible) -> None:
    plain = acme.file.read_text()
    acme.world.site("acme", "green").behave(sick="no tables")
    gate = {"path": "/health", "deadline": 1.0}
    variables = {**GREEN, "bluegreen_hold": "run", "bluegreen_hold_listen": acme.listen, "bluegreen_gate": gate, "dry_run": False}
    run = ansible.run(HOLD, limit="acme", extra_vars=variables)
    assert "green does not pass its gate" in run.failures[-1].message
    assert run.failures[-1].message.startswith("acme: the hold was aborted, because this failed: ")
    assert acme.file.read_text() == plain


def test_somebody_elses_hold_is_not_taken_over(acme: Holding, ansible: Ansible) -> None:
    acme.begin_long()
    variables = {**GREEN, "bluegreen_hold": "run", "bluegreen_hold_listen": acme.listen, "dry_run": False}
    run = ansible.run(HOLD, limit="acme", extra_vars=variables)
    assert "somebody else holds the writes already" in run.failures[-1].message
    assert acme.begin()["hold"]["state"] == "held"


def test_the_holder_outlives_ansible_and_its_files(acme: Holding, ansible: Ansible) -> None:
    """Ansible takes the module's files away when it ends; a hold that then ends by itself must not miss them."""
    plain = acme.file.read_text()
    variables = {**GREEN, "bluegreen_hold": "begin", "bluegreen_hold_listen": acme.listen, "bluegreen_hold_seconds": 8, "dry_run": False}
    begun = time.monotonic()
    run = ansible.run(HOLD, limit="acme", extra_vars=variables)
    assert run.returncode == 0, run.words()
    assert acme.note()["step"] == "holding writes for green"
    until(lambda: not acme.note(), "the end of the hold")
    assert time.monotonic() - begun > 8
    assert acme.file.read_text() == plain
    assert "nobody committed within 8 s; blue takes the writes again" in acme.log
    assert "Traceback" not in acme.log


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("", {}, 'bluegreen_hold: "" is no act; give -e bluegreen_hold=begin, commit, abort'),
    ("pause", {}, 'bluegreen_hold: "pause" is no act'),
    ("begin", {"bluegreen_target": "red"}, 'bluegreen_target: "red" is not a colour to hold writes for'),
    ("begin", {"bluegreen_hold_seconds": 30}, "hold_seconds: 30 is not between 1 and 28"),
    ("begin", {"bluegreen_hold_listen": "0.0.0.0"}, "hold_listen: '0.0.0.0' is not one address"),
    ("commit", {}, "acme: no writes are held, so there is nothing to commit"),
]


@pytest.mark.parametrize(("act", "variables", "sentence"), REFUSALS)
def test_refusals(hold: Callable[..., PreviewApply], act: str, variables: dict[str, Any], sentence: str) -> None:
    hold(act, **variables).refuses(sentence)


def test_a_site_that_has_not_bought_it(hold: Callable[..., PreviewApply]) -> None:
    hold("begin", limit="globex").refuses("globex: the offer bluegreen (Blue/Green Complet) has not been bought")
