# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The templates of our pages escape every expression: ansible-core has no autoescape, and one forgotten filter is a hole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers import TIERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import FILLING_PERCENT, TIGHT_PERCENT
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._tenant_filters import STATES

PLAYBOOKS = Path(__file__).resolve().parents[4] / "playbooks"
TEMPLATES = sorted((PLAYBOOKS / "templates").glob("*.html.j2"))
# Macros of the templates themselves; what they print is escaped inside.
OWN_MACROS = re.compile(r"\{\{ (stamp|lasted|colour|change|counted|percent|bar|amount)\([a-z_., |]+\) \}\}")


def test_there_is_something_to_read() -> None:
    assert [path.name for path in TEMPLATES] == ["audit_report.html.j2", "report.html.j2", "tenant_report.html.j2"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_expression_is_escaped(path: Path) -> None:
    expressions = re.findall(r"\{\{.*?\}\}", path.read_text(encoding="utf-8"), re.DOTALL)
    assert len(expressions) > 5
    assert [text for text in expressions if not text.endswith(" | e }}") and not OWN_MACROS.fullmatch(text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_it_loads_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://|//[a-z]|url\(|@import|<link|<script|<img|<iframe", text)


def words(name: str) -> dict[str, Any]:
    found = yaml.safe_load((PLAYBOOKS / "vars" / f"{name}.yml").read_text(encoding="utf-8"))
    return dict(found[f"{name}_words"])


@pytest.mark.parametrize("name", ["audit_report", "tenant_report"])
def test_a_page_says_the_same_in_each_language(name: str) -> None:
    french, english = words(name)["fr"], words(name)["en"]
    assert sorted(french) == sorted(english)
    nested = [key for key in english if isinstance(english[key], dict)]
    assert all(sorted(french[key]) == sorted(english[key]) for key in nested)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_of_the_tenants_has_a_word_for_everything(language: str) -> None:
    said = words("tenant_report")[language]
    assert list(said["states"]) == list(said["actions"]) == list(STATES)
    assert set(said["resources"]) == {resource for tier in TIERS.values() for resource in tier["quota"]} | {"sites"}
    assert f"{FILLING_PERCENT} %" in said["note"]
    assert f"{TIGHT_PERCENT} %" in said["note"]
