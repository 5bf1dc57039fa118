# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup on real logs, through ansible-core's own loader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ansible_collections.bluegreen.orchestrator as collection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import append

WHO = {"user": "root", "sudo_user": "camille"}
COLLECTIONS = str(Path(next(iter(collection.__path__))).parents[2])

# In a process of its own: ansible-core finds plugins only in collections that were imported through its own finder.
LOOKUP = """
import json, sys
from ansible.plugins.loader import init_plugin_loader, lookup_loader
init_plugin_loader([sys.argv[1]])
from ansible.errors import AnsibleLookupError
terms, options = json.load(sys.stdin)
try:
    print(json.dumps(lookup_loader.get("bluegreen.orchestrator.audit").run(terms, {}, **options)))
except AnsibleLookupError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = str(tmp_path / "audit.jsonl")
    for run, site in (("1", "acme"), ("2", "globex"), ("3", "acme")):
        common = {
            "run": run,
            "mode": "apply",
            "who": WHO,
            "time": f"2026-11-21T10:0{run}:00.000Z",
            "offer": "bluegreen",
            "playbook": "switch.yml",
        }
        append(path, {**common, "event": "run_start"})
        append(path, {**common, "event": "task", "site": site, "result": "changed", "task": "Switch"})
        if run != "3":
            append(
                path,
                {
                    **common,
                    "event": "run_end",
                    "offer": None,
                    "result": "changed",
                    "sites": {site: "changed", "idle": "ok"},
                    "duration": 1.5,
                },
            )
    return path


def call(terms: list[str], options: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LOOKUP, COLLECTIONS]
    # Away from the clone's ansible.cfg, which names a log of its own.
    environment = {name: value for name, value in os.environ.items() if name != "ANSIBLE_CONFIG"}
    said = json.dumps([terms, options])
    return subprocess.run(command, input=said, env=environment, cwd="/", capture_output=True, text=True, check=False)


def prove(*terms: str, **options: Any) -> dict[str, Any]:
    done = call(list(terms), options)
    assert done.returncode == 0, done.stderr
    [proof] = json.loads(done.stdout)
    assert isinstance(proof, dict)
    return proof


def test_proof_and_entries(log: str) -> None:
    proof = prove(log)
    assert (proof["path"], proof["ok"], proof["lines"], proof["broken"], proof["files"]) == (log, True, 8, None, [log])
    assert [entry["seq"] for entry in proof["entries"]] == list(range(1, 9))
    assert proof["last"] == {"seq": 8, "time": "2026-11-21T10:03:00.000Z", "hash": proof["head"]}
    assert [run["result"] for run in proof["runs"]] == ["changed", "changed", "interrupted"]


def test_one_site(log: str) -> None:
    proof = prove(log, site="acme")
    assert [entry["seq"] for entry in proof["entries"]] == [1, 2, 3, 7, 8]
    first, last = proof["runs"]
    assert (first["who"], first["offers"], first["result"], first["duration"]) == ("camille", ["bluegreen"], "changed", 1.5)
    assert first["offer_titles"] == ["Blue/Green Complet"]
    assert [change["task"] for change in first["changes"]] == ["Switch"]
    assert (last["result"], last["duration"]) == ("interrupted", None)
    assert proof["last"]["seq"] == 8


def test_a_site_on_which_nothing_changed_has_its_runs_too(log: str) -> None:
    proof = prove(log, site="idle")
    assert [(run["result"], run["changes"]) for run in proof["runs"]] == [("ok", []), ("ok", [])]
    assert prove(log, site="nobody")["runs"] == []
    assert prove(log, site="nobody")["last"] is None


def test_without_entries(log: str) -> None:
    proof = prove(log, with_entries=False)
    assert (proof["ok"], proof["lines"], proof["entries"]) == (True, 8, [])


def test_a_broken_line_is_no_error(log: str) -> None:
    text = Path(log).read_text()
    Path(log).write_text(text.replace("globex", "glob3x", 1))
    proof = prove(log)
    assert proof["ok"] is False
    assert (proof["broken"]["file"], proof["broken"]["line"], proof["broken"]["kind"]) == (log, 5, "changed")


def test_expect_head(log: str) -> None:
    head = prove(log)["head"]
    assert prove(log, expect_head=head)["ok"]
    assert prove(log, expect_head="")["ok"]
    assert prove(log, expect_head="0" * 63 + "1")["broken"]["kind"] == "cut"


def test_the_log_of_the_environment_is_the_default(log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUEGREEN_AUDIT_LOG", log)
    assert prove()["path"] == log
    monkeypatch.delenv("BLUEGREEN_AUDIT_LOG")
    monkeypatch.setenv("XDG_STATE_HOME", str(Path(log).parent))
    assert prove()["path"] == str(Path(log).parent / "bluegreen" / "audit.jsonl")


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    done = call([str(tmp_path)], {})
    assert done.returncode == 1
    assert f"the audit log {tmp_path} cannot be read (Is a directory); check its rights" in done.stderr
