# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the services of a tenant fit into its quota.

PRIVATE: for this collection's own plugins, not a public interface.

The published numbers do not fit themselves: 13 services of 200m ask for 2.6 cores where Standard has 2 (ADR-0012). A quota is never
exceeded in silence, so this is said with figures, in the preview already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _resources
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._quantity import format_resource
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._resources import Amounts


@dataclass(frozen=True)
class Service:
    """A service of a tenant, as far as a quota counts it.

    Attributes:
        name: of its Deployment.
        site: number of the site whose namespace it runs in.
        pod: what one of its pods counts for.
        least: how many pods it has when nothing is to do.
        most: how many its autoscaler may make of it.
        containers: what each of its containers asks for, ``requests.cpu`` and so on.
    """

    name: str
    site: int
    pod: Mapping[str, int]
    least: int
    most: int
    containers: tuple[Mapping[str, int], ...] = ()

    def needs(self, replicas: int) -> Amounts:
        """What that many pods count for."""
        return {resource: value * replicas for resource, value in self.pod.items()}


def fit(
    services: Iterable[Service], quotas: Mapping[int, Mapping[str, int]], bounds: Mapping[str, Mapping[str, int]] | None = None
) -> dict[str, Any]:
    """Compare what services need with what each site's namespace has.

    Args:
        services: all of the tenant's.
        quotas: site to amounts of its quota.
        bounds: ``min`` and ``max`` of a container, each with amounts of ``cpu`` and ``memory``.

    Returns:
        ``at_minimum`` and ``at_maximum``, each with ``fits`` and ``lacking``: a list of site, resource, needed, allowed and short by;
        and ``refused``: a list of service, site, resource, asked and bound.
    """
    known = list(services)
    return {
        "services": len(known),
        "at_minimum": _compare(known, quotas, most=False),
        "at_maximum": _compare(known, quotas, most=True),
        "refused": [one for service in known for one in _out_of_bounds(service, bounds or {})],
    }


def _out_of_bounds(service: Service, bounds: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Return what of a service a LimitRange refuses: a limit above its maximum, a request below its minimum."""
    found = []
    for container in service.containers:
        for side, bound, sign in (("limits", "max", 1), ("requests", "min", -1)):
            for resource, allowed in (bounds.get(bound) or {}).items():
                key = f"{side}.{resource}"
                asked = container.get(key, allowed)
                if sign * asked > sign * allowed:
                    told = {"asked": format_resource(resource, asked), "bound": f"{bound} {format_resource(resource, allowed)}"}
                    found.append({"service": service.name, "site": service.site, "resource": key, **told})
    return found


def _compare(services: list[Service], quotas: Mapping[int, Mapping[str, int]], *, most: bool) -> dict[str, Any]:
    lacking = []
    needed: dict[str, dict[str, str]] = {}
    for site, allowed in quotas.items():
        needs = _resources.total(service.needs(service.most if most else service.least) for service in services if service.site == site)
        needed[str(site)] = {resource: format_resource(resource, value) for resource, value in sorted(needs.items())}
        for resource, value in sorted(needs.items()):
            if resource in allowed and value > allowed[resource]:
                lacking.append(
                    {
                        "site": site,
                        "resource": resource,
                        "needed": format_resource(resource, value),
                        "allowed": format_resource(resource, allowed[resource]),
                        "short": format_resource(resource, value - allowed[resource]),
                    }
                )
    return {"fits": not lacking, "needed": needed, "lacking": lacking}


def fit_words(found: Mapping[str, Any], tier: str) -> list[str]:
    """Say in sentences what does not fit; empty when all does."""
    said = [
        f"{one['service']} (site {one['site']}) asks for {one['resource']} {one['asked']}, and a container of {tier} has {one['bound']};"
        " Kubernetes will refuse its pods."
        for one in found["refused"]
    ]
    for key, when in (("at_minimum", "at their least"), ("at_maximum", "at their most")):
        lacking = found[key]["lacking"]
        if lacking:
            parts = [f"{one['resource']} {one['needed']} of {one['allowed']}" + _where(one, found) for one in lacking]
            said.append(
                f"{found['services']} services {when} do not fit into {tier}: {', '.join(parts)}; Kubernetes will refuse the pods beyond."
            )
            # Who does not fit at the least does not fit at the most either; one sentence says enough.
            break
    return said


def _where(lack: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    return f" (site {lack['site']})" if len(found["at_minimum"]["needed"]) > 1 else ""
