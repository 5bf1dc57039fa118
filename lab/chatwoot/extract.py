# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes openapi.json: of Chatwoot's own description, the paths that the stand-in has and the schemas that they refer to.

    python -m lab.chatwoot.extract /path/to/swagger.json

The source is ``swagger/swagger.json`` of github.com/chatwoot/chatwoot at the commit below.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("openapi.json")

ORIGIN = {
    "source": "https://github.com/chatwoot/chatwoot swagger/swagger.json",
    "commit": "e6dfb91fcc40ea0df3f36cb50883859db4f7b4bc",
    "version": "between Chatwoot 4.14.1 and 4.14.2 (2026-06-10)",
    "licence": "MIT, see openapi.LICENSE beside this file",
    "made_by": "python -m lab.chatwoot.extract: paths chosen, descriptions and examples left out, nothing else changed",
}

PATHS = (
    "/platform/api/v1/accounts",
    "/platform/api/v1/accounts/{account_id}",
    "/platform/api/v1/accounts/{account_id}/account_users",
    "/platform/api/v1/agent_bots",
    "/platform/api/v1/agent_bots/{id}",
    "/platform/api/v1/users",
    "/platform/api/v1/users/{id}",
    "/api/v1/accounts/{account_id}",
    "/api/v1/accounts/{account_id}/agent_bots",
    "/api/v1/accounts/{account_id}/agent_bots/{id}",
    "/api/v1/accounts/{account_id}/agents",
    "/api/v1/accounts/{account_id}/agents/{id}",
    "/api/v1/accounts/{account_id}/contacts",
    "/api/v1/accounts/{account_id}/conversations",
    "/api/v1/accounts/{account_id}/conversations/meta",
    "/api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status",
    "/api/v1/accounts/{account_id}/inboxes",
    "/api/v1/accounts/{account_id}/inboxes/{id}",
    "/api/v1/accounts/{account_id}/inboxes/{id}/agent_bot",
    "/api/v1/accounts/{account_id}/inboxes/{id}/set_agent_bot",
    "/api/v1/accounts/{account_id}/inbox_members",
    "/api/v1/accounts/{account_id}/inbox_members/{inbox_id}",
    "/api/v1/accounts/{account_id}/webhooks",
    "/api/v1/accounts/{account_id}/webhooks/{webhook_id}",
    "/api/v1/profile",
    "/api/v2/accounts/{account_id}/reports/summary",
)

# For people: the stand-in validates, and does not explain.
LEFT_OUT = ("description", "example", "examples", "tags", "summary")


def extract(whole: dict[str, Any]) -> dict[str, Any]:
    """Return what the stand-in needs of the whole description."""
    paths = {path: _bare(whole["paths"][path]) for path in PATHS}
    parts: dict[str, dict[str, Any]] = {}
    wanted = _references(paths)
    while wanted:
        reference = wanted.pop()
        _, _, part, name = reference.split("/")
        if name in parts.setdefault(part, {}):
            continue
        parts[part][name] = _bare(whole["components"][part][name])
        wanted |= _references(parts[part][name])
    return {"_origin": ORIGIN, "openapi": whole["openapi"], "info": whole["info"], "paths": paths, "components": parts}


def written(found: dict[str, Any]) -> str:
    """Return the extract as it is kept: one path or schema a line, so that a newer one can be compared."""
    lines = ["{"]
    for key in ("_origin", "openapi", "info"):
        lines.append(f'"{key}": {json.dumps(found[key])},')
    lines.append(f'"paths": {_listed(found["paths"])},')
    parts = ",\n".join(f'"{part}": {_listed(names)}' for part, names in sorted(found["components"].items()))
    return "\n".join([*lines, f'"components": {{\n{parts}\n}}', "}\n"])


def _listed(named: dict[str, Any]) -> str:
    inner = ",\n".join(f"{json.dumps(name)}: {json.dumps(named[name])}" for name in sorted(named))
    return f"{{\n{inner}\n}}"


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        # A property may be called like one of them, and is a schema then.
        return {key: _bare(item) for key, item in value.items() if key not in LEFT_OUT or (isinstance(item, dict) and "type" in item)}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(_references, value.values()))
    return set().union(*map(_references, value)) if isinstance(value, list) else set()


if __name__ == "__main__":
    FILE.write_text(written(extract(json.loads(Path(sys.argv[1]).read_text()))))
