# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small typed client of Chatwoot: of its platform API, and of one account's application API.

PRIVATE: for this collection's own plugins, not a public interface.

What it returns holds no secret: tokens of bots, secrets of webhooks and keys of inboxes are dropped as they come. Knows nothing of Ansible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import Answer, ChatwootError, Connection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_words import NOT_OURS, data_of, unexpected

_SECRET = ("hmac_token", "secret", "web_widget_script", "imap_password", "smtp_password", "provider_config", "auth_token")


@dataclass(frozen=True)
class Account:
    """One account; ``features`` are those that are on."""

    id: int
    name: str
    locale: str
    domain: str
    support_email: str
    status: str
    features: frozenset[str]
    limits: Mapping[str, Any]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """That a user is in an account."""

    user_id: int
    role: str


@dataclass(frozen=True)
class User:
    """A user as the platform tells of one, token included."""

    id: int
    email: str
    token: str = field(repr=False)
    accounts: int = 0


@dataclass(frozen=True)
class Person:
    """Somebody in an account; ``enterprise`` is whether Chatwoot shows a field here that only its edition with limits has."""

    id: int
    email: str
    name: str
    role: str
    enterprise: bool


@dataclass(frozen=True)
class Bot:
    """An account's own bot."""

    id: int
    name: str
    description: str
    url: str
    account_id: int | None = None


@dataclass(frozen=True)
class Inbox:
    """An inbox; its channel's fields stand among its own."""

    id: int
    name: str
    channel: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Webhook:
    """A webhook of an account."""

    id: int
    url: str
    name: str
    subscriptions: tuple[str, ...]


@dataclass
class _Client:
    connection: Connection
    token: str = field(repr=False)

    def _ask(self, what: str, method: str, path: str, body: Any = None) -> Any:
        answer: Answer = self.connection.ask(what, method, path, self.token, body)
        return data_of(what, answer, self.token)

    def _one(self, what: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return _object(what, self._ask(what, method, path, body))


@dataclass
class Platform(_Client):
    """The platform API, as one platform app."""

    def accounts(self) -> list[Account]:
        """Return the accounts that this app made."""
        what = "list accounts"
        return [_account(what, one) for one in _list(what, self._ask(what, "GET", "/platform/api/v1/accounts"))]

    def account(self, number: int) -> Account | None:
        """Return one account, None when it is not there."""
        what = f"read account {number}"
        try:
            return _account(what, self._one(what, "GET", f"/platform/api/v1/accounts/{number}"))
        except ChatwootError as error:
            if error.status == 404:
                return None
            raise

    def create_account(self, fields: Mapping[str, Any]) -> Account:
        """Make an account; not to be asked twice, for names are not unique."""
        what = f"create account {fields.get('name')}"
        return _account(what, self._one(what, "POST", "/platform/api/v1/accounts", dict(fields)))

    def update_account(self, number: int, fields: Mapping[str, Any]) -> Account:
        """Change an account; limits and custom_attributes are replaced as a whole."""
        what = f"update account {number}"
        return _account(what, self._one(what, "PATCH", f"/platform/api/v1/accounts/{number}", dict(fields)))

    def delete_account(self, number: int) -> None:
        """Let an account be deleted, which Chatwoot does in the background."""
        self._ask(f"delete account {number}", "DELETE", f"/platform/api/v1/accounts/{number}")

    def places(self, number: int) -> list[Place]:
        """Return who is in an account, by number."""
        what = f"list the users of account {number}"
        found = _list(what, self._ask(what, "GET", f"/platform/api/v1/accounts/{number}/account_users"))
        return [Place(_number(what, one, "user_id"), str(one.get("role"))) for one in found]

    def add_place(self, number: int, user_id: int, role: str) -> None:
        """Bring a user into an account; may be asked again."""
        what = f"add user {user_id} to account {number}"
        self._ask(what, "POST", f"/platform/api/v1/accounts/{number}/account_users", {"user_id": user_id, "role": role})

    def user(self, number: int) -> User | None:
        """Return a user, None where this app has no right to one or where there is none."""
        what = f"read user {number}"
        try:
            return _user(what, self._one(what, "GET", f"/platform/api/v1/users/{number}"))
        except ChatwootError as error:
            if error.status == 404 or (error.status == 401 and error.said == NOT_OURS):
                return None
            raise

    def create_user(self, email: str, name: str, password: str) -> User:
        """Make a user, or find the one with this address, of whom nothing is changed; may be asked again."""
        what = f"create user {email}"
        return _user(what, self._one(what, "POST", "/platform/api/v1/users", {"email": email, "name": name, "password": password}))

    def bots(self) -> list[Bot]:
        """Return the bots that this app made, in all accounts."""
        what = "list the bots of the platform app"
        return [_bot(what, one) for one in _list(what, self._ask(what, "GET", "/platform/api/v1/agent_bots"))]

    def create_bot(self, account: int, fields: Mapping[str, Any]) -> Bot:
        """Make a bot of an account: always a new one."""
        what = f"create bot {fields.get('name')}"
        return _bot(what, self._one(what, "POST", "/platform/api/v1/agent_bots", {**fields, "account_id": account}))


@dataclass
class Application(_Client):
    """The application API of one account, as one of its administrators."""

    account: int

    @property
    def _base(self) -> str:
        return f"/api/v1/accounts/{self.account}"

    def own_account(self) -> Account | None:
        """Return the account itself, None where who asks is not in it; its limits and our key are shown to a platform app only."""
        what = f"read account {self.account}"
        try:
            found = self._one(what, "GET", self._base)
        except ChatwootError as error:
            if error.status == 404:
                return None
            raise
        return _account(what, {**found, "limits": {}, "custom_attributes": {}})

    def own_role(self) -> tuple[int, str | None]:
        """Return the number of the user whose token is used, and what they are in the account."""
        what = "read whose the administrator's token is"
        found = self._one(what, "GET", "/api/v1/profile")
        roles = [str(one.get("role")) for one in _list(what, found.get("accounts")) if one.get("id") == self.account]
        return _number(what, found, "id"), next(iter(roles), None)

    def own_number(self) -> int:
        """Return the number of the user whose token is used."""
        what = "read whose the administrator's token is"
        return _number(what, self._one(what, "GET", "/api/v1/profile"), "id")

    def people(self) -> list[Person]:
        """Return everybody in the account, administrators too."""
        what = "list agents"
        return [_person(what, one) for one in _list(what, self._ask(what, "GET", f"{self._base}/agents"))]

    def invite(self, email: str, name: str, role: str) -> Person:
        """Bring somebody in; who is new to Chatwoot gets a mail."""
        what = f"create agent {email}"
        return _person(what, self._one(what, "POST", f"{self._base}/agents", {"email": email, "name": name, "role": role}))

    def change_role(self, number: int, email: str, role: str) -> None:
        """Make somebody an agent or an administrator."""
        self._ask(f"update agent {email}", "PATCH", f"{self._base}/agents/{number}", {"role": role})

    def remove(self, number: int, email: str) -> None:
        """Take somebody out of the account."""
        self._ask(f"delete agent {email}", "DELETE", f"{self._base}/agents/{number}")

    def bots(self) -> list[Bot]:
        """Return the account's own bots, and those of the system."""
        what = "list bots"
        return [_bot(what, one) for one in _list(what, self._ask(what, "GET", f"{self._base}/agent_bots"))]

    def create_bot(self, fields: Mapping[str, Any]) -> Bot:
        """Make a bot of the account: always a new one."""
        what = f"create bot {fields.get('name')}"
        return _bot(what, self._one(what, "POST", f"{self._base}/agent_bots", dict(fields)))

    def update_bot(self, number: int, fields: Mapping[str, Any]) -> None:
        """Change a bot."""
        self._ask(f"update bot {fields.get('name', number)}", "PATCH", f"{self._base}/agent_bots/{number}", dict(fields))

    def inboxes(self) -> list[Inbox]:
        """Return all inboxes."""
        what = "list inboxes"
        return [_inbox(what, one) for one in _list(what, self._one(what, "GET", f"{self._base}/inboxes").get("payload"))]

    def create_inbox(self, fields: Mapping[str, Any]) -> Inbox:
        """Make an inbox; names are not unique."""
        what = f"create inbox {fields.get('name')}"
        return _inbox(what, self._one(what, "POST", f"{self._base}/inboxes", dict(fields)))

    def update_inbox(self, number: int, name: str, fields: Mapping[str, Any]) -> None:
        """Change an inbox."""
        self._ask(f"update inbox {name}", "PATCH", f"{self._base}/inboxes/{number}", dict(fields))

    def bot_of(self, number: int, name: str) -> int | None:
        """Return the number of an inbox's bot, None when it has none."""
        what = f"read the bot of inbox {name}"
        bot = self._one(what, "GET", f"{self._base}/inboxes/{number}/agent_bot").get("agent_bot")
        return _number(what, bot, "id") if bot else None

    def set_bot(self, number: int, name: str, bot: int | None) -> None:
        """Give an inbox a bot, or none."""
        self._ask(f"set the bot of inbox {name}", "POST", f"{self._base}/inboxes/{number}/set_agent_bot", {"agent_bot": bot})

    def members_of(self, number: int, name: str) -> list[int]:
        """Return the numbers of an inbox's members."""
        what = f"list the members of inbox {name}"
        found = _list(what, self._one(what, "GET", f"{self._base}/inbox_members/{number}").get("payload"))
        return sorted(_number(what, one, "id") for one in found)

    def set_members(self, number: int, name: str, people: list[int]) -> None:
        """Let these be an inbox's members, and nobody else; Chatwoot's description wants the inbox as a text."""
        self._ask(f"set the members of inbox {name}", "PATCH", f"{self._base}/inbox_members", {"inbox_id": str(number), "user_ids": people})

    def pending(self, number: int, name: str) -> int:
        """Return how many conversations of an inbox wait for a bot; Chatwoot counts them, so no page of them is read."""
        what = f"count the pending conversations of inbox {name}"
        found = self._one(what, "GET", f"{self._base}/conversations/meta?{_pending(number)}").get("meta")
        return _number(what, _object(what, found), "all_count")

    def some_pending(self, number: int, name: str) -> list[int]:
        """Return the numbers of those that Chatwoot has on its first page (25); of what is in them nothing is kept."""
        what = f"list the pending conversations of inbox {name}"
        data = _object(what, self._one(what, "GET", f"{self._base}/conversations?{_pending(number)}&page=1").get("data"))
        return [_number(what, one, "id") for one in _list(what, data.get("payload"))]

    def open_conversation(self, number: int) -> None:
        """Let a conversation be open, so that agents see it; may be asked again."""
        what = f"open conversation {number}"
        self._ask(what, "POST", f"{self._base}/conversations/{number}/toggle_status", {"status": "open"})

    def webhooks(self) -> list[Webhook]:
        """Return all webhooks."""
        what = "list webhooks"
        payload = _object(what, self._one(what, "GET", f"{self._base}/webhooks").get("payload"))
        return [_webhook(what, one) for one in _list(what, payload.get("webhooks"))]

    def create_webhook(self, fields: Mapping[str, Any]) -> None:
        """Make a webhook; an url is there once."""
        self._ask(f"create webhook {fields.get('url')}", "POST", f"{self._base}/webhooks", dict(fields))

    def update_webhook(self, number: int, fields: Mapping[str, Any]) -> None:
        """Change a webhook."""
        self._ask(f"update webhook {fields.get('url')}", "PATCH", f"{self._base}/webhooks/{number}", dict(fields))

    def delete_webhook(self, number: int, url: str) -> None:
        """Delete a webhook."""
        self._ask(f"delete webhook {url}", "DELETE", f"{self._base}/webhooks/{number}")

    def conversations(self, since: int, until: int) -> int:
        """Return how many conversations began between two times (seconds since 1970)."""
        what = "read the report of conversations"
        query = f"type=account&since={since}&until={until}"
        found = self._one(what, "GET", f"/api/v2/accounts/{self.account}/reports/summary?{query}")
        return _number(what, found, "conversations_count")


def _pending(inbox: int) -> str:
    return f"status=pending&inbox_id={inbox}"


def _object(what: str, found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise unexpected(what)
    return found


def _list(what: str, found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise unexpected(what)
    return found


def _number(what: str, found: Mapping[str, Any], name: str) -> int:
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise unexpected(what)
    return int(value)


def _text(found: Mapping[str, Any], name: str) -> str:
    return str(found.get(name) or "")


def _account(what: str, found: Mapping[str, Any]) -> Account:
    hashes = {name: found.get(name) or {} for name in ("features", "limits", "custom_attributes")}
    if not all(isinstance(one, dict) for one in hashes.values()) or "custom_attributes" not in found:
        # Without them it would look like nobody's, and be made once more.
        raise unexpected(what)
    return Account(
        id=_number(what, found, "id"),
        name=_text(found, "name"),
        locale=_text(found, "locale"),
        domain=_text(found, "domain"),
        support_email=_text(found, "support_email"),
        status=_text(found, "status"),
        features=frozenset(name for name, enabled in hashes["features"].items() if enabled),
        limits=hashes["limits"],
        attributes=hashes["custom_attributes"],
    )


def _user(what: str, found: Mapping[str, Any]) -> User:
    accounts = found.get("accounts") or []
    token = _text(found, "access_token")
    if not token.isascii() or not token.isprintable():
        raise unexpected(what)
    return User(_number(what, found, "id"), _text(found, "email").lower(), token, len(accounts))


def _person(what: str, found: Mapping[str, Any]) -> Person:
    email = _text(found, "email").lower()
    return Person(_number(what, found, "id"), email, _text(found, "name"), _text(found, "role"), "custom_role_id" in found)


def _bot(what: str, found: Mapping[str, Any]) -> Bot:
    account = found.get("account_id")
    number = int(account) if isinstance(account, (int, float)) else None
    return Bot(_number(what, found, "id"), _text(found, "name"), _text(found, "description"), _text(found, "outgoing_url"), number)


def _inbox(what: str, found: Mapping[str, Any]) -> Inbox:
    fields = {key: value for key, value in found.items() if key not in _SECRET}
    return Inbox(_number(what, found, "id"), _text(found, "name"), _text(found, "channel_type"), fields)


def _webhook(what: str, found: Mapping[str, Any]) -> Webhook:
    events = found.get("subscriptions") or []
    return Webhook(_number(what, found, "id"), _text(found, "url"), _text(found, "name"), tuple(sorted(map(str, events))))
