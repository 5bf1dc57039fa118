# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chatwoot_tenant inside Ansible's worker and shipped: every case both ways, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.chatwoot import ChatwootStandIn
from tests.integration.desk import Chatwoot, Desk
from tests.integration.test_in_worker import CANARY, Ways, task


@pytest.fixture
def ways(tmp_path: Path) -> Ways:
    return Ways(tmp_path)


def given(desk: Desk, **options: Any) -> dict[str, Any]:
    """The options of a task; what is None is left out."""
    whole = {"tenant": desk.tenant, "url": desk.chatwoot.url, "platform_token_file": str(desk.chatwoot.token_file), **options}
    return {key: value for key, value in whole.items() if value is not None}


def test_what_is_refused_before_anything_is_asked(ways: Ways, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a-token")
    place = {"tenant": "acme", "name": "A", "url": "http://127.0.0.1:1", "platform_token_file": str(token)}
    found = ways.both(
        [
            task("chatwoot_tenant"),
            task("chatwoot_tenant", **place, colour="blue"),
            task("chatwoot_tenant", **place, status="frozen"),
            task("chatwoot_tenant", **place, agents=[{"name": "x"}]),
            task("chatwoot_tenant", **place, agents=[{"email": "a@b.example", "role": "king"}]),
            task("chatwoot_tenant", **place, inboxes=[{"name": "x", "colour": "red"}]),
            task("chatwoot_tenant", **place, wait_seconds="long"),
            task("chatwoot_tenant", **{**place, "tenant": "Acme"}),
            task("chatwoot_tenant", **place, limits={"sites": 3}),
            task("chatwoot_tenant", **place, features={"macros": "false"}),
            task("chatwoot_tenant", **place, bot={"name": "b", "url": f"https://bob:{CANARY}@bots.example"}),
            task("chatwoot_tenant", **{**place, "url": f"https://bob:{CANARY}@chat.example"}),
            task("chatwoot_tenant", **place, platform_token=CANARY),
            task("chatwoot_tenant", **place, admin_token=f"{CANARY} {CANARY}"),
            task("chatwoot_tenant", **place),
            task("chatwoot_tenant", **place, server_to_come=True),
            task("chatwoot_tenant", **place, bot_status="suspended"),
            task("chatwoot_tenant", **place, bot_reason="quota"),
            task(
                "chatwoot_tenant", tenant="acme", url="http://127.0.0.1:1", account_id=7, admin_token=CANARY, name="A", limits={"agents": 3}
            ),
            task("chatwoot_tenant", tenant="acme", url="http://127.0.0.1:1", account_id=7, admin_token=CANARY, bot=None),
            task("chatwoot_tenant_info", url="http://127.0.0.1:1", platform_token=CANARY),
            task("chatwoot_tenant_info", url="http://127.0.0.1:1", account_id=7, admin_token=CANARY, tenants=["acme"]),
            task("chatwoot_tenant_info", url="http://127.0.0.1:1", server=True),
            task("chatwoot_tenant_info", url="http://127.0.0.1:1", platform_token=CANARY, month="May"),
        ]
    )
    assert all(result.get("failed") for result in found)


def test_previews_and_what_is_as_it_should_be(ways: Ways, desk: Desk, chatwoot: Chatwoot, stand_in: ChatwootStandIn) -> None:
    desk.ok(**desk.options)
    other = Desk(chatwoot, f"{desk.tenant}b")
    for check in (True, False):
        mark = desk.mark()
        found = ways.both(
            [
                task("chatwoot_tenant", **given(desk, **desk.options)),
                task("chatwoot_tenant", **given(desk, **{**desk.options, "limits": {"agents": 1}})),
                task("chatwoot_tenant", **given(desk, state="absent", confirm_name="no")),
                task("chatwoot_tenant", **given(other, state="absent")),
                task("chatwoot_tenant_info", **given(desk, tenant=None, inside=True, server=True)),
                *([task("chatwoot_tenant", **given(desk, bot_status="suspended", bot_reason="quota"))] if check else []),
                *([task("chatwoot_tenant", **given(other, **other.options))] if check else []),
            ],
            check_mode=check,
        )
        assert desk.writes(mark) == []
        assert [result.get("changed") for result in found[:1]] == [False]
        assert ["failed" in result and result["failed"] for result in found[:5]] == [False, True, True, False, False]
        assert len(found) == 5 or (found[5]["changed"] and found[6]["changed"])
        assert found[4]["server"]["queue_services"] == "ok"
    assert all(user["token"] not in str(found) for user in stand_in.state()["users"].values())


@pytest.mark.parametrize("in_worker", [True, False])
def test_an_apply(ways: Ways, desk: Desk, in_worker: bool) -> None:
    tasks = [task("chatwoot_tenant", **given(desk, **desk.options))]
    (preview,) = ways.results(tasks, in_worker=in_worker, check_mode=True)
    (applied,) = ways.results(tasks, in_worker=in_worker)
    (again,) = ways.results(tasks, in_worker=in_worker)
    assert applied["changed"]
    assert preview["digest"] == applied["digest"]
    assert not again["changed"]
