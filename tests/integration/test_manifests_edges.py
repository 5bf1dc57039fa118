# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubernetes_manifests at its edges, where only a real API server can say what it keeps, drops, reorders and refuses."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import MANIFEST_KINDS, STORAGE_CLASS
from lab.kubernetes import ControlPlane
from lab.server import LabError
from tests.integration.test_kubernetes_manifests import Set

POD = {"metadata": {"labels": {"app": "x"}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": "shop:1"}]}}
SUBMITTED = ["apply", "--server-side", "--dry-run=server", "--field-manager=bluegreen.orchestrator", "--force-conflicts"]
RUNNING = copy.deepcopy(POD) | {"spec": {"containers": [{"name": "app", "image": "shop:1"}]}}
SELECTOR = {"matchLabels": {"app": "x"}}
DISK = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


@pytest.fixture
def shop(control_plane: ControlPlane, tenant_id: str) -> Set:
    """A set that is not there yet."""
    return Set(control_plane, tenant_id)


def made(shop: Set, kind: str, name: str = "x", **parts: Any) -> dict[str, Any]:
    """A manifest of one of the kinds that the module takes."""
    found = MANIFEST_KINDS[kind]
    return {"apiVersion": found.api, "kind": found.kind, "metadata": {"name": name, "namespace": shop.namespace}, **parts}


def without(manifest: dict[str, Any], path: str) -> dict[str, Any]:
    """The manifest without what is at a path."""
    found = copy.deepcopy(manifest)
    *above, last = path.split(".")
    place = found
    for key in above:
        place = place[key]
    del place[last]
    return found


def put(manifest: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The manifest with another value at a path."""
    found = copy.deepcopy(manifest)
    *above, last = path.split(".")
    place = found
    for key in above:
        place = place[key]
    place[last] = value
    return found


# What is there, and what each of its fixed fields is asked to become.
FIXED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "apps/v1/Deployment": (
        {"spec": {"replicas": 0, "selector": SELECTOR, "template": RUNNING}},
        {"spec.selector": {"matchLabels": {"app": "x", "more": "x"}}},
    ),
    "apps/v1/StatefulSet": (
        {
            "spec": {
                "replicas": 0,
                "serviceName": "x",
                "podManagementPolicy": "Parallel",
                "selector": SELECTOR,
                "template": RUNNING,
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": DISK}],
            }
        },
        {
            "spec.podManagementPolicy": "OrderedReady",
            "spec.selector": {"matchLabels": {"app": "x", "more": "x"}},
            "spec.serviceName": "y",
            "spec.volumeClaimTemplates": [{"metadata": {"name": "other"}, "spec": DISK}],
        },
    ),
    "batch/v1/Job": (
        {"spec": {"completions": 1, "completionMode": "NonIndexed", "manualSelector": True, "selector": SELECTOR, "template": POD}},
        {
            "spec.completionMode": "Indexed",
            "spec.selector": {"matchLabels": {"app": "y"}},
            "spec.template": put(POD, "spec.containers", [{"name": "app", "image": "shop:2"}]),
        },
    ),
    "v1/PersistentVolumeClaim": (
        {
            "spec": {
                **DISK,
                "storageClassName": "a",
                "volumeMode": "Filesystem",
                "volumeName": "a",
                "selector": SELECTOR,
                "dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
            }
        },
        {
            "spec.accessModes": ["ReadWriteMany"],
            "spec.dataSource": {"kind": "PersistentVolumeClaim", "name": "b"},
            "spec.selector": {"matchLabels": {"app": "y"}},
            "spec.storageClassName": "b",
            "spec.volumeMode": "Block",
            "spec.volumeName": "b",
        },
    ),
    "v1/Service": (
        {"spec": {"ports": [{"port": 80}], "clusterIP": "10.96.0.77", "selector": {"app": "x"}}},
        {"spec.clusterIP": "10.96.0.78"},
    ),
    "rbac.authorization.k8s.io/v1/RoleBinding": (
        {
            "subjects": [{"kind": "ServiceAccount", "name": "x"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"},
        },
        {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "y"}},
    ),
}


def test_what_kubernetes_never_changes_is_refused_in_the_preview(shop: Set) -> None:
    """The preview says of each path what the server says, of another value and of none: refused, kept, or back at a default it had."""
    manifests = {kind: made(shop, kind, **parts) for kind, (parts, _changes) in FIXED.items()}
    fixed = {kind.full_name: sorted(kind.fixed) for kind in MANIFEST_KINDS.values() if kind.fixed}
    assert {kind: sorted(changes) for kind, (_parts, changes) in FIXED.items()} == fixed
    shop.previewed(*manifests.values())
    kept = []
    for kind, path, value in ((kind, path, value) for kind, (_parts, changes) in FIXED.items() for path, value in changes.items()):
        changed, rest = put(manifests[kind], path, value), without(manifests[kind], path)
        assert f"/x: {path} would change, and Kubernetes never changes that" in _refused_by_both(shop, changed)
        try:
            shop.plane.kubectl(*SUBMITTED, "-f", "-", stdin=rest)
        except LabError:
            assert path in _refused_by_both(shop, rest)
        else:
            kept.append(f"{kind} {path}")
            shop.cluster.ok(user="reader", check=True, **shop.options(rest))
    assert kept == [
        "batch/v1/Job spec.completionMode",
        "v1/PersistentVolumeClaim spec.dataSource",
        "v1/PersistentVolumeClaim spec.volumeMode",
        "v1/Service spec.clusterIP",
    ]


def _refused_by_both(shop: Set, manifest: dict[str, Any]) -> str:
    """Return what the preview says of a manifest that the server refuses, too."""
    with pytest.raises(LabError, match=r"immutable|[Ff]orbidden|may not change|cannot change"):
        shop.plane.kubectl(*SUBMITTED, "-f", "-", stdin=manifest)
    return shop.cluster.refused(user="reader", check=True, **shop.options(manifest))


def test_what_kubernetes_does_not_change_in_this_very_object(shop: Set) -> None:
    sealed = made(shop, "v1/ConfigMap", data={"a": "b"}, binaryData={"c": "aGk="}, immutable=True)
    job = made(shop, "batch/v1/Job", spec={"completions": 1, "template": POD})
    disk = made(shop, "v1/PersistentVolumeClaim", spec={**DISK, "storageClassName": "a"})
    shop.previewed(sealed, job, disk)
    for wanted, path in (
        (put(sealed, "data", {"a": "c"}), "data"),
        (without(sealed, "data"), "data"),
        (put(sealed, "binaryData", {"c": "aGo="}), "binaryData"),
        (put(sealed, "immutable", False), "immutable"),
        (put(job, "spec.completions", 2), "spec.completions"),
        (without(job, "spec.completions"), "spec.completions"),
        (put(disk, "spec.resources.requests.storage", "2Gi"), "spec.resources.requests.storage"),
    ):
        assert f"/x: {path} would change, and Kubernetes never changes that" in _refused_by_both(shop, wanted)


def test_what_kubernetes_never_changes_in_a_class_of_disks(control_plane: ControlPlane, tenant_id: str) -> None:
    disk = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": tenant_id}, "provisioner": "a.example"}
    disk |= {"parameters": {"a": "b"}, "reclaimPolicy": "Retain", "volumeBindingMode": "Immediate"}
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=disk)
    others = {"parameters": {"a": "c"}, "provisioner": "b.example", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"}
    assert sorted(others) == sorted(STORAGE_CLASS.fixed)
    for path, value in others.items():
        with pytest.raises(LabError, match=r"immutable|forbidden"):
            control_plane.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=put(disk, path, value))
    control_plane.kubectl("delete", "storageclass", tenant_id)


def test_a_job_that_has_not_begun_may_change_still(shop: Set) -> None:
    job = made(shop, "batch/v1/Job", spec={"suspend": True, "template": put(POD, "spec.nodeSelector", {"disk": "slow"})})
    shop.previewed(job)
    shop.previewed(put(job, "spec.template.spec.nodeSelector", {"disk": "fast"}))


def test_the_server_validates_what_it_can_before_a_namespace_is_there(shop: Set) -> None:
    """A new tenant, or a new site of one: the task before makes the namespace."""
    coming = f"{shop.namespace}-site-2"
    there, later = shop.settings(colour="blue"), {**shop.settings(), "metadata": {"name": "later", "namespace": coming}}
    given = shop.options(there, later, namespaces_to_come=[shop.namespace, coming], validate="server")
    preview = shop.cluster.ok(check=True, **given)
    assert preview["warnings"] == ["1 object was not validated by the server, for its namespace is not there yet."]
    shop.plane.kubectl("create", "namespace", coming)
    assert shop.cluster.ok(check=True, **given)["warnings"] == []


# As people write them, and generators: with nulls, with what is the default anyway, with values that the server drops.
WRITTEN = r"""
apiVersion: v1
kind: ServiceAccount
metadata: {name: shop, creationTimestamp: null}
automountServiceAccountToken: false
imagePullSecrets: [{name: registry}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: shop, creationTimestamp: null}
rules:
  - {apiGroups: [""], resources: [pods], resourceNames: [], verbs: [get, list]}
  - {apiGroups: [apps], resources: [deployments], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: shop}
subjects: [{kind: ServiceAccount, name: shop}, {kind: User, name: jane}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: shop, annotations: {note: ""}}
immutable: false
data: {empty: "", lines: "a\nb\n", number: "1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, creationTimestamp: null, labels: {app: web}}
spec:
  replicas: 0
  minReadySeconds: 0
  paused: false
  revisionHistoryLimit: 0
  strategy: {}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {creationTimestamp: null, labels: {app: web}, annotations: {prometheus.io/scrape: "true"}}
    spec:
      hostNetwork: false
      serviceAccountName: shop
      terminationGracePeriodSeconds: 0
      securityContext: {runAsUser: 0, supplementalGroups: [], sysctls: []}
      tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 0}]
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 1
              podAffinityTerm: {topologyKey: zone, labelSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}}
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: web}}}
      initContainers:
        - {name: second, image: "shop:1", command: [sh, -c, ""], restartPolicy: Always}
        - {name: first, image: "shop:1"}
      containers:
        - name: web
          image: shop:1
          args: []
          tty: false
          workingDir: ""
          env:
            - {name: Z, value: ""}
            - {name: A, value: "1"}
            - {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
            - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: "0"}}}
            - {name: KEY, valueFrom: {configMapKeyRef: {name: shop, key: empty, optional: false}}}
          envFrom: [{configMapRef: {name: shop}, prefix: ""}]
          ports: [{containerPort: 8080}, {name: metrics, containerPort: 9090, hostPort: 0}]
          resources: {limits: {cpu: 1, memory: 1024Mi}, requests: {cpu: 0.5}}
          livenessProbe: {httpGet: {path: /, port: 8080, scheme: HTTP}, initialDelaySeconds: 0}
          readinessProbe: {exec: {command: [cat, /ready]}, successThreshold: 1}
          lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
          volumeMounts: [{name: data, mountPath: /data, readOnly: false, subPath: ""}, {name: config, mountPath: /etc/shop}]
          securityContext: {capabilities: {add: [], drop: [ALL]}, privileged: false}
        - {name: sidecar, image: "proxy:1", resources: {}}
      volumes:
        - {name: data, emptyDir: {medium: "", sizeLimit: 0.5Gi}}
        - {name: config, configMap: {name: shop, defaultMode: 420, items: [{key: lines, path: lines}]}}
        - name: all
          projected:
            sources: [{serviceAccountToken: {path: token}}, {configMap: {name: shop, items: [{key: empty, path: empty}]}}]
        - {name: claim, persistentVolumeClaim: {claimName: disk, readOnly: false}}
status: {}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  loadBalancerSourceRanges: []
  publishNotReadyAddresses: false
  sessionAffinity: None
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP}]
status: {loadBalancer: {}}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {}}
spec:
  tls: [{hosts: [a.example], secretName: ""}]
  rules:
    - host: ""
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
    - {host: a.example, http: {paths: [{path: "", pathType: ImplementationSpecific, backend: {service: {name: web, port: {name: http}}}}]}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 0, selector: {matchLabels: {app: web}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  suspend: false
  successfulJobsHistoryLimit: 0
  jobTemplate:
    metadata: {creationTimestamp: null}
    spec:
      backoffLimit: 0
      template:
        metadata: {creationTimestamp: null}
        spec: {restartPolicy: OnFailure, containers: [{name: job, image: "shop:1", env: [{name: A, value: ""}]}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  backoffLimit: 0
  ttlSecondsAfterFinished: 86400
  template: {spec: {restartPolicy: Never, containers: [{name: job, image: "shop:1", resources: {requests: {cpu: 0.1}}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: headless
  replicas: 0
  podManagementPolicy: Parallel
  updateStrategy: {}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
    - metadata: {name: data, creationTimestamp: null, labels: {app: db}}
      spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 0.5Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}, storageClassName: fast}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  minReplicas: 1
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
  behavior:
    scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 1, periodSeconds: 60}]}
    scaleUp: {policies: [{type: Percent, value: 100, periodSeconds: 15}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}, matchExpressions: []}
  policyTypes: [Ingress]
  ingress:
    - from: [{namespaceSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: []}}]
      ports: [{port: 80}, {protocol: UDP, port: 53, endPort: 54}]
  egress: []
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: q, creationTimestamp: null}
spec: {hard: {cpu: 1.5, memory: 2048Mi, pods: 10}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: l}
spec: {limits: [{type: Container, default: {cpu: 0.5}, max: {memory: 1024Mi}, min: {cpu: 0.1}}, {type: Pod, max: {cpu: 2}}]}
"""


def written(shop: Set) -> list[dict[str, Any]]:
    """The manifests in the test's namespace."""
    found = list(yaml.safe_load_all(WRITTEN))
    for one in found:
        one["metadata"]["namespace"] = shop.namespace
        for subject in one.get("subjects", []):
            if subject["kind"] == "ServiceAccount":
                subject["namespace"] = shop.namespace
    return found


def test_what_people_write_settles(shop: Set) -> None:
    """Once applied, nothing is left to do: in the preview and on the server, which would count a generation more."""
    manifests = written(shop)
    made = shop.previewed(*manifests)
    assert [one["action"] for one in made["actions"]] == ["create"] * len(manifests)


def test_another_order_is_a_change(shop: Set) -> None:
    """Containers that prepare a pod run in their order, and a variable may use those before it."""
    web = next(one for one in written(shop) if one["kind"] == "Deployment")
    shop.previewed(web)
    for path in ("initContainers", "containers"):
        other = copy.deepcopy(web)
        other["spec"]["template"]["spec"][path].reverse()
        assert shop.previewed(other)["changed"]
    other["spec"]["template"]["spec"]["containers"][1]["env"].reverse()
    assert shop.previewed(other)["changed"]
    found = shop.plane.kubectl("get", "deployment", "web", "-n", shop.namespace, "-o", "json")["spec"]["template"]["spec"]
    assert [one["name"] for one in found["containers"]] == ["sidecar", "web"]
    # What somebody else puts between ours stays, and is no order of ours.
    between = [{"op": "add", "path": "/spec/template/spec/initContainers/1", "value": {"name": "theirs", "image": "proxy:1"}}]
    shop.plane.kubectl("patch", "deployment", "web", "-n", shop.namespace, "--type=json", "-p", json.dumps(between))
    assert not shop.previewed(other)["changed"]
    other["spec"]["template"]["spec"]["initContainers"].reverse()
    assert shop.previewed(other)["changed"]
    with_theirs = shop.plane.kubectl("get", "deployment", "web", "-n", shop.namespace, "-o", "json")["spec"]["template"]["spec"]
    names = [one["name"] for one in with_theirs["initContainers"]]
    assert (sorted(names), [name for name in names if name != "theirs"]) == (["first", "second", "theirs"], ["first", "second"])
    assert [one["name"] for one in found["containers"][1]["env"]] == ["KEY", "CPU", "HOST", "A", "Z"]


def test_a_map_of_a_custom_resource_that_would_be_emptied_is_refused_in_the_preview(shop: Set) -> None:
    """The server's own answer is a 422 with a null that nobody wrote."""
    headers = {"stsSeconds": 3, "customResponseHeaders": {"X-A": "b"}}
    told = made(shop, "traefik.io/v1alpha1/Middleware", spec={"headers": headers})
    shop.previewed(told)
    emptied = put(told, "spec.headers.customResponseHeaders", {})
    for user, check in (("reader", True), ("admin", False)):
        said = shop.cluster.refused(user=user, check=check, **shop.options(emptied))
        assert f"Middleware {shop.namespace}/x: spec.headers.customResponseHeaders would become empty" in said
    with pytest.raises(LabError, match="null"):
        shop.plane.kubectl(
            "apply", "--server-side", "--field-manager=bluegreen.orchestrator", "--force-conflicts", "-f", "-", stdin=emptied
        )
    del emptied["spec"]["headers"]["customResponseHeaders"]
    assert shop.previewed(emptied)["changed"]
