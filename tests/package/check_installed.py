# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The artifact as an operator has it: installed into an empty folder, its playbooks run by name from outside the repository.

What works here and not for an operator is most often a file that was left out of the artifact, or a module found only because
the repository happened to be on the path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from lab.world import World
from tests.tools import artifact
from tests.tools.stages import BUILD, FLOOR, ROOT

WORK = BUILD / "package" / "installed"
SITE = "acme"

# To watch a switch for ten seconds is tested elsewhere; here it is asked whether the files are all there.
UNWATCHED = ("-e", '{"bluegreen_soak": {}}')

# The life of a site: routed, switched, looked at, taken back. Beside each run the colour that visitors get after it.
RUNS = (
    (("bluegreen", "-e", "dry_run=false"), "blue"),
    (("switch", "-e", "bluegreen_target=green"), "blue"),
    (("switch", "-e", "bluegreen_target=green", "-e", "dry_run=false"), "green"),
    (("status",), "green"),
    (("rollback", "-e", "dry_run=false"), "blue"),
)


def main() -> int:
    """Install, start a world, run; the first thing that is not as it should be ends it."""
    collections = WORK / "collections"
    tarball = artifact.build(WORK / "artifact")
    shutil.rmtree(collections, ignore_errors=True)
    with tempfile.TemporaryDirectory() as outside, World(Path(outside) / "world", sites=(SITE,)) as world:
        environment = _environment(collections, Path(outside), world)
        # --no-deps: nothing is fetched here; the package ansible brings what galaxy.yml depends on.
        install = (
            "ansible-galaxy",
            "collection",
            "install",
            "--offline",
            "--no-deps",
            "--collections-path",
            str(collections),
            str(tarball),
        )
        _run(install, outside, environment)
        for (playbook, *arguments), colour in RUNS:
            inventory = ROOT / "inventories" / "demo"
            name = f"bluegreen.orchestrator.{playbook}"
            _run(("ansible-playbook", "-i", str(inventory), "--limit", SITE, name, *UNWATCHED, *arguments), outside, environment)
            served = _served_colour(world)
            if served != colour:
                raise SystemExit(f"after {name} {' '.join(arguments)} visitors get {served!r} and not {colour!r}")
    return 0


def _environment(collections: Path, home: Path, world: World) -> dict[str, str]:
    """A shell that knows nothing of the repository: no ansible.cfg, no PYTHONPATH, one collections path."""
    foreign = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    return foreign | {
        "PATH": f"{FLOOR / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "BLUEGREEN_WORLD": str(world.file),
    }


def _run(command: tuple[str, ...], cwd: str, environment: dict[str, str]) -> None:
    print("$", *command, flush=True)
    done = subprocess.run(command, cwd=cwd, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} ended with {done.returncode}")


def _served_colour(world: World) -> str:
    request = urllib.request.Request(world.traefik.web_url, headers={"Host": world.host(SITE)})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(answer.headers["X-Bluegreen-Colour"])


if __name__ == "__main__":
    sys.exit(main())
