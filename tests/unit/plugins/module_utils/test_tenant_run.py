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
WHY: dict[str, Any] = {"force": True, "reason": "the client has left"}


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


USE = (kinds.POD, kinds.CLAIM, kinds.SERVICE)
BY_KIND = {kind.kind: kind for kind in (kinds.NAMESPACE, *kinds.ENVELOPE)}


def looking(world: World, *read: str, missing: tuple[str, ...] = (), use: tuple[str, ...] = ()) -> list[Expected]:
    """The looks at a tenant: its namespaces, those with its names, what is in some of them, and what of that is used."""
    return [
        (OURS, items(*world.namespaces.values())),
        *((f"GET {kinds.NAMESPACE.path(None, name)}", GONE) for name in missing),
        *(one for name in read for one in reading(world, name)),
        *(listing(kind, name) for name in use for kind in USE),
    ]


def doing(actions: list[dict[str, str]], *, force: bool = False, dry: bool = False) -> list[Expected]:
    """The requests by which a plan is done, or tried."""
    found: list[Expected] = []
    for action in actions:
        kind, _space, place = action["name"].partition(" ")
        namespace_, _slash, name = place.rpartition("/")
        path = BY_KIND[kind].path(namespace_ or None, name)
        query = f"?fieldManager={FIELD_MANAGER}&force={str(force).lower()}{'&dryRun=All' * dry}"
        if action["action"] != "delete":
            found.append((f"PATCH {path}{query}", (200, {})))
        elif not dry:
            found.append((f"DELETE {path}", (200, {})))
    gone = [place for action in actions if action["action"] == "delete" for kind, place in [action["name"].split()] if kind == "Namespace"]
    return found if dry else [*found, *((f"GET {kinds.NAMESPACE.path(None, name)}", GONE) for name in gone)]


def both(monkeypatch: pytest.MonkeyPatch, looks: list[Expected], /, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Preview, and then apply exactly that plan. Classes of storage have tests of their own."""
    with answering(monkeypatch, _tenant_run, *looks) as pool:
        preview = run(check=True, storage_class=False, **options)
    assert not any(pool.bodies)
    with answering(monkeypatch, _tenant_run, *looks, *doing(preview["actions"])):
        applied = run(storage_class=False, **options)
    differ = {"summary", "requests"}
    assert {key: value for key, value in preview.items() if key not in differ} == {
        key: value for key, value in applied.items() if key not in differ
    }
    return preview, applied


def test_a_tenant_that_is_there_is_read_with_ten_requests_and_a_new_one_with_three(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = "GET " + kinds.STORAGE_CLASS.path(None, "tier-standard-storage")
    world = cluster(envelope())
    found = (200, world.storage_class) if world.storage_class else GONE
    with answering(monkeypatch, _tenant_run, *looking(world, NAME), (disk, found)) as pool:
        result = run(tier="standard", request_timeout=3)
    assert (result["changed"], sum(result["requests"].values())) == (False, 10)
    assert {one.read_timeout for one in pool.timeouts} == {3.0}
    with answering(monkeypatch, _tenant_run, *looking(World(), missing=(NAME,)), (disk, GONE)):
        assert sum(run(check=True, tier="standard")["requests"].values()) == 3


ONE, TWO = cluster(envelope()), cluster(envelope("premium", 2))
LARGER = cluster(envelope("premium"))
LOOKS = {
    "the same": looking(ONE, NAME),
    "new": looking(World(), missing=(NAME,)),
    "shrinks": looking(LARGER, NAME, use=(NAME,)),
    "a site less": [*looking(TWO, NAME), *losing(SECOND)],
    "a site more": looking(LARGER, NAME, missing=(SECOND,), use=(NAME,)),
    "goes": [*looking(ONE), *losing()],
    "both sites go": [*looking(TWO), *losing(), *losing(SECOND)],
}
ALONE = {"tier": "standard", "client_access": False}
# What is used is asked only where something shrinks, what runs only where a namespace goes.
SUMMARIES: list[tuple[str, dict[str, Any], str, str]] = [
    ("the same", {"tier": "standard"}, "nothing to change", "nothing to change"),
    (
        "new",
        ALONE,
        "would be a new tenant of tier standard ({count} to create)",
        "is a new tenant of tier standard ({count} created)",
    ),
    (
        "the same",
        {"tier": "premium"},
        "would be moved from tier standard to premium ({count} to update)",
        "is moved from tier standard to premium ({count} updated)",
    ),
    (
        "shrinks",
        {"tier": "standard"},
        "would be moved from tier premium to standard ({count} to update)",
        "is moved from tier premium to standard ({count} updated)",
    ),
    (
        "the same",
        ALONE,
        "would be brought to what tier standard says ({count} to delete)",
        "is brought to what tier standard says ({count} deleted)",
    ),
    (
        "a site less",
        {"tier": "premium"},
        "would be brought to what tier premium says (1 to update, 1 to delete)",
        "is brought to what tier premium says (1 updated, 1 deleted)",
    ),
    ("goes", {"state": "absent"}, "would be removed from the cluster with 1 namespace", "was removed from the cluster with 1 namespace"),
    (
        "both sites go",
        {"state": "absent", "sites": 2},
        "would be removed from the cluster with 2 namespaces",
        "was removed from the cluster with 2 namespaces",
    ),
]


@pytest.mark.parametrize(("there", "options", "before", "after"), SUMMARIES)
def test_a_preview_writes_nothing_and_an_apply_exactly_its_plan(
    monkeypatch: pytest.MonkeyPatch, there: str, options: dict[str, Any], before: str, after: str
) -> None:
    preview, applied = both(monkeypatch, LOOKS[there], **options)
    count = len(preview["actions"])
    assert preview["summary"] == f"acme: {before.format(count=count)}"
    assert applied["summary"] == f"acme: {after.format(count=count)}"


def test_a_site_more_takes_from_the_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    preview, _applied = both(monkeypatch, LOOKS["a site more"], tier="premium", sites=2)
    assert {"action": "create", "name": f"Namespace {SECOND}"} in preview["actions"]
    assert {"action": "update", "name": f"ResourceQuota {NAME}/tenant-quota"} in preview["actions"]


def test_what_is_told_of_a_tenant_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    _preview, result = both(monkeypatch, [*looking(LARGER), *losing()], state="absent")
    told = {key: result[key] for key in ("tenant", "tier", "tier_before", "namespaces", "quotas", "fit", "warnings")}
    assert told == {"tenant": "acme", "tier": None, "tier_before": "premium", "namespaces": [], "quotas": {}, "fit": None, "warnings": []}


def test_the_server_is_asked_in_a_preview_only_and_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"tier": "premium", "storage_class": False, "validate": "server"}
    planned = [{"action": "update", "name": name} for name in (f"ResourceQuota {NAME}/tenant-quota", f"Namespace {NAME}")]
    with answering(monkeypatch, _tenant_run, *LOOKS["the same"], *doing(planned, dry=True)):
        assert run(check=True, **options)["actions"] == planned
    with answering(monkeypatch, _tenant_run, *LOOKS["the same"], *doing(planned)):
        run(**options)


def test_what_the_caller_counted_goes_by_force_and_its_reason_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    beyond: dict[str, Any] = {"tier": "standard", "storage_class": False, "usage": {"products": 2001}}
    refused_with: list[dict[str, Any]] = [{}, {"reason": "agreed"}, {"delete_data": True}]
    for options in refused_with:
        with answering(monkeypatch, _tenant_run, *LOOKS["shrinks"]), pytest.raises(RefusedError) as caught:
            run(**beyond, **options)
        assert caught.value.sentence == (
            "acme cannot be of tier standard with 1 site(s), 1 thing(s) in the way: products in tenant acme: 2001 used, 2000 allowed"
            " (reduce the catalogue). To do it all the same, give force: true and a reason."
        )
        assert caught.value.facts["changed"] is False
    with answering(monkeypatch, _tenant_run, *LOOKS["shrinks"]):
        actions = run(check=True, **beyond, **WHY)["actions"]
    with answering(monkeypatch, _tenant_run, *LOOKS["shrinks"], *doing(actions)) as pool:
        run(**beyond, **WHY)
    (space,) = [body for body in pool.bodies if body and body["kind"] == "Namespace"]
    assert space["metadata"]["annotations"] == {"bluegreen.orchestrator/force-reason": WHY["reason"]}


def test_a_reason_without_anything_in_the_way_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, _tenant_run, *LOOKS["the same"]):
        assert not run(tier="standard", storage_class=False, force=True, reason="just in case")["changed"]


def test_whose_it_is_comes_before_what_it_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another tenant's pods are none of our business, not even to be counted."""
    world = cluster(envelope("premium"))
    world.namespaces[NAME]["metadata"]["labels"]["tenant"] = "corner"
    with (
        answering(monkeypatch, _tenant_run, *looking(world, NAME)),
        pytest.raises(BlueGreenError, match="belongs to tenant 'corner'"),
    ):
        run(tier="standard", storage_class=False)


def test_only_what_is_labelled_and_named_as_ours_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A namespace of somebody else with our tenant's label by a slip of the hand is neither looked at nor deleted."""
    stray = {"metadata": {"name": "corner-shop", "uid": "9", "labels": {MANAGED_BY: FIELD_MANAGER, "tenant": "acme"}}}
    found = (OURS, items(*ONE.namespaces.values(), stray))
    with answering(monkeypatch, _tenant_run, found, *reading(ONE)):
        assert not run(tier="standard", storage_class=False)["changed"]
    with answering(monkeypatch, _tenant_run, found, *losing()):
        assert run(check=True, state="absent")["actions"] == [{"action": "delete", "name": f"Namespace {NAME}"}]


def test_one_that_goes_already_is_waited_for_by_an_apply_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, _tenant_run)
    going = namespace()
    going["metadata"]["deletionTimestamp"] = "now"
    with answering(monkeypatch, _tenant_run, (OURS, items(going))):
        assert run(check=True, state="absent")["actions"] == []
    assert clock.passed == 0
    looks = [(f"GET {kinds.NAMESPACE.path(None, NAME)}", (200, going))] * 2
    with (
        answering(monkeypatch, _tenant_run, (OURS, items(going)), *looks),
        pytest.raises(BlueGreenError, match=f"namespace {NAME} is still being deleted after 0 s") as caught,
    ):
        run(state="absent", wait_seconds=0)
    assert caught.value.facts == {"done": [], "changed": False}


def test_a_step_that_fails_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ((path, _answer),) = doing([{"action": "update", "name": f"ResourceQuota {NAME}/tenant-quota"}])
    failed = (path, refused(403, "no"))
    with (
        answering(monkeypatch, _tenant_run, *LOOKS["the same"], failed),
        pytest.raises(BlueGreenError, match=r" Nothing was changed\.$") as caught,
    ):
        run(tier="premium", storage_class=False)
    assert (caught.value.facts["done"], caught.value.facts["changed"]) == ([], False)


def test_what_others_do_in_a_namespace_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world = cluster(envelope())
    objects = world.contents[NAME].objects
    objects["ResourceQuota"]["further"] = {"metadata": {"name": "further"}, "spec": {"hard": {}}}
    target = {"kind": "Deployment", "name": "api-gateway"}
    spec = {"maxReplicas": 99, "scaleTargetRef": target}
    objects.setdefault("HorizontalPodAutoscaler", {})["keda-gateway"] = {"metadata": {"name": "keda-gateway"}, "spec": spec}
    with answering(monkeypatch, _tenant_run, *looking(world, NAME)):
        assert run(check=True, tier="standard", storage_class=False)["warnings"] == [
            f"api-gateway in {NAME} is scaled by HorizontalPodAutoscaler keda-gateway, which is not ours; it gets none of ours beside it.",
            f"{NAME} has further quotas (further, without the label app.kubernetes.io/managed-by of ours); the strictest one counts.",
        ]


def test_what_was_taken_over_is_told_with_whose_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    world = cluster(envelope())
    quota = world.contents[NAME].objects["ResourceQuota"]["tenant-quota"]
    quota["metadata"]["managedFields"] = [{"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:hard": {"f:pods": {}}}}}]
    quota["spec"]["hard"]["pods"] = "99"
    forced = doing([{"action": "update", "name": f"ResourceQuota {NAME}/tenant-quota"}], force=True)
    with answering(monkeypatch, _tenant_run, *looking(world, NAME, use=(NAME,)), *forced):
        result = run(tier="standard", storage_class=False, take_over=True)
    assert result["took_over"] == [f"ResourceQuota {NAME}/tenant-quota .spec.hard.pods from kubectl-edit"]
    with answering(monkeypatch, _tenant_run, *LOOKS["the same"]):
        assert run(tier="standard", storage_class=False, take_over=True)["took_over"] == []


STOPPED = "api-gateway in e-commerce-tenant-acme is stopped (replicas: 0), and its autoscaler leaves it so; start it with kubectl scale"
OWNED = {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}


@pytest.mark.parametrize(
    ("replicas", "entries", "declared", "told"),
    [
        (0, [], 1, True),
        (0, [], 0, False),
        # Ours to start: the services' own task does.
        (0, [OWNED], 1, False),
        (1, [], 1, False),
        (None, [], 1, False),
    ],
)
def test_a_service_that_somebody_stopped_is_told(
    monkeypatch: pytest.MonkeyPatch, replicas: int | None, entries: list[dict[str, Any]], declared: int, told: bool
) -> None:
    world = cluster(envelope(), ["api-gateway"])
    pod = {"containers": [{"name": "app"}]}
    world.contents[NAME].objects["Deployment"]["api-gateway"] = {
        "metadata": {"name": "api-gateway", "managedFields": entries},
        "spec": {**({} if replicas is None else {"replicas": replicas}), "template": {"spec": pod}},
    }
    services = [{"name": "api-gateway", "replicas": declared}]
    with answering(monkeypatch, _tenant_run, *looking(world, NAME)):
        warnings = run(check=True, tier="standard", storage_class=False, services=services)["warnings"]
    assert any(one.startswith(STOPPED) for one in warnings) is told
