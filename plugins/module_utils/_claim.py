# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A colour in work: while its container is exchanged or stopped nobody may bring visitors to it.

PRIVATE: for this collection's own plugins, not a public interface.

The site's lock lives as long as one module; a deploy is many tasks. So it leaves a note beside the lock, written and read under the lock:
who works on a colour is sure that it is idle, and whoever moves visitors sees the note, also one that a killed run left.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _files
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import RefusedError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._lock import hold, lock_path, owner
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._route import Route
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._site_file import parse
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_args import real
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._switch_plan import check_expires, check_site, default_staging

CLAIM_SPEC: dict[str, Any] = {
    "site": {"type": "str", "required": True},
    "dynamic_dir": {"type": "path", "required": True},
    "staging_dir": {"type": "path"},
    "colour": {"type": "str", "choices": list(COLOURS), "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "work": {"type": "str", "default": "deploy"},
    # Not a secret: it tells two runs apart, and everybody who may read the note may write it too.
    "token": {"type": "str", "no_log": False},
    "take_over": {"type": "bool", "default": False},
    "expires": {"type": "int", "default": 900},
    "lock_timeout": {"type": "float", "default": 10.0},
}


@dataclass(frozen=True)
class Claim:
    """A note that a colour is in work.

    Attributes:
        colour: which one.
        work: what is done to it, as the playbook is called.
        owner: user and host.
        since: Unix time of the start, in seconds.
        token: tells the run that wrote it from others.
    """

    colour: str
    work: str
    owner: str
    since: float
    token: str

    @property
    def age(self) -> int:
        """Whole seconds since the start; never negative, should the clock have been set back."""
        return max(0, round(time.time() - self.since))

    def over(self, take_over: bool, expires: int | None) -> bool:
        """Whether nobody works there any more: the operator says so, or it is older than ``expires`` seconds, where that is given."""
        return take_over or (expires is not None and self.age >= expires)

    def words(self) -> str:
        """Say it for a person."""
        return f"{self.colour} is in work ({self.work} by {self.owner}, for {self.age} s)"

    def public(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"colour": self.colour, "work": self.work, "owner": self.owner, "age": self.age}


def claim_path(staging: str, site: str) -> str:
    """Return where a site's claim lies: beside its lock, where Traefik does not look."""
    return os.path.join(staging, f"{site}.claim")


def read_claim(staging: str, site: str) -> Claim | None:
    """Read a site's claim.

    Returns:
        The claim, None without one.

    Raises:
        RefusedError: the file is no claim.
        FileError: it cannot be read.
    """
    path = claim_path(staging, site)
    text = _files.read_text(path)
    if text is None:
        return None
    try:
        data = json.loads(text)
        return Claim(str(data["colour"]), str(data["work"]), str(data["owner"]), float(data["since"]), str(data["token"]))
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError(f"{path} is no claim that this collection wrote; see what is going on at {site}, then remove it.") from error


def refuse_claimed(staging: str, site: str, colours: Collection[str], *, take_over: bool = False, expires: int | None = None) -> None:
    """Refuse to bring visitors to a colour that is in work.

    Args:
        staging: where the claim is.
        site: name of the site.
        colours: those that are to be visited, or taken away.
        take_over: see ``Claim.over``.
        expires: see ``Claim.over``.

    Raises:
        RefusedError: saying who works on it, and what to do.
        FileError: the claim cannot be read.
    """
    claim = read_claim(staging, site)
    if claim is not None and claim.colour in colours and not claim.over(take_over, expires):
        raise RefusedError(
            f"{site}: {claim.words()}, so no visitor is brought to it. Nothing was changed; wait until that has ended."
            f" If that run was killed, end its work first: playbook {claim.work} with -e bluegreen_take_over=true."
        )


def end_claim(staging: str, site: str) -> None:
    """End whatever claim a site has; one that it has not is fine.

    Raises:
        FileError: it is still there.
    """
    _files.remove(claim_path(staging, site))


def claim_colour(params: dict[str, Any], *, preview: bool) -> dict[str, Any]:
    """Write the note, or take it away.

    Args:
        params: the module's parameters.
        preview: whether nothing may be written.

    Returns:
        The module's result.

    Raises:
        BlueGreenError: nothing was changed; the sentence says why.
    """
    site, directory = params["site"], real(params["dynamic_dir"])
    check_site(site)
    check_expires("expires", params["expires"])
    staging = params["staging_dir"] or default_staging(directory)
    _files.check_directories(directory, staging)
    act = partial(_taken, params, os.path.join(directory, f"{site}.yml")) if params["state"] == "present" else partial(_ended, params)
    if preview:
        return act(staging, preview=True)
    with hold(lock_path(staging, site), params["lock_timeout"], site):
        return act(staging, preview=False)


def _taken(params: dict[str, Any], path: str, staging: str, *, preview: bool) -> dict[str, Any]:
    site, colour = params["site"], params["colour"]
    text = _files.read_text(path)
    if text is None:
        raise RefusedError(f"{site}: it has no route any more, {path} is not there, so nobody works on its colours; run this again.")
    _refuse_visited(site, colour, parse(site, path, text))
    there = read_claim(staging, site)
    mine = there is not None and there.token == params["token"]
    if params["token"] and not mine and not preview:
        raise RefusedError(
            f"{site}: the work on {colour} was taken over by another run"
            f" ({there.words() if there else 'which has ended it'}), so this one stops here and leaves what there is to it.",
            taken_over=there.public() if there else {},
        )
    if there is not None and not mine and not there.over(params["take_over"], params["expires"]):
        raise RefusedError(
            f"{site}: {there.words()}. Nothing was changed; wait until that has ended."
            " If that run was killed, give -e bluegreen_take_over=true to end its work."
        )
    token = params["token"] if mine else secrets.token_hex(8)
    if not preview:
        # Confirmed by its own run, it is young again: work that goes on is not taken over.
        claim = Claim(colour, params["work"], owner(), time.time(), token)
        target = claim_path(staging, site)
        _files.commit(_files.stage(json.dumps(asdict(claim)) + "\n", target, staging), target)
    return {"changed": False, "token": None if preview else token, "taken_over": there.public() if there is not None and not mine else None}


def _refuse_visited(site: str, colour: str, route: Route) -> None:
    if route.hold is not None and route.hold.colour == colour:
        raise RefusedError(f"{site}: writes are held for {colour}, so its container is left alone; end that first (playbook hold).")
    share = route.serving.get(colour, 0)
    if share:
        why = "it serves" if share == 100 else f"a canary sends {share} % of the visitors to it"
        remedy = "work on the other colour" if share == 100 else "end that first (playbook canary)"
        raise RefusedError(f"{site}: {colour} is not idle, {why}, so its container is left alone; {remedy}.")


def _ended(params: dict[str, Any], staging: str, *, preview: bool) -> dict[str, Any]:
    there = read_claim(staging, params["site"])
    mine = there is not None and there.token == params["token"]
    if mine and not preview:
        end_claim(staging, params["site"])
    return {"changed": False, "token": None, "taken_over": None}
