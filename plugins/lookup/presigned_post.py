# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign forms for uploads with limits."""

from __future__ import annotations

DOCUMENTATION = r"""
name: presigned_post
short_description: Sign forms by which somebody without a key uploads within limits
version_added: 0.1.0
description:
  - Object storage knows no largest object and no allowed types. A signed form (S3's POST policy) does, and the server holds it - how large
    an object may be, of which type, below which prefix, and until when.
  - A form is good for one type or one kind of types, so there is one for each of O(types). The uploader takes the one that fits, adds the
    fields C(key), C(Content-Type) and last C(file), and sends it as C(multipart/form-data) to RV(_list[].url).
  - The file has to be the last field. A browser and C(curl -F) send the fields in the order in which they are given;
    M(ansible.builtin.uri) sorts them, so it cannot.
  - Nothing is asked of the server. Give it the key whose policy lets it write by forms only (C(uploads=presigned_post) of
    M(bluegreen.orchestrator.minio_bucket)).
  - Who has a form can upload by it until it ends. Keep it out of logs (C(no_log)).
author:
  - BlueGreen Orchestrator team (@bluegreen-orchestrator)
requirements:
  - minio >= 7.2 (Python library)
options:
  _terms:
    description: Names of buckets.
    type: list
    elements: str
    required: true
  endpoint:
    description: URL of the server as the uploader reaches it; by default the variable E(MINIO_ENDPOINT).
    type: str
    env:
      - name: MINIO_ENDPOINT
  access_key:
    description: Key that signs; by default the variable E(MINIO_ACCESS_KEY).
    type: str
    env:
      - name: MINIO_ACCESS_KEY
  secret_key:
    description: Its secret; by default the variable E(MINIO_SECRET_KEY).
    type: str
    env:
      - name: MINIO_SECRET_KEY
  secret_key_file:
    description: File that holds the secret, and nothing else.
    type: path
  region:
    description: Region that the forms are signed for.
    type: str
    default: us-east-1
  key_prefix:
    description: What the names of the uploaded objects begin with.
    type: str
    required: true
  tier:
    description: Tier whose bucket O(tier_bucket) gives largest size, types and life; what is given beside it wins.
    type: str
  tier_bucket:
    description: Bucket of the tier, like V(products).
    type: str
  tiers_extra:
    description: Tiers that GLOBAL conf changes or adds, by name.
    type: dict
    default: {}
  max_size:
    description: The largest object, like V(5MB) (10^6 bytes each) or V(5Mi); 5Gi at most.
    type: str
  types:
    description: Allowed MIME types, like V(image/png), V(image/*) or V(*/*).
    type: list
    elements: str
  expires:
    description: Seconds for which the forms are good, seven days at most; an hour without it and without O(tier).
    type: int
seealso:
  - module: bluegreen.orchestrator.minio_bucket
"""

EXAMPLES = r"""
- name: Sign what a Standard client may upload to its products
  ansible.builtin.set_fact:
    upload_forms: >-
      {{ query('bluegreen.orchestrator.presigned_post', 'acme-products', endpoint='https://storage.example:9000', access_key='acme-signer',
               secret_key=vault_acme_signer, key_prefix='uploads/', tier='standard', tier_bucket='products') }}
  no_log: true

- name: Leave them for the client's program, which hands them to its visitors
  ansible.builtin.copy:
    content: "{{ upload_forms | to_nice_json }}"
    dest: /srv/acme/upload-forms.json
    mode: "0600"
  no_log: true
"""

RETURN = r"""
_list:
  description: One form for each bucket and type.
  type: list
  elements: dict
  contains:
    url:
      description: Where it is sent.
      type: str
      sample: https://storage.example:9000/acme-products
    type:
      description: The type or kind of types that it takes.
      type: str
      sample: image/*
    key_prefix:
      description: What the name of the object begins with.
      type: str
      sample: uploads/
    max_size:
      description: Bytes of the largest object.
      type: int
      sample: 5000000
    expires:
      description: When it ends.
      type: str
      sample: "2026-11-22T20:00:00Z"
    fields:
      description: Fields of the form, beside C(key), C(Content-Type) and C(file).
      type: dict
      sample:
        policy: eyJleHBpcmF0aW9uIjogIjIwMjYtMTEtMjJUMjA6MDA6MDAuMDAwWiJ9
        x-amz-algorithm: AWS4-HMAC-SHA256
        x-amz-credential: acme-signer/20261122/us-east-1/s3/aws4_request
        x-amz-date: 20261122T190000Z
        x-amz-signature: 5d1f0c
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_connection import access_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_post import check_limits, forms
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier

# Seconds, where nobody says otherwise.
LIFE = 3600


class LookupModule(LookupBase):
    """Reads the options and signs."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return a form for each bucket and type."""
        plugin: Any = self
        plugin.set_options(var_options=variables, direct=kwargs)
        options: dict[str, Any] = plugin.get_options()
        try:
            return [form for bucket in terms for form in _forms(str(bucket), options)]
        except BlueGreenError as error:
            raise AnsibleLookupError(error.sentence) from None


def _forms(bucket: str, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted = {"expires": LIFE, **_sold(options)}
    wanted |= {name: options[name] for name in ("max_size", "types", "expires") if options[name] is not None}
    for name in ("max_size", "types"):
        if name not in wanted:
            raise InputError(f"{name}: not given; give it, or tier and tier_bucket.")
    for name in ("endpoint", "access_key"):
        if not options[name]:
            raise InputError(f"{name}: not given; give it, or set the variable MINIO_{name.upper()}.")
    limits = check_limits(bucket, options["key_prefix"], wanted["max_size"], wanted["types"], wanted["expires"])
    # Nothing is asked of the server, so nothing is said of its certificate.
    return forms(access_of({**options, "ca_cert": None, "validate_certs": True, "request_timeout": 1.0}), limits)


def _sold(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a tier allows in one of its buckets; nothing without a tier."""
    tier, name = options["tier"], options["tier_bucket"]
    if not tier and not name:
        return {}
    if not tier or not name:
        raise InputError(f"{'tier' if name else 'tier_bucket'}: not given; the two are given together, or none of them.")
    storage = effective_tier(tier, options["tiers_extra"], option="tier")["object_storage"]
    bucket = storage["buckets"].get(name)
    if bucket is None:
        raise InputError(f"tier_bucket: {quoted(name)} is no bucket of the tier {tier}; there are {', '.join(storage['buckets'])}.")
    return {"max_size": bucket["max_file_size"], "types": list(bucket["allowed_types"]), "expires": storage["presigned_url_expiry"]}
