# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of a namespace from start to end, in preview and in apply; without the right to read one.

PRIVATE: for this collection's own plugins, not a public interface.

Kubernetes has no right to see that a Secret is there without seeing what is in it, and a preview must not need that one. So what was
given stands beside the Secrets in a ConfigMap: the names of the keys, and of the values a salted hash that is slow to guess at. Preview
and apply compare with that, and both alike.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, InputError, RefusedError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import FIELD_MANAGER, MANAGED_BY, SET_LABEL, Api, Kind
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import KUBERNETES_SPEC, opened
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import CONFIG_MAP, NAMESPACE
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_names import DNS_LABEL, DNS_SUBDOMAIN, LABEL_VALUE
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_steps import Step, execute
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import MASK, Change, Plan, counts

SECRETS_SPEC: Final[dict[str, Any]] = {
    "set": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "secrets": {"type": "dict", "required": True, "no_log": True},
    "namespaces_to_come": {"type": "list", "elements": "str", "default": []},
    "renew": {"type": "bool", "default": False},
    "take_over": {"type": "bool", "default": False},
    **KUBERNETES_SPEC,
}

# Not among the kinds of manifests, which are options that are shown.
SECRET: Final = Kind("Secret", "v1", "secrets")
# https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data
KEY: Final = re.compile(r"[-._A-Za-z0-9]{1,253}")
# Of a Secret with this key alone, kubelet wants another type.
REGISTRY_KEY: Final = ".dockerconfigjson"
# OWASP's figure for PBKDF2 with SHA-512 (Password Storage Cheat Sheet): 0.1 s a Secret.
ROUNDS: Final = 210_000
SALT_BYTES: Final = 16

Values = Mapping[str, str]


def run(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Bring Secrets into a namespace, or tell which ones that would change.

    Args:
        params: the options of ``SECRETS_SPEC``, validated.
        check_mode: whether to read only.

    Raises:
        BlueGreenError: nothing was changed, or its facts say what was.
    """
    wanted = wanted_of(params)
    with opened(params) as access:
        api = Api(access, timeout=params["request_timeout"])
        try:
            return _run(api, params, wanted, check_mode=check_mode)
        except BlueGreenError as error:
            raise _without(error, wanted) from None


def _run(api: Api, params: Mapping[str, Any], wanted: Mapping[str, Values], *, check_mode: bool) -> dict[str, Any]:
    namespace = params["namespace"]
    found = api.get(CONFIG_MAP, namespace, params["set"])
    if found is None and namespace not in params["namespaces_to_come"] and api.get(NAMESPACE, None, namespace) is None:
        raise RefusedError(
            f"namespace: {quoted(namespace)} is not there; make it first, or name it in namespaces_to_come where the same run makes it."
        )
    given = notes_of(found, params["set"])
    plan = plan_secrets(namespace, given, wanted, renew=params["renew"])
    if plan.changed and not check_mode:
        execute(api, list(_steps(params, plan, given, wanted)))
    kinds = [change.kind for change in plan.changes]
    return {
        "changed": plan.changed,
        "actions": plan.actions(),
        "diff": plan.diff(),
        "digest": plan.digest(),
        "summary": f"{params['set']}: {counts(kinds, preview=check_mode) or 'nothing to change'}",
        "requests": dict(sorted(api.requests.items())),
    }


def wanted_of(params: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Check the Secrets, and return their values as texts.

    Raises:
        InputError: one cannot be a Secret; no sentence shows a value.
    """
    # It is the name of a ConfigMap, too.
    if not LABEL_VALUE.fullmatch(params["set"]) or not DNS_SUBDOMAIN.fullmatch(params["set"]):
        raise InputError(f"set: {quoted(params['set'])} cannot be a name; use up to 63 lower-case letters, digits, hyphens and dots.")
    if not DNS_LABEL.fullmatch(params["namespace"]):
        raise InputError(f"namespace: {quoted(params['namespace'])} is no namespace; use up to 63 lower-case letters, digits and hyphens.")
    return {str(name): values_of(str(name), values) for name, values in sorted(params["secrets"].items(), key=lambda one: str(one[0]))}


def values_of(name: str, given: Any, option: str = "secrets") -> dict[str, str]:
    """Check one Secret, and return its values as texts.

    Args:
        name: its own.
        given: its keys with their values.
        option: what the caller's user calls all of them, for the sentences.

    Raises:
        InputError: it cannot be a Secret; no sentence shows a value.
    """
    if not DNS_SUBDOMAIN.fullmatch(name):
        raise InputError(f"{option}: {quoted(name)} cannot be the name of a Secret; use lower-case letters, digits, hyphens and dots.")
    if not isinstance(given, Mapping) or not given:
        raise InputError(f"{option}.{name}: it is no dictionary with anything in it; write a value for each key.")
    found = {}
    for key, value in sorted(given.items(), key=lambda one: str(one[0])):
        if not KEY.fullmatch(str(key)):
            raise InputError(f"{option}.{name}: {quoted(str(key))} cannot be a key; use letters, digits, dots, hyphens and underscores.")
        if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
            raise InputError(f"{option}.{name}.{key}: the value is empty or no text; give it in quotes.")
        found[str(key)] = str(value)
    return found


def notes_of(found: Mapping[str, Any] | None, name: str) -> dict[str, dict[str, Any]]:
    """Return what the ConfigMap tells of each Secret: ``keys``, and the ``hash`` of what was given.

    Raises:
        RefusedError: it is not ours. What is ours and makes no sense counts as not there: the Secret is written once more.
    """
    if found is None:
        return {}
    labels = found["metadata"].get("labels") or {}
    if labels.get(MANAGED_BY) != FIELD_MANAGER or labels.get(SET_LABEL) != name:
        raise RefusedError(f"set: the ConfigMap {quoted(name)} is somebody else's; give the set another name.")
    return {secret: note for secret, text in (found.get("data") or {}).items() if (note := _note(text)) is not None}


def _note(text: Any) -> dict[str, Any] | None:
    try:
        note = json.loads(text)
    except (TypeError, ValueError):
        return None
    sound = isinstance(note, dict) and isinstance(note.get("hash"), str) and isinstance(note.get("keys"), list)
    return note if sound else None


def plan_secrets(namespace: str, given: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Values], *, renew: bool = False) -> Plan:
    """Compare what was given with what is given now. Pure.

    A Secret that is given no more stays: whoever takes one out of the options may have begun to bring it by other means.

    Args:
        namespace: where they are.
        given: what was, as ``notes_of`` returns it.
        wanted: Secrets and their values.
        renew: whether all are written.
    """
    return Plan(tuple(_changes(namespace, given, wanted, renew=renew)))


def _changes(namespace: str, given: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Values], *, renew: bool) -> Iterator[Change]:
    for name, values in wanted.items():
        note = given.get(name)
        same = note is not None and matches(str(note["hash"]), values)
        if same and not renew:
            continue
        before = None if note is None else {"keys": sorted(map(str, note["keys"])), "values": f"{MASK} (as given before)"}
        after = {"keys": sorted(values), "values": f"{MASK} ({'the same once more' if same else 'as given now'})"}
        yield Change("create" if note is None else "update", SECRET.title(namespace, name), before, after)


def hashed(values: Values, salt: bytes) -> str:
    """Return what tells later whether the same values are given."""
    text = json.dumps(dict(values), sort_keys=True).encode()
    return f"pbkdf2-sha512${ROUNDS}${salt.hex()}${hashlib.pbkdf2_hmac('sha512', text, salt, ROUNDS).hex()}"


def matches(known: str, values: Values) -> bool:
    """Whether values are those of a hash; one that makes no sense, or of another number of rounds, is that of none."""
    parts = known.split("$")
    if len(parts) != 4 or not re.fullmatch(r"(?:[0-9a-f]{2})+", parts[2]):
        return False
    return hmac.compare_digest(known.encode(), hashed(values, bytes.fromhex(parts[2])).encode())


def _steps(params: Mapping[str, Any], plan: Plan, given: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, Values]) -> Iterator[Step]:
    """Yield the Secrets, then what is noted of them: a run that is killed in between writes the same once more."""
    namespace, notes = params["namespace"], {name: json.dumps(note, sort_keys=True) for name, note in given.items()}
    titles = {SECRET.title(namespace, name): name for name in wanted}
    for change in plan.changes:
        name = titles[change.name]
        data = {key: base64.b64encode(value.encode()).decode() for key, value in wanted[name].items()}
        kind = "kubernetes.io/dockerconfigjson" if set(data) == {REGISTRY_KEY} else "Opaque"
        secret = {**_object(SECRET, params, name), "type": kind, "data": data}
        yield Step("create" if change.kind == "create" else "update", SECRET, namespace, name, None, secret, force=params["take_over"])
        notes[name] = json.dumps({"hash": hashed(wanted[name], os.urandom(SALT_BYTES)), "keys": sorted(data)}, sort_keys=True)
    note = {**_object(CONFIG_MAP, params, params["set"]), "data": notes}
    yield Step("update" if given else "create", CONFIG_MAP, namespace, params["set"], None, note, force=params["take_over"])


def _object(kind: Kind, params: Mapping[str, Any], name: str) -> dict[str, Any]:
    labels = {MANAGED_BY: FIELD_MANAGER, SET_LABEL: params["set"]}
    return {"apiVersion": kind.api, "kind": kind.kind, "metadata": {"name": name, "namespace": params["namespace"], "labels": labels}}


def _without(error: BlueGreenError, wanted: Mapping[str, Values]) -> BlueGreenError:
    """Return an error without what is secret: something before the API server may say again what it was sent, and Ansible knows the values
    as they were given, but not as they were encoded."""
    texts = {text for values in wanted.values() for value in values.values() for text in (value, base64.b64encode(value.encode()).decode())}
    sentence = error.sentence
    for text in sorted(texts, key=len, reverse=True):
        sentence = sentence.replace(text, MASK)
    hidden = type(error)(sentence) if sentence != error.sentence else error
    hidden.facts.update(error.facts)
    return hidden
