# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test expects of a module that was run to its end."""

from __future__ import annotations

import json
from typing import Any


class Runs:
    """Base of what runs a module: a subclass has ``run``, which returns the result, failed or not."""

    def run(self, **options: Any) -> dict[str, Any]:
        """Run the module."""
        raise NotImplementedError

    def ok(self, **options: Any) -> dict[str, Any]:
        """Run the module; it must succeed."""
        result = self.run(**options)
        assert not result.get("failed"), result["msg"]
        return result

    def refused(self, **options: Any) -> str:
        """Run the module; it must fail with one sentence, which is returned."""
        result = self.run(**options)
        assert result.get("failed"), result
        message = str(result["msg"])
        assert "\n" not in message
        assert "Traceback" not in json.dumps(result)
        return message
