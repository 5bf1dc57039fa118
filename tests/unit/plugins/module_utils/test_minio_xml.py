# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML as data and back: nothing of it is lost, and what is none of a storage server's is not taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _minio_xml as xml
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError

PARSED: list[tuple[str, dict[str, Any]]] = [
    ("<A/>", {}),
    ("<A></A>", {}),
    ("<A>text</A>", {}),
    ('<?xml version="1.0" encoding="UTF-8"?>\n<A xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><B>1</B></A>', {"B": "1"}),
    ('<x:A xmlns:x="urn:other"><x:B>1</x:B></x:A>', {"B": "1"}),
    ("<A>\n  <B>1</B>\n  <C>\n    <D>2</D>\n  </C>\n</A>\n", {"B": "1", "C": {"D": "2"}}),
    # Nothing, in four spellings; and a space, which is something.
    ("<A><B/><C></C><D>\n  </D><E> </E></A>", {"B": "", "C": "", "D": "", "E": " "}),
    ("<A><Bucket>arn</Bucket></A>", {"Bucket": "arn"}),
    ("<A><Rule/></A>", {"Rule": [""]}),
    ("<A><Rule><ID>1</ID></Rule></A>", {"Rule": [{"ID": "1"}]}),
    ("<A><Tag><Key>a</Key></Tag><B>1</B><Tag><Key>b</Key></Tag></A>", {"Tag": [{"Key": "a"}, {"Key": "b"}], "B": "1"}),
    # What comes more than once although nobody said so is a list, too: the first of the two would be lost.
    ("<A><Transition><Days>1</Days></Transition><Transition/><Transition/></A>", {"Transition": [{"Days": "1"}, "", ""]}),
    ("<A><B>&amp;&lt;&#233;</B></A>", {"B": "&<é"}),
]


@pytest.mark.parametrize(("text", "data"), PARSED)
def test_what_is_read(text: str, data: dict[str, Any]) -> None:
    assert xml.parse(text.encode(), "A") == data


@pytest.mark.parametrize("data", [data for _, data in PARSED if data])
def test_what_is_written_is_read_again(data: dict[str, Any]) -> None:
    text = xml.render("A", data)
    assert xml.parse(text, "A") == data
    assert text.startswith(b'<A xmlns="http://s3.amazonaws.com/doc/2006-03-01/">')


def test_nothing_is_written_for_an_empty_list() -> None:
    assert xml.parse(xml.render("A", {"Rule": [], "B": {}}), "A") == {"B": ""}


NONE = [b"", b" ", b"<A>", b"{}", b"\x00", "<A/>".encode("utf-16")[3:], b"<html><body>Log in</body></html>", b"<B/>", b"<A/><A/>"]


@pytest.mark.parametrize("text", NONE, ids=str)
def test_what_is_none_of_a_storage_servers_is_a_sentence(text: bytes) -> None:
    with pytest.raises(
        BlueGreenError, match="the answer of the storage server is no A of S3; see whether something else answers at endpoint"
    ):
        xml.parse(text, "A")


def test_an_answer_that_would_fill_the_memory_is_refused() -> None:
    """Ten entities of ten of ten…; expat knows the trick."""
    entities = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12))
    with pytest.raises(BlueGreenError, match="is no A of S3"):
        xml.parse(f'<!DOCTYPE A [<!ENTITY a0 "aaaaaaaaaa">{entities}]><A><B>&a11;</B></A>'.encode(), "A")
