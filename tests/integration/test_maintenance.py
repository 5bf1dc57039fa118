# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The maintenance page on the real Traefik, served by a real nginx."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.server import ProgramMissingError
from lab.world import World
from tests.harness.ansible import ROOT
from tests.integration.conftest import skip_or_fail
from tests.integration.faults import DIE_AT_STEP, under_load
from tests.integration.page import HTML, SERVER, Page
from tests.integration.switching import Switching, previewed


@pytest.fixture
def acme(world: World) -> Iterator[Switching]:
    with Switching(world) as made:
        made.ok()
        yield made


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    try:
        with Page(tmp_path) as started:
            yield started
    except ProgramMissingError as missing:
        skip_or_fail(missing)


def test_on_and_off(acme: Switching, page: Page) -> None:
    before = acme.file.read_text()
    on = previewed(acme, maintenance={"servers": [page.url]})
    assert on["summary"] == "acme: shows the maintenance page, blue keeps running behind it"
    assert on["maintenance"] is True
    assert on["actions"] == [f"ask {page.url} for the maintenance page", f"update {acme.file}", "prove it"]
    assert (
        on["take_back"] == "ansible-playbook bluegreen.orchestrator.maintenance -e bluegreen_maintenance=off --limit acme -e dry_run=false"
    )
    for path in ("/", "/shop/cart?x=1", "/wp-login.php"):
        seen = acme.visit(path)
        assert (seen.status, seen.headers["retry-after"], seen.colour) == (503, "600", ""), path
        assert seen.body == HTML, path

    off = previewed(acme, maintenance={"enabled": False})
    assert off["summary"] == "acme: maintenance ended, blue serves again"
    assert [gate["colour"] for gate in off["gate"]] == ["blue"], "visitors come back to it"
    assert acme.file.read_text() == before
    assert acme.visit().colour == "blue"


def test_the_server_of_the_runbook_is_the_one_tested_here() -> None:
    found = re.search(r"```nginx\n(.*?)```", (ROOT / "docs" / "runbooks" / "visitors.md").read_text(), re.DOTALL)
    assert found
    address, folder = "127.0.0.1:8090", "/srv/maintenance/acme"
    assert found[1] == SERVER.format(
        address=address, where="/", status=503, errors="503 404 =503", folder=folder, header="add_header Retry-After 600 always;"
    )


def test_who_is_on_the_list_sees_the_site(acme: Switching, page: Page) -> None:
    previewed(acme, maintenance={"servers": [page.url], "allow": ["127.0.0.0/8"]})
    assert acme.visit().colour == "blue"
    previewed(acme, maintenance={"servers": [page.url], "allow": ["192.0.2.0/24", "2001:db8::1"]})
    assert acme.visit().status == 503
    assert acme.visit(X_Forwarded_For="192.0.2.7").status == 503, "a header must not open it"


def test_the_pages_own_path_is_answered_like_any_other(acme: Switching, page: Page) -> None:
    acme.ok(maintenance={"servers": [page.url]})
    seen = acme.visit("/.maintenance.html")
    assert (seen.status, seen.headers["retry-after"], seen.body) == (503, "600", HTML)


def test_under_load_only_what_the_page_answers_on_purpose(acme: Switching, page: Page) -> None:
    """Every request is answered: by the site or, in between, by the page. The load counts a 503 as failed, so each must say so."""
    with acme.world.load("acme", workers=4, rate=300) as load:
        for _ in range(3):
            acme.ok(maintenance={"servers": [page.url]})
            acme.ok(maintenance={"enabled": False}, soak={"seconds": 0.2})
    seen = load.snapshot()
    assert 0 < seen.failed < seen.requests
    assert {failure.reason.partition(":")[0] for failure in seen.failures} == {"status 503"}
    assert all("We are back at noon" in failure.reason for failure in seen.failures)


def test_the_page_stays_through_a_switch_and_a_rollback(acme: Switching, page: Page) -> None:
    acme.ok(maintenance={"servers": [page.url]})
    switched = previewed(acme, target="green")
    assert (switched["maintenance"], switched["visible_ms"]) == (True, None)
    assert previewed(acme, target="previous")["maintenance"] is True
    assert acme.visit().status == 503
    acme.ok(target="green", maintenance={"enabled": False})
    assert acme.visit().colour == "green"


def test_an_end_that_fails_its_soak_shows_the_page_again(acme: Switching, page: Page) -> None:
    acme.ok(maintenance={"servers": [page.url]})
    before = acme.file.read_text()
    sicken = """
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Lock
def step(self, name, real=Lock.step):
    real(self, name)
    if name == 'soaking':
        _gate.probe = lambda *_given: 'it fell sick'
Lock.step = step
"""
    message = acme.refused(maintenance={"enabled": False}, soak={"seconds": 5}, before=sicken)
    assert message.endswith("It was taken back: visitors see the maintenance page, as before.")
    assert acme.file.read_text() == before
    assert acme.visit().status == 503


def test_a_sick_colour_stays_behind_the_page(acme: Switching, page: Page) -> None:
    acme.ok(maintenance={"servers": [page.url]})
    acme.world.site("acme", "blue").behave(sick="no database")
    assert "blue does not pass its gate" in acme.refused(maintenance={"enabled": False})
    assert acme.visit().status == 503


@pytest.mark.parametrize(("step", "status"), [("staging", 200), ("switching", 200), ("proving", 503)])
def test_kill_9_on_the_way_to_the_page(acme: Switching, page: Page, step: str, status: int) -> None:
    process = acme.start(maintenance={"servers": [page.url]}, before=DIE_AT_STEP.format(name=step))
    assert process.wait(30) == -signal.SIGKILL
    process.communicate()
    acme.world.traefik.await_routes(1 if status == 200 else 2)
    assert acme.visit().status == status
    assert acme.ok(maintenance={"servers": [page.url]})["changed"] is (status == 200)
    assert acme.visit().status == 503


def test_with_a_preview_and_a_canary(acme: Switching, page: Page) -> None:
    """Who previews sees the idle colour even now; the canary waits behind the page."""
    header = "0123456789abcdef"
    acme.ok(canary={"weight": 50}, preview={"header": "X-Preview", "value": header}, maintenance={"servers": [page.url]})
    assert acme.visit(X_Preview=header).colour == "green"
    assert "everybody who can log in on the server can read" in str(acme.ok(check=True)["warnings"])
    acme.file.chmod(0o640)
    assert "everybody" not in str(acme.ok(check=True).get("warnings"))
    assert {acme.visit().status for _ in range(5)} == {503}
    back = acme.ok(maintenance={"enabled": False})
    assert [gate["colour"] for gate in back["gate"]] == ["blue", "green"]
    assert {acme.visit().colour for _ in range(10)} == {"blue", "green"}


def test_under_load_a_switch_in_one_run_with_the_end_of_the_page(acme: Switching, page: Page) -> None:
    acme.ok(maintenance={"servers": [page.url], "allow": ["127.0.0.1"]})
    with under_load(acme):
        acme.ok(target="green", maintenance={"enabled": False}, soak={"seconds": 0.2})


@pytest.mark.parametrize(
    ("status", "retry_after", "where", "said"),
    [
        (404, 600, "/", "/ is not ready (status 404, with a Retry-After header)"),
        (500, 600, "/", "/ is not ready (status 500, with a Retry-After header)"),
        (503, 0, "/", "/ is not ready (status 503, without a Retry-After header)"),
        # All the rest of the site would be 404, and search engines would forget it.
        (503, 600, "= /", "/a/page/of-the-site is not ready (status 404, without a Retry-After header)"),
    ],
)
def test_a_page_that_does_not_say_later_is_refused(
    acme: Switching, tmp_path: Path, status: int, retry_after: int, where: str, said: str
) -> None:
    before = acme.file.read_text()
    try:
        page = Page(tmp_path, status=status, retry_after=retry_after, where=where)
        page.command()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    with page, acme.world.load("acme", workers=2, rate=100) as load:
        for check in (True, False):
            message = acme.refused(check=check, maintenance={"servers": [page.url]})
            assert f"the maintenance page at {page.url}{said}" in message
    assert load.snapshot().failed == 0
    assert acme.file.read_text() == before


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "maintenance.servers: none is given"),
    ({"servers": ["http://127.0.0.1:1"]}, "is not ready (connection refused: nothing listens there)"),
    ({"servers": ["127.0.0.1:1"]}, "maintenance.servers: '127.0.0.1:1' is not an http:// or https:// URL"),
    ({"servers": ["http://127.0.0.1:1/page"]}, "maintenance.servers: 'http://127.0.0.1:1/page' has a path"),
    ({"servers": ["http://127.0.0.1:1"], "allow": ["::/0"]}, "maintenance.allow: ::/0 holds everybody"),
    ({"servers": ["http://127.0.0.1:1"], "allow": ["me"]}, "maintenance.allow: 'me' is not an address or network"),
]


@pytest.mark.parametrize(("maintenance", "said"), REFUSED)
def test_what_makes_no_sense_is_refused_in_one_sentence(acme: Switching, maintenance: dict[str, Any], said: str) -> None:
    before = acme.file.read_text()
    message = acme.refused(check=True, maintenance=maintenance)
    assert said in message
    assert acme.refused(maintenance=maintenance) == message
    assert acme.file.read_text() == before
