# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hold has on disk: the socket for orders, the log, the way back."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import FileError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_files import (
    HoldFiles,
    ask,
    clean_up,
    last_end,
    log_path,
    see_free,
    socket_path,
    way_back_path,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Wish

ANYWHERE = ("127.0.0.1", 0)


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    (tmp_path / "dynamic").mkdir()
    return Wish("acme", str(tmp_path / "dynamic"), str(tmp_path / "staging"))


def serve(files: HoldFiles, answer: bytes) -> threading.Thread:
    """Answer one order."""

    def work() -> None:
        talk, _ = files.orders.accept()
        with talk:
            talk.recv(4096)
            talk.sendall(answer)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        (b'{"state": "holding"}\n', {"state": "holding"}),
        (b"", None),
        (b"garbage\n", None),
        (b"[1]\n", None),
        (b'{"state":', None),
    ],
)
def test_an_answer_is_heard_and_anything_else_is_none(wish: Wish, answer: bytes, heard: dict[str, Any] | None) -> None:
    files = HoldFiles(wish, ANYWHERE)
    thread = serve(files, answer)
    assert ask(wish, "status", 5.0) == heard
    thread.join()
    files.close()


def test_nobody_answers_where_nobody_is(wish: Wish) -> None:
    assert ask(wish, "status", 5.0) is None
    files = HoldFiles(wish, ANYWHERE)
    files.close()
    assert Path(socket_path(wish)).is_socket(), "a holder that died leaves it"
    assert ask(wish, "status", 5.0) is None
    HoldFiles(wish, ANYWHERE).close()


def test_only_the_owner_may_give_orders_and_read_the_log(wish: Wish) -> None:
    before = os.umask(0)
    try:
        HoldFiles(wish, ANYWHERE).close()
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(os.lstat(path).st_mode) for path in (socket_path(wish), log_path(wish), wish.staging_dir)]
    assert modes == [0o600, 0o600, 0o700]


def test_the_last_end_is_what_the_log_says(wish: Wish) -> None:
    assert last_end(wish) is None
    files = HoldFiles(wish, ANYWHERE)
    files.log("holding writes for green, 22.9 s left")
    assert last_end(wish) is None
    files.log("ended: committed, green serves")
    end = last_end(wish)
    assert end is not None
    assert end.endswith("Z: committed, green serves")
    files.close()
    HoldFiles(wish, ANYWHERE).close()
    assert last_end(wish) is None, "a new hold has a new log"
    os.unlink(log_path(wish))
    os.symlink("/etc/hostname", log_path(wish))
    assert last_end(wish) is None


def test_a_link_in_the_logs_place_is_not_followed(wish: Wish, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("x")
    os.mkdir(wish.staging_dir)
    os.symlink(target, log_path(wish))
    with pytest.raises(FileError, match="nothing was changed"):
        HoldFiles(wish, ANYWHERE)
    assert target.read_text() == "x"


def test_the_way_back_is_whole_and_clean_up_takes_it_away(wish: Wish) -> None:
    files = HoldFiles(wish, ANYWHERE)
    files.keep_way_back("http: {}\n", wish)
    assert Path(way_back_path(wish)).read_text() == "http: {}\n"
    assert sorted(os.listdir(wish.staging_dir)) == ["acme.hold", "acme.hold.log", "acme.yml.before-hold"]
    clean_up(wish)
    clean_up(wish)
    assert os.listdir(wish.staging_dir) == ["acme.hold.log"]
    files.close()


def test_a_taken_address_is_refused_by_both(wish: Wish) -> None:
    with socket.create_server(ANYWHERE) as taken:
        address = taken.getsockname()
        said = f"hold_listen: the gate cannot listen at 127.0.0.1:{address[1]} (Address already in use); give another address or port."
        for refuse in (lambda: see_free(address), lambda: HoldFiles(wish, address)):
            with pytest.raises(RefusedError) as refused:
                refuse()
            assert refused.value.sentence == said
    see_free(address)
    assert not os.path.exists(wish.staging_dir)


def test_what_is_asked_is_one_line_of_json(wish: Wish) -> None:
    files = HoldFiles(wish, ANYWHERE)
    asked: list[bytes] = []

    def work() -> None:
        talk, _ = files.orders.accept()
        with talk:
            asked.append(talk.makefile("rb").readline())
            talk.sendall(b"{}\n")

    thread = threading.Thread(target=work)
    thread.start()
    ask(wish, "commit", 5.0)
    thread.join()
    files.close()
    assert json.loads(asked[0]) == {"do": "commit"}
