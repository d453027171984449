"""The way from a tree to a disk: tools, the kiosk's package, and everything around it."""

from __future__ import annotations

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from appliance.cache import Cache
from appliance.disk import disk
from appliance.errors import BuildError
from appliance.recipe import HERE, require_tools


def build(cache: Cache, *, is_fresh: bool = False) -> Path:
    """
    Return the folder of the appliance's disk, built where it was not yet.

    Args:
        cache: Where everything is kept.
        is_fresh: Take Debian's packages of today instead of this month's first.

    Raises:
        BuildError: If this machine cannot; one line says what to do.

    """
    require_tools()
    with tempfile.TemporaryDirectory() as folder:
        return disk(
            cache, kiosk_package(Path(folder)), archive_state(is_fresh=is_fresh)
        )


def archive_state(*, is_fresh: bool = False) -> str:
    """Return which state of Debian's archive is wanted: this month's, or today's."""
    now = datetime.now(UTC)
    return f"{now:%Y-%m-%d}" if is_fresh else f"{now:%Y-%m}"


def kiosk_package(folder: Path) -> Path:
    """
    Build the kiosk's Debian package of this tree.

    Raises:
        BuildError: If it cannot be built.

    """
    done = subprocess.run(
        [HERE / "deb.sh", folder],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    found = sorted(folder.glob("*.deb"))
    if done.returncode != 0 or len(found) != 1:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise BuildError(f"the kiosk's package cannot be built:\n{last}")
    return found[0]
