# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preview of the idle colour on the real Traefik: who sees it, who does not, and what nobody may read."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.world import World
from tests.harness import Ansible
from tests.integration.switching import Switching, previewed

HOST = "preview.acme.localhost"
SECRET = "canary-c0ffee-0451"
OTHER_SECRET = "canary-c0ffee-0452"


@pytest.fixture
def acme(world: World) -> Iterator[Switching]:
    with Switching(world) as made:
        made.ok()
        yield made


@pytest.fixture
def users(world: World) -> Path:
    """A file of users with a password that openssl made."""
    file = world.directory / "users"
    hashed = subprocess.run(["openssl", "passwd", "-apr1", "-stdin"], input="look\n", capture_output=True, text=True, check=True)
    file.write_text(f"anna:{hashed.stdout}")
    return file


def login(password: str) -> str:
    return "Basic " + base64.b64encode(f"anna:{password}".encode()).decode()


def test_by_host_from_named_addresses(acme: Switching) -> None:
    made = previewed(acme, preview={"host": HOST, "source_ranges": ["127.0.0.0/8"]})
    assert made["summary"] == "acme: route updated, blue serves as before"
    assert made["preview"] == {"colour": "green", "host": HOST, "header": None}
    assert (made["gate"], made["take_back"]) == ([], None)
    seen = acme.visit(host=HOST)
    assert (seen.status, seen.colour, seen.headers["x-robots-tag"]) == (200, "green", "noindex, nofollow")
    public = acme.visit()
    assert public.colour == "blue"
    assert "x-robots-tag" not in public.headers

    acme.ok(target="green")
    assert acme.visit(host=HOST).colour == "blue", "the preview follows the idle colour"

    previewed(acme, preview={"host": HOST, "source_ranges": ["192.0.2.0/24", "2001:db8::/32"]})
    refused = acme.visit(host=HOST)
    assert (refused.status, refused.colour, refused.headers["x-robots-tag"]) == (403, "", "noindex, nofollow")

    assert previewed(acme, preview={"enabled": False})["preview"] is None
    assert acme.visit(host=HOST).status == 404
    assert "preview" not in acme.file.read_text()


def test_a_forwarded_address_is_not_believed(acme: Switching) -> None:
    """Traefik compares the address that connects: a header must not open the preview."""
    acme.ok(preview={"host": HOST, "source_ranges": ["192.0.2.0/24"]})
    assert acme.visit(host=HOST, X_Forwarded_For="192.0.2.7", X_Real_Ip="192.0.2.7").status == 403


def test_traefiks_own_priority_is_the_length_of_the_rule_in_bytes(acme: Switching) -> None:
    """Ours are steps above it; in letters they would be below it where a rule has other letters than English ones."""
    acme.ok(hosts=None, rule="Host(`acme.localhost`) && !Path(`/éééééé`)", preview={"host": HOST, "source_ranges": ["127.0.0.1"]})
    own, ours = (acme.world.traefik.api(f"/api/http/routers/{name}@file")["priority"] for name in ("acme", "acme-preview"))
    assert ours == own + 3


def test_by_password(acme: Switching, users: Path) -> None:
    previewed(acme, preview={"host": HOST, "users_file": str(users)})
    assert acme.visit(host=HOST).status == 401
    assert acme.visit(host=HOST, Authorization=login("wrong")).status == 401
    assert acme.visit(host=HOST, Authorization=login("look")).colour == "green"
    assert users.read_text().split(":")[1].strip() not in acme.file.read_text(), "no hash stands in the site's file"


def test_a_users_file_that_traefik_cannot_read_is_taken_back(acme: Switching, world: World) -> None:
    before = acme.file.read_text()
    preview = {"host": HOST, "users_file": str(world.directory / "not-there")}
    assert "not-there cannot be read here" in str(acme.ok(check=True, preview=preview)["warnings"])
    result = acme.run(preview=preview, confirm={**acme.options["confirm"], "timeout": 1.0})
    assert "Traefik disabled the router acme-preview: open " in result["msg"]
    assert "It was taken back: blue serves as before." in result["msg"]
    assert acme.file.read_text() == before


def test_by_header(acme: Switching) -> None:
    previewed(acme, preview={"header": "X-Preview", "value": SECRET})
    assert acme.visit(X_Preview=SECRET).colour == "green"
    assert acme.visit(X_Preview=SECRET).headers["x-robots-tag"] == "noindex, nofollow"
    for value in (SECRET[:-1], "", SECRET.upper()):
        assert acme.visit(X_Preview=value).colour == "blue"


def test_both_guards_and_a_canary(acme: Switching, users: Path) -> None:
    """A preview always shows the idle colour, whoever else sees it by a canary."""
    previewed(acme, preview={"header": "X-Preview", "value": SECRET, "users_file": str(users)}, canary={"weight": 1})
    assert {acme.visit(X_Preview=SECRET, Authorization=login("look")).colour for _ in range(20)} == {"green"}
    assert acme.visit(X_Preview=SECRET).status == 401


def test_a_preview_of_a_sick_colour_is_what_it_is_for(acme: Switching) -> None:
    acme.world.site("acme", "green").behave(sick="no database")
    previewed(acme, preview={"host": HOST, "source_ranges": ["127.0.0.1"]})
    assert acme.visit(host=HOST).status == 503


def test_a_secret_is_masked_wherever_it_could_be_read(acme: Switching) -> None:
    made = acme.run(preview={"header": "X-Preview", "value": SECRET})
    assert SECRET in acme.file.read_text(), "Traefik must know it"
    assert "Header(`X-Preview`, `********`)" in made["diff"][0]["after"]
    changed = acme.run(preview={"header": "X-Preview", "value": OTHER_SECRET})
    assert "Header(`X-Preview`, `******** (changed)`)" in changed["diff"][0]["after"]
    # Kept from the file, where Ansible does not know that it is secret.
    kept = acme.run(check=True, hosts=["acme.localhost", "www.acme.localhost"])
    drifted = acme.file.read_text().replace("priority: ", "priority: 1")
    acme.file.write_text(drifted)
    fixed = acme.run(check=True)
    refused = acme.run(preview={"header": "X-Preview", "value": SECRET + "`"})
    info = acme.run(
        module="bluegreen_switch_info",
        dynamic_dir=str(acme.world.dynamic_dir),
        staging_dir=str(acme.world.staging_dir),
        confirm={"api_url": acme.world.traefik.api_url},
    )
    assert info["sites"][0]["preview"] == {"colour": "green", "host": None, "header": "X-Preview"}
    assert kept["changed"]
    assert fixed["changed"]
    assert "preview.value: it is missing, shorter than 16" in refused["msg"]
    for result in (made, changed, kept, fixed, refused, info):
        assert SECRET not in json.dumps(result)
        assert OTHER_SECRET not in json.dumps(result)


@pytest.mark.parametrize("value", [SECRET, "short", f"{SECRET} `", f"{SECRET}\n"])
def test_the_playbook_prints_no_value(world: World, ansible: Ansible, value: str) -> None:
    preview = {"bluegreen_preview": {"enabled": True, "header": "X-Preview", "value": value}}
    variables = {"dry_run": False, "bluegreen_soak": {"seconds": 0}, **preview}
    run = ansible.run("bluegreen.orchestrator.bluegreen", limit="acme", extra_vars=variables, arguments=("-vvv",))
    assert (run.returncode == 0) is (value == SECRET), run.words()
    assert SECRET not in run.output
    logs = [path for path in world.directory.rglob("*") if path.is_file() and path.name != "acme.yml"]
    assert [path for path in logs if SECRET.encode() in path.read_bytes()] == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "preview: neither host nor header is given"),
    ({"host": HOST, "header": "X-Preview"}, "preview: host and header are both given"),
    ({"host": HOST}, f"preview: {HOST} would be open to everybody"),
    ({"host": "a b", "source_ranges": ["127.0.0.1"]}, "preview.host: 'a b' is not a host name"),
    ({"host": "acme.localhost", "source_ranges": ["127.0.0.1"]}, "preview.host: acme.localhost is a host name of the site itself"),
    ({"host": HOST, "value": SECRET}, "preview.value: it belongs to preview.header"),
    ({"header": "X-Preview"}, "preview.value: it is missing"),
    ({"header": "X-Preview", "value": "guess-me"}, "shorter than 16 characters"),
    ({"header": "X Preview", "value": SECRET}, "preview.header: 'X Preview' is not a header's name"),
    ({"host": HOST, "users_file": "users"}, "preview.users_file: "),
    ({"host": HOST, "users_file": "/{{ x }}"}, "is not a plain absolute path"),
    ({"host": HOST, "source_ranges": ["0.0.0.0/0"]}, "preview.source_ranges: 0.0.0.0/0 holds everybody"),
    ({"host": HOST, "source_ranges": ["office"]}, "preview.source_ranges: 'office' is not an address or network"),
]


@pytest.mark.parametrize(("preview", "said"), REFUSED)
def test_what_makes_no_sense_is_refused_in_one_sentence(acme: Switching, preview: dict[str, Any], said: str) -> None:
    message = acme.refused(check=True, preview=preview)
    assert said in message
    assert acme.refused(preview=preview) == message
