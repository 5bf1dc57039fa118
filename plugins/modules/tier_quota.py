#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: tier_quota
short_description: Give a tenant the Kubernetes envelope of its tier, and refuse what would not fit
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Plans everything that holds a tenant on a cluster in one task - its namespaces with their labels and Pod Security level, ResourceQuota,
    LimitRange, HorizontalPodAutoscalers of the services that are there, NetworkPolicies, the tier's StorageClass, and an account by which
    the client can read its own namespaces. The figures come from the tier (C(docs/reference/tiers.md)).
  - Reads with get and list only, and computes the differences on its own side. A preview therefore needs the right to read and no more,
    and says what the apply does, diff by diff.
  - Applies on the server (server-side apply, field manager C(bluegreen.orchestrator)) only what differs. Fields that other managers own
    are named and left to them unless O(take_over=true). Objects with our label that are declared no more are removed; objects of others
    are never touched.
  - A smaller envelope is refused while more is used than it allows, with everything that is in the way at once.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.kubernetes
attributes:
  check_mode:
    support: full
    details:
      - Needs the verbs get and list on the kinds named in the notes, and no other.
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - A preview needs the verbs C(get) and C(list) on namespaces, resourcequotas, limitranges, horizontalpodautoscalers, networkpolicies,
    serviceaccounts, roles, rolebindings, deployments and storageclasses, on pods, persistentvolumeclaims and services where the
    envelope shrinks, and on statefulsets and cronjobs where a namespace would go.
  - An apply also needs C(patch) and C(create) on these (not on deployments, pods, persistentvolumeclaims and services), C(delete) on
    what it prunes, and, because nobody may give rights that they do not have, the rights that the client's Role gives (get, list, watch).
  - Inside Ansible's worker, 20 hosts and more that keep step (strategy C(linear)) are read together, so that a tenant of which nothing is
    to change costs no request of its own. That verdict is 30 seconds old at most. C(bluegreen_read_together=false) lets each host read for
    itself.
  - The quota of a tenant with several sites is divided over their namespaces, so that the sum is exactly the tier's.
options:
  tenant:
    description:
      - Id of the tenant, a DNS label. Its namespaces are O(namespace_prefix) and this, for the second site on followed by C(-site-2) ...
    type: str
    required: true
  namespace_prefix:
    description: What the names of the tenants' namespaces begin with.
    type: str
    default: e-commerce-tenant-
  state:
    description:
      - V(present) brings the envelope to what the options say.
      - V(absent) deletes the tenant's namespaces; it is refused while workloads or volumes are there, unless
        O(force=true) and O(delete_data=true).
    type: str
    choices: [present, absent]
    default: present
  tier:
    description: The tier, C(standard), C(premium), C(business) or one of O(tiers_extra). Required with O(state=present).
    type: str
  tiers_extra:
    description: Tiers that GLOBAL conf changes or adds, by name; keys as in C(docs/reference/tiers.md).
    type: dict
    default: {}
  custom:
    description: What this tenant has above its tier, which must allow that (C(business) does); below it is refused.
    type: dict
    default: {}
  sites:
    description:
      - How many sites the tenant has. The namespaces of sites beyond are deleted, which is refused while workloads or volumes
        are in them.
    type: int
    default: 1
  site_shares:
    description:
      - How the quota is divided over the sites, one number per site; equal parts by default.
      - What does not divide goes to the first.
    type: list
    elements: int
    default: []
  services:
    description:
      - Services that are to run, beside those that are there, for the fit check.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the Deployment.
        type: str
        required: true
      site:
        description: Number of the site in whose namespace it runs.
        type: int
        default: 1
      replicas:
        description: How many pods it has where no autoscaler decides; V(0) is a service that is stopped, whoever decides.
        type: int
        default: 1
      requests:
        description: What a pod asks for; the tier's own figures by default.
        type: dict
        suboptions:
          cpu: {description: CPU as Kubernetes writes it., type: str}
          memory: {description: Memory as Kubernetes writes it., type: str}
      limits:
        description: What a pod may use at most; the tier's own figures by default.
        type: dict
        suboptions:
          cpu: {description: CPU as Kubernetes writes it., type: str}
          memory: {description: Memory as Kubernetes writes it., type: str}
  services_set:
    description:
      - Name of the set of M(bluegreen.orchestrator.kubernetes_manifests) with which the same run brings O(services) into their namespaces.
      - O(services) then count as there for the autoscalers, and a Deployment of the set that is not among them counts as gone.
    type: str
  usage:
    description:
      - What only the caller can count. Beyond what the tier allows it is in the way of a change of tier, and a warning where it stays.
    type: dict
    default: {}
    suboptions:
      domains: {description: Custom domains., type: int}
      products: {description: Products in the catalogue., type: int}
      concurrent_users: {description: Users at the same time., type: int}
      orders_per_month: {description: Orders in the last month., type: int}
      buckets:
        description: Bytes by bucket of the tier, for example C(12GB) for C(products). A bucket that the tier does not have is refused.
        type: dict
        default: {}
  ingress_namespaces:
    description: Namespaces of the ingress controller, which alone reaches the tenant from outside.
    type: list
    elements: str
    default: [traefik]
  ingress_app:
    description: Value of the label C(app) of the pods that the ingress controller reaches.
    type: str
    default: api-gateway
  ingress_ports:
    description: TCP ports of these pods.
    type: list
    elements: int
    default: [80, 443]
  egress_ports:
    description: TCP ports that the tenant's pods reach in any namespace (MySQL, RabbitMQ and MinIO by default).
    type: list
    elements: int
    default: [3306, 5672, 9000]
  egress_outside_ports:
    description:
      - TCP ports that the pods reach outside of the cluster, for example C(587) for mail or C(443) for a payment API; none by default.
      - Outside is every address but those that are private, of carrier-grade NAT (C(100.64.0.0/10)), link-local or reserved (RFC 6890), so
        that neither pods, nodes and other networks of yours nor the cloud's metadata service (C(169.254.169.254)) come with it.
      - Pods and nodes with global IPv6 addresses are outside in this sense; open no port on which those listen.
    type: list
    elements: int
    default: []
  storage_class:
    description: Whether the tier's StorageClass is made where it is not there. It belongs to all tenants of the tier and is never removed.
    type: bool
    default: true
  storage_provisioner:
    description: CSI driver of the StorageClass.
    type: str
    default: ebs.csi.aws.com
  client_access:
    description: Whether the client gets a ServiceAccount that reads its namespaces (no secrets, no ConfigMaps).
    type: bool
    default: true
  namespace_labels:
    description:
      - Further labels of the namespaces. Those by which a namespace is known for a site's (C(tenant), C(tier), C(type), C(site)), Pod
        Security's and Kubernetes' own are refused.
    type: dict
    default: {}
  take_over:
    description: Take over fields that other managers own, and objects of the same name that are not ours.
    type: bool
    default: false
  force:
    description: Go on although more is used than the envelope allows, or although something runs in a namespace that goes.
    type: bool
    default: false
  reason:
    description: Why O(force=true); it is written on the namespaces as an annotation.
    type: str
  delete_data:
    description:
      - With O(force=true), also delete namespaces in which something runs or is declared, or in which volumes are. What is in them is lost.
    type: bool
    default: false
  validate:
    description:
      - V(server) also lets the server check, in a preview, what an apply would send. That needs the rights of an apply.
    type: str
    choices: [client, server]
    default: client
  wait_seconds:
    description: How long the deletion of each namespace is waited for.
    type: int
    default: 120
seealso:
  - module: bluegreen.orchestrator.tier_quota_info
"""

EXAMPLES = r"""
- name: A tenant of tier standard
  bluegreen.orchestrator.tier_quota:
    tenant: acme
    tier: standard

- name: An upgrade, with three sites of which the first gets half
  bluegreen.orchestrator.tier_quota:
    tenant: acme
    tier: premium
    sites: 3
    site_shares: [2, 1, 1]

- name: Business, with more CPU than the base
  bluegreen.orchestrator.tier_quota:
    tenant: acme
    tier: business
    custom:
      quota:
        requests.cpu: "16"
        limits.cpu: "32"

- name: Back to standard, refused while too much is used
  bluegreen.orchestrator.tier_quota:
    tenant: acme
    tier: standard
    usage:
      products: 1800
      buckets:
        products: 12GB
"""

RETURN = r"""
tenant:
  description: Id of the tenant.
  type: str
  returned: success
  sample: acme
tier:
  description: The tier that it has after this; null with O(state=absent).
  type: str
  returned: success
  sample: premium
tier_before:
  description: The tier that its namespace was labelled with; null for a new tenant.
  type: str
  returned: success
  sample: standard
namespaces:
  description: The namespaces of its sites.
  type: list
  elements: str
  returned: success
  sample: [e-commerce-tenant-acme, e-commerce-tenant-acme-site-2, e-commerce-tenant-acme-site-3]
quotas:
  description: What each namespace may use.
  type: dict
  returned: success
  sample:
    e-commerce-tenant-acme:
      limits.cpu: "4"
      limits.memory: 8Gi
      persistentvolumeclaims: "3"
      pods: "18"
      requests.cpu: "2"
      requests.memory: 4Gi
      requests.storage: 50Gi
      services.loadbalancers: "1"
fit:
  description:
    - Whether the services fit, at the least and at the most that their autoscalers make of them; null without services.
    - C(refused) in it is what the LimitRange will refuse.
  type: dict
  returned: success
  sample:
    services: 13
    at_minimum:
      fits: false
      needed:
        "1": {limits.cpu: 7200m, limits.memory: 9Gi, pods: "18", requests.cpu: 3600m, requests.memory: 4608Mi}
      lacking:
        - {site: 1, resource: requests.cpu, needed: 3600m, allowed: "2", short: 1600m}
    at_maximum:
      fits: false
      needed:
        "1": {limits.cpu: 9200m, limits.memory: 11776Mi, pods: "23", requests.cpu: 4600m, requests.memory: 5888Mi}
      lacking:
        - {site: 1, resource: requests.cpu, needed: 4600m, allowed: "2", short: 2600m}
    refused:
      - {service: mailer, site: 1, resource: requests.cpu, asked: 10m, bound: min 50m}
blockers:
  description: What is in the way of a smaller envelope; in a success only with O(force=true).
  type: list
  elements: dict
  returned: success, and when something is in the way
  sample:
    - what: pods
      where: e-commerce-tenant-acme
      used: "22"
      allowed: "15"
      remedy: stop pods, or lower replicas
      loses: false
took_over:
  description: Fields that were other managers' and are ours after this.
  type: list
  elements: str
  returned: success
  sample: [ResourceQuota e-commerce-tenant-acme/tenant-quota .spec.hard.pods from kubectl-edit]
actions:
  description: What is done to which object, in this order.
  type: list
  elements: dict
  returned: success
  sample:
    - {action: update, name: ResourceQuota e-commerce-tenant-acme/tenant-quota}
done:
  description: What was done before a failure.
  type: list
  elements: str
  returned: failure in the middle of an apply
  sample: [create Namespace e-commerce-tenant-acme]
digest:
  description: SHA-256 of the plan; the same plan has the same one in preview and apply.
  type: str
  returned: success
  sample: 9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de
requests:
  description: How many requests of each verb were made; none for a tenant that was found unchanged by what all hosts read together.
  type: dict
  returned: success
  sample: {get: 1, list: 9}
summary:
  description: What happened, in one sentence.
  type: str
  returned: success
  sample: "acme: is moved from tier standard to premium (12 created, 4 updated)"
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TIER_QUOTA_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_run import run


def main() -> None:
    """Wire options and result together."""
    run_module(TIER_QUOTA_SPEC, run)


if __name__ == "__main__":
    main()
