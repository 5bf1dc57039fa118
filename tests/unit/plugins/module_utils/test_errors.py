# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a user's value a sentence shows, and how."""

from __future__ import annotations

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError, cut, quoted


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("acme", "'acme'"),
        (7, "7"),
        ("x" * 81, repr("x" * 80 + "…")),
        ("https://shop.example/a@b", "'https://shop.example/a@b'"),
        ("redis://:very-secret@cache:6379", "'redis://********@cache:6379'"),
        ("url=https://me:very/secret@s3.example", "'url=https://********@s3.example'"),
        (["redis://:very-secret@a", "redis://:very-secret@b"], "['redis://********@a', 'redis://********@b']"),
        ({"url": "https://" + "very-secret" * 9 + "@x"}, "{'url': 'https://********@x'}"),
    ],
)
def test_a_value_is_shown_without_end_and_without_a_login(value: object, shown: str) -> None:
    assert quoted(value) == shown
    assert "very-secret" not in cut(str(value))


def test_a_sentence_is_one_line_and_moves_no_cursor() -> None:
    error = BlueGreenError("tiers.\n\x1b[2J\x9b\u202e\ud800é: no.", status=1)
    assert error.sentence == str(error) == "tiers.\\n\\x1b[2J\\x9b\\u202e\\ud800é: no."
    assert error.facts == {"status": 1}
