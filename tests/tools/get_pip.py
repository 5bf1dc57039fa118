# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for get-pip.py inside the virtual environments of ansible-test, see tests/tools/sanity.py.

The pip that comes with the interpreter is left as it is: any of them installs pinned wheels alike, and an upgrade in each of
a dozen environments costs a minute.
"""

from __future__ import annotations

import ensurepip

ensurepip.bootstrap()
