# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that holds the writes of one site: it begins, waits for the order that ends the hold, and ends it.

PRIVATE: for this collection's own plugins, not a public interface.

It does all of it itself, under the site's lock, so that nothing depends on the operator's own process: whatever becomes of that one, the
hold ends, as an abort when nobody commits in time.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_files import HoldFiles, clean_up
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_gate import HoldGate, Order, seconds_until
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_plan import Begin, HoldWish, committed
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Lock
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import render
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Wish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_run import Proof, prove

# Traefik ends the oldest wait after 30 s; by then it must have its answer, proven way back or not.
LAST_MOMENT = 29.5
# A write that met the old router just before Traefik took the new file asks at the gate a moment later.
LINGER_SECONDS = 0.5

Tell = Callable[[dict[str, Any]], bool]


class EndError(BlueGreenError):
    """The hold cannot go on; the sentence says why."""


class Holder:
    """Holds the writes of one site.

    Args:
        wish: whom to ask for proofs.
        hold: how long to hold.
        begin: what is put into place.
        lock: the site's lock, owned by this process from now on.
        files: the sockets and files of the hold.
    """

    def __init__(self, wish: Wish, hold: HoldWish, begin: Begin, lock: Lock, files: HoldFiles) -> None:
        self._wish = wish
        self._hold = hold
        self._start = begin
        # What this process has put into place; anything else there is a person's work.
        self._ours = {begin.text}
        self._lock = lock
        self._files = files
        self._begun = time.monotonic()
        self._deadline = self._begun + hold.seconds
        # Whether the file with the hold has been put into place, so that there is something to take back.
        self._in_place = False
        self._order: Order | None = None
        self._gate = HoldGate(files.door, files.orders, self._describe)

    def run(self, tell: Tell) -> None:
        """Hold until it is ended.

        Args:
            tell: tells the operator's process how the begin went; returns false when that one is gone.
        """
        self._gate.start()
        self._obey_signals()
        try:
            outcome = self._begin(tell) or self._wait()
        except Exception as error:
            # A bug of ours must not leave the writes waiting.
            self._files.log(traceback.format_exc())
            outcome = self._abort(f"unexpected {type(error).__name__}, see {self._files.log_path}")
        self._end(outcome, tell)

    def _begin(self, tell: Tell) -> dict[str, Any] | None:
        """Put the hold into place and let the writes under way end; returns the outcome when that is the end already."""
        try:
            proof = self._put_in_place()
        except BlueGreenError as error:
            return self._abort(error.sentence) if self._in_place else {"state": "unchanged", "sentence": error.sentence}
        if not proof.proven:
            return self._abort(f"Traefik did not follow within confirm.timeout={self._wish.confirm.timeout:g} s: {proof.reason}")
        self._note_holding()
        early = self._next_order(time.monotonic() + self._hold.settle, committable=False)
        if early is not None:
            return self._obey(early)
        # Before the operator's process is told: what it says has then happened, and nothing more is written until the next order.
        self._files.log(f"holding writes for {self._start.towards.colour}, {seconds_until(self._deadline):g} s left")
        if not tell({"state": "holding", "confirm": proof.public(), **self._describe()}):
            return self._abort("the run that began the hold is gone")
        return None

    def _note_holding(self) -> None:
        step = f"holding writes for {self._start.towards.colour}"
        remedy = f"It ends by itself; the playbook hold with -e bluegreen_hold=commit or abort ends it now (--limit {self._wish.site})."
        self._lock.step(step, seconds_until(self._deadline), remedy)

    def _put_in_place(self) -> Proof:
        self._lock.step("staging")
        self._files.keep_way_back(render(self._start.plain), self._wish)
        staged = _files.stage(self._start.text, self._wish.path, self._wish.staging_dir)
        self._lock.step("switching")
        self._in_place = True
        _files.commit(staged, self._wish.path)
        self._lock.step("proving")
        return prove(self._wish, self._start.held, patience=self._patience())

    def _wait(self) -> dict[str, Any]:
        """Wait for the order that ends the hold; without one the time ends it."""
        while True:
            order = self._next_order(self._deadline, committable=True)
            if order is None:
                return self._abort(f"nobody committed within {self._hold.seconds:g} s")
            outcome = self._obey(order)
            if outcome is not None:
                return outcome

    def _next_order(self, until: float, *, committable: bool) -> Order | None:
        while True:
            order = self._gate.next_order(until - time.monotonic())
            if order is None or order.do == "abort" or committable:
                return order
            order.answer({"state": "refused", "sentence": "the hold is still beginning"})

    def _obey(self, order: Order) -> dict[str, Any] | None:
        """Carry an order out; None when the hold goes on."""
        self._order = order
        if order.do == "abort":
            return self._abort("it was aborted")
        try:
            return self._commit()
        except EndError as error:
            return self._abort(error.sentence)
        except BlueGreenError as error:
            # The file could not be written: nothing was changed, and the operator may free a disk and try again.
            self._files.log(f"commit refused: {error.sentence}")
            order.answer({"state": "refused", "sentence": error.sentence})
            self._order = None
            self._note_holding()
            return None

    def _commit(self) -> dict[str, Any]:
        self._lock.step("committing")
        if _files.read_text(self._wish.path) != self._start.text:
            raise EndError(f"{self._wish.path} was changed by hand during the hold")
        after = committed(self._start.held)
        self._ours.add(render(after))
        staged = _files.stage(render(after), self._wish.path, self._wish.staging_dir)
        since, colour = time.monotonic(), self._start.towards.colour
        try:
            _files.commit(staged, self._wish.path)
        except BlueGreenError as error:
            raise EndError(error.sentence) from error
        proof = prove(self._wish, after, since, self._patience())
        if not proof.proven:
            raise EndError(f"Traefik did not follow the commit: {proof.reason} (a write of these seconds may have reached {colour})")
        self._gate.decide("pass")
        return {
            "state": "committed",
            "colour": colour,
            "sentence": f"committed, {colour} serves",
            "confirm": proof.public(),
            "visible_ms": proof.visible_ms,
        }

    def _abort(self, why: str) -> dict[str, Any]:
        """Put the file back as it was before the hold, see that it serves, and send the writes there."""
        self._lock.step("aborting")
        doubt, back, proof = "", not self._in_place, None
        try:
            if self._in_place:
                self._put_back()
                back = True
                proof = prove(self._wish, self._start.plain, patience=self._patience())
                doubt = "" if proof.proven else f", but that could not be proven ({proof.reason})"
        except Exception as error:
            # Whatever it is, who waits must get an answer.
            self._files.log(traceback.format_exc())
            reason = error.sentence if isinstance(error, BlueGreenError) else f"unexpected {type(error).__name__}"
            doubt = f", but that could not be proven ({reason})" if back else f", but the file could NOT be put back ({reason})"
        self._gate.decide("replay")
        return {
            "state": "aborted",
            "colour": self._start.towards.colour,
            "back": back,
            "sentence": f"{why}; {self._start.plain.active} takes the writes again{doubt}",
            "confirm": proof.public() if proof else None,
        }

    def _put_back(self) -> None:
        if _files.read_text(self._wish.path) not in self._ours:
            # By hand, or from a backup: what a person decided during the hold is not ours to undo.
            self._files.log(f"{self._wish.path} was changed by hand; it is left as it is")
            return
        _files.restore(self._files.way_back, self._wish.path)

    def _end(self, outcome: dict[str, Any], tell: Tell) -> None:
        """Leave everything as if there had been no hold, then answer whoever gave the order."""
        self._files.log(f"ended: {outcome['sentence']}")
        if outcome["state"] != "unchanged":
            # Traefik may still ask for a write that came in before it took the new file.
            time.sleep(LINGER_SECONDS)
        self._gate.shut_door()
        answer = {**outcome, **self._gate.counts.public()}
        if outcome.get("back", True):
            clean_up(self._wish)
            self._lock.release()
        else:
            self._lock.step(f"hold not taken back: {outcome['sentence']}"[:300])
        tell(answer)
        orders = [self._order] if self._order else []
        while (late := self._gate.next_order(0)) is not None:
            orders.append(late)
        for order in orders:
            order.answer(answer)
        self._gate.stop()

    def _describe(self) -> dict[str, Any]:
        return {"state": "holding", "colour": self._start.towards.colour, "seconds_left": seconds_until(self._deadline)}

    def _patience(self) -> float:
        return min(self._wish.confirm.timeout, max(0.0, self._begun + LAST_MOMENT - time.monotonic()))

    def _obey_signals(self) -> None:
        """A machine that shuts down, or an operator with kill, ends the hold in order."""

        def abort(_number: int, _frame: FrameType | None) -> None:
            self._gate.give(Order("abort", lambda _content: None))

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, abort)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def detach(work: Callable[[Tell], None], files: HoldFiles, lock: Lock) -> int:
    """Start a process that outlives this one.

    Args:
        work: what it does; it is given the way to tell this process something.
        files: the sockets and files of the hold.
        lock: the site's lock; it belongs to the new process from now on.

    Returns:
        The reading end of the pipe on which the new process tells how it goes.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _become(work, files, lock, writing)
    lock.hand_over()
    os.close(writing)
    os.waitpid(child, 0)
    return reading


def _become(work: Callable[[Tell], None], files: HoldFiles, lock: Lock, writing: int) -> None:
    """In the child: leave the operator's session, and all that Ansible and ssh wait for, then work. Never returns."""
    try:
        os.setsid()
        if os.fork() == 0:
            lock.take_over()
            os.chdir("/")
            os.umask(0o077)
            _close_all_but({writing, lock.fileno(), *files.filenos()})
            # What the interpreter itself may print has a place, too.
            with open(os.devnull, "rb") as nothing:
                os.dup2(nothing.fileno(), 0)
            os.dup2(files.log_fd, 1)
            os.dup2(files.log_fd, 2)
            work(lambda content: _tell(writing, content))
    except BaseException:
        files.log(traceback.format_exc())
    finally:
        os._exit(0)


def _close_all_but(kept: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _tell(writing: int, content: dict[str, Any]) -> bool:
    try:
        os.write(writing, json.dumps(content).encode() + b"\n")
    except OSError:
        return False
    return True
