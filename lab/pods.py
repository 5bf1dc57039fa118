# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods of a template as real containers on the lab's Docker, for the lab's Kubernetes runs none.

What kubelet makes of a template is done here for what decides whether a program works: its user and groups, a root that it cannot write,
no capability, no new privileges, memory, volumes with the group of ``fsGroup``, environment from Secrets, arguments. Networks are the
host's, so that it reaches servers of the lab on loopback.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab import packages
from lab.docker import docker
from lab.server import LabError

Template = Mapping[str, Any]
# Where kubelet puts what a pod is let in to the API server with.
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
START_LIMIT = 60.0


@dataclass
class Node:
    """Where pods run.

    Attributes:
        directory: for their volumes.
        image: of the lab, in place of those that the templates name.
        secrets: by name, keys and values.
        config_maps: by name, file names and texts.
        claims: volumes that outlive their pods, made when they are first used.
        environment: of every container besides, for what Kubernetes or another network would do.
    """

    directory: Path
    image: str
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    config_maps: dict[str, dict[str, str]] = field(default_factory=dict)
    claims: dict[str, Path] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    def run(self, template: Template, *, account: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a pod to its end: init containers one by one, then its container. The first that fails is the last.

        Args:
            template: of the pod, with one container.
            account: ``token``, ``ca.crt`` and ``namespace`` of its service account, where it is let in to the API server.
        """
        with self._volumes(template, account) as volumes:
            for container in [*template["spec"].get("initContainers", []), *template["spec"]["containers"]]:
                done = self._docker(["run", "--rm"], template["spec"], container, volumes)
                if done.returncode:
                    break
        return done

    @contextlib.contextmanager
    def started(self, template: Template, container: str, ready: str) -> Iterator[str]:
        """Have one container of a pod run, and yield its name; ``ready`` names the probe that says when."""
        (found,) = [one for one in template["spec"]["containers"] if one["name"] == container]
        name = f"bluegreen-pod-{secrets.token_hex(4)}"
        with self._volumes(template, None) as volumes:
            done = self._docker(["run", "--detach", "--name", name], template["spec"], found, volumes)
            try:
                if done.returncode:
                    raise LabError(f"docker run of {container} failed: {done.stderr.strip()[-500:]}")
                self._await(name, found[ready]["exec"]["command"])
                yield name
            finally:
                with contextlib.suppress(LabError):
                    docker("stop", "--time", "20", name)
                docker("rm", "--force", name)

    def _await(self, name: str, probe: list[str]) -> None:
        until = time.monotonic() + START_LIMIT
        while True:
            try:
                docker("exec", name, *probe)
            except LabError as error:
                if time.monotonic() > until:
                    raise LabError(f"{name} is not ready after {START_LIMIT:g} s: {error}. {self.logs(name)}") from None
                time.sleep(0.2)
            else:
                return

    @staticmethod
    def logs(name: str) -> str:
        """What it said."""
        done = subprocess.run([_program(), "logs", name], capture_output=True, text=True, check=False)
        return f"{done.stdout}{done.stderr}"

    def _docker(
        self, verb: list[str], spec: Mapping[str, Any], container: Mapping[str, Any], volumes: Mapping[str, Path]
    ) -> subprocess.CompletedProcess[str]:
        environment = {**self._environment(container), **self.environment}
        arguments = [*verb, "--network", "host", *_security(spec, container)]
        # By name alone: what docker is told on its command line anybody may read.
        arguments += [part for name in environment for part in ("--env", name)]
        for mount in container.get("volumeMounts", []):
            arguments += ["--volume", f"{volumes[mount['name']]}:{mount['mountPath']}{':ro' if mount.get('readOnly') else ''}"]
        if "serviceaccount" in volumes:
            arguments += ["--volume", f"{volumes['serviceaccount']}:{ACCOUNT}:ro"]
        if container.get("workingDir"):
            arguments += ["--workdir", container["workingDir"]]
        command = list(container.get("command", []))
        if command:
            arguments += ["--entrypoint", command[0]]
        line = [_program(), *arguments, self.image, *command[1:], *container.get("args", [])]
        return subprocess.run(line, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False)

    def _environment(self, container: Mapping[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in container.get("envFrom", []):
            found |= self.secrets[source["secretRef"]["name"]]
        for one in container.get("env", []):
            reference = one.get("valueFrom", {}).get("secretKeyRef")
            found[one["name"]] = self.secrets[reference["name"]][reference["key"]] if reference else one.get("value", "")
        return found

    @contextlib.contextmanager
    def _volumes(self, template: Template, account: Mapping[str, str] | None) -> Iterator[dict[str, Path]]:
        """Make what the pod mounts, with the group that kubelet gives it; what is the pod's alone goes with it."""
        scratch, found = self.directory / f"pod-{secrets.token_hex(4)}", dict[str, Path]()
        group = template["spec"]["securityContext"]["fsGroup"]
        scratch.mkdir(parents=True)
        scratch.chmod(0o755)
        for volume in template["spec"].get("volumes", []):
            if "secret" in volume:
                files, mode = self.secrets[volume["secret"]["secretName"]], volume["secret"].get("defaultMode", 0o644)
            elif "configMap" in volume:
                files, mode = self.config_maps[volume["configMap"]["name"]], 0o644
            else:
                files, mode = {}, 0
            found[volume["name"]] = _folder(scratch / volume["name"], files, mode, group)
        if account:
            found["serviceaccount"] = _folder(scratch / "serviceaccount", account, 0o640, group)
        for name, path in self.claims.items():
            found[name] = path if path.exists() else _folder(path, {}, 0, group)
        try:
            yield found
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _program() -> str:
    return packages.find("docker") or "docker"


def _security(spec: Mapping[str, Any], container: Mapping[str, Any]) -> list[str]:
    """Return what a container may, and refuse what Pod Security *restricted* would."""
    pod, own = spec["securityContext"], container["securityContext"]
    if not (own["runAsNonRoot"] and own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"] and pod["runAsUser"]):
        raise LabError(f"{container['name']} may more than it needs.")
    return [
        *("--user", f"{pod['runAsUser']}:{pod['runAsGroup']}", "--group-add", str(pod["fsGroup"]), "--read-only"),
        *(part for name in own["capabilities"]["drop"] for part in ("--cap-drop", name)),
        *("--security-opt", "no-new-privileges", "--memory", container["resources"]["limits"]["memory"].rstrip("i")),
    ]


def _folder(path: Path, files: Mapping[str, str], mode: int, group: int) -> Path:
    """Make a volume. Its files are links as kubelet makes them, for that decides what a copy of the folder holds."""
    path.mkdir(parents=True)
    if files:
        (path / "..version").mkdir()
        (path / "..data").symlink_to("..version")
    for name, text in files.items():
        file = path / "..version" / name
        file.write_text(text)
        file.chmod(mode)
        os.chown(file, 0, group)
        (path / name).symlink_to(Path("..data", name))
    os.chown(path, 0, group)
    path.chmod(0o2775 if not files else 0o755)
    return path
