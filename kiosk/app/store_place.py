"""
Where a room server keeps its rooms when its configuration does not say.

A service is given a directory by systemd (``STATE_DIRECTORY``); anybody else
has one by the XDG base directory specification, which this makes at need.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from kiosk.config.server_schema import NOTHING_KEPT, StoreSection
from kiosk.roomserver.store_sqlite import CURE


_NAME = "rooms.db"
_FOR_ROOT = Path("/var/lib")
_OWNER_ONLY = 0o700


def store_file(section: StoreSection, environment: Mapping[str, str]) -> str:
    """
    Return the file the rooms are kept in; empty if none is wanted.

    Args:
        section: What the server is told.
        environment: Of the process, for where it may keep things.

    Raises:
        OSError: There is no directory for it and none can be made; the text
            names it and the cure.

    """
    if section.url is not None or section.path == NOTHING_KEPT:
        return ""
    if section.path is not None:
        return section.path
    directory = state_directory(environment, is_root=os.geteuid() == 0)
    try:
        directory.mkdir(_OWNER_ONLY, parents=True, exist_ok=True)
    except OSError as error:
        reason = f"store {directory}: {error.strerror or error}; {CURE}"
        raise OSError(error.errno, reason) from error
    return str(directory / _NAME)


def state_directory(environment: Mapping[str, str], *, is_root: bool) -> Path:
    """
    Return the directory for what a server keeps; looks at no disk.

    Raises:
        OSError: Nobody said where that, or the user's home, is.

    """
    if given := environment.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(given)
    if home := _state_home(environment):
        return home / "kiosk"
    if is_root:
        return _FOR_ROOT / "kiosk"
    raise OSError(
        errno.ENOENT, f"store: neither XDG_STATE_HOME nor HOME is set; {CURE}"
    )


def _state_home(environment: Mapping[str, str]) -> Path | None:
    """Return the directory of the specification, which ignores relative paths."""
    given = Path(environment.get("XDG_STATE_HOME", ""))
    if given.is_absolute():
        return given
    home = Path(environment.get("HOME", ""))
    return home / ".local" / "state" if home.is_absolute() else None
