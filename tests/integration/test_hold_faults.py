# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's run, or the process that holds the writes, is killed at every step: one whole state is left, and writes work again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.server import process_birth
from lab.world import World
from tests.integration.holding import Holding, gone, until
from tests.integration.switching import result_of

HOLD = "ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold"
FILES = "ansible_collections.bluegreen.orchestrator.plugins.module_utils._files"

# Python that runs in the module's process before it; the holder, its child, has it too. Who dies is told by the process id.
DIE = """
import importlib, os, signal, time
def patch(where, name, when, who):
    holder, _, attribute = name.rpartition(".")
    owner = importlib.import_module(where)
    if holder:
        owner = getattr(owner, holder)
    real, module = getattr(owner, attribute), os.getpid()
    def dying(*arguments, **options):
        if when == "after":
            result = real(*arguments, **options)
        if who == "holder" and os.getpid() != module:
            os.kill(os.getpid(), signal.SIGKILL)
        elif who == "module" and os.path.exists(f"/proc/{{module}}"):
            os.kill(module, signal.SIGKILL)
            time.sleep(0.1)
        return result if when == "after" else real(*arguments, **options)
    setattr(owner, attribute, dying)
patch({where!r}, {name!r}, {when!r}, {who!r})
"""


def die(where: str, name: str, when: str, who: str) -> str:
    return DIE.format(where=where, name=name, when=when, who=who)


# What is killed before or after what; and whether the file then says that writes are held.
RUN = "ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_run"
BEGIN = {
    "before the fork": (RUN, "detach", "before"),
    "after the fork": (RUN, "detach", "after"),
    "staged": (FILES, "stage", "after"),
    "before the rename": (FILES, "commit", "before"),
    "after the rename": (FILES, "commit", "after"),
    "proven": (HOLD, "prove", "after"),
    "before the operator is told": (HOLD, "_tell", "before"),
}


@pytest.fixture
def acme(world: World) -> Iterator[Holding]:
    with Holding(world) as made:
        made.ok()
        yield made


def writes_work(acme: Holding) -> bool:
    """Whether a write is answered at once."""
    return acme.write() == 200


@pytest.mark.parametrize("place", BEGIN.values(), ids=BEGIN)
def test_the_run_is_killed_while_it_begins(acme: Holding, place: tuple[str, str, str]) -> None:
    """Nobody knows then that writes are held: it ends by itself, at once or at the latest when its time is over."""
    plain = acme.file.read_text()
    with acme.world.load("acme", workers=2, rate=100, methods=("GET",)) as load:
        process = acme.start(hold="begin", hold_seconds=4, hold_settle=0.2, before=die(*place, "module"))
        assert process.wait(30) == -signal.SIGKILL
        process.communicate()
        until(acme.free, "a free lock")
        assert acme.file.read_text() == plain
        assert writes_work(acme)
        assert acme.ok(hold="abort")["changed"] is False
    assert load.snapshot().failed == 0, load.snapshot().words()
    assert acme.left() == []


@pytest.mark.parametrize("place", list(BEGIN.values())[2:], ids=list(BEGIN)[2:])
def test_the_holder_is_killed_while_it_begins(acme: Holding, place: tuple[str, str, str]) -> None:
    plain = acme.file.read_text()
    with acme.world.load("acme", workers=2, rate=100, methods=("GET",)) as load:
        message = acme.refused(hold="begin", hold_settle=0.2, before=die(*place, "holder"))
        assert "acme: the process that was to hold the writes died at its start" in message
        until(acme.free, "a free lock: the kernel takes it back a moment after it has told of the death")
        held = acme.file.read_text() != plain
        assert held is (place[1] in ("prove", "_tell") or place[1:] == ("commit", "after"))
        if held:
            assert acme.write() == 500
            assert "a hold was left in" in acme.refused(hold="begin")
            assert "is gone, and every write fails since" in acme.refused(hold="commit")
            assert acme.refused(hold="commit", check=True) == acme.refused(hold="commit")
        said = acme.ok(hold="abort", check=True)
        done = acme.ok(hold="abort")
        assert said["changed"] is done["changed"] is held
        assert said["diff"] == done["diff"]
        assert acme.file.read_text() == plain
        assert writes_work(acme)
        assert acme.begin()["hold"]["state"] == "begun"
    assert load.snapshot().failed == 0, load.snapshot().words()


@pytest.mark.parametrize("target", ["active", "green"])
def test_any_other_change_ends_a_hold_that_was_left_too(acme: Holding, target: str) -> None:
    acme.begin()
    os.kill(acme.holder(), signal.SIGKILL)
    until(acme.free, "a free lock")
    assert acme.write() == 500
    for check in (True, False):
        result = acme.ok(target=target, check=check)
        assert result["changed"] is True
        assert "acme: a hold of the writes was left by a process that died, and every write fails since; this ends it." in str(
            result["warnings"]
        )
    assert acme.public_colour() == ("blue" if target == "active" else "green")
    assert writes_work(acme)
    assert acme.begin()["hold"]["state"] == "begun"


END = {
    "before the rename": (FILES, "commit", "before", "held"),
    "after the rename": (FILES, "commit", "after", "ended"),
    "proven": (HOLD, "prove", "after", "ended"),
    "released": (HOLD, "HoldGate.decide", "after", "ended"),
}


@pytest.mark.parametrize("place", END.values(), ids=END)
def test_the_holder_is_killed_while_it_commits(acme: Holding, place: tuple[str, str, str, str]) -> None:
    where, name, when, left = place
    # The first commit of a file, and its proof, are the begin's.
    times = 2 if name in ("commit", "prove") else 1
    acme.begin(before=nth(die(where, name, when, "holder"), times))
    held = acme.file.read_text()
    message = acme.refused(hold="commit")
    assert "acme: the process that held the writes was gone before it answered to the commit" in message
    # A process that is killed closes its socket before its lock, or after it.
    until(acme.free, "the end of the holder's lock")
    assert (acme.file.read_text() == held) is (left == "held")
    assert acme.ok(hold="abort")["changed"] is (left == "held")
    assert acme.public_colour() == ("blue" if left == "held" else "green")
    assert writes_work(acme)


@pytest.mark.parametrize("place", [(FILES, "restore", "before"), (FILES, "restore", "after")], ids=["before", "after"])
def test_the_holder_is_killed_while_it_aborts(acme: Holding, place: tuple[str, str, str]) -> None:
    """The abort that finds no holder any more does its work itself."""
    plain = acme.file.read_text()
    acme.begin(before=die(*place, "holder"))
    assert acme.ok(hold="abort")["active_after"] == "blue"
    assert acme.file.read_text() == plain
    assert writes_work(acme)
    assert acme.left() == []


@pytest.mark.parametrize("act", ["commit", "abort"])
def test_the_run_is_killed_while_it_waits_for_the_end(acme: Holding, act: str) -> None:
    """The order is given: it is carried out, whoever is left to hear of it."""
    acme.begin(before=SLOW_PROOF)
    pid = acme.holder()
    birth = process_birth(pid)
    process = acme.start(hold=act)
    until(lambda: acme.note().get("step") in ("committing", "aborting"), "the order")
    process.kill()
    process.communicate()
    until(gone(pid, birth), "the end of the holder")
    assert acme.public_colour() == ("green" if act == "commit" else "blue")
    assert writes_work(acme)
    assert acme.left() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_begin_is_aborted(acme: Holding, number: signal.Signals) -> None:
    plain = acme.file.read_text()
    process = acme.start(hold="begin", hold_settle=10)
    until(lambda: str(acme.note().get("step")).startswith("holding writes"), "a hold")
    os.kill(process.pid, number)
    result = result_of(process)
    assert result["msg"] == f"acme: the run was interrupted by {number.name}, so the hold was aborted."
    assert acme.file.read_text() == plain
    assert writes_work(acme)


def test_a_bug_in_the_holder_is_an_abort_and_stands_in_the_log(acme: Holding) -> None:
    plain = acme.file.read_text()
    acme.begin(before=BUG)
    message = acme.refused(hold="commit")
    assert "the hold was not committed: unexpected ZeroDivisionError, see " in message
    assert "blue takes the writes again" in message
    assert "ZeroDivisionError: a bug" in acme.log
    assert acme.file.read_text() == plain
    assert writes_work(acme)


def test_traefik_is_down_at_the_end(acme: Holding) -> None:
    """The proof never comes, and the client waits no longer for it than Traefik lets it: the file is right when Traefik comes back."""
    plain = acme.file.read_text()
    acme.begin(hold_seconds=3, confirm={**acme.options["confirm"], "timeout": 1.0})
    acme.world.traefik.kill()
    until(acme.free, "the end of the hold")
    assert "but that could not be proven (" in acme.log
    assert acme.file.read_text() == plain
    acme.world.traefik.start()
    until(lambda: writes_work(acme), "writes")


def test_a_full_disk_during_the_hold(small_disk: Path, tmp_path: Path) -> None:
    """The way back needs no byte; a commit without room is refused, and the hold goes on."""
    small = World(tmp_path / "small")
    small.traefik.dynamic_dir, small.traefik.staging_dir = small_disk / "dynamic", small_disk / "staging"
    with small, Holding(small) as acme:
        acme.ok()
        plain = acme.file.read_text()
        acme.begin()
        filler = small_disk / "filler"
        fill(filler)
        message = acme.refused(hold="commit")
        assert "acme: the commit was refused: " in message
        assert "No space left on device" in message
        assert message.endswith("The writes go on being held.")
        assert acme.ok(hold="abort")["changed"] is True
        assert acme.file.read_text() == plain
        fill(small_disk / "the rest")
        assert "No space left on device" in acme.refused(hold="begin")
        filler.unlink()
        assert writes_work(acme)


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as stream:
        while True:
            try:
                stream.write(b"x" * 4096)
            except OSError:
                return


def nth(code: str, times: int) -> str:
    """Let the one who dies do so only at the n-th call."""
    counted = code.replace("    def dying(", "    calls = []\n    def dying(").replace(
        "        if who ==", f"        calls.append(1)\n        if len(calls) < {times}:\n            pass\n        elif who =="
    )
    assert counted != code
    return counted


SLOW_PROOF = f"""
import importlib, time
owner = importlib.import_module({HOLD!r})
def slow(*arguments, real=owner.prove, **options):
    time.sleep(0.5)
    return real(*arguments, **options)
owner.prove = slow
"""
BUG = f"""
import importlib
owner = importlib.import_module({HOLD!r})
def broken(*arguments):
    raise ZeroDivisionError("a bug")
owner.committed = broken
"""


def test_the_kill_at_the_second_call_is_one(acme: Holding) -> None:
    """A patch that never kills would prove nothing."""
    started: dict[str, Any] = acme.begin(before=nth(die(FILES, "commit", "before", "holder"), 2))
    assert started["hold"]["state"] == "begun"
    pid = acme.holder()
    birth = process_birth(pid)
    time.sleep(0.2)
    assert process_birth(pid) == birth
    acme.refused(hold="commit")
    assert gone(pid, birth)()
