"""
The package in a root of Debian's, from nothing to purged: ``make appliance-test`` runs it.

The root is the one that the appliance is made of; systemd does not run in it.  What
the package's scripts ask of systemd is written down by a stand-in for ``systemctl``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.build import kiosk_package
from appliance.cache import Cache, default_folder
from appliance.recipe import HERE
from appliance.root import base_root
from tests.package.life import Life, Root


collect_ignore_glob = [] if os.environ.get("APPLIANCE_DISK") else ["test_*.py"]


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder with room for a root; gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="package-", dir=default_folder()))
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def package(folder: Path) -> Path:
    """The kiosk's package of this tree."""
    (folder / "new").mkdir()
    return kiosk_package(folder / "new")


@pytest.fixture(scope="session")
def root(folder: Path) -> Root:
    """Debian with everything that the package depends on, and not yet the package."""
    now = datetime.now(UTC)
    archive = base_root(Cache(default_folder()), f"{now:%Y-%m}") / "root.tar"
    return Root(folder / "root", archive)


@pytest.fixture(scope="session")
def wheels(folder: Path) -> Path:
    """The package of what Debian does not have, for the root's architecture."""
    script = HERE / "wheels.sh"
    command: list[str | Path] = [script, folder, "amd64", sys.executable]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (found,) = folder.glob("kiosk-wheels_*.deb")
    return found


@pytest.fixture(scope="session")
def life(root: Root, package: Path, wheels: Path, folder: Path) -> Life:
    """All that happens to the package, and how the root was after each step."""
    return Life(root, package, wheels, folder)
