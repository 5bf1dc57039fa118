# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Chatwoot has of its own: names that it knows, and what it takes back by itself.

PRIVATE: for this collection's own plugins, not a public interface.

Read in Chatwoot's source at commit e6dfb91fcc40 (between 4.14.1 and 4.14.2). A name that it does not know is a 500 there, and a new account
is left behind that nobody may touch: so they are checked here.
"""

from __future__ import annotations

from typing import Final

# Where an account says whose it is, in its custom_attributes; and that it is on its way out.
KEY: Final = "bluegreen_tenant"
LEAVING: Final = "bluegreen_leaving"
# And that its bot is suspended: the reason, and the inboxes that had it.
BOT_SUSPENDED: Final = "bluegreen_bot_suspended"
REASON_LENGTH: Final = 255

# What a limit may be called; everything else is a 422.
LIMITS: Final = ("inboxes", "agents", "captain_responses", "captain_documents", "emails")
ROLES: Final = ("agent", "administrator")
CHANNELS: Final = {"web_widget": "Channel::WebWidget", "api": "Channel::Api"}
REPLY_TIMES: Final = ("in_a_few_minutes", "in_a_few_hours", "in_a_day")
WIDGET_FLAGS: Final = ("attachments", "emoji_picker", "end_conversation", "use_inbox_avatar_for_bot", "allow_mobile_webview")
EVENTS: Final = (
    "conversation_created",
    "conversation_status_changed",
    "conversation_updated",
    "conversation_typing_on",
    "conversation_typing_off",
    "message_created",
    "message_updated",
    "contact_created",
    "contact_updated",
    "inbox_created",
    "inbox_updated",
    "webwidget_triggered",
)
URL_LENGTH: Final = 2048
GREETING_LENGTH: Final = 10_000

# On the free plan of an installation these are switched off again once a day.
PREMIUM_FEATURES: Final = (
    "disable_branding",
    "audit_logs",
    "sla",
    "custom_roles",
    "captain_integration",
    "csat_review_notes",
    "conversation_required_attributes",
)
# Of the installation, not of an account; put back once a day on the free plan, too.
BRAND_NAMES: Final = (
    "INSTALLATION_NAME",
    "LOGO_THUMBNAIL",
    "LOGO",
    "LOGO_DARK",
    "BRAND_URL",
    "WIDGET_BRAND_URL",
    "BRAND_NAME",
    "TERMS_URL",
    "PRIVACY_URL",
    "DISPLAY_MANIFEST",
)
# Chatwoot counts in these itself.
COUNTERS: Final = ("captain_responses_usage", "captain_documents_usage")

_LOCALES = (
    "en ar nl fr de hi it ja ko pt ru zh es ml ca el pt_BR ro ta fa zh_TW vi da tr cs fi id sv hu no zh_CN pl sk uk th lv is he lt sr bg et"
)
LOCALES: Final = tuple(_LOCALES.split())

_FEATURES = """
    inbound_emails channel_email channel_facebook conversation_unread_counts ip_lookup disable_branding
    email_continuity_on_api_channel help_center agent_bots macros agent_management team_management inbox_management labels
    custom_attributes automations canned_responses integrations voice_recorder report_rollup channel_website campaigns reports crm
    auto_resolve_conversations custom_reply_email custom_reply_domain audit_logs custom_tools message_reply_to
    insert_article_in_reply inbox_view sla help_center_embedding_search linear_integration captain_integration custom_roles
    chatwoot_v4 captain_v1_action_classifier contact_chatwoot_support_team shopify_integration search_with_gin channel_instagram
    crm_integration channel_voice notion_integration captain_integration_v2 whatsapp_embedded_signup whatsapp_campaign crm_v2
    assignment_v2 captain_document_auto_sync advanced_search saml advanced_search_indexing reply_mailer_migration quoted_email_reply
    companies channel_tiktok csat_review_notes captain_tasks conversation_required_attributes advanced_assignment
"""
FEATURES: Final = frozenset(_FEATURES.split())
