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
from dataclasses import asdict, dataclass, replace

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import LockedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import FileError

POLL_SECONDS = 0.05
# A preview's look holds the lock for a moment; an apply that will not wait must not fail because of that.
LOOK_SECONDS = 0.2
NOTE_BYTES = 1024
REMEDY = "Wait for it to end, or give a longer lock_timeout."


@dataclass(frozen=True)
class Note:
    """Who holds (or held) the lock.

    Attributes:
        owner: user and host.
        pid: process id of the owner on that host.
        since: Unix time of the start, in seconds.
        step: what the owner was doing when it last wrote.
        until: Unix time at which the step ends by itself, 0 when that is not known.
        remedy: what somebody who wants the lock can do, empty for waiting.
    """

    owner: str
    pid: int
    since: float
    step: str
    until: float = 0.0
    remedy: str = ""

    def words(self) -> str:
        """Say it for a person; no time is negative, should the clock have been set."""
        now = time.time()
        left = f", {max(0, round(self.until - now))} s left" if self.until else ""
        return f"{self.owner} (pid {self.pid}, for {max(0, round(now - self.since))} s, at step: {self.step}{left})"


class Lock:
    """A held lock; ``left_behind`` is the note of an owner that died before it was done."""

    def __init__(self, descriptor: int, left_behind: Note | None) -> None:
        self._descriptor = descriptor
        self._mine = Note(owner(), os.getpid(), time.time(), "reading")
        self._handed_over = False
        self.left_behind = left_behind

    def fileno(self) -> int:
        """Return the lock's descriptor, which a child must keep open to own the lock."""
        return self._descriptor

    def step(self, name: str, seconds: float = 0.0, remedy: str = "") -> None:
        """Write down what is being done now, and, where known, for how many seconds at most and what ends it earlier.

        A full disk must not stop a rollback, so a note that cannot be written is let go: the lock itself holds without it.
        """
        # The moment, not the seconds left: they would have to be written anew each second.
        note = replace(self._mine, step=name, until=time.time() + seconds if seconds else 0.0, remedy=remedy)
        text = json.dumps(asdict(note)).encode()
        with contextlib.suppress(OSError):
            # Padded to one length so that a shorter note overwrites a longer one without a truncation in between.
            os.pwrite(self._descriptor, text.ljust(NOTE_BYTES), 0)

    def hand_over(self) -> None:
        """Leave the lock to a child: a fork shares it, so it ends with the last of both, and the note is the child's from now on."""
        self._handed_over = True

    def take_over(self) -> None:
        """In the child: write notes under its own process id."""
        self._mine = replace(self._mine, pid=os.getpid())

    def release(self) -> None:
        """In the child: end in order."""
        self.done()
        os.close(self._descriptor)

    def done(self) -> None:
        """Wipe the note: this owner ended in order."""
        if not self._handed_over:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)


def lock_path(staging: str, site: str) -> str:
    """Return a site's lock file: beside what is staged, so that all who write the site meet there."""
    return os.path.join(staging, f"{site}.lock")


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
                remedy = (note.remedy if note else "") or REMEDY
                raise LockedError(f"{what} is being changed by {by}; waited lock_timeout={timeout:g} s. {remedy}") from None
            time.sleep(POLL_SECONDS)
        except OSError as error:
            raise FileError(
                f"{what} cannot be locked ({error.strerror}): the file system of the lock file has no locks;"
                " use a local one such as ext4 or xfs."
            ) from error


def _read(descriptor: int) -> Note | None:
    try:
        data = json.loads(os.pread(descriptor, 4096, 0))
        return Note(
            str(data["owner"]),
            int(data["pid"]),
            float(data["since"]),
            str(data["step"]),
            float(data.get("until", 0.0)),
            str(data.get("remedy", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def owner() -> str:
    """Return who runs this, as notes name them. Not user@host: log filters take that for credentials, and mask it."""
    return f"{_user()} on {socket.gethostname()}"


def _user() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
