# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module around a core: ``run(params, check_mode)`` knows no ``AnsibleModule``, so that an action plugin can call it as well.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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


# A URL with a user in it: it is refused where it matters, and an option that is refused is shown with all others at -vvv.
USER_IN_URL = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?[^/?#]*@")
# Options that are addresses; what they are refused for has no scheme before its user, perhaps.
ADDRESSES = ("endpoint", "host", "proxy", "url", "webhook_url", "website_url")


def secret_urls(params: Mapping[str, Any]) -> set[str]:
    """Return the options that carry a password where nobody looks for one."""
    texts = [(name, value) for name, value in params.items() if isinstance(value, str)]
    # Below, only what is an address by its name: elsewhere it may be anybody's, and a diff shows it.
    texts += [pair for value in params.values() for pair in _addresses(value)]
    return {text for name, text in texts if (user := USER_IN_URL.match(text)) and (user[1] or name in ADDRESSES)}


def _addresses(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the addresses in the parts of an option."""
    if isinstance(value, Mapping):
        yield from ((name, one) for name, one in value.items() if name in ADDRESSES and isinstance(one, str))
    for one in value if isinstance(value, list) else value.values() if isinstance(value, Mapping) else ():
        if isinstance(one, (Mapping, list)):
            yield from _addresses(one)


def run_module(spec: Mapping[str, Any], core: Core) -> None:
    """Run a core as an Ansible module; does not return.

    Args:
        spec: the argument spec.
        core: the work.
    """
    module = checked_module(spec)
    module.no_log_values |= secret_urls(module.params)
    try:
        result = core(module.params, check_mode=module.check_mode)
    except BlueGreenError as error:
        module.fail_json(msg=error.sentence, **error.facts)
    for sentence in result.pop("warnings", []):
        module.warn(sentence)
    if not module._diff:
        result.pop("diff", None)
    module.exit_json(**result)
