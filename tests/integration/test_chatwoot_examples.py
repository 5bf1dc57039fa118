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


def tasks(text: str, chatwoot: Chatwoot, account: int | None = None, token: str = "") -> list[dict[str, Any]]:
    """The tasks of an example, on our Chatwoot."""
    found: list[dict[str, Any]] = yaml.safe_load(text)
    for task in found:
        (options,) = [value for key, value in task.items() if key.startswith("bluegreen.orchestrator.")]
        assert options["url"] in ("https://chat.agency.example", "https://chat.acme.example")
        options["url"] = chatwoot.url
        if "platform_token_file" in options:
            options["platform_token_file"] = str(chatwoot.token_file)
        if "account_id" in options:
            options["account_id"] = account
        if "admin_token_file" in options:
            options.pop("admin_token_file")
            options["admin_token"] = token
    return found


def test_the_examples_of_the_modules_run(ways: Ways, chatwoot: Chatwoot, stand_in: ChatwootStandIn) -> None:
    made, suspended, off, on, own, ended = tasks(chatwoot_tenant.EXAMPLES, chatwoot)
    for task in (made, suspended):
        (preview,) = ways.results([task], in_worker=True, check_mode=True)
        applied, again = ways.results([task, task], in_worker=True)
        assert not applied.get("failed"), applied
        assert (preview["changed"], applied["changed"], again["changed"]) == (True, True, False)
        assert preview["digest"] == applied["digest"]
    number = next(int(one) for one in stand_in.state()["accounts"])
    stand_in.edit("accounts", number, status="active")
    token = next(user["token"] for user in stand_in.state()["users"].values() if user["name"] == "Agency")
    desks = ways.results(tasks(chatwoot_tenant_info.EXAMPLES, chatwoot, number, token), in_worker=True)
    assert [len(result["desks"]) for result in desks] == [1, 1, 1, 0]
    assert ["server" in result for result in desks] == [False, False, True, True]
    for task, status in ((off, "suspended"), (on, "active")):
        (preview,) = ways.results([task], in_worker=True, check_mode=True)
        applied, again = ways.results([task, task], in_worker=True)
        assert (preview["changed"], applied["changed"], again["changed"], applied["bot_status"]) == (True, True, False, status)
        assert preview["digest"] == applied["digest"]
    assert own
    assert ended
    own, ended = tasks(chatwoot_tenant.EXAMPLES, chatwoot, number, token)[4:]
    (there,) = ways.results([own], in_worker=True)
    assert (there["changed"], there["inside"]) == (False, "read")
    (gone,) = ways.results([ended], in_worker=True)
    assert gone["summary"] == f"acme: account {number} is deleted"


def test_what_the_runbook_shows_runs(ways: Ways, chatwoot: Chatwoot, stand_in: ChatwootStandIn) -> None:
    blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```$", RUNBOOK.read_text())
    (task,), (off,) = (tasks(block, chatwoot) for block in blocks[:2])
    (preview,) = ways.results([task], in_worker=True, check_mode=True)
    assert stand_in.writes() == []
    (applied,) = ways.results([task], in_worker=True)
    assert not applied.get("failed"), applied
    assert preview["digest"] == applied["digest"]
    assert len(applied["actions"]) == 6
    (preview,) = ways.results([off], in_worker=True, check_mode=True)
    applied, again = ways.results([off, off], in_worker=True)
    assert (preview["digest"], again["changed"], len(applied["actions"])) == (applied["digest"], False, 2)
    number = next(int(one) for one in stand_in.state()["accounts"])
    token = next(user["token"] for user in stand_in.state()["users"].values() if user["name"] == "Agency")
    (own,) = tasks(blocks[2], chatwoot, number, token)
    (there,) = ways.results([own], in_worker=True)
    # The same account once more, as if it were the client's own: as its administrator sees it, its bot is off.
    assert [one["name"] for one in there["actions"]] == ["bot of inbox Shop"]
