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
import math
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible.module_utils.common.text.formatters import human_to_bytes

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._colours import COLOURS, other

LABEL = "io.bluegreen"
SETTINGS_LABEL = f"{LABEL}.settings"
SECRETS_TARGET = "/run/secrets"
# As tasks/container.yml makes them.
RESTART_POLICY = "unless-stopped"


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
        interrupted: whether a run that was killed has left this colour in the middle of its work.
        ill: why the colour does not pass its gate, empty when it does; asked of a colour that is deployed to only.
        secrets_changed: when the newest secret file of this colour was written (seconds since 1970); infinite where one is not as wanted.
        secrets_dir: the directory of this colour's secrets, empty when it has none.
    """

    site: str
    colour: str
    image: str
    settings: Mapping[str, Any]
    image_id: str = ""
    serves: bool = False
    routed: bool = True
    deploy: bool = False
    interrupted: bool = False
    ill: str = ""
    secrets_changed: float = 0.0
    secrets_dir: str = ""


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
    if container is None:
        return ContainerPlan("create", wanted.image, f"{wanted.site}: {wanted.colour} gets a container, from {wanted.image}")
    stranger = foreign(container, wanted.site, wanted.colour)
    if stranger:
        return ContainerPlan("refuse", words=stranger)
    differs = differences(wanted, container)
    if wanted.serves:
        return _serving(wanted, container, differs)
    if wanted.deploy:
        return _deployed(wanted, container, differs)
    runs = _runs(container)
    if wanted.routed and not runs and not wanted.interrupted:
        return ContainerPlan("rest", words=f"{wanted.site}: {wanted.colour} is stopped, and stays so until the next deploy")
    if differs:
        return ContainerPlan("replace", words=f"{wanted.site}: {wanted.colour} gets new settings ({', '.join(differs)})", differs=differs)
    return ContainerPlan("keep") if runs else ContainerPlan("start", words=_started(wanted))


def site_labels(site: str) -> dict[str, str]:
    """Return the labels of everything in Docker that this role makes for a site."""
    return {f"{LABEL}.site": site, f"{LABEL}.managed-by": "ansible"}


def colour_labels(site: str, colour: str, version: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the labels of a container: whose it is, and what a later run has to know of how it was made."""
    made_with = json.dumps(comparable(settings), sort_keys=True)
    return {**site_labels(site), f"{LABEL}.colour": colour, f"{LABEL}.version": version, SETTINGS_LABEL: made_with}


def foreign(container: Mapping[str, Any], site: str, colour: str) -> str:
    """Say that a container that has the name of ours is somebody else's.

    Args:
        container: what Docker tells of it.
        site: name of the site.
        colour: colour that it should be.

    Returns:
        One sentence, empty when it is ours.
    """
    labels = container["Config"].get("Labels") or {}
    if labels.get(f"{LABEL}.site") == site and labels.get(f"{LABEL}.colour") == colour:
        return ""
    return _stranger("container", str(container.get("Name") or f"{site}-{colour}").lstrip("/"), site)


def strangers(host: Mapping[str, Any], site: str, volumes: Iterable[str]) -> str:
    """Say which container, network or volume with a name of the site's is somebody else's.

    Args:
        host: what is on the server (``docker_host_info``, verbose): ``containers``, ``networks`` and ``volumes``.
        site: name of the site.
        volumes: names of its volumes, as far as they matter to the run.

    Returns:
        One sentence on the first of them, empty when all are ours.
    """
    containers = {f"{site}-{colour}{more}" for colour in COLOURS for more in ("", "-candidate")}
    ours = {"container": containers, "network": {site}, "volume": set(volumes)}
    for kind, names in ours.items():
        for found in host.get(f"{kind}s") or []:
            called = {str(name).lstrip("/") for name in found.get("Names") or [found.get("Name")]} & names
            if called and (found.get("Labels") or {}).get(f"{LABEL}.site") != site:
                return _stranger(kind, min(called), site)
    return ""


def _runs(container: Mapping[str, Any]) -> bool:
    """Docker calls a paused container running; nobody is answered by it."""
    state = container["State"]
    return bool(state.get("Running")) and not state.get("Paused")


def _stranger(kind: str, name: str, site: str) -> str:
    remedy = "rename or remove it, or give the site another name (bluegreen_site)"
    if kind == "volume":
        # Docker renames none, and to remove it is to lose what is in it.
        remedy = "give the site's own another name (bluegreen_volumes)"
    return f"The {kind} {name} is there already, and was not made by this role for {site} (its labels say so); {remedy}."


def _started(wanted: Wanted) -> str:
    return f"{wanted.site}: {wanted.colour} does not run, and is started as it is"


def _serving(wanted: Wanted, container: Mapping[str, Any], differs: tuple[str, ...]) -> ContainerPlan:
    act = "keep" if _runs(container) else "start"
    if not differs:
        return ContainerPlan(act, words="" if act == "keep" else _started(wanted))
    words = (
        f"{wanted.site}: {wanted.colour} serves, so its container keeps its settings although SITE conf has changed"
        f" ({', '.join(differs)}): a new one would cut visitors off. Deploy to {other(wanted.colour)}, then switch."
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
    if not _runs(container):
        return ContainerPlan("start", words=f"{wanted.site}: {wanted.colour} has {wanted.image} already, and is started")
    if wanted.ill:
        # Such as one that Docker starts again and again, with up to a minute between two starts.
        words = (
            f"{wanted.site}: {wanted.colour} runs {wanted.image} already, does not pass its gate ({wanted.ill}), and gets a new container"
        )
        return ContainerPlan("replace", wanted.image, words, ("health",))
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
    names |= _changed_by_hand(made_with, container)
    made = _seconds(str(container.get("Created", "")))
    if wanted.secrets_changed > made or _secrets_elsewhere(wanted.secrets_dir, container):
        names.add("secrets")
    return tuple(sorted(names))


def _changed_by_hand(made_with: Mapping[str, Any], container: Mapping[str, Any]) -> set[str]:
    """What ``docker update`` has changed of a container that was made otherwise; its label knows nothing of that."""
    limits, actual = made_with.get("limits") or {}, container.get("HostConfig") or {}
    memory = limits.get("memory")
    wanted = {
        "NanoCpus": round(float(limits.get("cpus") or 0) * 1e9),
        "Memory": human_to_bytes(str(memory)) if memory else 0,
        # Docker keeps no limit as nothing at all, however it was asked for: by -1 or by 0. For the other two it takes no -1.
        "PidsLimit": max(int(limits.get("pids") or 0), 0),
    }
    names = {"limits, changed by hand" for key, value in wanted.items() if key in actual and max(actual[key] or 0, 0) != value}
    if (actual.get("RestartPolicy") or {}).get("Name", RESTART_POLICY) != RESTART_POLICY:
        names.add("restart policy, changed by hand")
    return names


def _secrets_elsewhere(directory: str, container: Mapping[str, Any]) -> bool:
    mounted = [str(mount.get("Source")) for mount in container.get("Mounts") or [] if mount.get("Destination") == SECRETS_TARGET]
    return bool(directory and mounted) and mounted != [posixpath.normpath(directory)]


@dataclass(frozen=True)
class SecretsWanted:
    """The secrets of one colour.

    Attributes:
        directory: where they are on the server.
        uid: number of the user whom they belong to.
        checksums: SHA-1 of each by its name; None where it is not known, which no file equals.
    """

    directory: str
    uid: int
    checksums: Mapping[str, str | None]


def secrets_changed(wanted: SecretsWanted, found: Iterable[Mapping[str, Any]]) -> float:
    """Say when the secrets of a colour were last changed, as far as its program could notice.

    Args:
        wanted: how they should be.
        found: what is there (module ``find`` with checksums), with the directory itself.

    Returns:
        Seconds since 1970; 0 when there are none, infinite when one of them, or the directory, is not as wanted.
    """
    if not wanted.checksums:
        return 0.0
    there = {posixpath.normpath(str(entry["path"])): entry for entry in found}
    directory = posixpath.normpath(wanted.directory)
    expected = {directory: ("0700", None)} | {posixpath.join(directory, name): ("0600", sha) for name, sha in wanted.checksums.items()}
    for path, (mode, checksum) in expected.items():
        entry = there.get(path)
        if entry is None or (entry["mode"], entry["uid"]) != (mode, wanted.uid):
            return math.inf
        if path != directory and (checksum is None or entry.get("checksum") != checksum):
            return math.inf
    return max(float(there[path]["mtime"]) for path in expected if path != directory)


def age(container: Mapping[str, Any], last_change: str, last_change_age: float) -> float:
    """Say for how long a container has been running, by the clock of its server.

    Args:
        container: what Docker tells of it.
        last_change: when the site's route was changed.
        last_change_age: how many seconds ago that was, so that the two tell what time it is on the server.

    Returns:
        Seconds.
    """
    now = _seconds(last_change) + last_change_age
    return max(0.0, now - _seconds(str((container.get("State") or {}).get("StartedAt") or container.get("Created", ""))))


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
        otherwise: what the failed task said, for a container that was not made, or never started.

    Returns:
        A clause without a full stop.
    """
    if not container:
        return otherwise or "it could not be made"
    state = container.get("State") or {}
    health = state.get("Health") or {}
    restarts = int(container.get("RestartCount") or 0)
    # Docker keeps a container that it could not start, with a code that its program never gave.
    error = str(state.get("Error") or "").strip()
    if error or (otherwise and state.get("Status") == "created"):
        return f"Docker could not start it ({error or otherwise})"
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
    """Find names, host names, ports and volumes that two sites claim.

    Args:
        sites: per inventory host, ``address`` (its server), ``site`` (its name), ``hosts``, ``ports``, ``volumes`` (as Docker calls them).

    Returns:
        Per inventory host one sentence; a host without a conflict is not in it.
    """
    called: dict[tuple[str, str], list[str]] = {}
    names: dict[str, list[str]] = {}
    ports: dict[tuple[str, str], list[str]] = {}
    volumes: dict[tuple[str, str], list[str]] = {}
    for site in sorted(sites):
        said = sites[site]
        address = str(said.get("address") or site)
        called.setdefault((address, str(said.get("site") or site)), []).append(site)
        for host in dict.fromkeys(str(host).lower() for host in said.get("hosts") or []):
            names.setdefault(host, []).append(site)
        for port in (said.get("ports") or {}).values():
            ports.setdefault((address, str(port)), []).append(site)
        for volume in said.get("volumes") or []:
            volumes.setdefault((address, str(volume)), []).append(site)
    found: dict[str, str] = {}
    # First: whatever else they share follows from it, and each would replace the other's containers.
    for site, name, whose in _claimed_twice(called):
        found.setdefault(site, f"bluegreen_site: {name!r} is the name {whose}; give each site of a server its own.")
    for host, claimed in names.items():
        for site in claimed if len(claimed) > 1 else ():
            found.setdefault(site, f"bluegreen_hosts: {host!r} belongs to {_and(claimed)}; a host name can be of one site only.")
    for site, port, whose in _claimed_twice(ports):
        found.setdefault(site, f"bluegreen_ports: {port} is the port {whose}; give each colour of each site its own.")
    for site, volume, whose in _claimed_twice(volumes):
        made = f"{volume!r}, put together from site, colour and name, is the volume {whose}"
        found.setdefault(site, f"bluegreen_volumes: {made}; give one of them another name.")
    return found


def _claimed_twice(claims: Mapping[tuple[str, str], list[str]]) -> Iterator[tuple[str, str, str]]:
    """Yield what is claimed more than once, for each of its claims: the site, what it is, and whose."""
    for (address, what), claimed in claims.items():
        if len(claimed) > 1:
            whose = f"of {claimed[0]} twice" if len(set(claimed)) == 1 else f"of {_and(claimed)} on the server {address}"
            yield from ((site, what, whose) for site in claimed)


def _and(names: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(names))
