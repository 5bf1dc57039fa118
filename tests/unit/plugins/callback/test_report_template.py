# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's template escapes every expression: ansible-core has no autoescape, and one forgotten filter is a hole."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[4] / "playbooks" / "templates" / "audit_report.html.j2"
# Macros of the template itself; what they print is escaped inside.
OWN_MACROS = re.compile(r"\{\{ (stamp|lasted|colour|change)\([a-z_.]+\) \}\}")


def test_every_expression_is_escaped() -> None:
    expressions = re.findall(r"\{\{.*?\}\}", TEMPLATE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(expressions) > 50
    assert [text for text in expressions if not text.endswith(" | e }}") and not OWN_MACROS.fullmatch(text)] == []


def test_it_loads_nothing_from_elsewhere() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert not re.search(r"https?://|//[a-z]|url\(|@import|<link|<script|<img|<iframe", text)
