# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a switch: put the file into place, prove it, watch it, and take it back when it does not prove itself.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files, _gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import (
    BlueGreenError,
    ProbeError,
    RefusedError,
    UndoneError,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import Answer, get
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._in_step import difference
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import service_name
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._soak import Evidence, Watch
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_check import is_maintenance_page
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Leg, SwitchPlan, Wish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import TraefikApi, read_counts

# Traefik needs 5 ms to take a change (measured); asking every millisecond keeps the figure honest without loading it.
POLL_SECONDS = 0.001
# The answers that must come from the new colour in a row; one alone could be luck when several Traefiks share an address.
PUBLIC_SUCCESSES = 3
# An order at a public authority takes 5-30 s; the site was not served before, so nobody is kept waiting.
ACME_SECONDS = 60.0


class Interrupted(BaseException):
    """SIGTERM, SIGINT or SIGHUP came; not an Exception, so that nothing on the way swallows it."""


@dataclass(frozen=True)
class Proof:
    """What Traefik and the public said.

    Attributes:
        proven: whether both follow the file.
        visible_ms: from the rename to the first public answer of the colour, None without public_url.
        polls: public requests made.
        api: whether Traefik's API was asked, and shows what the file says.
        reason: what was still missing, None when proven.
    """

    proven: bool
    visible_ms: float | None
    polls: int
    api: bool
    reason: str | None

    def public(self) -> dict[str, Any]:
        """Return it as plain data for a module's result."""
        return {"proven": self.proven, "polls": self.polls, "api": self.api, "reason": self.reason}


@dataclass(frozen=True)
class Held:
    """One step that held.

    Attributes:
        percent: the share of the visitors that the colour to come had at it; None when no share was changed.
        proof: what Traefik and the public said.
        soak: what was seen while it was watched, None when it was not.
    """

    percent: int | None
    proof: Proof
    soak: Evidence | None

    def public(self) -> dict[str, Any]:
        """Return it as plain data for a module's result."""
        return {"percent": self.percent, "confirm": self.proof.public(), "soak": self.soak.public() if self.soak else None}


@dataclass(frozen=True)
class Outcome:
    """A change that held: the last step's evidence, and that of each step."""

    proof: Proof
    soak: Evidence | None
    steps: tuple[Held, ...] = ()


def prove(
    wish: Wish, route: Route | None, since: float | None = None, patience: float | None = None, *, api_suffices: bool = False
) -> Proof:
    """Ask Traefik's API and the public address until both follow the file, or the time is over.

    Args:
        wish: tells whom to ask, and for how long.
        route: what should be served, None when the site should be gone.
        since: monotonic time of the rename; now by default.
        patience: seconds until the proof must be there; ``confirm.timeout`` by default.
        api_suffices: for the emergency exit: when the time is over, what Traefik's API shows is proof enough. A rollback that is
            taken back because the public address is not what SITE conf says today would leave visitors on the sick colour.

    Returns:
        The proof, proven or not; proven with a reason when the public address said otherwise.
    """
    prover = _Prover(wish, route, time.monotonic() if since is None else since)
    deadline = time.monotonic() + (wish.confirm.timeout if patience is None else patience)
    while True:
        reason = prover.ask()
        if reason is None or time.monotonic() >= deadline:
            asked = wish.confirm.api_url is not None
            shown = asked and (reason is None or (api_suffices and prover.ask_api() is None))
            return Proof(reason is None or shown, prover.visible_ms, prover.polls, shown, reason)
        time.sleep(POLL_SECONDS)


class _Prover:
    """Asks once per call, and remembers what was already seen."""

    def __init__(self, wish: Wish, route: Route | None, since: float) -> None:
        self._wish = wish
        self._route = route
        self._since = since
        self._in_a_row = 0
        self._api = TraefikApi(wish.confirm.api_url, wish.confirm.timeout) if wish.confirm.api_url else None
        self.visible_ms: float | None = None
        self.polls = 0

    def ask(self) -> str | None:
        """Say what is missing, None when all is as it should be."""
        public = self._ask_public()
        # The public is asked alone until it answers: the API's turn would only add to the time that is measured.
        return public or self.ask_api()

    def _ask_public(self) -> str | None:
        confirm, route = self._wish.confirm, self._route
        if confirm.public_url is None or route is None or self._in_a_row >= PUBLIC_SUCCESSES:
            return None
        self.polls += 1
        try:
            answer = get(
                confirm.public_url,
                timeout=confirm.timeout,
                connect_to=confirm.connect_to,
                ca_path=confirm.ca_path,
                validate_certs=confirm.validate_certs,
            )
        except ProbeError as error:
            self._in_a_row = 0
            return f"{confirm.public_url} does not answer ({error.sentence})"
        wrong = _wrong(answer, _gate.colour_of(answer, self._wish.gate), route)
        if wrong:
            self._in_a_row = 0
            return f"{confirm.public_url} answers with status {answer.status} from {wrong}"
        if self.visible_ms is None:
            self.visible_ms = round((time.monotonic() - self._since) * 1000, 1)
        self._in_a_row += 1
        return (
            None if self._in_a_row >= PUBLIC_SUCCESSES else f"{confirm.public_url} has not answered {PUBLIC_SUCCESSES} times in a row yet"
        )

    def ask_api(self) -> str | None:
        """Say what Traefik's API does not show yet."""
        if self._api is None:
            return None
        try:
            router = self._api.router(self._wish.site)
            if self._route is None:
                return f"Traefik's API still shows the router {self._wish.site}" if router else None
            return difference(self._api, router, self._route)
        except ProbeError as error:
            return f"Traefik's API does not answer ({error.sentence})"


def _wrong(answer: Answer, said: str | None, route: Route) -> str | None:
    """Say from whom an answer came, and from whom it should have, None when it is as it should be."""
    page = route.maintenance
    if page is not None and said is None and is_maintenance_page(answer):
        return None
    # Whoever asks may be one of those who see the site all the same. An error page of the right colour proves nothing.
    sees_site = page is None or bool(page.allow)
    if sees_site and said in route.serving and answer.status < 500:
        return None
    wanted = " or ".join(route.serving) if page is None else "the maintenance page"
    return f"{(said or 'an unknown colour')[:40]}, not from {wanted}"


class SwitchRun:
    """Executes one plan; within ``interruptible``, so that a signal takes it back.

    Args:
        wish: what was asked for.
        plan: what to do; it must change something.
        old_text: the site's file as the plan found it.
        tell: is told the name of each step as it begins (the lock's note).
    """

    def __init__(self, wish: Wish, plan: SwitchPlan, old_text: str | None, tell: Callable[[str], None]) -> None:
        self._wish = wish
        self._plan = plan
        self._old_text = old_text
        self._tell = tell
        # The way back was tried and failed: the old file must then stay where a person can take it.
        self._undo_failed = False
        self._kept = os.path.join(wish.staging_dir, f"{wish.site}.yml.old")

    def run(self) -> Outcome:
        """Do it.

        Raises:
            BlueGreenError: nothing was changed (FileError), or it was taken back (UndoneError, with the evidence).
        """
        first = self._plan.legs[0]
        watch = self._watch(first)
        staged = self._stage(first)
        self._keep_old(staged)
        try:
            return self._forward(staged, watch)
        except Interrupted as signalled:
            # Out here, because it may also come between a failure and the moment from which signals are ignored.
            raise self._undo(f"the run was interrupted by {signalled}", {}) from None
        finally:
            _files.discard(_files.staged_path(self._wish.path, self._wish.staging_dir))
            if not self._undo_failed:
                _files.discard(self._kept)

    def _forward(self, staged: str | None, watch: Watch | None) -> Outcome:
        """Walk all the steps; what fails is taken back."""
        held: list[Held] = []
        try:
            for number, leg in enumerate(self._plan.legs):
                if number:
                    watch = self._watch(leg)
                    staged = self._stage(leg)
                held.append(self._walk(leg, staged, watch))
            _ignore_signals()
            return Outcome(held[-1].proof, held[-1].soak, tuple(held))
        except BlueGreenError as error:
            raise self._undo(error.sentence, {**error.facts, "steps": [step.public() for step in held]}) from None
        except Exception as error:
            # A bug of ours must not leave the site on an unproven colour either.
            raise self._undo(f"unexpected {type(error).__name__}", {}) from error

    def _walk(self, leg: Leg, staged: str | None, watch: Watch | None) -> Held:
        """Take one step: put its file into place, prove it, watch it."""
        self._tell("switching")
        since = time.monotonic()
        if leg.change is not None:
            self._put(staged)
        self._tell("proving")
        patience = self._patience(leg)
        proof = prove(self._wish, leg.after, since, patience, api_suffices=self._wish.target == "previous")
        if not leg.only_moves:
            # The old route answers with the same colours: the time of the first answer would say nothing.
            proof = replace(proof, visible_ms=None)
        if not proof.proven:
            raise UndoneError(
                f"Traefik did not follow within confirm.timeout={patience:g} s: {proof.reason}; Traefik's log tells why",
                confirm=proof.public(),
            )
        return Held(leg.percent, proof, self._soak(leg, watch, proof))

    def _stage(self, leg: Leg) -> str | None:
        self._tell("staging")
        if leg.change is None or leg.change.after is None:
            return None
        return _files.stage(leg.change.after, self._wish.path, self._wish.staging_dir)

    def _keep_old(self, staged: str | None) -> None:
        """Give the old file a second name: taking it back is then a rename, which a full disk cannot stop."""
        if self._old_text is None:
            return
        try:
            _files.keep(self._wish.path, self._kept)
        except BlueGreenError:
            _files.discard(staged)
            raise

    def _patience(self, leg: Leg) -> float:
        """A first route whose certificate has yet to be issued needs the time of an ACME order, whatever confirm.timeout says."""
        orders = leg.before is None and leg.after is not None and "certResolver" in (leg.after.tls or {})
        return max(self._wish.confirm.timeout, ACME_SECONDS) if orders else self._wish.confirm.timeout

    def _put(self, staged: str | None) -> None:
        if staged is None:
            _files.remove(self._wish.path)
        else:
            _files.commit(staged, self._wish.path)

    def _watch(self, leg: Leg) -> Watch | None:
        after = leg.after
        if after is None or self._wish.soak.seconds <= 0 or not leg.watched:
            return None
        url = self._wish.soak.metrics_url
        services = tuple(service_name(after.site, colour) for colour in leg.watched)
        counts = functools.partial(read_counts, url, services, self._wish.confirm.timeout) if url else None
        watch = Watch(self._wish.soak, functools.partial(_first_bad, self._wish, after, leg.watched), counts)
        try:
            watch.begin()
        except ProbeError as error:
            raise RefusedError(
                f"soak.metrics_url: {url} gives no metrics ({error.sentence}); switch Traefik's Prometheus metrics on, or leave it out."
            ) from None
        return watch

    def _soak(self, leg: Leg, watch: Watch | None, proof: Proof) -> Evidence | None:
        if watch is None:
            return None
        at = f" at {leg.after.canary} %" if leg.after is not None and leg.after.canary is not None else ""
        self._tell(f"soaking{at}")
        evidence = watch.run()
        if evidence.verdict == "passed" and self._is_blind(leg, evidence, proof):
            evidence = replace(
                evidence,
                verdict="failed",
                reason=f"soak.metrics_url counted none of the {proof.polls} requests that this run made itself"
                " (is addServicesLabels on, and is it this Traefik's?), so nothing was watched",
            )
        if evidence.verdict == "failed":
            raise UndoneError(
                f"the soak failed{at}: {evidence.reason}",
                soak=evidence.public(),
                confirm=proof.public(),
                visible_ms=proof.visible_ms,
            )
        return evidence

    def _is_blind(self, leg: Leg, evidence: Evidence, proof: Proof) -> bool:
        """Tell whether the metrics missed our own requests, made between the first and the last look at them."""
        if self._wish.soak.metrics_url is None or evidence.metrics_gaps or evidence.requests or leg.after is None:
            return False
        # Elsewhere our requests may have gone to a colour that is not counted, or to the maintenance page.
        ours_were_counted = set(leg.after.serving) == set(leg.watched) and leg.after.maintenance is None
        return ours_were_counted and proof.polls > 0 and proof.reason is None

    def _undo(self, why: str, facts: dict[str, Any]) -> UndoneError:
        """Put the old file back, see that it serves, and say all of it."""
        # A signal must not interrupt the undoing and leave the site on a colour that did not prove itself.
        _ignore_signals()
        self._tell("undoing")
        before = self._plan.before
        try:
            if self._old_text is None:
                _files.remove(self._wish.path)
            else:
                _files.restore(self._kept, self._wish.path)
        except BlueGreenError as error:
            self._undo_failed = True
            remedy = f"put it right by hand: mv {self._kept} {self._wish.path}" if before else f"remove {self._wish.path} by hand"
            return UndoneError(
                f"{self._wish.site}: {why}. It could NOT be taken back ({error.sentence}); {remedy}.", **facts, undone=False, changed=True
            )
        proof = self._prove_undone(before)
        serving = _as_before(before)
        doubt = "" if proof.proven else f", but that could not be proven ({proof.reason})"
        return UndoneError(f"{self._wish.site}: {why}. It was taken back: {serving}{doubt}.", **facts, undone=True, undo=proof.public())

    def _prove_undone(self, before: Route | None) -> Proof:
        try:
            return prove(self._wish, before)
        except Exception as error:
            # The old file is back: that must be said, whatever a bug of ours makes of Traefik's answer.
            return Proof(proven=False, visible_ms=None, polls=0, api=False, reason=f"unexpected {type(error).__name__}")


def _as_before(before: Route | None) -> str:
    """Say what visitors get again."""
    if before is None:
        return "the site has no route, as before"
    if before.maintenance is not None:
        return "visitors see the maintenance page, as before"
    rest = "" if before.canary is None else f", {before.idle} with {before.canary} %"
    return f"{before.active} serves as before{rest}"


def _first_bad(wish: Wish, route: Route, colours: Iterable[str]) -> str | None:
    """Probe every server of some colours once; return the first reason."""
    gate = _gate.for_rule(wish.gate, route.rule)
    for colour in colours:
        for url in route.colours[colour]:
            reason = _gate.probe(url, gate, colour)
            if reason:
                return f"{url}: {reason}"
    return None


_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def _ignore_signals() -> None:
    """Let nothing interrupt from here on; ``interruptible`` puts the handlers back at its end."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn the signals of an impatient operator into an exception that undoes, for as long as there is something to undo."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        raise Interrupted(signal.Signals(number).name)

    # A signal that is ignored already stays ignored: that is what nohup asks for.
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    previous = {number: signal.signal(number, interrupt) for number in heeded}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
