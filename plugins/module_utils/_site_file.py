# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dynamic file of one site: written from a route, and read back into one.

PRIVATE: for this collection's own plugins, not a public interface.

The file is the only truth about which colour is active: the service of the router that is named as the site says it. With a canary
that service is the split, whose first colour is the active one; preview, maintenance and hold are routers beside it that win over it,
so none of them hides which colour serves. What Traefik has no word for (the colour that served before, the cookie of the next canary)
stands in a comment of the same file, so the two can never disagree. No time stands in the file, or the preview's diff and the
apply's would differ; the time of the last change is the file's own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import (
    Hold,
    Maintenance,
    Preview,
    Route,
    Sticky,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._yaml import SAFE_DUMPER, SAFE_LOADER, yaml

HEADER = "# Managed by bluegreen.orchestrator.bluegreen_switch: it overwrites changes made by hand.\n"
_HISTORY = "# bluegreen: "
WRITES = ("POST", "PUT", "PATCH", "DELETE")
NO_INDEX = "noindex, nofollow"
# How far each router stands above the site's own: who previews sees the idle colour even while visitors see the maintenance page.
_ABOVE = {"hold": 1, "maintenance": 2, "preview": 3}
# The value of a header that stands last in a rule, which is how a preview is told from the public; long lines are folded at blanks.
_SECRET = re.compile(r"\) && Header\(`[^`]*`,\s+`([^`]*)`\)['\"]?\s*$", re.MULTILINE)
_SAME_SITE = ("lax", "strict", "none")

Sections = dict[str, dict[str, dict[str, Any]]]


def service_name(site: str, colour: str) -> str:
    """Return the name of the service that leads to one colour of a site."""
    return f"{site}-{colour}"


def beside(site: str, what: str) -> str:
    """Return the name of the router, service or middleware that a site has for something (``preview``, ``split``, ...)."""
    return f"{site}-{what}"


def objects(route: Route) -> frozenset[tuple[str, str]]:
    """Return kind and name of everything that the file of a route defines."""
    return frozenset((kind, name) for kind, things in sections(route).items() for name in things)


def sections(route: Route) -> Sections:
    """Return the routers, services and middlewares of a route as Traefik's file provider reads them."""
    made: Sections = {"routers": {route.site: _router(route, route.rule, main_service(route), route.priority)}, "services": {}}
    made["services"] = {service_name(route.site, colour): _balancer(route.colours[colour]) for colour in COLOURS}
    middlewares: dict[str, dict[str, Any]] = {}
    if route.canary is not None:
        made["services"][beside(route.site, "split")] = {"weighted": _weighted(route)}
    if route.hold is not None:
        name = beside(route.site, "hold")
        # First of all middlewares: the gate's answer may lead to the same URL again, which another one could have rewritten.
        made["routers"][name] = _beside(route, "hold", _hold_rule(route), service_name(route.site, route.hold.colour), (name,))
        # The gate needs only what Traefik itself adds (X-Forwarded-Uri); of the visitor's headers, cookies and passwords among them, it
        # gets one that says nothing.
        wanted = {"authRequestHeaders": ["Accept"], "preserveLocationHeader": True}
        middlewares[name] = {"forwardAuth": {"address": f"http://{route.hold.address}/", **wanted}}
    if route.maintenance is not None:
        name = beside(route.site, "maintenance")
        made["routers"][name] = _beside(route, "maintenance", _maintenance_rule(route, route.maintenance), name, ())
        made["services"][name] = _balancer(route.maintenance.servers)
    if route.preview is not None:
        guards = _guards(route, route.preview)
        rule = _preview_rule(route, route.preview)
        made["routers"][beside(route.site, "preview")] = _beside(
            route, "preview", rule, service_name(route.site, route.idle), tuple(guards)
        )
        middlewares |= guards
    # An empty section would stop Traefik from loading the whole directory.
    return {**made, "middlewares": middlewares} if middlewares else made


def main_service(route: Route) -> str:
    """Return the name of the service to which the site's own router leads."""
    return service_name(route.site, route.active) if route.canary is None else beside(route.site, "split")


def _router(route: Route, rule: str, service: str, priority: int | None, first: tuple[str, ...] = ()) -> dict[str, Any]:
    router: dict[str, Any] = {"rule": rule, "service": service}
    if route.entrypoints:
        router["entryPoints"] = list(route.entrypoints)
    if first or route.middlewares:
        router["middlewares"] = [*first, *route.middlewares]
    if priority is not None:
        router["priority"] = priority
    if route.tls is not None:
        router["tls"] = dict(route.tls)
    return router


def _beside(route: Route, what: str, rule: str, service: str, first: tuple[str, ...]) -> dict[str, Any]:
    """A router that wins over the site's own by a step, and not by the length of its rule, which could win over other files' too."""
    # Traefik's own priority is the rule's length in bytes (measured on 3.7.15).
    own = route.priority or len(route.rule.encode())
    return _router(route, rule, service, own + _ABOVE[what], first)


def _balancer(urls: tuple[str, ...]) -> dict[str, Any]:
    return {"loadBalancer": {"servers": [{"url": url} for url in urls]}}


def _weighted(route: Route) -> dict[str, Any]:
    made: dict[str, Any] = {
        "services": [{"name": service_name(route.site, colour), "weight": weight} for colour, weight in route.serving.items()]
    }
    if route.sticky is not None:
        cookie = route.sticky
        made["sticky"] = {
            "cookie": {
                "name": cookie.cookie,
                "secure": cookie.secure,
                "httpOnly": cookie.http_only,
                "sameSite": cookie.same_site,
                "maxAge": cookie.max_age,
            }
        }
    return made


def _hold_rule(route: Route) -> str:
    return f"({route.rule}) && ({' || '.join(f'Method(`{method}`)' for method in WRITES)})"


def _maintenance_rule(route: Route, maintenance: Maintenance) -> str:
    if not maintenance.allow:
        return f"({route.rule})"
    return f"({route.rule}) && !({' || '.join(f'ClientIP(`{address}`)' for address in maintenance.allow)})"


def _preview_rule(route: Route, preview: Preview) -> str:
    return f"Host(`{preview.host}`)" if preview.host else f"({route.rule}) && Header(`{preview.header}`, `{preview.value}`)"


def _guards(route: Route, preview: Preview) -> dict[str, dict[str, Any]]:
    """The middlewares of the preview, in order: even its refusals are not to be indexed."""
    guards: dict[str, dict[str, Any]] = {
        beside(route.site, "preview-noindex"): {"headers": {"customResponseHeaders": {"X-Robots-Tag": NO_INDEX}}}
    }
    if preview.source_ranges:
        guards[beside(route.site, "preview-ranges")] = {"ipAllowList": {"sourceRange": list(preview.source_ranges)}}
    if preview.users_file:
        guards[beside(route.site, "preview-users")] = {"basicAuth": {"usersFile": preview.users_file, "removeHeader": True}}
    return guards


def render(route: Route) -> str:
    """Write the dynamic file of a route; equal routes give equal texts."""
    history: dict[str, Any] = {"previous": route.previous, "rolled_back": route.rolled_back}
    if route.sticky is not None:
        history["sticky"] = asdict(route.sticky)
    data = {"http": sections(route)}
    body = yaml.dump(data, Dumper=SAFE_DUMPER, default_flow_style=False, sort_keys=False, allow_unicode=True, width=1000)
    return f"{HEADER}{_HISTORY}{json.dumps(history)}\n{body}"


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
        service = str(http["routers"][site]["service"])
        route = _read(site, http, service, _history(text))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError) as error:
        raise RefusedError(
            f"{path} was changed by hand and can no longer be read ({type(error).__name__}); restore it, or move it away and run again."
        ) from error
    if not all(_is_texts(value) for value in _lists(route)) or not all(route.colours.values()):
        raise RefusedError(
            f"{path} was changed by hand: a list in it is empty or holds no texts; restore it, or move it away and run again."
        )
    if route.active not in COLOURS:
        raise RefusedError(
            f"{path} was changed by hand: its router leads to {service!r}, which is no colour of {site}; restore it, or move it away."
        )
    return route


def _read(site: str, http: Mapping[str, Any], service: str, history: Mapping[str, Any]) -> Route:
    router = http["routers"][site]
    active, canary = _split(site, http) if service == beside(site, "split") else (service.removeprefix(f"{site}-"), None)
    return Route(
        site=site,
        active=active,
        previous=_colour(history.get("previous")),
        rolled_back=_colour(history.get("rolled_back")),
        rule=str(router["rule"]),
        colours={colour: _servers(http, service_name(site, colour)) for colour in COLOURS},
        entrypoints=_listed(router.get("entryPoints")),
        middlewares=_listed(router.get("middlewares")),
        tls=_tls(router.get("tls")),
        priority=router.get("priority"),
        canary=canary,
        sticky=_sticky(history.get("sticky")),
        preview=_preview(site, http),
        maintenance=_maintenance(site, http),
        hold=_hold(site, http),
    )


def _tls(value: Any) -> dict[str, str] | None:
    """Return the ``tls`` section; ``tls: yes`` is none, though Traefik takes it."""
    if not (value is None or (isinstance(value, dict) and _is_texts(tuple(value.values())))):
        raise TypeError
    return value


def _split(site: str, http: Mapping[str, Any]) -> tuple[str, int]:
    """Read the active colour and the canary's percentage from the split."""
    first, second = http["services"][beside(site, "split")]["weighted"]["services"]
    active, weight = str(first["name"]).removeprefix(f"{site}-"), int(second["weight"])
    if not 1 <= weight <= 99 or first["weight"] != 100 - weight or {first["name"], second["name"]} != {f"{site}-{c}" for c in COLOURS}:
        raise ValueError
    return active, weight


def _servers(http: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(server["url"] for server in http["services"][name]["loadBalancer"]["servers"])


def _preview(site: str, http: Mapping[str, Any]) -> Preview | None:
    router = http["routers"].get(beside(site, "preview"))
    if router is None:
        return None
    guards = http["middlewares"]
    users = guards.get(beside(site, "preview-users"), {"basicAuth": {}})["basicAuth"].get("usersFile")
    ranges = _listed(guards.get(beside(site, "preview-ranges"), {"ipAllowList": {}})["ipAllowList"].get("sourceRange"))
    host = re.fullmatch(r"Host\(`([^`]*)`\)", router["rule"])
    if host:
        return Preview(host=host[1], users_file=users, source_ranges=ranges)
    header = re.search(r"\) && Header\(`([^`]*)`, `([^`]*)`\)$", router["rule"])
    if not header:
        raise ValueError
    return Preview(header=header[1], value=header[2], users_file=users, source_ranges=ranges)


def _maintenance(site: str, http: Mapping[str, Any]) -> Maintenance | None:
    name = beside(site, "maintenance")
    router = http["routers"].get(name)
    if router is None:
        return None
    allowed = re.search(r"\) && !\((ClientIP\(`[^`]*`\)(?: \|\| ClientIP\(`[^`]*`\))*)\)$", router["rule"])
    allow = tuple(re.findall(r"`([^`]*)`", allowed[1])) if allowed else ()
    return Maintenance(_servers(http, name), allow)


def _hold(site: str, http: Mapping[str, Any]) -> Hold | None:
    name = beside(site, "hold")
    router = http["routers"].get(name)
    if router is None:
        return None
    colour = str(router["service"]).removeprefix(f"{site}-")
    address = str(http["middlewares"][name]["forwardAuth"]["address"])
    if colour not in COLOURS:
        raise ValueError
    return Hold(colour, address.removeprefix("http://").removesuffix("/"))


def _sticky(data: Mapping[str, Any] | None) -> Sticky | None:
    if data is None:
        return None
    if not isinstance(data["cookie"], str) or not isinstance(data["max_age"], int) or data["same_site"] not in _SAME_SITE:
        raise ValueError
    return Sticky(**data)


def _lists(route: Route) -> list[tuple[Any, ...]]:
    lists = [*route.colours.values(), route.entrypoints, route.middlewares]
    if route.preview:
        lists.append(route.preview.source_ranges)
    if route.maintenance:
        lists.append(route.maintenance.servers)
    return lists


def _listed(value: Any) -> tuple[Any, ...]:
    """Return a YAML list; a text is no list, though Python could take it apart."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise TypeError
    return tuple(value)


def _is_texts(values: tuple[Any, ...]) -> bool:
    return all(isinstance(value, str) for value in values)


def _colour(value: Any) -> str | None:
    return value if value in COLOURS else None


def secrets_in(text: str | None) -> frozenset[str]:
    """Return the secret texts in a file, as they stand there, also where the file was edited by hand: values of headers in rules."""
    return frozenset(value for value in _SECRET.findall(text or "") if value)


def _history(text: str) -> dict[str, Any]:
    for line in text.splitlines():
        if line.startswith(_HISTORY):
            data = json.loads(line.removeprefix(_HISTORY))
            return dict(data)
    return {}
