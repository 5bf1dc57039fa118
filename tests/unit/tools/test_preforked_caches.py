# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs of the tests keep of one another is what they would have worked out themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible import release

from tests.harness import preforked_caches


def test_documentation_is_kept_for_one_release_of_ansible(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What it is parsed to is of ansible-core's own types, which another release may have otherwise."""
    monkeypatch.setitem(vars(yaml), "load", yaml.load)
    preforked_caches.keep_documentation(tmp_path)
    for kept in (1, 1):
        assert yaml.load("a: [b]", Loader=yaml.CBaseLoader) == {"a": ["b"]}
        assert len(list(tmp_path.iterdir())) == kept
    monkeypatch.setattr(release, "__version__", "0.0.0")
    assert yaml.load("a: [b]", Loader=yaml.CBaseLoader) == {"a": ["b"]}
    assert len(list(tmp_path.iterdir())) == 2
    assert yaml.load("a: 1", Loader=yaml.SafeLoader) == {"a": 1}
    assert len(list(tmp_path.iterdir())) == 2, "other loaders are left alone"
