# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The offer with containers: what it makes, what it never touches, what it refuses; preview = apply in every world."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from lab.container_world import IMAGE, ContainerWorld
from lab.docker import docker
from tests.harness import PreviewLieError
from tests.integration.containers import (
    FORCED,
    NEXT,
    Operator,
    a_deploy_is_killed,
    as_it_is,
    blue_is_removed,
    blue_is_stopped,
    converged,
    green_is_given_memory_by_hand,
    green_is_removed,
    green_is_served,
    the_conf_gets_other_limits,
)

pytestmark = pytest.mark.timeout(900)

Act = Callable[[Operator], None]


@pytest.fixture
def operator(containers: ContainerWorld) -> Operator:
    return Operator(containers)


# What happens first, then the playbook with its extra variables, and whether it changes something. One line leaves the world to the next:
# to make each of these worlds from nothing would take four times as long.
OFFER: list[tuple[Act, str, dict[str, Any], bool]] = [
    (as_it_is, "bluegreen", {}, True),
    (as_it_is, "bluegreen", NEXT, False),
    (green_is_removed, "bluegreen", {}, True),
    (blue_is_removed, "bluegreen", {}, True),
    (blue_is_stopped, "bluegreen", {}, True),
    (green_is_given_memory_by_hand, "bluegreen", {}, True),
    (the_conf_gets_other_limits, "bluegreen", {}, True),
]
DEPLOY: list[tuple[Act, str, dict[str, Any], bool]] = [
    (converged, "deploy", {}, False),
    (as_it_is, "deploy", NEXT, True),
    (a_deploy_is_killed, "deploy", {}, True),
    (green_is_removed, "deploy", NEXT, True),
    (green_is_served, "retire", {}, False),
    (as_it_is, "retire", FORCED, True),
    (as_it_is, "bluegreen", {}, False),
    (as_it_is, "deploy", NEXT, True),
    (as_it_is, "retire", {"bluegreen_retire": "site"}, True),
    (as_it_is, "retire", {"bluegreen_retire": "site"}, False),
]


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("story", [OFFER, DEPLOY], ids=["offer", "deploy and retire"])
def test_the_preview_tells_the_truth(operator: Operator, story: list[tuple[Act, str, dict[str, Any], bool]]) -> None:
    for act, playbook, variables, changes in story:
        act(operator)
        try:
            operator.harness(playbook, **variables).proves(changes=changes)
        except PreviewLieError as lie:
            pytest.fail(f"{act.__name__}, then {playbook} {variables}: {lie}")


def test_what_a_container_is_made_of(operator: Operator) -> None:
    converged(operator)
    site, made = operator.site, operator.world.inspect(operator.site, "green")
    host, labels = made["HostConfig"], made["Config"]["Labels"]
    port = str(operator.world.ports[site]["green"])
    assert host["PortBindings"] == {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}
    assert list(made["NetworkSettings"]["Networks"]) == [site]
    assert (host["NanoCpus"], host["Memory"], host["PidsLimit"]) == (1_000_000_000, 128 * 1024**2, 64)
    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert (host["CapDrop"], host["SecurityOpt"], host["RestartPolicy"]["Name"]) == (["ALL"], ["no-new-privileges:true"], "unless-stopped")
    ours = {name.removeprefix("io.bluegreen."): value for name, value in labels.items() if name.startswith("io.bluegreen.")}
    assert {"site": site, "colour": "green", "version": "1.0", "managed-by": "ansible"}.items() <= ours.items()
    assert made["State"]["Health"]["Status"] == "healthy"


def test_who_serves_is_left_alone_when_the_conf_changes(operator: Operator) -> None:
    converged(operator)
    blue, green = (operator.world.inspect(operator.site, colour)["Id"] for colour in ("blue", "green"))
    operator.world.write_inventory(bluegreen_env={"SITE_NAME": operator.site, "NEW": "1"}, bluegreen_image=f"{IMAGE}:1.1")
    run = operator.does("bluegreen")
    said = json.dumps([result.content.get("msg") for result in run.results])
    assert "blue serves, so its container keeps its settings although SITE conf has changed (env)" in said
    assert "Deploy to green, then switch." in said
    assert operator.world.inspect(operator.site, "blue")["Id"] == blue
    assert operator.world.inspect(operator.site, "green")["Id"] != green
    assert "NEW=1" in operator.world.inspect(operator.site, "green")["Config"]["Env"]
    assert [operator.world.version(operator.site, colour) for colour in ("blue", "green")] == ["1.0", "1.0"]


def test_volumes_are_of_one_colour_or_of_both(operator: Operator) -> None:
    volumes = [{"name": "data", "path": "/data"}, {"name": "uploads", "path": "/uploads", "shared": True}]
    operator.world.write_inventory(bluegreen_volumes=volumes)
    converged(operator)
    site = operator.site
    mounted = {mount["Destination"]: mount["Name"] for mount in operator.world.inspect(site, "green")["Mounts"]}
    assert mounted == {"/data": f"{site}-green-data", "/uploads": f"{site}-uploads"}
    operator.does("retire", bluegreen_retire="site")
    kept = docker("volume", "ls", "--quiet", "--filter", f"label=io.bluegreen.site={site}").split()
    assert sorted(kept) == [f"{site}-blue-data", f"{site}-green-data", f"{site}-uploads"]
    operator.does("retire", bluegreen_retire="site", bluegreen_retire_volumes=True)
    assert docker("volume", "ls", "--quiet", "--filter", f"label=io.bluegreen.site={site}") == ""


def a_stranger_on_the_port(operator: Operator, stack: list[socket.socket]) -> None:
    listener = socket.create_server(("127.0.0.1", operator.world.ports[operator.site]["green"]))
    stack.append(listener)


def test_a_port_that_is_taken_is_refused(operator: Operator) -> None:
    held: list[socket.socket] = []
    a_stranger_on_the_port(operator, held)
    try:
        operator.harness("bluegreen").refuses("bluegreen_ports.green: something else listens on 127.0.0.1:")
    finally:
        held[0].close()


def test_a_container_of_somebody_else_is_refused(operator: Operator) -> None:
    name = f"{operator.site}-blue"
    docker("create", "--name", name, f"{IMAGE}:1.0")
    operator.harness("bluegreen").refuses(f"The container {name} is there already, and was not made by this role")


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("bluegreen", {"bluegreen_image": "no-such/image:9"}, 'bluegreen_image: "no-such/image:9" is not on the server and cannot be pulled'),
    ("bluegreen", {"bluegreen_image": ""}, 'bluegreen_image: "" is no image; name the version'),
    ("bluegreen", {"bluegreen_image": "shop 1.0"}, 'bluegreen_image: "shop 1.0" is no image'),
    ("bluegreen", {"bluegreen_ports": {}}, "must give each colour its own port of 127.0.0.1"),
    ("bluegreen", {"bluegreen_ports": {"blue": 0, "green": 2}}, "must give each colour its own port of 127.0.0.1"),
    ("bluegreen", {"bluegreen_ports": {"blue": "x", "green": 2}}, "bluegreen_ports"),
    ("bluegreen", {"bluegreen_ports": {"blue": 1, "green": 2, "red": 3}}, "red"),
    ("bluegreen", {"bluegreen_limits": {"memroy": "1G"}}, "memroy"),
    ("bluegreen", {"bluegreen_runtime": "podman"}, "podman"),
    ("bluegreen", {"bluegreen_site": "bridge"}, 'bluegreen_site: "bridge" cannot name a Docker network'),
    ("bluegreen", {"bluegreen_secrets": [{"name": "a"}]}, 'bluegreen_secrets: ["a"]: each must be named as a file and have either value'),
    ("bluegreen", {"bluegreen_secrets": [{"name": "../a", "value": "x"}]}, '["../a"]: each must be named as a file'),
    ("deploy", NEXT, "the site has no route yet, so no colour is idle"),
    ("deploy", {"bluegreen_runtime": "external"}, "colours run elsewhere (external)"),
    ("retire", {}, "the site has no route yet, so no colour is idle"),
    ("retire", {"bluegreen_retire": "all"}, "bluegreen_retire"),
]


@pytest.mark.parametrize(("playbook", "variables", "sentence"), REFUSALS)
def test_what_cannot_work_is_refused_before_anything_is_changed(
    operator: Operator, playbook: str, variables: dict[str, Any], sentence: str
) -> None:
    operator.harness(playbook, **variables).refuses(sentence)


@pytest.mark.parametrize("what", ["bluegreen_hosts", "bluegreen_ports"])
def test_what_another_site_claims_is_refused(operator: Operator, what: str) -> None:
    other = operator.world.sites[1]
    taken = {"bluegreen_hosts": [operator.world.host(other).upper()], "bluegreen_ports": operator.world.ports[other]}[what]
    operator.world.write_inventory(**{what: taken})
    operator.harness("bluegreen").refuses(f"{operator.site} and {other}")


@pytest.mark.parametrize(("host", "warned"), [("nowhere.invalid", True), ("localhost", False)])
def test_a_name_that_leads_elsewhere_is_a_warning(operator: Operator, host: str, warned: bool) -> None:
    operator.world.write_inventory(bluegreen_check_dns=True, bluegreen_hosts=[host])
    run = operator.types("bluegreen", dry_run=True)
    assert run.returncode == 0, run.words()
    said = json.dumps([result.content for result in run.results])
    assert (f"WARNING: {host} is not known to DNS, not to this server" in said) is warned
