# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are replaced whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import FileError, Mount, check_directories, find_mount

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /srv/with\\040blank rw - xfs /dev/vdb rw
31 22 0:26 / /srv/share rw - vfat /dev/vdc rw
32 22 0:27 / /srv/data rw - ext4 /dev/vdd rw
33 22 0:28 / /srv/data rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc", Mount("/", "ext4")),
        ("/srv/with blank/x", Mount("/srv/with blank", "xfs")),
        ("/srv/shared", Mount("/", "ext4")),
        ("/srv/share/x", Mount("/srv/share", "vfat")),
        ("/srv/data", Mount("/srv/data", "tmpfs")),
    ],
)
def test_find_mount(path: str, expected: Mount) -> None:
    assert find_mount(path, MOUNTS) == expected


def test_without_proc_everything_is_one_mount() -> None:
    assert find_mount("/etc", "") == find_mount("/srv", "")


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "dynamic").mkdir()
    return str(tmp_path / "dynamic"), str(tmp_path / "staging")


def test_a_good_pair_of_directories(place: tuple[str, str]) -> None:
    check_directories(*place)
    assert not os.path.exists(place[1]), "a check writes nothing"


def test_bad_directories(place: tuple[str, str], tmp_path: Path) -> None:
    directory, _staging = place
    os.symlink(directory, tmp_path / "link")
    for dynamic, staging, said in (
        (str(tmp_path / "missing"), place[1], "dynamic_dir: .* is not a directory"),
        (directory, directory, "staging_dir: .* lies inside dynamic_dir"),
        (directory, directory + "/sub", "staging_dir: .* lies inside dynamic_dir"),
        (directory, str(tmp_path / "link" / "sub"), "staging_dir: .* lies inside dynamic_dir"),
        (directory, str(tmp_path / "a" / "b"), "staging_dir: neither .* nor its parent"),
        (directory, "/proc/x", r"staging_dir: .* is on another mount \(/proc\)"),
    ):
        with pytest.raises(InputError, match=said):
            check_directories(dynamic, staging)


def test_a_file_system_without_atomic_rename_is_refused(place: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files, "find_mount", lambda _path: Mount("/srv/share", "vfat"))
    with pytest.raises(InputError, match=r"dynamic_dir: .* is on vfat, where a rename is not atomic"):
        check_directories(*place)


def put(text: str, path: Path, staging: Path) -> None:
    _files.commit(_files.stage(text, str(path), str(staging)), str(path))


def test_a_new_file_is_readable_by_traefik_and_a_kept_mode_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    put("one", path, tmp_path / "staging")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("one", 0o644)
    path.chmod(0o640)
    put("two", path, tmp_path / "staging")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two", 0o640)
    assert list((tmp_path / "staging").iterdir()) == []
    assert stat.S_IMODE((tmp_path / "staging").stat().st_mode) == 0o700


def test_a_staged_file_is_not_in_the_directory_and_has_no_name_that_traefik_reads(tmp_path: Path) -> None:
    staged = _files.stage("one", str(tmp_path / "a.yml"), str(tmp_path / "staging"))
    assert not (tmp_path / "a.yml").exists()
    assert not staged.endswith((".yml", ".yaml", ".toml"))


def test_what_a_killed_run_left_is_overwritten(tmp_path: Path) -> None:
    staged = Path(_files.stage("a long text of a run that was killed", str(tmp_path / "a.yml"), str(tmp_path / "staging")))
    assert staged.exists()
    put("short", tmp_path / "a.yml", tmp_path / "staging")
    assert (tmp_path / "a.yml").read_text() == "short"


def test_a_rename_is_made_to_survive_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    put("one", tmp_path / "a.yml", tmp_path / "staging")
    _files.keep(str(tmp_path / "a.yml"), str(tmp_path / "staging" / "a.yml.old"))
    _files.restore(str(tmp_path / "staging" / "a.yml.old"), str(tmp_path / "a.yml"))
    _files.remove(str(tmp_path / "a.yml"))
    assert synced == [str(tmp_path / "staging" / "a.yml.new"), str(tmp_path), str(tmp_path), str(tmp_path)]


def test_a_failed_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "a.yml"
    staged = _files.stage("new", str(path), str(tmp_path / "staging"))
    with pytest.raises(FileError, match="cannot be replaced"):
        _files.commit(staged, str(path))
    assert not os.path.exists(staged)


def test_kept_files_survive_the_rename(tmp_path: Path) -> None:
    path, kept = tmp_path / "a.yml", tmp_path / "a.yml.old"
    path.write_text("old")
    kept.write_text("what a killed run left")
    _files.keep(str(path), str(kept))
    put("new", path, tmp_path / "staging")
    _files.commit(str(kept), str(path))
    assert path.read_text() == "old"


def test_a_file_that_is_put_back_was_changed_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, kept = tmp_path / "a.yml", tmp_path / "a.yml.old"
    path.write_text("old")
    os.utime(path, (1000.0, 1000.0))
    _files.keep(str(path), str(kept))
    put("new", path, tmp_path / "staging")
    _files.restore(str(kept), str(path))
    assert path.read_text() == "old"
    assert time.time() - path.stat().st_mtime < 60

    def refused(_path: str) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "utime", refused)
    _files.keep(str(path), str(kept))
    put("new", path, tmp_path / "staging")
    _files.restore(str(kept), str(path))
    assert path.read_text() == "old", "a time that cannot be set must not stop the way back"


@pytest.mark.parametrize(("uid", "refused"), [(0, False), (12345, False), (54321, True)])
def test_a_file_of_another_user_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid: int, refused: bool) -> None:
    """The new file would be ours, and perhaps one that Traefik cannot read."""
    path = tmp_path / "a.yml"
    path.write_text("x")
    owned = os.stat_result((0o100644, 1, 1, 1, 12345, 12345, 1, 0, 0, 0))
    monkeypatch.setattr(os, "lstat", lambda _path: owned)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    with pytest.raises(InputError, match="belongs to another user") if refused else contextlib.nullcontext():
        _files.check_writable(str(tmp_path), str(tmp_path / "staging"), str(path))


def test_read_text(tmp_path: Path) -> None:
    assert _files.read_text(str(tmp_path / "missing")) is None
    (tmp_path / "latin1").write_bytes(b"\xe9")
    (tmp_path / "target").write_text("x")
    os.symlink(tmp_path / "target", tmp_path / "link")
    for name, said in (("latin1", "UnicodeDecodeError"), ("link", "is a link"), ("", "a special file")):
        with pytest.raises(FileError, match=said):
            _files.read_text(str(tmp_path / name))


def test_remove(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    _files.remove(str(tmp_path / "a"))
    _files.remove(str(tmp_path / "a"))
    assert not (tmp_path / "a").exists()
    with pytest.raises(FileError, match="cannot be removed"):
        _files.remove(str(tmp_path))


def test_a_full_disk_leaves_the_old_file_whole_and_a_way_back(small_disk: Path) -> None:
    path, staging, kept = small_disk / "a.yml", small_disk / "staging", small_disk / "staging" / "a.yml.old"
    put("old", path, staging)
    (small_disk / "filler").write_bytes(b"x" * 56 * 1024)
    with pytest.raises(FileError, match="No space left on device"):
        _files.stage("n" * 8192, str(path), str(staging))
    assert path.read_text() == "old"
    assert list(staging.iterdir()) == []
    _files.keep(str(path), str(kept))
    _files.commit(str(kept), str(path))
    assert path.read_text() == "old"
