# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-in holds: tables of records, kept in a file so that a restart finds them again."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lab.chatwoot.facts import BRAND, FEATURES, PREMIUM_FEATURES

Record = dict[str, Any]
TABLES: Final = (
    "accounts",
    "users",
    "account_users",
    "bots",
    "inboxes",
    "webhooks",
    "contacts",
    "conversations",
    "permissibles",
    "mails",
)

# How it behaves now; PUT /_lab/settings changes it.
SETTINGS: Final[Record] = {
    # Without the folder enterprise/ (the image -ce) limits are neither validated nor kept to.
    "edition": "enterprise",
    # Of the installation; on the free one premium features and brand names are put back once a day.
    "plan": "community",
    # Between a DELETE and the job that does it; below zero the worker is down.
    "deletion_seconds": 0.2,
    # Chatwoot forgets to forget: its index of accounts answers 500 once one of them is gone.
    "index_survives_deletion": False,
    # Requests that are answered 429, with or without a Retry-After.
    "throttled": 0,
    "retry_after": None,
    # Seconds that every request waits.
    "frozen_seconds": 0.0,
    # The how manieth write from now on whose connection breaks before, or after, it is done.
    "broken_before": 0,
    "broken_after": 0,
    # Answers that are given instead, one after the other: {"match": "GET /api", "status": 502, "text": "...", "type": "text/html"}.
    "instead": [],
}


class State:
    """The tables, and what is the same for all who use them."""

    def __init__(self, file: Path | None, platform_token: str) -> None:
        self._file = file
        self.platform_token = platform_token
        self.other_platform_token = f"other-{platform_token}"
        self.data: Record = json.loads(file.read_text()) if file and file.exists() else {}
        if not self.data:
            self.reset()

    def reset(self) -> None:
        """Forget everything but the numbers, which go on as a database's do: nothing is found by an old one."""
        numbers = self.data.get("numbers", {})
        self.data = {table: {} for table in TABLES} | {"numbers": numbers, "settings": dict(SETTINGS), "brand": dict(BRAND)}
        self.save()

    def save(self) -> None:
        """Keep it."""
        if self._file:
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(self.data))
            os.replace(part, self._file)

    @property
    def settings(self) -> Record:
        """How it behaves now."""
        found: Record = self.data["settings"]
        return found

    @property
    def is_enterprise(self) -> bool:
        """Whether the folder enterprise/ is there."""
        return bool(self.settings["edition"] == "enterprise")

    def add(self, table: str, **fields: Any) -> Record:
        """Add a record with a number of its own."""
        number = self.data["numbers"][table] = self.data["numbers"].get(table, 0) + 1
        record = {"id": number, **fields}
        self.data[table][str(number)] = record
        return record

    def find(self, table: str, number: Any) -> Record | None:
        """Return a record by its number."""
        found: Record | None = self.data[table].get(str(number))
        return found

    def where(self, table: str, **fields: Any) -> list[Record]:
        """Return the records that have these values."""
        return [record for record in self.data[table].values() if all(record.get(name) == value for name, value in fields.items())]

    def drop(self, table: str, record: Record) -> None:
        """Take a record away."""
        self.data[table].pop(str(record["id"]), None)

    def token(self) -> str:
        """Return a token that nobody has."""
        return secrets.token_urlsafe(18)

    def owner(self, token: str) -> tuple[str, Any]:
        """Return whose a token is: its kind and its owner."""
        if token in (self.platform_token, self.other_platform_token):
            return "platform", token
        for kind, table in (("user", "users"), ("bot", "bots")):
            for record in self.where(table, token=token):
                return kind, record
        return "", None

    def allow(self, app: str, kind: str, number: int) -> None:
        """Let a platform app change a record from now on."""
        if not self.where("permissibles", app=app, kind=kind, number=number):
            self.add("permissibles", app=app, kind=kind, number=number)

    def allows(self, app: str, kind: str, number: int) -> bool:
        """Whether it may."""
        return bool(self.where("permissibles", app=app, kind=kind, number=number))

    def people(self, account: int) -> Iterator[tuple[Record, Record]]:
        """Yield who is in an account, with what they are there."""
        for place in self.where("account_users", account_id=account):
            user = self.find("users", place["user_id"])
            if user:
                yield place, user

    def limit(self, account: Record, name: str) -> int:
        """Return how many an account may have: without enterprise/ it is a figure that nobody reaches."""
        if not self.is_enterprise:
            return 100_000
        bought = account["custom_attributes"].get("subscribed_quantity") if name == "agents" else None
        return int(bought or account["limits"].get(name) or 100_000)

    def reap(self) -> None:
        """Do what the worker does in the background: delete what is to be deleted."""
        wait = self.settings["deletion_seconds"]
        for account in self.where("accounts"):
            if account["deleted_at"] is not None and 0 <= wait <= time.time() - account["deleted_at"]:
                self._forget(account)

    def _forget(self, account: Record) -> None:
        self.drop("accounts", account)
        for table in ("account_users", "bots", "inboxes", "webhooks", "contacts", "conversations"):
            for record in self.where(table, account_id=account["id"]):
                self.drop(table, record)
        self.save()

    def daily(self) -> None:
        """Do what Chatwoot does once a day on the free plan."""
        if self.settings["plan"] != "community" or not self.is_enterprise:
            return
        self.data["brand"] = dict(BRAND)
        for account in self.where("accounts"):
            account["features"] = [name for name in account["features"] if name not in PREMIUM_FEATURES]
        self.save()


def default_features() -> list[str]:
    """The features that a new account has."""
    return [name for name, enabled in FEATURES.items() if enabled]
