# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role chatwoot hands over: each variable arrives at each module that has an option for it, and none is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.template import Templar

from ansible_collections.bluegreen.orchestrator.plugins.filter.filters import FilterModule
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_args import READERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_parts import PARTS, REMOVAL, saved
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import KUBERNETES_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests import MANIFESTS_SPEC
from tests.unit.desk_cases import ACCOUNT, SAID
from tests.unit.test_role_expressions import LOADER, ROLES, known, load

VARIABLES = {f"chatwoot_{name}": value for name, value in SAID.items()}
MANIFESTS = "bluegreen.orchestrator.kubernetes_manifests"


def templated(value: Any, **variables: Any) -> Any:
    templar = Templar(LOADER, {**known("chatwoot"), "inventory_hostname": "acme", "omit": "(left out)", **VARIABLES, **variables})
    templar.environment.filters.update({f"bluegreen.orchestrator.{name}": one for name, one in FilterModule().filters().items()})
    return templar.template(value)


def test_everything_that_is_said_is_handed_to_the_filters() -> None:
    """But for what the modules take, and for the act."""
    defaults = load("chatwoot", "defaults/main.yml")
    said = load("chatwoot", "vars/main.yml")["__chatwoot_said"]
    handed_on = {"cluster", "storage", "storage_keys", "take_over", "validate", "missing_crd", "wait_seconds", "update_secrets", "verify"}
    handed_on |= {"platform_token", "admin_token", "backup_password", "account_name", "licensed", "private_urls_allowed", "api"}
    handed_on |= {"month", "over_quota", "suspend", "reason", "confirm", "confirm_needed", "without_backup", "delete_data"}
    handed_on |= {"backup_name", "backup_wait_seconds", "restoring", "account_id", *ACCOUNT[3:]}
    assert set(said) == {name.removeprefix("chatwoot_") for name in defaults} - handed_on | {"platform", "account", "secret_problems"}
    assert set(load("chatwoot", "vars/main.yml")["__chatwoot_account_said"]) == {*ACCOUNT, "url", "account_id", "has_token"}
    for name, value in said.items():
        if name in ("platform", "account", "secrets", "secret_problems"):
            continue
        assert templated(value, **{f"chatwoot_{name}": f"{name} of its own"}) == f"{name} of its own"


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_applied_as_it_is(part: str) -> None:
    task = load("chatwoot", "tasks/part.yml")[0]
    options, variables = task[MANIFESTS], {**task["vars"], "__chatwoot_part": part}
    assert set(options) == set(MANIFESTS_SPEC) - set(KUBERNETES_SPEC) - {"state", "with_namespaces"}
    assert templated(options["set"], **variables) == f"desk-acme-{part}"
    assert templated(options["namespaces"], **variables) == templated(options["namespaces_to_come"], **variables) == ["client-acme"]
    assert templated(options["manifests"], **variables)
    assert templated(options["kinds"], **variables)


@pytest.mark.parametrize(("option", "value"), [("missing_crd", "fail"), ("take_over", True), ("validate", "server"), ("wait_seconds", 41)])
def test_how_it_is_applied_is_the_operators(option: str, value: Any) -> None:
    options = load("chatwoot", "tasks/part.yml")[0][MANIFESTS]
    assert templated(options[option], **{f"chatwoot_{option}": value}) == value


def test_the_parts_are_applied_in_their_order() -> None:
    """Keys before what they lock, the migration before the version that needs it."""
    (block,) = load("chatwoot", "tasks/managed.yml")
    gone, *others = [task["loop"] for task in block["block"] if "loop" in task]
    assert [one["set"] for one in templated(gone)] == [f"desk-acme-backup-{name}" for name in REMOVAL]
    titles = [task["name"] for task in block["block"]]
    assert titles.index("What a removal has saved is saved anew by the next one") < titles.index("What it consists of")
    loops = [part for loop in others for part in loop]
    (first,) = [task["vars"]["__chatwoot_part"] for task in block["block"] if "vars" in task]
    assert [first, *loops] == list(PARTS)
    assert block["module_defaults"] == {
        "group/bluegreen.orchestrator.chatwoot": "{{ __chatwoot_api }}",
        "group/bluegreen.orchestrator.kubernetes": "{{ chatwoot_cluster | bluegreen.orchestrator.desk_dictionary('chatwoot_cluster') }}",
        "group/bluegreen.orchestrator.storage": "{{ chatwoot_storage | bluegreen.orchestrator.desk_dictionary('chatwoot_storage') }}",
    }


def test_a_removal_saves_twice_and_what_it_saves_is_what_a_return_takes_away() -> None:
    (block,) = load("chatwoot", "tasks/remove.yml")
    done = [task for task in block["block"] if "backup_now.yml" in str(task.get("ansible.builtin.include_tasks"))]
    assert tuple(task["vars"]["__chatwoot_backup_name"] for task in done) == REMOVAL
    options, variables = (lambda task: (task[MANIFESTS], task["vars"]))(load("chatwoot", "tasks/backup_now.yml")[0])
    for name, gone in zip(REMOVAL, saved("acme"), strict=True):
        made = {**variables, "__chatwoot_backup_name": name}
        assert templated(options["set"], **made) == gone["set"]
        assert templated(options["kinds"], **made) == gone["kinds"]


def buckets(**variables: Any) -> list[dict[str, Any]]:
    """What minio_bucket is given for each bucket, without what is left out."""
    task = load("chatwoot", "tasks/storage.yml")[0]
    options = task["bluegreen.orchestrator.minio_bucket"]
    given = {"chatwoot_storage": {"endpoint": "http://a:1"}, **variables}
    found = [{name: templated(value, **given, item=item) for name, value in options.items()} for item in templated(task["loop"], **given)]
    return [{name: value for name, value in one.items() if value != "(left out)"} for one in found]


def test_what_the_buckets_are_given() -> None:
    files, backup = buckets(chatwoot_storage_keys={"files": {"key": "acme", "secret_key": "one"}}, chatwoot_update_secrets="always")
    assert files == {
        "name": "chatwoot-acme",
        "versioning": "enabled",
        "noncurrent_days": 30,
        "tags": {"client": "acme", "plan": "pro", "bucket": "files"},
        "access": [{"key": "acme", "secret_key": "one", "uploads": "direct"}],
        "update_secrets": "always",
    }
    assert backup["name"] == "chatwoot-acme-backup"
    assert "access" not in backup
    assert buckets(chatwoot_storage={}) == []


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        ({"skipped": True}, True),
        ({"json": {"data_services": "ok", "queue_services": "ok"}}, True),
        ({"json": {"data_services": "ok", "queue_services": "failing"}}, False),
        ({"json": {"data_services": "failing", "queue_services": "ok"}}, False),
        ({"status": 404}, False),
    ],
)
def test_it_is_asked_until_it_and_its_databases_answer(answer: dict[str, Any], done: bool) -> None:
    """A preview is left out by Ansible at once, and must not be waited for."""
    task = load("chatwoot", "tasks/verify.yml")[0]
    variables = {**known("chatwoot"), **task["vars"], "__chatwoot_answer": {"changed": False, **answer}}
    assert Templar(LOADER, variables).evaluate_conditional(task["until"]) is done
    assert templated(task["ansible.builtin.uri"]["url"]) == "https://chat-acme.agency.example/api"


def test_every_variable_is_read_somewhere() -> None:
    texts = "".join(path.read_text() for folder in ("tasks", "vars") for path in sorted((ROLES / "chatwoot" / folder).iterdir()))
    assert [
        name for name in load("chatwoot", "defaults/main.yml") if not any(f"{name}{end}" in texts for end in (" ", ".", "[", ","))
    ] == []
    assert len(READERS) > 15
