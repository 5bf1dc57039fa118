# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by bluegreen_switch and bluegreen_switch_info."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and requirements of both modules."""

    DOCUMENTATION = r"""
requirements:
  - python >= 3.10 on the server
  - PyYAML
options:
  dynamic_dir:
    description:
      - Absolute path of the directory that Traefik's file provider watches (its static option C(providers.file.directory)).
    type: path
    required: true
  staging_dir:
    description:
      - Folder for half-written files and the site's lock. It must be on the same mount as O(dynamic_dir) and outside it.
      - The default is a folder beside O(dynamic_dir), for example C(/etc/traefik/.dynamic.bluegreen) for C(/etc/traefik/dynamic).
    type: path
  gate:
    description:
      - What every server of a colour must answer before it gets visitors. It is asked directly, not through Traefik, and only with GET.
    type: dict
    default: {}
    suboptions:
      path:
        description: Path (and query) to ask for.
        type: str
        default: /
      status:
        description: Status codes that are good.
        type: list
        elements: int
        default: [200]
      body:
        description: Python regular expression that must be found in the body.
        type: str
      identity_header:
        description: Response header whose value must be the colour, so that the wrong colour cannot pass.
        type: str
        default: X-Bluegreen-Colour
      identity_json:
        description: Key of a JSON answer whose value must be the colour. When set, it is used instead of O(gate.identity_header).
        type: str
      host:
        description: Host header to send; by default the first host that the site's rule names.
        type: str
      headers:
        description:
          - Request headers. Values of eight characters and more are treated as secret and never shown; shorter ones (V(https)) and the
            names of the site, its hosts and colours are not, because masking them would make the rest of the result unreadable.
        type: dict
      timeout:
        description: Seconds for one probe.
        type: float
        default: 2.0
      successes:
        description: Good answers in a row that open the gate.
        type: int
        default: 2
      deadline:
        description: Seconds after which a gate that is not open stays closed.
        type: float
        default: 10.0
      interval:
        description: Seconds between two probes.
        type: float
        default: 0.05
      ca_path:
        description: PEM file of the authorities for C(https) servers; the system's by default.
        type: path
"""
