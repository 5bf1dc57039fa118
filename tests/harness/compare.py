# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares a preview with the apply that followed it, task by task, and says the first difference in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.harness.ansible import Run, TaskResult

# (action, key of its diff): why two runs cannot have the same value there. Nothing else is ever left out.
VOLATILE = {
    ("ansible.builtin.template", "after_header"): "the path of a temporary copy of the template, new in each run",
    ("community.docker.docker_container", "running"): "a container that is made new has no such key in a preview, and has it in an apply",
}
# (action, result): what a module returns in one of the two modes only.
ONE_SIDED = {
    ("community.docker.docker_container", "actions"): "returned in check mode only",
    ("community.docker.docker_network", "actions"): "returned in check mode only",
    ("community.docker.docker_volume", "actions"): "returned in check mode only",
    ("community.docker.docker_image_pull", "actions"): "returned in check mode only",
}

COMPARED_RESULTS = ("diff", "actions")


def first_difference(preview: Run, apply: Run, *, apply_only: Mapping[str, str]) -> str | None:
    """The first task whose preview and apply do not say the same; None when all do.

    ``apply_only`` names tasks (with the reason) that are skipped in a preview and, in an apply, only look: they must
    then report no change.
    """
    order = _order_difference(preview, apply)
    for said, done in zip(preview.results, apply.results, strict=False):
        if (said.play, said.task, said.host) != (done.play, done.task, done.host):
            break
        words = _task_difference(said, done, apply_only)
        if words:
            return f"The task '{done.task}' on {done.host}: {words}"
    return order


def _order_difference(preview: Run, apply: Run) -> str | None:
    said = [(result.task, result.host) for result in preview.results]
    done = [(result.task, result.host) for result in apply.results]
    if said == done:
        return None
    missing = [pair for pair in done if pair not in said]
    if missing:
        task, host = missing[0]
        return f"The task '{task}' ran on {host} in the apply, and the preview never named it"
    extra = [pair for pair in said if pair not in done]
    if extra:
        task, host = extra[0]
        return f"The preview named the task '{task}' on {host}, and the apply never ran it"
    for number, (one, other) in enumerate(zip(said, done, strict=False), start=1):
        if one != other:
            return (
                f"The tasks came in another order: as number {number} the preview had '{one[0]}' on {one[1]}, "
                f"the apply '{other[0]}' on {other[1]}"
            )
    return f"The preview had {len(said)} task results, the apply {len(done)}"


def _task_difference(said: TaskResult, done: TaskResult, apply_only: Mapping[str, str]) -> str | None:
    if done.task in apply_only and said.state == "skipped":
        return None if not done.changed else "it is listed as one that only looks, and the apply says it changed something"
    if said.state != done.state:
        return f"the preview says '{said.state}', the apply says '{done.state}'"
    return _content_difference(str(done.content.get("action", "")), said.content, done.content)


def _content_difference(action: str, said: dict[str, Any], done: dict[str, Any]) -> str | None:
    if bool(said.get("changed")) != bool(done.get("changed")):
        return f"the preview says {_changed(said)}, the apply says {_changed(done)}"
    for key in COMPARED_RESULTS:
        if (action, key) in ONE_SIDED:
            continue
        words = _value_difference(_stable(action, _told(said, key)), _stable(action, _told(done, key)), key)
        if words:
            return words
    return _items_difference(action, said.get("results") or [], done.get("results") or [])


def _told(content: dict[str, Any], key: str) -> Any:
    # Where a task says ``diff: false``, docker_network has an empty diff in a preview and none in an apply: both tell nothing.
    value = content.get(key)
    return None if key == "diff" and value == {} else value


def _changed(content: dict[str, Any]) -> str:
    return "changed" if content.get("changed") else "not changed"


def _stable(action: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_stable(action, part) for part in value]
    if isinstance(value, dict):
        return {key: _stable(action, part) for key, part in value.items() if (action, key) not in VOLATILE}
    return value


def _items_difference(action: str, said: list[Any], done: list[Any]) -> str | None:
    if len(said) != len(done):
        return f"the preview went through {len(said)} items, the apply through {len(done)}"
    for preview_item, apply_item in zip(said, done, strict=True):
        if not (isinstance(preview_item, dict) and isinstance(apply_item, dict)):
            continue
        label = apply_item.get("_ansible_item_label", apply_item.get("item", ""))
        if bool(preview_item.get("skipped")) != bool(apply_item.get("skipped")):
            return f"item '{label}': skipped in one run and not in the other"
        words = _content_difference(action, preview_item, apply_item)
        if words:
            return f"item '{label}': {words}"
    return None


def _value_difference(said: Any, done: Any, where: str) -> str | None:
    if said == done:
        return None
    if isinstance(said, str) and isinstance(done, str):
        return _text_difference(said, done, where)
    if isinstance(said, dict) and isinstance(done, dict):
        for key in sorted(said.keys() | done.keys()):
            words = _value_difference(said.get(key), done.get(key), f"{where}.{key}")
            if words:
                return words
    if isinstance(said, list) and isinstance(done, list) and len(said) == len(done):
        for turn, (one, other) in enumerate(zip(said, done, strict=True)):
            words = _value_difference(one, other, f"{where}[{turn}]")
            if words:
                return words
    return f"in its {where} the preview says {_short(said)}, the apply says {_short(done)}"


def _text_difference(said: str, done: str, where: str) -> str:
    ours, theirs = said.split("\n"), done.split("\n")
    for number in range(max(len(ours), len(theirs))):
        one = ours[number] if number < len(ours) else None
        other = theirs[number] if number < len(theirs) else None
        if one != other:
            break
    return f"in line {number + 1} of its {where} the preview says {_short(one)}, the apply says {_short(other)}"


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "…"
