# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Chatwoot does otherwise than its own OpenAPI description says: the only departures from it that the stand-in is allowed.

Each was read in Chatwoot's source at commit e6dfb91fcc40 (between 4.14.1 and 4.14.2), the file is its evidence. None is there to make the
stand-in easier to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PLATFORM: Final = "/platform/api/v1"
ACCOUNT: Final = "/api/v1/accounts/{account_id}"
ANY: Final = "*"

TEXT: Final = {"type": "string"}
NUMBER: Final = {"type": "number"}
MAP: Final = {"type": "object"}


def ref(name: str) -> dict[str, str]:
    """Refer to a schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def with_properties(**properties: Any) -> dict[str, Any]:
    """Describe an object that has all of these."""
    return {"type": "object", "required": sorted(properties), "properties": properties}


# What a platform answer about an account really holds.
WHOLE_ACCOUNT: Final = with_properties(
    id=NUMBER,
    name=TEXT,
    locale=TEXT,
    domain={"type": ["string", "null"]},
    support_email={"type": ["string", "null"]},
    features=MAP,
    custom_attributes=MAP,
    limits=MAP,
    status={"enum": ["active", "suspended"]},
)
EVENTS: Final = {
    "type": "array",
    "items": {
        "enum": [
            "conversation_created",
            "conversation_status_changed",
            "conversation_updated",
            "contact_created",
            "contact_updated",
            "message_created",
            "message_updated",
            "webwidget_triggered",
            "conversation_typing_on",
            "conversation_typing_off",
            "inbox_created",
            "inbox_updated",
        ]
    },
}
WEBHOOK: Final = {"type": "object", "properties": {"id": NUMBER, "url": TEXT, "subscriptions": EVENTS, "secret": TEXT}}
MEMBER_PAYLOAD: Final = with_properties(payload={"type": "array", "items": ref("agent")})


@dataclass(frozen=True)
class Difference:
    """One of them.

    Attributes:
        routes: ``METHOD path`` of each operation it is about; ``*`` for all.
        what: what Chatwoot does, in words.
        evidence: the file in Chatwoot's source.
        request: fields of a request's body beside those of the description, or instead of them.
        response: schema of an answer, by status, beside those of the description, or instead of them. None for an answer without JSON.
        nulls: fields of an answer that can be null although the description gives them another type.
    """

    routes: tuple[str, ...]
    what: str
    evidence: str
    request: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[int, Any] = field(default_factory=dict)
    nulls: frozenset[str] = frozenset()


ERROR: Final = with_properties(error=TEXT)
INVALID: Final = with_properties(message=TEXT, attributes={"type": "array", "items": TEXT})

DIFFERENCES: Final[tuple[Difference, ...]] = (
    Difference(
        (ANY,),
        "errors are {error} or, of an invalid record, {message, attributes}; never {description, errors[]}. Rights are 401, not 403",
        "app/controllers/concerns/request_exception_handler.rb",
        response={401: ERROR, 402: ERROR, 404: ERROR, 422: {"anyOf": [ERROR, INVALID]}},
    ),
    Difference(
        (ANY,),
        "what nobody rescues is Rails' own page in HTML: 500; the throttle answers 429 with a text",
        "app/controllers/platform_controller.rb, config/initializers/rack_attack.rb",
        response={500: None, 429: None},
    ),
    Difference(
        tuple(
            f"{method} {PLATFORM}/{path}"
            for method, path in (
                ("GET", "accounts/{account_id}"),
                ("PATCH", "accounts/{account_id}"),
                ("DELETE", "accounts/{account_id}"),
                ("GET", "accounts/{account_id}/account_users"),
                ("POST", "accounts/{account_id}/account_users"),
                ("GET", "users/{id}"),
                ("POST", "users/{id}/token"),
                ("GET", "agent_bots/{id}"),
                ("PATCH", "agent_bots/{id}"),
                ("DELETE", "agent_bots/{id}"),
            )
        ),
        "the platform does not rescue a record that is not there: Rails' default 404 in HTML",
        "app/controllers/platform_controller.rb",
        response={404: None},
    ),
    Difference(
        (f"GET {PLATFORM}/accounts",),
        "the index of accounts is there since 4.5.0 and not in the description; of this platform app's own accounts only",
        "app/controllers/platform/api/v1/accounts_controller.rb",
        response={200: {"type": "array", "items": WHOLE_ACCOUNT}},
    ),
    Difference(
        (f"POST {PLATFORM}/accounts", f"GET {PLATFORM}/accounts/{{account_id}}", f"PATCH {PLATFORM}/accounts/{{account_id}}"),
        "the answer holds the whole account, not only id and name; features can be given",
        "app/views/platform/api/v1/models/_account.json.jbuilder",
        request={"features": MAP},
        response={200: WHOLE_ACCOUNT},
    ),
    Difference(
        (f"POST {PLATFORM}/users/{{id}}/token",),
        "the token of a user, since 8697a30 (2025-05-22), is not in the description",
        "app/views/platform/api/v1/users/token.json.jbuilder",
        response={200: with_properties(access_token=TEXT, user=MAP)},
    ),
    Difference(
        (f"POST {PLATFORM}/users", f"GET {PLATFORM}/users/{{id}}", "GET /api/v1/profile"),
        "a user who is in no account has no account_id and no role",
        "app/views/platform/api/v1/models/_user.json.jbuilder",
        nulls=frozenset({"account_id", "role"}),
    ),
    Difference(
        (
            f"GET {PLATFORM}/agent_bots",
            f"POST {PLATFORM}/agent_bots",
            f"GET {PLATFORM}/agent_bots/{{id}}",
            f"PATCH {PLATFORM}/agent_bots/{{id}}",
        ),
        "what a bot was not given is null",
        "app/views/platform/api/v1/models/_agent_bot.json.jbuilder",
        nulls=frozenset({"description", "outgoing_url", "account_id"}),
    ),
    Difference(
        (f"GET {ACCOUNT}", f"PATCH {ACCOUNT}"),
        "what an account was not given is null",
        "app/views/api/v1/models/_account.json.jbuilder",
        nulls=frozenset({"domain", "support_email"}),
    ),
    Difference(
        (
            f"GET {ACCOUNT}/agent_bots",
            f"POST {ACCOUNT}/agent_bots",
            f"GET {ACCOUNT}/agent_bots/{{id}}",
            f"PATCH {ACCOUNT}/agent_bots/{{id}}",
        ),
        "what a bot was not given is null, and its access_token is the whole record",
        "app/views/api/v1/models/_agent_bot.json.jbuilder",
        nulls=frozenset({"description", "outgoing_url", "account_id", "access_token"}),
    ),
    Difference(
        (
            f"GET {ACCOUNT}/inboxes",
            f"POST {ACCOUNT}/inboxes",
            f"GET {ACCOUNT}/inboxes/{{id}}",
            f"PATCH {ACCOUNT}/inboxes/{{id}}",
        ),
        "what a channel does not have (an API has no widget) is null",
        "app/views/api/v1/models/_inbox.json.jbuilder",
        nulls=frozenset({"widget_color", "website_url", "website_token", "web_widget_script", "reply_time"}),
    ),
    Difference(
        (f"GET {ACCOUNT}/inboxes/{{id}}/agent_bot",),
        "200 and not 204, and the bot stands below agent_bot; without a bot the answer is {}",
        "app/views/api/v1/accounts/inboxes/agent_bot.json.jbuilder",
        response={200: {"type": "object", "properties": {"agent_bot": MAP}, "additionalProperties": False}},
    ),
    Difference(
        (f"POST {ACCOUNT}/inboxes/{{id}}/set_agent_bot",),
        "200 and not 204; null takes the bot away",
        "app/controllers/api/v1/accounts/inboxes_controller.rb",
        request={"agent_bot": {"type": ["number", "null"]}},
        response={200: None},
    ),
    Difference(
        (f"POST {ACCOUNT}/contacts",),
        "the contact stands below payload.contact, and how it is known in the inbox below payload.contact_inbox",
        "app/views/api/v1/accounts/contacts/create.json.jbuilder",
        response={200: with_properties(payload=with_properties(contact=MAP, contact_inbox=with_properties(source_id=TEXT)))},
    ),
    Difference(
        (f"GET {ACCOUNT}/webhooks",),
        "the list stands below payload.webhooks",
        "app/views/api/v1/accounts/webhooks/index.json.jbuilder",
        response={200: with_properties(payload=with_properties(webhooks={"type": "array", "items": WEBHOOK}))},
    ),
    Difference(
        (f"POST {ACCOUNT}/webhooks", f"PATCH {ACCOUNT}/webhooks/{{webhook_id}}"),
        "the webhook stands below payload.webhook; there are 12 events, not 10",
        "app/views/api/v1/accounts/webhooks/create.json.jbuilder, app/models/webhook.rb",
        request={"subscriptions": EVENTS},
        response={200: with_properties(payload=with_properties(webhook=WEBHOOK))},
    ),
)
