# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each task of the role chatwoot gives each option of its module the variable of that name, or says why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import CHATWOOT_TENANT_SPEC, CONNECTION_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_info import INFO_SPEC as DESK_INFO_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests import MANIFESTS_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests_info import INFO_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._secrets import SECRETS_SPEC
from tests.unit.test_role_chatwoot import templated
from tests.unit.test_role_expressions import load
from tests.unit.test_role_tenant import sentinel

SPECS = {
    "chatwoot_tenant": CHATWOOT_TENANT_SPEC,
    "chatwoot_tenant_info": DESK_INFO_SPEC,
    "kubernetes_manifests": MANIFESTS_SPEC,
    "kubernetes_manifests_info": INFO_SPEC,
    "kubernetes_secrets": SECRETS_SPEC,
}
FILES = ("account", "backup_now", "features", "look", "part", "part_gone", "quota", "remove", "secrets", "self_hosted", "suspend")
# Of these names, the variables that are not called alike.
VARIABLES = {"tenant": "chatwoot_client", "tenants": "chatwoot_client", "name": "chatwoot_account_name"}
# What the role works out.
OWN = {
    "set",
    "manifests",
    "namespace",
    "namespaces",
    "kinds",
    "namespaces_to_come",
    "secrets",
    "renew",
    "limits",
    "features",
    "server_to_come",
}
OWN |= {"status", "bot_status", "bot_reason", "state", "with_namespaces", "inside", "server", "month"}
PLAIN: dict[str, Any] = {"__chatwoot_managed": True, "__chatwoot_steps": [], "__chatwoot_part": "place", "__chatwoot_backup_name": "x"}
# Who writes nothing of an account but what it is about: no word of a list that it does not have may take something away.
ONLY = {
    "features": {"tenant", "account_id", "features", "licensed"},
    "suspend": {"tenant", "account_id", "status", "bot_status", "bot_reason"},
    "quota": {"tenant", "account_id", "bot_status", "bot_reason"},
}


def flat(found: list[dict[str, Any]], variables: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in found:
        own = {**variables, **one.get("vars", {})}
        if "block" in one:
            yield from flat(one["block"], own)
        else:
            yield {**one, "vars": own}


def tasks(file: str) -> Iterator[Any]:
    for one in flat(load("chatwoot", f"tasks/{file}.yml"), {}):
        for key, options in one.items():
            module = key.removeprefix("bluegreen.orchestrator.")
            if module in SPECS and module != key:
                yield pytest.param(file, module, options, one["vars"], id=f"{file}: {one['name']}")


ALL = [case for file in FILES for case in tasks(file)]


@pytest.mark.parametrize(("file", "module", "options", "variables"), ALL)
def test_every_option_gets_the_variable_of_its_name(file: str, module: str, options: Any, variables: Any) -> None:
    assert set(options) <= set(SPECS[module]), "an option that the module does not have"
    defaults = load("chatwoot", "defaults/main.yml")
    for option in set(options) - OWN:
        variable = VARIABLES.get(option, f"chatwoot_{option}")
        if (file, option) == ("backup_now", "wait_seconds"):
            variable = "chatwoot_backup_wait_seconds"
        value = sentinel(variable, defaults[variable])
        expected = [value] if option == "tenants" else value
        given = {**PLAIN, **variables, "__chatwoot_has_platform_token": True, variable: value}
        assert templated(options[option], **given) == expected, f"{file}: {option}"


def test_an_account_of_ours_is_given_all_that_is_said_of_it() -> None:
    ((_file, _module, options, variables),) = [case.values for case in tasks("account")]
    left = {
        "state",
        "status",
        "bot_status",
        "bot_reason",
        "take_over",
        "confirm_name",
        "wait_seconds",
        "custom_attributes",
        "features_extra",
    }
    left |= {"domain", "support_email"}
    assert set(CHATWOOT_TENANT_SPEC) - set(CONNECTION_SPEC) - set(options) == left
    ours = {**PLAIN, **variables, "__chatwoot_managed": True, "chatwoot_administrator": {"email": "desk@agency.example"}}
    assert templated(options["limits"], **ours) == {"agents": 4}
    assert templated(options["features"], **ours, chatwoot_features={"labels": False}) == {"labels": False}
    own = {**PLAIN, **variables, "__chatwoot_managed": False}
    # On a client's own nothing is said of the account itself.
    silent = {option for option in options if templated(options[option], **own) == "(left out)"}
    assert silent == {"account_id", "name", "locale", "limits", "features", "licensed", "administrator", "bot"}
    changed = [{"step": "desk", "changed": True}]
    for steps, managed, come in (([], True, False), (changed, True, True), (changed, False, False)):
        given = {**own, "__chatwoot_managed": managed, "__chatwoot_steps": steps}
        assert templated(options["server_to_come"], **given) is come


@pytest.mark.parametrize("file", ONLY)
def test_who_is_about_one_thing_says_nothing_of_another(file: str) -> None:
    (options,) = [case.values[2] for case in tasks(file) if case.values[1] == "chatwoot_tenant"]
    assert set(options) == ONLY[file]


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("bot", {"bot_status": "suspended", "bot_reason": "by hand"}),
        ("account", {"status": "suspended"}),
        ("none", {"status": "active", "bot_status": "active"}),
    ],
)
def test_what_a_suspension_is_of(said: str, given: dict[str, str]) -> None:
    ((_file, _module, options, _variables),) = [case.values for case in tasks("suspend")]
    found = {name: templated(value, chatwoot_suspend=said) for name, value in options.items() if name not in ("tenant", "account_id")}
    assert {name: value for name, value in found.items() if value != "(left out)"} == given
    assert templated(options["bot_reason"], chatwoot_suspend="bot", chatwoot_reason="why") == "why"


@pytest.mark.parametrize(("said", "renew"), [("on_create", False), ("always", True)])
def test_secrets_are_written_anew_where_that_is_wanted(said: str, renew: bool) -> None:
    ((_file, _module, options, variables),) = [case.values for case in tasks("secrets")]
    found = {name: templated(value, **variables, chatwoot_update_secrets=said) for name, value in options.items()}
    assert (found["renew"], found["set"], found["namespace"]) == (renew, "desk-acme-secrets", "client-acme")
    assert found["namespaces_to_come"] == ["client-acme"]


def test_an_end_goes_part_by_part_and_leaves_the_namespace_until_it_is_named() -> None:
    (block,) = load("chatwoot", "tasks/remove.yml")
    variables = {**PLAIN, **block["vars"], "__chatwoot_there": {"objects": [1]}}
    loops = [[one["part"] for one in templated(task["loop"], **variables)] for task in block["block"] if "loop" in task]
    assert loops == [["watch", "entrance", "desk"], ["backup", "migration", "databases", "keys"]]
    titles = [task["name"] for task in block["block"]]
    order = ("It is this client", "Look whether", "Save it", "Nobody reaches", "Save what", "The rest goes", "Its namespace", "The bucket")
    assert [title for title in titles if title.startswith(order)] == [title for title in titles if title != "Leave it for the summary"]
    (gone,) = [task for task in block["block"] if task["name"].startswith("Its namespace")]
    options = gone["bluegreen.orchestrator.kubernetes_manifests"]
    assert templated(options["set"], **variables) == "desk-acme-place"
    assert [templated(one["metadata"]["name"], **variables) for one in options["manifests"]] == ["client-acme"]
    assert (options["state"], options["with_namespaces"]) == ("absent", True)
    for title, conditions in (
        ("Save it", "not chatwoot_without_backup"),
        ("Its namespace", "chatwoot_delete_data"),
        ("The bucket", "delete_data"),
    ):
        assert [conditions in str(task["when"]) for task in block["block"] if task["name"].startswith(title)] == [True]
