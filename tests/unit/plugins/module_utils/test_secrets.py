# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubernetes_secrets: its plan, its runs against a strict list of requests, and that no value is told anywhere."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _secrets
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER, MANAGED_BY, SET_LABEL
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._secrets import SECRETS_SPEC, hashed, matches, plan_secrets
from tests.kubernetes_requests import Expected, answering, refused, validated

CANARY = "canary-c0ffee-0451"
MAIL = {"SMTP_PASSWORD": CANARY, "SMTP_USERNAME": "post"}
SPACE = "/api/v1/namespaces/t"
NOTE = f"{SPACE}/configmaps/desk-secrets"
WRITE = f"?fieldManager={FIELD_MANAGER}&force=false"
LABELS = {MANAGED_BY: FIELD_MANAGER, SET_LABEL: "desk-secrets"}
ABSENT = refused(404, "not found", "NotFound")
FOUND = (200, {"metadata": {"name": "t"}})


def note(**given: dict[str, str]) -> dict[str, str]:
    """What the ConfigMap tells of Secrets."""
    return {name: json.dumps({"hash": hashed(values, b"salt of sixteen!"), "keys": sorted(values)}) for name, values in given.items()}


def noted(data: Any, labels: Any = LABELS) -> tuple[int, Any]:
    return 200, {"metadata": {"name": "desk-secrets", "labels": labels}, "data": data}


def run(*, check: bool = False, **options: Any) -> dict[str, Any]:
    given = {"set": "desk-secrets", "namespace": "t", "secrets": {"mail": MAIL}, **options}
    return _secrets.run(validated(SECRETS_SPEC, **given), check_mode=check)


# what was given, what is given -> what is done
PLANS: list[tuple[str, dict[str, dict[str, str]], dict[str, dict[str, str]], list[tuple[str, str]]]] = [
    ("nothing", {}, {}, []),
    ("new", {}, {"a": MAIL}, [("create", "Secret t/a")]),
    ("the same", {"a": MAIL}, {"a": MAIL}, []),
    ("the same in another order", {"a": MAIL}, {"a": dict(reversed(MAIL.items()))}, []),
    ("another value", {"a": MAIL}, {"a": {**MAIL, "SMTP_USERNAME": "other"}}, [("update", "Secret t/a")]),
    ("a key more", {"a": MAIL}, {"a": {**MAIL, "MORE": "1"}}, [("update", "Secret t/a")]),
    ("a key less", {"a": MAIL}, {"a": {"SMTP_USERNAME": "post"}}, [("update", "Secret t/a")]),
    ("values that changed places", {"a": {"x": "1", "y": "2"}}, {"a": {"x": "2", "y": "1"}}, [("update", "Secret t/a")]),
    ("given no more", {"a": MAIL}, {}, []),
    ("one of two", {"a": MAIL}, {"a": MAIL, "b": MAIL}, [("create", "Secret t/b")]),
]


@pytest.mark.parametrize(("given", "wanted", "done"), [case[1:] for case in PLANS], ids=[case[0] for case in PLANS])
def test_what_changes(given: dict[str, dict[str, str]], wanted: dict[str, dict[str, str]], done: list[tuple[str, str]]) -> None:
    notes = {name: json.loads(text) for name, text in note(**given).items()}
    plan = plan_secrets("t", notes, wanted)
    assert [(change.kind, change.name) for change in plan.changes] == done
    told = json.dumps([plan.diff(), plan.actions(), repr(plan)])
    assert CANARY not in told
    assert "post" not in told


def test_all_of_them_are_written_anew_where_that_is_wanted() -> None:
    notes = {name: json.loads(text) for name, text in note(a=MAIL).items()}
    (change,) = plan_secrets("t", notes, {"a": MAIL}, renew=True).changes
    assert change.kind == "update"
    assert "the same once more" in change.diff()["after"]


def test_what_is_noted_gives_no_value_away_and_is_never_twice_the_same() -> None:
    one, other = hashed(MAIL, b"salt of sixteen!"), hashed(MAIL, b"salt of another!")
    assert one.split("$")[3] != other.split("$")[3]
    assert matches(one, MAIL)
    assert matches(other, MAIL)
    assert CANARY not in one


@pytest.mark.parametrize("known", ["", "x", "a$b$c$d", "pbkdf2-sha512$1$00$00", "$$$", hashed(MAIL, b"salt of sixteen!")[:-1]])
def test_what_makes_no_sense_is_the_hash_of_nothing(known: str) -> None:
    assert not matches(known, MAIL)


def test_a_preview_reads_one_object_and_an_apply_writes_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Expected] = [(f"GET {NOTE}", ABSENT), (f"GET {SPACE}", FOUND)]
    with answering(monkeypatch, _secrets, *reads):
        preview = run(check=True)
    writes: list[Expected] = [(f"PATCH {SPACE}/secrets/mail{WRITE}", (200, {})), (f"PATCH {NOTE}{WRITE}", (200, {}))]
    with answering(monkeypatch, _secrets, *reads, *writes) as pool:
        apply = run()
    assert {**preview, "requests": None, "summary": None} == {**apply, "requests": None, "summary": None}
    assert (preview["summary"], apply["summary"]) == ("desk-secrets: 1 to create", "desk-secrets: 1 created")
    secret, told = pool.bodies[-2:]
    assert secret["type"] == "Opaque"
    assert {key: base64.b64decode(value).decode() for key, value in secret["data"].items()} == MAIL
    assert secret["metadata"] == {"name": "mail", "namespace": "t", "labels": LABELS}
    assert CANARY not in json.dumps([told, preview, apply])
    # Salted anew: who compares two desks does not see that they have the same password.
    with answering(monkeypatch, _secrets, *reads, *writes) as other:
        run()
    assert json.loads(other.bodies[-1]["data"]["mail"])["hash"] != json.loads(told["data"]["mail"])["hash"]
    # The next run finds what this one noted.
    with answering(monkeypatch, _secrets, (f"GET {NOTE}", noted(told["data"]))):
        assert run()["changed"] is False


def test_what_is_noted_of_others_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Secret that is given no more is left alone, and so is what was noted of it."""
    known = note(mail={"SMTP_USERNAME": "old"}, other=MAIL)
    asked: list[Expected] = [
        (f"GET {NOTE}", noted(known)),
        (f"PATCH {SPACE}/secrets/mail{WRITE}", (200, {})),
        (f"PATCH {NOTE}{WRITE}", (200, {})),
    ]
    with answering(monkeypatch, _secrets, *asked) as pool:
        found = run()
    assert [one["action"] for one in found["actions"]] == ["update"]
    assert json.loads(pool.bodies[-1]["data"]["other"]) == json.loads(known["other"])


@pytest.mark.parametrize("data", [None, {}, {"mail": "{"}, {"mail": "[]"}, {"mail": '{"hash": 7, "keys": []}'}, {"mail": '{"hash": "a"}'}])
def test_notes_that_make_no_sense_count_as_none(monkeypatch: pytest.MonkeyPatch, data: Any) -> None:
    with answering(monkeypatch, _secrets, (f"GET {NOTE}", noted(data))):
        assert run(check=True)["actions"] == [{"action": "create", "name": "Secret t/mail"}]


@pytest.mark.parametrize(
    "labels", [None, {}, {MANAGED_BY: "Helm", SET_LABEL: "desk-secrets"}, {MANAGED_BY: FIELD_MANAGER, SET_LABEL: "other"}]
)
def test_a_config_map_of_somebody_else_is_not_touched(monkeypatch: pytest.MonkeyPatch, labels: Any) -> None:
    with (
        answering(monkeypatch, _secrets, (f"GET {NOTE}", noted({}, labels))),
        pytest.raises(RefusedError, match="set: the ConfigMap 'desk-secrets' is somebody else's; give the set another name"),
    ):
        run()


@pytest.mark.parametrize("check", [True, False])
def test_a_namespace_that_is_not_there_is_refused_unless_it_comes(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    with (
        answering(monkeypatch, _secrets, (f"GET {NOTE}", ABSENT), (f"GET {SPACE}", ABSENT)),
        pytest.raises(RefusedError, match="namespace: 't' is not there; make it first, or name it in namespaces_to_come"),
    ):
        run(check=check)
    with answering(monkeypatch, _secrets, (f"GET {NOTE}", ABSENT)):
        assert run(check=True, namespaces_to_come=["t"])["changed"] is True


def test_a_registrys_login_has_the_type_that_kubelet_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Expected] = [
        (f"GET {NOTE}", noted({})),
        (f"PATCH {SPACE}/secrets/registry{WRITE}", (200, {})),
        (f"PATCH {NOTE}{WRITE}", (200, {})),
    ]
    with answering(monkeypatch, _secrets, *asked) as pool:
        run(secrets={"registry": {".dockerconfigjson": "{}"}})
    assert pool.bodies[1]["type"] == "kubernetes.io/dockerconfigjson"


def test_take_over_is_what_the_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    forced = WRITE.replace("false", "true")
    asked: list[Expected] = [
        (f"GET {NOTE}", noted({})),
        (f"PATCH {SPACE}/secrets/mail{forced}", (200, {})),
        (f"PATCH {NOTE}{forced}", (200, {})),
    ]
    with answering(monkeypatch, _secrets, *asked):
        run(take_over=True)


@pytest.mark.parametrize("at", [0, 1])
def test_a_failure_says_how_far_it_came_and_no_value_even_where_the_server_says_it_again(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    encoded = base64.b64encode(CANARY.encode()).decode()
    wrong = refused(422, f"this is wrong: {CANARY} or {encoded}", "Invalid")
    writes: list[Expected] = [(f"PATCH {SPACE}/secrets/mail{WRITE}", (200, {})), (f"PATCH {NOTE}{WRITE}", (200, {}))]
    asked: list[Expected] = [(f"GET {NOTE}", noted({})), *writes[:at], (writes[at][0], wrong)]
    with answering(monkeypatch, _secrets, *asked), pytest.raises(BlueGreenError) as caught:
        run()
    told = f"{caught.value.sentence} {caught.value.facts} {caught.value}"
    assert CANARY not in told
    assert encoded not in told
    assert "********" in told
    assert caught.value.facts["done"] == ["create Secret t/mail"][:at]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"set": "Desk"}, "set: 'Desk' cannot be a name"),
    ({"set": "x" * 64}, "cannot be a name"),
    ({"namespace": "T"}, "namespace: 'T' is no namespace"),
    ({"namespace": "../x"}, "is no namespace"),
    ({"secrets": {"A_b": MAIL}}, "secrets: 'A_b' cannot be the name of a Secret"),
    ({"secrets": {"a/b": MAIL}}, "cannot be the name of a Secret"),
    ({"secrets": {"a": {}}}, "secrets.a: it is no dictionary with anything in it"),
    ({"secrets": {"a": CANARY}}, "secrets.a: it is no dictionary"),
    ({"secrets": {"a": None}}, "secrets.a: it is no dictionary"),
    ({"secrets": {"a": {"b c": "x"}}}, "secrets.a: 'b c' cannot be a key"),
    *(
        ({"secrets": {"a": {"b": value}}}, "secrets.a.b: the value is empty or no text; give it in quotes")
        for value in (True, None, 1.5, "", [CANARY], {CANARY: CANARY})
    ),
]


@pytest.mark.parametrize(("options", "sentence"), BAD)
@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_be_a_secret_is_refused_before_the_cluster_is_asked(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str, check: bool
) -> None:
    with answering(monkeypatch, _secrets), pytest.raises(InputError, match=sentence) as caught:
        run(check=check, **options)
    assert CANARY not in caught.value.sentence


def test_a_number_is_taken_as_a_text() -> None:
    assert _secrets.wanted_of(validated(SECRETS_SPEC, set="a", namespace="t", secrets={"b": {"c": 7}})) == {"b": {"c": "7"}}
