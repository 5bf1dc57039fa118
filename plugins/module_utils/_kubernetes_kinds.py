# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of objects that a tenant's envelope is made of, and those that are only looked at.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Kind

NAMESPACE: Final = Kind("Namespace", "v1", "namespaces", namespaced=False)
STORAGE_CLASS: Final = Kind(
    "StorageClass",
    "storage.k8s.io/v1",
    "storageclasses",
    namespaced=False,
    fixed=("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    lost="its volumes stay",
)
QUOTA: Final = Kind("ResourceQuota", "v1", "resourcequotas")
LIMIT_RANGE: Final = Kind("LimitRange", "v1", "limitranges")
AUTOSCALER: Final = Kind("HorizontalPodAutoscaler", "autoscaling/v2", "horizontalpodautoscalers")
NETWORK_POLICY: Final = Kind("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies")
SERVICE_ACCOUNT: Final = Kind("ServiceAccount", "v1", "serviceaccounts")
ROLE: Final = Kind("Role", "rbac.authorization.k8s.io/v1", "roles")
ROLE_BINDING: Final = Kind("RoleBinding", "rbac.authorization.k8s.io/v1", "rolebindings", fixed=("roleRef",))

# Ours in each namespace of a tenant, in the order in which they are made: what is not declared any more is pruned among these, by label.
ENVELOPE: Final = (NETWORK_POLICY, SERVICE_ACCOUNT, ROLE, ROLE_BINDING, QUOTA, LIMIT_RANGE, AUTOSCALER)

DEPLOYMENT: Final = Kind("Deployment", "apps/v1", "deployments", fixed=("spec.selector",), lost="its pods go with it")
POD: Final = Kind("Pod", "v1", "pods")
CLAIM: Final = Kind(
    "PersistentVolumeClaim",
    "v1",
    "persistentvolumeclaims",
    fixed=("spec.accessModes", "spec.dataSource", "spec.selector", "spec.storageClassName", "spec.volumeMode", "spec.volumeName"),
    lost="its data goes with it",
)
SERVICE: Final = Kind("Service", "v1", "services", fixed=("spec.clusterIP",), lost="what has looked up its address must do so again")
STATEFUL_SET: Final = Kind(
    "StatefulSet",
    "apps/v1",
    "statefulsets",
    fixed=("spec.podManagementPolicy", "spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"),
    lost="its pods go with it, its volumes stay",
)
CONFIG_MAP: Final = Kind("ConfigMap", "v1", "configmaps")
CRON_JOB: Final = Kind("CronJob", "batch/v1", "cronjobs")
JOB: Final = Kind("Job", "batch/v1", "jobs", fixed=("spec.completionMode", "spec.selector", "spec.template"), lost="its pods go with it")

# Whatever else a tenant or a managed desk consists of. No discovery: three requests before the first one that matters, for each host.
_FURTHER: Final = (
    SERVICE,
    CLAIM,
    DEPLOYMENT,
    CONFIG_MAP,
    STATEFUL_SET,
    Kind("PodDisruptionBudget", "policy/v1", "poddisruptionbudgets"),
    JOB,
    CRON_JOB,
    Kind("Ingress", "networking.k8s.io/v1", "ingresses"),
    Kind("Middleware", "traefik.io/v1alpha1", "middlewares"),
    Kind("IngressRoute", "traefik.io/v1alpha1", "ingressroutes"),
    Kind("TraefikService", "traefik.io/v1alpha1", "traefikservices"),
    Kind("ServersTransport", "traefik.io/v1alpha1", "serverstransports"),
    Kind("Certificate", "cert-manager.io/v1", "certificates"),
    Kind("Issuer", "cert-manager.io/v1", "issuers"),
    Kind("ServiceMonitor", "monitoring.coreos.com/v1", "servicemonitors"),
    Kind("PodMonitor", "monitoring.coreos.com/v1", "podmonitors"),
    Kind("PrometheusRule", "monitoring.coreos.com/v1", "prometheusrules"),
    Kind("InnoDBCluster", "mysql.oracle.com/v2", "innodbclusters"),
    Kind("ApplicationSet", "argoproj.io/v1alpha1", "applicationsets"),
)

# By ``apiVersion/kind``, as a manifest names it.
MANIFEST_KINDS: Final = {kind.full_name: kind for kind in (NAMESPACE, *ENVELOPE, *_FURTHER)}
