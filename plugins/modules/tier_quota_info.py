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
  - Reads the namespaces and quotas that M(bluegreen.orchestrator.tier_quota) made, of some tenants or of all tenants of a cluster, in two
    lists however many there are (500 objects a page).
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.info_module
  - bluegreen.orchestrator.kubernetes
notes:
  - Needs the verb C(list) on namespaces and resourcequotas in the whole cluster.
options:
  tenants:
    description: Ids of tenants; all tenants by default. Of those that are not there nothing is returned.
    type: list
    elements: str
    aliases: [tenant]
  namespace_prefix:
    description: What the names of the tenants' namespaces begin with.
    type: str
    default: e-commerce-tenant-
  tiers_extra:
    description: Tiers that GLOBAL conf changes or adds, by name.
    type: dict
    default: {}
  smaller_tier:
    description:
      - Also tell what is in the way of this tier, as far as quotas count it. What they do not (the largest pod, autoscalers, what only you
        can count) is told by a preview of M(bluegreen.orchestrator.tier_quota).
    type: str
seealso:
  - module: bluegreen.orchestrator.tier_quota
"""

EXAMPLES = r"""
- name: Look at all tenants
  bluegreen.orchestrator.tier_quota_info:
  register: cluster

- name: Who needs a larger tier?
  ansible.builtin.debug:
    msg: "{{ item.tenant }} uses {{ item.nearest.percent }} % of its {{ item.nearest.resource }}"
  loop: "{{ cluster.tenants | selectattr('state', 'in', ['over', 'tight']) }}"
  loop_control:
    label: "{{ item.tenant }}"

- name: Who could do with Standard?
  bluegreen.orchestrator.tier_quota_info:
    smaller_tier: standard
  register: smaller
"""

RETURN = r"""
tenants:
  description:
    - One entry per tenant, sorted by id; the amounts of all of its namespaces together.
    - C(state) is the worst that is true - C(over) when more is used than allowed, C(incomplete) when a namespace lacks its quota or its
      labels or bears another tier, C(tight) above 95 % of a quota and C(filling) above 80 %, C(going) while a namespace is being deleted,
      else C(well). Each of C(resources) has one of its own.
    - Volumes and load balancers are bought to be used up, so they are C(over) or C(well).
    - C(nearest) is the resource of which the largest part is used, of the site C(site) where there are several, for each has a quota of its
      own; none where nothing is counted.
    - C(fitting_tier) is the cheapest tier that allows what is used; the tenant's own where only its custom values do.
    - C(blockers) is there with O(smaller_tier) only.
  type: list
  elements: dict
  returned: success
  sample:
    - tenant: acme
      tier: standard
      state: well
      sites: 1
      namespaces: [e-commerce-tenant-acme]
      resources:
        limits.cpu: {used: 2800m, hard: "4", headroom: 1200m, percent: 70.0, state: well}
        limits.memory: {used: 3584Mi, hard: 8Gi, headroom: 4608Mi, percent: 43.8, state: well}
        persistentvolumeclaims: {used: "1", hard: "3", headroom: "2", percent: 33.3, state: well}
        pods: {used: "7", hard: "15", headroom: "8", percent: 46.7, state: well}
        requests.cpu: {used: 1400m, hard: "2", headroom: 600m, percent: 70.0, state: well}
        requests.memory: {used: 1792Mi, hard: 4Gi, headroom: 2304Mi, percent: 43.8, state: well}
        requests.storage: {used: 10Gi, hard: 50Gi, headroom: 40Gi, percent: 20.0, state: well}
        services.loadbalancers: {used: "0", hard: "1", headroom: "1", percent: 0.0, state: well}
      nearest: {resource: limits.cpu, site: null, used: 2800m, hard: "4", headroom: 1200m, percent: 70.0, state: well}
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
