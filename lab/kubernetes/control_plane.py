# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole control plane in one directory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

from lab.kubernetes import crds, programs
from lab.kubernetes.api import Answer
from lab.kubernetes.components import ApiServer, ControllerManager, Etcd, Kwok, Scheduler, node
from lab.kubernetes.users import Rule
from lab.server import LabError, Server

NODES = {"lab-node-1": "lab-a", "lab-node-2": "lab-b"}
# Two seconds on a machine at rest, half a minute on two cores that ten others want.
READY_LIMIT = 60.0
KUBECTL_LIMIT = 60.0


class Request(NamedTuple):
    """One request of the audit log: who asked for what, and what it was answered."""

    user: str
    verb: str
    path: str
    status: int


class ControlPlane:
    """etcd, the API server, controllers, scheduler and two fake nodes. A context manager; ``stop`` leaves the directory for the curious.

    Users: ``admin``, ``reader`` (get and list on everything, nothing else), and those that ``add_user`` makes. ``api_options`` are further
    options of the API server, for a test of one that is not as usual.
    """

    def __init__(self, directory: Path, *, api_options: Sequence[str] = (), detached: bool = False) -> None:
        self.directory = directory.resolve()
        self.etcd = Etcd(self.directory, detached=detached)
        self.apiserver = ApiServer(self.directory, self.etcd, options=api_options, detached=detached)
        self.users = self.apiserver.users
        self.controllers = ControllerManager(self.directory, self.apiserver, detached=detached)
        self.scheduler = Scheduler(self.directory, self.apiserver, detached=detached)
        self.kwok = Kwok(self.directory, self.apiserver, detached=detached)
        self._defined: dict[str, list[str]] = {}

    @property
    def servers(self) -> list[Server]:
        """Every process, the one that the others need first."""
        return [self.etcd, self.apiserver, self.controllers, self.scheduler, self.kwok]

    @property
    def url(self) -> str:
        """Where the API server is; its certificate is signed by ``ca_file``."""
        return self.apiserver.api.url

    @property
    def ca_file(self) -> Path:
        """The authority of its certificate."""
        return self.apiserver.ca_file

    @property
    def version(self) -> str:
        """The Kubernetes that answers: a KUBEBUILDER_ASSETS may hold another one than ``programs.version`` builds."""
        return str(self._lab_request("GET", "/version").body["gitVersion"])

    @property
    def kubectl_program(self) -> str:
        """The kubectl of the same version."""
        return programs.find("kubectl")

    def start(self) -> Self:
        """Start everything; ready means that a pod would run: accounts are made, nodes are Ready, rights are known."""
        programs.find_all()
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            # The API server waits for etcd by itself, and the others for it.
            self.etcd.launch()
            self.apiserver.launch()
            self.etcd.await_ready()
            self.apiserver.await_ready()
            for server in (self.controllers, self.scheduler, self.kwok):
                server.launch()
            self.users.create_reader_role()
            for name, zone in NODES.items():
                self._lab_request("POST", "/api/v1/nodes", node(name, zone))
            self.kwok.await_ready()
            self._await_working()
        except BaseException:
            self.stop()
            raise
        return self

    def _await_working(self) -> None:
        for name in NODES:
            self.wait_for(partial(self._node_is_ready, name), f"node {name} Ready, by kwok")
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        self.wait_for(lambda: self._lab_request("GET", account).status == 200, "the default service account, by the controllers")

    def _node_is_ready(self, name: str) -> bool:
        status = self._lab_request("GET", f"/api/v1/nodes/{name}").body.get("status", {})
        return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in status.get("conditions", ()))

    def wait_for(self, condition: Callable[[], bool], what: str, *, limit: float = READY_LIMIT) -> None:
        """Wait until a condition holds; a LabError that says what did not come, or which part of the control plane ended."""
        end = time.monotonic() + limit
        while not condition():
            for server in self.servers:
                if not server.running:
                    raise LabError(f"{server.name} ended while the lab waited for {what}: {server.log_tail()}")
            if time.monotonic() > end:
                raise LabError(f"Not within {limit:.0f} s: {what}.")
            time.sleep(0.02)

    def stop(self) -> None:
        """End everything. By force: none of them keeps a state but etcd, whose files are whole after each write."""
        with contextlib.ExitStack() as stack:
            for server in self.servers:
                stack.callback(server.kill)

    def restart_apiserver(self) -> None:
        """Stop and start the API server: same port, same data, same tokens."""
        self.apiserver.restart()

    def kill_apiserver(self) -> None:
        """End the API server as a crash would; ``start_apiserver`` brings it back."""
        self.apiserver.kill()

    def start_apiserver(self) -> None:
        """Start the API server again after ``kill_apiserver``."""
        self.apiserver.start()

    def token(self, user: str) -> str:
        """The bearer token of a user."""
        return self.users.token(user)

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of a user, readable by nobody else."""
        return self.users.kubeconfig(user)

    def add_user(self, name: str, rules: Iterable[Rule] = (), *, namespaces: Iterable[str] = ()) -> str:
        """Make a user who may do exactly this, in these namespaces (which are there) or everywhere; returns the name.

        ``rules`` are those of a Role: ``{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}``.
        """
        self.users.add(name)
        rules = tuple(rules)
        if rules:
            self.users.grant(name, rules, namespaces)
        return name

    def grant(self, name: str, rules: Iterable[Rule], *, namespaces: Iterable[str] = ()) -> None:
        """Give a user of ``add_user`` more rights."""
        self.users.grant(name, rules, namespaces)

    def request(self, method: str, path: str, body: Any = None, *, user: str = "admin", kind: str = "application/json") -> Answer:
        """One request of the API: its status and decoded body, errors too."""
        return self.apiserver.api.request(method, path, body, token=self.token(user), kind=kind)

    def _lab_request(self, method: str, path: str, body: Any = None) -> Answer:
        return self.request(method, path, body, user="lab")

    def kubectl(self, *arguments: str, user: str = "admin", stdin: Any = None) -> Any:
        """Run the real kubectl; decoded with ``-o json``, else the text. What it refuses is a LabError with its words.

        ``stdin`` is for ``-f -``: a text, a manifest or a list of manifests.
        """
        settings = {"KUBECONFIG": str(self.kubeconfig(user)), "KUBECACHEDIR": str(self.directory / "kubectl"), "KUBERC": "off"}
        if isinstance(stdin, list):
            stdin = {"apiVersion": "v1", "kind": "List", "items": stdin}
        done = subprocess.run(
            [self.kubectl_program, *arguments],
            input=stdin if isinstance(stdin, str) else json.dumps(stdin),
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=KUBECTL_LIMIT,
            check=False,
        )
        if done.returncode:
            raise LabError(f"kubectl {' '.join(arguments[:3])} failed: {done.stderr.strip()[-1500:]}")
        return json.loads(done.stdout) if {"json", "-ojson", "-o=json", "--output=json"} & set(arguments) else done.stdout

    def apply_crds(self, *names: str) -> list[str]:
        """Have the published definitions of these projects (see ``crds.SOURCES``); returns what they define, which is served now.

        Argo CD's cost the server 4 s of processor, so what is served already is not applied again.
        """
        for name in names:
            if name in self._defined and all(self._is_served(definition) for definition in self._defined[name]):
                continue
            files = [option for file in crds.files_of(name) for option in ("-f", str(file))]
            applied = str(self.kubectl("apply", "--server-side", "--force-conflicts", *files, "-o", "name", user="lab")).split()
            self._defined[name] = [definition.rpartition("/")[2] for definition in applied]
            for definition in self._defined[name]:
                self.wait_for(partial(self._is_served, definition), f"{definition} Established and served")
        return sorted(definition for name in names for definition in self._defined[name])

    def _is_served(self, definition: str) -> bool:
        # Not `kubectl wait`: it gives up on a definition that has no conditions yet. And what is Established is served a moment later.
        given = self._lab_request("GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{definition}").body
        conditions = (given.get("status") or {}).get("conditions") or ()
        if not any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions):
            return False
        plural, _, group = definition.partition(".")
        version = next(version["name"] for version in given["spec"]["versions"] if version["storage"])
        return self._lab_request("GET", f"/apis/{group}/{version}/{plural}?limit=1").status == 200

    def audit_mark(self) -> int:
        """Where the audit log ends now, after its last whole line, to read later only what came since."""
        return len(self.apiserver.audited())

    def requests_since(self, mark: int = 0, *, user: str = "") -> list[Request]:
        """What the API server was asked since the mark, by its own audit log; of one user where one is named."""
        lines = [json.loads(line) for line in self.apiserver.audited(mark).splitlines()]
        wanted = f"system:serviceaccount:lab-users:{user}"
        found = [
            Request(line["user"]["username"], line["verb"], line["requestURI"], line.get("responseStatus", {}).get("code", 0))
            for line in lines
            if line["stage"] == "ResponseComplete"
        ]
        return [request for request in found if not user or request.user in (user, wanted)]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *trouble: object) -> None:
        self.stop()
