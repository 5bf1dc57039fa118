# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that judge SSH keys, so that nobody is locked out by a key that is none.

PRIVATE: for this collection's own plugins, not a public interface. They are filters through ``plugins/filter/filters.py``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

# What sshd of the supported systems takes for a login; ssh-dss is refused since OpenSSH 7.0.
KEY_TYPES = frozenset(
    {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
# With these a key may be refused, or opens something else than a shell. Cloud images put such a line into root's file:
# command="echo 'Please login as the user debian'".
BINDING_OPTIONS = re.compile(r"(?:^|,)(?:command=|from=|expiry-time=|cert-authority|restrict\b|no-pty)", re.IGNORECASE)
# A word, in which a quoted text may hold blanks.
WORD = re.compile(r'(?:[^\s"]|"(?:\\.|[^"\\])*")+')


def working_ssh_keys(text: str | Iterable[str]) -> list[str]:
    """Return those lines of an authorized_keys file that open a shell from anywhere."""
    return [line for line in _lines(text) if _works(line)]


def staying_ssh_keys(text: str | Iterable[str], keys: str | Iterable[str]) -> list[str]:
    """Return those lines whose key is one of these, and opens a shell as it stands there."""
    wanted = {_blob(line) for line in working_ssh_keys(keys)}
    return [line for line in _lines(text) if _blob(line) in wanted]


def broken_ssh_keys(keys: str | Iterable[str]) -> list[str]:
    """Return those lines that sshd would not read as a key."""
    return [line for line in _lines(keys) if _split(line) is None]


def _lines(text: str | Iterable[str]) -> Iterator[str]:
    for part in [text] if isinstance(text, str) else text:
        for line in str(part).splitlines():
            if line.strip() and not line.strip().startswith("#"):
                yield line.strip()


def _works(line: str) -> bool:
    found = _split(line)
    return found is not None and not BINDING_OPTIONS.search(found)


def _blob(line: str) -> bytes | None:
    """The key itself, which is the same whatever its options and its comment are; None when the line holds none."""
    found = _parts(line)
    return found[1] if found else None


def _split(line: str) -> str | None:
    """The options of a line that holds a whole key; None when it holds none."""
    found = _parts(line)
    return found[0] if found else None


def _parts(line: str) -> tuple[str, bytes] | None:
    words = WORD.findall(line)
    for number, word in enumerate(words[:2]):
        if word in KEY_TYPES:
            blob = _decoded(words[number + 1]) if len(words) > number + 1 else b""
            return (" ".join(words[:number]), blob) if _named(blob) == word else None
    return None


def _decoded(word: str) -> bytes:
    try:
        return base64.b64decode(word, validate=True)
    except binascii.Error:
        return b""


def _named(blob: bytes) -> str:
    """The key type that the key itself holds, which a line cut short or pasted together has not: RFC 4253, 6.6."""
    length = int.from_bytes(blob[:4], "big")
    # Behind the name comes the key: 32 bytes are the shortest, Ed25519.
    return blob[4 : 4 + length].decode("ascii", "replace") if len(blob) >= 4 + length + 4 + 32 else ""
