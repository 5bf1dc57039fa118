# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of a Chatwoot of ours: made once, within the cluster, by a Job that may create and nothing else.

PRIVATE: for this collection's own plugins, not a public interface.

Why it is done so is in ADR-0021. In short: whoever may read that a Secret is there may read what is in it, and a preview needs no such
right; so the preview shows the Job, and the Job decides. It asks the API server with POST alone. A Secret that is there is never replaced.
That it was made once stands in a ConfigMap, so that one that is lost is asked back for, and not made anew over data that it would not open.
"""

from __future__ import annotations

import json
from typing import Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import KEYS, KEYS_NAME, Desk, Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_pods import (
    AGAIN,
    KEYS_JOB,
    UNTIL_DONE,
    container,
    digest,
    empty,
    labels_of,
    manifest,
    template,
)

RBAC: Final = "rbac.authorization.k8s.io"
KINDS: Final = ("v1/ServiceAccount", f"{RBAC}/v1/Role", f"{RBAC}/v1/RoleBinding", "batch/v1/Job")

# What tells that the keys were made.
MARKER: Final = "chatwoot-keys-made"

# Chatwoot's image has Ruby, so no further one is needed. A dry run of a POST answers 409 where something is: that asks whether it is there
# without the right to read it.
SCRIPT: Final = r"""
require "json"
require "net/http"
require "securerandom"

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
NAMESPACE = File.read("#{ACCOUNT}/namespace").strip
HTTP = Net::HTTP.new(ENV.fetch("KUBERNETES_SERVICE_HOST"), Integer(ENV.fetch("KUBERNETES_SERVICE_PORT")))
HTTP.use_ssl = true
HTTP.ca_file = "#{ACCOUNT}/ca.crt"
HTTP.open_timeout = HTTP.read_timeout = 20

# True where it was made, or would be; false where it is there already.
def made?(kind, resource, name, parts, dry_run: false)
  path = "/api/v1/namespaces/#{NAMESPACE}/#{resource}"
  path += "?dryRun=All" if dry_run
  request = Net::HTTP::Post.new(path, "Content-Type" => "application/json",
                                      "Authorization" => "Bearer #{File.read("#{ACCOUNT}/token").strip}")
  metadata = { "name" => name, "labels" => { "app.kubernetes.io/part-of" => "chatwoot" } }
  request.body = JSON.generate({ "apiVersion" => "v1", "kind" => kind, "metadata" => metadata }.merge(parts))
  status = HTTP.request(request).code.to_i
  return true if [200, 201, 202].include?(status)
  return false if status == 409

  abort "The API server answered #{status} to the creation of #{kind} #{name}."
end

secret = ENV.fetch("DESK_SECRET")
marker = ENV.fetch("DESK_MARKER")
nothing = { "data" => {} }
if made?("ConfigMap", "configmaps", marker, nothing, dry_run: true)
  keys = JSON.parse(ENV.fetch("DESK_KEYS")).transform_values { |bytes| SecureRandom.hex(bytes) }
  new = made?("Secret", "secrets", secret, { "type" => "Opaque", "immutable" => true, "stringData" => keys })
  made?("ConfigMap", "configmaps", marker, nothing)
  puts(new ? "The keys were made." : "There were keys already; they stay.")
elsif made?("Secret", "secrets", secret, { "type" => "Opaque" }, dry_run: true)
  abort "The Secret #{secret} was made once and is gone. New keys would not open what is stored: bring it back from a backup."
else
  puts "The keys are there."
end
"""


def manifests(desk: Desk) -> list[Manifest]:
    """Return the Job, and the account that it does it with."""
    rules = [{"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["create"]}]
    subject = {"kind": "ServiceAccount", "name": KEYS_JOB, "namespace": desk.namespace}
    return [
        manifest(desk, "v1", "ServiceAccount", KEYS_JOB, automountServiceAccountToken=False),
        manifest(desk, f"{RBAC}/v1", "Role", KEYS_JOB, rules=rules),
        manifest(
            desk,
            f"{RBAC}/v1",
            "RoleBinding",
            KEYS_JOB,
            subjects=[subject],
            roleRef={"apiGroup": RBAC, "kind": "Role", "name": KEYS_JOB},
        ),
        job(desk),
    ]


def job(desk: Desk) -> Manifest:
    """Return the Job. What a Job runs never changes in one that is there, so its name says what it runs: another version is another Job."""
    program = container(
        desk,
        "keys",
        "image",
        "backup",
        {"tmp": "/tmp"},
        command=["ruby", "-e", SCRIPT.strip()],
        env=[
            {"name": "HOME", "value": "/tmp"},
            {"name": "DESK_SECRET", "value": KEYS_NAME},
            {"name": "DESK_MARKER", "value": MARKER},
            {"name": "DESK_KEYS", "value": json.dumps(KEYS, separators=(",", ":"))},
        ],
    )
    pod = template(
        desk,
        KEYS_JOB,
        "chatwoot",
        [program],
        automountServiceAccountToken=True,
        restartPolicy=AGAIN,
        serviceAccountName=KEYS_JOB,
        volumes=empty("tmp"),
    )
    return manifest(
        desk,
        "batch/v1",
        "Job",
        f"{KEYS_JOB}-{digest(pod)}",
        labels=labels_of(desk, KEYS_JOB),
        spec={**UNTIL_DONE, "template": pod},
    )
