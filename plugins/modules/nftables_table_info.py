#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: nftables_table_info
short_description: Tell whether the kernel holds a table of nftables as it was loaded
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Reads what M(bluegreen.orchestrator.nftables_table) keeps, and changes nothing.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.info_module
  - bluegreen.orchestrator.attributes.linux
options:
  name:
    description: Name of the table.
    type: str
    required: true
  path:
    description: The file that is loaded at boot.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Are the rules in force?
  bluegreen.orchestrator.nftables_table_info:
    name: mine
    path: /etc/nftables.d/mine.nft
  register: firewall
"""

RETURN = r"""
exists:
  description: Whether the kernel holds the table.
  type: bool
  returned: always
  sample: true
in_step:
  description: Whether the kernel holds it as it was loaded; false too when somebody changed it by hand.
  type: bool
  returned: always
  sample: true
pending:
  description: Whether new rules wait for their confirmation.
  type: bool
  returned: always
  sample: false
listing:
  description: The table in nft's own words, without counters.
  type: str
  returned: always
  sample: "table inet mine { }"
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables_run import describe
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import checked_module


def main() -> None:
    """Wire options and result together."""
    spec = {"name": {"type": "str", "required": True}, "path": {"type": "path", "required": True}}
    module = checked_module(spec)
    try:
        module.exit_json(changed=False, **describe(module.params, module.run_command))
    except BlueGreenError as error:
        module.fail_json(msg=error.sentence, **error.facts)


if __name__ == "__main__":
    main()
