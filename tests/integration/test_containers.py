# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The offer with containers: what it makes, what it never touches, what it refuses; preview = apply in every world."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.container_world import HEALTHCHECK, IMAGE, ContainerWorld
from lab.docker import docker
from lab.server import reserve_port
from tests.harness import PreviewLieError
from tests.integration.containers import (
    FORCED,
    NEXT,
    Operator,
    a_deploy_is_killed,
    a_retirement_is_killed,
    an_offer_is_killed,
    as_it_is,
    blue_is_paused,
    blue_is_removed,
    blue_is_stopped,
    converged,
    green_is_given_memory_by_hand,
    green_is_removed,
    green_is_served,
    refuses_each,
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
    (blue_is_paused, "bluegreen", {}, True),
    (green_is_given_memory_by_hand, "bluegreen", {}, True),
    (an_offer_is_killed, "bluegreen", {"bluegreen_take_over": True}, True),
    (the_conf_gets_other_limits, "bluegreen", {}, True),
]
DEPLOY: list[tuple[Act, str, dict[str, Any], bool]] = [
    (converged, "deploy", {}, False),
    (as_it_is, "deploy", NEXT, True),
    (a_deploy_is_killed, "deploy", {"bluegreen_take_over": True}, True),
    (green_is_removed, "deploy", NEXT, True),
    (green_is_served, "retire", {}, False),
    (as_it_is, "retire", FORCED, True),
    (a_retirement_is_killed, "retire", {"bluegreen_take_over": True}, False),
    (as_it_is, "bluegreen", {}, False),
    (as_it_is, "deploy", NEXT, True),
    (a_retirement_is_killed, "retire", {"bluegreen_retire": "site", "bluegreen_take_over": True}, True),
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
    operator.world.write_inventory(
        bluegreen_secrets=[{"name": "pin", "value": "1234"}],
        bluegreen_tmpfs=["/tmp", "/run"],
        bluegreen_capabilities=["NET_BIND_SERVICE"],
        bluegreen_stop_seconds=7,
        bluegreen_healthcheck=HEALTHCHECK,
    )
    converged(operator)
    site, made = operator.site, operator.world.inspect(operator.site, "green")
    host, labels = made["HostConfig"], made["Config"]["Labels"]
    port = str(operator.world.ports[site]["green"])
    assert host["PortBindings"] == {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}
    assert list(made["NetworkSettings"]["Networks"]) == [site]
    assert (host["NanoCpus"], host["Memory"], host["PidsLimit"]) == (1_000_000_000, 128 * 1024**2, 64)
    assert host["MemorySwap"] == host["Memory"], "the limit is twice what it says"
    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert (host["CapDrop"], host["SecurityOpt"], host["RestartPolicy"]["Name"]) == (["ALL"], ["no-new-privileges:true"], "unless-stopped")
    assert [name.removeprefix("CAP_") for name in host["CapAdd"]] == ["NET_BIND_SERVICE"]
    assert sorted(host["Tmpfs"]) == ["/run", "/tmp"]
    assert made["Config"]["StopTimeout"] == 7
    folder = str(operator.world.conf_dir / site / f"{site}-green")
    mounts = [(mount["Type"], mount["Source"], mount["Destination"], mount["RW"]) for mount in made["Mounts"]]
    assert mounts == [("bind", folder, "/run/secrets", False)]
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
    assert not [task for task in run.results if "of somebody else has them" in task.task], "without volumes, both are known to be ours"
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


def test_what_is_somebody_elses_is_not_taken_away(operator: Operator) -> None:
    """The route stays too: what is refused is refused before anything is changed."""
    converged(operator)
    site, world = operator.site, operator.world
    retire = {"bluegreen_retire": "site", "bluegreen_retire_volumes": True}
    docker("rm", "--force", f"{site}-green")
    docker("run", "--detach", "--name", f"{site}-green", f"{IMAGE}:1.0")
    operator.harness("retire", **retire).refuses(f"The container {site}-green is there already, and was not made by this role")
    docker("rm", "--force", f"{site}-green")
    docker("volume", "create", f"{site}-green-data")
    volumes = [{"name": "data", "path": "/data"}]
    operator.harness("retire", bluegreen_volumes=volumes, **retire).refuses(f"The volume {site}-green-data is there already")
    assert world.public(site)["colour"] == "blue"
    operator.does("bluegreen")
    docker("create", "--name", f"{site}-green-candidate", f"{IMAGE}:1.0")
    operator.harness("deploy", **NEXT).refuses(f"The container {site}-green-candidate is there already")
    assert world.version(site, "green") == "1.0"


def test_a_volume_of_somebody_else_is_not_mounted(operator: Operator) -> None:
    """Both containers are there already, so it is SITE conf that got a volume: one whose name another site of ours made before."""
    converged(operator)
    site = operator.site
    before = operator.world.inspect(site, "green")["Id"]
    volumes = {"bluegreen_volumes": [{"name": "data", "path": "/data"}]}
    docker("volume", "create", "--label", f"io.bluegreen.site={site}-green", f"{site}-green-data")
    for playbook, more in (("bluegreen", {}), ("deploy", NEXT)):
        operator.harness(playbook, **volumes, **more).refuses(
            f"The volume {site}-green-data is there already, and was not made by this role for {site} (its labels say so)"
        )
    assert docker("volume", "ls", "--quiet", "--filter", f"name={site}-blue-data") == ""
    assert operator.world.inspect(site, "green")["Id"] == before
    docker("volume", "rm", f"{site}-green-data")
    operator.harness("bluegreen", **volumes).proves(changes=True)
    assert [mount["Name"] for mount in operator.world.inspect(site, "green")["Mounts"]] == [f"{site}-green-data"]


def test_a_port_that_somebody_took_is_named(operator: Operator) -> None:
    world, site = operator.world, operator.site
    with socket.socket() as bound:
        # It does not listen, so nobody who asks is answered; only Docker finds out.
        bound.bind(("127.0.0.1", 0))
        world.write_inventory(bluegreen_ports=world.ports[site] | {"blue": bound.getsockname()[1]})
        said = operator.refused("bluegreen")
    assert f"{site}: blue does not come up: Docker could not start it (" in said
    assert "address already in use). It was removed again; the route was not touched." in said
    world.write_inventory()
    converged(operator)
    docker("stop", "--time", "1", f"{site}-green")
    port = world.ports[site]["green"]
    taken = f"bluegreen_ports.green: something else listens on 127.0.0.1:{port} already"
    with socket.create_server(("127.0.0.1", port)):
        operator.harness("deploy", **NEXT).refuses(taken)
        labels = ("--label", f"io.bluegreen.site={site}", "--label", "io.bluegreen.colour=green")
        docker("create", "--name", f"{site}-green-candidate", *labels, f"{IMAGE}:1.1")
        operator.harness("deploy", **NEXT).refuses(taken)
    operator.does("deploy", **NEXT)
    assert world.version(site, "green") == "1.1"
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        # Green runs, and has its old port.
        moved = elsewhere.getsockname()[1]
        world.write_inventory(bluegreen_ports=world.ports[site] | {"green": moved})
        operator.harness("bluegreen").refuses(f"bluegreen_ports.green: something else listens on 127.0.0.1:{moved} already")


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("bluegreen", {"bluegreen_image": "no-such/image:9"}, 'bluegreen_image: "no-such/image:9" is not on the server and cannot be pulled'),
    ("bluegreen", {"bluegreen_image": ""}, 'bluegreen_image: "" is no image; name the version'),
    ("bluegreen", {"bluegreen_image": "shop 1.0"}, 'bluegreen_image: "shop 1.0" is no image'),
    (
        "bluegreen",
        {"bluegreen_image": "registry.example:5000/shop"},
        'bluegreen_image: "registry.example:5000/shop" names no version; name',
    ),
    ("bluegreen", {"bluegreen_ports": {}}, "must give each colour its own port of 127.0.0.1"),
    ("bluegreen", {"bluegreen_ports": {"blue": 0, "green": 2}}, "must give each colour its own port of 127.0.0.1"),
    ("bluegreen", {"bluegreen_ports": {"blue": "x", "green": 2}}, "bluegreen_ports"),
    ("bluegreen", {"bluegreen_ports": {"blue": 1, "green": 2, "red": 3}}, "red"),
    ("bluegreen", {"bluegreen_limits": {"memroy": "1G"}}, "memroy"),
    ("bluegreen", {"bluegreen_claim_seconds": 0}, "bluegreen_claim_seconds: 0 is not between 1 and 86400; give the seconds"),
    ("bluegreen", {"bluegreen_claim_seconds": 86401}, "bluegreen_claim_seconds: 86401 is not between 1 and 86400"),
    ("bluegreen", {"bluegreen_runtime": "podman"}, "podman"),
    ("bluegreen", {"bluegreen_site": "bridge"}, 'bluegreen_site: "bridge" cannot name a Docker network'),
    ("bluegreen", {"bluegreen_site": "acme-"}, 'bluegreen_site: "acme-" cannot name a Docker network'),
    ("bluegreen", {"bluegreen_secrets": [{"name": "a"}]}, 'bluegreen_secrets: ["a"]: each must be named as a file and have either value'),
    (
        "bluegreen",
        {"bluegreen_secrets": [{"name": "a", "value": {"b": "c"}}]},
        'bluegreen_secrets: ["a"]: each must be named as a file and have',
    ),
    ("bluegreen", {"bluegreen_secrets": [{"name": "../a", "value": "x"}]}, '["../a"]: each must be named as a file'),
    ("deploy", NEXT, "the site has no route yet, so no colour is idle"),
    ("deploy", {"bluegreen_runtime": "external"}, "colours run elsewhere (external)"),
    ("retire", {}, "the site has no route yet, so no colour is idle"),
    ("retire", {"bluegreen_retire": "all"}, "bluegreen_retire"),
]


@pytest.mark.parametrize("playbook", ["bluegreen", "deploy", "retire"])
def test_what_cannot_work_is_refused_before_anything_is_changed(operator: Operator, playbook: str) -> None:
    cases = [(conf, sentence) for name, conf, sentence in REFUSALS if name == playbook]
    refuses_each(operator, playbook, {f"refused{number}-{operator.world.suffix}": case for number, case in enumerate(cases)})


def test_what_belongs_to_others_is_refused(operator: Operator) -> None:
    """A name, a host name, a port or a volume of another site; a port, a container, a network or a volume of somebody who is no site."""
    world, other = operator.world, operator.world.sites[1]
    twin, host, ports, listened, named, net, kept, meets = (
        f"{what}-{world.suffix}" for what in ("twin", "host", "ports", "listened", "named", "net", "kept", "meets")
    )
    data = {"name": "data", "path": "/data"}
    met = f"'{meets}-blue-data', put together from site, colour and name, is the volume of {meets} and {meets}-blue on the server server"
    same = f"bluegreen_site: '{twin}' is the name of {twin} and {twin}-again on the server server; give each site of a server its own."
    docker("create", "--name", f"{named}-blue", f"{IMAGE}:1.0")
    docker("network", "create", net)
    docker("volume", "create", f"{kept}-blue-data")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        refuses_each(
            operator,
            "bluegreen",
            {
                twin: ({}, same),
                f"{twin}-again": ({"bluegreen_site": twin}, same),
                host: (
                    {"bluegreen_hosts": [world.host(other).upper()]},
                    f"belongs to {other} and {host}; a host name can be of one site only",
                ),
                ports: ({"bluegreen_ports": world.ports[other]}, f"is the port of {other} and {ports} on the server server"),
                listened: (
                    {"bluegreen_ports": {"blue": reserve_port(), "green": port}},
                    f"bluegreen_ports.green: something else listens on 127.0.0.1:{port} already",
                ),
                named: ({}, f"The container {named}-blue is there already, and was not made by this role"),
                net: ({}, f"The network {net} is there already, and was not made by this role"),
                kept: ({"bluegreen_volumes": [data]}, f"The volume {kept}-blue-data is there already, and was not made by this role"),
                meets: ({"bluegreen_volumes": [data]}, met),
                f"{meets}-blue": ({"bluegreen_volumes": [data | {"shared": True}]}, met),
            },
        )


@pytest.mark.parametrize(("addresses", "warned"), [([], ["nowhere.invalid"]), (["192.0.2.1"], ["nowhere.invalid", "localhost"])])
def test_a_name_that_leads_elsewhere_is_a_warning(operator: Operator, addresses: list[str], warned: list[str]) -> None:
    hosts = ["nowhere.invalid", "localhost"]
    operator.world.write_inventory(bluegreen_check_dns=True, bluegreen_hosts=hosts, bluegreen_addresses=addresses)
    run = operator.types("bluegreen", dry_run=True)
    assert run.returncode == 0, run.words()
    said = json.dumps([result.content for result in run.results])
    assert [host for host in hosts if f"WARNING: {host} " in said] == warned
    assert "WARNING: nowhere.invalid is not known to DNS; this server is " in said
    assert ("this server is 192.0.2.1. Until its DNS record leads here" in said) is bool(addresses)


SERVER_TO_COME = """\
- name: The offer, where infra_only is run before it
  hosts: sites
  gather_facts: false
  check_mode: "{{ dry_run | default(true) | bool }}"
  tasks:
    - name: Sort the sites by offer
      ansible.builtin.group_by:
        key: offer_infra_only
      changed_when: false
    - name: Containers and route
      ansible.builtin.include_role:
        name: bluegreen.orchestrator.bluegreen
"""


def test_a_server_that_is_still_to_come_is_named_in_a_preview_and_refused_by_an_apply(operator: Operator, tmp_path: Path) -> None:
    playbook, missing = tmp_path / "playbook.yml", str(tmp_path / "dynamic")
    playbook.write_text(SERVER_TO_COME)
    preview, apply = (
        operator.ansible.run(playbook, limit=operator.site, extra_vars={"bluegreen_dynamic_dir": missing, "dry_run": dry_run})
        for dry_run in (True, False)
    )
    assert preview.returncode == 0, preview.words()
    said = json.dumps([result.content.get("msg") for result in preview.results])
    assert f"Traefik would come with infra_only, and after that: the network {operator.site}; the containers" in said
    sentence = (
        f"{operator.site}: Traefik is not on this server, although infra_only has been run ({missing} is no directory);"
        " run the playbook infra_only by itself, and set bluegreen_dynamic_dir to the directory that its Traefik watches."
    )
    assert [failure.message for failure in apply.failures] == [sentence]
