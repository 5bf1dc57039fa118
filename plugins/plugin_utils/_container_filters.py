# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role bluegreen what is to happen to a site's containers.

PRIVATE: for this collection's own plugins, not a public interface. They are filters through ``plugins/filter/filters.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from jinja2 import UndefinedError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._container_plan import (
    SECRETS_TARGET,
    SecretsWanted,
    Wanted,
    age,
    colour_labels,
    conflicts,
    plan_colour,
    secrets_changed,
    strangers,
    trouble,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._container_plan import (
    site_labels as labels_of,
)
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._plain import plain


def container_plan(container: Mapping[str, Any] | None, **wanted: Any) -> dict[str, Any]:
    """Return what is to happen to the container of one colour."""
    return plan_colour(Wanted(**plain(wanted)), plain(container) or None).public()


def container_labels(settings: Mapping[str, Any], site: str, colour: str, version: str) -> dict[str, str]:
    """Return the labels by which a later run knows whose a container is, and what it was made with."""
    return colour_labels(str(site), str(colour), str(version), plain(settings))


def container_age(container: Mapping[str, Any], last_change: str, last_change_age: float) -> int:
    """Return for how many seconds a container has been running."""
    return int(age(plain(container), str(last_change), float(last_change_age)))


def site_strangers(host: Mapping[str, Any], site: str, volumes: list[str]) -> str:
    """Return which container, network or volume with a name of a site is not ours, empty when all are."""
    return strangers(plain(host), str(site), plain(volumes))


def site_labels(site: str) -> dict[str, str]:
    """Return the labels of what a site has in Docker."""
    return labels_of(str(site))


def secrets_age(
    found: Sequence[Mapping[str, Any]],
    secrets: Sequence[Mapping[str, Any]],
    sources: Sequence[Mapping[str, Any]],
    directory: str,
    uid: int,
) -> float:
    """Return when the secrets of one colour were last changed."""
    given = {str(source["item"]["name"]): source["stat"].get("checksum") for source in sources}
    # SHA-1 because that is what the module find tells; it is compared and never stored or shown.
    given |= {
        str(secret["name"]): hashlib.sha1(str(secret["value"]).encode(), usedforsecurity=False).hexdigest()
        for secret in secrets
        if "value" in secret
    }
    checksums = {str(secret["name"]): given.get(str(secret["name"])) for secret in secrets}
    return secrets_changed(SecretsWanted(str(directory), int(uid), checksums), found)


def container_mounts(volumes: Sequence[Mapping[str, Any]], site: str, colour: str, secrets_dir: str = "") -> list[dict[str, Any]]:
    """Return what is mounted into the container of one colour."""
    mounts = [
        {
            "type": "volume",
            "source": f"{site}-{volume['name']}" if _yes(volume.get("shared")) else f"{site}-{colour}-{volume['name']}",
            "target": str(volume["path"]),
            "read_only": _yes(volume.get("read_only")),
        }
        for volume in volumes
    ]
    # The directory, not its files: one that is renamed into place would otherwise not be seen.
    secret = {"type": "bind", "source": secrets_dir, "target": SECRETS_TARGET, "read_only": True}
    return [*mounts, secret] if secrets_dir else mounts


def site_volumes(volumes: Sequence[Mapping[str, Any]], site: str) -> list[str]:
    """Return the names of all volumes of a site."""
    both = [container_mounts(volumes, site, colour) for colour in COLOURS]
    return sorted({str(mount["source"]) for mounts in both for mount in mounts})


def _yes(value: Any) -> bool:
    return boolean(value) if value is not None else False


def container_trouble(container: Mapping[str, Any] | None, reasons: list[str], otherwise: str = "") -> str:
    """Return why a new container is not well."""
    return trouble(plain(container), plain(reasons), str(otherwise))


def site_conflicts(names: list[str], hostvars: Mapping[str, Any]) -> dict[str, str]:
    """Return, per site, which name, host name, port or volume another site claims as well."""
    return conflicts({str(name): _claims(str(name), hostvars[name]) for name in names})


def _claims(name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a site claims, as far as it makes sense: what it declares wrongly is reported by its own run, and stops no other's."""
    site = str(_value(variables, "bluegreen_site") or name)
    ports = _value(variables, "bluegreen_ports")
    return {
        "address": _value(variables, "ansible_host"),
        "site": site,
        "hosts": _claimed_hosts(_value(variables, "bluegreen_hosts")),
        "ports": ports if isinstance(ports, dict) else {},
        "volumes": _claimed_volumes(_value(variables, "bluegreen_volumes"), site),
    }


def _claimed_hosts(hosts: Any) -> list[str]:
    # A plain text is a list to Ansible's arguments, so it becomes the site's route like one.
    texts = hosts.split(",") if isinstance(hosts, str) else hosts
    return [text.strip() for text in texts if isinstance(text, str) and text.strip()] if isinstance(texts, list) else []


def _claimed_volumes(volumes: Any, site: str) -> list[str]:
    """Return what Docker would call the volumes of a site; one of them twice where two volumes would become the same."""
    # One volume may be mounted at two paths.
    known = [volume for volume in volumes if isinstance(volume, dict) and volume.get("name")] if isinstance(volumes, list) else []
    claimed = {(str(volume["name"]), boolean(volume.get("shared"), strict=False)) for volume in known}
    return [found for name, shared in sorted(claimed) for found in site_volumes([{"name": name, "path": "/", "shared": shared}], site)]


def _value(variables: Mapping[str, Any], name: str) -> Any:
    try:
        # Plain at once: what is inside of a list is templated no sooner, and Jinja's own error tells of what is undefined there.
        return plain(variables.get(name))
    except (AnsibleError, UndefinedError):
        return None
