# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the lab's images: python -m lab.images [tag ...], without a tag all of them."""

from __future__ import annotations

import argparse
import sys

from lab.docker import Engine
from lab.images import IMAGES, make_image
from lab.server import LabError


def main() -> None:
    """Make what was asked for, on an engine that is found or started."""
    parser = argparse.ArgumentParser(description="Make the lab's images.")
    parser.add_argument("tags", nargs="*", metavar="tag", help=f"of: {', '.join(IMAGES)}")
    tags = parser.parse_args().tags or list(IMAGES)
    unknown = sorted(set(tags) - IMAGES.keys())
    if unknown:
        parser.error(f"no image of the lab is called {unknown[0]!r}; there are: {', '.join(IMAGES)}")
    try:
        Engine().start(install=True)
        for tag in tags:
            print(make_image(tag), flush=True)
    except LabError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
