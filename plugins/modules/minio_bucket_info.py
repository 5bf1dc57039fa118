#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: minio_bucket_info
short_description: Tell what buckets are set to, what they hold, and how full their quotas are
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Reads the settings that M(bluegreen.orchestrator.minio_bucket) writes, who has access, and what is used of the quota, of some buckets or
    of all that the key can see.
  - What is used is what the server's scanner has counted, which lags behind by a minute or more on a busy server; O(count=true) counts
    now. Both count old versions, as the quota does.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.info_module
  - bluegreen.orchestrator.minio
options:
  names:
    description: Names of buckets; all buckets by default. Of those that are not there nothing is returned.
    type: list
    elements: str
    aliases: [name]
  prefix:
    description: Only of buckets whose names begin with this.
    type: str
    default: ""
  tags:
    description: Only of buckets that have all of these tags.
    type: dict
    default: {}
  parts:
    description: What to tell. Each setting is a request for each bucket; C(usage) is one for all of them.
    type: list
    elements: str
    choices: [versioning, retention, encryption, quota, lifecycle, tags, policy, notification, replication, access, usage]
    default: [versioning, retention, encryption, quota, lifecycle, tags, policy, notification, replication, access, usage]
  count:
    description: Count the objects of each bucket one by one, up to 10,000, instead of asking the scanner.
    type: bool
    default: false
seealso:
  - module: bluegreen.orchestrator.minio_bucket
"""

EXAMPLES = r"""
- name: Look at all buckets
  bluegreen.orchestrator.minio_bucket_info:
    endpoint: https://storage.example:9000
    access_key: reader
    secret_key_file: /etc/bluegreen/storage-reader
  register: storage

- name: Which buckets need attention?
  ansible.builtin.debug:
    msg: "{{ item.name }} uses {{ item.percent }} % of {{ item.quota.size }}"
  loop: "{{ storage.buckets | selectattr('state', 'in', ['over', 'tight', 'filling']) }}"
  loop_control:
    label: "{{ item.name }}"

- name: How much do the buckets of a tenant hold now?
  bluegreen.orchestrator.minio_bucket_info:
    endpoint: https://storage.example:9000
    access_key: reader
    secret_key_file: /etc/bluegreen/storage-reader
    names: [acme-products, acme-sav, acme-newsletters]
    parts: [quota, usage]
    count: true
"""

RETURN = r"""
buckets:
  description:
    - One entry per bucket, sorted by name where all are told. Settings that are not there are null. Lifecycle, policy and encryption are in
      S3's own words.
    - C(percent) is how much of the quota is used, null without a quota. C(state) is C(over) from 100 % on, C(tight) above 95 %, C(filling)
      above 80 %, C(well) below, C(unlimited) without a quota, and null where the server tells nothing of quotas.
    - C(usage.exact) tells whether the objects were counted one by one just now.
  type: list
  elements: dict
  returned: success
  sample:
    - name: acme-sav
      versioning: {Status: Enabled}
      retention: null
      encryption: {SSEAlgorithm: AES256}
      quota: {bytes: 5000000000, size: 5G}
      lifecycle:
        bluegreen-noncurrent:
          Expiration: {ExpiredObjectDeleteMarker: "true"}
          Filter: {}
          NoncurrentVersionExpiration: {NoncurrentDays: "30"}
          Status: Enabled
      tags: {tenant: acme}
      policy: null
      notification: null
      replication: null
      access: {}
      usage: {objects: 214, bytes: 4100000000, size: 4.1G, exact: false}
      percent: 82.0
      state: filling
requests:
  description: How many requests were made, by kind.
  type: dict
  returned: success
  sample: {read: 13}
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_info import INFO_SPEC, run


def main() -> None:
    """Wire options and result together."""
    run_module(INFO_SPEC, run)


if __name__ == "__main__":
    main()
