# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that a tenant consists of beside its envelope, each as one set of manifests; and what two tenants claim.

PRIVATE: for this collection's own plugins, not a public interface.

A set is what is applied and pruned as a whole: what was in it and is declared no more goes. So each part is a set of its own, and a data
base, which nobody may lose by a line that was deleted, is one, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import (
    _tenant_extras,
    _tenant_ingress,
    _tenant_services,
    _tenant_storage,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_entrance import entrance_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_place import check_envelope, envelope_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import Claim, claimed_twice, dictionary, entries, strangers

Part = dict[str, Any]


def part(given: Mapping[str, Any], name: str) -> Part:
    """Return one part of a tenant as the module kubernetes_manifests takes it.

    Args:
        given: the tenant (see ``envelope_of``), with ``ingress``, ``services``, ``database``, ``regions``, ``regions_source`` and
            ``storage``.
        name: which one, of ``PARTS``.

    Returns:
        ``set``, ``manifests``, ``namespaces`` and ``kinds``; of ``storage`` what minio_bucket takes, as ``buckets``.

    Raises:
        InputError: a value cannot work.
    """
    envelope = envelope_of(given)
    found = PARTS[name](envelope, given)
    return {"set": f"tenant-{envelope.tenant}-{name}", **found}


def _ingress(envelope: Envelope, given: Mapping[str, Any]) -> Part:
    entrance = entrance_of(envelope, given.get("ingress") or {})
    return _in_sites(envelope, _tenant_ingress.manifests(entrance), _tenant_ingress.KINDS)


def _services(envelope: Envelope, given: Mapping[str, Any]) -> Part:
    services = _tenant_services.services_of(envelope, entries(given.get("services"), "tenant_services"))
    return {
        **_in_sites(envelope, _tenant_services.manifests(envelope, services), _tenant_services.KINDS),
        # As tier_quota takes them, for the fit check.
        "services": [
            {"name": service.name, "site": service.site, "replicas": service.replicas, **service.resources} for service in services
        ],
    }


def _database(envelope: Envelope, given: Mapping[str, Any]) -> Part:
    manifests = _tenant_extras.database(envelope, dictionary(given.get("database"), "tenant_dedicated_database"))
    namespace = _tenant_extras.database_namespace(envelope)
    return {"manifests": manifests, "namespaces": [namespace], "kinds": list(_tenant_extras.DATABASE_KINDS)}


def _regions(envelope: Envelope, given: Mapping[str, Any]) -> Part:
    source = dictionary(given.get("regions_source"), "tenant_regions_source")
    manifests = _tenant_extras.regions(envelope, entries(given.get("regions"), "tenant_regions"), source)
    namespace = str(source.get("namespace") or "argocd")
    return {"manifests": manifests, "namespaces": [namespace], "kinds": list(_tenant_extras.REGION_KINDS)}


def _storage(envelope: Envelope, given: Mapping[str, Any]) -> Part:
    return {"buckets": _tenant_storage.buckets_of(envelope, dictionary(given.get("storage"), "tenant_storage"))}


def _in_sites(envelope: Envelope, manifests: list[dict[str, Any]], kinds: Iterable[str]) -> Part:
    # Those of all sites, also of one that has nothing any more: what it had is found there.
    return {"manifests": manifests, "namespaces": list(envelope.namespaces().values()), "kinds": list(kinds)}


PARTS: Final[dict[str, Callable[[Envelope, Mapping[str, Any]], Part]]] = {
    "ingress": _ingress,
    "services": _services,
    "database": _database,
    "regions": _regions,
    "storage": _storage,
}


def refusals(given: Mapping[str, Any], variables: Iterable[str] = (), known: Iterable[str] = ()) -> list[str]:
    """Return everything that is wrong with what is said of a tenant, one sentence each.

    Args:
        given: the tenant, as for ``part``, and ``envelope``: what the role hands to tier_quota besides.
        variables: names of the host's variables that begin as the role's do.
        known: the role's own.
    """
    found = strangers(variables, known, said="no variable of a tenant is called that")
    try:
        envelope = envelope_of(given)
    except InputError as problem:
        return [*found, problem.sentence]
    checks = (lambda envelope, given: check_envelope(envelope, given.get("envelope") or {}), *PARTS.values(), _one_service_of_a_name)
    for check in checks:
        try:
            check(envelope, given)
        except InputError as problem:
            found.append(problem.sentence)
    return found


def _one_service_of_a_name(envelope: Envelope, given: Mapping[str, Any]) -> None:
    """Refuse two Services of one name: each of the two sets would take the other's for somebody else's.

    Raises:
        InputError: a service is called like the one that stands for the object storage, on the same site.
    """
    try:
        entrance = entrance_of(envelope, given.get("ingress") or {})
        services = _tenant_services.services_of(envelope, entries(given.get("services"), "tenant_services"))
    except InputError:
        # Told by the part that it belongs to.
        return
    sites = entrance.sites() if entrance.static_path() and entrance.static.external_name else {}
    for service in services:
        if service.name == entrance.static.service and service.site in sites and (service.port or service.metrics_port):
            raise InputError(
                f"tenant_services: {service.name} has a Service on site {service.site}, and tenant_static.service makes one of the same"
                f" name ({entrance.static.service}) there for {entrance.static.external_name}; give one of the two another name."
            )


def conflicts(claims: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return, per inventory host, what another one on the same cluster claims as well.

    Args:
        claims: host to ``tenant``, ``cluster`` (any text that is the same for the same cluster) and ``domains``.
    """
    return claimed_twice(_claims(claims), _CLAIMED)


def _claims(claims: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[Claim, str]]:
    for host, claim in claims.items():
        yield ("tenant", str(claim["cluster"]), claim["tenant"]), host
        yield from ((("domain", str(claim["cluster"]), domain), host) for domain in claim["domains"])


_CLAIMED: Final = {
    "tenant": "tenant_id: {value!r} is the id of {hosts} on one cluster, so each run would replace the other's; rename one.",
    "domain": "tenant_domains: {value!r} belongs to {hosts}; a domain can be of one tenant only.",
}
