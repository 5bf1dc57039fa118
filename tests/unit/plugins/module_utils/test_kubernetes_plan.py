# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an apply would change, told from objects as an API server 1.35 gives them back."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_plan import before_and_after, conflicts, owns

WANTED: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "tenant-quota", "namespace": "t", "labels": {"tenant": "acme"}},
    "spec": {"hard": {"requests.cpu": "500m", "requests.memory": "1Gi", "pods": "15"}},
}
OURS: dict[str, Any] = {
    "manager": "bluegreen.orchestrator",
    "operation": "Apply",
    "fieldsV1": {
        "f:metadata": {"f:labels": {"f:tenant": {}}},
        "f:spec": {"f:hard": {"f:pods": {}, "f:requests.cpu": {}, "f:requests.memory": {}}},
    },
}
COUNTER: dict[str, Any] = {
    "manager": "kube-controller-manager",
    "operation": "Update",
    "subresource": "status",
    "fieldsV1": {"f:status": {"f:hard": {"f:pods": {}}}},
}


def stored(hard: dict[str, str] | None = None, managers: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """WANTED as the server has it, with other values in ``spec.hard`` (``_`` stands for a dot)."""
    found = copy.deepcopy(WANTED)
    found["metadata"] |= {"uid": "1", "resourceVersion": "7", "managedFields": managers if managers is not None else [OURS, COUNTER]}
    found["spec"]["hard"] |= {key.replace("_", "."): value for key, value in (hard or {}).items()}
    found["status"] = {"hard": {"pods": "15"}, "used": {"pods": "0"}}
    return found


def differs(current: dict[str, Any] | None, desired: dict[str, Any]) -> bool:
    before, after = before_and_after(current, desired)
    return before != after


@pytest.mark.parametrize(
    "hard",
    [
        {},
        {"requests_cpu": "0.5"},
        {"requests_memory": "1024Mi"},
        {"requests_memory": "1073741824"},
        # Somebody else's: a quota of one more resource is not ours to take away.
        {"count/secrets": "10"},
    ],
)
def test_the_same_amount_is_no_difference(hard: dict[str, str]) -> None:
    assert not differs(stored(hard), WANTED)


@pytest.mark.parametrize("hard", [{"pods": "16"}, {"requests_cpu": "501m"}, {"requests_memory": "1G"}])
def test_another_amount_is_a_difference(hard: dict[str, str]) -> None:
    before, after = before_and_after(stored(hard), WANTED)
    assert before is not None
    assert {key for key, value in before["spec"]["hard"].items() if value != after["spec"]["hard"][key]} == {
        key.replace("_", ".") for key in hard
    }
    assert {"status", "resourceVersion", "uid"}.isdisjoint([*before, *before["metadata"]])


AMOUNTS: list[tuple[str, Any, Any]] = [
    ("hard", {"pods": "10"}, {"pods": 10}),
    *((side, {"cpu": "0.5"}, {"cpu": "500m"}) for side in ("max", "min", "default", "defaultRequest", "requests", "limits")),
    ("averageValue", "1k", "1000"),
    ("requests", {"storage": "1Gi"}, {"storage": "1024Mi"}),
    ("emptyDir", {"sizeLimit": "1Gi"}, {"sizeLimit": "1024Mi"}),
]


@pytest.mark.parametrize(("key", "current", "wanted"), AMOUNTS)
def test_an_amount_is_one_wherever_the_server_has_them(key: str, current: Any, wanted: Any) -> None:
    assert not differs({"metadata": {}, "spec": {key: current}}, {"spec": {key: wanted}})


@pytest.mark.parametrize(
    ("key", "current", "wanted"),
    [
        ("annotations", {"cpu": "0.5"}, {"cpu": "500m"}),
        ("labels", {"storage": "1Gi"}, {"storage": "1024Mi"}),
        ("version", "1000", "1k"),
        ("value", "1", "1.0"),
        ("port", 80, "80"),
    ],
)
def test_a_text_that_reads_like_an_amount_is_a_text(key: str, current: Any, wanted: Any) -> None:
    assert differs({"metadata": {}, "spec": {key: current}}, {"spec": {key: wanted}})


@pytest.mark.parametrize("where", ["data", "hard"])
def test_the_data_of_a_config_map_is_text_whatever_it_is_called(where: str) -> None:
    assert differs({"metadata": {}, where: {"cpu": "0.5"}}, {where: {"cpu": "500m"}})
    assert differs({"metadata": {}, where: {"limits": {"cpu": "1"}}}, {where: {"limits": {"cpu": "1000m"}}})


CUSTOM: list[tuple[str, Any, Any]] = [
    ("limits", {"cpu": "0.5"}, {"cpu": "500m"}),
    ("ports", [{"port": 53, "protocol": "TCP"}], [{"port": 53}]),
]


@pytest.mark.parametrize(("key", "current", "wanted"), CUSTOM)
@pytest.mark.parametrize(("api", "differing"), [("traefik.io/v1alpha1", True), ("networking.k8s.io/v1", False), ("apps/v1", False)])
def test_what_a_definition_brings_is_kept_as_it_is_written(key: str, current: Any, wanted: Any, api: str, differing: bool) -> None:
    """The server completes and rewrites what it knows, and of a custom resource it knows nothing."""
    there = {"apiVersion": api, "metadata": {}, "spec": {key: current}}
    assert differs(there, {"apiVersion": api, "spec": {key: wanted}}) is differing


def test_what_is_not_there_comes_whole() -> None:
    assert before_and_after(None, WANTED) == (None, WANTED)


def test_what_we_set_and_want_no_more_goes() -> None:
    fewer = copy.deepcopy(WANTED)
    del fewer["spec"]["hard"]["pods"]
    before, after = before_and_after(stored(), fewer)
    assert before is not None
    assert before["spec"]["hard"]["pods"] == "15"
    assert "pods" not in after["spec"]["hard"]


def test_lists_are_compared_whole() -> None:
    wanted = {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}}], "ports": [{"protocol": "TCP", "port": 53}]}}
    same = {
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "2000m"}}], "ports": [{"protocol": "TCP", "port": 53}]},
        "metadata": {},
    }
    assert not differs(same, wanted)
    for key, value in (
        ("limits", [{"type": "Container", "max": {"cpu": "2", "memory": "1Gi"}}]),
        ("limits", [{"type": "Pod", "max": {"cpu": "2"}}]),
        ("limits", []),
        ("ports", [{"protocol": "UDP", "port": 53}]),
        ("ports", [{"protocol": "TCP", "port": 53}, {"protocol": "TCP", "port": 22}]),
    ):
        changed = copy.deepcopy(same)
        changed["spec"][key] = value
        assert differs(changed, wanted), (key, value)


def edited(manager: str = "kubectl-edit") -> list[dict[str, Any]]:
    """What the server notes when somebody else changes the number of pods: the field is theirs, and ours no more."""
    ours = copy.deepcopy(OURS)
    del ours["fieldsV1"]["f:spec"]["f:hard"]["f:pods"]
    return [ours, {"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": {"f:hard": {"f:pods": {}}}}}]


def test_a_field_of_another_manager_is_a_conflict() -> None:
    (found,) = conflicts(stored({"pods": "99"}, edited()), WANTED)
    assert (found.field, found.manager, found.value, found.wanted) == (".spec.hard.pods", "kubectl-edit", "99", "15")


@pytest.mark.parametrize(
    "entry",
    [
        # Our name is not ours with another verb, or through a subresource: an apply of ours does not take those back.
        {"manager": "bluegreen.orchestrator", "operation": "Update"},
        {"manager": "bluegreen.orchestrator", "operation": "Apply", "subresource": "status"},
        {"manager": "kubectl", "operation": "Apply"},
    ],
)
def test_only_what_we_applied_is_ours(entry: dict[str, str]) -> None:
    fields: dict[str, Any] = {"fieldsV1": {"f:spec": {"f:hard": {"f:pods": {}}}}}
    current = stored({"pods": "99"}, [{**entry, **fields}])
    assert [one.manager for one in conflicts(current, WANTED)] == [entry["manager"]]
    fewer = copy.deepcopy(WANTED)
    del fewer["spec"]["hard"]["pods"]
    # What others set is theirs to take away.
    assert not differs(current, fewer)


def test_what_we_applied_is_no_conflict_of_ours() -> None:
    """However much it differs: that is what an apply is for."""
    assert conflicts(stored({"pods": "99"}, [OURS]), WANTED) == []
    ours, changed_by_hand = edited()
    assert [one.field for one in conflicts(stored({"pods": "99", "requests_cpu": "9"}, [ours, changed_by_hand]), WANTED)] == [
        ".spec.hard.pods"
    ]


@pytest.mark.parametrize(
    ("managers", "pods"),
    [
        # The same value may be everybody's.
        (edited(), "15"),
        # Ours alone, changed by nobody who left a note.
        ([OURS], "99"),
        # The counter of a quota owns its status only.
        ([COUNTER], "99"),
    ],
)
def test_no_conflict(managers: list[dict[str, Any]], pods: str) -> None:
    assert conflicts(stored({"pods": pods}, managers), WANTED) == []


DEPLOYMENT: dict[str, Any] = {
    "spec": {
        "template": {
            "spec": {
                "containers": [
                    {"name": "app", "image": "shop:1", "ports": [{"containerPort": 80}], "env": [{"name": "A", "value": "1"}]},
                    {"name": "helper", "image": "helper:1"},
                ],
                "tolerations": [{"key": "a"}],
            }
        }
    }
}


def rolled_out() -> dict[str, Any]:
    """DEPLOYMENT as an API server gives it back: defaults within named elements, and a sidecar that a webhook put in."""
    app = {
        "name": "app",
        "image": "shop:1",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "env": [{"name": "A", "value": "1"}],
        "terminationMessagePath": "/dev/termination-log",
    }
    containers = [app, {"name": "mesh", "image": "mesh:1"}, {"name": "helper", "image": "helper:1", "imagePullPolicy": "Always"}]
    owned = {
        'k:{"name":"app"}': {
            ".": {},
            "f:name": {},
            "f:image": {},
            "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
            "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}},
        },
        'k:{"name":"helper"}': {".": {}, "f:name": {}, "f:image": {}},
    }
    fields = {"f:spec": {"f:template": {"f:spec": {"f:containers": owned, "f:tolerations": {}}}}}
    entry = {"manager": "bluegreen.orchestrator", "operation": "Apply", "fieldsV1": fields}
    pod = {"containers": containers, "tolerations": [{"key": "a"}], "restartPolicy": "Always"}
    return {"metadata": {"managedFields": [entry]}, "spec": {"replicas": 3, "template": {"spec": pod}}}


def test_what_the_server_fills_in_is_no_difference() -> None:
    assert not differs(rolled_out(), DEPLOYMENT)


def changed(key: str, value: Any, container: int | None = 0) -> dict[str, Any]:
    found = copy.deepcopy(DEPLOYMENT)
    pod = found["spec"]["template"]["spec"]
    (pod if container is None else pod["containers"][container])[key] = value
    return found


@pytest.mark.parametrize(
    "desired",
    [
        changed("image", "shop:2"),
        changed("env", []),
        changed("env", [{"name": "A", "value": "2"}]),
        changed("env", [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
        changed("ports", [{"containerPort": 81}]),
        changed("containers", DEPLOYMENT["spec"]["template"]["spec"]["containers"][:1], None),
        changed("tolerations", [{"key": "b"}], None),
        changed("tolerations", [], None),
    ],
)
def test_a_change_within_named_elements_is_seen(desired: dict[str, Any]) -> None:
    assert differs(rolled_out(), desired)


def applied(spec: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """An object that we applied, as the server has it."""
    entry = {"manager": "bluegreen.orchestrator", "operation": "Apply", "fieldsV1": {"f:spec": fields}}
    return {"metadata": {"managedFields": [entry]}, "spec": spec}


REMOVALS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # A selector and a podSelector are whole values to the server, and their fields are none of ours one by one.
    ({"selector": {"app": "a", "colour": "blue"}}, {"f:selector": {}}, {"selector": {"app": "a"}}),
    ({"podSelector": {"matchLabels": {"app": "a"}}}, {"f:podSelector": {}}, {"podSelector": {}}),
    ({"egress": [{"to": [{}], "ports": [{"port": 53, "protocol": "TCP"}]}]}, {"f:egress": {}}, {"egress": [{"to": [{}]}]}),
    ({"routes": [{"match": "a", "middlewares": [{"name": "m"}]}]}, {"f:routes": {}}, {"routes": [{"match": "a"}]}),
    ({"nodeSelector": {"a": "b"}}, {"f:nodeSelector": {}}, {}),
    ({"hard": {"pods": "1", "x": "2"}}, {"f:hard": {"f:pods": {}, "f:x": {}}}, {"hard": {"pods": "1"}}),
]


@pytest.mark.parametrize(("spec", "fields", "wanted"), REMOVALS)
def test_what_is_left_out_now_is_taken_away(spec: dict[str, Any], fields: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert differs(applied(spec, fields), {"spec": wanted})
    assert not differs(applied(spec, fields), {"spec": spec})


def test_what_the_server_drops_or_fills_in_is_no_difference() -> None:
    policy = {"podSelector": {}, "egress": [{"ports": [{"port": 53, "protocol": "TCP"}]}]}
    wanted = {"podSelector": {}, "ingress": [], "egress": [{"ports": [{"port": 53}]}]}
    assert not differs(applied(policy, {"f:podSelector": {}, "f:egress": {}}), {"spec": wanted})


def test_the_claim_template_of_a_stateful_set_is_filled_in_without_a_difference() -> None:
    """What an API server 1.35 gives back of a list that is replaced as a whole."""
    given: dict[str, Any] = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    filled = copy.deepcopy(given)
    filled |= {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}
    filled["metadata"]["creationTimestamp"] = None
    filled["spec"]["volumeMode"] = "Filesystem"
    current = applied({"volumeClaimTemplates": [filled]}, {"f:volumeClaimTemplates": {}})
    assert not differs(current, {"spec": {"volumeClaimTemplates": [given]}})
    for key, value in (("volumeMode", "Block"), ("storageClassName", "slow")):
        other = copy.deepcopy(current)
        other["spec"]["volumeClaimTemplates"][0]["spec"][key] = value
        assert differs(other, {"spec": {"volumeClaimTemplates": [given]}}), key


def test_empty_is_the_same_as_not_there() -> None:
    nothings: list[Any] = [[], {}, None]
    for nothing in nothings:
        assert not differs({"metadata": {}, "spec": {"a": 1}}, {"spec": {"a": 1, "b": nothing}})
        assert not differs({"metadata": {}, "spec": {"a": [{"b": 1}]}}, {"spec": {"a": [{"b": 1, "c": nothing}]}})
    assert differs({"metadata": {}, "spec": {"a": 1}}, {"spec": {"a": 1, "b": 0}})
    assert differs({"metadata": {}, "spec": {"a": [{"b": 1}]}}, {"spec": {"a": [{"b": 1, "c": 0}]}})


@pytest.mark.parametrize("nothing", [[], {}, None])
def test_what_should_be_empty_and_is_not_is_a_difference(nothing: Any) -> None:
    assert differs({"metadata": {}, "spec": {"ingress": [{}]}}, {"spec": {"ingress": nothing}})


def theirs(manager: str, fields: dict[str, Any], **entry: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": fields}, **entry}


DISPUTES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = [
    # kubectl scale: noted with a subresource.
    ({"replicas": 5}, theirs("kubectl", {"f:replicas": {}}, subresource="scale"), {"replicas": 2}, [".spec.replicas"]),
    # A whole value of theirs covers what is below it.
    ({"selector": {"app": "x"}}, theirs("edit", {"f:selector": {}}), {"selector": {"app": "a"}}, [".spec.selector"]),
    # A map that they merely keep open is nobody's.
    ({"hard": {"pods": "9"}}, theirs("edit", {"f:hard": {".": {}}}), {"hard": {"pods": "1"}}, []),
    # A port without a protocol is one of TCP.
    (
        {"ports": [{"port": 53, "protocol": "UDP", "targetPort": 1}, {"port": 53, "protocol": "TCP", "targetPort": 2}]},
        theirs("edit", {"f:ports": {'k:{"port":53,"protocol":"UDP"}': {"f:targetPort": {}}}}),
        {"ports": [{"port": 53, "targetPort": 2}]},
        [],
    ),
    ({"limits": {"cpu": "0.5"}}, theirs("edit", {"f:limits": {"f:cpu": {}}}), {"limits": {"cpu": "1"}}, [".spec.limits.cpu"]),
    # Only what they own of a named element, and only where it would change.
    (
        {"containers": [{"name": "app", "image": "a:1", "env": [{"name": "PW", "value": "hunter2"}]}]},
        theirs(
            "kubectl-set", {"f:containers": {'k:{"name":"app"}': {"f:env": {'k:{"name":"PW"}': {".": {}, "f:name": {}, "f:value": {}}}}}}
        ),
        {"containers": [{"name": "app", "image": "a:2"}]},
        [],
    ),
    (
        {"containers": [{"name": "app", "image": "a:9"}]},
        theirs("kubectl-set", {"f:containers": {'k:{"name":"app"}': {"f:image": {}}}}),
        {"containers": [{"name": "app", "image": "a:2"}]},
        [".spec.containers.app.image"],
    ),
]


@pytest.mark.parametrize(("spec", "entry", "wanted", "fields"), DISPUTES)
def test_what_others_own_is_found_in_their_own_terms(
    spec: dict[str, Any], entry: dict[str, Any], wanted: dict[str, Any], fields: list[str]
) -> None:
    for api in ("apps/v1", "traefik.io/v1alpha1"):
        found = conflicts({"metadata": {"managedFields": [entry]}, "spec": spec}, {"apiVersion": api, "spec": wanted})
        assert [one.field for one in found] == fields
        assert "hunter2" not in str(found)


PRINTED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], bool]] = [
    ({"data": {"password": "hunter2"}}, {"f:data": {"f:password": {}}}, {"data": {"password": "hunter3"}}, False),
    (
        {"initContainers": [{"name": "a", "image": "hunter2"}]},
        {"f:initContainers": {'k:{"name":"a"}': {"f:image": {}}}},
        {"initContainers": [{"name": "a", "image": "hunter3"}]},
        False,
    ),
    ({"args": ["hunter2"]}, {"f:args": {}}, {"args": ["hunter3"]}, False),
    ({"selector": {"a": "hunter2"}}, {"f:selector": {}}, {"selector": {"a": "hunter3"}}, False),
    ({"average": 9}, {"f:average": {}}, {"average": 5}, True),
]


@pytest.mark.parametrize(("value", "owned", "wanted", "shown"), PRINTED)
def test_a_value_is_printed_where_it_tells_something_and_is_no_secret(
    value: dict[str, Any], owned: dict[str, Any], wanted: dict[str, Any], shown: bool
) -> None:
    (found,) = conflicts({"metadata": {"managedFields": [theirs("x", owned)]}, "spec": value}, {"spec": wanted})
    assert ((found.value, found.wanted) != ("(not shown)", "(not shown)")) is shown
    assert "hunter" not in str(found)


def test_an_element_that_only_one_side_has_is_nobodys_conflict() -> None:
    """A container of theirs that we know nothing of, and one that we want no more."""
    owned: dict[str, Any] = {"f:containers": {'k:{"name":"mesh"}': {".": {}, "f:name": {}, "f:image": {}}}}
    current = {"metadata": {"managedFields": [theirs("mesh", owned)]}, "spec": {"containers": [{"name": "mesh", "image": "m:1"}]}}
    assert conflicts(current, {"spec": {"containers": [{"name": "app", "image": "a:1"}]}}) == []


def test_what_a_container_gets_is_not_printed() -> None:
    value = {"containers": [{"name": "app", "env": [{"name": "PW", "value": "hunter2"}]}]}
    wanted = {"containers": [{"name": "app", "env": [{"name": "PW", "value": "hunter3"}]}]}
    owned: dict[str, Any] = {"f:containers": {'k:{"name":"app"}': {"f:env": {'k:{"name":"PW"}': {"f:value": {}}}}}}
    (found,) = conflicts({"metadata": {"managedFields": [theirs("x", owned)]}, "spec": value}, {"spec": wanted})
    assert (found.value, found.wanted) == ("(not shown)", "(not shown)")


def test_a_set_is_compared_member_by_member() -> None:
    """What a controller puts beside our finalizer is no difference; what we put there and want no more is."""
    ours = {
        "manager": "bluegreen.orchestrator",
        "operation": "Apply",
        "fieldsV1": {"f:metadata": {"f:finalizers": {'v:"bluegreen/keep"': {}}}},
    }
    current = {"metadata": {"name": "x", "finalizers": ["theirs/one", "bluegreen/keep"], "managedFields": [ours]}}
    assert not differs(current, {"metadata": {"name": "x", "finalizers": ["bluegreen/keep"]}})
    assert differs(current, {"metadata": {"name": "x", "finalizers": ["bluegreen/keep", "bluegreen/more"]}})
    before, _after = before_and_after(current, {"metadata": {"name": "x"}})
    assert before == {"metadata": {"name": "x", "finalizers": ["bluegreen/keep"]}}


@pytest.mark.parametrize(
    ("path", "ours"), [(("spec", "hard"), True), (("spec", "hard", "pods"), True), (("spec", "scopes"), False), (("status", "hard"), False)]
)
def test_whose_a_field_is(path: tuple[str, ...], ours: bool) -> None:
    assert owns(stored(), *path) is ours
    assert not owns(stored(managers=[COUNTER]), *path)


def entry(manager: str, spec: dict[str, Any]) -> dict[str, Any]:
    ours = manager == "bluegreen.orchestrator"
    return {"manager": manager, "operation": "Apply" if ours else "Update", "fieldsV1": {"f:spec": spec}}


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        # default-deny that guards no pod any more: whoever edits a selector has it as a whole, and nothing of it is ours.
        ({"matchLabels": {"app": "none"}}, {}),
        ({"matchLabels": {"app": "gateway", "version": "2"}}, {"matchLabels": {"app": "gateway"}}),
    ],
)
def test_a_value_that_somebody_took_as_a_whole_is_compared_as_a_whole(there: dict[str, Any], wanted: dict[str, Any]) -> None:
    managers = [entry("bluegreen.orchestrator", {"f:policyTypes": {}}), entry("kubectl-patch", {"f:podSelector": {}})]
    current = {"metadata": {"managedFields": managers}, "spec": {"podSelector": there, "policyTypes": ["Ingress"]}}
    desired = {"spec": {"podSelector": wanted, "policyTypes": ["Ingress"]}}
    before, _after = before_and_after(current, desired)
    assert before is not None
    assert before["spec"]["podSelector"] == there
    assert [one.field for one in conflicts(current, desired)] == [".spec.podSelector"]


def test_a_map_whose_parts_somebody_owns_is_compared_part_by_part() -> None:
    managers = [entry("bluegreen.orchestrator", {"f:emptyDir": {}}), entry("kubectl-patch", {"f:emptyDir": {"f:sizeLimit": {}}})]
    current = {"metadata": {"managedFields": managers}, "spec": {"emptyDir": {"sizeLimit": "1Gi"}}}
    assert not differs(current, {"spec": {"emptyDir": {}}})


def test_of_a_list_with_names_the_elements_of_others_stay_and_are_not_shown() -> None:
    """A container that was renamed by hand is somebody's second one, with its passwords; an apply adds ours beside it."""
    theirs: dict[str, Any] = {'k:{"name":"renamed"}': {".": {}, "f:name": {}, "f:env": {}}}
    managers = [entry("bluegreen.orchestrator", {"f:paused": {}}), entry("kubectl-edit", {"f:containers": theirs})]
    renamed = {"name": "renamed", "env": [{"name": "DB_PASSWORD", "value": "canary"}]}
    current = {"metadata": {"managedFields": managers}, "spec": {"paused": False, "containers": [renamed]}}
    before, _after = before_and_after(current, {"spec": {"paused": False, "containers": [{"name": "app"}]}})
    assert before is not None
    assert before["spec"]["containers"] == []
