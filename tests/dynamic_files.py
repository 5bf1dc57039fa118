# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic files, and whether Traefik goes on taking changes while one of them lies in its directory.

Used by the unit test of our own verdict and by the integration test that asks the real Traefik.
"""

from __future__ import annotations

ROUTER = "http:\n  routers:\n    x: {rule: 'Path(`/x`)', service: acme-blue}\n"

# name: (content, words of our problem, None where Traefik takes it)
FILES: dict[str, tuple[bytes, str | None]] = {
    "good.yml": (ROUTER.encode(), None),
    "good.toml": (b"[http.routers.x]\nrule = 'Path(`/x`)'\nservice = 'acme-blue'\n", None),
    "empty.yml": (b"", None),
    "comment.yml": (b"# nothing yet\n", None),
    "null-section.yml": (b"http:\n", None),
    "unknown-top.yml": (b"foo: 1\n", None),
    "anchor.yml": (b"x-common: &a {service: acme-blue}\nhttp:\n  routers:\n    x: {<<: *a, rule: 'Path(`/x`)'}\n", None),
    "upper-case.yml": (b"HTTP:\n  Routers:\n    x: {Rule: 'Path(`/x`)', service: acme-blue}\n", None),
    "bad-rule.yml": (b"http:\n  routers:\n    x: {rule: 'Bogus(`/x`)', service: acme-blue}\n", None),
    "empty-tls.yml": (b"http:\n  routers:\n    x: {rule: 'Path(`/x`)', service: acme-blue, tls: {}}\n", None),
    "not-ours.yml.bak": (b"a: [", None),
    "not-ours.json": (b"{", None),
    "twice.yml": (ROUTER.encode() + b"    x: {rule: 'Path(`/y`)', service: acme-blue}\n", "the key 'x' stands twice (line 4)"),
    "syntax.yml": (b"a: [", "it is not valid YAML"),
    "syntax.yaml": (b"a: [", "it is not valid YAML"),
    "SYNTAX.YML": (b"a: [", "it is not valid YAML"),
    ".hidden.yml": (b"a: [", "it is not valid YAML"),
    "folder/syntax.yml": (b"a: [", "it is not valid YAML"),
    "tab.yml": (b"http:\n\trouters: {}\n", "it is not valid YAML"),
    "scalar.yml": (b"hello\n", "it is not a mapping"),
    "list.yml": (b"- a\n", "it is not a mapping"),
    "latin1.yml": (b"# caf\xe9\nhttp:\n", "it is not UTF-8 text"),
    "syntax.toml": (b"[http\n", "it is not valid TOML"),
    "empty-http.yml": (b"http: {}\n", "http is empty"),
    "null-routers.yml": (b"http:\n  routers:\n", "http.routers is empty"),
    "empty-routers.yml": (b"http:\n  routers: {}\n", "http.routers is empty"),
    "null-router.yml": (b"http:\n  routers:\n    x:\n", "http.routers.x is empty"),
    "second-document.yml": (b"http: {}\n---\nhttp:\n", "http is empty"),
}
