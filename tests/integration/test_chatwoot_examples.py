# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules' pages and the runbook show is run as it stands, but for address, token file and the account's number."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.modules import chatwoot_tenant, chatwoot_tenant_info
from lab.chatwoot import ChatwootStandIn
from tests.harness.ansible import ROOT
from tests.integration.desk import Chatwoot
from tests.integration.test_in_worker import Ways

RUNBOOK = ROOT / "docs" / "runbooks" / "support_desk.md"


@pytest.fixture
def ways(tmp_path: Path) -> Ways:
    return Ways(tmp_path)


def tasks(text: str, chatwoot: Chatwoot, account: int | None = None) -> list[dict[str, Any]]:
    """The tasks of an example, on our Chatwoot."""
    found: list[dict[str, Any]] = yaml.safe_load(text)
    for task in found:
        (options,) = [value for key, value in task.items() if key.startswith("bluegreen.orchestrator.")]
        assert options["url"] == "https://chat.agency.example"
        options.update({"url": chatwoot.url, "platform_token_file": str(chatwoot.token_file)})
        if "account_id" in options:
            options["account_id"] = account
    return found


def test_the_examples_of_the_modules_run(ways: Ways, chatwoot: Chatwoot, stand_in: ChatwootStandIn) -> None:
    made, suspended, off, on, ended = tasks(chatwoot_tenant.EXAMPLES, chatwoot)
    for task in (made, suspended):
        (preview,) = ways.results([task], in_worker=True, check_mode=True)
        applied, again = ways.results([task, task], in_worker=True)
        assert not applied.get("failed"), applied
        assert (preview["changed"], applied["changed"], again["changed"]) == (True, True, False)
        assert preview["digest"] == applied["digest"]
    desks = ways.results(tasks(chatwoot_tenant_info.EXAMPLES, chatwoot), in_worker=True)
    assert [len(result["desks"]) for result in desks] == [1, 1]
    stand_in.edit("accounts", next(int(one) for one in stand_in.state()["accounts"]), status="active")
    for task, status in ((off, "suspended"), (on, "active")):
        (preview,) = ways.results([task], in_worker=True, check_mode=True)
        applied, again = ways.results([task, task], in_worker=True)
        assert (preview["changed"], applied["changed"], again["changed"], applied["bot_status"]) == (True, True, False, status)
        assert preview["digest"] == applied["digest"]
    number = next(int(one) for one in stand_in.state()["accounts"])
    assert ended
    (ended,) = tasks(chatwoot_tenant.EXAMPLES, chatwoot, number)[4:]
    (gone,) = ways.results([ended], in_worker=True)
    assert gone["summary"] == f"acme: account {number} is deleted"


def test_what_the_runbook_shows_runs(ways: Ways, chatwoot: Chatwoot, stand_in: ChatwootStandIn) -> None:
    blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```$", RUNBOOK.read_text())
    (task,), (off,) = (tasks(block, chatwoot) for block in blocks)
    (preview,) = ways.results([task], in_worker=True, check_mode=True)
    assert stand_in.writes() == []
    (applied,) = ways.results([task], in_worker=True)
    assert not applied.get("failed"), applied
    assert preview["digest"] == applied["digest"]
    assert len(applied["actions"]) == 6
    (preview,) = ways.results([off], in_worker=True, check_mode=True)
    applied, again = ways.results([off, off], in_worker=True)
    assert (preview["digest"], again["changed"], len(applied["actions"])) == (applied["digest"], False, 2)
