# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubernetes_manifests on a real control plane: a set from its first object to its last, and exactly the rights that its documents name."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from lab.kubernetes import ControlPlane
from tests.harness.ansible import ROOT
from tests.integration.tenancy import Tenancy, manifest
from tests.integration.test_tier_quota import SMALL

KINDS = ("v1/ConfigMap", "apps/v1/Deployment", "traefik.io/v1alpha1/Middleware")
RESOURCES = {"configmaps": "", "deployments": "apps", "middlewares": "traefik.io"}


class Set:
    """A set of manifests in a namespace of its own."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.plane = plane
        self.namespace = namespace
        self.cluster = Tenancy(plane, namespace)
        plane.apply_crds("traefik")
        plane.kubectl("create", "namespace", namespace)

    def options(self, *manifests: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Options of the module; what is declared no more is looked for among all kinds of this test."""
        places = {"kinds": list(KINDS), "namespaces": [self.namespace]}
        return {"module": "kubernetes_manifests", "tenant": None, "set": "shop", "manifests": list(manifests), **places, **options}

    def previewed(self, *manifests: dict[str, Any], reader: str = "reader", writer: str = "admin", **options: Any) -> dict[str, Any]:
        """Preview, apply, and both again: the same plan, nothing written, and then nothing left to do."""
        given = self.options(*manifests, **options)
        mark = self.plane.audit_mark()
        preview = self.cluster.ok(user=reader, check=True, **given)
        assert self.cluster.writes(mark) == []
        applied = self.cluster.ok(user=writer, **given)
        for key in ("changed", "diff", "actions", "digest", "left_out", "took_over"):
            assert preview[key] == applied[key], key
        mark = self.plane.audit_mark()
        for user, check in ((reader, True), (writer, False)):
            again = self.cluster.ok(user=user, check=check, **given)
            assert (again["changed"], again["diff"], again["actions"]) == (False, [], [])
        assert self.cluster.writes(mark) == []
        return applied

    def settings(self, name: str = "settings", **data: str) -> dict[str, Any]:
        """A ConfigMap."""
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": self.namespace}, "data": data}

    def middleware(self, burst: int = 16) -> dict[str, Any]:
        """A rate limit of Traefik's."""
        meta = {"name": "rate", "namespace": self.namespace}
        limit = {"average": 500, "period": "1m", "burst": burst}
        return {"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": meta, "spec": {"rateLimit": limit}}

    def names(self) -> list[str]:
        """What kubectl finds of the set's kinds; every namespace has a ConfigMap of Kubernetes' own."""
        answer = self.plane.kubectl("get", ",".join(RESOURCES), "-n", self.namespace, "-o", "name", user="reader")
        return sorted(name.rpartition("/")[2] for name in answer.split() if not name.endswith("/kube-root-ca.crt"))


@pytest.fixture
def shop(control_plane: ControlPlane, tenant_id: str) -> Set:
    """A set that is not there yet."""
    return Set(control_plane, tenant_id)


def documented() -> tuple[list[str], list[str]]:
    """The verbs that a preview needs on the kinds, and those that an apply needs besides, as the module's documentation names them."""
    source = (ROOT / "plugins/modules/kubernetes_manifests.py").read_text()
    documentation = yaml.safe_load(source.split('r"""')[1].split('"""')[0])
    (reading,) = documentation["attributes"]["check_mode"]["details"]
    (writing,) = [note for note in documentation["notes"] if "An apply also needs" in note]
    kinds, _comma, namespaces = reading.partition(", and ")
    assert re.findall(r"C\((\w+)\)", namespaces) == ["get"]
    return re.findall(r"C\((\w+)\)", kinds), re.findall(r"C\((\w+)\)", writing)


def rules(verbs: list[str], *, namespace: bool = True) -> list[dict[str, list[str]]]:
    """The verbs on the kinds of this test, and to get the namespace, which may be given in it."""
    found = [{"apiGroups": [group], "resources": [name], "verbs": verbs} for name, group in RESOURCES.items()]
    return [*found, *([{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}] if namespace else [])]


def test_the_documented_rights_are_enough(shop: Set) -> None:
    """In its namespace only: create, again, change, prune, remove, each previewed by who may only list."""
    reading, writing = documented()
    assert (reading, sorted(writing)) == (["list"], ["create", "delete", "get", "patch"])
    users = {
        "reader": shop.plane.add_user(f"{shop.namespace}-reader", rules(reading), namespaces=[shop.namespace]),
        "writer": shop.plane.add_user(f"{shop.namespace}-writer", rules([*reading, *writing]), namespaces=[shop.namespace]),
    }
    web = manifest("web", shop.namespace, replicas=2, **SMALL)
    made = shop.previewed(shop.settings(colour="blue"), web, shop.middleware(), wait_seconds=60, **users)
    assert made["summary"] == "shop: 3 created"
    found = shop.plane.kubectl("get", "deployment", "web", "-n", shop.namespace, "-o", "json")["status"]
    assert (found["updatedReplicas"], found["availableReplicas"]) == (2, 2)
    newer = manifest("web", shop.namespace, "shop:2", replicas=2, **SMALL)
    changed = shop.previewed(shop.settings(colour="green"), newer, wait_seconds=60, **users)
    assert changed["summary"] == "shop: 2 updated, 1 deleted"
    assert shop.names() == ["settings", "web"]
    shop.previewed(state="absent", **users)
    assert shop.names() == []


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("list", "list deployments in {}: not allowed for kubeconfig"),
        ("patch", "patch ConfigMap settings in {}: not allowed for kubeconfig"),
        ("create", "patch ConfigMap settings in {}: not allowed for kubeconfig"),
        ("delete", "delete ConfigMap old in {}: not allowed for kubeconfig"),
        ("get", "get Deployment web in {}: not allowed for kubeconfig"),
    ],
)
def test_each_of_these_rights_is_needed_and_named_where_it_is_missing(shop: Set, verb: str, said: str) -> None:
    reading, writing = documented()
    left = [one for one in (*reading, *writing) if one != verb]
    user = shop.plane.add_user(f"{shop.namespace}-user", rules(left), namespaces=[shop.namespace])
    shop.cluster.ok(**shop.options(shop.settings("old")))
    web = manifest("web", shop.namespace, **SMALL)
    told = shop.cluster.refused(user=user, **shop.options(shop.settings(colour="blue"), web, wait_seconds=30))
    assert said.format(shop.namespace) in told
    assert f"grant the verb {verb} on " in told


def test_a_namespace_that_may_not_be_looked_for_is_named(shop: Set) -> None:
    """Where nothing is there of what the set looks for; Kubernetes' own ConfigMap is something."""
    reading, _writing = documented()
    user = shop.plane.add_user(f"{shop.namespace}-user", rules(reading, namespace=False), namespaces=[shop.namespace])
    told = shop.cluster.refused(user=user, check=True, **shop.options(shop.middleware(), kinds=[]))
    assert f"get Namespace {shop.namespace}: not allowed for kubeconfig" in told
    assert "grant the verb get on " in told
    allowed = shop.plane.add_user(f"{shop.namespace}-reader", rules(reading), namespaces=[shop.namespace])
    assert shop.cluster.ok(user=allowed, check=True, **shop.options(shop.middleware(), kinds=[]))["changed"]


def test_a_set_prunes_its_own_and_takes_over_on_demand(shop: Set) -> None:
    """Two sets and somebody's object in one namespace, and a field that was changed by hand."""
    plane = shop.plane
    shop.previewed(shop.settings(colour="blue"), shop.middleware())
    shop.previewed(shop.settings("other", size="1"), set="ingress")
    plane.kubectl("create", "configmap", "theirs", "--from-literal=a=b", "-n", shop.namespace)
    assert shop.names() == ["other", "rate", "settings", "theirs"]
    shop.previewed(shop.settings(colour="blue"))
    assert shop.names() == ["other", "settings", "theirs"]

    edit = '{"data":{"colour":"red"}}'
    plane.kubectl("patch", "configmap", "settings", "-n", shop.namespace, "--type=merge", "-p", edit, "--field-manager=night-shift")
    cases = {
        "settings .data.colour (owned by night-shift, is '(not shown)')": shop.settings(colour="blue"),
        "other .metadata.labels.bluegreen.orchestrator/set (owned by the set ingress, is 'ingress')": shop.settings("other", size="2"),
        "theirs .metadata.labels.app.kubernetes.io/managed-by (owned by somebody else, is None)": shop.settings("theirs", a="c"),
    }
    mark = plane.audit_mark()
    for said, wanted in cases.items():
        for user, check in (("reader", True), ("admin", False)):
            told = shop.cluster.refused(user=user, check=check, **shop.options(wanted))
            assert f"ConfigMap {shop.namespace}/{said}" in told
            assert told.endswith("To take these fields over, give take_over: true.")
    assert shop.cluster.writes(mark) == []
    taken = shop.previewed(*cases.values(), take_over=True)
    assert f"ConfigMap {shop.namespace}/settings .data.colour from night-shift" in taken["took_over"]
    found = {one["metadata"]["name"]: one for one in plane.kubectl("get", "configmaps", "-n", shop.namespace, "-o", "json")["items"]}
    assert [found[name]["data"] for name in ("settings", "other", "theirs")] == [{"colour": "blue"}, {"size": "2"}, {"a": "c"}]
    shop.previewed(state="absent")
    assert shop.names() == []


def test_a_kind_without_its_definition_is_told_and_the_rest_is_there(shop: Set) -> None:
    meta = {"name": "db", "namespace": shop.namespace}
    database = {"apiVersion": "mysql.oracle.com/v2", "kind": "InnoDBCluster", "metadata": meta, "spec": {"secretName": "x"}}
    made = shop.previewed(database, shop.settings(colour="blue"))
    assert made["left_out"] == [f"InnoDBCluster {shop.namespace}/db"]
    assert "mysql.oracle.com/v2/InnoDBCluster: not known to the cluster" in made["warnings"][0]
    assert shop.names() == ["settings"]
    told = shop.cluster.refused(check=True, user="reader", **shop.options(database, missing_crd="fail"))
    assert "the cluster does not know mysql.oracle.com/v2/InnoDBCluster; install its definition (CRD) first" in told
