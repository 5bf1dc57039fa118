# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Chatwoot that we run, described as the role chatwoot describes one: its defaults, and what an operator says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

DEFAULTS: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "roles" / "chatwoot" / "defaults" / "main.yml").read_text())
SAID: dict[str, Any] = {
    "client": "acme",
    "plan": "pro",
    "domain": "agency.example",
    "files": {"endpoint": "https://s3.agency.example"},
    "mail": {"host": "mail.agency.example", "sender": "Acme <support@acme.example>"},
    "admin_email": "owner@agency.example",
}
# Both databases are somebody else's to run.
EXTERNAL: dict[str, Any] = {
    "database": {"host": "db.agency.example", "port": 6432, "secret": "acme-db"},
    "redis": {"url": "rediss://cache.agency.example:6380/0", "secret": "acme-cache"},
}


# What stands in a part of its own of what the filters get.
ACCOUNT = ("client", "plan", "plans_extra", "administrator", "agents", "bot", "inboxes", "webhooks", "purge", "features")


def desk(**said: Any) -> dict[str, Any]:
    """What the role hands to the filters."""
    found = {**{name.removeprefix("chatwoot_"): value for name, value in DEFAULTS.items()}, **SAID, "platform": False, **said}
    return {**found, "account": {name: found[name] for name in ACCOUNT}}
