# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves a stand-in on this machine until Ctrl-C."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

from lab.chatwoot.server import ChatwootStandIn


def main() -> None:
    """Start, say where it is and with which token, wait."""
    with tempfile.TemporaryDirectory() as folder, ChatwootStandIn(Path(folder)) as server:
        token = Path(folder) / "platform_token"
        token.touch(mode=0o600)
        token.write_text(server.platform_token)
        ends = {signal.SIGINT, signal.SIGTERM}
        # Only now: a server that is started afterwards would not be told to end.
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        print(
            f"A stand-in for Chatwoot (it is no Chatwoot) answers at {server.url}; its platform token is in {token}. Ctrl-C ends it.",
            flush=True,
        )
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
