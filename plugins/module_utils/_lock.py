# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change at a time: a lock that names its owner and age, and that a dead owner cannot leave behind.

PRIVATE: for this collection's own plugins, not a public interface.

The lock is the kernel's (flock): it ends with the process that holds it, however that dies. What is written in the file is only for
people: who, since when, at which step. A note that is still there when the lock is free tells that its writer died, and where.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import LockedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import FileError

POLL_SECONDS = 0.05
# A preview's look holds the lock for a moment; an apply that will not wait must not fail because of that.
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Note:
    """Who holds (or held) the lock.

    Attributes:
        owner: user and host. Not user@host: log filters take that for credentials, and mask it.
        pid: process id of the owner on that host.
        since: Unix time of the start, in seconds.
        step: what the owner was doing when it last wrote.
    """

    owner: str
    pid: int
    since: float
    step: str

    def words(self) -> str:
        """Say it for a person; the age never negative, should the clock have been set back."""
        age = max(0, round(time.time() - self.since))
        return f"{self.owner} (pid {self.pid}, for {age} s, at step: {self.step})"


class Lock:
    """A held lock; ``left_behind`` is the note of an owner that died before it was done."""

    def __init__(self, descriptor: int, left_behind: Note | None) -> None:
        self._descriptor = descriptor
        self._mine = Note(f"{_user()} on {socket.gethostname()}", os.getpid(), time.time(), "reading")
        self.left_behind = left_behind

    def step(self, name: str) -> None:
        """Write down what is being done now.

        A full disk must not stop a rollback, so a note that cannot be written is let go: the lock itself holds without it.
        """
        note = Note(self._mine.owner, self._mine.pid, self._mine.since, name)
        text = json.dumps(asdict(note)).encode()
        with contextlib.suppress(OSError):
            # Padded to one length so that a shorter note overwrites a longer one without a truncation in between.
            os.pwrite(self._descriptor, text.ljust(512), 0)

    def done(self) -> None:
        """Wipe the note: this owner ended in order."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)


@contextlib.contextmanager
def hold(path: str, timeout: float, what: str) -> Iterator[Lock]:
    """Hold a lock.

    Args:
        path: the lock file; created when missing and never removed, for removing it would let two owners in.
        timeout: seconds to wait for another owner.
        what: what is locked, for the error.

    Yields:
        The lock.

    Raises:
        LockedError: another owner still holds it after ``timeout``; its name and age are said.
        FileError: the lock file cannot be opened.
    """
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FileError(f"the lock {path} cannot be opened ({error.strerror}); nothing was changed.") from error
    try:
        _acquire(descriptor, timeout, what)
        lock = Lock(descriptor, _read(descriptor))
        lock.step("reading")
        try:
            yield lock
        finally:
            # Also after an error or an interrupt: it was handled and undone, and that is an orderly end. Only a kill leaves a note.
            lock.done()
    finally:
        os.close(descriptor)


def look(path: str) -> tuple[bool, Note | None]:
    """Look at a lock without taking it.

    Returns:
        Whether somebody holds it, and the note in it. ``(False, note)`` is the trace of an owner that died.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False, None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            held = False
        except OSError:
            held = True
        return held, _read(descriptor)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, timeout: float, what: str) -> None:
    # Monotonic: a clock that jumps neither shortens nor lengthens the wait.
    deadline = time.monotonic() + max(timeout, LOOK_SECONDS)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                note = _read(descriptor)
                by = note.words() if note else "an owner that has not written its name yet"
                raise LockedError(
                    f"{what} is being changed by {by}; waited lock_timeout={timeout:g} s."
                    " Wait for it to end, or give a longer lock_timeout."
                ) from None
            time.sleep(POLL_SECONDS)
        except OSError as error:
            raise FileError(
                f"{what} cannot be locked ({error.strerror}): the file system of the lock file has no locks;"
                " use a local one such as ext4 or xfs."
            ) from error


def _read(descriptor: int) -> Note | None:
    try:
        data = json.loads(os.pread(descriptor, 4096, 0))
        return Note(str(data["owner"]), int(data["pid"]), float(data["since"]), str(data["step"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _user() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
