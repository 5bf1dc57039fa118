# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a container, case by case."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._container_plan import (
    LABEL,
    SETTINGS_LABEL,
    Wanted,
    comparable,
    conflicts,
    plan_colour,
    trouble,
)

SETTINGS: dict[str, Any] = {"env": {"MODE": "shop", "WORKERS": 4}, "limits": {"memory": "512M"}, "port": 18082}
CREATED = "2026-11-21T10:00:00.5Z"
BEFORE, AFTER = 1795255200.4, 1795255200.6


def container(**changes: Any) -> dict[str, Any]:
    """A container as this role makes it, running, with image shop:1.0."""
    labels = {f"{LABEL}.site": "acme", f"{LABEL}.colour": "green", SETTINGS_LABEL: json.dumps(comparable(SETTINGS))}
    config = {"Image": "shop:1.0", "Env": ["PATH=/bin", "MODE=shop", "WORKERS=4"], "Labels": labels}
    made: dict[str, Any] = {"Id": "c1", "Image": "sha256:10", "Created": CREATED, "Config": config, "State": {"Running": True}}
    return made | changes


def stopped() -> dict[str, Any]:
    return container(State={"Running": False})


def with_config(**changes: Any) -> dict[str, Any]:
    made = container()
    made["Config"] |= changes
    return made


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
    ("serves, as declared", wanted(serves=True), container(), "keep", "", ()),
    ("serves, other limits", wanted(serves=True, settings=OTHER), container(), "keep", "", ("limits",)),
    ("serves, a secret is newer", wanted(serves=True, secrets_changed=AFTER), container(), "keep", "", ("secrets",)),
    ("serves, but is stopped", wanted(serves=True), stopped(), "start", "", ()),
    ("serves, deploy is asked all the same", wanted(serves=True, deploy=True, image="shop:1.1"), container(), "keep", "", ()),
    ("deploy", wanted(deploy=True, image="shop:1.1"), container(), "replace", "shop:1.1", ("image",)),
    ("deploy of what runs", wanted(deploy=True, image_id="sha256:10"), container(), "keep", "", ()),
    ("deploy of a tag that was moved", wanted(deploy=True, image_id="sha256:11"), container(), "replace", "shop:1.0", ("image",)),
    ("deploy onto a stopped one", wanted(deploy=True, image="shop:1.1"), stopped(), "replace", "shop:1.1", ("image",)),
    ("deploy of what is stopped", wanted(deploy=True), stopped(), "start", "", ()),
    ("deploy with other settings", wanted(deploy=True, settings=OTHER), container(), "replace", "shop:1.0", ("limits",)),
    ("a stranger", wanted(), with_config(Labels={}), "refuse", "", ()),
    ("a stranger without labels", wanted(), with_config(Labels=None), "refuse", "", ()),
    ("of another site", wanted(site="globex"), container(), "refuse", "", ()),
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


def site(address: str = "web1", hosts: tuple[str, ...] = (), **ports: int) -> dict[str, Any]:
    return {"address": address, "hosts": list(hosts), "ports": ports}


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
        ({"acme": {"address": None, "hosts": None, "ports": None}}, {}),
    ],
)
def test_what_two_sites_claim(sites: dict[str, dict[str, Any]], said: dict[str, str]) -> None:
    found = conflicts(sites)
    assert found.keys() == said.keys()
    assert all(said[name] in sentence for name, sentence in found.items())
