"""
A trixie with the units of this tree under its own systemd, for all tests of a run.

``make service-test`` says where the root file system is; without it nothing here is
collected.  It takes root and ``systemd-nspawn``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.results import write
from tests.service.container import Container, lay_out


ROOT = os.environ.get("SERVICE_ROOT", "")

collect_ignore_glob = [] if ROOT else ["test_*.py"]


@pytest.fixture(scope="session")
def tree() -> Iterator[Path]:
    """The root file system, ours to change."""
    # beside the one it is of: /tmp may be in memory, where no reboot is counted
    scratch = Path(f"{ROOT}.{os.getpid()}")
    shutil.copytree(ROOT, scratch, symlinks=True, ignore=shutil.ignore_patterns("dev"))
    (scratch / "dev").mkdir()
    lay_out(scratch)
    yield scratch
    shutil.rmtree(scratch)


@pytest.fixture(scope="session")
def figures() -> Iterator[dict[str, object]]:
    """What is measured; ``make service-test`` keeps it (``reliability.json``)."""
    found: dict[str, object] = {}
    yield found
    if os.environ.get("SERVICE_FIGURES"):
        write("systemd", found)


@pytest.fixture
def container(tree: Path) -> Iterator[Container]:
    """Booted anew for each test."""
    with Container(tree) as booted:
        yield booted
