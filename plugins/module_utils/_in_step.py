# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does Traefik serve what the file says?

PRIVATE: for this collection's own plugins, not a public interface.

All of it is compared, not the colour alone: an update that keeps the colour would otherwise be proven by the old route.
"""

from __future__ import annotations

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import service_name
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import Router, TraefikApi


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
    if router is None:
        return f"Traefik's API shows no router {route.site}"
    if router.errors or router.status == "disabled":
        return f"Traefik disabled the router {route.site}: {'; '.join(router.errors) or router.status}"
    return _of_router(router, route) or _of_services(api, route)


def _of_router(router: Router, route: Route) -> str | None:
    wanted = service_name(route.site, route.active)
    if router.service != wanted:
        return f"Traefik's API shows {router.service}, not {wanted}"
    middlewares = tuple(name if "@" in name else f"{name}@file" for name in route.middlewares)
    tls = None if router.tls is None else {key: router.tls.get(key) for key in route.tls or {}}
    pairs: tuple[tuple[str, object, object], ...] = (
        ("rule", router.rule, route.rule),
        ("middlewares", router.middlewares, middlewares),
        ("entry points", router.entrypoints, route.entrypoints or router.entrypoints),
        ("tls", tls, route.tls),
        ("priority", router.priority, route.priority or router.priority),
    )
    for name, shown, expected in pairs:
        if shown != expected:
            return f"Traefik's API shows another {name} of the router {route.site} than the file"
    return None


def _of_services(api: TraefikApi, route: Route) -> str | None:
    for colour in COLOURS:
        name = service_name(route.site, colour)
        if api.servers(name) != route.colours[colour]:
            return f"Traefik's API shows other servers of {name} than the file"
    return None
