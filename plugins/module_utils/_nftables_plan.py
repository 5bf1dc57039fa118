# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done so that the kernel holds the rules that are wanted: pure.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables import Found

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
# Statements that reach beyond a table of our own. Docker's and fail2ban's rules live in the same kernel.
# A statement begins a line, or follows another one on it.
START = r"(?:^|[;}])\s*"
FOREIGN = re.compile(START + r"(flush\s+ruleset\b|include\b[^;\n]*)", re.MULTILINE)
TABLE = re.compile(START + r"(?:(?:add|create|delete|destroy|flush)\s+)?table\s+([^;{\n]*)", re.MULTILINE)
OBJECT = re.compile(
    START + r"(?:add|create|insert|delete|destroy|flush|replace|reset)\s+"
    r"(?:rules?|chain|set|map|element|flowtable|counters?|quotas?|limit)\s+(\S+\s+\S+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Plan:
    """What an apply does, which is what a preview tells."""

    actions: list[str] = field(default_factory=list)
    diff: list[dict[str, str]] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.actions)


def check_wish(name: str, rules: str) -> None:
    """Refuse rules that are not those of one table of ours.

    Raises:
        InputError: naming the statement.
    """
    if not NAME.match(name):
        raise InputError(f"name: {name!r} is no name for a table; use 1 to 32 lower-case letters, digits and underscores.")
    foreign = FOREIGN.search(rules)
    if foreign:
        raise InputError(f"rules: {foreign.group(1).strip()!r} reaches beyond the table inet {name}; take it out.")
    tables = [" ".join(table.split()) for table in TABLE.findall(rules)]
    touched = tables + [" ".join(table.split()) for table in OBJECT.findall(rules)]
    others = [table for table in touched if table != f"inet {name}"]
    if others or not tables:
        raise InputError(
            f"rules: they must define the table inet {name} and no other"
            f" (found: {', '.join(others) or 'none'}), since other tables belong to other programs."
        )


def plan(found: Found, *, name: str, path: str, rules: str) -> Plan:
    """Compare what is with what is wanted."""
    actions, diff = [], []
    if found.file != rules:
        actions.append(f"write {path}")
        diff.append({"before_header": path, "after_header": path, "before": found.file or "", "after": rules})
    if found.file != rules or not found.in_step:
        actions.append(f"load table inet {name}")
    # The kernel's part is only told where the file alone does not tell it: somebody changed the rules by hand, or they were never loaded.
    if found.file == rules and not found.in_step:
        header = f"table inet {name} in the kernel"
        diff.append({"before_header": header, "after_header": header, "before": found.kernel, "after": found.recorded or rules})
    return Plan(actions, diff)
