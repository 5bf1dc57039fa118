# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change at a time, and no lock that outlives its owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import LockedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import FileError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Note, hold, look

HOLDER = """
import sys, time
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import hold
with hold(sys.argv[1], 0, "acme") as lock:
    lock.step("soaking")
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "staging" / "acme.lock")


@pytest.fixture
def another(path: str) -> Iterator[Callable[[float], subprocess.Popen[str]]]:
    """Another process that holds the lock."""
    started = []

    def start(seconds: float) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", HOLDER, path, str(seconds)], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_free_lock_is_taken_and_leaves_nothing_behind(path: str) -> None:
    for _ in range(2):
        with hold(path, 0, "acme") as lock:
            assert lock.left_behind is None
    assert look(path) == (False, None)
    assert os.path.getsize(path) == 0


def test_a_held_lock_is_refused_with_owner_age_and_step(path: str, another: Callable[[float], subprocess.Popen[str]]) -> None:
    process = another(60)
    with pytest.raises(LockedError) as error, hold(path, 0.2, "acme"):
        pass
    assert f"(pid {process.pid}, for 0 s, at step: soaking)" in error.value.sentence
    assert "waited lock_timeout=0.2 s" in error.value.sentence
    held, note = look(path)
    assert held
    assert note is not None
    assert note.pid == process.pid


def test_a_lock_is_waited_for(path: str, another: Callable[[float], subprocess.Popen[str]]) -> None:
    another(0.5)
    begun = time.monotonic()
    with hold(path, 10, "acme") as lock:
        assert lock.left_behind is None, "an owner that ended in order leaves no note"
    assert time.monotonic() - begun > 0.3


def test_a_dead_owner_frees_the_lock_and_its_last_step_is_known(path: str, another: Callable[[float], subprocess.Popen[str]]) -> None:
    process = another(60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    held, note = look(path)
    assert not held
    assert note is not None
    with hold(path, 0, "acme") as lock:
        assert lock.left_behind == note
        assert note.step == "soaking"
    assert look(path) == (False, None)


def test_an_error_inside_is_an_orderly_end(path: str) -> None:
    with pytest.raises(ValueError, match="x"), hold(path, 0, "acme"):
        raise ValueError("x")
    assert look(path) == (False, None)


def test_a_shorter_step_overwrites_a_longer_one(path: str) -> None:
    with hold(path, 0, "acme") as lock:
        lock.step("a very long step " * 10)
        lock.step("short")
        note = look(path)[1]
        assert note is not None
        assert note.step == "short"


def test_the_age_is_never_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    assert "for 0 s" in Note("me@here", 1, 5000.0, "x").words()


def test_looking_writes_nothing(path: str) -> None:
    assert look(path) == (False, None)
    assert not os.path.exists(os.path.dirname(path))


def test_garbage_in_the_lock_file_is_no_obstacle(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).write_bytes(b"\x00garbage")
    with hold(path, 0, "acme") as lock:
        assert lock.left_behind is None


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be opened"), hold(str(tmp_path / "file" / "acme.lock"), 0, "acme"):
        pass


HANDING_OVER = """
import os, sys
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import hold
with hold(sys.argv[1], 0, "acme") as lock:
    if os.fork() == 0:
        lock.take_over()
        lock.step("holding", 60, "Ask the holder.")
        print(os.getpid(), flush=True)
        sys.stdin.read()
        lock.release()
        os._exit(0)
    lock.hand_over()
"""


def test_a_lock_handed_to_a_child_outlives_its_parent(path: str) -> None:
    command = [sys.executable, "-c", HANDING_OVER, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert parent.wait(10) == 0
        held, note = look(path)
        assert held
        assert note is not None
        assert (note.pid, note.step, note.remedy) == (child, "holding", "Ask the holder.")
        with pytest.raises(LockedError) as error, hold(path, 0, "acme"):
            pass
        assert error.value.sentence.endswith(" s left); waited lock_timeout=0 s. Ask the holder.")
        parent.stdin.close()
        with hold(path, 10, "acme") as lock:
            assert lock.left_behind is None


def test_the_seconds_left_are_counted_by_whoever_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    assert "at step: x, 7 s left)" in Note("me on here", 1, 990.0, "x", until=1007.2).words()
    assert "at step: x, 0 s left)" in Note("me on here", 1, 990.0, "x", until=900.0).words()
    assert "at step: x)" in Note("me on here", 1, 990.0, "x").words()


@pytest.mark.parametrize("text", ["[]", "null", "7", '{"owner": "x"}', '{"owner": 1, "pid": "x", "since": 0, "step": ""}'])
def test_a_note_that_is_none_is_no_note(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).write_text(text)
    assert look(path) == (False, None)
