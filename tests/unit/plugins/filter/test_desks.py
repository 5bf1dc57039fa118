# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role chatwoot hands to the filters, and what comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._desk_filters import (
    desk_conflicts,
    desk_part,
    desk_refusals,
    desk_words,
)
from tests.unit.desk_cases import EXTERNAL, desk

ADMIN = {"email": "desk@agency.example"}
NO_BOT = {"included": False, "handoff": False}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"client": "Acme"}, "chatwoot_client: 'Acme' cannot be the id of a client; use up to 40"),
    ({"client": "a" * 41}, "chatwoot_client: 'aaa"),
    ({"plan": ""}, "chatwoot_plan: the client has bought no plan"),
    ({"plan": "gold"}, "chatwoot_plan: 'gold' is no plan; there are starter, pro, enterprise, self_hosted, and chatwoot_plans_extra"),
    ({"plan": "self_hosted"}, "chatwoot_plan: in the plan self_hosted the client runs Chatwoot"),
    ({"plans_extra": {"team": {"agents": 5}}}, "chatwoot_plans_extra.team.based_on: a new plan says on which one"),
    ({"pods": {"web": {"least": 0}}}, "chatwoot_pods.web.least: 0 cannot be; give 1 to 100"),
    ({"pods": {"web": {"least": 3, "most": 2}}}, "chatwoot_pods.web.most: 2 is less than least (3)"),
    ({"pods": {"redis": {}}}, "chatwoot_pods: 'redis' is not known here; there are web, worker"),
    (
        {"resources": {"web": {"limits": {"memory": "100Mi"}}}},
        "chatwoot_resources.web.requests.memory: 1000Mi is more than the limit",
    ),
    ({"resources": {"web": {"limits": {"cpu": "much"}}}}, "chatwoot_resources.web.limits.cpu: "),
    ({"resources": {"nginx": {}}}, "chatwoot_resources: 'nginx' is not known here"),
    ({"node_pool": {"pool": "acme"}}, "chatwoot_node_pool: the plan pro shares its nodes"),
    ({"plan": "enterprise", "node_pool": {"pool": True}}, "chatwoot_node_pool: 'pool' with True is no label"),
    ({"region": "EU west"}, "chatwoot_region: 'EU west' is no name of Kubernetes"),
    ({"locale": "french"}, "chatwoot_locale: 'french' is no language"),
    ({"admin_email": "me"}, "chatwoot_admin_email: 'me' is no address"),
    ({"mail": {}}, "chatwoot_mail: not given, and chatwoot_admin_email chooses the password by mail"),
    ({"env": {"FRONTEND_URL": "https://x.example"}}, "chatwoot_env: FRONTEND_URL is set by the role"),
    ({"env": {"SECRET_KEY_BASE": "x"}}, "chatwoot_env: SECRET_KEY_BASE is set by the role"),
    ({"env": {"LOG_LEVEL": 1}}, "chatwoot_env: the value of LOG_LEVEL is no text"),
    ({"env": {"a b": "1"}}, "chatwoot_env: 'a b' cannot name a variable"),
    ({"env_from": ["A"]}, "chatwoot_env_from: 'A' is no name of an object"),
    ({"domain": ""}, "chatwoot_domain: '' is no host name"),
    ({"host": "https://x.example"}, "chatwoot_host: 'https://x.example' is no host name"),
    ({"entrypoints": ["a b"]}, "chatwoot_entrypoints: 'a b' is no entry point"),
    ({"issuer": {"name": "x", "kind": "Vault"}}, "chatwoot_issuer.kind: 'Vault' is no issuer"),
    ({"image": "chatwoot/chatwoot"}, "chatwoot_image: 'chatwoot/chatwoot' names no version"),
    ({"redis_image": ""}, "chatwoot_redis_image: '' names no version"),
    ({"pull_secrets": ["A"]}, "chatwoot_pull_secrets: 'A' is no name"),
    ({"database": {"host": "db.example.com"}}, "chatwoot_database.secret: not given; name the Secret"),
    ({"database": {"secret": "x"}}, "chatwoot_database.secret: x is for a server elsewhere"),
    ({"database": {"storage": "much"}}, "chatwoot_database.storage: "),
    ({"database": {"port": 0}}, "chatwoot_database.port: 0 cannot be"),
    ({"database": {"name": "a b"}}, "chatwoot_database.name: 'a b' is no name of PostgreSQL"),
    ({"database": {"user": "Chatwoot"}}, "chatwoot_database.user: 'Chatwoot' is no name of PostgreSQL"),
    ({"database": {"url": "x"}}, "chatwoot_database: 'url' is not known here"),
    ({"redis": {"url": "redis://:very-secret@cache:6379", "secret": "x"}}, "chatwoot_redis.url: it is not of the form"),
    ({"redis": {"url": "redis://cache:6379"}}, "chatwoot_redis.secret: not given"),
    ({"files": {}}, "chatwoot_files.endpoint: not given"),
    ({"files": {"endpoint": "https://me:very-secret@s3.example"}}, "chatwoot_files.endpoint: it is not of the form"),
    ({"files": {"endpoint": "https://s3.example:99999"}}, "chatwoot_files.endpoint: it is not of the form"),
    ({"files": {"endpoint": "https://s3.example:abc"}}, "chatwoot_files.endpoint: it is not of the form"),
    ({"files": {"endpoint": "http://s3.example:0"}}, "chatwoot_files.endpoint: it is not of the form"),
    ({"backup": {"endpoint": "https://[::1"}}, "chatwoot_backup.endpoint: it is not of the form"),
    ({"redis": {"url": "rediss://cache.example:99999/0", "secret": "x"}}, "chatwoot_redis.url: it is not of the form"),
    ({"files": {"endpoint": "https://s3.example", "key": "x"}}, "chatwoot_files: 'key' is not known here"),
    ({"mail": {"host": "m.example.com"}}, "chatwoot_mail.sender: '' is no sender"),
    ({"mail": {"host": "m.example.com", "sender": "a@b.example", "authentication": "oauth"}}, "chatwoot_mail.authentication: 'oauth'"),
    ({"mail": {"host": "m.example.com", "sender": "a@b.example", "port": 0}}, "chatwoot_mail.port: 0 cannot be"),
    ({"backup": {"schedule": "daily"}}, "chatwoot_backup.schedule: 'daily' is no schedule"),
    ({"backup": {"keep_days": 0}}, "chatwoot_backup.keep_days: 0 cannot be"),
    ({"backup": {"bucket": "chatwoot-acme"}}, "chatwoot_backup.bucket: chatwoot-acme is the bucket of its files, too"),
    ({"ingress_namespaces": ["Traefik"]}, "chatwoot_ingress_namespaces: 'Traefik' is no name"),
    ({"egress_outside_ports": [0]}, "chatwoot_egress_outside_ports: 0 cannot be"),
    ({"egress_ports": ["x"]}, "chatwoot_egress_ports: 'x' is no whole number"),
    ({"egress_networks": [{"cidr": "0.0.0.0/0", "ports": [1]}]}, "chatwoot_egress_networks.cidr: 0.0.0.0/0 is everybody"),
    ({"egress_networks": [{"cidr": "x", "ports": [1]}]}, "chatwoot_egress_networks.cidr: 'x' is no network"),
    ({"egress_networks": [{"cidr": "10.0.0.0/8"}]}, "chatwoot_egress_networks.ports: no port is named"),
    ({"api_ports": []}, "chatwoot_api_ports: no port is named"),
    ({"monitoring": "perhaps"}, "chatwoot_monitoring: 'perhaps' is neither true nor false"),
    ({"monitoring_namespaces": ["A"]}, "chatwoot_monitoring_namespaces: 'A' is no name"),
    ({"monitoring_labels": {"release": None}}, "chatwoot_monitoring_labels: 'release' with None is no label"),
    ({"secrets": {"chatwoot-keys": ["A"]}}, "chatwoot_secrets: chatwoot-keys is made within the cluster, once"),
    ({"secrets": {"A_b": ["A"]}}, "chatwoot_secrets: 'A_b' is no name of an object"),
    ({"secrets": {"chatwoot-mail": ["SMTP_USERNAME"]}}, "chatwoot_secrets.chatwoot-mail: SMTP_PASSWORD is missing; pods read"),
    ({"secrets": {"chatwoot-backup": ["RESTIC_PASSWORD"]}}, "chatwoot_secrets.chatwoot-backup: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"),
    (
        {
            "files": {"endpoint": "https://s3.example", "secret": "one"},
            "backup": {"secret": "one"},
            "secrets": {"one": ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RESTIC_PASSWORD"]},
        },
        "chatwoot_secrets.one: STORAGE_ACCESS_KEY_ID, STORAGE_SECRET_ACCESS_KEY are missing; pods read",
    ),
    ({"bot": {"name": "b"}}, "chatwoot_platform_token: not given, and chatwoot_bot cannot be held without it"),
    ({"platform": True}, "chatwoot_administrator: not given, and what is in the account is made by the token"),
    ({"platform": True, "administrator": ADMIN, "agents": [{}] * 4}, "chatwoot_agents: 4 are named, and the plan pro has 3"),
    ({"platform": True, "administrator": ADMIN, "features": {"sla": True}}, "chatwoot_features: 'sla' is not the client's to switch in"),
    ({"platform": True, "administrator": ADMIN, "features": {"labels": "no"}}, "chatwoot_features.labels: 'no' is neither true nor false"),
    (
        {
            "platform": True,
            "administrator": ADMIN,
            "plans_extra": {"pro": {"bot": {"included": False, "handoff": False}}},
            "bot": {"name": "b"},
        },
        "chatwoot_bot: the plan pro has no bot",
    ),
]


def test_what_is_well_is_not_refused() -> None:
    assert desk_refusals(desk()) == []
    assert desk_refusals(desk(**EXTERNAL)) == []
    assert desk_refusals(desk(plan="enterprise", node_pool={"agency.example/pool": "acme"}, region="eu-west-1", monitoring="no")) == []


@pytest.mark.parametrize(
    ("said", "start"), WRONG, ids=[f"{start.partition(':')[0]} {number}" for number, (_said, start) in enumerate(WRONG)]
)
def test_what_cannot_work_is_refused_once(said: dict[str, Any], start: str) -> None:
    (sentence,) = desk_refusals(desk(**said))
    assert sentence.startswith(start), sentence
    assert sentence.endswith(".")
    assert "very-secret" not in sentence


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = desk_refusals(desk(domain="x", image="chatwoot", database={"secret": "x"}))
    assert [sentence.partition(":")[0] for sentence in found] == ["chatwoot_image", "chatwoot_database.secret", "chatwoot_domain"]


def test_a_variable_that_nobody_reads() -> None:
    (sentence,) = desk_refusals(desk(), ["chatwoot_domian", "chatwoot_plan"], ["chatwoot_domain", "chatwoot_plan"])
    assert sentence.startswith("chatwoot_domian: no variable of a Chatwoot is called that; chatwoot_domain comes nearest")


def test_a_text_is_no_list_and_no_dictionary() -> None:
    """Ansible's check of a role takes it for one, and then hands it over as it is."""
    path = Path(__file__).parents[4] / "roles" / "chatwoot" / "meta" / "argument_specs.yml"
    options = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
    # What the modules look at themselves.
    handed_on = {"chatwoot_cluster", "chatwoot_storage", "chatwoot_storage_keys", "chatwoot_api"}
    for name, option in options.items():
        if option["type"] in ("list", "dict") and name not in handed_on:
            found = desk_refusals(desk(**{"platform": True, "administrator": ADMIN, name.removeprefix("chatwoot_"): "x=y"}))
            assert any(sentence.startswith(f"{name}: ") for sentence in found), (name, found)


def test_a_part_that_is_none_and_one_that_cannot_be() -> None:
    with pytest.raises(AnsibleFilterError, match="'billing' is no part of a Chatwoot; there are place, keys"):
        desk_part(desk(), "billing")
    with pytest.raises(AnsibleFilterError, match="chatwoot_domain: 'x' is no host name"):
        desk_part(desk(domain="x"), "entrance")
    with pytest.raises(AnsibleFilterError, match="chatwoot_domain: 'x' is no host name"):
        desk_words(desk(domain="x"))


def test_a_part_is_what_the_module_takes() -> None:
    found = desk_part(desk(), "entrance")
    assert (found["set"], found["namespaces"], found["host"]) == ("desk-acme-entrance", ["client-acme"], "chat-acme.agency.example")
    assert [one["name"] for one in desk_part(desk(), "storage")["buckets"]] == ["chatwoot-acme", "chatwoot-acme-backup"]


def test_what_the_end_of_a_run_tells() -> None:
    given = {"chatwoot-files": ["STORAGE_ACCESS_KEY_ID", "STORAGE_SECRET_ACCESS_KEY"], "chatwoot-mail": ["SMTP_USERNAME", "SMTP_PASSWORD"]}
    said = desk(platform=True, administrator=ADMIN, secrets={**given, "chatwoot-platform": ["DESK_PLATFORM_TOKEN"]})
    ready, times, message = desk_words(said, True, 100.0, [{"step": "place", "at": 100.5}, {"step": "keys", "at": 104.0}])
    assert ready["title"] == "Chatwoot of acme"
    assert ready["lines"] == [
        "Your Chatwoot is ready at https://chat-acme.agency.example",
        "Secrets that you bring into client-acme yourself: chatwoot-backup; pods wait for them",
    ]
    assert times["lines"] == ["4.0 s in all", "place 0.5 s, keys 3.5 s"]
    # The seed's own sentence.
    assert message["lines"][0] == "Objet : Votre Chatwoot est prêt : https://chat-acme.agency.example"
    assert any("owner@agency.example" in line for line in message["lines"])
    assert not any("owner@" in line for line in desk_words(desk(admin_email=""), True)[2]["lines"])
    assert [any("invitation" in line for line in desk_words(said, True, 0, [], invited)[2]["lines"]) for invited in (True, False)] == [
        True,
        False,
    ]


def test_nothing_is_told_to_a_client_before_it_answers() -> None:
    (only,) = desk_words(desk())
    assert only["lines"] == [
        "it is to be at https://chat-acme.agency.example; whether it answers was not asked",
        "Secrets that you bring into client-acme yourself: chatwoot-backup, chatwoot-files, chatwoot-mail; pods wait for them",
        "no chatwoot_platform_token is given, so its account, people and bot are made by hand",
    ]


class Broken(dict[str, Any]):
    """Variables of a host of which one is a template that cannot be read."""

    def get(self, key: str, default: Any = None) -> Any:
        """Fail as Ansible does."""
        if key == "chatwoot_domain":
            raise AnsibleError("'agency' is undefined")
        return super().get(key, default)


def test_one_id_on_one_cluster_and_one_name_for_all() -> None:
    hosts: dict[str, dict[str, Any]] = {
        "a": {"chatwoot_cluster": {"context": "paris"}, "chatwoot_domain": "agency.example"},
        "b": Broken(chatwoot_cluster={"context": "paris"}, chatwoot_client="a"),
        "c": {"chatwoot_cluster": {"context": "virginia"}, "chatwoot_host": "Chat-a.agency.example"},
        "d": {"chatwoot_cluster": {"context": "virginia"}, "chatwoot_client": "a", "chatwoot_domain": "other.example"},
        "e": {"chatwoot_cluster": "no dictionary"},
        "f": {},
    }
    found = desk_conflicts(list(hosts), hosts)
    assert found == {
        "a": (
            "chatwoot_client: 'a' is the id of a and b on one cluster, so each run would replace the other's; rename one."
            " chatwoot_host: 'chat-a.agency.example' is where a and c would be found; a name can lead to one only."
        ),
        "b": "chatwoot_client: 'a' is the id of a and b on one cluster, so each run would replace the other's; rename one.",
        "c": "chatwoot_host: 'chat-a.agency.example' is where a and c would be found; a name can lead to one only.",
    }
