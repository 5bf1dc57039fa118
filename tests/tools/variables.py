# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/reference/variables.md, the table of GLOBAL and SITE conf, from the roles' argument specs.

python -m tests.tools.variables          write it (make docs does)
python -m tests.tools.variables --check  say whether it is current (the unit tests do)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.tools.pages import ROOT, write_or_check

PAGE = ROOT / "docs" / "reference" / "variables.md"
EXAMPLE = ROOT / "inventories" / "example"

HEAD = """# GLOBAL and SITE conf

Made by `make docs` from the roles' argument specs; do not edit it by hand. *Conf* says where a variable usually stands: GLOBAL is
`group_vars/all/` (true of every site or server; `group_vars/tenants/` for tenants), SITE is `host_vars/<site>/` (true of one site or
tenant). Both are only habits: Ansible's
precedence decides, and a site may set a GLOBAL variable for itself. `-e` marks what is given with one run.

Every playbook knows these besides:

| variable | conf | type | default | meaning |
| --- | --- | --- | --- | --- |
| `site_offers` | SITE | list of str | `[]` | What the site has bought; a playbook refuses a site that has not bought its offer. |
| `site_offers_external` | SITE | list of str | `[]` | Offers that someone else fulfils on this server; nothing is run for them. |
| `dry_run` | -e | bool | `true` | `false` applies; every run is a preview otherwise. |
| `audit_required` | GLOBAL | bool | `false` | Whether a run fails when its trace cannot be written. |
"""

# Named with one run, not kept in a file: the act itself.
ACTS = re.compile(
    r"^bluegreen_(target|hold|retire|retire_force|retire_volumes|maintenance|take_over|canary_\w+|deploy_\w+)$"
    r"|^tenant_(force|reason|take_over|validate|wait_seconds|status_all|smaller_tier|delete_data|confirm|confirm_needed)$"
    r"|^chatwoot_(take_over|validate|wait_seconds|verify|month|over_quota|suspend|reason|confirm|confirm_needed|without_backup|backup_name)$"
    r"|^chatwoot_(backup_wait_seconds|delete_data|restoring)$"
)
# What they set up is there once per server, whatever sites it carries.
SERVER_ROLES = ("base", "traefik")
# True of a cluster, not of one tenant.
GLOBAL = (
    *("tenant_tiers_extra", "tenant_namespace_prefix", "tenant_storage_class", "tenant_missing_crd", "tenant_ingress_namespaces"),
    *("chatwoot_plans_extra", "chatwoot_domain", "chatwoot_missing_crd", "chatwoot_ingress_namespaces", "chatwoot_api_ports"),
    *("chatwoot_monitoring", "chatwoot_monitoring_namespaces", "chatwoot_monitoring_labels", "chatwoot_image"),
)
MARKUP = re.compile(r"\b[A-Z]\(([^)]*)\)")


def load(path: Path) -> Any:
    """Read a YAML file; an inventory's templates are texts to us."""
    return yaml.safe_load(path.read_text())


def global_names() -> set[str]:
    """The variables that the example inventory sets for all sites."""
    return {
        name
        for group in ("all", "tenants", "desks")
        for path in (EXAMPLE / "group_vars" / group).glob("*.yml")
        for name in load(path) or {}
    }


def conf(role: str, name: str) -> str:
    """Where a variable usually stands."""
    if ACTS.search(name):
        return "-e"
    return "GLOBAL" if role in SERVER_ROLES or name.endswith("_dir") or name in GLOBAL or name in global_names() else "SITE"


def rows(role: str, options: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """One line per option, those of a dictionary below it."""
    for name, option in options.items():
        full = f"{prefix}{name}"
        kind = f"list of {option['elements']}" if option.get("elements") else option["type"]
        default = f"`{json.dumps(option['default'])}`" if "default" in option else "required" if option.get("required") else ""
        described = option["description"]
        words = MARKUP.sub(r"\1", " ".join([described] if isinstance(described, str) else described))
        choices = f" One of {', '.join(map(str, option['choices']))}." if "choices" in option else ""
        cells = [f"`{full}`", "" if prefix else conf(role, name), kind, default, f"{words}{choices}"]
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
        yield from rows(role, option.get("options", {}), f"{full}.")


def page() -> str:
    """The whole document."""
    parts = [HEAD]
    for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        role = path.parent.parent.name
        options: dict[str, Any] = {}
        for spec in load(path)["argument_specs"].values():
            options |= {name: option for name, option in spec["options"].items() if name not in options}
        head = f"## Role `{role}`\n\n| variable | conf | type | default | meaning |\n| --- | --- | --- | --- | --- |\n"
        parts.append(head + "\n".join(rows(role, options)) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    write_or_check(PAGE, page, "The table of GLOBAL and SITE conf.")
