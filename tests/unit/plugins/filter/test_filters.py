# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every task pays for that uses one filter of the collection: ansible-core loads the files of all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.filter.filters import FUNCTIONS, FilterModule
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _tier_filters

ROOT = Path(__file__).resolve().parents[4]
FOLDER = ROOT / "plugins" / "filter"
# What is for an operator's own playbooks.
FOR_OTHERS = {"tier", "tiers"}
# Has all filters in a new Python, and prints which modules of the collection came with them.
LOADED = """
import sys
package = "ansible_collections.bluegreen.orchestrator.plugins."
from ansible_collections.bluegreen.orchestrator.plugins.filter.filters import FilterModule
FilterModule().filters()
print(*(name.removeprefix(package) for name in sys.modules if name.startswith(package)))
"""


def test_having_the_filters_imports_nothing_else() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in loaded if name not in ("filter", "filter.filters")] == []


def test_all_filters_are_in_one_file() -> None:
    assert [path.name for path in FOLDER.glob("*.py")] == ["filters.py"]
    assert sorted(FilterModule().filters()) == sorted(path.stem for path in FOLDER.glob("*.yml"))
    assert len(FilterModule().filters()) == sum(len(names) for names in FUNCTIONS.values())


def test_every_filter_has_its_user() -> None:
    text = " ".join(path.read_text() for part in ("roles", "playbooks") for path in (ROOT / part).rglob("*.yml"))
    used = set(re.findall(r"bluegreen\.orchestrator\.(\w+)", text))
    assert set(FilterModule().filters()) - used - FOR_OTHERS == set()


def test_a_filter_does_what_its_function_does() -> None:
    tier = FilterModule().filters()["tier"]
    assert tier("premium") == _tier_filters.tier("premium")
    assert tier("premium", custom=None) == _tier_filters.tier("premium")
    with pytest.raises(AnsibleFilterError, match="nonesuch"):
        tier("nonesuch")
