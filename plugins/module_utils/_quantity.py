# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes quantities, read and written exactly as Kubernetes does.

PRIVATE: for this collection's own plugins, not a public interface.

The rules are those of ``k8s.io/apimachinery/pkg/api/resource``, quantity.go: a value keeps nine decimals, finer ones are rounded away from
zero, an accessor rounds up (who wants some gets some), and a binary quantity is capped at 2^63-1. Two things are refused here that the
parser there lets through, because they are slips of the hand: a number without digits (``"."`` and ``"m"`` are 0 there) and, where
the caller asks for CPU, a size or a count, a negative one.

Pure standard library: ``import kubernetes`` costs 0.24 s, for each host and task, and a plan of a tenant needs nothing else of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted

Family = Literal["binary", "decimal", "exponent"]

NANO: Final = 10**9
BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
MOST_BINARY: Final = (2**63 - 1) * NANO
# 10^30 is a million times Exa. Beyond, a text of ten letters would make us build a number of a billion digits.
MOST_EXPONENT: Final = 30
MOST_LETTERS: Final = 64

# [0-9], not \d: that one knows the digits of every script.
PATTERN: Final = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]*)(?:\.(?P<part>[0-9]*))?"
    r"(?:[eE](?P<exponent>[+-]?[0-9]+)|(?P<suffix>[A-Za-z]*))"
)


@dataclass(frozen=True)
class Quantity:
    """An exact amount.

    Args:
        nanos: the amount in 10^-9 of its unit; the finest that Kubernetes keeps.
        family: how it was written, and is written again: 1Gi, 1G or 1e9.
    """

    nanos: int
    family: Family

    @property
    def millis(self) -> int:
        """The amount in thousandths, rounded up: CPU as Kubernetes counts it."""
        return _up(self.nanos, 10**6)

    @property
    def whole(self) -> int:
        """The amount in whole units, rounded up: bytes, pods."""
        return _up(self.nanos, NANO)


def _up(number: int, divisor: int) -> int:
    """Divide and round away from zero, as every accessor of Kubernetes does."""
    return -(-number // divisor) if number >= 0 else -_up(-number, divisor)


def parse(value: object, option: str = "quantity") -> Quantity:
    """Read a quantity.

    Args:
        value: ``"500m"``, ``"1Gi"``, ``"1e3"``; a YAML number counts as its text.
        option: the option that holds it, for the sentence of a refusal.

    Raises:
        InputError: it is no quantity.
    """
    usable = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    text = str(value) if usable else ""
    found = PATTERN.fullmatch(text) if 0 < len(text) <= MOST_LETTERS else None
    suffix, power = (found["suffix"] or "", int(found["exponent"] or 0)) if found else ("", 0)
    known = suffix in BINARY or suffix in DECIMAL
    if found is None or not known or not (found["whole"] or found["part"]) or abs(power) > MOST_EXPONENT:
        raise InputError(f"{option}: {quoted(value)} is not a Kubernetes quantity; write it like 2, 500m, 512Mi or 50Gi, without a space.")
    part = found["part"] or ""
    power += DECIMAL.get(suffix, 0)
    top = int(found["whole"] + part) * NANO * 2 ** BINARY.get(suffix, 0) * 10 ** max(power, 0)
    nanos = _up(top, 10 ** (len(part) + max(-power, 0)))
    family: Family = "exponent" if found["exponent"] else "binary" if suffix in BINARY else "decimal"
    if family == "binary":
        nanos = min(nanos, MOST_BINARY)
    return Quantity(-nanos if found["sign"] == "-" else nanos, family)


def _positive(value: object, option: str) -> Quantity:
    """Read a quantity that cannot be less than nothing."""
    quantity = parse(value, option)
    if quantity.nanos < 0:
        raise InputError(f"{option}: {quoted(value)} is negative; write 0 or more.")
    return quantity


def cpu_millis(value: object, option: str = "cpu") -> int:
    """Read CPU as millicores: ``"500m"`` and ``"0.5"`` are 500; ``"0.1m"`` is 1, as in Kubernetes."""
    return _positive(value, option).millis


def size_bytes(value: object, option: str = "size") -> int:
    """Read memory or storage as bytes: ``"1Gi"`` is 1073741824, ``"1G"`` is 1000000000."""
    return _positive(value, option).whole


def count(value: object, option: str = "count") -> int:
    """Read a number of objects: ``"2k"`` is 2000. A part of an object is refused; Kubernetes refuses it too (must be an integer)."""
    quantity = _positive(value, option)
    if quantity.nanos % NANO:
        raise InputError(f"{option}: {quoted(value)} is not a whole number; write for example {quantity.whole}.")
    return quantity.whole


def equal(one: object, other: object) -> bool:
    """Whether two quantities are the same amount, however written: ``"500m"`` and ``"0.5"``, ``"1Gi"`` and ``"1024Mi"``."""
    return parse(one).nanos == parse(other).nanos


def canonical(quantity: Quantity) -> str:
    """Write a quantity as the API server does: no fraction, no loss, the largest suffix; 1.5 is ``1500m``, 1.5Gi is ``1536Mi``."""
    if quantity.family == "binary" and abs(quantity.nanos) >= 1024 * NANO and quantity.nanos % NANO == 0:
        return _binary(quantity.nanos // NANO)
    return _decimal(quantity.nanos, quantity.family == "exponent")


def format_cpu(millis: int) -> str:
    """Write millicores: 2000 is ``"2"``, 500 is ``"500m"``."""
    return _decimal(millis * 10**6)


def format_size(size: int) -> str:
    """Write bytes by the suffix that loses nothing and is shortest: ``"4Gi"``, ``"50Gi"``, ``"15G"``."""
    return min(_binary(size), _decimal(size * NANO), key=len)


def _binary(size: int) -> str:
    suffix = ""
    for name in BINARY:
        if size == 0 or size % 1024:
            break
        size, suffix = size // 1024, name
    return f"{size}{suffix}"


def _decimal(nanos: int, exponent: bool = False) -> str:
    power = -9
    while nanos and nanos % 1000 == 0:
        nanos, power = nanos // 1000, power + 3
    if nanos == 0 or power == 0:
        return str(nanos)
    # Beyond Exa there is no suffix left: 1000E is 1e21.
    names = {tens: name for name, tens in DECIMAL.items()}
    return f"{nanos}e{power}" if exponent or power not in names else f"{nanos}{names[power]}"


def parse_resource(resource: str, value: object, option: str) -> int:
    """Read the amount of a resource by its name: millicores of ``*cpu``, bytes of ``*memory`` and ``*storage``, else a count."""
    read = {"cpu": cpu_millis, "memory": size_bytes, "storage": size_bytes}.get(_kind(resource), count)
    return read(value, option)


def format_resource(resource: str, amount: int) -> str:
    """Write the amount of a resource as Kubernetes wants it; the way back of ``parse_resource``."""
    return {"cpu": format_cpu, "memory": format_size, "storage": format_size}.get(_kind(resource), str)(amount)


def written_sides(sides: Mapping[str, Mapping[str, int]], option: str) -> dict[str, dict[str, str]]:
    """Write the requests and limits of a container as Kubernetes wants them.

    Args:
        sides: ``requests`` and ``limits``, each with amounts as ``parse_resource`` reads them.
        option: where they stand, for the sentence.

    Raises:
        InputError: more is asked for than the limit is.
    """
    shown = {side: {name: format_resource(name, amount) for name, amount in amounts.items()} for side, amounts in sides.items()}
    for name, amount in sides["requests"].items():
        if amount > sides["limits"][name]:
            raise InputError(
                f"{option}.requests.{name}: {shown['requests'][name]} is more than the limit ({shown['limits'][name]});"
                " lower the one or raise the other."
            )
    return shown


def is_size(resource: str) -> bool:
    """Whether a resource is counted in bytes."""
    return _kind(resource) in ("memory", "storage")


def _kind(resource: str) -> str:
    """The last word of a resource's name: ``limits.cpu``, ``requests.ephemeral-storage``."""
    return resource.replace("-", ".").rpartition(".")[2]
