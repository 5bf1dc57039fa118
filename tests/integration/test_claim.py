# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bluegreen_claim against a real Traefik: nobody is brought to a colour in work, and nobody works on a colour that is visited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.world import World
from tests.harness.tree import capture, first_change
from tests.integration.switching import Switching


class Claiming(Switching):
    """A site, and who works on its colours."""

    @property
    def note(self) -> Path:
        """Where the claim lies."""
        return self.world.staging_dir / "acme.claim"

    @property
    def place(self) -> dict[str, Any]:
        """Where the site is."""
        return {"site": self.site, "dynamic_dir": str(self.world.dynamic_dir), "staging_dir": str(self.world.staging_dir)}

    def claim(self, colour: str = "green", **options: Any) -> dict[str, Any]:
        """Run bluegreen_claim; failed or not."""
        return self.run(module="bluegreen_claim", **{**self.place, "colour": colour, **options})


@pytest.fixture
def acme(world: World) -> Iterator[Claiming]:
    """Blue serves."""
    with Claiming(world) as made:
        made.ok()
        yield made


def test_a_claim_from_its_beginning_to_its_end(acme: Claiming) -> None:
    first = acme.claim()
    assert (first["changed"], first["taken_over"]) == (False, None)
    assert json.loads(acme.note.read_text())["token"] == first["token"]
    assert acme.claim(token=first["token"])["token"] == first["token"]
    assert acme.claim(state="absent", token="another")["changed"] is False
    assert acme.note.exists(), "a claim is ended by its own run only"
    acme.claim(state="absent", token=first["token"])
    assert not acme.note.exists()
    acme.ok(target="green")
    assert acme.public_colour() == "green"


def test_a_preview_refuses_the_same_and_writes_nothing(acme: Claiming) -> None:
    before = capture(acme.world.roots)
    assert acme.claim(check=True)["token"] is None
    assert acme.claim(check=True, state="absent", token="x")["changed"] is False
    assert first_change(before, capture(acme.world.roots)) is None
    assert acme.claim("blue", check=True)["msg"] == acme.claim("blue")["msg"]


WAYS_THERE: list[dict[str, Any]] = [
    {"target": "green"},
    {"target": "idle"},
    {"canary": {"weight": 5}},
    {"target": "green", "canary": {"steps": [10, 50]}},
    {"state": "absent"},
    {"hold": "begin", "target": "green", "hosts": None, "entrypoints": None, "colours": None},
]


@pytest.mark.parametrize("way", WAYS_THERE, ids=lambda way: "-".join(map(str, way)))
def test_nobody_is_brought_to_a_colour_in_work(acme: Claiming, way: dict[str, Any]) -> None:
    before = acme.file.read_text()
    acme.claim(work="deploy")
    for check in (True, False):
        said = acme.refused(check=check, **way)
        assert "acme: green is in work (deploy by " in said
        assert said.endswith("If that run was killed, end its work first: playbook deploy with -e bluegreen_take_over=true.")
    assert acme.file.read_text() == before
    assert acme.public_colour() == "blue"


def test_a_site_may_be_taken_away_from_a_run_that_was_killed(acme: Claiming) -> None:
    acme.claim()
    assert "take_over: true is for state=absent only" in acme.refused(target="green", take_over=True)
    assert acme.ok(check=True, state="absent", take_over=True)["changed"]
    assert acme.note.exists()
    acme.ok(state="absent", take_over=True)
    assert not acme.file.exists()
    assert not acme.note.exists()


def test_a_site_is_not_taken_away_from_a_run_that_has_just_begun(acme: Claiming) -> None:
    acme.claim()
    assert "claim_expires: 60 is for state=absent only" in acme.refused(target="green", claim_expires=60)
    assert "claim_expires: 0 is not between 1 and 86400 seconds" in acme.refused(state="absent", claim_expires=0)
    assert "acme: green is in work (deploy by " in acme.refused(state="absent", claim_expires=60)
    note = json.loads(acme.note.read_text())
    acme.note.write_text(json.dumps(note | {"since": note["since"] - 61}))
    acme.ok(state="absent", claim_expires=60)
    assert not acme.note.exists()


def test_a_claim_that_outlived_the_route_keeps_nobody_away(acme: Claiming) -> None:
    acme.ok(target="green")
    acme.claim("blue")
    acme.file.unlink()
    assert acme.ok(check=True)["changed"]
    assert acme.note.exists()
    acme.ok()
    assert not acme.note.exists()
    acme.claim("green")
    acme.file.unlink()
    assert acme.ok(state="absent")["changed"] is False
    assert not acme.note.exists()


def test_a_rollback_to_a_colour_in_work_is_refused(acme: Claiming) -> None:
    acme.ok(target="green")
    acme.claim("blue", work="retire")
    assert "acme: blue is in work (retire by " in acme.refused(target="previous")
    assert acme.public_colour() == "green"


def test_what_brings_nobody_there_goes_on(acme: Claiming) -> None:
    acme.claim()
    assert acme.ok()["changed"] is False
    assert acme.ok(priority=7)["changed"] is True


def test_a_colour_that_is_visited_cannot_be_claimed(acme: Claiming) -> None:
    assert acme.claim("blue")["msg"] == "acme: blue is not idle, it serves, so its container is left alone; work on the other colour."
    acme.ok(canary={"weight": 5})
    assert "a canary sends 5 % of the visitors to it" in acme.claim("green")["msg"]
    assert not acme.note.exists()


def test_somebody_elses_claim_is_kept_until_it_is_taken_over(acme: Claiming) -> None:
    first = acme.claim()
    assert "acme: green is in work (deploy by " in acme.claim()["msg"]
    assert "give -e bluegreen_take_over=true to end its work" in acme.claim()["msg"]
    second = acme.claim(take_over=True)
    assert second["taken_over"]["colour"] == "green"
    assert "had claimed green for" in json.dumps(second["warnings"])
    assert "the work on green was taken over by another run (green is in work (deploy by " in acme.claim(token=first["token"])["msg"]
    acme.claim(state="absent", token=second["token"])
    assert "was taken over by another run (which has ended it)" in acme.claim(token=first["token"])["msg"]


def test_work_that_goes_on_is_young(acme: Claiming) -> None:
    token = acme.claim()["token"]
    note = json.loads(acme.note.read_text())
    acme.note.write_text(json.dumps(note | {"since": note["since"] - 60}))
    acme.claim(token=token)
    assert "is in work" in acme.claim(expires=59)["msg"]


def test_a_site_without_a_route_cannot_be_worked_on(acme: Claiming) -> None:
    acme.ok(state="absent")
    assert "acme: it has no route any more, " in acme.claim()["msg"]


def test_an_old_claim_is_taken_over_by_itself(acme: Claiming) -> None:
    acme.claim()
    note = json.loads(acme.note.read_text())
    acme.note.write_text(json.dumps(note | {"since": note["since"] - 60}))
    assert "is in work" in acme.claim(expires=90)["msg"]
    assert acme.claim(expires=59)["taken_over"]["age"] >= 60


def test_info_tells_of_a_claim(acme: Claiming) -> None:
    assert acme.run(module="bluegreen_switch_info", **acme.place)["sites"][0]["claim"] is None
    acme.claim(work="retire")
    claim = acme.run(module="bluegreen_switch_info", **acme.place)["sites"][0]["claim"]
    assert (claim["colour"], claim["work"]) == ("green", "retire")


def test_what_is_no_claim_is_named(acme: Claiming) -> None:
    acme.note.write_text("{}")
    said = f"{acme.note} is no claim that this collection wrote; see what is going on at acme, then remove it."
    assert acme.claim()["msg"] == said
    assert acme.refused(target="green") == said
    seen = acme.run(module="bluegreen_switch_info", **acme.place)["sites"][0]
    assert (seen["exists"], seen["active"], seen["problem"]) == (True, "blue", said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"expires": 0}, "expires: 0 is not between 1 and 86400 seconds"),
        ({"site": "../acme"}, "site: '../acme' is not a site name"),
        ({"dynamic_dir": "/nowhere"}, "dynamic_dir: '/nowhere' is not a directory"),
    ],
)
def test_what_makes_no_sense_is_refused(acme: Claiming, options: dict[str, Any], said: str) -> None:
    assert said in acme.claim(**options)["msg"]
