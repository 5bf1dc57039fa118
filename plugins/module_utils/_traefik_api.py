# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traefik's read-only API and metrics.

PRIVATE: for this collection's own plugins, not a public interface.

The API only knows GET: a preview may use all of it. Source: https://doc.traefik.io/traefik/reference/install-configuration/api-dashboard/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import ProbeError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import MAX_API_BODY, Answer, get

_COUNTER = re.compile(r"^traefik_service_requests_total\{(?P<labels>[^}]*)\}\s+(?P<value>\S+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Router:
    """A router as Traefik runs it.

    Attributes:
        service: the service that it leads to, without the provider's name.
        status: ``enabled``, ``warning`` or ``disabled``.
        errors: Traefik's own words about what is wrong.
        rule: its rule.
        entrypoints: its entry points; Traefik fills in the default ones.
        middlewares: names of its middlewares, with their providers.
        tls: its ``tls`` section, None for plain HTTP; Traefik fills in the default options.
        inherits_tls: whether an entry point of it has a ``tls`` section for all its routers.
        priority: its priority; Traefik fills in the rule's length.
    """

    service: str
    status: str
    errors: tuple[str, ...] = ()
    rule: str = ""
    entrypoints: tuple[str, ...] = ()
    middlewares: tuple[str, ...] = ()
    tls: Mapping[str, Any] | None = None
    inherits_tls: bool = False
    priority: int = 0


@dataclass(frozen=True)
class EntryPoint:
    """What a static configuration gives to every router of an entry point (``http.middlewares``, ``http.tls``)."""

    middlewares: tuple[str, ...] = ()
    has_tls: bool = False


class TraefikApi:
    """A client of the API.

    Args:
        url: base URL of the private entry point, for example ``http://127.0.0.1:8080``.
        timeout: seconds per request.
        fetch: the transport, for tests.
    """

    def __init__(self, url: str, timeout: float = 2.0, fetch: Callable[..., Answer] = get) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._fetch = fetch
        self._generous: dict[str, EntryPoint] | None = None

    def version(self) -> str:
        """Return Traefik's version.

        Raises:
            ProbeError: no answer, or none of Traefik's.
        """
        return str(self._read("/api/version").get("Version", ""))

    def router(self, name: str) -> Router | None:
        """Return one router of the file provider, None when Traefik has none of that name.

        Raises:
            ProbeError: no answer, or none of Traefik's.
        """
        found = [self._router(name), *(self._router(f"{point}-{name}", point) for point in self._generous_entrypoints())]
        return _merged([router for router in found if router is not None])

    def _router(self, name: str, point: str = "") -> Router | None:
        data = self._one("routers", f"{name}@file")
        if data is None:
            return None
        points = _texts(data.get("entryPoints"))
        if point and points != (point,):
            # A router of another site whose name happens to begin like this entry point.
            return None
        given = self._generous_entrypoints().get(points[0], EntryPoint()) if len(points) == 1 else EntryPoint()
        middlewares = _texts(data.get("middlewares"))
        if given.middlewares and middlewares[: len(given.middlewares)] == given.middlewares:
            middlewares = middlewares[len(given.middlewares) :]
        tls, priority = data.get("tls"), data.get("priority") or 0
        if not (tls is None or isinstance(tls, dict)) or not isinstance(priority, int):
            raise ProbeError(f"/api/http/routers answered with a router {name} that no Traefik has")
        return Router(
            str(data.get("service", "")).removesuffix("@file"),
            str(data.get("status", "")),
            _texts(data.get("error")),
            rule=str(data.get("rule", "")),
            entrypoints=points,
            middlewares=middlewares,
            tls=tls,
            inherits_tls=given.has_tls,
            priority=priority,
        )

    def _generous_entrypoints(self) -> dict[str, EntryPoint]:
        """Return the entry points that give something to all their routers.

        Traefik takes such a router apart (``applyModel`` in its configuration watcher): one copy per entry point, called
        ``<entry point>-<name>`` when it has several, with the entry point's middlewares before its own.
        """
        if self._generous is None:
            listed = _decode_list(self._ask("/api/entrypoints"), "/api/entrypoints")
            every = {str(item.get("name")): _entrypoint(item.get("http")) for item in listed}
            self._generous = {name: point for name, point in every.items() if point != EntryPoint()}
        return self._generous

    def service(self, name: str) -> dict[str, Any] | None:
        """Return a service of the file provider as Traefik runs it, None when it has no such service.

        Raises:
            ProbeError: no answer, or none of Traefik's.
        """
        return self._one("services", f"{name}@file")

    def middleware(self, name: str) -> dict[str, Any] | None:
        """Return a middleware as Traefik runs it, None when it has no such one; without a provider's name, of the file provider.

        Raises:
            ProbeError: no answer, or none of Traefik's.
        """
        return self._one("middlewares", name if "@" in name else f"{name}@file")

    def entrypoints(self) -> list[str]:
        """Return the names of the entry points.

        Raises:
            ProbeError: no answer, or none of Traefik's.
        """
        answer = self._ask("/api/entrypoints")
        return [str(item.get("name")) for item in _decode_list(answer, "/api/entrypoints")]

    def has_middleware(self, name: str) -> bool:
        """Tell whether a middleware is there; a name without a provider is one of the file provider.

        Raises:
            ProbeError: no answer, or none of Traefik's.
        """
        return self.middleware(name) is not None

    def file_objects(self) -> frozenset[tuple[str, str]]:
        """Return kind and name of every HTTP object that Traefik has loaded from files.

        Raises:
            ProbeError: no answer, or none of Traefik's.
        """
        data = self._read("/api/rawdata")
        names = {kind: _mapping(data.get(kind)) for kind in ("routers", "services", "middlewares")}
        found = {(kind, name.removesuffix("@file")) for kind, things in names.items() for name in things if name.endswith("@file")}
        # A router that was taken apart is there under its own name too, as far as its file is concerned.
        for point in self._generous_entrypoints():
            found |= {("routers", name.removeprefix(f"{point}-")) for kind, name in tuple(found) if kind == "routers"}
        return frozenset(found)

    def _one(self, kind: str, name: str) -> dict[str, Any] | None:
        answer = self._ask(f"/api/http/{kind}/{quote(name, safe='@')}")
        return None if answer.status == 404 else _decode(answer, f"/api/http/{kind}")

    def _ask(self, path: str) -> Answer:
        return self._fetch(self._url + path, timeout=self._timeout, max_body=MAX_API_BODY)

    def _read(self, path: str) -> dict[str, Any]:
        return _decode(self._ask(path), path)


def _entrypoint(http: object) -> EntryPoint:
    given = _mapping(http)
    return EntryPoint(_texts(given.get("middlewares")), given.get("tls") is not None)


def _merged(parts: list[Router]) -> Router | None:
    """Put a router together again that Traefik took apart by entry point."""
    if len(parts) < 2:
        return parts[0] if parts else None
    ill = next((part for part in parts if part.errors or part.status == "disabled"), parts[0])
    # Parts that differ are two states of one file, seen while it was loaded: the one that is behind decides, and is asked again.
    odd = next((part for part in parts if (part.service, part.rule) != (parts[0].service, parts[0].rule)), ill)
    return replace(
        odd,
        entrypoints=tuple(point for part in parts for point in part.entrypoints),
        tls=next((part.tls for part in parts if part.tls is not None and not part.inherits_tls), odd.tls),
        inherits_tls=any(part.inherits_tls for part in parts),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Counts:
    """Requests that a service has answered since Traefik started.

    Attributes:
        requests: all of them.
        errors: those answered with a status of 500 or above.
    """

    requests: int
    errors: int


def service_counts(metrics: str, services: Collection[str]) -> Counts:
    """Add up the request counters of services of the file provider.

    Args:
        metrics: text in Prometheus' exposition format.
        services: the services' names, without the provider's. A colour is counted by its own name, within a split too.

    Returns:
        The counts, zero when the services have answered nothing yet.
    """
    names = {f"{service}@file" for service in services}
    requests = errors = 0
    for match in _COUNTER.finditer(metrics):
        labels = dict(_LABEL.findall(match["labels"]))
        if labels.get("service") in names:
            number = int(float(match["value"]))
            requests += number
            errors += number if labels.get("code", "").startswith("5") else 0
    return Counts(requests, errors)


def read_counts(url: str, services: Collection[str], timeout: float = 2.0, fetch: Callable[..., Answer] = get) -> Counts:
    """Read the request counters of services from Traefik's metrics.

    Raises:
        ProbeError: no answer, or no metrics of Traefik's there.
    """
    answer = fetch(url, timeout=timeout, max_body=MAX_API_BODY)
    text = answer.body.decode("utf-8", "replace")
    if answer.status != 200 or "traefik_" not in text:
        raise ProbeError(f"no Traefik metrics there (status {answer.status})")
    try:
        return service_counts(text, services)
    except (ValueError, OverflowError):
        raise ProbeError("a counter there is no number") from None


def _decode(answer: Answer, path: str) -> dict[str, Any]:
    data = _json(answer, path)
    if not isinstance(data, dict):
        raise ProbeError(f"{path} did not answer with a JSON object; it does not look like Traefik's API")
    return data


def _decode_list(answer: Answer, path: str) -> list[dict[str, Any]]:
    data = _json(answer, path)
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise ProbeError(f"{path} did not answer with a JSON list; it does not look like Traefik's API")
    return data


def _json(answer: Answer, path: str) -> Any:
    if answer.status != 200:
        raise ProbeError(f"{path} answered with status {answer.status}; it does not look like Traefik's API")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
