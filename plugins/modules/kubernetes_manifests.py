#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_manifests
short_description: Hold a set of manifests on a cluster, previewed with the right to read
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Brings a set of manifests onto a cluster in one task, and removes what once belonged to the set and is declared no more.
  - Reads with get and list only and computes the differences on its own side, so that a preview needs no right to write. (The check mode of
    M(kubernetes.core.k8s) is a dry run on the server, which needs the rights of an apply.)
  - Applies on the server (server-side apply, field manager C(bluegreen.orchestrator)) only what differs.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.kubernetes
attributes:
  check_mode:
    support: full
    details:
      - Needs the verb C(list) on the kinds that are declared, in their namespaces, and C(get) on a namespace in which something is to be
        made and nothing was found.
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - An apply also needs C(patch) and C(create) on the kinds, C(delete) to prune, and C(get) to wait.
  - There are no Secrets among the kinds, for manifests are options and options are shown.
  - A key without a value (C(creationTimestamp) of C(kubectl create --dry-run)) and an empty C(status) are left out. What the server takes
    and does not keep, such as C(hostNetwork) where it is false, is no difference once it was applied.
  - The order of elements with names (containers, environment) is a difference, for the server stores that of the last apply.
  - What Kubernetes never changes in an object that is there (the selector of a Deployment, the template of a Job, the class of a volume) is
    refused in the preview, before anything is written.
options:
  set:
    description:
      - Name of the set, a label value. Every object gets it as the label C(bluegreen.orchestrator/set); only objects with it are pruned.
    type: str
    required: true
  state:
    description: V(absent) removes the objects of the set; give O(kinds) and O(namespaces), or the manifests, to say where to look.
    type: str
    choices: [present, absent]
    default: present
  manifests:
    description: The manifests, applied in this order.
    type: list
    elements: dict
    default: []
  namespaces:
    description: Namespaces to prune in, beside those of the manifests.
    type: list
    elements: str
    default: []
  kinds:
    description: Kinds to prune in O(namespaces), beside those of the manifests, as C(apiVersion/kind).
    type: list
    elements: str
    default: []
  namespaces_to_come:
    description:
      - Namespaces that the same run makes before this task, which a preview therefore does not find.
      - What is to be made in any other namespace that is not there is refused, in a preview as in an apply. Those among O(manifests) need
        not be named.
    type: list
    elements: str
    default: []
  missing_crd:
    description: What to do with kinds that the cluster does not know. V(skip) leaves them out with a warning.
    type: str
    choices: [skip, fail]
    default: skip
  take_over:
    description: Take over fields that other managers own, and objects of the same name that are not ours.
    type: bool
    default: false
  validate:
    description:
      - V(server) also lets the server check, in a preview, what an apply would send. That needs the rights of an apply.
      - What goes into a namespace that is only to come is left out, with a warning.
    type: str
    choices: [client, server]
    default: client
  wait_seconds:
    description:
      - How long an apply waits until Deployments and StatefulSets have rolled out and Jobs are complete; 0 does not wait.
      - Of a StatefulSet with a partition only the pods above it are waited for, of one with the strategy C(OnDelete) none that are to be
        replaced.
      - With O(with_namespaces=true), also how long it waits until those are gone.
    type: int
    default: 0
  with_namespaces:
    description:
      - With O(state=absent), also delete the namespaces of the set that are named among O(manifests), with all that is in them, whosever
        it is. Otherwise a namespace always stays, for it takes along volumes and Secrets.
    type: bool
    default: false
seealso:
  - module: bluegreen.orchestrator.kubernetes_manifests_info
  - module: bluegreen.orchestrator.kubernetes_secrets
  - module: bluegreen.orchestrator.tier_quota
"""

EXAMPLES = r"""
- name: A rate limit
  bluegreen.orchestrator.kubernetes_manifests:
    set: acme-ingress
    manifests:
      - apiVersion: traefik.io/v1alpha1
        kind: Middleware
        metadata:
          name: rate-limit
          namespace: e-commerce-tenant-acme
        spec:
          rateLimit:
            average: 500
            period: 1m
            burst: 16

- name: Away with all that this set ever made
  bluegreen.orchestrator.kubernetes_manifests:
    set: acme-ingress
    state: absent
    namespaces: [e-commerce-tenant-acme]
    kinds: [traefik.io/v1alpha1/Middleware]

- name: Away with a namespace of ours and all that is in it
  bluegreen.orchestrator.kubernetes_manifests:
    set: acme-place
    state: absent
    manifests:
      - apiVersion: v1
        kind: Namespace
        metadata:
          name: client-acme
    with_namespaces: true
    wait_seconds: 120
"""

RETURN = r"""
actions:
  description: What is done to which object, in this order.
  type: list
  elements: dict
  returned: success
  sample:
    - {action: create, name: Middleware e-commerce-tenant-acme/rate-limit}
left_out:
  description: Objects of kinds that the cluster does not know.
  type: list
  elements: str
  returned: success
  sample: [Certificate e-commerce-tenant-acme/shop-example]
took_over:
  description: Fields that were other managers' and are ours after this.
  type: list
  elements: str
  returned: success
  sample: [Middleware e-commerce-tenant-acme/rate-limit .spec.rateLimit.burst from kubectl-edit]
done:
  description: What was done before a failure.
  type: list
  elements: str
  returned: failure in the middle of an apply
  sample: [create Middleware e-commerce-tenant-acme/rate-limit]
digest:
  description: SHA-256 of the plan; the same plan has the same one in preview and apply.
  type: str
  returned: success
  sample: 9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de
requests:
  description: How many requests of each verb were made.
  type: dict
  returned: success
  sample: {list: 2, patch: 1}
summary:
  description: What happened, in one sentence.
  type: str
  returned: success
  sample: "acme-ingress: 1 created"
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests import MANIFESTS_SPEC, run


def main() -> None:
    """Wire options and result together."""
    run_module(MANIFESTS_SPEC, run)


if __name__ == "__main__":
    main()
