# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Docker engine: the one that answers here, else one that we start. Images: ``lab.images``.

    python -m lab.docker start     find or start an engine (root on Debian or Ubuntu: installs it first)
    python -m lab.docker stop      stop the engine, if it is ours

The engine that answers at DOCKER_HOST, or at Docker's own socket, is used as it is and never stopped. Where none answers, root gets a
dockerd at Docker's own socket, with its data in the lab's cache, so that images are built once per machine. It stays up when the tests
end, for the next stage and the next run: a start costs a second, and what it costs idle is 100 MB of memory.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from lab import packages
from lab.server import LabError, ProgramMissingError, cache_directory, end_process, process_birth

PACKAGES = {"dockerd": "docker.io", "debootstrap": "debootstrap"}
SOCKET = "unix:///var/run/docker.sock"
START_LIMIT = 30.0
# dockerd outlives the engine's object, and a Popen that is collected while its process lives warns.
_DAEMONS: list[subprocess.Popen[bytes]] = []


def docker(*arguments: str, stdin: int | None = None, timeout: float = 600.0) -> str:
    """Run the docker client; what it prints, or a LabError with its last words."""
    program = packages.find("docker")
    if not program:
        raise ProgramMissingError(f"There is no docker client here. Install it with: {packages.command(['docker.io'])}")
    environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
    done = subprocess.run(
        [program, *arguments],
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        raise LabError(f"docker {' '.join(arguments[:3])} failed: {(done.stderr or done.stdout).strip()[-1500:]}")
    return done.stdout.strip()


class Engine:
    """The Docker engine of this machine. ``start`` finds or starts it; ``stop`` ends only what we started."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or cache_directory() / "docker"
        self.log_file = self.directory / "dockerd.log"
        self._record = self.directory / "dockerd.json"

    @property
    def host(self) -> str:
        """Where it answers, as DOCKER_HOST has it."""
        return os.environ.get("DOCKER_HOST") or SOCKET

    def answers(self) -> bool:
        """Whether an engine answers now."""
        try:
            docker("version", "--format", "{{.Server.Version}}", timeout=10.0)
        except (LabError, subprocess.TimeoutExpired):
            return False
        return True

    def missing(self) -> str:
        """Why no engine can be had here, with the remedy; empty when one answers or can be started."""
        if self.answers():
            return ""
        if os.environ.get("DOCKER_HOST"):
            return f"No Docker engine answers at DOCKER_HOST={self.host}. Correct it, or unset it."
        if not packages.find("dockerd"):
            return f"There is no Docker engine here. Install one with: {packages.command(['docker.io', 'debootstrap'])}"
        if os.geteuid() != 0:
            return "No Docker engine answers, and only root can start one. Start yours, for example: systemctl start docker"
        return ""

    def start(self, *, install: bool = False) -> Self:
        """Return when an engine answers; ProgramMissingError with the remedy when none can be had here."""
        if install and not self.answers():
            packages.install_missing(PACKAGES, who="The lab")
        missing = self.missing()
        if missing:
            raise ProgramMissingError(missing)
        with self._lock():
            if not self.answers():
                self._launch(packages.find("dockerd") or "dockerd")
        return self

    def stop(self) -> bool:
        """End the dockerd that we started, with its containers. True when there was one."""
        try:
            record = json.loads(self._record.read_text())
        except FileNotFoundError:
            return False
        ended = end_process(record["pid"], record["birth"], grace=30.0)
        self._record.unlink(missing_ok=True)
        return ended

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.directory / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _launch(self, program: str) -> None:
        # Both iptables variants work (seen with 20.10 on Debian 12, kernel without modules: nf_tables); the system's own choice is kept.
        # Room for a network of each site, as the role base gives a server: Docker's own pools hold 31.
        pools = "--default-address-pool=base=172.16.0.0/12,size=24"
        command = [program, f"--data-root={self.directory / 'data'}", f"--host={SOCKET}", pools]
        # Its children (containerd, iptables) are where only root's PATH looks.
        environment = {**os.environ, "PATH": packages.SEARCH}
        with open(self.log_file, "wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment, close_fds=True
            )
        _DAEMONS.append(process)
        self._record.write_text(json.dumps({"pid": process.pid, "birth": process_birth(process.pid)}))
        limit = time.monotonic() + START_LIMIT
        while not self.answers():
            if process.poll() is not None or time.monotonic() > limit:
                self.stop()
                raise ProgramMissingError(f"dockerd does not start here: {self._last_words()} (whole log: {self.log_file})")
            time.sleep(0.1)

    def _last_words(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it says nothing"


def main() -> None:
    """Start or stop the engine from the command line."""
    parser = argparse.ArgumentParser(description="The lab's Docker engine.")
    parser.add_argument("what", choices=("start", "stop"))
    what = parser.parse_args().what
    engine = Engine()
    try:
        if what == "stop":
            print("Stopped." if engine.stop() else "The engine is not ours, or does not run: nothing was stopped.")
            return
        engine.start(install=True)
        print(f"An engine answers at {engine.host}.")
    except LabError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
