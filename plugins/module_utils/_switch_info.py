# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the sites in a directory, with reads only.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files, _gate
from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _switch_words as words
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._claim import read_claim
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, ProbeError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import check_url
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._in_step import difference
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import lock_path, look
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import HEADER, parse
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_args import INFO_SPEC, filled, gate_of, real
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_check import MAX_PROBES_AT_ONCE
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import (
    SITE_NAME,
    check_gate,
    check_site,
    default_staging,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_api import TraefikApi
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_directory import (
    DynamicFile,
    blocking,
    scan,
)


def describe(params: dict[str, Any]) -> dict[str, Any]:
    """Describe one site or all sites of a directory.

    Args:
        params: the module's parameters.

    Returns:
        ``sites`` and ``directory``.

    Raises:
        BlueGreenError: a parameter cannot work, or the directory cannot be read.
    """
    directory, site = real(params["dynamic_dir"]), params["site"]
    if site is not None:
        check_site(site)
    confirm = filled(INFO_SPEC["confirm"], params["confirm"])
    if confirm["api_url"]:
        check_url("confirm.api_url", confirm["api_url"])
    gate = gate_of(params)
    check_gate(gate)
    api = TraefikApi(confirm["api_url"], confirm["timeout"]) if confirm["api_url"] else None
    staging = params["staging_dir"] or default_staging(directory)
    _files.check_directories(directory, staging)
    names = [site] if site else find_sites(directory)
    return {
        "sites": [describe_site(name, directory, staging, gate, api) for name in names],
        "directory": describe_directory(directory),
    }


def describe_directory(directory: str) -> dict[str, Any]:
    """Tell whether a directory holds something that stops every change.

    Raises:
        FileError: it cannot be listed.
    """
    files: list[DynamicFile] = scan(directory)
    return {
        "blocking_files": [{"path": file.path, "problem": file.problem} for file in blocking(files)],
        "unjudged_files": [{"path": file.path, "reason": file.unjudged} for file in files if file.unjudged],
        "default_certificate": any(file.default_certificate for file in files),
    }


def find_sites(directory: str) -> list[str]:
    """Return the names of the sites whose files this collection wrote."""
    names = (os.path.splitext(name) for name in sorted(os.listdir(directory)))
    return [
        stem
        for stem, suffix in names
        if suffix == ".yml" and SITE_NAME.fullmatch(stem) and _is_ours(os.path.join(directory, stem + suffix))
    ]


def _is_ours(path: str) -> bool:
    try:
        return (_files.read_text(path) or "").startswith(HEADER)
    except _files.FileError:
        return False


def describe_site(site: str, directory: str, staging: str, gate: _gate.Gate, api: TraefikApi | None) -> dict[str, Any]:
    """Tell all that is known of one site.

    Args:
        site: its name.
        directory: Traefik's dynamic directory.
        staging: where the site's lock is.
        gate: what its colours must answer.
        api: Traefik's API, None when it is not to be asked.

    Returns:
        Plain data; ``exists`` is false when the site has no file, and true for one that cannot be read.
    """
    path = os.path.join(directory, f"{site}.yml")
    data: dict[str, Any] = {"site": site, "dynamic_file": path, "exists": True, "lock": _lock(staging, site), **_claim(staging, site)}
    try:
        text = _files.read_text(path)
        if text is None:
            return {**data, "exists": False}
        route = parse(site, path, text)
    except BlueGreenError as error:
        # A file that cannot be read is there. Whoever took the site for one without a route would replace the container that serves.
        return {**data, "problem": error.sentence}
    data.update(
        active=route.active,
        previous=route.previous,
        rolled_back=route.rolled_back,
        rule=route.rule,
        canary=route.canary,
        sticky=asdict(route.sticky) if route.sticky else None,
        preview=words.preview(route),
        maintenance=asdict(route.maintenance) if route.maintenance else None,
        hold=route.hold.colour if route.hold else None,
        **_last_change(path),
        colours=_colours(route, gate),
    )
    serving = _serving(route, api)
    return {**data, **serving, "problem": data["problem"] or serving.get("problem")}


def _claim(staging: str, site: str) -> dict[str, Any]:
    """Who works on a colour; what cannot be read there hides nothing of the route."""
    try:
        claim = read_claim(staging, site)
    except BlueGreenError as error:
        return {"claim": None, "problem": error.sentence}
    return {"claim": claim.public() if claim else None, "problem": None}


def _last_change(path: str) -> dict[str, Any]:
    """Tell when a file was last changed: UTC in ISO 8601, and seconds ago (never negative, should the clock have been set back)."""
    try:
        modified = os.stat(path).st_mtime
    except OSError:
        # Another run has just removed the site.
        return {"last_change": None, "last_change_age": None}
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(modified))
    return {"last_change": stamp, "last_change_age": max(0, round(time.time() - modified))}


def _colours(route: Route, gate: _gate.Gate) -> dict[str, Any]:
    pairs = [(colour, url) for colour in COLOURS for url in route.colours[colour]]
    with ThreadPoolExecutor(max_workers=min(len(pairs), MAX_PROBES_AT_ONCE)) as pool:
        reasons = list(pool.map(partial(_probe, _gate.for_rule(gate, route.rule)), pairs))
    return {
        colour: _colour(route, colour, [(url, reason) for (owner, url), reason in zip(pairs, reasons, strict=True) if owner == colour])
        for colour in COLOURS
    }


def _probe(gate: _gate.Gate, pair: tuple[str, str]) -> str | None:
    colour, url = pair
    return _gate.probe(url, gate, colour)


def _colour(route: Route, colour: str, servers: Iterable[tuple[str, str | None]]) -> dict[str, Any]:
    listed = [{"url": url, "healthy": reason is None, "reason": reason} for url, reason in servers]
    return {
        "active": colour == route.active,
        "percent": route.serving.get(colour, 0),
        "healthy": all(server["healthy"] for server in listed),
        "servers": listed,
    }


def _serving(route: Route, api: TraefikApi | None) -> dict[str, Any]:
    """Tell what Traefik itself serves, and whether that is what the file says."""
    if api is None:
        return {"serving": None, "in_step": None}
    try:
        router = api.router(route.site)
        differs = difference(api, router, route)
    except ProbeError as error:
        return {"serving": None, "in_step": None, "problem": f"Traefik's API cannot be asked: {error.sentence}"}
    serving = router.service.removeprefix(f"{route.site}-") if router else None
    return {"serving": serving, "in_step": differs is None, "problem": differs}


def _lock(staging: str, site: str) -> dict[str, Any]:
    held, note = look(lock_path(staging, site))
    return {"held": held, "owner": note.words() if note else None, "left_behind": note is not None and not held}
