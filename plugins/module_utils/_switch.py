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
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import Note, hold, look
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_check import (
    check_directory,
    check_metrics,
    check_traefik,
    refuse_closed_gate,
    run_gates,
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
        self._colour_moves = False
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
        }

    def planned(self, plan: SwitchPlan) -> None:
        """Note what would change; the same in preview and apply."""
        self._colour_moves = plan.colour_moves
        self.data.update(
            changed=plan.plan.changed,
            actions=_actions(self.wish, plan),
            diff=plan.plan.diff(),
            digest=plan.plan.digest(),
            active_before=plan.before.active if plan.before else None,
            active_after=plan.after.active if plan.after else None,
            previous=plan.after.previous if plan.after else None,
            take_back=_take_back(self.wish, plan),
            summary=_summary(self.wish, plan, preview=self._preview),
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
        # Where the colour stays, the old route answers with it too: the time of the first answer would say nothing.
        self.data["visible_ms"] = outcome.proof.visible_ms if self._colour_moves else None
        self.data["soak"] = outcome.soak.public() if outcome.soak else None
        if self.data["visible_ms"] is not None:
            self.data["summary"] += f", seen by the public after {outcome.proof.visible_ms:g} ms"
        if outcome.soak:
            seen = outcome.soak
            answers = (
                f"{seen.errors} errors in {seen.requests} answers"
                if self.wish.soak.metrics_url
                else f"{seen.probes - seen.probe_failures} of {seen.probes} probes good"
            )
            self.data["summary"] += f", {answers} in {seen.seconds:g} s of watching"
            if seen.metrics_gaps:
                self.warnings.append(
                    f"Traefik's metrics could not be read {seen.metrics_gaps} time(s) during the soak; the figures leave those out."
                )


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
    held, note = look(wish.lock_path)
    if held:
        report.warnings.append(
            f"{wish.site} is being changed right now by {note.words() if note else 'another run'}; an apply would wait for it."
        )
    else:
        _warn_left_behind(report, note)
    _prepare(report)


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
            _warn_left_behind(report, lock.left_behind)
            plan, text = _prepare(report, lock.step)
            if plan.plan.changed:
                report.ended(SwitchRun(wish, plan, text, lock.step).run())
    except Interrupted as signalled:
        raise RefusedError(f"{wish.site}: the run was interrupted by {signalled} before anything was changed.") from None


def _prepare(report: Report, tell: Callable[[str], None] | None = None) -> tuple[SwitchPlan, str | None]:
    """Read, plan and check: everything before the first write, the same in preview and apply."""
    wish = report.wish
    text = _files.read_text(wish.path)
    plan = plan_switch(wish, text)
    report.planned(plan)
    if not plan.plan.changed:
        _see_in_step(report, plan)
        return plan, text
    report.warnings += check_directory(wish, plan)
    check_traefik(wish, plan)
    if plan.after is not None and plan.moves_traffic:
        check_metrics(wish, plan)
        if tell is not None:
            tell("gating")
        results = run_gates(wish, plan.after)
        report.gated(results)
        refuse_closed_gate(wish, plan.after, results)
    return plan, text


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


def _warn_left_behind(report: Report, note: Note | None) -> None:
    if note is not None:
        report.warnings.append(f"an earlier run did not end in order: {note.words()}. The site's file is whole; its state is read anew.")


def _actions(wish: Wish, plan: SwitchPlan) -> list[str]:
    """Say in order what an apply does."""
    if not plan.plan.changed:
        return []
    lines = [f"{change.kind} {change.name}" for change in plan.plan.changes]
    if plan.after is None:
        return [*lines, f"take the route of {wish.site} away"]
    if plan.moves_traffic:
        lines.insert(0, f"gate {plan.after.active}")
        lines.append(f"route {wish.site} to {plan.after.active}")
    lines.append("prove it")
    if plan.moves_traffic and wish.soak.seconds > 0:
        lines.append(f"soak for {wish.soak.seconds:g} s")
    return lines


def _summary(wish: Wish, plan: SwitchPlan, *, preview: bool) -> str:
    """Say it in one sentence; a preview must not claim what it has not done."""
    if not plan.plan.changed:
        what = f"{plan.after.active} serves, nothing to change" if plan.after else "no route, as wished"
    elif plan.after is None:
        what = "would remove the route" if preview else "route removed"
    elif plan.before is None:
        what = f"would make the route, on {plan.after.active}" if preview else f"route made, {plan.after.active} serves"
    elif plan.switched:
        verb = ("would roll back" if preview else "rolled back") if plan.after.rolled_back else ("would switch" if preview else "switched")
        what = f"{verb} from {plan.before.active} to {plan.after.active}"
    else:
        what = f"{'would update the route' if preview else 'route updated'}, {plan.after.active} serves as before"
    return f"{wish.site}: {what}"


def _take_back(wish: Wish, plan: SwitchPlan) -> str | None:
    """Say what to type to get back to where it was."""
    if not plan.switched or plan.before is None or plan.after is None:
        return None
    command = "rollback" if plan.after.previous else f"switch -e bluegreen_target={plan.before.active}"
    return f"ansible-playbook bluegreen.orchestrator.{command} --limit {wish.site} -e dry_run=false"
