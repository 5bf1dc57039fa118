# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests on containers do to a world: the operator's commands, and what goes wrong."""

from __future__ import annotations

from typing import Any

from lab.docker import docker
from tests.harness import Ansible, PreviewApply, Run
from tests.harness.preview_apply import world_environment
from tests.integration.container_world import IMAGE, ContainerWorld

PREFIX = "bluegreen.orchestrator."
NEXT = {"bluegreen_image": f"{IMAGE}:1.1"}
# A version whose program ends at its start, because it cannot read its own command line.
BROKEN = {"bluegreen_image": f"{IMAGE}:1.1", "bluegreen_command": ["--no-such-option"]}
FORCED = {"bluegreen_retire_force": True}
ONLY_LOOKS = {"What is in flight ends meanwhile": "a wait, which a preview does not wait for"}


class Operator:
    """Somebody who types commands for the first site of a world."""

    def __init__(self, world: ContainerWorld) -> None:
        self.world = world
        self.site = world.site
        self.ansible = Ansible(world.inventory, environment=world_environment(world))

    def types(self, playbook: str, **variables: Any) -> Run:
        """Apply a playbook, whatever comes of it."""
        return self.ansible.run(PREFIX + playbook, limit=self.site, extra_vars={"dry_run": False, **variables})

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

    def harness(self, playbook: str, **variables: Any) -> PreviewApply:
        """The preview = apply harness on this site."""
        return PreviewApply(
            PREFIX + playbook,
            world=self.world,
            inventory=self.world.inventory,
            limit=self.site,
            extra_vars=variables,
            apply_only=ONLY_LOOKS,
        )


def blank(_operator: Operator) -> None:
    """Nothing is there yet."""


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


def retired(operator: Operator) -> None:
    """Green serves, blue is stopped."""
    switched(operator)
    operator.does("retire", **FORCED)


def without_idle(operator: Operator) -> None:
    """Somebody removed the idle container."""
    converged(operator)
    docker("rm", "--force", f"{operator.site}-green")


def without_active(operator: Operator) -> None:
    """Somebody removed the container that serves."""
    converged(operator)
    docker("rm", "--force", f"{operator.site}-blue")


def active_stopped(operator: Operator) -> None:
    """Somebody stopped the container that serves."""
    converged(operator)
    docker("stop", "--time", "1", f"{operator.site}-blue")


def idle_changed_by_hand(operator: Operator) -> None:
    """Somebody gave the idle container more memory."""
    converged(operator)
    docker("update", "--memory", "256m", "--memory-swap", "512m", f"{operator.site}-green")


def settings_changed(operator: Operator) -> None:
    """SITE conf gives both colours other limits since."""
    converged(operator)
    operator.world.write_inventory(bluegreen_limits={"cpus": 0.4, "memory": "160M", "pids": 80})


def candidate_left(operator: Operator) -> None:
    """A deploy was killed while its candidate ran: the old container is stopped, the candidate has its port."""
    converged(operator)
    docker("stop", "--time", "1", f"{operator.site}-green")
    port = operator.world.ports[operator.site]["green"]
    docker("run", "--detach", "--name", f"{operator.site}-green-candidate", "--publish", f"127.0.0.1:{port}:8080", f"{IMAGE}:1.1")
