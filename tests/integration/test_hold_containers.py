# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hold of a shop whose colours are containers: thirty clients order all the time, each order is counted in a real database.

The colours reach the database by its socket, in a volume that both share. Many more ends of a hold: test_hold_writes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.container_world import COLOURS, ContainerWorld
from lab.docker import docker
from lab.images import make_image
from lab.mariadb import MariaDB
from lab.server import ProgramMissingError
from lab.shop import TABLE, orders
from lab.writers import Writers
from tests.integration.conftest import skip_or_fail
from tests.integration.containers import Operator
from tests.integration.holding import WRITERS, ordered, until

pytestmark = pytest.mark.timeout(900)

# The container's user; MariaDB asks the kernel who is at the other end of the socket.
BUYER = "nobody"
TILL = "/run/till"

CLONE = """---
- name: Clone the database
  community.mysql.mysql_query:
    login_unix_socket: "{socket}"
    login_user: "{user}"
    query:
      - truncate table green.orders
      - insert into green.orders select * from blue.orders
"""
# Longer than the hold lasts.
ENDLESS = """---
- name: Clone the database
  ansible.builtin.command: sleep 120
  changed_when: true
"""


@pytest.fixture
def operator(containers: ContainerWorld) -> Operator:
    """A shop on both colours, blue serves. The database is still missing."""
    image = make_image("bluegreen/lab-shop:1.0")
    colours = {colour: {"SITE_COLOUR": colour, "SHOP_SCHEMA": colour} for colour in COLOURS}
    containers.write_inventory(
        bluegreen_image=image,
        bluegreen_env={"SITE_NAME": containers.site, "SHOP_SOCKET": f"{TILL}/s", "SHOP_USER": BUYER},
        bluegreen_colour_env=colours,
        bluegreen_volumes=[{"name": "till", "path": TILL, "shared": True}],
    )
    made = Operator(containers)
    made.does("bluegreen")
    return made


@pytest.fixture
def database(operator: Operator, tmp_path: Path) -> Iterator[MariaDB]:
    """A MariaDB with its socket in the site's shared volume, and empty tables."""
    made = MariaDB(tmp_path)
    volume = docker("volume", "inspect", "--format", "{{.Mountpoint}}", f"{operator.site}-till")
    made.socket = Path(volume) / "s"
    try:
        made.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    made.rows(f"create user {BUYER}@localhost identified via unix_socket")
    for colour in COLOURS:
        made.rows(f"create database {colour}")
        made.rows(TABLE, database=colour)
        made.rows(f"grant insert on {colour}.* to {BUYER}@localhost")
    yield made
    made.stop()


def test_no_order_is_lost_or_doubled(operator: Operator, database: MariaDB, tmp_path: Path) -> None:
    world, site = operator.world, operator.site
    endless, clone = tmp_path / "endless.yml", tmp_path / "clone.yml"
    endless.write_text(ENDLESS)
    clone.write_text(CLONE.format(socket=database.socket, user=database.user))
    with world.load(site, methods=("GET",)) as readers:
        with Writers(tmp_path, world.traefik.web_url, host=world.host(site), number=WRITERS) as writers:
            ordered(writers, 100, limit=90)
            the_operator_dies(operator, writers, endless, tmp_path)
            assert orders(database, "green") == []
            ordered(writers, 100, limit=90)
            held = time.time()
            operator.does("hold", bluegreen_hold="run", bluegreen_target="green", bluegreen_hold_tasks=[str(clone)])
            assert world.public(site)["colour"] == "green"
            ordered(writers, 100, limit=90)
        waited = [order for order in writers.results() if order["at"] > held and order["seconds"] > 1]
        assert len(waited) >= WRITERS / 2, "the hold held nobody"
    assert writers.failed() == []
    assert orders(database, "green") == writers.confirmed()
    assert readers.snapshot().failed == 0, readers.snapshot().words()


def the_operator_dies(operator: Operator, writers: Writers, tasks: Path, directory: Path) -> None:
    """What is held then goes on to blue."""
    variables = {"bluegreen_target": "green", "bluegreen_hold_tasks": [str(tasks)], "bluegreen_hold_seconds": 15}
    with operator.begins(directory / "killed", "hold", bluegreen_hold="run", **variables) as killed:
        killed.until(lambda: "Clone the database" in killed.said())
        seen = len(writers.results())
    until(lambda: len(writers.results()) > seen + 2 * WRITERS, "orders after the hold", limit=60)
    assert operator.world.public(operator.site)["colour"] == "blue"
