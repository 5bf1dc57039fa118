# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo's story stands on: chapters, claims, and our playbooks run as a user runs them."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab.server import ROOT

Fingerprint = dict[str, tuple[object, ...]]


class DemoError(Exception):
    """A claim of the demo did not hold."""


class Stage:
    """Prints the story: numbered chapters, plain words, colours on a terminal only."""

    def __init__(self) -> None:
        self.colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.number = 0
        self.expected = 0

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours else text

    def chapter(self, title: str) -> None:
        """The next chapter's title."""
        self.number += 1
        print("\n" + self._paint(f"{self.number}. {title}", "1;36"), flush=True)

    def say(self, text: str) -> None:
        """A sentence of the story."""
        print(textwrap.fill(text, 110), flush=True)

    def command(self, text: str) -> None:
        """A command as it is typed."""
        print(self._paint(f"  $ {text}", "1"), flush=True)

    def detail(self, text: str) -> None:
        """A line below a sentence."""
        print(f"    {text}", flush=True)

    def good(self, text: str) -> None:
        """Something that turned out well."""
        print(self._paint(text, "32"), flush=True)

    def expect(self, held: bool, claim: str, evidence: str = "") -> None:
        """Check a claim: said when it holds, the end of the demo when it does not."""
        if not held:
            shown = f"\n{textwrap.indent(evidence.strip()[-3000:], '    ')}" if evidence else ""
            raise DemoError(f"this did not hold: {claim}.{shown}")
        self.expected += 1
        self.good(f"  ✔ {claim}")


@dataclass(frozen=True)
class PlaybookRun:
    """How a run of ansible-playbook ended."""

    returncode: int
    output: str
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether every host did what it was told."""
        return self.returncode == 0

    @property
    def refused(self) -> bool:
        """Whether a task said no (code 2), and not ansible-playbook itself."""
        return self.returncode == 2 and "failed=1" in self.output

    @property
    def changed(self) -> int:
        """The changed tasks of all hosts, from the recap."""
        return sum(int(number) for number in re.findall(r"\bchanged=(\d+)", self.output))


class Place(Protocol):
    """Where a world is: what a run of a playbook needs to know of it."""

    directory: Path
    file: Path


class Playbook:
    """ansible-playbook, with the clone's own ansible.cfg and the demo's inventory."""

    def __init__(self, stage: Stage, world: Place) -> None:
        self.stage = stage
        self.audit_log = world.directory / "audit.jsonl"
        self.program = Path(sys.executable).parent / "ansible-playbook"
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        self.environment = ours | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "BLUEGREEN_WORLD": str(world.file),
            "BLUEGREEN_AUDIT_LOG": str(self.audit_log),
            "ANSIBLE_FORCE_COLOR" if stage.colours else "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
        }

    def words(self, name: str, *arguments: str) -> str:
        """The command as it is typed in the clone."""
        program = self.program.relative_to(ROOT) if self.program.is_relative_to(ROOT) else self.program
        return " ".join([str(program), f"bluegreen.orchestrator.{name}", *arguments])

    def run(self, name: str, *arguments: str, show: bool = True) -> PlaybookRun:
        """Run a playbook; its output is shown as it comes."""
        self.stage.command(self.words(name, *arguments))
        command = [str(self.program), f"bluegreen.orchestrator.{name}", *arguments]
        started = time.monotonic()
        lines: list[str] = []
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout
            for line in process.stdout:
                lines.append(line)
                if show:
                    print(f"  | {line.rstrip()}", flush=True)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", "".join(lines))
        return PlaybookRun(process.returncode, plain, time.monotonic() - started)


def fingerprint(roots: Iterable[Path], *, times: bool = True) -> Fingerprint:
    """Everything about every path under the roots: kind and mode, owner, content, and when it was last touched."""
    found: Fingerprint = {}
    for root in roots:
        for path in (root, *sorted(root.rglob("*"))):
            status = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            touched = (status.st_mtime_ns, status.st_ctime_ns) if times else ()
            found[str(path)] = (status.st_mode, status.st_uid, status.st_gid, content, *touched)
    return found
