#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: minio_bucket
short_description: Hold a bucket of object storage - quota, versions, lock, lifecycle, policy, access and copies
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Holds everything that a bucket is set to in one task. It reads what the options are about, computes the differences on its own side and
    writes only those. A preview therefore needs the right to read and no more, and says what the apply does, diff by diff.
  - An option that is not given is a setting that is not looked at. An option that is empty, like V([]), V({}) or a quota of V(0), is a
    setting that should not be there.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.minio
attributes:
  check_mode:
    support: full
    details:
      - Needs the rights to read that are named in the notes, and no other.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - With O(update_secrets=always) secrets are sent in each run, for nobody can read and compare them.
notes:
  - A preview needs C(s3:GetBucketLocation), and of the declared settings C(s3:GetBucketVersioning), C(s3:GetBucketObjectLockConfiguration),
    C(s3:GetEncryptionConfiguration), C(s3:GetLifecycleConfiguration), C(s3:GetBucketTagging), C(s3:GetBucketPolicy),
    C(s3:GetBucketNotification), C(s3:GetReplicationConfiguration), C(admin:GetBucketQuota), C(admin:GetBucketTarget), C(admin:GetUser),
    C(admin:GetPolicy), C(admin:ListUserPolicies), and, to name what would be refused, C(admin:ServerInfo), C(admin:KMSKeyStatus) and,
    where versions would be suspended, C(s3:GetReplicationConfiguration). Where a server that is no MinIO gets a new bucket, it needs
    C(s3:ListAllMyBuckets), too.
    Where a quota would become smaller or a bucket would go, it also needs C(s3:ListBucket), C(s3:ListBucketVersions),
    C(s3:GetObjectRetention) and C(s3:GetObjectLegalHold), and for more than 10,000 objects C(admin:DataUsageInfo). The runbook has the
    whole policy to copy.
  - A quota is what the server makes of it. It refuses a write when what its scanner has counted, the new object included, reaches the quota
    (V(>=)), so a bucket is never quite full. The scanner lags behind, by seconds on a quiet server and by minutes on a busy one, and a
    bucket that it has not seen yet has no limit. Old versions and the parts of unfinished uploads take part in it.
  - Any server of S3 will do for what it has. Only O(quota), O(access) and O(replication) need the admin API of MinIO; what a server does
    not have is refused by the option's name before anything is changed. The runbook has what was seen on which server.
  - Object storage knows no largest object and no allowed types. What does is a form that is signed with limits; see
    P(bluegreen.orchestrator.presigned_post#lookup) and O(access).
options:
  name:
    description: Name of the bucket, 3 to 63 lower-case letters, digits, hyphens and dots.
    type: str
    required: true
  state:
    description:
      - V(present) makes the bucket and brings it to what the options say.
      - V(absent) deletes it, with the policies that O(access) made. It is refused while it holds objects, with how many and how big, unless
        O(force=true). Users stay, for they may have other buckets.
    type: str
    choices: [present, absent]
    default: present
  quota:
    description:
      - How much it may hold, like V(15GB) (10^9 bytes each) or V(15Gi) (2^30 bytes each); V(0) for no quota. It is read back after it was
        set.
      - One that is smaller than what the bucket holds is refused, unless O(force=true).
    type: str
  versioning:
    description:
      - Whether replaced and deleted objects are kept as old versions. Once enabled, it can only be suspended, and not while the bucket is
        copied elsewhere, or some prefixes are left out of it by hand.
    type: str
    choices: [enabled, suspended]
  noncurrent_days:
    description:
      - Days after which an old version is deleted, and with the last one the marker of its deletion, by a rule of ours beside
        O(lifecycle); V(0) for never. Old versions count in the quota, so give it wherever both are set.
    type: int
  object_lock:
    description:
      - Whether objects can be locked against deletion. It is decided when the bucket is made, and refused later with the reason. It needs
        versions, and enables them.
    type: bool
  retention:
    description: For how long each new object is locked, V({}) for not at all. Needs O(object_lock), and implies it for a new bucket.
    type: dict
    suboptions:
      mode:
        description: In V(governance) somebody with a right of their own can delete nevertheless, in V(compliance) nobody can.
        type: str
        choices: [governance, compliance]
      days:
        description: Days.
        type: int
      years:
        description: Years.
        type: int
  encryption:
    description: How objects are encrypted on the server's disks, by its own key or by a named one. The server needs a KMS for both.
    type: str
    choices: [none, sse-s3, sse-kms]
  encryption_key:
    description: Name of the key for O(encryption=sse-kms).
    type: str
  lifecycle:
    description: All rules by which objects are deleted, beside that of O(noncurrent_days). Others go.
    type: list
    elements: dict
    suboptions:
      id:
        description: Name of the rule.
        type: str
        required: true
      prefix:
        description: It is for objects whose names begin with this.
        type: str
        default: ""
      tags:
        description: It is for objects that have all of these tags.
        type: dict
        default: {}
      enabled:
        description: Whether it is in force.
        type: bool
        default: true
      expire_days:
        description: Days after which an object is deleted, or with versions hidden by a marker.
        type: int
      expire_delete_markers:
        description: Whether markers go that hide nothing any more.
        type: bool
        default: false
      noncurrent_days:
        description: Days after which an old version is deleted.
        type: int
      newer_noncurrent_versions:
        description: How many old versions stay beyond that.
        type: int
  policy:
    description:
      - Policy of the bucket, for those who are not signed in and for other accounts; V({}) for none. See O(access) for the keys of this
        server, which a bucket's policy takes nothing from.
      - Each resource is one of this bucket, like V(arn:aws:s3:::acme-products/*), and each action one of MinIO's that can be done to one of
        the resources of its statement. MinIO holds no C(NotAction) and no C(NotPrincipal), and both are refused.
    type: json
  public_prefixes:
    description:
      - What everybody may read, like V(public/), for a CDN; an empty text is the whole bucket, V([]) is nothing. Nobody can list it. It
        is a statement of ours in the policy; the others stay.
    type: list
    elements: str
  tags:
    description: "All tags of the bucket, of letters without accents, digits, spaces and + - = . _ : / @."
    type: dict
  notification:
    description: All targets that are told of events.
    type: list
    elements: dict
    suboptions:
      arn:
        description: The target, as the server names it, like V(arn:minio:sqs::primary:webhook).
        type: str
        required: true
      events:
        description: Events, like V(s3:ObjectCreated:*). One that MinIO does not know is refused, unless O(allow_unknown=true).
        type: list
        elements: str
        required: true
      prefix:
        description: Only of objects whose names begin with this.
        type: str
        default: ""
      suffix:
        description: Only of objects whose names end with this.
        type: str
        default: ""
  access:
    description:
      - All keys that may use this bucket by policies of ours. Each may list, read and delete; what it may write is O(access[].uploads).
        Other policies of a key, and other keys, are left alone.
      - Each way to upload is a policy of the server's own, named V(bluegreen-BUCKET-WAY).
    type: list
    elements: dict
    suboptions:
      key:
        description: Access key of a user of the server.
        type: str
        required: true
      secret_key:
        description: Its secret, 8 to 40 characters, with which it is made where it is not there.
        type: str
      uploads:
        description:
          - V(none) may not write, whatever its other policies say.
          - V(presigned_post) may write by signed forms only. Give it to the key that signs them, and that key to nobody but the program
            that does, for who has it can sign any limits.
          - V(direct) may write as it likes.
        type: str
        choices: [none, presigned_post, direct]
        default: none
  keys_to_come:
    description:
      - Keys of O(access) that another task of the same run makes before this one. In a preview they are not there yet, which is no reason
        to refuse then. Give O(access[].secret_key) to one bucket of several only, or the preview says for each that it makes the user.
    type: list
    elements: str
    default: []
  signature_age:
    description:
      - Seconds for which a URL that one of these keys has signed is good at most, whatever it says itself; seven days without this.
      - A form has an end of its own and is not touched by it.
    type: int
  replication:
    description: All buckets that objects are copied to. Needs versions here; those of the targets are enabled.
    type: list
    elements: dict
    suboptions:
      endpoint:
        description: URL of the other server, as this server reaches it and the machine that the task runs on, too.
        type: str
        required: true
      bucket:
        description: Bucket there.
        type: str
        required: true
      create:
        description: Make that bucket where it is missing; without it, a missing one is refused.
        type: bool
        default: false
      access_key:
        description: Key that may write there.
        type: str
        required: true
      secret_key:
        description: Its secret.
        type: str
        required: true
      prefix:
        description: Only objects whose names begin with this. One bucket with two prefixes has the same key and speed in both.
        type: str
        default: ""
      delete_markers:
        description: Whether a deletion that keeps the old version is copied.
        type: bool
        default: true
      deletes:
        description: Whether a deletion of a version for good is copied. Without it the copy is a safety net.
        type: bool
        default: false
      existing_objects:
        description: Whether what was there before is copied, too.
        type: bool
        default: true
      synchronous:
        description: Whether a write is answered only when it was copied.
        type: bool
        default: false
      bytes_per_second:
        description: The most that is sent in a second, V(100MB) or more; without it there is no limit.
        type: str
  allow_unknown:
    description:
      - Let actions of O(policy) and events of O(notification) through that are none of MinIO's as this version knows them, for a server
        that is newer or another one. The server has the last word then, and only when it is set.
    type: bool
    default: false
  update_secrets:
    description:
      - Secrets of O(access) and O(replication) cannot be read. V(on_create) sends them with what is made or changed, V(always) in each run,
        to change them.
    type: str
    choices: [on_create, always]
    default: on_create
  force:
    description: Set a quota that is smaller than what the bucket holds; with O(state=absent) delete all objects and old versions, for good.
    type: bool
    default: false
seealso:
  - module: bluegreen.orchestrator.minio_bucket_info
  - plugin: bluegreen.orchestrator.presigned_post
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: A bucket for the photos of a shop, read by everybody below public/
  bluegreen.orchestrator.minio_bucket:
    endpoint: https://storage.example:9000
    access_key: operator
    secret_key_file: /etc/bluegreen/storage
    name: acme-products
    quota: 60GB
    versioning: enabled
    noncurrent_days: 30
    encryption: sse-s3
    public_prefixes: [public/]
    tags:
      tenant: acme

- name: Its keys - the shop reads, and a program of ours signs the forms by which its clients upload
  bluegreen.orchestrator.minio_bucket:
    endpoint: https://storage.example:9000
    access_key: operator
    secret_key_file: /etc/bluegreen/storage
    name: acme-products
    signature_age: 7200
    access:
      - key: acme-shop
        secret_key: "{{ vault_acme_shop }}"
      - key: acme-signer
        secret_key: "{{ vault_acme_signer }}"
        uploads: presigned_post

- name: A copy in another region
  bluegreen.orchestrator.minio_bucket:
    endpoint: https://storage.example:9000
    access_key: operator
    secret_key_file: /etc/bluegreen/storage
    name: acme-products
    versioning: enabled
    replication:
      - endpoint: https://storage-2.example:9000
        bucket: acme-products-copy
        access_key: replicator
        secret_key: "{{ vault_replicator }}"

- name: Take a bucket away, and refuse while it holds something
  bluegreen.orchestrator.minio_bucket:
    endpoint: https://storage.example:9000
    access_key: operator
    secret_key_file: /etc/bluegreen/storage
    name: acme-newsletters
    state: absent
"""

RETURN = r"""
bucket:
  description: Name of the bucket.
  type: str
  returned: success
  sample: acme-products
actions:
  description: What was done, or in check mode would be done, in this order.
  type: list
  elements: dict
  returned: success
  sample:
    - {action: create, name: bucket acme-products}
    - {action: create, name: bucket acme-products versioning}
    - {action: create, name: bucket acme-products quota}
requests:
  description: How many requests were made, by kind, those to the servers of O(replication) among them.
  type: dict
  returned: success
  sample: {read: 1, write: 3}
used_bytes:
  description: What the bucket holds where a quota was refused.
  type: int
  returned: when O(quota) is refused
  sample: 4100000000
objects:
  description: How many objects and old versions a bucket holds that is not deleted.
  type: int
  returned: when O(state=absent) is refused
  sample: 214
done:
  description: Steps that were done before one failed.
  type: list
  elements: str
  returned: when a step failed
  sample: [create bucket acme-products]
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import MINIO_BUCKET_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_run import run


def main() -> None:
    """Wire options and result together."""
    run_module(MINIO_BUCKET_SPEC, run)


if __name__ == "__main__":
    main()
