# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs of preforked.py need not work out again: compiled templates, and the YAML of our files and of what is installed.

Each worker of ansible-core compiles each template anew, and each run parses the same role: 12 and 7 % of a run's processor. Another third
of what a run takes before its first task goes into the documentation of plugins (their options are in it) and collections' routing. What is
kept is keyed by everything that it follows from. No file of an inventory or of variables is kept, but the templates in them are, so what is
kept is for its owner only.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import pickle
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import Any

OURS = "/ansible_collections/bluegreen/orchestrator/"


def kept(folder: Path, key: object, make: Callable[[], bytes]) -> bytes:
    """Return what was made of a key before, or make it now."""
    path = folder / sha256(repr((sys.version, key)).encode()).hexdigest()
    with contextlib.suppress(OSError):
        return path.read_bytes()
    made = make()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.write_bytes(made)
        beside.replace(path)
    return made


def keep_templates(folder: Path) -> None:
    """Compile a template or an expression once, whichever process needs it."""
    import jinja2
    from ansible import release
    from ansible._internal._templating import _jinja_bits as bits
    from jinja2.environment import TemplateExpression

    compile_, compile_expression_ = bits.AnsibleEnvironment.compile, bits.AnsibleEnvironment.compile_expression
    settings = bits._TEMPLATE_OVERRIDE_FIELD_NAMES
    seen: list[CodeType] = []

    def key(environment: Any, kind: str, source: str) -> object:
        context = bits._TemplateCompileContext.current(optional=True)
        escapes = context.escape_backslashes if context else None
        return release.__version__, jinja2.__version__, kind, escapes, [getattr(environment, name) for name in settings], str(source)

    def compile_once(self: Any, source: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(source, str) or arguments or options:
            code = compile_(self, source, *arguments, **options)
            seen[:] = [code]
            return code
        return marshal.loads(kept(folder, key(self, "template", source), lambda: marshal.dumps(compile_(self, source))))

    def compile_expression(self: Any, source: str, undefined_to_none: bool = True) -> Any:
        def make() -> bytes:
            compile_expression_(self, source, undefined_to_none)
            return marshal.dumps(seen.pop())

        code = marshal.loads(kept(folder, key(self, "expression", source), make))
        return TemplateExpression(self.template_class.from_code(self, code, self.make_globals(None), None), undefined_to_none)

    type.__setattr__(bits.AnsibleEnvironment, "compile", compile_once)
    type.__setattr__(bits.AnsibleEnvironment, "compile_expression", compile_expression)


def keep_yaml(folder: Path) -> None:
    """Parse a file of our collection once."""
    from ansible import release
    from ansible.parsing.dataloader import DataLoader

    load_ = DataLoader.load_from_file

    def load_from_file(self: Any, file_name: str, *arguments: Any, **options: Any) -> Any:
        if OURS not in file_name or not os.path.exists(file_name):
            return load_(self, file_name, *arguments, **options)
        seen = os.stat(file_name)
        key = release.__version__, file_name, seen.st_mtime_ns, seen.st_size, arguments, sorted(options.items())
        return pickle.loads(kept(folder, key, lambda: pickle.dumps(load_(self, file_name, *arguments, **options))))

    type.__setattr__(DataLoader, "load_from_file", load_from_file)


def keep_documentation(folder: Path) -> None:
    """Parse the documentation of a plugin and the routing of a collection once."""
    import yaml
    from ansible import release

    load_ = yaml.load

    def load(stream: Any, *arguments: Any, **options: Any) -> Any:
        # A text's tags (where it comes from, whether its templates are trusted) are in its pickle, and go into what is parsed.
        loader = getattr(options.get("Loader"), "__name__", "")
        if not isinstance(stream, (str, bytes)) or loader not in ("AnsibleLoader", "CBaseLoader"):
            return load_(stream, *arguments, **options)
        key = release.__version__, loader, pickle.dumps(stream)
        return pickle.loads(kept(folder, key, lambda: pickle.dumps(load_(stream, **options))))

    vars(yaml)["load"] = load
