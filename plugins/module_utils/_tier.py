# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tier that a tenant really has: the catalog, what GLOBAL conf changes in it, what this tenant has agreed on.

PRIVATE: for this collection's own plugins, not a public interface.

    tier = effective_tier("business", tiers_extra, custom)
    tier["quota"]["requests.cpu"]                    12000, millicores
    tier["limits"]["Container"]["max"]["memory"]     4294967296, bytes
    tier["autoscaling"]["max_replicas"]              15
    hard(tier)                                       {"requests.cpu": "12", "requests.memory": "24Gi", ...}: as Kubernetes wants it

What comes back is a ``Tier`` (``_catalog/tiers/model.py`` says each key and the units), complete, checked and the caller's own copy. Of
the inventory, keys are those of ``_tier_fields.FIELDS`` and figures may be written as people do: 500m, 32Gi, 1TB, 30d, unlimited.

``tiers_extra`` (GLOBAL conf) is a dictionary of tiers by name: one of the catalog is changed, any other is new and says on which one it is
``based_on``. ``custom`` is for one tenant of a tier whose data says ``custom: true``; it may have more than the tier, never less.
Whatever is wrong is said at once, in one InputError whose ``facts["problems"]`` has one sentence each.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final, cast

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers import TIERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import object_storage, rate_limit
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import Tier
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_names import DNS_LABEL
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._quantity import format_resource
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier_fields import TREE, Field

Path = tuple[str, ...]

_CONTAINER: Final = ("limits", "Container")
_COMPUTE: Final = ("cpu", "memory")

# Each pair: the first may not be more than the second. Kubernetes refuses these too, but only when the first pod is made.
ORDERED: Final[tuple[tuple[Path, Path], ...]] = (
    (("quota", "requests.cpu"), ("quota", "limits.cpu")),
    (("quota", "requests.memory"), ("quota", "limits.memory")),
    *(((*_CONTAINER, "min", kind), (*_CONTAINER, "defaultRequest", kind)) for kind in _COMPUTE),
    *(((*_CONTAINER, "defaultRequest", kind), (*_CONTAINER, "default", kind)) for kind in _COMPUTE),
    *(((*_CONTAINER, "default", kind), (*_CONTAINER, "max", kind)) for kind in _COMPUTE),
    *(((*_CONTAINER, "max", kind), ("limits", "Pod", "max", kind)) for kind in _COMPUTE),
    (("limits", "PersistentVolumeClaim", "min", "storage"), ("limits", "PersistentVolumeClaim", "max", "storage")),
    *(((*_CONTAINER, "min", kind), ("resources", "requests", kind)) for kind in _COMPUTE),
    *((("resources", "requests", kind), ("resources", "limits", kind)) for kind in _COMPUTE),
    *((("resources", "limits", kind), (*_CONTAINER, "max", kind)) for kind in _COMPUTE),
    (("autoscaling", "min_replicas"), ("autoscaling", "max_replicas")),
)


def effective_tier(
    name: object,
    tiers_extra: object = None,
    custom: object = None,
    *,
    option: str = "tier",
    extra_option: str = "tiers_extra",
    custom_option: str = "custom",
) -> Tier:
    """Return the tier of one tenant.

    Args:
        name: the tier that was bought.
        tiers_extra: tiers that GLOBAL conf changes or adds, by name.
        custom: what this tenant has above its tier.
        option: what the caller's user calls ``name``, for the sentences; likewise the next two.
        extra_option: what ``tiers_extra`` is called.
        custom_option: what ``custom`` is called.

    Raises:
        InputError: a tier nobody knows, or values that cannot work; all of them at once.
    """
    tiers = known_tiers(tiers_extra, extra_option)
    found = tiers.get(name) if isinstance(name, str) else None
    if found is None:
        raise InputError(f"{option}: {quoted(name)} is no tier; there are {', '.join(tiers)}, and {extra_option} can add one.")
    problems: list[str] = []
    tier = _changed(found, custom, custom_option, problems, above=True) if custom else found
    _raise(problems)
    return copy.deepcopy(tier)


def known_tiers(tiers_extra: object = None, extra_option: str = "tiers_extra") -> dict[str, Tier]:
    """Return all tiers by name, those of the catalog first, and check every one that ``tiers_extra`` changes or adds.

    Raises:
        InputError: values that cannot work; all of them at once.
    """
    if tiers_extra is not None and not isinstance(tiers_extra, Mapping):
        raise InputError(
            f"{extra_option}: {quoted(tiers_extra)} is not a dictionary; write for example {{gold: {{based_on: premium, sites: 5}}}}."
        )
    extra = _Extra(tiers_extra or {}, extra_option)
    for name in extra.given:
        extra.add(name)
    _raise(extra.problems)
    return extra.tiers


def hard(tier: Tier) -> dict[str, str]:
    """Return the quota as a ResourceQuota's ``spec.hard``."""
    return {name: format_resource(name, amount) for name, amount in cast(dict[str, int], tier["quota"]).items()}


def _raise(problems: list[str]) -> None:
    if problems:
        raise InputError(" ".join(problems), problems=problems)


class _Extra:
    """The tiers of GLOBAL conf, put among those of the catalog one by one.

    Args:
        given: what GLOBAL conf says, by name.
        option: what it is called, for the sentences.
    """

    def __init__(self, given: Mapping[Any, Any], option: str) -> None:
        self.given = given
        self.option = option
        self.problems: list[str] = []
        self.tiers: dict[str, Tier] = dict(TIERS)
        self.begun: set[Any] = set()

    def add(self, name: Any, trail: tuple[str, ...] = ()) -> None:
        """Add one tier, after the one that it is based on."""
        if name in self.begun:
            return
        where = f"{self.option}.{name}"
        base = self._base(name, where)
        if base in trail:
            circle = " -> ".join((*trail, name, str(base)))
            self.problems.append(f"{where}.based_on: {circle} goes round in a circle; base one of them on {', '.join(TIERS)}.")
        self.begun.add(name)
        if base is None or base in trail:
            return
        if base != name and base in self.given:
            self.add(base, (*trail, name))
        # Where the base itself is wrong that is said once, and this one is judged on nothing.
        if base in self.tiers:
            given = {key: value for key, value in self.given[name].items() if key != "based_on"}
            tier = _changed(self.tiers[base], given, where, self.problems)
            if not given.get("title"):
                tier = {**tier, "title": TIERS[name]["title"] if name in TIERS else name.replace("-", " ").capitalize()}
            self.tiers[name] = {**tier, "name": str(name), "based_on": base}

    def _base(self, name: Any, where: str) -> str | None:
        """Say on which tier one is based; None after a problem."""
        given, names = self.given[name], [*TIERS, *(other for other in self.given if other not in TIERS)]
        if not isinstance(name, str) or not DNS_LABEL.fullmatch(name):
            # It becomes the value of a label on the tenant's namespaces.
            problem = f": {quoted(name)} cannot be a tier's name; write lower-case letters, digits and hyphens, 63 at most."
        elif not isinstance(given, Mapping):
            problem = f": {quoted(given)} is not a dictionary; write for example {{based_on: premium, sites: 5}}."
        elif (base := given.get("based_on") or (name if name in TIERS else None)) is None:
            problem = f".based_on: a new tier says on which one it is based; write one of {', '.join(TIERS)}."
        elif base not in names or (base == name and name not in TIERS):
            others = ", ".join(str(other) for other in names if other != name)
            problem = f".based_on: {quoted(base)} is no tier that it can be based on; there are {others}."
        else:
            return str(base)
        self.problems.append(f"{where}{problem}")
        return None


def _changed(base: Tier, given: object, where: str, problems: list[str], *, above: bool = False) -> Tier:
    """Return a tier with some values changed; ``above`` holds the rules of one tenant's custom values."""
    if not isinstance(given, Mapping):
        problems.append(f"{where}: {quoted(given)} is not a dictionary; write for example {{sites: 12, quota: {{pods: 150}}}}.")
        return base
    if above and not base["custom"]:
        problems.append(
            f"{where}: the tier {base['name']} has fixed values, so {', '.join(map(str, given))} cannot be set for one tenant;"
            " remove it, or move the tenant to a tier with custom: true, such as business."
        )
        return base
    tier = copy.deepcopy(cast(dict[str, Any], base))
    before = len(problems)
    _Change(base["name"], above, problems).walk(TREE, given, tier, where)
    # A value that could not be read would only bring sentences about its neighbours.
    if len(problems) == before:
        problems += _contradictions(tier, where)
    limit, objects = tier["rate_limit"], tier["object_storage"]
    tier["rate_limit"] = rate_limit(
        limit["requests_per_minute"], limit["burst_multiplier"], limit["connections"], trusted_ips=limit["trusted_ips"]
    )
    tier["object_storage"] = object_storage(objects["buckets"], objects["presigned_url_expiry"], replication=objects["replication"])
    return cast(Tier, tier)


class _Change:
    """Writes what the inventory says into a tier.

    Args:
        base: the name of the tier that is changed, for the sentences.
        above: whether only more than the base is allowed.
        problems: where sentences are added.
    """

    def __init__(self, base: str, above: bool, problems: list[str]) -> None:
        self.base = base
        self.above = above
        self.problems = problems

    def walk(self, tree: Mapping[str, Any], given: Mapping[Any, Any], target: dict[str, Any], where: str) -> None:
        """Write each value of one level; what is None was not said (Ansible fills the options of a dictionary with it)."""
        names = list(target) if "*" in tree else list(tree)
        for word, value in given.items():
            option = f"{where}.{word}"
            if word not in names:
                self.problems.append(f"{option}: the tier {self.base} knows no {quoted(word)} here; there are {', '.join(names)}.")
            elif value is None:
                continue
            elif isinstance(node := tree.get(word, tree.get("*")), Field):
                self.set(node, value, target, option)
            elif isinstance(value, Mapping):
                self.walk(cast(Mapping[str, Any], node), value, target[word], option)
            else:
                inside = list(target[word]) if "*" in cast(Mapping[str, Any], node) else list(cast(Mapping[str, Any], node))
                self.problems.append(f"{option}: {quoted(value)} is not a dictionary; write it with some of {', '.join(inside)}.")

    def set(self, field: Field, given: object, target: dict[str, Any], option: str) -> None:
        """Write one value."""
        key = field.key or field.path[-1]
        try:
            value = field.value(given, option)
        except InputError as problem:
            self.problems.append(problem.sentence)
            return
        if self.above and not field.rises:
            self.problems.append(
                f"{option}: this is the same for every tenant of the tier {self.base}; remove it, or change it in a tier of tiers_extra."
            )
        elif self.above and _less(value, target[key], field):
            has = field.written(target[key])
            remedy = "remove it" if target[key] is None else f"write {has} or more"
            self.problems.append(
                f"{option}: {quoted(given)} is below what the tier {self.base} includes ({has}); {remedy}, or sell a smaller tier."
            )
        else:
            target[key] = value


def _less(value: Any, base: Any, field: Field) -> bool:
    """Whether a value takes something away; None is more than any number where it means "unlimited"."""
    if value is None or base is None:
        return field.none == "unlimited" and value is not None
    return bool(value < base)


def _at(tier: Mapping[str, Any], path: Path) -> Any:
    node: Any = tier
    for word in path:
        node = node[word]
    return node


def _written(path: Path, value: Any) -> str:
    return cast(Field, _at(TREE, path)).written(value)


def _contradictions(tier: Mapping[str, Any], where: str) -> list[str]:
    """Say which figures of a tier cannot be true together."""
    found = [
        f"{where}: {'.'.join(low)} ({_written(low, _at(tier, low))}) is more than {'.'.join(high)} ({_written(high, _at(tier, high))});"
        " lower the one or raise the other."
        for low, high in ORDERED
        if _at(tier, low) > _at(tier, high)
    ]
    for name, bucket in tier["object_storage"]["buckets"].items():
        if bucket["max_file_size"] > bucket["quota"]:
            found.append(
                f"{where}.object_storage.buckets.{name}: max_file_size is more than the quota of the bucket;"
                " lower the one or raise the other."
            )
    return found
