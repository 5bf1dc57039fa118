# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of this collection.

PRIVATE: for this collection's own plugins, not a public interface.

Every error carries one sentence for a person (what, which value, what to do) and optional facts for a program.
Neither may hold a secret: both end up in results, logs and the audit trail.
"""

from __future__ import annotations

import re
from typing import Any, Final

# Of a value that is told to a person: enough to find it again, and no screen full of somebody's whole list.
SHOWN: Final = 80
# Of a path, whose end says the most: as long as the name of a file may be.
PATH: Final = 255
# Whoever writes a password into an address is told of the address.
LOGIN: Final = re.compile(r"(?<=://)(?:[^\s@/]+|[^\s@/]*:[^\s@]+)(?=@)")


# What a person's terminal would obey, or read as the end of the sentence: it comes from names that users and servers give.
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def cut(text: str, shown: int = SHOWN) -> str:
    """Return a text as far as a sentence shows it: its beginning, and no login of an address."""
    text = LOGIN.sub("********", text)
    return text if len(text) <= shown else f"{text[:shown]}…"


def quoted(value: object, shown: int = SHOWN) -> str:
    """Return a user's value as a sentence shows it: a text in quotes, everything else as Python writes it, neither without end."""
    return repr(cut(value, shown)) if isinstance(value, str) else cut(repr(value), shown)


class BlueGreenError(Exception):
    """Base of all errors that a module reports with ``fail_json``.

    Args:
        sentence: one clear sentence for the operator.
        facts: JSON-able evidence that the module returns beside ``msg``.
    """

    def __init__(self, sentence: str, **facts: Any) -> None:
        self.sentence = CONTROL.sub(lambda found: repr(found[0])[1:-1], sentence)
        super().__init__(self.sentence)
        self.facts = facts


class InputError(BlueGreenError):
    """An option holds a value that cannot work; nothing was changed."""


class RefusedError(BlueGreenError):
    """The world is in a state in which the change would do harm; nothing was changed."""


class LockedError(BlueGreenError):
    """Somebody else is changing the same site; nothing was changed."""


class ProbeError(BlueGreenError):
    """A server gave no usable answer (refused, too slow, bad TLS, not HTTP)."""


class UndoneError(BlueGreenError):
    """A change was begun, did not prove itself, and was taken back."""
