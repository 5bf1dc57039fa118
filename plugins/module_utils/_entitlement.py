# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site has bought, and what may therefore run on it.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.offers import OFFERS


def in_order(names: Iterable[str]) -> list[str]:
    """Sort offers so that each comes after those it needs; the catalog's order decides between equals.

    Args:
        names: known offers, in any order.

    Returns:
        The same names, each once.
    """
    wanted = set(names)
    ordered: list[str] = []

    def visit(name: str) -> None:
        for need in OFFERS[name]["needs"]:
            visit(need)
        if name in wanted and name not in ordered:
            ordered.append(name)

    for name in OFFERS:
        visit(name)
    return ordered


def problems_of(bought: object, external: object) -> list[str]:
    """Say what is wrong with a site's list of offers.

    Args:
        bought: the value of ``site_offers``.
        external: the value of ``site_offers_external``.

    Returns:
        One sentence per problem: not a list, an unknown offer, an upsell that is missing.
    """
    problems = _malformed("site_offers", bought) + _malformed("site_offers_external", external)
    if problems or not isinstance(bought, list) or not isinstance(external, list):
        return problems
    for name in external:
        if name not in bought:
            problems.append(f"site_offers_external: {name!r} is not in site_offers; add it there, or remove it here.")
    for name in in_order(bought):
        missing = [need for need in OFFERS[name]["needs"] if need not in bought]
        for need in missing:
            title = OFFERS[need]["title"]
            problems.append(
                f"site_offers: {name} needs {need} ({title}), which is missing; add {need} to site_offers"
                " (and to site_offers_external where somebody else sees to that)."
            )
    return problems


def _malformed(option: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return [f"{option}: {value!r} is not a list of offers; write for example [infra_only, bluegreen]."]
    known = ", ".join(OFFERS)
    return [f"{option}: {name!r} is no offer; there are {known}." for name in value if name not in OFFERS]


def refusals(bought: object, external: object, offer: str) -> list[str]:
    """Say why an offer may not run on a site; empty when it may.

    Args:
        bought: the value of ``site_offers``.
        external: the value of ``site_offers_external`` (offers that someone else fulfils on this server).
        offer: the offer that a playbook delivers.
    """
    problems = problems_of(bought, external)
    if not problems and isinstance(bought, list) and offer not in bought:
        title = OFFERS[offer]["title"]
        problems.append(
            f"the offer {offer} ({title}) has not been bought for this site; the upsell is one word: add {offer} to site_offers."
        )
    return problems


def runnable(bought: list[str], external: list[str]) -> tuple[list[str], list[str]]:
    """Split what a site has bought into what runs, in order, and what this version cannot deliver yet.

    Args:
        bought: a list without problems.
        external: offers that someone else fulfils, which therefore run nothing here.

    Returns:
        The offers to run, in dependency order, and those that are not built.
    """
    ours = [name for name in in_order(bought) if name not in external]
    return [name for name in ours if OFFERS[name]["playbook"]], [name for name in ours if not OFFERS[name]["playbook"]]
