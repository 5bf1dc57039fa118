# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that nobody would give, drawn from a module's argument spec: some right, some of the right kind, some anything at all."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import PASS_VARS
from hypothesis import strategies as st

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import why_unreadable

Options = dict[str, Any]

# ansible-core tells the options in each result, from 2.21 on only where that is wanted.
TOLD: Options = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}

# What has broken something somewhere: ends of words, of lines, of encodings and of numbers.
ODD = st.sampled_from(
    [
        *("", " ", "a", "0", "-1", "1e400", "nan", "15GB", "99E", "[]", "{}", "null", "{{ x }}", "a=b", "a" * 300, "1" * 60),
        *(
            "\x00",
            "\n",
            "\uffff",
            "1e999999",
            "1,inf",
            "abc==",
            "\u202e",
            "é",
            "a b",
            "a/b",
            "../..",
            "*",
            "${a}",
            "&<>",
            "a..b",
            "10.0.0.1",
        ),
        *("http://[", "//", "http://a:b@c", "http://a:", "HTTPS://A", "https://a.example", "a@b.example", "/nowhere", "/"),
        *(2**70, -(2**70), 1e300, float("inf"), float("nan"), [""], [None], [[]], [{}], {"": ""}, {"a": None}, "[" * 9999),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | ODD
ANYTHING = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3), max_leaves=6
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "str": st.text(max_size=20),
    "path": st.text(max_size=20),
    "int": st.integers(-1, 400),
    "float": st.floats(-1, 400),
    "bool": st.booleans(),
    "dict": st.dictionaries(st.text(max_size=8), SCALARS, max_size=3),
    "json": ANYTHING.map(lambda value: json.dumps(value, default=str)),
}


def value_of(one: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """A value for one option of an argument spec, more often of its kind than not."""
    if one.get("type") == "list":
        element = value_of({**one, "type": one.get("elements", "str")})
        return st.lists(element, max_size=3) | st.lists(element, max_size=3) | ANYTHING
    if "options" in one:
        right = options_of(one["options"], required=True)
    elif "choices" in one:
        right = st.sampled_from(one["choices"])
    else:
        right = KINDS.get(one.get("type", "str"), ANYTHING)
    return right | right | ANYTHING


@st.composite
def options_of(draw: st.DrawFn, spec: Mapping[str, Any], *, required: bool = False, kept: Collection[str] = (), most: int = 4) -> Options:
    """Up to some options of an argument spec, and with ``required`` those without which there is nothing to look at."""
    names = draw(st.lists(st.sampled_from(sorted(set(spec) - set(kept))), max_size=most, unique=True))
    if required:
        names += [name for name, one in spec.items() if one.get("required") and name not in names and draw(st.integers(0, 9))]
    return {name: draw(value_of(spec[name])) for name in names}


def check_ended_well(spec: Mapping[str, Any], given: Options, result: Options) -> None:
    """Check that a module succeeded, or says in a sentence why not.

    Raises:
        AssertionError: it did something else.
    """
    assert "Traceback" not in str(result), result
    if not result.get("failed"):
        return
    # What ansible-core refuses by itself has its own words.
    plain = json.loads(json.dumps(given))
    if not why_unreadable(spec, plain) and ArgumentSpecValidator(dict(spec)).validate(plain).errors.errors:
        return
    sentence = result["msg"]
    # A secret "." hides every full stop, as any no_log value of Ansible's does.
    assert sentence.endswith((".", "********")), sentence
    assert "\n" not in sentence
    assert len(sentence) < 1000, sentence
