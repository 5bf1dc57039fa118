# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: a switch that is previewed, applied under load, repeated, refused, taken back and traced, on a real Traefik.

Every number that is shown was measured a moment before. Every claim is checked, and the first one that does not hold
ends the demo with code 1. ``KEEP=1`` leaves the world up and prints what to try next.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab import demo_containers
from lab.demo_stage import DemoError, Playbook, Stage, fingerprint
from lab.load import Load
from lab.poller import Poller
from lab.server import LabError, ProgramMissingError, http
from lab.world import DEFAULT_DIRECTORY, World, fresh_directory

RATE = 300
SITE = "acme"
SICKNESS = "the database does not answer"


class Demo:
    """The story, one method per chapter."""

    def __init__(self, world: World, stage: Stage) -> None:
        self.world = world
        self.stage = stage
        self.play = Playbook(stage, world)

    def tell(self) -> None:
        """The whole story."""
        self.the_world()
        self.the_preview()
        self.the_switch()
        self.nothing_to_do()
        self.the_sick_colour()
        self.the_site_that_has_not_bought_it()
        self.the_rollback()
        self.the_trail()

    def the_world(self) -> None:
        """Chapter 1: what is running, and the first route."""
        traefik = self.world.traefik
        self.stage.chapter("A real Traefik and two versions of a small site, all on this machine")
        self.stage.say(
            f"Traefik listens on {traefik.web_url}. The site {SITE} runs twice: blue is version"
            f" {self.world.site(SITE, 'blue').version}, green is version {self.world.site(SITE, 'green').version}."
            " First the site gets its route, on blue:"
        )
        run = self.play.run("bluegreen", "--limit", SITE, "-e", "dry_run=false", show=False)
        self.stage.expect(run.succeeded, "the first route is made", run.output)
        self.stage.expect(self.public() == "blue", "visitors reach blue")

    def the_preview(self) -> None:
        """Chapter 2: what would change, with reads only."""
        self.stage.chapter("The preview of a switch to green: nothing is written")
        self.stage.say("Every playbook of ours is a preview unless it is told to apply. So this changes nothing:")
        before, mark = fingerprint(self.world.roots), self.world.mark()
        run = self.play.run("switch", "--limit", SITE, "-e", "bluegreen_target=green")
        asked = self.world.requests_since(mark)
        self.stage.expect(run.succeeded and run.changed == 1, "the preview names one change", run.output)
        self.stage.expect("+      service: acme-green" in run.output, "the diff shows the new route")
        self.stage.expect("gate green" in run.output and "passed" in run.output, "green was asked whether it is well")
        self.stage.expect(
            fingerprint(self.world.roots) == before,
            f"nothing was written: all {len(before)} files and folders are as they were, to the nanosecond",
        )
        self.stage.expect(
            bool(asked) and all(method in ("GET", "HEAD") for _, method, _ in asked),
            f"nothing was sent but reads: the servers logged {len(asked)} requests, all GET",
        )
        self.stage.expect(self.public() == "blue", "visitors still reach blue")

    def the_switch(self) -> None:
        """Chapter 3: the same command, applied, under load."""
        self.stage.chapter("The switch, while visitors keep coming")
        self.stage.say(
            f"{RATE} requests a second now reach {SITE}: GET and POST, on kept and on new connections. Each is sent once;"
            " one that fails is counted. The same command, with -e dry_run=false:"
        )
        with self.visitors() as (load, poller):
            run = self.play.run("switch", "--limit", SITE, "-e", "bluegreen_target=green", "-e", "dry_run=false")
            self.stage.expect(run.succeeded and run.changed == 1, "the switch is made", run.output)
            load.wait_until(lambda seen: seen.colours.get("green", 0) > RATE, what="a second of visitors on green")
        self.no_visitor_lost(load, "switch")
        self.seen(poller, "green")
        self.stage.expect(self.public() == "green", "visitors reach green")

    def nothing_to_do(self) -> None:
        """Chapter 4: a second run changes nothing."""
        self.stage.chapter("The same command again: nothing to do")
        before = fingerprint(self.world.roots, times=False)
        run = self.play.run("switch", "--limit", SITE, "-e", "bluegreen_target=green", "-e", "dry_run=false")
        self.stage.expect(run.succeeded and run.changed == 0, "the second run changes nothing", run.output)
        self.stage.expect(fingerprint(self.world.roots, times=False) == before, "every file is as it was")

    def the_sick_colour(self) -> None:
        """Chapter 5: refused, with the reason."""
        self.stage.chapter("Blue falls ill, and a switch to it is refused")
        self.stage.say(f'We make blue answer 503 with the reason "{SICKNESS}", and try to switch to it:')
        self.world.site(SITE, "blue").behave(sick=SICKNESS)
        before = fingerprint(self.world.roots, times=False)
        with self.visitors() as (load, _):
            run = self.play.run("switch", "--limit", SITE, "-e", "bluegreen_target=blue", "-e", "dry_run=false")
        self.stage.expect(run.refused, "the switch is refused", run.output)
        self.stage.expect("503" in run.output, "with the reason: blue answers 503", run.output)
        self.stage.expect(fingerprint(self.world.roots, times=False) == before, "the route was not touched")
        self.no_visitor_lost(load, "refused switch")
        self.world.site(SITE, "blue").heal()
        self.stage.say("Blue is well again.")

    def the_site_that_has_not_bought_it(self) -> None:
        """Chapter 6: an offer not bought."""
        self.stage.chapter("A site that has not bought the offer is refused")
        run = self.play.run("switch", "--limit", "globex", "-e", "bluegreen_target=green")
        self.stage.expect(run.refused, "globex is refused", run.output)
        self.stage.expect("add bluegreen to site_offers" in run.output.replace("\n", " "), "and the missing offer is named")

    def the_rollback(self) -> None:
        """Chapter 7: taken back, timed."""
        self.stage.chapter("The rollback")
        with self.visitors() as (load, poller):
            run = self.play.run("rollback", "--limit", SITE, "-e", "dry_run=false")
            self.stage.expect(run.succeeded and run.changed == 1, "the switch is taken back", run.output)
            load.wait_until(lambda seen: seen.colours.get("blue", 0) > RATE, what="a second of visitors on blue")
        self.no_visitor_lost(load, "rollback")
        self.seen(poller, "blue")
        self.stage.say(
            f"The task that took it back lasted {self.module_seconds():.2f} s, gate and proof included; the whole command"
            f" {run.seconds:.1f} s, from Enter to the prompt."
        )

    def the_trail(self) -> None:
        """Chapter 8: who did what, verified."""
        self.stage.chapter("The audit trail of all this")
        run = self.play.run("audit_verify")
        self.stage.expect(run.succeeded and "The chain is whole" in run.output, "the chain of the trail is whole", run.output)
        for line in self.trail():
            if line["event"] == "task":
                words = line.get("summary") or line.get("reason") or line["task"]
                self.stage.detail(f"{line['time']}  {line['who']['user']}  {line['mode']:7}  {line['result']:7}  {words}")

    def public(self) -> str:
        """The colour that the public reaches."""
        status, body = http("GET", f"{self.world.traefik.web_url}/health", host=self.world.host(SITE))
        return str(json.loads(body)["colour"]) if status == 200 else f"status {status}"

    @contextlib.contextmanager
    def visitors(self) -> Iterator[tuple[Load, Poller]]:
        """Load, and an independent eye on the colour."""
        file = self.world.dynamic_dir / f"{SITE}.yml"
        port = self.world.traefik.web_port
        # Five milliseconds: looking more often would slow the small site that it looks at.
        eye = Poller(self.world.directory, port, host=self.world.host(SITE), file=file, interval=0.005)
        with self.world.load(SITE, rate=RATE) as load, eye:
            yield load, eye

    def no_visitor_lost(self, load: Load, during: str) -> None:
        """The load's own count."""
        seen = load.snapshot()
        self.stage.expect(
            seen.failed == 0,
            f"{seen.requests:,} requests during the {during}, {seen.failed} failed (p99 {seen.p99_ms:.1f} ms)",
            seen.words(),
        )

    def seen(self, poller: Poller, colour: str) -> None:
        """When the new colour was visible from outside."""
        switches = [switch for switch in poller.switches() if switch.colour == colour]
        self.stage.expect(len(switches) == 1, f"{colour} was seen by a visitor who knows nothing of the switch")
        self.stage.say(f"{colour.capitalize()} was seen {switches[0].visible_ms:.1f} ms after the file was replaced.")

    def trail(self) -> list[dict[str, Any]]:
        """The lines of the audit log."""
        return [json.loads(line) for line in self.play.audit_log.read_text().splitlines()]

    def module_seconds(self) -> float:
        """How long the last changed task took, as the audit trail has it."""
        tasks = [line for line in self.trail() if line["event"] == "task" and line["result"] == "changed"]
        return float(tasks[-1]["duration"])


def next_steps(world: World, stage: Stage, play: Playbook) -> None:
    """What to look at, and what to type."""
    stage.chapter("It is all still up: look, and try")
    for name in world.sites:
        stage.detail(f"{name:8} {world.public_url(name)}")
    stage.detail(f"traefik  {world.traefik.api_url}/dashboard/")
    stage.say("Commands to try, as they stand:")
    stage.detail(f"export BLUEGREEN_AUDIT_LOG={shlex.quote(str(play.audit_log))}")
    if world.directory != DEFAULT_DIRECTORY:
        stage.detail(f"export BLUEGREEN_WORLD={shlex.quote(str(world.file))}")
    for arguments in (
        ("status", "--limit", SITE),
        ("switch", "--limit", SITE, "-e", "bluegreen_target=idle"),
        ("switch", "--limit", SITE, "-e", "bluegreen_target=idle", "-e", "dry_run=false"),
        ("rollback", "--limit", SITE, "-e", "dry_run=false"),
        ("audit_verify",),
        ("audit_report", "-e", f"audit_site={SITE}", "-e", "dry_run=false"),
    ):
        stage.detail(play.words(*arguments))
    stage.detail(f"curl -i {world.public_url(SITE)}/")
    stop = "make demo-stop" if world.directory == DEFAULT_DIRECTORY else f"python -m lab.world stop {world.directory}"
    stage.say(f"When you have seen enough: {stop}")


def run(directory: Path, *, keep: bool) -> None:
    """Start, tell, stop or keep."""
    stage = Stage()
    begun = time.monotonic()
    fresh_directory(directory)
    world = World(directory, sites=(SITE, "globex"), detached=keep)
    kept = False
    try:
        world.start()
        demo = Demo(world, stage)
        demo.tell()
        lacking = demo_containers.why_not()
        if lacking:
            stage.say("")
            stage.say(f"The chapter on containers is left out: {lacking}.")
        else:
            demo_containers.tell(stage, directory / "containers")
        stage.say("")
        stage.good(f"All {stage.expected} claims of this demo held. It took {time.monotonic() - begun:.0f} s.")
        if keep:
            next_steps(world, stage, demo.play)
            kept = True
    finally:
        if not kept:
            # A second Ctrl-C must not leave half of it running.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            world.stop()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the demo; one sentence for whatever goes wrong."""
    parser = argparse.ArgumentParser(description="A switch and a rollback on a real Traefik on this machine.")
    parser.add_argument("directory", nargs="?", type=Path, default=DEFAULT_DIRECTORY)
    directory = parser.parse_args().directory.resolve()
    signal.signal(signal.SIGTERM, _interrupt)
    keep = os.environ.get("KEEP", "") not in ("", "0")
    try:
        run(directory, keep=keep)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        sys.exit(130)
    except ProgramMissingError as missing:
        sys.exit(f"\n{missing}")
    except (DemoError, LabError) as error:
        sys.exit(f"\nThe demo did not go as it should: {error}")


if __name__ == "__main__":
    main()
