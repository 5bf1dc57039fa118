# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A blue/green switch from start to end, in preview and in apply.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files, _gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _switch_words as words
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._claim import end_claim, refuse_claimed
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Note, hold, look
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._soak import Evidence
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_check import (
    check_directory,
    check_metrics,
    check_pages,
    check_traefik,
    refuse_closed_gate,
    run_gates,
    warn_of_doubts,
    warn_of_readers,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import (
    SwitchPlan,
    Wish,
    check_wish,
    plan_switch,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_run import (
    Interrupted,
    Outcome,
    Proof,
    SwitchRun,
    interruptible,
    prove,
)


class Report:
    """The result of a run, filled as the run goes on."""

    def __init__(self, wish: Wish, *, preview: bool) -> None:
        self.wish = wish
        self._preview = preview
        self.warnings: list[str] = []
        self.data: dict[str, Any] = {
            "site": wish.site,
            "dynamic_file": wish.path,
            "changed": False,
            "actions": [],
            "gate": [],
            "confirm": None,
            "visible_ms": None,
            "soak": None,
            "steps": [],
        }

    def awaits(self, colours: tuple[str, ...]) -> bool:
        """Say whether this is a preview and the play itself starts one of these colours, so that it cannot answer yet."""
        return self._preview and bool(set(colours) & set(self.wish.starting))

    def planned(self, plan: SwitchPlan) -> None:
        """Note what would change; the same in preview and apply."""
        self.data.update(
            changed=plan.plan.changed,
            actions=words.actions(self.wish, plan),
            diff=plan.plan.diff(),
            digest=plan.plan.digest(),
            active_before=plan.before.active if plan.before else None,
            active_after=plan.after.active if plan.after else None,
            previous=plan.after.previous if plan.after else None,
            canary=plan.after.canary if plan.after else None,
            maintenance=plan.after is not None and plan.after.maintenance is not None,
            preview=words.preview(plan.after) if plan.after else None,
            take_back=words.take_back(self.wish, plan),
            summary=words.summary(self.wish, plan, preview=self._preview),
        )

    def so_far(self) -> dict[str, Any]:
        """Return what is known when a run ends with an error: what was found, not what was planned and did not come."""
        known = ("site", "dynamic_file", "actions", "active_before", "gate", "confirm", "visible_ms", "soak")
        return {"changed": False, **{key: self.data[key] for key in known if key in self.data}}

    def gated(self, results: list[_gate.Result]) -> None:
        """Note how the gates ended."""
        self.data["gate"] = [result.public() for result in results]

    def proven(self, proof: Proof) -> None:
        """Note what Traefik and the public said."""
        self.data["confirm"] = proof.public()

    def ended(self, outcome: Outcome) -> None:
        """Note a change that held."""
        self.proven(outcome.proof)
        if outcome.proof.reason:
            self.warnings.append(f"proven by Traefik's API only: {outcome.proof.reason}.")
        self.data["visible_ms"] = outcome.proof.visible_ms
        self.data["steps"] = [step.public() for step in outcome.steps]
        self.data["soak"] = outcome.soak.public() if outcome.soak else None
        if self.data["visible_ms"] is not None:
            self.data["summary"] += f", seen by the public after {outcome.proof.visible_ms:g} ms"
        if outcome.soak:
            seen = outcome.soak
            self.data["summary"] += f", {_soak_words(seen, counted=bool(self.wish.soak.metrics_url))} in {seen.seconds:g} s of watching"
            if seen.metrics_gaps:
                self.warnings.append(
                    f"Traefik's metrics could not be read {seen.metrics_gaps} time(s) during the soak; the figures leave those out."
                )


def _soak_words(seen: Evidence, *, counted: bool) -> str:
    """Say what a soak saw; ``counted`` when Traefik's metrics were read."""
    if not counted:
        return f"{seen.probes - seen.probe_failures} of {seen.probes} probes good"
    return f"{seen.errors} errors in {seen.requests} answers" if seen.requests else "no answers to judge"


def preview(report: Report) -> None:
    """Find out what an apply would do, with reads only.

    Args:
        report: is filled as the run goes on, also when it ends with an error.

    Raises:
        BlueGreenError: the apply would be refused, for the same reason.
    """
    wish = report.wish
    check_wish(wish)
    _files.check_directories(wish.dynamic_dir, wish.staging_dir)
    try:
        _files.check_writable(wish.dynamic_dir, wish.staging_dir, wish.path)
    except BlueGreenError as error:
        # Reading is enough for a preview; but who wants to apply next must know.
        report.warnings.append(f"this user could preview, but not apply: {error.sentence}")
    held = see_lock(report)
    plan, _text = _prepare(report)
    if not held:
        _warn_left_hold(report, plan)


def apply(report: Report) -> None:
    """Do it, under the site's lock.

    Args:
        report: is filled as the run goes on, also when it ends with an error.

    Raises:
        BlueGreenError: nothing was changed, or it was taken back; the sentence says which.
    """
    wish = report.wish
    check_wish(wish)
    _files.check_directories(wish.dynamic_dir, wish.staging_dir)
    _files.check_writable(wish.dynamic_dir, wish.staging_dir, wish.path)
    try:
        with interruptible(), hold(wish.lock_path, wish.lock_timeout, wish.site) as lock:
            warn_left_behind(report, lock.left_behind)
            plan, text = _prepare(report, lock.step)
            _warn_left_hold(report, plan)
            if plan.plan.changed:
                report.ended(SwitchRun(wish, plan, text, lock.step).run())
            if wish.state == "absent" or plan.before is None:
                # Without a route nobody works on a colour: what is left of a claim is that of a run that was killed.
                end_claim(wish.staging_dir, wish.site)
    except Interrupted as signalled:
        raise RefusedError(f"{wish.site}: the run was interrupted by {signalled} before anything was changed.") from None


def _prepare(report: Report, tell: Callable[[str], None] | None = None) -> tuple[SwitchPlan, str | None]:
    """Read, plan and check: everything before the first write, the same in preview and apply."""
    wish = report.wish
    text = _files.read_text(wish.path)
    plan = plan_switch(wish, text)
    report.planned(plan)
    report.warnings += warn_of_readers(wish, plan.after)
    if not plan.plan.changed:
        if not report.awaits((plan.after.active,) if plan.after else ()):
            _see_in_step(report, plan)
        return plan, text
    if plan.before is not None:
        _obey_claim(report, plan, preview=tell is None)
    report.warnings += check_directory(wish, plan)
    check_traefik(wish, plan)
    if plan.after is not None and plan.moves_traffic:
        check_metrics(wish, plan)
        if tell is not None:
            tell("gating")
        results = run_gates(wish, plan.after, tuple(colour for colour in plan.gated if not report.awaits((colour,))))
        report.gated(results)
        refuse_closed_gate(wish, results)
    if plan.after is not None:
        check_pages(wish, plan.after, plan.new_pages)
        report.warnings += warn_of_doubts(plan.after)
    return plan, text


def _obey_claim(report: Report, plan: SwitchPlan, *, preview: bool) -> None:
    """Bring nobody to a colour in work, and take no site away under whoever works on it."""
    wish = report.wish
    colours = plan.gated if plan.after is not None else COLOURS
    try:
        refuse_claimed(wish.staging_dir, wish.site, colours, take_over=wish.take_over, expires=wish.claim_expires)
    except _files.FileError as error:
        if not preview:
            raise
        # Reading the route is enough for a preview; the folder of claims is closed to all but who may change something.
        report.warnings.append(f"whether a colour is in work cannot be seen: {error.sentence}")


def _see_in_step(report: Report, plan: SwitchPlan) -> None:
    """Nothing to change in the file, but does Traefik follow it? A killed run may have left that open."""
    proof = prove(report.wish, plan.after)
    report.proven(proof)
    if not proof.proven and plan.after is not None:
        raise RefusedError(
            f"{report.wish.site}: the file {report.wish.path} says {plan.after.active}, but Traefik does not follow it: {proof.reason}."
            " Look into Traefik's log for a file that it cannot load.",
            confirm=proof.public(),
        )


def _warn_left_hold(report: Report, plan: SwitchPlan) -> None:
    """With a free lock nobody answers at the gate any more."""
    if plan.before is not None and plan.before.hold is not None:
        report.warnings.append(
            f"{report.wish.site}: a hold of the writes was left by a process that died, and every write fails since; this ends it."
        )


def see_lock(report: Report) -> bool:
    """In a preview: warn of a lock that somebody holds, or whose owner died, and tell whether it is held."""
    wish = report.wish
    held, note = look(wish.lock_path)
    if held:
        report.warnings.append(
            f"{wish.site} is being changed right now by {note.words() if note else 'another run'}; an apply would wait for it."
        )
    else:
        warn_left_behind(report, note)
    return held


def warn_left_behind(report: Report, note: Note | None) -> None:
    """Warn of an owner of the lock that died."""
    if note is not None:
        report.warnings.append(f"an earlier run did not end in order: {note.words()}. The site's file is whole; its state is read anew.")
