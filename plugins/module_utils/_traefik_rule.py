# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check of Traefik v3 router rules before Traefik sees them.

PRIVATE: for this collection's own plugins, not a public interface.

A router with a rule that Traefik cannot parse is disabled, and the site answers 404. Traefik has no way to check a rule without
loading it, so the grammar is checked here: https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/.
An integration test holds this parser's verdicts against the real Traefik's.
"""

from __future__ import annotations

import re

# Matcher name to the numbers of arguments that it takes.
MATCHERS: dict[str, tuple[int, ...]] = {
    "ClientIP": (1,),
    "Header": (2,),
    "HeaderRegexp": (2,),
    "Host": (1,),
    "HostRegexp": (1,),
    "Method": (1,),
    "Path": (1,),
    "PathPrefix": (1,),
    "PathRegexp": (1,),
    "Query": (1, 2),
    "QueryRegexp": (1, 2),
}
# Far above any real rule, far below Python's limit of recursion.
DEEPEST = 200
# Traefik knows each name as written, in lower case and in upper case.
_NAMES = {form: name for name in MATCHERS for form in (name, name.lower(), name.upper())}
_TOKEN = re.compile(r"\s*(?:(?P<op>&&|\|\||[!(),])|(?P<name>[A-Za-z]\w*)|(?P<text>`[^`]*`|\"(?:[^\"\\\n]|\\.)*\"))")


class RuleError(ValueError):
    """The rule cannot be parsed; the text says where and why."""


def check_rule(rule: str) -> None:
    """Check a rule.

    Args:
        rule: for example ``Host(`shop.example`) && PathPrefix(`/api`)``.

    Raises:
        RuleError: Traefik would refuse it.
    """
    tokens = _tokens(rule)
    if sum(token in (("op", "("), ("op", "!")) for token in tokens) > DEEPEST:
        raise RuleError(f"it has more than {DEEPEST} parentheses and negations")
    rest = _either(tokens, 0)
    if rest != len(tokens):
        raise RuleError(f"unexpected {tokens[rest][1]!r}")


def _tokens(rule: str) -> list[tuple[str, str]]:
    tokens = []
    position = 0
    text = rule.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise RuleError(f"unexpected {text[position:].strip()[:20]!r} (texts stand in backticks or double quotes)")
        kind = match.lastgroup or ""
        tokens.append((kind, match.group(kind)))
        position = match.end()
    return tokens


def _either(tokens: list[tuple[str, str]], at: int) -> int:
    at = _both(tokens, at)
    while at < len(tokens) and tokens[at] == ("op", "||"):
        at = _both(tokens, at + 1)
    return at


def _both(tokens: list[tuple[str, str]], at: int) -> int:
    at = _one(tokens, at)
    while at < len(tokens) and tokens[at] == ("op", "&&"):
        at = _one(tokens, at + 1)
    return at


def _one(tokens: list[tuple[str, str]], at: int) -> int:
    if at >= len(tokens):
        raise RuleError("it ends where a matcher such as Host(`...`) is expected")
    if tokens[at] == ("op", "!"):
        return _one(tokens, at + 1)
    if tokens[at] == ("op", "("):
        at = _either(tokens, at + 1)
        return _expect(tokens, at, ")")
    return _matcher(tokens, at)


def _matcher(tokens: list[tuple[str, str]], at: int) -> int:
    kind, word = tokens[at]
    if kind != "name" or word not in _NAMES:
        raise RuleError(f"{word!r} is no matcher (there are: {', '.join(MATCHERS)})")
    at = _expect(tokens, at + 1, "(")
    arguments = []
    while at < len(tokens) and tokens[at][0] == "text":
        arguments.append(tokens[at][1][1:-1])
        at += 1
        if at < len(tokens) and tokens[at] == ("op", ","):
            at += 1
    _check_arguments(_NAMES[word], arguments)
    return _expect(tokens, at, ")")


def _check_arguments(name: str, arguments: list[str]) -> None:
    if len(arguments) not in MATCHERS[name]:
        wanted = " or ".join(str(number) for number in MATCHERS[name])
        raise RuleError(f"{name} takes {wanted} text(s), {len(arguments)} given (write Host(`a`) || Host(`b`) for several)")
    if name in ("Path", "PathPrefix") and not arguments[0].startswith("/"):
        raise RuleError(f"the path {arguments[0]!r} does not start with a slash")
    if name == "Host" and not arguments[0].isascii():
        raise RuleError(f"the host {arguments[0]!r} is not ASCII; write its punycode form (xn--...)")


def _expect(tokens: list[tuple[str, str]], at: int, wanted: str) -> int:
    if at >= len(tokens):
        raise RuleError(f"{wanted!r} is missing at the end")
    if tokens[at] != ("op", wanted):
        raise RuleError(f"{wanted!r} expected before {tokens[at][1]!r}")
    return at + 1
