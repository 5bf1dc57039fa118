# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks of the roles work out from what they are given, where it takes no server to see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLES = Path(__file__).resolve().parents[2] / "roles"
LOADER = DataLoader()
# As many as make it improbable that a set gives them in their order by chance.
NAMES = [f"name-{number:02}" for number in range(20)]


def load(role: str, file: str) -> Any:
    return LOADER.load_from_file(str(ROLES / role / file), trusted_as_template=True)


def task(role: str, file: str, name: str) -> dict[str, Any]:
    (found,) = [task for task in load(role, f"tasks/{file}.yml") if task["name"] == name]
    return dict(found)


def known(role: str, **other: Any) -> dict[str, Any]:
    """What a role knows by itself; ``other`` overrides."""
    return {**load(role, "defaults/main.yml"), **load(role, "vars/main.yml"), **other}


def test_old_containers_are_told_in_one_order() -> None:
    facts = task("traefik", "read", "Sort out what is to be kept")["ansible.builtin.set_fact"]
    variables = known("traefik", __traefik_images=dict.fromkeys(reversed(NAMES), "sha256:1"), __traefik_container=NAMES[3])
    assert Templar(LOADER, variables).template(facts["__traefik_old"]) == [*NAMES[:3], *NAMES[4:]]


@pytest.mark.parametrize("number", [[], [{"name": 7}]])
def test_wrong_secrets_are_told_in_one_order(number: list[dict[str, Any]]) -> None:
    wrong = task("bluegreen", "assert", "Each secret has one source")["vars"]
    secrets = [{"name": name} for name in reversed(NAMES)] + [{"name": "well", "value": "x"}, *number]
    found = Templar(LOADER, known("bluegreen", bluegreen_secrets=secrets, **wrong)).template(wrong["wrong"])
    assert found == [str(secret["name"]) for secret in number] + NAMES
