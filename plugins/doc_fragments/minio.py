# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the modules of object storage reach a server."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of a connection."""

    DOCUMENTATION = r"""
requirements:
  - python >= 3.10 where the task runs
  - minio >= 7.2 (Python library)
notes:
  - With a local connection and Ansible's own Python (C(ansible_python_interpreter={{ ansible_playbook_python }})) the code runs inside
    Ansible's worker, which is about ten times faster than a module that is shipped. C(bluegreen_in_worker=false) turns that off.
  - Proven with MinIO of February 2026. Other servers of S3 have no admin API; what needs it is refused by its name there.
options:
  endpoint:
    description:
      - URL of the server, scheme, host and port, for example V(https://storage.example:9000).
      - The variable E(MINIO_ENDPOINT) is the default.
    type: str
    required: true
  access_key:
    description: Who asks; by default the variable E(MINIO_ACCESS_KEY).
    type: str
    required: true
  secret_key:
    description: What proves it; by default the variable E(MINIO_SECRET_KEY). It is needed here or in O(secret_key_file).
    type: str
  secret_key_file:
    description: File that holds the secret key, and nothing else.
    type: path
  region:
    description: Region that requests are signed for.
    type: str
    default: us-east-1
  ca_cert:
    description: PEM file of the authority that signed the server's certificate.
    type: path
  validate_certs:
    description: Whether the server's certificate must be valid.
    type: bool
    default: true
  request_timeout:
    description:
      - Seconds for one request. Requests are repeated for 15 seconds where the server answered before and is away, or says 429 or 503.
    type: float
    default: 10.0
"""
