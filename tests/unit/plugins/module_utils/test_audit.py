# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit chain: written, rotated, repaired, and every kind of change to it named at its line."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import ansible_collections.bluegreen.orchestrator as collection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _audit
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import GENESIS, AuditError, append
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit_verify import verify
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import hold

WRITER = """
import sys
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import append
for number in range(int(sys.argv[3])):
    append(sys.argv[1], {"event": "task", "writer": sys.argv[2], "number": number}, max_bytes=int(sys.argv[4]), lock_timeout=60.0)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit.jsonl"


def write(log: Path, count: int, **options: int) -> list[str]:
    """Append records; return the heads."""
    return [append(str(log), {"event": "task", "number": number, "time": "2026-11-21T10:00:00.000Z"}, **options) for number in range(count)]


def lines_of(log: Path) -> list[bytes]:
    return log.read_bytes().splitlines()


def rewrite(log: Path, lines: list[bytes]) -> None:
    log.write_bytes(b"".join(line + b"\n" for line in lines))


def test_a_line_carries_the_hash_that_sha256sum_gives_of_the_line_before(log: Path) -> None:
    heads = write(log, 3)
    lines = lines_of(log)
    records = [json.loads(line) for line in lines]
    assert [record["seq"] for record in records] == [1, 2, 3]
    assert [record["prev"] for record in records] == [GENESIS, *[hashlib.sha256(line).hexdigest() for line in lines[:2]]]
    assert heads[-1] == hashlib.sha256(lines[2]).hexdigest()


def test_file_and_folder_are_for_their_owner_only(log: Path) -> None:
    write(log, 1)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_a_whole_chain_verifies(log: Path) -> None:
    heads = write(log, 5)
    found = verify(str(log))
    assert (found.ok, found.lines, found.files, found.head, found.torn) == (True, 5, [str(log)], heads[-1], [])


def test_a_folder_that_cannot_be_made_is_said_with_its_reason() -> None:
    with pytest.raises(AuditError, match=r"the audit log /proc/nowhere/audit\.jsonl cannot be written \(No such file or directory\)"):
        append("/proc/nowhere/audit.jsonl", {})


def test_a_device_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.symlink_to("/dev/null")
    with pytest.raises(AuditError, match="not a regular file"):
        append(str(path), {})


def test_a_record_is_on_disk_when_append_returns(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write(log, 2)
    assert synced == [str(log), str(log.parent), str(log)], "a new file's name needs the folder on disk too"


def test_a_write_that_stops_in_the_middle_leaves_no_half_line(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(log, 2)
    before = log.read_bytes()
    real = os.write
    lengths = iter([20])

    def filling_up(descriptor: int, data: bytes) -> int:
        length = next(lengths, 0)
        if not length:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[:length])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", filling_up)
        with pytest.raises(AuditError, match=r"cannot be written \(No space left on device\)"):
            append(str(log), {})
    assert log.read_bytes() == before
    write(log, 1)
    assert (verify(str(log)).ok, verify(str(log)).torn) == (True, [])


def test_the_checksum_covers_every_member_of_the_last_line(log: Path) -> None:
    """No later line vouches for it yet."""
    write(log, 3)
    *kept, last = lines_of(log)
    record = json.loads(last)
    for key in record.keys() - {"sum"}:
        value = record[key] + 1 if isinstance(record[key], int) else f"{record[key]}x"
        line = json.dumps({**record, key: value}, sort_keys=True, separators=(",", ":")).encode()
        rewrite(log, [*kept, line])
        assert verify(str(log)).broken is not None, key


def test_times_play_no_part(log: Path) -> None:
    for moment in ("2026-11-21T10:00:00.000Z", "1999-01-01T00:00:00.000Z", "2040-01-01T00:00:00.000Z"):
        append(str(log), {"time": moment})
    assert verify(str(log)).ok


@pytest.mark.parametrize("text", ["\u2028 and \x85", "\ud800 alone", '"quoted" \\ \n newline', "é" * 5000, "\x00"])
def test_no_text_breaks_a_line(log: Path, text: str) -> None:
    append(str(log), {"task": text})
    append(str(log), {"task": "next"})
    found = verify(str(log), keep=lambda record: record["seq"] == 1)
    assert found.ok
    assert found.lines == 2
    assert found.entries[0]["task"] == text


Tamper = Callable[[list[bytes]], list[bytes]]


def changed(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[4].replace(b'"number":4', b'"number":5'), *lines[5:]]


def changed_with_a_fresh_sum(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], _audit.encode({**json.loads(lines[4]), "number": 5}), *lines[5:]]


def changed_at_the_end(lines: list[bytes]) -> list[bytes]:
    return [*lines[:9], lines[9].replace(b'"number":9', b'"number":8')]


def spaced(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[4].replace(b'"number":4', b'"number": 4'), *lines[5:]]


def forged_prev(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[4].replace(json.loads(lines[4])["prev"].encode(), b"f" * 64), *lines[5:]]


def garbage(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], b"nothing happened here", *lines[5:]]


def not_a_number(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], lines[4].replace(b'"number":4', b'"number":NaN'), *lines[5:]]


def inserted(lines: list[bytes]) -> list[bytes]:
    return [*lines[:4], _audit.encode({**json.loads(lines[4]), "number": 99}), *lines[4:]]


TAMPERS: list[tuple[str, Tamper, int, str, str]] = [
    ("a value", changed, 5, "changed", "checksum"),
    ("a value with a recomputed checksum", changed_with_a_fresh_sum, 5, "changed", "the next line carries another hash"),
    ("the last line", changed_at_the_end, 10, "changed", "checksum"),
    ("a blank", spaced, 5, "changed", "checksum"),
    ("the hash of the line before", forged_prev, 5, "changed", "checksum"),
    ("a line of garbage", garbage, 5, "changed", "not a record"),
    ("a value that is no JSON", not_a_number, 5, "changed", "not a record"),
    ("a line taken out", lambda lines: lines[:4] + lines[5:], 5, "missing", "record 5 is missing"),
    ("three lines taken out", lambda lines: lines[:4] + lines[7:], 5, "missing", "records 5 to 7 are missing"),
    ("the first line taken out", lambda lines: lines[1:], 1, "missing", "record 1 is missing"),
    ("two lines swapped", lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], 5, "reordered", "stands at audit.jsonl line 6"),
    ("a line moved to the end", lambda lines: [*lines[:4], *lines[5:], lines[4]], 5, "reordered", "stands at audit.jsonl line 10"),
    ("a line doubled", lambda lines: [*lines[:5], lines[4], *lines[5:]], 6, "reordered", "record 5 stands after record 5"),
    ("a line forged in between", inserted, 6, "reordered", "record 5 stands after record 5"),
]


@pytest.mark.parametrize(("_what", "tamper", "line", "kind", "why"), TAMPERS, ids=[case[0] for case in TAMPERS])
def test_the_first_broken_line_is_named(log: Path, _what: str, tamper: Tamper, line: int, kind: str, why: str) -> None:
    write(log, 10)
    rewrite(log, tamper(lines_of(log)))
    broken = verify(str(log)).broken
    assert broken is not None
    assert (broken.file, broken.line, broken.kind) == (str(log), line, kind)
    assert why in broken.why


@pytest.mark.parametrize("tamper", [case[1] for case in TAMPERS], ids=[case[0] for case in TAMPERS])
def test_what_is_written_afterwards_heals_nothing(log: Path, tamper: Tamper) -> None:
    write(log, 10)
    rewrite(log, tamper(lines_of(log)))
    before = verify(str(log)).broken
    write(log, 3)
    after = verify(str(log)).broken
    assert before is not None
    assert after is not None
    assert (after.line, after.kind) == (before.line, before.kind)


def test_a_cut_tail_is_seen_with_a_head_noted_earlier(log: Path) -> None:
    heads = write(log, 10)
    rewrite(log, lines_of(log)[:7])
    assert verify(str(log)).ok, "without a head nothing can tell"
    broken = verify(str(log), expect_head=heads[-1]).broken
    assert broken is not None
    assert (broken.line, broken.kind) == (7, "cut")
    assert verify(str(log), expect_head=heads[6]).ok


def test_a_head_stays_good_when_the_log_grows(log: Path) -> None:
    heads = write(log, 3)
    write(log, 3)
    assert verify(str(log), expect_head=heads[-1]).ok
    broken = verify(str(log), expect_head="0" * 63 + "1").broken
    assert broken is not None
    assert broken.kind == "cut"


def test_a_log_that_is_gone_is_not_whole(log: Path) -> None:
    broken = verify(str(log)).broken
    assert broken is not None
    assert broken.kind == "absent"


def test_verifying_leaves_nothing_behind(log: Path) -> None:
    write(log, 2)
    Path(f"{log}.lock").unlink()
    verify(str(log))
    assert sorted(path.name for path in log.parent.iterdir()) == ["audit.jsonl"]


class TestTornLine:
    """What a power cut or a kill in the middle of a write leaves."""

    @pytest.mark.parametrize("tail", [b'{"event":"task","num', b"\x00" * 700, b'{"a":1}{', b"x\n"])
    def test_it_is_named_kept_and_the_chain_goes_on(self, log: Path, tail: bytes) -> None:
        write(log, 3)
        with log.open("ab") as stream:
            stream.write(tail)
        found = verify(str(log))
        assert found.ok
        assert found.torn == [
            f"audit.jsonl line 4: {len(tail.rstrip())} bytes of a line that was never finished; the next record will name it"
        ]
        write(log, 2)
        found = verify(str(log), keep=lambda record: record.get("event") == "repair")
        assert found.ok
        assert found.torn == [
            f"audit.jsonl line 4: {len(tail.rstrip())} bytes of a line that was never finished; the record after it says so"
        ]
        assert [record["seq"] for record in found.entries] == [4]
        assert tail.rstrip(b"\n") in log.read_bytes()
        assert found.lines == 7

    def test_a_changed_torn_line_is_a_breach(self, log: Path) -> None:
        write(log, 3)
        with log.open("ab") as stream:
            stream.write(b'{"event":"ta')
        write(log, 1)
        log.write_bytes(log.read_bytes().replace(b'{"event":"ta\n', b'{"event":"tb\n'))
        broken = verify(str(log)).broken
        assert broken is not None
        assert (broken.line, broken.kind) == (4, "changed")

    def test_a_complete_line_without_its_newline_is_kept(self, log: Path) -> None:
        write(log, 3)
        log.write_bytes(log.read_bytes().rstrip(b"\n"))
        write(log, 1)
        found = verify(str(log))
        assert (found.ok, found.lines, found.torn) == (True, 4, [])

    def test_in_a_file_that_holds_nothing_else(self, log: Path) -> None:
        log.parent.mkdir()
        log.write_bytes(b'{"event":')
        write(log, 1)
        found = verify(str(log))
        assert found.ok
        assert len(found.torn) == 1

    def test_a_line_longer_than_one_block_is_found(self, log: Path) -> None:
        append(str(log), {"task": "x" * 200_000})
        write(log, 1)
        assert verify(str(log)).ok


class TestRotation:
    """Files are numbered and the chain runs through them."""

    def test_the_chain_runs_through_all_files(self, log: Path) -> None:
        heads = write(log, 40, max_bytes=1000)
        found = verify(str(log), expect_head=heads[0])
        assert found.ok
        assert found.lines == 40
        assert [Path(file).name for file in found.files[:2]] == ["audit.000001.jsonl", "audit.000002.jsonl"]
        assert found.files[-1] == str(log)
        assert all(Path(file).stat().st_size <= 1000 for file in found.files)
        first = json.loads(lines_of(log)[0])
        assert first["prev"] == hashlib.sha256(lines_of(Path(found.files[-2]))[-1]).hexdigest()

    def test_a_missing_file_is_named_where_it_is_missed(self, log: Path) -> None:
        write(log, 40, max_bytes=1000)
        (log.parent / "audit.000002.jsonl").unlink()
        broken = verify(str(log)).broken
        assert broken is not None
        assert (Path(broken.file).name, broken.line, broken.kind) == ("audit.000003.jsonl", 1, "missing")

    def test_a_change_in_an_old_file_is_named_there(self, log: Path) -> None:
        write(log, 40, max_bytes=1000)
        old = log.parent / "audit.000003.jsonl"
        lines = lines_of(old)
        rewrite(old, [lines[0].replace(b"10:00", b"11:00"), *lines[1:]])
        broken = verify(str(log)).broken
        assert broken is not None
        assert (broken.file, broken.line) == (str(old), 1)

    def test_the_last_line_of_an_old_file_is_held_by_the_next_file(self, log: Path) -> None:
        write(log, 40, max_bytes=1000)
        old = log.parent / "audit.000003.jsonl"
        lines = lines_of(old)
        rewrite(old, [*lines[:-1], _audit.encode({**json.loads(lines[-1]), "number": 0})])
        broken = verify(str(log)).broken
        assert broken is not None
        assert (broken.file, broken.line) == (str(old), len(lines))

    def test_a_crash_between_rename_and_write_loses_nothing(self, log: Path) -> None:
        write(log, 3)
        log.rename(log.parent / "audit.000001.jsonl")
        write(log, 2)
        found = verify(str(log))
        assert (found.ok, found.lines) == (True, 5)

    def test_archived_files_are_stood_for_by_their_head(self, log: Path) -> None:
        write(log, 40, max_bytes=1000)
        first = log.parent / "audit.000001.jsonl"
        archived_head = hashlib.sha256(lines_of(first)[-1]).hexdigest()
        first.unlink()
        assert verify(str(log)).broken is not None
        assert verify(str(log), expect_start=archived_head).ok
        assert verify(str(log), expect_start="1" * 64).broken is not None

    def test_more_than_a_million_files_keep_their_order(self, log: Path) -> None:
        log.parent.mkdir()
        for name in ("audit.999999.jsonl", "audit.1000000.jsonl", "audit.old.jsonl", "audit.12.jsonl"):
            (log.parent / name).touch()
        assert [file.name for file in _audit.chain_files(log)] == ["audit.999999.jsonl", "audit.1000000.jsonl"]


class TestTogether:
    """Several writers."""

    @pytest.mark.timeout(240)
    def test_eight_processes_two_hundred_lines_each(self, log: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(Path(next(iter(collection.__path__))).parents[2])}
        command = [sys.executable, "-c", WRITER, str(log)]
        processes = [subprocess.Popen([*command, str(number), "200", "20000"], env=environment) for number in range(8)]
        assert [process.wait() for process in processes] == [0] * 8
        found = verify(str(log), keep=lambda _record: True)
        assert found.ok, found.broken
        assert found.lines == 1600
        for writer in range(8):
            assert [entry["number"] for entry in found.entries if entry["writer"] == str(writer)] == list(range(200))
        assert len(found.files) > 10

    def test_a_lock_held_too_long_names_its_owner_and_age(self, log: Path) -> None:
        write(log, 1)
        with hold(f"{log}.lock", 1.0, "the log"), pytest.raises(AuditError, match=r" on .* \(pid \d+, for \d+ s.*lock_timeout=0\.2"):
            append(str(log), {}, lock_timeout=0.2)
        assert verify(str(log)).lines == 1

    def test_a_waiting_writer_gets_its_turn(self, log: Path) -> None:
        released = threading.Event()

        def keep_for_a_while() -> None:
            with hold(f"{log}.lock", 1.0, "the log"):
                taken.set()
                time.sleep(0.3)
                released.set()

        taken = threading.Event()
        thread = threading.Thread(target=keep_for_a_while)
        thread.start()
        taken.wait()
        append(str(log), {}, lock_timeout=5.0)
        assert released.is_set()
        thread.join()
