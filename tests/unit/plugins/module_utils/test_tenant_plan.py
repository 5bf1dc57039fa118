# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a tenant's envelope: what comes, changes and goes, and in which order."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_objects
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import MANAGED_BY, SET_LABEL
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_plan import (
    TenantPlan,
    foreign_scalers,
    plan_removal,
    plan_tenant,
    shrinking_namespaces,
    why_it_stays,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import Contents, World
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier

SHOP = ["api-gateway", "auth-service", "search-service"]
NAME = "e-commerce-tenant-acme"


def envelope(tier: str = "standard", sites: int = 1, **options: Any) -> Envelope:
    """An envelope of tenant acme."""
    return Envelope("acme", effective_tier(tier), sites, options.pop("shares", (1,) * sites), **options)


def stored(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest as the server has it after an apply of ours."""
    fields = {f"f:{key}": _fields(value) for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    labels = _fields(manifest["metadata"].get("labels") or {})
    entry = {"manager": "bluegreen.orchestrator", "operation": "Apply", "fieldsV1": {**fields, "f:metadata": {"f:labels": labels}}}
    found = copy.deepcopy(manifest)
    found["metadata"] |= {"uid": f"uid of {manifest['metadata']['name']}", "managedFields": [entry]}
    return found


def _fields(value: Any) -> dict[str, Any]:
    return {f"f:{key}": _fields(below) for key, below in value.items()} if isinstance(value, dict) else {}


def cluster(of: Envelope, services: Iterable[str] = ()) -> World:
    """A cluster on which an envelope is as it should be."""
    world = World()
    disk = _tenant_objects.storage_class(of)
    world.storage_class = stored(disk) if disk else None
    for site, name in of.namespaces().items():
        world.namespaces[name] = stored(_tenant_objects.namespace(of, site))
        contents = Contents({"Deployment": {service: {"metadata": {"name": service}} for service in services}})
        for kind, manifest in _tenant_objects.in_namespace(of, site, services):
            contents.objects.setdefault(kind.kind, {})[manifest["metadata"]["name"]] = stored(manifest)
        world.contents[name] = contents
    return world


def moving(before: str) -> World:
    """A tenant of another tier; the class of its disks stays as it is, and the new tier's is not there."""
    world = cluster(envelope(before), SHOP)
    world.storage_class = None
    return world


def told(plan: TenantPlan) -> list[str]:
    return [f"{step.action} {step.kind.kind} {step.name}" + (f" in {step.namespace[-6:]}" if step.namespace else "") for step in plan.steps]


def kinds_of(plan: TenantPlan, namespace: str = NAME) -> list[str]:
    """The kinds in a namespace, in their order, each once."""
    return list(dict.fromkeys(step.kind.kind for step in plan.steps if step.namespace == namespace))


@pytest.mark.parametrize("tier", ["standard", "premium", "business"])
@pytest.mark.parametrize("sites", [1, 3])
def test_what_is_as_it_should_be_stays(tier: str, sites: int) -> None:
    wanted = envelope(tier, sites)
    assert told(plan_tenant(wanted, cluster(wanted, SHOP))) == []


def test_a_new_tenant_is_guarded_first_and_labelled_at_once() -> None:
    plan = plan_tenant(envelope(), World())
    assert told(plan)[:3] == [
        "create StorageClass tier-standard-storage",
        f"create Namespace {NAME}",
        "create NetworkPolicy default-deny in t-acme",
    ]
    order = ["NetworkPolicy", "ServiceAccount", "Role", "RoleBinding", "ResourceQuota", "LimitRange"]
    assert kinds_of(plan) == order
    assert {step.action for step in plan.steps} == {"create"}


def test_an_autoscaler_comes_with_its_service() -> None:
    wanted = envelope()
    world = cluster(wanted)
    world.contents[NAME].objects["Deployment"] = {"api-gateway": {}, "search-service": {}}
    assert told(plan_tenant(wanted, world)) == ["create HorizontalPodAutoscaler api-gateway-hpa in t-acme"]
    assert told(plan_tenant(wanted, cluster(wanted, ["api-gateway"]))) == []
    gone = cluster(wanted, ["api-gateway"])
    gone.contents[NAME].objects["Deployment"] = {}
    assert told(plan_tenant(wanted, gone)) == ["delete HorizontalPodAutoscaler api-gateway-hpa in t-acme"]


def test_services_that_come_and_go_with_the_same_run_have_their_autoscalers_at_once() -> None:
    """What the set brings counts as there, on each site; what it has no more counts as gone; what others deployed is there."""
    declared = ((1, "api-gateway"), (2, "orders-service"), (1, "search-service"))
    wanted = envelope("premium", 2, services_set="tenant-acme-services", services=declared)
    world = cluster(envelope("premium", 2), ["auth-service", "baskets-service"])
    ours = {"metadata": {"labels": {"bluegreen.orchestrator/set": "tenant-acme-services"}}}
    for name in envelope("premium", 2).namespaces().values():
        world.contents[name].objects["Deployment"]["baskets-service"] = ours
    scaler = "HorizontalPodAutoscaler"
    assert told(plan_tenant(wanted, world)) == [
        f"create {scaler} api-gateway-hpa in t-acme",
        f"delete {scaler} baskets-service-hpa in t-acme",
        f"create {scaler} orders-service-hpa in site-2",
        f"delete {scaler} baskets-service-hpa in site-2",
    ]


def test_growing_gives_room_first_and_says_so_last() -> None:
    plan = plan_tenant(envelope("premium"), moving("standard"))
    assert shrinking_namespaces(envelope("premium"), moving("standard")) == []
    assert kinds_of(plan) == ["ResourceQuota", "HorizontalPodAutoscaler"]
    assert told(plan)[-1] == f"update Namespace {NAME}"


def test_shrinking_takes_room_last() -> None:
    plan = plan_tenant(envelope("standard"), moving("premium"))
    assert shrinking_namespaces(envelope("standard"), moving("premium")) == [NAME]
    assert kinds_of(plan) == ["HorizontalPodAutoscaler", "ResourceQuota"]
    assert told(plan)[-1] == f"update Namespace {NAME}"


def test_bounds_shrink_before_the_room_does() -> None:
    """Once the quota is small, a pod that the old bounds still let in takes the place of one that was to come back."""
    world = moving("premium")
    world.contents[NAME].objects["LimitRange"]["tenant-limits"]["spec"]["limits"][0]["max"]["cpu"] = "3"
    assert kinds_of(plan_tenant(envelope("standard"), world)) == ["LimitRange", "HorizontalPodAutoscaler", "ResourceQuota"]


def test_limits_that_were_deleted_by_hand_shrink_what_runs_without_them() -> None:
    """What grew beyond them meanwhile would not come back after a restart, so it is looked at."""
    world = cluster(envelope())
    del world.contents[NAME].objects["LimitRange"]["tenant-limits"]
    assert shrinking_namespaces(envelope(), world) == [NAME]
    assert told(plan_tenant(envelope(), world)) == ["create LimitRange tenant-limits in t-acme"]


def test_limits_that_were_emptied_by_hand_come_back() -> None:
    """The server stores an empty list as null."""
    world = cluster(envelope())
    world.contents[NAME].objects["LimitRange"]["tenant-limits"]["spec"]["limits"] = None
    assert shrinking_namespaces(envelope(), world) == [NAME]
    assert told(plan_tenant(envelope(), world)) == ["update LimitRange tenant-limits in t-acme"]


def test_a_second_site_takes_from_the_first_before_it_gets() -> None:
    world = cluster(envelope("premium", 1))
    plan = plan_tenant(envelope("premium", 2), world)
    assert shrinking_namespaces(envelope("premium", 2), world) == [NAME]
    names = [step.namespace for step in plan.steps if step.kind is kinds.QUOTA]
    assert names == [NAME, f"{NAME}-site-2"]
    assert told(plan)[0] == f"create Namespace {NAME}-site-2"


def test_a_site_that_is_declared_no_more_goes_before_the_others_grow() -> None:
    plan = plan_tenant(envelope("premium", 1), cluster(envelope("premium", 2)))
    assert told(plan) == [f"delete Namespace {NAME}-site-2", "update ResourceQuota tenant-quota in t-acme"]
    assert plan.steps[0].uid == f"uid of {NAME}-site-2"


def test_only_a_site_of_ours_that_is_still_there_goes() -> None:
    """Somebody else's namespace may have our tenant's label, and a set of manifests may have made one of a site's name; one that is going
    already needs no second push, and is no change."""
    of_a_set = {"labels": {"tenant": "acme", MANAGED_BY: "bluegreen.orchestrator", SET_LABEL: "shop"}}
    for metadata, steps in (({}, 1), ({"labels": {"tenant": "acme"}}, 0), (of_a_set, 0), ({"deletionTimestamp": "now"}, 0)):
        world = cluster(envelope("premium", 2))
        world.namespaces[f"{NAME}-site-2"]["metadata"] |= metadata
        plan = plan_tenant(envelope("premium"), world)
        assert len([step for step in plan.steps if step.action == "delete"]) == steps, metadata


@pytest.mark.parametrize(
    ("tier", "sites", "shares"),
    [("premium", 3, (1, 1, 1)), ("premium", 3, (5, 1, 1)), ("business", 10, (1,) * 10), ("business", 7, (1,) * 7)],
)
def test_all_sites_together_have_exactly_the_tier(tier: str, sites: int, shares: tuple[int, ...]) -> None:
    wanted = envelope(tier, sites, shares=shares)
    parts = wanted.quotas()
    for resource, whole in wanted.tier["quota"].items():
        assert sum(part[resource] for part in parts.values()) == whole
        assert all(part[resource] >= 0 for part in parts.values())
        assert max(part[resource] for part in parts.values()) == parts[1][resource]


def test_pruning_leaves_what_is_not_ours() -> None:
    wanted = envelope()
    world = cluster(wanted)
    policies = world.contents[NAME].objects["NetworkPolicy"]
    policies["allow-old"] = stored(
        {
            **_tenant_objects.network_policies(wanted, 1)[0],
            "metadata": {"name": "allow-old", "namespace": NAME, "labels": {MANAGED_BY: "bluegreen.orchestrator"}},
        }
    )
    policies["theirs"] = {"metadata": {"name": "theirs", "namespace": NAME, "uid": "1"}, "spec": {}}
    assert told(plan_tenant(wanted, world)) == ["delete NetworkPolicy allow-old in t-acme"]


def by_hand(world: World) -> World:
    """Somebody gave the tenant more pods with kubectl edit."""
    quota = world.contents[NAME].objects["ResourceQuota"]["tenant-quota"]
    quota["spec"]["hard"]["pods"] = "99"
    (entry,) = quota["metadata"]["managedFields"]
    del entry["fieldsV1"]["f:spec"]["f:hard"]["f:pods"]
    other = {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:hard": {"f:pods": {}}}}}
    quota["metadata"]["managedFields"].append(other)
    return world


def test_a_field_of_another_manager_is_named_or_taken_over() -> None:
    wanted = envelope()
    with pytest.raises(
        RefusedError, match=r"tenant-quota \.spec\.hard\.pods \(owned by kubectl-edit, is '99'\).* give take_over: true"
    ) as caught:
        plan_tenant(wanted, by_hand(cluster(wanted)))
    assert caught.value.facts["conflicts"][0]["wanted"] == "15"
    plan = plan_tenant(wanted, by_hand(cluster(wanted)), take_over=True)
    assert [(step.name, step.force) for step in plan.steps] == [("tenant-quota", True)]


def test_an_object_of_our_name_that_is_not_ours_is_not_touched() -> None:
    wanted = envelope()
    world = cluster(wanted)
    quota = world.contents[NAME].objects["ResourceQuota"]["tenant-quota"]
    quota["metadata"] |= {"labels": {}, "managedFields": []}
    with pytest.raises(RefusedError, match="somebody else"):
        plan_tenant(wanted, world)


def test_what_a_set_of_manifests_brought_is_pruned_by_that_set_only() -> None:
    wanted = envelope()
    world = cluster(wanted)
    policies = world.contents[NAME].objects["NetworkPolicy"]
    labels = {MANAGED_BY: "bluegreen.orchestrator", SET_LABEL: "shop"}
    policies["of-the-shop"] = {"metadata": {"name": "of-the-shop", "namespace": NAME, "uid": "1", "labels": labels}, "spec": {}}
    assert told(plan_tenant(wanted, world)) == []
    world.contents[NAME].objects["ResourceQuota"]["tenant-quota"]["metadata"]["labels"][SET_LABEL] = "shop"
    world.contents[NAME].objects["ResourceQuota"]["tenant-quota"]["spec"]["hard"]["pods"] = "1"
    with pytest.raises(RefusedError, match="owned by the set shop"):
        plan_tenant(wanted, world)


def test_an_object_on_its_way_out_is_not_as_it_should_be() -> None:
    wanted = envelope()
    world = cluster(wanted)
    world.contents[NAME].objects["ResourceQuota"]["tenant-quota"]["metadata"] |= {"deletionTimestamp": "now", "finalizers": ["a/b"]}
    with pytest.raises(RefusedError, match=r"ResourceQuota tenant-quota is being deleted \(waits for a/b\)"):
        plan_tenant(wanted, world)


@pytest.mark.parametrize(
    ("namespace", "owned"),
    [
        (NAME, True),
        (f"{NAME}-site-12", True),
        (f"{NAME}-site-0", False),
        (f"{NAME}-site-2x", False),
        (f"{NAME}-database", False),
        ("e-commerce-tenant-beta", False),
        ("eu-acme", False),
    ],
)
def test_only_a_name_of_ours_can_be_a_site_of_ours(namespace: str, owned: bool) -> None:
    """Whatever somebody labelled with our tenant by a slip of the hand."""
    assert envelope().owns(namespace) is owned


STRANGERS: list[tuple[dict[str, Any], str]] = [
    ({"labels": {"tenant": "corner"}}, "belongs to tenant 'corner'; give 'acme' another id"),
    ({"labels": {}}, "is there and not managed by this collection; to adopt it, give take_over: true"),
    ({"deletionTimestamp": "2026-11-22T08:00:00Z"}, "is being deleted"),
    ({"labels": {SET_LABEL: "acme-database"}}, "belongs to the set of manifests 'acme-database'"),
]


@pytest.mark.parametrize(("metadata", "sentence"), STRANGERS)
def test_a_namespace_that_cannot_be_used_is_refused(metadata: dict[str, Any], sentence: str) -> None:
    world = cluster(envelope())
    world.namespaces[NAME]["metadata"] |= metadata
    with pytest.raises(RefusedError, match=sentence):
        plan_tenant(envelope(), world)


def test_a_reason_stays_until_another_one_comes() -> None:
    wanted = envelope()
    world = cluster(wanted)
    plan = plan_tenant(wanted, world, reason="the client asked for it")
    assert told(plan) == [f"update Namespace {NAME}"]
    world.namespaces[NAME]["metadata"]["annotations"] = {_tenant_objects.FORCE_REASON: "the client asked for it"}
    assert told(plan_tenant(wanted, world)) == []


def annotated(world: World, reason: str) -> World:
    """A namespace on which a reason of ours stands, as the server notes it."""
    meta = world.namespaces[NAME]["metadata"]
    meta["annotations"] = {_tenant_objects.FORCE_REASON: reason}
    meta["managedFields"][0]["fieldsV1"]["f:metadata"]["f:annotations"] = {f"f:{_tenant_objects.FORCE_REASON}": {}}
    return world


def test_a_reason_is_not_lost_with_the_next_change() -> None:
    world = annotated(moving("premium"), "agreed by phone")
    assert told(plan_tenant(envelope("premium", storage_provisioner=None), world)) == []
    (step,) = [one for one in plan_tenant(envelope("standard"), world).steps if one.kind is kinds.NAMESPACE]
    assert step.after is not None
    assert step.after["metadata"]["annotations"] == {_tenant_objects.FORCE_REASON: "agreed by phone"}
    (step,) = [one for one in plan_tenant(envelope("standard"), world, reason="again").steps if one.kind is kinds.NAMESPACE]
    assert step.after is not None
    assert step.after["metadata"]["annotations"] == {_tenant_objects.FORCE_REASON: "again"}


def test_a_reason_stands_on_a_new_site_too() -> None:
    plan = plan_tenant(envelope("premium", 2), cluster(envelope("premium")), reason="agreed")
    written = {step.name: step.after["metadata"].get("annotations") for step in plan.steps if step.kind is kinds.NAMESPACE and step.after}
    reason = {_tenant_objects.FORCE_REASON: "agreed"}
    assert written == {NAME: reason, f"{NAME}-site-2": reason}


def test_an_autoscaler_of_somebody_else_keeps_its_service() -> None:
    wanted = envelope()
    world = cluster(wanted, ["api-gateway"])
    world.contents[NAME].objects["HorizontalPodAutoscaler"] = {
        "keda-gateway": {
            "metadata": {"name": "keda-gateway"},
            "spec": {"maxReplicas": 9, "scaleTargetRef": {"kind": "Deployment", "name": "api-gateway"}},
        }
    }
    assert told(plan_tenant(wanted, world)) == []


def scaling(name: str, target: str, kind: str = "Deployment", **metadata: Any) -> dict[str, Any]:
    """An autoscaler; somebody else's unless its labels say otherwise."""
    return {
        "metadata": {"name": name, "namespace": NAME, "uid": "1", **metadata},
        "spec": {"maxReplicas": 99, "scaleTargetRef": {"kind": kind, "name": target}},
    }


FOREIGN: list[tuple[dict[str, Any], dict[str, str]]] = [
    (scaling("keda", "api-gateway"), {"api-gateway": "keda"}),
    # Something else of the same name, and what our tiers do not scale.
    (scaling("keda", "api-gateway", "StatefulSet"), {}),
    (scaling("keda", "search-service"), {}),
    # One with our name is in our way, and is told as that.
    (scaling("api-gateway-hpa", "api-gateway"), {}),
    (scaling("api-gateway", "api-gateway", labels={MANAGED_BY: "bluegreen.orchestrator"}), {}),
]


@pytest.mark.parametrize(("scaler", "taken"), FOREIGN)
def test_whose_autoscaler_it_is(scaler: dict[str, Any], taken: dict[str, str]) -> None:
    world = cluster(envelope())
    world.contents[NAME].objects["HorizontalPodAutoscaler"] = {scaler["metadata"]["name"]: scaler}
    assert foreign_scalers(envelope(), world, NAME) == taken
    # However many pods it allows, it is nothing that shrinks with our tier.
    ours = bool(scaler["metadata"].get("labels"))
    assert shrinking_namespaces(envelope(), world) == ([NAME] if ours else [])


def test_an_autoscaler_with_our_name_that_is_not_ours_is_not_touched() -> None:
    world = cluster(envelope(), ["api-gateway"])
    world.contents[NAME].objects["HorizontalPodAutoscaler"] = {"api-gateway-hpa": scaling("api-gateway-hpa", "api-gateway")}
    with pytest.raises(RefusedError, match=r"HorizontalPodAutoscaler .*api-gateway-hpa .*owned by somebody else"):
        plan_tenant(envelope(), world)


@pytest.mark.parametrize(
    ("key", "value"), [("provisioner", "kubernetes.io/aws-ebs"), ("parameters", {"iops": "1"}), ("volumeBindingMode", "Immediate")]
)
def test_a_storage_class_that_cannot_change_is_refused(key: str, value: Any) -> None:
    wanted = envelope()
    world = cluster(wanted)
    assert world.storage_class is not None
    world.storage_class[key] = value
    with pytest.raises(
        RefusedError, match=f"StorageClass tier-standard-storage: {key} would change.*\\(its volumes stay\\).* storage_class: false"
    ):
        plan_tenant(wanted, world)
    assert told(plan_tenant(envelope(storage_provisioner=None), world)) == []


def test_removal() -> None:
    wanted = envelope("premium", 2)
    assert told(plan_removal(wanted, cluster(wanted))) == [f"delete Namespace {NAME}", f"delete Namespace {NAME}-site-2"]
    assert told(plan_removal(wanted, World())) == []
    strange = cluster(wanted)
    strange.namespaces[NAME]["metadata"]["labels"] = {}
    with pytest.raises(RefusedError, match="is not managed by this collection"):
        plan_removal(wanted, strange)
    another = cluster(wanted)
    another.namespaces[NAME]["metadata"]["labels"]["tenant"] = "corner"
    with pytest.raises(RefusedError, match="belongs to tenant 'corner'"):
        plan_removal(wanted, another)


def test_what_is_going_is_waited_for_and_deleted_no_second_time() -> None:
    world = cluster(envelope("premium", 2))
    world.namespaces[NAME]["metadata"]["deletionTimestamp"] = "now"
    plan = plan_removal(envelope("premium", 2), world)
    assert (told(plan), plan.going) == ([f"delete Namespace {NAME}-site-2"], (NAME,))


STAYS: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"spec": {"finalizers": ["kubernetes", "a/b"]}}, " (finalizers: kubernetes, a/b)"),
    (
        {
            "spec": {"finalizers": ["kubernetes"]},
            "status": {
                "conditions": [
                    {"status": "False", "message": "all content deleted"},
                    {"status": "True", "message": "a/b in 1 resource"},
                    {"status": "True", "message": "pods. has 2"},
                ]
            },
        },
        " (a/b in 1 resource; pods. has 2)",
    ),
]


@pytest.mark.parametrize(("namespace", "words"), STAYS)
def test_what_keeps_a_namespace_in_the_servers_words(namespace: dict[str, Any], words: str) -> None:
    assert why_it_stays(namespace) == words


@pytest.mark.parametrize(
    ("before", "after", "shrinks"),
    [("standard", "premium", False), ("premium", "standard", True), ("premium", "premium", False), ("business", "premium", True)],
)
def test_what_shrinks(before: str, after: str, shrinks: bool) -> None:
    assert bool(shrinking_namespaces(envelope(after), cluster(envelope(before), SHOP))) is shrinks


@pytest.mark.parametrize(
    ("kind", "bound", "smaller"),
    [
        ("ResourceQuota", ("hard", "pods"), {"14": False, "15": False, "16": True}),
        ("ResourceQuota", ("hard", "requests.cpu"), {"2": False, "2001m": True}),
        ("LimitRange", ("limits", 0, "max", "cpu"), {"1": False, "2000m": False, "3": True}),
        ("LimitRange", ("limits", 2, "max", "storage"), {"100Gi": False, "1Ti": True}),
        ("HorizontalPodAutoscaler", ("maxReplicas",), {"2": False, "3": False, "4": True}),
    ],
)
def test_one_bound_that_shrinks_is_enough(kind: str, bound: tuple[Any, ...], smaller: dict[str, bool]) -> None:
    for value, shrinks in smaller.items():
        world = cluster(envelope(), ["api-gateway"])
        (found,) = world.contents[NAME].objects[kind].values()
        node = found["spec"]
        for word in bound[:-1]:
            node = node[word]
        node[bound[-1]] = int(value) if kind == "HorizontalPodAutoscaler" else value
        assert bool(shrinking_namespaces(envelope(), world)) is shrinks, value


def test_what_a_quota_does_not_bound_yet_shrinks() -> None:
    world = cluster(envelope())
    del world.contents[NAME].objects["ResourceQuota"]["tenant-quota"]["spec"]["hard"]["pods"]
    assert shrinking_namespaces(envelope("business"), world) == [NAME]


def test_a_namespace_without_a_quota_has_everything_to_lose() -> None:
    world = cluster(envelope())
    world.contents[NAME].objects["ResourceQuota"] = {}
    assert shrinking_namespaces(envelope("business"), world) == [NAME]
    assert shrinking_namespaces(envelope("business"), World()) == []
