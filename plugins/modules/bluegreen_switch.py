#!/usr/bin/python
# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: bluegreen_switch
short_description: Route a site to its blue or green colour through Traefik, proven and taken back when it fails
version_added: 0.1.0
author: BlueGreen Orchestrator team (@bluegreen-orchestrator)
description:
  - Writes the Traefik dynamic file of one site, so that visitors reach one of its two colours, and proves that they do.
  - Before the change, the whole directory is checked (one broken file makes Traefik ignore every change in it), the rule, entry
    points and middlewares are checked, and every server of the colour must pass its gate.
  - The file is written beside the directory, synced, and renamed into place. Then Traefik's API must show the new colour and the public
    address must answer from it. Optionally the new colour is watched for a while (O(soak)).
  - A change that does not prove itself is taken back the same way, and the task fails with the evidence. So does one that is
    interrupted (SIGTERM, SIGINT, SIGHUP).
  - The dynamic file is the only truth about which colour is active.
  - A canary sends part of the visitors to the idle colour (O(canary)), a preview shows it to those who may see it (O(preview)), and a
    maintenance page can stand before the whole site (O(maintenance)). All of them go the same way - one file, gated, proven, watched
    and taken back when they fail.
notes:
  - Without O(colours), O(rule) and so on, what the site's file holds is kept; so O(target=previous) needs only O(site),
    O(dynamic_dir) and O(confirm).
  - A lock per site (the kernel's, so a dead owner leaves none behind) keeps two runs apart; see O(lock_timeout).
  - Traffic is switched, data is not; what was written since the switch stays where it was written.
  - A switch ends a canary, and so does O(target=previous), which then goes back to the colour that served most. A preview and a
    maintenance page stay until they are switched off.
  - Traefik compares O(maintenance.allow) and O(preview.source_ranges) with the address that connects to it. Behind another proxy that is
    the proxy's.
  - The value of a preview's header stands in the dynamic file, for Traefik must know it, and in Traefik's private API. It is masked in
    diffs and results. A file that others may not read keeps its mode.
extends_documentation_fragment:
  - bluegreen.orchestrator.attributes
  - bluegreen.orchestrator.attributes.linux
  - bluegreen.orchestrator.switch
  - bluegreen.orchestrator.route
attributes:
  check_mode:
    support: full
    details:
      - The gates are really asked (GET only), and an apply that would be refused is refused in the preview with the same sentence.
      - Two things are warnings in a preview, because reading is enough for it - missing rights to write, and a lock that another run holds.
  diff_mode:
    support: full
    details:
      - The diff is the dynamic file's, the same in preview and apply.
  idempotent:
    support: partial
    details:
      - O(target=idle) means the colour that is idle now, so it switches at every run. All other targets are idempotent;
        O(target=previous) goes back once, and not forward again when it is repeated.
options:
  site:
    description: Name of the site; 1 to 63 lower-case letters, digits and hyphens. It names the file, the router and the services.
    type: str
    required: true
  state:
    description: V(absent) removes the site's route.
    type: str
    choices: [present, absent]
    default: present
  target:
    description:
      - Which colour is to serve.
      - V(active) keeps the one that serves and updates the rest; on the first run it means blue.
      - V(idle) is the one that does not serve now; V(previous) is the one that served before the last switch (a rollback).
    type: str
    choices: [blue, green, idle, previous, active]
    default: active
  colours:
    description: The servers of each colour. Needed on the first run, kept afterwards when not given.
    type: dict
    suboptions:
      blue:
        description: Base URLs of the blue servers, for example V(http://127.0.0.1:8081).
        type: list
        elements: str
        required: true
      green:
        description: Base URLs of the green servers.
        type: list
        elements: str
        required: true
  hosts:
    description: Host names of the site. Makes the rule C(Host(`a`) || Host(`b`)). Needed on the first run unless O(rule) is given.
    type: list
    elements: str
  rule:
    description: Traefik v3 router rule, when host names are not enough. It is checked before Traefik sees it.
    type: str
  entrypoints:
    description: Traefik entry points of the router. Default on the first run is none, which means Traefik's own defaults.
    type: list
    elements: str
  middlewares:
    description: Names of Traefik middlewares, in order, for example V(secure@file).
    type: list
    elements: str
  tls:
    description: TLS of the router. On the first run without it the router serves plain HTTP.
    type: dict
    suboptions:
      enabled:
        description: Whether the router serves HTTPS.
        type: bool
        default: true
      cert_resolver:
        description: Name of the Traefik certificate resolver; without it the certificates that Traefik has are used.
        type: str
      options:
        description: Name of the Traefik TLS options.
        type: str
  priority:
    description: Priority of the router; V(0), as without it on the first run, leaves it to Traefik (the length of the rule).
    type: int
  confirm:
    description: How it is proven that Traefik follows. At least one of O(confirm.api_url) and O(confirm.public_url) is needed; give both.
    type: dict
    default: {}
    suboptions:
      api_url:
        description: Base URL of Traefik's private API.
        type: str
      public_url:
        description: URL at which the public reaches the site; its answer must carry the identity that O(gate) names.
        type: str
      connect_to:
        description: C(host:port) to connect to for O(confirm.public_url), when its name does not resolve to this Traefik.
        type: str
      ca_path:
        description: PEM file of the authorities for an C(https) O(confirm.public_url); the system's by default.
        type: path
      validate_certs:
        description: Whether the public certificate must be valid.
        type: bool
        default: true
      timeout:
        description: Seconds until the proof must be there; afterwards the change is taken back.
        type: float
        default: 5.0
  soak:
    description: How the new colour is watched after a switch. When it fails, the switch is taken back.
    type: dict
    default: {}
    suboptions:
      seconds:
        description: How long, in seconds; V(0) means not at all.
        type: float
        default: 0.0
      max_error_ratio:
        description: Share of answers with a status of 500 or above, from 0 to 1, above which the switch is taken back.
        type: float
        default: 0.01
      min_requests:
        description: Number of answers below which the share is not judged.
        type: int
        default: 20
      metrics_url:
        description: URL of Traefik's Prometheus metrics (with C(addServicesLabels)). Without it only the gate's probes are watched.
        type: str
      probe:
        description: Whether the gate's probe is repeated during the soak; three misses in a row take the switch back.
        type: bool
        default: true
      interval:
        description: Seconds between two looks. After a missed probe the next ones follow within 20 ms each.
        type: float
        default: 0.2
  lock_timeout:
    description: Seconds to wait for another run that changes the same site.
    type: float
    default: 10.0
  starting:
    description:
      - Colours whose servers are started by the same play, before this task.
      - It matters in check mode only, where they are not there yet; so what they answer is not asked. An apply asks them as it asks all.
    type: list
    elements: str
    choices: [blue, green]
    default: []
  take_over:
    description:
      - With O(state=absent), whether the route goes although another run has claimed a colour, because that run was killed; its claim ends.
      - See M(bluegreen.orchestrator.bluegreen_claim).
    type: bool
    default: false
  claim_expires:
    description:
      - With O(state=absent), seconds after which another run's claim is not obeyed any more, from 1 to 86400. Without it each one is.
    type: int
seealso:
  - module: bluegreen.orchestrator.bluegreen_switch_info
  - name: Traefik file provider
    description: What Traefik reads, and when.
    link: https://doc.traefik.io/traefik/reference/install-configuration/providers/others/file/
"""

EXAMPLES = r"""
- name: Route acme to blue for the first time
  bluegreen.orchestrator.bluegreen_switch:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    target: blue
    hosts: [acme.example]
    entrypoints: [websecure]
    tls:
      cert_resolver: letsencrypt
    colours:
      blue: [http://127.0.0.1:8081]
      green: [http://127.0.0.1:8082]
    gate:
      path: /health
    confirm:
      api_url: http://127.0.0.1:8080
      public_url: https://acme.example/

- name: Switch acme to green, and watch it for a minute
  bluegreen.orchestrator.bluegreen_switch:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    target: green
    gate:
      path: /health
    confirm:
      api_url: http://127.0.0.1:8080
      public_url: https://acme.example/
    soak:
      seconds: 60
      max_error_ratio: 0.005
      metrics_url: http://127.0.0.1:8080/metrics

- name: Send a tenth of the visitors to the idle colour, and let each keep the colour of the first answer
  bluegreen.orchestrator.bluegreen_switch:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    canary:
      weight: 10
    sticky:
      max_age: 86400
    gate:
      path: /health
    confirm:
      api_url: http://127.0.0.1:8080

- name: Switch acme to green in steps, each watched for five minutes
  bluegreen.orchestrator.bluegreen_switch:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    target: green
    canary:
      steps: [10, 50]
    gate:
      path: /health
    confirm:
      api_url: http://127.0.0.1:8080
      public_url: https://acme.example/
    soak:
      seconds: 300
      metrics_url: http://127.0.0.1:8080/metrics

- name: Show the idle colour to the office, under a name of its own
  bluegreen.orchestrator.bluegreen_switch:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    preview:
      host: preview.acme.example
      source_ranges: [192.0.2.0/24]
    confirm:
      api_url: http://127.0.0.1:8080

- name: Show the maintenance page to all but the office
  bluegreen.orchestrator.bluegreen_switch:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    maintenance:
      servers: [http://127.0.0.1:8090]
      allow: [192.0.2.0/24]
    confirm:
      api_url: http://127.0.0.1:8080

- name: Take the last switch back
  bluegreen.orchestrator.bluegreen_switch:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    target: previous
    confirm:
      api_url: http://127.0.0.1:8080

- name: Hold the writes of acme for green, reads go on
  bluegreen.orchestrator.bluegreen_switch:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    hold: begin
    target: green
    confirm:
      api_url: http://127.0.0.1:8080
      public_url: https://acme.example/

- name: Let green serve, and the held writes through to it
  bluegreen.orchestrator.bluegreen_switch:
    site: acme
    dynamic_dir: /etc/traefik/dynamic
    hold: commit
    confirm:
      api_url: http://127.0.0.1:8080
      public_url: https://acme.example/
"""

RETURN = r"""
site:
  description: The site.
  type: str
  returned: always
  sample: acme
dynamic_file:
  description: The site's dynamic file.
  type: str
  returned: always
  sample: /etc/traefik/dynamic/acme.yml
active_before:
  description: The colour that served before, null when the site had no route.
  type: str
  returned: when a plan could be made
  sample: blue
active_after:
  description: The colour that serves afterwards (in a preview, that would serve), null when the route is removed.
  type: str
  returned: when a plan could be made
  sample: green
previous:
  description: The colour to which O(target=previous) would go afterwards, null when there is none.
  type: str
  returned: when a plan could be made
  sample: blue
canary:
  description: Percentage of the visitors that the idle colour has afterwards, null without a canary.
  type: int
  returned: when a plan could be made
  sample: 10
maintenance:
  description: Whether the maintenance page is shown afterwards.
  type: bool
  returned: when a plan could be made
  sample: false
preview:
  description: Where the idle colour can be seen afterwards, null without a preview; never the value of its header.
  type: dict
  returned: when a plan could be made, null without a preview
  sample:
    colour: blue
    host: preview.acme.example
    header: null
actions:
  description: What is done, in order; empty when nothing changes. The same in preview and apply.
  type: list
  elements: str
  returned: always
  sample: [gate green, update /etc/traefik/dynamic/acme.yml, route acme to green, prove it]
digest:
  description: SHA-256 of the plan; equal for equal plans.
  type: str
  returned: when a plan could be made
  sample: 5f3c1b1d0c7e8a3c4b0f5d2e6a7980c1b2d3e4f5061728394a5b6c7d8e9f0a1b
gate:
  description: One entry per server that was asked.
  type: list
  elements: dict
  returned: always
  sample:
    - colour: green
      url: http://127.0.0.1:8082/health
      passed: true
      probes: 2
      reasons: []
      elapsed_ms: 53.1
confirm:
  description: What Traefik and the public said; null in the preview of a change.
  type: dict
  returned: always
  sample:
    proven: true
    polls: 5
    api: true
    reason: null
visible_ms:
  description: Milliseconds from the rename to the first public answer of the new colour; null without O(confirm.public_url), or when the
    colour stays.
  type: float
  returned: always
  sample: 5.2
soak:
  description: What was seen during the soak; null when there was none.
  type: dict
  returned: always
  sample:
    seconds: 60.0
    requests: 18211
    errors: 0
    error_ratio: 0.0
    probes: 120
    probe_failures: 0
    metrics_gaps: 0
    reasons: []
    verdict: passed
    reason: null
steps:
  description: One entry per step of the way, with the percentage of the colour to come (null where no share changes), RV(confirm) and
    RV(soak); a failed run has those that held. Empty in a preview.
  type: list
  elements: dict
  returned: always
  sample:
    - percent: 10
      confirm:
        proven: true
        polls: 3
        api: true
        reason: null
      soak: null
take_back:
  description: The command that takes a switch, a canary or a maintenance page back; null when visitors notice nothing of the change.
  type: str
  returned: when a plan could be made
  sample: ansible-playbook bluegreen.orchestrator.rollback --limit acme -e dry_run=false
summary:
  description: One sentence for people.
  type: str
  returned: when a plan could be made
  sample: "acme: switched from blue to green, seen by the public after 5.2 ms"
blocking_files:
  description: Files that make Traefik ignore every change.
  type: list
  elements: dict
  returned: when that is why the change was refused
  sample:
    - path: /etc/traefik/dynamic/old.yml
      problem: "it is not valid YAML: mapping values are not allowed in this context (line 3)"
hold:
  description:
    - How the hold is. C(state) is V(begun), V(held) (it was open already), V(committed), V(aborted), V(planned) (in a preview) or V(none).
    - For a hold that is open, C(seconds_left); then the numbers of writes that are C(waiting), were C(passed) on to the new colour, were
      told to come again (C(replayed)), or whose client gave up while they waited (C(left)).
  type: dict
  returned: with O(hold)
  sample: {state: begun, colour: green, seconds_left: 22.8}
undone:
  description: Whether a change that did not prove itself was taken back.
  type: bool
  returned: when a change was begun and failed
  sample: true
"""

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_plan import hold_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_run import hold_writes
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import checked_module
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch import Report, apply, preview
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_args import SWITCH_SPEC, unhide_common_words, wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._yaml import MISSING


def main() -> None:
    """Wire options, plan and result together."""
    module = checked_module(SWITCH_SPEC, mutually_exclusive=[("hosts", "rule")])
    if MISSING:
        module.fail_json(msg=missing_required_lib("PyYAML"), exception=MISSING)
    unhide_common_words(module.params, module.no_log_values)
    try:
        report = Report(wish_of(module.params), preview=module.check_mode)
    except BlueGreenError as error:
        module.fail_json(msg=error.sentence)
    failure = None
    try:
        hold = hold_of(module.params, preview=module.check_mode)
        if hold is not None:
            hold_writes(report, hold)
        else:
            (preview if module.check_mode else apply)(report)
    except BlueGreenError as error:
        failure = error
    for warning in report.warnings:
        module.warn(warning)
    if failure is not None:
        module.fail_json(msg=failure.sentence, **{**report.so_far(), **failure.facts})
    module.exit_json(**report.data)


if __name__ == "__main__":
    main()
