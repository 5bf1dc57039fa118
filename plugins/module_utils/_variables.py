# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of a role's variables, read as Ansible hands them over, each refused by its name where it cannot work.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, cut, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_names import DNS_LABEL, DNS_SUBDOMAIN

HOST_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+")

# What is claimed, within what, and its name: an id on a cluster.
Claim = tuple[str, str, str]


def entries(value: object, option: str) -> list[Any]:
    """Read a list; nothing at all is an empty one.

    Ansible checks the role's variables and hands them over as they are: a text would be read letter by letter.
    """
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise InputError(f"{option}: {quoted(value)} is no list; write it as one, [{cut(str(value))}], also where it has one entry only.")
    return list(value)


def dictionary(value: object, option: str) -> dict[str, Any]:
    """Read a dictionary; nothing at all is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{option}: {quoted(value)} is no dictionary; write names with their values below it, or {{}} for none.")
    return {str(key): part for key, part in value.items()}


def number(value: object, option: str, *, least: int, most: int | None = None) -> int:
    """Read a whole number; Ansible hands ``"2"`` over as readily as ``2``."""
    bounds = f"{least} and more" if most is None else f"{least} to {most}"
    try:
        read = int(str(value))
    except ValueError:
        raise InputError(f"{option}: {quoted(value)} is no whole number; give {bounds}.") from None
    if read < least or (most is not None and read > most):
        raise InputError(f"{option}: {read} cannot be; give {bounds}.")
    return read


def truth(value: object, option: str) -> bool:
    """Read a truth value as Ansible does; nothing at all is false. To Python, the text ``false`` would be true."""
    if value is None or value == "":
        return False
    try:
        return bool(boolean(value))
    except TypeError:
        raise InputError(f"{option}: {quoted(value)} is neither true nor false; write one of the two.") from None


def said_or(value: object, default: object) -> object:
    """Return what was said, else the default. A 0 was said: whether it can be is another question."""
    return default if value is None or value == "" else value


def label(value: object, option: str) -> str:
    """Read a name of Kubernetes."""
    text = str(value)
    if not DNS_LABEL.fullmatch(text):
        raise InputError(f"{option}: {quoted(text)} is no name of Kubernetes; use up to 63 lower-case letters, digits and hyphens.")
    return text


def service_name(value: object, option: str) -> str:
    """Read the name of a Service: a host name in DNS of old, which begins with a letter (RFC 1035)."""
    text = label(value, option)
    if text[0].isdigit():
        raise InputError(f"{option}: {quoted(text)} begins with a digit, and Kubernetes lets no Service do so; begin it with a letter.")
    return text


def object_name(value: object, option: str) -> str:
    """Read the name of an object that somebody else makes: a Secret, an issuer, a class."""
    text = str(value)
    if not DNS_SUBDOMAIN.fullmatch(text):
        raise InputError(
            f"{option}: {quoted(text)} is no name of an object of Kubernetes; use lower-case letters, digits, hyphens and dots."
        )
    return text


def host_name(value: object, option: str) -> str:
    """Read a host name in the form in which browsers send it."""
    text = str(value).strip().lower()
    if not HOST_NAME.fullmatch(text):
        raise InputError(f"{option}: {quoted(text)} is no host name; write it like shop.acme.example, without https://, * or a port.")
    return text


def unknown_keys(given: Mapping[str, Any], known: Iterable[str], option: str) -> None:
    """Refuse a key that nobody would read."""
    names = list(known)
    for key in given:
        if key not in names:
            raise InputError(f"{option}: {quoted(key)} is not known here; there are {', '.join(names)}.")


def claimed_twice(claims: Iterable[tuple[Claim, str]], sentences: Mapping[str, str]) -> dict[str, str]:
    """Return, per inventory host, what another one claims as well.

    Args:
        claims: what is claimed, and the host that does.
        sentences: by what it is, with ``{value!r}`` and ``{hosts}`` in each; the first of them comes first.
    """
    claimants: dict[Claim, list[str]] = {}
    for claim, host in sorted(set(claims)):
        claimants.setdefault(claim, []).append(host)
    found: dict[str, list[str]] = {}
    for (what, _cluster, value), hosts in sorted(claimants.items(), key=lambda one: list(sentences).index(one[0][0])):
        for host in hosts if len(hosts) > 1 else ():
            told = sentences[what].format(value=value, hosts=f"{', '.join(hosts[:-1])} and {hosts[-1]}")
            found.setdefault(host, []).append(told)
    return {host: " ".join(told) for host, told in sorted(found.items())}


def strangers(given: Iterable[str], known: Iterable[str], *, said: str) -> list[str]:
    """Return a sentence for each variable that nobody would read: a letter too few would take away what the right name declares.

    Args:
        given: names of the host's variables that begin as the role's do.
        known: the role's own.
        said: what is said of one, between its name and the remedy.
    """
    names = sorted(known)
    found = []
    for name in sorted(set(given) - set(names)):
        # They all begin alike, which is no likeness.
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.8)
        meant = f"; {near[0]} comes nearest, so correct it," if near else ", so take it out,"
        found.append(f"{name}: {said}{meant} or let a variable of your own begin with something else.")
    return found
