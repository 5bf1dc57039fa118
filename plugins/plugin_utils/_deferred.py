# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters whose code is imported by the first call of one.

PRIVATE: for this collection's own plugins, not a public interface.

Where a template names a filter of a collection, ansible-core loads every file in the collection's ``plugins/filter``, in each worker, so
for each task, and its loader of collections compiles what it imports each time (no ``.pyc``). The filters of tenants and desks take 115 ms
of processor each (2 cores, ansible-core 2.19), which every task of a site paid as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any


def deferred(module: str, names: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """Return filters by name.

    Args:
        module: where their functions are, a module beside this one.
        names: their names, which are those of the functions.
    """
    return {name: _filter(f"{__package__}.{module}", name) for name in names}


def _filter(module: str, name: str) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        return getattr(import_module(module), name)(*arguments, **options)

    return call
