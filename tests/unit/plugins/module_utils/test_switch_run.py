# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof: what counts as seen by the public."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files, _gate, _switch_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import ProbeError, UndoneError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import FileError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import Answer
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import render
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Confirm, Wish, plan_switch
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_run import Interrupted, Proof, SwitchRun, interruptible
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import Router, TraefikApi

COLOURS = {"blue": ("http://127.0.0.1:1",), "green": ("http://127.0.0.1:2",)}
ROUTE = Route("acme", "green", "blue", None, "Host(`a`)", COLOURS)
WISH = Wish("acme", "/dynamic", "/staging", confirm=Confirm(public_url="http://a/", timeout=0.2))


def answers(monkeypatch: pytest.MonkeyPatch, *given: tuple[int, str]) -> None:
    """The public address answers with these, and then with the last of them for ever."""
    queue = list(given)

    def get(_url: str, **_options: Any) -> Answer:
        status, colour = queue.pop(0) if len(queue) > 1 else queue[0]
        return Answer(status, {"x-bluegreen-colour": colour}, b"", 1.0)

    monkeypatch.setattr(_switch_run, "get", get)


def test_good_answers_must_come_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, (200, "blue"), (200, "green"), (200, "green"), (200, "blue"), (200, "green"))
    proof = _switch_run.prove(WISH, ROUTE)
    assert (proof.proven, proof.polls, proof.api) == (True, 7, False)
    assert proof.visible_ms is not None


@pytest.mark.parametrize(("status", "proven"), [(200, True), (404, True), (499, True), (500, False), (503, False)])
def test_an_error_page_of_the_right_colour_proves_nothing(monkeypatch: pytest.MonkeyPatch, status: int, proven: bool) -> None:
    answers(monkeypatch, (status, "green"))
    assert _switch_run.prove(WISH, ROUTE).proven is proven


def test_the_soak_asks_every_server_of_the_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    well, sick = "http://127.0.0.1:2", "http://127.0.0.1:3"
    monkeypatch.setattr(_gate, "probe", lambda url, _gate, colour: "status 503" if (url, colour) == (sick, "green") else None)
    route = replace(ROUTE, colours={**COLOURS, "green": (well, sick)})
    assert _switch_run._first_bad(WISH, route, ["green"]) == f"{sick}: status 503"
    assert _switch_run._first_bad(WISH, ROUTE, ["green"]) is None


def test_a_second_signal_does_not_take_the_place_of_the_first() -> None:
    """It can come while the first one is still on its way up to the undoing."""

    def twice() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    with interruptible(), pytest.raises(Interrupted, match="SIGTERM"):
        twice()


def test_afterwards_signals_mean_what_they_meant() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with interruptible():
        assert all(signal.getsignal(number) is not handler for number, handler in zip(numbers, before, strict=True))
    assert [signal.getsignal(number) for number in numbers] == before


def switch_run(folder: Path) -> SwitchRun:
    """A first route, with its file in a folder."""
    (folder / "dynamic").mkdir()
    wish = replace(WISH, dynamic_dir=str(folder / "dynamic"), staging_dir=str(folder / "staging"), colours=COLOURS, rule="Host(`a`)")
    return SwitchRun(wish, plan_switch(wish, None), None, lambda _step: None)


def test_the_time_until_it_is_seen_begins_before_the_rename(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    times: dict[str, float] = {}

    def commit(_staged: str, _path: str) -> None:
        times["rename"] = time.monotonic()

    def prove(_wish: Wish, _route: Route | None, since: float, _patience: float, **_options: object) -> Proof:
        times["since"] = since
        return Proof(proven=True, visible_ms=1.0, polls=3, api=False, reason=None)

    monkeypatch.setattr(_files, "commit", commit)
    monkeypatch.setattr(_switch_run, "prove", prove)
    with interruptible():
        switch_run(tmp_path).run()
    assert times["since"] <= times["rename"]


@pytest.mark.parametrize(
    ("tls", "had_route", "patience"), [({"certResolver": "le"}, False, 60.0), ({"certResolver": "le"}, True, 0.2), ({}, False, 0.2)]
)
def test_only_a_first_route_waits_for_an_acme_order(tmp_path: Path, tls: dict[str, str], had_route: bool, patience: float) -> None:
    wish = replace(WISH, dynamic_dir=str(tmp_path), colours=COLOURS, rule="Host(`a`)", tls=tls, keep_tls=False, target="green")
    before = render(replace(ROUTE, active="blue", previous=None)) if had_route else None
    assert SwitchRun(wish, plan_switch(wish, before), before, lambda _step: None)._patience(plan_switch(wish, before).legs[0]) == patience


def test_a_bug_of_ours_does_not_leave_an_unproven_route(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = switch_run(tmp_path)
    answers = iter([ZeroDivisionError(), None])

    def prove(*_arguments: object, **_options: object) -> Proof:
        error = next(answers)
        if error:
            raise error
        return Proof(proven=True, visible_ms=None, polls=0, api=False, reason=None)

    monkeypatch.setattr(_switch_run, "prove", prove)
    with interruptible(), pytest.raises(UndoneError, match=r"unexpected ZeroDivisionError\. It was taken back"):
        run.run()
    assert list((tmp_path / "dynamic").iterdir()) == []


def test_a_way_back_that_cannot_be_made_leaves_no_staged_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def keep(_path: str, _kept: str) -> None:
        raise FileError("no second name")

    monkeypatch.setattr(_files, "keep", keep)
    run = switch_run(tmp_path)
    run._old_text = "old"
    with pytest.raises(FileError, match="no second name"):
        run.run()
    assert list((tmp_path / "staging").iterdir()) == []


def test_an_address_that_does_not_answer_breaks_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    good, silent = Answer(200, {"x-bluegreen-colour": "green"}, b"", 1.0), ProbeError("no answer")
    queue: list[Answer | ProbeError] = [good, good, silent, good, good, good]

    def get(_url: str, **_options: Any) -> Answer:
        given = queue.pop(0)
        if isinstance(given, ProbeError):
            raise given
        return given

    monkeypatch.setattr(_switch_run, "get", get)
    assert _switch_run.prove(WISH, ROUTE).polls == 6


def test_a_route_is_gone_when_the_api_shows_it_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = iter([Router("acme-blue", "enabled"), Router("acme-blue", "enabled"), None])
    monkeypatch.setattr(TraefikApi, "router", lambda _self, _name: next(shown))
    wish = replace(WISH, confirm=Confirm(api_url="http://traefik"))
    assert (_switch_run.prove(wish, None).proven, list(shown)) == (True, [])


def test_a_signal_on_the_way_into_the_undoing_does_not_stop_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real, signals = SwitchRun._undo, [signal.SIGTERM]

    def undo(self: SwitchRun, *arguments: Any) -> UndoneError:
        while signals:
            os.kill(os.getpid(), signals.pop())
        return real(self, *arguments)

    monkeypatch.setattr(SwitchRun, "_undo", undo)
    monkeypatch.setattr(
        _switch_run, "prove", lambda *_arguments, **_options: Proof(proven=False, visible_ms=None, polls=0, api=False, reason="no")
    )
    with interruptible(), pytest.raises(UndoneError, match="It was taken back"):
        switch_run(tmp_path).run()
    assert list((tmp_path / "dynamic").iterdir()) == []


def test_a_rollback_holds_when_only_the_api_proves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """SITE conf may name a host today that the old route never had: the emergency exit must not be taken back for that."""
    answers(monkeypatch, (404, ""))
    monkeypatch.setattr(_switch_run, "difference", lambda *_arguments: None)
    monkeypatch.setattr(TraefikApi, "router", lambda _self, _name: None)
    wish = replace(WISH, confirm=replace(WISH.confirm, api_url="http://traefik"))
    strict, lenient = _switch_run.prove(wish, ROUTE), _switch_run.prove(wish, ROUTE, api_suffices=True)
    assert (strict.proven, strict.api) == (False, False)
    assert (lenient.proven, lenient.api, lenient.visible_ms) == (True, True, None)
    assert "status 404" in str(lenient.reason)


def test_a_rollback_that_the_api_does_not_show_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, (404, ""))
    monkeypatch.setattr(_switch_run, "difference", lambda *_arguments: "it shows blue")
    monkeypatch.setattr(TraefikApi, "router", lambda _self, _name: None)
    wish = replace(WISH, confirm=replace(WISH.confirm, api_url="http://traefik"))
    assert _switch_run.prove(wish, ROUTE, api_suffices=True).proven is False
    assert _switch_run.prove(WISH, ROUTE, api_suffices=True).proven is False
