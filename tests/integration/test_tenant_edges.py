# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tenants at their edges, where only a real API server can say what it keeps, drops and refuses."""

from __future__ import annotations

import pytest

from lab.kubernetes import ControlPlane
from tests.integration.tenancy import Tenancy


@pytest.fixture
def acme(control_plane: ControlPlane, tenant_id: str) -> Tenancy:
    """A tenant that is not there yet."""
    return Tenancy(control_plane, tenant_id)


def test_a_rule_that_opens_default_deny_is_seen_and_taken_away(acme: Tenancy) -> None:
    """We allow nothing there; whoever adds a rule that allows everything opens the tenant."""
    acme.previewed(tier="standard")
    opened = '{"spec": {"ingress": [{}]}}'
    acme.plane.kubectl("patch", "networkpolicy", "default-deny", "-n", acme.namespace, "--type=merge", "-p", opened)
    for user, check in (("reader", True), ("admin", False)):
        told = acme.refused(user=user, check=check, tier="standard")
        assert f"NetworkPolicy {acme.namespace}/default-deny .spec.ingress (owned by kubectl-patch" in told
    acme.previewed(tier="standard", take_over=True)
    assert "ingress" not in acme.get("networkpolicy", "default-deny")["spec"]
