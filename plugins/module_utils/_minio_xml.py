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


def parse(text: bytes, name: str, *others: str) -> Data:
    """Return what is in the outermost element.

    Args:
        text: the XML.
        name: that the outermost element must have: a page of HTML may be good XML, too.
        others: by which some servers call it.

    Raises:
        BlueGreenError: it is none of these.
    """
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError):
        root = None
    if root is None or _name(root) not in (name, *others):
        raise BlueGreenError(f"the answer of the storage server is no {name} of S3; see whether something else answers at endpoint.")
    found = _data(root)
    return found if isinstance(found, dict) else {}


def render(name: str, data: Mapping[str, Any]) -> bytes:
    """Write data as an element of S3's namespace, in the order in which it is given."""
    root = ElementTree.Element(name, {"xmlns": NAMESPACE})
    _fill(root, data)
    return bytes(ElementTree.tostring(root, encoding="utf-8"))


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _data(element: ElementTree.Element) -> Data | str:
    if not len(element):
        text = element.text or ""
        # A line of nothing is how some servers set their XML; a space may be somebody's.
        return text if text.strip() or "\n" not in text else ""
    found: Data = {}
    for child in element:
        name = _name(child)
        if name in REPEATED or isinstance(found.get(name), list):
            found.setdefault(name, []).append(_data(child))
        else:
            # What we do not know may come twice, too.
            found[name] = [found[name], _data(child)] if name in found else _data(child)
    return found


def _fill(element: ElementTree.Element, data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            child = ElementTree.SubElement(element, name)
            if isinstance(one, Mapping):
                _fill(child, one)
            else:
                child.text = str(one)
