# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says of a client's account: limits and features, and each refusal; and which Secrets its pods want."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _desk_secrets
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_account import account_of, refuse_without_token
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_app import AFTER, migration
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_args import desk_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._desk_filters import (
    desk_account,
    desk_features,
    desk_own_refusals,
    desk_switches,
)
from tests.unit.desk_cases import EXTERNAL, desk

OURS = {"administrator": {"email": "desk@agency.example"}}
OWN = {"client": "wayne", "plan": "self_hosted", "url": "https://chat.wayne.example", "account_id": 7, "has_token": True}


def people(number: int) -> list[dict[str, str]]:
    return [{"email": f"{one}@acme.example"} for one in range(number)]


@pytest.mark.parametrize(("plan", "sold", "agents"), [("starter", 1, 2), ("pro", 3, 4), ("enterprise", 500, None)])
def test_an_account_has_the_agents_of_its_plan_and_one_who_is_ours(plan: str, sold: int, agents: int | None) -> None:
    assert account_of({"plan": plan, **OURS, "agents": people(sold)}, managed=True) == {"limits": {"agents": agents}, "features": {}}


def test_a_plan_that_somebody_sells_besides() -> None:
    extra = {"team": {"based_on": "pro", "agents": 5}}
    assert desk_account({"plan": "team", "plans_extra": extra, **OURS, "agents": people(5)})["limits"] == {"agents": 6}
    # An account of the client's own has no limits of ours.
    assert desk_account({"plan": "self_hosted", "agents": people(50)}, False) == {"limits": {}, "features": {}}


# what is said, whether we run it -> the beginning of the refusal
REFUSED: list[tuple[dict[str, Any], bool, str]] = [
    ({}, True, "chatwoot_plan: not given; write what the client has bought"),
    ({"plan": "gold"}, True, "chatwoot_plan: 'gold' is no plan"),
    (
        {"plan": "self_hosted"},
        True,
        "chatwoot_plan: in the plan self_hosted the client runs Chatwoot; use the playbook chatwoot_self_hosted",
    ),
    ({"plan": "pro"}, False, "chatwoot_plan: in the plan pro we run Chatwoot; use the playbook chatwoot_managed"),
    ({"plan": "pro"}, True, "chatwoot_administrator: not given, and what is in the account"),
    ({"plan": "pro", "administrator": {"name": "A"}}, True, "chatwoot_administrator: not given"),
    ({"plan": "pro", "administrator": "email=a"}, True, "chatwoot_administrator: 'email=a' is no dictionary"),
    ({"plan": "starter", **OURS, "agents": people(2)}, True, "chatwoot_agents: 2 are named, and the plan starter has 1; take some out"),
    ({"plan": "pro", **OURS, "agents": people(4)}, True, "chatwoot_agents: 4 are named, and the plan pro has 3"),
    ({"plan": "pro", **OURS, "agents": "a"}, True, "chatwoot_agents: 'a' is no list"),
    ({"plan": "pro", **OURS, "inboxes": {"a": 1}}, True, "chatwoot_inboxes: "),
    ({"plan": "pro", **OURS, "webhooks": "a"}, True, "chatwoot_webhooks: 'a' is no list"),
    ({"plan": "pro", **OURS, "purge": "agents"}, True, "chatwoot_purge: 'agents' is no list"),
    ({"plan": "pro", **OURS, "bot": "a"}, True, "chatwoot_bot: 'a' is no dictionary"),
    (
        {"plan": "pro", "plans_extra": {"pro": {"bot": {"included": False, "handoff": False}}}, **OURS, "bot": {"name": "b"}},
        *(True, "chatwoot_bot: the plan pro has no bot; take it out"),
    ),
    ({"plan": "pro", **OURS, "features": "a"}, True, "chatwoot_features: 'a' is no dictionary"),
    (
        {"plan": "starter", **OURS, "features": {"sla": True}},
        True,
        "chatwoot_features: 'sla' is not the client's to switch in the plan starter",
    ),
    ({"plan": "pro", **OURS, "features": {"labels": 1}}, True, "chatwoot_features.labels: 1 is neither true nor false"),
]


@pytest.mark.parametrize(("said", "managed", "start"), REFUSED, ids=[f"{number}" for number in range(len(REFUSED))])
def test_what_a_plan_refuses(said: dict[str, Any], managed: bool, start: str) -> None:
    with pytest.raises(InputError) as caught:
        account_of(said, managed=managed)
    assert caught.value.sentence.startswith(start), caught.value.sentence
    assert caught.value.sentence.endswith(".")
    with pytest.raises(AnsibleFilterError):
        desk_account(said, managed)


@pytest.mark.parametrize(
    ("plan", "feature", "remedy"),
    [
        ("starter", "campaigns", "it is from pro on, so take it out, or sell that plan"),
        ("starter", "sla", "it is from enterprise on"),
        ("pro", "sla", "it is from enterprise on"),
        ("pro", "nonsense", "there are auto_resolve_conversations, canned_responses"),
        ("self_hosted", "nonsense", "there is none, for Chatwoot is the client's own"),
        ("self_hosted", "sla", "it is from enterprise on"),
    ],
)
def test_a_feature_that_is_not_the_clients_names_the_plan_that_has_it(plan: str, feature: str, remedy: str) -> None:
    with pytest.raises(
        AnsibleFilterError, match=f"chatwoot_features: '{feature}' is not the client's to switch in the plan {plan}; {remedy}"
    ):
        desk_features({"plan": plan, "features": {feature: True}})


def test_the_features_that_are_switched_are_told_in_order() -> None:
    assert desk_features({"plan": "pro", "features": {"labels": False, "campaigns": True}}) == {"campaigns": True, "labels": False}
    (said,) = desk_switches([{"features": ["labels", "sla"]}], {"client": "acme", "plan": "starter", "features": {"labels": False}})
    assert said["title"] == "Features of acme"
    assert said["lines"][0] == "on: labels"
    assert "sla" not in " ".join(said["lines"]), "it is not the client's to switch"
    assert said["lines"][2] == "declared: labels off"
    (none,) = desk_switches([], {"client": "wayne", "plan": "self_hosted"})
    assert none["lines"] == ["the plan self_hosted has none to switch"]
    (blank,) = desk_switches([], {"client": "acme", "plan": "starter"})
    assert [line.partition(":")[0] for line in blank["lines"]] == ["off"]


@pytest.mark.parametrize("name", ["administrator", "agents", "bot", "inboxes", "webhooks", "features"])
def test_what_only_a_token_could_hold_is_refused_without_one(name: str) -> None:
    with pytest.raises(InputError, match=f"chatwoot_platform_token: not given, and chatwoot_{name} cannot be held .* or take that out"):
        refuse_without_token({"plan": "pro", name: {"a": 1}}, token=False)
    refuse_without_token({"plan": "pro", name: {}}, token=False)


def test_two_things_that_only_a_token_could_hold() -> None:
    with pytest.raises(InputError, match=r"chatwoot_agents, chatwoot_bot cannot be held .* or take these out"):
        refuse_without_token({"plan": "pro", "agents": [1], "bot": {"a": 1}}, token=False)


# of a client's own Chatwoot, what is said -> the beginnings of what is wrong
OWN_WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"bot": {"name": "b"}, "agents": people(9)}, []),
    ({"url": ""}, ["chatwoot_api.url: not given; write the address of the client's Chatwoot"]),
    ({"account_id": 0}, ["chatwoot_account_id: not given; write the number of the account"]),
    ({"has_token": False}, ["chatwoot_admin_token: not given; give the token of one of its administrators"]),
    ({"client": "Wayne"}, ["chatwoot_client: 'Wayne' cannot be the id"]),
    ({"plan": "pro"}, ["chatwoot_plan: in the plan pro we run Chatwoot"]),
    ({"plan": None, "url": None, "client": ""}, ["chatwoot_api.url: not given", "chatwoot_client: ''", "chatwoot_plan: not given"]),
    ({"agents": "a"}, ["chatwoot_agents: 'a' is no list"]),
]


@pytest.mark.parametrize(("said", "starts"), OWN_WRONG, ids=[str(number) for number in range(len(OWN_WRONG))])
def test_a_clients_own_chatwoot(said: dict[str, Any], starts: list[str]) -> None:
    found = desk_own_refusals({**OWN, **said})
    assert [sentence for sentence, start in zip(found, starts, strict=True) if not sentence.startswith(start)] == []
    assert desk_own_refusals(OWN, ["chatwoot_accountid"], ["chatwoot_account_id"])[0].startswith("chatwoot_accountid: no variable of")


NAMES = {
    "chatwoot-files": ("STORAGE_ACCESS_KEY_ID", "STORAGE_SECRET_ACCESS_KEY"),
    "chatwoot-backup": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RESTIC_PASSWORD"),
}
MAIL = {"chatwoot-mail": ("SMTP_PASSWORD", "SMTP_USERNAME")}
PLATFORM = {"platform": True, **OURS}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, {**NAMES, **MAIL}),
        ({"mail": {}, "admin_email": ""}, NAMES),
        (PLATFORM, {**NAMES, **MAIL, "chatwoot-platform": ("DESK_PLATFORM_TOKEN",)}),
        (EXTERNAL, {**NAMES, **MAIL, "acme-db": ("POSTGRES_PASSWORD",), "acme-cache": ("REDIS_PASSWORD",)}),
        (
            {**EXTERNAL, "redis": {**EXTERNAL["redis"], "secret": "acme-db"}},
            {**NAMES, **MAIL, "acme-db": ("POSTGRES_PASSWORD", "REDIS_PASSWORD")},
        ),
        ({"env_from": ["more"], "pull_secrets": ["registry"]}, {**NAMES, **MAIL, "more": (), "registry": ()}),
        ({"env_from": ["chatwoot-mail"]}, {**NAMES, **MAIL}),
    ],
)
def test_which_secrets_its_pods_want(said: dict[str, Any], wanted: dict[str, tuple[str, ...]]) -> None:
    found = desk_of(desk(**said))
    assert _desk_secrets.needed(found) == wanted
    assert _desk_secrets.brought_by_others(found) == sorted(wanted)
    given = desk_of(desk(**said, secrets={name: list(keys) or ["ANY"] for name, keys in wanted.items()}))
    assert _desk_secrets.brought_by_others(given) == []


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, keys in {**NAMES, **MAIL}.items() for key in keys])
def test_a_secret_without_a_key_that_pods_read_is_refused(name: str, key: str) -> None:
    keys = [one for one in {**NAMES, **MAIL}[name] if one != key]
    with pytest.raises(InputError, match=rf"chatwoot_secrets\.{name}: {key} is missing; pods read that from it"):
        desk_of(desk(secrets={name: keys}))


def test_the_migration_sets_the_token_where_there_is_one() -> None:
    """The one place that makes it valid: without these lines the first run would end with a 401."""
    for line in ('ENV.fetch("DESK_PLATFORM_TOKEN", "")', "PlatformApp.find_or_create_by!", "access_token.update!(token: token)"):
        assert line in AFTER

    def environment(**said: Any) -> dict[str, Any]:
        (job,) = migration(desk_of(desk(**said)))
        (container,) = job["spec"]["template"]["spec"]["containers"]
        return {one["name"]: one for one in container["env"]}

    assert environment(**PLATFORM)["DESK_PLATFORM_TOKEN"]["valueFrom"] == {
        "secretKeyRef": {"name": "chatwoot-platform", "key": "DESK_PLATFORM_TOKEN"}
    }
    assert environment(**PLATFORM)["DESK_AFTER"]["value"] == AFTER.strip()
    assert "DESK_PLATFORM_TOKEN" not in environment()
