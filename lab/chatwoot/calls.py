# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of the stand-in's API: what a handler is given, and what it may end with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.chatwoot.contract import NO_JSON
from lab.chatwoot.state import Record, State


@dataclass(frozen=True)
class Reply:
    """An answer; without JSON it is empty, or a page."""

    status: int = 200
    body: Any = NO_JSON
    text: str = ""


class RefusalError(Exception):
    """Chatwoot's own refusal."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(body)
        self.reply = Reply(status, body)


class MissingError(Exception):
    """ActiveRecord::RecordNotFound: the application says so in JSON, the platform in Rails' HTML."""


class CrashError(Exception):
    """What nobody rescues: Rails' page with status 500."""


def unauthorized(message: str) -> RefusalError:
    """Refuse with 401, which Chatwoot does for a bad token and for a lack of rights alike."""
    return RefusalError(401, {"error": message})


def invalid(message: str, *attributes: str) -> RefusalError:
    """Refuse a record that is not valid."""
    return RefusalError(422, {"message": message, "attributes": list(attributes)})


@dataclass
class Call:
    """One request that has been let in.

    Attributes:
        state: the tables.
        body: the request's JSON.
        query: its query.
        app: the platform app's token, on the platform.
        user: who asks, in the application.
        place: what they are in the account.
        account: whose application it is.
        numbers: the numbers in the path, in order.
    """

    state: State
    body: Record
    query: Mapping[str, str]
    app: str = ""
    user: Record = field(default_factory=dict)
    place: Record = field(default_factory=dict)
    account: Record = field(default_factory=dict)
    numbers: tuple[int, ...] = ()

    def must_administer(self) -> None:
        """Refuse who is no administrator."""
        if self.place.get("role") != "administrator":
            raise unauthorized("You are not authorized to do this action")

    def own(self, table: str, number: Any) -> Record:
        """Return a record of this account."""
        found = self.state.find(table, number)
        if not found or found.get("account_id") != self.account["id"]:
            raise MissingError
        return found
