# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chatwoot_tenant with the token of an administrator and no platform app: the Chatwoot is the client's own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.chatwoot import ChatwootStandIn
from tests.integration.desk import Chatwoot, Desk
from tests.integration.test_chatwoot_faults import killer
from tests.integration.test_chatwoot_tenant import steps

CANARY = "canary-c0ffee-0451"
INSIDE = ("agents", "bot", "inboxes", "webhooks")


@dataclass
class OwnDesk(Desk):
    """The account that a client made, with its owner: nothing in it is ours, and no platform app of ours knows it."""

    number: int = 0
    owner: str = field(default="", repr=False)

    def arguments(self, options: dict[str, Any], *, check: bool) -> str:
        """No platform app, and the number and the token instead."""
        own = {"platform_token_file": None, "account_id": self.number, "admin_token": self.owner}
        return super().arguments({**own, **options}, check=check)

    def accounts(self) -> list[dict[str, Any]]:
        """The one, found by its number."""
        return [account for account in self.chatwoot.ask("GET", "/platform/api/v1/accounts")[1] if account["id"] == self.number]

    def token(self) -> str:
        """Its owner's."""
        return self.owner


@pytest.fixture
def own(chatwoot: Chatwoot, tenant_id: str) -> OwnDesk:
    ask, platform = chatwoot.ask, "/platform/api/v1"
    status, account = ask("POST", f"{platform}/accounts", {"name": f"Own {tenant_id}"})
    assert status == 200
    body = {"email": f"owner+{tenant_id}@acme.example", "name": "Owner", "password": "Correct-horse-7"}
    status, owner = ask("POST", f"{platform}/users", body)
    assert status == 200
    ask("POST", f"{platform}/accounts/{account['id']}/account_users", {"user_id": owner["id"], "role": "administrator"})
    return OwnDesk(chatwoot, tenant_id, account["id"], owner["access_token"])


def inside(desk: Desk) -> dict[str, Any]:
    """What of a whole desk an administrator can hold."""
    return {name: value for name, value in desk.options.items() if name in INSIDE}


def test_a_desk_of_the_clients_own_comes_changes_and_stays(own: OwnDesk, stand_in: ChatwootStandIn) -> None:
    options, mail = inside(own), own.mail
    account = own.account
    created = own.previewed(**options)
    assert steps(created) == [
        f"create agent {mail('anna')}",
        f"create agent {mail('ben')}",
        "create bot Acme bot",
        "create inbox Shop",
        "update bot of inbox Shop",
        "update members of inbox Shop",
        "create inbox App",
        "create webhook https://hooks.agency.example/acme",
    ]
    assert (created["account_id"], created["status"], created["bot_status"]) == (own.number, "active", None)
    held = own.held()
    assert held is not None
    assert held["bots"]["Acme bot"]["description"] == f"Answers first. [bluegreen:{own.tenant}]"
    assert held["bot_of"] == {"Shop": "Acme bot", "App": None}
    # Of the account itself nothing was changed, its custom attributes least of all.
    assert own.account == account
    changed = own.previewed(
        **{
            **options,
            "agents": options["agents"][:1],
            "bot": {**options["bot"], "name": "Acme assistant"},
            "inboxes": [{**options["inboxes"][0], "bot": False}],
            "purge": ["agents", "webhooks"],
        }
    )
    assert steps(changed) == [f"delete agent {mail('ben')}", "update bot Acme assistant", "update bot of inbox Shop"]
    assert f"owner+{own.tenant}@acme.example is declared no more and stays" in changed["warnings"][0]
    assert not [one for one in stand_in.requests(own.mark()) if "/platform/" in one]


def test_info_of_it(own: OwnDesk) -> None:
    own.ok(**inside(own))
    asked = {"module": "chatwoot_tenant_info", "tenant": None}
    (desk,) = own.ok(**asked)["desks"]
    assert (desk["account_id"], desk["tenant"], desk["limits"], desk["status"]) == (own.number, None, None, "active")
    result = own.ok(**asked, inside=True, month="2026-11", server=True)
    (desk,) = result["desks"]
    assert (desk["tenant"], desk["conversations"], len(desk["people"])) == (own.tenant, 0, 3)
    assert set(result["server"]) == {"version", "data_services", "queue_services"}
    assert result["server"]["data_services"] == "ok"
    told = own.ok(**asked, account_id=None, admin_token=None, server=True)
    assert (told["server"], told["desks"]) == (result["server"], [])


def test_the_wrong_account_and_the_wrong_token_are_said_and_nothing_is_written(own: OwnDesk, chatwoot: Chatwoot) -> None:
    other = Desk(chatwoot, f"{own.tenant}b")
    other.ok(**other.options)
    number, mark = other.account["id"], own.mark()
    agent = own.chatwoot.ask(
        "POST", "/platform/api/v1/users", {"email": f"x+{own.tenant}@a.example", "name": "X", "password": "Correct-horse-7"}
    )[1]
    chatwoot.ask("POST", f"/platform/api/v1/accounts/{own.number}/account_users", {"user_id": agent["id"], "role": "agent"})
    mark = own.mark()
    for check in (True, False):
        for wrong in (number, 99999999):
            assert f"account_id: {wrong} is no account of the user whose token is given" in own.refused(check=check, account_id=wrong)
        assert f"account_id: {own.number} is no account of the user" in own.refused(check=check, **inside(own), admin_token=other.token())
        said = own.refused(check=check, **inside(own), admin_token=agent["access_token"])
        assert f"the token is of an agent of account {own.number}, and only an administrator" in said
        said = own.refused(check=check, **inside(own), admin_token=CANARY)
        assert "the administrator's token is none of this Chatwoot (401)" in said
        assert CANARY not in said
        said = own.refused(check=check, module="chatwoot_tenant_info", tenant=None, admin_token=CANARY)
        assert "the administrator's token is none of this Chatwoot (401)" in said
    assert own.writes(mark) == []


def test_what_only_a_platform_app_can_do_is_refused_before_anything_is_asked(own: OwnDesk) -> None:
    mark = own.mark()
    said = own.refused(**own.options, bot_status="active")
    assert said.startswith("name, locale, bot_status, limits, features, custom_attributes, administrator: only a platform app can do that")
    assert "state absent, confirm_name: only a platform app" in own.refused(state="absent", confirm_name="x")
    assert own.mark() == mark


def test_a_platform_app_of_the_environment_is_left_alone(own: OwnDesk, stand_in: ChatwootStandIn) -> None:
    mark = own.mark()
    result = own.run(before=f"os.environ['CHATWOOT_PLATFORM_TOKEN'] = '{CANARY}'", **inside(own))
    assert result["changed"]
    assert not [one for one in stand_in.requests(mark) if "/platform/" in one]
    assert CANARY not in str(result)
    own.settled(**inside(own))


def killed(own: OwnDesk, number: int) -> subprocess.Popen[str]:
    process = own.start(before=killer(number), **inside(own))
    process.communicate()
    return process


@pytest.mark.parametrize("number", range(1, 9))
def test_a_run_that_is_killed_is_run_again(own: OwnDesk, number: int) -> None:
    assert killed(own, number).returncode == -9
    preview = own.ok(check=True, **inside(own))
    rest = own.ok(**inside(own))
    assert preview["diff"] == rest["diff"]
    assert rest["changed"] is (number < 8)
    assert (len(own.bots()), len(own.inside("inboxes")["payload"]), len(own.inside("agents"))) == (1, 2, 3)
    own.settled(**inside(own))
