# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the modules of Kubernetes reach an API server."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of a connection, named as in kubernetes.core."""

    DOCUMENTATION = r"""
requirements:
  - python >= 3.10 where the task runs
  - kubernetes >= 31 (Python library)
notes:
  - With a local connection and Ansible's own Python (C(ansible_python_interpreter={{ ansible_playbook_python }})) the code runs inside
    Ansible's worker, which is about ten times faster than a module that is shipped. C(bluegreen_in_worker=false) turns that off.
options:
  kubeconfig:
    description:
      - Path of a kubeconfig; several are separated as in E(KUBECONFIG), which is the default, and after it C(~/.kube/config).
      - A user's exec plugin is run and waited for; the task keyword C(timeout) bounds one that hangs.
    type: path
  context:
    description: Context of the kubeconfig; its current one by default.
    type: str
  host:
    description: URL of the API server, instead of a kubeconfig. Needs O(token_file).
    type: str
  token_file:
    description:
      - File that holds a bearer token, and nothing else. It replaces the kubeconfig's credentials.
      - There is no option for the token itself; it would end in shell histories and process lists.
    type: path
  ca_cert:
    description: PEM file of the authority that signed the API server's certificate.
    type: path
  validate_certs:
    description: Whether the API server's certificate must be valid.
    type: bool
    default: true
  proxy:
    description: URL of a proxy on the way to the API server.
    type: str
  in_cluster:
    description: Use the account of the pod that the task runs in.
    type: bool
    default: false
  request_timeout:
    description:
      - Seconds for one request. Requests are repeated for 15 seconds where the server answered before and is away, or says 429 or 503.
    type: float
    default: 10.0
"""
