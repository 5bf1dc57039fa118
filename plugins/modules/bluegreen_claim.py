#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: bluegreen_claim
short_description: Claim a site's idle colour for work on its container, so that no visitor is brought to it meanwhile
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - A deploy takes many tasks, and a rollback by somebody else can come between any two of them. With O(state=present) this module makes
    sure, under the site's lock, that the colour is idle, and leaves a note; M(bluegreen.orchestrator.bluegreen_switch) brings nobody to a
    colour with such a note, in a switch, a canary, a rollback or a write hold.
  - The note outlives a run that is killed, for what that run left is not to be visited either. The next run takes it over, with
    O(take_over) or after O(expires) seconds.
notes:
  - The note is the file C(SITE.claim) in O(staging_dir).
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.linux
attributes:
  check_mode:
    support: full
    details:
      - Refuses what it would refuse otherwise, and writes no note.
  diff_mode:
    support: none
    details:
      - A note that comes and goes within a run is no change.
  idempotent:
    support: full
    details:
      - It never indicates a change. Without O(token) a second claim is somebody else's, and is refused.
options:
  site:
    description: Name of the site.
    type: str
    required: true
  dynamic_dir:
    description: Absolute path of the directory that Traefik's file provider watches.
    type: path
    required: true
  staging_dir:
    description: Folder of the site's lock, as M(bluegreen.orchestrator.bluegreen_switch) has it; the same default.
    type: path
  colour:
    description: The colour to work on.
    type: str
    choices: [blue, green]
    required: true
  state:
    description: V(present) claims the colour, or confirms the claim that O(token) names; V(absent) ends that claim, and no other.
    type: str
    choices: [present, absent]
    default: present
  work:
    description: What is done, as the playbook is called that does it; said to whoever is refused.
    type: str
    default: deploy
  token:
    description:
      - What an earlier call of the same run returned. A claim that another run has taken over since is refused, so that this run stops.
    type: str
  take_over:
    description: Whether another run's claim is taken over; for one that was killed.
    type: bool
    default: false
  expires:
    description: Seconds after which another run's claim is taken over without being asked, from 1 to 86400.
    type: int
    default: 900
  lock_timeout:
    description: Seconds to wait for the site's lock.
    type: float
    default: 10.0
seealso:
  - module: bluegreen.orchestrator.bluegreen_switch
"""

EXAMPLES = r"""
- name: Nobody is brought to green from here on
  bluegreen.orchestrator.bluegreen_claim:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    colour: green
  register: claim

- name: Exchange the container
  community.docker.docker_container:
    name: acme-green
    image: registry.example/shop:1.5.0
    recreate: true

- name: Green may be visited again
  bluegreen.orchestrator.bluegreen_claim:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    colour: green
    state: absent
    token: "{{ claim.token }}"
"""

RETURN = r"""
token:
  description: What to give in later calls of the same run; null in a preview and with O(state=absent).
  type: str
  returned: success
  sample: 5f3c1b1d0c7e8a3c
taken_over:
  description: The claim of another run that was taken over; null without one.
  type: dict
  returned: success
  sample:
    colour: green
    work: deploy
    owner: root on web1
    age: 1204
"""

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._claim import CLAIM_SPEC, claim_colour
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import checked_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._yaml import MISSING


def main() -> None:
    """Wire options and result together."""
    module = checked_module(CLAIM_SPEC)
    if MISSING:
        module.fail_json(msg=missing_required_lib("PyYAML"), exception=MISSING)
    try:
        result = claim_colour(module.params, preview=module.check_mode)
    except BlueGreenError as error:
        module.fail_json(msg=error.sentence, **error.facts)
    if result["taken_over"]:
        taken = result["taken_over"]
        module.warn(f"{taken['work']} by {taken['owner']} had claimed {taken['colour']} for {taken['age']} s; its work is taken over.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
