# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a wish for a support desk cannot work, said before anything is changed.

PRIVATE: for this collection's own plugins, not a public interface.

Each raises InputError with one sentence that names option, value and remedy.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_facts import (
    BOT_SUSPENDED,
    BRAND_NAMES,
    COUNTERS,
    FEATURES,
    GREETING_LENGTH,
    KEY,
    LEAVING,
    LIMITS,
    LOCALES,
    PREMIUM_FEATURES,
    REASON_LENGTH,
    URL_LENGTH,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import check_url

_TENANT: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")
# What Devise takes for one, with a domain as mail has it.
_EMAIL: Final = re.compile(r"[^@\s,;<>\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
# What of a support desk an administrator of its account cannot hold, or cannot even read.
PLATFORM_ONLY: Final = (
    "take_over",
    "server_to_come",
    "name",
    "locale",
    "domain",
    "support_email",
    "status",
    "bot_status",
    "bot_reason",
    "limits",
    "features",
    "features_extra",
    "licensed",
    "custom_attributes",
    "administrator",
    "confirm_name",
)
# Names that are somebody's own network by themselves; others only DNS could tell.
_PRIVATE_ENDS: Final = (".local", ".internal", ".svc", ".lan", ".home.arpa", ".localhost")
BRAND_REMEDY: Final = "give the inboxes their widget_color, welcome_title and business_name instead, which last"


def tenant(value: str) -> None:
    """Check the key by which the account is found."""
    if not _TENANT.fullmatch(value):
        raise InputError(
            f"tenant: {quoted(value)} cannot be a tenant's key; use up to 63 lower-case letters, digits, dots, hyphens and underscores."
        )


def account_id(value: int | None) -> int | None:
    """Check a number of an account."""
    if value is not None and value < 1:
        raise InputError(f"account_id: {value} is no number of an account; read it in the address that a browser shows (/app/accounts/7).")
    return value


def without_platform(params: Mapping[str, Any]) -> None:
    """Check that nothing is asked for that only a platform app may do, where there is none."""
    given = [name for name in PLATFORM_ONLY if params[name] not in (None, False, {}, [])]
    if params["state"] == "absent":
        given.insert(0, "state absent")
    if given:
        raise InputError(
            f"{', '.join(given)}: only a platform app can do that, and account_id with an administrator's token alone stands for an account"
            " without one (CHATWOOT_PLATFORM_TOKEN is not looked at then); leave that out, or give platform_token_file."
        )


def words(option: str, value: str) -> str:
    """Check a name, and return it without blanks around."""
    if not value.strip():
        raise InputError(f"{option}: {quoted(value)} is empty; give a name.")
    if len(value) > 255 or any(ord(char) < 32 for char in value):
        raise InputError(f"{option}: {quoted(value)} is no name for one line; use up to 255 letters.")
    return value.strip()


def account(given: Mapping[str, str]) -> None:
    """Check what an account is called and where it is at home."""
    if "name" in given:
        words("name", given["name"])
    if given.get("locale", "en") not in LOCALES:
        raise InputError(f"locale: {quoted(given['locale'])} is none of Chatwoot's; give one of {', '.join(LOCALES)}.")
    if "support_email" in given:
        # An empty one would come back as the installation's, and be emptied anew for ever.
        email("support_email", given["support_email"])
    domain = given.get("domain")
    if domain and (len(domain) > 100 or not _DOMAIN.fullmatch(domain)):
        raise InputError(f"domain: {quoted(domain)} is no domain for mail; write it like support.acme.example, up to 100 letters.")


def email(option: str, value: str) -> str:
    """Check an address, and return it as Chatwoot keeps it: in small letters."""
    if not _EMAIL.fullmatch(value.strip()):
        raise InputError(f"{option}: {quoted(value)} is no mail address; write it like anna@acme.example.")
    return value.strip().lower()


def limits(given: Mapping[str, Any]) -> dict[str, int | None]:
    """Check limits: of known names, and numbers; None takes one away."""
    for name, value in given.items():
        if name not in LIMITS:
            raise InputError(f"limits: {quoted(str(name))} is no limit that Chatwoot knows; there are {', '.join(LIMITS)}.")
        whole = isinstance(value, int) and not isinstance(value, bool)
        if value is not None and not (whole and value >= 0):
            raise InputError(f"limits: {quoted(value)}, given for {name}, is no number; write 0 or more, without quotes.")
    return dict(given)


def features(given: Mapping[str, Any], extra: Collection[str], *, licensed: bool) -> dict[str, bool]:
    """Check features: what Chatwoot does not know is a 500 there, and what it takes back would be given anew for ever."""
    for name, value in given.items():
        if name in BRAND_NAMES:
            raise InputError(
                f"features: {name} belongs to the whole installation and is put back once a day without a licence; {BRAND_REMEDY}."
            )
        if name not in FEATURES and name not in extra:
            raise InputError(
                f"features: {quoted(str(name))} is no feature of Chatwoot 4.14; correct it, or name it in features_extra if yours has it."
            )
        if not isinstance(value, bool):
            raise InputError(
                f"features: {quoted(value)}, given for {name}, is no boolean, and Chatwoot takes every text for true; write true or false"
                " without quotes."
            )
        if value and name in PREMIUM_FEATURES and not licensed:
            raise InputError(
                f"features: {name} needs a licence, and without one Chatwoot switches it off again once a day; leave it out, or say"
                " licensed: true if the installation has one."
            )
    return dict(given)


def attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check custom attributes: not ours, not Chatwoot's counters, and no brand."""
    for name in given:
        if name in (KEY, LEAVING):
            raise InputError(f"custom_attributes: {name} is by what the account is found; leave it out, tenant sets it.")
        if name == BOT_SUSPENDED:
            raise InputError(f"custom_attributes: {name} is where a suspended bot is kept; leave it out, bot_status sets it.")
        if name in COUNTERS:
            raise InputError(f"custom_attributes: in {name} Chatwoot counts by itself; leave it out.")
        if name in BRAND_NAMES:
            raise InputError(f"custom_attributes: {name} has no effect on an account; {BRAND_REMEDY}.")
    return {str(name): value for name, value in given.items()}


def bot_reason(status: str | None, reason: str | None) -> str | None:
    """Check why a bot is suspended: what is suspended says so, and nothing else does."""
    if status != "suspended":
        if reason is not None:
            raise InputError(f"bot_reason: {quoted(reason)} is the reason of no suspension; leave it out, or give bot_status suspended.")
        return None
    if not (reason or "").strip():
        raise InputError("bot_reason: not given, and a bot that is suspended needs one; give a few words, for example quota 2026-11.")
    text = str(reason).strip()
    if len(text) > REASON_LENGTH or any(ord(char) < 32 for char in text):
        raise InputError(f"bot_reason: {quoted(text)} is no reason for one line; use up to {REASON_LENGTH} letters.")
    return text


def url(option: str, value: str, *, private: bool) -> str:
    """Check an address that Chatwoot is to call: its filter lets it call no private network."""
    host = (check_url(option, value).hostname or "").rstrip(".")
    if len(value) > URL_LENGTH:
        raise InputError(f"{option}: {quoted(value)} has {len(value)} letters, and Chatwoot takes {URL_LENGTH}; give a shorter one.")
    if not private and is_private(host):
        raise InputError(
            f"{option}: {quoted(value)} is in a private network, which Chatwoot does not call unless it runs with"
            " SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true; give a public address, or say private_urls_allowed: true if it does."
        )
    return value


def is_private(host: str) -> bool:
    """Whether a host is of a private network, as far as its name or address tells."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.lower()
        return "." not in name or name.endswith(_PRIVATE_ENDS)


def inbox(name: str, fields: Mapping[str, Any], settings: Mapping[str, Any], *, channel: str, private: bool) -> None:
    """Check an inbox."""
    colour = settings.get("widget_color")
    if colour is not None and not _COLOUR.fullmatch(colour):
        raise InputError(f"inboxes.widget_color: {quoted(colour)} of inbox {quoted(name)} is no colour; write it like #1F93FF, in quotes.")
    if channel == "web_widget":
        if not settings.get("website_url"):
            raise InputError(f"inboxes.website_url: not given, and inbox {quoted(name)} is a widget; name the site that it stands on.")
        check_url("inboxes.website_url", settings["website_url"])
    if settings.get("webhook_url"):
        url("inboxes.webhook_url", settings["webhook_url"], private=private)
    for option in ("greeting_message", "out_of_office_message"):
        length = len(fields.get(option) or "")
        if length > GREETING_LENGTH:
            raise InputError(f"inboxes.{option}: {length} letters, for inbox {quoted(name)}, are too many; say it in {GREETING_LENGTH}.")
    zone = fields.get("timezone")
    if zone is not None and zone != "UTC" and not re.fullmatch(r"[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+", zone):
        raise InputError(f"inboxes.timezone: {quoted(zone)} of inbox {quoted(name)} is no time zone; write it like Europe/Paris, or UTC.")
