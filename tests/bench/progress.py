# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bar with the seconds that are left, for a run whose length is known beforehand."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

WIDTH = 30


class Progress:
    """Steps of known length. On a terminal one line is redrawn; elsewhere each step is a line."""

    def __init__(self, total: float) -> None:
        self.total = total
        self.done = 0.0
        self.terminal = sys.stdout.isatty()

    @contextlib.contextmanager
    def step(self, words: str, seconds: float) -> Iterator[None]:
        """Do one step that is expected to take this long."""
        over = threading.Event()
        drawer = threading.Thread(target=self._redraw, args=(words, seconds, over), daemon=True)
        drawer.start()
        try:
            yield
        finally:
            over.set()
            drawer.join()
            self.done += seconds

    def _redraw(self, words: str, seconds: float, over: threading.Event) -> None:
        begun = time.monotonic()
        self._draw(words, self.done)
        while self.terminal and not over.wait(0.5):
            self._draw(words, self.done + min(time.monotonic() - begun, seconds))

    def _draw(self, words: str, done: float) -> None:
        left = max(0, round(self.total - done))
        part = min(1.0, done / self.total)
        bar = "#" * int(part * WIDTH)
        line = f"[{bar:<{WIDTH}}] {part:4.0%} {left // 60}:{left % 60:02d} left  {words}"
        # Fixed width: what a longer line left behind must go.
        print(f"\r{line:<110.110}" if self.terminal else line, end="" if self.terminal else "\n", flush=True)

    def end(self) -> None:
        """Leave the bar's line."""
        if self.terminal:
            print()
