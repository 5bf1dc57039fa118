# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Begin, commit and abort of a write hold as the operator's run sees them, in preview and in apply.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import replace
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _hold_words as words
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._claim import refuse_claimed
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError, UndoneError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold import Holder, Tell, detach
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_files import (
    HoldFiles,
    ask,
    clean_up,
    last_end,
    see_free,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_gate import allow_many_files
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_plan import (
    Begin,
    HoldWish,
    begin_of,
    check_hold,
    door,
    plan_abort,
    plan_begin,
    plan_commit,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Lock
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import hold as hold_lock
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch import Report, see_lock, warn_left_behind
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_check import (
    check_directory,
    check_traefik,
    refuse_closed_gate,
    run_gates,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import SwitchPlan, Wish, check_wish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_run import Interrupted, SwitchRun, interruptible

STATUS_SECONDS = 2.0
# The holder proves for at most confirm.timeout, and lingers for half a second.
ANSWER_SECONDS = 10.0


def hold_writes(report: Report, hold: HoldWish) -> None:
    """Begin, commit or abort; in a preview, find out with reads only what that would do.

    Args:
        report: is filled as the run goes on, also when it ends with an error.
        hold: what is asked of the hold.

    Raises:
        BlueGreenError: nothing was changed, or it was taken back; the sentence says which.
    """
    check_wish(report.wish)
    check_hold(hold, report.wish)
    _files.check_directories(report.wish.dynamic_dir, report.wish.staging_dir)
    (_preview if hold.preview else _apply)(report, hold)


def _preview(report: Report, hold: HoldWish) -> None:
    open_hold = ask(report.wish, "status", STATUS_SECONDS)
    if open_hold is None:
        see_lock(report)
    if hold.act == "begin":
        if not _is_begun(report, open_hold):
            _prepare_begin(report, hold)
    elif hold.act == "commit":
        _prepare_commit(report, hold, open_hold)
    else:
        _planned(report, hold, plan_abort(report.wish, _files.read_text(report.wish.path)))


def _apply(report: Report, hold: HoldWish) -> None:
    _files.check_writable(report.wish.dynamic_dir, report.wish.staging_dir, report.wish.path)
    act = {"begin": _begin, "commit": _commit, "abort": _abort}[hold.act]
    try:
        with interruptible():
            act(report, hold)
    except Interrupted as signalled:
        raise RefusedError(
            f"{report.wish.site}: the run was interrupted by {signalled}. What it had ordered is carried out all the same;"
            " the playbook status tells how it ended."
        ) from None


def _planned(report: Report, hold: HoldWish, plan: SwitchPlan) -> None:
    report.planned(plan)
    report.data.update(words.told(report.wish, hold, plan))


def _is_begun(report: Report, open_hold: dict[str, Any] | None) -> bool:
    """A second begin changes nothing, unless it wants another colour."""
    if open_hold is None:
        return False
    wish, colour = report.wish, str(open_hold["colour"])
    if wish.target not in ("active", "idle", colour):
        raise RefusedError(
            f"hold: writes of {wish.site} are held for {colour} already, {open_hold['seconds_left']:g} s left; abort that hold first."
        )
    route = plan_abort(wish, _files.read_text(wish.path)).before
    report.data.update(active_before=route.active if route else None, active_after=route.active if route else None)
    report.data.update(hold={**open_hold, "state": "held"}, summary=words.held(wish, open_hold))
    return True


def _prepare_begin(report: Report, hold: HoldWish) -> Begin | None:
    plan = plan_begin(report.wish, hold, _files.read_text(report.wish.path))
    _planned(report, hold, plan)
    begin = begin_of(plan)
    if begin is not None:
        refuse_claimed(report.wish.staging_dir, report.wish.site, (begin.towards.colour,))
        report.warnings += check_directory(report.wish, plan)
        check_traefik(report.wish, plan)
        see_free(door(hold, report.wish.site))
        # Not refused: what is done during the hold can be what makes the colour well. A commit asks again, and refuses.
        _gate(report, begin.held, begin.towards.colour, refuse=False)
    return begin


def _begin(report: Report, hold: HoldWish) -> None:
    wish = report.wish
    if _is_begun(report, ask(wish, "status", STATUS_SECONDS)):
        return
    with hold_lock(wish.lock_path, wish.lock_timeout, wish.site) as lock:
        warn_left_behind(report, lock.left_behind)
        begin = _prepare_begin(report, hold)
        if begin is None:
            return
        reading = _start(wish, hold, begin, lock)
    try:
        answer = _first_line(reading)
    except Interrupted as signalled:
        ask(wish, "abort", ANSWER_SECONDS + wish.confirm.timeout)
        raise UndoneError(f"{wish.site}: the run was interrupted by {signalled}, so the hold was aborted.", undone=True) from None
    finally:
        os.close(reading)
    _see_begun(report, answer)


def _start(wish: Wish, hold: HoldWish, begin: Begin, lock: Lock) -> int:
    files = HoldFiles(wish, door(hold, wish.site))
    try:
        # Before the fork: the holder runs on after Ansible has taken the module's files away, and imports nothing any more.
        return detach(functools.partial(_hold, wish, hold, begin, lock, files), files, lock)
    finally:
        files.close()


def _hold(wish: Wish, hold: HoldWish, begin: Begin, lock: Lock, files: HoldFiles, tell: Tell) -> None:
    allow_many_files()
    Holder(wish, hold, begin, lock, files).run(tell)


def _first_line(reading: int) -> dict[str, Any]:
    text = b""
    while not text.endswith(b"\n"):
        part = os.read(reading, 65536)
        if not part:
            return {"state": "gone"}
        text += part
    content = json.loads(text.splitlines()[0])
    return content if isinstance(content, dict) else {"state": "gone"}


def _see_begun(report: Report, answer: dict[str, Any]) -> None:
    wish = report.wish
    if answer["state"] == "holding":
        report.data.update(hold={**answer, "state": "begun"}, confirm=answer["confirm"], summary=words.begun(wish, answer))
        return
    if answer["state"] == "unchanged":
        raise RefusedError(f"{wish.site}: no write is held: {answer['sentence']}")
    if answer["state"] == "gone":
        raise RefusedError(
            f"{wish.site}: the process that was to hold the writes died at its start; look into {wish.site}.hold.log in staging_dir,"
            " and end what it may have left with hold: abort."
        )
    raise UndoneError(f"{wish.site}: the hold was not begun: {answer['sentence']}.", undone=answer["back"], confirm=answer["confirm"])


def _prepare_commit(report: Report, hold: HoldWish, open_hold: dict[str, Any] | None) -> None:
    wish = report.wish
    plan = plan_commit(wish, hold, _files.read_text(wish.path))
    assumed = hold.assumed and hold.preview and open_hold is None
    if not assumed:
        _refuse_without_hold(report, plan, open_hold)
    _planned(report, hold, plan)
    if plan.plan.changed and plan.after is not None:
        if not assumed:
            report.warnings += check_directory(wish, plan)
        patience = max(0.5, float(open_hold["seconds_left"]) - 2.0) if open_hold else wish.gate.deadline
        _gate(report, plan.after, plan.after.active, refuse=not assumed, patience=patience)


def _refuse_without_hold(report: Report, plan: SwitchPlan, open_hold: dict[str, Any] | None) -> None:
    wish = report.wish
    if open_hold is not None:
        return
    if plan.before is not None and plan.before.hold is not None:
        raise RefusedError(
            f"{wish.site}: the process that held the writes is gone, and every write fails since;"
            " end it with hold: abort, then begin again."
        )
    end = last_end(wish)
    how = f" (the last hold, {end})" if end else ""
    raise RefusedError(f"{wish.site}: no writes are held{how}, so there is nothing to commit; begin a hold first.")


def _gate(report: Report, route: Route, colour: str, *, refuse: bool, patience: float | None = None) -> None:
    wish = report.wish
    if patience is not None:
        wish = replace(wish, gate=replace(wish.gate, deadline=min(wish.gate.deadline, patience)))
    results = run_gates(wish, route, (colour,))
    report.gated(results)
    try:
        refuse_closed_gate(wish, results)
    except BlueGreenError as error:
        if refuse:
            raise
        report.warnings.append(f"{error.sentence.partition(' Nothing was changed')[0]} A commit would be refused while that is so.")


def _commit(report: Report, hold: HoldWish) -> None:
    wish = report.wish
    _prepare_commit(report, hold, ask(wish, "status", STATUS_SECONDS))
    answer = ask(wish, "commit", ANSWER_SECONDS + wish.confirm.timeout)
    if answer is None:
        raise RefusedError(
            f"{wish.site}: the process that held the writes was gone before it answered to the commit; run the playbook status,"
            " and hold: abort when that tells of a hold left behind."
        )
    if answer["state"] == "refused":
        raise RefusedError(f"{wish.site}: the commit was refused: {answer['sentence']}. The writes go on being held.")
    if answer["state"] != "committed":
        raise UndoneError(f"{wish.site}: the hold was not committed: {answer['sentence']}.", undone=answer["back"], hold=answer)
    report.data.update(
        hold=answer,
        confirm=answer["confirm"],
        visible_ms=answer["visible_ms"],
        summary=words.committed(wish, str(report.data["active_before"]), answer),
    )


def _abort(report: Report, hold: HoldWish) -> None:
    wish = report.wish
    _planned(report, hold, plan_abort(wish, _files.read_text(wish.path)))
    answer = ask(wish, "abort", ANSWER_SECONDS + wish.confirm.timeout)
    if answer is None:
        _abort_alone(report, hold)
    elif answer["state"] == "committed":
        raise RefusedError(f"{wish.site}: the hold was committed before the abort came; take it back with the playbook rollback.")
    elif not answer["back"]:
        raise UndoneError(f"{wish.site}: the hold ended, but {answer['sentence']}.", undone=False, hold=answer)
    else:
        report.data.update(hold=answer, confirm=answer["confirm"], summary=words.aborted(wish, answer))


def _abort_alone(report: Report, hold: HoldWish) -> None:
    """No holder is there: it ended in order, or was killed and left its file."""
    wish = report.wish
    with hold_lock(wish.lock_path, wish.lock_timeout, wish.site) as lock:
        warn_left_behind(report, lock.left_behind)
        text = _files.read_text(wish.path)
        plan = plan_abort(wish, text)
        _planned(report, hold, plan)
        if plan.plan.changed:
            report.warnings += check_directory(wish, plan)
            report.ended(SwitchRun(wish, plan, text, lock.step).run())
        clean_up(wish)
