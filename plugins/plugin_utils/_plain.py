# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as templating gives them, made plain.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from jinja2 import UndefinedError


def plain(value: Any) -> Any:
    """Turn what templating gives (tagged texts, lazy containers) into plain data."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return str(value) if isinstance(value, str) else value


def value_of(variables: Mapping[str, Any], name: str) -> Any:
    """Return a host's variable; None where it makes no sense, which its own run reports, and which stops no other's."""
    try:
        return plain(variables.get(name))
    except (AnsibleError, UndefinedError, RecursionError):
        return None


def cluster_of(variables: Mapping[str, Any], name: str) -> str:
    """Return a text that is the same for hosts whose variable names the same cluster."""
    cluster = value_of(variables, name)
    return json.dumps(cluster if isinstance(cluster, dict) else {}, sort_keys=True, default=str)
