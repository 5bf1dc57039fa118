# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Router rules: which ones Traefik takes. An integration test holds the same table against the real Traefik."""

from __future__ import annotations

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_rule import RuleError, check_rule
from tests.rules import BAD_RULES, GOOD_RULES


@pytest.mark.parametrize("rule", GOOD_RULES)
def test_good(rule: str) -> None:
    check_rule(rule)


@pytest.mark.parametrize(("rule", "said"), BAD_RULES.items())
def test_bad(rule: str, said: str) -> None:
    with pytest.raises(RuleError) as error:
        check_rule(rule)
    assert said in str(error.value)
