# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How desks are told: their state, the marks of the quota, and what a month's conversations ask of the bot."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_status import STATES, bot_status, mark_of, row_of, words
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._desk_filters import desk_fleet, desk_quota, desk_status_words

SAID: dict[str, Any] = {"client": "acme", "plan": "pro", "administrator": {"email": "Desk@agency.example"}}
PEOPLE = [{"email": "desk@agency.example"}, {"email": "a@acme.example"}, {"email": "b@acme.example"}]
DESK = {"account_id": 3, "status": "active", "people": PEOPLE, "conversations": 1, "bot_suspended": None, "problems": []}
SERVER = {"version": "4.14.2", "data_services": "ok", "queue_services": "ok"}


def row(*, said: Any = SAID, desk: Any = DESK, server: Any = SERVER, **more: Any) -> dict[str, Any]:
    """The line of one desk."""
    return row_of("host", said, {"desks": [desk] if desk else [], "server": server, **more})


@pytest.mark.parametrize(
    ("used", "sold", "mark"),
    [
        *((used, 1000, 0) for used in (0, 1, 790, 799)),
        *((used, 1000, 80) for used in (800, 801, 949)),
        *((used, 1000, 95) for used in (950, 999)),
        *((used, 1000, 100) for used in (1000, 1001, 5000)),
        # 79.95 and 94.95 percent: what is rounded up elsewhere has not been reached.
        *((used, 2000, mark) for used, mark in ((1599, 0), (1600, 80), (1899, 80), (1900, 95), (1999, 95), (2000, 100))),
        (1, 1, 100),
        (0, 1, 0),
        (10**9, None, 0),
        (None, 1000, 0),
        (None, None, 0),
    ],
)
def test_which_mark_is_reached(used: int | None, sold: int | None, mark: int) -> None:
    assert mark_of(used, sold) == mark


# what chatwoot_tenant_info returned -> the state
STATE: list[tuple[str, dict[str, Any], str]] = [
    ("well", {"desks": [DESK], "server": SERVER}, "active"),
    ("nobody was asked", {}, "unread"),
    ("it failed", {"failed": True, "msg": "away"}, "unread"),
    ("it failed and says more", {"failed": True, "desks": [DESK]}, "unread"),
    ("no account", {"desks": [], "server": SERVER}, "not there"),
    ("locked", {"desks": [{**DESK, "status": "suspended"}], "server": SERVER}, "suspended"),
    ("the bot rests", {"desks": [{**DESK, "bot_suspended": "quota 2026-11"}], "server": SERVER}, "bot suspended"),
    ("a database fails", {"desks": [DESK], "server": {**SERVER, "data_services": "failing"}}, "failing"),
    ("the queue fails, and it is locked", {"desks": [{**DESK, "status": "suspended"}], "server": {"queue_services": "failing"}}, "failing"),
    ("nothing is said of the server", {"desks": [DESK]}, "active"),
    ("a server that does not say", {"desks": [DESK], "server": {"data_services": None}}, "active"),
]


@pytest.mark.parametrize(("result", "state"), [case[1:] for case in STATE], ids=[case[0] for case in STATE])
def test_the_state_of_a_desk(result: dict[str, Any], state: str) -> None:
    assert row_of("host", SAID, result)["state"] == state


def test_a_line_has_the_plan_beside_what_is_used() -> None:
    found = row(desk={**DESK, "conversations": 1899})
    told = [found[key] for key in ("desk", "host", "plan", "agents", "agents_sold", "percent", "mark", "version")]
    assert told == ["acme", "host", "pro", 2, 3, 94, 80, "4.14.2"]
    assert row(said={"plan": "pro"})["agents"] == 3, "nobody of them is known to be the agency's"
    assert row(said={"plan": "pro"})["desk"] == "host"
    assert row(desk={key: value for key, value in DESK.items() if key != "people"})["agents"] is None
    large = row(said={**SAID, "plan": "enterprise"})
    assert (large["agents_sold"], large["conversations_sold"], large["percent"], large["mark"]) == (None, None, None, 0)


def test_what_makes_no_sense_is_a_note_and_stops_nobody() -> None:
    odd = row(said={"plan": "gold", "plans_extra": None, "administrator": None}, desk={**DESK, "problems": ["one"]})
    assert (odd["plan"], odd["percent"], odd["mark"]) == (None, None, 0)
    assert odd["notes"][0].startswith("chatwoot_plan: 'gold' is no plan")
    assert odd["notes"][1] == "one"
    away = row_of("host", SAID, {"failed": True, "msg": "x" * 400})
    assert away["notes"] == ["x" * 300 + "…"]
    assert row_of("host", SAID, {})["notes"] == ["it was not asked"]
    for administrator in ("email=a@b.example", ["a"], 7, {"email": None}):
        assert row(said={**SAID, "administrator": administrator})["agents"] == 3


# conversations, plan, why the bot rests, state -> with warn, with suspend_bot
BOT: list[tuple[str, int | None, str | None, str | None, str, dict[str, str], dict[str, str]]] = [
    ("below", 1999, "pro", None, "active", {}, {}),
    ("at the limit", 2000, "pro", None, "active", {}, {"bot_status": "suspended", "bot_reason": "quota 2026-11"}),
    ("a database fails beside", 2000, "pro", None, "failing", {}, {"bot_status": "suspended", "bot_reason": "quota 2026-11"}),
    (
        "rests already, or was killed when it was noted",
        *(2000, "pro", "quota 2026-11", "bot suspended"),
        *({"bot_status": "active"}, {"bot_status": "suspended", "bot_reason": "quota 2026-11"}),
    ),
    (
        "rests since last month, and is over again",
        *(2000, "pro", "quota 2026-10", "bot suspended"),
        *({"bot_status": "active"}, {"bot_status": "suspended", "bot_reason": "quota 2026-10"}),
    ),
    ("a new month", 3, "pro", "quota 2026-10", "bot suspended", {"bot_status": "active"}, {"bot_status": "active"}),
    ("a larger plan", 2000, "enterprise", "quota 2026-11", "bot suspended", {"bot_status": "active"}, {"bot_status": "active"}),
    ("by hand", 2000, "pro", "it answers nonsense", "bot suspended", {}, {}),
    ("by hand, and below", 3, "pro", "it answers nonsense", "bot suspended", {}, {}),
    ("by hand, with a word like ours", 3, "pro", "quotation mistakes", "bot suspended", {}, {}),
    ("by hand, and begins like ours", 3, "pro", "quota talks with the client", "bot suspended", {}, {}),
    ("by hand, with our word alone", 3, "pro", "quota", "bot suspended", {}, {}),
    ("unlimited", 10**6, "enterprise", None, "active", {}, {}),
    ("not counted", None, "pro", "quota 2026-11", "bot suspended", {}, {}),
    ("locked", 2000, "pro", None, "suspended", {}, {}),
    ("not read", None, "pro", None, "unread", {}, {}),
    ("not there", None, "pro", None, "not there", {}, {}),
    ("no plan that is one", 10**6, "gold", "quota 2026-10", "bot suspended", {}, {}),
]


@pytest.mark.parametrize(("used", "plan", "reason", "state", "warn", "suspend"), [case[1:] for case in BOT], ids=[case[0] for case in BOT])
def test_what_the_quota_asks_of_the_bot(
    used: int | None, plan: str | None, reason: str | None, state: str, warn: dict[str, str], suspend: dict[str, str]
) -> None:
    found = {**row(said={**SAID, "plan": plan}, desk={**DESK, "conversations": used, "bot_suspended": reason}), "state": state}
    assert bot_status(found, "warn", "2026-11") == desk_quota(found, "warn", "2026-11") == warn
    assert bot_status(found, "suspend_bot", "2026-11") == desk_quota(found, "suspend_bot", "2026-11") == suspend


def test_a_choice_that_is_none() -> None:
    with pytest.raises(AnsibleFilterError, match="chatwoot_over_quota: 'stop' is no choice; write warn or suspend_bot"):
        desk_quota(row(), "stop", "2026-11")


def test_who_needs_somebody_comes_first() -> None:
    rows = [{**row(), "state": state, "desk": state} for state in reversed(STATES)]
    rows += [{**row(desk={**DESK, "conversations": used}), "desk": f"used {used}"} for used in (3, 1900, 1950)]
    table = words(rows, "2026-11")[0]
    assert table["title"] == "Support desks (9)"
    assert [line[0] for line in table["rows"]] == [*[*STATES][:-1], "used 1950", "used 1900", "active", "used 3"]
    assert [line[5] for line in table["rows"]][-4:] == ["95 %", "95 %", "-", "-"]


def test_what_is_to_be_done_is_said() -> None:
    crowd = [*PEOPLE, {"email": "c@acme.example"}, {"email": "d@acme.example"}]
    over = row(desk={**DESK, "conversations": 2000, "people": crowd, "bot_suspended": "quota 2026-11"})
    near = {**row(desk={**DESK, "conversations": 1600}), "desk": "near"}
    table, notes = desk_status_words([near, over], "2026-11")
    assert table["rows"][0] == ["acme", "pro", "bot suspended", "4 of 3", "2,000 of 2,000 (100 %)", "over", "4.14.2"]
    assert table["rows"][1][3:6] == ["2 of 3", "1,600 of 2,000 (80 %)", "80 %"]
    assert notes["lines"] == [
        "acme: has had all 2,000 conversations of its plan; nobody is cut off: sell a larger plan",
        "acme: has 4 agents, and its plan 3; take some out, or sell a larger plan",
        "acme: its bot is suspended (quota 2026-11); people answer",
        "near: is at 80 % of its conversations; tell the client, or sell a larger plan",
    ]
    unlimited = words([row(said={**SAID, "plan": "enterprise"})], "2026-11")
    assert len(unlimited) == 1
    assert unlimited[0]["rows"][0][3:6] == ["2 of unlimited", "1 of unlimited", "-"]
    assert words([], "2026-11") == [{"title": "Support desks", "lines": ["none"]}]
    assert words([row(desk=None)], "2026-11")[0]["rows"][0][3:6] == ["-", "-", "-"]


def test_the_fleet_reads_of_a_host_what_the_status_needs_and_no_secret() -> None:
    hosts = {
        "a": {
            "chatwoot_client": "acme",
            "chatwoot_plan": "pro",
            "chatwoot_result": {"desks": [DESK]},
            "chatwoot_platform_token": "very-secret",
        },
        "b": {"chatwoot_result": None},
        "c": {"chatwoot_plan": 7, "chatwoot_administrator": "a=b", "chatwoot_plans_extra": "x", "chatwoot_result": {"desks": []}},
    }
    found = desk_fleet(list(hosts), hosts)
    assert [(one["host"], one["desk"], one["state"]) for one in found] == [
        ("a", "acme", "active"),
        ("b", "b", "unread"),
        ("c", "c", "not there"),
    ]
    assert "very-secret" not in json.dumps(found)
