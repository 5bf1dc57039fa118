# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell playbooks what a site has bought.

PRIVATE: for this collection's own plugins, not a public interface. They are filters through ``plugins/filter/filters.py``.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.offers import OFFERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._entitlement import problems_of, refusals, runnable
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._plain import plain


def offer_refusals(bought: Any, offer: str, external: Any = ()) -> list[str]:
    """Return why an offer may not run on a site."""
    if offer not in OFFERS:
        raise AnsibleFilterError(f"offer_refusals: {offer!r} is no offer; there are {', '.join(OFFERS)}.")
    return refusals(plain(bought), plain(external), offer)


def offers_to_run(bought: Any, external: Any = ()) -> dict[str, list[str]]:
    """Return what runs, in order, what is not built yet, and what is wrong with the list."""
    problems = problems_of(plain(bought), plain(external))
    run, unbuilt = ([], []) if problems else runnable(plain(bought), plain(external))
    return {"run": run, "unbuilt": unbuilt, "problems": problems}
