# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyYAML where it is there, and one place that says when it is not.

PRIVATE: for this collection's own plugins, not a public interface.

PyYAML is a requirement on the server, not part of Ansible's modules: a module must be importable without it to be able to say so.
"""

from __future__ import annotations

import traceback
from typing import Any

__all__ = ["BASE_LOADER", "MISSING", "SAFE_DUMPER", "SAFE_LOADER", "yaml"]

try:
    import yaml

    MISSING: str | None = None
except ImportError:
    yaml = None  # type: ignore[assignment]
    MISSING = traceback.format_exc()

# The pure Python classes are ten times slower: 1.2 s instead of 0.1 s for 500 site files.
SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", None) or getattr(yaml, "SafeLoader", None)
SAFE_DUMPER: Any = getattr(yaml, "CSafeDumper", None) or getattr(yaml, "SafeDumper", None)
# Resolves no tags: every scalar stays the text that it is.
BASE_LOADER: Any = getattr(yaml, "CBaseLoader", None) or getattr(yaml, "BaseLoader", None)
