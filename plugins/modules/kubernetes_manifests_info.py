#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_manifests_info
short_description: Tell what is there of a set of manifests
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Reads which objects of a set that M(bluegreen.orchestrator.kubernetes_manifests) holds are on a cluster.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.info_module
  - bluegreen.orchestrator.kubernetes
notes:
  - Needs the verb C(list) on the kinds, in the namespaces.
options:
  set:
    description: Name of the set.
    type: str
    required: true
  namespaces:
    description: Where to look. One that is not there has nothing.
    type: list
    elements: str
    required: true
  kinds:
    description: What to look for, as C(apiVersion/kind).
    type: list
    elements: str
    required: true
seealso:
  - module: bluegreen.orchestrator.kubernetes_manifests
"""

EXAMPLES = r"""
- name: Is there a daily backup?
  bluegreen.orchestrator.kubernetes_manifests_info:
    set: desk-acme-backup
    namespaces: [client-acme]
    kinds: [batch/v1/CronJob]
  register: backup
"""

RETURN = r"""
objects:
  description: The objects of the set, by kind and name.
  type: list
  elements: dict
  returned: success
  sample: [{kind: CronJob, namespace: client-acme, name: chatwoot-backup}]
missing_kinds:
  description: Kinds that the cluster does not know.
  type: list
  elements: str
  returned: success
  sample: [traefik.io/v1alpha1/Middleware]
requests:
  description: How many requests of each verb were made.
  type: dict
  returned: success
  sample: {list: 1}
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests_info import INFO_SPEC, run


def main() -> None:
    """Wire options and result together."""
    run_module(INFO_SPEC, run)


if __name__ == "__main__":
    main()
