# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit that a tenant has bought, on a real Traefik: it takes all of what ADR-0014 decides, and no less.

What a cluster would give Traefik as objects stands here in a file: a Middleware's spec and a file's middleware have the same keys.
"""

from __future__ import annotations

import copy
import http.client
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_ingress
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_entrance import entrance_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_place import envelope_of
from lab.world import World

DOMAINS = ["one.example", "two.example", "three.example"]
CLIENTS = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
# Tier premium: 3000 a minute, 150 at once.
RATE, BURST = 50, 150

Dynamic = dict[str, Any]


def dynamic(world: World, **options: Any) -> Dynamic:
    """The tenant's manifests as Traefik's file provider reads them."""
    envelope = envelope_of({"tenant": "acme", "tier": options.pop("tier", "premium")})
    manifests = _tenant_ingress.manifests(entrance_of(envelope, {"domains": DOMAINS, "static": {"path": "/static"}, **options}))
    middlewares = {one["metadata"]["name"]: one["spec"] for one in manifests if one["kind"] == "Middleware"}
    routes = [route for one in manifests if one["kind"] == "IngressRoute" for route in one["spec"]["routes"]]
    routers = {
        f"route-{number}": {
            "rule": route["match"],
            "priority": route["priority"],
            "entryPoints": ["web"],
            "middlewares": [middleware["name"] for middleware in route["middlewares"]],
            "service": "shop",
        }
        for number, route in enumerate(routes)
    }
    shop = {"loadBalancer": {"servers": [{"url": world.site("acme", "blue").url}]}}
    return {"http": {"middlewares": middlewares, "routers": routers, "services": {"shop": shop}}}


def by_host(found: Dynamic) -> Dynamic:
    found["http"]["middlewares"]["tenant-rate-limit"]["rateLimit"]["sourceCriterion"] = {"requestHost": True}
    return found


def by_client(found: Dynamic) -> Dynamic:
    del found["http"]["middlewares"]["tenant-rate-limit"]["rateLimit"]["sourceCriterion"]
    return found


def a_route_for_each_domain(found: Dynamic) -> Dynamic:
    route = found["http"]["routers"].pop("route-0")
    found["http"]["routers"] |= {f"domain-{number}": {**route, "rule": f"Host(`{name}`)"} for number, name in enumerate(DOMAINS)}
    return found


def without_our_header(found: Dynamic) -> Dynamic:
    """The criterion alone, when nothing sets the header: a client that makes one up has a count of its own."""
    found["http"]["middlewares"]["tenant-headers"]["headers"].pop("customRequestHeaders")
    return found


@dataclass
class Crowd:
    """Clients that ask as fast as they can."""

    world: World

    def routes(self, found: Dynamic) -> None:
        """Have Traefik route so."""
        (self.world.dynamic_dir / "tenant.yml").write_text(yaml.safe_dump(found))
        self.world.traefik.await_routes(len(found["http"]["routers"]))

    def asks(self, number: int, path: str = "/", clients: list[str] | None = None) -> tuple[dict[int, int], float]:
        """Ask that many times, by turns from each address and of each domain, each with a tenant of its own making; answers, seconds."""
        connections = {
            address: http.client.HTTPConnection("127.0.0.1", self.world.traefik.web_port, timeout=10, source_address=(address, 0))
            for address in clients or CLIENTS
        }
        answers: dict[int, int] = {}
        begun = time.monotonic()
        for turn in range(number):
            place = turn % 3
            connection = connections[(clients or CLIENTS)[place % len(connections)]]
            headers = {"Host": DOMAINS[place], "X-Tenant": f"somebody-{place}"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            answers[answer.status] = answers.get(answer.status, 0) + 1
        took = time.monotonic() - begun
        for connection in connections.values():
            connection.close()
        return answers, took


@pytest.fixture
def crowd(world: World) -> Crowd:
    """Clients of a blank Traefik."""
    return Crowd(world)


@pytest.mark.parametrize(
    ("change", "counts"),
    [(None, 1), (by_host, 3), (by_client, 3), (a_route_for_each_domain, 3), (without_our_header, 3)],
    ids=["ours", "by host", "by client", "a route for each domain", "without our header"],
)
def test_the_tenant_has_one_limit(crowd: Crowd, change: Callable[[Dynamic], Dynamic] | None, counts: int) -> None:
    """Three clients on three domains, each with a header of its own making, get what was sold once; by any simpler rule, three times."""
    found = dynamic(crowd.world)
    crowd.routes(change(copy.deepcopy(found)) if change else found)
    asked = 3 * BURST
    answers, took = crowd.asks(asked)
    served = answers.get(200, 0)
    most = BURST + RATE * took + 5
    assert served >= BURST
    assert (served <= most) is (counts == 1), f"{served} of {asked} in {took:.2f} s, one limit lets {most:.0f} through"
    assert set(answers) <= {200, 429}


def test_trusted_addresses_and_static_files_pass_by_the_limit(crowd: Crowd) -> None:
    crowd.routes(dynamic(crowd.world, tier="business", trusted_ips=["127.0.0.9/32"]))
    # 1250 at once in Business.
    trusted, _took = crowd.asks(1600, clients=["127.0.0.9"])
    assert trusted == {200: 1600}
    crowd.routes(dynamic(crowd.world))
    files, _took = crowd.asks(400, path="/static/logo.svg")
    assert 429 not in files


@pytest.mark.parametrize(("size", "refused"), [(10 * 10**6 + 2**20 + 1, True), (10 * 10**6, False)])
def test_a_request_beyond_the_largest_file_is_refused_by_its_announced_size(crowd: Crowd, size: int, refused: bool) -> None:
    crowd.routes(dynamic(crowd.world, tier="standard", domains=DOMAINS[:1]))
    connection = http.client.HTTPConnection("127.0.0.1", crowd.world.traefik.web_port, timeout=10)
    connection.putrequest("POST", "/upload", skip_host=True)
    connection.putheader("Host", DOMAINS[0])
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    if not refused:
        connection.send(b"x" * size)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert (answer.status == 413) is refused, answer.status


# Seconds: the burst of a tier is gone after 5 at twice its rate, and what is counted then is only what flows in.
DRAIN, COUNTED = 8.0, 30.0


def offered(world: World, domain: str, rate: float, until: float, served: list[float]) -> int:
    """Ask that often a second until then, on one connection; note when an answer was good, return how many were asked for."""
    connection = http.client.HTTPConnection("127.0.0.1", world.traefik.web_port, timeout=10)
    asked, begun = 0, time.monotonic()
    while (now := time.monotonic()) < until:
        ahead = begun + asked / rate - now
        if ahead > 0:
            time.sleep(ahead)
        connection.request("GET", "/", headers={"Host": domain})
        answer = connection.getresponse()
        answer.read()
        asked += 1
        if answer.status == 200:
            served.append(time.monotonic())
    connection.close()
    return asked


@pytest.mark.timeout(180)
def test_each_tier_gets_its_requests_a_minute_for_half_a_minute(crowd: Crowd) -> None:
    """Three tenants of one Traefik, each asking twice as often as it may: within 10 % of 500, 3,000 and 15,000 a minute over 30 s."""
    tiers = {"standard": 500, "premium": 3000, "business": 15000}
    whole: Dynamic = {"http": {"middlewares": {}, "routers": {}, "services": {}}}
    for tier in tiers:
        found = dynamic(crowd.world, tier=tier, domains=[f"{tier}.example"], static={})
        route = found["http"]["routers"]["route-0"]
        route["middlewares"] = [f"{tier}-{name}" for name in route["middlewares"]]
        whole["http"]["routers"][tier] = route
        whole["http"]["middlewares"] |= {f"{tier}-{name}": spec for name, spec in found["http"]["middlewares"].items()}
        whole["http"]["services"] |= found["http"]["services"]
    crowd.routes(whole)
    until = time.monotonic() + DRAIN + COUNTED
    served: dict[str, list[float]] = {tier: [] for tier in tiers}
    # One connection cannot ask 500 times a second on a busy machine; four can.
    lines = [(tier, 2 * limit / 60 / 4) for tier, limit in tiers.items() for _ in range(4)]
    with ThreadPoolExecutor(len(lines)) as pool:
        running = [pool.submit(offered, crowd.world, f"{tier}.example", rate, until, served[tier]) for tier, rate in lines]
        asked = dict.fromkeys(tiers, 0)
        for (tier, _rate), one in zip(lines, running, strict=True):
            asked[tier] += one.result()
    for tier, limit in tiers.items():
        wanted = limit / 60 * COUNTED
        assert asked[tier] > 1.3 * limit / 60 * (DRAIN + COUNTED), f"{tier}: only {asked[tier]} requests were made, which proves no limit"
        counted = sum(moment > until - COUNTED for moment in served[tier])
        assert abs(counted - wanted) <= 0.1 * wanted, f"{tier}: {counted} served in {COUNTED:g} s, {wanted:g} were sold"


def test_connections_beyond_the_tiers_are_refused(crowd: Crowd) -> None:
    """50 at once from one address in Standard: of 60 that wait for a slow answer, ten are refused."""
    # The limit of requests (16 at once) must not be what refuses, so it is left out.
    found = dynamic(crowd.world, tier="standard", domains=DOMAINS[:1], static={})
    for name in [name for name, spec in found["http"]["middlewares"].items() if "rateLimit" in spec]:
        del found["http"]["middlewares"][name]
        for route in found["http"]["routers"].values():
            route["middlewares"].remove(name)
    crowd.routes(found)
    crowd.world.site("acme", "blue").behave(slow_ms=3000)

    def one(_number: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", crowd.world.traefik.web_port, timeout=20)
        connection.request("GET", "/", headers={"Host": DOMAINS[0]})
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(60) as pool:
        answers = sorted(pool.map(one, range(60)))
    assert answers.count(429) == 10, answers
