# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preview = apply for the playbooks canary and maintenance, and for a SITE conf with preview and sticky: one line per world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.server import ProgramMissingError
from lab.world import World
from tests.harness import Ansible, PreviewApply
from tests.integration.conftest import skip_or_fail
from tests.integration.page import Page
from tests.integration.switching import Switching
from tests.integration.test_offers import PREFIX, QUICK, Prepare, blank, converged, drifted, name_of, on_green, sick_idle

PREVIEW = {"enabled": True, "host": "preview.acme.localhost", "source_ranges": ["127.0.0.1"]}
BY_HEADER = {"enabled": True, "header": "X-Preview", "value": "0123456789abcdef"}
STICKY = {"enabled": True, "max_age": 3600}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    try:
        with Page(tmp_path) as started:
            yield started
    except ProgramMissingError as missing:
        skip_or_fail(missing)


def tenth(acme: Switching) -> None:
    converged(acme)
    acme.ok(canary={"weight": 10})


def edited_split(acme: Switching) -> None:
    """Somebody changed the weights by hand."""
    tenth(acme)
    acme.file.write_text(acme.file.read_text().replace("weight: 90", "weight: 30").replace("weight: 10", "weight: 70"))


def previewed_elsewhere(acme: Switching) -> None:
    converged(acme)
    acme.ok(preview={"host": "old.acme.localhost", "source_ranges": ["192.0.2.1"]})


STEPS = {"bluegreen_target": "green", "bluegreen_canary_steps": [10, 50]}

# playbook, extra variables, world, whether something changes
TRUE_PREVIEWS: list[tuple[str, dict[str, Any], Prepare, bool]] = [
    ("canary", {"bluegreen_canary_weight": 10}, converged, True),
    ("canary", {"bluegreen_canary_weight": "10", "bluegreen_sticky": STICKY}, tenth, True),
    ("canary", {"bluegreen_canary_weight": 10}, tenth, False),
    ("canary", {"bluegreen_canary_weight": 10}, edited_split, True),
    ("canary", {"bluegreen_canary_weight": 10}, drifted, True),
    ("canary", {"bluegreen_canary_weight": 0}, tenth, True),
    ("canary", {"bluegreen_canary_weight": 0}, converged, False),
    ("canary", STEPS, converged, True),
    ("canary", STEPS, tenth, True),
    ("canary", STEPS, edited_split, True),
    ("canary", STEPS, on_green, False),
    ("canary", {**STEPS, "bluegreen_canary_steps": "[10,50]"}, converged, True),
    ("rollback", {}, tenth, True),
    ("switch", {"bluegreen_target": "green"}, tenth, True),
    ("switch", {"bluegreen_target": "blue"}, tenth, True),
    ("bluegreen", {}, tenth, False),
    ("status", {}, tenth, False),
    ("bluegreen", {"bluegreen_preview": PREVIEW, "bluegreen_sticky": STICKY}, blank, True),
    ("bluegreen", {"bluegreen_preview": PREVIEW}, converged, True),
    ("bluegreen", {"bluegreen_preview": BY_HEADER}, previewed_elsewhere, True),
    ("bluegreen", {}, previewed_elsewhere, True),
    ("status", {}, previewed_elsewhere, False),
]


@pytest.mark.parametrize(("playbook", "variables", "prepare", "changes"), TRUE_PREVIEWS, ids=name_of)
def test_the_preview_tells_the_truth(
    world: World,
    preview_apply: Callable[..., PreviewApply],
    playbook: str,
    variables: dict[str, Any],
    prepare: Prepare,
    changes: bool,
) -> None:
    with Switching(world) as acme:
        prepare(acme)
    preview_apply(PREFIX + playbook, limit="acme", extra_vars={**QUICK, **variables}).proves(changes=changes)


def page_on(acme: Switching, page: Page) -> None:
    converged(acme)
    acme.ok(maintenance={"servers": [page.url]})


def page_edited(acme: Switching, page: Page) -> None:
    """Somebody let an address through by hand."""
    page_on(acme, page)
    rule = "(Host(`acme.localhost`))"
    text = acme.file.read_text()
    assert text.count(rule) == 1
    acme.file.write_text(text.replace(rule, rule + " && !(ClientIP(`192.0.2.1`))"))


def page_off(acme: Switching, _page: Page) -> None:
    converged(acme)


def page_off_with_a_canary(acme: Switching, _page: Page) -> None:
    tenth(acme)


@pytest.mark.parametrize(
    ("playbook", "word", "prepare", "changes"),
    [
        ("maintenance", "on", page_off, True),
        ("maintenance", True, page_off_with_a_canary, True),
        ("maintenance", "on", page_edited, True),
        ("maintenance", "on", page_on, False),
        ("maintenance", "off", page_on, True),
        ("maintenance", "off", page_edited, True),
        ("maintenance", "off", page_off, False),
        ("bluegreen", "", page_on, False),
        ("status", "", page_on, False),
    ],
    ids=name_of,
)
def test_the_preview_of_a_maintenance_page_tells_the_truth(
    world: World,
    preview_apply: Callable[..., PreviewApply],
    page: Page,
    playbook: str,
    word: object,
    prepare: Callable[[Switching, Page], None],
    changes: bool,
) -> None:
    with Switching(world) as acme:
        prepare(acme, page)
    variables = {**QUICK, "bluegreen_maintenance_servers": [page.url], "bluegreen_maintenance": word}
    preview_apply(PREFIX + playbook, limit="acme", extra_vars=variables).proves(changes=changes)


@pytest.mark.parametrize(("address", "seen"), [("127.0.0.1", "blue"), ("192.0.2.1", "")])
def test_who_is_let_through_sees_the_site_behind_the_page(world: World, ansible: Ansible, page: Page, address: str, seen: str) -> None:
    with Switching(world) as acme:
        converged(acme)
    variables = {"bluegreen_maintenance_servers": [page.url], "bluegreen_maintenance": "on", "bluegreen_maintenance_allow": [address]}
    run = ansible.run(PREFIX + "maintenance", limit="acme", extra_vars={**QUICK, **variables, "dry_run": False})
    assert run.returncode == 0, run.words()
    assert acme.public_colour() == seen
    assert page.url in acme.file.read_text()


REFUSALS: list[tuple[str, str, dict[str, Any], Prepare, str]] = [
    ("canary", "acme", {"bluegreen_canary_weight": 10}, blank, "so no colour serves beside which a canary could run"),
    ("canary", "acme", {"bluegreen_canary_weight": 10}, sick_idle, "acme: green does not pass its gate"),
    ("canary", "acme", STEPS, sick_idle, "acme: green does not pass its gate"),
    ("canary", "acme", {}, converged, 'bluegreen_canary_weight: "", bluegreen_canary_steps: []; give one of them'),
    ("canary", "acme", {**STEPS, "bluegreen_canary_weight": 10}, converged, "give one of them"),
    ("canary", "acme", {"bluegreen_canary_weight": "ten"}, converged, 'bluegreen_canary_weight: "ten" is not a whole number'),
    ("canary", "acme", {"bluegreen_canary_weight": "-5"}, converged, 'bluegreen_canary_weight: "-5" is not a whole number'),
    ("canary", "acme", {"bluegreen_canary_weight": 100}, converged, "it is a switch: give target"),
    ("canary", "acme", {"bluegreen_canary_steps": [10]}, converged, "target is 'active'; give target blue, green or idle"),
    ("canary", "acme", {**STEPS, "bluegreen_canary_steps": "ten"}, converged, "canary"),
    ("canary", "globex", {"bluegreen_canary_weight": 10}, blank, "the upsell is one word: add bluegreen to site_offers"),
    ("maintenance", "acme", {}, converged, 'bluegreen_maintenance: "" is neither on nor off'),
    ("maintenance", "acme", {"bluegreen_maintenance": "maybe"}, converged, 'bluegreen_maintenance: "maybe" is neither on nor off'),
    ("maintenance", "acme", {"bluegreen_maintenance": "on"}, converged, "maintenance.servers: none is given"),
    ("maintenance", "acme", {"bluegreen_maintenance": "on"}, blank, "maintenance.servers: none is given"),
    ("maintenance", "acme", {"bluegreen_maintenance": "off"}, blank, "not given, and acme has no route"),
    ("maintenance", "globex", {"bluegreen_maintenance": "on"}, blank, "the upsell is one word: add bluegreen to site_offers"),
    ("bluegreen", "acme", {"bluegreen_preview": {**PREVIEW, "source_ranges": []}}, blank, "would be open to everybody"),
]


@pytest.mark.parametrize(("playbook", "limit", "variables", "prepare", "sentence"), REFUSALS, ids=name_of)
def test_a_refused_apply_is_refused_in_the_preview_too(
    world: World,
    preview_apply: Callable[..., PreviewApply],
    playbook: str,
    limit: str,
    variables: dict[str, Any],
    prepare: Prepare,
    sentence: str,
) -> None:
    with Switching(world) as acme:
        prepare(acme)
    preview_apply(PREFIX + playbook, limit=limit, extra_vars=variables).refuses(sentence)


def test_a_list_on_the_command_line_is_a_list(world: World, ansible: Ansible) -> None:
    """As an operator types it: -e bluegreen_canary_steps=[10,50]."""
    with Switching(world) as acme:
        converged(acme)
    arguments = ("-e", "bluegreen_canary_steps=[10,50]", "-e", "bluegreen_target=green", "-e", "dry_run=false")
    run = ansible.run(PREFIX + "canary", limit="acme", extra_vars=QUICK, arguments=arguments)
    assert run.returncode == 0, run.words()
    assert acme.public_colour() == "green"
