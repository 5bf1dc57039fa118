# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that ansible-core's own check cannot read, told before it looks at them.

PRIVATE: for this collection's own plugins, not a public interface.

Where an option with parts of its own is given something else (``bot: false``, ``agents: [anna@example.com]``), ansible-core 2.19 to 2.21
ends in a TypeError without the option's name, or stops collecting secrets: those of all other options are in the result then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.validation import check_type_dict, check_type_int

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import quoted

# A surrogate by itself, as "\ud800" in a text of YAML or JSON. AnsibleModule's own log ends in a UnicodeEncodeError of one.
HALF: Final = re.compile(r"[\ud800-\udfff]")


def why_unreadable(spec: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    """Return in a sentence which option cannot be read; nothing where all can.

    Args:
        spec: the argument spec.
        params: the options as they were given.
    """
    return next(_unreadable(spec, params, ""), "")


def _unreadable(spec: Mapping[str, Any], params: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, one in spec.items():
        for given in (params.get(spelling) for spelling in (name, *one.get("aliases", ()))):
            yield from _below(one, given, f"{where}{name}") if given is not None else ()


def _below(one: Mapping[str, Any], given: Any, name: str) -> Iterator[str]:
    if isinstance(given, str) and HALF.search(given):
        yield f"{name}: it holds half of a character, which no file and no server can; leave it out."
    kind = one.get("type")
    if "options" in one:
        for value in given if isinstance(given, list) else [given]:
            parts = _dictionary(value)
            yield from [_no_dictionary(one, value, name)] if parts is None else _unreadable(one["options"], parts, f"{name}.")
    elif "int" in (kind, one.get("elements")):
        for value in given if kind == "list" and isinstance(given, list) else [given]:
            yield from _no_number(value, name)


def _no_dictionary(one: Mapping[str, Any], value: Any, name: str) -> str:
    # A text may be a secret in the wrong place.
    shown = "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "nothing" if value is None else quoted(value)
    return f"{name}: {shown} is no dictionary; write one with {', '.join(sorted(one['options']))}."


def _no_number(value: Any, name: str) -> Iterator[str]:
    # Of YAML's .inf it makes an OverflowError; true it takes, and in an address that is not 1.
    try:
        check_type_int(value)
    except ArithmeticError:
        wrong = True
    except (TypeError, ValueError):
        # ansible-core's own to say.
        wrong = False
    else:
        wrong = isinstance(value, bool)
    if wrong:
        yield f"{name}: {quoted(value)} is no whole number that can be; give another one."


def _dictionary(value: Any) -> Mapping[str, Any] | None:
    """What ansible-core takes as one: also a text of JSON or of ``a=b`` pairs."""
    try:
        found = check_type_dict(value)
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, Mapping) else None


class _Module(AnsibleModule):
    """Keeps back what ansible-core's check cannot read, so that it does not meet it."""

    unreadable = ""

    def __init__(self, spec: Mapping[str, Any], **rules: Any) -> None:
        AnsibleModule.__init__(self, argument_spec=dict(spec), supports_check_mode=True, **rules)

    def _load_params(self) -> None:
        AnsibleModule._load_params(self)
        self.unreadable = why_unreadable(self.argument_spec, self.params)
        if self.unreadable:
            # Which of them are secrets nobody can tell yet, so none is kept.
            self.params = {name: value for name, value in self.params.items() if name.startswith("_ansible_")}
            self.argument_spec = {}


def checked_module(spec: Mapping[str, Any], **rules: Any) -> AnsibleModule:
    """Return the module with its options checked; it ends with one sentence where they are wrong.

    Args:
        spec: the argument spec.
        rules: of options with each other, as AnsibleModule takes them.
    """
    module = _Module(spec, **rules)
    if module.unreadable:
        module.fail_json(msg=module.unreadable)
    return module
