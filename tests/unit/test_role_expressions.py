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


@pytest.mark.parametrize(
    ("made", "pair", "before", "written", "told"),
    [
        (True, 100.0, 200.0, False, True),
        (False, 100.0, 200.0, False, False),
        (False, 200.5, 200.0, False, True),
        (False, 200.5, 200.0, True, False),
        (True, None, None, True, False),
        (False, 100.0, None, True, False),
    ],
    ids=["made", "as it was", "killed before Traefik was told", "told by the file itself", "nothing yet", "the file is lost"],
)
def test_traefik_is_told_of_a_new_certificate(made: bool, pair: float | None, before: float | None, written: bool, told: bool) -> None:
    def stat(time: float | None) -> dict[str, Any]:
        return {"stat": {"exists": False} if time is None else {"exists": True, "size": 1, "mtime": time}}

    variables = known(
        "traefik",
        __traefik_pair={"results": [stat(pair and 50.0), stat(pair)]},
        __traefik_pair_made={"changed": made},
        __traefik_shared_before=stat(before),
        __traefik_shared={"changed": written},
    )
    conditions = task("traefik", "defaults", "Have Traefik read the default certificate")["when"]
    assert all(Templar(LOADER, variables).evaluate_conditional(condition) for condition in conditions) is told
