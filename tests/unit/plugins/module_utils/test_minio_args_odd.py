# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of minio_bucket with values that nobody thought of: each is a plan that can be carried out, or one sentence."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_plan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import Storage
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import MINIO_BUCKET_SPEC, wish_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_connection import access_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_parts import PARTS
from tests.storage_requests import CANARY, Pool
from tests.unit.plugins.module_utils.test_minio_args import BASE, target

GOOD: dict[str, Any] = {
    **BASE,
    "quota": "15GB",
    "versioning": "enabled",
    "noncurrent_days": 30,
    "object_lock": True,
    "retention": {"mode": "governance", "days": 3},
    "encryption": "sse-kms",
    "encryption_key": "key-1",
    "lifecycle": [{"id": "a", "prefix": "tmp/", "tags": {"k": "v"}, "expire_days": 3, "newer_noncurrent_versions": 2}],
    "policy": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/a/*"}]},
    "public_prefixes": ["public/"],
    "tags": {"tenant": "acme"},
    "notification": [{"arn": "arn:minio:sqs::p:webhook", "events": ["s3:ObjectCreated:*"], "prefix": "a/", "suffix": ".png"}],
    "access": [{"key": "reader", "secret_key": CANARY, "uploads": "direct"}],
    "signature_age": 60,
    "replication": [target(prefix="a/", bytes_per_second="100MB")],
}
ODD: list[Any] = [
    *(None, "", " ", "a", "abc", "0", "-1", "1e400", "1" * 60, "nan", "inf", "15GB", "99E", "[]", "{}", "null", "a" * 300, "{{ x }}"),
    *("\x00", "\n", "\ud800", "\uffff", "é", "\u202e", "a b", "a/b", "../..", "*", "${a}", "&<>", "a..b", "a.-b", "10.0.0.1", "minio"),
    *(0, 1, -1, 36500, 2**70, 1.5, float("nan"), True, False, [], {}, [""], [None], [{}], {"a": None}, {"a": []}, {"": ""}, [[]]),
    *(
        "http://a",
        "http://[",
        "http://[::1]:9",
        "//",
        "http://a:b@c",
        "http://ec3.amazonaws.com",
        "http://a:",
        "HTTPS://A",
        "s3:ObjectCreated:*",
    ),
    *("enabled", "suspended", "governance", "direct", "sse-s3", "none", "absent", "always", "/nowhere", "/", "/dev/null"),
    *(
        {"Statement": {}},
        {"Statement": [{"Effect": [], "Principal": {}, "Action": {}}]},
        '{"Statement": [[]]}',
        {"Version": {}},
        "[" * 9999,
    ),
]


def spoilt(options: Any, chance: random.Random) -> Any:
    """The same options with one value, at any depth, that is odd or left out."""
    places = [(options, key) for key in options]
    for holder, key in places:
        below = holder[key]
        if isinstance(below, (dict, list)):
            places += [(below, one) for one in (below if isinstance(below, dict) else range(len(below)))]
    holder, key = chance.choice(places)
    if chance.random() < 0.2:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(chance.choice(ODD))
    return options


def validated(options: dict[str, Any]) -> dict[str, Any] | None:
    """What an argument spec makes of options, None where it does not let them through."""
    try:
        checked = ArgumentSpecValidator(MINIO_BUCKET_SPEC).validate(options)
    except (TypeError, AttributeError, ValueError, ArithmeticError):
        # ansible-core's own, of a number in the place of a dictionary, or of nan and inf in that of a number.
        return None
    found: dict[str, Any] = checked.validated_parameters
    return None if checked.errors.errors else found


class Taker(Storage):
    """Takes whatever is written."""

    def __init__(self) -> None:
        """Reach nobody."""

    def bucket(self, *arguments: Any, **options: Any) -> bytes:
        assert all(given is None or isinstance(given, (str, bytes)) for given in arguments)
        assert options == {}
        return b""


def carried_out(options: dict[str, Any]) -> str:
    """Go as far as options let us, and say how far that was: a world that is empty, then one in which all of it is there."""
    wish = wish_of(options)
    Storage(access_of(options), pool=Pool())
    new = _minio_plan.Bucket(is_there=False, remotes={place: {"Status": "Enabled"} for place in wish.target_secrets}, arns=None)
    planned = _minio_plan.plan(wish, new)
    assert planned.changed is (wish.state == "present")
    assert CANARY not in repr(planned) + str(planned.diff())
    for change in planned.changes:
        part = PARTS.get(change.name.rpartition(" ")[2])
        if part and part.name != "quota":
            part.write(Taker(), "shop", change.after)
    return "planned"


def outcome(options: dict[str, Any]) -> str:
    try:
        return carried_out(options)
    except BlueGreenError as error:
        sentence = error.sentence
    assert CANARY not in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 600
    return "refused"


def test_all_that_is_good_is_planned() -> None:
    assert outcome(validated(copy.deepcopy(GOOD)) or {}) == "planned"


@pytest.mark.parametrize("seed", range(4))
def test_odd_values_are_refused_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    ends = {"spec": 0, "refused": 0, "planned": 0}
    for _ in range(500):
        options = copy.deepcopy(GOOD)
        for _ in range(chance.randrange(1, 4)):
            options = spoilt(options, chance)
        given = validated(options)
        ends["spec" if given is None else outcome(given)] += 1
    assert min(ends.values()) > 50, ends
