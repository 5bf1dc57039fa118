# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results in words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._switch_filters import gate_words, status_words

GATE = {"colour": "green", "url": "http://x/health", "passed": True, "probes": 1, "reasons": [], "elapsed_ms": 3.0}
DIRECTORY: dict[str, Any] = {"blocking_files": [], "unjudged_files": [], "default_certificate": True}
SITE: dict[str, Any] = {
    "site": "acme",
    "exists": True,
    "problem": None,
    "active": "green",
    "previous": "blue",
    "rolled_back": None,
    "last_change": "2026-11-20T17:02:11Z",
    "last_change_age": 7300,
    "canary": None,
    "sticky": None,
    "preview": None,
    "maintenance": None,
    "hold": None,
    "serving": "green",
    "in_step": True,
    "lock": {"held": False, "owner": None, "left_behind": False},
    "claim": None,
    "colours": {
        "blue": {"active": False, "healthy": True, "servers": [{"url": "http://b", "healthy": True, "reason": None}]},
        "green": {"active": True, "healthy": True, "servers": [{"url": "http://g", "healthy": True, "reason": None}]},
    },
}


def test_gate_words() -> None:
    assert gate_words(GATE) == "gate green http://x/health: passed (1 probe, 3 ms)"
    closed = {**GATE, "passed": False, "probes": 4, "reasons": ["a", "b"]}
    assert gate_words(closed) == "gate green http://x/health: closed (4 probes, 3 ms): a; b"


def test_a_site_that_is_well() -> None:
    assert status_words({"sites": [SITE], "directory": DIRECTORY}) == [
        "acme: green serves; its route changed at 2026-11-20T17:02:11Z (2 h ago)",
        "acme: blue (idle) http://b is well",
        "acme: green (active) http://g is well",
        "acme: a rollback would go to blue",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {
                "colours": {
                    "blue": {"active": False, "healthy": False, "servers": [{"url": "http://b", "healthy": False, "reason": "status 503"}]}
                }
            },
            "acme: blue (idle) http://b is not well: status 503",
        ),
        ({"exists": False}, "acme: no route yet; the playbook bluegreen makes it"),
        ({"in_step": False, "serving": "blue"}, "acme: Traefik serves blue, not what the file says; look into Traefik's log"),
        ({"in_step": False, "serving": None}, "acme: Traefik serves nothing, not what the file says; look into Traefik's log"),
        ({"problem": "Traefik's API cannot be asked: x"}, "acme: Traefik's API cannot be asked: x"),
        ({"canary": 10}, "acme: 10 % of the visitors are on blue; a rollback would end that canary"),
        (
            {"canary": 10, "sticky": {"cookie": "acme-colour"}},
            "acme: 10 % of the visitors are on blue, and keep it by the cookie acme-colour; a rollback would end that canary",
        ),
        ({"maintenance": {"servers": ["http://p"], "allow": []}}, "acme: visitors see the maintenance page of http://p"),
        (
            {"maintenance": {"servers": ["http://p"], "allow": ["192.0.2.0/24"]}},
            "acme: visitors see the maintenance page of http://p, but for 192.0.2.0/24",
        ),
        (
            {"claim": {"colour": "green", "work": "deploy", "owner": "ann on web1", "age": 75}},
            (
                "acme: green is in work: deploy by ann on web1, for 1 min; if that run was killed, finish it by the playbook deploy with"
                " -e bluegreen_take_over=true"
            ),
        ),
        ({"hold": "blue", "lock": {"held": True, "owner": "me", "left_behind": False}}, "acme: writes wait for blue"),
        (
            {"hold": "blue"},
            "acme: every write FAILS: the process that held the writes is gone; end it now with the playbook hold, -e bluegreen_hold=abort",
        ),
        ({"preview": {"colour": "blue", "host": "p.example", "header": None}}, "acme: blue can be previewed at p.example"),
        ({"preview": {"colour": "blue", "host": None, "header": "X-P"}}, "acme: blue can be previewed by the header X-P"),
        ({"previous": None, "rolled_back": "green"}, "acme: the last change was a rollback, from green"),
        ({"lock": {"held": True, "owner": "me", "left_behind": False}}, "acme: being changed right now by me"),
        ({"lock": {"held": False, "owner": "me", "left_behind": True}}, "acme: an earlier run did not end in order: me"),
        ({"last_change": None, "last_change_age": None}, "acme: green serves"),
        (
            {"colours": {**SITE["colours"], "blue": {"active": False, "healthy": False, "servers": []}}},
            "acme: a rollback would be refused as it is now, for it would go to blue, which is not well",
        ),
        ({"last_change_age": 59}, "acme: green serves; its route changed at 2026-11-20T17:02:11Z (59 s ago)"),
        ({"last_change_age": 200000}, "acme: green serves; its route changed at 2026-11-20T17:02:11Z (2 d ago)"),
    ],
)
def test_what_an_operator_must_know(changes: dict[str, Any], line: str) -> None:
    assert line in status_words({"sites": [{**SITE, **changes}], "directory": DIRECTORY})


def test_a_file_that_is_not_ours_has_no_more_to_say() -> None:
    site = {"site": "acme", "exists": True, "problem": "not ours", "lock": SITE["lock"]}
    assert status_words({"sites": [site], "directory": DIRECTORY}) == ["acme: not ours"]


def test_the_directory() -> None:
    directory = {
        "blocking_files": [{"path": "/d/x.yml", "problem": "bad"}],
        "unjudged_files": [{"path": "/d/t.yml", "reason": "a template"}],
        "default_certificate": False,
    }
    assert status_words({"sites": [], "directory": directory}) == [
        "Traefik ignores every change until /d/x.yml is mended: bad",
        "/d/t.yml could not be checked: a template",
        "no default certificate is configured: every switch is 40-190 ms slower than it need be",
    ]
