# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and networks."""

from __future__ import annotations

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._network_filters import broken_networks, in_networks


def test_what_is_no_network_is_named() -> None:
    good = ["198.51.100.7", "198.51.100.7/24", "2001:db8::/32", "::1"]
    bad = ["198.51.100.0/33", "agency.example", "", "198.51.100.1-9"]
    assert broken_networks([*good, *bad]) == bad


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("198.51.100.7", ["198.51.100.0/24"], True),
        ("198.51.100.7", ["198.51.100.7"], True),
        ("198.51.100.7", ["203.0.113.0/24", "2001:db8::/32"], False),
        ("2001:db8::1", ["203.0.113.0/24", "2001:db8::/32"], True),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("198.51.100.7", [], False),
    ],
)
def test_membership(address: str, networks: list[str], inside: bool) -> None:
    assert in_networks(address, networks) is inside
