# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail's chain: proving it, and naming the first broken line.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _audit
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import GENESIS, LOCK_TIMEOUT, AuditError

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Line:
    """One physical line: where it stands, and its bytes without the newline."""

    file: str
    number: int
    data: bytes


@dataclass(frozen=True)
class Broken:
    """The first line that does not fit.

    Attributes:
        file: path of the file it stands in.
        line: its number in that file, from 1.
        kind: ``changed``, ``missing``, ``reordered``, ``cut`` or ``absent``.
        why: one sentence for a person.
    """

    file: str
    line: int
    kind: str
    why: str


@dataclass
class Verification:
    """What was found.

    Attributes:
        lines: number of lines in all files.
        files: the files walked, oldest first.
        head: hash of the last line; note it elsewhere to prove later that nothing was cut off.
        first_prev: what the first line says came before it; 64 zeros when the chain is complete from its beginning.
        broken: the first broken line, None when the chain is whole.
        torn: lines that a power cut or a kill left half written, each named by file and line; no breach of the chain.
        entries: the records that were asked for.
    """

    lines: int = 0
    files: list[str] = field(default_factory=list)
    head: str = GENESIS
    first_prev: str = GENESIS
    broken: Broken | None = None
    torn: list[str] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the chain is whole."""
        return self.broken is None


def verify(
    path: str,
    expect_head: str | None = None,
    expect_start: str | None = None,
    keep: Callable[[dict[str, Any]], bool] | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Verification:
    """Walk a chain through all its files.

    Args:
        path: the log; the rotated files beside it belong to the chain.
        expect_head: a head noted earlier; the chain must still contain that line. Without it a cut-off tail cannot be seen.
        expect_start: the hash that the first line must name as the line before, when older files were archived; 64 zeros otherwise.
        keep: which records to return; none by default.
        lock_timeout: seconds to wait for a process that is writing.

    Returns:
        What was found; read ``broken`` first.

    Raises:
        AuditError: a file cannot be read, or the lock is held too long.
    """
    log = Path(os.path.abspath(path))
    walk = _Walk(expect_start or GENESIS, expect_head)
    try:
        with _snapshot(log, lock_timeout) as opened:
            walk.result.files = [str(file) for file, _stream, _size in opened]
            for line in _lines(opened):
                walk.take(line, keep)
    except OSError as error:
        raise AuditError(f"the audit log {log} cannot be read ({error.strerror}); check its rights.") from error
    walk.finish(str(log))
    return walk.result


class _Walk:
    """The state between two lines."""

    def __init__(self, start: str, expect_head: str | None) -> None:
        self.result = Verification(head=start)
        self._start = start
        self._seq: int | None = None if start != GENESIS else 0
        self._last: Line | None = None
        self._torn: Line | None = None
        # The number that was skipped, while it is not known yet whether its line is gone or stands further down.
        self._wanted: int | None = None
        self._expect_head = expect_head
        self._head_seen = expect_head is None or expect_head == start

    def take(self, line: Line, keep: Callable[[dict[str, Any]], bool] | None) -> None:
        self.result.lines += 1
        record = _audit.decode(line.data)
        if record is None:
            self._break_torn()
            self._torn = line
            return
        if self._torn is not None and record.get("event") == _audit.REPAIR and record.get("torn") == _audit.torn_note(self._torn.data):
            self._note_torn("the record after it says so")
        self._break_torn()
        if self.result.lines == 1:
            self.result.first_prev = str(record.get("prev"))
        self._check(line, record)
        if keep is not None and keep(record):
            self.result.entries.append(record)
        self._seq = record["seq"]
        self._last = line
        self.result.head = _audit.line_hash(line.data)
        self._head_seen = self._head_seen or self.result.head == self._expect_head

    def finish(self, log: str) -> None:
        if self._torn is not None:
            # Nothing was written after it, so no record can vouch for it yet; the next run's first line will.
            self._note_torn("the next record will name it")
        if not self.result.lines:
            self._break(Line(log, 0, b""), "absent", "there is no trace here")
        elif not self._head_seen:
            last = self._last or Line(log, 0, b"")
            why = "the line with the expected head is not in the chain: the tail was cut off after this line, or all was rewritten"
            self._break(last, "cut", why)

    def _check(self, line: Line, record: dict[str, Any]) -> None:
        seq = record["seq"]
        if self.result.broken is not None:
            if self._wanted == seq:
                self._name_reordered(line)
            return
        if _audit.encode(record) != line.data:
            self._break(line, "changed", "its content was changed: it does not fit its own checksum")
        elif self._seq is not None and seq > self._seq + 1:
            self._wanted = self._seq + 1
            gone = f"record {self._wanted} is" if seq == self._wanted + 1 else f"records {self._wanted} to {seq - 1} are"
            self._break(line, "missing", f"{gone} missing before this line, which is record {seq}")
        elif self._seq is not None and seq <= self._seq:
            self._break(line, "reordered", f"it is out of order: record {seq} stands after record {self._seq}")
        elif record.get("prev") != self.result.head:
            if self._last is None:
                self._break(line, "missing", "what came before is missing: it does not begin a chain, nor go on from expect_start")
            else:
                self._break(self._last, "changed", "its content was changed: the next line carries another hash of it")

    def _name_reordered(self, line: Line) -> None:
        broken = self.result.broken
        if broken is not None:
            place = f"{os.path.basename(line.file)} line {line.number}"
            why = f"it is out of order: record {self._wanted}, which belongs before it, stands at {place}"
            self.result.broken = Broken(broken.file, broken.line, "reordered", why)
        self._wanted = None

    def _break_torn(self) -> None:
        if self._torn is not None:
            self._break(self._torn, "changed", "its content was changed: it is not a record, and no repair record follows")
            self._torn = None

    def _note_torn(self, vouched: str) -> None:
        if self._torn is not None:
            place = f"{os.path.basename(self._torn.file)} line {self._torn.number}"
            self.result.torn.append(f"{place}: {len(self._torn.data)} bytes of a line that was never finished; {vouched}")
            self._torn = None

    def _break(self, line: Line, kind: str, why: str) -> None:
        if self.result.broken is None:
            self.result.broken = Broken(line.file, line.number, kind, why)


@contextlib.contextmanager
def _snapshot(log: Path, lock_timeout: float) -> Iterator[list[tuple[Path, BinaryIO, int]]]:
    """Open all files as they are between two writes; the reading itself then holds up no writer."""
    with contextlib.ExitStack() as stack:
        opened: list[tuple[Path, BinaryIO, int]] = []
        with _shared_lock(f"{log}.lock", lock_timeout):
            for file in _audit.chain_files(log):
                stream = stack.enter_context(open(file, "rb"))
                opened.append((file, stream, os.fstat(stream.fileno()).st_size))
        yield opened


@contextlib.contextmanager
def _shared_lock(path: str, timeout: float) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        # A copy, or a log nobody writes to: verification leaves nothing beside it.
        yield
        return
    try:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise AuditError(f"the lock {path} is held by another process; waited lock_timeout={timeout:g} s. Try again.") from None
                time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _lines(opened: list[tuple[Path, BinaryIO, int]]) -> Iterator[Line]:
    for file, stream, size in opened:
        left = size
        number = 0
        while left > 0:
            data = stream.readline(left)
            if not data:
                break
            left -= len(data)
            number += 1
            yield Line(str(file), number, data.removesuffix(b"\n"))
