# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bluegreen_switch and its _info sibling on the real Traefik: the whole cycle, each step in check mode first."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import yaml

from lab.server import http
from lab.world import World
from tests.harness.ansible import ROOT
from tests.harness.tree import capture, first_change
from tests.integration.switching import Switching, previewed

# Pytest's folders are closed to others; the ways to the world are opened for them while a test needs that.
AS_NOBODY = "os.setgid(65534); os.setuid(65534)"


@pytest.fixture
def acme(world: World) -> Switching:
    return Switching(world)


def test_the_cycle(acme: Switching) -> None:
    created = previewed(acme)
    assert (created["changed"], created["active_before"], created["active_after"]) == (True, None, "blue")
    assert created["diff"][0]["before"] == ""
    assert created["diff"][0]["after"] == acme.file.read_text()
    assert acme.public_colour() == "blue"

    switched = previewed(acme, target="green")
    assert switched["summary"].startswith("acme: switched from blue to green, seen by the public after ")
    assert 0 < switched["visible_ms"] < 5000
    assert switched["confirm"]["api"] is True
    assert acme.world.traefik.routed_to("acme") == "acme-green"
    assert switched["take_back"] == "ansible-playbook bluegreen.orchestrator.rollback --limit acme -e dry_run=false"
    assert [(gate["colour"], gate["passed"]) for gate in switched["gate"]] == [("green", True)]
    assert acme.public_colour() == "green"

    back = previewed(acme, target="previous")
    assert (back["active_before"], back["active_after"], back["previous"]) == ("green", "blue", None)
    assert acme.public_colour() == "blue"

    gone = previewed(acme, state="absent")
    assert gone["diff"][0]["after"] == ""
    assert not acme.file.exists()
    assert acme.public_colour() == ""
    assert acme.world.traefik.routed_to("acme") == ""
    assert [path.name for path in acme.world.staging_dir.iterdir()] == ["acme.lock"]


def test_a_rollback_needs_nothing_but_the_site(acme: Switching) -> None:
    acme.ok()
    acme.ok(target="green")
    bare = {"colours": None, "hosts": None, "entrypoints": None}
    result = acme.ok(target="previous", **bare)
    assert result["active_after"] == "blue"
    assert yaml.safe_load(acme.file.read_text())["http"]["routers"]["acme"]["entryPoints"] == ["web"]
    assert acme.public_colour() == "blue"


def test_idle_switches_at_every_run(acme: Switching) -> None:
    acme.ok()
    assert [acme.ok(target="idle")["active_after"] for _ in range(3)] == ["green", "blue", "green"]


def test_a_drifted_file_is_put_right(acme: Switching) -> None:
    acme.ok()
    wanted = acme.file.read_text()
    acme.file.write_text(wanted.replace("http://127.0.0.1", "http://localhost"))
    result = previewed(acme)
    assert acme.file.read_text() == wanted
    assert result["summary"] == "acme: route updated, blue serves as before"
    assert result["visible_ms"] is None, "the old route answers with the same colour"


def test_an_update_that_traefik_does_not_load_is_not_proven_by_the_old_route(acme: Switching, world: World) -> None:
    """A key in a tls section that only Traefik knows to be wrong; the colour stays, so the old route answers with it."""
    acme.ok()
    before = acme.file.read_text()
    (world.dynamic_dir / "odd.yml").write_text("tls:\n  options:\n    foo: {nonsense: 1}\n")
    confirm = {**acme.options["confirm"], "timeout": 1.0}
    for changes, part in (
        ({"hosts": [acme.host, "other.localhost"]}, "another rule"),
        ({"priority": 77}, "another priority"),
        ({"entrypoints": ["websecure"], "confirm": {"api_url": confirm["api_url"], "timeout": 1.0}}, "another entry points"),
        ({"colours": {**acme.options["colours"], "green": [world.site("globex", "green").url]}}, "other servers of acme-green"),
    ):
        message = acme.refused(**{"confirm": confirm, **changes})
        assert part in message
        assert "It was taken back" in message
        assert acme.file.read_text() == before


def test_owner_and_mode_of_the_file_are_kept(acme: Switching) -> None:
    """Traefik may run as another user, and one file that it cannot read stops the whole directory."""
    if os.getuid():
        pytest.skip("giving a file to another user needs root")
    acme.ok()
    os.chown(acme.file, 12345, 54321)
    acme.file.chmod(0o640)
    acme.ok(target="green")
    found = acme.file.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 54321, 0o640)


def test_who_may_only_read_can_preview_and_is_told(acme: Switching) -> None:
    if os.getuid():
        pytest.skip("becoming another user needs root")
    acme.ok()
    for folder in acme.world.dynamic_dir.parents:
        if "pytest-" in str(folder):
            folder.chmod(0o755)
    message = acme.refused(target="green", before=AS_NOBODY)
    assert "is not writable for this user" in message
    preview = acme.ok(check=True, target="green", before=AS_NOBODY)
    assert preview["changed"] is True
    assert f"could preview, but not apply: {message}" in str(preview["warnings"])
    # As this collection makes it.
    acme.world.staging_dir.chmod(0o700)
    preview = acme.ok(check=True, target="green", before=AS_NOBODY)
    assert "whether a colour is in work cannot be seen: " in str(preview["warnings"])
    place: dict[str, Any] = {"site": acme.site, "dynamic_dir": str(acme.world.dynamic_dir), "staging_dir": str(acme.world.staging_dir)}
    seen = acme.run(module="bluegreen_switch_info", before=AS_NOBODY, **place)["sites"][0]
    assert (seen["exists"], seen["active"], seen["claim"]) == (True, "blue", None)
    assert "acme.claim cannot be read (Permission denied)" in seen["problem"]
    acme.file.chmod(0o600)
    seen = acme.run(module="bluegreen_switch_info", before=AS_NOBODY, **place)["sites"][0]
    assert seen["exists"], "what cannot be read is there"
    assert "acme.yml cannot be read (Permission denied)" in seen["problem"]


def test_https_with_a_certificate_that_is_checked(acme: Switching) -> None:
    traefik = acme.world.traefik
    confirm = {
        "api_url": traefik.api_url,
        "public_url": f"https://{acme.host}/",
        "connect_to": f"127.0.0.1:{traefik.websecure_port}",
        "ca_path": str(traefik.ca_file),
    }
    previewed(acme, entrypoints=["websecure"], tls={"enabled": True}, confirm=confirm)
    message = acme.refused(target="green", entrypoints=["websecure"], tls={}, confirm={**confirm, "ca_path": None, "timeout": 0.5})
    assert "the TLS certificate is not valid" in message
    assert "It was taken back: blue serves as before" in message


def test_two_servers_of_a_colour_are_both_gated(acme: Switching, world: World) -> None:
    extra = world.site("globex", "green").url
    colours = {**acme.options["colours"], "green": [acme.options["colours"]["green"][0], extra]}
    acme.ok(colours=colours)
    assert len(acme.ok(colours=colours, target="green")["gate"]) == 2
    world.site("globex", "green").behave(sick="database is down")
    acme.ok(colours=colours, target="blue")
    assert f"{extra}/health: status 503 instead of 200" in acme.refused(colours=colours, target="green")


def test_new_servers_of_the_colour_that_serves_are_gated_too(acme: Switching, world: World) -> None:
    acme.ok()
    before = acme.file.read_text()
    world.site("globex", "blue").behave(sick="no database")
    colours = {**acme.options["colours"], "blue": [world.site("globex", "blue").url]}
    assert "blue does not pass its gate" in acme.refused(colours=colours)
    assert acme.file.read_text() == before


def test_middlewares_must_be_there(acme: Switching, world: World) -> None:
    (world.dynamic_dir / "middlewares.yml").write_text("http:\n  middlewares:\n    short: {stripPrefix: {prefixes: [/x]}}\n")
    acme.ok(middlewares=["short"])
    assert "middlewares: Traefik has no middleware 'nonsense'" in acme.refused(middlewares=["nonsense"])
    assert "entrypoints: 'nonsense' is not one of this Traefik's" in acme.refused(entrypoints=["nonsense"])


def test_a_soak_watches_what_the_public_gets(acme: Switching, world: World) -> None:
    acme.ok()
    with world.load("acme", workers=4, rate=200) as load:
        result = acme.ok(target="green", soak={"seconds": 1.5, "metrics_url": world.traefik.metrics_url, "interval": 0.1})
    assert result["soak"]["verdict"] == "passed"
    assert result["soak"]["requests"] > 100
    assert result["soak"]["errors"] == 0
    assert result["soak"]["probes"] > 5
    assert load.snapshot().failed == 0


def test_errors_before_the_switch_do_not_count(acme: Switching, world: World) -> None:
    acme.ok(target="green")
    world.site("acme", "green").behave(error_ratio=1.0)
    for _ in range(50):
        http("GET", f"{world.traefik.web_url}/", host=acme.host)
    world.site("acme", "green").heal()
    acme.ok(target="blue")
    with world.load("acme", workers=2, rate=100):
        seen = acme.ok(target="green", soak={"seconds": 0.6, "metrics_url": world.traefik.metrics_url})["soak"]
    assert (seen["errors"], seen["verdict"]) == (0, "passed")
    assert seen["requests"] >= 20


def test_a_file_that_traefik_does_not_follow_is_not_called_converged(acme: Switching, world: World) -> None:
    acme.ok()
    (world.dynamic_dir / "neighbour.yml").write_text("a: [")
    acme.file.write_text(acme.file.read_text().replace("service: acme-blue", "service: acme-green"))
    confirm = {**acme.options["confirm"], "timeout": 0.5}
    for check in (True, False):
        message = acme.refused(check=check, target="active", confirm=confirm)
        assert "says green, but Traefik does not follow it" in message


def info(acme: Switching, **options: Any) -> dict[str, Any]:
    given = {"dynamic_dir": str(acme.world.dynamic_dir), "staging_dir": str(acme.world.staging_dir), "gate": {"path": "/health"}}
    return acme.ok(module="bluegreen_switch_info", **{**given, "confirm": {"api_url": acme.world.traefik.api_url}, **options})


def test_info_tells_what_is(acme: Switching, world: World) -> None:
    assert info(acme)["sites"] == []
    assert info(acme, site="acme")["sites"][0]["exists"] is False
    acme.ok()
    acme.ok(target="green")
    world.site("acme", "blue").behave(sick="database is down")
    before = capture(world.roots)
    result = info(acme)
    assert first_change(before, capture(world.roots)) is None
    (site,) = result["sites"]
    assert (site["active"], site["previous"], site["serving"], site["in_step"]) == ("green", "blue", "green", True)
    assert (site["colours"]["blue"]["healthy"], site["colours"]["green"]["healthy"]) == (False, True)
    assert site["colours"]["blue"]["servers"][0]["reason"].startswith("status 503 instead of 200 (")
    assert site["last_change_age"] < 60
    assert result["directory"] == {"blocking_files": [], "unjudged_files": [], "default_certificate": True}


def test_info_sees_a_directory_that_is_stuck(acme: Switching, world: World) -> None:
    acme.ok()
    broken = world.dynamic_dir / "other.yml"
    broken.write_text("a: [")
    acme.file.write_text(acme.file.read_text().replace("service: acme-blue", "service: acme-green"))
    result = info(acme)
    assert [file["path"] for file in result["directory"]["blocking_files"]] == [str(broken)]
    (site,) = result["sites"]
    assert (site["active"], site["serving"], site["in_step"]) == ("green", "blue", False)


def test_info_on_a_file_that_is_not_ours(acme: Switching) -> None:
    acme.file.write_text("http:\n  routers:\n    acme: {rule: 'Path(`/`)', service: x}\n")
    assert info(acme)["sites"] == []
    assert "was not written by bluegreen_switch" in info(acme, site="acme")["sites"][0]["problem"]


def test_info_refuses_bad_options(acme: Switching) -> None:
    given = {"dynamic_dir": str(acme.world.dynamic_dir)}
    for changes, said in (
        ({"site": "../x"}, "site: '../x' is not a site name"),
        ({"dynamic_dir": "/nowhere"}, "dynamic_dir: '/nowhere' is not a directory"),
        ({"confirm": {"api_url": "x"}}, "confirm.api_url: 'x' is not an http"),
        ({"gate": {"path": "x"}}, "gate.path: 'x' does not start"),
    ):
        assert said in acme.refused(module="bluegreen_switch_info", **{**given, **changes})


def test_a_result_holds_what_its_documentation_promises(acme: Switching) -> None:
    acme.ok()
    result = acme.ok(target="green", soak={"seconds": 0.1})
    text = (ROOT / "plugins" / "modules" / "bluegreen_switch.py").read_text()
    documented = yaml.safe_load(text.split('RETURN = r"""')[1].split('"""')[0])
    promised = {name for name, entry in documented.items() if entry["returned"] in ("always", "when a plan could be made")}
    assert promised <= result.keys()
    own = result.keys() - {"changed", "diff", "invocation", "warnings", "failed"}
    assert own <= documented.keys()
    for name in promised:
        if isinstance(documented[name].get("sample"), dict):
            assert documented[name]["sample"].keys() == result[name].keys(), name
    assert json.dumps(result)
