# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site can have beside its colour: sticky visitors, a preview of the idle colour, a maintenance page.

PRIVATE: for this collection's own plugins, not a public interface.

Each option is checked by itself first, then made part of a route, where it must also fit what the route is.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import check_url
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Maintenance, Preview, Sticky

HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")
# RFC 9110, 5.6.2: what a header's name and a cookie's name are made of.
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
# 16 letters and digits have 95 bits; of what is longer or has other signs, nothing would be gained but trouble with quoting.
_HEADER_VALUE = re.compile(r"[A-Za-z0-9._~+/=-]{16,200}")
# Browsers keep a cookie for 400 days at most: RFC 6265bis, 5.5.
LONGEST_COOKIE = 400 * 86_400


@dataclass(frozen=True)
class StickyWish:
    """How visitors are to keep their colour; what is None is worked out from the site."""

    enabled: bool = True
    cookie: str | None = None
    secure: bool | None = None
    http_only: bool = True
    same_site: str = "lax"
    max_age: int = 0


@dataclass(frozen=True)
class PreviewWish:
    """How the idle colour is to be looked at."""

    enabled: bool = True
    host: str | None = None
    header: str | None = None
    value: str | None = field(default=None, repr=False)
    users_file: str | None = None
    source_ranges: tuple[str, ...] = ()


@dataclass(frozen=True)
class MaintenanceWish:
    """What visitors are to see instead of the site."""

    enabled: bool = True
    servers: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


def check_sticky(wish: StickyWish) -> None:
    """Refuse a cookie that browsers would not keep.

    Raises:
        InputError: naming the option.
    """
    if wish.cookie is not None and not TOKEN.fullmatch(wish.cookie):
        raise InputError(f"sticky.cookie: {wish.cookie[:60]!a} is not a cookie's name; use letters, digits, hyphens and underscores.")
    if wish.same_site == "none" and wish.secure is False:
        raise InputError("sticky.same_site: 'none' without secure is refused by browsers; set secure to true, or same_site to lax.")
    if not 0 <= wish.max_age <= LONGEST_COOKIE:
        raise InputError(
            f"sticky.max_age: {wish.max_age} is not between 0 and {LONGEST_COOKIE} seconds, the longest that browsers keep one."
        )


def check_preview(wish: PreviewWish) -> None:
    """Refuse a preview that leads nowhere, or that everybody could see.

    Raises:
        InputError: naming the option; never the header's value.
    """
    if not wish.enabled:
        return
    if (wish.host is None) is (wish.header is None):
        which = "neither host nor header is given" if wish.host is None else "host and header are both given"
        raise InputError(f"preview: {which}; give one of them, by which a visitor of the preview is known.")
    if wish.host is not None and not HOST.fullmatch(wish.host):
        raise InputError(f"preview.host: {wish.host[:60]!a} is not a host name; write for example preview.shop.example.")
    if wish.host is not None and wish.value is not None:
        raise InputError("preview.value: it belongs to preview.header, and preview.host is given; leave it out.")
    if wish.header is not None and not _HEADER_NAME.fullmatch(wish.header):
        raise InputError(f"preview.header: {wish.header[:60]!a} is not a header's name; write for example X-Preview.")
    if wish.header is not None and not _HEADER_VALUE.fullmatch(wish.value or ""):
        raise InputError(
            "preview.value: it is missing, shorter than 16 characters (it could be guessed), longer than 200, or holds more than letters,"
            " digits and ._~+/=-; make one with: openssl rand -hex 16."
        )
    _check_users_file(wish.users_file)
    check_addresses("preview.source_ranges", wish.source_ranges)
    if wish.host is not None and wish.users_file is None and not wish.source_ranges:
        raise InputError(
            f"preview: {wish.host} would be open to everybody, search engines among them; give users_file or source_ranges,"
            " or a header with a value instead of the host."
        )


def _check_users_file(path: str | None) -> None:
    if path is not None and (not os.path.isabs(path) or "{{" in path or not path.isprintable()):
        raise InputError(f"preview.users_file: {path[:200]!a} is not a plain absolute path; write it from the root, as Traefik sees it.")


def check_maintenance(wish: MaintenanceWish) -> None:
    """Refuse a page that nobody serves, or that nobody would see.

    Raises:
        InputError: naming the option and the value.
    """
    if not wish.enabled:
        return
    if not wish.servers:
        raise InputError("maintenance.servers: none is given; name at least one server of the page, such as http://127.0.0.1:8090.")
    for url in wish.servers:
        check_server("maintenance.servers", url)
    check_addresses("maintenance.allow", wish.allow)


def check_server(option: str, url: str) -> str:
    """Refuse the URL of a server that Traefik could not use.

    Returns:
        The URL in one form, for comparing.

    Raises:
        InputError: naming the option and the value.
    """
    parts = check_url(option, url)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InputError(f"{option}: {url!r} has a path; Traefik sends to the server only, so write scheme, host and port.")
    if "{{" in url or "`" in url or not url.isprintable():
        raise InputError(f"{option}: {url[:60]!a} holds a template or a control character; write it plainly.")
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def check_addresses(option: str, addresses: Iterable[str]) -> None:
    """Refuse what is no address or network, and networks that hold everybody.

    Raises:
        InputError: naming the option and the value.
    """
    for address in addresses:
        try:
            network = ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise InputError(
                f"{option}: {address[:60]!a} is not an address or network; write for example 192.0.2.7 or 192.0.2.0/24."
            ) from None
        if network.prefixlen == 0:
            raise InputError(f"{option}: {address} holds everybody; name the addresses of those who are meant.")


def make_sticky(wish: StickyWish | None, site: str, before: Sticky | None, *, https: bool) -> Sticky | None:
    """Work out the cookie of a route.

    Args:
        wish: what was asked for, None to keep what is.
        site: the site's name, by which the cookie is called unless told otherwise.
        before: what is.
        https: whether the site is served by HTTPS.

    Raises:
        InputError: browsers would refuse the cookie.
    """
    if wish is None:
        return before
    if not wish.enabled:
        return None
    secure = https if wish.secure is None else wish.secure
    if wish.same_site == "none" and not secure:
        raise InputError("sticky.same_site: 'none' needs HTTPS, and the site is served by plain HTTP; use lax.")
    return Sticky(wish.cookie or f"{site}-colour", secure, wish.http_only, wish.same_site, wish.max_age)


def make_preview(wish: PreviewWish | None, rule: str, before: Preview | None) -> Preview | None:
    """Work out the preview of a route with a rule.

    Raises:
        InputError: its host name is one of the site's own.
    """
    preview = before if wish is None else None
    if wish is not None and wish.enabled:
        preview = Preview(wish.host, wish.header, wish.value, wish.users_file, wish.source_ranges)
    if preview is not None and preview.host is not None and preview.host.lower() in hosts_of(rule):
        raise InputError(f"preview.host: {preview.host} is a host name of the site itself; give the preview one of its own.")
    return preview


def make_maintenance(wish: MaintenanceWish | None, before: Maintenance | None) -> Maintenance | None:
    """Work out the maintenance page of a route."""
    if wish is None:
        return before
    return Maintenance(wish.servers, wish.allow) if wish.enabled else None


def hosts_of(rule: str) -> set[str]:
    """Return the host names that a rule names."""
    return {name.lower() for name in re.findall(r"\bhost\(\s*[`\"]([^`\"]+)[`\"]\s*\)", rule, re.IGNORECASE)}
