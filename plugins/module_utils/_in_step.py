# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does Traefik serve what the file says?

PRIVATE: for this collection's own plugins, not a public interface.

All of it is compared, not the colour alone: an update that keeps the colour would otherwise be proven by the old route. And what is
no longer in the file must be gone: a maintenance page that was taken away is still shown while Traefik has its router.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._plan import MASK
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import beside, sections, service_name
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import Router, TraefikApi

# The routers that a site has only at times.
TEMPORARY = ("hold", "maintenance", "preview")


def difference(api: TraefikApi, router: Router | None, route: Route) -> str | None:
    """Say how Traefik differs from a route.

    Args:
        api: Traefik's API.
        router: the site's router as the API shows it, None when it shows none.
        route: what should be served.

    Returns:
        The first difference in words, None when there is none.

    Raises:
        ProbeError: the API gives no answer.
    """
    wanted = sections(route)
    reason = _of_router(router, route.site, wanted["routers"][route.site])
    for name, expected in wanted["routers"].items():
        if reason is None and name != route.site:
            reason = _of_router(api.router(name), name, expected)
    reason = reason or _of_services(api, wanted["services"]) or _of_middlewares(api, wanted.get("middlewares", {})) or _left(api, route)
    # Traefik quotes the rule of a router that it disables.
    secret = route.preview.value if route.preview else None
    return reason.replace(secret, MASK) if reason and secret else reason


def _of_router(router: Router | None, name: str, wanted: Mapping[str, Any]) -> str | None:
    if router is None:
        return f"Traefik's API shows no router {name}"
    if router.errors or router.status == "disabled":
        return f"Traefik disabled the router {name}: {'; '.join(router.errors) or router.status}"
    if router.service != wanted["service"]:
        return f"Traefik's API shows {router.service}, not {wanted['service']}"
    middlewares = tuple(other if "@" in other else f"{other}@file" for other in wanted.get("middlewares", ()))
    # What the entry point gives to all its routers is not the file's matter.
    inherited = router.inherits_tls and wanted.get("tls") is None
    pairs: tuple[tuple[str, object, object], ...] = (
        ("rule", router.rule, wanted["rule"]),
        ("middlewares", router.middlewares, middlewares),
        ("entry points", sorted(router.entrypoints), sorted(wanted.get("entryPoints", router.entrypoints))),
        ("tls", None if inherited else _tls(router.tls), _tls(wanted.get("tls"))),
        # Without one Traefik takes the rule's length.
        ("priority", router.priority, wanted.get("priority") or len(wanted["rule"].encode())),
    )
    for what, shown, expected in pairs:
        if shown != expected:
            return f"Traefik's API shows another {what} of the router {name} than the file"
    return None


def _tls(section: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Return what we write of a ``tls`` section; Traefik calls the options ``default`` when none are named."""
    return None if section is None else (section.get("certResolver") or "", section.get("options") or "default")


def _of_services(api: TraefikApi, services: Mapping[str, Mapping[str, Any]]) -> str | None:
    for name, wanted in services.items():
        shown = api.service(name)
        if shown is None or not _holds(shown, wanted):
            what = "servers" if "loadBalancer" in wanted else "weights or another cookie"
            return f"Traefik's API shows other {what} of {name} than the file"
    return None


def _of_middlewares(api: TraefikApi, middlewares: Mapping[str, Mapping[str, Any]]) -> str | None:
    for name, wanted in middlewares.items():
        shown = api.middleware(name)
        if shown is None or not _holds(shown, wanted):
            return f"Traefik's API shows another middleware {name} than the file"
    return None


def _left(api: TraefikApi, route: Route) -> str | None:
    """Find a router of this site that the file no longer has; one of the same name can belong to a site called so."""
    ours = {service_name(route.site, colour) for colour in COLOURS}
    for what in TEMPORARY:
        name = beside(route.site, what)
        if getattr(route, what) is None:
            shown = api.router(name)
            if shown is not None and shown.service in {*ours, name}:
                return f"Traefik's API still shows the router {name}"
    return None


def _holds(shown: Any, wanted: Any) -> bool:
    """Tell whether what Traefik shows has all that is wanted; it fills in defaults, and leaves out what is false or nothing."""
    if isinstance(wanted, Mapping):
        return isinstance(shown, Mapping) and all(_holds(shown.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(shown, list) and len(shown) == len(wanted) and all(map(_holds, shown, wanted))
    return bool(shown == wanted) or (not wanted and shown is None)
