# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No write is lost and none is doubled: thirty clients order all the time, each order is counted in a real database.

Readers load the site all the while, and never wait.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.load import Load
from lab.mariadb import MariaDB
from lab.server import ProgramMissingError
from lab.shop import Shop
from lab.world import COLOURS, World
from lab.writers import Writers
from tests.integration.conftest import skip_or_fail
from tests.integration.holding import WRITERS, Holding, ordered, until


@dataclass
class Street:
    """The shop, its customers and its database."""

    acme: Holding
    blue: Shop
    green: Shop
    directory: Path

    @contextlib.contextmanager
    def busy(self, **options: object) -> Iterator[tuple[Writers, Load]]:
        """Customers who order, and customers who look; at the end every order has its answer."""
        web = self.acme.world.traefik.web_url
        writers = Writers(self.directory, web, host=self.acme.host, number=WRITERS, **options)  # type: ignore[arg-type]
        readers = self.acme.world.load("acme", workers=4, rate=200, methods=("GET",))
        with readers, writers:
            yield writers, readers
        seen = readers.snapshot()
        assert seen.failed == 0, seen.words()
        assert seen.requests > 100


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose site is a shop, with a real MariaDB."""
    directory = tmp_path_factory.mktemp("shops")
    database = MariaDB(directory)
    world = World(directory)
    world.sites["acme"] = {colour: Shop(directory, database, site="acme", colour=colour) for colour in COLOURS}
    try:
        database.start()
        world.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    yield world
    world.stop()
    database.stop()


@pytest.fixture
def street(shops: World, tmp_path: Path) -> Iterator[Street]:
    """The shop on blue, both databases empty."""
    shops.reset()
    colours = {name: shop for name, shop in shops.sites["acme"].items() if isinstance(shop, Shop)}
    for shop in colours.values():
        shop.database.rows("truncate table orders", database=shop.schema)
    with Holding(shops) as acme:
        acme.ok()
        yield Street(acme, colours["blue"], colours["green"], tmp_path)


def settle(writers: Writers) -> float:
    """How long to let writes under way end, as the runbook asks: longer than the longest of them took, here and now."""
    return min(10.0, max(1.0, 2 * writers.longest()))


def settled(writers: Writers) -> list[int]:
    """All orders were confirmed; returns their numbers."""
    assert writers.failed() == []
    return writers.confirmed()


def test_committed_writes_go_on_to_the_new_colour(street: Street) -> None:
    acme = street.acme
    with street.busy() as (writers, readers):
        ordered(writers, 100)
        usual, begun = writers.longest(), time.monotonic()
        acme.begin(hold_seconds=28, hold_settle=settle(writers))
        before = street.blue.orders()
        street.green.clone_from(street.blue)
        looked = readers.snapshot().requests
        time.sleep(3)
        # Nobody wrote to blue any more, so the clone is whole; and the readers went on.
        assert street.blue.orders() == before
        assert readers.snapshot().requests > looked + 30
        result = acme.ok(hold="commit")
        held = time.monotonic() - begun
        ordered(writers, 100)
    assert result["hold"]["passed"] == WRITERS
    assert result["hold"]["replayed"] == result["hold"]["left"] == 0
    assert street.green.orders() == settled(writers)
    assert street.blue.orders() == before
    assert [order for order in writers.results() if order["redirects"]] == []
    # The wait was the hold's, and nothing was added to it but what a write takes anyway.
    assert 3 < writers.longest() < held + 2 * usual + 1


def test_aborted_writes_go_back_to_the_old_colour(street: Street) -> None:
    acme = street.acme
    before = acme.file.read_text()
    with street.busy() as (writers, _readers):
        ordered(writers, 100)
        acme.begin()
        time.sleep(2)
        result = acme.ok(hold="abort")
        ordered(writers, 100)
    assert result["hold"]["replayed"] >= WRITERS
    assert result["hold"]["passed"] == result["hold"]["left"] == 0
    assert street.blue.orders() == settled(writers)
    assert street.green.orders() == []
    assert sum(order["redirects"] for order in writers.results()) == result["hold"]["replayed"]
    assert acme.file.read_text() == before
    assert acme.left() == []


@pytest.mark.parametrize("size", [100_000, 2_000_000])
def test_large_bodies_survive_both_ends(street: Street, size: int) -> None:
    """A body waits at the client while its write is held, and is sent whole, once, to whom it may concern."""
    acme = street.acme
    with street.busy(body_bytes=size, pause=1.0) as (writers, _readers):
        ordered(writers, 10)
        acme.begin()
        time.sleep(1)
        acme.ok(hold="abort")
        ordered(writers, 20)
        acme.begin(hold_seconds=28, hold_settle=settle(writers))
        street.green.clone_from(street.blue)
        acme.ok(hold="commit")
        ordered(writers, 20)
    assert street.green.orders() == settled(writers)


def test_the_operator_is_killed_and_the_hold_ends_by_itself(street: Street) -> None:
    acme = street.acme
    before = acme.file.read_text()
    with street.busy() as (writers, _readers):
        ordered(writers, 50)
        process = acme.start(hold="begin", hold_seconds=6, hold_settle=0.1)
        until(lambda: "holding writes" in str(acme.note().get("step")), "a hold")
        process.kill()
        process.communicate()
        until(lambda: not acme.note(), "the end of the hold")
        ordered(writers, 100)
    assert street.blue.orders() == settled(writers)
    assert street.green.orders() == []
    assert acme.file.read_text() == before
    assert (
        " ended: nobody committed within 6 s; blue takes the writes again" in acme.log or "the run that began the hold is gone" in acme.log
    )


def test_the_holder_is_killed_and_an_abort_makes_all_well(street: Street) -> None:
    """What is held then fails, at once and clearly; nothing is written twice, and nothing that was confirmed is lost."""
    acme = street.acme
    before = acme.file.read_text()
    with street.busy() as (writers, _readers):
        ordered(writers, 50)
        acme.begin(hold_seconds=28, hold_settle=settle(writers))
        os.kill(acme.holder(), signal.SIGKILL)
        killed = time.time()
        until(writers.failed, "the answer to a held write")
        assert "holding writes" in str(acme.ok(hold="abort", check=True)["warnings"])
        result = acme.ok(hold="abort")
        back = time.time()
        until(lambda: any(order["at"] > back + 0.5 and order["status"] == 200 for order in writers.results()), "orders again")
    assert result["changed"] is True
    assert acme.file.read_text() == before
    failed = writers.failed()
    assert {order["status"] for order in failed} == {500}
    assert all(killed - 0.1 <= order["at"] <= back + 0.1 for order in failed)
    assert len(failed) >= WRITERS
    assert street.blue.orders() == writers.confirmed()
    assert street.green.orders() == []


def test_traefik_is_restarted_in_the_middle(street: Street) -> None:
    """Only the requests of the restart itself fail; the hold outlives it."""
    acme = street.acme
    with contextlib.ExitStack() as stack:
        writers = stack.enter_context(Writers(street.directory, acme.world.traefik.web_url, host=acme.host, number=WRITERS))
        ordered(writers, 50)
        acme.begin(hold_seconds=28, hold_settle=settle(writers))
        down = time.time()
        acme.world.traefik.kill()
        acme.world.traefik.start()
        up = time.time()
        street.green.clone_from(street.blue)
        until(lambda: acme.begin()["hold"]["waiting"] >= WRITERS / 2, "customers who came again")
        result = acme.ok(hold="commit")
        ordered(writers, 100)
    assert 0 < result["hold"]["left"] <= WRITERS, "those who waited when Traefik died"
    assert 0 < result["hold"]["passed"] <= WRITERS, "those who came again"
    assert street.green.orders() == writers.confirmed()
    assert all(down - 0.1 <= order["at"] <= up + 0.5 for order in writers.failed())
