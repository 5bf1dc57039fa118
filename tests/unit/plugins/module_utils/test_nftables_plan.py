# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done so that the kernel holds the rules that are wanted."""

from __future__ import annotations

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables import Found
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables_plan import check_wish, plan

PATH = "/etc/nftables.d/mine.nft"
RULES = "table inet mine\ndelete table inet mine\ntable inet mine {\n  chain input { }\n}\n"
LISTED = "table inet mine {\n\tchain input {\n\t}\n}\n"
BOTH = [f"write {PATH}", "load table inet mine"]


@pytest.mark.parametrize(
    ("found", "actions", "shown"),
    [
        (Found(None, "", None), BOTH, [("", RULES)]),
        (Found("old", LISTED, LISTED), BOTH, [("old", RULES)]),
        (Found("old", "other", LISTED), BOTH, [("old", RULES)]),
        (Found(RULES, LISTED, LISTED), [], []),
        (Found(RULES, "by hand", LISTED), BOTH[1:], [("by hand", LISTED)]),
        (Found(RULES, "", LISTED), BOTH[1:], [("", LISTED)]),
        (Found(RULES, LISTED, None), BOTH[1:], [(LISTED, RULES)]),
        (Found(RULES, "", None), BOTH[1:], [("", RULES)]),
    ],
    ids=["blank", "new rules", "new rules and drift", "in step", "drift", "flushed", "never loaded by us", "nowhere"],
)
def test_plan(found: Found, actions: list[str], shown: list[tuple[str, str]]) -> None:
    todo = plan(found, name="mine", path=PATH, rules=RULES)
    assert todo.actions == actions
    assert [(diff["before"], diff["after"]) for diff in todo.diff] == shown
    assert todo.changed is bool(actions)


@pytest.mark.parametrize(
    ("name", "rules", "said"),
    [
        ("mine", RULES, None),
        ("mine", RULES.replace("chain", 'comment "table of mine"; chain'), None),
        ("Mine", RULES, "name: 'Mine' is no name for a table"),
        ("a" * 33, RULES, "is no name for a table"),
        ("mine", f"flush ruleset\n{RULES}", "'flush ruleset' reaches beyond the table inet mine"),
        ("mine", f'include "/etc/x.nft"\n{RULES}', "reaches beyond"),
        ("mine", f"{RULES}delete table ip nat\n", "found: ip nat"),
        ("mine", f"delete table inet mine; flush  ruleset\n{RULES}", "'flush  ruleset' reaches beyond"),
        ("mine", f"delete table inet mine; delete table ip nat\n{RULES}", "found: ip nat"),
        ("mine", f"{RULES}insert rule ip filter DOCKER-USER drop\n", "found: ip filter"),
        ("mine", f"{RULES}add rule inet  mine input accept\n", None),
        ("mine", RULES.replace("inet mine", "inet other"), "found: inet other"),
        ("mine", "table ip mine {\n}\n", "found: ip mine"),
        ("mine", "", "found: none"),
    ],
)
def test_rules_of_others_are_refused(name: str, rules: str, said: str | None) -> None:
    if said is None:
        check_wish(name, rules)
        return
    with pytest.raises(InputError, match=said):
        check_wish(name, rules)
