# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests on containers do to a world: the operator's commands, and what goes wrong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._claim import Claim, claim_path
from lab.container_world import HEALTHCHECK, IMAGE, ContainerWorld
from lab.docker import docker
from tests.harness import Ansible, PreviewApply, Run
from tests.harness.ansible import ROOT
from tests.harness.preview_apply import world_environment

PREFIX = "bluegreen.orchestrator."
NEXT = {"bluegreen_image": f"{IMAGE}:1.1"}
# Docker asks for the first time after fifteen seconds: that long the candidate is there, and nobody knows yet whether it is well.
UNHURRIED = {**NEXT, "bluegreen_healthcheck": {**HEALTHCHECK, "interval": "15s"}}
# A version whose program ends at its start, because it cannot read its own command line.
BROKEN = {"bluegreen_image": f"{IMAGE}:1.1", "bluegreen_command": ["--no-such-option"]}
FORCED = {"bluegreen_retire_force": True}
# A run that replaces a container starts it twice and waits for it; a busy machine takes its time.
LIMIT = 300.0
ONLY_LOOKS = {
    "bluegreen.orchestrator.bluegreen : Ask both colours": "what a preview announces cannot answer yet",
    "bluegreen.orchestrator.bluegreen : Whether this is an apply": "a command, which a preview skips: that is how it is known",
    "bluegreen.orchestrator.bluegreen : What is in flight ends meanwhile": "a wait, which a preview does not wait for",
    "bluegreen.orchestrator.bluegreen : Nothing is in flight any more": "a question about what the apply has just done",
}


class Background:
    """A run that goes on while the test does other things."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], output: Path) -> None:
        self._command = command
        self._environment = environment
        self._output = output

    def __enter__(self) -> Self:
        with self._output.open("w") as output:
            # A session of its own: it is killed with all that it started, as when the operator's machine dies.
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(self, *trouble: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def until(self, moment: Callable[[], bool]) -> None:
        """Return when the run has come to a moment."""
        end = time.monotonic() + LIMIT
        while not moment():
            assert self._process.poll() is None, f"the run ended before its moment came: {self.said()}"
            assert time.monotonic() < end, f"the moment never came: {self.said()}"
            time.sleep(0.05)

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        return self._process.wait(LIMIT)

    def said(self) -> str:
        """All that it printed, the line breaks left out."""
        return " ".join(self._output.read_text().split())


class Operator:
    """Somebody who types commands for the first site of a world."""

    def __init__(self, world: ContainerWorld) -> None:
        self.world = world
        self.site = world.site
        self.ansible = Ansible(world.inventory, environment=world_environment(world))

    def types(self, playbook: str, **variables: Any) -> Run:
        """Apply a playbook, whatever comes of it."""
        return self.ansible.run(PREFIX + playbook, limit=self.site, extra_vars={"dry_run": False, **variables}, timeout=LIMIT)

    def does(self, playbook: str, **variables: Any) -> Run:
        """Apply a playbook; it must succeed."""
        run = self.types(playbook, **variables)
        assert run.returncode == 0, run.words()
        return run

    def refused(self, playbook: str, **variables: Any) -> str:
        """Apply a playbook; it must be refused, and the words are returned."""
        run = self.types(playbook, **variables)
        assert run.failures, run.words()
        return run.failures[-1].message

    def begins(self, output: Path, playbook: str, **variables: Any) -> Background:
        """Apply a playbook that goes on meanwhile; in a ``with``, at whose end it is killed."""
        given = ("--extra-vars", json.dumps({"dry_run": False, **variables}))
        command = self.ansible.command(PREFIX + playbook, self.site, given)
        return Background(command, self.ansible.full_environment("ansible.builtin.default"), output)

    def harness(self, playbook: str, **variables: Any) -> PreviewApply:
        """The preview = apply harness on this site."""
        return PreviewApply(
            PREFIX + playbook,
            world=self.world,
            inventory=self.world.inventory,
            limit=self.site,
            extra_vars=variables,
            apply_only=ONLY_LOOKS,
            timeout=LIMIT,
        )


def refuses_each(operator: Operator, playbook: str, cases: Mapping[str, tuple[Mapping[str, Any], str]]) -> None:
    """``PreviewApply.refuses_each`` of sites: by site what its SITE conf has, and the sentence."""
    world = operator.world
    world.write_sites({site: conf for site, (conf, _) in cases.items()})
    harness = PreviewApply(PREFIX + playbook, world=world, inventory=world.inventory, limit=",".join(cases), timeout=LIMIT)
    harness.refuses_each({site: sentence for site, (_, sentence) in cases.items()})


def candidate_runs(operator: Operator, colour: str) -> bool:
    """Whether a deploy to a colour has come to its candidate."""
    return bool(docker("ps", "--quiet", "--filter", f"name={operator.site}-{colour}-candidate"))


def converged(operator: Operator) -> None:
    """Both colours run version 1.0, blue serves."""
    operator.does("bluegreen")


def deployed(operator: Operator) -> None:
    """Green has version 1.1, blue serves."""
    converged(operator)
    operator.does("deploy", **NEXT)


def switched(operator: Operator) -> None:
    """Green serves with version 1.1."""
    deployed(operator)
    operator.does("switch", bluegreen_target="green")


def as_it_is(_operator: Operator) -> None:
    """Nothing happens."""


def green_is_removed(operator: Operator) -> None:
    docker("rm", "--force", f"{operator.site}-green")


def blue_is_removed(operator: Operator) -> None:
    docker("rm", "--force", f"{operator.site}-blue")


def blue_is_stopped(operator: Operator) -> None:
    docker("stop", "--time", "1", f"{operator.site}-blue")


def green_is_given_memory_by_hand(operator: Operator) -> None:
    docker("update", "--cpus", "2", "--memory", "256m", "--memory-swap", "512m", f"{operator.site}-green")


def the_conf_gets_other_limits(operator: Operator) -> None:
    operator.world.write_inventory(bluegreen_limits={"cpus": 0.4, "memory": "160M", "pids": 80})


def green_is_served(operator: Operator) -> None:
    operator.does("switch", bluegreen_target="green")


def blue_is_paused(operator: Operator) -> None:
    docker("pause", f"{operator.site}-blue")


def a_claim_is_left(operator: Operator, work: str, colour: str = "green") -> None:
    staging = operator.world.traefik.staging_dir
    staging.mkdir(exist_ok=True)
    claim = Claim(colour, work, "ann on web1", time.time(), "0123456789abcdef")
    Path(claim_path(str(staging), operator.site)).write_text(json.dumps(asdict(claim)))


def a_retirement_is_killed(operator: Operator) -> None:
    """It was killed when it had stopped the container of blue, the idle colour."""
    a_claim_is_left(operator, "retire", "blue")


def an_offer_is_killed(operator: Operator) -> None:
    """As a deploy; but it was the playbook of the offer, which leaves alone what is stopped on purpose."""
    a_deploy_is_killed(operator)
    a_claim_is_left(operator, "bluegreen")


def a_deploy_is_killed(operator: Operator) -> None:
    """It was killed while its candidate ran: the old container is stopped, the candidate has its port, and its claim is there."""
    a_claim_is_left(operator, "deploy")
    docker("stop", "--time", "1", f"{operator.site}-green")
    port = operator.world.ports[operator.site]["green"]
    labels = ("--label", f"io.bluegreen.site={operator.site}", "--label", "io.bluegreen.colour=green")
    name = ("--name", f"{operator.site}-green-candidate")
    docker("run", "--detach", *name, *labels, "--publish", f"127.0.0.1:{port}:8080", f"{IMAGE}:1.1")
