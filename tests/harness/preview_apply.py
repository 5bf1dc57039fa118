# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs preview, apply, apply on a world and raises with the first thing that is not as it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from tests.harness.ansible import ROOT, Ansible, Run
from tests.harness.compare import first_difference
from tests.harness.tree import Tree, capture, first_change

READS = ("GET", "HEAD")


class PreviewLieError(AssertionError):
    """The preview did not tell the truth, or a run did what it must not; the text says what, in words."""


class World(Protocol):
    """What the harness asks of a world. ``lab.world.World`` is one; a later offer's world needs these four."""

    file: Path

    @property
    def roots(self) -> list[Path]:
        """Where a preview must not write."""

    def mark(self) -> dict[str, int]:
        """How long each server's request log is now."""

    def requests_since(self, mark: Mapping[str, int]) -> list[tuple[str, str, str]]:
        """The requests since then: server, method, path."""


@dataclass(frozen=True)
class Proof:
    """The runs that were compared. ``refuses`` and ``agrees`` have no second apply."""

    preview: Run
    apply: Run
    again: Run | None = None


class PreviewApply:
    """One playbook on one world. ``proves`` and ``refuses`` are the two questions; see the package's docstring.

    ``apply_only`` names the tasks that only an apply runs, because they look at what it did: task name -> reason.
    ``roots`` are watched besides the world's own; ``timeout`` is for one run.
    """

    def __init__(
        self,
        playbook: str | Path,
        *,
        world: World,
        inventory: Path = ROOT / "inventories" / "demo",
        limit: str | None = None,
        extra_vars: Mapping[str, Any] | None = None,
        roots: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
        apply_only: Mapping[str, str] | None = None,
        timeout: float = 110.0,
    ) -> None:
        self.playbook = playbook
        self.world = world
        self.limit = limit
        self.extra_vars = dict(extra_vars or {})
        self.roots = [*world.roots, *roots]
        self.apply_only = dict(apply_only or {})
        self.timeout = timeout
        self.ansible = Ansible(inventory, environment={**world_environment(world), **(environment or {})})

    def preview(self) -> Run:
        """Run it as it runs by default."""
        return self.ansible.run(self.playbook, limit=self.limit, extra_vars=self.extra_vars, timeout=self.timeout)

    def apply(self) -> Run:
        """Run it for real."""
        variables = {**self.extra_vars, "dry_run": False}
        return self.ansible.run(self.playbook, limit=self.limit, extra_vars=variables, timeout=self.timeout)

    def agrees(self, *, changes: bool) -> Proof:
        """Preview, apply: raise PreviewLieError unless the preview was true. What ``proves`` asks before its second apply."""
        preview = self._watched("preview", self.preview)
        self._must_succeed("preview", preview)
        apply = self.apply()
        self._must_succeed("apply", apply)
        difference = first_difference(preview, apply, apply_only=self.apply_only)
        if difference:
            raise PreviewLieError(difference + ".")
        self._must_change(apply, changes=changes)
        return Proof(preview, apply)

    def proves(self, *, changes: bool) -> Proof:
        """Preview, apply, apply: raise PreviewLieError unless the preview was true and the second apply had nothing to do."""
        proof = self.agrees(changes=changes)
        settled = capture(self.roots)
        again = self.apply()
        self._must_succeed("second apply", again)
        self._must_have_settled(again, settled)
        return replace(proof, again=again)

    def refuses(self, sentence: str) -> Proof:
        """Preview and apply must both be refused with the same message, which holds the sentence, and write nothing."""
        preview = self._watched("preview", self.preview)
        apply = self._watched("refused apply", self.apply, locks=True)
        for name, run in (("preview", preview), ("apply", apply)):
            if not run.failures:
                raise PreviewLieError(f"The {name} had to be refused with '{sentence}'. {run.words()}")
            if sentence not in run.failures[0].message:
                raise PreviewLieError(f"The {name} was refused, but not with '{sentence}'. {run.words()}")
        said, done = preview.failures[0], apply.failures[0]
        if (said.task, said.host, said.message) != (done.task, done.host, done.message):
            raise PreviewLieError(
                f"The two refusals differ: the preview's '{said.task}' on {said.host} says '{said.message}', "
                f"the apply's '{done.task}' on {done.host} says '{done.message}'."
            )
        return Proof(preview, apply)

    def refuses_each(self, sentences: Mapping[str, str]) -> None:
        """What ``refuses`` asks, of each host with its own sentence, in one preview and one apply: Ansible's start costs more.

        Not even a lock may be written: none of them may get that far.
        """
        said, done = _refusals(self._watched("preview", self.preview)), _refusals(self._watched("refused apply", self.apply))
        if said != done:
            raise PreviewLieError(f"The refusals differ: {said} in the preview, {done} in the apply.")
        for host, sentence in sentences.items():
            found = said.get(host, [])
            if len(found) != 1 or sentence not in found[0][1]:
                raise PreviewLieError(f"{host} had to be refused with '{sentence}', and was with {found}.")

    def _watched(self, name: str, run: Callable[[], Run], *, locks: bool = False) -> Run:
        before, mark = capture(self.roots), self.world.mark()
        outcome = run()
        after = capture(self.roots)
        written = first_change(_without_locks(before), _without_locks(after), times=False) if locks else first_change(before, after)
        if written:
            raise PreviewLieError(f"The {name} wrote to the target: {written}.")
        for server, method, path in self.world.requests_since(mark):
            if method not in READS:
                raise PreviewLieError(f"The {name} sent {method} {path} to {server}; only {' and '.join(READS)} are reads.")
        return outcome

    @staticmethod
    def _must_succeed(name: str, run: Run) -> None:
        if run.returncode or run.failures:
            raise PreviewLieError(f"The {name} did not succeed. {run.words()}")
        if not run.results:
            raise PreviewLieError(f"The {name} ran no task at all: {run.output.strip()[-1000:]}")

    @staticmethod
    def _must_change(apply: Run, *, changes: bool) -> None:
        if changes and not apply.changed:
            raise PreviewLieError("Changes were promised, and neither the preview nor the apply made one.")
        if apply.changed and not changes:
            raise PreviewLieError(f"No change was promised, and one was made: {_change(apply)}.")

    def _must_have_settled(self, again: Run, settled: Tree) -> None:
        if again.changed:
            raise PreviewLieError(f"The second apply had to change nothing, and it did: {_change(again)}.")
        written = first_change(settled, capture(self.roots), times=False)
        if written:
            raise PreviewLieError(f"The second apply says that it changed nothing, but {written}.")


def _refusals(run: Run) -> dict[str, list[tuple[str, str]]]:
    """The tasks that failed on each host, with what they said."""
    found: dict[str, list[tuple[str, str]]] = {}
    for failure in run.failures:
        found.setdefault(failure.host, []).append((failure.task, failure.message))
    return found


def _without_locks(tree: Tree) -> Tree:
    """Leave lock files out: an apply takes its lock before it reads the world, and keeps the file, for removing it would let two in."""
    return {path: entry for path, entry in tree.items() if path.suffix != ".lock"}


def _change(run: Run) -> str:
    first = run.changed[0]
    return f"the task '{first.task}' on {first.host} changed something, diff {first.content.get('diff')}"


def world_environment(world: World) -> dict[str, str]:
    """What tells the demo inventory and the audit which world a run is about."""
    return {
        "BLUEGREEN_WORLD": str(world.file),
        "BLUEGREEN_AUDIT_LOG": str(world.file.parent / "audit.jsonl"),
    }
