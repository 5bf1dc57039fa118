# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which features of Chatwoot a client switches on and off, per plan, as data.

PRIVATE: for this collection's own plugins, not a public interface.

The seed promises "self-service (switch features on and off)", and of features names only the advanced analytics of Pro. So everybody may
switch how people work and are reached; from Pro on what counts, sells and connects; Enterprise also what Chatwoot sells with a licence and
what is set up for one client. What a bot needs (``agent_bots``) and who may do what (``agent_management``, ``inbox_management``) is ours.
Names are those of Chatwoot's ``config/features.yml``.
"""

from __future__ import annotations

from typing import Final

EVERYBODY: Final = (
    "auto_resolve_conversations",
    "canned_responses",
    "channel_email",
    "channel_website",
    "conversation_unread_counts",
    "custom_attributes",
    "email_continuity_on_api_channel",
    "help_center",
    "inbound_emails",
    "inbox_view",
    "insert_article_in_reply",
    "ip_lookup",
    "labels",
    "macros",
    "message_reply_to",
    "quoted_email_reply",
    "voice_recorder",
)
FROM_PRO: Final = (
    *EVERYBODY,
    "automations",
    "campaigns",
    "channel_facebook",
    "channel_instagram",
    "channel_tiktok",
    "crm",
    "integrations",
    "linear_integration",
    "notion_integration",
    "report_rollup",
    "reports",
    "search_with_gin",
    "shopify_integration",
    "team_management",
    "whatsapp_campaign",
    "whatsapp_embedded_signup",
)
# Those that need a licence are refused by chatwoot_tenant until the operator says that there is one.
FROM_ENTERPRISE: Final = (
    *FROM_PRO,
    "advanced_assignment",
    "advanced_search",
    "audit_logs",
    "companies",
    "conversation_required_attributes",
    "csat_review_notes",
    "custom_reply_domain",
    "custom_reply_email",
    "custom_roles",
    "custom_tools",
    "disable_branding",
    "saml",
    "sla",
)
