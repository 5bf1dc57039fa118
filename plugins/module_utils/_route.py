# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the public reaches a site: data only, without a word of Traefik's.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import other


@dataclass(frozen=True)
class Sticky:
    """The cookie by which a visitor keeps a colour while a canary splits them.

    Attributes:
        cookie: its name.
        secure: whether browsers send it by HTTPS only.
        http_only: whether scripts of the page cannot read it.
        same_site: ``lax``, ``strict`` or ``none``.
        max_age: seconds that a browser keeps it, 0 until it is closed.
    """

    cookie: str
    secure: bool
    http_only: bool = True
    same_site: str = "lax"
    max_age: int = 0


@dataclass(frozen=True)
class Preview:
    """The way to the idle colour, for those who are to look at it.

    Attributes:
        host: its own host name, None when a header tells.
        header: the header that tells, None when it has a host name.
        value: the header's value; secret.
        users_file: file of users and password hashes as Traefik sees it, None for no password.
        source_ranges: addresses from which it may be seen; empty for all.
    """

    host: str | None = None
    header: str | None = None
    value: str | None = field(default=None, repr=False)
    users_file: str | None = None
    source_ranges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Maintenance:
    """The page that visitors get instead of the site.

    Attributes:
        servers: base URLs of the servers that answer it.
        allow: addresses that reach the site all the same.
    """

    servers: tuple[str, ...]
    allow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hold:
    """Writes wait at a gate while reads flow.

    Attributes:
        colour: the colour that they reach once the gate lets them pass.
        address: ``host:port`` of the gate.
    """

    colour: str
    address: str


@dataclass(frozen=True)
class Route:
    """How the public reaches a site.

    Attributes:
        site: the site's name; names its router and, with a word added, all else.
        active: the colour that serves; with a canary, the one that all but the canary's visitors reach.
        previous: the colour that served before the last switch, None when there was none or it was taken back.
        rolled_back: the colour that the last rollback left, None when the last change was no rollback.
        rule: Traefik rule of the router.
        colours: the base URLs of each colour.
        entrypoints: Traefik entry points; empty means Traefik's default ones.
        middlewares: names of middlewares, in order.
        tls: the router's ``tls`` section, None for plain HTTP.
        priority: the router's priority, None for Traefik's own (the rule's length).
        canary: percent of the visitors that the idle colour gets (1 to 99), None without a canary.
        sticky: how visitors keep their colour during a canary, None when they do not.
        preview: the way to the idle colour, None when there is none.
        maintenance: the page shown instead of the site, None when the site is shown.
        hold: the gate at which writes wait, None when they do not.
    """

    site: str
    active: str
    previous: str | None
    rolled_back: str | None
    rule: str
    colours: Mapping[str, tuple[str, ...]]
    entrypoints: tuple[str, ...] = ()
    middlewares: tuple[str, ...] = ()
    tls: Mapping[str, str] | None = None
    priority: int | None = None
    canary: int | None = None
    sticky: Sticky | None = None
    preview: Preview | None = None
    maintenance: Maintenance | None = None
    hold: Hold | None = None

    @property
    def idle(self) -> str:
        """The colour that is not active."""
        return other(self.active)

    @property
    def serving(self) -> dict[str, int]:
        """The colours that visitors reach, each with its percentage, the active one first."""
        if self.canary is None:
            return {self.active: 100}
        return {self.active: 100 - self.canary, self.idle: self.canary}
