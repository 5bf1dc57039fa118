# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role base works out from facts, for the systems of which no container can be made everywhere."""

from __future__ import annotations

import base64
import copy
import re
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles" / "base"
LOADER = DataLoader()

STATUS = "Name:\tpython3\nUid:\t{user}\t{user}\t{user}\t{user}\nCapEff:\t{capabilities}\n"
EVERYTHING = "000001ffffffffff"
# What Docker gives a container: no CAP_NET_ADMIN.
CONTAINER = "00000000a80425fb"
WRITABLE = ("/proc/sys/net/ipv4/tcp_syncookies", "/proc/sys/kernel/kptr_restrict")


def texts(**contents: str) -> dict[str, Any]:
    """Files as slurp reads them; what is not there has no content."""
    named = {"status": "/proc/self/status", "sudoers": "/etc/sudoers.d/bluegreen"}
    return {"results": [{"item": named[name], "content": base64.b64encode(text.encode()).decode()} for name, text in contents.items()]}


def process(*, user: int = 0, capabilities: str = EVERYTHING) -> str:
    return STATUS.format(user=user, capabilities=capabilities)


def variables(distribution: str, version: str, **other: Any) -> dict[str, Any]:
    """What the role knows on a virtual machine of a hoster; ``other`` overrides."""
    known: dict[str, Any] = {}
    for file in ("defaults/main.yml", "vars/main.yml"):
        known |= LOADER.load_from_file(str(ROLE / file), trusted_as_template=True)
    files = ["/proc/sys/net/ipv6/conf/all/accept_redirects", "/etc/systemd/system/sockets.target.wants/ssh.socket"]
    socket = (distribution, version) == ("Ubuntu", "24.04")
    there = [{"path": path} for path in files if not path.endswith(".socket") or socket]
    known |= {
        "ansible_facts": {
            "distribution": distribution,
            "distribution_version": version,
            "distribution_major_version": version.partition(".")[0],
            "service_mgr": "systemd",
            "virtualization_type": "kvm",
            "env": {"SSH_CONNECTION": "198.51.100.7 50000 203.0.113.9 22"},
            "user_id": "admin",
            "user_dir": "/home/admin",
            "services": {"ssh.service": {"status": "enabled", "state": "running"}},
            "getent_passwd": {},
        },
        "__base_find": {"files": there},
        "__base_stat": {"results": [{"item": path, "stat": {"writeable": True}} for path in WRITABLE]},
        "__base_text": texts(status=process()),
        **{f"__base_{piece}_settings": {"changed": False} for piece in ("sshd", "fail2ban", "time", "journald", "docker")},
    }
    return known | other


def value(name: str, known: dict[str, Any]) -> Any:
    return Templar(LOADER, known).template(trust_as_template("{{ " + name + " }}"))


SYSTEMS = [
    ("Debian", "12.11", "Debian 12"),
    ("Debian", "13.1", "Debian 13"),
    ("Ubuntu", "22.04", "Ubuntu 22.04"),
    ("Ubuntu", "24.04", "Ubuntu 24.04"),
]


@pytest.mark.parametrize(("distribution", "version", "system"), SYSTEMS, ids=[system for _d, _v, system in SYSTEMS])
def test_each_system(distribution: str, version: str, system: str) -> None:
    known = variables(distribution, version)
    assert value("__base_system", known) == system
    packages = value("__base_packages", known)
    assert {"docker.io", "openssh-server", "nftables", "fail2ban", "unattended-upgrades", "systemd-timesyncd"} <= set(packages)
    assert ("docker-cli" in packages) is (system == "Debian 13")
    origins = value("__base_systems[__base_system].security", known)
    assert all("ecurity" in origin for origin in origins)
    assert all(origin.startswith(f"origin={distribution}") for origin in origins)
    assert value("__base_ssh_by_socket", known) is (system == "Ubuntu 24.04")
    assert value("__base_left_out", known) == []


@pytest.mark.parametrize(
    ("distribution", "version"), [("Debian", "11.9"), ("Ubuntu", "20.04"), ("Ubuntu", "24.10"), ("Rocky", "9.4"), ("Debian", "14.0")]
)
def test_other_systems_are_refused(distribution: str, version: str) -> None:
    known = variables(distribution, version)
    assert value("__base_system in __base_systems", known) is False


def test_what_a_container_may_not_do_is_left_out() -> None:
    known = variables("Debian", "12.11")
    known["__base_text"] = texts(status=process(capabilities=CONTAINER))
    for stat in known["__base_stat"]["results"]:
        stat["stat"]["writeable"] = False
    assert value("__base_firewall", known) is False
    known["ansible_facts"] |= {"service_mgr": "tini", "virtualization_type": "docker"}
    said = value("__base_left_out", known)
    assert len(said) == 6
    assert value("__base_sysctl_here", known) == []
    assert "systemd-timesyncd" not in value("__base_packages", known)


@pytest.mark.parametrize(("user", "root"), [(0, True), (1000, False)])
def test_root_is_who_this_process_runs_as(user: int, root: bool) -> None:
    known = variables("Debian", "12.11", __base_text=texts(status=process(user=user)))
    assert value("__base_is_root", known) is root


SUDOERS = "# Written by\nalice ALL=(ALL:ALL) NOPASSWD: ALL\n\n  bob\tALL=(ALL) ALL\n#carol ALL=(ALL) ALL\n"


def test_who_becomes_root_by_our_file() -> None:
    known = variables("Debian", "12.11")
    assert value("__base_sudoers_named", known) == []
    known["__base_text"] = texts(status=process(), sudoers=SUDOERS)
    assert value("__base_sudoers_named", known) == ["alice", "bob"]


def test_an_operator_without_keys_is_not_one_whose_keys_are_replaced() -> None:
    known = variables("Debian", "12.11", base_operators=[{"name": "admin"}, {"name": "bob", "keys": ["one"]}])
    assert value("__base_connected_operator", known) == []
    known["base_operators"][0]["keys"] = []
    assert value("__base_connected_operator | map(attribute='name') | list", known) == ["admin"]


SOURCES = {"base_nftables_ssh_sources": ["198.51.100.0/24", "2001:db8::/32"]}


@pytest.mark.parametrize(
    ("other", "said", "unsaid"),
    [
        ({}, ["tcp dport { 22, 80, 443 } accept"], ["saddr 198", "udp dport { "]),
        (SOURCES, ["tcp dport { 80, 443 } accept", "ip saddr 198.51.100.0/24 tcp dport 22 accept"], ["22, 80", "{ 22"]),
        (SOURCES, ["ip6 saddr 2001:db8::/32 tcp dport 22 accept"], []),
        (SOURCES | {"base_nftables_tcp": [22]}, ["ip saddr 198.51.100.0/24 tcp dport 22 accept"], ["tcp dport { "]),
        ({"base_nftables_tcp": [443, 22, 22], "base_nftables_udp": [443]}, ["tcp dport { 22, 443 }", "udp dport { 443 } accept"], []),
        ({"base_nftables_rules": ["tcp dport 25 drop"]}, ["    tcp dport 25 drop\n    tcp dport { 22"], []),
    ],
)
def test_the_rules_open_what_is_said_and_no_more(other: dict[str, Any], said: list[str], unsaid: list[str]) -> None:
    source = trust_as_template((ROLE / "templates" / "nftables.j2").read_text())
    rules = Templar(LOADER, variables("Debian", "12.11", **other)).copy_with_new_env().template(source)
    assert [text for text in said if text not in rules] == []
    assert [text for text in unsaid if text in rules] == []


INCLUDE = "Include /etc/ssh/sshd_config.d/*.conf\n"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (f"# ours\n\n{INCLUDE}PermitRootLogin no\n", True),
        (f"Port 22\n{INCLUDE}", True),
        (f"PasswordAuthentication yes\n{INCLUDE}", False),
        (f"Match User git\n  X11Forwarding no\n{INCLUDE}", False),
        (f"PermitRootLogin yes\nPort 22\n{INCLUDE}", False),
        (f"#{INCLUDE}", False),
        ("PermitRootLogin yes\n", False),
    ],
)
def test_sshd_must_read_our_settings_first(text: str, first: bool) -> None:
    known = variables("Debian", "12.11") | {"__base_sshd_config": text}
    task = next(task for task in LOADER.load_from_file(str(ROLE / "tasks/assert.yml")) if task["name"].startswith("The SSH server reads"))
    assert bool(value(task["ansible.builtin.assert"]["that"], known)) is first


@pytest.mark.parametrize(
    ("group", "others", "owner", "trusted"),
    [
        (False, False, "admin", True),
        (False, False, "root", True),
        (True, False, "admin", False),
        (False, True, "admin", False),
        (False, False, "bob", False),
    ],
)
def test_sshd_trusts_what_only_its_owner_can_write(group: bool, others: bool, owner: str, trusted: bool) -> None:
    known = variables("Debian", "12.11") | {"__base_path": "/home/admin"}
    known["__base_stat"]["results"].append({"item": "/home/admin", "stat": {"wgrp": group, "woth": others, "pw_name": owner}})
    task = next(task for task in LOADER.load_from_file(str(ROLE / "tasks/lockout.yml")) if "are not open to others" in task["name"])
    assert all(value(condition, known) for condition in task["ansible.builtin.assert"]["that"]) is trusted


RUNNING = {"state": "running", "status": "enabled"}


@pytest.mark.parametrize(
    ("system", "unit", "changed", "asked"),
    [
        (("Debian", "12.11"), RUNNING, False, False),
        (("Debian", "12.11"), RUNNING, True, True),
        (("Debian", "12.11"), RUNNING | {"state": "stopped"}, False, True),
        (("Debian", "12.11"), RUNNING | {"status": "disabled"}, False, True),
        (("Ubuntu", "24.04"), RUNNING | {"status": "disabled"}, False, False),
    ],
    ids=["as it should be", "new settings", "stopped", "disabled", "started by its socket"],
)
def test_a_service_is_left_alone_where_it_is_as_it_should_be(
    system: tuple[str, str], unit: dict[str, str], changed: bool, asked: bool
) -> None:
    known = variables(*system) | {"__base_sshd_settings": {"changed": changed}}
    known["ansible_facts"]["services"]["ssh.service"] = unit
    known["__base_service"] = value("__base_services | first", known)
    task = next(task for task in LOADER.load_from_file(str(ROLE / "tasks/services.yml")) if task["name"].startswith("Services run"))
    assert bool(value(task["when"], known)) is asked


def test_another_time_service_stays() -> None:
    known = variables("Debian", "12.11")
    known["ansible_facts"]["services"]["chrony.service"] = {"status": "enabled", "state": "running"}
    assert "systemd-timesyncd" not in value("__base_packages", known)
    assert value("__base_left_out", known) == ["The clock was left to chrony.service."]


def test_a_unit_that_is_only_mentioned_is_not_there() -> None:
    known = variables("Debian", "12.11")
    known["ansible_facts"]["services"] |= {"docker.service": {"status": "not-found", "state": "stopped"}, "ssh": {"state": "running"}}
    assert value("__base_units", known) == ["ssh.service"]


def test_ssh_is_reloaded_and_not_enabled_where_its_socket_starts_it() -> None:
    known = variables("Ubuntu", "24.04")
    wanted = "__base_services | selectattr('wanted') | map(attribute='unit') | list"
    assert "ssh.service" not in value(wanted, known)
    assert "ssh.service" in value(wanted, copy.deepcopy(known) | {"__base_sshd_settings": {"changed": True}})
    assert "ssh.service" in value(wanted, variables("Ubuntu", "22.04"))


def test_settings_can_be_added_and_changed() -> None:
    known = variables("Debian", "12.11", base_sysctl={"net.core.somaxconn": 1024, "vm.swappiness": 10})
    here = {item["key"]: item["value"] for item in value("__base_sysctl_here", known)}
    assert (here["net.core.somaxconn"], here["vm.swappiness"], here["net.ipv4.tcp_migrate_req"]) == (1024, 10, 1)
    assert (here["kernel.kptr_restrict"], here["kernel.dmesg_restrict"], here["net.ipv4.conf.all.accept_redirects"]) == (1, 1, 0)


@pytest.mark.parametrize(
    "piece", ["packages", "upgrades", "deploy", "sshd", "nftables", "fail2ban", "time", "sysctl", "journald", "docker"]
)
def test_each_piece_has_its_switch(piece: str) -> None:
    assert LOADER.load_from_file(str(ROLE / "defaults" / "main.yml"))[f"base_{piece}_enabled"] is True


def test_the_runbook_explains_every_refusal_and_no_other() -> None:
    explained = re.findall(r"(?m)^\| `([^`]+)` \| ", (ROOT / "docs/runbooks/infra_only.md").read_text())
    tasks = [task for name in ("values", "assert", "lockout") for task in LOADER.load_from_file(str(ROLE / "tasks" / f"{name}.yml"))]
    said = [str(task["ansible.builtin.assert"]["fail_msg"]) for task in tasks if "ansible.builtin.assert" in task]
    assert [text for text in said if not any(quote in text for quote in explained)] == []
    modules = "".join(path.read_text() for path in (ROOT / "plugins/module_utils").glob("_nftables*.py"))
    code = " ".join(said) + re.sub(r'"\s+f?"', "", modules)
    assert [quote for quote in explained if quote not in code] == []
