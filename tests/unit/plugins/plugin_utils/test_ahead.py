# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parent of the workers imports for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.filter.filters import FUNCTIONS
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _ahead

# Imports ahead for a path in a new Python, and prints which modules with filters it has then.
ASKED = """
import sys
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._ahead import import_ahead
import_ahead(sys.argv[1])
print(*(name.rpartition(".")[2] for name in sys.modules if name.endswith("_filters") and ".orchestrator." in name))
"""
INSTALLED = "/opt/agency/ansible_collections/bluegreen/orchestrator"


@pytest.mark.parametrize(
    ("path", "imported"),
    [
        (f"{INSTALLED}/roles/chatwoot/tasks/managed.yml:12", ["_desk_filters"]),
        (f"{INSTALLED}/playbooks/chatwoot_status.yml:3", ["_desk_filters"]),
        (f"{INSTALLED}/roles/tenant/tasks/main.yml:3", ["_tenant_filters"]),
        (f"{INSTALLED}/playbooks/tenant.yml:3", ["_tenant_filters"]),
        (f"{INSTALLED}/roles/site/tasks/main.yml:3", sorted(_ahead.LIGHT)),
        ("/home/me/playbooks/tenant.yml:3", []),
        ("", []),
    ],
)
def test_what_is_imported_for_a_task(path: str, imported: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", ASKED, path], capture_output=True, text=True, check=True)
    # What desks share with tenants may come along.
    assert set(imported) == set(done.stdout.split()) & {*_ahead.LIGHT, *_ahead.HEAVY.values()}


def test_what_is_named_is_there() -> None:
    assert {*_ahead.LIGHT, *_ahead.HEAVY.values()} <= set(FUNCTIONS)


def test_what_cannot_be_imported_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_ahead.HEAVY, "tenant", "_nonesuch_filters")
    _ahead.import_ahead(f"{INSTALLED}/roles/tenant/tasks/main.yml:3")
