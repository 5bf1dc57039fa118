# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of tier_quota against a strict list of requests: what is read, what is refused, what is deleted and how long that is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER, MANAGED_BY, Kind, KubernetesError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TIER_QUOTA_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import World
from tests.kubernetes_requests import PAGE, UNKNOWN, Answered, Clock, Expected, answering, items, refused, validated
from tests.unit.plugins.module_utils.test_tenant_plan import NAME, cluster, envelope

SECOND = f"{NAME}-site-2"
OURS = f"GET /api/v1/namespaces{PAGE}&labelSelector=tenant%3Dacme"
# What is looked at in a namespace that is there, and in one that would go.
READ = (*kinds.ENVELOPE, kinds.DEPLOYMENT)
LOST = (kinds.POD, kinds.CLAIM, kinds.DEPLOYMENT, kinds.STATEFUL_SET, kinds.CRON_JOB)
GONE = refused(404, "not found")
WHY = {"force": True, "reason": "the client has left"}


def namespace(name: str = NAME) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": f"uid of {name}", "labels": {MANAGED_BY: FIELD_MANAGER, "tenant": "acme"}}}


def listing(kind: Kind, name: str, *objects: dict[str, Any]) -> Expected:
    return f"GET {kind.path(name)}{PAGE}", items(*objects)


def reading(world: World, name: str = NAME) -> Iterator[Expected]:
    """The lists of all that an envelope consists of, in a namespace."""
    for kind in READ:
        yield listing(kind, name, *world.of(name).all(kind).values())


def losing(name: str = NAME, /, **there: dict[str, Any]) -> Iterator[Expected]:
    """The lists of what would be lost with a namespace; one object of each kind that is named."""
    for kind in LOST:
        yield listing(kind, name, *([{"metadata": {"name": "x"}, **there[kind.kind]}] if kind.kind in there else []))


def deleting(*names: str, last: int = 0) -> Iterator[Expected]:
    """Their deletions, and then the looks whether they are gone, each there for ``last`` looks."""
    for name in names:
        yield f"DELETE {kinds.NAMESPACE.path(None, name)}", (200, {})
    for name in names:
        yield from [(f"GET {kinds.NAMESPACE.path(None, name)}", (200, namespace(name)))] * last
        yield f"GET {kinds.NAMESPACE.path(None, name)}", GONE


def run(*, check: bool = False, **options: Any) -> dict[str, Any]:
    return _tenant_run.run(validated(TIER_QUOTA_SPEC, tenant="acme", **options), check_mode=check)


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("check", [True, False])
def test_a_kind_of_kubernetes_that_is_not_served_is_not_an_empty_list(monkeypatch: pytest.MonkeyPatch, kind: Kind, check: bool) -> None:
    """A preview that took it for one would promise what the apply cannot make; an apply that took it for one would prune."""
    before = READ[: READ.index(kind)]
    expected = [*(listing(one, NAME) for one in before), (f"GET {kind.path(NAME)}{PAGE}", UNKNOWN)]
    said = rf"list {kind.plural} in {NAME}: .*see whether this is a Kubernetes that has {kind.api}\."
    with answering(monkeypatch, _tenant_run, (OURS, items(namespace())), *expected), pytest.raises(KubernetesError, match=said):
        run(check=check, tier="standard")


# What is in a namespace that goes -> what is told of it. Nothing runs in most of these: a shop that is scaled to nothing is still there.
LOSSES: list[tuple[dict[str, dict[str, Any]], list[str]]] = [
    ({}, []),
    ({"Pod": {"status": {"phase": "Running"}}}, ["pods"]),
    ({"Pod": {"status": {"phase": "Pending"}}}, ["pods"]),
    ({"Pod": {}}, ["pods"]),
    ({"Pod": {"status": {"phase": "Succeeded"}}}, []),
    ({"Pod": {"status": {"phase": "Failed"}}}, []),
    ({"PersistentVolumeClaim": {"spec": {}}}, ["persistentvolumeclaims"]),
    ({"Deployment": {"spec": {"replicas": 0}}}, ["deployments"]),
    ({"StatefulSet": {"spec": {"replicas": 0}}}, ["statefulsets"]),
    ({"CronJob": {"spec": {"suspend": True}}}, ["cronjobs"]),
    (
        {"Pod": {}, "Deployment": {}, "StatefulSet": {}, "CronJob": {}, "PersistentVolumeClaim": {}},
        ["pods", "deployments", "statefulsets", "cronjobs", "persistentvolumeclaims"],
    ),
]


@pytest.mark.parametrize(("there", "told"), LOSSES)
@pytest.mark.parametrize("check", [True, False])
def test_what_would_be_lost_with_a_tenant_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, there: dict[str, dict[str, Any]], told: list[str], check: bool
) -> None:
    end = [] if check or told else deleting(NAME)
    with answering(monkeypatch, _tenant_run, (OURS, items(namespace())), *losing(**there), *end):
        if not told:
            assert run(check=check, state="absent")["blockers"] == []
            return
        with pytest.raises(RefusedError, match=f"acme cannot be removed, {len(told)} thing") as caught:
            run(check=check, state="absent")
    blockers = caught.value.facts["blockers"]
    assert [(one["what"], one["where"], one["used"], one["loses"]) for one in blockers] == [(what, NAME, "1", True) for what in told]
    assert caught.value.sentence.endswith("To do it all the same, give force: true and a reason, and delete_data: true.")


@pytest.mark.parametrize(("there", "told"), LOSSES)
def test_what_would_be_lost_with_a_site_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, there: dict[str, dict[str, Any]], told: list[str]
) -> None:
    """Only what the site that goes has is asked for; the one that stays grows."""
    world = cluster(envelope("premium", 2))
    found = [world.namespaces[name] for name in (NAME, SECOND)]
    disk = ("GET " + kinds.STORAGE_CLASS.path(None, "tier-premium-storage"), (200, world.storage_class))
    expected = [(OURS, items(*found)), *reading(world), disk, *losing(SECOND, **there)]
    with answering(monkeypatch, _tenant_run, *expected):
        if not told:
            actions = run(check=True, tier="premium", sites=1)["actions"]
            assert actions[0] == {"action": "delete", "name": f"Namespace {SECOND}"}
            return
        with pytest.raises(RefusedError, match=rf"acme cannot be of tier premium with 1 site\(s\), {len(told)} thing") as caught:
            run(check=True, tier="premium", sites=1)
    assert [(one["what"], one["where"]) for one in caught.value.facts["blockers"]] == [(what, SECOND) for what in told]


PERMISSIONS: list[tuple[dict[str, Any], bool]] = [
    ({}, False),
    ({"delete_data": True}, False),
    ({"reason": "the client has left", "delete_data": True}, False),
    (WHY, False),
    ({**WHY, "delete_data": False}, False),
    ({**WHY, "delete_data": True}, True),
]


@pytest.mark.parametrize(("options", "allowed"), PERMISSIONS)
@pytest.mark.parametrize("check", [True, False])
def test_data_goes_only_by_both_words(monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], allowed: bool, check: bool) -> None:
    """Neither force nor delete_data alone; and the preview says what the apply does."""
    end = deleting(NAME) if allowed and not check else []
    with answering(monkeypatch, _tenant_run, (OURS, items(namespace())), *losing(PersistentVolumeClaim={}), *end) as pool:
        if not allowed:
            with pytest.raises(RefusedError, match=r"persistentvolumeclaims in .*: 1 used, 0 in a namespace that goes allowed"):
                run(check=check, state="absent", **options)
            return
        result = run(check=check, state="absent", **options)
    assert result["actions"] == [{"action": "delete", "name": f"Namespace {NAME}"}]
    assert [(one["what"], one["loses"]) for one in result["blockers"]] == [("persistentvolumeclaims", True)]
    assert result["summary"] == f"acme: {'would be' if check else 'was'} removed from the cluster with 1 namespace"
    # The very namespace in which the volume was counted, not another one that got its name meanwhile.
    assert [body["preconditions"] for body in pool.bodies if body] == ([] if check else [{"uid": f"uid of {NAME}"}])


def test_nothing_to_lose_needs_neither_word(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, _tenant_run, (OURS, items(namespace())), *losing(), *deleting(NAME)):
        assert run(state="absent")["changed"]


def test_what_only_does_not_fit_goes_by_force_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost by a quota below use; delete_data is not asked for."""
    world = cluster(envelope("premium"))
    use: list[tuple[str, Answered]] = [listing(kind, NAME) for kind in (kinds.POD, kinds.CLAIM, kinds.SERVICE)]
    disk = ("GET " + kinds.STORAGE_CLASS.path(None, "tier-standard-storage"), GONE)
    world.contents[NAME].objects["ResourceQuota"]["tenant-quota"]["status"] = {"used": {"pods": "16"}}
    for options in ({}, WHY):
        with answering(monkeypatch, _tenant_run, (OURS, items(world.namespaces[NAME])), *reading(world), disk, *use):
            if options:
                (blocker,) = run(check=True, tier="standard", **options)["blockers"]
                assert (blocker["what"], blocker["loses"]) == ("pods", False)
                continue
            with pytest.raises(RefusedError, match=r"give force: true and a reason\.$"):
                run(check=True, tier="standard")


def test_a_deletion_is_waited_for_as_long_as_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five minutes, asked twice a second: once a task's own two minutes cut it off."""
    clock = Clock(monkeypatch, _tenant_run)
    with answering(monkeypatch, _tenant_run, (OURS, items(namespace())), *losing(), *deleting(NAME, last=600)):
        assert run(state="absent", wait_seconds=301)["changed"]
    assert clock.passed == 300.0


def test_each_of_several_deletions_has_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, _tenant_run)
    both = (OURS, items(namespace(), namespace(SECOND)))
    with answering(monkeypatch, _tenant_run, both, *losing(), *losing(SECOND), *deleting(NAME, SECOND, last=500)):
        assert run(state="absent", wait_seconds=251)["changed"]
    assert clock.passed == 500.0


@pytest.mark.parametrize("seconds", [0, 10, 300])
def test_a_namespace_that_stays_is_told_after_that_time(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    clock = Clock(monkeypatch, _tenant_run)
    waits = list(deleting(NAME, last=2 * seconds + 2))[:-1]
    said = f"namespace {NAME} is still being deleted after {seconds} s"
    expected = [(OURS, items(namespace())), *losing(), *waits]
    with answering(monkeypatch, _tenant_run, *expected), pytest.raises(BlueGreenError, match=said) as caught:
        run(state="absent", wait_seconds=seconds)
    assert caught.value.facts == {"done": [f"delete Namespace {NAME}"], "changed": True}
    assert clock.passed == seconds + 0.5
