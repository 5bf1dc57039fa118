# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module around a core: ``run(params, check_mode)`` knows no ``AnsibleModule``, so that an action plugin can call it as well.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import checked_module


class Core(Protocol):
    """The whole work of a module: validated options in, result out; ``warnings`` in the result are sentences.

    Raises:
        BlueGreenError: it could not be done; the sentence and the facts are the failure's result.
    """

    def __call__(self, params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
        """Do it, or with ``check_mode`` only tell what would be done."""


def run_module(spec: Mapping[str, Any], core: Core) -> None:
    """Run a core as an Ansible module; does not return.

    Args:
        spec: the argument spec.
        core: the work.
    """
    module = checked_module(spec)
    try:
        result = core(module.params, check_mode=module.check_mode)
    except BlueGreenError as error:
        module.fail_json(msg=error.sentence, **error.facts)
    for sentence in result.pop("warnings", []):
        module.warn(sentence)
    if not module._diff:
        result.pop("diff", None)
    module.exit_json(**result)
