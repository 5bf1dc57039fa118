# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports, once and in the process that forks the workers, what filters need.

PRIVATE: for this collection's own plugins, not a public interface.

Each task is a worker, which has what its parent had imported and loses what it imports itself. What some
thirty tasks of a tenant or a desk would each take 115 ms of processor for (2 cores, ansible-core 2.19) is paid once this way.
"""

from __future__ import annotations

import contextlib
import functools
import re
from importlib import import_module
from typing import Final

# What begins the name of a role or a playbook of ours, and where its filters' functions are: 115 ms each.
HEAVY: Final = {"tenant": "_tenant_filters", "chatwoot": "_desk_filters"}
# What sites use: 15 ms in all.
LIGHT: Final = ("_container_filters", "_network_filters", "_offer_filters", "_switch_filters")
FAMILY: Final = re.compile(rf"/bluegreen/orchestrator/(?:roles|playbooks)/({'|'.join(HEAVY)})?")


def import_ahead(path: str) -> None:
    """Import what the tasks of a file use, when the first of them is about to start.

    Args:
        path: where a task is written, as Ansible tells it (``file:line``).
    """
    if found := FAMILY.search(path):
        for name in (HEAVY[found[1]],) if found[1] else LIGHT:
            _import(name)


@functools.cache
def _import(name: str) -> None:
    # What cannot be imported is said by the task that needs it.
    with contextlib.suppress(ImportError):
        import_module(f"{__package__}.{name}")
