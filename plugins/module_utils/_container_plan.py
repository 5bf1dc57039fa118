# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to happen to the container of one colour: pure, so that preview and apply cannot differ.

PRIVATE: for this collection's own plugins, not a public interface.

The rule of ADR-0008: a container that serves is never replaced, and a version comes by ``deploy`` only. So the module docker_container,
which would recreate whatever differs, is asked to replace a container only where this plan says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LABEL = "io.bluegreen"
SETTINGS_LABEL = f"{LABEL}.settings"


@dataclass(frozen=True)
class Wanted:
    """What SITE conf and the run ask of one colour.

    Attributes:
        site: name of the site.
        colour: which colour.
        image: the image that a new container gets.
        image_id: its id on the server, empty when it is not there yet.
        settings: everything else that a container is made of; ``env`` among it holds what is no secret.
        serves: whether visitors reach this colour now.
        routed: whether visitors reach the site at all; where they do not, nothing can be stopped on purpose.
        deploy: whether this run puts ``image`` on this colour.
        secrets_changed: when the newest secret file was written (seconds since 1970); infinite when this run writes one.
    """

    site: str
    colour: str
    image: str
    settings: Mapping[str, Any]
    image_id: str = ""
    serves: bool = False
    routed: bool = True
    deploy: bool = False
    secrets_changed: float = 0.0


@dataclass(frozen=True)
class ContainerPlan:
    """What happens to one colour.

    Attributes:
        act: ``create``, ``start``, ``replace``, ``keep``, ``rest`` (stopped on purpose, left as it is) or ``refuse``.
        image: the image to use, empty to keep the container's own.
        words: one sentence for people, empty when there is nothing to say.
        differs: names of what differs from SITE conf.
    """

    act: str
    image: str = ""
    words: str = ""
    differs: tuple[str, ...] = field(default=())

    def public(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"act": self.act, "image": self.image, "words": self.words, "differs": list(self.differs)}


def plan_colour(wanted: Wanted, container: Mapping[str, Any] | None) -> ContainerPlan:
    """Say what is to happen to the container of a colour.

    Args:
        wanted: what is asked.
        container: what Docker tells of it (``docker inspect``), None when there is none.

    Returns:
        The plan; the same for the same arguments.
    """
    name = f"{wanted.site}-{wanted.colour}"
    if container is None:
        return ContainerPlan("create", wanted.image, f"{wanted.site}: {wanted.colour} gets a container, from {wanted.image}")
    labels = container["Config"].get("Labels") or {}
    if labels.get(f"{LABEL}.site") != wanted.site or labels.get(f"{LABEL}.colour") != wanted.colour:
        return ContainerPlan("refuse", words=_stranger(name))
    differs = differences(wanted, container)
    if wanted.serves:
        return _serving(wanted, container, differs)
    if wanted.deploy:
        return _deployed(wanted, container, differs)
    runs = bool(container["State"].get("Running"))
    if wanted.routed and not runs:
        return ContainerPlan("rest", words=f"{wanted.site}: {wanted.colour} is stopped, and stays so until the next deploy")
    if differs:
        return ContainerPlan("replace", words=f"{wanted.site}: {wanted.colour} gets new settings ({', '.join(differs)})", differs=differs)
    return ContainerPlan("keep" if runs else "start")


def _stranger(name: str) -> str:
    return (
        f"The container {name} is there already, and was not made by this role (its labels say so);"
        " rename or remove it, or give the site another name (bluegreen_site)."
    )


def _serving(wanted: Wanted, container: Mapping[str, Any], differs: tuple[str, ...]) -> ContainerPlan:
    act = "keep" if container["State"].get("Running") else "start"
    if not differs:
        return ContainerPlan(act)
    other = "green" if wanted.colour == "blue" else "blue"
    words = (
        f"{wanted.site}: {wanted.colour} serves, so its container keeps its settings although SITE conf has changed"
        f" ({', '.join(differs)}): a new one would cut visitors off. Deploy to {other}, then switch."
    )
    return ContainerPlan(act, words=words, differs=differs)


def _deployed(wanted: Wanted, container: Mapping[str, Any], differs: tuple[str, ...]) -> ContainerPlan:
    runs = str(container["Config"].get("Image", ""))
    if runs != wanted.image:
        differs = ("image", *differs)
    elif wanted.image_id and wanted.image_id != container.get("Image"):
        # The tag was moved to another image since.
        differs = ("image", *differs)
    if differs:
        words = f"{wanted.site}: {wanted.colour} goes from {runs} to {wanted.image}"
        if "image" not in differs:
            words = f"{wanted.site}: {wanted.colour} gets new settings ({', '.join(differs)}), {wanted.image} as before"
        return ContainerPlan("replace", wanted.image, words, differs)
    if not container["State"].get("Running"):
        return ContainerPlan("start", words=f"{wanted.site}: {wanted.colour} has {wanted.image} already, and is started")
    return ContainerPlan("keep", words=f"{wanted.site}: {wanted.colour} runs {wanted.image} already, nothing to deploy")


def differences(wanted: Wanted, container: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the settings in which a container differs from what is wanted.

    Args:
        wanted: what is asked.
        container: what Docker tells of it.

    Returns:
        Names, sorted; never values.
    """
    labels = container["Config"].get("Labels") or {}
    made_with = _from_label(labels.get(SETTINGS_LABEL, ""))
    ours = comparable(wanted.settings)
    names = {name for name in made_with.keys() | ours.keys() if made_with.get(name) != ours.get(name)}
    if _environment_differs(wanted.settings.get("env") or {}, container["Config"].get("Env") or []):
        names.add("env")
    if wanted.secrets_changed > _seconds(str(container.get("Created", ""))):
        names.add("secrets")
    return tuple(sorted(names))


def comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as the label carries them: of the environment the names only, for Docker itself tells the values."""
    plain: dict[str, Any] = json.loads(json.dumps(settings, default=str))
    plain["env"] = sorted(plain.get("env") or {})
    return plain


def _from_label(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _environment_differs(env: Mapping[str, Any], actual: Iterable[str]) -> bool:
    known = dict(line.partition("=")[::2] for line in actual)
    return any(known.get(str(name)) != str(value) for name, value in env.items())


def _seconds(stamp: str) -> float:
    """Read Docker's time, which has nanoseconds: more digits than Python 3.10 takes."""
    try:
        whole = datetime.fromisoformat(f"{stamp[:19]}+00:00").timestamp()
        return whole + float(f"0{stamp[19:].rstrip('Z') or '.0'}")
    except ValueError:
        return 0.0


def trouble(container: Mapping[str, Any] | None, reasons: Iterable[str], otherwise: str) -> str:
    """Say why a new container is not well.

    Args:
        container: what Docker tells of it, None when it was not even made.
        reasons: why its gate is closed.
        otherwise: what the failed task said, for a container that was not made.

    Returns:
        A clause without a full stop.
    """
    if not container:
        return otherwise or "it could not be made"
    state = container.get("State") or {}
    health = state.get("Health") or {}
    restarts = int(container.get("RestartCount") or 0)
    if restarts:
        return f"it ended, and Docker started it again {restarts} time(s)"
    if not state.get("Running"):
        killed = ", killed for want of memory (bluegreen_limits.memory)" if state.get("OOMKilled") else ""
        return f"it ended with code {state.get('ExitCode')}{killed}"
    if health.get("Status") not in (None, "none", "healthy"):
        said = str(((health.get("Log") or [{}])[-1]).get("Output", "")).strip().splitlines()
        return f"its health check says {health['Status']}" + (f" ({said[-1]})" if said else "")
    return "; ".join(reasons) or otherwise or "it is not well"


def conflicts(sites: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Find host names and ports that two sites claim.

    Args:
        sites: per inventory host, ``address`` (its server), ``hosts`` and ``ports``.

    Returns:
        Per inventory host one sentence; a host without a conflict is not in it.
    """
    names: dict[str, list[str]] = {}
    ports: dict[tuple[str, str], list[str]] = {}
    for site in sorted(sites):
        said = sites[site]
        for host in dict.fromkeys(str(host).lower() for host in said.get("hosts") or []):
            names.setdefault(host, []).append(site)
        for port in (said.get("ports") or {}).values():
            ports.setdefault((str(said.get("address") or site), str(port)), []).append(site)
    found: dict[str, str] = {}
    for host, claimed in names.items():
        for site in claimed if len(claimed) > 1 else ():
            found.setdefault(site, f"bluegreen_hosts: {host!r} belongs to {_and(claimed)}; a host name can be of one site only.")
    for (address, port), claimed in ports.items():
        if len(claimed) > 1:
            where = f"of {claimed[0]} twice" if len(set(claimed)) == 1 else f"of {_and(claimed)} on the server {address}"
            for site in claimed:
                found.setdefault(site, f"bluegreen_ports: {port} is the port {where}; give each colour of each site its own.")
    return found


def _and(names: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(names))
