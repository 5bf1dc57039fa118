# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every task pays for that uses one filter of the collection: ansible-core loads the files of all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.filter import desks, tenants, tiers
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _desk_filters, _tenant_filters, _tier_filters
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._deferred import deferred

FAMILIES = [(desks, _desk_filters), (tenants, _tenant_filters), (tiers, _tier_filters)]
FILES = sorted(path.stem for path in (Path(__file__).resolve().parents[4] / "plugins" / "filter").glob("*.py"))
# Imports all files of filters in a new Python, and prints which modules of the collection came with them.
LOADED = f"""
import importlib, sys
package = "ansible_collections.bluegreen.orchestrator.plugins."
for name in {FILES}:
    importlib.import_module(package + "filter." + name)
print("\\n".join(name.removeprefix(package) for name in sys.modules if name.startswith(package)))
"""


def test_a_task_of_a_site_loads_nothing_of_tenants_and_desks() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True).stdout.split()
    assert "filter.desks" in loaded
    assert [
        name for name in loaded if any(word in name for word in ("_desk_", "_tenant_", "_tier", "_kubernetes", "_minio", "_chat"))
    ] == []


@pytest.mark.parametrize(("entry", "functions"), FAMILIES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_each_filter_is_a_function_of_its_name(entry: object, functions: object) -> None:
    filters = vars(entry)["FilterModule"]().filters()
    assert sorted(filters) == sorted(vars(entry)["NAMES"])
    assert all(callable(vars(functions)[name]) for name in filters)


def test_a_filter_does_what_its_function_does() -> None:
    filters = deferred("_tier_filters", ["tier"])
    assert filters["tier"]("premium") == _tier_filters.tier("premium")
    assert filters["tier"]("premium", custom=None) == _tier_filters.tier("premium")
    with pytest.raises(AnsibleFilterError, match="nonesuch"):
        filters["tier"]("nonesuch")
