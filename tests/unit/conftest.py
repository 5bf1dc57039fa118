# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit tests judge the plugins as they come, without the settings that this clone's ansible.cfg gives them."""

from __future__ import annotations

import os
from pathlib import Path

# Before anything imports ansible: it reads its settings once. It takes no /dev/null, whose name has no extension.
os.environ["ANSIBLE_CONFIG"] = str(Path(__file__).with_name("ansible.cfg"))
