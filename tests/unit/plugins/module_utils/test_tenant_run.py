# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tier_quota from start to end on a cluster in memory: which requests it makes, what stops it, and what it says."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import KubernetesError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import World
from tests.tools.cluster import Cluster
from tests.unit.plugins.module_utils.test_tenant_args import params
from tests.unit.plugins.module_utils.test_tenant_plan import NAME, cluster, envelope

SECOND = f"{NAME}-site-2"
ENVELOPE = ["NetworkPolicy", "ServiceAccount", "Role", "RoleBinding", "ResourceQuota", "LimitRange", "HorizontalPodAutoscaler"]


def objects(world: World) -> list[dict[str, Any]]:
    """A world as one list, as a server has it."""
    found = [*world.namespaces.values(), *([world.storage_class] if world.storage_class else [])]
    return [*found, *(one for contents in world.contents.values() for by_name in contents.objects.values() for one in by_name.values())]


def there(tier: str = "standard", sites: int = 1) -> list[dict[str, Any]]:
    """All objects of a tenant that is as it should be; the disks' class is left alone, for it differs by tier."""
    world = cluster(envelope(tier, sites))
    world.storage_class = None
    return objects(world)


def one(kind: str, name: str, namespace: str = NAME, **parts: Any) -> dict[str, Any]:
    """An object of the client's own."""
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace, "uid": "1"}, **parts}


def pod(name: str = "p", namespace: str = NAME, phase: str = "Running", **limits: str) -> dict[str, Any]:
    return one("Pod", name, namespace, status={"phase": phase}, spec={"containers": [{"name": "a", "resources": {"limits": limits}}]})


class Runs:
    """Runs the core on a cluster."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        self.slept: list[float] = []
        self.patch.setattr(time, "sleep", self.slept.append)
        self.patch.setattr(_tenant_run, "opened", lambda given: contextlib.nullcontext(given["kubeconfig"]))

    def run(self, on: Cluster, *, check: bool = True, **options: Any) -> dict[str, Any]:
        """Run it; storage classes are left alone unless a test is about them."""

        def connected(_access: object, *, timeout: float) -> Cluster:
            on.timeout = timeout
            return on

        self.patch.setattr(_tenant_run, "Api", connected)
        return _tenant_run.run(params(**{"storage_class": False, **options}), check_mode=check)

    def refused(self, on: Cluster, **options: Any) -> BlueGreenError:
        """Run it; it is refused, and nothing was changed."""
        with pytest.raises(BlueGreenError) as caught:
            self.run(on, **options)
        assert on.writes == []
        return caught.value


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(monkeypatch)


def lists(kinds: list[str], namespace: str = NAME) -> list[str]:
    return [f"list {kind} {namespace}" for kind in kinds]


TENANTS = "list Namespace tenant=acme"
READ = [TENANTS, *lists([*ENVELOPE, "Deployment"])]


def test_a_tenant_that_is_there_is_read_with_ten_requests(runs: Runs) -> None:
    on = Cluster(objects(cluster(envelope())))
    assert not runs.run(on, storage_class=True)["changed"]
    assert on.lines == [*READ, "get StorageClass tier-standard-storage"]


def test_a_new_tenant_is_read_with_three(runs: Runs) -> None:
    on = Cluster()
    assert runs.run(on, storage_class=True)["changed"]
    assert on.lines == [TENANTS, f"get Namespace {NAME}", "get StorageClass tier-standard-storage"]


def test_what_is_used_is_asked_only_where_something_shrinks(runs: Runs) -> None:
    on = Cluster(there("premium"))
    runs.run(on, tier="standard")
    assert on.lines == [*READ, *lists(["Pod", "PersistentVolumeClaim", "Service"])]
    on = Cluster(there("standard"))
    runs.run(on, tier="premium")
    assert on.lines == READ


def test_what_runs_is_asked_where_a_namespace_goes(runs: Runs) -> None:
    workloads = ["Pod", "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob"]
    on = Cluster(there("premium", 2))
    runs.run(on, tier="premium", sites=1)
    assert on.lines == [*READ, *lists(workloads, SECOND)]
    on = Cluster(there("premium", 2))
    runs.run(on, state="absent", sites=2, tier=None)
    assert on.lines == [TENANTS, *lists(workloads), *lists(workloads, SECOND)]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("options", [{"tier": "standard"}, {"tier": "premium", "sites": 2}, {"state": "absent", "tier": None}])
def test_a_preview_writes_nothing_and_an_apply_exactly_the_plan(runs: Runs, options: dict[str, Any], check: bool) -> None:
    on = Cluster(there("premium"))
    result = runs.run(on, check=check, **options)
    assert result["changed"]
    words = {"create": "apply", "update": "apply", "delete": "delete"}
    planned = [f"{words[action['action']]} {action['name'].replace('/', ' ')}" for action in result["actions"]]
    assert on.writes == ([] if check else planned)
    assert result["requests"] == dict(sorted(on.requests.items()))


def test_what_is_deleted_is_what_was_read(runs: Runs) -> None:
    on = Cluster(there("premium", 2))
    runs.run(on, check=False, tier="premium")
    assert on.uids == [f"uid of {SECOND}"]


def test_the_server_is_asked_in_a_preview_only_and_stores_nothing(runs: Runs) -> None:
    on = Cluster(there("standard"))
    runs.run(on, tier="premium", validate="server")
    assert on.writes == []
    assert [line for line in on.lines if line.startswith("try")] == [f"try ResourceQuota {NAME} tenant-quota", f"try Namespace {NAME}"]
    for options in ({"check": False, "validate": "server"}, {"validate": "client"}):
        on = Cluster(there("standard"))
        runs.run(on, tier="premium", **options)
        assert [line for line in on.lines if line.startswith("try")] == []


LOST = [pod(namespace=SECOND)]
WAYS: list[tuple[dict[str, Any], bool]] = [
    ({}, False),
    ({"reason": "agreed"}, False),
    ({"force": True, "reason": "agreed"}, False),
    ({"delete_data": True}, False),
    ({"delete_data": True, "reason": "agreed"}, False),
    ({"force": True, "reason": "agreed", "delete_data": True}, True),
]


@pytest.mark.parametrize(("words", "goes"), WAYS)
@pytest.mark.parametrize("check", [True, False])
def test_what_would_be_lost_takes_two_words_and_a_reason(runs: Runs, words: dict[str, Any], goes: bool, check: bool) -> None:
    for options in ({"tier": "premium", "sites": 1}, {"state": "absent", "sites": 2, "tier": None}):
        on = Cluster([*there("premium", 2), *LOST])
        if goes:
            assert f"Namespace {SECOND}" in [action["name"] for action in runs.run(on, check=check, **options, **words)["actions"]]
            continue
        error = runs.refused(on, check=check, **options, **words)
        assert isinstance(error, RefusedError)
        assert error.sentence.endswith("To do it all the same, give force: true and a reason, and delete_data: true.")
        assert error.facts["changed"] is False
        assert [(blocker["what"], blocker["loses"]) for blocker in error.facts["blockers"]] == [("pods", True)]


@pytest.mark.parametrize(
    ("words", "goes"),
    [({}, False), ({"reason": "agreed"}, False), ({"delete_data": True}, False), ({"force": True, "reason": "agreed"}, True)],
)
def test_what_is_merely_beyond_the_tier_takes_one_word_and_a_reason(runs: Runs, words: dict[str, Any], goes: bool) -> None:
    beyond: dict[str, Any] = {"tier": "standard", "usage": {"products": 2001}}
    if goes:
        on = Cluster(there("premium"))
        assert [blocker["what"] for blocker in runs.run(on, check=False, **beyond, **words)["blockers"]] == ["products"]
        annotated = [one["metadata"].get("annotations") for one in on.applied if one["kind"] == "Namespace"]
        assert annotated == [{"bluegreen.orchestrator/force-reason": "agreed"}]
        return
    error = runs.refused(Cluster(there("premium")), check=False, **beyond, **words)
    assert error.sentence == (
        "acme cannot be of tier standard with 1 site(s), 1 thing(s) in the way: products in tenant acme: 2001 used, 2000 allowed (reduce"
        " the catalogue). To do it all the same, give force: true and a reason."
    )


def test_a_reason_is_written_where_something_was_forced_and_not_otherwise(runs: Runs) -> None:
    assert not runs.run(Cluster(there("standard")), tier="standard", force=True, reason="just in case")["changed"]
    on = Cluster(there("premium"))
    runs.run(on, check=False, tier="premium", sites=4, force=True, reason="agreed")
    annotated = [one["metadata"].get("annotations") for one in on.applied if one["kind"] == "Namespace"]
    assert annotated == [{"bluegreen.orchestrator/force-reason": "agreed"}] * 4


def test_whose_it_is_comes_before_what_it_uses(runs: Runs) -> None:
    """Another tenant's pods are none of our business, not even to be counted."""
    found = there("premium")
    found[0]["metadata"]["labels"]["tenant"] = "corner"
    on = Cluster([*found, *(pod(f"p{number}") for number in range(99))])
    assert "belongs to tenant 'corner'" in runs.refused(on, tier="standard").sentence
    assert [line for line in on.lines if line.startswith("list Pod ")] == []


def test_only_what_is_labelled_and_named_as_ours_is_read(runs: Runs) -> None:
    """A namespace of somebody else with our tenant's label by a slip of the hand is neither looked at nor deleted."""
    stray = {"kind": "Namespace", "metadata": {"name": "corner-shop", "uid": "9", "labels": {"tenant": "acme"}}}
    on = Cluster([*there(), stray])
    assert not runs.run(on)["changed"]
    on = Cluster([*there(), stray])
    assert [action["name"] for action in runs.run(on, state="absent", tier=None)["actions"]] == [f"Namespace {NAME}"]


def going(found: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Objects of which one is on its way out."""
    next(one for one in found if one["metadata"]["name"] == name)["metadata"]["deletionTimestamp"] = "now"
    return found


def test_the_end_of_a_namespace_is_waited_for(runs: Runs) -> None:
    on = Cluster(there("premium", 2))
    runs.run(on, check=False, state="absent", tier=None, sites=2, wait_seconds=7)
    assert on.lines[-4:] == [f"delete Namespace {NAME}", f"delete Namespace {SECOND}", f"get Namespace {NAME}", f"get Namespace {SECOND}"]
    # Beside the time that the requests have.
    assert on.deadline == 127.0
    on = Cluster(going(there(), NAME), stays=[NAME])
    error = runs.refused(on, check=False, state="absent", tier=None, wait_seconds=0)
    assert f"namespace {NAME} is still being deleted after 0 s" in error.sentence
    assert (error.facts["done"], error.facts["changed"]) == ([], False)


def test_what_was_done_is_said_when_the_end_does_not_come(runs: Runs) -> None:
    on = Cluster(there(), stays=[NAME])
    with pytest.raises(BlueGreenError, match="is still being deleted after 0 s") as caught:
        runs.run(on, check=False, state="absent", tier=None, wait_seconds=0)
    assert (caught.value.facts["done"], caught.value.facts["changed"]) == ([f"delete Namespace {NAME}"], True)


def test_a_preview_waits_for_nothing(runs: Runs) -> None:
    on = Cluster(going(there(), NAME), stays=[NAME])
    assert runs.run(on, state="absent", tier=None)["actions"] == []
    assert runs.slept == []


def test_a_step_that_fails_ends_the_run(runs: Runs) -> None:
    line = f"apply ResourceQuota {NAME} tenant-quota"
    on = Cluster(there("standard"), refuses={line: KubernetesError("no.", status=403)})
    with pytest.raises(BlueGreenError, match=r"no\. Nothing was changed\.") as caught:
        runs.run(on, check=False, tier="premium")
    assert (caught.value.facts["done"], caught.value.facts["changed"], on.writes) == ([], False, [line])


def test_the_time_of_a_request_is_the_operators(runs: Runs) -> None:
    on = Cluster()
    runs.run(on, request_timeout=3)
    assert on.timeout == 3.0


SUMMARIES: list[tuple[list[dict[str, Any]], dict[str, Any], bool, str]] = [
    (there(), {}, True, "acme: nothing to change"),
    ([], {"client_access": False}, True, "acme: would be a new tenant of tier standard (8 to create)"),
    ([], {"client_access": False}, False, "acme: is a new tenant of tier standard (8 created)"),
    (there(), {"tier": "premium"}, True, "acme: would be moved from tier standard to premium (2 to update)"),
    (there(), {"client_access": False}, True, "acme: would be brought to what tier standard says (3 to delete)"),
    (there("premium", 2), {"tier": "premium"}, False, "acme: is brought to what tier premium says (1 updated, 1 deleted)"),
    (there(), {"state": "absent", "tier": None}, True, "acme: would be removed from the cluster with 1 namespace"),
    (there("premium", 2), {"state": "absent", "tier": None}, False, "acme: was removed from the cluster with 2 namespaces"),
]


@pytest.mark.parametrize(("found", "options", "check", "sentence"), SUMMARIES, ids=[sentence for *_, sentence in SUMMARIES])
def test_a_run_in_one_sentence(runs: Runs, found: list[dict[str, Any]], options: dict[str, Any], check: bool, sentence: str) -> None:
    assert runs.run(Cluster(found), check=check, **options)["summary"] == sentence


def test_what_is_told_of_a_tenant_that_goes(runs: Runs) -> None:
    result = runs.run(Cluster(there("premium")), state="absent", tier=None)
    told = {key: result[key] for key in ("tenant", "tier", "tier_before", "namespaces", "quotas", "fit", "warnings")}
    assert told == {"tenant": "acme", "tier": None, "tier_before": "premium", "namespaces": [], "quotas": {}, "fit": None, "warnings": []}


def test_what_others_do_in_a_namespace_is_told(runs: Runs) -> None:
    theirs = one("ResourceQuota", "further", spec={"hard": {}})
    target = {"kind": "Deployment", "name": "api-gateway"}
    scaler = one("HorizontalPodAutoscaler", "keda-gateway", spec={"maxReplicas": 99, "scaleTargetRef": target})
    warnings = runs.run(Cluster([*there(), theirs, scaler]))["warnings"]
    assert warnings == [
        f"api-gateway in {NAME} is scaled by HorizontalPodAutoscaler keda-gateway, which is not ours; it gets none of ours beside it.",
        f"{NAME} has further quotas (further, without the label app.kubernetes.io/managed-by of ours); the strictest one counts.",
    ]


def test_what_was_taken_over_is_told_with_whose_it_was(runs: Runs) -> None:
    found = there()
    (quota,) = [one for one in found if one["kind"] == "ResourceQuota"]
    quota["metadata"]["managedFields"] = [{"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:hard": {"f:pods": {}}}}}]
    quota["spec"]["hard"]["pods"] = "99"
    on = Cluster(found)
    result = runs.run(on, check=False, take_over=True)
    assert result["took_over"] == [f"ResourceQuota {NAME}/tenant-quota .spec.hard.pods from kubectl-edit"]
    assert on.writes == [f"apply ResourceQuota {NAME} tenant-quota by force"]
    assert runs.run(Cluster(there()), take_over=True)["took_over"] == []
