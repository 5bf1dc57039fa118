# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for Chatwoot is held to Chatwoot's own description, and says so loudly."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.chatwoot import ChatwootStandIn, app, extract, facts
from lab.chatwoot.contract import NO_JSON, BrokenContractError, Contract
from lab.chatwoot.differences import ANY, DIFFERENCES
from tests.harness.ansible import ROOT
from tests.integration.desk import Chatwoot


def test_every_route_is_described_and_every_difference_has_evidence() -> None:
    operations = Contract().operations
    assert set(app.ROUTES) <= set(operations)
    for difference in DIFFERENCES:
        assert difference.evidence
        assert difference.what
        assert all(route == ANY or route in operations for route in difference.routes)


def test_where_the_extract_is_from_stands_in_it_and_its_licence_beside_it() -> None:
    found = json.loads(extract.FILE.read_text())
    assert found["_origin"] == extract.ORIGIN
    assert "Permission is hereby granted, free of charge" in extract.FILE.with_suffix(".LICENSE").read_text()
    # Made from itself it is itself: what refers to something brings it along.
    assert extract.written(extract.extract(found)) == extract.FILE.read_text()


def test_what_the_description_does_not_say_is_refused() -> None:
    contract = Contract()
    operation = contract.find("POST", "/platform/api/v1/accounts")
    assert operation is not None
    contract.check_request(operation, {"name": "A", "features": {"macros": True}}, {})
    wrongs: tuple[Any, ...] = ({"nam": "A"}, {"name": 7}, {"name": "A", "status": "frozen"}, None, [])
    for wrong in wrongs:
        with pytest.raises(BrokenContractError, match="POST /platform/api/v1/accounts: the request's body"):
            contract.check_request(operation, wrong, {})
    with pytest.raises(BrokenContractError, match="the query has page"):
        contract.check_request(operation, {"name": "A"}, {"page": "2"})
    listing = contract.find("GET", "/api/v1/accounts/1/conversations")
    assert listing is not None
    contract.check_request(listing, None, {"inbox_id": "5", "status": "pending", "page": "1"})
    for query in ({"inbox_id": "shop"}, {"status": "waiting"}, {"page": "-"}):
        with pytest.raises(BrokenContractError, match=r"^GET \S+/conversations: the query's "):
            contract.check_request(listing, None, query)
    for status, body in ((418, {}), (200, {"id": 1}), (200, NO_JSON), (401, {"description": "no"}), (500, {})):
        with pytest.raises(BrokenContractError):
            contract.check_response(operation, status, body)
    assert contract.find("GET", "/api/v1/accounts/1/unknown") is None


def test_a_broken_contract_fails_whoever_broke_it(chatwoot: Chatwoot, stand_in: ChatwootStandIn) -> None:
    status, said = chatwoot.ask("POST", "/platform/api/v1/accounts", {"nam": "A"})
    assert status == 500
    assert said.startswith("STAND-IN: CONTRACT BROKEN: POST /platform/api/v1/accounts: the request's body does not fit")
    assert len(stand_in.violations()) == 1
    assert chatwoot.ask("GET", "/api/v1/accounts/1/teams")[0] == 500
    assert "is no route of the description that the stand-in has" in stand_in.violations()[1]
    stand_in.reset()
    assert (stand_in.violations(), stand_in.requests()) == ([], [])


def test_it_says_what_it_was_asked_and_what_of_it_was_no_reading(chatwoot: Chatwoot, stand_in: ChatwootStandIn) -> None:
    assert chatwoot.ask("GET", "/health", token="") == (200, {"status": "woot"})
    assert chatwoot.ask("GET", "/api", token="")[1]["version"] == app.VERSION
    chatwoot.ask("POST", "/platform/api/v1/accounts", {"name": "A"})
    assert stand_in.requests() == ["GET /health", "GET /api", "POST /platform/api/v1/accounts"]
    assert stand_in.writes() == ["POST /platform/api/v1/accounts"]


def test_a_restart_finds_what_it_held(chatwoot: Chatwoot, stand_in: ChatwootStandIn) -> None:
    chatwoot.ask("POST", "/platform/api/v1/accounts", {"name": "A"})
    held = stand_in.state()
    stand_in.kill()
    stand_in.start()
    assert stand_in.state() == held


def test_one_to_try_things_on_by_hand_says_where_it_is_and_ends() -> None:
    with subprocess.Popen([sys.executable, "-m", "lab.chatwoot"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"it is no Chatwoot\) answers at (http://\S+); its platform token is in (\S+)\.", said)
        assert found, said
        token = Path(found[2])
        assert token.stat().st_mode & 0o077 == 0
        assert Chatwoot(found[1], token.read_text(), token).ask("GET", "/platform/api/v1/accounts") == (200, [])
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert not token.exists()


def test_the_module_knows_the_names_that_chatwoot_knows() -> None:
    """Two copies: the collection's is shipped, and the stand-in's is what it is held against."""
    from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_facts as ours

    assert set(facts.FEATURES) == ours.FEATURES
    assert set(ours.EVENTS) == set(facts.EVENTS)
    assert ours.LOCALES == facts.LOCALES
    assert ours.LIMITS == facts.LIMITS
    assert ours.PREMIUM_FEATURES == facts.PREMIUM_FEATURES
    assert tuple(facts.BRAND) == ours.BRAND_NAMES


def test_the_conformance_command_asks_any_chatwoot(stand_in: ChatwootStandIn, chatwoot: Chatwoot) -> None:
    """As from outside, where nobody knows that it is a stand-in: what needs its control endpoints is left out by name."""
    chosen = "limits_and_custom or throttle or told_apart or by_its_key_alone or several_times"
    command = [sys.executable, "-m", "tests.chatwoot_conformance", "-q", "-k", chosen]
    place = {"CHATWOOT_URL": stand_in.url, "CHATWOOT_PLATFORM_TOKEN_FILE": str(chatwoot.token_file)}
    done = subprocess.run(command, env={**os.environ, **place}, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed, " in done.stdout
    assert "needs the stand-in's control endpoints, which a real Chatwoot does not have" in done.stdout
    without = subprocess.run(
        command, env={**os.environ, "CHATWOOT_URL": ""}, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (without.returncode, without.stdout.count("\n")) == (2, 1)
