# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ansible-test sanity` on what is shipped, with the ansible-core of the virtual environment given as argument.

ansible-test makes its own virtual environments and asks one host of its project for the script that puts pip into them; here
Python's own ensurepip does that, so a package index is all that has to be reachable. It hands few variables on to pip, so
what pip knows here (index, certificates, proxy) is written down in the home that it gets, which is not the user's.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.tools import artifact, pythons
from tests.tools.stages import BUILD

SUPPORTED_PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")


def main() -> int:
    """Prepare the home and the tree, then let ansible-test judge."""
    venv = Path(sys.argv[1]).resolve()
    work = BUILD / "sanity" / venv.name.lstrip(".")
    home = work / "home"
    _seed_pip(home, venv / "bin/python")
    _write_pip_settings(home)
    tree = artifact.unpack(artifact.build(work / "artifact"), work / "collections")
    environment = _environment(home, venv)
    # Without a repository of its own the tree would be taken for a part of ours, in which git ignores build/: no file, no finding.
    subprocess.run(["git", "init", "--quiet"], cwd=tree, env=environment, check=True)
    command = [str(venv / "bin/ansible-test"), "sanity", "--color", "no"]
    done = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout)
    nothing_judged = "All targets skipped" in done.stdout
    return 1 if nothing_judged else done.returncode


def _environment(home: Path, venv: Path) -> dict[str, str]:
    """Only interpreters that start are on the PATH: ansible-test takes every python3.x that it finds there for one."""
    found = [str(path.parent) for path in map(pythons.find, SUPPORTED_PYTHONS) if path]
    path = os.pathsep.join(dict.fromkeys([str(venv / "bin"), *found, "/usr/bin", "/bin"]))
    return {"HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8"}


def _seed_pip(home: Path, python: Path) -> None:
    """Put our script where ansible-test keeps the downloaded one, under the name of the pip version that it asks for."""
    asked = "import ansible_test._internal.python_requirements as r, inspect; print(inspect.getsource(r.get_venv_packages))"
    source = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout
    version = re.search(r"pip='([\d.]+)'", source)
    if version is None:
        raise SystemExit("ansible-test no longer says in get_venv_packages which pip it wants: see tests/tools/sanity.py")
    seeded = home / ".ansible/test/cache" / f"get_pip_{version[1].replace('.', '_')}.py"
    seeded.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("get_pip.py"), seeded)


def _write_pip_settings(home: Path) -> None:
    """`pip config list` gives what the environment and the user's files come to, as section.key='value' lines."""
    answer = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = configparser.RawConfigParser()
    settings.add_section("global")
    # Sorted the other way round, ":env:" comes last: a variable overrides a file.
    for line in sorted(answer.stdout.splitlines(), reverse=True):
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        section = "global" if section == ":env:" else section
        if not settings.has_section(section):
            settings.add_section(section)
        settings.set(section, key, ast.literal_eval(value))
    # A dozen environments are filled: only what goes wrong is worth a line.
    settings.set("global", "quiet", "1")
    target = home / ".config/pip/pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w") as file:
        settings.write(file)


if __name__ == "__main__":
    sys.exit(main())
