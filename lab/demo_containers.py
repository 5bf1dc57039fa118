# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's last chapter, told where Docker is: the colours of a site as containers, and a new version on the idle one."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from lab.container_world import IMAGE, ContainerWorld
from lab.demo_stage import Playbook, Stage
from lab.docker import Engine, docker
from lab.server import LabError

OLD, NEW = (f"{IMAGE}:{version}" for version in ("1.0", "1.1"))
RATE = 100


def why_not() -> str:
    """Why this chapter cannot be told here, with the remedy; empty when it can."""
    if not Engine().answers():
        return "Docker does not answer here"
    installed = any((Path(folder) / "ansible_collections" / "community" / "docker").is_dir() for folder in sys.path)
    if not installed or not find_spec("requests"):
        return "the demo has installed ansible-core only, and containers need community.docker as well (make setup)"
    try:
        docker("image", "inspect", OLD, NEW)
    except LabError:
        return f"the lab's images are not built yet (python -m lab.images {OLD} {NEW}, some minutes)"
    return ""


def tell(stage: Stage, directory: Path) -> None:
    """The chapter; its containers, networks and volumes are gone afterwards."""
    world = ContainerWorld(directory, names=("acme",))
    try:
        world.start()
        _tell(stage, world)
    finally:
        world.stop()


def _containers(site: str) -> str:
    """Which containers the site has, by their ids."""
    return docker("ps", "--all", "--no-trunc", "--filter", f"name={site}", "--format", "{{.ID}} {{.Image}} {{.Names}}")


def _tell(stage: Stage, world: ContainerWorld) -> None:
    play = Playbook(stage, world)
    site = world.site
    about = ("-i", str(world.inventory), "--limit", site)
    apply = ("-e", "dry_run=false")
    deploy = ("-e", f"bluegreen_image={NEW}")

    stage.chapter("The same with containers, for Docker answers here")
    stage.say(f"The offer bluegreen makes both colours of {site} from {OLD}, on a network of their own, and the route:")
    run = play.run("bluegreen", *about, *apply, show=False)
    stage.expect(run.succeeded, "two containers and a route are made", run.output)
    stage.expect(world.public(site).get("colour") == "blue", "visitors reach blue")

    stage.say("A new version goes to the idle colour. First its preview:")
    before = _containers(site)
    run = play.run("deploy", *about, *deploy, show=False)
    stage.expect(run.succeeded and run.changed > 0, "the preview names what would change", run.output)
    stage.expect(_containers(site) == before, "and no container was touched")

    with world.load(site, rate=RATE) as load:
        run = play.run("deploy", *about, *deploy, *apply, show=False)
        stage.expect(run.succeeded, "the version is deployed", run.output)
        versions = {colour: world.version(site, colour) for colour in ("blue", "green")}
        stage.expect(versions == {"blue": "1.0", "green": "1.1"}, "green, the idle colour, has 1.1; blue still serves 1.0")
        run = play.run("switch", *about, "-e", "bluegreen_target=green", *apply, show=False)
        stage.expect(run.succeeded, "visitors are sent over", run.output)
        load.wait_until(lambda seen: seen.colours.get("green", 0) > RATE, what="a second of visitors on green")
    seen = load.snapshot()
    stage.expect(seen.failed == 0, f"{seen.requests:,} requests during the deploy and the switch, {seen.failed} failed", seen.words())
