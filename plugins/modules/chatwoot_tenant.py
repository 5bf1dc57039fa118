#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: chatwoot_tenant
short_description: Hold a tenant's support desk in Chatwoot
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Holds a client's whole support desk in one task - its account with limits and features, its administrator and agents, the bot, inboxes
    with their look, webhooks, suspension and end.
  - The account is found by O(tenant), which is kept in its C(custom_attributes), or by O(account_id); never by its name, which others can
    have, too. Limits, features and attributes are merged into what is there.
  - A preview asks with C(GET) only, computes the differences on its own side, and says what the apply does, diff by diff.
  - In a Chatwoot of the client's own, where no platform app of ours is, O(account_id) and O(admin_token_file) alone hold what is in the
    account - O(agents), O(bot), O(inboxes), O(webhooks) and O(purge). All other options on the account are refused by name, for an
    administrator cannot do what they say, or cannot even read it.
  - What Chatwoot would undo, refuse half way or answer with a bare 500 is refused before anything is changed, with the reason.
  - A run that was killed is run again; nothing is made twice.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.chatwoot
attributes:
  check_mode:
    support: full
    details:
      - Asks with C(GET) only. What is in an account that is suspended cannot be read, so a run that reactivates one changes the account
        only, and says that it wants to be run again.
      - Before there is a Chatwoot at all, O(server_to_come=true) says what is to be made in it.
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - Of a new administrator of an account that has none, the same is true - what is in it can be read in the next run only.
  - The order is - the account (reactivated first), its administrator, who goes, who comes, the suspension of the bot, the bot, inboxes
    with bot and members, the end of a suspension of the bot, webhooks, and a suspension of the account last.
  - New administrators are made by the platform and get no mail; they set a password with I(forgot your password). Agents are invited by
    mail, once.
  - An administrator or agent who is in Chatwoot already is taken as they are. This platform app may then read and change that
    administrator in all of their accounts.
  - Keep the number that RV(account_id) returns in the tenant's inventory. Chatwoot 4.14's list of accounts, in which O(tenant) is looked
    up, answers 500 for ever once an account of this platform app was deleted; with O(account_id) the list is not needed, and a tenant with
    a bot is found by that.
  - A suspension of the bot is noted in the account before anything else is done, and forgotten last. A run that was killed is found half
    way, and goes on. Chatwoot has no mark for who made a conversation C(pending), so one that a person made so by hand, in an inbox whose
    bot is suspended, is opened, too.
  - Inboxes are never deleted, for their conversations would go with them.
options:
  tenant:
    description: Key of the tenant, by which its account is found again. Lower-case letters, digits, dots, hyphens and underscores.
    type: str
    required: true
  state:
    description:
      - V(present) brings the support desk to what the options say.
      - V(absent) deletes the account with all its conversations. It needs O(confirm_name), and waits for Chatwoot's worker to do it.
    type: str
    choices: [present, absent]
    default: present
  account_id:
    description:
      - Number of the account, where it is known. With O(take_over=true) an account without a key becomes the tenant's.
      - Needed without a platform app. Nobody but a platform app sees whose an account is, so O(tenant) then finds the bot, and no more.
    type: int
  take_over:
    description: Take over the account that O(account_id) names and that has no key of ours. One of another tenant is never taken over.
    type: bool
    default: false
  server_to_come:
    description:
      - For the first preview of a Chatwoot that the same run only makes. Where in check mode no Chatwoot answers (its name is not known,
        its port is closed, a proxy says 404 or 503), what is previewed is a new account, and a warning says so. That needs no token.
      - Where Chatwoot answers, everything is as without it, a bad token included. In an apply it changes nothing, and neither does it with
        O(account_id) or O(state=absent), which are about an account in a Chatwoot that was made.
    type: bool
    default: false
  name:
    description: Name of the account, which its people see. Needed for a new one; without it the old one stays. Names need not be unique.
    type: str
  locale:
    description: Language of the account, one of Chatwoot's own, for example V(fr) or V(pt_BR).
    type: str
  domain:
    description: Domain of the addresses at which replies by mail come in.
    type: str
  support_email:
    description: Address from which mail of the account is sent.
    type: str
  status:
    description:
      - V(suspended) locks everybody out and answers no request; V(active) lets them in again. Without it, what is there is kept.
    type: str
    choices: [active, suspended]
  bot_status:
    description:
      - V(suspended) suspends the tenant's bot, and nobody and nothing else. Every inbox that has it loses it, those that the task does not
        declare, too, and conversations that wait for it (C(pending), which agents do not see in their list) are opened. Why, and which
        inboxes had it, is kept in the account's C(custom_attributes).
      - V(active) gives these inboxes the bot again and forgets it. An inbox that was given another bot meanwhile keeps that one.
      - Without it, what is there is kept. As long as the bot is suspended, every run that looks into the account keeps it off - O(inboxes)
        with O(inboxes[].bot=true) are not connected - and opens what waits for it.
      - Needs neither O(bot) nor O(inboxes); the bot is found by the marker in its description.
    type: str
    choices: [active, suspended]
  bot_reason:
    description: Why the bot is suspended, in a few words like V(quota 2026-11). Required with O(bot_status=suspended), and only then.
    type: str
  limits:
    description:
      - How many the account may have - C(agents) (administrators count, too), C(inboxes), C(captain_responses), C(captain_documents) and
        C(emails), each a number. They are merged into those that are there; C(null) takes one away, which means without limit.
      - People and inboxes are counted before anything is written, because the platform lets in more.
    type: dict
    default: {}
  features:
    description:
      - Features by name, C(true) or C(false). Names that Chatwoot does not know are refused, and so are texts, which it all takes for true.
      - Those that need a licence are refused unless O(licensed=true), because Chatwoot switches them off again once a day.
    type: dict
    default: {}
  features_extra:
    description: Names of features that your Chatwoot has and this module does not know.
    type: list
    elements: str
    default: []
  licensed:
    description: Whether the installation has a licence, so that it keeps features that need one.
    type: bool
    default: false
  custom_attributes:
    description: Further custom attributes of the account. They are merged into those that are there; C(null) takes one away.
    type: dict
    default: {}
  administrator:
    description:
      - The administrator by whose token what is in the account is made. Needed for a new account with anything in it.
    type: dict
    suboptions:
      email: {description: Mail address., type: str, required: true}
      name: {description: Name; by default what stands before the C(@)., type: str}
  agents:
    description: Further people of the account. Each is invited once; of those who are there only the role is changed.
    type: list
    elements: dict
    default: []
    suboptions:
      email: {description: Mail address., type: str, required: true}
      name: {description: Name; by default what stands before the C(@)., type: str}
      role:
        description: What they are in the account.
        type: str
        choices: [agent, administrator]
        default: agent
  bot:
    description:
      - The account's agent bot. It is found by a marker at the end of its description, else by its name, and never made twice.
      - Chatwoot signs what it sends. The bot's token and secret are shown to administrators in its settings, and by this module nowhere.
    type: dict
    suboptions:
      name: {description: Its name., type: str, required: true}
      description: {description: What it is for; the marker is added., type: str, default: ""}
      url: {description: Where Chatwoot sends what happens in its inboxes., type: str, required: true}
  inboxes:
    description: Inboxes, found by their names. Of each, what is given is compared and the rest left alone.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Its name., type: str, required: true}
      channel:
        description: Its channel, which cannot be changed later.
        type: str
        choices: [web_widget, api]
        default: web_widget
      website_url: {description: "The site that the widget stands on. Needed with O(inboxes[].channel=web_widget).", type: str}
      widget_color: {description: "Colour of the widget, for example V(#1F93FF).", type: str}
      welcome_title: {description: First line of the widget., type: str}
      welcome_tagline: {description: Second line of the widget., type: str}
      reply_time:
        description: What the widget promises.
        type: str
        choices: [in_a_few_minutes, in_a_few_hours, in_a_day]
      pre_chat_form_enabled: {description: Whether the widget asks who somebody is., type: bool}
      continuity_via_email: {description: Whether a conversation goes on by mail., type: bool}
      allowed_domains: {description: Domains that may show the widget., type: str}
      selected_feature_flags:
        description: What the widget offers.
        type: list
        elements: str
        choices: [attachments, emoji_picker, end_conversation, use_inbox_avatar_for_bot, allow_mobile_webview]
      webhook_url: {description: "Where an inbox with O(inboxes[].channel=api) sends messages.", type: str}
      hmac_mandatory: {description: Whether visitors must prove who they are., type: bool}
      greeting_enabled: {description: Whether visitors are greeted., type: bool}
      greeting_message: {description: The greeting., type: str}
      business_name: {description: Name of the business in mails., type: str}
      sender_name_type:
        description: How senders are called in mails.
        type: str
        choices: [friendly, professional]
      enable_auto_assignment: {description: Whether conversations are given to agents by themselves., type: bool}
      enable_email_collect: {description: Whether visitors are asked for their address., type: bool}
      csat_survey_enabled: {description: Whether visitors are asked how it was., type: bool}
      allow_messages_after_resolved: {description: Whether a visitor can go on after the end., type: bool}
      lock_to_single_conversation: {description: Whether a visitor has one conversation only., type: bool}
      timezone: {description: "Time zone of the working hours, for example V(Europe/Paris).", type: str}
      working_hours_enabled: {description: Whether there are working hours., type: bool}
      out_of_office_message: {description: What is said outside of them., type: str}
      bot:
        description: Whether it has the bot of O(bot). Without that nothing is said of it.
        type: bool
        default: true
      members:
        description: Addresses of its members, these and no others. Without it, they are left alone.
        type: list
        elements: str
  webhooks:
    description: Webhooks of the account, found by their addresses. Chatwoot signs what it sends.
    type: list
    elements: dict
    default: []
    suboptions:
      url: {description: Where to., type: str, required: true}
      name: {description: What it is called; without it that is left alone., type: str}
      subscriptions:
        description: What is sent.
        type: list
        elements: str
        required: true
        choices:
          - conversation_created
          - conversation_status_changed
          - conversation_updated
          - conversation_typing_on
          - conversation_typing_off
          - message_created
          - message_updated
          - contact_created
          - contact_updated
          - inbox_created
          - inbox_updated
          - webwidget_triggered
  purge:
    description: Of what is declared no more it is taken away, too. Who is in no other account is deleted as a user, too.
    type: list
    elements: str
    choices: [agents, webhooks]
    default: []
  private_urls_allowed:
    description:
      - Whether this Chatwoot calls addresses in private networks, for example in its own cluster, which it does with
        C(SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true). Otherwise such addresses are refused, as far as their names tell.
    type: bool
    default: false
  confirm_name:
    description: With O(state=absent), the account's name to the letter.
    type: str
  wait_seconds:
    description: How long a deletion is waited for; V(0) does not wait.
    type: int
    default: 120
seealso:
  - module: bluegreen.orchestrator.chatwoot_tenant_info
"""

EXAMPLES = r"""
- name: A support desk with a bot, a widget and three people
  bluegreen.orchestrator.chatwoot_tenant:
    url: https://chat.agency.example
    platform_token_file: /etc/bluegreen/chatwoot-platform-token
    tenant: acme
    name: Acme
    locale: fr
    limits: {agents: 3, inboxes: 2}
    administrator: {email: desk+acme@agency.example, name: Agency}
    agents:
      - {email: anna@acme.example, name: Anna}
      - {email: ben@acme.example, name: Ben}
    bot: {name: Acme bot, url: https://bots.agency.example/acme}
    inboxes:
      - name: Shop
        website_url: https://shop.acme.example
        widget_color: "#0A7A4B"
        welcome_title: Bonjour
        welcome_tagline: Une question ? Nous sommes là.
        members: [anna@acme.example, ben@acme.example]
    webhooks:
      - {url: https://hooks.agency.example/acme, subscriptions: [conversation_created, message_created]}

- name: The bill was not paid
  bluegreen.orchestrator.chatwoot_tenant:
    url: https://chat.agency.example
    platform_token_file: /etc/bluegreen/chatwoot-platform-token
    tenant: acme
    status: suspended

- name: The month's conversations are used up, so people answer and the bot does not
  bluegreen.orchestrator.chatwoot_tenant:
    url: https://chat.agency.example
    platform_token_file: /etc/bluegreen/chatwoot-platform-token
    tenant: acme
    bot_status: suspended
    bot_reason: quota 2026-11

- name: A new month
  bluegreen.orchestrator.chatwoot_tenant:
    url: https://chat.agency.example
    platform_token_file: /etc/bluegreen/chatwoot-platform-token
    tenant: acme
    bot_status: active

- name: The bot in a Chatwoot of the client's own
  bluegreen.orchestrator.chatwoot_tenant:
    url: https://chat.acme.example
    account_id: 1
    admin_token_file: /etc/bluegreen/acme-chatwoot-token
    tenant: acme
    bot: {name: Acme bot, url: https://bots.agency.example/acme}
    inboxes:
      - {name: Shop, website_url: https://shop.acme.example}

- name: The end of a support desk
  bluegreen.orchestrator.chatwoot_tenant:
    url: https://chat.agency.example
    platform_token_file: /etc/bluegreen/chatwoot-platform-token
    tenant: acme
    account_id: 7
    state: absent
    confirm_name: Acme
"""

RETURN = r"""
tenant:
  description: Key of the tenant.
  type: str
  returned: success
  sample: acme
account_id:
  description: Number of the account; null where there is none, and in the preview of a new one.
  type: int
  returned: success
  sample: 7
status:
  description: Whether it is active or suspended after this; null with O(state=absent).
  type: str
  returned: success
  sample: active
bot_status:
  description: Whether the tenant's bot is active or suspended after this; null with O(state=absent), and without a platform app.
  type: str
  returned: success
  sample: suspended
opened:
  description: How many conversations that waited for the bot are opened. In an apply, how many were.
  type: int
  returned: success
  sample: 3
http_status:
  description: What Chatwoot answered when it refused; 0 where it did not answer.
  type: int
  returned: when Chatwoot refused, or did not answer
  sample: 422
inside:
  description:
    - Whether what is in the account was read - C(read), C(blank) where nobody and so nothing is in it, C(suspended), C(no administrator),
      or C(not asked for).
  type: str
  returned: success
  sample: read
actions:
  description: What is done to what, in this order.
  type: list
  elements: dict
  returned: success
  sample:
    - {action: create, name: account acme}
    - {action: create, name: administrator desk+acme@agency.example}
    - {action: create, name: inbox Shop}
blockers:
  description: What there would be more of than the limits allow.
  type: list
  elements: dict
  returned: when that is the reason of a failure
  sample: [{what: agents, used: 4, allowed: 3}]
done:
  description: What was done before a failure.
  type: list
  elements: str
  returned: failure in an apply
  sample: [create account acme]
digest:
  description: SHA-256 of the plan; the same plan has the same one in preview and apply.
  type: str
  returned: success
  sample: 9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de
requests:
  description: How many requests of each method were made.
  type: dict
  returned: success
  sample: {GET: 9}
summary:
  description: What happened, in one sentence.
  type: str
  returned: success
  sample: "acme: the support desk: 6 created"
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import CHATWOOT_TENANT_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_run import run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module


def main() -> None:
    """Wire options and result together."""
    run_module(CHATWOOT_TENANT_SPEC, run)


if __name__ == "__main__":
    main()
