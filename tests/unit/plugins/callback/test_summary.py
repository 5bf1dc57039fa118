# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command that the summary prints: it applies, and holds no value that could be a secret."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.callback.summary import CallbackModule, _lasting, _section, _told
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _command
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._command import apply_command, program, take_back_command
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._run import in_inventory, one_line, place_of, printable, subject

CASES: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"args": ["play.yml"]}, "ansible-playbook play.yml -e dry_run=false", []),
    ({"args": ["a.yml", "b c.yml"]}, "ansible-playbook a.yml 'b c.yml' -e dry_run=false", []),
    (
        {"args": ["p"], "inventory": ["/srv/inv", "h,"], "subset": "a:&b"},
        "ansible-playbook p -i /srv/inv -i h, --limit 'a:&b' -e dry_run=false",
        [],
    ),
    ({"args": ["p"], "tags": ["all"]}, "ansible-playbook p -e dry_run=false", []),
    ({"args": ["p"], "tags": ["x"], "skip_tags": ["y"]}, "ansible-playbook p --tags x --skip-tags y -e dry_run=false", []),
    ({"args": ["p"], "check": True}, "ansible-playbook p -e dry_run=false", []),
    (
        {"args": ["p"], "ask_vault_pass": True, "vault_ids": ["dev@f"]},
        "ansible-playbook p --vault-id dev@f --ask-vault-pass -e dry_run=false",
        [],
    ),
    ({"args": ["p"], "extra_vars": ["@secrets.yml"]}, "ansible-playbook p -e @secrets.yml -e dry_run=false", []),
    (
        {"args": ["p"], "extra_vars": ["dry_run=true bluegreen_target=blue"]},
        "ansible-playbook p -e bluegreen_target=blue -e dry_run=false",
        [],
    ),
    (
        {"args": ["p"], "extra_vars": ["bluegreen_image=shop:2 bluegreen_take_over=true", '{"bluegreen_canary_steps": [10, 50]}']},
        (
            "ansible-playbook p -e bluegreen_image=shop:2 -e bluegreen_take_over=true"
            """ -e '{"bluegreen_canary_steps": [10, 50]}' -e dry_run=false"""
        ),
        [],
    ),
    (
        {"args": ["p"], "extra_vars": ["bluegreen_canary_steps='[10, 50]'", '{"bluegreen_image": null, "bluegreen_target": "a b=c"}']},
        (
            """ansible-playbook p -e '{"bluegreen_canary_steps": "[10, 50]"}' -e '{"bluegreen_image": null}'"""
            """ -e '{"bluegreen_target": "a b=c"}' -e dry_run=false"""
        ),
        [],
    ),
    (
        {"args": ["p"], "extra_vars": ["bluegreen_image=ann:hunter2@registry.example/shop:2"]},
        "ansible-playbook p -e bluegreen_image=... -e dry_run=false",
        ["bluegreen_image"],
    ),
    (
        {"args": ["p"], "extra_vars": ["bluegreen_image=registry.example/shop@sha256:0123"]},
        "ansible-playbook p -e bluegreen_image=registry.example/shop@sha256:0123 -e dry_run=false",
        [],
    ),
    ({"args": ["p"], "extra_vars": ["pw=hunter2"]}, "ansible-playbook p -e pw=... -e dry_run=false", ["pw"]),
    ({"args": ["p"], "extra_vars": ['{"pw": "hunter2", "dry_run": true}']}, "ansible-playbook p -e pw=... -e dry_run=false", ["pw"]),
    ({"args": ["p"], "extra_vars": ["{pw: hunter2"]}, "ansible-playbook p -e dry_run=false", []),
]


@pytest.mark.parametrize(("arguments", "command", "withheld"), CASES, ids=[case[1] for case in CASES])
def test_command(arguments: dict[str, Any], command: str, withheld: list[str]) -> None:
    assert apply_command(arguments) == (command, withheld)


def test_a_sentence_is_one_line_without_passwords() -> None:
    assert (
        one_line("  no answer from http://ops:hunter2@127.0.0.1/x\nTraceback: hunter2") == "no answer from http://ops:********@127.0.0.1/x"
    )
    assert one_line("word " * 500).endswith("word …")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "Validation of arguments failed:\na.endpont. Supported parameters include: endpoint\nmore",
            "a.endpont. Supported parameters include: endpoint",
        ),
        (
            "Validation of arguments failed:\nargument 'a' is of type str and we were unable to convert to int: invalid literal: 'hunter2'",
            "argument 'a' is of type str and we were unable to convert to int",
        ),
        ("Validation of arguments failed:", ""),
    ],
)
def test_the_first_of_a_roles_wrong_arguments_is_told_without_its_value(text: str, line: str) -> None:
    assert one_line(text) == f"Validation of arguments failed: {line}".strip()
    assert len(one_line("word " * 500)) <= 600
    held = "acme is being changed by root on web1 (pid 1, for 3 s, at step: soaking)"
    assert one_line(held) == held, "who holds a lock must not be taken for a password"
    assert one_line("") == ""


def test_a_site_is_not_named_twice() -> None:
    sites = {"a": ["a switched", "applied"], "b": ["b: switched"]}
    assert _told("Changed", sites, 10) == ["  Changed:", "    a switched", "    a: applied", "    b: switched"]


@pytest.mark.parametrize(("count", "last"), [(10, "    site09 switched"), (11, "    and 1 more"), (100, "    and 90 more")])
def test_long_lists_end_with_how_many_more(count: int, last: str) -> None:
    sites = {f"site{number:02}": [f"site{number:02} switched"] for number in range(count)}
    lines = _told("Changed", sites, 10)
    assert lines[-1] == last
    assert len(lines) <= 12


def test_a_table_is_aligned_and_cut() -> None:
    rows = [["acme", "well", 1], ["a-long-name", "nearly full", 12], ["b", "x", 3]]
    section = {"title": "Tenants", "head": ["tenant", "state", "left"], "rows": rows}
    assert _section(section, 2) == [
        "  Tenants:",
        "    tenant       state        left",
        "    acme         well         1",
        "    a-long-name  nearly full  12",
        "    and 1 more",
    ]
    assert _section({**section, "more": "look there"}, 2)[-1] == "    and 1 more; look there"
    assert len(_section(section, 3)) == 5
    assert _section({"title": "Look", "lines": ["a", "b", "c"]}, 2) == ["  Look:", "    a", "    b", "    and 1 more"]
    assert _section({"title": "Look"}, 2) == ["  Look:"]


def test_nothing_of_a_section_steers_the_terminal() -> None:
    hostile = "\x1b[2Jhttp://ops:hunter2@x\n\x9b\u202e"
    told = _section({"title": hostile, "head": [hostile], "rows": [[hostile]], "lines": [hostile]}, 9)
    assert len(told) == 4
    assert all(line.isprintable() and "hunter2" not in line for line in told)
    assert printable("a  b\tc") == "a  b c"


@pytest.mark.parametrize(
    "left", ["text", {"title": "x"}, [{"lines": ["x"]}], [{"title": "x", "head": ["a"], "rows": [["b", "c"]]}], ["x"], 7]
)
def test_what_is_no_section_costs_one_line(monkeypatch: pytest.MonkeyPatch, left: Any) -> None:
    callback = CallbackModule()
    monkeypatch.setattr(callback, "get_option", lambda _name: 10)
    (line,) = callback._left(SimpleNamespace(custom={"_run": {"bluegreen_summary": left}}))
    assert line.startswith("  bluegreen_summary: a play left no list of sections")
    assert callback._left(SimpleNamespace(custom={})) == []


def host(name: str, *groups: str) -> Any:
    return SimpleNamespace(name=name, get_groups=lambda: [SimpleNamespace(name=group) for group in ("all", *groups)])


@pytest.mark.parametrize(
    ("found", "keywords", "place"),
    [
        (host("acme", "sites"), {}, ("site", "acme")),
        (host("acme", "ungrouped"), {}, ("site", "acme")),
        (host("hooli", "paris", "tenants"), {}, ("tenant", "hooli")),
        (host("localhost", "ungrouped"), {}, ("host", "localhost")),
        (host("localhost", "sites"), {}, ("site", "localhost")),
        # What runs once and here is about no host of the inventory; what is done elsewhere for a host is about that host.
        (host("hooli", "tenants"), {"run_once": True, "delegate_to": "localhost"}, ("host", "localhost")),
        (host("hooli", "tenants"), {"run_once": True}, ("tenant", "hooli")),
        (host("hooli", "tenants"), {"delegate_to": "localhost"}, ("tenant", "hooli")),
    ],
)
def test_who_a_result_is_about(found: Any, keywords: dict[str, Any], place: tuple[str, str]) -> None:
    task = SimpleNamespace(**{"run_once": False, "delegate_to": None, **keywords})
    assert place_of(SimpleNamespace(host=found, task=task)) == place


@pytest.mark.parametrize(
    ("failures", "unreachable", "left"),
    [(0, 0, []), (1, 0, ["it does not come up"]), (0, 1, ["it does not come up"]), (2, 0, ["unknown error", "it does not come up"])],
)
def test_what_was_rescued_is_no_failure_of_the_run(failures: int, unreachable: int, left: list[str]) -> None:
    told = ["no answer", "unknown error", "it does not come up"]
    assert _lasting(told, {"failures": failures, "unreachable": unreachable}) == left


WAY_BACK = "ansible-playbook bluegreen.orchestrator.rollback --limit acme -e dry_run=false"


@pytest.mark.parametrize(
    ("given", "host", "expected"),
    [
        ({}, "acme", WAY_BACK),
        ({}, "shop-7", "ansible-playbook bluegreen.orchestrator.rollback --limit shop-7 -e dry_run=false"),
        (
            {"inventory": ["other/hosts.yml"]},
            "acme",
            "ansible-playbook bluegreen.orchestrator.rollback -i other/hosts.yml --limit acme -e dry_run=false",
        ),
    ],
)
def test_the_way_back_works_where_it_is_read(monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], host: str, expected: str) -> None:
    monkeypatch.setattr(_command, "setting", lambda _name: [])
    assert take_back_command(WAY_BACK, "acme", host, given) == expected
    assert take_back_command("mv a b", "acme", host, given) == "mv a b"


def test_the_program_is_named_as_it_can_be_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = tmp_path / "bin" / "ansible-playbook"
    ours.parent.mkdir()
    ours.write_text("#!/bin/sh\n")
    ours.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(ours)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert program() == "bin/ansible-playbook"
    monkeypatch.setenv("PATH", str(ours.parent))
    assert program() == "ansible-playbook"


@pytest.mark.parametrize(
    ("action", "arguments", "said"),
    [
        ("community.docker.docker_container", {"name": "acme-green", "image": "shop:1.1"}, ": acme-green from shop:1.1"),
        ("community.docker.docker_container", {"name": "acme-green", "image": "sha256:0123"}, ": acme-green"),
        ("community.docker.docker_container", {"name": "acme-green", "image": None, "state": "absent"}, ": acme-green"),
        ("community.docker.docker_network", {"name": "acme"}, ""),
        # no_log leaves nothing of it.
        ("community.docker.docker_container", None, ""),
    ],
)
def test_a_container_is_named(action: str, arguments: dict[str, Any] | None, said: str) -> None:
    part = {"changed": True, "invocation": {"module_args": arguments}} if arguments else {"censored": "hidden"}
    assert subject(SimpleNamespace(resolved_action=action, action=action), part) == said


@pytest.mark.parametrize(
    ("action", "said", "told"),
    [
        (
            "bluegreen_switch",
            "confirm.api_url: not set; give it.",
            "confirm.api_url: not set; give it. (In the inventory: bluegreen_confirm.api_url.)",
        ),
        ("bluegreen_switch", "hosts: 'a b' is no name.", "hosts: 'a b' is no name. (In the inventory: bluegreen_hosts.)"),
        # An option that the role fills in by itself, and a sentence that begins with the site.
        ("bluegreen_switch", "target: 'red' is no colour.", "target: 'red' is no colour."),
        ("bluegreen_switch", "acme serves blue.", "acme serves blue."),
        # A task of the role's own says the variable by itself.
        ("ansible.builtin.assert", "hosts: none.", "hosts: none."),
    ],
)
def test_an_option_is_named_as_the_inventory_has_it(action: str, said: str, told: str) -> None:
    variables: dict[str, Any] = {"bluegreen_confirm": {}, "bluegreen_hosts": []}
    role = SimpleNamespace(get_name=lambda: "bluegreen.orchestrator.bluegreen", get_default_vars=lambda: variables)
    action = action if "." in action else f"bluegreen.orchestrator.{action}"
    assert in_inventory(SimpleNamespace(resolved_action=action, action=action, _role=role, get_ds=dict), said) == told


@pytest.mark.parametrize(
    ("action", "said", "variable"),
    [
        # What a group of modules shares, and what it is called in the role.
        ("minio_bucket", "secret_key_file: '/x' cannot be read.", "chatwoot_storage.secret_key_file"),
        ("minio_bucket_info", "endpoint: 'x' is no URL.", "chatwoot_storage.endpoint"),
        ("kubernetes_manifests", "kubeconfig: '/x' is not there.", "chatwoot_cluster.kubeconfig"),
        ("tier_quota", "context: 'x' is not in it.", "chatwoot_cluster.context"),
        ("chatwoot_tenant", "url: 'x' is no URL.", "chatwoot_api.url"),
        # What the task gives from a variable of another name.
        ("minio_bucket", "access.key: 'x' is short.", "chatwoot_storage_keys.key"),
        ("minio_bucket", "name: 'X' is no bucket.", ""),
        ("minio_bucket", "quota: 'x' is no size.", ""),
        ("nftables_table", "table: 'x' is no table.", ""),
        # The address of the API server, and the region of the storage: the role has variables of these names, for something else.
        ("kubernetes_manifests", "host: 'x' is no URL.", "chatwoot_cluster.host"),
        ("minio_bucket", "region: 'x' is no name of a region.", "chatwoot_storage.region"),
        ("minio_bucket", "wait_seconds: 0 is no time.", "chatwoot_backup_wait_seconds"),
        # What a private variable is put together of.
        ("chatwoot_tenant", "platform_token: 'x' is none.", "chatwoot_platform_token"),
        # What the task does not give and no connection has, and what the role says by itself.
        ("minio_bucket", "object_lock: it was made without it.", ""),
        ("minio_bucket", "state: it holds objects.", ""),
    ],
)
def test_an_option_is_named_by_the_variable_that_the_role_takes_it_from(action: str, said: str, variable: str) -> None:
    named_alike = ("chatwoot_host", "chatwoot_region", "chatwoot_wait_seconds", "chatwoot_backup_wait_seconds", "chatwoot_platform_token")
    known = dict.fromkeys(("chatwoot_storage", "chatwoot_storage_keys", "chatwoot_cluster", "chatwoot_api", *named_alike))
    defaults = {
        "group/bluegreen.orchestrator.chatwoot": "{{ __chatwoot_api }}",
        "group/bluegreen.orchestrator.kubernetes": "{{ chatwoot_cluster | bluegreen.orchestrator.desk_dictionary('chatwoot_cluster') }}",
        "group/bluegreen.orchestrator.storage": "{{ chatwoot_storage | default({}) }}",
    }
    written = {"name": "{{ item.name }}", "access": "{{ [chatwoot_storage_keys[item.use]] }}", "quota": "{{ __chatwoot_quota }}"}
    written |= {"wait_seconds": "{{ chatwoot_backup_wait_seconds }}", "state": "absent"}
    known["chatwoot_state"] = None
    task = SimpleNamespace(
        resolved_action=f"bluegreen.orchestrator.{action}",
        _role=SimpleNamespace(get_name=lambda: "bluegreen.orchestrator.chatwoot", get_default_vars=lambda: known),
        get_ds=lambda: {"name": "Buckets", f"bluegreen.orchestrator.{action}": written},
        module_defaults=[{}, defaults],
    )
    assert in_inventory(task, said) == (f"{said} (In the inventory: {variable}.)" if variable else said)


@pytest.mark.parametrize("name", ["web(2", "c++", "[x]", "a\\"])
def test_a_role_of_any_name_loses_no_refusal(name: str) -> None:
    """An exception here would be a warning of ansible-core, and the failure would be missing in the summary."""
    role = SimpleNamespace(get_name=lambda: name, get_default_vars=lambda: {f"{name}_wish": 1})
    action = "bluegreen.orchestrator.minio_bucket"
    for source in ({action: {"name": f"{{{{ {name}_wish }}}}"}}, {action: None}, None):
        task = SimpleNamespace(resolved_action=action, _role=role, module_defaults=None, get_ds=lambda source=source: source)
        assert in_inventory(task, "name: 'X' is no bucket.").startswith("name: 'X' is no bucket.")
