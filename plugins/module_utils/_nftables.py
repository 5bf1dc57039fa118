# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's packet filter, through the program nft, and what is remembered of a table of ours.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import read_text

# What nft listed right after our load. nft writes a table in words of its own (sorted sets, service names), so the file says nothing on
# whether the kernel still holds it; its own earlier words do, whatever its version.
RECORDS = "/var/lib/bluegreen/nftables"
# Only root's PATH has these, and a module may run with another.
SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))

# What AnsibleModule.run_command is: a command in, its return code and both its outputs out.
Command = Callable[..., tuple[int, str, str]]

NFTABLES_SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["loaded", "confirmed"], "default": "loaded"},
    "rules": {"type": "str"},
    "path": {"type": "path"},
    "confirm_within": {"type": "int", "default": 30},
}


class NftError(BlueGreenError):
    """nft could not do what was asked; the rules are as they were."""


@dataclass(frozen=True)
class Found:
    """A table as it is: the file that is loaded at boot, what the kernel holds, and what it held when we loaded it."""

    file: str | None
    kernel: str
    recorded: str | None

    @property
    def in_step(self) -> bool:
        """Whether the kernel holds what we loaded."""
        return self.kernel != "" and self.kernel == self.recorded


class Nft:
    """The program nft. Where it is not installed, the kernel holds no table that it could tell of.

    Args:
        run: runs a command; ``AnsibleModule.run_command``.
    """

    def __init__(self, run: Command) -> None:
        self.run = run
        self.program = shutil.which("nft", path=SEARCH)

    def listing(self, name: str) -> str:
        """The table inet NAME in nft's own words, without counters; empty when there is none.

        In numbers: which names nft has for them changes with what is installed (/etc/protocols, /etc/services).
        """
        if self.program is None:
            return ""
        code, listed, complaint = self._nft("--stateless", "--numeric", "list", "table", "inet", name)
        if code == 0:
            return listed
        if "No such file or directory" in complaint:
            return ""
        raise NftError(
            f"nft cannot read the table inet {name}: {_last_words(complaint)}. Run as root, in a network that this host may change."
        )

    def check(self, rules: str) -> None:
        """Refuse rules that nft would not take. Where nft is not installed yet nobody can say."""
        if self.program is None:
            return
        code, _printed, complaint = self._nft("--check", "--file", "-", text=rules)
        if code:
            raise RefusedError(
                f"rules: nft does not take them: {_last_words(complaint)}. Nothing was changed; correct them, then run again."
            )

    def load(self, rules: str) -> None:
        """Put rules into force; nft does it whole or not at all."""
        if self.program is None:
            raise NftError("nft is not installed; install the package nftables, then run again.")
        code, _printed, complaint = self._nft("--file", "-", text=rules)
        if code:
            raise NftError(f"nft could not load the rules: {_last_words(complaint)}. The rules are as they were.")

    def _nft(self, *arguments: str, text: str = "") -> tuple[int, str, str]:
        # binary_data: run_command would end the text with a line break of its own otherwise.
        return self.run([str(self.program), *arguments], data=text, binary_data=True, environ_update={"LC_ALL": "C.UTF-8"})


def record_path(name: str) -> str:
    """Where nft's words on a table are kept."""
    return os.path.join(RECORDS, f"{name}.listing")


def find(nft: Nft, name: str, path: str) -> Found:
    """Read all that there is to know on a table."""
    return Found(file=read_text(path), kernel=nft.listing(name), recorded=read_text(record_path(name)))


def removal(name: str) -> str:
    """Rules that remove a table, whether or not it is there; nothing else is touched."""
    return f"table inet {name}\ndelete table inet {name}\n"


def _last_words(complaint: str) -> str:
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line]
    return (errors or lines or ["it says nothing"])[0]
