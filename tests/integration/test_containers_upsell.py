# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The upsell: a site of infra_only gets bluegreen by one word in SITE conf, while its neighbour on the same server is visited.

The role base would change this machine, so all its pieces are switched off; the role traefik runs its real container.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import yaml

from lab.container_world import IMAGE, ContainerWorld
from lab.docker import Engine, docker
from lab.images import make_image
from lab.server import LOOPBACK, reserve_port
from lab.visit import visit
from tests.harness import Ansible, Run
from tests.harness.preview_apply import world_environment

ROOT = Path(__file__).resolve().parents[2]
PIECES = [name for name in yaml.safe_load((ROOT / "roles/base/defaults/main.yml").read_text()) if name.endswith("_enabled")]


class ServerWorld(ContainerWorld):
    """A server on which the offers bring everything, Traefik too."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.https, self.http, self.api, self.metrics = (reserve_port() for _ in range(4))
        self.name = f"traefik-{self.suffix}"

    def start(self) -> Self:
        """Have the engine and the images; Traefik comes with the offer."""
        Engine().start()
        for tag in (f"{IMAGE}:1.0", "traefik:v3.7"):
            make_image(tag)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.file.write_text("{}")
        self.write_inventory()
        return self

    def stop(self) -> None:
        """Remove what is in Docker."""
        for found in docker("ps", "--all", "--quiet", "--filter", f"label=io.bluegreen.traefik={self.name}").split():
            docker("rm", "--force", found)
        self.sweep()

    def shared(self) -> dict[str, Any]:
        """GLOBAL conf."""
        traefik = {
            "traefik_name": self.name,
            "traefik_directory": str(self.directory / "traefik"),
            "traefik_state_dir": str(self.directory / "state"),
            "traefik_address": LOOPBACK,
            "traefik_http_port": self.http,
            "traefik_https_port": self.https,
            "traefik_api_port": self.api,
            "traefik_metrics_port": self.metrics,
            "traefik_tls": "selfsigned",
            "traefik_selfsigned_names": [self.host(site) for site in self.sites],
        }
        ours = {
            "site_offers_external": [],
            "bluegreen_staging_dir": "",
            "bluegreen_entrypoints": ["websecure"],
            "bluegreen_tls": {"enabled": True},
        }
        shared = super().shared()
        # Traefik watches the directory that bluegreen writes into, without a second word of it in GLOBAL conf.
        del shared["bluegreen_dynamic_dir"]
        return shared | dict.fromkeys(PIECES, False) | traefik | ours

    def site_conf(self, site: str) -> dict[str, Any]:
        """SITE conf; the first site has bought the server only."""
        confirm = {
            "api_url": f"http://{LOOPBACK}:{self.api}",
            "public_url": f"https://{self.host(site)}:{self.https}/",
            "connect_to": f"{LOOPBACK}:{self.https}",
            "validate_certs": False,
            "timeout": 10,
        }
        offers = ["infra_only"] if site == self.site else ["infra_only", "bluegreen"]
        return super().site_conf(site) | {"bluegreen_confirm": confirm, "site_offers": offers}


class Visitor(threading.Thread):
    """Asks a site by https again and again, each time on a new connection, and counts what was not answered with 200."""

    def __init__(self, world: ServerWorld, site: str) -> None:
        super().__init__(daemon=True)
        self.world, self.site = world, site
        self.answered = 0
        self.failures: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Until it is over."""
        while not self.over.is_set():
            try:
                status = ask(self.world, self.site)[0]
            except OSError as error:
                self.failures.append(str(error))
            else:
                self.answered += status == 200
                self.failures += [] if status == 200 else [f"status {status}"]
            time.sleep(0.02)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self.over.set()
        self.join()


def ask(world: ServerWorld, site: str) -> tuple[int, dict[str, Any]]:
    """One question for the health of a site."""
    status, text = visit(world.host(site), world.https, "/health")
    return status, json.loads(text) if status == 200 else {}


@pytest.fixture
def world(docker_engine: Engine, tmp_path: Path) -> Iterator[ServerWorld]:
    """A server of our own."""
    assert docker_engine.answers()
    made = ServerWorld(tmp_path)
    try:
        yield made.start()
    finally:
        made.stop()


def all_that_was_bought(world: ServerWorld, site: str) -> Run:
    run = Ansible(world.inventory, environment=world_environment(world)).run(
        "bluegreen.orchestrator.site", limit=site, extra_vars={"dry_run": False}, timeout=600.0
    )
    assert run.returncode == 0, run.words()
    return run


@pytest.mark.timeout(1500)
def test_one_word_brings_the_offer_and_the_neighbour_loses_no_visitor(world: ServerWorld) -> None:
    site, neighbour = world.sites
    all_that_was_bought(world, neighbour)
    all_that_was_bought(world, site)
    assert ask(world, site)[0] == 404
    with Visitor(world, neighbour) as visitor:
        world.write_inventory(site_offers=["infra_only", "bluegreen"])
        all_that_was_bought(world, site)
        assert ask(world, site)[1]["colour"] == "blue"
        again = all_that_was_bought(world, site)
    assert visitor.failures == []
    assert visitor.answered > 100
    assert [result.task for result in again.changed] == []
