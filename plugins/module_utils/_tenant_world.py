# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster has of a tenant, read with get and list only.

PRIVATE: for this collection's own plugins, not a public interface.

One list of namespaces, then one list per kind and namespace: 10 requests for a tenant of one site, none of which grows with the number
of tenants. Lists by label over the whole cluster would be fewer for a tenant of ten sites, and the server would walk through everybody's
objects for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity, _resources
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER, MANAGED_BY, Kind
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope, storage_class

Object = dict[str, Any]

# Selects the namespaces of all sites of all tenants: one that a set of manifests made beside them (a database's) has no label ``tenant``.
OUR_SITES: Final = f"{MANAGED_BY}={FIELD_MANAGER},tenant"
# What is read of each namespace, whatever is to be done.
READ: Final = (*kinds.ENVELOPE, kinds.DEPLOYMENT)


class Reader(Protocol):
    """What reading a tenant takes: the API server itself, or what was read of it."""

    def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        """Return one object, None when it is not there."""

    def list_all(self, kind: Kind, namespace: str | None = None, *, labels: str = "") -> list[Object]:
        """Return all objects of a kind."""


@dataclass
class Contents:
    """What is in a namespace, by kind and name."""

    objects: dict[str, dict[str, Object]] = field(default_factory=dict)

    def all(self, kind: Kind) -> dict[str, Object]:
        """The objects of a kind by name."""
        return self.objects.get(kind.kind, {})

    def quota_used(self, name: str) -> _resources.Amounts:
        """What counts against a quota: as the server counts it, else counted here (a quota that is not there yet counts nothing)."""
        status = (self.all(kinds.QUOTA).get(name) or {}).get("status") or {}
        # What the quota did not count so far is counted here.
        return {**self._counted(), **_resources.amounts(status.get("used") or {})}

    def _counted(self) -> _resources.Amounts:
        pods = [pod for pod in self.all(kinds.POD).values() if _resources.is_alive(pod)]
        claims = list(self.all(kinds.CLAIM).values())
        balancers = [one for one in self.all(kinds.SERVICE).values() if one["spec"].get("type") == "LoadBalancer"]
        sizes = [((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0") for claim in claims]
        return _resources.total(
            [
                *(_resources.of_pod(pod["spec"]) for pod in pods),
                *({"requests.storage": _quantity.size_bytes(size), "persistentvolumeclaims": 1} for size in sizes),
                *({"services.loadbalancers": 1} for _balancer in balancers),
            ]
        )


@dataclass
class World:
    """What a cluster has of a tenant.

    Attributes:
        namespaces: those of the tenant by label, and those that have a name of its, whoever made them.
        contents: by namespace.
        storage_class: the tier's, None when it is not there or left alone.
    """

    namespaces: dict[str, Object] = field(default_factory=dict)
    contents: dict[str, Contents] = field(default_factory=dict)
    storage_class: Object | None = None

    def of(self, namespace: str) -> Contents:
        """What is in a namespace; nothing when it is not there."""
        return self.contents.get(namespace) or Contents()


def is_going(namespace: Mapping[str, Any]) -> bool:
    """Whether a namespace is being deleted."""
    return bool((namespace.get("metadata") or {}).get("deletionTimestamp"))


def read_namespaces(api: Reader, envelope: Envelope) -> dict[str, Object]:
    """Return the tenant's namespaces, and whatever else has their names."""
    labelled = api.list_all(kinds.NAMESPACE, labels=f"tenant={envelope.tenant}")
    found = {one["metadata"]["name"]: one for one in labelled if envelope.owns(one["metadata"]["name"])}
    for name in envelope.namespaces().values():
        if name not in found:
            unlabelled = api.get(kinds.NAMESPACE, None, name)
            if unlabelled is not None:
                found[name] = unlabelled
    return found


def read(api: Reader, envelope: Envelope) -> World:
    """Read all that a plan needs of a tenant that is there or to come."""
    world = World(read_namespaces(api, envelope))
    for name in sorted(set(world.namespaces) & set(envelope.namespaces().values())):
        world.contents[name] = Contents()
        look_at(api, world, name, READ)
    wanted = storage_class(envelope)
    if wanted is not None:
        world.storage_class = api.get(kinds.STORAGE_CLASS, None, wanted["metadata"]["name"])
    return world


def look_at(api: Reader, world: World, namespace: str, which: Iterable[Kind]) -> None:
    """Add objects of some kinds to what is known of a namespace."""
    contents = world.contents.setdefault(namespace, Contents())
    for kind in which:
        contents.objects[kind.kind] = {one["metadata"]["name"]: one for one in api.list_all(kind, namespace)}


def look_at_use(api: Reader, world: World, namespaces: Iterable[str]) -> None:
    """Add what is used: asked only where something shrinks, for pods are the longest list there is."""
    for name in namespaces:
        look_at(api, world, name, [kinds.POD, kinds.CLAIM, kinds.SERVICE])


def look_at_workloads(api: Reader, world: World, namespaces: Iterable[str]) -> None:
    """Add what makes pods, also where it has none at the moment: asked where a namespace would be deleted."""
    for name in namespaces:
        look_at(api, world, name, [kinds.POD, kinds.CLAIM, kinds.DEPLOYMENT, kinds.STATEFUL_SET, kinds.CRON_JOB])
