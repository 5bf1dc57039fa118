# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Traefik's directory holds, judged as Traefik judges it (the integration test asks Traefik about the same files)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _traefik_directory
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._files import FileError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._traefik_directory import DynamicFile, blocking, scan
from tests.dynamic_files import FILES, ROUTER


def put(directory: Path, name: str, content: bytes) -> Path:
    path = directory / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("name", "content", "said"), [(name, *rest) for name, rest in FILES.items()])
def test_verdicts(tmp_path: Path, name: str, content: bytes, said: str | None) -> None:
    path = put(tmp_path, name, content)
    bad = blocking(scan(str(tmp_path)))
    if said is None:
        assert bad == []
    else:
        assert [file.path for file in bad] == [str(path)]
        assert said in str(bad[0].problem)


def only(directory: Path) -> DynamicFile:
    files = scan(str(directory))
    assert len(files) == 1
    return files[0]


def test_objects_are_listed(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.yml",
        b"http:\n  routers: {r: {rule: x}}\n  services: {s: {}}\n  middlewares: {1: {a: b}}\ntcp:\n  routers: {t: {rule: x}}\n",
    )
    assert only(tmp_path).objects == {("routers", "r"), ("services", "s"), ("middlewares", "1")}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"tls:\n  stores:\n    default:\n      defaultCertificate: {certFile: a, keyFile: b}\n", True),
        (b"tls:\n  stores:\n    default:\n      defaultGeneratedCert: {resolver: le}\n", True),
        (b"tls:\n  stores:\n    other:\n      defaultCertificate: {certFile: a, keyFile: b}\n", False),
        (b"tls:\n  certificates: [{certFile: a, keyFile: b}]\n", False),
        (ROUTER.encode(), False),
    ],
)
def test_the_default_certificate_is_found(tmp_path: Path, content: bytes, expected: bool) -> None:
    put(tmp_path, "a.yml", content)
    assert only(tmp_path).default_certificate is expected


def test_a_template_is_left_to_traefik(tmp_path: Path) -> None:
    put(tmp_path, "a.yml", b"http: {{ if true }}\n")
    assert only(tmp_path).problem is None
    assert "Go template" in str(only(tmp_path).unjudged)


def test_toml_without_a_parser_is_said_to_be_unjudged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_traefik_directory, "read_toml", None)
    put(tmp_path, "a.toml", b"[http")
    assert only(tmp_path).problem is None
    assert "Python before 3.11" in str(only(tmp_path).unjudged)


def test_a_link_to_nowhere_blocks(tmp_path: Path) -> None:
    os.symlink(tmp_path / "gone", tmp_path / "a.yml")
    assert "does not exist" in str(only(tmp_path).problem)


@pytest.mark.parametrize("name", ["a.yml", "a.toml"])
@pytest.mark.parametrize("content", ["[" * 100_000, "x = " + "[" * 50_000, "a: " + "{a: " * 3000])
def test_deep_nesting_is_left_to_traefik(tmp_path: Path, name: str, content: str) -> None:
    """libyaml's parser ends the whole process at such a depth."""
    put(tmp_path, name, content.encode())
    assert "nested" in str(only(tmp_path).unjudged)


def test_special_files_and_giants(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yml")
    assert only(tmp_path).problem == "it is not a regular file"
    (tmp_path / "a.yml").unlink()
    put(tmp_path, "a.yml", b"# x\n" * 3_000_000)
    assert "larger than" in str(only(tmp_path).unjudged)


def test_a_list_as_a_key_is_no_crash(tmp_path: Path) -> None:
    put(tmp_path, "a.yml", b"? [a, b]\n: c\n")
    assert len(scan(str(tmp_path))) == 1


def test_a_circle_of_anchors_ends(tmp_path: Path) -> None:
    put(tmp_path, "a.yml", b"a: &a\n  b: *a\n")
    assert len(scan(str(tmp_path))) == 1


def test_the_file_that_is_replaced_is_skipped(tmp_path: Path) -> None:
    path = put(tmp_path, "a.yml", b"a: [")
    assert scan(str(tmp_path), skip=str(path)) == []


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be listed"):
        scan(str(tmp_path / "missing"))
