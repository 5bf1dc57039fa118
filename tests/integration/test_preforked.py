# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run from the server that the other tests use is the run that an operator would have."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import ClassVar

import pytest

from tests.harness.ansible import Ansible, Run
from tests.harness.preforked import Preforked, Start, in_a_process_of_its_own

PLAY = """---
- name: What a run can do
  hosts: acme
  connection: local
  gather_facts: false
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  tasks:
    - name: A module, with an environment and in the folder of the playbook
      ansible.builtin.command: {argv: [sh, -c, "pwd; echo $WHO; echo $BLUEGREEN_WHO"]}
      environment: {WHO: task}
    - name: A module that changes something
      ansible.builtin.copy: {content: "{{ word }}", dest: "{{ folder }}/word", mode: "0640"}
    - name: A module that fails
      ansible.builtin.stat: {path: "{{ folder }}", no_such_option: 1}
      ignore_errors: true
    - name: A module that ends badly
      ansible.builtin.command: {argv: [/no/such/program]}
      when: fails | bool
"""


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    path = tmp_path / "playbook.yml"
    path.write_text(PLAY)
    (tmp_path / "inventory").write_text("acme")
    return path


def run(how: Start, playbook: Path, number: int, *, fails: bool = False) -> Run:
    class Started(Ansible):
        start: ClassVar[Start] = staticmethod(how)

    folder = playbook.parent / str(number)
    folder.mkdir()
    environment = {
        "BLUEGREEN_WHO": f"run {number}",
        "BLUEGREEN_AUDIT_LOG": str(folder / "audit"),
        "ANSIBLE_LOCAL_TEMP": str(playbook.parent / "local"),
    }
    ansible = Started(playbook.parent / "inventory", environment=environment)
    return ansible.run(playbook, extra_vars={"folder": str(folder), "word": f"word {number}", "fails": fails})


def told(run: Run, number: int, folder: Path) -> list[tuple[str, str, bool, str, str, str]]:
    """What may not differ: all but the times."""
    return [
        (
            result.task,
            result.state,
            result.changed,
            re.sub(r"/tmp/\S+", "", result.message).replace(str(folder / str(number)), ""),
            str(result.content.get("stdout", "")).replace(f"run {number}", ""),
            str(result.content.get("diff", "")).replace(f"word {number}", "").replace(str(folder / str(number)), ""),
        )
        for result in run.results
    ]


@pytest.mark.parametrize("fails", [False, True])
def test_it_tells_and_does_the_same(playbook: Path, fails: bool) -> None:
    preforked = Preforked()
    folder = playbook.parent
    # The first of each environment is started as ever, the others are forks.
    runs = [run(how, playbook, number, fails=fails) for number, how in enumerate([in_a_process_of_its_own] + [preforked.run] * 3)]
    assert len({run.returncode for run in runs}) == 1
    assert (runs[0].returncode != 0) is fails
    for number, one in enumerate(runs):
        assert told(one, number, folder) == told(runs[0], 0, folder)
        assert one.results[0].content["stdout_lines"] == [str(folder), "task", f"run {number}"]
        assert (folder / str(number) / "word").read_text() == f"word {number}"
    assert len(list((folder / "local").iterdir())) == 1, "the server's own; each run takes its own away"


def test_a_run_that_takes_too_long_is_killed(playbook: Path, tmp_path: Path) -> None:
    preforked = Preforked()
    ansible = Ansible(tmp_path / "inventory")
    waits = ["--extra-vars", "fails=false", "--extra-vars", f"word=x folder={tmp_path}"]
    slow = tmp_path / "slow.yml"
    slow.write_text(PLAY.replace("pwd; ", "sleep 60; "))
    environment = ansible.full_environment("ansible.builtin.default")
    quick = [*ansible.command(playbook, None, ()), *waits]
    assert preforked.run(quick, cwd=tmp_path, env=environment, timeout=60).returncode == 0
    with pytest.raises(subprocess.TimeoutExpired):
        preforked.run([*ansible.command(slow, None, ()), *waits], cwd=tmp_path, env=environment, timeout=3)
    assert preforked.run(quick, cwd=tmp_path, env=environment, timeout=60).returncode == 0, "the server goes on"
