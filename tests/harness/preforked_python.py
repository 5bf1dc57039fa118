# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Python code as forks of one process that has imported our modules; see preforked.py. Its argument is a socket's number."""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import runpy
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

# Not a package, so that no folder of the tests is on this process's path.
MODULES = runpy.run_path(str(Path(__file__).with_name("preforked_modules.py")))
OURS = "ansible_collections.bluegreen.orchestrator.plugins"


def warm_up() -> None:
    """Import what the code imports each time: 0.25 s of processor, of 0.3 s that a refusal took."""
    importlib.import_module("ansible.module_utils.testing")
    for name in (f"{OURS}.module_utils", f"{OURS}.modules"):
        for found in pkgutil.iter_modules(importlib.import_module(name).__path__, f"{name}."):
            importlib.import_module(found.name)


def run(request: dict[str, Any], stdout: int, stderr: int, answer: int) -> NoReturn:
    """Be ``python -c CODE``."""

    def program() -> None:
        sys.stdin = io.StringIO(request["stdin"])
        exec(compile(request["code"], "<string>", "exec"), {"__name__": "__main__"})

    os.setsid()
    MODULES["become"](request, stdout, stderr, answer, program)
    raise AssertionError


if __name__ == "__main__":
    warm_up()
    MODULES["serve"](socket.socket(fileno=int(sys.argv[1])), run)
