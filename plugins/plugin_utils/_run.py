# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audit and the summary callback both need to know about a run, read from ansible-core's own objects.

PRIVATE: for this collection's own plugins, not a public interface.

Works on ansible-core 2.19 and on newer ones: 2.21 deprecates ``CallbackTaskResult.task_fields``, so only ``task`` is read.
"""

from __future__ import annotations

import functools
import os
import platform
import pwd
import re
import socket
import textwrap
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.basic import heuristic_log_sanitize
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.release import __version__ as ansible_version
from ansible.template import Templar

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import why_unreadable

Mode = Literal["preview", "apply"]

COLLECTION = "bluegreen.orchestrator"
ROOT = Path(__file__).resolve().parents[2]
# The longest of ours names two paths and a remedy; what is cut off must not be the remedy.
LONGEST_SENTENCE = 600
# Our modules' refusals begin with the option, and with its key where it is a dict.
OPTION_NAMED = re.compile(r"(?P<option>[a-z][a-z0-9_]*)(?P<key>(?:\.[a-z0-9_]+)*): ")
# What modules take their connection from, by how their names begin: the group in meta/runtime.yml, and what describes the connection.
CONNECTIONS = {
    "kubernetes_": ("kubernetes", "kubernetes"),
    "tier_quota": ("kubernetes", "kubernetes"),
    "minio_bucket": ("storage", "minio"),
    "chatwoot_tenant": ("chatwoot", "chatwoot"),
}
# How ansible-core's check begins where it could not read an argument, told without the name, perhaps with the value.
NAMELESS = ("Value '", "dictionary requested", "unable to evaluate")
SENTENCE_ACTIONS = ("ansible.builtin.assert", "ansible.builtin.fail")

# What the audit callback could not write in this run, for the summary to say.
lost_records: list[str] = []


def option(plugin: Any, name: str) -> Any:
    """Return an option of a plugin (ansible-core's own method carries no types)."""
    return plugin.get_option(name)


def setting(name: str) -> Any:
    """Return a setting of ansible-core."""
    return constants.config.get_config_value(name)


def log_path(plugin: Any) -> str:
    """Return where the log lies for a plugin that has the options of the audit fragment."""
    return str(option(plugin, "path") or default_path())


def default_path() -> str:
    """Return where the log lies when no option says otherwise."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(state, "bluegreen", "audit.jsonl")


def mode_of(play: Any, host: Any = None, task: Any = None) -> Mode | None:
    """Return whether a play or task of it is a preview, None when that cannot be told.

    ansible-core hands out a bool for a task that ran, but the untemplated text for a task with a loop and for a play.
    """
    value = (play if task is None else task).check_mode
    if not isinstance(value, bool):
        value = _template(play, host, task, value)
        if value is None:
            return None
    return "preview" if boolean(value, strict=False) else "apply"


def required_by_vars(play: Any) -> bool:
    """Return whether ``audit_required`` is set for any host of a play.

    A value that cannot be read counts as set: who wrote it wanted it.
    """
    manager = play.get_variable_manager()
    for host in hosts_of(play) or [None]:
        value = manager.get_vars(play=play, host=host).get("audit_required", False)
        if isinstance(value, str):
            value = _template(play, host, None, value)
        if value is None or boolean(value, strict=False):
            return True
    return False


def hosts_of(play: Any) -> list[Any]:
    """Return the hosts of the play, or of its current batch."""
    return list(play.get_variable_manager()._inventory.get_hosts(play.hosts))


def noun_of(host: Any) -> str:
    """Return what a host is: a site, a tenant or a desk, by the inventory's groups; this machine is none of them."""
    groups = {group.name for group in host.get_groups()}
    for group, noun in (("tenants", "tenant"), ("desks", "desk")):
        if group in groups:
            return noun
    return "host" if host.name in constants.LOCALHOST and "sites" not in groups else "site"


def place_of(result: Any) -> tuple[str, str]:
    """Return whom a result is about, as noun and name. What runs once and here is about this machine, whichever host it was run for."""
    task = result.task
    if task.run_once and task.delegate_to in constants.LOCALHOST:
        return "host", str(task.delegate_to)
    return noun_of(result.host), str(result.host.name)


def extra_vars(play: Any) -> Mapping[str, Any]:
    """Return the run's extra variables; AWX says there who started which job."""
    found: Mapping[str, Any] = play.get_variable_manager().extra_vars
    return found


def offer_of(play: Any) -> str | None:
    """Return the offer that a play declares in its own ``vars``."""
    offer = (play.vars or {}).get("offer")
    return str(offer) if offer else None


def task_name(task: Any) -> str:
    """Return a task's name as it is written in the file, never as it was templated: a template can carry a secret."""
    source = task.get_ds()
    name = source.get("name") if isinstance(source, Mapping) else None
    return str(name or action_of(task))[:LONGEST_SENTENCE]


def subject(task: Any, part: Mapping[str, Any]) -> str:
    """Return which container a task of Docker's is about, and from which image; empty for other tasks.

    That module has no sentence of its own, and a task that is named once makes a container for each colour.
    """
    arguments = (part.get("invocation") or {}).get("module_args") or {}
    if action_of(task) != "community.docker.docker_container" or not arguments.get("name"):
        return ""
    image = str(arguments.get("image") or "")
    return f": {arguments['name']}{f' from {image}' if image and not image.startswith('sha256:') else ''}"


def action_of(task: Any) -> str:
    """Return the full name of a task's module."""
    return str(task.resolved_action or task.action)


def role_of(task: Any) -> str | None:
    """Return the full name of the role that a task belongs to."""
    role = getattr(task, "_role", None)
    return str(role.get_name()) if role else None


def is_ours(task: Any) -> bool:
    """Return whether a task's sentences are written by this collection: by its modules, or in its own ``assert`` and ``fail`` tasks."""
    action = action_of(task)
    file = str(task.get_path() or "").rpartition(":")[0]
    return action.startswith(f"{COLLECTION}.") or (action in SENTENCE_ACTIONS and bool(file) and Path(file).resolve().is_relative_to(ROOT))


def in_inventory(task: Any, said: str) -> str:
    """Return a refusal with the name that the operator knows the option by; the modules of a role know only their own options.

    ``confirm.api_url: ...`` in the role bluegreen is ``bluegreen_confirm.api_url`` in the inventory, ``url: ...`` of a Chatwoot
    ``chatwoot_api.url``.
    """
    option_named = OPTION_NAMED.match(said)
    role = role_of(task)
    if role is None or option_named is None or not action_of(task).startswith(f"{COLLECTION}."):
        return said
    known = task._role.get_default_vars()
    variables = _given_by(task, role.rpartition(".")[2], option_named["option"])
    variable = next((name for name in variables if name.partition(".")[0] in known), "")
    return f"{said} (In the inventory: {variable}{option_named['key']}.)" if variable else said


def unread_argument(play: Any, result: Any) -> str:
    """Return which variable ansible-core's check of our roles' arguments could not read, without a name. Nothing for other tasks."""
    task, host = result.task, result.host
    if action_of(task) != "ansible.builtin.validate_argument_spec" or not (role_of(task) or "").startswith(f"{COLLECTION}."):
        return ""
    errors = result.result.get("argument_errors")
    if "censored" in result.result or (errors and not errors[0].startswith(NAMELESS)):
        return ""
    spec = task.args.get("argument_spec") or {}
    variables = play.get_variable_manager().get_vars(play=play, host=host, task=task)
    given = {**variables, **(task.args.get("provided_arguments") or {})}
    return why_unreadable(spec, {name: _templated(play, variables, given[name]) for name in spec if name in given})


def _given_by(task: Any, role: str, option: str) -> Iterator[str]:
    """Yield the variables that a role may have an option of a task from, the likeliest first: never a value, and not all of them are any.

    A private variable (``__chatwoot_api``) stands for the public one that it begins with, and is put together of several.
    """
    named = re.compile(rf"\b(?:__)?({re.escape(role)}_\w+)")
    own = f"{role}_{option}"
    # As it is written: when a task has failed its arguments are values.
    source = task.get_ds()
    written = source.get(action_of(task)) if isinstance(source, Mapping) else None
    template = written.get(option) if isinstance(written, Mapping) else None
    if template is not None:
        yield from sorted(named.findall(str(template)), key=lambda name: name != own)
    elif isinstance(written, Mapping):
        shared = [match for text in _shared_by(task, option) if (match := named.search(text))]
        yield from (own for match in shared if match[0] != match[1])
        yield from (f"{match[1]}.{option}" for match in shared)
    # What the role has worked out is told of as what it was worked out from; what stands in the task itself is nobody's to mend.
    if template is None or "{{" in str(template):
        yield own


def _shared_by(task: Any, option: str) -> Iterator[str]:
    """Yield the templates that a task has an option of its connection from, the nearest first."""
    action = action_of(task).removeprefix(f"{COLLECTION}.")
    group, fragment = next((names for prefix, names in CONNECTIONS.items() if action.startswith(prefix)), ("", ""))
    if group and option in _connection(fragment):
        for defaults in reversed(getattr(task, "module_defaults", None) or []):
            if isinstance(template := defaults.get(f"group/{COLLECTION}.{group}"), str):
                yield template


@functools.cache
def _connection(fragment: str) -> frozenset[str]:
    """Return the options of a connection; what else a task does not give has the module's own default."""
    described = import_module(f"{__package__.rpartition('.')[0]}.doc_fragments.{fragment}").ModuleDocFragment.DOCUMENTATION
    return frozenset(yaml.safe_load(described)["options"])


def parts(result: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the results of a task: one, or one per item of its loop.

    Of what ``no_log`` hides ansible-core hands out no message, diff or any key of a module's own, only ``censored``.
    """
    items = result.result.get("results")
    for part in items if isinstance(items, list) else [result.result]:
        if isinstance(part, Mapping):
            yield part


def sentence(result: Any) -> str | None:
    """Return the first line of why a task failed, without anything that looks like a password; None when it is hidden."""
    for part in parts(result):
        # ansible-core 2.19 marks the failed items of a loop by "failed", 2.21 only by "exception".
        if part.get("msg") and (part is result.result or part.get("failed") or "exception" in part):
            return one_line(str(part["msg"]))
    return None


def one_line(text: str) -> str:
    """Return the first line of a text, shortened, user:password@ masked.

    Ansible's check of a role's arguments says on that line only that they failed; the next one has the first of them. What cannot be
    converted is named without its value, which stands behind a colon.
    """
    line, *rest = text.strip().splitlines() or [""]
    if rest and line.endswith(":"):
        line = f"{line} {rest[0].partition(': ')[0] if 'unable to convert' in rest[0] else rest[0]}"
    return textwrap.shorten(printable(line), LONGEST_SENTENCE, placeholder=" …")


def printable(text: str) -> str:
    """Return a text without what a terminal would obey, user:password@ masked."""
    return "".join(sign if sign.isprintable() else " " for sign in str(heuristic_log_sanitize(text)))


def who(variables: Mapping[str, Any]) -> dict[str, str]:
    """Return who runs: the system's user, and who stands behind it where sudo or AWX says so."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # Containers run under numbers that no passwd file knows.
        user = f"uid {os.getuid()}"
    found = {"user": user}
    if os.environ.get("SUDO_USER"):
        found["sudo_user"] = os.environ["SUDO_USER"]
    awx = variables.get("awx_user_name") or variables.get("tower_user_name")
    if awx:
        found["awx_user"] = str(awx)
    return found


def where_from(variables: Mapping[str, Any]) -> dict[str, str]:
    """Return where the run was started: host, the SSH client's address, AWX's job."""
    found = {"host": socket.gethostname()}
    client = (os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_CLIENT") or "").split()
    if client:
        found["ssh_client"] = client[0]
    job = variables.get("awx_job_id") or variables.get("tower_job_id")
    if job:
        found["awx_job"] = str(job)
    return found


@functools.cache
def versions() -> dict[str, str]:
    """Return what the run runs on."""
    return {"collection": _collection_version(), "ansible": ansible_version, "python": platform.python_version()}


def _collection_version() -> str:
    """Read MANIFEST.json where installed, galaxy.yml in a clone; JSON is YAML too."""
    for name in ("MANIFEST.json", "galaxy.yml"):
        try:
            data = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError):
            continue
        return str(data.get("collection_info", data).get("version"))
    return "unknown"


def _template(play: Any, host: Any, task: Any, value: Any) -> Any:
    return _templated(play, play.get_variable_manager().get_vars(play=play, host=host, task=task), value)


def _templated(play: Any, variables: dict[str, Any], value: Any) -> Any:
    try:
        return Templar(loader=play.get_loader(), variables=variables).template(value)
    except AnsibleError:
        return None
