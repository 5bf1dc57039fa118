# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on probation, and what is said of it. Here is no kernel to change: nft is only asked what it holds."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _nftables, _nftables_guard
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, LockedError, UndoneError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables_run import confirm, describe, load

RULES = "table inet mine\ndelete table inet mine\ntable inet mine {\n}\n"
LISTED = "table inet mine {\n}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is on probation lies; nft is there, and its words are kept here too."""
    monkeypatch.setattr(_nftables_guard, "PROBATION", str(tmp_path / "run"))
    monkeypatch.setattr(_nftables, "RECORDS", str(tmp_path / "records"))
    monkeypatch.setattr(shutil, "which", lambda *_arguments, **_options: "/usr/sbin/nft")
    path = tmp_path / "run" / "mine"
    path.mkdir(parents=True)
    return path


def options(tmp_path: Path, **other: Any) -> dict[str, Any]:
    return {"name": "mine", "path": str(tmp_path / "mine.nft"), "rules": RULES, "confirm_within": 30} | other


def nothing_held(command: list[str], **_options: Any) -> tuple[int, str, str]:
    """An nft whose kernel has no such table; anything but a question ends the test."""
    assert "list" in command or "--check" in command, command
    return (1, "", "Error: No such file or directory") if "list" in command else (0, "", "")


def on_probation(folder: Path, *, seconds_left: float) -> Path:
    pending = folder / "pending.x"
    pending.mkdir()
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    texts = {"deadline": f"{now + seconds_left:.3f}", "rules": RULES, "path": str(folder.parent / "mine.nft"), "listing": LISTED}
    for name, text in texts.items():
        (pending / name).write_text(text)
    return pending


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("seconds", [4, 301, 0, -1])
def test_a_time_in_which_nobody_can_confirm_is_refused(tmp_path: Path, seconds: int) -> None:
    with pytest.raises(InputError, match=rf"confirm_within: {seconds} is not possible; give 5 to 300 seconds"):
        load(options(tmp_path, confirm_within=seconds), nothing_held, preview=True)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("seconds", [5, 300])
def test_the_shortest_and_the_longest_time_are_taken(tmp_path: Path, seconds: int) -> None:
    assert load(options(tmp_path, confirm_within=seconds), nothing_held, preview=True)["changed"]


@pytest.mark.parametrize("preview", [True, False])
def test_a_second_change_waits_for_the_first(folder: Path, tmp_path: Path, preview: bool) -> None:
    on_probation(folder, seconds_left=20)
    with pytest.raises(LockedError, match=r"wait for their confirmation for another (19|20) s; nothing was changed"):
        load(options(tmp_path), nothing_held, preview=preview)


def test_a_guard_that_is_long_dead_holds_nobody_up(folder: Path, tmp_path: Path) -> None:
    on_probation(folder, seconds_left=-2 * _nftables_guard.LATE)
    assert load(options(tmp_path), nothing_held, preview=True)["changed"]


def test_a_confirmation_keeps_the_rules(folder: Path, tmp_path: Path) -> None:
    on_probation(folder, seconds_left=20)
    assert confirm(options(tmp_path), nothing_held, preview=False) == {"changed": False, "actions": []}
    assert list(folder.iterdir()) == []
    assert (folder.parent / "mine.nft").read_text() == RULES
    assert (tmp_path / "records" / "mine.listing").read_text() == LISTED


def test_a_preview_confirms_nothing(folder: Path, tmp_path: Path) -> None:
    pending = on_probation(folder, seconds_left=20)
    before = sorted(path.name for path in pending.iterdir())
    confirm(options(tmp_path), nothing_held, preview=True)
    assert list(folder.iterdir()) == [pending]
    assert sorted(path.name for path in pending.iterdir()) == before
    assert not (folder.parent / "mine.nft").exists()


def test_a_confirmation_that_comes_too_late_says_so(folder: Path, tmp_path: Path) -> None:
    (folder / "expired.x").mkdir()
    with pytest.raises(UndoneError, match="were taken back, for no new connection came through them in time"):
        confirm(options(tmp_path), nothing_held, preview=False)


def test_what_was_taken_back_in_an_earlier_run_is_forgotten_by_an_apply_only(folder: Path, tmp_path: Path) -> None:
    (folder / "expired.x").mkdir()
    (tmp_path / "mine.nft").write_text(RULES)
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "mine.listing").write_text(LISTED)

    def held(_command: list[str], **_options: Any) -> tuple[int, str, str]:
        return 0, LISTED, ""

    assert not load(options(tmp_path), held, preview=True)["changed"]
    assert (folder / "expired.x").exists()
    assert not load(options(tmp_path), held, preview=False)["changed"]
    assert not (folder / "expired.x").exists()


def test_a_table_is_described(folder: Path, tmp_path: Path) -> None:
    told = describe(options(tmp_path), nothing_held)
    assert told == {"exists": False, "in_step": False, "pending": False, "listing": ""}
    on_probation(folder, seconds_left=20)
    assert describe(options(tmp_path), nothing_held)["pending"] is True
