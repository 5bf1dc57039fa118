#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: chatwoot_tenant_info
short_description: Tell what the support desks of tenants are
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Reads the accounts that M(bluegreen.orchestrator.chatwoot_tenant) made, of some tenants or of all tenants of a platform app, in one
    request however many there are.
  - In a Chatwoot of the client's own, where no platform app of ours is, O(account_id) and O(admin_token_file) alone read that account.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.info_module
  - bluegreen.orchestrator.chatwoot
options:
  tenants:
    description:
      - Keys of tenants; all tenants by default. Of those that are not there nothing is returned.
      - Only a platform app sees whose an account is, so this is refused without one.
    type: list
    elements: str
  account_id:
    description: Number of one account, which is then read by itself. Needed without a platform app.
    type: int
  inside:
    description: Whether people, bots, inboxes and webhooks of each account are read, too, in some requests each.
    type: bool
    default: false
  month:
    description: A month, for example V(2026-11), whose conversations are counted, in UTC.
    type: str
  server:
    description:
      - Whether that is returned, too, what Chatwoot tells everybody of itself, in RV(server). It is asked first.
      - Needs no token. Where none is given, by no option and no variable, and nothing else is asked for, nothing else is read.
    type: bool
    default: false
seealso:
  - module: bluegreen.orchestrator.chatwoot_tenant
"""

EXAMPLES = r"""
- name: All support desks
  bluegreen.orchestrator.chatwoot_tenant_info:
    url: https://chat.agency.example
    platform_token_file: /etc/bluegreen/chatwoot-platform-token
  register: desks

- name: One of them, with what is in it and last month's conversations
  bluegreen.orchestrator.chatwoot_tenant_info:
    url: https://chat.agency.example
    platform_token_file: /etc/bluegreen/chatwoot-platform-token
    tenants: [acme]
    inside: true
    month: 2026-10

- name: One account of a Chatwoot of the client's own, as its administrator
  bluegreen.orchestrator.chatwoot_tenant_info:
    url: https://chat.acme.example
    account_id: 1
    admin_token_file: /etc/bluegreen/acme-chatwoot-token
    inside: true
    server: true

- name: Which version runs there, and whether its database and queue do
  bluegreen.orchestrator.chatwoot_tenant_info:
    url: https://chat.acme.example
    server: true
"""

RETURN = r"""
desks:
  description:
    - The support desks. People, bots, inboxes and webhooks are there with O(inside=true), conversations with O(month); where they could
      not be read, C(problems) says why.
    - C(bot_suspended) is why the bot is suspended, null where it is not.
    - Without a platform app there is one desk, of which C(limits) and C(bot_suspended) are null, for an administrator does not see them,
      and C(tenant) is told with O(inside=true), by our bot.
    - C(website_token) is what the script of the widget on the client's site names, and no secret. C(keeps_limits) is false for the
      edition without them.
  type: list
  elements: dict
  returned: success
  sample:
    - tenant: acme
      account_id: 7
      name: Acme
      locale: fr
      status: active
      bot_suspended: quota 2026-11
      limits: {agents: 3, inboxes: 2}
      features: [agent_bots, channel_website, inbox_management]
      problems: []
      people: [{id: 12, email: anna@acme.example, name: Anna, role: agent}]
      keeps_limits: true
      bots: [{id: 4, name: Acme bot, url: "https://bots.agency.example/acme"}]
      inboxes: [{id: 9, name: Shop, channel: "Channel::WebWidget", website_token: fjdYLn7A4xUkiDZS9z7CrJ7v, bot_id: 4}]
      webhooks: [{id: 3, url: "https://hooks.agency.example/acme", subscriptions: [message_created]}]
      conversations: 412
server:
  description:
    - Version of Chatwoot, and how its database (C(data_services)) and its Redis (C(queue_services)) are, C(ok) or C(failing), as Chatwoot
      says it. It is returned when the rest fails, too.
  type: dict
  returned: with O(server=true), when Chatwoot answered
  sample: {version: 4.14.1, data_services: ok, queue_services: ok}
requests:
  description: How many requests of each method were made.
  type: dict
  returned: success
  sample: {GET: 1}
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_info import INFO_SPEC, run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module


def main() -> None:
    """Wire options and result together."""
    run_module(INFO_SPEC, run)


if __name__ == "__main__":
    main()
