# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform API: accounts, their users, users and bots, for a platform app."""

from __future__ import annotations

import re
import time
from typing import Any

from lab.chatwoot.calls import Call, CrashError, MissingError, RefusalError, Reply, invalid, unauthorized
from lab.chatwoot.facts import FEATURES, LIMITS, LOCALES
from lab.chatwoot.state import Record, State, default_features

ACCOUNT_FIELDS = ("name", "locale", "domain", "support_email", "status", "limits", "custom_attributes")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def account_view(account: Record) -> Record:
    """An account as the platform shows it."""
    shown = {name: account[name] for name in ("id", *ACCOUNT_FIELDS)}
    return {**shown, "features": dict.fromkeys(account["features"], True)}


def user_view(state: State, user: Record) -> Record:
    """A user as the platform shows one, token included."""
    places = state.where("account_users", user_id=user["id"])
    accounts = [{"id": place["account_id"], "name": "", "active_at": None, "role": place["role"]} for place in places]
    first = places[0] if places else {}
    return {
        "id": user["id"],
        "name": user["name"],
        "display_name": user["display_name"],
        "available_name": user["display_name"] or user["name"],
        "email": user["email"],
        "uid": user["email"],
        "provider": "email",
        "avatar_url": "",
        "confirmed": user["confirmed"],
        "message_signature": None,
        "pubsub_token": "",
        "ui_settings": {},
        "access_token": user["token"],
        "account_id": first.get("account_id"),
        "role": first.get("role"),
        "accounts": accounts,
    }


def bot_view(bot: Record) -> Record:
    """A bot as the platform shows one: with its token, without its secret."""
    return {**{name: bot[name] for name in ("id", "name", "description", "outgoing_url", "account_id")}, "access_token": bot["token"]}


def list_accounts(call: Call) -> Reply:
    """GET accounts: those that this app made."""
    found = [call.state.find("accounts", one["number"]) for one in call.state.where("permissibles", app=call.app, kind="Account")]
    if None in found and not call.state.settings["index_survives_deletion"]:
        # The row of an account that was deleted stays, and the view asks nil for its id.
        raise CrashError
    return Reply(body=[account_view(account) for account in found if account])


def create_account(call: Call) -> Reply:
    """POST accounts."""
    account = call.state.add(
        "accounts",
        name=None,
        locale="en",
        domain=None,
        support_email=None,
        status="active",
        limits={},
        custom_attributes={},
        features=default_features(),
        deleted_at=None,
    )
    try:
        _assign(call, account)
    except Exception:
        call.state.drop("accounts", account)
        raise
    # The record is saved before its features are looked at: with one that is not known it stays, and nobody may touch it.
    _switch_features(call.body, account)
    call.state.allow(call.app, "Account", account["id"])
    return Reply(body=account_view(account))


def _assign(call: Call, account: Record) -> None:
    given = {name: call.body[name] for name in ACCOUNT_FIELDS if name in call.body}
    if given.get("locale", "en") not in LOCALES or given.get("status", "active") not in ("active", "suspended"):
        # ArgumentError of the enum.
        raise CrashError
    after = {**account, **given}
    if not after["name"]:
        raise invalid("Name can't be blank", "name")
    limits = after["limits"] or {}
    if call.state.is_enterprise and not all(name in LIMITS and _is_number(value) for name, value in limits.items()):
        raise invalid("Limits : Invalid data", "limits")
    if after["support_email"] and not EMAIL.fullmatch(after["support_email"]):
        raise invalid("Support email is invalid", "support_email")
    # Both hashes are replaced, and not merged.
    account.update(after)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _switch_features(body: Record, account: Record) -> None:
    for name, value in (body.get("features") or {}).items():
        if name not in FEATURES:
            # NoMethodError: feature_<name>=
            raise CrashError
        # value.present?: false and an empty text are not, the text "false" is.
        present = value not in (False, None, "", [], {})
        others = [one for one in account["features"] if one != name]
        account["features"] = [*others, name] if present else others


def _permitted(call: Call, table: str, kind: str) -> Record:
    """What the path names, where this platform app may touch it."""
    found = call.state.find(table, call.numbers[0])
    if not found:
        raise MissingError
    if not call.state.allows(call.app, kind, found["id"]):
        raise unauthorized("Non permissible resource")
    return found


def _account(call: Call) -> Record:
    return _permitted(call, "accounts", "Account")


def show_account(call: Call) -> Reply:
    """GET accounts/{id}."""
    return Reply(body=account_view(_account(call)))


def update_account(call: Call) -> Reply:
    """PATCH accounts/{id}."""
    account = _account(call)
    after = dict(account)
    _assign(call, after)
    _switch_features(call.body, after)
    account.update(after)
    return Reply(body=account_view(account))


def delete_account(call: Call) -> Reply:
    """DELETE accounts/{id}: a job, so 200 and still there."""
    account = _account(call)
    if account["deleted_at"] is None:
        account["deleted_at"] = time.time()
    return Reply()


def list_account_users(call: Call) -> Reply:
    """GET accounts/{id}/account_users."""
    return Reply(body=call.state.where("account_users", account_id=_account(call)["id"]))


def create_account_user(call: Call) -> Reply:
    """POST accounts/{id}/account_users: found or made, then updated; the limit of agents is not looked at."""
    account = _account(call)
    if call.body["role"] not in ("agent", "administrator"):
        raise CrashError
    if not call.state.find("users", call.body["user_id"]):
        raise invalid("User must exist", "user")
    places = call.state.where("account_users", account_id=account["id"], user_id=call.body["user_id"])
    place = places[0] if places else call.state.add("account_users", account_id=account["id"], user_id=call.body["user_id"])
    place["role"] = call.body["role"]
    return Reply(body=place)


def new_user(state: State, email: str, name: str, *, confirmed: bool) -> Record:
    """Make a user."""
    return state.add("users", email=email.lower(), name=name, display_name=None, confirmed=confirmed, token=state.token())


def create_user(call: Call) -> Reply:
    """POST users: who is there with this address is returned as they are, and the app has rights over them from now on."""
    email = str(call.body.get("email") or "")
    found = call.state.where("users", email=email.lower())
    if not found:
        if not EMAIL.fullmatch(email):
            raise invalid("Email is not an email", "email")
        _check_password(str(call.body.get("password") or ""))
        if not call.body.get("name"):
            raise invalid("Name can't be blank", "name")
        found = [new_user(call.state, email, call.body["name"], confirmed=True)]
    call.state.allow(call.app, "User", found[0]["id"])
    return Reply(body=user_view(call.state, found[0]))


def _check_password(password: str) -> None:
    if not password:
        raise invalid("Password can't be blank", "password")
    wanted = (r"[A-Z]", r"[a-z]", r"[0-9]", r"[^A-Za-z0-9]")
    if len(password) < 6 or not all(re.search(one, password) for one in wanted):
        raise invalid("Password is too weak", "password")


def _user(call: Call) -> Record:
    return _permitted(call, "users", "User")


def show_user(call: Call) -> Reply:
    """GET users/{id}: with the token."""
    return Reply(body=user_view(call.state, _user(call)))


def user_token(call: Call) -> Reply:
    """POST users/{id}/token."""
    user = _user(call)
    return Reply(body={"access_token": user["token"], "expiry": None, "user": {"id": user["id"], "email": user["email"]}})


def list_bots(call: Call) -> Reply:
    """GET agent_bots: those that this app made."""
    found = [call.state.find("bots", one["number"]) for one in call.state.where("permissibles", app=call.app, kind="AgentBot")]
    return Reply(body=[bot_view(bot) for bot in found if bot])


def new_bot(call: Call, account: int | None) -> Record:
    """Make a bot: always a new one, whatever its name."""
    if len(str(call.body.get("outgoing_url") or "")) > 2048:
        raise invalid("Outgoing url is too long (maximum is 2048 characters)", "outgoing_url")
    state = call.state
    fields = {name: call.body.get(name) for name in ("name", "description", "outgoing_url")}
    return state.add("bots", **fields, account_id=account, token=state.token(), secret=state.token())


def create_bot(call: Call) -> Reply:
    """POST agent_bots."""
    account = call.body.get("account_id")
    if account is not None and not call.state.find("accounts", account):
        raise RefusalError(422, {"message": "Account must exist", "attributes": ["account"]})
    bot = new_bot(call, account)
    call.state.allow(call.app, "AgentBot", bot["id"])
    return Reply(body=bot_view(bot))


def _bot(call: Call) -> Record:
    return _permitted(call, "bots", "AgentBot")


def show_bot(call: Call) -> Reply:
    """GET agent_bots/{id}."""
    return Reply(body=bot_view(_bot(call)))


def update_bot(call: Call) -> Reply:
    """PATCH agent_bots/{id}."""
    bot = _bot(call)
    bot.update({name: call.body[name] for name in ("name", "description", "outgoing_url") if name in call.body})
    return Reply(body=bot_view(bot))


def delete_bot(call: Call) -> Reply:
    """DELETE agent_bots/{id}: its rows go with it."""
    bot = _bot(call)
    call.state.drop("bots", bot)
    for row in call.state.where("permissibles", kind="AgentBot", number=bot["id"]):
        call.state.drop("permissibles", row)
    return Reply()


ROUTES = {
    "GET /platform/api/v1/accounts": list_accounts,
    "POST /platform/api/v1/accounts": create_account,
    "GET /platform/api/v1/accounts/{account_id}": show_account,
    "PATCH /platform/api/v1/accounts/{account_id}": update_account,
    "DELETE /platform/api/v1/accounts/{account_id}": delete_account,
    "GET /platform/api/v1/accounts/{account_id}/account_users": list_account_users,
    "POST /platform/api/v1/accounts/{account_id}/account_users": create_account_user,
    "POST /platform/api/v1/users": create_user,
    "GET /platform/api/v1/users/{id}": show_user,
    "POST /platform/api/v1/users/{id}/token": user_token,
    "GET /platform/api/v1/agent_bots": list_bots,
    "POST /platform/api/v1/agent_bots": create_bot,
    "GET /platform/api/v1/agent_bots/{id}": show_bot,
    "PATCH /platform/api/v1/agent_bots/{id}": update_bot,
    "DELETE /platform/api/v1/agent_bots/{id}": delete_bot,
}
