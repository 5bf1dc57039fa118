# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of Chatwoot at commit e6dfb91fcc40, as the stand-in has them; a test holds the collection's own copy against them."""

from __future__ import annotations

from typing import Final

# config/features.yml: whether a new account has it.
FEATURES: Final[dict[str, bool]] = {
    "inbound_emails": True,
    "channel_email": True,
    "channel_facebook": True,
    "conversation_unread_counts": False,
    "ip_lookup": False,
    "disable_branding": False,
    "email_continuity_on_api_channel": False,
    "help_center": True,
    "agent_bots": True,
    "macros": True,
    "agent_management": True,
    "team_management": True,
    "inbox_management": True,
    "labels": True,
    "custom_attributes": True,
    "automations": True,
    "canned_responses": True,
    "integrations": True,
    "voice_recorder": True,
    "report_rollup": False,
    "channel_website": True,
    "campaigns": True,
    "reports": True,
    "crm": True,
    "auto_resolve_conversations": True,
    "custom_reply_email": False,
    "custom_reply_domain": False,
    "audit_logs": False,
    "custom_tools": False,
    "message_reply_to": False,
    "insert_article_in_reply": False,
    "inbox_view": False,
    "sla": False,
    "help_center_embedding_search": False,
    "linear_integration": False,
    "captain_integration": False,
    "custom_roles": False,
    "chatwoot_v4": True,
    "captain_v1_action_classifier": False,
    "contact_chatwoot_support_team": True,
    "shopify_integration": False,
    "search_with_gin": False,
    "channel_instagram": True,
    "crm_integration": False,
    "channel_voice": False,
    "notion_integration": False,
    "captain_integration_v2": False,
    "whatsapp_embedded_signup": False,
    "whatsapp_campaign": False,
    "crm_v2": False,
    "assignment_v2": True,
    "captain_document_auto_sync": False,
    "advanced_search": False,
    "saml": False,
    "advanced_search_indexing": False,
    "reply_mailer_migration": False,
    "quoted_email_reply": False,
    "companies": False,
    "channel_tiktok": True,
    "csat_review_notes": False,
    "captain_tasks": True,
    "conversation_required_attributes": False,
    "advanced_assignment": False,
}
# enterprise/config/premium_features.yml: put back once a day on the free plan.
PREMIUM_FEATURES: Final = (
    "disable_branding",
    "audit_logs",
    "sla",
    "custom_roles",
    "captain_integration",
    "csat_review_notes",
    "conversation_required_attributes",
)
# enterprise/config/premium_installation_config.yml: put back once a day, too.
BRAND: Final = {
    "INSTALLATION_NAME": "Chatwoot",
    "LOGO_THUMBNAIL": "/brand-assets/logo_thumbnail.svg",
    "LOGO": "/brand-assets/logo.svg",
    "LOGO_DARK": "/brand-assets/logo_dark.svg",
    "BRAND_URL": "https://www.chatwoot.com",
    "WIDGET_BRAND_URL": "https://www.chatwoot.com",
    "BRAND_NAME": "Chatwoot",
    "TERMS_URL": "https://www.chatwoot.com/terms-of-service",
    "PRIVACY_URL": "https://www.chatwoot.com/privacy-policy",
    "DISPLAY_MANIFEST": True,
}
# config/initializers/languages.rb.
_LOCALES = (
    "en ar nl fr de hi it ja ko pt ru zh es ml ca el pt_BR ro ta fa zh_TW vi da tr cs fi id sv hu no zh_CN pl sk uk th lv is he lt sr bg et"
)
LOCALES: Final = tuple(_LOCALES.split())
# enterprise/app/models/enterprise/account/plan_usage_and_limits.rb.
LIMITS: Final = ("inboxes", "agents", "captain_responses", "captain_documents", "emails")
# app/models/webhook.rb.
EVENTS: Final = (
    "conversation_status_changed",
    "conversation_updated",
    "conversation_created",
    "contact_created",
    "contact_updated",
    "message_created",
    "message_updated",
    "webwidget_triggered",
    "inbox_created",
    "inbox_updated",
    "conversation_typing_on",
    "conversation_typing_off",
)
