# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role arguments: the spec, the defaults and the module agree, for Ansible itself applies no default of a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_args import SWITCH_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import SITE_NAME

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.parent.parent for path in ROOT.glob("roles/*/meta/argument_specs.yml"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_every_role_has_a_spec() -> None:
    assert ROLES
    assert sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir()) == ROLES


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_entry_point_is_a_task_file_and_the_defaults_are_the_specs(role: Path) -> None:
    defaults = load(role / "defaults" / "main.yml")
    specs = load(role / "meta" / "argument_specs.yml")["argument_specs"]
    said: dict[str, Any] = {}
    for entry, spec in specs.items():
        assert (role / "tasks" / f"{entry}.yml").is_file()
        said |= {name: option["default"] for name, option in spec["options"].items() if "default" in option}
        assert all("default" in option or option.get("required") for option in spec["options"].values())
    assert said == defaults
    assert all(name.startswith(f"{role.name}_") for name in defaults)


# What an act says for one run stands in no SITE conf: the entry points canary, maintenance and hold have variables of their own for it.
ACTS = {
    name
    for name in SWITCH_SPEC
    if name in ("canary", "maintenance", "starting", "state", "take_over", "claim_expires") or name.startswith("hold")
}


def test_the_bluegreen_role_takes_what_the_module_takes() -> None:
    spec = load(ROOT / "roles" / "bluegreen" / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    ours = {name.removeprefix("bluegreen_"): option for name, option in spec.items()}
    assert SWITCH_SPEC.keys() - ACTS <= ours.keys()
    for name in SWITCH_SPEC.keys() - ACTS:
        option = ours[name]
        assert option["type"] == SWITCH_SPEC[name]["type"], name
        assert option.get("elements") == SWITCH_SPEC[name].get("elements"), name
        theirs = SWITCH_SPEC[name].get("options", {})
        assert option.get("options", {}).keys() == theirs.keys(), name
        for key, suboption in option.get("options", {}).items():
            assert (suboption["type"], suboption.get("elements")) == (theirs[key]["type"], theirs[key].get("elements")), f"{name}.{key}"


def test_the_role_and_the_module_take_the_same_names_for_a_site() -> None:
    """Docker refuses some that Traefik would take, and those are named; the form is one."""
    assert f"bluegreen_site is match('^{SITE_NAME.pattern}$')" in (ROOT / "roles" / "bluegreen" / "tasks" / "assert.yml").read_text()


def test_the_route_task_hands_every_option_over() -> None:
    task = load(ROOT / "roles" / "bluegreen" / "tasks" / "route.yml")[0]
    assert task["bluegreen.orchestrator.bluegreen_switch"].keys() == SWITCH_SPEC.keys() - ACTS | {"canary", "starting"}
