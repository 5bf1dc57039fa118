# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garbage in every variable of a desk: sentences come back, each with its variable, and never an exception of Python's own."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _desk_filters as desks
from tests.unit.desk_cases import DEFAULTS, desk

GARBAGE: list[Any] = [
    *(None, 0, 7, -1, 1.5, 10**30, float("nan"), True, "", " ", "text", "a=b", '{"a": "b"}', "ü✗\n\x00", "{{ a }}", "x" * 5000),
    *([], ["x"], [None], [[]], [{"a": 1}], [7], {}, {"x": "y"}, {"x": None}, {7: {"y": [1]}}, {"": ""}, {"a": {"b": {"c": None}}}),
]
# Shapes that are nearly right, in which the wrong value sits one level below.
NEARLY: dict[str, list[Any]] = {
    "pods": [{"web": value} for value in GARBAGE] + [{"web": {"least": value}} for value in GARBAGE],
    "resources": [{"web": value} for value in GARBAGE] + [{"web": {"limits": {"memory": value}}} for value in GARBAGE],
    "database": [{key: value} for key in ("host", "port", "name", "user", "secret", "storage", "storage_class") for value in GARBAGE],
    "redis": [{key: value} for key in ("url", "secret", "storage") for value in GARBAGE],
    "mail": [{"host": "m.example.com", "sender": "a@b.example", key: value} for key in ("port", "sender", "domain") for value in GARBAGE],
    "files": [{"endpoint": "https://s3.example", key: value} for key in ("endpoint", "bucket", "region", "secret") for value in GARBAGE],
    "backup": [{key: value} for key in ("endpoint", "bucket", "secret", "schedule", "keep_days") for value in GARBAGE],
    "issuer": [{key: value} for key in ("name", "kind") for value in GARBAGE],
    "egress_networks": [[{"cidr": value, "ports": [1]}] for value in GARBAGE]
    + [[{"cidr": "10.0.0.0/8", "ports": value}] for value in GARBAGE],
    "administrator": [{"email": value} for value in GARBAGE],
    "plans_extra": [{"team": value} for value in GARBAGE] + [{"pro": {"agents": value}} for value in GARBAGE],
    "secrets": [{"a": value} for value in GARBAGE],
    "storage_keys": [{"files": value} for value in GARBAGE] + [{"files": {"key": "a", "secret_key": value}} for value in GARBAGE],
}
NAMES = sorted(name.removeprefix("chatwoot_") for name in DEFAULTS)


def well_said(sentences: list[str]) -> None:
    for sentence in sentences:
        assert sentence.startswith("chatwoot_"), sentence
        assert ": " in sentence
        assert sentence.endswith("."), sentence
        assert len(sentence) < 1500, "nobody reads a screen full of somebody's value"


def tried(call: Any, *given: Any) -> None:
    """It returns, or says in a sentence why not."""
    try:
        call(*given)
    except AnsibleFilterError as refusal:
        well_said([str(refusal)])


@pytest.mark.parametrize("name", NAMES)
def test_garbage_is_told_in_sentences(name: str) -> None:
    for value in [*GARBAGE, *NEARLY.get(name, [])]:
        given = desks.desk_secrets({name: value})
        well_said(given["problems"])
        ours = {"platform": True, "administrator": {"email": "desk@agency.example"}}
        said = desk(**{**ours, name: value, "secrets": given["names"], "secret_problems": given["problems"]})
        found = desks.desk_refusals(said)
        well_said(found)
        well_said(desks.desk_own_refusals({**said["account"], "url": "https://x.example", "account_id": 7, "has_token": True}))
        for call in (desks.desk_account, desks.desk_features):
            tried(call, said["account"])
        tried(desks.desk_switches, [], said["account"])
        variables = {f"chatwoot_{name}": value, "chatwoot_result": {"desks": [{"people": [{}], "conversations": 3}]}}
        desks.desk_status_words([*desks.desk_fleet(["a"], {"a": variables})], "2026-11")
        desks.desk_conflicts(["a", "b"], {"a": variables, "b": variables})
        tried(desks.desk_place, value)
        if not found and name not in ("secrets", "platform_token"):
            # What is not refused can be made and told.
            for part in ("place", "databases", "desk", "entrance", "backup") if value in GARBAGE else ("desk",):
                desks.desk_part(said, part)
