# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of chatwoot_tenant, and the wish that they are.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_checks as checks
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_facts import (
    CHANNELS,
    EVENTS,
    REPLY_TIMES,
    ROLES,
    WIDGET_FLAGS,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import Connection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import PATH, InputError, quoted

# Used where neither an option nor its file is given.
PLATFORM_VARIABLE: Final = "CHATWOOT_PLATFORM_TOKEN"
ADMIN_VARIABLE: Final = "CHATWOOT_ADMIN_TOKEN"

CONNECTION_SPEC: Final[dict[str, Any]] = {
    "url": {"type": "str", "required": True, "fallback": (env_fallback, ["CHATWOOT_URL"])},
    "platform_token": {"type": "str", "no_log": True},
    "platform_token_file": {"type": "path", "no_log": False},
    "admin_token": {"type": "str", "no_log": True},
    "admin_token_file": {"type": "path", "no_log": False},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "request_timeout": {"type": "float", "default": 10.0},
}

_SOMEBODY: Final[dict[str, Any]] = {"email": {"type": "str", "required": True}, "name": {"type": "str"}}
# Of an inbox itself, and of its channel: Chatwoot takes them in two places and shows them in one.
INBOX_FIELDS: Final[dict[str, Any]] = {
    "greeting_enabled": {"type": "bool"},
    "greeting_message": {"type": "str"},
    "business_name": {"type": "str"},
    "sender_name_type": {"type": "str", "choices": ["friendly", "professional"]},
    "enable_auto_assignment": {"type": "bool"},
    "enable_email_collect": {"type": "bool"},
    "csat_survey_enabled": {"type": "bool"},
    "allow_messages_after_resolved": {"type": "bool"},
    "lock_to_single_conversation": {"type": "bool"},
    "timezone": {"type": "str"},
    "working_hours_enabled": {"type": "bool"},
    "out_of_office_message": {"type": "str"},
}
WIDGET_FIELDS: Final[dict[str, Any]] = {
    "website_url": {"type": "str"},
    "widget_color": {"type": "str"},
    "welcome_title": {"type": "str"},
    "welcome_tagline": {"type": "str"},
    "reply_time": {"type": "str", "choices": list(REPLY_TIMES)},
    "pre_chat_form_enabled": {"type": "bool"},
    "continuity_via_email": {"type": "bool"},
    "allowed_domains": {"type": "str"},
    "selected_feature_flags": {"type": "list", "elements": "str", "choices": list(WIDGET_FLAGS)},
}
API_FIELDS: Final[dict[str, Any]] = {"webhook_url": {"type": "str"}}
SHARED_FIELDS: Final[dict[str, Any]] = {"hmac_mandatory": {"type": "bool"}}
CHANNEL_FIELDS: Final = {"web_widget": {**WIDGET_FIELDS, **SHARED_FIELDS}, "api": {**API_FIELDS, **SHARED_FIELDS}}

CHATWOOT_TENANT_SPEC: Final[dict[str, Any]] = {
    **CONNECTION_SPEC,
    "tenant": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "account_id": {"type": "int"},
    "take_over": {"type": "bool", "default": False},
    "server_to_come": {"type": "bool", "default": False},
    "name": {"type": "str"},
    "locale": {"type": "str"},
    "domain": {"type": "str"},
    "support_email": {"type": "str"},
    "status": {"type": "str", "choices": ["active", "suspended"]},
    "bot_status": {"type": "str", "choices": ["active", "suspended"]},
    "bot_reason": {"type": "str"},
    "limits": {"type": "dict", "default": {}},
    "features": {"type": "dict", "default": {}},
    "features_extra": {"type": "list", "elements": "str", "default": []},
    "licensed": {"type": "bool", "default": False},
    "custom_attributes": {"type": "dict", "default": {}},
    "administrator": {"type": "dict", "options": _SOMEBODY},
    "agents": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {**_SOMEBODY, "role": {"type": "str", "choices": list(ROLES), "default": "agent"}},
    },
    "bot": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "url": {"type": "str", "required": True},
        },
    },
    "inboxes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "channel": {"type": "str", "choices": list(CHANNELS), "default": "web_widget"},
            **INBOX_FIELDS,
            **WIDGET_FIELDS,
            **API_FIELDS,
            **SHARED_FIELDS,
            "bot": {"type": "bool", "default": True},
            "members": {"type": "list", "elements": "str"},
        },
    },
    "webhooks": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "url": {"type": "str", "required": True},
            "name": {"type": "str"},
            "subscriptions": {"type": "list", "elements": "str", "required": True, "choices": list(EVENTS)},
        },
    },
    "purge": {"type": "list", "elements": "str", "choices": ["agents", "webhooks"], "default": []},
    "private_urls_allowed": {"type": "bool", "default": False},
    "confirm_name": {"type": "str"},
    "wait_seconds": {"type": "int", "default": 120},
}


@dataclass(frozen=True)
class Somebody:
    """Who is to be in the account, and as what."""

    email: str
    name: str
    role: str


@dataclass(frozen=True)
class BotWish:
    """The bot that is to be; its description holds our marker."""

    name: str
    description: str
    url: str


@dataclass(frozen=True)
class InboxWish:
    """An inbox that is to be.

    Attributes:
        name: by which it is found.
        channel: ``web_widget`` or ``api``.
        fields: what is said of the inbox itself.
        settings: what is said of its channel.
        bot: whether it is to have the bot.
        members: who are to be its members, None where nothing is said of them.
    """

    name: str
    channel: str
    fields: Mapping[str, Any]
    settings: Mapping[str, Any]
    bot: bool
    members: tuple[str, ...] | None


@dataclass(frozen=True)
class WebhookWish:
    """A webhook that is to be; without a name its name is left alone."""

    url: str
    name: str | None
    subscriptions: tuple[str, ...]


@dataclass(frozen=True)
class DeskWish:
    """What the options of chatwoot_tenant ask for; what is None is left alone."""

    tenant: str
    state: str
    account_id: int | None
    take_over: bool
    account: Mapping[str, str]
    status: str | None
    limits: Mapping[str, int | None]
    features: Mapping[str, bool]
    attributes: Mapping[str, Any]
    administrator: Somebody | None
    agents: tuple[Somebody, ...]
    bot: BotWish | None
    inboxes: tuple[InboxWish, ...]
    webhooks: tuple[WebhookWish, ...]
    purge: frozenset[str]
    bot_status: str | None
    bot_reason: str | None
    confirm_name: str | None
    wait_seconds: int
    platform_token: str | None = field(repr=False)
    admin_token: str | None = field(repr=False)

    @property
    def by_platform(self) -> bool:
        """Whether a platform app holds the account; else an administrator of it holds what is in it, and nothing is said of the account."""
        return self.platform_token is not None

    @property
    def looks_inside(self) -> bool:
        """Whether anything is asked for that only the application API of the account can tell."""
        return bool(self.administrator or self.agents or self.bot or self.inboxes or self.webhooks or self.purge or self.limits)

    @property
    def people(self) -> tuple[Somebody, ...]:
        """Everybody who is to be in the account."""
        return (*((self.administrator,) if self.administrator else ()), *self.agents)


def connection_of(params: Mapping[str, Any]) -> Connection:
    """Return the way to the Chatwoot that the options name.

    Raises:
        InputError: the address cannot be used.
    """
    timeout = params["request_timeout"]
    if not 0 < timeout <= 600:
        raise InputError(f"request_timeout: {timeout:g} is no time for a request; give seconds above 0, up to 600.")
    if params["ca_cert"] and not os.path.isfile(params["ca_cert"]):
        raise InputError(f"ca_cert: {quoted(params['ca_cert'])} is no file; name the PEM file of the authority.")
    return Connection(params["url"], timeout, params["ca_cert"], params["validate_certs"])


def token_of(params: Mapping[str, Any], option: str, variable: str) -> str | None:
    """Return a token: from its option, its file, or the environment.

    Raises:
        InputError: it is no token, or it is given twice.
    """
    given, path = params[option], params[f"{option}_file"]
    if given and path:
        raise InputError(f"{option}: given, and {option}_file too; leave one of them out.")
    if path:
        try:
            with open(path, encoding="utf-8") as file:
                given = file.read().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise InputError(f"{option}_file: {quoted(path, PATH)} cannot be read ({why}); name a file that holds the token.") from None
        option = f"{option}_file"
    # A file that is empty is a mistake, and not a wish for another token.
    found = given if path else given or os.environ.get(variable)
    if path or found:
        if not found or not found.isascii() or any(char.isspace() or not char.isprintable() for char in found):
            raise InputError(f"{option}: holds no token; it must be one word of ASCII letters and nothing else.")
        return str(found)
    return None


def is_said(params: Mapping[str, Any], option: str) -> bool:
    """Whether a token is given by its option or its file; the environment says nothing."""
    return bool(params[option] or params[f"{option}_file"])


def tokens_of(params: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the platform app's token and an administrator's; without the first, the second is that of ``account_id``.

    Who names an account and the token of its administrator, and no platform app, means just that: a platform app that the environment names
    is another Chatwoot's, perhaps, and is left alone.

    Raises:
        InputError: there is none that would do.
    """
    has_number = params["account_id"] is not None
    is_alone = has_number and is_said(params, "admin_token") and not is_said(params, "platform_token")
    platform = None if is_alone else token_of(params, "platform_token", PLATFORM_VARIABLE)
    admin = token_of(params, "admin_token", ADMIN_VARIABLE)
    if platform is None and (admin is None or not has_number):
        raise InputError(
            "platform_token_file: not given; make a platform app at /super_admin/platform_apps, and name a file with its token, or, in a"
            " Chatwoot of the client's own, give account_id and admin_token_file."
        )
    return platform, admin


def may_be_to_come(params: Mapping[str, Any]) -> bool:
    """Whether a preview may find no Chatwoot at all: an account with a number is in one that was made, and so is one that is to go."""
    return bool(params["server_to_come"]) and params["account_id"] is None and params["state"] == "present"


def wish_of(params: Mapping[str, Any], *, without_token: bool = False) -> DeskWish:
    """Check the options and make a wish of them.

    Args:
        params: the options of ``CHATWOOT_TENANT_SPEC``, validated by type.
        without_token: whether no token is looked for: of a Chatwoot that is to come, its own may be to come, too.

    Raises:
        InputError: an option cannot work.
    """
    checks.tenant(params["tenant"])
    wait = params["wait_seconds"]
    if not 0 <= wait <= 3600:
        raise InputError(f"wait_seconds: {wait} is no time to wait; give 0 to 3600.")
    platform_token, admin_token = ("", None) if without_token else tokens_of(params)
    if platform_token is None:
        checks.without_platform(params)
    private = params["private_urls_allowed"]
    people = _people(params)
    return DeskWish(
        tenant=params["tenant"],
        state=params["state"],
        account_id=checks.account_id(params["account_id"]),
        take_over=params["take_over"],
        account=_account(params),
        status=params["status"],
        limits=checks.limits(params["limits"]),
        features=checks.features(params["features"], params["features_extra"], licensed=params["licensed"]),
        attributes=checks.attributes(params["custom_attributes"]),
        administrator=people[0] if params["administrator"] else None,
        agents=people[1:] if params["administrator"] else people,
        bot=_bot(params["bot"], params["tenant"], private=private),
        inboxes=_inboxes(params["inboxes"], private=private),
        webhooks=_webhooks(params["webhooks"], private=private),
        purge=frozenset(params["purge"]),
        bot_status=params["bot_status"],
        bot_reason=checks.bot_reason(params["bot_status"], params["bot_reason"]),
        confirm_name=params["confirm_name"],
        wait_seconds=wait,
        platform_token=platform_token,
        admin_token=admin_token,
    )


def marker_of(tenant: str) -> str:
    """Return what a bot's description ends with, by which it is found again."""
    return f"[bluegreen:{tenant}]"


def _account(params: Mapping[str, Any]) -> dict[str, str]:
    found = {name: params[name].strip() for name in ("name", "locale", "domain", "support_email") if params[name] is not None}
    checks.account(found)
    return found


def _people(params: Mapping[str, Any]) -> tuple[Somebody, ...]:
    """Everybody, the administrator first."""
    given = [("agents.email", one) for one in params["agents"]]
    if params["administrator"]:
        given.insert(0, ("administrator.email", {**params["administrator"], "role": "administrator"}))
    found: list[Somebody] = []
    for option, one in given:
        email = checks.email(option, one["email"])
        if any(email == other.email for other in found):
            raise InputError(f"{option}: {quoted(email)} is given twice; one person is one address, in capitals or not.")
        found.append(Somebody(email, (one["name"] or "").strip() or email.partition("@")[0], one["role"]))
    return tuple(found)


def _bot(given: Mapping[str, Any] | None, tenant: str, *, private: bool) -> BotWish | None:
    if not given:
        return None
    url = checks.url("bot.url", given["url"], private=private)
    name = checks.words("bot.name", given["name"])
    return BotWish(name, f"{given['description'].strip()} {marker_of(tenant)}".strip(), url)


def _inboxes(given: list[Mapping[str, Any]], *, private: bool) -> tuple[InboxWish, ...]:
    found: list[InboxWish] = []
    for one in given:
        name = checks.words("inboxes.name", one["name"])
        if any(name == other.name for other in found):
            raise InputError(f"inboxes.name: {quoted(name)} is given twice; an inbox is found by its name, so give each one of its own.")
        channel = one["channel"]
        others = {field for kind, fields in CHANNEL_FIELDS.items() if kind != channel for field in fields} - CHANNEL_FIELDS[channel].keys()
        for field_name in sorted(others):
            if one[field_name] is not None:
                raise InputError(f"inboxes.{field_name}: inbox {quoted(name)} is of channel {channel}, which has none; leave it out.")
        fields = {key: one[key] for key in INBOX_FIELDS if one[key] is not None}
        settings = {key: one[key] for key in CHANNEL_FIELDS[channel] if one[key] is not None}
        checks.inbox(name, fields, settings, channel=channel, private=private)
        members = one["members"]
        whose = None if members is None else tuple(sorted({checks.email("inboxes.members", email) for email in members}))
        found.append(InboxWish(name, channel, fields, settings, one["bot"], whose))
    return tuple(found)


def _webhooks(given: list[Mapping[str, Any]], *, private: bool) -> tuple[WebhookWish, ...]:
    found: list[WebhookWish] = []
    for one in given:
        url = checks.url("webhooks.url", one["url"], private=private)
        if any(url == other.url for other in found):
            raise InputError(f"webhooks.url: {quoted(url)} is given twice; Chatwoot has an address once, so give it all its subscriptions.")
        if not one["subscriptions"]:
            raise InputError(f"webhooks.subscriptions: {quoted(url)} has none; name events, for example message_created.")
        found.append(WebhookWish(url, one["name"], tuple(sorted(set(one["subscriptions"])))))
    return tuple(found)
