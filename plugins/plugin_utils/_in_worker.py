# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's own code, run inside Ansible's worker where that is the same place.

PRIVATE: for this collection's own plugins, not a public interface.

A fleet spends its life starting Pythons: 11 ms for a task inside the worker, 180 ms for a module that does nothing, 320 ms for one that
imports ``kubernetes`` (2 cores, ansible-core 2.19). With a local connection and Ansible's own Python the module would run here anyway, so
its core is called directly; in all other cases the module is shipped as usual. ``ansible.netcommon`` does the same for network devices.

One code path: the same argument spec, core and result. What ``AnsibleModule`` does around a core is done here, and the tests run every
case both ways and compare the results field by field.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import ssl
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._core import Core
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import secret_urls, secrets_in, why_unreadable

# The variable that turns this off, for a host, a play or all.
SWITCH = "bluegreen_in_worker"


def warm_up(*names: str) -> None:
    """Do in the parent, once, what is heavy: the workers that it forks have it then.

    Args:
        names: modules to import. What is missing is said when it is needed.
    """
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # OpenSSL fetches its algorithms for a process's first context, in 4 ms, and each worker is a process.
    ssl.create_default_context()


class InWorker(ActionBase):
    """Base of the action plugins: a subclass names the module's argument spec and its core."""

    spec: ClassVar[Mapping[str, Any]]
    core: ClassVar[Core]

    _supports_async = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the core here, or ship the module."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        if not self._is_here(variables):
            result.update(self._execute_module(task_vars=variables, wrap_async=bool(self._task.async_val)))
            return result
        result.update(self._run_here(variables))
        return result

    def _is_here(self, variables: Mapping[str, Any]) -> bool:
        """Whether a module would run as this user, with this Python and in this environment."""
        if not self.is_on(SWITCH, variables):
            return False
        if self._connection.transport != "local" or self._connection.become or self._task.async_val or any(self._task.environment or ()):
            return False
        # With delegation the delegate's own variable counts; without the variable Ansible looks for a Python by itself.
        delegate = self._task.delegate_to
        own = (variables.get("ansible_delegated_vars") or {}).get(delegate) or {} if delegate else variables
        interpreter = self._templar.template(own.get("ansible_python_interpreter"))
        return isinstance(interpreter, str) and _place(interpreter) == _place(sys.executable)

    def is_on(self, switch: str, variables: Mapping[str, Any]) -> bool:
        """Whether a variable that turns something off does not do so."""
        return bool(boolean(self._templar.template(variables.get(switch, True)), strict=False))

    def _run_here(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        options, wrong = _plain(self._task.args)
        if wrong := wrong or why_unreadable(self.spec, options):
            return {"failed": True, "msg": wrong, "invocation": {"module_args": {}}}
        checked = ArgumentSpecValidator(dict(self.spec)).validate(options)
        params = checked.validated_parameters
        secrets = checked._no_log_values | secrets_in(self.spec, options) | secret_urls(params)
        failed = {"failed": True, "msg": self._complaint(checked.errors)} if checked.errors.errors else None
        result: dict[str, Any] = failed or self._called(params, **self.surroundings(variables))
        for sentence in result.pop("warnings", []):
            Display().warning(str(remove_values(sentence, secrets)))
        if not self._task.diff:
            result.pop("diff", None)
        # Of what is refused nobody can tell which option is a secret, see _options.
        result["invocation"] = {"module_args": {} if checked.errors.errors else params}
        # As AnsibleModule does: a secret that happens to read "True" must not hide whether something changed.
        kept = {key: value for key, value in result.items() if value is None or isinstance(value, bool)}
        return {**remove_values(result, secrets), **kept}

    def surroundings(self, _variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return what else the core can have here, and not in a module by itself."""
        return {}

    def _called(self, params: Mapping[str, Any], **surroundings: Any) -> dict[str, Any]:
        try:
            return dict(type(self).core(params, check_mode=bool(self._task.check_mode), **surroundings))
        except BlueGreenError as error:
            return {**error.facts, "failed": True, "msg": error.sentence}

    def _complaint(self, errors: Any) -> str:
        unsupported = isinstance(errors[0], UnsupportedError)
        return f"Unsupported parameters for ({self._task.resolved_action}) module: {errors.msg}" if unsupported else str(errors.msg)


def _plain(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return options as a module gets them, as JSON: plain types, and keys that are texts; or why that cannot be."""
    plain: dict[str, Any] = {}
    for name, value in arguments.items():
        try:
            plain[name] = json.loads(json.dumps(value, default=str))
        except TypeError:
            # YAML reads 2026-01-01 as a date; ansible-core itself would say that without the option's name.
            return {}, f"{name}: one of its keys is no text, a date perhaps; write it in quotes."
    return plain, ""


def _place(python: str) -> tuple[str, str]:
    """Return what makes a Python the same: its program, and the folder that it is called from, which decides the virtual environment."""
    return os.path.realpath(os.path.dirname(python)), os.path.realpath(python)
