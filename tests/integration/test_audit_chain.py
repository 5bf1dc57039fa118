# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit chain against the machine: killed writers, full disks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import AuditError, append
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit_verify import verify
from tests.integration.audit_world import COLLECTIONS

ENVIRONMENT = os.environ | {"PYTHONPATH": str(COLLECTIONS)}

ENDLESS = """
import sys
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import append
while True:
    print(append(sys.argv[1], {"event": "task", "text": "x" * 3000}, max_bytes=200_000), flush=True)
"""

# RLIMIT_FSIZE makes write() come back short and then fail, as a full disk does, for any user.
LIMITED = """
import resource, signal, sys
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import AuditError, append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
written = 0
try:
    while True:
        append(sys.argv[1], {"event": "task", "text": "x" * 300})
        written += 1
except AuditError as error:
    print(written, error)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit.jsonl"


@pytest.mark.timeout(240)
def test_kill_9_at_any_moment_loses_no_line_that_was_reported(log: Path) -> None:
    dice = random.Random(20261121)
    for _round in range(15):
        with subprocess.Popen([sys.executable, "-c", ENDLESS, str(log)], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            reported = [writer.stdout.readline().strip()]
            time.sleep(dice.uniform(0.0, 0.08))
            writer.send_signal(signal.SIGKILL)
            reported += writer.stdout.read().split()
        # The last word may be cut off by the kill; the chain must hold all the whole ones.
        for head in (reported[0], reported[-2 if len(reported) > 1 else -1]):
            found = verify(str(log), expect_head=head)
            assert found.ok, found.broken
    append(str(log), {"event": "afterwards"})
    found = verify(str(log), keep=lambda record: record.get("event") == "afterwards")
    assert found.ok
    assert len(found.entries) == 1
    assert len(found.files) > 1


@pytest.mark.parametrize("limit", range(4000, 4500, 97))
def test_a_write_that_comes_back_short_is_taken_back(log: Path, limit: int) -> None:
    command = [sys.executable, "-c", LIMITED, str(log), str(limit)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    written, _, reason = done.stdout.partition(" ")
    assert "File too large" in reason
    found = verify(str(log))
    assert (found.ok, found.lines, found.torn) == (True, int(written), [])
    append(str(log), {"event": "afterwards"})
    assert verify(str(log)).lines == int(written) + 1


def test_a_full_disk_keeps_the_chain_whole(small_disk: Path) -> None:
    log = small_disk / "audit.jsonl"
    written = 0
    reason = ""
    while not reason:
        try:
            append(str(log), {"event": "task", "text": "x" * 900})
            written += 1
        except AuditError as error:
            reason = error.sentence
    assert reason.startswith(f"the audit log {log} cannot be written (No space left on device)")
    found = verify(str(log))
    assert (found.ok, found.lines, found.torn) == (True, written, [])
    assert written > 30


def test_the_chain_goes_on_when_there_is_space_again(small_disk: Path) -> None:
    log, ballast = small_disk / "audit.jsonl", small_disk / "ballast"
    append(str(log), {"event": "task"})
    with pytest.raises(OSError, match="No space left"):
        ballast.write_bytes(b"x" * 100_000)
    with pytest.raises(AuditError, match="No space left"):
        append(str(log), {"event": "task", "text": "x" * 8000})
    ballast.unlink()
    append(str(log), {"event": "task", "text": "x" * 8000})
    found = verify(str(log))
    assert (found.ok, found.lines, found.torn) == (True, 2, [])
