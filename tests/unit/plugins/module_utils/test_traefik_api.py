# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API client against a strict list of requests, and the metrics against real text of Traefik 3.7."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import ProbeError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import Answer
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import (
    Counts,
    Router,
    TraefikApi,
    read_counts,
    service_counts,
)

BASE = "http://127.0.0.1:8080"


class Calls:
    """A transport that answers exactly the listed requests, in order."""

    def __init__(self, *expected: tuple[str, int, object]) -> None:
        self._expected = list(expected)

    def __call__(self, url: str, **options: Any) -> Answer:
        assert self._expected, f"one request too many: {url}"
        path, status, body = self._expected.pop(0)
        assert url == BASE + path
        assert options["timeout"] == 1.5
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answer(status, {}, content, 1.0)

    def done(self) -> None:
        assert self._expected == [], "requests that were not made"


def api(*expected: tuple[str, int, object]) -> tuple[TraefikApi, Calls]:
    calls = Calls(*expected)
    return TraefikApi(BASE + "/", 1.5, calls), calls


ENTRYPOINTS = ("/api/entrypoints", 200, [{"name": "web"}])
ROUTER = {"service": "acme-blue", "status": "enabled", "rule": "Host(`a`)", "provider": "file"}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, ROUTER, Router("acme-blue", "enabled", rule="Host(`a`)")),
        (200, {**ROUTER, "service": "acme-blue@file"}, Router("acme-blue", "enabled", rule="Host(`a`)")),
        (200, {**ROUTER, "status": "disabled", "error": ["bad rule"]}, Router("acme-blue", "disabled", ("bad rule",), rule="Host(`a`)")),
        (404, {"message": "router not found: acme@file"}, None),
    ],
)
def test_router(status: int, body: object, expected: Router | None) -> None:
    client, calls = api(("/api/http/routers/acme@file", status, body), ENTRYPOINTS)
    assert client.router("acme") == expected
    calls.done()


def test_a_router_that_traefik_took_apart_by_entry_point_is_put_together() -> None:
    """Seen on Traefik 3.7.15 with ``http.middlewares`` and ``http.tls`` in the static configuration."""
    points = [
        {"name": "metrics", "http": {"encodeQuerySemicolons": False}},
        {"name": "web", "http": {"middlewares": ["sec@file"]}},
        {"name": "websecure", "http": {"tls": {}}},
    ]
    web = {**ROUTER, "entryPoints": ["web"], "middlewares": ["sec@file", "own@file"]}
    secure = {**ROUTER, "entryPoints": ["websecure"], "middlewares": ["own@file"], "tls": {"options": "default"}}
    client, calls = api(
        ("/api/http/routers/acme@file", 404, {}),
        ("/api/entrypoints", 200, points),
        ("/api/http/routers/web-acme@file", 200, web),
        ("/api/http/routers/websecure-acme@file", 200, secure),
    )
    found = client.router("acme")
    calls.done()
    assert found is not None
    assert (found.entrypoints, found.middlewares, found.service) == (("web", "websecure"), ("own@file",), "acme-blue")
    assert found.inherits_tls


def test_another_site_called_like_an_entry_point_is_no_part_of_a_router() -> None:
    stranger = {**ROUTER, "entryPoints": ["web", "websecure"], "service": "web-acme-blue"}
    client, _ = api(
        ("/api/http/routers/acme@file", 404, {}),
        ("/api/entrypoints", 200, [{"name": "web", "http": {"tls": {}}}]),
        ("/api/http/routers/web-acme@file", 200, stranger),
    )
    assert client.router("acme") is None


@pytest.mark.parametrize(
    "body",
    [{**ROUTER, "error": 5}, {**ROUTER, "entryPoints": "web"}, {**ROUTER, "middlewares": {"a": 1}}, {**ROUTER, "error": None}],
)
def test_garbage_in_a_router_is_no_traceback(body: object) -> None:
    client, _ = api(("/api/http/routers/acme@file", 200, body), ENTRYPOINTS)
    assert client.router("acme") is not None


@pytest.mark.parametrize("body", [{**ROUTER, "tls": "x"}, {**ROUTER, "priority": "x"}, {**ROUTER, "priority": 1e999}])
def test_a_router_that_no_traefik_has_is_said(body: object) -> None:
    client, _ = api(("/api/http/routers/acme@file", 200, body), ENTRYPOINTS)
    with pytest.raises(ProbeError, match="no Traefik has"):
        client.router("acme")


@pytest.mark.parametrize("value", ["NaN", "+Inf", "abc"])
def test_a_counter_that_is_no_number_is_said(value: str) -> None:
    text = f'traefik_service_requests_total{{code="200",service="acme-blue@file"}} {value}\n'.encode()
    with pytest.raises(ProbeError, match="no number"):
        read_counts(BASE, ["acme-blue"], fetch=lambda _url, **_options: Answer(200, {}, text, 1.0))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (502, b"Bad Gateway", "answered with status 502"),
        (200, b"<html>", "does not look like Traefik's API"),
        (200, b"[]", "does not look like Traefik's API"),
        (401, b"", "answered with status 401"),
    ],
)
def test_what_is_not_traefik_is_said(status: int, body: bytes, said: str) -> None:
    client = TraefikApi(BASE, 1.5, lambda _url, **_options: Answer(status, {}, body, 1.0))
    for ask in (partial(client.router, "acme"), client.version, client.file_objects):
        with pytest.raises(ProbeError, match=said):
            ask()


def test_service() -> None:
    body = {"loadBalancer": {"servers": [{"url": "http://a"}, {"url": "http://b"}]}}
    client, calls = api(("/api/http/services/acme-blue@file", 200, body), ("/api/http/services/acme-blue@file", 404, {}))
    assert client.service("acme-blue") == body
    assert client.service("acme-blue") is None
    calls.done()


def test_version() -> None:
    client, calls = api(("/api/version", 200, {"Version": "3.7.15", "Codename": "x"}))
    assert client.version() == "3.7.15"
    calls.done()


def test_entrypoints() -> None:
    client, calls = api(("/api/entrypoints", 200, [{"name": "web"}, {"name": "websecure"}]))
    assert client.entrypoints() == ["web", "websecure"]
    calls.done()
    client, _calls = api(("/api/entrypoints", 200, {"name": "web"}))
    with pytest.raises(ProbeError, match="JSON list"):
        client.entrypoints()


@pytest.mark.parametrize(("name", "asked"), [("m", "m@file"), ("m@docker", "m@docker"), ("a/b", "a%2Fb@file")])
def test_has_middleware(name: str, asked: str) -> None:
    client, calls = api((f"/api/http/middlewares/{asked}", 200, {}), (f"/api/http/middlewares/{asked}", 404, {}))
    assert client.has_middleware(name)
    assert not client.has_middleware(name)
    calls.done()


def test_file_objects_leaves_other_providers_out() -> None:
    data: dict[str, Any] = {
        "routers": {"acme@file": {}, "dashboard@internal": {}, "x@docker": {}},
        "services": {"acme-blue@file": {}},
        "middlewares": None,
    }
    client, calls = api(("/api/rawdata", 200, data), ENTRYPOINTS)
    assert client.file_objects() == {("routers", "acme"), ("services", "acme-blue")}
    calls.done()


METRICS = """\
# HELP traefik_service_requests_total How many HTTP requests processed on a service
# TYPE traefik_service_requests_total counter
traefik_service_requests_total{code="200",method="GET",protocol="http",service="acme-green@file"} 1.2e+03
traefik_service_requests_total{code="404",method="GET",protocol="http",service="acme-green@file"} 5
traefik_service_requests_total{code="502",method="POST",protocol="http",service="acme-green@file"} 7
traefik_service_requests_total{code="500",method="GET",protocol="http",service="acme-green@file"} 2
traefik_service_requests_total{code="500",method="GET",protocol="http",service="acme-blue@file"} 90
traefik_service_requests_total{code="500",method="GET",protocol="http",service="acme-green@docker"} 90
traefik_service_requests_bytes_total{code="500",method="GET",protocol="http",service="acme-green@file"} 90
"""


def test_counters_of_services_are_added_up() -> None:
    assert service_counts(METRICS, ("acme-green",)) == Counts(1214, 9)
    assert service_counts(METRICS, ("acme-green", "acme-blue")) == Counts(1304, 99)
    assert service_counts(METRICS, ("other",)) == Counts(0, 0)


def test_read_counts() -> None:
    calls = Calls(("/metrics", 200, METRICS.encode()))
    assert read_counts(BASE + "/metrics", ("acme-blue",), 1.5, calls) == Counts(90, 90)
    for status, body in ((404, METRICS.encode()), (200, b"go_goroutines 1")):
        with pytest.raises(ProbeError, match="no Traefik metrics there"):
            read_counts(BASE + "/metrics", ("acme-blue",), 1.5, Calls(("/metrics", status, body)))
