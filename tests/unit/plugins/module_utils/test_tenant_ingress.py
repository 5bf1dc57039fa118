# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a tenant: what its tier makes of its domains, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_ingress
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_entrance import entrance_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_place import envelope_of

ISSUER = {"name": "letsencrypt", "kind": "ClusterIssuer"}
NGINX = "nginx.ingress.kubernetes.io"
NAMESPACE = "e-commerce-tenant-acme"


def built(tier: str = "standard", *, sites: int = 1, shares: list[int] | None = None, custom: Any = None, **options: Any) -> dict[str, Any]:
    """What is rendered, by namespace, kind and name."""
    envelope = envelope_of({"tenant": "acme", "tier": tier, "sites": sites, "site_shares": shares or [], "custom": custom})
    found = _tenant_ingress.manifests(entrance_of(envelope, {"domains": ["acme.example"], "issuer": ISSUER, **options}))
    keyed = {f"{one['metadata']['namespace']} {one['kind']} {one['metadata']['name']}": one for one in found}
    assert len(keyed) == len(found)
    assert {f"{one['apiVersion']}/{one['kind']}" for one in found} <= set(_tenant_ingress.KINDS)
    assert all(one["metadata"]["labels"] == {"tenant": "acme"} for one in found)
    return {key.removeprefix(f"{NAMESPACE} "): one for key, one in keyed.items()}


def refused(tier: str = "standard", **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        built(tier, **options)
    return caught.value.sentence


@pytest.mark.parametrize(
    ("tier", "average", "burst", "connections", "upload"),
    [("standard", 500, 16, 50, 10), ("premium", 3000, 150, 200, 50), ("business", 15000, 1250, 1000, 500)],
)
def test_the_limits_are_what_the_tier_sells(tier: str, average: int, burst: int, connections: int, upload: int) -> None:
    found = built(tier)
    rate = found["Middleware tenant-rate-limit"]["spec"]["rateLimit"]
    assert rate == {"average": average, "period": "1m", "burst": burst, "sourceCriterion": {"requestHeaderName": "X-Tenant"}}
    at_once = found["Middleware tenant-connections"]["spec"]["inFlightReq"]
    assert at_once == {"amount": connections, "sourceCriterion": {"ipStrategy": {"depth": 0}}}
    assert found["Middleware tenant-uploads"]["spec"]["buffering"] == {"maxRequestBodyBytes": upload * 10**6 + 2**20}


def test_all_domains_are_one_rule_of_one_route_and_the_header_comes_first() -> None:
    """The count is kept per router, by a header that the first middleware sets: ADR-0014."""
    spec = built("premium", domains=["b.example", "a.example"], static={"path": "/files"})["IngressRoute tenant"]["spec"]
    route = spec["routes"][0]
    assert route["match"] == "Host(`b.example`) || Host(`a.example`)"
    assert [one["name"] for one in route["middlewares"]] == ["tenant-headers", "tenant-rate-limit", "tenant-connections", "tenant-uploads"]
    assert route["services"] == [{"name": "api-gateway", "port": 80}]
    assert spec["entryPoints"] == ["websecure"]
    assert built()["Middleware tenant-headers"]["spec"]["headers"]["customRequestHeaders"] == {"X-Tenant": "acme"}


def test_each_domain_has_a_certificate_that_is_loaded() -> None:
    found = built("premium", domains=["b.example", "a.example"])
    for domain in ("a.example", "b.example"):
        spec = found[f"Certificate {domain}"]["spec"]
        assert (spec["secretName"], spec["dnsNames"]) == (f"{domain}-tls", [domain])
        assert spec["issuerRef"] == {"name": "letsencrypt", "kind": "ClusterIssuer", "group": "cert-manager.io"}
        assert spec["privateKey"] == {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}
    assert found["IngressRoute tenant"]["spec"]["tls"] == {"secretName": "b.example-tls"}
    assert [key for key in found if key.startswith("IngressRoute certificate-")] == ["IngressRoute certificate-a.example"]
    assert found["IngressRoute certificate-a.example"]["spec"] == {
        "entryPoints": ["websecure"],
        "routes": [],
        "tls": {"secretName": "a.example-tls"},
    }


def test_what_the_operator_says_of_the_controller_reaches_every_object() -> None:
    said: dict[str, Any] = {"issuer": {"name": "ours", "kind": "Issuer"}, "ingress_class": "edge", "entry_points": ["web", "websecure"]}
    found = built("premium", domains=["b.example", "a.example"], **said)
    assert {found[f"Certificate {domain}"]["spec"]["issuerRef"]["kind"] for domain in ("a.example", "b.example")} == {"Issuer"}
    for name in ("tenant", "certificate-a.example"):
        spec = found[f"IngressRoute {name}"]["spec"]
        assert (spec["ingressClassName"], spec["entryPoints"]) == ("edge", ["web", "websecure"])
    legacy = built("premium", controller="nginx", **said)
    assert {legacy[f"Ingress {name}"]["spec"]["ingressClassName"] for name in ("tenant-ingress", "tenant-cdn-ingress")} == {"edge"}
    unknown = built("premium", controller="nginx", issuer={"name": ""})["Ingress tenant-ingress"]
    assert "tls" not in unknown["spec"]


def test_without_an_issuer_traefik_shows_its_own_certificate() -> None:
    found = built("premium", domains=["b.example", "a.example"], issuer={"name": ""})
    # Empty, and there: it is what a certificate that was there before is replaced by.
    assert found["IngressRoute tenant"]["spec"]["tls"] == {"secretName": ""}
    assert [key for key in found if key.startswith(("Certificate", "IngressRoute certificate"))] == []


def test_sites_divide_what_was_sold_and_lose_nothing() -> None:
    domains = ["one.example", {"name": "two.example", "site": 2}, {"name": "three.example", "site": 3}]
    found = built("premium", sites=3, shares=[4, 2, 1], domains=domains)
    rates = [one["spec"]["rateLimit"] for key, one in found.items() if key.endswith("tenant-rate-limit")]
    assert [rate["average"] for rate in rates] == [1715, 857, 428]
    assert sum(rate["average"] for rate in rates) == 3000
    assert sum(rate["burst"] for rate in rates) == 150


def test_a_small_share_of_a_limit_is_not_none() -> None:
    """To a proxy 0 is "no limit", or nobody at all."""
    domains = ["one.example", {"name": "two.example", "site": 2}, {"name": "three.example", "site": 3}]
    tiny: dict[str, Any] = {"sites": 3, "shares": [500, 1, 1], "domains": domains}
    second = built("premium", **tiny)[f"{NAMESPACE}-site-2 Middleware tenant-rate-limit"]["spec"]["rateLimit"]
    assert (second["average"], second["burst"]) == (5, 1)
    ingress = built("premium", controller="nginx", **tiny)[f"{NAMESPACE}-site-2 Ingress tenant-ingress"]
    assert ingress["metadata"]["annotations"][f"{NGINX}/limit-rps"] == "1"


def test_a_site_without_a_domain_takes_no_part() -> None:
    found = built("premium", sites=3)
    assert found["Middleware tenant-rate-limit"]["spec"]["rateLimit"]["average"] == 3000
    assert [key for key in found if key.startswith(NAMESPACE)] == []


def test_trusted_addresses_pass_by_the_limits_and_by_nothing_else() -> None:
    routes = built("business", trusted_ips=["198.51.100.7", "2001:db8::/32"])["IngressRoute tenant"]["spec"]["routes"]
    assert routes[1]["match"] == "(Host(`acme.example`)) && (ClientIP(`198.51.100.7`) || ClientIP(`2001:db8::/32`))"
    assert [one["name"] for one in routes[1]["middlewares"]] == ["tenant-headers", "tenant-uploads"]
    assert routes[1]["priority"] > routes[0]["priority"]
    static = built("business", trusted_ips=["198.51.100.7"], static={"path": "/media"})["IngressRoute tenant"]["spec"]["routes"]
    assert [route["priority"] for route in static] == sorted(route["priority"] for route in static)
    assert all(route["priority"] < len("Host(`a.io`) && Path(`/.well-known/acme-challenge/`)") for route in routes)


@pytest.mark.parametrize(
    ("tier", "static", "path", "port"),
    [
        ("standard", {}, None, 0),
        # Who has bought no CDN has no path of it, whatever is said.
        ("standard", {"path": "/files"}, None, 0),
        ("premium", {}, "/static", 9000),
        ("business", {}, None, 0),
        ("business", {"path": "/media/"}, "/media", 9000),
    ],
)
def test_static_files_come_from_the_object_storage(tier: str, static: dict[str, Any], path: str | None, port: int) -> None:
    routes = built(tier, static=static)["IngressRoute tenant"]["spec"]["routes"]
    assert len(routes) == (1 if path is None else 2)
    if path is not None:
        assert routes[1]["match"] == f"(Host(`acme.example`)) && (Path(`{path}`) || PathPrefix(`{path}/`))"
        assert routes[1]["services"] == [{"name": "minio-service", "port": port}]
        # No limit of the tenant's API, but as many at once as everybody; the CORS of the seed where the tier has it.
        cors = ["tenant-cors"] if tier == "premium" else []
        assert [one["name"] for one in routes[1]["middlewares"]] == ["tenant-headers", "tenant-connections", *cors]


def test_the_cdn_of_premium() -> None:
    found = built("premium", static={"external_name": "minio.example.net", "bucket": "products"}, dns_target="192.0.2.1")
    assert found["Middleware tenant-cors"]["spec"]["headers"] == {
        "accessControlAllowMethods": ["GET", "HEAD", "OPTIONS"],
        "accessControlAllowOriginList": ["*"],
        "accessControlMaxAge": 600,
        "addVaryHeader": True,
    }
    path = found["Middleware tenant-static-path"]["spec"]["replacePathRegex"]
    assert path == {"regex": "^/static/(.*)", "replacement": "/products/$1"}
    assert found["Service minio-service"]["spec"]["externalName"] == "minio.example.net"
    # Without a name to stand for, the Service is somebody else's.
    assert "Service minio-service" not in built("premium")
    assert found["IngressRoute tenant"]["metadata"]["annotations"] == {
        "external-dns.alpha.kubernetes.io/target": "192.0.2.1",
        "external-dns.alpha.kubernetes.io/cloudflare-proxied": "true",
        "external-dns.alpha.kubernetes.io/ttl": "300",
    }


def test_business_names_what_its_provider_is_asked_for_and_standard_nothing() -> None:
    told = built("business")["IngressRoute tenant"]["metadata"]["annotations"]
    assert told["external-dns.alpha.kubernetes.io/ttl"] == "120"
    assert "waf" in told["bluegreen.orchestrator/cdn-functions"]
    assert "annotations" not in built("standard")["IngressRoute tenant"]["metadata"]


@pytest.mark.parametrize(
    ("given", "strategy"),
    [
        ({}, {"depth": 0}),
        ({"depth": 2}, {"depth": 2}),
        ({"excluded_ips": ["10.0.0.0/8"]}, {"excludedIPs": ["10.0.0.0/8"]}),
        ({"depth": 1, "excluded_ips": ["10.0.0.0/8"]}, {"depth": 1}),
    ],
)
def test_the_address_of_a_client(given: dict[str, Any], strategy: dict[str, Any]) -> None:
    limit = built(client_address=given)["Middleware tenant-connections"]["spec"]["inFlightReq"]
    assert limit["sourceCriterion"] == {"ipStrategy": strategy}


def test_several_traefiks_count_in_one_redis() -> None:
    rate = built(redis={"endpoints": ["redis.example.net:6379"], "secret": "redis", "db": None})["Middleware tenant-rate-limit"]
    assert rate["spec"]["rateLimit"]["redis"] == {"endpoints": ["redis.example.net:6379"], "secret": "redis"}


@pytest.mark.parametrize(
    ("tier", "rps", "connections", "burst", "body"),
    [("standard", "8", "50", "2", "11048576"), ("premium", "50", "200", "3", "51048576"), ("business", "250", "1000", "5", "501048576")],
)
def test_nginx_gets_the_seeds_figures_and_no_annotation_that_never_was(
    tier: str, rps: str, connections: str, burst: str, body: str
) -> None:
    trusted: dict[str, Any] = {"trusted_ips": ["198.51.100.7", "203.0.113.0/24"]} if tier == "business" else {}
    found = built(tier, controller="nginx", **trusted)
    ingress = found["Ingress tenant-ingress"]
    told = {key.removeprefix(f"{NGINX}/"): value for key, value in ingress["metadata"]["annotations"].items() if key.startswith(NGINX)}
    assert told == {
        "limit-rps": rps,
        "limit-connections": connections,
        "limit-burst-multiplier": burst,
        "proxy-body-size": body,
        **({"limit-whitelist": "198.51.100.7,203.0.113.0/24"} if trusted else {}),
    }
    spec = ingress["spec"]
    assert (spec["ingressClassName"], spec["tls"]) == ("nginx", [{"hosts": ["acme.example"], "secretName": "acme.example-tls"}])
    assert spec["rules"][0]["http"]["paths"][0]["backend"] == {"service": {"name": "api-gateway", "port": {"number": 80}}}
    assert ("Ingress tenant-cdn-ingress" in found) == (tier == "premium")
    assert [key for key in found if "Middleware" in key or "IngressRoute" in key] == []


def test_the_cdn_of_nginx_is_the_seeds() -> None:
    ingress = built("premium", controller="nginx")["Ingress tenant-cdn-ingress"]
    assert ingress["metadata"]["annotations"][f"{NGINX}/enable-cors"] == "true"
    path = ingress["spec"]["rules"][0]["http"]["paths"][0]
    assert (path["path"], path["backend"]["service"]) == ("/static", {"name": "minio-service", "port": {"number": 9000}})


def test_a_tenant_without_a_domain_has_no_way_to_it() -> None:
    assert built(domains=[]) == {}


def test_where_external_dns_and_traefik_are_led_to() -> None:
    found = built(dns_target="LB.example.net, 203.0.113.7", redis={"endpoints": ["redis:6379", "[2001:db8::1]:6379"], "db": "1"})
    target = found["IngressRoute tenant"]["metadata"]["annotations"]["external-dns.alpha.kubernetes.io/target"]
    assert target == "lb.example.net,203.0.113.7"
    redis = found["Middleware tenant-rate-limit"]["spec"]["rateLimit"]["redis"]
    assert redis == {"endpoints": ["redis:6379", "[2001:db8::1]:6379"], "db": 1}


def test_a_client_says_more_headers() -> None:
    headers = built(headers={"X-Powered-By": "us"})["Middleware tenant-headers"]["spec"]["headers"]
    assert headers["customResponseHeaders"] == {"X-Powered-By": "us"}
    ours = {"stsSeconds": 31536000, "contentTypeNosniff": True, "customFrameOptionsValue": "SAMEORIGIN"}
    assert headers == {
        **ours,
        "customRequestHeaders": {"X-Tenant": "acme"},
        "customResponseHeaders": {"X-Powered-By": "us"},
        "referrerPolicy": "strict-origin-when-cross-origin",
    }


@pytest.mark.parametrize(
    ("tier", "options", "said"),
    [
        ("standard", {"domains": ["a.example", "b.example"]}, "tenant_domains: acme has 2 domains (a.example, b.example)"),
        ("premium", {"domains": ["a.example", "A.example"]}, "tenant_domains: a.example is there twice"),
        ("standard", {"domains": ["https://a.example"]}, "is no host name; write it like shop.acme.example"),
        ("standard", {"domains": ["*.a.example"]}, "is no host name"),
        ("standard", {"domains": [".".join(["a" * 63] * 4)]}, "is no host name"),
        ("standard", {"domains": ["a`) || Host(`b.example"]}, "is no host name"),
        ("standard", {"domains": [{"name": "a.example", "site": 2}]}, "tenant_domains: a.example is of site 2, and acme has 1"),
        ("standard", {"trusted_ips": ["198.51.100.7"]}, "tenant_trusted_ips: the tier standard limits everybody"),
        ("business", {"trusted_ips": ["0.0.0.0/0"]}, "tenant_trusted_ips: 0.0.0.0/0 is everybody"),
        ("business", {"trusted_ips": ["office"]}, "tenant_trusted_ips: 'office' is no address or network"),
        ("standard", {"client_address": {"depth": -1}}, "tenant_client_address.depth: -1 cannot be"),
        ("standard", {"client_address": {"excluded_ips": ["x"]}}, "tenant_client_address.excluded_ips: 'x'"),
        ("standard", {"controller": "haproxy"}, "tenant_ingress: 'haproxy' is no ingress controller of ours"),
        ("standard", {"gateway": {"service": "API"}}, "tenant_gateway.service: 'API' is no name of Kubernetes"),
        ("standard", {"gateway": {"port": "http"}}, "tenant_gateway.port: 'http' is no whole number"),
        ("standard", {"domains": [{"nam": "a.example"}]}, "tenant_domains: 'nam' is not known here; there are name, site"),
        ("standard", {"domains": [{"name": "a.example", "sites": 1}]}, "tenant_domains: 'sites' is not known here"),
        ("standard", {"domains": [{"site": 1}]}, "tenant_domains: '' is no host name"),
        ("standard", {"gateway": {"service": "1api"}}, "tenant_gateway.service: '1api' begins with a digit"),
        ("premium", {"static": {"service": "1minio"}}, "tenant_static.service: '1minio' begins with a digit"),
        ("standard", {"dns_target": "a b"}, "tenant_dns_target: 'a b' is no host name"),
        ("standard", {"dns_target": "a.example,"}, "tenant_dns_target: '' is no host name"),
        ("standard", {"issuer": {"name": "A B"}}, "tenant_issuer.name: 'A B' is no name of an object"),
        ("standard", {"ingress_class": "A B"}, "tenant_ingress_class: 'A B' is no name of an object"),
        ("standard", {"entry_points": ["web secure"]}, "tenant_entrypoints: 'web secure' is no entry point"),
        ("standard", {"headers": {"X Y": "1"}}, "tenant_headers: 'X Y' cannot name a header"),
        ("standard", {"headers": {"X-Y": True}}, "tenant_headers: the value of X-Y is no text"),
        ("standard", {"headers": {"X-Y": "a\nb"}}, "tenant_headers: the value of X-Y has more than one line"),
        ("standard", {"redis": {"endpoints": ["redis"]}}, "tenant_rate_limit_redis.endpoints: 'redis' is no address with a port"),
        ("standard", {"redis": {"endpoints": ["redis:70000"]}}, "'redis:70000' is no address with a port"),
        ("standard", {"redis": {"endpoints": ["redis://redis:6379"]}}, "is no address with a port"),
        ("standard", {"redis": {"secret": "A B"}}, "tenant_rate_limit_redis.secret: 'A B' is no name of an object"),
        ("standard", {"redis": {"db": "first"}}, "tenant_rate_limit_redis.db: 'first' is no whole number"),
        ("standard", {"redis": {"password": "x"}}, "tenant_rate_limit_redis: 'password' is not known here"),
        ("premium", {"static": {"path": "static"}}, "tenant_static.path: 'static' is no path"),
        ("premium", {"static": {"path": "/a`) || Host(`b"}}, "tenant_static.path: '/a`) || Host(`b' is no path"),
        ("premium", {"static": {"bucket": "My Bucket"}}, "tenant_static.bucket: 'My Bucket' is no name"),
    ],
)
def test_what_cannot_be_is_said_with_its_remedy(tier: str, options: dict[str, Any], said: str) -> None:
    sentence = refused(tier, **options)
    assert said in sentence
    assert ";" in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(("sites", "said"), [("many", "'many' is no whole number"), (0, "0 cannot be"), (100, "100 cannot be")])
def test_a_number_of_sites_that_cannot_be_is_refused_by_the_variables_own_name(sites: object, said: str) -> None:
    with pytest.raises(InputError, match=rf"^tenant_sites: {said}; give 1 to 99\.$"):
        envelope_of({"tenant": "acme", "tier": "business", "sites": sites})
