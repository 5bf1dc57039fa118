# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant's pods reach outside of the cluster."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _tenant_objects
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier


def outside(*ports: int) -> list[dict[str, Any]]:
    """The policy that opens ports outside of the cluster; none where none are said."""
    envelope = Envelope("acme", effective_tier("standard"), egress_outside_ports=ports)
    found = [one for one in _tenant_objects.network_policies(envelope, 1) if one["metadata"]["name"] == "allow-outside"]
    return [one["spec"] for one in found]


def test_outside_is_closed_by_default() -> None:
    assert outside() == []


def test_outside_is_open_for_all_pods_on_these_ports_alone() -> None:
    (spec,) = outside(443, 587)
    assert (spec["podSelector"], spec["policyTypes"], sorted(spec)) == ({}, ["Egress"], ["egress", "podSelector", "policyTypes"])
    (rule,) = spec["egress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 587}]
    assert rule["to"] == [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]}},
        {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7", "fe80::/10"]}},
    ]


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("198.51.100.25", True),
        ("2001:db8::25", True),
        ("10.96.0.1", False),
        ("172.31.255.255", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
    ],
)
def test_private_networks_and_the_clouds_metadata_are_not_outside(address: str, reached: bool) -> None:
    (spec,) = outside(443)
    (rule,) = spec["egress"]
    blocks = [peer["ipBlock"] for peer in rule["to"]]
    found = [
        block
        for block in blocks
        if ip_address(address) in ip_network(block["cidr"]) and not any(ip_address(address) in ip_network(one) for one in block["except"])
    ]
    assert bool(found) is reached
