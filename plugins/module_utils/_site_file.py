# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dynamic file of one site: written from a route, and read back into one.

PRIVATE: for this collection's own plugins, not a public interface.

The file is the only truth about which colour is active: the router's service says it. The one thing that Traefik has no word for, the
colour that served before, stands in a comment of the same file, so the two can never disagree. No time stands in the file, or the
preview's diff and the apply's would differ; the time of the last change is the file's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._yaml import SAFE_DUMPER, SAFE_LOADER, yaml

HEADER = "# Managed by bluegreen.orchestrator.bluegreen_switch: it overwrites changes made by hand.\n"
_HISTORY = "# bluegreen: "


@dataclass(frozen=True)
class Route:
    """How the public reaches a site.

    Attributes:
        site: the site's name; names its router and, with a colour added, its services.
        active: the colour that serves.
        previous: the colour that served before the last switch, None when there was none or it was taken back.
        rolled_back: the colour that the last rollback left, None when the last change was no rollback.
        rule: Traefik rule of the router.
        colours: the base URLs of each colour.
        entrypoints: Traefik entry points; empty means Traefik's default ones.
        middlewares: names of middlewares, in order.
        tls: the router's ``tls`` section, None for plain HTTP.
        priority: the router's priority, None for Traefik's own (the rule's length).
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
    objects: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        names = (("routers", self.site), *(("services", service_name(self.site, colour)) for colour in COLOURS))
        object.__setattr__(self, "objects", names)


def service_name(site: str, colour: str) -> str:
    """Return the name of the service that leads to one colour of a site."""
    return f"{site}-{colour}"


def render(route: Route) -> str:
    """Write the dynamic file of a route; equal routes give equal texts."""
    router: dict[str, Any] = {"rule": route.rule, "service": service_name(route.site, route.active)}
    if route.entrypoints:
        router["entryPoints"] = list(route.entrypoints)
    if route.middlewares:
        router["middlewares"] = list(route.middlewares)
    if route.priority is not None:
        router["priority"] = route.priority
    if route.tls is not None:
        router["tls"] = dict(route.tls)
    services = {
        service_name(route.site, colour): {"loadBalancer": {"servers": [{"url": url} for url in route.colours[colour]]}}
        for colour in COLOURS
    }
    history = json.dumps({"previous": route.previous, "rolled_back": route.rolled_back})
    data = {"http": {"routers": {route.site: router}, "services": services}}
    body = yaml.dump(data, Dumper=SAFE_DUMPER, default_flow_style=False, sort_keys=False, allow_unicode=True, width=1000)
    return f"{HEADER}{_HISTORY}{history}\n{body}"


def parse(site: str, path: str, text: str) -> Route:
    """Read the dynamic file of a site.

    Args:
        site: the site's name.
        path: where the text comes from, for the error.
        text: the file's content.

    Returns:
        The route in it.

    Raises:
        RefusedError: the file is not one of ours, or was changed by hand beyond recognition.
    """
    if not text.startswith(HEADER):
        raise RefusedError(
            f"{path} was not written by bluegreen_switch, and is not overwritten; move it away (its router would hide ours) and run again."
        )
    try:
        http = yaml.load(text, Loader=SAFE_LOADER)["http"]
        router = http["routers"][site]
        active = str(router["service"]).removeprefix(f"{site}-")
        colours = {
            colour: tuple(server["url"] for server in http["services"][service_name(site, colour)]["loadBalancer"]["servers"])
            for colour in COLOURS
        }
        history = _history(text)
        route = Route(
            site=site,
            active=active,
            previous=history.get("previous"),
            rolled_back=history.get("rolled_back"),
            rule=str(router["rule"]),
            colours=colours,
            entrypoints=_listed(router.get("entryPoints")),
            middlewares=_listed(router.get("middlewares")),
            tls=router.get("tls"),
            priority=router.get("priority"),
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise RefusedError(
            f"{path} was changed by hand and can no longer be read ({type(error).__name__}); restore it, or move it away and run again."
        ) from error
    if not all(_is_texts(value) for value in (*colours.values(), route.entrypoints, route.middlewares)) or not all(colours.values()):
        raise RefusedError(
            f"{path} was changed by hand: a list in it is empty or holds no texts; restore it, or move it away and run again."
        )
    if active not in COLOURS:
        raise RefusedError(
            f"{path} was changed by hand: its router leads to {router['service']!r}, which is no colour of {site};"
            " restore it, or move it away."
        )
    return route


def _listed(value: Any) -> tuple[Any, ...]:
    """Return a YAML list; a text is no list, though Python could take it apart."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise TypeError
    return tuple(value)


def _is_texts(values: tuple[Any, ...]) -> bool:
    return all(isinstance(value, str) for value in values)


def _history(text: str) -> dict[str, str | None]:
    for line in text.splitlines():
        if line.startswith(_HISTORY):
            data = json.loads(line.removeprefix(_HISTORY))
            return {key: value for key, value in data.items() if value in COLOURS}
    return {}
