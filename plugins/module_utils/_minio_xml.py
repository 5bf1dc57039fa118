# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The XML of S3's settings as plain data and back, whatever is in it.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError

# Elements that may come more than once; each is a list, also of one. Any other is a list only where it does.
REPEATED: Final = frozenset(
    {
        "Rule",
        "Tag",
        "Event",
        "FilterRule",
        "QueueConfiguration",
        "TopicConfiguration",
        "CloudFunctionConfiguration",
        "ExcludedPrefixes",
    }
)
NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"

Data = dict[str, Any]


def parse(text: bytes) -> Data:
    """Return what is in the outermost element.

    Raises:
        BlueGreenError: it is no XML.
    """
    try:
        found = _data(ElementTree.fromstring(text))
    except ElementTree.ParseError:
        raise BlueGreenError("the answer of the storage server is no XML; see whether something else answers at endpoint.") from None
    return found if isinstance(found, dict) else {}


def render(name: str, data: Mapping[str, Any]) -> bytes:
    """Write data as an element of S3's namespace, in the order in which it is given."""
    root = ElementTree.Element(name, {"xmlns": NAMESPACE})
    _fill(root, data)
    return bytes(ElementTree.tostring(root, encoding="utf-8"))


def _data(element: ElementTree.Element) -> Data | str:
    if not len(element):
        return element.text or ""
    found: Data = {}
    for child in element:
        name, value = child.tag.rpartition("}")[2], _data(child)
        if name in REPEATED or isinstance(found.get(name), list):
            found.setdefault(name, []).append(value)
        elif name in found:
            found[name] = [found[name], value]
        else:
            found[name] = value
    return found


def _fill(element: ElementTree.Element, data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            child = ElementTree.SubElement(element, name)
            if isinstance(one, Mapping):
                _fill(child, one)
            else:
                child.text = str(one)
