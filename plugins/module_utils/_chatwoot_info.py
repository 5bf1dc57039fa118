# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the support desks of tenants are, without changing one.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_world
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Account, Application, Platform
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import (
    CONNECTION_SPEC,
    PLATFORM_VARIABLE,
    connection_of,
    is_said,
    tokens_of,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_bot import suspension_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_facts import KEY, LEAVING
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import ChatwootError, Connection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_server import read_server
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError, RefusedError, quoted

INFO_SPEC: Final[dict[str, Any]] = {
    **CONNECTION_SPEC,
    "tenants": {"type": "list", "elements": "str"},
    "account_id": {"type": "int"},
    "inside": {"type": "bool", "default": False},
    "month": {"type": "str"},
    "server": {"type": "bool", "default": False},
}


Month = tuple[int, int]
SUSPENDED: Final = "it is suspended, and says nothing of what is in it"
# What ``marker_of`` puts at the end of our bot's description.
MARKER: Final = re.compile(r"\[bluegreen:([^\]]+)\]$")


def run(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Read desks.

    Args:
        params: the options of ``INFO_SPEC``, validated.
        check_mode: makes no difference.

    Returns:
        The module's result.

    Raises:
        BlueGreenError: it could not be read.
    """
    del check_mode
    month = month_of(params["month"])
    # What Chatwoot tells everybody needs no token; who gives none asks for nothing else.
    tokens = None if params["server"] and is_for_everybody(params) else tokens_of(params)
    if tokens and tokens[0] is None and params["tenants"] is not None:
        raise InputError(
            "tenants: an administrator of an account cannot see whose it is, and account_id with an administrator's token alone stands for"
            " one account; leave tenants out, or give platform_token_file."
        )
    connection = connection_of(params)
    told: dict[str, Any] = {}
    try:
        if params["server"]:
            told["server"] = read_server(connection)
        desks = _desks(connection, tokens, params, month) if tokens else []
        return {"changed": False, **told, "desks": desks, "requests": dict(sorted(connection.requests.items())), "warnings": []}
    except BlueGreenError as error:
        # A database that fails is why the rest cannot be read.
        error.facts = {**told, **error.facts}
        raise
    finally:
        connection.close()


def is_for_everybody(params: Mapping[str, Any]) -> bool:
    """Whether there is no token at all, and nothing is asked for that needs one."""
    asked = params["tenants"] is not None or params["account_id"] is not None or params["inside"] or params["month"] is not None
    # An administrator's token that only the environment has is of no use without the number of an account.
    said = is_said(params, "platform_token") or is_said(params, "admin_token") or os.environ.get(PLATFORM_VARIABLE)
    return not asked and not said


def _desks(
    connection: Connection, tokens: tuple[str | None, str | None], params: Mapping[str, Any], month: Month | None
) -> list[dict[str, Any]]:
    platform, admin = tokens
    if platform is None:
        return [_of_administrator(Application(connection, admin or "", params["account_id"]), params, month)]
    return _of_platform(Platform(connection, platform), admin, params, month)


def _of_platform(platform: Platform, admin: str | None, params: Mapping[str, Any], month: Month | None) -> list[dict[str, Any]]:
    """Read the desks that a platform app holds."""
    accounts = [account for account in _accounts(platform, params) if KEY in account.attributes]
    twice = {key for key, number in Counter(account.attributes[KEY] for account in accounts).items() if number > 1}
    wanted = params["tenants"]
    desks = []
    for account in accounts:
        if wanted is not None and account.attributes[KEY] not in wanted:
            continue
        desk = _desk(account, is_twice=account.attributes[KEY] in twice)
        if params["inside"] or month:
            inside = _inside(platform, account, admin, desk["problems"], everything=params["inside"], month=month)
            # Whose it is says its key, and no mark of a bot.
            desk = {**inside, **desk}
        desks.append(desk)
    return desks


def _of_administrator(application: Application, params: Mapping[str, Any], month: Month | None) -> dict[str, Any]:
    """Read the desk of one account as its administrator sees it: whose it is says our bot, if there is one."""
    account = _chatwoot_world.administered(application)
    desk = {**_desk(account, is_twice=False), "limits": None}
    if not params["inside"] and not month:
        return desk
    if account.status == "suspended":
        return {**desk, "problems": [SUSPENDED]}
    _chatwoot_world.must_administer(application)
    return {**desk, **_read(application, everything=params["inside"], month=month)}


def month_of(text: str | None) -> Month | None:
    """Return the first second of a month and of the next one, in UTC.

    Raises:
        InputError: it is no month.
    """
    if text is None:
        return None
    if not re.fullmatch(r"20\d\d-(?:0[1-9]|1[0-2])", text):
        raise InputError(f"month: {quoted(text)} is no month; write it like 2026-11, in quotes.")
    year, month = (int(part) for part in text.split("-"))
    begin = datetime(year, month, 1, tzinfo=timezone.utc)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=timezone.utc)
    return int(begin.timestamp()), int(end.timestamp())


def _accounts(platform: Platform, params: Mapping[str, Any]) -> list[Account]:
    if params["account_id"] is not None:
        account = platform.account(params["account_id"])
        return [account] if account else []
    try:
        return platform.accounts()
    except ChatwootError as error:
        if error.status != 500:
            raise
        raise RefusedError(
            "list accounts: Chatwoot failed (500), as its list does for ever once an account that this platform app made was deleted; name"
            f" account_id, or mend the list on the server: {_chatwoot_world.MEND_INDEX}."
        ) from None


def _desk(account: Account, *, is_twice: bool) -> dict[str, Any]:
    problems = []
    if is_twice:
        problems.append(f"several accounts have the key {account.attributes[KEY]}")
    bought = account.attributes.get("subscribed_quantity")
    if bought is not None and bought != account.limits.get("agents"):
        problems.append(f"subscribed_quantity ({bought}) overrides limits.agents ({account.limits.get('agents')})")
    if account.attributes.get(LEAVING):
        problems.append("it is being deleted")
    suspension = suspension_of(account.attributes)
    return {
        "tenant": account.attributes.get(KEY),
        "account_id": account.id,
        "name": account.name,
        "locale": account.locale,
        "status": account.status,
        "bot_suspended": suspension.reason if suspension else None,
        "limits": dict(account.limits),
        "features": sorted(account.features),
        "problems": problems,
    }


def _inside(
    platform: Platform, account: Account, token: str | None, problems: list[str], *, everything: bool, month: Month | None
) -> dict[str, Any]:
    """Read what is in an account; where that cannot be, a problem says why."""
    if account.status == "suspended":
        problems.append(SUSPENDED)
        return {}
    if token is None:
        administrators = [place.user_id for place in platform.places(account.id) if place.role == "administrator"]
        try:
            token, _number = _chatwoot_world.administrator_of(platform, account, administrators)
        except RefusedError as error:
            problems.append(error.sentence)
            return {}
    return _read(Application(platform.connection, token, account.id), everything=everything, month=month)


def _read(application: Application, *, everything: bool, month: Month | None) -> dict[str, Any]:
    found: dict[str, Any] = {"conversations": application.conversations(*month)} if month else {}
    return {**found, **_everything(application)} if everything else found


def _everything(application: Application) -> dict[str, Any]:
    people = application.people()
    bots = [bot for bot in application.bots() if bot.account_id == application.account]
    marks = [mark[1] for bot in bots if (mark := MARKER.search(bot.description))]
    inboxes = [
        {
            "id": inbox.id,
            "name": inbox.name,
            "channel": inbox.channel,
            "website_token": inbox.fields.get("website_token"),
            "bot_id": application.bot_of(inbox.id, inbox.name),
        }
        for inbox in application.inboxes()
    ]
    return {
        "tenant": marks[0] if len(marks) == 1 else None,
        "people": [{"id": one.id, "email": one.email, "name": one.name, "role": one.role} for one in people],
        "keeps_limits": any(one.enterprise for one in people),
        "bots": [{"id": one.id, "name": one.name, "url": one.url} for one in bots],
        "inboxes": inboxes,
        "webhooks": [{"id": one.id, "url": one.url, "subscriptions": list(one.subscriptions)} for one in application.webhooks()],
    }
