# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application API of one account, for its users: agents, inboxes, bots, webhooks, a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.chatwoot.calls import Call, CrashError, MissingError, RefusalError, Reply, invalid
from lab.chatwoot.facts import EVENTS, LOCALES
from lab.chatwoot.platform import new_bot, new_user, user_view
from lab.chatwoot.state import Record

TOO_MANY_AGENTS = "Account limit exceeded. Please purchase more licenses"
TOO_MANY_INBOXES = "Account limit exceeded. Upgrade to a higher plan"
CHANNELS = {"web_widget": "Channel::WebWidget", "api": "Channel::Api"}
INBOX_DEFAULTS: Record = {
    "greeting_enabled": False,
    "greeting_message": None,
    "working_hours_enabled": False,
    "enable_email_collect": True,
    "csat_survey_enabled": False,
    "enable_auto_assignment": True,
    "out_of_office_message": None,
    "timezone": "UTC",
    "allow_messages_after_resolved": True,
    "lock_to_single_conversation": False,
    "sender_name_type": "friendly",
    "business_name": None,
}
WIDGET_DEFAULTS: Record = {
    "website_url": None,
    "widget_color": "#1f93ff",
    "welcome_title": None,
    "welcome_tagline": None,
    "reply_time": "in_a_few_minutes",
    "pre_chat_form_enabled": False,
    "continuity_via_email": True,
    "hmac_mandatory": False,
    "allowed_domains": "",
    "selected_feature_flags": ["attachments", "emoji_picker", "end_conversation"],
}
API_DEFAULTS: Record = {"webhook_url": None, "hmac_mandatory": False, "additional_attributes": {}}
CHANNEL_DEFAULTS = {"Channel::WebWidget": WIDGET_DEFAULTS, "Channel::Api": API_DEFAULTS}
# What an API does not have, and its inbox shows as null.
WIDGET_ONLY = ("website_url", "widget_color", "welcome_title", "welcome_tagline", "reply_time", "allowed_domains", "selected_feature_flags")


def agent_view(call: Call, place: Record, user: Record) -> Record:
    """Somebody in the account; custom_role_id is there with the folder enterprise/ only."""
    shown = {
        "id": user["id"],
        "account_id": call.account["id"],
        "availability_status": "offline",
        "auto_offline": True,
        "confirmed": user["confirmed"],
        "email": user["email"],
        "provider": "email",
        "available_name": user["display_name"] or user["name"],
        "name": user["name"],
        "role": place["role"],
        "thumbnail": "",
    }
    return {**shown, "custom_role_id": None} if call.state.is_enterprise else shown


def list_agents(call: Call) -> Reply:
    """GET agents: administrators, too."""
    people = sorted(call.state.people(call.account["id"]), key=lambda one: one[1]["name"].lower())
    return Reply(body=[agent_view(call, place, user) for place, user in people])


def create_agent(call: Call) -> Reply:
    """POST agents: who is new gets a mail."""
    call.must_administer()
    account = call.account["id"]
    if len(list(call.state.people(account))) >= call.state.limit(call.account, "agents"):
        raise RefusalError(402, {"error": TOO_MANY_AGENTS})
    email = call.body["email"].lower()
    found = call.state.where("users", email=email)
    if not found:
        found = [new_user(call.state, email, call.body["name"] or email.partition("@")[0], confirmed=False)]
        call.state.add("mails", to=email, account_id=account)
    if call.state.where("account_users", account_id=account, user_id=found[0]["id"]):
        raise invalid("User has already been taken", "user_id")
    place = call.state.add("account_users", account_id=account, user_id=found[0]["id"], role=call.body["role"])
    return Reply(body=agent_view(call, place, found[0]))


def _somebody(call: Call) -> tuple[Record, Record]:
    for place, user in call.state.people(call.account["id"]):
        if user["id"] == call.numbers[1]:
            return place, user
    raise MissingError


def update_agent(call: Call) -> Reply:
    """PATCH agents/{id}."""
    place, user = _somebody(call)
    call.must_administer()
    place["role"] = call.body["role"]
    return Reply(body=agent_view(call, place, user))


def delete_agent(call: Call) -> Reply:
    """DELETE agents/{id}: who is in no other account is deleted as a user, too."""
    place, user = _somebody(call)
    call.must_administer()
    call.state.drop("account_users", place)
    for inbox in call.state.where("inboxes", account_id=call.account["id"]):
        inbox["members"] = [one for one in inbox["members"] if one != user["id"]]
    if not call.state.where("account_users", user_id=user["id"]):
        call.state.drop("users", user)
    return Reply()


def inbox_view(inbox: Record) -> Record:
    """An inbox with its channel, whose fields stand among its own."""
    channel = inbox["channel"]
    shown = {
        **{name: inbox[name] for name in ("id", "name", "channel_type", *INBOX_DEFAULTS)},
        "channel_id": inbox["id"],
        "avatar_url": "",
        "csat_config": {},
        "auto_assignment_config": {},
        "working_hours": [],
        "callback_webhook_url": None,
        "provider": None,
        "messaging_service_sid": None,
        "phone_number": None,
        **dict[str, Any].fromkeys(WIDGET_ONLY),
        "website_token": None,
        "web_widget_script": None,
        **channel,
        "hmac_token": f"hmac-{inbox['token']}",
    }
    if inbox["channel_type"] == "Channel::Api":
        return {**shown, "inbox_identifier": inbox["token"], "secret": f"secret-{inbox['token']}"}
    return {**shown, "website_token": inbox["token"], "web_widget_script": f"<script>{inbox['token']}</script>"}


def list_inboxes(call: Call) -> Reply:
    """GET inboxes: an agent sees those of which they are a member."""
    found = call.state.where("inboxes", account_id=call.account["id"])
    if call.place["role"] != "administrator":
        found = [inbox for inbox in found if call.user["id"] in inbox["members"]]
    return Reply(body={"payload": [inbox_view(inbox) for inbox in sorted(found, key=lambda one: one["name"].lower())]})


def create_inbox(call: Call) -> Reply:
    """POST inboxes."""
    if len(call.state.where("inboxes", account_id=call.account["id"])) >= call.state.limit(call.account, "inboxes"):
        raise RefusalError(402, {"error": TOO_MANY_INBOXES})
    call.must_administer()
    kind = CHANNELS.get(str((call.body.get("channel") or {}).get("type")))
    if kind is None:
        # channel_type_from_params is nil.
        raise CrashError
    fields = {"name": call.body.get("name"), **INBOX_DEFAULTS}
    draft = {**fields, "channel_type": kind, "channel": dict(CHANNEL_DEFAULTS[kind])}
    _fill(draft, call.body)
    made = call.state.add("inboxes", **draft, account_id=call.account["id"], token=call.state.token(), bot_id=None, members=[])
    return Reply(body=inbox_view(made))


def _fill(inbox: Record, body: Record) -> None:
    inbox.update({name: body[name] for name in ("name", *INBOX_DEFAULTS) if name in body})
    known = CHANNEL_DEFAULTS[inbox["channel_type"]]
    given = {name: value for name, value in (body.get("channel") or {}).items() if name in known}
    # Flags are bits: they come back in their own order.
    if "selected_feature_flags" in given:
        order = [*WIDGET_DEFAULTS["selected_feature_flags"], "use_inbox_avatar_for_bot", "allow_mobile_webview"]
        given["selected_feature_flags"] = [name for name in order if name in given["selected_feature_flags"]]
    inbox["channel"] = {**inbox["channel"], **given}
    if not inbox["name"]:
        raise invalid("Name can't be blank", "name")
    if inbox["channel_type"] == "Channel::WebWidget" and not inbox["channel"]["website_url"]:
        raise invalid("Website url can't be blank", "website_url")
    if len(inbox["greeting_message"] or "") > 10_000:
        raise invalid("Greeting message is too long (maximum is 10000 characters)", "greeting_message")
    if "/" not in inbox["timezone"] and inbox["timezone"] != "UTC":
        raise invalid("Timezone is not included in the list", "timezone")


def _inbox(call: Call) -> Record:
    inbox = call.own("inboxes", call.numbers[1])
    if call.place["role"] != "administrator" and call.user["id"] not in inbox["members"]:
        call.must_administer()
    return inbox


def show_inbox(call: Call) -> Reply:
    """GET inboxes/{id}."""
    return Reply(body=inbox_view(_inbox(call)))


def update_inbox(call: Call) -> Reply:
    """PATCH inboxes/{id}."""
    inbox = _inbox(call)
    call.must_administer()
    after = dict(inbox)
    _fill(after, call.body)
    inbox.update(after)
    return Reply(body=inbox_view(inbox))


def inbox_bot(call: Call) -> Reply:
    """GET inboxes/{id}/agent_bot."""
    bot = call.state.find("bots", _inbox(call)["bot_id"])
    return Reply(body={"agent_bot": bot_view(bot)} if bot else {})


def set_inbox_bot(call: Call) -> Reply:
    """POST inboxes/{id}/set_agent_bot."""
    inbox = _inbox(call)
    call.must_administer()
    number = call.body["agent_bot"]
    if number is not None:
        bot = call.state.find("bots", number)
        if not bot or bot["account_id"] not in (None, call.account["id"]):
            raise MissingError
    inbox["bot_id"] = number
    return Reply()


def _members(call: Call, inbox: Record) -> Reply:
    people = [agent_view(call, place, user) for place, user in call.state.people(call.account["id"]) if user["id"] in inbox["members"]]
    return Reply(body={"payload": people})


def show_members(call: Call) -> Reply:
    """GET inbox_members/{inbox_id}."""
    return _members(call, _inbox(call))


def update_members(call: Call) -> Reply:
    """PATCH inbox_members: these and no others; POST only adds."""
    inbox = call.own("inboxes", call.body["inbox_id"])
    call.must_administer()
    known = {user["id"] for _place, user in call.state.people(call.account["id"])}
    if not set(call.body["user_ids"]) <= known:
        raise invalid("User must exist", "user")
    inbox["members"] = list(dict.fromkeys(call.body["user_ids"]))
    return _members(call, inbox)


def bot_view(bot: Record) -> Record:
    """A bot as an administrator of its account sees one: secret and all."""
    shown = {name: bot[name] for name in ("id", "name", "description", "account_id")}
    own = {"outgoing_url": bot["outgoing_url"], "secret": bot["secret"]} if bot["account_id"] else {}
    token = {"id": bot["id"], "token": bot["token"], "owner_type": "AgentBot"}
    rest = {"thumbnail": "", "bot_type": "webhook", "bot_config": {}, "system_bot": bot["account_id"] is None, "access_token": token}
    return {**shown, **own, **rest}


def list_bots(call: Call) -> Reply:
    """GET agent_bots: the account's own, and the system's."""
    found = [bot for bot in call.state.where("bots") if bot["account_id"] in (None, call.account["id"])]
    return Reply(body=[bot_view(bot) for bot in found])


def create_bot(call: Call) -> Reply:
    """POST agent_bots."""
    call.must_administer()
    return Reply(body=bot_view(new_bot(call, call.account["id"])))


def update_bot(call: Call) -> Reply:
    """PATCH agent_bots/{id}."""
    call.must_administer()
    bot = call.own("bots", call.numbers[1])
    bot.update({name: call.body[name] for name in ("name", "description", "outgoing_url") if name in call.body})
    return Reply(body=bot_view(bot))


def webhook_view(webhook: Record) -> Record:
    """A webhook, with its secret."""
    return {name: webhook[name] for name in ("id", "name", "url", "account_id", "subscriptions", "secret")}


def list_webhooks(call: Call) -> Reply:
    """GET webhooks."""
    call.must_administer()
    found = call.state.where("webhooks", account_id=call.account["id"])
    return Reply(body={"payload": {"webhooks": [webhook_view(webhook) for webhook in found]}})


def _check_webhook(call: Call, draft: Record) -> None:
    taken = call.state.where("webhooks", account_id=call.account["id"], url=draft["url"])
    if any(other["id"] != draft.get("id") for other in taken):
        raise invalid("Url has already been taken", "url")
    if not str(draft["url"] or "").startswith(("http://", "https://")):
        raise invalid("Url is invalid", "url")
    wanted: Any = draft["subscriptions"]
    if not wanted or not set(wanted) <= set(EVENTS):
        raise invalid("Subscriptions Invalid events", "subscriptions")


def create_webhook(call: Call) -> Reply:
    """POST webhooks: an url is there once per account."""
    call.must_administer()
    draft = {name: call.body.get(name) for name in ("name", "url", "subscriptions")}
    _check_webhook(call, draft)
    made = call.state.add("webhooks", **draft, account_id=call.account["id"], secret=call.state.token())
    return Reply(body={"payload": {"webhook": webhook_view(made)}})


def update_webhook(call: Call) -> Reply:
    """PATCH webhooks/{id}."""
    call.must_administer()
    webhook = call.own("webhooks", call.numbers[1])
    after = webhook | {name: call.body[name] for name in ("name", "url", "subscriptions") if name in call.body}
    _check_webhook(call, after)
    webhook.update(after)
    return Reply(body={"payload": {"webhook": webhook_view(webhook)}})


def delete_webhook(call: Call) -> Reply:
    """DELETE webhooks/{id}."""
    call.must_administer()
    call.state.drop("webhooks", call.own("webhooks", call.numbers[1]))
    return Reply()


def show_profile(call: Call) -> Reply:
    """GET profile: whose the token is."""
    return Reply(body=user_view(call.state, call.user))


def show_account(call: Call) -> Reply:
    """GET accounts/{id}: the one route that a suspended account answers, too."""
    account = call.account
    shown = {name: account[name] for name in ("id", "name", "locale", "domain", "support_email", "status")}
    rest = {"settings": account.get("settings", {}), "created_at": "2026-06-10T12:00:00.000Z", "cache_keys": {}}
    edition: Record = {"subscribed_features": []} if call.state.is_enterprise else {}
    features = dict.fromkeys(account["features"], True)
    return Reply(body={**shown, **rest, **edition, "features": features, "latest_chatwoot_version": None})


def update_account(call: Call) -> Reply:
    """PATCH accounts/{id}."""
    call.must_administer()
    names = ("name", "locale", "domain", "support_email")
    if call.body.get("locale", "en") not in LOCALES:
        raise CrashError
    if not call.body.get("name", "x"):
        raise invalid("Name can't be blank", "name")
    call.account.update({name: call.body[name] for name in names if name in call.body})
    given = {name: value for name, value in call.body.items() if name.startswith("auto_resolve")}
    call.account["settings"] = {**call.account.get("settings", {}), **given}
    return show_account(call)


def summary(call: Call) -> Reply:
    """GET reports/summary: what the lab said that was counted."""
    call.must_administer()
    counted = call.account.get("conversations", 0)
    messages = {"incoming_messages_count": counted, "outgoing_messages_count": 0}
    figures: Record = {"conversations_count": counted, **messages, "resolutions_count": 0}
    return Reply(body={**figures, "previous": {**figures, "conversations_count": 0}})


BASE = "/api/v1/accounts/{account_id}"
ROUTES: dict[str, Callable[[Call], Reply]] = {
    "GET /api/v1/profile": show_profile,
    f"GET {BASE}": show_account,
    f"PATCH {BASE}": update_account,
    f"GET {BASE}/agents": list_agents,
    f"POST {BASE}/agents": create_agent,
    f"PATCH {BASE}/agents/{{id}}": update_agent,
    f"DELETE {BASE}/agents/{{id}}": delete_agent,
    f"GET {BASE}/inboxes": list_inboxes,
    f"POST {BASE}/inboxes": create_inbox,
    f"GET {BASE}/inboxes/{{id}}": show_inbox,
    f"PATCH {BASE}/inboxes/{{id}}": update_inbox,
    f"GET {BASE}/inboxes/{{id}}/agent_bot": inbox_bot,
    f"POST {BASE}/inboxes/{{id}}/set_agent_bot": set_inbox_bot,
    f"GET {BASE}/inbox_members/{{inbox_id}}": show_members,
    f"PATCH {BASE}/inbox_members": update_members,
    f"GET {BASE}/agent_bots": list_bots,
    f"POST {BASE}/agent_bots": create_bot,
    f"PATCH {BASE}/agent_bots/{{id}}": update_bot,
    f"GET {BASE}/webhooks": list_webhooks,
    f"POST {BASE}/webhooks": create_webhook,
    f"PATCH {BASE}/webhooks/{{webhook_id}}": update_webhook,
    f"DELETE {BASE}/webhooks/{{webhook_id}}": delete_webhook,
    "GET /api/v2/accounts/{account_id}/reports/summary": summary,
}
