# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The harness can fail: a toy module that lies in one way at a time, and the words in which each lie is reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.world import World
from tests.harness import PreviewApply, PreviewLieError
from tests.harness.ansible import ROOT

PLAY = """---
- name: Toy
  hosts: acme
  gather_facts: false
  check_mode: "{{ ansible_check_mode or (dry_run | default(true) | bool) }}"
  diff: true
  tasks:
"""

GREET = """
    - name: Write the greeting
      liar:
        path: "{{ target }}"
        content: "hello\\n"
        lie: "{{ lie }}"
        url: "{{ lab_site.blue.url }}/form"
"""

Toy = Callable[..., PreviewApply]


@pytest.fixture
def target(world: World) -> Path:
    """The file that the toy writes, under a root that a preview must not touch."""
    return world.staging_dir / "greeting.txt"


@pytest.fixture
def toy(preview_apply: Callable[..., PreviewApply], target: Path, tmp_path: Path) -> Toy:
    """A playbook of these tasks, with one lie."""

    def make(tasks: str = GREET, lie: str = "none", **options: object) -> PreviewApply:
        playbook = tmp_path / "toy.yml"
        playbook.write_text(PLAY + tasks)
        variables = {"target": str(target), "lie": lie}
        library = {"ANSIBLE_LIBRARY": str(ROOT / "tests" / "harness" / "toys")}
        return preview_apply(playbook, extra_vars=variables, environment=library, **options)

    return make


@pytest.mark.parametrize(("content", "changes"), [(None, True), ("hello\n", False), ("drifted\n", True)])
def test_honest_module_passes(toy: Toy, target: Path, content: str | None, changes: bool) -> None:
    """Blank, converged and drifted, each in one line."""
    if content is not None:
        target.write_text(content)
    proof = toy().proves(changes=changes)
    assert [result.changed for result in proof.preview.results] == [changes]
    assert target.read_text() == "hello\n"


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ("writes", "The preview wrote to the target: the content of the file '{target}' changed (4 bytes before, 6 after)"),
        ("changes the mode", "The preview wrote to the target: the mode of the file '{target}' went from 0644 to 0600"),
        ("rewrites the same", "the file '{target}' was written again with the same content"),
        ("covers its traces", "the file '{target}' was touched and its modification time put back"),
        ("comes and goes", "something was created and removed again in the directory '{folder}'"),
        ("posts", "The preview sent POST /form to acme-blue; only GET and HEAD are reads"),
        (
            "shows another diff",
            "The task 'Write the greeting' on acme: in line 2 of its diff.after the preview says 'and more', the apply says ''",
        ),
        (
            "denies in the preview",
            "The task 'Write the greeting' on acme: the preview says not changed, the apply says changed",
        ),
        ("only promises", "The task 'Write the greeting' on acme: the preview says changed, the apply says not changed"),
        (
            "restless",
            "The second apply had to change nothing, and it did: the task 'Write the greeting' on acme changed something",
        ),
        (
            "writes on in silence",
            "The second apply says that it changed nothing, but the content of the file '{target}' changed",
        ),
    ],
)
def test_lie_is_reported_in_words(toy: Toy, target: Path, lie: str, words: str) -> None:
    """Every way to lie that the harness claims to catch, on a world that has drifted."""
    target.write_text("" if lie == "writes on in silence" else "old\n")
    target.chmod(0o644)
    expected = words.format(target=target, folder=target.parent)
    with pytest.raises(PreviewLieError, match=re.escape(expected)):
        toy(lie=lie).proves(changes=True)


def test_created_file_is_named(toy: Toy, target: Path) -> None:
    """On a blank world the preview's file is a new one."""
    with pytest.raises(PreviewLieError, match=re.escape(f"the file '{target}' was created (6 bytes)")):
        toy(lie="writes").proves(changes=True)


def test_task_that_the_preview_never_named(toy: Toy, tmp_path: Path) -> None:
    """Tasks that are included in an apply only."""
    for file, name in (("preview.yml", "Calm"), ("apply.yml", "Surprise")):
        (tmp_path / file).write_text(f"---\n- name: {name}\n  ansible.builtin.debug:\n    msg: boo\n")
    include = """
    - name: More
      ansible.builtin.include_tasks: "{{ 'preview.yml' if dry_run | default(true) else 'apply.yml' }}"
"""
    with pytest.raises(PreviewLieError, match="The task 'Surprise' ran on acme in the apply, and the preview never named"):
        toy(GREET + include).proves(changes=True)


SKIPPED = "\n    - name: Look\n      ansible.builtin.command: 'true'\n      changed_when: {changed}\n"


def test_task_skipped_in_the_preview(toy: Toy) -> None:
    """A command does not run in a preview: what it changes was not announced."""
    with pytest.raises(PreviewLieError, match="'Look' on acme: the preview says 'skipped', the apply says 'ok'"):
        toy(GREET + SKIPPED.format(changed="true")).proves(changes=True)


def test_task_that_may_run_in_an_apply_only(toy: Toy, target: Path) -> None:
    """It must be named, and it must only look."""
    only = {"Look": "reads back what was written"}
    toy(GREET + SKIPPED.format(changed="false"), apply_only=only).proves(changes=True)
    target.unlink()
    with pytest.raises(PreviewLieError, match="'Look' on acme: it is listed as one that only looks, and the apply says"):
        toy(GREET + SKIPPED.format(changed="true"), apply_only=only).proves(changes=True)


def test_promise_of_changes_is_kept(toy: Toy, target: Path) -> None:
    """A playbook that does nothing proves nothing, and a converged world must stay as it is."""
    with pytest.raises(PreviewLieError, match="No change was promised, and one was made: the task 'Write the greeting'"):
        toy().proves(changes=False)
    assert target.exists()
    with pytest.raises(PreviewLieError, match="Changes were promised, and neither the preview nor the apply made one"):
        toy().proves(changes=True)


def test_failed_run_is_reported_with_its_reason(toy: Toy) -> None:
    """A preview that fails proves nothing."""
    fail = "\n    - name: Stop\n      ansible.builtin.fail:\n        msg: no more room\n"
    with pytest.raises(PreviewLieError, match=r"The preview did not succeed\. The task 'Stop' failed on acme: no more room"):
        toy(GREET + fail).proves(changes=True)


REFUSE = '\n    - name: Refuse\n      ansible.builtin.fail:\n        msg: "{message}"\n      when: {when}\n'


def test_refusal(toy: Toy) -> None:
    """Both refused with the same sentence, and nothing written."""
    tasks = REFUSE.format(message="acme has not bought it", when="true")
    proof = toy(tasks).refuses("has not bought it")
    assert proof.apply.failures[0].message == "acme has not bought it"


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        (
            REFUSE.format(message="not this one", when="true"),
            "The preview was refused, but not with 'has not bought it'. The task 'Refuse' failed on acme: not this one",
        ),
        (
            REFUSE.format(message="acme has not bought it", when="not (dry_run | default(true))"),
            "The preview had to be refused with 'has not bought it'",
        ),
        (
            REFUSE.format(message="acme has not bought it {{ dry_run | default('') }}", when="true"),
            "The two refusals differ: the preview's 'Refuse' on acme says 'acme has not bought it ', the apply's",
        ),
        (
            GREET + REFUSE.format(message="acme has not bought it", when="true"),
            "The refused apply wrote to the target: the file",
        ),
    ],
)
def test_refusal_that_is_none(toy: Toy, tasks: str, words: str) -> None:
    """A refusal must come in both runs, for the same reason, before anything is written."""
    with pytest.raises(PreviewLieError, match=re.escape(words)):
        toy(tasks).refuses("has not bought it")
