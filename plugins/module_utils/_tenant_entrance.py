# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How visitors are to come to a tenant: what the role's variables say about its domains, limits and static files, checked.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _resources
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_place import site_number
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import (
    dictionary,
    entries,
    host_name,
    label,
    number,
    object_name,
    said_or,
    service_name,
    unknown_keys,
)

DNS: Final = "external-dns.alpha.kubernetes.io"

ENDPOINT: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
ENTRY_POINT: Final = re.compile(r"[A-Za-z0-9._-]+")
# A token of HTTP (RFC 9110).
HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

# A form is a little more than the file in it.
FORM: Final = 1024 * 1024


@dataclass(frozen=True)
class Domain:
    """A domain of the client's own, and the site that it leads to."""

    name: str
    site: int


@dataclass(frozen=True)
class Static:
    """Where static files are taken from, beside the tenant's own services.

    Attributes:
        path: what is taken from there; empty for the tier's.
        service: name of the Service of the object storage in the tenant's namespace.
        port: its port.
        external_name: host name that this Service stands for, empty where the Service is somebody else's.
        bucket: bucket that the path stands for; empty to ask for the path as it is.
    """

    path: str = ""
    service: str = "minio-service"
    port: int = 9000
    external_name: str = ""
    bucket: str = ""


@dataclass(frozen=True)
class Entrance:
    """Everything that decides how a tenant is reached.

    Attributes:
        envelope: the tenant.
        controller: ``traefik`` or ``nginx``.
        domains: the client's.
        gateway: Service that answers, and its port.
        entry_points: Traefik's, by name.
        ingress_class: class of the Ingresses and of the IngressRoutes, empty for the controller's own.
        issuer: cert-manager's, empty where certificates come from elsewhere.
        issuer_kind: ``ClusterIssuer`` or ``Issuer``.
        depth: position from the right of the client's address in X-Forwarded-For, 0 for the address of the connection.
        excluded: proxies whose addresses are passed over there.
        trusted: networks that are not limited.
        redis: options of Traefik's rateLimit.redis, empty to count in each Traefik.
        dns_target: what external-dns lets the domains point to.
        headers: response headers, beside ours or instead of them.
        static: where static files are taken from.
    """

    envelope: Envelope
    controller: str = "traefik"
    domains: tuple[Domain, ...] = ()
    gateway: tuple[str, int] = ("api-gateway", 80)
    entry_points: tuple[str, ...] = ("websecure",)
    ingress_class: str = ""
    issuer: str = ""
    issuer_kind: str = "ClusterIssuer"
    depth: int = 0
    excluded: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    redis: Mapping[str, Any] = field(default_factory=dict)
    dns_target: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    static: Static = Static()

    def sites(self) -> dict[int, list[str]]:
        """The domains of each site that has some."""
        found: dict[int, list[str]] = {}
        for domain in self.domains:
            found.setdefault(domain.site, []).append(domain.name)
        return dict(sorted(found.items()))

    def limits(self) -> dict[int, dict[str, int]]:
        """What each site may be asked: parts of what the tenant has bought, by the sites' shares, that together are exactly that."""
        sites = list(self.sites())
        sold = self.envelope.tier["rate_limit"]
        whole = {"requests_per_minute": sold["requests_per_minute"], "burst": sold["burst"]}
        parts = _resources.divide(whole, [self.envelope.shares[site - 1] for site in sites]) if sites else []
        return dict(zip(sites, parts, strict=True))

    def upload(self) -> int:
        """The largest request in bytes: the largest file that a bucket of the tier takes, in a form."""
        buckets = self.envelope.tier["object_storage"]["buckets"].values()
        return max(bucket["max_file_size"] for bucket in buckets) + FORM

    def static_path(self) -> str:
        """What is served from the object storage; empty for nothing."""
        cdn = self.envelope.tier["cdn"]
        path = self.static.path or cdn["path"] or ""
        return path if cdn["provider"] and path.strip("/") else ""

    def annotations(self) -> dict[str, str]:
        """What external-dns reads, and what the provider of the CDN is asked for besides."""
        cdn = self.envelope.tier["cdn"]
        found: dict[str, str] = {}
        if self.dns_target:
            found[f"{DNS}/target"] = self.dns_target
        if cdn["provider"]:
            found[f"{DNS}/cloudflare-proxied"] = "true"
            if cdn["dns_ttl"] is not None:
                found[f"{DNS}/ttl"] = str(cdn["dns_ttl"])
            if cdn["functions"]:
                # The seed has them as annotations cloudflare.com/..., which nobody reads (ADR-0012): a list for who sets Cloudflare up.
                found["bluegreen.orchestrator/cdn-functions"] = ",".join(cdn["functions"])
        return found


def entrance_of(envelope: Envelope, options: Mapping[str, Any]) -> Entrance:
    """Check what the role's variables say about the way to a tenant.

    Args:
        envelope: the tenant.
        options: ``controller``, ``domains``, ``gateway``, ``entry_points``, ``ingress_class``, ``issuer``, ``client_address``,
            ``trusted_ips``, ``redis``, ``dns_target``, ``headers`` and ``static``, each as the role's variable has it.

    Raises:
        InputError: a value cannot work, or the tier does not include it.
    """
    controller = str(options.get("controller") or "traefik")
    if controller not in ("traefik", "nginx"):
        raise InputError(
            f"tenant_ingress: {quoted(controller)} is no ingress controller of ours; write traefik, or nginx where one still runs."
        )
    gateway, issuer = dictionary(options.get("gateway"), "tenant_gateway"), dictionary(options.get("issuer"), "tenant_issuer")
    address = dictionary(options.get("client_address"), "tenant_client_address")
    proxies = entries(address.get("excluded_ips"), "tenant_client_address.excluded_ips")
    return Entrance(
        envelope=envelope,
        controller=controller,
        domains=_domains(envelope, entries(options.get("domains"), "tenant_domains")),
        gateway=(
            service_name(gateway.get("service") or "api-gateway", "tenant_gateway.service"),
            number(said_or(gateway.get("port"), 80), "tenant_gateway.port", least=1, most=65535),
        ),
        entry_points=tuple(map(_entry_point, entries(options.get("entry_points"), "tenant_entrypoints") or ["websecure"])),
        ingress_class=_name_or_nothing(options.get("ingress_class"), "tenant_ingress_class"),
        issuer=_name_or_nothing(issuer.get("name"), "tenant_issuer.name"),
        issuer_kind=str(issuer.get("kind") or "ClusterIssuer"),
        depth=number(said_or(address.get("depth"), 0), "tenant_client_address.depth", least=0),
        excluded=tuple(_network(one, "tenant_client_address.excluded_ips") for one in proxies),
        trusted=_trusted(envelope, entries(options.get("trusted_ips"), "tenant_trusted_ips")),
        redis=_redis(dictionary(options.get("redis"), "tenant_rate_limit_redis")),
        dns_target=",".join(map(_dns_target, str(options.get("dns_target") or "").split(","))) if options.get("dns_target") else "",
        headers=_headers(dictionary(options.get("headers"), "tenant_headers")),
        static=_static(dictionary(options.get("static"), "tenant_static")),
    )


def _domains(envelope: Envelope, given: list[Any]) -> tuple[Domain, ...]:
    """Read domains; one that is a plain text leads to the first site."""
    found = []
    for one in given:
        described = one if isinstance(one, Mapping) else {"name": one}
        unknown_keys(described, ("name", "site"), "tenant_domains")
        name = host_name(described.get("name", ""), "tenant_domains")
        found.append(Domain(name, site_number(said_or(described.get("site"), 1), envelope, "tenant_domains", name)))
    names = [domain.name for domain in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"tenant_domains: {', '.join(twice)} is there twice; a domain leads to one site.")
    most = envelope.tier["domains"]
    if len(found) > most:
        raise InputError(
            f"tenant_domains: {envelope.tenant} has {len(found)} domains ({', '.join(names)}), and the tier {envelope.tier['name']}"
            f" includes {most}; take some away, or sell a larger tier."
        )
    return tuple(found)


def _trusted(envelope: Envelope, given: list[Any]) -> tuple[str, ...]:
    if given and not envelope.tier["rate_limit"]["trusted_ips"]:
        raise InputError(
            f"tenant_trusted_ips: the tier {envelope.tier['name']} limits everybody; remove them,"
            " or sell a tier that includes trusted addresses."
        )
    return tuple(_network(one, "tenant_trusted_ips") for one in given)


def _network(value: object, option: str) -> str:
    try:
        read = ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        raise InputError(
            f"{option}: {quoted(str(value))} is no address or network; write it like 198.51.100.7 or 198.51.100.0/24."
        ) from None
    if read.prefixlen == 0:
        raise InputError(f"{option}: {value} is everybody; name the addresses.")
    return str(read.network_address) if read.num_addresses == 1 else str(read)


def _redis(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read how Traefik finds the Redis; what was not said is Traefik's to choose."""
    unknown_keys(given, ("endpoints", "secret", "db"), "tenant_rate_limit_redis")
    said = {key: value for key, value in given.items() if value not in (None, "", [])}
    if "endpoints" in said:
        said["endpoints"] = [_endpoint(one) for one in entries(said["endpoints"], "tenant_rate_limit_redis.endpoints")]
    if "secret" in said:
        said["secret"] = object_name(said["secret"], "tenant_rate_limit_redis.secret")
    if "db" in said:
        said["db"] = number(said["db"], "tenant_rate_limit_redis.db", least=0)
    return said


def _endpoint(value: object) -> str:
    text = str(value)
    read = ENDPOINT.fullmatch(text)
    if read is None or not 0 < int(read["port"]) < 65536:
        raise InputError(f"tenant_rate_limit_redis.endpoints: {quoted(text)} is no address with a port; write it like redis.example:6379.")
    return text


def _entry_point(value: object) -> str:
    text = str(value)
    if not ENTRY_POINT.fullmatch(text):
        raise InputError(f"tenant_entrypoints: {quoted(text)} is no entry point; write its name in Traefik's settings, like websecure.")
    return text


def _name_or_nothing(value: object, option: str) -> str:
    return object_name(value, option) if value else ""


def _dns_target(value: str) -> str:
    """Read one of the names and addresses that external-dns takes, with commas between them."""
    try:
        return str(ipaddress.ip_address(value.strip()))
    except ValueError:
        return host_name(value, "tenant_dns_target")


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    for name, value in given.items():
        if not HEADER.fullmatch(name):
            raise InputError(f"tenant_headers: {quoted(name)} cannot name a header; use letters, digits and hyphens.")
        if isinstance(value, (bool, list, dict)) or value is None:
            raise InputError(f"tenant_headers: the value of {name} is no text; put it in quotes.")
        if not str(value).isprintable():
            raise InputError(f"tenant_headers: the value of {name} has more than one line; write it in one.")
    return {name: str(value) for name, value in given.items()}


def _static(given: Mapping[str, Any]) -> Static:
    path = str(given.get("path") or "").rstrip("/")
    if path and (not path.startswith("/") or "`" in path):
        raise InputError(f"tenant_static.path: {quoted(path)} is no path; write it like /static.")
    external = str(given.get("external_name") or "")
    bucket = str(given.get("bucket") or "")
    return Static(
        path=path,
        service=service_name(given.get("service") or "minio-service", "tenant_static.service"),
        port=number(said_or(given.get("port"), 9000), "tenant_static.port", least=1, most=65535),
        external_name=host_name(external, "tenant_static.external_name") if external else "",
        bucket=label(bucket, "tenant_static.bucket") if bucket else "",
    )


def secret_of(domain: str) -> str:
    """The Secret with a domain's certificate, as the seed names it."""
    return f"{domain}-tls"
