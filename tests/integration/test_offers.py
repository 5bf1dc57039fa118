# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preview = apply for every playbook of this collection that changes a site: one line per world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lab.world import World
from tests.harness import Ansible, PreviewApply
from tests.integration.switching import Switching

PREFIX = "bluegreen.orchestrator."
QUICK = {"bluegreen_soak": {"seconds": 0}}

Prepare = Callable[[Switching], None]


def blank(_acme: Switching) -> None:
    """No route yet."""


def converged(acme: Switching) -> None:
    """The route as the playbooks make it, on blue."""
    acme.ok(gate={"path": "/health"})


def on_green(acme: Switching) -> None:
    converged(acme)
    acme.ok(target="green")


def rolled_back(acme: Switching) -> None:
    on_green(acme)
    acme.ok(target="previous")


def drifted(acme: Switching) -> None:
    """Somebody edited the file by hand: another rule, and the colour the other way round."""
    on_green(acme)
    text = acme.file.read_text().replace("acme.localhost", "old.localhost").replace("service: acme-green", "service: acme-blue")
    acme.file.write_text(text)


def reformatted(acme: Switching) -> None:
    """The same data, written differently."""
    converged(acme)
    acme.file.write_text(acme.file.read_text() + "# a remark\n")


# playbook, extra variables, world, whether something changes
TRUE_PREVIEWS: list[tuple[str, dict[str, Any], Prepare, bool]] = [
    ("bluegreen", {}, blank, True),
    ("bluegreen", {}, converged, False),
    ("bluegreen", {}, on_green, False),
    ("bluegreen", {}, drifted, True),
    ("bluegreen", {}, reformatted, True),
    ("site", {}, blank, True),
    ("site", {}, converged, False),
    ("site", {}, drifted, True),
    ("switch", {"bluegreen_target": "green"}, blank, True),
    ("switch", {"bluegreen_target": "green"}, converged, True),
    ("switch", {"bluegreen_target": "green"}, on_green, False),
    ("switch", {"bluegreen_target": "green"}, drifted, True),
    ("switch", {"bluegreen_target": "green"}, rolled_back, True),
    ("rollback", {}, on_green, True),
    ("rollback", {}, rolled_back, False),
    ("status", {}, blank, False),
    ("status", {}, drifted, False),
]


def name_of(value: object) -> str | None:
    return getattr(value, "__name__", None)


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


def sick_idle(acme: Switching) -> None:
    converged(acme)
    acme.world.site("acme", "green").behave(sick="database is down")


def broken_neighbour(acme: Switching) -> None:
    converged(acme)
    (acme.world.dynamic_dir / "neighbour.yml").write_text("a: [")


REFUSALS: list[tuple[str, str, dict[str, Any], Prepare, str]] = [
    ("switch", "acme", {"bluegreen_target": "green"}, sick_idle, "acme: green does not pass its gate"),
    ("switch", "acme", {"bluegreen_target": "green"}, broken_neighbour, "neighbour.yml: it is not valid YAML"),
    ("switch", "acme", {}, converged, 'bluegreen_target: "" is not a colour to switch to'),
    ("switch", "acme", {"bluegreen_target": "red"}, converged, 'bluegreen_target: "red" is not a colour to switch to'),
    ("switch", "globex", {"bluegreen_target": "green"}, blank, "globex: the offer bluegreen (Blue/Green Complet) has not been bought"),
    ("rollback", "acme", {}, blank, "'previous' makes no sense yet"),
    ("rollback", "acme", {}, converged, "acme has no previous colour"),
    ("rollback", "globex", {}, blank, "the upsell is one word: add bluegreen to site_offers"),
    ("bluegreen", "acme", {"bluegreen_site": "../acme"}, blank, "site: '../acme' is not a site name"),
    ("site", "acme", {"site_offers": ["infra_only", "security_backup"]}, blank, "bought, but not built in this version: security_backup."),
    ("site", "acme", {"site_offers": ["infra_only", "wordpress", "bluegreen"]}, blank, "not built in this version: wordpress."),
    ("site", "acme", {"site_offers": ["bluegreen"], "site_offers_external": []}, blank, "bluegreen needs infra_only (Infra-Only)"),
    ("site", "acme", {"site_offers": ["blugreen"], "site_offers_external": []}, blank, "'blugreen' is no offer"),
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


@pytest.mark.parametrize("value", ["", "ture", "2", "garbage", None, [True], "TRUE "])
@pytest.mark.parametrize("playbook", ["switch", "audit_report"])
def test_a_mistyped_dry_run_is_refused(world: World, ansible: Ansible, playbook: str, value: object) -> None:
    with Switching(world) as acme:
        converged(acme)
    before = acme.file.read_text()
    run = ansible.run(PREFIX + playbook, extra_vars={"bluegreen_target": "green", "audit_site": "acme", "dry_run": value})
    assert all("is neither true nor false; write -e dry_run=false" in failure.message for failure in run.failures)
    assert run.failures
    assert acme.file.read_text() == before


@pytest.mark.parametrize("value", ["no", "0", "False", "off"])
def test_every_word_for_no_applies(world: World, ansible: Ansible, value: str) -> None:
    with Switching(world) as acme:
        converged(acme)
    run = ansible.run(PREFIX + "switch", limit="acme", extra_vars={**QUICK, "bluegreen_target": "green", "dry_run": value})
    assert run.returncode == 0, run.words()
    assert acme.public_colour() == "green"


@pytest.mark.parametrize("value", ["y", "t", "Y", "1", "yes", "on"])
def test_every_word_for_yes_previews(world: World, ansible: Ansible, value: str) -> None:
    with Switching(world) as acme:
        converged(acme)
    before = acme.file.read_text()
    ansible.run(PREFIX + "switch", limit="acme", extra_vars={**QUICK, "bluegreen_target": "green", "dry_run": value})
    assert acme.file.read_text() == before


def test_a_rollback_moves_only_the_colour(world: World, preview_apply: Callable[..., PreviewApply]) -> None:
    """SITE conf was edited for the next release, and is half done: the emergency exit must not care."""
    with Switching(world) as acme:
        on_green(acme)
    before = acme.file.read_text()
    half_done = {
        "bluegreen_middlewares": ["not-there-yet"],
        "bluegreen_colours": {"blue": ["http://127.0.0.1:1"], "green": ["http://127.0.0.1:2"]},
        "bluegreen_hosts": ["new.localhost"],
        "bluegreen_entrypoints": ["websecure"],
        "bluegreen_tls": {"enabled": True},
        "bluegreen_priority": 77,
    }
    preview_apply(PREFIX + "rollback", limit="acme", extra_vars=half_done).proves(changes=True)
    expected = before.replace("service: acme-green", "service: acme-blue").replace(
        '"previous": "blue", "rolled_back": null', '"previous": null, "rolled_back": "green"'
    )
    assert acme.file.read_text() == expected


def test_check_on_the_command_line_beats_dry_run_false(world: World, ansible: Ansible) -> None:
    run = ansible.run(PREFIX + "bluegreen", limit="acme", extra_vars={"dry_run": False, **QUICK}, arguments=("--check",))
    assert [result.changed for result in run.changed] == [True]
    assert not (world.dynamic_dir / "acme.yml").exists()


def test_site_runs_only_where_the_offer_was_bought(world: World, ansible: Ansible) -> None:
    run = ansible.run(PREFIX + "site", extra_vars={"dry_run": False, **QUICK})
    assert run.returncode == 0, run.words()
    assert (world.dynamic_dir / "acme.yml").exists()
    assert not (world.dynamic_dir / "globex.yml").exists()
    assert {result.host for result in run.results if result.play == "Blue/green"} == {"acme"}


def test_one_site_that_is_refused_does_not_stop_the_other(world: World, ansible: Ansible) -> None:
    with Switching(world) as acme:
        converged(acme)
    run = ansible.run(PREFIX + "switch", extra_vars={"bluegreen_target": "green", "dry_run": False, **QUICK})
    assert [failure.host for failure in run.failures] == ["globex"]
    assert acme.public_colour() == "green"
