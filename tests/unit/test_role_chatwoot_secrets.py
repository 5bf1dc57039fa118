# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator of a Chatwoot gives that nobody else may know: which Secrets it becomes, and what cannot become one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._desk_filters import desk_dictionary, desk_refusals, desk_secrets
from tests.unit.desk_cases import desk
from tests.unit.test_role_chatwoot import templated
from tests.unit.test_role_expressions import load

CANARY = "canary-c0ffee-0451"
KEYS = {use: {"key": f"acme-{use}", "secret_key": f"{CANARY}-{use}"} for use in ("files", "backup")}
FILES = {"STORAGE_ACCESS_KEY_ID": "acme-files", "STORAGE_SECRET_ACCESS_KEY": f"{CANARY}-files"}
BACKUP = {"AWS_ACCESS_KEY_ID": "acme-backup", "AWS_SECRET_ACCESS_KEY": f"{CANARY}-backup", "RESTIC_PASSWORD": CANARY}
MAIL = {"chatwoot-mail": {"SMTP_USERNAME": "post", "SMTP_PASSWORD": CANARY}}


def worked_out(name: str, **variables: Any) -> Any:
    """What the role makes of its variables."""
    return templated(load("chatwoot", "vars/main.yml")[name], **variables)


# what is said -> Secrets
GIVEN: list[tuple[str, dict[str, Any], dict[str, dict[str, str]]]] = [
    ("nothing", {}, {}),
    ("nulls", dict.fromkeys(("secrets", "storage_keys", "backup_password", "platform_token", "files", "backup")), {}),
    ("the files' key", {"storage_keys": {"files": KEYS["files"]}}, {"chatwoot-files": FILES}),
    ("the backup's key and password", {"storage_keys": {"backup": KEYS["backup"]}, "backup_password": CANARY}, {"chatwoot-backup": BACKUP}),
    ("a backup without its password", {"storage_keys": {"backup": KEYS["backup"]}}, {}),
    ("a password without a key", {"backup_password": CANARY}, {}),
    ("a key that somebody else has made", {"storage_keys": {"files": {"key": "theirs"}}}, {}),
    ("the token", {"platform_token": CANARY}, {"chatwoot-platform": {"DESK_PLATFORM_TOKEN": CANARY}}),
    ("a token of digits", {"platform_token": 12345678}, {"chatwoot-platform": {"DESK_PLATFORM_TOKEN": "12345678"}}),
    ("other Secrets", {"secrets": MAIL}, MAIL),
    ("names of their own", {"storage_keys": {"files": KEYS["files"]}, "files": {"secret": "mine"}}, {"mine": FILES}),
    (
        "one name for both",
        {"storage_keys": KEYS, "backup_password": CANARY, "files": {"secret": "mine"}, "backup": {"secret": "mine"}},
        {"mine": {**FILES, **BACKUP}},
    ),
    (
        "the platform's name for the files' key",
        {"storage_keys": {"files": KEYS["files"]}, "platform_token": CANARY, "files": {"secret": "chatwoot-platform"}},
        {"chatwoot-platform": {**FILES, "DESK_PLATFORM_TOKEN": CANARY}},
    ),
    (
        "more of one that is made",
        {"storage_keys": {"files": KEYS["files"]}, "secrets": {"chatwoot-files": {"MORE": "1", "STORAGE_ACCESS_KEY_ID": "other"}}},
        {"chatwoot-files": {**FILES, "MORE": "1", "STORAGE_ACCESS_KEY_ID": "other"}},
    ),
]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"secrets": f"a={CANARY}"}, "chatwoot_secrets: it is no dictionary; write names of Secrets with"),
    ({"secrets": [CANARY]}, "chatwoot_secrets: it is no dictionary"),
    ({"secrets": {"mail": CANARY}}, "chatwoot_secrets.mail: it is no dictionary with anything in it"),
    ({"secrets": {"mail": None}}, "chatwoot_secrets.mail: it is no dictionary with anything in it"),
    ({"secrets": {"mail": {}}}, "chatwoot_secrets.mail: it is no dictionary with anything in it"),
    ({"secrets": {"mail": [CANARY]}}, "chatwoot_secrets.mail: it is no dictionary with anything in it"),
    ({"secrets": {"mail": {"a": [CANARY]}}}, "chatwoot_secrets.mail.a: the value is empty or no text; give it in quotes"),
    ({"secrets": {"mail": {"a": None}}}, "chatwoot_secrets.mail.a: the value is empty or no text"),
    ({"secrets": {"mail": {"a": True}}}, "chatwoot_secrets.mail.a: the value is empty or no text"),
    ({"secrets": {"mail": {"a b": CANARY}}}, "chatwoot_secrets.mail: 'a b' cannot be a key"),
    ({"secrets": {"A_b": {"a": CANARY}}}, "chatwoot_secrets: 'A_b' cannot be the name of a Secret"),
    ({"storage_keys": f"files={CANARY}"}, "chatwoot_storage_keys: it is no dictionary; write files and backup"),
    ({"storage_keys": {"files": f"secret_key={CANARY}"}}, "chatwoot_storage_keys.files: it is no dictionary; write key and secret_key"),
    ({"storage_keys": {"backup": [CANARY]}}, "chatwoot_storage_keys.backup: it is no dictionary"),
    (
        {"storage_keys": {"files": {"secret_key": CANARY}}},
        "chatwoot_storage_keys.files.key: not given, and secret_key is; write the access",
    ),
    ({"storage_keys": {"files": {"key": "a", "secret_key": {"a": CANARY}}}}, "chatwoot_storage_keys.files.secret_key: it is no text"),
    ({"backup_password": [CANARY]}, "chatwoot_backup_password: it is no text; give it in quotes"),
    ({"backup_password": True}, "chatwoot_backup_password: it is no text"),
    ({"platform_token": {"a": CANARY}}, "chatwoot_platform_token: it is no text"),
    *(
        ({"platform_token": f"{CANARY}{bad}"}, "chatwoot_platform_token: it must be one word of ASCII letters and digits")
        for bad in ("\n", " x", "é", "\x7f")
    ),
]


@pytest.mark.parametrize(("said", "secrets"), [case[1:] for case in GIVEN], ids=[case[0] for case in GIVEN])
def test_what_is_given_becomes_secrets(said: dict[str, Any], secrets: dict[str, dict[str, str]]) -> None:
    found = desk_secrets(said)
    assert (found["secrets"], found["problems"]) == (secrets, [])
    assert found["names"] == {name: sorted(values) for name, values in secrets.items()}


@pytest.mark.parametrize(("said", "start"), WRONG, ids=[f"{number} {start.partition(':')[0]}" for number, (_, start) in enumerate(WRONG)])
def test_what_cannot_be_a_secret_is_said_once_and_without_a_value(said: dict[str, Any], start: str) -> None:
    found = desk_secrets(said)
    (sentence,) = found["problems"]
    assert sentence.startswith(start), sentence
    assert sentence.endswith(".")
    assert CANARY not in json.dumps([found["problems"], found["names"]])
    # And by the role, before it asks anybody.
    assert sentence in desk_refusals(desk(secrets=found["names"], secret_problems=found["problems"]))


def test_all_that_is_wrong_with_them_is_said_at_once() -> None:
    found = desk_secrets({"secrets": {"a": None, "b": None}, "platform_token": []})
    assert [one.partition(":")[0] for one in found["problems"]] == ["chatwoot_platform_token", "chatwoot_secrets.a", "chatwoot_secrets.b"]
    assert set(found["problems"]) <= set(desk_refusals(desk(secrets={}, secret_problems=found["problems"])))


def test_the_role_hands_each_variable_to_its_secret() -> None:
    variables = {
        "chatwoot_storage_keys": KEYS,
        "chatwoot_backup_password": CANARY,
        "chatwoot_platform_token": f"{CANARY}-token",
        "chatwoot_secrets": MAIL,
        "chatwoot_backup": {"secret": "mine"},
    }
    assert worked_out("__chatwoot_secrets", **variables) == {
        "chatwoot-files": FILES,
        "mine": BACKUP,
        "chatwoot-platform": {"DESK_PLATFORM_TOKEN": f"{CANARY}-token"},
        **MAIL,
    }
    said = worked_out("__chatwoot_said", **variables)
    assert said["secrets"]["mine"] == sorted(BACKUP)
    assert CANARY not in json.dumps(said)


@pytest.mark.parametrize(("token", "there"), [("x", True), (7, True), ("", False), (None, False), (0, False), ([], False)])
def test_a_token_of_any_type_is_there_or_not(token: Any, there: bool) -> None:
    assert worked_out("__chatwoot_said", chatwoot_platform_token=token)["platform"] is there
    assert worked_out("__chatwoot_account_said", chatwoot_admin_token=token)["has_token"] is there


def test_how_its_api_is_reached() -> None:
    def api(**variables: Any) -> Any:
        return worked_out("__chatwoot_api", **{f"chatwoot_{name}": value for name, value in variables.items()})

    assert api() == {"url": "https://chat-acme.agency.example"}
    assert api(host="desk.acme.example") == {"url": "https://desk.acme.example"}
    assert api(platform_token="p", admin_token="a") == {
        "url": "https://chat-acme.agency.example",
        "platform_token": "p",
        "admin_token": "a",
    }
    assert api(api={"url": "http://a:1", "validate_certs": False}) == {"url": "http://a:1", "validate_certs": False}
    # One word for the token, wherever it is looked for.
    assert api(api={"platform_token": "theirs"}, platform_token="ours")["platform_token"] == "ours"
    assert api(api=None, platform_token=None) == {"url": "https://chat-acme.agency.example"}
    with pytest.raises(Exception, match="chatwoot_api: it is no dictionary; write names with their values below it") as caught:
        api(api=f"url=https://me:{CANARY}@x")
    assert CANARY not in str(caught.value)


def test_a_dictionary_is_one() -> None:
    assert desk_dictionary(None, "x") == desk_dictionary({}, "x") == {}
