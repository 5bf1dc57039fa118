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
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TIER_QUOTA_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fleet import Fleet
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._in_worker import InWorker, warm_up

# The variable that lets each host read by itself.
TOGETHER = "bluegreen_read_together"

# Ansible loads this class before it forks its workers.
warm_up("kubernetes", "urllib3")


class ActionModule(InWorker):
    """The module's options and its core."""

    spec = TIER_QUOTA_SPEC
    core = staticmethod(_tenant_run.run)

    def surroundings(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Let the hosts of this task read together."""
        if not boolean(self._templar.template(variables.get(TOGETHER, True)), strict=False):
            return {}
        # Of this run alone, for its user only, and removed at its end. Ansible sets its constants when it runs.
        folder = Path(str(vars(constants)["DEFAULT_LOCAL_TMP"]))
        # A process of a run that forked this one may have begun with the same number for another task.
        task = f"{os.getppid()} {self._task._uuid}"
        return {"fleet": Fleet(folder, task, len(variables.get("ansible_play_batch") or ()))}
