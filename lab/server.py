# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every server of the lab shares: finding its program, a free port, starting, being ready, stopping.

A server runs in a session of its own and is ended by its pid. When this process dies, however it dies, the kernel ends
the server too (``setpriv --pdeathsig``), unless it was started with ``detached=True`` to outlive us (``KEEP=1``).
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Self

LOOPBACK = "127.0.0.1"

# Below the kernel's range for outgoing connections (32768 and up): a load generator can then never sit on the port
# of a server that is being restarted.
PORTS = range(20000, 32000)

ROOT = Path(__file__).resolve().parent.parent

_reserved: dict[int, int] = {}


class LabError(Exception):
    """A server of the lab could not do what was asked; the text is a sentence for people."""


class ProgramMissingError(LabError):
    """A program is not on this machine. Tests turn this into a named skip, or a failure under LAB_REQUIRE=all."""


def cache_directory() -> Path:
    """Where the lab keeps what it built or downloaded once per machine."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "bluegreen-orchestrator" / "lab"


def find_program(name: str, *, variable: str, remedy: str) -> str:
    """Return the path of a program: environment variable, PATH, the lab's cache, then beside this Python (a wheel)."""
    given = os.environ.get(variable)
    if given:
        if os.access(given, os.X_OK) and os.path.isfile(given):
            return given
        raise ProgramMissingError(f"{variable} is set to '{given}', which is not a program. Correct it, or unset it.")
    for folder in (None, str(cache_directory() / "bin"), str(Path(sys.executable).parent)):
        found = shutil.which(name, path=folder)
        if found:
            return found
    raise ProgramMissingError(f"The program '{name}' is not on this machine. {remedy} (or set {variable} to its path).")


def reserve_port() -> int:
    """Return a port of loopback that nobody uses and that no other lab on this machine is about to use."""
    folder = Path(tempfile.gettempdir()) / f"bluegreen-lab-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for port in random.sample(PORTS, 500):
        lock = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((LOOPBACK, port))
        except OSError:
            os.close(lock)
            continue
        _reserved[port] = lock
        return port
    raise LabError(f"No free port between {PORTS.start} and {PORTS.stop} on {LOOPBACK} in 500 tries.")


def http(method: str, url: str, body: Any = None, *, host: str = "", timeout: float = 5.0) -> tuple[int, bytes]:
    """One plain HTTP request without a retry. The status of an error answer is returned, not raised."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Host": host} if host else {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def answers(url: str, *, host: str = "") -> bool:
    """Whether a GET of this url is answered with 200 now."""
    try:
        return http("GET", url, host=host, timeout=1.0)[0] == 200
    except OSError:
        return False


def process_birth(pid: int) -> str:
    """The start time of a process in clock ticks (field 22 of /proc/PID/stat); empty when there is none.

    With the pid it names one process for ever: a pid alone may belong to a stranger an hour later.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def end_process(pid: int, birth: str, *, grace: float = 10.0) -> bool:
    """End a server started by another run of ours, if it is still that process. True when there was one to end."""
    if not birth or process_birth(pid) != birth:
        return False
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        os.killpg(pid, number)
        limit = time.monotonic() + patience
        while process_birth(pid) == birth and time.monotonic() < limit:
            time.sleep(0.02)
        if process_birth(pid) != birth:
            break
    return True


def end_recorded(file: Path, *, grace: float = 10.0) -> int:
    """End the processes that a file of ours names under ``processes``, and take it away; returns how many there were."""
    try:
        processes = json.loads(file.read_text())["processes"]
    except FileNotFoundError:
        return 0
    ended = sum(end_process(process["pid"], process["birth"], grace=grace) for process in processes)
    file.unlink(missing_ok=True)
    return ended


class Server(ABC):
    """One server process. ``start`` returns when it is ready, ``stop`` when it is gone; a context manager does both."""

    start_limit = 20.0
    stop_limit = 10.0

    def __init__(self, name: str, directory: Path, *, detached: bool = False) -> None:
        self.name = name
        self.directory = directory.resolve()
        self.detached = detached
        self.log_file = self.directory / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments (no secret among them: everyone on the machine can read them)."""

    def variables(self) -> dict[str, str]:
        """Variables of its own; secrets are better here than among its arguments."""
        return {}

    @abstractmethod
    def ready(self) -> bool:
        """Whether it serves now; asked again and again until it does."""

    def prepare(self) -> None:
        """Write what the program reads at its start; most have nothing to write."""
        return

    @property
    def pid(self) -> int:
        """The process id; a LabError when it does not run."""
        if self._process is None:
            raise LabError(f"{self.name} is not started.")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def record(self) -> dict[str, Any]:
        """What ``end_recorded`` finds the process by, another day and from another program."""
        return {"name": self.name, "pid": self.pid, "birth": process_birth(self.pid)}

    def start(self) -> Self:
        """Start the server and wait until it is ready."""
        self.launch()
        self.await_ready()
        return self

    def launch(self) -> None:
        """Start the process only; several servers come up side by side when each is launched before one is awaited."""
        if self.running:
            raise LabError(f"{self.name} is already running (pid {self.pid}).")
        self.directory.mkdir(parents=True, exist_ok=True)
        self.prepare()
        command = self.command()
        setpriv = None if self.detached else shutil.which("setpriv")
        if setpriv:
            command = [setpriv, "--pdeathsig", "TERM", "--", *command]
        with open(self.log_file, "ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.directory,
                env={**os.environ, "PYTHONPATH": str(ROOT), **self.variables()},
            )

    def await_ready(self) -> None:
        """Wait until it is ready; what does not become ready is stopped and said, with the end of its log."""
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise

    def _await_ready(self) -> None:
        limit = time.monotonic() + self.start_limit
        while not self.ready():
            if not self.running:
                code = self._process.returncode if self._process else None
                raise LabError(f"{self.name} ended at its start with code {code}: {self.log_tail()}")
            if time.monotonic() > limit:
                raise LabError(f"{self.name} was not ready after {self.start_limit:.0f} s: {self.log_tail()}")
            time.sleep(0.02)

    def log_tail(self, lines: int = 5) -> str:
        """The last lines of its log."""
        try:
            text = self.log_file.read_text(errors="replace")
        except OSError:
            text = ""
        return "\n".join(text.splitlines()[-lines:]) or "its log is empty"

    def stop(self) -> None:
        """End the server: politely first, by force after a grace. Silent when it does not run."""
        self._end(signal.SIGTERM, self.stop_limit)

    def kill(self) -> None:
        """End the server at once, as a crash would (kill -9)."""
        self._end(signal.SIGKILL, 5.0)

    def _end(self, number: signal.Signals, patience: float) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5.0)

    def restart(self) -> None:
        """Stop and start again on the same ports, with the same files."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *trouble: object) -> None:
        self.stop()
