# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Galaxy's own importer on the built artifact: what it only warns of on an upload is an error here."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.tools import artifact
from tests.tools.stages import BUILD

WORK = BUILD / "package" / "importer"
IMPORTER = BUILD / "venvs" / "importer"


def main() -> int:
    """Build and import. The importer exits with 0 on warnings, so its words are read too."""
    tarball = artifact.build(WORK)
    done = subprocess.run(
        [str(IMPORTER / "bin/python"), "-m", "galaxy_importer.main", str(tarball)],
        cwd=WORK,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(done.stdout)
    complaints = [line for line in done.stdout.splitlines() if line.startswith(("WARNING:", "ERROR:", "CRITICAL:"))]
    return 1 if done.returncode or complaints else 0


def _environment() -> dict[str, str]:
    """Its own tools first on the PATH, its files under build/, and Galaxy's rule that a tag of its list is there."""
    return os.environ | {
        "PATH": f"{IMPORTER / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_HOME": str(WORK / "ansible"),
        "PYTHONPATH": str(_neighbours()),
        "GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP": str(WORK / "tmp"),
        "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true",
        "GALAXY_IMPORTER_RUN_FLAKE8": "false",
    }


def _neighbours() -> Path:
    """What galaxy.yml depends on, as the package ansible brings it; the importer looks nowhere but on Python's own path."""
    folder = WORK / "neighbours"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "ansible_collections"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(sysconfig.get_paths()["purelib"]) / "ansible_collections")
    return folder


if __name__ == "__main__":
    sys.exit(main())
