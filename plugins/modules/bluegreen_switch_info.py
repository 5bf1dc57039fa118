#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: bluegreen_switch_info
short_description: Tell which colour of a site serves, how both colours are, and whether a switch would be taken
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Reads the dynamic files that M(bluegreen.orchestrator.bluegreen_switch) wrote, asks every server of both colours (GET), and optionally
    Traefik's API, and changes nothing.
  - Also says whether the directory holds a file that makes Traefik ignore every change.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.info_module
  - bluegreen.orchestrator.attributes.linux
  - bluegreen.orchestrator.switch
options:
  site:
    description: Name of the site; without it all sites in the directory are described.
    type: str
  confirm:
    description: How Traefik itself is asked what it serves.
    type: dict
    default: {}
    suboptions:
      api_url:
        description: Base URL of Traefik's private API; without it Traefik is not asked.
        type: str
      timeout:
        description: Seconds for one request.
        type: float
        default: 5.0
seealso:
  - module: bluegreen.orchestrator.bluegreen_switch
"""

EXAMPLES = r"""
- name: How is acme?
  bluegreen.orchestrator.bluegreen_switch_info:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    gate:
      path: /health
    confirm:
      api_url: http://127.0.0.1:8080
  register: acme

- name: Stop when Traefik does not serve what the file says
  ansible.builtin.assert:
    that: acme.sites[0].in_step
    fail_msg: "Traefik serves {{ acme.sites[0].serving }}, the file says {{ acme.sites[0].active }}."
"""

RETURN = r"""
sites:
  description:
    - One entry per site, sorted by name. V(serving) is the colour to which Traefik sends the visitors, or V(split) with a canary;
      V(hold) is the colour for which writes wait, null when they do not; V(claim) is the colour that the playbook C(deploy), C(bluegreen)
      or C(retire) works on, see M(bluegreen.orchestrator.bluegreen_claim).
  type: list
  elements: dict
  returned: always
  sample:
    - site: acme
      dynamic_file: /etc/traefik/dynamic/acme.yml
      exists: true
      problem: null
      active: green
      previous: blue
      rolled_back: null
      rule: Host(`acme.example`)
      canary: null
      sticky: null
      preview:
        colour: blue
        host: preview.acme.example
        header: null
      maintenance: null
      hold: null
      last_change: "2026-11-20T17:02:11Z"
      last_change_age: 3600
      serving: green
      in_step: true
      lock:
        held: false
        owner: null
        left_behind: false
      claim: null
      colours:
        blue:
          active: false
          percent: 0
          healthy: true
          servers:
            - url: http://127.0.0.1:8081
              healthy: true
              reason: null
        green:
          active: true
          percent: 100
          healthy: true
          servers:
            - url: http://127.0.0.1:8082
              healthy: true
              reason: null
directory:
  description: What the whole directory holds that matters for a switch.
  type: dict
  returned: always
  contains:
    blocking_files:
      description: Files that make Traefik ignore every change, each with its problem.
      type: list
      elements: dict
      sample: []
    unjudged_files:
      description: Files that only Traefik can judge (Go templates, TOML before Python 3.11), each with the reason.
      type: list
      elements: dict
      sample: []
    default_certificate:
      description: Whether a file sets Traefik's default certificate, without which every switch is 40-190 ms slower.
      type: bool
      sample: true
"""

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import checked_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_args import INFO_SPEC, unhide_common_words
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_info import describe
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._yaml import MISSING


def main() -> None:
    """Wire options and result together."""
    module = checked_module(INFO_SPEC)
    if MISSING:
        module.fail_json(msg=missing_required_lib("PyYAML"), exception=MISSING)
    unhide_common_words(module.params, module.no_log_values)
    try:
        module.exit_json(changed=False, **describe(module.params))
    except BlueGreenError as error:
        module.fail_json(msg=error.sentence, **error.facts)


if __name__ == "__main__":
    main()
