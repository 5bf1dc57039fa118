# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Traefik whose entry points give middlewares and TLS to every router: it takes each router apart, one copy per entry point."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lab.world
from lab.traefik import Traefik
from lab.world import World
from tests.integration.switching import Switching

MIDDLEWARES = """
http:
  middlewares:
    given: {headers: {customResponseHeaders: {X-Given: "yes"}}}
    own: {headers: {customResponseHeaders: {X-Own: "yes"}}}
"""
HAND = """
http:
  routers: {hand: {rule: Host(`hand.localhost`), entryPoints: [web, websecure], service: hand}}
  services: {hand: {loadBalancer: {servers: [{url: "http://127.0.0.1:9"}]}}}
"""


class GenerousTraefik(Traefik):
    """Its static configuration has what many real ones have."""

    def static_configuration(self) -> dict[str, Any]:
        """Middlewares for all routers of web, TLS for all of websecure."""
        configuration = super().static_configuration()
        configuration["entryPoints"]["web"]["http"] = {"middlewares": ["given@file"]}
        configuration["entryPoints"]["websecure"]["http"] = {"tls": {}}
        return configuration


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Switching]:
    monkeypatch.setattr(lab.world, "Traefik", GenerousTraefik)
    with World(tmp_path / "world", sites=("acme",)) as world, Switching(world) as site:
        (world.dynamic_dir / "middlewares.yml").write_text(MIDDLEWARES)
        (world.dynamic_dir / "hand.yml").write_text(HAND)
        yield site


@pytest.mark.parametrize(
    "options",
    [
        {"entrypoints": ["web"]},
        {"entrypoints": ["web", "websecure"], "middlewares": ["own"]},
        {"entrypoints": ["websecure"]},
        {"entrypoints": ["traefik", "web"]},
    ],
    ids=["one", "two with a middleware", "one that gives tls", "one of two gives"],
)
def test_what_an_entry_point_gives_is_no_difference(acme: Switching, options: dict[str, Any]) -> None:
    # What websecure serves is asked through the API alone: over plain HTTP nobody answers there.
    confirm = acme.options["confirm"] if "web" in options["entrypoints"] else {"api_url": acme.world.traefik.api_url}
    assert acme.ok(**options, confirm=confirm)["changed"] is True
    assert acme.ok(**options, confirm=confirm)["changed"] is False
    assert acme.ok(target="green", **options, confirm=confirm)["confirm"]["proven"] is True
    kept = {"hosts": None, "colours": None, "entrypoints": None, "confirm": confirm}
    assert acme.ok(target="previous", **kept)["active_after"] == "blue"
    assert acme.ok(state="absent", **kept)["changed"] is True
