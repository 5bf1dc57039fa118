# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The soak: after a switch, the new colour is watched under real traffic for a while.

PRIVATE: for this collection's own plugins, not a public interface.

Two kinds of evidence: Traefik's own counters (what the public got) and the gate's probes (what the colour says of itself).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import ProbeError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import Counts

# One lost packet must not undo a switch, so a miss is asked again; but soon, for visitors suffer while a dead colour is doubted.
PROBE_MISSES = 3
MISS_INTERVAL = 0.02


@dataclass(frozen=True)
class Soak:
    """How the new colour is watched.

    Attributes:
        seconds: how long; 0 means not at all.
        max_error_ratio: share of answers of 500 and above (0 to 1) above which the switch is undone.
        min_requests: requests below which the ratio is not judged.
        metrics_url: Traefik's Prometheus metrics, None to watch by probes only.
        probe: whether the gate's probe is repeated during the soak.
        interval: seconds between two looks.
    """

    seconds: float = 0.0
    max_error_ratio: float = 0.01
    min_requests: int = 20
    metrics_url: str | None = None
    probe: bool = True
    interval: float = 0.2


@dataclass
class Evidence:
    """What was seen.

    Attributes:
        seconds: how long was watched.
        requests: answers of the new colour that Traefik counted.
        errors: those of 500 and above.
        error_ratio: errors / requests, 0 without requests.
        probes: probes made.
        probe_failures: probes that failed.
        metrics_gaps: looks at which Traefik's metrics could not be read.
        reasons: why probes failed, each once.
        verdict: ``passed`` or ``failed``.
        reason: why it failed, None when it passed.
    """

    seconds: float = 0.0
    requests: int = 0
    errors: int = 0
    error_ratio: float = 0.0
    probes: int = 0
    probe_failures: int = 0
    metrics_gaps: int = 0
    reasons: list[str] = field(default_factory=list)
    verdict: str = "passed"
    reason: str | None = None

    def public(self) -> dict[str, Any]:
        """Return it as plain data for a module's result."""
        return asdict(self)


def increase(before: Counts, now: Counts) -> Counts:
    """Return what was counted between two looks; a counter that went back was reset by a restart and starts from zero."""
    if now.requests < before.requests or now.errors < before.errors:
        return now
    return Counts(now.requests - before.requests, now.errors - before.errors)


class Watch:
    """Watches a colour until the time is over or the evidence is against it.

    Args:
        soak: how to watch.
        probe: asks the colours' servers once; returns why that is not good, None when it is.
        counts: reads Traefik's counters of the new colour; raises ProbeError.
        clock: monotonic seconds, for tests.
        sleep: the pause, for tests.
    """

    def __init__(
        self,
        soak: Soak,
        probe: Callable[[], str | None],
        counts: Callable[[], Counts] | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._soak = soak
        self._probe = probe
        self._counts = counts
        self._clock = clock
        self._sleep = sleep
        self._last: Counts | None = None
        self._misses = 0
        self.evidence = Evidence()

    def begin(self) -> None:
        """Take the counters' state before the switch, so that only answers after it are judged."""
        if self._counts is not None:
            self._last = self._counts()

    def run(self) -> Evidence:
        """Watch; returns the evidence, with its verdict."""
        begun = self._clock()
        while True:
            self._look()
            self.evidence.seconds = round(self._clock() - begun, 1)
            self._judge()
            left = self._soak.seconds - (self._clock() - begun)
            if self.evidence.verdict == "failed" or left <= 0:
                return self.evidence
            pause = MISS_INTERVAL if self._misses else self._soak.interval
            self._sleep(min(pause, self._soak.interval, left))

    def _look(self) -> None:
        if self._soak.probe:
            reason = self._probe()
            self.evidence.probes += 1
            self._misses = self._misses + 1 if reason else 0
            if reason:
                self.evidence.probe_failures += 1
                if reason not in self.evidence.reasons:
                    self.evidence.reasons.append(reason)
        if self._counts is None:
            return
        try:
            now = self._counts()
        except ProbeError:
            self.evidence.metrics_gaps += 1
            return
        more = increase(self._last or Counts(0, 0), now)
        self._last = now
        self.evidence.requests += more.requests
        self.evidence.errors += more.errors

    def _judge(self) -> None:
        seen = self.evidence
        seen.error_ratio = round(seen.errors / seen.requests, 4) if seen.requests else 0.0
        if self._misses >= PROBE_MISSES:
            self._fail(f"{self._misses} probes in a row failed, the last because: {seen.reasons[-1]}")
        elif seen.requests >= self._soak.min_requests and seen.errors > self._soak.max_error_ratio * seen.requests:
            allowed = f"max_error_ratio={self._soak.max_error_ratio:g}"
            self._fail(f"{seen.errors} of {seen.requests} public answers were errors of 500 or above ({seen.error_ratio:.2%}), {allowed}")

    def _fail(self, reason: str) -> None:
        self.evidence.verdict = "failed"
        self.evidence.reason = reason
