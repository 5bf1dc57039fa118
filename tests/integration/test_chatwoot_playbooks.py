# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of support desks that ask Chatwoot alone: status, quota, features, suspension, and a client's own Chatwoot."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from lab.chatwoot import ChatwootStandIn
from lab.kubernetes import ControlPlane
from tests.harness.ansible import Run
from tests.integration.desk import Chatwoot, Desk
from tests.integration.desk_world import CANARY, DeskWorld
from tests.integration.test_chatwoot_clients_own import OwnDesk, own
from tests.integration.test_tenant_status import section

pytestmark = pytest.mark.timeout(300)

MONTH = dt.datetime.now(dt.UTC).strftime("%Y-%m")
__all__ = ["own"]


def variables(desk: Desk, **said: Any) -> dict[str, Any]:
    """What the inventory says of one that is there."""
    found = {
        "chatwoot_plan": "pro",
        "chatwoot_api": {"url": desk.chatwoot.url},
        "chatwoot_platform_token": desk.chatwoot.token,
        "chatwoot_administrator": desk.administrator,
    }
    return {**found, **said}


@pytest.fixture
def small(desk: Desk) -> Desk:
    """A desk with a bot in its one inbox, and a conversation that waits for it."""
    options = {name: value for name, value in desk.options.items() if name in ("name", "administrator", "agents", "bot", "inboxes")}
    desk.ok(**options)
    desk.visitor_writes("Shop")
    return desk


@pytest.fixture
def world(control_plane: ControlPlane, small: Desk, tmp_path: Path) -> DeskWorld:
    return DeskWorld(control_plane, tmp_path, {small.tenant: variables(small)}, small.chatwoot)


def counted(stand_in: ChatwootStandIn, desk: Desk, conversations: int) -> None:
    """Let the report tell so many conversations."""
    stand_in.edit("accounts", desk.account["id"], conversations=conversations)


def row(run: Run, name: str) -> list[str]:
    """The line of one desk in the table of the summary."""
    (found,) = [line for line in section(run, "Support desks (") if line[0] == name]
    return found


def features(run: Run, name: str, how: str) -> set[str]:
    """What the summary tells of a client's features."""
    (found,) = [line[0] for line in section(run, f"Features of {name}") if line[0].startswith(f"{how}: ")]
    return set(found.partition(": ")[2].split(", "))


def notes(run: Run) -> str:
    return " ".join(" ".join(line) for line in section(run, "To look at"))


def test_the_status_tells_of_all_and_stops_at_none(world: DeskWorld, small: Desk, stand_in: ChatwootStandIn, chatwoot: Chatwoot) -> None:
    """One well used, one that was never made, one whose server is away, and one without a plan."""
    name = small.tenant
    counted(stand_in, small, 1900)
    away = variables(small, chatwoot_api={"url": "http://127.0.0.1:9"})
    odd = variables(small, chatwoot_plan="gold")
    world.declare({name: variables(small), f"{name}-gone": variables(small), f"{name}-away": away, f"{name}-odd": odd})
    run = world.harness("chatwoot_status").preview()
    assert run.failures == [], run.words()
    assert row(run, name) == [name, "pro", "active", "2 of 3", "1,900 of 2,000 (95 %)", "95 %", stand_in_version(chatwoot)]
    assert row(run, f"{name}-gone")[1:3] == ["pro", "not there"]
    assert row(run, f"{name}-away")[1:3] == ["pro", "could not be read"]
    told = notes(run)
    assert f"{name}: is at 95 % of its conversations; tell the client, or sell a larger plan" in told
    assert "chatwoot_plan: 'gold' is no plan" in told
    assert "127.0.0.1:9" in told
    assert run.output.index(f"{name}-away") < run.output.index("active")
    assert "READ: 4 desks" in run.output
    assert chatwoot.token not in run.output


def stand_in_version(chatwoot: Chatwoot) -> str:
    return str(chatwoot.ask("GET", "/api")[1]["version"])


def test_over_the_quota_is_told_and_by_choice_the_bot_rests_until_the_next_month(
    world: DeskWorld, small: Desk, stand_in: ChatwootStandIn
) -> None:
    counted(stand_in, small, 2000)
    world.harness("chatwoot_quota").proves(changes=False)
    assert [one["status"] for one in small.conversations()] == ["pending"]
    proof = world.harness("chatwoot_quota", extra_vars={"chatwoot_over_quota": "suspend_bot"}).proves(changes=True)
    assert row(proof.preview, small.tenant)[2:6] == ["active", "2 of 3", "2,000 of 2,000 (100 %)", "over"]
    assert "has had all 2,000 conversations of its plan; nobody is cut off" in notes(proof.apply)
    assert proof.again is not None
    assert row(proof.again, small.tenant)[2] == "bot suspended"
    # No conversation is lost: what waited for the bot is people's now.
    assert [one["status"] for one in small.conversations()] == ["open"]
    assert small.account["status"] == "active"
    counted(stand_in, small, 3)
    world.harness("chatwoot_quota", extra_vars={"chatwoot_over_quota": "suspend_bot"}).proves(changes=True)
    held = small.held()
    assert held is not None
    assert held["bot_of"]["Shop"] == "Acme bot"
    # One that somebody suspended by hand is nobody else's to wake.
    small.ok(bot_status="suspended", bot_reason="it answers nonsense")
    proof = world.harness("chatwoot_quota").proves(changes=False)
    assert "its bot is suspended (it answers nonsense); people answer" in notes(proof.preview)


def test_a_client_switches_what_its_plan_allows(world: DeskWorld, small: Desk) -> None:
    look = world.harness("chatwoot_features").preview()
    assert features(look, small.tenant, "on") >= {"campaigns", "help_center"}
    assert "ip_lookup" in features(look, small.tenant, "off")
    assert "sla" not in look.output
    world.change(small.tenant, chatwoot_features={"campaigns": False, "ip_lookup": True})
    proof = world.harness("chatwoot_features").proves(changes=True)
    assert features(proof.preview, small.tenant, "declared") == {"campaigns off", "ip_lookup on"}
    assert small.account["features"].get("ip_lookup") is True
    assert "campaigns" not in small.account["features"]
    world.change(small.tenant, chatwoot_features={"sla": True})
    world.harness("chatwoot_features").refuses("it is from enterprise on, so take it out, or sell that plan")


def test_a_suspension_and_the_way_back(world: DeskWorld, small: Desk) -> None:
    def suspended(what: str, *, changes: bool = True) -> None:
        world.harness("chatwoot_suspend", extra_vars={"chatwoot_suspend": what}).proves(changes=changes)

    world.harness("chatwoot_suspend").refuses("chatwoot_suspend: not given; write -e chatwoot_suspend=bot (people answer)")
    world.harness("chatwoot_suspend", extra_vars={"chatwoot_suspend": "all"}).refuses('chatwoot_suspend: "all"; write')
    suspended("bot")
    assert small.account["custom_attributes"]["bluegreen_bot_suspended"]["reason"] == "by hand"
    assert [one["status"] for one in small.conversations()] == ["open"]
    suspended("none")
    suspended("account")
    assert small.account["status"] == "suspended"
    status = world.harness("chatwoot_status").preview()
    assert row(status, small.tenant)[2] == "suspended"
    suspended("none")
    assert small.account["status"] == "active"
    suspended("none", changes=False)


def test_our_bot_in_a_clients_own_chatwoot(control_plane: ControlPlane, own: OwnDesk, tmp_path: Path) -> None:
    """Without the platform: bot, inbox and webhook; then what is missing, and what is not ours, is refused before anything is asked."""
    name = own.tenant
    said = {
        "chatwoot_plan": "self_hosted",
        "chatwoot_api": {"url": own.chatwoot.url},
        "chatwoot_account_id": own.number,
        "chatwoot_admin_token": own.owner,
        "chatwoot_bot": {"name": "Assistant", "url": "https://bots.agency.example/own"},
        "chatwoot_inboxes": [{"name": "Shop", "website_url": "https://shop.own.example"}],
        "chatwoot_webhooks": [{"url": "https://bots.agency.example/hooks/own", "subscriptions": ["message_created"]}],
    }
    world = DeskWorld(control_plane, tmp_path, {name: said}, own.chatwoot)
    proof = world.harness("chatwoot_self_hosted").proves(changes=True)
    assert own.owner not in proof.preview.output + proof.apply.output
    held = own.held()
    assert held is not None
    assert held["bot_of"] == {"Shop": "Assistant"}
    assert list(held["webhooks"]) == ["https://bots.agency.example/hooks/own"]
    assert held["account"]["name"] == f"Own {name}", "its account stays as it is"
    status = world.harness("chatwoot_status").preview()
    assert row(status, name)[:4] == [name, "self_hosted", "active", "1 of unlimited"]
    world.change(name, chatwoot_admin_token=CANARY)
    failed = world.harness("chatwoot_self_hosted").preview()
    assert failed.failures
    assert CANARY not in failed.output
    world.change(name, chatwoot_api=None, chatwoot_account_id=None, chatwoot_admin_token=None)
    world.harness("chatwoot_self_hosted").refuses("chatwoot_api.url: not given; write the address of the client's Chatwoot")
    world.change(name, chatwoot_plan="pro")
    world.harness("chatwoot_self_hosted").refuses("in the plan pro we run Chatwoot; use the playbook chatwoot_managed")
