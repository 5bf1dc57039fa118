# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may ask the lab's API server for what: three kinds of users, each with a token and a kubeconfig of mode 0600.

- *admin* may everything, *reader* may get and list everything and nothing else (no watch, no write);
- the components of the control plane and this class itself, under names of their own, which the audit log leaves out;
- users of a test, made while the server runs: service accounts with exactly the rules that they are given.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.kubernetes.api import Api
from lab.server import LabError

MASTERS = "system:masters"
COMPONENTS = ("lab-controller-manager", "lab-scheduler", "lab-kwok", "lab")
# Where the service accounts of a test's users live.
NAMESPACE = "lab-users"
# A lab that is left up for a month goes on working.
TOKEN_SECONDS = 30 * 24 * 3600
READER_RULES = ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]},)
RBAC = "rbac.authorization.k8s.io"

Rule = Mapping[str, list[str]]


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, whatever the umask."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as open_file:
        open_file.write(text)


class Users:
    """The users of one API server."""

    def __init__(self, directory: Path, api: Api) -> None:
        self.directory = directory
        self.api = api
        self.tokens_file = directory / "tokens.csv"
        self._tokens: dict[str, str] = {}

    def prepare(self) -> None:
        """Make the tokens that the API server reads at its start, once."""
        if self._tokens:
            return
        groups = dict.fromkeys(("admin", *COMPONENTS), MASTERS) | {"reader": "lab-readers"}
        self._tokens = {name: secrets.token_urlsafe(24) for name in groups}
        lines = [f'{self._tokens[name]},{name},{name},"{group}"\n' for name, group in groups.items()]
        write_private(self.tokens_file, "".join(lines))
        for name in groups:
            self._write_kubeconfig(name)

    def token(self, name: str) -> str:
        """A user's bearer token."""
        if name not in self._tokens:
            raise LabError(f"The lab has no user '{name}'. There are: {', '.join(self._tokens)}.")
        return self._tokens[name]

    def kubeconfig(self, name: str) -> Path:
        """The kubeconfig of a user."""
        self.token(name)
        return self.directory / f"{name}.kubeconfig"

    def _write_kubeconfig(self, name: str) -> None:
        cluster = {"server": self.api.url, "certificate-authority": str(self.api.ca_file)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": self._tokens[name]}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
            "current-context": "lab",
        }
        write_private(self.kubeconfig(name), yaml.safe_dump(content, sort_keys=False))

    def create_reader_role(self) -> None:
        """Give the reader what it may do; the API server has to be up."""
        self._bind("lab-reader", READER_RULES, "", {"apiGroup": RBAC, "kind": "Group", "name": "lab-readers"})
        self._await_rights("reader", ["lab-readers"], READER_RULES, "")

    def add(self, name: str) -> None:
        """Make a user without any right."""
        self._create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
        self._create(accounts, {"metadata": {"name": name}})
        wanted = {"spec": {"expirationSeconds": TOKEN_SECONDS}}
        answer = self.api.request("POST", f"{accounts}/{name}/token", wanted, token=self.token("lab"))
        if answer.status != 201:
            raise LabError(f"The API server gave '{name}' no token: {answer.status} {answer.body}")
        self._tokens[name] = answer.body["status"]["token"]
        self._write_kubeconfig(name)

    def grant(self, name: str, rules: Iterable[Rule], namespaces: Iterable[str] = ()) -> None:
        """Give a user of a test rights, in these namespaces only or everywhere. Returns when the API server knows of them."""
        rules, namespaces = tuple(rules), tuple(namespaces) or ("",)
        subject = {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}
        role = f"{name}-{secrets.token_hex(4)}"
        for namespace in namespaces:
            self._bind(role, rules, namespace, subject)
        user, groups = f"system:serviceaccount:{NAMESPACE}:{name}", ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}"]
        for namespace in namespaces:
            self._await_rights(user, groups, rules, namespace)

    def _bind(self, role: str, rules: Iterable[Rule], namespace: str, subject: Mapping[str, str]) -> None:
        kind = "Role" if namespace else "ClusterRole"
        base = f"/apis/{RBAC}/v1" + (f"/namespaces/{namespace}" if namespace else "")
        plural = kind.lower()
        self._create(f"{base}/{plural}s", {"metadata": {"name": role}, "rules": [dict(rule) for rule in rules]})
        reference = {"apiGroup": RBAC, "kind": kind, "name": role}
        self._create(f"{base}/{plural}bindings", {"metadata": {"name": role}, "roleRef": reference, "subjects": [dict(subject)]})

    def _create(self, path: str, body: dict[str, Any]) -> None:
        self.api.create(path, body, token=self.token("lab"))

    def _await_rights(self, user: str, groups: list[str], rules: Iterable[Rule], namespace: str) -> None:
        """The authorizer learns of a new binding by a watch, a few milliseconds after it was stored."""
        limit = time.monotonic() + 10.0
        for rule in rules:
            spec = {"user": user, "groups": groups, **_sample(rule, namespace)}
            while not self._may(spec):
                if time.monotonic() > limit:
                    raise LabError(f"The API server does not know of the rights of '{user}' after 10 s: {rule}")
                time.sleep(0.01)

    def _may(self, spec: dict[str, Any]) -> bool:
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        answer = self.api.request("POST", path, {"spec": spec}, token=self.token("lab"))
        if answer.status != 201:
            raise LabError(f"POST {path} was answered with {answer.status}: {answer.body}")
        return bool(answer.body["status"]["allowed"])


def _sample(rule: Rule, namespace: str) -> dict[str, Any]:
    """One request that a rule allows."""
    if "nonResourceURLs" in rule:
        return {"nonResourceAttributes": {"path": rule["nonResourceURLs"][0], "verb": rule["verbs"][0]}}
    resource, _, subresource = rule["resources"][0].partition("/")
    asked = {"group": rule["apiGroups"][0], "resource": resource, "subresource": subresource, "verb": rule["verbs"][0]}
    asked |= {"namespace": namespace, "name": rule.get("resourceNames", [""])[0]}
    return {"resourceAttributes": asked}
