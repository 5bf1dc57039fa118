# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Chatwoot tells everybody of itself, and whether there is one at all.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import Answer, ChatwootError, Connection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_words import data_of, is_its_own, unexpected

WHAT: Final = "ask Chatwoot what it is"
PATH: Final = "/api"
# Of its database and of its Redis it says "ok" or "failing".
NAMES: Final = ("version", "data_services", "queue_services")


def read_server(connection: Connection) -> dict[str, str]:
    """Return its version, and how its database and its queue are; it wants no token for that.

    Raises:
        ChatwootError: nothing answers, or what answers is no Chatwoot.
    """
    return _facts(connection.ask(WHAT, "GET", PATH, ""))


def _facts(answer: Answer) -> dict[str, str]:
    found: Any = data_of(WHAT, answer, "")
    if not isinstance(found, dict) or not isinstance(found.get("version"), str):
        raise unexpected(WHAT)
    return {name: str(found.get(name) or "") for name in NAMES}


def why_nothing_is_there(connection: Connection) -> str | None:
    """Return in words what is where no Chatwoot is, or None where one answers; asked once, without patience.

    Raises:
        ChatwootError: it is Chatwoot that answers, and it refuses.
    """
    try:
        answer = connection.ask(WHAT, "GET", PATH, "", patient=False)
    except ChatwootError as error:
        return error.said
    try:
        _facts(answer)
    except ChatwootError as error:
        if is_its_own(answer):
            raise
        return f"HTTP {error.status}" if error.status else "an answer that is none of Chatwoot's"
    return None
