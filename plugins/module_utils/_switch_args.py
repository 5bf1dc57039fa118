# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of bluegreen_switch and its _info sibling, and how they become a wish.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._canary import CanaryWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._gate import Gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._hold_plan import HOLD_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route_options import MaintenanceWish, PreviewWish, StickyWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._soak import Soak
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import (
    Confirm,
    Wish,
    default_staging,
    rule_for,
)

Made = TypeVar("Made")

# In characters. What is shorter is found by trying, and would be found in half of any output.
SHORTEST_SECRET = 8

GATE_SPEC: dict[str, Any] = {
    "type": "dict",
    "default": {},
    "options": {
        "path": {"type": "str", "default": "/"},
        "status": {"type": "list", "elements": "int", "default": [200]},
        "body": {"type": "str"},
        "identity_header": {"type": "str", "default": "X-Bluegreen-Colour"},
        "identity_json": {"type": "str"},
        "host": {"type": "str"},
        "headers": {"type": "dict", "no_log": True},
        "timeout": {"type": "float", "default": 2.0},
        "successes": {"type": "int", "default": 2},
        "deadline": {"type": "float", "default": 10.0},
        "interval": {"type": "float", "default": 0.05},
        "ca_path": {"type": "path"},
    },
}

CONFIRM_SPEC: dict[str, Any] = {
    "type": "dict",
    "default": {},
    "options": {
        "api_url": {"type": "str"},
        "public_url": {"type": "str"},
        "connect_to": {"type": "str"},
        "ca_path": {"type": "path"},
        "validate_certs": {"type": "bool", "default": True},
        "timeout": {"type": "float", "default": 5.0},
    },
}

CANARY_SPEC: dict[str, Any] = {
    "type": "dict",
    "options": {
        "weight": {"type": "int"},
        "steps": {"type": "list", "elements": "int"},
    },
}

STICKY_SPEC: dict[str, Any] = {
    "type": "dict",
    "options": {
        "enabled": {"type": "bool", "default": True},
        "cookie": {"type": "str"},
        "secure": {"type": "bool"},
        "http_only": {"type": "bool", "default": True},
        "same_site": {"type": "str", "choices": ["lax", "strict", "none"], "default": "lax"},
        "max_age": {"type": "int", "default": 0},
    },
}

PREVIEW_SPEC: dict[str, Any] = {
    "type": "dict",
    "options": {
        "enabled": {"type": "bool", "default": True},
        "host": {"type": "str"},
        "header": {"type": "str"},
        "value": {"type": "str", "no_log": True},
        "users_file": {"type": "path"},
        "source_ranges": {"type": "list", "elements": "str"},
    },
}

MAINTENANCE_SPEC: dict[str, Any] = {
    "type": "dict",
    "options": {
        "enabled": {"type": "bool", "default": True},
        "servers": {"type": "list", "elements": "str"},
        "allow": {"type": "list", "elements": "str"},
    },
}

SWITCH_SPEC: dict[str, Any] = {
    "site": {"type": "str", "required": True},
    "dynamic_dir": {"type": "path", "required": True},
    "staging_dir": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "target": {"type": "str", "choices": ["blue", "green", "idle", "previous", "active"], "default": "active"},
    "colours": {
        "type": "dict",
        "options": {
            "blue": {"type": "list", "elements": "str", "required": True},
            "green": {"type": "list", "elements": "str", "required": True},
        },
    },
    "hosts": {"type": "list", "elements": "str"},
    "rule": {"type": "str"},
    "entrypoints": {"type": "list", "elements": "str"},
    "middlewares": {"type": "list", "elements": "str"},
    "tls": {
        "type": "dict",
        "options": {
            "enabled": {"type": "bool", "default": True},
            "cert_resolver": {"type": "str"},
            "options": {"type": "str"},
        },
    },
    "priority": {"type": "int"},
    "canary": CANARY_SPEC,
    "sticky": STICKY_SPEC,
    "preview": PREVIEW_SPEC,
    "maintenance": MAINTENANCE_SPEC,
    "gate": GATE_SPEC,
    "confirm": CONFIRM_SPEC,
    "soak": {
        "type": "dict",
        "default": {},
        "options": {
            "seconds": {"type": "float", "default": 0.0},
            "max_error_ratio": {"type": "float", "default": 0.01},
            "min_requests": {"type": "int", "default": 20},
            "metrics_url": {"type": "str"},
            "probe": {"type": "bool", "default": True},
            "interval": {"type": "float", "default": 0.2},
        },
    },
    **HOLD_SPEC,
    "lock_timeout": {"type": "float", "default": 10.0},
    "starting": {"type": "list", "elements": "str", "choices": ["blue", "green"], "default": []},
    "take_over": {"type": "bool", "default": False},
    "claim_expires": {"type": "int"},
}

INFO_SPEC: dict[str, Any] = {
    "site": {"type": "str"},
    "dynamic_dir": {"type": "path", "required": True},
    "staging_dir": {"type": "path"},
    "gate": GATE_SPEC,
    "confirm": {
        "type": "dict",
        "default": {},
        "options": {key: CONFIRM_SPEC["options"][key] for key in ("api_url", "timeout")},
    },
}


def filled(spec: dict[str, Any], given: dict[str, Any] | None) -> dict[str, Any]:
    """Give a dict option's suboptions their defaults; Ansible fills them only when the option itself is given."""
    return {name: (given or {}).get(name, option.get("default")) for name, option in spec["options"].items()}


def unhide_common_words(params: dict[str, Any], hidden: set[str]) -> None:
    """Take header values that are too short or too common to be secrets out of what Ansible masks.

    Masked are all texts that *hold* a hidden value: ``X-Probe: 2`` would mask every figure with a 2, ``https`` every URL, and what is
    left of the result could no longer be read by the role either.

    Args:
        params: the module's parameters.
        hidden: the module's ``no_log_values``.
    """
    common = {params.get("site"), *COLOURS, *(params.get("hosts") or ())}
    values = {str(value) for value in ((params.get("gate") or {}).get("headers") or {}).values()}
    hidden.difference_update(value for value in values if len(value) < SHORTEST_SECRET or value in common)


def real(directory: str) -> str:
    """Resolve links, so that whoever comes through one meets the others at the same lock; a relative path is refused later."""
    return os.path.realpath(directory) if os.path.isabs(directory) else directory


def gate_of(params: dict[str, Any]) -> Gate:
    """Make the gate from a module's parameters."""
    given = filled(GATE_SPEC, params["gate"])
    headers = {str(name): str(value) for name, value in (given["headers"] or {}).items()}
    return Gate(**{**given, "status": tuple(given["status"]), "headers": headers})


def wish_of(params: dict[str, Any]) -> Wish:
    """Make the wish from the module's parameters.

    Raises:
        InputError: a host name that DNS would not take.
    """
    hosts = params["hosts"]
    directory = real(params["dynamic_dir"])
    return Wish(
        site=params["site"],
        dynamic_dir=directory,
        staging_dir=params["staging_dir"] or default_staging(directory),
        state=params["state"],
        target=params["target"],
        colours={colour: tuple(urls) for colour, urls in params["colours"].items()} if params["colours"] else None,
        rule=rule_for(hosts) if hosts else params["rule"],
        entrypoints=_tuple(params["entrypoints"]),
        middlewares=_tuple(params["middlewares"]),
        tls=_tls(params["tls"]),
        keep_tls=params["tls"] is None,
        priority=params["priority"],
        canary=_made(CanaryWish, CANARY_SPEC, params["canary"]),
        sticky=_made(StickyWish, STICKY_SPEC, params["sticky"]),
        preview=_made(PreviewWish, PREVIEW_SPEC, params["preview"]),
        maintenance=_made(MaintenanceWish, MAINTENANCE_SPEC, params["maintenance"]),
        gate=gate_of(params),
        confirm=Confirm(**filled(CONFIRM_SPEC, params["confirm"])),
        soak=Soak(**filled(SWITCH_SPEC["soak"], params["soak"])),
        lock_timeout=params["lock_timeout"],
        starting=tuple(params["starting"]),
        take_over=params["take_over"],
        claim_expires=params["claim_expires"],
    )


def _made(kind: Callable[..., Made], spec: dict[str, Any], given: dict[str, Any] | None) -> Made | None:
    """Make the wish of a dict option; a list that is not given is an empty one."""
    if given is None:
        return None
    lists = {name for name, option in spec["options"].items() if option["type"] == "list"}
    return kind(**{name: tuple(value or ()) if name in lists else value for name, value in filled(spec, given).items()})


def _tuple(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


def _tls(value: dict[str, Any] | None) -> dict[str, str] | None:
    """Return the router's tls section: None for plain HTTP, ``{}`` for TLS with the certificates that are there."""
    if not value or not value["enabled"]:
        return None
    names = {"cert_resolver": "certResolver", "options": "options"}
    return {names[key]: value[key] for key in names if value[key]}
