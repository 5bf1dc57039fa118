# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters on addresses and networks, with the standard library: those of ansible.utils need a package on the control node.

PRIVATE: for this collection's own plugins, not a public interface. They are filters through ``plugins/filter/filters.py``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def broken_networks(networks: Iterable[str]) -> list[str]:
    """Return those that are neither an address nor a network."""
    return [network for network in networks if _network(network) is None]


def in_networks(address: str, networks: Iterable[str]) -> bool:
    """Say whether an address is one of these, or in one of them."""
    # An IPv6 address that SSH reports may carry its interface: fe80::1%eth0.
    one = ipaddress.ip_address(address.partition("%")[0])
    return any(one in network for network in map(_network, networks) if network is not None)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        # nft takes a network whose host bits are set, and so do we.
        return ipaddress.ip_network(str(text), strict=False)
    except ValueError:
        return None
