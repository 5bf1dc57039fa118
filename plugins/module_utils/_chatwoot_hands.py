# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out a plan for a support desk, step by step: each may be done again without making anything twice.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import Application, Platform
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import DeskWish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_bot import Suspension, suspension_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_facts import BOT_SUSPENDED, KEY, LEAVING
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import Connection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_plan import Step, merged
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_world import World
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, RefusedError

# Chatwoot wants capitals, small letters, digits and others in a password.
_ALL_KINDS = "aA1!"


class Hands:
    """What does the steps, and what they learn on the way: numbers of what was just made."""

    def __init__(self, connection: Connection, world: World, wish: DeskWish) -> None:
        self._connection = connection
        # Without a platform app no step is planned that would ask one.
        self._platform = Platform(connection, wish.platform_token or "")
        self._wish = wish
        self._token = world.token
        self.account = world.account.id if world.account else None
        bot = world.of_bot(wish).bot
        self._bot = bot.id if bot else None
        self._people = {person.email: person.id for person in world.people}
        self._inboxes = {inbox.name: inbox.id for inbox in world.inboxes}
        self._sleep: Callable[[float], None] = time.sleep
        self.warnings: list[str] = []
        # Conversations that waited for the bot and are open now.
        self.opened = 0

    def execute(self, steps: Iterable[Step]) -> None:
        """Do them all.

        Raises:
            BlueGreenError: one could not be done; its facts say which were.
        """
        done: list[str] = []
        for step in steps:
            try:
                getattr(self, f"_{step.call}")(step)
            except BlueGreenError as error:
                facts = {"changed": bool(done), **error.facts, "done": done}
                raise BlueGreenError(error.sentence, **facts) from None
            done.append(f"{step.action} {step.name}")

    @property
    def _number(self) -> int:
        if self.account is None:
            raise RefusedError("the account is not there; run again.")
        return self.account

    @property
    def _application(self) -> Application:
        if self._token is None:
            raise RefusedError(
                f"admin_token_file: not given, and no administrator of account {self.account} is known; give a file with the token of one."
            )
        return Application(self._connection, self._token, self._number)

    def _create_account(self, step: Step) -> None:
        self.account = self._platform.create_account(step.data).id
        self._refuse_a_twin(self.account)

    def _refuse_a_twin(self, number: int) -> None:
        """Two runs at once may each find none and make one; the first account is the tenant's, and the other is left without its key."""
        found = [one.id for one in self._platform.accounts() if one.attributes.get(KEY) == self._wish.tenant]
        first = min(found, default=number)
        if first < number:
            self._platform.update_account(number, {"custom_attributes": {}})
            raise RefusedError(
                f"tenant: another run made account {first} for {self._wish.tenant} at the same moment, so account {number} is left without"
                " a key; delete it by hand, and run again.",
                changed=True,
            )

    def _update_account(self, step: Step) -> None:
        data = dict(step.data)
        if "custom_attributes" in data:
            # Chatwoot replaces the whole hash and counts in it itself, so it is read once more at the last moment.
            data["custom_attributes"] = self._merged(data["custom_attributes"])
        self._platform.update_account(self._number, data)

    def _merged(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        current = self._attributes()
        found = merged(current, declared)
        ours, theirs = suspension_of(found), suspension_of(current)
        if declared.get(BOT_SUSPENDED) and ours and theirs:
            # Of two runs at once the second one finds the bot off already: what the first one noted is what had it.
            found[BOT_SUSPENDED] = Suspension(ours.reason, tuple(sorted({*ours.inboxes, *theirs.inboxes}))).kept()
        return found

    def _attributes(self) -> Mapping[str, Any]:
        account = self._platform.account(self._number)
        if account is None:
            raise RefusedError(f"account {self.account} is gone; run again.")
        return account.attributes

    def _delete_account(self, _step: Step) -> None:
        number = self._number
        attributes = self._attributes()
        if not attributes.get(LEAVING):
            # So that nobody takes it for a desk in use while the worker gets to it.
            self._platform.update_account(number, {"status": "suspended", "custom_attributes": {**attributes, LEAVING: True}})
        self._platform.delete_account(number)
        until = time.monotonic() + self._wish.wait_seconds
        while self._wish.wait_seconds and self._platform.account(number) is not None:
            if time.monotonic() > until:
                raise RefusedError(
                    f"account {number} is still being deleted after {self._wish.wait_seconds} s; see whether Chatwoot's worker (Sidekiq,"
                    " queue low) runs, then run again.",
                    changed=True,
                )
            self._sleep(0.5)

    def _add_administrator(self, step: Step) -> None:
        email = step.data["email"]
        # Nobody is told it: the person asks for a new one by mail, at the sign-in page.
        password = f"{secrets.token_urlsafe(24)}{_ALL_KINDS}"
        user = self._platform.create_user(email, step.data["name"], password)
        if user.accounts:
            self.warnings.append(
                f"administrator.email: {email} was in Chatwoot already; this platform app may now read and change that user, in all"
                " accounts."
            )
        self._platform.add_place(self._number, user.id, "administrator")
        self._people[email] = user.id
        # Nobody can have been given the token of somebody in an account that is new.
        if self._wish.admin_token is None or self._token is None:
            self._token = user.token

    def _invite(self, step: Step) -> None:
        person = self._application.invite(step.data["email"], step.data["name"], step.data["role"])
        self._people[person.email] = person.id

    def _change_role(self, step: Step) -> None:
        self._application.change_role(_known(step), step.data["email"], step.data["role"])

    def _remove(self, step: Step) -> None:
        self._application.remove(_known(step), step.data["email"])

    def _refuse_if(self, is_there: bool, step: Step) -> None:
        """Refuse to make what Chatwoot would make twice; it was looked for once more, for another run may be at it."""
        if is_there:
            raise RefusedError(f"{step.name}: another run made it at the same moment; run again.")

    def _create_bot(self, step: Step) -> None:
        there = [bot.description for bot in self._application.bots() if bot.account_id == self.account]
        self._refuse_if(step.data["description"] in there, step)
        if self._wish.by_platform:
            self._bot = self._platform.create_bot(self._number, step.data).id
        else:
            self._bot = self._application.create_bot(step.data).id

    def _update_bot(self, step: Step) -> None:
        self._application.update_bot(_known(step), step.data)

    def _create_inbox(self, step: Step) -> None:
        self._refuse_if(step.data["name"] in [inbox.name for inbox in self._application.inboxes()], step)
        inbox = self._application.create_inbox(step.data)
        self._inboxes[inbox.name] = inbox.id

    def _update_inbox(self, step: Step) -> None:
        settings = step.data["settings"]
        fields = {**step.data["fields"], **({"channel": settings} if settings else {})}
        self._application.update_inbox(_known(step), step.data["inbox"], fields)

    def _set_bot(self, step: Step) -> None:
        name = step.data["inbox"]
        # Of an inbox that was just made only its name was known; names are not unique, so elsewhere its number is.
        number = self._inboxes[name] if step.number is None else step.number
        self._application.set_bot(number, name, self._bot if step.data["on"] else None)

    def _suspend_bot(self, step: Step) -> None:
        self._set_bot(step)
        if step.data["look"]:
            # Where nothing waited when it was looked, something may have begun to until the bot was off.
            opened = self._open_all(_known(step), step.data["inbox"])
            if opened:
                self.warnings.append(f"inbox {step.data['inbox']}: {opened} more began to wait for the bot meanwhile, and opened, too.")

    def _open_pending(self, step: Step) -> None:
        self._open_all(_known(step), step.data["inbox"])

    def _open_all(self, inbox: int, name: str) -> int:
        """Open what waits in an inbox, page by page: what was opened is no more on the first one."""
        done: set[int] = set()
        while found := self._application.some_pending(inbox, name):
            again = sorted(done.intersection(found))
            if again:
                raise RefusedError(
                    f"inbox {name}: conversation {again[0]} is pending again after it was opened; see which automation rule or bot does"
                    " that, then run again."
                )
            for number in found:
                self._application.open_conversation(number)
                done.add(number)
                self.opened += 1
        return len(done)

    def _set_members(self, step: Step) -> None:
        name = step.data["inbox"]
        self._application.set_members(self._inboxes[name], name, sorted(self._people[email] for email in step.data["members"]))

    def _create_webhook(self, step: Step) -> None:
        self._application.create_webhook(step.data)

    def _update_webhook(self, step: Step) -> None:
        self._application.update_webhook(_known(step), step.data)

    def _delete_webhook(self, step: Step) -> None:
        self._application.delete_webhook(_known(step), step.data["url"])


def _known(step: Step) -> int:
    """Return the number of what was read before."""
    if step.number is None:
        raise RefusedError(f"{step.name}: has no number; run again.")
    return step.number
