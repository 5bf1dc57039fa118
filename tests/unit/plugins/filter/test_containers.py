# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters make of what a role gives them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.errors import AnsibleUndefinedVariable
from jinja2 import UndefinedError

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _container_filters as containers

VOLUMES: list[dict[str, Any]] = [
    {"name": "data", "path": "/data"},
    {"name": "uploads", "path": "/uploads", "shared": True, "read_only": "yes"},
]


def test_what_is_mounted() -> None:
    assert containers.container_mounts(VOLUMES, "acme", "green", "/etc/bluegreen/acme/acme-green") == [
        {"type": "volume", "source": "acme-green-data", "target": "/data", "read_only": False},
        {"type": "volume", "source": "acme-uploads", "target": "/uploads", "read_only": True},
        {"type": "bind", "source": "/etc/bluegreen/acme/acme-green", "target": "/run/secrets", "read_only": True},
    ]


def test_without_secrets_nothing_is_mounted_for_them() -> None:
    assert containers.container_mounts([], "acme", "green") == []


def test_a_shared_volume_is_one() -> None:
    assert containers.site_volumes(VOLUMES, "acme") == ["acme-blue-data", "acme-green-data", "acme-uploads"]


DATA: dict[str, Any] = {"name": "data", "path": "/data"}
SHARED = DATA | {"shared": True}


@pytest.mark.parametrize(
    ("sites", "said"),
    [
        ({"shop": [DATA], "shop-blue": [SHARED]}, {"shop": "'shop-blue-data'", "shop-blue": "'shop-blue-data'"}),
        ({"shop": [DATA], "shop-blue": [DATA]}, {}),
        ({"shop": [DATA, SHARED | {"name": "blue-data"}]}, {"shop": "'shop-blue-data'"}),
        ({"shop": [DATA, DATA | {"path": "/again"}, SHARED, SHARED | {"shared": "yes", "path": "/more"}]}, {}),
        ({"shop": [DATA], "shop-blue": "half-edited", "globex": [{"path": "/data"}, None], "initech": None}, {}),
        ({"shop": [DATA], "shop-blue": [DATA | {"shared": "perhaps"}]}, {}),
    ],
)
def test_names_of_volumes_meet_in_docker(sites: dict[str, Any], said: dict[str, str]) -> None:
    """As in Docker, site and colour are before them, and nothing tells where one ends and the other begins."""
    hostvars = {name: {"ansible_host": "web1", "bluegreen_volumes": volumes} for name, volumes in sites.items()}
    found = containers.site_conflicts(list(sites), hostvars)
    assert found.keys() == said.keys()
    assert all(said[name] in sentence for name, sentence in found.items())


def test_it_is_the_sites_name_that_is_before_a_volume() -> None:
    called = {"ansible_host": "web1", "bluegreen_site": "shop-blue", "bluegreen_volumes": [SHARED]}
    hostvars = {"shop": {"ansible_host": "web1", "bluegreen_volumes": [DATA]}, "other": called}
    assert containers.site_conflicts(["shop", "other"], hostvars).keys() == {"shop", "other"}


def test_one_name_is_of_one_site_on_a_server() -> None:
    hostvars = {name: {"ansible_host": server, "bluegreen_site": "shop"} for name, server in (("a", "web1"), ("b", "web1"), ("c", "web2"))}
    found = containers.site_conflicts(list(hostvars), hostvars)
    assert found == dict.fromkeys(
        ("a", "b"), "bluegreen_site: 'shop' is the name of a and b on the server web1; give each site of a server its own."
    )


WELL = {"ansible_host": "web1", "bluegreen_hosts": ["a.example"], "bluegreen_ports": {"blue": 1, "green": 2}, "bluegreen_volumes": [DATA]}


@pytest.mark.parametrize("name", ["bluegreen_hosts", "bluegreen_ports", "bluegreen_volumes"])
@pytest.mark.parametrize("wrong", [True, 7, "half-edited", [1, 2], [None], {"blue": [1]}, [[]], [{"name": "x", "shared": []}]])
def test_what_one_site_declares_wrongly_stops_no_other(name: str, wrong: Any) -> None:
    hostvars = {"acme": WELL, "globex": {"ansible_host": "web1", name: wrong}}
    assert containers.site_conflicts(list(hostvars), hostvars) == {}


def test_a_text_is_the_host_names_that_ansible_makes_of_it() -> None:
    hostvars = {name: {"bluegreen_hosts": f"{name}.example"} for name in ("acme", "globex")}
    assert containers.site_conflicts(list(hostvars), hostvars) == {}
    hostvars |= {"third": {"bluegreen_hosts": "third.example, ACME.example"}}
    found = containers.site_conflicts(list(hostvars), hostvars)
    assert found.keys() == {"acme", "third"}
    assert "'acme.example' belongs to acme and third" in found["acme"]


class Undefined(list[Any]):
    """A list with an undefined variable in it, as Ansible gives it to a filter: it is templated when somebody looks inside."""

    def __init__(self, error: Exception) -> None:
        super().__init__([None])
        self.error = error

    def __iter__(self) -> Iterator[Any]:
        raise self.error


@pytest.mark.parametrize("error", [AnsibleUndefinedVariable("'nowhere' is undefined"), UndefinedError("'nowhere' is undefined")])
@pytest.mark.parametrize("name", ["bluegreen_hosts", "bluegreen_volumes"])
def test_what_one_site_takes_from_nowhere_stops_no_other(name: str, error: Exception) -> None:
    hostvars = {"acme": WELL, "globex": {"ansible_host": "web1", name: Undefined(error)}}
    assert containers.site_conflicts(list(hostvars), hostvars) == {}


def entry(path: str, mode: str, checksum: str = "") -> dict[str, Any]:
    return {"path": path, "mode": mode, "uid": 0, "mtime": 7.0, "checksum": checksum}


@pytest.mark.parametrize(
    ("value", "source", "age"),
    [
        ("s3cret", "from-a-file", 7.0),
        ("rotated", "from-a-file", math.inf),
        ("s3cret", "another-file", math.inf),
        ("s3cret", None, math.inf),
    ],
)
def test_secrets_are_compared_with_the_vault_and_with_the_source_file(value: str, source: str | None, age: float) -> None:
    def sha(text: str) -> str:
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    secrets = [{"name": "pin", "value": value}, {"name": "key", "src": "/keys/key"}]
    sources = [{"item": secrets[1], "stat": {"checksum": sha(source)} if source else {}}]
    found = [entry("/s", "0700"), entry("/s/pin", "0600", sha("s3cret")), entry("/s/key", "0600", sha("from-a-file"))]
    assert containers.secrets_age(found, secrets, sources, "/s", 0) == age


def test_a_number_is_a_secret_too() -> None:
    found = [entry("/s", "0700"), entry("/s/pin", "0600", hashlib.sha1(b"1234", usedforsecurity=False).hexdigest())]
    assert containers.secrets_age(found, [{"name": "pin", "value": 1234}], [], "/s", 0) == 7.0
