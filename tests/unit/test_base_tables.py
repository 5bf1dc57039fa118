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

STATUS = "Name:\tpython3\nUid:\t0\t0\t0\t0\nCapEff:\t{capabilities}\n"
EVERYTHING = "000001ffffffffff"
# What Docker gives a container: no CAP_NET_ADMIN.
CONTAINER = "00000000a80425fb"
WRITABLE = ("/proc/sys/net/ipv4/tcp_syncookies", "/proc/sys/kernel/kptr_restrict")


def variables(distribution: str, version: str, **other: Any) -> dict[str, Any]:
    """What the role knows on a virtual machine of a hoster; ``other`` overrides."""
    known: dict[str, Any] = {}
    for file in ("defaults/main.yml", "vars/main.yml"):
        known |= LOADER.load_from_file(str(ROLE / file), trusted_as_template=True)
    files = [*WRITABLE, "/proc/sys/net/ipv6/conf/all/accept_redirects", "/etc/systemd/system/sockets.target.wants/ssh.socket"]
    socket = (distribution, version) == ("Ubuntu", "24.04")
    stats = [{"item": path, "stat": {"exists": not path.endswith(".socket") or socket, "writeable": True}} for path in files]
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
        "__base_stat": {"results": stats},
        "__base_text": {"results": [{"content": base64.b64encode(STATUS.format(capabilities=EVERYTHING).encode()).decode()}]},
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
    known["__base_text"]["results"][0]["content"] = base64.b64encode(STATUS.format(capabilities=CONTAINER).encode()).decode()
    assert value("__base_firewall", known) is False
    known["ansible_facts"] |= {"service_mgr": "tini", "virtualization_type": "docker"}
    for stat in known["__base_stat"]["results"]:
        stat["stat"]["writeable"] = False
    said = value("__base_left_out", known)
    assert len(said) == 6
    assert value("__base_sysctl_here", known) == []
    assert "systemd-timesyncd" not in value("__base_packages", known)


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
