# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that ansible-core's own check cannot read, told before it looks at them.

PRIVATE: for this collection's own plugins, not a public interface.

Where an option with parts of its own is given something else (``bot: false``, ``agents: [anna@example.com]``), ansible-core 2.19 to 2.21
ends in a TypeError without the option's name, or stops collecting secrets: those of all other options are in the result then.

Of what it refuses by itself it shows all options, those too that nobody masked: a secret under a name that is none, the login of an
address, the inside of a secret that came as a text (``secrets: '{"a": {"b": "..."}}'``). We show none of a refused call.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.validation import check_type_dict

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import quoted

# A surrogate by itself, as "\ud800" in a text of YAML or JSON. AnsibleModule's own log ends in a UnicodeEncodeError of one.
HALF: Final = re.compile(r"[\ud800-\udfff]")
NUMBERS: Final = {"int": "whole number", "float": "number"}
# A URL with a user in it: it is refused where it matters, and an option that is refused is shown with all others at -vvv.
USER_IN_URL = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?[^/?#]*@")
# Options that are addresses; what they are refused for has no scheme before its user, perhaps.
ADDRESSES = ("api_url", "endpoint", "host", "metrics_url", "proxy", "public_url", "url", "webhook_url", "website_url")


def why_unreadable(spec: Mapping[str, Any], params: Mapping[str, Any]) -> str:
    """Return in a sentence which option cannot be read; nothing where all can.

    Args:
        spec: the argument spec.
        params: the options as they were given.
    """
    return next(_unreadable(spec, params, ""), "")


def _given(spec: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Yield what was given under a name or an alias, with the name and its part of the spec."""
    for name, one in spec.items():
        for spelling in (name, *one.get("aliases", ())):
            if params.get(spelling) is not None:
                yield name, one, params[spelling]


def _unreadable(spec: Mapping[str, Any], params: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, one, given in _given(spec, params):
        yield from _below(one, given, f"{where}{name}")


def _below(one: Mapping[str, Any], given: Any, name: str) -> Iterator[str]:
    kind = one.get("type", "str")
    if "options" in one:
        for value in given if isinstance(given, list) else [given]:
            parts = _dictionary(value, one["options"])
            yield from [_no_dictionary(one, value, name)] if parts is None else _unreadable(one["options"], parts, f"{name}.")
        return
    if HALF.search(given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=str)):
        yield f"{name}: it holds half of a character, which no file and no server can; leave it out."
    if kind in ("str", "path") and isinstance(given, (list, dict)):
        yield f"{name}: {_shown(given)} is no text; write one."
    for value in _elements(given) if kind == "list" else [given]:
        yield from _no_number(one.get("elements") if kind == "list" else kind, value, name)


def _elements(given: Any) -> list[Any]:
    return given if isinstance(given, list) else given.split(",") if isinstance(given, str) else [given]


def _shown(value: Any) -> str:
    """Return how a sentence shows a value of the wrong kind: a text may be a secret in the wrong place, and so may be what is in others."""
    kinds: dict[type, str] = {str: "a text", list: "a list", dict: "a dictionary", type(None): "nothing"}
    return next((word for kind, word in kinds.items() if isinstance(value, kind)), "") or quoted(value)


def _no_dictionary(one: Mapping[str, Any], value: Any, name: str) -> str:
    return f"{name}: {_shown(value)} is no dictionary; write one with {', '.join(sorted(one['options']))}."


def _no_number(kind: str | None, value: Any, name: str) -> Iterator[str]:
    if kind not in NUMBERS:
        return
    try:
        size = float(value)
    except OverflowError:
        wrong = True
    except (TypeError, ValueError):
        # ansible-core's own to say; but of a list it makes a number, or an OverflowError.
        wrong = kind == "int" and isinstance(value, list)
    else:
        # Of .inf it makes an OverflowError, of "1e999999" a number in a minute; true it takes, and in an address that is not 1.
        wrong = kind == "int" and (isinstance(value, bool) or math.isinf(size))
    if wrong:
        yield f"{name}: {quoted(value)} is no {NUMBERS[kind]} that can be; give another one."


def _dictionary(value: Any, options: Mapping[str, Any] | None = None) -> Mapping[str, Any] | None:
    """What ansible-core takes as one: also a text of JSON or of ``a=b`` pairs; where the options are known, only of those.

    Anything with a ``=`` in it is such a text, many a secret too.
    """
    try:
        found = check_type_dict(value)
    except (TypeError, ValueError):
        return None
    if not isinstance(found, Mapping) or (isinstance(value, str) and options and not found.keys() <= _names(options)):
        return None
    return found


def _names(options: Mapping[str, Any]) -> set[str]:
    return {*options, *(alias for one in options.values() for alias in one.get("aliases", ()))}


def secrets_in(spec: Mapping[str, Any], params: Mapping[str, Any]) -> set[str]:
    """Return what must not be shown of options, as they were given.

    ansible-core hides a secret dictionary that comes as a text as that text, and then shows the dictionary that it made of it.

    Args:
        spec: the argument spec.
        params: the options, before anything was made of them.
    """
    found: set[str] = set()
    for _name, one, given in _given(spec, params):
        if one.get("no_log"):
            found.update(_texts(_dictionary(given) if one.get("type") == "dict" and isinstance(given, str) else given))
        elif "options" in one:
            for value in given if isinstance(given, list) else [given]:
                found |= secrets_in(one["options"], _dictionary(value) or {})
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, (Mapping, list)):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != "":
        yield str(value)


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


class _Module(AnsibleModule):
    """Keeps back what ansible-core's check cannot read, so that it does not meet it, and all options of a call that it refuses."""

    unreadable = ""
    checked = False

    def __init__(self, spec: Mapping[str, Any], **rules: Any) -> None:
        AnsibleModule.__init__(self, argument_spec=dict(spec), supports_check_mode=True, **rules)

    def _load_params(self) -> None:
        AnsibleModule._load_params(self)
        self.no_log_values |= secrets_in(self.argument_spec, self.params)
        self.unreadable = why_unreadable(self.argument_spec, self.params)
        if self.unreadable:
            # Which of them are secrets nobody can tell yet, so none is kept.
            self.params = {name: value for name, value in self.params.items() if name.startswith("_ansible_")}
            self.argument_spec = {}

    def fail_json(self, msg: str, **facts: Any) -> NoReturn:
        AnsibleModule.fail_json(self, msg, **facts if self.checked else {**facts, "invocation": {"module_args": {}}})


def checked_module(spec: Mapping[str, Any], **rules: Any) -> AnsibleModule:
    """Return the module with its options checked; it ends with one sentence where they are wrong.

    Args:
        spec: the argument spec.
        rules: of options with each other, as AnsibleModule takes them.
    """
    module = _Module(spec, **rules)
    if module.unreadable:
        module.fail_json(msg=module.unreadable)
    module.checked = True
    module.no_log_values |= secret_urls(module.params)
    return module
