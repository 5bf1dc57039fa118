# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof: what counts as seen by the public."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _switch_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import Answer
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import Confirm, Wish

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
