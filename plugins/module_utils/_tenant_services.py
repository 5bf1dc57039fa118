# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's services as Deployments, Services and PodDisruptionBudgets that satisfy Pod Security ``restricted``.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope, Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_place import manifest, site_number
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import (
    entries,
    label,
    number,
    object_name,
    service_name,
    unknown_keys,
)

KINDS: Final = ("apps/v1/Deployment", "v1/Service", "policy/v1/PodDisruptionBudget")

OPTIONS: Final = (
    "name", "site", "image", "replicas", "port", "service_port", "metrics_port", "command", "args", "env", "env_from", "ready_path",
    "alive_path", "requests", "limits", "user", "writable", "pull_secrets",
)  # fmt: skip

# Without a tag it is :latest, another version tomorrow: nobody could say what runs.
VERSIONED: Final = re.compile(r"[\w.:/-]+(?::[\w][\w.-]*|@sha256:[0-9a-f]{64})")
ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

# What Kubernetes counts with (int32).
MOST: Final = 2**31 - 1


@dataclass(frozen=True)
class Service:
    """One of the client's programs.

    Attributes:
        name: of the Deployment, the Service and the label ``app``.
        site: number of the site in whose namespace it runs.
        image: with its version.
        replicas: how many pods, where no autoscaler decides; 0 stops it, whoever decides.
        port: on which the program listens; 0 for one that nobody calls.
        service_port: under which the others find it.
        metrics_port: where it tells Prometheus of itself; 0 for nowhere.
        command: instead of the image's entry point.
        args: for it.
        env: what it is told; secrets belong in ``env_from``.
        env_from: Secrets of the namespace whose keys become its environment.
        ready_path: asked before it gets requests; empty for a mere connection.
        alive_path: asked again and again, and restarted where it fails; empty for never.
        resources: requests and limits, as Kubernetes writes them.
        user: number of the user that it runs as, 0 for the image's own.
        writable: directories that it may write to, beside /tmp. They are lost with the pod.
        pull_secrets: Secrets of the namespace with which its image is fetched.
    """

    name: str
    site: int
    image: str
    replicas: int = 1
    port: int = 8080
    service_port: int = 80
    metrics_port: int = 0
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    env_from: tuple[str, ...] = ()
    ready_path: str = ""
    alive_path: str = ""
    resources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    user: int = 0
    writable: tuple[str, ...] = ()
    pull_secrets: tuple[str, ...] = ()


def services_of(envelope: Envelope, given: list[Any]) -> list[Service]:
    """Check the services of the role's variables.

    Args:
        envelope: the tenant.
        given: ``tenant_services``.

    Raises:
        InputError: a value cannot work.
    """
    found = [_service(envelope, one) for one in given]
    keys = [(service.site, service.name) for service in found]
    for site, name in keys:
        if keys.count((site, name)) > 1:
            raise InputError(f"tenant_services: {name} is there twice on site {site}; give one of them another name.")
    return found


def _service(envelope: Envelope, given: Any) -> Service:
    if not isinstance(given, Mapping):
        raise InputError(f"tenant_services: {quoted(given)} is not a dictionary; write it with name and image.")
    # Ansible fills what was not said with nothing.
    said = {str(key): value for key, value in given.items() if value is not None}
    unknown_keys(said, OPTIONS, "tenant_services")
    name = label(said.get("name", ""), "tenant_services.name")
    where = f"tenant_services.{name}"
    image = str(said.get("image", ""))
    if not VERSIONED.fullmatch(image):
        raise InputError(
            f"{where}.image: {quoted(image)} names no version; write it with its tag or digest, like registry.example/shop:1.4.2."
        )
    found = Service(
        name=name,
        site=site_number(said.get("site", 1), envelope, f"{where}.site", name),
        image=image,
        replicas=number(said.get("replicas", 1), f"{where}.replicas", least=0, most=MOST),
        port=number(said.get("port", 8080), f"{where}.port", least=0, most=65535),
        service_port=number(said.get("service_port", 80), f"{where}.service_port", least=1, most=65535),
        metrics_port=number(said.get("metrics_port", 0), f"{where}.metrics_port", least=0, most=65535),
        command=_texts(said, "command", where),
        args=_texts(said, "args", where),
        env=_env(said.get("env", {}), where),
        env_from=_secrets(said, "env_from", where),
        ready_path=_path(said.get("ready_path", ""), f"{where}.ready_path"),
        alive_path=_path(said.get("alive_path", ""), f"{where}.alive_path"),
        resources=_resources_of(envelope, said, where),
        user=number(said.get("user", 0), f"{where}.user", least=0, most=MOST),
        writable=_directories(said, where),
        pull_secrets=_secrets(said, "pull_secrets", where),
    )
    if found.port or found.metrics_port:
        service_name(name, "tenant_services.name")
    if found.port and found.metrics_port == found.service_port:
        raise InputError(
            f"{where}.metrics_port: {found.metrics_port} is its service_port, too, and a Service has each port once; give one of the two"
            " another number."
        )
    return found


def _texts(said: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    return tuple(str(one) for one in entries(said.get(key), f"{where}.{key}"))


def _secrets(said: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    option = f"{where}.{key}"
    return _each_once([object_name(one, option) for one in entries(said.get(key), option)], option)


def _directories(said: Mapping[str, Any], where: str) -> tuple[str, ...]:
    found = [_path(path, f"{where}.writable").rstrip("/") for path in _texts(said, "writable", where)]
    for path in found:
        if not path or ":" in path:
            raise InputError(
                f"{where}.writable: {quoted(path or '/')} cannot be a volume; name a directory below the root, without a colon."
            )
    return _each_once(found, f"{where}.writable")


def _each_once(values: list[str], option: str) -> tuple[str, ...]:
    for value in values:
        if values.count(value) > 1:
            raise InputError(f"{option}: {value} is there twice; leave one of the two out.")
    return tuple(values)


def _path(value: object, option: str) -> str:
    text = str(value)
    if text and not text.startswith("/"):
        raise InputError(f"{option}: {quoted(text)} does not begin with a slash; write it like /health.")
    return text


def _env(given: Any, where: str) -> dict[str, str]:
    """Read an environment. A number or a truth value is refused: YAML has read it already, and true would arrive as True."""
    if not isinstance(given, Mapping):
        raise InputError(f"{where}.env: it is not a dictionary; write it with the name of each variable.")
    for name, value in given.items():
        if not ENV_NAME.fullmatch(str(name)):
            raise InputError(f"{where}.env: {quoted(str(name))} cannot name a variable; use letters, digits and underscores.")
        if not isinstance(value, str):
            raise InputError(f'{where}.env: the value of {name} is no text; put it in quotes, for example {name}: "1".')
    return {str(name): str(value) for name, value in given.items()}


def _resources_of(envelope: Envelope, said: Mapping[str, Any], where: str) -> dict[str, dict[str, str]]:
    """Return requests and limits; what is not said is the tier's."""
    found: dict[str, dict[str, int]] = {}
    for side in ("limits", "requests"):
        own = envelope.tier["resources"][side]
        given = said.get(side) or {}
        if not isinstance(given, Mapping):
            raise InputError(f"{where}.{side}: it is not a dictionary; write it like {{cpu: 200m, memory: 256Mi}}.")
        unknown_keys(given, ("cpu", "memory"), f"{where}.{side}")
        for resource in ("cpu", "memory"):
            default = own["cpu"] if resource == "cpu" else own["memory"]
            value = given.get(resource)
            amount = default if value is None else _quantity.parse_resource(resource, value, f"{where}.{side}.{resource}")
            found.setdefault(side, {})[resource] = amount
    return _quantity.written_sides(found, where)


def is_scaled(envelope: Envelope, service: Service) -> bool:
    """Whether an autoscaler of the tier decides how many pods it has; one leaves a Deployment alone that has been stopped."""
    return service.replicas > 0 and service.name in envelope.tier["autoscaling"]["services"]


def least_pods(envelope: Envelope, service: Service) -> int:
    """How many pods it has when nothing is to do."""
    return envelope.tier["autoscaling"]["min_replicas"] if is_scaled(envelope, service) else service.replicas


def manifests(envelope: Envelope, services: list[Service]) -> list[Manifest]:
    """Return all that the services consist of."""
    found: list[Manifest] = []
    for service in services:
        found.append(_deployment(envelope, service))
        if service.port or service.metrics_port:
            found.append(_service_of(envelope, service))
        # A budget for one pod would keep its node from ever being emptied.
        if least_pods(envelope, service) > 1:
            found.append(_budget(envelope, service))
    return found


def _labels(envelope: Envelope, service: Service) -> dict[str, str]:
    return {
        "app": service.name,
        "app.kubernetes.io/instance": envelope.tenant,
        "app.kubernetes.io/name": service.name,
        "tenant": envelope.tenant,
    }


def _own(envelope: Envelope, service: Service, api: str, kind: str, spec: Manifest) -> Manifest:
    found = manifest(api, kind, envelope, envelope.namespace(service.site), service.name, spec=spec)
    found["metadata"]["labels"] = _labels(envelope, service)
    return found


def _deployment(envelope: Envelope, service: Service) -> Manifest:
    pod: Manifest = {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(service)],
        "volumes": [{"name": name, "emptyDir": {}} for name in _writable(service)],
    }
    if service.user:
        pod["securityContext"] |= {"runAsUser": service.user, "runAsGroup": service.user, "fsGroup": service.user}
    if service.pull_secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in service.pull_secrets]
    # Where the quota is full there is no room for a pod more, so one that is to be replaced may go first; the last one never.
    rolling = {"maxSurge": 1, "maxUnavailable": 1 if least_pods(envelope, service) > 1 else 0}
    spec: Manifest = {
        "selector": {"matchLabels": {"app": service.name}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
        "template": {"metadata": {"labels": _labels(envelope, service)}, "spec": pod},
    }
    # Said here, every run would set back what the autoscaler has decided.
    if not is_scaled(envelope, service):
        spec["replicas"] = service.replicas
    return _own(envelope, service, "apps/v1", "Deployment", spec)


def _writable(service: Service) -> dict[str, str]:
    """The names of the volumes, with their paths: what a program may write to on a root that is read only."""
    return {"tmp" if path == "/tmp" else f"writable-{index}": path for index, path in enumerate(("/tmp", *service.writable))}


def _container(service: Service) -> Manifest:
    found: Manifest = {
        "name": service.name,
        "image": service.image,
        "resources": {side: dict(amounts) for side, amounts in service.resources.items()},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
        },
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in _writable(service).items()],
    }
    ports = {"http": service.port, "metrics": 0 if service.metrics_port == service.port else service.metrics_port}
    named = [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items() if port]
    if named:
        found["ports"] = named
    for key, values in (("command", service.command), ("args", service.args)):
        if values:
            found[key] = list(values)
    if service.env:
        # Kubernetes forgets an empty value, so a variable that is empty is one without.
        found["env"] = [{"name": name, **({"value": value} if value else {})} for name, value in sorted(service.env.items())]
    if service.env_from:
        found["envFrom"] = [{"secretRef": {"name": name}} for name in service.env_from]
    if service.port:
        asked = {"httpGet": {"path": service.ready_path, "port": "http"}} if service.ready_path else {"tcpSocket": {"port": "http"}}
        found["readinessProbe"] = asked
        if service.alive_path:
            found["livenessProbe"] = {"httpGet": {"path": service.alive_path, "port": "http"}, "initialDelaySeconds": 15}
    return found


def _service_of(envelope: Envelope, service: Service) -> Manifest:
    ports = []
    if service.port:
        ports.append({"name": "http", "port": service.service_port, "protocol": "TCP", "targetPort": "http"})
    if service.metrics_port:
        target = "http" if service.metrics_port == service.port else "metrics"
        ports.append({"name": "metrics", "port": service.metrics_port, "protocol": "TCP", "targetPort": target})
    return _own(envelope, service, "v1", "Service", {"ports": ports, "selector": {"app": service.name}, "type": "ClusterIP"})


def _budget(envelope: Envelope, service: Service) -> Manifest:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": service.name}}}
    return _own(envelope, service, "policy/v1", "PodDisruptionBudget", spec)
