# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that tell the role bluegreen what is to happen to a site's containers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._container_plan import (
    SETTINGS_LABEL,
    Wanted,
    comparable,
    conflicts,
    plan_colour,
    trouble,
)


def container_plan(container: Mapping[str, Any] | None, **wanted: Any) -> dict[str, Any]:
    """Return what is to happen to the container of one colour."""
    return plan_colour(Wanted(**_plain(wanted)), _plain(container) or None).public()


def container_labels(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the label by which a later run knows what a container was made with."""
    return {SETTINGS_LABEL: json.dumps(comparable(_plain(settings)), sort_keys=True)}


def container_mounts(volumes: list[Mapping[str, Any]], site: str, colour: str, secrets_dir: str = "") -> list[dict[str, Any]]:
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
    secret = {"type": "bind", "source": secrets_dir, "target": "/run/secrets", "read_only": True}
    return [*mounts, secret] if secrets_dir else mounts


def site_volumes(volumes: list[Mapping[str, Any]], site: str) -> list[str]:
    """Return the names of all volumes of a site."""
    both = [container_mounts(volumes, site, colour) for colour in COLOURS]
    return sorted({str(mount["source"]) for mounts in both for mount in mounts})


def _yes(value: Any) -> bool:
    return boolean(value) if value is not None else False


def container_trouble(container: Mapping[str, Any] | None, reasons: list[str], otherwise: str = "") -> str:
    """Return why a new container is not well."""
    return trouble(_plain(container), _plain(reasons), str(otherwise))


def site_conflicts(names: list[str], hostvars: Mapping[str, Any]) -> dict[str, str]:
    """Return, per site, which host name or port another site claims as well."""
    return conflicts({str(name): _claims(hostvars[name]) for name in names})


def _claims(variables: Mapping[str, Any]) -> dict[str, Any]:
    claims = {"address": "ansible_host", "hosts": "bluegreen_hosts", "ports": "bluegreen_ports"}
    return {key: _plain(_value(variables, name)) for key, name in claims.items()}


def _value(variables: Mapping[str, Any], name: str) -> Any:
    try:
        return variables.get(name)
    except AnsibleError:
        # Another site's half-edited SITE conf is reported by that site's own run.
        return None


def _plain(value: Any) -> Any:
    """Turn what templating gives (tagged texts, lazy containers) into plain data."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, str) else value


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "container_labels": container_labels,
            "container_mounts": container_mounts,
            "container_plan": container_plan,
            "container_trouble": container_trouble,
            "site_conflicts": site_conflicts,
            "site_volumes": site_volumes,
        }
