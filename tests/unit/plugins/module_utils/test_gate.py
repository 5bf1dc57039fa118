# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate: what opens it, what keeps it closed, and with which words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import ProbeError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._gate import MAX_REASONS, Gate, for_rule, judge, probe, run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import Answer

GREEN = {"x-bluegreen-colour": "green"}


def answer(status: int = 200, body: bytes = b"ok", headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, GREEN if headers is None else headers, body, 1.0)


@pytest.mark.parametrize(
    ("given", "gate", "said"),
    [
        (answer(), Gate(), None),
        (answer(503), Gate(), "status 503 instead of 200"),
        (answer(503, b'{"reason": "no\\n database"}'), Gate(), "status 503 instead of 200 (no database)"),
        (answer(503, b'{"error": "' + b"x" * 999 + b'"}'), Gate(), "of 200 (" + "x" * 120 + ")"),
        (answer(204), Gate(status=(200, 204)), None),
        (answer(500), Gate(status=(200, 204)), "status 500 instead of 200 or 204"),
        (answer(body=b'{"status": "ok"}'), Gate(body='"status": *"ok"'), None),
        (answer(body=b"\xff\xfe"), Gate(body="ok"), "the body does not match 'ok'"),
        (answer(headers={"x-bluegreen-colour": "blue"}), Gate(), "says 'blue', not 'green': the wrong colour answers"),
        (answer(headers={"x-bluegreen-colour": "GREEN"}), Gate(), "says 'GREEN', not 'green'"),
        (answer(headers={}), Gate(), "header X-Bluegreen-Colour is missing"),
        (answer(headers={"x-me": "green"}), Gate(identity_header="X-Me"), None),
        (answer(body=b'{"colour": "green"}', headers={}), Gate(identity_json="colour"), None),
        (answer(body=b'{"colour": "blue"}'), Gate(identity_json="colour"), "JSON key 'colour' says 'blue'"),
        (answer(body=b"not json"), Gate(identity_json="colour"), "JSON key 'colour' is missing"),
        (answer(body=b'["green"]'), Gate(identity_json="colour"), "JSON key 'colour' is missing"),
        (answer(body=b"[" * 200_000), Gate(identity_json="colour"), "JSON key 'colour' is missing"),
        (answer(body=b'{"colour": 1}'), Gate(identity_json="colour"), "JSON key 'colour' is missing"),
    ],
)
def test_judge(given: Answer, gate: Gate, said: str | None) -> None:
    reason = judge(given, gate, "green")
    assert reason is None if said is None else reason is not None and said in reason


@pytest.mark.parametrize("body", ["", "<h1>password=x</h1>", '{"password": "x"}', '["x"]', '{"reason": 5}', '{"reason": ""}'])
def test_only_the_reason_of_a_json_page_is_quoted(body: str) -> None:
    assert judge(answer(503, body.encode()), Gate(), "green") == "status 503 instead of 200"


def test_an_identity_that_could_echo_a_secret_is_not_quoted() -> None:
    gate = Gate(headers={"X-Token": "secret"})
    assert judge(answer(headers={"x-bluegreen-colour": "secret"}), gate, "green") == (
        "header X-Bluegreen-Colour does not say 'green': the wrong colour answers"
    )
    assert "says 'blue'" in str(judge(answer(headers={"x-bluegreen-colour": "blue"}), gate, "green"))


def test_nothing_is_quoted_when_secret_headers_were_sent() -> None:
    page = answer(503, b'{"reason": "you sent Basic c2VjcmV0"}')
    assert judge(page, Gate(headers={"Authorization": "Basic c2VjcmV0"}), "green") == "status 503 instead of 200"
    assert judge(page, Gate(), "green") == "status 503 instead of 200 (you sent Basic c2VjcmV0)"


@pytest.mark.parametrize(
    ("rule", "host"),
    [
        ("Host(`a.example`) || Host(`b.example`)", "a.example"),
        ('PathPrefix(`/x`) && HOST( "a.example" )', "a.example"),
        ("HostRegexp(`^a`)", None),
        ("PathPrefix(`/`)", None),
    ],
)
def test_the_gate_asks_for_the_first_host_of_the_rule(rule: str, host: str | None) -> None:
    assert for_rule(Gate(), rule).host == host
    assert for_rule(Gate(host="other.example"), rule).host == "other.example"


def test_a_probe_asks_the_path_with_host_and_headers() -> None:
    asked: dict[str, Any] = {}

    def fetch(url: str, **options: Any) -> Answer:
        asked.update(options, url=url)
        return answer()

    gate = Gate(path="/health?x=1", host="acme.example", headers={"Authorization": "secret"}, timeout=1.5, ca_path="/ca.pem")
    assert probe("http://127.0.0.1:8082/", gate, "green", fetch) is None
    assert asked == {
        "url": "http://127.0.0.1:8082/health?x=1",
        "headers": {"Host": "acme.example", "Authorization": "secret"},
        "timeout": 1.5,
        "ca_path": "/ca.pem",
    }
    assert "secret" not in repr(gate)


def fetcher(outcomes: Iterator[Answer | ProbeError]) -> Any:
    def fetch(_url: str, **_options: Any) -> Answer:
        outcome = next(outcomes)
        if isinstance(outcome, ProbeError):
            raise outcome
        return outcome

    return fetch


def test_good_answers_must_come_in_a_row() -> None:
    outcomes = iter([answer(), answer(503), answer(), answer(), answer()])
    result = run("http://x", Gate(successes=3), "green", fetcher(outcomes), lambda _seconds: None)
    assert result.passed
    assert (result.probes, result.reasons) == (5, ("status 503 instead of 200",))
    assert result.url == "http://x/"


def test_a_gate_that_never_opens_ends_at_its_deadline_with_each_reason_once() -> None:
    def outcomes() -> Iterator[Answer | ProbeError]:
        yield ProbeError("connection refused: nothing listens there")
        for number in range(100, 100 + 2 * MAX_REASONS):
            yield answer(number)
        while True:
            yield answer(503)

    result = run("http://x", Gate(deadline=0.05, interval=0.0), "green", fetcher(outcomes()))
    assert not result.passed
    assert result.probes > 2 * MAX_REASONS
    assert len(result.reasons) == MAX_REASONS
    assert result.reasons[-1] == "status 503 instead of 200"
    assert result.elapsed_ms >= 50


def test_the_public_form_is_plain_data() -> None:
    result = run("http://x", Gate(successes=1), "green", fetcher(iter([answer()])))
    assert result.public()["reasons"] == []
    assert set(result.public()) == {"colour", "url", "passed", "probes", "reasons", "elapsed_ms"}


def test_no_probe_is_begun_that_the_deadline_would_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def sleep(seconds: float) -> None:
        now[0] += seconds

    result = run("http://x", Gate(deadline=1.0, interval=0.25), "green", lambda _url, **_options: answer(503), sleep)
    assert (result.passed, result.probes, result.elapsed_ms) == (False, 4, 750.0)
