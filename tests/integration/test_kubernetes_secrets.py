# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubernetes_secrets on a real API server, with exactly the rights that its documents name: none of them reads a Secret."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from tests.integration.tenancy import Tenancy
from tests.integration.test_in_worker import Ways, task

CANARY = "canary-c0ffee-0451"
SET = "desk-secrets"
READING = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
WRITING = [{"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["patch", "create"]}]


class Given:
    """Secrets in a namespace of its own, by two users: one previews, one applies."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.plane, self.namespace = plane, namespace
        plane.kubectl("create", "namespace", namespace)
        self.cluster = Tenancy(plane, namespace)
        space = [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}]
        self.reader = plane.add_user(f"{namespace}-reader", [*READING, *space], namespaces=[namespace])
        self.writer = plane.add_user(f"{namespace}-writer", [*READING, *space, *WRITING], namespaces=[namespace])

    def options(self, secrets: dict[str, Any], **options: Any) -> dict[str, Any]:
        return {"module": "kubernetes_secrets", "tenant": None, "set": SET, "namespace": self.namespace, "secrets": secrets, **options}

    def previewed(self, secrets: dict[str, Any], **options: Any) -> list[dict[str, str]]:
        """Preview, apply, and both again: the same plan, nothing written, and then nothing left to do."""
        given = self.options(secrets, **options)
        mark = self.plane.audit_mark()
        preview = self.cluster.ok(user=f"{self.namespace}-reader", check=True, **given)
        assert self.cluster.writes(mark) == []
        applied = self.cluster.ok(user=f"{self.namespace}-writer", **given)
        for key in ("changed", "diff", "actions", "digest"):
            assert preview[key] == applied[key], key
        assert CANARY not in json.dumps([preview, applied])
        for user, check in (("reader", True), ("writer", False)):
            again = self.cluster.ok(user=f"{self.namespace}-{user}", check=check, **self.options(secrets))
            assert (again["changed"], again["diff"], again["actions"]) == (False, [], [])
        found: list[dict[str, str]] = applied["actions"]
        return found

    def read(self, name: str) -> dict[str, str]:
        """What kubectl finds in a Secret."""
        data = self.plane.kubectl("get", "secret", name, "-n", self.namespace, "-o", "json")["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}


@pytest.fixture
def given(control_plane: ControlPlane, tenant_id: str) -> Given:
    return Given(control_plane, f"client-{tenant_id}")


def test_a_life_of_secrets(given: Given) -> None:
    mail = {"SMTP_USERNAME": "post", "SMTP_PASSWORD": CANARY}
    title = f"Secret {given.namespace}/mail"
    assert given.previewed({"mail": mail}) == [{"action": "create", "name": title}]
    assert given.read("mail") == mail
    mail = {"SMTP_PASSWORD": f"{CANARY}-2", "MORE": "and-more"}
    assert given.previewed({"mail": mail}) == [{"action": "update", "name": title}]
    assert given.read("mail") == mail
    # Given no more: it stays, for the operator may bring it by other means from now on.
    assert given.previewed({"other": {"a": CANARY}}) == [{"action": "create", "name": f"Secret {given.namespace}/other"}]
    assert given.read("mail") == mail
    # What the ConfigMap tells is nobody's secret.
    told = json.dumps(given.plane.kubectl("get", "configmap", SET, "-n", given.namespace, "-o", "json"))
    assert CANARY not in told
    assert "pbkdf2-sha512" in told
    # Somebody deleted one; that is not seen without the right to see, and mended where it is asked for.
    given.plane.kubectl("delete", "secret", "mail", "-n", given.namespace)
    assert given.previewed({"mail": mail}, renew=True) == [{"action": "update", "name": title}]
    assert given.read("mail") == mail


def test_what_somebody_else_made_is_taken_over_only_on_request(given: Given) -> None:
    given.plane.kubectl("create", "secret", "generic", "mail", "-n", given.namespace, "--from-literal=SMTP_PASSWORD=theirs")
    secrets = {"mail": {"SMTP_PASSWORD": CANARY}}
    failed = given.cluster.run(user=f"{given.namespace}-writer", **given.options(secrets))
    assert failed["failed"]
    assert "To take these fields over, give take_over: true" in failed["msg"]
    assert CANARY not in json.dumps(failed)
    assert given.read("mail") == {"SMTP_PASSWORD": "theirs"}
    given.previewed(secrets, take_over=True)
    assert given.read("mail") == {"SMTP_PASSWORD": CANARY}


def test_inside_the_worker_as_by_itself(given: Given, tmp_path: Path) -> None:
    config = {"kubeconfig": str(given.plane.kubeconfig(f"{given.namespace}-writer")), "set": SET, "namespace": given.namespace}
    good = {"mail": {"SMTP_PASSWORD": CANARY}}
    cases = [
        task("kubernetes_secrets", **config, secrets=good),
        task("kubernetes_secrets", **{**config, "namespace": "nowhere-at-all"}, secrets=good),
        task("kubernetes_secrets", **config, secrets={"mail": {"SMTP_PASSWORD": [CANARY]}}),
        task("kubernetes_secrets", **config, secrets=CANARY),
        task("kubernetes_secrets", **config),
    ]
    found = Ways(tmp_path).both(cases, check_mode=True, diff=True)
    assert [result.get("failed", False) for result in found] == [False, True, True, True, True]
