# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of Chatwoot that is no success means, and what to do about it.

PRIVATE: for this collection's own plugins, not a public interface.

Its 401 has many meanings, and only its words tell them apart: a bad token, rights that are lacking, and an account that is suspended.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import Answer, ChatwootError

PLATFORM: Final = "/platform/"
SUSPENDED: Final = "Account is suspended"
NOT_OURS: Final = "Non permissible resource"

# What it says with 401, and what that means.
_RIGHTS: Final = {
    "Invalid access_token": "platform_token is no token of a platform app (401); make one at /super_admin/platform_apps, and where a proxy"
    " stands before Chatwoot see that it lets headers with underscores pass (nginx: underscores_in_headers on).",
    "Invalid Access Token": "the administrator's token is none of this Chatwoot (401); give admin_token_file one from the profile of an"
    " administrator of the account.",
    NOT_OURS: "this platform app has no right to it (401); only the app that made it may touch it, so give platform_token of that one.",
    SUSPENDED: "the account is suspended (401), and says nothing of what is in it; give status active first.",
    "You are not authorized to access this account": "the token is of somebody who is not in the account (401); give admin_token_file one"
    " of an administrator of this very account.",
    "You are not authorized to do this action": "the token is of an agent (401), and only an administrator may do that; give"
    " admin_token_file one of an administrator of the account.",
    "Access to this endpoint is not authorized for bots": "the token is a bot's (401); give admin_token_file one of an administrator of the"
    " account.",
}


def data_of(what: str, answer: Answer, token: str) -> Any:
    """Return the JSON of an answer that is a success; None where it has none.

    Args:
        what: what was asked, as a sentence begins with it.
        answer: what came.
        token: what was sent, which no text may hold; may be empty.

    Raises:
        ChatwootError: it is no success, or no answer of Chatwoot's.
    """
    found = _json_of(answer)
    if not 200 <= answer.status < 300:
        said = _said(found, answer)
        if token:
            said = said.replace(token, "********")
        raise ChatwootError(_sentence(what, answer.status, said), status=answer.status, said=said)
    if answer.data.strip() and found is None:
        raise unexpected(what)
    return found


def unexpected(what: str) -> ChatwootError:
    """Return the error of a success that is not Chatwoot's: a login page of a proxy, another server."""
    return ChatwootError(f"{what}: the answer is none of Chatwoot's; see whether url is Chatwoot itself, and not a login page before it.")


def is_its_own(answer: Answer) -> bool:
    """Whether a refusal is Chatwoot's, and not that of what stands before it, which has no account to ask for in the first place."""
    return answer.status in (429, 500) or (answer.status == 401 and isinstance(_json_of(answer), dict))


def _json_of(answer: Answer) -> Any:
    try:
        return json.loads(answer.data)
    except (ValueError, RecursionError):
        return None


def _said(found: Any, answer: Answer) -> str:
    """Return Chatwoot's own words; a page in HTML has none that help."""
    if isinstance(found, dict):
        message = found.get("error") or found.get("message") or ""
        names = found.get("attributes")
        named = f" (at {', '.join(map(str, names))})" if isinstance(names, list) and names else ""
        return _short(f"{message}{named}")
    text = answer.data[:400].decode(errors="replace")
    return "" if "<" in text else _short(text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:299]}…"


def _sentence(what: str, status: int, said: str) -> str:
    quoted = f": {said}" if said else ""
    if status == 401:
        return f"{what}: {_RIGHTS.get(said) or f'Chatwoot does not allow it (401{quoted}); see whose the token is.'}"
    if status == 402:
        return f"{what}: the account has as many as its limits allow (402{quoted}); raise limits, or take somebody away."
    if status == 404:
        return f"{what}: it is not there (404{quoted}); somebody may have deleted it, so run again, and see whether url is Chatwoot's own."
    if status == 422:
        return f"{what}: Chatwoot finds it invalid (422{quoted}); correct it."
    if status == 429:
        return (
            f"{what}: Chatwoot is asked too much (429), still after a minute; run later, with fewer forks, or raise its RACK_ATTACK_LIMIT."
        )
    if 300 <= status < 400:
        return f"{what}: Chatwoot sends us elsewhere ({status}); give url as its FRONTEND_URL has it, https included."
    if status in (502, 503, 504):
        return f"{what}: Chatwoot, or what stands before it, is not ready ({status}{quoted}); see whether it is up, then run again."
    if status >= 500:
        return f"{what}: Chatwoot failed ({status}{quoted}), as it does at a name or value that it does not know; see its log."
    return f"{what}: Chatwoot answers {status}{quoted}; see its log."
