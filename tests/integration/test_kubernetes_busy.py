# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server that has no seat for a user: real answers of 429 with Retry-After, by its own priority and fairness."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from lab.server import LOOPBACK, ProgramMissingError
from tests.integration.conftest import skip_or_fail
from tests.integration.tenancy import Tenancy

FAIRNESS = "/apis/flowcontrol.apiserver.k8s.io/v1"
EVERYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
# No seat of its own, none to borrow, and no queue: one request at a time, and 429 for every other (its queueset.go lets one through).
LEVEL = "one-at-a-time"
ONE_AT_A_TIME = {
    "metadata": {"name": LEVEL},
    "spec": {
        "type": "Limited",
        "limited": {
            "nominalConcurrencyShares": 0,
            "lendablePercent": 0,
            "borrowingLimitPercent": 0,
            "limitResponse": {"type": "Reject"},
        },
    },
}
# A run that gives up after this many seconds instead of the usual 15.
IMPATIENT = "from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_api\n_kubernetes_api.PATIENCE = {}\n"


@pytest.fixture(scope="module")
def busy_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of its own: the one that tests share lets everybody in at once."""
    plane = ControlPlane(tmp_path_factory.mktemp("busy"), api_options=["--enable-priority-and-fairness=true"])
    try:
        plane.start()
    except ProgramMissingError as missing:
        skip_or_fail(missing)
    assert plane.request("POST", f"{FAIRNESS}/prioritylevelconfigurations", ONE_AT_A_TIME).status == 201
    yield plane
    plane.stop()


class Crowd:
    """A user who shares one seat with somebody slow, for the requests that the rules name."""

    def __init__(self, plane: ControlPlane, name: str, rules: list[dict[str, Any]]) -> None:
        self.plane = plane
        self.user = plane.add_user(name, EVERYTHING)
        self.slow = plane.add_user(f"{name}-slow", EVERYTHING)
        self.stayed = 0.0
        self._connection: ssl.SSLSocket | None = None
        makes = {"verbs": ["create"], "apiGroups": [""], "resources": ["configmaps"], "namespaces": ["*"]}
        parts = [(self.slow, [makes]), (self.user, rules)]
        spec = {
            "priorityLevelConfiguration": {"name": LEVEL},
            "matchingPrecedence": 2,
            "rules": [{"subjects": [_account(one)], "resourceRules": wanted} for one, wanted in parts],
        }
        assert plane.request("POST", f"{FAIRNESS}/flowschemas", {"metadata": {"name": name}, "spec": spec}).status == 201

    def take_the_seat(self) -> None:
        """Begin a request whose body does not come; the server waits for it, and whoever asks meanwhile is sent away."""
        context = ssl.create_default_context(cafile=str(self.plane.ca_file))
        plain = socket.create_connection((LOOPBACK, self.plane.apiserver.port))
        self._connection = context.wrap_socket(plain, server_hostname=LOOPBACK)
        head = (
            "POST /api/v1/namespaces/default/configmaps HTTP/1.1",
            f"Host: {LOOPBACK}",
            f"Authorization: Bearer {self.plane.token(self.slow)}",
            "Content-Type: application/json",
            "Content-Length: 100",
        )
        self._connection.sendall("\r\n".join((*head, "", "{")).encode())
        self.plane.wait_for(self._is_taken, "somebody slow in the only seat")

    def _is_taken(self) -> bool:
        levels = self.plane.kubectl("get", "--raw", "/debug/api_priority_and_fairness/dump_priority_levels")
        (line,) = [line for line in levels.splitlines() if line.startswith(LEVEL)]
        executing: str = line.split(",")[5]
        return executing.strip() == "1"

    def leave_the_seat(self) -> None:
        """Break the slow request off."""
        if self._connection is not None:
            self._connection.close()

    def sent_away(self, mark: int) -> int:
        """How many requests of the user were answered with 429 since the mark, by the server's own log."""
        return sum(one.status == 429 for one in self.plane.requests_since(mark, user=self.user))

    def leave_after(self, mark: int, seconds: float) -> threading.Thread:
        """Leave the seat so long after the user was first sent away."""

        def wait() -> None:
            self.plane.wait_for(lambda: self.sent_away(mark) > 0, "an answer of 429")
            begun = time.monotonic()
            time.sleep(seconds)
            self.leave_the_seat()
            self.stayed = time.monotonic() - begun

        thread = threading.Thread(target=wait)
        thread.start()
        return thread


def _account(name: str) -> dict[str, Any]:
    return {"kind": "ServiceAccount", "serviceAccount": {"namespace": "lab-users", "name": name}}


@contextlib.contextmanager
def crowded(plane: ControlPlane, name: str, verbs: list[str], resources: list[str]) -> Iterator[Crowd]:
    """The seat is taken for these requests of the user, wherever they go."""
    rule = {"verbs": verbs, "apiGroups": ["*"], "resources": resources, "clusterScope": True, "namespaces": ["*"]}
    crowd = Crowd(plane, name, [rule])
    crowd.take_the_seat()
    try:
        yield crowd
    finally:
        crowd.leave_the_seat()


@pytest.mark.parametrize("check", [True, False])
def test_who_is_sent_away_waits_as_told_and_comes_in(busy_plane: ControlPlane, tenant_id: str, check: bool) -> None:
    """Nothing is said of it, and nothing is done twice; the requests that were sent away are counted."""
    acme = Tenancy(busy_plane, tenant_id)
    with crowded(busy_plane, tenant_id, ["*"], ["*"]) as crowd:
        mark = busy_plane.audit_mark()
        thread = crowd.leave_after(mark, 2.5)
        result = acme.ok(user=crowd.user, check=check, tier="standard")
        thread.join()
    sent_away = crowd.sent_away(mark)
    # Retry-After is a second and more: who does not wait is sent away fifty times meanwhile.
    assert 2 <= sent_away <= crowd.stayed + 2
    asked = busy_plane.requests_since(mark, user=crowd.user)
    assert [one.status for one in asked[:2]] == [429, 429]
    assert sum(result["requests"].values()) == len(asked)
    if check:
        assert result["requests"] == {"get": 2, "list": 1 + sent_away}
        assert acme.namespaces() == {}
    assert result["changed"]
    acme.ok(tier="standard")
    acme.settled(tier="standard")


def test_a_crowd_that_stays_is_told(busy_plane: ControlPlane, tenant_id: str) -> None:
    """In preview and in apply, and within the time that it says."""
    acme = Tenancy(busy_plane, tenant_id)
    with crowded(busy_plane, tenant_id, ["*"], ["*"]) as crowd:
        for check in (True, False):
            mark = busy_plane.audit_mark()
            result = acme.run(user=crowd.user, check=check, before=IMPATIENT.format(3.0), tier="standard")
            assert result["msg"] == (
                "list namespaces: the server is asked too much (429), still after 3 s; run again later, or with fewer forks."
            )
            assert 2 <= crowd.sent_away(mark) <= 4
    assert acme.namespaces() == {}


def test_a_crowd_in_the_middle_of_an_apply_leaves_what_was_done(busy_plane: ControlPlane, tenant_id: str) -> None:
    """Only the LimitRange is not let in; the next run finishes."""
    acme = Tenancy(busy_plane, tenant_id)
    with crowded(busy_plane, tenant_id, ["patch"], ["limitranges"]) as crowd:
        result = acme.run(user=crowd.user, before=IMPATIENT.format(2.0), tier="standard", storage_class=False)
        assert f"patch LimitRange tenant-limits in {acme.namespace}: the server is asked too much (429), still after 2 s" in result["msg"]
        assert "steps were done and stay; run again to finish." in result["msg"]
        assert result["changed"] is True
        assert result["done"][-1] == f"create ResourceQuota {acme.namespace}/tenant-quota"
    left = acme.ok(user=crowd.user, tier="standard", storage_class=False)
    assert left["actions"][0]["name"] == f"LimitRange {acme.namespace}/tenant-limits"
    acme.settled(tier="standard", storage_class=False)
