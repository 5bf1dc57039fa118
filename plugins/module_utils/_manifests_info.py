# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there of a set of manifests.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _manifests
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api import Api
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import KUBERNETES_SPEC, opened
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_kinds import MANIFEST_KINDS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_steps import is_ours, set_of

INFO_SPEC: Final[dict[str, Any]] = {
    "set": {"type": "str", "required": True},
    "namespaces": {"type": "list", "elements": "str", "required": True},
    "kinds": {"type": "list", "elements": "str", "required": True},
    **KUBERNETES_SPEC,
}


def run(params: Mapping[str, Any], *, check_mode: bool) -> dict[str, Any]:
    """Read the objects of a set.

    Args:
        params: the options of ``INFO_SPEC``, validated.
        check_mode: makes no difference.

    Raises:
        BlueGreenError: it cannot be read.
    """
    del check_mode
    given = {"manifests": [], "state": "absent", **params}
    _manifests.wanted_of(given)
    places = _manifests.places_of(given, [])
    with opened(params) as access:
        api = Api(access, timeout=params["request_timeout"])
        found, missing = _manifests.read(api, places)
    objects = [
        {"kind": MANIFEST_KINDS[kind].kind, "namespace": namespace or None, "name": name}
        for (kind, namespace, name), one in sorted(found.items())
        if is_ours(one) and set_of(one) == params["set"]
    ]
    return {"changed": False, "objects": objects, "missing_kinds": sorted(missing), "requests": dict(sorted(api.requests.items()))}
