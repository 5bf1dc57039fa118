# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chatwoot_tenant before there is a Chatwoot: the first preview says what the apply does once the same run has made one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.chatwoot import ChatwootStandIn
from tests.integration.desk import Desk

COMPARED = ("changed", "diff", "actions", "digest", "status", "inside")


def first_preview(desk: Desk, **options: Any) -> dict[str, Any]:
    """The preview of a Chatwoot that is to come; one warning says that it is one."""
    preview = desk.ok(check=True, server_to_come=True, **options)
    (said,) = preview["warnings"]
    assert "so this is the plan of a new account in a new Chatwoot" in said
    assert preview["requests"] == {"GET": 1}
    return preview


def test_the_first_preview_is_what_the_first_apply_does(desk: Desk, stand_in: ChatwootStandIn, tmp_path: Path) -> None:
    stand_in.stop()
    # Its token comes with it.
    try:
        preview = first_preview(desk, **desk.options, platform_token_file=str(tmp_path / "to_come"))
    finally:
        stand_in.start()
    there = desk.ok(check=True, server_to_come=True, **desk.options)
    applied = desk.ok(server_to_come=True, **desk.options)
    for key in COMPARED:
        assert preview[key] == there[key] == applied[key], key
    assert (there["warnings"], applied["warnings"]) == ([], [])
    desk.settled(server_to_come=True, **desk.options)


@pytest.mark.parametrize(
    ("status", "text"),
    [(404, "404 page not found"), (502, "Bad Gateway"), (503, "no available server"), (200, "<html>Welcome to nginx!</html>")],
)
def test_what_stands_before_it_answers_in_its_place(desk: Desk, stand_in: ChatwootStandIn, status: int, text: str) -> None:
    plain = desk.ok(check=True, **desk.options)
    stand_in.behave(instead=[{"match": "GET /api$", "status": status, "text": text}])
    preview = first_preview(desk, **desk.options)
    assert {key: preview[key] for key in COMPARED} == {key: plain[key] for key in COMPARED}
    assert stand_in.writes() == []


def test_other_ways_in_which_nothing_is_there(desk: Desk, stand_in: ChatwootStandIn) -> None:
    first_preview(desk, **desk.options, url="http://chat.agency.invalid")
    first_preview(desk, **desk.options, url=stand_in.url.replace("http:", "https:"))
    stand_in.behave(frozen_seconds=3)
    first_preview(desk, **desk.options, request_timeout=0.3)


def test_where_it_is_there_it_is_asked(desk: Desk) -> None:
    desk.ok(**desk.options)
    desk.settled(server_to_come=True, **desk.options)
    token = {"platform_token_file": None, "platform_token": "canary-c0ffee-0451"}
    said = desk.refused(check=True, server_to_come=True, name="A", **token)
    assert "platform_token is no token of a platform app (401)" in said
    assert "canary-c0ffee-0451" not in said
