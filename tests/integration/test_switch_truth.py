# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our judgement of rules and files, held against the real Traefik's."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_directory import blocking, scan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_rule import RuleError, check_rule
from lab.world import World
from tests.dynamic_files import FILES
from tests.integration.switching import Switching
from tests.rules import BAD_RULES, GOOD_RULES


def eventually(condition: Callable[[], bool], limit: float) -> bool:
    """Whether a condition becomes true in time; a reload takes up to the throttle of 100 ms."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_traefik_agrees_about_every_rule(world: World) -> None:
    rules = [*GOOD_RULES, *(rule for rule in BAD_RULES if rule)]
    lines = [f"    r{number}: {{service: s, entryPoints: [web], rule: {rule!r}}}" for number, rule in enumerate(rules)]
    lines = [line.replace("\\\\", "\\") for line in lines]
    services = "  services:\n    s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}\n"
    staged = world.staging_dir / "rules"
    staged.write_text("http:\n  routers:\n" + "\n".join(lines) + "\n" + services)
    staged.rename(world.dynamic_dir / "rules.yml")
    world.traefik.await_routes(len(rules))
    for number, rule in enumerate(rules):
        router = world.traefik.api(f"/api/http/routers/r{number}@file")
        try:
            check_rule(rule)
            ours = "enabled"
        except RuleError:
            ours = "disabled"
        assert router["status"] == ours, (rule, router.get("error"))


def test_traefik_agrees_about_every_file(world: World) -> None:
    """A file blocks when a change beside it is not taken."""
    acme = Switching(world)
    acme.ok()
    texts = {"acme-blue": acme.file.read_text()}
    texts["acme-green"] = texts["acme-blue"].replace("service: acme-blue", "service: acme-green")

    def put(path: Path, content: bytes) -> None:
        # Renamed into place: Traefik reads at the first event, and must not find a file that is still empty.
        staged = world.staging_dir / "text"
        staged.write_bytes(content)
        path.parent.mkdir(exist_ok=True)
        staged.rename(path)

    def change_to(service: str) -> None:
        put(acme.file, texts[service].encode())

    def is_taken(service: str, limit: float) -> bool:
        change_to(service)
        return eventually(lambda: world.traefik.routed_to("acme") == service, limit)

    now, then = "acme-blue", "acme-green"
    for name, (content, problem) in FILES.items():
        path = world.dynamic_dir / name
        put(path, content)
        # Waited for long where it must come; where it must not, half a second is five times Traefik's throttle.
        taken = is_taken(then, 10 if problem is None else 0.5)
        if taken and problem is not None:
            # On a busy machine Traefik can have listed the directory before the file came, and have read the change after it.
            taken = is_taken(now, 0.5)
        assert taken is (problem is None), name
        assert bool(blocking(scan(str(world.dynamic_dir)))) is (problem is not None), name
        path.unlink()
        assert is_taken(then, 10), name
        now, then = then, now


@pytest.mark.parametrize("content", ["http:\n  routers:\n    x: {rule: 'Path(`/x`)', service: acme-blue, bogus: 1}\n"])
def test_what_only_traefik_knows_to_be_broken_is_found_through_its_api(world: World, content: str) -> None:
    acme = Switching(world)
    acme.ok()
    (world.dynamic_dir / "odd.yml").write_text(content)
    message = acme.refused(target="green", check=True)
    assert "Traefik has not loaded" in message
    assert "odd.yml" in message
    assert acme.refused(target="green") == message
    assert acme.public_colour() == "blue"


def test_a_template_that_only_traefik_can_judge_is_a_warning(world: World) -> None:
    acme = Switching(world)
    acme.ok()
    (world.dynamic_dir / "template.yml").write_text("http:\n  routers:\n    x: {rule: 'Path(`/{{ env `HOME` }}`)', service: acme-blue}\n")
    result = acme.ok(target="green")
    assert "template.yml could not be checked: it is a Go template" in str(result["warnings"])


def test_another_file_with_our_names_is_refused(world: World) -> None:
    acme = Switching(world)
    (world.dynamic_dir / "first.yml").write_text("http:\n  routers:\n    acme: {rule: 'Path(`/`)', service: x}\n")
    assert "also defines 'acme' under routers" in acme.refused()
    assert not acme.file.exists()


def test_no_default_certificate_is_a_warning(world: World) -> None:
    acme = Switching(world)
    for path in world.dynamic_dir.iterdir():
        path.rename(world.staging_dir / path.name)
    try:
        result = acme.ok(confirm={"public_url": acme.options["confirm"]["public_url"], "connect_to": acme.options["confirm"]["connect_to"]})
        assert "defaultCertificate" in str(result["warnings"])
    finally:
        acme.file.unlink()
        for path in world.staging_dir.glob("*.yml"):
            path.rename(world.dynamic_dir / path.name)
