# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input and bad worlds: one clear sentence each, the same in preview and apply, and nothing changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.world import World
from tests.harness.tree import capture, first_change
from tests.integration.switching import Switching

Prepare = Callable[[Switching], dict[str, Any]]


@pytest.fixture
def acme(world: World) -> Switching:
    made = Switching(world)
    made.ok()
    return made


def same_url_twice(acme: Switching) -> dict[str, Any]:
    url = acme.options["colours"]["blue"]
    return {"colours": {"blue": url, "green": url}}


def other_file_system(acme: Switching) -> dict[str, Any]:
    return {"staging_dir": f"/dev/shm/{acme.world.directory.name}"}


def broken_neighbour(acme: Switching) -> dict[str, Any]:
    (acme.world.dynamic_dir / "neighbour.yml").write_text("http:\n  routers: [\n")
    return {}


def idle_is_sick(acme: Switching) -> dict[str, Any]:
    acme.world.site("acme", "green").behave(sick="database is down")
    return {}


def idle_is_the_wrong_colour(acme: Switching) -> dict[str, Any]:
    acme.world.site("acme", "green").behave(wrong_colour=True)
    return {}


def idle_is_slow(acme: Switching) -> dict[str, Any]:
    acme.world.site("acme", "green").behave(slow_ms=3000)
    return {}


def idle_is_dead(acme: Switching) -> dict[str, Any]:
    acme.world.site("acme", "green").die()
    return {}


def api_is_down(acme: Switching) -> dict[str, Any]:
    return {"confirm": {**acme.options["confirm"], "api_url": "http://127.0.0.1:1"}}


def api_is_something_else(acme: Switching) -> dict[str, Any]:
    return {"confirm": {**acme.options["confirm"], "api_url": acme.world.site("acme", "blue").url}}


def hand_made_file(acme: Switching) -> dict[str, Any]:
    acme.file.write_text("\n".join(acme.file.read_text().splitlines()[1:]))
    return {}


def link(acme: Switching) -> dict[str, Any]:
    acme.file.rename(acme.world.staging_dir / "real")
    os.symlink(acme.world.staging_dir / "real", acme.file)
    return {}


def option(**changes: Any) -> Prepare:
    return lambda _acme: changes


CASES: list[tuple[str, Prepare, str]] = [
    ("unknown colour", option(target="red"), "value of target must be one of: blue, green, idle, previous, active, got: red"),
    ("same url twice", same_url_twice, "is already used by blue; every server belongs to one colour, once."),
    ("no such directory", option(dynamic_dir="/nowhere/dynamic"), "dynamic_dir: '/nowhere/dynamic' is not a directory"),
    ("not atomic", other_file_system, "is on another mount (/dev/shm)"),
    ("staging inside", lambda acme: {"staging_dir": str(acme.world.dynamic_dir / "x")}, "lies inside dynamic_dir"),
    ("bad rule", option(rule="Host(acme)", hosts=None), "rule: Traefik would refuse 'Host(acme)'"),
    ("path in the site", option(site="../../etc/cron.d/x"), "site: '../../etc/cron.d/x' is not a site name"),
    ("hosts and rule", option(rule="Path(`/`)"), "mutually exclusive"),
    ("bad host", option(hosts=["a`) || Path(`/"]), "hosts: 'a`) || Path(`/' is not a host name"),
    ("broken neighbour", broken_neighbour, "neighbour.yml: it is not valid YAML"),
    ("sick", idle_is_sick, "acme: green does not pass its gate"),
    ("wrong colour", idle_is_the_wrong_colour, "says 'blue', not 'green': the wrong colour answers"),
    ("slow", idle_is_slow, "no complete answer within 0.5 s"),
    ("dead", idle_is_dead, "connection refused: nothing listens there"),
    ("api down", api_is_down, "confirm.api_url: Traefik's API at http://127.0.0.1:1 cannot be asked (connection refused"),
    ("not an api", api_is_something_else, "it does not look like Traefik's API"),
    ("no metrics", lambda acme: {"soak": {"seconds": 1, "metrics_url": acme.world.site("acme", "blue").url}}, "gives no metrics"),
    ("no proof", option(confirm={}), "confirm: neither api_url nor public_url is set"),
    ("not our file", hand_made_file, "was not written by bluegreen_switch"),
    ("a link", link, "is a link or a special file"),
    ("no previous colour", option(target="previous"), "acme has no previous colour"),
    ("first run goes idle", option(site="other", target="idle"), "'idle' makes no sense yet, other has no route"),
    ("first run without servers", option(site="other", colours=None), "colours: not given"),
]


@pytest.mark.parametrize(("prepare", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_refused_before_anything_is_changed(acme: Switching, prepare: Prepare, said: str) -> None:
    options = {"target": "green", **prepare(acme)}
    before = capture(acme.world.roots)
    preview = acme.refused(check=True, **options)
    assert first_change(before, capture(acme.world.roots)) is None
    dynamic = capture([acme.world.dynamic_dir])
    assert acme.refused(**options) == preview
    assert first_change(dynamic, capture([acme.world.dynamic_dir])) is None
    assert said in preview
    assert acme.public_colour() == "blue"


def test_a_directory_that_cannot_be_written_is_refused_by_an_apply(acme: Switching) -> None:
    """As another user: root may write everywhere."""
    if os.getuid():
        acme.world.dynamic_dir.chmod(0o555)
    try:
        message = acme.refused(target="green", before="" if os.getuid() else "os.setgid(65534); os.setuid(65534)")
    finally:
        acme.world.dynamic_dir.chmod(0o755)
    assert "is not writable for this user" in message or "not readable" in message or "is not a directory" in message


def test_a_rule_that_traefik_rejects_in_its_own_way_is_taken_back(acme: Switching) -> None:
    """A regular expression is Go's, so only Traefik can judge it: the change is made, seen to be disabled, and undone."""
    before = acme.file.read_text()
    message = acme.refused(rule="HostRegexp(`(`)", hosts=None, confirm={"api_url": acme.world.traefik.api_url, "timeout": 1})
    assert "Traefik disabled the router acme" in message
    assert "It was taken back: blue serves as before." in message
    assert acme.file.read_text() == before
    assert acme.public_colour() == "blue"


def test_a_failed_first_route_leaves_nothing(world: World) -> None:
    acme = Switching(world)
    message = acme.refused(rule="HostRegexp(`(`)", hosts=None, confirm={"api_url": world.traefik.api_url, "timeout": 1})
    assert "It was taken back: the site has no route, as before." in message
    assert not acme.file.exists()
    shutil.rmtree(Path("/dev/shm") / world.directory.name, ignore_errors=True)
