"""
Libraries that Debian does not have, or has too old: found in a private folder.

Package ``kiosk-wheels`` puts each into a folder of its own below ``/usr/lib/kiosk/wheels``
(``packaging/sources.toml`` says which).  A folder is looked into only when the system has
no such distribution or one below the floor, so that Debian's corrections and the
Raspberry Pi's own builds always go first; and only for what was asked for by name.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import invalidate_caches, metadata
from pathlib import Path
from typing import Final


FOLDER: Final = Path("/usr/lib/kiosk/wheels")

_NUMBERS: Final = re.compile(r"\d+")


def make_importable(
    floors: dict[str, str],
    *,
    folder: Path = FOLDER,
    path: list[str] | None = None,
    installed: Callable[[str], str] = metadata.version,
) -> list[str]:
    """
    Make libraries importable whose wheels are in the private folder.

    Call it before the first import of any of them.  What is nowhere is not an error
    here: the import that follows says so.

    Args:
        floors: Oldest version that will do, by distribution.
        folder: Where the wheels are.
        path: Where Python looks for modules; its own unless given.
        installed: Tells the version the system has.

    Returns:
        The distributions that come from the private folder now.

    """
    taken: list[str] = []
    for name, floor in floors.items():
        place = folder / name
        try:
            is_there = _number(installed(name)) >= _number(floor)
        except metadata.PackageNotFoundError:
            is_there = False
        if not is_there and place.is_dir():
            (sys.path if path is None else path).insert(0, str(place))
            taken.append(name)
    if taken:
        invalidate_caches()
    return taken


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, _NUMBERS.findall(version)[:3]))
