# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubernetes_manifests_info inside Ansible's worker, where that is the same place."""

from __future__ import annotations

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _manifests_info
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._in_worker import InWorker, warm_up

# Ansible loads this class before it forks its workers.
warm_up("kubernetes", "urllib3")


class ActionModule(InWorker):
    """The module's options and its core."""

    spec = _manifests_info.INFO_SPEC
    core = staticmethod(_manifests_info.run)
