# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tenant's support desk: runs chatwoot_tenant on it as Ansible does, and reads over plain HTTP what Chatwoot holds.

The Chatwoot is the lab's stand-in; with CHATWOOT_URL and CHATWOOT_PLATFORM_TOKEN_FILE it is a real one.
"""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.chatwoot import ChatwootStandIn
from lab.chatwoot.app import OFF_CONTRACT
from tests.integration.module_process import arguments, output_of, result_of, start_module
from tests.integration.outcomes import Runs

KEY = "bluegreen_tenant"
SECRETS = ("access_token", "secret", "hmac_token", "pubsub_token", "web_widget_script", "website_token", "inbox_identifier")


@dataclass
class Chatwoot:
    """Where it is, and the token of a platform app.

    Attributes:
        url: its address.
        token: of the platform app.
        token_file: where that stands.
        stand_in: the lab's own server; None where it is a real Chatwoot.
    """

    url: str
    token: str = field(repr=False)
    token_file: Path
    stand_in: ChatwootStandIn | None = None

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None, off_contract: bool = False) -> tuple[int, Any]:
        """Ask it over plain HTTP; the text where the answer is no JSON."""
        headers = {"api_access_token": self.token if token is None else token, "Content-Type": "application/json"}
        if off_contract:
            headers[OFF_CONTRACT] = "1"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, method=method, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, _data(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _data(error.read())


@dataclass
class Desk(Runs):
    """A tenant, and the module on its desk."""

    chatwoot: Chatwoot
    tenant: str

    @property
    def administrator(self) -> dict[str, str]:
        """By whose token the rest is made."""
        return {"email": f"desk+{self.tenant}@agency.example", "name": "Agency"}

    @property
    def options(self) -> dict[str, Any]:
        """A whole desk; a test changes what it is about."""
        return {
            "name": f"Acme {self.tenant}",
            "locale": "fr",
            "limits": {"agents": 4, "inboxes": 2},
            "features": {"help_center": False, "ip_lookup": True},
            "custom_attributes": {"industry": "retail"},
            "administrator": self.administrator,
            "agents": [{"email": self.mail("anna"), "name": "Anna"}, {"email": self.mail("ben"), "role": "administrator"}],
            "bot": {"name": "Acme bot", "description": "Answers first.", "url": "https://bots.agency.example/acme"},
            "inboxes": [
                {
                    "name": "Shop",
                    "website_url": "https://shop.acme.example",
                    "widget_color": "#0A7A4B",
                    "welcome_title": "Bonjour",
                    "greeting_enabled": True,
                    "greeting_message": "Bonjour !",
                    "members": [self.mail("anna")],
                },
                {"name": "App", "channel": "api", "webhook_url": "https://hooks.agency.example/app", "bot": False},
            ],
            "webhooks": [
                {"url": "https://hooks.agency.example/acme", "name": "ours", "subscriptions": ["message_created", "inbox_created"]}
            ],
        }

    def mail(self, name: str) -> str:
        """An address that no other test has."""
        return f"{name}+{self.tenant}@acme.example"

    def arguments(self, options: dict[str, Any], *, check: bool) -> str:
        """What the module is given."""
        given = {"tenant": self.tenant, "url": self.chatwoot.url, "platform_token_file": str(self.chatwoot.token_file), **options}
        return arguments(given, check=check)

    def run(self, *, check: bool = False, module: str = "chatwoot_tenant", before: str = "", **options: Any) -> dict[str, Any]:
        """Run a module to its end and return its result, failed or not; ``before`` is Python that runs there first."""
        done = output_of(module, self.arguments(options, check=check), before=before)
        for secret in self.secrets():
            assert secret not in done.stdout + done.stderr
        return {"warnings": [], **result_of(done)}

    def secrets(self) -> set[str]:
        """What no result may hold: every token that Chatwoot knows."""
        found = {self.chatwoot.token}
        if self.chatwoot.stand_in and self.chatwoot.stand_in.running:
            state = self.chatwoot.stand_in.state()
            records = [record for table in ("users", "bots", "webhooks") for record in state[table].values()]
            found |= {record[name] for record in records for name in ("token", "secret") if name in record}
        return found

    def start(self, *, before: str = "", **options: Any) -> subprocess.Popen[str]:
        """Start the module in a process of its own, to be killed."""
        return start_module("chatwoot_tenant", self.arguments(options, check=False), before=before)

    def previewed(self, **options: Any) -> dict[str, Any]:
        """Preview, apply, and again both: the same plan, nothing written, and then nothing left to do."""
        held, mark = self.held(), self.mark()
        preview = self.ok(check=True, **options)
        assert self.writes(mark) == []
        assert set(preview["requests"]) <= {"GET"}
        assert self.held() == held
        applied = self.ok(**options)
        for key in ("changed", "diff", "actions", "digest", "status", "inside"):
            assert preview[key] == applied[key], key
        if options.get("state") != "absent":
            self.settled(**options)
        return applied

    def settled(self, **options: Any) -> None:
        """Nothing is left to do, in preview and apply."""
        mark = self.mark()
        for check in (True, False):
            again = self.ok(check=check, **options)
            assert (again["changed"], again["diff"], again["actions"]) == (False, [], [])
        assert self.writes(mark) == []

    def mark(self) -> int:
        """How many requests there were until now."""
        return len(self.chatwoot.stand_in.requests()) if self.chatwoot.stand_in else 0

    def writes(self, mark: int) -> list[str]:
        """What was asked since then that is no reading; nobody can tell that of a real Chatwoot."""
        return self.chatwoot.stand_in.writes(mark) if self.chatwoot.stand_in else []

    def accounts(self) -> list[dict[str, Any]]:
        """The accounts with our key, as the platform tells of them."""
        status, found = self.chatwoot.ask("GET", "/platform/api/v1/accounts")
        assert status == 200, found
        return [account for account in found if account["custom_attributes"].get(KEY) == self.tenant]

    @property
    def account(self) -> dict[str, Any]:
        """The one account."""
        (found,) = self.accounts()
        return found

    def token(self) -> str:
        """The token of an administrator of the account."""
        number = self.account["id"]
        _status, places = self.chatwoot.ask("GET", f"/platform/api/v1/accounts/{number}/account_users")
        for place in places:
            status, user = self.chatwoot.ask("GET", f"/platform/api/v1/users/{place['user_id']}")
            if status == 200 and place["role"] == "administrator":
                return str(user["access_token"])
        raise AssertionError("no administrator of whom the platform app may know the token")

    def inside(self, path: str) -> Any:
        """What the application API tells an administrator."""
        status, found = self.chatwoot.ask("GET", f"/api/v1/accounts/{self.account['id']}/{path}", token=self.token())
        assert status == 200, found
        return found

    def bots(self) -> list[dict[str, Any]]:
        """The account's own bots; there may be some of the installation, too."""
        return [one for one in self.inside("agent_bots") if one["account_id"]]

    def conversations(self, status: str = "all") -> list[dict[str, Any]]:
        """The conversations of the account, those of which something was heard last first; no more than a page of them."""
        found: list[dict[str, Any]] = self.inside(f"conversations?status={status}")["data"]["payload"]
        return found

    def visitor_writes(self, inbox: str) -> int:
        """Let somebody write into an inbox; returns the number of the conversation that begins."""
        ask, token, base = self.chatwoot.ask, self.token(), f"/api/v1/accounts/{self.account['id']}"
        (number,) = [one["id"] for one in self.inside("inboxes")["payload"] if one["name"] == inbox]
        status, made = ask("POST", f"{base}/contacts", {"inbox_id": number, "name": "Visitor"}, token=token)
        assert status == 200, made
        source = made["payload"]["contact_inbox"]["source_id"]
        body = {"source_id": source, "inbox_id": number, "contact_id": made["payload"]["contact"]["id"]}
        status, begun = ask("POST", f"{base}/conversations", body, token=token)
        assert status == 200, begun
        return int(begun["id"])

    def held(self) -> dict[str, Any] | None:
        """All that Chatwoot holds of this tenant, without secrets; None where nothing is there."""
        accounts = self.accounts()
        if not accounts:
            return None
        (account,) = accounts
        if account["status"] == "suspended":
            return {"account": account}
        _status, places = self.chatwoot.ask("GET", f"/platform/api/v1/accounts/{account['id']}/account_users")
        if not places:
            return {"account": account}
        inboxes = self.inside("inboxes")["payload"]
        found: dict[str, Any] = _bare(
            {
                "account": account,
                "people": {one["email"]: one for one in self.inside("agents")},
                "bots": {one["name"]: one for one in self.bots()},
                "inboxes": {one["name"]: one for one in inboxes},
                "bot_of": {one["name"]: self.inside(f"inboxes/{one['id']}/agent_bot").get("agent_bot", {}).get("name") for one in inboxes},
                "members": {
                    one["name"]: sorted(person["email"] for person in self.inside(f"inbox_members/{one['id']}")["payload"])
                    for one in inboxes
                },
                "conversations": {one["id"]: (one["inbox_id"], one["status"]) for one in self.conversations()},
                "webhooks": {one["url"]: one for one in self.inside("webhooks")["payload"]["webhooks"]},
            }
        )
        return found


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key not in SECRETS}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _data(text: bytes) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text.decode(errors="replace")
