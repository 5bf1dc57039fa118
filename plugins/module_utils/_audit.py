# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail's chain: writing it. Proving it is ``_audit_verify``.

PRIVATE: for this collection's own plugins, not a public interface.

One record is one line of JSON with sorted keys. Three members make the chain:

- ``seq`` counts from 1, across rotated files; order is by it, never by time, because clocks jump.
- ``prev`` is the SHA-256 of the bytes of the line before, without its newline (64 zeros before the first): what
  ``tail -n 1 FILE | tr -d '\\n' | sha256sum`` prints.
- ``sum`` is the start of the SHA-256 of the record itself without ``sum``: without it an edit of the very last line, which no later
  line vouches for yet, would go unseen.

See docs/adr/0005-audit-trail.md for what this proves and what it cannot.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, LockedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import FileError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import hold

GENESIS = "0" * 64
MAX_BYTES = 10 * 1024 * 1024
LOCK_TIMEOUT = 10.0
REPAIR = "repair"

_SUM_LENGTH = 16
_TAIL_BLOCK = 64 * 1024


class AuditError(BlueGreenError):
    """The trace cannot be written or read; what was in it before is still whole."""


@dataclass(frozen=True)
class _Tail:
    """Where the chain ends.

    Attributes:
        seq: number of the last record, 0 in an empty chain.
        head: hash of the last line.
        torn: a last line that is no record, left by a power cut or a kill in the middle of a write.
        open_line: whether the last line lacks its newline.
    """

    seq: int = 0
    head: str = GENESIS
    torn: bytes = b""
    open_line: bool = False


def digest(value: Any) -> str:
    """Return the SHA-256 of JSON-able data, equal for equal data whatever the order of its keys."""
    return hashlib.sha256(_canonical(value)).hexdigest()


def append(path: str, record: Mapping[str, Any], max_bytes: int = MAX_BYTES, lock_timeout: float = LOCK_TIMEOUT) -> str:
    """Add one record at the end of the chain, on disk when this returns.

    Args:
        path: the log; its folder is made with mode 0700 when missing, the file with 0600.
        record: JSON-able data without secrets; ``seq``, ``prev`` and ``sum`` are added here.
        max_bytes: a file that would grow past this is rotated first (``audit.jsonl`` becomes ``audit.000001.jsonl``).
        lock_timeout: seconds to wait for another process that is writing.

    Returns:
        The hash of the new line, which is the head of the chain now.

    Raises:
        AuditError: not written (disk full, no rights, lock held too long); the chain is as it was.
    """
    log = Path(os.path.abspath(path))
    try:
        with hold(f"{log}.lock", lock_timeout, f"the audit log {log}"):
            return _append(log, record, max_bytes)
    except (AuditError, LockedError) as error:
        raise AuditError(error.sentence) from error
    except (FileError, OSError) as error:
        why = error.__cause__ if isinstance(error, FileError) else error
        said = f"({why.strerror})" if isinstance(why, OSError) else ""
        raise AuditError(f"the audit log {log} cannot be written {said}; free space, fix the rights or name another path.") from error


def chain_files(log: Path) -> list[Path]:
    """Return the files of a chain that exist, oldest first; the log itself is the last."""
    # By number and not by time stamp: a clock that was set back would put them in the wrong order.
    pattern = re.compile(re.escape(log.stem) + r"\.(\d{6,})" + re.escape(log.suffix))
    rotated = []
    if log.parent.is_dir():
        for name in os.listdir(log.parent):
            match = pattern.fullmatch(name)
            if match:
                rotated.append((int(match.group(1)), log.parent / name))
    return [file for _number, file in sorted(rotated)] + ([log] if log.exists() else [])


def encode(record: Mapping[str, Any]) -> bytes:
    """Return a record's line without its newline, with a fresh ``sum``."""
    body = {key: value for key, value in record.items() if key != "sum"}
    return _canonical({**body, "sum": digest(body)[:_SUM_LENGTH]})


def decode(line: bytes) -> dict[str, Any] | None:
    """Return the record of a line, None when it is not one."""
    try:
        record = json.loads(line, parse_constant=_refuse_constant)
    # RecursionError: a line of ten thousand brackets is no record either.
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("seq"), int) else None


def line_hash(line: bytes) -> str:
    """Return what the next line's ``prev`` must be."""
    return hashlib.sha256(line).hexdigest()


def torn_note(line: bytes) -> dict[str, Any]:
    """Return how a repair record names the torn line before it."""
    return {"bytes": len(line), "sha256": line_hash(line)}


def _canonical(value: Any) -> bytes:
    # ASCII: no encoding, line separator or lone surrogate in a name can make a line unreadable or split it.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=str).encode("ascii")


def _refuse_constant(name: str) -> None:
    # Python reads NaN and Infinity though JSON has neither; they could not be encoded again to compare.
    raise ValueError(name)


def _append(log: Path, record: Mapping[str, Any], max_bytes: int) -> str:
    files = chain_files(log)
    tail = _find_tail(files, log)
    seq, head = tail.seq, tail.head
    lines: list[bytes] = []
    if tail.torn:
        # The torn line stays where it is: a trace is never shortened, and the repair says what it stands behind.
        lines.append(encode({"event": REPAIR, "time": record.get("time"), "torn": torn_note(tail.torn), "seq": seq + 1, "prev": head}))
        seq, head = seq + 1, line_hash(lines[-1])
    lines.append(encode({**record, "seq": seq + 1, "prev": head}))
    data = b"".join(line + b"\n" for line in lines)
    if tail.open_line:
        data = b"\n" + data
    elif not tail.torn:
        _rotate(log, files, len(data), max_bytes)
    _write(log, data)
    return line_hash(lines[-1])


def _rotate(log: Path, files: list[Path], coming: int, max_bytes: int) -> None:
    size = log.stat().st_size if log.exists() else 0
    if size == 0 or size + coming <= max_bytes:
        return
    rotated = [file for file in files if file != log]
    number = int(rotated[-1].name[len(log.stem) + 1 : len(rotated[-1].name) - len(log.suffix)]) + 1 if rotated else 1
    os.rename(log, log.with_name(f"{log.stem}.{number:06d}{log.suffix}"))


def _write(log: Path, data: bytes) -> None:
    """Write all of ``data`` or nothing."""
    created = not log.exists()
    # O_NONBLOCK: opening a FIFO must fail in the check below, not hang the run.
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise AuditError(f"the audit log {log} is not a regular file; name another path.")
        try:
            view = memoryview(data)
            while view:
                # One write in all normal cases; on a full disk it comes back short and only the next one gives the reason.
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            # Where even that is refused (chattr +a) the rest stays as a torn line, which the next append names.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, status.st_size)
            raise
    finally:
        os.close(descriptor)
    if created:
        _sync_folder(log.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Some network file systems have no fsync for folders; the line itself is on disk by now.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _find_tail(files: list[Path], log: Path) -> _Tail:
    tail = _Tail()
    for file in reversed(files):
        found = _tail_of(file)
        if file == log:
            tail = found
        if found.seq:
            # A fresh file can hold nothing but a torn line; the chain then goes on from the file before.
            return _Tail(found.seq, found.head, tail.torn, tail.open_line)
    return tail


def _tail_of(file: Path) -> _Tail:
    """Read backwards, block by block, until a record is found."""
    with open(file, "rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        block = _TAIL_BLOCK
        while True:
            start = max(0, size - block)
            stream.seek(start)
            data = stream.read(size - start)
            tail = _parse_tail(data, whole=start == 0)
            if tail is not None:
                return tail
            block *= 4


def _parse_tail(data: bytes, whole: bool) -> _Tail | None:
    """Return the tail seen in the last bytes of a file, None when more of it must be read."""
    if not data:
        return _Tail()
    open_line = not data.endswith(b"\n")
    lines = (data if open_line else data[:-1]).split(b"\n")
    # The first piece may be the end of a longer line.
    known = lines if whole else lines[1:]
    torn = b""
    if known and decode(known[-1]) is None:
        torn = known[-1]
        known = known[:-1]
    for line in reversed(known):
        record = decode(line)
        if record is not None:
            # The hash is the physical last line's, whatever stands in it: a line of garbage in between is for verification to name.
            return _Tail(record["seq"], line_hash(known[-1]), torn, open_line)
    return _Tail(torn=torn, open_line=open_line) if whole else None
