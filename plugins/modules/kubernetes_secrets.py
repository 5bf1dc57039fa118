#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_secrets
short_description: Hold Secrets of a namespace, previewed without the right to read one
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Brings Secrets into a namespace in one task, and writes only those of which something else is given than the last time.
  - Never reads a Secret, for whoever may see that one is there may read what is in it. What was given stands in a ConfigMap with the name
    of the set, as the names of the keys and a salted, slow hash of the values (PBKDF2, SHA-512); preview and apply compare with that.
  - Applies on the server (server-side apply, field manager C(bluegreen.orchestrator)).
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.kubernetes
attributes:
  check_mode:
    support: full
    details:
      - Needs C(get) on the ConfigMap, and on the namespace where the ConfigMap is not there.
  diff_mode:
    support: full
    details:
      - Names of keys only; values are never shown.
  idempotent:
    support: full
notes:
  - An apply also needs C(patch) and C(create) on C(secrets) and C(configmaps) of the namespace; still no right to read Secrets.
  - A Secret that somebody else deletes or edits is not noticed, for that would take the right to read it. O(renew=true) writes all anew.
  - A Secret that is given no more stays in the namespace. Delete it by hand.
  - A short value hides the same letters wherever they stand in the result, as those of any option that is not logged.
  - What of a Secret is another field manager's is refused by the server in the apply (409), unless O(take_over=true).
options:
  set:
    description: Name of the set, and of the ConfigMap with what was given. Up to 63 lower-case letters, digits, hyphens and dots.
    type: str
    required: true
  namespace:
    description: Where they are.
    type: str
    required: true
  secrets:
    description:
      - The Secrets by name, each with its keys and values. Values are texts that are not empty; numbers are taken as texts.
      - One with the key C(.dockerconfigjson) alone has the type C(kubernetes.io/dockerconfigjson), all others C(Opaque).
    type: dict
    required: true
  namespaces_to_come:
    description: Namespaces that the same run makes before this task, which a preview therefore does not find.
    type: list
    elements: str
    default: []
  renew:
    description: Write all of them, also those of which the same is given.
    type: bool
    default: false
  take_over:
    description: Take over keys that other field managers own.
    type: bool
    default: false
seealso:
  - module: bluegreen.orchestrator.kubernetes_manifests
"""

EXAMPLES = r"""
- name: What a support desk is told that nobody else may know
  bluegreen.orchestrator.kubernetes_secrets:
    set: desk-acme-secrets
    namespace: client-acme
    secrets:
      chatwoot-mail:
        SMTP_USERNAME: acme
        SMTP_PASSWORD: "{{ vault_acme_smtp_password }}"
      registry:
        .dockerconfigjson: "{{ vault_registry | to_json }}"

- name: Write them anew, because somebody deleted one
  bluegreen.orchestrator.kubernetes_secrets:
    set: desk-acme-secrets
    namespace: client-acme
    secrets:
      chatwoot-mail:
        SMTP_USERNAME: acme
        SMTP_PASSWORD: "{{ vault_acme_smtp_password }}"
    renew: true
"""

RETURN = r"""
actions:
  description: What is done to which Secret, in this order.
  type: list
  elements: dict
  returned: success
  sample:
    - {action: create, name: Secret client-acme/chatwoot-mail}
done:
  description: What was done before a failure.
  type: list
  elements: str
  returned: failure in the middle of an apply
  sample: [create Secret client-acme/chatwoot-mail]
digest:
  description: SHA-256 of the plan; the same plan has the same one in preview and apply.
  type: str
  returned: success
  sample: 9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de
requests:
  description: How many requests of each verb were made.
  type: dict
  returned: success
  sample: {get: 1, patch: 2}
summary:
  description: What happened, in one sentence.
  type: str
  returned: success
  sample: "desk-acme-secrets: 1 created"
"""

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import run_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._secrets import SECRETS_SPEC, run


def main() -> None:
    """Wire options and result together."""
    run_module(SECRETS_SPEC, run)


if __name__ == "__main__":
    main()
