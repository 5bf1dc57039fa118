# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site has bought decides what runs on it, in which order, and what is refused by name."""

from __future__ import annotations

import re
from itertools import permutations
from pathlib import Path

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.filter.filters import FilterModule
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.offers import OFFERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._entitlement import in_order, problems_of, refusals, runnable

ROOT = Path(__file__).resolve().parents[4]


def test_the_six_offers_of_the_seed() -> None:
    assert list(OFFERS) == ["infra_only", "infra_cockpit_safe", "bluegreen", "security_backup", "wordpress", "landing_payment"]
    assert [offer["title"] for offer in OFFERS.values()] == [
        "Infra-Only",
        "Infra + Cockpit SAFE",
        "Blue/Green Complet",
        "Sécurité & Backup",
        "WordPress Industrialisé",
        "Landing Page & Paiement",
    ]
    assert OFFERS["infra_only"]["excluded"] == ("WordPress", "Blue/Green applicatif", "Cockpit ADMIN")
    assert {name: len(offer["contents"]) for name, offer in OFFERS.items()} == {
        "infra_only": 5,
        "infra_cockpit_safe": 4,
        "bluegreen": 5,
        "security_backup": 4,
        "wordpress": 4,
        "landing_payment": 4,
    }


def test_every_offer_says_what_it_needs_in_known_words_and_has_its_playbook_or_none() -> None:
    for offer in OFFERS.values():
        assert set(offer["needs"]) <= set(OFFERS)
        assert offer["playbook"] is None or (ROOT / "playbooks" / f"{offer['playbook']}.yml").is_file()


def test_site_yml_imports_exactly_the_offers_that_are_built_in_dependency_order() -> None:
    text = (ROOT / "playbooks" / "site.yml").read_text()
    imported = re.findall(r"import_playbook: (\S+)\.yml\n  vars:\n    offer_hosts: offer_(\S+)\n", text)
    built = [name for name in in_order(OFFERS) if OFFERS[name]["playbook"]]
    assert imported == [(OFFERS[name]["playbook"], name) for name in built]


def test_order_does_not_depend_on_the_list() -> None:
    names = ["landing_payment", "wordpress", "bluegreen", "infra_only"]
    for shuffled in permutations(names):
        assert in_order(shuffled) == ["infra_only", "bluegreen", "wordpress", "landing_payment"]
    assert in_order(["bluegreen", "bluegreen"]) == ["bluegreen"]


@pytest.mark.parametrize(
    ("bought", "external", "said"),
    [
        (["infra_only", "bluegreen"], ["infra_only"], []),
        ([], [], []),
        ("bluegreen", [], ["site_offers: 'bluegreen' is not a list of offers"]),
        (None, [], ["site_offers: None is not a list"]),
        ([1], [], ["site_offers: [1] is not a list of offers"]),
        (["infra_only"], {"a": 1}, ["site_offers_external: {'a': 1} is not a list"]),
        (["infra_only", "blugreen"], [], ["site_offers: 'blugreen' is no offer; there are infra_only, "]),
        (["bluegreen"], [], ["bluegreen needs infra_only (Infra-Only), which is missing; add infra_only"]),
        (["wordpress"], [], ["wordpress needs infra_only", "wordpress needs bluegreen"]),
        (["infra_only"], ["bluegreen"], ["site_offers_external: 'bluegreen' is not in site_offers"]),
    ],
)
def test_problems(bought: object, external: object, said: list[str]) -> None:
    problems = problems_of(bought, external)
    assert len(problems) == len(said)
    for problem, part in zip(problems, said, strict=True):
        assert part in problem


def test_a_missing_upsell_is_named() -> None:
    assert refusals(["infra_only", "bluegreen"], [], "bluegreen") == []
    assert refusals(["infra_only"], [], "bluegreen") == [
        "the offer bluegreen (Blue/Green Complet) has not been bought for this site; the upsell is one word: add bluegreen to site_offers."
    ]


def test_what_runs_and_what_is_not_built() -> None:
    assert runnable(["bluegreen", "infra_only"], ["infra_only"]) == (["bluegreen"], [])
    assert runnable(["bluegreen", "infra_only"], []) == (["infra_only", "bluegreen"], [])
    assert runnable(["bluegreen", "wordpress"], ["infra_only"]) == (["bluegreen"], ["wordpress"])


def test_filters() -> None:
    filters = FilterModule().filters()
    assert filters["offers_to_run"](["bluegreen", "infra_only"], ["infra_only"]) == {"run": ["bluegreen"], "unbuilt": [], "problems": []}
    assert filters["offers_to_run"](["bluegreen"])["problems"] != []
    assert filters["offer_refusals"](["infra_only"], "bluegreen") != []
    with pytest.raises(Exception, match="'nonsense' is no offer"):
        filters["offer_refusals"](["infra_only"], "nonsense")
