# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the harness says of two runs, on runs made by hand: loops, order, volatile values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.ansible import Run, _json_part
from tests.harness.compare import first_difference


def run(*tasks: tuple[str, dict[str, Any]]) -> Run:
    """A run of these tasks on one host."""
    made = [{"task": {"name": name}, "hosts": {"acme": content}} for name, content in tasks]
    return Run([], 0, "", "", 0.0, plays=[{"play": {"name": "Toy"}, "tasks": made}])


def item(label: str, *, changed: bool = True, **more: Any) -> dict[str, Any]:
    """One turn of a loop."""
    return {"_ansible_item_label": label, "changed": changed, **more}


FILE = {"changed": True, "diff": [{"before": "", "after": "a\n", "after_header": "/etc/a"}]}


@pytest.mark.parametrize(
    ("said", "done", "words"),
    [
        ([("A", FILE)], [("A", FILE)], None),
        (
            [("A", FILE), ("B", FILE)],
            [("B", FILE), ("A", FILE)],
            "The tasks came in another order: as number 1 the preview had 'A' on acme, the apply 'B' on acme",
        ),
        ([("A", FILE), ("B", FILE)], [("A", FILE)], "The preview named the task 'B' on acme, and the apply never ran it"),
        (
            [("A", FILE), ("A", FILE)],
            [("A", FILE)],
            "The preview had 2 task results, the apply 1",
        ),
        (
            [("A", {"changed": True, "results": [item("x"), item("y")]})],
            [("A", {"changed": True, "results": [item("x"), item("y", changed=False)]})],
            "The task 'A' on acme: item 'y': the preview says changed, the apply says not changed",
        ),
        (
            [("A", {"changed": True, "results": [item("x")]})],
            [("A", {"changed": True, "results": [item("x"), item("y")]})],
            "The task 'A' on acme: the preview went through 1 items, the apply through 2",
        ),
        (
            [("A", {"changed": True, "results": [item("x", skipped=True, changed=False)]})],
            [("A", {"changed": True, "results": [item("x")]})],
            "The task 'A' on acme: item 'x': skipped in one run and not in the other",
        ),
        (
            [("A", {"changed": True, "actions": ["gate green"]})],
            [("A", {"changed": True, "actions": ["gate blue"]})],
            "The task 'A' on acme: in line 1 of its actions[0] the preview says 'gate green', the apply says 'gate blue'",
        ),
        (
            [("A", {"changed": True})],
            [("A", {"changed": True, "diff": {"before": "", "after": "b"}})],
            "The task 'A' on acme: in its diff the preview says nothing, the apply says {'before': '', 'after': 'b'}",
        ),
        (
            [("A", {"changed": True, "censored": "no_log"})],
            [("A", {"changed": False, "censored": "no_log"})],
            "The task 'A' on acme: the preview says changed, the apply says not changed",
        ),
    ],
)
def test_first_difference(said: list[tuple[str, dict[str, Any]]], done: list[tuple[str, dict[str, Any]]], words: str | None) -> None:
    """The first thing that is not the same, and nothing when all is."""
    assert first_difference(run(*said), run(*done), apply_only={}) == words


def test_only_what_is_named_is_volatile() -> None:
    """The temporary path of a template differs from run to run; the same key of another module must not."""

    def written(action: str, header: str) -> Run:
        diff = [{"before": "", "after": "a\n", "after_header": header}]
        return run(("A", {"action": action, "changed": True, "diff": diff}))

    template, copy = "ansible.builtin.template", "ansible.builtin.copy"
    assert first_difference(written(template, "/tmp/1"), written(template, "/tmp/2"), apply_only={}) is None
    words = first_difference(written(copy, "/tmp/1"), written(copy, "/tmp/2"), apply_only={})
    assert words == ("The task 'A' on acme: in line 1 of its diff[0].after_header the preview says '/tmp/1', the apply says '/tmp/2'")


@pytest.mark.parametrize("around", ["{}", "a warning\n{}", "{}\n\nAPPLIED: 1 of 1 {{site}}\n", "[a] {{b}}\n{}\nmore"])
def test_json_is_found_among_other_callbacks(around: str) -> None:
    """The summary prints around it."""
    assert _json_part(around.format('{\n  "plays": [],\n  "stats": {}\n}')) == {"plays": [], "stats": {}}


def test_no_json_is_no_result() -> None:
    """ansible-playbook that did not get to its end prints none."""
    assert _json_part("the playbook could not be found") == {}
