# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tier_quota inside Ansible's worker, where that is the same place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.playbook.handler import Handler

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TIER_QUOTA_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fleet import Fleet
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._in_worker import InWorker, warm_up

# The variable that lets each host read by itself.
TOGETHER = "bluegreen_read_together"
# The strategy that lets all hosts end a task before one begins the next, in its two names.
IN_STEP = ("linear", "ansible.builtin.linear")

# Ansible loads this class before it forks its workers.
warm_up("kubernetes", "urllib3")


class ActionModule(InWorker):
    """The module's options and its core."""

    spec = TIER_QUOTA_SPEC
    core = staticmethod(_tenant_run.run)

    def surroundings(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Let the hosts of this task read together, where what each of them did before is done when the first one reads.

        That is not so with other strategies, nor for a handler, which may be called more than once.
        """
        if not self.is_on(TOGETHER, variables) or isinstance(self._task, Handler) or self._task.get_play().strategy not in IN_STEP:
            return {}
        # Of this run alone, for its user only, and removed at its end. By name, for Ansible sets its constants when it runs.
        folder = Path(str(vars(constants)["DEFAULT_LOCAL_TMP"]))
        # With serial a task comes once for each batch of hosts, under one number, and a play context for each. Runs that were forked from
        # one Python have the folder and the numbers in common.
        task = f"{os.getppid()} {self._play_context._uuid} {self._task._uuid}"
        return {"fleet": Fleet(folder, task, len(variables.get("ansible_play_batch") or ()))}
