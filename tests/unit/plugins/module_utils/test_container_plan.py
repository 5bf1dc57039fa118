# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a container, case by case."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._container_plan import (
    LABEL,
    SETTINGS_LABEL,
    SecretsWanted,
    Wanted,
    age,
    colour_labels,
    comparable,
    conflicts,
    foreign,
    plan_colour,
    secrets_changed,
    site_labels,
    strangers,
    trouble,
)

SETTINGS: dict[str, Any] = {"env": {"MODE": "shop", "WORKERS": 4}, "limits": {"memory": "512M"}, "port": 18082}
CREATED = "2026-11-21T10:00:00.5Z"
BEFORE, AFTER = 1795255200.4, 1795255200.6


def container(**changes: Any) -> dict[str, Any]:
    """A container as this role makes it, running, with image shop:1.0."""
    labels = colour_labels("acme", "green", "1.0", SETTINGS)
    config = {"Image": "shop:1.0", "Env": ["PATH=/bin", "MODE=shop", "WORKERS=4"], "Labels": labels}
    made: dict[str, Any] = {"Id": "c1", "Image": "sha256:10", "Created": CREATED, "Config": config, "State": {"Running": True}}
    return made | changes


def stopped() -> dict[str, Any]:
    return container(State={"Running": False})


def paused() -> dict[str, Any]:
    return container(State={"Running": True, "Paused": True})


def with_config(**changes: Any) -> dict[str, Any]:
    made = container()
    made["Config"] |= changes
    return made


def with_label(name: str, value: str) -> dict[str, Any]:
    return with_config(Labels=container()["Config"]["Labels"] | {f"{LABEL}.{name}": value})


def with_secrets_from(directory: str) -> dict[str, Any]:
    return container(Mounts=[{"Source": "/srv", "Destination": "/srv"}, {"Source": directory, "Destination": "/run/secrets"}])


def wanted(**changes: Any) -> Wanted:
    return Wanted(**{"site": "acme", "colour": "green", "image": "shop:1.0", "settings": SETTINGS} | changes)


OTHER = {**SETTINGS, "limits": {"memory": "1G"}}

CASES: list[tuple[str, Wanted, dict[str, Any] | None, str, str, tuple[str, ...]]] = [
    ("missing", wanted(), None, "create", "shop:1.0", ()),
    ("missing, serves", wanted(serves=True), None, "create", "shop:1.0", ()),
    ("as declared", wanted(), container(), "keep", "", ()),
    ("another version is wanted next, no deploy", wanted(image="shop:1.1"), container(), "keep", "", ()),
    ("stopped on purpose", wanted(), stopped(), "rest", "", ()),
    ("stopped on purpose, other settings", wanted(settings=OTHER), stopped(), "rest", "", ()),
    ("stopped, but the site has no route yet", wanted(routed=False), stopped(), "start", "", ()),
    ("paused", wanted(), paused(), "rest", "", ()),
    ("serves, but is paused", wanted(serves=True), paused(), "start", "", ()),
    ("deploy of what is paused", wanted(deploy=True), paused(), "start", "", ()),
    ("other limits", wanted(settings=OTHER), container(), "replace", "", ("limits",)),
    (
        "other value in the environment",
        wanted(settings={**SETTINGS, "env": {"MODE": "x", "WORKERS": 4}}),
        container(),
        "replace",
        "",
        ("env",),
    ),
    ("a name less in the environment", wanted(settings={**SETTINGS, "env": {"MODE": "shop"}}), container(), "replace", "", ("env",)),
    ("environment changed by hand", wanted(), with_config(Env=["MODE=shop", "WORKERS=9"]), "replace", "", ("env",)),
    ("a secret is newer", wanted(secrets_changed=AFTER), container(), "replace", "", ("secrets",)),
    ("the secrets are older", wanted(secrets_changed=BEFORE), container(), "keep", "", ()),
    ("its own secrets", wanted(secrets_dir="/etc/b//acme/acme-green/"), with_secrets_from("/etc/b/acme/acme-green"), "keep", "", ()),
    ("both colours' secrets", wanted(secrets_dir="/etc/b/acme/acme-green"), with_secrets_from("/etc/b/acme"), "replace", "", ("secrets",)),
    ("serves, both colours' secrets", wanted(serves=True, secrets_dir="/b/g"), with_secrets_from("/b"), "keep", "", ("secrets",)),
    ("no secrets any more, which the label tells", wanted(), with_secrets_from("/etc/b/acme/acme-green"), "keep", "", ()),
    ("serves, as declared", wanted(serves=True), container(), "keep", "", ()),
    ("serves, other limits", wanted(serves=True, settings=OTHER), container(), "keep", "", ("limits",)),
    ("serves, a secret is newer", wanted(serves=True, secrets_changed=AFTER), container(), "keep", "", ("secrets",)),
    ("serves, but is stopped", wanted(serves=True), stopped(), "start", "", ()),
    ("serves, deploy is asked all the same", wanted(serves=True, deploy=True, image="shop:1.1"), container(), "keep", "", ()),
    ("deploy", wanted(deploy=True, image="shop:1.1"), container(), "replace", "shop:1.1", ("image",)),
    ("deploy of what runs", wanted(deploy=True, image_id="sha256:10"), container(), "keep", "", ()),
    (
        "deploy of what runs and is not well",
        wanted(deploy=True, image_id="sha256:10", ill="no"),
        container(),
        "replace",
        "shop:1.0",
        ("health",),
    ),
    ("deploy of a tag that was moved", wanted(deploy=True, image_id="sha256:11"), container(), "replace", "shop:1.0", ("image",)),
    ("deploy onto a stopped one", wanted(deploy=True, image="shop:1.1"), stopped(), "replace", "shop:1.1", ("image",)),
    ("deploy of what is stopped", wanted(deploy=True), stopped(), "start", "", ()),
    ("deploy with other settings", wanted(deploy=True, settings=OTHER), container(), "replace", "shop:1.0", ("limits",)),
    ("a stranger", wanted(), with_config(Labels={}), "refuse", "", ()),
    ("a stranger without labels", wanted(), with_config(Labels=None), "refuse", "", ()),
    ("of another site", wanted(site="globex"), container(), "refuse", "", ()),
    ("of the other colour", wanted(), with_label("colour", "blue"), "refuse", "", ()),
    (
        "its label was damaged",
        wanted(),
        with_config(Labels=container()["Config"]["Labels"] | {SETTINGS_LABEL: "{"}),
        "replace",
        "",
        ("env", "limits", "port"),
    ),
]


@pytest.mark.parametrize(("what", "there", "act", "image", "differs"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_happens(what: Wanted, there: dict[str, Any] | None, act: str, image: str, differs: tuple[str, ...]) -> None:
    plan = plan_colour(what, there)
    assert (plan.act, plan.image, plan.differs) == (act, image, differs)


def test_nothing_but_a_missing_container_changes_one_that_serves() -> None:
    for _, what, there, _, _, _ in CASES:
        serving = Wanted(**{**what.__dict__, "serves": True})
        assert plan_colour(serving, there).act in ("create", "start", "keep", "refuse")


def test_who_serves_is_told_where_the_new_settings_go() -> None:
    words = plan_colour(wanted(serves=True, settings=OTHER), container()).words
    assert "green serves" in words
    assert "(limits)" in words
    assert "Deploy to blue, then switch." in words


def test_no_value_of_the_environment_is_in_the_label_or_the_words() -> None:
    assert "shop" not in json.dumps(comparable({"env": {"MODE": "shop"}}))
    plan = plan_colour(wanted(settings={**SETTINGS, "env": {"MODE": "canary-value"}}), container())
    assert "canary-value" not in json.dumps(plan.public())


@pytest.mark.parametrize(
    ("there", "reasons", "otherwise", "said"),
    [
        (None, [], "no space left", "no space left"),
        (None, [], "", "it could not be made"),
        ({"RestartCount": 3, "State": {"Running": True}}, ["refused"], "", "it ended, and Docker started it again 3 time(s)"),
        ({"State": {"Running": False, "ExitCode": 3}}, ["refused"], "", "it ended with code 3"),
        (
            {"State": {"Status": "created", "Running": False, "ExitCode": 128, "Error": "port is already allocated"}},
            ["refused"],
            "Error starting container c1",
            "Docker could not start it (port is already allocated)",
        ),
        (
            {"State": {"Status": "exited", "Running": False, "ExitCode": 127, "Error": "exec: no such file"}, "RestartCount": 2},
            [],
            "",
            "Docker could not start it (exec: no such file)",
        ),
        (
            {"State": {"Status": "created", "Running": False, "ExitCode": 0, "Error": ""}},
            [],
            "no such network",
            "Docker could not start it (no such network)",
        ),
        ({"State": {"Status": "exited", "Running": False, "ExitCode": 3, "Error": ""}}, [], "x", "it ended with code 3"),
        ({"State": {"Running": False, "ExitCode": 137, "OOMKilled": True}}, [], "", "killed for want of memory"),
        (
            {"State": {"Running": True, "Health": {"Status": "unhealthy", "Log": [{"Output": "a\nno database\n"}]}}},
            ["x"],
            "",
            "(no database)",
        ),
        ({"State": {"Running": True, "Health": {"Status": "starting", "Log": []}}}, [], "", "its health check says starting"),
        ({"State": {"Running": True, "Health": {"Status": "healthy"}}}, ["status 503", "b"], "", "status 503; b"),
        ({"State": {"Running": True}}, [], "", "it is not well"),
    ],
)
def test_why_it_is_not_well(there: dict[str, Any] | None, reasons: list[str], otherwise: str, said: str) -> None:
    assert said in trouble(there, reasons, otherwise)


def site(address: str = "web1", hosts: tuple[str, ...] = (), volumes: tuple[str, ...] = (), **ports: int) -> dict[str, Any]:
    return {"address": address, "hosts": list(hosts), "ports": ports, "volumes": list(volumes)}


SAME_NAME = "bluegreen_site: 'acme' is the name of acme and globex on the server web1; give each site of a server its own."


@pytest.mark.parametrize(
    ("sites", "said"),
    [
        ({"acme": site(hosts=("a.example",), blue=1, green=2), "globex": site(hosts=("b.example",), blue=3, green=4)}, {}),
        ({"acme": site(hosts=("a.example", "A.example"))}, {}),
        (
            {"acme": site(hosts=("a.example",)), "globex": site("web2", ("A.EXAMPLE",))},
            {"acme": "acme and globex", "globex": "'a.example'"},
        ),
        ({"acme": site(blue=1, green=2), "globex": site(blue=2, green=3)}, {"acme": "2 is the port", "globex": "on the server web1"}),
        ({"acme": site(blue=1, green=2), "globex": site("web2", blue=2, green=3)}, {}),
        ({"acme": site(blue=1, green=1)}, {"acme": "of acme twice"}),
        (
            {"shop": site(volumes=("shop-blue-data", "shop-green-data")), "shop-blue": site(volumes=("shop-blue-data",))},
            {"shop": "'shop-blue-data', put together from", "shop-blue": "the volume of shop and shop-blue on the server web1; give one"},
        ),
        ({"shop": site(volumes=("shop-blue-data",)), "shop-blue": site("web2", volumes=("shop-blue-data",))}, {}),
        ({"shop": site(volumes=("shop-blue-data", "shop-blue-data"))}, {"shop": "is the volume of shop twice"}),
        ({"acme": {"address": None, "hosts": None, "ports": None, "volumes": None}}, {}),
        (
            {"globex": site(blue=1, green=2) | {"site": "acme"}, "acme": site(blue=1, green=2), "other": site(blue=3, green=4)},
            {"acme": SAME_NAME, "globex": SAME_NAME},
        ),
        ({"globex": site() | {"site": "acme"}, "acme": site("web2")}, {}),
        ({"globex": site() | {"site": "acme"}, "acme": site() | {"site": "globex"}}, {}),
    ],
)
def test_what_two_sites_claim(sites: dict[str, dict[str, Any]], said: dict[str, str]) -> None:
    found = conflicts(sites)
    assert found.keys() == said.keys()
    assert all(said[name] in sentence for name, sentence in found.items())


def test_a_stranger_is_called_by_its_own_name() -> None:
    assert foreign(container(Name="/acme-green-candidate"), "acme", "green") == ""
    sentence = foreign(with_config(Labels={}) | {"Name": "/acme-green-candidate"}, "acme", "green")
    assert sentence.startswith("The container acme-green-candidate is there already, and was not made by this role")
    assert "The container acme-green is" in foreign(with_config(Labels={}), "acme", "green")


def test_nobody_is_told_to_rename_or_remove_a_volume() -> None:
    """Docker cannot rename one, and what is in it would be lost."""
    said = strangers({"volumes": [{"Name": "acme-data", "Labels": site_labels("globex")}]}, "acme", ["acme-data"])
    assert said.endswith("was not made by this role for acme (its labels say so); give the site's own another name (bluegreen_volumes).")


def test_what_a_container_says_of_itself() -> None:
    labels = colour_labels("acme", "green", "1.4.2", SETTINGS)
    assert labels.pop(SETTINGS_LABEL) == json.dumps(comparable(SETTINGS), sort_keys=True)
    assert labels == {
        "io.bluegreen.site": "acme",
        "io.bluegreen.managed-by": "ansible",
        "io.bluegreen.colour": "green",
        "io.bluegreen.version": "1.4.2",
    }


OURS = site_labels("acme")
ALL_OURS: dict[str, list[dict[str, Any]]] = {
    "containers": [{"Names": ["/acme-blue"], "Labels": OURS}, {"Names": ["/db", "/acme"], "Labels": {}}, {"Names": ["/acme-blue2"]}],
    "networks": [{"Name": "acme", "Labels": OURS}, {"Name": "bridge", "Labels": {}}],
    "volumes": [{"Name": "acme-data", "Labels": OURS}, {"Name": "acme-more", "Labels": None}],
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"containers": [{"Names": ["/acme-blue"], "Labels": {}}]}, "The container acme-blue is there already, and was not made by this"),
        ({"containers": [{"Names": ["/acme-green-candidate"], "Labels": None}]}, "The container acme-green-candidate is"),
        ({"containers": [{"Names": ["/x", "/acme-green"], "Labels": site_labels("globex")}]}, "The container acme-green is"),
        ({"networks": [{"Name": "acme", "Labels": {}}]}, "The network acme is there already, and was not made by this role"),
        ({"volumes": [{"Name": "acme-data", "Labels": {}}]}, "The volume acme-data is there already, and was not made by this role"),
        ({"volumes": [{"Name": "acme-data", "Labels": site_labels("globex")}]}, "The volume acme-data is there already, and was not made"),
        ({"containers": None, "networks": None, "volumes": None}, ""),
    ],
)
def test_who_has_a_name_of_ours(change: dict[str, Any], said: str) -> None:
    found = strangers(ALL_OURS | change, "acme", ["acme-data"])
    assert found.startswith(said)
    assert bool(found) is bool(said)


SECRETS = SecretsWanted("/etc/bluegreen/acme/acme-green", 33, {"key": "aa", "pin": "bb"})


def on_the_server(**changes: Any) -> list[dict[str, Any]]:
    """What find tells of the site's directory: green's is as wanted, blue's is not ours to ask about."""
    home = "/etc/bluegreen/acme"
    entries = {
        "directory": {"path": f"{home}/acme-green", "mode": "0700", "uid": 33, "mtime": 900.0},
        "key": {"path": f"{home}/acme-green/key", "mode": "0600", "uid": 33, "mtime": 100.5, "checksum": "aa"},
        "pin": {"path": f"{home}/acme-green/pin", "mode": "0600", "uid": 33, "mtime": 200.5, "checksum": "bb"},
        "other": {"path": f"{home}/acme-blue/pin", "mode": "0644", "uid": 0, "mtime": 300.5, "checksum": "cc"},
    }
    return [entry | changes.get(name, {}) for name, entry in entries.items() if changes.get(name, {}) is not None]


@pytest.mark.parametrize(
    ("found", "written"),
    [
        (on_the_server(), 200.5),
        (on_the_server(key={"checksum": "other"}), float("inf")),
        (on_the_server(key={"mode": "0644"}), float("inf")),
        (on_the_server(key={"uid": 0}), float("inf")),
        (on_the_server(key=None), float("inf")),
        (on_the_server(directory={"mode": "0755"}), float("inf")),
        (on_the_server(directory={"uid": 0}), float("inf")),
        (on_the_server(directory=None), float("inf")),
        ([], float("inf")),
    ],
)
def test_when_the_secrets_were_changed(found: list[dict[str, Any]], written: float) -> None:
    assert secrets_changed(SECRETS, found) == written


def test_a_secret_that_cannot_be_compared_is_not_as_wanted() -> None:
    unknown = SecretsWanted(SECRETS.directory, 33, {"key": None})
    assert secrets_changed(unknown, on_the_server(key={"checksum": None})) == float("inf")
    assert secrets_changed(SecretsWanted(SECRETS.directory, 33, {}), []) == 0.0


@pytest.mark.parametrize(
    ("there", "seconds"),
    [
        ({"State": {"StartedAt": "2026-11-20T17:03:11.5Z"}, "Created": "2026-11-19T00:00:00Z"}, 3539.5),
        ({"State": {}, "Created": "2026-11-20T17:02:11Z"}, 3600.0),
        ({"State": {"StartedAt": "2027-01-01T00:00:00Z"}}, 0.0),
    ],
)
def test_how_old_a_container_is_by_the_servers_clock(there: dict[str, Any], seconds: float) -> None:
    assert age(there, "2026-11-20T17:02:11Z", 3600.0) == seconds


def by_hand(**host: Any) -> dict[str, Any]:
    """A container as Docker tells of it, with what ``docker update`` has made of it."""
    made = {"NanoCpus": 0, "Memory": 512 * 1024**2, "PidsLimit": None, "RestartPolicy": {"Name": "unless-stopped"}}
    return container(HostConfig=made | host)


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ({}, ()),
        ({"PidsLimit": -1}, ()),
        ({"Memory": 256 * 1024**2}, ("limits, changed by hand",)),
        ({"NanoCpus": 2_000_000_000, "PidsLimit": 9}, ("limits, changed by hand",)),
        ({"RestartPolicy": {"Name": "no"}}, ("restart policy, changed by hand",)),
    ],
)
def test_what_docker_update_has_changed_is_a_difference(host: dict[str, Any], names: tuple[str, ...]) -> None:
    plan = plan_colour(Wanted("acme", "green", "shop:1.0", SETTINGS), by_hand(**host))
    assert (plan.act, plan.differs) == ("replace" if names else "keep", names)


@pytest.mark.parametrize("pids", [-1, 0])
@pytest.mark.parametrize(("kept", "names"), [(None, ()), (-1, ()), (0, ()), (9, ("limits, changed by hand",))])
def test_no_limit_of_processes_is_a_wish_like_another(pids: int, kept: int | None, names: tuple[str, ...]) -> None:
    """Docker takes -1 for it, and tells of nothing afterwards."""
    settings = SETTINGS | {"limits": {"pids": pids}}
    labels = colour_labels("acme", "green", "1.0", settings)
    made = with_config(Labels=labels) | {"HostConfig": {"NanoCpus": 0, "Memory": 0, "PidsLimit": kept}}
    assert plan_colour(wanted(settings=settings), made).differs == names


def test_new_limits_in_site_conf_are_nobodys_hand() -> None:
    settings = SETTINGS | {"limits": {"memory": "1G"}}
    assert plan_colour(Wanted("acme", "green", "shop:1.0", settings), by_hand()).differs == ("limits",)


def test_what_a_killed_run_has_stopped_is_started_and_what_was_retired_is_not() -> None:
    wanted = Wanted("acme", "green", "shop:1.0", SETTINGS, interrupted=True)
    assert plan_colour(wanted, stopped()).act == "start"
    assert plan_colour(replace(wanted, interrupted=False), stopped()).act == "rest"


def test_who_serves_and_is_started_is_announced() -> None:
    wanted = Wanted("acme", "green", "shop:1.0", SETTINGS, serves=True)
    assert plan_colour(wanted, stopped()).words == "acme: green does not run, and is started as it is"
    assert plan_colour(wanted, container()).words == ""
