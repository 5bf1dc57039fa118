# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/runbooks/bluegreen.md and visitors.md are run as they stand, every command of them, on a real Traefik.

How the page is read:

- A heading with ``console`` blocks below it is one test. It starts in a blank world: nobody is routed, everybody is well.
- ``<!-- world: WORDS -->`` brings about what the text speaks of; the WORDS are those of SITUATIONS.
- In a ``console`` block a line that starts with ``$ `` is a command for bash. The lines below it must be printed in this order;
  ``...`` stands for lines left out. White space (Ansible wraps long lines) and what VARYING names may differ.
- ``console exit=2`` is the code with which the block's last command ends; all others end with 0.
- ``<!-- press Ctrl-C while green is watched -->`` is done to the next command.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.server import ProgramMissingError
from lab.world import World
from tests.harness import Ansible
from tests.harness.ansible import ROOT
from tests.harness.preview_apply import world_environment
from tests.integration.conftest import skip_or_fail
from tests.integration.holding import Holding
from tests.integration.page import Page

PAGES = [ROOT / "docs" / "runbooks" / name for name in ("bluegreen.md", "hold.md", "visitors.md")]
NO_SOAK = {"bluegreen_soak": {"seconds": 0}}
LONG_SOAK = {"bluegreen_soak": {"seconds": 60}}

# What differs from run to run: addresses, times, processes, people, digests.
VARYING = (
    (r"(127\.0\.0\.1|localhost):\d+", r"\1:PORT"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\d+(\.\d+)? (ms|s|min)\b", r"N \2"),
    (r"\d+ of \d+ probes", "ALL of ALL probes"),
    (r"\S+ on \S+ \(pid \d+", "WHO (pid PID"),
    # A visitor in ten goes to the canary, and in two seconds there may be none.
    (r"no answers to judge in", "0 errors in MANY answers in"),
    (r"in \d+ answers", "in MANY answers"),
    (r"\d+ lines", "LINES lines"),
    (r"\b\d wait,", "SOME wait,"),
)


@dataclass
class Block:
    """One ``console`` block: its commands, each with what it must print, and the code of the last one."""

    commands: list[tuple[str, list[str]]] = field(default_factory=list)
    code: int = 0
    interrupted: bool = False


@dataclass
class Section:
    """One heading with what is done below it, in order: situations (text) and blocks."""

    title: str
    steps: list[str | Block] = field(default_factory=list)


def read_runbook(text: str) -> list[Section]:
    """Read the page; see the module's docstring for its conventions."""
    sections: list[Section] = []
    block: Block | None = None
    fenced = interrupted = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced, was_fenced = not fenced, fenced
            block = None
            if not was_fenced and line.startswith("```console"):
                block = Block(code=int(line.partition("exit=")[2] or 0), interrupted=interrupted)
                sections[-1].steps.append(block)
                interrupted = False
        elif block is not None and line.startswith("$ "):
            block.commands.append((line.removeprefix("$ "), []))
        elif block is not None:
            block.commands[-1][1].append(line)
        elif not fenced and line.startswith("#"):
            sections.append(Section(line.lstrip("# ")))
        elif line.startswith("<!-- world: "):
            sections[-1].steps.append(line.removeprefix("<!-- world: ").removesuffix(" -->"))
        elif line.startswith("<!-- press Ctrl-C"):
            interrupted = True
    return [section for section in sections if any(isinstance(step, Block) for step in section.steps)]


def plain(text: str) -> str:
    """One line, without what differs from run to run."""
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return " ".join(text.split())


def what_is_missing(expected: list[str], printed: str) -> str:
    """The first piece between two ``...`` that was not printed after the one before it; empty when all were."""
    position, seen = 0, plain(printed)
    for piece in re.split(r"(?m)^\.\.\.$", "\n".join(expected)):
        wanted = plain(piece)
        found = seen.find(wanted, position)
        if found < 0:
            return wanted
        position = found + len(wanted)
    return ""


class Evening:
    """The operator's terminal: a directory in which ``build/demo`` is the world, as it is in the clone after ``make demo``."""

    def __init__(self, world: World, folder: Path, stack: contextlib.ExitStack) -> None:
        self.world = world
        self.folder = folder
        self.stack = stack
        # The trail is this evening's alone, so that the page can say how many runs are in it.
        trail = {"BLUEGREEN_AUDIT_LOG": str(folder / "build" / "audit" / "audit.jsonl")}
        self.ansible = Ansible(ROOT / "inventories" / "demo", environment=world_environment(world) | trail)
        self.environment: dict[str, str] = {}
        self._promises: list[tuple[str, threading.Event]] = []
        (folder / "build").mkdir()
        (folder / "build" / "demo").symlink_to(world.directory)

    def note(self) -> dict[str, object]:
        """What the owner of acme's lock wrote last; empty when nobody holds it."""
        with contextlib.suppress(OSError, ValueError):
            content: dict[str, object] = json.loads((self.world.staging_dir / "acme.lock").read_text())
            return content
        return {}

    def await_soaking(self, limit: float = 20.0) -> int:
        """Wait until a run watches acme; returns the module's pid."""
        end = time.monotonic() + limit
        while self.note().get("step") != "soaking":
            assert time.monotonic() < end, f"no run came to watch acme within {limit:.0f} s"
            time.sleep(0.02)
        return int(str(self.note()["pid"]))

    def when_soaking(self, what: str, act: Callable[[], object]) -> None:
        """Do something from beside, as soon as a run watches acme."""
        done = threading.Event()

        def wait_and_act() -> None:
            self.await_soaking()
            act()
            done.set()

        thread = threading.Thread(target=wait_and_act)
        thread.start()
        self.stack.callback(thread.join)
        self._promises.append((what, done))

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a command of the page as a terminal does: in a process group of its own."""
        return subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.ansible.full_environment("ansible.builtin.default") | {"PWD": str(self.folder)} | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def do(self, block: Block) -> None:
        """Type the commands of a block and hold them to what the page says."""
        for number, (command, expected) in enumerate(block.commands):
            process = self.start(command)
            if block.interrupted:
                self.when_soaking("Ctrl-C", functools.partial(os.killpg, process.pid, signal.SIGINT))
            printed = process.communicate(timeout=60)[0]
            printed = printed.replace(str(self.world.directory), ".../build/demo").replace(str(self.folder), "...")
            code = block.code if number == len(block.commands) - 1 else 0
            assert process.returncode == code, f"$ {command}\nended with {process.returncode}, not {code}:\n{printed}"
            missing = what_is_missing(expected, printed)
            assert not missing, f"$ {command}\ndid not print\n    {missing}\nbut\n{printed}"

    def keep_promises(self) -> None:
        """What was to happen from beside has happened."""
        for what, done in self._promises:
            assert done.wait(5), f"{what} came too late: nobody was watching acme"

    def play(self, playbook: str, **variables: object) -> None:
        """Bring the world into a state."""
        run = self.ansible.run(f"bluegreen.orchestrator.{playbook}", limit="acme", extra_vars={"dry_run": False, **NO_SOAK, **variables})
        assert run.returncode == 0, run.words()

    def begin_long_switch(self) -> tuple[subprocess.Popen[str], int]:
        """Start a switch that watches for a minute, and wait until it does."""
        variables = json.dumps({"dry_run": False, "bluegreen_target": "green", **LONG_SOAK})
        process = self.start(f"exec ansible-playbook bluegreen.orchestrator.switch --limit acme -e '{variables}'")
        return process, self.await_soaking()


def acme_is_on_blue(evening: Evening) -> None:
    evening.play("bluegreen")


def acme_is_on_green(evening: Evening) -> None:
    evening.play("bluegreen")
    evening.play("switch", bluegreen_target="green")


def green_is_sick(evening: Evening) -> None:
    evening.world.site("acme", "green").behave(sick="no database")


def green_answers_as_blue(evening: Evening) -> None:
    evening.world.site("acme", "green").behave(wrong_colour=True)


def green_falls_sick_while_it_is_watched(evening: Evening) -> None:
    evening.when_soaking("green's sickness", lambda: green_is_sick(evening))


def a_switch_is_killed(evening: Evening) -> None:
    acme_is_on_blue(evening)
    process, module = evening.begin_long_switch()
    os.kill(module, signal.SIGKILL)
    process.communicate(timeout=30)


def a_broken_file_is_left(evening: Evening) -> None:
    (evening.world.dynamic_dir / "old.yml").write_text("http: routers: {}\n")


def traefik_is_down(evening: Evening) -> None:
    evening.world.traefik.stop()


def a_colleague_is_switching(evening: Evening) -> None:
    process, _module = evening.begin_long_switch()
    evening.stack.callback(process.communicate, timeout=30)
    evening.stack.callback(process.send_signal, signal.SIGINT)


def a_page_server_runs(evening: Evening) -> None:
    try:
        page = evening.stack.enter_context(Page(evening.folder))
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    evening.environment["PAGE"] = page.url


def the_writes_are_held(evening: Evening) -> None:
    evening.play("bluegreen")
    evening.stack.enter_context(Holding(evening.world)).begin_long()


def the_holder_is_killed(evening: Evening) -> None:
    the_writes_are_held(evening)
    os.kill(int(str(evening.note()["pid"])), signal.SIGKILL)


def a_client_writes(evening: Evening) -> None:
    """Somebody sends an order, which waits."""
    web = evening.world.traefik.web_url
    order = subprocess.Popen(
        ["curl", "-s", "-L", "-o", "/dev/null", "--data", "x", "-H", f"Host: {evening.world.host('acme')}", f"{web}/order"]
    )
    evening.stack.callback(order.wait, 60)


def a_task_file_clones(evening: Evening) -> None:
    """What is done while writes wait; one file that works and one that does not."""
    task = "---\n- name: Clone the database\n"
    (evening.folder / "clone.yml").write_text(task + "  ansible.builtin.debug:\n    msg: cloned\n")
    (evening.folder / "broken.yml").write_text(task + "  ansible.builtin.fail:\n    msg: no room for the dump\n")


SITUATIONS: dict[str, Callable[[Evening], None]] = {
    "acme is on blue": acme_is_on_blue,
    "acme is on green": acme_is_on_green,
    "green is sick": green_is_sick,
    "green answers as blue": green_answers_as_blue,
    "green falls sick while it is watched": green_falls_sick_while_it_is_watched,
    "a switch to green is killed while it is watched": a_switch_is_killed,
    "somebody left a broken old.yml in the directory": a_broken_file_is_left,
    "a server of the page runs": a_page_server_runs,
    "Traefik is down": traefik_is_down,
    "a colleague is switching acme": a_colleague_is_switching,
    "writes are held for green": the_writes_are_held,
    "the process that holds the writes is killed": the_holder_is_killed,
    "a client writes": a_client_writes,
    "clone.yml clones the database, broken.yml fails": a_task_file_clones,
}

SECTIONS = [section for page in PAGES for section in read_runbook(page.read_text())]


@pytest.fixture
def evening(world: World, tmp_path: Path) -> Iterator[Evening]:
    """A terminal, and the end of everything that was begun in it."""
    with contextlib.ExitStack() as stack:
        yield Evening(world, tmp_path, stack)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_the_runbook_is_true(section: Section, evening: Evening) -> None:
    for step in section.steps:
        if isinstance(step, Block):
            evening.do(step)
        else:
            SITUATIONS[step](evening)
    evening.keep_promises()


def test_every_command_of_the_pages_was_found() -> None:
    """A fence with a typo in it must not take its commands out of the test."""
    written = [line.removeprefix("$ ") for page in PAGES for line in page.read_text().splitlines() if line.startswith("$ ")]
    read = [command for section in SECTIONS for step in section.steps if isinstance(step, Block) for command, _ in step.commands]
    assert read == written
    assert len(read) > 15


@pytest.mark.parametrize(
    ("expected", "printed", "missing"),
    [
        (["...", "b", "..."], "a\nb\nc", ""),
        (["a", "...", "c"], "a\nb\nc", ""),
        (["c", "...", "a"], "a\nb\nc", "a"),
        (["in 3.1 s"], "in 0.7 s", ""),
        (["0 of 1 site changed"], "1 of 1 site changed", "0 of 1 site changed"),
        (["a long", "line"], "a\n   long line", ""),
    ],
)
def test_the_comparison_sees_a_difference(expected: list[str], printed: str, missing: str) -> None:
    assert what_is_missing(expected, printed) == missing
