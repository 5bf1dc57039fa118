# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two playbooks on the audit trail: its proof, and the page for the client."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import append
from tests.integration.audit_world import AuditWorld, noted_change, program
from tests.integration.report_page import ReportPage

CORES = pytest.mark.parametrize("core", ["floor", "newest"])
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{ 1 + 1 }}"
VERIFY = "bluegreen.orchestrator.audit_verify"
REPORT = "bluegreen.orchestrator.audit_report"


@pytest.fixture
def world(tmp_path: Path) -> AuditWorld:
    made = AuditWorld(tmp_path)
    made.inventory(["acme", "globex"])
    made.playbook([noted_change("Write the file"), {"name": "Look", "ansible.builtin.debug": {}}], vars={"offer": "bluegreen"})
    return made


@CORES
def test_a_whole_chain_is_proven_with_head_and_count(world: AuditWorld, core: str) -> None:
    world.ansible_playbook = program(core)
    world.run("play.yml")
    done = world.run(VERIFY)
    assert done.returncode == 0, done.output
    said = re.search(r"The chain is whole: (\d+) lines in 1 file\(s\), the last of them (\S+)\. Head: ([0-9a-f]{64})\.", done.stdout)
    assert said is not None
    # Its own first record is the fifth line.
    assert said.groups()[:2] == ("5", str(world.log))
    assert world.run(VERIFY, "-e", f"audit_expect_head={said.group(3)}").returncode == 0


def test_the_first_broken_line_is_named(world: AuditWorld) -> None:
    world.run("play.yml")
    world.run("play.yml", "-e", "dry_run=false")
    lines = world.log.read_text().splitlines()
    world.log.write_text("\n".join([*lines[:2], lines[2].replace("globex", "gl0bex").replace("acme", "acm3"), *lines[3:]]) + "\n")
    done = world.run(VERIFY)
    assert done.returncode == 2
    assert f"The audit trail is broken at {world.log} line 3: its content was changed" in done.stdout


def test_a_cut_tail_is_named_with_the_head_noted_before(world: AuditWorld) -> None:
    world.run("play.yml", "-e", "dry_run=false")
    head = world.proof().head
    lines = world.log.read_text().splitlines()
    world.log.write_text("\n".join(lines[:2]) + "\n")
    assert world.run(VERIFY).returncode == 0
    done = world.run(VERIFY, "-e", f"audit_expect_head={head}")
    assert done.returncode == 2
    assert "the tail was cut off after this line" in done.stdout


def test_a_log_that_is_not_there_is_no_proof(world: AuditWorld) -> None:
    done = world.run(VERIFY, "-e", f"audit_path={world.folder}/other.jsonl")
    assert done.returncode == 2
    assert f"The audit trail is broken at {world.folder}/other.jsonl line 0: there is no trace here." in done.stdout


def test_a_torn_line_is_told_and_is_no_breach(world: AuditWorld) -> None:
    world.run("play.yml")
    with world.log.open("ab") as stream:
        stream.write(b'{"event":"ta')
    done = world.run(VERIFY)
    assert done.returncode == 0, done.output
    assert "audit.jsonl line 5: 12 bytes of a line that was never finished; the record after it says so" in done.stdout


class TestReport:
    """The page."""

    @staticmethod
    def report(world: AuditWorld, *more: str) -> ReportPage:
        path = world.folder / "page.html"
        done = world.run(REPORT, "-e", f"audit_site=acme dry_run=false audit_report_path={path}", *more)
        assert done.returncode == 0, done.output
        return ReportPage(path)

    def test_the_preview_writes_nothing_and_the_apply_only_once(self, world: AuditWorld) -> None:
        world.run("play.yml", "-e", "dry_run=false")
        preview = world.run(REPORT, "-e", "audit_site=acme")
        assert preview.returncode == 0, preview.output
        path = world.folder / "build" / "reports" / "acme-fr.html"
        assert not path.parent.exists()
        assert "-e audit_site=acme -e dry_run=false" in preview.stdout
        assert world.run(REPORT, "-e", "audit_site=acme", "-e", "dry_run=false").returncode == 0
        assert path.is_file()
        again = world.run(REPORT, "-e", "audit_site=acme", "-e", "dry_run=false")
        assert "0 of 1 host changed" in again.stdout, "the page depends on the site's own history only"

    def test_it_tells_the_history_in_french(self, world: AuditWorld) -> None:
        world.run("play.yml")
        world.run("play.yml", "-e", "dry_run=false")
        world.run("play.yml", "-e", "dry_run=false", "--limit", "globex")
        page = self.report(world)
        assert 'lang="fr"' in page.source
        assert "Traçabilité vérifiée" in page.text
        assert page.tags.count("tr") == 1 + 2, "two runs touched acme"
        assert "Serait changé\u00a0: Write the file" in page.text
        assert page.text.index("Appliqué") < page.text.index("Serait changé"), "newest first"
        assert "Blue/Green Complet" in page.text
        assert "globex" not in page.text

    def test_it_speaks_english_when_asked(self, world: AuditWorld) -> None:
        world.run("play.yml")
        page = self.report(world, "-e", "audit_report_lang=en")
        assert "Trace verified" in page.text
        assert "Would change: Write the file" in page.text

    def test_a_broken_chain_shows(self, world: AuditWorld) -> None:
        world.run("play.yml")
        world.log.write_text(world.log.read_text().replace('"result":"changed"', '"result":"failed"', 1))
        page = self.report(world)
        assert "Traçabilité rompue" in page.text
        assert "audit.jsonl ligne 2, son contenu a été modifié après coup." in page.text
        assert "vérifiée" not in page.text

    @CORES
    def test_nothing_in_it_is_live(self, world: AuditWorld, core: str) -> None:
        world.ansible_playbook = program(core)
        common = {
            "run": "1",
            "mode": HOSTILE,
            "playbook": HOSTILE,
            "offer": HOSTILE,
            "who": {"user": HOSTILE},
            "time": "2026-11-21T10:00:00.000Z",
        }
        task = {**common, "event": "task", "site": "acme", "task": HOSTILE, "summary": HOSTILE}
        append(str(world.log), {**task, "result": "changed"})
        append(str(world.log), {**task, "result": "changed", "active_before": "blue", "active_after": HOSTILE})
        append(str(world.log), {**task, "result": "failed", "reason": HOSTILE})
        append(str(world.log), {**common, "event": "run_end", "sites": {"acme": HOSTILE}, "duration": 100})
        page = self.report(world)
        assert page.text.count("<script>alert") >= 5
        assert not {"script", "img", "iframe", "link", "object"} & set(page.tags)
        assert not [name for name, _value in page.attributes if name.startswith("on") or name in ("src", "href")]
        assert "{{ 1 + 1 }}" in page.text, "what stands in the log is never a template"
        assert not re.search(r"https?:|url\(|@import", page.source)

    def test_a_site_nobody_touched_is_refused(self, world: AuditWorld) -> None:
        world.run("play.yml")
        done = world.run(REPORT, "-e", "audit_site=nobody")
        assert done.returncode == 2
        assert "knows no run on the site 'nobody'" in done.stdout

    def test_an_unknown_language_is_refused(self, world: AuditWorld) -> None:
        done = world.run(REPORT, "-e", "audit_site=acme audit_report_lang=de")
        assert done.returncode == 2
        assert "-e audit_report_lang=fr|en" in done.stdout
