# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the modules of Chatwoot reach one."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of a connection."""

    DOCUMENTATION = r"""
requirements:
  - python >= 3.10 where the task runs
notes:
  - With a local connection and Ansible's own Python (C(ansible_python_interpreter={{ ansible_playbook_python }})) the code runs inside
    Ansible's worker. C(bluegreen_in_worker=false) turns that off.
  - Chatwoot reads tokens from the header C(api_access_token); a proxy before it must let headers with underscores pass (nginx does with
    C(underscores_in_headers on)).
  - Proxies that the environment names are not used.
options:
  url:
    description:
      - Address of Chatwoot, as its C(FRONTEND_URL) has it.
      - E(CHATWOOT_URL) is used when it is not given.
    type: str
    required: true
  platform_token:
    description:
      - Token of a platform app, which is made at C(/super_admin/platform_apps). It may touch only the accounts and users that it made.
      - Better given by O(platform_token_file), or by E(CHATWOOT_PLATFORM_TOKEN), which is used when neither is given.
      - Without one, O(account_id) with O(admin_token) or O(admin_token_file) stands for that account alone, in a Chatwoot of the client's
        own. What an option says goes before the environment, so E(CHATWOOT_PLATFORM_TOKEN) is not looked at then.
    type: str
  platform_token_file:
    description: File that holds the token of a platform app, and nothing else.
    type: path
  admin_token:
    description:
      - Token of an administrator of the account, for all that is in it (agents, bots, inboxes, webhooks).
      - Better given by O(admin_token_file), or by E(CHATWOOT_ADMIN_TOKEN), which is used when neither is given.
      - With O(account_id) and without O(platform_token) and O(platform_token_file), all that is done is done by it.
      - Not needed where the platform app made an administrator of the account; the platform tells the token of such a user at a C(GET), so
        a preview needs no more than O(platform_token) and writes nothing.
    type: str
  admin_token_file:
    description: File that holds the token of an administrator of the account, and nothing else.
    type: path
  ca_cert:
    description: PEM file of the authority that signed Chatwoot's certificate; the system's by default.
    type: path
  validate_certs:
    description: Whether Chatwoot's certificate must be valid.
    type: bool
    default: true
  request_timeout:
    description:
      - Seconds for one request. Reads are repeated for 15 seconds where Chatwoot answered before and is away; what was throttled (429) is
        repeated for a minute, after the time that C(Retry-After) names where it is there.
    type: float
    default: 10.0
"""
