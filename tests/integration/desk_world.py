# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Desks as the harness wants a world: the lab's Kubernetes, its MinIO where it is wanted, and its stand-in of Chatwoot.

The pods are the lab's, which only say that they run. So what answers as a desk's Chatwoot is the stand-in, under an address of its own.
"""

from __future__ import annotations

import base64
import json
import secrets as random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.chatwoot import ChatwootStandIn
from lab.kubernetes import ControlPlane
from lab.minio import Minio
from tests.integration.desk import Chatwoot
from tests.integration.storage import Buckets
from tests.integration.tenant_world import TenantWorld
from tests.unit.desk_cases import SAID

CANARY = "canary-c0ffee-0451"
BY_MODE = "{{ lab_keys.%s.preview if dry_run | default(true) | bool else lab_keys.%s.apply }}"


class DeskWorld(TenantWorld):
    """Its hosts are desks."""

    def __init__(
        self, plane: ControlPlane, directory: Path, desks: Mapping[str, Mapping[str, Any]], chatwoot: Chatwoot | None = None
    ) -> None:
        self.chatwoot = chatwoot
        super().__init__(plane, directory, desks)

    def declare(self, tenants: Mapping[str, Mapping[str, Any]]) -> None:
        """Write the inventory: desks by name, with their variables."""
        super().declare(tenants)
        found = json.loads(self.inventory.read_text())["tenants"]
        found["vars"]["chatwoot_cluster"] = found["vars"].pop("tenant_cluster")
        self.inventory.write_text(json.dumps({"desks": found}))

    def declared(self, name: str) -> dict[str, Any]:
        """What the inventory says of one."""
        found: dict[str, Any] = json.loads(self.inventory.read_text())["desks"]["hosts"][name]
        return found

    def change(self, name: str, **variables: Any) -> None:
        """Declare something else of one; None takes a variable out."""
        hosts = json.loads(self.inventory.read_text())["desks"]["hosts"]
        changed = {**hosts[name], **variables}
        self.declare({**hosts, name: {key: value for key, value in changed.items() if value is not None}})

    def mark(self) -> dict[str, int]:
        """How far the logs of the servers are."""
        server = self._server
        return {**super().mark(), "chatwoot": len(server.requests()) if server else 0}

    def requests_since(self, mark: Mapping[str, int]) -> list[tuple[str, str, str]]:
        """What was asked since then, by us."""
        server = self._server
        asked = server.requests(mark["chatwoot"]) if server else []
        of_chatwoot = [("chatwoot", method, path) for method, _space, path in (line.partition(" ") for line in asked)]
        return [*super().requests_since(mark), *of_chatwoot]

    @property
    def _server(self) -> ChatwootStandIn | None:
        """The stand-in, where there is one that runs."""
        found = self.chatwoot.stand_in if self.chatwoot else None
        return found if found and found.running else None

    def volumes(self, client: str) -> None:
        """Give the cluster volumes for a client's databases, and nobody else: no other test's claim that waits takes them."""
        for store in ("postgres", "redis"):
            spec = {
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": "8Gi"},
                "claimRef": {"namespace": f"client-{client}", "name": f"data-chatwoot-{store}-0"},
                "hostPath": {"path": "/nowhere"},
                "persistentVolumeReclaimPolicy": "Delete",
            }
            metadata = {"name": f"volume-{random.token_hex(4)}"}
            self.plane.kubectl(
                "apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}
            )

    def scaled(self, namespace: str) -> bool:
        """Whether the autoscaler has given each Deployment that it cares for as many pods as it shall have at least."""
        deployments = self.get("deployments", namespace)
        scalers = [one["spec"] for one in self.get("horizontalpodautoscalers", namespace).values()]
        return all(deployments[one["scaleTargetRef"]["name"]]["spec"]["replicas"] >= one["minReplicas"] for one in scalers)

    def secret(self, name: str, namespace: str) -> dict[str, str]:
        """What kubectl finds in a Secret."""
        data = self.plane.kubectl("get", "secret", name, "-n", namespace, "-o", "json")["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}


def managed(**said: Any) -> dict[str, Any]:
    """Variables of a desk that we run, as the unit tests describe it. Nobody waits for its pods, and none of them answers."""
    found = {f"chatwoot_{name}": value for name, value in SAID.items() if name != "client"}
    return {**found, "chatwoot_verify": False, "chatwoot_wait_seconds": 0, **said}


def secrets(client: str) -> dict[str, Any]:
    """Variables with all that nobody else may know, the keys of the storage among them."""
    return {
        "chatwoot_storage_keys": {use: {"key": f"{client}-{use}", "secret_key": f"{CANARY}-{use}"} for use in ("files", "backup")},
        "chatwoot_backup_password": f"{CANARY}-restic",
        "chatwoot_secrets": {"chatwoot-mail": {"SMTP_USERNAME": "post-office", "SMTP_PASSWORD": f"{CANARY}-smtp"}},
    }


def account(chatwoot: Chatwoot, client: str) -> dict[str, Any]:
    """Variables with what stands in the desk's account on the stand-in."""
    return {
        "chatwoot_api": {"url": chatwoot.url},
        "chatwoot_platform_token": chatwoot.token,
        "chatwoot_administrator": {"email": f"desk+{client}@agency.example", "name": "Agency"},
        "chatwoot_agents": [{"email": f"anna+{client}@acme.example", "name": "Anna"}],
        "chatwoot_bot": {"name": "Assistant", "url": "https://bots.agency.example/acme"},
        "chatwoot_inboxes": [{"name": "Shop", "website_url": "https://shop.acme.example", "widget_color": "#0A7A4B"}],
        "chatwoot_features": {"campaigns": False, "ip_lookup": True},
    }


def stored(server: Minio, folder: Path) -> dict[str, Any]:
    """Variables with an object storage that a preview only reads."""
    reader = Buckets(server, folder).reader
    pairs = {"access_key": (reader[0], server.access_key), "secret_key": (reader[1], server.secret_key)}
    keys = {name: {"preview": preview, "apply": apply} for name, (preview, apply) in pairs.items()}
    return {
        "lab_keys": keys,
        "chatwoot_files": {"endpoint": server.url},
        "chatwoot_storage": {"endpoint": server.url, **{name: BY_MODE % (name, name) for name in keys}},
    }
