# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts of a task read together: when, how often, and that it is never believed where it could be wrong."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_fleet, _tenant_run
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER, MANAGED_BY
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TIER_QUOTA_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_fleet import BELIEVED, FEWEST_HOSTS, Fleet, NotReadError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import READ, World
from tests.integration.tenancy import manifest
from tests.kubernetes_requests import PAGE, Clock, Expected, Pool, items, refused, validated
from tests.unit.plugins.module_utils.test_tenant_plan import NAME, cluster, envelope

CANARY = "canary-c0ffee-0518"
SELECTOR = f"&labelSelector={MANAGED_BY}%3D{FIELD_MANAGER}%2Ctenant".replace("/", "%2F")
NAMESPACES = f"GET {kinds.NAMESPACE.path()}{PAGE}{SELECTOR}"
CLASSES = f"GET {kinds.STORAGE_CLASS.path()}{PAGE}"

Answer = Callable[..., Pool]


def together(world: World, *, deployments: tuple[dict[str, Any], ...] = (), strangers: int = 0) -> list[Expected]:
    """The requests that read a whole cluster: one list for each kind, whatever the number of its tenants."""
    found: list[Expected] = [(NAMESPACES, items(*world.namespaces.values())), (CLASSES, items(*([world.storage_class or {}])))]
    foreign = {"metadata": {"name": "x", "namespace": "kube-system"}}
    for kind in READ:
        objects = [one for name in world.namespaces for one in world.of(name).all(kind).values()]
        objects = list(deployments) if kind is kinds.DEPLOYMENT else objects
        found.append((f"GET {kind.path()}{PAGE}", items(*objects, *[foreign] * strangers)))
    return found


def alone(world: World, *names: str, tier: str = "standard") -> list[Expected]:
    """The requests that read one tenant by itself, of which nothing is used up."""
    found: list[Expected] = [(f"GET /api/v1/namespaces{PAGE}&labelSelector=tenant%3Dacme", items(*world.namespaces.values()))]
    for name in names or world.namespaces:
        found += [(f"GET {kind.path(name)}{PAGE}", items(*world.of(name).all(kind).values())) for kind in READ]
    disk = kinds.STORAGE_CLASS.path(None, f"tier-{tier}-storage")
    return [*found, (f"GET {disk}", (200, world.storage_class))]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Let both ways of reading find one API, which answers exactly these requests."""

    def answering(*expected: Expected) -> Pool:
        pool = Pool(*expected)
        for module in (_tenant_run, _tenant_fleet):
            monkeypatch.setattr(module, "opened", lambda _params: contextlib.nullcontext(pool.access))
        return pool

    return answering


def fleet(folder: Path, task: str = "a task", hosts: int = FEWEST_HOSTS) -> Fleet:
    return Fleet(folder, task, hosts)


def run(of: Fleet | None, *, check: bool = True, **options: Any) -> dict[str, Any]:
    given = {"tenant": "acme", "tier": "standard", "kubeconfig": "/k", **options}
    return _tenant_run.run(validated(TIER_QUOTA_SPEC, **given), check_mode=check, fleet=of)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("sites", [1, 2])
def test_all_hosts_are_read_at_once_and_the_result_is_the_same(answer: Answer, tmp_path: Path, sites: int, check: bool) -> None:
    world = cluster(envelope("premium", sites))
    options: dict[str, Any] = {"tier": "premium", "sites": sites, "check": check}
    pool = answer(*together(world))
    first, second = run(fleet(tmp_path), **options), run(fleet(tmp_path), **options)
    pool.done()
    pool = answer(*alone(world, *sorted(world.namespaces), tier="premium"))
    by_itself = run(None, **options)
    pool.done()
    assert first == second == {**by_itself, "requests": {}}
    assert not first["changed"]


def test_a_few_hosts_are_read_one_by_one(answer: Answer, tmp_path: Path) -> None:
    world = cluster(envelope())
    pool = answer(*alone(world))
    assert sum(run(fleet(tmp_path, hosts=FEWEST_HOSTS - 1))["requests"].values()) == 10
    pool.done()
    assert files(tmp_path) == []


def test_what_differs_is_read_anew(answer: Answer, tmp_path: Path) -> None:
    """Also where the one who differs is the server, between the two."""
    before, after = cluster(envelope()), cluster(envelope())
    before.contents[NAME].objects["ResourceQuota"]["tenant-quota"]["spec"]["hard"]["pods"] = "1"
    pool = answer(*together(before), *alone(after))
    result = run(fleet(tmp_path))
    pool.done()
    assert (result["changed"], sum(result["requests"].values())) == (False, 10)


def test_what_was_read_together_is_never_a_reason_to_refuse_or_to_write(answer: Answer, tmp_path: Path) -> None:
    other, mine = cluster(envelope()), cluster(envelope())
    other.namespaces[NAME]["metadata"]["labels"][MANAGED_BY] = "somebody"
    pool = answer(*together(other), *alone(mine))
    assert run(fleet(tmp_path), check=False)["changed"] is False
    pool.done()


def test_a_tenant_that_was_changed_is_read_anew_and_the_others_are_not(answer: Answer, tmp_path: Path) -> None:
    world = cluster(envelope())
    params = validated(TIER_QUOTA_SPEC, tenant="acme", kubeconfig="/k")
    answer(*together(world))
    assert fleet(tmp_path).snapshot(params, "acme") is not None
    fleet(tmp_path).forget(params, "globex")
    assert fleet(tmp_path).snapshot(params, "acme") is not None
    fleet(tmp_path).forget(params, "acme")
    assert fleet(tmp_path).snapshot(params, "acme") is None


def test_without_room_for_a_mark_nothing_is_believed_any_more(answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = validated(TIER_QUOTA_SPEC, tenant="acme", kubeconfig="/k")

    def full(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    answer(*together(cluster(envelope())))
    assert fleet(tmp_path).snapshot(params, "acme") is not None
    for name in ("touch", "write_text"):
        monkeypatch.setattr(Path, name, full)
    fleet(tmp_path).forget(params, "acme")
    assert fleet(tmp_path).snapshot(params, "acme") is None


def test_the_mark_is_made_before_the_change(answer: Answer, tmp_path: Path) -> None:
    world = cluster(envelope())
    seen: list[bool] = []

    class Watched(Fleet):
        def forget(self, params: Any, tenant: str) -> None:
            seen.append(all(body is None for body in pool.bodies))
            super().forget(params, tenant)

    quota = world.contents[NAME].objects["ResourceQuota"]["tenant-quota"]
    quota["spec"]["hard"]["pods"] = "1"
    path = f"{kinds.QUOTA.path(NAME, 'tenant-quota')}?fieldManager={FIELD_MANAGER}&force=false"
    pool = answer(*together(world), *alone(world), (f"PATCH {path}", (200, {})), *alone(cluster(envelope())))
    assert run(Watched(tmp_path, "a task", FEWEST_HOSTS), check=False)["changed"] is True
    # What was read together still has the old quota, and would call this tenant changed; it is not asked.
    assert run(fleet(tmp_path), check=False)["changed"] is False
    pool.done()
    assert seen == [True]


def test_another_task_another_cluster_and_other_rights_read_for_themselves(answer: Answer, tmp_path: Path) -> None:
    world = cluster(envelope())
    ways: list[tuple[str, dict[str, Any]]] = [
        ("a task", {}),
        ("another task", {}),
        ("a task", {"kubeconfig": "/other"}),
        ("a task", {"context": "other"}),
        ("a task", {"token_file": "/t"}),
    ]
    for task, options in ways:
        pool = answer(*together(world))
        assert run(fleet(tmp_path, task), **options)["requests"] == {}
        pool.done()
    pool = answer()
    for task, options in ways:
        run(fleet(tmp_path, task), **options)


@pytest.mark.parametrize("passed", [BELIEVED + 1, -5.0])
def test_what_is_old_is_read_again_and_the_old_is_thrown_away(
    answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed: float
) -> None:
    """Also where the clock was set back: nobody knows how old it is then."""
    now = time.time()
    world = cluster(envelope())
    answer(*together(world))
    run(fleet(tmp_path))
    folders = {path for path in tmp_path.iterdir() if path.is_dir()}
    monkeypatch.setattr(time, "time", lambda: now + passed)
    pool = answer(*together(world))
    assert run(fleet(tmp_path))["requests"] == {}
    pool.done()
    assert len({path for path in tmp_path.iterdir() if path.is_dir()} - folders) == 1
    assert not any(folder.exists() for folder in folders)


def test_what_is_old_goes_also_where_it_cannot_be_read_again(answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    world = cluster(envelope())
    answer(*together(world))
    run(fleet(tmp_path))
    monkeypatch.setattr(time, "time", lambda: now + BELIEVED + 1)
    pool = answer((NAMESPACES, refused(403, "no")), *alone(world))
    run(fleet(tmp_path))
    pool.done()
    assert not any(path.is_dir() for path in tmp_path.iterdir())


HOPELESS: list[tuple[str, list[Expected]]] = [
    ("nobody", [(NAMESPACES, items())]),
    ("a run for a few of many", [(NAMESPACES, items(*[*cluster(envelope()).namespaces.values()] * (4 * FEWEST_HOSTS + 1)))]),
    ("most is other people's", together(cluster(envelope()), strangers=50)[:3]),
    ("no right", [(NAMESPACES, refused(403, 'namespaces is forbidden: User "x" cannot list resource'))]),
    ("no right to one kind", [*together(cluster(envelope()))[:4], (f"GET {READ[2].path()}{PAGE}", refused(403, "no"))]),
    ("a proxy", [(NAMESPACES, (200, b"<html>"))]),
    ("expired in the middle", [*together(cluster(envelope()))[:2], (f"GET {READ[0].path()}{PAGE}", refused(410, "gone"))]),
]


@pytest.mark.parametrize("requests", [pytest.param(requests, id=name) for name, requests in HOPELESS])
def test_where_it_does_not_pay_or_cannot_be_it_is_tried_once(answer: Answer, tmp_path: Path, requests: list[Expected]) -> None:
    world = cluster(envelope())
    pool = answer(*requests, *alone(world), *alone(world))
    assert run(fleet(tmp_path)) == run(fleet(tmp_path))
    pool.done()
    assert not any(path.is_dir() for path in tmp_path.iterdir())


def test_what_takes_too_long_to_be_believed_is_given_up_once(answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be too old when it is there, and the next host would begin anew, and the next."""
    world = cluster(envelope())
    clock = Clock(monkeypatch)
    pool = answer(*together(world)[:7], *alone(world), *alone(world))
    once = pool.request

    def slowly(*arguments: Any, **options: Any) -> Any:
        clock.sleep(BELIEVED / 10)
        return once(*arguments, **options)

    pool.request = slowly  # type: ignore[method-assign]
    assert run(fleet(tmp_path)) == run(fleet(tmp_path))
    pool.done()


def test_who_was_killed_was_the_last_to_try(answer: Answer, tmp_path: Path) -> None:
    class KilledError(BaseException):
        """Nothing after it happens."""

    def killed(*_args: object, **_options: object) -> None:
        raise KilledError

    pool = answer()
    pool.request = killed  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        run(fleet(tmp_path))
    world = cluster(envelope())
    pool = answer(*alone(world))
    assert sum(run(fleet(tmp_path))["requests"].values()) == 10
    pool.done()


def test_nobody_waits_for_the_one_who_reads(answer: Answer, tmp_path: Path) -> None:
    params = validated(TIER_QUOTA_SPEC, tenant="acme", kubeconfig="/k")
    lock = fleet(tmp_path)._place(params).with_suffix(".lock")
    world = cluster(envelope())
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        pool = answer(*alone(world))
        assert sum(run(fleet(tmp_path))["requests"].values()) == 10
        pool.done()
    answer(*together(world))
    assert run(fleet(tmp_path))["requests"] == {}


def _cut(pattern: str, folder: Path) -> None:
    for path in folder.rglob(pattern):
        path.write_text(path.read_text()[:-10])


def _taken_away(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def _something_else(folder: Path) -> None:
    for path in folder.glob("*.json"):
        path.write_text("[]")


BROKEN: list[tuple[str, Callable[[Path], None]]] = [
    ("away", _taken_away),
    ("cut", functools.partial(_cut, "acme")),
    ("index cut", functools.partial(_cut, "*.json")),
    ("index of something else", _something_else),
    ("no folder", shutil.rmtree),
]


@pytest.mark.parametrize("breaking", [pytest.param(breaking, id=name) for name, breaking in BROKEN])
def test_what_is_broken_is_not_there(answer: Answer, tmp_path: Path, breaking: Callable[[Path], None]) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    world = cluster(envelope())
    answer(*together(world))
    run(fleet(folder))
    breaking(folder)
    pool = answer(*alone(world))
    assert run(fleet(folder))["changed"] is False
    pool.done()


def test_a_tenant_that_nobody_has_read_is_new(answer: Answer, tmp_path: Path) -> None:
    world = cluster(envelope())
    answer(*together(world))
    run(fleet(tmp_path))
    name = "e-commerce-tenant-globex"
    disk = f"GET {kinds.STORAGE_CLASS.path(None, 'tier-standard-storage')}"
    pool = answer(
        (f"GET /api/v1/namespaces{PAGE}&labelSelector=tenant%3Dglobex", items()),
        (f"GET {kinds.NAMESPACE.path(None, name)}", refused(404, "not found")),
        (disk, (200, world.storage_class)),
    )
    assert run(fleet(tmp_path), tenant="globex")["changed"] is True
    pool.done()


@pytest.mark.parametrize("label", ["../acme", "a/b", "..", "", "Acme", "-", None])
def test_an_id_that_is_none_names_no_file(answer: Answer, tmp_path: Path, label: object) -> None:
    """The server lets nobody have such a label; what answers may be something else. The others are read all the same."""
    world, folder = cluster(envelope()), tmp_path / "outer" / "run"
    folder.mkdir(parents=True)
    expected = together(world)
    bad = {"metadata": {"name": "bad", "labels": {MANAGED_BY: FIELD_MANAGER, "tenant": label}}}
    pool = answer((NAMESPACES, items(*world.namespaces.values(), bad)), *expected[1:])
    assert run(fleet(folder))["requests"] == {}
    pool.done()
    assert [path.name for path in files(tmp_path) if path.suffix not in (".json", ".lock")] == ["acme"]


def test_what_a_container_is_told_is_written_nowhere(answer: Answer, tmp_path: Path) -> None:
    shop = manifest("api-gateway", NAME, requests={"cpu": "1", "memory": "3Gi"})
    shop["spec"]["template"]["spec"]["containers"][0] |= {"env": [{"name": "PASSWORD", "value": CANARY}], "args": [CANARY]}
    shop["spec"]["template"]["metadata"]["annotations"] = {"a": CANARY}
    shop["metadata"]["annotations"] = {"last-applied": CANARY}
    shop["status"] = {"conditions": [{"message": CANARY}]}
    # All that a quota counts of a pod: a sidecar, an init container, and what the sandbox itself takes.
    sidecar = {"name": "sidecar", "restartPolicy": "Always", "resources": {"requests": {"cpu": "200m"}}, "env": [{"value": CANARY}]}
    shop["spec"]["template"]["spec"]["initContainers"] = [sidecar, {"name": "init", "resources": {"limits": {"cpu": "3"}}}]
    shop["spec"]["template"]["spec"]["overhead"] = {"cpu": "70m"}
    world = cluster(envelope(), ["api-gateway"])
    answer(*together(world, deployments=(shop,)))
    result = run(fleet(tmp_path))
    assert result["requests"] == {}
    assert CANARY not in "".join(path.read_text() for path in files(tmp_path))
    # What the fit needs is there.
    world.contents[NAME].objects["Deployment"] = {"api-gateway": shop}
    answer(*alone(world))
    assert result["fit"] is not None
    assert result["fit"] == run(None)["fit"]


def test_pods_are_not_read_for_everybody() -> None:
    snapshot = _tenant_fleet.Snapshot({}, [])
    for kind in (kinds.POD, kinds.CLAIM, kinds.SERVICE, kinds.CRON_JOB):
        with pytest.raises(NotReadError):
            snapshot.list_all(kind, NAME)
    with pytest.raises(NotReadError):
        snapshot.get(kinds.QUOTA, NAME, "tenant-quota")
    # What is there is the tenant's, by its label; nothing else was selected.
    with pytest.raises(NotReadError):
        snapshot.list_all(kinds.DEPLOYMENT, NAME, labels="app=shop")
