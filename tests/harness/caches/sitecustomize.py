# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two caches for the hundreds of playbooks that the tests run; found by every Python that the harness starts, through PYTHONPATH.

Ansible packs each module with all that it imports into a zip, anew in each run, and Python keeps no bytecode of what it imports from a
zip. So the same hundred files are read for their imports, packed and compiled for every task. Nine tasks with nine modules take 6.0 s of
processor without both caches, 4.6 s with the bytecode, 2.9 s with both. The code that runs is the same.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import sys
import time
import zipimport
from hashlib import sha256
from importlib.util import source_hash
from pathlib import Path
from types import CodeType
from typing import Any

HERE = Path(__file__).resolve()
# On the lab's server (its Dockerfile puts this file into /etc) what is kept ends with the server.
CACHE = Path("/run/bluegreen-lab") if HERE.parent.parent == Path("/etc") else HERE.parents[3] / "build" / "cache"
COMPILE = vars(zipimport)["_compile_source"]


def compiled(path: str, source: bytes) -> CodeType:
    """Return the bytecode of a source file, from the last time if there was one."""
    kept = CACHE / "bytecode" / f"{source_hash(source).hex()}-{len(source)}.{sys.implementation.cache_tag}"
    with contextlib.suppress(OSError, EOFError, ValueError, TypeError):
        code = marshal.loads(kept.read_bytes())
        if isinstance(code, CodeType):
            return code
    fresh: CodeType = COMPILE(path, source)
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        beside = kept.with_name(f"{kept.name}.{os.getpid()}")
        beside.write_bytes(marshal.dumps(fresh))
        beside.replace(kept)
    return fresh


def packed() -> Path:
    """Return the folder for packed modules of this ansible-core, these collections, and our collection as it is now."""
    ours = Path(os.environ["ANSIBLE_COLLECTIONS_PATH"]) / "ansible_collections" / "bluegreen" / "orchestrator" / "plugins"
    # An installation or an upgrade changes what lies in site-packages itself; only what is edited in there by hand is missed.
    installed = [path for path in map(Path, sys.path) if path.name == "site-packages"]
    sources = [path for name in ("modules", "module_utils") for path in sorted((ours / name).rglob("*.py"))]
    seen = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in installed + sources]
    return CACHE / "modules" / sha256(repr((sys.version, seen)).encode()).hexdigest()[:16]


def sweep(folder: Path) -> None:
    """Remove what nobody has packed anything into for a day: each edit of ours begins a folder of some 7 MB."""
    import shutil

    for old in folder.glob("*"):
        if old.stat().st_mtime < time.time() - 86_400:
            shutil.rmtree(old, ignore_errors=True)


def share_packed_modules() -> None:
    """Let ansible-core find its cache of packed modules, which lasts for one run, already filled: a link in its temporary folder."""
    import tempfile

    make = tempfile.mkdtemp

    def mkdtemp(*arguments: Any, **options: Any) -> Any:
        made = make(*arguments, **options)
        if str(options.get("prefix", "")).startswith("ansible-local-"):
            with contextlib.suppress(OSError):
                kept = packed()
                if not kept.exists():
                    sweep(kept.parent)
                kept.mkdir(parents=True, exist_ok=True)
                os.symlink(kept, os.path.join(made, "ansiballz_cache"))
        return made

    tempfile.mkdtemp = mkdtemp


vars(zipimport)["_compile_source"] = compiled
IS_PLAYBOOK = any(argument.endswith(("/ansible-playbook", "/preforked_server.py")) for argument in sys.orig_argv[:3])
# In the cache a module has its name only, so toys of one name and many contents (ANSIBLE_LIBRARY) stay out of it.
if IS_PLAYBOOK and "ANSIBLE_LIBRARY" not in os.environ and "ANSIBLE_COLLECTIONS_PATH" in os.environ:
    share_packed_modules()
