# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hold has on disk beside the site's lock: a socket for orders, a log, and the file that is the way back.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_gate import listen
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_plan import url_form
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Wish

ENDED = " ended: "


def socket_path(wish: Wish) -> str:
    """Return where the holder of a site takes orders."""
    return os.path.join(wish.staging_dir, f"{wish.site}.hold")


def log_path(wish: Wish) -> str:
    """Return the log of a site's last hold."""
    return os.path.join(wish.staging_dir, f"{wish.site}.hold.log")


def way_back_path(wish: Wish) -> str:
    """Return where the file lies that is put back by an abort."""
    return os.path.join(wish.staging_dir, f"{wish.site}.yml.before-hold")


class HoldFiles:
    """The sockets and files of one hold, opened before the fork, so that what cannot be had is refused before anything is changed.

    Raises:
        RefusedError: the gate's address is taken.
        FileError: the staging folder cannot be written to.
    """

    def __init__(self, wish: Wish, address: tuple[str, int]) -> None:
        self.log_path = log_path(wish)
        self.way_back = way_back_path(wish)
        self._socket_path = socket_path(wish)
        try:
            self.door = listen(address)
        except OSError as error:
            raise taken(address, error) from error
        try:
            os.makedirs(wish.staging_dir, mode=0o700, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self.log_fd = os.open(self.log_path, flags, 0o600)
            self.orders = self._listen_for_orders()
        except OSError as error:
            self.door.close()
            raise _files.FileError(f"{wish.staging_dir} cannot be written to ({error.strerror}); nothing was changed.") from error

    def _listen_for_orders(self) -> socket.socket:
        # One that lies there is of a holder that died: the site's lock is ours.
        _files.discard(self._socket_path)
        orders = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        old = os.umask(0o177)
        try:
            with short_name(self._socket_path) as name:
                orders.bind(name)
        except OSError:
            orders.close()
            raise
        finally:
            os.umask(old)
        orders.listen()
        return orders

    def filenos(self) -> set[int]:
        """Return the descriptors that the holder needs."""
        return {self.door.fileno(), self.orders.fileno(), self.log_fd}

    def log(self, text: str) -> None:
        """Write down what happened; a full disk must not end a hold."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with contextlib.suppress(OSError):
            os.write(self.log_fd, f"{stamp} {text.rstrip()}\n".encode(errors="replace"))

    def keep_way_back(self, text: str, wish: Wish) -> None:
        """Write the file of the time before the hold while there is room: putting it back is then a rename, which needs none.

        Raises:
            FileError: there is no room; nothing was changed.
        """
        staged = _files.stage(text, wish.path, wish.staging_dir)
        try:
            os.rename(staged, self.way_back)
        except OSError as error:
            raise _files.FileError(f"{self.way_back} cannot be made ({error.strerror}); {wish.path} is as it was.") from error

    def close(self) -> None:
        """In the operator's process: leave all of it to the holder."""
        self.door.close()
        self.orders.close()
        os.close(self.log_fd)


def clean_up(wish: Wish) -> None:
    """Take away what nobody needs after a hold; the log stays. The site's lock must be ours."""
    _files.discard(socket_path(wish))
    _files.discard(way_back_path(wish))
    _files.discard(_files.staged_path(wish.path, wish.staging_dir))


def taken(address: tuple[str, int], error: OSError) -> RefusedError:
    """Say that the gate cannot be opened."""
    return RefusedError(f"hold_listen: the gate cannot listen at {url_form(address)} ({error.strerror}); give another address or port.")


def see_free(address: tuple[str, int]) -> None:
    """Refuse an address at which the gate could not be opened; binding without listening disturbs nobody.

    Raises:
        RefusedError: it is taken, or not one of this machine.
    """
    with socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise taken(address, error) from error


def ask(wish: Wish, do: str, patience: float) -> dict[str, Any] | None:
    """Ask the holder of a site.

    Args:
        wish: names the site.
        do: ``status``, ``commit`` or ``abort``.
        patience: seconds to wait for the answer.

    Returns:
        The answer; None when no holder is there, or it was gone before it answered.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
            talk.settimeout(patience)
            with short_name(socket_path(wish)) as name:
                talk.connect(name)
            talk.sendall(json.dumps({"do": do}).encode() + b"\n")
            with talk.makefile("rb") as answer:
                content = json.loads(answer.readline())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def last_end(wish: Wish) -> str | None:
    """Return how the site's last hold ended, with its time, None when that is not known."""
    try:
        text = _files.read_text(log_path(wish))
    except _files.FileError:
        return None
    ends = [line for line in (text or "").splitlines() if ENDED in line]
    return ends[-1].replace(ENDED, ": ", 1) if ends else None


@contextlib.contextmanager
def short_name(path: str) -> Iterator[str]:
    """Give a name for a socket that fits into the 108 bytes which Linux has for it, however deep the folder lies."""
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)
