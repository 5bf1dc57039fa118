# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module of ours as a process: options in on stdin, result out on stdout, as Ansible runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.harness.ansible import COLLECTIONS
from tests.harness.preforked import PreforkedPython

# Seconds for one run of a module, soak and hold included.
LIMIT = 100.0
# One for all runs of a worker; a run that is killed on its way is a real ``python`` (see ``start_module``).
PREFORKED = PreforkedPython()
RUNNER = """
import json, os, signal, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.bluegreen.orchestrator.plugins.modules import {module} as module
{before}
with patch_module_args(json.load(sys.stdin)):
    module.main()
"""


def environment() -> dict[str, str]:
    """What a module finds: our collection, and no kubeconfig, address or key of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CHATWOOT_", "MINIO_"))}
    return {**kept, "PYTHONPATH": f"{COLLECTIONS}:{Path.cwd()}", "KUBECONFIG": "/nowhere/config"}


def arguments(options: Mapping[str, Any], *, check: bool) -> str:
    """What a module is given on stdin; options that are None are not given."""
    kept = {key: value for key, value in options.items() if value is not None}
    return json.dumps({**kept, "_ansible_check_mode": check, "_ansible_diff": True})


def run_module(module: str, given: str, *, before: str = "") -> dict[str, Any]:
    """Run a module to its end and return its result, failed or not; see ``output_of``."""
    return result_of(output_of(module, given, before=before))


def output_of(module: str, given: str, *, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run a module to its end.

    Args:
        module: its name.
        given: see ``arguments``.
        before: Python that runs there first.
    """
    return PREFORKED.run(RUNNER.format(module=module, before=before), given, env=environment(), timeout=LIMIT)


def result_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what a module printed as its result."""
    assert done.stdout, f"the module printed no result (exit {done.returncode}): {done.stderr[-2000:]}"
    result = json.loads(done.stdout)
    assert isinstance(result, dict)
    if "warnings" in result:
        # ansible-core 2.19 gives a warning as a small structure.
        result["warnings"] = [one["event"]["msg"] if isinstance(one, dict) else one for one in result["warnings"]]
    return result


def start_module(module: str, given: str, *, before: str = "") -> subprocess.Popen[str]:
    """Start a module in a process of its own, to be killed; see ``run_module``."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER.format(module=module, before=before)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdin is not None
    process.stdin.write(given)
    process.stdin.close()
    # communicate() must not try to write to it again.
    process.stdin = None
    return process
