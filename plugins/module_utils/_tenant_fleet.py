# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tenants of a cluster have, read once for all hosts of a task (ADR-0016).

PRIVATE: for this collection's own plugins, not a public interface.

Ten requests a tenant cost more than all the rest of what tells that nothing is to change. So the first worker of a task reads the whole
cluster, kind by kind, and leaves it in a folder of this run. It is good for one answer only, "nothing to change": whoever finds a
difference in it, or does not find what it needs, reads the tenant anew. What is not there, is too old or cannot be read means the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypedDict

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _kubernetes_kinds as kinds
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _resources
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api, Kind
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import KUBERNETES_SPEC, opened
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_names import DNS_LABEL
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_world import OUR_SITES, READ, Object

# From this many hosts on it pays: the whole of 30 tenants is read in the time of three.
FEWEST_HOSTS: Final = 20
# Seconds for which it is believed. A thousand tenants take about this long, and a preview is as old as its first line when it is read.
BELIEVED: Final = 30.0
# A run for a few of a cluster's tenants asks for those, and not for everybody's.
LARGEST_CLUSTER: Final = 4
# Objects of one kind for each namespace of a tenant; with more, most of them are other people's.
MOST_OBJECTS: Final = 50
# Seconds for all of it. What takes longer would be too old as soon as it is there, and be read again and again for nothing.
PATIENCE: Final = 20.0
# Texts are written out when they are this many together, so that the cluster's size is not the worker's.
BUFFER: Final = 16 * 1024 * 1024


class Index(TypedDict, total=False):
    """What was read, when that was begun, and where it is; empty while somebody is at it, and where it was tried in vain."""

    begun: float
    folder: str
    classes: list[Object]


class NotReadError(Exception):
    """Nobody has read that; ask the API server."""


@dataclass(frozen=True)
class Snapshot:
    """What was read of a tenant; a ``Reader`` of what a converged one consists of.

    Attributes:
        objects: by kind and namespace.
        classes: all StorageClasses.
    """

    objects: Mapping[tuple[str, str], list[Object]]
    classes: list[Object]

    def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        """Return a StorageClass; of a namespace only that it is none of the tenant's."""
        if namespace is not None or kind not in (kinds.NAMESPACE, kinds.STORAGE_CLASS):
            raise NotReadError
        if kind is kinds.NAMESPACE:
            return None
        return next((one for one in self.classes if one["metadata"]["name"] == name), None)

    def list_all(self, kind: Kind, namespace: str | None = None, *, labels: str = "") -> list[Object]:
        """Return the tenant's namespaces, whatever else is selected of them, or what one of them has of a kind."""
        if kind not in (kinds.NAMESPACE, *READ) or (labels and kind is not kinds.NAMESPACE):
            raise NotReadError
        return self.objects.get((kind.kind, namespace or ""), [])


@dataclass(frozen=True)
class Fleet:
    """The hosts of one task, all of which have ended what comes before it.

    Attributes:
        folder: where the workers of this run, and nobody else, can leave things for each other; removed at its end.
        task: what tells this task, and each time that it comes, from the others of the run.
        hosts: how many there are.
    """

    folder: Path
    task: str
    hosts: int

    def snapshot(self, params: Mapping[str, Any], tenant: str) -> Snapshot | None:
        """Return what was read of a cluster, or read it; None where it does not pay, or somebody is at it.

        Args:
            params: the options of ``KUBERNETES_SPEC``.
            tenant: for whom; one that this run has changed is not in it.
        """
        if self.hosts < FEWEST_HOSTS:
            return None
        place = self._place(params)
        try:
            index = _index(place)
            if _is_to_read(index):
                index = self._read(place, params)
            found = _load(index, tenant) if index and _is_good(index) else None
        except (OSError, ValueError, KeyError, TypeError):
            # Replaced by a newer one at this moment, cut, or without this tenant.
            return None
        # Looked at last, for the mark is made before the change.
        return None if _mark(place, tenant).exists() else found

    def forget(self, params: Mapping[str, Any], tenant: str) -> None:
        """Note that a tenant is about to be changed: what was read of it is no longer so."""
        if self.hosts < FEWEST_HOSTS:
            return
        place = self._place(params)
        try:
            _mark(place, tenant).touch()
        except OSError:
            # The disk is full since it was read; to take it away for all of them needs no room.
            with contextlib.suppress(OSError):
                place.with_suffix(".json").unlink()

    def _place(self, params: Mapping[str, Any]) -> Path:
        """Return where the snapshot of a cluster is, of this task and with these rights."""
        access = json.dumps([self.task, {name: params[name] for name in KUBERNETES_SPEC}], sort_keys=True)
        return self.folder / f"bluegreen-{hashlib.sha256(access.encode()).hexdigest()[:16]}"

    def _read(self, place: Path, params: Mapping[str, Any]) -> Index:
        """Read the cluster, if nobody else does; the index is empty where that came to nothing."""
        with _alone(place) as alone:
            known = _index(place)
            if not alone or not _is_to_read(known):
                return known or {}
            # Whoever fails from here on, or is killed, was the last to try: each tenant's own run says what is wrong.
            _commit(place, {})
            if known:
                shutil.rmtree(known["folder"], ignore_errors=True)
            try:
                index = _written(place, params, self.hosts)
            except BlueGreenError:
                return {}
            _commit(place, index)
            return index


def _index(place: Path) -> Index | None:
    try:
        found: Index = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _is_good(index: Index) -> bool:
    """Whether what was read was not read too long ago."""
    return 0 <= time.time() - index["begun"] <= BELIEVED


def _is_to_read(index: Index | None) -> bool:
    """Whether nobody has tried yet, or what was read is too old. What came to nothing once is not tried again."""
    return index is None or (bool(index) and not _is_good(index))


def _load(index: Index, tenant: str) -> Snapshot:
    objects: dict[tuple[str, str], list[Object]] = {}
    for line in (Path(index["folder"]) / tenant).read_text(encoding="utf-8").splitlines():
        kind, namespace, found = json.loads(line)
        objects.setdefault((kind, namespace), []).extend(found)
    return Snapshot(objects, index["classes"])


def _mark(place: Path, tenant: str) -> Path:
    return place.with_name(f"{place.name}-{tenant}.changed")


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[bool]:
    """Whether nobody else reads; a worker that is killed lets go, too."""
    handle = os.open(place.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except BlockingIOError:
            alone = False
        # Outside of that try: what goes wrong while it reads is not for this to catch.
        yield alone
    finally:
        os.close(handle)


def _commit(place: Path, index: Index) -> None:
    staged = place.with_suffix(".new")
    staged.write_text(json.dumps(index), encoding="utf-8")
    staged.replace(place.with_suffix(".json"))


def _written(place: Path, params: Mapping[str, Any], hosts: int) -> Index:
    """Read a cluster into a new folder; empty where that does not pay.

    Raises:
        BlueGreenError: it cannot be read.
    """
    begun = time.time()
    with opened(params) as access:
        api = Api(access, timeout=params["request_timeout"], deadline=PATIENCE)
        found = api.list_all(kinds.NAMESPACE, labels=OUR_SITES)
        if not found or len(found) > LARGEST_CLUSTER * hosts:
            return {}
        classes = api.list_all(kinds.STORAGE_CLASS)
        folder = Path(tempfile.mkdtemp(prefix=f"{place.name}-", dir=place.parent))
        whole = False
        try:
            whole = _sort(api, folder, found)
        finally:
            if not whole:
                shutil.rmtree(folder, ignore_errors=True)
    return {"begun": begun, "folder": str(folder), "classes": classes} if whole else {}


def _sort(api: Api, folder: Path, namespaces: list[Object]) -> bool:
    """Read all kinds of all tenants into files; false where most of it is other people's."""
    owners = {one["metadata"]["name"]: str(one["metadata"]["labels"]["tenant"]) for one in namespaces}
    # Each becomes the name of a file, and what answers may be no API server: of an id that is none, nothing is written.
    tenants = _Tenants(folder, {namespace: tenant for namespace, tenant in owners.items() if DNS_LABEL.fullmatch(tenant)})
    tenants.add(kinds.NAMESPACE, namespaces)
    for kind in READ:
        seen = 0
        for page in api.pages(kind):
            seen += len(page)
            if seen > MOST_OBJECTS * len(namespaces):
                return False
            tenants.add(kind, page)
    tenants.flush()
    return True


@dataclass
class _Tenants:
    """Pages of lists, sorted into a file for each tenant.

    Attributes:
        folder: where they are.
        owner: whose a namespace is.
    """

    folder: Path
    owner: Mapping[str, str]
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _size: int = 0

    def add(self, kind: Kind, page: Iterable[Object]) -> None:
        """Add a page of objects of a kind; those of nobody are left out."""
        parts: dict[tuple[str, str], list[Object]] = {}
        for one in page:
            namespace = one["metadata"].get("namespace", "")
            tenant = self.owner.get(namespace or one["metadata"]["name"])
            if tenant:
                parts.setdefault((tenant, namespace), []).append(_bare(one) if kind is kinds.DEPLOYMENT else one)
        for (tenant, namespace), objects in parts.items():
            line = json.dumps([kind.kind, namespace, objects])
            self._lines.setdefault(tenant, []).append(line)
            self._size += len(line)
        if self._size > BUFFER:
            self.flush()

    def flush(self) -> None:
        """Write what was added."""
        for tenant, lines in self._lines.items():
            with (self.folder / tenant).open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
        self._lines, self._size = {}, 0


def _bare(deployment: Object) -> Object:
    """Return of a Deployment what a plan looks at: what its containers are told may be a secret, and this goes into a file."""
    meta, spec = deployment["metadata"], deployment["spec"]
    pod = _resources.countable((spec.get("template") or {}).get("spec") or {})
    return {
        "metadata": {key: meta[key] for key in ("name", "namespace", "labels", "managedFields") if key in meta},
        "spec": {**({"replicas": spec["replicas"]} if "replicas" in spec else {}), "template": {"spec": pod}},
    }
