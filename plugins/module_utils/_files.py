# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are replaced whole or not at all.

PRIVATE: for this collection's own plugins, not a public interface.

Why not ``AnsibleModule.atomic_move``: when a rename crosses file systems it copies into the destination directory under a
temporary name that ends like the target, and a proxy that watches the directory loads that half-written file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError

# File systems on which a rename over an existing file is not atomic, or on which the watcher's inotify sees no change
# made elsewhere: https://man7.org/linux/man-pages/man7/inotify.7.html (limitations).
UNSAFE_FILESYSTEMS = frozenset({"9p", "cifs", "exfat", "fuse.sshfs", "fuse.vmhgfs-fuse", "msdos", "smb3", "vboxsf", "vfat"})


class FileError(BlueGreenError):
    """A file could not be written; the old one is still whole."""


@dataclass(frozen=True)
class Mount:
    """A mount point and what is mounted there."""

    path: str
    filesystem: str


def find_mount(path: str, mountinfo: str | None = None) -> Mount:
    """Find the mount that holds a path.

    Args:
        path: an absolute path that exists.
        mountinfo: text in the form of ``/proc/self/mountinfo`` (proc(5)); read from there by default.

    Returns:
        The mount with the longest matching mount point; the root of an unknown file system where there is no /proc.
    """
    if mountinfo is None:
        try:
            mountinfo = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            mountinfo = ""
    real = os.path.realpath(path)
    best = Mount("/", "unknown")
    for line in mountinfo.splitlines():
        left, _dash, right = line.partition(" - ")
        # The kernel writes a blank in a path as \040.
        point = left.split(" ")[4].replace("\\040", " ")
        # ">=": of two mounts on one point the later one is on top.
        if (real == point or real.startswith(point.rstrip("/") + "/")) and len(point) >= len(best.path):
            best = Mount(point, right.split(" ")[0])
    return best


def check_directories(directory: str, staging: str) -> None:
    """Refuse directories between which a file cannot be put into place in one step.

    Args:
        directory: the watched directory.
        staging: where new files are written first; it need not exist yet, its parent must.

    Raises:
        InputError: ``directory`` is missing or unwritable, or a rename into it would not be atomic.
    """
    if not os.path.isdir(directory):
        raise InputError(f"dynamic_dir: {directory!r} is not a directory; create it and make Traefik's file provider watch it.")
    if not os.access(directory, os.R_OK | os.X_OK):
        raise InputError(f"dynamic_dir: {directory!r} is not readable for this user; give it read access or use become.")
    real_directory, real_staging = os.path.realpath(directory), os.path.realpath(staging)
    if real_staging == real_directory or real_staging.startswith(real_directory + os.sep):
        raise InputError(
            f"staging_dir: {staging!r} lies inside dynamic_dir, where Traefik would read half-written files; choose a folder beside it."
        )
    existing = real_staging if os.path.isdir(real_staging) else os.path.dirname(real_staging)
    if not os.path.isdir(existing):
        raise InputError(f"staging_dir: neither {staging!r} nor its parent folder exists; create the parent or choose another folder.")
    target, source = find_mount(real_directory), find_mount(existing)
    if target != source:
        raise InputError(
            f"staging_dir: {staging!r} is on another mount ({source.path}) than dynamic_dir {directory!r} ({target.path}),"
            " so a file cannot be renamed into place in one step; choose a staging_dir on the same mount, outside dynamic_dir."
        )
    if target.filesystem in UNSAFE_FILESYSTEMS:
        raise InputError(
            f"dynamic_dir: {directory!r} is on {target.filesystem}, where a rename is not atomic or not seen by Traefik;"
            " use a folder on a local file system such as ext4 or xfs."
        )


def check_writable(directory: str, staging: str, path: str) -> None:
    """Refuse, before anything is changed, when this user could not write, or not as the file's owner.

    Raises:
        InputError: naming the folder without write access.
    """
    existing = staging if os.path.isdir(staging) else os.path.dirname(staging)
    for option, folder in (("dynamic_dir", directory), ("staging_dir", existing)):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(f"{option}: {folder!r} is not writable for this user; give it write access or use become.")
    # A new file of another owner may be one that Traefik cannot read, which stops the whole directory.
    if os.path.lexists(path) and os.geteuid() not in (0, os.lstat(path).st_uid):
        raise InputError(f"dynamic_dir: {path!r} belongs to another user (uid {os.lstat(path).st_uid}); run as that user, or use become.")


def read_text(path: str) -> str | None:
    """Read a text file.

    Returns:
        Its text, None when it does not exist.

    Raises:
        FileError: it is a link or no regular file (a rename would replace the link, not its target), or unreadable.
    """
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise FileError(f"{path} is a link or a special file; replace it by a regular file, it cannot be exchanged atomically.")
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read ({_why(error)}); check its rights and that it is UTF-8 text.") from error


def staged_path(path: str, staging: str) -> str:
    """Return where a file is staged: one fixed name per target, so that the next run overwrites what a killed one left."""
    return os.path.join(staging, os.path.basename(path) + ".new")


def stage(text: str, path: str, staging: str) -> str:
    """Write a text completely, to disk, under a name that no watcher reads.

    Args:
        text: the whole new content.
        path: the final path; an existing file there gives its owner and mode, else 0644 (Traefik often runs as another user).
        staging: the folder to write in; created with mode 0700 when missing.

    Returns:
        The staged path, for ``commit``.

    Raises:
        FileError: not written (disk full, no rights); what was begun is removed.
    """
    staged = staged_path(path, staging)
    try:
        os.makedirs(staging, mode=0o700, exist_ok=True)
        old = os.lstat(path) if os.path.lexists(path) else None
        discard(staged)
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if old is not None:
                os.fchown(descriptor, old.st_uid, old.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode) if old else 0o644)
            os.fsync(descriptor)
    except OSError as error:
        discard(staged)
        raise FileError(
            f"{staged} cannot be written ({_why(error)}); {path} is as it was. Free space or fix the rights, then run again."
        ) from error
    return staged


def keep(path: str, kept: str) -> None:
    """Give a file a second name, so that its content outlives a rename over the first one.

    Raises:
        FileError: the second name cannot be made.
    """
    discard(kept)
    try:
        os.link(path, kept)
    except OSError as error:
        raise FileError(f"{kept} cannot be made ({_why(error)}), so a change could not be taken back; {path} is as it was.") from error


def commit(staged: str, path: str) -> None:
    """Put a staged file into place in one step.

    Raises:
        FileError: not renamed; the old file is still in place and the staged one is removed.
    """
    try:
        os.rename(staged, path)
    except OSError as error:
        discard(staged)
        raise FileError(f"{path} cannot be replaced ({_why(error)}); it is as it was.") from error
    _sync_directory(os.path.dirname(path))


def restore(kept: str, path: str) -> None:
    """Put a kept file back in one step; it needs no byte of disk.

    Raises:
        FileError: not put back; the kept file stays where it is.
    """
    # A second name of the old file has the old time. But visitors move now, and who waits until a colour has answered its last ones counts
    # from here. Before the rename, so that no kill leaves the old time; one that cannot be set must not stop the way back.
    with contextlib.suppress(OSError):
        os.utime(kept)
    try:
        os.rename(kept, path)
    except OSError as error:
        raise FileError(f"{path} cannot be replaced: {_why(error)}") from error
    _sync_directory(os.path.dirname(path))


def remove(path: str) -> None:
    """Remove a file in one step; one that is not there is fine.

    Raises:
        FileError: it is still there.
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FileError(f"{path} cannot be removed ({_why(error)}); it is as it was.") from error
    _sync_directory(os.path.dirname(path))


def discard(staged: str | None) -> None:
    """Remove a staged file (None: there is none) that will not be used; best effort, for it does no harm where it lies."""
    if staged is not None:
        with contextlib.suppress(OSError):
            os.unlink(staged)


def _sync_directory(directory: str) -> None:
    """Make a rename survive a power cut; where the file system has no fsync for folders there is nothing to do."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise FileError(f"{directory} cannot be synced to disk ({_why(error)}); check the disk before going on.") from error


def _why(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else type(error).__name__
