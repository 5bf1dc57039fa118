# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only some tenants have bought: a database cluster of their own, and their shop in several regions.

PRIVATE: for this collection's own plugins, not a public interface.

Both are work of other people's operators (MySQL Operator, Argo CD): we say what there should be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import REGIONS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope, Manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_place import manifest
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import label, number, said_or, truth, unknown_keys

DATABASE_KINDS: Final = ("mysql.oracle.com/v2/InnoDBCluster",)
REGION_KINDS: Final = ("argoproj.io/v1alpha1/ApplicationSet",)

CLUSTER: Final = "tenant-dedicated-mysql"
MULTI_REGION: Final = "multi_region"


def database_namespace(envelope: Envelope) -> str:
    """Where the tenant's own database cluster lives: it comes on top of the quota (ADR-0012), so not where the quota counts."""
    return f"{envelope.prefix}{envelope.tenant}-database"


def database(envelope: Envelope, options: Mapping[str, Any]) -> list[Manifest]:
    """Return the tenant's own database cluster; nothing where it is not enabled.

    Args:
        envelope: the tenant.
        options: ``tenant_dedicated_database``.

    Raises:
        InputError: the tier does not include it, or a value cannot work.
    """
    unknown_keys(options, ("enabled", "remove", "secret", "storage_class", "instances", "storage"), "tenant_dedicated_database")
    enabled = truth(options.get("enabled"), "tenant_dedicated_database.enabled")
    removed = truth(options.get("remove"), "tenant_dedicated_database.remove")
    if not enabled:
        return []
    sold = envelope.tier["database"]["dedicated_cluster"]
    if sold is None:
        raise InputError(
            f"tenant_dedicated_database: the tier {envelope.tier['name']} has no database cluster of its own; disable it, or sell a tier"
            " that includes it, such as business."
        )
    if removed:
        raise InputError("tenant_dedicated_database: enabled and remove at once; decide whether the tenant keeps its database.")
    namespace = database_namespace(envelope)
    claim: Manifest = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": _quantity.format_resource("storage", _storage(options.get("storage"), sold["storage"]))}},
    }
    if options.get("storage_class"):
        claim["storageClassName"] = label(options["storage_class"], "tenant_dedicated_database.storage_class")
    resources = {
        side: {
            "cpu": _quantity.format_resource("cpu", amounts["cpu"]),
            "memory": _quantity.format_resource("memory", amounts["memory"]),
        }
        for side, amounts in (("limits", sold["resources"]["limits"]), ("requests", sold["resources"]["requests"]))
    }
    spec = {
        "instances": number(said_or(options.get("instances"), sold["instances"]), "tenant_dedicated_database.instances", least=1, most=9),
        "router": {"instances": sold["routers"]},
        "secretName": label(options.get("secret") or "mysql-cluster-secret", "tenant_dedicated_database.secret"),
        "tlsUseSelfSigned": True,
        "podSpec": {"containers": [{"name": "mysql", "resources": resources}]},
        "datadirVolumeClaimTemplate": claim,
    }
    return [_namespace(envelope, namespace), manifest("mysql.oracle.com/v2", "InnoDBCluster", envelope, namespace, CLUSTER, spec=spec)]


def _namespace(envelope: Envelope, name: str) -> Manifest:
    """Return the namespace of the database. Without the label ``tenant``: tier_quota takes every namespace with it for one of a site."""
    # The operator's own pods satisfy no more than baseline.
    labels = {"bluegreen.orchestrator/tenant": envelope.tenant, "type": "database", "pod-security.kubernetes.io/enforce": "baseline"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _storage(given: object, sold: int) -> int:
    if given is None or given == "":
        return sold
    read = _quantity.parse_resource("storage", given, "tenant_dedicated_database.storage")
    if read < sold:
        raise InputError(
            f"tenant_dedicated_database.storage: {given} is less than what was sold"
            f" ({_quantity.format_resource('storage', sold)}); write it or more."
        )
    return read


def regions(envelope: Envelope, given: list[Any], source: Mapping[str, Any]) -> list[Manifest]:
    """Return the ApplicationSet that brings the tenant's shop to several clusters; nothing without a region.

    Args:
        envelope: the tenant.
        given: ``tenant_regions``, names of clusters or dictionaries with ``cluster``, ``region`` and ``datacenter``.
        source: ``tenant_regions_source``.

    Raises:
        InputError: the tier does not include it, or a value cannot work.
    """
    if not given:
        return []
    if MULTI_REGION not in envelope.tier["features"]["options"]:
        raise InputError(
            f"tenant_regions: the tier {envelope.tier['name']} runs in one region; remove them, or sell a tier that includes several,"
            " such as business."
        )
    keys = ("repository", "revision", "path", "project", "namespace")
    unknown_keys(source, keys, "tenant_regions_source")
    if not source.get("repository"):
        raise InputError("tenant_regions_source.repository: not given; name the Git repository with the chart of the shop.")
    elements = [_region(one) for one in given]
    tenant = {"id": envelope.tenant, "tier": envelope.tier["name"], "region": "{{ .region }}", "datacenter": "{{ .datacenter }}"}
    application = {
        "project": str(source.get("project") or "e-commerce-business"),
        "source": {
            "repoURL": str(source["repository"]),
            "targetRevision": str(source.get("revision") or "main"),
            "path": str(source.get("path") or "helm/e-commerce-platform"),
            # A text in JSON's quotes is one in YAML, too, and Argo CD finds its own templates in it.
            "helm": {"values": "tenant:\n" + "".join(f"  {key}: {json.dumps(value)}\n" for key, value in tenant.items())},
        },
        # The seed has the cluster's name where its URL belongs: Argo CD takes a name as `name`.
        "destination": {"name": "{{ .cluster }}", "namespace": envelope.namespace(1)},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }
    spec = {
        "goTemplate": True,
        # A region without its data centre is a mistake, not an empty text in the shop's settings.
        "goTemplateOptions": ["missingkey=error"],
        # A line that was deleted here takes the wish away, not the shop of a region with its data.
        "syncPolicy": {"preserveResourcesOnDeletion": True},
        "generators": [{"list": {"elements": elements}}],
        "template": {"metadata": {"name": f"{envelope.tenant}-{{{{ .region }}}}"}, "spec": application},
    }
    namespace = label(source.get("namespace") or "argocd", "tenant_regions_source.namespace")
    return [manifest("argoproj.io/v1alpha1", "ApplicationSet", envelope, namespace, f"{envelope.tenant}-multi-region", spec=spec)]


def _region(given: Any) -> dict[str, str]:
    described = given if isinstance(given, Mapping) else {"cluster": given}
    unknown_keys(described, ("cluster", "region", "datacenter"), "tenant_regions")
    cluster = label(described.get("cluster", ""), "tenant_regions.cluster")
    known = {name: (region, datacenter) for name, region, datacenter in REGIONS}
    region, datacenter = known.get(cluster, ("", ""))
    region, datacenter = str(described.get("region") or region), str(described.get("datacenter") or datacenter)
    if not region or not datacenter:
        raise InputError(f"tenant_regions.{cluster}: it is none of {', '.join(known)}; say its region and datacenter, too.")
    return {
        "cluster": cluster,
        "region": label(region, "tenant_regions.region"),
        "datacenter": label(datacenter, "tenant_regions.datacenter"),
    }
