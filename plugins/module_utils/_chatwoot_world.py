# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a support desk is now: the account of a tenant, and what is in it. With GETs only, so a preview may do all of it.

PRIVATE: for this collection's own plugins, not a public interface.

What is in an account only its administrators may read. The token of one comes from an option, or from the platform: of a user whom the
platform app made, a GET tells the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_api import (
    Account,
    Application,
    Bot,
    Inbox,
    Person,
    Platform,
    Webhook,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import DeskWish, marker_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_bot import (
    BotWorld,
    find_bot,
    has_to_look,
    is_suspended,
    suspension_of,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_facts import KEY, LEAVING
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_http import ChatwootError, Connection
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError, quoted

# Whether what is in the account was read, and why not.
Inside = Literal["read", "blank", "suspended", "no administrator", "not asked for"]
MEND_INDEX = (
    "rails runner 'PlatformAppPermissible.where(permissible_type: \"Account\").where.not(permissible_id: Account.select(:id)).delete_all'"
)


@dataclass(frozen=True)
class World:
    """What is.

    Attributes:
        account: the tenant's account, None when there is none.
        inside: whether what is in it was read; ``blank`` where nobody and so nothing can be in it.
        holder: number of the user whose token is used, None where that is not known.
        bot_of: inbox to its bot, of the inboxes that were asked.
        members_of: inbox to its members.
        pending: inbox to how many of its conversations wait for a bot, of the inboxes whose bot is suspended.
        token: an administrator's, None without one.
    """

    account: Account | None
    inside: Inside
    people: tuple[Person, ...] = ()
    bots: tuple[Bot, ...] = ()
    inboxes: tuple[Inbox, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    bot_of: Mapping[int, int | None] = field(default_factory=dict)
    members_of: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    pending: Mapping[int, int] = field(default_factory=dict)
    holder: int | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The custom attributes of the account; none where there is no account."""
        return self.account.attributes if self.account else {}

    def of_bot(self, wish: DeskWish) -> BotWorld:
        """What of it a suspension of the bot is about."""
        return BotWorld(suspension_of(self.attributes), find_bot(self.bots, wish), self.inboxes, self.bot_of, self.pending)


def read(connection: Connection, wish: DeskWish) -> World:
    """Read all that the wish is about.

    Raises:
        BlueGreenError: it cannot be read, or it is not the tenant's.
    """
    if wish.platform_token is None:
        return _read_as_administrator(connection, wish)
    platform = Platform(connection, wish.platform_token)
    account = find_account(platform, wish)
    if account is None:
        return World(None, "blank")
    looks_inside = wish.looks_inside or (wish.bot_status is not None and has_to_look(account.attributes, wish))
    if wish.state == "absent" or not looks_inside:
        return World(account, "not asked for")
    if account.status == "suspended":
        return World(account, "suspended")
    places = platform.places(account.id)
    if not places:
        # Made a moment ago by a run that was killed: whatever is in an account was made by somebody who is in it.
        return World(account, "blank")
    token, holder = wish.admin_token, None
    if token is None:
        administrators = [place.user_id for place in places if place.role == "administrator"]
        if not administrators and wish.administrator:
            return World(account, "no administrator")
        token, holder = administrator_of(platform, account, administrators)
    return _inside(Application(platform.connection, token, account.id), account, wish, holder)


def _read_as_administrator(connection: Connection, wish: DeskWish) -> World:
    """Read what an administrator may: nobody but a platform app sees the tenant's key, so the account is the one that was named."""
    application = Application(connection, wish.admin_token or "", wish.account_id or 0)
    account = administered(application)
    if account.status == "suspended":
        return World(account, "suspended")
    holder = must_administer(application)
    return _inside(application, account, wish, holder) if wish.looks_inside else World(account, "not asked for")


def administered(application: Application) -> Account:
    """Return the account whose number and administrator's token were given.

    Raises:
        RefusedError: the token is of nobody in it.
    """
    account = application.own_account()
    if account is None:
        raise RefusedError(
            f"account_id: {application.account} is no account of the user whose token is given; correct account_id, or give"
            " admin_token_file one of an administrator of that account."
        )
    return account


def must_administer(application: Application) -> int:
    """Return the number of the administrator whose token was given.

    Raises:
        RefusedError: the token is an agent's, who may read half of it and change nothing.
    """
    number, role = application.own_role()
    if role != "administrator":
        raise RefusedError(
            f"admin_token_file: the token is of an agent of account {application.account}, and only an administrator may read and change"
            " what is in it; give one of an administrator."
        )
    return number


def find_account(platform: Platform, wish: DeskWish) -> Account | None:
    """Return the tenant's account: by its number, or by our key; never by its name, which others can have, too.

    Raises:
        RefusedError: there are several, or it is somebody else's.
    """
    if wish.account_id is not None:
        account = platform.account(wish.account_id)
        if account is None and wish.state == "present":
            raise RefusedError(f"account_id: {wish.account_id} is not there; correct it, or leave it out to make an account.")
        return _checked(account, wish)
    found = [account for account in _indexed(platform, wish) if account.attributes.get(KEY) == wish.tenant]
    if len(found) > 1:
        numbers = ", ".join(str(account.id) for account in found)
        raise RefusedError(
            f"tenant: {quoted(wish.tenant)} is the key of several accounts ({numbers}); name the right one with account_id, and take"
            f" {KEY} out of the custom_attributes of the others."
        )
    return _checked(found[0] if found else None, wish)


def _indexed(platform: Platform, wish: DeskWish) -> list[Account]:
    """Return all accounts of this platform app; where Chatwoot's list of them is broken, the one that our bot leads to."""
    try:
        return platform.accounts()
    except ChatwootError as error:
        if error.status != 500:
            raise
    marker = marker_of(wish.tenant)
    numbers = {bot.account_id for bot in platform.bots() if bot.description.endswith(marker) and bot.account_id is not None}
    found = [account for number in sorted(numbers) if (account := platform.account(number))]
    if not any(account.attributes.get(KEY) == wish.tenant for account in found):
        raise RefusedError(
            "list accounts: Chatwoot failed (500), as its list does for ever once an account that this platform app made was deleted; name"
            f" the account with account_id, or mend the list on the server: {MEND_INDEX}."
        )
    return found


def _checked(account: Account | None, wish: DeskWish) -> Account | None:
    if account is None:
        return None
    owner = account.attributes.get(KEY)
    if owner is None and not wish.take_over:
        raise RefusedError(
            f"account_id: account {account.id} ({quoted(account.name)}) is not managed by this collection; give take_over: true to take it"
            f" over for tenant {wish.tenant}."
        )
    if owner not in (None, wish.tenant):
        raise RefusedError(f"account_id: account {account.id} belongs to tenant {quoted(owner)}; correct account_id, or tenant.")
    if account.attributes.get(LEAVING) and wish.state == "present":
        raise RefusedError(f"account {account.id} of tenant {wish.tenant} is being deleted; wait until it is gone, then run again.")
    return account


def administrator_of(platform: Platform, account: Account, numbers: list[int]) -> tuple[str, int]:
    """Return the token and the number of an administrator of whom this platform app may know it.

    Raises:
        RefusedError: there is none.
    """
    for number in sorted(numbers):
        user = platform.user(number)
        if user is not None and user.token:
            return user.token, user.id
    raise RefusedError(
        f"admin_token_file: not given, and no administrator of account {account.id} was made by this platform app; give a file with the"
        " token of one (in Chatwoot: profile settings, access token)."
    )


def _inside(application: Application, account: Account, wish: DeskWish, holder: int | None) -> World:
    minds_bot = has_to_look(account.attributes, wish)
    inboxes = application.inboxes() if wish.inboxes or wish.limits or minds_bot else []
    named = {one.name for one in wish.inboxes}
    with_members = {one.name for one in wish.inboxes if one.members is not None}
    ours = [inbox for inbox in inboxes if inbox.name in named]
    if holder is None and (wish.agents or "agents" in wish.purge):
        # Who must neither go nor become an agent half way.
        holder = application.own_number()
    world = World(
        account,
        "read",
        people=tuple(application.people()) if wish.looks_inside else (),
        bots=tuple(bot for bot in application.bots() if bot.account_id == account.id) if wish.bot or minds_bot else (),
        inboxes=tuple(inboxes),
        webhooks=tuple(application.webhooks()) if wish.webhooks or "webhooks" in wish.purge else (),
        bot_of={inbox.id: application.bot_of(inbox.id, inbox.name) for inbox in (inboxes if minds_bot else ours if wish.bot else [])},
        members_of={inbox.id: tuple(application.members_of(inbox.id, inbox.name)) for inbox in ours if inbox.name in with_members},
        holder=holder,
        token=application.token,
    )
    if not is_suspended(account.attributes, wish):
        return world
    counted = world.of_bot(wish).counted
    return replace(world, pending={inbox.id: application.pending(inbox.id, inbox.name) for inbox in counted})
