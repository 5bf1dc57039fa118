# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world: one Traefik, two colours of each site, and ``world.json`` that tells where everything is.

    python -m lab.world start [directory]     start it and stay until Ctrl-C
    python -m lab.world start --keep          start it and return
    python -m lab.world stop [directory]      stop what ``--keep`` left running

The demo, the tests and the bench all use this class. ``inventories/demo`` reads ``world.json``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from lab.load import Load
from lab.server import ROOT, LabError, Server, end_recorded
from lab.site import Site, read_requests
from lab.traefik import Traefik

COLOURS = ("blue", "green")
DEFAULT_DIRECTORY = ROOT / "build" / "demo"


class World:
    """Everything a switch needs, in one directory. A context manager; ``stop`` leaves the directory for the curious."""

    def __init__(
        self,
        directory: Path,
        *,
        sites: tuple[str, ...] = ("acme",),
        default_certificate: bool = True,
        access_log: bool = True,
        detached: bool = False,
    ) -> None:
        self.directory = directory.resolve()
        self.file = self.directory / "world.json"
        self.names = sites
        hosts = tuple(self.host(name) for name in sites)
        self.traefik = Traefik(
            self.directory,
            names=(*hosts, "localhost"),
            default_certificate=default_certificate,
            access_log=access_log,
            detached=detached,
        )
        self.sites = {
            name: {colour: Site(self.directory, site=name, colour=colour, detached=detached) for colour in COLOURS} for name in sites
        }

    @staticmethod
    def host(site: str) -> str:
        """The public host name of a site. Browsers and curl resolve *.localhost to this machine by themselves."""
        return f"{site}.localhost"

    @property
    def dynamic_dir(self) -> Path:
        """The directory that Traefik watches."""
        return self.traefik.dynamic_dir

    @property
    def staging_dir(self) -> Path:
        """The directory beside it, where files are written before they are renamed into place."""
        return self.traefik.staging_dir

    @property
    def roots(self) -> list[Path]:
        """The directories in which a preview must change nothing."""
        return [self.dynamic_dir, self.staging_dir]

    @property
    def servers(self) -> list[Server]:
        """Every server of this world."""
        return [self.traefik, *(site for colours in self.sites.values() for site in colours.values())]

    def site(self, name: str, colour: str) -> Site:
        """One colour of one site."""
        return self.sites[name][colour]

    def public_url(self, site: str, *, secure: bool = False) -> str:
        """Where visitors reach a site, by its own name."""
        port = self.traefik.websecure_port if secure else self.traefik.web_port
        return f"http{'s' if secure else ''}://{self.host(site)}:{port}"

    def description(self) -> dict[str, Any]:
        """The content of world.json."""
        return {
            "directory": str(self.directory),
            "traefik": {
                "web_url": self.traefik.web_url,
                "web_port": self.traefik.web_port,
                "websecure_url": self.traefik.websecure_url,
                "websecure_port": self.traefik.websecure_port,
                "api_url": self.traefik.api_url,
                "metrics_url": self.traefik.metrics_url,
                "ca_file": str(self.traefik.ca_file),
                "dynamic_dir": str(self.dynamic_dir),
                "staging_dir": str(self.staging_dir),
                "access_log": str(self.traefik.access_log or ""),
            },
            "sites": {
                name: {
                    "host": self.host(name),
                    "public_url": self.public_url(name),
                    **{
                        colour: {"url": site.url, "control_url": site.control_url, "request_log": str(site.request_log)}
                        for colour, site in colours.items()
                    },
                }
                for name, colours in self.sites.items()
            },
            "processes": [server.record() for server in self.servers if server.running],
        }

    def start(self) -> Self:
        """Start every server and write world.json last: who reads it finds everything up."""
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            for server in self.servers:
                server.launch()
            for server in self.servers:
                server.await_ready()
            self.write_description()
        except BaseException:
            self.stop()
            raise
        return self

    def write_description(self) -> None:
        """Write world.json whole or not at all."""
        beside = self.file.with_suffix(".writing")
        beside.write_text(json.dumps(self.description(), indent=2) + "\n")
        os.replace(beside, self.file)

    def stop(self) -> None:
        """Stop every server, whatever state it is in, and take world.json away first."""
        self.file.unlink(missing_ok=True)
        with contextlib.ExitStack() as stack:
            for server in self.servers:
                stack.callback(server.stop)

    def reset(self) -> None:
        """Back to a blank world: no site in Traefik, every server up and healthy, on the same ports."""
        if not self.traefik.running:
            self.traefik.start()
        self.traefik.clear()
        for colours in self.sites.values():
            for site in colours.values():
                site.heal()
        self.traefik.await_routes(0)

    def request_logs(self) -> dict[str, Path]:
        """The request log of every server that keeps one: what reached it, whoever sent it."""
        logs = {site.name: site.request_log for colours in self.sites.values() for site in colours.values()}
        return logs | ({"traefik": self.traefik.access_log} if self.traefik.access_log else {})

    def mark(self) -> dict[str, int]:
        """How long each request log is now, to read later only what came since."""
        return {name: log.stat().st_size if log.exists() else 0 for name, log in self.request_logs().items()}

    def requests_since(self, mark: Mapping[str, int]) -> list[tuple[str, str, str]]:
        """What the servers were asked since the mark: server, method, path."""
        return [
            (name, line["method"], line["path"])
            for name, log in self.request_logs().items()
            for line in read_requests(log, mark.get(name, 0))
        ]

    def load(self, site: str, **options: Any) -> Load:
        """Continuous load on the public side of a site; the options are those of ``Load``."""
        return Load(self.directory, self.traefik.web_url + "/", host=self.host(site), **options)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *trouble: object) -> None:
        self.stop()


def stop_kept_world(directory: Path) -> int:
    """Stop the processes that world.json names; returns how many there were."""
    return end_recorded(directory / "world.json")


def fresh_directory(directory: Path) -> None:
    """Empty a world's directory, after ending what an earlier world may have left running in it."""
    stop_kept_world(directory)
    if directory.exists() and any(directory.iterdir()) and not (directory / "traefik.yml").exists():
        raise LabError(f"'{directory}' is not empty and holds no world of ours. Give another directory, or empty it.")
    shutil.rmtree(directory, ignore_errors=True)


def _start(directory: Path, sites: tuple[str, ...], *, keep: bool) -> None:
    fresh_directory(directory)
    world = World(directory, sites=sites, detached=keep).start()
    print(f"The world is up: {world.file}")
    for name in sites:
        print(f"  {name}: {world.public_url(name)}")
    print(f"  Traefik's dashboard: {world.traefik.api_url}/dashboard/")
    if keep:
        print(f"Stop it with: {Path(sys.executable).name} -m lab.world stop {directory}")
        return
    print("Ctrl-C stops it.", flush=True)
    with _stopped_at_last(world):
        signal.pause()


@contextlib.contextmanager
def _stopped_at_last(world: World) -> Iterator[World]:
    """Stop the world at Ctrl-C or SIGTERM, without a traceback."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield world
    except KeyboardInterrupt:
        print()
    finally:
        world.stop()


def main() -> None:
    """Start or stop a world from the command line."""
    parser = argparse.ArgumentParser(description="A Traefik and two colours of each site, on loopback.")
    parser.add_argument("what", choices=("start", "stop"))
    parser.add_argument("directory", nargs="?", type=Path, default=DEFAULT_DIRECTORY)
    parser.add_argument("--sites", default="acme,globex", help="names, separated by commas")
    parser.add_argument("--keep", action="store_true", help="return, and leave the world running")
    given = parser.parse_args()
    try:
        if given.what == "start":
            _start(given.directory.resolve(), tuple(given.sites.split(",")), keep=given.keep)
        else:
            print(f"{stop_kept_world(given.directory.resolve())} processes stopped.")
    except LabError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
