# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traefik rules, good and bad (with a part of our sentence); used by the unit test of the parser and by the test on the real Traefik."""

from __future__ import annotations

GOOD_RULES = [
    "Host(`a.example`)",
    'Host("a.example")',
    "host(`a.example`)",
    "HOST(`a.example`)",
    "Host(`a.example`) || Host(`b.example`)",
    "Host(`a.example`) && PathPrefix(`/api`)",
    "  Host( `a.example` )&&!Path(`/x`)  ",
    "!(Host(`a.example`) || Method(`POST`)) && ClientIP(`10.0.0.0/8`)",
    "((Host(`a.example`)))",
    "HostRegexp(`^[a-z]+\\.example$`)",
    "Header(`X-A`, `b`)",
    "HeaderRegexp(`X-A`, `^b`)",
    "Query(`a`)",
    "Query(`a`, `b`)",
    "QueryRegexp(`a`, `^b`)",
    "PathRegexp(`^/x`)",
    "Host(`a.example`) && (Path(`/a`) || Path(`/b`)) && !Method(`DELETE`)",
]

BAD_RULES = {
    "": "it ends where a matcher",
    "a.example": "unexpected '.example'",
    "Bogus(`x`)": "'Bogus' is no matcher",
    "hOST(`a.example`)": "'hOST' is no matcher",
    "Host(a.example)": "unexpected '.example)'",
    "Host('a.example')": "texts stand in backticks",
    "Host(`a.example`": "')' is missing",
    "Host(`a.example`))": "unexpected ')'",
    "Host(`a.example`) Path(`/x`)": "unexpected 'Path'",
    "Host(`a.example`) &&": "it ends where a matcher",
    "&& Host(`a.example`)": "is no matcher",
    "Host(`a.example`) & Path(`/x`)": "unexpected '&",
    "Host(`a.example`) and Path(`/x`)": "unexpected 'and'",
    "Host(`a.example`, `b.example`)": "Host takes 1 text(s), 2 given",
    "Host()": "Host takes 1 text(s), 0 given",
    "Header(`X-A`)": "Header takes 2 text(s), 1 given",
    "Query(`a`, `b`, `c`)": "Query takes 1 or 2 text(s), 3 given",
    "Path(`x`)": "does not start with a slash",
    "PathPrefix(`x`)": "does not start with a slash",
    "Host(`bücher.example`)": "not ASCII",
    "Host(`a.example": "unexpected '`a.example'",
    "(Host(`a.example`)": "')' is missing",
    "!": "it ends where a matcher",
}
