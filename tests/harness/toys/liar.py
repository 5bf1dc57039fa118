# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A toy module that writes a file and lies about it in one chosen way: the harness must catch every lie."""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule


def lie_in_preview(module: AnsibleModule, path: Path) -> None:
    """Do what a preview must not do."""
    lie = module.params["lie"]
    if lie == "writes":
        path.write_text(module.params["content"])
    elif lie == "changes the mode":
        path.chmod(0o600)
    elif lie == "rewrites the same":
        path.write_bytes(path.read_bytes())
    elif lie == "covers its traces":
        before = path.stat()
        path.write_bytes(path.read_bytes())
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif lie == "comes and goes":
        (path.parent / "guest").write_text("")
        (path.parent / "guest").unlink()
    elif lie == "posts":
        urllib.request.urlopen(urllib.request.Request(module.params["url"], data=b"x", method="POST"), timeout=5).close()


def outcome(module: AnsibleModule, path: Path) -> dict[str, Any]:
    """What it says it did, true but for the chosen lie."""
    lie, content = module.params["lie"], module.params["content"]
    before = path.read_text() if path.exists() else ""
    changed, after = before != content, content
    if lie == "restless":
        changed = True
    if module.check_mode:
        changed = changed and lie != "denies in the preview"
        after = content + "and more\n" if lie == "shows another diff" else content
    elif lie == "only promises":
        changed = False
    return {"changed": changed, "diff": {"before": before, "after": after if changed else before}}


def main() -> None:
    """Say, lie, write."""
    spec = {"path": {"type": "path"}, "content": {"type": "str"}, "lie": {"type": "str"}, "url": {"type": "str"}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    path = Path(module.params["path"])
    said = outcome(module, path)
    if module.check_mode:
        lie_in_preview(module, path)
    elif module.params["lie"] == "writes on in silence":
        path.write_text((path.read_text() if path.exists() else "") + "one more line\n")
        said = {"changed": not said["diff"]["before"], "diff": said["diff"]}
    else:
        path.write_text(module.params["content"])
    module.exit_json(**said)


if __name__ == "__main__":
    main()
