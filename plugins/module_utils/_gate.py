# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: is this colour well, and is it really this colour?

PRIVATE: for this collection's own plugins, not a public interface.

The gate asks a colour directly, not through Traefik, and only with GET, so a preview opens or closes it exactly as an apply does.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import ProbeError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import Answer, get

MAX_REASONS = 5
MAX_QUOTED = 120
# Where health pages say why: RFC 7807 (detail), the health+json draft (output), and what most frameworks write.
REASON_KEYS = ("reason", "detail", "output", "message", "error")


@dataclass(frozen=True)
class Gate:
    """What a colour must answer.

    Attributes:
        path: path and query that are asked for.
        status: status codes that are good.
        body: regular expression that must be found in the body, None for any body.
        identity_header: header whose value must be the colour.
        identity_json: key of a JSON body whose value must be the colour; replaces the header when set.
        host: Host header, None for the URL's own.
        headers: request headers; their values are secret.
        timeout: seconds for one probe.
        successes: good answers in a row that open the gate.
        deadline: seconds after which a gate that is not open stays closed.
        interval: seconds between two probes.
        ca_path: PEM file of the authorities for https backends.
    """

    path: str = "/"
    status: tuple[int, ...] = (200,)
    body: str | None = None
    identity_header: str = "X-Bluegreen-Colour"
    identity_json: str | None = None
    host: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 2.0
    successes: int = 2
    deadline: float = 10.0
    interval: float = 0.05
    ca_path: str | None = None


@dataclass(frozen=True)
class Result:
    """How the gate of one URL ended.

    Attributes:
        colour: the colour that was expected.
        url: what was asked.
        passed: whether it opened.
        probes: how often it was asked.
        reasons: why probes failed, each reason once, the last ones kept.
        elapsed_ms: how long it took, in milliseconds.
    """

    colour: str
    url: str
    passed: bool
    probes: int
    reasons: tuple[str, ...]
    elapsed_ms: float

    def public(self) -> dict[str, Any]:
        """Return it as plain data for a module's result."""
        return {**asdict(self), "reasons": list(self.reasons)}


def for_rule(gate: Gate, rule: str) -> Gate:
    """Return the gate with the first host of a router rule as its Host header, unless it names one itself.

    Applications that serve several names (WordPress among them) answer an unknown name with a redirect.
    """
    found = re.search(r"\bhost\(\s*[`\"]([^`\"]+)[`\"]\s*\)", rule, re.IGNORECASE)
    return replace(gate, host=found[1]) if found and gate.host is None else gate


def colour_of(answer: Answer, gate: Gate) -> str | None:
    """Read which colour an answer says it comes from, None when it does not say."""
    if gate.identity_json is None:
        return answer.headers.get(gate.identity_header.lower())
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    value = data.get(gate.identity_json) if isinstance(data, dict) else None
    return value if isinstance(value, str) else None


def judge(answer: Answer, gate: Gate, colour: str) -> str | None:
    """Say why an answer does not open the gate, None when it does."""
    if answer.status not in gate.status:
        expected = " or ".join(str(status) for status in gate.status)
        return f"status {answer.status} instead of {expected}{_excerpt(answer, gate)}"
    if gate.body is not None and not re.search(gate.body, answer.body.decode("utf-8", "replace")):
        return f"the body does not match {gate.body!r}"
    said = colour_of(answer, gate)
    if said != colour:
        where = f"header {gate.identity_header}" if gate.identity_json is None else f"JSON key {gate.identity_json!r}"
        if said is None:
            return f"{where} is missing: nothing proves that this is {colour}"
        # Whatever answers there chooses this text: it is cut, and not quoted where it could echo a secret header.
        shown = f"says {said[:40]!r}, not" if said in COLOURS or not gate.headers else "does not say"
        return f"{where} {shown} {colour!r}: the wrong colour answers"
    return None


def _excerpt(answer: Answer, gate: Gate) -> str:
    """Quote what a JSON health page says it lacks ("no database"); other pages can be debug pages full of secrets.

    Nothing is quoted when secret headers were sent, for a page can echo them in any encoding.
    """
    if gate.headers:
        return ""
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    said = [data[key] for key in REASON_KEYS if isinstance(data, dict) and isinstance(data.get(key), str)]
    if not said:
        return ""
    line = " ".join("".join(char if char.isprintable() else " " for char in said[0][:MAX_QUOTED]).split())
    return f" ({line})" if line else ""


def probe(url: str, gate: Gate, colour: str, fetch: Callable[..., Answer] = get) -> str | None:
    """Ask once; return why it is not good, None when it is."""
    headers = {**({"Host": gate.host} if gate.host else {}), **gate.headers}
    try:
        answer = fetch(url.rstrip("/") + gate.path, headers=headers, timeout=gate.timeout, ca_path=gate.ca_path)
    except ProbeError as error:
        return error.sentence
    return judge(answer, gate, colour)


def run(url: str, gate: Gate, colour: str, fetch: Callable[..., Answer] = get, sleep: Callable[[float], None] = time.sleep) -> Result:
    """Ask until enough good answers came in a row, or the deadline has passed.

    Args:
        url: base URL of one server of the colour.
        gate: what it must answer.
        colour: who it must be.
        fetch: the transport, for tests.
        sleep: the pause, for tests.

    Returns:
        The result, with the reasons of the probes that failed.
    """
    begun = time.monotonic()
    good = probes = 0
    reasons: dict[str, None] = {}
    while True:
        probes += 1
        reason = probe(url, gate, colour, fetch)
        good = 0 if reason else good + 1
        if reason:
            # Re-inserted so that the last reason seen stands last.
            reasons.pop(reason, None)
            reasons[reason] = None
        elapsed = time.monotonic() - begun
        if good >= gate.successes or elapsed + gate.interval >= gate.deadline:
            kept = tuple(reasons)[-MAX_REASONS:]
            return Result(colour, url.rstrip("/") + gate.path, good >= gate.successes, probes, kept, round(elapsed * 1000, 1))
        sleep(gate.interval)
