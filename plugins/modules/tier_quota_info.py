#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: tier_quota_info
short_description: Tell what tenants use of their tier, and which tier would fit
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Reads the namespaces and quotas that M(bluegreen.orchestrator.tier_quota) made, of one tenant or of all tenants of a cluster, in two
    lists however many there are (500 objects a page).
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.info_module
  - bluegreen.orchestrator.kubernetes
notes:
  - Needs the verb C(list) on namespaces and resourcequotas in the whole cluster.
options:
  tenant:
    description: Id of a tenant; all tenants by default.
    type: str
  namespace_prefix:
    description: What the names of the tenants' namespaces begin with.
    type: str
    default: e-commerce-tenant-
  tiers_extra:
    description: Tiers that GLOBAL conf changes or adds, by name.
    type: dict
    default: {}
seealso:
  - module: bluegreen.orchestrator.tier_quota
"""

EXAMPLES = r"""
- name: Look at all tenants
  bluegreen.orchestrator.tier_quota_info:
  register: cluster

- name: Who needs a greater tier?
  ansible.builtin.debug:
    msg: "{{ item.tenant }} uses {{ item.resources['requests.memory'].percent }} % of its memory"
  loop: "{{ cluster.tenants }}"
  loop_control:
    label: "{{ item.tenant }}"
  when: item.resources['requests.memory'].percent > 80
"""

RETURN = r"""
tenants:
  description: One entry per tenant, sorted by id; the amounts of all of its namespaces together.
  type: list
  elements: dict
  returned: success
  sample:
    - tenant: acme
      tier: standard
      sites: 1
      namespaces: [e-commerce-tenant-acme]
      resources:
        limits.cpu: {used: 2800m, hard: "4", headroom: 1200m, percent: 70.0}
        limits.memory: {used: 3584Mi, hard: 8Gi, headroom: 4608Mi, percent: 43.8}
        persistentvolumeclaims: {used: "1", hard: "3", headroom: "2", percent: 33.3}
        pods: {used: "7", hard: "15", headroom: "8", percent: 46.7}
        requests.cpu: {used: 1400m, hard: "2", headroom: 600m, percent: 70.0}
        requests.memory: {used: 1792Mi, hard: 4Gi, headroom: 2304Mi, percent: 43.8}
        requests.storage: {used: 10Gi, hard: 50Gi, headroom: 40Gi, percent: 20.0}
        services.loadbalancers: {used: "0", hard: "1", headroom: "1", percent: 0.0}
      fitting_tier: standard
      forced: []
      problems: []
requests:
  description: How many requests of each verb were made.
  type: dict
  returned: success
  sample: {list: 2}
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_info import INFO_SPEC, run


def main() -> None:
    """Wire options and result together."""
    run_module(INFO_SPEC, run)


if __name__ == "__main__":
    main()
