# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audit callback, the summary callback and the audit lookup say alike about the log."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of every plugin that writes, names or reads the audit log."""

    DOCUMENTATION = r"""
options:
  path:
    description:
      - The audit log, a file of one JSON record per line.
      - When not set, C(bluegreen/audit.jsonl) in C($XDG_STATE_HOME), or in C(~/.local/state) where that is not set.
    type: path
    ini:
      - section: callback_audit
        key: path
    env:
      - name: BLUEGREEN_AUDIT_LOG
"""

    LOCK = r"""
options:
  lock_timeout:
    description:
      - Seconds to wait for another run that is writing to the log.
    type: float
    default: 10.0
    ini:
      - section: callback_audit
        key: lock_timeout
    env:
      - name: BLUEGREEN_AUDIT_LOCK_TIMEOUT
"""
