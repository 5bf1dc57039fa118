# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of a control plane, one class each, with what keeps them small and quiet beside two more of their kind."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from lab.certificates import make_certificates
from lab.kubernetes.api import Api
from lab.kubernetes.programs import find, stages
from lab.kubernetes.users import COMPONENTS, Users, write_private
from lab.server import LOOPBACK, Server, answers, reserve_port

ADMISSION = ("NamespaceLifecycle", "LimitRanger", "ServiceAccount", "ResourceQuota", "PodSecurity")
# Nodes are kept by kwok and never fail: nobody has to look for dead ones, and the taint that only that controller takes away is not set.
NOT_ADMISSION = ("TaintNodesByCondition",)
# What watches nodes, clouds, volumes and certificates that are not there.
NOT_CONTROLLERS = (
    "certificatesigningrequest-approving-controller",
    "certificatesigningrequest-cleaner-controller",
    "certificatesigningrequest-signing-controller",
    "node-ipam-controller",
    "node-lifecycle-controller",
    "node-route-controller",
    "persistentvolume-attach-detach-controller",
    "service-lb-controller",
    "taint-eviction-controller",
)


class Etcd(Server):
    """The store. Without fsync: what a power cut would lose is a test's, and a write costs 0.2 instead of some milliseconds."""

    def __init__(self, directory: Path, *, detached: bool = False) -> None:
        super().__init__("etcd", directory, detached=detached)
        self.port = reserve_port()
        self.peer_port = reserve_port()

    @property
    def url(self) -> str:
        """Where the API server finds it."""
        return f"http://{LOOPBACK}:{self.port}"

    def command(self) -> list[str]:
        """A cluster of one."""
        peer = f"http://{LOOPBACK}:{self.peer_port}"
        return [
            find("etcd"),
            "--name=lab",
            f"--data-dir={self.directory / 'etcd'}",
            "--unsafe-no-fsync",
            f"--listen-client-urls={self.url}",
            f"--advertise-client-urls={self.url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=lab={peer}",
            "--log-level=warn",
        ]

    def ready(self) -> bool:
        """Ready when it answers; the API server waits for its election."""
        # Serializable: the other answer comes with the election, and until then the question hangs for a second.
        return answers(f"{self.url}/health?serializable=true")


class ApiServer(Server):
    """The API server, with RBAC, the admission of a real cluster and an audit log of who asked for what."""

    # A cold start on two busy cores.
    start_limit = 60.0
    # Asked to end it waits 60 s for the controllers' watches, which never end by themselves.
    stop_limit = 1.0

    def __init__(self, directory: Path, etcd: Etcd, *, options: Sequence[str] = (), detached: bool = False) -> None:
        super().__init__("kube-apiserver", directory, detached=detached)
        self.etcd = etcd
        self.options = options
        self.port = reserve_port()
        self.ca_file = self.directory / "certificates" / "ca.pem"
        self.api = Api(f"https://{LOOPBACK}:{self.port}", self.ca_file)
        self.users = Users(self.directory / "users", self.api)
        self.audit_log = self.directory / "audit.jsonl"
        self._policy = self.directory / "audit-policy.json"
        self.accounts_key = self.directory / "service-accounts" / "default.key"

    def prepare(self) -> None:
        """Certificate, keys, tokens and the audit policy; at the first start only, so that a restart goes on with the same."""
        if self.ca_file.exists():
            # One that was killed may have left half a line, which the next one would go on with.
            os.truncate(self.audit_log, len(self.audited()))
            return
        make_certificates(self.ca_file.parent, ["localhost"])
        make_certificates(self.accounts_key.parent, ["service-accounts"])
        self.users.prepare()
        rules = [
            {"level": "None", "users": ["system:apiserver", *COMPONENTS]},
            {"level": "None", "nonResourceURLs": ["/readyz*", "/livez*", "/healthz*"]},
            {"level": "Metadata"},
        ]
        policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}
        write_private(self._policy, json.dumps(policy))
        write_private(self.audit_log, "")

    def command(self) -> list[str]:
        """Everything by file: the command line can be read by everyone on the machine."""
        certificates = self.ca_file.parent
        return [
            find("kube-apiserver"),
            f"--etcd-servers={self.etcd.url}",
            f"--bind-address={LOOPBACK}",
            # Otherwise it looks for the machine's default route, and does not start where there is none.
            f"--advertise-address={LOOPBACK}",
            f"--secure-port={self.port}",
            f"--tls-cert-file={certificates / 'default.pem'}",
            f"--tls-private-key-file={certificates / 'default.key'}",
            f"--service-account-key-file={self.accounts_key.with_suffix('.pem')}",
            f"--service-account-signing-key-file={self.accounts_key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self.users.tokens_file}",
            "--authorization-mode=RBAC",
            f"--enable-admission-plugins={','.join(ADMISSION)}",
            f"--disable-admission-plugins={','.join(NOT_ADMISSION)}",
            f"--audit-policy-file={self._policy}",
            f"--audit-log-path={self.audit_log}",
            "--service-cluster-ip-range=10.96.0.0/16",
            # It would write the address of 'kubernetes.default' every ten seconds, and a loopback one is refused.
            "--endpoint-reconciler-type=none",
            # A test that sends a burst is not to be put into a queue behind itself.
            "--enable-priority-and-fairness=false",
            "--profiling=false",
            # Of an option that is given twice the last one counts.
            *self.options,
        ]

    def audited(self, since: int = 0) -> bytes:
        """The whole lines of the audit log from an offset on; the last one may be half written while we read."""
        with open(self.audit_log, "rb") as log:
            log.seek(since)
            lines, newline, _half = log.read().rpartition(b"\n")
        return lines + newline

    def ready(self) -> bool:
        """Ready when every one of its own checks is: RBAC's first roles are there, for one."""
        try:
            return self.api.request("GET", "/readyz", token=self.users.token("lab")).status == 200
        except OSError:
            return False


class _Client(Server):
    """A part of the control plane that only talks to the API server. It has no port that could tell whether it is ready."""

    user = ""

    def __init__(self, name: str, directory: Path, server: ApiServer, *, detached: bool = False) -> None:
        super().__init__(name, directory, detached=detached)
        self.server = server

    @property
    def kubeconfig(self) -> str:
        """Its option that says where the API server is and who it is."""
        return f"--kubeconfig={self.server.users.kubeconfig(self.user)}"

    def ready(self) -> bool:
        """Whether it has not ended; that it works is seen in what it does (``ControlPlane`` waits for that)."""
        return self.running


class ControllerManager(_Client):
    """What makes replica sets of deployments, pods of replica sets, and keeps the ``used`` of quotas."""

    user = "lab-controller-manager"

    def __init__(self, directory: Path, server: ApiServer, *, detached: bool = False) -> None:
        super().__init__("kube-controller-manager", directory, server, detached=detached)

    def command(self) -> list[str]:
        """Without a leader to elect: it is alone, and an election costs a request every two seconds."""
        return [
            find("kube-controller-manager"),
            self.kubeconfig,
            "--leader-elect=false",
            "--secure-port=0",
            f"--service-account-private-key-file={self.server.accounts_key}",
            f"--root-ca-file={self.server.ca_file}",
            f"--controllers=*,{','.join(f'-{name}' for name in NOT_CONTROLLERS)}",
            "--profiling=false",
        ]


class Scheduler(_Client):
    """What gives each pod its node."""

    user = "lab-scheduler"

    def __init__(self, directory: Path, server: ApiServer, *, detached: bool = False) -> None:
        super().__init__("kube-scheduler", directory, server, detached=detached)

    def command(self) -> list[str]:
        """Alone as well."""
        return [find("kube-scheduler"), self.kubeconfig, "--leader-elect=false", "--secure-port=0", "--profiling=false"]


class Kwok(_Client):
    """Plays the kubelets of all nodes: a pod that got a node is Ready at once, a job's is Completed."""

    # Seconds: it comes up in one, and beside three test workers on two cores it took more than 20 once.
    start_limit = 60.0
    user = "lab-kwok"

    def __init__(self, directory: Path, server: ApiServer, *, detached: bool = False) -> None:
        super().__init__("kwok", directory, server, detached=detached)
        self.port = reserve_port()

    def command(self) -> list[str]:
        """Every node is its own, and none needs a lease: see ``programs.STAGES``."""
        return [
            find("kwok"),
            self.kubeconfig,
            f"--config={stages()}",
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=0",
            f"--node-ip={LOOPBACK}",
            f"--server-address={LOOPBACK}:{self.port}",
        ]

    def ready(self) -> bool:
        """It has a port that tells."""
        return answers(f"http://{LOOPBACK}:{self.port}/healthz")


def node(name: str, zone: str) -> dict[str, object]:
    """A node with room for every test: a tier of 64 CPU is tried, too."""
    room = {"cpu": "1000", "memory": "4000Gi", "ephemeral-storage": "100000Gi", "pods": "10000"}
    labels = {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "lab",
        "topology.kubernetes.io/zone": zone,
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "status": {"capacity": room, "allocatable": room, "nodeInfo": {"architecture": "amd64", "operatingSystem": "linux"}},
    }
