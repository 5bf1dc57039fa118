#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: nftables_table
short_description: Load a table of the kernel's packet filter, taken back by itself unless a new connection confirms it
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Keeps one table of nftables, of the family C(inet), as its rules say, in the kernel and in the file that is loaded at boot.
    No other table is touched, so those of Docker and fail2ban stay as they are.
  - New rules are checked (C(nft --check)) and then put on probation, for O(confirm_within) seconds. A later task confirms them with
    O(state=confirmed), over a new connection; an old one proves nothing, since it goes on through rules that would refuse it.
    Without that confirmation the server puts the old rules back by itself, whatever became of the connection.
  - The file is exchanged by the confirmation. A server that is switched off before that comes back with its old rules.
  - Rules that somebody changed in the kernel by hand are found and loaded again.
notes:
  - Loading the file at boot is left to a unit that runs C(nft --file); the role P(bluegreen.orchestrator.base#role) brings one.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - Where nft is installed it checks the rules in a preview too. Where it is not, there is no table yet.
  diff_mode:
    support: full
    details:
      - The diff is the file's; when only the kernel differs, it is that of the kernel's rules.
      - With O(state=confirmed) there is none, for the change was told by the task before.
  idempotent:
    support: full
options:
  name:
    description: Name of the table; 1 to 32 lower-case letters, digits and underscores.
    type: str
    required: true
  state:
    description: V(loaded) puts O(rules) on probation; V(confirmed) keeps for good what is on probation, and does nothing when nothing is.
    type: str
    choices: [loaded, confirmed]
    default: loaded
  rules:
    description:
      - What the file is to hold, in the language of nft. It must define the table C(inet NAME) and no other.
      - Begin with C(table inet NAME) and C(delete table inet NAME), so that the file can be loaded over an older version of itself.
    type: str
  path:
    description: The file that is loaded at boot.
    type: path
  confirm_within:
    description: Seconds after which unconfirmed rules are taken back. Allow for the slowest new connection.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Only SSH comes in
  bluegreen.orchestrator.nftables_table:
    name: mine
    path: /etc/nftables.d/mine.nft
    rules: |
      table inet mine
      delete table inet mine
      table inet mine {
        chain input {
          type filter hook input priority filter; policy drop;
          ct state established,related accept
          iifname "lo" accept
          tcp dport 22 accept
        }
      }

- name: Leave the connection that the new rules could not have cut
  ansible.builtin.meta: reset_connection

- name: Keep them, for this task came through
  bluegreen.orchestrator.nftables_table:
    name: mine
    state: confirmed
"""

RETURN = r"""
actions:
  description: What is done, in order; in a preview what would be.
  type: list
  elements: str
  returned: always
  sample: [write /etc/nftables.d/mine.nft, load table inet mine]
confirm_within:
  description: Seconds that are left for the confirmation.
  type: int
  returned: when rules were put on probation
  sample: 30
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables import NFTABLES_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables_run import confirm, load
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import checked_module


def main() -> None:
    """Wire options, plan and result together."""
    module = checked_module(NFTABLES_SPEC, required_if=[("state", "loaded", ("rules", "path"))])
    try:
        act = load if module.params["state"] == "loaded" else confirm
        result = act(module.params, module.run_command, preview=module.check_mode)
    except BlueGreenError as error:
        module.fail_json(msg=error.sentence, **error.facts)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
