# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold before a switch: asked with reads only, so that a preview refuses what an apply would refuse.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, ProbeError, RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import Answer, get
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import objects, service_name
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import SwitchPlan, Wish
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import TraefikApi, read_counts
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_directory import (
    DynamicFile,
    blocking,
    scan,
)

# A file that another run has just renamed into place is loaded after Traefik's throttle (100 ms as we configure it, 2 s by default).
LOAD_PATIENCE = 3.0
MAX_PROBES_AT_ONCE = 8

T = TypeVar("T")

NO_DEFAULT_CERTIFICATE = (
    "no file in dynamic_dir sets tls.stores.default.defaultCertificate: Traefik makes a new RSA key at every change,"
    " which delays each switch by 40-190 ms; put a file with an EC P-256 certificate there."
)


def check_directory(wish: Wish, plan: SwitchPlan) -> list[str]:
    """Refuse a directory whose changes Traefik ignores, or in which another file would hide the site.

    Returns:
        Warnings.

    Raises:
        RefusedError: naming the file and what to do.
    """
    files = scan(wish.dynamic_dir, skip=wish.path)
    broken = blocking(files)
    if broken:
        listed = "; ".join(f"{file.path}: {file.problem}" for file in broken)
        raise RefusedError(
            f"Traefik ignores every change in {wish.dynamic_dir} while it holds a file that it cannot load: {listed}."
            " Mend or remove it, then run again.",
            blocking_files=[{"path": file.path, "problem": file.problem} for file in broken],
        )
    if plan.after is not None:
        _refuse_doubles(files, plan.after)
    warnings = [f"{file.path} could not be checked: {file.unjudged}." for file in files if file.unjudged]
    if not any(file.default_certificate for file in files) and not warnings:
        warnings.append(NO_DEFAULT_CERTIFICATE)
    _refuse_unloaded(wish, files)
    return warnings


def _refuse_doubles(files: list[DynamicFile], route: Route) -> None:
    for file in files:
        for kind, name in sorted(objects(route)):
            if (kind, name) in file.objects:
                raise RefusedError(
                    f"{file.path} also defines {name!r} under {kind}; Traefik would load only one of the two."
                    " Rename it there, or remove the file."
                )


def _refuse_unloaded(wish: Wish, files: list[DynamicFile]) -> None:
    """Refuse when Traefik has not loaded what the files hold: it is stuck on one of them, or watches another directory."""
    if not wish.confirm.api_url:
        return
    api = TraefikApi(wish.confirm.api_url, wish.confirm.timeout)
    deadline = time.monotonic() + LOAD_PATIENCE
    while True:
        loaded = _ask_api(wish, api.file_objects)
        late = [file for file in files if not file.objects <= loaded]
        if not late:
            return
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
        # Read anew: another run may have added or removed another site's file meanwhile.
        files = scan(wish.dynamic_dir, skip=wish.path)
    newest = max(late, key=lambda file: file.modified)
    missing = sorted(newest.objects - loaded)[0]
    raise RefusedError(
        f"Traefik has not loaded {newest.path} (its {missing[0]} {missing[1]!r} is not in the API), so it would ignore this change as well;"
        " look for that file in Traefik's log, mend or remove it, and check that Traefik watches dynamic_dir.",
        blocking_files=[{"path": file.path, "problem": "Traefik has not loaded it"} for file in late],
    )


def check_traefik(wish: Wish, plan: SwitchPlan) -> None:
    """Refuse names that this Traefik does not know; a router with such a name would serve nobody.

    Raises:
        InputError: an entry point or a middleware that is not there.
        RefusedError: the API does not answer.
    """
    if not wish.confirm.api_url or plan.after is None:
        return
    api = TraefikApi(wish.confirm.api_url, wish.confirm.timeout)
    known = _ask_api(wish, api.entrypoints)
    for entrypoint in plan.after.entrypoints:
        if entrypoint not in known:
            raise InputError(f"entrypoints: {entrypoint!r} is not one of this Traefik's ({', '.join(sorted(known))}); name one of those.")
    for middleware in plan.after.middlewares:
        if not _ask_api(wish, partial(api.has_middleware, middleware)):
            raise InputError(f"middlewares: Traefik has no middleware {middleware!r}; define it first, or correct the name.")


def check_metrics(wish: Wish, plan: SwitchPlan) -> None:
    """Refuse a soak whose metrics cannot be read, for afterwards it would be too late to learn that.

    Raises:
        RefusedError: saying why.
    """
    if wish.soak.seconds > 0 and wish.soak.metrics_url and plan.after is not None:
        try:
            read_counts(wish.soak.metrics_url, [service_name(wish.site, colour) for colour in plan.after.serving], wish.confirm.timeout)
        except ProbeError as error:
            raise RefusedError(
                f"soak.metrics_url: {wish.soak.metrics_url} gives no metrics ({error.sentence});"
                " switch Traefik's Prometheus metrics on, or leave it out."
            ) from error


def run_gates(wish: Wish, route: Route, colours: Collection[str]) -> list[_gate.Result]:
    """Ask every server of the colours that are to get visitors.

    Returns:
        One result per server, whether it passed or not.
    """
    pairs = [(colour, url) for colour in colours for url in route.colours[colour]]
    gate = _gate.for_rule(wish.gate, route.rule)
    with ThreadPoolExecutor(max_workers=min(len(pairs), MAX_PROBES_AT_ONCE) or 1) as pool:
        return list(pool.map(lambda pair: _gate.run(pair[1], gate, pair[0]), pairs))


def refuse_closed_gate(wish: Wish, results: list[_gate.Result]) -> None:
    """Refuse a colour that is not well.

    Raises:
        RefusedError: naming each server and why.
    """
    closed = [result for result in results if not result.passed]
    if closed:
        why = "; ".join(f"{result.url}: {result.reasons[-1] if result.reasons else 'too slow'}" for result in closed)
        sick = " and ".join(dict.fromkeys(result.colour for result in closed))
        raise RefusedError(
            f"{wish.site}: {sick} does not pass its gate ({why}). Nothing was changed; mend {sick}, then run again.",
            gate=[result.public() for result in results],
        )


def check_pages(wish: Wish, route: Route, urls: Collection[str]) -> None:
    """Refuse a maintenance page that says less than "later": search engines would take it for the site.

    Raises:
        RefusedError: naming the server and what it answers.
    """
    host = _gate.for_rule(wish.gate, route.rule).host
    headers = {"Host": host} if host else {}
    # The start page and one below it: a server that has the page at / only would answer 404 to all the rest of the site.
    asked = [url.rstrip("/") + path for url in urls for path in ("/", "/a/page/of-the-site")]
    for address in asked:
        try:
            answer = get(address, headers=headers, timeout=wish.gate.timeout)
        except ProbeError as error:
            said = error.sentence
        else:
            if is_maintenance_page(answer):
                continue
            said = f"status {answer.status}, {'with' if 'retry-after' in answer.headers else 'without'} a Retry-After header"
        raise RefusedError(
            f"{wish.site}: the maintenance page at {address} is not ready ({said}); it must answer every path with status 503 and a"
            " Retry-After header. Nothing was changed; mend the page, then run again."
        )


def is_maintenance_page(answer: Answer) -> bool:
    """Tell whether an answer says "later" so that search engines and clients understand it (RFC 9110, 15.6.4)."""
    return answer.status == 503 and "retry-after" in answer.headers


def warn_of_readers(wish: Wish, route: Route | None) -> list[str]:
    """Say that a secret in the file can be read by everybody on the server.

    It is not closed from here: as which user Traefik reads it is not known, and what Traefik cannot read stops its whole directory.
    """
    if route is None or route.preview is None or not route.preview.value:
        return []
    try:
        for_all = bool(os.stat(wish.path).st_mode & stat.S_IROTH)
    except OSError:
        for_all = True
    if not for_all:
        return []
    remedy = "give the file to a group that Traefik is in, and type chmod 0640; later runs keep both."
    return [f"everybody who can log in on the server can read the value of the preview's header in {wish.path}: {remedy}"]


def warn_of_doubts(route: Route) -> list[str]:
    """Warn of what can be right or wrong, for reasons that are not seen from here."""
    warnings = []
    path = route.preview.users_file if route.preview is not None else None
    if path is not None and not os.access(path, os.R_OK):
        # In a container Traefik may see a file that is not there for us.
        warnings.append(f"preview.users_file: {path} cannot be read here; if Traefik cannot read it either, it switches the preview off.")
    if route.sticky is not None and route.sticky.secure and route.tls is None:
        # An entry point can have TLS for all its routers.
        warnings.append("sticky.secure: the site's router serves plain HTTP; unless its entry point has TLS, no browser sends the cookie.")
    return warnings


def _ask_api(wish: Wish, question: Callable[[], T]) -> T:
    try:
        return question()
    except ProbeError as error:
        raise RefusedError(
            f"confirm.api_url: Traefik's API at {wish.confirm.api_url} cannot be asked ({error.sentence}),"
            " so a change could not be proven; start Traefik or correct the URL."
        ) from error
