# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The warm module's own program: arguments in, one JSON line each, results out, one fork per run.

Forking keeps the 0.2 s of CPU that a Python needs to start away from the latencies that are measured at the same moment
on the same two cores.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any

from ansible.module_utils.testing import patch_module_args

from ansible_collections.bluegreen.orchestrator.plugins.modules import bluegreen_switch


def run_here(arguments: dict[str, Any]) -> str:
    """Run the module in this process and return what it prints."""
    said = io.StringIO()
    with patch_module_args(arguments), contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        bluegreen_switch.main()
    return said.getvalue().strip()


def run_forked(arguments: dict[str, Any]) -> str:
    """Run the module in a child: nothing of one run is left for the next."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, run_here(arguments).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return text


def main() -> None:
    """Serve until stdin ends."""
    for line in sys.stdin:
        print(run_forked(json.loads(line)).replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
