# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults, each under continuous load: no request fails, and one whole state is left that the next run can work with."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.world import World
from tests.integration.faults import DIE_AFTER_CALL, DIE_AT_STEP, DIE_BEFORE_CALL, Pause, under_load
from tests.integration.switching import Switching, result_of

JUMPING_CLOCK = """
import itertools, time
real, jumps = time.time, itertools.cycle([3600.0, -3600.0])
time.time = lambda: real() + next(jumps)
"""

RUN = "ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_run"
FILES = "ansible_collections.bluegreen.orchestrator.plugins.module_utils._files"
DEATHS = {
    "reading": (DIE_AT_STEP.format(name="reading"), "blue"),
    "gating": (DIE_AT_STEP.format(name="gating"), "blue"),
    "staging": (DIE_AT_STEP.format(name="staging"), "blue"),
    "half-staged": (DIE_BEFORE_CALL.format(module="os", name="fsync"), "blue"),
    "staged": (DIE_AFTER_CALL.format(module="os", name="link"), "blue"),
    "switching": (DIE_AT_STEP.format(name="switching"), "blue"),
    "before the rename": (DIE_BEFORE_CALL.format(module="os", name="rename"), "blue"),
    "after the rename": (DIE_AFTER_CALL.format(module="os", name="rename"), "green"),
    "proving": (DIE_AT_STEP.format(name="proving"), "green"),
    "proven": (DIE_AFTER_CALL.format(module=RUN, name="prove"), "green"),
    "soaking": (DIE_AT_STEP.format(name="soaking"), "green"),
}


@pytest.fixture
def acme(world: World) -> Iterator[Switching]:
    with Switching(world) as made:
        made.ok()
        yield made


@pytest.fixture
def soaking(tmp_path: Path) -> Pause:
    return Pause(tmp_path / "soaking", "soaking")


@pytest.fixture
def switching(tmp_path: Path) -> Pause:
    return Pause(tmp_path / "switching", "switching")


@pytest.fixture
def gating(tmp_path: Path) -> Pause:
    return Pause(tmp_path / "gating", "gating")


@pytest.mark.parametrize(("before", "serving"), DEATHS.values(), ids=DEATHS)
def test_kill_9_at_every_step(acme: Switching, before: str, serving: str) -> None:
    whole = {"blue": acme.file.read_text()}
    with under_load(acme):
        process = acme.start(target="green", before=before, soak={"seconds": 0.2})
        assert process.wait(30) == -signal.SIGKILL
        process.communicate()
        left = acme.file.read_text()
        assert f"service: acme-{serving}" in left
        assert (left == whole["blue"]) is (serving == "blue")
        time.sleep(0.2)
        assert acme.public_colour() == serving
        preview = acme.ok(check=True, target="green")
        assert "an earlier run did not end in order" in str(preview["warnings"])
        result = acme.ok(target="green")
        assert result["changed"] is (serving == "blue")
        assert "an earlier run did not end in order" in str(result["warnings"])
        assert acme.public_colour() == "green"
        assert "warnings" not in acme.ok(target="green")
    assert [path.name for path in acme.world.staging_dir.iterdir() if path.suffix != ".old"] == ["acme.lock"]


def test_kill_9_while_undoing(acme: Switching, soaking: Pause) -> None:
    """Green says that it is blue, so the soak fails, though every visitor gets an answer."""
    with under_load(acme):
        process = acme.start(target="green", before=soaking.code + DIE_AT_STEP.format(name="undoing"), soak={"seconds": 30})
        soaking.reached(process)
        acme.world.site("acme", "green").behave(wrong_colour=True)
        soaking.over()
        assert process.wait(30) == -signal.SIGKILL
        process.communicate()
        assert "service: acme-green" in acme.file.read_text()
        assert acme.ok(target="previous")["active_after"] == "blue"
        assert acme.public_colour() == "blue"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupt_before_the_change_is_said_in_words(acme: Switching, gating: Pause, number: signal.Signals) -> None:
    before = acme.file.read_text()
    process = acme.start(target="green", before=gating.code)
    gating.reached(process)
    os.kill(process.pid, number)
    assert result_of(process)["msg"] == f"acme: the run was interrupted by {number.name} before anything was changed."
    assert acme.file.read_text() == before


def test_kill_9_after_the_way_back(acme: Switching, soaking: Pause) -> None:
    before = acme.file.read_text()
    with under_load(acme):
        code = soaking.code + DIE_AFTER_CALL.format(module=FILES, name="restore")
        process = acme.start(target="green", before=code, soak={"seconds": 60})
        soaking.reached(process)
        acme.world.site("acme", "green").behave(wrong_colour=True)
        soaking.over()
        assert process.wait(30) == -signal.SIGKILL
        process.communicate()
        assert acme.file.read_text() == before
        assert acme.ok()["changed"] is False
        assert acme.public_colour() == "blue"


IDLE_TROUBLES: dict[str, tuple[dict[str, Any], str]] = {
    "sick": ({"sick": "no database"}, "status 503 instead of 200 (no database)"),
    "wrong colour": ({"wrong_colour": True}, "says 'blue', not 'green': the wrong colour answers"),
    "slow": ({"slow_ms": 3000}, "no complete answer within 0.5 s"),
}


@pytest.mark.parametrize(("behaviour", "said"), IDLE_TROUBLES.values(), ids=IDLE_TROUBLES)
def test_an_idle_colour_in_trouble_is_refused_and_nobody_notices(acme: Switching, behaviour: dict[str, Any], said: str) -> None:
    before = acme.file.read_text()
    with under_load(acme):
        acme.world.site("acme", "green").behave(**behaviour)
        assert said in acme.refused(target="green")
        assert acme.file.read_text() == before
        assert acme.public_colour() == "blue"


def test_signals_while_undoing_do_not_stop_it(acme: Switching, tmp_path: Path, soaking: Pause) -> None:
    before = acme.file.read_text()
    undoing = Pause(tmp_path / "undoing", "undoing")
    with under_load(acme):
        process = acme.start(target="green", before=soaking.code + undoing.code, soak={"seconds": 60})
        soaking.reached(process)
        acme.world.site("acme", "green").behave(wrong_colour=True)
        soaking.over()
        undoing.reached(process)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(process.pid, number)
        undoing.over()
        result = result_of(process)
        assert "the soak failed" in result["msg"]
        assert result["undone"] is True
        assert acme.file.read_text() == before
        assert acme.public_colour() == "blue"


def test_an_undo_that_fails_keeps_the_old_file_and_says_how_to_use_it(acme: Switching, soaking: Pause) -> None:
    """The second rename is refused as on a file system that has become read-only."""
    before = acme.file.read_text()
    code = """
import os
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files
def failing(kept, path):
    raise _files.FileError(f"{path} cannot be replaced: Read-only file system")
_files.restore = failing
"""
    process = acme.start(target="green", before=soaking.code + code, soak={"seconds": 60})
    soaking.reached(process)
    acme.world.site("acme", "green").behave(wrong_colour=True)
    soaking.over()
    result = result_of(process)
    kept = acme.world.staging_dir / "acme.yml.old"
    assert "It could NOT be taken back" in result["msg"]
    assert f"mv {kept} {acme.file}" in result["msg"]
    assert (result["undone"], result["changed"], result["site"]) == (False, True, "acme")
    assert kept.read_text() == before
    kept.rename(acme.file)


SIGNAL_AT_THE_END = """
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch import Report
def ended(self, outcome, real=Report.ended):
    os.kill(os.getpid(), signal.SIGTERM)
    real(self, outcome)
Report.ended = ended
"""


def test_a_signal_after_the_switch_has_held_is_no_interrupt(acme: Switching) -> None:
    """Otherwise it would be said that nothing was changed."""
    assert acme.ok(target="green", before=SIGNAL_AT_THE_END)["changed"] is True
    assert acme.public_colour() == "green"


def test_a_hang_up_that_nohup_ignores_does_not_undo(acme: Switching, soaking: Pause) -> None:
    before = "signal.signal(signal.SIGHUP, signal.SIG_IGN)" + soaking.code
    process = acme.start(target="green", before=before, soak={"seconds": 0.3})
    soaking.reached(process)
    os.kill(process.pid, signal.SIGHUP)
    soaking.over()
    assert result_of(process)["active_after"] == "green"
    assert acme.public_colour() == "green"


def test_two_sites_at_once_one_of_them_leaving(acme: Switching) -> None:
    """A neighbour's file that goes while this site is checked must not be missed."""
    with Switching(acme.world, "globex") as globex:
        with under_load(acme):
            for target in ("green", "blue", "green"):
                globex.ok()
                running = [globex.start(state="absent"), acme.start(target=target)]
                assert [result_of(process).get("msg") for process in running] == [None, None]
        assert acme.public_colour() == "green"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_switch_is_taken_back(acme: Switching, number: signal.Signals, soaking: Pause) -> None:
    before = acme.file.read_text()
    with under_load(acme):
        process = acme.start(target="green", before=soaking.code, soak={"seconds": 60})
        soaking.reached(process)
        assert acme.public_colour() == "green"
        os.kill(process.pid, number)
        result = result_of(process)
        assert result["msg"] == f"acme: the run was interrupted by {number.name}. It was taken back: blue serves as before."
        assert result["undone"] is True
        assert acme.file.read_text() == before
        assert acme.public_colour() == "blue"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"wrong_colour": True}, "the wrong colour answers"),
        ({"unhealthy": "the disk is filling up"}, "status 503 instead of 200 (the disk is filling up)"),
    ],
    ids=["the other colour", "a death that announces itself"],
)
def test_a_sick_colour_during_the_soak_is_taken_back_with_the_evidence(
    acme: Switching, soaking: Pause, behaviour: dict[str, Any], reason: str
) -> None:
    """The new colour still answers everybody, so nobody may lose a request."""
    before = acme.file.read_text()
    two_days_ago = time.time() - 2 * 86400
    os.utime(acme.file, (two_days_ago, two_days_ago))
    with under_load(acme):
        soak = {"seconds": 60, "metrics_url": acme.world.traefik.metrics_url}
        process = acme.start(target="green", before=soaking.code, soak=soak)
        soaking.reached(process)
        acme.world.site("acme", "green").behave(**behaviour)
        soaking.over()
        result = result_of(process)
    assert "the soak failed: 3 probes in a row failed" in result["msg"]
    assert "It was taken back: blue serves as before." in result["msg"]
    assert result["soak"]["verdict"] == "failed"
    assert (result["changed"], result["undone"]) == (False, True), "what was taken back is no change"
    assert reason in result["soak"]["reasons"][0]
    assert acme.file.read_text() == before
    assert acme.public_colour() == "blue"
    where = {"dynamic_dir": str(acme.world.dynamic_dir), "staging_dir": str(acme.world.staging_dir), "gate": {"path": "/health"}}
    (site,) = acme.ok(module="bluegreen_switch_info", site="acme", **where)["sites"]
    assert site["last_change_age"] < 60, "green had visitors a moment ago: whoever retires it must wait for what it is still answering"


def test_a_colour_that_dies_during_the_soak_costs_only_what_it_was_sent(acme: Switching, soaking: Pause) -> None:
    """Requests that reach a dead server fail until it is left; none fails before it died, and none after the way back."""
    before = acme.file.read_text()
    green = acme.world.site("acme", "green")
    with acme.world.load("acme", workers=4, rate=300) as load:
        process = acme.start(target="green", before=soaking.code, soak={"seconds": 60})
        soaking.reached(process)
        soaking.over()
        time.sleep(0.5)
        died = time.time()
        green.die()
        result = result_of(process)
        back = time.time()
        load.wait_until(lambda seen: seen.last_seen.get("blue", 0) > back + 0.5, what="half a second on blue again")
    seen = load.snapshot()
    assert "connection refused: nothing listens there" in result["msg"]
    assert "It was taken back: blue serves as before." in result["msg"]
    assert result["soak"]["probe_failures"] == 3
    assert acme.file.read_text() == before
    assert seen.failures, "a load that does not see a dead server sees nothing"
    assert all(died - 0.1 <= failure.time <= back + 0.1 for failure in seen.failures), seen.words()


def test_errors_of_the_new_colour_are_counted_at_traefik(acme: Switching, soaking: Pause) -> None:
    before = acme.file.read_text()
    with acme.world.load("acme", workers=4, rate=300):
        soak = {"seconds": 60, "metrics_url": acme.world.traefik.metrics_url, "probe": False, "max_error_ratio": 0.05}
        process = acme.start(target="green", before=soaking.code, soak=soak)
        soaking.reached(process)
        acme.world.site("acme", "green").behave(error_ratio=0.5)
        soaking.over()
        result = result_of(process)
    assert "public answers were errors of 500 or above" in result["msg"]
    assert result["soak"]["errors"] > 0.05 * result["soak"]["requests"]
    assert acme.file.read_text() == before
    assert acme.public_colour() == "blue"


def test_a_broken_neighbour_is_named_and_nothing_moves(acme: Switching) -> None:
    with under_load(acme):
        (acme.world.dynamic_dir / "neighbour.yml").write_text("a: [")
        assert "neighbour.yml: it is not valid YAML" in acme.refused(target="green")
        (acme.world.dynamic_dir / "neighbour.yml").unlink()
        acme.ok(target="green")


def test_a_neighbour_that_breaks_in_the_middle_is_seen_and_the_file_taken_back(acme: Switching, switching: Pause) -> None:
    before = acme.file.read_text()
    confirm = {**acme.options["confirm"], "timeout": 1.0}
    with under_load(acme):
        process = acme.start(target="green", confirm=confirm, before=switching.code)
        switching.reached(process)
        (acme.world.dynamic_dir / "neighbour.yml").write_text("a: [")
        time.sleep(0.2)
        switching.over()
        message = str(result_of(process)["msg"])
        assert "Traefik did not follow within confirm.timeout=1 s" in message
        assert "It was taken back: blue serves as before." in message
        assert acme.file.read_text() == before
        assert acme.public_colour() == "blue"


def test_two_switches_at_once(acme: Switching, gating: Pause) -> None:
    with under_load(acme):
        first = acme.start(target="green", before=gating.code)
        gating.reached(first)
        message = acme.refused(target="green", lock_timeout=0.1)
        assert f"acme is being changed by {Path.home().owner()} on " in message
        assert f"(pid {first.pid}, for " in message
        assert "at step: gating" in message
        assert "is being changed right now by" in str(acme.ok(check=True, target="green")["warnings"])
        second = acme.start(target="green", lock_timeout=30)
        time.sleep(0.5)
        gating.over()
        assert result_of(first)["changed"] is True
        assert result_of(second)["changed"] is False
        assert acme.public_colour() == "green"


def test_two_ways_to_one_directory_meet_at_one_lock(acme: Switching, gating: Pause, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(acme.world.dynamic_dir)
    first = acme.start(target="green", staging_dir=None, before=gating.code)
    gating.reached(first)
    assert "acme is being changed by" in acme.refused(target="green", staging_dir=None, dynamic_dir=str(link), lock_timeout=0.1)
    gating.over()
    assert result_of(first)["changed"] is True


def test_many_switches_at_once_end_in_one_state(acme: Switching) -> None:
    with under_load(acme):
        running = [acme.start(target=target, lock_timeout=60) for target in ("green", "blue", "idle", "green", "idle", "blue")]
        results = [result_of(process) for process in running]
        assert [result.get("msg") for result in results if result.get("failed")] == []
        assert acme.public_colour() == acme.ok()["active_after"]


def test_traefiks_api_down(acme: Switching) -> None:
    with under_load(acme):
        message = acme.refused(target="green", confirm={**acme.options["confirm"], "api_url": "http://127.0.0.1:1"})
        assert "Traefik's API at http://127.0.0.1:1 cannot be asked (connection refused" in message
        assert acme.public_colour() == "blue"


def test_traefik_restarted_in_the_middle(acme: Switching, switching: Pause) -> None:
    """Only requests of the restart itself may fail."""
    with acme.world.load("acme", workers=4, rate=300) as load:
        process = acme.start(target="green", before=switching.code)
        switching.reached(process)
        down = time.time()
        acme.world.traefik.kill()
        switching.over()
        time.sleep(0.2)
        acme.world.traefik.start()
        up = time.time()
        result = result_of(process)
        load.wait_until(lambda seen: seen.last_seen.get("green", 0) > up + 0.5, what="half a second on green")
    seen = load.snapshot()
    assert not result.get("failed"), result["msg"]
    assert result["active_after"] == "green"
    assert acme.public_colour() == "green"
    assert seen.failures, "a load that does not see a restart sees nothing"
    assert all(down - 0.1 <= failure.time <= up + 0.1 for failure in seen.failures), seen.words()


def test_traefik_that_does_not_come_back_leaves_the_old_file(acme: Switching, switching: Pause) -> None:
    before = acme.file.read_text()
    confirm = {**acme.options["confirm"], "timeout": 1.0}
    process = acme.start(target="green", confirm=confirm, before=switching.code)
    switching.reached(process)
    acme.world.traefik.kill()
    switching.over()
    message = str(result_of(process)["msg"])
    assert "It was taken back: blue serves as before, but that could not be proven (" in message
    assert acme.file.read_text() == before


def test_a_jumping_clock(acme: Switching) -> None:
    with under_load(acme):
        result = acme.ok(target="green", before=JUMPING_CLOCK, soak={"seconds": 0.3})
        assert 0 < result["visible_ms"] < 5000
        assert result["soak"]["seconds"] < 10
        os.utime(acme.file, (time.time() + 3600, time.time() + 3600))
        assert acme.ok(target="blue")["active_after"] == "blue"


def test_a_full_disk(small_disk: Path, tmp_path: Path, soaking: Pause) -> None:
    """A world of its own: Traefik watches a directory on the small disk."""
    small = World(tmp_path / "small")
    small.traefik.dynamic_dir, small.traefik.staging_dir = small_disk / "dynamic", small_disk / "staging"
    with small, Switching(small) as acme:
        acme.ok()
        before = acme.file.read_text()
        filler = small_disk / "filler"

        def fill() -> None:
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
                while True:
                    stream.write(b"x" * 4096)

        with under_load(acme):
            fill()
            assert "No space left on device" in acme.refused(target="green")
            assert acme.file.read_text() == before
            assert acme.public_colour() == "blue"
            filler.unlink()
            assert acme.ok(target="green")["changed"] is True
            _full_while_undoing(acme, fill, soaking)


def _full_while_undoing(acme: Switching, fill: Any, soaking: Pause) -> None:
    """The way back must not need a byte of disk."""
    before = acme.file.read_text()
    process = acme.start(target="blue", before=soaking.code, soak={"seconds": 60})
    soaking.reached(process)
    fill()
    acme.world.site("acme", "blue").behave(wrong_colour=True)
    soaking.over()
    assert "It was taken back: green serves as before." in result_of(process)["msg"]
    assert acme.file.read_text() == before
