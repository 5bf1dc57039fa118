# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tiers, as data.

PRIVATE: for this collection's own plugins, not a public interface.

Source: the product owner's price list (seed 001, version 2.0). What it leaves open or contradicts is decided in ADR-0012. One file per
tier, all three in the same order, so that they can be read side by side; ``model`` says what each key means and in which unit.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.business import BUSINESS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import Tier
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.premium import PREMIUM
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.standard import STANDARD

# From the smallest to the largest: a change along this order is an upgrade.
TIERS: Final[dict[str, Tier]] = {"standard": STANDARD, "premium": PREMIUM, "business": BUSINESS}
