# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs packed modules as forks of one process that has imported what most of them import, but nothing of Ansible; see preforked.py."""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import sys
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

# The standard library and the packages of modules' requirements: for a module of community.docker 0.12 of its 0.20 s of processor.
IMPORTED_BY_MOST = (
    "argparse asyncio base64 concurrent.futures configparser dataclasses datetime distro email.parser fnmatch glob grp hashlib http.client"
    " http.cookiejar http.server importlib.metadata inspect ipaddress json locale logging multiprocessing netrc platform pwd queue random"
    " re requests selectors shlex shutil smtplib sqlite3 ssl stat struct subprocess syslog tempfile textwrap threading traceback typing"
    " urllib.request urllib3 uuid yaml zipfile zipimport"
)
# What a connection is asked to start for a packed module that comes through a pipe (ANSIBLE_PIPELINING).
COMMAND = f"/bin/sh -c '{sys.executable} && sleep 0'"


def serve(control: socket.socket, each: Callable[..., NoReturn]) -> None:
    """Fork for every request, until nobody can ask any more; ``each`` gets the request and its descriptors, and is another process."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The collector would write into every page that the forks share. They are over before they have anything to collect.
    gc.disable()
    gc.freeze()
    while True:
        request, descriptors, *_ = socket.recv_fds(control, 1 << 20, 4)
        if not request:
            return
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            each(json.loads(request), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def become(request: dict[str, Any], stdout: int, stderr: int, answer: int, program: Callable[[], object]) -> NoReturn:
    """Be the program of a request to its end; the process number and the exit code go through the socket."""
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.set_inheritable(answer, False)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = list(request["command"])
    told = socket.socket(fileno=answer)
    told.send(str(os.getpid()).encode())
    atexit._clear()
    code = _code_of(program)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    told.send(str(code).encode())
    os._exit(code)


def _code_of(program: Callable[[], object]) -> int:
    try:
        program()
    except SystemExit as ended:
        return int(ended.code) if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def ask(control: socket.socket, request: dict[str, Any], stdout: int, stderr: int, *more: int) -> socket.socket:
    """Have a program run; the socket tells its process number, and its exit code or nothing when it was killed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        socket.send_fds(control, [json.dumps(request).encode()], [stdout, stderr, theirs.fileno(), *more])
    return ours


def run_module(request: dict[str, Any], stdout: int, stderr: int, answer: int, module: int) -> NoReturn:
    """Be a packed module."""

    def program() -> None:
        sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(Path(f"/proc/self/fd/{module}").read_bytes(), "<stdin>", "exec"), vars(sys.modules["__main__"]))

    become(request, stdout, stderr, answer, program)


def serve_modules(control: socket.socket) -> None:
    """Import, then serve."""
    for name in IMPORTED_BY_MOST.split():
        importlib.import_module(name)
    serve(control, run_module)


def run_here(control: socket.socket, local: type[Any]) -> None:
    """Let the connection plugin ``local`` have packed modules run by the server; everything else it does as before."""
    as_before: Callable[..., tuple[int, bytes, bytes]] = local.exec_command

    def exec_command(self: Any, cmd: Any, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        if cmd != COMMAND or not in_data:
            return as_before(self, cmd, in_data=in_data, sudoable=sudoable)
        with memory() as module, memory() as stdout, memory() as stderr:
            module.write(in_data)
            module.flush()
            request = {"command": [""], "cwd": os.fsdecode(self.cwd or os.getcwd()), "env": dict(os.environ)}
            with ask(control, request, stdout.fileno(), stderr.fileno(), module.fileno()) as answer:
                answer.recv(32)
                code = answer.recv(32)
            stdout.seek(0)
            stderr.seek(0)
            return int(code) if code else 128 + signal.SIGKILL, stdout.read(), stderr.read()

    local.exec_command = exec_command


def memory() -> BinaryIO:
    """A file that is nowhere."""
    return os.fdopen(os.memfd_create("preforked"), "w+b")
