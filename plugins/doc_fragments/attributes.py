# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the attributes of a module mean."""

from __future__ import annotations


class ModuleDocFragment:
    """A module adds its own support and details."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
"""

    LINUX = r"""
options: {}
attributes:
  platform:
    description: Target OS/families that can be operated against.
    platforms: linux
    support: full
"""

    # Beside the fragment without a name, which says what each means.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Only reads, so it does the same in check mode.
  diff_mode:
    support: N/A
  idempotent:
    support: N/A
"""
