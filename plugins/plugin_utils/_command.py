# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line that applies what was previewed, without the value of any variable that could be a secret.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ansible.parsing.splitter import parse_kv

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._run import setting

# Values of these are colours, names, numbers, paths and hashes; any other may be a password that was typed on the command line.
SAFE_VARIABLES = frozenset(
    {
        "bluegreen_target",
        "bluegreen_image",
        "bluegreen_canary_weight",
        "bluegreen_canary_steps",
        "bluegreen_maintenance",
        "bluegreen_hold",
        "bluegreen_hold_seconds",
        "bluegreen_retire",
        "bluegreen_retire_force",
        "bluegreen_retire_volumes",
        "bluegreen_keep_previous",
        "bluegreen_take_over",
        "bluegreen_lock_timeout",
        "chatwoot_backup_name",
        "chatwoot_backup_wait_seconds",
        "chatwoot_confirm",
        "chatwoot_confirm_needed",
        "chatwoot_delete_data",
        "chatwoot_features",
        "chatwoot_month",
        "chatwoot_over_quota",
        "chatwoot_restoring",
        "chatwoot_suspend",
        "chatwoot_take_over",
        "chatwoot_update_secrets",
        "chatwoot_validate",
        "chatwoot_verify",
        "chatwoot_wait_seconds",
        "chatwoot_without_backup",
        "tenant_confirm",
        "tenant_confirm_needed",
        "tenant_delete_data",
        "tenant_force",
        "tenant_take_over",
        "tenant_validate",
        "tenant_wait_seconds",
        "audit_site",
        "audit_path",
        "audit_report_path",
        "audit_report_lang",
        "audit_expect_head",
        "tenant_status_all",
        "tenant_smaller_tier",
        "tenant_report_path",
        "tenant_report_lang",
    }
)
# What key=value takes as it stands; anything else goes as JSON.
PLAIN = re.compile(r"[^\s'\"\\{}=]*")
# An image with a login before its registry.
CREDENTIALS = re.compile(r"[^/\s]*@[^/\s]*/")
# Options that are repeated as they were, with the key under which ansible-core keeps them.
LISTS = (("--skip-tags", "skip_tags"), ("--vault-id", "vault_ids"), ("--vault-password-file", "vault_password_files"))
FLAGS = (("--ask-vault-pass", "ask_vault_pass"), ("--ask-pass", "ask_pass"), ("--ask-become-pass", "become_ask_pass"), ("-b", "become"))


def apply_command(arguments: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Build the command that applies.

    Args:
        arguments: ansible-core's parsed command line (``context.CLIARGS``).

    Returns:
        The command, and the names of the variables whose values the reader has to fill in.
    """
    words = [program(), *arguments.get("args", ()), *inventory(arguments)]
    if arguments.get("subset"):
        words += ["--limit", arguments["subset"]]
    tags = [tag for tag in arguments.get("tags") or () if tag != "all"]
    words += [word for tag in tags for word in ("--tags", tag)]
    for option, key in LISTS:
        words += [word for value in arguments.get(key) or () for word in (option, value)]
    words += [option for option, key in FLAGS if arguments.get(key)]
    variables, withheld = _variables(arguments.get("extra_vars") or ())
    return shlex.join([*words, *variables, "-e", "dry_run=false"]), withheld


def program() -> str:
    """Return how ansible-playbook is typed here: by its name where the PATH finds this very one, else by its path."""
    name = "ansible-playbook"
    called = sys.argv[0]
    if os.path.basename(called) != name:
        return name
    found = shutil.which(name)
    same = found is not None and os.path.realpath(found) == os.path.realpath(called)
    return name if same else os.path.relpath(called) if called.startswith(os.getcwd() + os.sep) else called


def inventory(arguments: Mapping[str, Any]) -> list[str]:
    """Return the options that name the inventory, none when it is the default one."""
    given = list(arguments.get("inventory") or [])
    return [] if given == list(setting("DEFAULT_HOST_LIST")) else [word for source in given for word in ("-i", source)]


def take_back_command(command: str, site: str, host: str, arguments: Mapping[str, Any]) -> str:
    """Make a module's take_back a line that works here: this program, this inventory, and the host that the site has in it."""
    words = shlex.split(command)
    if words[:1] != ["ansible-playbook"]:
        return command
    limited = [host if before == "--limit" and word == site else word for before, word in zip(["", *words], words, strict=False)]
    return shlex.join([program(), limited[1], *inventory(arguments), *limited[2:]])


def _variables(given: Sequence[str]) -> tuple[list[str], list[str]]:
    words: list[str] = []
    withheld: list[str] = []
    for text in given:
        if text.startswith("@"):
            words += ["-e", text]
            continue
        for name, value in _parse(text).items():
            if name in SAFE_VARIABLES and not CREDENTIALS.match(str(value)):
                plain = isinstance(value, str) and PLAIN.fullmatch(value)
                words += ["-e", f"{name}={value}" if plain else json.dumps({name: value}, default=str)]
            elif name != "dry_run":
                words += ["-e", f"{name}=..."]
                withheld.append(str(name))
    return words, withheld


def _parse(text: str) -> Mapping[str, Any]:
    if not text.startswith(("{", "[", "/", ".")):
        return dict(parse_kv(text))
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return data if isinstance(data, Mapping) else {}
