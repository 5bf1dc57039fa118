# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ``ansible-playbook`` as forks of one process that has ansible-core imported; see preforked.py. Its argument is a socket's number."""

from __future__ import annotations

import atexit
import importlib
import os
import pkgutil
import runpy
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

# Not a package: what this process imports, the runs have imported, and of the project that is nothing.
HERE = Path(__file__).resolve()
MODULES = runpy.run_path(str(HERE.with_name("preforked_modules.py")))
CACHES = runpy.run_path(str(HERE.with_name("preforked_caches.py")))
CACHE = HERE.parents[2] / "build" / "cache"
# What every run or every task imports, each time in a process of its own.
PLUGINS = ("action", "callback", "connection", "filter", "lookup", "shell", "strategy", "test")


def warm_up(modules: socket.socket) -> None:
    """Import ansible-core and its plugins. Collections are not imported: a run finds them as they are then."""
    for kind in PLUGINS:
        package = importlib.import_module(f"ansible.plugins.{kind}")
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
    CACHES["keep_templates"](CACHE / "templates")
    CACHES["keep_yaml"](CACHE / "yaml")
    CACHES["keep_documentation"](CACHE / "yaml")
    MODULES["run_here"](modules, importlib.import_module("ansible.plugins.connection.local").Connection)


def play(request: dict[str, Any], stdout: int, stderr: int, answer: int) -> NoReturn:
    """Be ``ansible-playbook``."""
    os.setsid()
    MODULES["become"](request, stdout, stderr, answer, playbook)
    raise AssertionError


def playbook() -> None:
    """Run it, with a temporary folder of its own: ansible-core makes one when it is imported."""
    from ansible import constants
    from ansible.cli.playbook import PlaybookCLI
    from ansible.utils.path import cleanup_tmp_file

    settings = vars(constants)
    parent = os.path.dirname(settings["DEFAULT_LOCAL_TMP"])
    settings["DEFAULT_LOCAL_TMP"] = tempfile.mkdtemp(prefix=f"ansible-local-{os.getpid()}", dir=parent)
    atexit.register(cleanup_tmp_file, settings["DEFAULT_LOCAL_TMP"], warn=True)
    PlaybookCLI.cli_executor(sys.argv)


def main() -> None:
    """Serve modules in one process and playbooks in this one."""
    control = socket.socket(fileno=int(sys.argv[1]))
    asked, answers = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        control.close()
        asked.close()
        MODULES["serve_modules"](answers)
        return
    answers.close()
    warm_up(asked)
    MODULES["serve"](control, play)


if __name__ == "__main__":
    main()
