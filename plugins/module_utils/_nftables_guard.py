# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New rules are on probation: unless they are confirmed in time, a process of their own puts the old ones back.

PRIVATE: for this collection's own plugins, not a public interface.

The operator's connection survives new rules that forbid it (it is established), so only a new connection proves anything. Whoever can make
one confirms; if nobody does, nobody can reach the server to mend it, and it must mend itself. What is loaded at boot is exchanged only by
the confirmation: a server that is switched off in the meantime comes back with its old rules.

Confirmation and guard both begin by renaming the pending folder, and only one of them can.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import LockedError, UndoneError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import commit, stage
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._nftables import Nft, NftError, record_path, removal

# Gone after a boot, as the rules on probation are.
PROBATION = "/run/bluegreen/nftables"
# sh and sleep: 2 MB while they wait, and no module file of Ansible that is removed under them.
GUARD = 'exec < /dev/null > /dev/null 2>&1; cd / && sleep "$1" && mv "$2" "$3" && exec "$4" --file "$3/restore"'
# A guard that is this late is dead.
LATE = 5.0


class Probation:
    """The rules of one table that wait for their confirmation."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = Path(PROBATION) / name

    def _folders(self, state: str) -> list[Path]:
        return sorted(self.folder.glob(f"{state}.*"))

    def pending(self) -> Path | None:
        """The folder of what is on probation now."""
        for folder in self._folders("pending"):
            with contextlib.suppress(FileNotFoundError):
                if float((folder / "deadline").read_text(encoding="ascii")) + LATE > _now():
                    return folder
        return None

    def refuse_a_second(self) -> None:
        """Two changes on probation could not both be taken back."""
        folder = self.pending()
        if folder is not None:
            left = max(0, round(float((folder / "deadline").read_text(encoding="ascii")) - _now()))
            raise LockedError(
                f"The table inet {self.name} has new rules that wait for their confirmation for another {left} s;"
                " nothing was changed. Wait for that, then run again."
            )

    def forget(self) -> None:
        """What was taken back in an earlier run is no news in this one."""
        for folder in self._folders("expired"):
            shutil.rmtree(folder, ignore_errors=True)

    def begin(self, nft: Nft, *, before: str, rules: str, path: str, seconds: int) -> None:
        """Put rules into force, with a guard that takes them back after so many seconds."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(prefix="pending.", dir=self.folder))
        (folder / "restore").write_text(removal(self.name) + before, encoding="utf-8")
        (folder / "rules").write_text(rules, encoding="utf-8")
        (folder / "path").write_text(path, encoding="utf-8")
        (folder / "deadline").write_text(f"{_now() + seconds:.3f}", encoding="ascii")
        try:
            self._guard(nft, folder, seconds)
            nft.load(rules)
            (folder / "listing").write_text(nft.listing(self.name), encoding="utf-8")
        except BaseException:
            # The guard wakes up later, finds nothing to rename and ends.
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def confirm(self) -> bool:
        """Keep the rules for good; False when none wait for it.

        Raises:
            UndoneError: the guard was faster.
        """
        kept = None
        for folder in self._folders("pending"):
            with contextlib.suppress(FileNotFoundError):
                kept = folder.rename(folder.with_name(folder.name.replace("pending", "kept")))
        if self._folders("expired"):
            shutil.rmtree(self.folder, ignore_errors=True)
            raise UndoneError(
                f"The new rules of the table inet {self.name} were taken back, for no new connection came through them in time;"
                " the old ones are in force. Look at what they forbid, or allow more time, then run again."
            )
        if kept is None:
            return False
        _write((kept / "rules").read_text(encoding="utf-8"), (kept / "path").read_text(encoding="utf-8"))
        _write((kept / "listing").read_text(encoding="utf-8"), record_path(self.name))
        shutil.rmtree(kept, ignore_errors=True)
        return True

    @staticmethod
    def _guard(nft: Nft, folder: Path, seconds: int) -> None:
        """Start the process that outlives this module, its connection, and the session of the operator."""
        expired = folder.with_name(folder.name.replace("pending", "expired"))
        guard = ["/bin/sh", "-c", GUARD, "bluegreen-nftables-guard", str(seconds), str(folder), str(expired), str(nft.program)]
        code, _printed, complaint = nft.run(["setsid", "--fork", *guard])
        if code:
            raise NftError(f"No guard for the new rules could be started ({complaint.strip()}); the rules are as they were.")


def _now() -> float:
    """Seconds since boot: a clock that is set in between moves no deadline."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _write(text: str, path: str) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    commit(stage(text, path, folder), path)
