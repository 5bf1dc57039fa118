# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to let the module die or wait at a chosen place, and the load under which it does."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from lab.load import Load
from tests.integration.switching import Switching, result_of

# Python that runs in the module's process before it, to let it die or wait at a chosen place.
DIE_AT_STEP = """
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Lock
def dying(self, name, step=Lock.step):
    step(self, name)
    if name == {name!r}:
        os.kill(os.getpid(), signal.SIGKILL)
Lock.step = dying
"""
DIE_BEFORE_CALL = """
import {module}
def dying(*_arguments, **_options):
    os.kill(os.getpid(), signal.SIGKILL)
{module}.{name} = dying
"""
DIE_AFTER_CALL = """
import {module}
real = {module}.{name}
def dying(*arguments, **options):
    real(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
{module}.{name} = dying
"""
WAIT_AT_STEP = """
import pathlib, time
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Lock
def waiting(self, name, step=Lock.step):
    step(self, name)
    if name == {name!r}:
        pathlib.Path({flag!r}).touch()
        while pathlib.Path({flag!r}).exists():
            time.sleep(0.005)
Lock.step = waiting
"""


class Pause:
    """A place at which the module waits until the test lets it go on."""

    def __init__(self, flag: Path, step: str) -> None:
        self._flag = flag
        self.code = WAIT_AT_STEP.format(name=step, flag=str(flag))

    def reached(self, process: subprocess.Popen[str]) -> None:
        """Wait until the module is there."""
        end = time.monotonic() + 20
        while not self._flag.exists():
            assert process.poll() is None, result_of(process)
            assert time.monotonic() < end
            time.sleep(0.005)

    def over(self) -> None:
        """Let it go on."""
        self._flag.unlink()


@contextlib.contextmanager
def under_load(acme: Switching) -> Iterator[Load]:
    """Load the site; not one request may fail, and there must have been some."""
    with acme.world.load(acme.site, workers=4, rate=300) as load:
        yield load
    seen = load.snapshot()
    assert seen.failed == 0, seen.words()
    assert seen.requests > 20
